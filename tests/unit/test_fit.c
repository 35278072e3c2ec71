/* Lists with a limit. Small sets against every list there is; the published geographies and regions
 * against a table that another program made, where the shared tables are at hand (MLNSGC_SHARED, or
 * ../shared beside the sources). */
#include "azure/legal.h"
#include "base/file.h"
#include "import/tagfile.h"
#include "net/fit.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED UINT64_C(20260622)

static uint64_t rng_state = SEED;

static unsigned below(unsigned n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (unsigned)((rng_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

/* ---- every list over sixteen addresses ----
 *
 * A list of disjoint entries is, for what it costs, the set it holds and the number of its entries;
 * of the lists for one set the shortest counts. So the minimum over all 65,536 sets is the minimum
 * over all lists. */

#define CELLS 16
#define SETS (1u << CELLS)

/* A universe: sixteen blocks of 2^scale addresses from `base`. */
struct universe {
    enum mln_family family;
    unsigned scale;
    struct mln_ip base;
};

static struct mln_ip shifted(unsigned cell, unsigned scale)
{
    if (scale >= 64)
        return (struct mln_ip){.hi = (uint64_t)cell << (scale - 64)};
    return (struct mln_ip){.hi = scale > 60 ? (uint64_t)cell >> (64 - scale) : 0,
                           .lo = (uint64_t)cell << scale};
}

static struct universe random_universe(bool smallest)
{
    struct universe u = {.family = below(3) ? MLN_IPV4 : MLN_IPV6};
    unsigned width = u.family == MLN_IPV4 ? 32 : 128;
    u.scale = smallest ? 0 : below(width - 3);
    uint64_t random = (uint64_t)below(1u << 31) << 33 | (uint64_t)below(1u << 31) << 2;
    u.base = (struct mln_ip){.hi = random, .lo = random};
    if (u.family == MLN_IPV4)
        u.base = (struct mln_ip){.lo = random >> 32};
    unsigned host = u.scale + 4;
    if (host >= 64) {
        u.base.lo = 0;
        u.base.hi = host == 128 ? 0 : u.base.hi >> (host - 64) << (host - 64);
    } else {
        u.base.lo = u.base.lo >> host << host;
    }
    return u;
}

static const struct mln_ipset *cells_set(struct mln_arena *a, const struct universe *u,
                                         unsigned cells)
{
    struct mln_range ranges[CELLS];
    size_t count = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        if (!(cells >> i & 1))
            continue;
        struct mln_ip offset = shifted(i, u->scale);
        struct mln_prefix cell = {.family = u->family, .ip = u->base};
        cell.ip.hi |= offset.hi;
        cell.ip.lo |= offset.lo;
        cell.length = (uint8_t)((u->family == MLN_IPV4 ? 32 : 128) - u->scale);
        ranges[count++] = (struct mln_range){cell.ip, mln_prefix_last(&cell)};
    }
    return mln_ipset_from_ranges(a, u->family, ranges, count);
}

/* Entries of a list that holds exactly `cells` among the 2^bits from `from`. Blocks of more than
 * one cell and of fewer than 2^shortest are no entries. */
static unsigned entries_exactly(unsigned cells, unsigned from, unsigned bits, unsigned shortest)
{
    unsigned all = ((1u << (1u << bits)) - 1) << from, held = cells & all;
    if (!held)
        return 0;
    if (held == all && (bits == 0 || bits >= shortest))
        return 1;
    return entries_exactly(cells, from, bits - 1, shortest) +
           entries_exactly(cells, from + (1u << (bits - 1)), bits - 1, shortest);
}

static unsigned runs_of(unsigned cells)
{
    return (unsigned)__builtin_popcount(cells & ~(cells << 1));
}

struct question {
    struct universe u;
    unsigned source, preferred, barred, limit;
    enum mln_fit_cost cost;
};

struct best {
    unsigned fewest, first, second;
    bool found;
};

static struct best search_all(const struct question *q, const uint8_t *entries)
{
    struct best best = {.fewest = CELLS + 1};
    for (unsigned cells = q->source; cells < SETS; cells = (cells + 1) | q->source) {
        if (cells & q->barred)
            continue;
        if (entries[cells] < best.fewest)
            best.fewest = entries[cells];
        if (entries[cells] > q->limit)
            continue;
        unsigned extra = (unsigned)__builtin_popcount(cells & ~q->source);
        unsigned strange = (unsigned)__builtin_popcount(cells & ~q->source & ~q->preferred);
        unsigned first = q->cost == MLN_FIT_TOTAL ? extra : strange,
                 second = extra + strange - first;
        if (!best.found || first < best.first || (first == best.first && second < best.second))
            best = (struct best){best.fewest, first, second, true};
    }
    return best;
}

static bool same_count(struct mln_count count, unsigned cells, unsigned scale)
{
    struct mln_ip ip = shifted(cells, scale);
    return count.hi == ip.hi && count.lo == ip.lo;
}

static const char *judge(struct mln_arena *a, const struct question *q, const struct mln_fit *fit,
                         const struct best *best, unsigned lossless)
{
    if (fit->lossless != lossless)
        return "the exact list has another length";
    if (!best->found)
        return fit->status != MLN_FIT_TOO_MANY ? "a list that cannot be"
               : fit->fewest != best->fewest   ? "not the fewest entries"
                                               : NULL;
    if (fit->status != MLN_FIT_OK)
        return "no list where there is one";
    unsigned extra = q->cost == MLN_FIT_TOTAL ? best->first : best->second;
    unsigned strange = q->cost == MLN_FIT_TOTAL ? best->second : best->first;
    if (!same_count(fit->extra, extra, q->u.scale) ||
        !same_count(fit->strangers, strange, q->u.scale))
        return "not the minimum";
    const struct mln_ipset *set = mln_fit_set(a, fit);
    if (fit->len > q->limit || !mln_ipset_covers(set, cells_set(a, &q->u, q->source)) ||
        mln_ipset_overlaps(set, cells_set(a, &q->u, q->barred)))
        return "not a list of the question";
    return NULL;
}

static struct question random_question(bool smallest)
{
    struct question q = {.u = random_universe(smallest), .limit = 1 + below(6)};
    q.source = below(SETS) & (below(2) ? SETS - 1 : below(SETS));
    q.preferred = below(3) ? below(SETS) : 0;
    q.barred = below(3) ? 0 : below(SETS) & below(SETS) & ~q.source;
    q.cost = below(2) ? MLN_FIT_TOTAL : MLN_FIT_STRANGERS;
    return q;
}

static void against_every_list(bool ranges, unsigned longest)
{
    static uint8_t entries[SETS];
    unsigned shortest = longest ? 2 : 0, differ = 0;
    for (unsigned cells = 0; cells < SETS; cells++)
        entries[cells] =
            (uint8_t)(ranges ? runs_of(cells) : entries_exactly(cells, 0, 4, shortest));
    for (unsigned round = 0; round < 3000; round++) {
        struct question q = random_question(shortest);
        struct mln_arena *a = mln_arena_new();
        struct mln_fit_options options = {.limit = q.limit, .cost = q.cost};
        options.preferred = q.preferred ? cells_set(a, &q.u, q.preferred) : NULL;
        options.barred = q.barred ? cells_set(a, &q.u, q.barred) : NULL;
        if (longest)
            options.longest = q.u.family == MLN_IPV4 ? 30 : 126;
        const struct mln_ipset *set = cells_set(a, &q.u, q.source);
        const struct mln_fit *fit =
            ranges ? mln_fit_ranges(a, set, &options) : mln_fit_prefixes(a, set, &options);
        struct best best = search_all(&q, entries);
        const char *fault = judge(a, &q, fit, &best, entries[q.source]);
        if (fault && differ++ < 5)
            printf("# round %u: source %04x preferred %04x barred %04x limit %u: %s\n", round,
                   q.source, q.preferred, q.barred, q.limit, fault);
        mln_arena_free(a);
    }
    CU_ASSERT_EQUAL(differ, 0);
}

static void prefixes_are_the_minimum(void)
{
    against_every_list(false, 0);
}

static void prefixes_of_storage_are_the_minimum(void)
{
    against_every_list(false, 30);
}

static void ranges_are_the_minimum(void)
{
    against_every_list(true, 0);
}

/* ---- single cases ---- */

static const struct mln_ipset *set_of(struct mln_arena *a, enum mln_family family, const char *text)
{
    struct mln_prefix prefixes[32];
    size_t count = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        if (mln_prefix_parse(text, length, &prefixes[count++]))
            CU_FAIL_FATAL("a bad prefix in a test");
        text += length + (text[length] == ' ');
    }
    return mln_ipset_from_prefixes(a, family, prefixes, count);
}

static const char *list_text(struct mln_arena *a, const struct mln_fit *fit)
{
    const char *text = "";
    for (size_t i = 0; i < fit->len; i++) {
        char one[MLN_IP_TEXT];
        text = mln_printf(a, "%s%s%s", text, i ? " " : "", mln_prefix_text(&fit->prefixes[i], one));
    }
    return text;
}

struct single {
    const char *set, *preferred, *barred;
    size_t limit;
    enum mln_fit_cost cost;
    unsigned longest;
    const char *list; /* NULL: there is none */
};

static const struct single singles[] = {
    {"", "", "", 1, MLN_FIT_TOTAL, 0, ""},
    {"10.0.0.0/24 10.0.1.0/24", "", "", 0, MLN_FIT_TOTAL, 0, "10.0.0.0/23"},
    {"0.0.0.0/0", "", "", 1, MLN_FIT_TOTAL, 0, "0.0.0.0/0"},
    {"0.0.0.0 255.255.255.255", "", "", 1, MLN_FIT_TOTAL, 0, "0.0.0.0/0"},
    {"0.0.0.0 255.255.255.255", "", "10.0.0.0/8", 1, MLN_FIT_TOTAL, 0, NULL},
    {"1.0.0.0/24 1.0.2.0/24", "", "1.0.3.0", 1, MLN_FIT_TOTAL, 0, NULL},
    /* The nearer pair, unless the farther one lies among friends. */
    {"1.0.0.0/24 1.0.3.0/24 2.0.0.0/24 2.0.2.0/24", "2.0.0.0/16", "", 3, MLN_FIT_TOTAL, 0,
     "1.0.0.0/24 1.0.3.0/24 2.0.0.0/22"},
    {"1.0.0.0/24 1.0.3.0/24 2.0.0.0/24 2.0.7.0/24", "2.0.0.0/16", "", 3, MLN_FIT_TOTAL, 0,
     "1.0.0.0/22 2.0.0.0/24 2.0.7.0/24"},
    {"1.0.0.0/24 1.0.3.0/24 2.0.0.0/24 2.0.7.0/24", "2.0.0.0/16", "", 3, MLN_FIT_STRANGERS, 0,
     "1.0.0.0/24 1.0.3.0/24 2.0.0.0/21"},
    /* Storage: a /31 is two addresses; with too little room its /30 is one entry. */
    {"1.0.0.0/31 2.0.0.7", "", "", 3, MLN_FIT_TOTAL, 30, "1.0.0.0 1.0.0.1 2.0.0.7"},
    {"1.0.0.2/31 2.0.0.7", "", "", 2, MLN_FIT_TOTAL, 30, "1.0.0.0/30 2.0.0.7"},
    {"1.0.0.2/31 2.0.0.7", "", "1.0.0.0", 2, MLN_FIT_TOTAL, 30, NULL},
    {"1.0.0.8/29", "", "", 1, MLN_FIT_TOTAL, 30, "1.0.0.8/29"},
};

static void single_lists(void)
{
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        const struct single *s = &singles[i];
        struct mln_arena *a = mln_arena_new();
        struct mln_fit_options options = {
            .limit = s->limit, .cost = s->cost, .longest = s->longest};
        options.preferred = set_of(a, MLN_IPV4, s->preferred);
        options.barred = set_of(a, MLN_IPV4, s->barred);
        const struct mln_fit *fit = mln_fit_prefixes(a, set_of(a, MLN_IPV4, s->set), &options);
        CU_ASSERT_EQUAL(fit->status, s->list ? MLN_FIT_OK : MLN_FIT_TOO_MANY);
        const char *list = list_text(a, fit);
        if (strcmp(list, s->list ? s->list : "") != 0) {
            printf("# %s: %s\n", s->set, list);
            CU_FAIL("another list");
        }
        mln_arena_free(a);
    }
}

