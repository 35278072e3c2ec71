/* The mutation test of the proof: every emitted rule is broken in every way we can think of, one at
 * a time, and the proof must notice exactly the breakages that change what passes. What changes is
 * decided packet by packet with the evaluator of policies.h, over one packet of each class that
 * neither the policy nor any mutant tells apart. */
#include "emit/nsg.h"
#include "import/nsg.h"
#include "policies.h"
#include "prove/proof.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- packets at one end --- */

MLN_VEC_TYPE(speech_vec, struct speech);
MLN_VEC_TYPE(port_vec, unsigned);

/* All packets at one zone in one direction and family, and what the policy says of each. */
struct view {
    const struct mln_zone *zone;
    enum mln_direction direction;
    enum mln_family family;
    struct point_vec src, dst;
    const struct speech_vec *speeches;
    unsigned char *verdict; /* [src][dst][speech] */
};
enum { DENIED, PERMITTED, NOT_ASKED };
MLN_VEC_TYPE(view_vec, struct view *);

/* What a rule matches there, field by field. */
struct column {
    const struct mln_rule *rule;
    bool *src, *dst, *speech;
};

struct subject {
    struct policy *policy;
    const struct mln_table *table;
    struct mln_rule_vec rules[MLN_DIRECTIONS]; /* read back from the JSON */
    bool source_ports;                         /* some rule has them: then all are mutated */
    const struct mln_tag *other;               /* a tag that no rule names */
    struct speech_vec speeches;
    struct view_vec views;
    struct column *columns; /* [view][direction rules], see column_of */
    size_t column_count;
};

static struct counts {
    unsigned policies, rules, mutants, changed, packets;
} counts;

static size_t packet_index(const struct view *v, size_t src, size_t dst, size_t speech)
{
    return (src * v->dst.len + dst) * v->speeches->len + speech;
}

static void make_column(const struct policy *policy, struct mln_arena *a, const struct view *v,
                        const struct mln_rule *rule, struct column *out)
{
    *out = (struct column){rule, MLN_NEW_ARRAY(a, bool, v->src.len),
                           MLN_NEW_ARRAY(a, bool, v->dst.len),
                           MLN_NEW_ARRAY(a, bool, v->speeches->len)};
    for (size_t i = 0; i < v->src.len; i++)
        out->src[i] = oracle_side_holds(policy, &rule->src, v->zone, &v->src.data[i], true);
    for (size_t i = 0; i < v->dst.len; i++)
        out->dst[i] = oracle_side_holds(policy, &rule->dst, v->zone, &v->dst.data[i], false);
    for (size_t i = 0; i < v->speeches->len; i++)
        out->speech[i] = oracle_rule_speaks(rule, v->family, v->speeches->data[i]);
}

/* --- the boundaries of policy, rules and mutants --- */

/* Starts of the classes of ports that a range and its neighbours by one tell apart. */
static void add_port_starts(struct mln_arena *a, const struct mln_portset *ports, bool full_too,
                            struct port_vec *out)
{
    for (size_t i = 0; (full_too || !mln_portset_is_all(ports)) && i < ports->len; i++) {
        int lo = ports->ranges[i].lo, hi = ports->ranges[i].hi;
        int starts[] = {lo - 1, lo, lo + 1, hi, hi + 1, hi + 2};
        for (size_t k = 0; k < sizeof starts / sizeof *starts; k++)
            if (starts[k] >= 0 && starts[k] <= 65535)
                mln_vec_push(a, out, (unsigned)starts[k]);
    }
}

static int by_number(const void *x, const void *y)
{
    return (int)*(const unsigned *)x - (int)*(const unsigned *)y;
}

static void sort_ports(struct port_vec *ports)
{
    size_t kept = 0;
    qsort(ports->data, ports->len, sizeof *ports->data, by_number);
    for (size_t i = 0; i < ports->len; i++)
        if (kept == 0 || ports->data[kept - 1] != ports->data[i])
            ports->data[kept++] = ports->data[i];
    ports->len = kept;
}

static void make_speeches(struct subject *s)
{
    struct mln_arena *a = s->policy->ctx.arena;
    struct port_vec sports = {0}, dports = {0};
    mln_vec_push(a, &sports, 0);
    mln_vec_push(a, &dports, 0);
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        for (size_t i = 0; i < s->rules[d].len; i++) {
            add_port_starts(a, s->rules[d].data[i]->sport, s->source_ports, &sports);
            add_port_starts(a, s->rules[d].data[i]->dport, true, &dports);
        }
    for (size_t i = 0; i < s->policy->model->intents.len; i++) {
        const struct mln_services *services = &s->policy->model->intents.data[i]->services;
        for (size_t k = 0; k < services->len; k++) {
            add_port_starts(a, services->items[k].sport, s->source_ports, &sports);
            add_port_starts(a, services->items[k].dport, true, &dports);
        }
    }
    sort_ports(&sports);
    sort_ports(&dports);
    for (unsigned proto = 0; proto < MLN_PROTO_COUNT; proto++)
        for (size_t i = 0; i < sports.len; i++)
            for (size_t k = 0; k < dports.len; k++) {
                struct speech one = {proto, (uint16_t)sports.data[i], (uint16_t)dports.data[k]};
                mln_vec_push(a, &s->speeches, one);
            }
}

