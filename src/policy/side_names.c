/* Which zones a side names: the ends at which an intent is decided. */
#include "policy/model.h"

static bool part_names(const struct mln_leaf *leaf, const struct mln_zone *zone)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        return true;
    case MLN_LEAF_NETWORK:
        return leaf->network == zone->network;
    case MLN_LEAF_ZONE:
        return leaf->zone == zone;
    case MLN_LEAF_ASG:
        return leaf->asg->zone == zone;
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint->zone == zone;
    case MLN_LEAF_RESOURCE:
        for (size_t i = 0; i < leaf->resource->endpoints.len; i++)
            if (leaf->resource->endpoints.data[i]->zone == zone)
                return true;
        return false;
    default:
        return false;
    }
}

bool mln_side_names_zone(const struct mln_side_set *side, const struct mln_zone *zone)
{
    for (size_t i = 0; side && i < side->len; i++)
        if (part_names(&side->parts[i].leaf, zone))
            return true;
    return false;
}
