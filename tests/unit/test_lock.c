/* The lock: format, matching, and policies that change at random while their rules keep their
 * numbers. */
#include "rules/lock.h"
#include "rules/passes.h"
#include "tables.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mln_lock *lock_of(struct bench *b, const char *text)
{
    return mln_lock_read(&b->ctx, "mlp.lock", text, strlen(text));
}

static const char *run(struct bench *b, const char *lock,
                       const struct mln_priority_options *options)
{
    struct mln_table_vec tables = {0};
    struct mln_buf out;
    mln_vec_push(b->ctx.arena, &tables, &b->table);
    mln_passes_run(&b->ctx, &tables, options, lock ? lock_of(b, lock) : mln_lock_new(&b->ctx));
    mln_buf_init(&out, b->ctx.arena);
    mln_lock_write(b->ctx.arena, &tables, &out);
    return out.data;
}

static unsigned reports(const struct bench *b, enum mln_diag_id id)
{
    unsigned count = 0;
    for (size_t i = 0; i < b->ctx.diags->list.len; i++)
        count += b->ctx.diags->list.data[i]->id == id;
    return count;
}

/* ---- format ---- */

static void malformed_lines_are_reported(void)
{
    static const struct {
        const char *text;
        unsigned errors;
    } cases[] = {
        {"", 0},
        {"# mlnsgc lock 1\n", 0},
        {"# mlnsgc lock 1\n\n# note\nnsg-a inbound 100 x 0123456789abcdef.01234567\n", 0},
        {"# mlnsgc lock 1\r\nnsg-a inbound 100 x 0123456789abcdef.01234567\r\n", 0},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789abcdef.01234567", 0},
        {"# mlnsgc lock 2\n", 1},
        {"nsg-a inbound 100 x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\n<<<<<<< HEAD\n=======\n>>>>>>> x\n", 3},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound  100 x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789abcdef.01234567 y\n", 1},
        {"# mlnsgc lock 1\nnsg-a Inbound 100 x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 99 x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 4097 x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 0100 x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 -x 0123456789abcdef.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789ABCDEF.01234567\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789abcdef\n", 1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789abcdef.01234567\n"
         "nsg-a inbound 100 y 1123456789abcdef.01234567\n",
         1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789abcdef.01234567\n"
         "nsg-a outbound 100 X 1123456789abcdef.01234567\n",
         1},
        {"# mlnsgc lock 1\nnsg-a inbound 100 x 0123456789abcdef.01234567\n"
         "nsg-b inbound 100 x 0123456789abcdef.01234567\n",
         0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct bench *b = bench_new();
        lock_of(b, cases[i].text);
        CU_ASSERT_EQUAL(reports(b, MLN_D_LOCK_MALFORMED), cases[i].errors);
        bench_free(b);
    }
}

static void bytes_beyond_text_are_survived(void)
{
    static const char text[] =
        "# mlnsgc lock 1\nnsg-a inbound 100 x\0y 0123456789abcdef.01234567\n\0";
    struct bench *b = bench_new();
    mln_lock_read(&b->ctx, "mlp.lock", text, sizeof(text) - 1);
    CU_ASSERT(reports(b, MLN_D_LOCK_MALFORMED) > 0);
    bench_free(b);
}

static struct mln_rule *simple_rule(struct bench *b, enum mln_verb verb, const char *name,
                                    uint32_t index, const char *from)
{
    struct mln_rule *rule = bench_rule(b, MLN_INBOUND, verb == MLN_VERB_ALLOW ? 3 : 2,
                                       bench_intent(b, verb, name, index));
    rule->proto = MLN_PROTO_TCP;
    rule->src = bench_prefixes(b, from);
    rule->families = 1u << MLN_IPV4;
    rule->dport = bench_ports(b, 443, 443);
    return rule;
}

static void the_text_is_sorted_and_stable(void)
{
    struct bench *b = bench_new();
    simple_rule(b, MLN_VERB_DENY, "d", 1, "10.0.0.0/24");
    simple_rule(b, MLN_VERB_ALLOW, "a", 2, "10.0.1.0/24");
    bench_rule(b, MLN_INBOUND, 4, NULL);
    bench_rule(b, MLN_OUTBOUND, 4, NULL);
    const char *text = run(b, NULL, NULL);
    CU_ASSERT_EQUAL(strncmp(text, "# mlnsgc lock 1\nnsg-a inbound 1000 d ", 37), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nnsg-a inbound 2000 a "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nnsg-a outbound 4096 default-deny-out "));
    struct bench *again = bench_new();
    simple_rule(again, MLN_VERB_DENY, "d", 1, "10.0.0.0/24");
    simple_rule(again, MLN_VERB_ALLOW, "a", 2, "10.0.1.0/24");
    bench_rule(again, MLN_INBOUND, 4, NULL);
    bench_rule(again, MLN_OUTBOUND, 4, NULL);
    CU_ASSERT_STRING_EQUAL(run(again, text, NULL), text);
    CU_ASSERT_EQUAL(again->ctx.diags->list.len, 0);
    bench_free(again);
    bench_free(b);
}

