/* Rules that overlap an earlier one of the other action. */
#include "azure/legal.h"
#include "prove/redundant_impl.h"

#include <string.h>

/* The entries before the rule that have the other action, overlap one of its entries, and neither
 * hold it nor lie in it. False when there is none. */
static bool rivals(struct mln_audit *a, struct mln_audit_plane *p, size_t entry, uint64_t *out)
{
    mln_space_relation(p->space, entry, p->overlap, p->cover);
    bool allow = p->entries.data[entry].allow, any = false;
    size_t end = a->out->first[a->listed[entry]];
    memset(out, 0xff, p->words * sizeof *out);
    for (size_t e = mln_bits_first(p->overlap, 0, end); e < end;
         e = mln_bits_first(p->overlap, e + 1, end)) {
        if (p->entries.data[e].allow == allow || mln_bit(p->cover, e) ||
            mln_match_covers(&p->entries.data[entry].match, &p->entries.data[e].match))
            continue;
        mln_bit_clear(out, e);
        any = true;
    }
    return any;
}

/* Needs the packet two unrelated unknown sets at one end, or a public address in VirtualNetwork? */
static bool far_fetched(const struct mln_audit_plane *p, struct mln_ip ip, const uint32_t *vars,
                        size_t count)
{
    size_t unrelated = 0;
    for (size_t i = 0; i < count; i++) {
        const struct mln_tag *tag =
            vars[i] < mln_tags_count(p->tags) ? mln_tags_at(p->tags, vars[i]) : NULL;
        bool is_parent = false;
        for (size_t k = 0; k < count && tag; k++)
            if (vars[k] < mln_tags_count(p->tags) && mln_tags_at(p->tags, vars[k])->parent == tag)
                is_parent = true;
        unrelated += !is_parent;
        if (tag && tag->kind == MLN_TAG_VIRTUAL_NETWORK && !mln_ipset_contains(p->private, ip))
            return true;
    }
    return unrelated > 1;
}

static bool is_plausible(const struct mln_audit_plane *p, const struct mln_packet *packet)
{
    return !far_fetched(p, packet->src, packet->src_vars, packet->src_var_count) &&
           !far_fetched(p, packet->dst, packet->dst_vars, packet->dst_var_count);
}

void mln_audit_look_for_conflict(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                 struct mln_rule_verdict *v)
{
    struct mln_first_question question = mln_audit_question(p, true);
    for (size_t e = a->out->first[rule]; e < a->out->first[rule + 1] && !v->conflicting; e++) {
        if (!rivals(a, p, e, p->good))
            continue;
        mln_audit_clear(p, p->above);
        mln_audit_use_earlier(a, p, p->below, rule);
        if (mln_first_find(p->space, e, &question, &v->disputed, &a->out->steps) != MLN_FOUND ||
            !is_plausible(p, &v->disputed))
            continue;
        size_t end = a->out->first[rule];
        size_t entry = mln_audit_first_match(p, &v->disputed, p->below, 0, end);
        v->conflicting = entry < end;
        mln_audit_bring_home(p, &v->disputed);
        if (v->conflicting)
            v->against = mln_audit_listed_at(a, p, entry);
    }
}
