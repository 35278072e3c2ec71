/* Resource firewalls: what the policy asks of each, as the list that its service will take.
 *
 * A firewall lets in exactly what intents ask for: addresses of externals, prefixes, the egress of
 * zones, service tags and Microsoft-hosted agents, less what excepts, denies and forbids take away
 * (language.md, Meaning: at this end, too, an allow holds where every deny that meets it is named
 * in its `overrides`), and the subnets of zones with the service endpoint. Where the service's
 * limit is lower than what that takes and the resource says `widen yes`, the list lets in more: the
 * fewest further addresses that can be, and none that is excepted, denied or private (net/fit.h).
 */
#ifndef MLN_RULES_FIREWALL_H
#define MLN_RULES_FIREWALL_H

#include "diag/ctx.h"
#include "net/fit.h"
#include "policy/model.h"

enum mln_firewall_state {
    MLN_FIREWALL_CLOSED, /* nobody comes in by the public side */
    MLN_FIREWALL_LISTED, /* those of the list, and the zones */
    MLN_FIREWALL_OPEN,   /* everybody: `public yes` */
};

/* One source that intents let in. */
struct mln_firewall_source {
    const char *name; /* "office", "hosted-agents.europe", "egress of agents" */
    const struct mln_ipset *set[MLN_FAMILIES]; /* what of it is let in; NULL: written as tags */
};

struct mln_firewall {
    const struct mln_resource *resource;
    enum mln_firewall_state state;
    /* Every address that is let in is known. Not so without a service-tag file, where some source
     * is a tag; then there is no list. */
    bool known;
    bool failed;            /* an error was reported: there is no list */
    enum mln_fit_cost cost; /* what was counted when the list was widened */
    size_t limit;           /* entries that the service takes for addresses; 0: none is published */
    MLN_VEC(struct mln_firewall_source *) sources; /* in the order of the intents, each name once */
    const struct mln_ipset *wanted[MLN_FAMILIES];  /* what has to get in; never NULL when known */
    const struct mln_ipset *lets_in[MLN_FAMILIES]; /* what the entries let in; the same */
    const struct mln_fit *fit[MLN_FAMILIES];       /* the entries; never NULL when known */
    MLN_VEC(const struct mln_tag *) tags;          /* written by name: the service knows tags */
    MLN_VEC(struct mln_zone *) zones;              /* with the service endpoint */
};

/* Works out the firewall of every resource, into its `firewall`, and reports what is wrong with it:
 * what nobody can write (a limit, a kind without a firewall), and what would not work as it reads
 * (a list that cannot be complete). */
void mln_firewalls_build(struct mln_ctx *ctx, struct mln_model *model);
/* For those who write lists: an error for each that is not known since there is no service-tag
 * file, and notes on what the others cost and leave out. */
void mln_firewalls_check_lists(struct mln_ctx *ctx, const struct mln_model *model);

/* Reports regions of the hosted agents that an intent names for which there is no tag; then
 * false. */
bool mln_check_agents(struct mln_ctx *ctx, const struct mln_model *model,
                      const struct mln_intent *intent);
/* Notes, once for each geography, what the lists of its agents do not hold. */
void mln_note_agents(struct mln_ctx *ctx, const struct mln_model *model);
/* The tag of one region of a geography; NULL when there is none. */
const struct mln_tag *mln_agents_tag(const struct mln_tags *tags, const char *region);

/* Does the resource's firewall let in addresses by a list, or zones, or tags? */
bool mln_firewall_has_list(const struct mln_firewall *firewall);
/* Does the policy say something of the firewall that the kind has words for: a list, or `public`?
 */
bool mln_firewall_is_asked(const struct mln_firewall *firewall);
/* Was it widened to fit? */
bool mln_firewall_is_widened(const struct mln_firewall *firewall);

#endif
