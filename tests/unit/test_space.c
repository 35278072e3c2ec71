/* Packet spaces against brute force.
 *
 * Each field's line is cut into a few chunks, from 0 to its very end; every set is a union of
 * chunks, so one packet a chunk combination (and a setting of the unknown sets) is the whole truth.
 * The engine must find a packet with a property exactly when the enumeration has one, and its
 * packet must have the property when it is evaluated directly on the matches. */
#include "net/space.h"
#include "unit.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED UINT64_C(20240517)
#define CHUNKS 8
#define MATCHES 150
#define WORDS ((MATCHES + 63) / 64)
#define VARS 3

static uint64_t rng_state;

static unsigned below(unsigned n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (unsigned)((rng_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

/* ---- a tiny universe ---- */

struct universe {
    struct mln_arena *arena;
    enum mln_family family;
    size_t addresses, ports, sports; /* chunks in use */
    size_t src_vars, dst_vars;       /* unknown sets */
    struct mln_ip address_start[CHUNKS + 1];
    unsigned port_start[CHUNKS + 1];
    size_t count; /* matches */
    struct mln_match matches[MATCHES];
    unsigned src_mask[MATCHES], dst_mask[MATCHES], sport_mask[MATCHES], dport_mask[MATCHES];
};

static const uint64_t v4_cuts[] = {0x0a000000, 0x0a000001, 0x0a000004, 0x0a000100,
                                   0xcb007105, 0xfffffffe, 0xffffffff};
static const struct mln_ip v6_cuts[] = {
    {0, 1},
    {0, UINT64_MAX},
    {1, 0},
    {UINT64_C(0x20010db800000000), 0},
    {UINT64_C(0x20010db800000000), 8},
    {UINT64_MAX, UINT64_MAX - 1},
    {UINT64_MAX, UINT64_MAX},
};
static const unsigned port_cuts[] = {22, 23, 80, 443, 444, 49152, 65535};

/* Chunk c is start[c] .. start[c + 1] - 1; the last one ends with the line. */
static void lay_out(struct universe *u)
{
    for (size_t i = 1; i < CHUNKS; i++) {
        if (u->family == MLN_IPV4)
            u->address_start[i].lo = v4_cuts[i - 1];
        else
            u->address_start[i] = v6_cuts[i - 1];
        u->port_start[i] = port_cuts[i - 1];
    }
}

static struct mln_ip chunk_end(const struct universe *u, size_t chunk)
{
    return chunk + 1 == u->addresses ? mln_ip_max(u->family)
                                     : mln_ip_prev(u->address_start[chunk + 1]);
}

static const struct mln_ipset *address_set(struct universe *u, unsigned mask)
{
    struct mln_range ranges[CHUNKS];
    size_t n = 0;
    for (size_t c = 0; c < u->addresses; c++)
        if (mask >> c & 1)
            ranges[n++] = (struct mln_range){u->address_start[c], chunk_end(u, c)};
    if (n == u->addresses && below(2))
        return NULL;
    return mln_ipset_from_ranges(u->arena, u->family, ranges, n);
}

static const struct mln_portset *port_set(struct universe *u, size_t chunks, unsigned mask)
{
    struct mln_port_range ranges[CHUNKS];
    size_t n = 0;
    for (size_t c = 0; c < chunks; c++)
        if (mask >> c & 1)
            ranges[n++] = (struct mln_port_range){
                (uint16_t)u->port_start[c],
                (uint16_t)(c + 1 == chunks ? 65535 : u->port_start[c + 1] - 1)};
    if (n == chunks && below(2))
        return NULL;
    return mln_portset_from_ranges(u->arena, ranges, n);
}

/* Often everything, seldom nothing, else any union of chunks. */
static unsigned random_mask(size_t chunks)
{
    unsigned all = (1u << chunks) - 1;
    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        return all;
    case 3:
        return below(6) ? 1u << below((unsigned)chunks) : 0;
    default:
        return below(all) + 1;
    }
}

static const uint32_t *random_vars(struct universe *u, size_t most, size_t *count)
{
    uint32_t *vars = MLN_NEW_ARRAY(u->arena, uint32_t, VARS);
    *count = 0;
    for (uint32_t v = 0; v < most; v++)
        if (below(3) == 0)
            vars[(*count)++] = 7 + 10 * v;
    return vars;
}

static void add_match(struct universe *u)
{
    size_t i = u->count++;
    struct mln_match *m = &u->matches[i];
    u->src_mask[i] = random_mask(u->addresses);
    u->dst_mask[i] = random_mask(u->addresses);
    u->sport_mask[i] = random_mask(u->sports);
    u->dport_mask[i] = random_mask(u->ports);
    m->src = address_set(u, u->src_mask[i]);
    m->dst = address_set(u, u->dst_mask[i]);
    m->sport = port_set(u, u->sports, u->sport_mask[i]);
    m->dport = port_set(u, u->ports, u->dport_mask[i]);
    m->protos = below(2) ? MLN_PROTOS_ALL : below(MLN_PROTOS_ALL + 1);
    m->src_vars = random_vars(u, u->src_vars, &m->src_var_count);
    m->dst_vars = random_vars(u, u->dst_vars, &m->dst_var_count);
}

static void make_universe(struct universe *u, size_t matches)
{
    memset(u, 0, sizeof(*u));
    u->arena = mln_arena_new();
    u->family = below(2) ? MLN_IPV4 : MLN_IPV6;
    u->addresses = 1 + below(CHUNKS);
    u->ports = 1 + below(CHUNKS);
    u->sports = 1 + below(CHUNKS / 2);
    size_t vars = below(VARS + 1);
    u->src_vars = below((unsigned)vars + 1);
    u->dst_vars = vars - u->src_vars;
    lay_out(u);
    while (u->count < matches)
        add_match(u);
}

/* ---- every packet ---- */

struct point {
    size_t src, dst, sport, dport;
    unsigned proto, src_in, dst_in; /* bit v: in unknown set 7 + 10 v */
};

static bool names_only(const uint32_t *vars, size_t count, unsigned in)
{
    for (size_t v = 0; v < count; v++)
        if (!(in >> vars[v] / 10 & 1))
            return false;
    return true;
}

static bool holds(const struct universe *u, size_t i, const struct point *p)
{
    const struct mln_match *m = &u->matches[i];
    return u->src_mask[i] >> p->src & 1 && u->dst_mask[i] >> p->dst & 1 &&
           u->sport_mask[i] >> p->sport & 1 && u->dport_mask[i] >> p->dport & 1 &&
           m->protos >> p->proto & 1 && names_only(m->src_vars, m->src_var_count, p->src_in) &&
           names_only(m->dst_vars, m->dst_var_count, p->dst_in);
}

/* Odometer over the universe; false when it has come round. */
static bool next_point(const struct universe *u, struct point *p)
{
    if (++p->src < u->addresses)
        return true;
    p->src = 0;
    if (++p->dst < u->addresses)
        return true;
    p->dst = 0;
    if (++p->sport < u->sports)
        return true;
    p->sport = 0;
    if (++p->dport < u->ports)
        return true;
    p->dport = 0;
    if (++p->proto < MLN_PROTO_COUNT)
        return true;
    p->proto = 0;
    if (++p->src_in < 1u << u->src_vars)
        return true;
    p->src_in = 0;
    return ++p->dst_in < 1u << u->dst_vars;
}

/* The distinct sets of matches that packets lie in. */
struct signatures {
    uint64_t (*set)[WORDS];
    size_t count, cap;
    size_t recent[256]; /* by a hash: where the set last seen with it stands */
};

static void add_signature(struct signatures *s, const uint64_t *set)
{
    uint64_t hash = 0;
    for (size_t k = 0; k < WORDS; k++)
        hash = (hash ^ set[k]) * UINT64_C(0x9e3779b97f4a7c15);
    size_t *recent = &s->recent[hash >> 56];
    if (*recent < s->count && memcmp(s->set[*recent], set, sizeof(*s->set)) == 0)
        return;
    for (size_t i = 0; i < s->count; i++)
        if (memcmp(s->set[i], set, sizeof(*s->set)) == 0) {
            *recent = i;
            return;
        }
    if (s->count == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 64;
        s->set = realloc(s->set, s->cap * sizeof(*s->set));
        assert(s->set);
    }
    *recent = s->count;
    memcpy(s->set[s->count++], set, sizeof(*s->set));
}

static struct signatures enumerate(const struct universe *u)
{
    struct signatures s = {0};
    struct point p = {0};
    do {
        uint64_t set[WORDS] = {0};
        for (size_t i = 0; i < u->count; i++)
            if (holds(u, i, &p))
                mln_bit_set(set, i);
        add_signature(&s, set);
    } while (next_point(u, &p));
    return s;
}

/* ---- a packet evaluated directly ---- */

static bool in_vars(const uint32_t *wanted, size_t count, const uint32_t *given, size_t given_count)
{
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t j = 0; j < given_count; j++)
            found |= given[j] == wanted[i];
        if (!found)
            return false;
    }
    return true;
}

