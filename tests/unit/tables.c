#include "tables.h"
#include <string.h>

struct bench *bench_new(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct bench *b = MLN_NEW(arena, struct bench);
    b->ctx = (struct mln_ctx){
        .arena = arena, .names = mln_names_new(arena), .diags = mln_diags_new(arena)};
    b->nsg = (struct mln_nsg){.name = "nsg-a", .region = "westeurope"};
    b->network = (struct mln_network){.name = "net"};
    b->zone = (struct mln_zone){.name = "a", .network = &b->network, .nsg = &b->nsg};
    mln_vec_push(arena, &b->nsg.zones, &b->zone);
    for (uint32_t i = 0; i < BENCH_TAGS; i++)
        b->tags[i] =
            (struct mln_tag){.name = i == 0 ? "Storage.WestEurope" : "Internet", .number = i};
    for (uint32_t i = 0; i < BENCH_ASGS; i++)
        b->asgs[i] = (struct mln_asg){.name = i == 0 ? "web" : "db", .zone = &b->zone, .index = i};
    b->table.nsg = &b->nsg;
    return b;
}

void bench_free(struct bench *bench)
{
    mln_arena_free(bench->ctx.arena);
}

unsigned random_below(struct random *random, unsigned bound)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random->state >> 33) % bound);
}

struct mln_intent *bench_intent(struct bench *bench, enum mln_verb verb, const char *name,
                                uint32_t index)
{
    struct mln_intent *intent = MLN_NEW(bench->ctx.arena, struct mln_intent);
    intent->verb = verb;
    intent->name = name;
    intent->index = index;
    return intent;
}

struct mln_rule *bench_rule(struct bench *bench, enum mln_direction direction, unsigned rank,
                            struct mln_intent *intent)
{
    struct mln_arena *arena = bench->ctx.arena;
    struct mln_rule *rule = MLN_NEW(arena, struct mln_rule);
    bool allow = intent && intent->verb == MLN_VERB_ALLOW;
    *rule = (struct mln_rule){.direction = direction,
                              .action = allow ? MLN_ALLOW : MLN_DENY,
                              .proto = MLN_PROTO_ANY,
                              .sport = mln_portset_all(arena),
                              .dport = mln_portset_all(arena),
                              .families = 1u << MLN_IPV4 | 1u << MLN_IPV6,
                              .rank = rank,
                              .stratum = rank,
                              .base_name = direction == MLN_INBOUND ? "default-deny-in"
                                                                    : "default-deny-out"};
    if (intent) {
        struct mln_intent **intents = MLN_NEW(arena, struct mln_intent *);
        intents[0] = intent;
        rule->intents = intents;
        rule->intent_count = 1;
        rule->base_name = intent->name;
        rule->because = intent->because;
    }
    mln_vec_push(arena, &bench->table.rules[direction], rule);
    return rule;
}

struct mln_rule_side bench_prefixes(struct bench *bench, const char *text)
{
    MLN_VEC(struct mln_prefix) list = {0};
    for (size_t length; *text; text += length + (text[length] == ' ')) {
        struct mln_prefix prefix = {0};
        length = strcspn(text, " ");
        mln_prefix_parse(text, length, &prefix);
        mln_vec_push(bench->ctx.arena, &list, prefix);
    }
    return (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES,
                                  .prefixes = mln_ipset_from_prefixes(
                                      bench->ctx.arena, list.data[0].family, list.data, list.len)};
}

const struct mln_portset *bench_ports(struct bench *bench, unsigned lo, unsigned hi)
{
    struct mln_port_range range = {.lo = (uint16_t)lo, .hi = (uint16_t)hi};
    return mln_portset_from_ranges(bench->ctx.arena, &range, 1);
}

/* ---- at random ---- */

static struct mln_ip address(enum mln_family family, unsigned last)
{
    if (family == MLN_IPV4)
        return (struct mln_ip){.lo = (10u << 24) + last};
    return (struct mln_ip){.hi = UINT64_C(0xfd00) << 48, .lo = last};
}

