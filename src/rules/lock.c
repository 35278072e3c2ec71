/* Reading the lock file. */
#include "rules/lock_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *const mln_lock_directions[MLN_DIRECTIONS] = {
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
        if (strcmp(text, mln_lock_directions[*direction]) == 0)
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

/* ---- the file ---- */

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
    size_t expected = strlen(MLN_LOCK_HEADER);
    bool good = length >= expected && memcmp(reader->text, MLN_LOCK_HEADER, expected) == 0 &&
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
    mln_lock_index(lock);
    return lock;
}
