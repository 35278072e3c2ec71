/* What has to exist in Azure for a policy to hold, said once for every back end that writes whole
 * networks (ARM, Bicep, Terraform): names, resource groups, which networks are linked to which
 * private DNS zone, which network policies make an NSG effective. It knows no syntax.
 *
 * What is written and what is referred to. A network or zone that is `existing` is never written,
 * nor is anything inside it (subnets, peerings that begin at it, route tables). NSGs are always
 * written, private endpoints and DNS links too: they are resources of their own. An existing zone
 * that names an `nsg` is governed by it, so whoever can bind it without writing the subnet does.
 *
 * Names. Each is legal and unique, whatever the case of letters, among what Azure compares it with.
 * Rules: azure-docs, resource-name-rules: letters, digits, '.', '-', '_', first a letter or digit,
 * last one of them or '_'; private endpoints 2-64 characters, the others here up to 80. A name that
 * would be longer is cut and ends in eight hexadecimal digits of its hash.
 *
 * What belongs to a network lies in the network's resource group, also when the network exists.
 * NULL is the group that is deployed to. */
#ifndef MLN_EMIT_PLAN_H
#define MLN_EMIT_PLAN_H

#include "emit/backend.h"

/* ---- resource groups ---- */

struct mln_plan_group {
    const char *subscription; /* NULL: the one that is deployed to */
    const char *name;         /* NULL: the one that is deployed to */
};
struct mln_plan_group mln_plan_group_of(const struct mln_network *network);
/* By subscription, then name; NULL first, case ignored. */
int mln_plan_group_compare(struct mln_plan_group x, struct mln_plan_group y);

/* ---- resources that the policy names but does not write ---- */

enum mln_plan_known {
    MLN_PLAN_ID,    /* `id`: the whole resource id */
    MLN_PLAN_NAME,  /* `name`: its name in Azure, in `resource-group` or the deployment's */
    MLN_PLAN_ASKED, /* neither: the id is a parameter */
};
enum mln_plan_known mln_plan_resource_known(const struct mln_resource *resource);

/* ---- subnets ---- */

struct mln_plan_route {
    const char *name;    /* in its table: "to-10.53.0.0-16", "to-Storage.WestEurope" */
    const char *to;      /* prefix in CIDR form, or service tag */
    const char *hop;     /* "VirtualAppliance", "Internet", "None", "VirtualNetworkGateway" */
    const char *address; /* of the appliance; NULL otherwise */
};
struct mln_plan_route_table {
    const char *name; /* "rt-ZONE", "rt-NETWORK-ZONE" */
    const struct mln_zone *zone;
    MLN_VEC(struct mln_plan_route) routes;
};

/* `service-endpoint Microsoft.Storage only ...`: a service endpoint policy. Its resources are held
 * in at most two definitions: one for "Microsoft.Storage" with ids, one for "Global" with the
 * aliases of Azure services ("/services/Azure/MachineLearning"); azurerm acceptance tests. */
struct mln_plan_only {
    const char *name; /* "sep-ZONE" */
    const struct mln_zone *zone;
    MLN_VEC(const struct mln_resource *) resources; /* named by the policy */
    MLN_VEC(const char *) ids;                      /* of others, as written */
    MLN_VEC(const char *) aliases;
};

struct mln_plan_subnet {
    const struct mln_zone *zone;
    const struct mln_network *network;
    const char *name; /* in Azure */
    bool written;
    /* privateEndpointNetworkPolicies, always said, since the value that is meant when nothing is
     * said differs between versions of the API and tools. Where a private endpoint lies in the
     * zone, its NSG is a no-op unless the value says otherwise, and so is a route of another zone
     * that leads the endpoint's traffic to an appliance. Such a route must be as specific as the
     * network's address space, or more ([PEPOL] azure-docs, private-link/
     * disable-private-endpoint-network-policy.md).
     *     "NetworkSecurityGroupEnabled"  an endpoint, governed
     *     "RouteTableEnabled"            an endpoint, and routes that lead to it
     *     "Enabled"                      both
     *     "Disabled"                     no endpoint, or neither */
    const char *policies;
    /* defaultOutboundAccess is to be false: the zone is governed, its outbound default is deny, and
     * either no rule lets it out to a public address or it has `egress` addresses of its own (a NAT
     * gateway). Elsewhere nothing is said: Azure's address is what an allow may rest on. */
    bool no_default_outbound;
    const struct mln_plan_route_table *routes; /* NULL: none to write */
    const struct mln_plan_only *only;          /* NULL: none to write */
};

