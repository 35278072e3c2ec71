/* Builders for statements and items. */
#include "lang/parse.h"

#include <string.h>

struct mln_nodes mln_nodes_none(void)
{
    return (struct mln_nodes){0};
}

struct mln_nodes mln_nodes_add(struct mln_nodes list, struct mln_node *node)
{
    if (node == NULL)
        return list;
    node->next = list.last ? list.last->next : node;
    if (list.last)
        list.last->next = node;
    return (struct mln_nodes){node};
}

struct mln_node *mln_nodes_first(struct mln_nodes list)
{
    struct mln_node *first = list.last ? list.last->next : NULL;
    if (first)
        list.last->next = NULL;
    return first;
}

static struct mln_node *make(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                             enum mln_node_kind kind)
{
    struct mln_node *node = MLN_NEW(st->ctx->arena, struct mln_node);
    node->kind = kind;
    node->span = span;
    node->keyword_length = keyword.hi - keyword.lo;
    return node;
}

/* --- statements --- */

/* A name is declared, so it is written without the "$" that fetches a value. */
static struct mln_word plain_name(struct mln_parse *st, struct mln_word name, const char *what)
{
    if (name.text == NULL || name.text[0] != '$')
        return name;
    struct mln_diag *diag =
        mln_lex_report(st, MLN_D_MALFORMED_WORD, name.span, "%s is named without the '$'", what);
    name.text = mln_intern(st->ctx->names, name.text + 1);
    if (diag)
        mln_diag_inline(diag, "write '%s'", name.text);
    return name;
}

struct mln_node *mln_make_import(struct mln_parse *st, struct mln_span span,
                                 struct mln_span keyword, struct mln_word module,
                                 struct mln_value *file, struct mln_word alias)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_IMPORT);
    node->name = plain_name(st, module, "a module");
    node->values = file;
    node->name2 = plain_name(st, alias, "an alias");
    return node;
}

struct mln_node *mln_make_param(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_word name, struct mln_value *value)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_PARAM);
    node->name = plain_name(st, name, "a parameter");
    node->values = value;
    return node;
}

struct mln_node *mln_make_block(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                enum mln_node_kind kind, struct mln_word name,
                                struct mln_values values, struct mln_nodes body)
{
    struct mln_node *node = make(st, span, keyword, kind);
    node->name = name;
    node->values = mln_values_first(values);
    node->body = mln_nodes_first(body);
    return node;
}

struct mln_node *mln_make_pair(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                               enum mln_node_kind kind, struct mln_word name, struct mln_word name2,
                               struct mln_values values, struct mln_nodes body)
{
    struct mln_node *node = mln_make_block(st, span, keyword, kind, name, values, body);
    node->name2 = name2;
    return node;
}

struct mln_node *mln_make_connect(struct mln_parse *st, struct mln_span span,
                                  struct mln_span keyword, struct mln_word external,
                                  struct mln_word network, enum mln_via via)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_CONNECT);
    node->name = external;
    node->name2 = network;
    node->via = via;
    return node;
}

struct mln_node *mln_make_group(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_word name, struct mln_side *side)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_GROUP);
    node->name = name;
    node->side = side;
    return node;
}

struct mln_node *mln_make_service(struct mln_parse *st, struct mln_span span,
                                  struct mln_span keyword, struct mln_word name,
                                  struct mln_services services)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_SERVICE);
    node->name = name;
    node->services = mln_services_first(services);
    return node;
}

struct mln_node *mln_make_template(struct mln_parse *st, struct mln_span span,
                                   struct mln_span keyword, struct mln_word name,
                                   struct mln_template_params params, struct mln_nodes body)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_TEMPLATE);
    node->name = plain_name(st, name, "a template");
    if (params.last) {
        node->params = params.last->next;
        params.last->next = NULL;
    }
    node->body = mln_nodes_first(body);
    return node;
}

struct mln_node *mln_make_apply(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_word name, struct mln_arguments arguments,
                                const struct mln_clauses *clauses)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_APPLY);
    node->name = name;
    if (arguments.last) {
        node->arguments = arguments.last->next;
        arguments.last->next = NULL;
    }
    node->clauses = clauses ? clauses : &mln_no_clauses;
    return node;
}

struct mln_node *mln_make_intent(struct mln_parse *st, struct mln_span span,
                                 struct mln_span keyword, enum mln_verb verb,
                                 struct mln_services services, struct mln_side *from,
                                 struct mln_side *to, const struct mln_clauses *clauses)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_INTENT);
    node->verb = verb;
    node->services = mln_services_first(services);
    node->from = from;
    node->to = to ? to : from;
    node->within = to == NULL;
    node->clauses = clauses ? clauses : &mln_no_clauses;
    return node;
}

struct mln_node *mln_make_default(struct mln_parse *st, struct mln_span span,
                                  struct mln_span keyword, struct mln_direction_words direction,
                                  enum mln_default_kind kind)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_DEFAULT);
    node->default_kind = kind;
    node->for_inbound = direction.inbound;
    node->for_outbound = direction.outbound;
    node->has_direction = direction.written;
    return node;
}

