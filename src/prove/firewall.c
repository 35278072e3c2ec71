/* The model records what intents ask of each firewall; this reads the record. */
#include "prove/firewall.h"

#include "rules/firewall.h"

bool mln_way_is_closed(const struct mln_resource *r)
{
    return r->is_public == MLN_PUBLIC_NO ||
           (r->is_public == MLN_PUBLIC_UNSET && !r->firewall_sources && !r->firewall_zones.len &&
            !r->firewall_tags.len && !r->firewall_agents.len);
}

void mln_let_in_tag(struct mln_arena *a, struct mln_let_in *entry, const struct mln_tag *tag)
{
    if (tag && tag->prefixes[MLN_IPV4])
        entry->set = mln_ipset_union(a, entry->set, tag->prefixes[MLN_IPV4]);
    else
        entry->exact = false;
}

/* The list as it is written, where it is known: with what excepts and denies took out of it, and
 * what it was widened by. */
struct mln_let_in mln_let_in(struct mln_arena *a, const struct mln_tags *tags,
                             const struct mln_resource *r)
{
    if (r->firewall && r->firewall->known && !r->firewall->failed) {
        struct mln_let_in list = {r->firewall->lets_in[MLN_IPV4], true};
        for (size_t i = 0; i < r->firewall->tags.len; i++)
            mln_let_in_tag(a, &list, r->firewall->tags.data[i]);
        return list;
    }
    struct mln_let_in entry = {
        r->firewall_sources ? r->firewall_sources : mln_ipset_empty(a, MLN_IPV4), !r->widen};
    const struct mln_tag *cloud = mln_tags_find(tags, "AzureCloud");
    for (size_t i = 0; i < r->firewall_tags.len; i++)
        mln_let_in_tag(a, &entry, r->firewall_tags.data[i]);
    for (size_t i = 0; i < r->firewall_agents.len; i++) {
        const struct mln_geography *geography = r->firewall_agents.data[i];
        for (size_t k = 0; k < geography->regions.len; k++)
            mln_let_in_tag(a, &entry,
                           cloud ? mln_tags_regional(tags, cloud, geography->regions.data[k])
                                 : NULL);
    }
    return entry;
}

enum mln_way mln_way_of_addresses(struct mln_arena *a, const struct mln_tags *tags,
                                  const struct mln_resource *r, const struct mln_ipset *set)
{
    if (r->is_public == MLN_PUBLIC_YES)
        return MLN_WAY_OPEN;
    if (mln_way_is_closed(r))
        return MLN_WAY_NONE;
    struct mln_let_in entry = mln_let_in(a, tags, r);
    if (mln_ipset_covers(entry.set, set))
        return MLN_WAY_OPEN;
    if (!entry.exact)
        return MLN_WAY_UNSURE;
    return mln_ipset_overlaps(entry.set, set) ? MLN_WAY_SOME : MLN_WAY_NONE;
}

enum mln_way mln_way_of_zone(struct mln_arena *a, const struct mln_tags *tags,
                             const struct mln_resource *r, const struct mln_zone *zone)
{
    if (r->is_public == MLN_PUBLIC_YES)
        return MLN_WAY_OPEN;
    if (mln_way_is_closed(r))
        return MLN_WAY_NONE;
    for (size_t i = 0; i < r->firewall_zones.len; i++)
        if (r->firewall_zones.data[i] == zone)
            return MLN_WAY_OPEN;
    struct mln_let_in entry = mln_let_in(a, tags, r);
    if (entry.exact && !entry.set->len)
        return MLN_WAY_NONE;
    if (!zone->egress.len)
        return MLN_WAY_UNSURE; /* nobody knows from which address it comes */
    return mln_way_of_addresses(
        a, tags, r, mln_ipset_from_prefixes(a, MLN_IPV4, zone->egress.data, zone->egress.len));
}
