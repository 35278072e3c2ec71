/* Growable arrays in an arena, for any element type.
 *
 *     MLN_VEC(struct mln_zone *) zones = {0};
 *     mln_vec_push(arena, &zones, zone);
 *     for (size_t i = 0; i < zones.len; i++) use(zones.data[i]);
 *
 * A vector is a plain struct {data, len, cap}; copying it shares the elements. Growth doubles, the
 * old block stays in the arena. Named vector types for headers: MLN_VEC_TYPE(mln_zone_vec, struct
 * mln_zone *). */
#ifndef MLN_BASE_VEC_H
#define MLN_BASE_VEC_H

#include "base/arena.h"

#define MLN_VEC(type) \
    struct { \
        type *data; \
        size_t len, cap; \
    }
#define MLN_VEC_TYPE(name, type) \
    struct name { \
        type *data; \
        size_t len, cap; \
    }

/* The new block for an array of `len` elements of `size` bytes; *cap is updated. */
void *mln_vec_grow(struct mln_arena *arena, void *data, size_t len, size_t *cap, size_t size);

#define mln_vec_push(arena, vec, value) \
    do { \
        if ((vec)->len == (vec)->cap) \
            (vec)->data = \
                mln_vec_grow((arena), (vec)->data, (vec)->len, &(vec)->cap, sizeof(*(vec)->data)); \
        (vec)->data[(vec)->len++] = (value); \
    } while (0)

#endif
