/* Subnets of the plan: route tables, service endpoint policies, and the two properties that decide
 * whether what the policy says has an effect. */
#include "azure/legal.h"
#include "azure/platform.h"
#include "emit/plan_impl.h"

#include <stdlib.h>
#include <string.h>

/* "ZONE", or "NETWORK-ZONE" where several networks use the zone's name: as NSGs are named. */
static const char *own_name(struct mln_arena *arena, const char *prefix,
                            const struct mln_zone *zone)
{
    if (zone->display == zone->name)
        return mln_printf(arena, "%s-%s", prefix, zone->name);
    return mln_printf(arena, "%s-%s-%s", prefix, zone->network->name, zone->name);
}

/* ---- routes ---- */

static const char *const hops[] = {
    [MLN_HOP_APPLIANCE] = "VirtualAppliance",
    [MLN_HOP_INTERNET] = "Internet",
    [MLN_HOP_NONE] = "None",
    [MLN_HOP_GATEWAY] = "VirtualNetworkGateway",
};

static void add_route(struct mln_arena *arena, struct mln_plan_route_table *table,
                      struct mln_plan_names *names, const struct mln_route *route)
{
    char address[MLN_IP_TEXT], text[MLN_IP_TEXT];
    const char *to =
        route->tag ? route->tag->name : mln_strdup(arena, mln_prefix_cidr(&route->prefix, text));
    struct mln_plan_route planned = {
        .name = mln_plan_name(names, mln_printf(arena, "to-%s", to)),
        .to = to,
        .hop = hops[route->hop],
    };
    if (route->hop == MLN_HOP_APPLIANCE)
        planned.address =
            mln_strdup(arena, mln_ip_text(route->next_hop.family, route->next_hop.ip, address));
    mln_vec_push(arena, &table->routes, planned);
}

static const struct mln_plan_route_table *add_route_table(struct mln_arena *arena,
                                                          struct mln_plan *plan,
                                                          struct mln_plan_names *names,
                                                          const struct mln_zone *zone)
{
    if (zone->existing || zone->routes.len == 0)
        return NULL;
    struct mln_plan_route_table *table = MLN_NEW(arena, struct mln_plan_route_table);
    struct mln_plan_names inside = mln_plan_names_new(arena, 80);
    table->zone = zone;
    table->name =
        mln_plan_name_in(names, mln_plan_group_of(zone->network), own_name(arena, "rt", zone));
    for (size_t i = 0; i < zone->routes.len; i++)
        add_route(arena, table, &inside, &zone->routes.data[i]);
    mln_vec_push(arena, &plan->route_tables, table);
    return table;
}

/* ---- service endpoint policies ---- */

static void add_member(struct mln_arena *arena, struct mln_plan_only *only,
                       const struct mln_map *resources, const char *text)
{
    const struct mln_resource *resource = mln_map_get(resources, text);
    if (resource)
        mln_vec_push(arena, &only->resources, resource);
    else if (strncmp(text, "/services/", strlen("/services/")) == 0)
        mln_vec_push(arena, &only->aliases, text);
    else
        mln_vec_push(arena, &only->ids, text);
}

static const struct mln_plan_only *add_only(struct mln_arena *arena, struct mln_plan *plan,
                                            struct mln_plan_names *names,
                                            const struct mln_map *resources,
                                            const struct mln_zone *zone)
{
    if (zone->existing || zone->endpoint_only.len == 0)
        return NULL;
    struct mln_plan_only *only = MLN_NEW(arena, struct mln_plan_only);
    only->zone = zone;
    only->name =
        mln_plan_name_in(names, mln_plan_group_of(zone->network), own_name(arena, "sep", zone));
    for (size_t i = 0; i < zone->endpoint_only.len; i++)
        add_member(arena, only, resources, zone->endpoint_only.data[i]);
    mln_vec_push(arena, &plan->only, only);
    return only;
}

static const struct mln_map *resources_by_name(struct mln_arena *arena,
                                               const struct mln_model *model)
{
    struct mln_map *map = mln_map_new(arena);
    for (size_t i = 0; i < model->resources.len; i++)
        mln_map_put(map, model->resources.data[i]->name, model->resources.data[i]);
    return map;
}

