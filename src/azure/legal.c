#include "azure/legal.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool mln_azure_name_ok(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > MLN_AZURE_NAME_MAX || !is_alnum(name[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_alnum(name[i]) && name[i] != '_' && name[i] != '.' && name[i] != '-')
            return false;
    return is_alnum(name[length - 1]) || name[length - 1] == '_';
}

/* ---- words ---- */

static const char *const protocol_names[MLN_PROTO_COUNT + 1] = {
    [MLN_PROTO_TCP] = "Tcp", [MLN_PROTO_UDP] = "Udp", [MLN_PROTO_ICMP] = "Icmp",
    [MLN_PROTO_ESP] = "Esp", [MLN_PROTO_AH] = "Ah",   [MLN_PROTO_COUNT] = "*",
};

const char *mln_azure_protocol_name(unsigned proto)
{
    assert(proto <= MLN_PROTO_COUNT);
    return protocol_names[proto];
}

bool mln_azure_protocol_parse(const char *text, unsigned *proto)
{
    for (*proto = 0; *proto <= MLN_PROTO_COUNT; ++*proto)
        if (protocol_names[*proto] && strcasecmp(text, protocol_names[*proto]) == 0)
            return true;
    return false;
}

const char *mln_azure_access_name(enum mln_action action)
{
    return action == MLN_ALLOW ? "Allow" : "Deny";
}

const char *mln_azure_direction_name(enum mln_direction direction)
{
    return direction == MLN_INBOUND ? "Inbound" : "Outbound";
}

bool mln_azure_access_parse(const char *text, enum mln_action *action)
{
    *action = strcasecmp(text, "Deny") == 0 ? MLN_DENY : MLN_ALLOW;
    return *action == MLN_DENY || strcasecmp(text, "Allow") == 0;
}

bool mln_azure_direction_parse(const char *text, enum mln_direction *direction)
{
    *direction = strcasecmp(text, "Outbound") == 0 ? MLN_OUTBOUND : MLN_INBOUND;
    return *direction == MLN_OUTBOUND || strcasecmp(text, "Inbound") == 0;
}

/* ---- tables ---- */

const struct mln_azure_default_rule mln_azure_default_rules[MLN_AZURE_DEFAULT_RULES] = {
    {"AllowVnetInBound", MLN_INBOUND, 65000, MLN_ALLOW, "VirtualNetwork", "VirtualNetwork"},
    {"AllowAzureLoadBalancerInBound", MLN_INBOUND, 65001, MLN_ALLOW, "AzureLoadBalancer", "*"},
    {"DenyAllInBound", MLN_INBOUND, 65500, MLN_DENY, "*", "*"},
    {"AllowVnetOutBound", MLN_OUTBOUND, 65000, MLN_ALLOW, "VirtualNetwork", "VirtualNetwork"},
    {"AllowInternetOutBound", MLN_OUTBOUND, 65001, MLN_ALLOW, "*", "Internet"},
    {"DenyAllOutBound", MLN_OUTBOUND, 65500, MLN_DENY, "*", "*"},
};

const char *const mln_azure_error_codes[MLN_AZURE_ERROR_COUNT] = {
    [MLN_AZURE_RULE_CONFLICT] = "SecurityRuleConflict",
    [MLN_AZURE_INVALID_PRIORITY] = "SecurityRuleInvalidPriority",
    [MLN_AZURE_INVALID_PORT] = "SecurityRuleInvalidPortRange",
    [MLN_AZURE_INVALID_PREFIX] = "SecurityRuleInvalidAddressPrefix",
    [MLN_AZURE_TAG_IN_LIST] = "SecurityRuleParameterContainsUnsupportedValue",
    [MLN_AZURE_OVERLAP] = "OverlappingSubnetsNotPermittedInSecurityRule",
    [MLN_AZURE_FAMILIES] = "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
    [MLN_AZURE_DESCRIPTION_TOO_LONG] = "SecurityRuleDescriptionTooLong",
    [MLN_AZURE_PARAMETERS_MISSING] = "SecurityRuleParametersMissing",
    [MLN_AZURE_TOO_MANY_ASGS] =
        "NumberOfApplicationSecurityGroupsReferencedInSecurityRuleLimitReached",
    [MLN_AZURE_ASGS_OF_NETWORKS] = "AllApplicationSecurityGroupsInSecurityRuleMustBeFromSameVnet",
    [MLN_AZURE_TOO_MANY_RULES] = "SecurityRuleCountLimitReached",
    [MLN_AZURE_TOO_MANY_ADDRESSES] = "SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached",
    [MLN_AZURE_INVALID_NAME] = "InvalidResourceName",
    [MLN_AZURE_NSG_ON_GATEWAY_SUBNET] = "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet",
    [MLN_AZURE_BASTION_RULES] = "NetworkSecurityGroupNotCompliantForAzureBastionSubnet",
    [MLN_AZURE_APP_GATEWAY_RULES] =
        "ApplicationGatewaySubnetInboundTrafficBlockedByNetworkSecurityGroup",
};

/* A size is required only where every tier of the service needs it: a VPN gateway of the Basic tier
 * lives in a /29, though /27 is what Microsoft advises; route servers of before 2025 live in a /27.
 */
static const struct mln_azure_subnet_rule subnet_rules[] = {
    {"bastion", "AzureBastionSubnet", 26, true, "azure-docs bastion/configuration-settings.md"},
    {"gateway", "GatewaySubnet", 29, false, "azure-docs vpn-gateway-about-vpn-gateway-settings.md"},
    {"firewall", "AzureFirewallSubnet", 26, false, "azure-docs firewall/firewall-faq.yml"},
    {"route-server", "RouteServerSubnet", 27, false, "azure-docs route-server/route-server-faq.md"},
};

const struct mln_azure_subnet_rule *mln_azure_subnet_rule(const char *role)
{
    for (size_t i = 0; i < sizeof subnet_rules / sizeof *subnet_rules; i++)
        if (strcmp(role, subnet_rules[i].role) == 0)
            return &subnet_rules[i];
    return NULL;
}

/* ---- address blocks ---- */

static const struct mln_ipset *set_of(struct mln_arena *arena, enum mln_family family,
                                      const char *const *texts, size_t count)
{
    struct mln_prefix *prefixes = MLN_NEW_ARRAY(arena, struct mln_prefix, count);
    for (size_t i = 0; i < count; i++) {
        enum mln_prefix_error error = mln_prefix_parse(texts[i], strlen(texts[i]), &prefixes[i]);
        assert(error == MLN_PREFIX_OK);
        (void)error;
    }
    return mln_ipset_from_prefixes(arena, family, prefixes, count);
}

const struct mln_ipset *mln_azure_private_space(struct mln_arena *arena, enum mln_family family)
{
    static const char *const blocks[] = {
        "0.0.0.0/8",     "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4",   "240.0.0.0/4", "::/128",
        "::1/128",       "fc00::/7",       "fe80::/10",     "ff00::/8",
    };
    return set_of(arena, family, blocks, sizeof blocks / sizeof *blocks);
}
