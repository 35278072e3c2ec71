/* What the files of the assembly share. */
#ifndef MLN_EMIT_ASSEMBLE_IMPL_H
#define MLN_EMIT_ASSEMBLE_IMPL_H

#include "emit/assemble.h"
#include "emit/plan.h"

struct mln_assembly {
    struct mln_ctx *ctx;
    struct mln_arena *a;
    const struct mln_emit_input *input;
    const struct mln_model *model;
    const struct mln_plan *plan; /* NULL with MLN_ARM_NSG */
    struct mln_template *t;
    MLN_VEC(struct mln_template_scope *) scopes;
    struct mln_template_resource **asgs;         /* by index in the model; NULL: not written */
    struct mln_template_resource **nsgs;         /* likewise */
    struct mln_template_resource **networks;     /* likewise */
    struct mln_template_resource **subnets;      /* by zone: written as a resource of its own */
    struct mln_template_resource **last_child;   /* by network: the child to be written after */
    struct mln_template_resource **route_tables; /* by zone */
    struct mln_template_resource **only;         /* by zone: its service endpoint policy */
    const char **network_ids, **resource_ids;    /* names of the parameters made for ids; or NULL */
};

const struct mln_template_scope *mln_assembly_scope(struct mln_assembly *b,
                                                    const char *subscription, const char *group);
const struct mln_template_scope *mln_assembly_scope_of(struct mln_assembly *b,
                                                       const struct mln_network *network);
/* A resource with a symbol made of `prefix` and its name, unless that begins with it. */
struct mln_template_resource *mln_assembly_add(struct mln_assembly *b,
                                               const struct mln_template_scope *scope,
                                               const char *prefix, const char *type,
                                               const char *name);
/* A region, or the parameter `location` for NULL. */
struct mln_tree *mln_assembly_location(struct mln_assembly *b, const char *region);
/* {"id": ...} */
struct mln_tree *mln_assembly_reference(struct mln_assembly *b, struct mln_tree *id);
/* The ids of networks and subnets, written or existing, for a resource in `from`. */
struct mln_tree *mln_assembly_network_id(struct mln_assembly *b,
                                         const struct mln_template_scope *from,
                                         const struct mln_network *network);
struct mln_tree *mln_assembly_subnet_id(struct mln_assembly *b,
                                        const struct mln_template_scope *from,
                                        const struct mln_zone *zone);
/* The id of a resource that the policy names, for a resource in `from`. */
struct mln_tree *mln_assembly_resource_id(struct mln_assembly *b,
                                          const struct mln_template_scope *from,
                                          const struct mln_resource *resource);
/* The array that is the output of this name in the scope. */
struct mln_tree *mln_assembly_output(struct mln_assembly *b, const struct mln_template_scope *scope,
                                     const char *name);

void mln_assemble_networks(struct mln_assembly *b);  /* assemble_network.c */
void mln_assemble_endpoints(struct mln_assembly *b); /* assemble_endpoint.c */

#endif
