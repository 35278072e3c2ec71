/* The report of diff and verify as people read it, and the sentences that all forms use. */
#include "cli/diff.h"

#include "cli/hop.h"

/* ---- sentences ---- */

const char *mln_diff_direction(enum mln_direction direction)
{
    return direction == MLN_INBOUND ? "inbound" : "outbound";
}

const char *mln_diff_where(const struct mln_diff_report *report, const struct mln_change_flow *flow)
{
    if (!flow->nsg)
        return NULL;
    return mln_printf(report->cli->ctx.arena, "NSG '%s', %s", flow->nsg->name,
                      mln_diff_direction(flow->direction));
}

static const char *safe(const struct mln_diff_report *report, const char *text)
{
    return mln_safe_text(report->cli, text);
}

/* Where an unnamed rule is: in the JSON, or in the policy that it was made from. */
static const char *rule_place(const struct mln_diff_report *report,
                              const struct mln_change_reason *reason)
{
    struct mln_span span = mln_subject_place(report->subjects[reason->side], reason->rule);
    const char *place = mln_place_text(report->cli, span);
    return *place ? place : safe(report, report->names[reason->side]);
}

static const char *nsg_of(const struct mln_change_reason *reason)
{
    return reason->nsg ? reason->nsg->name : "";
}

const char *mln_diff_reason(const struct mln_diff_report *report,
                            const struct mln_change_reason *reason)
{
    struct mln_arena *a = report->cli->ctx.arena;
    const char *verb = reason->allow ? "permitted" : "denied";
    if (reason->intent)
        return mln_printf(a, "%s: %s: %s", report->words[reason->side],
                          mln_place_text(report->cli, reason->intent->span),
                          mln_statement_text(report->cli, reason->intent->span));
    if (reason->by_default)
        return mln_printf(a, "%s: %s by default", report->words[reason->side], verb);
    if (reason->rule)
        return mln_printf(a, "%s: %s: %s by rule %s (priority %u) of NSG '%s'",
                          report->words[reason->side], rule_place(report, reason), verb,
                          reason->rule->name, reason->rule->priority, nsg_of(reason));
    if (reason->azure)
        return mln_printf(a, "%s: %s by Azure's default rule %s (priority %u) of NSG '%s'",
                          report->words[reason->side], verb, reason->azure->name,
                          reason->azure->priority, nsg_of(reason));
    return mln_printf(a, "%s: %s, since nothing filters it", report->words[reason->side], verb);
}

struct mln_diff_counts mln_diff_count(const struct mln_change *change)
{
    struct mln_diff_counts counts = {.notes = change->notes.len,
                                     .firewalls = change->firewalls.len};
    for (size_t i = 0; i < change->flows.len; i++)
        *(change->flows.data[i].added ? &counts.added : &counts.removed) += 1;
    for (size_t i = 0; i < change->at_nsgs.len; i++)
        if (!change->end_to_end || change->at_nsgs.data[i].alone ||
            change->at_nsgs.data[i].unplaced)
            *(change->at_nsgs.data[i].added ? &counts.added : &counts.removed) += 1;
    for (size_t i = 0; i < change->rules.len; i++)
        counts.rules[change->rules.data[i].kind]++;
    return counts;
}

static void add_count(struct mln_buf *out, size_t count, const char *text)
{
    if (count)
        mln_buf_printf(out, "%s%zu %s", out->len ? ", " : "", count, text);
}

const char *mln_diff_summary(const struct mln_diff_report *report)
{
    struct mln_diff_counts c = mln_diff_count(&report->change);
    struct mln_buf out, rules;
    mln_buf_init(&out, report->cli->ctx.arena);
    mln_buf_init(&rules, report->cli->ctx.arena);
    add_count(&out, c.added, "newly permitted");
    add_count(&out, c.removed, "newly denied");
    add_count(&out, c.firewalls, c.firewalls == 1 ? "resource firewall" : "resource firewalls");
    if (!out.len)
        mln_buf_add(&out, report->change.traffic       ? "NSGs on one side only"
                          : report->change.gave_up.len ? "not everything could be compared"
                                                       : "no difference in permitted traffic");
    add_count(&rules, c.rules[MLN_CHANGE_ADDED], "added");
    add_count(&rules, c.rules[MLN_CHANGE_REMOVED], "removed");
    add_count(&rules, c.rules[MLN_CHANGE_CHANGED], "changed");
    mln_buf_printf(&out, "; rules: %s", rules.len ? rules.data : "no difference");
    return out.data;
}

