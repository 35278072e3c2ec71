/* mlnsgc tags: look into service-tag files. */
#include "cli/tags.h"

#include "cli/pipeline.h"
#include "cli/report.h"
#include "net/count.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- sources ---- */

static bool open_catalogue(struct mln_cli *cli, struct mln_tag_source *source)
{
    enum mln_cloud cloud = cli->options.cloud_given ? cli->options.cloud : MLN_CLOUD_PUBLIC;
    source->file = (struct mln_tagfile){
        .tags = mln_cli_catalogue(cli, cloud), .cloud = mln_cloud_names[cloud], .change = -1};
    return source->file.tags != NULL;
}

static bool is_cloud_asked(struct mln_cli *cli, const struct mln_tag_source *source)
{
    enum mln_cloud asked = cli->options.cloud;
    if (!cli->options.cloud_given ||
        (!source->file.closed && mln_tags_cloud(source->file.tags) == asked))
        return true;
    mln_report(cli->ctx.diags, MLN_D_CLOUD_MISMATCH, (struct mln_span){0},
               "'%s' holds the service tags of cloud '%s', but --cloud=%s was given", source->path,
               source->file.cloud, mln_cloud_names[asked]);
    return false;
}

bool mln_tag_source_open(struct mln_cli *cli, const char *path, struct mln_tag_source *source)
{
    *source = (struct mln_tag_source){.path = path ? path : cli->options.tags};
    if (!source->path)
        return open_catalogue(cli, source);
    size_t length;
    char *text = mln_cli_read(cli, source->path, &length);
    return text && mln_tagfile_look(&cli->ctx, source->path, text, length, &source->file) &&
           is_cloud_asked(cli, source);
}

static bool named(const struct mln_cli *cli, const struct mln_tag_source *source,
                  const struct mln_tag *tag)
{
    for (size_t i = 0; i < cli->options.only.len; i++) {
        const char *only = cli->options.only.data[i];
        if (mln_tags_find(source->file.tags, only) == tag ||
            fnmatch(only, tag->name, FNM_CASEFOLD) == 0)
            return true;
    }
    return cli->options.only.len == 0;
}

static int by_name(const void *x, const void *y)
{
    const struct mln_tag *const *a = x, *const *b = y;
    return strcasecmp((*a)->name, (*b)->name);
}

struct mln_tag_vec mln_tag_source_select(struct mln_cli *cli, const struct mln_tag_source *source)
{
    struct mln_tag_vec list = {0};
    for (size_t i = 0; i < mln_tags_count(source->file.tags); i++) {
        const struct mln_tag *tag = mln_tags_at(source->file.tags, i);
        if (tag->kind == MLN_TAG_SERVICE && named(cli, source, tag))
            mln_vec_push(cli->ctx.arena, &list, tag);
    }
    if (list.len > 0)
        qsort(list.data, list.len, sizeof *list.data, by_name);
    return list;
}

/* The nearest of all names; mln_tags_suggest offers only those that a rule may use. */
static const char *closest(struct mln_cli *cli, const struct mln_tags *tags, const char *name)
{
    const char **names = MLN_NEW_ARRAY(cli->ctx.arena, const char *, mln_tags_count(tags));
    for (size_t i = 0; i < mln_tags_count(tags); i++)
        names[i] = mln_tags_at(tags, i)->name;
    return mln_closest(name, names, mln_tags_count(tags));
}

void mln_tag_source_unknown(struct mln_cli *cli, const struct mln_tag_source *source,
                            const char *name)
{
    const struct mln_tags *tags = source->file.tags;
    const char *near = mln_tags_suggest(tags, name);
    struct mln_diag *diag = mln_report(cli->ctx.diags, MLN_D_UNKNOWN_TAG, (struct mln_span){0},
                                       source->path ? "there is no service tag '%s' in '%s'"
                                                    : "there is no service tag '%s'",
                                       name, source->path);
    if (!near)
        near = closest(cli, tags, name);
    if (near)
        mln_diag_help(diag, "did you mean '%s'?", near);
}

static bool matches_any(const struct mln_tag_source *source, const char *only)
{
    if (mln_tags_find(source->file.tags, only))
        return true;
    for (size_t i = 0; i < mln_tags_count(source->file.tags); i++)
        if (fnmatch(only, mln_tags_at(source->file.tags, i)->name, FNM_CASEFOLD) == 0)
            return true;
    return false;
}

bool mln_tag_source_check_only(struct mln_cli *cli, const struct mln_tag_source *source,
                               const struct mln_tag_source *other)
{
    bool good = true;
    for (size_t i = 0; i < cli->options.only.len; i++) {
        const char *only = cli->options.only.data[i];
        if (matches_any(source, only) || (other && matches_any(other, only)))
            continue;
        mln_tag_source_unknown(cli, source, only);
        good = false;
    }
    return good;
}

/* ---- words ---- */

