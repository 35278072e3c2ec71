/* What the policy says of a packet at one end, from the set of matches that it lies in.
 *
 * It is computed on a pair of sets, ALIVE (may match) and SURE (do match), so that whole subtrees
 * of a search are decided at once. */
#include "rules/end.h"

#include <string.h>

/* --- bit sets --- */

static bool overrides(const struct mln_intent *allow, const struct mln_intent *deny)
{
    for (size_t i = 0; i < allow->overrides.len; i++)
        if (allow->overrides.data[i] == deny)
            return true;
    return false;
}

bool mln_same_overrides(const struct mln_intent *x, const struct mln_intent *y)
{
    if (x->overrides.len != y->overrides.len)
        return false;
    for (size_t i = 0; i < x->overrides.len; i++)
        if (!overrides(y, x->overrides.data[i]))
            return false;
    return true;
}

static struct mln_override_group *group_of(struct mln_problem *p, struct mln_plane *plane,
                                           const struct mln_intent *intent)
{
    for (size_t i = 0; i < plane->groups.len; i++)
        if (mln_same_overrides(plane->groups.data[i].intent, intent))
            return &plane->groups.data[i];
    struct mln_override_group group = {.intent = intent,
                                       .allows = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words),
                                       .denies = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words)};
    mln_vec_push(p->scratch, &plane->groups, group);
    return &plane->groups.data[plane->groups.len - 1];
}

static void seal_exceptions(struct mln_problem *p, struct mln_plane *plane,
                            const struct mln_piece *piece)
{
    size_t match = (size_t)piece->match[plane->family];
    if (!plane->cut) {
        plane->cut = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
        plane->piece_of = MLN_NEW_ARRAY(p->scratch, const struct mln_piece *, plane->matches.len);
    }
    mln_bit_set(plane->cut, match);
    plane->piece_of[match] = piece;
}

static void seal_piece(struct mln_problem *p, struct mln_plane *plane,
                       const struct mln_piece *piece)
{
    int match = piece->match[plane->family];
    if (match < 0)
        return;
    switch (piece->end->intent->verb) {
    case MLN_VERB_FORBID:
        mln_bit_set(plane->forbids, (size_t)match);
        break;
    case MLN_VERB_DENY:
        mln_bit_set(plane->denies, (size_t)match);
        break;
    default:
        mln_bit_set(plane->allows, (size_t)match);
        struct mln_override_group *group = group_of(p, plane, piece->end->intent);
        mln_bit_set(group->allows, (size_t)match);
        plane->group_of[match] = (uint32_t)(group - plane->groups.data);
        break;
    }
    if (piece->minus_len[plane->family])
        seal_exceptions(p, plane, piece);
}

static void seal_groups(struct mln_problem *p, struct mln_plane *plane)
{
    for (size_t g = 0; g < plane->groups.len; g++)
        memcpy(plane->groups.data[g].denies, plane->denies, plane->words * sizeof(uint64_t));
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        int match = piece->match[plane->family];
        if (match < 0 || piece->end->intent->verb != MLN_VERB_DENY)
            continue;
        for (size_t g = 0; g < plane->groups.len; g++)
            if (overrides(plane->groups.data[g].intent, piece->end->intent))
                mln_bit_clear(plane->groups.data[g].denies, (size_t)match);
    }
}

void mln_problem_seal_plane(struct mln_problem *p, struct mln_plane *plane)
{
    struct mln_arena *a = p->scratch;
    plane->space = mln_space_new(a, plane->family, plane->matches.data, plane->matches.len);
    plane->words = mln_space_words(plane->space);
    uint64_t **sets[] = {&plane->forbids,  &plane->denies, &plane->allows,
                         &plane->defaults, &plane->alive,  &plane->sure};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        *sets[i] = MLN_NEW_ARRAY(a, uint64_t, plane->words);
    memset(&plane->groups, 0, sizeof plane->groups);
    plane->cut = NULL;
    plane->group_of = MLN_NEW_ARRAY(a, uint32_t, plane->matches.len + 1);
    for (size_t i = 0; i < p->pieces.len; i++)
        seal_piece(p, plane, p->pieces.data[i]);
    seal_groups(p, plane);
    for (size_t i = 0; i < plane->default_matches.len; i++)
        mln_bit_set(plane->defaults, (size_t)plane->default_matches.data[i]);
}

void mln_problem_seal(struct mln_problem *p)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (p->planes[f].universe >= 0)
            mln_problem_seal_plane(p, &p->planes[f]);
}

void mln_problem_unseal(struct mln_problem *p)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_plane *plane = &p->planes[f];
        plane->space = NULL;
        plane->forbids = plane->denies = plane->allows = plane->defaults = plane->alive =
            plane->sure = NULL;
        memset(&plane->groups, 0, sizeof plane->groups);
        plane->cut = NULL;
    }
    p->scratch = NULL;
}

