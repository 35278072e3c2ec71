/* mlnsgc query: may this traffic pass, and what decides it? */
#include "cli/query.h"

#include "cli/report.h"

#include <string.h>

enum { MAX_HINTS = 2 };

/* ---- one input ---- */

static void add_packet(struct mln_cli *cli, struct mln_query_result *result,
                       const struct mln_assert_world *world, const struct mln_counterexample *at,
                       enum mln_query_verdict verdict)
{
    struct mln_counterexample *shown = MLN_NEW(cli->ctx.arena, struct mln_counterexample);
    *shown = *at;
    mln_query_outside(world, shown);
    struct mln_query_packet packet = {.at = shown, .verdict = verdict};
    packet.traces = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_query_step_vec, at->hop_count + 1);
    packet.hints = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_query_hint_vec, at->hop_count + 1);
    for (size_t i = 0; i < at->hop_count; i++) {
        const struct mln_assert_hop *hop = &at->hops[i];
        if (cli->options.trace)
            mln_query_trace(world, hop, &at->packet, &packet.traces[i]);
        if (hop->action == MLN_DENY && packet.verdict == MLN_QUERY_DENIED)
            mln_query_hints(world, hop, &at->packet, MAX_HINTS, &packet.hints[i]);
    }
    mln_vec_push(cli->ctx.arena, &result->packets, packet);
}

/* "No path" would be an answer that --expect=deny takes. */
static bool has_something(struct mln_cli *cli, const struct mln_subject *subject)
{
    if (subject->kind == MLN_SUBJECT_POLICY || subject->model->zones.len)
        return true;
    mln_report(cli->ctx.diags, MLN_D_NOT_AN_NSG, (struct mln_span){0},
               "there is no network security group and no subnet in '%s': nothing to ask",
               strcmp(subject->path, "-") == 0 ? "<stdin>" : subject->path);
    return false;
}

static void ask(struct mln_cli *cli, const struct mln_question_words *words,
                struct mln_query_result *result)
{
    struct mln_subject *subject = &result->subject;
    const struct mln_assert_world world = {
        .ctx = &cli->ctx, .model = subject->model, .deployed = subject->deployed};
    struct mln_intent *question = mln_question_build(&cli->ctx, subject->model, words);
    if (!question)
        return;
    const struct mln_query_answer answer = mln_query_decide(&world, question);
    result->answer = answer;
    result->answered = true;
    if (answer.passes)
        add_packet(cli, result, &world, answer.passes, MLN_QUERY_ALLOWED);
    if (answer.stopped)
        add_packet(cli, result, &world, answer.stopped, MLN_QUERY_DENIED);
    if (answer.open)
        add_packet(cli, result, &world, answer.open, MLN_QUERY_UNDECIDED);
}

bool mln_query_expected(const struct mln_cli *cli, enum mln_query_verdict verdict)
{
    switch (cli->options.expect) {
    case MLN_EXPECT_ALLOW:
        return verdict == MLN_QUERY_ALLOWED;
    case MLN_EXPECT_DENY:
        return verdict == MLN_QUERY_DENIED || verdict == MLN_QUERY_NO_PATH;
    case MLN_EXPECT_NOTHING:
        break;
    }
    return true;
}

/* ---- the command ---- */

static void print(struct mln_cli *cli, const struct mln_query_report *report)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    if (cli->options.format == MLN_PRINT_JSON)
        mln_query_print_json(cli, report, &out);
    else
        mln_query_print_text(cli, report, &out);
    mln_cli_write(cli, stdout, out.data, out.len);
}

static void run_one(struct mln_cli *cli, const struct mln_inputs *inputs,
                    struct mln_query_report *report, const char *path)
{
    struct mln_query_result result = {.path = path};
    double clock;
    if (inputs) {
        mln_subject_load(cli, inputs, path, &result.subject);
        clock = mln_cli_clock();
        if (result.subject.good && has_something(cli, &result.subject))
            ask(cli, &report->words, &result);
        mln_cli_tell_time(cli, "query", path, &clock);
    }
    if (result.answered && !mln_query_expected(cli, result.answer.verdict))
        mln_cli_raise(cli, MLN_EXIT_NO);
    mln_vec_push(cli->ctx.arena, &report->results, result);
}

void mln_query_command(struct mln_cli *cli)
{
    struct mln_query_report report = {0};
    if (!mln_inputs_agree(cli) || !mln_query_words(cli, &report.words))
        return;
    mln_report_configure(cli);
    struct mln_inputs inputs;
    bool good = mln_inputs_read(cli, &inputs);
    for (size_t i = 0; i < cli->options.inputs.len; i++)
        run_one(cli, good ? &inputs : NULL, &report, cli->options.inputs.data[i]);
    print(cli, &report);
    mln_report_finish(cli, stderr);
}
