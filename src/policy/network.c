/* Networks, zones, application security groups. */
#include "policy/build.h"

#include <string.h>

const char *const mln_role_names[MLN_ROLE_COUNT] = {
    [MLN_ROLE_PLAIN] = "plain",
    [MLN_ROLE_BASTION] = "bastion",
    [MLN_ROLE_GATEWAY] = "gateway",
    [MLN_ROLE_FIREWALL] = "firewall",
    [MLN_ROLE_ROUTE_SERVER] = "route-server",
    [MLN_ROLE_APP_GATEWAY] = "app-gateway",
    [MLN_ROLE_ML_COMPUTE] = "ml-compute",
    [MLN_ROLE_AKS] = "aks",
    [MLN_ROLE_ENDPOINTS] = "endpoints",
    [MLN_ROLE_DATABRICKS] = "databricks",
};

const struct mln_ipset *mln_prefix_set(struct mln_arena *a, enum mln_family f,
                                       const struct mln_prefix_list *list)
{
    return mln_ipset_from_prefixes(a, f, list->data, list->len);
}

struct mln_symbol *mln_symbol_new(struct mln_build *b, enum mln_symbol_kind kind,
                                  struct mln_scope *scope, struct mln_node *node, const char *name)
{
    struct mln_symbol *symbol = MLN_NEW(b->arena, struct mln_symbol);
    *symbol = (struct mln_symbol){.kind = kind,
                                  .name = name,
                                  .span = node->name.span,
                                  .node = node,
                                  .scope = scope,
                                  .library = scope->module->library,
                                  .state = MLN_DONE};
    return symbol;
}

/* The items that may stand once; bit = enum mln_item. */
static bool first_time(struct mln_build *b, const struct mln_node *item, uint64_t *seen)
{
    uint64_t bit = UINT64_C(1) << item->item;
    if (*seen & bit) {
        mln_report(b->ctx->diags, MLN_D_DUPLICATE_ITEM, mln_node_keyword(item),
                   "'%s' stands here twice", item->key.text);
        return false;
    }
    *seen |= bit;
    return true;
}

/* `default` at one level: the one with a direction wins, two alike are an error. */
struct defaults {
    enum mln_default_kind plain, directed[MLN_DIRECTIONS];
    struct mln_span plain_span, directed_span[MLN_DIRECTIONS];
};

static void conflict(struct mln_build *b, struct mln_span span, struct mln_span old)
{
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_DEFAULT_CONFLICT, span,
                                       "a second default for the same direction");
    mln_diag_label(diag, old, "the first is here");
}

static void add_default(struct mln_build *b, struct defaults *d, const struct mln_node *node)
{
    if (!node->has_direction) {
        if (d->plain != MLN_DEFAULT_UNSET)
            conflict(b, node->span, d->plain_span);
        d->plain = node->default_kind;
        d->plain_span = node->span;
        return;
    }
    enum mln_direction direction = node->for_inbound ? MLN_INBOUND : MLN_OUTBOUND;
    if (d->directed[direction] != MLN_DEFAULT_UNSET)
        conflict(b, node->span, d->directed_span[direction]);
    d->directed[direction] = node->default_kind;
    d->directed_span[direction] = node->span;
}

static enum mln_default_kind pick_default(const struct defaults *d, enum mln_direction direction,
                                          enum mln_default_kind outer)
{
    if (d->directed[direction] != MLN_DEFAULT_UNSET)
        return d->directed[direction];
    return d->plain != MLN_DEFAULT_UNSET ? d->plain : outer;
}

/* The defaults of a file stand at its top level; an imported file has none. */
static struct defaults *file_defaults(struct mln_build *b)
{
    struct defaults *d = MLN_NEW(b->arena, struct defaults);
    for (size_t i = 0; i < b->root->actives.len; i++)
        if (b->root->actives.data[i].kind == MLN_NODE_DEFAULT)
            add_default(b, d, b->root->actives.data[i].node);
    return d;
}

static const struct defaults *top_defaults(struct mln_build *b)
{
    if (!b->top_defaults)
        b->top_defaults = file_defaults(b);
    return b->top_defaults;
}

/* --- zones --- */

static bool zone_role(struct mln_build *b, struct mln_zone *zone, struct mln_scope *scope,
                      struct mln_node *item)
{
    const char *text = mln_eval_text(b, scope, item->values, "a role");
    if (!text)
        return false;
    zone->role_span = item->span;
    for (int i = 0; i < MLN_ROLE_COUNT; i++)
        if (strcmp(text, mln_role_names[i]) == 0) {
            zone->role = (enum mln_role)i;
            return true;
        }
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_UNKNOWN_NAME, item->values->span,
                                       "unknown role '%s'", text);
    const char *close = mln_closest(text, mln_role_names, MLN_ROLE_COUNT);
    if (close)
        mln_diag_inline(diag, "did you mean '%s'?", close);
    return false;
}

