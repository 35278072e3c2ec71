#include "azure/tag_needs.h"

/* [TAGS] the notes under the table of service tags. */
#define TAGS "azure-docs, virtual-network/service-tags-overview.md"
#define REGISTRY "azure-management-docs, container-registry-firewall-access-rules.md"

#define ENTRA "AzureActiveDirectory"

const struct mln_tag_need mln_tag_needs[] = {
    {"AzureArcInfrastructure", ENTRA, 443, NULL, TAGS},
    {"AzureArcInfrastructure", "AzureResourceManager", 443, NULL, TAGS},
    {"AzureArcInfrastructure", "AzureTrafficManager", 443, NULL, TAGS},
    {"AzureBackup", ENTRA, 443, NULL, TAGS},
    {"AzureBackup", "Storage", 443, NULL, TAGS},
    {"AzureContainerRegistry", ENTRA, 443, "signing in with Microsoft Entra ID", REGISTRY},
    {"AzureContainerRegistry", "Storage", 443, "layers, without dedicated data endpoints",
     REGISTRY},
    {"AzureInformationProtection", ENTRA, 443, NULL, TAGS},
    {"AzureInformationProtection", "AzureFrontDoor.FirstParty", 443, NULL, TAGS},
    {"AzureInformationProtection", "AzureFrontDoor.Frontend", 443, NULL, TAGS},
    {"AzureKeyVault", ENTRA, 443, NULL, TAGS},
    {"AzureMonitor", "Storage", 443, "Log Analytics", TAGS},
    {"AzureOpenDatasets", "AzureFrontDoor.Frontend", 443, NULL, TAGS},
    {"AzureOpenDatasets", "Storage", 443, NULL, TAGS},
    {"AzureSiteRecovery", ENTRA, 443, NULL, TAGS},
    {"AzureSiteRecovery", "AzureKeyVault", 443, NULL, TAGS},
    {"AzureSiteRecovery", "EventHub", 443, NULL, TAGS},
    {"AzureSiteRecovery", "GuestAndHybridManagement", 443, NULL, TAGS},
    {"AzureSiteRecovery", "Storage", 443, NULL, TAGS},
    {"AzureUpdateDelivery", "AzureFrontDoor.FirstParty", 80, NULL, TAGS},
    {"MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty", 443, NULL, TAGS},
};
const size_t mln_tag_need_count = sizeof mln_tag_needs / sizeof *mln_tag_needs;
