/* Recursive descent; brackets and arguments count against a depth, chains of members do not. */
#include "import/expr.h"

#include "base/buf.h"
#include "base/vec.h"

#include <string.h>

#define DEPTH_MAX 100

struct parser {
    struct mln_arena *arena;
    const char *at, *fault;
    int depth;
};

static const struct mln_expr *parse_expr(struct parser *p);

static const struct mln_expr *fail(struct parser *p, const char *fault)
{
    if (!p->fault)
        p->fault = fault;
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char next(struct parser *p)
{
    while (is_blank(*p->at))
        p->at++;
    return *p->at;
}

static bool take(struct parser *p, char c)
{
    if (next(p) != c)
        return false;
    p->at++;
    return true;
}

static struct mln_expr *node(struct parser *p, enum mln_expr_kind kind)
{
    struct mln_expr *expr = MLN_NEW(p->arena, struct mln_expr);
    expr->kind = kind;
    expr->text = "";
    return expr;
}

static const char *parse_name(struct parser *p)
{
    const char *start = p->at;
    while (is_letter(*p->at) || is_digit(*p->at) || (*p->at == '-' && p->at > start))
        p->at++;
    return mln_strndup(p->arena, start, (size_t)(p->at - start));
}

/* 'it''s' */
static const struct mln_expr *parse_text(struct parser *p)
{
    struct mln_buf out;
    struct mln_expr *expr = node(p, MLN_EXPR_TEXT);
    mln_buf_init(&out, p->arena);
    for (p->at++;; p->at++) {
        if (!*p->at)
            return fail(p, "a text in single quotes has no end");
        if (*p->at == '\'' && *++p->at != '\'')
            break;
        mln_buf_char(&out, *p->at);
    }
    expr->text = out.data ? out.data : "";
    return expr;
}

static const struct mln_expr *parse_number(struct parser *p)
{
    struct mln_expr *expr = node(p, MLN_EXPR_NUMBER);
    bool minus = *p->at == '-';
    p->at += minus;
    if (!is_digit(*p->at))
        return fail(p, "digits are missing behind '-'");
    for (; is_digit(*p->at); p->at++) {
        if (expr->number > (INT64_MAX - 9) / 10)
            return fail(p, "a number is too large");
        expr->number = expr->number * 10 + (*p->at - '0');
    }
    expr->number = minus ? -expr->number : expr->number;
    return expr;
}

static const struct mln_expr *parse_call(struct parser *p, const char *name)
{
    struct mln_expr *expr = node(p, MLN_EXPR_CALL);
    MLN_VEC(const struct mln_expr *) args = {0};
    expr->text = name;
    if (!take(p, ')')) {
        do {
            const struct mln_expr *arg = parse_expr(p);
            if (!arg)
                return NULL;
            mln_vec_push(p->arena, &args, arg);
        } while (take(p, ','));
        if (!take(p, ')'))
            return fail(p, "',' or ')' is expected in the arguments of a function");
    }
    expr->args = args.data;
    expr->count = args.len;
    return expr;
}

/* A name must be called; "namespace.name(" is a function of the user. */
static const struct mln_expr *parse_named(struct parser *p)
{
    const char *name = parse_name(p);
    if (next(p) == '.') {
        p->at++;
        if (!is_letter(next(p)))
            return fail(p, "a name is expected behind '.'");
        name = mln_printf(p->arena, "%s.%s", name, parse_name(p));
    }
    if (!take(p, '('))
        return fail(p, "a function needs its arguments in parentheses");
    return parse_call(p, name);
}

static const struct mln_expr *parse_primary(struct parser *p)
{
    char c = next(p);
    if (c == '\'')
        return parse_text(p);
    if (is_digit(c) || c == '-')
        return parse_number(p);
    if (is_letter(c))
        return parse_named(p);
    return fail(p, c ? "a function, a text or a number is expected" : "the expression is cut off");
}

static const struct mln_expr *parse_member(struct parser *p, const struct mln_expr *base)
{
    struct mln_expr *expr = node(p, MLN_EXPR_MEMBER);
    expr->base = base;
    expr->safe = take(p, '?');
    if (!is_letter(next(p)) && !is_digit(*p->at))
        return fail(p, "a name is expected behind '.'");
    expr->text = parse_name(p);
    return expr;
}

static const struct mln_expr *parse_index(struct parser *p, const struct mln_expr *base)
{
    struct mln_expr *expr = node(p, MLN_EXPR_INDEX);
    expr->base = base;
    expr->safe = take(p, '?');
    expr->index = parse_expr(p);
    if (!expr->index)
        return NULL;
    return take(p, ']') ? expr : fail(p, "']' is expected");
}

static const struct mln_expr *parse_expr(struct parser *p)
{
    if (++p->depth > DEPTH_MAX)
        return fail(p, "the expression is nested too deeply");
    const struct mln_expr *expr = parse_primary(p);
    for (bool more = true; expr && more;) {
        char c = next(p);
        more = c == '.' || c == '[';
        p->at += more;
        if (more)
            expr = c == '.' ? parse_member(p, expr) : parse_index(p, expr);
    }
    p->depth--;
    return expr;
}

bool mln_expr_is(const char *text)
{
    size_t length = strlen(text);
    return length >= 2 && text[0] == '[' && text[1] != '[' && text[length - 1] == ']';
}

const struct mln_expr *mln_expr_parse(struct mln_arena *arena, const char *text, const char **fault)
{
    struct parser p = {.arena = arena, .at = mln_strndup(arena, text + 1, strlen(text) - 2)};
    const struct mln_expr *expr = parse_expr(&p);
    if (expr && next(&p))
        expr = fail(&p, "something follows the end of the expression");
    *fault = p.fault;
    return expr;
}
