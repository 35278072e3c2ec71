/* Regions and the three ways Azure spells them.
 *
 * A region has a number that never changes, a name in Azure Resource Manager ("francecentral"), a
 * spelling in the regional tags of AzureCloud ("centralfrance") and one in those of every other
 * service
 * ("FranceCentral"). For 12 public regions the first two differ [Azure/azure-rest-api-specs#21590],
 * so names are joined on the number. */
#ifndef MLN_AZURE_REGION_H
#define MLN_AZURE_REGION_H

#include "base/map.h"
#include "base/names.h"
#include "base/vec.h"

struct mln_region {
    int id;                /* regionId of the service-tag file; 0 when only the name is known */
    const char *arm;       /* lower case, interned */
    const char *in_cloud;  /* after "AzureCloud."; NULL when there is no such tag. Interned. */
    const char *elsewhere; /* after every other service's name; NULL likewise. Interned. */
    bool learnt;           /* not in the table: `arm` is settled when every tag has been seen */
};

#define MLN_REGION_IDS 512 /* the largest so far is 109 */

struct mln_regions {
    struct mln_arena *arena;
    struct mln_names *names;
    MLN_VEC(struct mln_region *) list;        /* in the order added */
    struct mln_map *by_name;                  /* squashed spelling -> struct mln_region */
    struct mln_region *by_id[MLN_REGION_IDS]; /* of the smaller numbers; 0 is none */
};

void mln_regions_init(struct mln_regions *regions, struct mln_arena *arena,
                      struct mln_names *names);
/* in_cloud and elsewhere may be NULL. */
void mln_regions_add(struct mln_regions *regions, int id, const char *arm, const char *in_cloud,
                     const char *elsewhere);
/* Adds a spelling met in a tag to `region`, or a region of its own when that is NULL (id 0: not
 * known). */
const struct mln_region *mln_regions_learn(struct mln_regions *regions,
                                           const struct mln_region *region, int id,
                                           const char *in_cloud, const char *elsewhere);
/* Names the regions that were learnt: Azure's own name for them is the spelling outside AzureCloud,
 * if any. */
void mln_regions_settle(struct mln_regions *regions);
/* Any spelling; case, blanks, '-' and '_' are ignored ("West Europe"). NULL when unknown. */
const struct mln_region *mln_regions_find(const struct mln_regions *regions, const char *name);
const struct mln_region *mln_regions_by_id(const struct mln_regions *regions, int id);
/* As find, but also with the words in another order ("uswest") or a slip of the pen; NULL when
 * nothing or more than one thing is close. */
const struct mln_region *mln_regions_closest(const struct mln_regions *regions, const char *name);

/* Lower case without blanks, '-' and '_', cut to fit: the form in which names are compared. Returns
 * out. */
#define MLN_SQUASH_MAX 128
char *mln_squash(const char *text, char out[MLN_SQUASH_MAX]);

#endif
