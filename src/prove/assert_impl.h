/* What the files of assertions share. Internal to prove/. */
#ifndef MLN_PROVE_ASSERT_IMPL_H
#define MLN_PROVE_ASSERT_IMPL_H

#include "prove/assert.h"
#include "prove/firewall.h"
#include "prove/way.h"

/* One end of a flow: a zone, the rest of the world as the other end's zone reaches it, or
 * everything that does. */
enum mln_place_kind { MLN_AT_ZONE, MLN_AT_REST, MLN_AT_ALL };
struct mln_end_place {
    enum mln_place_kind kind;
    const struct mln_zone *zone; /* MLN_AT_ZONE */
};

/* A part of a side as matches of a space: in any of [first, first + count) and in no part of
 * `minus`. */
struct mln_assert_part {
    size_t first, count;
    struct mln_assert_part *minus;
    size_t minus_len;
};

/* An NSG on the way, as matches of a space. */
struct mln_assert_list {
    struct mln_way_hop hop;
    struct mln_way_list rules;
    struct mln_rules_list bits;
};

/* One pair of places in one family. */
struct mln_assert_question {
    const struct mln_assert_world *world;
    const struct mln_intent *assertion;
    struct mln_ctx ctx; /* scratch memory of this question */
    enum mln_family family;
    struct mln_end_place ends[2]; /* source, destination */
    bool
        public_way; /* resources are reached by their public side, which an admitted zone may use */
    MLN_VEC(struct mln_match) matches;
    struct mln_assert_part *parts[2]; /* as many as the assertion's sides have */
    size_t part_count[2];
    size_t universe;                       /* the match of all packets between the places */
    size_t within;                         /* and of those that have to do with the assertion */
    MLN_VEC(struct mln_assert_list) lists; /* in the order in which packets meet them */
    struct mln_way_name_vec unread;        /* NSGs that cannot be asked */
    struct mln_space *space;
    size_t words;
    /* Packets that were found before: of each, the deciding entry of every list. */
    MLN_VEC(size_t) found;
    size_t found_count;
};

/* assert_side.c: what is asked about, as matches; false when the pair holds no packet of the
 * assertion. */
bool mln_assert_ask(struct mln_assert_question *q);
/* Could the side name addresses of `zone`, when the other end is at `other` (NULL: anywhere)?
 * Quick; may say yes in vain. */
bool mln_assert_touches(const struct mln_side_set *side, const struct mln_zone *zone,
                        const struct mln_zone *other);
/* The addresses of a place as it is joined with the other, in one family. */
const struct mln_ipset *mln_assert_universe(struct mln_assert_question *q, int end);

/* assert_search.c */
/* Makes the question's space, with the lists of the NSGs between its places. Against everything
 * only those at the zone's own end are asked. */
void mln_assert_seal(struct mln_assert_question *q);
/* Is there a packet of the assertion that breaks it, and is not decided as one of `found`? */
enum mln_found mln_assert_search(struct mln_assert_question *q, struct mln_counterexample *out);
/* Is there a packet of the assertion at all? */
bool mln_assert_has_packet(struct mln_assert_question *q);
void mln_assert_search_cover(struct mln_assert_question *q, bool *covered);

/* The property, three-valued: the packet is one of the assertion, and breaks it. */
enum mln_answer mln_assert_broken(const struct mln_assert_question *q, const uint64_t *alive,
                                  const uint64_t *sure);

/* assert_known.c */
/* Does the packet break the assertion whatever the tags hold, and whatever the addresses of network
 * interfaces are? */
bool mln_assert_is_definite(struct mln_assert_question *q, const struct mln_packet *packet);
/* The addresses of the zone at this end that no match tells from this one. */
const struct mln_ipset *mln_assert_alike(struct mln_assert_question *q, int end, struct mln_ip ip);
/* Adds the tags that leave open whether the packet breaks the assertion. */
void mln_assert_name_tags(struct mln_assert_question *q, struct mln_counterexample *out);
/* Adds the network interfaces that the packet's addresses may be of. */
void mln_assert_name_nics(const struct mln_assert_question *q, struct mln_counterexample *out);

/* assert_resource.c: what the firewalls of resources decide. */
/* May the zone reach some resource that the assertion names by its public side, past its firewall?
 */
bool mln_assert_public_way(struct mln_arena *scratch, const struct mln_tags *tags,
                           const struct mln_intent *assertion, const struct mln_zone *zone);
/* Does this leaf stand for the public side of its resource, as seen from the zone? */
bool mln_assert_is_public(const struct mln_leaf *leaf, const struct mln_zone *zone);
/* Adds reasons for what firewalls decide alone, or leave open. *asked: there was something to
 * decide. */
void mln_assert_firewalls(const struct mln_assert_world *world, const struct mln_intent *assertion,
                          struct mln_assert_outcome *outcome, bool *asked);

#endif