/* The prefix, the one a bit shorter, and its halves. */
static void add_prefix_starts(struct mln_arena *a, const struct mln_rule_side *side,
                              enum mln_family f, struct ip_vec *out)
{
    struct mln_prefix *list;
    if (side->kind != MLN_SIDE_PREFIXES || side->prefixes->family != f)
        return;
    size_t count = mln_ipset_prefixes(a, side->prefixes, &list);
    for (size_t i = 0; i < count; i++) {
        unsigned shift = (f == MLN_IPV4 ? 32u : 128u) - list[i].length;
        for (unsigned up = 0; up < 3; up++) {
            unsigned bits = shift + 1 - up; /* host bits: one more, the same, one less */
            if (shift + 1 < up || bits > 127)
                continue;
            struct mln_ip size = bits < 64 ? (struct mln_ip){0, UINT64_C(1) << bits}
                                           : (struct mln_ip){UINT64_C(1) << (bits - 64), 0};
            struct mln_ip lo = list[i].ip;
            lo.lo &= bits < 64 ? ~(size.lo - 1) : 0;
            lo.hi &= bits < 64 ? ~UINT64_C(0) : ~(size.hi - 1);
            for (unsigned step = 0; step < 3; step++) {
                mln_vec_push(a, out, lo);
                lo = (struct mln_ip){lo.hi + size.hi + (lo.lo + size.lo < lo.lo), lo.lo + size.lo};
                if (mln_ip_cmp(lo, mln_ip_max(f)) > 0 || mln_ip_cmp(lo, size) < 0)
                    break;
            }
        }
    }
}

static bool is_near(const struct mln_zone *zone, const struct point *p)
{
    return mln_ipset_contains(zone->addresses[p->family], p->ip);
}

static void make_view(struct subject *s, const struct mln_zone *zone, enum mln_direction direction,
                      const struct point_vec *points, enum mln_family family)
{
    struct mln_arena *a = s->policy->ctx.arena;
    struct view *v = MLN_NEW(a, struct view);
    *v = (struct view){
        .zone = zone, .direction = direction, .family = family, .speeches = &s->speeches};
    struct point_vec *near = direction == MLN_OUTBOUND ? &v->src : &v->dst;
    struct point_vec *far = direction == MLN_OUTBOUND ? &v->dst : &v->src;
    for (size_t i = 0; i < points->len; i++) {
        mln_vec_push(a, far, points->data[i]);
        if (is_near(zone, &points->data[i]))
            mln_vec_push(a, near, points->data[i]);
    }
    if (near->len == 0)
        return;
    v->verdict = MLN_NEW_ARRAY(a, unsigned char, v->src.len * v->dst.len * s->speeches.len);
    for (size_t i = 0; i < v->src.len; i++)
        for (size_t k = 0; k < v->dst.len; k++) {
            const struct point *src = &v->src.data[i], *dst = &v->dst.data[k];
            bool asked = oracle_asks(zone, direction, src, dst);
            for (size_t m = 0; m < s->speeches.len; m++)
                v->verdict[packet_index(v, i, k, m)] =
                    !asked ? NOT_ASKED
                    : oracle_permits(s->policy, zone, direction, src, dst, s->speeches.data[m])
                        ? PERMITTED
                        : DENIED;
        }
    counts.packets += (unsigned)(v->src.len * v->dst.len * s->speeches.len);
    mln_vec_push(a, &s->views, v);
}

static void make_views(struct subject *s)
{
    struct mln_arena *a = s->policy->ctx.arena;
    struct tag_vec tags = {0};
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        oracle_add_tags(a, &s->rules[d], &tags);
    if (tags.len && !s->other->prefixes[MLN_IPV4])
        mln_vec_push(a, &tags, s->other);
    for (int i = 0; i < MLN_FAMILIES; i++) {
        enum mln_family f = (enum mln_family)i;
        struct ip_vec starts = {0};
        struct point_vec points = {0};
        for (int d = 0; d < MLN_DIRECTIONS; d++)
            for (size_t k = 0; k < s->rules[d].len; k++) {
                add_prefix_starts(a, &s->rules[d].data[k]->src, f, &starts);
                add_prefix_starts(a, &s->rules[d].data[k]->dst, f, &starts);
            }
        oracle_points(s->policy, f, &starts, &tags, &points);
        for (size_t z = 0; z < s->table->nsg->zones.len; z++)
            for (int d = 0; d < MLN_DIRECTIONS; d++)
                make_view(s, s->table->nsg->zones.data[z], (enum mln_direction)d, &points, f);
    }
}

/* --- one mutant --- */

