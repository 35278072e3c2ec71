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
    mln_reduction *reduction; /* or NULL */
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

static const uint64_t *find_sure(const struct search *q, size_t level, const uint64_t *alive)
{
    const uint64_t *full = full_from(q, level);
    for (size_t k = 0; k < q->words; k++)
        q->s->sure[k] = alive[k] & full[k];
    return q->s->sure;
}

/* Drops what the property says it does not need, and returns the level to branch on then. */
static size_t reduce(struct search *q, size_t level, uint64_t *alive)
{
    if (!q->reduction)
        return level;
    q->reduction(q->ctx, alive, find_sure(q, level, alive));
    return next_level(q, level, alive);
}

static enum mln_answer ask(const struct search *q, size_t level, const uint64_t *alive)
{
    enum mln_answer answer = q->property(q->ctx, alive, find_sure(q, level, alive));
    assert(answer != MLN_MAYBE || level < q->s->open_count);
    return answer;
}

/* ---- choices ----
 *
 * Atoms in none of the sets that could cut an alive match off give the same child, so the atoms
 * worth trying at a node are those of the sets of its alive matches, and one more that is outside
 * all of them. Where these are many (service tags with thousands of ranges), the atoms that the
 * matches of the root can tell apart are worked out once a search and tried instead. */

#define FEW 64

static size_t members_within(const struct search *q, uint32_t f, const uint32_t **members)
{
    const struct mln_field *field = &q->space->fields[f];
    uint32_t first = field->first[q->within[f]];
    *members = field->members + first;
    return field->first[q->within[f] + 1] - first;
}

/* How many atoms the sets of alive matches that do not cover the level have, counted up to `most`.
 */
static size_t weigh(const struct search *q, size_t level, const uint64_t *alive, size_t most)
{
    uint32_t f = q->s->open[level];
    const struct mln_field *field = &q->space->fields[f];
    const uint32_t *set_of = q->space->set_of[f];
    size_t sum = 0;
    for (size_t k = 0; k < q->words; k++)
        for (uint64_t left = alive[k] & ~q->s->cover[level][k]; left != 0; left &= left - 1) {
            uint32_t set = set_of[k * 64 + (size_t)__builtin_ctzll(left)];
            sum += field->first[set + 1] - field->first[set];
            if (sum >= most)
                return most;
        }
    return sum;
}

/* Marks the atoms of a match's set that lie inside `within`. */
static void mark_set(const struct search *q, uint32_t f, size_t match)
{
    const struct mln_field *field = &q->space->fields[f];
    uint32_t set = q->space->set_of[f][match];
    for (uint32_t i = field->first[set]; i < field->first[set + 1]; i++) {
        uint32_t atom = field->members[i];
        if (q->within_match == SIZE_MAX || mln_bit(mln_field_column(field, atom), q->within_match))
            mln_bit_set(q->s->marks, atom);
    }
}

static void mark_one_more(const struct search *q, uint32_t f)
{
    const uint32_t *members;
    size_t count = members_within(q, f, &members);
    for (size_t i = 0; i < count; i++)
        if (!mln_bit(q->s->marks, members[i])) {
            mln_bit_set(q->s->marks, members[i]);
            return;
        }
}

/* Lists the marked atoms in trying order and takes the marks away. */
static size_t take_marks(const struct search *q, uint32_t f, uint32_t *out)
{
    size_t count = 0;
    for (size_t k = 0; k < (q->space->fields[f].atom_count + 63) / 64; k++) {
        for (uint64_t left = q->s->marks[k]; left != 0; left &= left - 1)
            out[count++] = (uint32_t)(k * 64 + (size_t)__builtin_ctzll(left));
        q->s->marks[k] = 0;
    }
    return count;
}

/* The atoms worth trying, into out; all of `within` when that is no more. */
static size_t gather(struct search *q, size_t level, const uint64_t *alive, uint32_t *out)
{
    uint32_t f = q->s->open[level];
    const uint32_t *members;
    size_t most = members_within(q, f, &members);
    size_t weight = weigh(q, level, alive, most);
    q->steps += weight / 8;
    if (weight == most) {
        memcpy(out, members, most * sizeof *out);
        return most;
    }
    for (size_t k = 0; k < q->words; k++)
        for (uint64_t left = alive[k] & ~q->s->cover[level][k]; left != 0; left &= left - 1)
            mark_set(q, f, k * 64 + (size_t)__builtin_ctzll(left));
    mark_one_more(q, f);
    return take_marks(q, f, out);
}

