/* A set of strings, kept apart from the hash index because it needs no entries: a slot carries the
 * text, its length and half of its hash, so a probe that misses touches no other memory. */
#include "base/names.h"

#include "base/map.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct slot {
    const char *text; /* NULL = free */
    uint32_t length, hash;
};

struct mln_names {
    struct mln_arena *arena;
    struct slot *slots;
    size_t slot_count, len;
};

struct mln_names *mln_names_new(struct mln_arena *arena)
{
    struct mln_names *names = MLN_NEW(arena, struct mln_names);
    names->arena = arena;
    names->slot_count = FIRST_SLOTS;
    names->slots = MLN_NEW_ARRAY(arena, struct slot, FIRST_SLOTS);
    return names;
}

static struct slot *find(const struct mln_names *names, const char *text, uint32_t length,
                         uint32_t hash)
{
    size_t mask = names->slot_count - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        struct slot *slot = &names->slots[at];
        if (slot->text == NULL)
            return slot;
        if (slot->hash == hash && slot->length == length && memcmp(slot->text, text, length) == 0)
            return slot;
    }
}

static void grow(struct mln_names *names)
{
    struct slot *old = names->slots;
    size_t old_count = names->slot_count;
    names->slot_count *= 2;
    names->slots = MLN_NEW_ARRAY(names->arena, struct slot, names->slot_count);
    size_t mask = names->slot_count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].text == NULL)
            continue;
        size_t at = old[i].hash & mask;
        while (names->slots[at].text != NULL)
            at = (at + 1) & mask;
        names->slots[at] = old[i];
    }
}

const char *mln_intern_n(struct mln_names *names, const char *text, size_t length)
{
    assert(length < UINT32_MAX);
    uint32_t hash = (uint32_t)mln_hash_bytes(text, length);
    struct slot *slot = find(names, text, (uint32_t)length, hash);
    if (slot->text != NULL)
        return slot->text;
    if ((names->len + 1) * 3 > names->slot_count * 2) {
        grow(names);
        slot = find(names, text, (uint32_t)length, hash);
    }
    names->len++;
    *slot = (struct slot){
        .text = mln_strndup(names->arena, text, length),
        .length = (uint32_t)length,
        .hash = hash,
    };
    return slot->text;
}

const char *mln_intern(struct mln_names *names, const char *text)
{
    return mln_intern_n(names, text, strlen(text));
}
