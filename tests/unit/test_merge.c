/* Merging, against a packet-by-packet evaluator. */
#include "rules/lock.h"
#include "rules/passes.h"
#include "tables.h"
#include "unit.h"

#include <stdio.h>
#include <time.h>

static bool same_decisions(const struct bench *b, const struct mln_rule_vec *x,
                           const struct mln_rule_vec *y, struct random *random, unsigned packets)
{
    for (unsigned i = 0; i < packets; i++) {
        struct bench_packet packet = bench_packet(random);
        const struct mln_rule *p = bench_decide(b, x, &packet), *q = bench_decide(b, y, &packet);
        if (!p != !q || (p && p->action != q->action))
            return false;
    }
    return true;
}

/* Strata of alternating action; every third intent is named, every fifth a library's. */
static void random_list(struct bench *b, struct random *random)
{
    unsigned rules = 1 + random_below(random, 14), stratum = 0;
    enum mln_verb verb = MLN_VERB_DENY;
    struct mln_intent *intent = NULL;
    for (unsigned i = 0; i < rules; i++) {
        if (random_below(random, 5) == 0) {
            stratum++;
            verb = verb == MLN_VERB_DENY ? MLN_VERB_ALLOW : MLN_VERB_DENY;
            intent = NULL;
        }
        if (!intent || random_below(random, 3) > 0) {
            intent = bench_intent(b, verb, mln_printf(b->ctx.arena, "i%u", i), 100 - i);
            intent->named = random_below(random, 3) == 0;
            intent->library = random_below(random, 5) == 0;
        }
        struct mln_rule *rule = bench_rule(b, MLN_INBOUND, 3, intent);
        rule->stratum = stratum;
        bench_randomize(b, random, rule);
    }
}

static bool holds_intent(const struct mln_rule_vec *rules, const struct mln_intent *intent)
{
    for (size_t i = 0; i < rules->len; i++)
        for (size_t k = 0; k < rules->data[i]->intent_count; k++)
            if (rules->data[i]->intents[k] == intent)
                return true;
    return false;
}

static bool well_formed(const struct mln_rule_vec *rules)
{
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule *rule = rules->data[i];
        for (size_t k = 2; k < rule->intent_count; k++)
            if (rule->intents[k - 1]->index >= rule->intents[k]->index)
                return false;
        for (size_t k = 1; k < rule->intent_count; k++)
            if (rule->intents[k] == rule->intents[0])
                return false;
        if (i > 0 && rules->data[i - 1]->stratum > rule->stratum)
            return false;
    }
    return true;
}

static void merging_keeps_the_meaning(void)
{
    struct random random = {20240501};
    for (unsigned trial = 0; trial < 3000; trial++) {
        struct bench *b = bench_new();
        random_list(b, &random);
        struct mln_rule_vec before = b->table.rules[MLN_INBOUND];
        mln_pass_merge(&b->ctx, &b->table);
        const struct mln_rule_vec *after = &b->table.rules[MLN_INBOUND];
        bool good = same_decisions(b, &before, after, &random, 200) && well_formed(after) &&
                    after->len <= before.len;
        for (size_t i = 0; i < before.len && good; i++)
            good = holds_intent(after, before.data[i]->intents[0]);
        bench_free(b);
        CU_ASSERT_FATAL(good);
    }
}

static struct mln_rule *tcp_rule(struct bench *b, struct mln_intent *intent, const char *from,
                                 unsigned port)
{
    struct mln_rule *rule = bench_rule(b, MLN_INBOUND, 3, intent);
    rule->proto = MLN_PROTO_TCP;
    rule->src = bench_prefixes(b, from);
    rule->families = 1u << rule->src.prefixes->family;
    rule->dport = bench_ports(b, port, port);
    return rule;
}

static size_t merged(struct bench *b)
{
    mln_lock_identify(b->ctx.arena, &b->table);
    mln_pass_merge(&b->ctx, &b->table);
    return b->table.rules[MLN_INBOUND].len;
}

static void fields_unite_one_after_the_other(void)
{
    struct bench *b = bench_new();
    struct mln_intent *x = bench_intent(b, MLN_VERB_ALLOW, "x", 2);
    struct mln_intent *y = bench_intent(b, MLN_VERB_ALLOW, "y", 1);
    tcp_rule(b, x, "10.0.0.0/24", 22);
    tcp_rule(b, x, "10.0.0.0/24", 443);
    tcp_rule(b, y, "10.0.1.0/24", 22);
    tcp_rule(b, y, "10.0.1.0/24", 443);
    CU_ASSERT_EQUAL_FATAL(merged(b), 1);
    const struct mln_rule *rule = b->table.rules[MLN_INBOUND].data[0];
    CU_ASSERT_STRING_EQUAL(rule->base_name, "y");
    CU_ASSERT_EQUAL(rule->intent_count, 2);
    CU_ASSERT_EQUAL(rule->dport->len, 2);
    CU_ASSERT_EQUAL(rule->src.prefixes->len, 1);
    CU_ASSERT_EQUAL(rule->key_count, 4);
    bench_free(b);
}

