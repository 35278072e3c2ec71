/* The evaluator of policies.h. Everything is asked address by address; nothing is shared with the
 * compiler but the model, whose sets of addresses have tests of their own. */
#include "policies.h"

#include "azure/platform.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- addresses --- */

static const struct mln_ip wire_server = {0, 0xa83f8110}, metadata = {0, 0xa9fea9fe},
                           licensing = {0, 1};

static bool is_ip(const struct point *p, struct mln_ip ip)
{
    return p->family == MLN_IPV4 && mln_ip_cmp(p->ip, ip) == 0;
}

bool oracle_is_platform(const struct point *p)
{
    return is_ip(p, wire_server) || is_ip(p, metadata) || is_ip(p, licensing);
}

static bool in_list(const struct mln_prefix *list, size_t len, const struct point *p)
{
    for (size_t i = 0; i < len; i++)
        if (list[i].family == p->family && mln_ip_cmp(list[i].ip, p->ip) <= 0 &&
            mln_ip_cmp(p->ip, mln_prefix_last(&list[i])) <= 0)
            return true;
    return false;
}

static bool in_prefixes(const struct mln_prefix_list *list, const struct point *p)
{
    return in_list(list->data, list->len, p);
}

static bool in_zone(const struct mln_zone *zone, const struct point *p)
{
    return in_prefixes(&zone->prefixes, p) || in_prefixes(&zone->overlay, p);
}

static bool in_tag(const struct mln_tag *tag, const struct mln_zone *zone, const struct point *p,
                   bool source)
{
    switch (tag->kind) {
    case MLN_TAG_LOAD_BALANCER:
        return source && is_ip(p, wire_server);
    case MLN_TAG_PLATFORM_DNS:
        return !source && is_ip(p, wire_server);
    case MLN_TAG_PLATFORM_IMDS:
        return !source && is_ip(p, metadata);
    case MLN_TAG_PLATFORM_LKM:
        return !source && is_ip(p, licensing);
    default:
        break;
    }
    if (!source && oracle_is_platform(p))
        return false;
    if (tag->kind == MLN_TAG_VIRTUAL_NETWORK)
        return mln_ipset_contains(zone->virtual_network[p->family], p->ip);
    if (tag->kind == MLN_TAG_INTERNET)
        return mln_ipset_contains(zone->internet[p->family], p->ip);
    if (tag->prefixes[p->family])
        return mln_ipset_contains(tag->prefixes[p->family], p->ip);
    for (size_t i = 0; i < POINT_TAGS && p->tags[i]; i++)
        if (p->tags[i] == tag)
            return true;
    return false;
}

/* --- the policy --- */

static bool in_side(const struct mln_side_set *side, const struct mln_zone *zone,
                    const struct point *p, bool source);

static bool in_leaf(const struct mln_leaf *leaf, const struct mln_zone *zone, const struct point *p,
                    bool source)
{
    if (leaf->kind == MLN_LEAF_TAG)
        return in_tag(leaf->tag, zone, p, source);
    if (!source && oracle_is_platform(p))
        return false;
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        return !source || !is_ip(p, wire_server);
    case MLN_LEAF_NETWORK:
        if (in_prefixes(&leaf->network->prefixes, p))
            return true;
        for (size_t i = 0; i < leaf->network->zones.len; i++)
            if (in_zone(leaf->network->zones.data[i], p))
                return true;
        return false;
    case MLN_LEAF_ZONE:
        return in_zone(leaf->zone, p);
    case MLN_LEAF_ASG:
        return in_prefixes(&leaf->zone->prefixes, p) &&
               (leaf->zone->network != zone->network || (p->asgs >> leaf->asg->index & 1));
    case MLN_LEAF_EXTERNAL:
        return in_prefixes(&leaf->external->prefixes, p);
    case MLN_LEAF_PREFIX:
        return in_list(&leaf->prefix, 1, p);
    case MLN_LEAF_ENDPOINT:
        return in_prefixes(
            leaf->endpoint->at.len ? &leaf->endpoint->at : &leaf->endpoint->zone->prefixes, p);
    default:
        abort(); /* no test asks */
    }
}

static bool in_part(const struct mln_side_part *part, const struct mln_zone *zone,
                    const struct point *p, bool source)
{
    if (!in_leaf(&part->leaf, zone, p, source))
        return false;
    for (size_t i = 0; i < part->minus_len; i++)
        if (in_side(part->minus[i], zone, p, source))
            return false;
    return true;
}

static bool in_side(const struct mln_side_set *side, const struct mln_zone *zone,
                    const struct point *p, bool source)
{
    for (size_t i = 0; i < side->len; i++)
        if (in_part(&side->parts[i], zone, p, source))
            return true;
    return false;
}

