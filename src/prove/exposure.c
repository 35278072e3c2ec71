/* Each service is a match of its own in the space of the list: its ports, from anybody. The
 * question (first_match.h) is whether a packet of it is first met by an allow that was not found
 * yet; the rule that decides the packet is noted, and asked again without it. */
#include "prove/exposure.h"

#include "azure/platform.h"
#include "prove/first_match.h"

#include <stdlib.h>
#include <string.h>

#define TCP MLN_PROTO_BIT(MLN_PROTO_TCP)
#define UDP MLN_PROTO_BIT(MLN_PROTO_UDP)

/* What the field's tools look for (CKV_AZURE_9, 10, 77; Trivy AVD-AZU-0047, 0048, 0050; the list of
 * sensitive ports of KICS and of Trivy; Prowler), the ports as IANA registers them or as the
 * product's documentation says; and what machine-learning hosts run: notebooks, dashboards. */
const struct mln_risky_service mln_risky_services[] = {
    {MLN_EXPOSES_MANAGEMENT, "ssh", TCP, {22, 22}},
    {MLN_EXPOSES_MANAGEMENT, "telnet", TCP, {23, 23}},
    {MLN_EXPOSES_MANAGEMENT, "rpc", TCP, {135, 135}},
    {MLN_EXPOSES_MANAGEMENT, "docker", TCP, {2375, 2376}},
    {MLN_EXPOSES_MANAGEMENT, "rdp", TCP, {3389, 3389}},
    {MLN_EXPOSES_MANAGEMENT, "vnc", TCP, {5900, 5901}},
    {MLN_EXPOSES_MANAGEMENT, "winrm", TCP, {5985, 5986}},
    {MLN_EXPOSES_MANAGEMENT, "kubernetes", TCP, {6443, 6443}},
    {MLN_EXPOSES_MANAGEMENT, "ray", TCP, {8265, 8265}},
    {MLN_EXPOSES_MANAGEMENT, "jupyter", TCP, {8888, 8888}},
    {MLN_EXPOSES_MANAGEMENT, "kubelet", TCP, {10250, 10250}},
    {MLN_EXPOSES_DATA, "smb", TCP, {445, 445}},
    {MLN_EXPOSES_DATA, "netbios", TCP | UDP, {137, 139}},
    {MLN_EXPOSES_DATA, "ldap", TCP, {389, 389}},
    {MLN_EXPOSES_DATA, "sql-server", TCP, {1433, 1433}},
    {MLN_EXPOSES_DATA, "oracle", TCP, {1521, 1521}},
    {MLN_EXPOSES_DATA, "nfs", TCP | UDP, {2049, 2049}},
    {MLN_EXPOSES_DATA, "etcd", TCP, {2379, 2380}},
    {MLN_EXPOSES_DATA, "mysql", TCP, {3306, 3306}},
    {MLN_EXPOSES_DATA, "postgresql", TCP, {5432, 5432}},
    {MLN_EXPOSES_DATA, "couchdb", TCP, {5984, 5984}},
    {MLN_EXPOSES_DATA, "redis", TCP, {6379, 6380}},
    {MLN_EXPOSES_DATA, "cassandra", TCP, {9042, 9042}},
    {MLN_EXPOSES_DATA, "elasticsearch", TCP, {9200, 9200}},
    {MLN_EXPOSES_DATA, "mongodb", TCP, {27017, 27018}},
    {MLN_EXPOSES_DATA, "hdfs", TCP, {50070, 50070}},
    {MLN_EXPOSES_AMPLIFIER, "dns", UDP, {53, 53}},
    {MLN_EXPOSES_AMPLIFIER, "ntp", UDP, {123, 123}},
    {MLN_EXPOSES_AMPLIFIER, "snmp", UDP, {161, 161}},
    {MLN_EXPOSES_AMPLIFIER, "cldap", UDP, {389, 389}},
    {MLN_EXPOSES_AMPLIFIER, "sql-browser", UDP, {1434, 1434}},
    {MLN_EXPOSES_AMPLIFIER, "ssdp", UDP, {1900, 1900}},
    {MLN_EXPOSES_AMPLIFIER, "rdp-udp", UDP, {3389, 3389}},
    {MLN_EXPOSES_AMPLIFIER, "memcached", UDP, {11211, 11211}},
};
const size_t mln_risky_service_count = sizeof mln_risky_services / sizeof *mln_risky_services;

