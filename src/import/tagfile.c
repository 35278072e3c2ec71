/* Service-tag files. The weekly download and the REST answer share their shape:
 *
 *   {"changeNumber": 406, "cloud": "Public", "values": [
 *     {"name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {
 *        "region": "westeurope", "regionId": 18, "systemService": "AzureStorage",
 *        "addressPrefixes": ["13.69.40.0/24"], "networkFeatures": ["API", "NSG"]}}]}
 *
 * The answer writes change numbers as strings, may lack regionId and networkFeatures, and may come
 * in pages. networkFeatures is null for half of the tags: those exist for firewalls on premises
 * only. Lists are in no order. Whatever is not understood refuses the file: a prefix left out would
 * be a hole in a deny or traffic cut off by an allow.
 *
 * A good file is read tag by tag, without a tree of the whole: the tree of 4.6 MB would cost more
 * in page faults than the reading. At the first mistake this is given up and the file read again as
 * a document, whose values have places to point to. */
#include "import/tagfile.h"

#include "import/json.h"
#include "lang/lang.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct mln_ctx *ctx;
    struct mln_document *document;   /* NULL while reading tag by tag: then nothing is reported */
    const struct mln_pieces *pieces; /* while reading tag by tag */
    const cJSON *root;
    struct mln_tags *tags;
    struct mln_tags *catalogue; /* made when a tag says nothing about its features */
    MLN_VEC(struct mln_range)
    ranges[MLN_FAMILIES]; /* of the tag at hand; used again for the next */
    bool failed;
    bool any_cloud; /* one that is no more will do */
    const char *cloud;
    long change;
};

/* NULL while nothing is reported. */
static struct mln_diag *refuse(struct reader *r, const cJSON *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static struct mln_diag *refuse(struct reader *r, const cJSON *value, const char *format, ...)
{
    r->failed = true;
    if (!r->document)
        return NULL;
    va_list args;
    va_start(args, format);
    const char *message = mln_vprintf(r->ctx->arena, format, args);
    va_end(args);
    return mln_report(r->ctx->diags, MLN_D_TAG_FILE, mln_document_span(r->document, value), "%s",
                      message);
}

/* ---- one tag ---- */

static void read_prefix(struct reader *r, const cJSON *item)
{
    struct mln_prefix prefix;
    struct mln_diag *diag;
    char fixed[MLN_IP_TEXT];
    const char *text = item->valuestring; /* no call: there are 100,000 of them */
    if (!text) {
        refuse(r, item, "an address prefix must be a string, not %s", mln_json_type_name(item));
        return;
    }
    switch (mln_prefix_parse(text, strlen(text), &prefix)) {
    case MLN_PREFIX_OK:
        mln_vec_push(r->ctx->arena, &r->ranges[prefix.family],
                     ((struct mln_range){.lo = prefix.ip, .hi = mln_prefix_last(&prefix)}));
        return;
    case MLN_PREFIX_SYNTAX:
        refuse(r, item, "'%s' is not an address prefix", text);
        return;
    case MLN_PREFIX_LENGTH:
        refuse(r, item, "'%s' has a prefix length that its address family does not have", text);
        return;
    case MLN_PREFIX_HOST_BITS:
        diag = refuse(r, item, "'%s' has host bits set", text);
        if (diag)
            mln_diag_note(diag, "the prefix would be %s", mln_prefix_text(&prefix, fixed));
        return;
    }
}

/* The inside of a list of plain strings, which the scan has found well-formed. No tree is made of
 * it: these strings are nine tenths of the file. */
static void read_texts(struct reader *r, const char *at, const char *end)
{
    while (true) {
        while (at < end && *at != '"' && (*at <= ' ' || *at == ','))
            at++;
        if (at == end)
            return;
        const char *close = *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
        struct mln_prefix prefix;
        if (!close ||
            mln_prefix_parse(at + 1, (size_t)(close - at - 1), &prefix) != MLN_PREFIX_OK) {
            r->failed = true;
            return;
        }
        mln_vec_push(r->ctx->arena, &r->ranges[prefix.family],
                     ((struct mln_range){.lo = prefix.ip, .hi = mln_prefix_last(&prefix)}));
        at = close + 1;
    }
}

static void read_prefixes(struct reader *r, struct mln_tag *tag, const cJSON *properties)
{
    const cJSON *list = mln_member(properties, "addressPrefixes");
    const struct mln_pieces *pieces = r->pieces;
    if (!cJSON_IsArray(list)) {
        refuse(r, list ? list : properties, "'addressPrefixes' of %s must be a list, not %s",
               tag->name, mln_json_type_name(list));
        return;
    }
    for (int family = 0; family < MLN_FAMILIES; family++)
        r->ranges[family].len = 0;
    if (pieces && pieces->cut.hi)
        read_texts(r, pieces->text + pieces->cut.lo + 1, pieces->text + pieces->cut.hi - 1);
    for (const cJSON *item = list->child; item; item = item->next)
        read_prefix(r, item);
    for (int family = 0; family < MLN_FAMILIES; family++)
        tag->prefixes[family] = mln_ipset_from_ranges(
            r->ctx->arena, (enum mln_family)family, r->ranges[family].data, r->ranges[family].len);
}

static const char *const table_names[MLN_CLOUD_COUNT] = {
    [MLN_CLOUD_PUBLIC] = "azure/tags-public.tsv",
    [MLN_CLOUD_USGOV] = "azure/tags-usgov.tsv",
    [MLN_CLOUD_CHINA] = "azure/tags-china.tsv",
};

static struct mln_tags *catalogue(struct reader *r)
{
    size_t length = 0;
    enum mln_cloud cloud = mln_tags_cloud(r->tags);
    const char *table = r->catalogue ? NULL : mln_stdlib_get(table_names[cloud], &length);
    if (!r->catalogue)
        r->catalogue = mln_tags_catalogue(r->ctx, cloud, table ? table : "", length);
    return r->catalogue;
}

static unsigned feature_bit(const char *name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } features[] = {
        {"API", MLN_FEATURE_API}, {"NSG", MLN_FEATURE_NSG}, {"UDR", MLN_FEATURE_UDR},
        {"FW", MLN_FEATURE_FW},   {"VSE", MLN_FEATURE_VSE},
    };
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (strcmp(name, features[i].name) == 0)
            return features[i].bit;
    return 0; /* a use of tags that is not ours */
}

