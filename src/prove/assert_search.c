/* The search for a packet that breaks an assertion between two places.
 *
 * The property is three-valued on the nodes of a search: the formula of the assertion, the verdict
 * of each NSG's list, and whether the packet is decided by a pair of rules that was found before.
 */
#include "prove/assert_impl.h"

#include <string.h>

struct bits {
    const uint64_t *alive, *sure;
};

/* --- three-valued logic: MLN_NO < MLN_MAYBE < MLN_YES in effect --- */

static enum mln_answer and (enum mln_answer x, enum mln_answer y) {
    if (x == MLN_NO || y == MLN_NO) return MLN_NO;
    return x == MLN_YES && y == MLN_YES ? MLN_YES : MLN_MAYBE;
}

static enum mln_answer not(enum mln_answer x) {
    return x == MLN_MAYBE ? MLN_MAYBE
           : x == MLN_YES ? MLN_NO
                          : MLN_YES;
}

static enum mln_answer or (enum mln_answer x, enum mln_answer y) {
    return not(and(not(x), not(y)));
}

/* --- the formula --- */

static enum mln_answer part_holds(const struct mln_assert_part *part, struct bits b)
{
    enum mln_answer in = MLN_NO;
    for (size_t i = part->first; in != MLN_YES && i < part->first + part->count; i++)
        in = mln_bit(b.sure, i) ? MLN_YES : mln_bit(b.alive, i) ? MLN_MAYBE : in;
    for (size_t m = 0; in != MLN_NO && m < part->minus_len; m++)
        in = and(in, not(part_holds(&part->minus[m], b)));
    return in;
}

static enum mln_answer side_holds(const struct mln_assert_question *q, int end, struct bits b)
{
    enum mln_answer in = MLN_NO;
    for (size_t i = 0; in != MLN_YES && i < q->part_count[end]; i++)
        in = or (in, part_holds(&q->parts[end][i], b));
    return in;
}

static enum mln_answer asserted(const struct mln_assert_question *q, struct bits b)
{
    if (!q->assertion->within)
        return and(side_holds(q, 0, b), side_holds(q, 1, b));
    enum mln_answer in = MLN_NO;
    for (size_t i = 0; in != MLN_YES && i < q->part_count[0]; i++)
        in = or (in, and(part_holds(&q->parts[0][i], b), part_holds(&q->parts[1][i], b)));
    return in;
}

/* --- the lists --- */

static enum mln_answer permitted(const struct mln_assert_question *q, struct bits b)
{
    enum mln_answer all = MLN_YES;
    for (size_t i = 0; all != MLN_NO && i < q->lists.len; i++) {
        enum mln_verdict verdict = mln_rules_verdict(&q->lists.data[i].bits, b.alive, b.sure);
        all = and(all, verdict == MLN_VERDICT_OPEN    ? MLN_MAYBE
                       : verdict == MLN_VERDICT_ALLOW ? MLN_YES
                                                      : MLN_NO);
    }
    return all;
}

/* Does entry `index` of the list decide? SIZE_MAX: none does. */
static enum mln_answer decides(const struct mln_rules_list *list, size_t index, struct bits b)
{
    if (index == SIZE_MAX)
        return MLN_YES;
    size_t first = mln_bits_first(b.alive, list->first, list->first + index);
    if (!mln_bit(b.alive, list->first + index) ||
        mln_bits_first(b.sure, first, list->first + index) < list->first + index)
        return MLN_NO;
    return first == list->first + index && mln_bit(b.sure, first) ? MLN_YES : MLN_MAYBE;
}

static enum mln_answer found_before(const struct mln_assert_question *q, struct bits b)
{
    enum mln_answer found = MLN_NO;
    for (size_t i = 0; found != MLN_YES && i < q->found_count; i++) {
        enum mln_answer alike = MLN_YES;
        for (size_t l = 0; alike != MLN_NO && l < q->lists.len; l++)
            alike =
                and(alike, decides(&q->lists.data[l].bits, q->found.data[i * q->lists.len + l], b));
        found = or (found, alike);
    }
    return found;
}

static enum mln_answer broken(const struct mln_assert_question *q, struct bits b)
{
    enum mln_answer in = asserted(q, b);
    if (in == MLN_NO)
        return MLN_NO;
    enum mln_answer passes = permitted(q, b);
    in = and(in, q->assertion->verb == MLN_VERB_ASSERT_ALLOW ? not(passes) : passes);
    return in == MLN_NO ? MLN_NO : and(in, not(found_before(q, b)));
}

enum mln_answer mln_assert_broken(const struct mln_assert_question *q, const uint64_t *alive,
                                  const uint64_t *sure)
{
    return broken(q, (struct bits){alive, sure});
}

static enum mln_answer property_broken(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    return broken(ctx, (struct bits){alive, sure});
}

static enum mln_answer property_asserted(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    return asserted(ctx, (struct bits){alive, sure});
}

/* What stands behind a rule that is surely met can change nothing. */
static void reduce(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    const struct mln_assert_question *q = ctx;
    for (size_t i = 0; i < q->lists.len; i++) {
        const struct mln_rules_list *list = &q->lists.data[i].bits;
        mln_bits_first_match(alive, sure, list->first, list->first + list->count);
    }
}