struct mutant {
    struct mln_arena *arena;
    const char *what;
    struct mln_rule_vec rules[MLN_DIRECTIONS];
    const struct mln_rule *touched[2]; /* a packet that is decided otherwise meets one of them */
};

static const struct column *column_of(const struct subject *s, size_t view,
                                      const struct mln_rule *rule)
{
    for (size_t i = 0; i < s->column_count; i++)
        if (s->columns[view * s->column_count + i].rule == rule)
            return &s->columns[view * s->column_count + i];
    return NULL;
}

struct packet {
    const struct view *view;
    size_t src, dst, speech;
};

static bool list_permits(const struct view *v, const struct column *const *list, size_t count,
                         size_t src, size_t dst, size_t speech)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->src[src] && list[i]->dst[dst] && list[i]->speech[speech])
            return list[i]->rule->action == MLN_ALLOW;
    return oracle_azure_permits(v->zone, v->direction, &v->src.data[src], &v->dst.data[dst]);
}

/* A packet inside `within` (NULL: any) that the list decides otherwise than the policy. */
static bool search(const struct view *v, const struct column *const *list, size_t count,
                   const struct column *within, struct packet *out)
{
    for (size_t i = 0; i < v->src.len; i++)
        for (size_t k = 0; (!within || within->src[i]) && k < v->dst.len; k++)
            for (size_t m = 0; (!within || within->dst[k]) && m < v->speeches->len; m++)
                if ((!within || within->speech[m]) &&
                    v->verdict[packet_index(v, i, k, m)] != NOT_ASKED &&
                    list_permits(v, list, count, i, k, m) !=
                        (v->verdict[packet_index(v, i, k, m)] == PERMITTED)) {
                    *out = (struct packet){v, i, k, m};
                    return true;
                }
    return false;
}

static bool differs(const struct subject *s, const struct mutant *mutant, struct packet *out)
{
    for (size_t i = 0; i < s->views.len; i++) {
        const struct view *v = s->views.data[i];
        const struct mln_rule_vec *rules = &mutant->rules[v->direction];
        const struct column **list =
            MLN_NEW_ARRAY(mutant->arena, const struct column *, rules->len + 1);
        for (size_t k = 0; k < rules->len; k++) {
            list[k] = column_of(s, i, rules->data[k]);
            if (list[k])
                continue;
            struct column *fresh = MLN_NEW(mutant->arena, struct column);
            make_column(s->policy, mutant->arena, v, rules->data[k], fresh);
            list[k] = fresh;
        }
        for (size_t t = 0; t < 2; t++) {
            struct column within;
            if (!mutant->touched[t])
                continue;
            make_column(s->policy, mutant->arena, v, mutant->touched[t], &within);
            if (search(v, list, rules->len, &within, out))
                return true;
        }
    }
    return false;
}

/* What the proof shows, seen by the evaluator. */
static struct point point_of(const struct subject *s, const struct mln_zone *zone, struct mln_ip ip,
                             enum mln_family family, const uint32_t *vars, size_t var_count)
{
    struct point p = {.family = family, .ip = ip};
    const struct mln_tags *tags = s->policy->options.tags;
    size_t count = 0;
    for (size_t i = 0; i < var_count; i++)
        if (vars[i] >= mln_tags_count(tags))
            p.asgs |= 1u << (vars[i] - mln_tags_count(tags));
    for (size_t i = 0; i < var_count && mln_ipset_contains(zone->internet[family], ip); i++) {
        if (vars[i] >= mln_tags_count(tags))
            continue;
        const struct mln_tag *tag = mln_tags_at(tags, vars[i]);
        bool has_parent = !tag->parent;
        for (size_t k = 0; k < var_count; k++)
            has_parent |= tag->parent && vars[k] == tag->parent->number;
        if (has_parent && count < POINT_TAGS)
            p.tags[count++] = tag;
    }
    return p;
}

static bool confirmed(const struct subject *s, const struct mutant *mutant,
                      const struct mln_proof *proof)
{
    const struct mln_packet *packet = &proof->packet;
    struct point src = point_of(s, proof->zone, packet->src, packet->family, packet->src_vars,
                                packet->src_var_count);
    struct point dst = point_of(s, proof->zone, packet->dst, packet->family, packet->dst_vars,
                                packet->dst_var_count);
    struct speech speech = {packet->proto, packet->sport, packet->dport};
    const struct mln_rule *decider;
    bool policy = oracle_permits(s->policy, proof->zone, proof->direction, &src, &dst, speech);
    bool rules = oracle_rules_permit(s->policy, &mutant->rules[proof->direction], proof->zone,
                                     proof->direction, &src, &dst, speech, &decider);
    return oracle_asks(proof->zone, proof->direction, &src, &dst) && policy != rules &&
           policy == proof->policy_permits && decider == proof->rule;
}

