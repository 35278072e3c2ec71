/* Literals: from the text of a token to its value. A mistake is reported and gives POISON. */
#include "lang/parse.h"

#include <string.h>

/* --- reports --- */

void mln_lex_line(struct mln_parse *st, uint32_t line_start)
{
    st->line_start = line_start;
    st->first = true;
}

struct mln_diag *mln_lex_report(struct mln_parse *st, enum mln_diag_id id, struct mln_span span,
                                const char *format, ...)
{
    if (st->stopped)
        return NULL;
    st->poison = span;
    va_list args;
    va_start(args, format);
    char *message = mln_vprintf(st->ctx->arena, format, args);
    va_end(args);
    span.file = st->file;
    return mln_report(st->ctx->diags, id, span, "%s", message);
}

struct mln_value *mln_lex_poison(struct mln_parse *st, struct mln_span span)
{
    return mln_make_value(st, span, MLN_VALUE_POISON);
}

/* --- numbers, ranges, dates --- */

/* Reads digits from *at; more than fit give UINT32_MAX + 1. */
static uint64_t read_digits(const char *text, uint32_t *at, uint32_t end)
{
    uint64_t number = 0;
    for (; *at < end && text[*at] >= '0' && text[*at] <= '9'; (*at)++) {
        number = number * 10 + (uint64_t)(text[*at] - '0');
        if (number > UINT32_MAX)
            number = (uint64_t)UINT32_MAX + 1;
    }
    return number;
}

struct mln_value *mln_lex_number(struct mln_parse *st, struct mln_span span)
{
    uint32_t at = span.lo;
    uint64_t number = read_digits(st->text, &at, span.hi);
    if (number > UINT32_MAX) {
        mln_lex_report(st, MLN_D_BAD_NUMBER, span, "the number %s is too big",
                       mln_parse_text(st, span));
        return mln_lex_poison(st, span);
    }
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_NUMBER);
    value->lo = value->hi = (uint32_t)number;
    return value;
}

struct mln_value *mln_lex_range(struct mln_parse *st, struct mln_span span)
{
    uint32_t at = span.lo;
    uint64_t lo = read_digits(st->text, &at, span.hi);
    at++;
    uint64_t hi = read_digits(st->text, &at, span.hi);
    if (lo > 65535 || hi > 65535) {
        mln_lex_report(st, MLN_D_BAD_NUMBER, span, "the range %s goes beyond port 65535",
                       mln_parse_text(st, span));
        return mln_lex_poison(st, span);
    }
    if (lo > hi) {
        struct mln_diag *diag = mln_lex_report(
            st, MLN_D_BAD_RANGE, span, "the range %s runs backwards", mln_parse_text(st, span));
        if (diag)
            mln_diag_inline(diag, "write %u-%u", (unsigned)hi, (unsigned)lo);
        return mln_lex_poison(st, span);
    }
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_RANGE);
    value->lo = (uint32_t)lo;
    value->hi = (uint32_t)hi;
    return value;
}

static uint64_t days_in(uint64_t year, uint64_t month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static const char *fault_of_date(struct mln_parse *st, const uint64_t part[3],
                                 const uint32_t width[3])
{
    if (width[0] != 4 || width[1] != 2 || width[2] != 2)
        return "dates are written YYYY-MM-DD";
    if (part[1] < 1 || part[1] > 12)
        return mln_printf(st->ctx->arena, "there is no month %02u", (unsigned)part[1]);
    if (part[2] < 1 || part[2] > days_in(part[0], part[1]))
        return mln_printf(st->ctx->arena, "this month has %u days",
                          (unsigned)days_in(part[0], part[1]));
    return part[0] < 1 ? "there is no year 0" : NULL;
}

struct mln_value *mln_lex_date(struct mln_parse *st, struct mln_span span)
{
    uint64_t part[3];
    uint32_t width[3], at = span.lo;
    for (int i = 0; i < 3; i++) {
        uint32_t start = at;
        part[i] = read_digits(st->text, &at, span.hi);
        width[i] = at - start;
        at++;
    }
    const char *fault = fault_of_date(st, part, width);
    if (fault) {
        struct mln_diag *diag = mln_lex_report(st, MLN_D_BAD_DATE, span, "%s is no date: %s",
                                               mln_parse_quote(st, span), fault);
        if (diag && width[0] == 4 && part[1] >= 1 && part[1] <= 12 && part[2] >= 1 &&
            part[2] <= 31 && part[2] <= days_in(part[0], part[1]))
            mln_diag_inline(diag, "write %04u-%02u-%02u", (unsigned)part[0], (unsigned)part[1],
                            (unsigned)part[2]);
        return mln_lex_poison(st, span);
    }
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_DATE);
    value->date = (struct mln_date){(int)part[0], (int)part[1], (int)part[2]};
    return value;
}

/* --- addresses --- */

/* Why four numbers joined by dots are no address. */
static const char *fault_of_ipv4(struct mln_parse *st, struct mln_span span)
{
    uint32_t at = span.lo;
    for (int i = 0; i < 4; i++) {
        uint32_t start = at;
        uint64_t part = read_digits(st->text, &at, span.hi);
        if (part > 255)
            return mln_printf(st->ctx->arena, ": %s is more than 255",
                              mln_parse_text(st, (struct mln_span){span.file, start, at}));
        if (at - start > 1 && st->text[start] == '0')
            return mln_printf(st->ctx->arena, ": '%s' has a leading zero",
                              mln_parse_text(st, (struct mln_span){span.file, start, at}));
        at++;
    }
    return "";
}

static void report_address(struct mln_parse *st, struct mln_span span, enum mln_prefix_error error,
                           const struct mln_prefix *mended)
{
    const char *quote = mln_parse_quote(st, span);
    bool ipv6 = memchr(st->text + span.lo, ':', span.hi - span.lo) != NULL;
    char text[MLN_IP_TEXT];
    if (error == MLN_PREFIX_SYNTAX && ipv6)
        mln_lex_report(st, MLN_D_BAD_ADDRESS, span, "%s is not an IPv6 address", quote);
    else if (error == MLN_PREFIX_SYNTAX)
        mln_lex_report(st, MLN_D_BAD_ADDRESS, span, "%s is not an IPv4 address%s", quote,
                       fault_of_ipv4(st, span));
    else if (error == MLN_PREFIX_LENGTH)
        mln_lex_report(st, MLN_D_BAD_ADDRESS, span, "%s has a length beyond /%d", quote,
                       ipv6 ? 128 : 32);
    else {
        struct mln_diag *diag =
            mln_lex_report(st, MLN_D_HOST_BITS, span, "%s has host bits set", quote);
        if (diag)
            mln_diag_inline(diag, "write %s", mln_prefix_text(mended, text));
    }
}

/* Host bits are reported and cleared: what was meant is plain enough to go on with. */
struct mln_value *mln_lex_prefix(struct mln_parse *st, struct mln_span span)
{
    struct mln_prefix prefix = {0};
    enum mln_prefix_error error = mln_prefix_parse(st->text + span.lo, span.hi - span.lo, &prefix);
    if (error != MLN_PREFIX_OK)
        report_address(st, span, error, &prefix);
    if (error != MLN_PREFIX_OK && error != MLN_PREFIX_HOST_BITS)
        return mln_lex_poison(st, span);
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_PREFIX);
    value->prefix = prefix;
    return value;
}
