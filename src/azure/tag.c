/* The set of service tags in use, and looking names up in it.
 *
 * One hash index over squashed full names serves every look-up: a name in Azure's spelling is found
 * at once, any other is taken apart at its last dot into a service and a region, and tried in the
 * spellings the region has. No two published names collide when case is ignored. */
#include "azure/tag.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const mln_cloud_names[MLN_CLOUD_COUNT] = {
    [MLN_CLOUD_PUBLIC] = "public",
    [MLN_CLOUD_USGOV] = "usgov",
    [MLN_CLOUD_CHINA] = "china",
};

/* Where a tag belongs. A policy names a few of the 3,300, so the regional ones of the catalogue are
 * only promised: each has its number, and is made when somebody asks for it. */
struct place {
    const struct mln_region *region; /* NULL for a global tag */
    const struct mln_tag *service;   /* of a promised tag; else NULL */
    unsigned features;               /* likewise */
};

struct mln_tags {
    struct mln_ctx *ctx;
    enum mln_cloud cloud;
    bool with_prefixes;
    bool finished;
    struct mln_regions regions;
    MLN_VEC(struct mln_tag *) list; /* by number; NULL: promised */
    MLN_VEC(struct place) where;    /* by number */
    struct mln_map *by_name;        /* folded name -> struct mln_tag */
};

/* The tags in no file [MicrosoftDocs/azure-docs service-tags-overview.md]. */
static const struct {
    const char *name;
    enum mln_tag_kind kind;
} virtual_tags[] = {
    {"VirtualNetwork", MLN_TAG_VIRTUAL_NETWORK},  {"Internet", MLN_TAG_INTERNET},
    {"AzureLoadBalancer", MLN_TAG_LOAD_BALANCER}, {"AzurePlatformDNS", MLN_TAG_PLATFORM_DNS},
    {"AzurePlatformIMDS", MLN_TAG_PLATFORM_IMDS}, {"AzurePlatformLKM", MLN_TAG_PLATFORM_LKM},
};

struct mln_tags *mln_tags_new(struct mln_ctx *ctx, enum mln_cloud cloud, bool with_prefixes)
{
    struct mln_tags *tags = MLN_NEW(ctx->arena, struct mln_tags);
    *tags = (struct mln_tags){.ctx = ctx, .cloud = cloud, .with_prefixes = with_prefixes};
    tags->by_name = mln_map_new(ctx->arena);
    mln_regions_init(&tags->regions, ctx->arena, ctx->names);
    return tags;
}

/* Lower case and nothing else: blanks and dashes are ignored in regions, not in names. */
#define NAME_MAX_LENGTH 128
static size_t fold(const char *name, size_t length, char out[NAME_MAX_LENGTH])
{
    if (length > NAME_MAX_LENGTH)
        return 0;
    for (size_t i = 0; i < length; i++)
        out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    return length;
}

static const char *suffix_of(const struct mln_tag *service, const struct mln_region *region)
{
    return strcmp(service->name, "AzureCloud") == 0 ? region->in_cloud : region->elsewhere;
}

static void settle(const struct mln_tags *tags, struct mln_tag *tag);

static struct mln_tag *keep_promise(const struct mln_tags *tags, size_t number)
{
    const struct place *place = &tags->where.data[number];
    char name[2 * NAME_MAX_LENGTH], key[NAME_MAX_LENGTH];
    int length = snprintf(name, sizeof name, "%s.%s", place->service->name,
                          suffix_of(place->service, place->region));
    struct mln_tag *tag = MLN_NEW(tags->ctx->arena, struct mln_tag);
    tag->name = mln_intern_n(tags->ctx->names, name, (size_t)length);
    tag->kind = MLN_TAG_SERVICE;
    tag->features = place->features;
    tag->number = (uint32_t)number;
    tags->list.data[number] = tag;
    mln_map_put_n(tags->by_name, key, fold(name, (size_t)length, key), tag);
    if (tags->finished)
        settle(tags, tag);
    return tag;
}

/* The promised tag of the name, which is in lower case: SERVICE.SPELLING. */
static struct mln_tag *get_promised(const struct mln_tags *tags, const char *key, size_t length)
{
    const char *dot = memrchr(key, '.', length);
    const struct mln_tag *service =
        dot ? mln_map_get_n(tags->by_name, key, (size_t)(dot - key)) : NULL;
    if (!service)
        return NULL;
    size_t rest = length - (size_t)(dot + 1 - key);
    for (size_t i = service->number + 1; i < tags->where.len; i++) {
        if (tags->where.data[i].service != service)
            break;
        const char *suffix = suffix_of(service, tags->where.data[i].region);
        if (strlen(suffix) == rest && strncasecmp(suffix, dot + 1, rest) == 0)
            return keep_promise(tags, i);
    }
    return NULL;
}

static struct mln_tag *get(const struct mln_tags *tags, const char *name, size_t length)
{
    char key[NAME_MAX_LENGTH];
    size_t folded = fold(name, length, key);
    if (folded == 0)
        return NULL;
    struct mln_tag *tag = mln_map_get_n(tags->by_name, key, folded);
    return tag ? tag : get_promised(tags, key, folded);
}

/* The region a regional tag belongs to; a spelling that the table lacks is learnt from the tag. */
static const struct mln_region *region_of(struct mln_tags *tags, const char *name,
                                          const char *region, int id)
{
    const struct mln_region *known = mln_regions_by_id(&tags->regions, id);
    if (!known)
        known = mln_regions_find(&tags->regions, region);
    bool in_cloud = strncmp(name, "AzureCloud.", 11) == 0;
    if (known && (in_cloud ? known->in_cloud : known->elsewhere))
        return known;
    const char *dot = strrchr(name, '.');
    const char *suffix = dot ? dot + 1 : region;
    return mln_regions_learn(&tags->regions, known, id, in_cloud ? suffix : NULL,
                             in_cloud ? NULL : suffix);
}

