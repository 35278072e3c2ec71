/* Both assertions about the same packets: if `assert allow` holds they all pass, if `assert deny`
 * does none passes, and what breaks them are the packets to show. */
#include "prove/query.h"

#include <string.h>

const char *const mln_query_verdict_names[MLN_QUERY_VERDICTS] = {
    [MLN_QUERY_ALLOWED] = "allowed", [MLN_QUERY_DENIED] = "denied",
    [MLN_QUERY_MIXED] = "mixed",     [MLN_QUERY_UNDECIDED] = "undecided",
    [MLN_QUERY_NO_PATH] = "no path",
};

static enum mln_query_verdict combine(const struct mln_assert_outcome *allow,
                                      const struct mln_assert_outcome *deny)
{
    if (deny->no_path)
        return MLN_QUERY_NO_PATH;
    if (allow->result == MLN_ASSERT_HOLDS)
        return MLN_QUERY_ALLOWED;
    if (deny->result == MLN_ASSERT_HOLDS)
        return MLN_QUERY_DENIED;
    bool both = allow->result == MLN_ASSERT_FAILS && deny->result == MLN_ASSERT_FAILS;
    return both ? MLN_QUERY_MIXED : MLN_QUERY_UNDECIDED;
}

static void add_reasons(struct mln_arena *a, struct mln_query_answer *answer,
                        const struct mln_assert_outcome *outcome)
{
    for (size_t i = 0; i < outcome->reasons.len; i++) {
        bool said = false;
        for (size_t k = 0; !said && k < answer->reasons.len; k++)
            said = strcmp(answer->reasons.data[k], outcome->reasons.data[i]) == 0;
        if (!said)
            mln_vec_push(a, &answer->reasons, outcome->reasons.data[i]);
    }
}

static void take_packet(struct mln_query_answer *answer, const struct mln_assert_outcome *outcome,
                        const struct mln_counterexample **definite)
{
    if (outcome->counterexamples.len == 0)
        return;
    const struct mln_counterexample *c = &outcome->counterexamples.data[0];
    if (!c->undecided)
        *definite = c;
    else if (!answer->open)
        answer->open = c;
}

/* Where the verdict is sure, tags leave open only which packets the question holds. */
static void settle(struct mln_query_answer *answer)
{
    const struct mln_counterexample **shown = answer->verdict == MLN_QUERY_ALLOWED ? &answer->passes
                                              : answer->verdict == MLN_QUERY_DENIED
                                                  ? &answer->stopped
                                                  : NULL;
    if (shown && !*shown)
        *shown = answer->open;
    if (shown)
        answer->open = NULL;
}

struct mln_query_answer mln_query_decide(const struct mln_assert_world *world,
                                         const struct mln_intent *question)
{
    struct mln_assert_world asked = *world;
    struct mln_intent assertion = *question;
    struct mln_query_answer answer = {0};
    asked.question = true;
    asked.witnesses = 1;
    assertion.verb = MLN_VERB_ASSERT_ALLOW;
    struct mln_assert_outcome allow = mln_assert_decide(&asked, &assertion);
    assertion.verb = MLN_VERB_ASSERT_DENY;
    struct mln_assert_outcome deny = mln_assert_decide(&asked, &assertion);
    answer.verdict = combine(&allow, &deny);
    take_packet(&answer, &allow, &answer.stopped);
    take_packet(&answer, &deny, &answer.passes);
    if (answer.verdict == MLN_QUERY_NO_PATH)
        return answer;
    settle(&answer);
    add_reasons(world->ctx->arena, &answer, &allow);
    add_reasons(world->ctx->arena, &answer, &deny);
    return answer;
}
