/* The resources of an ARM template that the importer is concerned with, their expressions
 * evaluated. */
#ifndef MLN_IMPORT_ARM_TEMPLATE_H
#define MLN_IMPORT_ARM_TEMPLATE_H

#include "import/deployed.h"
#include "import/eval.h"

struct mln_arm_template_resource {
    const char *type;      /* whole: "Microsoft.Network/virtualNetworks/subnets" */
    const char *name;      /* its own, the last part; unknown parts in braces */
    const char *id;        /* "" when the name does not fit the type */
    const char *parent_id; /* of a child; else NULL */
    bool unknown_name;
    bool many; /* of a network interface: stands for copies, nobody knows how many */
    const struct mln_datum *properties, *location;
    const cJSON *json;
};
MLN_VEC_TYPE(mln_arm_template_resource_vec, struct mln_arm_template_resource);

/* The template in a JSON text, or in what wraps it; NULL when there is none. *wrapper is what holds
 * its parameters, or NULL. */
const cJSON *mln_arm_template_find(const cJSON *root, const cJSON **wrapper);

/* Every resource of concern: in order, copies and nested deployments unrolled, children with their
 * parents, without those whose condition is false. Linked templates are named in a note. */
void mln_arm_template_resources(struct mln_eval *e, const cJSON *json, const cJSON *wrapper,
                                struct mln_deployed_params *params,
                                struct mln_arm_template_resource_vec *out);

/* --- parameters.c --- */

/* Fills scope->parameters for the definitions. `given`: {"name": {"value": ...}} evaluated in
 * `env`, or NULL; `params`: from outside, or NULL. */
void mln_arm_template_parameters(struct mln_scope *scope, const cJSON *definitions,
                                 const struct mln_env *env, const cJSON *given,
                                 struct mln_deployed_params *params);

/* --- rendering.c --- */

/* The resources as JSON, an array to be deleted by the caller. Its values point back into the text.
 * Rules that are not known are reported and left out; *incomplete gets the folded ids of their
 * NSGs. */
cJSON *mln_arm_template_render(struct mln_eval *e,
                               const struct mln_arm_template_resource_vec *resources,
                               struct mln_map *incomplete);

#endif
