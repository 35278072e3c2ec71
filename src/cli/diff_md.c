/* The report of diff and verify for pull requests: a summary, a table, long lists folded. */
#include "cli/diff.h"

#include "diag/render.h"

#include <string.h>

#define OPEN_ROWS 20 /* of a table before it is folded */
#define SHOWN_PREFIXES 200

/* Text inside a table cell: nothing of it is markup. */
static void add_cell(struct mln_buf *out, const char *text)
{
    for (size_t at = 0, length = strlen(text), size; at < length; at += size) {
        size = 1;
        if (strchr("|\\`*_<>[]#~&", text[at]))
            mln_buf_printf(out, "&#%d;", text[at]);
        else
            mln_render_char(out, text + at, length - at, &size);
    }
}

static void begin_fold(struct mln_buf *out, bool fold, const char *where, size_t count)
{
    if (fold)
        mln_buf_printf(out, "<details><summary>%zu difference%s in %s</summary>\n\n", count,
                       count == 1 ? "" : "s", where);
}

static void end_fold(struct mln_buf *out, bool fold)
{
    mln_buf_add(out, fold ? "\n</details>\n\n" : "\n");
}

static bool is_listed(const struct mln_change *change, const struct mln_change_flow *flow)
{
    return !flow->nsg || !change->end_to_end || flow->alone || flow->unplaced;
}

static void print_flow(const struct mln_diff_report *report, const struct mln_change_flow *flow,
                       struct mln_buf *out)
{
    const char *where = mln_diff_where(report, flow),
               *cells[] = {mln_diff_services(report, flow), flow->from, flow->to};
    mln_buf_add(out, flow->added ? "| permitted |" : "| denied |");
    for (size_t i = 0; i < 3; i++) {
        mln_buf_char(out, ' ');
        add_cell(out, cells[i]);
        mln_buf_add(out, " |");
    }
    mln_buf_char(out, ' ');
    if (where) {
        mln_buf_add(out, "at ");
        add_cell(out, where);
        mln_buf_add(out, flow->alone ? ", without effect end to end<br>" : "<br>");
    }
    const char *gap = "", *hangs = mln_diff_hangs(report, flow);
    if (hangs) {
        add_cell(out, hangs);
        gap = "<br>";
    }
    for (int s = 0; s < MLN_SIDES; s++) {
        for (size_t i = 0; i < flow->reasons.len; i++)
            if (flow->reasons.data[i].side == s) {
                mln_buf_add(out, gap);
                add_cell(out, mln_diff_reason(report, &flow->reasons.data[i]));
                gap = "<br>";
            }
        if (flow->outside[s])
            mln_buf_printf(out, "%s%s: no such place, or no path", gap, report->words[s]);
        gap = flow->outside[s] ? "<br>" : gap;
    }
    mln_buf_add(out, " |\n");
}

static void print_flow_list(const struct mln_diff_report *report,
                            const struct mln_change_flow_vec *flows, struct mln_buf *out)
{
    for (int added = 1; added >= 0; added--)
        for (size_t i = 0; i < flows->len; i++)
            if (flows->data[i].added == added && is_listed(&report->change, &flows->data[i]))
                print_flow(report, &flows->data[i], out);
}

static void print_flows(const struct mln_diff_report *report, struct mln_buf *out)
{
    struct mln_diff_counts counts = mln_diff_count(&report->change);
    size_t rows = counts.added + counts.removed;
    if (rows == 0)
        return;
    begin_fold(out, rows > OPEN_ROWS, "permitted traffic", rows);
    mln_buf_add(out, "| Newly | Service | From | To | Because of |\n|---|---|---|---|---|\n");
    print_flow_list(report, &report->change.flows, out);
    print_flow_list(report, &report->change.at_nsgs, out);
    end_fold(out, rows > OPEN_ROWS);
    if (report->change.more)
        mln_buf_add(out, "There are more differences than are listed.\n\n");
}

