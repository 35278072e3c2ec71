/* The tree as text. Recursion is bounded by MLN_MAX_NESTING. */
#include "lang/lang.h"

/* --- values --- */

static void dump_values(const struct mln_value *value, struct mln_buf *out);
static void dump_side(const struct mln_side *side, struct mln_buf *out);

static void dump_string(const char *text, struct mln_buf *out)
{
    mln_buf_char(out, '"');
    for (; *text; text++) {
        if (*text == '\n')
            mln_buf_add(out, "\\n");
        else if (*text == '\t')
            mln_buf_add(out, "\\t");
        else if (*text == '\x01')
            mln_buf_add(out, "\\$");
        else if (*text == '"' || *text == '\\')
            mln_buf_printf(out, "\\%c", *text);
        else
            mln_buf_char(out, *text);
    }
    mln_buf_char(out, '"');
}

static void dump_value(const struct mln_value *value, struct mln_buf *out)
{
    char text[MLN_IP_TEXT];
    switch (value->kind) {
    case MLN_VALUE_POISON:
        mln_buf_char(out, '?');
        break;
    case MLN_VALUE_NAME:
        mln_buf_add(out, value->text);
        break;
    case MLN_VALUE_PARAM:
        mln_buf_printf(out, "$%s", value->text);
        break;
    case MLN_VALUE_NUMBER:
        mln_buf_printf(out, "%u", value->lo);
        break;
    case MLN_VALUE_RANGE:
        mln_buf_printf(out, "%u-%u", value->lo, value->hi);
        break;
    case MLN_VALUE_STRING:
        dump_string(value->text, out);
        break;
    case MLN_VALUE_PREFIX:
        mln_buf_add(out, mln_prefix_text(&value->prefix, text));
        break;
    case MLN_VALUE_DATE:
        mln_buf_printf(out, "%04d-%02d-%02d", value->date.year, value->date.month, value->date.day);
        break;
    case MLN_VALUE_ANY:
        mln_buf_add(out, "any");
        break;
    case MLN_VALUE_LIST:
        mln_buf_char(out, '(');
        dump_values(value->items, out);
        mln_buf_char(out, ')');
        break;
    case MLN_VALUE_SIDE:
        dump_side(value->side, out);
        break;
    }
}

static void dump_values(const struct mln_value *value, struct mln_buf *out)
{
    for (const char *before = ""; value; value = value->next, before = ", ") {
        mln_buf_add(out, before);
        dump_value(value, out);
    }
}

static void dump_side(const struct mln_side *side, struct mln_buf *out)
{
    mln_buf_char(out, '(');
    dump_values(side->terms, out);
    if (side->except)
        mln_buf_add(out, " except ");
    dump_values(side->except, out);
    mln_buf_char(out, ')');
}

/* --- services: each with the protocol it is bound to --- */

static const char *proto_text(unsigned proto)
{
    static const char *const names[] = {
        [MLN_PROTO_TCP] = "tcp",   [MLN_PROTO_UDP] = "udp", [MLN_PROTO_ICMP] = "icmp",
        [MLN_PROTO_ESP] = "esp",   [MLN_PROTO_AH] = "ah",   [MLN_PROTO_OTHER] = "other",
        [MLN_PROTO_COUNT] = "any",
    };
    return proto <= MLN_PROTO_COUNT ? names[proto] : "";
}

static void dump_service(const struct mln_service *service, struct mln_buf *out)
{
    switch (service->kind) {
    case MLN_SERVICE_POISON:
        mln_buf_char(out, '?');
        break;
    case MLN_SERVICE_NAME:
        mln_buf_add(out, service->name);
        break;
    case MLN_SERVICE_PARAM:
        mln_buf_printf(out, "%s$%s", proto_text(service->proto), service->name);
        break;
    case MLN_SERVICE_PROTO:
        mln_buf_add(out, proto_text(service->proto));
        if (service->source) {
            mln_buf_char(out, '<');
            dump_value(service->source, out);
        }
        if (service->port) {
            mln_buf_char(out, ':');
            dump_value(service->port, out);
        }
        break;
    }
}

