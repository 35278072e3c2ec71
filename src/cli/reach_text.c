/* The matrix for people: a line for each pair, a table of Markdown, or lines of CSV. */
#include "cli/hop.h"
#include "cli/reach.h"
#include "cli/rule_text.h"

#include <string.h>

enum { MOST_PREFIXES = 6, MOST_BOXES = 6, MOST_REWORDED = 64 };

/* ---- parts ---- */

/* A regional tag goes without its global one. */
static bool implied(const struct mln_reach_box *box, const struct mln_reach_member *member)
{
    for (size_t i = 0; i < box->members.len; i++) {
        const struct mln_reach_member *other = &box->members.data[i];
        if (member->in && other->in && other->source == member->source && other->tag &&
            other->tag->parent && other->tag->parent == member->tag)
            return true;
    }
    return false;
}

static const char *member_name(const struct mln_reach_member *member)
{
    return member->tag ? member->tag->name : member->asg->name;
}

/* "to 10.0.0.0/24 in Storage not in Sql" */
static void add_side(struct mln_arena *a, const struct mln_reach_box *box, bool source,
                     struct mln_buf *out)
{
    const struct mln_ipset *set = source ? box->src : box->dst;
    size_t start = out->len;
    if (set)
        mln_buf_add(out, mln_addresses_text(a, set, MOST_PREFIXES));
    for (int in = 1; in >= 0; in--)
        for (size_t i = 0; i < box->members.len; i++) {
            const struct mln_reach_member *m = &box->members.data[i];
            if (m->source != source || m->in != (in == 1) || implied(box, m))
                continue;
            if (m->in)
                mln_buf_printf(out, "%s%s", out->len > start ? " in " : "", member_name(m));
            else
                mln_buf_printf(out, "%s not in %s", out->len > start ? "" : "all", member_name(m));
        }
}

static const char *side_text(struct mln_arena *a, const struct mln_reach_box *box, bool source)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    add_side(a, box, source, &out);
    return out.len ? out.data : NULL;
}

/* Without its family. */
static const char *box_text(struct mln_arena *a, const struct mln_reach_box *box)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    const char *from = side_text(a, box, true), *to = side_text(a, box, false);
    if (from)
        mln_buf_printf(&out, "from %s", from);
    if (to)
        mln_buf_printf(&out, "%sto %s", out.len ? " " : "", to);
    if (box->sport)
        mln_buf_printf(&out, "%swith source port %s", out.len ? " " : "",
                       mln_ports_text(a, box->sport));
    return out.data ? out.data : "";
}

/* ---- fewer words ---- */

static bool same_member(const struct mln_reach_member *x, const struct mln_reach_member *y)
{
    return x->source == y->source && x->tag == y->tag && x->asg == y->asg;
}

/* Is every packet of `inner`, put into the set that `turned` is about, in `outer`? */
static bool box_holds(const struct mln_reach_box *outer, const struct mln_reach_box *inner,
                      const struct mln_reach_member *turned)
{
    if (outer->family != inner->family ||
        (outer->src && !(inner->src && mln_ipset_covers(outer->src, inner->src))) ||
        (outer->dst && !(inner->dst && mln_ipset_covers(outer->dst, inner->dst))) ||
        (outer->sport && !(inner->sport && mln_portset_covers(outer->sport, inner->sport))))
        return false;
    for (size_t i = 0; i < outer->members.len; i++) {
        const struct mln_reach_member *m = &outer->members.data[i];
        bool held = m->in && same_member(m, turned);
        for (size_t k = 0; k < inner->members.len && !held; k++)
            held = inner->members.data[k].in == m->in && same_member(&inner->members.data[k], m) &&
                   !same_member(m, turned);
        if (!held)
            return false;
    }
    return true;
}

/* Takes away the first "not in" whose other half another box holds anyway. */
static bool drop_member(struct mln_reach_box *boxes, size_t count, size_t at)
{
    struct mln_reach_box *box = &boxes[at];
    for (size_t i = 0; i < box->members.len; i++)
        for (size_t k = 0; k < count && !box->members.data[i].in; k++)
            if (k != at && box_holds(&boxes[k], box, &box->members.data[i])) {
                memmove(&box->members.data[i], &box->members.data[i + 1],
                        (box->members.len - i - 1) * sizeof *box->members.data);
                box->members.len--;
                return true;
            }
    return false;
}

/* The boxes of a part are disjoint; for people they may overlap, which takes fewer words: "A or B"
 * in place of "A or B not in A". */
