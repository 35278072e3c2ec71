/* The matrix for people: a line for each pair, a table of Markdown, or lines of CSV. */
#include "cli/hop.h"
#include "cli/reach_words.h"

#include <string.h>

static struct mln_reach_pair pair_at(const struct mln_reach_table *table, size_t i, size_t k)
{
    return (struct mln_reach_pair){&table->from.data[i], &table->to.data[k],
                                   &table->cells[i * table->to.len + k]};
}

/* "https, ssh; tcp 8443 only to 10.0.1.4" */
static const char *cell_text(struct mln_arena *a, const struct mln_reach_table *table,
                             struct mln_reach_words *words, const struct mln_reach_pair *pair)
{
    struct mln_buf out;
    struct mln_reach_phrase_vec phrases = {0};
    mln_buf_init(&out, a);
    mln_buf_add(&out, mln_traffic_text(a, &table->names, &pair->cell->all));
    mln_reach_phrases(words, pair, &phrases);
    for (size_t i = 0; i < phrases.len; i++)
        mln_buf_printf(&out, "%s%s %s %s", out.len ? "; " : "",
                       mln_traffic_text(a, &table->names, &phrases.data[i].traffic),
                       phrases.data[i].only ? "only" : "perhaps:", phrases.data[i].where);
    return out.data ? out.data : "";
}

static bool is_empty(const struct mln_reach_cell *cell)
{
    return mln_traffic_is_empty(&cell->all) && !cell->parts.len;
}

/* ---- text ---- */

static void add_lines(struct mln_cli *cli, const struct mln_reach_table *table, size_t i,
                      bool several, struct mln_buf *out)
{
    struct mln_reach_words *words = mln_reach_words_new(cli->ctx.arena, table);
    for (size_t k = 0; k < table->to.len; k++) {
        const struct mln_reach_pair pair = pair_at(table, i, k);
        if (is_empty(pair.cell))
            continue;
        if (several)
            mln_buf_printf(out, "%s: ", mln_safe_text(cli, table->path));
        mln_buf_printf(out, "%s -> %s: ", mln_safe_text(cli, table->from.data[i].name),
                       mln_safe_text(cli, table->to.data[k].name));
        mln_buf_printf(out, "%s\n",
                       mln_safe_text(cli, cell_text(cli->ctx.arena, table, words, &pair)));
    }
}

void mln_reach_print_text(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                          struct mln_buf *out)
{
    for (size_t t = 0; t < tables->len; t++)
        for (size_t i = 0; i < tables->data[t]->from.len; i++) {
            struct mln_cli aside = mln_reach_aside(cli);
            add_lines(&aside, tables->data[t], i, tables->len > 1, out);
            mln_arena_free(aside.ctx.arena);
        }
}

/* ---- Markdown ---- */

/* What would end the cell or begin markup is escaped. */
static void add_md(struct mln_cli *cli, struct mln_buf *out, const char *text)
{
    for (const char *c = mln_safe_text(cli, text); *c; c++) {
        if (strchr("|\\`*_<>[]", *c))
            mln_buf_char(out, '\\');
        mln_buf_char(out, *c);
    }
}

static void add_row(struct mln_cli *cli, const struct mln_reach_table *table, size_t i,
                    struct mln_buf *out)
{
    struct mln_reach_words *words = mln_reach_words_new(cli->ctx.arena, table);
    mln_buf_add(out, "\n| ");
    add_md(cli, out, table->from.data[i].name);
    mln_buf_add(out, " |");
    for (size_t k = 0; k < table->to.len; k++) {
        const struct mln_reach_pair pair = pair_at(table, i, k);
        bool path = pair.cell->path;
        mln_buf_char(out, ' ');
        add_md(cli, out, path ? cell_text(cli->ctx.arena, table, words, &pair) : "–");
        mln_buf_add(out, is_empty(pair.cell) && path ? "|" : " |");
    }
}

static void add_matrix(struct mln_cli *cli, const struct mln_reach_table *table,
                       struct mln_buf *out)
{
    mln_buf_add(out, "| from \\ to |");
    for (size_t k = 0; k < table->to.len; k++) {
        mln_buf_char(out, ' ');
        add_md(cli, out, table->to.data[k].name);
        mln_buf_add(out, " |");
    }
    mln_buf_add(out, "\n|---|");
    for (size_t k = 0; k < table->to.len; k++)
        mln_buf_add(out, "---|");
    for (size_t i = 0; i < table->from.len; i++) {
        struct mln_cli aside = mln_reach_aside(cli);
        add_row(&aside, table, i, out);
        mln_arena_free(aside.ctx.arena);
    }
    mln_buf_char(out, '\n');
}

void mln_reach_print_md(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                        struct mln_buf *out)
{
    for (size_t i = 0; i < tables->len; i++) {
        if (!tables->data[i]->good)
            continue;
        if (out->len)
            mln_buf_char(out, '\n');
        if (tables->len > 1) {
            mln_buf_add(out, "## ");
            add_md(cli, out, tables->data[i]->path);
            mln_buf_add(out, "\n\n");
        }
        add_matrix(cli, tables->data[i], out);
    }
}

/* ---- CSV: RFC 4180, with the line ends of the system ---- */

static void add_field(struct mln_cli *cli, struct mln_buf *out, const char *text, char end)
{
    text = mln_safe_text(cli, text);
    bool quote = strpbrk(text, ",\"\r\n") != NULL;
    if (quote)
        mln_buf_char(out, '"');
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            mln_buf_char(out, '"');
        mln_buf_char(out, *c);
    }
    if (quote)
        mln_buf_char(out, '"');
    mln_buf_char(out, end);
}

static void add_record(struct mln_cli *cli, struct mln_buf *out,
                       const struct mln_reach_table *table, size_t i, size_t k,
                       const struct mln_traffic *traffic, const char *where)
{
    add_field(cli, out, table->path, ',');
    add_field(cli, out, table->from.data[i].name, ',');
    add_field(cli, out, table->to.data[k].name, ',');
    add_field(cli, out, mln_traffic_text(cli->ctx.arena, &table->names, traffic), ',');
    add_field(cli, out, where ? "part" : "all", ',');
    add_field(cli, out, where ? where : "", '\n');
}

static void add_records(struct mln_cli *cli, const struct mln_reach_table *table, size_t i,
                        struct mln_buf *out)
{
    struct mln_reach_words *words = mln_reach_words_new(cli->ctx.arena, table);
    for (size_t k = 0; k < table->to.len; k++) {
        const struct mln_reach_pair pair = pair_at(table, i, k);
        struct mln_reach_phrase_vec phrases = {0};
        if (!mln_traffic_is_empty(&pair.cell->all))
            add_record(cli, out, table, i, k, &pair.cell->all, NULL);
        mln_reach_phrases(words, &pair, &phrases);
        for (size_t p = 0; p < phrases.len; p++)
            add_record(cli, out, table, i, k, &phrases.data[p].traffic, phrases.data[p].where);
    }
}

void mln_reach_print_csv(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                         struct mln_buf *out)
{
    mln_buf_add(out, "input,from,to,services,packets,which\n");
    for (size_t t = 0; t < tables->len; t++)
        for (size_t i = 0; i < tables->data[t]->from.len; i++) {
            struct mln_cli aside = mln_reach_aside(cli);
            add_records(&aside, tables->data[t], i, out);
            mln_arena_free(aside.ctx.arena);
        }
}