static bool match_holds(const struct mln_match *m, const struct mln_packet *p)
{
    return (m->protos & MLN_PROTO_BIT(p->proto)) &&
           (!m->src || mln_ipset_contains(m->src, p->src)) &&
           (!m->dst || mln_ipset_contains(m->dst, p->dst)) &&
           (!m->sport || mln_portset_contains(m->sport, p->sport)) &&
           (!m->dport || mln_portset_contains(m->dport, p->dport)) &&
           in_vars(m->src_vars, m->src_var_count, p->src_vars, p->src_var_count) &&
           in_vars(m->dst_vars, m->dst_var_count, p->dst_vars, p->dst_var_count);
}

static void evaluate(const struct universe *u, const struct mln_packet *p, uint64_t *set)
{
    memset(set, 0, WORDS * sizeof(*set));
    for (size_t i = 0; i < u->count; i++)
        if (match_holds(&u->matches[i], p))
            mln_bit_set(set, i);
}

/* ---- properties ---- */

enum question { FIRST_MATCH, FORMULA, ANY_FUNCTION, QUESTIONS };

struct property {
    enum question question;
    size_t count, words;
    bool allow[MATCHES]; /* FIRST_MATCH: matches below `half` against the others */
    size_t half;
    uint64_t all_of[WORDS], none_of[WORDS]; /* FORMULA */
    uint64_t salt;                          /* ANY_FUNCTION: true for about one set in eight */
    bool bad_contract;
};

