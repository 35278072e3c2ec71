/* Nothing is checked here: what is deployed is taken as it is. */
#include "policy/places.h"

#include "azure/legal.h"
#include "azure/platform.h"
#include "policy/build.h"

#include <string.h>
#include <strings.h>

static struct mln_prefix_list copy_prefixes(struct mln_arena *a, const struct mln_prefix *prefixes,
                                            size_t count, struct mln_span span)
{
    struct mln_prefix_list list = {MLN_NEW_ARRAY(a, struct mln_prefix, count), count, span};
    if (count)
        memcpy(list.data, prefixes, count * sizeof *prefixes);
    return list;
}

struct mln_network *mln_places_add_network(struct mln_ctx *ctx, struct mln_model *model,
                                           const char *name, struct mln_span span,
                                           const struct mln_prefix *prefixes, size_t count)
{
    struct mln_network *network = MLN_NEW(ctx->arena, struct mln_network);
    network->name = mln_intern(ctx->names, name);
    network->span = span;
    network->prefixes = copy_prefixes(ctx->arena, prefixes, count, span);
    network->existing = true;
    network->index = (uint32_t)model->networks.len;
    mln_vec_push(ctx->arena, &model->networks, network);
    return network;
}

struct mln_zone *mln_places_add_zone(struct mln_ctx *ctx, struct mln_model *model,
                                     struct mln_network *network, const char *name,
                                     struct mln_span span, const struct mln_prefix *prefixes,
                                     size_t count)
{
    struct mln_zone *zone = MLN_NEW(ctx->arena, struct mln_zone);
    zone->name = zone->display = zone->subnet = mln_intern(ctx->names, name);
    zone->span = span;
    zone->network = network;
    zone->prefixes = copy_prefixes(ctx->arena, prefixes, count, span);
    zone->existing = true;
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        zone->defaults[d] = MLN_DEFAULT_AZURE;
    zone->index = (uint32_t)model->zones.len;
    mln_vec_push(ctx->arena, &model->zones, zone);
    mln_vec_push(ctx->arena, &network->zones, zone);
    return zone;
}

/* What is not known lies anywhere in the subnet. */
struct mln_prefix_list mln_places_nic_prefixes(struct mln_ctx *ctx, const struct mln_nic *nic,
                                               const struct mln_prefix *prefixes, size_t count,
                                               struct mln_span span)
{
    struct mln_arena *a = ctx->arena;
    const struct mln_zone *subnet = nic->subnet;
    MLN_VEC(struct mln_prefix) all = {0};
    for (size_t i = 0; i < count; i++)
        if (!nic->floating[prefixes[i].family])
            mln_vec_push(a, &all, prefixes[i]);
    for (size_t i = 0; i < subnet->prefixes.len; i++)
        if (nic->floating[subnet->prefixes.data[i].family])
            mln_vec_push(a, &all, subnet->prefixes.data[i]);
    return copy_prefixes(a, all.data, all.len, span);
}

struct mln_zone *mln_places_add_nic(struct mln_ctx *ctx, struct mln_model *model,
                                    struct mln_zone *subnet, const char *name, struct mln_span span,
                                    const struct mln_prefix *prefixes, size_t count,
                                    const struct mln_nic *like)
{
    struct mln_zone *zone = mln_places_add_zone(ctx, model, subnet->network, name, span, NULL, 0);
    struct mln_nic *nic = MLN_NEW(ctx->arena, struct mln_nic);
    *nic = *like;
    nic->subnet = subnet;
    zone->nic = nic;
    zone->prefixes = mln_places_nic_prefixes(ctx, nic, prefixes, count, span);
    zone->routes = subnet->routes;
    zone->kept = subnet->kept;
    zone->nsg = subnet->nsg;
    zone->unread = subnet->unread;
    mln_vec_push(ctx->arena, &subnet->nics, zone);
    return zone;
}

struct mln_nsg *mln_places_add_nsg(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                                   struct mln_span span)
{
    struct mln_nsg *nsg = MLN_NEW(ctx->arena, struct mln_nsg);
    *nsg = (struct mln_nsg){
        .name = mln_intern(ctx->names, name), .span = span, .index = (uint32_t)model->nsgs.len};
    mln_vec_push(ctx->arena, &model->nsgs, nsg);
    return nsg;
}

void mln_places_govern(struct mln_ctx *ctx, struct mln_nsg *nsg, struct mln_zone *zone)
{
    zone->nsg = nsg;
    mln_vec_push(ctx->arena, &nsg->zones, zone);
}

