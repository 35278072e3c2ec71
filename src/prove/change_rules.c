/* Rules by name, as they are written: apart from what they do. Where a rule stands in a file, how
 * words and addresses are spelt and what its description says make no difference. */
#include "prove/change_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum field { PRIORITY, ACTION, SERVICE, SOURCE, DESTINATION, FIELDS };
static const char *const field_names[FIELDS] = {"priority", "action", "service", "source",
                                                "destination"};

/* A security rule: several struct mln_rule of one name, when Azure's says more than one can. */
struct entry {
    const char *name, *key;
    const struct mln_rule *first;
    MLN_VEC(const struct mln_rule *) rules;
    const char *fields[FIELDS]; /* in full */
    const char *brief[FIELDS];  /* long lists of prefixes cut; made when wanted */
    bool paired;
};
MLN_VEC_TYPE(entry_vec, struct entry);

/* ---- what a rule says ---- */

static const char *side_text(struct finder *f, const struct mln_rule_side *side, size_t most)
{
    struct mln_buf out;
    switch (side->kind) {
    case MLN_SIDE_ANY:
        return "any";
    case MLN_SIDE_TAG:
        return side->tag->name;
    case MLN_SIDE_ASG:
        return mln_printf(arena_of(f), "ASG %s", side->asg->name);
    case MLN_SIDE_PREFIXES:
        break;
    }
    mln_buf_init(&out, arena_of(f));
    mln_words_prefixes(arena_of(f), side->prefixes, most, &out);
    return out.data;
}

static const char *service_text(struct finder *f, const struct mln_rule *rule)
{
    unsigned protos = rule->proto == MLN_PROTO_ANY ? MLN_PROTOS_ALL : MLN_PROTO_BIT(rule->proto);
    bool all = mln_portset_is_all(rule->sport) && mln_portset_is_all(rule->dport);
    if (rule->proto == MLN_PROTO_ANY && !all)
        protos = mln_protos_with_ports(protos, rule->sport, rule->dport);
    return mln_words_service(f->words[f->speaker[MLN_NEW]], protos, rule->sport, rule->dport);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The texts of all rules of the entry, sorted, each once. */
static const char *sides_text(struct finder *f, const struct entry *entry, bool source, size_t most)
{
    const char **texts = MLN_NEW_ARRAY(arena_of(f), const char *, entry->rules.len);
    struct mln_buf out;
    for (size_t i = 0; i < entry->rules.len; i++)
        texts[i] =
            side_text(f, source ? &entry->rules.data[i]->src : &entry->rules.data[i]->dst, most);
    qsort(texts, entry->rules.len, sizeof *texts, by_text);
    mln_buf_init(&out, arena_of(f));
    for (size_t i = 0; i < entry->rules.len; i++)
        if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
            mln_buf_printf(&out, "%s%s", i ? ", " : "", texts[i]);
    return out.data;
}

static void fill_fields(struct finder *f, struct entry *entry)
{
    entry->fields[PRIORITY] = mln_printf(arena_of(f), "%u", entry->first->priority);
    entry->fields[ACTION] = entry->first->action == MLN_ALLOW ? "allow" : "deny";
    entry->fields[SERVICE] = service_text(f, entry->first);
    entry->fields[SOURCE] = sides_text(f, entry, true, 0);
    entry->fields[DESTINATION] = sides_text(f, entry, false, 0);
}

static const char *const *brief(struct finder *f, struct entry *entry)
{
    size_t most = f->options->prefixes;
    if (entry->brief[PRIORITY])
        return entry->brief;
    memcpy(entry->brief, entry->fields, sizeof entry->brief);
    if (most) {
        entry->brief[SOURCE] = sides_text(f, entry, true, most);
        entry->brief[DESTINATION] = sides_text(f, entry, false, most);
    }
    return entry->brief;
}

static const char *entry_text(struct finder *f, struct entry *entry)
{
    const char *const *fields = brief(f, entry);
    return mln_printf(arena_of(f), "%s %s from %s to %s, priority %s", fields[ACTION],
                      fields[SERVICE], fields[SOURCE], fields[DESTINATION], fields[PRIORITY]);
}

/* ---- entries ---- */

static const char *folded(struct mln_arena *a, const char *text)
{
    char *key = mln_strdup(a, text);
    for (char *c = key; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return key;
}

static void list_entries(struct finder *f, const struct mln_rule_vec *rules,
                         struct mln_map *by_name, struct entry_vec *out)
{
    for (size_t i = 0; i < rules->len; i++) {
        struct mln_rule *rule = rules->data[i];
        const char *key = folded(arena_of(f), rule->name);
        struct mln_map_entry *slot = mln_map_slot(by_name, key, strlen(key));
        if (!slot->value) {
            struct entry entry = {.name = rule->name, .key = key, .first = rule};
            mln_vec_push(arena_of(f), out, entry);
            slot->value = (void *)(uintptr_t)out->len;
        }
        struct entry *entry = &out->data[(uintptr_t)slot->value - 1];
        mln_vec_push(arena_of(f), &entry->rules, rule);
    }
    for (size_t i = 0; i < out->len; i++)
        fill_fields(f, &out->data[i]);
}

/* ---- differences ---- */

struct where {
    struct finder *f;
    const char *nsg;
    enum mln_direction direction;
};

static void add_details(struct finder *f, struct entry *old, struct entry *new,
                        struct mln_change_rule *change)
{
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(old->fields[i], new->fields[i]) == 0)
            continue;
        const char *detail = mln_printf(arena_of(f), "%s %s -> %s", field_names[i],
                                        brief(f, old)[i], brief(f, new)[i]);
        mln_vec_push(arena_of(f), &change->details, detail);
    }
}

