/* Are the members of a resource that the readers look at of the JSON types that Azure gives them?
 *
 * The readers ask for a text, a list or an object and take anything else for absent; so a name that
 * is a number would be no name, and a list of subnets that is none would be no subnets. */
#ifndef MLN_IMPORT_SHAPE_H
#define MLN_IMPORT_SHAPE_H

#include "import/json.h"

/* Reports json-shape for a resource that is no object and for every member of another type; null,
 * an empty text, an empty list and values that only a deployment can tell are not looked at.
 * Security rules are their own reader's to check (import/nsg_rule.h). */
void mln_shape_check(struct mln_document *document, const cJSON *resource);

#endif
