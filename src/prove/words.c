/* Greedy: of the things with a name that lie wholly in the set, the one with the most addresses
 * still unnamed goes first; what is left at the end is written as prefixes. A set that lacks little
 * of something larger ("any", Internet, a network) is written as that thing with an exception,
 * where this is shorter. */
#include "prove/words_impl.h"

#include "azure/platform.h"

/* ---- what has a name ---- */

static void add_thing(struct mln_words *w, const char *name, const struct mln_zone *zone,
                      const struct mln_ipset *const set[MLN_FAMILIES])
{
    struct thing thing = {.name = name, .zone = zone, .set = {set[0], set[1]}};
    if (set[0] && set[1] && set[0]->len + set[1]->len > 0)
        mln_vec_push(w->arena, &w->things, thing);
}

static const struct mln_ipset *const *leaf_set(const struct mln_leaf *leaf)
{
    switch (leaf->kind) {
    case MLN_LEAF_NETWORK:
        return leaf->network->space;
    case MLN_LEAF_ZONE:
        return leaf->zone->addresses;
    case MLN_LEAF_EXTERNAL:
        return leaf->external->addresses;
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint->addresses;
    default:
        return NULL;
    }
}

static const struct mln_ipset *prefix_set(struct mln_words *w, const struct mln_leaf *leaf, int f)
{
    return mln_ipset_from_prefixes(w->arena, (enum mln_family)f, &leaf->prefix, 1);
}

