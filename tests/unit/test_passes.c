/* The passes after merging: names, priorities without a lock, limits. */
#include "rules/passes.h"
#include "tables.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>

/* ---- names ---- */

static bool is_legal(const char *name)
{
    size_t length = strlen(name);
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
            return false;
    return length > 0 && length <= 80 && isalnum((unsigned char)name[0]) &&
           (isalnum((unsigned char)name[length - 1]) || name[length - 1] == '_');
}

static const char *name_of(struct bench *b, const char *base, const char *piece)
{
    struct mln_rule *rule = bench_rule(b, MLN_INBOUND, 3, bench_intent(b, MLN_VERB_ALLOW, base, 1));
    rule->piece = piece;
    b->table.rules[MLN_INBOUND].data[0] = rule;
    b->table.rules[MLN_INBOUND].len = 1;
    mln_pass_names(&b->ctx, &b->table);
    return rule->name;
}

static void names_are_made_legal(void)
{
    struct bench *b = bench_new();
    char longest[300];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    CU_ASSERT_STRING_EQUAL(name_of(b, "allow-ssh", NULL), "allow-ssh");
    CU_ASSERT_STRING_EQUAL(name_of(b, "allow-ssh", "Storage.WestEurope"),
                           "allow-ssh-Storage.WestEurope");
    CU_ASSERT_STRING_EQUAL(name_of(b, "_a+b, c--d-", "e/"), "a-b-c-d-e");
    CU_ASSERT_STRING_EQUAL(name_of(b, "+++", NULL), "rule");
    CU_ASSERT_EQUAL(strlen(name_of(b, longest, "v6")), 80);
    CU_ASSERT(is_legal(name_of(b, longest, "v6")));
    CU_ASSERT_STRING_NOT_EQUAL(name_of(b, longest, "v6"), name_of(b, longest, "v4"));
    CU_ASSERT(strncmp(name_of(b, "DenyAllInbound", NULL), "DenyAllInbound-", 15) == 0);
    CU_ASSERT(is_legal(name_of(b, "\xc3\xa9\xc3\xa9 caf\xc3\xa9", NULL)));
    bench_free(b);
}

static void both_directions_get_a_suffix(void)
{
    struct bench *b = bench_new();
    struct mln_intent *x = bench_intent(b, MLN_VERB_ALLOW, "x", 1);
    struct mln_rule *in = bench_rule(b, MLN_INBOUND, 3, x);
    struct mln_rule *out = bench_rule(b, MLN_OUTBOUND, 3, x);
    mln_pass_names(&b->ctx, &b->table);
    CU_ASSERT_STRING_EQUAL(in->name, "x-in");
    CU_ASSERT_STRING_EQUAL(out->name, "x-out");
    bench_free(b);
}

/* Random intents with few base names, so that many clash; the last is added later. */
static void fill_clashing(struct bench *b, uint64_t seed, unsigned intents)
{
    static const char *const bases[] = {"a", "A", "a-in", "b", "b-", "allow any", "allow-any"};
    struct random random = {seed};
    for (unsigned i = 0; i < intents; i++) {
        struct mln_intent *intent =
            bench_intent(b, MLN_VERB_ALLOW, bases[random_below(&random, 7)], i);
        unsigned rules = 1 + random_below(&random, 3);
        for (unsigned k = 0; k < rules; k++)
            bench_randomize(b, &random, bench_rule(b, random_below(&random, 2), 3, intent));
    }
}

