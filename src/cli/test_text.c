/* The report of mlnsgc test as people read it; the machine forms borrow its explanations. */
#include "cli/hop.h"
#include "cli/test.h"
#include "diag/render.h"
#include <string.h>

/* ---- one case ---- */

const char *mln_test_result(const struct mln_test_case *test)
{
    static const char *const words[] = {[MLN_ASSERT_HOLDS] = "holds",
                                        [MLN_ASSERT_FAILS] = "fails",
                                        [MLN_ASSERT_UNDECIDED] = "is undecided"};
    return words[test->outcome.result];
}

static void add_counterexample(struct mln_cli *cli, const struct mln_counterexample *c,
                               struct mln_buf *out)
{
    mln_buf_add(out, "    packet: ");
    mln_counterexample_print(cli, c, out);
    for (size_t i = 0; i < c->hop_count; i++)
        mln_hop_print(cli, NULL, &c->hops[i], &c->packet, out);
    if (c->undecided)
        mln_open_print(cli, c, out);
}

void mln_test_explain(struct mln_cli *cli, const struct mln_test_case *test, struct mln_buf *out)
{
    if (test->outcome.result == MLN_ASSERT_HOLDS)
        return;
    for (const struct mln_apply_frame *frame = test->assertion->frame; frame; frame = frame->outer)
        mln_buf_printf(out, "    from template '%s', applied at %s\n", frame->template_name,
                       mln_place_text(cli, frame->span));
    for (size_t i = 0; i < test->outcome.reasons.len; i++)
        mln_buf_printf(out, "    %s\n", test->outcome.reasons.data[i]);
    for (size_t i = 0; i < test->outcome.counterexamples.len; i++)
        add_counterexample(cli, &test->outcome.counterexamples.data[i], out);
}

/* ---- the report ---- */

unsigned mln_test_percent(size_t part, size_t whole)
{
    return whole ? (unsigned)(part * 100 / whole) : 100;
}

char *mln_test_coverage(struct mln_cli *cli, const struct mln_test_report *report)
{
    char *text = mln_printf(cli->ctx.arena, "%zu of %zu intents decide some assertion (%u%%)",
                            report->covered, report->intents,
                            mln_test_percent(report->covered, report->intents));
    if (!report->below)
        return text;
    return mln_printf(cli->ctx.arena, "%s, fewer than --threshold=%u asks for", text,
                      cli->options.threshold);
}

static void print_case(struct mln_cli *cli, const struct mln_test_case *test, struct mln_buf *out)
{
    bool holds = test->outcome.result == MLN_ASSERT_HOLDS;
    if (holds && !cli->options.verbose && !test->outcome.no_path)
        return;
    if (holds && cli->options.quiet)
        return;
    mln_buf_printf(out, "%s: %s: %s%s\n", test->place, mln_test_result(test), test->text,
                   test->outcome.no_path ? " (no path joins its ends)" : "");
    mln_test_explain(cli, test, out);
}

static void print_uncovered(struct mln_cli *cli, const struct mln_test_suite *suite,
                            struct mln_buf *out)
{
    for (size_t i = 0; i < suite->uncovered.len; i++)
        mln_buf_printf(out, "%s: decides no assertion: %s\n",
                       mln_place_text(cli, suite->uncovered.data[i]->span),
                       mln_statement_text(cli, suite->uncovered.data[i]->span));
}

static void print_summary(struct mln_cli *cli, const struct mln_test_report *report,
                          struct mln_buf *out)
{
    size_t count = report->held + report->failed + report->undecided;
    mln_buf_printf(out, "%zu assertion%s: %zu hold%s", count, count == 1 ? "" : "s", report->held,
                   report->held == 1 ? "s" : "");
    if (report->failed)
        mln_buf_printf(out, ", %zu fail%s", report->failed, report->failed == 1 ? "s" : "");
    if (report->undecided)
        mln_buf_printf(out, ", %zu undecided", report->undecided);
    if (report->invalid)
        mln_buf_printf(out, "; %zu invalid polic%s", report->invalid,
                       report->invalid == 1 ? "y" : "ies");
    mln_buf_char(out, '\n');
    if (report->coverage)
        mln_buf_printf(out, "%s\n", mln_test_coverage(cli, report));
}

void mln_test_print_text(struct mln_cli *cli, const struct mln_test_report *report,
                         struct mln_buf *out)
{
    for (size_t i = 0; i < report->suites.len; i++) {
        const struct mln_test_suite *suite = &report->suites.data[i];
        for (size_t k = 0; k < suite->cases.len; k++)
            print_case(cli, &suite->cases.data[k], out);
        if (cli->options.coverage)
            print_uncovered(cli, suite, out);
    }
    bool fine = !report->failed && !report->undecided && !report->invalid && !report->below;
    if (!cli->options.quiet || !fine)
        print_summary(cli, report, out);
}
