/* Rule tables as NSG JSON. What may stand in which field, and in which spelling, is Azure's:
 * a tag, `*` or a security group never stands in a plural list of prefixes
 * (SecurityRuleParameterContainsUnsupportedValue), and exactly one form of a field is given
 * (SecurityRuleParametersMissing). Reasons for the order and the CIDR form: a diff against what the
 * service gives back shows changes of meaning only. */
#include "emit/nsg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const protocols[MLN_PROTO_COUNT + 1] = {
    [MLN_PROTO_TCP] = "Tcp", [MLN_PROTO_UDP] = "Udp", [MLN_PROTO_ICMP] = "Icmp",
    [MLN_PROTO_ESP] = "Esp", [MLN_PROTO_AH] = "Ah",   [MLN_PROTO_ANY] = "*",
};
static_assert(MLN_PROTO_COUNT == 6, "a protocol without a spelling");

/* The names of one side's fields. */
struct side_fields {
    const char *port, *ports, *prefix, *prefixes, *groups;
};
static const struct side_fields source_fields = {
    .port = "sourcePortRange",
    .ports = "sourcePortRanges",
    .prefix = "sourceAddressPrefix",
    .prefixes = "sourceAddressPrefixes",
    .groups = "sourceApplicationSecurityGroups",
};
static const struct side_fields destination_fields = {
    .port = "destinationPortRange",
    .ports = "destinationPortRanges",
    .prefix = "destinationAddressPrefix",
    .prefixes = "destinationAddressPrefixes",
    .groups = "destinationApplicationSecurityGroups",
};

/* ---- ports ---- */

/* Appends the number in decimal; returns the new end. (printf takes a third of the time of a large
 * NSG.) */
static char *add_decimal(char *end, unsigned number)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *end++ = digits[--count];
    *end = '\0';
    return end;
}

static void port_value(struct mln_json *json, struct mln_port_range range)
{
    char text[sizeof("65535-65535")], *end = add_decimal(text, range.lo);
    if (range.lo != range.hi) {
        *end++ = '-';
        add_decimal(end, range.hi);
    }
    mln_json_string(json, text);
}

static void ports(struct mln_json *json, const struct side_fields *fields,
                  const struct mln_portset *set)
{
    assert(set->len > 0);
    if (mln_portset_is_all(set)) {
        mln_json_pair(json, fields->port, "*");
        return;
    }
    mln_json_key(json, set->len == 1 ? fields->port : fields->ports);
    if (set->len == 1) {
        port_value(json, set->ranges[0]);
        return;
    }
    mln_json_array(json);
    for (size_t i = 0; i < set->len; i++)
        port_value(json, set->ranges[i]);
    mln_json_end_array(json);
}

/* ---- addresses ---- */

static void prefix_value(struct mln_json *json, const struct mln_prefix *prefix)
{
    char text[MLN_IP_TEXT + sizeof("/128")];
    mln_ip_text(prefix->family, prefix->ip, text);
    char *end = text + strlen(text);
    *end++ = '/';
    add_decimal(end, prefix->length);
    mln_json_string(json, text);
}

static void prefixes(struct mln_arena *arena, struct mln_json *json,
                     const struct side_fields *fields, const struct mln_ipset *set)
{
    struct mln_prefix *list;
    size_t count = mln_ipset_prefixes(arena, set, &list);
    assert(count > 0);
    mln_json_key(json, count == 1 ? fields->prefix : fields->prefixes);
    if (count == 1) {
        prefix_value(json, &list[0]);
        return;
    }
    mln_json_array(json);
    for (size_t i = 0; i < count; i++)
        prefix_value(json, &list[i]);
    mln_json_end_array(json);
}

const char *mln_asg_id(struct mln_arena *arena, const struct mln_asg *asg)
{
    const struct mln_network *network = asg->zone->network;
    return mln_printf(arena,
                      "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/"
                      "applicationSecurityGroups/%s",
                      network->subscription ? network->subscription : "SUBSCRIPTION",
                      network->resource_group ? network->resource_group : "RESOURCE-GROUP",
                      asg->name);
}

static void group(struct mln_arena *arena, struct mln_json *json, const struct side_fields *fields,
                  const struct mln_asg *asg)
{
    mln_json_key(json, fields->groups);
    mln_json_array(json);
    mln_json_object(json);
    mln_json_pair(json, "id", mln_asg_id(arena, asg));
    mln_json_end_object(json);
    mln_json_end_array(json);
}

