/* Ordering: the rules of one end, so that the first match decides as the policy does.
 *
 * A plain problem needs no search: forbids, denies, allows. Otherwise we learn a decision list. A
 * candidate (a piece as a rule) may be written next when the policy's verdict is the same on all
 * packets it matches that no rule written so far matches; that verdict becomes its action. Writing
 * such a candidate never hurts: any list that finishes the job without it also finishes it after
 * it. So taking candidates greedily, in any order, finds a list whenever the candidates allow one
 * (Rivest, Learning Decision Lists, Machine Learning 2, 1987). We take the lowest rank first:
 * forbids, overriding allows, denies, allows.
 *
 *     deny ssh from any to web as d      allow ssh from jump to web overrides d
 *     d: verdict differs (jump passes) -> waits; the allow: constant -> written; d: constant now ->
 * written.
 *
 * When nothing can be written, more candidates are made, in three steps: the exceptions (an `except
 * TAG` becomes a rule before its allow), the parts of exact sides, and the intersections of waiting
 * candidates that a rule can say. Exact prefixes and ports always intersect; two tags do not, and
 * then no list may exist: not-expressible.
 *
 * Cost: a candidate is asked about again only when a rule that overlaps it was written. The steps
 * of all questions together are bounded. */
#include "rules/order.h"

#include <string.h>

/* --- asking --- */

struct question {
    struct mln_plane *plane;
    const uint64_t *covered;
    enum mln_verdict wanted;
    uint64_t asked; /* times */
};

/* Is the packet in question and not covered yet, and is the verdict the wanted one? */
static enum mln_answer uncovered_with(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct question *q = ctx;
    size_t universe = (size_t)q->plane->universe;
    q->asked++;
    if (mln_bits_meet(sure, q->covered, q->plane->words) || !mln_bit(alive, universe))
        return MLN_NO;
    enum mln_verdict verdict = mln_plane_verdict(q->plane, alive, sure, NULL);
    if (verdict == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    if (verdict != q->wanted)
        return MLN_NO;
    bool sure_of_it = mln_bit(sure, universe) && !mln_bits_meet(alive, q->covered, q->plane->words);
    return sure_of_it ? MLN_YES : MLN_MAYBE;
}

static bool exists(struct mln_solver *s, const struct mln_candidate *c, enum mln_verdict wanted,
                   struct mln_packet *packet)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        if (!(c->piece->families >> f & 1))
            continue;
        struct question q = {&s->p->planes[f], s->covered[f], wanted, 0};
        enum mln_found found = MLN_GAVE_UP;
        if (s->p->steps < s->p->most_steps)
            found = mln_space_find(q.plane->space, (size_t)c->piece->rule[f], uncovered_with, &q,
                                   packet, &s->p->steps, s->p->most_steps - s->p->steps);
        if (q.plane->cut) /* verdicts with exceptions cost more than the search knows */
            s->p->steps += q.asked * (q.plane->words / 4);
        if (found == MLN_GAVE_UP)
            s->gave_up = true;
        if (found != MLN_NONE)
            return true;
    }
    return false;
}

/* --- writing --- */

static void mark_stale(struct mln_solver *s, const struct mln_candidate *written)
{
    for (size_t i = 0; i < s->all.len; i++) {
        struct mln_candidate *c = &s->all.data[i];
        for (int f = 0; c->status == MLN_WAITING && !c->stale && f < MLN_FAMILIES; f++)
            if ((c->piece->families & written->piece->families) >> f & 1)
                c->stale =
                    mln_match_overlaps(&s->p->planes[f].matches.data[c->piece->rule[f]],
                                       &s->p->planes[f].matches.data[written->piece->rule[f]]);
    }
}

static void write_rule(struct mln_solver *s, size_t index, enum mln_action action)
{
    struct mln_candidate *c = &s->all.data[index];
    c->status = MLN_WRITTEN;
    c->action = action;
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (c->piece->families >> f & 1)
            mln_bit_set(s->covered[f], (size_t)c->piece->rule[f]);
    mln_vec_push(s->p->scratch, &s->written, index);
    mark_stale(s, c);
}

/* true when the candidate was written or dropped */
static bool try_candidate(struct mln_solver *s, size_t index)
{
    struct mln_candidate *c = &s->all.data[index];
    struct mln_packet permitted, denied;
    c->stale = false;
    bool some_allowed = exists(s, c, MLN_VERDICT_ALLOW, &permitted);
    bool some_denied = exists(s, c, MLN_VERDICT_DENY, &denied);
    if (s->gave_up)
        return false;
    if (some_allowed && some_denied) {
        bool allow = c->piece->end && c->piece->end->intent->verb == MLN_VERB_ALLOW;
        c->packet = allow ? denied : permitted;
        c->packet.src_var_count = c->packet.dst_var_count = 0; /* they live as long as the space */
        c->has_packet = true;
        return false;
    }
    if (!some_allowed && !some_denied)
        c->status = MLN_DROPPED;
    else
        write_rule(s, index, some_allowed ? MLN_ALLOW : MLN_DENY);
    return true;
}

