/* The platform's own addresses. Packets to them are not subject to security rules unless a rule
 * names one of the AzurePlatform* tags [what-is-ip-address-168-63-129-16.md; NSG-OV: "not subject
 * to the configured NSGs unless targeted by service tags"]; packets from 168.63.129.16 are the load
 * balancer's health probes, the tag AzureLoadBalancer, and are filtered like any others. */
#ifndef MLN_AZURE_PLATFORM_H
#define MLN_AZURE_PLATFORM_H

#include "azure/tag.h"
#include "net/ipset.h"

/* 168.63.129.16; empty for IPv6. */
const struct mln_ipset *mln_azure_wire_server(struct mln_arena *a, enum mln_family family);
/* Every platform address: 168.63.129.16, 169.254.169.254, and a stand-in inside 0.0.0.0/8 for the
 * licensing servers of AzurePlatformLKM, whose addresses Azure does not promise. */
const struct mln_ipset *mln_azure_platform_space(struct mln_arena *a, enum mln_family family);
/* The destination set of an AzurePlatform* tag; empty for other kinds. */
const struct mln_ipset *mln_azure_platform_tag(struct mln_arena *a, enum mln_tag_kind kind,
                                               enum mln_family family);

#endif
