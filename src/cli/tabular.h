/* Rows and columns, for commands that print lists: text, CSV, Markdown, JSON, or the first column
 * alone. Cells that are not printable are escaped. */
#ifndef MLN_CLI_TABULAR_H
#define MLN_CLI_TABULAR_H

#include "base/json.h"
#include "cli/options.h"

struct mln_column {
    const char *name; /* as in JSON and CSV: "change_number" */
    bool number;      /* decimal digits: to the right in text, bare in JSON */
};

struct mln_tabular {
    struct mln_arena *arena;
    const struct mln_column *columns;
    size_t width;
    MLN_VEC(const char *) cells; /* row by row; NULL: nothing is known */
};

void mln_tabular_init(struct mln_tabular *table, struct mln_arena *arena,
                      const struct mln_column *columns, size_t width);
/* The next cell; `text` is kept as it is. */
void mln_tabular_add(struct mln_tabular *table, const char *text);
void mln_tabular_add_number(struct mln_tabular *table, long long value);

/* Everything but JSON: aligned text, CSV as in RFC 4180 (but with line feeds alone), a Markdown
 * table, or lines. A table without rows is its header; of text and lines, nothing. */
void mln_tabular_print(const struct mln_tabular *table, enum mln_format format,
                       struct mln_buf *out);
/* The rows as an array of objects. */
void mln_tabular_json(const struct mln_tabular *table, struct mln_json *json);

/* One field of CSV, in quotes where it needs them. */
void mln_csv_field(struct mln_buf *out, const char *text);

#endif
