/* Assembling: security groups, NSGs, and what all parts need: scopes, locations, ids. */
#include "emit/assemble_impl.h"
#include "emit/rule_tree.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* ---- scopes ---- */

static bool same(const char *x, const char *y)
{
    return x == y || (x && y && strcasecmp(x, y) == 0); /* Azure ignores their case */
}

const struct mln_template_scope *mln_assembly_scope(struct mln_assembly *b,
                                                    const char *subscription, const char *group)
{
    for (size_t i = 0; i < b->scopes.len; i++)
        if (same(b->scopes.data[i]->subscription, subscription) &&
            same(b->scopes.data[i]->group, group))
            return b->scopes.data[i];
    struct mln_template_scope *scope = MLN_NEW(b->a, struct mln_template_scope);
    *scope = (struct mln_template_scope){subscription, group};
    mln_vec_push(b->a, &b->scopes, scope);
    return scope;
}

const struct mln_template_scope *mln_assembly_scope_of(struct mln_assembly *b,
                                                       const struct mln_network *network)
{
    return mln_assembly_scope(b, network->subscription, network->resource_group);
}

/* ---- parts of resources ---- */

struct mln_template_resource *mln_assembly_add(struct mln_assembly *b,
                                               const struct mln_template_scope *scope,
                                               const char *prefix, const char *type,
                                               const char *name)
{
    bool begins = strncasecmp(name, prefix, strlen(prefix)) == 0;
    const char *symbol = mln_template_symbol(b->t, begins ? "" : prefix, name);
    struct mln_template_resource *resource = mln_template_add(b->t, scope, symbol, type, name);
    assert(resource->api);
    return resource;
}

struct mln_tree *mln_assembly_location(struct mln_assembly *b, const char *region)
{
    if (region)
        return mln_tree_string(b->a, region);
    struct mln_tree *here =
        mln_tree_property(b->a, mln_tree_call(b->a, "resourceGroup", 0), "location");
    return mln_template_param(b->t, "location", "string", here, "The region to deploy to.");
}

struct mln_tree *mln_assembly_reference(struct mln_assembly *b, struct mln_tree *id)
{
    struct mln_tree *reference = mln_tree_object(b->a);
    mln_tree_set(b->a, reference, "id", id);
    return reference;
}

struct mln_tree *mln_assembly_output(struct mln_assembly *b, const struct mln_template_scope *scope,
                                     const char *name)
{
    for (size_t i = 0; i < b->t->outputs.len; i++)
        if (b->t->outputs.data[i].scope == scope && strcmp(b->t->outputs.data[i].name, name) == 0)
            return b->t->outputs.data[i].value;
    struct mln_tree *array = mln_tree_array(b->a);
    mln_template_output(b->t, scope, name, "array", array);
    return array;
}

/* ---- ids ---- */

/* resourceId() of something that no template here writes, with what is not the same as in `from`. A
 * subscription alone would be read as a group, so that needs one. */
static struct mln_tree *foreign_id(struct mln_assembly *b, const struct mln_template_scope *from,
                                   const struct mln_template_scope *there, const char *type)
{
    struct mln_tree *call = mln_tree_call(b->a, "resourceId", 0);
    if (there->group && there->subscription && !same(there->subscription, from->subscription))
        mln_vec_push(b->a, &call->items, mln_tree_string(b->a, there->subscription));
    if (there->group && (call->items.len || !same(there->group, from->group)))
        mln_vec_push(b->a, &call->items, mln_tree_string(b->a, there->group));
    mln_vec_push(b->a, &call->items, mln_tree_string(b->a, type));
    return call;
}

static const char *id_param(struct mln_assembly *b, const char *name)
{
    struct mln_buf text;
    mln_buf_init(&text, b->a);
    mln_buf_printf(&text, "%s-id", name);
    return mln_template_symbol(b->t, "", text.data);
}

/* The parameter that holds the id, made when it is first asked for; *known remembers it. */
static struct mln_tree *asked_id(struct mln_assembly *b, const char **known, const char *name,
                                 struct mln_tree *value, const char *description)
{
    if (!*known)
        *known = id_param(b, name);
    return mln_template_param(b->t, *known, "string", value, description);
}

