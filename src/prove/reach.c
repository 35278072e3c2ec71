/* Cells of the matrix.
 *
 * What one NSG says about a pair is a decision list over the box of their addresses. Walking it
 * once splits the services three ways without a search: a rule that holds the whole box decides its
 * services for good; one that holds a part of it leaves them open, in its own favour. Where all
 * that touched a service agree with what decides it at last, it is permitted for all packets or for
 * none. So a cell costs one walk over the rules that meet it, and what all packets may do is what
 * both NSGs let all packets do. Only services on which rules disagree within the box are worked out
 * box by box (reach_region.c), one class of equal services at a time. */
#include "azure/legal.h"
#include "azure/platform.h"
#include "prove/firewall.h"
#include "prove/reach_impl.h"

#include <stdlib.h>
#include <string.h>

struct mln_reach {
    const struct mln_assert_world *world;
    struct mln_reach_list **lists; /* by zone, direction, family; NULL: not made yet */
};

/* One family of one pair. */
struct plane {
    struct mln_reach *reach;
    struct mln_arena *a; /* scratch */
    enum mln_family family;
    struct mln_reach_region start;
    struct mln_traffic universe;
    const struct mln_reach_list *lists[2];
    size_t list_count;
    /* Findings. */
    struct mln_traffic all, none;
    MLN_VEC(struct split) splits;
    MLN_VEC(const struct mln_reach_list *) local; /* the rules that meet the box, list by list */
};

/* Services that part of the packets may use. */
struct split {
    struct mln_traffic traffic;
    const uint64_t *signature; /* which local rules speak of them */
    unsigned proto;            /* one of them */
    uint16_t port;
    struct mln_reach_region_vec regions;
    bool gave_up;
};

/* --- lists --- */

struct mln_reach *mln_reach_new(const struct mln_assert_world *world)
{
    struct mln_reach *reach = MLN_NEW(world->ctx->arena, struct mln_reach);
    reach->world = world;
    reach->lists = MLN_NEW_ARRAY(world->ctx->arena, struct mln_reach_list *,
                                 world->model->zones.len * MLN_DIRECTIONS * MLN_FAMILIES + 1);
    return reach;
}

static const struct mln_reach_list *list_of(struct mln_reach *reach, const struct mln_zone *zone,
                                            enum mln_direction direction, enum mln_family family)
{
    struct mln_arena *a = reach->world->ctx->arena;
    struct mln_reach_list **slot =
        &reach->lists[(zone->index * MLN_DIRECTIONS + (unsigned)direction) * MLN_FAMILIES + family];
    if (*slot)
        return *slot;
    struct mln_reach_list *list = *slot = MLN_NEW(a, struct mln_reach_list);
    const struct mln_rules_view view = {.ctx = reach->world->ctx,
                                        .model = reach->world->model,
                                        .zone = zone,
                                        .direction = direction,
                                        .family = family};
    mln_rules_entries(&view, &reach->world->deployed[zone->nsg->index].rules[direction],
                      &list->entries);
    list->traffic = MLN_NEW_ARRAY(a, struct mln_traffic, list->entries.len);
    for (size_t i = 0; i < list->entries.len; i++) {
        const struct mln_match *m = &list->entries.data[i].match;
        list->traffic[i] = mln_traffic_of(a, m->protos, m->dport);
    }
    return list;
}

/* The rules that meet the box, in order. */
static const struct mln_reach_list *local_rules(struct plane *p, const struct mln_reach_list *list)
{
    struct mln_reach_list *local = MLN_NEW(p->a, struct mln_reach_list);
    local->traffic = MLN_NEW_ARRAY(p->a, struct mln_traffic, list->entries.len);
    for (size_t i = 0; i < list->entries.len; i++) {
        if (mln_reach_overlap(&p->start, &list->entries.data[i].match) == MLN_APART)
            continue;
        local->traffic[local->entries.len] = list->traffic[i];
        mln_vec_push(p->a, &local->entries, list->entries.data[i]);
    }
    return local;
}