static void random_property(struct property *p, const struct universe *u)
{
    memset(p, 0, sizeof(*p));
    p->question = (enum question)below(QUESTIONS);
    p->count = u->count;
    p->words = (u->count + 63) / 64;
    p->half = u->count / 2;
    p->salt = below(1u << 30);
    for (size_t i = 0; i < u->count; i++) {
        p->allow[i] = below(2);
        if (below(4) == 0)
            mln_bit_set(below(3) ? p->none_of : p->all_of, i);
    }
}

/* Bit 0: may be denied; bit 1: may be allowed. Nothing matching is denied. */
static unsigned decisions(const struct property *p, size_t from, size_t to, const uint64_t *alive,
                          const uint64_t *sure)
{
    unsigned seen = 0;
    for (size_t i = from; i < to; i++) {
        if (mln_bit(alive, i))
            seen |= p->allow[i] ? 2 : 1;
        if (mln_bit(sure, i))
            return seen;
    }
    return seen | 1;
}

static enum mln_answer answer_first_match(const struct property *p, const uint64_t *alive,
                                          const uint64_t *sure)
{
    unsigned a = decisions(p, 0, p->half, alive, sure);
    unsigned b = decisions(p, p->half, p->count, alive, sure);
    if ((a & b) == 0)
        return MLN_YES;
    return a == b && a != 3 ? MLN_NO : MLN_MAYBE;
}

static enum mln_answer answer_formula(const struct property *p, const uint64_t *alive,
                                      const uint64_t *sure)
{
    bool all_sure = true, none_alive = true;
    for (size_t k = 0; k < p->words; k++) {
        if ((p->all_of[k] & ~alive[k]) || (p->none_of[k] & sure[k]))
            return MLN_NO;
        all_sure &= !(p->all_of[k] & ~sure[k]);
        none_alive &= !(p->none_of[k] & alive[k]);
    }
    return all_sure && none_alive ? MLN_YES : MLN_MAYBE;
}

