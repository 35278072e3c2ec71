/* Addresses, address sets and port sets: tables for text, brute force over small universes for
 * algebra. */
#include "net/ip.h"
#include "net/ipset.h"
#include "net/port.h"
#include "unit.h"
#include <stdio.h>
#include <string.h>

#define SEED UINT64_C(20240518)

static uint64_t rng_state;

static unsigned below(unsigned n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (unsigned)((rng_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

/* ---- text ---- */

struct text_case {
    const char *in;
    enum mln_prefix_error error;
    const char *out; /* NULL: not looked at */
};

static const struct text_case text_cases[] = {
    {"10.0.0.0/16", MLN_PREFIX_OK, "10.0.0.0/16"},
    {"0.0.0.0/0", MLN_PREFIX_OK, "0.0.0.0/0"},
    {"255.255.255.255", MLN_PREFIX_OK, "255.255.255.255"},
    {"1.2.3.4/32", MLN_PREFIX_OK, "1.2.3.4"},
    {"128.0.0.0/1", MLN_PREFIX_OK, "128.0.0.0/1"},
    {"10.20.1.5/24", MLN_PREFIX_HOST_BITS, "10.20.1.0/24"},
    {"1.2.3.4/0", MLN_PREFIX_HOST_BITS, "0.0.0.0/0"},
    {"10.0.0.0/33", MLN_PREFIX_LENGTH, NULL},
    {"10.0.0.0/128", MLN_PREFIX_LENGTH, NULL},
    {"10.0.0.0/016", MLN_PREFIX_LENGTH, NULL},
    {"10.0.0.0/4294967304", MLN_PREFIX_LENGTH, NULL},
    {"10.0.0.0/", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.0/ 8", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.0/-1", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.0/8/8", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.0/255.0.0.0", MLN_PREFIX_SYNTAX, NULL},
    {"", MLN_PREFIX_SYNTAX, NULL},
    {"/8", MLN_PREFIX_SYNTAX, NULL},
    {"10", MLN_PREFIX_SYNTAX, NULL},
    {"10.1", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.0.", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.0.0", MLN_PREFIX_SYNTAX, NULL},
    {"10..0.0", MLN_PREFIX_SYNTAX, NULL},
    {".10.0.0.0", MLN_PREFIX_SYNTAX, NULL},
    {"256.0.0.0", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.1000", MLN_PREFIX_SYNTAX, NULL},
    {"010.0.0.1", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.00", MLN_PREFIX_SYNTAX, NULL},
    {"0x0a.0.0.1", MLN_PREFIX_SYNTAX, NULL},
    {" 10.0.0.1", MLN_PREFIX_SYNTAX, NULL},
    {"10.0.0.1 ", MLN_PREFIX_SYNTAX, NULL},
    {"::", MLN_PREFIX_OK, "::"},
    {"::/0", MLN_PREFIX_OK, "::/0"},
    {"::1", MLN_PREFIX_OK, "::1"},
    {"1::", MLN_PREFIX_OK, "1::"},
    {"2001:DB8::/32", MLN_PREFIX_OK, "2001:db8::/32"},
    {"2001:0db8:0000:0000:0001:0000:0000:0001", MLN_PREFIX_OK, "2001:db8::1:0:0:1"},
    {"2001:db8:0:1:1:1:1:1", MLN_PREFIX_OK, "2001:db8:0:1:1:1:1:1"},
    {"2001:db8::1:1:1:1:1", MLN_PREFIX_OK, "2001:db8:0:1:1:1:1:1"},
    {"1:0:0:2:0:0:0:3", MLN_PREFIX_OK, "1:0:0:2::3"},
    {"0:0:0:0:0:0:0:0", MLN_PREFIX_OK, "::"},
    {"1:2:3:4:5:6:7::", MLN_PREFIX_OK, "1:2:3:4:5:6:7:0"},
    {"::2:3:4:5:6:7:8", MLN_PREFIX_OK, "0:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:0:0", MLN_PREFIX_OK, "1:2:3:4:5:6::"},
    {"::ffff:1.2.3.4", MLN_PREFIX_OK, "::ffff:1.2.3.4"},
    {"::ffff:102:304", MLN_PREFIX_OK, "::ffff:1.2.3.4"},
    {"64:ff9b::1.2.3.4", MLN_PREFIX_OK, "64:ff9b::102:304"},
    {"1:2:3:4:5:6:1.2.3.4", MLN_PREFIX_OK, "1:2:3:4:5:6:102:304"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", MLN_PREFIX_OK,
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2001:db8::1/128", MLN_PREFIX_OK, "2001:db8::1"},
    {"2001:db8::1/64", MLN_PREFIX_HOST_BITS, "2001:db8::/64"},
    {"2001:db8:0:1::/63", MLN_PREFIX_HOST_BITS, "2001:db8::/63"},
    {"2001:db8::/129", MLN_PREFIX_LENGTH, NULL},
    {"2001:db8::/999999", MLN_PREFIX_LENGTH, NULL},
    {":", MLN_PREFIX_SYNTAX, NULL},
    {":::", MLN_PREFIX_SYNTAX, NULL},
    {"::1::", MLN_PREFIX_SYNTAX, NULL},
    {"1:::2", MLN_PREFIX_SYNTAX, NULL},
    {"1:", MLN_PREFIX_SYNTAX, NULL},
    {":1", MLN_PREFIX_SYNTAX, NULL},
    {"1::2:", MLN_PREFIX_SYNTAX, NULL},
    {"1:2:3:4:5:6:7", MLN_PREFIX_SYNTAX, NULL},
    {"1:2:3:4:5:6:7:8:9", MLN_PREFIX_SYNTAX, NULL},
    {"1:2:3:4:5:6:7:8::", MLN_PREFIX_SYNTAX, NULL},
    {"::1:2:3:4:5:6:7:8", MLN_PREFIX_SYNTAX, NULL},
    {"1:2:3:4::5:6:7:8", MLN_PREFIX_SYNTAX, NULL},
    {"12345::", MLN_PREFIX_SYNTAX, NULL},
    {"g::", MLN_PREFIX_SYNTAX, NULL},
    {"fe80::1%eth0", MLN_PREFIX_SYNTAX, NULL},
    {"[::1]", MLN_PREFIX_SYNTAX, NULL},
    {"1:2:3:4:5:6:7:1.2.3.4", MLN_PREFIX_SYNTAX, NULL},
    {"::1.2.3.4:5", MLN_PREFIX_SYNTAX, NULL},
    {"::1.2.3", MLN_PREFIX_SYNTAX, NULL},
    {"::01.2.3.4", MLN_PREFIX_SYNTAX, NULL},
    {"::256.2.3.4", MLN_PREFIX_SYNTAX, NULL},
};

static void prefixes_read_and_print(void)
{
    for (size_t i = 0; i < sizeof(text_cases) / sizeof(text_cases[0]); i++) {
        const struct text_case *c = &text_cases[i];
        struct mln_prefix prefix;
        char text[MLN_IP_TEXT];
        enum mln_prefix_error error = mln_prefix_parse(c->in, strlen(c->in), &prefix);
        if (error != c->error)
            printf("# \"%s\": %d instead of %d\n", c->in, error, c->error);
        CU_ASSERT_EQUAL(error, c->error);
        if (error == c->error && c->out)
            CU_ASSERT_STRING_EQUAL(mln_prefix_text(&prefix, text), c->out);
    }
}

static void parsing_stops_at_the_length(void)
{
    struct mln_prefix prefix;
    CU_ASSERT_EQUAL(mln_prefix_parse("10.0.0.0/245", 11, &prefix), MLN_PREFIX_OK);
    CU_ASSERT_EQUAL(prefix.length, 24);
    CU_ASSERT_FALSE(prefix.is_address);
    CU_ASSERT_EQUAL(mln_prefix_parse("10.0.0.12", 8, &prefix), MLN_PREFIX_OK);
    CU_ASSERT_EQUAL(prefix.ip.lo, 0x0a000001);
    CU_ASSERT_TRUE(prefix.is_address);
    CU_ASSERT_EQUAL(mln_prefix_parse("::1\0", 4, &prefix), MLN_PREFIX_SYNTAX);
    CU_ASSERT_EQUAL(mln_prefix_parse(NULL, 0, &prefix), MLN_PREFIX_SYNTAX);
}

/* What is printed reads back as the same address, and its last address is where it should be. */
static void text_goes_round(void)
{
    rng_state = SEED;
    for (int i = 0; i < 20000; i++) {
        struct mln_prefix p = {.family = below(2) ? MLN_IPV6 : MLN_IPV4}, back;
        char text[MLN_IP_TEXT];
        p.length = p.family == MLN_IPV4 ? 32 : 128;
        for (int group = 0; group < (p.family == MLN_IPV4 ? 2 : 8); group++) {
            uint64_t bits = below(2) ? 0 : below(65536);
            p.ip.hi = p.ip.hi << 16 | p.ip.lo >> 48;
            p.ip.lo = p.ip.lo << 16 | bits;
        }
        mln_prefix_text(&p, text);
        bool good = mln_prefix_parse(text, strlen(text), &back) == MLN_PREFIX_OK &&
                    back.family == p.family && mln_ip_cmp(back.ip, p.ip) == 0;
        if (!good)
            printf("# seed %llu: %s\n", (unsigned long long)SEED, text);
        CU_ASSERT_TRUE(good);
    }
}

static void neighbours_carry(void)
{
    struct mln_ip low = {0, UINT64_MAX}, high = {1, 0}, zero = {0, 0};
    CU_ASSERT_EQUAL(mln_ip_cmp(mln_ip_next(low), high), 0);
    CU_ASSERT_EQUAL(mln_ip_cmp(mln_ip_prev(high), low), 0);
    CU_ASSERT_EQUAL(mln_ip_cmp(mln_ip_next(mln_ip_max(MLN_IPV6)), zero), 0);
    CU_ASSERT_EQUAL(mln_ip_cmp(mln_ip_prev(zero), mln_ip_max(MLN_IPV6)), 0);
    CU_ASSERT_EQUAL(mln_ip_max(MLN_IPV4).lo, 0xffffffff);
    struct mln_prefix p = {
        .family = MLN_IPV6, .ip = {UINT64_C(0x20010db800000000), 0}, .length = 65};
    CU_ASSERT_EQUAL(mln_prefix_last(&p).lo, UINT64_MAX >> 1);
    p.length = 64;
    CU_ASSERT_EQUAL(mln_prefix_last(&p).lo, UINT64_MAX);
    CU_ASSERT_EQUAL(mln_prefix_last(&p).hi, p.ip.hi);
    p.length = 0;
    p.ip = zero;
    CU_ASSERT_EQUAL(mln_ip_cmp(mln_prefix_last(&p), mln_ip_max(MLN_IPV6)), 0);
}

/* ---- sets of addresses: 64 addresses at the bottom, in the middle or at the top of the line ----
 */

#define UNIVERSE 64

struct line {
    struct mln_arena *arena;
    enum mln_family family;
    struct mln_ip base;
};

static const struct mln_ip bases[MLN_FAMILIES][3] = {
    {{0, 0}, {0, 0x0a000000}, {0, 0xffffffff - (UNIVERSE - 1)}},
    {{0, 0}, {7, UINT64_MAX - 31}, {UINT64_MAX, UINT64_MAX - (UNIVERSE - 1)}},
};

static struct mln_ip at(const struct line *l, unsigned i)
{
    struct mln_ip ip = {.hi = l->base.hi, .lo = l->base.lo + i};
    ip.hi += ip.lo < l->base.lo;
    return ip;
}

static uint64_t bits_of(const struct line *l, const struct mln_ipset *set)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < UNIVERSE; i++)
        if (mln_ipset_contains(set, at(l, i)))
            bits |= UINT64_C(1) << i;
    return bits;
}

static const struct mln_ipset *random_set(const struct line *l, uint64_t *bits)
{
    struct mln_range ranges[8];
    size_t n = below(8);
    *bits = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned lo = below(UNIVERSE), hi = lo + below(UNIVERSE - lo);
        if (below(3))
            hi = lo + (hi - lo) / 8;
        ranges[i] = (struct mln_range){at(l, lo), at(l, hi)};
        for (unsigned k = lo; k <= hi; k++)
            *bits |= UINT64_C(1) << k;
    }
    return mln_ipset_from_ranges(l->arena, l->family, ranges, n);
}

static bool is_canonical(const struct mln_ipset *set)
{
    for (size_t i = 0; i < set->len; i++) {
        if (mln_ip_cmp(set->ranges[i].lo, set->ranges[i].hi) > 0)
            return false;
        if (i > 0 && mln_ip_cmp(mln_ip_next(set->ranges[i - 1].hi), set->ranges[i].lo) >= 0)
            return false;
    }
    return true;
}

static void check_set(const struct line *l, const struct mln_ipset *set, uint64_t bits)
{
    bool good = is_canonical(set) && set->family == l->family && bits_of(l, set) == bits;
    if (!good)
        printf("# seed %llu\n", (unsigned long long)SEED);
    CU_ASSERT_TRUE(good);
}

/* The fewest aligned blocks of a bitmap: a block is whole, or the sum of its halves. Alignment is
 * that of the addresses, which is why the universe begins at a multiple of its size or straddles a
 * known boundary. */
static unsigned fewest_blocks(uint64_t bits, unsigned from, unsigned size)
{
    uint64_t mask = (size == 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1) << from;
    if ((bits & mask) == 0)
        return 0;
    if ((bits & mask) == mask)
        return 1;
    return fewest_blocks(bits, from, size / 2) + fewest_blocks(bits, from + size / 2, size / 2);
}

static unsigned fewest_prefixes(const struct line *l, uint64_t bits)
{
    if ((l->base.lo & (UNIVERSE - 1)) == 0)
        return fewest_blocks(bits, 0, UNIVERSE);
    return fewest_blocks(bits, 0, UNIVERSE / 2) + fewest_blocks(bits, UNIVERSE / 2, UNIVERSE / 2);
}

static void check_prefixes(const struct line *l, const struct mln_ipset *set, uint64_t bits)
{
    struct mln_prefix *prefixes;
    size_t count = mln_ipset_prefixes(l->arena, set, &prefixes);
    CU_ASSERT_EQUAL(count, fewest_prefixes(l, bits));
    CU_ASSERT_TRUE(
        mln_ipset_equal(mln_ipset_from_prefixes(l->arena, l->family, prefixes, count), set));
    for (size_t i = 1; i < count; i++)
        CU_ASSERT_TRUE(mln_ip_cmp(prefixes[i - 1].ip, prefixes[i].ip) < 0);
}

static void check_two_sets(const struct line *l)
{
    uint64_t p, q;
    const struct mln_ipset *x = random_set(l, &p), *y = random_set(l, &q);
    check_set(l, x, p);
    check_set(l, mln_ipset_union(l->arena, x, y), p | q);
    check_set(l, mln_ipset_intersect(l->arena, x, y), p & q);
    check_set(l, mln_ipset_subtract(l->arena, x, y), p & ~q);
    CU_ASSERT_EQUAL(mln_ipset_equal(x, y), p == q);
    CU_ASSERT_EQUAL(mln_ipset_covers(x, y), (q & ~p) == 0);
    CU_ASSERT_EQUAL(mln_ipset_overlaps(x, y), (p & q) != 0);
    CU_ASSERT_TRUE(mln_ipset_equal(x, mln_ipset_union(l->arena, x, x)));
    check_prefixes(l, x, p);
    const struct mln_ipset *all = mln_ipset_all(l->arena, l->family);
    const struct mln_ipset *rest = mln_ipset_subtract(l->arena, all, x);
    check_set(l, rest, ~p);
    CU_ASSERT_TRUE(mln_ipset_is_all(mln_ipset_union(l->arena, rest, x)));
    CU_ASSERT_EQUAL(mln_ipset_is_all(rest), p == 0);
    CU_ASSERT_EQUAL(mln_ipset_intersect(l->arena, rest, x)->len, 0);
}

static void set_algebra_agrees_with_bitmaps(void)
{
    rng_state = SEED + 1;
    for (unsigned round = 0; round < 3000; round++) {
        struct line l = {.arena = mln_arena_new(), .family = (enum mln_family)below(MLN_FAMILIES)};
        l.base = bases[l.family][below(3)];
        check_two_sets(&l);
        mln_arena_free(l.arena);
    }
}

static void whole_line_is_one_prefix(void)
{
    struct mln_arena *a = mln_arena_new();
    for (enum mln_family f = MLN_IPV4; f < MLN_FAMILIES; f++) {
        struct mln_prefix *prefixes;
        const struct mln_ipset *all = mln_ipset_all(a, f), *none = mln_ipset_empty(a, f);
        CU_ASSERT_EQUAL(mln_ipset_prefixes(a, all, &prefixes), 1);
        CU_ASSERT_EQUAL(prefixes[0].length, 0);
        CU_ASSERT_EQUAL(mln_ipset_prefixes(a, none, &prefixes), 0);
        CU_ASSERT_TRUE(mln_ipset_is_all(all) && !mln_ipset_is_all(none));
        CU_ASSERT_EQUAL(mln_ipset_subtract(a, all, all)->len, 0);
        CU_ASSERT_TRUE(mln_ipset_equal(mln_ipset_subtract(a, all, none), all));
        struct mln_range last = {mln_ip_max(f), mln_ip_max(f)};
        const struct mln_ipset *top = mln_ipset_from_ranges(a, f, &last, 1);
        const struct mln_ipset *rest = mln_ipset_subtract(a, all, top);
        CU_ASSERT_EQUAL(mln_ipset_prefixes(a, rest, &prefixes), f == MLN_IPV4 ? 32 : 128);
        CU_ASSERT_TRUE(mln_ipset_is_all(mln_ipset_union(a, rest, top)));
    }
    mln_arena_free(a);
}

/* Enough unsorted prefixes to take the path that service tags take; other families are left out. */
static void many_prefixes_aggregate(void)
{
    enum { COUNT = 6000 };
    struct mln_arena *a = mln_arena_new();
    struct mln_prefix *prefixes = MLN_NEW_ARRAY(a, struct mln_prefix, COUNT), *out;
    rng_state = SEED + 2;
    for (size_t i = 0; i < COUNT; i++) {
        prefixes[i] =
            (struct mln_prefix){.family = i % 7 ? MLN_IPV4 : MLN_IPV6, .length = i % 7 ? 26 : 60};
        prefixes[i].ip.lo = i % 7 ? (uint64_t)below(1u << 12) << 6 | (uint64_t)below(4) << 30 : 0;
    }
    const struct mln_ipset *set = mln_ipset_from_prefixes(a, MLN_IPV4, prefixes, COUNT);
    CU_ASSERT_TRUE(is_canonical(set));
    for (size_t i = 0; i < COUNT; i++) {
        bool inside = mln_ipset_contains(set, prefixes[i].ip) &&
                      mln_ipset_contains(set, mln_prefix_last(&prefixes[i]));
        CU_ASSERT_TRUE(inside || prefixes[i].family == MLN_IPV6);
    }
    size_t count = mln_ipset_prefixes(a, set, &out);
    CU_ASSERT_TRUE(mln_ipset_equal(set, mln_ipset_from_prefixes(a, MLN_IPV4, out, count)));
    CU_ASSERT_EQUAL(mln_ipset_from_prefixes(a, MLN_IPV6, prefixes, COUNT)->len, 1);
    mln_arena_free(a);
}

/* ---- ports ---- */

static const struct mln_portset *random_ports(struct mln_arena *a, unsigned base, uint64_t *bits)
{
    struct mln_port_range ranges[6];
    size_t n = below(6);
    *bits = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned lo = below(UNIVERSE), hi = lo + below(UNIVERSE - lo) / (1 + below(8));
        ranges[i] = (struct mln_port_range){(uint16_t)(base + lo), (uint16_t)(base + hi)};
        for (unsigned k = lo; k <= hi; k++)
            *bits |= UINT64_C(1) << k;
    }
    return mln_portset_from_ranges(a, ranges, n);
}

static void check_ports(const struct mln_portset *set, unsigned base, uint64_t bits)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < UNIVERSE; i++)
        if (mln_portset_contains(set, base + i))
            found |= UINT64_C(1) << i;
    CU_ASSERT_TRUE(found == bits);
    for (size_t i = 1; i < set->len; i++)
        CU_ASSERT_TRUE(set->ranges[i - 1].hi + 1 < set->ranges[i].lo);
}