/* Lowest rank first; after every step from the lowest candidate that may have changed. */
static void run(struct mln_solver *s)
{
    for (size_t i = 0; i < s->all.len && !s->gave_up;) {
        struct mln_candidate *c = &s->all.data[i];
        if (c->status != MLN_WAITING || !c->stale || !try_candidate(s, i)) {
            i++;
            continue;
        }
        size_t lowest = 0;
        while (lowest < s->all.len &&
               !(s->all.data[lowest].status == MLN_WAITING && s->all.data[lowest].stale))
            lowest++;
        i = lowest;
    }
}

static bool finished(const struct mln_solver *s)
{
    for (size_t i = 0; i < s->all.len; i++)
        if (s->all.data[i].status == MLN_WAITING)
            return false;
    return true;
}

/* What no rule covers is left to the default. It may be more than the default's share only where a
 * piece of an intent is in no rule's words (an intersection of two unknown sets). */
static enum mln_answer not_by_default(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct question *q = ctx;
    if (mln_bits_meet(sure, q->covered, q->plane->words))
        return MLN_NO;
    enum mln_verdict verdict = mln_plane_verdict(q->plane, alive, sure, NULL);
    bool passes = mln_bits_meet(sure, q->plane->defaults, q->plane->words);
    bool may_pass = mln_bits_meet(alive, q->plane->defaults, q->plane->words);
    if (verdict == MLN_VERDICT_OPEN || passes != may_pass)
        return MLN_MAYBE;
    if ((verdict == MLN_VERDICT_ALLOW) == passes)
        return MLN_NO;
    return mln_bits_meet(alive, q->covered, q->plane->words) ? MLN_MAYBE : MLN_YES;
}

static const struct mln_piece *unsayable_piece(const struct mln_problem *p)
{
    for (size_t i = 0; i < p->pieces.len; i++)
        if (!p->pieces.data[i]->near->sayable || !p->pieces.data[i]->far->sayable)
            return p->pieces.data[i];
    return NULL;
}

/* NULL when the default does the rest; else the piece that no rule can say, and a packet. */
static const struct mln_piece *left_over(struct mln_solver *s, struct mln_packet *packet)
{
    const struct mln_piece *piece = unsayable_piece(s->p);
    for (int f = 0; piece && f < MLN_FAMILIES; f++) {
        struct question q = {&s->p->planes[f], s->covered[f], MLN_VERDICT_OPEN, 0};
        if (q.plane->universe >= 0 &&
            mln_space_find(q.plane->space, (size_t)q.plane->universe, not_by_default, &q, packet,
                           &s->p->steps, 0) != MLN_NONE)
            return piece;
    }
    return NULL;
}

/* --- not expressible --- */

/* Each tag once, however many of the intents name it. */
static void note_tag(struct mln_diag *diag, const struct mln_term *term)
{
    if (term->side.kind != MLN_SIDE_TAG)
        return;
    const char *note =
        mln_printf(diag->owner->arena, "the service tag %s cannot be split", term->side.tag->name);
    for (const struct mln_diag_text *t = diag->texts; t; t = t->next)
        if (strcmp(t->text, note) == 0)
            return;
    mln_diag_note(diag, "%s", note);
}

static void note_tags(struct mln_diag *diag, const struct mln_term *term)
{
    note_tag(diag, term);
    for (size_t i = 0; i < term->minus_len; i++)
        note_tag(diag, &term->minus[i]);
}

static void describe(struct mln_diag *diag, const struct mln_candidate *c)
{
    const struct mln_intent *intent = c->piece->end->intent;
    mln_diag_label(diag, intent->span, "this %s waits for the others",
                   intent->verb == MLN_VERB_ALLOW ? "allow" : "deny");
    note_tags(diag, c->piece->far);
}

