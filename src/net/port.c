/* Sets of ports. A set has few ranges, so building sorts by insertion and everything else is one
 * merge. */
#include "net/port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535u

const char *const mln_proto_names[MLN_PROTO_COUNT] = {
    [MLN_PROTO_TCP] = "tcp", [MLN_PROTO_UDP] = "udp", [MLN_PROTO_ICMP] = "icmp",
    [MLN_PROTO_ESP] = "esp", [MLN_PROTO_AH] = "ah",   [MLN_PROTO_OTHER] = "other",
};

/* A set in the making. */
struct building {
    struct mln_portset set;
    struct mln_port_range ranges[];
};

static struct building *new_set(struct mln_arena *a, size_t capacity)
{
    struct building *b = mln_alloc(a, sizeof *b + capacity * sizeof *b->ranges);
    b->set.ranges = b->ranges;
    return b;
}

/* Appends a range that begins at or after every range before it, growing the last when they touch.
 */
static void append(struct building *b, unsigned lo, unsigned hi)
{
    size_t len = b->set.len;
    if (len > 0 && lo <= b->ranges[len - 1].hi + 1u) {
        if (hi > b->ranges[len - 1].hi)
            b->ranges[len - 1].hi = (uint16_t)hi;
        return;
    }
    b->ranges[b->set.len++] = (struct mln_port_range){.lo = (uint16_t)lo, .hi = (uint16_t)hi};
}

static const struct mln_port_range whole = {0, PORT_MAX};
static const struct mln_portset everything = {.len = 1, .ranges = &whole};

const struct mln_portset *mln_portset_all(struct mln_arena *a)
{
    (void)a;
    return &everything;
}

static int by_lo(const void *x, const void *y)
{
    const struct mln_port_range *a = x, *b = y;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

const struct mln_portset *mln_portset_from_ranges(struct mln_arena *a,
                                                  const struct mln_port_range *ranges, size_t count)
{
    struct building *b = new_set(a, count);
    if (count == 0)
        return &b->set;
    if (count > 1) {
        struct mln_port_range *sorted = MLN_NEW_ARRAY(a, struct mln_port_range, count);
        memcpy(sorted, ranges, count * sizeof *ranges);
        qsort(sorted, count, sizeof *sorted, by_lo);
        ranges = sorted;
    }
    for (size_t i = 0; i < count; i++) {
        assert(ranges[i].lo <= ranges[i].hi);
        append(b, ranges[i].lo, ranges[i].hi);
    }
    return &b->set;
}

const struct mln_portset *mln_portset_one(struct mln_arena *a, uint16_t port)
{
    const struct mln_port_range range = {port, port};
    return mln_portset_from_ranges(a, &range, 1);
}

const struct mln_portset *mln_portset_union(struct mln_arena *a, const struct mln_portset *x,
                                            const struct mln_portset *y)
{
    struct building *b = new_set(a, x->len + y->len);
    size_t i = 0, j = 0;
    while (i < x->len || j < y->len) {
        bool take_x = j == y->len || (i < x->len && x->ranges[i].lo <= y->ranges[j].lo);
        struct mln_port_range r = take_x ? x->ranges[i++] : y->ranges[j++];
        append(b, r.lo, r.hi);
    }
    return &b->set;
}

const struct mln_portset *mln_portset_intersect(struct mln_arena *a, const struct mln_portset *x,
                                                const struct mln_portset *y)
{
    struct building *b = new_set(a, x->len + y->len);
    size_t i = 0, j = 0;
    while (i < x->len && j < y->len) {
        struct mln_port_range p = x->ranges[i], q = y->ranges[j];
        uint16_t lo = p.lo > q.lo ? p.lo : q.lo, hi = p.hi < q.hi ? p.hi : q.hi;
        if (lo <= hi)
            append(b, lo, hi);
        if (p.hi < q.hi)
            i++;
        else
            j++;
    }
    return &b->set;
}

const struct mln_portset *mln_portset_subtract(struct mln_arena *a, const struct mln_portset *x,
                                               const struct mln_portset *y)
{
    struct building *b = new_set(a, x->len + y->len);
    size_t j = 0;
    for (size_t i = 0; i < x->len; i++) {
        unsigned lo = x->ranges[i].lo, hi = x->ranges[i].hi;
        while (j < y->len && y->ranges[j].hi < lo)
            j++;
        for (size_t k = j; k < y->len && y->ranges[k].lo <= hi && lo <= hi; k++) {
            if (y->ranges[k].lo > lo)
                append(b, lo, y->ranges[k].lo - 1u);
            lo = y->ranges[k].hi + 1u;
        }
        if (lo <= hi)
            append(b, lo, hi);
    }
    return &b->set;
}

bool mln_portset_equal(const struct mln_portset *x, const struct mln_portset *y)
{
    if (x == y)
        return true;
    return x->len == y->len &&
           (x->len == 0 || memcmp(x->ranges, y->ranges, x->len * sizeof *x->ranges) == 0);
}

bool mln_portset_covers(const struct mln_portset *x, const struct mln_portset *y)
{
    size_t i = 0;
    for (size_t j = 0; j < y->len; j++) {
        while (i < x->len && x->ranges[i].hi < y->ranges[j].hi)
            i++;
        if (i == x->len || x->ranges[i].lo > y->ranges[j].lo)
            return false;
    }
    return true;
}

bool mln_portset_overlaps(const struct mln_portset *x, const struct mln_portset *y)
{
    size_t i = 0, j = 0;
    while (i < x->len && j < y->len) {
        if (x->ranges[i].hi < y->ranges[j].lo)
            i++;
        else if (y->ranges[j].hi < x->ranges[i].lo)
            j++;
        else
            return true;
    }
    return false;
}

bool mln_portset_contains(const struct mln_portset *x, unsigned port)
{
    for (size_t i = 0; i < x->len; i++)
        if (port >= x->ranges[i].lo && port <= x->ranges[i].hi)
            return true;
    return false;
}

bool mln_portset_is_all(const struct mln_portset *x)
{
    return x->len == 1 && x->ranges[0].lo == 0 && x->ranges[0].hi == PORT_MAX;
}

unsigned mln_protos_with_ports(unsigned protos, const struct mln_portset *sport,
                               const struct mln_portset *dport)
{
    bool all = mln_portset_is_all(sport) && mln_portset_is_all(dport);
    return all ? protos : protos & (MLN_PROTO_BIT(MLN_PROTO_TCP) | MLN_PROTO_BIT(MLN_PROTO_UDP));
}
