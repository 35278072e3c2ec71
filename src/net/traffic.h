/* Sets of services: for each protocol the destination ports. A protocol without ports has all of
 * them or none. Values are immutable; what is made lives in the arena. */
#ifndef MLN_NET_TRAFFIC_H
#define MLN_NET_TRAFFIC_H

#include "net/port.h"

struct mln_traffic {
    const struct mln_portset *ports[MLN_PROTO_COUNT]; /* never NULL */
};

struct mln_traffic mln_traffic_none(struct mln_arena *a);
struct mln_traffic mln_traffic_all(struct mln_arena *a);
/* Protocols (set of MLN_PROTO_BIT) with destination ports (NULL: every port): where ports are
 * restricted, tcp and udp only. */
struct mln_traffic mln_traffic_of(struct mln_arena *a, unsigned protos,
                                  const struct mln_portset *ports);
struct mln_traffic mln_traffic_union(struct mln_arena *a, const struct mln_traffic *x,
                                     const struct mln_traffic *y);
struct mln_traffic mln_traffic_intersect(struct mln_arena *a, const struct mln_traffic *x,
                                         const struct mln_traffic *y);
struct mln_traffic mln_traffic_subtract(struct mln_arena *a, const struct mln_traffic *x,
                                        const struct mln_traffic *y);
bool mln_traffic_is_empty(const struct mln_traffic *x);
bool mln_traffic_is_all(const struct mln_traffic *x);
bool mln_traffic_equal(const struct mln_traffic *x, const struct mln_traffic *y);

#endif
