/* mlnsgc tags show: what is known about a tag. mlnsgc tags find: which tags hold an address. */
#include "cli/tags.h"

#include "cli/pipeline.h"
#include "net/count.h"

#include <string.h>

/* ---- show ---- */

static const struct mln_column show_columns[] = {
    {.name = "prefix"}, {.name = "first"}, {.name = "last"}, {.name = "addresses", .number = true},
    {.name = "tag"},
};
#define SHOW_WIDTH (sizeof show_columns / sizeof *show_columns)

static void add_prefixes(struct mln_tabular *table, const struct mln_tag *tag)
{
    char text[MLN_IP_TEXT], count[MLN_COUNT_TEXT];
    for (int family = 0; family < MLN_FAMILIES; family++) {
        struct mln_prefix *list = NULL;
        size_t len = 0;
        if (tag->prefixes[family])
            len = mln_ipset_prefixes(table->arena, tag->prefixes[family], &list);
        for (size_t i = 0; i < len; i++) {
            struct mln_ip last = mln_prefix_last(&list[i]);
            mln_tabular_add(table, mln_strdup(table->arena, mln_prefix_text(&list[i], text)));
            mln_tabular_add(
                table, mln_strdup(table->arena, mln_ip_text(list[i].family, list[i].ip, text)));
            mln_tabular_add(table,
                            mln_strdup(table->arena, mln_ip_text(list[i].family, last, text)));
            mln_tabular_add(
                table,
                mln_strdup(table->arena, mln_count_text(mln_count_range(list[i].ip, last), count)));
            mln_tabular_add(table, tag->name);
        }
    }
}

static void show_family(const struct mln_ipset *set, const char *name, struct mln_buf *out)
{
    size_t prefixes = mln_ipset_prefix_count(set);
    mln_buf_printf(out, "  %-14s %zu prefix%s, %s addresses\n", name, prefixes,
                   prefixes == 1 ? "" : "es", mln_ipset_size_text(out->arena, set));
}

static void show_text(const struct mln_tag_source *source, const struct mln_tag *tag,
                      struct mln_buf *out)
{
    struct mln_tabular table;
    const char *features = mln_tag_features_text(out->arena, tag->features);
    mln_buf_printf(out, "%s\n", tag->name);
    if (tag->kind != MLN_TAG_SERVICE) {
        mln_buf_add(out, "  a virtual tag: no file lists it, Azure works it out for each subnet\n");
        return;
    }
    mln_buf_printf(out, "  %-14s %s\n", "region", tag->region ? tag->region : "all");
    if (tag->parent)
        mln_buf_printf(out, "  %-14s %s\n", "part of", tag->parent->name);
    mln_buf_printf(out, "  %-14s %s\n", "features", *features ? features : "none");
    mln_buf_printf(out, "  %-14s %s\n", "security rules",
                   mln_tag_in_nsg(tag) ? "yes" : "no: an NSG cannot name it");
    if (!source->path) {
        mln_buf_printf(out, "  %-14s not known without --tags=FILE\n", "prefixes");
        return;
    }
    mln_buf_printf(out, "  %-14s %ld\n", "change number", tag->change);
    show_family(tag->prefixes[MLN_IPV4], "IPv4", out);
    show_family(tag->prefixes[MLN_IPV6], "IPv6", out);
    mln_tabular_init(&table, out->arena, show_columns, SHOW_WIDTH);
    add_prefixes(&table, tag);
    for (size_t i = 0; i < table.cells.len; i += SHOW_WIDTH)
        mln_buf_printf(out, "  %s\n", table.cells.data[i]);
}

