/* Kinds, geographies, resources. */
#include "policy/build.h"

#include <string.h>

static struct mln_symbol *declare(struct mln_build *b, struct mln_active *active,
                                  enum mln_space_kind space, enum mln_symbol_kind kind)
{
    struct mln_symbol *symbol = MLN_NEW(b->arena, struct mln_symbol);
    *symbol = (struct mln_symbol){.kind = kind,
                                  .name = active->node->name.text,
                                  .span = active->node->name.span,
                                  .node = active->node,
                                  .scope = active->scope,
                                  .library = active->scope->module->library,
                                  .state = MLN_DONE};
    if (!symbol->name || !mln_scope_declare(b, active->scope, space, symbol))
        return NULL;
    return symbol;
}

/* --- kinds --- */

static void kind_endpoint(struct mln_build *b, struct mln_kind *kind, struct mln_scope *scope,
                          struct mln_node *node)
{
    struct mln_kind_endpoint *endpoint = MLN_NEW(b->arena, struct mln_kind_endpoint);
    endpoint->name = endpoint->group = node->name.text;
    struct mln_active_vec items = {0};
    mln_expand_items(b, scope, node->body, &items);
    for (size_t i = 0; i < items.len; i++) {
        struct mln_node *item = items.data[i].node;
        if (item->kind != MLN_NODE_ITEM)
            continue;
        if (item->item == MLN_ITEM_ID)
            endpoint->group = mln_eval_text(b, scope, item->values, "a group id");
        else if (item->item == MLN_ITEM_PORTS)
            mln_build_services(b, scope, item->services, &endpoint->ports);
        else if (item->item == MLN_ITEM_DNS)
            for (struct mln_value *v = item->values; v; v = v->next) {
                const char *zone = mln_eval_text(b, scope, v, "a DNS zone");
                if (zone)
                    mln_vec_push(b->arena, &endpoint->dns, zone);
            }
    }
    if (endpoint->name)
        mln_vec_push(b->arena, &kind->endpoints, endpoint);
}

static void kind_item(struct mln_build *b, struct mln_kind *kind, struct mln_scope *scope,
                      const struct mln_node *item)
{
    const char **target = item->item == MLN_ITEM_TYPE               ? &kind->type
                          : item->item == MLN_ITEM_API              ? &kind->api
                          : item->item == MLN_ITEM_TAG              ? &kind->tag
                          : item->item == MLN_ITEM_SERVICE_ENDPOINT ? &kind->service_endpoint
                                                                    : NULL;
    const char *text = item->values ? mln_eval_text(b, scope, item->values, "a text") : NULL;
    if (target)
        *target = text;
    else if (item->item == MLN_ITEM_PREREQUISITE && text)
        mln_vec_push(b->arena, &kind->prerequisites, text);
}

void mln_build_kind(struct mln_build *b, struct mln_active *active)
{
    struct mln_symbol *symbol = declare(b, active, MLN_NAMES_KIND, MLN_SYM_KIND);
    if (!symbol)
        return;
    struct mln_kind *kind = MLN_NEW(b->arena, struct mln_kind);
    kind->name = symbol->name;
    kind->span = symbol->span;
    kind->firewall_limit = -1;
    symbol->u.kind = kind;
    struct mln_active_vec items = {0};
    mln_expand_items(b, active->scope, active->node->body, &items);
    for (size_t i = 0; i < items.len; i++) {
        struct mln_node *item = items.data[i].node;
        if (item->kind == MLN_NODE_ENDPOINT)
            kind_endpoint(b, kind, active->scope, item);
        else if (item->kind == MLN_NODE_FIREWALL)
            mln_build_firewall(b, kind, active->scope, item);
        else if (item->kind == MLN_NODE_ITEM)
            kind_item(b, kind, active->scope, item);
    }
    if (kind->tag && !mln_tags_find(b->options->tags, kind->tag) && !symbol->library)
        mln_report(b->ctx->diags, MLN_D_UNKNOWN_TAG, symbol->span,
                   "kind '%s': there is no service tag '%s'", kind->name, kind->tag);
    mln_vec_push(b->arena, &b->model->kinds, kind);
}

/* --- geographies --- */

void mln_build_geography(struct mln_build *b, struct mln_active *active)
{
    struct mln_symbol *symbol = declare(b, active, MLN_NAMES_GEOGRAPHY, MLN_SYM_GEOGRAPHY);
    if (!symbol)
        return;
    struct mln_geography *geography = MLN_NEW(b->arena, struct mln_geography);
    geography->name = symbol->name;
    geography->span = symbol->span;
    symbol->u.geography = geography;
    for (struct mln_value *v = active->node->values; v; v = v->next) {
        /* The library's regions are checked when a geography is used: other clouds do not have
         * them. */
        const char *region = symbol->library ? mln_eval_text(b, active->scope, v, "a region")
                                             : mln_eval_region(b, active->scope, v);
        if (region)
            mln_vec_push(b->arena, &geography->regions, region);
    }
    mln_vec_push(b->arena, &b->model->geographies, geography);
}

/* --- resources --- */

static const struct mln_kind_endpoint *find_sub(struct mln_build *b, const struct mln_kind *kind,
                                                const struct mln_word *word)
{
    MLN_VEC(const char *) names = {0};
    for (size_t i = 0; i < kind->endpoints.len; i++) {
        if (strcmp(kind->endpoints.data[i]->name, word->text) == 0)
            return kind->endpoints.data[i];
        mln_vec_push(b->arena, &names, kind->endpoints.data[i]->name);
    }
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_UNKNOWN_NAME, word->span,
                                       "a %s has no endpoint '%s'", kind->name, word->text);
    const char *close = mln_closest(word->text, names.data, names.len);
    if (close)
        mln_diag_inline(diag, "did you mean '%s'?", close);
    struct mln_buf list;
    mln_buf_init(&list, b->arena);
    for (size_t i = 0; i < names.len; i++)
        mln_buf_printf(&list, "%s%s", i ? ", " : "", names.data[i]);
    if (names.len)
        mln_diag_note(diag, "its endpoints are %s", list.data);
    return NULL;
}

