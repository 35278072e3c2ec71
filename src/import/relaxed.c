/* The text is made strict without moving a byte: a comment becomes blanks, a comma too many and a
 * raw control character in a string each one blank. So the positions of the strict text are those
 * of the text itself, and the strict reader stays the only one. */
#include "import/relaxed.h"

#include <string.h>

enum oddity { ODD_COMMENT, ODD_COMMA, ODD_CONTROL, ODD_COUNT };

static const char *const messages[ODD_COUNT] = {
    [ODD_COMMENT] = "comments are not JSON; they are passed over",
    [ODD_COMMA] = "a comma before the end of a list or an object is not JSON; it is passed over",
    [ODD_CONTROL] = "a raw control character in a string is not JSON; it is read as a blank",
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
    if (length >= UINT32_MAX || !mln_scan_json(ctx->arena, text, length, NULL, 0).message)
        return mln_document_read(ctx, file);
    struct relaxed r = {.text = mln_strndup(ctx->arena, text, length), .length = length};
    relax_text(&r);
    warn(ctx, file, &r);
    return mln_document_read_text(ctx, file, r.text);
}
