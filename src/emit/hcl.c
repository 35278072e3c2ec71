/* Attributes are collected into a run and written when it ends, for only then is the width of its
 * longest key known. */
#include "emit/hcl.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

enum { WIDTH = 80 };

void mln_hcl_init(struct mln_hcl *hcl, struct mln_buf *out)
{
    *hcl = (struct mln_hcl){.out = out};
    mln_buf_init(&hcl->values, out->arena);
}

/* ---- quoting ---- */

static void quote_character(struct mln_buf *out, uint32_t character)
{
    switch (character) {
    case '"':
        mln_buf_add(out, "\\\"");
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
        mln_buf_printf(out, character > 0xffff ? "\\U%08x" : "\\u%04x", character);
        break;
    }
}

/* "${" and "%{" begin an interpolation and a directive; the sign twice is the sign. Behind another
 * such sign that would be read otherwise, so there the sign is written by its number. */
static void quote_sign(struct mln_buf *out, char sign, bool doubled_before)
{
    if (doubled_before)
        mln_buf_printf(out, "\\u%04x", (unsigned)sign);
    else {
        mln_buf_char(out, sign);
        mln_buf_char(out, sign);
    }
}

void mln_hcl_quote(struct mln_buf *out, const char *text, bool inside)
{
    size_t length = strlen(text);
    if (!inside)
        mln_buf_char(out, '"');
    for (size_t i = 0, used; i < length; i += used) {
        uint32_t character;
        used = mln_utf8_decode(text + i, length - i, &character);
        if (character == MLN_UTF8_BAD)
            mln_buf_add(out, "\xef\xbf\xbd");
        else if ((character == '$' || character == '%') && text[i + 1] == '{')
            quote_sign(out, (char)character, i > 0 && strchr("$%", text[i - 1]));
        else if (character == '"' || character == '\\' || mln_utf8_is_control(character))
            quote_character(out, character);
        else
            mln_buf_add_n(out, text + i, used);
    }
    if (!inside)
        mln_buf_char(out, '"');
}

/* ---- lines ---- */

static void indent(struct mln_hcl *hcl)
{
    for (unsigned i = 0; i < hcl->depth; i++)
        mln_buf_add(hcl->out, "  ");
}

static void flush(struct mln_hcl *hcl)
{
    size_t width = 0;
    for (size_t i = 0; i < hcl->run.len; i++)
        if (strlen(hcl->run.data[i].key) > width)
            width = strlen(hcl->run.data[i].key);
    for (size_t i = 0; i < hcl->run.len; i++) {
        const struct mln_hcl_attribute *a = &hcl->run.data[i];
        indent(hcl);
        mln_buf_printf(hcl->out, "%-*s = ", (int)width, a->key);
        mln_buf_add_n(hcl->out, hcl->values.data + a->at, a->length);
        mln_buf_char(hcl->out, '\n');
    }
    hcl->run.len = 0;
    hcl->values.len = 0;
}

/* What stands before a block or a comment: the run, and a blank line. */
static void separate(struct mln_hcl *hcl)
{
    flush(hcl);
    if (hcl->something)
        mln_buf_char(hcl->out, '\n');
    indent(hcl);
    hcl->something = true;
}

static void open_level(struct mln_hcl *hcl)
{
    hcl->depth++;
    hcl->something = false;
}

static void block_head(struct mln_hcl *hcl, const char *type, const char *label, const char *name)
{
    separate(hcl);
    mln_buf_add(hcl->out, type);
    if (label)
        mln_buf_printf(hcl->out, " \"%s\"", label);
    if (name)
        mln_buf_printf(hcl->out, " \"%s\"", name);
}

void mln_hcl_block(struct mln_hcl *hcl, const char *type, const char *label, const char *name)
{
    block_head(hcl, type, label, name);
    mln_buf_add(hcl->out, " {\n");
    open_level(hcl);
}

void mln_hcl_empty_block(struct mln_hcl *hcl, const char *type, const char *label, const char *name)
{
    block_head(hcl, type, label, name);
    mln_buf_add(hcl->out, " {}\n");
}

void mln_hcl_map(struct mln_hcl *hcl, const char *key)
{
    flush(hcl);
    indent(hcl);
    mln_buf_printf(hcl->out, "%s = {\n", key);
    open_level(hcl);
}

void mln_hcl_end(struct mln_hcl *hcl)
{
    assert(hcl->depth > 0);
    flush(hcl);
    hcl->depth--;
    hcl->something = true;
    indent(hcl);
    mln_buf_add(hcl->out, "}\n");
}

