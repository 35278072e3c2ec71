/* Names and descriptions.
 *
 * A name must not move when another intent is added. So every decision rests on the rule's own
 * intent: its base name and piece, made legal; "-in" or "-out" when the intent has rules in both
 * directions of this NSG; a hash of the whole where it is too long. Only where two rules still want
 * one name does a neighbour count: the earlier of the table keeps it, the other adds a hash of its
 * own key, not a counter. Rules in the lock take their names first. */
#include "base/map.h"
#include "rules/describe.h"
#include "rules/lock.h"
#include "rules/passes.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 80 };

/* Azure's own rules, in lower case [NetworkSecurityGroupGet example of azure-rest-api-specs]. */
static const char *const default_rules[] = {
    "allowvnetinbound",  "allowazureloadbalancerinbound", "denyallinbound",
    "allowvnetoutbound", "allowinternetoutbound",         "denyalloutbound",
};

/* ---- legal names ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits, '_', '.' and '-' stay; anything else becomes '-'; runs of '-' become one; what
 * may not begin or end a name goes. "rule" when nothing is left. The text itself when it is legal,
 * as most are. */
static const char *legal(struct mln_arena *arena, const char *text)
{
    char *out = mln_strdup(arena, text);
    size_t len = 0;
    for (const char *p = text; *p; p++) {
        char c = is_word(*p) || *p == '_' || *p == '.' ? *p : '-';
        bool leading = len == 0 && !is_word(c);
        bool repeated = c == '-' && len > 0 && out[len - 1] == '-';
        if (!leading && !repeated)
            out[len++] = c;
    }
    while (len > 0 && !is_word(out[len - 1]) && out[len - 1] != '_')
        len--;
    out[len] = '\0';
    if (len == 0)
        return "rule";
    return strcmp(out, text) == 0 ? text : out;
}

/* "NAME-HEX" or "NAME-HEX-SUFFIX", shortened so that it fits; `whole` is what the hash stands for.
 */
static const char *shortened(struct mln_arena *arena, const char *name, const char *whole,
                             const char *suffix)
{
    uint64_t hash = mln_lock_hash(whole, strlen(whole));
    size_t room = NAME_MAX_LENGTH - strlen("-") - 6 - strlen(suffix);
    size_t length = strlen(name) < room ? strlen(name) : room;
    while (length > 0 && name[length - 1] == '-')
        length--;
    return mln_printf(arena, "%.*s-%06x%s", (int)length, name, (unsigned)(hash & 0xffffff), suffix);
}

static const char *fitted(struct mln_arena *arena, const char *name, const char *suffix)
{
    if (!*suffix && strlen(name) <= NAME_MAX_LENGTH)
        return name;
    if (strlen(name) + strlen(suffix) <= NAME_MAX_LENGTH)
        return mln_printf(arena, "%s%s", name, suffix);
    return shortened(arena, name, name, suffix);
}

/* ---- direction ---- */

/* An intent of the NSG, and the directions in which it has rules. */
struct presence {
    const struct mln_intent *intent; /* NULL: a free slot */
    unsigned directions;             /* set of 1 << direction */
};

struct naming {
    struct mln_arena *arena;   /* the compilation's: what is kept */
    struct mln_arena *scratch; /* freed with the table */
    struct presence *presence; /* a hash table */
    size_t presence_size;      /* a power of two */
    struct mln_map *used;      /* names in lower case */
};

static struct presence *presence_of(const struct naming *naming, const struct mln_intent *intent)
{
    size_t mask = naming->presence_size - 1;
    size_t at = (size_t)mln_hash_bytes(&intent, sizeof(intent)) & mask;
    while (naming->presence[at].intent && naming->presence[at].intent != intent)
        at = (at + 1) & mask;
    return &naming->presence[at];
}

static void note_directions(struct naming *naming, const struct mln_table *table)
{
    size_t count = 0;
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++)
            count += table->rules[direction].data[i]->intent_count;
    for (naming->presence_size = 16; naming->presence_size < 2 * count;)
        naming->presence_size *= 2;
    naming->presence = MLN_NEW_ARRAY(naming->scratch, struct presence, naming->presence_size);
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++) {
            const struct mln_rule *rule = table->rules[direction].data[i];
            for (size_t k = 0; k < rule->intent_count; k++) {
                struct presence *presence = presence_of(naming, rule->intents[k]);
                presence->intent = rule->intents[k];
                presence->directions |= 1u << rule->direction;
            }
        }
}

static const char *direction_suffix(const struct naming *naming, const struct mln_rule *rule)
{
    static const char *const suffixes[MLN_DIRECTIONS] = {
        [MLN_INBOUND] = "-in",
        [MLN_OUTBOUND] = "-out",
    };
    if (rule->intent_count == 0)
        return "";
    const unsigned both = 1u << MLN_INBOUND | 1u << MLN_OUTBOUND;
    bool has_both = presence_of(naming, rule->intents[0])->directions == both;
    return has_both ? suffixes[rule->direction] : "";
}

