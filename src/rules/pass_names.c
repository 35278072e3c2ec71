/* Names and descriptions.
 *
 * A name must not move when another intent is added. So every decision rests on the rule's own
 * intent: its base name and piece, made legal; "-in" or "-out" when the intent has rules in both
 * directions of this NSG; a hash of the whole where it is too long. Only where two rules still want
 * one name does a neighbour count: the earlier of the table keeps it, the other adds a hash of its
 * own key, not a counter. Rules in the lock take their names first. */
#include "base/map.h"
#include "base/utf8.h"
#include "rules/lock.h"
#include "rules/passes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 80, SUFFIX_MAX = 20, DESCRIPTION_MAX = 140 };

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
 * may not begin or end a name goes. "rule" when nothing is left. */
static char *legal(struct mln_arena *arena, const char *text)
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
    return len > 0 ? out : mln_strdup(arena, "rule");
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

/* Intents of the NSG, and the directions in which they have rules. */
struct naming {
    struct mln_arena *arena;
    struct mln_map *directions; /* intent (its address) -> set of 1 << direction */
    struct mln_map *used;       /* names in lower case */
};

static void note_directions(struct naming *naming, const struct mln_rule *rule)
{
    for (size_t i = 0; i < rule->intent_count; i++) {
        const struct mln_intent *intent = rule->intents[i];
        struct mln_map_entry *entry = mln_map_slot(naming->directions, &intent, sizeof(intent));
        entry->value = (void *)((uintptr_t)entry->value | 1u << rule->direction);
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
    const struct mln_intent *intent = rule->intents[0];
    uintptr_t both = 1u << MLN_INBOUND | 1u << MLN_OUTBOUND;
    uintptr_t has = (uintptr_t)mln_map_get_n(naming->directions, &intent, sizeof(intent));
    return has == both ? suffixes[rule->direction] : "";
}

/* ---- uniqueness ---- */

static const char *folded(struct mln_arena *arena, const char *name)
{
    char *out = mln_strdup(arena, name);
    for (char *p = out; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return out;
}

/* Takes the name if it is free. */
static bool take(struct naming *naming, const char *name)
{
    const char *key = folded(naming->arena, name);
    if (mln_map_get(naming->used, key))
        return false;
    mln_map_put(naming->used, key, naming);
    return true;
}

static unsigned key_hash(const struct mln_rule *rule)
{
    char key[64];
    int length = snprintf(key, sizeof(key), "%016llx.%08x", (unsigned long long)rule->keys[0].id,
                          rule->keys[0].content);
    return (unsigned)mln_lock_hash(key, (size_t)length);
}

static const char *unique_name(struct naming *naming, const struct mln_rule *rule)
{
    const char *whole = rule->piece && *rule->piece
                            ? mln_printf(naming->arena, "%s-%s", rule->base_name, rule->piece)
                            : rule->base_name;
    const char *base = legal(naming->arena, whole);
    const char *suffix = direction_suffix(naming, rule);
    const char *name = fitted(naming->arena, base, suffix);
    for (unsigned salt = 0; !take(naming, name); salt++) {
        unsigned hash = (key_hash(rule) + salt) & 0xffff;
        const char *more = mln_printf(naming->arena, "%s-%04x", suffix, hash);
        name = fitted(naming->arena, base, more);
    }
    return name;
}

/* ---- descriptions ---- */

/* UTF-16 units of the first character, which takes *bytes; control characters count as a space. */
static unsigned units_of(const char *text, size_t *bytes, bool *control)
{
    uint32_t c;
    *bytes = mln_utf8_decode(text, strnlen(text, 4), &c);
    *control = c == MLN_UTF8_BAD || mln_utf8_is_control(c);
    return c != MLN_UTF8_BAD && c > 0xffff ? 2 : 1;
}

const char *mln_printable(struct mln_arena *arena, const char *text)
{
    struct mln_buf out;
    mln_buf_init(&out, arena);
    for (size_t bytes; *text; text += bytes) {
        bool control;
        units_of(text, &bytes, &control);
        if (!control && *text != ' ')
            mln_buf_add_n(&out, text, bytes);
        else if (out.len > 0 && out.data[out.len - 1] != ' ')
            mln_buf_char(&out, ' ');
    }
    while (out.len > 0 && out.data[out.len - 1] == ' ')
        out.data[--out.len] = '\0';
    return out.len > 0 ? out.data : "";
}

static unsigned units(const char *text)
{
    unsigned count = 0;
    bool control;
    for (size_t bytes; *text; text += bytes)
        count += units_of(text, &bytes, &control);
    return count;
}

/* At most DESCRIPTION_MAX units, with "..." where something was cut. */
static const char *cut(struct mln_arena *arena, const char *text)
{
    unsigned count = 0;
    size_t end = 0, bytes;
    bool control;
    if (units(text) <= DESCRIPTION_MAX)
        return text;
    for (;; end += bytes) {
        count += units_of(text + end, &bytes, &control);
        if (count > DESCRIPTION_MAX - 3)
            break;
    }
    return mln_printf(arena, "%.*s...", (int)end, text);
}

/* The statement of the policy behind the rule: for an intent of the library, where it was applied.
 */
static struct mln_span place_of(const struct mln_ctx *ctx, const struct mln_intent *intent)
{
    struct mln_span span = intent->span;
    const struct mln_source *source = mln_source_get(ctx->diags, span.file);
    const struct mln_apply_frame *frame = intent->frame;
    for (; frame && source && source->library; frame = frame->outer) {
        span = frame->span;
        source = mln_source_get(ctx->diags, span.file);
    }
    return span;
}

const char *mln_intent_place(struct mln_ctx *ctx, const struct mln_intent *intent)
{
    struct mln_span span = place_of(ctx, intent);
    const struct mln_source *source = mln_source_get(ctx->diags, span.file);
    if (!source)
        return NULL;
    /* The base name: the path may differ from one directory, or one machine, to another. */
    const char *name = source->name, *slash = strrchr(name, '/');
    if (slash && slash[1])
        name = slash + 1;
    return mln_printf(ctx->arena, "%s:%u", mln_printable(ctx->arena, name),
                      mln_line_of(ctx->diags, span.file, span.lo));
}

static const char *describe(struct mln_ctx *ctx, const struct mln_rule *rule)
{
    const char *because = rule->because ? mln_printable(ctx->arena, rule->because) : "";
    const char *place = rule->intent_count ? mln_intent_place(ctx, rule->intents[0]) : NULL;
    if (place && *because && units(because) + units(place) + strlen(" ()") <= DESCRIPTION_MAX)
        return mln_printf(ctx->arena, "%s (%s)", because, place);
    if (*because)
        return cut(ctx->arena, because);
    return place && units(place) <= DESCRIPTION_MAX ? place : NULL;
}

/* ---- the pass ---- */

/* Who chooses first: locked rules, then in order of the intents, so that one added at the end of
 * the policy takes no other's name. */
static int by_claim(const void *a, const void *b)
{
    const struct mln_rule *x = *(struct mln_rule *const *)a, *y = *(struct mln_rule *const *)b;
    uint32_t xi = x->intent_count > 0 ? x->intents[0]->index : UINT32_MAX;
    uint32_t yi = y->intent_count > 0 ? y->intents[0]->index : UINT32_MAX;
    if (!x->locked != !y->locked)
        return x->locked ? -1 : 1;
    if (xi != yi)
        return xi < yi ? -1 : 1;
    if (x->direction != y->direction)
        return x->direction < y->direction ? -1 : 1;
    if (x->keys[0].id != y->keys[0].id)
        return x->keys[0].id < y->keys[0].id ? -1 : 1;
    return x->keys[0].content < y->keys[0].content ? -1 : x->keys[0].content > y->keys[0].content;
}

static struct mln_rule_vec by_claims(struct mln_arena *arena, const struct mln_table *table)
{
    struct mln_rule_vec all = {0};
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++)
            mln_vec_push(arena, &all, table->rules[direction].data[i]);
    if (all.len > 0)
        qsort(all.data, all.len, sizeof(*all.data), by_claim);
    return all;
}

void mln_pass_names(struct mln_ctx *ctx, struct mln_table *table)
{
    struct naming naming = {.arena = ctx->arena,
                            .directions = mln_map_new(ctx->arena),
                            .used = mln_map_new(ctx->arena)};
    mln_lock_identify(ctx->arena, table);
    struct mln_rule_vec all = by_claims(ctx->arena, table);
    for (size_t i = 0; i < sizeof(default_rules) / sizeof(*default_rules); i++)
        mln_map_put(naming.used, default_rules[i], &naming);
    for (size_t i = 0; i < all.len; i++)
        note_directions(&naming, all.data[i]);
    for (size_t i = 0; i < all.len; i++) {
        struct mln_rule *rule = all.data[i];
        bool keeps = rule->locked && take(&naming, rule->locked->name);
        rule->name = keeps ? rule->locked->name : unique_name(&naming, rule);
        rule->description = describe(ctx, rule);
    }
}
