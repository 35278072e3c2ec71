/* Merging: many rules of one stratum become few.
 *
 * The rules of a stratum share an action, so their order does not matter and any of them may be
 * replaced by others that match the same packets. Two rules that are equal but for one field match
 * what one rule with the union of that field matches. Rules are put into buckets by everything but
 * the field (values are numbered first, so a key is a handful of integers) and each bucket becomes
 * one rule with one union over all its members: linear in the rules and their ranges, however large
 * a bucket is. The four fields are gone through until nothing changes; each round but the last
 * removes a rule.
 *
 *     tcp 443 a -> x     by destination port      tcp 443,22 a -> x    by source
 *     tcp 22  a -> x   ------------------------>                     ------------> tcp 443,22 a,b
 * -> x tcp 443 b -> x                              tcp 443,22 b -> x tcp 22  b -> x
 *
 * The order of the fields matters when a rule could unite in two fields. One order is the rule, so
 * that a policy that grows keeps its rules; others are tried when the first united in two fields or
 * more and the stratum is small. Fewest rules wins, then fewest prefixes, then the earlier order.
 *
 * Protocols never unite: `*` also covers the protocols that no rule can name. */
#include "rules/pass_merge.h"
#include "rules/lock.h"
#include "rules/passes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Strata larger than this are merged in the first order only. */
#define SMALL_STRATUM 200

enum { ORDERS = 6 };
static const unsigned char orders[ORDERS][MLN_FIELD_COUNT] = {
    {MLN_FIELD_DPORT, MLN_FIELD_SRC, MLN_FIELD_DST, MLN_FIELD_SPORT},
    {MLN_FIELD_SRC, MLN_FIELD_DPORT, MLN_FIELD_DST, MLN_FIELD_SPORT},
    {MLN_FIELD_DST, MLN_FIELD_DPORT, MLN_FIELD_SRC, MLN_FIELD_SPORT},
    {MLN_FIELD_DPORT, MLN_FIELD_DST, MLN_FIELD_SRC, MLN_FIELD_SPORT},
    {MLN_FIELD_SRC, MLN_FIELD_DST, MLN_FIELD_DPORT, MLN_FIELD_SPORT},
    {MLN_FIELD_DST, MLN_FIELD_SRC, MLN_FIELD_DPORT, MLN_FIELD_SPORT},
};

/* ---- numbering of values ---- */

static uint32_t number_of(struct mln_merge *merge, const void *bytes, size_t length)
{
    struct mln_map_entry *entry = mln_map_slot(merge->values, bytes, length);
    if (!entry->value)
        entry->value = (void *)(uintptr_t)merge->values->len;
    return (uint32_t)(uintptr_t)entry->value;
}

static uint32_t number_of_prefixes(struct mln_merge *merge, const struct mln_ipset *set)
{
    size_t size = set->len * sizeof(*set->ranges);
    char *bytes = mln_alloc(merge->scratch, size + 2);
    bytes[0] = 'p';
    bytes[1] = (char)set->family;
    if (size > 0)
        memcpy(bytes + 2, set->ranges, size);
    return number_of(merge, bytes, size + 2);
}

static uint32_t number_of_side(struct mln_merge *merge, const struct mln_rule_side *side)
{
    char bytes[1 + sizeof(void *)] = "*";
    const void *named = side->kind == MLN_SIDE_TAG ? (const void *)side->tag : side->asg;
    if (side->kind == MLN_SIDE_ANY)
        return number_of(merge, bytes, 1);
    if (side->kind == MLN_SIDE_PREFIXES)
        return number_of_prefixes(merge, side->prefixes);
    bytes[0] = 'n';
    memcpy(bytes + 1, &named, sizeof(named));
    return number_of(merge, bytes, sizeof(bytes));
}

static uint32_t number_of_ports(struct mln_merge *merge, const struct mln_portset *set)
{
    size_t size = set->len * sizeof(*set->ranges);
    char *bytes = mln_alloc(merge->scratch, size + 1);
    bytes[0] = 'd';
    if (size > 0)
        memcpy(bytes + 1, set->ranges, size);
    return number_of(merge, bytes, size + 1);
}

static uint32_t number_of_field(struct mln_merge *merge, const struct mln_rule *rule,
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

static struct mln_merge_item make_item(struct mln_merge *merge, struct mln_rule *rule, size_t order)
{
    struct mln_merge_item item = {.rule = rule, .owner = owner_of(rule), .order = order};
    for (enum mln_merge_field field = 0; field < MLN_FIELD_COUNT; field++)
        item.value[field] = number_of_field(merge, rule, field);
    return item;
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
        if (!rule->because)
            rule->because = from->because;
    }
    rule->intent_count = sort_intents(intent_list, intents);
    rule->intents = intent_list;
    rule->key_count = sort_keys(key_list, keys);
    rule->keys = key_list;
    return rule;
}

/* ---- uniting a bucket ---- */

