/* End to end.
 *
 * Each side cuts its addresses into PLACES: its zones; what it has no zone for but the other side
 * has (a zone that is new, an address that moved into one); and the rest, as the zone at the other
 * end is joined with it. A flow is a packet between two places; every packet of a side belongs to
 * exactly one pair. So comparing pair by pair compares all, and a place that only one side has as a
 * zone is on the other side what it is there: addresses that nothing governs.
 *
 * Pairs whose ends are alike on both sides need no question, and most ends are: only pairs at which
 * an end differs, in what reaches the other place, are compared, and those of places for which
 * appliances on the way let something else through. */
#include "azure/platform.h"
#include "prove/change_impl.h"

#include <string.h>
#include <strings.h>

struct ways {
    struct finder *f;
    const struct mln_ipset *taken[MLN_SIDES][MLN_FAMILIES];    /* all zones' addresses, of a side */
    const struct mln_ipset *(*home)[MLN_SIDES][MLN_FAMILIES];  /* per place: its zone's addresses */
    const struct mln_ipset *(*guest)[MLN_SIDES][MLN_FAMILIES]; /* and those that lie in no zone of
                                                                  the side */
    size_t asked;                                              /* ways that were compared */
    bool *whole;      /* per place: every way of it is to be compared */
    bool *crosses[2]; /* per place: ways from it, to it from outside, may pass an appliance */
    bool *differs[2]; /* and what the NSGs there let through is not the same on both sides */
};

#define REST SIZE_MAX

static size_t place_count(const struct ways *w)
{
    return w->f->out->places.len;
}

static const struct mln_zone *zone_of(const struct ways *w, size_t place, int side)
{
    return place == REST ? NULL : w->f->out->places.data[place].zone[side];
}

static const struct mln_ipset *all_of(struct ways *w, const struct mln_ipset *const *sets,
                                      size_t count, enum mln_family family)
{
    struct mln_arena *a = arena_of(w->f);
    MLN_VEC(struct mln_range) ranges = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < sets[i]->len; r++)
            mln_vec_push(a, &ranges, sets[i]->ranges[r]);
    return mln_ipset_from_ranges(a, family, ranges.data, ranges.len);
}

/* --- what each place holds --- */

static bool floats(const struct mln_zone *zone, int f)
{
    return zone && zone->nic && zone->nic->floating[f];
}

/* An interface's own addresses; those that only one side knows serve both. NULL: a subnet, or not
 * known on either side. */
static const struct mln_ipset *told_home(const struct ways *w, size_t place, int s, int f)
{
    const struct mln_zone *zone = zone_of(w, place, s), *other = zone_of(w, place, 1 - s);
    if (!zone || !zone->nic)
        return NULL;
    if (!floats(zone, f))
        return zone->addresses[f];
    return other && !floats(other, f) ? other->addresses[f] : NULL;
}

/* What a subnet holds beside its interfaces. */
static const struct mln_ipset *rest_home(struct ways *w, const struct mln_zone *subnet, int s,
                                         int f)
{
    const struct mln_ipset *home = subnet->addresses[f];
    for (size_t i = 0; i < place_count(w); i++) {
        const struct mln_zone *zone = zone_of(w, i, s);
        const struct mln_ipset *told = told_home(w, i, s, f);
        if (told && zone->nic->subnet == subnet)
            home = mln_ipset_subtract(arena_of(w->f), home, told);
    }
    return home;
}

/* Where neither side tells the address: what both sides leave free. */
static const struct mln_ipset *floating_home(struct ways *w, size_t place, int f)
{
    const struct mln_ipset *home = NULL;
    for (int s = 0; s < MLN_SIDES; s++) {
        const struct mln_zone *zone = zone_of(w, place, s);
        if (!zone)
            continue;
        const struct mln_ipset *left = mln_ipset_intersect(arena_of(w->f), zone->hosts[f],
                                                           rest_home(w, zone->nic->subnet, s, f));
        home = home ? mln_ipset_intersect(arena_of(w->f), home, left) : left;
    }
    return home;
}

