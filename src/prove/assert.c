/* Assertions pair by pair.
 *
 * The packets of an assertion fall into pairs of places: two zones, or a zone and the rest of the
 * world. A pair has its two NSGs, so it is one small search. What one NSG says about everything it
 * can meet is asked first: when no packet passes it (for a deny), or all do (for an allow, at both
 * ends), its pairs need not be asked. So an assertion about any zone costs one search a zone in the
 * ordinary case, not one a pair of zones. */
#include "prove/assert_impl.h"

enum { TRIES = 8 }; /* undecided packets of one pair to look behind */

enum suspicion { UNKNOWN, CLEAR, SUSPECT };

struct decision {
    const struct mln_assert_world *world;
    const struct mln_intent *assertion;
    struct mln_assert_outcome *outcome;
    enum suspicion *suspects[2]; /* by zone: as a source, as a destination */
    struct mln_counterexample unsure;
    bool has_unsure, gave_up;
    bool joined, governed, asked; /* some pair has a path; and an NSG; and a packet */
};

static const struct mln_end_place everything = {MLN_AT_ALL, NULL}, the_rest = {MLN_AT_REST, NULL};

static struct mln_end_place place_of(const struct mln_zone *zone)
{
    return (struct mln_end_place){MLN_AT_ZONE, zone};
}

static bool is_allow(const struct mln_intent *assertion)
{
    return assertion->verb == MLN_VERB_ASSERT_ALLOW;
}

/* A question in an arena of its own, which the caller frees. */
static struct mln_assert_question question(const struct mln_assert_world *world,
                                           const struct mln_intent *assertion,
                                           struct mln_end_place source,
                                           struct mln_end_place destination, int family)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_assert_question q = {.world = world,
                                    .assertion = assertion,
                                    .family = (enum mln_family)family,
                                    .ends = {source, destination}};
    q.ctx = (struct mln_ctx){scratch, world->ctx->names, mln_diags_new(scratch)};
    if (source.kind == MLN_AT_ZONE && destination.kind != MLN_AT_ZONE)
        q.public_way =
            mln_assert_public_way(scratch, world->model->options->tags, assertion, source.zone);
    return q;
}

/* --- one end against everything --- */

static bool breaks_somewhere(struct decision *d, const struct mln_zone *zone, int end)
{
    bool breaks = false;
    for (int f = 0; !breaks && f < MLN_FAMILIES; f++) {
        struct mln_assert_question q =
            question(d->world, d->assertion, end ? everything : place_of(zone),
                     end ? place_of(zone) : everything, f);
        if (mln_assert_ask(&q)) {
            struct mln_counterexample found;
            mln_assert_seal(&q);
            breaks = mln_assert_search(&q, &found) != MLN_NONE;
        }
        mln_arena_free(q.ctx.arena);
    }
    return breaks;
}

static bool suspect(struct decision *d, const struct mln_zone *zone, int end)
{
    enum suspicion *s = &d->suspects[end][zone->index];
    if (*s == UNKNOWN)
        *s = breaks_somewhere(d, zone, end) ? SUSPECT : CLEAR;
    return *s == SUSPECT;
}

/* An allow breaks at one end or on the way; a deny needs both to let the packet pass. */
static bool worth_asking(struct decision *d, const struct mln_end_place *source,
                         const struct mln_end_place *destination)
{
    bool out = source->zone && mln_zone_is_governed(source->zone);
    bool in = destination->zone && mln_zone_is_governed(destination->zone);
    if (is_allow(d->assertion))
        return (out && suspect(d, source->zone, 0)) || (in && suspect(d, destination->zone, 1)) ||
               mln_way_crosses(d->world->model, source->zone, destination->zone);
    return (!in || suspect(d, destination->zone, 1)) && (!out || suspect(d, source->zone, 0));
}

/* --- one pair --- */

static bool enough(const struct decision *d)
{
    return d->outcome->counterexamples.len >= d->world->witnesses;
}

