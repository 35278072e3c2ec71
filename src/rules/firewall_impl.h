/* What the files of resource firewalls share. Internal to rules/. */
#ifndef MLN_RULES_FIREWALL_IMPL_H
#define MLN_RULES_FIREWALL_IMPL_H

#include "rules/firewall.h"

struct mln_firewall_work {
    struct mln_ctx *ctx;
    const struct mln_model *model;
    struct mln_resource *resource;
    struct mln_firewall *out;
    const struct mln_ipset *kept_out[MLN_FAMILIES]; /* by excepts, denies and forbids; never NULL */
};

/* Addresses, as far as they are known. */
struct mln_known_set {
    const struct mln_ipset *set[MLN_FAMILIES];
    bool known;
};

/* firewall_sets.c */
struct mln_known_set mln_known_nothing(struct mln_arena *a);
void mln_known_unite(struct mln_arena *a, struct mln_known_set *to,
                     const struct mln_known_set *from);
void mln_known_subtract(struct mln_arena *a, struct mln_known_set *from,
                        const struct mln_known_set *what);
/* What an ask is about, without and with its excepts. */
struct mln_known_set mln_ask_named_set(const struct mln_firewall_work *w,
                                       const struct mln_firewall_ask *ask);
struct mln_known_set mln_ask_set(const struct mln_firewall_work *w,
                                 const struct mln_firewall_ask *ask);

/* firewall_asks.c: sources, wanted, tags, known; reports what denies do to allows. */
void mln_firewall_gather(struct mln_firewall_work *w);

/* agents.c: warns of sources in the resource's own region, which its list cannot let in; where the
 * region is not given, the note says that it matters. */
void mln_firewall_check_region(const struct mln_firewall_work *w);
void mln_firewall_note_region(struct mln_ctx *ctx, const struct mln_resource *resource);

#endif
