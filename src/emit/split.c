/* Taking a template of several scopes apart.
 *
 * Rounds: each gives every scope, in order of first appearance, one template with all of its
 * resources whose needs are met, by that template or an earlier one. Resources stand behind what
 * they need, so the first that is left is always taken and every round makes progress. Two rounds
 * do for networks of two groups that are peered: first the networks, then the peerings. A template
 * that is full (resources, parameters, bytes) is closed, and what it had no room for waits for the
 * next round.
 *
 * A reference to another scope then gets the subscription and the group. Where the policy does not
 * say them they are parameters, as nothing else can know what somebody else deploys to. */
#include "emit/template.h"

#include <string.h>

/* What is left of a scope, in order. */
struct scope_list {
    const struct mln_template_scope *scope;
    struct mln_template_resource_vec left;
};

struct split {
    struct mln_template *whole;
    struct mln_template_vec out;
    MLN_VEC(struct scope_list *) scopes; /* in order of first appearance */
    size_t left;
};

/* ---- which resource goes where ---- */

static void find_scopes(struct split *s)
{
    struct mln_map *lists = mln_map_new(s->whole->arena);
    for (size_t i = 0; i < s->whole->resources.len; i++) {
        struct mln_template_resource *resource = s->whole->resources.data[i];
        struct mln_map_entry *entry = mln_map_slot(lists, &resource->scope, sizeof resource->scope);
        struct scope_list *list = entry->value;
        if (!list) {
            entry->value = list = MLN_NEW(s->whole->arena, struct scope_list);
            list->scope = resource->scope;
            mln_vec_push(s->whole->arena, &s->scopes, list);
        }
        mln_vec_push(s->whole->arena, &list->left, resource);
    }
}

static bool is_placed(const struct split *s, const struct mln_template_resource *resource)
{
    return resource->owner != s->whole;
}

static bool is_ready(const struct split *s, const struct mln_template_resource *resource)
{
    for (size_t i = 0; i < resource->refers.len; i++)
        if (!is_placed(s, resource->refers.data[i]))
            return false;
    for (size_t i = 0; i < resource->after.len; i++)
        if (!is_placed(s, resource->after.data[i]))
            return false;
    return true;
}

/* What a value takes of a template's limits: bytes as they are written, white space and all, and
 * parameters, each as often as it is used. As deep as the value. */
struct cost {
    size_t resources, bytes, params;
};

enum { RESOURCE_DEPTH = 3 };

static void add_cost(const struct mln_tree *tree, size_t depth, struct cost *cost)
{
    size_t line = 2 * depth + sizeof(",\n");
    cost->bytes += 4 + (tree->text ? strlen(tree->text) : 0);
    cost->params += tree->kind == MLN_TREE_PARAM;
    if (tree->resource)
        cost->bytes += 64 + strlen(tree->resource->type);
    if (tree->base)
        add_cost(tree->base, depth, cost);
    for (size_t i = 0; i < tree->items.len; i++) {
        cost->bytes += line;
        add_cost(tree->items.data[i], depth + 1, cost);
    }
    for (size_t i = 0; i < tree->members.len; i++) {
        cost->bytes += line + sizeof("\"\": ") + strlen(tree->members.data[i].key);
        add_cost(tree->members.data[i].value, depth + 1, cost);
    }
}

/* Parameters for the location and for other scopes come on top; bytes for what is not a body. */
static bool has_room(const struct cost *cost)
{
    enum {
        PARAMS_RESERVE = 8,
        BYTES_RESERVE = MLN_TEMPLATE_BYTES_MAX / 8,
    };
    return cost->resources == 1 || (cost->resources <= MLN_TEMPLATE_RESOURCES_MAX &&
                                    cost->params <= MLN_TEMPLATE_PARAMS_MAX - PARAMS_RESERVE &&
                                    cost->bytes <= MLN_TEMPLATE_BYTES_MAX - BYTES_RESERVE);
}

static void take(struct split *s, struct mln_template *t, struct mln_template_resource *resource)
{
    resource->owner = t;
    resource->index = (uint32_t)t->resources.len;
    mln_vec_push(t->arena, &t->resources, resource);
    s->left--;
}

/* One more template of the scope, when something of it is ready. */
static void add_template(struct split *s, struct scope_list *list)
{
    struct mln_template *t = mln_template_new(s->whole->arena);
    t->scope = list->scope;
    t->symbols = s->whole->symbols;
    struct cost cost = {0};
    size_t kept = 0;
    bool full = false;
    for (size_t i = 0; i < list->left.len; i++) {
        struct mln_template_resource *resource = list->left.data[i];
        if (!full && is_ready(s, resource)) {
            cost.resources++;
            add_cost(resource->body, RESOURCE_DEPTH, &cost);
            full = !has_room(&cost);
        }
        if (!full && is_ready(s, resource))
            take(s, t, resource);
        else
            list->left.data[kept++] = resource;
    }
    list->left.len = kept;
    if (t->resources.len)
        mln_vec_push(t->arena, &s->out, t);
}

