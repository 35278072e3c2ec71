/* The rules that merging works on: numbers for their field values, and what a united rule keeps of
 * those that went into it. */
#include "rules/pass_merge.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbering of values ---- */

/* The number of the value: its kind, its family and the bytes that hold it. */
static uint32_t number_of(struct mln_merge *merge, char kind, char family, const void *bytes,
                          size_t length)
{
    merge->bytes.len = 0;
    mln_buf_char(&merge->bytes, kind);
    mln_buf_char(&merge->bytes, family);
    if (length > 0)
        mln_buf_add_n(&merge->bytes, bytes, length);
    struct mln_map_entry *entry = mln_map_slot(merge->values, merge->bytes.data, merge->bytes.len);
    if (!entry->value)
        entry->value = (void *)(uintptr_t)merge->values->len;
    return (uint32_t)(uintptr_t)entry->value;
}

static uint32_t number_of_side(struct mln_merge *merge, const struct mln_rule_side *side)
{
    switch (side->kind) {
    case MLN_SIDE_PREFIXES:
        return number_of(merge, 'p', (char)side->prefixes->family, side->prefixes->ranges,
                         side->prefixes->len * sizeof(*side->prefixes->ranges));
    case MLN_SIDE_TAG:
        return number_of(merge, 't', 0, &side->tag, sizeof(side->tag));
    case MLN_SIDE_ASG:
        return number_of(merge, 'g', 0, &side->asg, sizeof(side->asg));
    default:
        return number_of(merge, '*', 0, NULL, 0);
    }
}

static uint32_t number_of_ports(struct mln_merge *merge, const struct mln_portset *set)
{
    return number_of(merge, 'd', 0, set->ranges, set->len * sizeof(*set->ranges));
}

uint32_t mln_merge_number(struct mln_merge *merge, const struct mln_rule *rule,
                          enum mln_merge_field field)
{
    switch (field) {
    case MLN_FIELD_SRC:
        return number_of_side(merge, &rule->src);
    case MLN_FIELD_DST:
        return number_of_side(merge, &rule->dst);
    case MLN_FIELD_SPORT:
        return number_of_ports(merge, rule->sport);
    default:
        return number_of_ports(merge, rule->dport);
    }
}

static const struct mln_intent *owner_of(const struct mln_rule *rule)
{
    return rule->intent_count > 0 && rule->intents[0]->named ? rule->intents[0] : NULL;
}

struct mln_merge_item mln_merge_item_make(struct mln_merge *merge, struct mln_rule *rule,
                                          size_t order)
{
    struct mln_merge_item item = {.rule = rule, .owner = owner_of(rule), .order = order};
    for (enum mln_merge_field field = 0; field < MLN_FIELD_COUNT; field++)
        item.value[field] = mln_merge_number(merge, rule, field);
    return item;
}

void mln_merge_init(struct mln_merge *merge)
{
    mln_buf_init(&merge->bytes, merge->scratch);
    merge->values = mln_map_new(merge->scratch);
    merge->any_side = number_of_side(merge, &(struct mln_rule_side){.kind = MLN_SIDE_ANY});
    merge->any_port = number_of_ports(merge, mln_portset_all(merge->scratch));
}

/* ---- where a united rule comes from ---- */

static uint32_t index_of(const struct mln_rule *rule)
{
    return rule->intent_count > 0 ? rule->intents[0]->index : UINT32_MAX;
}

int mln_merge_item_cmp(const void *a, const void *b)
{
    const struct mln_merge_item *x = a, *y = b;
    uint32_t xi = index_of(x->rule), yi = index_of(y->rule);
    if (xi != yi)
        return xi < yi ? -1 : 1;
    int pieces = strcmp(x->rule->piece ? x->rule->piece : "", y->rule->piece ? y->rule->piece : "");
    if (pieces)
        return pieces;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_index(const void *a, const void *b)
{
    const struct mln_intent *x = *(struct mln_intent *const *)a,
                            *y = *(struct mln_intent *const *)b;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_key(const void *a, const void *b)
{
    const struct mln_rule_key *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->content < y->content ? -1 : x->content > y->content;
}

/* Sorts all but the first and removes repetitions, those of the first included. */
static size_t sort_intents(struct mln_intent **list, size_t count)
{
    size_t kept = count > 0;
    if (count > 1)
        qsort(list + 1, count - 1, sizeof(*list), by_index);
    for (size_t i = 1; i < count; i++)
        if (list[i] != list[0] && list[i] != list[kept - 1])
            list[kept++] = list[i];
    return kept;
}

static size_t sort_keys(struct mln_rule_key *list, size_t count)
{
    size_t kept = count > 0;
    if (count > 1)
        qsort(list + 1, count - 1, sizeof(*list), by_key);
    for (size_t i = 1; i < count; i++)
        if (by_key(&list[i], &list[0]) != 0 && by_key(&list[i], &list[kept - 1]) != 0)
            list[kept++] = list[i];
    return kept;
}

struct mln_rule *mln_merge_provenance(struct mln_merge *merge, const struct mln_merge_item *into,
                                      const struct mln_merge_item *const *items, size_t count)
{
    struct mln_rule *rule = MLN_NEW(merge->arena, struct mln_rule);
    size_t intents = 0, keys = 0;
    *rule = *into->rule;
    for (size_t i = 0; i < count; i++) {
        intents += items[i]->rule->intent_count;
        keys += items[i]->rule->key_count;
    }
    struct mln_intent **intent_list = MLN_NEW_ARRAY(merge->arena, struct mln_intent *, intents);
    struct mln_rule_key *key_list = MLN_NEW_ARRAY(merge->arena, struct mln_rule_key, keys);
    intents = keys = 0;
    for (size_t i = 0; i < count; i++) {
        const struct mln_rule *from = items[i]->rule;
        for (size_t k = 0; k < from->intent_count; k++)
            intent_list[intents++] = from->intents[k];
        for (size_t k = 0; k < from->key_count; k++)
            key_list[keys++] = from->keys[k];
    }
    rule->intent_count = sort_intents(intent_list, intents);
    rule->intents = intent_list;
    rule->key_count = sort_keys(key_list, keys);
    rule->keys = key_list;
    return rule;
}
