/* Rule tables for tests: made by hand or at random over a tiny universe, and decided packet by
 * packet. */
#ifndef MLN_TESTS_TABLES_H
#define MLN_TESTS_TABLES_H

#include "diag/ctx.h"
#include "rules/table.h"

enum { BENCH_TAGS = 2, BENCH_ASGS = 2 };

/* One compilation with one NSG. */
struct bench {
    struct mln_ctx ctx;
    struct mln_nsg nsg;
    struct mln_network network;
    struct mln_zone zone;
    struct mln_tag tags[BENCH_TAGS];
    struct mln_asg asgs[BENCH_ASGS];
    struct mln_table table;
};
struct bench *bench_new(void);
void bench_free(struct bench *bench);

/* The same numbers on every machine. */
struct random {
    uint64_t state;
};
unsigned random_below(struct random *random, unsigned bound);

struct mln_intent *bench_intent(struct bench *bench, enum mln_verb verb, const char *name,
                                uint32_t index);
/* Any to any, appended to its list. Its base name is the intent's; intent NULL: a rule of
 * `default`. */
struct mln_rule *bench_rule(struct bench *bench, enum mln_direction direction, unsigned rank,
                            struct mln_intent *intent);
struct mln_rule_side bench_prefixes(struct bench *bench,
                                    const char *text); /* "10.0.0.0/24 10.1.0.4" */
const struct mln_portset *bench_ports(struct bench *bench, unsigned lo, unsigned hi);

/* Gives a rule random fields from eight addresses a family, two tags, two security groups, few
 * ports. */
void bench_randomize(struct bench *bench, struct random *random, struct mln_rule *rule);

/* A packet of that universe; bit i of src_in: the source lies in tag i, then in group i -
 * BENCH_TAGS. */
struct bench_packet {
    enum mln_family family;
    struct mln_ip src, dst;
    unsigned src_in, dst_in, proto, sport, dport;
};
struct bench_packet bench_packet(struct random *random);
/* The first rule of the list that the packet matches; NULL: none. */
const struct mln_rule *bench_decide(const struct bench *bench, const struct mln_rule_vec *rules,
                                    const struct bench_packet *packet);

#endif