struct mln_node *mln_make_condition(struct mln_parse *st, struct mln_span param,
                                    struct mln_value *value)
{
    struct mln_node *node = make(st, param, param, MLN_NODE_WHEN);
    node->name = mln_word_at(st, param);
    node->name.text = mln_intern(st->ctx->names, node->name.text + 1);
    node->values = value;
    return node;
}

struct mln_node *mln_finish_when(struct mln_node *when, struct mln_span span,
                                 struct mln_span keyword, struct mln_nodes body,
                                 const struct mln_else *otherwise)
{
    when->span = span;
    when->keyword_length = keyword.hi - keyword.lo;
    when->body = mln_nodes_first(body);
    when->has_else = otherwise != NULL;
    when->orelse = otherwise ? otherwise->nodes : NULL;
    return when;
}

struct mln_else *mln_make_else(struct mln_parse *st, struct mln_node *nodes)
{
    struct mln_else *otherwise = MLN_NEW(st->ctx->arena, struct mln_else);
    otherwise->nodes = nodes;
    return otherwise;
}

/* --- items --- */

struct mln_node *mln_make_item(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                               enum mln_item item, struct mln_values values)
{
    struct mln_node *node = make(st, span, keyword, MLN_NODE_ITEM);
    node->item = item;
    node->key = mln_word_at(st, keyword);
    node->values = mln_values_first(values);
    return node;
}

struct mln_node *mln_make_service_endpoint(struct mln_parse *st, struct mln_span span,
                                           struct mln_span keyword, struct mln_values names,
                                           struct mln_values only)
{
    struct mln_node *node = mln_make_item(st, span, keyword, MLN_ITEM_SERVICE_ENDPOINT, names);
    node->only = mln_values_first(only);
    return node;
}

struct mln_node *mln_make_hop(struct mln_parse *st, struct mln_span span, enum mln_hop hop,
                              struct mln_value *address)
{
    struct mln_node *node = make(st, span, span, MLN_NODE_ROUTE);
    node->hop = hop;
    node->next_hop = address;
    return node;
}

struct mln_node *mln_finish_route(struct mln_node *route, struct mln_span span,
                                  struct mln_span keyword, struct mln_value *destination)
{
    route->span = span;
    route->keyword_length = keyword.hi - keyword.lo;
    route->values = destination;
    return route;
}

struct mln_node *mln_make_ports(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_services services)
{
    struct mln_node *node = mln_make_item(st, span, keyword, MLN_ITEM_PORTS, mln_values_none());
    node->services = mln_services_first(services);
    return node;
}

/* `entry` and `limit` are the two keys that every kind uses, so their values are checked here. */
static bool fits_key(const struct mln_word *key, const struct mln_value *value)
{
    if (value->kind == MLN_VALUE_POISON || value->kind == MLN_VALUE_PARAM)
        return true;
    if (strcmp(key->text, "entry") == 0)
        return value->kind == MLN_VALUE_NAME;
    return strcmp(key->text, "limit") != 0 || value->kind == MLN_VALUE_NUMBER;
}

struct mln_node *mln_make_firewall_item(struct mln_parse *st, struct mln_span span,
                                        struct mln_word key, struct mln_value *value)
{
    if (!fits_key(&key, value)) {
        mln_lex_report(st, MLN_D_SYNTAX, value->span, "expected %s after '%s', found %s",
                       strcmp(key.text, "limit") == 0 ? "a number" : "a name", key.text,
                       value->kind == MLN_VALUE_STRING ? mln_parse_text(st, value->span)
                                                       : mln_parse_quote(st, value->span));
        mln_value_poison(value);
    }
    struct mln_node *node =
        mln_make_item(st, span, key.span, MLN_ITEM_OTHER, mln_values_one(value));
    node->key = key;
    return node;
}

/* --- templates --- */

struct mln_argument *mln_make_argument(struct mln_parse *st, struct mln_word name,
                                       struct mln_value *value)
{
    struct mln_argument *argument = MLN_NEW(st->ctx->arena, struct mln_argument);
    argument->name = name;
    if (name.text && name.text[0] == '$') /* as the template writes it */
        argument->name.text = mln_intern(st->ctx->names, name.text + 1);
    argument->value = value;
    return argument;
}

struct mln_arguments mln_arguments_add(struct mln_arguments list, struct mln_argument *argument)
{
    argument->next = list.last ? list.last->next : argument;
    if (list.last)
        list.last->next = argument;
    return (struct mln_arguments){argument};
}

struct mln_template_param *mln_make_template_param(struct mln_parse *st, struct mln_span span,
                                                   struct mln_value *value)
{
    struct mln_template_param *param = MLN_NEW(st->ctx->arena, struct mln_template_param);
    param->name = mln_word_at(st, span);
    param->name.text = mln_intern(st->ctx->names, param->name.text + 1);
    param->value = value;
    return param;
}

struct mln_template_params mln_params_add(struct mln_template_params list,
                                          struct mln_template_param *param)
{
    param->next = list.last ? list.last->next : param;
    if (list.last)
        list.last->next = param;
    return (struct mln_template_params){param};
}
