/* Diagrams against every packet of small universes, and against the search of packet spaces.
 *
 * Sets are unions of chunks, so one packet a combination of chunks is the whole truth. Two random
 * lists are built; their difference must hold exactly the packets on which they differ, in boxes of
 * which no two share a packet. */
#include "net/diagram.h"
#include "unit.h"
#include <string.h>

#define SEED UINT64_C(771077)
#define CHUNKS 5
#define RULES 12
#define VARS 2

static uint64_t rng_state;

static unsigned below(unsigned n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (unsigned)((rng_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

/* ---- a small universe ---- */

static const uint64_t cuts[CHUNKS] = {0, 0x0a000000, 0x0a000004, 0xcb007105, 0xffffffff};
static const unsigned port_cuts[CHUNKS] = {0, 22, 443, 444, 65535};

struct universe {
    struct mln_arena *arena;
    size_t count; /* matches: two lists of count / 2 */
    struct mln_match matches[2 * RULES];
    uint64_t allows[1];
};

static const struct mln_ipset *addresses(struct universe *u)
{
    struct mln_range ranges[CHUNKS];
    size_t n = 0;
    if (below(3) == 0)
        return NULL;
    for (size_t c = 0; c < CHUNKS; c++)
        if (below(2)) {
            ranges[n].lo = (struct mln_ip){.lo = cuts[c]};
            ranges[n++].hi = (struct mln_ip){.lo = c + 1 < CHUNKS ? cuts[c + 1] - 1 : 0xffffffff};
        }
    return mln_ipset_from_ranges(u->arena, MLN_IPV4, ranges, n);
}

static const struct mln_portset *ports(struct universe *u)
{
    struct mln_port_range ranges[CHUNKS];
    size_t n = 0;
    if (below(2) == 0)
        return NULL;
    for (size_t c = 0; c < CHUNKS; c++)
        if (below(2)) {
            ranges[n].lo = (uint16_t)port_cuts[c];
            ranges[n++].hi = (uint16_t)(c + 1 < CHUNKS ? port_cuts[c + 1] - 1 : 65535);
        }
    return mln_portset_from_ranges(u->arena, ranges, n);
}

static const uint32_t *vars(struct universe *u, size_t *count)
{
    uint32_t *list = MLN_NEW_ARRAY(u->arena, uint32_t, VARS);
    *count = 0;
    for (uint32_t v = 0; v < VARS; v++)
        if (below(4) == 0)
            list[(*count)++] = 5 + v;
    return list;
}

static void make_universe(struct universe *u)
{
    *u = (struct universe){.arena = mln_arena_new()};
    size_t each = 1 + below(RULES);
    u->count = 2 * each;
    for (size_t i = 0; i < u->count; i++) {
        struct mln_match *m = &u->matches[i];
        if (i >= each && below(4)) /* mostly the same rules on both sides */
            *m = u->matches[i - each];
        else {
            *m = (struct mln_match){.src = addresses(u),
                                    .dst = addresses(u),
                                    .protos = below(2) ? MLN_PROTOS_ALL : 1 + below(7),
                                    .sport = below(3) ? NULL : ports(u),
                                    .dport = ports(u)};
            m->src_vars = vars(u, &m->src_var_count);
            m->dst_vars = vars(u, &m->dst_var_count);
        }
        if (below(2))
            mln_bit_set(u->allows, i);
    }
}

/* ---- every packet ---- */

struct walk {
    size_t src, dst, sport, dport;
    unsigned proto, src_in, dst_in;
    uint32_t in[2][VARS];
};

static bool next(struct walk *w)
{
    size_t *chunks[] = {&w->src, &w->dst, &w->sport, &w->dport};
    for (size_t i = 0; i < 4; i++) {
        if (++*chunks[i] < CHUNKS)
            return true;
        *chunks[i] = 0;
    }
    if (++w->proto < MLN_PROTO_COUNT)
        return true;
    w->proto = 0;
    if (++w->src_in < 1u << VARS)
        return true;
    w->src_in = 0;
    return ++w->dst_in < 1u << VARS;
}

static size_t list_in(unsigned in, uint32_t *out)
{
    size_t n = 0;
    for (uint32_t v = 0; v < VARS; v++)
        if (in >> v & 1)
            out[n++] = 5 + v;
    return n;
}

static struct mln_packet packet_of(struct walk *w)
{
    struct mln_packet p = {.src.lo = cuts[w->src],
                           .dst.lo = cuts[w->dst],
                           .proto = (enum mln_proto)w->proto,
                           .sport = (uint16_t)port_cuts[w->sport],
                           .dport = (uint16_t)port_cuts[w->dport],
                           .src_vars = w->in[0],
                           .dst_vars = w->in[1]};
    p.src_var_count = list_in(w->src_in, w->in[0]);
    p.dst_var_count = list_in(w->dst_in, w->in[1]);
    return p;
}

static bool permits(const struct universe *u, size_t first, const struct mln_packet *p)
{
    for (size_t i = first; i < first + u->count / 2; i++)
        if (mln_packet_matches(p, &u->matches[i]))
            return mln_bit(u->allows, i);
    return false;
}

static bool listed(const uint32_t *in, size_t count, uint32_t var)
{
    for (size_t i = 0; i < count; i++)
        if (in[i] == var)
            return true;
    return false;
}

static bool box_holds(const struct mln_box *b, const struct mln_packet *p)
{
    for (size_t i = 0; i < b->var_count; i++) {
        bool src = b->vars[i].is_src;
        if (listed(src ? p->src_vars : p->dst_vars, src ? p->src_var_count : p->dst_var_count,
                   b->vars[i].number) != b->vars[i].in)
            return false;
    }
    return b->protos >> p->proto & 1 && mln_ipset_contains(b->src, p->src) &&
           mln_ipset_contains(b->dst, p->dst) && mln_portset_contains(b->sport, p->sport) &&
           mln_portset_contains(b->dport, p->dport);
}

static size_t boxes_with(const struct mln_box_vec *boxes, const struct mln_packet *p)
{
    size_t n = 0;
    for (size_t i = 0; i < boxes->len; i++)
        n += box_holds(&boxes->data[i], p);
    return n;
}

/* ---- tests ---- */

static void check_difference(struct universe *u)
{
    size_t half = u->count / 2;
    struct mln_diagrams *d = mln_diagrams_new(u->arena, MLN_IPV4, u->matches, u->count, 0);
    mln_diagram old = mln_diagram_of_list(d, 0, half, u->allows);
    mln_diagram new = mln_diagram_of_list(d, half, half, u->allows);
    struct mln_box_vec added = {0}, removed = {0}, both = {0};
    CU_ASSERT_TRUE(mln_diagram_boxes(d, mln_diagram_without(d, new, old), 10000, &added));
    CU_ASSERT_TRUE(mln_diagram_boxes(d, mln_diagram_without(d, old, new), 10000, &removed));
    CU_ASSERT_TRUE(mln_diagram_boxes(d, mln_diagram_and(d, new, old), 10000, &both));
    struct walk w = {0};
    size_t wrong = 0;
    do {
        struct mln_packet p = packet_of(&w);
        bool before = permits(u, 0, &p), after = permits(u, half, &p);
        wrong += boxes_with(&added, &p) != (after && !before);
        wrong += boxes_with(&removed, &p) != (before && !after);
        wrong += boxes_with(&both, &p) != (before && after);
    } while (next(&w));
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(old == new, added.len + removed.len == 0);
}

static void differences_are_exact(void)
{
    rng_state = SEED;
    for (int i = 0; i < 60; i++) {
        struct universe u;
        make_universe(&u);
        check_difference(&u);
        mln_arena_free(u.arena);
    }
}

/* The other engine: is there a packet on which the lists differ? */
struct comparison {
    const struct universe *u;
};

static unsigned says(const struct universe *u, size_t first, const uint64_t *alive,
                     const uint64_t *sure)
{
    unsigned seen = 0;
    for (size_t i = first; i < first + u->count / 2; i++) {
        if (mln_bit(alive, i))
            seen |= mln_bit(u->allows, i) ? 2 : 1;
        if (mln_bit(sure, i))
            return seen;
    }
    return seen | 1;
}

static enum mln_answer differ(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct universe *u = ((const struct comparison *)ctx)->u;
    unsigned a = says(u, 0, alive, sure), b = says(u, u->count / 2, alive, sure);
    if ((a & b) == 0)
        return MLN_YES;
    return a == b && a != 3 ? MLN_NO : MLN_MAYBE;
}

static void both_engines_agree(void)
{
    rng_state = SEED + 1;
    size_t equal = 0;
    for (int i = 0; i < 500; i++) {
        struct universe u;
        make_universe(&u);
        size_t half = u.count / 2;
        if (below(3) == 0) /* the second half says the same, but for order where that is free */
            for (size_t k = half; k < u.count; k++) {
                u.matches[k] = u.matches[k - half];
                mln_bit_clear(u.allows, k);
                if (mln_bit(u.allows, k - half))
                    mln_bit_set(u.allows, k);
            }
        struct mln_diagrams *d = mln_diagrams_new(u.arena, MLN_IPV4, u.matches, u.count, 0);
        bool same = mln_diagram_of_list(d, 0, half, u.allows) ==
                    mln_diagram_of_list(d, half, half, u.allows);
        struct mln_space *space = mln_space_new(u.arena, MLN_IPV4, u.matches, u.count);
        struct comparison c = {&u};
        CU_ASSERT_EQUAL(mln_space_find(space, SIZE_MAX, differ, &c, NULL, NULL, 0),
                        same ? MLN_NONE : MLN_FOUND);
        equal += same;
        mln_arena_free(u.arena);
    }
    CU_ASSERT_TRUE(equal > 50 && equal < 450);
}

static void a_limit_is_kept(void)
{
    rng_state = SEED + 2;
    struct universe u;
    make_universe(&u);
    while (u.count < RULES)
        mln_arena_free(u.arena), make_universe(&u);
    struct mln_diagrams *d = mln_diagrams_new(u.arena, MLN_IPV4, u.matches, u.count, 3);
    CU_ASSERT_EQUAL(mln_diagram_of_list(d, 0, u.count, u.allows), MLN_DIAGRAM_GAVE_UP);
    CU_ASSERT_EQUAL(mln_diagram_and(d, MLN_DIAGRAM_GAVE_UP, MLN_DIAGRAM_ALL), MLN_DIAGRAM_GAVE_UP);
    CU_ASSERT_TRUE(mln_diagrams_steps(d) < 1000);
    mln_arena_free(u.arena);
}

static void few_boxes_are_given(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_port_range web = {443, 443}, ssh = {22, 22};
    struct mln_match matches[] = {
        {.protos = MLN_PROTO_BIT(MLN_PROTO_TCP), .dport = mln_portset_from_ranges(a, &web, 1)},
        {.protos = MLN_PROTO_BIT(MLN_PROTO_TCP), .dport = mln_portset_from_ranges(a, &ssh, 1)}};
    uint64_t allows[] = {3};
    struct mln_diagrams *d = mln_diagrams_new(a, MLN_IPV6, matches, 2, 0);
    struct mln_box_vec all = {0}, cut = {0};
    mln_diagram both = mln_diagram_of_list(d, 0, 2, allows);
    CU_ASSERT_TRUE(mln_diagram_boxes(d, both, 10, &all));
    CU_ASSERT_EQUAL(all.len, 1);
    CU_ASSERT_EQUAL(all.data[0].dport->len, 2);
    CU_ASSERT_TRUE(mln_ipset_is_all(all.data[0].src));
    CU_ASSERT_FALSE(mln_diagram_boxes(d, both, 0, &cut));
    CU_ASSERT_EQUAL(cut.len, 0);
    mln_arena_free(a);
}

void suite_diagram(void)
{
    UNIT_SUITE("diagram");
    UNIT_TEST(differences_are_exact);
    UNIT_TEST(both_engines_agree);
    UNIT_TEST(a_limit_is_kept);
    UNIT_TEST(few_boxes_are_given);
}