/* ---- uniqueness ---- */

/* Takes the name if it is free. */
static bool take(struct naming *naming, const char *name)
{
    char key[NAME_MAX_LENGTH];
    size_t length = strlen(name);
    assert(length <= sizeof(key));
    for (size_t i = 0; i < length; i++)
        key[i] = (char)tolower((unsigned char)name[i]);
    struct mln_map_entry *entry = mln_map_slot(naming->used, key, length);
    if (entry->value)
        return false;
    entry->value = naming;
    return true;
}

static unsigned key_hash(const struct mln_rule *rule)
{
    char text[64];
    struct mln_rule_key key = mln_lock_key(rule);
    int length =
        snprintf(text, sizeof(text), "%016llx.%08x", (unsigned long long)key.id, key.content);
    return (unsigned)mln_lock_hash(text, (size_t)length);
}

/* Tries its names in the scratch arena; kept is the one that is free. */
static const char *unique_name(struct naming *naming, const struct mln_rule *rule)
{
    const char *whole = rule->piece && *rule->piece
                            ? mln_printf(naming->scratch, "%s-%s", rule->base_name, rule->piece)
                            : rule->base_name;
    const char *base = legal(naming->scratch, whole);
    const char *suffix = direction_suffix(naming, rule);
    const char *name = fitted(naming->scratch, base, suffix);
    for (unsigned salt = 0; !take(naming, name); salt++) {
        unsigned hash = (key_hash(rule) + salt) & 0xffff;
        const char *more = mln_printf(naming->scratch, "%s-%04x", suffix, hash);
        name = fitted(naming->scratch, base, more);
    }
    return name == rule->base_name ? name : mln_strdup(naming->arena, name);
}

/* ---- the pass ---- */

/* Who chooses first: locked rules, then in order of the intents, so that one added at the end of
 * the policy takes no other's name; among the rules of one intent, direction and key decide. */
struct claim {
    uint64_t rank; /* locked or not, index of the intent, direction */
    struct mln_rule *rule;
    struct mln_rule_key key; /* where ranks are equal */
};

static int by_rank(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->key.id != y->key.id)
        return x->key.id < y->key.id ? -1 : 1;
    return x->key.content < y->key.content ? -1 : x->key.content > y->key.content;
}

static struct claim claim_of(struct mln_rule *rule)
{
    uint64_t index = rule->intent_count > 0 ? rule->intents[0]->index : UINT32_MAX;
    uint64_t unlocked = !rule->locked;
    return (struct claim){.rank = unlocked << 33 | index << 1 | (uint64_t)rule->direction,
                          .rule = rule};
}

static void sort_ties(struct claim *claims, size_t count)
{
    if (count < 2)
        return;
    for (size_t i = 0; i < count; i++)
        claims[i].key = mln_lock_key(claims[i].rule);
    qsort(claims, count, sizeof(*claims), by_rank);
}

/* Keys are many hashes: they are worked out for equals alone. */
static struct claim *sorted_claims(struct mln_arena *scratch, const struct mln_table *table,
                                   size_t count)
{
    struct claim *claims = MLN_NEW_ARRAY(scratch, struct claim, count);
    size_t at = 0;
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++)
            claims[at++] = claim_of(table->rules[direction].data[i]);
    if (count > 0)
        qsort(claims, count, sizeof(*claims), by_rank);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && claims[end].rank == claims[begin].rank;)
            end++;
        sort_ties(claims + begin, end - begin);
    }
    return claims;
}

void mln_pass_names(struct mln_ctx *ctx, struct mln_table *table)
{
    struct naming naming = {.arena = ctx->arena, .scratch = mln_arena_new()};
    struct mln_describer describer = {.ctx = ctx};
    size_t count = table->rules[MLN_INBOUND].len + table->rules[MLN_OUTBOUND].len;
    struct claim *claims = sorted_claims(naming.scratch, table, count);
    naming.used = mln_map_new(naming.scratch);
    mln_buf_init(&describer.text, naming.scratch);
    for (size_t i = 0; i < sizeof(default_rules) / sizeof(*default_rules); i++)
        take(&naming, default_rules[i]);
    note_directions(&naming, table);
    for (size_t i = 0; i < count; i++) {
        struct mln_rule *rule = claims[i].rule;
        bool keeps = rule->locked && take(&naming, rule->locked->name);
        rule->name = keeps ? rule->locked->name : unique_name(&naming, rule);
        rule->description = mln_describe(&describer, rule);
    }
    mln_arena_free(naming.scratch);
}