static const struct mln_ipset *home_of(struct ways *w, size_t place, int s, int f)
{
    const struct mln_zone *zone = zone_of(w, place, s);
    const struct mln_ipset *told = told_home(w, place, s, f);
    if (!zone)
        return mln_ipset_empty(arena_of(w->f), (enum mln_family)f);
    return told ? told : zone->nic ? floating_home(w, place, f) : rest_home(w, zone, s, f);
}

static void find_homes(struct ways *w)
{
    struct mln_arena *a = arena_of(w->f);
    w->home = mln_alloc_array(a, place_count(w) + 1, sizeof *w->home);
    w->guest = mln_alloc_array(a, place_count(w) + 1, sizeof *w->guest);
    for (int f = 0; f < MLN_FAMILIES; f++) {
        enum mln_family family = (enum mln_family)f;
        for (int s = 0; s < MLN_SIDES; s++) {
            MLN_VEC(const struct mln_ipset *) sets = {0};
            for (size_t i = 0; i < place_count(w); i++) {
                w->home[i][s][f] = home_of(w, i, s, f);
                mln_vec_push(a, &sets, w->home[i][s][f]);
            }
            w->taken[s][f] = all_of(w, sets.data, sets.len, family);
        }
        for (size_t i = 0; i < place_count(w); i++)
            for (int s = 0; s < MLN_SIDES; s++)
                w->guest[i][s][f] = mln_ipset_subtract(a, w->home[i][1 - s][f], w->taken[s][f]);
    }
}

/* --- what is to be compared as a whole --- */

static bool same_asgs(const struct mln_nic *x, const struct mln_nic *y)
{
    if (x->asgs_known != y->asgs_known || x->asgs.len != y->asgs.len)
        return false;
    for (size_t i = 0; i < x->asgs.len; i++)
        if (strcasecmp(x->asgs.data[i], y->asgs.data[i]) != 0)
            return false;
    return true;
}

/* An interface is of another sort, or its subnet's NSG differs. */
static bool is_changed_nic(const struct ways *w, const struct mln_zone *old,
                           const struct mln_zone *new)
{
    if (!old || !new || !old->nic || !new->nic)
        return false;
    if (!same_asgs(old->nic, new->nic))
        return true;
    for (size_t e = 0; e < w->f->ends.len; e++) {
        const struct end *end = &w->f->ends.data[e];
        if (end->side[MLN_OLD].zone == old->nic->subnet &&
            (end->diff.gave_up || end->diff.boxes.len))
            return true;
    }
    return false;
}

/* Places with an end that could not be compared by itself, or that are not the same zone. */
static void find_whole(struct ways *w)
{
    w->whole = MLN_NEW_ARRAY(arena_of(w->f), bool, place_count(w) + 1);
    for (size_t i = 0; i < place_count(w); i++)
        for (int f = 0; f < MLN_FAMILIES; f++)
            w->whole[i] |= !zone_of(w, i, MLN_OLD) || !zone_of(w, i, MLN_NEW) ||
                           !mln_ipset_equal(w->home[i][MLN_OLD][f], w->home[i][MLN_NEW][f]);
    for (size_t e = 0; e < w->f->ends.len; e++)
        if (w->f->ends.data[e].diff.gave_up && w->f->ends.data[e].place != SIZE_MAX)
            w->whole[w->f->ends.data[e].place] = true;
    for (size_t i = 0; i < place_count(w); i++)
        w->whole[i] |= is_changed_nic(w, zone_of(w, i, MLN_OLD), zone_of(w, i, MLN_NEW));
}

/* ---- one way ---- */

/* What is joined with the zone and belongs to no place. `moved`: the zone is not the same on
 * both sides; that it reaches the platform like any other goes without saying. */
static const struct mln_ipset *rest_of(struct ways *w, int s, const struct mln_zone *zone,
                                       bool moved, enum mln_direction direction, int f)
{
    struct mln_arena *a = arena_of(w->f);
    const struct mln_ipset *set = mln_change_joined(w->f, zone, direction, f);
    if (moved)
        set = mln_ipset_subtract(a, set, mln_azure_platform_space(a, (enum mln_family)f));
    set = mln_ipset_subtract(a, set, w->taken[s][f]);
    return mln_ipset_subtract(a, set, w->taken[1 - s][f]);
}

