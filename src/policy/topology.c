/* Topology: whether the address plan holds, and which addresses a path joins.
 *
 * For a network, NEAR is what its subnets reach privately: its own space, the spaces of directly
 * peered networks (peering is not transitive), and the externals behind its own gateway or one that
 * a peer lends. A zone adds what its routes to an appliance lead to: the part of the route's prefix
 * that is near the appliance's network. A public address is always joined. Everything here is
 * computed once per network and, only where a zone has routes of its own or is reached through
 * some, once per zone. */
#include "azure/legal.h"
#include "azure/platform.h"
#include "policy/build.h"

#include <stdlib.h>

/* --- the address plan --- */

struct placed {
    struct mln_ip lo, hi;
    const char *name;
    struct mln_span span;
    bool overlay;
};
MLN_VEC_TYPE(placed_vec, struct placed);

static int compare_placed(const void *x, const void *y)
{
    const struct placed *p = x, *q = y;
    int order = mln_ip_cmp(p->lo, q->lo);
    return order ? order : mln_ip_cmp(q->hi, p->hi);
}

static void place(struct mln_build *b, struct placed_vec *out, enum mln_family f,
                  const struct mln_prefix_list *list, const char *name, struct mln_span span)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->data[i].family == f) {
            struct placed p = {list->data[i].ip, mln_prefix_last(&list->data[i]), name, span,
                               false};
            mln_vec_push(b->arena, out, p);
        }
}

static void check_disjoint(struct mln_build *b, struct placed_vec *all, enum mln_family f,
                           const char *what)
{
    if (all->len > 1)
        qsort(all->data, all->len, sizeof *all->data, compare_placed);
    for (size_t i = 1; i < all->len; i++) {
        const struct placed *p = &all->data[i - 1], *q = &all->data[i];
        if (mln_ip_cmp(q->lo, p->hi) > 0)
            continue;
        bool later = q->span.lo >= p->span.lo;
        const struct placed *at = later ? q : p, *other = later ? p : q;
        char text[MLN_IP_TEXT];
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_OVERLAP, at->span,
                                           "%s '%s' overlaps '%s'", what, at->name, other->name);
        mln_diag_label(diag, other->span, "'%s' is declared here", other->name);
        mln_diag_note(diag, "both contain %s", mln_ip_text(f, q->lo, text));
    }
}

static void check_zone_prefixes(struct mln_build *b, const struct mln_zone *zone)
{
    char text[MLN_IP_TEXT];
    for (size_t i = 0; i < zone->prefixes.len; i++) {
        const struct mln_prefix *p = &zone->prefixes.data[i];
        const struct mln_ipset *one = mln_ipset_from_prefixes(b->arena, p->family, p, 1);
        if (!mln_ipset_covers(zone->network->addresses[p->family], one)) {
            struct mln_diag *diag =
                mln_report(b->ctx->diags, MLN_D_BAD_PREFIX, zone->prefixes.span,
                           "zone '%s': %s lies outside network '%s'", zone->name,
                           mln_prefix_text(p, text), zone->network->name);
            mln_diag_label(diag, zone->network->span, "'%s' is declared here", zone->network->name);
        } else if (p->family == MLN_IPV4 ? p->length > 29 || p->length < 2 : p->length != 64)
            mln_report(b->ctx->diags, MLN_D_SUBNET_SIZE, zone->prefixes.span,
                       "zone '%s': a subnet cannot be %s", zone->name, mln_prefix_text(p, text));
    }
}

static void check_network(struct mln_build *b, const struct mln_network *network)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct placed_vec own = {0}, zones = {0};
        place(b, &own, (enum mln_family)f, &network->prefixes, network->name,
              network->prefixes.span);
        check_disjoint(b, &own, (enum mln_family)f, "address space of network");
        for (size_t i = 0; i < network->zones.len; i++)
            place(b, &zones, (enum mln_family)f, &network->zones.data[i]->prefixes,
                  network->zones.data[i]->name, network->zones.data[i]->prefixes.span);
        check_disjoint(b, &zones, (enum mln_family)f, "zone");
    }
    for (size_t i = 0; i < network->zones.len; i++)
        check_zone_prefixes(b, network->zones.data[i]);
}

