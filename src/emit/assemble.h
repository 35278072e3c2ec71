/* A policy as one template of everything: the plan (emit/plan.h) in the types and properties of
 * Azure Resource Manager. */
#ifndef MLN_EMIT_ASSEMBLE_H
#define MLN_EMIT_ASSEMBLE_H

#include "emit/backend.h"
#include "emit/template.h"

/* The template of input->arm_scope, not yet split. Resources, each behind what it needs:
 *
 *     nsg      security groups, and network security groups with their rules inline
 *     network  route tables, service endpoint policies, networks with their subnets inline,
 *              peerings in both directions
 *     all      private DNS zones with their links, private endpoints with their zone groups
 *
 * Subnets stand inline, since that binds all of a network in one request. A network some of whose
 * subnets are there already (`existing`) has its own written as child resources, one after another:
 * a list without the others would delete them.
 *
 * Parameters: `location` where a region is not given; `RESOURCEId` for a resource of the policy
 * whose id is not; `NETWORKId` for an existing network without one; `remoteGatewaysExist` where a
 * peering uses a gateway, which no template here creates.
 *
 * Outputs, each an array, where there is something to say: `subnetBindings`, the subnets that are
 * not written here and the NSG each is to get; `remotePeerings`, the halves of peerings that begin
 * at existing networks; `prerequisites`, what has to be outside the network. */
struct mln_template *mln_assemble(struct mln_ctx *ctx, const struct mln_emit_input *input);

/* The `check` of every back end that writes templates: names that Azure refuses, and what else only
 * a template shows (0440-0459). */
void mln_assemble_check(struct mln_ctx *ctx, const struct mln_emit_input *input);

#endif