/* ---- network policies ---- */

/* Destinations of the routes to appliances, sorted by address, shorter prefixes first, each once.
 */
MLN_VEC_TYPE(prefix_vec, struct mln_prefix);

static int by_address(const void *x, const void *y)
{
    const struct mln_prefix *p = x, *q = y;
    if (p->family != q->family)
        return p->family < q->family ? -1 : 1;
    int order = mln_ip_cmp(p->ip, q->ip);
    return order ? order : (int)p->length - (int)q->length;
}

static struct prefix_vec routed_prefixes(struct mln_arena *arena, const struct mln_model *model)
{
    struct prefix_vec all = {0}, once = {0};
    for (size_t i = 0; i < model->zones.len; i++) {
        const struct mln_zone *zone = model->zones.data[i];
        for (size_t k = 0; k < zone->routes.len; k++)
            if (zone->routes.data[k].hop == MLN_HOP_APPLIANCE && !zone->routes.data[k].tag)
                mln_vec_push(arena, &all, zone->routes.data[k].prefix);
    }
    if (all.len > 1)
        qsort(all.data, all.len, sizeof *all.data, by_address);
    for (size_t i = 0; i < all.len; i++)
        if (i == 0 || by_address(&all.data[i - 1], &all.data[i]) != 0)
            mln_vec_push(arena, &once, all.data[i]);
    return once;
}

