/* Findings: allows that a deny or a forbid swallows or cuts, intents that add nothing, overrides
 * that override nothing. Each is a question about packets, asked at every end the intent has, and
 * each comes with a packet.
 *
 * An allow is swallowed when at all its source ends, or at all its destination ends, no packet of
 * it gets past the denies; it is partly cut when at some end some packet does not. An intent adds
 * nothing when at every end the verdict is the same without it. Two intents may each do so because
 * of the other: those are looked at again, the last first, without what was found idle before, so
 * that all reported ones can go together.
 *
 * A question that the search gives up, and all when together they take too long, is answered in the
 * way that claims nothing, and it is said that one was. */
#include "base/map.h"
#include "rules/findings_impl.h"

#include <string.h>

/* Steps of the search: what one question and all together may cost. An ordinary question takes
 * some hundreds, so a policy of any size has more than enough; one that is built to last stops in
 * about a second. */
enum { MOST_A_QUESTION = 500000, MOST_TOGETHER = 6000000, MOST_AN_INTENT = 500 };

struct mln_findings *mln_findings_new(struct mln_ctx *ctx, const struct mln_model *model)
{
    size_t expected = model->intents.len * (sizeof(struct finding) + sizeof(size_t));
    struct mln_arena *arena = mln_arena_new_for(expected);
    struct mln_findings *findings = MLN_NEW(arena, struct mln_findings);
    findings->arena = arena;
    findings->ctx = ctx;
    findings->model = model;
    findings->by_intent = MLN_NEW_ARRAY(arena, struct finding, model->intents.len + 1);
    findings->number = MLN_NEW_ARRAY(arena, size_t, model->intents.len + 1);
    for (size_t i = 0; i < model->intents.len; i++)
        if (model->intents.data[i]->overrides.len)
            findings->by_intent[i].met =
                MLN_NEW_ARRAY(arena, bool, model->intents.data[i]->overrides.len);
    return findings;
}

/* --- questions about one piece --- */

struct question {
    struct mln_plane *plane;
    const struct mln_piece *piece;
    size_t self;      /* the piece's match */
    const int *minus; /* its exceptions */
    size_t minus_len;
    const uint64_t *others; /* matches that must (wanted) or must not hold */
    bool wanted;
    const uint64_t *without;
    uint64_t asked; /* times, since the search began */
};

/* Is the packet in question, and really of the piece, not of its exceptions? */
static enum mln_answer in_piece(const struct question *q, const uint64_t *alive,
                                const uint64_t *sure)
{
    if (!mln_bit(alive, (size_t)q->plane->universe))
        return MLN_NO;
    bool perhaps = !mln_bit(sure, (size_t)q->plane->universe);
    for (size_t i = 0; i < q->minus_len; i++) {
        if (mln_bit(sure, (size_t)q->minus[i]))
            return MLN_NO;
        perhaps |= mln_bit(alive, (size_t)q->minus[i]);
    }
    return perhaps ? MLN_MAYBE : MLN_YES;
}

static enum mln_answer both(enum mln_answer x, enum mln_answer y)
{
    if (x == MLN_NO || y == MLN_NO)
        return MLN_NO;
    return x == MLN_YES && y == MLN_YES ? MLN_YES : MLN_MAYBE;
}

/* Packets of the piece that lie in one of `others` (wanted) or in none. Exceptions of the others
 * are respected through the plane's verdict machinery: see effective(). */
static enum mln_answer with_others(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct question *q = ctx;
    enum mln_answer own = in_piece(q, alive, sure);
    q->asked++;
    if (own == MLN_NO)
        return MLN_NO;
    mln_plane_effective(q->plane, &alive, &sure);
    bool is = mln_bits_meet(sure, q->others, q->plane->words),
         may = mln_bits_meet(alive, q->others, q->plane->words);
    enum mln_answer answer = is ? MLN_YES : may ? MLN_MAYBE : MLN_NO;
    if (!q->wanted)
        answer = is ? MLN_NO : may ? MLN_MAYBE : MLN_YES;
    return both(own, answer);
}

