/* Intents to PaaS resources: where the table of language.md ("Where an intent is enforced") sends
 * them, what each resource's firewall must let in, and the mistakes. */
#include "azure/legal.h"
#include "rules/end.h"

#include <string.h>

struct way {
    struct mln_ctx *ctx;
    const struct mln_intent *intent;
    struct mln_resource *resource;
    const struct mln_endpoint *endpoint; /* one endpoint was named, or NULL */
    const struct mln_side_part *part;    /* the source at work */
    struct mln_span span;                /* where the intent names the resource */
    bool *firewall;
    bool good;
    bool reached; /* some zone has a way to it */
};

static struct mln_diag *fail(struct way *w, enum mln_diag_id id, struct mln_span span,
                             const char *format, const char *x, const char *y)
{
    w->good = false;
    return mln_report(w->ctx->diags, id, span, format, x, y);
}

/* --- services --- */

static void check_services(struct way *w)
{
    struct mln_services spoken = {0};
    const struct mln_kind *kind = w->resource->kind;
    if (w->endpoint)
        spoken = w->endpoint->sub->ports;
    else
        for (size_t i = 0; i < kind->endpoints.len; i++)
            spoken = mln_services_union(w->ctx->arena, &spoken, &kind->endpoints.data[i]->ports);
    if (spoken.len == 0)
        return; /* the kind does not say */
    struct mln_services left = mln_services_intersect(w->ctx->arena, &spoken, &w->intent->services);
    if (left.len)
        return;
    struct mln_diag *diag =
        fail(w, MLN_D_SERVICE_NOT_SPOKEN, w->intent->service_span, "'%s' does not speak '%s'",
             w->resource->name, w->intent->service_text);
    mln_diag_label(diag, w->resource->span, "a %s", kind->name);
}

/* No private endpoint: an NSG sees the service tag, which every resource of the kind shares. */
static void fail_inexact(struct mln_ctx *ctx, const struct mln_resource *resource,
                         struct mln_span span)
{
    struct mln_diag *diag = mln_report(
        ctx->diags, MLN_D_RESOURCE_NOT_EXACT, span,
        "an NSG cannot tell '%s', which has no private endpoint, apart from others of its kind",
        resource->name);
    mln_diag_help(diag, "give it one: resource %s %s { endpoint ... in ZONE }", resource->name,
                  resource->kind->name);
}

static bool names_zone(const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++)
        switch (side->parts[i].leaf.kind) {
        case MLN_LEAF_ANY:
        case MLN_LEAF_NETWORK:
        case MLN_LEAF_ZONE:
        case MLN_LEAF_ASG:
            return true;
        default:
            break;
        }
    return false;
}

static void check_exact(struct way *w)
{
    bool allow = w->intent->verb == MLN_VERB_ALLOW;
    if (!allow && w->resource->endpoints.len == 0 && names_zone(w->intent->from)) {
        fail_inexact(w->ctx, w->resource, w->span);
        w->good = false;
        return;
    }
    for (size_t i = 0; i < w->resource->endpoints.len; i++) {
        const struct mln_endpoint *e = w->resource->endpoints.data[i];
        if (e->exact || (w->endpoint && w->endpoint != e))
            continue;
        struct mln_diag *diag;
        if (allow)
            diag = mln_report(w->ctx->diags, MLN_D_WIDER_THAN_RESOURCE, w->span,
                              "at the NSG this allow covers the whole zone '%s'", e->zone->display);
        else
            diag = fail(w, MLN_D_RESOURCE_NOT_EXACT, w->span,
                        "an NSG cannot tell '%s' apart from the other endpoints in zone '%s'",
                        w->resource->name, e->zone->display);
        mln_diag_help(diag, "give the endpoint an address: endpoint %s in %s at ADDRESS",
                      e->sub->name, e->zone->name);
        return;
    }
}

/* --- from a zone --- */

static bool endpoint_joined(const struct way *w, const struct mln_zone *from)
{
    for (size_t i = 0; i < w->resource->endpoints.len; i++) {
        const struct mln_endpoint *e = w->resource->endpoints.data[i];
        if ((!w->endpoint || w->endpoint == e) && mln_zones_joined(from, e->zone))
            return true;
    }
    return false;
}

