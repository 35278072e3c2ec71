/* mlnsgc test: the assertions of policies, decided on the JSON that compile would write. */
#include "cli/test.h"
#include "cli/hop.h"
#include "cli/report.h"
#include "cli/subject.h"
#include "diag/render.h"
#include "prove/query.h"
#include <fnmatch.h>
#include <string.h>

/* ---- which assertions ---- */

static bool like(const char *text, const char *pattern)
{
    return strpbrk(pattern, "*?[") ? fnmatch(pattern, text, 0) == 0 : strstr(text, pattern) != NULL;
}

static bool kept(const struct mln_cli *cli, const struct mln_intent *assertion, const char *text)
{
    for (size_t i = 0; i < cli->options.keep.len; i++)
        if (like(assertion->name, cli->options.keep.data[i]) ||
            like(text, cli->options.keep.data[i]))
            return true;
    return cli->options.keep.len == 0;
}

/* Those of the file itself, which is the last module loaded, and those that a template brings. */
static bool runs(const struct mln_compilation *c, const struct mln_intent *assertion)
{
    return assertion->frame ||
           assertion->span.file == c->modules.data[c->modules.len - 1]->file->source;
}

/* ---- one policy ---- */

static void add_coverage(struct mln_cli *cli, struct mln_test_suite *suite,
                         const struct mln_model *model, const bool *covered)
{
    for (size_t i = 0; i < model->intents.len; i++) {
        const struct mln_intent *intent = model->intents.data[i];
        if (intent->library)
            continue;
        suite->intents++;
        if (covered[intent->index])
            suite->covered++;
        else
            mln_vec_push(cli->ctx.arena, &suite->uncovered, intent);
    }
}

static void run_cases(struct mln_cli *cli, const struct mln_compilation *c,
                      struct mln_test_suite *suite, bool coverage)
{
    struct mln_nsg_rules *deployed = mln_compilation_deploy(cli, c);
    suite->invalid = !deployed;
    if (!deployed)
        return;
    const struct mln_assert_world world = {&cli->ctx, c->model, deployed, cli->options.witnesses,
                                           false};
    bool *covered = MLN_NEW_ARRAY(cli->ctx.arena, bool, c->model->intents.len + 1);
    for (size_t i = 0; i < c->model->assertions.len; i++) {
        const struct mln_intent *assertion = c->model->assertions.data[i];
        struct mln_test_case test = {.assertion = assertion,
                                     .text = mln_statement_text(cli, assertion->span)};
        if (!runs(c, assertion) || !kept(cli, assertion, test.text))
            continue;
        test.place = mln_place_text(cli, assertion->span);
        test.outcome = mln_assert_decide(&world, assertion);
        for (size_t k = 0; k < test.outcome.counterexamples.len; k++)
            mln_query_outside(&world, &test.outcome.counterexamples.data[k]);
        if (coverage)
            mln_assert_cover(&world, assertion, covered);
        mln_vec_push(cli->ctx.arena, &suite->cases, test);
    }
    if (coverage)
        add_coverage(cli, suite, c->model, covered);
}

/* Those reported since the list had that many. */
static const char *errors_since(struct mln_cli *cli, size_t first)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_render_errors(cli->ctx.diags, first, &out);
    return out.data ? out.data : "";
}

static struct mln_test_suite run_suite(struct mln_cli *cli, const struct mln_inputs *inputs,
                                       const char *path, bool coverage)
{
    struct mln_test_suite suite = {.path = path};
    struct mln_compilation c;
    size_t reported = cli->ctx.diags->list.len;
    mln_compilation_run(cli, inputs, &c, path);
    suite.invalid = !c.good || !c.model;
    double clock = mln_cli_clock();
    if (!suite.invalid)
        run_cases(cli, &c, &suite, coverage);
    mln_cli_tell_time(cli, "assert", path, &clock);
    suite.errors = suite.invalid ? errors_since(cli, reported) : "";
    return suite;
}

/* ---- all of them ---- */

static void sum_up(const struct mln_cli *cli, struct mln_test_report *report)
{
    for (size_t i = 0; i < report->suites.len; i++) {
        const struct mln_test_suite *suite = &report->suites.data[i];
        report->invalid += suite->invalid;
        report->intents += suite->intents;
        report->covered += suite->covered;
        for (size_t k = 0; k < suite->cases.len; k++)
            switch (suite->cases.data[k].outcome.result) {
            case MLN_ASSERT_HOLDS:
                report->held++;
                break;
            case MLN_ASSERT_FAILS:
                report->failed++;
                break;
            case MLN_ASSERT_UNDECIDED:
                report->undecided++;
                break;
            }
    }
    report->below = cli->options.threshold_given &&
                    report->covered * 100 < report->intents * (size_t)cli->options.threshold;
}

static void judge(struct mln_cli *cli, const struct mln_test_report *report)
{
    size_t cases = report->held + report->failed + report->undecided;
    if (cases == 0 && !report->invalid)
        mln_report(cli->ctx.diags, MLN_D_NO_ASSERTION, (struct mln_span){0},
                   cli->options.keep.len ? "no assertion is like the pattern of -k"
                                         : "no assertion found");
    if (report->failed || report->undecided || report->below)
        mln_cli_raise(cli, MLN_EXIT_NO);
}

static void print(struct mln_cli *cli, const struct mln_test_report *report)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    if (cli->options.format == MLN_PRINT_TAP)
        mln_test_print_tap(cli, report, &out);
    else if (cli->options.format == MLN_PRINT_JUNIT)
        mln_test_print_junit(cli, report, &out);
    else
        mln_test_print_text(cli, report, &out);
    mln_cli_write(cli, stdout, out.data, out.len);
}

void mln_test_command(struct mln_cli *cli)
{
    if (!mln_inputs_agree(cli))
        return;
    mln_report_configure(cli);
    struct mln_inputs inputs;
    struct mln_test_report report = {.coverage =
                                         cli->options.coverage || cli->options.threshold_given};
    bool good = mln_inputs_read(cli, &inputs);
    for (size_t i = 0; i < cli->options.inputs.len; i++) {
        const char *path = cli->options.inputs.data[i];
        struct mln_test_suite suite = {.path = path, .invalid = true};
        if (good)
            suite = run_suite(cli, &inputs, path, report.coverage);
        else
            suite.errors = errors_since(cli, 0);
        mln_vec_push(cli->ctx.arena, &report.suites, suite);
    }
    sum_up(cli, &report);
    judge(cli, &report);
    print(cli, &report);
    mln_report_finish(cli, stderr);
}
