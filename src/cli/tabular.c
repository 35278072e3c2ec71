#include "cli/tabular.h"

#include "diag/render.h"

#include <assert.h>
#include <string.h>

void mln_tabular_init(struct mln_tabular *table, struct mln_arena *arena,
                      const struct mln_column *columns, size_t width)
{
    *table = (struct mln_tabular){.arena = arena, .columns = columns, .width = width};
}

void mln_tabular_add(struct mln_tabular *table, const char *text)
{
    mln_vec_push(table->arena, &table->cells, text);
}

void mln_tabular_add_number(struct mln_tabular *table, long long value)
{
    mln_tabular_add(table, mln_printf(table->arena, "%lld", value));
}

static size_t row_count(const struct mln_tabular *table)
{
    assert(table->cells.len % table->width == 0);
    return table->cells.len / table->width;
}

static const char *cell(const struct mln_tabular *table, size_t row, size_t column)
{
    const char *text = table->cells.data[row * table->width + column];
    return text ? text : "";
}

/* ---- text ---- */

/* The last column is not padded. */
static void add_aligned(const struct mln_tabular *table, const char *text, size_t column,
                        size_t width, struct mln_buf *out)
{
    struct mln_buf safe;
    mln_buf_init(&safe, table->arena);
    size_t taken = mln_render_safe(&safe, text, strlen(text));
    size_t blanks = taken < width ? width - taken : 0;
    if (table->columns[column].number)
        mln_buf_printf(out, "%*s", (int)blanks, "");
    mln_buf_add(out, safe.len ? safe.data : "");
    if (column + 1 == table->width)
        return;
    if (!table->columns[column].number)
        mln_buf_printf(out, "%*s", (int)blanks, "");
    mln_buf_add(out, "  ");
}

static void trim(struct mln_buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
}

static void print_text(const struct mln_tabular *table, struct mln_buf *out)
{
    size_t rows = row_count(table);
    size_t *widths = MLN_NEW_ARRAY(table->arena, size_t, table->width);
    for (size_t c = 0; c < table->width; c++) {
        widths[c] = strlen(table->columns[c].name);
        for (size_t r = 0; r < rows; r++) {
            size_t length = strlen(cell(table, r, c));
            if (length > widths[c])
                widths[c] = length;
        }
    }
    for (size_t r = 0; rows > 0 && r <= rows; r++) {
        for (size_t c = 0; c < table->width; c++)
            add_aligned(table, r ? cell(table, r - 1, c) : table->columns[c].name, c, widths[c],
                        out);
        trim(out);
        mln_buf_char(out, '\n');
    }
}

/* ---- CSV and lines ---- */

void mln_csv_field(struct mln_buf *out, const char *text)
{
    struct mln_buf safe;
    mln_buf_init(&safe, out->arena);
    mln_render_safe(&safe, text, strlen(text));
    text = safe.len ? safe.data : "";
    if (!strpbrk(text, ",\"\r\n")) {
        mln_buf_add(out, text);
        return;
    }
    mln_buf_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            mln_buf_char(out, '"');
        mln_buf_char(out, *text);
    }
    mln_buf_char(out, '"');
}

static void print_csv(const struct mln_tabular *table, struct mln_buf *out)
{
    size_t rows = row_count(table);
    for (size_t r = 0; r <= rows; r++) {
        for (size_t c = 0; c < table->width; c++) {
            if (c > 0)
                mln_buf_char(out, ',');
            mln_csv_field(out, r ? cell(table, r - 1, c) : table->columns[c].name);
        }
        mln_buf_char(out, '\n');
    }
}

static void print_lines(const struct mln_tabular *table, struct mln_buf *out)
{
    for (size_t r = 0; r < row_count(table); r++) {
        const char *text = cell(table, r, 0);
        mln_render_safe(out, text, strlen(text));
        mln_buf_char(out, '\n');
    }
}

/* ---- Markdown ---- */

static void add_markdown(const struct mln_tabular *table, const char *text, struct mln_buf *out)
{
    struct mln_buf safe;
    mln_buf_init(&safe, table->arena);
    mln_render_safe(&safe, text, strlen(text));
    for (const char *p = safe.len ? safe.data : ""; *p; p++) {
        if (strchr("|\\`*_<>[]", *p))
            mln_buf_char(out, '\\');
        mln_buf_char(out, *p);
    }
}

static void print_markdown(const struct mln_tabular *table, struct mln_buf *out)
{
    size_t rows = row_count(table);
    for (size_t r = 0; r <= rows; r++) {
        for (size_t c = 0; c < table->width; c++) {
            mln_buf_add(out, "| ");
            add_markdown(table, r ? cell(table, r - 1, c) : table->columns[c].name, out);
            mln_buf_char(out, ' ');
        }
        mln_buf_add(out, "|\n");
        for (size_t c = 0; r == 0 && c < table->width; c++)
            mln_buf_add(out, table->columns[c].number ? "| ---: " : "| --- ");
        mln_buf_add(out, r == 0 ? "|\n" : "");
    }
}

void mln_tabular_print(const struct mln_tabular *table, enum mln_format format, struct mln_buf *out)
{
    switch (format) {
    case MLN_PRINT_CSV:
        print_csv(table, out);
        break;
    case MLN_PRINT_MD:
        print_markdown(table, out);
        break;
    case MLN_PRINT_LINES:
        print_lines(table, out);
        break;
    default:
        print_text(table, out);
        break;
    }
}

/* ---- JSON ---- */

void mln_tabular_json(const struct mln_tabular *table, struct mln_json *json)
{
    mln_json_array(json);
    for (size_t r = 0; r < row_count(table); r++) {
        mln_json_object(json);
        for (size_t c = 0; c < table->width; c++) {
            const char *text = table->cells.data[r * table->width + c];
            mln_json_key(json, table->columns[c].name);
            if (!text)
                mln_json_null(json);
            else if (table->columns[c].number)
                mln_json_digits(json, text);
            else
                mln_json_string(json, text);
        }
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}
