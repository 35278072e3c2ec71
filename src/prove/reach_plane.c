/* What the NSGs say about the services between two ends, in one family.
 *
 * What one NSG says about a pair is a decision list over the box of their addresses. Walking it
 * once splits the services three ways without a search: a rule that holds the whole box decides its
 * services for good; one that holds a part of it leaves them open, in its own favour. Where all
 * that touched a service agree with what decides it at last, it is permitted for all packets or for
 * none. So a cell costs one walk over the rules that meet it, and what all packets may do is what
 * all NSGs let all packets do. Only services on which rules disagree within the box are worked out
 * box by box (reach_region.c), one class of equal services at a time. */
#include "prove/reach_impl.h"

#include <stdlib.h>
#include <string.h>

/* The rules that meet the box, in order. */
static const struct mln_reach_list *local_rules(struct mln_reach_plane *p,
                                                const struct mln_reach_list *list)
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

/* The services are decided for the rest of the packets. */
static void decide(struct mln_arena *a, struct opinion *o, const struct mln_traffic *what,
                   bool allow)
{
    struct mln_traffic agreed = mln_traffic_subtract(a, what, &o->partly[!allow]);
    mln_reach_take(a, allow ? &o->all : &o->none, agreed);
    o->open = mln_traffic_subtract(a, &o->open, what);
}

static struct opinion walk(struct mln_reach_plane *p, const struct mln_reach_list *list)
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
            mln_reach_take(a, &o.partly[entry->allow], what);
    }
    decide(a, &o, &o.open, false);
    return o;
}

/* --- classes of services on which rules disagree --- */

static size_t local_count(const struct mln_reach_plane *p)
{
    size_t count = 0;
    for (size_t l = 0; l < p->local.len; l++)
        count += p->local.data[l]->entries.len;
    return count;
}

static uint64_t *signature(struct mln_reach_plane *p, unsigned proto, uint16_t port, size_t words)
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
static struct cut_vec cuts(struct mln_reach_plane *p, unsigned proto, struct mln_port_range range)
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
static void add_class(struct mln_reach_plane *p, unsigned proto, struct mln_port_range range,
                      size_t words)
{
    struct mln_traffic traffic = mln_traffic_none(p->a);
    traffic.ports[proto] = mln_portset_from_ranges(p->a, &range, 1);
    const uint64_t *bits = signature(p, proto, range.lo, words);
    for (size_t i = 0; i < p->splits.len; i++)
        if (memcmp(p->splits.data[i].signature, bits, words * sizeof *bits) == 0) {
            mln_reach_take(p->a, &p->splits.data[i].traffic, traffic);
            return;
        }
    struct mln_reach_split made = {
        .traffic = traffic, .signature = bits, .proto = proto, .port = range.lo};
    mln_vec_push(p->a, &p->splits, made);
}

static void find_classes(struct mln_reach_plane *p, const struct mln_traffic *mixed)
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
static void settle(struct mln_reach_plane *p)
{
    size_t kept = 0, left = MLN_REACH_BOXES;
    for (size_t i = 0; i < p->splits.len; i++) {
        struct mln_reach_split s = p->splits.data[i];
        bool denied = false;
        s.gave_up = !mln_reach_regions(p->a, p->local.data, p->local.len, &p->start, s.proto,
                                       s.port, left, &s.regions, &denied);
        left -= s.gave_up ? 0 : s.regions.len;
        if (!s.gave_up && !denied)
            mln_reach_take(p->a, &p->all, s.traffic);
        else if (!s.gave_up && !s.regions.len)
            mln_reach_take(p->a, &p->none, s.traffic);
        else
            p->splits.data[kept++] = s;
    }
    p->splits.len = kept;
}

void mln_reach_decide_plane(struct mln_reach_plane *p)
{
    p->all = p->universe;
    p->none = mln_traffic_none(p->a);
    for (size_t i = 0; i < p->lists.len; i++) {
        const struct mln_reach_list *local = local_rules(p, p->lists.data[i]);
        struct opinion o = walk(p, local);
        mln_vec_push(p->a, &p->local, local);
        p->all = mln_traffic_intersect(p->a, &p->all, &o.all);
        mln_reach_take(p->a, &p->none, o.none);
    }
    struct mln_traffic mixed = mln_traffic_subtract(p->a, &p->universe, &p->all);
    mixed = mln_traffic_subtract(p->a, &mixed, &p->none);
    find_classes(p, &mixed);
    settle(p);
}
