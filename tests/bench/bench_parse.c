/* Rate of the parser: text to tree, files in memory, no names looked up.
 *
 *     bench_parse [FILE...]
 *
 * For each file (without one: a policy of 10,000 intents made here) the best of several runs in CPU
 * milliseconds, the rate, and what the arena gave out. */
#include "lang/lang.h"

#include "base/file.h"

#include <stdio.h>
#include <time.h>

enum { RUNS = 20, INTENTS = 10000, ZONES = 200 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Statements of the usual shapes, each with a port of its own. */
static struct mln_buf made_policy(struct mln_arena *arena)
{
    struct mln_buf text;
    mln_buf_init(&text, arena);
    mln_buf_add(&text, "network net 10.0.0.0/8 {\n    region westeurope\n");
    for (unsigned zone = 0; zone < ZONES; zone++)
        mln_buf_printf(&text, "    zone z%u 10.1.%u.0/24\n", zone, zone);
    mln_buf_add(&text, "}\n");
    for (unsigned i = 0; i < INTENTS; i++) {
        unsigned from = i % ZONES, to = (from + 1 + i / ZONES) % ZONES,
                 port = 1025 + 2 * (i % 9999);
        if (i % 5 == 0)
            mln_buf_printf(&text, "allow tcp %u from z%u to AzureKeyVault.westeurope\n", port,
                           from);
        else
            mln_buf_printf(&text, "allow tcp %u from z%u to z%u\n", port, from, to);
    }
    return text;
}

static void bench(const char *name, const char *text, size_t length)
{
    double best = 1e9, used = 0;
    unsigned errors = 0;
    for (int run = 0; run < RUNS; run++) {
        struct mln_arena *arena = mln_arena_new_for(2 << 20);
        struct mln_ctx ctx = {arena, mln_names_new(arena), mln_diags_new(arena)};
        uint32_t source = mln_source_add(ctx.diags, name, NULL, text, length, false);
        double start = now_ms();
        mln_parse(&ctx, source);
        double time = now_ms() - start;
        best = time < best ? time : best;
        used = (double)mln_arena_used(arena);
        errors = ctx.diags->errors;
        mln_arena_free(arena);
    }
    printf("%s: %zu bytes, %u errors: %.2f ms, %.0f MB/s, arena %.1f MB, %.1f bytes a byte\n", name,
           length, errors, best, (double)length / best / 1e3, used / 1e6, used / (double)length);
}

int main(int argc, char **argv)
{
    struct mln_arena *arena = mln_arena_new_for(2 << 20);
    if (argc == 1) {
        struct mln_buf text = made_policy(arena);
        bench("10,000 intents", text.data, text.len);
    }
    for (int i = 1; i < argc; i++) {
        size_t length;
        const char *text = mln_file_read(arena, argv[i], &length);
        if (text == NULL)
            perror(argv[i]);
        else
            bench(argv[i], text, length);
    }
    mln_arena_free(arena);
    return 0;
}
