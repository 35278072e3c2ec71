/* Rules as values. What may stand in which field, and in which spelling, is Azure's: a tag, `*` or
 * a security group never stands in a plural list of prefixes
 * (SecurityRuleParameterContainsUnsupportedValue), and exactly one form of a field is given
 * (SecurityRuleParametersMissing). Reasons for the order and the CIDR form: a diff against what the
 * service gives back shows changes of meaning only. */
#include "emit/rule_tree.h"

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

/* Texts are made by hand: printf takes a third of the time of a large NSG. Appends the number in
 * decimal; returns the new end. */
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

static struct mln_tree *copied(struct mln_arena *a, const char *text, const char *end)
{
    return mln_tree_string(a, mln_strndup(a, text, (size_t)(end - text)));
}

/* ---- ports ---- */

static struct mln_tree *port_value(struct mln_arena *a, struct mln_port_range range)
{
    char text[sizeof("65535-65535")], *end = add_decimal(text, range.lo);
    if (range.lo != range.hi) {
        *end++ = '-';
        end = add_decimal(end, range.hi);
    }
    return copied(a, text, end);
}

static void add_ports(struct mln_arena *a, struct mln_tree *properties,
                      const struct side_fields *fields, const struct mln_portset *set)
{
    assert(set->len > 0);
    if (mln_portset_is_all(set)) {
        mln_tree_text(a, properties, fields->port, "*");
        return;
    }
    if (set->len == 1) {
        mln_tree_set(a, properties, fields->port, port_value(a, set->ranges[0]));
        return;
    }
    struct mln_tree *list = mln_tree_set_array(a, properties, fields->ports);
    for (size_t i = 0; i < set->len; i++)
        mln_tree_push(a, list, port_value(a, set->ranges[i]));
}

/* ---- addresses ---- */

static struct mln_tree *prefix_value(struct mln_arena *a, const struct mln_prefix *prefix)
{
    char text[MLN_IP_TEXT + sizeof("/128")];
    mln_ip_text(prefix->family, prefix->ip, text);
    char *end = text + strlen(text);
    *end++ = '/';
    return copied(a, text, add_decimal(end, prefix->length));
}

static void add_prefixes(struct mln_arena *a, struct mln_tree *properties,
                         const struct side_fields *fields, const struct mln_ipset *set)
{
    struct mln_prefix *prefixes;
    size_t count = mln_ipset_prefixes(a, set, &prefixes);
    assert(count > 0);
    if (count == 1) {
        mln_tree_set(a, properties, fields->prefix, prefix_value(a, &prefixes[0]));
        return;
    }
    struct mln_tree *list = mln_tree_set_array(a, properties, fields->prefixes);
    for (size_t i = 0; i < count; i++)
        mln_tree_push(a, list, prefix_value(a, &prefixes[i]));
}

static void add_group(struct mln_arena *a, struct mln_tree *properties,
                      const struct side_fields *fields, const struct mln_asg *asg,
                      const struct mln_asg_namer *namer)
{
    struct mln_tree *group = mln_tree_object(a);
    mln_tree_set(a, group, "id", namer->id(namer, asg));
    mln_tree_push(a, mln_tree_set_array(a, properties, fields->groups), group);
}

static void add_addresses(struct mln_arena *a, struct mln_tree *properties,
                          const struct side_fields *fields, const struct mln_rule_side *side,
                          const struct mln_asg_namer *namer)
{
    switch (side->kind) {
    case MLN_SIDE_ANY:
        mln_tree_text(a, properties, fields->prefix, "*");
        break;
    case MLN_SIDE_TAG:
        mln_tree_text(a, properties, fields->prefix, side->tag->name);
        break;
    case MLN_SIDE_PREFIXES:
        add_prefixes(a, properties, fields, side->prefixes);
        break;
    case MLN_SIDE_ASG:
        add_group(a, properties, fields, side->asg, namer);
        break;
    }
}

/* ---- rules ---- */

enum { PROPERTIES = 9 }; /* of a rule, its description included */

struct mln_tree *mln_rule_tree(struct mln_arena *a, const struct mln_rule *rule,
                               const struct mln_asg_namer *namer)
{
    assert(rule->proto <= MLN_PROTO_ANY && protocols[rule->proto]);
    struct mln_tree *tree = mln_tree_object(a);
    mln_tree_text(a, tree, "name", rule->name);
    struct mln_tree *properties = mln_tree_set_object(a, tree, "properties");
    mln_tree_expect(a, properties, PROPERTIES);
    mln_tree_text(a, properties, "description", rule->description);
    mln_tree_text(a, properties, "protocol", protocols[rule->proto]);
    add_ports(a, properties, &source_fields, rule->sport);
    add_ports(a, properties, &destination_fields, rule->dport);
    add_addresses(a, properties, &source_fields, &rule->src, namer);
    add_addresses(a, properties, &destination_fields, &rule->dst, namer);
    mln_tree_text(a, properties, "access", rule->action == MLN_ALLOW ? "Allow" : "Deny");
    mln_tree_set(a, properties, "priority", mln_tree_integer(a, rule->priority));
    mln_tree_text(a, properties, "direction",
                  rule->direction == MLN_INBOUND ? "Inbound" : "Outbound");
    return tree;
}

static int by_priority(const void *a, const void *b)
{
    const struct mln_rule *x = *(struct mln_rule *const *)a, *y = *(struct mln_rule *const *)b;
    return x->priority < y->priority ? -1 : x->priority > y->priority;
}

struct mln_rule_vec mln_rules_in_order(struct mln_arena *a, const struct mln_table *table)
{
    struct mln_rule_vec all = {0};
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++) {
        const struct mln_rule_vec *rules = &table->rules[direction];
        for (size_t i = 0; i < rules->len; i++)
            mln_vec_push(a, &all, rules->data[i]);
        if (rules->len > 1)
            qsort(all.data + all.len - rules->len, rules->len, sizeof(*all.data), by_priority);
    }
    return all;
}

struct mln_tree *mln_rules_tree(struct mln_arena *a, const struct mln_table *table,
                                const struct mln_asg_namer *namer)
{
    struct mln_rule_vec rules = mln_rules_in_order(a, table);
    struct mln_tree *array = mln_tree_array(a);
    for (size_t i = 0; i < rules.len; i++)
        mln_tree_push(a, array, mln_rule_tree(a, rules.data[i], namer));
    return array;
}
