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
#include "net/space_impl.h"

#include <assert.h>
#include <string.h>

struct search {
    struct mln_space *space;
    struct mln_scratch *s;
    size_t words;
    uint32_t within[MLN_FIELD_COUNT]; /* the set each field is restricted to */
    size_t within_match;              /* SIZE_MAX: none */
    mln_property *property;
    void *ctx;
    uint64_t steps, limit;
    size_t depth; /* frames in use */
};

static bool is_variable(uint32_t level)
{
    return level >= MLN_FIELD_COUNT;
}

static const struct mln_variable *variable_at(const struct search *q, uint32_t level)
{
    return &q->space->variables[level - MLN_FIELD_COUNT];
}

static uint64_t *alive_at(const struct search *q, size_t depth)
{
    return q->s->alive + depth * q->words;
}

static uint64_t *full_from(const struct search *q, size_t level)
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

static void find_alive(struct search *q)
{
    uint64_t *alive = alive_at(q, 0);
    memcpy(alive, q->space->live, q->words * sizeof *alive);
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++) {
        const uint64_t *overlap = mln_field_summary(&q->space->fields[f], q->within[f])->overlap;
        for (size_t k = 0; k < q->words; k++)
            alive[k] &= overlap[k];
    }
}

static void open_levels(struct search *q)
{
    struct mln_scratch *s = q->s;
    const uint64_t *alive = alive_at(q, 0);
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
static void find_full(struct search *q)
{
    struct mln_scratch *s = q->s;
    memset(full_from(q, s->open_count), 0xff, q->words * sizeof *s->full);
    for (size_t level = s->open_count; level-- > 0;) {
        const uint64_t *behind = full_from(q, level + 1);
        uint64_t *full = full_from(q, level);
        if (is_variable(s->open[level])) {
            const uint64_t *named = variable_at(q, s->open[level])->named;
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
static size_t next_level(struct search *q, size_t level, const uint64_t *alive)
{
    const struct mln_scratch *s = q->s;
    for (; level < s->open_count; level++, q->steps++) {
        if (is_variable(s->open[level])) {
            if (intersects(alive, variable_at(q, s->open[level])->named, q->words))
                break;
        } else if (!is_within(alive, s->cover[level], q->words)) {
            break;
        }
    }
    return level;
}

static enum mln_answer ask(struct search *q, size_t level, const uint64_t *alive)
{
    const uint64_t *full = full_from(q, level);
    for (size_t k = 0; k < q->words; k++)
        q->s->sure[k] = alive[k] & full[k];
    enum mln_answer answer = q->property(q->ctx, alive, q->s->sure);
    assert(answer != MLN_MAYBE || level < q->s->open_count);
    return answer;
}

/* The atoms of a field inside `within`, one for each distinct set of the root's matches. Worked out
 * when a search first branches on the field. The memo tells which were met: no level has this
 * number. */
static void find_local(struct search *q, uint32_t f)
{
    const struct mln_field *field = &q->space->fields[f];
    const uint64_t *alive = alive_at(q, 0);
    uint64_t *column = q->s->column;
    for (uint32_t i = field->first[q->within[f]]; i < field->first[q->within[f] + 1]; i++) {
        const uint64_t *all = mln_field_column(field, field->members[i]);
        for (size_t k = 0; k < q->words; k++)
            column[k] = all[k] & alive[k];
        q->steps++;
        if (mln_memo_add(&q->s->memo, SIZE_MAX - f, column))
            q->s->local[f][q->s->local_count[f]++] = field->members[i];
    }
}

/* An unknown set is first left ("out"), then joined ("in"). */
static size_t choices(struct search *q, size_t level)
{
    uint32_t f = q->s->open[level];
    if (is_variable(f))
        return 2;
    if (q->s->local_count[f] == 0)
        find_local(q, f);
    return q->s->local_count[f];
}

static void make_child(const struct search *q, size_t level, size_t choice, const uint64_t *alive,
                       uint64_t *child)
{
    uint32_t f = q->s->open[level];
    if (!is_variable(f)) {
        const uint64_t *column = mln_field_column(&q->space->fields[f], q->s->local[f][choice]);
        for (size_t k = 0; k < q->words; k++)
            child[k] = alive[k] & column[k];
        return;
    }
    uint64_t in = choice == 0 ? 0 : UINT64_MAX;
    const uint64_t *named = variable_at(q, f)->named;
    for (size_t k = 0; k < q->words; k++)
        child[k] = alive[k] & (in | ~named[k]);
}

static void push(struct search *q, size_t level)
{
    q->s->frames[q->depth++] = (struct mln_frame){.level = level};
}

/* Depth first with a stack of its own. Frame d branches on the matches alive_at(d); its child is
 * written to d + 1. True when the frames on the stack lead to a packet with the property. */
static enum mln_found descend(struct search *q)
{
    push(q, next_level(q, 0, alive_at(q, 0)));
    while (q->depth > 0) {
        struct mln_frame *frame = &q->s->frames[q->depth - 1];
        if (frame->next == choices(q, frame->level)) {
            q->depth--;
            continue;
        }
        if (++q->steps > q->limit)
            return MLN_GAVE_UP;
        uint64_t *child = alive_at(q, q->depth);
        make_child(q, frame->level, frame->next++, alive_at(q, q->depth - 1), child);
        size_t level = next_level(q, frame->level + 1, child);
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

/* ---- the witness ---- */

/* Which of the two values an unknown set has: as `within` says, or as the stack says, else out. */
static bool is_in(const struct search *q, size_t v)
{
    if (q->within_match != SIZE_MAX && mln_bit(q->space->variables[v].named, q->within_match))
        return true;
    for (size_t d = 0; d < q->depth; d++)
        if (q->s->open[q->s->frames[d].level] == MLN_FIELD_COUNT + v)
            return q->s->frames[d].next == 2;
    return false;
}

static const uint32_t *joined(const struct search *q, bool is_src, size_t *count)
{
    const struct mln_space *space = q->space;
    uint32_t *numbers = MLN_NEW_ARRAY(space->arena, uint32_t, space->variable_count);
    *count = 0;
    for (size_t v = 0; v < space->variable_count; v++)
        if (space->variables[v].is_src == is_src && is_in(q, v))
            numbers[(*count)++] = space->variables[v].number;
    return numbers;
}

/* Fields the stack has not decided may have any value inside `within`: the most typical one. */
static void write_packet(const struct search *q, struct mln_packet *packet)
{
    struct mln_ip value[MLN_FIELD_COUNT];
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++) {
        const struct mln_field *field = &q->space->fields[f];
        value[f] = field->typical[field->members[field->first[q->within[f]]]];
    }
    for (size_t d = 0; d < q->depth; d++) {
        uint32_t f = q->s->open[q->s->frames[d].level];
        if (!is_variable(f))
            value[f] = q->space->fields[f].typical[q->s->local[f][q->s->frames[d].next - 1]];
    }
    *packet = (struct mln_packet){
        .family = q->space->family,
        .src = value[MLN_FIELD_SRC],
        .dst = value[MLN_FIELD_DST],
        .proto = (enum mln_proto)value[MLN_FIELD_PROTO].lo,
        .sport = (uint16_t)value[MLN_FIELD_SPORT].lo,
        .dport = (uint16_t)value[MLN_FIELD_DPORT].lo,
    };
    packet->src_vars = joined(q, true, &packet->src_var_count);
    packet->dst_vars = joined(q, false, &packet->dst_var_count);
}

static enum mln_found run(struct search *q)
{
    find_alive(q);
    open_levels(q);
    find_full(q);
    enum mln_answer answer = ask(q, 0, alive_at(q, 0));
    q->steps++;
    if (answer != MLN_MAYBE)
        return answer == MLN_YES ? MLN_FOUND : MLN_NONE;
    enum mln_found found = descend(q);
    mln_memo_reset(&q->s->memo);
    return found;
}

enum mln_found mln_space_find(struct mln_space *space, size_t within, mln_property *property,
                              void *ctx, struct mln_packet *packet, uint64_t *steps, uint64_t limit)
{
    assert(within == SIZE_MAX || within < space->match_count);
    if (within != SIZE_MAX && !mln_bit(space->live, within))
        return MLN_NONE;
    struct search q = {
        .space = space,
        .s = &space->scratch,
        .words = space->words,
        .within_match = within,
        .property = property,
        .ctx = ctx,
        .limit = limit ? limit : MLN_SPACE_LIMIT,
    };
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++)
        q.within[f] = within == SIZE_MAX ? MLN_SET_ALL : space->set_of[f][within];
    enum mln_found found = run(&q);
    if (found == MLN_FOUND && packet)
        write_packet(&q, packet);
    if (steps)
        *steps += q.steps;
    return found;
}
