/* Network security groups and application security groups for Terraform. */
#include "azure/legal.h"
#include "emit/terraform_impl.h"

#include <assert.h>
#include <stdlib.h>

/* The names of one side's arguments. */
struct side_arguments {
    const char *port, *ports, *prefix, *prefixes, *groups;
};
static const struct side_arguments source_arguments = {
    .port = "source_port_range",
    .ports = "source_port_ranges",
    .prefix = "source_address_prefix",
    .prefixes = "source_address_prefixes",
    .groups = "source_application_security_group_ids",
};
static const struct side_arguments destination_arguments = {
    .port = "destination_port_range",
    .ports = "destination_port_ranges",
    .prefix = "destination_address_prefix",
    .prefixes = "destination_address_prefixes",
    .groups = "destination_application_security_group_ids",
};

/* ---- sides ---- */

static const char *port_text(struct mln_arena *arena, struct mln_port_range range)
{
    if (range.lo == range.hi)
        return mln_printf(arena, "%u", (unsigned)range.lo);
    return mln_printf(arena, "%u-%u", (unsigned)range.lo, (unsigned)range.hi);
}

static void write_ports(struct mln_terraform *t, const struct side_arguments *arguments,
                        const struct mln_portset *set)
{
    if (mln_portset_is_all(set)) {
        mln_hcl_text(&t->hcl, arguments->port, "*");
    } else if (set->len == 1) {
        mln_hcl_text(&t->hcl, arguments->port, port_text(t->arena, set->ranges[0]));
    } else {
        mln_hcl_list(&t->hcl, arguments->ports);
        for (size_t i = 0; i < set->len; i++)
            mln_hcl_item_text(&t->hcl, port_text(t->arena, set->ranges[i]));
        mln_hcl_end_list(&t->hcl);
    }
}

static void write_prefixes(struct mln_terraform *t, const struct side_arguments *arguments,
                           const struct mln_ipset *set)
{
    struct mln_prefix *list;
    char text[MLN_IP_TEXT];
    size_t count = mln_ipset_prefixes(t->arena, set, &list);
    assert(count > 0);
    if (count == 1) {
        mln_hcl_text(&t->hcl, arguments->prefix, mln_prefix_cidr(&list[0], text));
        return;
    }
    mln_hcl_list(&t->hcl, arguments->prefixes);
    for (size_t i = 0; i < count; i++)
        mln_hcl_item_text(&t->hcl, mln_prefix_cidr(&list[i], text));
    mln_hcl_end_list(&t->hcl);
}

static void write_side(struct mln_terraform *t, const struct side_arguments *arguments,
                       const struct mln_rule_side *side)
{
    switch (side->kind) {
    case MLN_SIDE_ANY:
        mln_hcl_text(&t->hcl, arguments->prefix, "*");
        break;
    case MLN_SIDE_TAG:
        mln_hcl_text(&t->hcl, arguments->prefix, side->tag->name);
        break;
    case MLN_SIDE_PREFIXES:
        write_prefixes(t, arguments, side->prefixes);
        break;
    case MLN_SIDE_ASG:
        mln_hcl_list(&t->hcl, arguments->groups);
        mln_hcl_item_expression(&t->hcl, mln_terraform_asg_id(t, side->asg));
        mln_hcl_end_list(&t->hcl);
        break;
    }
}

/* ---- rules ---- */

static void write_rule(struct mln_terraform *t, const struct mln_rule *rule)
{
    mln_hcl_block(&t->hcl, "security_rule", NULL, NULL);
    mln_hcl_text(&t->hcl, "name", rule->name);
    mln_hcl_text(&t->hcl, "description", rule->description);
    mln_hcl_number(&t->hcl, "priority", rule->priority);
    mln_hcl_text(&t->hcl, "direction", mln_azure_direction_name(rule->direction));
    mln_hcl_text(&t->hcl, "access", mln_azure_access_name(rule->action));
    mln_hcl_text(&t->hcl, "protocol", mln_azure_protocol_name(rule->proto));
    write_ports(t, &source_arguments, rule->sport);
    write_ports(t, &destination_arguments, rule->dport);
    write_side(t, &source_arguments, &rule->src);
    write_side(t, &destination_arguments, &rule->dst);
    mln_hcl_end(&t->hcl);
}

static int by_priority(const void *a, const void *b)
{
    const struct mln_rule *x = *(struct mln_rule *const *)a, *y = *(struct mln_rule *const *)b;
    return x->priority < y->priority ? -1 : x->priority > y->priority;
}

static void write_rules(struct mln_terraform *t, const struct mln_rule_vec *rules)
{
    struct mln_rule **sorted = MLN_NEW_ARRAY(t->arena, struct mln_rule *, rules->len);
    for (size_t i = 0; i < rules->len; i++)
        sorted[i] = rules->data[i];
    if (rules->len > 1)
        qsort(sorted, rules->len, sizeof *sorted, by_priority);
    for (size_t i = 0; i < rules->len; i++)
        write_rule(t, sorted[i]);
}

static void write_nsg(struct mln_terraform *t, const struct mln_table *table)
{
    const struct mln_nsg *nsg = table->nsg;
    mln_terraform_begin(t, "azurerm_network_security_group", t->nsgs[nsg->index].label, nsg->name,
                        mln_plan_group_of(nsg->zones.data[0]->network));
    mln_terraform_location(t, nsg->region);
    if (table->rules[MLN_INBOUND].len + table->rules[MLN_OUTBOUND].len == 0)
        mln_hcl_expression(&t->hcl, "security_rule", "[]");
    write_rules(t, &table->rules[MLN_INBOUND]);
    write_rules(t, &table->rules[MLN_OUTBOUND]);
    mln_hcl_end(&t->hcl);
}

void mln_terraform_write_nsgs(struct mln_terraform *t)
{
    for (size_t i = 0; i < t->tables->len; i++)
        write_nsg(t, t->tables->data[i]);
}

void mln_terraform_write_asgs(struct mln_terraform *t)
{
    for (size_t i = 0; i < t->model->asgs.len; i++) {
        const struct mln_asg *asg = t->model->asgs.data[i];
        mln_terraform_begin(t, "azurerm_application_security_group", t->asgs[i].label, asg->name,
                            mln_plan_group_of(asg->zone->network));
        mln_terraform_location(t, asg->zone->network->region);
        mln_hcl_end(&t->hcl);
    }
}