static void describe(const struct subject *s, const struct mutant *mutant,
                     const struct packet *packet, const struct mln_proof *proof,
                     struct mln_arena *a)
{
    const struct mln_rule *rule = mutant->touched[0];
    printf("# %s: %s %s: ", s->table->nsg->name, mutant->what,
           rule && rule->name ? rule->name : "");
    if (packet) {
        char src[MLN_IP_TEXT], dst[MLN_IP_TEXT];
        const struct view *v = packet->view;
        const struct speech speech = v->speeches->data[packet->speech];
        printf("differs at %s %s, proto %u %s:%u -> %s:%u; ", v->zone->display,
               v->direction == MLN_INBOUND ? "in" : "out", speech.proto,
               mln_ip_text(v->family, v->src.data[packet->src].ip, src), speech.sport,
               mln_ip_text(v->family, v->dst.data[packet->dst].ip, dst), speech.dport);
    }
    if (proof->zone)
        printf("the proof shows %s at %s %s, which the policy %s",
               mln_packet_text(a, &proof->packet), proof->zone->display,
               proof->direction == MLN_INBOUND ? "in" : "out",
               proof->policy_permits ? "permits" : "denies");
    printf("\n");
}

/* All engines must say what the brute force says. */
static void judge(const struct subject *s, struct mutant *mutant)
{
    struct mln_ctx aside = {mutant->arena, s->policy->ctx.names, mln_diags_new(mutant->arena)};
    struct packet packet;
    bool changed = differs(s, mutant, &packet);
    for (int engine = MLN_PROOF_BOXES_FIRST; engine <= MLN_PROOF_DIAGRAMS; engine++) {
        struct mln_proof proof;
        enum mln_proof_result result =
            mln_prove_nsg(&aside, s->policy->lowered, s->table->nsg, mutant->rules,
                          (enum mln_proof_engine)engine, &proof);
        bool right = result == (changed ? MLN_PROOF_FAILS : MLN_PROOF_HOLDS) &&
                     (!changed || confirmed(s, mutant, &proof));
        if (!right)
            describe(s, mutant, changed ? &packet : NULL, &proof, mutant->arena);
        CU_ASSERT(right);
    }
    counts.mutants++;
    counts.changed += changed;
}

/* --- mutations --- */

static struct mutant mutate(const struct subject *s, const char *what)
{
    struct mutant m = {.arena = mln_arena_new(), .what = what};
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        for (size_t i = 0; i < s->rules[d].len; i++)
            mln_vec_push(m.arena, &m.rules[d], s->rules[d].data[i]);
    return m;
}

static void finish(const struct subject *s, struct mutant *m)
{
    judge(s, m);
    mln_arena_free(m->arena);
}

static void remove_at(struct mln_rule_vec *rules, size_t at)
{
    memmove(&rules->data[at], &rules->data[at + 1], (rules->len - at - 1) * sizeof *rules->data);
    rules->len--;
}

static void insert_at(struct mln_arena *a, struct mln_rule_vec *rules, size_t at,
                      struct mln_rule *rule)
{
    mln_vec_push(a, rules, rule);
    memmove(&rules->data[at + 1], &rules->data[at], (rules->len - at - 1) * sizeof *rules->data);
    rules->data[at] = rule;
}

struct place {
    const struct subject *s;
    enum mln_direction direction;
    size_t at;
};

static struct mln_rule *rule_at(const struct place *p)
{
    return p->s->rules[p->direction].data[p->at];
}

/* The rule replaced by another. */
static void replace(const struct place *p, const char *what, const struct mln_rule *with)
{
    struct mutant m = mutate(p->s, what);
    struct mln_rule *changed = MLN_NEW(m.arena, struct mln_rule);
    *changed = *with;
    m.rules[p->direction].data[p->at] = changed;
    m.touched[0] = rule_at(p);
    m.touched[1] = changed;
    finish(p->s, &m);
}

static void mutate_port(const struct place *p, bool source, size_t range, int lo, int hi)
{
    struct mln_arena *a = p->s->policy->ctx.arena;
    struct mln_rule changed = *rule_at(p);
    const struct mln_portset *ports = source ? changed.sport : changed.dport;
    struct mln_port_range *ranges = MLN_NEW_ARRAY(a, struct mln_port_range, ports->len);
    memcpy(ranges, ports->ranges, ports->len * sizeof *ranges);
    int new_lo = ranges[range].lo + lo, new_hi = ranges[range].hi + hi;
    if (new_lo < 0 || new_hi > 65535 || new_lo > new_hi)
        return;
    ranges[range] = (struct mln_port_range){(uint16_t)new_lo, (uint16_t)new_hi};
    *(source ? &changed.sport : &changed.dport) = mln_portset_from_ranges(a, ranges, ports->len);
    replace(p, source ? "a source port off by one" : "a port off by one", &changed);
}