static bool has_service_endpoint(const struct mln_zone *zone, const char *name)
{
    for (size_t i = 0; name && i < zone->service_endpoints.len; i++)
        if (strcmp(zone->service_endpoints.data[i], name) == 0)
            return true;
    return false;
}

bool mln_zone_goes_public(const struct mln_zone *zone, const struct mln_resource *resource)
{
    if (resource->is_public == MLN_PUBLIC_YES)
        return true;
    return resource->endpoints.len == 0 &&
           (has_service_endpoint(zone, resource->kind->service_endpoint) ||
            (zone->egress.len && resource->is_public != MLN_PUBLIC_NO));
}

/* Assertions ask nothing: they are only looked at for mistakes. */
static bool asks(const struct way *w)
{
    return w->intent->verb == MLN_VERB_ALLOW || w->intent->verb == MLN_VERB_DENY ||
           w->intent->verb == MLN_VERB_FORBID;
}

static void ask(struct way *w, const struct mln_zone *zone, const struct mln_ipset *v4,
                const struct mln_ipset *v6)
{
    const struct mln_firewall_ask ask = {w->intent, w->part, zone, {v4, v6}};
    if (asks(w))
        mln_vec_push(w->ctx->arena, &w->resource->firewall_asks, ask);
}

static void ask_zone(struct way *w, struct mln_zone *zone)
{
    *w->firewall = true;
    for (size_t i = 0; i < w->resource->firewall_zones.len; i++)
        if (w->resource->firewall_zones.data[i] == zone)
            return;
    mln_vec_push(w->ctx->arena, &w->resource->firewall_zones, zone);
}

static void closed(struct way *w, struct mln_span span)
{
    struct mln_diag *diag =
        fail(w, MLN_D_FIREWALL_SOURCE, span,
             "'%s' is closed to the public network, so its firewall can let nobody in%s",
             w->resource->name, "");
    mln_diag_label(diag, w->resource->span, "'public no' stands here");
}

static void ask_sources(struct way *w, const struct mln_zone *zone, const struct mln_ipset *set,
                        const struct mln_ipset *v6, struct mln_span span)
{
    if (w->resource->is_public == MLN_PUBLIC_NO) {
        closed(w, span);
        return;
    }
    *w->firewall = true;
    ask(w, zone, set, v6);
    for (size_t i = 0; i < set->len; i++)
        mln_vec_push(w->ctx->arena, &w->resource->firewall_ranges, set->ranges[i]);
}

static void no_way(struct way *w, const char *from)
{
    struct mln_diag *diag = fail(w, MLN_D_NO_WAY_TO_RESOURCE, w->span,
                                 "'%s' has no private endpoint, and its firewall cannot let %s in",
                                 w->resource->name, from);
    if (w->resource->kind->service_endpoint)
        mln_diag_help(diag, "write 'service-endpoint %s' on the zone, or place an endpoint",
                      w->resource->kind->service_endpoint);
    else
        mln_diag_help(diag, "write 'egress ADDRESS' on the zone, or place an endpoint");
}

static const struct mln_ipset *egress_set(const struct way *w, const struct mln_zone *zone, int f)
{
    return mln_ipset_from_prefixes(w->ctx->arena, (enum mln_family)f, zone->egress.data,
                                   zone->egress.len);
}

/* A zone that an except names whole. One that it names in part keeps its rule: at the zone's own
 * NSG the part is denied. */
static bool excepted(const struct mln_side_part *part, const struct mln_zone *zone)
{
    for (size_t m = 0; m < part->minus_len; m++)
        for (size_t i = 0; i < part->minus[m]->len; i++) {
            const struct mln_side_part *gone = &part->minus[m]->parts[i];
            if (gone->minus_len == 0 &&
                ((gone->leaf.kind == MLN_LEAF_ZONE && gone->leaf.zone == zone) ||
                 (gone->leaf.kind == MLN_LEAF_NETWORK && gone->leaf.network == zone->network)))
                return true;
        }
    return false;
}