/* --- the verdict --- */

/* alive and sure with the exceptions taken out: a piece dies where an exception is sure, and is not
 * sure where one is alive. Few pieces match one packet, so the bits lead to those that do. */
static void apply_cuts(struct mln_plane *plane, const uint64_t *alive, const uint64_t *sure)
{
    memcpy(plane->alive, alive, plane->words * sizeof *alive);
    memcpy(plane->sure, sure, plane->words * sizeof *sure);
    for (size_t w = 0; w < plane->words; w++)
        for (uint64_t bits = alive[w] & plane->cut[w]; bits; bits &= bits - 1) {
            size_t match = w * 64 + (size_t)__builtin_ctzll(bits);
            const struct mln_piece *piece = plane->piece_of[match];
            for (size_t k = 0; k < piece->minus_len[plane->family]; k++) {
                size_t gone = (size_t)piece->minus[plane->family][k];
                if (mln_bit(alive, gone))
                    mln_bit_clear(plane->sure, match);
                if (mln_bit(sure, gone))
                    mln_bit_clear(plane->alive, match);
            }
        }
}

void mln_plane_effective(struct mln_plane *plane, const uint64_t **alive, const uint64_t **sure)
{
    if (!plane->cut || !mln_bits_meet(*alive, plane->cut, plane->words))
        return;
    apply_cuts(plane, *alive, *sure);
    *alive = plane->alive;
    *sure = plane->sure;
}

static bool meets(const uint64_t *x, const uint64_t *y, const uint64_t *without, size_t words)
{
    for (size_t w = 0; w < words; w++)
        if (x[w] & y[w] & (without ? ~without[w] : ~UINT64_C(0)))
            return true;
    return false;
}

/* Is there an allow in `in` with no deny against it in `denies`? Few allows match one packet,
 * however many groups there are: the bits lead to the groups. */
static bool unopposed(const struct mln_plane *plane, const uint64_t *in, const uint64_t *denies,
                      const uint64_t *without)
{
    size_t last = SIZE_MAX;
    for (size_t w = 0; w < plane->words; w++) {
        uint64_t bits = in[w] & plane->allows[w] & (without ? ~without[w] : ~UINT64_C(0));
        for (; bits; bits &= bits - 1) {
            size_t g = plane->group_of[w * 64 + (size_t)__builtin_ctzll(bits)];
            if (g == last)
                continue;
            if (!meets(denies, plane->groups.data[g].denies, without, plane->words))
                return true;
            last = g;
        }
    }
    return false;
}

/* Which kinds of matches the packets lie in, and which they may lie in. */
struct kinds {
    uint64_t forbids, denies, allows, defaults; /* 0: none */
};

static void look_at(const struct mln_plane *plane, const uint64_t *alive, const uint64_t *sure,
                    const uint64_t *without, struct kinds *is, struct kinds *may)
{
    for (size_t w = 0; w < plane->words; w++) {
        uint64_t with = without ? ~without[w] : ~UINT64_C(0), a = alive[w], s = sure[w];
        is->forbids |= s & plane->forbids[w] & with;
        may->forbids |= a & plane->forbids[w] & with;
        is->denies |= s & plane->denies[w] & with;
        may->denies |= a & plane->denies[w] & with;
        is->allows |= s & plane->allows[w] & with;
        may->allows |= a & plane->allows[w] & with;
        is->defaults |= s & plane->defaults[w];
        may->defaults |= a & plane->defaults[w];
    }
}

enum mln_verdict mln_plane_verdict(struct mln_plane *plane, const uint64_t *alive,
                                   const uint64_t *sure, const uint64_t *without)
{
    struct kinds is = {0}, may = {0};
    mln_plane_effective(plane, &alive, &sure);
    look_at(plane, alive, sure, without, &is, &may);
    if (is.forbids)
        return MLN_VERDICT_DENY;
    if (!may.forbids && is.allows && unopposed(plane, sure, alive, without))
        return MLN_VERDICT_ALLOW;
    /* One whose denies are not sure? */
    bool allow_alive = may.allows && unopposed(plane, alive, sure, without);
    if (!allow_alive && (is.denies || is.allows))
        return MLN_VERDICT_DENY;
    if (!allow_alive && !may.forbids && !may.denies && !may.allows)
        return is.defaults ? MLN_VERDICT_ALLOW : may.defaults ? MLN_VERDICT_OPEN : MLN_VERDICT_DENY;
    /* Nothing left that could permit. */
    if (!allow_alive && !may.defaults)
        return MLN_VERDICT_DENY;
    return MLN_VERDICT_OPEN;
}
