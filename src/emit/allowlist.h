/* The lists of resource firewalls as files. For each resource whose firewall is in use:
 *
 *     RESOURCE.allowlist.json  the property or child resources in ARM's form, with their type, API
 *                              version, sources and numbers under "metadata"; a template where it
 * is deployable by itself; for Databricks the call of its API RESOURCE.allowlist.txt   one entry a
 * line RESOURCE.allowlist.csv   one entry a line with its first and last address, how many it
 * holds, how many nobody asked for, how many of those are outside of the tag AzureCloud, and the
 * sources it serves RESOURCE.allowlist.sh    POSIX shell: sets the firewall to exactly this list
 *
 * Of one that the policy closes or opens to everybody, the JSON and the script. */
#ifndef MLN_EMIT_ALLOWLIST_H
#define MLN_EMIT_ALLOWLIST_H

#include "emit/backend.h"

extern const struct mln_backend mln_backend_allowlist;

#endif