#define SERVICES (sizeof mln_risky_services / sizeof *mln_risky_services)

enum { RULES_MOST = 64 }; /* that open one service; more say nothing new */

struct plane {
    struct mln_ctx *ctx;
    const struct mln_rule_vec *rules, *beside;
    struct mln_rules_entry_vec entries, others;
    struct mln_rules_list other;       /* those beside */
    MLN_VEC(struct mln_match) matches; /* of the entries, the services, what is beside */
    struct mln_space *space;
    size_t words;
    uint64_t *above, *below, *good;
    struct mln_exposure_vec *out;
    size_t out_first; /* of the results of this call */
};

/* --- who anybody is --- */

static bool is_narrow(enum mln_family family, const struct mln_range *r)
{
    if (family == MLN_IPV4)
        return r->hi.lo - r->lo.lo < (UINT64_C(1) << 24) - 1;
    return r->hi.hi - r->lo.hi < (UINT64_C(1) << 48) - 1;
}

/* Prefixes, or a service tag that a file tells; NULL for others. */
static const struct mln_ipset *named_sources(enum mln_family family,
                                             const struct mln_rule_side *side)
{
    if (side->kind == MLN_SIDE_TAG)
        return side->tag->kind == MLN_TAG_SERVICE ? side->tag->prefixes[family] : NULL;
    bool listed = side->kind == MLN_SIDE_PREFIXES && side->prefixes->family == family;
    return listed ? side->prefixes : NULL;
}

static const struct mln_ipset *anybody(struct mln_arena *a, enum mln_family family,
                                       const struct mln_rule_vec *rules)
{
    MLN_VEC(struct mln_range) named = {0};
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule_side *src = &rules->data[i]->src;
        bool tag = src->kind == MLN_SIDE_TAG;
        const struct mln_ipset *set = named_sources(family, src);
        for (size_t k = 0; set && k < set->len; k++)
            if (tag || is_narrow(family, &set->ranges[k]))
                mln_vec_push(a, &named, set->ranges[k]);
    }
    /* Of IPv6 only this is routed [RFC 4291, global unicast]. */
    static const struct mln_prefix global = {
        .family = MLN_IPV6, .ip = {.hi = UINT64_C(0x2000) << 48}, .length = 3};
    const struct mln_ipset *public = family == MLN_IPV6
                                         ? mln_ipset_from_prefixes(a, family, &global, 1)
                                         : mln_ipset_all(a, family);
    public = mln_ipset_subtract(a, public, mln_azure_private_space(a, family));
    public = mln_ipset_subtract(a, public, mln_azure_wire_server(a, family));
    return mln_ipset_subtract(a, public, mln_ipset_from_ranges(a, family, named.data, named.len));
}

/* A subnet of which nothing is known has private addresses: inbound traffic is judged behind the
 * translation of public ones [NSG-HOW]. */
static const struct mln_ipset *somewhere(struct mln_arena *a, enum mln_family family)
{
    static const struct mln_prefix usual[] = {
        {.family = MLN_IPV4, .ip = {.lo = 0x0a000000}, .length = 8},
        {.family = MLN_IPV4, .ip = {.lo = 0xac100000}, .length = 12},
        {.family = MLN_IPV4, .ip = {.lo = 0xc0a80000}, .length = 16},
        {.family = MLN_IPV4, .ip = {.lo = 0x64400000}, .length = 10},
        {.family = MLN_IPV6, .ip = {.hi = UINT64_C(0xfc00) << 48}, .length = 7},
    };
    return mln_ipset_from_prefixes(a, family, usual, sizeof usual / sizeof *usual);
}

/* Rules for sources, or destinations, that only an unknown set could hold do not meet anybody. What
 * the subnet itself lies in (VirtualNetwork, an ASG) may be a destination. */
static bool meets_anybody(const struct mln_rules_entry *entry)
{
    if (entry->match.src_var_count > 0)
        return false;
    return !entry->rule || entry->rule->dst.kind != MLN_SIDE_TAG ||
           entry->rule->dst.tag->kind != MLN_TAG_SERVICE;
}

