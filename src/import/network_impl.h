/* What network.c and nic.c share. Internal to import/. */
#ifndef MLN_IMPORT_NETWORK_IMPL_H
#define MLN_IMPORT_NETWORK_IMPL_H

#include "import/network.h"

struct mln_networks {
    struct mln_nsg_reader *r;
    struct mln_deployed *out;
    struct mln_map *networks, *subnets, *tables, *nics; /* folded id -> the struct */
    struct mln_map *peerings, *routes;                  /* folded id -> its index + 1 */
};

/* network.c */
/* In lower case, to compare ids by. */
const char *mln_net_folded(struct mln_networks *n, const char *id);
/* A member's text, or "". */
const char *mln_net_text(struct mln_networks *n, const cJSON *json, const char *key);
/* "properties", or the object itself where it is flattened. */
const cJSON *mln_net_fields(const cJSON *json);
/* The id in {"networkSecurityGroup": {"id": ...}}; NULL when there is none. One that is not known
 * is "{unknown}". */
const char *mln_net_reference(struct mln_networks *n, const cJSON *fields, const char *key);
/* The last part of an id, or "". */
const char *mln_net_id_name(struct mln_networks *n, const char *id);
bool mln_net_is_true(const cJSON *fields, const char *key);
/* By id in a map of index + 1; MLN_DEPLOYED_NONE: not there. */
size_t mln_net_index(struct mln_networks *n, const struct mln_map *map, const char *id);

/* nic.c: after subnets are known. nsgs: folded id -> index + 1 */
void mln_nics_bind(struct mln_networks *n, const struct mln_map *nsgs);

#endif
