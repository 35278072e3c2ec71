/* Is there any difference? Asked of the packet search, which needs no more than one packet, where
 * decision diagrams of all are too large. */
#include "prove/diff_impl.h"

#include <string.h>

enum { PACKET_STEPS = 8000000 }; /* some 0.2 s */

static enum mln_verdict side_verdict(const struct comparison *c, int side, const uint64_t *alive,
                                     const uint64_t *sure)
{
    enum mln_verdict all = c->list_count[side] ? MLN_VERDICT_ALLOW : MLN_VERDICT_DENY;
    for (size_t h = 0; h < c->list_count[side]; h++) {
        const struct list *list = &c->lists[side][h];
        const struct mln_rules_list rules = {list->first, list->count, c->allows};
        enum mln_verdict one = mln_rules_verdict(&rules, alive, sure);
        if (one == MLN_VERDICT_DENY)
            return one;
        if (one == MLN_VERDICT_OPEN)
            all = one;
    }
    return all;
}

static enum mln_answer differs(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct comparison *c = ctx;
    enum mln_verdict old = side_verdict(c, MLN_OLD, alive, sure);
    if (old == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    enum mln_verdict new = side_verdict(c, MLN_NEW, alive, sure);
    return new == MLN_VERDICT_OPEN ? MLN_MAYBE : new == old ? MLN_NO : MLN_YES;
}

/* Behind a rule that is surely met, none counts. */
static void reduce(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    const struct comparison *c = ctx;
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t h = 0; h < c->list_count[s]; h++) {
            const struct list *list = &c->lists[s][h];
            mln_bits_first_match(alive, sure, list->first, list->first + list->count);
        }
}

/* ---- the packet as a box ---- */

MLN_VEC_TYPE(var_vec, struct mln_box_var);

/* Every unknown set that some rule names: the packet is in it or out of it. */
static void add_vars(struct comparison *c, const struct mln_packet *packet, bool is_src,
                     struct var_vec *out)
{
    for (size_t i = 0; i < c->matches.len; i++) {
        const struct mln_match *m = &c->matches.data[i];
        const uint32_t *vars = is_src ? m->src_vars : m->dst_vars;
        for (size_t k = 0; k < (is_src ? m->src_var_count : m->dst_var_count); k++) {
            struct mln_box_var var = {.number = vars[k], .is_src = is_src};
            var.in = is_src
                         ? mln_vars_name_all(packet->src_vars, packet->src_var_count, &vars[k], 1)
                         : mln_vars_name_all(packet->dst_vars, packet->dst_var_count, &vars[k], 1);
            bool known = false;
            for (size_t v = 0; v < out->len && !known; v++)
                known = out->data[v].number == var.number && out->data[v].is_src == is_src;
            if (!known)
                mln_vec_push(c->ctx.arena, out, var);
        }
    }
}

static struct mln_diff_box box_of(struct comparison *c, const struct mln_packet *packet)
{
    struct var_vec vars = {0};
    add_vars(c, packet, true, &vars);
    add_vars(c, packet, false, &vars);
    bool ported = packet->proto == MLN_PROTO_TCP || packet->proto == MLN_PROTO_UDP;
    return (struct mln_diff_box){
        .box = {.family = c->family,
                .protos = MLN_PROTO_BIT(packet->proto),
                .src = mln_ipset_one(c->ctx.arena, c->family, packet->src),
                .dst = mln_ipset_one(c->ctx.arena, c->family, packet->dst),
                .sport = ported ? mln_portset_one(c->ctx.arena, packet->sport)
                                : mln_portset_all(c->ctx.arena),
                .dport = ported ? mln_portset_one(c->ctx.arena, packet->dport)
                                : mln_portset_all(c->ctx.arena),
                .vars = vars.data,
                .var_count = vars.len}};
}

static bool newly_permitted(const struct comparison *c, const struct mln_packet *packet)
{
    for (size_t h = 0; h < c->list_count[MLN_NEW]; h++) {
        const struct list *list = &c->lists[MLN_NEW][h];
        size_t i = 0;
        while (i < list->count && !mln_packet_matches(packet, &c->matches.data[list->first + i]))
            i++;
        if (i == list->count || !list->entries.data[i].allow)
            return false;
    }
    return true;
}

bool mln_diff_find_packet(struct comparison *c, uint64_t limit, struct mln_diff *out)
{
    const struct mln_question question = {.property = differs, .reduction = reduce, .ctx = c};
    struct mln_space *space =
        mln_space_new(c->ctx.arena, c->family, c->matches.data, c->matches.len);
    struct mln_packet packet;
    enum mln_found found = mln_space_search(space, SIZE_MAX, &question, &packet, &out->steps,
                                            limit && limit < PACKET_STEPS ? limit : PACKET_STEPS);
    if (found != MLN_FOUND)
        return found == MLN_NONE;
    struct mln_diff_box box = box_of(c, &packet);
    box.added = newly_permitted(c, &packet);
    mln_vec_push(c->ctx.arena, &c->found, box);
    out->more = true;
    return true;
}