/* --- one list: all, none, or to be seen --- */

struct opinion {
    struct mln_traffic open, all, none;
    struct mln_traffic partly[2]; /* touched by a rule that denies, that allows, for a part */
};

static void take(struct mln_arena *a, struct mln_traffic *to, struct mln_traffic what)
{
    *to = mln_traffic_union(a, to, &what);
}

/* The services are decided for the rest of the packets. */
static void decide(struct mln_arena *a, struct opinion *o, const struct mln_traffic *what,
                   bool allow)
{
    struct mln_traffic agreed = mln_traffic_subtract(a, what, &o->partly[!allow]);
    take(a, allow ? &o->all : &o->none, agreed);
    o->open = mln_traffic_subtract(a, &o->open, what);
}

static struct opinion walk(struct plane *p, const struct mln_reach_list *list)
{
    struct mln_arena *a = p->a;
    struct opinion o = {.open = p->universe,
                        .all = mln_traffic_none(a),
                        .none = mln_traffic_none(a),
                        .partly = {mln_traffic_none(a), mln_traffic_none(a)}};
    for (size_t i = 0; i < list->entries.len && !mln_traffic_is_empty(&o.open); i++) {
        const struct mln_rules_entry *entry = &list->entries.data[i];
        struct mln_traffic what = mln_traffic_intersect(a, &o.open, &list->traffic[i]);
        if (mln_traffic_is_empty(&what))
            continue;
        if (mln_reach_overlap(&p->start, &entry->match) == MLN_COVERED)
            decide(a, &o, &what, entry->allow);
        else
            take(a, &o.partly[entry->allow], what);
    }
    decide(a, &o, &o.open, false);
    return o;
}

/* --- classes of services on which rules disagree --- */

static size_t local_count(const struct plane *p)
{
    size_t count = 0;
    for (size_t l = 0; l < p->local.len; l++)
        count += p->local.data[l]->entries.len;
    return count;
}

static uint64_t *signature(struct plane *p, unsigned proto, uint16_t port, size_t words)
{
    uint64_t *bits = MLN_NEW_ARRAY(p->a, uint64_t, words);
    size_t bit = 0;
    for (size_t l = 0; l < p->local.len; l++)
        for (size_t i = 0; i < p->local.data[l]->entries.len; i++, bit++)
            if (mln_portset_contains(p->local.data[l]->traffic[i].ports[proto], port))
                mln_bit_set(bits, bit);
    return bits;
}

static int by_number(const void *x, const void *y)
{
    const unsigned *p = x, *q = y;
    return (*p > *q) - (*p < *q);
}

MLN_VEC_TYPE(cut_vec, unsigned);

/* Where the services of the local rules begin and end, between two ports. */
static struct cut_vec cuts(struct plane *p, unsigned proto, struct mln_port_range range)
{
    struct cut_vec cuts = {0};
    mln_vec_push(p->a, &cuts, range.lo);
    for (size_t l = 0; l < p->local.len; l++)
        for (size_t i = 0; i < p->local.data[l]->entries.len; i++) {
            const struct mln_portset *ports = p->local.data[l]->traffic[i].ports[proto];
            for (size_t k = 0; k < ports->len; k++) {
                if (ports->ranges[k].lo > range.lo && ports->ranges[k].lo <= range.hi)
                    mln_vec_push(p->a, &cuts, ports->ranges[k].lo);
                if (ports->ranges[k].hi >= range.lo && ports->ranges[k].hi < range.hi)
                    mln_vec_push(p->a, &cuts, ports->ranges[k].hi + 1u);
            }
        }
    qsort(cuts.data, cuts.len, sizeof *cuts.data, by_number);
    size_t kept = 1;
    for (size_t i = 1; i < cuts.len; i++)
        if (cuts.data[i] != cuts.data[kept - 1])
            cuts.data[kept++] = cuts.data[i];
    cuts.len = kept;
    return cuts;
}