/* An existing network. With a subscription of its own and no group, nothing but the user knows its
 * id. */
static struct mln_tree *existing_id(struct mln_assembly *b, const struct mln_template_scope *from,
                                    const struct mln_network *network)
{
    if (network->id)
        return mln_tree_string(b->a, network->id);
    const struct mln_template_scope there = {network->subscription, network->resource_group};
    struct mln_tree *id = foreign_id(b, from, &there, "Microsoft.Network/virtualNetworks");
    mln_vec_push(b->a, &id->items, mln_tree_string(b->a, network->name));
    if (network->resource_group)
        return id;
    const char *description =
        mln_printf(b->a, "The resource id of the virtual network '%s'.", network->name);
    return asked_id(b, &b->network_ids[network->index], network->name,
                    network->subscription ? NULL : id, description);
}

struct mln_tree *mln_assembly_network_id(struct mln_assembly *b,
                                         const struct mln_template_scope *from,
                                         const struct mln_network *network)
{
    if (b->networks[network->index])
        return mln_tree_id(b->a, b->networks[network->index]);
    return existing_id(b, from, network);
}

/* Behind the id of a network that is not written here. */
static struct mln_tree *subnet_below(struct mln_assembly *b, struct mln_tree *network,
                                     const char *subnet)
{
    if (network->kind == MLN_TREE_STRING)
        return mln_tree_string(b->a, mln_printf(b->a, "%s/subnets/%s", network->text, subnet));
    return mln_tree_call(b->a, "format", 3, mln_tree_string(b->a, "{0}/subnets/{1}"), network,
                         mln_tree_string(b->a, subnet));
}

struct mln_tree *mln_assembly_subnet_id(struct mln_assembly *b,
                                        const struct mln_template_scope *from,
                                        const struct mln_zone *zone)
{
    const struct mln_network *network = zone->network;
    if (b->subnets[zone->index])
        return mln_tree_id(b->a, b->subnets[zone->index]);
    if (b->networks[network->index])
        return mln_tree_child_id(b->a, b->networks[network->index], "subnets", zone->subnet);
    if (network->existing)
        return subnet_below(b, existing_id(b, from, network), zone->subnet);
    const struct mln_template_scope *there = mln_assembly_scope_of(b, network);
    struct mln_tree *id = foreign_id(b, from, there, "Microsoft.Network/virtualNetworks/subnets");
    mln_vec_push(b->a, &id->items, mln_tree_string(b->a, network->name));
    mln_vec_push(b->a, &id->items, mln_tree_string(b->a, zone->subnet));
    return id;
}

/* resourceId() of a resource whose name is known; NULL for one whose type needs several names. */
static struct mln_tree *named_id(struct mln_assembly *b, const struct mln_template_scope *from,
                                 const struct mln_resource *resource)
{
    const char *type = resource->kind->type, *slash = type ? strchr(type, '/') : NULL;
    if (!resource->azure_name || !slash || strchr(slash + 1, '/'))
        return NULL;
    const struct mln_template_scope there = {NULL, resource->resource_group};
    struct mln_tree *id = foreign_id(b, from, &there, type);
    mln_vec_push(b->a, &id->items, mln_tree_string(b->a, resource->azure_name));
    return id;
}

struct mln_tree *mln_assembly_resource_id(struct mln_assembly *b,
                                          const struct mln_template_scope *from,
                                          const struct mln_resource *resource)
{
    if (resource->id)
        return mln_tree_string(b->a, resource->id);
    struct mln_tree *named = named_id(b, from, resource);
    if (named && resource->resource_group)
        return named;
    return asked_id(b, &b->resource_ids[resource->index], resource->name, named,
                    mln_printf(b->a, "The resource id of '%s' (%s).", resource->name,
                               resource->kind->type ? resource->kind->type : resource->kind->name));
}

/* ---- security groups ---- */

