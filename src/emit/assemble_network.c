/* Assembling networks: route tables, service endpoint policies, networks with their subnets,
 * peerings.
 *
 * Azure changes a network by one request at a time; another one fails with
 * AnotherOperationInProgress. So what are child resources of one network (peerings, and subnets
 * where these are not inline) wait for each other. */
#include "emit/assemble_impl.h"

#include <string.h>
#include <strings.h>

static struct mln_tree *prefix_text(struct mln_arena *a, const struct mln_prefix *prefix)
{
    char text[MLN_IP_TEXT];
    mln_ip_text(prefix->family, prefix->ip, text);
    return mln_tree_string(a, mln_printf(a, "%s/%u", text, prefix->length));
}

static struct mln_tree *prefix_list(struct mln_arena *a, const struct mln_prefix_list *list)
{
    struct mln_tree *array = mln_tree_array(a);
    for (size_t i = 0; i < list->len; i++)
        mln_tree_push(a, array, prefix_text(a, &list->data[i]));
    return array;
}

/* ---- route tables ---- */

static struct mln_tree *route_value(struct mln_arena *a, const struct mln_plan_route *route)
{
    struct mln_tree *value = mln_tree_object(a);
    mln_tree_text(a, value, "name", route->name);
    struct mln_tree *properties = mln_tree_set_object(a, value, "properties");
    mln_tree_text(a, properties, "addressPrefix", route->to);
    mln_tree_text(a, properties, "nextHopType", route->hop);
    mln_tree_text(a, properties, "nextHopIpAddress", route->address);
    return value;
}

static void add_route_table(struct mln_assembly *b, const struct mln_plan_route_table *table)
{
    const struct mln_network *network = table->zone->network;
    struct mln_template_resource *resource = mln_assembly_add(
        b, mln_assembly_scope_of(b, network), "rt", "Microsoft.Network/routeTables", table->name);
    resource->location = mln_assembly_location(b, network->region);
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    mln_tree_set(b->a, properties, "disableBgpRoutePropagation", mln_tree_bool(b->a, false));
    struct mln_tree *routes = mln_tree_set_array(b->a, properties, "routes");
    for (size_t i = 0; i < table->routes.len; i++)
        mln_tree_push(b->a, routes, route_value(b->a, &table->routes.data[i]));
    b->route_tables[table->zone->index] = resource;
}

/* ---- service endpoint policies ---- */

/* One definition; returns its list of resources. */
static struct mln_tree *add_definition(struct mln_arena *a, struct mln_tree *definitions,
                                       const char *name, const char *service)
{
    struct mln_tree *definition = mln_tree_object(a);
    mln_tree_push(a, definitions, definition);
    mln_tree_text(a, definition, "name", name);
    struct mln_tree *properties = mln_tree_set_object(a, definition, "properties");
    mln_tree_text(a, properties, "service", service);
    return mln_tree_set_array(a, properties, "serviceResources");
}

static void add_only(struct mln_assembly *b, const struct mln_plan_only *only)
{
    const struct mln_network *network = only->zone->network;
    const struct mln_template_scope *scope = mln_assembly_scope_of(b, network);
    struct mln_template_resource *resource =
        mln_assembly_add(b, scope, "sep", "Microsoft.Network/serviceEndpointPolicies", only->name);
    resource->location = mln_assembly_location(b, network->region);
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    struct mln_tree *all = mln_tree_set_array(b->a, properties, "serviceEndpointPolicyDefinitions");
    struct mln_tree *ids = only->resources.len + only->ids.len
                               ? add_definition(b->a, all, "storage", "Microsoft.Storage")
                               : NULL;
    for (size_t i = 0; i < only->resources.len; i++)
        mln_tree_push(b->a, ids, mln_assembly_resource_id(b, scope, only->resources.data[i]));
    for (size_t i = 0; i < only->ids.len; i++)
        mln_tree_push(b->a, ids, mln_tree_string(b->a, only->ids.data[i]));
    struct mln_tree *aliases =
        only->aliases.len ? add_definition(b->a, all, "services", "Global") : NULL;
    for (size_t i = 0; i < only->aliases.len; i++)
        mln_tree_push(b->a, aliases, mln_tree_string(b->a, only->aliases.data[i]));
    b->only[only->zone->index] = resource;
}

/* ---- subnets ---- */

static bool seen_before(const struct mln_zone *zone, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(zone->service_endpoints.data[i], zone->service_endpoints.data[index]) == 0)
            return true;
    return false;
}