/* ---- references to other scopes ---- */

static struct mln_tree *group_of(struct mln_template *t, const struct mln_template_scope *scope)
{
    if (scope->group)
        return mln_tree_string(t->arena, scope->group);
    return mln_template_param(t, "mainResourceGroup", "string", NULL,
                              "The resource group that the templates without one in their name are "
                              "deployed to.");
}

static struct mln_tree *subscription_of(struct mln_template *t,
                                        const struct mln_template_scope *scope)
{
    if (scope->subscription)
        return mln_tree_string(t->arena, scope->subscription);
    return mln_template_param(t, "mainSubscription", "string", NULL,
                              "The id of the subscription that the templates without one are "
                              "deployed to.");
}

static bool same_text(const char *x, const char *y)
{
    return x == y || (x && y && strcmp(x, y) == 0);
}

static void complete_reference(struct mln_template *t, struct mln_tree *tree)
{
    const struct mln_template_scope *there = tree->resource->scope;
    if (there == t->scope)
        return;
    if (!same_text(there->subscription, t->scope->subscription))
        mln_vec_push(t->arena, &tree->elsewhere, subscription_of(t, there));
    mln_vec_push(t->arena, &tree->elsewhere, group_of(t, there));
}

/* ---- what belongs to the resources ---- */

static void take_parameter(struct mln_template *t, const struct mln_template *whole,
                           const char *name)
{
    const struct mln_template_parameter *param = mln_template_find_param(whole, name);
    if (param)
        mln_template_param(t, name, param->type, param->value, param->description);
}

/* Parameters that the value uses, and the places of what it refers to; as deep as the value. */
static void complete(struct mln_template *t, const struct mln_template *whole,
                     struct mln_tree *tree)
{
    if (tree->kind == MLN_TREE_PARAM)
        take_parameter(t, whole, tree->text);
    if (tree->resource) {
        complete_reference(t, tree);
        for (size_t i = 0; i < tree->resource->name.len; i++)
            complete(t, whole, tree->resource->name.data[i]);
    }
    if (tree->base)
        complete(t, whole, (struct mln_tree *)(uintptr_t)tree->base);
    for (size_t i = 0; i < tree->items.len; i++)
        complete(t, whole, tree->items.data[i]);
    for (size_t i = 0; i < tree->members.len; i++)
        complete(t, whole, tree->members.data[i].value);
}

static void complete_resource(struct mln_template *t, const struct mln_template *whole,
                              struct mln_template_resource *resource)
{
    for (size_t i = 0; i < resource->name.len; i++)
        complete(t, whole, resource->name.data[i]);
    if (resource->location)
        complete(t, whole, resource->location);
    complete(t, whole, resource->body);
}

static struct mln_template *last_of(const struct split *s, const struct mln_template_scope *scope)
{
    for (size_t i = s->out.len; i-- > 0;)
        if (s->out.data[i]->scope == scope)
            return s->out.data[i];
    return s->out.data[s->out.len - 1];
}

/* Lists of one name, of a scope without a template of its own, become one. */
static bool joined(struct mln_template *t, const struct mln_template_output *output)
{
    for (size_t i = 0; i < t->outputs.len; i++) {
        if (strcmp(t->outputs.data[i].name, output->name) != 0)
            continue;
        for (size_t k = 0; k < output->value->items.len; k++)
            mln_tree_push(t->arena, t->outputs.data[i].value, output->value->items.data[k]);
        return true;
    }
    return false;
}

static void place_outputs(struct split *s)
{
    for (size_t i = 0; i < s->whole->outputs.len; i++) {
        const struct mln_template_output *output = &s->whole->outputs.data[i];
        struct mln_template *t = last_of(s, output->scope);
        complete(t, s->whole, output->value);
        if (!joined(t, output))
            mln_template_output(t, output->scope, output->name, output->type, output->value);
    }
}

struct mln_template_vec mln_template_split(struct mln_template *whole)
{
    struct split s = {.whole = whole, .left = whole->resources.len};
    mln_template_find_references(whole);
    find_scopes(&s);
    while (s.left > 0)
        for (size_t i = 0; i < s.scopes.len; i++)
            add_template(&s, s.scopes.data[i]);
    if (s.out.len == 0)
        mln_vec_push(whole->arena, &s.out, mln_template_new(whole->arena));
    for (size_t i = 0; i < s.out.len; i++)
        for (size_t k = 0; k < s.out.data[i]->resources.len; k++)
            complete_resource(s.out.data[i], whole, s.out.data[i]->resources.data[k]);
    place_outputs(&s);
    for (size_t i = 0; i < s.out.len; i++)
        mln_template_finish(s.out.data[i]);
    return s.out;
}
