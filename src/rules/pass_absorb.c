/* Absorbing: a rule that lies inside another of its stratum says nothing and goes.
 *
 * Up to SMALL rules every case is found: what covers a rule has ends around its ends in every
 * field, and in the field with the most values a tree gives the few rules that have. Beyond, the
 * container of a rule is looked for by key: it must equal the rule in every field or be `*` there.
 * The combinations of `*` that occur are few, so that is a few look-ups a rule. (An NSG that is
 * still that large is over Azure's limit of 1,000 rules anyway; what must not happen is that the
 * compiler takes quadratic time to say so.)
 *
 * Containment is transitive and equal rules are united before, so there are no cycles: what absorbs
 * may be absorbed itself, and provenance is handed on to the outermost. */
#include "rules/pass_merge.h"

#include <stdlib.h>

#define SMALL 400

/* A rule's `*` does not reach the platform's addresses: only their tags do. */
static bool is_platform(const struct mln_rule_side *side)
{
    return side->kind == MLN_SIDE_TAG && side->tag->kind >= MLN_TAG_PLATFORM_DNS;
}

static bool side_covers(const struct mln_rule_side *a, const struct mln_rule_side *b)
{
    if (a->kind == MLN_SIDE_ANY)
        return !is_platform(b);
    if (a->kind != b->kind)
        return false;
    if (a->kind == MLN_SIDE_TAG)
        return a->tag == b->tag;
    if (a->kind == MLN_SIDE_ASG)
        return a->asg == b->asg;
    return mln_ipset_covers(a->prefixes, b->prefixes);
}

/* May b vanish into a different rule a at all? */
static bool may_absorb(const struct mln_merge_item *a, const struct mln_merge_item *b)
{
    const struct mln_rule *x = a->rule, *y = b->rule;
    if (x->intent_count > 0 && y->intent_count > 0 && x->intents[0] == y->intents[0])
        return true;
    return !b->owner && !(y->intent_count > 0 && y->intents[0]->library);
}

static bool covers(const struct mln_merge_item *a, const struct mln_merge_item *b)
{
    const struct mln_rule *x = a->rule, *y = b->rule;
    if (x->proto != y->proto && x->proto != MLN_PROTO_ANY)
        return false;
    if ((x->families & y->families) != y->families)
        return false;
    return (a->value[MLN_FIELD_SRC] == b->value[MLN_FIELD_SRC] || side_covers(&x->src, &y->src)) &&
           (a->value[MLN_FIELD_DST] == b->value[MLN_FIELD_DST] || side_covers(&x->dst, &y->dst)) &&
           (a->value[MLN_FIELD_DPORT] == b->value[MLN_FIELD_DPORT] ||
            mln_portset_covers(x->dport, y->dport)) &&
           (a->value[MLN_FIELD_SPORT] == b->value[MLN_FIELD_SPORT] ||
            mln_portset_covers(x->sport, y->sport)) &&
           may_absorb(a, b);
}

/* Equal in both directions is possible only for rules that must not unite; the earlier one stays
 * then. */
static bool absorbs(const struct mln_merge_items *items, size_t a, size_t b)
{
    const struct mln_merge_item *x = &items->data[a], *y = &items->data[b];
    return a != b && covers(x, y) && !(covers(y, x) && mln_merge_item_cmp(y, x) < 0);
}

/* The ends of three fields, coarsely: what covers a rule has ends around it. Nearly every pair is
 * told apart here, without a look at the rules. */
enum { COARSE = 3 };
struct ends {
    uint32_t lo[COARSE], hi[COARSE];
};

static uint32_t coarse(enum mln_family family, struct mln_ip ip)
{
    return (uint32_t)(family == MLN_IPV4 ? ip.lo : ip.hi >> 32);
}

static void side_ends(const struct mln_rule_side *side, uint32_t number, uint32_t *lo, uint32_t *hi)
{
    if (side->kind == MLN_SIDE_ANY) {
        *lo = 0;
        *hi = UINT32_MAX;
    } else if (side->kind == MLN_SIDE_PREFIXES) {
        const struct mln_ipset *set = side->prefixes;
        *lo = coarse(set->family, set->ranges[0].lo);
        *hi = coarse(set->family, set->ranges[set->len - 1].hi);
    } else {
        *lo = *hi = number; /* only its equals, and `*`, cover it */
    }
}