/* Ports are those of tcp and udp: what restricts them speaks of nothing else. */
static bool has_ports(const struct mln_portset *sport, const struct mln_portset *dport,
                      struct speech s)
{
    bool restricted = !mln_portset_is_all(sport) || !mln_portset_is_all(dport);
    return (!restricted || s.proto == MLN_PROTO_TCP || s.proto == MLN_PROTO_UDP) &&
           mln_portset_contains(sport, s.sport) && mln_portset_contains(dport, s.dport);
}

static bool is_spoken(const struct mln_services *services, enum mln_family family, struct speech s)
{
    for (size_t i = 0; i < services->len; i++) {
        const struct mln_service_item *item = &services->items[i];
        bool icmp_only = item->protos == MLN_PROTO_BIT(MLN_PROTO_ICMP);
        if ((item->protos >> s.proto & 1) && !(icmp_only && family == MLN_IPV6) &&
            has_ports(item->sport, item->dport, s))
            return true;
    }
    return false;
}

/* Does the intent name the zone by this side? Only then is it a matter of the zone's end. */
static bool names(const struct mln_side_set *side, const struct mln_zone *zone)
{
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_leaf *leaf = &side->parts[i].leaf;
        if (leaf->kind == MLN_LEAF_ANY ||
            (leaf->kind == MLN_LEAF_NETWORK && leaf->network == zone->network) ||
            ((leaf->kind == MLN_LEAF_ZONE || leaf->kind == MLN_LEAF_ASG) && leaf->zone == zone) ||
            (leaf->kind == MLN_LEAF_ENDPOINT && leaf->endpoint->zone == zone))
            return true;
    }
    return false;
}

/* An endpoint speaks its own ports only. */
static bool ends_hold(const struct mln_intent *intent, const struct mln_zone *zone,
                      const struct point *src, const struct point *dst, struct speech s)
{
    if (intent->within) {
        for (size_t i = 0; i < intent->from->len; i++)
            if (in_part(&intent->from->parts[i], zone, src, true) &&
                in_part(&intent->from->parts[i], zone, dst, false))
                return true;
        return false;
    }
    if (!in_side(intent->from, zone, src, true))
        return false;
    for (size_t i = 0; i < intent->to->len; i++) {
        const struct mln_side_part *part = &intent->to->parts[i];
        bool speaks = part->leaf.kind != MLN_LEAF_ENDPOINT ||
                      is_spoken(&part->leaf.endpoint->sub->ports, dst->family, s);
        if (speaks && in_part(part, zone, dst, false))
            return true;
    }
    return false;
}

static bool matches(const struct mln_intent *intent, const struct mln_zone *zone,
                    enum mln_direction direction, const struct point *src, const struct point *dst,
                    struct speech s)
{
    return names(direction == MLN_OUTBOUND ? intent->from : intent->to, zone) &&
           is_spoken(&intent->services, src->family, s) && ends_hold(intent, zone, src, dst, s);
}

static bool overrides(const struct mln_intent *allow, const struct mln_intent *deny)
{
    for (size_t i = 0; i < allow->overrides.len; i++)
        if (allow->overrides.data[i] == deny)
            return true;
    return false;
}

bool oracle_azure_permits(const struct mln_zone *zone, enum mln_direction direction,
                          const struct point *src, const struct point *dst)
{
    enum mln_family f = src->family;
    if (direction == MLN_OUTBOUND && oracle_is_platform(dst))
        return true;
    if (direction == MLN_INBOUND && is_ip(src, wire_server))
        return true;
    if (mln_ipset_contains(zone->virtual_network[f], src->ip) &&
        mln_ipset_contains(zone->virtual_network[f], dst->ip))
        return true;
    return direction == MLN_OUTBOUND && mln_ipset_contains(zone->internet[f], dst->ip);
}

static bool default_permits(const struct mln_zone *zone, enum mln_direction direction,
                            const struct point *src, const struct point *dst)
{
    if (direction == MLN_OUTBOUND && oracle_is_platform(dst))
        return true;
    switch (zone->defaults[direction]) {
    case MLN_DEFAULT_ALLOW:
        return true;
    case MLN_DEFAULT_AZURE:
        return oracle_azure_permits(zone, direction, src, dst);
    default:
        return false;
    }
}

bool oracle_asks(const struct mln_zone *zone, enum mln_direction direction, const struct point *src,
                 const struct point *dst)
{
    bool out = direction == MLN_OUTBOUND;
    const struct point *near = out ? src : dst, *far = out ? dst : src;
    return in_zone(zone, near) &&
           (mln_ipset_contains(zone->joined[direction][far->family], far->ip) ||
            (out ? oracle_is_platform(far) : is_ip(far, wire_server)));
}