/* Lock files of earlier versions must go on working. */
static void keys_never_change(void)
{
    struct bench *b = bench_new();
    struct mln_rule *rule =
        simple_rule(b, MLN_VERB_ALLOW, "allow-https", 1, "10.0.0.0/24 10.1.0.4");
    struct mln_rule *other = simple_rule(b, MLN_VERB_DENY, "d", 1, "10.0.0.0/24");
    other->src = (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = &b->tags[0]};
    other->piece = "Storage.WestEurope";
    mln_lock_identify(b->ctx.arena, &b->table);
    CU_ASSERT_EQUAL(rule->keys[0].id, UINT64_C(0x0f9715ab518385b2));
    CU_ASSERT_EQUAL(rule->keys[0].content, 0x53f542ab);
    CU_ASSERT_EQUAL(other->keys[0].id, UINT64_C(0x7e38bb962219e4ee));
    CU_ASSERT_EQUAL(other->keys[0].content, 0x867e67b8);
    bench_free(b);
}

/* ---- keeping ---- */

static void a_merged_rule_keeps_its_name_and_number(void)
{
    struct bench *b = bench_new(), *more = bench_new();
    simple_rule(b, MLN_VERB_ALLOW, "old", 5, "10.0.0.0/24");
    const char *text = run(b, NULL, NULL);
    simple_rule(more, MLN_VERB_ALLOW, "new", 1, "10.0.1.0/24");
    simple_rule(more, MLN_VERB_ALLOW, "old", 6, "10.0.0.0/24");
    run(more, text, NULL);
    CU_ASSERT_EQUAL_FATAL(more->table.rules[MLN_INBOUND].len, 1);
    const struct mln_rule *rule = more->table.rules[MLN_INBOUND].data[0];
    CU_ASSERT_STRING_EQUAL(rule->name, "old");
    CU_ASSERT_EQUAL(rule->priority, b->table.rules[MLN_INBOUND].data[0]->priority);
    CU_ASSERT_EQUAL(rule->src.prefixes->len, 1);
    bench_free(more);
    bench_free(b);
}

static void a_locked_rule_moves_when_there_is_no_way(void)
{
    struct bench *b = bench_new(), *more = bench_new();
    struct mln_priority_options narrow = {.low = 100, .high = 102};
    simple_rule(b, MLN_VERB_ALLOW, "a", 1, "10.0.0.0/24");
    bench_rule(b, MLN_INBOUND, 4, NULL);
    b->table.rules[MLN_INBOUND].data[0]->rank = 0;
    const char *text = run(b, NULL, &narrow);
    simple_rule(more, MLN_VERB_DENY, "d", 0, "10.0.0.4")->rank = 0;
    simple_rule(more, MLN_VERB_ALLOW, "a", 1, "10.0.0.0/24")->rank = 0;
    bench_rule(more, MLN_INBOUND, 4, NULL);
    run(more, text, &narrow);
    CU_ASSERT_EQUAL(reports(more, MLN_D_PRIORITY_MOVED), 1);
    CU_ASSERT_STRING_EQUAL(more->table.rules[MLN_INBOUND].data[0]->name, "d");
    CU_ASSERT_STRING_EQUAL(more->table.rules[MLN_INBOUND].data[1]->name, "a");
    CU_ASSERT_EQUAL(more->table.rules[MLN_INBOUND].data[2]->priority, 102);
    bench_free(more);
    bench_free(b);
}

static void numbers_outside_the_range_move(void)
{
    struct bench *b = bench_new();
    struct mln_priority_options high = {.low = 3000, .high = 4096};
    simple_rule(b, MLN_VERB_ALLOW, "a", 1, "10.0.0.0/24");
    const char *text = mln_strdup(b->ctx.arena, run(b, NULL, NULL));
    b->table.rules[MLN_INBOUND].data[0]->locked = NULL;
    run(b, text, &high);
    CU_ASSERT_EQUAL(reports(b, MLN_D_PRIORITY_MOVED), 1);
    CU_ASSERT(b->table.rules[MLN_INBOUND].data[0]->priority >= 3000);
    bench_free(b);
}