static void port_algebra_agrees_with_bitmaps(void)
{
    static const unsigned port_bases[] = {0, 440, 65536 - UNIVERSE};
    rng_state = SEED + 3;
    for (unsigned round = 0; round < 3000; round++) {
        struct mln_arena *a = mln_arena_new();
        unsigned base = port_bases[below(3)];
        uint64_t p, q;
        const struct mln_portset *x = random_ports(a, base, &p), *y = random_ports(a, base, &q);
        const struct mln_portset *all = mln_portset_all(a);
        check_ports(x, base, p);
        check_ports(mln_portset_union(a, x, y), base, p | q);
        check_ports(mln_portset_intersect(a, x, y), base, p & q);
        check_ports(mln_portset_subtract(a, x, y), base, p & ~q);
        check_ports(mln_portset_subtract(a, all, x), base, ~p);
        CU_ASSERT_EQUAL(mln_portset_equal(x, y), p == q);
        CU_ASSERT_EQUAL(mln_portset_covers(x, y), (q & ~p) == 0);
        CU_ASSERT_EQUAL(mln_portset_overlaps(x, y), (p & q) != 0);
        CU_ASSERT_TRUE(
            mln_portset_is_all(mln_portset_union(a, mln_portset_subtract(a, all, x), x)));
        CU_ASSERT_FALSE(mln_portset_is_all(x));
        mln_arena_free(a);
    }
}

static void protocols_have_names(void)
{
    for (int p = 0; p < MLN_PROTO_COUNT; p++)
        CU_ASSERT_PTR_NOT_NULL(mln_proto_names[p]);
    CU_ASSERT_STRING_EQUAL(mln_proto_names[MLN_PROTO_AH], "ah");
}

void suite_net(void)
{
    UNIT_SUITE("net");
    UNIT_TEST(prefixes_read_and_print);
    UNIT_TEST(parsing_stops_at_the_length);
    UNIT_TEST(text_goes_round);
    UNIT_TEST(neighbours_carry);
    UNIT_TEST(set_algebra_agrees_with_bitmaps);
    UNIT_TEST(whole_line_is_one_prefix);
    UNIT_TEST(many_prefixes_aggregate);
    UNIT_TEST(port_algebra_agrees_with_bitmaps);
    UNIT_TEST(protocols_have_names);
}