static void search(struct decision *d, struct mln_assert_question *q)
{
    for (int tries = 0; !enough(d) && tries < TRIES;) {
        struct mln_counterexample found;
        enum mln_found answer = mln_assert_search(q, &found);
        d->gave_up |= answer == MLN_GAVE_UP;
        if (answer != MLN_FOUND)
            return;
        if (!found.undecided) {
            mln_vec_push(d->world->ctx->arena, &d->outcome->counterexamples, found);
            continue;
        }
        if (!d->has_unsure)
            d->unsure = found;
        d->has_unsure = true;
        tries++;
    }
}

/* Nobody knows whether a packet passes an NSG that cannot be asked: one that passes the others is
 * open. */
static void doubt(struct decision *d, struct mln_assert_question *q)
{
    struct mln_intent denied = *d->assertion;
    struct mln_counterexample found;
    denied.verb = MLN_VERB_ASSERT_DENY;
    q->assertion = &denied;
    q->found_count = q->found.len = 0;
    if (!d->has_unsure && mln_assert_search(q, &found) == MLN_FOUND) {
        d->unsure = found;
        d->has_unsure = true;
    }
    q->assertion = d->assertion;
}

static bool has_unread(const struct decision *d, const struct mln_zone *from,
                       const struct mln_zone *to)
{
    if (!d->world->model->has_unread)
        return false;
    struct mln_arena *scratch = mln_arena_new();
    struct mln_way_name_vec names = {0};
    mln_way_unread(scratch, d->world->model, from, to, &names);
    mln_arena_free(scratch);
    return names.len > 0;
}

static void ask_pair(struct decision *d, struct mln_end_place source,
                     struct mln_end_place destination)
{
    bool unread = is_allow(d->assertion) && has_unread(d, source.zone, destination.zone);
    bool worth = unread || worth_asking(d, &source, &destination);
    for (int f = 0; (worth || !d->asked) && !enough(d) && f < MLN_FAMILIES; f++) {
        struct mln_assert_question q = question(d->world, d->assertion, source, destination, f);
        if (mln_assert_ask(&q)) {
            mln_assert_seal(&q);
            d->asked = d->asked || mln_assert_has_packet(&q);
            if (worth)
                search(d, &q);
            if (unread && !enough(d))
                doubt(d, &q);
        }
        mln_arena_free(q.ctx.arena);
    }
}

/* --- all pairs --- */

/* Calls for each pair of places that the assertion may meet, where a path joins them and an NSG
 * stands. The rest of the world comes first: a packet from there is the more telling one. */
typedef void pair_call(void *ctx, struct mln_end_place source, struct mln_end_place destination);

MLN_VEC_TYPE(zone_vec, const struct mln_zone *);

/* Zones that the side may name at all: of many thousand mostly a few. */
static struct zone_vec zones_touched(struct mln_arena *scratch, const struct mln_model *model,
                                     const struct mln_side_set *side)
{
    struct zone_vec touched = {0};
    for (size_t i = 0; i < model->zones.len; i++)
        if (!model->zones.data[i]->unplaced && mln_assert_touches(side, model->zones.data[i], NULL))
            mln_vec_push(scratch, &touched, model->zones.data[i]);
    return touched;
}

static void pairs_of_zones(const struct mln_assert_world *world, const struct mln_intent *a,
                           pair_call *call, void *ctx, bool *joined)
{
    struct mln_arena *scratch = mln_arena_new();
    const struct zone_vec from = zones_touched(scratch, world->model, a->from);
    const struct zone_vec to = zones_touched(scratch, world->model, a->to);
    for (size_t i = 0; i < from.len; i++)
        for (size_t k = 0; k < to.len; k++) {
            const struct mln_zone *source = from.data[i], *destination = to.data[k];
            if ((source == destination && mln_zone_is_host(source)) ||
                !mln_zones_joined(source, destination) ||
                !mln_assert_touches(a->from, source, destination) ||
                !mln_assert_touches(a->to, destination, source))
                continue;
            *joined = true;
            if (world->question || source->nsg || destination->nsg)
                call(ctx, place_of(source), place_of(destination));
        }
    mln_arena_free(scratch);
}

