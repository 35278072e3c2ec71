/* One packet at one NSG, rule by rule.
 *
 * A hint is searched, not guessed: among the packets that differ from the one asked about in the
 * fields that a rule does not match, and in no other, is there one that this very rule decides? A
 * rule before it may leave none. */
#include "prove/query.h"

#include "prove/way.h"

#include <string.h>

const char *const mln_query_field_names[MLN_QUERY_FIELDS] = {
    [MLN_FIELD_PROTOCOL] = "protocol",
    [MLN_FIELD_SOURCE] = "source",
    [MLN_FIELD_SOURCE_PORT] = "source port",
    [MLN_FIELD_DESTINATION] = "destination",
    [MLN_FIELD_DESTINATION_PORT] = "destination port",
};

/* --- fields --- */

static bool has_ports(const struct mln_packet *packet)
{
    return packet->proto == MLN_PROTO_TCP || packet->proto == MLN_PROTO_UDP;
}

static bool port_differs(const struct mln_packet *packet, const struct mln_portset *ports,
                         uint16_t port)
{
    return ports && !mln_portset_is_all(ports) &&
           !(has_ports(packet) && mln_portset_contains(ports, port));
}

/* A match of the other family, or one that names a protocol. */
static bool protocol_differs(const struct mln_packet *packet, const struct mln_rules_entry *entry)
{
    const struct mln_rule *rule = entry->rule;
    if (!rule)
        return !(entry->match.protos & MLN_PROTO_BIT(packet->proto));
    bool icmp6 = rule->proto == MLN_PROTO_ICMP && packet->family == MLN_IPV6;
    return rule->proto != MLN_PROTO_ANY && (rule->proto != packet->proto || icmp6);
}

static bool other_family(const struct mln_packet *packet, const struct mln_rule_side *side)
{
    return side->kind == MLN_SIDE_PREFIXES && side->prefixes->family != packet->family;
}

static unsigned differences(const struct mln_packet *packet, const struct mln_rules_entry *entry)
{
    const struct mln_match *m = &entry->match;
    bool src =
        (!m->src || mln_ipset_contains(m->src, packet->src)) &&
        mln_vars_name_all(packet->src_vars, packet->src_var_count, m->src_vars, m->src_var_count);
    bool dst =
        (!m->dst || mln_ipset_contains(m->dst, packet->dst)) &&
        mln_vars_name_all(packet->dst_vars, packet->dst_var_count, m->dst_vars, m->dst_var_count);
    if (entry->rule) {
        src = src && !other_family(packet, &entry->rule->src);
        dst = dst && !other_family(packet, &entry->rule->dst);
    }
    return (unsigned)protocol_differs(packet, entry) << MLN_FIELD_PROTOCOL |
           (unsigned)!src << MLN_FIELD_SOURCE |
           (unsigned)port_differs(packet, m->sport, packet->sport) << MLN_FIELD_SOURCE_PORT |
           (unsigned)!dst << MLN_FIELD_DESTINATION |
           (unsigned)port_differs(packet, m->dport, packet->dport) << MLN_FIELD_DESTINATION_PORT;
}

static struct mln_query_step step_of(const struct mln_packet *packet,
                                     const struct mln_rules_entry *entry)
{
    return (struct mln_query_step){
        .rule = entry->rule,
        .azure = entry->azure,
        .allow = entry->allow,
        .differ = differences(packet, entry),
    };
}

static void list(struct mln_ctx *ctx, const struct mln_assert_world *world,
                 const struct mln_assert_hop *hop, const struct mln_packet *packet,
                 struct mln_rules_entry_vec *out)
{
    const struct mln_rules_view view = {.ctx = ctx,
                                        .model = world->model,
                                        .zone = hop->zone,
                                        .direction = hop->direction,
                                        .family = packet->family};
    mln_rules_entries(&view, &world->deployed[hop->nsg->index].rules[hop->direction], out);
    for (size_t i = 0; i < out->len; i++) { /* groups that the ends are known to be in */
        struct mln_match settled = out->data[i].match;
        if (mln_way_settle(ctx->arena, world->model, hop->ends, &settled))
            out->data[i].match = settled;
    }
}

