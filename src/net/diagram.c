/* Building diagrams and putting them together.
 *
 * A node at a level has one child for each atom; a node whose children are all one is never made,
 * and two nodes with the same children are one: so a set of packets has one diagram, whatever it
 * was made from (Bryant, Graph-Based Algorithms for Boolean Function Manipulation, 1986, with atoms
 * in the place of bits).
 *
 * A list is built from the top. What matters below a node is the list of the rules still alive, cut
 * where one is met for sure, without the rules at its end that say what would be said without them:
 * that cut list is the key under which results are remembered, compared in full.
 *
 * Example: deny tcp 22, allow tcp, no more. Level protocol: tcp keeps both rules, any other atom
 * keeps none, which is NONE. Under tcp the second rule is sure: the key is {deny 22} before
 * "allow". Level port: 22 gives NONE, the others keep nothing before "allow": ALL. */
#include "net/diagram_impl.h"

#include <string.h>

/* ---- memory ---- */

static bool spend(struct mln_diagrams *d, uint64_t steps)
{
    d->steps += steps;
    d->gave_up |= d->steps > d->limit;
    return !d->gave_up;
}

static uint64_t hash_words(const uint64_t *words, size_t count)
{
    uint64_t hash = count;
    for (size_t k = 0; k < count; k++)
        hash = mln_hash_word(hash, words[k]);
    return mln_mix(hash);
}

static void memo_init(struct mln_diagram_memo *memo, struct mln_arena *arena, size_t words)
{
    *memo = (struct mln_diagram_memo){.words = words};
    mln_index_init(&memo->index, arena, 256);
}

static bool memo_find(const struct mln_diagram_memo *memo, const uint64_t *key, uint64_t hash,
                      mln_diagram *out)
{
    size_t at = mln_index_start(&memo->index, hash);
    for (uint32_t id; (id = mln_index_next(&memo->index, hash, &at)) != MLN_INDEX_NONE;)
        if (memcmp(memo->keys.data + id * memo->words, key, memo->words * sizeof *key) == 0) {
            *out = memo->results.data[id];
            return true;
        }
    return false;
}

static void memo_put(struct mln_diagram_memo *memo, const uint64_t *key, uint64_t hash,
                     mln_diagram result)
{
    struct mln_arena *arena = memo->index.arena;
    mln_index_put(&memo->index, hash, (uint32_t)memo->results.len);
    for (size_t k = 0; k < memo->words; k++)
        mln_vec_push(arena, &memo->keys, key[k]);
    mln_vec_push(arena, &memo->results, result);
}

/* ---- nodes ---- */

static bool all_alike(const uint32_t *children, uint32_t count)
{
    for (uint32_t a = 1; a < count; a++)
        if (children[a] != children[0])
            return false;
    return true;
}

static uint64_t hash_node(uint32_t level, const uint32_t *children, uint32_t count)
{
    uint64_t hash = level;
    for (uint32_t a = 0; a < count; a++)
        hash = mln_hash_word(hash, children[a]);
    return mln_mix(hash);
}

/* The node of this level with these children. */
static mln_diagram make_node(struct mln_diagrams *d, uint32_t level, const uint32_t *children)
{
    uint32_t count = d->levels[level].atom_count;
    if (!spend(d, 1 + count / 8))
        return MLN_DIAGRAM_GAVE_UP;
    if (all_alike(children, count))
        return children[0];
    uint64_t hash = hash_node(level, children, count);
    size_t at = mln_index_start(&d->unique, hash);
    for (uint32_t id; (id = mln_index_next(&d->unique, hash, &at)) != MLN_INDEX_NONE;)
        if (d->nodes.data[id].level == level &&
            memcmp(mln_diagram_children(d, id), children, count * sizeof *children) == 0)
            return id;
    struct mln_diagram_node node = {.level = level, .first = (uint32_t)d->cells.len};
    mln_index_put(&d->unique, hash, (uint32_t)d->nodes.len);
    mln_vec_push(d->arena, &d->nodes, node);
    for (uint32_t a = 0; a < count; a++)
        mln_vec_push(d->arena, &d->cells, children[a]);
    return spend(d, count) ? (mln_diagram)d->nodes.len - 1 : MLN_DIAGRAM_GAVE_UP;
}

