/* Counterexamples that are ones whatever service tags hold, and whatever addresses Azure gave.
 *
 * A search finds a packet with a choice of the tags it is in. The property is asked once more with
 * the tags left open: first for the packet's addresses, then for any address of one of the tags it
 * is in, which is taken to hold some. Where the answer is still yes, the packet stands; else the
 * tags that left it open are named.
 *
 * A network interface has some address, and where it is not known a packet of it stands when it
 * would with every one that the interface may have. An address of the subnet may be an
 * interface's; its packet stands when more addresses than there are such interfaces are treated
 * alike. */
#include "prove/assert_impl.h"

static size_t tag_count(const struct mln_assert_question *q)
{
    return mln_tags_count(q->world->model->options->tags);
}

/* What is known of a packet when the contents of tags are not: on each side its address, or only a
 * tag it is in. */
struct knowledge {
    const struct mln_packet *packet;
    const struct mln_tag *tag[2];   /* NULL: none */
    const struct mln_ipset *set[2]; /* where the address lies; NULL: it is known */
};

static bool listed(const uint32_t *vars, size_t count, uint32_t var)
{
    for (size_t i = 0; i < count; i++)
        if (vars[i] == var)
            return true;
    return false;
}

static enum mln_answer side_known(const struct mln_assert_question *q, const struct knowledge *k,
                                  int end, const struct mln_match *m)
{
    const struct mln_ipset *set = end ? m->dst : m->src;
    const uint32_t *vars = end ? m->dst_vars : m->src_vars;
    size_t count = end ? m->dst_var_count : m->src_var_count;
    const struct mln_tag *tag = k->tag[end];
    enum mln_answer in = MLN_YES;
    if (set && k->set[end])
        in = mln_ipset_covers(set, k->set[end])     ? MLN_YES
             : mln_ipset_overlaps(set, k->set[end]) ? MLN_MAYBE
                                                    : MLN_NO;
    else if (set && !mln_ipset_contains(set, end ? k->packet->dst : k->packet->src))
        in = MLN_NO;
    for (size_t i = 0; in != MLN_NO && i < count; i++) {
        if (vars[i] >= tag_count(q)) { /* an ASG: the packet's end is in or out of it */
            if (!listed(end ? k->packet->dst_vars : k->packet->src_vars,
                        end ? k->packet->dst_var_count : k->packet->src_var_count, vars[i]))
                in = MLN_NO;
        } else if (!tag ||
                   (vars[i] != tag->number && !(tag->parent && vars[i] == tag->parent->number)))
            in = MLN_MAYBE;
    }
    return in;
}

static enum mln_answer known(const struct mln_assert_question *q, const struct knowledge *k,
                             const struct mln_match *m)
{
    if (!(m->protos & MLN_PROTO_BIT(k->packet->proto)) ||
        (m->sport && !mln_portset_contains(m->sport, k->packet->sport)) ||
        (m->dport && !mln_portset_contains(m->dport, k->packet->dport)))
        return MLN_NO;
    enum mln_answer src = side_known(q, k, 0, m), dst = side_known(q, k, 1, m);
    if (src == MLN_NO || dst == MLN_NO)
        return MLN_NO;
    return src == MLN_YES && dst == MLN_YES ? MLN_YES : MLN_MAYBE;
}

static enum mln_answer broken_as_known(const struct mln_assert_question *q,
                                       const struct knowledge *k)
{
    uint64_t *alive = MLN_NEW_ARRAY(q->ctx.arena, uint64_t, q->words);
    uint64_t *sure = MLN_NEW_ARRAY(q->ctx.arena, uint64_t, q->words);
    for (size_t i = 0; i < q->matches.len; i++) {
        enum mln_answer in = known(q, k, &q->matches.data[i]);
        if (in != MLN_NO)
            mln_bit_set(alive, i);
        if (in == MLN_YES)
            mln_bit_set(sure, i);
    }
    return mln_assert_broken(q, alive, sure);
}

/* Where the address of an interface may be; NULL: it is known, or the end is none. */
static const struct mln_ipset *may_float(const struct mln_assert_question *q, int end)
{
    const struct mln_end_place *place = &q->ends[end];
    bool floats =
        place->kind == MLN_AT_ZONE && place->zone->nic && place->zone->nic->floating[q->family];
    return floats ? place->zone->hosts[q->family] : NULL;
}

/* One of the tags the packet was put into, taken to hold some address; i beyond them: none. */
static void suppose(struct mln_assert_question *q, struct knowledge *k, int end, size_t i)
{
    const uint32_t *vars = end ? k->packet->dst_vars : k->packet->src_vars;
    size_t count = end ? k->packet->dst_var_count : k->packet->src_var_count;
    k->tag[end] = NULL;
    k->set[end] = may_float(q, end);
    if (k->set[end] || i >= count || vars[i] >= tag_count(q))
        return;
    const struct mln_end_place *other = &q->ends[1 - end];
    if (other->kind != MLN_AT_ZONE)
        return;
    const struct mln_tag *tag = mln_tags_at(q->world->model->options->tags, vars[i]);
    struct mln_term term = mln_term_of_tag(&q->ctx, q->world->model, tag, other->zone,
                                           end ? MLN_OUTBOUND : MLN_INBOUND);
    const struct mln_match *universe = &q->matches.data[q->universe];
    k->tag[end] = tag;
    k->set[end] =
        mln_ipset_intersect(q->ctx.arena, term.set[q->family], end ? universe->dst : universe->src);
}

/* --- addresses that may be an interface's --- */

enum { INSTANCES = 1000 }; /* most of a scale set */

