/* Network security groups as JSON: the body of a PUT of Microsoft.Network/networkSecurityGroups. */
#ifndef MLN_EMIT_NSG_H
#define MLN_EMIT_NSG_H

#include "base/json.h"
#include "emit/backend.h"

/* One NSG as a document with a final line end. Properties of a rule come in this order:
 *
 *     description, protocol, sourcePortRange(s), destinationPortRange(s),
 *     sourceAddressPrefix(es) or sourceApplicationSecurityGroups,
 *     destinationAddressPrefix(es) or destinationApplicationSecurityGroups, access, priority,
 * direction
 *
 * The singular form holds one value, the plural form several, never both. Prefixes are CIDR always
 * ("10.0.0.4/32"), in address order. `location` is left out when the policy names no region. Rules
 * are ordered by direction, Inbound first, then priority. */
void mln_emit_nsg(struct mln_arena *arena, const struct mln_table *table, struct mln_buf *out);

/* The documents of a policy's NSGs, each made once: what is proved is what is written, not
 * something that should be the same. */
struct mln_nsg_documents;
/* For NSGs with indices below `count`; everything lives in the arena. */
struct mln_nsg_documents *mln_nsg_documents_new(struct mln_arena *arena, size_t count);
/* The file of one NSG, made when it is first asked for; the table must not change afterwards. */
const struct mln_artefact *mln_nsg_document(struct mln_nsg_documents *documents,
                                            const struct mln_table *table);

/* The array of rules alone, as a value at the writer's place. */
void mln_emit_security_rules(struct mln_arena *arena, const struct mln_table *table,
                             struct mln_json *json);

/* The resource id of an application security group. What the policy does not say of it stands as a
 * placeholder in capitals, to be replaced before the file is sent: "/subscriptions/SUBSCRIPTION/
 * resourceGroups/RESOURCE-GROUP/providers/Microsoft.Network/applicationSecurityGroups/NAME". */
const char *mln_asg_id(struct mln_arena *arena, const struct mln_asg *asg);

extern const struct mln_backend mln_backend_nsg;

#endif