/* Services of one protocol, all alike; joined with those of the same signature. */
static void add_class(struct plane *p, unsigned proto, struct mln_port_range range, size_t words)
{
    struct mln_traffic traffic = mln_traffic_none(p->a);
    traffic.ports[proto] = mln_portset_from_ranges(p->a, &range, 1);
    const uint64_t *bits = signature(p, proto, range.lo, words);
    for (size_t i = 0; i < p->splits.len; i++)
        if (memcmp(p->splits.data[i].signature, bits, words * sizeof *bits) == 0) {
            take(p->a, &p->splits.data[i].traffic, traffic);
            return;
        }
    struct split made = {.traffic = traffic, .signature = bits, .proto = proto, .port = range.lo};
    mln_vec_push(p->a, &p->splits, made);
}

static void find_classes(struct plane *p, const struct mln_traffic *mixed)
{
    size_t words = local_count(p) / 64 + 1;
    for (unsigned proto = 0; proto < MLN_PROTO_COUNT; proto++)
        for (size_t r = 0; r < mixed->ports[proto]->len; r++) {
            struct mln_port_range whole = mixed->ports[proto]->ranges[r];
            struct cut_vec at = cuts(p, proto, whole);
            for (size_t c = 0; c < at.len; c++) {
                unsigned hi = c + 1 < at.len ? at.data[c + 1] - 1 : whole.hi;
                struct mln_port_range range = {(uint16_t)at.data[c], (uint16_t)hi};
                add_class(p, proto, range, words);
            }
        }
}

/* What proves to be all or none after all is no split. */
static void settle(struct plane *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->splits.len; i++) {
        struct split s = p->splits.data[i];
        bool denied = false;
        s.gave_up = !mln_reach_regions(p->a, p->local.data, p->local.len, &p->start, s.proto,
                                       s.port, &s.regions, &denied);
        if (!s.gave_up && !denied)
            take(p->a, &p->all, s.traffic);
        else if (!s.gave_up && !s.regions.len)
            take(p->a, &p->none, s.traffic);
        else
            p->splits.data[kept++] = s;
    }
    p->splits.len = kept;
}

static void decide_plane(struct plane *p)
{
    p->all = p->universe;
    p->none = mln_traffic_none(p->a);
    for (size_t i = 0; i < p->list_count; i++) {
        const struct mln_reach_list *local = local_rules(p, p->lists[i]);
        struct opinion o = walk(p, local);
        mln_vec_push(p->a, &p->local, local);
        p->all = mln_traffic_intersect(p->a, &p->all, &o.all);
        take(p->a, &p->none, o.none);
    }
    struct mln_traffic mixed = mln_traffic_subtract(p->a, &p->universe, &p->all);
    mixed = mln_traffic_subtract(p->a, &mixed, &p->none);
    find_classes(p, &mixed);
    settle(p);
}

/* --- ends --- */

/* Where the packets are at a zone's end, or seen from the zone at the other one. */
struct place {
    const struct mln_ipset *set;
    uint32_t vars[MLN_TERM_VARS];
    unsigned var_count;
};

static bool in_zone(const struct mln_reach_end *end)
{
    return end->kind == MLN_REACH_ZONE || end->kind == MLN_REACH_ASG ||
           end->kind == MLN_REACH_ENDPOINT;
}

