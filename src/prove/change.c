/* The order of a comparison: what belongs together, each end by itself, the ways between ends that
 * differ, the rules, the firewalls of resources. */
#include "prove/change_impl.h"

#include "azure/platform.h"

#include <fnmatch.h>
#include <string.h>

bool mln_change_ignores(const struct mln_change_options *options, const char *name)
{
    for (size_t i = 0; i < options->ignored_count; i++)
        if (fnmatch(options->ignored[i], name, FNM_CASEFOLD) == 0)
            return true;
    return false;
}

/* ---- rules that count ---- */

static void keep_rules(struct finder *f, const struct mln_rule_vec *rules, struct mln_rule_vec *out)
{
    for (size_t i = 0; i < rules->len; i++)
        if (!mln_change_ignores(f->options, rules->data[i]->name))
            mln_vec_push(arena_of(f), out, rules->data[i]);
}

static void keep_subject(struct finder *f, int side)
{
    const struct mln_change_subject *subject = &f->subjects[side];
    size_t count = subject->model->nsgs.len;
    f->deployed[side] = MLN_NEW_ARRAY(arena_of(f), struct mln_nsg_rules, count + 1);
    for (size_t i = 0; i < count; i++)
        for (int d = 0; d < MLN_DIRECTIONS; d++)
            keep_rules(f, &subject->deployed[i].rules[d], &f->deployed[side][i].rules[d]);
    f->words[side] = mln_words_new(arena_of(f), subject->model);
    f->speaker[side] = subject->is_policy || !f->subjects[1 - side].is_policy ? side : 1 - side;
    f->placed[side] = subject->is_policy;
    for (size_t i = 0; i < subject->model->zones.len; i++)
        f->placed[side] |= !subject->model->zones.data[i]->unplaced;
}

/* ---- each end ---- */

const struct mln_ipset *mln_change_joined(struct finder *f, const struct mln_zone *zone,
                                          enum mln_direction direction, int family)
{
    struct mln_arena *a = arena_of(f);
    enum mln_family fam = (enum mln_family)family;
    if (zone->unplaced)
        return zone->joined[direction][family];
    return mln_ipset_union(a, zone->joined[direction][family],
                           direction == MLN_INBOUND ? mln_azure_wire_server(a, fam)
                                                    : mln_azure_platform_space(a, fam));
}

/* An interface may have any address of its subnet, when neither side tells which. */
static const struct mln_ipset *near_of(const struct end *end, int s, int family)
{
    const struct mln_zone *zone = end->side[s].zone, *other = end->side[1 - s].zone;
    if (!zone->nic || !zone->nic->floating[family])
        return zone->addresses[family];
    if (other && other->nic && !other->nic->floating[family])
        return other->addresses[family];
    return zone->nic->subnet->addresses[family];
}

static bool has_moved(const struct end *end, int family)
{
    return !end->side[MLN_OLD].zone || !end->side[MLN_NEW].zone ||
           !mln_ipset_equal(near_of(end, MLN_OLD, family), near_of(end, MLN_NEW, family));
}

static struct mln_diff_side side_of_end(struct finder *f, const struct end *end, int s)
{
    const struct end_side *own = &end->side[s];
    struct mln_diff_side side = {.model = own->model, .hop_count = own->zone ? 1 : 0};
    side.hops[0] = (struct mln_diff_hop){
        .zone = own->zone, .nsg = own->nsg, .direction = end->direction, .rules = own->rules};
    for (int fam = 0; own->zone && fam < MLN_FAMILIES; fam++) {
        const struct mln_ipset *near = near_of(end, s, fam);
        const struct mln_ipset *far = mln_change_joined(f, own->zone, end->direction, fam);
        if (has_moved(end, fam)) /* that it reaches the platform goes without saying */
            far = mln_ipset_subtract(arena_of(f), far,
                                     mln_azure_platform_space(arena_of(f), (enum mln_family)fam));
        side.src[fam] = end->direction == MLN_OUTBOUND ? near : far;
        side.dst[fam] = end->direction == MLN_OUTBOUND ? far : near;
    }
    return side;
}