static void check_compares(void)
{
    struct bench *b = bench_new(), *more = bench_new();
    struct mln_table_vec tables = {0};
    simple_rule(b, MLN_VERB_ALLOW, "a", 1, "10.0.0.0/24");
    const char *text = run(b, NULL, NULL);
    simple_rule(more, MLN_VERB_ALLOW, "a", 1, "10.0.0.0/25"); /* same rule, other addresses */
    struct mln_lock *lock = lock_of(more, text);
    mln_vec_push(more->ctx.arena, &tables, &more->table);
    mln_passes_run(&more->ctx, &tables, NULL, lock);
    mln_lock_check(&more->ctx, lock, &tables);
    CU_ASSERT_EQUAL(more->ctx.diags->list.len, 0);
    mln_lock_check(&more->ctx, mln_lock_new(&more->ctx), &tables);
    CU_ASSERT_EQUAL(reports(more, MLN_D_LOCK_OUT_OF_DATE), 0); /* the rule knows its line */
    more->table.rules[MLN_INBOUND].data[0]->locked = NULL;
    mln_lock_check(&more->ctx, lock, &tables);
    CU_ASSERT_EQUAL(reports(more, MLN_D_LOCK_OUT_OF_DATE), 1);
    more->table.rules[MLN_INBOUND].len = 0;
    mln_lock_check(&more->ctx, lock_of(more, text), &tables);
    CU_ASSERT_EQUAL(reports(more, MLN_D_LOCK_OUT_OF_DATE), 2);
    bench_free(more);
    bench_free(b);
}

/* Priority of an inbound rule; 0: there is none of that name. */
static unsigned number_of(const struct bench *b, const char *name)
{
    const struct mln_rule_vec *rules = &b->table.rules[MLN_INBOUND];
    for (size_t i = 0; i < rules->len; i++)
        if (strcmp(rules->data[i]->name, name) == 0)
            return rules->data[i]->priority;
    return 0;
}

/* A deny that has grown must now precede an allow: it moves, not the allow that stayed as it was.
 */
static void what_changed_moves_first(void)
{
    struct bench *b = bench_new();
    const char *lock = "# mlnsgc lock 1\n"
                       "nsg-a inbound 500 a 0000000000000002.00000002\n"
                       "nsg-a inbound 2000 d 0000000000000001.00000001\n";
    static const struct mln_rule_key grown = {1, 9}, same = {2, 2};
    struct mln_rule *d = simple_rule(b, MLN_VERB_DENY, "d", 0, "10.0.0.0/16");
    struct mln_rule *a = simple_rule(b, MLN_VERB_ALLOW, "a", 1, "10.0.0.0/24");
    d->keys = &grown;
    a->keys = &same;
    d->key_count = a->key_count = 1;
    run(b, lock, NULL);
    CU_ASSERT_EQUAL(number_of(b, "a"), 500);
    CU_ASSERT(number_of(b, "d") > 0 && number_of(b, "d") < 500);
    CU_ASSERT_EQUAL_FATAL(reports(b, MLN_D_PRIORITY_MOVED), 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(b->ctx.diags->list.data[0]->message, "'d' of 'nsg-a' moves from priority 2000 to"));
    bench_free(b);
}

static void nsgs_of_one_name_cannot_share(void)
{
    struct bench *b = bench_new();
    struct mln_nsg other = {.name = "NSG-A"}, third = {.name = "nsg-b"};
    struct mln_table tables[] = {{.nsg = &b->nsg}, {.nsg = &third}, {.nsg = &other}};
    struct mln_table_vec list = {0};
    CU_ASSERT(mln_lock_distinct(&b->ctx, &list));
    mln_vec_push(b->ctx.arena, &list, &tables[0]);
    mln_vec_push(b->ctx.arena, &list, &tables[1]);
    CU_ASSERT(mln_lock_distinct(&b->ctx, &list));
    mln_vec_push(b->ctx.arena, &list, &tables[2]);
    CU_ASSERT(!mln_lock_distinct(&b->ctx, &list));
    CU_ASSERT_EQUAL(reports(b, MLN_D_LOCK_SHARED), 1);
    bench_free(b);
}

