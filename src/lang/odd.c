/* Odd words and characters: no token, but near enough to one to say what was meant.
 *
 * Where the meaning is plain the scanner's buffer is mended and scanned again ("region:" as
 * "region"), so that the rest of the statement is still read. */
#include "lang/parse.h"

#include "base/utf8.h"

#include <string.h>

/* --- looking at the text of a word --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

uint32_t mln_lex_word_length(const struct mln_parse *st, struct mln_span span)
{
    uint32_t at = span.lo;
    while (at < span.hi) {
        char c = st->text[at];
        bool word = is_letter(c) || is_digit(c) || (unsigned char)c >= 0x80 ||
                    (c != '\0' && strchr(".:/$@%-", c) != NULL);
        if (!word)
            break;
        at++;
    }
    return at - span.lo;
}

static bool only(const struct mln_parse *st, struct mln_span span, const char *others)
{
    for (uint32_t i = span.lo; i < span.hi; i++)
        if (!is_digit(st->text[i]) && !strchr(others, st->text[i]))
            return false;
    return true;
}

static unsigned count(const struct mln_parse *st, struct mln_span span, char c)
{
    unsigned n = 0;
    for (uint32_t i = span.lo; i < span.hi; i++)
        n += st->text[i] == c;
    return n;
}

static const char *find(const struct mln_parse *st, struct mln_span span, char c)
{
    return memchr(st->text + span.lo, c, span.hi - span.lo);
}

/* The part from `text` on, `length` bytes. */
static struct mln_span part(const struct mln_parse *st, const char *text, size_t length)
{
    uint32_t lo = (uint32_t)(text - st->text);
    return (struct mln_span){.file = st->file, .lo = lo, .hi = lo + (uint32_t)length};
}

static struct mln_diag *report(struct mln_parse *st, struct mln_span span, const char *what)
{
    return st->skipping ? NULL
                        : mln_lex_report(st, MLN_D_MALFORMED_WORD, span, "%s %s",
                                         mln_parse_quote(st, span), what);
}

/* --- words that are mended --- */

/* "region:" and "region:westeurope": hexadecimal digits round the ':' are left to addresses. */
static bool mend_colon(struct mln_parse *st, struct mln_span span)
{
    char *colon = memchr(st->text + span.lo, ':', span.hi - span.lo);
    if (!colon || !is_letter(st->text[span.lo]) || count(st, span, ':') > 1)
        return false;
    bool address = true;
    for (uint32_t i = span.lo; i < span.hi; i++)
        address = address && (is_hex(st->text[i]) || strchr(":./", st->text[i]));
    if (address && colon != st->text + span.hi - 1)
        return false;
    if (!st->skipping) {
        struct mln_diag *diag = mln_lex_report(st, MLN_D_STRAY_CHARACTER, part(st, colon, 1),
                                               "':' has no meaning here");
        if (diag)
            mln_diag_inline(diag, "leave it out");
    }
    st->poison = (struct mln_span){0};
    st->mended_at = (uint32_t)(colon - st->text);
    *colon = ' ';
    return true;
}

/* "tcp/443" */
static bool mend_protocol(struct mln_parse *st, struct mln_span span)
{
    char *text = st->text + span.lo;
    uint32_t length = span.hi - span.lo;
    if (length < 5 || (memcmp(text, "tcp/", 4) != 0 && memcmp(text, "udp/", 4) != 0 &&
                       memcmp(text, "any/", 4) != 0))
        return false;
    for (uint32_t i = 4; i < length; i++)
        if (!is_digit(text[i]) && text[i] != '-')
            return false;
    if (!st->skipping) {
        struct mln_diag *diag = report(st, span, "is not a service");
        if (diag)
            mln_diag_inline(diag, "write '%.3s %.*s'", text, (int)(length - 4), text + 4);
    }
    st->poison = (struct mln_span){0};
    text[3] = ' ';
    return true;
}

void mln_lex_braced(struct mln_parse *st, struct mln_span span)
{
    char *text = st->text + span.lo;
    char *open = memchr(text, '{', span.hi - span.lo);
    if (!st->skipping) {
        struct mln_diag *diag = report(st, span, "is for strings");
        if (diag)
            mln_diag_inline(diag, "write '%.*s%.*s'", (int)(open - text), text,
                            (int)(st->text + span.hi - open - 2), open + 1);
    }
    st->poison = (struct mln_span){0};
    memmove(open, open + 1, (size_t)(st->text + span.hi - open - 1));
    memset(st->text + span.hi - 2, ' ', 2);
}

/* --- words that are poison --- */

static void report_date(struct mln_parse *st, struct mln_span span)
{
    if (!st->skipping)
        mln_lex_report(st, MLN_D_BAD_DATE, span, "%s is no date: dates are written YYYY-MM-DD",
                       mln_parse_quote(st, span));
}

