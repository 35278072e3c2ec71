/* mlnsgc tags diff: what changed from one service-tag file to the next.
 *
 * Prefixes are compared as sets of addresses: two /24 that became one /23 are no change. Both lists
 * of tags are sorted by name, so the order of either file does not matter. */
#include "cli/tags.h"

#include <string.h>
#include <strings.h>

struct change {
    const struct mln_tag *old, *new; /* one of them may be NULL */
    const struct mln_ipset *added[MLN_FAMILIES], *removed[MLN_FAMILIES];
    bool features, region;
};
MLN_VEC_TYPE(change_vec, struct change);

static const struct mln_ipset *prefixes_of(struct mln_arena *a, const struct mln_tag *tag,
                                           int family)
{
    return tag ? tag->prefixes[family] : mln_ipset_empty(a, (enum mln_family)family);
}

static const char *features_of(struct mln_arena *a, const struct mln_tag *tag)
{
    return tag->features ? mln_tag_features_text(a, tag->features) : "none";
}

static bool same_region(const struct mln_tag *x, const struct mln_tag *y)
{
    return !x->region == !y->region && (!x->region || strcmp(x->region, y->region) == 0);
}

/* False when nothing changed. */
static bool compare(struct mln_arena *a, const struct mln_tag *old, const struct mln_tag *new,
                    struct change *change)
{
    *change = (struct change){.old = old, .new = new};
    bool differ = !old || !new;
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *x = prefixes_of(a, old, f), *y = prefixes_of(a, new, f);
        change->added[f] = mln_ipset_subtract(a, y, x);
        change->removed[f] = mln_ipset_subtract(a, x, y);
        differ |= change->added[f]->len > 0 || change->removed[f]->len > 0;
    }
    if (old && new) {
        change->features = old->features != new->features;
        change->region = !same_region(old, new);
    }
    return differ || change->features || change->region;
}

static struct change_vec find_changes(struct mln_arena *a, const struct mln_tag_vec *old,
                                      const struct mln_tag_vec *new)
{
    struct change_vec changes = {0};
    for (size_t i = 0, k = 0; i < old->len || k < new->len;) {
        int order = i == old->len   ? 1
                    : k == new->len ? -1
                                    : strcasecmp(old->data[i]->name, new->data[k]->name);
        const struct mln_tag *x = order <= 0 ? old->data[i++] : NULL;
        const struct mln_tag *y = order >= 0 ? new->data[k++] : NULL;
        struct change change;
        if (compare(a, x, y, &change))
            mln_vec_push(a, &changes, change);
    }
    return changes;
}

static const char *name_of(const struct change *change)
{
    return change->new ? change->new->name : change->old->name;
}

static const char *kind_of(const struct change *change)
{
    return !change->old ? "tag-added" : !change->new ? "tag-removed" : "changed";
}

static size_t prefix_count(const struct mln_ipset *const sets[MLN_FAMILIES])
{
    return mln_ipset_prefix_count(sets[MLN_IPV4]) + mln_ipset_prefix_count(sets[MLN_IPV6]);
}

/* ---- one row for each prefix: CSV and lines ---- */

static const struct mln_column row_columns[] = {
    {.name = "change"}, {.name = "tag"}, {.name = "value"}, {.name = "addresses", .number = true}};
#define ROW_WIDTH (sizeof row_columns / sizeof *row_columns)

static void add_row(struct mln_tabular *rows, const char *change, const char *tag,
                    const char *value, const char *addresses)
{
    mln_tabular_add(rows, change);
    mln_tabular_add(rows, tag);
    mln_tabular_add(rows, value);
    mln_tabular_add(rows, addresses);
}

static void add_prefix_rows(struct mln_tabular *rows, const char *change, const char *tag,
                            const struct mln_ipset *const sets[MLN_FAMILIES])
{
    char text[MLN_IP_TEXT];
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_prefix *list;
        size_t len = mln_ipset_prefixes(rows->arena, sets[f], &list);
        for (size_t i = 0; i < len; i++) {
            const struct mln_ipset *one =
                mln_ipset_from_prefixes(rows->arena, list[i].family, &list[i], 1);
            add_row(rows, change, tag, mln_strdup(rows->arena, mln_prefix_text(&list[i], text)),
                    mln_ipset_size_text(rows->arena, one));
        }
    }
}

static void add_rows(struct mln_tabular *rows, const struct change *change)
{
    const char *name = name_of(change);
    if (!change->old || !change->new)
        add_row(rows, kind_of(change), name, NULL, NULL);
    if (change->features)
        add_row(rows, "features", name, mln_tag_features_text(rows->arena, change->new->features),
                NULL);
    if (change->region)
        add_row(rows, "region", name, change->new->region, NULL);
    add_prefix_rows(rows, "removed", name, change->removed);
    add_prefix_rows(rows, "added", name, change->added);
}

/* ---- one row for each tag: Markdown and JSON ---- */