struct mln_diagrams *mln_diagrams_new(struct mln_arena *arena, enum mln_family family,
                                      const struct mln_match *matches, size_t count, uint64_t limit)
{
    struct mln_diagrams *d = MLN_NEW(arena, struct mln_diagrams);
    *d = (struct mln_diagrams){.arena = arena,
                               .family = family,
                               .match_count = count,
                               .words = (count + 63) / 64,
                               .limit = limit ? limit : MLN_DIAGRAM_LIMIT};
    mln_diagram_cut(d, matches);
    mln_index_init(&d->unique, arena, 256);
    memo_init(&d->products, arena, 1);
    struct mln_diagram_node leaf = {.level = (uint32_t)d->level_count};
    mln_vec_push(arena, &d->nodes, leaf);
    mln_vec_push(arena, &d->nodes, leaf);
    return d;
}

uint64_t mln_diagrams_steps(const struct mln_diagrams *d)
{
    return d->steps;
}

/* ---- a list ---- */

/* The words of bit sets that hold the list's matches. */
struct list {
    struct mln_diagrams *d;
    size_t low, words; /* word low + k of a full bit set is word k here */
    const uint64_t *allows;
    struct mln_diagram_memo memo; /* key: level and fallback, then the rules */
    uint64_t *keys;               /* per level, one key */
    uint32_t **children;          /* per level, room for a node's */
    uint64_t **marks;             /* per level, the atoms to look at; clear between uses */
};

/* Cuts the rules where one is sure; *fallback is what is said behind the last that is left. */
static void cut(const struct list *list, size_t level, uint64_t *rules, bool *fallback)
{
    const uint64_t *allows = list->allows + list->low;
    const uint64_t *full =
        level < list->d->level_count ? list->d->levels[level].full + list->low : NULL;
    for (size_t k = 0; k < list->words; k++) {
        uint64_t sure = full ? rules[k] & full[k] : rules[k];
        if (!sure)
            continue;
        uint64_t first = sure & (~sure + 1);
        *fallback = allows[k] & first;
        rules[k] &= first - 1;
        memset(rules + k + 1, 0, (list->words - k - 1) * sizeof *rules);
        break;
    }
    for (size_t k = list->words; k-- > 0;) { /* what says the same as the fallback, at the end */
        uint64_t other = rules[k] & (*fallback ? ~allows[k] : allows[k]);
        if (other) {
            rules[k] &= UINT64_MAX >> __builtin_clzll(other);
            break;
        }
        rules[k] = 0;
    }
}

/* The first level from `level` on that some rule does not cover. */
static size_t next_level(const struct list *list, size_t level, const uint64_t *rules)
{
    for (; level < list->d->level_count; level++) {
        const uint64_t *cover = list->d->levels[level].cover + list->low;
        for (size_t k = 0; k < list->words; k++)
            if (rules[k] & ~cover[k])
                return level;
    }
    return level;
}

static bool is_empty(const uint64_t *set, size_t words)
{
    for (size_t k = 0; k < words; k++)
        if (set[k])
            return false;
    return true;
}

static mln_diagram build(struct list *list, size_t level, uint64_t *key);

/* Marks the atoms that some rule which does not cover the level holds; the others keep just the
 * rules that do. */