static enum mln_odd odd_date_or_range(struct mln_parse *st, struct mln_span span)
{
    if (count(st, span, '-') == 1) {
        if (!st->skipping)
            mln_lex_report(st, MLN_D_BAD_RANGE, span,
                           "%s is not a range of ports: it is written LOW-HIGH",
                           mln_parse_quote(st, span));
        return MLN_ODD_RANGE;
    }
    report_date(st, span);
    return MLN_ODD_DATE;
}

static enum mln_odd odd_address(struct mln_parse *st, struct mln_span span)
{
    if (st->skipping)
        return MLN_ODD_PREFIX;
    bool ipv6 = find(st, span, ':') != NULL;
    struct mln_diag *diag =
        mln_lex_report(st, MLN_D_BAD_ADDRESS, span, "%s is not an IPv%c address",
                       mln_parse_quote(st, span), ipv6 ? '6' : '4');
    if (diag && find(st, span, '-'))
        mln_diag_help(diag, "a range of addresses is written as prefixes, such as 10.0.0.0/24");
    else if (diag && !ipv6 && count(st, span, '.') != 3)
        mln_diag_help(diag, "it has four parts, such as 10.0.0.0/16");
    return MLN_ODD_PREFIX;
}

static void odd_path(struct mln_parse *st, struct mln_span span)
{
    struct mln_diag *diag = report(st, span, "is neither a name nor a module path");
    if (!diag)
        return;
    const char *text = st->text + span.lo;
    uint32_t length = span.hi - span.lo;
    bool file = length > 4 && memcmp(text + length - 4, ".mlp", 4) == 0;
    if (file && is_letter(text[0]))
        mln_diag_help(diag,
                      "a module of the library is written '%.*s', a file beside this one \"%.*s\"",
                      (int)(length - 4), text, (int)length, text);
    else
        mln_diag_help(diag, "%s stands in double quotes: \"%.*s\"",
                      file ? "a file beside this one" : "a text", (int)length, text);
}

/* White space that is no ASCII is mended to blanks, so that it separates words. */
static bool odd_character(struct mln_parse *st, struct mln_span span)
{
    uint32_t at = span.lo;
    while (at < span.hi && (unsigned char)st->text[at] < 0x80)
        at++;
    uint32_t character = 0;
    size_t length = mln_utf8_decode(st->text + at, span.hi - at, &character);
    struct mln_span place = part(st, st->text + at, length);
    bool quote =
        (character >= 0x2018 && character <= 0x201f) || character == 0xab || character == 0xbb;
    bool blank = character == 0xa0 || (character >= 0x2000 && character <= 0x200f) ||
                 character == 0xfeff || character == 0x3000;
    bool dash = character >= 0x2010 && character <= 0x2015;
    if (!st->skipping && blank)
        mln_lex_report(st, MLN_D_STRAY_CHARACTER, place,
                       "the white space U+%04X is neither a blank nor a tab nor a line end",
                       character);
    else if (!st->skipping)
        mln_lex_report(st, MLN_D_STRAY_CHARACTER, place, "%s (U+%04X) cannot stand here: %s",
                       mln_parse_quote(st, place), character,
                       quote  ? "strings take plain double quotes"
                       : dash ? "write a plain '-'"
                              : "names are made of a-z, A-Z, 0-9, '_' and '-'");
    st->poison = blank ? (struct mln_span){0} : span;
    if (blank)
        memset(st->text + at, ' ', length);
    return blank;
}

static bool has_wide(const struct mln_parse *st, struct mln_span span)
{
    for (uint32_t i = span.lo; i < span.hi; i++)
        if ((unsigned char)st->text[i] >= 0x80)
            return true;
    return false;
}

/* A letter or '_' begins it, but it is no name. */
static void odd_name(struct mln_parse *st, struct mln_span span)
{
    if (find(st, span, '/'))
        odd_path(st, span);
    else if (st->text[span.hi - 1] == '.')
        report(st, span, "is not a name: it ends with '.'");
    else if (find(st, span, '$'))
        report(st, span,
               "is not a name: a parameter in it is a part of its own, such as 'Storage.$region'");
    else
        report(st, span, "is not a name");
}

static bool has_letter(const struct mln_parse *st, struct mln_span span)
{
    for (uint32_t i = span.lo; i < span.hi; i++)
        if (is_letter(st->text[i]))
            return true;
    return false;
}

