/* One question per zone, direction and family: is there a packet on which policy and rules differ?
 * Where they are not equal box by box (proof_boxes.c), it is searched for.
 * Both verdicts are functions of the matches a packet lies in, and both are three-valued on the
 * nodes of the search, so a subtree in which they agree is left at once. A search that gives up is
 * followed by the second engine (proof_diagram.c). */
#include "prove/proof.h"

#include "prove/proof_impl.h"

static struct mln_rules_list add_list(struct mln_problem *p, struct mln_plane *plane,
                                      const struct mln_rules_entry_vec *entries)
{
    struct mln_rules_list list = {.first = plane->matches.len, .count = entries->len};
    for (size_t i = 0; i < entries->len; i++)
        mln_vec_push(p->scratch, &plane->matches, entries->data[i].match);
    return list;
}

static const uint64_t *allow_bits(struct mln_problem *p, const struct mln_plane *plane,
                                  const struct mln_rules_list *list,
                                  const struct mln_rules_entry_vec *entries)
{
    uint64_t *allows = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
    for (size_t i = 0; i < entries->len; i++)
        if (entries->data[i].allow)
            mln_bit_set(allows, list->first + i);
    return allows;
}

struct comparison {
    struct mln_plane *plane;
    const struct mln_rules_list *list;
};

static enum mln_answer differ(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct comparison *c = ctx;
    enum mln_verdict policy = mln_plane_verdict(c->plane, alive, sure, NULL);
    if (policy == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    enum mln_verdict rules = mln_rules_verdict(c->list, alive, sure);
    if (rules == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    return policy == rules ? MLN_NO : MLN_YES;
}

/* --- one zone --- */

enum { SEARCH_LIMIT = 4000000 }; /* some 0.1 s; ordinary NSGs take a thousandth of it */

/* Who decides the packet, and how the policy does. */
static void explain(struct mln_problem *p, struct mln_plane *plane,
                    const struct mln_rules_list *list, const struct mln_rule_vec *rules,
                    struct mln_proof *proof)
{
    uint64_t *in = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
    for (size_t i = 0; i < plane->matches.len; i++)
        if (mln_packet_matches(&proof->packet, &plane->matches.data[i]))
            mln_bit_set(in, i);
    proof->policy_permits = mln_plane_verdict(plane, in, in, NULL) == MLN_VERDICT_ALLOW;
    proof->rule = NULL;
    for (size_t i = 0; i < rules->len && !proof->rule; i++)
        if (mln_bit(in, list->first + i))
            proof->rule = rules->data[i];
    proof->zone = p->ends->zone;
    proof->direction = p->ends->direction;
}

static enum mln_proof_result prove_plane(struct mln_ctx *ctx, struct mln_problem *p,
                                         struct mln_plane *plane, const struct mln_rule_vec *rules,
                                         enum mln_proof_engine engine, struct mln_proof *proof)
{
    const struct mln_rules_view view = {ctx, p->model, p->ends->at, p->ends->direction,
                                        plane->family};
    const struct mln_plane before = *plane; /* the matches of the rules are for this proof only */
    struct mln_rules_entry_vec entries = {0};
    mln_rules_entries(&view, rules, &entries);
    if (engine == MLN_PROOF_BOXES_FIRST &&
        mln_prove_by_boxes(ctx, p, plane, &entries, &proof->steps))
        return MLN_PROOF_HOLDS;
    struct mln_rules_list list = add_list(p, plane, &entries);
    mln_problem_seal_plane(p, plane);
    list.allows = allow_bits(p, plane, &list, &entries);
    struct comparison c = {plane, &list};
    enum mln_found found = MLN_GAVE_UP;
    if (engine != MLN_PROOF_DIAGRAMS)
        found = mln_space_find(plane->space, (size_t)plane->universe, differ, &c, &proof->packet,
                               &proof->steps, SEARCH_LIMIT);
    enum mln_proof_result result = found == MLN_FOUND ? MLN_PROOF_FAILS : MLN_PROOF_HOLDS;
    if (found == MLN_GAVE_UP)
        result = mln_prove_by_diagrams(ctx, p, &before, &entries, &proof->packet, &proof->steps);
    if (result == MLN_PROOF_FAILS)
        explain(p, plane, &list, rules, proof);
    *plane = before;
    return result;
}

enum mln_proof_result mln_prove_nsg(struct mln_ctx *ctx, const struct mln_lowered *lowered,
                                    const struct mln_nsg *nsg,
                                    const struct mln_rule_vec rules[MLN_DIRECTIONS],
                                    enum mln_proof_engine engine, struct mln_proof *proof)
{
    *proof = (struct mln_proof){0};
    for (size_t i = lowered->first[nsg->index]; i < lowered->first[nsg->index + 1]; i++) {
        struct mln_problem *p = lowered->problems.data[i];
        p->scratch = ctx->arena;
        for (int f = 0; f < MLN_FAMILIES; f++) {
            if (p->planes[f].universe < 0)
                continue;
            enum mln_proof_result result =
                prove_plane(ctx, p, &p->planes[f], &rules[p->ends->direction], engine, proof);
            if (result != MLN_PROOF_HOLDS)
                return result;
        }
    }
    return MLN_PROOF_HOLDS;
}
