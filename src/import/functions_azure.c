/* Functions of templates: what the template declares, loops, ids, and what only a deployment knows.
 */
#include "import/eval.h"

#include <string.h>
#include <strings.h>

typedef const struct mln_datum *result;

static struct mln_arena *arena_of(struct mln_call *call)
{
    return call->e->ctx->arena;
}

/* ---- the template's own ---- */

static result named(struct mln_call *call, struct mln_map *map, const char *kind)
{
    const struct mln_datum *name = mln_call_arg(call, 0, MLN_DATUM_TEXT);
    if (!name)
        return mln_call_wrong(call, "the name in a text");
    struct mln_lazy *lazy = mln_map_get(map, mln_eval_folded(call->e, name->text));
    return lazy ? mln_eval_lazy(call->env->scope, lazy, kind, name->text)
                : mln_call_unknown(call, "the template does not declare '%s'", name->text);
}

static result run_parameters(struct mln_call *call)
{
    return named(call, call->env->scope->parameters, "parameters");
}

static result run_variables(struct mln_call *call)
{
    return named(call, call->env->scope->variables, "variables");
}

/* Without a name the loop of the resource, else the innermost one. */
static const struct mln_loop *find_loop(const struct mln_env *env, const char *name)
{
    const struct mln_loop *innermost = NULL;
    for (const struct mln_loop *loop = env->loop; loop; loop = loop->outer) {
        if (loop->local)
            continue;
        if (name ? strcasecmp(loop->name, name) == 0 : loop->resource)
            return loop;
        innermost = innermost ? innermost : loop;
    }
    return name ? NULL : innermost;
}

static result run_copyindex(struct mln_call *call)
{
    const struct mln_datum *name = mln_call_arg(call, 0, MLN_DATUM_TEXT);
    const struct mln_datum *offset = mln_call_arg(call, name ? 1 : 0, MLN_DATUM_NUMBER);
    const struct mln_loop *loop = find_loop(call->env, name ? name->text : NULL);
    int64_t index = loop ? loop->index : 0;
    if (!loop)
        return mln_call_unknown(call, "there is no such copy loop here");
    if (offset && __builtin_add_overflow(index, offset->number, &index))
        return mln_call_wrong(call, "a smaller offset");
    return mln_datum_number(call->e, index);
}

/* ---- ids ---- */

#define PLACE_WHY "only a deployment knows where it goes"

static const char *group_name(const struct mln_scope *scope)
{
    const struct mln_datum *group = scope->group;
    return group ? mln_datum_as_text(scope->eval, group) : "{resourceGroup().name}";
}

static const char *subscription_id(const struct mln_scope *scope)
{
    const struct mln_datum *subscription = scope->subscription;
    return subscription ? mln_datum_as_text(scope->eval, subscription)
                        : "{subscription().subscriptionId}";
}

const char *mln_group_id(const struct mln_scope *scope)
{
    return mln_printf(scope->eval->ctx->arena, "/subscriptions/%s/resourceGroups/%s",
                      subscription_id(scope), group_name(scope));
}

/* The type among the arguments: the first known text with a '/'. */
static size_t find_type(struct mln_call *call, size_t from, size_t most)
{
    for (size_t i = from; i <= most && i < call->count; i++) {
        const struct mln_datum *arg = mln_call_arg(call, i, MLN_DATUM_TEXT);
        if (arg && strchr(arg->text, '/'))
            return i;
    }
    return SIZE_MAX;
}

/* Does the deployment itself say where it goes? Then what is unknown about the place has one name.
 */
static bool is_here(const struct mln_scope *scope)
{
    return !scope->group && !scope->subscription;
}

/* "/providers/NAMESPACE/TYPE/NAME/TYPE/NAME" behind `scope`. */
static result put_id(struct mln_call *call, const char *scope, size_t type_at)
{
    struct mln_buf out;
    const char *type = call->args[type_at]->text, *slash = strchr(type, '/');
    mln_buf_init(&out, arena_of(call));
    mln_buf_printf(&out, "%s/providers/%.*s", scope, (int)(slash - type), type);
    size_t at = type_at + 1;
    for (; slash; at++) {
        const char *end = strchr(slash + 1, '/');
        const char *name = at < call->count ? mln_datum_as_text(call->e, call->args[at]) : NULL;
        size_t length = end ? (size_t)(end - slash - 1) : strlen(slash + 1);
        if (!name)
            return mln_call_wrong(call, "a name for each part of the type");
        mln_buf_printf(&out, "/%.*s/%s", (int)length, slash + 1, name);
        slash = end;
    }
    if (at != call->count)
        return mln_call_wrong(call, "a name for each part of the type");
    return strchr(out.data, '{')
               ? mln_datum_symbolic(call->e, out.data,
                                    is_here(call->env->scope) ? mln_call_text(call) : NULL,
                                    PLACE_WHY)
               : mln_datum_text(call->e, out.data, out.len);
}

static const char *arg_text(struct mln_call *call, size_t at)
{
    const char *text = mln_datum_as_text(call->e, call->args[at]);
    return text ? text : "{}";
}

/* resourceId([subscription], [group], type, names...) */
static result run_resourceid(struct mln_call *call)
{
    size_t type = find_type(call, 0, 2);
    if (type == SIZE_MAX)
        return mln_call_wrong(call, "a type and names");
    const char *subscription = type == 2 ? arg_text(call, 0) : subscription_id(call->env->scope);
    const char *group = type >= 1 ? arg_text(call, type - 1) : group_name(call->env->scope);
    return put_id(
        call,
        mln_printf(arena_of(call), "/subscriptions/%s/resourceGroups/%s", subscription, group),
        type);
}

