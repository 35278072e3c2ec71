/* The forms of a list. `arm` and `cli` are those of the allowlist back end, for a resource made up
 * of the kind alone. */
#include "cli/allowlist.h"

#include "base/json.h"
#include "cli/library.h"
#include "cli/tabular.h"
#include "emit/allowlist.h"
#include "rules/firewall.h"

#include <string.h>

/* ---- entries ---- */

static const char *count_text(struct mln_arena *a, struct mln_count count)
{
    char text[MLN_COUNT_TEXT];
    return mln_strdup(a, mln_count_text(count, text));
}

static const char *ip_text(struct mln_arena *a, enum mln_family family, struct mln_ip ip)
{
    char text[MLN_IP_TEXT];
    return mln_strdup(a, mln_ip_text(family, ip, text));
}

static struct mln_range entry_range(const struct mln_fit *fit, size_t i)
{
    if (fit->ranges)
        return fit->ranges[i];
    return (struct mln_range){fit->prefixes[i].ip, mln_prefix_last(&fit->prefixes[i])};
}

/* "20.0.0.0/15", "20.38.0.7", "20.0.0.0-20.1.255.255" */
static const char *entry_text(struct mln_arena *a, const struct mln_fit *fit, size_t i)
{
    char text[MLN_IP_TEXT];
    if (!fit->ranges)
        return mln_strdup(a, mln_prefix_text(&fit->prefixes[i], text));
    return mln_printf(a, "%s-%s", ip_text(a, fit->family, fit->ranges[i].lo),
                      ip_text(a, fit->family, fit->ranges[i].hi));
}

/* How much of `set` lies in a range; *at moves along with the ranges, which ascend. */
static struct mln_count part_in(const struct mln_ipset *set, struct mln_range range, size_t *at)
{
    struct mln_count sum = {0};
    while (*at < set->len && mln_ip_cmp(set->ranges[*at].hi, range.lo) < 0)
        ++*at;
    for (size_t i = *at; i < set->len && mln_ip_cmp(set->ranges[i].lo, range.hi) <= 0; i++) {
        struct mln_range held = set->ranges[i];
        struct mln_ip lo = mln_ip_cmp(held.lo, range.lo) > 0 ? held.lo : range.lo;
        struct mln_ip hi = mln_ip_cmp(held.hi, range.hi) < 0 ? held.hi : range.hi;
        sum = mln_count_add(sum, mln_count_range(lo, hi));
    }
    return sum;
}

static const struct mln_column columns[] = {
    {.name = "entry"},
    {.name = "first"},
    {.name = "last"},
    {.name = "addresses", .number = true},
    {.name = "extra", .number = true},
    {.name = "strangers", .number = true},
};

static void add_rows(const struct mln_allow_job *job, int f, struct mln_tabular *table)
{
    struct mln_arena *a = table->arena;
    const struct mln_fit *fit = job->fit[f];
    const struct mln_ipset *extra = mln_ipset_subtract(a, mln_fit_set(a, fit), job->wanted[f]);
    const struct mln_ipset *strangers = mln_ipset_subtract(a, extra, job->azure[f]);
    size_t at_extra = 0, at_strangers = 0;
    for (size_t i = 0; i < fit->len; i++) {
        struct mln_range range = entry_range(fit, i);
        mln_tabular_add(table, entry_text(a, fit, i));
        mln_tabular_add(table, ip_text(a, fit->family, range.lo));
        mln_tabular_add(table, ip_text(a, fit->family, range.hi));
        mln_tabular_add(table, count_text(a, mln_count_range(range.lo, range.hi)));
        mln_tabular_add(table, count_text(a, part_in(extra, range, &at_extra)));
        mln_tabular_add(table, count_text(a, part_in(strangers, range, &at_strangers)));
    }
}

static void print_table(const struct mln_allow_job *job, struct mln_buf *out)
{
    struct mln_tabular table;
    mln_tabular_init(&table, out->arena, columns, sizeof columns / sizeof *columns);
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (job->fit[f])
            add_rows(job, f, &table);
    mln_tabular_print(&table, MLN_PRINT_CSV, out);
}

static void print_lines(const struct mln_allow_job *job, struct mln_buf *out)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        for (size_t i = 0; job->fit[f] && i < job->fit[f]->len; i++)
            mln_buf_printf(out, "%s\n", entry_text(out->arena, job->fit[f], i));
}

/* ---- JSON ---- */

static void json_size(struct mln_json *json, const char *key, size_t value)
{
    mln_json_key(json, key);
    mln_json_number(json, (long long)value);
}

static void json_count(struct mln_json *json, const char *key, struct mln_count count)
{
    char text[MLN_COUNT_TEXT];
    mln_json_key(json, key);
    mln_json_digits(json, mln_count_text(count, text));
}