static void zone_nsg(struct mln_build *b, struct mln_zone *zone, struct mln_scope *scope,
                     struct mln_node *item)
{
    const char *text = mln_eval_text(b, scope, item->values, "the name of an NSG");
    zone->nsg_span = item->values->span;
    zone->nsg_none = text && strcmp(text, "none") == 0;
    zone->nsg_name = zone->nsg_none ? NULL : text;
    if (!text)
        zone->nsg_none = true; /* poisoned: say nothing more */
}

static void zone_endpoints(struct mln_build *b, struct mln_zone *zone, struct mln_scope *scope,
                           const struct mln_node *item)
{
    for (struct mln_value *v = item->values; v; v = v->next) {
        const char *text = mln_eval_text(b, scope, v, "a service endpoint");
        if (text)
            mln_vec_push(b->arena, &zone->service_endpoints, text);
    }
    for (struct mln_value *v = item->only; v; v = v->next) {
        const char *text = mln_eval_text(b, scope, v, "a resource");
        if (text)
            mln_vec_push(b->arena, &zone->endpoint_only, text);
    }
}

static void zone_route(struct mln_build *b, struct mln_zone *zone, struct mln_scope *scope,
                       struct mln_node *node)
{
    struct mln_route route = {.span = node->next_hop ? node->next_hop->span : node->span,
                              .hop = node->hop};
    struct mln_prefix_list hop;
    if (node->hop == MLN_HOP_APPLIANCE) {
        if (!node->next_hop || !mln_eval_prefixes(b, scope, node->next_hop, &hop))
            return;
        if (hop.len != 1 || hop.data[0].length != (hop.data[0].family == MLN_IPV4 ? 32 : 128)) {
            mln_report(b->ctx->diags, MLN_D_BAD_ROUTE, node->next_hop->span,
                       "the next hop of a route is one address");
            return;
        }
        route.next_hop = hop.data[0];
    }
    if (!node->values)
        return;
    struct mln_arg to = mln_eval(b, scope, node->values);
    struct mln_scope *where;
    if (to.value->kind == MLN_VALUE_POISON)
        return;
    if (to.value->kind == MLN_VALUE_NAME) {
        const char *name = mln_eval_name(b, to, &where);
        route.tag = name ? mln_tags_find(b->options->tags, name) : NULL;
        if (name && !route.tag)
            mln_report(b->ctx->diags, MLN_D_UNKNOWN_TAG, node->values->span,
                       "a route leads to a prefix or a service tag, and '%s' is neither", name);
        else if (name && route.tag->kind != MLN_TAG_SERVICE)
            mln_report(b->ctx->diags, MLN_D_UNKNOWN_TAG, node->values->span,
                       "Azure does not take the tag %s in a route", route.tag->name);
        if (!route.tag || route.tag->kind != MLN_TAG_SERVICE)
            return;
    } else {
        struct mln_prefix_list list;
        if (!mln_eval_prefixes(b, scope, node->values, &list) || list.len == 0)
            return;
        route.prefix = list.data[0];
    }
    mln_vec_push(b->arena, &zone->routes, route);
}

static void zone_item(struct mln_build *b, struct mln_zone *zone, struct mln_scope *scope,
                      struct mln_node *item, uint64_t *seen)
{
    if (item->item != MLN_ITEM_SERVICE_ENDPOINT && !first_time(b, item, seen))
        return;
    switch (item->item) {
    case MLN_ITEM_NSG:
        zone_nsg(b, zone, scope, item);
        break;
    case MLN_ITEM_SUBNET: {
        const char *text = mln_eval_text(b, scope, item->values, "a subnet name");
        if (text)
            zone->subnet = text;
        break;
    }
    case MLN_ITEM_ROLE:
        zone_role(b, zone, scope, item);
        break;
    case MLN_ITEM_SERVICE_ENDPOINT:
        zone_endpoints(b, zone, scope, item);
        break;
    case MLN_ITEM_DELEGATION:
        zone->delegation = mln_eval_text(b, scope, item->values, "a delegation");
        break;
    case MLN_ITEM_OVERLAY:
        mln_eval_prefixes(b, scope, item->values, &zone->overlay);
        break;
    case MLN_ITEM_EGRESS:
        mln_eval_prefixes(b, scope, item->values, &zone->egress);
        break;
    case MLN_ITEM_EXISTING:
        zone->existing = true;
        break;
    default:
        break;
    }
}

/* "training" alone when no other network visible from here has such a zone, and "ml.training"
 * always. */
