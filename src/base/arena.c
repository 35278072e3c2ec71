/* Chunked bump allocation: an object costs an addition and a comparison, freeing costs one call a
 * chunk. Chunks double, so a compilation of any size has a handful of them, and an object larger
 * than a chunk gets one of its own.
 *
 * Small chunks come from the heap, and what is handed out from them is cleared a page at a time,
 * just ahead of its use: short-lived arenas use a small part of their chunks, which the heap hands
 * out again and again. Large ones are mapped: such pages are zero already, and with huge ones a
 * compilation takes a hundred page faults where it took ten thousand, a third of its time. There is
 * nothing between the two: to clear a huge page takes the time of some hundred page faults, so it
 * pays from half a megabyte on. Who knows that megabytes will be needed begins with such a chunk:
 * the arena of a run does, since even a short policy with the modules it imports fills most of it.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { OBJECT_EACH = MLN_ARENA_OBJECT_EACH };

#define FIRST_CHUNK ((size_t)32 << 10)
#define LAST_HEAP_CHUNK ((size_t)256 << 10)
#define MAPPED ((size_t)2 << 20) /* the chunk after that; a huge page */
#define LAST_CHUNK ((size_t)16 << 20)
#define CLEARED_AHEAD ((size_t)4 << 10)
#define EXIT_NO_MEMORY 74

struct mln_chunk {
    alignas(max_align_t) struct mln_chunk *next;
    size_t size; /* with this head; from MAPPED on it is mapped */
};

static _Noreturn void no_memory(void)
{
    fputs("mlnsgc: error: out of memory\n", stderr);
    _Exit(EXIT_NO_MEMORY);
}

struct mln_arena *mln_arena_new(void)
{
    return mln_arena_new_for(0);
}

struct mln_arena *mln_arena_new_for(size_t expected)
{
    struct mln_arena *arena = calloc(1, sizeof(*arena));
    if (arena == NULL)
        no_memory();
    arena->chunk_size = FIRST_CHUNK;
    while (arena->chunk_size < expected && arena->chunk_size < LAST_HEAP_CHUNK)
        arena->chunk_size *= 2;
    if (arena->chunk_size < expected)
        arena->chunk_size = MAPPED;
    return arena;
}

static bool is_mapped(size_t size)
{
    return size >= MAPPED && !OBJECT_EACH;
}

static void free_chunks(struct mln_chunk *chunk, const struct mln_chunk *kept)
{
    for (struct mln_chunk *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        if (chunk == kept)
            continue;
        if (is_mapped(chunk->size))
            munmap(chunk, chunk->size);
        else
            free(chunk);
    }
}

void mln_arena_free(struct mln_arena *arena)
{
    if (arena == NULL)
        return;
    free_chunks(arena->chunks, NULL);
    free(arena);
}

/* Is what the arena hands out next in this chunk? */
static bool is_current(const struct mln_arena *arena, const struct mln_chunk *chunk)
{
    return arena->next >= (const char *)(chunk + 1) &&
           arena->end <= (const char *)chunk + chunk->size && !OBJECT_EACH;
}

void mln_arena_reset(struct mln_arena *arena)
{
    struct mln_chunk *kept = arena->chunks;
    while (kept != NULL && !is_current(arena, kept))
        kept = kept->next;
    free_chunks(arena->chunks, kept);
    arena->chunks = kept;
    arena->used = 0;
    arena->next = arena->end = arena->cleared = NULL;
    if (kept == NULL)
        return;
    kept->next = NULL;
    arena->next = arena->cleared = (char *)(kept + 1);
    arena->end = (char *)kept + kept->size;
}

/* Begins and ends at the bounds of huge pages, so that all of it can be of them: more is mapped
 * than is needed, and what lies outside is given back. */
static struct mln_chunk *map_chunk(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + MAPPED - 1) & ~(MAPPED - 1);
    char *from =
        mmap(NULL, size + MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (from == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)from & (MAPPED - 1);
    if (before > 0)
        munmap(from, before);
    munmap(from + before + size, MAPPED - before);
    struct mln_chunk *chunk = (struct mln_chunk *)(from + before);
#ifdef MADV_HUGEPAGE
    madvise(chunk, size, MADV_HUGEPAGE); /* a wish: without it all is the same, but slower */
#endif
    chunk->size = size;
    return chunk;
}

