/* What the files that make a subject from JSON share. Internal to cli/subject_*.c. */
#ifndef MLN_CLI_SUBJECT_IMPL_H
#define MLN_CLI_SUBJECT_IMPL_H

#include "cli/subject.h"

#include "base/map.h"
#include "import/deployed.h"
#include "policy/places.h"

struct subnet_zone {
    const struct mln_deployed_subnet *subnet;
    struct mln_zone *zone;
};

struct placing {
    struct mln_cli *cli;
    struct mln_ctx *ctx;
    const struct mln_deployed *deployed;
    struct mln_subject *subject;
    struct mln_network **networks; /* by index of the deployed ones; NULL: address space unknown */
    struct mln_nsg **nsgs;         /* by index of the deployed ones; NULL: governs no zone */
    MLN_VEC(struct subnet_zone) subnets;
    struct mln_map *names;                  /* of zones: own_key -> struct mln_zone */
    const struct mln_model *places, *known; /* as of struct mln_inputs */
    struct mln_map *crowds; /* of interfaces that are alike, by what they have; NULL: one by one */
};

/* subject_json.c: the NSG of a subnet or an interface; NULL: none, or not in this text, which
 * *unread tells. */
struct mln_nsg *mln_placing_nsg(struct placing *p, size_t nsg, const char *id, const char **unread);
/* subject_nics.c: each interface as a zone in that of its subnet. */
void mln_placing_nics(struct placing *p);
/* subject_places.c: the policy's places instead of the text's; those that the text does not tell.
 */
void mln_placing_mirror(struct placing *p, const struct mln_model *policy);
void mln_placing_complete(struct placing *p, const struct mln_model *known);

#endif
