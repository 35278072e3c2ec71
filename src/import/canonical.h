/* Azure's keys in Azure's spelling: services read them in any case, PowerShell writes "Properties",
 * people write "securityrules". */
#ifndef MLN_IMPORT_CANONICAL_H
#define MLN_IMPORT_CANONICAL_H

#include <cjson/cJSON.h>

/* Rewrites the keys of the tree that matter to the readers; the tree keeps its shape and nodes. */
void mln_canonical_keys(cJSON *root);
/* The key as the readers ask for it; `key` itself when they never do. */
const char *mln_canonical_key(const char *key);

#endif
