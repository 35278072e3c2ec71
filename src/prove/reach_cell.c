/* The planes of a pair put together into its cell. All of it is copied into the arena of the world.
 */
#include "prove/reach_impl.h"

static struct mln_arena *keep_in(const struct mln_reach_plane *p)
{
    return p->reach->world->ctx->arena;
}

struct mln_traffic mln_reach_keep_traffic(struct mln_arena *a, const struct mln_traffic *t)
{
    struct mln_traffic out = mln_traffic_none(a);
    for (int i = 0; i < MLN_PROTO_COUNT; i++)
        if (t->ports[i]->len)
            out.ports[i] = mln_portset_from_ranges(a, t->ports[i]->ranges, t->ports[i]->len);
    return out;
}

static const struct mln_ipset *keep_set(const struct mln_reach_plane *p,
                                        const struct mln_ipset *set, const struct mln_ipset *whole)
{
    if (mln_ipset_equal(set, whole))
        return NULL;
    return mln_ipset_from_ranges(keep_in(p), p->family, set->ranges, set->len);
}

static bool is_own(const struct mln_reach_plane *p, int side, uint32_t var)
{
    for (unsigned i = 0; i < p->start.var_count[side]; i++)
        if (p->start.vars[side][i] == var)
            return true;
    return false;
}

static void add_members(const struct mln_reach_plane *p, const struct mln_reach_region *r, int side,
                        struct mln_reach_box *box)
{
    const struct mln_model *model = p->reach->world->model;
    size_t tags = mln_tags_count(model->options->tags);
    for (unsigned i = 0; i < r->var_count[side]; i++) {
        struct mln_reach_member member = {.source = side == 0, .in = r->in[side][i]};
        uint32_t var = r->vars[side][i];
        if (var < tags)
            member.tag = mln_tags_at(model->options->tags, var);
        else
            member.asg = model->asgs.data[var - tags];
        if (!is_own(p, side, var))
            mln_vec_push(keep_in(p), &box->members, member);
    }
}

static void add_boxes(const struct mln_reach_plane *p, const struct mln_reach_split *split,
                      size_t most, struct mln_reach_part *part)
{
    bool gave_up = split->gave_up || split->regions.len > most;
    size_t count = gave_up ? 0 : split->regions.len;
    if (gave_up)
        part->note = "in part: the rules cut addresses and ports into too many parts";
    if (count && !part->boxes.len) { /* the other family may follow */
        part->boxes.data = MLN_NEW_ARRAY(keep_in(p), struct mln_reach_box, count);
        part->boxes.cap = count;
    }
    for (size_t i = 0; i < count; i++) {
        const struct mln_reach_region *r = &split->regions.data[i];
        struct mln_reach_box box = {.family = p->family,
                                    .src = keep_set(p, r->src, p->start.src),
                                    .dst = keep_set(p, r->dst, p->start.dst)};
        if (!mln_portset_is_all(r->sport))
            box.sport = mln_portset_from_ranges(keep_in(p), r->sport->ranges, r->sport->len);
        add_members(p, r, 0, &box);
        add_members(p, r, 1, &box);
        mln_vec_push(keep_in(p), &part->boxes, box);
    }
}

/* Of some services, what one family's plane says. */
struct share {
    struct mln_traffic traffic;
    const struct mln_reach_split *split; /* NULL: all or none */
    bool all;
};
MLN_VEC_TYPE(share_vec, struct share);

static struct share_vec shares(const struct mln_reach_plane *p)
{
    struct share_vec out = {0};
    struct share all = {p->all, NULL, true}, none = {p->none, NULL, false};
    mln_vec_push(p->a, &out, all);
    mln_vec_push(p->a, &out, none);
    for (size_t i = 0; i < p->splits.len; i++) {
        struct share part = {p->splits.data[i].traffic, &p->splits.data[i], false};
        mln_vec_push(p->a, &out, part);
    }
    return out;
}

static void add_share(const struct mln_reach_plane *p, const struct share *share, size_t most,
                      struct mln_reach_part *part)
{
    struct mln_reach_box whole = {.family = p->family};
    if (share->split)
        add_boxes(p, share->split, most, part);
    else if (share->all)
        mln_vec_push(keep_in(p), &part->boxes, whole);
}

/* Services that the planes given (one or two) agree to treat alike. */
static void add_cell(const struct mln_reach_plane *const *planes, const struct share *const *parts,
                     size_t count, const struct mln_traffic *traffic, struct mln_reach_cell *cell)
{
    struct mln_arena *a = keep_in(planes[0]);
    bool all = true, none = true;
    for (size_t i = 0; i < count; i++) {
        all &= parts[i]->all;
        none &= !parts[i]->all && !parts[i]->split;
    }
    if (mln_traffic_is_empty(traffic) || none)
        return;
    struct mln_traffic kept = mln_reach_keep_traffic(a, traffic);
    if (all) {
        cell->all = mln_traffic_union(a, &cell->all, &kept);
        return;
    }
    struct mln_reach_part part = {.traffic = kept};
    size_t most = MLN_REACH_BOXES - (cell->boxes < MLN_REACH_BOXES ? cell->boxes : MLN_REACH_BOXES);
    for (size_t i = 0; i < count; i++)
        add_share(planes[i], parts[i], most, &part);
    cell->boxes += part.boxes.len;
    mln_vec_push(a, &cell->parts, part);
}

/* `icmp` is IPv4's: there the other family has no say. */
static void combine(const struct mln_reach_plane *four, const struct mln_reach_plane *six,
                    struct mln_reach_cell *cell)
{
    struct share_vec x = shares(four), y = shares(six);
    const struct mln_reach_plane *const both[] = {four, six};
    for (size_t i = 0; i < x.len; i++) {
        struct mln_traffic alone =
            mln_traffic_subtract(four->a, &x.data[i].traffic, &six->universe);
        const struct share *pair[] = {&x.data[i], NULL};
        add_cell(both, pair, 1, &alone, cell);
        for (size_t k = 0; k < y.len; k++) {
            struct mln_traffic common =
                mln_traffic_intersect(four->a, &x.data[i].traffic, &y.data[k].traffic);
            pair[1] = &y.data[k];
            add_cell(both, pair, 2, &common, cell);
        }
    }
}

void mln_reach_conclude(struct mln_reach_plane planes[MLN_FAMILIES], struct mln_reach_cell *cell)
{
    if (cell->family[MLN_IPV4] && cell->family[MLN_IPV6]) {
        combine(&planes[MLN_IPV4], &planes[MLN_IPV6], cell);
        return;
    }
    const struct mln_reach_plane *only = &planes[cell->family[MLN_IPV4] ? MLN_IPV4 : MLN_IPV6];
    struct share_vec x = shares(only);
    for (size_t i = 0; i < x.len; i++) {
        const struct share *one = &x.data[i];
        add_cell(&only, &one, 1, &one->traffic, cell);
    }
}

void mln_reach_weaken(struct mln_arena *a, struct mln_reach_cell *cell, const char *note)
{
    for (size_t i = 0; i < cell->parts.len; i++)
        cell->parts.data[i].note = note;
    struct mln_reach_part part = {.traffic = cell->all, .note = note};
    if (!mln_traffic_is_empty(&cell->all))
        mln_vec_push(a, &cell->parts, part);
    cell->all = mln_traffic_none(a);
}