void mln_places_govern_nic(struct mln_ctx *ctx, struct mln_nsg *nsg, struct mln_zone *nic)
{
    nic->nic->nsg = nsg;
    mln_vec_push(ctx->arena, &nsg->zones, nic);
}

static void add_peer(struct mln_ctx *ctx, struct mln_network *network, struct mln_network *peer)
{
    for (size_t i = 0; i < network->peers.len; i++)
        if (network->peers.data[i] == peer)
            return;
    mln_vec_push(ctx->arena, &network->peers, peer);
}

void mln_places_peer(struct mln_ctx *ctx, struct mln_network *x, struct mln_network *y)
{
    if (x == y)
        return;
    add_peer(ctx, x, y);
    add_peer(ctx, y, x);
}

struct mln_nsg *mln_places_add_alone(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                                     struct mln_span span)
{
    static const struct mln_prefix everywhere[] = {{.family = MLN_IPV4}, {.family = MLN_IPV6}};
    struct mln_network *network = mln_places_add_network(ctx, model, name, span, NULL, 0);
    struct mln_zone *zone =
        mln_places_add_zone(ctx, model, network, name, span, everywhere, MLN_FAMILIES);
    struct mln_nsg *nsg = mln_places_add_nsg(ctx, model, name, span);
    zone->unplaced = true;
    mln_places_govern(ctx, nsg, zone);
    return nsg;
}

/* Its members are somewhere in the network: a zone of its own, which overlaps the others. Where the
 * network is not known, it uses private addresses. */
static struct mln_zone *members(struct mln_ctx *ctx, struct mln_zone *zone)
{
    static const struct mln_prefix private[] = {
        {.family = MLN_IPV4, .ip = {0, 0x0a000000}, .length = 8},
        {.family = MLN_IPV4, .ip = {0, 0x64400000}, .length = 10},
        {.family = MLN_IPV4, .ip = {0, 0xac100000}, .length = 12},
        {.family = MLN_IPV4, .ip = {0, 0xc0a80000}, .length = 16},
        {.family = MLN_IPV6, .ip = {UINT64_C(0xfc00) << 48, 0}, .length = 7},
    };
    struct mln_zone *wide = MLN_NEW(ctx->arena, struct mln_zone);
    *wide = *zone;
    wide->nic = NULL;
    wide->prefixes = zone->network->prefixes;
    if (zone->unplaced)
        wide->prefixes =
            copy_prefixes(ctx->arena, private, sizeof private / sizeof *private, zone->span);
    return wide;
}

const struct mln_asg *mln_places_add_asg(struct mln_ctx *ctx, struct mln_model *model,
                                         const char *name, struct mln_zone *zone)
{
    for (size_t i = 0; i < model->asgs.len; i++)
        if (strcasecmp(model->asgs.data[i]->name, name) == 0)
            return model->asgs.data[i];
    struct mln_asg *asg = MLN_NEW(ctx->arena, struct mln_asg);
    *asg = (struct mln_asg){.name = mln_intern(ctx->names, name),
                            .span = zone->span,
                            .zone = members(ctx, zone),
                            .index = (uint32_t)model->asgs.len};
    mln_vec_push(ctx->arena, &model->asgs, asg);
    return asg;
}

/* --- names --- */

/* The first of a name keeps it; what has a fixed meaning keeps that. */
static struct mln_symbol *declare(struct mln_build *b, enum mln_symbol_kind kind, const char *name,
                                  struct mln_span span)
{
    const char *rest;
    const struct mln_tag *tag = mln_tags_find(b->options->tags, name);
    struct mln_symbol *symbol = MLN_NEW(b->arena, struct mln_symbol);
    *symbol = (struct mln_symbol){
        .kind = kind, .name = name, .span = span, .scope = b->root, .state = MLN_DONE};
    if ((tag && tag->kind != MLN_TAG_SERVICE) || strcmp(name, "hosted-agents") == 0 ||
        mln_map_get(b->root->sides, mln_scope_key(b, name)) ||
        mln_scope_find(b, b->root, MLN_NAMES_SIDE, name, &rest))
        return symbol;
    mln_map_put(b->root->sides, mln_scope_key(b, name), symbol);
    return symbol;
}

