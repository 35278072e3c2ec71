/* Values: parameters are replaced where they are used, each in the scope that gave it its value, so
 * that a zone's name handed to a template means what it means where `apply` stands. */
#include "policy/build.h"

#include <string.h>

enum { MAX_TEXT = 65536 };

static void unknown_param(struct mln_build *b, struct mln_scope *scope, struct mln_span span,
                          const char *name)
{
    MLN_VEC(const char *) names = {0};
    for (struct mln_scope *s = scope; s; s = s->outer)
        for (size_t i = 0; i < s->params->len; i++)
            mln_vec_push(b->arena, &names, s->params->entries[i].key);
    struct mln_diag *diag =
        mln_report(b->ctx->diags, MLN_D_UNKNOWN_PARAM, span, "unknown parameter '$%s'", name);
    const char *close = mln_closest(name, names.data, names.len);
    if (close)
        mln_diag_inline(diag, "did you mean '$%s'?", close);
}

/* The parameter of a name that may be ALIAS.NAME. */
static struct mln_bound *find_param(struct mln_build *b, struct mln_scope *scope, const char *name)
{
    struct mln_bound *bound = mln_scope_param(scope, name);
    const char *dot = strchr(name, '.');
    if (bound || !dot)
        return bound;
    const char *rest;
    const char *first = mln_strndup(b->arena, name, (size_t)(dot - name));
    struct mln_symbol *alias = mln_scope_find(b, scope, MLN_NAMES_SIDE, first, &rest);
    return alias && alias->kind == MLN_SYM_ALIAS ? find_param(b, alias->inner, dot + 1) : NULL;
}

static struct mln_value *poison(struct mln_build *b, struct mln_span span)
{
    struct mln_value *value = MLN_NEW(b->arena, struct mln_value);
    b->poisoned = true;
    value->kind = MLN_VALUE_POISON;
    value->span = span;
    return value;
}

static struct mln_arg bound_value(struct mln_build *b, struct mln_bound *bound,
                                  struct mln_span span)
{
    if (bound->state == MLN_BROKEN || !bound->value)
        return (struct mln_arg){poison(b, span), bound->scope};
    if (bound->state == MLN_IN_WORK) {
        mln_report(b->ctx->diags, MLN_D_RECURSIVE, bound->span,
                   "parameter '%s' is defined through itself", bound->name);
        bound->state = MLN_BROKEN;
        return (struct mln_arg){poison(b, span), bound->scope};
    }
    bound->state = MLN_IN_WORK;
    struct mln_arg result = mln_eval(b, bound->scope, bound->value);
    if (bound->state == MLN_BROKEN)
        return (struct mln_arg){poison(b, span), bound->scope};
    bound->state = MLN_DONE;
    return result;
}

void mln_resolve_param(struct mln_build *b, struct mln_bound *bound)
{
    if (bound->value)
        bound_value(b, bound, bound->span);
}

struct mln_arg mln_eval(struct mln_build *b, struct mln_scope *scope, struct mln_value *value)
{
    struct mln_arg as_is = {value, scope};
    bool whole = value->kind == MLN_VALUE_PARAM;
    b->poisoned |= value->kind == MLN_VALUE_POISON;
    if (!whole && !(value->kind == MLN_VALUE_NAME && value->text[0] == '$'))
        return as_is;
    const char *name = whole ? value->text : value->text + 1;
    struct mln_bound *bound = find_param(b, scope, name);
    if (bound)
        return bound_value(b, bound, value->span);
    if (!whole)
        return as_is; /* "$net.endpoints": parts, replaced by mln_eval_name */
    unknown_param(b, scope, value->span, name);
    return (struct mln_arg){poison(b, value->span), scope};
}