static void check_peering(struct mln_build *b, const struct mln_peering *peering)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *both =
            mln_ipset_intersect(b->arena, peering->a->addresses[f], peering->b->addresses[f]);
        if (both->len == 0)
            continue;
        char text[MLN_IP_TEXT];
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_OVERLAP, peering->span,
                                           "the peered networks '%s' and '%s' overlap",
                                           peering->a->name, peering->b->name);
        mln_diag_label(diag, peering->a->span, "'%s' is declared here", peering->a->name);
        mln_diag_label(diag, peering->b->span, "'%s' is declared here", peering->b->name);
        mln_diag_note(diag, "both contain %s",
                      mln_ip_text((enum mln_family)f, both->ranges[0].lo, text));
        return;
    }
}

/* --- addresses --- */

static void network_addresses(struct mln_build *b, struct mln_network *network)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        network->addresses[f] = mln_prefix_set(b->arena, (enum mln_family)f, &network->prefixes);
        network->space[f] = network->addresses[f];
        for (size_t i = 0; i < network->zones.len; i++) {
            struct mln_zone *zone = network->zones.data[i];
            const struct mln_ipset *own =
                mln_prefix_set(b->arena, (enum mln_family)f, &zone->prefixes);
            const struct mln_ipset *overlay =
                mln_prefix_set(b->arena, (enum mln_family)f, &zone->overlay);
            zone->hosts[f] = zone->addresses[f] = mln_ipset_union(b->arena, own, overlay);
            if (overlay->len)
                network->space[f] = mln_ipset_union(b->arena, network->space[f], overlay);
        }
    }
}

static void network_bits(struct mln_build *b, struct mln_network *network)
{
    network->peer_bits = MLN_NEW_ARRAY(b->arena, uint64_t, b->model->networks.len / 64 + 1);
    for (size_t i = 0; i < network->peers.len; i++)
        network->peer_bits[network->peers.data[i]->index / 64] |=
            UINT64_C(1) << network->peers.data[i]->index % 64;
}

bool mln_networks_joined(const struct mln_network *x, const struct mln_network *y)
{
    return x == y || (x->peer_bits[y->index / 64] >> y->index % 64 & 1);
}

static const struct mln_ipset *connected_space(struct mln_build *b,
                                               const struct mln_network *network, int f)
{
    MLN_VEC(struct mln_prefix) all = {0};
    for (size_t g = 0; g <= network->gateways.len; g++) {
        const struct mln_network *owner = g == 0 ? network : network->gateways.data[g - 1];
        for (size_t i = 0; i < owner->connected.len; i++)
            for (size_t k = 0; k < owner->connected.data[i]->prefixes.len; k++)
                mln_vec_push(b->arena, &all, owner->connected.data[i]->prefixes.data[k]);
    }
    return mln_ipset_from_prefixes(b->arena, (enum mln_family)f, all.data, all.len);
}

/* The spaces of the network and of its direct peers, with or without overlays; one sort however
 * many peers there are. */
static const struct mln_ipset *peered_space(struct mln_build *b, const struct mln_network *network,
                                            int f, bool overlays)
{
    MLN_VEC(struct mln_range) all = {0};
    for (size_t i = 0; i <= network->peers.len; i++) {
        const struct mln_network *n = i ? network->peers.data[i - 1] : network;
        const struct mln_ipset *space = overlays ? n->space[f] : n->addresses[f];
        for (size_t k = 0; k < space->len; k++)
            mln_vec_push(b->arena, &all, space->ranges[k]);
    }
    return mln_ipset_from_ranges(b->arena, (enum mln_family)f, all.data, all.len);
}

/* --- routes through appliances --- */

/* A network interface that is known to have the address, or the subnet that holds it. */
static struct mln_zone *zone_at(const struct mln_network *network, const struct mln_prefix *address)
{
    struct mln_zone *found = NULL;
    for (size_t i = 0; i < network->zones.len; i++) {
        struct mln_zone *zone = network->zones.data[i];
        if (!mln_ipset_contains(zone->addresses[address->family], address->ip) ||
            (zone->nic && zone->nic->floating[address->family]))
            continue;
        if (!found || zone->nic)
            found = zone;
        if (zone->nic)
            break;
    }
    return found;
}

