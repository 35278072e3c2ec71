/* A deployment template of Azure Resource Manager as a structure: what the ARM back end prints as
 * JSON and others print as Bicep or Terraform. One template is deployed to one resource group. */
#ifndef MLN_EMIT_TEMPLATE_H
#define MLN_EMIT_TEMPLATE_H

#include "base/map.h"
#include "emit/tree.h"

struct mln_template_param {
    const char *name;
    const char *type;        /* "string", "bool", "int", "array", "object" */
    struct mln_tree *value;  /* the default; NULL: it has to be given */
    const char *description; /* NULL: none */
};

struct mln_template_variable {
    const char *name;
    struct mln_tree *value;
};

struct mln_template_output {
    const char *name;
    const char *type;
    struct mln_tree *value;
};

struct mln_template_resource {
    const char *symbol; /* an identifier, unique in the template: "vnetMl" */
    const char *type;   /* "Microsoft.Network/virtualNetworks/virtualNetworkPeerings" */
    const char *api;    /* "2024-05-01" */
    MLN_VEC(struct mln_tree *) name; /* one segment for each part of the type behind the first */
    struct mln_template_resource *parent; /* of a child: the resource of the template whose name its
                                             segments begin with; NULL when that is not of it */
    struct mln_tree *location;            /* NULL: the type has none */
    struct mln_tree *body; /* an object: the members behind the location ("sku", "properties") */
    /* Deployed before this one. Given: what must be although the body does not refer to it.
     * After mln_template_finish: every resource that must be, without those that another one of
     * the list already waits for; in the template's order. */
    MLN_VEC(struct mln_template_resource *) depends;
    /* After mln_template_finish: what body, name and location refer to by id, and the parent, each
     * once. (Bicep and Terraform derive the order from these and need only the rest written.) */
    MLN_VEC(struct mln_template_resource *) refers;
    uint32_t index; /* in the template */
};

struct mln_template {
    struct mln_arena *arena;
    const char *group;        /* resource group; NULL: the one that it is deployed to */
    const char *subscription; /* NULL: not said */
    MLN_VEC(struct mln_template_param) params;
    MLN_VEC(struct mln_template_variable) variables;
    MLN_VEC(struct mln_template_resource *) resources; /* each behind those it depends on */
    MLN_VEC(struct mln_template_output) outputs;
    struct mln_map *symbols; /* names in use, in lower case: symbols, parameters, variables */
};

struct mln_template *mln_template_new(struct mln_arena *arena);

/* An identifier made from `prefix` and `text` ("vnet", "ml-west" -> "vnetMlWest") that nothing of
 * the template is called yet, whatever the case of letters. */
const char *mln_template_symbol(struct mln_template *t, const char *prefix, const char *text);

/* A parameter: the same one when it was asked for before under the same name, which is an
 * identifier. Returns the reference to it. */
struct mln_tree *mln_template_param(struct mln_template *t, const char *name, const char *type,
                                    struct mln_tree *value, const char *description);
/* A new resource; `name` is its (first) name segment. */
struct mln_template_resource *mln_template_add(struct mln_template *t, const char *symbol,
                                               const char *type, const char *api, const char *name);
void mln_template_output(struct mln_template *t, const char *name, const char *type,
                         struct mln_tree *value);

/* Fills `refers` and the minimal `depends` of all resources. */
void mln_template_finish(struct mln_template *t);

/* The template as a document with a final line end. */
void mln_template_write_json(const struct mln_template *t, struct mln_buf *out);
/* One resource of it as an object at the writer's place. */
void mln_template_write_resource(const struct mln_template_resource *resource,
                                 struct mln_json *json);

#endif