void mln_query_trace(const struct mln_assert_world *world, const struct mln_assert_hop *hop,
                     const struct mln_packet *packet, struct mln_query_step_vec *out)
{
    struct mln_rules_entry_vec entries = {0};
    list(world->ctx, world, hop, packet, &entries);
    for (size_t i = 0; i < entries.len; i++) {
        const struct mln_rules_entry *entry = &entries.data[i];
        struct mln_query_step step = step_of(packet, entry);
        bool pass = !entry->rule && !entry->azure;
        if (pass && step.differ)
            continue; /* nobody asked about the platform */
        mln_vec_push(world->ctx->arena, out, step);
        if (!step.differ)
            return;
    }
}

/* --- unknown sets --- */

enum { MOST_OUTSIDE = 3 };

MLN_VEC_TYPE(name_vec, const char *);

/* "the ASG web"; NULL unless being out of the side's unknown set is all that differs. */
static const char *left_out(struct mln_arena *a, const struct mln_packet *packet,
                            const struct mln_rules_entry *entry, bool source)
{
    const struct mln_rule_side *side = source ? &entry->rule->src : &entry->rule->dst;
    const struct mln_ipset *set = source ? entry->match.src : entry->match.dst;
    unsigned field = source ? MLN_FIELD_SOURCE : MLN_FIELD_DESTINATION;
    if (differences(packet, entry) != 1U << field ||
        (set && !mln_ipset_contains(set, source ? packet->src : packet->dst)))
        return NULL;
    if (side->kind == MLN_SIDE_ASG)
        return mln_printf(a, "the ASG %s", side->asg->name);
    return side->kind == MLN_SIDE_TAG ? side->tag->name : NULL;
}

static void add_name(struct mln_arena *a, struct name_vec *names, const char *name)
{
    for (size_t i = 0; name && i < names->len; i++)
        if (strcmp(names->data[i], name) == 0)
            return;
    if (name)
        mln_vec_push(a, names, name);
}

static const char *names_text(struct mln_arena *a, const struct name_vec *names)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    for (size_t i = 0; i < names->len && i < MOST_OUTSIDE; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : "", names->data[i]);
    if (names->len > MOST_OUTSIDE)
        mln_buf_printf(&out, " or %zu more", names->len - MOST_OUTSIDE);
    return out.len ? out.data : NULL;
}

void mln_query_outside(const struct mln_assert_world *world, struct mln_counterexample *at)
{
    struct mln_arena *a = world->ctx->arena;
    struct name_vec out[2] = {0};
    for (size_t h = 0; h < at->hop_count; h++) {
        struct mln_rules_entry_vec entries = {0};
        list(world->ctx, world, &at->hops[h], &at->packet, &entries);
        for (size_t i = 0; i < entries.len && differences(&at->packet, &entries.data[i]); i++)
            for (int end = 0; entries.data[i].rule && end < 2; end++)
                add_name(a, &out[end], left_out(a, &at->packet, &entries.data[i], end == 0));
    }
    at->source_out = names_text(a, &out[0]);
    at->destination_out = names_text(a, &out[1]);
}

/* --- hints --- */

enum { MAX_TRIES = 50 }; /* each is a search */

struct wish {
    size_t entry; /* the one that shall decide */
};

static enum mln_answer decided_by(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct wish *wish = ctx;
    if (!mln_bit(alive, wish->entry))
        return MLN_NO;
    for (size_t i = 0; i < wish->entry; i++) {
        if (mln_bit(sure, i))
            return MLN_NO;
        if (mln_bit(alive, i))
            return MLN_MAYBE;
    }
    return mln_bit(sure, wish->entry) ? MLN_YES : MLN_MAYBE;
}