/* Packets of the piece whose verdict is another one without the intent. */
static enum mln_answer changes(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct question *q = ctx;
    enum mln_answer own = in_piece(q, alive, sure);
    q->asked++;
    if (own == MLN_NO)
        return MLN_NO;
    enum mln_verdict with = mln_plane_verdict(q->plane, alive, sure, NULL);
    if (with == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    enum mln_verdict without = mln_plane_verdict(q->plane, alive, sure, q->without);
    if (without == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    return with == without ? MLN_NO : own;
}

/* The packet without the unknown sets it was put into: they live as long as the space. */
static const struct mln_packet *keep_packet(struct mln_findings *findings, struct mln_packet packet)
{
    struct mln_packet *kept = MLN_NEW(findings->arena, struct mln_packet);
    *kept = packet;
    kept->src_vars = kept->dst_vars = NULL;
    kept->src_var_count = kept->dst_var_count = 0;
    return kept;
}

static enum mln_found ask(struct mln_findings *findings, struct question *q, mln_property *property,
                          struct mln_packet *packet)
{
    uint64_t most = MOST_TOGETHER + MOST_AN_INTENT * (uint64_t)findings->model->intents.len;
    enum mln_found found = MLN_GAVE_UP;
    q->asked = 0;
    if (findings->steps < most)
        found = mln_space_find(q->plane->space, q->self, property, q, packet, &findings->steps,
                               MOST_A_QUESTION);
    findings->steps += q->asked * (q->plane->words / 4 + 1); /* verdicts cost more than nodes */
    if (found == MLN_GAVE_UP && !findings->gave_up_at)
        findings->gave_up_at = q->piece->end->intent;
    return found;
}

static struct question question_of(struct mln_plane *plane, const struct mln_piece *piece)
{
    enum mln_family f = plane->family;
    return (struct question){.plane = plane,
                             .piece = piece,
                             .self = (size_t)piece->match[f],
                             .minus = piece->minus[f],
                             .minus_len = piece->minus_len[f]};
}

/* --- cuts --- */

/* The deny or forbid among the pieces that the packet's cut comes from: the first that overlaps. */
static const struct mln_piece *culprit(struct mln_problem *p, struct mln_plane *plane,
                                       const uint64_t *among, const struct mln_packet *packet)
{
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        int match = piece->match[plane->family];
        if (match >= 0 && mln_bit(among, (size_t)match) &&
            mln_packet_matches(packet, &plane->matches.data[match]))
            return piece;
    }
    return NULL;
}

static bool named_end(const struct mln_piece *piece)
{
    return piece->near->by_name || piece->far->by_name;
}

struct piece_result {
    bool survives, survives_forbids;
};

static void look_at_forbids(struct mln_findings *findings, struct mln_problem *p,
                            struct mln_plane *plane, const struct mln_piece *piece,
                            struct finding *f, struct piece_result *result)
{
    struct question q = question_of(plane, piece);
    struct mln_packet packet;
    q.others = plane->forbids;
    q.wanted = true;
    result->survives_forbids = true;
    if (ask(findings, &q, with_others, &packet) != MLN_FOUND)
        return;
    const struct mln_piece *by = culprit(p, plane, plane->forbids, &packet);
    if (!f->forbid_cut ||
        (!f->forbid_cut_by_name && by && piece->far->by_name && by->far->by_name)) {
        f->forbidder = by ? by->end->intent : NULL;
        f->forbid_packet = keep_packet(findings, packet);
    }
    f->forbid_cut = true;
    f->forbid_cut_by_name |= by && piece->near->by_name && by->near->by_name &&
                             piece->far->by_name && by->far->by_name && named_end(by);
    q.wanted = false;
    result->survives_forbids = ask(findings, &q, with_others, NULL) != MLN_NONE;
}

static const uint64_t *denies_against(struct mln_plane *plane, size_t match)
{
    for (size_t g = 0; g < plane->groups.len; g++)
        if (mln_bit(plane->groups.data[g].allows, match))
            return plane->groups.data[g].denies;
    return plane->denies;
}

static bool is_swallower(const struct finding *f, const struct mln_intent *deny)
{
    for (size_t i = 0; i < f->swallowers.len; i++)
        if (f->swallowers.data[i] == deny)
            return true;
    return false;
}

/* Which denies does the piece meet, of which nothing is left? */
static void look_at_swallowers(struct mln_findings *findings, struct mln_problem *p,
                               struct mln_plane *plane, struct question q, struct finding *f)
{
    const uint64_t *denies = q.others;
    uint64_t *one = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
    q.others = one;
    q.wanted = true;
    for (size_t i = 0; i < p->pieces.len && f->swallowers.len < MLN_MOST_SWALLOWERS; i++) {
        const struct mln_intent *intent = p->pieces.data[i]->end->intent;
        int match = p->pieces.data[i]->match[plane->family];
        if (match < 0 || !mln_bit(denies, (size_t)match) || is_swallower(f, intent) ||
            !mln_match_overlaps(&plane->matches.data[match], &plane->matches.data[q.self]))
            continue;
        mln_bit_set(one, (size_t)match);
        if (ask(findings, &q, with_others, NULL) == MLN_FOUND)
            mln_vec_push(findings->arena, &f->swallowers, intent);
        mln_bit_clear(one, (size_t)match);
    }
}

static void look_at_denies(struct mln_findings *findings, struct mln_problem *p,
                           struct mln_plane *plane, const struct mln_piece *piece,
                           struct finding *f, struct piece_result *result)
{
    struct question q = question_of(plane, piece);
    struct mln_packet packet;
    q.others = denies_against(plane, q.self);
    q.wanted = true;
    result->survives = true;
    if (ask(findings, &q, with_others, &packet) != MLN_FOUND)
        return;
    const struct mln_piece *by = culprit(p, plane, q.others, &packet);
    if (!f->cut) {
        f->cutter = by ? by->end->intent : NULL;
        f->cut_packet = keep_packet(findings, packet);
    }
    f->cut = true;
    q.wanted = false;
    result->survives = ask(findings, &q, with_others, NULL) != MLN_NONE;
    if (!result->survives)
        look_at_swallowers(findings, p, plane, q, f);
}

/* Which of the denies it overrides does the piece meet? */
static void look_at_overrides(struct mln_findings *findings, struct mln_problem *p,
                              struct mln_plane *plane, const struct mln_piece *piece,
                              struct finding *f)
{
    const struct mln_intent *intent = piece->end->intent;
    struct question q = question_of(plane, piece);
    uint64_t *one = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
    q.others = one;
    q.wanted = true;
    for (size_t i = 0; i < intent->overrides.len; i++)
        findings->number[intent->overrides.data[i]->index] = i + 1;
    for (size_t i = 0; i < p->pieces.len; i++) {
        int match = p->pieces.data[i]->match[plane->family];
        size_t number = findings->number[p->pieces.data[i]->end->intent->index];
        if (!number || match < 0 || f->met[number - 1] ||
            !mln_match_overlaps(&plane->matches.data[match], &plane->matches.data[q.self]))
            continue;
        mln_bit_set(one, (size_t)match);
        f->met[number - 1] = ask(findings, &q, with_others, NULL) != MLN_NONE;
        mln_bit_clear(one, (size_t)match);
    }
    for (size_t i = 0; i < intent->overrides.len; i++)
        findings->number[intent->overrides.data[i]->index] = 0;
}

/* --- one intent at one end --- */

static bool any_bit(const uint64_t *set, size_t words)
{
    for (size_t w = 0; w < words; w++)
        if (set[w])
            return true;
    return false;
}

static void look_at_allow(struct mln_findings *findings, struct mln_problem *p, size_t first,
                          size_t count)
{
    const struct mln_intent *intent = p->pieces.data[first]->end->intent;
    struct finding *f = &findings->by_intent[intent->index];
    bool survives = false, survives_forbids = false;
    for (size_t i = first; i < first + count; i++)
        for (int family = 0; family < MLN_FAMILIES; family++) {
            const struct mln_piece *piece = p->pieces.data[i];
            struct mln_plane *plane = &p->planes[family];
            if (piece->match[family] < 0)
                continue;
            struct piece_result result = {true, true};
            if (any_bit(plane->forbids, plane->words))
                look_at_forbids(findings, p, plane, piece, f, &result);
            if (any_bit(plane->denies, plane->words)) {
                look_at_denies(findings, p, plane, piece, f, &result);
                if (f->met)
                    look_at_overrides(findings, p, plane, piece, f);
            }
            survives |= result.survives;
            survives_forbids |= result.survives_forbids;
        }
    enum mln_direction d = p->ends->direction;
    f->ends[d]++;
    f->swallowed[d] += !survives;
    f->forbidden[d] += !survives_forbids;
}

/* Does some verdict change without the pieces from `first` on and those in `gone` (by family; NULL:
 * none)? The pieces join `gone` when not. */
static bool changes_something(struct mln_findings *findings, struct mln_problem *p, size_t first,
                              size_t count, uint64_t *const gone[MLN_FAMILIES])
{
    uint64_t *own[MLN_FAMILIES] = {NULL, NULL};
    for (int family = 0; family < MLN_FAMILIES; family++) {
        struct mln_plane *plane = &p->planes[family];
        if (!plane->space)
            continue;
        own[family] = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
        for (size_t w = 0; gone && w < plane->words; w++)
            own[family][w] = gone[family][w];
        for (size_t i = first; i < first + count; i++)
            if (p->pieces.data[i]->match[family] >= 0)
                mln_bit_set(own[family], (size_t)p->pieces.data[i]->match[family]);
        for (size_t i = first; i < first + count; i++) {
            if (p->pieces.data[i]->match[family] < 0)
                continue;
            struct question q = question_of(plane, p->pieces.data[i]);
            q.without = own[family];
            if (ask(findings, &q, changes, NULL) != MLN_NONE)
                return true;
        }
    }
    for (int family = 0; gone && family < MLN_FAMILIES; family++)
        for (size_t w = 0; own[family] && w < p->planes[family].words; w++)
            gone[family][w] = own[family][w];
    return false;
}

/* --- the usual end: allows that have nothing in common, under a default that denies --- */

enum { MOST_PAIRED = 256 };

static bool ports_meet(const struct mln_portset *x, const struct mln_portset *y)
{
    return x->ranges[0].lo <= y->ranges[y->len - 1].hi &&
           y->ranges[0].lo <= x->ranges[x->len - 1].hi;
}

/* Do two pieces of different intents share a packet? Most part at their ports. */
static bool pieces_meet(const struct mln_problem *p, const struct mln_piece *x,
                        const struct mln_piece *y)
{
    if (x->end->intent == y->end->intent || !(x->item.protos & y->item.protos) ||
        !ports_meet(x->item.dport, y->item.dport))
        return false;
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (x->match[f] >= 0 && y->match[f] >= 0 &&
            mln_match_overlaps(&p->planes[f].matches.data[x->match[f]],
                               &p->planes[f].matches.data[y->match[f]]))
            return true;
    return false;
}

bool mln_findings_simple(struct mln_findings *findings, const struct mln_problem *p)
{
    enum mln_direction d = p->ends->direction;
    if (!p->plain || p->pieces.len > MOST_PAIRED || p->ends->zone->defaults[d] != MLN_DEFAULT_DENY)
        return false;
    for (size_t i = 0; i < p->pieces.len; i++) {
        if (p->pieces.data[i]->end->intent->verb != MLN_VERB_ALLOW)
            return false;
        for (size_t k = 0; k < i; k++)
            if (pieces_meet(p, p->pieces.data[i], p->pieces.data[k]))
                return false;
    }
    const struct mln_intent *last = NULL;
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_intent *intent = p->pieces.data[i]->end->intent;
        findings->by_intent[intent->index].ends[d] += intent != last;
        findings->by_intent[intent->index].matters = true;
        last = intent;
    }
    return true;
}