static void add_asg(struct mln_assembly *b, const struct mln_asg *asg)
{
    if (b->asgs[asg->index])
        return;
    const struct mln_network *network = asg->zone->network;
    struct mln_template_resource *resource =
        mln_assembly_add(b, mln_assembly_scope_of(b, network), "asg",
                         "Microsoft.Network/applicationSecurityGroups", asg->name);
    resource->location = mln_assembly_location(b, network->region);
    mln_tree_set_object(b->a, resource->body, "properties");
    b->asgs[asg->index] = resource;
}

static struct mln_tree *asg_id(const struct mln_asg_namer *namer, const struct mln_asg *asg)
{
    struct mln_assembly *b = namer->data;
    add_asg(b, asg);
    return mln_tree_id(b->a, b->asgs[asg->index]);
}

static void add_nsg(struct mln_assembly *b, const struct mln_table *table)
{
    const struct mln_asg_namer namer = {.id = asg_id, .arena = b->a, .data = b};
    const struct mln_nsg *nsg = table->nsg;
    const char *subscription = nsg->zones.len ? nsg->zones.data[0]->network->subscription : NULL;
    struct mln_tree *rules = mln_rules_tree(b->a, table, &namer); /* adds security groups */
    struct mln_template_resource *resource =
        mln_assembly_add(b, mln_assembly_scope(b, subscription, nsg->resource_group), "nsg",
                         "Microsoft.Network/networkSecurityGroups", nsg->name);
    resource->location = mln_assembly_location(b, nsg->region);
    struct mln_tree *properties = mln_tree_set_object(b->a, resource->body, "properties");
    mln_tree_set(b->a, properties, "securityRules", rules);
    b->nsgs[nsg->index] = resource;
}

/* ---- what is left to others ---- */

static void add_binding(struct mln_assembly *b, const struct mln_zone *zone)
{
    const struct mln_template_resource *nsg = b->nsgs[zone->nsg->index];
    struct mln_tree *binding = mln_tree_object(b->a);
    mln_tree_set(b->a, binding, "subnet", mln_assembly_subnet_id(b, nsg->scope, zone));
    mln_tree_set(b->a, binding, "networkSecurityGroup", mln_tree_id(b->a, nsg));
    mln_tree_push(b->a, mln_assembly_output(b, nsg->scope, "subnetBindings"), binding);
}

static void add_bindings(struct mln_assembly *b)
{
    for (size_t i = 0; i < b->model->zones.len; i++) {
        const struct mln_zone *zone = b->model->zones.data[i];
        bool written = b->networks[zone->network->index] && !zone->existing;
        if (!written && zone->nsg && b->nsgs[zone->nsg->index])
            add_binding(b, zone);
    }
}

/* ---- all ---- */

static void allocate(struct mln_assembly *b)
{
    const struct mln_model *model = b->model;
    b->asgs = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->asgs.len);
    b->nsgs = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->nsgs.len);
    b->networks = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->networks.len);
    b->last_child = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->networks.len);
    b->subnets = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->zones.len);
    b->route_tables = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->zones.len);
    b->only = MLN_NEW_ARRAY(b->a, struct mln_template_resource *, model->zones.len);
    b->network_ids = MLN_NEW_ARRAY(b->a, const char *, model->networks.len);
    b->resource_ids = MLN_NEW_ARRAY(b->a, const char *, model->resources.len);
}

struct mln_template *mln_assemble(struct mln_ctx *ctx, const struct mln_emit_input *input)
{
    struct mln_assembly *b = MLN_NEW(ctx->arena, struct mln_assembly);
    *b = (struct mln_assembly){.ctx = ctx, .a = ctx->arena, .input = input, .model = input->model};
    b->t = mln_template_new(b->a);
    allocate(b);
    for (size_t i = 0; !input->partial && i < b->model->asgs.len; i++)
        add_asg(b, b->model->asgs.data[i]);
    for (size_t i = 0; i < input->tables->len; i++)
        add_nsg(b, input->tables->data[i]);
    if (input->arm_scope != MLN_ARM_NSG) {
        b->plan = mln_plan_new(b->a, b->model, input->tables);
        mln_assemble_networks(b);
    }
    if (input->arm_scope == MLN_ARM_ALL)
        mln_assemble_endpoints(b);
    add_bindings(b);
    return b->t;
}
