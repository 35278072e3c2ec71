/* Resources by their public side: out of the zone to the service's tag, then past the firewall. */
#include "prove/reach_impl.h"

#include "azure/legal.h"
#include "prove/firewall.h"

static bool has_private_way(const struct mln_resource *r, const struct mln_zone *zone)
{
    for (size_t i = 0; i < r->endpoints.len; i++)
        if (mln_zones_joined(zone, r->endpoints.data[i]->zone))
            return true;
    return false;
}

static const struct mln_tag *public_tag(const struct mln_reach *reach, const struct mln_resource *r)
{
    const struct mln_tags *tags = reach->world->model->options->tags;
    const struct mln_tag *tag = r->kind->tag ? mln_tags_find(tags, r->kind->tag) : NULL;
    const struct mln_tag *regional =
        tag && r->region ? mln_tags_regional(tags, tag, r->region) : NULL;
    return regional && regional->features & MLN_FEATURE_NSG ? regional : tag;
}

static void apply_way(struct mln_arena *a, struct mln_reach_cell *cell, enum mln_way way)
{
    if (way == MLN_WAY_NONE) {
        cell->all = mln_traffic_none(a);
        cell->parts.len = 0;
    } else if (way == MLN_WAY_SOME)
        mln_reach_weaken(a, cell, "the firewall of the resource lets part of the addresses in");
    else if (way == MLN_WAY_UNSURE)
        mln_reach_weaken(a, cell, "whom the firewall of the resource lets in is not known");
}

/* Out of the zone to the service's tag, then past the firewall. */
void mln_reach_zone_to_public(struct mln_reach *reach, struct mln_arena *scratch,
                              const struct mln_reach_end *from, const struct mln_reach_end *to,
                              struct mln_reach_cell *cell)
{
    const struct mln_reach_end service = {.kind = MLN_REACH_TAG,
                                          .tag = public_tag(reach, to->resource)};
    struct mln_reach_plane planes[MLN_FAMILIES];
    if (has_private_way(to->resource, from->zone) || !service.tag)
        return;
    planes[MLN_IPV4] = mln_reach_plane_of(reach, scratch, MLN_IPV4, to);
    cell->path = cell->family[MLN_IPV4] = mln_reach_make_start(&planes[MLN_IPV4], from, &service);
    if (!cell->path)
        return;
    mln_reach_add_way(&planes[MLN_IPV4], from->zone, NULL);
    mln_reach_decide_plane(&planes[MLN_IPV4]);
    mln_reach_conclude(planes, cell);
    apply_way(
        reach->world->ctx->arena, cell,
        mln_way_of_zone(scratch, reach->world->model->options->tags, to->resource, from->zone));
}

static enum mln_way way_of_tag(struct mln_arena *a, const struct mln_tags *tags,
                               const struct mln_resource *r, const struct mln_tag *tag)
{
    if (r->is_public == MLN_PUBLIC_YES)
        return MLN_WAY_OPEN;
    if (mln_way_is_closed(r))
        return MLN_WAY_NONE;
    for (size_t i = 0; i < r->firewall_tags.len; i++)
        if (r->firewall_tags.data[i] == tag || r->firewall_tags.data[i] == tag->parent)
            return MLN_WAY_OPEN;
    if (tag->kind == MLN_TAG_SERVICE)
        return tag->prefixes[MLN_IPV4] ? mln_way_of_addresses(a, tags, r, tag->prefixes[MLN_IPV4])
                                       : MLN_WAY_UNSURE;
    bool anybody = r->firewall_sources || r->firewall_tags.len || r->firewall_agents.len;
    return anybody ? MLN_WAY_SOME : MLN_WAY_NONE;
}

/* The part of an external that no path joins with an endpoint of the resource. */
static const struct mln_ipset *outsiders(struct mln_arena *a, const struct mln_external *external,
                                         const struct mln_resource *r)
{
    const struct mln_ipset *set =
        mln_ipset_subtract(a, external->addresses[MLN_IPV4], mln_azure_private_space(a, MLN_IPV4));
    for (size_t i = 0; i < r->endpoints.len; i++)
        set = mln_ipset_subtract(a, set, r->endpoints.data[i]->zone->network->near[MLN_IPV4]);
    return set;
}

void mln_reach_outside_to_public(struct mln_reach *reach, struct mln_arena *scratch,
                                 const struct mln_reach_end *from, const struct mln_reach_end *to,
                                 struct mln_reach_cell *cell)
{
    const struct mln_tags *tags = reach->world->model->options->tags;
    enum mln_way way = MLN_WAY_NONE;
    if (from->kind == MLN_REACH_EXTERNAL) {
        const struct mln_ipset *set = outsiders(scratch, from->external, to->resource);
        cell->path = set->len > 0;
        if (cell->path)
            way = mln_way_of_addresses(scratch, tags, to->resource, set);
    } else if (from->tag->kind == MLN_TAG_SERVICE || from->tag->kind == MLN_TAG_INTERNET) {
        cell->path = true;
        way = way_of_tag(scratch, tags, to->resource, from->tag);
    }
    if (!cell->path)
        return;
    struct mln_traffic all = mln_reach_universe(scratch, to);
    cell->family[MLN_IPV4] = true;
    cell->all = mln_reach_keep_traffic(reach->world->ctx->arena, &all);
    apply_way(reach->world->ctx->arena, cell, way);
}
