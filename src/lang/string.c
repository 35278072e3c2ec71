/* Strings: escapes are decoded, "${name}" is checked and kept (see MLN_VALUE_STRING). */
#include "lang/parse.h"

#include <string.h>

enum { LITERAL_DOLLAR = 1 }; /* the byte that stands for "\$" */

struct reader {
    struct mln_parse *st;
    uint32_t at, end; /* between the quotes */
    char *out;
    size_t length;
    bool bad;
};

static struct mln_span piece(const struct reader *r, uint32_t lo, uint32_t hi)
{
    return (struct mln_span){.file = r->st->file, .lo = lo, .hi = hi};
}

/* --- pieces --- */

static void read_escape(struct reader *r)
{
    static const char plain[] = "\"\\nt$", meant[] = {'"', '\\', '\n', '\t', LITERAL_DOLLAR};
    uint32_t start = r->at++;
    char c = r->st->text[r->at];
    const char *known = strchr(plain, c);
    r->at++;
    while (r->at < r->end && (r->st->text[r->at] & 0xc0) == 0x80)
        r->at++; /* the rest of a character of several bytes */
    if (known) {
        r->out[r->length++] = meant[known - plain];
        return;
    }
    r->bad = true;
    struct mln_span span = piece(r, start, r->at);
    struct mln_diag *diag = mln_lex_report(r->st, MLN_D_BAD_ESCAPE, span, "there is no escape %s",
                                           mln_parse_quote(r->st, span));
    if (diag)
        mln_diag_help(diag, "for a backslash write two");
}

static bool is_name_byte(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '-'));
}

static void copy(struct reader *r, uint32_t to)
{
    memcpy(r->out + r->length, r->st->text + r->at, to - r->at);
    r->length += to - r->at;
    r->at = to;
}

/* "${" stands at r->at. */
static void read_parameter(struct reader *r)
{
    uint32_t at = r->at + 2;
    bool first = true, name = true;
    for (; at < r->end && r->st->text[at] != '}'; at++) {
        char c = r->st->text[at];
        if (c == '.' && !first) {
            first = true;
            continue;
        }
        if (!is_name_byte(c, first)) {
            name = false;
            break;
        }
        first = false;
    }
    bool closed = at < r->end && r->st->text[at] == '}';
    if (closed && name && !first) {
        copy(r, at + 1);
        return;
    }
    r->bad = true;
    struct mln_diag *diag = at >= r->end
                                ? mln_lex_report(r->st, MLN_D_BAD_ESCAPE,
                                                 piece(r, r->at, r->at + 2), "'${' without a '}'")
                                : mln_lex_report(r->st, MLN_D_BAD_ESCAPE, piece(r, r->at, at + 1),
                                                 "'${' and '}' hold the name of a parameter");
    if (diag)
        mln_diag_help(diag, "for a '$' that means itself write \\$");
    r->at = at < r->end ? at + 1 : r->end;
}

static void report_control(struct reader *r)
{
    r->bad = true;
    mln_lex_report(r->st, MLN_D_BAD_ESCAPE, piece(r, r->at, r->at + 1),
                   "the control character 0x%02x cannot stand in a string",
                   (unsigned char)r->st->text[r->at]);
    r->at++;
}

/* --- whole strings --- */

static void read_piece(struct reader *r)
{
    char c = r->st->text[r->at];
    if (c == '\\')
        read_escape(r);
    else if (c == '$' && r->at + 1 < r->end && r->st->text[r->at + 1] == '{')
        read_parameter(r);
    else if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
        report_control(r);
    else
        r->out[r->length++] = r->st->text[r->at++];
}

struct mln_value *mln_lex_string(struct mln_parse *st, struct mln_span span)
{
    struct reader r = {.st = st, .at = span.lo + 1, .end = span.hi - 1};
    r.out = mln_alloc(st->ctx->arena, span.hi - span.lo);
    while (r.at < r.end)
        read_piece(&r);
    if (r.bad) {
        st->poison = span;
        return mln_lex_poison(st, span);
    }
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_STRING);
    value->text = r.out;
    return value;
}

static bool ends_parameter(const char *text, uint32_t lo, uint32_t hi)
{
    for (uint32_t at = hi; at > lo + 1; at--)
        if (text[at - 1] == '{')
            return text[at - 2] == '$';
    return false;
}

/* A string written over several lines: its end is on one of the next, which hold nothing that
 * begins a statement. They are blanked, so that the string is one mistake. */
static void blank_rest(struct mln_parse *st, uint32_t at)
{
    enum { MOST_LINES = 5 };
    uint32_t start = at, quote = 0;
    for (int line = 0; line < MOST_LINES && at < st->length && quote == 0; line++) {
        start = ++at;
        while (at < st->length && (st->text[at] == ' ' || st->text[at] == '\t'))
            at++;
        uint32_t word = at, quotes = 0;
        for (; at < st->length && st->text[at] != '\n'; at++)
            if (st->text[at] == '"') {
                quotes++;
                quote = quote ? quote : at;
            }
        if ((quotes && quotes % 2 == 0) || mln_syntax_begins_statement(st->text + word, at - word))
            return;
    }
    for (at = start; quote && at <= quote; at++)
        st->text[at] = ' ';
}

/* A brace at the end of the line closes a body rather than being part of a text. */
uint32_t mln_lex_unterminated(struct mln_parse *st, struct mln_span span)
{
    uint32_t end = span.hi, line_end = span.hi;
    const char *text = st->text;
    while (end > span.lo + 1 &&
           (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\r' ||
            text[end - 1] == '{' || (text[end - 1] == '}' && !ends_parameter(text, span.lo, end))))
        end--;
    struct mln_span quote = {.file = st->file, .lo = span.lo, .hi = span.lo + 1};
    struct mln_diag *diag =
        mln_lex_report(st, MLN_D_OPEN_STRING, quote, "this string does not end on its line");
    if (diag)
        mln_diag_help(diag, "a line end inside a string is written \\n");
    st->poison = (struct mln_span){span.file, span.lo, end};
    if (end == line_end)
        blank_rest(st, line_end);
    return end - span.lo;
}

void mln_lex_single_quotes(struct mln_parse *st, struct mln_span span)
{
    struct mln_diag *diag =
        mln_lex_report(st, MLN_D_MALFORMED_WORD, span, "strings stand in double quotes");
    struct mln_span inside = {span.file, span.lo + 1, span.hi - 1};
    if (diag)
        mln_diag_inline(diag, "write \"%s\"", mln_parse_text(st, inside));
}

static bool is_curly_quote(const char *text)
{
    unsigned char last = (unsigned char)text[2];
    return text[0] == '\xe2' && text[1] == '\x80' && last >= 0x98 && last <= 0x9f;
}

uint32_t mln_lex_curly_quotes(struct mln_parse *st, struct mln_span span)
{
    enum { QUOTE = 3 };
    uint32_t end = span.hi;
    while (end >= span.lo + 2 * QUOTE && !is_curly_quote(st->text + end - QUOTE))
        end--;
    if (end < span.lo + 2 * QUOTE)
        return 0;
    span.hi = end;
    mln_lex_report(st, MLN_D_MALFORMED_WORD, span, "strings stand in plain double quotes");
    return end - span.lo;
}