static void names_are_unique_and_do_not_move(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct bench *b = bench_new(), *more = bench_new();
        fill_clashing(b, seed, 10);
        fill_clashing(more, seed, 11);
        mln_pass_names(&b->ctx, &b->table);
        mln_pass_names(&more->ctx, &more->table);
        bool good = true;
        for (enum mln_direction d = 0; d < MLN_DIRECTIONS; d++)
            for (size_t i = 0; i < more->table.rules[d].len; i++) {
                const char *name = more->table.rules[d].data[i]->name;
                good = good && is_legal(name);
                if (i < b->table.rules[d].len)
                    good = good && strcmp(name, b->table.rules[d].data[i]->name) == 0;
                for (enum mln_direction e = 0; e < MLN_DIRECTIONS; e++)
                    for (size_t k = 0; k < more->table.rules[e].len; k++)
                        if (e != d || k != i)
                            good = good && strcasecmp(name, more->table.rules[e].data[k]->name);
            }
        bench_free(b);
        bench_free(more);
        CU_ASSERT_FATAL(good);
    }
}

static const char *description_of(struct bench *b, const char *because, const char *source)
{
    struct mln_intent *intent = bench_intent(b, MLN_VERB_ALLOW, "x", 1);
    intent->because = because;
    if (source) {
        intent->span.file = mln_source_add(b->ctx.diags, source, NULL, "\n\nallow", 7, false);
        intent->span.lo = 2;
    }
    struct mln_rule *rule = bench_rule(b, MLN_INBOUND, 3, intent);
    mln_pass_names(&b->ctx, &b->table);
    return rule->description;
}

static void descriptions_fit(void)
{
    struct bench *b = bench_new();
    char text[400];
    CU_ASSERT_PTR_NULL(description_of(b, NULL, NULL));
    CU_ASSERT_STRING_EQUAL(description_of(b, NULL, "policy.mlp"), "policy.mlp:3");
    CU_ASSERT_STRING_EQUAL(description_of(b, "break-glass", "dir/policy.mlp"),
                           "break-glass (policy.mlp:3)");
    CU_ASSERT_STRING_EQUAL(description_of(b, "two\n\tlines\x1b[1m", "/home/me/p.mlp"),
                           "two lines [1m (p.mlp:3)");
    memset(text, 'y', sizeof(text));
    text[140] = '\0';
    CU_ASSERT_STRING_EQUAL(description_of(b, text, "policy.mlp"), text);
    text[140] = 'y';
    text[141] = '\0';
    const char *cut = description_of(b, text, "policy.mlp");
    CU_ASSERT_EQUAL(strlen(cut), 140);
    CU_ASSERT_STRING_EQUAL(cut + 137, "...");
    for (size_t i = 0; i < 100; i++)
        memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4); /* two UTF-16 units each */
    text[4 * 80] = '\0';
    CU_ASSERT_EQUAL(strlen(description_of(b, text, NULL)), 4 * 68 + 3);
    bench_free(b);
}

/* A rule of the library is described by the place in the policy where it was applied. */
static void library_rules_name_the_policy(void)
{
    struct bench *b = bench_new();
    struct mln_intent *intent = bench_intent(b, MLN_VERB_ALLOW, "x", 1);
    struct mln_apply_frame outer = {0}, inner = {.outer = &outer};
    uint32_t library = mln_source_add(b->ctx.diags, "<stdlib>/a.mlp", NULL, "\n\n\n", 3, true);
    intent->span.file = inner.span.file = library;
    outer.span.file = mln_source_add(b->ctx.diags, "p.mlp", NULL, "\napply", 6, false);
    outer.span.lo = 1;
    intent->frame = &inner;
    struct mln_rule *rule = bench_rule(b, MLN_INBOUND, 3, intent);
    mln_pass_names(&b->ctx, &b->table);
    CU_ASSERT_STRING_EQUAL(rule->description, "p.mlp:2");
    bench_free(b);
}

/* ---- priorities ---- */

static void check_order(const struct mln_rule_vec *rules, unsigned low, unsigned high)
{
    for (size_t i = 0; i < rules->len; i++) {
        CU_ASSERT_FATAL(rules->data[i]->priority >= low && rules->data[i]->priority <= high);
        if (i > 0)
            CU_ASSERT_FATAL(rules->data[i - 1]->priority < rules->data[i]->priority);
    }
}