void mln_findings_add(struct mln_findings *findings, struct mln_problem *p)
{
    for (size_t i = 0; i < p->pieces.len;) {
        const struct mln_intent *intent = p->pieces.data[i]->end->intent;
        size_t count = 1;
        while (i + count < p->pieces.len && p->pieces.data[i + count]->end->intent == intent)
            count++;
        if (intent->verb == MLN_VERB_ALLOW)
            look_at_allow(findings, p, i, count);
        else
            findings->by_intent[intent->index].ends[p->ends->direction]++;
        if (!intent->library && intent->verb != MLN_VERB_FORBID &&
            !findings->by_intent[intent->index].matters)
            findings->by_intent[intent->index].matters =
                changes_something(findings, p, i, count, NULL);
        i += count;
    }
}

/* --- equal intents --- */

/* Equal intents: verb, services, sides and overrides are written alike. */
void mln_findings_find_repeated(struct mln_findings *findings)
{
    struct mln_arena *a = findings->arena;
    struct mln_map *seen = mln_map_new(a);
    for (size_t i = 0; i < findings->model->intents.len; i++) {
        const struct mln_intent *intent = findings->model->intents.data[i];
        if (findings->by_intent[i].matters)
            continue;
        struct mln_buf key;
        mln_buf_init(&key, a);
        mln_buf_add(&key, mln_printf(a, "%d %d %s %s %s", intent->verb, intent->within,
                                     intent->service_text, intent->from->text, intent->to->text));
        for (size_t k = 0; k < intent->overrides.len; k++)
            mln_buf_add(&key, mln_printf(a, " %u", intent->overrides.data[k]->index));
        findings->by_intent[i].repeated = mln_map_get(seen, key.data) != NULL;
        mln_map_put(seen, key.data, &findings->by_intent[i]);
    }
}

