/* mlnsgc test: the assertions of policies, decided on the JSON that compile would write. */
#include "cli/test.h"
#include "cli/report.h"
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

/* ---- the rules ---- */

/* Read back, a rule has forgotten which intents it is for; its name tells. */
static void remember_intents(const struct mln_rule_vec *rules, const struct mln_rule_vec *made)
{
    for (size_t i = 0; i < rules->len; i++)
        for (size_t k = 0; k < made->len; k++)
            if (strcmp(rules->data[i]->name, made->data[k]->name) == 0) {
                rules->data[i]->intents = made->data[k]->intents;
                rules->data[i]->intent_count = made->data[k]->intent_count;
                break;
            }
}

/* NULL after reporting a fault. */
static struct mln_deployed *deploy(struct mln_cli *cli, const struct mln_compilation *c)
{
    struct mln_arena *a = cli->ctx.arena;
    struct mln_deployed *deployed = MLN_NEW_ARRAY(a, struct mln_deployed, c->model->nsgs.len + 1);
    for (size_t i = 0; i < c->tables.len; i++) {
        const struct mln_table *table = c->tables.data[i];
        struct mln_ctx aside = {a, cli->ctx.names, mln_diags_new(a)};
        struct mln_imported_nsg *nsg = mln_table_read_back(&aside, table, c->options.tags);
        if (!nsg) {
            mln_cli_fail(cli, MLN_EXIT_FAULT, "the JSON of NSG '%s' cannot be read back",
                         table->nsg->name);
            return NULL;
        }
        for (int d = 0; d < MLN_DIRECTIONS; d++) {
            remember_intents(&nsg->rules[d], &table->rules[d]);
            deployed[table->nsg->index].rules[d] = nsg->rules[d];
        }
    }
    return deployed;
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
    struct mln_deployed *deployed = deploy(cli, c);
    suite->invalid = !deployed;
    if (!deployed)
        return;
    const struct mln_assert_world world = {&cli->ctx, c->model, deployed, cli->options.witnesses};
    bool *covered = MLN_NEW_ARRAY(cli->ctx.arena, bool, c->model->intents.len + 1);
    for (size_t i = 0; i < c->model->assertions.len; i++) {
        const struct mln_intent *assertion = c->model->assertions.data[i];
        struct mln_test_case test = {.assertion = assertion,
                                     .text = mln_test_statement(cli, assertion->span)};
        if (!runs(c, assertion) || !kept(cli, assertion, test.text))
            continue;
        test.place = mln_test_place(cli, assertion->span);
        test.outcome = mln_assert_decide(&world, assertion);
        if (coverage)
            mln_assert_cover(&world, assertion, covered);
        mln_vec_push(cli->ctx.arena, &suite->cases, test);
    }
    if (coverage)
        add_coverage(cli, suite, c->model, covered);
}

static struct mln_test_suite run_suite(struct mln_cli *cli, const struct mln_inputs *inputs,
                                       const char *path, bool coverage)
{
    struct mln_test_suite suite = {.path = path};
    struct mln_compilation c;
    mln_compilation_run(cli, inputs, &c, path);
    suite.invalid = !c.good || !c.model;
    double clock = mln_cli_clock();
    if (!suite.invalid)
        run_cases(cli, &c, &suite, coverage);
    mln_cli_tell_time(cli, "assert", path, &clock);
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
        mln_vec_push(cli->ctx.arena, &report.suites, suite);
    }
    sum_up(cli, &report);
    judge(cli, &report);
    print(cli, &report);
    mln_report_finish(cli, stderr);
}