static bool declare_zone(struct mln_build *b, struct mln_scope *scope, struct mln_node *node,
                         struct mln_zone *zone, enum mln_state state)
{
    const char *whole =
        mln_intern(b->ctx->names, mln_printf(b->arena, "%s.%s", zone->network->name, zone->name));
    struct mln_symbol *symbol = mln_symbol_new(b, MLN_SYM_ZONE, scope, node, whole);
    symbol->u.zone = zone;
    symbol->state = state;
    if (!mln_scope_declare(b, scope, MLN_NAMES_SIDE, symbol))
        return false;
    const char *rest;
    struct mln_symbol *same = mln_scope_find(b, scope, MLN_NAMES_SIDE, zone->name, &rest);
    if (same && same->kind == MLN_SYM_ZONE && same->u.zone->network != zone->network) {
        same->kind = MLN_SYM_SAME_ZONES;
        return true;
    }
    if (same && same->kind == MLN_SYM_SAME_ZONES)
        return true;
    symbol = mln_symbol_new(b, MLN_SYM_ZONE, scope, node, zone->name);
    symbol->u.zone = zone;
    symbol->state = state;
    return mln_scope_declare(b, scope, MLN_NAMES_SIDE, symbol);
}

static void build_zone(struct mln_build *b, struct mln_scope *declared_in, struct mln_scope *scope,
                       struct mln_network *network, struct mln_node *node,
                       const struct defaults *outer)
{
    struct mln_zone *zone = MLN_NEW(b->arena, struct mln_zone);
    zone->name = zone->display = zone->subnet = node->name.text;
    zone->span = node->name.span;
    zone->network = network;
    zone->existing = network->existing;
    zone->library = scope->module->library;
    bool good = mln_eval_prefixes(b, scope, node->values, &zone->prefixes);
    b->poisoned |= !zone->name;
    if (!zone->name || !declare_zone(b, declared_in, node, zone, good ? MLN_DONE : MLN_BROKEN) ||
        !good)
        return;
    struct mln_active_vec items = {0};
    mln_expand_items(b, scope, node->body, &items);
    struct defaults own = {0};
    uint64_t seen = 0;
    for (size_t i = 0; i < items.len; i++) {
        struct mln_node *item = items.data[i].node;
        if (item->kind == MLN_NODE_ITEM)
            zone_item(b, zone, scope, item, &seen);
        else if (item->kind == MLN_NODE_ROUTE)
            zone_route(b, zone, scope, item);
        else if (item->kind == MLN_NODE_DEFAULT)
            add_default(b, &own, item);
    }
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        enum mln_default_kind top =
            pick_default(top_defaults(b), (enum mln_direction)d, MLN_DEFAULT_DENY);
        enum mln_default_kind net = pick_default(outer, (enum mln_direction)d, top);
        zone->defaults[d] = pick_default(&own, (enum mln_direction)d, net);
    }
    zone->index = (uint32_t)b->model->zones.len;
    mln_vec_push(b->arena, &b->model->zones, zone);
    mln_vec_push(b->arena, &network->zones, zone);
}

/* --- networks --- */

static void network_item(struct mln_build *b, struct mln_network *network, struct mln_scope *scope,
                         struct mln_node *item, uint64_t *seen)
{
    if (!first_time(b, item, seen))
        return;
    switch (item->item) {
    case MLN_ITEM_REGION:
        network->region = mln_eval_region(b, scope, item->values);
        break;
    case MLN_ITEM_RESOURCE_GROUP:
        network->resource_group = mln_eval_text(b, scope, item->values, "a resource group");
        break;
    case MLN_ITEM_SUBSCRIPTION:
        network->subscription = mln_eval_text(b, scope, item->values, "a subscription");
        break;
    case MLN_ITEM_ID:
        network->id = mln_eval_text(b, scope, item->values, "a resource id");
        break;
    case MLN_ITEM_DNS:
        mln_eval_prefixes(b, scope, item->values, &network->dns);
        break;
    case MLN_ITEM_EXISTING:
        network->existing = true;
        break;
    default:
        break;
    }
}

/* Networks are global: an application declares them where it is applied, and sees them itself. */
static struct mln_scope *global_scope(struct mln_scope *scope)
{
    while (scope->caller)
        scope = scope->caller;
    return scope;
}

static void see_in_applications(struct mln_scope *scope, const struct mln_symbol *symbol,
                                const char *key)
{
    for (; scope->caller; scope = scope->caller)
        mln_map_put(scope->sides, key, (void *)(uintptr_t)symbol);
}

