/* The report of diff and verify for machines: the boxes themselves beside the words for them. */
#include "cli/diff.h"

#include "base/json.h"
#include "cli/hop.h"

/* ---- boxes ---- */

static void add_set(struct mln_json *json, struct mln_arena *a, const struct mln_ipset *set)
{
    struct mln_prefix *prefixes;
    size_t count = mln_ipset_prefixes(a, set, &prefixes);
    char text[MLN_IP_TEXT];
    for (size_t i = 0; i < count; i++)
        mln_json_string(json, mln_prefix_text(&prefixes[i], text));
}

static void add_prefixes(struct mln_json *json, struct mln_arena *a, const struct mln_ipset *set)
{
    mln_json_array(json);
    add_set(json, a, set);
    mln_json_end_array(json);
}

static void add_ports(struct mln_json *json, const struct mln_portset *set)
{
    char text[16];
    mln_json_array(json);
    for (size_t i = 0; i < set->len; i++) {
        const struct mln_port_range *r = &set->ranges[i];
        snprintf(text, sizeof text, r->lo == r->hi ? "%u" : "%u-%u", r->lo, r->hi);
        mln_json_string(json, text);
    }
    mln_json_end_array(json);
}

static void add_sets(const struct mln_diff_report *report, struct mln_json *json,
                     const struct mln_box *box, bool is_src, bool in, const char *key)
{
    mln_json_key(json, key);
    mln_json_array(json);
    for (size_t i = 0; i < box->var_count; i++)
        if (box->vars[i].is_src == is_src && box->vars[i].in == in)
            mln_json_string(json, report->change.sets.list.data[box->vars[i].number].name);
    mln_json_end_array(json);
}

static void add_end(const struct mln_diff_report *report, struct mln_json *json,
                    const struct mln_box *box, bool is_src)
{
    mln_json_object(json);
    mln_json_key(json, "prefixes");
    add_prefixes(json, report->cli->ctx.arena, is_src ? box->src : box->dst);
    add_sets(report, json, box, is_src, true, "in");
    add_sets(report, json, box, is_src, false, "notIn");
    mln_json_key(json, "ports");
    add_ports(json, is_src ? box->sport : box->dport);
    mln_json_end_object(json);
}

static void add_box(const struct mln_diff_report *report, struct mln_json *json,
                    const struct mln_box *box)
{
    mln_json_object(json);
    mln_json_pair(json, "family", box->family == MLN_IPV4 ? "IPv4" : "IPv6");
    mln_json_key(json, "protocols");
    mln_json_array(json);
    for (unsigned p = 0; p < MLN_PROTO_COUNT; p++)
        if (box->protos & MLN_PROTO_BIT(p))
            mln_json_string(json, mln_proto_names[p]);
    mln_json_end_array(json);
    mln_json_key(json, "source");
    add_end(report, json, box, true);
    mln_json_key(json, "destination");
    add_end(report, json, box, false);
    mln_json_end_object(json);
}

/* ---- flows ---- */

static void add_reason(const struct mln_diff_report *report, struct mln_json *json,
                       const struct mln_change_reason *reason)
{
    struct mln_span span = reason->intent ? reason->intent->span
                           : reason->rule && !reason->by_default
                               ? mln_subject_place(report->subjects[reason->side], reason->rule)
                               : (struct mln_span){0};
    const char *place = mln_place_text(report->cli, span);
    mln_json_object(json);
    mln_json_pair(json, "side", report->words[reason->side]);
    mln_json_pair(json, "verdict", reason->allow ? "permitted" : "denied");
    mln_json_pair(json, "place", *place ? place : NULL);
    mln_json_pair(json, "intent",
                  reason->intent ? mln_statement_text(report->cli, reason->intent->span) : NULL);
    if (reason->by_default) {
        mln_json_key(json, "default");
        mln_json_bool(json, true);
    }
    mln_json_pair(json, "rule",
                  reason->by_default ? NULL
                  : reason->rule     ? reason->rule->name
                  : reason->azure    ? reason->azure->name
                                     : NULL);
    if (!reason->by_default && reason->nsg) {
        mln_json_pair(json, "nsg", reason->nsg->name);
        mln_json_pair(json, "direction", mln_diff_direction(reason->direction));
    }
    mln_json_end_object(json);
}

