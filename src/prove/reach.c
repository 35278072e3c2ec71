/* Pairs of ends.
 *
 * The packets between two ends are, in each family, a box of addresses and memberships, seen from
 * the zone at one of its ends; the NSGs on the way decide it (reach_plane.c). */
#include "prove/reach_impl.h"

#include "azure/platform.h"

#include <string.h>

/* --- lists --- */

struct mln_reach *mln_reach_new(const struct mln_assert_world *world)
{
    struct mln_reach *reach = MLN_NEW(world->ctx->arena, struct mln_reach);
    reach->world = world;
    reach->lists = MLN_NEW_ARRAY(world->ctx->arena, struct mln_reach_list *,
                                 world->model->zones.len * MLN_DIRECTIONS * MLN_FAMILIES + 1);
    reach->ways =
        MLN_NEW_ARRAY(world->ctx->arena, struct mln_reach_way *, world->model->zones.len + 1);
    return reach;
}

static struct mln_reach_list *make_list(struct mln_reach *reach, struct mln_arena *a,
                                        const struct mln_way_hop *hop, enum mln_family family)
{
    struct mln_reach_list *list = MLN_NEW(a, struct mln_reach_list);
    struct mln_way_list rules;
    struct mln_ctx aside = *reach->world->ctx;
    aside.arena = a;
    mln_way_entries(&aside, reach->world->model, reach->world->deployed, hop, family, &rules);
    list->entries = rules.entries;
    list->traffic = MLN_NEW_ARRAY(a, struct mln_traffic, list->entries.len);
    for (size_t i = 0; i < list->entries.len; i++) {
        const struct mln_match *m = &list->entries.data[i].match;
        list->traffic[i] = mln_traffic_of(a, m->protos, m->dport);
    }
    return list;
}

/* Those at the ends are the same for every pair. */
static const struct mln_reach_list *list_of(struct mln_reach_plane *p,
                                            const struct mln_way_hop *hop)
{
    if (!mln_way_is_plain(hop))
        return make_list(p->reach, p->a, hop, p->family);
    struct mln_reach_list **slot =
        &p->reach
             ->lists[(hop->zone->index * MLN_DIRECTIONS + (unsigned)hop->direction) * MLN_FAMILIES +
                     p->family];
    if (!*slot)
        *slot = make_list(p->reach, p->reach->world->ctx->arena, hop, p->family);
    return *slot;
}

static struct mln_reach_way *way_from(struct mln_reach *reach, const struct mln_zone *from)
{
    struct mln_arena *a = reach->world->ctx->arena;
    struct mln_reach_way **slot = &reach->ways[from->index];
    if (*slot)
        return *slot;
    *slot = MLN_NEW(a, struct mln_reach_way);
    mln_way_hops(a, reach->world->model, from, NULL, &(*slot)->hops);
    for (int f = 0; f < MLN_FAMILIES; f++)
        (*slot)->lists[f] = MLN_NEW_ARRAY(a, const struct mln_reach_list *, (*slot)->hops.len + 1);
    return *slot;
}

/* May the end be one of the way's appliances, or tell of its ASGs? Then the way is another. */
static bool is_special(const struct mln_zone *to)
{
    return to && (to->nic || to->hosts_appliance);
}

/* The lists of a way that many pairs begin with, made once. */
static void add_beginning(struct mln_reach_plane *p, struct mln_reach_way *way)
{
    for (size_t i = 0; i < way->hops.len; i++) {
        const struct mln_reach_list **list = &way->lists[p->family][i];
        const struct mln_way_hop *hop = &way->hops.data[i];
        if (!*list && mln_way_is_plain(hop))
            *list = list_of(p, hop);
        else if (!*list)
            *list = make_list(p->reach, p->reach->world->ctx->arena, hop, p->family);
        mln_vec_push(p->a, &p->lists, *list);
    }
}

void mln_reach_add_way(struct mln_reach_plane *p, const struct mln_zone *from,
                       const struct mln_zone *to)
{
    struct mln_way_hop_vec hops = {0};
    struct mln_reach_way *way = from && !from->nic ? way_from(p->reach, from) : NULL;
    if (way && !is_special(to)) {
        const struct mln_way_hop end = {
            .zone = to, .nsg = to ? to->nsg : NULL, .direction = MLN_INBOUND, .ends = {from, to}};
        add_beginning(p, way);
        if (end.nsg)
            mln_vec_push(p->a, &p->lists, list_of(p, &end));
        return;
    }
    mln_way_hops(p->a, p->reach->world->model, from, to, &hops);
    for (size_t i = 0; i < hops.len; i++)
        mln_vec_push(p->a, &p->lists, list_of(p, &hops.data[i]));
}