/* The addresses of one end; direction: of the packets at the zone of the other end. */
static const struct mln_ipset *addresses_of(struct ways *w, int s, size_t place, size_t other_place,
                                            enum mln_direction direction, int f)
{
    struct mln_arena *a = arena_of(w->f);
    const struct mln_zone *other = zone_of(w, other_place, s);
    if (place == REST && !other)
        return mln_ipset_empty(a, (enum mln_family)f);
    if (place == REST)
        return rest_of(w, s, other, w->whole[other_place], direction, f);
    const struct mln_ipset *set = mln_ipset_union(a, w->home[place][s][f], w->guest[place][s][f]);
    return other ? mln_ipset_intersect(a, set, mln_change_joined(w->f, other, direction, f)) : set;
}

static void add_hop(struct ways *w, int s, size_t place, enum mln_direction direction,
                    struct mln_diff_side *side)
{
    const struct mln_zone *zone = zone_of(w, place, s);
    if (!zone)
        return;
    struct mln_diff_hop *hop = &side->hops[side->hop_count++];
    *hop = (struct mln_diff_hop){.zone = zone, .nsg = zone->nsg, .direction = direction};
    if (zone->nsg)
        hop->rules = &w->f->deployed[s][zone->nsg->index].rules[direction];
    for (int f = 0; f < MLN_FAMILIES; f++)
        hop->own[f] = w->home[place][s][f];
}

/* The NSGs beside those of the subnets at the ends, for what the places hold. */
static void add_more(struct ways *w, int s, size_t from, size_t to, struct mln_diff_side *side)
{
    struct mln_way_hop_vec hops = {0};
    side->deployed = w->f->deployed[s];
    mln_way_hops(arena_of(w->f), side->model, side->ends[0], side->ends[1], &hops);
    for (size_t i = 0; i < hops.len; i++) {
        struct mln_way_hop hop = hops.data[i];
        bool out = hop.transit || hop.direction == MLN_OUTBOUND;
        for (int f = 0; f < MLN_FAMILIES; f++) {
            if (out && from != REST)
                hop.src[f] = w->home[from][s][f];
            if (!out && to != REST)
                hop.dst[f] = w->home[to][s][f];
        }
        hop.partial = true;
        if (hop.transit || hop.at_nic)
            mln_vec_push(arena_of(w->f), &side->more, hop);
    }
}

static bool has_more(const struct ways *w, const struct mln_diff_side *side, size_t from, size_t to)
{
    const struct mln_zone *source = side->ends[0], *destination = side->ends[1];
    return (source && source->nic) || (destination && destination->nic) ||
           (from == REST ? w->crosses[1][to] : w->crosses[0][from]);
}

/* Where neither end is a zone of the side, nothing is permitted. */
static struct mln_diff_side side_of_way(struct ways *w, int s, size_t from, size_t to)
{
    struct mln_diff_side side = {.model = w->f->subjects[s].model,
                                 .ends = {zone_of(w, from, s), zone_of(w, to, s)}};
    add_hop(w, s, from, MLN_OUTBOUND, &side);
    add_hop(w, s, to, MLN_INBOUND, &side);
    if (side.hop_count == 0)
        return side;
    if (has_more(w, &side, from, to))
        add_more(w, s, from, to, &side);
    for (int f = 0; f < MLN_FAMILIES; f++) {
        side.src[f] = addresses_of(w, s, from, to, MLN_INBOUND, f);
        side.dst[f] = addresses_of(w, s, to, from, MLN_OUTBOUND, f);
    }
    return side;
}

static const char *way_name(struct ways *w, size_t from, size_t to)
{
    const char *names[2];
    for (int end = 0; end < 2; end++) {
        size_t place = end ? to : from;
        const struct mln_zone *zone = zone_of(w, place, MLN_NEW);
        zone = zone ? zone : zone_of(w, place, MLN_OLD);
        names[end] = zone ? mln_printf(arena_of(w->f), "zone '%s'", zone->display) : "outside";
    }
    return mln_printf(arena_of(w->f), "%s to %s", names[0], names[1]);
}

/* Ways between interfaces of drift, and flows of them, grow with the square of their number. */
enum { MOST_WAYS = 100000, MOST_FLOWS = 10000 };