static void add_flow(const struct mln_diff_report *report, struct mln_json *json,
                     const struct mln_change_flow *flow)
{
    mln_json_object(json);
    mln_json_pair(json, "change", flow->added ? "permitted" : "denied");
    mln_json_pair(json, "services", flow->services);
    if (flow->over)
        mln_json_pair(json, "over", flow->over);
    mln_json_pair(json, "from", flow->from);
    mln_json_pair(json, "to", flow->to);
    if (flow->nsg) {
        mln_json_pair(json, "nsg", flow->nsg->name);
        mln_json_pair(json, "direction", mln_diff_direction(flow->direction));
    }
    if (flow->hangs_on.len) {
        mln_json_key(json, "undecidedBy");
        mln_json_array(json);
        for (size_t i = 0; i < flow->hangs_on.len; i++)
            mln_json_string(json, flow->hangs_on.data[i]->display);
        mln_json_end_array(json);
    }
    mln_json_key(json, "reasons");
    mln_json_array(json);
    for (size_t i = 0; i < flow->reasons.len; i++)
        add_reason(report, json, &flow->reasons.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "boxes");
    mln_json_array(json);
    for (size_t i = 0; i < flow->boxes.len; i++)
        add_box(report, json, &flow->boxes.data[i]->box);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void add_flows(const struct mln_diff_report *report, struct mln_json *json, const char *key,
                      const struct mln_change_flow_vec *flows)
{
    mln_json_key(json, key);
    mln_json_array(json);
    for (size_t i = 0; i < flows->len; i++)
        add_flow(report, json, &flows->data[i]);
    mln_json_end_array(json);
}

/* ---- the rest ---- */

static const char *const kinds[] = {[MLN_CHANGE_ADDED] = "added",
                                    [MLN_CHANGE_REMOVED] = "removed",
                                    [MLN_CHANGE_CHANGED] = "changed"};

static void add_rules(const struct mln_diff_report *report, struct mln_json *json)
{
    mln_json_key(json, "rules");
    mln_json_array(json);
    for (size_t i = 0; i < report->change.rules.len; i++) {
        const struct mln_change_rule *rule = &report->change.rules.data[i];
        mln_json_object(json);
        mln_json_pair(json, "change", kinds[rule->kind]);
        mln_json_pair(json, "nsg", rule->nsg);
        mln_json_pair(json, "direction", mln_diff_direction(rule->direction));
        mln_json_pair(json, "name", rule->name);
        mln_json_pair(json, "oldName", rule->old_name);
        for (int s = 0; s < MLN_SIDES; s++)
            mln_json_pair(json, report->words[s], rule->text[s]);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}

static void add_notes(const struct mln_diff_report *report, struct mln_json *json)
{
    mln_json_key(json, "places");
    mln_json_array(json);
    for (size_t i = 0; i < report->change.notes.len; i++) {
        const struct mln_change_note *note = &report->change.notes.data[i];
        mln_json_object(json);
        mln_json_pair(json, "change", kinds[note->kind]);
        mln_json_pair(json, "what", note->what);
        mln_json_pair(json, "name", note->name);
        mln_json_pair(json, "text", note->text);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}

static void add_taken(const struct mln_diff_report *report, struct mln_json *json)
{
    mln_json_key(json, "taken");
    mln_json_array(json);
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t i = 0; i < report->subjects[s]->taken.len; i++) {
            const struct mln_taken *taken = &report->subjects[s]->taken.data[i];
            mln_json_object(json);
            mln_json_pair(json, "from", report->words[1 - s]);
            mln_json_pair(json, "what", taken->what);
            mln_json_pair(json, "name", taken->name);
            mln_json_pair(json, "text", taken->text);
            mln_json_end_object(json);
        }
    mln_json_end_array(json);
}

static void add_firewalls(const struct mln_diff_report *report, struct mln_json *json)
{
    mln_json_key(json, "firewalls");
    mln_json_array(json);
    for (size_t i = 0; i < report->change.firewalls.len; i++) {
        const struct mln_change_firewall *firewall = &report->change.firewalls.data[i];
        mln_json_object(json);
        mln_json_pair(json, "resource", firewall->resource);
        for (int s = MLN_NEW; s >= MLN_OLD; s--) {
            mln_json_key(json, s == MLN_NEW ? "added" : "removed");
            mln_json_array(json);
            for (int k = 0; k < MLN_FAMILIES; k++)
                add_set(json, report->cli->ctx.arena, firewall->only[s][k]);
            mln_json_end_array(json);
        }
        mln_json_key(json, "other");
        mln_json_array(json);
        for (size_t k = 0; k < firewall->openings.len; k++)
            mln_json_string(json, firewall->openings.data[k]);
        mln_json_end_array(json);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}

static const char *answer(const struct mln_diff_report *report)
{
    if (!report->good)
        return "invalid";
    return report->change.traffic ? "differs" : report->change.gave_up.len ? "unknown" : "equal";
}

void mln_diff_print_json(const struct mln_diff_report *report, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    for (int s = 0; s < MLN_SIDES; s++)
        mln_json_pair(&json, report->words[s], report->names[s]);
    mln_json_pair(&json, "traffic", answer(report));
    mln_json_key(&json, "complete");
    mln_json_bool(&json, report->good && !report->change.more && !report->change.gave_up.len);
    add_flows(report, &json, "flows", &report->change.flows);
    add_flows(report, &json, "atNsgs", &report->change.at_nsgs);
    add_firewalls(report, &json);
    add_notes(report, &json);
    add_taken(report, &json);
    add_rules(report, &json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}