static void says_that_the_set_is_barred(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_fit_options options = {.barred = mln_azure_private_space(a, MLN_IPV4)};
    const struct mln_ipset *set = set_of(a, MLN_IPV4, "8.8.8.8 10.1.0.0/16");
    CU_ASSERT_EQUAL(mln_fit_prefixes(a, set, &options)->status, MLN_FIT_BARRED);
    CU_ASSERT_EQUAL(mln_fit_ranges(a, set, &options)->status, MLN_FIT_BARRED);
    mln_arena_free(a);
}

static void counts_in_decimal(void)
{
    char text[MLN_COUNT_TEXT];
    CU_ASSERT_STRING_EQUAL(mln_count_text((struct mln_count){0, 0}, text), "0");
    CU_ASSERT_STRING_EQUAL(mln_count_text((struct mln_count){0, 19070575}, text), "19070575");
    CU_ASSERT_STRING_EQUAL(mln_count_text((struct mln_count){1, 0}, text), "18446744073709551616");
    CU_ASSERT_STRING_EQUAL(mln_count_text((struct mln_count){UINT64_MAX, UINT64_MAX}, text),
                           "340282366920938463463374607431768211455");
    CU_ASSERT_DOUBLE_EQUAL(mln_count_double((struct mln_count){1, 0}), 18446744073709551616.0, 1.0);
}

