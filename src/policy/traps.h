/* Traps: what Azure accepts, or refuses only when it is deployed, and what then does not work as
 * the policy reads. Each is a diagnostic with a way out; nothing is changed.
 *
 * Sources in short: [PEPOL] azure-docs, private-link/disable-private-endpoint-network-policy.md;
 * [TAGS] service-tags-overview.md; [LIMITS] azure-virtual-network-limits.md; [WORKSPACE]
 * azure-ai-docs, how-to-secure-workspace-vnet.md; [UDR] virtual-networks-udr-overview.md; [PEER]
 * virtual-network-manage-peering.md; and public issues, named as repository#number. */
#ifndef MLN_POLICY_TRAPS_H
#define MLN_POLICY_TRAPS_H

#include "policy/build.h"

/* traps_network.c: networks, gateways, routes, limits; after mln_build_topology. */
void mln_traps_networks(struct mln_build *b);
/* traps_endpoint.c: private endpoints and the resources behind them; likewise. */
void mln_traps_endpoints(struct mln_build *b);
/* traps_tag.c: what VirtualNetwork and Internet hold by surprise; after the intents. */
void mln_traps_tags(struct mln_build *b);

#endif
