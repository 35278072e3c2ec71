/* Who is responsible for a difference: the rules that decide packets of it. */
#include "prove/diff_impl.h"

#include <string.h>

#define MOST_CAUSES 12 /* named on one side of one box */

/* The boxes as matches behind those of the rules. */
struct inquiry {
    struct comparison *c;
    struct mln_space *space;
    size_t words;
    size_t *box_at; /* per box: its match; then one match for each unknown set it keeps out of */
    size_t box;     /* asked about */
    size_t low, at; /* the rule asked about, and the first of its list */
};

static void add_box_matches(struct inquiry *q)
{
    struct comparison *c = q->c;
    q->box_at = MLN_NEW_ARRAY(c->ctx.arena, size_t, c->found.len + 1);
    for (size_t i = 0; i < c->found.len; i++) {
        const struct mln_box *box = &c->found.data[i].box;
        q->box_at[i] = c->matches.len;
        mln_vec_push(c->ctx.arena, &c->matches, mln_box_match(c->ctx.arena, box));
        for (size_t v = 0; v < box->var_count; v++) {
            struct mln_match out = {.protos = MLN_PROTOS_ALL};
            if (box->vars[v].in)
                continue;
            if (box->vars[v].is_src)
                out.src_vars = &box->vars[v].number, out.src_var_count = 1;
            else
                out.dst_vars = &box->vars[v].number, out.dst_var_count = 1;
            mln_vec_push(c->ctx.arena, &c->matches, out);
        }
    }
    q->box_at[c->found.len] = c->matches.len;
}

/* In the rule, in the box, in no rule before it. */
static enum mln_answer decides(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct inquiry *q = ctx;
    size_t box = q->box_at[q->box];
    enum mln_answer answer = MLN_YES;
    if (!mln_bit(alive, box) || mln_bits_first(sure, q->low, q->at) < q->at)
        return MLN_NO;
    if (!mln_bit(sure, box) || mln_bits_first(alive, q->low, q->at) < q->at)
        answer = MLN_MAYBE;
    for (size_t out = box + 1; out < q->box_at[q->box + 1]; out++) {
        if (mln_bit(sure, out))
            return MLN_NO;
        if (mln_bit(alive, out))
            answer = MLN_MAYBE;
    }
    return answer;
}

static void ask_list(struct inquiry *q, int side, size_t hop)
{
    struct comparison *c = q->c;
    const struct list *list = &c->lists[side][hop];
    const struct mln_match *box = &c->matches.data[q->box_at[q->box]];
    struct mln_diff_box *found = &c->found.data[q->box];
    size_t named = 0;
    q->low = list->first;
    for (size_t i = 0; i < list->count && named < MOST_CAUSES; i++) {
        const struct mln_match *match = &c->matches.data[list->first + i];
        q->at = list->first + i;
        if (!mln_match_overlaps(match, box) ||
            mln_space_find(q->space, q->at, decides, q, NULL, NULL, 0) == MLN_NONE)
            continue;
        const struct mln_rules_entry *entry = &list->entries.data[i];
        const struct mln_diff_hop *at = &c->sides[side].hops[hop];
        struct mln_diff_cause cause = {.side = side,
                                       .hop = hop,
                                       .allow = entry->allow,
                                       .zone = at->zone,
                                       .direction = at->direction,
                                       .rule = entry->rule,
                                       .azure = entry->azure};
        mln_vec_push(c->ctx.arena, &found->causes, cause);
        named++;
        if (mln_match_covers(match, box))
            break;
    }
}

/* Is some packet of the box none of the side's? Unknown sets do not matter for that. */
static bool is_outside(const struct comparison *c, int side, const struct mln_box *box)
{
    const struct mln_ipset *src = c->sides[side].src[c->family],
                           *dst = c->sides[side].dst[c->family];
    return !src || !dst || !mln_ipset_covers(src, box->src) || !mln_ipset_covers(dst, box->dst);
}

void mln_diff_find_causes(struct comparison *c)
{
    struct inquiry q = {.c = c};
    if (c->found.len == 0)
        return;
    add_box_matches(&q);
    q.space = mln_space_new(c->ctx.arena, c->family, c->matches.data, c->matches.len);
    for (q.box = 0; q.box < c->found.len; q.box++)
        for (int s = 0; s < MLN_SIDES; s++) {
            struct mln_diff_box *found = &c->found.data[q.box];
            found->outside[s] = is_outside(c, s, &found->box);
            for (size_t h = 0; h < c->sides[s].hop_count && c->list_count[s]; h++)
                ask_list(&q, s, h);
        }
}
