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
 *     tcp 443 a -> x
 *     tcp 22  a -> x    by destination port    tcp 22,443 a -> x    by source
 *     tcp 443 b -> x    ------------------>    tcp 22,443 b -> x    -------->  tcp 22,443 a,b -> x
 *     tcp 22  b -> x
 *
 * The order of the fields matters when a rule could unite in two fields. One order is the rule, so
 * that a policy that grows keeps its rules; others are tried when the first united in two fields or
 * more and the stratum is small. Fewest rules wins, then fewest prefixes, then the earlier order.
 * Most united rules are made in vain, so only those that win leave the scratch arena.
 *
 * Protocols never unite: `*` also covers the protocols that no rule can name. */
#include "rules/pass_merge.h"
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
    return mln_ipset_from_ranges(merge->scratch, family, ranges.data, ranges.len);
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
    return mln_portset_from_ranges(merge->scratch, ranges.data, ranges.len);
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
        mln_merge_renumber(merge, &united, field);
    return united;
}

/* ---- buckets ---- */

/* Two items unite in a field when they are equal in everything else and of one owner. Without a
 * field: equal rules, whoever owns them. */
static bool same_but(const struct mln_merge_item *a, const struct mln_merge_item *b,
                     enum mln_merge_field field)
{
    for (enum mln_merge_field other = 0; other < MLN_FIELD_COUNT; other++)
        if (other != field && a->value[other] != b->value[other])
            return false;
    return a->rule->proto == b->rule->proto && a->rule->families == b->rule->families &&
           (field == MLN_FIELD_COUNT || a->owner == b->owner);
}

static uint64_t hash_but(const struct mln_merge_item *item, enum mln_merge_field field)
{
    if (field == MLN_FIELD_COUNT)
        return item->hash;
    uint64_t owner = (uint64_t)(uintptr_t)item->owner * UINT64_C(0xd6e8feb86659fd93);
    return item->hash - mln_merge_hash(item, field) + owner;
}

static bool unites(const struct mln_merge_item *item, enum mln_merge_field field)
{
    if (field == MLN_FIELD_SRC)
        return item->rule->src.kind == MLN_SIDE_PREFIXES;
    if (field == MLN_FIELD_DST)
        return item->rule->dst.kind == MLN_SIDE_PREFIXES;
    return true;
}

/* The slot of the item's bucket in a table of indices + 1, or the free one where it belongs. */
static uint32_t *slot_of(struct mln_merge *merge, const struct mln_merge_items *items, size_t i,
                         enum mln_merge_field field)
{
    const struct mln_merge_item *item = &items->data[i];
    uint64_t hash = hash_but(item, field);
    size_t mask = merge->bucket_count - 1, at = (hash ^ hash >> 32) & mask;
    for (; merge->bucket_slots[at]; at = (at + 1) & mask) {
        const struct mln_merge_item *other = &items->data[merge->bucket_slots[at] - 1];
        if (hash_but(other, field) == hash && same_but(other, item, field))
            break;
    }
    return &merge->bucket_slots[at];
}

#define NONE UINT32_MAX

/* next[i]: the next member of i's bucket, or NONE; head[i]: i is the first of its bucket. True when
 * any bucket has two. */
static bool fill_buckets(struct mln_merge *merge, const struct mln_merge_items *items,
                         enum mln_merge_field field)
{
    bool any = false;
    memset(merge->bucket_slots, 0, merge->bucket_count * sizeof(*merge->bucket_slots));
    for (size_t i = 0; i < items->len; i++) {
        merge->next[i] = NONE;
        merge->head[i] = true;
        if (!unites(&items->data[i], field))
            continue;
        uint32_t *last = slot_of(merge, items, i, field); /* the last member + 1 */
        if (*last) {
            merge->next[*last - 1] = (uint32_t)i;
            merge->head[i] = false;
            any = true;
        }
        *last = (uint32_t)i + 1;
    }
    return any;
}