static void ranks_have_bands(void)
{
    struct bench *b = bench_new();
    static const unsigned expected[] = {100, 500, 510, 1000, 2000, 2010, 4096};
    static const unsigned ranks[] = {0, 1, 1, 2, 3, 3, 4};
    for (unsigned i = 0; i < 7; i++)
        bench_rule(b, MLN_INBOUND, ranks[i],
                   ranks[i] == 4 ? NULL : bench_intent(b, MLN_VERB_DENY, "x", i));
    mln_pass_priorities(&b->ctx, &b->table, NULL);
    for (unsigned i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(b->table.rules[MLN_INBOUND].data[i]->priority, expected[i]);
    bench_free(b);
}

static void crowded_bands_keep_the_order(void)
{
    struct random random = {7};
    for (unsigned trial = 0; trial < 200; trial++) {
        struct bench *b = bench_new();
        struct mln_priority_options options = {.low = 100 + random_below(&random, 300)};
        unsigned count = 1 + random_below(&random, 120);
        options.high = options.low + count - 1 + random_below(&random, 400);
        for (unsigned i = 0, rank = 0; i < count; i++) {
            if (rank < 4 && random_below(&random, 20) == 0)
                rank++;
            bench_rule(b, MLN_OUTBOUND, rank, bench_intent(b, MLN_VERB_DENY, "x", i));
        }
        struct mln_rule_vec before = {0};
        for (unsigned i = 0; i < count; i++)
            mln_vec_push(b->ctx.arena, &before, b->table.rules[MLN_OUTBOUND].data[i]);
        mln_pass_priorities(&b->ctx, &b->table, &options);
        check_order(&before, options.low, options.high);
        bench_free(b);
    }
}

static bool reported(const struct bench *b, enum mln_diag_id id)
{
    for (size_t i = 0; i < b->ctx.diags->list.len; i++)
        if (b->ctx.diags->list.data[i]->id == id)
            return true;
    return false;
}

static void too_few_numbers_is_an_error(void)
{
    struct bench *b = bench_new();
    struct mln_priority_options options = {.low = 100, .high = 101};
    bench_rule(b, MLN_INBOUND, 3, bench_intent(b, MLN_VERB_ALLOW, "x", 0));
    bench_rule(b, MLN_INBOUND, 3, bench_intent(b, MLN_VERB_ALLOW, "y", 1));
    mln_pass_priorities(&b->ctx, &b->table, &options);
    CU_ASSERT(!reported(b, MLN_D_PRIORITIES_EXHAUSTED));
    bench_rule(b, MLN_INBOUND, 4, NULL);
    mln_pass_priorities(&b->ctx, &b->table, &options);
    CU_ASSERT(reported(b, MLN_D_PRIORITIES_EXHAUSTED));
    bench_free(b);
}

/* ---- limits ---- */

static void limits_are_counted(void)
{
    struct bench *b = bench_new();
    struct mln_intent *x = bench_intent(b, MLN_VERB_ALLOW, "x", 0);
    for (unsigned i = 0; i < 1000; i++)
        bench_rule(b, i % 2 ? MLN_INBOUND : MLN_OUTBOUND, 3, x);
    mln_pass_limits(&b->ctx, &b->table);
    CU_ASSERT_EQUAL(b->ctx.diags->list.len, 0);
    bench_rule(b, MLN_INBOUND, 4, NULL);
    mln_pass_limits(&b->ctx, &b->table);
    CU_ASSERT_EQUAL_FATAL(b->ctx.diags->list.len, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(b->ctx.diags->list.data[0]->message,
                                  "1001 security rules; Azure takes at most 1000"));
    CU_ASSERT_PTR_NOT_NULL(b->ctx.diags->list.data[0]->labels);
    bench_free(b);
}

static void addresses_are_summed_a_side(void)
{
    struct bench *b = bench_new();
    MLN_VEC(struct mln_range) ranges = {0};
    for (uint64_t i = 0; i < 2000; i++) {
        struct mln_ip ip = {.lo = (10u << 24) + 2 * i};
        struct mln_range range = {.lo = ip, .hi = ip};
        mln_vec_push(b->ctx.arena, &ranges, range);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct mln_rule *rule =
            bench_rule(b, MLN_INBOUND, 3, bench_intent(b, MLN_VERB_ALLOW, "x", i));
        rule->src.kind = MLN_SIDE_PREFIXES;
        rule->src.prefixes =
            mln_ipset_from_ranges(b->ctx.arena, MLN_IPV4, ranges.data, i < 2 ? ranges.len : 1);
        rule->families = 1u << MLN_IPV4;
        if (i == 1)
            mln_pass_limits(&b->ctx, &b->table);
    }
    CU_ASSERT(!reported(b, MLN_D_TOO_MANY_ADDRESSES));
    mln_pass_limits(&b->ctx, &b->table);
    CU_ASSERT(reported(b, MLN_D_TOO_MANY_ADDRESSES));
    bench_free(b);
}

static void groups_are_counted_once(void)
{
    struct bench *b = bench_new();
    struct mln_asg groups[101];
    for (uint32_t i = 0; i < 202; i++) {
        groups[i / 2] = (struct mln_asg){.name = "g", .zone = &b->zone, .index = i / 2};
        struct mln_rule *rule =
            bench_rule(b, MLN_INBOUND, 3, bench_intent(b, MLN_VERB_ALLOW, "x", i));
        rule->dst = (struct mln_rule_side){.kind = MLN_SIDE_ASG, .asg = &groups[i / 2]};
        if (i == 199)
            mln_pass_limits(&b->ctx, &b->table);
    }
    CU_ASSERT(!reported(b, MLN_D_TOO_MANY_ASGS));
    mln_pass_limits(&b->ctx, &b->table);
    CU_ASSERT(reported(b, MLN_D_TOO_MANY_ASGS));
    bench_free(b);
}

/* 600 x 500 addresses are too many over private endpoints, and only there. */
static void rules_over_endpoints_are_bounded(void)
{
    struct bench *b = bench_new();
    struct mln_rule *rule = bench_rule(b, MLN_INBOUND, 3, bench_intent(b, MLN_VERB_ALLOW, "x", 0));
    struct mln_range ranges[600];
    for (uint64_t i = 0; i < 600; i++)
        ranges[i].lo = ranges[i].hi = (struct mln_ip){.lo = (10u << 24) + 2 * i};
    rule->src.kind = rule->dst.kind = MLN_SIDE_PREFIXES;
    rule->src.prefixes = mln_ipset_from_ranges(b->ctx.arena, MLN_IPV4, ranges, 600);
    rule->dst.prefixes = mln_ipset_from_ranges(b->ctx.arena, MLN_IPV4, ranges, 500);
    rule->families = 1u << MLN_IPV4;
    rule->name = "x";
    mln_pass_limits(&b->ctx, &b->table);
    CU_ASSERT_EQUAL(b->ctx.diags->list.len, 0);
    b->zone.holds_endpoint = true;
    mln_pass_limits(&b->ctx, &b->table);
    CU_ASSERT(reported(b, MLN_D_ENDPOINT_PRODUCT));
    bench_free(b);
}

void suite_passes(void)
{
    UNIT_SUITE("passes");
    UNIT_TEST(names_are_made_legal);
    UNIT_TEST(both_directions_get_a_suffix);
    UNIT_TEST(names_are_unique_and_do_not_move);
    UNIT_TEST(descriptions_fit);
    UNIT_TEST(library_rules_name_the_policy);
    UNIT_TEST(ranks_have_bands);
    UNIT_TEST(crowded_bands_keep_the_order);
    UNIT_TEST(too_few_numbers_is_an_error);
    UNIT_TEST(limits_are_counted);
    UNIT_TEST(addresses_are_summed_a_side);
    UNIT_TEST(groups_are_counted_once);
    UNIT_TEST(rules_over_endpoints_are_bounded);
}
