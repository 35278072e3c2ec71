/* The report of mlnsgc test as people read it; the machine forms borrow its explanations. */
#include "cli/test.h"
#include "diag/render.h"
#include <string.h>

/* ---- places and statements ---- */

const char *mln_test_place(struct mln_cli *cli, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    if (!source)
        return "";
    struct mln_place place = mln_place_of(cli->ctx.diags, span.file, span.lo);
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_render_safe(&out, source->name, strlen(source->name));
    mln_buf_printf(&out, ":%u:%u", place.line, place.column);
    return out.data;
}

/* The length of a blank, a line end or a comment. */
static size_t gap(const char *text, size_t length)
{
    if (strchr(" \t\r\n", *text))
        return 1;
    const char *end = *text == '#' ? memchr(text, '\n', length) : text;
    return end ? (size_t)(end - text) : length;
}

const char *mln_test_statement(struct mln_cli *cli, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    bool quoted = false, blank = false;
    for (size_t at = span.lo, size; source && at < span.hi; at += size) {
        size = quoted ? 0 : gap(source->text + at, span.hi - at);
        if (size) {
            blank = out.len > 0;
            continue;
        }
        if (blank)
            mln_buf_char(&out, ' ');
        blank = false;
        if (source->text[at] == '"' && (at == span.lo || source->text[at - 1] != '\\'))
            quoted = !quoted;
        mln_render_char(&out, source->text + at, span.hi - at, &size);
    }
    return out.data ? out.data : "";
}

/* ---- one case ---- */

const char *mln_test_result(const struct mln_test_case *test)
{
    static const char *const words[] = {[MLN_ASSERT_HOLDS] = "holds",
                                        [MLN_ASSERT_FAILS] = "fails",
                                        [MLN_ASSERT_UNDECIDED] = "is undecided"};
    return words[test->outcome.result];
}

static bool speaks_of(const struct mln_intent *intent, const struct mln_packet *packet)
{
    for (size_t i = 0; i < intent->services.len; i++) {
        const struct mln_service_item *item = &intent->services.items[i];
        if (item->protos & MLN_PROTO_BIT(packet->proto) &&
            mln_portset_contains(item->sport, packet->sport) &&
            mln_portset_contains(item->dport, packet->dport))
            return true;
    }
    return false;
}

/* A rule may be merged from those of several intents: which of them speak of this packet? */
static void add_intents(struct mln_cli *cli, const struct mln_rule *rule,
                        const struct mln_packet *packet, struct mln_buf *out)
{
    if (rule->intent_count == 0)
        mln_buf_add(out, "        the default; no intent speaks of the packet\n");
    for (size_t i = 0; i < rule->intent_count; i++) {
        struct mln_span span = rule->intents[i]->span;
        if (rule->intent_count == 1 || speaks_of(rule->intents[i], packet))
            mln_buf_printf(out, "        %s: %s\n", mln_test_place(cli, span),
                           mln_test_statement(cli, span));
    }
}

static void add_hop(struct mln_cli *cli, const struct mln_counterexample *c,
                    const struct mln_assert_hop *hop, struct mln_buf *out)
{
    mln_buf_printf(out, "    %s '%s', NSG %s: %s by ",
                   hop->direction == MLN_OUTBOUND ? "out of" : "into", hop->zone->display,
                   hop->zone->nsg->name, hop->action == MLN_ALLOW ? "permitted" : "denied");
    if (hop->azure)
        mln_buf_printf(out, "Azure's default rule %s (priority %u)\n", hop->azure->name,
                       hop->azure->priority);
    else if (!hop->rule)
        mln_buf_add(out, "Azure, which filters no platform address unless a rule names it\n");
    else {
        mln_buf_printf(out, "rule %s (priority %u)\n", hop->rule->name, hop->rule->priority);
        add_intents(cli, hop->rule, &c->packet, out);
    }
}

static void add_tags(const struct mln_counterexample *c, struct mln_buf *out)
{
    mln_buf_add(out, "    it depends on what these service tags hold:");
    for (size_t i = 0; i < c->tags.len; i++)
        mln_buf_printf(out, "%s %s", i ? "," : "", c->tags.data[i]->name);
    mln_buf_add(out, "; give --tags=FILE\n");
}

static void add_counterexample(struct mln_cli *cli, const struct mln_counterexample *c,
                               struct mln_buf *out)
{
    mln_buf_printf(out, "    packet: %s", mln_packet_text(cli->ctx.arena, &c->packet));
    if (c->source_in)
        mln_buf_printf(out, "; source in %s", c->source_in);
    if (c->destination_in)
        mln_buf_printf(out, "; destination in %s", c->destination_in);
    mln_buf_char(out, '\n');
    for (size_t i = 0; i < c->hop_count; i++)
        add_hop(cli, c, &c->hops[i], out);
    if (c->undecided)
        add_tags(c, out);
}

void mln_test_explain(struct mln_cli *cli, const struct mln_test_case *test, struct mln_buf *out)
{
    if (test->outcome.result == MLN_ASSERT_HOLDS)
        return;
    for (const struct mln_apply_frame *frame = test->assertion->frame; frame; frame = frame->outer)
        mln_buf_printf(out, "    from template '%s', applied at %s\n", frame->template_name,
                       mln_test_place(cli, frame->span));
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
                       mln_test_place(cli, suite->uncovered.data[i]->span),
                       mln_test_statement(cli, suite->uncovered.data[i]->span));
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
