/* Arena: one per compilation. Everything allocated from it lives until mln_arena_free.
 *
 * Allocation never fails to the caller: when memory runs out the process prints one line and exits
 * with status 74 (there is no diagnostic that could be built without memory). Memory is zeroed.
 * Under AddressSanitizer every object is an allocation of its own, so overruns are seen. */
#ifndef MLN_BASE_ARENA_H
#define MLN_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Where each object is an allocation of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define MLN_ARENA_OBJECT_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MLN_ARENA_OBJECT_EACH 1
#endif
#endif
#ifndef MLN_ARENA_OBJECT_EACH
#define MLN_ARENA_OBJECT_EACH 0
#endif

struct mln_arena {
    char *next;               /* free part of the current chunk */
    char *cleared;            /* it is zero up to here */
    char *end;                /* strings are taken from here downwards */
    struct mln_chunk *chunks; /* every block to free; the first one is not always the current one */
    size_t chunk_size;        /* of the next chunk */
    size_t used;
};

struct mln_arena *mln_arena_new(void);
/* The same where so many bytes are expected, more or less: fewer and larger chunks. */
struct mln_arena *mln_arena_new_for(size_t expected);
void mln_arena_free(struct mln_arena *arena); /* NULL is allowed */
/* Frees all objects at once, and keeps some memory for those to come. */
void mln_arena_reset(struct mln_arena *arena);

/* What mln_alloc does where the current chunk, as far as it is cleared, has no room. */
void *mln_alloc_slow(struct mln_arena *arena, size_t size);
#define MLN_ALIGN _Alignof(max_align_t)

/* Zeroed, aligned for any type; a size of 0 gives a valid unique pointer. */
static inline void *mln_alloc(struct mln_arena *arena, size_t size)
{
    size_t taken = (size + MLN_ALIGN - 1) & ~(size_t)(MLN_ALIGN - 1); /* 0: too large, or nothing */
    if (MLN_ARENA_OBJECT_EACH || taken == 0 || taken > (size_t)(arena->cleared - arena->next))
        return mln_alloc_slow(arena, size);
    void *object = arena->next;
    arena->next += taken;
    arena->used += size;
    return object;
}

/* Zeroed array; the product is checked for overflow. */
static inline void *mln_alloc_array(struct mln_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return mln_alloc(arena, __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes);
}

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
