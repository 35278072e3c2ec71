/* The answers of mlnsgc query for programs: one document, whatever happened. */
#include "base/json.h"
#include "cli/hop.h"
#include "cli/query.h"
#include "cli/rule_text.h"

/* ---- where rules come from ---- */

static void add_place(struct mln_cli *cli, struct mln_json *j, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    if (!source)
        return;
    struct mln_place place = mln_place_of(cli->ctx.diags, span.file, span.lo);
    mln_json_pair(j, "file", source->name);
    mln_json_key(j, "line");
    mln_json_number(j, place.line);
    mln_json_key(j, "column");
    mln_json_number(j, place.column);
}

static void add_origin(struct mln_cli *cli, struct mln_json *j, const struct mln_subject *subject,
                       const struct mln_rule *rule, const struct mln_packet *packet)
{
    if (subject->kind != MLN_SUBJECT_POLICY) {
        mln_json_key(j, "place");
        mln_json_object(j);
        add_place(cli, j, mln_subject_place(subject, rule));
        mln_json_end_object(j);
        return;
    }
    mln_json_key(j, "intents");
    mln_json_array(j);
    for (size_t i = 0; i < rule->intent_count; i++) {
        const struct mln_intent *intent = rule->intents[i];
        if (rule->intent_count > 1 && !mln_intent_speaks_of(intent, packet))
            continue;
        mln_json_object(j);
        add_place(cli, j, intent->span);
        mln_json_pair(j, "text", mln_statement_text(cli, intent->span));
        mln_json_end_object(j);
    }
    mln_json_end_array(j);
}

static void add_rule(struct mln_json *j, const struct mln_rule *rule,
                     const struct mln_azure_default_rule *azure)
{
    mln_json_key(j, "rule");
    if (rule || azure)
        mln_json_string(j, rule ? rule->name : azure->name);
    else
        mln_json_null(j);
    if (rule || azure) {
        mln_json_key(j, "priority");
        mln_json_number(j, rule ? rule->priority : azure->priority);
    }
    mln_json_key(j, "azure_default");
    mln_json_bool(j, azure != NULL);
}

/* ---- hops ---- */

static void add_fields(struct mln_json *j, unsigned fields)
{
    mln_json_key(j, "differs");
    mln_json_array(j);
    for (unsigned f = 0; f < MLN_QUERY_FIELDS; f++)
        if (fields >> f & 1)
            mln_json_string(j, mln_query_field_names[f]);
    mln_json_end_array(j);
}

static void add_trace(struct mln_cli *cli, struct mln_json *j,
                      const struct mln_query_step_vec *trace)
{
    if (!cli->options.trace)
        return;
    mln_json_key(j, "trace");
    mln_json_array(j);
    for (size_t i = 0; i < trace->len; i++) {
        const struct mln_query_step *step = &trace->data[i];
        mln_json_object(j);
        add_rule(j, step->rule, step->azure);
        mln_json_pair(j, "action", step->allow ? "allow" : "deny");
        add_fields(j, step->differ);
        if (step->differ)
            mln_json_pair(j, "wants",
                          mln_step_field(cli->ctx.arena, step,
                                         (enum mln_query_field)__builtin_ctz(step->differ)));
        mln_json_end_object(j);
    }
    mln_json_end_array(j);
}

static void add_packet_members(struct mln_cli *cli, struct mln_json *j,
                               const struct mln_packet *packet)
{
    bool ported = packet->proto == MLN_PROTO_TCP || packet->proto == MLN_PROTO_UDP;
    mln_json_pair(j, "protocol", mln_proto_names[packet->proto]);
    mln_json_pair(j, "source", mln_packet_field(cli->ctx.arena, packet, MLN_FIELD_SOURCE));
    if (ported) {
        mln_json_key(j, "source_port");
        mln_json_number(j, packet->sport);
    }
    mln_json_pair(j, "destination",
                  mln_packet_field(cli->ctx.arena, packet, MLN_FIELD_DESTINATION));
    if (ported) {
        mln_json_key(j, "destination_port");
        mln_json_number(j, packet->dport);
    }
}

static void add_sets(struct mln_cli *cli, struct mln_json *j, const struct mln_model *model,
                     const struct mln_packet *packet)
{
    struct mln_arena *a = cli->ctx.arena;
    mln_json_pair(j, "source_in",
                  mln_assert_sets_text(a, model, packet->src_vars, packet->src_var_count));
    mln_json_pair(j, "destination_in",
                  mln_assert_sets_text(a, model, packet->dst_vars, packet->dst_var_count));
}

static void add_hints(struct mln_cli *cli, struct mln_json *j, const struct mln_subject *subject,
                      const struct mln_query_hint_vec *hints)
{
    if (!hints->len)
        return;
    mln_json_key(j, "would_be_permitted_by");
    mln_json_array(j);
    for (size_t i = 0; i < hints->len; i++) {
        const struct mln_query_hint *hint = &hints->data[i];
        mln_json_object(j);
        add_rule(j, hint->step.rule, hint->step.azure);
        add_fields(j, hint->step.differ);
        mln_json_key(j, "packet");
        mln_json_object(j);
        add_packet_members(cli, j, &hint->instead);
        add_sets(cli, j, subject->model, &hint->instead);
        mln_json_end_object(j);
        add_origin(cli, j, subject, hint->step.rule, &hint->instead);
        mln_json_end_object(j);
    }
    mln_json_end_array(j);
}