static struct mln_rule_side random_side(struct bench *b, struct random *r, enum mln_family family)
{
    struct mln_range ranges[2];
    switch (random_below(r, 8)) {
    case 0:
    case 1:
        return (struct mln_rule_side){.kind = MLN_SIDE_ANY};
    case 2:
        return (struct mln_rule_side){.kind = MLN_SIDE_TAG,
                                      .tag = &b->tags[random_below(r, BENCH_TAGS)]};
    case 3:
        return (struct mln_rule_side){.kind = MLN_SIDE_ASG,
                                      .asg = &b->asgs[random_below(r, BENCH_ASGS)]};
    default:
        for (unsigned i = 0; i < 2; i++) {
            unsigned lo = random_below(r, 8), hi = lo + random_below(r, 8 - lo);
            ranges[i] = (struct mln_range){.lo = address(family, lo), .hi = address(family, hi)};
        }
        return (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES,
                                      .prefixes = mln_ipset_from_ranges(
                                          b->ctx.arena, family, ranges, 1 + random_below(r, 2))};
    }
}

static const uint16_t some_ports[] = {22, 80, 81, 443, 65535};

static const struct mln_portset *random_ports(struct bench *b, struct random *r)
{
    unsigned lo = random_below(r, 5), hi = lo + random_below(r, 5 - lo);
    if (random_below(r, 3) == 0)
        return mln_portset_all(b->ctx.arena);
    return bench_ports(b, some_ports[lo], some_ports[hi]);
}

void bench_randomize(struct bench *bench, struct random *random, struct mln_rule *rule)
{
    enum mln_family family = random_below(random, 4) == 0 ? MLN_IPV6 : MLN_IPV4;
    static const unsigned protos[] = {MLN_PROTO_TCP, MLN_PROTO_TCP, MLN_PROTO_UDP, MLN_PROTO_ICMP,
                                      MLN_PROTO_ANY};
    rule->src = random_side(bench, random, family);
    rule->dst = random_side(bench, random, family);
    rule->proto = protos[random_below(random, 5)];
    rule->families = 1u << MLN_IPV4 | 1u << MLN_IPV6;
    if (rule->src.kind == MLN_SIDE_PREFIXES || rule->dst.kind == MLN_SIDE_PREFIXES)
        rule->families = 1u << family;
    if (rule->proto == MLN_PROTO_ICMP)
        return;
    rule->dport = random_ports(bench, random);
    if (random_below(random, 6) == 0)
        rule->sport = random_ports(bench, random);
}

struct bench_packet bench_packet(struct random *random)
{
    enum mln_family family = random_below(random, 4) == 0 ? MLN_IPV6 : MLN_IPV4;
    static const unsigned protos[] = {MLN_PROTO_TCP, MLN_PROTO_UDP, MLN_PROTO_ICMP,
                                      MLN_PROTO_OTHER};
    return (struct bench_packet){.family = family,
                                 .src = address(family, random_below(random, 8)),
                                 .dst = address(family, random_below(random, 8)),
                                 .src_in = random_below(random, 1 << (BENCH_TAGS + BENCH_ASGS)),
                                 .dst_in = random_below(random, 1 << (BENCH_TAGS + BENCH_ASGS)),
                                 .proto = protos[random_below(random, 4)],
                                 .sport = some_ports[random_below(random, 5)],
                                 .dport = some_ports[random_below(random, 5)]};
}

static bool side_has(const struct bench *bench, const struct mln_rule_side *side,
                     enum mln_family family, struct mln_ip ip, unsigned in)
{
    switch (side->kind) {
    case MLN_SIDE_TAG:
        return in >> (side->tag - bench->tags) & 1;
    case MLN_SIDE_ASG:
        return in >> (BENCH_TAGS + (side->asg - bench->asgs)) & 1;
    case MLN_SIDE_PREFIXES:
        return side->prefixes->family == family && mln_ipset_contains(side->prefixes, ip);
    default:
        return true;
    }
}

const struct mln_rule *bench_decide(const struct bench *bench, const struct mln_rule_vec *rules,
                                    const struct bench_packet *packet)
{
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule *rule = rules->data[i];
        if ((rule->proto == packet->proto || rule->proto == MLN_PROTO_ANY) &&
            (rule->families >> packet->family & 1) &&
            mln_portset_contains(rule->sport, packet->sport) &&
            mln_portset_contains(rule->dport, packet->dport) &&
            side_has(bench, &rule->src, packet->family, packet->src, packet->src_in) &&
            side_has(bench, &rule->dst, packet->family, packet->dst, packet->dst_in))
            return rule;
    }
    return NULL;
}
