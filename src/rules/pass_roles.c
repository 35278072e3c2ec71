/* What Azure insists on for the subnet of a role: rules that must be there, written out.
 *
 * Azure Bastion: the eight rules of bastion-nsg.md; the default rules do not count (azure-docs#80806), and AzureCloud
 * is not accepted by region. The first may name addresses instead of Internet. Application Gateway:
 * configuration-infrastructure.md, azure-docs#58458, aks-baseline#284; a subnet delegated to
 * Microsoft.Network/applicationGateways has network isolation and needs the probes only. AKS: traffic between nodes must
 * pass (outbound-rules-control-egress.md); there the default rules do count. Compute of Azure Machine Learning: what every
 * variant of the documentation asks for, with and without public addresses and protected against exfiltration
 * (azure-ai-docs, how-to-access-azureml-behind-firewall.md, how-to-prevent-data-loss-exfiltration.md): the service, Batch
 * and storage; a region's tag will do, or anything that holds it.
 *
 * Nothing is added: what is missing is an error that names the library's template. */
#include "azure/legal.h"
#include "rules/passes.h"

#include <string.h>

struct need {
    enum mln_role role;
    enum mln_direction direction;
    const char *far;   /* a tag; "clients": any source at all; "nodes": the zone itself */
    unsigned proto;    /* MLN_PROTO_ANY is satisfied by `any` only */
    struct mln_port_range ports[2];
    size_t port_count; /* 0: all */
    bool isolated_too; /* needed with network isolation as well */
    bool default_counts;
    bool wider; /* the tag's own region, or Internet, will do as well */
    const char *text;
};

#define TCP MLN_PROTO_TCP
#define ANY MLN_PROTO_ANY

static const struct need needs[] = {
    {MLN_ROLE_BASTION, MLN_INBOUND, "clients", TCP, {{443, 443}}, 1, true, false, false, "tcp 443 from the clients"},
    {MLN_ROLE_BASTION, MLN_INBOUND, "GatewayManager", TCP, {{443, 443}}, 1, true, false, false,
     "tcp 443 from GatewayManager"},
    {MLN_ROLE_BASTION, MLN_INBOUND, "AzureLoadBalancer", TCP, {{443, 443}}, 1, true, false, false,
     "tcp 443 from AzureLoadBalancer"},
    {MLN_ROLE_BASTION, MLN_INBOUND, "VirtualNetwork", ANY, {{5701, 5701}, {8080, 8080}}, 2, true, false, false,
     "any 8080, 5701 from VirtualNetwork"},
    {MLN_ROLE_BASTION, MLN_OUTBOUND, "VirtualNetwork", ANY, {{22, 22}, {3389, 3389}}, 2, true, false, false,
     "any 22, 3389 to VirtualNetwork"},
    {MLN_ROLE_BASTION, MLN_OUTBOUND, "AzureCloud", TCP, {{443, 443}}, 1, true, false, false, "tcp 443 to AzureCloud"},
    {MLN_ROLE_BASTION, MLN_OUTBOUND, "VirtualNetwork", ANY, {{5701, 5701}, {8080, 8080}}, 2, true, false, false,
     "any 8080, 5701 to VirtualNetwork"},
    {MLN_ROLE_BASTION, MLN_OUTBOUND, "Internet", ANY, {{80, 80}}, 1, true, false, false, "any 80 to Internet"},
    {MLN_ROLE_APP_GATEWAY, MLN_INBOUND, "GatewayManager", TCP, {{65503, 65534}}, 1, false, false, false,
     "tcp 65200-65535 from GatewayManager"},
    {MLN_ROLE_APP_GATEWAY, MLN_INBOUND, "AzureLoadBalancer", ANY, {{0, 0}}, 0, true, true, false,
     "any from AzureLoadBalancer"},
    {MLN_ROLE_APP_GATEWAY, MLN_OUTBOUND, "Internet", ANY, {{0, 0}}, 0, false, true, false, "any to Internet"},
    {MLN_ROLE_AKS, MLN_INBOUND, "nodes", ANY, {{0, 0}}, 0, true, true, false, "any within the zone"},
    {MLN_ROLE_AKS, MLN_OUTBOUND, "nodes", ANY, {{0, 0}}, 0, true, true, false, "any within the zone"},
    {MLN_ROLE_ML_COMPUTE, MLN_OUTBOUND, "AzureMachineLearning", TCP, {{443, 443}}, 1, true, true, true,
     "tcp 443 to AzureMachineLearning"},
    {MLN_ROLE_ML_COMPUTE, MLN_OUTBOUND, "BatchNodeManagement", TCP, {{443, 443}}, 1, true, true, true,
     "tcp 443 to BatchNodeManagement of the region"},
    {MLN_ROLE_ML_COMPUTE, MLN_OUTBOUND, "Storage", TCP, {{443, 443}}, 1, true, true, true,
     "tcp 443 to Storage of the region"},
};

static const struct {
    enum mln_role role;
    const char *template_name;
    enum mln_azure_error error;
} remedies[] = {
    {MLN_ROLE_BASTION, "azure/bastion: bastion-host", MLN_AZURE_BASTION_RULES},
    {MLN_ROLE_APP_GATEWAY, "azure/application-gateway: application-gateway", MLN_AZURE_APP_GATEWAY_RULES},
    {MLN_ROLE_AKS, "azure/aks: aks-nodes", MLN_AZURE_ERROR_COUNT},
    {MLN_ROLE_ML_COMPUTE, "azure/machine-learning: compute-cluster or compute-exfiltration-protected",
     MLN_AZURE_ERROR_COUNT},
};

