/* The lock file: reading, finding rules in it, writing, comparing. */
#include "rules/lock.h"
#include "base/map.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mln_lock {
    MLN_VEC(struct mln_lock_entry *) entries; /* in the order of the file */
    struct mln_map *by_rule;  /* NSG, direction and both numbers of the key -> first entry */
    struct mln_map *by_id;    /* the same with the first number only */
    struct mln_map *by_place; /* NSG, direction and priority -> entry */
    struct mln_map *by_name;  /* NSG and name, in lower case -> entry */
    uint32_t source;          /* 0: no file */
    uint32_t length;
};

static const char header[] = "# mlnsgc lock 1";
static const char *const direction_names[MLN_DIRECTIONS] = {
    [MLN_INBOUND] = "inbound",
    [MLN_OUTBOUND] = "outbound",
};

struct mln_lock *mln_lock_new(struct mln_ctx *ctx)
{
    struct mln_lock *lock = MLN_NEW(ctx->arena, struct mln_lock);
    lock->by_rule = mln_map_new(ctx->arena);
    lock->by_id = mln_map_new(ctx->arena);
    lock->by_place = mln_map_new(ctx->arena);
    lock->by_name = mln_map_new(ctx->arena);
    return lock;
}

/* ---- reading ---- */

enum { FIELDS = 5, FIELD_NSG = 0, FIELD_DIRECTION, FIELD_PRIORITY, FIELD_NAME, FIELD_KEY };

struct reader {
    struct mln_ctx *ctx;
    struct mln_lock *lock;
    const char *text;
};

static struct mln_span span_of(const struct reader *reader, const char *begin, size_t length)
{
    uint32_t lo = (uint32_t)(begin - reader->text);
    return (struct mln_span){.file = reader->lock->source, .lo = lo, .hi = lo + (uint32_t)length};
}

static void malformed(const struct reader *reader, struct mln_span span, const char *message)
{
    struct mln_diag *diag =
        mln_report(reader->ctx->diags, MLN_D_LOCK_MALFORMED, span, "%s", message);
    mln_diag_help(diag, "a line is 'NSG inbound|outbound PRIORITY NAME KEY'; take the file from "
                        "version control, or number everything anew with --relock");
}

/* The fields of a line, which single spaces part. False when there are not exactly five. */
static bool split(struct mln_arena *arena, const char *line, size_t length, const char **fields)
{
    size_t count = 0, begin = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && line[i] != ' ')
            continue;
        if (i == begin || count == FIELDS)
            return false;
        fields[count++] = mln_strndup(arena, line + begin, i - begin);
        begin = i + 1;
    }
    return count == FIELDS;
}

static bool is_legal_name(const char *name)
{
    size_t length = strlen(name);
    if (length > 80 || !isalnum((unsigned char)name[0]))
        return false;
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
            return false;
    return isalnum((unsigned char)name[length - 1]) || name[length - 1] == '_';
}

static bool read_direction(const char *text, enum mln_direction *direction)
{
    for (*direction = 0; *direction < MLN_DIRECTIONS; ++*direction)
        if (strcmp(text, direction_names[*direction]) == 0)
            return true;
    return false;
}

static bool read_priority(const char *text, unsigned *priority)
{
    size_t digits = strspn(text, "0123456789");
    if (text[digits] || digits > 4 || text[0] == '0')
        return false;
    *priority = (unsigned)strtoul(text, NULL, 10);
    return *priority >= 100 && *priority <= 4096;
}

static bool read_hex(const char *text, size_t digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *hex = "0123456789abcdef", *at = text[i] ? strchr(hex, text[i]) : NULL;
        if (!at)
            return false;
        *value = *value << 4 | (uint64_t)(at - hex);
    }
    return true;
}

static bool read_key(const char *text, struct mln_rule_key *key)
{
    uint64_t id, content;
    if (strlen(text) != 16 + 1 + 8 || text[16] != '.')
        return false;
    if (!read_hex(text, 16, &id) || !read_hex(text + 17, 8, &content))
        return false;
    *key = (struct mln_rule_key){.id = id, .content = (uint32_t)content};
    return true;
}

