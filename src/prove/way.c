/* Routes are cut out of each other: what a route holds is its prefix without all longer ones, so
 * the destinations that go to one appliance are a plain set of addresses. A tag of unknown contents
 * is a condition beside it, which becomes entries of the list: one before the rules for what must
 * not be in it, and a set in each rule for what must. */
#include "prove/way.h"

#include "azure/platform.h"
#include "prove/assert.h"

#include <strings.h>

enum { MOST_APPLIANCES = 8, TAG_LENGTH = 8 };

/* --- what a route holds --- */

static const struct mln_ipset *without(struct mln_arena *a, const struct mln_ipset *set,
                                       const struct mln_prefix *prefix, int length, bool equal)
{
    if (prefix->family != set->family || prefix->length < length ||
        (prefix->length == length && !equal))
        return set;
    return mln_ipset_subtract(a, set, mln_ipset_from_prefixes(a, set->family, prefix, 1));
}

static const struct mln_ipset *without_list(struct mln_arena *a, const struct mln_ipset *set,
                                            const struct mln_prefix_list *list, int length)
{
    for (size_t i = 0; i < list->len; i++)
        set = without(a, set, &list->data[i], length, false);
    return set;
}

/* What the routes of the system know better. */
static const struct mln_ipset *without_system(struct mln_arena *a, const struct mln_ipset *set,
                                              const struct mln_network *network, int length)
{
    set = without_list(a, set, &network->prefixes, length);
    for (size_t i = 0; i < network->peers.len; i++)
        set = without_list(a, set, &network->peers.data[i]->prefixes, length);
    for (size_t g = 0; g <= network->gateways.len; g++) {
        const struct mln_network *owner = g ? network->gateways.data[g - 1] : network;
        for (size_t i = 0; i < owner->connected.len; i++)
            set = without_list(a, set, &owner->connected.data[i]->prefixes, length);
    }
    return set;
}

static bool is_known(const struct mln_tag *tag)
{
    return tag->prefixes[MLN_IPV4] || tag->prefixes[MLN_IPV6];
}

/* Without what other routes of the zone hold: longer prefixes, of an equal one the first, and tags
 * that are known. */
static const struct mln_ipset *without_others(struct mln_arena *a, const struct mln_ipset *set,
                                              const struct mln_zone *zone, size_t own, int length)
{
    for (size_t i = 0; i < zone->routes.len; i++) {
        const struct mln_route *other = &zone->routes.data[i];
        if (i == own)
            continue;
        if (!other->tag)
            set = without(a, set, &other->prefix, length, i < own);
        else if (length <= TAG_LENGTH && other->tag->prefixes[set->family])
            set = mln_ipset_subtract(a, set, other->tag->prefixes[set->family]);
    }
    return without_list(a, set, &zone->kept, length);
}

static const struct mln_ipset *route_set(struct mln_arena *a, const struct mln_zone *zone,
                                         const struct mln_route *route, enum mln_family f)
{
    if (!route->tag)
        return mln_ipset_from_prefixes(a, f, &route->prefix, route->prefix.family == f);
    if (is_known(route->tag))
        return route->tag->prefixes[f] ? route->tag->prefixes[f] : mln_ipset_empty(a, f);
    return zone->internet[f];
}

static const struct mln_ipset *held_by(struct mln_arena *a, const struct mln_zone *zone,
                                       size_t number, enum mln_family f)
{
    const struct mln_route *route = &zone->routes.data[number];
    int length = route->tag ? TAG_LENGTH : route->prefix.length;
    const struct mln_ipset *set = route_set(a, zone, route, f);
    set = without_others(a, set, zone, number, length);
    set = without_system(a, set, zone->network, length);
    return mln_ipset_subtract(a, set, mln_azure_platform_space(a, f));
}

/* --- ways --- */

struct way {
    struct mln_arena *a;
    const struct mln_zone *ends[2]; /* NULL: outside */
    const struct mln_zone *seen[MOST_APPLIANCES];
    size_t depth;
    struct mln_way_hop_vec *out;
    struct mln_way_name_vec *unread; /* NULL: nobody asks */
};