/* Its subnet's NSG meets the same packets. */
static void host_appliance(struct mln_zone *zone)
{
    zone->hosts_appliance = true;
    for (size_t i = 0; zone->nic && i < zone->network->zones.len; i++)
        if (zone->network->zones.data[i] == zone->nic->subnet)
            zone->network->zones.data[i]->hosts_appliance = true;
}

static bool find_appliance(struct mln_zone *zone, struct mln_route *route)
{
    route->appliance = zone_at(zone->network, &route->next_hop);
    for (size_t k = 0; !route->appliance && k < zone->network->peers.len; k++)
        route->appliance = zone_at(zone->network->peers.data[k], &route->next_hop);
    if (route->appliance)
        host_appliance(route->appliance);
    return route->appliance;
}

static void find_appliances(struct mln_build *b, struct mln_zone *zone)
{
    for (size_t i = 0; i < zone->routes.len; i++) {
        struct mln_route *route = &zone->routes.data[i];
        if (route->hop != MLN_HOP_APPLIANCE || find_appliance(zone, route) || b->poisoned)
            continue;
        char text[MLN_IP_TEXT];
        mln_report(b->ctx->diags, MLN_D_BAD_ROUTE, route->span,
                   "the appliance %s lies in no zone of network '%s' or of its peers",
                   mln_prefix_text(&route->next_hop, text), zone->network->name);
    }
}

/* The route's destinations in one family; a service tag's are public and are joined anyway. */
static const struct mln_ipset *route_set(struct mln_build *b, const struct mln_route *route, int f)
{
    if (route->tag)
        return mln_ipset_empty(b->arena, (enum mln_family)f);
    return mln_ipset_from_prefixes(b->arena, (enum mln_family)f, &route->prefix, 1);
}

/* --- tags and paths of one zone --- */

static void zone_tags(struct mln_build *b, struct mln_zone *zone, int f)
{
    struct mln_arena *a = b->arena;
    const struct mln_network *n = zone->network;
    enum mln_family family = (enum mln_family)f;
    const struct mln_ipset *beyond = connected_space(b, n, f);
    for (size_t i = 0; i < zone->routes.len; i++)
        beyond = mln_ipset_union(a, beyond, route_set(b, &zone->routes.data[i], f));
    const struct mln_ipset *platform = mln_azure_wire_server(a, family);
    /* Azure knows nothing of overlays: pods are in neither tag
     * [concepts-network-azure-cni-overlay.md]. */
    zone->virtual_network[f] =
        mln_ipset_union(a, mln_ipset_union(a, peered_space(b, n, f, false), beyond), platform);
    const struct mln_ipset *peered = peered_space(b, n, f, true);
    const struct mln_ipset *hidden =
        mln_ipset_intersect(a, beyond, mln_azure_private_space(a, family));
    hidden = mln_ipset_union(a, mln_ipset_union(a, hidden, peered), platform);
    zone->internet[f] = mln_ipset_subtract(a, mln_ipset_all(a, family), hidden);
}

static void zone_paths(struct mln_build *b, struct mln_zone *zone, const struct mln_ipset *public,
                       int f)
{
    struct mln_arena *a = b->arena;
    zone->joined[MLN_INBOUND][f] = zone->joined[MLN_OUTBOUND][f] =
        mln_ipset_union(a, zone->network->near[f], public);
    for (size_t i = 0; i < zone->routes.len; i++) {
        const struct mln_route *route = &zone->routes.data[i];
        if (!route->appliance)
            continue;
        const struct mln_ipset *through =
            mln_ipset_intersect(a, route_set(b, route, f), route->appliance->network->near[f]);
        zone->joined[MLN_OUTBOUND][f] = mln_ipset_union(a, zone->joined[MLN_OUTBOUND][f], through);
    }
}

/* Zones whose routes lead to others: those others are reached from them. */
static void inbound_paths(struct mln_build *b, struct mln_zone *from)
{
    if (from->routes.len == 0)
        return;
    for (size_t i = 0; i < b->model->zones.len; i++) {
        struct mln_zone *to = b->model->zones.data[i];
        if (to == from || mln_networks_joined(from->network, to->network) ||
            !mln_zones_joined(from, to))
            continue;
        for (int f = 0; f < MLN_FAMILIES; f++)
            to->joined[MLN_INBOUND][f] =
                mln_ipset_union(b->arena, to->joined[MLN_INBOUND][f], from->addresses[f]);
    }
}