/* Of both families, in the order of the addresses; the first `most` of them. */
static size_t add_prefixes(const struct mln_diff_report *report,
                           const struct mln_change_firewall *firewall, int side, size_t most,
                           struct mln_buf *out)
{
    size_t all = 0;
    char text[MLN_IP_TEXT];
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_prefix *prefixes;
        size_t count =
            mln_ipset_prefixes(report->cli->ctx.arena, firewall->only[side][f], &prefixes);
        for (size_t i = 0; i < count; i++, all++)
            if (all < most)
                mln_buf_printf(out, "%s%s", all ? ", " : "", mln_prefix_text(&prefixes[i], text));
    }
    if (all > most)
        mln_buf_printf(out, ", and %zu more", all - most);
    return all;
}

const char *mln_diff_prefixes(const struct mln_diff_report *report,
                              const struct mln_change_firewall *firewall, int side, size_t most)
{
    struct mln_buf list, out;
    mln_buf_init(&list, report->cli->ctx.arena);
    mln_buf_init(&out, report->cli->ctx.arena);
    size_t count = add_prefixes(report, firewall, side, most, &list);
    mln_buf_printf(&out, "%zu prefix%s, %.0f address%s", count, count == 1 ? "" : "es",
                   firewall->count[side], firewall->count[side] == 1 ? "" : "es");
    for (size_t i = 0; i < firewall->sources[side].len; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : ", of ", firewall->sources[side].data[i]);
    mln_buf_printf(&out, ": %s", list.data ? list.data : "");
    return out.data;
}

const char *mln_diff_services(const struct mln_diff_report *report,
                              const struct mln_change_flow *flow)
{
    return flow->over ? mln_printf(report->cli->ctx.arena, "%s over %s", flow->services, flow->over)
                      : flow->services;
}

const char *mln_diff_hangs(const struct mln_diff_report *report, const struct mln_change_flow *flow)
{
    struct mln_buf out;
    if (!flow->hangs_on.len)
        return NULL;
    mln_buf_init(&out, report->cli->ctx.arena);
    mln_buf_add(&out, "undecided: whether it is so hangs on the address of ");
    for (size_t i = 0; i < flow->hangs_on.len; i++)
        mln_buf_printf(&out, "%s'%s'", i ? " and of " : "", flow->hangs_on.data[i]->display);
    mln_buf_add(&out, ", which is not known");
    return out.data;
}

const char *mln_diff_taken(const struct mln_diff_report *report)
{
    struct mln_buf out;
    mln_buf_init(&out, report->cli->ctx.arena);
    for (int s = 0; s < MLN_SIDES; s++) {
        const struct mln_taken_vec *taken = &report->subjects[s]->taken;
        for (size_t i = 0; i < taken->len; i++)
            mln_buf_printf(&out, "%s%s", out.len ? ", " : "", taken->data[i].text);
        if (taken->len)
            return mln_printf(report->cli->ctx.arena,
                              "taken from %s, since %s does not tell it: %s", report->words[1 - s],
                              report->words[s], out.data);
    }
    return NULL;
}

/* ---- text ---- */

static void print_flow(const struct mln_diff_report *report, const struct mln_change_flow *flow,
                       struct mln_buf *out)
{
    const char *where = mln_diff_where(report, flow);
    mln_buf_printf(out, "%s %s: %s from %s to %s\n", flow->added ? "+" : "-",
                   flow->added ? "newly permitted" : "newly denied",
                   mln_diff_services(report, flow), safe(report, flow->from),
                   safe(report, flow->to));
    if (where)
        mln_buf_printf(out, "    at %s%s\n", safe(report, where),
                       flow->alone ? "; without effect end to end" : "");
    const char *hangs = mln_diff_hangs(report, flow);
    if (hangs)
        mln_buf_printf(out, "    %s\n", safe(report, hangs));
    for (int s = 0; s < MLN_SIDES; s++) {
        for (size_t i = 0; i < flow->reasons.len; i++)
            if (flow->reasons.data[i].side == s)
                mln_buf_printf(out, "    %s\n", mln_diff_reason(report, &flow->reasons.data[i]));
        if (flow->outside[s])
            mln_buf_printf(out, "    %s: no such place, or no path\n", report->words[s]);
    }
}