/* --- NSGs of which no network is told --- */

static bool names_unplaced(const struct mln_side_set *side, const struct mln_zone *zone)
{
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_leaf *leaf = &side->parts[i].leaf;
        if ((leaf->kind == MLN_LEAF_ZONE && leaf->zone == zone) ||
            (leaf->kind == MLN_LEAF_NETWORK && leaf->network == zone->network) ||
            (leaf->kind == MLN_LEAF_ASG && leaf->asg->zone->nsg == zone->nsg))
            return true;
    }
    return false;
}

/* Beside subnets, an NSG that governs none of them has to do with nobody's packets but its own. */
static bool is_meant(const struct mln_assert_world *world, const struct mln_intent *a,
                     const struct mln_zone *zone)
{
    bool places = false;
    for (size_t i = 0; zone->unplaced && i < world->model->zones.len; i++)
        places |= !world->model->zones.data[i]->unplaced;
    return !places || names_unplaced(a->from, zone) || names_unplaced(a->to, zone);
}

static void all_pairs(const struct mln_assert_world *world, const struct mln_intent *a,
                      pair_call *call, void *ctx, bool *joined)
{
    for (size_t i = 0; i < world->model->zones.len; i++) {
        const struct mln_zone *zone = world->model->zones.data[i];
        if ((zone->nsg || world->question) && is_meant(world, a, zone) &&
            mln_assert_touches(a->to, zone, zone))
            call(ctx, the_rest, place_of(zone));
    }
    for (size_t i = 0; i < world->model->zones.len; i++) {
        const struct mln_zone *zone = world->model->zones.data[i];
        if ((zone->nsg || world->question) && is_meant(world, a, zone) &&
            mln_assert_touches(a->from, zone, zone))
            call(ctx, place_of(zone), the_rest);
    }
    pairs_of_zones(world, a, call, ctx, joined);
}

static void decide_pair(void *ctx, struct mln_end_place source, struct mln_end_place destination)
{
    struct decision *d = ctx;
    if (source.kind == MLN_AT_ZONE && destination.kind == MLN_AT_ZONE)
        d->governed = true;
    if (!enough(d))
        ask_pair(d, source, destination);
}

/* --- ends written by name that no path joins --- */

static bool is_named(const struct mln_leaf *leaf)
{
    return !leaf->through_group && (leaf->kind == MLN_LEAF_ZONE || leaf->kind == MLN_LEAF_ASG ||
                                    leaf->kind == MLN_LEAF_EXTERNAL);
}

static bool external_joined(const struct mln_external *external, const struct mln_zone *zone,
                            enum mln_direction direction)
{
    return mln_ipset_overlaps(external->addresses[MLN_IPV4], zone->joined[direction][MLN_IPV4]) ||
           mln_ipset_overlaps(external->addresses[MLN_IPV6], zone->joined[direction][MLN_IPV6]);
}

static bool leaves_joined(const struct mln_leaf *from, const struct mln_leaf *to)
{
    bool from_zone = from->kind != MLN_LEAF_EXTERNAL, to_zone = to->kind != MLN_LEAF_EXTERNAL;
    if (from_zone && to_zone)
        return mln_zones_joined(from->zone, to->zone);
    if (from_zone)
        return external_joined(to->external, from->zone, MLN_OUTBOUND);
    return !to_zone || external_joined(from->external, to->zone, MLN_INBOUND);
}

static const char *leaf_name(const struct mln_leaf *leaf)
{
    return leaf->kind == MLN_LEAF_ASG    ? leaf->asg->name
           : leaf->kind == MLN_LEAF_ZONE ? leaf->zone->display
                                         : leaf->external->name;
}

static void fail(struct decision *d, const char *reason)
{
    mln_vec_push(d->world->ctx->arena, &d->outcome->reasons, reason);
    d->outcome->result = MLN_ASSERT_FAILS;
}