/* One atom for each distinct set of the root's matches. The memo tells which were met: no level has
 * the number used for it. */
static void find_local(struct search *q, size_t level)
{
    uint32_t f = q->s->open[level], *local = q->s->local[f];
    const struct mln_field *field = &q->space->fields[f];
    uint64_t *column = q->s->column;
    size_t count = gather(q, level, alive_at(q, 0), local), kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *all = mln_field_column(field, local[i]);
        for (size_t k = 0; k < q->words; k++)
            column[k] = all[k] & alive_at(q, 0)[k];
        if (mln_memo_add(&q->s->memo, SIZE_MAX - f, column))
            local[kept++] = local[i];
    }
    q->steps += count;
    q->s->local_count[f] = kept;
}

/* An unknown set is first left ("out"), then joined ("in"): choices 0 and 1. */
static void choose_from(struct search *q, struct mln_frame *frame, const uint64_t *alive)
{
    uint32_t f = q->s->open[frame->level];
    if (is_variable(f)) {
        frame->count = 2;
        return;
    }
    if (q->s->local_count[f] == 0 && weigh(q, frame->level, alive, FEW) == FEW)
        find_local(q, frame->level);
    size_t local = q->s->local_count[f];
    if (local > 0 && weigh(q, frame->level, alive, local) == local) {
        frame->atoms = q->s->local[f];
        frame->count = local;
        return;
    }
    frame->atoms = q->s->gathered[f];
    frame->count = gather(q, frame->level, alive, q->s->gathered[f]);
}

static void make_child(const struct search *q, const struct mln_frame *frame, const uint64_t *alive,
                       uint64_t *child)
{
    uint32_t f = q->s->open[frame->level];
    if (!is_variable(f)) {
        const uint64_t *column = mln_field_column(&q->space->fields[f], frame->atoms[frame->next]);
        for (size_t k = 0; k < q->words; k++)
            child[k] = alive[k] & column[k];
        return;
    }
    uint64_t in = frame->next == 0 ? 0 : UINT64_MAX;
    const uint64_t *named = variable_at(q, f)->named;
    for (size_t k = 0; k < q->words; k++)
        child[k] = alive[k] & (in | ~named[k]);
}

/* Frame d branches on the matches alive_at(d); its children are written to d + 1. */
static void push(struct search *q, size_t level)
{
    struct mln_frame *frame = &q->s->frames[q->depth];
    *frame = (struct mln_frame){.level = level};
    choose_from(q, frame, alive_at(q, q->depth));
    q->depth++;
}

/* Depth first with a stack of its own. When it ends with MLN_FOUND, the frames lead to the packet.
 */
static enum mln_found descend(struct search *q)
{
    size_t work = 1 + q->words / 8; /* of a child */
    push(q, next_level(q, 0, alive_at(q, 0)));
    while (q->depth > 0) {
        struct mln_frame *frame = &q->s->frames[q->depth - 1];
        if (frame->next == frame->count) {
            q->depth--;
            continue;
        }
        q->steps += work;
        if (q->steps > q->limit)
            return MLN_GAVE_UP;
        uint64_t *child = alive_at(q, q->depth);
        make_child(q, frame, alive_at(q, q->depth - 1), child);
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

/* The numbers of a side's unknown sets that are in; NULL when there is none, as in nearly every
 * packet. */
static const uint32_t *joined(const struct search *q, bool is_src, size_t *count)
{
    const struct mln_space *space = q->space;
    uint32_t *numbers = NULL;
    *count = 0;
    for (size_t v = 0; v < space->variable_count; v++) {
        if (space->variables[v].is_src != is_src || !is_in(q, v))
            continue;
        if (!numbers)
            numbers = MLN_NEW_ARRAY(space->arena, uint32_t, space->variable_count - v);
        numbers[(*count)++] = space->variables[v].number;
    }
    return numbers;
}

static uint32_t chosen_atom(const struct mln_frame *frame)
{
    return frame->atoms[frame->next - 1];
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
            value[f] = q->space->fields[f].typical[chosen_atom(&q->s->frames[d])];
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
    uint64_t *alive = alive_at(q, 0);
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
    struct search q = {
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
        write_packet(&q, packet);
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
