/* Deployment templates of Azure Resource Manager as a structure: what the ARM back end prints as
 * JSON and others print as Bicep or Terraform.
 *
 * A back end first makes one template of everything (mln_assemble, emit/assemble.h), whatever
 * resource groups it belongs to. Since a template is deployed to one group, mln_template_split then
 * takes it apart into templates that are deployed one after another. */
#ifndef MLN_EMIT_TEMPLATE_H
#define MLN_EMIT_TEMPLATE_H

#include "base/map.h"
#include "emit/tree.h"

struct mln_template_parameter {
    const char *name;
    const char *type;        /* "string", "bool", "int", "array", "object" */
    struct mln_tree *value;  /* the default; NULL: it has to be given */
    const char *description; /* NULL: none */
};

struct mln_template_variable {
    const char *name;
    struct mln_tree *value;
};

/* Where something lies. Two scopes are different objects. */
struct mln_template_scope {
    const char *subscription; /* NULL: the one that is deployed to */
    const char *group;        /* resource group; NULL: the one that is deployed to */
};

struct mln_template_output {
    const char *name;
    const char *type;
    struct mln_tree *value;                 /* an array */
    const struct mln_template_scope *scope; /* whose template it stands in */
};

struct mln_template;

struct mln_template_resource {
    const char *symbol; /* an identifier, unique in the template: "vnetMl" */
    const char *type;   /* "Microsoft.Network/virtualNetworks/virtualNetworkPeerings" */
    const char *api;    /* "2024-05-01" */
    MLN_VEC(struct mln_tree *) name; /* one segment for each part of the type behind the first */
    struct mln_template_resource *parent; /* of a child: the resource of the template whose name its
                                             segments begin with; NULL when that is not of it */
    struct mln_tree *location;            /* NULL: the type has none */
    struct mln_tree *body; /* an object: the members behind the location ("sku", "properties") */
    /* Must be deployed before this one although nothing of this one refers to it. */
    MLN_VEC(struct mln_template_resource *) after;

    const struct mln_template_scope *scope;
    const struct mln_template *owner; /* the template that it is in */
    uint32_t index;                   /* there */

    /* Filled by mln_template_finish. Resources of other templates are in neither. */
    /* What body, name and location refer to by id, and the parent, each once. (Bicep and Terraform
     * derive the order from these, and need only `after` written.) */
    MLN_VEC(struct mln_template_resource *) refers;
    /* dependsOn: `refers` and `after` without those that another one of them already waits for; in
     * the template's order. */
    MLN_VEC(struct mln_template_resource *) depends;
};
MLN_VEC_TYPE(mln_template_resource_vec, struct mln_template_resource *);

struct mln_template {
    struct mln_arena *arena;
    const struct mln_template_scope *scope; /* NULL: of several */
    MLN_VEC(struct mln_template_parameter) params;
    MLN_VEC(struct mln_template_variable) variables;
    struct mln_template_resource_vec resources; /* each behind those it depends on */
    MLN_VEC(struct mln_template_output) outputs;
    struct mln_map *symbols;      /* names in use, in lower case: symbols, parameters, variables */
    struct mln_map *param_places; /* name of a parameter -> its place in params, from 1 */
};
MLN_VEC_TYPE(mln_template_vec, struct mln_template *);

struct mln_template *mln_template_new(struct mln_arena *arena);

/* An identifier made from `prefix` and `text` ("vnet", "ml-west" -> "vnetMlWest") that nothing of
 * the template is called yet, whatever the case of letters. */
const char *mln_template_symbol(struct mln_template *t, const char *prefix, const char *text);

/* A parameter: the same one when it was asked for before under the same name, which is an
 * identifier. Returns the reference to it. */
struct mln_tree *mln_template_param(struct mln_template *t, const char *name, const char *type,
                                    struct mln_tree *value, const char *description);
/* NULL when there is none; valid until the next one is made. */
const struct mln_template_parameter *mln_template_find_param(const struct mln_template *t,
                                                             const char *name);
/* A new resource; `name` is its (first) name segment. `scope` may be NULL while there is one scope
 * only. */
struct mln_template_resource *mln_template_add(struct mln_template *t,
                                               const struct mln_template_scope *scope,
                                               const char *symbol, const char *type,
                                               const char *name);
void mln_template_output(struct mln_template *t, const struct mln_template_scope *scope,
                         const char *name, const char *type, struct mln_tree *value);

/* Fills `refers` of all resources; and `depends` as well. */
void mln_template_find_references(struct mln_template *t);
void mln_template_finish(struct mln_template *t);

/* Takes a template apart into finished ones of one scope each, to be deployed in their order: what
 * a resource needs is in the same template or an earlier one, and no template is larger than Azure
 * takes. A scope may have several templates: two networks of different groups are both needed by
 * their peerings. Parameters go with what uses them, outputs to the last template of their scope.
 * `t` is used up. At least one template comes out. */
struct mln_template_vec mln_template_split(struct mln_template *t);

enum {
    MLN_TEMPLATE_RESOURCES_MAX = 800, /* [Azure/bicep, linter rule max-resources] */
    MLN_TEMPLATE_PARAMS_MAX = 256,    /* [Azure/bicep, linter rule max-params] */
    MLN_TEMPLATE_BYTES_MAX =
        4 * 1024 * 1024, /* [azure-docs, resource-manager/templates/best-practices.md] */
};

/* The template as a document with a final line end. */
void mln_template_write_json(const struct mln_template *t, struct mln_buf *out);
/* One resource of it as an object at the writer's place. */
void mln_template_write_resource(const struct mln_template_resource *resource,
                                 struct mln_json *json);

#endif