const char *mln_tag_features_text(struct mln_arena *arena, unsigned features)
{
    static const char *const words[] = {"API", "NSG", "UDR", "FW", "VSE"};
    const char *text = "";
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (features >> i & 1)
            text = mln_printf(arena, "%s%s%s", text, *text ? " " : "", words[i]);
    return text;
}

const char *mln_ipset_size_text(struct mln_arena *arena, const struct mln_ipset *set)
{
    char text[MLN_COUNT_TEXT];
    return mln_strdup(arena, mln_count_text(mln_count_of(set), text));
}

void mln_tag_source_json(const struct mln_tag_source *source, struct mln_json *json)
{
    mln_json_pair(json, "cloud", source->file.cloud);
    mln_json_key(json, "change_number");
    if (source->file.tags && source->file.change >= 0)
        mln_json_number(json, source->file.change);
    else
        mln_json_null(json);
}

void mln_tags_print(struct mln_cli *cli, const struct mln_buf *out)
{
    if (out->len > 0)
        mln_cli_write(cli, stdout, out->data, out->len);
}

void mln_tags_print_table(struct mln_cli *cli, const struct mln_tag_source *source, const char *key,
                          const struct mln_tabular *table)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    if (cli->options.format == MLN_PRINT_JSON) {
        struct mln_json json;
        mln_json_init(&json, &out, false);
        mln_json_object(&json);
        mln_tag_source_json(source, &json);
        mln_json_key(&json, key);
        mln_tabular_json(table, &json);
        mln_json_end_object(&json);
        mln_buf_char(&out, '\n');
    } else {
        mln_tabular_print(table, cli->options.format, &out);
    }
    mln_tags_print(cli, &out);
}

/* ---- list ---- */

static const struct mln_column list_columns[] = {
    {.name = "name"},
    {.name = "region"},
    {.name = "features"},
    {.name = "change_number", .number = true},
    {.name = "ipv4_prefixes", .number = true},
    {.name = "ipv6_prefixes", .number = true},
    {.name = "ipv4_addresses", .number = true},
};
#define LIST_WIDTH (sizeof list_columns / sizeof *list_columns)

static void add_tag(struct mln_tabular *table, const struct mln_tag *tag)
{
    const struct mln_ipset *v4 = tag->prefixes[MLN_IPV4], *v6 = tag->prefixes[MLN_IPV6];
    mln_tabular_add(table, tag->name);
    mln_tabular_add(table, tag->region ? tag->region : "");
    mln_tabular_add(table, mln_tag_features_text(table->arena, tag->features));
    if (!v4 || !v6) {
        for (int i = 0; i < 4; i++)
            mln_tabular_add(table, NULL);
        return;
    }
    mln_tabular_add_number(table, tag->change);
    mln_tabular_add_number(table, (long long)mln_ipset_prefix_count(v4));
    mln_tabular_add_number(table, (long long)mln_ipset_prefix_count(v6));
    mln_tabular_add(table, mln_ipset_size_text(table->arena, v4));
}

void mln_tags_list(struct mln_cli *cli, const char *const *operands, size_t count)
{
    struct mln_tag_source source;
    struct mln_tabular table;
    if (count > 1) {
        mln_cli_usage(cli, "tags list takes one file");
        return;
    }
    mln_tabular_init(&table, cli->ctx.arena, list_columns, LIST_WIDTH);
    if (mln_tag_source_open(cli, count ? operands[0] : NULL, &source)) {
        mln_tag_source_check_only(cli, &source, NULL);
        struct mln_tag_vec list = mln_tag_source_select(cli, &source);
        for (size_t i = 0; i < list.len; i++)
            add_tag(&table, list.data[i]);
    }
    mln_tags_print_table(cli, &source, "tags", &table);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    void (*run)(struct mln_cli *cli, const char *const *operands, size_t count);
} parts[] = {
    {"list", mln_tags_list}, {"show", mln_tags_show},   {"find", mln_tags_find_address},
    {"diff", mln_tags_diff}, {"check", mln_tags_check},
};
#define PART_COUNT (sizeof parts / sizeof *parts)

static void unknown_part(struct mln_cli *cli, const char *name)
{
    const char *names[PART_COUNT];
    for (size_t i = 0; i < PART_COUNT; i++)
        names[i] = parts[i].name;
    const char *near = mln_closest(name, names, PART_COUNT);
    if (near)
        mln_cli_usage(cli, "'%s' is nothing that tags can do; did you mean '%s'?", name, near);
    else
        mln_cli_usage(cli, "'%s' is nothing that tags can do: list, show, find, diff or check",
                      name);
}

void mln_tags_command(struct mln_cli *cli)
{
    const char *const *operands = cli->options.inputs.data;
    size_t count = cli->options.inputs.len;
    if (count == 0) {
        mln_cli_usage(cli, "what about service tags? list, show, find, diff or check");
        return;
    }
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (strcmp(parts[i].name, operands[0]) != 0)
            continue;
        mln_report_configure(cli);
        parts[i].run(cli, operands + 1, count - 1);
        mln_report_finish(cli, stderr);
        return;
    }
    unknown_part(cli, operands[0]);
}
