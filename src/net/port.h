/* Sets of ports 0..65535: sorted, disjoint, non-adjacent inclusive ranges; immutable, in the arena.
 */
#ifndef MLN_NET_PORT_H
#define MLN_NET_PORT_H

#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

struct mln_port_range {
    uint16_t lo, hi;
};

struct mln_portset {
    size_t len;
    const struct mln_port_range *ranges;
};

const struct mln_portset *mln_portset_all(struct mln_arena *a);
const struct mln_portset *mln_portset_one(struct mln_arena *a, uint16_t port);
const struct mln_portset *
mln_portset_from_ranges(struct mln_arena *a, const struct mln_port_range *ranges, size_t count);
const struct mln_portset *mln_portset_union(struct mln_arena *a, const struct mln_portset *x,
                                            const struct mln_portset *y);
const struct mln_portset *mln_portset_intersect(struct mln_arena *a, const struct mln_portset *x,
                                                const struct mln_portset *y);
const struct mln_portset *mln_portset_subtract(struct mln_arena *a, const struct mln_portset *x,
                                               const struct mln_portset *y);
bool mln_portset_equal(const struct mln_portset *x, const struct mln_portset *y);
bool mln_portset_covers(const struct mln_portset *x, const struct mln_portset *y);
bool mln_portset_overlaps(const struct mln_portset *x, const struct mln_portset *y);
bool mln_portset_contains(const struct mln_portset *x, unsigned port);
bool mln_portset_is_all(const struct mln_portset *x);

/* The protocols an NSG can tell apart. MLN_PROTO_OTHER is every other IP protocol (only `any`
 * matches it). */
enum mln_proto {
    MLN_PROTO_TCP,
    MLN_PROTO_UDP,
    MLN_PROTO_ICMP,
    MLN_PROTO_ESP,
    MLN_PROTO_AH,
    MLN_PROTO_OTHER,
    MLN_PROTO_COUNT
};
#define MLN_PROTO_BIT(p) (1u << (p))
#define MLN_PROTOS_ALL ((1u << MLN_PROTO_COUNT) - 1)
/* Only tcp and udp have ports: where ports are restricted, `protos` without the others. */
unsigned mln_protos_with_ports(unsigned protos, const struct mln_portset *sport,
                               const struct mln_portset *dport);
extern const char *const mln_proto_names[MLN_PROTO_COUNT]; /* "tcp" ... "other" */

#endif