/* ---- many entries ---- */

/* Cost does not rise with the limit, and a limit one below the exact list fills the cheapest gap.
 */
static void cost_falls_with_the_limit(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_prefix *prefixes = MLN_NEW_ARRAY(a, struct mln_prefix, 1500);
    for (size_t i = 0; i < 1500; i++) {
        unsigned length = 20 + below(13);
        uint32_t ip = (below(1u << 31) << 1 | below(2)) & ~((UINT32_C(1) << (32 - length)) - 1);
        prefixes[i] = (struct mln_prefix){MLN_IPV4, {.lo = ip}, (uint8_t)length, false};
    }
    const struct mln_ipset *set = mln_ipset_from_prefixes(a, MLN_IPV4, prefixes, 1500);
    size_t lossless = mln_ipset_prefix_count(set);
    struct mln_count last = {UINT64_MAX, UINT64_MAX};
    for (size_t limit = 1; limit <= lossless; limit += 1 + limit / 2) {
        struct mln_fit_options options = {.limit = limit, .cost = MLN_FIT_TOTAL};
        const struct mln_fit *fit = mln_fit_prefixes(a, set, &options);
        const struct mln_ipset *list = mln_fit_set(a, fit);
        CU_ASSERT(fit->len <= limit && fit->len == mln_ipset_prefix_count(list));
        CU_ASSERT(mln_count_cmp(fit->extra, last) <= 0);
        CU_ASSERT(mln_ipset_covers(list, set));
        last = fit->extra;
    }
    mln_arena_free(a);
}