bool oracle_permits(const struct policy *policy, const struct mln_zone *zone,
                    enum mln_direction direction, const struct point *src, const struct point *dst,
                    struct speech speech)
{
    const struct mln_intent *hit[64];
    size_t count = 0;
    for (size_t i = 0; i < policy->model->intents.len; i++)
        if (count < 64 && !policy->model->intents.data[i]->broken &&
            matches(policy->model->intents.data[i], zone, direction, src, dst, speech))
            hit[count++] = policy->model->intents.data[i];
    for (size_t i = 0; i < count; i++)
        if (hit[i]->verb == MLN_VERB_FORBID)
            return false;
    for (size_t i = 0; i < count; i++) {
        bool stands = hit[i]->verb == MLN_VERB_ALLOW;
        for (size_t k = 0; stands && k < count; k++)
            stands = hit[k]->verb != MLN_VERB_DENY || overrides(hit[i], hit[k]);
        if (stands)
            return true;
    }
    return count == 0 && default_permits(zone, direction, src, dst);
}

/* --- rules --- */

static const struct mln_asg *asg_called(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->model->asgs.len; i++)
        if (strcasecmp(policy->model->asgs.data[i]->name, name) == 0)
            return policy->model->asgs.data[i];
    return NULL;
}

bool oracle_side_holds(const struct policy *policy, const struct mln_rule_side *side,
                       const struct mln_zone *zone, const struct point *point, bool source)
{
    if (side->kind == MLN_SIDE_TAG)
        return in_tag(side->tag, zone, point, source);
    if (!source && oracle_is_platform(point))
        return false;
    if (side->kind == MLN_SIDE_PREFIXES)
        return side->prefixes->family == point->family &&
               mln_ipset_contains(side->prefixes, point->ip);
    if (side->kind == MLN_SIDE_ASG) {
        const struct mln_asg *asg = asg_called(policy, side->asg->name);
        return asg && in_prefixes(&asg->zone->prefixes, point) && (point->asgs >> asg->index & 1);
    }
    return true;
}

bool oracle_rule_speaks(const struct mln_rule *rule, enum mln_family family, struct speech speech)
{
    return (rule->families >> family & 1) &&
           (rule->proto == MLN_PROTO_ANY || rule->proto == speech.proto) &&
           !(rule->proto == MLN_PROTO_ICMP && family == MLN_IPV6) &&
           has_ports(rule->sport, rule->dport, speech);
}

bool oracle_rules_permit(const struct policy *policy, const struct mln_rule_vec *rules,
                         const struct mln_zone *zone, enum mln_direction direction,
                         const struct point *src, const struct point *dst, struct speech speech,
                         const struct mln_rule **decider)
{
    if (decider)
        *decider = NULL;
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule *rule = rules->data[i];
        if (!oracle_rule_speaks(rule, src->family, speech) ||
            !oracle_side_holds(policy, &rule->src, zone, src, true) ||
            !oracle_side_holds(policy, &rule->dst, zone, dst, false))
            continue;
        if (decider)
            *decider = rule;
        return rule->action == MLN_ALLOW;
    }
    return oracle_azure_permits(zone, direction, src, dst);
}

/* --- which packets to ask about --- */

static void add_edges(struct mln_arena *a, const struct mln_ipset *set, struct ip_vec *out)
{
    for (size_t i = 0; i < set->len; i++) {
        mln_vec_push(a, out, set->ranges[i].lo);
        if (mln_ip_cmp(set->ranges[i].hi, mln_ip_max(set->family)) < 0)
            mln_vec_push(a, out, mln_ip_next(set->ranges[i].hi));
    }
}

static void add_prefix_edges(struct mln_arena *a, enum mln_family f,
                             const struct mln_prefix_list *list, struct ip_vec *out)
{
    add_edges(a, mln_ipset_from_prefixes(a, f, list->data, list->len), out);
}

static void add_side_edges(struct mln_arena *a, enum mln_family f, const struct mln_side_set *side,
                           struct ip_vec *out)
{
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_side_part *part = &side->parts[i];
        if (part->leaf.kind == MLN_LEAF_PREFIX)
            add_edges(a, mln_ipset_from_prefixes(a, f, &part->leaf.prefix, 1), out);
        if (part->leaf.kind == MLN_LEAF_ENDPOINT)
            add_prefix_edges(a, f, &part->leaf.endpoint->at, out);
        for (size_t k = 0; k < part->minus_len; k++)
            add_side_edges(a, f, part->minus[k], out);
    }
}

