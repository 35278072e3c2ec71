/* mlnsgc tags check: is a service-tag file fit for use?
 *
 * Microsoft publishes a file each week and does not use new ranges in the first week. So a file
 * dated D knows all that is in use until the next one, of D + 7, takes effect on D + 14: from then
 * on addresses may be in use that it does not hold. The date stands in the file's name alone. */
#include "cli/library.h"
#include "cli/pipeline.h"
#include "cli/tags.h"

#include <string.h>

#define USABLE_DAYS 14

struct summary {
    struct mln_tag_source source;
    const char *name; /* of the file, without its directory */
    bool dated;
    struct mln_date date;
    long age; /* days */
    size_t tags, usable, without_features, regions;
    size_t prefixes[MLN_FAMILIES];
};

/* ---- the date ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Eight digits that are a day: ServiceTags_Public_20260622.json */
static bool date_in(struct mln_ctx *ctx, const char *name, struct mln_date *date)
{
    for (const char *p = name; *p; p++) {
        size_t digits = strspn(p, "0123456789");
        if (digits == 8) {
            const struct mln_value *value =
                mln_parse_value(ctx, mln_printf(ctx->arena, "%.4s-%.2s-%.2s", p, p + 4, p + 6));
            if (value && value->kind == MLN_VALUE_DATE) {
                *date = value->date;
                return true;
            }
        }
        p += digits;
        if (!*p || is_digit(*p))
            break;
    }
    return false;
}

static void check_age(struct mln_cli *cli, struct summary *s)
{
    struct mln_span nowhere = {0};
    s->dated = date_in(&cli->ctx, s->name, &s->date);
    if (!s->dated) {
        struct mln_diag *diag =
            mln_report(cli->ctx.diags, MLN_D_TAG_FILE_UNDATED, nowhere,
                       "the age of '%s' is not known: its name holds no date", s->name);
        mln_diag_help(diag, "keep Microsoft's name: ServiceTags_Public_20260622.json");
        return;
    }
    s->age = mln_date_days(cli->options.today) - mln_date_days(s->date);
    if (s->age < USABLE_DAYS)
        return;
    struct mln_diag *diag = mln_report(
        cli->ctx.diags, MLN_D_TAG_FILE_OLD, nowhere,
        "'%s' is %ld days old: ranges that it does not hold may be in use", s->name, s->age);
    mln_diag_note(diag, "a file is published each week and takes effect a week later");
}

/* ---- regions ---- */

static const char *cloud_tag(struct mln_cli *cli, const char *region)
{
    return mln_printf(cli->ctx.arena, "AzureCloud.%s", region);
}

/* "centralus, eastus"; "" when the file has a tag for each. */
static const char *missing_regions(struct mln_cli *cli, const struct summary *s,
                                   const struct mln_geography *geography, size_t *count)
{
    const char *list = "";
    *count = 0;
    for (size_t i = 0; i < geography->regions.len; i++) {
        const char *region = geography->regions.data[i];
        if (mln_tags_find(s->source.file.tags, cloud_tag(cli, region)))
            continue;
        list = mln_printf(cli->ctx.arena, "%s%s%s", list, *count ? ", " : "", region);
        ++*count;
    }
    return list;
}

static void check_geographies(struct mln_cli *cli, const struct summary *s)
{
    struct mln_tags *tags = s->source.file.tags;
    const struct mln_model *model = mln_library_model(cli, tags, mln_tags_cloud(tags));
    for (size_t i = 0; model && i < model->geographies.len; i++) {
        const struct mln_geography *geography = model->geographies.data[i];
        size_t count;
        const char *list = missing_regions(cli, s, geography, &count);
        if (count > 0)
            mln_report(cli->ctx.diags, MLN_D_REGION_MISSING, (struct mln_span){0},
                       "the file has no AzureCloud tag for %zu of the %zu regions of geography "
                       "'%s': %s",
                       count, geography->regions.len, geography->name, list);
    }
}

