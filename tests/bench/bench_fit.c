/* Times of lists with a limit: CPU milliseconds, the best of several runs.
 *
 *     bench_fit
 *     bench_fit FILE     the prefixes of a file, one a line, aggregated and printed, to be timed as
 *                        a whole process beside other programs that do it
 *
 * aggregate  100,000 random IPv4 prefixes of /20 to /30 into the fewest.
 * fit        20,000 of them into a list of so many entries with the fewest addresses besides; the
 *            same prefixes as IPv6. What the arena gave out for it is told too. */
#include "base/buf.h"
#include "base/file.h"
#include "base/vec.h"
#include "net/fit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define RUNS 10

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

/* An IPv6 prefix has the IPv4 one behind 22 fixed bits. */
static struct mln_prefix *random_prefixes(struct mln_arena *a, enum mln_family family, size_t count)
{
    struct mln_prefix *prefixes = MLN_NEW_ARRAY(a, struct mln_prefix, count);
    rng_state = 3;
    for (size_t i = 0; i < count; i++) {
        unsigned length = 20 + below(11);
        uint64_t ip = (uint64_t)below(1u << 16) << 16 | below(1u << 16);
        ip = ip >> (32 - length) << (32 - length);
        struct mln_ip v6 = {.hi = UINT64_C(0x2) << 60 | ip << 10};
        prefixes[i].family = family;
        prefixes[i].ip = family == MLN_IPV4 ? (struct mln_ip){.lo = ip} : v6;
        prefixes[i].length = (uint8_t)(family == MLN_IPV4 ? length : length + 22);
    }
    return prefixes;
}

static void bench_aggregate(size_t count)
{
    double best = 1e9;
    size_t made = 0;
    for (int run = 0; run < RUNS; run++) {
        struct mln_arena *a = mln_arena_new_for(2 << 20);
        struct mln_prefix *prefixes = random_prefixes(a, MLN_IPV4, count), *out;
        double start = now_ms();
        made = mln_ipset_prefixes(a, mln_ipset_from_prefixes(a, MLN_IPV4, prefixes, count), &out);
        double time = now_ms() - start;
        best = time < best ? time : best;
        mln_arena_free(a);
    }
    printf("aggregate: %zu prefixes to %zu: %.2f ms\n", count, made, best);
}

static void bench_fit(enum mln_family family, size_t count, size_t limit)
{
    double best = 1e9, used = 0;
    char extra[MLN_COUNT_TEXT] = "";
    size_t lossless = 0;
    for (int run = 0; run < RUNS; run++) {
        struct mln_arena *a = mln_arena_new_for(2 << 20);
        struct mln_prefix *prefixes = random_prefixes(a, family, count);
        const struct mln_ipset *set = mln_ipset_from_prefixes(a, family, prefixes, count);
        const struct mln_fit_options options = {.limit = limit};
        size_t before = mln_arena_used(a);
        double start = now_ms();
        const struct mln_fit *fit = mln_fit_prefixes(a, set, &options);
        double time = now_ms() - start;
        best = time < best ? time : best;
        used = (double)(mln_arena_used(a) - before) / 1e6;
        lossless = fit->lossless;
        mln_count_text(fit->extra, extra);
        mln_arena_free(a);
    }
    printf("fit: %zu IPv%d prefixes to %zu: %.2f ms, %.1f MB, %s further addresses\n", lossless,
           family == MLN_IPV4 ? 4 : 6, limit, best, used, extra);
}

static int aggregate_file(const char *path)
{
    struct mln_arena *a = mln_arena_new_for(2 << 20);
    size_t length;
    const char *text = mln_file_read(a, path, &length);
    if (text == NULL) {
        perror(path);
        return 1;
    }
    MLN_VEC(struct mln_prefix) prefixes = {0};
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        struct mln_prefix prefix;
        if (mln_prefix_parse(line, (size_t)(end - line), &prefix) == MLN_PREFIX_OK)
            mln_vec_push(a, &prefixes, prefix);
    }
    struct mln_prefix *out;
    const struct mln_ipset *set = mln_ipset_from_prefixes(a, MLN_IPV4, prefixes.data, prefixes.len);
    size_t count = mln_ipset_prefixes(a, set, &out);
    struct mln_buf lines;
    mln_buf_init(&lines, a);
    char one[MLN_IP_TEXT];
    for (size_t i = 0; i < count; i++) {
        mln_buf_add(&lines, mln_prefix_text(&out[i], one));
        mln_buf_char(&lines, '\n');
    }
    fwrite(lines.data, 1, lines.len, stdout);
    mln_arena_free(a);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return aggregate_file(argv[1]);
    bench_aggregate(100000);
    bench_fit(MLN_IPV4, 20000, 400);
    bench_fit(MLN_IPV4, 20000, 10000);
    bench_fit(MLN_IPV4, 100000, 1000);
    bench_fit(MLN_IPV6, 20000, 400);
    return 0;
}