/* The first that is not before `key`. */
static size_t lower_bound(const struct prefix_vec *sorted, const struct mln_prefix *key)
{
    size_t lo = 0, hi = sorted->len;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (by_address(&sorted->data[middle], key) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static struct mln_ip masked(struct mln_prefix prefix, unsigned length)
{
    unsigned bits = prefix.family == MLN_IPV4 ? 32 : 128, host = bits - length;
    if (host >= 128)
        return (struct mln_ip){0, 0};
    if (host >= 64)
        return (struct mln_ip){prefix.ip.hi >> (host - 64) << (host - 64), 0};
    return (struct mln_ip){prefix.ip.hi, prefix.ip.lo >> host << host};
}

/* Is there a route to an appliance for `own`, a prefix of the zone, that counts in its network: for
 * a part of it, or for a prefix around it that is no wider than the network's own? */
static bool is_routed(const struct prefix_vec *routed, const struct mln_network *network,
                      struct mln_prefix own)
{
    size_t at = lower_bound(routed, &own);
    if (at < routed->len && routed->data[at].family == own.family &&
        mln_ip_cmp(routed->data[at].ip, mln_prefix_last(&own)) <= 0)
        return true;
    for (unsigned length = own.length; length-- > 0;) {
        struct mln_prefix around = {.family = own.family, .length = (uint8_t)length};
        around.ip = masked(own, length);
        struct mln_range range = {around.ip, mln_prefix_last(&around)};
        const struct mln_ipset one = {own.family, 1, &range};
        if (!mln_ipset_covers(network->addresses[own.family], &one))
            return false;
        at = lower_bound(routed, &around);
        if (at < routed->len && by_address(&routed->data[at], &around) == 0)
            return true;
    }
    return false;
}

static const char *policies_of(const struct prefix_vec *routed, const struct mln_zone *zone)
{
    if (!zone->holds_endpoint)
        return "Disabled";
    bool routes = false;
    for (size_t i = 0; i < zone->prefixes.len && !routes; i++)
        routes = is_routed(routed, zone->network, zone->prefixes.data[i]);
    if (zone->nsg)
        return routes ? "Enabled" : "NetworkSecurityGroupEnabled";
    return routes ? "RouteTableEnabled" : "Disabled";
}

/* ---- default outbound access ---- */

struct outbound {
    struct mln_arena *arena;
    const struct mln_table **tables;             /* by NSG index; NULL: not at hand */
    const struct mln_ipset *local[MLN_FAMILIES]; /* not public: private space and the platform */
};

static bool is_public(const struct outbound *o, const struct mln_rule_side *side)
{
    switch (side->kind) {
    case MLN_SIDE_ANY:
        return true;
    case MLN_SIDE_TAG:
        return side->tag->kind == MLN_TAG_SERVICE || side->tag->kind == MLN_TAG_INTERNET;
    case MLN_SIDE_PREFIXES:
        return !mln_ipset_covers(o->local[side->prefixes->family], side->prefixes);
    case MLN_SIDE_ASG:
        break;
    }
    return false;
}

static bool may_leave(const struct outbound *o, const struct mln_zone *zone)
{
    const struct mln_table *table = o->tables[zone->nsg->index];
    if (!table)
        return true;
    const struct mln_rule_vec *rules = &table->rules[MLN_OUTBOUND];
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule *rule = rules->data[i];
        const struct mln_ipset *from =
            rule->src.kind == MLN_SIDE_PREFIXES ? rule->src.prefixes : NULL;
        bool of_zone = !from || mln_ipset_overlaps(from, zone->addresses[from->family]);
        if (rule->action == MLN_ALLOW && of_zone && is_public(o, &rule->dst))
            return true;
    }
    return false;
}

/* Everything public is routed elsewhere. */
static bool default_route(const struct mln_zone *zone)
{
    for (size_t i = 0; i < zone->routes.len; i++)
        if (!zone->routes.data[i].tag && zone->routes.data[i].prefix.length == 0 &&
            zone->routes.data[i].prefix.family == MLN_IPV4 &&
            zone->routes.data[i].hop != MLN_HOP_INTERNET)
            return true;
    return false;
}

/* Subnets that Azure's own services are put into bring their way out themselves; Azure does not
 * apply the property there [azure-docs, ip-services/default-outbound-access.md]. */
static bool for_machines(const struct mln_zone *zone)
{
    switch (zone->role) {
    case MLN_ROLE_PLAIN:
    case MLN_ROLE_ENDPOINTS:
    case MLN_ROLE_ML_COMPUTE:
    case MLN_ROLE_AKS:
        return !zone->delegation;
    default:
        return false;
    }
}

static bool no_default_outbound(const struct outbound *o, const struct mln_zone *zone)
{
    if (zone->existing || !zone->nsg || zone->defaults[MLN_OUTBOUND] != MLN_DEFAULT_DENY ||
        !for_machines(zone))
        return false;
    return zone->egress.len || default_route(zone) || !may_leave(o, zone);
}

static struct outbound outbound_new(struct mln_arena *arena, const struct mln_model *model,
                                    const struct mln_table_vec *tables)
{
    struct outbound o = {.arena = arena};
    o.tables = MLN_NEW_ARRAY(arena, const struct mln_table *, model->nsgs.len);
    for (size_t i = 0; i < tables->len; i++)
        o.tables[tables->data[i]->nsg->index] = tables->data[i];
    for (int f = 0; f < MLN_FAMILIES; f++)
        o.local[f] = mln_ipset_union(arena, mln_azure_private_space(arena, (enum mln_family)f),
                                     mln_azure_platform_space(arena, (enum mln_family)f));
    return o;
}

/* ---- all ---- */

void mln_plan_add_subnets(struct mln_arena *arena, struct mln_plan *plan,
                          const struct mln_table_vec *tables)
{
    const struct mln_model *model = plan->model;
    struct mln_plan_names tables_names = mln_plan_names_new(arena, 80);
    struct mln_plan_names only_names = mln_plan_names_new(arena, 80);
    const struct mln_map *resources = resources_by_name(arena, model);
    struct prefix_vec routed = routed_prefixes(arena, model);
    struct outbound outbound = outbound_new(arena, model, tables);
    for (size_t i = 0; i < model->zones.len; i++) {
        const struct mln_zone *zone = model->zones.data[i];
        struct mln_plan_subnet *subnet = MLN_NEW(arena, struct mln_plan_subnet);
        *subnet = (struct mln_plan_subnet){
            .zone = zone,
            .network = zone->network,
            .name = zone->subnet,
            .written = !zone->existing,
            .policies = policies_of(&routed, zone),
            .no_default_outbound = no_default_outbound(&outbound, zone),
            .routes = add_route_table(arena, plan, &tables_names, zone),
            .only = add_only(arena, plan, &only_names, resources, zone),
        };
        mln_vec_push(arena, &plan->subnets, subnet);
    }
}
