/* A search under way. Internal to net/: search.c walks the nodes, choices.c says what to try at a
 * node, witness.c turns the way to a node into a packet. */
#ifndef MLN_NET_SEARCH_H
#define MLN_NET_SEARCH_H

#include "net/space_impl.h"

struct mln_search {
    struct mln_space *space;
    struct mln_scratch *s;
    size_t words;
    uint32_t within[MLN_FIELD_COUNT]; /* the set each field is restricted to */
    size_t within_match;              /* SIZE_MAX: none */
    mln_property *property;
    mln_reduction *reduction; /* or NULL */
    void *ctx;
    uint64_t steps, limit;
    size_t depth; /* frames in use */
};

static inline bool mln_level_is_variable(uint32_t level)
{
    return level >= MLN_FIELD_COUNT;
}

static inline const struct mln_variable *mln_variable_at(const struct mln_search *q, uint32_t level)
{
    return &q->space->variables[level - MLN_FIELD_COUNT];
}

static inline uint64_t *mln_alive_at(const struct mln_search *q, size_t depth)
{
    return q->s->alive + depth * q->words;
}

/* Fills in what to try at a frame whose level is set. alive: the matches it branches on. Atoms come
 * in trying order; an unknown set is first left ("out"), then joined ("in"): choices 0 and 1. */
void mln_search_choose(struct mln_search *q, struct mln_frame *frame, const uint64_t *alive);

/* A packet of the node that the frames lead to. */
void mln_search_witness(const struct mln_search *q, struct mln_packet *packet);

#endif
