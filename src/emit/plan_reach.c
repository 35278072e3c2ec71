/* From which networks does an intent reach which private endpoint?
 *
 * For each intent, FROM is the set of zones its `from` names, TO the set of endpoints its `to`
 * names; each endpoint keeps the union of the FROMs of the intents that name it and speak its
 * ports. What no path joins is dropped at the end. Sets are bits, so an intent costs its own length
 * and, for each endpoint it names, a word for 64 zones.
 *
 * An external counts as the networks whose gateways it comes through. `any` and a network name
 * their governed zones (language.md). An `except` takes out what it names whole; where it has
 * exceptions of its own it takes out nothing, so a link is never missing. Denies are not looked at:
 * a name that resolves where a rule denies does no harm. */
#include "emit/plan_impl.h"

struct reach {
    struct mln_arena *arena;
    const struct mln_plan *plan;
    const struct mln_model *model;
    size_t zone_words, endpoint_words, network_words;
    size_t *first;      /* by resource: index of its first endpoint; one more at the end */
    size_t *zone_first; /* by zone: where its endpoints begin in zone_endpoints */
    size_t *zone_endpoints;
    uint64_t **entries;  /* by external: networks it is connected to */
    uint64_t **zones;    /* by endpoint: zones from which an intent names it */
    uint64_t **networks; /* by endpoint: networks through which externals do */
    /* Of the intent at hand: */
    uint64_t *from, *to, *through, *cut;
};

static void clear(uint64_t *bits, size_t words)
{
    for (size_t i = 0; i < words; i++)
        bits[i] = 0;
}

/* ---- zones ---- */

static void add_zones(uint64_t *bits, const struct mln_zone *const *zones, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (zones[i]->nsg)
            mln_plan_bit_set(bits, zones[i]->index);
}

static void leaf_zones(const struct reach *r, const struct mln_leaf *leaf, uint64_t *bits)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        add_zones(bits, (const struct mln_zone *const *)r->model->zones.data, r->model->zones.len);
        break;
    case MLN_LEAF_NETWORK:
        add_zones(bits, (const struct mln_zone *const *)leaf->network->zones.data,
                  leaf->network->zones.len);
        break;
    case MLN_LEAF_ZONE:
        mln_plan_bit_set(bits, leaf->zone->index);
        break;
    case MLN_LEAF_ASG:
        mln_plan_bit_set(bits, leaf->asg->zone->index);
        break;
    default:
        break;
    }
}

/* ---- endpoints ---- */

static void zone_endpoints(const struct reach *r, const struct mln_zone *zone, uint64_t *bits)
{
    for (size_t i = r->zone_first[zone->index]; i < r->zone_first[zone->index + 1]; i++)
        mln_plan_bit_set(bits, r->zone_endpoints[i]);
}

/* All endpoints of the resource, or only one. */
static void resource_endpoints(const struct reach *r, const struct mln_resource *resource,
                               const struct mln_endpoint *only, uint64_t *bits)
{
    for (size_t i = r->first[resource->index]; i < r->first[resource->index + 1]; i++)
        if (!only || r->plan->endpoints.data[i]->endpoint == only)
            mln_plan_bit_set(bits, i);
}

static void leaf_endpoints(const struct reach *r, const struct mln_leaf *leaf, uint64_t *bits)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        for (size_t i = 0; i < r->plan->endpoints.len; i++)
            mln_plan_bit_set(bits, i);
        break;
    case MLN_LEAF_NETWORK:
        for (size_t i = 0; i < leaf->network->zones.len; i++)
            zone_endpoints(r, leaf->network->zones.data[i], bits);
        break;
    case MLN_LEAF_ZONE:
        zone_endpoints(r, leaf->zone, bits);
        break;
    case MLN_LEAF_RESOURCE:
        resource_endpoints(r, leaf->resource, NULL, bits);
        break;
    case MLN_LEAF_ENDPOINT:
        resource_endpoints(r, leaf->endpoint->resource, leaf->endpoint, bits);
        break;
    default:
        break;
    }
}

