/* The rest of Terraform's files: settings, providers, data sources, variables. */
#include "base/map.h"
#include "emit/terraform_impl.h"

/* ---- main.tf, before the resources ---- */

static void write_settings(struct mln_terraform *t)
{
    mln_hcl_block(&t->hcl, "terraform", NULL, NULL);
    mln_hcl_text(&t->hcl, "required_version", ">= 1.3");
    mln_hcl_block(&t->hcl, "required_providers", NULL, NULL);
    mln_hcl_map(&t->hcl, "azurerm");
    mln_hcl_text(&t->hcl, "source", "hashicorp/azurerm");
    mln_hcl_text(&t->hcl, "version", "~> 4.0");
    mln_hcl_end(&t->hcl);
    mln_hcl_end(&t->hcl);
    mln_hcl_end(&t->hcl);
}

static void write_providers(struct mln_terraform *t)
{
    mln_hcl_block(&t->hcl, "provider", "azurerm", NULL);
    mln_hcl_expression(&t->hcl, "subscription_id", "var.subscription_id");
    mln_hcl_empty_block(&t->hcl, "features", NULL, NULL);
    mln_hcl_end(&t->hcl);
    for (size_t i = 0; i < t->subscriptions.len; i++) {
        mln_hcl_block(&t->hcl, "provider", "azurerm", NULL);
        mln_hcl_text(&t->hcl, "alias", mln_map_get(t->aliases, t->subscriptions.data[i]));
        mln_hcl_text(&t->hcl, "subscription_id", t->subscriptions.data[i]);
        mln_hcl_empty_block(&t->hcl, "features", NULL, NULL);
        mln_hcl_end(&t->hcl);
    }
}

/* The group of what exists is said as it is; it is nobody's choice. */
static void write_existing_group(struct mln_terraform *t, const struct mln_network *network)
{
    if (network->resource_group)
        mln_hcl_text(&t->hcl, "resource_group_name", network->resource_group);
    else
        mln_terraform_group(t, mln_plan_group_of(network));
}

static void write_data_network(struct mln_terraform *t, const struct mln_network *network)
{
    mln_hcl_block(&t->hcl, "data", "azurerm_virtual_network", t->networks[network->index].label);
    mln_terraform_provider(t, mln_plan_group_of(network));
    mln_hcl_text(&t->hcl, "name", network->name);
    write_existing_group(t, network);
    mln_hcl_end(&t->hcl);
}

static void write_data_subnet(struct mln_terraform *t, const struct mln_zone *zone)
{
    mln_hcl_block(&t->hcl, "data", "azurerm_subnet", t->zones[zone->index].label);
    mln_terraform_provider(t, mln_plan_group_of(zone->network));
    mln_hcl_text(&t->hcl, "name", zone->subnet);
    mln_hcl_text(&t->hcl, "virtual_network_name", zone->network->name);
    write_existing_group(t, zone->network);
    mln_hcl_end(&t->hcl);
}

static void write_data(struct mln_terraform *t)
{
    if (t->client)
        mln_hcl_empty_block(&t->hcl, "data", "azurerm_client_config", "current");
    for (size_t i = 0; i < t->model->networks.len; i++)
        if (t->networks[i].used)
            write_data_network(t, t->model->networks.data[i]);
    for (size_t i = 0; i < t->model->zones.len; i++)
        if (t->zones[i].used)
            write_data_subnet(t, t->model->zones.data[i]);
}

void mln_terraform_write_head(struct mln_terraform *t, struct mln_buf *out)
{
    struct mln_buf data;
    mln_buf_init(&data, t->arena);
    mln_hcl_init(&t->hcl, &data); /* first: a data source may need a provider */
    write_data(t);
    mln_buf_add(out, "# Written by mlnsgc. What is changed here is lost with the next compile;\n"
                     "# change the policy instead.\n\n");
    mln_hcl_init(&t->hcl, out);
    write_settings(t);
    write_providers(t);
    if (data.len) {
        mln_buf_char(out, '\n');
        mln_buf_add_n(out, data.data, data.len);
    }
}

/* ---- main.tf, behind the resources ---- */

static void write_prerequisite(struct mln_terraform *t, const struct mln_resource *resource,
                               const char *text)
{
    const char *whole =
        mln_printf(t->arena, "%s (%s): %s", resource->name, resource->kind->name, text);
    mln_hcl_item_expression(&t->hcl, mln_terraform_in_region(t, whole));
}

