/* Addresses: text to number and back.
 *
 * The parsers are our own, because the library's are either too lenient (inet_aton reads "10.1" and
 * "010.0.0.1") or want a terminated string, and because a policy must mean the same on every
 * system: four decimal parts without leading zeros; for IPv6 the forms of RFC 4291 section 2.2, no
 * zone id. Each reader takes [text, end) and accepts only when it used all of it. */
#include "net/ip.h"

#include <stdio.h>
#include <string.h>

#define GROUPS 8

struct mln_ip mln_ip_next(struct mln_ip ip)
{
    ip.lo++;
    ip.hi += ip.lo == 0;
    return ip;
}

struct mln_ip mln_ip_prev(struct mln_ip ip)
{
    ip.hi -= ip.lo == 0;
    ip.lo--;
    return ip;
}

struct mln_ip mln_ip_max(enum mln_family family)
{
    if (family == MLN_IPV4)
        return (struct mln_ip){.lo = UINT32_MAX};
    return (struct mln_ip){.hi = UINT64_MAX, .lo = UINT64_MAX};
}

static unsigned family_bits(enum mln_family family)
{
    return family == MLN_IPV4 ? 32 : 128;
}

/* The ones below the `length` leading bits of an address of the family. */
static struct mln_ip host_mask(enum mln_family family, unsigned length)
{
    unsigned host = family_bits(family) - length;
    if (host >= 128)
        return (struct mln_ip){.hi = UINT64_MAX, .lo = UINT64_MAX};
    if (host >= 64)
        return (struct mln_ip){.hi = (UINT64_C(1) << (host - 64)) - 1, .lo = UINT64_MAX};
    return (struct mln_ip){.lo = (UINT64_C(1) << host) - 1};
}

struct mln_ip mln_prefix_last(const struct mln_prefix *prefix)
{
    struct mln_ip mask = host_mask(prefix->family, prefix->length);
    return (struct mln_ip){.hi = prefix->ip.hi | mask.hi, .lo = prefix->ip.lo | mask.lo};
}

/* ---- reading ---- */

/* A decimal number of at most three digits without leading zeros; NULL when there is none. */
static const char *read_decimal(const char *text, const char *end, unsigned *out)
{
    const char *start = text;
    unsigned value = 0;
    while (text < end && text - start < 3 && *text >= '0' && *text <= '9')
        value = value * 10 + (unsigned)(*text++ - '0');
    if (text == start || (*start == '0' && text - start > 1))
        return NULL;
    *out = value;
    return text;
}