/* Between two locked rules, after the last, before a first one with room and without. */
static void new_rules_stand_near_their_neighbours(void)
{
    struct bench *b = bench_new();
    const char *lock = "# mlnsgc lock 1\n"
                       "nsg-a inbound 1050 d 0000000000000001.00000001\n"
                       "nsg-a inbound 2000 b 0000000000000002.00000002\n"
                       "nsg-a inbound 2010 e 0000000000000003.00000003\n";
    static const struct mln_rule_key keys[] = {{1, 1}, {2, 2}, {3, 3}};
    static const char *const names[] = {"c", "d", "a", "b", "bb", "e", "f"};
    static const int known[] = {-1, 0, -1, 1, -1, 2, -1};
    for (uint32_t i = 0; i < 7; i++) {
        struct mln_rule *rule = simple_rule(b, i < 2 ? MLN_VERB_DENY : MLN_VERB_ALLOW, names[i], i,
                                            mln_printf(b->ctx.arena, "10.0.%u.0/24", i));
        rule->proto = i % 2 ? MLN_PROTO_TCP : MLN_PROTO_UDP;
        rule->dport = bench_ports(b, 100 * i, 100 * i);
        rule->keys = known[i] < 0 ? NULL : &keys[known[i]];
        rule->key_count = known[i] >= 0;
    }
    run(b, lock, NULL);
    CU_ASSERT_EQUAL(number_of(b, "d"), 1050);
    CU_ASSERT(number_of(b, "c") >= 1000 && number_of(b, "c") < 1050);
    CU_ASSERT_EQUAL(number_of(b, "b"), 2000);
    CU_ASSERT_EQUAL(number_of(b, "bb"), 2005);
    CU_ASSERT_EQUAL(number_of(b, "e"), 2010);
    CU_ASSERT(number_of(b, "a") > 2010 && number_of(b, "f") > 2010);
    CU_ASSERT_EQUAL(b->ctx.diags->list.len, 0);
    bench_free(b);
}

/* ---- a policy that changes ---- */

enum { INTENTS = 24 };

/* A policy is a seed for each intent, 0 for none; the seed decides all of the intent's rules. */
struct policy {
    uint64_t seeds[INTENTS];
    bool deny_by_default;
};

static void add_intent(struct bench *b, unsigned rank, uint32_t index, uint64_t seed)
{
    struct random random = {seed};
    unsigned own = random_below(&random, 4);
    static const enum mln_verb verbs[] = {MLN_VERB_FORBID, MLN_VERB_ALLOW, MLN_VERB_DENY,
                                          MLN_VERB_ALLOW};
    if (own != rank)
        return;
    const char *name = mln_printf(b->ctx.arena, "i%llx", (unsigned long long)seed);
    struct mln_intent *intent = bench_intent(b, verbs[rank], name, index);
    intent->named = random_below(&random, 4) == 0;
    unsigned rules = 1 + random_below(&random, 3);
    for (unsigned i = 0; i < rules; i++) {
        struct mln_rule *rule = bench_rule(b, random_below(&random, 2), rank, intent);
        rule->piece = i == 0 ? NULL : "more";
        bench_randomize(b, &random, rule);
    }
}

static struct bench *build(const struct policy *policy)
{
    struct bench *b = bench_new();
    for (unsigned rank = 0; rank < 4; rank++)
        for (uint32_t i = 0; i < INTENTS; i++)
            if (policy->seeds[i])
                add_intent(b, rank, i, policy->seeds[i]);
    if (policy->deny_by_default) {
        bench_rule(b, MLN_INBOUND, 4, NULL);
        bench_rule(b, MLN_OUTBOUND, 4, NULL);
    }
    return b;
}

static void change(struct policy *policy, struct random *random, uint64_t *next)
{
    unsigned changes = 1 + random_below(random, 3);
    for (unsigned i = 0; i < changes; i++) {
        unsigned at = random_below(random, INTENTS);
        if (random_below(random, 2) == 0) { /* moves the others: indices change, rules do not */
            memmove(policy->seeds + 1, policy->seeds, (INTENTS - 1) * sizeof(*policy->seeds));
            at = 0;
        }
        policy->seeds[at] = random_below(random, 3) == 0 ? 0 : ++*next;
    }
}

