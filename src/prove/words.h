/* Packet sets in the words of a policy: its zones, externals, groups, resources and services, tags,
 * and addresses where it has no name for them. */
#ifndef MLN_PROVE_WORDS_H
#define MLN_PROVE_WORDS_H

#include "base/buf.h"
#include "policy/model.h"

struct mln_words; /* what a model has names for */

/* Text lives in the arena. */
struct mln_words *mln_words_new(struct mln_arena *arena, const struct mln_model *model);

/* How addresses are to be seen. */
struct mln_words_view {
    const struct mln_zone *zone;       /* where they lie: no other zone is named; or NULL */
    const struct mln_zone *seen_from;  /* what Internet and VirtualNetwork mean; or NULL */
    const struct mln_ipset *universe;  /* "any" is all of this; NULL: all addresses */
    const char *all;                   /* what "any" is called; NULL: "any" */
    const struct mln_tag *const *tags; /* tags with known prefixes that may be named */
    size_t tag_count;
    size_t most; /* prefixes written out before they are only counted; 0: all of them */
    /* Set to whether the words can only be of this family: prefixes, or names of things that have
     * no address of the other one. NULL: not asked. */
    bool *tells_family;
};

/* "agents, 10.1.2.0/24", "any except Storage", "Internet". Not for the empty set. */
const char *mln_words_addresses(struct mln_words *words, const struct mln_words_view *view,
                                const struct mln_ipset *set);
/* "https", "tcp 8080-8090", "any", "tcp source 53 443, udp". */
const char *mln_words_service(struct mln_words *words, unsigned protos,
                              const struct mln_portset *sport, const struct mln_portset *dport);
/* "10.0.0.0/16, 10.1.0.0/24", "3,112 prefixes (13.64.0.0/16, ...)" */
void mln_words_prefixes(struct mln_arena *arena, const struct mln_ipset *set, size_t most,
                        struct mln_buf *out);

#endif
