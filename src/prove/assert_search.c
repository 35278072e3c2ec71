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
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        if (!q->asked[d])
            continue;
        enum mln_verdict verdict = mln_rules_verdict(&q->lists[d], b.alive, b.sure);
        all = and(all, verdict == MLN_VERDICT_OPEN    ? MLN_MAYBE
                       : verdict == MLN_VERDICT_ALLOW ? MLN_YES
                                                      : MLN_NO);
    }
    return all;
}

/* Does entry `index` of the list decide? SIZE_MAX: there is no list. */
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
    for (size_t i = 0; found != MLN_YES && i < q->found.len; i += 2)
        found = or (found, and(decides(&q->lists[MLN_OUTBOUND], q->found.data[i], b),
                               decides(&q->lists[MLN_INBOUND], q->found.data[i + 1], b)));
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
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        if (q->asked[d])
            mln_bits_first_match(alive, sure, q->lists[d].first,
                                 q->lists[d].first + q->lists[d].count);
}

/* --- the space --- */

static const struct mln_zone *governed(const struct mln_assert_question *q, int d)
{
    const struct mln_end_place *place = &q->ends[d == MLN_OUTBOUND ? 0 : 1];
    return place->kind == MLN_AT_ZONE ? place->zone : NULL;
}

void mln_assert_seal(struct mln_assert_question *q)
{
    struct mln_arena *a = q->ctx.arena;
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        const struct mln_zone *zone = governed(q, d);
        q->asked[d] = zone && zone->nsg;
        q->lists[d].first = q->matches.len;
        if (!q->asked[d])
            continue;
        const struct mln_rules_view view = {&q->ctx, q->world->model, zone, (enum mln_direction)d,
                                            q->family};
        mln_rules_entries(&view, &q->world->deployed[zone->nsg->index].rules[d], &q->entries[d]);
        for (size_t i = 0; i < q->entries[d].len; i++)
            mln_vec_push(a, &q->matches, q->entries[d].data[i].match);
        q->lists[d].count = q->entries[d].len;
    }
    q->space = mln_space_new(a, q->family, q->matches.data, q->matches.len);
    q->words = mln_space_words(q->space);
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        uint64_t *allows = MLN_NEW_ARRAY(a, uint64_t, q->words);
        for (size_t i = 0; i < q->entries[d].len; i++)
            if (q->entries[d].data[i].allow)
                mln_bit_set(allows, q->lists[d].first + i);
        q->lists[d].allows = allows;
    }
}

/* --- the packet and what decides it --- */

static const uint32_t *keep(const struct mln_assert_question *q, const uint32_t *vars, size_t count)
{
    uint32_t *kept = MLN_NEW_ARRAY(q->world->ctx->arena, uint32_t, count);
    if (count)
        memcpy(kept, vars, count * sizeof *kept);
    return kept;
}

static size_t decider(const struct mln_assert_question *q, int d, const struct mln_packet *packet)
{
    for (size_t i = 0; i < q->entries[d].len; i++)
        if (mln_packet_matches(packet, &q->entries[d].data[i].match))
            return i;
    return SIZE_MAX;
}

static void add_hop(struct mln_assert_question *q, struct mln_counterexample *out, int d)
{
    size_t index = decider(q, d, &out->packet);
    mln_vec_push(q->ctx.arena, &q->found, index);
    if (!q->asked[d])
        return;
    struct mln_assert_hop hop = {
        .zone = governed(q, d), .direction = (enum mln_direction)d, .action = MLN_DENY};
    if (index < q->entries[d].len) {
        const struct mln_rules_entry *entry = &q->entries[d].data[index];
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

/* Within a zone the typical source is also the typical destination; nobody would believe such a
 * packet. */
static void part_ends(const struct mln_assert_question *q, struct mln_packet *packet)
{
    if (mln_ip_cmp(packet->src, packet->dst) != 0)
        return;
    struct mln_packet other = *packet;
    other.dst = mln_ip_next(packet->dst);
    if (!same_matches(q, packet, &other))
        other.dst = mln_ip_prev(packet->dst);
    if (same_matches(q, packet, &other))
        *packet = other;
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
    for (int end = 0; end < 2; end++)
        out->zones[end] = q->ends[end].kind == MLN_AT_ZONE ? q->ends[end].zone : NULL;
    add_hop(q, out, MLN_OUTBOUND);
    add_hop(q, out, MLN_INBOUND);
}

enum mln_found mln_assert_search(struct mln_assert_question *q, struct mln_counterexample *out)
{
    const struct mln_question question = {property_broken, reduce, q};
    *out = (struct mln_counterexample){0};
    enum mln_found found =
        mln_space_search(q->space, q->within, &question, &out->packet, NULL, 0);
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
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        const struct mln_rules_list *list = &c->q->lists[d];
        size_t first = mln_bits_first(alive, list->first, list->first + list->count);
        if (!c->q->asked[d] || first == list->first + list->count)
            continue;
        if (!mln_bit(sure, first))
            return MLN_MAYBE;
        const struct mln_rule *rule = c->q->entries[d].data[first - list->first].rule;
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