static void check_new_regions(struct mln_cli *cli, struct summary *s)
{
    const struct mln_regions *regions = mln_tags_regions(s->source.file.tags);
    const char *list = "";
    size_t count = 0;
    for (size_t i = 0; i < regions->list.len; i++) {
        const struct mln_region *region = regions->list.data[i];
        s->regions += region->in_cloud &&
                      mln_tags_find(s->source.file.tags, cloud_tag(cli, region->in_cloud));
        if (!region->learnt)
            continue;
        list = mln_printf(cli->ctx.arena, "%s%s%s", list, count ? ", " : "", region->arm);
        count++;
    }
    if (count > 0)
        mln_report(cli->ctx.diags, MLN_D_REGION_NEW, (struct mln_span){0},
                   "the file has %zu region%s that mlnsgc does not know: %s", count,
                   count == 1 ? "" : "s", list);
}

/* ---- tags ---- */

static bool inside(const struct mln_tag *tag)
{
    for (int f = 0; tag->parent && f < MLN_FAMILIES; f++)
        if (!mln_ipset_covers(tag->parent->prefixes[f], tag->prefixes[f]))
            return false;
    return true;
}

static void count_tags(struct mln_cli *cli, struct summary *s)
{
    const struct mln_tags *tags = s->source.file.tags;
    for (size_t i = 0; i < mln_tags_count(tags); i++) {
        const struct mln_tag *tag = mln_tags_at(tags, i);
        if (tag->kind != MLN_TAG_SERVICE)
            continue;
        s->tags++;
        s->usable += mln_tag_in_nsg(tag);
        s->without_features += tag->features == 0;
        for (int f = 0; f < MLN_FAMILIES; f++)
            s->prefixes[f] += mln_ipset_prefix_count(tag->prefixes[f]);
        if (!inside(tag))
            mln_report(cli->ctx.diags, MLN_D_TAG_OUTSIDE_PARENT, (struct mln_span){0},
                       "%s holds addresses that %s does not", tag->name, tag->parent->name);
    }
}

/* Documented, but in no file; stdlib/azure/tags-public.tsv says so. */
static bool never_published(const struct mln_tag *tag)
{
    static const char name[] = "AzureContainerAppsService";
    return strncmp(tag->name, name, sizeof name - 1) == 0;
}

/* Tags of the embedded catalogue, where rules may name them and the file does not let them. */
static void check_missing(struct mln_cli *cli, const struct summary *s)
{
    const struct mln_tags *known = mln_cli_catalogue(cli, mln_tags_cloud(s->source.file.tags));
    const char *list = "";
    size_t count = 0;
    for (size_t i = 0; known && i < mln_tags_count(known); i++) {
        const struct mln_tag *tag = mln_tags_at(known, i);
        const struct mln_tag *here = mln_tags_find(s->source.file.tags, tag->name);
        if (!mln_tag_in_nsg(tag) || never_published(tag) || (here && mln_tag_in_nsg(here)))
            continue;
        if (count++ < 5)
            list = mln_printf(cli->ctx.arena, "%s%s%s", list, *list ? ", " : "", tag->name);
    }
    if (count > 0)
        mln_report(cli->ctx.diags, MLN_D_TAGS_MISSING, (struct mln_span){0},
                   "%zu service tag%s that security rules may name %s not in the file, or not for "
                   "them: %s%s",
                   count, count == 1 ? "" : "s", count == 1 ? "is" : "are", list,
                   count > 5 ? ", ..." : "");
}

/* ---- the report ---- */

