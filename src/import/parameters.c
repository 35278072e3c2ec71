/* The values of a template's parameters: from the command line, a parameter file, the deployment
 * around it, or their defaults, in that order. */
#include "import/arm_template.h"
#include "import/json_node.h"
#include "import/relaxed.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- text to value ---- */

enum type { TYPE_TEXT, TYPE_INT, TYPE_BOOL, TYPE_LIST, TYPE_OBJECT, TYPE_ANY };

static enum type type_of(const cJSON *definition)
{
    static const struct {
        const char *name;
        enum type type;
    } types[] = {
        {"string", TYPE_TEXT},         {"securestring", TYPE_TEXT}, {"int", TYPE_INT},
        {"bool", TYPE_BOOL},           {"array", TYPE_LIST},        {"object", TYPE_OBJECT},
        {"secureobject", TYPE_OBJECT},
    };
    const char *name = mln_loose_text(definition, "type");
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(name, types[i].name) == 0)
            return types[i].type;
    return TYPE_ANY;
}

static const struct mln_datum *read_json(struct mln_eval *e, const char *text)
{
    cJSON *json;
    mln_scan_tree(e->ctx->arena, text, strlen(text), &json);
    return json ? mln_datum_json(e, json, false) : NULL;
}

static const struct mln_datum *read_bool(struct mln_eval *e, const char *text)
{
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0)
        return mln_datum_bool(e, true);
    if (strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0)
        return mln_datum_bool(e, false);
    return NULL;
}

/* An item of "(a, "b", 3)": a number where it is one. */
static const struct mln_datum *read_item(struct mln_eval *e, const char *from, const char *to)
{
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    const char *text = mln_strndup(e->ctx->arena, from, (size_t)(to - from));
    const struct mln_datum *json = read_json(e, text);
    return json && (json->kind == MLN_DATUM_NUMBER || json->kind == MLN_DATUM_TEXT)
               ? json
               : mln_datum_text(e, text, strlen(text));
}

/* The list of policies' parameters. */
static const struct mln_datum *read_list(struct mln_eval *e, const char *text)
{
    struct mln_datum_vec items = {0};
    size_t length = strlen(text);
    if (length < 2 || text[0] != '(' || text[length - 1] != ')')
        return NULL;
    const char *end = text + length - 1;
    for (const char *at = text + 1; at < end;) {
        at += strspn(at, " \t");
        const char *stop = at;
        for (bool quoted = false; stop < end && (quoted || *stop != ','); stop++) {
            quoted ^= *stop == '"';
            stop += *stop == '\\' && stop + 1 < end;
        }
        mln_vec_push(e->ctx->arena, &items, read_item(e, at, stop));
        at = stop + 1;
    }
    return mln_datum_list(e, items.data, items.len);
}

static bool has_kind(const struct mln_datum *datum, enum type type)
{
    static const enum mln_datum_kind kinds[] = {[TYPE_TEXT] = MLN_DATUM_TEXT,
                                                [TYPE_INT] = MLN_DATUM_NUMBER,
                                                [TYPE_BOOL] = MLN_DATUM_BOOL,
                                                [TYPE_LIST] = MLN_DATUM_LIST,
                                                [TYPE_OBJECT] = MLN_DATUM_OBJECT};
    return type == TYPE_ANY || (datum && datum->kind == kinds[type]);
}

static const struct mln_datum *read_text(struct mln_eval *e, const char *text, enum type type)
{
    const struct mln_datum *datum = NULL;
    if (type == TYPE_TEXT)
        return mln_datum_text(e, text, strlen(text));
    if (type == TYPE_BOOL)
        return read_bool(e, text);
    datum = read_json(e, text);
    if (!datum && (type == TYPE_LIST || type == TYPE_ANY))
        datum = read_list(e, text);
    if (!datum && type == TYPE_ANY)
        datum = mln_datum_text(e, text, strlen(text));
    return datum && has_kind(datum, type) ? datum : NULL;
}

/* ---- values from outside ---- */

