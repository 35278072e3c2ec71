/* The model: what a policy declares, with every name resolved, every parameter replaced, every
 * template applied and every condition decided. Made by mln_policy_build, read by lowering, back
 * ends and questions. */
#ifndef MLN_POLICY_MODEL_H
#define MLN_POLICY_MODEL_H

#include "azure/tag.h"
#include "lang/lang.h"
#include "net/fit.h"
#include "net/flow.h"
#include "net/ipset.h"
#include "net/port.h"

struct mln_build;
struct mln_network;
struct mln_zone;
struct mln_resource;

struct mln_prefix_list {
    struct mln_prefix *data;
    size_t len;
    struct mln_span span; /* where the list is written */
};

enum mln_role {
    MLN_ROLE_PLAIN,
    MLN_ROLE_BASTION,
    MLN_ROLE_GATEWAY,
    MLN_ROLE_FIREWALL,
    MLN_ROLE_ROUTE_SERVER,
    MLN_ROLE_APP_GATEWAY,
    MLN_ROLE_ML_COMPUTE,
    MLN_ROLE_AKS,
    MLN_ROLE_ENDPOINTS,
    MLN_ROLE_DATABRICKS,
    MLN_ROLE_COUNT
};
extern const char *const mln_role_names[MLN_ROLE_COUNT];

struct mln_route {
    struct mln_span span;
    struct mln_prefix prefix; /* when tag is NULL */
    const struct mln_tag *tag;
    enum mln_hop hop;
    struct mln_prefix next_hop; /* appliance */
    struct mln_zone *appliance; /* the zone it lies in; NULL otherwise */
};

struct mln_nsg {
    const char *name;
    struct mln_span span;                /* of the zone that names it first */
    MLN_VEC(struct mln_zone *) zones;    /* governed by it, in source order */
    const char *region, *resource_group; /* of its networks; NULL when not given */
    uint32_t index;
};

/* A network interface. It is a zone inside that of its subnet, whose NSG is the zone's `nsg`; its
 * own decides beside it: inbound after the subnet's, outbound before it. Of the subnet's zone the
 * other addresses are left (`hosts`), so every packet has one pair of zones. One without an NSG and
 * ASGs of its own is PLAIN: its packets fare as any other's of the subnet do.
 *
 * An address that the text does not tell is one of the subnet's that no other interface is known to
 * have: FLOATING. Then `addresses` are all those, and packets of the zone are those of an interface
 * that has one of them. Whether a given address is its own is not known, so questions that come to
 * that are undecided. */
struct mln_nic {
    const struct mln_zone *subnet;
    struct mln_nsg *nsg;         /* NULL: none of its own, or not known */
    const char *unread;          /* an NSG of its own of which no rule is known; else NULL */
    bool floating[MLN_FAMILIES]; /* its addresses of this family are not known */
    bool many;                   /* stands for several, each with its address: a scale set's */
    uint32_t others;             /* beside the one that it is named by, when the text has crowds */
    MLN_VEC(const char *) asgs;  /* names of those it is in */
    bool asgs_known;             /* it is in no others */
};

struct mln_zone {
    const char *name;    /* "training" */
    const char *display; /* "training", or "ml.training" where several networks use the name */
    struct mln_span span;
    struct mln_network *network;
    struct mln_prefix_list prefixes, overlay, egress;
    const struct mln_ipset *addresses[MLN_FAMILIES]; /* prefixes and overlay; never NULL */
    const struct mln_ipset *hosts[MLN_FAMILIES];     /* those of them that are in no interface's
                                                        zone; never NULL */
    struct mln_nsg *nsg;                             /* NULL: ungoverned */
    const char *unread;              /* a deployed NSG of which no rule is known; else NULL */
    struct mln_nic *nic;             /* the zone is a network interface; NULL: a subnet */
    MLN_VEC(struct mln_zone *) nics; /* of a subnet */
    const char *nsg_name;            /* `nsg X`; NULL: the name made from the zone's */
    bool nsg_none;                   /* `nsg none` */
    struct mln_span nsg_span;        /* of the nsg item; file 0 when there is none */
    bool library;                    /* declared by a template of the standard library */
    const char *subnet;              /* subnet name in Azure */
    enum mln_role role;
    struct mln_span role_span;
    enum mln_default_kind defaults[MLN_DIRECTIONS]; /* never UNSET */
    MLN_VEC(const char *) service_endpoints;        /* "Microsoft.Storage" spellings as written */
    MLN_VEC(const char *) endpoint_only; /* service endpoint policy: resource ids and names */
    const char *delegation;
    MLN_VEC(struct mln_route) routes;
    struct mln_prefix_list kept; /* by routes of its own for the virtual network itself */
    bool existing;
    /* Stands for the subnets of an NSG of which nothing else is known: every address may lie in it
     * and is joined with it. Its virtual network is taken to use private address space, and which
     * of it is unknown: VirtualNetwork is an unknown set there, Internet all that is public. */
    bool unplaced;
    bool holds_endpoint;  /* a private endpoint lies in it: the back end sets
                             privateEndpointNetworkPolicies so that  its NSG is effective [PEPOL] */
    bool hosts_appliance; /* an appliance of some route lies in it */
    /* What the tags mean for this subnet, and which far addresses a path joins it with
     * (language.md: Tags, Paths; [TAGS], azure-docs#22178: a route for 0.0.0.0/0 makes
     * VirtualNetwork everything). */
    const struct mln_ipset *virtual_network[MLN_FAMILIES], *internet[MLN_FAMILIES];
    const struct mln_ipset *joined[MLN_DIRECTIONS][MLN_FAMILIES];
    uint32_t index;
};

