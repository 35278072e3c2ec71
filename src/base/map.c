/* Open addressing over an array of entries. A slot holds the number of its entry and half of its
 * hash, so a probe that misses touches no entry, and doubling the table reads the stored hashes
 * only; walking the entries gives insertion order. Load stays below 2/3: a search looks at
 * about 1.5 slots. */
#include "base/map.h"

#include "base/vec.h"

#include <assert.h>
#include <string.h>

#define FIRST_SLOTS 16

static uint64_t load64(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static uint64_t load32(const unsigned char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* All bytes of a short key, some of them twice; which they are, the length tells. */
static uint64_t load_short(const unsigned char *bytes, size_t length)
{
    if (length >= 4)
        return load32(bytes) << 32 | load32(bytes + length - 4);
    if (length == 0)
        return 0;
    return (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 | bytes[length - 1];
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

static uint64_t finish(uint64_t hash)
{
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ (hash >> 32);
}

/* Eight bytes a step, the last step over the last eight: multiply, then fold the well-mixed high
 * half into the low one. The length goes in first, so keys that load alike have different ones. */
uint64_t mln_hash_bytes(const void *data, size_t length)
{
    const unsigned char *bytes = data;
    uint64_t hash = mix(UINT64_C(0x243f6a8885a308d3), length);
    if (length < 8)
        return finish(mix(hash, load_short(bytes, length)));
    const unsigned char *last = bytes + length - 8;
    for (; bytes < last; bytes += 8)
        hash = mix(hash, load64(bytes));
    return finish(mix(hash, load64(last)));
}

struct mln_map *mln_map_new(struct mln_arena *arena)
{
    struct mln_map *map = MLN_NEW(arena, struct mln_map);
    map->arena = arena;
    map->slot_count = FIRST_SLOTS;
    map->slots = MLN_NEW_ARRAY(arena, uint64_t, FIRST_SLOTS);
    return map;
}

static uint64_t slot_value(uint64_t hash, size_t index)
{
    return hash >> 32 << 32 | (uint64_t)(index + 1);
}

static struct mln_map_entry *entry_of(const struct mln_map *map, uint64_t slot)
{
    return &map->entries[(uint32_t)slot - 1];
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t find(const struct mln_map *map, const void *key, size_t length, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t at = (size_t)hash & mask;
    for (; map->slots[at] != 0; at = (at + 1) & mask) {
        if (map->slots[at] >> 32 != hash >> 32)
            continue;
        const struct mln_map_entry *entry = entry_of(map, map->slots[at]);
        if (entry->length == length && (length == 0 || memcmp(entry->key, key, length) == 0))
            break;
    }
    return at;
}

static void grow_slots(struct mln_map *map)
{
    map->slot_count *= 2;
    map->slots = MLN_NEW_ARRAY(map->arena, uint64_t, map->slot_count);
    size_t mask = map->slot_count - 1;
    for (size_t i = 0; i < map->len; i++) {
        size_t at = (size_t)map->entries[i].hash & mask;
        while (map->slots[at] != 0)
            at = (at + 1) & mask;
        map->slots[at] = slot_value(map->entries[i].hash, i);
    }
}

void *mln_map_get_n(const struct mln_map *map, const void *key, size_t length)
{
    uint64_t slot = map->slots[find(map, key, length, mln_hash_bytes(key, length))];
    return slot == 0 ? NULL : entry_of(map, slot)->value;
}

void *mln_map_get(const struct mln_map *map, const char *key)
{
    return mln_map_get_n(map, key, strlen(key));
}

struct mln_map_entry *mln_map_slot(struct mln_map *map, const void *key, size_t length)
{
    uint64_t hash = mln_hash_bytes(key, length);
    size_t at = find(map, key, length, hash);
    if (map->slots[at] != 0)
        return entry_of(map, map->slots[at]);
    if ((map->len + 1) * 3 > map->slot_count * 2) {
        grow_slots(map);
        at = find(map, key, length, hash);
    }
    assert(map->len < UINT32_MAX);
    if (map->len == map->cap)
        map->entries =
            mln_vec_grow(map->arena, map->entries, map->len, &map->cap, sizeof(*map->entries));
    struct mln_map_entry *entry = &map->entries[map->len++];
    entry->key = mln_strndup(map->arena, key, length);
    entry->length = length;
    entry->hash = hash;
    map->slots[at] = slot_value(hash, map->len - 1);
    return entry;
}

void mln_map_put_n(struct mln_map *map, const void *key, size_t length, void *value)
{
    mln_map_slot(map, key, length)->value = value;
}

void mln_map_put(struct mln_map *map, const char *key, void *value)
{
    mln_map_put_n(map, key, strlen(key), value);
}