typedef void (*leaf_bits)(const struct reach *r, const struct mln_leaf *leaf, uint64_t *bits);

/* The leaf of a part without what its exceptions take out whole. */
static void add_part(const struct reach *r, const struct mln_side_part *part, leaf_bits add,
                     size_t words, uint64_t *bits)
{
    if (part->minus_len == 0) {
        add(r, &part->leaf, bits);
        return;
    }
    uint64_t *own = MLN_NEW_ARRAY(r->arena, uint64_t, words);
    clear(r->cut, words);
    add(r, &part->leaf, own);
    for (size_t i = 0; i < part->minus_len; i++)
        for (size_t k = 0; k < part->minus[i]->len; k++)
            if (part->minus[i]->parts[k].minus_len == 0)
                add(r, &part->minus[i]->parts[k].leaf, r->cut);
    for (size_t i = 0; i < words; i++)
        bits[i] |= own[i] & ~r->cut[i];
}

/* ---- services ---- */

static bool speaks(const struct mln_services *asked, const struct mln_services *spoken)
{
    if (spoken->len == 0)
        return true; /* the kind does not say */
    for (size_t i = 0; i < asked->len; i++)
        for (size_t k = 0; k < spoken->len; k++)
            if ((asked->items[i].protos & spoken->items[k].protos) &&
                mln_portset_overlaps(asked->items[i].dport, spoken->items[k].dport))
                return true;
    return false;
}

/* ---- intents ---- */

static void add_source(struct reach *r, const struct mln_side_part *part)
{
    if (part->leaf.kind == MLN_LEAF_EXTERNAL)
        for (size_t i = 0; i < r->network_words; i++)
            r->through[i] |= r->entries[part->leaf.external->index][i];
    else
        add_part(r, part, leaf_zones, r->zone_words, r->from);
}

/* Joins what was collected. */
static void join(struct reach *r, const struct mln_intent *intent)
{
    for (size_t e = 0; e < r->plan->endpoints.len; e++) {
        if (!mln_plan_bit(r->to, e) ||
            !speaks(&intent->services, &r->plan->endpoints.data[e]->endpoint->sub->ports))
            continue;
        for (size_t i = 0; i < r->zone_words; i++)
            r->zones[e][i] |= r->from[i];
        for (size_t i = 0; i < r->network_words; i++)
            r->networks[e][i] |= r->through[i];
    }
}

static void begin(struct reach *r)
{
    clear(r->from, r->zone_words);
    clear(r->to, r->endpoint_words);
    clear(r->through, r->network_words);
}

static void add_intent(struct reach *r, const struct mln_intent *intent)
{
    begin(r);
    for (size_t i = 0; i < intent->from->len; i++) {
        add_source(r, &intent->from->parts[i]);
        if (!intent->within)
            continue;
        add_part(r, &intent->from->parts[i], leaf_endpoints, r->endpoint_words, r->to);
        join(r, intent);
        begin(r);
    }
    if (intent->within)
        return;
    for (size_t i = 0; i < intent->to->len; i++)
        add_part(r, &intent->to->parts[i], leaf_endpoints, r->endpoint_words, r->to);
    join(r, intent);
}

/* ---- indexes ---- */

static void index_endpoints(struct reach *r)
{
    size_t zones = r->model->zones.len, total = r->plan->endpoints.len;
    r->first = MLN_NEW_ARRAY(r->arena, size_t, r->model->resources.len + 1);
    for (size_t i = 0; i < r->model->resources.len; i++)
        r->first[i + 1] = r->first[i] + r->model->resources.data[i]->endpoints.len;
    r->zone_first = MLN_NEW_ARRAY(r->arena, size_t, zones + 1);
    r->zone_endpoints = MLN_NEW_ARRAY(r->arena, size_t, total);
    for (size_t i = 0; i < total; i++)
        r->zone_first[r->plan->endpoints.data[i]->endpoint->zone->index + 1]++;
    for (size_t i = 0; i < zones; i++)
        r->zone_first[i + 1] += r->zone_first[i];
    size_t *next = MLN_NEW_ARRAY(r->arena, size_t, zones + 1);
    for (size_t i = 0; i < total; i++) {
        uint32_t zone = r->plan->endpoints.data[i]->endpoint->zone->index;
        r->zone_endpoints[r->zone_first[zone] + next[zone]++] = i;
    }
}

