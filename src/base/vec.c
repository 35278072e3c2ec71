#include "base/vec.h"

#include <stdint.h>
#include <string.h>

#define FIRST_CAPACITY 8

void *mln_vec_grow(struct mln_arena *arena, void *data, size_t len, size_t *cap, size_t size)
{
    size_t wanted = *cap == 0 ? FIRST_CAPACITY : *cap <= SIZE_MAX / 2 ? *cap * 2 : SIZE_MAX;
    void *grown = mln_alloc_array(arena, wanted, size);
    if (len > 0)
        memcpy(grown, data, len * size);
    *cap = wanted;
    return grown;
}
