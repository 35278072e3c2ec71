/* The rules that merging works on: numbers for their field values, and what a united rule keeps of
 * those that went into it. */
#include "rules/pass_merge.h"

#include <stdlib.h>
#include <string.h>

/* ---- numbering of values ---- */

static bool same_value(char kind, const void *a, const void *b)
{
    if (a == b)
        return true;
    if (kind == 'p')
        return mln_ipset_equal(a, b);
    return kind == 'd' && mln_portset_equal(a, b);
}

static uint32_t hash_of_value(char kind, const void *what)
{
    const struct mln_ipset *set = what;
    const struct mln_portset *ports = what;
    if (kind == 'p')
        return (uint32_t)mln_hash_bytes(set->ranges, set->len * sizeof(*set->ranges));
    if (kind == 'd')
        return (uint32_t)mln_hash_bytes(ports->ranges, ports->len * sizeof(*ports->ranges));
    return (uint32_t)mln_hash_bytes(&what, sizeof(what)) + (uint32_t)kind;
}

static void grow_slots(struct mln_merge *merge)
{
    merge->slot_count *= 2;
    merge->slots = MLN_NEW_ARRAY(merge->scratch, uint32_t, merge->slot_count);
    for (uint32_t i = 0; i < merge->values.len; i++) {
        size_t at = merge->values.data[i].hash & (merge->slot_count - 1);
        while (merge->slots[at])
            at = (at + 1) & (merge->slot_count - 1);
        merge->slots[at] = i + 1;
    }
}

static uint32_t number_of(struct mln_merge *merge, char kind, const void *what)
{
    uint32_t hash = hash_of_value(kind, what);
    size_t at = hash & (merge->slot_count - 1);
    for (; merge->slots[at]; at = (at + 1) & (merge->slot_count - 1)) {
        const struct mln_merge_value *value = &merge->values.data[merge->slots[at] - 1];
        if (value->hash == hash && value->kind == kind && same_value(kind, value->what, what))
            return merge->slots[at] - 1;
    }
    struct mln_merge_value value = {.what = what, .kind = kind, .hash = hash};
    mln_vec_push(merge->scratch, &merge->values, value);
    merge->slots[at] = (uint32_t)merge->values.len;
    if (merge->values.len * 2 > merge->slot_count)
        grow_slots(merge);
    return (uint32_t)merge->values.len - 1;
}

static char kind_of_side(const struct mln_rule_side *side, const void **what)
{
    switch (side->kind) {
    case MLN_SIDE_PREFIXES:
        *what = side->prefixes;
        return 'p';
    case MLN_SIDE_TAG:
        *what = side->tag;
        return 't';
    case MLN_SIDE_ASG:
        *what = side->asg;
        return 'g';
    default:
        *what = NULL;
        return '*';
    }
}

static uint32_t number_of_field(struct mln_merge *merge, const struct mln_rule *rule,
                                enum mln_merge_field field)
{
    const void *what;
    char kind = 'd';
    if (field == MLN_FIELD_SRC || field == MLN_FIELD_DST)
        kind = kind_of_side(field == MLN_FIELD_SRC ? &rule->src : &rule->dst, &what);
    else
        what = field == MLN_FIELD_SPORT ? rule->sport : rule->dport;
    const struct mln_merge_value *last = &merge->values.data[merge->last[field]];
    if (last->what != what || last->kind != kind)
        merge->last[field] = number_of(merge, kind, what);
    return merge->last[field];
}

void mln_merge_renumber(struct mln_merge *merge, struct mln_merge_item *item,
                        enum mln_merge_field field)
{
    item->hash -= mln_merge_hash(item, field);
    item->value[field] = number_of_field(merge, item->rule, field);
    item->hash += mln_merge_hash(item, field);
}

static const struct mln_intent *owner_of(const struct mln_rule *rule)
{
    return rule->intent_count > 0 && rule->intents[0]->named ? rule->intents[0] : NULL;
}

