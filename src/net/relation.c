/* How matches lie to each other, from the summaries of their sets: bit operations only, which lets
 * a list be compared with itself. */
#include "net/space_impl.h"

#include <assert.h>
#include <string.h>

void mln_space_relation(struct mln_space *space, size_t match, uint64_t *overlap, uint64_t *cover)
{
    assert(match < space->match_count);
    memset(overlap, 0, space->words * sizeof *overlap);
    memset(cover, 0, space->words * sizeof *cover);
    if (!mln_bit(space->live, match))
        return;
    memcpy(overlap, space->live, space->words * sizeof *overlap);
    memcpy(cover, space->live, space->words * sizeof *cover);
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++) {
        const struct mln_summary *s = mln_field_summary(&space->fields[f], space->set_of[f][match]);
        for (size_t k = 0; k < space->words; k++) {
            overlap[k] &= s->overlap[k];
            cover[k] &= s->cover[k];
        }
    }
    for (size_t v = 0; v < space->variable_count; v++) {
        const uint64_t *named = space->variables[v].named;
        for (size_t k = 0; !mln_bit(named, match) && k < space->words; k++)
            cover[k] &= ~named[k];
    }
}