static void families_and_protocols_stay_apart(void)
{
    struct bench *b = bench_new();
    struct mln_intent *x = bench_intent(b, MLN_VERB_ALLOW, "x", 1);
    tcp_rule(b, x, "10.0.0.0/24", 22);
    tcp_rule(b, x, "fd00::/64", 22);
    tcp_rule(b, x, "10.0.0.0/24", 22)->proto = MLN_PROTO_UDP;
    CU_ASSERT_EQUAL(merged(b), 3);
    bench_free(b);
}

static void named_rules_stay_apart_unless_equal(void)
{
    struct bench *b = bench_new();
    struct mln_intent *x = bench_intent(b, MLN_VERB_ALLOW, "x", 1);
    struct mln_intent *y = bench_intent(b, MLN_VERB_ALLOW, "y", 2);
    struct mln_intent *z = bench_intent(b, MLN_VERB_ALLOW, "z", 0);
    x->named = y->named = true;
    tcp_rule(b, x, "10.0.0.0/24", 22);
    tcp_rule(b, y, "10.0.1.0/24", 22);
    tcp_rule(b, z, "10.0.2.0/24", 22);
    tcp_rule(b, x, "10.0.3.0/24", 22);
    CU_ASSERT_EQUAL(merged(b), 3);
    b->table.rules[MLN_INBOUND].len = 0;
    tcp_rule(b, y, "10.0.1.0/24", 22);
    tcp_rule(b, z, "10.0.1.0/24", 22);
    CU_ASSERT_EQUAL(merged(b), 1);
    CU_ASSERT_STRING_EQUAL(b->table.rules[MLN_INBOUND].data[0]->base_name, "y");
    bench_free(b);
}

static void contained_rules_vanish_but_not_a_librarys(void)
{
    struct bench *b = bench_new();
    struct mln_intent *wide = bench_intent(b, MLN_VERB_ALLOW, "wide", 1);
    struct mln_intent *narrow = bench_intent(b, MLN_VERB_ALLOW, "narrow", 0);
    bench_rule(b, MLN_INBOUND, 3, wide);
    tcp_rule(b, narrow, "10.0.1.0/24", 22);
    CU_ASSERT_EQUAL_FATAL(merged(b), 1);
    CU_ASSERT_STRING_EQUAL(b->table.rules[MLN_INBOUND].data[0]->base_name, "wide");
    CU_ASSERT_EQUAL(b->table.rules[MLN_INBOUND].data[0]->intent_count, 2);
    narrow->library = true;
    tcp_rule(b, narrow, "10.0.1.0/24", 22);
    CU_ASSERT_EQUAL(merged(b), 2);
    bench_free(b);
}

static double milliseconds(clock_t since)
{
    return 1000.0 * (double)(clock() - since) / CLOCKS_PER_SEC;
}

/* 10,000 rules that become one, and 10,000 that stay: neither may take quadratic time. */
static void large_strata_merge_fast(void)
{
    struct bench *b = bench_new();
    struct mln_intent *x = bench_intent(b, MLN_VERB_ALLOW, "x", 1);
    for (unsigned i = 0; i < 10000; i++)
        tcp_rule(b, x, mln_printf(b->ctx.arena, "10.0.0.%u", i / 100), 1000 + i % 100);
    clock_t start = clock();
    CU_ASSERT_EQUAL(merged(b), 1);
    printf("# 10,000 rules into 1: %.1f ms\n", milliseconds(start));
    b->table.rules[MLN_INBOUND].len = 0;
    for (unsigned i = 0; i < 10000; i++)
        tcp_rule(b, x, mln_printf(b->ctx.arena, "10.%u.%u.0/24", i / 256, i % 256), i);
    start = clock();
    CU_ASSERT_EQUAL(merged(b), 10000);
    printf("# 10,000 rules into 10,000: %.1f ms\n", milliseconds(start));
    CU_ASSERT(milliseconds(start) < 3000);
    bench_free(b);
}

void suite_merge(void)
{
    UNIT_SUITE("merge");
    UNIT_TEST(merging_keeps_the_meaning);
    UNIT_TEST(fields_unite_one_after_the_other);
    UNIT_TEST(families_and_protocols_stay_apart);
    UNIT_TEST(named_rules_stay_apart_unless_equal);
    UNIT_TEST(contained_rules_vanish_but_not_a_librarys);
    UNIT_TEST(large_strata_merge_fast);
}