static void addresses(struct mln_arena *arena, struct mln_json *json,
                      const struct side_fields *fields, const struct mln_rule_side *side)
{
    switch (side->kind) {
    case MLN_SIDE_ANY:
        mln_json_pair(json, fields->prefix, "*");
        break;
    case MLN_SIDE_TAG:
        mln_json_pair(json, fields->prefix, side->tag->name);
        break;
    case MLN_SIDE_PREFIXES:
        prefixes(arena, json, fields, side->prefixes);
        break;
    case MLN_SIDE_ASG:
        group(arena, json, fields, side->asg);
        break;
    }
}

/* ---- rules ---- */

static void security_rule(struct mln_arena *arena, struct mln_json *json,
                          const struct mln_rule *rule)
{
    assert(rule->proto <= MLN_PROTO_ANY && protocols[rule->proto]);
    mln_json_object(json);
    mln_json_pair(json, "name", rule->name);
    mln_json_key(json, "properties");
    mln_json_object(json);
    mln_json_pair(json, "description", rule->description);
    mln_json_pair(json, "protocol", protocols[rule->proto]);
    ports(json, &source_fields, rule->sport);
    ports(json, &destination_fields, rule->dport);
    addresses(arena, json, &source_fields, &rule->src);
    addresses(arena, json, &destination_fields, &rule->dst);
    mln_json_pair(json, "access", rule->action == MLN_ALLOW ? "Allow" : "Deny");
    mln_json_key(json, "priority");
    mln_json_number(json, rule->priority);
    mln_json_pair(json, "direction", rule->direction == MLN_INBOUND ? "Inbound" : "Outbound");
    mln_json_end_object(json);
    mln_json_end_object(json);
}

static int by_priority(const void *a, const void *b)
{
    const struct mln_rule *x = *(struct mln_rule *const *)a, *y = *(struct mln_rule *const *)b;
    return x->priority < y->priority ? -1 : x->priority > y->priority;
}

void mln_emit_security_rules(struct mln_arena *arena, const struct mln_table *table,
                             struct mln_json *json)
{
    mln_json_array(json);
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++) {
        const struct mln_rule_vec *rules = &table->rules[direction];
        struct mln_rule **sorted = MLN_NEW_ARRAY(arena, struct mln_rule *, rules->len);
        for (size_t i = 0; i < rules->len; i++)
            sorted[i] = rules->data[i];
        qsort(sorted, rules->len, sizeof(*sorted), by_priority);
        for (size_t i = 0; i < rules->len; i++)
            security_rule(arena, json, sorted[i]);
    }
    mln_json_end_array(json);
}

void mln_emit_nsg(struct mln_arena *arena, const struct mln_table *table, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_pair(&json, "name", table->nsg->name);
    mln_json_pair(&json, "type", "Microsoft.Network/networkSecurityGroups");
    mln_json_pair(&json, "location", table->nsg->region);
    mln_json_key(&json, "properties");
    mln_json_object(&json);
    mln_json_key(&json, "securityRules");
    mln_emit_security_rules(arena, table, &json);
    mln_json_end_object(&json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}

/* ---- the back end ---- */

static struct mln_artefact artefact_of(struct mln_arena *arena, const struct mln_table *table)
{
    struct mln_arena *scratch = mln_arena_new(); /* the buffer's outgrown blocks go with it */
    struct mln_buf buf;
    mln_buf_init(&buf, scratch);
    mln_emit_nsg(scratch, table, &buf);
    struct mln_artefact artefact = {
        .name = mln_printf(arena, "%s.nsg.json", table->nsg->name),
        .content = mln_strndup(arena, buf.data, buf.len),
        .length = buf.len,
    };
    mln_arena_free(scratch);
    return artefact;
}

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    for (size_t i = 0; i < input->tables->len; i++)
        mln_vec_push(ctx->arena, out, artefact_of(ctx->arena, input->tables->data[i]));
}

const struct mln_backend mln_backend_nsg = {
    .name = "nsg",
    .help = "one network security group a file, as its REST body (NSGNAME.nsg.json)",
    .emit = emit,
};