static const char *date_text(struct mln_arena *a, struct mln_date date)
{
    return mln_printf(a, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static const struct mln_column columns[] = {{.name = "what"}, {.name = "value"}};

static void add_pair(struct mln_tabular *table, const char *what, const char *value)
{
    mln_tabular_add(table, what);
    mln_tabular_add(table, value);
}

static void fill(struct mln_tabular *table, const struct summary *s)
{
    struct mln_arena *a = table->arena;
    mln_tabular_init(table, a, columns, 2);
    add_pair(table, "file", s->name);
    add_pair(table, "cloud", s->source.file.cloud);
    add_pair(table, "change number",
             s->source.file.change < 0 ? "none" : mln_printf(a, "%ld", s->source.file.change));
    add_pair(table, "published", s->dated ? date_text(a, s->date) : "not known");
    if (s->dated)
        add_pair(table, "age",
                 s->age < 0 ? mln_printf(a, "%ld days ahead of today", -s->age)
                            : mln_printf(a, "%ld day%s", s->age, s->age == 1 ? "" : "s"));
    add_pair(table, "service tags", mln_printf(a, "%zu", s->tags));
    add_pair(table, "for security rules", mln_printf(a, "%zu", s->usable));
    add_pair(table, "without features", mln_printf(a, "%zu", s->without_features));
    add_pair(table, "regions of AzureCloud", mln_printf(a, "%zu", s->regions));
    add_pair(table, "IPv4 prefixes", mln_printf(a, "%zu", s->prefixes[MLN_IPV4]));
    add_pair(table, "IPv6 prefixes", mln_printf(a, "%zu", s->prefixes[MLN_IPV6]));
}

static void json_count(struct mln_json *json, const char *key, size_t count)
{
    mln_json_key(json, key);
    mln_json_number(json, (long long)count);
}

static void json_findings(struct mln_cli *cli, struct mln_json *json)
{
    const struct mln_diags *diags = cli->ctx.diags;
    mln_json_key(json, "findings");
    mln_json_array(json);
    for (size_t i = 0; i < diags->list.len; i++) {
        const struct mln_diag *diag = diags->list.data[i];
        if (diag->suppressed)
            continue;
        mln_json_object(json);
        mln_json_pair(json, "slug", mln_diag_catalogue[diag->id].slug);
        mln_json_pair(json, "message", diag->message);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}

static void print_json(struct mln_cli *cli, const struct summary *s, bool good, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_pair(&json, "file", s->name);
    mln_tag_source_json(&s->source, &json);
    if (good) {
        mln_json_pair(&json, "published", s->dated ? date_text(out->arena, s->date) : NULL);
        if (s->dated) {
            mln_json_key(&json, "age_days");
            mln_json_number(&json, s->age);
        }
        json_count(&json, "tags", s->tags);
        json_count(&json, "tags_for_security_rules", s->usable);
        json_count(&json, "tags_without_features", s->without_features);
        json_count(&json, "azure_cloud_regions", s->regions);
        json_count(&json, "ipv4_prefixes", s->prefixes[MLN_IPV4]);
        json_count(&json, "ipv6_prefixes", s->prefixes[MLN_IPV6]);
    }
    json_findings(cli, &json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}

static void print(struct mln_cli *cli, const struct summary *s, bool good)
{
    struct mln_buf out;
    struct mln_tabular table = {.arena = cli->ctx.arena};
    mln_buf_init(&out, cli->ctx.arena);
    if (cli->options.format == MLN_PRINT_JSON) {
        print_json(cli, s, good, &out);
    } else {
        mln_tabular_init(&table, cli->ctx.arena, columns, 2);
        if (good)
            fill(&table, s);
        if (cli->options.format != MLN_PRINT_TEXT)
            mln_tabular_print(&table, cli->options.format, &out);
        for (size_t i = 0; cli->options.format == MLN_PRINT_TEXT && i < table.cells.len; i += 2)
            mln_buf_printf(&out, "%-22s %s\n", table.cells.data[i], table.cells.data[i + 1]);
    }
    mln_tags_print(cli, &out);
}

void mln_tags_check(struct mln_cli *cli, const char *const *operands, size_t count)
{
    struct summary s = {.name = count ? operands[0] : cli->options.tags};
    if (count > 1 || !s.name) {
        mln_cli_usage(cli, count > 1 ? "tags check takes one file"
                                     : "tags check needs a file, or --tags=FILE");
        return;
    }
    if (cli->options.format == MLN_PRINT_LINES) {
        mln_cli_usage(cli, "--format=lines: tags check has no such form");
        return;
    }
    const char *slash = strrchr(s.name, '/');
    bool good = mln_tag_source_open(cli, s.name, &s.source);
    s.name = slash ? slash + 1 : s.name;
    if (good) {
        check_age(cli, &s);
        count_tags(cli, &s);
        check_new_regions(cli, &s);
        if (!s.source.file.closed)
            check_missing(cli, &s);
        if (!s.source.file.closed && mln_tags_cloud(s.source.file.tags) == MLN_CLOUD_PUBLIC)
            check_geographies(cli, &s);
        if (cli->ctx.diags->warnings > 0 && cli->options.fail_on != MLN_FAIL_ON_NEVER)
            mln_cli_raise(cli, MLN_EXIT_NO);
    }
    print(cli, &s, good);
}