/* One "$part" of a dotted name. */
static const char *part_text(struct mln_build *b, struct mln_scope *scope, const char *part,
                             struct mln_span span, struct mln_scope **where)
{
    struct mln_bound *bound = find_param(b, scope, part);
    if (!bound) {
        unknown_param(b, scope, span, part);
        return NULL;
    }
    struct mln_arg arg = bound_value(b, bound, span);
    if (arg.value->kind == MLN_VALUE_POISON)
        return NULL;
    if (arg.value->kind == MLN_VALUE_NAME) {
        *where = arg.scope;
        return mln_eval_name(b, arg, where);
    }
    if (arg.value->kind == MLN_VALUE_STRING || arg.value->kind == MLN_VALUE_NUMBER)
        return mln_eval_text(b, arg.scope, arg.value, "a part of a name");
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, span,
                                       "'$%s' is %s, which cannot be part of a name", part,
                                       mln_value_text(b, arg.value));
    mln_diag_label(diag, bound->span, "'%s' gets its value here", part);
    return NULL;
}

const char *mln_eval_name(struct mln_build *b, struct mln_arg arg, struct mln_scope **where)
{
    *where = arg.scope;
    if (!strchr(arg.value->text, '$'))
        return arg.value->text;
    struct mln_buf out;
    mln_buf_init(&out, b->arena);
    const char *text = arg.value->text;
    for (bool first = true; text; first = false) {
        const char *dot = strchr(text, '.');
        size_t length = dot ? (size_t)(dot - text) : strlen(text);
        const char *part = mln_strndup(b->arena, text, length);
        struct mln_scope *from = arg.scope;
        if (part[0] == '$')
            part = part_text(b, arg.scope, part + 1, arg.value->span, &from);
        if (!part)
            return NULL;
        if (first)
            *where = from;
        else
            mln_buf_char(&out, '.');
        mln_buf_add(&out, part);
        text = dot ? dot + 1 : NULL;
    }
    return mln_intern_n(b->ctx->names, out.data, out.len);
}

static const char *string_text(struct mln_build *b, struct mln_scope *scope,
                               const struct mln_value *value);

/* A parameter's text inside a string. It may be a string with parameters in it, or a name with
 * some: each is put together once, so that nesting costs nothing, and one that names itself is
 * found while it is being made. */
static const char *inserted_text(struct mln_build *b, struct mln_bound *bound, struct mln_span span)
{
    if (bound->inserted)
        return bound->inserted;
    struct mln_arg arg = bound_value(b, bound, span);
    struct mln_scope *where;
    if (arg.value->kind == MLN_VALUE_POISON)
        return NULL;
    bound->state = MLN_IN_WORK;
    const char *text = arg.value->kind == MLN_VALUE_STRING ? string_text(b, arg.scope, arg.value)
                       : arg.value->kind == MLN_VALUE_NAME ? mln_eval_name(b, arg, &where)
                                                           : mln_value_text(b, arg.value);
    if (bound->state == MLN_BROKEN)
        return NULL;
    bound->state = MLN_DONE;
    bound->inserted = text;
    return text;
}

/* A string with "${name}" replaced; the byte 0x01 stands for a written "\$". */
static const char *string_text(struct mln_build *b, struct mln_scope *scope,
                               const struct mln_value *value)
{
    struct mln_buf out;
    mln_buf_init(&out, b->arena);
    mln_buf_add(&out, "");
    for (const char *p = value->text; *p; p++) {
        const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            mln_buf_char(&out, *p == '\x01' ? '$' : *p);
            continue;
        }
        const char *name = mln_strndup(b->arena, p + 2, (size_t)(end - p - 2));
        struct mln_bound *bound = find_param(b, scope, name);
        if (!bound) {
            unknown_param(b, scope, value->span, name);
            return NULL;
        }
        const char *text = inserted_text(b, bound, value->span);
        if (!text)
            return NULL;
        mln_buf_add(&out, text);
        p = end;
    }
    if (out.len > MAX_TEXT) { /* parameters that hold others twice each double with every step */
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, value->span,
                   "with its parameters this text has more than %d characters", MAX_TEXT);
        return NULL;
    }
    return mln_intern_n(b->ctx->names, out.data, out.len);
}