/* null means none; an answer that does not speak of features holds only tags the API knows. */
static unsigned read_features(struct reader *r, const char *name, const cJSON *properties)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(properties, "networkFeatures");
    if (!list) {
        const struct mln_tag *known = mln_tags_find(catalogue(r), name);
        return known ? known->features : MLN_FEATURE_API | MLN_FEATURE_NSG;
    }
    if (!cJSON_IsArray(list) && !cJSON_IsNull(list))
        refuse(r, list, "'networkFeatures' of %s must be a list or null, not %s", name,
               mln_json_type_name(list));
    unsigned features = 0;
    for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next) {
        if (cJSON_IsString(item))
            features |= feature_bit(item->valuestring);
        else
            refuse(r, item, "a network feature must be a string, not %s", mln_json_type_name(item));
    }
    return features;
}

/* Letters, digits, '.', '_' and '-': the name is written into rules and shown on terminals. */
#define TAG_NAME_MAX 120
static bool is_tag_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= TAG_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               length;
}

static const char *read_name(struct reader *r, const cJSON *entry)
{
    const cJSON *name = mln_member(entry, "name");
    if (!cJSON_IsObject(entry))
        refuse(r, entry, "a service tag must be an object, not %s", mln_json_type_name(entry));
    else if (!cJSON_IsString(name))
        refuse(r, name ? name : entry, "the 'name' of a service tag must be a string, not %s",
               mln_json_type_name(name));
    else if (!is_tag_name(name->valuestring))
        refuse(r, name, "this is not the name of a service tag");
    else
        return name->valuestring;
    return NULL;
}