static const struct mln_ipset *union_of_prefixes(struct mln_merge *merge,
                                                 const struct mln_merge_item *const *items,
                                                 size_t count, enum mln_merge_field field)
{
    MLN_VEC(struct mln_range) ranges = {0};
    enum mln_family family = MLN_IPV4;
    for (size_t i = 0; i < count; i++) {
        const struct mln_rule *rule = items[i]->rule;
        const struct mln_ipset *set =
            field == MLN_FIELD_SRC ? rule->src.prefixes : rule->dst.prefixes;
        assert(i == 0 || set->family == family);
        family = set->family;
        for (size_t k = 0; k < set->len; k++)
            mln_vec_push(merge->scratch, &ranges, set->ranges[k]);
    }
    return mln_ipset_from_ranges(merge->arena, family, ranges.data, ranges.len);
}

static const struct mln_portset *union_of_ports(struct mln_merge *merge,
                                                const struct mln_merge_item *const *items,
                                                size_t count, enum mln_merge_field field)
{
    MLN_VEC(struct mln_port_range) ranges = {0};
    for (size_t i = 0; i < count; i++) {
        const struct mln_rule *rule = items[i]->rule;
        const struct mln_portset *set = field == MLN_FIELD_SPORT ? rule->sport : rule->dport;
        for (size_t k = 0; k < set->len; k++)
            mln_vec_push(merge->scratch, &ranges, set->ranges[k]);
    }
    return mln_portset_from_ranges(merge->arena, ranges.data, ranges.len);
}

static int by_item(const void *a, const void *b)
{
    return mln_merge_item_cmp(*(const struct mln_merge_item *const *)a,
                              *(const struct mln_merge_item *const *)b);
}

/* One item for a bucket whose members differ in `field` only (or in nothing). */
static struct mln_merge_item unite(struct mln_merge *merge, const struct mln_merge_item **items,
                                   size_t count, enum mln_merge_field field)
{
    qsort(items, count, sizeof(*items), by_item);
    /* Of equal rules a named one gives the name, whatever comes first. */
    for (size_t i = 1; i < count && !items[0]->owner; i++)
        if (items[i]->owner) {
            const struct mln_merge_item *first = items[0];
            items[0] = items[i];
            items[i] = first;
        }
    struct mln_merge_item united = *items[0];
    struct mln_rule *rule = mln_merge_provenance(merge, items[0], items, count);
    if (field == MLN_FIELD_SRC && rule->src.kind == MLN_SIDE_PREFIXES)
        rule->src.prefixes = union_of_prefixes(merge, items, count, field);
    else if (field == MLN_FIELD_DST && rule->dst.kind == MLN_SIDE_PREFIXES)
        rule->dst.prefixes = union_of_prefixes(merge, items, count, field);
    else if (field == MLN_FIELD_SPORT)
        rule->sport = union_of_ports(merge, items, count, field);
    else if (field == MLN_FIELD_DPORT)
        rule->dport = union_of_ports(merge, items, count, field);
    united.rule = rule;
    if (field < MLN_FIELD_COUNT)
        united.value[field] = number_of_field(merge, rule, field);
    return united;
}

/* ---- buckets ---- */

/* Two items unite in a field when their keys for it are equal. Without a field: equal rules,
 * whoever owns them. */
struct key {
    const struct mln_intent *owner;
    uint32_t value[MLN_FIELD_COUNT];
    uint32_t proto, families;
};

static struct key key_of(const struct mln_merge_item *item, enum mln_merge_field field)
{
    struct key key;
    memset(&key, 0, sizeof(key)); /* padding too: keys are compared as bytes */
    key.owner = field < MLN_FIELD_COUNT ? item->owner : NULL;
    memcpy(key.value, item->value, sizeof(key.value));
    if (field < MLN_FIELD_COUNT)
        key.value[field] = 0;
    key.proto = item->rule->proto;
    key.families = item->rule->families;
    return key;
}

static bool unites(const struct mln_merge_item *item, enum mln_merge_field field)
{
    if (field == MLN_FIELD_SRC)
        return item->rule->src.kind == MLN_SIDE_PREFIXES;
    if (field == MLN_FIELD_DST)
        return item->rule->dst.kind == MLN_SIDE_PREFIXES;
    return true;
}

/* next[i]: the next member of i's bucket, or SIZE_MAX; head[i]: i is the first of its bucket. */
static void fill_buckets(struct mln_merge *merge, const struct mln_merge_items *items,
                         enum mln_merge_field field, size_t *next, bool *head)
{
    struct mln_map *last = mln_map_new(merge->scratch); /* key -> index of the last member + 1 */
    for (size_t i = 0; i < items->len; i++) {
        next[i] = SIZE_MAX;
        head[i] = true;
        if (!unites(&items->data[i], field))
            continue;
        struct key key = key_of(&items->data[i], field);
        struct mln_map_entry *entry = mln_map_slot(last, &key, sizeof(key));
        if (entry->value) {
            next[(size_t)(uintptr_t)entry->value - 1] = i;
            head[i] = false;
        }
        entry->value = (void *)(uintptr_t)(i + 1);
    }
}