static void dump_services(const struct mln_service *service, struct mln_buf *out)
{
    for (const char *before = ""; service; service = service->next, before = ", ") {
        mln_buf_add(out, before);
        dump_service(service, out);
    }
}

/* --- parts of a line --- */

static void add_word(struct mln_buf *out, const char *before, const struct mln_word *word)
{
    if (word->text)
        mln_buf_printf(out, "%s%s", before, word->text);
}

static void add_values(struct mln_buf *out, const char *before, const struct mln_value *values)
{
    if (values) {
        mln_buf_add(out, before);
        dump_values(values, out);
    }
}

static void add_clauses(struct mln_buf *out, const struct mln_clauses *clauses)
{
    add_word(out, " as ", &clauses->as);
    add_values(out, " overrides ", clauses->override_names);
    add_values(out, " until ", clauses->until);
    add_values(out, " owner ", clauses->owner);
    add_values(out, " because ", clauses->because);
}

static void add_params(struct mln_buf *out, const struct mln_template_param *param)
{
    mln_buf_char(out, '(');
    for (const char *before = ""; param; param = param->next, before = ", ") {
        mln_buf_printf(out, "%s$%s", before, param->name.text);
        add_values(out, " = ", param->value);
    }
    mln_buf_char(out, ')');
}

static void add_arguments(struct mln_buf *out, const struct mln_argument *argument)
{
    mln_buf_char(out, '(');
    for (const char *before = ""; argument; argument = argument->next, before = ", ") {
        mln_buf_add(out, before);
        if (argument->name.text)
            mln_buf_printf(out, "%s = ", argument->name.text);
        dump_value(argument->value, out);
    }
    mln_buf_char(out, ')');
}

static void add_ends(struct mln_buf *out, const struct mln_node *node)
{
    mln_buf_add(out, node->within ? " within " : " from ");
    dump_side(node->from, out);
    if (!node->within) {
        mln_buf_add(out, " to ");
        dump_side(node->to, out);
    }
}

/* --- lines --- */

static void dump_default(const struct mln_node *node, struct mln_buf *out)
{
    static const char *const kinds[] = {
        [MLN_DEFAULT_UNSET] = "?",
        [MLN_DEFAULT_DENY] = "deny",
        [MLN_DEFAULT_ALLOW] = "allow",
        [MLN_DEFAULT_AZURE] = "azure",
    };
    mln_buf_printf(out, "default%s %s",
                   !node->has_direction ? ""
                   : node->for_inbound  ? " inbound"
                                        : " outbound",
                   kinds[node->default_kind]);
}

static void dump_intent(const struct mln_node *node, struct mln_buf *out)
{
    static const char *const verbs[] = {
        [MLN_VERB_ALLOW] = "allow ",
        [MLN_VERB_DENY] = "deny ",
        [MLN_VERB_FORBID] = "forbid ",
        [MLN_VERB_ASSERT_ALLOW] = "assert allow ",
        [MLN_VERB_ASSERT_DENY] = "assert deny ",
    };
    mln_buf_add(out, verbs[node->verb]);
    dump_services(node->services, out);
    add_ends(out, node);
}

static void dump_route(const struct mln_node *node, struct mln_buf *out)
{
    static const char *const hops[] = {
        [MLN_HOP_APPLIANCE] = " to appliance",
        [MLN_HOP_INTERNET] = " to internet",
        [MLN_HOP_NONE] = " to none",
        [MLN_HOP_GATEWAY] = " to gateway",
    };
    add_values(out, "route ", node->values);
    mln_buf_add(out, hops[node->hop]);
    add_values(out, " ", node->next_hop);
}

static void dump_item(const struct mln_node *node, struct mln_buf *out)
{
    mln_buf_add(out, node->key.text);
    add_values(out, " ", node->values);
    if (node->item == MLN_ITEM_SERVICE_ENDPOINT)
        add_values(out, " only ", node->only);
    if (node->item == MLN_ITEM_PORTS) {
        mln_buf_char(out, ' ');
        dump_services(node->services, out);
    }
}

