/* One field of a packet space, cut into atoms. Internal to net/; space.h is the public face.
 *
 * Every field is a line of numbers 0..max: addresses as they are, ports and protocols as small
 * ones. First the distinct sets that matches have in the field are collected, then the line is
 * swept once over their end points. Two values that lie in the same sets are one ATOM: no match
 * tells them apart. */
#ifndef MLN_NET_FIELD_H
#define MLN_NET_FIELD_H

#include "base/vec.h"
#include "net/index.h"
#include "net/ipset.h"

/* ---- collecting the distinct sets ---- */

struct mln_span { /* a set: sorted, disjoint, non-adjacent ranges; not empty */
    const struct mln_range *ranges;
    size_t len;
    uint64_t hash;
};

/* What makes a value a typical one. */
struct mln_taste {
    const struct mln_ip *favourites; /* best first; the value of an atom that holds one */
    size_t favourite_count;
    bool favourites_first; /* their atoms are also tried first */
    bool second;    /* of other ranges the second value (a network's own address is no host) */
    bool shun_zero; /* a range that begins at 0 only when the atom has no other */
};

struct mln_collector {
    struct mln_arena *scratch; /* outlives the cut, not the field */
    struct mln_ip max;
    MLN_VEC(struct mln_span) sets; /* set 0 is the whole line */
    struct mln_index by_identity, by_content;
    MLN_VEC(uintptr_t) identities; /* parallel to identity_sets */
    MLN_VEC(uint32_t) identity_sets;
};

#define MLN_SET_ALL 0u

void mln_collector_init(struct mln_collector *c, struct mln_arena *scratch, struct mln_ip max);
/* The number of the set last stored under an identity (any word that stands for one set), or
 * MLN_INDEX_NONE: then mln_collector_add must follow, with the ranges. */
uint32_t mln_collector_find(struct mln_collector *c, uintptr_t identity);
/* Ranges must outlive the collector. Equal sets get one number. */
uint32_t mln_collector_add(struct mln_collector *c, uintptr_t identity,
                           const struct mln_range *ranges, size_t len);

/* ---- the field ---- */

struct mln_summary {
    uint64_t *overlap; /* matches that share a value with the set; NULL: not worked out yet */
    uint64_t *cover;   /* matches that hold every value of the set */
};

struct mln_field {
    struct mln_arena *arena;
    size_t words; /* of a bitset over the matches */
    size_t atom_count;
    uint64_t *columns;      /* per atom: the matches whose set holds it */
    struct mln_ip *typical; /* per atom: a value of it */
    size_t set_count;
    uint32_t *first;   /* set s holds the atoms members[first[s]] .. members[first[s + 1] - 1], */
    uint32_t *members; /* ascending, which is the order in which to try them */
    struct mln_summary *summaries; /* per set */
};

/* set_of: per match its set, MLN_INDEX_NONE for a match that is not in play. */
void mln_field_cut(struct mln_field *field, struct mln_arena *arena, const struct mln_collector *c,
                   const struct mln_taste *taste, const uint32_t *set_of, size_t match_count);

const struct mln_summary *mln_field_summary(struct mln_field *field, uint32_t set);

static inline const uint64_t *mln_field_column(const struct mln_field *field, uint32_t atom)
{
    return field->columns + atom * field->words;
}

#endif
