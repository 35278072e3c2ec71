/* Services by name.
 *
 * A name fits when each of its port ranges is one of the ranges that are left: so `https` is never
 * said of a part of `tcp 400-500`. Names of the policy go first, whatever they hold; of the
 * library's, those with one range of ports, more protocols before fewer. */
#include "cli/traffic_text.h"

#include "policy/question.h"

#include <limits.h>
#include <stdlib.h>

static bool has_range(const struct mln_portset *set, struct mln_port_range range)
{
    for (size_t i = 0; i < set->len; i++)
        if (set->ranges[i].lo == range.lo && set->ranges[i].hi == range.hi)
            return true;
    return false;
}

static struct mln_traffic traffic_of(struct mln_arena *a, const struct mln_services *services)
{
    struct mln_traffic out = mln_traffic_none(a);
    for (size_t i = 0; i < services->len; i++) {
        struct mln_traffic item =
            mln_traffic_of(a, services->items[i].protos, services->items[i].dport);
        out = mln_traffic_union(a, &out, &item);
    }
    return out;
}

static bool fits(const struct mln_traffic *name, const struct mln_traffic *left)
{
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        for (size_t i = 0; i < name->ports[p]->len; i++)
            if (!has_range(left->ports[p], name->ports[p]->ranges[i]))
                return false;
    return true;
}

static bool simple(const struct mln_traffic *name)
{
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        if (name->ports[p]->len > 1)
            return false;
    return true;
}

static unsigned protocols(const struct mln_traffic *name)
{
    unsigned count = 0;
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        count += name->ports[p]->len > 0;
    return count;
}

static unsigned rank_of(const struct mln_named_service *named, const struct mln_traffic *traffic)
{
    if (named->own)
        return 0;
    return simple(traffic) ? 1 + MLN_PROTO_COUNT - protocols(traffic) : UINT_MAX;
}

static int by_rank(const void *x, const void *y)
{
    const struct mln_service_name *p = x, *q = y;
    if (p->rank != q->rank)
        return p->rank < q->rank ? -1 : 1;
    return p->order < q->order ? -1 : p->order > q->order;
}

void mln_service_names_make(struct mln_ctx *ctx, struct mln_model *model,
                            struct mln_service_name_vec *out)
{
    struct mln_named_service_vec all = {0};
    mln_question_services(ctx, model, &all);
    for (size_t i = 0; i < all.len; i++) {
        struct mln_service_name name = {.name = all.data[i].name, .order = i};
        name.traffic = traffic_of(ctx->arena, &all.data[i].services);
        name.rank = rank_of(&all.data[i], &name.traffic);
        if (name.rank != UINT_MAX && !mln_traffic_is_empty(&name.traffic))
            mln_vec_push(ctx->arena, out, name);
    }
    if (out->len > 1)
        qsort(out->data, out->len, sizeof *out->data, by_rank);
}

/* Takes the names that fit out of what is left. */
static void take_names(struct mln_arena *a, const struct mln_service_name_vec *names,
                       struct mln_traffic *left, struct mln_text_vec *out)
{
    for (size_t i = 0; i < names->len; i++)
        if (fits(&names->data[i].traffic, left)) {
            mln_vec_push(a, out, names->data[i].name);
            *left = mln_traffic_subtract(a, left, &names->data[i].traffic);
        }
}

static const char *item(struct mln_arena *a, const char *proto, struct mln_port_range range)
{
    if (range.lo == 0 && range.hi == 65535)
        return proto;
    return range.lo == range.hi ? mln_printf(a, "%s %u", proto, range.lo)
                                : mln_printf(a, "%s %u-%u", proto, range.lo, range.hi);
}

/* What no name is left for; `any 443` where tcp and udp agree. */
static void add_rest(struct mln_arena *a, const struct mln_traffic *left, struct mln_text_vec *out)
{
    const struct mln_portset *udp = left->ports[MLN_PROTO_UDP];
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        for (size_t i = 0; i < left->ports[p]->len; i++) {
            struct mln_port_range range = left->ports[p]->ranges[i];
            bool whole = range.lo == 0 && range.hi == 65535;
            bool both = !whole && p == MLN_PROTO_TCP && has_range(udp, range);
            if (!whole && p == MLN_PROTO_UDP && has_range(left->ports[MLN_PROTO_TCP], range))
                continue;
            const char *text = item(a, both ? "any" : mln_proto_names[p], range);
            mln_vec_push(a, out, text);
        }
}

void mln_traffic_names(struct mln_arena *a, const struct mln_service_name_vec *names,
                       const struct mln_traffic *traffic, struct mln_text_vec *out)
{
    struct mln_traffic left = *traffic;
    if (mln_traffic_is_all(traffic)) {
        mln_vec_push(a, out, "any");
        return;
    }
    take_names(a, names, &left, out);
    add_rest(a, &left, out);
}

static const char *joined_text(struct mln_arena *a, const char *before,
                               const struct mln_text_vec *texts)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    mln_buf_add(&out, before);
    for (size_t i = 0; i < texts->len; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : "", texts->data[i]);
    return out.data;
}

const char *mln_traffic_text(struct mln_arena *a, const struct mln_service_name_vec *names,
                             const struct mln_traffic *traffic)
{
    struct mln_text_vec texts = {0}, missing = {0};
    struct mln_traffic all = mln_traffic_all(a);
    struct mln_traffic rest = mln_traffic_subtract(a, &all, traffic);
    mln_traffic_names(a, names, traffic, &texts);
    if (texts.len > 2)
        mln_traffic_names(a, names, &rest, &missing);
    if (missing.len && missing.len < texts.len)
        return joined_text(a, "any except ", &missing);
    return joined_text(a, "", &texts);
}
