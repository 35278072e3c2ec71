/* The answers of mlnsgc query as people read them. */
#include "cli/hop.h"
#include "cli/query.h"
#include "cli/rule_text.h"

#include <string.h>

/* ---- steps ---- */

static const char *rule_name(struct mln_cli *cli, const struct mln_query_step *step)
{
    return step->rule    ? mln_safe_text(cli, step->rule->name)
           : step->azure ? step->azure->name
                         : "(platform)";
}

static unsigned priority(const struct mln_query_step *step)
{
    return step->rule ? step->rule->priority : step->azure ? step->azure->priority : 0;
}

/* "  110 allow-ssh (allow): destination port 443 is not 22" */
static void add_trace(struct mln_cli *cli, const struct mln_query_step_vec *trace,
                      const struct mln_packet *packet, struct mln_buf *out)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct mln_query_step *step = &trace->data[i];
        mln_buf_printf(out, "        %5u %s (%s): ", priority(step), rule_name(cli, step),
                       step->allow ? "allow" : "deny");
        if (!step->differ) {
            mln_buf_add(out, "matches\n");
            continue;
        }
        enum mln_query_field field = (enum mln_query_field)__builtin_ctz(step->differ);
        mln_buf_printf(out, "%s %s is not %s\n", mln_query_field_names[field],
                       mln_packet_field(cli->ctx.arena, packet, field),
                       mln_safe_text(cli, mln_step_field(cli->ctx.arena, step, field)));
    }
}

static void add_hint(struct mln_cli *cli, const struct mln_query_result *result,
                     const struct mln_assert_hop *hop, const struct mln_query_hint *hint,
                     struct mln_buf *out)
{
    const struct mln_query_step *step = &hint->step;
    mln_buf_printf(out, "      would be permitted here by rule %s (priority %u) ",
                   rule_name(cli, step), priority(step));
    if (!step->differ)
        mln_buf_printf(out, "if %s did not come first",
                       hop->rule ? mln_safe_text(cli, hop->rule->name) : "another");
    bool first = true;
    for (unsigned f = 0; f < MLN_QUERY_FIELDS; f++) {
        if (!(step->differ >> f & 1))
            continue;
        mln_buf_printf(
            out, "%s %s %s", first ? "with" : " and", mln_query_field_names[f],
            mln_safe_text(cli, mln_step_field(cli->ctx.arena, step, (enum mln_query_field)f)));
        first = false;
    }
    mln_buf_char(out, '\n');
    mln_origin_print(cli, &result->subject, step->rule, &hint->instead, 8, out);
}

/* ---- packets ---- */

static void add_hop(struct mln_cli *cli, const struct mln_query_result *result,
                    const struct mln_query_packet *packet, size_t i, struct mln_buf *out)
{
    const struct mln_assert_hop *hop = &packet->at->hops[i];
    mln_hop_print(cli, &result->subject, hop, &packet->at->packet, out);
    add_trace(cli, &packet->traces[i], &packet->at->packet, out);
    for (size_t h = 0; h < packet->hints[i].len; h++)
        add_hint(cli, result, hop, &packet->hints[i].data[h], out);
}

static void add_ungoverned(struct mln_cli *cli, const struct mln_zone *zone, int end,
                           struct mln_buf *out)
{
    if (zone && !mln_zone_is_governed(zone) && !zone->unread && !(zone->nic && zone->nic->unread))
        mln_buf_printf(out, "    %s '%s': permitted, no NSG governs it\n", end ? "into" : "out of",
                       mln_safe_text(cli, zone->display));
}

/* At the ends no NSG may stand; the hops are in the order of the way. */
static void add_way(struct mln_cli *cli, const struct mln_query_result *result,
                    const struct mln_query_packet *packet, struct mln_buf *out)
{
    add_ungoverned(cli, packet->at->zones[0], 0, out);
    for (size_t i = 0; i < packet->at->hop_count; i++)
        add_hop(cli, result, packet, i, out);
    add_ungoverned(cli, packet->at->zones[1], 1, out);
}

static void add_packet(struct mln_cli *cli, const struct mln_query_result *result,
                       const struct mln_query_packet *packet, struct mln_buf *out)
{
    const struct mln_counterexample *at = packet->at;
    mln_buf_printf(out, "  %s: ", mln_query_verdict_names[packet->verdict]);
    mln_counterexample_print(cli, at, out);
    add_way(cli, result, packet, out);
    if (packet->verdict == MLN_QUERY_UNDECIDED)
        mln_open_print(cli, at, out);
}

/* ---- answers ---- */

/* Without its network an NSG does not tell at which end it stands. Beside subnets it is asked by
 * its name alone. */
static void add_ends(struct mln_cli *cli, const struct mln_query_report *report,
                     const struct mln_query_result *result, struct mln_buf *out)
{
    const struct mln_model *model = result->subject.model;
    for (size_t i = 0; i < model->zones.len; i++)
        if (!model->zones.data[i]->unplaced)
            return;
    for (size_t i = 0; i < model->zones.len; i++) {
        const struct mln_zone *zone = model->zones.data[i];
        if (strcmp(report->words.from, zone->name) == 0 ||
            strcmp(report->words.to, zone->name) == 0)
            continue;
        mln_buf_printf(
            out, "  asked inbound and outbound; with '%s' as one end, in that direction only\n",
            mln_safe_text(cli, zone->name));
        return;
    }
}

static void add_result(struct mln_cli *cli, const struct mln_query_report *report,
                       const struct mln_query_result *result, struct mln_buf *out)
{
    if (!result->answered)
        return;
    enum mln_query_verdict verdict = result->answer.verdict;
    if (report->results.len > 1)
        mln_buf_printf(out, "%s: ", mln_safe_text(cli, result->path));
    mln_buf_printf(out, "%s: %s from %s to %s\n", mln_query_verdict_names[verdict],
                   mln_safe_text(cli, report->words.services),
                   mln_safe_text(cli, report->words.from), mln_safe_text(cli, report->words.to));
    if (!mln_query_expected(cli, verdict))
        mln_buf_printf(out, "  expected: %s\n",
                       cli->options.expect == MLN_EXPECT_ALLOW ? "allowed" : "denied");
    if (cli->options.quiet)
        return;
    if (verdict == MLN_QUERY_NO_PATH)
        mln_buf_add(out, "  no path joins the two ends, or they have no packet in common\n");
    add_ends(cli, report, result, out);
    for (size_t i = 0; i < result->answer.reasons.len; i++)
        mln_buf_printf(out, "  %s\n", result->answer.reasons.data[i]);
    for (size_t i = 0; i < result->packets.len; i++)
        add_packet(cli, result, &result->packets.data[i], out);
}

void mln_query_print_text(struct mln_cli *cli, const struct mln_query_report *report,
                          struct mln_buf *out)
{
    for (size_t i = 0; i < report->results.len; i++)
        add_result(cli, report, &report->results.data[i], out);
}
