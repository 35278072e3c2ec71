#include "prove/first_match.h"

/* What `below` says about the packets of a node. */
struct below {
    bool any_good, any_bad;
};

/* The lowest bit of x and all under it. */
static uint64_t up_to_first(uint64_t x)
{
    return (x & -x) | ((x & -x) - 1);
}

static struct below look_below(const struct mln_first_question *q, const uint64_t *alive,
                               const uint64_t *sure)
{
    struct below seen = {false, false};
    for (size_t w = 0; w < q->words; w++) {
        uint64_t bits = alive[w] & q->below[w], end = sure[w] & q->below[w];
        if (end)
            bits &= up_to_first(end);
        seen.any_good |= (bits & q->good[w]) != 0;
        seen.any_bad |= (bits & ~q->good[w]) != 0;
        if (end)
            return seen;
    }
    seen.any_good |= q->none_is_good;
    seen.any_bad |= !q->none_is_good;
    return seen;
}

enum mln_answer mln_first_answer(const struct mln_first_question *q, const uint64_t *alive,
                                 const uint64_t *sure)
{
    if (mln_bits_meet(sure, q->above, q->words))
        return MLN_NO;
    struct below seen = look_below(q, alive, sure);
    if (!seen.any_bad)
        return MLN_NO;
    return seen.any_good || mln_bits_meet(alive, q->above, q->words) ? MLN_MAYBE : MLN_YES;
}

void mln_first_reduce(const struct mln_first_question *q, uint64_t *alive, const uint64_t *sure)
{
    bool ended = false;
    for (size_t w = 0; w < q->words; w++) {
        uint64_t below = ended ? 0 : q->below[w], end = sure[w] & below;
        if (end)
            below &= up_to_first(end);
        ended |= end != 0;
        alive[w] &= q->above[w] | below;
    }
}

static enum mln_answer answer(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    return mln_first_answer(ctx, alive, sure);
}

static void reduce(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    mln_first_reduce(ctx, alive, sure);
}

enum mln_found mln_first_find(struct mln_space *space, size_t within,
                              const struct mln_first_question *question, struct mln_packet *packet,
                              uint64_t *steps)
{
    struct mln_first_question asked = *question;
    const struct mln_question search = {answer, reduce, &asked};
    return mln_space_search(space, within, &search, packet, steps, 0);
}