/* --- one service --- */

static struct mln_exposure *exposure_of(struct plane *p, enum mln_exposure_class class,
                                        const struct mln_rule *rule,
                                        const struct mln_packet *packet)
{
    for (size_t i = p->out_first; i < p->out->len; i++)
        if (p->out->data[i].class == class && p->out->data[i].rule == rule)
            return &p->out->data[i];
    struct mln_exposure fresh = {.class = class, .rule = rule, .packet = *packet};
    mln_vec_push(p->ctx->arena, p->out, fresh);
    return &p->out->data[p->out->len - 1];
}

static bool has_service(const struct mln_exposure *e, const struct mln_risky_service *service)
{
    for (size_t i = 0; i < e->services.len; i++)
        if (e->services.data[i] == service)
            return true;
    return false;
}

static void add_exposure(struct plane *p, const struct mln_risky_service *service,
                         const struct mln_rule *rule, const struct mln_packet *packet)
{
    bool all = mln_portset_is_all(rule->dport);
    enum mln_exposure_class class = service ? service->class
                                    : all   ? MLN_EXPOSES_EVERYTHING
                                            : MLN_EXPOSES_PORTS;
    struct mln_exposure *e = exposure_of(p, class, rule, packet);
    if (service && !has_service(e, service))
        mln_vec_push(p->ctx->arena, &e->services, service);
}

static size_t decider(const struct plane *p, const struct mln_packet *packet)
{
    size_t end = p->entries.len;
    for (size_t e = mln_bits_first(p->below, 0, end); e < end;
         e = mln_bits_first(p->below, e + 1, end))
        if (mln_packet_matches(packet, &p->matches.data[e]))
            return e;
    return end;
}

/* --- what is open here, and let through by the NSG beside --- */

struct both {
    const struct plane *plane;
    const struct mln_first_question *question;
};

static enum mln_answer property_both(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct both *both = ctx;
    enum mln_answer open = mln_first_answer(both->question, alive, sure);
    if (open == MLN_NO)
        return MLN_NO;
    enum mln_verdict passes = mln_rules_verdict(&both->plane->other, alive, sure);
    if (passes == MLN_VERDICT_DENY)
        return MLN_NO;
    return passes == MLN_VERDICT_ALLOW ? open : MLN_MAYBE;
}

static void reduce_both(void *ctx, uint64_t *alive, const uint64_t *sure)
{
    const struct mln_rules_list *other = &((const struct both *)ctx)->plane->other;
    mln_bits_first_match(alive, sure, other->first, other->first + other->count);
}

static enum mln_found find(struct plane *p, size_t within, const struct mln_first_question *q,
                           struct mln_packet *packet)
{
    struct both both = {p, q};
    const struct mln_question question = {property_both, reduce_both, &both};
    return p->beside ? mln_space_search(p->space, within, &question, packet, NULL, 0)
                     : mln_first_find(p->space, within, q, packet, NULL);
}

/* service NULL: any port of tcp and udp. */
static void look(struct plane *p, const struct mln_risky_service *service, size_t within)
{
    struct mln_first_question question = {p->above, p->below, p->good, true, p->words};
    struct mln_packet packet;
    for (size_t e = 0; e < p->entries.len; e++)
        if (p->entries.data[e].allow && p->entries.data[e].rule)
            mln_bit_clear(p->good, e);
        else
            mln_bit_set(p->good, e);
    for (int found = 0; found < RULES_MOST; found++) {
        if (find(p, within, &question, &packet) != MLN_FOUND)
            return;
        size_t e = decider(p, &packet);
        if (e == p->entries.len)
            return;
        add_exposure(p, service, p->entries.data[e].rule, &packet);
        mln_bit_set(p->good, e);
    }
}

/* --- one family --- */