static void add_model_edges(const struct policy *policy, enum mln_family f, struct ip_vec *out)
{
    const struct mln_model *m = policy->model;
    struct mln_arena *a = policy->ctx.arena;
    for (size_t i = 0; i < m->networks.len; i++)
        add_prefix_edges(a, f, &m->networks.data[i]->prefixes, out);
    for (size_t i = 0; i < m->zones.len; i++) {
        add_prefix_edges(a, f, &m->zones.data[i]->prefixes, out);
        add_prefix_edges(a, f, &m->zones.data[i]->overlay, out);
        add_edges(a, m->zones.data[i]->virtual_network[f], out);
        add_edges(a, m->zones.data[i]->internet[f], out);
    }
    for (size_t i = 0; i < m->externals.len; i++)
        add_prefix_edges(a, f, &m->externals.data[i]->prefixes, out);
    for (size_t i = 0; i < m->intents.len; i++) {
        add_side_edges(a, f, m->intents.data[i]->from, out);
        add_side_edges(a, f, m->intents.data[i]->to, out);
    }
    for (size_t i = 0; i < mln_tags_count(policy->options.tags); i++)
        if (mln_tags_at(policy->options.tags, i)->prefixes[f])
            add_edges(a, mln_tags_at(policy->options.tags, i)->prefixes[f], out);
    if (f == MLN_IPV4)
        add_edges(a, mln_azure_platform_space(a, f), out);
}

static int by_address(const void *x, const void *y)
{
    return mln_ip_cmp(*(const struct mln_ip *)x, *(const struct mln_ip *)y);
}

static void add_tag(struct mln_arena *arena, const struct mln_tag *tag, struct tag_vec *out)
{
    for (size_t i = 0; i < out->len; i++)
        if (out->data[i] == tag)
            return;
    if (tag->parent)
        add_tag(arena, tag->parent, out);
    mln_vec_push(arena, out, tag);
}

void oracle_add_tags(struct mln_arena *arena, const struct mln_rule_vec *rules, struct tag_vec *out)
{
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule_side *sides[] = {&rules->data[i]->src, &rules->data[i]->dst};
        for (size_t k = 0; k < 2; k++)
            if (sides[k]->kind == MLN_SIDE_TAG && sides[k]->tag->kind == MLN_TAG_SERVICE &&
                !sides[k]->tag->prefixes[MLN_IPV4])
                add_tag(arena, sides[k]->tag, out);
    }
}

/* The tags of a filling; false when it is none: a regional tag without its global one. */
static bool fill(struct point *p, const struct tag_vec *tags, unsigned filling)
{
    size_t count = 0;
    memset(p->tags, 0, sizeof p->tags);
    for (size_t i = 0; i < tags->len; i++) {
        const struct mln_tag *parent = tags->data[i]->parent;
        bool has_parent = !parent;
        for (size_t k = 0; k < count; k++)
            has_parent |= p->tags[k] == parent;
        if (!(filling >> i & 1))
            continue;
        if (!has_parent || count == POINT_TAGS)
            return false;
        p->tags[count++] = tags->data[i];
    }
    return true;
}

static bool on_the_internet(const struct mln_model *m, const struct point *p)
{
    for (size_t i = 0; i < m->zones.len; i++)
        if (mln_ipset_contains(m->zones.data[i]->internet[p->family], p->ip))
            return true;
    return false;
}

/* Members of a group are interfaces in its zone. */
static void add_memberships(const struct policy *policy, struct point p, struct point_vec *out)
{
    unsigned possible = 0;
    for (size_t i = 0; i < policy->model->asgs.len; i++)
        if (in_prefixes(&policy->model->asgs.data[i]->zone->prefixes, &p))
            possible |= 1u << i;
    for (unsigned in = possible;; in = (in - 1) & possible) {
        p.asgs = in;
        mln_vec_push(policy->ctx.arena, out, p);
        if (in == 0)
            return;
    }
}

void oracle_points(const struct policy *policy, enum mln_family family, const struct ip_vec *more,
                   const struct tag_vec *tags, struct point_vec *out)
{
    struct ip_vec edges = {0};
    struct mln_ip zero = {0, 0};
    mln_vec_push(policy->ctx.arena, &edges, zero);
    add_model_edges(policy, family, &edges);
    for (size_t i = 0; more && i < more->len; i++)
        mln_vec_push(policy->ctx.arena, &edges, more->data[i]);
    qsort(edges.data, edges.len, sizeof *edges.data, by_address);
    for (size_t i = 0; i < edges.len; i++) {
        struct point p = {.family = family, .ip = edges.data[i]};
        if (i && mln_ip_cmp(edges.data[i - 1], edges.data[i]) == 0)
            continue;
        unsigned fillings = on_the_internet(policy->model, &p) ? 1u << tags->len : 1;
        for (unsigned filling = 0; filling < fillings; filling++)
            if (fill(&p, tags, filling))
                add_memberships(policy, p, out);
    }
}
