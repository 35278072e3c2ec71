/* What a policy knows of places, for a JSON text: all of them, when the text is held against the
 * policy (verify), or those that no text tells (diff). NSGs are the text's: those of the policy's
 * zones are found by their names. */
#include "cli/subject_impl.h"

#include <strings.h>

/* Is it the own NSG of an interface, and of nothing that the policy has? */
static bool is_of_nic(const struct placing *p, size_t nsg)
{
    for (size_t i = 0; i < p->deployed->nics.len; i++)
        if (p->deployed->nics.data[i]->nsg == nsg)
            return true;
    return false;
}

/* Several of one name belong to the policy's in their order; one alone to the policy's one. */
static size_t find_nsg(const struct placing *p, const struct mln_model *policy, const char *name)
{
    for (size_t i = 0; i < p->deployed->nsgs.len; i++)
        if (!p->nsgs[i] && strcasecmp(p->deployed->nsgs.data[i]->name, name) == 0)
            return i;
    bool only = policy->nsgs.len == 1 && p->deployed->nsgs.len == 1;
    return only && !is_of_nic(p, 0) ? 0 : MLN_DEPLOYED_NONE;
}

static void govern(struct placing *p, size_t nsg, struct mln_zone *zone)
{
    const char *unread;
    mln_places_govern(p->ctx, mln_placing_nsg(p, nsg, NULL, &unread), zone);
}

void mln_placing_mirror(struct placing *p, const struct mln_model *policy)
{
    struct mln_model *model = p->subject->model;
    mln_places_mirror(p->ctx, model, policy);
    for (size_t i = 0; i < policy->nsgs.len; i++) {
        const struct mln_nsg *nsg = policy->nsgs.data[i];
        size_t found = find_nsg(p, policy, nsg->name);
        for (size_t k = 0; k < nsg->zones.len; k++) {
            struct mln_zone *zone = model->zones.data[nsg->zones.data[k]->index];
            if (found != MLN_DEPLOYED_NONE)
                govern(p, found, zone);
            else
                zone->unread = nsg->name;
        }
        model->has_unread |= found == MLN_DEPLOYED_NONE;
    }
}

/* Zones that are there already have an NSG in the text when the policy governs them. */
static void govern_existing(struct placing *p, const struct mln_nsg *nsg, struct mln_zone *zone)
{
    for (size_t i = 0; i < p->deployed->nsgs.len; i++)
        if (strcasecmp(p->deployed->nsgs.data[i]->name, nsg->name) == 0) {
            govern(p, i, zone);
            return;
        }
}

void mln_placing_complete(struct placing *p, const struct mln_model *known)
{
    struct mln_model *model = p->subject->model;
    size_t told = model->zones.len;
    if (!told)
        return;
    mln_places_complete(p->ctx, model, known, &p->subject->taken);
    for (size_t i = told; i < model->zones.len; i++) {
        struct mln_zone *zone = model->zones.data[i];
        const struct mln_network *network = mln_places_network(known, zone->network->name);
        const struct mln_zone *like = mln_places_zone(network, zone->subnet);
        if (like && like->nsg)
            govern_existing(p, like->nsg, zone);
    }
}
