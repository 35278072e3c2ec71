/* Times of packet spaces: CPU milliseconds, the best of several runs.
 *
 *     bench_space [SCALE]
 *
 * zones   400 and 800 spaces of 10 to 100 matches, as a policy of 10,000 intents over 200 zones
 * makes them: built, one question about everything, one about each match. SCALE multiplies the
 * spaces. list    one list of 1,000 rules against its like: shuffled within runs of one action
 * (equal), and with one change (a witness); and every rule asked whether those before it shadow it.
 * tags    a space whose sets have thousands of ranges.
 * diagram the same two lists as decision diagrams: equality, and the difference as boxes.
 * sets    100,000 prefixes into the fewest. */
#include "net/diagram.h"
#include "net/space.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 5

static uint64_t rng_state;

static unsigned below(unsigned n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (unsigned)((rng_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- properties ---- */

/* Do the first matches of [0, half) and of [half, count) decide alike? Nothing matching denies. */
struct lists {
    size_t half, words;
    const uint64_t *allow[2]; /* rules of each list that allow; list 1 from bit `half` on */
    uint64_t *range[2];
};

static unsigned decisions(const struct lists *l, int list, const uint64_t *alive,
                          const uint64_t *sure)
{
    unsigned seen = 0;
    for (size_t k = 0; k < l->words; k++) {
        uint64_t live = alive[k] & l->range[list][k], stop = sure[k] & l->range[list][k];
        if (stop)
            live &= (stop & (~stop + 1)) * 2 - 1;
        if (live & l->allow[list][k])
            seen |= 2;
        if (live & ~l->allow[list][k])
            seen |= 1;
        if (stop)
            return seen;
    }
    return seen | 1;
}

static enum mln_answer differs(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct lists *l = ctx;
    unsigned a = decisions(l, 0, alive, sure), b = decisions(l, 1, alive, sure);
    if ((a & b) == 0)
        return MLN_YES;
    return a == b && a != 3 ? MLN_NO : MLN_MAYBE;
}

static void keep_first_matches(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    const struct lists *l = ctx;
    mln_bits_first_match(alive, sure, 0, l->half);
    mln_bits_first_match(alive, sure, l->half, 2 * l->half);
}

/* Is there a packet here that no match below `first` holds? */
struct earlier {
    size_t first, count;
};

static void drop_later(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    const struct earlier *e = ctx;
    (void)sure;
    mln_bits_clear(alive, e->first, e->count);
}

static enum mln_answer not_earlier(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct earlier *e = ctx;
    size_t whole = e->first / 64;
    uint64_t some = 0, rest = e->first % 64 ? UINT64_MAX >> (64 - e->first % 64) : 0;
    for (size_t k = 0; k <= whole; k++) {
        uint64_t mask = k < whole ? UINT64_MAX : rest;
        if (mask == 0)
            break;
        if (sure[k] & mask)
            return MLN_NO;
        some |= alive[k] & mask;
    }
    return some ? MLN_MAYBE : MLN_YES;
}

/* ---- random rules ---- */

static const struct mln_ipset *subnet(struct mln_arena *a, unsigned network, unsigned zone)
{
    struct mln_prefix p = {.family = MLN_IPV4, .length = 24};
    p.ip.lo = 10u << 24 | network << 16 | zone << 8;
    return mln_ipset_from_prefixes(a, MLN_IPV4, &p, 1);
}

static const struct mln_portset *ports(struct mln_arena *a)
{
    static const uint16_t common[] = {22, 53, 80, 443, 1433, 3389, 5432, 8080, 8443, 9092};
    struct mln_port_range r = {.lo = common[below(10)]};
    r.hi = r.lo;
    if (below(8) == 0)
        r.lo = 1024, r.hi = (uint16_t)(2000 + below(60000));
    return mln_portset_from_ranges(a, &r, 1);
}

/* A rule of an NSG of one zone: to the zone from another, seldom from anywhere or an unknown tag.
 */
static struct mln_match zone_match(struct mln_arena *a, const struct mln_ipset *own)
{
    struct mln_match m = {.dst = own, .protos = MLN_PROTO_BIT(below(2)), .dport = ports(a)};
    if (below(16) == 0) {
        uint32_t *tag = MLN_NEW(a, uint32_t);
        *tag = below(30);
        m.src_vars = tag;
        m.src_var_count = 1;
    } else if (below(20) > 0) {
        m.src = subnet(a, below(8), below(25));
    }
    if (below(30) == 0)
        m.protos = MLN_PROTOS_ALL;
    return m;
}

/* ---- zones ---- */

static struct mln_match *zone_matches(struct mln_arena *a, size_t *count)
{
    const struct mln_ipset *own = subnet(a, below(8), below(25));
    *count = 10 + below(91);
    struct mln_match *matches = MLN_NEW_ARRAY(a, struct mln_match, *count);
    for (size_t i = 0; i < *count; i++)
        matches[i] = zone_match(a, own);
    return matches;
}

static void bench_zones(size_t spaces)
{
    double build = 1e9, ask = 1e9;
    size_t total = 0, queries = 0, bytes = 0;
    uint64_t steps = 0;
    for (int run = 0; run < RUNS; run++) {
        struct mln_arena *input = mln_arena_new(), *a = mln_arena_new();
        struct mln_space **space = MLN_NEW_ARRAY(input, struct mln_space *, spaces);
        struct mln_match **matches = MLN_NEW_ARRAY(input, struct mln_match *, spaces);
        size_t *count = MLN_NEW_ARRAY(input, size_t, spaces);
        rng_state = 42;
        total = queries = steps = 0;
        for (size_t i = 0; i < spaces; i++)
            matches[i] = zone_matches(input, &count[i]);
        double start = now_ms();
        for (size_t i = 0; i < spaces; i++)
            space[i] = mln_space_new(a, MLN_IPV4, matches[i], count[i]);
        double built = now_ms();
        for (size_t i = 0; i < spaces; i++) {
            struct earlier e = {.first = count[i]};
            struct mln_packet packet;
            mln_space_find(space[i], SIZE_MAX, not_earlier, &e, &packet, &steps, 0);
            for (e.first = 0; e.first < count[i]; e.first++)
                mln_space_find(space[i], e.first, not_earlier, &e, &packet, &steps, 0);
            total += count[i];
            queries += count[i] + 1;
        }
        double asked = now_ms();
        bytes = mln_arena_used(a);
        build = built - start < build ? built - start : build;
        ask = asked - built < ask ? asked - built : ask;
        mln_arena_free(a);
        mln_arena_free(input);
    }
    printf(
        "zones: %zu spaces, %zu matches: build %.2f ms, %zu queries %.2f ms, %llu steps, %.1f MB\n",
        spaces, total, build, queries, ask, (unsigned long long)steps, (double)bytes / 1e6);
}

/* ---- one long list ---- */

#define RULES 1000

static struct mln_match list_match(struct mln_arena *a)
{
    struct mln_match m = {.protos = below(6) ? MLN_PROTO_BIT(below(2)) : MLN_PROTOS_ALL};
    if (below(10))
        m.src = subnet(a, below(20), below(40));
    if (below(10))
        m.dst = subnet(a, below(20), below(40));
    if (below(5))
        m.dport = ports(a);
    return m;
}

struct list {
    struct mln_match matches[2 * RULES];
    bool allow[2 * RULES];
};

static void swap_rules(struct list *l, size_t i, size_t j)
{
    struct mln_match m = l->matches[i];
    bool allow = l->allow[i];
    l->matches[i] = l->matches[j];
    l->allow[i] = l->allow[j];
    l->matches[j] = m;
    l->allow[j] = allow;
}

/* The second half is the first with neighbours swapped where that means nothing. */
static struct list *make_list(struct mln_arena *a)
{
    struct list *l = MLN_NEW(a, struct list);
    for (size_t i = 0; i < RULES; i++) {
        l->matches[i] = l->matches[RULES + i] = list_match(a);
        l->allow[i] = l->allow[RULES + i] = below(3) > 0;
    }
    for (size_t n = 0; n < 20 * RULES; n++) {
        size_t i = RULES + below(RULES - 1);
        if (l->allow[i] == l->allow[i + 1] ||
            !mln_match_overlaps(&l->matches[i], &l->matches[i + 1]))
            swap_rules(l, i, i + 1);
    }
    return l;
}

static struct lists compare(struct mln_arena *a, const struct list *l)
{
    size_t words = (2 * RULES + 63) / 64;
    uint64_t *allow = MLN_NEW_ARRAY(a, uint64_t, words);
    struct lists p = {.half = RULES, .words = words, .allow = {allow, allow}};
    p.range[0] = MLN_NEW_ARRAY(a, uint64_t, words);
    p.range[1] = MLN_NEW_ARRAY(a, uint64_t, words);
    for (size_t i = 0; i < 2 * RULES; i++) {
        mln_bit_set(p.range[i >= RULES], i);
        if (l->allow[i])
            mln_bit_set(allow, i);
    }
    return p;
}

static void bench_equal(const char *name, bool change, mln_reduction *reduction)
{
    double best = 1e9, build = 1e9;
    uint64_t steps = 0;
    enum mln_found found = MLN_NONE;
    char *text = NULL;
    struct mln_arena *a = mln_arena_new_for(2 << 20);
    rng_state = 7;
    struct list *l = make_list(a);
    if (change)
        l->allow[RULES + RULES / 2] = !l->allow[RULES + RULES / 2];
    for (int run = 0; run < RUNS; run++) {
        struct lists p = compare(a, l);
        struct mln_packet packet;
        double start = now_ms();
        struct mln_space *space = mln_space_new(a, MLN_IPV4, l->matches, 2 * RULES);
        double built = now_ms();
        steps = 0;
        struct mln_question question = {.property = differs, .reduction = reduction, .ctx = &p};
        found = mln_space_search(space, SIZE_MAX, &question, &packet, &steps, 0);
        double done = now_ms();
        build = built - start < build ? built - start : build;
        best = done - built < best ? done - built : best;
        text = found == MLN_FOUND ? mln_packet_text(a, &packet) : NULL;
    }
    printf("list: %s: build %.2f ms, decide %.2f ms, %llu steps: %s\n", name, build, best,
           (unsigned long long)steps,
           text                ? text
           : found == MLN_NONE ? "equal"
                               : "gave up");
    mln_arena_free(a);
}

static void bench_diagram(bool change)
{
    double best = 1e9, rest = 1e9;
    uint64_t steps = 0;
    size_t boxes = 0;
    bool equal = false;
    for (int run = 0; run < RUNS; run++) {
        struct mln_arena *a = mln_arena_new_for(2 << 20);
        rng_state = 7;
        struct list *l = make_list(a);
        if (change)
            l->allow[RULES + RULES / 2] = !l->allow[RULES + RULES / 2];
        struct lists p = compare(a, l);
        struct mln_box_vec out = {0};
        double start = now_ms();
        struct mln_diagrams *d = mln_diagrams_new(a, MLN_IPV4, l->matches, 2 * RULES, 0);
        mln_diagram old = mln_diagram_of_list(d, 0, RULES, p.allow[0]);
        mln_diagram new = mln_diagram_of_list(d, RULES, RULES, p.allow[0]);
        double built = now_ms();
        mln_diagram_boxes(d, mln_diagram_without(d, new, old), 1000, &out);
        mln_diagram_boxes(d, mln_diagram_without(d, old, new), 1000, &out);
        double done = now_ms();
        best = built - start < best ? built - start : best;
        rest = done - built < rest ? done - built : rest;
        steps = mln_diagrams_steps(d);
        boxes = out.len;
        equal = old == new;
        mln_arena_free(a);
    }
    printf("diagram: %s: both lists %.2f ms, difference %.2f ms, %llu steps: %s, %zu boxes\n",
           change ? "one action changed" : "shuffled", best, rest, (unsigned long long)steps,
           equal ? "equal" : "different", boxes);
}

static void bench_shadowed(void)
{
    double best = 1e9;
    size_t shadowed = 0;
    uint64_t steps = 0;
    struct mln_arena *a = mln_arena_new_for(2 << 20);
    rng_state = 7;
    struct list *l = make_list(a);
    for (int run = 0; run < RUNS; run++) {
        double start = now_ms();
        struct mln_space *space = mln_space_new(a, MLN_IPV4, l->matches, RULES);
        shadowed = steps = 0;
        for (struct earlier e = {.count = RULES}; e.first < RULES; e.first++) {
            struct mln_question question = {
                .property = not_earlier, .reduction = drop_later, .ctx = &e};
            shadowed += mln_space_search(space, e.first, &question, NULL, &steps, 0) == MLN_NONE;
        }
        double time = now_ms() - start;
        best = time < best ? time : best;
    }
    printf("list: shadowing of %d rules: %.2f ms with build, %llu steps, %zu shadowed\n", RULES,
           best, (unsigned long long)steps, shadowed);
    mln_arena_free(a);
}

/* ---- large sets ---- */

static const struct mln_ipset *tag_set(struct mln_arena *a, size_t prefixes)
{
    struct mln_prefix *p = MLN_NEW_ARRAY(a, struct mln_prefix, prefixes);
    for (size_t i = 0; i < prefixes; i++) {
        p[i] = (struct mln_prefix){.family = MLN_IPV4, .length = (uint8_t)(20 + below(12))};
        p[i].ip.lo = (uint64_t)below(1u << 20) << 12;
    }
    return mln_ipset_from_prefixes(a, MLN_IPV4, p, prefixes);
}

static void bench_tags(void)
{
    enum { TAGS = 20, MATCHES = 200 };
    struct mln_arena *a = mln_arena_new_for(2 << 20);
    struct mln_match matches[MATCHES] = {{0}};
    const struct mln_ipset *tags[TAGS];
    double best = 1e9;
    size_t ranges = 0;
    rng_state = 99;
    for (size_t t = 0; t < TAGS; t++) {
        tags[t] = tag_set(a, 1500);
        ranges += tags[t]->len;
    }
    for (size_t i = 0; i < MATCHES; i++) {
        matches[i] = zone_match(a, tags[below(TAGS)]);
        matches[i].src_var_count = 0;
    }
    for (int run = 0; run < RUNS; run++) {
        double start = now_ms();
        struct mln_space *space = mln_space_new(a, MLN_IPV4, matches, MATCHES);
        for (struct earlier e = {0}; e.first < MATCHES; e.first++)
            mln_space_find(space, e.first, not_earlier, &e, NULL, NULL, 0);
        double time = now_ms() - start;
        best = time < best ? time : best;
    }
    printf("tags: %d matches over %d sets of %zu ranges: %.2f ms\n", MATCHES, TAGS, ranges, best);
    mln_arena_free(a);
}

static void bench_sets(void)
{
    enum { PREFIXES = 100000 };
    double best = 1e9;
    size_t count = 0;
    for (int run = 0; run < RUNS; run++) {
        struct mln_arena *a = mln_arena_new_for(2 << 20);
        struct mln_prefix *p = MLN_NEW_ARRAY(a, struct mln_prefix, PREFIXES), *out;
        rng_state = 3;
        for (size_t i = 0; i < PREFIXES; i++) {
            p[i] = (struct mln_prefix){.family = MLN_IPV4, .length = (uint8_t)(16 + below(17))};
            uint64_t ip = (uint64_t)below(1u << 16) << 16 | below(1u << 16);
            p[i].ip.lo = ip >> (32 - p[i].length) << (32 - p[i].length);
        }
        double start = now_ms();
        const struct mln_ipset *set = mln_ipset_from_prefixes(a, MLN_IPV4, p, PREFIXES);
        count = mln_ipset_prefixes(a, set, &out);
        double time = now_ms() - start;
        best = time < best ? time : best;
        mln_arena_free(a);
    }
    printf("sets: %d prefixes to %zu: %.2f ms\n", PREFIXES, count, best);
}

int main(int argc, char **argv)
{
    size_t scale = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    bench_zones(400 * scale);
    bench_zones(800 * scale);
    bench_equal("shuffled", false, NULL);
    bench_equal("one action changed", true, NULL);
    bench_equal("shuffled, reduced", false, keep_first_matches);
    bench_equal("one action changed, reduced", true, keep_first_matches);
    bench_diagram(false);
    bench_diagram(true);
    bench_shadowed();
    bench_tags();
    bench_sets();
    return 0;
}