static struct mln_reach_box *overlapping(struct mln_arena *a, const struct mln_reach_part *part)
{
    size_t count = part->boxes.len;
    struct mln_reach_box *boxes = MLN_NEW_ARRAY(a, struct mln_reach_box, count);
    for (size_t i = 0; i < count; i++) {
        boxes[i] = part->boxes.data[i];
        boxes[i].members.data = MLN_NEW_ARRAY(a, struct mln_reach_member, boxes[i].members.len);
        for (size_t k = 0; k < boxes[i].members.len; k++)
            boxes[i].members.data[k] = part->boxes.data[i].members.data[k];
    }
    for (bool again = count <= MOST_REWORDED; again;) {
        again = false;
        for (size_t i = 0; i < count; i++)
            again |= drop_member(boxes, count, i);
    }
    return boxes;
}

/* Each text once; the family is said where it is all that tells, or where the other family has no
 * such box. */
static void boxes_text(struct mln_arena *a, const struct mln_reach_cell *cell,
                       const struct mln_reach_part *part, struct mln_text_vec *out)
{
    bool both = cell->family[MLN_IPV4] && cell->family[MLN_IPV6];
    const char **texts = MLN_NEW_ARRAY(a, const char *, part->boxes.len);
    const struct mln_reach_box *boxes = overlapping(a, part);
    for (size_t i = 0; i < part->boxes.len; i++) {
        const struct mln_reach_box *box = &boxes[i];
        bool plain = !both || box->src || box->dst, repeated = false;
        texts[i] = box_text(a, box);
        for (size_t k = 0; k < i; k++)
            repeated |= strcmp(texts[k], texts[i]) == 0;
        for (size_t k = i + 1; !plain && k < part->boxes.len; k++)
            plain = boxes[k].family != box->family && strcmp(box_text(a, &boxes[k]), texts[i]) == 0;
        const char *text = texts[i];
        if (!plain)
            text = mln_printf(a, "%s%sover %s", text, *text ? " " : "",
                              box->family == MLN_IPV4 ? "IPv4" : "IPv6");
        if (!repeated)
            mln_vec_push(a, out, text);
    }
}

const char *mln_part_text(struct mln_arena *a, const struct mln_reach_cell *cell,
                          const struct mln_reach_part *part)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    struct mln_text_vec texts = {0};
    boxes_text(a, cell, part, &texts);
    for (size_t i = 0; i < texts.len && i < MOST_BOXES; i++)
        mln_buf_printf(&out, "%s%s", i ? " or " : "", texts.data[i]);
    if (texts.len > MOST_BOXES)
        mln_buf_printf(&out, " or %zu more", texts.len - MOST_BOXES);
    if (part->note)
        mln_buf_printf(&out, "%s%s", out.len ? "; " : "", part->note);
    return out.data ? out.data : "";
}

/* "https, ssh; tcp 8443 only to 10.0.1.4" */
static const char *cell_text(struct mln_arena *a, const struct mln_reach_table *table,
                             const struct mln_reach_cell *cell)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    mln_buf_add(&out, mln_traffic_text(a, &table->names, &cell->all));
    for (size_t i = 0; i < cell->parts.len; i++) {
        const struct mln_reach_part *part = &cell->parts.data[i];
        mln_buf_printf(&out, "%s%s %s %s", out.len ? "; " : "",
                       mln_traffic_text(a, &table->names, &part->traffic),
                       part->boxes.len ? "only" : "perhaps:", mln_part_text(a, cell, part));
    }
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
    for (size_t k = 0; k < table->to.len; k++) {
        const struct mln_reach_cell *cell = &table->cells[i * table->to.len + k];
        if (is_empty(cell))
            continue;
        if (several)
            mln_buf_printf(out, "%s: ", mln_safe_text(cli, table->path));
        mln_buf_printf(out, "%s -> %s: ", mln_safe_text(cli, table->from.data[i].name),
                       mln_safe_text(cli, table->to.data[k].name));
        mln_buf_printf(out, "%s\n", mln_safe_text(cli, cell_text(cli->ctx.arena, table, cell)));
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
    mln_buf_add(out, "\n| ");
    add_md(cli, out, table->from.data[i].name);
    mln_buf_add(out, " |");
    for (size_t k = 0; k < table->to.len; k++) {
        const struct mln_reach_cell *cell = &table->cells[i * table->to.len + k];
        mln_buf_char(out, ' ');
        add_md(cli, out, cell->path ? cell_text(cli->ctx.arena, table, cell) : "–");
        mln_buf_add(out, is_empty(cell) && cell->path ? "|" : " |");
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
    for (size_t k = 0; k < table->to.len; k++) {
        const struct mln_reach_cell *cell = &table->cells[i * table->to.len + k];
        if (!mln_traffic_is_empty(&cell->all))
            add_record(cli, out, table, i, k, &cell->all, NULL);
        for (size_t p = 0; p < cell->parts.len; p++)
            add_record(cli, out, table, i, k, &cell->parts.data[p].traffic,
                       mln_part_text(cli->ctx.arena, cell, &cell->parts.data[p]));
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