/* Every address of the zone, in the families that `rule` speaks of. */
static bool holds_zone(const struct mln_rule_side *side, const struct mln_zone *zone)
{
    if (side->kind == MLN_SIDE_ANY)
        return true;
    if (side->kind == MLN_SIDE_TAG)
        return side->tag->kind == MLN_TAG_VIRTUAL_NETWORK;
    if (side->kind != MLN_SIDE_PREFIXES)
        return false;
    /* Pods are not of the subnet: only its own prefixes count. */
    for (size_t i = 0; i < zone->prefixes.len; i++) {
        const struct mln_prefix *p = &zone->prefixes.data[i];
        struct mln_range range = {p->ip, mln_prefix_last(p)};
        const struct mln_ipset one = {p->family, 1, &range};
        if (p->family == side->prefixes->family && !mln_ipset_covers(side->prefixes, &one))
            return false;
    }
    return true;
}

/* A tag that is written out as its prefixes stays beside them. */
static bool holds_tag(const struct need *need, const struct mln_rule_side *side, const struct mln_zone *zone)
{
    const struct mln_tag *tag = side->tag;
    if (!tag || side->kind == MLN_SIDE_ASG)
        return false;
    if (strcmp(tag->name, need->far) == 0 && side->kind == MLN_SIDE_TAG)
        return true;
    if (!need->wider)
        return false;
    return strcmp(tag->parent ? tag->parent->name : tag->name, need->far) == 0 || tag->kind == MLN_TAG_INTERNET ||
           (tag->kind == MLN_TAG_VIRTUAL_NETWORK &&
            mln_ipset_covers(zone->virtual_network[MLN_IPV4], zone->internet[MLN_IPV4]));
}

static bool far_holds(const struct need *need, const struct mln_rule_side *side, const struct mln_zone *zone)
{
    if (strcmp(need->far, "clients") == 0)
        return side->kind != MLN_SIDE_TAG || side->tag->kind == MLN_TAG_INTERNET;
    if (strcmp(need->far, "nodes") == 0)
        return holds_zone(side, zone);
    return side->kind == MLN_SIDE_ANY || holds_tag(need, side, zone);
}

static bool ports_hold(const struct need *need, const struct mln_portset *ports)
{
    for (size_t i = 0; i < need->port_count; i++)
        for (unsigned port = need->ports[i].lo; port <= need->ports[i].hi; port++)
            if (!mln_portset_contains(ports, port))
                return false;
    return need->port_count > 0 || mln_portset_is_all(ports);
}

static bool satisfies(const struct mln_rule *rule, const struct need *need, const struct mln_zone *zone)
{
    bool in = need->direction == MLN_INBOUND;
    return rule->action == MLN_ALLOW && (rule->proto == MLN_PROTO_ANY || rule->proto == need->proto) &&
           mln_portset_is_all(rule->sport) && ports_hold(need, rule->dport) &&
           holds_zone(in ? &rule->dst : &rule->src, zone) &&
           far_holds(need, in ? &rule->src : &rule->dst, zone);
}

static bool is_there(const struct mln_table *table, const struct need *need, const struct mln_zone *zone)
{
    if (need->default_counts && zone->defaults[need->direction] != MLN_DEFAULT_DENY)
        return true;
    const struct mln_rule_vec *rules = &table->rules[need->direction];
    for (size_t i = 0; i < rules->len; i++)
        if (satisfies(rules->data[i], need, zone))
            return true;
    return false;
}

static bool is_isolated(const struct mln_zone *zone)
{
    return zone->delegation && strcmp(zone->delegation, "Microsoft.Network/applicationGateways") == 0;
}

/* One report a zone, with every rule that is missing. */
static void check_zone(struct mln_ctx *ctx, const struct mln_table *table, const struct mln_zone *zone,
                       size_t remedy)
{
    struct mln_diag *diag = NULL;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const struct need *need = &needs[i];
        if (need->role != zone->role || (is_isolated(zone) && !need->isolated_too) ||
            is_there(table, need, zone))
            continue;
        enum mln_azure_error error = remedies[remedy].error;
        if (!diag)
            diag = mln_report(ctx->diags, MLN_D_ROLE_RULES, zone->role_span,
                              "NSG '%s' lacks rules that a subnet of role %s needs%s%s%s", table->nsg->name,
                              mln_role_names[zone->role], error < MLN_AZURE_ERROR_COUNT ? " (" : "",
                              error < MLN_AZURE_ERROR_COUNT ? mln_azure_error_codes[error] : "",
                              error < MLN_AZURE_ERROR_COUNT ? ")" : "");
        mln_diag_note(diag, "missing %s: allow %s",
                      need->direction == MLN_INBOUND ? "inbound" : "outbound", need->text);
    }
    if (diag)
        mln_diag_help(diag, "apply the template of %s", remedies[remedy].template_name);
}

void mln_pass_roles(struct mln_ctx *ctx, const struct mln_table *table)
{
    for (size_t i = 0; i < table->nsg->zones.len && !table->incomplete; i++)
        for (size_t r = 0; r < sizeof remedies / sizeof *remedies; r++)
            if (table->nsg->zones.data[i]->role == remedies[r].role)
                check_zone(ctx, table, table->nsg->zones.data[i], r);
}