static bool is_too_much(struct ways *w)
{
    bool much =
        w->f->options->drift && (w->asked++ >= MOST_WAYS || w->f->out->flows.len >= MOST_FLOWS);
    w->f->out->more |= much;
    return much;
}

static void move(struct ways *w, size_t from, size_t to)
{
    if (from != REST)
        w->f->moved[from] = true;
    if (to != REST)
        w->f->moved[to] = true;
}

static void compare_way(struct ways *w, size_t from, size_t to)
{
    if (is_too_much(w)) {
        move(w, from, to);
        return;
    }
    const struct mln_diff_side sides[MLN_SIDES] = {side_of_way(w, MLN_OLD, from, to),
                                                   side_of_way(w, MLN_NEW, from, to)};
    const struct mln_zone *places[2][MLN_SIDES];
    struct mln_diff diff;
    mln_diff_compare(w->f->ctx, &w->f->out->sets, sides, w->f->options->limit, &diff);
    for (int s = 0; s < MLN_SIDES; s++) {
        places[0][s] = zone_of(w, from, s);
        places[1][s] = zone_of(w, to, s);
    }
    if (diff.gave_up) {
        const char *name = way_name(w, from, to);
        mln_vec_push(arena_of(w->f), &w->f->out->gave_up, name);
    }
    w->f->out->more |= diff.more;
    if (diff.boxes.len || diff.gave_up)
        move(w, from, to);
    mln_change_add(w->f, &diff, sides, (const struct mln_zone *const(*)[MLN_SIDES])places, NULL,
                   &w->f->out->flows);
}

/* ---- appliances ---- */

/* All that leaves the place, or comes to it from outside, as the NSGs on the way alone let it. */
static struct mln_diff_side side_of_transit(struct ways *w, int s, size_t place, bool to)
{
    const struct mln_zone *zone = zone_of(w, place, s);
    enum mln_direction direction = to ? MLN_INBOUND : MLN_OUTBOUND;
    struct mln_diff_side side = {.model = w->f->subjects[s].model, .hop_count = 1};
    side.ends[to] = zone;
    side.hops[0] = (struct mln_diff_hop){.zone = zone, .direction = direction};
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *home = w->home[place][s][f];
        const struct mln_ipset *far = mln_change_joined(w->f, zone, direction, f);
        side.hops[0].own[f] = home;
        side.src[f] = to ? far : home;
        side.dst[f] = to ? home : far;
    }
    add_more(w, s, to ? REST : place, to ? place : REST, &side);
    return side;
}

static bool transit_differs(struct ways *w, size_t place, bool to)
{
    if (!zone_of(w, place, MLN_OLD) || !zone_of(w, place, MLN_NEW))
        return true;
    const struct mln_diff_side sides[MLN_SIDES] = {side_of_transit(w, MLN_OLD, place, to),
                                                   side_of_transit(w, MLN_NEW, place, to)};
    struct mln_diff diff;
    mln_diff_compare(w->f->ctx, &w->f->out->sets, sides, w->f->options->limit, &diff);
    return diff.gave_up || diff.boxes.len;
}

static void find_crossings(struct ways *w)
{
    for (int to = 0; to < 2; to++) {
        w->crosses[to] = MLN_NEW_ARRAY(arena_of(w->f), bool, place_count(w) + 1);
        w->differs[to] = MLN_NEW_ARRAY(arena_of(w->f), bool, place_count(w) + 1);
        for (size_t i = 0; i < place_count(w); i++) {
            for (int s = 0; s < MLN_SIDES; s++) {
                const struct mln_zone *zone = zone_of(w, i, s);
                w->crosses[to][i] |= zone && mln_way_crosses(w->f->subjects[s].model,
                                                             to ? NULL : zone, to ? zone : NULL);
            }
            w->differs[to][i] = w->crosses[to][i] && transit_differs(w, i, to);
        }
    }
}

/* ---- which ways ---- */

/* Does the end differ in packets of this place? */
static bool end_touches(struct ways *w, const struct end *end, size_t place)
{
    for (size_t i = 0; i < end->diff.boxes.len; i++) {
        const struct mln_box *box = &end->diff.boxes.data[i].box;
        const struct mln_ipset *far = end->direction == MLN_OUTBOUND ? box->dst : box->src;
        if (place == REST)
            return true;
        for (int s = 0; s < MLN_SIDES; s++)
            if (mln_ipset_overlaps(far, w->home[place][s][box->family]))
                return true;
    }
    return false;
}