static void add_service_endpoints(struct mln_assembly *b, struct mln_tree *properties,
                                  const struct mln_zone *zone)
{
    if (zone->service_endpoints.len == 0)
        return;
    struct mln_tree *list = mln_tree_set_array(b->a, properties, "serviceEndpoints");
    for (size_t i = 0; i < zone->service_endpoints.len; i++) {
        if (seen_before(zone, i))
            continue;
        struct mln_tree *one = mln_tree_object(b->a);
        mln_tree_text(b->a, one, "service", zone->service_endpoints.data[i]);
        mln_tree_push(b->a, list, one);
    }
}

static void add_delegation(struct mln_assembly *b, struct mln_tree *properties,
                           const struct mln_zone *zone)
{
    if (!zone->delegation)
        return;
    struct mln_tree *one = mln_tree_object(b->a);
    mln_tree_text(b->a, one, "name", "delegation");
    mln_tree_text(b->a, mln_tree_set_object(b->a, one, "properties"), "serviceName",
                  zone->delegation);
    mln_tree_push(b->a, mln_tree_set_array(b->a, properties, "delegations"), one);
}

static void add_link(struct mln_assembly *b, struct mln_tree *properties, const char *key,
                     const struct mln_template_resource *resource)
{
    if (resource)
        mln_tree_set(b->a, properties, key, mln_assembly_reference(b, mln_tree_id(b->a, resource)));
}

static struct mln_tree *subnet_properties(struct mln_assembly *b,
                                          const struct mln_plan_subnet *subnet)
{
    const struct mln_zone *zone = subnet->zone;
    struct mln_tree *properties = mln_tree_object(b->a);
    if (zone->prefixes.len == 1)
        mln_tree_set(b->a, properties, "addressPrefix", prefix_text(b->a, &zone->prefixes.data[0]));
    else
        mln_tree_set(b->a, properties, "addressPrefixes", prefix_list(b->a, &zone->prefixes));
    add_link(b, properties, "networkSecurityGroup", zone->nsg ? b->nsgs[zone->nsg->index] : NULL);
    add_link(b, properties, "routeTable", b->route_tables[zone->index]);
    add_service_endpoints(b, properties, zone);
    if (b->only[zone->index]) {
        struct mln_tree *policy = mln_tree_id(b->a, b->only[zone->index]);
        mln_tree_push(b->a, mln_tree_set_array(b->a, properties, "serviceEndpointPolicies"),
                      mln_assembly_reference(b, policy));
    }
    add_delegation(b, properties, zone);
    mln_tree_text(b->a, properties, "privateEndpointNetworkPolicies", subnet->policies);
    if (subnet->no_default_outbound)
        mln_tree_set(b->a, properties, "defaultOutboundAccess", mln_tree_bool(b->a, false));
    return properties;
}

/* ---- networks ---- */

/* Some of its subnets are not ours to list. */
static bool has_existing_zone(const struct mln_network *network)
{
    for (size_t i = 0; i < network->zones.len; i++)
        if (network->zones.data[i]->existing)
            return true;
    return false;
}

static struct mln_template_resource *add_child(struct mln_assembly *b,
                                               const struct mln_network *network,
                                               const char *prefix, const char *type,
                                               const char *name)
{
    struct mln_template_resource *parent = b->networks[network->index];
    struct mln_template_resource *child = mln_assembly_add(b, parent->scope, prefix, type, name);
    child->name.len = 0;
    mln_vec_push(b->a, &child->name, parent->name.data[0]);
    mln_vec_push(b->a, &child->name, mln_tree_string(b->a, name));
    child->parent = parent;
    if (b->last_child[network->index])
        mln_vec_push(b->a, &child->after, b->last_child[network->index]);
    b->last_child[network->index] = child;
    return child;
}

static void add_subnets(struct mln_assembly *b, const struct mln_network *network,
                        struct mln_tree *network_properties)
{
    bool inline_subnets = !has_existing_zone(network);
    struct mln_tree *list =
        inline_subnets ? mln_tree_set_array(b->a, network_properties, "subnets") : NULL;
    for (size_t i = 0; i < network->zones.len; i++) {
        const struct mln_plan_subnet *subnet = b->plan->subnets.data[network->zones.data[i]->index];
        if (!subnet->written)
            continue;
        struct mln_tree *properties = subnet_properties(b, subnet);
        if (!inline_subnets) {
            struct mln_template_resource *child = add_child(
                b, network, "snet", "Microsoft.Network/virtualNetworks/subnets", subnet->name);
            mln_tree_set(b->a, child->body, "properties", properties);
            b->subnets[subnet->zone->index] = child;
            continue;
        }
        struct mln_tree *value = mln_tree_object(b->a);
        mln_tree_text(b->a, value, "name", subnet->name);
        mln_tree_set(b->a, value, "properties", properties);
        mln_tree_push(b->a, list, value);
    }
}