static struct mln_chunk *heap_chunk(size_t size, bool cleared)
{
    struct mln_chunk *chunk = cleared ? calloc(1, size) : malloc(size);
    if (chunk != NULL)
        chunk->size = size;
    return chunk;
}

/* Room for `size` bytes; `cleared`: all of it zero, as it always is when it is mapped. */
static struct mln_chunk *chunk_new(struct mln_arena *arena, size_t size, bool cleared)
{
    if (size > SIZE_MAX - sizeof(struct mln_chunk))
        no_memory();
    size += sizeof(struct mln_chunk);
    struct mln_chunk *chunk = is_mapped(size) ? map_chunk(size) : heap_chunk(size, cleared);
    if (chunk == NULL)
        no_memory();
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

static size_t room(const struct mln_arena *arena)
{
    return (size_t)(arena->end - arena->next);
}

/* Whether an object is better off in a chunk of its own than in a new current one, which would
 * leave the rest of the current one unused. What is mapped costs nothing until it is used, so there
 * the larger rest wins; of the heap not much is to be lost. */
static bool wants_own_chunk(const struct mln_arena *arena, size_t size)
{
    size_t usual = arena->chunk_size - sizeof(struct mln_chunk);
    return OBJECT_EACH ||
           size > (is_mapped(arena->chunk_size) ? usual - room(arena) : arena->chunk_size / 4);
}

/* Makes room for `size` bytes: in a new current chunk, and gives NULL, or in one of its own. */
static char *more_room(struct mln_arena *arena, size_t size)
{
    if (wants_own_chunk(arena, size))
        return (char *)(chunk_new(arena, size, true) + 1);
    struct mln_chunk *chunk = chunk_new(arena, arena->chunk_size - sizeof(struct mln_chunk), false);
    arena->next = (char *)(chunk + 1);
    arena->end = (char *)chunk + chunk->size;
    arena->cleared = is_mapped(chunk->size) ? arena->end : arena->next;
    if (arena->chunk_size < LAST_CHUNK)
        arena->chunk_size = arena->chunk_size == LAST_HEAP_CHUNK ? MAPPED : 2 * arena->chunk_size;
    return NULL;
}

/* Clears the first `size` bytes of the free part and, as far as there is room, some more. */
static void clear(struct mln_arena *arena, size_t size)
{
    size_t ahead = size + CLEARED_AHEAD;
    char *to = ahead < room(arena) ? arena->next + ahead : arena->end;
    memset(arena->cleared, 0, (size_t)(to - arena->cleared));
    arena->cleared = to;
}

void *mln_alloc_slow(struct mln_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        no_memory();
    arena->used += size;
    if (!OBJECT_EACH)
        size = size == 0 ? MLN_ALIGN : (size + MLN_ALIGN - 1) & ~(size_t)(MLN_ALIGN - 1);
    if (OBJECT_EACH || size > room(arena)) {
        char *own = more_room(arena, size);
        if (own != NULL)
            return own;
    }
    if (size > (size_t)(arena->cleared - arena->next))
        clear(arena, size);
    void *object = arena->next;
    arena->next += size;
    return object;
}

/* Strings need no alignment: they are packed downwards from the end of the chunk. */
static char *alloc_string(struct mln_arena *arena, size_t length)
{
    if (length >= SIZE_MAX / 2)
        no_memory();
    size_t size = length + 1;
    arena->used += size;
    if (OBJECT_EACH || size > room(arena)) {
        char *own = more_room(arena, size);
        if (own != NULL)
            return own;
    }
    arena->end -= size;
    if (arena->cleared > arena->end)
        arena->cleared = arena->end;
    char *text = arena->end;
    text[length] = '\0';
    return text;
}

char *mln_strndup(struct mln_arena *arena, const char *text, size_t length)
{
    char *copy = alloc_string(arena, length);
    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *mln_strdup(struct mln_arena *arena, const char *text)
{
    return mln_strndup(arena, text, strlen(text));
}

char *mln_vprintf(struct mln_arena *arena, const char *format, va_list args)
{
    char first[256]; /* nearly every message fits, so most are formatted once */
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(first, sizeof(first), format, args);
    assert(length >= 0);
    char *text;
    if ((size_t)length < sizeof(first)) {
        text = mln_strndup(arena, first, (size_t)length);
    } else {
        text = alloc_string(arena, (size_t)length);
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

char *mln_printf(struct mln_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = mln_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t mln_arena_used(const struct mln_arena *arena)
{
    return arena->used;
}
