/* What lies outside of the networks and what joins them: externals, peerings, connections. */
#include "policy/build.h"

#include <string.h>

static bool external_value(struct mln_build *b, struct mln_scope *scope,
                           struct mln_external *external, struct mln_value *value,
                           struct mln_prefix_list *all)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    if (arg.value->kind == MLN_VALUE_LIST) {
        bool good = true;
        for (struct mln_value *v = arg.value->items; v; v = v->next)
            good &= external_value(b, arg.scope, external, v, all);
        return good;
    }
    if (arg.value->kind == MLN_VALUE_STRING) {
        const char *host = mln_eval_text(b, scope, value, "a host name");
        if (host)
            mln_vec_push(b->arena, &external->hosts, host);
        return host != NULL;
    }
    struct mln_prefix_list one;
    if (!mln_eval_prefixes(b, scope, value, &one))
        return false;
    if (one.len == 0)
        return true;
    struct mln_prefix *data = MLN_NEW_ARRAY(b->arena, struct mln_prefix, all->len + one.len);
    if (all->len)
        memcpy(data, all->data, all->len * sizeof *data);
    memcpy(data + all->len, one.data, one.len * sizeof *data);
    *all = (struct mln_prefix_list){data, all->len + one.len, all->span};
    return true;
}

void mln_build_external(struct mln_build *b, struct mln_active *active)
{
    struct mln_node *node = active->node;
    b->poisoned |= !node->name.text;
    if (!node->name.text)
        return;
    struct mln_external *external = MLN_NEW(b->arena, struct mln_external);
    external->name = node->name.text;
    external->span = node->name.span;
    bool only_prefixes = true, good = true;
    for (struct mln_value *v = node->values; v; v = v->next)
        only_prefixes &= v->kind == MLN_VALUE_PREFIX;
    if (only_prefixes) /* the usual case, in one go: the list may be long */
        mln_eval_prefixes(b, active->scope, node->values, &external->prefixes);
    else
        for (struct mln_value *v = node->values; v; v = v->next)
            good &= external_value(b, active->scope, external, v, &external->prefixes);
    for (int f = 0; f < MLN_FAMILIES; f++)
        external->addresses[f] = mln_prefix_set(b->arena, (enum mln_family)f, &external->prefixes);
    struct mln_symbol *symbol =
        mln_symbol_new(b, MLN_SYM_EXTERNAL, active->scope, node, external->name);
    symbol->u.external = external;
    symbol->state = good ? MLN_DONE : MLN_BROKEN;
    if (!mln_scope_declare(b, active->scope, MLN_NAMES_SIDE, symbol))
        return;
    external->index = (uint32_t)b->model->externals.len;
    mln_vec_push(b->arena, &b->model->externals, external);
}

static bool is_peer(const struct mln_network *a, const struct mln_network *other)
{
    for (size_t i = 0; i < a->peers.len; i++)
        if (a->peers.data[i] == other)
            return true;
    return false;
}

/* The network whose gateway the peering lends, or NULL. */
static struct mln_network *lent_gateway(struct mln_build *b, struct mln_active *active,
                                        struct mln_network *x, struct mln_network *y,
                                        struct mln_span *where)
{
    struct mln_active_vec items = {0};
    mln_expand_items(b, active->scope, active->node->body, &items);
    struct mln_network *lender = NULL;
    for (size_t i = 0; i < items.len; i++) {
        const struct mln_node *item = items.data[i].node;
        if (item->kind != MLN_NODE_ITEM || item->item != MLN_ITEM_GATEWAY || !item->values)
            continue;
        struct mln_word word = {item->values->text, item->values->span};
        if (item->values->kind == MLN_VALUE_PARAM)
            word.text = mln_intern(b->ctx->names, mln_printf(b->arena, "$%s", item->values->text));
        struct mln_network *named = mln_find_network(b, active->scope, &word);
        if (!named)
            continue;
        if ((named != x && named != y) || lender)
            mln_report(b->ctx->diags, MLN_D_BAD_GATEWAY, item->values->span,
                       lender ? "a peering lends one gateway"
                              : "'%s' is not one of the two peered networks",
                       named->name);
        else {
            lender = named;
            *where = item->values->span;
        }
    }
    return lender;
}

void mln_build_peer(struct mln_build *b, struct mln_active *active)
{
    struct mln_node *node = active->node;
    struct mln_network *x = mln_find_network(b, active->scope, &node->name);
    struct mln_network *y = mln_find_network(b, active->scope, &node->name2);
    if (!x || !y)
        return;
    if (x == y) {
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, node->name2.span,
                   "network '%s' is peered with itself", x->name);
        return;
    }
    if (is_peer(x, y)) {
        mln_report(b->ctx->diags, MLN_D_DUPLICATE_NAME, node->span,
                   "'%s' is peered with '%s' already", x->name, y->name);
        return;
    }
    mln_vec_push(b->arena, &x->peers, y);
    mln_vec_push(b->arena, &y->peers, x);
    struct mln_span lent = node->span;
    struct mln_peering peering = {node->span, x, y, lent_gateway(b, active, x, y, &lent)};
    mln_vec_push(b->arena, &b->model->peerings, peering);
    if (!peering.gateway)
        return;
    struct mln_network *user = peering.gateway == x ? y : x;
    if (user->gateways.len > 0)
        mln_report(b->ctx->diags, MLN_D_BAD_GATEWAY, lent,
                   "network '%s' uses the gateway of '%s' already", user->name,
                   user->gateways.data[0]->name);
    mln_vec_push(b->arena, &user->gateways, peering.gateway);
}

void mln_build_connect(struct mln_build *b, struct mln_active *active)
{
    struct mln_node *node = active->node;
    const char *rest;
    struct mln_symbol *symbol =
        mln_find_symbol(b, active->scope, MLN_NAMES_SIDE, &node->name, "external", &rest);
    struct mln_network *network = mln_find_network(b, active->scope, &node->name2);
    if (symbol && (symbol->kind != MLN_SYM_EXTERNAL || rest)) {
        mln_report(b->ctx->diags, MLN_D_WRONG_KIND, node->name.span, "'%s' is not an external",
                   symbol->name);
        return;
    }
    if (!symbol || !network)
        return;
    struct mln_connection connection = {node->span, symbol->u.external, network, node->via};
    mln_vec_push(b->arena, &b->model->connections, connection);
    mln_vec_push(b->arena, &network->connected, symbol->u.external);
}