struct mln_merge_item mln_merge_item_make(struct mln_merge *merge, struct mln_rule *rule,
                                          size_t order)
{
    struct mln_merge_item item = {.rule = rule, .owner = owner_of(rule), .order = (uint32_t)order};
    item.hash = (uint64_t)rule->proto << 8 | rule->families;
    for (enum mln_merge_field field = 0; field < MLN_FIELD_COUNT; field++) {
        item.value[field] = number_of_field(merge, rule, field);
        item.hash += mln_merge_hash(&item, field);
    }
    return item;
}

void mln_merge_init(struct mln_merge *merge, size_t count)
{
    merge->bucket_count = 16;
    while (merge->bucket_count < 2 * count)
        merge->bucket_count *= 2;
    merge->slot_count = 2 * merge->bucket_count; /* room for two values a rule */
    merge->slots = MLN_NEW_ARRAY(merge->scratch, uint32_t, merge->slot_count);
    merge->bucket_slots = MLN_NEW_ARRAY(merge->scratch, uint32_t, merge->bucket_count);
    merge->next = MLN_NEW_ARRAY(merge->scratch, uint32_t, count);
    merge->head = MLN_NEW_ARRAY(merge->scratch, bool, count);
    merge->any_side = number_of(merge, '*', NULL);
    merge->any_port = number_of(merge, 'd', mln_portset_all(merge->scratch));
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

void mln_merge_sort(struct mln_merge_items *items)
{
    for (size_t i = 1; i < items->len; i++)
        if (mln_merge_item_cmp(&items->data[i - 1], &items->data[i]) > 0) {
            qsort(items->data, items->len, sizeof(*items->data), mln_merge_item_cmp);
            return;
        }
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
    struct mln_rule *rule = MLN_NEW(merge->scratch, struct mln_rule);
    size_t intents = 0, keys = 0;
    *rule = *into->rule;
    if (!rule->lowered)
        rule->lowered = into->rule;
    for (size_t i = 0; i < count; i++) {
        intents += items[i]->rule->intent_count;
        keys += items[i]->rule->key_count;
    }
    struct mln_intent **intent_list = MLN_NEW_ARRAY(merge->scratch, struct mln_intent *, intents);
    struct mln_rule_key *key_list =
        keys > 0 ? MLN_NEW_ARRAY(merge->scratch, struct mln_rule_key, keys) : NULL;
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

static void *keep_array(struct mln_arena *arena, const void *array, size_t count, size_t size)
{
    if (count == 0)
        return NULL;
    return memcpy(mln_alloc_array(arena, count, size), array, count * size);
}

static const struct mln_ipset *keep_prefixes(struct mln_arena *arena, const struct mln_ipset *set,
                                             const struct mln_ipset *lowered)
{
    if (set == lowered)
        return set;
    struct mln_ipset *kept = MLN_NEW(arena, struct mln_ipset);
    *kept = *set;
    kept->ranges = keep_array(arena, set->ranges, set->len, sizeof(*set->ranges));
    return kept;
}

static const struct mln_portset *keep_ports(struct mln_arena *arena, const struct mln_portset *set,
                                            const struct mln_portset *lowered)
{
    if (set == lowered)
        return set;
    struct mln_portset *kept = MLN_NEW(arena, struct mln_portset);
    *kept = *set;
    kept->ranges = keep_array(arena, set->ranges, set->len, sizeof(*set->ranges));
    return kept;
}

/* Sets that did not grow are those of the lowered rule. */
struct mln_rule *mln_merge_keep(struct mln_arena *arena, struct mln_rule *rule)
{
    const struct mln_rule *lowered = rule->lowered;
    if (!lowered)
        return rule;
    struct mln_rule *kept = MLN_NEW(arena, struct mln_rule);
    *kept = *rule;
    kept->intents = keep_array(arena, rule->intents, rule->intent_count, sizeof(*rule->intents));
    kept->keys = keep_array(arena, rule->keys, rule->key_count, sizeof(*rule->keys));
    kept->src.prefixes = keep_prefixes(arena, rule->src.prefixes, lowered->src.prefixes);
    kept->dst.prefixes = keep_prefixes(arena, rule->dst.prefixes, lowered->dst.prefixes);
    kept->sport = keep_ports(arena, rule->sport, lowered->sport);
    kept->dport = keep_ports(arena, rule->dport, lowered->dport);
    return kept;
}