struct mln_network {
    const char *name;
    struct mln_span span;
    struct mln_prefix_list prefixes, dns;
    const struct mln_ipset *addresses[MLN_FAMILIES]; /* address space */
    const char *region, *resource_group, *subscription, *id;
    bool existing;
    MLN_VEC(struct mln_zone *) zones;
    MLN_VEC(struct mln_network *) peers;
    MLN_VEC(struct mln_network *) gateways;      /* peers whose gateway serves this network */
    MLN_VEC(struct mln_external *) connected;    /* by a gateway of its own */
    const struct mln_ipset *space[MLN_FAMILIES]; /* addresses and the overlays of its zones */
    const struct mln_ipset
        *near[MLN_FAMILIES]; /* space, peers' spaces, and externals through a gateway */
    uint64_t *peer_bits;     /* by network index: peered directly */
    uint32_t index;
};

struct mln_asg {
    const char *name; /* Azure name and display name */
    struct mln_span span;
    struct mln_zone *zone;
    uint32_t index;
};

struct mln_external {
    const char *name;
    struct mln_span span;
    struct mln_prefix_list prefixes;
    MLN_VEC(const char *) hosts;
    const struct mln_ipset *addresses[MLN_FAMILIES];
    uint32_t index;
};

struct mln_peering {
    struct mln_span span;
    struct mln_network *a, *b, *gateway; /* gateway: a, b or NULL */
};

struct mln_connection {
    struct mln_span span;
    struct mln_external *external;
    struct mln_network *network;
    enum mln_via via;
};

struct mln_service_item {
    unsigned protos;                         /* set of MLN_PROTO_BIT */
    const struct mln_portset *sport, *dport; /* never NULL */
};
struct mln_services {
    struct mln_service_item *items; /* canonical: no two share protos and sport; sorted */
    size_t len;
};

struct mln_kind_endpoint {
    const char *name;  /* Azure group id or short name: "blob" */
    const char *group; /* `id` */
    struct mln_services ports;
    MLN_VEC(const char *) dns;
};
/* An item of a kind's `firewall` block; what the keys mean is told at the top of
 * stdlib/azure/kinds.mlp. */
struct mln_firewall_key {
    const char *key;
    struct mln_value *value;
    const char *text;           /* of a name, string or number; NULL for lists */
    MLN_VEC(const char *) list; /* of a list: its texts; of anything else: the one */
};
struct mln_kind {
    const char *name;
    struct mln_span span;
    const char *type, *api;
    const char *tag, *service_endpoint;
    MLN_VEC(const char *) prerequisites;
    MLN_VEC(struct mln_kind_endpoint *) endpoints;
    const char *firewall;       /* property path; NULL when it has none */
    const char *firewall_entry; /* `entry` */
    long firewall_limit;        /* -1: none stated */
    MLN_VEC(struct mln_firewall_key) firewall_keys;
};

struct mln_endpoint {
    const struct mln_kind_endpoint *sub;
    struct mln_resource *resource;
    struct mln_span span;
    struct mln_zone *zone;
    struct mln_prefix_list at;
    const struct mln_ipset *addresses[MLN_FAMILIES]; /* `at`, else the zone's prefixes */
    bool exact;                                      /* `at` given, or alone in its zone */
};

/* The text of a firewall item; NULL when the kind has none of that key. */
const char *mln_kind_firewall_text(const struct mln_kind *kind, const char *key);
/* Its number; `absent` when there is none. */
long mln_kind_firewall_number(const struct mln_kind *kind, const char *key, long absent);
/* Is it `yes`? */
bool mln_kind_firewall_yes(const struct mln_kind *kind, const char *key);
const struct mln_firewall_key *mln_kind_firewall_key(const struct mln_kind *kind, const char *key);