/* --- ends --- */

/* Where the packets are at a zone's end, or seen from the zone at the other one. */
struct place {
    const struct mln_ipset *set;
    uint32_t vars[MLN_TERM_VARS];
    unsigned var_count;
};

bool mln_reach_in_zone(const struct mln_reach_end *end)
{
    return end->kind == MLN_REACH_ZONE || end->kind == MLN_REACH_ASG ||
           end->kind == MLN_REACH_ENDPOINT;
}

/* Of a subnet what it holds beside interfaces that have a row of their own. */
static const struct mln_ipset *row_of(const struct mln_reach_plane *p, const struct mln_zone *zone)
{
    const struct mln_ipset *set = zone->hosts[p->family];
    for (size_t i = 0; i < zone->nics.len; i++)
        if (mln_nic_is_plain(zone->nics.data[i]->nic) &&
            !zone->nics.data[i]->nic->floating[p->family])
            set = mln_ipset_union(p->a, set, zone->nics.data[i]->addresses[p->family]);
    return set;
}

static struct place own_place(const struct mln_reach_plane *p, const struct mln_reach_end *end)
{
    const struct mln_model *model = p->reach->world->model;
    struct place place = {.set = row_of(p, end->zone)};
    if (end->kind == MLN_REACH_ENDPOINT)
        place.set = end->endpoint->addresses[p->family];
    if (end->kind == MLN_REACH_ASG) {
        place.set = mln_ipset_from_prefixes(p->a, p->family, end->zone->prefixes.data,
                                            end->zone->prefixes.len);
        place.vars[place.var_count++] = mln_asg_var(model, end->asg);
    }
    return place;
}

/* The health probe's address is VirtualNetwork to Azure, but the tag AzureLoadBalancer to people.
 */
static struct place far_place(const struct mln_reach_plane *p, const struct mln_reach_end *end,
                              const struct mln_zone *zone, enum mln_direction direction)
{
    struct mln_ctx aside = *p->reach->world->ctx;
    struct place place = {0};
    aside.arena = p->a;
    if (end->kind == MLN_REACH_EXTERNAL)
        place.set = end->external->addresses[p->family];
    else {
        struct mln_term term =
            mln_term_of_tag(&aside, p->reach->world->model, end->tag, zone, direction);
        place.set = term.set[p->family];
        place.var_count = term.var_count;
        memcpy(place.vars, term.vars, sizeof place.vars);
    }
    if (end->kind == MLN_REACH_TAG && end->tag->kind == MLN_TAG_VIRTUAL_NETWORK)
        place.set = mln_ipset_subtract(p->a, place.set, mln_azure_wire_server(p->a, p->family));
    place.set = mln_ipset_intersect(p->a, place.set, zone->joined[direction][p->family]);
    return place;
}

static void put_place(struct mln_reach_region *start, int side, const struct place *place)
{
    *(side ? &start->dst : &start->src) = place->set;
    for (unsigned i = 0; i < place->var_count; i++) {
        start->vars[side][i] = place->vars[i];
        start->in[side][i] = true;
    }
    start->var_count[side] = place->var_count;
}

/* The box of the pair; false when the ends have no packet of this family. */
bool mln_reach_make_start(struct mln_reach_plane *p, const struct mln_reach_end *from,
                          const struct mln_reach_end *to)
{
    bool out = mln_reach_in_zone(from), in = mln_reach_in_zone(to);
    struct place src = out ? own_place(p, from) : far_place(p, from, to->zone, MLN_INBOUND);
    struct place dst = in ? own_place(p, to) : far_place(p, to, from->zone, MLN_OUTBOUND);
    if (out && in) {
        src.set = mln_ipset_intersect(p->a, src.set, to->zone->joined[MLN_INBOUND][p->family]);
        dst.set = mln_ipset_intersect(p->a, dst.set, from->zone->joined[MLN_OUTBOUND][p->family]);
    }
    p->start.sport = mln_portset_all(p->a);
    put_place(&p->start, 0, &src);
    put_place(&p->start, 1, &dst);
    return src.set->len && dst.set->len;
}

