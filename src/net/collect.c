/* The distinct sets of a field.
 *
 * Thousands of matches share a few dozen sets, often as the very same object, so a set is looked up
 * by identity first (an address or a protocol mask) and by content only when its identity is new.
 * What follows then costs in proportion to the distinct sets, not to the matches. */
#include "net/field.h"

#include <string.h>

static const struct mln_range *whole_line(struct mln_arena *scratch, struct mln_ip max)
{
    struct mln_range *range = MLN_NEW(scratch, struct mln_range);
    range->hi = max;
    return range;
}

static uint64_t hash_ranges(const struct mln_range *ranges, size_t len)
{
    uint64_t hash = len;
    for (size_t i = 0; i < len; i++) {
        hash = mln_hash_word(hash, ranges[i].lo.lo ^ ranges[i].lo.hi << 1);
        hash = mln_hash_word(hash, ranges[i].hi.lo ^ ranges[i].hi.hi << 1);
    }
    return mln_mix(hash);
}

static uint32_t intern(struct mln_collector *c, const struct mln_range *ranges, size_t len)
{
    struct mln_span span = {.ranges = ranges, .len = len, .hash = hash_ranges(ranges, len)};
    size_t at = mln_index_start(&c->by_content, span.hash);
    for (uint32_t id; (id = mln_index_next(&c->by_content, span.hash, &at)) != MLN_INDEX_NONE;)
        if (c->sets.data[id].len == len &&
            memcmp(c->sets.data[id].ranges, ranges, len * sizeof *ranges) == 0)
            return id;
    mln_index_put(&c->by_content, span.hash, (uint32_t)c->sets.len);
    mln_vec_push(c->scratch, &c->sets, span);
    return (uint32_t)(c->sets.len - 1);
}

void mln_collector_init(struct mln_collector *c, struct mln_arena *scratch, struct mln_ip max)
{
    *c = (struct mln_collector){.scratch = scratch, .max = max};
    mln_index_init(&c->by_identity, scratch, 32);
    mln_index_init(&c->by_content, scratch, 32);
    intern(c, whole_line(scratch, max), 1);
}

uint32_t mln_collector_find(struct mln_collector *c, uintptr_t identity)
{
    uint64_t hash = mln_mix(identity);
    size_t at = mln_index_start(&c->by_identity, hash);
    for (uint32_t id; (id = mln_index_next(&c->by_identity, hash, &at)) != MLN_INDEX_NONE;)
        if (c->identities.data[id] == identity)
            return c->identity_sets.data[id];
    return MLN_INDEX_NONE;
}

uint32_t mln_collector_add(struct mln_collector *c, uintptr_t identity,
                           const struct mln_range *ranges, size_t len)
{
    mln_index_put(&c->by_identity, mln_mix(identity), (uint32_t)c->identities.len);
    uint32_t set = intern(c, ranges, len);
    mln_vec_push(c->scratch, &c->identities, identity);
    mln_vec_push(c->scratch, &c->identity_sets, set);
    return set;
}
