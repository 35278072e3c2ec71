/* What is deployed, or would be: the NSGs of a JSON text, the networks they stand in, and the
 * network interfaces that have some of their own.
 *
 * The form is found out, not told:
 *   - one resource as REST answers or takes it, as `az ... show` prints it (flattened, null for
 *     absent), or as `az network nsg create` wraps it: NSG, security rule, virtual network, subnet,
 *     route table, network interface, virtual machine scale set;
 *   - lists of resources: [...] or {"value": [...]}; types that are of no concern are passed over;
 *   - an ARM template: azuredeploy.json, an export, the compiler's JSON of a Bicep file with or
 *     without symbolic names, a deployment or a Blueprint artifact with the template inside.
 *
 * Of a template, expressions are evaluated as far as they are literal: parameters by the values
 * given, then by their defaults. What only a deployment can tell (resourceGroup().location,
 * uniqueString(), reference()) is unknown and taints what is made of it, nothing else. It stays in
 * names and ids as {uniqueString(resourceGroup().id)}: equal texts are equal values. A security
 * rule that needs an unknown value is reported and left out, and its NSG is `incomplete`. */
#ifndef MLN_IMPORT_DEPLOYED_H
#define MLN_IMPORT_DEPLOYED_H

#include "import/nsg.h"

#define MLN_DEPLOYED_NONE SIZE_MAX

enum mln_next_hop {
    MLN_NEXT_HOP_LOCAL, /* the virtual network itself */
    MLN_NEXT_HOP_GATEWAY,
    MLN_NEXT_HOP_INTERNET,
    MLN_NEXT_HOP_APPLIANCE,
    MLN_NEXT_HOP_NONE,
    MLN_NEXT_HOP_COUNT
};
extern const char *const mln_next_hop_names[MLN_NEXT_HOP_COUNT]; /* "VnetLocal" ... */

struct mln_deployed_route {
    const char *name;
    struct mln_span span;
    const struct mln_tag *tag; /* a route to a service tag; NULL: to `prefix` */
    struct mln_prefix prefix;
    enum mln_next_hop hop;
    bool has_appliance;          /* its address is known */
    struct mln_prefix appliance; /* MLN_NEXT_HOP_APPLIANCE: one address */
};

struct mln_deployed_route_table {
    const char *name, *id; /* id "" when unknown */
    struct mln_span span;
    MLN_VEC(struct mln_deployed_route) routes;
    bool incomplete; /* a route is not known */
};

struct mln_deployed_subnet {
    const char *name, *id;
    struct mln_span span;
    struct mln_deployed_network *network;
    MLN_VEC(struct mln_prefix) prefixes; /* empty: unknown */
    size_t nsg;                          /* index into nsgs; NONE: none, or not in this text */
    const char *nsg_id;                  /* NULL: it has none */
    const struct mln_deployed_route_table *routes; /* NULL: none, or not in this text */
    const char *routes_id;
};

struct mln_deployed_peering {
    const char *name, *remote_id;
    struct mln_span span;
    size_t remote;                       /* index into networks; NONE: not in this text */
    MLN_VEC(struct mln_prefix) prefixes; /* of the remote network, as far as the text gives them */
    bool use_remote_gateways, allow_gateway_transit;
    bool connected; /* false: the text says it is Disconnected or Initiated */
};

struct mln_deployed_network {
    const char *name, *id; /* "" when unknown */
    const char *location;  /* or NULL */
    struct mln_span span;
    MLN_VEC(struct mln_prefix) prefixes; /* its address space; empty: unknown */
    MLN_VEC(struct mln_deployed_subnet *) subnets;
    MLN_VEC(struct mln_deployed_peering) peerings;
};

/* One address of a network interface. */
struct mln_deployed_ip {
    enum mln_family family;
    const char *subnet_id;
    const struct mln_deployed_subnet *subnet; /* NULL: not in this text */
    bool known;                               /* else it is one of the subnet's, chosen by Azure */
    struct mln_prefix address;
};

/* A network interface, or what a scale set makes its interfaces from. The address that Azure chose
 * for one that is deployed is written in it, and is known. */
struct mln_deployed_nic {
    const char *name, *id; /* name "" when unknown; of a scale set its own, with that of the
                              interface where it has several */
    struct mln_span span;
    bool many;          /* stands for several, each with its address: one of every instance of a
                           scale set, or copies of which a template does not tell the number */
    size_t nsg;         /* as of a subnet */
    const char *nsg_id; /* NULL: it has none */
    MLN_VEC(struct mln_deployed_ip) ips;
    MLN_VEC(const char *) asgs; /* names of the ASGs that it is in */
    bool asgs_known;            /* it is in no others */
};

struct mln_deployed {
    struct mln_imported_nsg_vec nsgs;
    MLN_VEC(struct mln_deployed_network *) networks;
    MLN_VEC(struct mln_deployed_route_table *) route_tables;
    MLN_VEC(struct mln_deployed_nic *) nics;
    bool from_template;
    bool
        several; /* set before: the texts are parts of a whole, and one may hold interfaces alone */
};

/* Parameters of a template: an ARM parameter file, and single values that win over it. */
struct mln_deployed_param {
    const char *name; /* case is ignored */
    const char *text; /* of a string parameter the string; else JSON, yes and no for true and false,
                         (a, b) for a list */
    bool used;        /* set when a template declares it */
};

struct mln_deployed_params {
    const char *file_name, *file_text; /* as the user named it; NULL: no file */
    size_t file_length;
    struct mln_deployed_param *list;
    size_t count;
    MLN_VEC(const char *) declared; /* set: the names that the template declares */
};

/* Reads the text and adds what it holds to *out. false after reporting when the text as a whole
 * cannot be read or holds nothing of concern. Rules as mln_nsg_read tells. `params` may be NULL. */
bool mln_deployed_read(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                       const char *text, size_t length, struct mln_deployed_params *params,
                       struct mln_deployed *out);

/* The subnets that an NSG of `deployed` is bound to; in the order of the text. */
MLN_VEC_TYPE(mln_deployed_subnet_vec, const struct mln_deployed_subnet *);
struct mln_deployed_subnet_vec mln_deployed_bound(struct mln_arena *arena,
                                                  const struct mln_deployed *deployed, size_t nsg);

#endif