static enum mln_answer answer_any(const struct property *p, const uint64_t *alive,
                                  const uint64_t *sure)
{
    uint64_t hash = p->salt;
    if (memcmp(alive, sure, p->words * sizeof(*alive)) != 0)
        return MLN_MAYBE;
    for (size_t k = 0; k < p->words; k++)
        hash = (hash ^ alive[k]) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 31;
    return hash >> 61 == 0 ? MLN_YES : MLN_NO;
}

static enum mln_answer answer(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct property *p = ctx;
    for (size_t k = 0; k < p->words; k++)
        p->bad_contract |= (sure[k] & ~alive[k]) != 0;
    if (p->count % 64 && alive[p->words - 1] >> p->count % 64)
        p->bad_contract = true;
    if (p->question == FIRST_MATCH)
        return answer_first_match(p, alive, sure);
    return p->question == FORMULA ? answer_formula(p, alive, sure) : answer_any(p, alive, sure);
}

/* What the property cannot see any more: behind a sure match of a list, or outside of the formula.
 */
static void forget(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    const struct property *p = ctx;
    if (p->question == FIRST_MATCH) {
        mln_bits_first_match(alive, sure, 0, p->half);
        mln_bits_first_match(alive, sure, p->half, p->count);
    } else if (p->question == FORMULA) {
        for (size_t k = 0; k < p->words; k++)
            alive[k] &= p->all_of[k] | p->none_of[k];
    }
}

static bool has_property(struct property *p, const uint64_t *set)
{
    return answer(p, set, set) == MLN_YES;
}

/* ---- the comparison ---- */

static bool exists(const struct signatures *s, size_t within, struct property *p)
{
    for (size_t i = 0; i < s->count; i++)
        if ((within == SIZE_MAX || mln_bit(s->set[i], within)) && has_property(p, s->set[i]))
            return true;
    return false;
}

static void check_query(struct universe *u, struct mln_space *space, const struct signatures *s,
                        size_t within, struct property *p, unsigned seed)
{
    struct mln_packet packet;
    uint64_t steps = 0, set[WORDS];
    struct mln_question question = {
        .property = answer, .reduction = below(2) ? forget : NULL, .ctx = p};
    enum mln_found found = mln_space_search(space, within, &question, &packet, &steps, 0);
    bool expected = exists(s, within, p);
    bool good = found == (expected ? MLN_FOUND : MLN_NONE) && !p->bad_contract;
    if (good && expected) {
        evaluate(u, &packet, set);
        for (size_t i = 0; i < u->count; i++)
            good &= mln_packet_matches(&packet, &u->matches[i]) == mln_bit(set, i);
        good &= has_property(p, set) && (within == SIZE_MAX || mln_bit(set, within));
    }
    if (!good)
        printf("# seed %llu, universe %u, question %d, within %zd: found %d, expected %d\n",
               (unsigned long long)SEED, seed, p->question, (ssize_t)within, found, expected);
    CU_ASSERT_TRUE(good);
}

static void check_universe(size_t matches, unsigned queries, unsigned seed)
{
    struct universe u;
    make_universe(&u, matches);
    struct signatures s = enumerate(&u);
    struct mln_space *space = mln_space_new(u.arena, u.family, u.matches, u.count);
    CU_ASSERT_EQUAL(mln_space_words(space), (u.count + 63) / 64);
    for (unsigned i = 0; i < queries; i++) {
        struct property p;
        random_property(&p, &u);
        size_t within = u.count == 0 || below(3) == 0 ? SIZE_MAX : below((unsigned)u.count);
        check_query(&u, space, &s, within, &p, seed);
    }
    free(s.set);
    mln_arena_free(u.arena);
}

static void agrees_with_enumeration(void)
{
    rng_state = SEED;
    for (unsigned seed = 0; seed < 2500; seed++)
        check_universe(below(9), 6, seed);
}

static void agrees_over_several_words(void)
{
    rng_state = SEED + 1;
    for (unsigned seed = 0; seed < 12; seed++)
        check_universe(60 + below(MATCHES - 60 + 1), 10, seed);
}