static void add_matches(struct plane *p, const struct mln_rules_view *view)
{
    struct mln_arena *a = p->ctx->arena;
    const struct mln_ipset *from = anybody(a, view->family, p->rules);
    if (p->beside)
        from = mln_ipset_intersect(a, from, anybody(a, view->family, p->beside));
    const struct mln_ipset *to =
        view->zone->unplaced ? somewhere(a, view->family) : view->zone->addresses[view->family];
    for (size_t e = 0; e < p->entries.len; e++) {
        struct mln_match match = p->entries.data[e].match;
        if (!meets_anybody(&p->entries.data[e]))
            match.protos = 0;
        mln_vec_push(a, &p->matches, match);
    }
    for (size_t s = 0; s <= SERVICES; s++) {
        struct mln_match match = {.src = from, .dst = to, .protos = TCP | UDP};
        if (s < SERVICES) {
            match.protos = mln_risky_services[s].protos;
            match.dport = mln_portset_from_ranges(a, &mln_risky_services[s].ports, 1);
        }
        mln_vec_push(a, &p->matches, match);
    }
}

static void add_beside(struct plane *p, const struct mln_rules_view *view)
{
    if (!p->beside)
        return;
    mln_rules_entries(view, p->beside, &p->others);
    p->other.first = p->matches.len;
    p->other.count = p->others.len;
    for (size_t e = 0; e < p->others.len; e++) {
        struct mln_match match = p->others.data[e].match;
        if (!meets_anybody(&p->others.data[e]))
            match.protos = 0;
        mln_vec_push(p->ctx->arena, &p->matches, match);
    }
}

static void find_allows(struct plane *p)
{
    uint64_t *allows = MLN_NEW_ARRAY(p->ctx->arena, uint64_t, p->words);
    for (size_t e = 0; e < p->others.len; e++)
        if (p->others.data[e].allow)
            mln_bit_set(allows, p->other.first + e);
    p->other.allows = allows;
}

static void look_in_family(struct plane *p, const struct mln_rules_view *view)
{
    struct mln_arena *a = p->ctx->arena;
    mln_rules_entries(view, p->rules, &p->entries);
    add_matches(p, view);
    add_beside(p, view);
    p->space = mln_space_new(a, view->family, p->matches.data, p->matches.len);
    p->words = mln_space_words(p->space);
    find_allows(p);
    p->above = MLN_NEW_ARRAY(a, uint64_t, p->words);
    p->below = MLN_NEW_ARRAY(a, uint64_t, p->words);
    p->good = MLN_NEW_ARRAY(a, uint64_t, p->words);
    for (size_t e = 0; e < p->entries.len; e++)
        mln_bit_set(p->below, e);
    look(p, NULL, p->entries.len + SERVICES);
    if (p->out->len == p->out_first)
        return; /* nothing at all is open */
    for (size_t s = 0; s < SERVICES; s++)
        look(p, &mln_risky_services[s], p->entries.len + s);
}

/* --- the result --- */

static int compare_exposures(const void *x, const void *y)
{
    const struct mln_exposure *p = x, *q = y;
    if (p->rule->priority != q->rule->priority)
        return p->rule->priority < q->rule->priority ? -1 : 1;
    return (int)p->class - (int)q->class;
}

/* Other ports are of interest only where nothing worse is said of the rule. */
static bool says_nothing_new(const struct mln_exposure_vec *all, size_t first, size_t at)
{
    for (size_t i = first; i < all->len; i++)
        if (i != at && all->data[i].rule == all->data[at].rule)
            return all->data[at].class == MLN_EXPOSES_PORTS;
    return false;
}

void mln_exposures_find(struct mln_ctx *ctx, const struct mln_rules_view *view,
                        const struct mln_rule_vec *rules, const struct mln_rule_vec *beside,
                        struct mln_exposure_vec *out)
{
    size_t first = out->len, kept = first;
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_rules_view own = *view;
        own.ctx = ctx, own.family = (enum mln_family)f, own.direction = MLN_INBOUND;
        struct plane p = {
            .ctx = ctx, .rules = rules, .beside = beside, .out = out, .out_first = first};
        look_in_family(&p, &own);
    }
    struct mln_exposure_vec all = {0};
    for (size_t i = first; i < out->len; i++)
        if (!says_nothing_new(out, first, i))
            mln_vec_push(ctx->arena, &all, out->data[i]);
    for (size_t i = 0; i < all.len; i++)
        out->data[kept++] = all.data[i];
    out->len = kept;
    if (kept - first > 1)
        qsort(out->data + first, kept - first, sizeof *out->data, compare_exposures);
}
