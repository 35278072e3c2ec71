/* The services of a flow in fewer words, once its boxes are together: a default rule turned round
 * permits all but what is decided before it. */
#include "net/traffic.h"
#include "prove/change_impl.h"

/* What is permitted of the boxes together, where no source port is singled out. */
static bool traffic_of(struct mln_arena *a, const struct mln_change_flow *flow,
                       struct mln_traffic *out)
{
    *out = mln_traffic_none(a);
    for (size_t i = 0; i < flow->boxes.len; i++) {
        const struct mln_box *box = &flow->boxes.data[i]->box;
        if (!mln_portset_is_all(box->sport))
            return false;
        struct mln_traffic its = mln_traffic_of(a, box->protos, box->dport);
        *out = mln_traffic_union(a, out, &its);
    }
    return true;
}

/* The protocols that have ports in the set, when all have the same ones; else none. */
static unsigned product_of(const struct mln_traffic *traffic, const struct mln_portset **ports)
{
    unsigned protos = 0;
    for (int p = 0; p < MLN_PROTO_COUNT; p++) {
        if (traffic->ports[p]->len == 0)
            continue;
        if (protos && !mln_portset_equal(traffic->ports[p], *ports))
            return 0;
        protos |= MLN_PROTO_BIT(p);
        *ports = traffic->ports[p];
    }
    return protos;
}

static size_t item_count(const char *text)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == ',';
    return count;
}

void mln_change_reword(struct finder *f, struct mln_change_flow *flow)
{
    struct mln_arena *a = arena_of(f);
    const struct mln_portset *ports = NULL;
    struct mln_traffic traffic, all = mln_traffic_all(a);
    size_t items = item_count(flow->services);
    if (items <= 2 || !traffic_of(a, flow, &traffic))
        return;
    struct mln_traffic rest = mln_traffic_subtract(a, &all, &traffic);
    unsigned protos = product_of(&rest, &ports);
    if (mln_traffic_is_empty(&rest))
        flow->services = "any";
    if (!protos)
        return;
    const char *missing = mln_words_service(f->words[f->speaker[flow->added ? MLN_NEW : MLN_OLD]],
                                            protos, mln_portset_all(a), ports);
    if (item_count(missing) < items)
        flow->services = mln_printf(a, "any except %s", missing);
}
