/* The fewest prefixes of a set: each range by itself, since ranges do not touch. */
#include "net/ipset.h"

/* Trailing zeros of an address; all of the family's bits for 0. */
static unsigned trailing_zeros(enum mln_family family, struct mln_ip ip)
{
    if (ip.lo)
        return (unsigned)__builtin_ctzll(ip.lo);
    if (family == MLN_IPV4)
        return 32;
    return ip.hi ? 64 + (unsigned)__builtin_ctzll(ip.hi) : 128;
}

/* Floor of log2(hi - lo + 1): the largest block, by its host bits, that fits between the two. */
static unsigned fitting_bits(struct mln_ip lo, struct mln_ip hi)
{
    struct mln_ip size = {.hi = hi.hi - lo.hi - (hi.lo < lo.lo), .lo = hi.lo - lo.lo};
    size = mln_ip_next(size);
    if (size.hi)
        return 127 - (unsigned)__builtin_clzll(size.hi);
    return size.lo ? 63 - (unsigned)__builtin_clzll(size.lo) : 128; /* 2^128 wraps to 0 */
}

/* The aligned blocks of one range from left to right: each as large as its alignment and the room
 * left allow, which is the only way to cover a range with the fewest. Ranges of a canonical set do
 * not touch, so no block could span two of them and the fewest of the set are the fewest of each
 * range. */
static size_t range_prefixes(enum mln_family family, struct mln_range r, struct mln_prefix *out)
{
    unsigned width = family == MLN_IPV4 ? 32 : 128;
    size_t count = 0;
    for (;;) {
        unsigned bits = trailing_zeros(family, r.lo), room = fitting_bits(r.lo, r.hi);
        if (bits > room)
            bits = room;
        struct mln_prefix p = {.family = family, .ip = r.lo, .length = (uint8_t)(width - bits)};
        if (out)
            out[count] = p;
        count++;
        struct mln_ip last = mln_prefix_last(&p);
        if (mln_ip_cmp(last, r.hi) >= 0)
            return count;
        r.lo = mln_ip_next(last);
    }
}

/* IPv4 in one word: the blocks of a range grow up to the multiple of the largest power of two
 * inside it, the middle, and shrink from there, so their sizes are the bits of the two distances.
 */
struct halves {
    uint64_t up, down; /* from the first address to the middle; from there to behind the last */
};

static struct halves halves_of(const struct mln_range *r)
{
    uint64_t lo = r->lo.lo, end = r->hi.lo + 1;
    unsigned bit = 63 - (unsigned)__builtin_clzll(lo ^ end);
    uint64_t middle = end >> bit << bit;
    return (struct halves){.up = middle - lo, .down = end - middle};
}

/* Most ranges are one block, which needs no counting of bits. */
static inline bool is_block(const struct mln_range *r)
{
    uint64_t size = r->hi.lo - r->lo.lo + 1;
    return (size & (size - 1)) == 0 && (r->lo.lo & (size - 1)) == 0;
}

static inline struct mln_prefix *add_block(struct mln_prefix *out, uint64_t ip, unsigned bits)
{
    *out = (struct mln_prefix){.ip = {.lo = ip}, .length = (uint8_t)(32 - bits)};
    return out + 1;
}

static struct mln_prefix *range_prefixes_v4(const struct mln_range *r, struct mln_prefix *out)
{
    if (is_block(r))
        return add_block(out, r->lo.lo, (unsigned)__builtin_ctzll(r->hi.lo - r->lo.lo + 1));
    struct halves h = halves_of(r);
    uint64_t ip = r->lo.lo;
    for (; h.up; h.up &= h.up - 1) {
        unsigned bits = (unsigned)__builtin_ctzll(h.up);
        out = add_block(out, ip, bits);
        ip += UINT64_C(1) << bits;
    }
    while (h.down) {
        unsigned bits = 63 - (unsigned)__builtin_clzll(h.down);
        out = add_block(out, ip, bits);
        ip += UINT64_C(1) << bits;
        h.down -= UINT64_C(1) << bits;
    }
    return out;
}

size_t mln_ipset_prefix_count(const struct mln_ipset *x)
{
    size_t count = 0;
    for (size_t i = 0; i < x->len; i++) {
        if (x->family == MLN_IPV6) {
            count += range_prefixes(x->family, x->ranges[i], NULL);
            continue;
        }
        if (is_block(&x->ranges[i])) {
            count++;
            continue;
        }
        struct halves h = halves_of(&x->ranges[i]);
        count += (size_t)(__builtin_popcountll(h.up) + __builtin_popcountll(h.down));
    }
    return count;
}

size_t mln_ipset_prefixes(struct mln_arena *a, const struct mln_ipset *x, struct mln_prefix **out)
{
    size_t count = mln_ipset_prefix_count(x);
    struct mln_prefix *to = *out = MLN_NEW_ARRAY(a, struct mln_prefix, count);
    for (size_t i = 0; i < x->len; i++)
        if (x->family == MLN_IPV4)
            to = range_prefixes_v4(&x->ranges[i], to);
        else
            to += range_prefixes(x->family, x->ranges[i], to);
    return count;
}
