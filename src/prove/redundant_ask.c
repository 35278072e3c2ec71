/* One question about one rule, and who decides its packet. */
#include "prove/redundant_impl.h"

#include <string.h>

/* --- the question --- */

void mln_audit_set_range(uint64_t *set, size_t from, size_t to)
{
    for (; from < to && from % 64 != 0; from++)
        mln_bit_set(set, from);
    for (; from + 64 <= to; from += 64)
        set[from / 64] = UINT64_MAX;
    for (; from < to; from++)
        mln_bit_set(set, from);
}

struct mln_first_question mln_audit_question(const struct mln_audit_plane *p, bool none_is_good)
{
    return (struct mln_first_question){p->above, p->below, p->good, none_is_good, p->words};
}

enum mln_found mln_audit_find(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                              bool none_is_good, struct mln_packet *packet)
{
    struct mln_first_question question = mln_audit_question(p, none_is_good);
    enum mln_found all = MLN_NONE;
    for (size_t e = a->out->first[rule]; e < a->out->first[rule + 1]; e++) {
        enum mln_found found = mln_first_find(p->space, e, &question, packet, &a->out->steps);
        if (found == MLN_FOUND)
            return found;
        if (found == MLN_GAVE_UP)
            all = found;
    }
    return all;
}

void mln_audit_use_earlier(struct mln_audit *a, const struct mln_audit_plane *p, uint64_t *set,
                           size_t rule)
{
    mln_audit_clear(p, set);
    mln_audit_set_range(set, 0, a->out->first[rule]);
}

void mln_audit_use_own_action(struct mln_audit *a, struct mln_audit_plane *p, size_t rule)
{
    bool allow = a->out->rules[rule]->action == MLN_ALLOW;
    for (size_t w = 0; w < p->words; w++)
        p->good[w] = allow ? p->allows[w] : ~p->allows[w];
}

/* --- who decides a packet --- */

/* The first entry of [from, to) among `set` that matches; `to` when none does. */
size_t mln_audit_first_match(const struct mln_audit_plane *p, const struct mln_packet *packet,
                             const uint64_t *set, size_t from, size_t to)
{
    for (size_t e = mln_bits_first(set, from, to); e < to; e = mln_bits_first(set, e + 1, to))
        if (mln_packet_matches(packet, &p->entries.data[e].match))
            return e;
    return to;
}

struct mln_listed mln_audit_listed_at(const struct mln_audit *a, const struct mln_audit_plane *p,
                                      size_t entry)
{
    if (entry < a->rule_entries) {
        size_t rule = a->listed[entry];
        return (struct mln_listed){.rule = a->out->rules[rule], .index = rule};
    }
    return (struct mln_listed){.azure = p->entries.data[entry].azure, .index = SIZE_MAX};
}

/* --- packets that people recognise --- */

/* Of a subnet that nothing is known of, an address that stands for the Internet is no good example:
 * a private one is, where the same rules meet it. */
void mln_audit_bring_home(const struct mln_audit_plane *p, struct mln_packet *packet)
{
    static const struct mln_ip private[MLN_FAMILIES] = {
        [MLN_IPV4] = {.lo = 0x0a000004}, [MLN_IPV6] = {.hi = UINT64_C(0xfd00) << 48, .lo = 4}};
    bool inbound = p->view->direction == MLN_INBOUND;
    struct mln_ip home = private[packet->family], *ours = inbound ? &packet->dst : &packet->src;
    if (!p->view->zone->unplaced || mln_ipset_contains(p->private, *ours))
        return;
    const struct mln_ipset *last = NULL;
    for (size_t i = 0; i < p->entries.len; i++) {
        const struct mln_match *match = &p->entries.data[i].match;
        const struct mln_ipset *near = inbound ? match->dst : match->src;
        if (near != last && mln_ipset_contains(near, *ours) != mln_ipset_contains(near, home))
            return;
        last = near;
    }
    *ours = home;
}

/* --- questions about one rule in one plane --- */

enum mln_found mln_audit_find_reached(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                      struct mln_packet *packet)
{
    mln_audit_use_earlier(a, p, p->above, rule);
    mln_audit_clear(p, p->below);
    return mln_audit_find(a, p, rule, false, packet);
}

/* later: which of the rules behind it there are. */
void mln_audit_ask_behind(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                          const uint64_t *later)
{
    mln_audit_use_earlier(a, p, p->above, rule);
    memcpy(p->below, later, p->words * sizeof *later);
    mln_bits_clear(p->below, 0, a->out->first[rule + 1]);
}

enum mln_found mln_audit_find_changed(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                      const uint64_t *later, struct mln_packet *packet)
{
    mln_audit_ask_behind(a, p, rule, later);
    mln_audit_use_own_action(a, p, rule);
    return mln_audit_find(a, p, rule, false, packet);
}