static void mutate_ports(const struct place *p, bool source)
{
    const struct mln_rule *rule = rule_at(p);
    const struct mln_portset *ports = source ? rule->sport : rule->dport;
    bool has_ports = rule->proto == MLN_PROTO_TCP || rule->proto == MLN_PROTO_UDP ||
                     rule->proto == MLN_PROTO_ANY;
    if (!has_ports || (source && !p->s->source_ports))
        return;
    for (size_t i = 0; i < ports->len; i++) {
        mutate_port(p, source, i, -1, 0);
        mutate_port(p, source, i, 1, 0);
        mutate_port(p, source, i, 0, -1);
        mutate_port(p, source, i, 0, 1);
    }
}

static void set_side(const struct place *p, bool source, const char *what,
                     struct mln_rule_side side)
{
    struct mln_rule changed = *rule_at(p);
    *(source ? &changed.src : &changed.dst) = side;
    bool literal = changed.src.kind == MLN_SIDE_PREFIXES || changed.dst.kind == MLN_SIDE_PREFIXES;
    if (!literal)
        changed.families = 3;
    replace(p, what, &changed);
}

static struct mln_prefix resized(struct mln_prefix prefix, int by)
{
    unsigned width = prefix.family == MLN_IPV4 ? 32 : 128;
    prefix.length = (uint8_t)(prefix.length + by);
    unsigned host = width - prefix.length;
    if (host >= 64) {
        prefix.ip.lo = 0;
        prefix.ip.hi &= host == 128 ? 0 : ~UINT64_C(0) << (host - 64);
    } else
        prefix.ip.lo &= ~UINT64_C(0) << host;
    return prefix;
}

static void mutate_prefixes(const struct place *p, bool source)
{
    struct mln_arena *a = p->s->policy->ctx.arena;
    const struct mln_rule *rule = rule_at(p);
    const struct mln_rule_side *side = source ? &rule->src : &rule->dst;
    enum mln_family f = side->prefixes->family;
    struct mln_prefix *list;
    size_t count = mln_ipset_prefixes(a, side->prefixes, &list);
    for (size_t i = 0; i < count; i++) {
        if (i > 1 && i + 1 < count)
            continue; /* the first two and the last will do */
        const struct mln_prefix whole = list[i];
        struct mln_rule_side changed = {.kind = MLN_SIDE_PREFIXES};
        list[i] = list[count - 1];
        changed.prefixes = mln_ipset_from_prefixes(a, f, list, count - 1);
        if (count > 1)
            set_side(p, source, "a prefix dropped", changed);
        for (int by = -1; by <= 1; by += 2) {
            if (by < 0 ? whole.length == 0 : whole.length == (f == MLN_IPV4 ? 32 : 128))
                continue;
            list[i] = resized(whole, by);
            changed.prefixes = mln_ipset_from_prefixes(a, f, list, count);
            set_side(p, source, by < 0 ? "a prefix a bit shorter" : "a prefix a bit longer",
                     changed);
        }
        list[i] = whole;
    }
}

static void mutate_tag(const struct place *p, bool source, const struct mln_tag *tag)
{
    const struct mln_tags *tags = p->s->policy->options.tags;
    struct mln_rule_side side = {.kind = MLN_SIDE_TAG, .tag = tag->parent};
    if (tag->parent)
        set_side(p, source, "a tag replaced by its global one", side);
    side.tag = p->s->other;
    if (tag->kind == MLN_TAG_SERVICE)
        set_side(p, source, "a tag replaced by another", side);
    side.tag = mln_tags_find(tags, tag->kind == MLN_TAG_INTERNET ? "VirtualNetwork" : "Internet");
    set_side(p, source, "a tag replaced by a virtual one", side);
}

static void mutate_asg(const struct place *p, bool source, const struct mln_asg *asg)
{
    const struct mln_model *model = p->s->policy->model;
    for (size_t i = 0; i < model->asgs.len; i++)
        if (strcasecmp(model->asgs.data[i]->name, asg->name) != 0) {
            struct mln_rule_side side = {.kind = MLN_SIDE_ASG, .asg = model->asgs.data[i]};
            set_side(p, source, "an ASG replaced by another", side);
        }
}

static void mutate_side(const struct place *p, bool source)
{
    const struct mln_rule *rule = rule_at(p);
    const struct mln_rule_side *side = source ? &rule->src : &rule->dst;
    struct mln_rule_side any = {.kind = MLN_SIDE_ANY};
    if (side->kind == MLN_SIDE_PREFIXES)
        mutate_prefixes(p, source);
    else if (side->kind == MLN_SIDE_TAG)
        mutate_tag(p, source, side->tag);
    else if (side->kind == MLN_SIDE_ASG)
        mutate_asg(p, source, side->asg);
    if (side->kind != MLN_SIDE_ANY)
        set_side(p, source, "a side made *", any);
}

