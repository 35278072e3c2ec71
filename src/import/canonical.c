#include "import/canonical.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Sorted without regard to case. */
static const char *const keys[] = {
    "access",
    "addressPrefix",
    "addressPrefixes",
    "addressSpace",
    "allowGatewayTransit",
    "applicationSecurityGroups",
    "condition",
    "contentVersion",
    "copy",
    "count",
    "defaultSecurityRules",
    "defaultValue",
    "dependsOn",
    "description",
    "destinationAddressPrefix",
    "destinationAddressPrefixes",
    "destinationApplicationSecurityGroups",
    "destinationPortRange",
    "destinationPortRanges",
    "direction",
    "existing",
    "expressionEvaluationOptions",
    "functions",
    "id",
    "input",
    "ipConfigurations",
    "languageVersion",
    "location",
    "mainTemplate",
    "members",
    "name",
    "namespace",
    "networkInterfaceConfigurations",
    "networkProfile",
    "networkSecurityGroup",
    "nextHopIpAddress",
    "nextHopType",
    "nextLink",
    "nullable",
    "output",
    "outputs",
    "parameters",
    "peeringState",
    "priority",
    "privateIPAddress",
    "privateIPAddressVersion",
    "properties",
    "protocol",
    "remoteAddressSpace",
    "remoteVirtualNetwork",
    "remoteVirtualNetworkAddressSpace",
    "resourceGroup",
    "resources",
    "routes",
    "routeTable",
    "scope",
    "securityRules",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "sourceApplicationSecurityGroups",
    "sourcePortRange",
    "sourcePortRanges",
    "subnet",
    "subnets",
    "subscriptionId",
    "template",
    "templateLink",
    "type",
    "useRemoteGateways",
    "value",
    "variables",
    "virtualMachineProfile",
    "virtualNetworkPeerings",
};

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* The first letters decide nearly always. */
static int compare(const void *a, const void *b)
{
    const char *key = a, *known = *(const char *const *)b;
    int difference = lower(key[0]) - lower(known[0]);
    return difference ? difference : strcasecmp(key, known);
}

const char *mln_canonical_key(const char *key)
{
    const char *const *found =
        bsearch(key, keys, sizeof keys / sizeof *keys, sizeof *keys, compare);
    return found ? *found : key;
}

/* Same length, other case: the text is overwritten where it stands. Depth is bounded by the scan.
 */
void mln_canonical_keys(cJSON *root)
{
    for (cJSON *item = root->child; item; item = item->next) {
        if (item->string)
            memcpy(item->string, mln_canonical_key(item->string), strlen(item->string));
        mln_canonical_keys(item);
    }
}
