/* Names and ids of a template's resources. A name has a part for each part of the type behind the
 * namespace: "hub/a" of "Microsoft.Network/virtualNetworks/subnets". A '/' inside of braces, in an
 * unknown value, parts nothing. */
#ifndef MLN_IMPORT_ARM_NAME_H
#define MLN_IMPORT_ARM_NAME_H

#include "import/datum.h"

size_t mln_arm_name_parts(const char *name);
const char *mln_arm_name_last(const char *name);

/* The id of a resource in `base`, a resource group; "" when the name has not as many parts as the
 * type. */
const char *mln_arm_id(struct mln_eval *e, const char *base, const char *type, const char *name);
/* The id without its last type and name. */
const char *mln_arm_parent_id(struct mln_eval *e, const char *id, const char *name);

#endif
