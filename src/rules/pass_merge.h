/* Shared by the two halves of merging: uniting (pass_merge.c) and absorbing (pass_absorb.c). */
#ifndef MLN_RULES_PASS_MERGE_H
#define MLN_RULES_PASS_MERGE_H

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
 * comparing five integers. */
struct mln_merge_item {
    struct mln_rule *rule;
    const struct mln_intent *owner; /* the named intent that it belongs to, or NULL */
    uint32_t value[MLN_FIELD_COUNT];
    uint32_t order; /* position in the lowered list */
    uint64_t hash;  /* of all fields, protocol and families: a sum, so a field can be taken out */
};
MLN_VEC_TYPE(mln_merge_items, struct mln_merge_item);

/* A field value that has a number: what it is and where it lies. */
struct mln_merge_value {
    const void *what; /* a set, a tag, an ASG; NULL for `*` */
    char kind;
    uint32_t hash;
};

struct mln_merge {
    struct mln_arena *scratch; /* freed with the stratum; united rules are made in it, too */
    MLN_VEC(struct mln_merge_value) values; /* by number */
    uint32_t *slots;                        /* hash table of numbers + 1 */
    size_t slot_count;
    uint32_t last[MLN_FIELD_COUNT]; /* number of the value met last: the next is often the same */
    uint32_t any_side, any_port;    /* numbers of `*` */
    uint32_t *bucket_slots, *next;  /* room for buckets: see pass_merge.c */
    bool *head;
    size_t bucket_count;
};

/* Fills everything but the arenas. `count`: of rules in the stratum. */
void mln_merge_init(struct mln_merge *merge, size_t count);
struct mln_merge_item mln_merge_item_make(struct mln_merge *merge, struct mln_rule *rule,
                                          size_t order);
/* Numbers a field of item->rule, which has changed. */
void mln_merge_renumber(struct mln_merge *merge, struct mln_merge_item *item,
                        enum mln_merge_field field);
/* What the field adds to the hash of an item. */
static inline uint64_t mln_merge_hash(const struct mln_merge_item *item, enum mln_merge_field field)
{
    return ((uint64_t)item->value[field] + 1) * (UINT64_C(0x9e3779b97f4a7c15) >> (2 * field) | 1);
}
/* Which rule names the union: by index of intents[0], then piece, then position. */
int mln_merge_item_cmp(const void *a, const void *b);
/* Sorts by it; what is in order already, as lowered lists are, costs a look. */
void mln_merge_sort(struct mln_merge_items *items);
/* A copy of the rule `into` with the intents and keys of all `items`; items[0] is the one that
 * names it. In the scratch arena. */
struct mln_rule *mln_merge_provenance(struct mln_merge *merge, const struct mln_merge_item *into,
                                      const struct mln_merge_item *const *items, size_t count);
/* The rule itself when it is a lowered one, else a copy in the arena. */
struct mln_rule *mln_merge_keep(struct mln_arena *arena, struct mln_rule *rule);
/* Removes every rule that lies inside another. */
void mln_merge_absorb(struct mln_merge *merge, struct mln_merge_items *items);

#endif
