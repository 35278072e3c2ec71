/* Functions of templates: logic, comparison, numbers. */
#include "import/eval.h"

#include <strings.h>

typedef const struct mln_datum *result;

/* ---- truth ---- */

static enum mln_truth truth_of(const struct mln_datum *datum)
{
    if (datum->kind != MLN_DATUM_BOOL)
        return MLN_MAYBE;
    return datum->truth ? MLN_YES : MLN_NO;
}

static result from_truth(struct mln_call *call, enum mln_truth truth)
{
    for (size_t i = 0; truth == MLN_MAYBE && i < call->count; i++) {
        const struct mln_datum *unknown = mln_datum_find_unknown(call->e, call->args[i]);
        if (unknown)
            return mln_call_because(call, unknown);
    }
    return truth == MLN_MAYBE ? mln_call_wrong(call, "true or false")
                              : mln_datum_bool(call->e, truth == MLN_YES);
}

/* One of them decides, whatever the others are. */
static result junction(struct mln_call *call, enum mln_truth deciding)
{
    enum mln_truth all = deciding == MLN_NO ? MLN_YES : MLN_NO;
    for (size_t i = 0; i < call->count; i++) {
        enum mln_truth one = truth_of(call->args[i]);
        if (one == deciding)
            return from_truth(call, deciding);
        all = one == MLN_MAYBE ? MLN_MAYBE : all;
    }
    return from_truth(call, all);
}

static result run_and(struct mln_call *call)
{
    return junction(call, MLN_NO);
}

static result run_or(struct mln_call *call)
{
    return junction(call, MLN_YES);
}

static result run_not(struct mln_call *call)
{
    const struct mln_datum *arg = mln_call_arg(call, 0, MLN_DATUM_BOOL);
    return arg ? mln_datum_bool(call->e, !arg->truth) : mln_call_wrong(call, "true or false");
}

static result run_true(struct mln_call *call)
{
    return mln_datum_bool(call->e, true);
}

static result run_false(struct mln_call *call)
{
    return mln_datum_bool(call->e, false);
}

static result run_null(struct mln_call *call)
{
    return mln_datum_null(call->e);
}

static result run_bool(struct mln_call *call)
{
    const struct mln_datum *arg = call->args[0];
    if (arg->kind == MLN_DATUM_BOOL)
        return arg;
    if (arg->kind == MLN_DATUM_NUMBER)
        return mln_datum_bool(call->e, arg->number != 0);
    if (arg->kind == MLN_DATUM_TEXT &&
        (strcasecmp(arg->text, "true") == 0 || strcasecmp(arg->text, "1") == 0))
        return mln_datum_bool(call->e, true);
    if (arg->kind == MLN_DATUM_TEXT &&
        (strcasecmp(arg->text, "false") == 0 || strcasecmp(arg->text, "0") == 0))
        return mln_datum_bool(call->e, false);
    return mln_call_wrong(call, "a text or a number");
}

/* The other branch is not looked at: it may be wrong. */
static result run_if(struct mln_call *call)
{
    const struct mln_expr *expr = call->expr;
    const struct mln_datum *args[3] = {mln_eval_expr(call->env, expr->args[0])};
    enum mln_truth truth = truth_of(args[0]);
    if (truth != MLN_MAYBE)
        return mln_eval_expr(call->env, expr->args[truth == MLN_YES ? 1 : 2]);
    args[1] = mln_eval_expr(call->env, expr->args[1]);
    args[2] = mln_eval_expr(call->env, expr->args[2]);
    if (mln_datum_equal(call->e, args[1], args[2]) == MLN_YES)
        return args[1];
    call->args = args;
    call->count = 3;
    return args[0]->unknown ? mln_call_because(call, args[0])
                            : mln_call_wrong(call, "a condition that is true or false");
}

static result run_coalesce(struct mln_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        if (call->args[i]->unknown)
            return mln_call_because(call, call->args[i]);
        if (call->args[i]->kind != MLN_DATUM_NULL)
            return call->args[i];
    }
    return mln_datum_null(call->e);
}

static result run_equals(struct mln_call *call)
{
    return from_truth(call, mln_datum_equal(call->e, call->args[0], call->args[1]));
}

/* ---- order ---- */

/* -1, 0, 1; false when the two cannot be compared. */
static bool order_of(struct mln_call *call, int *order)
{
    const struct mln_datum *a = call->args[0], *b = call->args[1];
    if (a->kind == MLN_DATUM_NUMBER && b->kind == MLN_DATUM_NUMBER)
        *order = a->number < b->number ? -1 : a->number > b->number;
    else if (a->kind == MLN_DATUM_TEXT && b->kind == MLN_DATUM_TEXT)
        *order = strcasecmp(a->text, b->text);
    else
        return false;
    return true;
}