/* 2027/01/31, 31.12.2027 */
static bool is_like_date(const struct mln_parse *st, struct mln_span span)
{
    unsigned slashes = count(st, span, '/'), dots = count(st, span, '.');
    const char *text = st->text + span.lo, *end = st->text + span.hi;
    bool year_first = span.hi - span.lo > 5 && !is_digit(text[4]);
    bool year_last = span.hi - span.lo > 5 && !is_digit(end[-5]);
    for (int i = 0; i < 4; i++) {
        year_first = year_first && is_digit(text[i]);
        year_last = year_last && is_digit(end[-1 - i]);
    }
    return only(st, span, "/.") && slashes + dots == 2 && (slashes == 0 || dots == 0) &&
           (year_first || year_last);
}

/* A digit begins it. */
static enum mln_odd odd_number(struct mln_parse *st, struct mln_span span)
{
    if (is_like_date(st, span)) {
        report_date(st, span);
        return MLN_ODD_DATE;
    }
    if (only(st, span, "./-"))
        return find(st, span, '.') || !find(st, span, '-') ? odd_address(st, span)
                                                           : odd_date_or_range(st, span);
    if (find(st, span, '/') && has_letter(st, span) && is_letter(st->text[span.hi - 1])) {
        struct mln_diag *diag = report(st, span, "is not a service");
        const char *slash = find(st, span, '/');
        if (diag)
            mln_diag_inline(diag, "write '%.*s %.*s'", (int)(st->text + span.hi - slash - 1),
                            slash + 1, (int)(slash - st->text - span.lo), st->text + span.lo);
        return MLN_ODD_WORD;
    }
    report(st, span, "is neither a number nor a name: a name begins with a letter");
    return MLN_ODD_WORD;
}

enum mln_odd mln_lex_odd(struct mln_parse *st, struct mln_span span, struct mln_value **value)
{
    enum mln_odd odd = MLN_ODD_WORD;
    span.file = st->file;
    if (has_wide(st, span)) {
        if (odd_character(st, span))
            return MLN_ODD_AGAIN;
    } else if (mend_colon(st, span) || mend_protocol(st, span))
        return MLN_ODD_AGAIN;
    else if (is_digit(st->text[span.lo]) && !find(st, span, ':'))
        odd = odd_number(st, span);
    else if (is_letter(st->text[span.lo]) && !find(st, span, ':'))
        odd_name(st, span);
    else if (count(st, span, ':') > 1 ||
             (find(st, span, ':') && only(st, span, ":./abcdefABCDEF-")))
        odd = odd_address(st, span);
    else if (st->text[span.lo] == '$')
        report(st, span, "is not a parameter: after '$' stands its name");
    else if (st->text[span.lo] == '.' && find(st, span, '/'))
        odd_path(st, span);
    else
        report(st, span, "is not a word of the language");
    if (odd != MLN_ODD_WORD)
        *value = mln_lex_poison(st, span);
    return odd;
}

/* --- characters --- */

void mln_lex_comment(struct mln_parse *st, struct mln_span span)
{
    struct mln_span mark = {.file = st->file, .lo = span.lo, .hi = span.lo + 2};
    struct mln_span poison = st->poison;
    struct mln_diag *diag = mln_lex_report(st, MLN_D_STRAY_CHARACTER, mark, "%s begins no comment",
                                           mln_parse_quote(st, mark));
    if (diag)
        mln_diag_inline(diag, "write '#'");
    st->poison = poison; /* no token comes of it */
}

void mln_lex_star(struct mln_parse *st, struct mln_span span)
{
    span.file = st->file;
    if (is_digit(st->text[span.lo])) {
        odd_address(st, span);
        return;
    }
    struct mln_diag *diag = report(st, span, "is not a word of the language");
    if (diag && span.hi - span.lo == 1)
        mln_diag_inline(diag, "write 'any'");
}

static const char *advice(const char *text, uint32_t length)
{
    static const struct {
        char first;
        const char *advice;
    } table[] = {
        {';', "nothing ends a statement: leave it out"},
        {'[', "lists are separated by ',' alone"},
        {'&', "lists are separated by ','"},
        {'|', "lists are separated by ','"},
        {'!', "exceptions are written with 'except'"},
        {'\'', "strings take double quotes"},
        {'`', "strings take double quotes"},
    };
    if (length == 2)
        return "the ends are written 'from SOURCE to DESTINATION'";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].first == text[0])
            return table[i].advice;
    return NULL;
}

void mln_lex_stray(struct mln_parse *st, struct mln_span span)
{
    char c = st->text[span.lo];
    if (st->skipping || (c == ']' && st->bracket_open)) {
        st->bracket_open = false;
        return;
    }
    st->bracket_open = c == '[';
    struct mln_span poison = st->poison;
    struct mln_diag *diag = mln_lex_report(st, MLN_D_STRAY_CHARACTER, span,
                                           "%s has no meaning here", mln_parse_quote(st, span));
    const char *hint = advice(st->text + span.lo, span.hi - span.lo);
    if (diag && hint)
        mln_diag_help(diag, "%s", hint);
    st->poison = poison;
    st->stray = true;
}
