#include "azure/region.h"

#include <stdlib.h>
#include <string.h>

char *mln_squash(const char *text, char out[MLN_SQUASH_MAX])
{
    size_t length = 0;
    for (; *text && length < MLN_SQUASH_MAX - 1; text++) {
        if (*text == ' ' || *text == '-' || *text == '_')
            continue;
        char c = *text;
        out[length++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[length] = 0;
    return out;
}

void mln_regions_init(struct mln_regions *regions, struct mln_arena *arena, struct mln_names *names)
{
    *regions = (struct mln_regions){.arena = arena, .names = names, .by_name = mln_map_new(arena)};
}

/* The first region to use a spelling keeps it. */
static void add_spelling(struct mln_regions *regions, struct mln_region *region, const char *text)
{
    char key[MLN_SQUASH_MAX];
    if (text && !mln_map_get(regions->by_name, mln_squash(text, key)))
        mln_map_put(regions->by_name, key, region);
}

static struct mln_region *new_region(struct mln_regions *regions, int id)
{
    struct mln_region *region = MLN_NEW(regions->arena, struct mln_region);
    region->id = id;
    if (id > 0 && id < MLN_REGION_IDS)
        regions->by_id[id] = region;
    mln_vec_push(regions->arena, &regions->list, region);
    return region;
}

static void spell(struct mln_regions *regions, struct mln_region *region, const char *in_cloud,
                  const char *elsewhere)
{
    if (in_cloud)
        region->in_cloud = mln_intern(regions->names, in_cloud);
    if (elsewhere)
        region->elsewhere = mln_intern(regions->names, elsewhere);
    add_spelling(regions, region, in_cloud);
    add_spelling(regions, region, elsewhere);
}

void mln_regions_add(struct mln_regions *regions, int id, const char *arm, const char *in_cloud,
                     const char *elsewhere)
{
    struct mln_region *region = new_region(regions, id);
    region->arm = mln_intern(regions->names, arm);
    add_spelling(regions, region, arm);
    spell(regions, region, in_cloud, elsewhere);
}

const struct mln_region *mln_regions_learn(struct mln_regions *regions,
                                           const struct mln_region *region, int id,
                                           const char *in_cloud, const char *elsewhere)
{
    struct mln_region *own = NULL;
    for (size_t i = 0; region && !own; i++)
        own = regions->list.data[i] == region ? regions->list.data[i] : NULL;
    if (!own) {
        own = new_region(regions, id);
        own->learnt = true;
    }
    spell(regions, own, in_cloud, elsewhere);
    return own;
}

void mln_regions_settle(struct mln_regions *regions)
{
    char name[MLN_SQUASH_MAX];
    for (size_t i = 0; i < regions->list.len; i++) {
        struct mln_region *region = regions->list.data[i];
        const char *spelling = region->elsewhere ? region->elsewhere : region->in_cloud;
        if (region->learnt)
            region->arm = mln_intern(regions->names, mln_squash(spelling, name));
    }
}

const struct mln_region *mln_regions_find(const struct mln_regions *regions, const char *name)
{
    char key[MLN_SQUASH_MAX];
    return mln_map_get(regions->by_name, mln_squash(name, key));
}

const struct mln_region *mln_regions_by_id(const struct mln_regions *regions, int id)
{
    if (id >= 0 && id < MLN_REGION_IDS)
        return regions->by_id[id];
    for (size_t i = 0; i < regions->list.len; i++)
        if (regions->list.data[i]->id == id)
            return regions->list.data[i];
    return NULL;
}

static int compare_chars(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

static char *sorted_letters(const char *text, char out[MLN_SQUASH_MAX])
{
    mln_squash(text, out);
    qsort(out, strlen(out), 1, compare_chars);
    return out;
}

/* "uswest2" has the letters of "westus2": the same words in another order. */
static const struct mln_region *reordered(const struct mln_regions *regions, const char *name)
{
    char letters[MLN_SQUASH_MAX], other[MLN_SQUASH_MAX];
    const struct mln_region *found = NULL;
    sorted_letters(name, letters);
    for (size_t i = 0; i < regions->list.len; i++) {
        if (strcmp(letters, sorted_letters(regions->list.data[i]->arm, other)) != 0)
            continue;
        if (found)
            return NULL;
        found = regions->list.data[i];
    }
    return found;
}

const struct mln_region *mln_regions_closest(const struct mln_regions *regions, const char *name)
{
    const struct mln_region *region = mln_regions_find(regions, name);
    if (!region)
        region = reordered(regions, name);
    if (region || !regions->list.len)
        return region;
    MLN_VEC(const char *) names = {0};
    for (size_t i = 0; i < regions->by_name->len; i++)
        mln_vec_push(regions->arena, &names, regions->by_name->entries[i].key);
    char squashed[MLN_SQUASH_MAX];
    const char *close = mln_closest(mln_squash(name, squashed), names.data, names.len);
    return close ? mln_map_get(regions->by_name, close) : NULL;
}