static void mark_atoms(struct list *list, size_t level, const uint64_t *rules)
{
    const struct mln_level *l = &list->d->levels[level];
    const uint64_t *cover = l->cover + list->low;
    uint64_t *marks = list->marks[level];
    if (!l->set_of) {
        marks[0] = 3;
        return;
    }
    for (size_t k = 0; k < list->words; k++)
        for (uint64_t left = rules[k] & ~cover[k]; left; left &= left - 1) {
            uint32_t set = l->set_of[(list->low + k) * 64 + (size_t)__builtin_ctzll(left)];
            for (uint32_t i = l->first[set]; i < l->first[set + 1]; i++)
                mln_bit_set(marks, l->members[i]);
            list->d->steps += 1 + (l->first[set + 1] - l->first[set]) / 8;
        }
}

/* The diagram below an atom that keeps the rules that `column` has. */
static mln_diagram child_of(struct list *list, size_t level, const uint64_t *rules,
                            const uint64_t *column, bool fallback)
{
    uint64_t *child = list->keys + (level + 1) * (list->words + 1);
    child[0] = fallback;
    for (size_t k = 0; k < list->words; k++)
        child[1 + k] = rules[k] & column[k];
    spend(list->d, 2 + list->words / 4);
    return build(list, level + 1, child);
}

static mln_diagram branch(struct list *list, size_t level, const uint64_t *rules, bool fallback)
{
    struct mln_diagrams *d = list->d;
    const struct mln_level *l = &d->levels[level];
    uint32_t *children = list->children[level];
    uint64_t *marks = list->marks[level];
    bool have_other = false;
    uint32_t other = MLN_DIAGRAM_NONE;
    mark_atoms(list, level, rules);
    for (uint32_t a = 0; a < l->atom_count && !d->gave_up; a++) {
        if (mln_bit(marks, a)) {
            children[a] =
                child_of(list, level, rules, mln_level_column(d, l, a) + list->low, fallback);
            continue;
        }
        if (!have_other)
            other = child_of(list, level, rules, l->cover + list->low, fallback);
        have_other = true;
        children[a] = other;
    }
    memset(marks, 0, (l->atom_count + 63) / 64 * sizeof *marks);
    return d->gave_up ? MLN_DIAGRAM_GAVE_UP : make_node(d, (uint32_t)level, children);
}

/* key: the fallback, then the rules alive; it is written over. Recurses once a level at most. */
static mln_diagram build(struct list *list, size_t level, uint64_t *key)
{
    bool fallback = key[0];
    uint64_t *rules = key + 1;
    cut(list, level, rules, &fallback);
    if (is_empty(rules, list->words))
        return fallback ? MLN_DIAGRAM_ALL : MLN_DIAGRAM_NONE;
    level = next_level(list, level, rules);
    key[0] = (uint64_t)level << 1 | fallback;
    uint64_t hash = hash_words(key, list->words + 1);
    mln_diagram result;
    if (memo_find(&list->memo, key, hash, &result))
        return result;
    uint64_t *own = list->keys + level * (list->words + 1);
    if (own != key)
        memmove(own, key, (list->words + 1) * sizeof *own);
    result = branch(list, level, own + 1, fallback);
    memo_put(&list->memo, own, hash, result);
    return result;
}

mln_diagram mln_diagram_of_members(struct mln_diagrams *d, size_t first, size_t count,
                                   const uint64_t *members, const uint64_t *allow_bits)
{
    struct mln_arena *scratch = mln_arena_new();
    struct list list = {.d = d, .low = first / 64, .allows = allow_bits};
    list.words = count ? (first + count - 1) / 64 - list.low + 1 : 0;
    memo_init(&list.memo, scratch, list.words + 1);
    list.keys = MLN_NEW_ARRAY(scratch, uint64_t, (d->level_count + 2) * (list.words + 1));
    list.children = MLN_NEW_ARRAY(scratch, uint32_t *, d->level_count);
    list.marks = MLN_NEW_ARRAY(scratch, uint64_t *, d->level_count);
    for (size_t l = 0; l < d->level_count; l++) {
        list.children[l] = MLN_NEW_ARRAY(scratch, uint32_t, d->levels[l].atom_count);
        list.marks[l] = MLN_NEW_ARRAY(scratch, uint64_t, d->levels[l].atom_count / 64 + 1);
    }
    uint64_t *key = list.keys;
    for (size_t i = first; i < first + count; i++)
        if (mln_bit(d->live, i) && (!members || mln_bit(members, i)))
            mln_bit_set(key + 1, i - list.low * 64);
    mln_diagram result = d->gave_up ? MLN_DIAGRAM_GAVE_UP : build(&list, 0, key);
    mln_arena_free(scratch);
    return d->gave_up ? MLN_DIAGRAM_GAVE_UP : result;
}