static bool was_seen(const struct way *w, const struct mln_zone *zone)
{
    const struct mln_zone *subnet = zone->nic ? zone->nic->subnet : zone;
    bool seen = false;
    for (int end = 0; end < 2; end++)
        seen |= w->ends[end] && (w->ends[end] == zone || mln_zone_holds(subnet, w->ends[end]));
    for (size_t i = 0; i < w->depth; i++)
        seen |= w->seen[i] == zone;
    return seen;
}

static void add_hop(struct way *w, const struct mln_zone *zone, const struct mln_nsg *nsg,
                    const char *unread, struct mln_way_hop hop)
{
    hop.zone = zone;
    hop.nsg = nsg;
    for (int end = 0; end < 2; end++)
        hop.ends[end] = w->ends[end];
    if (nsg)
        mln_vec_push(w->a, w->out, hop);
    else if (unread && w->unread)
        mln_vec_push(w->a, w->unread, unread);
}

/* The NSGs of one place, in the order in which they are met. */
static void add_place(struct way *w, const struct mln_zone *zone, enum mln_direction direction,
                      struct mln_way_hop hop)
{
    const struct mln_nic *nic = zone->nic;
    hop.direction = direction;
    for (int step = 0; step < 2; step++) {
        hop.at_nic = (direction == MLN_OUTBOUND) == (step == 0);
        if (!hop.at_nic)
            add_hop(w, nic ? nic->subnet : zone, zone->nsg, zone->unread, hop);
        else if (nic)
            add_hop(w, zone, nic->nsg, nic->unread, hop);
    }
}

static bool is_empty(const struct mln_way_hop *hop)
{
    return !hop->dst[MLN_IPV4]->len && !hop->dst[MLN_IPV6]->len;
}

/* Routes that are one condition: to one appliance, and alike as to unknown tags. */
static bool is_short(const struct mln_route *route)
{
    return !route->tag && route->prefix.length <= TAG_LENGTH;
}

static const struct mln_tag *unknown_tag(const struct mln_route *route)
{
    return route->tag && !is_known(route->tag) ? route->tag : NULL;
}

static bool goes_along(const struct mln_route *x, const struct mln_route *y)
{
    return x->appliance == y->appliance && unknown_tag(x) == unknown_tag(y) &&
           is_short(x) == is_short(y);
}

/* What the routes that go along with this one hold. */
static const struct mln_ipset *held_together(struct mln_arena *a, const struct mln_zone *zone,
                                             size_t number, enum mln_family f)
{
    const struct mln_ipset *all = held_by(a, zone, number, f);
    for (size_t i = number + 1; i < zone->routes.len; i++)
        if (goes_along(&zone->routes.data[number], &zone->routes.data[i]))
            all = mln_ipset_union(a, all, held_by(a, zone, i, f));
    return all;
}

static bool is_first(const struct mln_zone *zone, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (goes_along(&zone->routes.data[i], &zone->routes.data[number]))
            return false;
    return true;
}

/* Packets that come by `before` and take this route. */
static struct mln_way_hop along(struct way *w, const struct mln_zone *zone, size_t number,
                                const struct mln_way_hop *before)
{
    const struct mln_route *route = &zone->routes.data[number];
    struct mln_way_hop hop = *before;
    hop.transit = hop.partial = true;
    hop.not_to.data = NULL;
    hop.not_to.len = hop.not_to.cap = 0;
    for (int i = 0; i < MLN_FAMILIES; i++) {
        const struct mln_ipset *set = held_together(w->a, zone, number, (enum mln_family)i);
        hop.dst[i] = hop.dst[i] ? mln_ipset_intersect(w->a, set, hop.dst[i]) : set;
    }
    if (unknown_tag(route))
        hop.to_tag = route->tag;
    for (size_t i = 0; i < before->not_to.len; i++)
        mln_vec_push(w->a, &hop.not_to, before->not_to.data[i]);
    for (size_t i = 0; is_short(route) && i < zone->routes.len; i++)
        if (unknown_tag(&zone->routes.data[i]) &&
            zone->routes.data[i].appliance != route->appliance)
            mln_vec_push(w->a, &hop.not_to, zone->routes.data[i].tag);
    return hop;
}

