/* Building values of templates, and writing them as ARM JSON. Depth is bounded: trees are built by
 * back ends, to the depth of Azure's resource types, never to that of a user's nesting; the JSON
 * writer asserts it. */
#include "emit/tree.h"

#include "emit/template.h"

#include <assert.h>
#include <string.h>

/* ---- building ---- */

static struct mln_tree *new_tree(struct mln_arena *a, enum mln_tree_kind kind, const char *text)
{
    struct mln_tree *tree = MLN_NEW(a, struct mln_tree);
    tree->kind = kind;
    tree->text = text;
    return tree;
}

struct mln_tree *mln_tree_null(struct mln_arena *a)
{
    return new_tree(a, MLN_TREE_NULL, NULL);
}

struct mln_tree *mln_tree_bool(struct mln_arena *a, bool value)
{
    struct mln_tree *tree = new_tree(a, MLN_TREE_BOOL, NULL);
    tree->boolean = value;
    return tree;
}

struct mln_tree *mln_tree_integer(struct mln_arena *a, long long value)
{
    struct mln_tree *tree = new_tree(a, MLN_TREE_INTEGER, NULL);
    tree->integer = value;
    return tree;
}

struct mln_tree *mln_tree_string(struct mln_arena *a, const char *text)
{
    assert(text);
    return new_tree(a, MLN_TREE_STRING, text);
}

struct mln_tree *mln_tree_array(struct mln_arena *a)
{
    return new_tree(a, MLN_TREE_ARRAY, NULL);
}

struct mln_tree *mln_tree_object(struct mln_arena *a)
{
    return new_tree(a, MLN_TREE_OBJECT, NULL);
}

void mln_tree_expect(struct mln_arena *a, struct mln_tree *object, size_t count)
{
    assert(object->kind == MLN_TREE_OBJECT && object->members.len == 0);
    object->members.data = MLN_NEW_ARRAY(a, struct mln_tree_member, count);
    object->members.cap = count;
}

void mln_tree_push(struct mln_arena *a, struct mln_tree *array, struct mln_tree *value)
{
    assert(array->kind == MLN_TREE_ARRAY && value);
    mln_vec_push(a, &array->items, value);
}

void mln_tree_set(struct mln_arena *a, struct mln_tree *object, const char *key,
                  struct mln_tree *value)
{
    assert(object->kind == MLN_TREE_OBJECT && value);
    struct mln_tree_member member = {.key = key, .value = value};
    mln_vec_push(a, &object->members, member);
}

void mln_tree_text(struct mln_arena *a, struct mln_tree *object, const char *key, const char *text)
{
    if (text)
        mln_tree_set(a, object, key, mln_tree_string(a, text));
}

struct mln_tree *mln_tree_set_object(struct mln_arena *a, struct mln_tree *object, const char *key)
{
    struct mln_tree *value = mln_tree_object(a);
    mln_tree_set(a, object, key, value);
    return value;
}

struct mln_tree *mln_tree_set_array(struct mln_arena *a, struct mln_tree *object, const char *key)
{
    struct mln_tree *value = mln_tree_array(a);
    mln_tree_set(a, object, key, value);
    return value;
}

struct mln_tree *mln_tree_get(const struct mln_tree *object, const char *key)
{
    if (object->kind == MLN_TREE_OBJECT)
        for (size_t i = 0; i < object->members.len; i++)
            if (strcmp(object->members.data[i].key, key) == 0)
                return object->members.data[i].value;
    return NULL;
}

struct mln_tree *mln_tree_param(struct mln_arena *a, const char *name)
{
    return new_tree(a, MLN_TREE_PARAM, name);
}

struct mln_tree *mln_tree_variable(struct mln_arena *a, const char *name)
{
    return new_tree(a, MLN_TREE_VARIABLE, name);
}

struct mln_tree *mln_tree_call(struct mln_arena *a, const char *function, size_t count, ...)
{
    struct mln_tree *tree = new_tree(a, MLN_TREE_CALL, function);
    va_list arguments;
    va_start(arguments, count);
    for (size_t i = 0; i < count; i++)
        mln_vec_push(a, &tree->items, va_arg(arguments, struct mln_tree *));
    va_end(arguments);
    return tree;
}

struct mln_tree *mln_tree_property(struct mln_arena *a, const struct mln_tree *base,
                                   const char *name)
{
    assert(mln_tree_is_expression(base));
    struct mln_tree *tree = new_tree(a, MLN_TREE_PROPERTY, name);
    tree->base = base;
    return tree;
}

struct mln_tree *mln_tree_id(struct mln_arena *a, const struct mln_template_resource *resource)
{
    struct mln_tree *tree = new_tree(a, MLN_TREE_ID, NULL);
    tree->resource = resource;
    return tree;
}

struct mln_tree *mln_tree_child_id(struct mln_arena *a,
                                   const struct mln_template_resource *resource, const char *type,
                                   const char *name)
{
    struct mln_tree *tree = mln_tree_id(a, resource);
    tree->text = type;
    mln_vec_push(a, &tree->items, mln_tree_string(a, name));
    return tree;
}

bool mln_tree_is_expression(const struct mln_tree *tree)
{
    return tree->kind >= MLN_TREE_PARAM;
}

/* ---- expressions ---- */