static void report_stuck(struct mln_solver *s)
{
    const struct mln_candidate *lead = NULL;
    for (size_t i = 0; i < s->all.len && !lead; i++)
        if (s->all.data[i].status == MLN_WAITING && s->all.data[i].piece->end)
            lead = &s->all.data[i];
    /* Only the probes of the load balancer may wait without an intent behind them. */
    struct mln_diag *diag = mln_report(
        s->p->ctx->diags, MLN_D_NOT_EXPRESSIBLE,
        lead ? lead->piece->end->intent->span : s->p->ends->zone->span,
        s->gave_up ? "gave up looking for an order of the %s rules of zone '%s'"
                   : "no order of the %s rules of zone '%s' means what these intents mean",
        s->p->ends->direction == MLN_INBOUND ? "inbound" : "outbound", s->p->ends->zone->display);
    if (lead && lead->has_packet)
        mln_diag_note(diag, "for example %s", mln_packet_text(s->p->ctx->arena, &lead->packet));
    if (lead)
        note_tags(diag, lead->piece->far);
    const struct mln_intent *last = lead ? lead->piece->end->intent : NULL;
    unsigned shown = 0;
    for (size_t i = 0; i < s->all.len && shown < 4; i++) {
        const struct mln_candidate *c = &s->all.data[i];
        if (c->status != MLN_WAITING || !c->piece->end || c->piece->end->intent == last)
            continue;
        describe(diag, c);
        last = c->piece->end->intent;
        shown++;
    }
    mln_diag_help(diag, "rewrite one of them, or compile with --tags=FILE --expand-tags=always");
}

/* Ranks must not fall along the list: what stands before an overriding allow belongs to its band. A
 * stratum is a run of one rank and one action. */
static void number_strata(struct mln_rule_vec *rules, size_t first)
{
    unsigned least = 3;
    for (size_t i = rules->len; i-- > first;) {
        if (rules->data[i]->rank < least)
            least = rules->data[i]->rank;
        rules->data[i]->rank = least;
    }
    unsigned stratum = 0;
    for (size_t i = first; i < rules->len; i++) {
        if (i > first && rules->data[i]->rank != rules->data[i - 1]->rank)
            stratum = 0;
        else if (i > first && rules->data[i]->action != rules->data[i - 1]->action)
            stratum++;
        rules->data[i]->stratum = stratum;
    }
}

static void write_plain(struct mln_problem *p, const struct mln_piece *piece, unsigned rank,
                        struct mln_rule_vec *out)
{
    enum mln_action action = piece->end->intent->verb == MLN_VERB_ALLOW ? MLN_ALLOW : MLN_DENY;
    if (!mln_piece_in_halves(p, piece)) {
        mln_write_rule(p, piece, action, rank, out);
        return;
    }
    for (unsigned f = 0; f < MLN_FAMILIES; f++) {
        struct mln_piece half = *piece;
        half.families = 1u << f;
        mln_write_rule(p, &half, action, rank, out);
    }
}

static void order_plain(struct mln_problem *p, struct mln_rule_vec *out)
{
    for (unsigned rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < p->pieces.len; i++)
            if (mln_rank_of(p->pieces.data[i]->end->intent) == rank)
                write_plain(p, p->pieces.data[i], rank, out);
}

static void order_search(struct mln_problem *p, struct mln_rule_vec *out)
{
    struct mln_solver s = {.p = p};
    mln_candidates_probes(&s);
    mln_candidates_first(&s);
    mln_candidates_seal(&s);
    run(&s);
    if (!finished(&s) && !s.gave_up && mln_candidates_exceptions(&s)) {
        mln_candidates_seal(&s);
        run(&s);
    }
    if (!finished(&s) && !s.gave_up && mln_candidates_parts(&s)) {
        mln_candidates_seal(&s);
        run(&s);
    }
    if (!finished(&s) && !s.gave_up && mln_candidates_intersections(&s)) {
        mln_candidates_seal(&s);
        run(&s);
    }
    if (!finished(&s)) {
        report_stuck(&s);
        return;
    }
    struct mln_packet packet;
    const struct mln_piece *left = left_over(&s, &packet);
    if (left) {
        struct mln_diag *diag =
            mln_report(p->ctx->diags, MLN_D_NOT_EXPRESSIBLE, left->end->intent->span,
                       "no rule can say a part of this intent: it is in two unknown sets at once");
        mln_diag_note(diag, "for example %s", mln_packet_text(p->ctx->arena, &packet));
        mln_diag_help(diag, "rewrite it, or compile with --tags=FILE --expand-tags=always");
        return;
    }
    for (size_t i = 0; i < s.written.len; i++) {
        const struct mln_candidate *c = &s.all.data[s.written.data[i]];
        mln_write_rule(p, c->piece, c->action, c->rank, out);
    }
}

void mln_order(struct mln_problem *p, struct mln_rule_vec *out)
{
    size_t first = out->len;
    if (p->plain)
        order_plain(p, out);
    else
        order_search(p, out);
    number_strata(out, first);
}