static void from_zone(struct way *w, struct mln_zone *zone, const struct mln_leaf *leaf)
{
    if (excepted(w->part, zone))
        return;
    if (endpoint_joined(w, zone) || w->resource->is_public == MLN_PUBLIC_YES) {
        w->reached = true;
        return;
    }
    /* Pairs that come from any, a network or a group and have no path are left out. */
    bool broad =
        leaf->through_group || leaf->kind == MLN_LEAF_ANY || leaf->kind == MLN_LEAF_NETWORK;
    if (w->resource->endpoints.len) {
        if (broad)
            return;
        struct mln_diag *diag = fail(w, MLN_D_ENDPOINT_UNREACHABLE, w->span,
                                     "no path joins '%s' and the private endpoint of '%s'",
                                     zone->display, w->resource->name);
        mln_diag_help(diag, "peer %s with %s, or write 'public yes' on the resource",
                      zone->network->name, w->resource->endpoints.data[0]->zone->network->name);
        return;
    }
    if (has_service_endpoint(zone, w->resource->kind->service_endpoint))
        ask_zone(w, zone);
    else if (zone->egress.len)
        ask_sources(w, zone, egress_set(w, zone, MLN_IPV4), egress_set(w, zone, MLN_IPV6), w->span);
    else if (!broad)
        no_way(w, mln_printf(w->ctx->arena, "zone '%s'", zone->display));
    w->reached |= mln_zone_goes_public(zone, w->resource);
}

/* --- from elsewhere --- */

/* Open to all: no firewall rule is needed, and none is missing. */
static bool is_open(struct way *w)
{
    if (w->resource->is_public != MLN_PUBLIC_YES)
        return false;
    *w->firewall |= w->resource->endpoints.len > 0;
    return true;
}

/* What of the addresses has no private way to an endpoint of the resource. */
static const struct mln_ipset *beyond_endpoints(const struct way *w, const struct mln_ipset *set,
                                                int f)
{
    for (size_t i = 0; i < w->resource->endpoints.len; i++)
        set = mln_ipset_subtract(w->ctx->arena, set,
                                 w->resource->endpoints.data[i]->zone->network->near[f]);
    return set;
}

/* Names on the far side resolve to the endpoint only when they are asked for in Azure. */
static void note_dns(struct way *w, const struct mln_leaf *leaf)
{
    if (leaf->kind != MLN_LEAF_EXTERNAL)
        return;
    struct mln_diag *diag =
        mln_report(w->ctx->diags, MLN_D_DNS_NOT_FORWARDED, leaf->span,
                   "from '%s' the endpoint of '%s' is found by forwarded DNS only",
                   leaf->external->name, w->resource->name);
    mln_diag_help(diag, "forward its names to a DNS resolver inside the network");
}

static void from_addresses(struct way *w, const struct mln_ipset *const set[MLN_FAMILIES],
                           const struct mln_leaf *leaf)
{
    if (is_open(w))
        return;
    const struct mln_ipset *v4 = beyond_endpoints(w, set[MLN_IPV4], MLN_IPV4);
    const struct mln_ipset *v6 = beyond_endpoints(w, set[MLN_IPV6], MLN_IPV6);
    bool reaches = v4->len != set[MLN_IPV4]->len || v6->len != set[MLN_IPV6]->len ||
                   !mln_ipset_equal(v4, set[MLN_IPV4]) || !mln_ipset_equal(v6, set[MLN_IPV6]);
    if (reaches)
        note_dns(w, leaf);
    const struct mln_ipset *private =
        mln_ipset_intersect(w->ctx->arena, v4, mln_azure_private_space(w->ctx->arena, MLN_IPV4));
    char text[MLN_IP_TEXT];
    const char *families = mln_kind_firewall_text(w->resource->kind, "families");
    bool both = families && strcmp(families, "both") == 0;
    if (reaches)
        v4 = mln_ipset_subtract(w->ctx->arena, v4, private);
    else if (private->len) {
        struct mln_diag *diag =
            fail(w, MLN_D_FIREWALL_SOURCE, leaf->span,
                 "the firewall of '%s' takes no private address such as %s", w->resource->name,
                 mln_ip_text(MLN_IPV4, private->ranges[0].lo, text));
        mln_diag_help(diag, "connect the source to the network of a private endpoint");
        return;
    } else if (v4->len == 0 && !both) {
        fail(w, MLN_D_FIREWALL_SOURCE, leaf->span, "the firewall of '%s' takes IPv4 sources only%s",
             w->resource->name, "");
        return;
    }
    if (v4->len || (v6->len && both))
        ask_sources(w, NULL, v4, both ? v6 : mln_ipset_empty(w->ctx->arena, MLN_IPV6), leaf->span);
}

