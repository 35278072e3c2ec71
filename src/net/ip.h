/* IP addresses and prefixes, both families. Addresses are 128-bit big-endian numbers; an IPv4
 * address occupies the low 32 bits. Text follows RFC 5952 (IPv6) and dotted quads (IPv4, four
 * decimal parts). */
#ifndef MLN_NET_IP_H
#define MLN_NET_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mln_family { MLN_IPV4, MLN_IPV6 };
#define MLN_FAMILIES 2

struct mln_ip {
    uint64_t hi, lo;
};

static inline int mln_ip_cmp(struct mln_ip a, struct mln_ip b)
{
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}
struct mln_ip mln_ip_next(struct mln_ip ip); /* wraps at 2^128 */
struct mln_ip mln_ip_prev(struct mln_ip ip);
struct mln_ip mln_ip_max(enum mln_family family); /* 255.255.255.255 or ffff:... */

struct mln_prefix {
    enum mln_family family;
    struct mln_ip ip;
    uint8_t length;  /* 0..32 or 0..128 */
    bool is_address; /* written without "/n" */
};

enum mln_prefix_error {
    MLN_PREFIX_OK,
    MLN_PREFIX_SYNTAX,    /* not an address at all */
    MLN_PREFIX_LENGTH,    /* "/33" */
    MLN_PREFIX_HOST_BITS, /* *out is the prefix with the host bits cleared, for the fix-it */
};
/* Reads an address or a prefix that takes up all of text[0..length): four decimal parts without
 * leading zeros, or the forms of RFC 4291 section 2.2 without a zone id; "::ffff:1.2.3.4" is IPv6.
 * *out is always written. */
enum mln_prefix_error mln_prefix_parse(const char *text, size_t length, struct mln_prefix *out);

#define MLN_IP_TEXT 64
/* "10.0.0.0/16"; a host prefix is written without "/32" or "/128". Returns out. */
char *mln_prefix_text(const struct mln_prefix *prefix, char out[MLN_IP_TEXT]);
/* The same, with the length always: "10.0.0.4/32". Returns out. */
char *mln_prefix_cidr(const struct mln_prefix *prefix, char out[MLN_IP_TEXT]);
char *mln_ip_text(enum mln_family family, struct mln_ip ip, char out[MLN_IP_TEXT]);
struct mln_ip mln_prefix_last(const struct mln_prefix *prefix);

#endif
