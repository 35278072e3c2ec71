/* Which zones each intent names, and what is wrong with an intent by itself. */
#include "azure/legal.h"
#include "rules/end.h"
#include "rules/firewall.h"

MLN_VEC_TYPE(zone_vec, struct mln_zone *);

/* An end on its way to its place. */
struct found_end {
    struct mln_zone_ends *place;
    struct mln_end end;
};

struct collector {
    struct mln_ctx *ctx;
    struct mln_model *model;
    struct mln_arena *scratch;
    MLN_VEC(struct found_end) found; /* in the order of intents */
    struct mln_zone_ends **ends;     /* [zone * 2 + direction] */
    struct zone_vec zones;           /* those that a side names; used again */
    uint32_t *stamp;                 /* by zone: last (intent, direction) that named it */
    uint32_t tick;
    struct mln_side_terms *sides;
    struct mln_transits *transits;
};

/* What was found for one intent. */
struct tally {
    size_t named, governed, joined,
        family;    /* zones named; with an NSG; with a path; with a common family */
    bool firewall; /* enforced by a resource's firewall */
    bool transit;  /* enforced where it passes an appliance */
    bool poisoned; /* an error was reported: no more about this intent */
};

static bool side_has_tag(const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_leaf *leaf = &side->parts[i].leaf;
        if (leaf->kind == MLN_LEAF_HOSTED_AGENTS ||
            (leaf->kind == MLN_LEAF_TAG && leaf->tag->kind == MLN_TAG_SERVICE))
            return true;
        for (size_t m = 0; m < side->parts[i].minus_len; m++)
            if (side_has_tag(side->parts[i].minus[m]))
                return true;
    }
    return false;
}

bool mln_rests_on_tags(const struct mln_intent *x, const struct mln_intent *y)
{
    return (x && (side_has_tag(x->from) || side_has_tag(x->to))) ||
           (y && (side_has_tag(y->from) || side_has_tag(y->to)));
}

/* --- which zones a side names --- */

static void name_zone(struct collector *c, struct mln_zone *zone)
{
    if (c->stamp[zone->index] == c->tick)
        return;
    c->stamp[zone->index] = c->tick;
    mln_vec_push(c->scratch, &c->zones, zone);
}

/* Into c->zones. */
static void find_named_zones(struct collector *c, const struct mln_side_set *side)
{
    c->tick++;
    c->zones.len = 0;
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_leaf *leaf = &side->parts[i].leaf;
        switch (leaf->kind) {
        case MLN_LEAF_ANY:
            for (size_t z = 0; z < c->model->zones.len; z++)
                if (c->model->zones.data[z]->nsg)
                    name_zone(c, c->model->zones.data[z]);
            break;
        case MLN_LEAF_NETWORK:
            for (size_t z = 0; z < leaf->network->zones.len; z++)
                name_zone(c, leaf->network->zones.data[z]);
            break;
        case MLN_LEAF_ZONE:
        case MLN_LEAF_ASG:
            name_zone(c, leaf->zone);
            break;
        case MLN_LEAF_RESOURCE:
            for (size_t e = 0; e < leaf->resource->endpoints.len; e++)
                name_zone(c, leaf->resource->endpoints.data[e]->zone);
            break;
        case MLN_LEAF_ENDPOINT:
            name_zone(c, leaf->endpoint->zone);
            break;
        default:
            break;
        }
    }
}

/* --- one zone --- */

static bool services_in_family(const struct mln_services *services, int f)
{
    for (size_t i = 0; i < services->len; i++)
        if (f == MLN_IPV4 || services->items[i].protos != MLN_PROTO_BIT(MLN_PROTO_ICMP))
            return true;
    return false;
}

static bool common_family(const struct mln_end *end)
{
    for (size_t n = 0; n < end->near.len; n++)
        for (size_t k = 0; k < end->far.len; k++)
            for (int f = 0; f < MLN_FAMILIES; f++)
                if (end->near.data[n].set[f]->len && end->far.data[k].set[f]->len &&
                    services_in_family(&end->intent->services, f))
                    return true;
    return false;
}

static struct mln_zone_ends *ends_of(struct collector *c, struct mln_zone *zone,
                                     enum mln_direction direction)
{
    struct mln_zone_ends **slot = &c->ends[zone->index * 2 + direction];
    if (!*slot) {
        *slot = MLN_NEW(c->ctx->arena, struct mln_zone_ends);
        **slot = (struct mln_zone_ends){
            .zone = zone, .at = zone, .direction = direction, .nsg = zone->nsg};
    }
    return *slot;
}