static void add_pair(const struct where *at, struct entry *old, struct entry *new)
{
    struct mln_change_rule change = {.kind = MLN_CHANGE_CHANGED,
                                     .nsg = at->nsg,
                                     .direction = at->direction,
                                     .name = new->name,
                                     .rule = {old->first, new->first}};
    old->paired = new->paired = true;
    if (strcasecmp(old->name, new->name) != 0)
        change.old_name = old->name;
    add_details(at->f, old, new, &change);
    if (!change.old_name && change.details.len == 0)
        return;
    change.text[MLN_OLD] = entry_text(at->f, old);
    change.text[MLN_NEW] = entry_text(at->f, new);
    mln_vec_push(arena_of(at->f), &at->f->out->rules, change);
}

static void add_single(const struct where *at, struct entry *entry, int side)
{
    struct mln_change_rule change = {.kind =
                                         side == MLN_NEW ? MLN_CHANGE_ADDED : MLN_CHANGE_REMOVED,
                                     .nsg = at->nsg,
                                     .direction = at->direction,
                                     .name = entry->name};
    change.rule[side] = entry->first;
    change.text[side] = entry_text(at->f, entry);
    mln_vec_push(arena_of(at->f), &at->f->out->rules, change);
}

/* What a rule says, priority apart. */
static const char *content_of(struct mln_arena *a, const struct entry *entry)
{
    return mln_printf(a, "%s;%s;%s;%s", entry->fields[ACTION], entry->fields[SERVICE],
                      entry->fields[SOURCE], entry->fields[DESTINATION]);
}

/* Rules left over that say the same under another name. */
static void pair_renamed(const struct where *at, struct entry_vec *old, struct entry_vec *new)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_map *by_content = mln_map_new(scratch);
    for (size_t i = 0; i < old->len; i++)
        if (!old->data[i].paired)
            mln_map_put(by_content, content_of(scratch, &old->data[i]), &old->data[i]);
    for (size_t i = 0; i < new->len; i++) {
        struct entry *entry = &new->data[i];
        struct entry *before =
            entry->paired ? NULL : mln_map_get(by_content, content_of(scratch, entry));
        if (before && !before->paired)
            add_pair(at, before, entry);
    }
    mln_arena_free(scratch);
}

static void compare(const struct where *at, const struct mln_rule_vec *old_rules,
                    const struct mln_rule_vec *new_rules)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_map *olds = mln_map_new(scratch), *news = mln_map_new(scratch);
    struct entry_vec old = {0}, new = {0};
    list_entries(at->f, old_rules, olds, &old);
    list_entries(at->f, new_rules, news, &new);
    for (size_t i = 0; i < new.len; i++) {
        uintptr_t before = (uintptr_t)mln_map_get(olds, new.data[i].key);
        if (before)
            add_pair(at, &old.data[before - 1], &new.data[i]);
    }
    pair_renamed(at, &old, &new);
    for (size_t i = 0; i < old.len; i++)
        if (!old.data[i].paired)
            add_single(at, &old.data[i], MLN_OLD);
    for (size_t i = 0; i < new.len; i++)
        if (!new.data[i].paired)
            add_single(at, &new.data[i], MLN_NEW);
    mln_arena_free(scratch);
}

void mln_change_rules(struct finder *f, const char *nsg, const struct mln_rule_vec *const old[],
                      const struct mln_rule_vec *const new[])
{
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        const struct where at = {f, nsg, (enum mln_direction)d};
        compare(&at, old[d], new[d]);
    }
}
