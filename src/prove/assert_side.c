/* The packets of an assertion between two places, as a formula over matches.
 *
 * Each end is seen as lowering sees it: what is named directly (a zone, a network, an ASG, an
 * endpoint) from the zone it lies in; a tag, which is what it is for the subnet at the other end,
 * from there. `except` needs no order of rules here: it stays in the formula. */
#include "prove/assert_impl.h"

#include "azure/platform.h"

#include <string.h>

/* --- places --- */

static const struct mln_ipset *joined(struct mln_assert_question *q, const struct mln_zone *zone,
                                      int end)
{
    struct mln_arena *a = q->ctx.arena;
    enum mln_direction direction = end == 0 ? MLN_INBOUND : MLN_OUTBOUND;
    return mln_ipset_union(a, zone->joined[direction][q->family],
                           end == 0 ? mln_azure_wire_server(a, q->family)
                                    : mln_azure_platform_space(a, q->family));
}

static bool zones_joined(const struct mln_zone *zone, const struct mln_zone *other, int end)
{
    return end == 0 ? mln_zones_joined(other, zone) : mln_zones_joined(zone, other);
}

/* What is joined with the zone and lies in no other zone. */
static const struct mln_ipset *rest(struct mln_assert_question *q, const struct mln_zone *zone,
                                    int end)
{
    struct mln_arena *a = q->ctx.arena;
    MLN_VEC(struct mln_range) taken = {0};
    if (zone->unplaced)
        return joined(q, zone, end);
    for (size_t i = 0; i < q->world->model->zones.len; i++) {
        const struct mln_zone *other = q->world->model->zones.data[i];
        const struct mln_ipset *set = other->addresses[q->family];
        for (size_t k = 0; zones_joined(zone, other, end) && k < set->len; k++)
            mln_vec_push(a, &taken, set->ranges[k]);
    }
    return mln_ipset_subtract(a, joined(q, zone, end),
                              mln_ipset_from_ranges(a, q->family, taken.data, taken.len));
}

const struct mln_ipset *mln_assert_universe(struct mln_assert_question *q, int end)
{
    const struct mln_end_place *own = &q->ends[end], *other = &q->ends[1 - end];
    switch (own->kind) {
    case MLN_AT_REST:
        return rest(q, other->zone, end);
    case MLN_AT_ALL:
        return joined(q, other->zone, end);
    case MLN_AT_ZONE:
        break;
    }
    if (other->kind != MLN_AT_ZONE)
        return own->zone->hosts[q->family];
    return mln_ipset_intersect(q->ctx.arena, own->zone->hosts[q->family],
                               joined(q, other->zone, end));
}

/* --- leaves --- */

static bool is_tag(const struct mln_leaf *leaf)
{
    return leaf->kind == MLN_LEAF_TAG || leaf->kind == MLN_LEAF_HOSTED_AGENTS;
}

static bool is_resource(const struct mln_leaf *leaf)
{
    return leaf->kind == MLN_LEAF_RESOURCE || leaf->kind == MLN_LEAF_ENDPOINT;
}

/* Which zone's eyes a leaf is seen with; *near: it is this end's own. NULL: the leaf has nothing
 * here. */
static const struct mln_zone *eyes(const struct mln_assert_question *q, const struct mln_leaf *leaf,
                                   int end, bool top, bool *near)
{
    const struct mln_end_place *own = &q->ends[end], *other = &q->ends[1 - end];
    bool own_zone = own->kind == MLN_AT_ZONE, other_zone = other->kind == MLN_AT_ZONE;
    *near = own_zone && !(is_tag(leaf) && other_zone);
    if (own_zone)
        return *near ? own->zone : other->zone;
    if (leaf->kind == MLN_LEAF_ASG) { /* part of its own zone, whoever looks */
        *near = true;
        if (leaf->asg->zone->unplaced)
            return leaf->asg->zone->nsg == other->zone->nsg ? leaf->asg->zone : NULL;
        return own->kind == MLN_AT_ALL && zones_joined(other->zone, leaf->asg->zone, end)
                   ? leaf->asg->zone
                   : NULL;
    }
    if (leaf->kind == MLN_LEAF_ZONE && own->kind == MLN_AT_REST)
        return NULL;
    if (top && is_resource(leaf) && mln_assert_is_public(leaf, other->zone) && !q->public_way)
        return NULL;
    return other->zone;
}

/* The terms of one leaf; `top`: of the side itself, not of an except, whose services are not cut.
 */