static void show_json_family(const struct mln_ipset *set, const char *key, struct mln_json *json,
                             struct mln_arena *arena)
{
    char text[MLN_IP_TEXT];
    struct mln_prefix *list;
    mln_json_key(json, key);
    if (!set) {
        mln_json_null(json);
        return;
    }
    size_t len = mln_ipset_prefixes(arena, set, &list);
    mln_json_object(json);
    mln_json_key(json, "addresses");
    mln_json_digits(json, mln_ipset_size_text(arena, set));
    mln_json_key(json, "prefixes");
    mln_json_array(json);
    for (size_t i = 0; i < len; i++)
        mln_json_string(json, mln_prefix_text(&list[i], text));
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void show_json(const struct mln_tag *tag, struct mln_json *json, struct mln_arena *arena)
{
    mln_json_object(json);
    mln_json_pair(json, "name", tag->name);
    mln_json_key(json, "virtual");
    mln_json_bool(json, tag->kind != MLN_TAG_SERVICE);
    mln_json_pair(json, "region", tag->region);
    mln_json_pair(json, "parent", tag->parent ? tag->parent->name : NULL);
    mln_json_pair(json, "service", tag->service);
    mln_json_pair(json, "features", mln_tag_features_text(arena, tag->features));
    mln_json_key(json, "in_security_rules");
    mln_json_bool(json, mln_tag_in_nsg(tag));
    if (tag->prefixes[MLN_IPV4]) {
        mln_json_key(json, "change_number");
        mln_json_number(json, tag->change);
    }
    show_json_family(tag->prefixes[MLN_IPV4], "ipv4", json, arena);
    show_json_family(tag->prefixes[MLN_IPV6], "ipv6", json, arena);
    mln_json_end_object(json);
}

static void print_shown(struct mln_cli *cli, const struct mln_tag_source *source,
                        const struct mln_tag_vec *tags, struct mln_buf *out)
{
    struct mln_tabular table;
    struct mln_json json;
    switch (cli->options.format) {
    case MLN_PRINT_TEXT:
        for (size_t i = 0; i < tags->len; i++) {
            mln_buf_add(out, i ? "\n" : "");
            show_text(source, tags->data[i], out);
        }
        return;
    case MLN_PRINT_JSON:
        mln_json_init(&json, out, false);
        mln_json_object(&json);
        mln_tag_source_json(source, &json);
        mln_json_key(&json, "tags");
        mln_json_array(&json);
        for (size_t i = 0; i < tags->len; i++)
            show_json(tags->data[i], &json, cli->ctx.arena);
        mln_json_end_array(&json);
        mln_json_end_object(&json);
        mln_buf_char(out, '\n');
        return;
    default:
        mln_tabular_init(&table, cli->ctx.arena, show_columns, SHOW_WIDTH);
        for (size_t i = 0; i < tags->len; i++)
            add_prefixes(&table, tags->data[i]);
        mln_tabular_print(&table, cli->options.format, out);
    }
}

/* A table of prefixes from the catalogue would be an empty one, and look like an answer. */
static bool needs_file(const struct mln_cli *cli)
{
    return cli->options.format != MLN_PRINT_TEXT && cli->options.format != MLN_PRINT_JSON;
}

void mln_tags_show(struct mln_cli *cli, const char *const *operands, size_t count)
{
    struct mln_tag_source source;
    struct mln_tag_vec found = {0};
    struct mln_buf out;
    if (count == 0) {
        mln_cli_usage(cli, "tags show needs the name of a service tag");
        return;
    }
    if (needs_file(cli) && !cli->options.tags) {
        mln_cli_usage(cli, "prefixes are in a service-tag file: --tags=FILE");
        return;
    }
    bool good = mln_tag_source_open(cli, NULL, &source);
    for (size_t i = 0; good && i < count; i++) {
        const struct mln_tag *tag = mln_tags_find(source.file.tags, operands[i]);
        if (tag)
            mln_vec_push(cli->ctx.arena, &found, tag);
        else
            mln_tag_source_unknown(cli, &source, operands[i]);
    }
    mln_buf_init(&out, cli->ctx.arena);
    print_shown(cli, &source, &found, &out);
    mln_tags_print(cli, &out);
}

/* ---- find ---- */

static const struct mln_column find_columns[] = {
    {.name = "tag"}, {.name = "region"}, {.name = "holds"}, {.name = "prefix"}, {.name = "asked"},
};
#define FIND_WIDTH (sizeof find_columns / sizeof *find_columns)

/* The prefix of the tag that the first address asked about lies in; else the first that lies in
 * what is asked about. */
static const char *prefix_at(struct mln_arena *arena, const struct mln_ipset *set,
                             const struct mln_prefix *asked)
{
    char text[MLN_IP_TEXT];
    struct mln_prefix *list;
    size_t len = mln_ipset_prefixes(arena, set, &list);
    for (size_t i = 0; i < len; i++)
        if (mln_ip_cmp(mln_prefix_last(&list[i]), asked->ip) >= 0)
            return mln_strdup(arena, mln_prefix_text(&list[i], text));
    return "";
}

/* How many tags hold all of it. */
static size_t find_one(struct mln_cli *cli, const struct mln_tag_vec *tags,
                       const struct mln_prefix *asked, const char *text, struct mln_tabular *table)
{
    struct mln_arena *a = cli->ctx.arena;
    const struct mln_ipset *set = mln_ipset_from_prefixes(a, asked->family, asked, 1);
    size_t whole = 0;
    for (size_t i = 0; i < tags->len; i++) {
        const struct mln_ipset *held = tags->data[i]->prefixes[asked->family];
        if (!mln_ipset_overlaps(held, set))
            continue;
        bool all = mln_ipset_covers(held, set);
        whole += all;
        mln_tabular_add(table, tags->data[i]->name);
        mln_tabular_add(table, tags->data[i]->region ? tags->data[i]->region : "");
        mln_tabular_add(table, all ? "all" : "part");
        mln_tabular_add(table, prefix_at(a, held, asked));
        mln_tabular_add(table, text);
    }
    return whole;
}

static bool parse_operands(struct mln_cli *cli, const char *const *operands, size_t count,
                           struct mln_prefix *prefixes)
{
    for (size_t i = 0; i < count; i++) {
        char text[MLN_IP_TEXT];
        switch (mln_prefix_parse(operands[i], strlen(operands[i]), &prefixes[i])) {
        case MLN_PREFIX_OK:
            continue;
        case MLN_PREFIX_HOST_BITS:
            mln_cli_usage(cli, "'%s' has host bits set; the prefix is %s", operands[i],
                          mln_prefix_text(&prefixes[i], text));
            return false;
        default:
            mln_cli_usage(cli, "'%s' is neither an address nor a prefix", operands[i]);
            return false;
        }
    }
    return true;
}

void mln_tags_find_address(struct mln_cli *cli, const char *const *operands, size_t count)
{
    struct mln_prefix *asked = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_prefix, count);
    struct mln_tag_source source;
    struct mln_tabular table;
    if (count == 0 || !cli->options.tags) {
        mln_cli_usage(cli, count == 0 ? "tags find needs an address or a prefix"
                                      : "addresses are in a service-tag file: --tags=FILE");
        return;
    }
    if (!parse_operands(cli, operands, count, asked))
        return;
    mln_tabular_init(&table, cli->ctx.arena, find_columns, FIND_WIDTH);
    if (mln_tag_source_open(cli, NULL, &source)) {
        mln_tag_source_check_only(cli, &source, NULL);
        struct mln_tag_vec tags = mln_tag_source_select(cli, &source);
        for (size_t i = 0; i < count; i++)
            if (find_one(cli, &tags, &asked[i], operands[i], &table) == 0)
                mln_cli_raise(cli, MLN_EXIT_NO);
    }
    mln_tags_print_table(cli, &source, "found", &table);
}