static const struct mln_column sum_columns[] = {
    {.name = "tag"},
    {.name = "change"},
    {.name = "prefixes added", .number = true},
    {.name = "prefixes removed", .number = true},
    {.name = "IPv4 addresses added", .number = true},
    {.name = "IPv4 addresses removed", .number = true},
};
#define SUM_WIDTH (sizeof sum_columns / sizeof *sum_columns)

static void add_sum(struct mln_tabular *sums, const struct change *change)
{
    mln_tabular_add(sums, name_of(change));
    mln_tabular_add(sums, change->features ? "features" : kind_of(change));
    mln_tabular_add_number(sums, (long long)prefix_count(change->added));
    mln_tabular_add_number(sums, (long long)prefix_count(change->removed));
    mln_tabular_add(sums, mln_ipset_size_text(sums->arena, change->added[MLN_IPV4]));
    mln_tabular_add(sums, mln_ipset_size_text(sums->arena, change->removed[MLN_IPV4]));
}

/* ---- reports ---- */

struct report {
    struct mln_cli *cli;
    struct mln_tag_source old, new;
    struct change_vec changes;
    bool good; /* both files were read */
};

static const char *change_number(const struct report *r, const struct mln_tag_source *source)
{
    return source->file.change < 0 ? "?"
                                   : mln_printf(r->cli->ctx.arena, "%ld", source->file.change);
}

static bool adds_addresses(const struct change_vec *changes)
{
    for (size_t i = 0; i < changes->len; i++)
        if (prefix_count(changes->data[i].added) > 0)
            return true;
    return false;
}

#define EFFECTIVE \
    "Azure does not use new ranges in the first week after their publication; let them in before."

static void print_text(const struct report *r, struct mln_buf *out)
{
    struct mln_tabular rows;
    mln_buf_printf(out, "change number %s -> %s, cloud %s: %zu service tag%s differ%s\n",
                   change_number(r, &r->old), change_number(r, &r->new), r->new.file.cloud,
                   r->changes.len, r->changes.len == 1 ? "" : "s", r->changes.len == 1 ? "s" : "");
    for (size_t i = 0; i < r->changes.len; i++) {
        const struct change *change = &r->changes.data[i];
        mln_buf_printf(out, "%s: %s, +%zu -%zu prefixes, +%s -%s IPv4 addresses\n", name_of(change),
                       kind_of(change), prefix_count(change->added), prefix_count(change->removed),
                       mln_ipset_size_text(out->arena, change->added[MLN_IPV4]),
                       mln_ipset_size_text(out->arena, change->removed[MLN_IPV4]));
        if (change->features)
            mln_buf_printf(out, "  features: %s -> %s\n", features_of(out->arena, change->old),
                           features_of(out->arena, change->new));
        if (change->region)
            mln_buf_printf(out, "  region: %s -> %s\n",
                           change->old->region ? change->old->region : "all",
                           change->new->region ? change->new->region : "all");
        mln_tabular_init(&rows, out->arena, row_columns, ROW_WIDTH);
        add_prefix_rows(&rows, "-", "", change->removed);
        add_prefix_rows(&rows, "+", "", change->added);
        for (size_t k = 0; k < rows.cells.len; k += ROW_WIDTH)
            mln_buf_printf(out, "  %s %s\n", rows.cells.data[k], rows.cells.data[k + 2]);
    }
    if (adds_addresses(&r->changes))
        mln_buf_add(out, EFFECTIVE "\n");
}

static void print_markdown(const struct report *r, struct mln_buf *out)
{
    struct mln_tabular sums;
    mln_buf_printf(out, "### Service tags: change number %s → %s\n\n", change_number(r, &r->old),
                   change_number(r, &r->new));
    if (r->changes.len == 0) {
        mln_buf_add(out, "No service tag differs.\n");
        return;
    }
    mln_tabular_init(&sums, out->arena, sum_columns, SUM_WIDTH);
    for (size_t i = 0; i < r->changes.len; i++)
        add_sum(&sums, &r->changes.data[i]);
    mln_tabular_print(&sums, MLN_PRINT_MD, out);
    if (adds_addresses(&r->changes))
        mln_buf_add(out, "\n" EFFECTIVE "\n");
}

static void json_prefixes(struct mln_json *json, const char *key, struct mln_arena *a,
                          const struct mln_ipset *const sets[MLN_FAMILIES])
{
    struct mln_tabular rows;
    mln_tabular_init(&rows, a, row_columns, ROW_WIDTH);
    add_prefix_rows(&rows, "", "", sets);
    mln_json_key(json, key);
    mln_json_array(json);
    for (size_t i = 0; i < rows.cells.len; i += ROW_WIDTH)
        mln_json_string(json, rows.cells.data[i + 2]);
    mln_json_end_array(json);
}

