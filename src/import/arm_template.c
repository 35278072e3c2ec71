/* From a template to its resources.
 *
 * A template is a scope (parameters, variables, functions) and a list of resources. A nested
 * deployment is a template inside a resource: with "inner" evaluation it has a scope of its own,
 * else its expressions mean what they mean outside. Its outputs are what reference() gives outside,
 * so deployments are found by name before they are walked, and their outputs are worked out when
 * asked for. Everything else reference() could give is state that only a deployment has. */
#include "import/arm_template.h"
#include "import/arm_name.h"

#include "import/network.h"
#include "import/nsg_group.h"

#include <string.h>
#include <strings.h>

#define DEPLOYMENT_TYPE "Microsoft.Resources/deployments"
#define LEVEL_MAX 10 /* deployments in deployments */

static const char *const types[] = {
    MLN_NSG_TYPE,     MLN_NSG_RULE_TYPE,    MLN_NETWORK_TYPE, MLN_SUBNET_TYPE,
    MLN_PEERING_TYPE, MLN_ROUTE_TABLE_TYPE, MLN_ROUTE_TYPE,   MLN_NIC_TYPE,
    MLN_MACHINE_TYPE, MLN_SCALE_SET_TYPE,   DEPLOYMENT_TYPE,
};

struct mln_arm_template {
    struct mln_env env;             /* in which its resources are evaluated */
    const struct mln_scope *target; /* where they go; env.scope, or a copy with another group */
    const cJSON *json;
    unsigned level;
    struct mln_map
        *deployments;       /* of its resources: folded id, name or symbol -> struct deployment */
    struct mln_map *places; /* resource and its place in the loop -> struct deployment */
    bool searched;
};

struct deployment {
    const cJSON *json;
    struct mln_env env;
    const struct mln_scope *target; /* of the template it stands in */
    const char *name;
    struct mln_arm_template *inner;
    const struct mln_datum *state; /* what reference() gives */
    bool opened, busy;
};

/* A resource that is being walked: with its place in loops, and what it lies in. */
struct place {
    struct mln_arm_template *t;
    struct mln_env env;
    const cJSON *json;
    const struct place *parent;
    const char *type, *name; /* whole; the name with '/' between its parts */
    bool unknown_name;
    bool many; /* stands for every copy, nobody knows how many */
};

struct walk {
    struct mln_eval *e;
    struct mln_arm_template_resource_vec *out;
};

/* ---- templates and deployments ---- */

static struct mln_arm_template *new_template(struct mln_eval *e, const cJSON *json, unsigned level)
{
    struct mln_arm_template *t = MLN_NEW(e->ctx->arena, struct mln_arm_template);
    t->json = json;
    t->level = level;
    t->deployments = mln_map_new(e->ctx->arena);
    t->places = mln_map_new(e->ctx->arena);
    return t;
}

/* A scope of its own; `from` is the one outside, or NULL. */
static struct mln_scope *new_scope(struct mln_eval *e, struct mln_arm_template *t,
                                   const char *label, const struct mln_scope *from)
{
    struct mln_scope *scope = MLN_NEW(e->ctx->arena, struct mln_scope);
    scope->eval = e;
    scope->template = t;
    scope->label = label;
    scope->parameters = mln_map_new(e->ctx->arena);
    scope->variables = mln_map_new(e->ctx->arena);
    scope->functions = mln_loose_member(t->json, "functions");
    scope->group = from ? from->group : NULL;
    scope->subscription = from ? from->subscription : NULL;
    mln_eval_variables(scope, mln_loose_member(t->json, "variables"));
    return scope;
}

static bool is_inner(const cJSON *properties)
{
    const char *scope =
        mln_loose_text(mln_loose_member(properties, "expressionEvaluationOptions"), "scope");
    return scope && strcasecmp(scope, "inner") == 0;
}

static void note_link(struct mln_eval *e, const struct deployment *d, const cJSON *properties)
{
    const cJSON *link = mln_loose_member(properties, "templateLink");
    if (link)
        mln_report(e->ctx->diags, MLN_D_LINKED_TEMPLATE, mln_document_span(e->document, link),
                   "the template that '%s' links to is not read", d->name);
}

/* Where the resources of a deployment go, when it says so. */
static void set_target(struct deployment *d, struct mln_scope *scope)
{
    const cJSON *group = mln_loose_member(d->json, "resourceGroup");
    const cJSON *subscription = mln_loose_member(d->json, "subscriptionId");
    if (group)
        scope->group = mln_eval_json(&d->env, group);
    if (subscription)
        scope->subscription = mln_eval_json(&d->env, subscription);
}

