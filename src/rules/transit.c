/* Traffic that passes an appliance in a governed zone: the NSG there meets it twice, coming in and
 * going out, and must hold the intents that cross it.
 *
 * A WAY is a zone whose packets come to the appliance: its routes send them there, or to another
 * appliance whose own zone has such a route. Seen from there every intent that names an end of such
 * a packet is written into the appliance's NSG; where none does, the default of the appliance's
 * zone decides. Behind a gateway's zone also lie the externals that are connected through it.
 * Addresses of the NSG's own zones are left out: packets to them end there, and are decided as
 * theirs. The set of destinations may hold more than really comes this way (a longer route may send
 * it elsewhere), which does no harm: at the source the same packets are decided the same. */
#include "azure/platform.h"
#include "rules/end.h"

struct way {
    const struct mln_zone *from, *at;
    const struct mln_ipset *sent[MLN_FAMILIES]; /* destinations of what comes here */
    const struct mln_ipset
        *through[MLN_FAMILIES]; /* of these, what is not of the NSG's own zones */
    bool grown;                 /* `sent`, since it was followed further */
    struct mln_end_vec ends;
};
MLN_VEC_TYPE(way_vec, struct way);

struct mln_transits {
    struct way_vec ways;
};

/* --- ways --- */

/* The zone with the externals that reach its network through a gateway in it. */
static const struct mln_zone *with_externals(struct mln_arena *a, const struct mln_zone *zone)
{
    if (zone->role != MLN_ROLE_GATEWAY)
        return zone;
    struct mln_zone *wide = MLN_NEW(a, struct mln_zone);
    *wide = *zone;
    for (size_t i = 0; i < zone->network->connected.len; i++)
        for (int f = 0; f < MLN_FAMILIES; f++)
            wide->addresses[f] = mln_ipset_union(a, wide->addresses[f],
                                                 zone->network->connected.data[i]->addresses[f]);
    return wide;
}

/* A tag's destinations: its prefixes where they are known, else everything public. */
static const struct mln_ipset *route_set(struct mln_arena *a, const struct mln_zone *zone,
                                         const struct mln_route *route, enum mln_family f)
{
    if (route->tag)
        return route->tag->prefixes[f] ? route->tag->prefixes[f] : zone->internet[f];
    return mln_ipset_from_prefixes(a, f, &route->prefix, 1);
}

/* Of what is sent to a zone, what its routes hand on to the appliance. Empty in both families:
 * false. */
static bool handed_on(struct mln_arena *a, const struct mln_zone *by, const struct mln_zone *at,
                      const struct mln_ipset *const sent[MLN_FAMILIES],
                      const struct mln_ipset *out[MLN_FAMILIES])
{
    for (int i = 0; i < MLN_FAMILIES; i++) {
        enum mln_family f = (enum mln_family)i;
        const struct mln_ipset *set = mln_ipset_empty(a, f);
        for (size_t r = 0; r < by->routes.len; r++)
            if (by->routes.data[r].appliance == at)
                set = mln_ipset_union(a, set, route_set(a, by, &by->routes.data[r], f));
        set = mln_ipset_intersect(a, set, sent[f]);
        out[f] = mln_ipset_subtract(a, set, mln_azure_platform_space(a, f));
    }
    return out[MLN_IPV4]->len || out[MLN_IPV6]->len;
}

/* The ways of one zone are few, and begin at `first`. */
static struct way *way_to(struct mln_arena *a, struct way_vec *ways, size_t first,
                          const struct mln_zone *from, const struct mln_zone *at)
{
    for (size_t i = first; i < ways->len; i++)
        if (ways->data[i].at == at)
            return &ways->data[i];
    struct way way = {.from = from, .at = at};
    for (int f = 0; f < MLN_FAMILIES; f++)
        way.sent[f] = mln_ipset_empty(a, (enum mln_family)f);
    mln_vec_push(a, ways, way);
    return &ways->data[ways->len - 1];
}

/* What packets from `from` that reach the zone `by` do there: its routes give them to appliances.
 */