/* What the service wants to be given for an endpoint that it makes itself. */
static void write_own_endpoint(struct mln_terraform *t, const struct mln_plan_endpoint *endpoint)
{
    const struct mln_resource *resource = endpoint->endpoint->resource;
    write_prerequisite(
        t, resource,
        mln_printf(t->arena,
                   "The service makes its endpoint '%s' itself: create it in the subnet '%s'",
                   endpoint->endpoint->sub->name, endpoint->subnet->name));
    for (size_t i = 0; i < endpoint->dns.len; i++)
        write_prerequisite(
            t, resource,
            mln_printf(t->arena, "Create it with the private DNS zone %s of this configuration",
                       endpoint->dns.data[i]->name));
}

static bool has_prerequisites(const struct mln_terraform *t)
{
    for (size_t i = 0; i < t->model->resources.len; i++)
        if (t->model->resources.data[i]->kind->prerequisites.len)
            return true;
    for (size_t i = 0; i < t->plan->endpoints.len; i++)
        if (t->plan->endpoints.data[i]->by_service)
            return true;
    return false;
}

void mln_terraform_write_outputs(struct mln_terraform *t)
{
    if (!has_prerequisites(t))
        return;
    mln_hcl_block(&t->hcl, "output", "prerequisites", NULL);
    mln_hcl_text(&t->hcl, "description", "What has to be outside of the network.");
    mln_hcl_list(&t->hcl, "value");
    for (size_t i = 0; i < t->model->resources.len; i++) {
        const struct mln_resource *resource = t->model->resources.data[i];
        for (size_t k = 0; k < resource->kind->prerequisites.len; k++)
            write_prerequisite(t, resource, resource->kind->prerequisites.data[k]);
    }
    for (size_t i = 0; i < t->plan->endpoints.len; i++)
        if (t->plan->endpoints.data[i]->by_service)
            write_own_endpoint(t, t->plan->endpoints.data[i]);
    mln_hcl_end_list(&t->hcl);
    mln_hcl_end(&t->hcl);
}

/* ---- variables.tf ---- */

static void begin_variable(struct mln_terraform *t, const char *name, const char *description)
{
    mln_hcl_block(&t->hcl, "variable", name, NULL);
    mln_hcl_expression(&t->hcl, "type", "string");
    mln_hcl_text(&t->hcl, "description", description);
}

static void write_location(struct mln_terraform *t)
{
    begin_variable(t, "location",
                   "Azure region of what the policy gives no region, as in \"westeurope\".");
    mln_hcl_block(&t->hcl, "validation", NULL, NULL);
    mln_hcl_expression(&t->hcl, "condition", "can(regex(\"^[a-z0-9]+$\", var.location))");
    mln_hcl_text(&t->hcl, "error_message",
                 "Write the region in lower case and without blanks, as in \"westeurope\".");
    mln_hcl_end(&t->hcl);
    mln_hcl_end(&t->hcl);
}

static void write_gateways(struct mln_terraform *t)
{
    mln_hcl_block(&t->hcl, "variable", "remote_gateways_exist", NULL);
    mln_hcl_expression(&t->hcl, "type", "bool");
    mln_hcl_text(
        &t->hcl, "description",
        "The gateways that peered networks use are there. Azure refuses to use one that is "
        "not: say false until they are made, then apply again.");
    mln_hcl_bool(&t->hcl, "default", true);
    mln_hcl_end(&t->hcl);
}

static void write_group(struct mln_terraform *t, size_t index)
{
    const char *name = t->plan->groups.data[index].name;
    begin_variable(t, t->groups[index].label,
                   name ? mln_printf(t->arena, "Name of the resource group %s of the policy.", name)
                        : "Name of the resource group, which exists.");
    mln_hcl_text(&t->hcl, "default", name);
    mln_hcl_end(&t->hcl);
}

static void write_resource(struct mln_terraform *t, const struct mln_resource *resource)
{
    begin_variable(t, t->resources[resource->index].label,
                   mln_printf(t->arena, "Resource id of %s (%s, %s).", resource->name,
                              resource->kind->name, resource->kind->type));
    mln_hcl_end(&t->hcl);
}

void mln_terraform_write_variables(struct mln_terraform *t, struct mln_buf *out)
{
    mln_hcl_init(&t->hcl, out);
    begin_variable(t, "subscription_id",
                   "Subscription to deploy to; by default that of ARM_SUBSCRIPTION_ID.");
    mln_hcl_expression(&t->hcl, "default", "null");
    mln_hcl_end(&t->hcl);
    for (size_t i = 0; i < t->plan->groups.len; i++)
        if (t->groups[i].used)
            write_group(t, i);
    if (t->location)
        write_location(t);
    if (t->gateways)
        write_gateways(t);
    for (size_t i = 0; i < t->model->resources.len; i++)
        if (t->resources[i].used)
            write_resource(t, t->model->resources.data[i]);
}