/* The download writes numbers, the answer strings of digits. false after reporting. */
static bool read_change(struct reader *r, const cJSON *object, long *change)
{
    const cJSON *value = mln_member(object, "changeNumber");
    const char *text = cJSON_GetStringValue(value);
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (cJSON_IsNumber(value) && value->valuedouble == value->valueint && value->valueint >= 0)
        *change = value->valueint;
    else if (digits > 0 && digits < 10 && !text[digits])
        *change = strtol(text, NULL, 10);
    else if (value) {
        refuse(r, value, "'changeNumber' must be a whole number");
        return false;
    }
    return true;
}

/* NULL for a global tag. false after reporting. */
static bool read_region(struct reader *r, const cJSON *properties, const char **region, int *id)
{
    const cJSON *text = mln_member(properties, "region");
    const cJSON *number = mln_member(properties, "regionId");
    *region = cJSON_GetStringValue(text);
    *id = cJSON_IsNumber(number) ? number->valueint : 0;
    if (text && (!*region || (**region && !is_tag_name(*region)))) {
        refuse(r, text, "this is not the name of a region");
        return false;
    }
    if (number && (!cJSON_IsNumber(number) || number->valuedouble != *id || *id < 0)) {
        refuse(r, number, "'regionId' must be a whole number");
        return false;
    }
    return true;
}

static void read_tag(struct reader *r, const cJSON *entry)
{
    const char *name = read_name(r, entry), *region;
    int region_id;
    if (!name)
        return;
    const cJSON *properties = mln_member(entry, "properties");
    if (!cJSON_IsObject(properties)) {
        refuse(r, properties ? properties : entry, "'properties' of %s must be an object, not %s",
               name, mln_json_type_name(properties));
        return;
    }
    long change = 0;
    if (!read_region(r, properties, &region, &region_id) || !read_change(r, properties, &change))
        return;
    const cJSON *service = mln_member(properties, "systemService");
    if (service && !cJSON_IsString(service))
        refuse(r, service, "'systemService' of %s must be a string, not %s", name,
               mln_json_type_name(service));
    struct mln_tag *tag =
        mln_tags_add(r->tags, name, region, region_id, read_features(r, name, properties));
    if (tag) {
        tag->change = change;
        if (cJSON_IsString(service))
            tag->service = mln_intern(r->ctx->names, service->valuestring);
        read_prefixes(r, tag, properties);
    } else
        refuse(r, mln_member(entry, "name"), "the service tag %s is in the file twice", name);
}

/* ---- the file ---- */

/* As the download and the REST answer name the clouds. */
static const struct {
    const char *name;
    enum mln_cloud cloud;
} clouds[] = {
    {"Public", MLN_CLOUD_PUBLIC},         {"AzureCloud", MLN_CLOUD_PUBLIC},
    {"AzureGovernment", MLN_CLOUD_USGOV}, {"AzureUSGovernment", MLN_CLOUD_USGOV},
    {"China", MLN_CLOUD_CHINA},           {"AzureChinaCloud", MLN_CLOUD_CHINA},
};

/* Closed on 2021-10-29; its files were published until 2022. */
static const char closed_cloud[] = "AzureGermany";

/* *cloud is MLN_CLOUD_COUNT for the closed one. */
static bool read_cloud(struct reader *r, enum mln_cloud *cloud)
{
    const cJSON *value = mln_member(r->root, "cloud");
    r->cloud = cJSON_IsString(value) ? mln_intern(r->ctx->names, value->valuestring) : NULL;
    *cloud = MLN_CLOUD_COUNT;
    if (r->cloud && r->any_cloud && strcasecmp(r->cloud, closed_cloud) == 0)
        return true;
    for (size_t i = 0; cJSON_IsString(value) && i < sizeof clouds / sizeof *clouds; i++) {
        if (strcasecmp(value->valuestring, clouds[i].name) == 0) {
            *cloud = clouds[i].cloud;
            return true;
        }
    }
    if (r->cloud && strcasecmp(r->cloud, closed_cloud) == 0)
        refuse(r, value, "the cloud '%s' was closed in 2021: no policy can be compiled for it",
               r->cloud);
    else if (r->cloud)
        refuse(
            r, value,
            "the file is for the cloud '%s', which is not one of Public, AzureGovernment and China",
            value->valuestring);
    else
        refuse(r, value, "this is no service-tag file: 'cloud' must be a string, not %s",
               mln_json_type_name(value));
    return false;
}

