/* Questions about two matches, answered field by field without cutting anything into atoms. */
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
static bool names_all(const uint32_t *vars, size_t count, const uint32_t *wanted,
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
           names_all(b->src_vars, b->src_var_count, a->src_vars, a->src_var_count) &&
           names_all(b->dst_vars, b->dst_var_count, a->dst_vars, a->dst_var_count);
}
