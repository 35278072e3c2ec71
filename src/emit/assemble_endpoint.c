/* Assembling private endpoints and private DNS zones, and what has to be outside the network. */
#include "emit/assemble_impl.h"

#include <string.h>

/* ---- zones and links ---- */

/* A zone whose name holds the region, which the policy does not say: as an expression. */
static struct mln_tree *open_name(struct mln_assembly *b, const char *name)
{
    const char *hole = strstr(name, "{region}");
    const char *form =
        mln_printf(b->a, "%.*s{0}%s", (int)(hole - name), name, hole + strlen("{region}"));
    return mln_tree_call(b->a, "format", 2, mln_tree_string(b->a, form),
                         mln_assembly_location(b, NULL));
}

static void add_link(struct mln_assembly *b, struct mln_template_resource *zone,
                     const struct mln_plan_link *link)
{
    struct mln_template_resource *resource = mln_template_add(
        b->t, zone->scope,
        mln_template_symbol(b->t, zone->symbol, mln_printf(b->a, "-%s", link->network->name)),
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks", link->name);
    resource->name.len = 0;
    mln_vec_push(b->a, &resource->name, zone->name.data[0]);
    mln_vec_push(b->a, &resource->name, mln_tree_string(b->a, link->name));
    resource->parent = zone;
    resource->location = mln_tree_string(b->a, "global");
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    mln_tree_set(b->a, properties, "registrationEnabled", mln_tree_bool(b->a, false));
    mln_tree_set(b->a, properties, "virtualNetwork",
                 mln_assembly_reference(b, mln_assembly_network_id(b, zone->scope, link->network)));
}

static struct mln_template_resource *add_zone(struct mln_assembly *b,
                                              const struct mln_plan_dns *zone)
{
    const struct mln_template_scope *scope =
        mln_assembly_scope(b, zone->group.subscription, zone->group.name);
    struct mln_template_resource *resource =
        mln_assembly_add(b, scope, "dns", "Microsoft.Network/privateDnsZones", zone->name);
    if (zone->open)
        resource->name.data[0] = open_name(b, zone->name);
    resource->location = mln_tree_string(b->a, "global");
    mln_tree_set_object(b->a, resource->body, "properties");
    for (size_t i = 0; i < zone->links.len; i++)
        add_link(b, resource, &zone->links.data[i]);
    return resource;
}

/* ---- private endpoints ---- */

static void add_addresses(struct mln_assembly *b, struct mln_tree *properties,
                          const struct mln_plan_endpoint *endpoint)
{
    if (endpoint->addresses.len == 0)
        return;
    struct mln_tree *list = mln_tree_set_array(b->a, properties, "ipConfigurations");
    for (size_t i = 0; i < endpoint->addresses.len; i++) {
        const struct mln_plan_address *address = &endpoint->addresses.data[i];
        struct mln_tree *value = mln_tree_object(b->a);
        mln_tree_text(b->a, value, "name", address->name);
        struct mln_tree *inner = mln_tree_set_object(b->a, value, "properties");
        mln_tree_text(b->a, inner, "groupId", endpoint->endpoint->sub->group);
        mln_tree_set(b->a, inner, "memberName",
                     strstr(address->member, "{region}") ? open_name(b, address->member)
                                                         : mln_tree_string(b->a, address->member));
        mln_tree_text(b->a, inner, "privateIPAddress", address->address);
        mln_tree_push(b->a, list, value);
    }
}

static void add_connection(struct mln_assembly *b, struct mln_tree *properties,
                           const struct mln_template_scope *scope,
                           const struct mln_plan_endpoint *endpoint)
{
    struct mln_tree *value = mln_tree_object(b->a);
    mln_tree_text(b->a, value, "name", endpoint->name);
    struct mln_tree *inner = mln_tree_set_object(b->a, value, "properties");
    mln_tree_set(b->a, inner, "privateLinkServiceId",
                 mln_assembly_resource_id(b, scope, endpoint->endpoint->resource));
    mln_tree_push(b->a, mln_tree_set_array(b->a, inner, "groupIds"),
                  mln_tree_string(b->a, endpoint->endpoint->sub->group));
    mln_tree_push(b->a, mln_tree_set_array(b->a, properties, "privateLinkServiceConnections"),
                  value);
}

/* "privatelink.blob.core.windows.net" -> "privatelink-blob-core-windows-net", as the portal does.
 */
static const char *config_name(struct mln_arena *a, const char *zone)
{
    char *name = mln_strdup(a, zone);
    for (char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '-';
    return name;
}

static void add_zone_group(struct mln_assembly *b, struct mln_template_resource *parent,
                           const struct mln_plan_endpoint *endpoint,
                           struct mln_template_resource *const *zones)
{
    if (endpoint->dns.len == 0)
        return;
    struct mln_template_resource *resource =
        mln_template_add(b->t, parent->scope, mln_template_symbol(b->t, parent->symbol, "-dns"),
                         "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "default");
    resource->name.len = 0;
    mln_vec_push(b->a, &resource->name, parent->name.data[0]);
    mln_vec_push(b->a, &resource->name, mln_tree_string(b->a, "default"));
    resource->parent = parent;
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    struct mln_tree *list = mln_tree_set_array(b->a, properties, "privateDnsZoneConfigs");
    for (size_t i = 0; i < endpoint->dns.len; i++) {
        const struct mln_plan_dns *zone = endpoint->dns.data[i];
        struct mln_tree *value = mln_tree_object(b->a);
        mln_tree_text(b->a, value, "name", config_name(b->a, zone->name));
        mln_tree_set(b->a, mln_tree_set_object(b->a, value, "properties"), "privateDnsZoneId",
                     mln_tree_id(b->a, zones[zone->index]));
        mln_tree_push(b->a, list, value);
    }
}

static void add_endpoint(struct mln_assembly *b, const struct mln_plan_endpoint *endpoint,
                         struct mln_template_resource *const *zones)
{
    const struct mln_template_scope *scope =
        mln_assembly_scope(b, endpoint->group.subscription, endpoint->group.name);
    struct mln_template_resource *resource =
        mln_assembly_add(b, scope, "pe", "Microsoft.Network/privateEndpoints", endpoint->name);
    resource->location = mln_assembly_location(b, endpoint->region);
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    struct mln_tree *subnet = mln_assembly_subnet_id(b, scope, endpoint->endpoint->zone);
    mln_tree_set(b->a, properties, "subnet", mln_assembly_reference(b, subnet));
    add_addresses(b, properties, endpoint);
    add_connection(b, properties, scope, endpoint);
    add_zone_group(b, resource, endpoint, zones);
}

/* ---- prerequisites ---- */

static void add_prerequisite(struct mln_assembly *b, const struct mln_resource *resource,
                             const char *text)
{
    const struct mln_template_scope *scope =
        resource->endpoints.len
            ? mln_assembly_scope_of(b, resource->endpoints.data[0]->zone->network)
            : (b->scopes.len ? b->scopes.data[0] : mln_assembly_scope(b, NULL, NULL));
    mln_tree_push(b->a, mln_assembly_output(b, scope, "prerequisites"),
                  mln_tree_string(b->a, mln_printf(b->a, "%s (%s): %s", resource->name,
                                                   resource->kind->name, text)));
}

/* What the service wants to be given for an endpoint that it makes itself. */
static void add_own_endpoint(struct mln_assembly *b, const struct mln_plan_endpoint *endpoint)
{
    const struct mln_resource *resource = endpoint->endpoint->resource;
    add_prerequisite(
        b, resource,
        mln_printf(b->a, "The service makes its endpoint '%s' itself: create it in the subnet '%s'",
                   endpoint->endpoint->sub->name, endpoint->subnet->name));
    for (size_t i = 0; i < endpoint->dns.len; i++)
        add_prerequisite(b, resource,
                         mln_printf(b->a, "Create it with the private DNS zone %s of this template",
                                    endpoint->dns.data[i]->name));
}

static void add_prerequisites(struct mln_assembly *b)
{
    for (size_t i = 0; i < b->model->resources.len; i++) {
        const struct mln_resource *resource = b->model->resources.data[i];
        for (size_t k = 0; k < resource->kind->prerequisites.len; k++)
            add_prerequisite(b, resource, resource->kind->prerequisites.data[k]);
    }
}

/* ---- all ---- */

void mln_assemble_endpoints(struct mln_assembly *b)
{
    struct mln_template_resource **zones =
        MLN_NEW_ARRAY(b->a, struct mln_template_resource *, b->plan->dns.len);
    for (size_t i = 0; i < b->plan->dns.len; i++)
        zones[i] = add_zone(b, b->plan->dns.data[i]);
    for (size_t i = 0; i < b->plan->endpoints.len; i++)
        if (!b->plan->endpoints.data[i]->by_service)
            add_endpoint(b, b->plan->endpoints.data[i], zones);
    add_prerequisites(b);
    for (size_t i = 0; i < b->plan->endpoints.len; i++)
        if (b->plan->endpoints.data[i]->by_service)
            add_own_endpoint(b, b->plan->endpoints.data[i]);
}