mln_diagram mln_diagram_of_list(struct mln_diagrams *d, size_t first, size_t count,
                                const uint64_t *allow_bits)
{
    return mln_diagram_of_members(d, first, count, NULL, allow_bits);
}

/* ---- products ---- */

enum operation { BOTH, FIRST_ONLY };

static bool settled(enum operation op, mln_diagram a, mln_diagram b, mln_diagram *out)
{
    if (op == BOTH && (a == b || a == MLN_DIAGRAM_NONE || b == MLN_DIAGRAM_ALL))
        *out = a;
    else if (op == BOTH && (b == MLN_DIAGRAM_NONE || a == MLN_DIAGRAM_ALL))
        *out = b;
    else if (op == FIRST_ONLY && (a == b || a == MLN_DIAGRAM_NONE || b == MLN_DIAGRAM_ALL))
        *out = MLN_DIAGRAM_NONE;
    else if (op == FIRST_ONLY && b == MLN_DIAGRAM_NONE)
        *out = a;
    else
        return false;
    return true;
}

/* Recurses once a level at most. */
static mln_diagram product(struct mln_diagrams *d, enum operation op, mln_diagram a, mln_diagram b)
{
    mln_diagram result;
    if (settled(op, a, b, &result))
        return result;
    if (op == BOTH && a > b) {
        mln_diagram swap = a;
        a = b;
        b = swap;
    }
    const uint64_t key = (uint64_t)op << 62 | (uint64_t)a << 31 | b;
    const uint64_t hash = hash_words(&key, 1);
    if (memo_find(&d->products, &key, hash, &result))
        return result;
    uint32_t level_a = d->nodes.data[a].level, level_b = d->nodes.data[b].level;
    uint32_t level = level_a < level_b ? level_a : level_b;
    uint32_t count = d->levels[level].atom_count;
    uint32_t *children = MLN_NEW_ARRAY(d->arena, uint32_t, count);
    for (uint32_t i = 0; i < count && !d->gave_up; i++) {
        mln_diagram x = level_a == level ? mln_diagram_children(d, a)[i] : a;
        mln_diagram y = level_b == level ? mln_diagram_children(d, b)[i] : b;
        children[i] = product(d, op, x, y);
    }
    if (d->gave_up)
        return MLN_DIAGRAM_GAVE_UP;
    result = make_node(d, level, children);
    memo_put(&d->products, &key, hash, result);
    return result;
}

static mln_diagram combine(struct mln_diagrams *d, enum operation op, mln_diagram a, mln_diagram b)
{
    if (d->gave_up || a == MLN_DIAGRAM_GAVE_UP || b == MLN_DIAGRAM_GAVE_UP)
        return MLN_DIAGRAM_GAVE_UP;
    mln_diagram result = product(d, op, a, b);
    return d->gave_up ? MLN_DIAGRAM_GAVE_UP : result;
}

mln_diagram mln_diagram_and(struct mln_diagrams *d, mln_diagram a, mln_diagram b)
{
    return combine(d, BOTH, a, b);
}

mln_diagram mln_diagram_without(struct mln_diagrams *d, mln_diagram a, mln_diagram b)
{
    return combine(d, FIRST_ONLY, a, b);
}