static void check_pair(const struct universe *u, size_t a, size_t b, unsigned seed)
{
    bool share = false, covers = true;
    struct point p = {0};
    do {
        bool in_a = holds(u, a, &p), in_b = holds(u, b, &p);
        share |= in_a && in_b;
        covers &= in_a || !in_b;
    } while (next_point(u, &p));
    bool good = mln_match_overlaps(&u->matches[a], &u->matches[b]) == share &&
                mln_match_covers(&u->matches[a], &u->matches[b]) == covers;
    if (!good)
        printf("# seed %llu, universe %u, matches %zu and %zu\n", (unsigned long long)SEED, seed, a,
               b);
    CU_ASSERT_TRUE(good);
}

static void overlap_and_cover_agree(void)
{
    rng_state = SEED + 2;
    for (unsigned seed = 0; seed < 150; seed++) {
        struct universe u;
        make_universe(&u, 4);
        for (size_t a = 0; a < u.count; a++)
            for (size_t b = 0; b < u.count; b++)
                check_pair(&u, a, b, seed);
        mln_arena_free(u.arena);
    }
}

/* ---- single facts ---- */

static enum mln_answer yes(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    (void)ctx, (void)alive, (void)sure;
    return MLN_YES;
}

static enum mln_answer in_no_match(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    for (size_t k = 0; k < *(const size_t *)ctx; k++)
        if (sure[k])
            return MLN_NO;
    for (size_t k = 0; k < *(const size_t *)ctx; k++)
        if (alive[k])
            return MLN_MAYBE;
    return MLN_YES;
}

static const struct mln_ipset *prefix_set(struct mln_arena *a, const char *text)
{
    struct mln_prefix prefix;
    CU_ASSERT_EQUAL(mln_prefix_parse(text, strlen(text), &prefix), MLN_PREFIX_OK);
    return mln_ipset_from_prefixes(a, prefix.family, &prefix, 1);
}

static const struct mln_portset *one_port(struct mln_arena *a, unsigned port)
{
    struct mln_port_range range = {(uint16_t)port, (uint16_t)port};
    return mln_portset_from_ranges(a, &range, 1);
}

static void check_text(struct mln_arena *a, enum mln_family family, const struct mln_match *m,
                       const char *expected)
{
    struct mln_packet packet;
    struct mln_space *space = mln_space_new(a, family, m, 1);
    CU_ASSERT_EQUAL(mln_space_find(space, 0, yes, NULL, &packet, NULL, 0), MLN_FOUND);
    CU_ASSERT_STRING_EQUAL(mln_packet_text(a, &packet), expected);
}

static void witness_is_typical(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_match m = {.protos = MLN_PROTOS_ALL,
                          .src = prefix_set(a, "10.30.1.0/24"),
                          .dst = prefix_set(a, "10.20.1.4")};
    check_text(a, MLN_IPV4, &m, "tcp 10.30.1.1:49152 -> 10.20.1.4:443");
    m.dport = one_port(a, 8080);
    m.protos = MLN_PROTO_BIT(MLN_PROTO_UDP) | MLN_PROTO_BIT(MLN_PROTO_ICMP);
    check_text(a, MLN_IPV4, &m, "udp 10.30.1.1:49152 -> 10.20.1.4:8080");
    m.protos = MLN_PROTO_BIT(MLN_PROTO_ICMP);
    m.src = NULL;
    check_text(a, MLN_IPV4, &m, "icmp 203.0.113.5 -> 10.20.1.4");
    m = (struct mln_match){.protos = MLN_PROTO_BIT(MLN_PROTO_TCP),
                           .dst = prefix_set(a, "fd00::/64")};
    m.dport = one_port(a, 53);
    m.sport = one_port(a, 53);
    check_text(a, MLN_IPV6, &m, "tcp [2001:db8::5]:53 -> [fd00::1]:53");
    mln_arena_free(a);
}