static void mutate_words(const struct place *p)
{
    struct mln_rule changed = *rule_at(p);
    changed.action = changed.action == MLN_ALLOW ? MLN_DENY : MLN_ALLOW;
    replace(p, "the action flipped", &changed);
    for (unsigned proto = 0; proto <= MLN_PROTO_ANY; proto++) {
        changed = *rule_at(p);
        if (proto == changed.proto || proto == MLN_PROTO_OTHER)
            continue;
        changed.proto = proto;
        replace(p, "the protocol changed", &changed);
    }
    for (unsigned families = 1; families <= 3; families++) {
        changed = *rule_at(p);
        if (families == changed.families)
            continue;
        changed.families = families;
        replace(p, "the families changed", &changed);
    }
    changed = *rule_at(p);
    changed.src = rule_at(p)->dst;
    changed.dst = rule_at(p)->src;
    replace(p, "the sides swapped", &changed);
}

static void swap_priorities(const struct place *p, size_t other)
{
    const struct mln_rule_vec *rules = &p->s->rules[p->direction];
    struct mutant swapped = mutate(p->s, "the priorities of two rules swapped");
    swapped.rules[p->direction].data[p->at] = rules->data[other];
    swapped.rules[p->direction].data[other] = rules->data[p->at];
    swapped.touched[0] = rules->data[p->at];
    swapped.touched[1] = rules->data[other];
    finish(p->s, &swapped);
}

static void mutate_list(const struct place *p)
{
    const struct subject *s = p->s;
    const struct mln_rule_vec *rules = &s->rules[p->direction];
    struct mutant dropped = mutate(s, "the rule dropped");
    remove_at(&dropped.rules[p->direction], p->at);
    dropped.touched[0] = rule_at(p);
    finish(s, &dropped);

    struct mutant doubled = mutate(s, "the rule doubled with the other action before it");
    struct mln_rule *opposite = MLN_NEW(doubled.arena, struct mln_rule);
    *opposite = *rule_at(p);
    opposite->action = opposite->action == MLN_ALLOW ? MLN_DENY : MLN_ALLOW;
    insert_at(doubled.arena, &doubled.rules[p->direction], p->at, opposite);
    doubled.touched[0] = opposite;
    finish(s, &doubled);

    struct mutant flipped = mutate(s, "the direction flipped");
    enum mln_direction other = p->direction == MLN_INBOUND ? MLN_OUTBOUND : MLN_INBOUND;
    struct mln_rule_vec *target = &flipped.rules[other];
    size_t to = 0;
    while (to < target->len && target->data[to]->priority <= rule_at(p)->priority)
        to++;
    insert_at(flipped.arena, target, to, rule_at(p));
    remove_at(&flipped.rules[p->direction], p->at);
    flipped.touched[0] = rule_at(p);
    finish(s, &flipped);

    for (size_t i = p->at + 1; i < rules->len; i++)
        if (rules->data[p->at]->action != rules->data[i]->action)
            swap_priorities(p, i);
}

/* --- one NSG --- */

static bool read_back(struct subject *s)
{
    struct mln_ctx *ctx = &s->policy->ctx;
    struct mln_imported_nsg_vec nsgs = {0};
    struct mln_buf json;
    mln_buf_init(&json, ctx->arena);
    mln_emit_nsg(ctx->arena, s->table, &json);
    if (!mln_nsg_read(ctx, s->policy->options.tags, s->table->nsg->name, json.data, json.len,
                      &nsgs) ||
        nsgs.len != 1)
        return false;
    memcpy(s->rules, nsgs.data[0]->rules, sizeof s->rules);
    return true;
}

static void make_columns(struct subject *s)
{
    struct mln_arena *a = s->policy->ctx.arena;
    s->column_count = s->rules[MLN_INBOUND].len + s->rules[MLN_OUTBOUND].len;
    s->columns = MLN_NEW_ARRAY(a, struct column, s->views.len * s->column_count);
    for (size_t i = 0; i < s->views.len; i++) {
        struct column *next = &s->columns[i * s->column_count];
        for (int d = 0; d < MLN_DIRECTIONS; d++)
            for (size_t k = 0; k < s->rules[d].len; k++)
                make_column(s->policy, a, s->views.data[i], s->rules[d].data[k], next++);
    }
}

/* The rules as they are: equal on every packet. */
static bool is_right(const struct subject *s)
{
    for (size_t i = 0; i < s->views.len; i++) {
        const struct view *v = s->views.data[i];
        const struct mln_rule_vec *rules = &s->rules[v->direction];
        const struct column **list =
            MLN_NEW_ARRAY(s->policy->ctx.arena, const struct column *, rules->len + 1);
        for (size_t k = 0; k < rules->len; k++)
            list[k] = column_of(s, i, rules->data[k]);
        struct packet packet;
        if (!search(v, list, rules->len, NULL, &packet))
            continue;
        struct mutant same = {.what = "the rules as they are"};
        struct mln_proof none = {0};
        describe(s, &same, &packet, &none, s->policy->ctx.arena);
        return false;
    }
    return true;
}

