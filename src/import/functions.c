/* Calling a function: finding it, evaluating its arguments, and what all of them need. */
#include "import/eval.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const struct mln_function *table;
    const size_t *count;
} tables[] = {
    {mln_functions_logic, &mln_functions_logic_count},
    {mln_functions_text, &mln_functions_text_count},
    {mln_functions_list, &mln_functions_list_count},
    {mln_functions_azure, &mln_functions_azure_count},
    {mln_functions_cidr, &mln_functions_cidr_count},
    {mln_functions_lambda, &mln_functions_lambda_count},
};

static int compare(const void *key, const void *entry)
{
    return strcmp(key, ((const struct mln_function *)entry)->name);
}

static const struct mln_function *find(const char *name)
{
    const struct mln_function *found = NULL;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !found; i++)
        found = bsearch(name, tables[i].table, *tables[i].count, sizeof *found, compare);
    return found;
}

/* ---- unknown results ---- */

const char *mln_call_text(struct mln_call *call)
{
    struct mln_buf out;
    mln_buf_init(&out, call->e->ctx->arena);
    mln_buf_printf(&out, "%s(", call->expr->text);
    for (size_t i = 0; i < call->count; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : "", mln_datum_label(call->e, call->args[i]));
    mln_buf_char(&out, ')');
    mln_eval_spend(call->e, out.len / 8);
    return out.data;
}

const struct mln_datum *mln_call_unknown(struct mln_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *why = mln_vprintf(call->e->ctx->arena, format, args);
    va_end(args);
    return mln_datum_unknown(call->e, mln_call_text(call), why);
}

const struct mln_datum *mln_call_because(struct mln_call *call, const struct mln_datum *arg)
{
    return mln_datum_unknown(call->e, mln_call_text(call), arg->why);
}

const struct mln_datum *mln_call_wrong(struct mln_call *call, const char *wanted)
{
    return mln_call_unknown(call, "%s() takes %s", call->expr->text, wanted);
}

const struct mln_datum *mln_call_arg(struct mln_call *call, size_t at, enum mln_datum_kind kind)
{
    return at < call->count && call->args[at]->kind == kind && !call->args[at]->unknown
               ? call->args[at]
               : NULL;
}

/* ---- functions of users ---- */

static const cJSON *find_member(const cJSON *functions, const char *namespace, size_t length,
                                const char *name, struct mln_eval *e)
{
    const char *wanted = mln_strndup(e->ctx->arena, namespace, length);
    for (const cJSON *f = cJSON_IsArray(functions) ? functions->child : NULL; f; f = f->next) {
        const char *own = mln_loose_text(f, "namespace");
        if (own && strcmp(mln_eval_folded(e, own), mln_eval_folded(e, wanted)) == 0)
            return mln_loose_member(mln_loose_member(f, "members"), name);
    }
    return NULL;
}

/* Its body sees its parameters and nothing else. */
static const struct mln_datum *call_user(struct mln_call *call, const cJSON *function)
{
    struct mln_eval *e = call->e;
    struct mln_scope scope = *call->env->scope;
    const cJSON *param = mln_loose_member(function, "parameters");
    scope.parameters = mln_map_new(e->ctx->arena);
    scope.variables = mln_map_new(e->ctx->arena);
    param = cJSON_IsArray(param) ? param->child : NULL;
    for (size_t i = 0; param && i < call->count; param = param->next, i++) {
        struct mln_lazy *lazy = MLN_NEW(e->ctx->arena, struct mln_lazy);
        const char *name = mln_loose_text(param, "name");
        lazy->value = call->args[i];
        mln_map_put(scope.parameters, mln_eval_folded(e, name ? name : ""), lazy);
    }
    const cJSON *output = mln_loose_member(mln_loose_member(function, "output"), "value");
    const struct mln_datum *result = mln_eval_json(&(struct mln_env){&scope, NULL}, output);
    return mln_datum_at(e, result, NULL);
}

/* ---- calling ---- */

static const struct mln_datum *first_unknown(struct mln_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        if (call->args[i]->unknown)
            return call->args[i];
    return NULL;
}

static const struct mln_datum *run(struct mln_call *call, const struct mln_function *function)
{
    const struct mln_datum *unknown = first_unknown(call);
    if (call->count < function->min || call->count > function->max)
        return mln_call_wrong(call, "another number of arguments");
    return unknown && !(function->flags & MLN_FUNCTION_LOOSE) ? mln_call_because(call, unknown)
                                                              : function->run(call);
}

const struct mln_datum *mln_eval_call(const struct mln_env *env, const struct mln_expr *expr)
{
    struct mln_eval *e = env->scope->eval;
    struct mln_call call = {.e = e, .env = env, .expr = expr, .count = expr->count};
    const struct mln_function *function = find(mln_eval_folded(e, expr->text));
    const char *dot = strchr(expr->text, '.');
    if (function && function->flags & MLN_FUNCTION_LAZY) {
        call.count = 0;
        return expr->count < function->min || expr->count > function->max
                   ? mln_call_wrong(&call, "another number of arguments")
                   : function->run(&call);
    }
    call.args = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, expr->count);
    for (size_t i = 0; i < expr->count; i++)
        call.args[i] = mln_eval_expr(env, expr->args[i]);
    if (function)
        return run(&call, function);
    const cJSON *own =
        dot ? find_member(env->scope->functions, expr->text, (size_t)(dot - expr->text), dot + 1, e)
            : NULL;
    return own ? call_user(&call, own)
               : mln_call_unknown(&call, "%s() is evaluated only by Azure", expr->text);
}
