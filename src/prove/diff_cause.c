/* Who is responsible for a difference: the rules that decide packets of it. */
#include "prove/diff_impl.h"

#include <string.h>

#define MOST_CAUSES 12     /* named on one side of one box */
#define TOGETHER 32        /* boxes */
#define MOST_STEPS 4000000 /* of a comparison: some 0.1 s; boxes behind have no causes */

/* A few boxes at a time, each a match behind those of the rules, so that a search has few matches
 * to carry; and before them one match for each unknown set that some box keeps out of. */
struct inquiry {
    struct comparison *c;
    struct mln_space *space;
    struct mln_arena *scratch; /* of these boxes */
    size_t first_set, first_box;
    MLN_VEC(struct mln_box_var) sets;
    size_t box;     /* asked about */
    size_t box_bit; /* its match */
    size_t *out;    /* matches of the sets it keeps out of */
    size_t out_count;
    uint64_t steps;
    size_t low, at; /* the first rule of the list, and the one asked about */
};

static size_t set_match(struct inquiry *q, const struct mln_box_var *var)
{
    struct comparison *c = q->c;
    struct mln_match match = {.protos = MLN_PROTOS_ALL};
    for (size_t i = 0; i < q->sets.len; i++)
        if (q->sets.data[i].number == var->number && q->sets.data[i].is_src == var->is_src)
            return q->first_set + i;
    if (var->is_src)
        match.src_vars = &var->number, match.src_var_count = 1;
    else
        match.dst_vars = &var->number, match.dst_var_count = 1;
    mln_vec_push(c->ctx.arena, &c->matches, match);
    mln_vec_push(c->ctx.arena, &q->sets, *var);
    return c->matches.len - 1;
}

static void add_sets(struct inquiry *q)
{
    q->first_set = q->c->matches.len;
    for (size_t i = 0; i < q->c->found.len; i++)
        for (size_t v = 0; v < q->c->found.data[i].box.var_count; v++)
            if (!q->c->found.data[i].box.vars[v].in)
                set_match(q, &q->c->found.data[i].box.vars[v]);
    q->first_box = q->c->matches.len;
}

/* In the rule, in the box, in no rule before it. */
static enum mln_answer decides(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct inquiry *q = ctx;
    enum mln_answer answer = MLN_YES;
    if (!mln_bit(alive, q->box_bit) || mln_bits_first(sure, q->low, q->at) < q->at)
        return MLN_NO;
    if (!mln_bit(sure, q->box_bit) || mln_bits_first(alive, q->low, q->at) < q->at)
        answer = MLN_MAYBE;
    for (size_t i = 0; i < q->out_count; i++) {
        if (mln_bit(sure, q->out[i]))
            return MLN_NO;
        if (mln_bit(alive, q->out[i]))
            answer = MLN_MAYBE;
    }
    return answer;
}

/* false: the NSG is passed by. */
static bool name_place(const struct mln_diff_side *side, size_t hop, struct mln_diff_cause *cause)
{
    if (hop < side->hop_count) {
        cause->zone = side->hops[hop].zone;
        cause->direction = side->hops[hop].direction;
        cause->nsg = side->hops[hop].nsg;
        return true;
    }
    const struct mln_way_hop *at = &side->more.data[hop - side->hop_count];
    cause->zone = at->zone;
    cause->direction = at->direction;
    cause->nsg = at->nsg;
    return cause->rule || cause->azure;
}

static void ask_list(struct inquiry *q, int side, size_t hop)
{
    struct comparison *c = q->c;
    const struct list *list = &c->lists[side][hop];
    const struct mln_match *box = &c->matches.data[q->box_bit];
    struct mln_diff_box *found = &c->found.data[q->box];
    size_t named = 0;
    q->low = list->first;
    for (size_t i = 0; i < list->count && named < MOST_CAUSES; i++, q->steps++) {
        const struct mln_match *match = &c->matches.data[list->first + i];
        q->at = list->first + i;
        if (!mln_match_overlaps(match, box) ||
            mln_space_find(q->space, q->at, decides, q, NULL, &q->steps, MOST_STEPS) == MLN_NONE)
            continue;
        const struct mln_rules_entry *entry = &list->entries.data[i];
        struct mln_diff_cause cause = {.side = side,
                                       .hop = hop,
                                       .allow = entry->allow,
                                       .rule = entry->rule,
                                       .azure = entry->azure};
        if (name_place(&c->sides[side], hop, &cause))
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

static void ask_box(struct inquiry *q)
{
    struct comparison *c = q->c;
    struct mln_diff_box *found = &c->found.data[q->box];
    q->out = MLN_NEW_ARRAY(q->scratch, size_t, found->box.var_count);
    q->out_count = 0;
    for (size_t v = 0; v < found->box.var_count; v++)
        if (!found->box.vars[v].in)
            q->out[q->out_count++] = set_match(q, &found->box.vars[v]);
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t h = 0; c->list_count[s] && h < c->list_count[s]; h++)
            ask_list(q, s, h);
}

/* Boxes [from, to). */
static void ask_some(struct inquiry *q, size_t from, size_t to)
{
    struct comparison *c = q->c;
    q->scratch = mln_arena_new();
    c->matches.len = q->first_box;
    for (size_t i = from; i < to; i++)
        mln_vec_push(c->ctx.arena, &c->matches, mln_box_match(q->scratch, &c->found.data[i].box));
    q->space = mln_space_new(q->scratch, c->family, c->matches.data, c->matches.len);
    for (q->box = from; q->box < to; q->box++) {
        q->box_bit = q->first_box + q->box - from;
        ask_box(q);
    }
    mln_arena_free(q->scratch);
}

void mln_diff_find_causes(struct comparison *c)
{
    struct inquiry q = {.c = c};
    add_sets(&q);
    for (size_t i = 0; i < c->found.len; i++)
        for (int s = 0; s < MLN_SIDES; s++)
            c->found.data[i].outside[s] = is_outside(c, s, &c->found.data[i].box);
    for (size_t i = 0; i < c->found.len && q.steps < MOST_STEPS; i += TOGETHER)
        ask_some(&q, i, i + TOGETHER < c->found.len ? i + TOGETHER : c->found.len);
}