/* Every packet that equals this one but in the fields of `free`. */
static struct mln_match like(struct mln_arena *a, const struct mln_packet *packet, unsigned free)
{
    struct mln_match match = {.protos = MLN_PROTO_BIT(packet->proto)};
    if (free >> MLN_FIELD_PROTOCOL & 1)
        match.protos = MLN_PROTOS_ALL;
    if (!(free >> MLN_FIELD_SOURCE & 1)) {
        match.src = mln_ipset_one(a, packet->family, packet->src);
        match.src_vars = packet->src_vars;
        match.src_var_count = packet->src_var_count;
    }
    if (!(free >> MLN_FIELD_DESTINATION & 1)) {
        match.dst = mln_ipset_one(a, packet->family, packet->dst);
        match.dst_vars = packet->dst_vars;
        match.dst_var_count = packet->dst_var_count;
    }
    if (!(free >> MLN_FIELD_SOURCE_PORT & 1))
        match.sport = mln_portset_one(a, packet->sport);
    if (!(free >> MLN_FIELD_DESTINATION_PORT & 1))
        match.dport = mln_portset_one(a, packet->dport);
    return match;
}

static unsigned count(unsigned fields)
{
    return (unsigned)__builtin_popcount(fields);
}

/* Is the rule one that would decide some packet that differs in these fields alone? */
static bool reachable(struct mln_arena *a, const struct mln_rules_entry_vec *entries, size_t index,
                      struct mln_query_hint *hint, const struct mln_packet *packet)
{
    MLN_VEC(struct mln_match) matches = {0};
    for (size_t i = 0; i <= index; i++)
        mln_vec_push(a, &matches, entries->data[i].match);
    struct mln_match within = like(a, packet, hint->step.differ);
    mln_vec_push(a, &matches, within);
    struct wish wish = {index};
    struct mln_space *space = mln_space_new(a, packet->family, matches.data, matches.len);
    return mln_space_find(space, index + 1, decided_by, &wish, &hint->instead, NULL, 0) ==
           MLN_FOUND;
}

static void keep_vars(struct mln_arena *a, struct mln_packet *packet)
{
    uint32_t *src = MLN_NEW_ARRAY(a, uint32_t, packet->src_var_count);
    uint32_t *dst = MLN_NEW_ARRAY(a, uint32_t, packet->dst_var_count);
    for (size_t i = 0; i < packet->src_var_count; i++)
        src[i] = packet->src_vars[i];
    for (size_t i = 0; i < packet->dst_var_count; i++)
        dst[i] = packet->dst_vars[i];
    packet->src_vars = src;
    packet->dst_vars = dst;
}

/* Those that differ in `fields` fields; an allow that differs in none is hidden by a deny. */
static void add_hints(struct mln_arena *keep, struct mln_arena *scratch,
                      const struct mln_rules_entry_vec *entries, const struct mln_packet *packet,
                      unsigned fields, size_t most, struct mln_query_hint_vec *out)
{
    unsigned tries = 0;
    for (size_t i = 0; i < entries->len && out->len < most; i++) {
        struct mln_query_hint hint = {.step = step_of(packet, &entries->data[i]),
                                      .instead = *packet};
        if (!hint.step.allow || !hint.step.rule || count(hint.step.differ) != fields)
            continue;
        if (fields && (++tries > MAX_TRIES || !reachable(scratch, entries, i, &hint, packet)))
            continue;
        keep_vars(keep, &hint.instead);
        mln_vec_push(keep, out, hint);
    }
}

void mln_query_hints(const struct mln_assert_world *world, const struct mln_assert_hop *hop,
                     const struct mln_packet *packet, size_t most, struct mln_query_hint_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_ctx aside = {scratch, world->ctx->names, mln_diags_new(scratch)};
    struct mln_rules_entry_vec entries = {0};
    list(&aside, world, hop, packet, &entries);
    for (unsigned fields = 0; out->len == 0 && fields < MLN_QUERY_FIELDS; fields++)
        add_hints(world->ctx->arena, scratch, &entries, packet, fields, most, out);
    mln_arena_free(scratch);
}