static void follow(struct mln_arena *a, struct way_vec *ways, size_t first,
                   const struct mln_zone *from, const struct mln_zone *by,
                   const struct mln_ipset *const sent[MLN_FAMILIES])
{
    for (size_t i = 0; i < by->routes.len; i++) {
        const struct mln_zone *at = by->routes.data[i].appliance;
        const struct mln_ipset *on[MLN_FAMILIES];
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen |= by->routes.data[k].appliance == at;
        if (!at || seen || at == by || at->index == from->index || !handed_on(a, by, at, sent, on))
            continue;
        struct way *way = way_to(a, ways, first, from, at);
        for (int f = 0; f < MLN_FAMILIES; f++) {
            way->grown |= !mln_ipset_covers(way->sent[f], on[f]);
            way->sent[f] = mln_ipset_union(a, way->sent[f], on[f]);
        }
    }
}

/* From appliance to appliance until nothing comes to one that had not come before. */
static void follow_on(struct mln_arena *a, struct way_vec *ways, size_t first)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = first; i < ways->len; i++) {
            const struct way way = ways->data[i]; /* the array may move */
            if (!way.grown)
                continue;
            again = true;
            ways->data[i].grown = false;
            const struct mln_ipset *rest[MLN_FAMILIES];
            for (int f = 0; f < MLN_FAMILIES; f++)
                rest[f] = mln_ipset_subtract(a, way.sent[f], way.at->addresses[f]);
            follow(a, ways, first, way.from, way.at, rest);
        }
    }
}

/* Only what an NSG decides is wanted, and each NSG's share once. */
static bool is_wanted(const struct way_vec *ways, size_t first, const struct way *way)
{
    if (!way->at->nsg)
        return false;
    for (size_t i = first; i < ways->len; i++) {
        const struct way *other = &ways->data[i];
        if (other->at->nsg == way->at->nsg &&
            mln_ipset_covers(other->through[MLN_IPV4], way->through[MLN_IPV4]) &&
            mln_ipset_covers(other->through[MLN_IPV6], way->through[MLN_IPV6]))
            return false;
    }
    return true;
}

static void keep_wanted(struct mln_arena *a, struct way_vec *ways, size_t first)
{
    size_t len = ways->len;
    ways->len = first;
    for (size_t i = first; i < len; i++) {
        struct way way = ways->data[i];
        for (int f = 0; f < MLN_FAMILIES; f++) {
            way.through[f] = way.sent[f];
            for (size_t z = 0; way.at->nsg && z < way.at->nsg->zones.len; z++)
                way.through[f] =
                    mln_ipset_subtract(a, way.through[f], way.at->nsg->zones.data[z]->addresses[f]);
        }
        if (is_wanted(ways, first, &way))
            ways->data[ways->len++] = way;
    }
}

struct mln_transits *mln_transits_new(struct mln_ctx *ctx, const struct mln_model *model)
{
    struct mln_transits *transits = MLN_NEW(ctx->arena, struct mln_transits);
    struct way_vec *ways = &transits->ways;
    for (size_t z = 0; z < model->zones.len; z++) {
        const struct mln_zone *zone = model->zones.data[z];
        bool routed = false;
        for (size_t i = 0; i < zone->routes.len; i++)
            routed |= zone->routes.data[i].appliance != NULL;
        if (!routed)
            continue;
        size_t first = ways->len;
        const struct mln_zone *from = with_externals(ctx->arena, zone);
        follow(ctx->arena, ways, first, from, zone, zone->joined[MLN_OUTBOUND]);
        follow_on(ctx->arena, ways, first);
        keep_wanted(ctx->arena, ways, first);
    }
    return transits;
}

/* --- intents --- */

static bool overlaps(const struct mln_ipset *const x[MLN_FAMILIES],
                     const struct mln_ipset *const y[MLN_FAMILIES])
{
    return mln_ipset_overlaps(x[MLN_IPV4], y[MLN_IPV4]) ||
           mln_ipset_overlaps(x[MLN_IPV6], y[MLN_IPV6]);
}

/* May the leaf hold an address of the set? Cheap: most intents have nothing to do with most ways.
 */
