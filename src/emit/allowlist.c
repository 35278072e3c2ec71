/* The allowlist back end: for each resource whose firewall lets sources in by a list, the list in
 * the resource's own spelling (JSON), as lines, as CSV, and as a script that sets it.
 *
 * The JSON is a template where every part of it can be deployed beside an existing resource (child
 * resources); a property of the resource itself cannot, since deploying a resource writes all of
 * it, so that is a fragment to paste, or to send with PATCH as the script does. */
#include "emit/allowlist.h"
#include "emit/allowlist_impl.h"

#include <stdio.h>
#include <string.h>

enum {
    RESOURCES_MAX = 800, /* of one template [azure-docs, template best practices: limits] */
    NUMBERS_MAX = 32,
};

/* ---- facts ---- */

static char *number(struct mln_count count, char text[NUMBERS_MAX])
{
    snprintf(text, NUMBERS_MAX, "%llu", (unsigned long long)count.lo);
    return text;
}

static void add_fact(const struct mln_allowlist *list, struct mln_lines *out, const char *text)
{
    mln_vec_push(list->arena, out, text);
}

static bool is_set(const struct mln_kind *kind, const char *key)
{
    return mln_kind_firewall_key(kind, key) != NULL;
}

/* What somebody who is about to use the list has to know. */
static void add_remarks(const struct mln_allowlist *list, struct mln_lines *out)
{
    const struct mln_kind *kind = list->kind;
    const char *own = mln_kind_firewall_text(kind, "own-api");
    if (own)
        add_fact(list, out,
                 mln_printf(list->arena, "no stable API version has this property: %s is a preview",
                            own));
    if (mln_kind_firewall_yes(kind, "after-create"))
        add_fact(list, out, "two steps: make the resource first, then set its list");
    if (list->parts.len > RESOURCES_MAX)
        add_fact(list, out, "a template takes 800 resources, so this is none: use the script");
    else if (list->parts.len && !list->parts.data[0].whole)
        add_fact(list, out,
                 "a part of the resource, not a template: paste it into the resource of your own "
                 "template, or run the script");
    if (is_set(kind, "same-region") && mln_firewall_has_list(list->firewall))
        add_fact(list, out, "requests from the resource's own region match no entry of the list");
    for (size_t i = 0; i < kind->prerequisites.len; i++)
        add_fact(list, out, kind->prerequisites.data[i]);
}

void mln_allowlist_facts(const struct mln_allowlist *list, struct mln_lines *out)
{
    struct mln_arena *a = list->arena;
    const struct mln_firewall *fw = list->firewall;
    char text[NUMBERS_MAX], more[NUMBERS_MAX];
    if (!mln_firewall_has_list(fw)) {
        add_fact(list, out,
                 fw->state == MLN_FIREWALL_OPEN ? "open to everybody"
                                                : "closed: nobody comes in by the public side");
        return;
    }
    add_fact(list, out,
             fw->limit ? mln_printf(a, "%zu entries, of %zu at most", list->entries, fw->limit)
                       : mln_printf(a, "%zu entries; no limit is published", list->entries));
    if (list->extra.lo)
        add_fact(list, out,
                 mln_printf(a,
                            "widened: the exact list has %zu; %s addresses are let in that nobody "
                            "asked for, %s of them outside of Azure",
                            list->lossless, number(list->extra, text),
                            number(list->strangers, more)));
    for (size_t i = 0; i < fw->sources.len; i++)
        add_fact(list, out, mln_printf(a, "from %s", fw->sources.data[i]->name));
    for (size_t i = 0; i < fw->zones.len; i++)
        add_fact(list, out, mln_printf(a, "from the subnet of %s", fw->zones.data[i]->display));
    add_remarks(list, out);
}

/* ---- JSON ---- */

static void write_count(struct mln_json *json, const char *key, struct mln_count count)
{
    mln_json_key(json, key);
    mln_json_number(json, (long long)count.lo);
}