/* What one part of an intent asks of a resource's firewall: an allow wants its addresses let in, a
 * deny or forbid wants them kept out. */
struct mln_firewall_ask {
    const struct mln_intent *intent;
    const struct mln_side_part *part; /* the source, with its excepts */
    const struct mln_zone *zone;      /* its `egress` is what is asked for; NULL: the part itself */
    const struct mln_ipset *set[MLN_FAMILIES]; /* public addresses without a way to an endpoint;
                                                  NULL for service tags and hosted agents */
};

enum mln_public { MLN_PUBLIC_UNSET, MLN_PUBLIC_NO, MLN_PUBLIC_YES };

struct mln_resource {
    const char *name;
    struct mln_span span;
    struct mln_kind *kind;
    MLN_VEC(struct mln_endpoint *) endpoints;
    bool incomplete; /* an endpoint is left out; reported */
    const char *region, *azure_name, *id, *resource_group, *sku;
    enum mln_public is_public;
    bool widen;
    /* What intents ask of its firewall: public IPv4 sources, and zones with the service endpoint.
     */
    MLN_VEC(struct mln_range) firewall_ranges; /* as they are found */
    const struct mln_ipset *firewall_sources;  /* the same as a set, when all are; NULL: none */
    MLN_VEC(struct mln_zone *) firewall_zones;
    MLN_VEC(const struct mln_tag *) firewall_tags;
    MLN_VEC(struct mln_geography *) firewall_agents; /* Microsoft-hosted agents */
    MLN_VEC(struct mln_firewall_ask) firewall_asks;  /* all of it, as the intents say it */
    const struct mln_firewall *firewall; /* rules/firewall.h; NULL before it was worked out */
    uint32_t index;
};

struct mln_geography {
    const char *name;
    struct mln_span span;
    MLN_VEC(const char *) regions;
};

/* A leaf of a side: one thing that was named, with what it contains. Policies have more of them
 * than of anything else, so what the kinds hold lies in the same room. */
enum mln_leaf_kind {
    MLN_LEAF_ANY,
    MLN_LEAF_NETWORK,
    MLN_LEAF_ZONE,
    MLN_LEAF_ASG,
    MLN_LEAF_EXTERNAL,
    MLN_LEAF_PREFIX,
    MLN_LEAF_TAG,
    MLN_LEAF_RESOURCE,
    MLN_LEAF_ENDPOINT,
    MLN_LEAF_HOSTED_AGENTS
};
struct mln_leaf {
    enum mln_leaf_kind kind;
    struct mln_span span; /* where the intent names it */
    bool through_group; /* reached through a group, or `any` or a network: pairs without a path are
                           left out */
    union {
        struct mln_network *network;     /* NETWORK */
        struct mln_external *external;   /* EXTERNAL */
        struct mln_prefix prefix;        /* PREFIX */
        const struct mln_tag *tag;       /* TAG */
        struct mln_geography *geography; /* HOSTED_AGENTS */
        struct {
            struct mln_zone *zone; /* ZONE, ASG */
            struct mln_asg *asg;   /* ASG */
        };
        struct {
            struct mln_resource *resource; /* RESOURCE, ENDPOINT */
            struct mln_endpoint *endpoint; /* ENDPOINT */
        };
    };
};
MLN_VEC_TYPE(mln_leaf_vec, struct mln_leaf);

/* A side flattened: the union over `parts` of (leaf minus every set of `minus` that is itself a
 * side). */
struct mln_side_set {
    struct mln_side_part *parts;
    size_t len;
    size_t weight; /* its parts and those of all excepts in it: what looking at the whole of it
                      costs */
    const char
        *text; /* as the source names it, for names of rules: "agents", "any", "jump+agents" */
};
struct mln_side_part {
    struct mln_leaf leaf;
    const struct mln_side_set *const *minus; /* excepts that apply, innermost first */
    size_t minus_len;
};

struct mln_intent {
    enum mln_verb verb;
    struct mln_span span; /* the statement */
    struct mln_span from_span, to_span, service_span;
    const char *name; /* `as`, or made from verb, service and ends; not unique */
    bool named;       /* `as` was written */
    struct mln_side_set *from, *to;
    bool within; /* each leaf of `from` to itself; to == from */
    struct mln_services services;
    const char *service_text;               /* "https", "tcp-443" */
    MLN_VEC(struct mln_intent *) overrides; /* denies it overrides (a name may stand for several) */
    struct mln_span overrides_span;
    const char *because, *owner;
    struct mln_date until;
    bool has_until;
    bool library;                  /* written in the standard library */
    bool broken;                   /* could not be understood, or an error was reported about it */
    struct mln_apply_frame *frame; /* NULL when not from a template */
    uint32_t index;                /* in source order, applied templates in place */
};