/* Unites in one field; true when anything did. MLN_FIELD_COUNT: only equal rules. */
static bool merge_field(struct mln_merge *merge, struct mln_merge_items *items,
                        enum mln_merge_field field)
{
    size_t count = items->len, kept = 0;
    if (!fill_buckets(merge, items, field))
        return false;
    struct mln_merge_item *out = MLN_NEW_ARRAY(merge->scratch, struct mln_merge_item, count);
    for (size_t i = 0; i < count; i++) {
        if (!merge->head[i])
            continue;
        MLN_VEC(const struct mln_merge_item *) bucket = {0};
        for (uint32_t k = (uint32_t)i; k != NONE && merge->next[i] != NONE; k = merge->next[k])
            mln_vec_push(merge->scratch, &bucket, &items->data[k]);
        out[kept++] =
            bucket.len > 0 ? unite(merge, bucket.data, bucket.len, field) : items->data[i];
    }
    items->data = out;
    items->len = items->cap = kept;
    return true;
}

/* ---- one stratum ---- */

/* Goes round the fields until a whole round changes nothing. Returns in how many of them something
 * united. */
static unsigned merge_in_order(struct mln_merge *merge, struct mln_merge_items *items,
                               const unsigned char *order)
{
    unsigned fields = 0, unchanged = 0;
    for (size_t i = 0; unchanged < MLN_FIELD_COUNT && items->len > 1;
         i = (i + 1) % MLN_FIELD_COUNT) {
        unchanged++;
        if (merge_field(merge, items, order[i])) {
            unchanged = 1; /* nothing more unites in this one until another changes */
            fields |= 1u << order[i];
        }
    }
    if (fields) /* rules have grown */
        mln_merge_absorb(merge, items);
    return (unsigned)__builtin_popcount(fields);
}

static size_t prefix_count(const struct mln_merge_items *items)
{
    size_t count = 0;
    for (size_t i = 0; i < items->len; i++) {
        const struct mln_rule *rule = items->data[i].rule;
        if (rule->src.kind == MLN_SIDE_PREFIXES)
            count += mln_ipset_prefix_count(rule->src.prefixes);
        if (rule->dst.kind == MLN_SIDE_PREFIXES)
            count += mln_ipset_prefix_count(rule->dst.prefixes);
    }
    return count;
}

static bool better(const struct mln_merge_items *a, const struct mln_merge_items *b)
{
    if (a->len != b->len)
        return a->len < b->len;
    return prefix_count(a) < prefix_count(b);
}

static void merge_items(struct mln_merge *merge, struct mln_merge_items *items)
{
    if (items->len < 2)
        return;
    merge_field(merge, items, MLN_FIELD_COUNT);
    mln_merge_absorb(merge, items);
    struct mln_merge_items best = *items; /* merging makes new lists */
    unsigned fields = merge_in_order(merge, &best, orders[0]);
    size_t tries = fields > 1 && items->len <= SMALL_STRATUM ? ORDERS : 1;
    for (size_t i = 1; i < tries; i++) {
        struct mln_merge_items other = *items;
        merge_in_order(merge, &other, orders[i]);
        if (better(&other, &best))
            best = other;
    }
    *items = best;
}

static void merge_stratum(struct mln_arena *arena, struct mln_rule *const *rules, size_t count,
                          struct mln_rule_vec *out)
{
    struct mln_merge merge = {.scratch = mln_arena_new()};
    struct mln_merge_items items = {0};
    mln_merge_init(&merge, count);
    items.data = MLN_NEW_ARRAY(merge.scratch, struct mln_merge_item, count);
    items.cap = count;
    for (size_t i = 0; i < count; i++) {
        assert(rules[i]->action == rules[0]->action);
        items.data[items.len++] = mln_merge_item_make(&merge, rules[i], i);
    }
    merge_items(&merge, &items);
    mln_merge_sort(&items);
    for (size_t i = 0; i < items.len; i++)
        out->data[out->len++] = mln_merge_keep(arena, items.data[i].rule);
    mln_arena_free(merge.scratch);
}

static void merge_list(struct mln_arena *arena, struct mln_rule_vec *rules)
{
    struct mln_rule_vec out = {.data = MLN_NEW_ARRAY(arena, struct mln_rule *, rules->len),
                               .cap = rules->len};
    for (size_t i = 0, end; i < rules->len; i = end) {
        for (end = i + 1; end < rules->len; end++)
            if (rules->data[end]->stratum != rules->data[i]->stratum)
                break;
        if (end - i > 1)
            merge_stratum(arena, rules->data + i, end - i, &out);
        else
            out.data[out.len++] = rules->data[i];
    }
    *rules = out;
}

void mln_pass_merge(struct mln_ctx *ctx, struct mln_table *table)
{
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        merge_list(ctx->arena, &table->rules[direction]);
}