/* Packets that leave the zone by `before`. The number of appliances bounds the depth. */
static void follow(struct way *w, const struct mln_zone *zone, const struct mln_way_hop *before)
{
    for (size_t i = 0; i < zone->routes.len && w->depth < MOST_APPLIANCES; i++) {
        const struct mln_zone *at = zone->routes.data[i].appliance;
        if (!at || was_seen(w, at) || !is_first(zone, i))
            continue;
        struct mln_way_hop hop = along(w, zone, i, before);
        if (is_empty(&hop))
            continue;
        add_place(w, at, MLN_INBOUND, hop);
        add_place(w, at, MLN_OUTBOUND, hop);
        w->seen[w->depth++] = at;
        follow(w, at, &hop);
        w->depth--;
    }
}

/* --- from outside, through a gateway --- */

static bool lends(const struct mln_network *owner, const struct mln_network *network)
{
    for (size_t i = 0; i < network->gateways.len; i++)
        if (network->gateways.data[i] == owner)
            return true;
    return owner == network;
}

static void follow_gateway(struct way *w, const struct mln_network *owner)
{
    struct mln_way_hop hop = {0};
    for (int i = 0; i < MLN_FAMILIES; i++) {
        const struct mln_ipset *all = mln_ipset_empty(w->a, (enum mln_family)i);
        for (size_t k = 0; k < owner->connected.len; k++)
            all = mln_ipset_union(w->a, all, owner->connected.data[k]->addresses[i]);
        hop.src[i] = all;
    }
    for (size_t i = 0; i < owner->zones.len; i++)
        if (owner->zones.data[i]->role == MLN_ROLE_GATEWAY)
            follow(w, owner->zones.data[i], &hop);
}

static void follow_gateways(struct way *w, const struct mln_model *model)
{
    for (size_t i = 0; i < model->networks.len; i++)
        if (model->networks.data[i]->connected.len &&
            lends(model->networks.data[i], w->ends[1]->network))
            follow_gateway(w, model->networks.data[i]);
}

static void find_way(struct way *w, const struct mln_model *model)
{
    const struct mln_way_hop whole = {0};
    const struct mln_zone *from = w->ends[0], *to = w->ends[1];
    if (from)
        add_place(w, from, MLN_OUTBOUND, whole);
    if (from)
        follow(w, from, &whole);
    else if (to)
        follow_gateways(w, model);
    if (to)
        add_place(w, to, MLN_INBOUND, whole);
}

void mln_way_hops(struct mln_arena *arena, const struct mln_model *model,
                  const struct mln_zone *from, const struct mln_zone *to,
                  struct mln_way_hop_vec *out)
{
    struct way w = {.a = arena, .ends = {from, to}, .out = out};
    find_way(&w, model);
}

void mln_way_unread(struct mln_arena *arena, const struct mln_model *model,
                    const struct mln_zone *from, const struct mln_zone *to,
                    struct mln_way_name_vec *out)
{
    struct mln_way_hop_vec hops = {0};
    struct way w = {.a = arena, .ends = {from, to}, .out = &hops, .unread = out};
    if (model->has_unread)
        find_way(&w, model);
}

bool mln_way_crosses(const struct mln_model *model, const struct mln_zone *from,
                     const struct mln_zone *to)
{
    bool routed = false;
    for (size_t i = 0; from && i < from->routes.len; i++)
        routed |= from->routes.data[i].appliance != NULL;
    for (size_t i = 0; !from && to && i < model->networks.len; i++)
        routed |= model->networks.data[i]->connected.len > 0 &&
                  lends(model->networks.data[i], to->network);
    if (!routed)
        return false;
    struct mln_arena *scratch = mln_arena_new();
    struct mln_way_hop_vec hops = {0};
    bool crosses = false;
    mln_way_hops(scratch, model, from, to, &hops);
    for (size_t i = 0; i < hops.len; i++)
        crosses |= hops.data[i].transit;
    mln_arena_free(scratch);
    return crosses;
}

/* --- lists --- */

bool mln_way_is_plain(const struct mln_way_hop *hop)
{
    bool nics = false;
    for (int end = 0; end < 2; end++)
        nics |= hop->ends[end] && hop->ends[end]->nic;
    return !hop->partial && !nics;
}

static const struct mln_ipset *cut(struct mln_arena *a, const struct mln_ipset *set,
                                   const struct mln_ipset *to)
{
    return !set ? to : !to ? set : mln_ipset_intersect(a, set, to);
}

