/* Most sets are empty or everything in most protocols: then nothing is made. */
#include "net/traffic.h"

typedef const struct mln_portset *port_operation(struct mln_arena *a, const struct mln_portset *x,
                                                 const struct mln_portset *y);

static const struct mln_portset no_ports = {0};

struct mln_traffic mln_traffic_none(struct mln_arena *a)
{
    struct mln_traffic none;
    (void)a;
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        none.ports[p] = &no_ports;
    return none;
}

struct mln_traffic mln_traffic_all(struct mln_arena *a)
{
    return mln_traffic_of(a, MLN_PROTOS_ALL, NULL);
}

struct mln_traffic mln_traffic_of(struct mln_arena *a, unsigned protos,
                                  const struct mln_portset *ports)
{
    struct mln_traffic out = mln_traffic_none(a);
    const struct mln_portset *all = mln_portset_all(a);
    if (!ports)
        ports = all;
    protos = mln_protos_with_ports(protos, all, ports);
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        if (protos >> p & 1)
            out.ports[p] = ports;
    return out;
}

struct mln_traffic mln_traffic_union(struct mln_arena *a, const struct mln_traffic *x,
                                     const struct mln_traffic *y)
{
    struct mln_traffic out;
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        out.ports[p] = !x->ports[p]->len   ? y->ports[p]
                       : !y->ports[p]->len ? x->ports[p]
                                           : mln_portset_union(a, x->ports[p], y->ports[p]);
    return out;
}

struct mln_traffic mln_traffic_intersect(struct mln_arena *a, const struct mln_traffic *x,
                                         const struct mln_traffic *y)
{
    struct mln_traffic out;
    for (int p = 0; p < MLN_PROTO_COUNT; p++) {
        const struct mln_portset *s = x->ports[p], *t = y->ports[p];
        if (!s->len || mln_portset_is_all(t))
            out.ports[p] = s;
        else if (!t->len || mln_portset_is_all(s))
            out.ports[p] = t;
        else
            out.ports[p] = mln_portset_intersect(a, s, t);
    }
    return out;
}

struct mln_traffic mln_traffic_subtract(struct mln_arena *a, const struct mln_traffic *x,
                                        const struct mln_traffic *y)
{
    struct mln_traffic out;
    for (int p = 0; p < MLN_PROTO_COUNT; p++) {
        const struct mln_portset *s = x->ports[p], *t = y->ports[p];
        if (!s->len || !t->len)
            out.ports[p] = s;
        else if (mln_portset_is_all(t))
            out.ports[p] = &no_ports;
        else
            out.ports[p] = mln_portset_subtract(a, s, t);
    }
    return out;
}

bool mln_traffic_is_empty(const struct mln_traffic *x)
{
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        if (x->ports[p]->len)
            return false;
    return true;
}

bool mln_traffic_is_all(const struct mln_traffic *x)
{
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        if (!mln_portset_is_all(x->ports[p]))
            return false;
    return true;
}

bool mln_traffic_equal(const struct mln_traffic *x, const struct mln_traffic *y)
{
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        if (x->ports[p] != y->ports[p] && !mln_portset_equal(x->ports[p], y->ports[p]))
            return false;
    return true;
}