static bool read_ipv4(const char *text, const char *end, uint32_t *out)
{
    uint32_t value = 0;
    for (int part = 0; part < 4; part++) {
        unsigned octet;
        if (part > 0 && (text == end || *text++ != '.'))
            return false;
        text = read_decimal(text, end, &octet);
        if (!text || octet > 255)
            return false;
        value = value << 8 | octet;
    }
    *out = value;
    return text == end;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One to four hexadecimal digits; NULL when there is none. A fifth digit is left for the caller to
 * refuse. */
static const char *read_group(const char *text, const char *end, uint16_t *out)
{
    const char *start = text;
    unsigned value = 0;
    while (text < end && text - start < 4 && hex_digit(*text) >= 0)
        value = value << 4 | (unsigned)hex_digit(*text++);
    *out = (uint16_t)value;
    return text == start ? NULL : text;
}

/* Groups of 16 bits from the left, and where "::" stood among them (-1: nowhere). */
struct groups {
    uint16_t at[GROUPS];
    int count, gap;
};

/* The last 32 bits may be written as a dotted quad. */
static bool read_tail_ipv4(struct groups *g, const char *text, const char *end)
{
    uint32_t v4;
    if (g->count > GROUPS - 2 || !read_ipv4(text, end, &v4))
        return false;
    g->at[g->count++] = (uint16_t)(v4 >> 16);
    g->at[g->count++] = (uint16_t)v4;
    return true;
}

/* What follows a group: a colon and more, a "::", or the end. False when it is none of these. */
static bool read_separator(struct groups *g, const char **text, const char *end)
{
    if (*text == end)
        return true;
    if (*(*text)++ != ':' || *text == end)
        return false;
    if (**text == ':') {
        if (g->gap >= 0)
            return false;
        g->gap = g->count;
        ++*text;
    }
    return true;
}

static bool read_groups(struct groups *g, const char *text, const char *end)
{
    g->count = 0;
    g->gap = -1;
    if (end - text >= 2 && text[0] == ':' && text[1] == ':') {
        g->gap = 0;
        text += 2;
    }
    while (text < end) {
        const char *start = text;
        uint16_t value;
        if (g->count == GROUPS)
            return false;
        text = read_group(start, end, &value);
        if (!text)
            return false;
        if (text < end && *text == '.')
            return read_tail_ipv4(g, start, end);
        g->at[g->count++] = value;
        if (!read_separator(g, &text, end))
            return false;
    }
    return true;
}

static bool read_ipv6(const char *text, const char *end, struct mln_ip *out)
{
    struct groups g;
    if (!read_groups(&g, text, end))
        return false;
    if (g.gap < 0 ? g.count != GROUPS : g.count >= GROUPS)
        return false;
    uint64_t half[2] = {0, 0};
    for (int i = 0; i < g.count; i++) {
        int place = g.gap >= 0 && i >= g.gap ? GROUPS - g.count + i : i;
        half[place / 4] |= (uint64_t)g.at[i] << (48 - 16 * (place % 4));
    }
    *out = (struct mln_ip){.hi = half[0], .lo = half[1]};
    return true;
}

static bool read_address(const char *text, const char *end, struct mln_prefix *out)
{
    uint32_t v4;
    if (read_ipv4(text, end, &v4)) {
        out->family = MLN_IPV4;
        out->ip = (struct mln_ip){.lo = v4};
        return true;
    }
    out->family = MLN_IPV6;
    return read_ipv6(text, end, &out->ip);
}

/* The digits behind the slash. A number too large, or too long to be one, is a wrong length, not
 * syntax. */
static enum mln_prefix_error read_length(const char *text, const char *end, unsigned max,
                                         uint8_t *out)
{
    unsigned length;
    if (text == end)
        return MLN_PREFIX_SYNTAX;
    for (const char *p = text; p < end; p++)
        if (*p < '0' || *p > '9')
            return MLN_PREFIX_SYNTAX;
    if (read_decimal(text, end, &length) != end || length > max)
        return MLN_PREFIX_LENGTH;
    *out = (uint8_t)length;
    return MLN_PREFIX_OK;
}

enum mln_prefix_error mln_prefix_parse(const char *text, size_t length, struct mln_prefix *out)
{
    *out = (struct mln_prefix){0};
    if (length == 0)
        return MLN_PREFIX_SYNTAX;
    const char *end = text + length, *slash = memchr(text, '/', length);
    if (!read_address(text, slash ? slash : end, out))
        return MLN_PREFIX_SYNTAX;
    unsigned max = family_bits(out->family);
    out->length = (uint8_t)max;
    out->is_address = !slash;
    if (!slash)
        return MLN_PREFIX_OK;
    enum mln_prefix_error error = read_length(slash + 1, end, max, &out->length);
    if (error)
        return error;
    struct mln_ip mask = host_mask(out->family, out->length);
    bool host_bits = (out->ip.hi & mask.hi) || (out->ip.lo & mask.lo);
    out->ip.hi &= ~mask.hi;
    out->ip.lo &= ~mask.lo;
    return host_bits ? MLN_PREFIX_HOST_BITS : MLN_PREFIX_OK;
}

/* ---- writing ---- */

/* Appends one number of a dotted quad; returns the new end. */
static char *write_octet(unsigned octet, char *out)
{
    if (octet >= 100)
        *out++ = (char)('0' + octet / 100);
    if (octet >= 10)
        *out++ = (char)('0' + octet / 10 % 10);
    *out++ = (char)('0' + octet % 10);
    return out;
}

/* By hand: printf was a third of the time of writing a large NSG. */
static void write_ipv4(uint32_t ip, char *out)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        out = write_octet(ip >> shift & 255, out);
        *out++ = '.';
    }
    out[-1] = '\0';
}

/* The longest run of at least two zero groups, the first of equals: the one that "::" stands for.
 */
static int longest_zeros(const uint16_t *group, int *length)
{
    int best = -1;
    *length = 1;
    for (int i = 0; i < GROUPS; i++) {
        int n = 0;
        while (i + n < GROUPS && group[i + n] == 0)
            n++;
        if (n > *length) {
            best = i;
            *length = n;
        }
        i += n;
    }
    return best;
}

/* RFC 5952: lower case, no leading zeros, "::" as above, IPv4-mapped addresses with their dotted
 * quad. */
static void write_ipv6(struct mln_ip ip, char *out)
{
    uint16_t group[GROUPS];
    for (int i = 0; i < GROUPS; i++)
        group[i] = (uint16_t)((i < 4 ? ip.hi : ip.lo) >> (48 - 16 * (i % 4)));
    if (ip.hi == 0 && ip.lo >> 32 == 0xffff) {
        memcpy(out, "::ffff:", 7);
        write_ipv4((uint32_t)ip.lo, out + 7);
        return;
    }
    int length, gap = longest_zeros(group, &length);
    for (int i = 0; i < GROUPS; i++) {
        if (i == gap) {
            out += sprintf(out, "::");
            i += length - 1;
            continue;
        }
        out += sprintf(out, "%s%x", i == 0 || (gap >= 0 && i == gap + length) ? "" : ":", group[i]);
    }
}

char *mln_ip_text(enum mln_family family, struct mln_ip ip, char out[MLN_IP_TEXT])
{
    if (family == MLN_IPV4)
        write_ipv4((uint32_t)ip.lo, out);
    else
        write_ipv6(ip, out);
    return out;
}

char *mln_prefix_cidr(const struct mln_prefix *prefix, char out[MLN_IP_TEXT])
{
    size_t used = strlen(mln_ip_text(prefix->family, prefix->ip, out));
    snprintf(out + used, MLN_IP_TEXT - used, "/%u", (unsigned)prefix->length);
    return out;
}

char *mln_prefix_text(const struct mln_prefix *prefix, char out[MLN_IP_TEXT])
{
    mln_ip_text(prefix->family, prefix->ip, out);
    if (prefix->length < family_bits(prefix->family)) {
        size_t used = strlen(out);
        snprintf(out + used, MLN_IP_TEXT - used, "/%u", (unsigned)prefix->length);
    }
    return out;
}