static bool is_in(const struct mln_nic *nic, const char *asg)
{
    for (size_t i = 0; i < nic->asgs.len; i++)
        if (strcasecmp(nic->asgs.data[i], asg) == 0)
            return true;
    return false;
}

/* What is known of an interface's groups; false: it is not in one that the match wants. One that
 * it is in holds its addresses, wherever the group is said to be. */
static bool settle_asgs(struct mln_arena *a, const struct mln_model *model,
                        const struct mln_zone *end, const uint32_t **vars, size_t *count,
                        const struct mln_ipset **set)
{
    size_t tags = mln_tags_count(model->options->tags), kept = 0;
    uint32_t *open = MLN_NEW_ARRAY(a, uint32_t, *count + 1);
    if (!end || !end->nic)
        return true;
    for (size_t i = 0; i < *count; i++) {
        uint32_t var = (*vars)[i];
        bool in = var >= tags && is_in(end->nic, model->asgs.data[var - tags]->name);
        if (var >= tags && !in && end->nic->asgs_known)
            return false;
        if (in)
            *set = NULL;
        else
            open[kept++] = var;
    }
    *vars = open;
    *count = kept;
    return true;
}

bool mln_way_settle(struct mln_arena *a, const struct mln_model *model,
                    const struct mln_zone *const ends[2], struct mln_match *match)
{
    return settle_asgs(a, model, ends[0], &match->src_vars, &match->src_var_count, &match->src) &&
           settle_asgs(a, model, ends[1], &match->dst_vars, &match->dst_var_count, &match->dst);
}

/* One more unknown set for the destination; a regional tag lies in its global one. */
static void put_in_tag(struct mln_arena *a, struct mln_match *match, const struct mln_tag *tag)
{
    uint32_t *vars = MLN_NEW_ARRAY(a, uint32_t, match->dst_var_count + 2);
    size_t count = 0;
    for (size_t i = 0; i < match->dst_var_count; i++)
        vars[count++] = match->dst_vars[i];
    for (; tag; tag = tag->parent) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= vars[i] == tag->number;
        if (!known)
            vars[count++] = tag->number;
    }
    match->dst_vars = vars;
    match->dst_var_count = count;
}

static void put(struct mln_arena *a, struct mln_way_list *list, struct mln_rules_entry entry,
                bool by)
{
    list->by[list->entries.len] = by;
    mln_vec_push(a, &list->entries, entry);
}

static void put_by(struct mln_arena *a, struct mln_way_list *list, const struct mln_tag *tag)
{
    struct mln_rules_entry entry = {.match = {.protos = MLN_PROTOS_ALL}, .allow = true};
    if (tag)
        put_in_tag(a, &entry.match, tag);
    put(a, list, entry, true);
}

void mln_way_entries(struct mln_ctx *ctx, const struct mln_model *model,
                     const struct mln_nsg_rules *deployed, const struct mln_way_hop *hop,
                     enum mln_family family, struct mln_way_list *out)
{
    struct mln_arena *a = ctx->arena;
    struct mln_rules_entry_vec all = {0};
    const struct mln_rules_view view = {.ctx = ctx,
                                        .model = model,
                                        .zone = hop->zone,
                                        .direction = hop->direction,
                                        .family = family};
    mln_rules_entries(&view, &deployed[hop->nsg->index].rules[hop->direction], &all);
    *out = (struct mln_way_list){.by = MLN_NEW_ARRAY(a, bool, all.len + hop->not_to.len + 1)};
    for (size_t i = 0; i < hop->not_to.len; i++)
        put_by(a, out, hop->not_to.data[i]);
    for (size_t i = 0; i < all.len; i++) {
        struct mln_rules_entry entry = all.data[i];
        if (!mln_way_settle(a, model, hop->ends, &entry.match))
            continue;
        entry.match.src = cut(a, entry.match.src, hop->src[family]);
        entry.match.dst = cut(a, entry.match.dst, hop->dst[family]);
        if (hop->to_tag)
            put_in_tag(a, &entry.match, hop->to_tag);
        put(a, out, entry, false);
    }
    if (hop->partial)
        put_by(a, out, NULL);
}
