/* An open-addressing table over a growing array of states. Growth stops at MOST_BYTES: what is not
 * remembered is searched again, which costs time that the step limit bounds, never a wrong answer.
 */
#include "net/memo.h"

#include "net/index.h"

#include <string.h>

#define FIRST_STATES 64 /* enough for nearly every search over one NSG of a policy */
#define MOST_KEPT ((size_t)512 << 10)
#define MOST_BYTES ((size_t)64 << 20)

static size_t entry_words(const struct mln_memo *memo)
{
    return 2 + memo->words;
}

static struct mln_memo_table table_new(const struct mln_memo *memo, struct mln_arena *arena,
                                       size_t cap)
{
    return (struct mln_memo_table){
        .slots = MLN_NEW_ARRAY(arena, struct mln_memo_slot, 2 * cap),
        .mask = 2 * cap - 1,
        .entries = MLN_NEW_ARRAY(arena, uint64_t, cap * entry_words(memo)),
        .cap = cap,
    };
}

void mln_memo_init(struct mln_memo *memo, struct mln_arena *arena, size_t words)
{
    *memo = (struct mln_memo){.arena = arena, .words = words, .age = 1};
    memo->kept = memo->now = table_new(memo, arena, FIRST_STATES);
}

void mln_memo_reset(struct mln_memo *memo)
{
    mln_arena_free(memo->grown);
    memo->grown = NULL;
    memo->now = memo->kept;
    memo->len = 0;
    if (++memo->age == 0) { /* the slots of 2^32 searches ago would come alive */
        memset(memo->kept.slots, 0, (memo->kept.mask + 1) * sizeof *memo->kept.slots);
        memo->age = 1;
    }
}

static uint64_t *entry_at(const struct mln_memo *memo, size_t i)
{
    return memo->now.entries + i * entry_words(memo);
}

static void place(struct mln_memo *memo, size_t entry)
{
    size_t at = (size_t)entry_at(memo, entry)[0] & memo->now.mask;
    while (memo->now.slots[at].age == memo->age)
        at = (at + 1) & memo->now.mask;
    memo->now.slots[at] = (struct mln_memo_slot){.age = memo->age, .entry = (uint32_t)entry};
}

/* Four times the room; false when that would be too much. */
static bool grow(struct mln_memo *memo)
{
    size_t cap = 4 * memo->now.cap, entry_size = entry_words(memo) * sizeof(uint64_t);
    size_t bytes = cap * (entry_size + 2 * sizeof(struct mln_memo_slot));
    if (bytes > MOST_BYTES)
        return false;
    struct mln_arena *grown = bytes > MOST_KEPT ? mln_arena_new_for(bytes) : NULL;
    struct mln_memo_table table = table_new(memo, grown ? grown : memo->arena, cap);
    memcpy(table.entries, memo->now.entries, memo->len * entry_size);
    memo->now = table;
    mln_arena_free(memo->grown);
    memo->grown = grown;
    if (grown == NULL)
        memo->kept = table;
    for (size_t i = 0; i < memo->len; i++)
        place(memo, i);
    return true;
}

/* Four lanes, so that the multiplications of a long set do not wait for each other. */
static uint64_t hash_state(const struct mln_memo *memo, size_t level, const uint64_t *alive)
{
    uint64_t hash = level;
    size_t k = 0;
    if (memo->words >= 8) {
        uint64_t lane[4] = {1, 2, 3, 4};
        for (; k + 4 <= memo->words; k += 4)
            for (size_t j = 0; j < 4; j++)
                lane[j] = mln_hash_word(lane[j], alive[k + j]);
        for (size_t j = 0; j < 4; j++)
            hash = mln_hash_word(hash, lane[j]);
    }
    for (; k < memo->words; k++)
        hash = mln_hash_word(hash, alive[k]);
    return mln_mix(hash);
}

static bool is_state(const uint64_t *entry, uint64_t hash, size_t level, const uint64_t *alive,
                     size_t words)
{
    return entry[0] == hash && entry[1] == level &&
           memcmp(entry + 2, alive, words * sizeof *alive) == 0;
}

bool mln_memo_add(struct mln_memo *memo, size_t level, const uint64_t *alive)
{
    uint64_t hash = hash_state(memo, level, alive);
    for (size_t at = (size_t)hash & memo->now.mask; memo->now.slots[at].age == memo->age;
         at = (at + 1) & memo->now.mask)
        if (is_state(entry_at(memo, memo->now.slots[at].entry), hash, level, alive, memo->words))
            return false;
    if (memo->len == memo->now.cap && !grow(memo))
        return true;
    uint64_t *entry = entry_at(memo, memo->len);
    entry[0] = hash;
    entry[1] = level;
    memcpy(entry + 2, alive, memo->words * sizeof *alive);
    place(memo, memo->len++);
    return true;
}
