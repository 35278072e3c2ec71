/* Networks for Terraform: virtual networks, subnets with what is bound to them, route tables,
 * service endpoint policies, peerings. */
#include "emit/terraform_impl.h"

#include <strings.h>

static void write_prefixes(struct mln_terraform *t, const char *key,
                           const struct mln_prefix_list *prefixes)
{
    char text[MLN_IP_TEXT];
    mln_hcl_list(&t->hcl, key);
    for (size_t i = 0; i < prefixes->len; i++)
        mln_hcl_item_text(&t->hcl, mln_prefix_cidr(&prefixes->data[i], text));
    mln_hcl_end_list(&t->hcl);
}

static void write_network(struct mln_terraform *t, const struct mln_network *network)
{
    if (network->existing)
        return;
    mln_terraform_begin(t, "azurerm_virtual_network", t->networks[network->index].label,
                        network->name, mln_plan_group_of(network));
    mln_terraform_location(t, network->region);
    write_prefixes(t, "address_space", &network->prefixes);
    if (network->dns.len) {
        char text[MLN_IP_TEXT];
        mln_hcl_list(&t->hcl, "dns_servers");
        for (size_t i = 0; i < network->dns.len; i++)
            mln_hcl_item_text(
                &t->hcl, mln_ip_text(network->dns.data[i].family, network->dns.data[i].ip, text));
        mln_hcl_end_list(&t->hcl);
    }
    mln_hcl_end(&t->hcl);
}

/* ---- subnets ---- */

static void write_delegation(struct mln_terraform *t, const char *service)
{
    mln_hcl_block(&t->hcl, "delegation", NULL, NULL);
    mln_hcl_text(&t->hcl, "name", "delegation");
    mln_hcl_block(&t->hcl, "service_delegation", NULL, NULL);
    mln_hcl_text(&t->hcl, "name", service);
    mln_hcl_end(&t->hcl);
    mln_hcl_end(&t->hcl);
    mln_hcl_block(&t->hcl, "lifecycle", NULL, NULL);
    mln_hcl_list(&t->hcl, "ignore_changes");
    mln_hcl_item_expression(&t->hcl, "delegation[0].service_delegation[0].actions");
    mln_hcl_end_list(&t->hcl);
    mln_hcl_end(&t->hcl);
}

static bool seen_before(const struct mln_zone *zone, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(zone->service_endpoints.data[i], zone->service_endpoints.data[index]) == 0)
            return true;
    return false;
}

static void write_service_endpoints(struct mln_terraform *t, const struct mln_zone *zone)
{
    if (zone->service_endpoints.len == 0)
        return;
    mln_hcl_list(&t->hcl, "service_endpoints");
    for (size_t i = 0; i < zone->service_endpoints.len; i++)
        if (!seen_before(zone, i))
            mln_hcl_item_text(&t->hcl, zone->service_endpoints.data[i]);
    mln_hcl_end_list(&t->hcl);
}

static void write_subnet(struct mln_terraform *t, const struct mln_plan_subnet *subnet)
{
    const struct mln_zone *zone = subnet->zone;
    const char *network = t->networks[subnet->network->index].label;
    mln_terraform_begin(t, "azurerm_subnet", t->zones[zone->index].label, subnet->name,
                        mln_plan_group_of(subnet->network));
    mln_hcl_expression(&t->hcl, "virtual_network_name",
                       mln_terraform_reference(t, "azurerm_virtual_network", network, "name"));
    write_prefixes(t, "address_prefixes", &zone->prefixes);
    write_service_endpoints(t, zone);
    if (subnet->only) {
        mln_hcl_list(&t->hcl, "service_endpoint_policy_ids");
        mln_hcl_item_expression(
            &t->hcl, mln_terraform_reference(t, "azurerm_subnet_service_endpoint_storage_policy",
                                             t->zones[zone->index].label, "id"));
        mln_hcl_end_list(&t->hcl);
    }
    mln_hcl_text(&t->hcl, "private_endpoint_network_policies", subnet->policies);
    if (subnet->no_default_outbound)
        mln_hcl_bool(&t->hcl, "default_outbound_access_enabled", false);
    if (zone->delegation)
        write_delegation(t, zone->delegation);
    mln_hcl_end(&t->hcl);
}

static void write_association(struct mln_terraform *t, const struct mln_zone *zone,
                              const char *type, const char *key, const char *id)
{
    mln_hcl_block(&t->hcl, "resource", type, t->zones[zone->index].label);
    mln_terraform_provider(t, mln_plan_group_of(zone->network));
    mln_hcl_expression(&t->hcl, "subnet_id", mln_terraform_subnet_id(t, zone));
    mln_hcl_expression(&t->hcl, key, id);
    mln_hcl_end(&t->hcl);
}

static void bind_subnet(struct mln_terraform *t, const struct mln_plan_subnet *subnet)
{
    const struct mln_zone *zone = subnet->zone;
    const char *label = t->zones[zone->index].label;
    if (zone->nsg)
        write_association(t, zone, "azurerm_subnet_network_security_group_association",
                          "network_security_group_id",
                          mln_terraform_reference(t, "azurerm_network_security_group",
                                                  t->nsgs[zone->nsg->index].label, "id"));
    if (subnet->routes)
        write_association(t, zone, "azurerm_subnet_route_table_association", "route_table_id",
                          mln_terraform_reference(t, "azurerm_route_table", label, "id"));
}

