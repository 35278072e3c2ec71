/* What the sides of intents stand for out there, as seen by a resource's firewall: addresses, as
 * far as they are known. */
#include "rules/firewall_impl.h"

struct mln_known_set mln_known_nothing(struct mln_arena *a)
{
    return (struct mln_known_set){{mln_ipset_empty(a, MLN_IPV4), mln_ipset_empty(a, MLN_IPV6)},
                                  true};
}

void mln_known_unite(struct mln_arena *a, struct mln_known_set *to,
                     const struct mln_known_set *from)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        to->set[f] = mln_ipset_union(a, to->set[f], from->set[f]);
    to->known &= from->known;
}

/* The first range of the set that does not end before `ip`. */
static size_t first_at(const struct mln_ipset *set, struct mln_ip ip)
{
    size_t from = 0, to = set->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (mln_ip_cmp(set->ranges[middle].hi, ip) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* What of `set` lies near `around`: many small sets are compared with one large one, and must not
 * cost what the large one does. It shares the ranges. */
static struct mln_ipset part_near(const struct mln_ipset *set, const struct mln_ipset *around)
{
    struct mln_ipset part = {.family = set->family};
    if (around->len == 0)
        return part;
    size_t first = first_at(set, around->ranges[0].lo);
    struct mln_ip last = around->ranges[around->len - 1].hi;
    size_t end = first_at(set, last);
    if (end < set->len && mln_ip_cmp(set->ranges[end].lo, last) <= 0)
        end++;
    part.len = end - first;
    part.ranges = set->ranges + first;
    return part;
}

void mln_known_subtract(struct mln_arena *a, struct mln_known_set *from,
                        const struct mln_known_set *what)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset near = part_near(what->set[f], from->set[f]);
        if (near.len)
            from->set[f] = mln_ipset_subtract(a, from->set[f], &near);
    }
    from->known &= what->known;
}

/* --- what a side stands for, out there --- */

/* Hosted agents are known to come from IPv4 addresses only; the other tags hold both families. */
static struct mln_known_set tag_set(struct mln_arena *a, const struct mln_tag *tag, bool agents)
{
    struct mln_known_set out = mln_known_nothing(a);
    out.known = tag && tag->prefixes[MLN_IPV4];
    for (int f = 0; out.known && f < (agents ? 1 : MLN_FAMILIES); f++)
        if (tag->prefixes[f])
            out.set[f] = tag->prefixes[f];
    return out;
}

static struct mln_known_set agents_set(const struct mln_firewall_work *w,
                                       const struct mln_geography *geography)
{
    struct mln_arena *a = w->ctx->arena;
    struct mln_known_set out = mln_known_nothing(a);
    for (size_t i = 0; i < geography->regions.len; i++) {
        struct mln_known_set one =
            tag_set(a, mln_agents_tag(w->model->options->tags, geography->regions.data[i]), true);
        mln_known_unite(a, &out, &one);
    }
    return out;
}

static struct mln_known_set everything(struct mln_arena *a)
{
    return (struct mln_known_set){{mln_ipset_all(a, MLN_IPV4), mln_ipset_all(a, MLN_IPV6)}, true};
}

static struct mln_known_set leaf_set(const struct mln_firewall_work *w, const struct mln_leaf *leaf)
{
    struct mln_arena *a = w->ctx->arena;
    struct mln_known_set out = mln_known_nothing(a);
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        return everything(a);
    case MLN_LEAF_EXTERNAL:
        for (int f = 0; f < MLN_FAMILIES; f++)
            out.set[f] = leaf->external->addresses[f];
        return out;
    case MLN_LEAF_PREFIX:
        for (int f = 0; f < MLN_FAMILIES; f++)
            out.set[f] = mln_ipset_from_prefixes(a, (enum mln_family)f, &leaf->prefix, 1);
        return out;
    case MLN_LEAF_TAG:
        if (leaf->tag->kind == MLN_TAG_SERVICE)
            return tag_set(a, leaf->tag, false);
        return leaf->tag->kind == MLN_TAG_INTERNET ? everything(a) : out;
    case MLN_LEAF_HOSTED_AGENTS:
        return agents_set(w, leaf->geography);
    default:
        return out; /* zones and networks come from private addresses */
    }
}

static void subtract_side(const struct mln_firewall_work *w, struct mln_known_set *from,
                          const struct mln_side_set *side, unsigned depth);

/* Excepts stand inside excepts; the grammar bounds how deep (src/lang/odd.c). */
static struct mln_known_set part_set(const struct mln_firewall_work *w,
                                     const struct mln_side_part *part, unsigned depth)
{
    struct mln_known_set out = leaf_set(w, &part->leaf);
    for (size_t m = 0; m < part->minus_len; m++)
        subtract_side(w, &out, part->minus[m], depth + 1);
    return out;
}

static void subtract_side(const struct mln_firewall_work *w, struct mln_known_set *from,
                          const struct mln_side_set *side, unsigned depth)
{
    for (size_t i = 0; i < side->len; i++) {
        struct mln_known_set gone = part_set(w, &side->parts[i], depth);
        mln_known_subtract(w->ctx->arena, from, &gone);
    }
}

/* Without its excepts. */
struct mln_known_set mln_ask_named_set(const struct mln_firewall_work *w,
                                       const struct mln_firewall_ask *ask)
{
    if (ask->set[MLN_IPV4])
        return (struct mln_known_set){{ask->set[MLN_IPV4], ask->set[MLN_IPV6]}, true};
    return leaf_set(w, &ask->part->leaf);
}

struct mln_known_set mln_ask_set(const struct mln_firewall_work *w,
                                 const struct mln_firewall_ask *ask)
{
    struct mln_known_set out = mln_ask_named_set(w, ask);
    for (size_t m = 0; m < ask->part->minus_len; m++)
        subtract_side(w, &out, ask->part->minus[m], 0);
    return out;
}