/* The numbered table decides as the lowered one does, in order of the list. */
static bool means_the_same(const struct bench *b, const struct mln_rule_vec *lowered,
                           struct random *random)
{
    for (enum mln_direction d = 0; d < MLN_DIRECTIONS; d++) {
        const struct mln_rule_vec *rules = &b->table.rules[d];
        for (size_t i = 1; i < rules->len; i++)
            if (rules->data[i - 1]->priority >= rules->data[i]->priority)
                return false;
        for (unsigned i = 0; i < 150; i++) {
            struct bench_packet packet = bench_packet(random);
            const struct mln_rule *p = bench_decide(b, &lowered[d], &packet);
            const struct mln_rule *q = bench_decide(b, rules, &packet);
            if (!p != !q || (p && p->action != q->action))
                return false;
        }
    }
    return true;
}

/* The line of a rule is still there with its number and name, unless something was reported as
 * moved. */
static bool keeps_lines(const struct bench *b)
{
    for (enum mln_direction d = 0; d < MLN_DIRECTIONS; d++)
        for (size_t i = 0; i < b->table.rules[d].len; i++) {
            const struct mln_rule *rule = b->table.rules[d].data[i];
            if (rule->locked && (rule->locked->priority != rule->priority ||
                                 strcmp(rule->locked->name, rule->name) != 0))
                return false;
        }
    return true;
}

/* Every line whose rule the policy still has, unchanged and not merged into another's line, is
 * taken. */
static bool finds_lines(const struct bench *b, const char *text)
{
    for (enum mln_direction d = 0; d < MLN_DIRECTIONS; d++)
        for (size_t i = 0; i < b->table.rules[d].len; i++) {
            const struct mln_rule *rule = b->table.rules[d].data[i];
            char key[64];
            snprintf(key, sizeof(key), "%016llx.%08x", (unsigned long long)rule->keys[0].id,
                     rule->keys[0].content);
            const char *line = strstr(text, key);
            if (!rule->locked && line) {
                while (line > text && line[-1] != '\n')
                    line--;
                if ((strstr(line, " inbound ") == strchr(line, ' ')) == (d == MLN_INBOUND))
                    return false;
            }
        }
    return true;
}

static void follow(uint64_t seed, const struct mln_priority_options *options, bool roomy)
{
    struct random random = {seed};
    struct policy policy = {.deny_by_default = seed & 1};
    uint64_t next = seed * 100000;
    char *text = NULL;
    for (unsigned step = 0; step < 12; step++) {
        change(&policy, &random, &next);
        struct bench *b = build(&policy);
        struct mln_rule_vec lowered[MLN_DIRECTIONS];
        for (enum mln_direction d = 0; d < MLN_DIRECTIONS; d++)
            lowered[d] = b->table.rules[d];
        const char *now = run(b, text, options);
        bool exhausted = reports(b, MLN_D_PRIORITIES_EXHAUSTED) > 0;
        bool good = reports(b, MLN_D_LOCK_MALFORMED) == 0;
        if (!exhausted)
            good = good && means_the_same(b, lowered, &random) && (!text || finds_lines(b, text));
        if (roomy)
            good = good && keeps_lines(b) && reports(b, MLN_D_PRIORITY_MOVED) == 0 && !exhausted;
        if (!exhausted) {
            free(text);
            text = strdup(now);
        }
        bench_free(b);
        if (!good)
            printf("# seed %llu step %u\n", (unsigned long long)seed, step);
        CU_ASSERT_FATAL(good);
    }
    free(text);
}

static void changing_policies_keep_their_numbers(void)
{
    for (uint64_t seed = 1; seed <= 150; seed++)
        follow(seed, NULL, true);
}

static void changing_policies_stay_right_in_narrow_ranges(void)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct mln_priority_options options = {.low = 200, .high = 214 + (unsigned)(seed % 25)};
        follow(seed, &options, false);
    }
}

void suite_lock(void)
{
    UNIT_SUITE("lock");
    UNIT_TEST(malformed_lines_are_reported);
    UNIT_TEST(bytes_beyond_text_are_survived);
    UNIT_TEST(the_text_is_sorted_and_stable);
    UNIT_TEST(keys_never_change);
    UNIT_TEST(a_merged_rule_keeps_its_name_and_number);
    UNIT_TEST(a_locked_rule_moves_when_there_is_no_way);
    UNIT_TEST(numbers_outside_the_range_move);
    UNIT_TEST(check_compares);
    UNIT_TEST(what_changed_moves_first);
    UNIT_TEST(nsgs_of_one_name_cannot_share);
    UNIT_TEST(new_rules_stand_near_their_neighbours);
    UNIT_TEST(changing_policies_keep_their_numbers);
    UNIT_TEST(changing_policies_stay_right_in_narrow_ranges);
}