static struct place own_place(const struct plane *p, const struct mln_reach_end *end)
{
    const struct mln_model *model = p->reach->world->model;
    struct place place = {.set = end->zone->addresses[p->family]};
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
static struct place far_place(const struct plane *p, const struct mln_reach_end *end,
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
static bool make_start(struct plane *p, const struct mln_reach_end *from,
                       const struct mln_reach_end *to)
{
    bool out = in_zone(from), in = in_zone(to);
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

static void add_list(struct plane *p, const struct mln_zone *zone, enum mln_direction direction)
{
    if (zone && zone->nsg)
        p->lists[p->list_count++] = list_of(p->reach, zone, direction, p->family);
}

/* --- results --- */

static struct mln_arena *keep_in(const struct plane *p)
{
    return p->reach->world->ctx->arena;
}

static struct mln_traffic keep_traffic(struct mln_arena *a, const struct mln_traffic *t)
{
    struct mln_traffic out = mln_traffic_none(a);
    for (int i = 0; i < MLN_PROTO_COUNT; i++)
        if (t->ports[i]->len)
            out.ports[i] = mln_portset_from_ranges(a, t->ports[i]->ranges, t->ports[i]->len);
    return out;
}

static const struct mln_ipset *keep_set(const struct plane *p, const struct mln_ipset *set,
                                        const struct mln_ipset *whole)
{
    if (mln_ipset_equal(set, whole))
        return NULL;
    return mln_ipset_from_ranges(keep_in(p), p->family, set->ranges, set->len);
}

static bool is_own(const struct plane *p, int side, uint32_t var)
{
    for (unsigned i = 0; i < p->start.var_count[side]; i++)
        if (p->start.vars[side][i] == var)
            return true;
    return false;
}

static void add_members(const struct plane *p, const struct mln_reach_region *r, int side,
                        struct mln_reach_box *box)
{
    const struct mln_model *model = p->reach->world->model;
    size_t tags = mln_tags_count(model->options->tags);
    for (unsigned i = 0; i < r->var_count[side]; i++) {
        struct mln_reach_member member = {.source = side == 0, .in = r->in[side][i]};
        uint32_t var = r->vars[side][i];
        if (var < tags)
            member.tag = mln_tags_at(model->options->tags, var);
        else
            member.asg = model->asgs.data[var - tags];
        if (!is_own(p, side, var))
            mln_vec_push(keep_in(p), &box->members, member);
    }
}

static void add_boxes(const struct plane *p, const struct split *split, struct mln_reach_part *part)
{
    if (split->gave_up)
        part->note = "in part: too many unknown service tags and ASGs meet here";
    for (size_t i = 0; !split->gave_up && i < split->regions.len; i++) {
        const struct mln_reach_region *r = &split->regions.data[i];
        struct mln_reach_box box = {.family = p->family,
                                    .src = keep_set(p, r->src, p->start.src),
                                    .dst = keep_set(p, r->dst, p->start.dst)};
        if (!mln_portset_is_all(r->sport))
            box.sport = mln_portset_from_ranges(keep_in(p), r->sport->ranges, r->sport->len);
        add_members(p, r, 0, &box);
        add_members(p, r, 1, &box);
        mln_vec_push(keep_in(p), &part->boxes, box);
    }
}

/* Of some services, what one family's plane says. */
struct share {
    struct mln_traffic traffic;
    const struct split *split; /* NULL: all or none */
    bool all;
};
MLN_VEC_TYPE(share_vec, struct share);

static struct share_vec shares(const struct plane *p)
{
    struct share_vec out = {0};
    struct share all = {p->all, NULL, true}, none = {p->none, NULL, false};
    mln_vec_push(p->a, &out, all);
    mln_vec_push(p->a, &out, none);
    for (size_t i = 0; i < p->splits.len; i++) {
        struct share part = {p->splits.data[i].traffic, &p->splits.data[i], false};
        mln_vec_push(p->a, &out, part);
    }
    return out;
}

static void add_share(const struct plane *p, const struct share *share, struct mln_reach_part *part)
{
    struct mln_reach_box whole = {.family = p->family};
    if (share->split)
        add_boxes(p, share->split, part);
    else if (share->all)
        mln_vec_push(keep_in(p), &part->boxes, whole);
}

/* Services that the planes given (one or two) agree to treat alike. */
static void add_cell(const struct plane *const *planes, const struct share *const *parts,
                     size_t count, const struct mln_traffic *traffic, struct mln_reach_cell *cell)
{
    struct mln_arena *a = keep_in(planes[0]);
    bool all = true, none = true;
    for (size_t i = 0; i < count; i++) {
        all &= parts[i]->all;
        none &= !parts[i]->all && !parts[i]->split;
    }
    if (mln_traffic_is_empty(traffic) || none)
        return;
    struct mln_traffic kept = keep_traffic(a, traffic);
    if (all) {
        cell->all = mln_traffic_union(a, &cell->all, &kept);
        return;
    }
    struct mln_reach_part part = {.traffic = kept};
    for (size_t i = 0; i < count; i++)
        add_share(planes[i], parts[i], &part);
    mln_vec_push(a, &cell->parts, part);
}

/* `icmp` is IPv4's: there the other family has no say. */
static void combine(const struct plane *four, const struct plane *six, struct mln_reach_cell *cell)
{
    struct share_vec x = shares(four), y = shares(six);
    const struct plane *const both[] = {four, six};
    for (size_t i = 0; i < x.len; i++) {
        struct mln_traffic alone =
            mln_traffic_subtract(four->a, &x.data[i].traffic, &six->universe);
        const struct share *pair[] = {&x.data[i], NULL};
        add_cell(both, pair, 1, &alone, cell);
        for (size_t k = 0; k < y.len; k++) {
            struct mln_traffic common =
                mln_traffic_intersect(four->a, &x.data[i].traffic, &y.data[k].traffic);
            pair[1] = &y.data[k];
            add_cell(both, pair, 2, &common, cell);
        }
    }
}

static void conclude(struct plane planes[MLN_FAMILIES], struct mln_reach_cell *cell)
{
    if (cell->family[MLN_IPV4] && cell->family[MLN_IPV6]) {
        combine(&planes[MLN_IPV4], &planes[MLN_IPV6], cell);
        return;
    }
    const struct plane *only = &planes[cell->family[MLN_IPV4] ? MLN_IPV4 : MLN_IPV6];
    struct share_vec x = shares(only);
    for (size_t i = 0; i < x.len; i++) {
        const struct share *one = &x.data[i];
        add_cell(&only, &one, 1, &one->traffic, cell);
    }
}

/* --- pairs --- */

static struct mln_traffic spoken(struct mln_arena *a, const struct mln_services *services)
{
    struct mln_traffic out = mln_traffic_none(a);
    for (size_t i = 0; i < services->len; i++)
        take(a, &out, mln_traffic_of(a, services->items[i].protos, services->items[i].dport));
    return out;
}

static struct mln_traffic universe(struct mln_arena *a, const struct mln_reach_end *to)
{
    if (to->kind == MLN_REACH_ENDPOINT)
        return spoken(a, &to->endpoint->sub->ports);
    if (to->kind != MLN_REACH_PUBLIC || !to->resource->kind->endpoints.len)
        return mln_traffic_all(a);
    struct mln_traffic out = mln_traffic_none(a);
    for (size_t i = 0; i < to->resource->kind->endpoints.len; i++)
        take(a, &out, spoken(a, &to->resource->kind->endpoints.data[i]->ports));
    return out;
}

static struct plane plane_of(struct mln_reach *reach, struct mln_arena *scratch,
                             enum mln_family family, const struct mln_reach_end *to)
{
    struct plane p = {.reach = reach, .a = scratch, .family = family};
    p.universe = universe(scratch, to);
    if (family == MLN_IPV6) {
        struct mln_traffic icmp = mln_traffic_of(scratch, MLN_PROTO_BIT(MLN_PROTO_ICMP), NULL);
        p.universe = mln_traffic_subtract(scratch, &p.universe, &icmp);
    }
    return p;
}

static bool are_joined(const struct mln_reach_end *from, const struct mln_reach_end *to)
{
    if (!in_zone(from) || !in_zone(to))
        return in_zone(from) || in_zone(to);
    return !from->zone->unplaced && !to->zone->unplaced && mln_zones_joined(from->zone, to->zone);
}

static void decide_pair(struct mln_reach *reach, struct mln_arena *scratch,
                        const struct mln_reach_end *from, const struct mln_reach_end *to,
                        struct mln_reach_cell *cell)
{
    struct plane planes[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct plane *p = &planes[f];
        *p = plane_of(reach, scratch, (enum mln_family)f, to);
        cell->family[f] = make_start(p, from, to);
        if (!cell->family[f])
            continue;
        add_list(p, in_zone(from) ? from->zone : NULL, MLN_OUTBOUND);
        add_list(p, in_zone(to) ? to->zone : NULL, MLN_INBOUND);
        decide_plane(p);
        cell->path = true;
    }
    if (cell->path)
        conclude(planes, cell);
}

/* --- resources by their public side --- */

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

/* What all may do only a part may, as far as the firewall is concerned. */
static void weaken(struct mln_arena *a, struct mln_reach_cell *cell, const char *note)
{
    for (size_t i = 0; i < cell->parts.len; i++)
        cell->parts.data[i].note = note;
    struct mln_reach_part part = {.traffic = cell->all, .note = note};
    if (!mln_traffic_is_empty(&cell->all))
        mln_vec_push(a, &cell->parts, part);
    cell->all = mln_traffic_none(a);
}

static void apply_way(struct mln_arena *a, struct mln_reach_cell *cell, enum mln_way way)
{
    if (way == MLN_WAY_NONE) {
        cell->all = mln_traffic_none(a);
        cell->parts.len = 0;
    } else if (way == MLN_WAY_SOME)
        weaken(a, cell, "the firewall of the resource lets part of the addresses in");
    else if (way == MLN_WAY_UNSURE)
        weaken(a, cell, "whom the firewall of the resource lets in is not known");
}

/* Out of the zone to the service's tag, then past the firewall. */
static void zone_to_public(struct mln_reach *reach, struct mln_arena *scratch,
                           const struct mln_reach_end *from, const struct mln_reach_end *to,
                           struct mln_reach_cell *cell)
{
    const struct mln_reach_end service = {.kind = MLN_REACH_TAG,
                                          .tag = public_tag(reach, to->resource)};
    struct plane planes[MLN_FAMILIES];
    if (has_private_way(to->resource, from->zone) || !service.tag)
        return;
    planes[MLN_IPV4] = plane_of(reach, scratch, MLN_IPV4, to);
    cell->path = cell->family[MLN_IPV4] = make_start(&planes[MLN_IPV4], from, &service);
    if (!cell->path)
        return;
    add_list(&planes[MLN_IPV4], from->zone, MLN_OUTBOUND);
    decide_plane(&planes[MLN_IPV4]);
    conclude(planes, cell);
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

static void outside_to_public(struct mln_reach *reach, struct mln_arena *scratch,
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
    struct mln_traffic all = universe(scratch, to);
    cell->family[MLN_IPV4] = true;
    cell->all = keep_traffic(reach->world->ctx->arena, &all);
    apply_way(reach->world->ctx->arena, cell, way);
}

void mln_reach_decide(struct mln_reach *reach, const struct mln_reach_end *from,
                      const struct mln_reach_end *to, struct mln_reach_cell *cell)
{
    *cell = (struct mln_reach_cell){.all = mln_traffic_none(reach->world->ctx->arena)};
    struct mln_arena *scratch = mln_arena_new();
    if (to->kind == MLN_REACH_PUBLIC && in_zone(from))
        zone_to_public(reach, scratch, from, to, cell);
    else if (to->kind == MLN_REACH_PUBLIC)
        outside_to_public(reach, scratch, from, to, cell);
    else if (are_joined(from, to))
        decide_pair(reach, scratch, from, to, cell);
    mln_arena_free(scratch);
}