static bool is_ignored(const struct finder *f, const struct mln_zone *zone)
{
    return zone->nsg && mln_change_ignores(f->options, zone->nsg->name);
}

/* An NSG that was read on one side only leaves nothing to compare. */
bool mln_change_is_dark(const struct finder *f, size_t place)
{
    const struct mln_zone *old = f->out->places.data[place].zone[MLN_OLD];
    const struct mln_zone *new = f->out->places.data[place].zone[MLN_NEW];
    if (!old || !new)
        return false;
    return is_ignored(f, old) || is_ignored(f, new) || !mln_change_same_unread(old, new) ||
           (old->nic && new->nic && !mln_change_same_unread(old->nic->subnet, new->nic->subnet));
}

/* Of drift, what is between zones is told at their NSGs. */
static bool is_asked(const struct ways *w, size_t from, size_t to)
{
    bool nic = false;
    for (int s = 0; s < MLN_SIDES; s++) {
        const struct mln_zone *source = zone_of(w, from, s), *destination = zone_of(w, to, s);
        nic |= (source && source->nic) || (destination && destination->nic);
    }
    return !w->f->options->drift || nic || (from == REST ? w->differs[1][to] : w->differs[0][from]);
}

static bool is_wanted(struct ways *w, size_t from, size_t to)
{
    if (!is_asked(w, from, to))
        return false;
    if ((from != REST && w->whole[from]) || (to != REST && w->whole[to]))
        return true;
    if (from == REST ? w->differs[1][to] : w->differs[0][from])
        return true;
    const struct end *out = from == REST ? NULL : w->f->out_end[from];
    const struct end *in = to == REST ? NULL : w->f->in_end[to];
    return (out && end_touches(w, out, to)) || (in && end_touches(w, in, from));
}

static void index_ends(struct ways *w)
{
    struct finder *f = w->f;
    f->out_end = MLN_NEW_ARRAY(arena_of(f), const struct end *, place_count(w) + 1);
    f->in_end = MLN_NEW_ARRAY(arena_of(f), const struct end *, place_count(w) + 1);
    for (size_t e = 0; e < f->ends.len; e++) {
        const struct end *end = &f->ends.data[e];
        if (end->place != SIZE_MAX)
            (end->direction == MLN_OUTBOUND ? f->out_end : f->in_end)[end->place] = end;
    }
}

/* Quick: is there anything to ask about ways from or to the place? */
static bool is_quiet(const struct ways *w, size_t place)
{
    const struct end *out = w->f->out_end[place], *in = w->f->in_end[place];
    return !w->whole[place] && !w->differs[0][place] && !w->differs[1][place] &&
           (!out || out->diff.boxes.len == 0) && (!in || in->diff.boxes.len == 0);
}

/* From an interface to itself nothing goes over the network. */
static bool is_one_host(const struct ways *w, size_t from, size_t to)
{
    const struct mln_zone *zone = zone_of(w, from, MLN_OLD);
    zone = zone ? zone : zone_of(w, from, MLN_NEW);
    return from == to && zone && mln_zone_is_host(zone);
}

void mln_change_ways(struct finder *f)
{
    struct ways w = {.f = f};
    f->moved = MLN_NEW_ARRAY(arena_of(f), bool, f->out->places.len + 1);
    find_homes(&w);
    find_whole(&w);
    find_crossings(&w);
    index_ends(&w);
    for (size_t i = 0; i < place_count(&w); i++) {
        if (mln_change_is_dark(f, i))
            continue;
        for (size_t k = 0; k < place_count(&w); k++)
            if (!is_one_host(&w, i, k) && !mln_change_is_dark(f, k) &&
                !(is_quiet(&w, i) && is_quiet(&w, k)) && is_wanted(&w, i, k))
                compare_way(&w, i, k);
        if (is_quiet(&w, i))
            continue;
        if (is_wanted(&w, i, REST))
            compare_way(&w, i, REST);
        if (is_wanted(&w, REST, i))
            compare_way(&w, REST, i);
    }
}