static struct ends ends_of(const struct mln_merge_item *item)
{
    const struct mln_portset *ports = item->rule->dport;
    struct ends ends;
    side_ends(&item->rule->src, item->value[MLN_FIELD_SRC], &ends.lo[0], &ends.hi[0]);
    side_ends(&item->rule->dst, item->value[MLN_FIELD_DST], &ends.lo[1], &ends.hi[1]);
    ends.lo[2] = ports->ranges[0].lo;
    ends.hi[2] = ports->ranges[ports->len - 1].hi;
    return ends;
}

static bool lies_around(const struct ends *a, const struct ends *b)
{
    for (int f = 0; f < COARSE; f++)
        if (a->lo[f] > b->lo[f] || a->hi[f] < b->hi[f])
            return false;
    return true;
}

/* A tree of intervals in an array that is sorted by `lo`, the widest first: the middle of a part is
 * its root, and knows the highest `hi` of the part. */
struct leaf {
    uint32_t lo, hi, highest, item;
};

static int by_lo(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;
    if (x->lo != y->lo)
        return x->lo < y->lo ? -1 : 1;
    return x->hi > y->hi ? -1 : x->hi < y->hi;
}

static uint32_t plant(struct leaf *tree, size_t begin, size_t end)
{
    if (begin == end)
        return 0;
    size_t middle = begin + (end - begin) / 2;
    uint32_t left = plant(tree, begin, middle), right = plant(tree, middle + 1, end);
    uint32_t highest = left > right ? left : right;
    tree[middle].highest = highest > tree[middle].hi ? highest : tree[middle].hi;
    return tree[middle].highest;
}

/* One rule that is looked for in the tree; `found`: the first rule that absorbs it, or itself. */
struct quest {
    const struct mln_merge_items *items;
    const struct ends *ends;
    int field; /* of the ends, that the tree is sorted by */
    size_t item, found;
};

static void search(struct quest *q, const struct leaf *tree, size_t begin, size_t end)
{
    const struct ends *own = &q->ends[q->item];
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (tree[middle].highest < own->hi[q->field])
            return;
        search(q, tree, begin, middle);
        if (tree[middle].lo > own->lo[q->field])
            return;
        size_t a = tree[middle].item;
        if (a != q->item && (a < q->found || q->found == q->item) &&
            lies_around(&q->ends[a], own) && absorbs(q->items, a, q->item))
            q->found = a;
        begin = middle + 1;
    }
}

/* The coarse field with the most ends that differ from their neighbour's. */
static int most_diverse(const struct ends *ends, size_t count)
{
    size_t changes[COARSE] = {0};
    int best = COARSE - 1;
    for (size_t i = 1; i < count; i++)
        for (int f = 0; f < COARSE; f++)
            changes[f] += ends[i].lo[f] != ends[i - 1].lo[f] || ends[i].hi[f] != ends[i - 1].hi[f];
    for (int f = 0; f < COARSE; f++)
        if (changes[f] > changes[best])
            best = f;
    return best;
}

/* into[i]: the rule that absorbs i, or i itself. */
static void find_by_ends(struct mln_merge *merge, const struct mln_merge_items *items, size_t *into)
{
    struct ends *ends = MLN_NEW_ARRAY(merge->scratch, struct ends, items->len);
    struct leaf *tree = MLN_NEW_ARRAY(merge->scratch, struct leaf, items->len);
    for (size_t i = 0; i < items->len; i++)
        ends[i] = ends_of(&items->data[i]);
    struct quest q = {.items = items, .ends = ends, .field = most_diverse(ends, items->len)};
    for (size_t i = 0; i < items->len; i++)
        tree[i] = (struct leaf){
            .lo = ends[i].lo[q.field], .hi = ends[i].hi[q.field], .item = (uint32_t)i};
    qsort(tree, items->len, sizeof(*tree), by_lo);
    plant(tree, 0, items->len);
    /* Most lie within no other in that field, and the order shows it: no search. */
    uint32_t reach = 0;
    for (size_t k = 0; k < items->len; k++) {
        const struct leaf *next = k + 1 < items->len ? &tree[k + 1] : NULL;
        bool within = (k > 0 && reach >= tree[k].hi) ||
                      (next && next->lo == tree[k].lo && next->hi == tree[k].hi);
        reach = tree[k].hi > reach ? tree[k].hi : reach;
        q.item = q.found = tree[k].item;
        if (within)
            search(&q, tree, 0, items->len);
        into[q.item] = q.found;
    }
}

/* ---- by key ---- */

