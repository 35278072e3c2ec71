#include "emit/csv.h"

#include "base/map.h"
#include "emit/rule_tree.h"
#include "rules/passes.h"

#include <string.h>

/* Columns that are properties of a rule: the singular, else the plural, else a list of groups. */
struct column {
    const char *title, *one, *many, *groups;
};
static const struct column columns[] = {
    {"Access", "access", NULL, NULL},
    {"Protocol", "protocol", NULL, NULL},
    {"Source", "sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups"},
    {"Source ports", "sourcePortRange", "sourcePortRanges", NULL},
    {"Destination", "destinationAddressPrefix", "destinationAddressPrefixes",
     "destinationApplicationSecurityGroups"},
    {"Destination ports", "destinationPortRange", "destinationPortRanges", NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* ---- cells ---- */

/* '=', '+', '-', '@' and their wide forms, tab and line ends. */
static bool begins_formula(const char *text)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strncmp(text, wide[i], 3) == 0)
            return true;
    return *text && strchr("=+-@\t\r\n", *text);
}

static void add_cell(struct mln_buf *out, const char *text)
{
    bool quoted = text[strcspn(text, ",\"\r\n")] != '\0' || *text == ' ';
    if (quoted)
        mln_buf_char(out, '"');
    if (begins_formula(text))
        mln_buf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            mln_buf_char(out, '"');
        mln_buf_char(out, *text);
    }
    if (quoted)
        mln_buf_char(out, '"');
}

static void next_cell(struct mln_buf *out, const char *text)
{
    mln_buf_char(out, ',');
    add_cell(out, text);
}

/* ---- values ---- */

static struct mln_tree *group_name(const struct mln_asg_namer *namer, const struct mln_asg *asg)
{
    return mln_tree_string(namer->arena, asg->name);
}

static const char *joined(struct mln_arena *a, const struct mln_tree *list)
{
    struct mln_buf text;
    mln_buf_init(&text, a);
    for (size_t i = 0; i < list->items.len; i++) {
        const struct mln_tree *item = list->items.data[i], *id = mln_tree_get(item, "id");
        mln_buf_printf(&text, "%s%s", i ? " " : "", id ? id->text : item->text);
    }
    return text.data;
}

static const char *value_of(struct mln_arena *a, const struct mln_tree *properties,
                            const struct column *column)
{
    const struct mln_tree *one = mln_tree_get(properties, column->one);
    if (one)
        return one->text;
    const struct mln_tree *many = mln_tree_get(properties, column->many);
    return joined(a, many ? many : mln_tree_get(properties, column->groups));
}

/* What the intents of a rule say, each text once. */
typedef const char *(*intent_text)(struct mln_ctx *ctx, const struct mln_intent *intent);

static const char *because_of(struct mln_ctx *ctx, const struct mln_intent *intent)
{
    return intent->because ? mln_printable(ctx->arena, intent->because) : NULL;
}

static const char *of_intents(struct mln_ctx *ctx, const struct mln_rule *rule, intent_text text_of,
                              const char *separator)
{
    struct mln_buf text;
    struct mln_map *seen = mln_map_new(ctx->arena);
    mln_buf_init(&text, ctx->arena);
    for (size_t i = 0; i < rule->intent_count; i++) {
        const char *one = text_of(ctx, rule->intents[i]);
        if (!one || mln_map_get(seen, one))
            continue;
        mln_map_put(seen, one, seen);
        mln_buf_printf(&text, "%s%s", text.len ? separator : "", one);
    }
    return text.len ? text.data : "";
}

/* ---- lines ---- */

static void add_header(struct mln_buf *out)
{
    mln_buf_add(out, "NSG,Direction,Priority,Name");
    for (size_t i = 0; i < COLUMNS; i++)
        next_cell(out, columns[i].title);
    mln_buf_add(out, ",Intent,Because\r\n");
}

static void add_line(struct mln_ctx *ctx, const struct mln_table *table,
                     const struct mln_rule *rule, struct mln_buf *out)
{
    const struct mln_asg_namer namer = {.id = group_name, .arena = ctx->arena};
    const struct mln_tree *properties =
        mln_tree_get(mln_rule_tree(ctx->arena, rule, &namer), "properties");
    add_cell(out, table->nsg->name);
    next_cell(out, mln_tree_get(properties, "direction")->text);
    mln_buf_printf(out, ",%u", rule->priority);
    next_cell(out, rule->name);
    for (size_t i = 0; i < COLUMNS; i++)
        next_cell(out, value_of(ctx->arena, properties, &columns[i]));
    next_cell(out, of_intents(ctx, rule, mln_intent_place, " "));
    next_cell(out, of_intents(ctx, rule, because_of, "; "));
    mln_buf_add(out, "\r\n");
}

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    struct mln_buf text;
    mln_buf_init(&text, ctx->arena);
    add_header(&text);
    for (size_t i = 0; i < input->tables->len; i++) {
        struct mln_arena *scratch = mln_arena_new(); /* one NSG at a time */
        struct mln_ctx aside = {scratch, ctx->names, ctx->diags};
        struct mln_rule_vec rules = mln_rules_in_order(scratch, input->tables->data[i]);
        for (size_t k = 0; k < rules.len; k++)
            add_line(&aside, input->tables->data[i], rules.data[k], &text);
        mln_arena_free(scratch);
    }
    mln_artefact_add(ctx->arena, out, "rules.csv", &text);
}

const struct mln_backend mln_backend_csv = {
    .name = "csv",
    .help = "all rules as a table for reviewers (rules.csv)",
    .emit = emit,
};