/* All parameters of the file: folded name -> struct mln_datum. The file may be flat. */
static struct mln_map *read_file(struct mln_eval *e, const struct mln_deployed_params *params)
{
    struct mln_map *map = mln_map_new(e->ctx->arena);
    if (!params || !params->file_name)
        return map;
    struct mln_document *document =
        mln_relaxed_read(e->ctx, params->file_name, params->file_text, params->file_length);
    if (!document)
        return map;
    const cJSON *list = mln_loose_member(document->root, "parameters");
    bool flat = !cJSON_IsObject(list);
    list = flat ? document->root : list;
    if (!cJSON_IsObject(list))
        mln_document_complain(document, list, "a parameter file must be an object, not %s",
                              mln_json_type_name(list));
    for (const cJSON *p = cJSON_IsObject(list) ? list->child : NULL; p; p = p->next) {
        const cJSON *value = flat ? p : cJSON_GetObjectItem(p, "value");
        const char *label = mln_printf(e->ctx->arena, "parameters('%s')", p->string);
        const struct mln_datum *datum =
            value ? mln_datum_json(e, value, false)
                  : mln_datum_unknown(e, label, "the parameter file gives no 'value' for it");
        mln_map_put(map, mln_eval_folded(e, p->string), (void *)(uintptr_t)datum);
    }
    return map;
}

static void complain_type(struct mln_eval *e, const cJSON *definition, const char *name)
{
    const char *type = mln_loose_text(definition, "type");
    mln_report(e->ctx->diags, MLN_D_PARAMETER_VALUE, mln_document_span(e->document, definition),
               "the value given for parameter '%s' is not of its type, %s", name,
               type ? type : "any");
}

static const struct mln_datum *from_options(struct mln_eval *e, const cJSON *definition,
                                            struct mln_deployed_params *params)
{
    const struct mln_datum *datum = NULL;
    for (size_t i = 0; params && i < params->count; i++) {
        struct mln_deployed_param *param = &params->list[i];
        if (strcasecmp(param->name, definition->string) != 0)
            continue;
        param->used = true;
        datum = read_text(e, param->text, type_of(definition));
        if (!datum)
            complain_type(e, definition, definition->string);
    }
    return datum;
}

/* ---- the parameters of a scope ---- */

static const struct mln_datum *missing(struct mln_scope *scope, const char *name)
{
    struct mln_arena *arena = scope->eval->ctx->arena;
    return mln_datum_unknown(scope->eval,
                             mln_printf(arena, "%sparameters('%s')", scope->label, name),
                             mln_printf(arena, "parameter '%s' has no value and no default", name));
}

/* NULL: its default holds. */
static const struct mln_datum *given_value(struct mln_scope *scope, const cJSON *definition,
                                           const struct mln_env *env, const cJSON *given,
                                           const struct mln_map *file,
                                           struct mln_deployed_params *params)
{
    struct mln_eval *e = scope->eval;
    const struct mln_datum *datum = from_options(e, definition, params);
    if (datum)
        return datum;
    datum = mln_map_get(file, mln_eval_folded(e, definition->string));
    if (datum) {
        if (!datum->unknown && !has_kind(datum, type_of(definition)))
            complain_type(e, definition, definition->string);
        return datum;
    }
    const cJSON *passed = mln_loose_member(given, definition->string);
    const cJSON *value = passed ? cJSON_GetObjectItem(passed, "value") : NULL;
    if (value)
        return mln_eval_json(env, value);
    return passed ? missing(scope, definition->string) : NULL;
}

void mln_arm_template_parameters(struct mln_scope *scope, const cJSON *definitions,
                                 const struct mln_env *env, const cJSON *given,
                                 struct mln_deployed_params *params)
{
    struct mln_eval *e = scope->eval;
    struct mln_map *file = read_file(e, params);
    const cJSON *d = cJSON_IsObject(definitions) ? definitions->child : NULL;
    for (; d; d = d->next) {
        struct mln_lazy *lazy = MLN_NEW(e->ctx->arena, struct mln_lazy);
        if (params)
            mln_vec_push(e->ctx->arena, &params->declared, mln_intern(e->ctx->names, d->string));
        lazy->json = cJSON_IsObject(d) ? cJSON_GetObjectItem(d, "defaultValue") : NULL;
        lazy->value = given_value(scope, d, env, given, file, params);
        if (!lazy->value && !lazy->json)
            lazy->value = cJSON_IsTrue(mln_loose_member(d, "nullable")) ? mln_datum_null(e)
                                                                        : missing(scope, d->string);
        mln_map_put(scope->parameters, mln_eval_folded(e, d->string), lazy);
    }
}
