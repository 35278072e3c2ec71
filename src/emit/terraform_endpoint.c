/* Private endpoints, private DNS zones and their links for Terraform. */
#include "emit/terraform_impl.h"

static void write_link(struct mln_terraform *t, const struct mln_plan_dns *zone,
                       const struct mln_plan_link *link)
{
    const char *text = mln_printf(t->arena, "%s_%s", t->dns[zone->index].label, link->name);
    const char *label =
        mln_terraform_label(t, "azurerm_private_dns_zone_virtual_network_link", text);
    mln_terraform_begin(t, "azurerm_private_dns_zone_virtual_network_link", label, link->name,
                        zone->group);
    mln_hcl_expression(
        &t->hcl, "private_dns_zone_name",
        mln_terraform_reference(t, "azurerm_private_dns_zone", t->dns[zone->index].label, "name"));
    mln_hcl_expression(&t->hcl, "virtual_network_id", mln_terraform_network_id(t, link->network));
    mln_hcl_bool(&t->hcl, "registration_enabled", false);
    mln_hcl_end(&t->hcl);
}

void mln_terraform_write_dns(struct mln_terraform *t)
{
    for (size_t i = 0; i < t->plan->dns.len; i++) {
        const struct mln_plan_dns *zone = t->plan->dns.data[i];
        mln_hcl_block(&t->hcl, "resource", "azurerm_private_dns_zone", t->dns[i].label);
        mln_terraform_provider(t, zone->group);
        mln_hcl_expression(&t->hcl, "name", mln_terraform_in_region(t, zone->name));
        mln_terraform_group(t, zone->group);
        mln_hcl_end(&t->hcl);
        for (size_t k = 0; k < zone->links.len; k++)
            write_link(t, zone, &zone->links.data[k]);
    }
}

/* ---- endpoints ---- */

static void write_addresses(struct mln_terraform *t, const struct mln_plan_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->addresses.len; i++) {
        const struct mln_plan_address *address = &endpoint->addresses.data[i];
        mln_hcl_block(&t->hcl, "ip_configuration", NULL, NULL);
        mln_hcl_text(&t->hcl, "name", address->name);
        mln_hcl_text(&t->hcl, "private_ip_address", address->address);
        mln_hcl_text(&t->hcl, "subresource_name", endpoint->endpoint->sub->group);
        mln_hcl_expression(&t->hcl, "member_name", mln_terraform_in_region(t, address->member));
        mln_hcl_end(&t->hcl);
    }
}

static void write_connection(struct mln_terraform *t, const struct mln_plan_endpoint *endpoint)
{
    mln_hcl_block(&t->hcl, "private_service_connection", NULL, NULL);
    mln_hcl_text(&t->hcl, "name", endpoint->name);
    mln_hcl_expression(&t->hcl, "private_connection_resource_id",
                       mln_terraform_resource_id(t, endpoint->endpoint->resource, endpoint->group));
    mln_hcl_list(&t->hcl, "subresource_names");
    mln_hcl_item_text(&t->hcl, endpoint->endpoint->sub->group);
    mln_hcl_end_list(&t->hcl);
    mln_hcl_bool(&t->hcl, "is_manual_connection", false);
    mln_hcl_end(&t->hcl);
}

static void write_zone_group(struct mln_terraform *t, const struct mln_plan_endpoint *endpoint)
{
    if (endpoint->dns.len == 0)
        return;
    mln_hcl_block(&t->hcl, "private_dns_zone_group", NULL, NULL);
    mln_hcl_text(&t->hcl, "name", "default");
    mln_hcl_list(&t->hcl, "private_dns_zone_ids");
    for (size_t i = 0; i < endpoint->dns.len; i++)
        mln_hcl_item_expression(
            &t->hcl, mln_terraform_reference(t, "azurerm_private_dns_zone",
                                             t->dns[endpoint->dns.data[i]->index].label, "id"));
    mln_hcl_end_list(&t->hcl);
    mln_hcl_end(&t->hcl);
}

void mln_terraform_write_endpoints(struct mln_terraform *t)
{
    for (size_t i = 0; i < t->plan->endpoints.len; i++) {
        const struct mln_plan_endpoint *endpoint = t->plan->endpoints.data[i];
        if (endpoint->by_service)
            continue;
        mln_terraform_begin(t, "azurerm_private_endpoint", t->endpoints[i].label, endpoint->name,
                            endpoint->group);
        mln_terraform_location(t, endpoint->region);
        mln_hcl_expression(&t->hcl, "subnet_id",
                           mln_terraform_subnet_id(t, endpoint->endpoint->zone));
        write_connection(t, endpoint);
        write_addresses(t, endpoint);
        write_zone_group(t, endpoint);
        mln_hcl_end(&t->hcl);
    }
}
