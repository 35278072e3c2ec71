/* What to try at a node.
 *
 * Atoms in none of the sets that could cut an alive match off give the same child, so the atoms
 * worth trying at a node are those of the sets of its alive matches, and one more that is outside
 * all of them. Where these are many (service tags with thousands of ranges), the atoms that the
 * matches of the root can tell apart are worked out once a search and tried instead. */
#include "net/search.h"

#include <string.h>

#define FEW 64 /* atoms that are quicker tried again than looked into */

static size_t members_within(const struct mln_search *q, uint32_t f, const uint32_t **members)
{
    const struct mln_field *field = &q->space->fields[f];
    uint32_t first = field->first[q->within[f]];
    *members = field->members + first;
    return field->first[q->within[f] + 1] - first;
}

/* How many atoms the sets of alive matches that do not cover the level have, up to `most`. */
static size_t weigh(const struct mln_search *q, size_t level, const uint64_t *alive, size_t most)
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
static void mark_set(const struct mln_search *q, uint32_t f, size_t match)
{
    const struct mln_field *field = &q->space->fields[f];
    uint32_t set = q->space->set_of[f][match];
    for (uint32_t i = field->first[set]; i < field->first[set + 1]; i++) {
        uint32_t atom = field->members[i];
        if (q->within_match == SIZE_MAX || mln_bit(mln_field_column(field, atom), q->within_match))
            mln_bit_set(q->s->marks, atom);
    }
}

static void mark_one_more(const struct mln_search *q, uint32_t f)
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
static size_t take_marks(const struct mln_search *q, uint32_t f, uint32_t *out)
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
static size_t gather(struct mln_search *q, size_t level, const uint64_t *alive, uint32_t *out)
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
static void find_local(struct mln_search *q, size_t level)
{
    uint32_t f = q->s->open[level], *local = q->s->local[f];
    const struct mln_field *field = &q->space->fields[f];
    uint64_t *column = q->s->column;
    size_t count = gather(q, level, mln_alive_at(q, 0), local), kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *all = mln_field_column(field, local[i]);
        for (size_t k = 0; k < q->words; k++)
            column[k] = all[k] & mln_alive_at(q, 0)[k];
        if (mln_memo_add(&q->s->memo, SIZE_MAX - f, column))
            local[kept++] = local[i];
    }
    q->steps += count;
    q->s->local_count[f] = kept;
}

void mln_search_choose(struct mln_search *q, struct mln_frame *frame, const uint64_t *alive)
{
    uint32_t f = q->s->open[frame->level];
    if (mln_level_is_variable(f)) {
        frame->count = 2;
        return;
    }
    bool again = q->depth > 0; /* the first node is the only one of its level */
    if (again && q->s->local_count[f] == 0 && weigh(q, frame->level, alive, FEW) == FEW)
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