/* The template inside, or NULL. */
static struct mln_arm_template *open_deployment(struct mln_eval *e, struct deployment *d,
                                                unsigned level)
{
    const cJSON *properties = mln_loose_member(d->json, "properties");
    const cJSON *json = mln_loose_member(properties, "template");
    if (d->opened)
        return d->inner;
    d->opened = true;
    note_link(e, d, properties);
    if (!cJSON_IsObject(json) || level >= LEVEL_MAX)
        return NULL;
    struct mln_arm_template *t = new_template(e, json, level + 1);
    d->inner = t;
    if (is_inner(properties)) {
        const char *label = mln_printf(e->ctx->arena, "%s: ", d->name);
        struct mln_scope *scope = new_scope(e, t, label, d->target);
        set_target(d, scope);
        t->env = (struct mln_env){scope, NULL};
        t->target = scope;
        mln_arm_template_parameters(scope, mln_loose_member(json, "parameters"), &d->env,
                                    mln_loose_member(properties, "parameters"), NULL);
    } else {
        struct mln_scope *target = MLN_NEW(e->ctx->arena, struct mln_scope);
        *target = *d->target;
        set_target(d, target);
        t->env = d->env;
        t->target = target;
    }
    return t;
}

/* ---- names, types, ids ---- */

/* Azure's spelling of a type of concern; NULL for the others. */
static const char *known_type(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(type, types[i]) == 0)
            return types[i];
    return NULL;
}

/* Inside a parent type and name may leave out the parent's. */
static bool name_place(struct mln_eval *e, struct place *p)
{
    const struct mln_datum *type = mln_eval_json(&p->env, mln_loose_member(p->json, "type"));
    const struct mln_datum *name = mln_eval_json(&p->env, mln_loose_member(p->json, "name"));
    const char *text = mln_datum_as_text(e, name);
    if (type->kind != MLN_DATUM_TEXT || type->unknown || !text)
        return false;
    const struct place *parent = p->parent;
    bool whole = !parent || strchr(type->text, '/');
    const char *own_type =
        whole ? type->text : mln_printf(e->ctx->arena, "%s/%s", parent->type, type->text);
    p->type = known_type(own_type);
    p->unknown_name = name->unknown || (parent && parent->unknown_name);
    p->name = parent && mln_arm_name_parts(text) + 1 < mln_arm_name_parts(own_type)
                  ? mln_printf(e->ctx->arena, "%s/%s", parent->name, text)
                  : text;
    return p->type != NULL;
}

/* ---- deployments by name ---- */

static struct deployment *get_deployment(struct mln_eval *e, const struct place *p)
{
    struct {
        const cJSON *json;
        int64_t index;
    } key;
    memset(&key, 0, sizeof key);
    key.json = p->json;
    key.index = p->env.loop ? p->env.loop->index : -1;
    struct deployment *d = mln_map_get_n(p->t->places, &key, sizeof key);
    if (d)
        return d;
    d = MLN_NEW(e->ctx->arena, struct deployment);
    *d = (struct deployment){
        .json = p->json, .env = p->env, .target = p->t->target, .name = p->name};
    mln_map_put_n(p->t->places, &key, sizeof key, d);
    return d;
}

/* Two of one name are none: which is meant cannot be told. */
static void register_name(struct mln_eval *e, struct mln_map *map, const char *name,
                          struct deployment *d)
{
    const char *key = mln_eval_folded(e, name);
    struct mln_map_entry *slot = mln_map_slot(map, key, strlen(key));
    if (slot->value && slot->value != d) {
        d = MLN_NEW(e->ctx->arena, struct deployment);
        d->busy = true;
    }
    slot->value = d;
}

typedef void visit(void *data, struct place *place, const char *symbol);

/* Interfaces are in no one's way: those of an unknown number are read as one that stands for all.
 */
static bool stands_for_all(const struct place *p)
{
    return strcmp(p->type, MLN_NIC_TYPE) == 0 || strcmp(p->type, MLN_MACHINE_TYPE) == 0 ||
           strcmp(p->type, MLN_SCALE_SET_TYPE) == 0;
}