/* What an application declares is seen in it as well. */
static void see_network(struct mln_scope *global, struct mln_scope *scope,
                        const struct mln_network *network)
{
    for (size_t i = 0; scope->caller && i < global->sides->len; i++) {
        const struct mln_symbol *symbol = global->sides->entries[i].value;
        bool ours = (symbol->kind == MLN_SYM_NETWORK && symbol->u.network == network) ||
                    (symbol->kind == MLN_SYM_ZONE && symbol->u.zone->network == network);
        if (ours)
            see_in_applications(scope, symbol, global->sides->entries[i].key);
    }
}

/* With all that stands in its braces. */
static void fill_network(struct mln_build *b, struct mln_scope *scope, struct mln_network *network,
                         const struct mln_active_vec *items)
{
    struct defaults own = {0};
    uint64_t seen = 0;
    network->index = (uint32_t)b->model->networks.len;
    mln_vec_push(b->arena, &b->model->networks, network);
    for (size_t i = 0; i < items->len; i++) {
        if (items->data[i].kind == MLN_NODE_ITEM)
            network_item(b, network, scope, items->data[i].node, &seen);
        else if (items->data[i].kind == MLN_NODE_DEFAULT)
            add_default(b, &own, items->data[i].node);
    }
    for (size_t i = 0; i < items->len; i++)
        if (items->data[i].kind == MLN_NODE_ZONE)
            build_zone(b, global_scope(scope), scope, network, items->data[i].node, &own);
}

/* The zones of a network that is left out are known by name, so that its mistake is the only one.
 */
static void name_zones(struct mln_build *b, struct mln_scope *scope, struct mln_network *network,
                       const struct mln_active_vec *items)
{
    b->poisoned = true;
    for (size_t i = 0; i < items->len; i++) {
        struct mln_node *node = items->data[i].node;
        const char *rest;
        if (items->data[i].kind != MLN_NODE_ZONE || !node->name.text ||
            mln_scope_find(b, scope, MLN_NAMES_SIDE, node->name.text, &rest))
            continue;
        struct mln_zone *zone = MLN_NEW(b->arena, struct mln_zone);
        *zone = (struct mln_zone){.name = node->name.text,
                                  .display = node->name.text,
                                  .span = node->name.span,
                                  .network = network};
        declare_zone(b, scope, node, zone, MLN_BROKEN);
    }
}

static bool declare_network(struct mln_build *b, struct mln_scope *scope, struct mln_node *node,
                            struct mln_network *network, enum mln_state state)
{
    if (!node->name.text)
        return false;
    struct mln_symbol *symbol = mln_symbol_new(b, MLN_SYM_NETWORK, scope, node, network->name);
    symbol->u.network = network;
    symbol->state = state;
    return mln_scope_declare(b, scope, MLN_NAMES_SIDE, symbol);
}

void mln_build_network(struct mln_build *b, struct mln_active *active)
{
    struct mln_node *node = active->node;
    struct mln_scope *scope = active->scope, *global = global_scope(scope);
    struct mln_network *network = MLN_NEW(b->arena, struct mln_network);
    struct mln_active_vec items = {0};
    network->name = node->name.text ? node->name.text : "";
    network->span = node->name.span;
    bool good = mln_eval_prefixes(b, scope, node->values, &network->prefixes);
    mln_expand_items(b, scope, node->body, &items);
    if (declare_network(b, global, node, network, good ? MLN_DONE : MLN_BROKEN) && good)
        fill_network(b, scope, network, &items);
    else
        name_zones(b, global, network, &items);
    see_network(global, scope, network);
}

/* ASGs inside the braces of a network, after all zones are known. */
void mln_build_network_asgs(struct mln_build *b, struct mln_active *active)
{
    struct mln_active_vec items = {0};
    mln_expand_items(b, active->scope, active->node->body, &items);
    for (size_t i = 0; i < items.len; i++)
        if (items.data[i].kind == MLN_NODE_ASG)
            mln_build_asg(b, active->scope, items.data[i].node);
}

void mln_build_asg(struct mln_build *b, struct mln_scope *scope, struct mln_node *node)
{
    struct mln_zone *zone = mln_find_zone(b, scope, &node->name2);
    if (!node->name.text)
        return;
    struct mln_asg *asg = MLN_NEW(b->arena, struct mln_asg);
    *asg = (struct mln_asg){.name = node->name.text, .span = node->name.span, .zone = zone};
    struct mln_symbol *symbol = mln_symbol_new(b, MLN_SYM_ASG, scope, node, asg->name);
    symbol->u.asg = asg;
    symbol->state = zone ? MLN_DONE : MLN_BROKEN;
    if (!mln_scope_declare(b, scope, MLN_NAMES_SIDE, symbol) || !zone)
        return;
    asg->index = (uint32_t)b->model->asgs.len;
    mln_vec_push(b->arena, &b->model->asgs, asg);
}
