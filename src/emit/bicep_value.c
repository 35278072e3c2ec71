/* Values in Bicep. The functions of ARM's template language are Bicep's, too; format() with a
 * literal form becomes an interpolated string, and the id of a resource its symbol's. */
#include "emit/bicep.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

enum { WIDTH = 80 };

/* ---- strings ---- */

static void quote_character(uint32_t character, struct mln_buf *out)
{
    switch (character) {
    case '\'':
        mln_buf_add(out, "\\'");
        break;
    case '\\':
        mln_buf_add(out, "\\\\");
        break;
    case '\n':
        mln_buf_add(out, "\\n");
        break;
    case '\r':
        mln_buf_add(out, "\\r");
        break;
    case '\t':
        mln_buf_add(out, "\\t");
        break;
    default:
        mln_buf_printf(out, "\\u{%x}", character);
        break;
    }
}

/* Without the quotes; `length` bytes. */
static void quote_part(const char *text, size_t length, struct mln_buf *out)
{
    for (size_t i = 0, used; i < length; i += used) {
        uint32_t character;
        used = mln_utf8_decode(text + i, length - i, &character);
        if (character == MLN_UTF8_BAD)
            mln_buf_add(out, "\xef\xbf\xbd");
        else if (character == '$' && i + 1 < length && text[i + 1] == '{')
            mln_buf_add(out, "\\$");
        else if (character == '\'' || character == '\\' || mln_utf8_is_control(character))
            quote_character(character, out);
        else
            mln_buf_add_n(out, text + i, used);
    }
}

void mln_bicep_quote(const char *text, struct mln_buf *out)
{
    mln_buf_char(out, '\'');
    quote_part(text, strlen(text), out);
    mln_buf_char(out, '\'');
}

/* ---- expressions ---- */

/* Inside an interpolated string: a literal as its text, anything else as "${...}". */
static void interpolate(const struct mln_tree *tree, struct mln_buf *out)
{
    if (tree->kind == MLN_TREE_STRING) {
        quote_part(tree->text, strlen(tree->text), out);
        return;
    }
    mln_buf_add(out, "${");
    mln_bicep_value(tree, 0, out);
    mln_buf_char(out, '}');
}

/* format('a{0}b{1}', x, y) has single digits only, and no other braces. */
static void write_format(const struct mln_tree *call, struct mln_buf *out)
{
    const char *form = call->items.data[0]->text;
    mln_buf_char(out, '\'');
    for (const char *hole; (hole = strchr(form, '{')); form = hole + 3) {
        size_t index = (size_t)(hole[1] - '0') + 1;
        assert(hole[2] == '}' && index < call->items.len);
        quote_part(form, (size_t)(hole - form), out);
        interpolate(call->items.data[index], out);
    }
    quote_part(form, strlen(form), out);
    mln_buf_char(out, '\'');
}

static void write_call(const struct mln_tree *call, struct mln_buf *out)
{
    bool format = strcmp(call->text, "format") == 0;
    if (format && call->items.len && call->items.data[0]->kind == MLN_TREE_STRING) {
        write_format(call, out);
        return;
    }
    mln_buf_printf(out, "%s(", call->text);
    for (size_t i = 0; i < call->items.len; i++) {
        mln_buf_add(out, i ? ", " : "");
        mln_bicep_value(call->items.data[i], 0, out);
    }
    mln_buf_char(out, ')');
}

/* "vnetMl.id", or of a child that is written inline "'${vnetMl.id}/subnets/jump'". */
static void write_id(const struct mln_tree *tree, struct mln_buf *out)
{
    if (!tree->text) {
        mln_buf_printf(out, "%s.id", tree->resource->symbol);
        return;
    }
    mln_buf_printf(out, "'${%s.id}", tree->resource->symbol);
    const char *type = tree->text;
    for (size_t i = 0; i < tree->items.len; i++) {
        size_t length = strcspn(type, "/");
        mln_buf_char(out, '/');
        quote_part(type, length, out);
        mln_buf_char(out, '/');
        interpolate(tree->items.data[i], out);
        type += length + (type[length] == '/');
    }
    mln_buf_char(out, '\'');
}

/* ---- arrays and objects ---- */

static void new_line(unsigned depth, struct mln_buf *out)
{
    mln_buf_char(out, '\n');
    for (unsigned i = 0; i < depth; i++)
        mln_buf_add(out, "  ");
}

/* Scalars that fit on a line stand on one. */
static bool one_line(const struct mln_tree *array, unsigned depth)
{
    size_t width = 2 * depth;
    for (size_t i = 0; i < array->items.len; i++) {
        const struct mln_tree *item = array->items.data[i];
        if (item->kind == MLN_TREE_ARRAY || item->kind == MLN_TREE_OBJECT)
            return false;
        width += item->kind == MLN_TREE_STRING ? strlen(item->text) + 4 : WIDTH / 2;
    }
    return width + 24 <= WIDTH; /* a key and brackets */
}

static void write_array(const struct mln_tree *array, unsigned depth, struct mln_buf *out)
{
    bool flat = one_line(array, depth);
    mln_buf_char(out, '[');
    for (size_t i = 0; i < array->items.len; i++) {
        if (flat)
            mln_buf_add(out, i ? ", " : "");
        else
            new_line(depth + 1, out);
        mln_bicep_value(array->items.data[i], depth + 1, out);
    }
    if (!flat)
        new_line(depth, out);
    mln_buf_char(out, ']');
}

static bool is_identifier(const char *key)
{
    bool digit = *key >= '0' && *key <= '9';
    for (const char *c = key; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              *c == '_'))
            return false;
    return *key && !digit;
}

static void write_object(const struct mln_tree *object, unsigned depth, struct mln_buf *out)
{
    mln_buf_char(out, '{');
    for (size_t i = 0; i < object->members.len; i++) {
        const struct mln_tree_member *member = &object->members.data[i];
        new_line(depth + 1, out);
        if (is_identifier(member->key))
            mln_buf_add(out, member->key);
        else
            mln_bicep_quote(member->key, out);
        mln_buf_add(out, ": ");
        mln_bicep_value(member->value, depth + 1, out);
    }
    if (object->members.len)
        new_line(depth, out);
    mln_buf_char(out, '}');
}

void mln_bicep_value(const struct mln_tree *tree, unsigned depth, struct mln_buf *out)
{
    switch (tree->kind) {
    case MLN_TREE_NULL:
        mln_buf_add(out, "null");
        return;
    case MLN_TREE_BOOL:
        mln_buf_add(out, tree->boolean ? "true" : "false");
        return;
    case MLN_TREE_INTEGER:
        mln_buf_printf(out, "%lld", tree->integer);
        return;
    case MLN_TREE_STRING:
        mln_bicep_quote(tree->text, out);
        return;
    case MLN_TREE_ARRAY:
        write_array(tree, depth, out);
        return;
    case MLN_TREE_OBJECT:
        write_object(tree, depth, out);
        return;
    case MLN_TREE_PARAM:
    case MLN_TREE_VARIABLE:
        mln_buf_add(out, tree->text);
        return;
    case MLN_TREE_CALL:
        write_call(tree, out);
        return;
    case MLN_TREE_PROPERTY:
        mln_bicep_value(tree->base, 0, out);
        mln_buf_printf(out, ".%s", tree->text);
        return;
    case MLN_TREE_ID:
        write_id(tree, out);
        return;
    }
}
