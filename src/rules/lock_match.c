/* Finding the rules of a compilation in the lock. */
#include "rules/lock_file.h"

#include <stdio.h>

/* What the maps are asked for, as bytes without padding. */
static void rule_text(char *out, size_t size, const char *nsg, enum mln_direction direction,
                      struct mln_rule_key key, bool with_content)
{
    snprintf(out, size, "%s %d %016llx %08x", nsg, (int)direction, (unsigned long long)key.id,
             with_content ? key.content : 0);
}

enum { RULE_TEXT = 256 }; /* a name of an NSG has at most 80 characters */

static struct mln_lock_entry *find(const struct mln_map *map, const char *nsg,
                                   enum mln_direction direction, struct mln_rule_key key,
                                   bool with_content)
{
    char text[RULE_TEXT];
    rule_text(text, sizeof(text), nsg, direction, key, with_content);
    struct mln_lock_entry *entry = mln_map_get(map, text);
    while (entry && entry->taken)
        entry = with_content ? entry->next_same : entry->next_id;
    return entry;
}

/* Indexes the lines, the last first, so that equal keys chain in the order of the file. */
void mln_lock_index(struct mln_lock *lock)
{
    char text[RULE_TEXT];
    for (size_t i = lock->entries.len; i-- > 0;) {
        struct mln_lock_entry *entry = lock->entries.data[i];
        rule_text(text, sizeof(text), entry->nsg, entry->direction, entry->key, true);
        entry->next_same = mln_map_get(lock->by_rule, text);
        mln_map_put(lock->by_rule, text, entry);
        rule_text(text, sizeof(text), entry->nsg, entry->direction, entry->key, false);
        entry->next_id = mln_map_get(lock->by_id, text);
        mln_map_put(lock->by_id, text, entry);
    }
}

/* What counts as the same rule, strictest first: its naming part unchanged, any part unchanged, its
 * naming part by name, any part by name. Each goes over all rules before the next is tried, so a
 * rule that is exactly the one of a line gets it. */
struct likeness {
    bool any_part, with_content;
};
static const struct likeness likenesses[] = {
    {.any_part = false, .with_content = true},
    {.any_part = true, .with_content = true},
    {.any_part = false, .with_content = false},
    {.any_part = true, .with_content = false},
};

static void match_rule(struct mln_lock *lock, const struct mln_table *table, struct mln_rule *rule,
                       const struct likeness *likeness)
{
    const struct mln_map *map = likeness->with_content ? lock->by_rule : lock->by_id;
    size_t parts = likeness->any_part ? rule->key_count : 1;
    for (size_t i = 0; i < parts && !rule->locked; i++) {
        struct mln_lock_entry *entry =
            find(map, table->nsg->name, rule->direction, rule->keys[i], likeness->with_content);
        if (entry) {
            entry->taken = true;
            rule->locked = entry;
        }
    }
}

void mln_lock_match(struct mln_lock *lock, struct mln_table *table)
{
    for (size_t k = 0; k < sizeof(likenesses) / sizeof(*likenesses) && lock->entries.len > 0; k++)
        for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
            for (size_t i = 0; i < table->rules[direction].len; i++)
                match_rule(lock, table, table->rules[direction].data[i], &likenesses[k]);
}