/* --- the space --- */

static const struct mln_zone *zone_of(const struct mln_assert_question *q, int end)
{
    return q->ends[end].kind == MLN_AT_ZONE ? q->ends[end].zone : NULL;
}

static void add_list(struct mln_assert_question *q, const struct mln_way_hop *hop)
{
    struct mln_assert_list list = {.hop = *hop};
    mln_way_entries(&q->ctx, q->world->model, q->world->deployed, hop, q->family, &list.rules);
    list.bits.first = q->matches.len;
    list.bits.count = list.rules.entries.len;
    for (size_t i = 0; i < list.bits.count; i++)
        mln_vec_push(q->ctx.arena, &q->matches, list.rules.entries.data[i].match);
    mln_vec_push(q->ctx.arena, &q->lists, list);
}

static void find_allows(struct mln_assert_question *q, struct mln_assert_list *list)
{
    uint64_t *allows = MLN_NEW_ARRAY(q->ctx.arena, uint64_t, q->words);
    for (size_t i = 0; i < list->bits.count; i++)
        if (list->rules.entries.data[i].allow)
            mln_bit_set(allows, list->bits.first + i);
    list->bits.allows = allows;
}

void mln_assert_seal(struct mln_assert_question *q)
{
    struct mln_way_hop_vec hops = {0};
    bool all = q->ends[0].kind == MLN_AT_ALL || q->ends[1].kind == MLN_AT_ALL;
    mln_way_hops(q->ctx.arena, q->world->model, zone_of(q, 0), zone_of(q, 1), &hops);
    for (size_t i = 0; i < hops.len; i++)
        if (!all || !hops.data[i].transit)
            add_list(q, &hops.data[i]);
    mln_way_unread(q->ctx.arena, q->world->model, zone_of(q, 0), zone_of(q, 1), &q->unread);
    q->space = mln_space_new(q->ctx.arena, q->family, q->matches.data, q->matches.len);
    q->words = mln_space_words(q->space);
    for (size_t i = 0; i < q->lists.len; i++)
        find_allows(q, &q->lists.data[i]);
}

/* --- the packet and what decides it --- */

static const uint32_t *keep(const struct mln_assert_question *q, const uint32_t *vars, size_t count)
{
    uint32_t *kept = MLN_NEW_ARRAY(q->world->ctx->arena, uint32_t, count);
    if (count)
        memcpy(kept, vars, count * sizeof *kept);
    return kept;
}

static size_t decider(const struct mln_assert_list *list, const struct mln_packet *packet)
{
    for (size_t i = 0; i < list->rules.entries.len; i++)
        if (mln_packet_matches(packet, &list->rules.entries.data[i].match))
            return i;
    return SIZE_MAX;
}

static void add_hop(struct mln_assert_question *q, struct mln_counterexample *out,
                    const struct mln_assert_list *list)
{
    size_t index = decider(list, &out->packet);
    mln_vec_push(q->ctx.arena, &q->found, index);
    if (index != SIZE_MAX && list->rules.by[index])
        return;
    struct mln_assert_hop hop = {.zone = list->hop.zone,
                                 .nsg = list->hop.nsg,
                                 .direction = list->hop.direction,
                                 .transit = list->hop.transit,
                                 .ends = {list->hop.ends[0], list->hop.ends[1]},
                                 .action = MLN_DENY};
    if (index != SIZE_MAX) {
        const struct mln_rules_entry *entry = &list->rules.entries.data[index];
        hop.action = entry->allow ? MLN_ALLOW : MLN_DENY;
        hop.rule = entry->rule;
        hop.azure = entry->azure;
    }
    out->hops[out->hop_count++] = hop;
}

const char *mln_assert_sets_text(struct mln_arena *a, const struct mln_model *model,
                                 const uint32_t *vars, size_t count)
{
    struct mln_buf text;
    size_t tags = mln_tags_count(model->options->tags);
    mln_buf_init(&text, a);
    for (size_t i = 0; i < count; i++) {
        mln_buf_add(&text, text.len ? " and " : "");
        if (vars[i] < tags)
            mln_buf_add(&text, mln_tags_at(model->options->tags, vars[i])->name);
        else
            mln_buf_printf(&text, "the ASG %s", model->asgs.data[vars[i] - tags]->name);
    }
    return text.len ? text.data : NULL;
}

static const char *sets_text(const struct mln_assert_question *q, const uint32_t *vars,
                             size_t count)
{
    return mln_assert_sets_text(q->world->ctx->arena, q->world->model, vars, count);
}

static bool same_matches(const struct mln_assert_question *q, const struct mln_packet *x,
                         const struct mln_packet *y)
{
    for (size_t i = 0; i < q->matches.len; i++)
        if (mln_packet_matches(x, &q->matches.data[i]) !=
            mln_packet_matches(y, &q->matches.data[i]))
            return false;
    return true;
}

