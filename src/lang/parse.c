/* The parser's face: one text to one tree.
 *
 * The scanner works on a copy of the text in which bytes that are none of a text (NUL, broken
 * UTF-8) are made harmless, so that they are one mistake each and never cut a token in two. */
#include "lang/parse.h"
#include "base/utf8.h"

#include <limits.h>
#include <parser.h>
#include <string.h>

enum { SCANNER_END = 2 /* NUL bytes that the scanner wants behind the text */ };

static struct mln_span span_of(const struct mln_parse *st, size_t lo, size_t hi)
{
    return (struct mln_span){.file = st->file, .lo = (uint32_t)lo, .hi = (uint32_t)hi};
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* A run of bad bytes is one mistake. Within a word it becomes a letter, so that the word stays one.
 */
static size_t mend_run(struct mln_parse *st, size_t at)
{
    size_t end = at;
    uint32_t character = 0;
    do
        end++;
    while (end < st->length &&
           (st->text[end] == '\0' ||
            (mln_utf8_decode(st->text + end, st->length - end, &character) == 1 &&
             character == MLN_UTF8_BAD)));
    if (st->text[at] == '\0')
        mln_report(st->ctx->diags, MLN_D_NUL_BYTE, span_of(st, at, end),
                   "a NUL byte in a text file");
    else
        mln_report(st->ctx->diags, MLN_D_BAD_UTF8, span_of(st, at, end),
                   "the byte 0x%02x is not UTF-8 here", (unsigned char)st->text[at]);
    bool inside = at > 0 && is_word_byte(st->text[at - 1]);
    memset(st->text + at, inside ? '_' : ' ', end - at);
    return end;
}

/* How many of the bytes from `at` are ASCII without a NUL for certain: nearly all, so they are
 * looked at eight at a time. A NUL shows by what it borrows from the byte above. */
static size_t plain_bytes(const struct mln_parse *st, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    size_t start = at;
    for (uint64_t word; at + sizeof word <= st->length; at += sizeof word) {
        memcpy(&word, st->text + at, sizeof word);
        if ((word | (word - ones)) & highs)
            break;
    }
    return at - start;
}

static void mend_text(struct mln_parse *st)
{
    for (size_t at = st->at; (at += plain_bytes(st, at)) < st->length;) {
        unsigned char byte = (unsigned char)st->text[at];
        uint32_t character = byte;
        size_t taken = 1;
        if (byte >= 0x80)
            taken = mln_utf8_decode(st->text + at, st->length - at, &character);
        at = character == 0 || character == MLN_UTF8_BAD ? mend_run(st, at) : at + taken;
    }
}

/* False, reported, when it is not worth looking at single bytes. */
static bool is_text(struct mln_parse *st, const struct mln_source *source)
{
    if (source->length >= 2 &&
        (memcmp(source->text, "\xff\xfe", 2) == 0 || memcmp(source->text, "\xfe\xff", 2) == 0)) {
        mln_report(st->ctx->diags, MLN_D_BAD_UTF8, span_of(st, 0, 2),
                   "this file is UTF-16: save it as UTF-8");
        return false;
    }
    if (source->length < INT_MAX - SCANNER_END)
        return true;
    mln_report(st->ctx->diags, MLN_D_TOO_COMPLEX, span_of(st, 0, 0),
               "the file is larger than 2 GiB");
    return false;
}

static void parse(struct mln_parse *st, const struct mln_source *source)
{
    if (!is_text(st, source))
        return;
    st->length = (uint32_t)source->length;
    st->text = mln_alloc(st->ctx->arena, source->length + SCANNER_END);
    memcpy(st->text, source->text, source->length);
    if (source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
        st->at = st->line_start = 3; /* a byte order mark is no text */
    st->before = &st->tokens[0];
    st->last = &st->tokens[1];
    st->next = &st->tokens[2];
    st->first = true;
    st->head = MLN_IN_NOTHING;
    st->open[0].place = MLN_IN_FILE;
    mend_text(st);
    st->scanner = mln_scanner_new(st, st->text + st->at, st->length - st->at + SCANNER_END);
    if (st->scanner == NULL) {
        mln_syntax_exhausted(st, span_of(st, 0, 0));
        return;
    }
    mln_yyparse(st);
    mln_scanner_free(st->scanner);
}

static struct mln_parse *parse_source(struct mln_ctx *ctx, uint32_t source, int start)
{
    struct mln_parse *st = MLN_NEW(ctx->arena, struct mln_parse);
    st->ctx = ctx;
    st->file = source;
    st->start = start;
    st->part = start != START_FILE;
    parse(st, mln_source_get(ctx->diags, source));
    return st;
}

struct mln_file *mln_parse(struct mln_ctx *ctx, uint32_t source)
{
    struct mln_parse *st = parse_source(ctx, source, START_FILE);
    struct mln_file *file = MLN_NEW(ctx->arena, struct mln_file);
    file->source = source;
    file->nodes = st->nodes;
    file->lost = st->failed > 0;
    return file;
}

struct mln_side *mln_parse_side(struct mln_ctx *ctx, uint32_t source)
{
    unsigned errors = ctx->diags->errors;
    struct mln_side *side = parse_source(ctx, source, START_SIDE)->side;
    return ctx->diags->errors == errors ? side : NULL;
}

struct mln_service *mln_parse_services(struct mln_ctx *ctx, uint32_t source)
{
    unsigned errors = ctx->diags->errors;
    struct mln_service *services = parse_source(ctx, source, START_SERVICES)->services;
    return ctx->diags->errors == errors ? services : NULL;
}

/* Mistakes go to a list that nobody reads; the value has no place in any file. */
struct mln_value *mln_parse_value(struct mln_ctx *ctx, const char *text)
{
    struct mln_ctx aside = {
        .arena = ctx->arena, .names = ctx->names, .diags = mln_diags_new(ctx->arena)};
    struct mln_source source = {.name = "", .text = text, .length = strlen(text)};
    struct mln_parse *st = MLN_NEW(ctx->arena, struct mln_parse);
    st->ctx = &aside;
    st->start = START_VALUE;
    st->part = true;
    parse(st, &source);
    return aside.diags->errors ? NULL : st->value;
}
