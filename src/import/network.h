/* Virtual networks, subnets, peerings, route tables and network interfaces as Azure writes them;
 * for deployed.c. */
#ifndef MLN_IMPORT_NETWORK_H
#define MLN_IMPORT_NETWORK_H

#include "import/deployed.h"
#include "import/nsg_rule.h"

#define MLN_NETWORK_TYPE "Microsoft.Network/virtualNetworks"
#define MLN_SUBNET_TYPE MLN_NETWORK_TYPE "/subnets"
#define MLN_PEERING_TYPE MLN_NETWORK_TYPE "/virtualNetworkPeerings"
#define MLN_ROUTE_TABLE_TYPE "Microsoft.Network/routeTables"
#define MLN_ROUTE_TYPE MLN_ROUTE_TABLE_TYPE "/routes"
#define MLN_NIC_TYPE "Microsoft.Network/networkInterfaces"
#define MLN_NIC_MANY "{many}" /* true: a template makes an unknown number of them */
#define MLN_MACHINE_TYPE "Microsoft.Compute/virtualMachines"
#define MLN_SCALE_SET_TYPE "Microsoft.Compute/virtualMachineScaleSets"

struct mln_networks;
struct mln_networks *mln_networks_new(struct mln_nsg_reader *r, struct mln_deployed *out);

/* In which order they are added does not matter. What comes twice (an export writes a subnet inside
 * its network and as a resource of its own) is one thing; the later writing wins. */
void mln_networks_add_network(struct mln_networks *networks, const cJSON *json);
void mln_networks_add_subnet(struct mln_networks *networks, const cJSON *json);
void mln_networks_add_peering(struct mln_networks *networks, const cJSON *json);
void mln_networks_add_route_table(struct mln_networks *networks, const cJSON *json);
void mln_networks_add_route(struct mln_networks *networks, const cJSON *json);
void mln_networks_add_nic(struct mln_networks *networks, const cJSON *json);
/* The network interfaces that a virtual machine or a scale set says how to make. */
void mln_networks_add_machine(struct mln_networks *networks, const cJSON *json, bool many);

/* Joins what refers to each other by id: subnets with NSGs and route tables, peerings with
 * networks, network interfaces with subnets and NSGs. */
void mln_networks_bind(struct mln_networks *networks);

#endif
