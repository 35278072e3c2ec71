/* The search for a packet with a property.
 *
 * Invariant: at a node, ALIVE is exactly the set of matches that some packet of the node lies in.
 * It holds at the root because fields are independent: a match that overlaps `within` in each field
 * shares a packet with it; and choosing a value of one field drops exactly the matches that do not
 * hold it. So the state (next level, alive) determines the whole subtree, and a state that was
 * searched once without success is never searched again. SURE needs no upkeep: a match is sure when
 * it is alive and covers every level still to come, which is one mask per level and search.
 *
 * A level that every alive match covers changes nothing and is skipped without branching. Unknown
 * sets are decided last, in the order of the first match that names them: by then few matches are
 * alive, and a match's own sets are decided next to each other, so that it soon is sure or gone.
 *
 * Example: matches 0 = dst A dport 22, 1 = dst A; property "in 1, not in 0". Root: alive {0,1},
 * sure {}: maybe. Port 22: alive {0,1}; then dst A: alive {0,1} = sure: no; dst other: alive {}:
 * no. Port other: alive {1}; dst A: alive {1} = sure: yes. Witness: typical port of "other",
 * typical address of A. */
#include "net/search.h"

#include <assert.h>
#include <string.h>

static uint64_t *full_from(const struct mln_search *q, size_t level)
{
    return q->s->full + level * q->words;
}

static bool intersects(const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t k = 0; k < words; k++)
        if (a[k] & b[k])
            return true;
    return false;
}

static bool is_within(const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t k = 0; k < words; k++)
        if (a[k] & ~b[k])
            return false;
    return true;
}

/* ---- the root ---- */

static void find_alive(struct mln_search *q)
{
    uint64_t *alive = mln_alive_at(q, 0);
    memcpy(alive, q->space->live, q->words * sizeof *alive);
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++) {
        const uint64_t *overlap = mln_field_summary(&q->space->fields[f], q->within[f])->overlap;
        for (size_t k = 0; k < q->words; k++)
            alive[k] &= overlap[k];
    }
}

static void open_levels(struct mln_search *q)
{
    struct mln_scratch *s = q->s;
    const uint64_t *alive = mln_alive_at(q, 0);
    s->open_count = 0;
    for (uint32_t f = 0; f < MLN_FIELD_COUNT; f++) {
        const uint64_t *cover = mln_field_summary(&q->space->fields[f], q->within[f])->cover;
        if (is_within(alive, cover, q->words))
            continue;
        s->cover[s->open_count] = cover;
        s->open[s->open_count++] = f;
        s->local_count[f] = 0;
    }
    for (size_t v = 0; v < q->space->variable_count; v++) {
        const uint64_t *named = q->space->variables[v].named;
        bool is_in = q->within_match != SIZE_MAX && mln_bit(named, q->within_match);
        if (!is_in && intersects(alive, named, q->words))
            s->open[s->open_count++] = (uint32_t)(MLN_FIELD_COUNT + v);
    }
}

/* full[k] = full[k + 1] and what covers level k. */
static void find_full(struct mln_search *q)
{
    struct mln_scratch *s = q->s;
    memset(full_from(q, s->open_count), 0xff, q->words * sizeof *s->full);
    for (size_t level = s->open_count; level-- > 0;) {
        const uint64_t *behind = full_from(q, level + 1);
        uint64_t *full = full_from(q, level);
        if (mln_level_is_variable(s->open[level])) {
            const uint64_t *named = mln_variable_at(q, s->open[level])->named;
            for (size_t k = 0; k < q->words; k++)
                full[k] = behind[k] & ~named[k];
        } else {
            for (size_t k = 0; k < q->words; k++)
                full[k] = behind[k] & s->cover[level][k];
        }
    }
}

/* ---- nodes ---- */

/* The first level from `level` on that some alive match does not cover; open_count at a leaf. */
static size_t next_level(struct mln_search *q, size_t level, const uint64_t *alive)
{
    const struct mln_scratch *s = q->s;
    for (; level < s->open_count; level++, q->steps++) {
        if (mln_level_is_variable(s->open[level])) {
            if (intersects(alive, mln_variable_at(q, s->open[level])->named, q->words))
                break;
        } else if (!is_within(alive, s->cover[level], q->words)) {
            break;
        }
    }
    return level;
}

static const uint64_t *find_sure(const struct mln_search *q, size_t level, const uint64_t *alive)
{
    const uint64_t *full = full_from(q, level);
    for (size_t k = 0; k < q->words; k++)
        q->s->sure[k] = alive[k] & full[k];
    return q->s->sure;
}