/* The tag is what the service itself sends, in every answer of its makers to this mistake
 * [azure-devops-docs hosted.md; azure-powershell#15214]. */
static void not_agents(struct way *w, const struct mln_leaf *leaf)
{
    struct mln_diag *diag =
        fail(w, MLN_D_DEVOPS_NOT_AGENTS, leaf->span,
             "the tag AzureDevOps lets no pipeline into '%s': it does not hold the agents%s",
             w->resource->name, "");
    mln_diag_note(diag, "it holds the addresses of the service Azure DevOps; Microsoft-hosted "
                        "agents come from all of Azure in the organisation's geography");
    mln_diag_help(diag, "write hosted-agents.GEOGRAPHY, for example hosted-agents.europe");
}

static void from_tag(struct way *w, const struct mln_leaf *leaf)
{
    const struct mln_tag *tag = leaf->tag;
    if (tag->kind == MLN_TAG_VIRTUAL_NETWORK || is_open(w))
        return;
    if (tag->kind != MLN_TAG_SERVICE) {
        fail(w, MLN_D_FIREWALL_SOURCE, leaf->span, "the firewall of '%s' cannot let %s in",
             w->resource->name, tag->name);
        return;
    }
    if (strcmp(tag->name, "AzureDevOps") == 0) {
        not_agents(w, leaf);
        return;
    }
    if (w->resource->is_public == MLN_PUBLIC_NO) {
        closed(w, leaf->span);
        return;
    }
    *w->firewall = true;
    ask(w, NULL, NULL, NULL);
    mln_vec_push(w->ctx->arena, &w->resource->firewall_tags, tag);
}

static void from_hosted(struct way *w, const struct mln_leaf *leaf)
{
    if (is_open(w))
        return;
    if (w->resource->endpoints.len) {
        fail(w, MLN_D_HOSTED_AGENTS, leaf->span,
             "Microsoft-hosted agents cannot reach the private endpoint of '%s'%s",
             w->resource->name, "");
        return;
    }
    if (w->resource->is_public == MLN_PUBLIC_NO) {
        closed(w, leaf->span);
        return;
    }
    *w->firewall = true;
    ask(w, NULL, NULL, NULL);
    mln_vec_push(w->ctx->arena, &w->resource->firewall_agents, leaf->geography);
}

static void from_leaf(struct way *w, const struct mln_model *model, const struct mln_leaf *leaf)
{
    switch (leaf->kind) {
    case MLN_LEAF_ZONE:
    case MLN_LEAF_ASG:
        from_zone(w, leaf->zone, leaf);
        break;
    case MLN_LEAF_NETWORK:
        for (size_t i = 0; i < leaf->network->zones.len; i++)
            from_zone(w, leaf->network->zones.data[i], leaf);
        break;
    case MLN_LEAF_ANY:
        if (w->resource->endpoints.len == 0 && w->resource->is_public != MLN_PUBLIC_YES)
            fail(w, MLN_D_FIREWALL_SOURCE, leaf->span, "the firewall of '%s' cannot let %s in",
                 w->resource->name, "any address");
        for (size_t i = 0; w->good && i < model->zones.len; i++)
            from_zone(w, model->zones.data[i], leaf);
        break;
    case MLN_LEAF_EXTERNAL:
        from_addresses(w, leaf->external->addresses, leaf);
        break;
    case MLN_LEAF_PREFIX: {
        const struct mln_ipset *set[MLN_FAMILIES];
        for (int f = 0; f < MLN_FAMILIES; f++)
            set[f] = mln_ipset_from_prefixes(w->ctx->arena, (enum mln_family)f, &leaf->prefix, 1);
        from_addresses(w, set, leaf);
        break;
    }
    case MLN_LEAF_TAG:
        from_tag(w, leaf);
        break;
    case MLN_LEAF_HOSTED_AGENTS:
        from_hosted(w, leaf);
        break;
    default:
        break;
    }
}

