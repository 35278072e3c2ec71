/* Traffic that passes an appliance in a governed zone: the NSG there meets it twice, coming in and
 * going out, and must hold the intents that cross it.
 *
 * A WAY is a zone whose routes send packets to the appliance. Seen from there every intent that
 * names an end of such a packet is written into the appliance's NSG; where none does, the default
 * of the appliance's zone decides. Behind a gateway's zone also lie the externals that are
 * connected through it. Addresses of the NSG's own zones are left out: packets to them end there,
 * and are decided as theirs. The set of destinations may hold more than really comes this way (a
 * longer route may send it elsewhere), which does no harm: at the source the same packets are
 * decided the same. */
#include "azure/platform.h"
#include "rules/end.h"

struct way {
    const struct mln_zone *from, *at;
    const struct mln_ipset *through[MLN_FAMILIES];
    struct mln_end_vec ends;
};

struct mln_transits {
    MLN_VEC(struct way) ways;
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

static void find_destinations(struct mln_arena *a, struct way *way)
{
    for (int i = 0; i < MLN_FAMILIES; i++) {
        enum mln_family f = (enum mln_family)i;
        const struct mln_ipset *set = mln_ipset_empty(a, f);
        for (size_t r = 0; r < way->from->routes.len; r++)
            if (way->from->routes.data[r].appliance == way->at)
                set =
                    mln_ipset_union(a, set, route_set(a, way->from, &way->from->routes.data[r], f));
        set = mln_ipset_intersect(a, set, way->from->joined[MLN_OUTBOUND][f]);
        set = mln_ipset_subtract(a, set, mln_azure_platform_space(a, f));
        for (size_t z = 0; z < way->at->nsg->zones.len; z++)
            set = mln_ipset_subtract(a, set, way->at->nsg->zones.data[z]->addresses[f]);
        way->through[f] = set;
    }
}

struct mln_transits *mln_transits_new(struct mln_ctx *ctx, const struct mln_model *model)
{
    struct mln_transits *transits = MLN_NEW(ctx->arena, struct mln_transits);
    for (size_t z = 0; z < model->zones.len; z++) {
        const struct mln_zone *zone = model->zones.data[z], *from = NULL;
        for (size_t i = 0; i < zone->routes.len; i++) {
            const struct mln_zone *at = zone->routes.data[i].appliance;
            bool seen = false;
            for (size_t k = 0; k < i; k++)
                seen |= zone->routes.data[k].appliance == at;
            if (!at || !at->nsg || at == zone || seen)
                continue;
            if (!from)
                from = with_externals(ctx->arena, zone);
            struct way way = {.from = from, .at = at};
            find_destinations(ctx->arena, &way);
            mln_vec_push(ctx->arena, &transits->ways, way);
        }
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

static bool add_end(struct mln_ctx *ctx, const struct mln_model *model, struct way *way,
                    struct mln_intent *intent, const struct mln_side_set *from,
                    const struct mln_side_set *to)
{
    struct mln_end end = {.intent = intent};
    if (!side_meets(from, way->from->addresses) || !side_meets(to, way->through))
        return false;
    mln_transit_terms(ctx, model, intent, from, way->from, way->at, way->through, true, &end.near);
    if (end.near.len)
        mln_transit_terms(ctx, model, intent, to, way->from, way->at, way->through, false,
                          &end.far);
    if (!common_family(&end))
        return false;
    mln_vec_push(ctx->arena, &way->ends, end);
    return true;
}

bool mln_transits_add(struct mln_ctx *ctx, const struct mln_model *model,
                      struct mln_transits *transits, struct mln_intent *intent)
{
    bool crosses = false;
    if (!names_zone(intent->from) && !names_zone(intent->to))
        return false;
    for (size_t w = 0; w < transits->ways.len; w++) {
        struct way *way = &transits->ways.data[w];
        if (!intent->within) {
            crosses |= add_end(ctx, model, way, intent, intent->from, intent->to);
            continue;
        }
        for (size_t i = 0; i < intent->from->len; i++) {
            const struct mln_side_set one = {.parts = &intent->from->parts[i], .len = 1};
            crosses |= add_end(ctx, model, way, intent, &one, &one);
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