static void json_list(struct mln_json *json, const struct mln_fit *fit, struct mln_arena *a)
{
    mln_json_object(json);
    json_size(json, "family", fit->family == MLN_IPV4 ? 4 : 6);
    json_size(json, "entries", fit->len);
    json_size(json, "lossless", fit->lossless);
    json_count(json, "addresses", fit->addresses);
    json_count(json, "extra", fit->extra);
    json_count(json, "strangers", fit->strangers);
    mln_json_key(json, fit->ranges ? "ranges" : "prefixes");
    mln_json_array(json);
    for (size_t i = 0; i < fit->len; i++)
        mln_json_string(json, entry_text(a, fit, i));
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void print_json(const struct mln_allow_job *job, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_pair(&json, "for", job->cli->options.kind);
    mln_json_pair(&json, "cost", job->cli->options.cost == MLN_FIT_TOTAL ? "total" : "strangers");
    if (job->limit)
        json_size(&json, "limit", job->limit);
    mln_json_key(&json, "sources");
    mln_json_array(&json);
    for (size_t i = 0; i < job->sources.len; i++)
        mln_json_string(&json, job->sources.data[i].name);
    mln_json_end_array(&json);
    mln_json_key(&json, "regions");
    mln_json_array(&json);
    for (size_t i = 0; i < job->regions.len; i++)
        mln_json_string(&json, job->regions.data[i]->region);
    mln_json_end_array(&json);
    mln_json_key(&json, "lists");
    mln_json_array(&json);
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (job->fit[f])
            json_list(&json, job->fit[f], out->arena);
    mln_json_end_array(&json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}

/* ---- as the back end writes it ---- */

static struct mln_firewall *make_firewall(const struct mln_allow_job *job,
                                          const struct mln_resource *resource)
{
    struct mln_arena *a = job->cli->ctx.arena;
    struct mln_firewall *firewall = MLN_NEW(a, struct mln_firewall);
    *firewall =
        (struct mln_firewall){.resource = resource, .state = MLN_FIREWALL_LISTED, .known = true};
    firewall->cost = job->cli->options.cost;
    firewall->limit = job->kind->firewall_limit > 0 ? (size_t)job->kind->firewall_limit : 0;
    for (size_t i = 0; i < job->sources.len; i++) {
        struct mln_firewall_source *source = MLN_NEW(a, struct mln_firewall_source);
        source->name = job->sources.data[i].name;
        for (int f = 0; f < MLN_FAMILIES; f++)
            source->set[f] =
                job->fit[f] ? job->sources.data[i].set[f] : mln_ipset_empty(a, (enum mln_family)f);
        mln_vec_push(a, &firewall->sources, source);
    }
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *none = mln_ipset_empty(a, (enum mln_family)f);
        const struct mln_fit_options exact = {0};
        firewall->fit[f] = job->fit[f] ? job->fit[f] : mln_fit_prefixes(a, none, &exact);
        firewall->wanted[f] = job->fit[f] ? job->wanted[f] : none;
        firewall->lets_in[f] = mln_fit_set(a, firewall->fit[f]);
    }
    return firewall;
}

static void print_artefact(const struct mln_allow_job *job, const char *suffix, struct mln_buf *out)
{
    struct mln_arena *a = job->cli->ctx.arena;
    struct mln_model model = *job->model;
    struct mln_resource *resource = MLN_NEW(a, struct mln_resource);
    struct mln_artefact_vec files = {0};
    struct mln_table_vec tables = {0};
    *resource = (struct mln_resource){.name = job->kind->name, .kind = job->kind};
    resource->firewall = make_firewall(job, resource);
    memset(&model.resources, 0, sizeof model.resources);
    mln_vec_push(a, &model.resources, resource);
    const struct mln_emit_input input = {.model = &model, .tables = &tables};
    mln_backend_allowlist.emit(&job->cli->ctx, &input, &files);
    for (size_t i = 0; i < files.len; i++) {
        const struct mln_artefact *file = &files.data[i];
        size_t length = strlen(file->name), end = strlen(suffix);
        if (length > end && strcmp(file->name + length - end, suffix) == 0)
            mln_buf_add_n(out, file->content, file->length);
    }
}

/* ---- which ---- */

static bool has_list(const struct mln_allow_job *job)
{
    return job->fit[MLN_IPV4] || job->fit[MLN_IPV6];
}

void mln_allow_print(const struct mln_allow_job *job, struct mln_buf *out)
{
    switch (job->cli->options.format) {
    case MLN_PRINT_JSON:
        print_json(job, out);
        break;
    case MLN_PRINT_CSV:
        print_table(job, out);
        break;
    case MLN_PRINT_ARM:
        if (has_list(job))
            print_artefact(job, ".json", out);
        else
            mln_buf_add(out, "{}\n");
        break;
    case MLN_PRINT_CLI:
        if (has_list(job))
            print_artefact(job, ".sh", out);
        break;
    default:
        print_lines(job, out);
        break;
    }
}
