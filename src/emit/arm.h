/* ARM templates, and snippets to paste into templates of one's own. */
#ifndef MLN_EMIT_ARM_H
#define MLN_EMIT_ARM_H

#include "emit/backend.h"

/* azuredeploy.json; or, where the policy's networks lie in several resource groups or one template
 * cannot hold everything, azuredeploy-GROUP.json each, in several parts where needed, and
 * azuredeploy.order: a line for each template, in the order of deployment, with its file, resource
 * group and subscription separated by tabs ("-": the policy does not say). */
extern const struct mln_backend mln_backend_arm;
/* NSGNAME.arm.json: the array of resources of that NSG and the security groups that its rules name.
 */
extern const struct mln_backend mln_backend_snippet;

#endif