/* Groups whose addresses are known: of zones, networks, externals, endpoints and prefixes. */
static void add_group(struct mln_words *w, const struct mln_declared *declared)
{
    const struct mln_ipset *all[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        all[f] = mln_ipset_empty(w->arena, (enum mln_family)f);
    for (size_t i = 0; i < declared->group->len; i++) {
        const struct mln_side_part *part = &declared->group->parts[i];
        const struct mln_ipset *const *set = leaf_set(&part->leaf);
        if (part->minus_len || (!set && part->leaf.kind != MLN_LEAF_PREFIX))
            return;
        for (int f = 0; f < MLN_FAMILIES; f++)
            all[f] =
                mln_ipset_union(w->arena, all[f], set ? set[f] : prefix_set(w, &part->leaf, f));
    }
    add_thing(w, declared->name, NULL, all);
}

static void add_resource(struct mln_words *w, const struct mln_resource *resource)
{
    for (size_t i = 0; i < resource->endpoints.len; i++) {
        const struct mln_endpoint *endpoint = resource->endpoints.data[i];
        const char *name = resource->name;
        if (resource->endpoints.len > 1)
            name = mln_printf(w->arena, "%s.%s", resource->name, endpoint->sub->name);
        if (endpoint->exact && endpoint->at.len)
            add_thing(w, name, NULL, endpoint->addresses);
    }
}

static const struct mln_ipset *const *beside_nics(struct mln_words *w, const struct mln_zone *zone)
{
    const struct mln_ipset **sets = MLN_NEW_ARRAY(w->arena, const struct mln_ipset *, MLN_FAMILIES);
    for (int f = 0; f < MLN_FAMILIES; f++) {
        sets[f] = zone->addresses[f];
        for (size_t i = 0; i < zone->nics.len; i++) {
            const struct mln_nic *nic = zone->nics.data[i]->nic;
            if (!nic->floating[f] && !mln_nic_is_plain(nic))
                sets[f] = mln_ipset_subtract(w->arena, sets[f], zone->nics.data[i]->addresses[f]);
        }
    }
    return sets;
}

/* A subnet's name also stands for what it holds beside network interfaces. */
static void add_zone(struct mln_words *w, const struct mln_zone *zone)
{
    if (zone->unplaced)
        return;
    add_thing(w, zone->display, zone, zone->addresses);
    if (zone->nics.len)
        add_thing(w, zone->display, zone, beside_nics(w, zone));
    if (zone->nic && (zone->nic->floating[MLN_IPV4] || zone->nic->floating[MLN_IPV6]))
        add_thing(w, zone->display, zone, zone->nic->subnet->addresses);
}

struct mln_words *mln_words_new(struct mln_arena *arena, const struct mln_model *model)
{
    struct mln_words *w = MLN_NEW(arena, struct mln_words);
    *w = (struct mln_words){.arena = arena, .model = model};
    struct mln_declared_vec groups = {0};
    mln_declared_groups(model, arena, &groups);
    mln_words_collect_services(w);
    for (size_t i = 0; i < model->zones.len; i++)
        add_zone(w, model->zones.data[i]);
    for (size_t i = 0; i < model->networks.len; i++)
        if (model->networks.data[i]->prefixes.len)
            add_thing(w, model->networks.data[i]->name, NULL, model->networks.data[i]->space);
    for (size_t i = 0; i < model->externals.len; i++)
        add_thing(w, model->externals.data[i]->name, NULL, model->externals.data[i]->addresses);
    for (size_t i = 0; i < model->resources.len; i++)
        add_resource(w, model->resources.data[i]);
    for (size_t i = 0; i < groups.len; i++)
        add_group(w, &groups.data[i]);
    return w;
}

/* ---- addresses ---- */

/* What a set is written as so far. */
struct writing {
    struct mln_words *w;
    const struct mln_words_view *view;
    enum mln_family family;
    const struct mln_ipset *left;
    const struct mln_ipset *virtual[2]; /* Internet, VirtualNetwork: what of them can be meant */
    bool rest[2];                       /* that is not all of them */
    MLN_VEC(const char *) names;
    bool tells_family; /* one of the names has no addresses of the other family */
};

/* Something that may be named: its addresses of the family, and whether it has no others. */
struct named {
    const char *name;
    const struct mln_ipset *set;
    bool alone;
};

/* Sizes only need an order: the count of addresses in a double is enough. */
static double size_of(const struct mln_ipset *set)
{
    double size = 0;
    for (size_t i = 0; i < set->len; i++)
        size +=
            ((double)set->ranges[i].hi.hi - (double)set->ranges[i].lo.hi) * 18446744073709551616.0 +
            ((double)set->ranges[i].hi.lo - (double)set->ranges[i].lo.lo) + 1;
    return size;
}

/* Internet and VirtualNetwork, as far as they are meant; platform addresses go without saying. */
static void find_virtual(struct writing *g)
{
    struct mln_arena *a = g->w->arena;
    const struct mln_zone *zone = g->view->seen_from;
    if (!zone || zone->unplaced)
        return;
    const struct mln_ipset *sets[] = {zone->internet[g->family], zone->virtual_network[g->family]};
    for (int i = 0; i < 2; i++) {
        const struct mln_ipset *all =
            mln_ipset_subtract(a, sets[i], mln_azure_platform_space(a, g->family));
        g->virtual[i] = g->view->universe ? mln_ipset_intersect(a, all, g->view->universe) : all;
        g->rest[i] = !mln_ipset_covers(g->virtual[i], all);
    }
}

/* An interface that has no address of its own, or is like any other host of its subnet, is meant
 * only where it is the place. */
static bool may_name(const struct writing *g, const struct thing *thing)
{
    if (!thing->zone || thing->zone == g->view->zone)
        return true;
    const struct mln_nic *nic = thing->zone->nic;
    return !g->view->zone && !(nic && (nic->floating[g->family] || mln_nic_is_plain(nic)));
}

/* The i-th thing that may be named in this view; no name behind the last, no set: skip it. */
static struct named thing_at(const struct writing *g, size_t i)
{
    static const char *const virtual[2][2] = {{"Internet", "VirtualNetwork"},
                                              {"Internet", "the rest of VirtualNetwork"}};
    const int f = (int)g->family;
    if (i < 2)
        return (struct named){virtual[g->rest[i]][i], g -> virtual[i], false};
    if ((i -= 2) < g->view->tag_count) {
        const struct mln_tag *tag = g->view->tags[i];
        return (struct named){tag->name, tag->prefixes[f], tag->prefixes[1 - f]->len == 0};
    }
    if ((i -= g->view->tag_count) >= g->w->things.len)
        return (struct named){0};
    const struct thing *thing = &g->w->things.data[i];
    return (struct named){thing->name, may_name(g, thing) ? thing->set[f] : NULL,
                          thing->set[1 - f]->len == 0};
}

/* Names the thing that takes most of what is left; false when none fits. */
static bool name_one(struct writing *g, const struct mln_ipset *whole)
{
    const struct mln_ipset *left_by_best = NULL;
    struct named best = {0};
    double most = 0, before = size_of(g->left);
    for (size_t i = 0;; i++) {
        const struct named it = thing_at(g, i);
        if (!it.name)
            break;
        if (!it.set || !it.set->len || !mln_ipset_covers(whole, it.set) ||
            !mln_ipset_overlaps(g->left, it.set))
            continue;
        const struct mln_ipset *left = mln_ipset_subtract(g->w->arena, g->left, it.set);
        double taken = before - size_of(left);
        if (taken <= most)
            continue;
        most = taken;
        best = it;
        left_by_best = left;
    }
    if (!best.name)
        return false;
    mln_vec_push(g->w->arena, &g->names, best.name);
    g->tells_family |= best.alone;
    g->left = left_by_best;
    return true;
}

static struct writing write_plain(struct mln_words *w, const struct mln_words_view *view,
                                  const struct mln_ipset *set)
{
    struct writing g = {.w = w, .view = view, .family = set->family, .left = set};
    find_virtual(&g);
    while (g.left->len && name_one(&g, set))
        ;
    return g;
}

static size_t cost(const struct writing *g)
{
    return g->names.len + mln_ipset_prefix_count(g->left);
}

static const char *spell(struct writing *g)
{
    struct mln_buf out;
    mln_buf_init(&out, g->w->arena);
    for (size_t i = 0; i < g->names.len; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : "", g->names.data[i]);
    if (g->left->len && g->names.len)
        mln_buf_add(&out, ", ");
    if (g->left->len)
        mln_words_prefixes(g->w->arena, g->left, g->view->most, &out);
    return out.data;
}

static bool tells_family(const struct writing *g)
{
    return g->tells_family || g->left->len;
}

/* The shortest words so far. */
struct choice {
    size_t cost;
    const char *text;
    bool tells_family;
};

/* "WHOLE except REST", when that takes fewer words. */
static void try_except(struct mln_words *w, const struct mln_words_view *view,
                       const struct mln_ipset *set, const struct named *whole, struct choice *best)
{
    if (!mln_ipset_covers(whole->set, set))
        return;
    const struct mln_ipset *rest = mln_ipset_subtract(w->arena, whole->set, set);
    if (rest->len == 0) {
        *best = (struct choice){0, whole->name, whole->alone};
        return;
    }
    if (rest->len + 1 >= 4 * best->cost) /* cannot be shorter but for names */
        return;
    struct writing g = write_plain(w, view, rest);
    if (1 + cost(&g) >= best->cost)
        return;
    *best =
        (struct choice){1 + cost(&g), mln_printf(w->arena, "%s except %s", whole->name, spell(&g)),
                        whole->alone || tells_family(&g)};
}

static struct choice choose(struct mln_words *w, const struct mln_words_view *view,
                            const struct mln_ipset *set)
{
    const struct mln_ipset *all =
        view->universe ? view->universe : mln_ipset_all(w->arena, set->family);
    all = mln_ipset_subtract(w->arena, all, mln_azure_platform_space(w->arena, set->family));
    const struct named any = {view->all ? view->all : "any", all, false};
    if (mln_ipset_covers(set, all))
        return (struct choice){0, any.name, false};
    struct writing plain = write_plain(w, view, set);
    struct choice best = {cost(&plain), spell(&plain), tells_family(&plain)};
    if (best.cost <= 1)
        return best;
    try_except(w, view, set, &any, &best);
    for (size_t i = 0; best.cost > 2; i++) {
        const struct named thing = thing_at(&plain, i);
        if (!thing.name)
            break;
        if (thing.set)
            try_except(w, view, set, &thing, &best);
    }
    return best;
}

const char *mln_words_addresses(struct mln_words *w, const struct mln_words_view *view,
                                const struct mln_ipset *set)
{
    struct choice best = choose(w, view, set);
    if (view->tells_family)
        *view->tells_family = best.tells_family;
    return best.text;
}

static void add_count(struct mln_buf *out, size_t count)
{
    if (count >= 1000)
        mln_buf_printf(out, "%zu,%03zu", count / 1000, count % 1000);
    else
        mln_buf_printf(out, "%zu", count);
}

void mln_words_prefixes(struct mln_arena *arena, const struct mln_ipset *set, size_t most,
                        struct mln_buf *out)
{
    struct mln_prefix *prefixes;
    size_t count = mln_ipset_prefixes(arena, set, &prefixes);
    size_t shown = most && count > most ? 2 : count;
    char text[MLN_IP_TEXT];
    if (shown < count) {
        add_count(out, count);
        mln_buf_add(out, " prefixes (");
    }
    for (size_t i = 0; i < shown; i++)
        mln_buf_printf(out, "%s%s", i ? ", " : "", mln_prefix_text(&prefixes[i], text));
    if (shown < count)
        mln_buf_add(out, ", ...)");
}