static void declare_zone(struct mln_build *b, struct mln_zone *zone)
{
    const char *whole = mln_printf(b->arena, "%s.%s", zone->network->name, zone->name);
    declare(b, MLN_SYM_ZONE, mln_intern(b->ctx->names, whole), zone->span)->u.zone = zone;
    bool shared = strcmp(zone->display, zone->name) != 0;
    enum mln_symbol_kind kind = shared ? MLN_SYM_SAME_ZONES : MLN_SYM_ZONE;
    declare(b, kind, zone->name, zone->span)->u.zone = zone;
}

static void declare_names(struct mln_build *b)
{
    struct mln_model *m = b->model;
    for (size_t i = 0; i < m->zones.len; i++)
        declare_zone(b, m->zones.data[i]);
    for (size_t i = 0; i < m->networks.len; i++)
        declare(b, MLN_SYM_NETWORK, m->networks.data[i]->name, m->networks.data[i]->span)
            ->u.network = m->networks.data[i];
    for (size_t i = 0; i < m->asgs.len; i++)
        if (m->asgs.data[i]->zone->unplaced)
            declare(b, MLN_SYM_ASG, m->asgs.data[i]->name, m->asgs.data[i]->span)->u.asg =
                m->asgs.data[i];
}

/* What a subnet may hold: no platform address, none that has a fixed meaning. */
static const struct mln_ipset *subnet_space(struct mln_arena *a, enum mln_family f)
{
    static const struct mln_range v4[] = {{{0, 0x01000000}, {0, 0x7effffff}},
                                          {{0, 0x80000000}, {0, 0xa9fdffff}},
                                          {{0, 0xa9ff0000}, {0, 0xdfffffff}}};
    static const struct mln_range v6[] = {
        {{UINT64_C(0x2000) << 48, 0}, {(UINT64_C(0x4000) << 48) - 1, UINT64_MAX}},
        {{UINT64_C(0xfc00) << 48, 0}, {(UINT64_C(0xfe00) << 48) - 1, UINT64_MAX}}};
    return mln_ipset_subtract(
        a, f == MLN_IPV4 ? mln_ipset_from_ranges(a, f, v4, 3) : mln_ipset_from_ranges(a, f, v6, 2),
        mln_azure_platform_space(a, f));
}

static void place_anywhere(struct mln_arena *a, struct mln_zone *zone)
{
    for (int i = 0; i < MLN_FAMILIES; i++) {
        enum mln_family f = (enum mln_family)i;
        const struct mln_ipset *hosts = subnet_space(a, f), *wire = mln_azure_wire_server(a, f);
        const struct mln_ipset *private = mln_azure_private_space(a, f);
        zone->hosts[f] = zone->addresses[f] = hosts;
        zone->joined[MLN_INBOUND][f] = zone->joined[MLN_OUTBOUND][f] =
            mln_ipset_union(a, hosts, wire);
        zone->virtual_network[f] = mln_ipset_union(a, mln_ipset_intersect(a, hosts, private), wire);
        zone->internet[f] =
            mln_ipset_subtract(a, mln_ipset_all(a, f), mln_ipset_union(a, private, wire));
    }
}

/* Addresses that an interface is known to have are no one else's. */
static void find_hosts(struct mln_arena *a, struct mln_zone *subnet)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        for (size_t i = 0; i < subnet->nics.len; i++)
            if (!subnet->nics.data[i]->nic->floating[f])
                subnet->hosts[f] =
                    mln_ipset_subtract(a, subnet->hosts[f], subnet->nics.data[i]->addresses[f]);
        for (size_t i = 0; i < subnet->nics.len; i++) {
            struct mln_zone *zone = subnet->nics.data[i];
            if (zone->nic->floating[f])
                zone->hosts[f] = zone->addresses[f] = subnet->hosts[f];
        }
    }
}

void mln_places_finish(struct mln_ctx *ctx, struct mln_model *model)
{
    model->build->ctx = ctx;
    mln_join_places(model->build);
    declare_names(model->build);
    for (size_t i = 0; i < model->zones.len; i++)
        find_hosts(ctx->arena, model->zones.data[i]);
    for (size_t i = 0; i < model->zones.len; i++)
        if (model->zones.data[i]->unplaced)
            place_anywhere(ctx->arena, model->zones.data[i]);
    for (size_t i = 0; i < model->asgs.len; i++)
        if (model->asgs.data[i]->zone->unplaced)
            place_anywhere(ctx->arena, model->asgs.data[i]->zone);
}
