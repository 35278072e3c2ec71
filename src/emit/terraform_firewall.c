/* Firewalls of PaaS resources for Terraform, as far as the provider has resources of their own for
 * them: the others are arguments of the resource itself, which belongs to somebody else's
 * configuration; a comment says so. The lists are those of emit/firewall.h.
 *
 * Arguments: azurerm 4.55; azurerm_storage_account_network_rules must not be used beside a
 * `network_rules` block of the account. */
#include "emit/firewall.h"
#include "emit/terraform_impl.h"

#include <string.h>

/* Services with a child resource for each range. */
struct range_rules {
    const char *type; /* of the resource */
    const char *rule; /* of a range */
    const char *id;   /* the argument that holds the resource's id; NULL: its name and group */
    const char *subnet_rule; /* of a subnet; NULL: none */
};
static const struct range_rules range_rules[] = {
    {"Microsoft.Sql/servers", "azurerm_mssql_firewall_rule", "server_id",
     "azurerm_mssql_virtual_network_rule"},
    {"Microsoft.DBforPostgreSQL/flexibleServers",
     "azurerm_postgresql_flexible_server_firewall_rule", "server_id", NULL},
    {"Microsoft.DBforMySQL/flexibleServers", "azurerm_mysql_flexible_server_firewall_rule", NULL,
     NULL},
    {"Microsoft.Synapse/workspaces", "azurerm_synapse_firewall_rule", "synapse_workspace_id", NULL},
};

static const struct range_rules *find_rules(const struct mln_kind *kind)
{
    for (size_t i = 0; i < sizeof range_rules / sizeof *range_rules; i++)
        if (strcmp(range_rules[i].type, kind->type) == 0)
            return &range_rules[i];
    return NULL;
}

/* Where a resource lies whose group the policy does not say. */
static struct mln_plan_group here(const struct mln_resource *resource)
{
    if (resource->endpoints.len)
        return mln_plan_group_of(resource->endpoints.data[0]->zone->network);
    return (struct mln_plan_group){NULL, NULL};
}

/* ---- storage accounts ---- */

static void write_storage(struct mln_terraform *t, const struct mln_firewall *firewall)
{
    const struct mln_resource *resource = firewall->resource;
    struct mln_firewall_entry_vec entries = {0};
    mln_firewall_entries(t->arena, firewall, &entries);
    mln_hcl_block(&t->hcl, "resource", "azurerm_storage_account_network_rules",
                  mln_terraform_label(t, "azurerm_storage_account_network_rules", resource->name));
    mln_hcl_expression(&t->hcl, "storage_account_id",
                       mln_terraform_resource_id(t, resource, here(resource)));
    mln_hcl_text(&t->hcl, "default_action", "Deny");
    mln_hcl_list(&t->hcl, "bypass");
    mln_hcl_item_text(&t->hcl, "AzureServices");
    mln_hcl_end_list(&t->hcl);
    mln_hcl_list(&t->hcl, "ip_rules");
    for (size_t i = 0; i < entries.len; i++)
        mln_hcl_item_text(&t->hcl, entries.data[i].text);
    mln_hcl_end_list(&t->hcl);
    mln_hcl_list(&t->hcl, "virtual_network_subnet_ids");
    for (size_t i = 0; i < firewall->zones.len; i++)
        mln_hcl_item_expression(&t->hcl, mln_terraform_subnet_id(t, firewall->zones.data[i]));
    mln_hcl_end_list(&t->hcl);
    mln_hcl_end(&t->hcl);
}

/* ---- a resource a range ---- */

/* mln_firewall_spell wants a value for the subnet; the expression goes through it as a text. */
static struct mln_tree *subnet_expression(void *context, const struct mln_zone *zone)
{
    struct mln_terraform *t = context;
    return mln_tree_string(t->arena, mln_terraform_subnet_id(t, zone));
}