enum { WIDE_PROTO = 1 << MLN_FIELD_COUNT, WIDE_COUNT = 2 << MLN_FIELD_COUNT };

struct key {
    uint32_t value[MLN_FIELD_COUNT];
    uint32_t proto;
};

static uint32_t wide_value(const struct mln_merge *merge, enum mln_merge_field field)
{
    return field == MLN_FIELD_SRC || field == MLN_FIELD_DST ? merge->any_side : merge->any_port;
}

/* The fields in which the rule is `*`, as a set of 1 << field and WIDE_PROTO. */
static unsigned wide_fields(const struct mln_merge *merge, const struct mln_merge_item *item)
{
    unsigned wide = item->rule->proto == MLN_PROTO_ANY ? WIDE_PROTO : 0;
    for (enum mln_merge_field field = 0; field < MLN_FIELD_COUNT; field++)
        if (item->value[field] == wide_value(merge, field))
            wide |= 1u << field;
    return wide;
}

/* The key of the rule that is `*` in the fields of `wide` and else equals the item. */
static struct key widened(const struct mln_merge *merge, const struct mln_merge_item *item,
                          unsigned wide)
{
    struct key key = {.proto = wide & WIDE_PROTO ? MLN_PROTO_ANY : item->rule->proto};
    for (enum mln_merge_field field = 0; field < MLN_FIELD_COUNT; field++)
        key.value[field] = wide >> field & 1 ? wide_value(merge, field) : item->value[field];
    return key;
}

static void find_by_key(struct mln_merge *merge, const struct mln_merge_items *items, size_t *into)
{
    struct mln_map *first = mln_map_new(merge->scratch); /* key -> index of a rule + 1 */
    bool seen[WIDE_COUNT] = {0};
    for (size_t i = 0; i < items->len; i++) {
        unsigned wide = wide_fields(merge, &items->data[i]);
        struct key key = widened(merge, &items->data[i], wide);
        struct mln_map_entry *entry = mln_map_slot(first, &key, sizeof(key));
        seen[wide] = true;
        if (!entry->value)
            entry->value = (void *)(uintptr_t)(i + 1);
    }
    for (size_t b = 0; b < items->len; b++) {
        unsigned own = wide_fields(merge, &items->data[b]);
        for (unsigned wide = 0; wide < WIDE_COUNT && into[b] == b; wide++) {
            if (!seen[wide] || (wide & own) != own || wide == own)
                continue;
            struct key key = widened(merge, &items->data[b], wide);
            uintptr_t a = (uintptr_t)mln_map_get_n(first, &key, sizeof(key));
            if (a && absorbs(items, a - 1, b))
                into[b] = a - 1;
        }
    }
}

/* ---- handing on ---- */

static size_t outermost(const size_t *into, size_t i)
{
    while (into[i] != i)
        i = into[i];
    return i;
}

/* The survivors, each with what it absorbed, in the order of the list. */
static void collect(struct mln_merge *merge, struct mln_merge_items *items, const size_t *into)
{
    MLN_VEC(const struct mln_merge_item *) *groups =
        mln_alloc_array(merge->scratch, items->len, sizeof(*groups));
    for (size_t i = 0; i < items->len; i++)
        if (into[i] == i)
            mln_vec_push(merge->scratch, &groups[i], &items->data[i]);
    for (size_t i = 0; i < items->len; i++)
        if (into[i] != i)
            mln_vec_push(merge->scratch, &groups[outermost(into, i)], &items->data[i]);
    struct mln_merge_items out = {0};
    for (size_t i = 0; i < items->len; i++) {
        if (groups[i].len == 0)
            continue;
        struct mln_merge_item item = items->data[i];
        if (groups[i].len > 1)
            item.rule = mln_merge_provenance(merge, &item, groups[i].data, groups[i].len);
        mln_vec_push(merge->scratch, &out, item);
    }
    *items = out;
}

void mln_merge_absorb(struct mln_merge *merge, struct mln_merge_items *items)
{
    size_t *into = MLN_NEW_ARRAY(merge->scratch, size_t, items->len);
    size_t absorbed = 0;
    for (size_t i = 0; i < items->len; i++)
        into[i] = i;
    if (items->len <= SMALL)
        find_by_ends(merge, items, into);
    else
        find_by_key(merge, items, into);
    for (size_t i = 0; i < items->len; i++)
        absorbed += into[i] != i;
    if (absorbed > 0)
        collect(merge, items, into);
}
