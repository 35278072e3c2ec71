/* API versions. One version for all of Microsoft.Network that is written: 2024-05-01. It is stable,
 * in all clouds, has defaultOutboundAccess and the four values of privateEndpointNetworkPolicies,
 * and, being later than 2023-11-01, a PUT of a network without `subnets` keeps the subnets
 * [Azure/bicep-types-az#1687]. Private DNS has versions of its own. Each has a schema in
 * Azure/azure-resource-manager-schemas: schemas/2024-05-01/Microsoft.Network.NRP.json and
 * schemas/2024-06-01/Microsoft.Network.privateDns.json. */
#include "emit/api.h"

#include <string.h>

#define NETWORK "2024-05-01"
#define PRIVATE_DNS "2024-06-01"

static const struct {
    const char *type, *version;
} versions[] = {
    {"Microsoft.Network/applicationSecurityGroups", NETWORK},
    {"Microsoft.Network/networkSecurityGroups", NETWORK},
    {"Microsoft.Network/privateDnsZones", PRIVATE_DNS},
    {"Microsoft.Network/privateDnsZones/virtualNetworkLinks", PRIVATE_DNS},
    {"Microsoft.Network/privateEndpoints", NETWORK},
    {"Microsoft.Network/privateEndpoints/privateDnsZoneGroups", NETWORK},
    {"Microsoft.Network/routeTables", NETWORK},
    {"Microsoft.Network/serviceEndpointPolicies", NETWORK},
    {"Microsoft.Network/virtualNetworks", NETWORK},
    {"Microsoft.Network/virtualNetworks/subnets", NETWORK},
    {"Microsoft.Network/virtualNetworks/virtualNetworkPeerings", NETWORK},
};

const char *mln_api_version(const char *type)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (strcmp(versions[i].type, type) == 0)
            return versions[i].version;
    return NULL;
}
