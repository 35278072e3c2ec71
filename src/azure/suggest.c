/* What a wrong tag name was probably meant to be.
 *
 * Documentation, portal habits and older tools give many spellings that Azure refuses:
 * "Keyvault.region" and "Frontdoor.FirstParty" (Microsoft's own pages), "VIRTUAL_NETWORK" (the
 * classic API), "AzureStorage", "ACR". Nearly all follow a few rules, tried from the surest to the
 * loosest:
 *
 *   1. the name itself, when only the region makes it unusable: the service's global tag;
 *   2. the same letters without '_', '-' and blanks;
 *   3. with "Azure" put before or taken away;
 *   4. the capitals of the name: AAD, ACR, ARM;
 *   5. a product that was renamed (the only list);
 *   6. a slip of the pen, by edit distance.
 *
 * Rules 2 to 6 are tried on the whole name and on what stands before its last dot; the part after
 * it is then looked for among the regions. Only a tag that an NSG accepts is suggested. */
#include "azure/tag.h"

#include <ctype.h>
#include <string.h>

/* Names that a product had or has, where the tag keeps another one. */
static const struct {
    const char *name, *tag;
} renamed[] = {
    {"azuread", "AzureActiveDirectory"},
    {"entra", "AzureActiveDirectory"},
    {"entraid", "AzureActiveDirectory"},
    {"microsoftentra", "AzureActiveDirectory"},
    {"microsoftentraid", "AzureActiveDirectory"},
    {"vnet", "VirtualNetwork"},
    {"cosmosdb", "AzureCosmosDB"},
    {"logicapp", "LogicApps"},
    {"appinsights", "AzureMonitor"},
    {"applicationinsights", "AzureMonitor"},
    {"loganalytics", "AzureMonitor"},
};

typedef bool matcher(const char *squashed, const struct mln_tag *tag);

static bool same_letters(const char *squashed, const struct mln_tag *tag)
{
    char name[MLN_SQUASH_MAX];
    return strcmp(squashed, mln_squash(tag->name, name)) == 0;
}

static const char *without_azure(const char *squashed)
{
    return strncmp(squashed, "azure", 5) == 0 ? squashed + 5 : squashed;
}

static bool same_but_azure(const char *squashed, const struct mln_tag *tag)
{
    char name[MLN_SQUASH_MAX];
    return strcmp(without_azure(squashed), without_azure(mln_squash(tag->name, name))) == 0;
}

/* "acr" is AzureContainerRegistry, "afd.firstparty" AzureFrontDoor.FirstParty: the first label is
 * its capitals, the rest is spelled out. */
static bool same_capitals(const char *squashed, const struct mln_tag *tag)
{
    char capitals[MLN_SQUASH_MAX];
    size_t length = 0;
    const char *at = tag->name;
    for (; *at && *at != '.' && length < sizeof capitals - 1; at++)
        if (isupper((unsigned char)*at))
            capitals[length++] = (char)tolower((unsigned char)*at);
    if (length < 3 || strncmp(squashed, capitals, length) != 0)
        return false;
    char rest[MLN_SQUASH_MAX];
    return strcmp(squashed + length, mln_squash(at, rest)) == 0;
}

static bool was_renamed(const char *squashed, const struct mln_tag *tag)
{
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (strcmp(squashed, renamed[i].name) == 0 && strcmp(tag->name, renamed[i].tag) == 0)
            return true;
    return false;
}

static matcher *const rules[] = {same_letters, same_but_azure, same_capitals, was_renamed};

/* The one global tag that the rule fits; NULL for none or several. */
static const struct mln_tag *only_match(const struct mln_tags *tags, const char *squashed,
                                        matcher *rule)
{
    const struct mln_tag *found = NULL;
    for (size_t i = 0; i < mln_tags_count(tags); i++) {
        const struct mln_tag *tag = mln_tags_at(tags, i);
        if (tag->region || !rule(squashed, tag))
            continue;
        if (found)
            return NULL;
        found = tag;
    }
    return found;
}

static const struct mln_tag *match_service(const struct mln_tags *tags, const char *name)
{
    char squashed[MLN_SQUASH_MAX];
    const struct mln_tag *found = NULL;
    mln_squash(name, squashed);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !found; i++)
        found = only_match(tags, squashed, rules[i]);
    return found;
}

static const struct mln_tag *closest_service(const struct mln_tags *tags, const char *name)
{
    struct mln_arena *arena = mln_tags_regions(tags)->arena;
    MLN_VEC(const char *) names = {0};
    for (size_t i = 0; i < mln_tags_count(tags); i++)
        if (!mln_tags_at(tags, i)->region && mln_tag_in_nsg(mln_tags_at(tags, i)))
            mln_vec_push(arena, &names, mln_tags_at(tags, i)->name);
    const char *close = mln_closest(name, names.data, names.len);
    if (!close)
        close = mln_closest(mln_printf(arena, "Azure%s", name), names.data, names.len);
    return close ? mln_tags_find(tags, close) : NULL;
}

/* The tag, or its global one when the region is what Azure does not accept. */
static const char *usable_name(const struct mln_tag *tag)
{
    if (tag && !mln_tag_in_nsg(tag))
        tag = tag->parent;
    return tag && mln_tag_in_nsg(tag) ? tag->name : NULL;
}

static const char *in_region(const struct mln_tags *tags, const struct mln_tag *service,
                             const char *region)
{
    const struct mln_region *known =
        service ? mln_regions_closest(mln_tags_regions(tags), region) : NULL;
    if (!known)
        return NULL;
    const struct mln_tag *tag = mln_tags_regional(tags, service, known->arm);
    return usable_name(tag ? tag : service);
}

const char *mln_tags_suggest(const struct mln_tags *tags, const char *name)
{
    const char *found = usable_name(mln_tags_find(tags, name));
    const char *dot = strrchr(name, '.');
    struct mln_arena *arena = mln_tags_regions(tags)->arena;
    const char *service = dot ? mln_strndup(arena, name, (size_t)(dot - name)) : NULL;
    if (!found)
        found = usable_name(match_service(tags, name));
    if (!found && service)
        found = in_region(tags, match_service(tags, service), dot + 1);
    if (!found && service && mln_tags_find(tags, name))
        found = usable_name(mln_tags_find(tags, service));
    if (!found && !mln_tags_find(tags, name))
        found = usable_name(closest_service(tags, name));
    if (!found && service)
        found = in_region(tags, closest_service(tags, service), dot + 1);
    return found;
}
