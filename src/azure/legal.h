/* What Azure accepts in a network security group, as data: limits, names, words, default rules,
 * error codes, subnets with a fixed purpose, address blocks with a fixed meaning.
 *
 * Sources in short: LIMITS azure-docs includes/azure-virtual-network-limits.md; NSG azure-docs
 * network-security-groups-overview.md; API Microsoft.Network 2025-09-01 type definitions; and
 * public issues that quote the service, named as repository#number. */
#ifndef MLN_AZURE_LEGAL_H
#define MLN_AZURE_LEGAL_H

#include "net/flow.h"
#include "net/ipset.h"
#include "net/port.h"

enum {
    MLN_AZURE_RULES_MAX = 1000,     /* custom rules of one NSG, both directions [LIMITS] */
    MLN_AZURE_ADDRESSES_MAX = 4000, /* of one side, summed over the rules of an NSG; ports likewise
                                       [LIMITS; cloud-provider-azure#2725] */
    MLN_AZURE_RULE_ASGS_MAX = 10,   /* on one side of a rule [LIMITS] */
    MLN_AZURE_NSG_ASGS_MAX = 100,   /* in all rules of an NSG [LIMITS] */
    MLN_AZURE_PRIORITY_MIN = 100,   /* [NSG] */
    MLN_AZURE_PRIORITY_MAX = 4096,
    MLN_AZURE_DESCRIPTION_MAX = 140, /* characters [API] */
    MLN_AZURE_NAME_MAX = 80,         /* [API; terraform-provider-azurerm#21093] */
    MLN_AZURE_ENDPOINT_PRODUCT_MAX =
        250000, /* sources x destinations x ports of a rule at a private
                   endpoint [azure-docs private-endpoint-overview.md] */
};

/* Of an NSG, a rule, an ASG or a subnet: ^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,78}[a-zA-Z0-9_])?$ [API].
 * Names are compared without regard to case. */
bool mln_azure_name_ok(const char *name);

/* "Tcp", "Udp", "Icmp", "Esp", "Ah"; "*" for MLN_PROTO_COUNT (any). NULL for MLN_PROTO_OTHER, which
 * no rule can name [API]. */
const char *mln_azure_protocol_name(unsigned proto);
/* The reverse, in any case. false when Azure knows no such word; *proto is MLN_PROTO_COUNT for "*".
 */
bool mln_azure_protocol_parse(const char *text, unsigned *proto);
const char *mln_azure_access_name(enum mln_action action);              /* "Allow" "Deny" */
const char *mln_azure_direction_name(enum mln_direction direction);     /* "Inbound" "Outbound" */
bool mln_azure_access_parse(const char *text, enum mln_action *action); /* in any case */
bool mln_azure_direction_parse(const char *text, enum mln_direction *direction);

/* The rules every NSG ends with; they cannot be removed. Any protocol, any port.
 * [azure-rest-api-specs NetworkSecurityGroupGet.json 2023-09-01] */
struct mln_azure_default_rule {
    const char *name;
    enum mln_direction direction;
    unsigned priority;
    enum mln_action action;
    const char *src, *dst; /* "*" or a virtual tag */
};
#define MLN_AZURE_DEFAULT_RULES 6
extern const struct mln_azure_default_rule mln_azure_default_rules[MLN_AZURE_DEFAULT_RULES];

/* What the service answers to a rule or NSG it refuses. */
enum mln_azure_error {
    MLN_AZURE_RULE_CONFLICT,    /* two rules of one direction and priority [aks-engine#2106] */
    MLN_AZURE_INVALID_PRIORITY, /* [recorded: azure-xplat-cli] */
    MLN_AZURE_INVALID_PORT,     /* [recorded: azure-xplat-cli; terraform-provider-azurerm#659] */
    MLN_AZURE_INVALID_PREFIX,   /* [recorded: azure-xplat-cli; ernest#473] */
    MLN_AZURE_TAG_IN_LIST, /* a tag or '*' in the plural field [terraform-provider-azurerm#5617] */
    MLN_AZURE_OVERLAP,     /* [cloud-provider-azure#6775] */
    MLN_AZURE_FAMILIES,    /* IPv4 and IPv6 in one rule [terraform-provider-azurerm#12534] */
    MLN_AZURE_DESCRIPTION_TOO_LONG,  /* [recorded: azure-xplat-cli] */
    MLN_AZURE_PARAMETERS_MISSING,    /* a side without anything [sap-hana#135] */
    MLN_AZURE_TOO_MANY_ASGS,         /* [terraform-provider-azurerm#1346] */
    MLN_AZURE_ASGS_OF_NETWORKS,      /* ASGs of several networks [azure-sdk-for-java#34158] */
    MLN_AZURE_TOO_MANY_RULES,        /* [azure-rest-api-specs#3003] */
    MLN_AZURE_TOO_MANY_ADDRESSES,    /* [cloud-provider-azure#2725] */
    MLN_AZURE_INVALID_NAME,          /* [terraform-provider-azurerm#21093] */
    MLN_AZURE_NSG_ON_GATEWAY_SUBNET, /* [terraform-azurerm-virtual-network#18] */
    MLN_AZURE_BASTION_RULES,         /* [azure-quickstart-templates#8655] */
    MLN_AZURE_APP_GATEWAY_RULES,     /* [aks-baseline#284] */
    MLN_AZURE_ERROR_COUNT
};
extern const char
    *const mln_azure_error_codes[MLN_AZURE_ERROR_COUNT]; /* "SecurityRuleConflict" ... */

/* What Azure fixes about the subnet of a zone with this role ("bastion", "gateway", ...). */
struct mln_azure_subnet_rule {
    const char *role;
    const char *subnet_name;    /* the one name Azure takes */
    unsigned max_prefix_length; /* IPv4: 26 means a /26 or larger; 0 when nothing is required */
    bool admits_nsg;
    const char *source;
};
/* NULL when the role fixes nothing. */
const struct mln_azure_subnet_rule *mln_azure_subnet_rule(const char *role);

/* Address space that the Internet does not route, so that only a declared path reaches it: RFC
 * 1918, 6598 (100.64.0.0/10), 3927 (link-local), loopback, "this network", multicast and reserved;
 * fc00::/7, fe80::/10, ff00::/8, :: and ::1 [RFC 6890]. The platform's addresses: azure/platform.h.
 */
const struct mln_ipset *mln_azure_private_space(struct mln_arena *arena, enum mln_family family);

#endif
