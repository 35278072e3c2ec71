/* Functions of templates that take a lambda [azure-docs template-functions-lambda.md]. The body is
 * evaluated once for each item, its variables bound like the index of a copy loop. */
#include "import/eval.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef const struct mln_datum *result;

#define PARAMETERS_MAX 3

/* "lambda('a', 'b', body)" */
struct lambda {
    const struct mln_expr *expr;
    size_t count; /* of its parameters */
};

static bool find_lambda(const struct mln_expr *expr, size_t least, size_t most,
                        struct lambda *lambda)
{
    *lambda = (struct lambda){.expr = expr, .count = expr->count - 1};
    if (expr->kind != MLN_EXPR_CALL || strcasecmp(expr->text, "lambda") != 0 || expr->count < 2 ||
        lambda->count < least || lambda->count > most)
        return false;
    for (size_t i = 0; i < lambda->count; i++)
        if (expr->args[i]->kind != MLN_EXPR_TEXT)
            return false;
    return true;
}

/* The body, with as many of the values as it has parameters. */
static result apply(struct mln_call *call, const struct lambda *lambda,
                    const struct mln_datum *const *values)
{
    struct mln_loop locals[PARAMETERS_MAX];
    struct mln_env env = *call->env;
    for (size_t i = 0; i < lambda->count; i++) {
        locals[i] = (struct mln_loop){
            .name = lambda->expr->args[i]->text, .local = values[i], .outer = env.loop};
        env.loop = &locals[i];
    }
    return mln_eval_expr(&env, lambda->expr->args[lambda->count]);
}

static result run_lambdavariables(struct mln_call *call)
{
    const struct mln_datum *name = mln_call_arg(call, 0, MLN_DATUM_TEXT);
    for (const struct mln_loop *at = call->env->loop; name && at; at = at->outer)
        if (at->local && strcasecmp(at->name, name->text) == 0)
            return at->local;
    return mln_call_wrong(call, "the name of a variable of a lambda around it");
}

/* The list and the lambda of a call; NULL after setting *answer. */
static const struct mln_datum *open_call(struct mln_call *call, size_t most, struct lambda *lambda,
                                         result *answer)
{
    const struct mln_expr *expr = call->expr;
    const struct mln_datum **args = MLN_NEW_ARRAY(call->e->ctx->arena, const struct mln_datum *, 1);
    args[0] = mln_eval_expr(call->env, expr->args[0]);
    call->args = args;
    call->count = 1;
    *answer = args[0]->unknown ? mln_call_because(call, args[0])
                               : mln_call_wrong(call, "a list and a lambda");
    if (args[0]->kind != MLN_DATUM_LIST ||
        !find_lambda(expr->args[expr->count - 1], 1, most, lambda))
        return NULL;
    return args[0];
}

static result run_map(struct mln_call *call)
{
    struct lambda lambda;
    result answer;
    struct mln_datum_vec items = {0};
    const struct mln_datum *list = open_call(call, 2, &lambda, &answer);
    for (size_t i = 0; list && i < list->count && call->e->steps; i++) {
        const struct mln_datum *values[] = {list->items[i], mln_datum_number(call->e, (int64_t)i)};
        mln_vec_push(call->e->ctx->arena, &items, apply(call, &lambda, values));
    }
    return list ? mln_datum_list(call->e, items.data, items.len) : answer;
}

static result run_filter(struct mln_call *call)
{
    struct lambda lambda;
    result answer;
    struct mln_datum_vec items = {0};
    const struct mln_datum *list = open_call(call, 2, &lambda, &answer);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct mln_datum *values[] = {list->items[i], mln_datum_number(call->e, (int64_t)i)};
        const struct mln_datum *keep = apply(call, &lambda, values);
        if (keep->unknown)
            return mln_call_because(call, keep);
        if (keep->kind != MLN_DATUM_BOOL)
            return mln_call_wrong(call, "a lambda that is true or false");
        if (keep->truth)
            mln_vec_push(call->e->ctx->arena, &items, list->items[i]);
    }
    return list ? mln_datum_list(call->e, items.data, items.len) : answer;
}

/* reduce(list, start, lambda('sum', 'item', body)) */
static result run_reduce(struct mln_call *call)
{
    struct lambda lambda;
    result answer;
    const struct mln_datum *list = open_call(call, 3, &lambda, &answer);
    if (!list)
        return answer;
    if (lambda.count < 2)
        return mln_call_wrong(call, "a lambda of two variables");
    const struct mln_datum *sum = mln_eval_expr(call->env, call->expr->args[1]);
    for (size_t i = 0; i < list->count && call->e->steps; i++) {
        const struct mln_datum *values[] = {sum, list->items[i],
                                            mln_datum_number(call->e, (int64_t)i)};
        sum = apply(call, &lambda, values);
    }
    return sum;
}

/* toObject(list, lambda of the key, [lambda of the value]) */
static result run_toobject(struct mln_call *call)
{
    struct lambda last, key;
    result answer;
    const struct mln_datum *list = open_call(call, 1, &last, &answer);
    if (!list)
        return answer;
    if (!find_lambda(call->expr->args[1], 1, 1, &key))
        return mln_call_wrong(call, "a list and lambdas");
    const char **keys = MLN_NEW_ARRAY(call->e->ctx->arena, const char *, list->count);
    const struct mln_datum **items =
        MLN_NEW_ARRAY(call->e->ctx->arena, const struct mln_datum *, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct mln_datum *name = apply(call, &key, &list->items[i]);
        if (name->unknown)
            return mln_call_because(call, name);
        if (name->kind != MLN_DATUM_TEXT)
            return mln_call_wrong(call, "a lambda that gives a text");
        keys[i] = name->text;
        items[i] = call->expr->count > 2 ? apply(call, &last, &list->items[i]) : list->items[i];
    }
    return mln_datum_object(call->e, keys, items, list->count);
}

const struct mln_function mln_functions_lambda[] = {
    {"filter", 2, 2, MLN_FUNCTION_LAZY, run_filter},
    {"lambdavariables", 1, 1, 0, run_lambdavariables},
    {"map", 2, 2, MLN_FUNCTION_LAZY, run_map},
    {"reduce", 3, 3, MLN_FUNCTION_LAZY, run_reduce},
    {"toobject", 2, 3, MLN_FUNCTION_LAZY, run_toobject},
};
const size_t mln_functions_lambda_count =
    sizeof mln_functions_lambda / sizeof *mln_functions_lambda;