/* A plain one fares as its subnet does, but for what ASGs may do. */
static size_t floating_in(const struct mln_zone *zone, enum mln_family family, bool plain)
{
    size_t count = 0;
    for (size_t i = 0; i < zone->nics.len; i++) {
        const struct mln_nic *nic = zone->nics.data[i]->nic;
        if (nic->floating[family] && (plain || !mln_nic_is_plain(nic)))
            count += nic->many ? INSTANCES : 1;
    }
    return count;
}

static bool has_more(const struct mln_ipset *set, size_t than)
{
    for (size_t i = 0; i < set->len; i++) {
        const struct mln_range *r = &set->ranges[i];
        if (r->hi.hi != r->lo.hi || r->hi.lo - r->lo.lo >= than)
            return true;
        than -= (size_t)(r->hi.lo - r->lo.lo) + 1;
    }
    return false;
}

const struct mln_ipset *mln_assert_alike(struct mln_assert_question *q, int end, struct mln_ip ip)
{
    const struct mln_ipset *set = q->ends[end].zone->hosts[q->family];
    for (size_t i = 0; i < q->matches.len; i++) {
        const struct mln_match *m = &q->matches.data[i];
        const struct mln_ipset *its = end ? m->dst : m->src;
        if (its && !mln_ipset_covers(its, set))
            set = mln_ipset_contains(its, ip) ? mln_ipset_intersect(q->ctx.arena, set, its)
                                              : mln_ipset_subtract(q->ctx.arena, set, its);
    }
    return set;
}

static bool is_in_asg(const struct mln_assert_question *q, const struct mln_packet *packet, int end)
{
    const uint32_t *vars = end ? packet->dst_vars : packet->src_vars;
    size_t count = end ? packet->dst_var_count : packet->src_var_count;
    for (size_t i = 0; i < count; i++)
        if (vars[i] >= tag_count(q))
            return true;
    return false;
}

/* Is there surely such a packet that is no interface's? */
static bool is_nobodys(struct mln_assert_question *q, const struct mln_packet *packet, int end)
{
    if (q->ends[end].kind != MLN_AT_ZONE)
        return true;
    size_t count = floating_in(q->ends[end].zone, q->family, is_in_asg(q, packet, end));
    return !count || has_more(mln_assert_alike(q, end, end ? packet->dst : packet->src), count);
}

void mln_assert_name_nics(const struct mln_assert_question *q, struct mln_counterexample *out)
{
    for (int end = 0; end < 2; end++) {
        const struct mln_zone *zone = q->ends[end].kind == MLN_AT_ZONE ? q->ends[end].zone : NULL;
        if (zone && zone->nic && zone->nic->floating[q->family])
            mln_vec_push(q->world->ctx->arena, &out->nics[end], zone);
        for (size_t i = 0; zone && i < zone->nics.len; i++)
            if (zone->nics.data[i]->nic->floating[q->family] &&
                !mln_nic_is_plain(zone->nics.data[i]->nic))
                mln_vec_push(q->world->ctx->arena, &out->nics[end], zone->nics.data[i]);
    }
}

bool mln_assert_is_definite(struct mln_assert_question *q, const struct mln_packet *packet)
{
    struct knowledge k = {.packet = packet};
    if (!is_nobodys(q, packet, 0) || !is_nobodys(q, packet, 1))
        return false;
    for (size_t i = 0; i <= packet->src_var_count; i++)
        for (size_t j = 0; j <= packet->dst_var_count; j++) {
            suppose(q, &k, 0, i);
            suppose(q, &k, 1, j);
            if (broken_as_known(q, &k) == MLN_YES)
                return true;
        }
    return false;
}

/* The tags that a match names; a regional tag comes with its global one, which goes without saying.
 */
static void see_tags(const struct mln_assert_question *q, const uint32_t *vars, size_t count,
                     bool *seen)
{
    for (size_t i = 0; i < count; i++) {
        bool said = vars[i] >= tag_count(q);
        for (size_t k = 0; !said && k < count; k++) {
            const struct mln_tag *other = vars[k] < tag_count(q)
                                              ? mln_tags_at(q->world->model->options->tags, vars[k])
                                              : NULL;
            said = other && other->parent && other->parent->number == vars[i];
        }
        if (!said)
            seen[vars[i]] = true;
    }
}

/* The tags in which the packet's membership matters: those that rules or the assertion name where
 * it may be in them. */
void mln_assert_name_tags(struct mln_assert_question *q, struct mln_counterexample *out)
{
    struct knowledge k = {.packet = &out->packet};
    bool *seen = MLN_NEW_ARRAY(q->ctx.arena, bool, tag_count(q));
    for (size_t i = 0; i < q->matches.len; i++) {
        const struct mln_match *m = &q->matches.data[i];
        if (known(q, &k, m) != MLN_MAYBE)
            continue;
        /* Behind what decides for certain nothing matters. */
        bool listed_later = false;
        for (size_t l = 0; l < q->lists.len; l++) {
            const struct mln_rules_list *list = &q->lists.data[l].bits;
            if (i >= list->first && i < list->first + list->count)
                for (size_t b = list->first; b < i; b++)
                    listed_later |= known(q, &k, &q->matches.data[b]) == MLN_YES;
        }
        if (!listed_later) {
            see_tags(q, m->src_vars, m->src_var_count, seen);
            see_tags(q, m->dst_vars, m->dst_var_count, seen);
        }
    }
    for (size_t t = 0; t < tag_count(q); t++)
        if (seen[t])
            mln_vec_push(q->world->ctx->arena, &out->tags,
                         mln_tags_at(q->world->model->options->tags, t));
}
