/* Building the model: what the files of policy/ share. Internal to the layer. */
#ifndef MLN_POLICY_BUILD_H
#define MLN_POLICY_BUILD_H

#include "policy/scope.h"

struct defaults;

struct mln_override_request {
    struct mln_intent *intent;
    struct mln_word word;
    struct mln_scope *scope;
};

/* A service of one protocol and one range of ports, with its text. */
struct mln_plain_service {
    struct mln_services services;
    const char *text;
};

/* What a name of a side stood for when it was met last. */
struct mln_met_name {
    const char *name; /* interned; NULL: nothing */
    const struct mln_scope *scope;
    struct mln_symbol *symbol;
    const char *rest;
    const struct mln_tag *tag;
};
enum { MLN_MET_NAMES = 1024 };

struct mln_build {
    struct mln_ctx *ctx;
    struct mln_arena *arena;
    struct mln_policy_options *options;
    struct mln_model *model;
    struct mln_scope **scopes; /* by module index: dependencies first, the policy itself last */
    size_t scope_count;
    struct mln_scope *root, *prelude;
    size_t active_count;
    uint64_t look_ups;                        /* number of the last one */
    unsigned depth;                           /* of groups and services in work */
    MLN_VEC(struct mln_endpoint *) endpoints; /* of all resources */
    const struct defaults *top_defaults;      /* network.c */
    struct mln_external *macos; /* side.c: hosted agents for macOS, where they are known */
    /* side.c: by a hash of name and scope, the last of each; NULL while names are declared. */
    struct mln_met_name *met;
    bool poisoned;       /* something is left out that the parser or another step has told of */
    unsigned tags_named; /* side.c: kinds of tags in sides, 1 << kind */
    const struct mln_portset *all_ports; /* service.c */
    struct mln_map *plain_services; /* service.c: (protocol, ports) -> struct mln_plain_service */
    MLN_VEC(struct mln_override_request)
    overrides; /* intent.c: resolved when all intents are known */
};

/* A value with the scope its names belong to. */
struct mln_arg {
    struct mln_value *value;
    struct mln_scope *scope;
};

/* --- value.c: parameters and plain values. Each reports what is wrong and then returns false or
 * NULL. --- */
/* Replaces parameters until something else is found; a POISON value comes back as it is. */
struct mln_arg mln_eval(struct mln_build *b, struct mln_scope *scope, struct mln_value *value);
/* The name of a NAME value with its "$param" parts replaced; *where is the scope to look it up in.
 * NULL when poisoned. */
const char *mln_eval_name(struct mln_build *b, struct mln_arg arg, struct mln_scope **where);
/* A NAME, STRING or NUMBER as text, parameters inside strings replaced; NULL after reporting.
 * `what`: "a region". */
const char *mln_eval_text(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                          const char *what);
bool mln_eval_prefixes(struct mln_build *b, struct mln_scope *scope, struct mln_value *values,
                       struct mln_prefix_list *out);
bool mln_eval_port(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                   struct mln_port_range *out);
bool mln_eval_date(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                   struct mln_date *out);
bool mln_eval_yes_no(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                     bool *out);
/* The condition of a `when` node. */
bool mln_eval_when(struct mln_build *b, struct mln_scope *scope, const struct mln_node *node,
                   bool *out);
const char *mln_value_text(struct mln_build *b, const struct mln_value *value); /* for messages */
/* A region's canonical ARM name; NULL after reporting. */
const char *mln_eval_region(struct mln_build *b, struct mln_scope *scope, struct mln_value *value);

/* --- expand.c: modules, conditions, templates --- */
void mln_expand_modules(struct mln_build *b, const struct mln_module_vec *modules);
/* The nodes of a body after its conditions were decided, in order. */
void mln_expand_items(struct mln_build *b, struct mln_scope *scope, struct mln_node *body,
                      struct mln_active_vec *out);
/* When everything is declared: names brought by two imports. */
void mln_expand_check_imports(struct mln_build *b);
/* Calls visit for every active node of every module and application, applications in place. */
typedef void mln_visit(struct mln_build *b, struct mln_active *active);
void mln_expand_visit(struct mln_build *b, mln_visit *visit);