static void quoted(const char *text, struct mln_buf *out)
{
    mln_buf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            mln_buf_char(out, '\'');
        mln_buf_char(out, *text);
    }
    mln_buf_char(out, '\'');
}

static void argument(const struct mln_tree *tree, struct mln_buf *out)
{
    mln_buf_add(out, ", ");
    mln_tree_write_expression(tree, out);
}

static void call(const struct mln_tree *tree, struct mln_buf *out)
{
    mln_buf_printf(out, "%s(", tree->text);
    for (size_t i = 0; i < tree->items.len; i++) {
        if (i > 0)
            mln_buf_add(out, ", ");
        mln_tree_write_expression(tree->items.data[i], out);
    }
    mln_buf_char(out, ')');
}

static void resource_id(const struct mln_tree *tree, struct mln_buf *out)
{
    const struct mln_template_resource *resource = tree->resource;
    mln_buf_add(out, "resourceId(");
    for (size_t i = 0; i < tree->elsewhere.len; i++) {
        mln_tree_write_expression(tree->elsewhere.data[i], out);
        mln_buf_add(out, ", ");
    }
    mln_buf_printf(out, "'%s%s%s'", resource->type, tree->text ? "/" : "",
                   tree->text ? tree->text : "");
    for (size_t i = 0; i < resource->name.len; i++)
        argument(resource->name.data[i], out);
    for (size_t i = 0; i < tree->items.len; i++)
        argument(tree->items.data[i], out);
    mln_buf_char(out, ')');
}

void mln_tree_write_expression(const struct mln_tree *tree, struct mln_buf *out)
{
    switch (tree->kind) {
    case MLN_TREE_NULL:
        mln_buf_add(out, "null()");
        return;
    case MLN_TREE_BOOL:
        mln_buf_add(out, tree->boolean ? "true()" : "false()");
        return;
    case MLN_TREE_INTEGER:
        mln_buf_printf(out, "%lld", tree->integer);
        return;
    case MLN_TREE_STRING:
        quoted(tree->text, out);
        return;
    case MLN_TREE_PARAM:
        mln_buf_printf(out, "parameters('%s')", tree->text);
        return;
    case MLN_TREE_VARIABLE:
        mln_buf_printf(out, "variables('%s')", tree->text);
        return;
    case MLN_TREE_CALL:
        call(tree, out);
        return;
    case MLN_TREE_PROPERTY:
        mln_tree_write_expression(tree->base, out);
        mln_buf_printf(out, ".%s", tree->text);
        return;
    case MLN_TREE_ID:
        resource_id(tree, out);
        return;
    case MLN_TREE_ARRAY:
    case MLN_TREE_OBJECT:
        break;
    }
    assert(false && "arrays and objects are no part of an expression");
}

/* ---- JSON ---- */

static void write_expression(const struct mln_tree *tree, struct mln_json *json)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_buf text;
    mln_buf_init(&text, scratch);
    mln_buf_char(&text, '[');
    mln_tree_write_expression(tree, &text);
    mln_buf_char(&text, ']');
    mln_json_string(json, text.data);
    mln_arena_free(scratch);
}

static bool looks_like_expression(const char *text)
{
    return text[0] == '[' && text[1] != '\0' && text[strlen(text) - 1] == ']';
}

static void write_string(const char *text, struct mln_json *json, bool plain)
{
    if (plain || !looks_like_expression(text)) {
        mln_json_string(json, text);
        return;
    }
    struct mln_arena *scratch = mln_arena_new();
    mln_json_string(json, mln_printf(scratch, "[%s", text));
    mln_arena_free(scratch);
}

static void write_array(const struct mln_tree *tree, struct mln_json *json, bool plain)
{
    mln_json_array(json);
    for (size_t i = 0; i < tree->items.len; i++)
        mln_tree_write_json(tree->items.data[i], json, plain);
    mln_json_end_array(json);
}

static void write_object(const struct mln_tree *tree, struct mln_json *json, bool plain)
{
    mln_json_object(json);
    for (size_t i = 0; i < tree->members.len; i++) {
        const struct mln_tree *value = tree->members.data[i].value;
        const char *key = tree->members.data[i].key;
        if (value->kind == MLN_TREE_STRING && (plain || !looks_like_expression(value->text))) {
            mln_json_pair(json, key, value->text);
            continue;
        }
        mln_json_key(json, key);
        mln_tree_write_json(value, json, plain);
    }
    mln_json_end_object(json);
}

void mln_tree_write_json(const struct mln_tree *tree, struct mln_json *json, bool plain)
{
    switch (tree->kind) {
    case MLN_TREE_NULL:
        mln_json_null(json);
        return;
    case MLN_TREE_BOOL:
        mln_json_bool(json, tree->boolean);
        return;
    case MLN_TREE_INTEGER:
        mln_json_number(json, tree->integer);
        return;
    case MLN_TREE_STRING:
        write_string(tree->text, json, plain);
        return;
    case MLN_TREE_ARRAY:
        write_array(tree, json, plain);
        return;
    case MLN_TREE_OBJECT:
        write_object(tree, json, plain);
        return;
    case MLN_TREE_PARAM:
    case MLN_TREE_VARIABLE:
    case MLN_TREE_CALL:
    case MLN_TREE_PROPERTY:
    case MLN_TREE_ID:
        assert(!plain);
        write_expression(tree, json);
        return;
    }
}