static void check_named_paths(struct decision *d)
{
    const struct mln_intent *a = d->assertion;
    for (size_t i = 0; !a->within && i < a->from->len; i++)
        for (size_t k = 0; k < a->to->len; k++) {
            const struct mln_leaf *from = &a->from->parts[i].leaf, *to = &a->to->parts[k].leaf;
            if (is_named(from) && is_named(to) && !leaves_joined(from, to))
                fail(d, mln_printf(d->world->ctx->arena, "no path joins '%s' and '%s'",
                                   leaf_name(from), leaf_name(to)));
        }
}

/* --- the outcome --- */

/* Nothing was asked: an allow that promises nothing fails, a deny holds. */
static void decide_empty(struct decision *d)
{
    if (!is_allow(d->assertion))
        d->outcome->no_path = true;
    else if (!d->world->question && d->outcome->result == MLN_ASSERT_HOLDS)
        fail(d, d->joined && !d->governed ? "no end is governed by a network security group"
                : d->joined
                    ? "the two ends have no packet in common"
                    : "no path joins the two ends, or no network security group governs them");
}

static void decide_rest(struct decision *d)
{
    struct mln_arena *a = d->world->ctx->arena;
    struct mln_assert_outcome *out = d->outcome;
    if (out->counterexamples.len)
        out->result = MLN_ASSERT_FAILS;
    if (out->result == MLN_ASSERT_FAILS)
        return;
    if (d->has_unsure) {
        out->result = MLN_ASSERT_UNDECIDED;
        mln_vec_push(a, &out->counterexamples, d->unsure);
    }
    if (d->gave_up) {
        out->result = MLN_ASSERT_UNDECIDED;
        mln_vec_push(a, &out->reasons,
                     "gave up: the rules cut addresses and ports into too many parts");
    }
}

struct mln_assert_outcome mln_assert_decide(const struct mln_assert_world *world,
                                            const struct mln_intent *assertion)
{
    struct mln_assert_outcome outcome = {.result = MLN_ASSERT_HOLDS};
    struct decision d = {.world = world, .assertion = assertion, .outcome = &outcome};
    struct mln_arena *scratch = mln_arena_new();
    for (int end = 0; end < 2; end++)
        d.suspects[end] = MLN_NEW_ARRAY(scratch, enum suspicion, world->model->zones.len + 1);
    if (is_allow(assertion) && !world->question)
        check_named_paths(&d);
    bool firewalls = false;
    mln_assert_firewalls(world, assertion, &outcome, &firewalls);
    all_pairs(world, assertion, decide_pair, &d, &d.joined);
    if (!d.asked && !firewalls)
        decide_empty(&d);
    decide_rest(&d);
    mln_arena_free(scratch);
    return outcome;
}

/* --- coverage --- */

struct coverage {
    const struct mln_assert_world *world;
    const struct mln_intent *assertion;
    bool *covered;
    bool *done[2]; /* by zone */
};

static void cover_end(struct coverage *c, const struct mln_zone *zone, int end)
{
    if (!zone || !zone->nsg || c->done[end][zone->index])
        return;
    c->done[end][zone->index] = true;
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_assert_question q =
            question(c->world, c->assertion, end ? everything : place_of(zone),
                     end ? place_of(zone) : everything, f);
        if (mln_assert_ask(&q)) {
            mln_assert_seal(&q);
            mln_assert_search_cover(&q, c->covered);
        }
        mln_arena_free(q.ctx.arena);
    }
}

static void cover_pair(void *ctx, struct mln_end_place source, struct mln_end_place destination)
{
    cover_end(ctx, source.zone, 0);
    cover_end(ctx, destination.zone, 1);
}

void mln_assert_cover(const struct mln_assert_world *world, const struct mln_intent *assertion,
                      bool *covered)
{
    struct mln_arena *scratch = mln_arena_new();
    struct coverage c = {.world = world, .assertion = assertion, .covered = covered};
    bool joined;
    for (int end = 0; end < 2; end++)
        c.done[end] = MLN_NEW_ARRAY(scratch, bool, world->model->zones.len + 1);
    all_pairs(world, assertion, cover_pair, &c, &joined);
    mln_arena_free(scratch);
}
