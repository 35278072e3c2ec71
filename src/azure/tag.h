/* Service tags: the names Azure publishes, their regions and what each may be used for.
 *
 * Two sources. The catalogue (data embedded from stdlib/azure: name, region, features) is always
 * there and knows no prefixes. A service-tag file (Microsoft's weekly download or the answer of
 * `az network list-service-tags`) adds exact prefixes and replaces the catalogue's names for its
 * cloud.
 *
 * Six virtual tags exist in no file: VirtualNetwork, Internet, AzureLoadBalancer, AzurePlatformDNS,
 * AzurePlatformIMDS, AzurePlatformLKM [MicrosoftDocs/azure-docs service-tags-overview.md]. */
#ifndef MLN_AZURE_TAG_H
#define MLN_AZURE_TAG_H

#include "azure/region.h"
#include "diag/ctx.h"
#include "net/ipset.h"

enum mln_cloud { MLN_CLOUD_PUBLIC, MLN_CLOUD_USGOV, MLN_CLOUD_CHINA, MLN_CLOUD_COUNT };
extern const char *const mln_cloud_names[MLN_CLOUD_COUNT]; /* "public" "usgov" "china" */

enum mln_tag_kind {
    MLN_TAG_SERVICE,
    MLN_TAG_VIRTUAL_NETWORK,
    MLN_TAG_INTERNET,
    MLN_TAG_LOAD_BALANCER,
    MLN_TAG_PLATFORM_DNS,
    MLN_TAG_PLATFORM_IMDS,
    MLN_TAG_PLATFORM_LKM,
};

enum {
    MLN_FEATURE_API = 1,
    MLN_FEATURE_NSG = 2,
    MLN_FEATURE_UDR = 4,
    MLN_FEATURE_FW = 8,
    MLN_FEATURE_VSE = 16
};

struct mln_tag {
    const char
        *name; /* published spelling, interned: "Storage.WestEurope", "AzureCloud.westeurope" */
    enum mln_tag_kind kind;
    const struct mln_tag *parent; /* the global tag of a regional one; else NULL */
    const char *region;  /* ARM name of the region ("francecentral"), interned; NULL when global */
    unsigned features;   /* set of MLN_FEATURE_* */
    long change;         /* number of the tag's last change, from a file; else 0 */
    const char *service; /* "AzureStorage", from a file; else NULL. Interned. May hold anything. */
    uint32_t number;     /* 0-based, dense within the catalogue in use; stable for one run */
    const struct mln_ipset *prefixes[MLN_FAMILIES]; /* NULL when no file was loaded */
};

struct mln_tags;

/* The catalogue of a cloud from its table (an embedded file of stdlib/azure, see there for the
 * columns). */
struct mln_tags *mln_tags_catalogue(struct mln_ctx *ctx, enum mln_cloud cloud, const char *table,
                                    size_t length);

/* Building a catalogue from elsewhere (import/tagfile.c). `parent` and the dense number are worked
 * out by mln_tags_finish, which also adds the six virtual tags. `region` is any spelling of the
 * region, NULL or "" for a global tag; region_id 0 = not known. A region the table does not hold is
 * added. NULL when a tag of that name, case ignored, is there already. */
struct mln_tags *mln_tags_new(struct mln_ctx *ctx, enum mln_cloud cloud, bool with_prefixes);
void mln_tags_add_region(struct mln_tags *tags, int id, const char *arm, const char *in_cloud,
                         const char *elsewhere);
/* Only the regions of a catalogue's table. */
void mln_tags_load_regions(struct mln_tags *tags, const char *table, size_t length);
struct mln_tag *mln_tags_add(struct mln_tags *tags, const char *name, const char *region,
                             int region_id, unsigned features);
/* The regional tag of a service, made when it is first asked for. To be promised right behind the
 * service's own; a second promise for a region counts for nothing. The region has a spelling for
 * the service. */
void mln_tags_promise(struct mln_tags *tags, const struct mln_tag *service,
                      const struct mln_region *region, unsigned features);
void mln_tags_finish(struct mln_tags *tags);
/* A name met in deployed rules that Azure's lists do not hold: a tag of its own, appended, without
 * prefixes (also when a file gave the others theirs). The same name gives the same tag. */
const struct mln_tag *mln_tags_add_unknown(struct mln_tags *tags, const char *name);

enum mln_cloud mln_tags_cloud(const struct mln_tags *tags);
bool mln_tags_have_prefixes(const struct mln_tags *tags);
size_t mln_tags_count(const struct mln_tags *tags);
const struct mln_tag *mln_tags_at(const struct mln_tags *tags, size_t number);
/* May the tag stand in a security rule? The six virtual tags may. */
bool mln_tag_in_nsg(const struct mln_tag *tag);

/* Looks a name up: case is ignored, the ARM name of a region is accepted
 * ("AzureCloud.francecentral" gives AzureCloud.centralfrance), spaces and dashes in the region too
 * when quoted input has them. NULL when unknown. */
const struct mln_tag *mln_tags_find(const struct mln_tags *tags, const char *name);
/* SERVICE.region for a known service tag and an ARM region name; NULL when that does not exist. */
const struct mln_tag *mln_tags_regional(const struct mln_tags *tags, const struct mln_tag *service,
                                        const char *region);
/* The right name for one that is unknown or that an NSG cannot use: "AzureFrontDoor.FirstParty" for
 * "Frontdoor.FirstParty", "AzureKeyVault.WestEurope" for "Keyvault.westeurope",
 * "AzureMachineLearning" for "AzureMachineLearning.EastUS". NULL when nothing is close. */
const char *mln_tags_suggest(const struct mln_tags *tags, const char *name);

/* Regions: canonical ARM name ("westeurope") for any published spelling ("WestEurope", "West
 * Europe", "centralfrance"); NULL when unknown. Interned. */
const char *mln_region_canonical(const struct mln_tags *tags, const char *name);
const struct mln_regions *mln_tags_regions(const struct mln_tags *tags);

#endif