/* Any other address that fares alike. */
static void part_end(struct mln_assert_question *q, struct mln_packet *packet, int end)
{
    if (!zone_of(q, end))
        return;
    struct mln_ip *ip = end ? &packet->dst : &packet->src, same = *ip;
    const struct mln_ipset *set = mln_assert_alike(q, end, *ip);
    for (size_t i = 0; i < set->len; i++)
        if (mln_ip_cmp(set->ranges[i].lo, same) != 0)
            *ip = set->ranges[i].lo;
        else if (mln_ip_cmp(set->ranges[i].hi, same) != 0)
            *ip = set->ranges[i].hi;
}

/* Within a zone the typical source is also the typical destination; nobody would believe such a
 * packet. */
static void part_ends(struct mln_assert_question *q, struct mln_packet *packet)
{
    if (mln_ip_cmp(packet->src, packet->dst) != 0)
        return;
    struct mln_packet other = *packet;
    other.dst = mln_ip_next(packet->dst);
    if (!same_matches(q, packet, &other))
        other.dst = mln_ip_prev(packet->dst);
    if (same_matches(q, packet, &other))
        *packet = other;
    for (int end = 1; end >= 0 && mln_ip_cmp(packet->src, packet->dst) == 0; end--)
        part_end(q, packet, end);
}

/* It passes the NSGs that could be asked. */
static void doubt(const struct mln_assert_question *q, struct mln_counterexample *out)
{
    for (size_t i = 0; i < q->unread.len; i++)
        mln_vec_push(q->world->ctx->arena, &out->unread, q->unread.data[i]);
    out->undecided |= q->unread.len > 0;
}

static void complete(struct mln_assert_question *q, struct mln_counterexample *out)
{
    struct mln_packet *packet = &out->packet;
    part_ends(q, packet);
    packet->src_vars = keep(q, packet->src_vars, packet->src_var_count);
    packet->dst_vars = keep(q, packet->dst_vars, packet->dst_var_count);
    out->source_in = sets_text(q, packet->src_vars, packet->src_var_count);
    out->destination_in = sets_text(q, packet->dst_vars, packet->dst_var_count);
    out->undecided = !mln_assert_is_definite(q, packet);
    if (out->undecided)
        mln_assert_name_tags(q, out);
    if (out->undecided && !out->tags.len)
        mln_assert_name_nics(q, out);
    if (q->assertion->verb == MLN_VERB_ASSERT_DENY)
        doubt(q, out);
    for (int end = 0; end < 2; end++)
        out->zones[end] = zone_of(q, end);
    out->hops = MLN_NEW_ARRAY(q->world->ctx->arena, struct mln_assert_hop, q->lists.len + 1);
    for (size_t i = 0; i < q->lists.len; i++)
        add_hop(q, out, &q->lists.data[i]);
    q->found_count++;
}

enum mln_found mln_assert_search(struct mln_assert_question *q, struct mln_counterexample *out)
{
    const struct mln_question question = {property_broken, reduce, q};
    *out = (struct mln_counterexample){0};
    enum mln_found found = mln_space_search(q->space, q->within, &question, &out->packet, NULL, 0);
    if (found == MLN_FOUND)
        complete(q, out);
    return found;
}

bool mln_assert_has_packet(struct mln_assert_question *q)
{
    return mln_space_find(q->space, q->within, property_asserted, q, NULL, NULL, 0) != MLN_NONE;
}

/* --- coverage --- */

struct cover {
    struct mln_assert_question *q;
    bool *covered;
    bool *meets; /* by intent: it has a service in common with the assertion (rules are merged from
                    several) */
};

/* Goes on until the deciding rule is known, and looks for nothing but that. */
static enum mln_answer property_cover(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct cover *c = ctx;
    struct bits b = {alive, sure};
    enum mln_answer in = asserted(c->q, b);
    if (in != MLN_YES)
        return in;
    for (size_t l = 0; l < c->q->lists.len; l++) {
        const struct mln_rules_list *list = &c->q->lists.data[l].bits;
        size_t first = mln_bits_first(alive, list->first, list->first + list->count);
        if (first == list->first + list->count)
            continue;
        if (!mln_bit(sure, first))
            return MLN_MAYBE;
        const struct mln_rule *rule =
            c->q->lists.data[l].rules.entries.data[first - list->first].rule;
        for (size_t i = 0; rule && i < rule->intent_count; i++)
            if (c->meets[rule->intents[i]->index])
                c->covered[rule->intents[i]->index] = true;
    }
    return MLN_NO;
}

static void reduce_cover(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    reduce(((struct cover *)ctx)->q, alive, sure);
}

void mln_assert_search_cover(struct mln_assert_question *q, bool *covered)
{
    const struct mln_model *model = q->world->model;
    struct cover c = {q, covered, MLN_NEW_ARRAY(q->ctx.arena, bool, model->intents.len + 1)};
    for (size_t i = 0; i < model->intents.len; i++)
        c.meets[i] = mln_services_intersect(q->ctx.arena, &model->intents.data[i]->services,
                                            &q->assertion->services)
                         .len > 0;
    const struct mln_question question = {property_cover, reduce_cover, &c};
    mln_space_search(q->space, q->within, &question, NULL, NULL, 0);
}