static void leaf_terms(struct mln_assert_question *q, const struct mln_leaf *leaf, int end,
                       bool top, struct mln_term_vec *out)
{
    bool near;
    const struct mln_zone *zone = eyes(q, leaf, end, top, &near);
    if (!zone)
        return;
    struct mln_side_part part = {.leaf = *leaf};
    const struct mln_side_set side = {.parts = &part, .len = 1};
    struct mln_service_item every = {MLN_PROTOS_ALL, mln_portset_all(q->ctx.arena),
                                     mln_portset_all(q->ctx.arena)};
    struct mln_intent intent = *q->assertion;
    intent.verb = MLN_VERB_ALLOW;
    if (!top)
        intent.services = (struct mln_services){&every, 1};
    bool out_of_zone = near ? end == 0 : end == 1;
    mln_terms(&q->ctx, q->world->model, &intent, &side, zone,
              out_of_zone ? MLN_OUTBOUND : MLN_INBOUND, near, out);
    /* From nowhere in particular, a tag at this zone's end may be what any other subnet takes it
     * for. */
    if (is_tag(leaf) && q->ends[end].kind == MLN_AT_ZONE && q->ends[1 - end].kind == MLN_AT_ALL) {
        out->len = 0;
        struct mln_term all = {.set = {zone->addresses[MLN_IPV4], zone->addresses[MLN_IPV6]}};
        if (top)
            mln_vec_push(q->ctx.arena, out, all);
    }
}

/* --- matches --- */

static void add_match(struct mln_assert_question *q, const struct mln_term *term, int end,
                      const struct mln_service_item *item)
{
    uint32_t *vars = MLN_NEW_ARRAY(q->ctx.arena, uint32_t, term->var_count);
    memcpy(vars, term->vars, term->var_count * sizeof *vars);
    struct mln_match match = {.protos = MLN_PROTOS_ALL};
    if (end == 0)
        match.src = term->set[q->family], match.src_vars = vars,
        match.src_var_count = term->var_count;
    else
        match.dst = term->set[q->family], match.dst_vars = vars,
        match.dst_var_count = term->var_count;
    if (item) {
        match.protos = mln_protos_with_ports(item->protos, item->sport, item->dport);
        match.sport = item->sport;
        match.dport = item->dport;
        if (q->family == MLN_IPV6 && item->protos == MLN_PROTO_BIT(MLN_PROTO_ICMP))
            return; /* `icmp` is IPv4's */
    }
    if (term->set[q->family]->len)
        mln_vec_push(q->ctx.arena, &q->matches, match);
}

static size_t count_parts(const struct mln_side_part *part)
{
    size_t count = 0;
    for (size_t m = 0; m < part->minus_len; m++)
        count += part->minus[m]->len;
    return count;
}

/* The matches of the destination side carry the services, which resources cut. */
static void add_part(struct mln_assert_question *q, const struct mln_side_part *part, int end,
                     bool top, struct mln_assert_part *out)
{
    struct mln_term_vec terms = {0};
    bool services = top && end == 1;
    leaf_terms(q, &part->leaf, end, top, &terms);
    out->first = q->matches.len;
    for (size_t i = 0; i < terms.len; i++) {
        const struct mln_term *term = &terms.data[i];
        const struct mln_services *cut = term->services ? term->services : &q->assertion->services;
        if (!services)
            add_match(q, term, end, NULL);
        for (size_t k = 0; services && k < cut->len; k++)
            add_match(q, term, end, &cut->items[k]);
    }
    out->count = q->matches.len - out->first;
    out->minus = MLN_NEW_ARRAY(q->ctx.arena, struct mln_assert_part, count_parts(part) + 1);
    for (size_t m = 0; out->count && m < part->minus_len; m++)
        for (size_t i = 0; i < part->minus[m]->len; i++)
            add_part(q, &part->minus[m]->parts[i], end, false, &out->minus[out->minus_len++]);
}

static bool add_side(struct mln_assert_question *q, const struct mln_side_set *side, int end)
{
    bool any = false;
    q->parts[end] = MLN_NEW_ARRAY(q->ctx.arena, struct mln_assert_part, side->len + 1);
    q->part_count[end] = side->len;
    for (size_t i = 0; i < side->len; i++) {
        add_part(q, &side->parts[i], end, true, &q->parts[end][i]);
        any |= q->parts[end][i].count > 0;
    }
    return any;
}