/* ---- what subnets refer to ---- */

static void write_route_table(struct mln_terraform *t, const struct mln_plan_route_table *table)
{
    const struct mln_network *network = table->zone->network;
    mln_terraform_begin(t, "azurerm_route_table", t->zones[table->zone->index].label, table->name,
                        mln_plan_group_of(network));
    mln_terraform_location(t, network->region);
    for (size_t i = 0; i < table->routes.len; i++) {
        const struct mln_plan_route *route = &table->routes.data[i];
        mln_hcl_block(&t->hcl, "route", NULL, NULL);
        mln_hcl_text(&t->hcl, "name", route->name);
        mln_hcl_text(&t->hcl, "address_prefix", route->to);
        mln_hcl_text(&t->hcl, "next_hop_type", route->hop);
        mln_hcl_text(&t->hcl, "next_hop_in_ip_address", route->address);
        mln_hcl_end(&t->hcl);
    }
    mln_hcl_end(&t->hcl);
}

static void begin_definition(struct mln_terraform *t, const char *name, const char *service)
{
    mln_hcl_block(&t->hcl, "definition", NULL, NULL);
    mln_hcl_text(&t->hcl, "name", name);
    mln_hcl_text(&t->hcl, "service", service);
    mln_hcl_list(&t->hcl, "service_resources");
}

static void end_definition(struct mln_terraform *t)
{
    mln_hcl_end_list(&t->hcl);
    mln_hcl_end(&t->hcl);
}

static void write_only(struct mln_terraform *t, const struct mln_plan_only *only)
{
    const struct mln_network *network = only->zone->network;
    mln_terraform_begin(t, "azurerm_subnet_service_endpoint_storage_policy",
                        t->zones[only->zone->index].label, only->name, mln_plan_group_of(network));
    mln_terraform_location(t, network->region);
    if (only->resources.len + only->ids.len) {
        begin_definition(t, "resources", "Microsoft.Storage");
        for (size_t i = 0; i < only->resources.len; i++)
            mln_hcl_item_expression(&t->hcl, mln_terraform_resource_id(t, only->resources.data[i],
                                                                       mln_plan_group_of(network)));
        for (size_t i = 0; i < only->ids.len; i++)
            mln_hcl_item_text(&t->hcl, only->ids.data[i]);
        end_definition(t);
    }
    if (only->aliases.len) {
        begin_definition(t, "services", "Global");
        for (size_t i = 0; i < only->aliases.len; i++)
            mln_hcl_item_text(&t->hcl, only->aliases.data[i]);
        end_definition(t);
    }
    mln_hcl_end(&t->hcl);
}

/* ---- peerings ---- */

static void write_peering(struct mln_terraform *t, const struct mln_plan_peering *peering)
{
    const char *label = mln_terraform_label(t, "azurerm_virtual_network_peering", peering->name);
    mln_terraform_begin(t, "azurerm_virtual_network_peering", label, peering->name,
                        mln_plan_group_of(peering->from));
    mln_hcl_expression(&t->hcl, "virtual_network_name",
                       mln_terraform_reference(t, "azurerm_virtual_network",
                                               t->networks[peering->from->index].label, "name"));
    mln_hcl_expression(&t->hcl, "remote_virtual_network_id",
                       mln_terraform_network_id(t, peering->to));
    mln_hcl_bool(&t->hcl, "allow_virtual_network_access", true);
    mln_hcl_bool(&t->hcl, "allow_forwarded_traffic", peering->forwarded);
    mln_hcl_bool(&t->hcl, "allow_gateway_transit", peering->transit);
    if (peering->remote_gateway)
        mln_hcl_expression(&t->hcl, "use_remote_gateways", "var.remote_gateways_exist");
    else
        mln_hcl_bool(&t->hcl, "use_remote_gateways", false);
    t->gateways |= peering->remote_gateway;
    mln_hcl_end(&t->hcl);
}

void mln_terraform_write_networks(struct mln_terraform *t)
{
    const struct mln_plan *plan = t->plan;
    for (size_t i = 0; i < plan->route_tables.len; i++)
        write_route_table(t, plan->route_tables.data[i]);
    for (size_t i = 0; i < plan->only.len; i++)
        write_only(t, plan->only.data[i]);
    for (size_t i = 0; i < t->model->networks.len; i++) {
        const struct mln_network *network = t->model->networks.data[i];
        write_network(t, network);
        for (size_t k = 0; k < network->zones.len; k++) {
            const struct mln_plan_subnet *subnet =
                plan->subnets.data[network->zones.data[k]->index];
            if (subnet->written)
                write_subnet(t, subnet);
            bind_subnet(t, subnet);
        }
    }
    for (size_t i = 0; i < plan->peerings.len; i++)
        write_peering(t, &plan->peerings.data[i]);
}