const char *mln_value_text(struct mln_build *b, const struct mln_value *value)
{
    char text[MLN_IP_TEXT];
    switch (value->kind) {
    case MLN_VALUE_NAME:
    case MLN_VALUE_STRING:
        return value->text;
    case MLN_VALUE_PARAM:
        return mln_printf(b->arena, "$%s", value->text);
    case MLN_VALUE_NUMBER:
        return mln_printf(b->arena, "%u", value->lo);
    case MLN_VALUE_RANGE:
        return mln_printf(b->arena, "%u-%u", value->lo, value->hi);
    case MLN_VALUE_PREFIX:
        return mln_strdup(b->arena, mln_prefix_text(&value->prefix, text));
    case MLN_VALUE_DATE:
        return mln_printf(b->arena, "%04d-%02d-%02d", value->date.year, value->date.month,
                          value->date.day);
    case MLN_VALUE_ANY:
        return "any";
    case MLN_VALUE_LIST:
        return "a list";
    case MLN_VALUE_SIDE:
        return "a side";
    case MLN_VALUE_POISON:
        break;
    }
    return "nothing";
}

static void wrong_value(struct mln_build *b, const struct mln_value *written,
                        const struct mln_value *found, const char *what)
{
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, written->span,
                                       "expected %s, found '%s'", what, mln_value_text(b, found));
    if (written != found && found->span.file)
        mln_diag_label(diag, found->span, "the value comes from here");
    else if (written->kind == MLN_VALUE_PARAM && strcmp(written->text, "cloud") != 0)
        mln_diag_note(diag, "the value comes from --param or --params");
}

const char *mln_eval_text(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                          const char *what)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    struct mln_scope *where;
    switch (arg.value->kind) {
    case MLN_VALUE_POISON:
        return NULL;
    case MLN_VALUE_NAME:
        return mln_eval_name(b, arg, &where);
    case MLN_VALUE_STRING:
        return string_text(b, arg.scope, arg.value);
    case MLN_VALUE_NUMBER:
    case MLN_VALUE_RANGE:
    case MLN_VALUE_DATE:
    case MLN_VALUE_PREFIX:
        return mln_intern(b->ctx->names, mln_value_text(b, arg.value));
    default:
        wrong_value(b, value, arg.value, what);
        return NULL;
    }
}

MLN_VEC_TYPE(prefix_vec, struct mln_prefix);

static bool add_prefix_values(struct mln_build *b, struct mln_scope *scope,
                              struct mln_value *values, struct prefix_vec *out);

static bool add_prefix_value(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                             struct prefix_vec *out)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    switch (arg.value->kind) {
    case MLN_VALUE_PREFIX:
        mln_vec_push(b->arena, out, arg.value->prefix);
        return true;
    case MLN_VALUE_LIST:
        return add_prefix_values(b, arg.scope, arg.value->items, out);
    case MLN_VALUE_POISON:
        return false;
    default:
        wrong_value(b, value, arg.value, "an address or a prefix");
        return false;
    }
}

static bool add_prefix_values(struct mln_build *b, struct mln_scope *scope,
                              struct mln_value *values, struct prefix_vec *out)
{
    bool good = true;
    for (struct mln_value *value = values; value; value = value->next)
        good &= add_prefix_value(b, scope, value, out);
    return good;
}

bool mln_eval_prefixes(struct mln_build *b, struct mln_scope *scope, struct mln_value *values,
                       struct mln_prefix_list *out)
{
    struct prefix_vec list = {0};
    bool good = add_prefix_values(b, scope, values, &list);
    *out = (struct mln_prefix_list){list.data, list.len, {0}};
    for (struct mln_value *value = values; value; value = value->next) {
        if (value == values)
            out->span = value->span;
        out->span.hi = value->span.hi;
    }
    return good;
}