static void add_hop(struct mln_cli *cli, struct mln_json *j, const struct mln_subject *subject,
                    const struct mln_query_packet *packet, size_t i)
{
    const struct mln_assert_hop *hop = &packet->at->hops[i];
    mln_json_object(j);
    mln_json_pair(j, "zone", hop->zone->unplaced ? NULL : hop->zone->display);
    mln_json_pair(j, "nsg", hop->nsg->name);
    mln_json_pair(j, "direction", hop->direction == MLN_OUTBOUND ? "outbound" : "inbound");
    if (hop->transit) {
        mln_json_key(j, "appliance");
        mln_json_bool(j, true);
    }
    mln_json_pair(j, "action", hop->action == MLN_ALLOW ? "allow" : "deny");
    add_rule(j, hop->rule, hop->azure);
    if (hop->rule)
        add_origin(cli, j, subject, hop->rule, &packet->at->packet);
    add_trace(cli, j, &packet->traces[i]);
    add_hints(cli, j, subject, &packet->hints[i]);
    mln_json_end_object(j);
}

static void add_zone(struct mln_json *j, const char *key, const struct mln_zone *zone)
{
    if (zone && !zone->unplaced)
        mln_json_pair(j, key, zone->display);
}

static void add_packet(struct mln_cli *cli, struct mln_json *j, const struct mln_subject *subject,
                       const struct mln_query_packet *packet)
{
    const struct mln_counterexample *at = packet->at;
    mln_json_object(j);
    mln_json_pair(j, "verdict", mln_query_verdict_names[packet->verdict]);
    add_packet_members(cli, j, &at->packet);
    mln_json_pair(j, "source_in", at->source_in);
    mln_json_pair(j, "destination_in", at->destination_in);
    mln_json_pair(j, "source_not_in", at->source_out);
    mln_json_pair(j, "destination_not_in", at->destination_out);
    add_zone(j, "source_zone", at->zones[0]);
    add_zone(j, "destination_zone", at->zones[1]);
    mln_json_key(j, "hops");
    mln_json_array(j);
    for (size_t i = 0; i < at->hop_count; i++)
        add_hop(cli, j, subject, packet, i);
    mln_json_end_array(j);
    mln_json_end_object(j);
}

/* ---- answers ---- */

static void add_nics(struct mln_json *j, const struct mln_counterexample *open)
{
    mln_json_key(j, "interfaces");
    mln_json_array(j);
    for (int end = 0; end < 2; end++)
        for (size_t i = 0; i < open->nics[end].len; i++)
            mln_json_string(j, open->nics[end].data[i]->display);
    mln_json_end_array(j);
}

/* What leaves the answer open. */
static void add_tags(struct mln_json *j, const struct mln_counterexample *open)
{
    if (!open)
        return;
    mln_json_key(j, "tags");
    mln_json_array(j);
    for (size_t i = 0; i < open->tags.len; i++)
        mln_json_string(j, open->tags.data[i]->name);
    mln_json_end_array(j);
    if (open->nics[0].len + open->nics[1].len)
        add_nics(j, open);
    if (!open->unread.len)
        return;
    mln_json_key(j, "unread");
    mln_json_array(j);
    for (size_t i = 0; i < open->unread.len; i++)
        mln_json_string(j, open->unread.data[i]);
    mln_json_end_array(j);
}

static void add_answer(struct mln_cli *cli, struct mln_json *j,
                       const struct mln_query_result *result)
{
    mln_json_pair(j, "verdict", mln_query_verdict_names[result->answer.verdict]);
    if (cli->options.expect != MLN_EXPECT_NOTHING) {
        mln_json_key(j, "as_expected");
        mln_json_bool(j, mln_query_expected(cli, result->answer.verdict));
    }
    mln_json_key(j, "reasons");
    mln_json_array(j);
    for (size_t i = 0; i < result->answer.reasons.len; i++)
        mln_json_string(j, result->answer.reasons.data[i]);
    mln_json_end_array(j);
    add_tags(j, result->answer.open);
    mln_json_key(j, "packets");
    mln_json_array(j);
    for (size_t i = 0; i < result->packets.len; i++)
        add_packet(cli, j, &result->subject, &result->packets.data[i]);
    mln_json_end_array(j);
}

void mln_query_print_json(struct mln_cli *cli, const struct mln_query_report *report,
                          struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_key(&json, "question");
    mln_json_object(&json);
    mln_json_pair(&json, "services", report->words.services);
    mln_json_pair(&json, "from", report->words.from);
    mln_json_pair(&json, "to", report->words.to);
    mln_json_end_object(&json);
    mln_json_key(&json, "answers");
    mln_json_array(&json);
    for (size_t i = 0; i < report->results.len; i++) {
        const struct mln_query_result *result = &report->results.data[i];
        mln_json_object(&json);
        mln_json_pair(&json, "input", result->path);
        if (result->answered)
            add_answer(cli, &json, result);
        else
            mln_json_pair(&json, "verdict", "invalid");
        mln_json_end_object(&json);
    }
    mln_json_end_array(&json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}