/* --- idle together --- */

static bool is_idle(const struct mln_findings *findings, const struct mln_intent *intent)
{
    return !findings->by_intent[intent->index].matters && !intent->library &&
           intent->verb != MLN_VERB_FORBID;
}

bool mln_findings_wants_again(const struct mln_findings *findings, const struct mln_problem *p)
{
    for (size_t i = 0; i < p->pieces.len; i++)
        if (is_idle(findings, p->pieces.data[i]->end->intent))
            return true;
    return false;
}

void mln_findings_again(struct mln_findings *findings, struct mln_problem *p)
{
    uint64_t *gone[MLN_FAMILIES] = {NULL, NULL};
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (p->planes[f].space)
            gone[f] = MLN_NEW_ARRAY(p->scratch, uint64_t, p->planes[f].words);
    for (int repeated = 1; repeated >= 0; repeated--)
        for (size_t end = p->pieces.len; end > 0;) {
            const struct mln_intent *intent = p->pieces.data[end - 1]->end->intent;
            size_t first = end - 1;
            while (first > 0 && p->pieces.data[first - 1]->end->intent == intent)
                first--;
            struct finding *f = &findings->by_intent[intent->index];
            if (is_idle(findings, intent) && f->repeated == (repeated != 0))
                f->kept |= changes_something(findings, p, first, end - first, gone);
            end = first;
        }
}
