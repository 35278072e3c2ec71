/* Open-addressing index from hashes to small numbers, for callers that keep the objects themselves.
 *
 *     size_t at = mln_index_start(&index, hash);
 *     for (uint32_t id; (id = mln_index_next(&index, hash, &at)) != MLN_INDEX_NONE;)
 *         if (equal(object[id], wanted)) return id;
 *     mln_index_put(&index, hash, new_id);
 *
 * Equal hashes are candidates only: the caller compares the objects in full. Only the upper half of
 * a hash is used, which lets the table grow from what its slots hold. It starts small, because most
 * sets of a policy's many spaces are small and clearing memory would be the larger part of the
 * work. */
#ifndef MLN_NET_INDEX_H
#define MLN_NET_INDEX_H

#include "base/arena.h"

#include <stdint.h>

#define MLN_INDEX_NONE UINT32_MAX

struct mln_index {
    struct mln_arena *arena;
    uint64_t *slots; /* upper half of the hash, then number + 1; 0 = free */
    size_t mask, len;
};

/* slots: a power of two to start with. */
static inline void mln_index_init(struct mln_index *index, struct mln_arena *arena, size_t slots)
{
    *index = (struct mln_index){.arena = arena, .mask = slots - 1};
    index->slots = MLN_NEW_ARRAY(arena, uint64_t, slots);
}

static inline size_t mln_index_start(const struct mln_index *index, uint64_t hash)
{
    return (size_t)(hash >> 32) & index->mask;
}

/* The next number stored under this hash, or MLN_INDEX_NONE. */
static inline uint32_t mln_index_next(const struct mln_index *index, uint64_t hash, size_t *at)
{
    for (uint64_t slot; (slot = index->slots[*at]) != 0;) {
        *at = (*at + 1) & index->mask;
        if (slot >> 32 == hash >> 32)
            return (uint32_t)slot - 1;
    }
    return MLN_INDEX_NONE;
}

static inline void mln_index_place(struct mln_index *index, uint64_t slot)
{
    size_t at = mln_index_start(index, slot);
    while (index->slots[at] != 0)
        at = (at + 1) & index->mask;
    index->slots[at] = slot;
}

static inline void mln_index_grow(struct mln_index *index)
{
    struct mln_index old = *index;
    mln_index_init(index, old.arena, 4 * (old.mask + 1));
    index->len = old.len;
    for (size_t i = 0; i <= old.mask; i++)
        if (old.slots[i] != 0)
            mln_index_place(index, old.slots[i]);
}

static inline void mln_index_put(struct mln_index *index, uint64_t hash, uint32_t number)
{
    if (2 * ++index->len > index->mask + 1)
        mln_index_grow(index);
    mln_index_place(index, hash >> 32 << 32 | (number + 1));
}

/* The finaliser of splitmix64: every bit of x reaches every bit of the result. */
static inline uint64_t mln_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Folds one more word into a running hash; finish with mln_mix. */
static inline uint64_t mln_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

#endif