static void nothing_is_a_packet_too(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_packet packet;
    size_t words = 0;
    struct mln_space *space = mln_space_new(a, MLN_IPV4, NULL, 0);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, in_no_match, &words, &packet, NULL, 0),
                    MLN_FOUND);
    struct mln_match m[2] = {{.protos = MLN_PROTOS_ALL, .src = prefix_set(a, "0.0.0.0/1")},
                             {.protos = MLN_PROTOS_ALL, .src = prefix_set(a, "128.0.0.0/1")}};
    words = 1;
    space = mln_space_new(a, MLN_IPV4, m, 1);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, in_no_match, &words, &packet, NULL, 0),
                    MLN_FOUND);
    CU_ASSERT_TRUE(mln_ipset_contains(m[1].src, packet.src));
    space = mln_space_new(a, MLN_IPV4, m, 2);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, in_no_match, &words, NULL, NULL, 0), MLN_NONE);
    mln_arena_free(a);
}

static void empty_match_holds_nothing(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_match m = {.protos = 0};
    CU_ASSERT_EQUAL(mln_space_find(mln_space_new(a, MLN_IPV4, &m, 1), 0, yes, NULL, NULL, NULL, 0),
                    MLN_NONE);
    m = (struct mln_match){.protos = MLN_PROTOS_ALL, .dst = mln_ipset_empty(a, MLN_IPV4)};
    CU_ASSERT_EQUAL(mln_space_find(mln_space_new(a, MLN_IPV4, &m, 1), 0, yes, NULL, NULL, NULL, 0),
                    MLN_NONE);
    mln_arena_free(a);
}

/* Thirty unknown sets on each side, named by a pair each: 2^60 settings, of which few need a look.
 */
static void many_unknown_sets_stay_cheap(void)
{
    enum { SETS = 30 };
    struct mln_arena *a = mln_arena_new();
    struct mln_match m[SETS] = {{0}};
    uint32_t number[SETS];
    for (uint32_t i = 0; i < SETS; i++) {
        number[i] = i;
        m[i] = (struct mln_match){.protos = MLN_PROTOS_ALL,
                                  .src_vars = &number[i],
                                  .src_var_count = i % 3 != 1,
                                  .dst_vars = &number[i],
                                  .dst_var_count = i % 3 != 0};
    }
    size_t words = 1;
    uint64_t steps = 0;
    struct mln_packet packet;
    struct mln_space *space = mln_space_new(a, MLN_IPV4, m, SETS);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, in_no_match, &words, &packet, &steps, 0),
                    MLN_FOUND);
    CU_ASSERT_EQUAL(packet.src_var_count + packet.dst_var_count, 0);
    CU_ASSERT_EQUAL(mln_space_find(space, 2, in_no_match, &words, NULL, &steps, 0), MLN_NONE);
    m[SETS - 1].dst_var_count = m[SETS - 1].src_var_count = 0;
    m[SETS - 1].protos &= ~MLN_PROTO_BIT(MLN_PROTO_AH);
    m[0] = (struct mln_match){.protos = MLN_PROTO_BIT(MLN_PROTO_AH)};
    space = mln_space_new(a, MLN_IPV4, m, SETS);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, in_no_match, &words, NULL, &steps, 0),
                    MLN_NONE);
    CU_ASSERT_TRUE(steps < 10000);
    mln_arena_free(a);
}

/* Every `step`-th address from `from` on: a set of many ranges, as service tags are. */
static const struct mln_ipset *comb(struct mln_arena *a, unsigned from, unsigned step,
                                    unsigned count)
{
    struct mln_range *ranges = MLN_NEW_ARRAY(a, struct mln_range, count);
    for (unsigned i = 0; i < count; i++)
        ranges[i].lo.lo = ranges[i].hi.lo = 1000 + from + i * step;
    return mln_ipset_from_ranges(a, MLN_IPV4, ranges, count);
}

