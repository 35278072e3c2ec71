/* What the files of change*.c share. */
#ifndef MLN_PROVE_CHANGE_IMPL_H
#define MLN_PROVE_CHANGE_IMPL_H

#include "prove/change.h"
#include "prove/words.h"

/* An enforcement point of the comparison, seen alike from both sides. */
struct end_side {
    const struct mln_model *model; /* in which the zone is: what names of rules mean */
    const struct mln_zone *zone;   /* NULL: there is none on this side */
    const struct mln_nsg *nsg;     /* the side's own; NULL: ungoverned */
    const struct mln_rule_vec *rules;
};
struct end {
    struct end_side side[MLN_SIDES];
    enum mln_direction direction;
    size_t place; /* SIZE_MAX: none */
    struct mln_diff diff;
};

struct finder {
    struct mln_ctx *ctx;
    const struct mln_change_options *options;
    const struct mln_change_subject *subjects;
    struct mln_change *out;
    struct mln_words *words[MLN_SIDES];
    int speaker[MLN_SIDES]; /* in whose words a side is described: the policy's, if one is */
    struct mln_nsg_rules *deployed[MLN_SIDES]; /* without what is ignored */
    bool placed[MLN_SIDES];
    MLN_VEC(const struct mln_zone *) zones[MLN_SIDES]; /* of the models */
    MLN_VEC(struct end) ends;
    bool *moved; /* of each place: some flow from it or to it differs end to end, or may */
    const struct end **out_end, **in_end; /* of each place; NULL: ungoverned, or on one side only */
};

/* A network interface of one side only is a place on both: on the other one it STANDS IN for what
 * the subnet has at its addresses, without an NSG of its own. */
static inline bool is_stand_in(const struct mln_zone *zone)
{
    return zone && zone->index == UINT32_MAX;
}

/* A zone's NSG, or that of an interface alone; and one of which no rule is known. */
static inline const struct mln_nsg *own_nsg(const struct mln_zone *zone)
{
    return zone->nic ? zone->nic->nsg : zone->nsg;
}
static inline const char *unread_nsg(const struct mln_zone *zone)
{
    return zone->nic ? zone->nic->unread : zone->unread;
}

static inline struct mln_arena *arena_of(const struct finder *f)
{
    return f->ctx->arena;
}

/* change_places.c: places, ends, and what is on one side only. */
void mln_change_match(struct finder *f);
/* Is it the same NSG on both sides, if any, of which no rule is known? */
bool mln_change_same_unread(const struct mln_zone *old, const struct mln_zone *new);
void mln_change_note(struct finder *f, enum mln_change_kind kind, const char *what,
                     const char *name, bool traffic, const char *text);
/* change_nics.c: what stands for an interface of the other side in the subnet of this one, and what
 * is said of interfaces that one side alone has; of drift when all ways were compared. */
const struct mln_zone *mln_change_stand_in(struct finder *f, int side, const struct mln_zone *nic,
                                           const struct mln_zone *subnet);
void mln_change_note_lone_nic(struct finder *f, int side, const struct mln_zone *zone);
void mln_change_note_nics(struct finder *f);
/* change_ways.c: flows end to end, after the ends were compared. */
void mln_change_ways(struct finder *f);
/* Is nothing compared at the place, since the rules of an NSG are known on one side only? */
bool mln_change_is_dark(const struct finder *f, size_t place);
/* change_rules.c */
void mln_change_rules(struct finder *f, const char *nsg, const struct mln_rule_vec *const old[],
                      const struct mln_rule_vec *const new[]);
/* change_firewalls.c */
void mln_change_firewalls(struct finder *f);

/* change_flows.c: adds the boxes as flows, in words. places: the source's and the destination's
 * zone on each side, NULL where there is none; `end` NULL: end to end. */
void mln_change_add(struct finder *f, const struct mln_diff *diff,
                    const struct mln_diff_side sides[MLN_SIDES],
                    const struct mln_zone *const places[2][MLN_SIDES], const struct end *end,
                    struct mln_change_flow_vec *out);
/* Joins flows that differ in one thing alone: services, destinations or sources. */
void mln_change_join(struct finder *f, struct mln_change_flow_vec *flows);
/* change_services.c: "any except ssh", where that is shorter. */
void mln_change_reword(struct finder *f, struct mln_change_flow *flow);
/* The joined addresses of an end's zone, platform addresses included. */
const struct mln_ipset *mln_change_joined(struct finder *f, const struct mln_zone *zone,
                                          enum mln_direction direction, int family);

#endif
