/* Arena: one per compilation. Everything allocated from it lives until mln_arena_free.
 *
 * Allocation never fails to the caller: when memory runs out the process prints one line and exits
 * with status 74 (there is no diagnostic that could be built without memory). Memory is zeroed.
 * Under AddressSanitizer every object is an allocation of its own, so overruns are seen. */
#ifndef MLN_BASE_ARENA_H
#define MLN_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct mln_arena;

struct mln_arena *mln_arena_new(void);
void mln_arena_free(struct mln_arena *arena); /* NULL is allowed */

/* Zeroed, aligned for any type; a size of 0 gives a valid unique pointer. */
void *mln_alloc(struct mln_arena *arena, size_t size);
/* Zeroed array; the product is checked for overflow. */
void *mln_alloc_array(struct mln_arena *arena, size_t count, size_t size);

#define MLN_NEW(arena, type) ((type *)mln_alloc((arena), sizeof(type)))
#define MLN_NEW_ARRAY(arena, type, count) ((type *)mln_alloc_array((arena), (count), sizeof(type)))

char *mln_strdup(struct mln_arena *arena, const char *text);
char *mln_strndup(struct mln_arena *arena, const char *text, size_t length);
char *mln_printf(struct mln_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *mln_vprintf(struct mln_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Bytes handed out so far; for tests and -v. */
size_t mln_arena_used(const struct mln_arena *arena);

#endif