/* Each instance of a resource. */
static void each_instance(struct mln_eval *e, struct place *p, const char *symbol, visit *visitor,
                          void *data)
{
    const cJSON *copy = mln_loose_member(p->json, "copy");
    const char *why = NULL, *name = mln_loose_text(copy, "name");
    const struct mln_loop *outer = p->env.loop;
    size_t count = 1;
    if (!cJSON_IsObject(copy)) {
        visitor(data, p, symbol);
        return;
    }
    if (!mln_eval_count(&p->env, mln_loose_member(copy, "count"), &count, &why)) {
        struct place one = *p;
        one.many = true;
        if (!name_place(e, &one))
            return;
        if (stands_for_all(&one))
            visitor(data, &one, NULL);
        else
            mln_report(e->ctx->diags, MLN_D_COPY_UNKNOWN, mln_document_span(e->document, copy),
                       "'%s' cannot be read: %s", one.name, why);
        return;
    }
    for (size_t i = 0; i < count && mln_eval_spend(e, 1); i++) {
        struct mln_loop *loop = MLN_NEW(e->ctx->arena, struct mln_loop);
        *loop = (struct mln_loop){
            .name = name ? name : "", .resource = true, .index = (int64_t)i, .outer = outer};
        p->env.loop = loop;
        visitor(data, p, symbol ? mln_printf(e->ctx->arena, "%s[%zu]", symbol, i) : NULL);
    }
    p->env.loop = outer;
}

/* The resources of a template: a list, or with symbolic names an object. */
static void each_resource(struct mln_eval *e, struct mln_arm_template *t, visit *visitor,
                          void *data)
{
    const cJSON *resources = mln_loose_member(t->json, "resources");
    bool symbolic = cJSON_IsObject(resources);
    for (const cJSON *r = resources ? resources->child : NULL; r; r = r->next) {
        struct place p = {.t = t, .env = t->env, .json = r};
        if (cJSON_IsObject(r) && !cJSON_IsTrue(mln_loose_member(r, "existing")))
            each_instance(e, &p, symbolic ? r->string : NULL, visitor, data);
    }
}

static void register_deployment(void *data, struct place *p, const char *symbol)
{
    struct mln_eval *e = data;
    const char *type = mln_loose_text(p->json, "type");
    if (!type || strcasecmp(type, DEPLOYMENT_TYPE) != 0 || !name_place(e, p))
        return;
    struct deployment *d = get_deployment(e, p);
    register_name(e, p->t->deployments, p->name, d);
    register_name(e, p->t->deployments,
                  mln_arm_id(e, mln_group_id(p->t->target), DEPLOYMENT_TYPE, p->name), d);
    if (symbol)
        register_name(e, p->t->deployments, symbol, d);
}

static const struct mln_datum *outputs_of(struct mln_eval *e, struct mln_arm_template *inner)
{
    const cJSON *outputs = mln_loose_member(inner->json, "outputs");
    static const char *const value_key[] = {"value"}, *const outputs_key[] = {"outputs"};
    MLN_VEC(const char *) keys = {0};
    struct mln_datum_vec items = {0};
    for (const cJSON *o = cJSON_IsObject(outputs) ? outputs->child : NULL; o; o = o->next) {
        const struct mln_datum **value = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, 1);
        value[0] = mln_eval_json(&inner->env, mln_loose_member(o, "value"));
        mln_vec_push(e->ctx->arena, &keys, mln_strdup(e->ctx->arena, o->string));
        mln_vec_push(e->ctx->arena, &items, mln_datum_object(e, value_key, value, 1));
    }
    const struct mln_datum **all = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, 1);
    all[0] = mln_datum_object(e, keys.data, items.data, items.len);
    return mln_datum_object(e, outputs_key, all, 1);
}

/* "/subscriptions/s/.../deployments/NAME" or the name alone, in any case. */
const struct mln_datum *mln_arm_template_reference(const struct mln_env *env, const char *name)
{
    struct mln_eval *e = env->scope->eval;
    struct mln_arm_template *t = env->scope->template;
    if (!t->searched) {
        t->searched = true;
        each_resource(e, t, register_deployment, e);
    }
    struct deployment *d = mln_map_get(t->deployments, mln_eval_folded(e, name));
    if (!d || d->busy)
        return NULL;
    struct mln_arm_template *inner = open_deployment(e, d, t->level);
    if (!d->state && inner) {
        d->busy = true;
        d->state = outputs_of(e, inner);
        d->busy = false;
    }
    return d->state;
}

const struct mln_datum *mln_arm_template_info(const struct mln_env *env, const char *symbol)
{
    static const char *const keys[] = {"id", "name", "type"};
    struct mln_eval *e = env->scope->eval;
    const cJSON *resources = mln_loose_member(env->scope->template->json, "resources");
    const cJSON *json = cJSON_IsObject(resources) ? mln_loose_member(resources, symbol) : NULL;
    const char *type = mln_loose_text(json, "type");
    if (!type || mln_loose_member(json, "scope"))
        return NULL;
    const struct mln_datum *name = mln_eval_json(env, mln_loose_member(json, "name"));
    const char *text = mln_datum_as_text(e, name);
    const char *id = text ? mln_arm_id(e, mln_group_id(env->scope), type, text) : "";
    if (!*id)
        return NULL;
    const struct mln_datum **items = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, 3);
    items[0] = mln_datum_symbolic(e, id, NULL, "only a deployment knows where it goes");
    items[1] = name;
    items[2] = mln_datum_text(e, type, strlen(type));
    return mln_datum_object(e, keys, items, 3);
}