/* ---- the published sets ---- */

static char *shared_file(struct mln_arena *a, const char *path, size_t *length)
{
    const char *root = getenv("MLNSGC_SHARED");
    return mln_file_read(a, mln_printf(a, "%s/%s", root ? root : TEST_SRCDIR "/../shared", path),
                         length);
}

/* Splits one line of CSV in place; a field may stand in quotes. Returns the number of fields. */
#define FIELDS 32
static size_t split(char *line, char *fields[FIELDS])
{
    size_t count = 0;
    while (count < FIELDS) {
        bool quoted = *line == '"';
        fields[count++] = line + quoted;
        char *end = quoted ? strchr(line + 1, '"') : line + strcspn(line, ",");
        bool more = *(quoted ? end + 1 : end) == ',';
        line = end + quoted + more;
        *end = '\0';
        if (!more)
            break;
    }
    return count;
}

struct published {
    struct mln_arena *a;
    const struct mln_tags *tags;
    const struct mln_ipset *azure, *private;
    unsigned compared, differ;
};

static const struct mln_ipset *regions_set(const struct published *p, char *regions)
{
    struct mln_range *ranges = NULL;
    size_t len = 0, cap = 0;
    for (char *region = strtok(regions, "+"); region; region = strtok(NULL, "+")) {
        const struct mln_tag *tag =
            mln_tags_find(p->tags, mln_printf(p->a, "AzureCloud.%s", region));
        CU_ASSERT_PTR_NOT_NULL_FATAL(tag);
        const struct mln_ipset *set = tag->prefixes[MLN_IPV4];
        for (size_t i = 0; i < set->len; i++) {
            if (len == cap)
                ranges = mln_vec_grow(p->a, ranges, len, &cap, sizeof *ranges);
            ranges[len++] = set->ranges[i];
        }
    }
    return mln_ipset_from_ranges(p->a, MLN_IPV4, ranges, len);
}