static struct mln_tree *dns_servers(struct mln_arena *a, const struct mln_prefix_list *list)
{
    struct mln_tree *array = mln_tree_array(a);
    for (size_t i = 0; i < list->len; i++) {
        char text[MLN_IP_TEXT];
        mln_ip_text(list->data[i].family, list->data[i].ip, text);
        mln_tree_push(a, array, mln_tree_string(a, mln_strdup(a, text)));
    }
    return array;
}

static void add_network(struct mln_assembly *b, const struct mln_network *network)
{
    struct mln_template_resource *resource =
        mln_assembly_add(b, mln_assembly_scope_of(b, network), "vnet",
                         "Microsoft.Network/virtualNetworks", network->name);
    b->networks[network->index] = resource;
    resource->location = mln_assembly_location(b, network->region);
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    mln_tree_set(b->a, mln_tree_set_object(b->a, properties, "addressSpace"), "addressPrefixes",
                 prefix_list(b->a, &network->prefixes));
    if (network->dns.len)
        mln_tree_set(b->a, mln_tree_set_object(b->a, properties, "dhcpOptions"), "dnsServers",
                     dns_servers(b->a, &network->dns));
    add_subnets(b, network, properties);
}

/* ---- peerings ---- */

static struct mln_tree *gateway_exists(struct mln_assembly *b)
{
    return mln_template_param(b->t, "remoteGatewaysExist", "bool", mln_tree_bool(b->a, true),
                              "The gateways that peered networks use are there. Azure refuses to "
                              "use one that is not: say false until they are made, then deploy "
                              "again.");
}

static struct mln_tree *peering_properties(struct mln_assembly *b,
                                           const struct mln_template_scope *from,
                                           const struct mln_plan_peering *half)
{
    struct mln_tree *properties = mln_tree_object(b->a);
    mln_tree_set(b->a, properties, "remoteVirtualNetwork",
                 mln_assembly_reference(b, mln_assembly_network_id(b, from, half->to)));
    mln_tree_set(b->a, properties, "allowVirtualNetworkAccess", mln_tree_bool(b->a, true));
    mln_tree_set(b->a, properties, "allowForwardedTraffic", mln_tree_bool(b->a, half->forwarded));
    mln_tree_set(b->a, properties, "allowGatewayTransit", mln_tree_bool(b->a, half->transit));
    mln_tree_set(b->a, properties, "useRemoteGateways",
                 half->remote_gateway ? gateway_exists(b) : mln_tree_bool(b->a, false));
    return properties;
}

static void add_peering(struct mln_assembly *b, const struct mln_plan_peering *half)
{
    struct mln_template_resource *resource =
        add_child(b, half->from, "peer", "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
                  half->name);
    mln_tree_set(b->a, resource->body, "properties", peering_properties(b, resource->scope, half));
}

/* The half that begins at an existing network is said, not written. */
static void add_remote_peering(struct mln_assembly *b, const struct mln_peering *peering,
                               const struct mln_network *existing, const struct mln_network *own)
{
    if (!existing->existing || own->existing)
        return;
    const struct mln_template_scope *scope = mln_assembly_scope_of(b, own);
    const struct mln_plan_peering half = {.from = existing,
                                          .to = own,
                                          .forwarded = mln_plan_forwards(own),
                                          .transit = peering->gateway == existing,
                                          .remote_gateway = peering->gateway == own};
    struct mln_tree *value = mln_tree_object(b->a);
    mln_tree_set(b->a, value, "virtualNetwork", mln_assembly_network_id(b, scope, existing));
    mln_tree_set(b->a, value, "properties", peering_properties(b, scope, &half));
    mln_tree_push(b->a, mln_assembly_output(b, scope, "remotePeerings"), value);
}

/* ---- all ---- */

void mln_assemble_networks(struct mln_assembly *b)
{
    for (size_t i = 0; i < b->plan->route_tables.len; i++)
        add_route_table(b, b->plan->route_tables.data[i]);
    for (size_t i = 0; i < b->plan->only.len; i++)
        add_only(b, b->plan->only.data[i]);
    for (size_t i = 0; i < b->model->networks.len; i++)
        if (!b->model->networks.data[i]->existing)
            add_network(b, b->model->networks.data[i]);
    for (size_t i = 0; i < b->plan->peerings.len; i++)
        add_peering(b, &b->plan->peerings.data[i]);
    for (size_t i = 0; i < b->model->peerings.len; i++) {
        const struct mln_peering *peering = &b->model->peerings.data[i];
        add_remote_peering(b, peering, peering->a, peering->b);
        add_remote_peering(b, peering, peering->b, peering->a);
    }
}