static void print_prefixes(const struct mln_diff_report *report,
                           const struct mln_change_firewall *firewall, int side,
                           struct mln_buf *out)
{
    if (!(firewall->count[side] > 0))
        return;
    mln_buf_printf(out, "%s: ", side == MLN_NEW ? "Let in now" : "No longer let in");
    mln_buf_printf(out, "%s\n\n", mln_diff_prefixes(report, firewall, side, SHOWN_PREFIXES));
}

static void print_firewalls(const struct mln_diff_report *report, struct mln_buf *out)
{
    for (size_t i = 0; i < report->change.firewalls.len; i++) {
        const struct mln_change_firewall *firewall = &report->change.firewalls.data[i];
        mln_buf_add(out, "<details><summary>Firewall of resource ");
        add_cell(out, firewall->resource);
        mln_buf_printf(out, ": %.0f addresses let in now, %.0f no longer</summary>\n\n",
                       firewall->count[MLN_NEW], firewall->count[MLN_OLD]);
        print_prefixes(report, firewall, MLN_NEW, out);
        print_prefixes(report, firewall, MLN_OLD, out);
        for (size_t k = 0; k < firewall->openings.len; k++) {
            mln_buf_add(out, "- ");
            add_cell(out, firewall->openings.data[k]);
            mln_buf_char(out, '\n');
        }
        mln_buf_add(out, "\n</details>\n\n");
    }
}

static void print_rule(const struct mln_change_rule *rule, struct mln_buf *out)
{
    static const char *const words[] = {[MLN_CHANGE_ADDED] = "added",
                                        [MLN_CHANGE_REMOVED] = "removed",
                                        [MLN_CHANGE_CHANGED] = "changed"};
    mln_buf_printf(out, "| %s | ", words[rule->kind]);
    add_cell(out, rule->nsg);
    mln_buf_printf(out, ", %s | ", mln_diff_direction(rule->direction));
    add_cell(out, rule->name);
    mln_buf_add(out, " | ");
    if (rule->old_name) {
        mln_buf_add(out, "was ");
        add_cell(out, rule->old_name);
        mln_buf_add(out, rule->details.len ? "; " : "");
    }
    if (rule->kind != MLN_CHANGE_CHANGED)
        add_cell(out, rule->text[rule->kind == MLN_CHANGE_REMOVED ? MLN_OLD : MLN_NEW]);
    for (size_t i = 0; i < rule->details.len; i++) {
        mln_buf_add(out, i ? "; " : "");
        add_cell(out, rule->details.data[i]);
    }
    mln_buf_add(out, " |\n");
}

static void print_rules(const struct mln_diff_report *report, struct mln_buf *out)
{
    const struct mln_change *change = &report->change;
    if (change->rules.len == 0)
        return;
    begin_fold(out, true, "rules", change->rules.len);
    mln_buf_add(out, "| Rule | NSG | Name | What it says |\n|---|---|---|---|\n");
    for (size_t i = 0; i < change->rules.len; i++)
        print_rule(&change->rules.data[i], out);
    end_fold(out, true);
}

static void print_notes(const struct mln_diff_report *report, struct mln_buf *out)
{
    size_t count = report->change.notes.len;
    if (count == 0)
        return;
    begin_fold(out, count > OPEN_ROWS, "zones and NSGs", count);
    for (size_t i = 0; i < count; i++) {
        mln_buf_add(out, "- ");
        add_cell(out, report->change.notes.data[i].text);
        mln_buf_char(out, '\n');
    }
    end_fold(out, count > OPEN_ROWS);
}

void mln_diff_print_md(const struct mln_diff_report *report, struct mln_buf *out)
{
    mln_buf_printf(out, "### %s\n\n**", report->drift ? "Drift" : "Change in permitted traffic");
    add_cell(out, mln_diff_summary(report));
    mln_buf_add(out, "**\n\n");
    print_flows(report, out);
    print_firewalls(report, out);
    print_notes(report, out);
    print_rules(report, out);
    if (mln_diff_taken(report)) {
        add_cell(out, mln_diff_taken(report));
        mln_buf_add(out, "\n\n");
    }
    out->len--; /* one line end at the end */
}
