/* Resource firewalls in the resource's own spelling: what rules/firewall.h worked out, as the
 * property or the child resources that Azure takes. What a service's property is called and how an
 * entry is written is the data of its kind (stdlib/azure/kinds.mlp); there is no code for single
 * services. */
#ifndef MLN_EMIT_FIREWALL_H
#define MLN_EMIT_FIREWALL_H

#include "emit/tree.h"
#include "rules/firewall.h"

/* One entry of a list as it is written. */
struct mln_firewall_entry {
    const char *text; /* "20.0.0.0/15", "20.38.0.7", "AzureCloud.westeurope" */
    enum mln_family family;
    struct mln_range range;    /* first and last address; not of a tag */
    const struct mln_tag *tag; /* or NULL */
};
MLN_VEC_TYPE(mln_firewall_entry_vec, struct mln_firewall_entry);

/* A resource, or the part of one that is the firewall. */
struct mln_firewall_part {
    const char *type, *api;
    const char *child; /* last part of its name, below the resource's own; NULL: itself */
    bool whole;        /* deployable as it is, where its parent exists */
    struct mln_tree *properties;
};
MLN_VEC_TYPE(mln_firewall_part_vec, struct mln_firewall_part);

/* The id of a zone's subnet as a value of a template. */
typedef struct mln_tree *mln_subnet_id(void *context, const struct mln_zone *zone);

/* The entries in the order they are written: tags, IPv4, IPv6. Nothing when the list is not
 * known. */
void mln_firewall_entries(struct mln_arena *arena, const struct mln_firewall *firewall,
                          struct mln_firewall_entry_vec *out);
/* How many entries that makes for the service: packed, and with subnets where those count. */
size_t mln_firewall_entry_count(const struct mln_firewall *firewall);

/* The parts, the one with the list first. Nothing for a kind without a firewall, for a service
 * whose list is no property (mln_firewall_is_rest), or when the list is not known. */
void mln_firewall_spell(struct mln_arena *arena, const struct mln_firewall *firewall,
                        mln_subnet_id *subnet_id, void *context, struct mln_firewall_part_vec *out);
/* The list is set by calls of the service's own API. */
bool mln_firewall_is_rest(const struct mln_firewall *firewall);

/* The resource id of a zone's subnet; what the policy does not say of it stands as a placeholder in
 * capitals, as in mln_asg_id (emit/nsg.h). */
const char *mln_subnet_placeholder(struct mln_arena *arena, const struct mln_zone *zone);

#endif