struct mln_tag *mln_tags_add(struct mln_tags *tags, const char *name, const char *region,
                             int region_id, unsigned features)
{
    char key[NAME_MAX_LENGTH];
    size_t name_length = strlen(name), length = fold(name, name_length, key);
    if (length == 0 || get_promised(tags, key, length))
        return NULL;
    struct mln_map_entry *entry = mln_map_slot(tags->by_name, key, length);
    if (entry->value)
        return NULL;
    struct mln_tag *tag = MLN_NEW(tags->ctx->arena, struct mln_tag);
    tag->name = mln_intern_n(tags->ctx->names, name, name_length);
    tag->kind = MLN_TAG_SERVICE;
    tag->features = features;
    entry->value = tag;
    struct place place = {.region =
                              region && *region ? region_of(tags, name, region, region_id) : NULL};
    tag->number = (uint32_t)tags->list.len;
    mln_vec_push(tags->ctx->arena, &tags->list, tag);
    mln_vec_push(tags->ctx->arena, &tags->where, place);
    return tag;
}

void mln_tags_promise(struct mln_tags *tags, const struct mln_tag *service,
                      const struct mln_region *region, unsigned features)
{
    assert(tags->where.len > 0 && suffix_of(service, region));
    const struct place place = {.region = region, .service = service, .features = features};
    for (size_t i = service->number + 1; i < tags->where.len; i++)
        if (tags->where.data[i].region == region)
            return;
    mln_vec_push(tags->ctx->arena, &tags->list, NULL);
    mln_vec_push(tags->ctx->arena, &tags->where, place);
}

/* When the spellings of all regions are known. */
static void settle(const struct mln_tags *tags, struct mln_tag *tag)
{
    const struct mln_region *region = tags->where.data[tag->number].region;
    const char *dot = strrchr(tag->name, '.');
    tag->region = region ? region->arm : NULL;
    if (tag->region && dot)
        tag->parent = get(tags, tag->name, (size_t)(dot - tag->name));
}

void mln_tags_finish(struct mln_tags *tags)
{
    mln_regions_settle(&tags->regions);
    tags->finished = true;
    for (size_t i = 0; i < tags->list.len; i++)
        if (tags->list.data[i])
            settle(tags, tags->list.data[i]);
    for (size_t i = 0; i < sizeof virtual_tags / sizeof *virtual_tags; i++) {
        struct mln_tag *tag = mln_tags_add(tags, virtual_tags[i].name, NULL, 0, MLN_FEATURE_NSG);
        if (tag)
            tag->kind = virtual_tags[i].kind;
    }
}

const struct mln_tag *mln_tags_add_unknown(struct mln_tags *tags, const char *name)
{
    const struct mln_tag *tag = mln_tags_add(tags, name, NULL, 0, MLN_FEATURE_NSG);
    return tag ? tag : get(tags, name, strlen(name));
}

enum mln_cloud mln_tags_cloud(const struct mln_tags *tags)
{
    return tags->cloud;
}

bool mln_tags_have_prefixes(const struct mln_tags *tags)
{
    return tags->with_prefixes;
}

size_t mln_tags_count(const struct mln_tags *tags)
{
    return tags->list.len;
}

const struct mln_tag *mln_tags_at(const struct mln_tags *tags, size_t number)
{
    assert(number < tags->list.len);
    struct mln_tag *tag = tags->list.data[number];
    return tag ? tag : keep_promise(tags, number);
}

const struct mln_regions *mln_tags_regions(const struct mln_tags *tags)
{
    return &tags->regions;
}

void mln_tags_add_region(struct mln_tags *tags, int id, const char *arm, const char *in_cloud,
                         const char *elsewhere)
{
    mln_regions_add(&tags->regions, id, arm, in_cloud, elsewhere);
}

bool mln_tag_in_nsg(const struct mln_tag *tag)
{
    return tag->kind != MLN_TAG_SERVICE || (tag->features & MLN_FEATURE_NSG);
}

static const struct mln_tag *spelled(const struct mln_tags *tags, const char *service,
                                     size_t service_length, const char *region)
{
    size_t length = region ? strlen(region) : 0;
    char name[NAME_MAX_LENGTH];
    if (!length || service_length + 1 + length > sizeof name)
        return NULL;
    memcpy(name, service, service_length);
    name[service_length] = '.';
    memcpy(name + service_length + 1, region, length);
    return get(tags, name, service_length + 1 + length);
}

static const struct mln_tag *in_region(const struct mln_tags *tags, const char *service,
                                       size_t length, const char *region)
{
    const struct mln_region *known = mln_regions_find(&tags->regions, region);
    const struct mln_tag *tag = known ? spelled(tags, service, length, known->elsewhere) : NULL;
    if (known && !tag)
        tag = spelled(tags, service, length, known->in_cloud);
    return tag;
}

const struct mln_tag *mln_tags_find(const struct mln_tags *tags, const char *name)
{
    const struct mln_tag *tag = get(tags, name, strlen(name));
    const char *dot = tag ? NULL : strrchr(name, '.');
    return dot ? in_region(tags, name, (size_t)(dot - name), dot + 1) : tag;
}

const struct mln_tag *mln_tags_regional(const struct mln_tags *tags, const struct mln_tag *service,
                                        const char *region)
{
    return service->region ? NULL : in_region(tags, service->name, strlen(service->name), region);
}

const char *mln_region_canonical(const struct mln_tags *tags, const char *name)
{
    const struct mln_region *region = mln_regions_find(&tags->regions, name);
    return region ? region->arm : NULL;
}
