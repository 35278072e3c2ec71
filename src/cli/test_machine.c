/* The report of mlnsgc test for programs: TAP 13, beyond which prove(1) does not read, and the XML
 * that JUnit's readers take. Each is one well-formed document whatever happened: a policy that is
 * no good is a test that failed. */
#include "cli/test.h"
#include "diag/render.h"
#include <string.h>

static const char *safe(struct mln_cli *cli, const char *text)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_render_safe(&out, text, strlen(text));
    return out.data ? out.data : "";
}

static const char *explanation(struct mln_cli *cli, const struct mln_test_case *test)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_test_explain(cli, test, &out);
    return out.data ? out.data : "";
}

/* ---- TAP ---- */

/* In a description '#' would begin a directive. */
static void tap_escaped(struct mln_buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\')
            mln_buf_char(out, '\\');
        mln_buf_char(out, *text);
    }
}

static void tap_point(struct mln_buf *out, bool good, size_t *number, const char *place,
                      const char *text)
{
    mln_buf_printf(out, "%s %zu - ", good ? "ok" : "not ok", ++*number);
    tap_escaped(out, place);
    mln_buf_add(out, *text ? ": " : "");
    tap_escaped(out, text);
    mln_buf_char(out, '\n');
}

static void tap_comment(struct mln_buf *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        mln_buf_add(out, "# ");
        mln_buf_add_n(out, text, length);
        mln_buf_char(out, '\n');
        text += length + (text[length] == '\n');
    }
}

static void tap_case(struct mln_cli *cli, const struct mln_test_case *test, size_t *number,
                     struct mln_buf *out)
{
    tap_point(out, test->outcome.result == MLN_ASSERT_HOLDS, number, test->place, test->text);
    if (test->outcome.result == MLN_ASSERT_UNDECIDED)
        mln_buf_add(out, "# undecided\n");
    tap_comment(out, explanation(cli, test));
}

void mln_test_print_tap(struct mln_cli *cli, const struct mln_test_report *report,
                        struct mln_buf *out)
{
    size_t number = 0;
    mln_buf_add(out, "TAP version 13\n");
    for (size_t i = 0; i < report->suites.len; i++) {
        const struct mln_test_suite *suite = &report->suites.data[i];
        if (suite->invalid) {
            tap_point(out, false, &number, safe(cli, suite->path), "the policy is invalid");
            tap_comment(out, suite->errors);
        }
        for (size_t k = 0; k < suite->cases.len; k++)
            tap_case(cli, &suite->cases.data[k], &number, out);
    }
    if (cli->options.threshold_given)
        tap_point(out, !report->below, &number, mln_test_coverage(cli, report), "");
    else if (report->coverage)
        tap_comment(out, mln_test_coverage(cli, report));
    mln_buf_printf(out, "1..%zu\n", number);
}

/* ---- JUnit ---- */

/* Control characters have been escaped before; XML knows no others that matter. */
static void xml_escaped(struct mln_buf *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            mln_buf_add(out, "&amp;");
            break;
        case '<':
            mln_buf_add(out, "&lt;");
            break;
        case '>':
            mln_buf_add(out, "&gt;");
            break;
        case '"':
            mln_buf_add(out, "&quot;");
            break;
        default:
            mln_buf_char(out, *text);
            break;
        }
}

static void xml_attribute(struct mln_buf *out, const char *name, const char *value)
{
    mln_buf_printf(out, " %s=\"", name);
    xml_escaped(out, value);
    mln_buf_char(out, '"');
}

static void xml_problem(struct mln_buf *out, const char *element, const char *type,
                        const char *message, const char *text)
{
    mln_buf_printf(out, "      <%s", element);
    xml_attribute(out, "type", type);
    xml_attribute(out, "message", message);
    mln_buf_char(out, '>');
    xml_escaped(out, text);
    mln_buf_printf(out, "</%s>\n", element);
}

/* The place is "FILE:LINE:COLUMN", which readers want in two attributes. */
static void junit_place(struct mln_cli *cli, struct mln_buf *out, const char *place)
{
    char *file = mln_printf(cli->ctx.arena, "%s", place), *line = NULL;
    for (int i = 0; i < 2; i++) {
        char *colon = strrchr(file, ':');
        line = colon ? colon + 1 : file;
        if (colon)
            *colon = '\0';
    }
    xml_attribute(out, "file", file);
    xml_attribute(out, "line", line);
}

static void junit_begin(struct mln_cli *cli, struct mln_buf *out, const char *name,
                        const char *suite, const char *place)
{
    mln_buf_add(out, "    <testcase");
    xml_attribute(out, "name", name);
    xml_attribute(out, "classname", suite);
    if (place)
        junit_place(cli, out, place);
    mln_buf_add(out, ">\n");
}

static void junit_case(struct mln_cli *cli, const struct mln_test_case *test, const char *suite,
                       struct mln_buf *out)
{
    static const char *const types[] = {
        [MLN_ASSERT_FAILS] = "fails", [MLN_ASSERT_UNDECIDED] = "undecided"};
    junit_begin(cli, out, test->text, suite, test->place);
    if (test->outcome.result != MLN_ASSERT_HOLDS) {
        const char *message =
            mln_printf(cli->ctx.arena, "%s: %s", test->place, mln_test_result(test));
        xml_problem(out, "failure", types[test->outcome.result], message, explanation(cli, test));
    }
    mln_buf_add(out, "    </testcase>\n");
}

static size_t failures(const struct mln_test_suite *suite)
{
    size_t count = 0;
    for (size_t i = 0; i < suite->cases.len; i++)
        count += suite->cases.data[i].outcome.result != MLN_ASSERT_HOLDS;
    return count;
}

static void junit_suite(struct mln_cli *cli, const struct mln_test_suite *suite,
                        struct mln_buf *out)
{
    const char *name = safe(cli, suite->path);
    mln_buf_add(out, "  <testsuite");
    xml_attribute(out, "name", name);
    mln_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%d\">\n",
                   suite->cases.len + suite->invalid, failures(suite), suite->invalid);
    if (suite->invalid) {
        junit_begin(cli, out, "the policy is valid", name, NULL);
        xml_problem(out, "error", "invalid", "the policy is invalid", suite->errors);
        mln_buf_add(out, "    </testcase>\n");
    }
    for (size_t i = 0; i < suite->cases.len; i++)
        junit_case(cli, &suite->cases.data[i], name, out);
    mln_buf_add(out, "  </testsuite>\n");
}

static void junit_coverage(struct mln_cli *cli, const struct mln_test_report *report,
                           struct mln_buf *out)
{
    mln_buf_printf(out,
                   "  <testsuite name=\"coverage\" tests=\"1\" failures=\"%d\" errors=\"0\">\n",
                   report->below);
    junit_begin(cli, out, "intents that decide some assertion", "coverage", NULL);
    if (report->below)
        xml_problem(out, "failure", "coverage", mln_test_coverage(cli, report), "");
    mln_buf_add(out, "    </testcase>\n  </testsuite>\n");
}

void mln_test_print_junit(struct mln_cli *cli, const struct mln_test_report *report,
                          struct mln_buf *out)
{
    size_t cases = report->held + report->failed + report->undecided;
    bool coverage = cli->options.threshold_given;
    mln_buf_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    mln_buf_printf(out, "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
                   cases + report->invalid + coverage,
                   report->failed + report->undecided + report->below, report->invalid);
    for (size_t i = 0; i < report->suites.len; i++)
        junit_suite(cli, &report->suites.data[i], out);
    if (coverage)
        junit_coverage(cli, report, out);
    mln_buf_add(out, "</testsuites>\n");
}