static void write_owner(struct mln_terraform *t, const struct range_rules *rules,
                        const struct mln_resource *resource)
{
    const char *id = mln_terraform_resource_id(t, resource, here(resource));
    if (rules->id) {
        mln_hcl_expression(&t->hcl, rules->id, id);
        return;
    }
    /* "/subscriptions/S/resourceGroups/GROUP/providers/P/T/NAME" */
    mln_hcl_expression(&t->hcl, "resource_group_name",
                       mln_printf(t->arena, "element(split(\"/\", %s), 4)", id));
    mln_hcl_expression(&t->hcl, "server_name",
                       mln_printf(t->arena, "element(split(\"/\", %s), 8)", id));
}

/* "NAME" = [...], of the parts of one type. */
static void write_map(struct mln_terraform *t, const struct mln_firewall_part_vec *parts,
                      bool subnets)
{
    mln_hcl_map(&t->hcl, "for_each");
    for (size_t i = 0; i < parts->len; i++) {
        const struct mln_tree *from = mln_tree_get(parts->data[i].properties, "startIpAddress");
        const struct mln_tree *to = mln_tree_get(parts->data[i].properties, "endIpAddress");
        const struct mln_tree *subnet =
            mln_tree_get(parts->data[i].properties, "virtualNetworkSubnetId");
        if (subnet && subnets)
            mln_hcl_expression(&t->hcl, parts->data[i].child, subnet->text);
        if (subnet || subnets)
            continue;
        mln_hcl_expression(&t->hcl, parts->data[i].child,
                           mln_printf(t->arena, "[\"%s\", \"%s\"]", from->text, to->text));
    }
    mln_hcl_end(&t->hcl);
}

static void write_rules(struct mln_terraform *t, const struct range_rules *rules,
                        const struct mln_resource *resource,
                        const struct mln_firewall_part_vec *parts)
{
    mln_hcl_block(&t->hcl, "resource", rules->rule,
                  mln_terraform_label(t, rules->rule, resource->name));
    write_map(t, parts, false);
    mln_hcl_expression(&t->hcl, "name", "each.key");
    write_owner(t, rules, resource);
    mln_hcl_expression(&t->hcl, "start_ip_address", "each.value[0]");
    mln_hcl_expression(&t->hcl, "end_ip_address", "each.value[1]");
    mln_hcl_end(&t->hcl);
}

static void write_subnet_rules(struct mln_terraform *t, const struct range_rules *rules,
                               const struct mln_resource *resource,
                               const struct mln_firewall_part_vec *parts)
{
    mln_hcl_block(&t->hcl, "resource", rules->subnet_rule,
                  mln_terraform_label(t, rules->subnet_rule, resource->name));
    write_map(t, parts, true);
    mln_hcl_expression(&t->hcl, "name", "each.key");
    write_owner(t, rules, resource);
    mln_hcl_expression(&t->hcl, "subnet_id", "each.value");
    mln_hcl_end(&t->hcl);
}

static void write_ranges(struct mln_terraform *t, const struct range_rules *rules,
                         const struct mln_firewall *firewall)
{
    struct mln_firewall_part_vec parts = {0};
    mln_firewall_spell(t->arena, firewall, subnet_expression, t, &parts);
    size_t subnets = rules->subnet_rule ? firewall->zones.len : 0;
    if (parts.len > subnets)
        write_rules(t, rules, firewall->resource, &parts);
    if (subnets)
        write_subnet_rules(t, rules, firewall->resource, &parts);
}

/* ---- all ---- */

static void write_firewall(struct mln_terraform *t, const struct mln_firewall *firewall)
{
    const struct mln_resource *resource = firewall->resource;
    const struct range_rules *rules = find_rules(resource->kind);
    if (strcmp(resource->kind->type, "Microsoft.Storage/storageAccounts") == 0)
        write_storage(t, firewall);
    else if (rules)
        write_ranges(t, rules, firewall);
    else
        mln_hcl_comment(&t->hcl, mln_printf(t->arena,
                                            "The firewall of %s (%s) is no resource of its own: "
                                            "see --emit=allowlist for what it is to let in.",
                                            resource->name, resource->kind->name));
}

void mln_terraform_write_firewalls(struct mln_terraform *t)
{
    for (size_t i = 0; i < t->model->resources.len; i++) {
        const struct mln_firewall *firewall = t->model->resources.data[i]->firewall;
        if (firewall && firewall->known && !firewall->failed && mln_firewall_has_list(firewall))
            write_firewall(t, firewall);
    }
}