/* A deny or forbid of public addresses takes them out of what the firewall lets in. (Zones are
 * stopped by their own NSG.) */
static void keep_out(struct way *w)
{
    const struct mln_leaf *leaf = &w->part->leaf;
    bool outside = leaf->kind == MLN_LEAF_EXTERNAL || leaf->kind == MLN_LEAF_PREFIX ||
                   leaf->kind == MLN_LEAF_HOSTED_AGENTS || leaf->kind == MLN_LEAF_ANY ||
                   (leaf->kind == MLN_LEAF_TAG &&
                    (leaf->tag->kind == MLN_TAG_SERVICE || leaf->tag->kind == MLN_TAG_INTERNET));
    if (!outside || !asks(w) || w->resource->is_public == MLN_PUBLIC_YES)
        return;
    *w->firewall |= w->resource->kind->firewall != NULL;
    ask(w, NULL, NULL, NULL);
}

/* --- excepts: only what an NSG can tell apart --- */

static bool check_excepts(struct mln_ctx *ctx, const struct mln_side_set *side)
{
    bool good = true;
    for (size_t i = 0; i < side->len; i++)
        for (size_t m = 0; m < side->parts[i].minus_len; m++)
            for (size_t k = 0; k < side->parts[i].minus[m]->len; k++) {
                const struct mln_leaf *leaf = &side->parts[i].minus[m]->parts[k].leaf;
                if (leaf->kind != MLN_LEAF_RESOURCE && leaf->kind != MLN_LEAF_ENDPOINT)
                    continue;
                if (leaf->resource->endpoints.len == 0) {
                    fail_inexact(ctx, leaf->resource, leaf->span);
                    good = false;
                }
                for (size_t e = 0; e < leaf->resource->endpoints.len; e++) {
                    const struct mln_endpoint *endpoint = leaf->resource->endpoints.data[e];
                    bool meant = !leaf->endpoint || leaf->endpoint == endpoint;
                    if (!meant || endpoint->exact)
                        continue;
                    mln_report(
                        ctx->diags, MLN_D_RESOURCE_NOT_EXACT, leaf->span,
                        "an NSG cannot tell '%s' apart from the other endpoints in zone '%s'",
                        leaf->resource->name, endpoint->zone->display);
                    good = false;
                }
            }
    return good;
}

void mln_finish_resources(struct mln_ctx *ctx, struct mln_model *model)
{
    for (size_t i = 0; i < model->resources.len; i++) {
        struct mln_resource *r = model->resources.data[i];
        if (r->firewall_ranges.len)
            r->firewall_sources = mln_ipset_from_ranges(
                ctx->arena, MLN_IPV4, r->firewall_ranges.data, r->firewall_ranges.len);
    }
}

bool mln_check_resources(struct mln_ctx *ctx, struct mln_model *model, struct mln_intent *intent,
                         bool *firewall)
{
    bool good = check_excepts(ctx, intent->from);
    if (!intent->within && !check_excepts(ctx, intent->to))
        good = false;
    for (size_t i = 0; i < intent->to->len; i++) {
        const struct mln_leaf *to = &intent->to->parts[i].leaf;
        if (to->kind != MLN_LEAF_RESOURCE && to->kind != MLN_LEAF_ENDPOINT)
            continue;
        struct way w = {.ctx = ctx,
                        .intent = intent,
                        .resource = to->resource,
                        .endpoint = to->endpoint,
                        .span = to->span,
                        .firewall = firewall,
                        .good = true};
        check_services(&w);
        check_exact(&w);
        for (size_t k = 0; w.good && k < intent->from->len; k++) {
            w.part = &intent->from->parts[k];
            if (intent->verb == MLN_VERB_ALLOW)
                from_leaf(&w, model, &w.part->leaf);
            else
                keep_out(&w);
        }
        if (w.good && intent->verb == MLN_VERB_ALLOW && !w.reached && !*firewall &&
            w.resource->endpoints.len == 0 && names_zone(intent->from))
            no_way(&w, mln_printf(ctx->arena, "'%s'", intent->from->text));
        good &= w.good;
    }
    return good;
}