static void mutate_nsg(struct policy *policy, const struct mln_table *table)
{
    struct subject s = {
        .policy = policy, .table = table, .other = mln_tags_find(policy->options.tags, "EventHub")};
    CU_ASSERT_FATAL(read_back(&s));
    for (size_t i = 0; i < policy->model->intents.len; i++)
        for (size_t k = 0; k < policy->model->intents.data[i]->services.len; k++)
            s.source_ports |=
                !mln_portset_is_all(policy->model->intents.data[i]->services.items[k].sport);
    make_speeches(&s);
    make_views(&s);
    make_columns(&s);
    struct mln_proof proof;
    CU_ASSERT(is_right(&s));
    CU_ASSERT_EQUAL(mln_prove_nsg(&policy->ctx, policy->lowered, table->nsg, s.rules,
                                  MLN_PROOF_BOXES_FIRST, &proof),
                    MLN_PROOF_HOLDS);
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        for (size_t i = 0; i < s.rules[d].len; i++) {
            struct place place = {&s, (enum mln_direction)d, i};
            counts.rules++;
            mutate_ports(&place, false);
            mutate_ports(&place, true);
            mutate_side(&place, true);
            mutate_side(&place, false);
            mutate_words(&place);
            mutate_list(&place);
        }
}

static void mutate_policy_with(const char *text, const char *tagfile)
{
    struct policy *policy = policy_finish_with(text, tagfile);
    counts = (struct counts){0};
    CU_ASSERT_FATAL(policy_good(policy) && policy->lowered);
    for (size_t i = 0; i < policy->lowered->tables.len; i++)
        mutate_nsg(policy, policy->lowered->tables.data[i]);
    printf("# %u rules, %u mutants, %u of them permit other packets; %u packets\n", counts.rules,
           counts.mutants, counts.changed, counts.packets);
    CU_ASSERT(counts.changed > 0 && counts.changed < counts.mutants);
    policy_free(policy);
}

static void mutate_policy(const char *text)
{
    mutate_policy_with(text, NULL);
}

/* --- policies --- */

static void plain_zones(void)
{
    mutate_policy(
        "network n 10.0.0.0/16 {\n zone a 10.0.1.0/24\n zone b 10.0.2.0/24 { nsg none } }\n"
        "allow ssh from b to a\n"
        "allow tcp 80, tcp 8000-8010, udp 53 from a to b\n"
        "deny tcp 8005 from a to b\n"
        "forbid any from n to 10.0.2.64/26\n");
}

static void tags_and_regions(void)
{
    mutate_policy("network n 10.0.0.0/16 { zone a 10.0.1.0/24 }\n"
                  "deny tcp 443 from a to Storage as lake\n"
                  "allow tcp 443 from a to Storage.westeurope overrides lake\n"
                  "allow tcp from a to Internet\n"
                  "allow udp 53 from AzureCloud to a\n"
                  "allow tcp 22 from VirtualNetwork to a\n");
}

/* The tags overlap, and Storage.WestEurope lies in halves of the others. */
static const struct {
    const char *name, *region, *prefixes;
} file_tags[] = {
    {"Storage", "", "\"20.38.0.0/16\", \"20.60.0.0/18\", \"2603:1020::/40\""},
    {"Storage.WestEurope", "westeurope", "\"20.38.8.0/22\", \"2603:1020:8::/48\""},
    {"EventHub", "", "\"20.38.9.0/24\", \"40.68.0.0/20\""},
    {"AzureCloud", "", "\"20.0.0.0/9\", \"2603:1000::/24\""},
};

static const char *tag_file(struct mln_arena *a)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    mln_buf_add(&out, "{\"changeNumber\": 1, \"cloud\": \"Public\", \"values\": [");
    for (size_t i = 0; i < sizeof file_tags / sizeof *file_tags; i++)
        mln_buf_printf(&out,
                       "%s{\"name\": \"%s\", \"id\": \"%s\", \"properties\": {"
                       "\"changeNumber\": 1, \"region\": \"%s\", \"regionId\": 0, "
                       "\"platform\": \"Azure\", \"systemService\": \"\", "
                       "\"addressPrefixes\": [%s], \"networkFeatures\": [\"NSG\"]}}",
                       i ? ", " : "", file_tags[i].name, file_tags[i].name, file_tags[i].region,
                       file_tags[i].prefixes);
    mln_buf_add(&out, "]}");
    return out.data;
}

/* The proof with exact sets in the place of unknown ones, of both families. */
static void tags_of_a_file(void)
{
    struct mln_arena *a = mln_arena_new();
    mutate_policy_with("network n 10.0.0.0/16, fd00::/56 { zone a 10.0.1.0/24, fd00:0:0:1::/64 }\n"
                       "deny tcp 443 from a to Storage as lake\n"
                       "allow tcp 443 from a to Storage.westeurope overrides lake\n"
                       "allow tcp 8000-8010 from a to Internet except AzureCloud\n"
                       "allow udp 53 from AzureCloud except Storage to a\n"
                       "allow tcp 22 from VirtualNetwork to a\n",
                       tag_file(a));
    mln_arena_free(a);
}

