#include "base/vec.h"

#include <stdint.h>
#include <string.h>

/* Most vectors stay short: the first block is about a cache line, and never less than one element.
 */
static size_t first_capacity(size_t size)
{
    return size >= 64 ? 1 : size <= 8 ? 8 : 64 / size;
}

void *mln_vec_grow(struct mln_arena *arena, void *data, size_t len, size_t *cap, size_t size)
{
    size_t wanted = *cap == 0 ? first_capacity(size) : *cap <= SIZE_MAX / 2 ? *cap * 2 : SIZE_MAX;
    void *grown = mln_alloc_array(arena, wanted, size);
    if (len > 0)
        memcpy(grown, data, len * size);
    *cap = wanted;
    return grown;
}