/* The chain of applications an intent or a declaration came through, innermost first. */
struct mln_apply_frame {
    const char *template_name;
    const struct mln_node *template_node;
    struct mln_span span; /* of the apply statement */
    struct mln_apply_frame *outer;
};

/* Notes the chain of applications of templates. */
void mln_diag_applied(struct mln_diag *diag, const struct mln_apply_frame *frame);

/* --expand-tags: when a service tag is written into rules as its prefixes (which needs a
 * service-tag file): never, those of hosted agents only, or always. */
enum mln_expand { MLN_EXPAND_NEVER, MLN_EXPAND_AGENTS, MLN_EXPAND_ALWAYS };

struct mln_policy_options {
    enum mln_expand expand;
    enum mln_fit_cost cost; /* what a list that has to be widened is to have the fewest of */
    enum mln_cloud cloud;
    bool cloud_given;
    struct mln_tags *tags; /* catalogue or file; never NULL */
    struct mln_date today;
    struct mln_prefix_list macos; /* where hosted agents for macOS come from; empty: not known */
    /* --param and --params: name and text, in order; a later one wins */
    struct mln_param_setting {
        const char *name, *text;
        bool used;
    } * params;
    size_t param_count;
    bool
        params_shared; /* others may take those that the policy does not declare: nothing is said */
};

struct mln_model {
    const struct mln_policy_options *options;
    MLN_VEC(struct mln_network *) networks;
    MLN_VEC(struct mln_zone *) zones;
    MLN_VEC(struct mln_nsg *) nsgs; /* sorted by name */
    MLN_VEC(struct mln_asg *) asgs;
    MLN_VEC(struct mln_external *) externals;
    MLN_VEC(struct mln_peering) peerings;
    MLN_VEC(struct mln_connection) connections;
    MLN_VEC(struct mln_resource *) resources;
    MLN_VEC(struct mln_kind *) kinds;
    MLN_VEC(struct mln_geography *) geographies;
    MLN_VEC(struct mln_intent *) intents;    /* allow, deny, forbid; expired ones are left out */
    MLN_VEC(struct mln_intent *) assertions; /* assert allow, assert deny */
    /* Errors: none in what the places and paths are made of (then the intents that were understood
     * can still be judged); some intent is missing (then nothing is said to be useless). */
    bool places_good, intents_missing;
    bool has_unread;         /* some zone's NSG, or some interface's, is deployed but not known */
    struct mln_build *build; /* internal to policy/: what names are looked up in (question.h) */
};

/* Does the side name the zone: itself, its network, an ASG or private endpoint in it, or `any`?
 * Exceptions are not looked at. */
bool mln_side_names_zone(const struct mln_side_set *side, const struct mln_zone *zone);

/* Days since 1970-01-01. */
long mln_date_days(struct mln_date date);

/* Builds the model; mistakes are reported and what could not be understood is left out. Never NULL.
 */
struct mln_model *mln_policy_build(struct mln_ctx *ctx, const struct mln_module_vec *modules,
                                   struct mln_policy_options *options);

struct mln_services mln_services_intersect(struct mln_arena *a, const struct mln_services *x,
                                           const struct mln_services *y);
struct mln_services mln_services_union(struct mln_arena *a, const struct mln_services *x,
                                       const struct mln_services *y);

/* Is `inner` the zone itself, or a network interface in it? */
static inline bool mln_zone_holds(const struct mln_zone *zone, const struct mln_zone *inner)
{
    return zone == inner || (inner->nic && inner->nic->subnet == zone);
}
/* Does an NSG stand there whose rules are known? */
static inline bool mln_zone_is_governed(const struct mln_zone *zone)
{
    return zone->nsg || (zone->nic && zone->nic->nsg);
}
static inline bool mln_nic_is_plain(const struct mln_nic *nic)
{
    return !nic->nsg && !nic->unread && !nic->asgs.len && nic->asgs_known;
}
/* One host, which sends itself nothing over the network. */
static inline bool mln_zone_is_host(const struct mln_zone *zone)
{
    return zone->nic && !zone->nic->many;
}

/* Does a path join the two zones, packets going from `from` to `to`? */
bool mln_zones_joined(const struct mln_zone *from, const struct mln_zone *to);
bool mln_networks_joined(const struct mln_network *x,
                         const struct mln_network *y); /* the same or peered */

#endif