static bool may_meet(const struct mln_leaf *leaf, const struct mln_ipset *const set[MLN_FAMILIES])
{
    switch (leaf->kind) {
    case MLN_LEAF_NETWORK:
        return overlaps(leaf->network->space, set);
    case MLN_LEAF_ZONE:
    case MLN_LEAF_ASG:
        return overlaps(leaf->zone->addresses, set);
    case MLN_LEAF_EXTERNAL:
        return overlaps(leaf->external->addresses, set);
    case MLN_LEAF_PREFIX: {
        struct mln_range range = {leaf->prefix.ip, mln_prefix_last(&leaf->prefix)};
        const struct mln_ipset one = {leaf->prefix.family, 1, &range};
        return mln_ipset_overlaps(&one, set[leaf->prefix.family]);
    }
    default:
        return true;
    }
}

static bool side_meets(const struct mln_side_set *side,
                       const struct mln_ipset *const set[MLN_FAMILIES])
{
    for (size_t i = 0; i < side->len; i++)
        if (may_meet(&side->parts[i].leaf, set))
            return true;
    return false;
}

/* Does the side name a zone, not only describe addresses? */
static bool names_zone(const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++)
        switch (side->parts[i].leaf.kind) {
        case MLN_LEAF_EXTERNAL:
        case MLN_LEAF_PREFIX:
        case MLN_LEAF_TAG:
        case MLN_LEAF_HOSTED_AGENTS:
            break;
        default:
            return true;
        }
    return false;
}

static bool common_family(const struct mln_end *end)
{
    for (size_t n = 0; n < end->near.len; n++)
        for (size_t k = 0; k < end->far.len; k++)
            for (int f = 0; f < MLN_FAMILIES; f++)
                if (end->near.data[n].set[f]->len && end->far.data[k].set[f]->len)
                    return true;
    return false;
}

static bool add_end(struct mln_ctx *ctx, struct mln_side_terms *sides, struct way *way,
                    struct mln_intent *intent, const struct mln_side_set *from,
                    const struct mln_side_set *to)
{
    struct mln_end end = {.intent = intent};
    if (!side_meets(from, way->from->addresses) || !side_meets(to, way->through))
        return false;
    mln_side_terms_cross(sides, intent, from, way->from, way->at, way->through, true, &end.near);
    if (end.near.len)
        mln_side_terms_cross(sides, intent, to, way->from, way->at, way->through, false, &end.far);
    if (!common_family(&end))
        return false;
    mln_vec_push(ctx->arena, &way->ends, end);
    return true;
}

bool mln_transits_add(struct mln_ctx *ctx, struct mln_side_terms *sides,
                      struct mln_transits *transits, struct mln_intent *intent)
{
    bool crosses = false;
    if (!names_zone(intent->from) && !names_zone(intent->to))
        return false;
    for (size_t w = 0; w < transits->ways.len; w++) {
        struct way *way = &transits->ways.data[w];
        if (!intent->within) {
            crosses |= add_end(ctx, sides, way, intent, intent->from, intent->to);
            continue;
        }
        for (size_t i = 0; i < intent->from->len; i++) {
            const struct mln_side_set one = {.parts = &intent->from->parts[i], .len = 1};
            crosses |= add_end(ctx, sides, way, intent, &one, &one);
        }
    }
    return crosses;
}

/* Where both zones share the NSG, what leaves the one is decided as its own. */
void mln_transits_finish(struct mln_ctx *ctx, const struct mln_transits *transits,
                         struct mln_zone_ends_vec *out)
{
    for (size_t w = 0; w < transits->ways.len; w++)
        for (int d = 0; d < MLN_DIRECTIONS; d++) {
            const struct way *way = &transits->ways.data[w];
            if (d == MLN_OUTBOUND && way->from->nsg == way->at->nsg)
                continue;
            struct mln_zone_ends *ends = MLN_NEW(ctx->arena, struct mln_zone_ends);
            *ends = (struct mln_zone_ends){.zone = way->from,
                                           .at = way->at,
                                           .direction = (enum mln_direction)d,
                                           .ends = way->ends,
                                           .through = {way->through[0], way->through[1]},
                                           .nsg = way->at->nsg};
            mln_vec_push(ctx->arena, out, ends);
        }
}
