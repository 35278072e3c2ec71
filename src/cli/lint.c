/* mlnsgc lint: what check reports, and what is risky or idle in the rules themselves. */
#include "cli/lint.h"

#include "cli/report.h"

bool mln_lint_is_policy(const struct mln_lint *lint)
{
    return lint->subject->kind == MLN_SUBJECT_POLICY;
}

bool mln_lint_is_library(const struct mln_rule *rule)
{
    for (size_t i = 0; i < rule->intent_count; i++)
        if (!rule->intents[i]->library)
            return false;
    return rule->intent_count > 0;
}

static struct mln_span intent_place(const struct mln_intent *intent)
{
    const struct mln_apply_frame *frame = intent->frame;
    while (intent->library && frame && frame->outer)
        frame = frame->outer;
    return intent->library && frame ? frame->span : intent->span;
}

struct mln_span mln_lint_place(const struct mln_lint *lint, const struct mln_rule *rule)
{
    if (rule->intent_count)
        return intent_place(rule->intents[0]);
    const struct mln_span *places = lint->nsg->places[rule->direction];
    const struct mln_rule_vec *rules = &lint->nsg->rules[rule->direction];
    for (size_t i = 0; places && i < rules->len; i++)
        if (rules->data[i] == rule)
            return places[i];
    return (struct mln_span){0};
}

const char *mln_lint_rule(const struct mln_lint *lint, const struct mln_rule *rule)
{
    return mln_printf(lint->ctx->arena, "rule '%s' (%s, priority %u) of NSG '%s'", rule->name,
                      rule->direction == MLN_INBOUND ? "inbound" : "outbound", rule->priority,
                      lint->nsg->nsg->name);
}

enum { RULE_EXPECTED = 1000 /* bytes that are needed for a rule, more or less */ };

static void lint_nsg(struct mln_cli *cli, const struct mln_subject *subject,
                     const struct mln_subject_nsg *nsg)
{
    size_t rules = nsg->rules[MLN_INBOUND].len + nsg->rules[MLN_OUTBOUND].len;
    struct mln_ctx ctx = {mln_arena_new_for(rules * RULE_EXPECTED), cli->ctx.names, cli->ctx.diags};
    const struct mln_lint lint = {cli, &ctx, subject, nsg};
    mln_lint_redundancy(&lint);
    mln_lint_exposure(&lint);
    mln_lint_needs(&lint);
    mln_arena_free(ctx.arena);
}

static void lint_file(struct mln_cli *cli, const struct mln_inputs *inputs, const char *path)
{
    struct mln_subject subject;
    mln_subject_load(cli, inputs, path, &subject);
    double clock = mln_cli_clock();
    if (subject.kind == MLN_SUBJECT_POLICY && subject.good)
        mln_lint_places(cli, subject.model);
    for (size_t i = 0; i < subject.nsgs.len; i++)
        lint_nsg(cli, &subject, &subject.nsgs.data[i]);
    mln_cli_tell_time(cli, "lint", path, &clock);
}

void mln_lint_command(struct mln_cli *cli)
{
    if (!mln_inputs_agree(cli))
        return;
    if (!cli->options.fail_on_given)
        cli->options.fail_on = MLN_FAIL_ON_WARNING;
    mln_report_configure(cli);
    struct mln_inputs inputs;
    bool good = mln_inputs_read(cli, &inputs);
    for (size_t i = 0; good && i < cli->options.inputs.len; i++)
        lint_file(cli, &inputs, cli->options.inputs.data[i]);
    mln_report_finish(cli, stdout);
}