/* --- pairs --- */

static struct mln_traffic spoken(struct mln_arena *a, const struct mln_services *services)
{
    struct mln_traffic out = mln_traffic_none(a);
    for (size_t i = 0; i < services->len; i++)
        mln_reach_take(a, &out,
                       mln_traffic_of(a, services->items[i].protos, services->items[i].dport));
    return out;
}

struct mln_traffic mln_reach_universe(struct mln_arena *a, const struct mln_reach_end *to)
{
    if (to->kind == MLN_REACH_ENDPOINT)
        return spoken(a, &to->endpoint->sub->ports);
    if (to->kind != MLN_REACH_PUBLIC || !to->resource->kind->endpoints.len)
        return mln_traffic_all(a);
    struct mln_traffic out = mln_traffic_none(a);
    for (size_t i = 0; i < to->resource->kind->endpoints.len; i++)
        mln_reach_take(a, &out, spoken(a, &to->resource->kind->endpoints.data[i]->ports));
    return out;
}

struct mln_reach_plane mln_reach_plane_of(struct mln_reach *reach, struct mln_arena *scratch,
                                          enum mln_family family, const struct mln_reach_end *to)
{
    struct mln_reach_plane p = {.reach = reach, .a = scratch, .family = family};
    p.universe = mln_reach_universe(scratch, to);
    if (family == MLN_IPV6) {
        struct mln_traffic icmp = mln_traffic_of(scratch, MLN_PROTO_BIT(MLN_PROTO_ICMP), NULL);
        p.universe = mln_traffic_subtract(scratch, &p.universe, &icmp);
    }
    return p;
}

static bool are_joined(const struct mln_reach_end *from, const struct mln_reach_end *to)
{
    if (!mln_reach_in_zone(from) || !mln_reach_in_zone(to))
        return mln_reach_in_zone(from) || mln_reach_in_zone(to);
    if (from->zone == to->zone && mln_zone_is_host(to->zone))
        return false;
    return !from->zone->unplaced && !to->zone->unplaced && mln_zones_joined(from->zone, to->zone);
}

/* An NSG of which no rule is known may stop anything. */
static void doubt(struct mln_reach *reach, struct mln_arena *scratch, const struct mln_zone *from,
                  const struct mln_zone *to, struct mln_reach_cell *cell)
{
    struct mln_arena *a = reach->world->ctx->arena;
    struct mln_way_name_vec names = {0};
    mln_way_unread(scratch, reach->world->model, from, to, &names);
    if (names.len)
        mln_reach_weaken(
            a, cell,
            mln_printf(a, "if NSG '%s' permits it, which is not in this text", names.data[0]));
}

static void decide_pair(struct mln_reach *reach, struct mln_arena *scratch,
                        const struct mln_reach_end *from, const struct mln_reach_end *to,
                        struct mln_reach_cell *cell)
{
    const struct mln_zone *out = mln_reach_in_zone(from) ? from->zone : NULL;
    const struct mln_zone *in = mln_reach_in_zone(to) ? to->zone : NULL;
    struct mln_reach_plane planes[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_reach_plane *p = &planes[f];
        *p = mln_reach_plane_of(reach, scratch, (enum mln_family)f, to);
        cell->family[f] = mln_reach_make_start(p, from, to);
        if (!cell->family[f])
            continue;
        mln_reach_add_way(p, out, in);
        mln_reach_decide_plane(p);
        cell->path = true;
    }
    if (!cell->path)
        return;
    mln_reach_conclude(planes, cell);
    doubt(reach, scratch, out, in, cell);
}

void mln_reach_decide(struct mln_reach *reach, const struct mln_reach_end *from,
                      const struct mln_reach_end *to, struct mln_reach_cell *cell)
{
    *cell = (struct mln_reach_cell){.all = mln_traffic_none(reach->world->ctx->arena)};
    struct mln_arena *scratch = mln_arena_new();
    if (to->kind == MLN_REACH_PUBLIC && mln_reach_in_zone(from))
        mln_reach_zone_to_public(reach, scratch, from, to, cell);
    else if (to->kind == MLN_REACH_PUBLIC)
        mln_reach_outside_to_public(reach, scratch, from, to, cell);
    else if (are_joined(from, to))
        decide_pair(reach, scratch, from, to, cell);
    mln_arena_free(scratch);
}
