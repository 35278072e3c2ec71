/* Evaluation proper: JSON values, expressions, lazy values, property loops.
 *
 * Two bounds hold together. Depth: every evaluation of a JSON value or an expression inside another
 * one counts, whatever path leads there (a variable in a variable, an argument in an argument), so
 * the C stack is bounded. Steps: every value made and every byte copied is paid for, so neither a
 * loop in a loop nor a text doubled thirty times goes far. When either is used up values become
 * unknown, with that as the reason, and everything ends quickly. */
#include "import/eval.h"

#include <string.h>
#include <strings.h>

#define DEPTH_MAX 300

char *mln_eval_folded(struct mln_eval *e, const char *text)
{
    char *key = mln_strdup(e->ctx->arena, text);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return key;
}

const cJSON *mln_loose_member(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_IsObject(object) ? cJSON_GetObjectItem(object, key) : NULL;
    return cJSON_IsNull(value) ? NULL : value;
}

const char *mln_loose_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(mln_loose_member(object, key));
}

static const struct mln_datum *too_much(struct mln_eval *e)
{
    const char *why =
        e->steps ? "it is nested too deeply" : "the template is too large when it is evaluated";
    return mln_datum_unknown(e, mln_printf(e->ctx->arena, "limit%u", ++e->serial), why);
}

/* ---- loops ---- */

bool mln_eval_count(const struct mln_env *env, const cJSON *json, size_t *count, const char **why)
{
    const struct mln_datum *datum = mln_eval_json(env, json);
    struct mln_arena *arena = env->scope->eval->ctx->arena;
    *count = 0;
    if (datum->unknown)
        *why = mln_printf(arena, "the number of its copies, {%s}, is not known: %s", datum->text,
                          datum->why);
    else if (datum->kind != MLN_DATUM_NUMBER || datum->number < 0)
        *why = "the number of its copies must be a number";
    else if (datum->number > MLN_COPY_MAX)
        *why = mln_printf(arena, "%lld copies; Azure makes %d at most", (long long)datum->number,
                          MLN_COPY_MAX);
    else {
        *count = (size_t)datum->number;
        return true;
    }
    return false;
}

/* {"name": N, "count": C, "input": I} as the list of I. */
static const struct mln_datum *run_copy(const struct mln_env *env, const cJSON *copy)
{
    struct mln_eval *e = env->scope->eval;
    const char *why = NULL, *name = mln_loose_text(copy, "name");
    size_t count;
    if (!mln_eval_count(env, mln_loose_member(copy, "count"), &count, &why))
        return mln_datum_at(
            e, mln_datum_unknown(e, mln_printf(e->ctx->arena, "copy%u", ++e->serial), why), copy);
    const struct mln_datum **items = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, count);
    for (size_t i = 0; i < count; i++) {
        struct mln_loop loop = {.name = name ? name : "", .index = (int64_t)i, .outer = env->loop};
        items[i] =
            mln_eval_json(&(struct mln_env){env->scope, &loop}, mln_loose_member(copy, "input"));
    }
    return mln_datum_at(e, mln_datum_list(e, items, count), copy);
}

static bool is_copy(const cJSON *member)
{
    return member->string && strcasecmp(member->string, "copy") == 0 && cJSON_IsArray(member) &&
           mln_loose_text(member->child, "name");
}

/* ---- JSON ---- */

static size_t count_members(const cJSON *json)
{
    size_t count = 0;
    for (const cJSON *child = json->child; child; child = child->next) {
        count++;
        if (is_copy(child))
            for (const cJSON *copy = child->child; copy; copy = copy->next)
                count++;
    }
    return count;
}

static const struct mln_datum *eval_container(const struct mln_env *env, const cJSON *json)
{
    struct mln_eval *e = env->scope->eval;
    size_t room = count_members(json), at = 0;
    const struct mln_datum **items = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, room);
    const char **keys = MLN_NEW_ARRAY(e->ctx->arena, const char *, room);
    for (const cJSON *child = json->child; child; child = child->next) {
        if (!is_copy(child)) {
            items[at] = mln_eval_json(env, child);
            keys[at++] = child->string ? mln_strdup(e->ctx->arena, child->string) : "";
            continue;
        }
        for (const cJSON *copy = child->child; copy; copy = copy->next) {
            const char *name = mln_loose_text(copy, "name");
            items[at] = run_copy(env, copy);
            keys[at++] = mln_strdup(e->ctx->arena, name ? name : "");
        }
    }
    return cJSON_IsObject(json) ? mln_datum_object(e, keys, items, at)
                                : mln_datum_list(e, items, at);
}

static const struct mln_datum *eval_string(const struct mln_env *env, const cJSON *json)
{
    struct mln_eval *e = env->scope->eval;
    const char *text = json->valuestring, *fault = NULL;
    size_t length = strlen(text);
    if (!mln_expr_is(text)) {
        bool escaped = text[0] == '[' && text[1] == '[' && text[length - 1] == ']';
        return mln_datum_text(e, text + escaped, length - escaped);
    }
    mln_eval_spend(e, length / 4);
    const struct mln_expr *expr = mln_expr_parse(e->ctx->arena, text, &fault);
    if (expr)
        return mln_eval_expr(env, expr);
    return mln_datum_unknown(e, mln_printf(e->ctx->arena, "%.*s", (int)length - 2, text + 1),
                             mln_printf(e->ctx->arena, "it cannot be read: %s", fault));
}