static const struct mln_portset *either(struct mln_arena *a, const struct mln_portset *x,
                                        const struct mln_portset *y)
{
    return x && y ? mln_portset_union(a, x, y) : NULL;
}

/* All that some part of the side holds, exceptions included. */
static void bound_side(struct mln_assert_question *q, int end, struct mln_match *bound)
{
    struct mln_arena *a = q->ctx.arena;
    const struct mln_ipset *all = mln_ipset_empty(a, q->family);
    bool first = true;
    for (size_t i = 0; i < q->part_count[end]; i++)
        for (size_t k = 0; k < q->parts[end][i].count; k++, first = false) {
            const struct mln_match *m = &q->matches.data[q->parts[end][i].first + k];
            all = mln_ipset_union(a, all, end ? m->dst : m->src);
            if (!end)
                continue;
            bound->protos = first ? m->protos : bound->protos | m->protos;
            bound->sport = first ? m->sport : either(a, bound->sport, m->sport);
            bound->dport = first ? m->dport : either(a, bound->dport, m->dport);
        }
    const struct mln_ipset **set = end ? &bound->dst : &bound->src;
    *set = mln_ipset_intersect(a, *set, all);
}

/* A question about little leaves most rules out of the search. */
static void add_bound(struct mln_assert_question *q)
{
    struct mln_match bound = q->matches.data[q->universe];
    bound_side(q, 0, &bound);
    bound_side(q, 1, &bound);
    q->within = q->matches.len;
    mln_vec_push(q->ctx.arena, &q->matches, bound);
}

bool mln_assert_ask(struct mln_assert_question *q)
{
    struct mln_match universe = {.src = mln_assert_universe(q, 0), .protos = MLN_PROTOS_ALL};
    if (!universe.src->len)
        return false;
    universe.dst = mln_assert_universe(q, 1);
    if (!universe.dst->len)
        return false;
    q->universe = q->matches.len;
    mln_vec_push(q->ctx.arena, &q->matches, universe);
    if (!add_side(q, q->assertion->from, 0) || !add_side(q, q->assertion->to, 1))
        return false;
    add_bound(q);
    return true;
}

/* --- a quick look --- */

static bool overlaps(const struct mln_ipset *const set[MLN_FAMILIES], const struct mln_zone *zone)
{
    return mln_ipset_overlaps(set[MLN_IPV4], zone->addresses[MLN_IPV4]) ||
           mln_ipset_overlaps(set[MLN_IPV6], zone->addresses[MLN_IPV6]);
}

static bool prefix_overlaps(const struct mln_prefix *prefix, const struct mln_zone *zone)
{
    struct mln_range range = {prefix->ip, mln_prefix_last(prefix)};
    const struct mln_ipset one = {prefix->family, 1, &range};
    return mln_ipset_overlaps(&one, zone->addresses[prefix->family]);
}

static bool resource_in(const struct mln_leaf *leaf, const struct mln_zone *zone)
{
    for (size_t i = 0; i < leaf->resource->endpoints.len; i++)
        if (leaf->resource->endpoints.data[i]->zone == zone)
            return true;
    return false;
}

static bool leaf_touches(const struct mln_leaf *leaf, const struct mln_zone *zone,
                         const struct mln_zone *other)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        return true;
    case MLN_LEAF_NETWORK:
        return overlaps(leaf->network->space, zone);
    case MLN_LEAF_ZONE:
        return mln_zone_holds(leaf->zone, zone);
    case MLN_LEAF_ASG:
        return leaf->asg->zone == zone;
    case MLN_LEAF_EXTERNAL:
        return overlaps(leaf->external->addresses, zone);
    case MLN_LEAF_PREFIX:
        return prefix_overlaps(&leaf->prefix, zone);
    case MLN_LEAF_RESOURCE:
        return resource_in(leaf, zone);
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint->zone == zone;
    case MLN_LEAF_TAG:
        if (other && leaf->tag->kind == MLN_TAG_VIRTUAL_NETWORK)
            return overlaps(other->virtual_network, zone);
        break;
    case MLN_LEAF_HOSTED_AGENTS:
        break;
    }
    return !other || overlaps(other->internet, zone);
}

bool mln_assert_touches(const struct mln_side_set *side, const struct mln_zone *zone,
                        const struct mln_zone *other)
{
    for (size_t i = 0; i < side->len; i++)
        if (leaf_touches(&side->parts[i].leaf, zone, other))
            return true;
    return false;
}