bool mln_zones_joined(const struct mln_zone *from, const struct mln_zone *to)
{
    if (mln_networks_joined(from->network, to->network))
        return true;
    for (size_t i = 0; i < from->routes.len; i++) {
        const struct mln_route *route = &from->routes.data[i];
        if (!route->appliance || route->tag ||
            !mln_networks_joined(route->appliance->network, to->network))
            continue;
        struct mln_range range = {route->prefix.ip, mln_prefix_last(&route->prefix)};
        const struct mln_ipset one = {route->prefix.family, 1, &range};
        if (mln_ipset_overlaps(&one, to->addresses[route->prefix.family]))
            return true;
    }
    return false;
}

/* Zones of one network without routes share everything but their own addresses. */
static void all_paths(struct mln_build *b)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        enum mln_family family = (enum mln_family)f;
        const struct mln_ipset *public = mln_ipset_subtract(
            b->arena, mln_ipset_all(b->arena, family), mln_azure_private_space(b->arena, family));
        for (size_t i = 0; i < b->model->networks.len; i++) {
            struct mln_network *n = b->model->networks.data[i];
            n->near[f] =
                mln_ipset_union(b->arena, peered_space(b, n, f, true), connected_space(b, n, f));
        }
        for (size_t i = 0; i < b->model->networks.len; i++) {
            struct mln_network *n = b->model->networks.data[i];
            const struct mln_zone *shared = NULL;
            for (size_t k = 0; k < n->zones.len; k++) {
                struct mln_zone *zone = n->zones.data[k];
                if (shared && zone->routes.len == 0) {
                    zone->virtual_network[f] = shared->virtual_network[f];
                    zone->internet[f] = shared->internet[f];
                    zone->joined[MLN_INBOUND][f] = shared->joined[MLN_INBOUND][f];
                    zone->joined[MLN_OUTBOUND][f] = shared->joined[MLN_OUTBOUND][f];
                    continue;
                }
                zone_tags(b, zone, f);
                zone_paths(b, zone, public, f);
                if (zone->routes.len == 0)
                    shared = zone;
            }
        }
    }
    for (size_t i = 0; i < b->model->zones.len; i++)
        inbound_paths(b, b->model->zones.data[i]);
}

/* --- private endpoints --- */

static void endpoint_addresses(struct mln_build *b)
{
    uint32_t *per_zone = MLN_NEW_ARRAY(b->arena, uint32_t, b->model->zones.len + 1);
    for (size_t i = 0; i < b->endpoints.len; i++)
        per_zone[b->endpoints.data[i]->zone->index]++;
    for (size_t i = 0; i < b->endpoints.len; i++) {
        struct mln_endpoint *e = b->endpoints.data[i];
        for (int f = 0; f < MLN_FAMILIES; f++)
            e->addresses[f] = mln_prefix_set(b->arena, (enum mln_family)f,
                                             e->at.len ? &e->at : &e->zone->prefixes);
        e->exact = e->at.len > 0 || per_zone[e->zone->index] == 1;
    }
}

void mln_join_places(struct mln_build *b)
{
    struct mln_model *m = b->model;
    for (size_t i = 0; i < m->networks.len; i++) {
        network_addresses(b, m->networks.data[i]);
        network_bits(b, m->networks.data[i]);
    }
    mln_name_zones(b);
    for (size_t i = 0; i < m->zones.len; i++)
        for (size_t k = 0; k < m->zones.data[i]->routes.len; k++)
            if (m->zones.data[i]->routes.data[k].hop == MLN_HOP_APPLIANCE)
                find_appliance(m->zones.data[i], &m->zones.data[i]->routes.data[k]);
    all_paths(b);
}

void mln_build_topology(struct mln_build *b)
{
    struct mln_model *m = b->model;
    for (size_t i = 0; i < m->networks.len; i++) {
        network_addresses(b, m->networks.data[i]);
        network_bits(b, m->networks.data[i]);
        check_network(b, m->networks.data[i]);
    }
    for (size_t i = 0; i < m->peerings.len; i++)
        check_peering(b, &m->peerings.data[i]);
    mln_name_zones(b);
    for (size_t i = 0; i < m->zones.len; i++)
        find_appliances(b, m->zones.data[i]);
    mln_govern_zones(b);
    all_paths(b);
    endpoint_addresses(b);
}
