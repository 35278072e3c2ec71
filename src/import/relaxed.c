/* The text is made strict without moving a byte: a comment becomes blanks, a comma too many and a
 * raw control character in a string each one blank. So the positions of the strict text are those
 * of the text itself, and the strict reader stays the only one. */
#include "import/relaxed.h"

#include <string.h>

enum oddity { ODD_COMMENT, ODD_COMMA, ODD_CONTROL, ODD_TWICE, ODD_COUNT };

static const char *const messages[ODD_COUNT] = {
    [ODD_COMMENT] = "comments are not JSON; they are passed over",
    [ODD_COMMA] = "a comma before the end of a list or an object is not JSON; it is passed over",
    [ODD_CONTROL] = "a raw control character in a string is not JSON; it is read as a blank",
    [ODD_TWICE] = "a member stands twice in one object, with one value; it is read once",
};

struct relaxed {
    char *text;
    size_t at, length;
    size_t counts[ODD_COUNT];
    struct mln_extent first[ODD_COUNT];
};

static void note(struct relaxed *r, enum oddity oddity, size_t from, size_t to)
{
    if (r->counts[oddity]++ == 0)
        r->first[oddity] = (struct mln_extent){(uint32_t)from, (uint32_t)to};
}

/* At the quote; ends behind the closing one or at the end. */
static void relax_string(struct relaxed *r)
{
    for (r->at++; r->at < r->length && r->text[r->at] != '"'; r->at++) {
        if ((unsigned char)r->text[r->at] < 0x20 && r->text[r->at]) {
            note(r, ODD_CONTROL, r->at, r->at + 1);
            r->text[r->at] = ' ';
        }
        if (r->text[r->at] == '\\' && r->at + 1 < r->length &&
            (unsigned char)r->text[r->at + 1] >= 0x20)
            r->at++;
    }
    r->at += r->at < r->length;
}

/* Where the comment at `from` ends. */
static size_t comment_end(const struct relaxed *r, size_t from, bool line)
{
    const char *start = r->text + from + 2;
    size_t left = r->length - from - 2;
    if (line) {
        const char *end = memchr(start, '\n', left);
        return end ? (size_t)(end - r->text) : r->length;
    }
    for (size_t i = 0; i + 1 < left; i++)
        if (start[i] == '*' && start[i + 1] == '/')
            return from + 2 + i + 2;
    return r->length;
}

static void relax_comment(struct relaxed *r, bool line)
{
    size_t from = r->at;
    r->at = comment_end(r, from, line);
    note(r, ODD_COMMENT, from, r->at);
    for (size_t i = from; i < r->at; i++)
        if (r->text[i] != '\n')
            r->text[i] = ' ';
}

static void relax_text(struct relaxed *r)
{
    size_t comma = SIZE_MAX; /* the last byte that is not blank, if it is one */
    while (r->at < r->length) {
        char c = r->text[r->at];
        if (c == '/' && (r->text[r->at + 1] == '/' || r->text[r->at + 1] == '*')) {
            relax_comment(r, r->text[r->at + 1] == '/');
            continue;
        }
        if ((c == '}' || c == ']') && comma != SIZE_MAX) {
            note(r, ODD_COMMA, comma, comma + 1);
            r->text[comma] = ' ';
        }
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            comma = c == ',' ? r->at : SIZE_MAX;
        if (c == '"')
            relax_string(r);
        else
            r->at++;
    }
}

/* ---- members that stand twice ---- */

#define TWICE_MAX 32 /* each costs a scan of the text */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Behind the string at `at`. */
static size_t skip_string(const struct relaxed *r, size_t at)
{
    for (at++; at < r->length && r->text[at] != '"'; at++)
        at += r->text[at] == '\\';
    return at + 1;
}

/* Behind the value that begins at `at`, or where the text ends. Keys and values may follow that
 * were not scanned. */
static size_t skip_value(const struct relaxed *r, size_t at)
{
    size_t depth = 0;
    while (at < r->length) {
        char c = r->text[at];
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at = c == '"' ? skip_string(r, at) : at + 1;
    }
    return at;
}

/* From behind the key to the end of the value. */
static struct mln_extent value_of(const struct relaxed *r, struct mln_extent key)
{
    size_t at = key.hi;
    while (at < r->length && (is_blank(r->text[at]) || r->text[at] == ':'))
        at++;
    return (struct mln_extent){(uint32_t)at, (uint32_t)skip_value(r, at)};
}

/* Blanks between tokens do not count; inside of strings they do. */
static bool same_text(const struct relaxed *r, struct mln_extent a, struct mln_extent b)
{
    bool quoted = false, escaped = false;
    while (true) {
        while (!quoted && a.lo < a.hi && is_blank(r->text[a.lo]))
            a.lo++;
        while (!quoted && b.lo < b.hi && is_blank(r->text[b.lo]))
            b.lo++;
        if (a.lo >= a.hi || b.lo >= b.hi)
            return a.lo >= a.hi && b.lo >= b.hi;
        if (r->text[a.lo] != r->text[b.lo])
            return false;
        quoted ^= r->text[a.lo] == '"' && !escaped;
        escaped = r->text[a.lo] == '\\' && !escaped;
        a.lo++;
        b.lo++;
    }
}

/* Blanks the second of the two, with the comma before it. */
static bool drop_second(struct relaxed *r, const struct mln_scan_fault *fault)
{
    struct mln_extent first = value_of(r, fault->first), second = value_of(r, fault->where);
    if (second.hi > r->length || first.hi > r->length || !same_text(r, first, second))
        return false;
    size_t from = fault->where.lo;
    while (from > 0 && r->text[from] != ',')
        from--;
    note(r, ODD_TWICE, fault->where.lo, fault->where.hi);
    for (size_t i = from; i < second.hi; i++)
        if (r->text[i] != '\n')
            r->text[i] = ' ';
    return true;
}

static void relax_twice(struct mln_arena *arena, struct relaxed *r)
{
    for (int i = 0; i < TWICE_MAX; i++) {
        struct mln_scan_fault fault = mln_scan_json(arena, r->text, r->length, NULL, 0);
        if (!fault.message || !fault.duplicate || !drop_second(r, &fault))
            return;
    }
}

static void warn(struct mln_ctx *ctx, uint32_t file, const struct relaxed *r)
{
    for (int i = 0; i < ODD_COUNT; i++) {
        if (!r->counts[i])
            continue;
        struct mln_diag *diag =
            mln_report(ctx->diags, MLN_D_JSON_RELAXED,
                       (struct mln_span){file, r->first[i].lo, r->first[i].hi}, "%s", messages[i]);
        if (r->counts[i] > 1)
            mln_diag_note(diag, "%zu of them in this file; this is the first", r->counts[i]);
    }
}

struct mln_document *mln_relaxed_read(struct mln_ctx *ctx, const char *name, const char *text,
                                      size_t length)
{
    const char *path = strcmp(name, "-") == 0 ? NULL : name;
    uint32_t file = mln_source_add(ctx->diags, name, path, text, length, false);
    struct mln_scan_fault fault;
    struct mln_document *document = mln_document_try(ctx, file, text, &fault);
    if (document || length >= UINT32_MAX)
        return document ? document : mln_document_read(ctx, file);
    struct relaxed r = {.text = mln_strndup(ctx->arena, text, length), .length = length};
    relax_text(&r);
    relax_twice(ctx->arena, &r);
    warn(ctx, file, &r);
    return mln_document_read_text(ctx, file, r.text);
}