/* What is wrong with the line; NULL when nothing is. */
static const char *parse_line(const struct reader *reader, const char *line, size_t length,
                              struct mln_lock_entry *entry)
{
    const char *fields[FIELDS] = {0};
    if (!split(reader->ctx->arena, line, length, fields))
        return "not a line of a lock file: expected five fields with one space between them";
    if (!is_legal_name(fields[FIELD_NSG]))
        return "the first field is not a name of a network security group";
    if (!read_direction(fields[FIELD_DIRECTION], &entry->direction))
        return "the second field is neither 'inbound' nor 'outbound'";
    if (!read_priority(fields[FIELD_PRIORITY], &entry->priority))
        return "the third field is not a priority from 100 to 4096";
    if (!is_legal_name(fields[FIELD_NAME]))
        return "the fourth field is not a name Azure takes for a rule";
    if (!read_key(fields[FIELD_KEY], &entry->key))
        return "the fifth field is not a key: 16 hexadecimal digits, '.', 8 more";
    entry->nsg = fields[FIELD_NSG];
    entry->name = fields[FIELD_NAME];
    return NULL;
}

/* ---- finding ---- */

/* What the maps are asked for, as bytes without padding. */
static void rule_text(char *out, size_t size, const char *nsg, enum mln_direction direction,
                      struct mln_rule_key key, bool with_content)
{
    snprintf(out, size, "%s %d %016llx %08x", nsg, (int)direction, (unsigned long long)key.id,
             with_content ? key.content : 0);
}

enum {
    RULE_TEXT = 256
}; /* a name of an NSG has at most 80 characters; longer ones are cut, harmlessly */

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

static const char *place_text(struct mln_arena *arena, const struct mln_lock_entry *entry)
{
    return mln_printf(arena, "%s %d %u", entry->nsg, (int)entry->direction, entry->priority);
}

static const char *name_text(struct mln_arena *arena, const struct mln_lock_entry *entry)
{
    char *text = mln_printf(arena, "%s %s", entry->nsg, entry->name);
    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return text;
}

/* Indexes the lines, the last first, so that equal keys chain in the order of the file. */
static void index_entries(struct mln_lock *lock)
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

static bool is_free(const struct reader *reader, struct mln_map *map, const char *key,
                    struct mln_lock_entry *entry, const char *message)
{
    const struct mln_lock_entry *other = mln_map_get(map, key);
    if (!other) {
        mln_map_put(map, key, entry);
        return true;
    }
    struct mln_diag *diag =
        mln_report(reader->ctx->diags, MLN_D_LOCK_MALFORMED, entry->span, "%s", message);
    mln_diag_label(diag, other->span, "the other line");
    return false;
}

static void add_entry(const struct reader *reader, struct mln_lock_entry *entry)
{
    struct mln_lock *lock = reader->lock;
    struct mln_arena *arena = reader->ctx->arena;
    if (is_free(reader, lock->by_place, place_text(arena, entry), entry,
                "two rules of one direction have the same priority") &&
        is_free(reader, lock->by_name, name_text(arena, entry), entry,
                "two rules of one network security group have the same name"))
        mln_vec_push(arena, &lock->entries, entry);
}

static void read_line(const struct reader *reader, const char *line, size_t length)
{
    struct mln_lock_entry *entry = MLN_NEW(reader->ctx->arena, struct mln_lock_entry);
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (length == 0 || line[0] == '#')
        return;
    entry->span = span_of(reader, line, length);
    const char *wrong = parse_line(reader, line, length, entry);
    if (wrong)
        malformed(reader, entry->span, wrong);
    else
        add_entry(reader, entry);
}

static void read_header(const struct reader *reader, size_t length)
{
    size_t expected = strlen(header);
    bool good = length >= expected && memcmp(reader->text, header, expected) == 0 &&
                (length == expected || strchr("\r\n", reader->text[expected]));
    const char *end = memchr(reader->text, '\n', length);
    if (!good && length > 0)
        malformed(reader,
                  span_of(reader, reader->text, end ? (size_t)(end - reader->text) : length),
                  "a lock file of this version begins with '# mlnsgc lock 1'");
}

struct mln_lock *mln_lock_read(struct mln_ctx *ctx, const char *path, const char *text,
                               size_t length)
{
    struct mln_lock *lock = mln_lock_new(ctx);
    struct reader reader = {.ctx = ctx, .lock = lock, .text = text};
    lock->source = mln_source_add(ctx->diags, path, path, text, length, false);
    lock->length = (uint32_t)length;
    read_header(&reader, length);
    for (size_t begin = 0; begin < length;) {
        const char *end = memchr(text + begin, '\n', length - begin);
        size_t line = end ? (size_t)(end - text) - begin : length - begin;
        read_line(&reader, text + begin, line);
        begin += line + 1;
    }
    index_entries(lock);
    return lock;
}

/* ---- matching ---- */

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

void mln_lock_match(struct mln_ctx *ctx, struct mln_lock *lock, struct mln_table *table)
{
    mln_lock_identify(ctx->arena, table);
    for (size_t k = 0; k < sizeof(likenesses) / sizeof(*likenesses) && lock->entries.len > 0; k++)
        for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
            for (size_t i = 0; i < table->rules[direction].len; i++)
                match_rule(lock, table, table->rules[direction].data[i], &likenesses[k]);
}