/* ---- peerings ---- */

/* One direction. A peering is two resources, one in each network; the half that begins at an
 * existing network is left out. */
struct mln_plan_peering {
    const char *name; /* "FROM-to-TO" */
    const struct mln_network *from, *to;
    /* allowForwardedTraffic: packets may arrive that `to` forwards but did not send, because an
     * appliance of some route lies there. */
    bool forwarded;
    bool transit;        /* allowGatewayTransit: `to` may use the gateway of `from` */
    bool remote_gateway; /* useRemoteGateways: `from` uses the gateway of `to` */
};

/* An appliance of some route lies in the network. */
bool mln_plan_forwards(const struct mln_network *network);

/* ---- private endpoints and DNS ---- */

struct mln_plan_dns;

/* A fixed address (`at`): ipConfigurations. Azure wants one for each member of the group, by name;
 * error PrivateEndpointIpConfigurationMissingMemberNamesRequiredByFps says which. */
struct mln_plan_address {
    const char *name;   /* of the configuration; unique in its endpoint */
    const char *member; /* may hold "{region}": the location of the endpoint */
    const char *address;
};

struct mln_plan_endpoint {
    const char *name; /* "pe-RESOURCE-SUB", with "-ZONE" when that is not unique */
    const struct mln_endpoint *endpoint;
    const struct mln_plan_subnet *subnet;
    bool by_service;             /* the service makes the endpoint itself: it is not written, its
                                    DNS zones are (a private AKS cluster, which is given its zone) */
    struct mln_plan_group group; /* the network's */
    const char *region;          /* the network's: an endpoint lies in the region of its network */
    /* Empty: Azure chooses, as `at` is not given, or the members that its addresses belong to are
     * not known: members_unknown. */
    MLN_VEC(struct mln_plan_address) addresses;
    bool members_unknown;
    MLN_VEC(struct mln_plan_dns *) dns; /* its zones, in the kind's order; may be empty */
};

struct mln_plan_link {
    const char *name; /* unique in its zone: the network's, or NETWORK-hash */
    const struct mln_network *network;
};

/* A private DNS zone with its links: one for every network from which an intent reaches an endpoint
 * that has its name there, by a path. For a network with name servers of its own (`dns`), the
 * networks in which those lie, too. For an external, the network whose gateway it comes through,
 * since its queries are forwarded to a resolver there.
 *
 * A network can be linked to one zone of a name only, and a resource group can hold only one
 * ([PEDNS] azure-docs, private-link/private-endpoint-dns.md). So endpoints share a zone when a
 * network reaches both or they lie in one group; else each has its own, so that networks that have
 * nothing to do with each other do not see each other's addresses. */
struct mln_plan_dns {
    const char *name; /* "privatelink.blob.core.windows.net" */
    bool open;        /* the name holds "{region}", a region that the policy does not say */
    struct mln_plan_group group;         /* of the first endpoint that needs it */
    MLN_VEC(struct mln_plan_link) links; /* in the order of networks */
    uint32_t index;
};

/* ---- everything ---- */

struct mln_plan {
    const struct mln_model *model;
    /* Those in which something is written, or lies something that is only named, in the order of
     * mln_plan_group_compare. */
    MLN_VEC(struct mln_plan_group) groups;
    MLN_VEC(struct mln_plan_subnet *) subnets; /* by zone index, existing ones too */
    MLN_VEC(struct mln_plan_route_table *) route_tables;
    MLN_VEC(struct mln_plan_only *) only;
    MLN_VEC(struct mln_plan_peering) peerings; /* in source order, both directions together */
    MLN_VEC(struct mln_plan_endpoint *) endpoints;
    MLN_VEC(struct mln_plan_dns *) dns; /* by name, then group */
};

/* `tables` may be some of the model's only; a zone without its table is taken to need its outbound
 * access. Never NULL, reports nothing. */
struct mln_plan *mln_plan_new(struct mln_arena *arena, const struct mln_model *model,
                              const struct mln_table_vec *tables);

/* Warns of endpoints with `members_unknown`, once for all back ends. */
void mln_plan_check(struct mln_ctx *ctx, const struct mln_model *model);

/* Index of a group in plan->groups, which holds it. */
size_t mln_plan_group_index(const struct mln_plan *plan, struct mln_plan_group group);

#endif
