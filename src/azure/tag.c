/* The set of service tags in use, and looking names up in it.
 *
 * One hash index over squashed full names serves every look-up: a name in Azure's spelling is found
 * at once, any other is taken apart at its last dot into a service and a region, and tried in the
 * spellings the region has. No two published names collide when case is ignored. */
#include "azure/tag.h"

#include <assert.h>
#include <string.h>

const char *const mln_cloud_names[MLN_CLOUD_COUNT] = {
    [MLN_CLOUD_PUBLIC] = "public",
    [MLN_CLOUD_USGOV] = "usgov",
    [MLN_CLOUD_CHINA] = "china",
};

struct mln_tags {
    struct mln_ctx *ctx;
    enum mln_cloud cloud;
    bool with_prefixes;
    struct mln_regions regions;
    MLN_VEC(struct mln_tag *) list;           /* by number */
    MLN_VEC(const struct mln_region *) where; /* by number; NULL for a global tag */
    struct mln_map *by_name;                  /* folded name -> struct mln_tag */
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

static struct mln_tag *get(const struct mln_tags *tags, const char *name, size_t length)
{
    char key[NAME_MAX_LENGTH];
    size_t folded = fold(name, length, key);
    return folded ? mln_map_get_n(tags->by_name, key, folded) : NULL;
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
    size_t length = fold(name, strlen(name), key);
    struct mln_map_entry *entry = length ? mln_map_slot(tags->by_name, key, length) : NULL;
    if (!entry || entry->value)
        return NULL;
    struct mln_tag *tag = MLN_NEW(tags->ctx->arena, struct mln_tag);
    tag->name = mln_intern(tags->ctx->names, name);
    tag->kind = MLN_TAG_SERVICE;
    tag->features = features;
    const struct mln_region *where =
        region && *region ? region_of(tags, name, region, region_id) : NULL;
    tag->number = (uint32_t)tags->list.len;
    mln_vec_push(tags->ctx->arena, &tags->list, tag);
    mln_vec_push(tags->ctx->arena, &tags->where, where);
    entry->value = tag;
    return tag;
}

void mln_tags_finish(struct mln_tags *tags)
{
    mln_regions_settle(&tags->regions);
    for (size_t i = 0; i < tags->list.len; i++) {
        struct mln_tag *tag = tags->list.data[i];
        const char *dot = strrchr(tag->name, '.');
        tag->region = tags->where.data[i] ? tags->where.data[i]->arm : NULL;
        if (tag->region && dot)
            tag->parent = get(tags, tag->name, (size_t)(dot - tag->name));
    }
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
    return tags->list.data[number];
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
