/* Questions about two matches, or a match and a packet, answered field by field without cutting
 * anything into atoms. */
#include "net/space.h"

static bool addresses_overlap(const struct mln_ipset *a, const struct mln_ipset *b)
{
    if (!a || !b)
        return (!a || a->len > 0) && (!b || b->len > 0);
    return mln_ipset_overlaps(a, b);
}

static bool ports_overlap(const struct mln_portset *a, const struct mln_portset *b)
{
    if (!a || !b)
        return (!a || a->len > 0) && (!b || b->len > 0);
    return mln_portset_overlaps(a, b);
}

bool mln_match_overlaps(const struct mln_match *a, const struct mln_match *b)
{
    return (a->protos & b->protos & MLN_PROTOS_ALL) != 0 && addresses_overlap(a->src, b->src) &&
           addresses_overlap(a->dst, b->dst) && ports_overlap(a->sport, b->sport) &&
           ports_overlap(a->dport, b->dport);
}

static bool addresses_cover(const struct mln_ipset *a, const struct mln_ipset *b)
{
    if (!a)
        return true;
    return b ? mln_ipset_covers(a, b) : mln_ipset_is_all(a);
}

static bool ports_cover(const struct mln_portset *a, const struct mln_portset *b)
{
    if (!a)
        return true;
    return b ? mln_portset_covers(a, b) : mln_portset_is_all(a);
}

/* The more sets a match must lie in, the smaller it is: a covers b when b names all that a names.
 */
bool mln_vars_name_all(const uint32_t *vars, size_t count, const uint32_t *wanted,
                       size_t wanted_count)
{
    for (size_t i = 0; i < wanted_count; i++) {
        size_t at = 0;
        while (at < count && vars[at] != wanted[i])
            at++;
        if (at == count)
            return false;
    }
    return true;
}

bool mln_match_covers(const struct mln_match *a, const struct mln_match *b)
{
    if (!mln_match_overlaps(b, b))
        return true; /* nothing to cover */
    return (b->protos & ~a->protos & MLN_PROTOS_ALL) == 0 && addresses_cover(a->src, b->src) &&
           addresses_cover(a->dst, b->dst) && ports_cover(a->sport, b->sport) &&
           ports_cover(a->dport, b->dport) &&
           mln_vars_name_all(b->src_vars, b->src_var_count, a->src_vars, a->src_var_count) &&
           mln_vars_name_all(b->dst_vars, b->dst_var_count, a->dst_vars, a->dst_var_count);
}

static bool end_matches(struct mln_ip ip, const struct mln_ipset *set, const uint32_t *in,
                        size_t in_count, const uint32_t *vars, size_t var_count)
{
    return (!set || mln_ipset_contains(set, ip)) &&
           mln_vars_name_all(in, in_count, vars, var_count);
}

bool mln_packet_matches(const struct mln_packet *packet, const struct mln_match *match)
{
    return (match->protos & MLN_PROTO_BIT(packet->proto)) != 0 &&
           (!match->sport || mln_portset_contains(match->sport, packet->sport)) &&
           (!match->dport || mln_portset_contains(match->dport, packet->dport)) &&
           end_matches(packet->src, match->src, packet->src_vars, packet->src_var_count,
                       match->src_vars, match->src_var_count) &&
           end_matches(packet->dst, match->dst, packet->dst_vars, packet->dst_var_count,
                       match->dst_vars, match->dst_var_count);
}