/* Drops what the property says it does not need, and returns the level to branch on then. */
static size_t reduce(struct mln_search *q, size_t level, uint64_t *alive)
{
    if (!q->reduction)
        return level;
    q->reduction(q->ctx, alive, find_sure(q, level, alive));
    return next_level(q, level, alive);
}

static enum mln_answer ask(const struct mln_search *q, size_t level, const uint64_t *alive)
{
    enum mln_answer answer = q->property(q->ctx, alive, find_sure(q, level, alive));
    assert(answer != MLN_MAYBE || level < q->s->open_count);
    return answer;
}

static void make_child(const struct mln_search *q, const struct mln_frame *frame,
                       const uint64_t *alive, uint64_t *child)
{
    uint32_t f = q->s->open[frame->level];
    if (!mln_level_is_variable(f)) {
        const uint64_t *column = mln_field_column(&q->space->fields[f], frame->atoms[frame->next]);
        for (size_t k = 0; k < q->words; k++)
            child[k] = alive[k] & column[k];
        return;
    }
    uint64_t in = frame->next == 0 ? 0 : UINT64_MAX;
    const uint64_t *named = mln_variable_at(q, f)->named;
    for (size_t k = 0; k < q->words; k++)
        child[k] = alive[k] & (in | ~named[k]);
}

/* Frame d branches on the matches mln_alive_at(d); its children are written to d + 1. */
static void push(struct mln_search *q, size_t level)
{
    struct mln_frame *frame = &q->s->frames[q->depth];
    *frame = (struct mln_frame){.level = level};
    mln_search_choose(q, frame, mln_alive_at(q, q->depth));
    q->depth++;
}

/* Depth first with a stack of its own. When it ends with MLN_FOUND, the frames lead to the packet.
 */
static enum mln_found descend(struct mln_search *q)
{
    size_t work = 1 + q->words / 8; /* of a child */
    push(q, next_level(q, 0, mln_alive_at(q, 0)));
    while (q->depth > 0) {
        struct mln_frame *frame = &q->s->frames[q->depth - 1];
        if (frame->next == frame->count) {
            q->depth--;
            continue;
        }
        q->steps += work;
        if (q->steps > q->limit)
            return MLN_GAVE_UP;
        uint64_t *child = mln_alive_at(q, q->depth);
        make_child(q, frame, mln_alive_at(q, q->depth - 1), child);
        frame->next++;
        size_t level = reduce(q, next_level(q, frame->level + 1, child), child);
        if (!mln_memo_add(&q->s->memo, level, child))
            continue;
        enum mln_answer answer = ask(q, level, child);
        if (answer == MLN_YES)
            return MLN_FOUND;
        if (answer == MLN_MAYBE)
            push(q, level);
    }
    return MLN_NONE;
}

static enum mln_found run(struct mln_search *q)
{
    uint64_t *alive = mln_alive_at(q, 0);
    q->steps = 1;
    find_alive(q);
    open_levels(q);
    find_full(q);
    enum mln_answer answer = ask(q, 0, alive);
    if (answer != MLN_MAYBE)
        return answer == MLN_YES ? MLN_FOUND : MLN_NONE;
    if (q->reduction) { /* fewer matches leave fewer levels open */
        q->reduction(q->ctx, alive, q->s->sure);
        open_levels(q);
        find_full(q);
    }
    enum mln_found found = descend(q);
    mln_memo_reset(&q->s->memo);
    return found;
}

enum mln_found mln_space_search(struct mln_space *space, size_t within,
                                const struct mln_question *question, struct mln_packet *packet,
                                uint64_t *steps, uint64_t limit)
{
    assert(within == SIZE_MAX || within < space->match_count);
    if (within != SIZE_MAX && !mln_bit(space->live, within))
        return MLN_NONE;
    struct mln_search q = {
        .space = space,
        .s = &space->scratch,
        .words = space->words,
        .within_match = within,
        .property = question->property,
        .reduction = question->reduction,
        .ctx = question->ctx,
        .limit = limit ? limit : MLN_SPACE_LIMIT,
    };
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++)
        q.within[f] = within == SIZE_MAX ? MLN_SET_ALL : space->set_of[f][within];
    enum mln_found found = run(&q);
    if (found == MLN_FOUND && packet)
        mln_search_witness(&q, packet);
    if (steps)
        *steps += q.steps;
    return found;
}

enum mln_found mln_space_find(struct mln_space *space, size_t within, mln_property *property,
                              void *ctx, struct mln_packet *packet, uint64_t *steps, uint64_t limit)
{
    struct mln_question question = {.property = property, .ctx = ctx};
    return mln_space_search(space, within, &question, packet, steps, limit);
}