/* ---- writing ---- */

struct line {
    const struct mln_nsg *nsg;
    const struct mln_rule *rule;
};
MLN_VEC_TYPE(lines, struct line);

static int by_line(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int nsgs = strcmp(x->nsg->name, y->nsg->name);
    if (nsgs)
        return nsgs;
    if (x->rule->direction != y->rule->direction)
        return x->rule->direction < y->rule->direction ? -1 : 1;
    return x->rule->priority < y->rule->priority ? -1 : x->rule->priority > y->rule->priority;
}

static struct lines sorted_lines(struct mln_arena *arena, const struct mln_table_vec *tables)
{
    struct lines lines = {0};
    for (size_t t = 0; t < tables->len; t++)
        for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
            for (size_t i = 0; i < tables->data[t]->rules[direction].len; i++) {
                struct line line = {.nsg = tables->data[t]->nsg,
                                    .rule = tables->data[t]->rules[direction].data[i]};
                mln_vec_push(arena, &lines, line);
            }
    if (lines.len > 0)
        qsort(lines.data, lines.len, sizeof(*lines.data), by_line);
    return lines;
}

void mln_lock_write(struct mln_arena *arena, const struct mln_table_vec *tables,
                    struct mln_buf *out)
{
    struct lines lines = sorted_lines(arena, tables);
    mln_buf_printf(out, "%s\n", header);
    for (size_t i = 0; i < lines.len; i++) {
        const struct mln_rule *rule = lines.data[i].rule;
        mln_buf_printf(out, "%s %s %u %s %016llx.%08x\n", lines.data[i].nsg->name,
                       direction_names[rule->direction], rule->priority, rule->name,
                       (unsigned long long)rule->keys[0].id, rule->keys[0].content);
    }
}

/* ---- comparing ---- */

enum { SHOWN = 5 };

/* The one diagnostic, made when the first difference is found; `count` goes on. */
struct differences {
    struct mln_ctx *ctx;
    const struct mln_lock *lock;
    struct mln_diag *diag;
    unsigned count;
};

static struct mln_diag *difference(struct differences *differences)
{
    if (!differences->diag) {
        struct mln_span span = {.file = differences->lock->source,
                                .hi = differences->lock->length < sizeof(header) - 1
                                          ? differences->lock->length
                                          : sizeof(header) - 1};
        differences->diag = mln_report(differences->ctx->diags, MLN_D_LOCK_OUT_OF_DATE, span,
                                       "the lock file does not match the policy");
    }
    return differences->count++ < SHOWN ? differences->diag : NULL;
}

static void compare_rule(struct differences *differences, const struct mln_nsg *nsg,
                         const struct mln_rule *rule)
{
    const struct mln_lock_entry *entry = rule->locked;
    const char *direction = direction_names[rule->direction];
    struct mln_diag *diag = NULL;
    if (entry && entry->priority == rule->priority && strcmp(entry->name, rule->name) == 0 &&
        entry->key.id == rule->keys[0].id)
        return;
    diag = difference(differences);
    if (!diag)
        return;
    if (!entry)
        mln_diag_note(diag, "%s rule '%s' of '%s' is not in it", direction, rule->name, nsg->name);
    else if (entry->priority != rule->priority)
        mln_diag_note(diag, "%s rule '%s' of '%s' has priority %u there and gets %u", direction,
                      rule->name, nsg->name, entry->priority, rule->priority);
    else
        mln_diag_note(diag, "%s rule '%s' of '%s' has another key or name", direction, rule->name,
                      nsg->name);
}

void mln_lock_check(struct mln_ctx *ctx, const struct mln_lock *lock,
                    const struct mln_table_vec *tables)
{
    struct differences differences = {.ctx = ctx, .lock = lock};
    for (size_t t = 0; t < tables->len; t++)
        for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
            for (size_t i = 0; i < tables->data[t]->rules[direction].len; i++)
                compare_rule(&differences, tables->data[t]->nsg,
                             tables->data[t]->rules[direction].data[i]);
    for (size_t i = 0; i < lock->entries.len; i++) {
        const struct mln_lock_entry *entry = lock->entries.data[i];
        struct mln_diag *diag = entry->taken ? NULL : difference(&differences);
        if (diag)
            mln_diag_label(diag, entry->span, "no rule of the policy");
    }
    if (differences.count > SHOWN)
        mln_diag_note(differences.diag, "and %u more", differences.count - SHOWN);
    if (differences.diag)
        mln_diag_help(differences.diag,
                      "compile with --lock instead of --locked and commit the file");
}