void mln_hcl_comment(struct mln_hcl *hcl, const char *text)
{
    separate(hcl);
    mln_buf_printf(hcl->out, "# %s\n", text);
}

/* ---- attributes ---- */

static size_t begin_value(struct mln_hcl *hcl)
{
    return hcl->values.len;
}

static void end_value(struct mln_hcl *hcl, const char *key, size_t at)
{
    struct mln_hcl_attribute attribute = {key, at, hcl->values.len - at};
    mln_vec_push(hcl->out->arena, &hcl->run, attribute);
    hcl->something = true;
}

void mln_hcl_text(struct mln_hcl *hcl, const char *key, const char *text)
{
    if (!text)
        return;
    size_t at = begin_value(hcl);
    mln_hcl_quote(&hcl->values, text, false);
    end_value(hcl, key, at);
}

void mln_hcl_number(struct mln_hcl *hcl, const char *key, long long value)
{
    size_t at = begin_value(hcl);
    mln_buf_printf(&hcl->values, "%lld", value);
    end_value(hcl, key, at);
}

void mln_hcl_bool(struct mln_hcl *hcl, const char *key, bool value)
{
    mln_hcl_expression(hcl, key, value ? "true" : "false");
}

void mln_hcl_expression(struct mln_hcl *hcl, const char *key, const char *expression)
{
    size_t at = begin_value(hcl);
    mln_buf_add(&hcl->values, expression);
    end_value(hcl, key, at);
}

/* ---- lists ---- */

void mln_hcl_list(struct mln_hcl *hcl, const char *key)
{
    hcl->list_key = key;
    hcl->list.len = 0;
}

static void end_item(struct mln_hcl *hcl, size_t at)
{
    struct mln_hcl_attribute item = {NULL, at, hcl->values.len - at};
    mln_vec_push(hcl->out->arena, &hcl->list, item);
}

void mln_hcl_item_text(struct mln_hcl *hcl, const char *text)
{
    size_t at = begin_value(hcl);
    mln_hcl_quote(&hcl->values, text, false);
    end_item(hcl, at);
}

void mln_hcl_item_expression(struct mln_hcl *hcl, const char *expression)
{
    size_t at = begin_value(hcl);
    mln_buf_add(&hcl->values, expression);
    end_item(hcl, at);
}

static bool fits(const struct mln_hcl *hcl)
{
    size_t width = 2 * hcl->depth + strlen(hcl->list_key) + strlen(" = []");
    for (size_t i = 0; i < hcl->list.len; i++)
        width += hcl->list.data[i].length + 2;
    return hcl->list.len <= 1 || width <= WIDTH;
}

/* The items lie at the end of `values`; their joined form is put behind them. */
static void one_line(struct mln_hcl *hcl)
{
    size_t at = begin_value(hcl);
    mln_buf_char(&hcl->values, '[');
    for (size_t i = 0; i < hcl->list.len; i++) {
        const struct mln_hcl_attribute *item = &hcl->list.data[i];
        mln_buf_add(&hcl->values, i ? ", " : "");
        char *room = mln_buf_room(&hcl->values, item->length);
        memcpy(room, hcl->values.data + item->at, item->length);
        mln_buf_wrote(&hcl->values, item->length);
    }
    mln_buf_char(&hcl->values, ']');
    end_value(hcl, hcl->list_key, at);
}

/* Items were put into `values`, which flush would forget: they are taken out of it first. */
static void many_lines(struct mln_hcl *hcl)
{
    size_t first = hcl->list.data[0].at, length = hcl->values.len - first;
    char *items = mln_strndup(hcl->out->arena, hcl->values.data + first, length);
    flush(hcl);
    indent(hcl);
    mln_buf_printf(hcl->out, "%s = [\n", hcl->list_key);
    hcl->depth++;
    for (size_t i = 0; i < hcl->list.len; i++) {
        indent(hcl);
        mln_buf_add_n(hcl->out, items + (hcl->list.data[i].at - first), hcl->list.data[i].length);
        mln_buf_add(hcl->out, ",\n");
    }
    hcl->depth--;
    indent(hcl);
    mln_buf_add(hcl->out, "]\n");
    hcl->something = true;
}

void mln_hcl_end_list(struct mln_hcl *hcl)
{
    if (fits(hcl))
        one_line(hcl);
    else
        many_lines(hcl);
}
