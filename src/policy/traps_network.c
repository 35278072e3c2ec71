/* Limits of networks, gateways that exclude each other, addresses that Docker takes. */
#include "policy/traps.h"

#include <strings.h>

/* [LIMITS], [UDR] */
enum {
    SUBNETS_MAX = 3000,
    PEERINGS_MAX = 500,
    ROUTES_MAX = 400,
    TAG_ROUTES_MAX = 25,
};

static void too_many(struct mln_build *b, struct mln_span span, size_t count, size_t most,
                     const char *what, const char *name)
{
    if (count > most)
        mln_report(b->ctx->diags, MLN_D_NETWORK_LIMIT, span, "%s has %zu %s; Azure takes %zu", name,
                   count, what, most);
}

static void check_limits(struct mln_build *b, const struct mln_network *network)
{
    const char *name = mln_printf(b->arena, "network '%s'", network->name);
    too_many(b, network->span, network->zones.len, SUBNETS_MAX, "subnets", name);
    too_many(b, network->span, network->peers.len, PEERINGS_MAX, "peerings", name);
}

static void check_routes(struct mln_build *b, const struct mln_zone *zone)
{
    const char *name = mln_printf(b->arena, "the route table of zone '%s'", zone->display);
    size_t tags = 0;
    for (size_t i = 0; i < zone->routes.len; i++)
        tags += zone->routes.data[i].tag != NULL;
    if (zone->routes.len == 0)
        return;
    struct mln_span span = zone->routes.data[zone->routes.len - 1].span;
    too_many(b, span, zone->routes.len, ROUTES_MAX, "routes", name);
    too_many(b, span, tags, TAG_ROUTES_MAX, "routes to service tags", name);
}

/* --- subnets of one name --- */

/* Azure compares names without regard to case; a role fixes the name. */
static void check_subnet_names(struct mln_build *b, const struct mln_network *network)
{
    struct mln_map *names = mln_map_new(b->arena);
    for (size_t i = 0; i < network->zones.len; i++) {
        const struct mln_zone *zone = network->zones.data[i];
        char *key = mln_strdup(b->arena, zone->subnet);
        for (char *p = key; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p + 32);
        const struct mln_zone *other = mln_map_get(names, key);
        mln_map_put(names, key, (void *)zone);
        if (!other)
            continue;
        struct mln_diag *diag = mln_report(
            b->ctx->diags, MLN_D_SUBNET_NAME, zone->role_span.file ? zone->role_span : zone->span,
            "zones '%s' and '%s' are both the subnet %s of network '%s'", other->name, zone->name,
            zone->subnet, network->name);
        mln_diag_label(diag, other->span, "'%s' is declared here", other->name);
    }
}

/* --- gateways --- */

static const struct mln_zone *own_gateway(const struct mln_network *network)
{
    for (size_t i = 0; i < network->zones.len; i++)
        if (network->zones.data[i]->role == MLN_ROLE_GATEWAY)
            return network->zones.data[i];
    return NULL;
}

/* useRemoteGateways is refused where the network has a gateway of its own [PEER]. */
static void check_lent_gateway(struct mln_build *b, const struct mln_peering *peering)
{
    if (!peering->gateway)
        return;
    const struct mln_network *user = peering->gateway == peering->a ? peering->b : peering->a;
    const struct mln_zone *own = own_gateway(user);
    if (!own && user->connected.len == 0)
        return;
    struct mln_diag *diag =
        mln_report(b->ctx->diags, MLN_D_BAD_GATEWAY, peering->span,
                   "network '%s' has a gateway of its own, so it cannot use that of '%s'",
                   user->name, peering->gateway->name);
    if (own)
        mln_diag_label(diag, own->span, "its gateway");
    else
        mln_diag_note(diag, "external '%s' is connected to it", user->connected.data[0]->name);
}

/* --- Docker's default bridge --- */

static void report_bridge(struct mln_build *b, const struct mln_zone *zone,
                          const struct mln_ipset *both)
{
    char text[MLN_IP_TEXT];
    struct mln_diag *diag = mln_report(
        b->ctx->diags, MLN_D_DOCKER_BRIDGE, zone->role_span.file ? zone->role_span : zone->span,
        "zone '%s' reaches %s, which its compute nodes keep for Docker", zone->display,
        mln_ip_text(MLN_IPV4, both->ranges[0].lo, text));
    for (size_t i = 0; i <= zone->network->peers.len; i++) {
        const struct mln_network *n = i ? zone->network->peers.data[i - 1] : zone->network;
        if (mln_ipset_overlaps(n->space[MLN_IPV4], both))
            mln_diag_label(diag, n->prefixes.span, "network '%s' has it", n->name);
    }
    mln_diag_note(diag, "172.17.0.0/16 is the range of Docker's default bridge: packets to it stay "
                        "on the node");
    mln_diag_help(diag, "give that network, or the external, other addresses");
}

static void check_bridge(struct mln_build *b, const struct mln_zone *zone)
{
    static const struct mln_prefix bridge = {
        .family = MLN_IPV4, .ip = {.lo = 0xac110000}, .length = 16};
    if (zone->role != MLN_ROLE_ML_COMPUTE)
        return;
    const struct mln_ipset *both =
        mln_ipset_intersect(b->arena, zone->network->near[MLN_IPV4],
                            mln_ipset_from_prefixes(b->arena, MLN_IPV4, &bridge, 1));
    if (both->len)
        report_bridge(b, zone, both);
}

void mln_traps_networks(struct mln_build *b)
{
    const struct mln_model *m = b->model;
    for (size_t i = 0; i < m->networks.len; i++) {
        check_limits(b, m->networks.data[i]);
        check_subnet_names(b, m->networks.data[i]);
    }
    for (size_t i = 0; i < m->zones.len; i++) {
        check_routes(b, m->zones.data[i]);
        check_bridge(b, m->zones.data[i]);
    }
    for (size_t i = 0; i < m->peerings.len; i++)
        check_lent_gateway(b, &m->peerings.data[i]);
}