static void add_end(struct collector *c, struct mln_zone *zone, enum mln_direction direction,
                    struct mln_end end, struct tally *tally)
{
    if (end.far.len)
        tally->joined++;
    if (!end.near.len || !end.far.len)
        return;
    if (!common_family(&end))
        return;
    tally->family++;
    struct found_end found = {ends_of(c, zone, direction), end};
    found.place->ends.cap++; /* place_ends makes the room */
    mln_vec_push(c->scratch, &c->found, found);
}

/* `within`: each leaf that names the zone speaks with itself only. */
static void add_within(struct collector *c, struct mln_intent *intent, struct mln_zone *zone,
                       enum mln_direction direction, struct tally *tally)
{
    for (size_t i = 0; i < intent->from->len; i++) {
        const struct mln_side_set one = {.parts = &intent->from->parts[i], .len = 1};
        struct mln_end end = {.intent = intent};
        mln_side_terms_find(c->sides, intent, &one, zone, direction, true, &end.near);
        if (end.near.len)
            mln_side_terms_find(c->sides, intent, &one, zone, direction, false, &end.far);
        add_end(c, zone, direction, end, tally);
    }
}

/* --- private endpoints as destinations --- */

static bool at_endpoint(const struct mln_term_vec *near)
{
    for (size_t i = 0; i < near->len; i++)
        if (near->data[i].services)
            return true;
    return false;
}

/* A private endpoint is reached from its network and what is joined with it; public sources meet
 * the resource's firewall, not the NSG. `any` stays: it names the zones, too. */
static void keep_private(struct collector *c, const struct mln_zone *zone,
                         const struct mln_term_vec *far, struct mln_term_vec *out)
{
    for (size_t i = 0; i < far->len; i++) {
        struct mln_term term = far->data[i];
        enum mln_tag_kind kind = term.side.tag ? term.side.tag->kind : MLN_TAG_VIRTUAL_NETWORK;
        if (kind == MLN_TAG_SERVICE || kind == MLN_TAG_INTERNET)
            continue;
        for (int f = 0; term.side.kind == MLN_SIDE_PREFIXES && f < MLN_FAMILIES; f++) {
            struct mln_arena *a = c->ctx->arena;
            const struct mln_ipset *private = mln_ipset_intersect(
                a, zone->joined[MLN_INBOUND][f], mln_azure_private_space(a, (enum mln_family)f));
            private = mln_ipset_union(a, private, zone->network->near[f]);
            term.set[f] = mln_ipset_intersect(a, term.set[f], private);
        }
        if (term.set[MLN_IPV4]->len || term.set[MLN_IPV6]->len)
            mln_vec_push(c->ctx->arena, out, term);
    }
}

static void add_split(struct collector *c, struct mln_zone *zone, const struct mln_end *end,
                      struct tally *tally)
{
    struct mln_end endpoints = {.intent = end->intent},
                   others = {.intent = end->intent, .far = end->far};
    for (size_t i = 0; i < end->near.len; i++)
        mln_vec_push(c->ctx->arena, end->near.data[i].services ? &endpoints.near : &others.near,
                     end->near.data[i]);
    keep_private(c, zone, &end->far, &endpoints.far);
    add_end(c, zone, MLN_INBOUND, endpoints, tally);
    if (others.near.len)
        add_end(c, zone, MLN_INBOUND, others, tally);
}

static void add_zone(struct collector *c, struct mln_intent *intent, struct mln_zone *zone,
                     enum mln_direction direction, struct tally *tally)
{
    tally->named++;
    if (!zone->nsg)
        return;
    tally->governed++;
    if (intent->within) {
        add_within(c, intent, zone, direction, tally);
        return;
    }
    const struct mln_side_set *near = direction == MLN_OUTBOUND ? intent->from : intent->to;
    const struct mln_side_set *far = direction == MLN_OUTBOUND ? intent->to : intent->from;
    struct mln_end end = {.intent = intent};
    mln_side_terms_find(c->sides, intent, far, zone, direction, false, &end.far);
    if (end.far.len)
        mln_side_terms_find(c->sides, intent, near, zone, direction, true, &end.near);
    if (direction == MLN_INBOUND && intent->verb == MLN_VERB_ALLOW && at_endpoint(&end.near))
        add_split(c, zone, &end, tally);
    else
        add_end(c, zone, direction, end, tally);
}

/* --- the verdict on one intent --- */

static bool permissive(const struct mln_intent *intent)
{
    return intent->verb == MLN_VERB_ALLOW || intent->verb == MLN_VERB_ASSERT_ALLOW;
}

