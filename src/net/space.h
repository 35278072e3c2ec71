/* Packet sets: the algebra every question is asked in.
 *
 * A packet is the first of a flow: protocol, destination port, destination, source, source port,
 * all of one address family. A space holds the MATCHES in play (conjunctions, one per term of a
 * rule or an intent) and cuts each field into ATOMS: the classes of values that no match can tell
 * apart. Addresses may also lie in UNKNOWN sets (a service tag without a file, an application
 * security group): each is a field of its own with two values, in and out, independent of the
 * address, so what is found holds for every filling of the sets. Ports are part of every packet,
 * whatever its protocol.
 *
 * The one question: is there a packet inside `within` for which a property holds? The property is a
 * function of the matches that the packet lies in. The search is depth first over the fields in the
 * order protocol, destination port, destination, source, source port, unknown sets (in the order of
 * the first match that names them); at each field the atoms are grouped by the matches that stay
 * ALIVE. A match that all remaining fields contain entirely is SURE. The property is asked with
 * both sets at every node, so it may decide a whole subtree at once; states are remembered and
 * searched once.
 *
 * Cost: building is near-linear in the matches and in the ranges of their DISTINCT sets (matches
 * with the same set object share the work of one). A search visits each (field, alive set) once at
 * most and costs in proportion to the matches that overlap `within`; the general problem is NP-hard
 * in the number of fields, so it counts its steps and gives up at a limit instead of running away.
 */
#ifndef MLN_NET_SPACE_H
#define MLN_NET_SPACE_H

#include "net/ipset.h"
#include "net/port.h"

struct mln_match {
    const struct mln_ipset *src, *dst;   /* NULL: every address of the family */
    const uint32_t *src_vars, *dst_vars; /* unknown sets the address must ALSO lie in; any order */
    size_t src_var_count, dst_var_count;
    unsigned protos;                         /* set of MLN_PROTO_BIT; 0 matches nothing */
    const struct mln_portset *sport, *dport; /* NULL: every port */
};

struct mln_space;

/* Match i gets bit i of every bitset. Nothing of `matches` is referred to afterwards. A match with
 * an empty set in some field holds no packet and is never alive. The space lives in the arena; one
 * search at a time. Unknown sets are numbered by the caller from 0; the same number on the source
 * and the destination side are two different fields. */
struct mln_space *mln_space_new(struct mln_arena *arena, enum mln_family family,
                                const struct mln_match *matches, size_t count);
size_t
mln_space_words(const struct mln_space *space); /* 64-bit words of a bitset over the matches */

enum mln_answer { MLN_NO, MLN_YES, MLN_MAYBE };

/* alive: matches that some packet of this subtree lies in; sure: matches that every packet of it
 * lies in (sure is a subset of alive; they are equal at a leaf, where MLN_MAYBE must not be
 * answered). MLN_YES: every packet here has the property; MLN_NO: none has. */
typedef enum mln_answer mln_property(void *ctx, const uint64_t *alive, const uint64_t *sure);

struct mln_packet {
    enum mln_family family;
    struct mln_ip src, dst;
    enum mln_proto proto;
    uint16_t sport, dport;
    /* Unknown sets among those the search met that this packet was put into; the others are "out".
     */
    const uint32_t *src_vars, *dst_vars;
    size_t src_var_count, dst_var_count;
};

enum mln_found { MLN_NONE, MLN_FOUND, MLN_GAVE_UP };

/* Searches inside match `within` (index; SIZE_MAX = everything). *packet may be NULL; its arrays
 * live in the arena of the space. *steps (or NULL) is increased by the work done (a step is some
 * 10-50 ns); the search gives up when its own work exceeds `limit` (0 = MLN_SPACE_LIMIT). The
 * packet is a typical one where there is a choice: tcp before udp before others; destination port
 * 443, 22 or 80 when the atom holds it, else the lowest that is not 0; source port 49152 likewise;
 * 203.0.113.5 or 2001:db8::5 (addresses for documentation) for an atom that holds what is outside,
 * else the second address of its first range (a network's own address is no host). */
enum mln_found mln_space_find(struct mln_space *space, size_t within, mln_property *property,
                              void *ctx, struct mln_packet *packet, uint64_t *steps,
                              uint64_t limit);
#define MLN_SPACE_LIMIT 20000000u

/* The same with a REDUCTION, which makes long lists cheap: before a node is remembered and branched
 * on, it may clear alive matches that cannot change the property anywhere in the subtree (in a list
 * that the first match decides, everything behind a sure match). States that differ only in these
 * become one. */
typedef void mln_reduction(void *ctx, uint64_t *alive, const uint64_t *sure);
struct mln_question {
    mln_property *property;
    mln_reduction *reduction; /* or NULL */
    void *ctx;                /* of both */
};
enum mln_found mln_space_search(struct mln_space *space, size_t within,
                                const struct mln_question *question, struct mln_packet *packet,
                                uint64_t *steps, uint64_t limit);

/* The matches that share a packet with this one (unknown sets are taken to overlap whatever they
 * may), and those that hold all of it. Both sets have mln_space_words words; itself is in both when
 * it holds a packet at all. */
void mln_space_relation(struct mln_space *space, size_t match, uint64_t *overlap, uint64_t *cover);

/* Do the two matches share a packet? Unknown sets are taken to overlap whatever they may. */
bool mln_match_overlaps(const struct mln_match *a, const struct mln_match *b);
/* Is every packet of b in a? Exact for exact sets; an unknown set covers only itself. */
bool mln_match_covers(const struct mln_match *a, const struct mln_match *b);

/* Are all unknown sets of `wanted` among `vars`? */
bool mln_vars_name_all(const uint32_t *vars, size_t count, const uint32_t *wanted,
                       size_t wanted_count);

/* Does the packet lie in the match? Its unknown sets are those it was put into. */
bool mln_packet_matches(const struct mln_packet *packet, const struct mln_match *match);

/* "tcp 10.30.1.4:49152 -> 10.20.1.4:22"; ports only for tcp and udp; IPv6 in brackets. */
char *mln_packet_text(struct mln_arena *arena, const struct mln_packet *packet);

/* Bitset helpers, `words` long. */
static inline bool mln_bit(const uint64_t *set, size_t i)
{
    return set[i / 64] >> (i % 64) & 1;
}
static inline void mln_bit_set(uint64_t *set, size_t i)
{
    set[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline bool mln_bits_meet(const uint64_t *x, const uint64_t *y, size_t words)
{
    for (size_t w = 0; w < words; w++)
        if (x[w] & y[w])
            return true;
    return false;
}
static inline void mln_bit_clear(uint64_t *set, size_t i)
{
    set[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

/* The first bit of [from, to) that is set; `to` when none is. */
size_t mln_bits_first(const uint64_t *set, size_t from, size_t to);
void mln_bits_clear(uint64_t *set, size_t from, size_t to); /* [from, to) */
/* For reductions: clears the alive matches behind the first sure one of [from, to). */
void mln_bits_first_match(uint64_t *alive, const uint64_t *sure, size_t from, size_t to);

#endif