static void both_families(void)
{
    mutate_policy("network n 10.0.0.0/16, fd00::/56 {\n"
                  " zone a 10.0.1.0/24, fd00:0:0:1::/64\n zone b fd00:0:0:2::/64 { nsg none } }\n"
                  "external lab 2001:db8:9::/48\n"
                  "allow tcp 443 from b to a\n"
                  "allow icmp from n to a\n"
                  "deny udp 443 from a to lab\n"
                  "allow any from a to any\n");
}

static void shared_groups(void)
{
    mutate_policy(
        "network n 10.0.0.0/16 {\n zone a 10.0.1.0/24 { nsg shared }\n"
        " zone b 10.0.2.0/24 { nsg shared default inbound allow default outbound deny }\n }\n"
        "allow tcp 443 from b to a\n"
        "deny tcp 22 from any to b\n"
        "allow tcp 1433 from a to Sql\n");
}

static void security_groups(void)
{
    mutate_policy("network n 10.0.0.0/16 {\n zone a 10.0.1.0/24 { overlay 10.244.0.0/16 }\n"
                  " zone b 10.0.2.0/24 { nsg none } }\n"
                  "asg web in a\nasg db in a\n"
                  "deny tcp from any to web as closed\n"
                  "allow tcp 443 from b to web overrides closed\n"
                  "allow tcp 1433 from web to db\n"
                  "allow udp 53 from a except db to b\n");
}

static void overriding_allows(void)
{
    mutate_policy(
        "network n 10.0.0.0/16 {\n zone a 10.0.1.0/24\n zone b 10.0.2.0/24 { nsg none } }\n"
        "deny tcp 1-1023 from n to a as low\n"
        "deny tcp from 10.0.2.128/25 to a as upper\n"
        "allow tcp 22 from b to a overrides low\n"
        "allow tcp 443 from b to a overrides low, upper\n"
        "allow tcp 2000-3000 from n except 10.0.2.0/26 to a\n"
        "forbid tcp 443 from n except b, 10.0.3.0/24 to a\n");
}

static void roles(void)
{
    mutate_policy("import azure/bastion as bas\n"
                  "network n 10.0.0.0/16 {\n zone jump 10.0.1.0/26 { role bastion }\n"
                  " zone vms 10.0.2.0/24 { nsg none } }\n"
                  "apply bas.bastion-host(jump)\n"
                  "apply bas.bastion-target(vms, jump)\n");
}

static void allowing_defaults(void)
{
    mutate_policy("default allow\n"
                  "network n 10.0.0.0/16 { zone a 10.0.1.0/24 }\n"
                  "deny tcp 3389 from any except 10.0.9.0/24 to a\n"
                  "deny tcp 445 from a to Internet except Storage\n");
}

static void azure_defaults(void)
{
    mutate_policy("default azure\n"
                  "network n 10.0.0.0/16 { zone a 10.0.1.0/24 }\n"
                  "allow tcp 443 from any to a\n"
                  "deny udp from VirtualNetwork to a\n"
                  "deny tcp 25 from a to Internet\n"
                  "deny udp 53 from a to AzurePlatformDNS\n");
}

static void probes_and_any(void)
{
    mutate_policy("network n 10.0.0.0/16 { zone a 10.0.1.0/24 { default inbound allow default "
                  "outbound deny } }\n"
                  "deny tcp 80 from AzureLoadBalancer to a\n"
                  "deny any from any to a as closed\n"
                  "allow tcp 443 from any to a overrides closed\n"
                  "allow esp, ah from a to any\n");
}

static void source_ports(void)
{
    mutate_policy("network n 10.0.0.0/16 { zone a 10.0.1.0/24 }\n"
                  "allow udp source 67 68 from 10.0.9.4 to a\n"
                  "allow any 123 from a to 10.0.9.4\n"
                  "allow icmp within a\n");
}

static void endpoints_and_peers(void)
{
    mutate_policy("network n 10.0.0.0/16 { zone pe 10.0.1.0/24 }\n"
                  "network hub 10.1.0.0/16 { zone agents 10.1.1.0/24 { nsg none } }\n"
                  "peer n with hub\n"
                  "external office 203.0.113.0/24\n"
                  "resource models storage-account { endpoint blob in pe at 10.0.1.4 endpoint file "
                  "in pe at 10.0.1.5 }\n"
                  "allow any from agents to models.blob\n"
                  "allow tcp 445 from hub to models.file\n"
                  "deny tcp from office to pe\n");
}

void suite_proof(void)
{
    UNIT_SUITE("proof");
    UNIT_TEST(plain_zones);
    UNIT_TEST(tags_and_regions);
    UNIT_TEST(tags_of_a_file);
    UNIT_TEST(both_families);
    UNIT_TEST(shared_groups);
    UNIT_TEST(security_groups);
    UNIT_TEST(overriding_allows);
    UNIT_TEST(roles);
    UNIT_TEST(allowing_defaults);
    UNIT_TEST(azure_defaults);
    UNIT_TEST(probes_and_any);
    UNIT_TEST(source_ports);
    UNIT_TEST(endpoints_and_peers);
}