static bool inside_zone(struct mln_build *b, const struct mln_zone *zone,
                        const struct mln_prefix_list *at, struct mln_span span)
{
    for (size_t i = 0; i < at->len; i++) {
        const struct mln_ipset *one =
            mln_ipset_from_prefixes(b->arena, at->data[i].family, &at->data[i], 1);
        const struct mln_ipset *all = mln_prefix_set(b->arena, at->data[i].family, &zone->prefixes);
        if (mln_ipset_covers(all, one))
            continue;
        char text[MLN_IP_TEXT];
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_BAD_PREFIX, span, "%s lies outside zone '%s'",
                       mln_prefix_text(&at->data[i], text), zone->name);
        mln_diag_label(diag, zone->span, "'%s' is declared here", zone->name);
        return false;
    }
    return true;
}

static void resource_endpoint(struct mln_build *b, struct mln_resource *resource,
                              struct mln_scope *scope, struct mln_node *node)
{
    struct mln_zone *zone = mln_find_zone(b, scope, &node->name2);
    const struct mln_kind_endpoint *sub =
        node->name.text ? find_sub(b, resource->kind, &node->name) : NULL;
    resource->incomplete |= !zone || !sub;
    if (!zone || !sub)
        return;
    for (size_t i = 0; i < resource->endpoints.len; i++)
        if (resource->endpoints.data[i]->sub == sub && resource->endpoints.data[i]->zone == zone) {
            mln_report(b->ctx->diags, MLN_D_DUPLICATE_ITEM, mln_node_keyword(node),
                       "'%s' has an endpoint '%s' in '%s' already", resource->name, sub->name,
                       zone->name);
            return;
        }
    struct mln_endpoint *endpoint = MLN_NEW(b->arena, struct mln_endpoint);
    *endpoint =
        (struct mln_endpoint){.sub = sub, .resource = resource, .span = node->span, .zone = zone};
    if (node->values && (!mln_eval_prefixes(b, scope, node->values, &endpoint->at) ||
                         !inside_zone(b, zone, &endpoint->at, node->values->span))) {
        resource->incomplete = true;
        return;
    }
    zone->holds_endpoint = true;
    mln_vec_push(b->arena, &resource->endpoints, endpoint);
    mln_vec_push(b->arena, &b->endpoints, endpoint);
}

static void resource_item(struct mln_build *b, struct mln_resource *resource,
                          struct mln_scope *scope, const struct mln_node *item)
{
    bool yes;
    switch (item->item) {
    case MLN_ITEM_REGION:
        resource->region = mln_eval_region(b, scope, item->values);
        break;
    case MLN_ITEM_NAME:
        resource->azure_name = mln_eval_text(b, scope, item->values, "a name");
        break;
    case MLN_ITEM_ID:
        resource->id = mln_eval_text(b, scope, item->values, "a resource id");
        break;
    case MLN_ITEM_RESOURCE_GROUP:
        resource->resource_group = mln_eval_text(b, scope, item->values, "a resource group");
        break;
    case MLN_ITEM_SKU:
        resource->sku = mln_eval_text(b, scope, item->values, "a SKU");
        break;
    case MLN_ITEM_PUBLIC:
        if (mln_eval_yes_no(b, scope, item->values, &yes))
            resource->is_public = yes ? MLN_PUBLIC_YES : MLN_PUBLIC_NO;
        break;
    case MLN_ITEM_WIDEN:
        if (mln_eval_yes_no(b, scope, item->values, &yes))
            resource->widen = yes;
        break;
    default:
        break;
    }
}

void mln_build_resource(struct mln_build *b, struct mln_active *active)
{
    struct mln_node *node = active->node;
    const char *rest;
    struct mln_symbol *kind =
        mln_find_symbol(b, active->scope, MLN_NAMES_KIND, &node->name2, "kind of resource", &rest);
    struct mln_symbol *symbol = declare(b, active, MLN_NAMES_SIDE, MLN_SYM_RESOURCE);
    if (!symbol)
        return;
    if (!kind) {
        symbol->state = MLN_BROKEN;
        return;
    }
    struct mln_resource *resource = MLN_NEW(b->arena, struct mln_resource);
    resource->name = symbol->name;
    resource->span = symbol->span;
    resource->kind = kind->u.kind;
    resource->index = (uint32_t)b->model->resources.len;
    symbol->u.resource = resource;
    mln_vec_push(b->arena, &b->model->resources, resource);
    struct mln_active_vec items = {0};
    mln_expand_items(b, active->scope, node->body, &items);
    uint64_t seen = 0;
    for (size_t i = 0; i < items.len; i++) {
        struct mln_node *item = items.data[i].node;
        if (item->kind == MLN_NODE_ENDPOINT)
            resource_endpoint(b, resource, active->scope, item);
        else if (item->kind == MLN_NODE_ITEM && (seen >> item->item & 1))
            mln_report(b->ctx->diags, MLN_D_DUPLICATE_ITEM, mln_node_keyword(item),
                       "'%s' stands here twice", item->key.text);
        else if (item->kind == MLN_NODE_ITEM) {
            seen |= UINT64_C(1) << item->item;
            resource_item(b, resource, active->scope, item);
        }
    }
}