const struct mln_datum *mln_eval_json(const struct mln_env *env, const cJSON *json)
{
    struct mln_eval *e = env->scope->eval;
    const struct mln_datum *datum;
    if (!json)
        return mln_datum_null(e);
    if (e->depth >= DEPTH_MAX || !mln_eval_spend(e, 1))
        return mln_datum_at(e, too_much(e), json);
    e->depth++;
    if (cJSON_IsObject(json) || cJSON_IsArray(json))
        datum = eval_container(env, json);
    else if (cJSON_IsString(json))
        datum = eval_string(env, json);
    else
        datum = mln_datum_json(e, json, true);
    e->depth--;
    return datum->origin ? datum : mln_datum_at(e, datum, json);
}

/* ---- lazy values ---- */

const struct mln_datum *mln_eval_lazy(struct mln_scope *scope, struct mln_lazy *lazy,
                                      const char *kind, const char *name)
{
    struct mln_eval *e = scope->eval;
    if (lazy->value)
        return lazy->value;
    if (lazy->busy)
        return mln_datum_unknown(e,
                                 mln_printf(e->ctx->arena, "%s%s('%s')", scope->label, kind, name),
                                 mln_printf(e->ctx->arena, "'%s' needs itself", name));
    lazy->busy = true;
    struct mln_env env = {scope, NULL};
    lazy->value = lazy->loop ? run_copy(&env, lazy->json) : mln_eval_json(&env, lazy->json);
    lazy->busy = false;
    return lazy->value;
}

static void add_variable(struct mln_scope *scope, const char *name, const cJSON *json, bool loop)
{
    struct mln_lazy *lazy = MLN_NEW(scope->eval->ctx->arena, struct mln_lazy);
    *lazy = (struct mln_lazy){.json = json, .loop = loop};
    mln_map_put(scope->variables, mln_eval_folded(scope->eval, name), lazy);
}

/* A loop among the variables is a variable whose value is the list. */
void mln_eval_variables(struct mln_scope *scope, const cJSON *variables)
{
    for (const cJSON *v = cJSON_IsObject(variables) ? variables->child : NULL; v; v = v->next) {
        if (!is_copy(v)) {
            add_variable(scope, v->string, v, false);
            continue;
        }
        for (const cJSON *copy = v->child; copy; copy = copy->next)
            if (mln_loose_text(copy, "name"))
                add_variable(scope, mln_loose_text(copy, "name"), copy, true);
    }
}

/* ---- expressions ---- */

const struct mln_datum *mln_eval_member(struct mln_eval *e, const struct mln_datum *base,
                                        const char *name, bool safe)
{
    struct mln_arena *arena = e->ctx->arena;
    const struct mln_datum *item = mln_datum_get(base, name);
    if (item)
        return item;
    if (base->unknown)
        return mln_datum_unknown(e, mln_printf(arena, "%s.%s", mln_datum_label(e, base), name),
                                 base->why);
    if (safe && (base->kind == MLN_DATUM_OBJECT || base->kind == MLN_DATUM_NULL))
        return mln_datum_null(e);
    return mln_datum_unknown(e, mln_printf(arena, "%s.%s", mln_datum_label(e, base), name),
                             mln_printf(arena, "there is no property '%s'", name));
}

static const struct mln_datum *eval_index(const struct mln_env *env, const struct mln_expr *expr,
                                          const struct mln_datum *base)
{
    struct mln_eval *e = env->scope->eval;
    const struct mln_datum *index = mln_eval_expr(env, expr->index);
    if (index->kind == MLN_DATUM_TEXT && !index->unknown)
        return mln_eval_member(e, base, index->text, expr->safe);
    if (base->kind == MLN_DATUM_LIST && index->kind == MLN_DATUM_NUMBER) {
        if (index->number >= 0 && (uint64_t)index->number < base->count)
            return base->items[index->number];
        if (expr->safe)
            return mln_datum_null(e);
    }
    const char *text =
        mln_printf(e->ctx->arena, "%s[%s]", mln_datum_label(e, base), mln_datum_label(e, index));
    return mln_datum_unknown(e, text,
                             base->unknown    ? base->why
                             : index->unknown ? index->why
                                              : "the index is not in the list");
}

static const struct mln_datum *eval_expr(const struct mln_env *env, const struct mln_expr *expr)
{
    struct mln_eval *e = env->scope->eval;
    switch (expr->kind) {
    case MLN_EXPR_TEXT:
        return mln_datum_text(e, expr->text, strlen(expr->text));
    case MLN_EXPR_NUMBER:
        return mln_datum_number(e, expr->number);
    case MLN_EXPR_CALL:
        return mln_eval_call(env, expr);
    case MLN_EXPR_MEMBER:
        return mln_eval_member(e, mln_eval_expr(env, expr->base), expr->text, expr->safe);
    case MLN_EXPR_INDEX:
        return eval_index(env, expr, mln_eval_expr(env, expr->base));
    }
    return too_much(e);
}

const struct mln_datum *mln_eval_expr(const struct mln_env *env, const struct mln_expr *expr)
{
    struct mln_eval *e = env->scope->eval;
    if (e->depth >= DEPTH_MAX || !mln_eval_spend(e, 1))
        return too_much(e);
    e->depth++;
    const struct mln_datum *datum = eval_expr(env, expr);
    e->depth--;
    return datum;
}
