/* Shared by the two halves of merging: uniting (pass_merge.c) and absorbing (pass_absorb.c). */
#ifndef MLN_RULES_PASS_MERGE_H
#define MLN_RULES_PASS_MERGE_H

#include "base/buf.h"
#include "base/map.h"
#include "rules/table.h"

enum mln_merge_field {
    MLN_FIELD_SRC,
    MLN_FIELD_DST,
    MLN_FIELD_SPORT,
    MLN_FIELD_DPORT,
    MLN_FIELD_COUNT
};

/* A rule of the stratum at work. Equal field values have equal numbers, so comparing two rules is
 * comparing five integers and hashing one is hashing five. */
struct mln_merge_item {
    struct mln_rule *rule;
    const struct mln_intent *owner; /* the named intent that it belongs to, or NULL */
    uint32_t value[MLN_FIELD_COUNT];
    size_t order; /* position in the lowered list */
};
MLN_VEC_TYPE(mln_merge_items, struct mln_merge_item);

struct mln_merge {
    struct mln_arena *arena;     /* the compilation's: united rules */
    struct mln_arena *scratch;   /* freed with the stratum */
    struct mln_buf bytes;        /* being looked up */
    struct mln_map *values;      /* bytes of a field value -> its number */
    uint32_t any_side, any_port; /* numbers of `*` */
};

/* Fills everything but the arenas. */
void mln_merge_init(struct mln_merge *merge);
struct mln_merge_item mln_merge_item_make(struct mln_merge *merge, struct mln_rule *rule,
                                          size_t order);
uint32_t mln_merge_number(struct mln_merge *merge, const struct mln_rule *rule,
                          enum mln_merge_field field);
/* Which rule names the union: by index of intents[0], then piece, then position. */
int mln_merge_item_cmp(const void *a, const void *b);
/* A copy of the rule `into` with the intents and keys of all `items`; items[0] is the one that
 * names it. */
struct mln_rule *mln_merge_provenance(struct mln_merge *merge, const struct mln_merge_item *into,
                                      const struct mln_merge_item *const *items, size_t count);
/* Removes every rule that lies inside another. */
void mln_merge_absorb(struct mln_merge *merge, struct mln_merge_items *items);

#endif
