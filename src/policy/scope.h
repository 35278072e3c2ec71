/* Scopes: which names a place in a policy can see. Internal to the layer.
 *
 * A module has a scope; an application of a template has one of its own, whose outer scope is that
 * of the module that defines the template (names are lexical). Networks and zones are global, so an
 * application declares them in the scope of the module that applies it. */
#ifndef MLN_POLICY_SCOPE_H
#define MLN_POLICY_SCOPE_H

#include "base/map.h"
#include "policy/model.h"

enum mln_symbol_kind {
    MLN_SYM_NETWORK,
    MLN_SYM_ZONE,
    MLN_SYM_ASG,
    MLN_SYM_EXTERNAL,
    MLN_SYM_GROUP,
    MLN_SYM_RESOURCE,
    MLN_SYM_SERVICE,
    MLN_SYM_KIND,
    MLN_SYM_GEOGRAPHY,
    MLN_SYM_TEMPLATE,
    MLN_SYM_INTENT,
    MLN_SYM_ALIAS,      /* import ... as NAME, apply ... as NAME: inner */
    MLN_SYM_SAME_ZONES, /* several networks have a zone of this name */
};

/* The work on a definition that may be used before it is reached. */
enum mln_state { MLN_UNSEEN, MLN_IN_WORK, MLN_DONE, MLN_BROKEN };

struct mln_symbol {
    enum mln_symbol_kind kind;
    const char *name;
    struct mln_span span;
    struct mln_node *node;   /* the declaration */
    struct mln_scope *scope; /* where it was declared: the names in it are looked up there */
    struct mln_scope *inner; /* ALIAS; of a network: nothing */
    bool library;
    bool clashed; /* a second declaration has this name: which one is meant is not known */
    enum mln_state state;
    union {
        struct mln_network *network;
        struct mln_zone *zone;
        struct mln_asg *asg;
        struct mln_external *external;
        struct mln_resource *resource;
        struct mln_kind *kind;
        struct mln_geography *geography;
        struct mln_intent *intent;
        struct mln_side_set *group;    /* when DONE */
        struct mln_services *services; /* when DONE */
    } u;
};

/* A parameter's value and the scope in which its names mean something. */
struct mln_bound {
    const char *name;
    struct mln_span span;    /* of the declaration */
    struct mln_value *value; /* NULL: required and not given (reported) */
    struct mln_scope *scope;
    enum mln_state state;
    const char *inserted; /* its text inside strings, once it was asked for */
};

/* A node to be built, after conditions were decided, with the scope it stands in. */
struct mln_active {
    enum mln_node_kind kind; /* of the node, which need not be looked at to pass it by */
    struct mln_node *node;
    struct mln_scope *scope;
    struct mln_scope *applied; /* APPLY: the scope of the application; NULL when it failed */
};
MLN_VEC_TYPE(mln_active_vec, struct mln_active);

struct mln_scope {
    struct mln_module *module; /* whose text it is */
    struct mln_scope *outer;   /* an application: the scope of the template's module; else NULL */
    struct mln_map *sides, *services, *kinds, *geographies, *templates, *intents, *params;
    MLN_VEC(struct mln_scope *)
    opened; /* scopes whose names are visible unqualified (imports without alias) */
    struct mln_active_vec actives;
    /* An application: */
    struct mln_scope *caller; /* where `apply` stands */
    struct mln_node *apply;
    struct mln_apply_frame *frame;
    const char *template_name;
    unsigned depth;
    uint64_t seen; /* the last look-up that came by: see scope.c */
};

struct mln_build; /* policy/build.h */

enum mln_space_kind {
    MLN_NAMES_SIDE,
    MLN_NAMES_SERVICE,
    MLN_NAMES_KIND,
    MLN_NAMES_GEOGRAPHY,
    MLN_NAMES_TEMPLATE,
    MLN_NAMES_INTENT
};

struct mln_scope *mln_scope_new(struct mln_build *b, struct mln_module *module,
                                struct mln_scope *outer);

/* Under which a name is kept in the maps of a scope: in lower case. */
const char *mln_scope_key(struct mln_build *b, const char *name);

/* Declares; reports a clash (duplicate-name, case-clash, reserved-name) and returns false then. */
bool mln_scope_declare(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                       struct mln_symbol *symbol);

/* The symbol a dotted name stands for, seen from the scope: NAME, ALIAS.NAME, network.zone; *rest
 * is what is left of the name behind the symbol ("blob" of "models.blob"), NULL when nothing is.
 * NULL when unknown; nothing is reported. */
struct mln_symbol *mln_scope_find(struct mln_build *b, struct mln_scope *scope,
                                  enum mln_space_kind space, const char *name, const char **rest);
struct mln_bound *mln_scope_param(struct mln_scope *scope, const char *name);

/* Reports unknown-name with a suggestion when one is close. */
void mln_scope_unknown(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                       struct mln_span span, const char *what, const char *name);

#endif