/* What has no shape of its own: a word, names, values. */
static void dump_plain(const struct mln_node *node, const char *word, const char *between,
                       struct mln_buf *out)
{
    mln_buf_add(out, word);
    add_word(out, " ", &node->name);
    if (node->kind == MLN_NODE_GROUP || node->kind == MLN_NODE_APPLY)
        return;
    add_word(out, between, &node->name2);
    add_values(out,
               node->kind == MLN_NODE_PARAM || node->kind == MLN_NODE_GEOGRAPHY ||
                       node->kind == MLN_NODE_WHEN
                   ? " = "
                   : " ",
               node->values);
}

static const struct shape {
    const char *word, *between; /* before name2 */
} shapes[] = {
    [MLN_NODE_POISON] = {"?", " "},           [MLN_NODE_IMPORT] = {"import", " as "},
    [MLN_NODE_PARAM] = {"param", " "},        [MLN_NODE_NETWORK] = {"network", " "},
    [MLN_NODE_ZONE] = {"zone", " "},          [MLN_NODE_ASG] = {"asg", " in "},
    [MLN_NODE_EXTERNAL] = {"external", " "},  [MLN_NODE_PEER] = {"peer", " with "},
    [MLN_NODE_CONNECT] = {"connect", " to "}, [MLN_NODE_GROUP] = {"group", " "},
    [MLN_NODE_SERVICE] = {"service", " "},    [MLN_NODE_RESOURCE] = {"resource", " "},
    [MLN_NODE_KIND] = {"kind", " "},          [MLN_NODE_GEOGRAPHY] = {"geography", " "},
    [MLN_NODE_TEMPLATE] = {"template", " "},  [MLN_NODE_APPLY] = {"apply", " "},
    [MLN_NODE_WHEN] = {"when", " "},          [MLN_NODE_ENDPOINT] = {"endpoint", " in "},
    [MLN_NODE_FIREWALL] = {"firewall", " "},
};

static void dump_line(const struct mln_node *node, struct mln_buf *out)
{
    static const char *const vias[] = {
        [MLN_VIA_SITE_TO_SITE] = " via site-to-site",
        [MLN_VIA_POINT_TO_SITE] = " via point-to-site",
        [MLN_VIA_EXPRESSROUTE] = " via expressroute",
    };
    switch (node->kind) {
    case MLN_NODE_DEFAULT:
        dump_default(node, out);
        return;
    case MLN_NODE_INTENT:
        dump_intent(node, out);
        break;
    case MLN_NODE_ITEM:
        dump_item(node, out);
        return;
    case MLN_NODE_ROUTE:
        dump_route(node, out);
        return;
    default:
        dump_plain(node, shapes[node->kind].word, shapes[node->kind].between, out);
        break;
    }
    if (node->kind == MLN_NODE_CONNECT)
        mln_buf_add(out, vias[node->via]);
    if (node->kind == MLN_NODE_GROUP) {
        mln_buf_add(out, " = ");
        dump_side(node->side, out);
    }
    if (node->kind == MLN_NODE_SERVICE) {
        mln_buf_add(out, " = ");
        dump_services(node->services, out);
    }
    if (node->kind == MLN_NODE_TEMPLATE)
        add_params(out, node->params);
    if (node->kind == MLN_NODE_APPLY)
        add_arguments(out, node->arguments);
    if (node->kind == MLN_NODE_INTENT || node->kind == MLN_NODE_APPLY)
        add_clauses(out, node->clauses);
}

static void dump_nodes(const struct mln_node *node, int level, struct mln_buf *out)
{
    for (; node; node = node->next) {
        mln_buf_printf(out, "%*s", 2 * level, "");
        dump_line(node, out);
        mln_buf_char(out, '\n');
        dump_nodes(mln_node_body(node), level + 1, out);
        if (node->has_else) {
            mln_buf_printf(out, "%*selse\n", 2 * level, "");
            dump_nodes(node->orelse, level + 1, out);
        }
    }
}

void mln_ast_dump(const struct mln_file *file, struct mln_buf *out)
{
    dump_nodes(file->nodes, 0, out);
}
