/* All questions about a rule are one (first_match.h): is there a packet of it, in no rule of ABOVE,
 * whose first match in BELOW is not GOOD?
 *
 *     shadowed      above = all earlier, below = none                          none found
 *     redundant     above = all earlier, below = kept later, good = its action none found
 *     contradicted  above = none, below = all earlier, good = its action       found
 *     covering set  above = what it holds so far, below = none                 the packet's first
 *                                                                              earlier rule joins
 *     replaced by   as redundant, good = what it holds so far                  likewise
 *     conflicting   above = none, below = all earlier, good = all but those of the other action
 * that neither hold it nor lie in it                              found
 *
 * Removal goes from the last rule to the first. A rule that is kept has a packet that no earlier
 * rule meets and that the kept rules behind it decide otherwise; removing earlier rules later does
 * not change that, so one pass is complete. */
#include "prove/redundant_impl.h"

#include <string.h>

/* --- the pass --- */

static void drop(struct mln_audit *a, size_t rule)
{
    for (size_t i = 0; i < a->plane_count; i++)
        mln_bits_clear(a->planes[i].kept, a->out->first[rule], a->out->first[rule + 1]);
}

/* The answer over all planes: found anywhere, else given up anywhere. */
static enum mln_found everywhere(struct mln_audit *a, size_t rule, bool reached)
{
    enum mln_found all = MLN_NONE;
    for (size_t i = 0; i < a->plane_count && all != MLN_FOUND; i++) {
        struct mln_audit_plane *p = &a->planes[i];
        enum mln_found found = reached ? mln_audit_find_reached(a, p, rule, NULL)
                                       : mln_audit_find_changed(a, p, rule, p->kept, NULL);
        if (found != MLN_NONE)
            all = found;
    }
    return all;
}

static void judge(struct mln_audit *a, size_t rule)
{
    struct mln_rule_verdict *v = &a->out->verdicts[rule];
    enum mln_found changed = everywhere(a, rule, false);
    v->gave_up = changed == MLN_GAVE_UP;
    if (changed != MLN_NONE)
        return;
    enum mln_found reached = everywhere(a, rule, true);
    v->useless = reached == MLN_NONE ? MLN_RULE_SHADOWED : MLN_RULE_REDUNDANT;
    drop(a, rule);
    if (v->useless == MLN_RULE_SHADOWED)
        mln_audit_explain_shadowed(a, rule, v);
    else
        mln_audit_explain_redundant(a, rule, v);
}

/* --- setting up --- */

static bool same_security_rule(const struct mln_rule *x, const struct mln_rule *y)
{
    return x->priority == y->priority && x->action == y->action && x->name && y->name &&
           strcmp(x->name, y->name) == 0;
}

static void list_rules(struct mln_audit *a)
{
    const struct mln_rule_vec *rules = a->question->rules;
    struct mln_redundancy *out = a->out;
    out->rules = MLN_NEW_ARRAY(a->arena, const struct mln_rule *, rules->len);
    out->first = MLN_NEW_ARRAY(a->arena, size_t, rules->len + 1);
    a->listed = MLN_NEW_ARRAY(a->scratch, size_t, rules->len);
    for (size_t e = 0; e < rules->len; e++) {
        if (e == 0 || !same_security_rule(rules->data[e - 1], rules->data[e])) {
            out->first[out->count] = e;
            out->rules[out->count++] = rules->data[e];
        }
        a->listed[e] = out->count - 1;
    }
    out->first[out->count] = rules->len;
    out->verdicts = MLN_NEW_ARRAY(a->arena, struct mln_rule_verdict, out->count);
    a->rule_entries = rules->len;
}

/* Equal sets are cut once: rules mostly write `*` or one set at the near end. */
static void cut_to_near(struct mln_audit *a, struct mln_audit_plane *p,
                        const struct mln_ipset *near)
{
    const struct mln_ipset *last = NULL, *cut = NULL;
    bool inbound = p->view->direction == MLN_INBOUND;
    for (size_t i = 0; i < p->entries.len; i++) {
        struct mln_match *match = &p->entries.data[i].match;
        const struct mln_ipset **side = inbound ? &match->dst : &match->src;
        if (!*side) {
            *side = near;
            continue;
        }
        if (!last || !mln_ipset_equal(*side, last)) {
            last = *side;
            cut = mln_ipset_covers(near, last) ? last : mln_ipset_intersect(a->scratch, last, near);
        }
        *side = cut;
    }
}

static void make_plane(struct mln_audit *a, const struct mln_redundancy_view *from)
{
    struct mln_audit_plane *p = &a->planes[a->plane_count];
    struct mln_ctx ctx = *a->question->ctx;
    ctx.arena = a->scratch;
    const struct mln_rules_view *view = &from->at;
    struct mln_rules_view own = *view;
    own.ctx = &ctx;
    mln_rules_entries(&own, a->question->rules, &p->entries);
    p->view = view;
    if (from->near)
        cut_to_near(a, p, from->near);
    struct mln_match *matches = MLN_NEW_ARRAY(a->scratch, struct mln_match, p->entries.len);
    for (size_t i = 0; i < p->entries.len; i++)
        matches[i] = p->entries.data[i].match;
    p->space = mln_space_new(a->arena, view->family, matches, p->entries.len);
    p->words = mln_space_words(p->space);
    p->private = mln_azure_private_space(a->scratch, view->family);
    p->tags = view->model->options->tags;
    uint64_t **const sets[] = {&p->allows, &p->kept,    &p->above, &p->below,
                               &p->good,   &p->overlap, &p->cover};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        *sets[i] = MLN_NEW_ARRAY(a->scratch, uint64_t, p->words);
    mln_audit_set_range(p->kept, 0, p->entries.len);
    for (size_t i = 0; i < p->entries.len; i++)
        if (p->entries.data[i].allow)
            mln_bit_set(p->allows, i);
    a->plane_count++;
}

enum { RULE_EXPECTED = 2000 /* bytes that are needed for a rule, more or less */ };

struct mln_redundancy *mln_redundancy_find(const struct mln_redundancy_question *question)
{
    struct mln_audit a = {.question = question,
                          .arena = question->ctx->arena,
                          .scratch = mln_arena_new_for(question->rules->len * RULE_EXPECTED),
                          .out = MLN_NEW(question->ctx->arena, struct mln_redundancy)};
    list_rules(&a);
    a.planes = MLN_NEW_ARRAY(a.scratch, struct mln_audit_plane, question->view_count);
    for (size_t i = 0; i < question->view_count; i++)
        make_plane(&a, &question->views[i]);
    for (size_t rule = a.out->count; rule-- > 0;)
        judge(&a, rule);
    for (size_t rule = 0; question->conflicts && rule < a.out->count; rule++)
        for (size_t i = 0; i < a.plane_count; i++) {
            struct mln_rule_verdict *v = &a.out->verdicts[rule];
            if (v->useless == MLN_RULE_USEFUL && !v->conflicting)
                mln_audit_look_for_conflict(&a, &a.planes[i], rule, v);
        }
    mln_arena_free(a.scratch);
    return a.out;
}
