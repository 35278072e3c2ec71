/* NSGs while their rules are gathered; shared by nsg.c and deployed.c. */
#ifndef MLN_IMPORT_NSG_GROUP_H
#define MLN_IMPORT_NSG_GROUP_H

#include "import/nsg_rule.h"

#define MLN_NSG_TYPE "Microsoft.Network/networkSecurityGroups"
#define MLN_NSG_RULE_TYPE MLN_NSG_TYPE "/securityRules"

struct mln_nsg_groups;
struct mln_nsg_groups *mln_nsg_groups_new(struct mln_nsg_reader *r);

/* What an object is: the type says it where there is one; a PUT body has none and is known by its
 * members. */
enum mln_nsg_shape { MLN_SHAPE_NSG, MLN_SHAPE_RULE, MLN_SHAPE_NEITHER };
enum mln_nsg_shape mln_nsg_shape_of(const cJSON *json);

/* Adds an NSG or a rule by itself, which belongs to the NSG that its id names; NSGs come before
 * such rules. */
struct mln_imported_nsg *mln_nsg_groups_add(struct mln_nsg_groups *groups, const cJSON *json,
                                            enum mln_nsg_shape shape);
/* Reports what Azure would not take of an NSG as a whole, and adds the NSGs to *out. */
void mln_nsg_groups_finish(struct mln_nsg_groups *groups, struct mln_imported_nsg_vec *out);

#endif
