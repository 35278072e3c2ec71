/* What the files of the plan share. */
#ifndef MLN_EMIT_PLAN_IMPL_H
#define MLN_EMIT_PLAN_IMPL_H

#include "base/map.h"
#include "emit/plan.h"

/* Names handed out in one place (a resource group, a network, a zone), in lower case. */
struct mln_plan_names {
    struct mln_arena *arena;
    struct mln_map *taken;
    size_t max; /* characters */
};
struct mln_plan_names mln_plan_names_new(struct mln_arena *arena, size_t max);
/* A legal name like `text` that was not handed out yet. */
const char *mln_plan_name(struct mln_plan_names *names, const char *text);
/* The same for names that are compared only within a resource group. */
const char *mln_plan_name_in(struct mln_plan_names *names, struct mln_plan_group group,
                             const char *text);

/* Sets of small numbers. */
static inline size_t mln_plan_words(size_t count)
{
    return count / 64 + 1;
}
static inline void mln_plan_bit_set(uint64_t *bits, size_t index)
{
    bits[index / 64] |= UINT64_C(1) << index % 64;
}
static inline bool mln_plan_bit(const uint64_t *bits, size_t index)
{
    return bits[index / 64] >> index % 64 & 1;
}

/* plan_reach.c: for each endpoint of plan->endpoints, by its index, the networks from which an
 * intent reaches it by a path. */
uint64_t **mln_plan_reach(struct mln_arena *arena, const struct mln_plan *plan);
/* plan_endpoint.c: fills endpoints, which need the subnets. */
void mln_plan_add_endpoints(struct mln_arena *arena, struct mln_plan *plan);
/* plan_dns.c: fills dns and the endpoints' zones. */
void mln_plan_add_dns(struct mln_arena *arena, struct mln_plan *plan);
/* plan_subnet.c: fills subnets, route_tables, only. */
void mln_plan_add_subnets(struct mln_arena *arena, struct mln_plan *plan,
                          const struct mln_table_vec *tables);

#endif