/* --- network.c, joins.c, resource.c: declarations --- */
/* What a declaration stands for, done; the caller fills in `u`. */
struct mln_symbol *mln_symbol_new(struct mln_build *b, enum mln_symbol_kind kind,
                                  struct mln_scope *scope, struct mln_node *node, const char *name);
void mln_build_network(struct mln_build *b, struct mln_active *active);
void mln_build_network_asgs(struct mln_build *b,
                            struct mln_active *active); /* when all zones are known */
void mln_build_asg(struct mln_build *b, struct mln_scope *scope, struct mln_node *node);
void mln_build_external(struct mln_build *b, struct mln_active *active);
void mln_build_peer(struct mln_build *b, struct mln_active *active);
void mln_build_connect(struct mln_build *b, struct mln_active *active);
void mln_build_kind(struct mln_build *b, struct mln_active *active);
void mln_build_geography(struct mln_build *b, struct mln_active *active);
void mln_build_resource(struct mln_build *b, struct mln_active *active);
void mln_report_ambiguous(struct mln_build *b, struct mln_span span,
                          const struct mln_symbol *symbol);
/* The zone, network, ... of a name; NULL after reporting. */
struct mln_zone *mln_find_zone(struct mln_build *b, struct mln_scope *scope,
                               const struct mln_word *word);
struct mln_network *mln_find_network(struct mln_build *b, struct mln_scope *scope,
                                     const struct mln_word *word);
/* Symbol of a word that may be a parameter or hold one; NULL after reporting. */
struct mln_symbol *mln_find_symbol(struct mln_build *b, struct mln_scope *scope,
                                   enum mln_space_kind space, const struct mln_word *word,
                                   const char *what, const char **rest);
const struct mln_ipset *mln_prefix_set(struct mln_arena *a, enum mln_family f,
                                       const struct mln_prefix_list *list);

/* --- firewall.c --- */
void mln_build_firewall(struct mln_build *b, struct mln_kind *kind, struct mln_scope *scope,
                        struct mln_node *node);

/* --- govern.c --- */
/* How zones are shown: with their network where another network has one of the name. */
void mln_name_zones(struct mln_build *b);
/* Gives each zone its NSG, and the model the NSGs in the order of their names. */
void mln_govern_zones(struct mln_build *b);

/* --- topology.c: after all declarations --- */
void mln_build_topology(struct mln_build *b);
/* Addresses, tags and paths of places that were not declared in a policy: nothing is checked. */
void mln_join_places(struct mln_build *b);

/* --- side_parts.c --- */
MLN_VEC_TYPE(mln_part_vec, struct mln_side_part);
/* Parts of a side with all that their excepts hold, down to the last: more are refused. */
enum { MLN_SIDE_WEIGHT = 1000000 };
/* Drops what stands in the list twice; the first of each is kept, in order. */
void mln_parts_drop_repeated(struct mln_build *b, struct mln_part_vec *parts);
/* The set of the parts, which it shares; weight at most MLN_SIDE_WEIGHT + 1. */
struct mln_side_set *mln_parts_set(struct mln_build *b, const struct mln_part_vec *parts);

/* --- side.c, side_text.c, service.c --- */
/* NULL when nothing could be understood (reported). */
struct mln_side_set *mln_build_side(struct mln_build *b, struct mln_scope *scope,
                                    struct mln_side *side);
/* As the source names it: "agents", "jump_agents-except-x"; a single parameter by its value. */
const char *mln_side_text(struct mln_build *b, struct mln_scope *scope, struct mln_side *side);
bool mln_build_services(struct mln_build *b, struct mln_scope *scope, struct mln_service *services,
                        struct mln_services *out);
const char *mln_services_text(struct mln_build *b, const struct mln_service *services);

void mln_resolve_param(struct mln_build *b, struct mln_bound *bound);
/* Resolves what the node declares, so that its mistakes are reported even when nothing uses it. */
void mln_resolve_group(struct mln_build *b, struct mln_scope *scope, struct mln_node *node);
void mln_resolve_service(struct mln_build *b, struct mln_scope *scope, struct mln_node *node);
/* What a service stands for, of the library also when nothing uses it; NULL when it was not
 * understood. */
const struct mln_services *mln_services_of(struct mln_build *b, struct mln_symbol *symbol);

/* --- intent.c --- */
void mln_build_intent(struct mln_build *b, struct mln_active *active);
void mln_build_overrides(struct mln_build *b);

#endif