static const char *end_name(struct finder *f, const struct end *end)
{
    const struct end_side *side = &end->side[end->side[MLN_NEW].nsg ? MLN_NEW : MLN_OLD];
    return mln_printf(arena_of(f), "NSG '%s', %s", side->nsg->name,
                      end->direction == MLN_INBOUND ? "inbound" : "outbound");
}

static void compare_end(struct finder *f, struct end *end)
{
    const struct mln_diff_side sides[MLN_SIDES] = {side_of_end(f, end, MLN_OLD),
                                                   side_of_end(f, end, MLN_NEW)};
    mln_diff_compare(f->ctx, &f->out->sets, sides, f->options->limit, &end->diff);
    if (end->diff.gave_up) {
        const char *name = end_name(f, end);
        mln_vec_push(arena_of(f), &f->out->gave_up, name);
    }
    f->out->more |= end->diff.more;
    const struct mln_zone *near[MLN_SIDES] = {end->side[MLN_OLD].zone, end->side[MLN_NEW].zone};
    const struct mln_zone *places[2][MLN_SIDES] = {{NULL, NULL}, {NULL, NULL}};
    int at = end->direction == MLN_OUTBOUND ? 0 : 1;
    for (int s = 0; s < MLN_SIDES; s++)
        places[at][s] = near[s];
    mln_change_add(f, &end->diff, sides, (const struct mln_zone *const(*)[MLN_SIDES])places, end,
                   &f->out->at_nsgs);
}

/* ---- what has an effect ---- */

static bool same_sort(const struct mln_diff_box *x, const struct mln_diff_box *y)
{
    return x->added == y->added && x->box.family == y->box.family &&
           x->box.protos & y->box.protos && mln_portset_overlaps(x->box.dport, y->box.dport) &&
           mln_portset_overlaps(x->box.sport, y->box.sport) &&
           mln_ipset_overlaps(x->box.src, y->box.src) && mln_ipset_overlaps(x->box.dst, y->box.dst);
}

static bool has_effect(const struct mln_change *out, const struct mln_change_flow *flow)
{
    for (size_t b = 0; b < flow->boxes.len; b++)
        for (size_t i = 0; i < out->flows.len; i++)
            for (size_t k = 0; k < out->flows.data[i].boxes.len; k++)
                if (same_sort(flow->boxes.data[b], out->flows.data[i].boxes.data[k]))
                    return true;
    return false;
}

#define MOST_PAIRS 4000000 /* of flows that are held against each other: some 0.1 s */

/* With more flows than that nobody reads which of them have no effect. Of drift only what
 * interfaces do end to end is listed. */
static void sum_up(struct mln_change *out, bool drift)
{
    bool ask = !drift && out->end_to_end && out->at_nsgs.len * out->flows.len < MOST_PAIRS;
    for (size_t i = 0; i < out->at_nsgs.len; i++)
        out->at_nsgs.data[i].alone =
            ask && !out->at_nsgs.data[i].unplaced && !has_effect(out, &out->at_nsgs.data[i]);
    out->traffic = out->flows.len > 0 || out->at_nsgs.len > 0 || out->firewalls.len > 0;
    for (size_t i = 0; i < out->notes.len; i++)
        out->traffic |= out->notes.data[i].traffic;
}

void mln_change_find(struct mln_ctx *ctx, const struct mln_change_subject subjects[MLN_SIDES],
                     const struct mln_change_options *options, struct mln_change *out)
{
    struct finder f = {.ctx = ctx, .options = options, .subjects = subjects, .out = out};
    *out = (struct mln_change){.subjects = subjects};
    mln_diff_sets_init(&out->sets, ctx->arena);
    for (int s = 0; s < MLN_SIDES; s++)
        keep_subject(&f, s);
    mln_change_match(&f);
    for (size_t i = 0; i < f.ends.len; i++)
        compare_end(&f, &f.ends.data[i]);
    out->end_to_end = f.placed[MLN_OLD] && f.placed[MLN_NEW];
    if (out->end_to_end)
        mln_change_ways(&f);
    if (options->drift && out->end_to_end)
        mln_change_note_nics(&f);
    mln_change_join(&f, &out->flows);
    mln_change_join(&f, &out->at_nsgs);
    mln_change_firewalls(&f);
    sum_up(out, options->drift);
}