static uint64_t **bits_for(struct mln_arena *arena, size_t count, size_t words)
{
    uint64_t **bits = MLN_NEW_ARRAY(arena, uint64_t *, count);
    for (size_t i = 0; i < count; i++)
        bits[i] = MLN_NEW_ARRAY(arena, uint64_t, words);
    return bits;
}

static void find_entries(struct reach *r)
{
    r->entries = bits_for(r->arena, r->model->externals.len, r->network_words);
    for (size_t i = 0; i < r->model->connections.len; i++) {
        const struct mln_connection *connection = &r->model->connections.data[i];
        mln_plan_bit_set(r->entries[connection->external->index], connection->network->index);
    }
}

/* ---- networks ---- */

static void add_resolvers(const struct mln_network *network, uint64_t *bits)
{
    for (size_t i = 0; i < network->dns.len; i++)
        for (size_t k = 0; k <= network->peers.len; k++) {
            const struct mln_network *at = k ? network->peers.data[k - 1] : network;
            const struct mln_prefix *server = &network->dns.data[i];
            if (mln_ipset_contains(at->addresses[server->family], server->ip))
                mln_plan_bit_set(bits, at->index);
        }
}

/* The networks from which a path leads to the endpoint, of those from which it is named. */
static uint64_t *networks_of(const struct reach *r, size_t e)
{
    const struct mln_zone *to = r->plan->endpoints.data[e]->endpoint->zone;
    uint64_t *bits = MLN_NEW_ARRAY(r->arena, uint64_t, r->network_words);
    for (size_t i = 0; i < r->model->zones.len; i++) {
        const struct mln_zone *from = r->model->zones.data[i];
        if (mln_plan_bit(r->zones[e], i) && !mln_plan_bit(bits, from->network->index) &&
            mln_zones_joined(from, to)) {
            mln_plan_bit_set(bits, from->network->index);
            add_resolvers(from->network, bits);
        }
    }
    for (size_t i = 0; i < r->model->networks.len; i++)
        if (mln_plan_bit(r->networks[e], i) &&
            mln_networks_joined(r->model->networks.data[i], to->network)) {
            mln_plan_bit_set(bits, i);
            add_resolvers(r->model->networks.data[i], bits);
        }
    return bits;
}

uint64_t **mln_plan_reach(struct mln_arena *arena, const struct mln_plan *plan)
{
    struct reach r = {.arena = arena, .plan = plan, .model = plan->model};
    size_t count = plan->endpoints.len;
    r.zone_words = mln_plan_words(plan->model->zones.len);
    r.endpoint_words = mln_plan_words(count);
    r.network_words = mln_plan_words(plan->model->networks.len);
    index_endpoints(&r);
    find_entries(&r);
    r.zones = bits_for(arena, count, r.zone_words);
    r.networks = bits_for(arena, count, r.network_words);
    r.from = MLN_NEW_ARRAY(arena, uint64_t, r.zone_words);
    r.to = MLN_NEW_ARRAY(arena, uint64_t, r.endpoint_words);
    r.through = MLN_NEW_ARRAY(arena, uint64_t, r.network_words);
    r.cut = MLN_NEW_ARRAY(arena, uint64_t, r.zone_words + r.endpoint_words);
    for (size_t i = 0; count && i < plan->model->intents.len; i++)
        if (plan->model->intents.data[i]->verb == MLN_VERB_ALLOW &&
            !plan->model->intents.data[i]->broken)
            add_intent(&r, plan->model->intents.data[i]);
    uint64_t **networks = MLN_NEW_ARRAY(arena, uint64_t *, count);
    for (size_t e = 0; e < count; e++)
        networks[e] = networks_of(&r, e);
    return networks;
}
