/* The states a search has been in: (level, alive set), compared in full. Internal to net/.
 *
 * A memo is emptied in constant time and keeps its table for the next search. What it grows beyond
 * half a megabyte lies in an arena of the one search, so a single hard question does not weigh on
 * the whole compilation. */
#ifndef MLN_NET_MEMO_H
#define MLN_NET_MEMO_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct mln_memo_slot {
    uint32_t age; /* the search that wrote it; another's slot is free */
    uint32_t entry;
};

struct mln_memo_table {
    struct mln_memo_slot *slots;
    size_t mask;
    uint64_t *entries; /* each: hash, level, alive set */
    size_t cap;
};

struct mln_memo {
    struct mln_arena *arena; /* of what is kept */
    size_t words;            /* of an alive set */
    size_t len;
    uint32_t age;
    struct mln_memo_table now, kept;
    struct mln_arena *grown; /* what `now` lies in when it is too large to keep; or NULL */
};

void mln_memo_init(struct mln_memo *memo, struct mln_arena *arena, size_t words);
/* Forgets everything and frees what was grown: to be called at the end of every search. */
void mln_memo_reset(struct mln_memo *memo);
/* True when the state is new. A full memo answers true for states it has no room for. */
bool mln_memo_add(struct mln_memo *memo, size_t level, const uint64_t *alive);

#endif