static result run_subscriptionresourceid(struct mln_call *call)
{
    size_t type = find_type(call, 0, 1);
    if (type == SIZE_MAX)
        return mln_call_wrong(call, "a type and names");
    const char *subscription = type == 1 ? arg_text(call, 0) : subscription_id(call->env->scope);
    return put_id(call, mln_printf(arena_of(call), "/subscriptions/%s", subscription), type);
}

static result run_tenantresourceid(struct mln_call *call)
{
    return find_type(call, 0, 0) == 0 ? put_id(call, "", 0)
                                      : mln_call_wrong(call, "a type and names");
}

static result run_extensionresourceid(struct mln_call *call)
{
    return find_type(call, 1, 1) == 1 ? put_id(call, arg_text(call, 0), 1)
                                      : mln_call_wrong(call, "an id, a type and names");
}

/* ---- what only a deployment knows ---- */

struct known {
    const char *key;
    const struct mln_datum *value;
};

/* `function`().KEY for what is not among the known. */
static result place(struct mln_call *call, const struct known *known, size_t count,
                    const char *const *unknown)
{
    const struct mln_scope *scope = call->env->scope;
    const char *where = is_here(scope) ? ""
                                       : mln_printf(arena_of(call), "'%s', '%s'",
                                                    subscription_id(scope), group_name(scope));
    size_t more = 0;
    while (unknown[more])
        more++;
    const char **keys = MLN_NEW_ARRAY(arena_of(call), const char *, count + more);
    const struct mln_datum **items =
        MLN_NEW_ARRAY(arena_of(call), const struct mln_datum *, count + more);
    for (size_t i = 0; i < count; i++) {
        keys[i] = known[i].key;
        items[i] = known[i].value;
    }
    for (size_t i = 0; i < more; i++) {
        keys[count + i] = unknown[i];
        items[count + i] = mln_datum_unknown(
            call->e, mln_printf(arena_of(call), "%s(%s).%s", call->expr->text, where, unknown[i]),
            PLACE_WHY);
    }
    return mln_datum_object(call->e, keys, items, count + more);
}

static const struct mln_datum *given_or_unknown(struct mln_call *call,
                                                const struct mln_datum *given, const char *text)
{
    return given ? given : mln_datum_unknown(call->e, text, PLACE_WHY);
}

static result run_resourcegroup(struct mln_call *call)
{
    static const char *const rest[] = {"location", "tags", "type", "properties", "managedBy", NULL};
    const struct mln_scope *scope = call->env->scope;
    const struct known known[] = {
        {"id", mln_datum_symbolic(call->e, mln_group_id(scope),
                                  is_here(scope) ? "resourceGroup().id" : NULL, PLACE_WHY)},
        {"name", given_or_unknown(call, scope->group, "resourceGroup().name")},
    };
    return place(call, known, 2, rest);
}

static result run_subscription(struct mln_call *call)
{
    static const char *const rest[] = {"tenantId", "displayName", NULL};
    const struct mln_scope *scope = call->env->scope;
    const struct known known[] = {
        {"id", mln_datum_symbolic(call->e,
                                  mln_printf(arena_of(call), "/subscriptions/%s",
                                             subscription_id(call->env->scope)),
                                  scope->subscription ? NULL : "subscription().id", PLACE_WHY)},
        {"subscriptionId",
         given_or_unknown(call, scope->subscription, "subscription().subscriptionId")},
    };
    return place(call, known, 2, rest);
}

/* Each call gives another value. */
static result run_fresh(struct mln_call *call)
{
    return mln_datum_unknown(
        call->e, mln_printf(arena_of(call), "%s#%u", call->expr->text, ++call->e->serial),
        "it is another value in each deployment");
}

static result run_reference(struct mln_call *call)
{
    const char *name = mln_datum_as_text(call->e, call->args[0]);
    const struct mln_datum *found = name ? mln_arm_template_reference(call->env, name) : NULL;
    return found ? found
                 : mln_call_unknown(call, "only a deployment knows the state of a resource");
}

static result run_resourceinfo(struct mln_call *call)
{
    const struct mln_datum *name = mln_call_arg(call, 0, MLN_DATUM_TEXT);
    const struct mln_datum *found = name ? mln_arm_template_info(call->env, name->text) : NULL;
    return found ? found : mln_call_unknown(call, "the template has no such resource");
}

const struct mln_function mln_functions_azure[] = {
    {"copyindex", 0, 2, 0, run_copyindex},
    {"extensionresourceid", 3, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_extensionresourceid},
    {"newguid", 0, 0, 0, run_fresh},
    {"parameters", 1, 1, 0, run_parameters},
    {"reference", 1, 3, MLN_FUNCTION_LOOSE, run_reference},
    {"resourcegroup", 0, 0, 0, run_resourcegroup},
    {"resourceid", 2, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_resourceid},
    {"resourceinfo", 1, 1, 0, run_resourceinfo},
    {"subscription", 0, 0, 0, run_subscription},
    {"subscriptionresourceid", 2, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_subscriptionresourceid},
    {"tenantresourceid", 2, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_tenantresourceid},
    {"utcnow", 0, 1, 0, run_fresh},
    {"variables", 1, 1, 0, run_variables},
};
const size_t mln_functions_azure_count = sizeof mln_functions_azure / sizeof *mln_functions_azure;