static void write_sources(const struct mln_allowlist *list, struct mln_json *json)
{
    mln_json_key(json, "sources");
    mln_json_array(json);
    for (size_t i = 0; i < list->firewall->sources.len; i++) {
        const struct mln_firewall_source *source = list->firewall->sources.data[i];
        mln_json_object(json);
        mln_json_pair(json, "name", source->name);
        if (source->set[MLN_IPV4])
            write_count(json, "addresses", mln_count_of(source->set[MLN_IPV4]));
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
    if (list->firewall->zones.len == 0)
        return;
    mln_json_key(json, "subnets");
    mln_json_array(json);
    for (size_t i = 0; i < list->firewall->zones.len; i++)
        mln_json_string(json, list->firewall->zones.data[i]->display);
    mln_json_end_array(json);
}

static const char *const states[] = {
    [MLN_FIREWALL_CLOSED] = "closed",
    [MLN_FIREWALL_LISTED] = "listed",
    [MLN_FIREWALL_OPEN] = "open",
};

static void write_metadata(const struct mln_allowlist *list, struct mln_json *json)
{
    const struct mln_firewall *fw = list->firewall;
    const char *own = mln_kind_firewall_text(list->kind, "own-api");
    mln_json_key(json, "metadata");
    mln_json_object(json);
    mln_json_pair(json, "resource", fw->resource->name);
    mln_json_pair(json, "kind", list->kind->name);
    mln_json_pair(json, "type", list->kind->type);
    mln_json_pair(json, "apiVersion", own ? own : list->kind->api);
    mln_json_pair(json, "property", list->kind->firewall);
    mln_json_pair(json, "state", states[fw->state]);
    write_sources(list, json);
    mln_json_key(json, "entries");
    mln_json_number(json, (long long)list->entries);
    mln_json_key(json, "limit");
    if (fw->limit)
        mln_json_number(json, (long long)fw->limit);
    else
        mln_json_null(json);
    mln_json_key(json, "lossless");
    mln_json_number(json, (long long)list->lossless);
    write_count(json, "addresses", list->addresses);
    write_count(json, "extra", list->extra);
    write_count(json, "strangers", list->strangers);
    mln_json_pair(json, "cost", list->firewall->cost == MLN_FIT_TOTAL ? "total" : "strangers");
    struct mln_lines remarks = {0};
    add_remarks(list, &remarks);
    mln_json_key(json, "remarks");
    mln_json_array(json);
    for (size_t i = 0; i < remarks.len; i++)
        mln_json_string(json, remarks.data[i]);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void write_parts(const struct mln_allowlist *list, struct mln_json *json)
{
    mln_json_key(json, "resources");
    mln_json_array(json);
    for (size_t i = 0; i < list->parts.len; i++) {
        const struct mln_firewall_part *part = &list->parts.data[i];
        mln_json_object(json);
        mln_json_pair(json, "type", part->type);
        mln_json_pair(json, "apiVersion", part->api);
        mln_json_pair(json, "name",
                      part->child ? mln_printf(list->arena, "%s/%s", list->name, part->child)
                                  : list->name);
        mln_json_key(json, "properties");
        mln_tree_write_json(part->properties, json, false);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}

static void write_requests(const struct mln_allowlist *list, struct mln_json *json)
{
    mln_json_key(json, "requests");
    mln_json_array(json);
    mln_json_object(json);
    mln_json_pair(json, "method", "POST");
    mln_json_pair(json, "path", list->kind->firewall);
    mln_json_key(json, "body");
    mln_json_object(json);
    mln_json_pair(json, "label", list->name);
    mln_json_pair(json, "list_type", "ALLOW");
    mln_json_key(json, "ip_addresses");
    mln_json_array(json);
    for (size_t i = 0; i < list->len; i++)
        mln_json_string(json, list->rows[i].entry.text);
    mln_json_end_array(json);
    mln_json_end_object(json);
    mln_json_end_object(json);
    mln_json_end_array(json);
}

static void write_json(const struct mln_allowlist *list, struct mln_buf *out)
{
    struct mln_json json;
    bool template = list->parts.len && list->parts.len <= RESOURCES_MAX;
    for (size_t i = 0; i < list->parts.len; i++)
        template &= list->parts.data[i].whole;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    if (template) {
        mln_json_pair(&json, "$schema",
                      "https://schema.management.azure.com/schemas/2019-04-01/"
                      "deploymentTemplate.json#");
        mln_json_pair(&json, "contentVersion", "1.0.0.0");
    }
    write_metadata(list, &json);
    if (mln_firewall_is_rest(list->firewall))
        write_requests(list, &json);
    else
        write_parts(list, &json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}

/* ---- lines and CSV ---- */

static void write_lines(const struct mln_allowlist *list, struct mln_buf *out)
{
    mln_buf_add(out, "");
    for (size_t i = 0; i < list->len; i++)
        mln_buf_printf(out, "%s\n", list->rows[i].entry.text);
}

static void write_csv(const struct mln_allowlist *list, struct mln_buf *out)
{
    char first[MLN_IP_TEXT], last[MLN_IP_TEXT], count[MLN_COUNT_TEXT];
    mln_buf_add(out, "entry,first,last,addresses,extra,strangers,sources\n");
    for (size_t i = 0; i < list->len; i++) {
        const struct mln_allowlist_row *row = &list->rows[i];
        const struct mln_firewall_entry *entry = &row->entry;
        if (entry->tag) {
            mln_buf_printf(out, "%s,,,,,,\n", entry->text);
            continue;
        }
        mln_buf_printf(out, "%s,%s,%s,%s", entry->text,
                       mln_ip_text(entry->family, entry->range.lo, first),
                       mln_ip_text(entry->family, entry->range.hi, last),
                       mln_count_text(row->addresses, count));
        mln_buf_printf(out, ",%s", mln_count_text(row->extra, count));
        mln_buf_printf(out, ",%s,%s\n", mln_count_text(row->strangers, count),
                       row->sources.len ? row->sources.data : "");
    }
}

/* ---- the files ---- */

static struct mln_tree *placeholder(void *context, const struct mln_zone *zone)
{
    struct mln_arena *a = context;
    return mln_tree_string(a, mln_subnet_placeholder(a, zone));
}

static void make(struct mln_arena *a, const struct mln_tags *tags, const struct mln_resource *r,
                 struct mln_allowlist *list)
{
    const struct mln_fit *fit = r->firewall->fit[MLN_IPV4];
    *list = (struct mln_allowlist){
        .arena = a,
        .firewall = r->firewall,
        .kind = r->kind,
        .name = r->azure_name ? r->azure_name : r->name,
        .entries = mln_firewall_entry_count(r->firewall),
    };
    if (fit) { /* neither closed nor open */
        list->lossless = fit->lossless;
        list->addresses = fit->addresses;
        list->extra = fit->extra;
        list->strangers = fit->strangers;
    }
    mln_allowlist_make_rows(list, tags);
    mln_firewall_spell(a, r->firewall, placeholder, a, &list->parts);
}

static void emit_resource(struct mln_arena *a, const struct mln_tags *tags,
                          const struct mln_resource *r, const char *stem,
                          struct mln_artefact_vec *out)
{
    static const struct {
        const char *suffix;
        void (*write)(const struct mln_allowlist *list, struct mln_buf *out);
        bool always; /* also where there is no list, since the firewall is closed or open */
    } files[] = {{"csv", write_csv, false},
                 {"json", write_json, true},
                 {"sh", mln_allowlist_script, true},
                 {"txt", write_lines, false}};
    struct mln_allowlist list;
    make(a, tags, r, &list);
    bool listed = mln_firewall_has_list(r->firewall);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (!listed && !files[i].always)
            continue;
        struct mln_buf text;
        mln_buf_init(&text, a);
        files[i].write(&list, &text);
        mln_artefact_add(a, out, mln_printf(a, "%s.allowlist.%s", stem, files[i].suffix), &text);
    }
}

/* Applications of one template have resources of one name each: the second is NAME-2. */
static const char *stem_of(struct mln_arena *a, struct mln_map *stems, const char *name)
{
    const char *stem = name;
    for (unsigned n = 2; mln_map_get(stems, stem); n++)
        stem = mln_printf(a, "%s-%u", name, n);
    mln_map_put(stems, stem, stems);
    return stem;
}

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    const struct mln_model *model = input->model;
    struct mln_map *stems = mln_map_new(ctx->arena);
    for (size_t i = 0; i < model->resources.len; i++) {
        const struct mln_resource *r = model->resources.data[i];
        const struct mln_firewall *fw = r->firewall;
        if (fw && fw->known && !fw->failed && mln_firewall_is_asked(fw))
            emit_resource(ctx->arena, model->options->tags, r, stem_of(ctx->arena, stems, r->name),
                          out);
    }
}

const struct mln_backend mln_backend_allowlist = {
    .name = "allowlist",
    .help = "the firewalls of resources: RESOURCE.allowlist.json, .txt, .csv, .sh",
    .lists = true,
    .emit = emit,
};