/* Unites in one field; true when anything did. MLN_FIELD_COUNT: only equal rules. */
static bool merge_field(struct mln_merge *merge, struct mln_merge_items *items,
                        enum mln_merge_field field)
{
    size_t count = items->len, kept = 0;
    size_t *next = MLN_NEW_ARRAY(merge->scratch, size_t, count);
    bool *head = MLN_NEW_ARRAY(merge->scratch, bool, count);
    struct mln_merge_item *out = MLN_NEW_ARRAY(merge->scratch, struct mln_merge_item, count);
    fill_buckets(merge, items, field, next, head);
    for (size_t i = 0; i < count; i++) {
        if (!head[i])
            continue;
        MLN_VEC(const struct mln_merge_item *) bucket = {0};
        for (size_t k = i; k != SIZE_MAX && next[i] != SIZE_MAX; k = next[k])
            mln_vec_push(merge->scratch, &bucket, &items->data[k]);
        out[kept++] =
            bucket.len > 0 ? unite(merge, bucket.data, bucket.len, field) : items->data[i];
    }
    items->data = out;
    items->len = items->cap = kept;
    return kept < count;
}

/* ---- one stratum ---- */

/* Returns the number of fields in which something united. */
static unsigned merge_in_order(struct mln_merge *merge, struct mln_merge_items *items,
                               const unsigned char *order)
{
    unsigned fields = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < MLN_FIELD_COUNT; i++)
            if (merge_field(merge, items, order[i])) {
                changed = true;
                fields |= 1u << order[i];
            }
    }
    mln_merge_absorb(merge, items);
    return (unsigned)__builtin_popcount(fields);
}

static size_t prefix_count(struct mln_merge *merge, const struct mln_merge_items *items)
{
    size_t count = 0;
    struct mln_prefix *prefixes;
    for (size_t i = 0; i < items->len; i++) {
        const struct mln_rule *rule = items->data[i].rule;
        if (rule->src.kind == MLN_SIDE_PREFIXES)
            count += mln_ipset_prefixes(merge->scratch, rule->src.prefixes, &prefixes);
        if (rule->dst.kind == MLN_SIDE_PREFIXES)
            count += mln_ipset_prefixes(merge->scratch, rule->dst.prefixes, &prefixes);
    }
    return count;
}

static bool better(struct mln_merge *merge, const struct mln_merge_items *a,
                   const struct mln_merge_items *b)
{
    if (a->len != b->len)
        return a->len < b->len;
    return prefix_count(merge, a) < prefix_count(merge, b);
}

static struct mln_merge_items copy_of(struct mln_merge *merge, const struct mln_merge_items *items)
{
    struct mln_merge_items copy = {0};
    for (size_t i = 0; i < items->len; i++)
        mln_vec_push(merge->scratch, &copy, items->data[i]);
    return copy;
}

static void merge_items(struct mln_merge *merge, struct mln_merge_items *items)
{
    if (items->len < 2)
        return;
    merge_field(merge, items, MLN_FIELD_COUNT);
    mln_merge_absorb(merge, items);
    struct mln_merge_items best = copy_of(merge, items);
    unsigned fields = merge_in_order(merge, &best, orders[0]);
    size_t tries = fields > 1 && items->len <= SMALL_STRATUM ? ORDERS : 1;
    for (size_t i = 1; i < tries; i++) {
        struct mln_merge_items other = copy_of(merge, items);
        merge_in_order(merge, &other, orders[i]);
        if (better(merge, &other, &best))
            best = other;
    }
    *items = best;
}

static void merge_stratum(struct mln_arena *arena, struct mln_rule *const *rules, size_t count,
                          struct mln_rule_vec *out)
{
    struct mln_merge merge = {.arena = arena, .scratch = mln_arena_new()};
    struct mln_merge_items items = {0};
    merge.values = mln_map_new(merge.scratch);
    merge.any_side = number_of_side(&merge, &(struct mln_rule_side){.kind = MLN_SIDE_ANY});
    merge.any_port = number_of_ports(&merge, mln_portset_all(merge.scratch));
    for (size_t i = 0; i < count; i++) {
        assert(rules[i]->action == rules[0]->action);
        mln_vec_push(merge.scratch, &items, make_item(&merge, rules[i], i));
    }
    merge_items(&merge, &items);
    qsort(items.data, items.len, sizeof(*items.data), mln_merge_item_cmp);
    for (size_t i = 0; i < items.len; i++)
        mln_vec_push(arena, out, items.data[i].rule);
    mln_arena_free(merge.scratch);
}

static void merge_list(struct mln_arena *arena, struct mln_rule_vec *rules)
{
    struct mln_rule_vec out = {0};
    for (size_t i = 0, end; i < rules->len; i = end) {
        for (end = i + 1; end < rules->len; end++)
            if (rules->data[end]->stratum != rules->data[i]->stratum)
                break;
        merge_stratum(arena, rules->data + i, end - i, &out);
    }
    *rules = out;
}

void mln_pass_merge(struct mln_ctx *ctx, struct mln_table *table)
{
    mln_lock_identify(ctx->arena, table);
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        merge_list(ctx->arena, &table->rules[direction]);
}