/* Checks what surrounds the tags and makes the empty set of them. `empty`: there are none. */
static bool read_head(struct reader *r, bool empty)
{
    enum mln_cloud cloud;
    struct mln_diag *diag;
    const cJSON *values = mln_member(r->root, "values"), *next = mln_member(r->root, "nextLink");
    if (!cJSON_IsObject(r->root))
        refuse(r, NULL, "this is no service-tag file: it must be an object, not %s",
               mln_json_type_name(r->root));
    else if (!read_cloud(r, &cloud))
        return false;
    else if (!cJSON_IsArray(values))
        refuse(r, values, "this is no service-tag file: 'values' must be a list, not %s",
               mln_json_type_name(values));
    else if (empty)
        refuse(r, values, "the file holds no service tag");
    else if (next && !(cJSON_IsString(next) && !*next->valuestring)) {
        diag = refuse(r, next, "the file is one page of several: 'nextLink' names the next");
        if (diag)
            mln_diag_help(diag, "use Microsoft's weekly download, which is whole");
    } else {
        size_t length;
        bool closed = cloud == MLN_CLOUD_COUNT;
        const char *table = closed ? NULL : mln_stdlib_get(table_names[cloud], &length);
        if (!read_change(r, r->root, &r->change))
            return false;
        r->tags = mln_tags_new(r->ctx, closed ? MLN_CLOUD_PUBLIC : cloud, true);
        if (table)
            mln_tags_load_regions(r->tags, table, length);
        return true;
    }
    return false;
}

/* false when the file is not good; nothing has been reported then. */
static bool read_pieces(struct reader *r, uint32_t file)
{
    struct mln_pieces *pieces = mln_pieces_open(r->ctx, file, "values");
    if (!pieces)
        return false;
    r->root = pieces->head;
    r->pieces = pieces;
    pieces->cut_key = "addressPrefixes";
    bool good = read_head(r, pieces->items.len == 0);
    for (const cJSON *entry; good && (entry = mln_pieces_next(pieces)); good = !r->failed)
        read_tag(r, entry);
    r->pieces = NULL;
    return mln_pieces_close(pieces) && good;
}

static bool read_document(struct reader *r, uint32_t file)
{
    r->document = mln_document_read(r->ctx, file);
    if (!r->document)
        return false;
    r->root = r->document->root;
    r->failed = false;
    const cJSON *values = mln_member(r->root, "values");
    if (read_head(r, !values || !values->child))
        for (const cJSON *entry = values->child; entry; entry = entry->next)
            read_tag(r, entry);
    return !r->failed;
}

static bool read_file(struct reader *r, const char *name, const char *text, size_t length)
{
    const char *path = strcmp(name, "-") == 0 ? NULL : name;
    uint32_t file = mln_source_add(r->ctx->diags, name, path, text, length, false);
    if (!read_pieces(r, file) && !read_document(r, file))
        return false;
    mln_tags_finish(r->tags);
    return true;
}

struct mln_tags *mln_tagfile_read(struct mln_ctx *ctx, const char *name, const char *text,
                                  size_t length)
{
    struct reader r = {.ctx = ctx, .change = -1};
    return read_file(&r, name, text, length) ? r.tags : NULL;
}

bool mln_tagfile_look(struct mln_ctx *ctx, const char *name, const char *text, size_t length,
                      struct mln_tagfile *out)
{
    struct reader r = {.ctx = ctx, .change = -1, .any_cloud = true};
    bool good = read_file(&r, name, text, length);
    *out = (struct mln_tagfile){.tags = good ? r.tags : NULL,
                                .cloud = r.cloud,
                                .change = r.change,
                                .closed = good && strcasecmp(r.cloud, closed_cloud) == 0};
    return good;
}