/* ---- the walk ---- */

/* Is it deployed? What is not known is said, and taken for true. */
static bool holds(struct walk *w, const struct place *p)
{
    const cJSON *json = mln_loose_member(p->json, "condition");
    if (!json)
        return true;
    const struct mln_datum *condition = mln_eval_json(&p->env, json);
    if (condition->kind == MLN_DATUM_BOOL)
        return condition->truth;
    if (condition->kind == MLN_DATUM_TEXT && !condition->unknown)
        return strcasecmp(condition->text, "false") != 0;
    struct mln_diag *diag = mln_report(
        w->e->ctx->diags, MLN_D_CONDITION_UNKNOWN, mln_document_span(w->e->document, json),
        "whether '%s' is deployed is not known; it is read as if it were", p->name);
    if (condition->unknown)
        mln_diag_note(diag, "{%s}: %s", condition->text, condition->why);
    return true;
}

static void add_resource(struct walk *w, const struct place *p)
{
    struct mln_eval *e = w->e;
    const cJSON *location = mln_loose_member(p->json, "location");
    struct mln_arm_template_resource resource = {
        .type = p->type,
        .name = mln_arm_name_last(p->name),
        .id = mln_arm_id(e, mln_group_id(p->t->target), p->type, p->name),
        .unknown_name = p->unknown_name,
        .many = p->many,
        .properties = mln_eval_json(&p->env, mln_loose_member(p->json, "properties")),
        .location = location ? mln_eval_json(&p->env, location) : NULL,
        .json = p->json,
    };
    if (mln_arm_name_parts(p->type) > 2 && *resource.id)
        resource.parent_id = mln_arm_parent_id(e, resource.id, p->name);
    mln_vec_push(e->ctx->arena, w->out, resource);
}

static void walk_template(struct walk *w, struct mln_arm_template *t);

/* What lies in it has a condition of its own. */
static void walk_children(struct walk *w, const struct place *p, visit *visitor)
{
    const cJSON *children = mln_loose_member(p->json, "resources");
    for (const cJSON *c = children ? children->child : NULL; c; c = c->next) {
        struct place child = {.t = p->t, .env = p->env, .json = c, .parent = p};
        if (cJSON_IsObject(c))
            each_instance(w->e, &child, NULL, visitor, w);
    }
}

/* Most machines refer to interfaces that are resources of their own. */
static bool is_without_nics(const struct place *p)
{
    const cJSON *profile =
        mln_loose_member(mln_loose_member(p->json, "properties"), "networkProfile");
    return strcmp(p->type, MLN_MACHINE_TYPE) == 0 &&
           !mln_loose_member(profile, "networkInterfaceConfigurations");
}

static void walk_place(void *data, struct place *p, const char *symbol)
{
    struct walk *w = data;
    (void)symbol;
    if (!mln_eval_spend(w->e, 1) || !name_place(w->e, p) || is_without_nics(p))
        return;
    bool deployed = holds(w, p);
    if (strcmp(p->type, DEPLOYMENT_TYPE) != 0) {
        if (deployed)
            add_resource(w, p);
        walk_children(w, p, walk_place);
        return;
    }
    struct mln_arm_template *inner =
        deployed ? open_deployment(w->e, get_deployment(w->e, p), p->t->level) : NULL;
    if (inner)
        walk_template(w, inner);
}

static void walk_template(struct walk *w, struct mln_arm_template *t)
{
    each_resource(w->e, t, walk_place, w);
}

void mln_arm_template_resources(struct mln_eval *e, const cJSON *json, const cJSON *wrapper,
                                struct mln_deployed_params *params,
                                struct mln_arm_template_resource_vec *out)
{
    struct mln_arm_template *t = new_template(e, json, 0), *outside = new_template(e, json, 0);
    struct mln_env env = {new_scope(e, outside, "outside: ", NULL), NULL};
    env.scope->variables = mln_map_new(e->ctx->arena);
    t->env.scope = new_scope(e, t, "", NULL);
    t->target = t->env.scope;
    mln_arm_template_parameters(t->env.scope, mln_loose_member(json, "parameters"), &env,
                                mln_loose_member(wrapper, "parameters"), params);
    struct walk w = {e, out};
    walk_template(&w, t);
}