static void json_tag(struct mln_json *json, const char *key, const struct mln_tag *tag,
                     struct mln_arena *a)
{
    mln_json_key(json, key);
    if (!tag) {
        mln_json_null(json);
        return;
    }
    mln_json_object(json);
    mln_json_key(json, "change_number");
    mln_json_number(json, tag->change);
    mln_json_pair(json, "region", tag->region);
    mln_json_pair(json, "features", mln_tag_features_text(a, tag->features));
    mln_json_end_object(json);
}

static void json_source(struct mln_json *json, const char *key, const struct mln_tag_source *source)
{
    mln_json_key(json, key);
    mln_json_object(json);
    mln_tag_source_json(source, json);
    mln_json_end_object(json);
}

static void print_json(const struct report *r, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    json_source(&json, "old", &r->old);
    json_source(&json, "new", &r->new);
    mln_json_key(&json, "equal");
    if (r->good)
        mln_json_bool(&json, r->changes.len == 0);
    else
        mln_json_null(&json);
    mln_json_key(&json, "tags");
    mln_json_array(&json);
    for (size_t i = 0; i < r->changes.len; i++) {
        const struct change *change = &r->changes.data[i];
        mln_json_object(&json);
        mln_json_pair(&json, "name", name_of(change));
        mln_json_pair(&json, "change", kind_of(change));
        json_tag(&json, "old", change->old, out->arena);
        json_tag(&json, "new", change->new, out->arena);
        mln_json_key(&json, "ipv4_addresses_added");
        mln_json_digits(&json, mln_ipset_size_text(out->arena, change->added[MLN_IPV4]));
        mln_json_key(&json, "ipv4_addresses_removed");
        mln_json_digits(&json, mln_ipset_size_text(out->arena, change->removed[MLN_IPV4]));
        json_prefixes(&json, "added", out->arena, change->added);
        json_prefixes(&json, "removed", out->arena, change->removed);
        mln_json_end_object(&json);
    }
    mln_json_end_array(&json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}

/* "+ Storage.WestUS2 20.1.2.0/24", as diff -U0 would. */
static void print_lines(const struct report *r, struct mln_buf *out)
{
    struct mln_tabular rows;
    mln_tabular_init(&rows, out->arena, row_columns, ROW_WIDTH);
    for (size_t i = 0; i < r->changes.len; i++) {
        add_prefix_rows(&rows, "-", name_of(&r->changes.data[i]), r->changes.data[i].removed);
        add_prefix_rows(&rows, "+", name_of(&r->changes.data[i]), r->changes.data[i].added);
    }
    for (size_t i = 0; i < rows.cells.len; i += ROW_WIDTH)
        mln_buf_printf(out, "%s %s %s\n", rows.cells.data[i], rows.cells.data[i + 1],
                       rows.cells.data[i + 2]);
}

static void print_csv(const struct report *r, struct mln_buf *out)
{
    struct mln_tabular rows;
    mln_tabular_init(&rows, out->arena, row_columns, ROW_WIDTH);
    for (size_t i = 0; i < r->changes.len; i++)
        add_rows(&rows, &r->changes.data[i]);
    mln_tabular_print(&rows, MLN_PRINT_CSV, out);
}

static void print(const struct report *r)
{
    struct mln_buf out;
    mln_buf_init(&out, r->cli->ctx.arena);
    enum mln_format format = r->cli->options.format;
    if (format == MLN_PRINT_JSON)
        print_json(r, &out);
    else if (format == MLN_PRINT_CSV)
        print_csv(r, &out);
    else if (!r->good)
        return; /* no file, no statement about it */
    else if (format == MLN_PRINT_MD)
        print_markdown(r, &out);
    else if (format == MLN_PRINT_LINES)
        print_lines(r, &out);
    else
        print_text(r, &out);
    mln_tags_print(r->cli, &out);
}

void mln_tags_diff(struct mln_cli *cli, const char *const *operands, size_t count)
{
    struct report r = {.cli = cli};
    if (count != 2) {
        mln_cli_usage(cli, "tags diff needs two files: OLD NEW");
        return;
    }
    bool old = mln_tag_source_open(cli, operands[0], &r.old);
    bool new = mln_tag_source_open(cli, operands[1], &r.new);
    r.good = old && new;
    if (r.good && strcasecmp(r.old.file.cloud, r.new.file.cloud) != 0) {
        mln_report(cli->ctx.diags, MLN_D_CLOUD_MISMATCH, (struct mln_span){0},
                   "'%s' is of the cloud '%s', '%s' of '%s'", r.old.path, r.old.file.cloud,
                   r.new.path, r.new.file.cloud);
        r.good = false;
    }
    r.good = r.good && mln_tag_source_check_only(cli, &r.new, &r.old);
    if (r.good) {
        struct mln_tag_vec x = mln_tag_source_select(cli, &r.old),
                           y = mln_tag_source_select(cli, &r.new);
        r.changes = find_changes(cli->ctx.arena, &x, &y);
        if (r.changes.len > 0)
            mln_cli_raise(cli, MLN_EXIT_NO);
    }
    print(&r);
}