static void report_tally(struct collector *c, const struct mln_intent *intent,
                         const struct tally *t)
{
    struct mln_diags *d = c->ctx->diags;
    if (t->family || t->firewall || t->transit || t->poisoned)
        return;
    if (!t->governed) {
        mln_report(d, permissive(intent) ? MLN_D_NO_GOVERNED_END : MLN_D_NOT_ENFORCEABLE,
                   intent->span, "no end of this %s is governed by a network security group",
                   intent->verb == MLN_VERB_ALLOW  ? "allow"
                   : intent->verb == MLN_VERB_DENY ? "deny"
                                                   : "forbid");
    } else if (!t->joined && mln_tags_have_prefixes(c->model->options->tags) &&
               mln_rests_on_tags(intent, NULL)) {
        struct mln_diag *diag =
            mln_report(d, MLN_D_EMPTY_SIDE, intent->span,
                       "with this service-tag file no path joins any of the two ends");
        mln_diag_at_most(diag, MLN_WARNING);
    } else if (!t->joined)
        mln_report(d, permissive(intent) ? MLN_D_NO_PATH : MLN_D_NO_PATH_SATISFIED, intent->span,
                   permissive(intent) ? "no path joins any of the two ends"
                                      : "no path joins the two ends, so no rule is needed");
    else
        mln_report(d, MLN_D_NO_COMMON_FAMILY, intent->span,
                   "the two ends have no address family in common");
}

static void collect_intent(struct collector *c, struct mln_intent *intent)
{
    unsigned errors = c->ctx->diags->errors;
    if (mln_check_empty(c->ctx, intent))
        return;
    struct tally tally = {0};
    if (intent->verb == MLN_VERB_ALLOW && !mln_check_named_paths(c->ctx, intent))
        tally.poisoned = true;
    if (!mln_check_agents(c->ctx, c->model, intent) ||
        !mln_check_resources(c->ctx, c->model, intent, &tally.firewall))
        tally.poisoned = true;
    if (!tally.poisoned && !mln_check_nameable(c->ctx, intent))
        tally.poisoned = true;
    find_named_zones(c, intent->from);
    for (size_t i = 0; i < c->zones.len; i++)
        add_zone(c, intent, c->zones.data[i], MLN_OUTBOUND, &tally);
    find_named_zones(c, intent->to);
    for (size_t i = 0; i < c->zones.len; i++)
        add_zone(c, intent, c->zones.data[i], MLN_INBOUND, &tally);
    tally.transit = mln_transits_add(c->ctx, c->sides, c->transits, intent);
    report_tally(c, intent, &tally);
    intent->broken |= tally.poisoned || c->ctx->diags->errors != errors;
}

/* Assertions are decided by `mlnsgc test`; what is wrong with one by itself is said on every
 * compile. */
static void check_assertion(struct collector *c, struct mln_intent *assertion)
{
    bool firewall = false;
    if (!mln_check_empty(c->ctx, assertion) && mln_check_agents(c->ctx, c->model, assertion))
        mln_check_resources(c->ctx, c->model, assertion, &firewall);
}

/* Puts every end into the list of its zone. An intent about which an error was reported must not be
 * held against others. */
static void place_ends(struct collector *c)
{
    for (size_t i = 0; i < c->model->zones.len * 2; i++)
        if (c->ends[i])
            c->ends[i]->ends.data =
                MLN_NEW_ARRAY(c->ctx->arena, struct mln_end, c->ends[i]->ends.cap);
    for (size_t i = 0; i < c->found.len; i++) {
        struct mln_end_vec *ends = &c->found.data[i].place->ends;
        if (!c->found.data[i].end.intent->broken)
            ends->data[ends->len++] = c->found.data[i].end;
        else
            c->model->intents_missing = true;
    }
}

enum { INTENT_EXPECTED = 400 /* bytes that are needed for an intent, more or less */ };

void mln_collect_ends(struct mln_ctx *ctx, struct mln_model *model, struct mln_zone_ends_vec *out)
{
    struct collector c = {.ctx = ctx,
                          .model = model,
                          .scratch = mln_arena_new_for(model->intents.len * INTENT_EXPECTED),
                          .transits = mln_transits_new(ctx, model)};
    c.sides = mln_side_terms_new(ctx, c.scratch, model);
    c.ends = MLN_NEW_ARRAY(ctx->arena, struct mln_zone_ends *, model->zones.len * 2 + 1);
    c.stamp = MLN_NEW_ARRAY(ctx->arena, uint32_t, model->zones.len + 1);
    for (size_t i = 0; i < model->intents.len; i++)
        collect_intent(&c, model->intents.data[i]);
    place_ends(&c);
    for (size_t i = 0; i < model->assertions.len; i++)
        check_assertion(&c, model->assertions.data[i]);
    mln_finish_resources(ctx, model);
    mln_firewalls_build(ctx, model);
    for (size_t z = 0; z < model->zones.len; z++)
        for (int d = 0; d < MLN_DIRECTIONS; d++)
            if (model->zones.data[z]->nsg)
                mln_vec_push(ctx->arena, out,
                             ends_of(&c, model->zones.data[z], (enum mln_direction)d));
    mln_transits_finish(ctx, c.transits, out);
    mln_arena_free(c.scratch);
}