/* What the column's name asks; NULL when it asks nothing of a list. */
static const struct mln_fit *answer(const struct published *p, const struct mln_ipset *set,
                                    const char *column)
{
    const char *k = strstr(column, "_K");
    struct mln_fit_options options = {.preferred = p->azure, .barred = p->private};
    if (!k)
        return NULL;
    options.limit = strtoul(k + 2, NULL, 10);
    options.cost = strncmp(column, "nonMS", 5) == 0 ? MLN_FIT_STRANGERS : MLN_FIT_TOTAL;
    options.longest = strncmp(column, "extraS", 6) == 0 ? 30 : 0;
    const struct mln_fit *fit = strncmp(column, "int_", 4) == 0
                                    ? mln_fit_ranges(p->a, set, &options)
                                    : mln_fit_prefixes(p->a, set, &options);
    const struct mln_ipset *list = mln_fit_set(p->a, fit);
    CU_ASSERT(fit->status == MLN_FIT_OK && fit->len <= options.limit);
    CU_ASSERT(mln_ipset_covers(list, set) && !mln_ipset_overlaps(list, p->private));
    for (size_t i = 0; options.longest && i < fit->len; i++)
        CU_ASSERT(fit->prefixes[i].length <= 30 || fit->prefixes[i].is_address);
    return fit;
}

static void compare_row(struct published *p, char **names, char **fields, size_t count)
{
    const struct mln_ipset *set = regions_set(p, fields[1]);
    for (size_t i = 2; i < count; i++) {
        char text[MLN_COUNT_TEXT];
        const struct mln_fit *fit = answer(p, set, names[i]);
        if (!fit)
            continue;
        bool strangers = strncmp(names[i], "nonMS", 5) == 0;
        mln_count_text(strangers ? fit->strangers : fit->extra, text);
        p->compared++;
        if (strcmp(text, fields[i]) != 0 && p->differ++ < 5)
            printf("# %s, %s: %s, not %s\n", fields[0], names[i], text, fields[i]);
    }
}

static void published_sets_take_the_known_minimum(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_ctx ctx = {a, mln_names_new(a), mln_diags_new(a)};
    size_t length, table_length;
    char *table = shared_file(a, "azure/tables/allowlist-sizes-20260622.csv", &table_length);
    char *text = shared_file(a, "data/servicetags/ServiceTags_Public_20260622.json", &length);
    if (!table || !text) {
        mln_arena_free(a);
        UNIT_SKIP("the published file or the table is not here");
    }
    struct published p = {.a = a, .tags = mln_tagfile_read(&ctx, "tags.json", text, length)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(p.tags);
    p.azure = mln_tags_find(p.tags, "AzureCloud")->prefixes[MLN_IPV4];
    p.private = mln_azure_private_space(a, MLN_IPV4);
    char *names[FIELDS], *fields[FIELDS], *save = NULL;
    size_t columns = split(strtok_r(table, "\r\n", &save), names);
    for (char *line; (line = strtok_r(NULL, "\r\n", &save));) {
        size_t count = split(line, fields);
        CU_ASSERT_EQUAL(count, columns);
        compare_row(&p, names, fields, count);
    }
    CU_ASSERT(p.compared > 1000);
    CU_ASSERT_EQUAL(p.differ, 0);
    mln_arena_free(a);
}

void suite_fit(void)
{
    UNIT_SUITE("fit");
    UNIT_TEST(prefixes_are_the_minimum);
    UNIT_TEST(prefixes_of_storage_are_the_minimum);
    UNIT_TEST(ranges_are_the_minimum);
    UNIT_TEST(single_lists);
    UNIT_TEST(says_that_the_set_is_barred);
    UNIT_TEST(counts_in_decimal);
    UNIT_TEST(cost_falls_with_the_limit);
    UNIT_TEST(published_sets_take_the_known_minimum);
}
