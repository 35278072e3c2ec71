/* The catalogue of a cloud, read from its table under stdlib/azure (the head of each table names
 * the columns).
 *
 * A table says per service which regions it publishes tags for, by number, instead of listing the
 * 3,300 names: 8 kB in place of 230 kB. It is data of our own that is checked against Azure's files
 * by tests, so what does not fit the format is a bug, not a user's mistake. */
#include "azure/tag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One line, cut at its tabs in place. */
#define FIELDS_MAX 8
struct row {
    char *fields[FIELDS_MAX];
    size_t len;
};

static struct row split_row(char *line)
{
    struct row row = {0};
    for (char *field = line; field && row.len < FIELDS_MAX;) {
        char *tab = strchr(field, '\t');
        if (tab)
            *tab++ = 0;
        row.fields[row.len++] = field;
        field = tab;
    }
    return row;
}

static unsigned parse_features(const char *text)
{
    static const struct {
        char letter;
        unsigned bit;
    } letters[] = {
        {'A', MLN_FEATURE_API}, {'N', MLN_FEATURE_NSG}, {'U', MLN_FEATURE_UDR},
        {'F', MLN_FEATURE_FW},  {'V', MLN_FEATURE_VSE},
    };
    unsigned features = 0;
    for (; *text && *text != ':'; text++)
        for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
            if (*text == letters[i].letter)
                features |= letters[i].bit;
    return features;
}

static const char *spelling(const char *field)
{
    return strcmp(field, "-") == 0 ? NULL : field;
}

static void add_region_row(struct mln_tags *tags, const struct row *row)
{
    assert(row->len == 5);
    mln_tags_add_region(tags, atoi(row->fields[1]), row->fields[2], spelling(row->fields[3]),
                        spelling(row->fields[4]));
}

/* "*,-48" or "13,55" to a set of region ids; '*' puts all of them in. */
static void parse_ids(const char *text, bool set[MLN_REGION_IDS])
{
    memset(set, *text == '*', MLN_REGION_IDS * sizeof *set);
    for (const char *item = text; item;) {
        bool minus = *item == '-';
        int id = *item == '*' ? 0 : atoi(item + minus);
        assert(id >= 0 && id < MLN_REGION_IDS);
        set[id] = !minus;
        item = strchr(item, ',');
        if (item)
            item++;
    }
}

/* "N:*,-48": the regional tags of a service that share their features. */
static void add_regional(struct mln_tags *tags, const struct mln_tag *service, const char *field)
{
    bool set[MLN_REGION_IDS];
    const char *ids = strchr(field, ':');
    assert(ids);
    parse_ids(ids + 1, set);
    bool in_cloud = strcmp(service->name, "AzureCloud") == 0;
    unsigned features = parse_features(field);
    const struct mln_regions *regions = mln_tags_regions(tags);
    for (size_t i = 0; i < regions->list.len; i++) {
        const struct mln_region *region = regions->list.data[i];
        if (set[region->id] && (in_cloud ? region->in_cloud : region->elsewhere))
            mln_tags_promise(tags, service, region, features);
    }
}

static void add_tag_row(struct mln_tags *tags, const struct row *row)
{
    assert(row->len >= 3);
    const struct mln_tag *service =
        mln_tags_add(tags, row->fields[1], NULL, 0, parse_features(row->fields[2]));
    assert(service);
    for (size_t i = 3; i < row->len; i++)
        add_regional(tags, service, row->fields[i]);
}

static void add_odd_row(struct mln_tags *tags, const struct row *row)
{
    assert(row->len == 4);
    mln_tags_add(tags, row->fields[1], row->fields[3], 0, parse_features(row->fields[2]));
}

static void add_row(struct mln_tags *tags, const struct row *row, bool regions_only)
{
    const char *kind = row->fields[0];
    if (strcmp(kind, "region") == 0)
        add_region_row(tags, row);
    else if (regions_only)
        return;
    else if (strcmp(kind, "tag") == 0)
        add_tag_row(tags, row);
    else if (strcmp(kind, "odd") == 0)
        add_odd_row(tags, row);
}

static void read_table(struct mln_tags *tags, struct mln_arena *arena, const char *table,
                       size_t length, bool regions_only)
{
    for (char *line = mln_strndup(arena, table, length); *line;) {
        char *end = strchr(line, '\n');
        char *next = end ? end + 1 : line + strlen(line);
        if (end)
            *end = 0;
        struct row row = split_row(line);
        add_row(tags, &row, regions_only);
        line = next;
    }
}

void mln_tags_load_regions(struct mln_tags *tags, const char *table, size_t length)
{
    read_table(tags, mln_tags_regions(tags)->arena, table, length, true);
}

struct mln_tags *mln_tags_catalogue(struct mln_ctx *ctx, enum mln_cloud cloud, const char *table,
                                    size_t length)
{
    struct mln_tags *tags = mln_tags_new(ctx, cloud, false);
    read_table(tags, ctx->arena, table, length, false);
    mln_tags_finish(tags);
    return tags;
}
