/* Hash index from byte strings to pointers; iteration is in insertion order, never in hash order.
 * Keys are copied into the arena. No deletion. */
#ifndef MLN_BASE_MAP_H
#define MLN_BASE_MAP_H

#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

struct mln_map_entry {
    const char *key;
    size_t length;
    uint64_t hash;
    void *value;
};

struct mln_map {
    struct mln_arena *arena;
    struct mln_map_entry *entries; /* in insertion order */
    size_t len, cap;
    uint64_t *slots; /* half a hash << 32 | index into entries + 1; 0 = free */
    size_t slot_count;
};

struct mln_map *mln_map_new(struct mln_arena *arena);
/* NULL when absent (a stored NULL is not distinguishable: store non-NULL values). */
void *mln_map_get(const struct mln_map *map, const char *key);
void *mln_map_get_n(const struct mln_map *map, const void *key, size_t length);
/* Stores or replaces. */
void mln_map_put(struct mln_map *map, const char *key, void *value);
void mln_map_put_n(struct mln_map *map, const void *key, size_t length, void *value);
/* The entry for the key, created with value NULL when absent. Valid until the next insertion. */
struct mln_map_entry *mln_map_slot(struct mln_map *map, const void *key, size_t length);

/* For tables only: what is written uses base/stable_hash.h. */
uint64_t mln_hash_bytes(const void *data, size_t length);

/* Smallest Damerau-Levenshtein distance based suggestion among `count` names: NULL when none is
 * close (distance <= 1 + length/4, case ignored). */
const char *mln_closest(const char *name, const char *const *names, size_t count);

#endif
