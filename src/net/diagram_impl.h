/* What a store of diagrams is made of. Internal to net/. */
#ifndef MLN_NET_DIAGRAM_IMPL_H
#define MLN_NET_DIAGRAM_IMPL_H

#include "net/diagram.h"
#include "net/field.h"
#include "net/space_impl.h"

MLN_VEC_TYPE(mln_atom_ranges, struct mln_range);

/* A field or, behind these, an unknown set: atom 0 is out of it, atom 1 is in it. */
struct mln_level {
    uint32_t atom_count;
    struct mln_atom_ranges *ranges; /* per atom, ascending; NULL for an unknown set */
    uint64_t *columns;              /* per atom: the matches that hold it */
    uint64_t *cover;                /* matches that hold every atom */
    uint64_t *full;                 /* matches that hold every atom of this level and all behind */
    uint32_t *set_of;               /* per match; of an unknown set NULL, like the next two */
    uint32_t *first,
        *members;    /* set s holds atoms members[first[s]] .. members[first[s + 1] - 1] */
    uint32_t number; /* of an unknown set, as the caller counts them */
    bool is_src;
};

struct mln_diagram_node {
    uint32_t level;
    uint32_t first; /* its children, one an atom: cells[first] and on */
};

/* Results that are remembered: what `words` of key words gave. */
struct mln_diagram_memo {
    struct mln_index index;
    size_t words;
    MLN_VEC(uint64_t) keys;
    MLN_VEC(uint32_t) results;
};

struct mln_diagrams {
    struct mln_arena *arena;
    enum mln_family family;
    size_t match_count, words;
    uint64_t *live; /* matches that hold a packet */
    struct mln_level *levels;
    size_t level_count;
    MLN_VEC(struct mln_diagram_node) nodes; /* 0 and 1 are none and all, with no level */
    MLN_VEC(uint32_t) cells;
    struct mln_index unique; /* nodes by content */
    struct mln_diagram_memo products;
    uint64_t steps, limit;
    bool gave_up;
};

/* diagram_levels.c: cuts the fields and lists the unknown sets. */
void mln_diagram_cut(struct mln_diagrams *d, const struct mln_match *matches);

static inline const uint64_t *mln_level_column(const struct mln_diagrams *d,
                                               const struct mln_level *level, uint32_t atom)
{
    return level->columns + atom * d->words;
}

static inline const uint32_t *mln_diagram_children(const struct mln_diagrams *d, mln_diagram node)
{
    return d->cells.data + d->nodes.data[node].first;
}

#endif