static void print_flows(const struct mln_diff_report *report, struct mln_buf *out)
{
    const struct mln_change *change = &report->change;
    for (int added = 1; added >= 0; added--)
        for (size_t i = 0; i < change->flows.len; i++)
            if (change->flows.data[i].added == added)
                print_flow(report, &change->flows.data[i], out);
    for (int added = 1; added >= 0; added--)
        for (size_t i = 0; i < change->at_nsgs.len; i++) {
            const struct mln_change_flow *flow = &change->at_nsgs.data[i];
            if (flow->added == added && (!change->end_to_end || flow->alone || flow->unplaced))
                print_flow(report, flow, out);
        }
    if (change->more)
        mln_buf_add(out, "(there are more differences than are listed)\n");
}

static void print_firewalls(const struct mln_diff_report *report, struct mln_buf *out)
{
    for (size_t i = 0; i < report->change.firewalls.len; i++) {
        const struct mln_change_firewall *firewall = &report->change.firewalls.data[i];
        mln_buf_printf(out, "~ firewall of resource '%s'\n", firewall->resource);
        if (firewall->count[MLN_NEW] > 0)
            mln_buf_printf(out, "    + let in now: %s\n",
                           mln_diff_prefixes(report, firewall, MLN_NEW, 5));
        if (firewall->count[MLN_OLD] > 0)
            mln_buf_printf(out, "    - no longer let in: %s\n",
                           mln_diff_prefixes(report, firewall, MLN_OLD, 5));
        for (size_t k = 0; k < firewall->openings.len; k++)
            mln_buf_printf(out, "    %s\n", safe(report, firewall->openings.data[k]));
    }
}

static void print_rule(const struct mln_diff_report *report, const struct mln_change_rule *rule,
                       struct mln_buf *out)
{
    static const char marks[] = {
        [MLN_CHANGE_ADDED] = '+', [MLN_CHANGE_REMOVED] = '-', [MLN_CHANGE_CHANGED] = '~'};
    mln_buf_printf(out, "  %c %s of NSG '%s', %s", marks[rule->kind], safe(report, rule->name),
                   safe(report, rule->nsg), mln_diff_direction(rule->direction));
    if (rule->old_name)
        mln_buf_printf(out, " (was %s)", safe(report, rule->old_name));
    const char *text = rule->text[rule->kind == MLN_CHANGE_REMOVED ? MLN_OLD : MLN_NEW];
    if (rule->kind != MLN_CHANGE_CHANGED)
        mln_buf_printf(out, ": %s", safe(report, text));
    for (size_t i = 0; i < rule->details.len; i++)
        mln_buf_printf(out, "%s %s", i ? ";" : ":", safe(report, rule->details.data[i]));
    mln_buf_char(out, '\n');
}

void mln_diff_print_text(const struct mln_diff_report *report, struct mln_buf *out)
{
    const struct mln_change *change = &report->change;
    if (report->cli->options.quiet && !change->traffic)
        return;
    print_flows(report, out);
    print_firewalls(report, out);
    for (size_t i = 0; i < change->notes.len; i++)
        mln_buf_printf(out, "%s\n", safe(report, change->notes.data[i].text));
    if (change->rules.len)
        mln_buf_add(out, "rules:\n");
    for (size_t i = 0; i < change->rules.len; i++)
        print_rule(report, &change->rules.data[i], out);
    if (mln_diff_taken(report))
        mln_buf_printf(out, "%s\n", safe(report, mln_diff_taken(report)));
    mln_buf_printf(out, "%s\n", mln_diff_summary(report));
}