/* Hundreds of atoms a match: the search falls back to those that the matches can tell apart. */
static void sets_of_many_ranges(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_packet packet;
    struct mln_match m[16] = {{0}};
    for (unsigned i = 0; i < 15; i++)
        m[i] = (struct mln_match){.protos = MLN_PROTOS_ALL,
                                  .src = comb(a, i % 5, 5 + i / 5 * 5, 400),
                                  .dst = comb(a, 0, 2 + i, 300),
                                  .dport = i % 3 ? NULL : one_port(a, 443)};
    m[15] =
        (struct mln_match){.protos = MLN_PROTOS_ALL, .src = comb(a, 0, 1, 900), .dst = m[0].dst};
    struct mln_space *space = mln_space_new(a, MLN_IPV4, m, 16);
    struct property p = {.question = FORMULA, .count = 16, .words = 1};
    for (size_t within = 0; within < 16; within++)
        for (size_t without = 0; without < 16; without++) {
            p.none_of[0] = UINT64_C(1) << without;
            enum mln_found found = mln_space_find(space, within, answer, &p, &packet, NULL, 0);
            bool covered = mln_match_covers(&m[without], &m[within]);
            CU_ASSERT_EQUAL(found, covered ? MLN_NONE : MLN_FOUND);
            CU_ASSERT_TRUE(covered || (mln_packet_matches(&packet, &m[within]) &&
                                       !mln_packet_matches(&packet, &m[without])));
        }
    /* Only the last of many addresses is left over, and some matches are out of play. */
    m[14].src = comb(a, 0, 1, 899);
    m[14].dst = NULL;
    m[15].dport = one_port(a, 8080);
    space = mln_space_new(a, MLN_IPV4, m, 16);
    struct property rest = {.question = FORMULA, .count = 16, .words = 1, .none_of = {0x7fff}};
    CU_ASSERT_EQUAL(mln_space_find(space, 15, answer, &rest, &packet, NULL, 0), MLN_FOUND);
    CU_ASSERT_EQUAL(packet.src.lo, 1000 + 899);
    mln_arena_free(a);
}

/* What the property is told first: exactly the matches that share a packet with `within`. */
static enum mln_answer note_root(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    (void)sure;
    memcpy(ctx, alive, sizeof(uint64_t));
    return MLN_NO;
}

static void root_is_told_the_overlapping_matches(void)
{
    rng_state = SEED + 3;
    for (unsigned round = 0; round < 100; round++) {
        struct universe u;
        make_universe(&u, 8);
        struct mln_space *space = mln_space_new(u.arena, u.family, u.matches, u.count);
        for (size_t within = 0; within < u.count; within++) {
            uint64_t alive = 0;
            mln_space_find(space, within, note_root, &alive, NULL, NULL, 0);
            for (size_t i = 0; i < u.count; i++)
                CU_ASSERT_EQUAL(mln_bit(&alive, i),
                                mln_match_overlaps(&u.matches[within], &u.matches[i]));
        }
        mln_arena_free(u.arena);
    }
}

static enum mln_answer undecided(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    (void)ctx;
    return *alive == *sure ? MLN_NO : MLN_MAYBE;
}

static void gives_up_at_the_limit(void)
{
    enum { SETS = 40 };
    struct mln_arena *a = mln_arena_new();
    struct mln_match m[SETS] = {{0}};
    uint32_t number[SETS];
    for (uint32_t i = 0; i < SETS; i++) {
        number[i] = i;
        m[i] = (struct mln_match){
            .protos = MLN_PROTOS_ALL, .src_vars = &number[i], .src_var_count = 1};
    }
    uint64_t steps = 5;
    struct mln_space *space = mln_space_new(a, MLN_IPV4, m, SETS);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, undecided, NULL, NULL, &steps, 5000),
                    MLN_GAVE_UP);
    CU_ASSERT_TRUE(steps >= 5000 && steps < 6000);
    CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, yes, NULL, NULL, NULL, 0), MLN_FOUND);
    mln_arena_free(a);
}

void suite_space(void)
{
    UNIT_SUITE("space");
    UNIT_TEST(agrees_with_enumeration);
    UNIT_TEST(agrees_over_several_words);
    UNIT_TEST(overlap_and_cover_agree);
    UNIT_TEST(witness_is_typical);
    UNIT_TEST(nothing_is_a_packet_too);
    UNIT_TEST(empty_match_holds_nothing);
    UNIT_TEST(many_unknown_sets_stay_cheap);
    UNIT_TEST(sets_of_many_ranges);
    UNIT_TEST(root_is_told_the_overlapping_matches);
    UNIT_TEST(gives_up_at_the_limit);
}