#define COMPARISON(name, test) \
    static result name(struct mln_call *call) \
    { \
        int order; \
        return order_of(call, &order) ? mln_datum_bool(call->e, order test 0) \
                                      : mln_call_wrong(call, "two numbers or two texts"); \
    }
COMPARISON(run_less, <)
COMPARISON(run_less_or_equals, <=)
COMPARISON(run_greater, >)
COMPARISON(run_greater_or_equals, >=)

/* ---- numbers ---- */

static result run_int(struct mln_call *call)
{
    const struct mln_datum *arg = call->args[0];
    if (arg->kind == MLN_DATUM_NUMBER)
        return arg;
    int64_t value = 0;
    const char *at = arg->kind == MLN_DATUM_TEXT ? arg->text : "";
    bool minus = *at == '-';
    at += minus;
    const char *start = at;
    for (; *at >= '0' && *at <= '9' && value < INT32_MAX; at++)
        value = value * 10 + (*at - '0');
    return at == start || *at ? mln_call_wrong(call, "a number or its text")
                              : mln_datum_number(call->e, minus ? -value : value);
}

static bool divisible(const struct mln_datum *a, const struct mln_datum *b)
{
    return b->number != 0 && !(b->number == -1 && a->number == INT64_MIN);
}

#define ARITHMETIC(name, work) \
    static result name(struct mln_call *call) \
    { \
        const struct mln_datum *a = mln_call_arg(call, 0, MLN_DATUM_NUMBER); \
        const struct mln_datum *b = mln_call_arg(call, 1, MLN_DATUM_NUMBER); \
        int64_t value; \
        return a && b && (work) ? mln_datum_number(call->e, value) \
                                : mln_call_wrong(call, "two numbers that have a result"); \
    }
ARITHMETIC(run_add, !__builtin_add_overflow(a->number, b->number, &value))
ARITHMETIC(run_sub, !__builtin_sub_overflow(a->number, b->number, &value))
ARITHMETIC(run_mul, !__builtin_mul_overflow(a->number, b->number, &value))
ARITHMETIC(run_div, divisible(a, b) && (value = a->number / b->number, true))
ARITHMETIC(run_mod, divisible(a, b) && (value = a->number % b->number, true))

/* Of numbers given one by one or in a list. */
static result extreme(struct mln_call *call, int sign)
{
    const struct mln_datum *list = mln_call_arg(call, 0, MLN_DATUM_LIST), *best = NULL;
    const struct mln_datum *const *items = list ? list->items : call->args;
    size_t count = list ? list->count : call->count;
    for (size_t i = 0; i < count; i++) {
        if (items[i]->unknown)
            return mln_call_because(call, items[i]);
        if (items[i]->kind != MLN_DATUM_NUMBER)
            return mln_call_wrong(call, "numbers");
        if (!best || (sign < 0 ? items[i]->number < best->number : items[i]->number > best->number))
            best = items[i];
    }
    return best ? best : mln_call_wrong(call, "numbers");
}

static result run_min(struct mln_call *call)
{
    return extreme(call, -1);
}

static result run_max(struct mln_call *call)
{
    return extreme(call, 1);
}

const struct mln_function mln_functions_logic[] = {
    {"add", 2, 2, 0, run_add},
    {"and", 1, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_and},
    {"bool", 1, 1, 0, run_bool},
    {"coalesce", 1, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_coalesce},
    {"div", 2, 2, 0, run_div},
    {"equals", 2, 2, MLN_FUNCTION_LOOSE, run_equals},
    {"false", 0, 0, 0, run_false},
    {"greater", 2, 2, 0, run_greater},
    {"greaterorequals", 2, 2, 0, run_greater_or_equals},
    {"if", 3, 3, MLN_FUNCTION_LAZY, run_if},
    {"int", 1, 1, 0, run_int},
    {"less", 2, 2, 0, run_less},
    {"lessorequals", 2, 2, 0, run_less_or_equals},
    {"max", 1, MLN_ARGS_MAX, 0, run_max},
    {"min", 1, MLN_ARGS_MAX, 0, run_min},
    {"mod", 2, 2, 0, run_mod},
    {"mul", 2, 2, 0, run_mul},
    {"not", 1, 1, 0, run_not},
    {"null", 0, 0, 0, run_null},
    {"or", 1, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_or},
    {"sub", 2, 2, 0, run_sub},
    {"true", 0, 0, 0, run_true},
};
const size_t mln_functions_logic_count = sizeof mln_functions_logic / sizeof *mln_functions_logic;