bool mln_eval_port(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                   struct mln_port_range *out)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    const struct mln_value *found = arg.value;
    if (found->kind == MLN_VALUE_POISON)
        return false;
    bool number = found->kind == MLN_VALUE_NUMBER, range = found->kind == MLN_VALUE_RANGE;
    uint32_t hi = range ? found->hi : found->lo;
    if ((!number && !range) || hi > 65535) {
        wrong_value(b, value, found, "a port or a range of ports (0 to 65535)");
        return false;
    }
    *out = (struct mln_port_range){(uint16_t)found->lo, (uint16_t)hi};
    return true;
}

bool mln_eval_date(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                   struct mln_date *out)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    if (arg.value->kind == MLN_VALUE_DATE) {
        *out = arg.value->date;
        return true;
    }
    if (arg.value->kind != MLN_VALUE_POISON)
        wrong_value(b, value, arg.value, "a date (YYYY-MM-DD)");
    return false;
}

bool mln_eval_yes_no(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                     bool *out)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    if (arg.value->kind == MLN_VALUE_POISON)
        return false;
    const char *text = arg.value->text;
    bool word = arg.value->kind == MLN_VALUE_NAME || arg.value->kind == MLN_VALUE_STRING;
    if (word && (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)) {
        *out = text[0] == 'y';
        return true;
    }
    wrong_value(b, value, arg.value, "yes or no");
    return false;
}

/* Without "= VALUE": everything but `no`, `none` and the empty string or list holds. */
static bool holds(struct mln_build *b, const struct mln_value *value)
{
    if (value->kind == MLN_VALUE_LIST)
        return value->items != NULL;
    const char *text = mln_value_text(b, value);
    return strcmp(text, "no") != 0 && strcmp(text, "none") != 0 && text[0] != '\0';
}

static bool values_equal(struct mln_build *b, struct mln_arg x, struct mln_arg y)
{
    bool lists = x.value->kind == MLN_VALUE_LIST;
    if (lists != (y.value->kind == MLN_VALUE_LIST))
        return false;
    if (!lists) {
        const char *xt = mln_eval_text(b, x.scope, x.value, "a value");
        const char *yt = mln_eval_text(b, y.scope, y.value, "a value");
        return xt && yt && strcmp(xt, yt) == 0;
    }
    struct mln_value *p = x.value->items, *q = y.value->items;
    for (; p && q; p = p->next, q = q->next)
        if (!values_equal(b, mln_eval(b, x.scope, p), mln_eval(b, y.scope, q)))
            return false;
    return !p && !q;
}

bool mln_eval_when(struct mln_build *b, struct mln_scope *scope, const struct mln_node *node,
                   bool *out)
{
    struct mln_bound *bound = find_param(b, scope, node->name.text);
    if (!bound) {
        unknown_param(b, scope, node->name.span, node->name.text);
        return false;
    }
    struct mln_arg arg = bound_value(b, bound, node->name.span);
    if (arg.value->kind == MLN_VALUE_POISON)
        return false;
    if (!node->values) {
        *out = holds(b, arg.value);
        return true;
    }
    struct mln_arg wanted = mln_eval(b, scope, node->values);
    if (wanted.value->kind == MLN_VALUE_POISON)
        return false;
    /* `any` compares by its word like everything else. */
    *out = arg.value->kind == MLN_VALUE_ANY || wanted.value->kind == MLN_VALUE_ANY
               ? arg.value->kind == wanted.value->kind
               : values_equal(b, arg, wanted);
    return true;
}

const char *mln_eval_region(struct mln_build *b, struct mln_scope *scope, struct mln_value *value)
{
    const char *text = mln_eval_text(b, scope, value, "a region");
    if (!text)
        return NULL;
    const char *region = mln_region_canonical(b->options->tags, text);
    if (!region)
        mln_report(b->ctx->diags, MLN_D_UNKNOWN_REGION, value->span,
                   "'%s' is not a region of the %s cloud", text,
                   mln_cloud_names[mln_tags_cloud(b->options->tags)]);
    return region;
}
