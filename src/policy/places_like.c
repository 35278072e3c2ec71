/* Places of a policy in a model of what is deployed: all of them, or those that a text leaves out.
 *
 * Networks and zones are copied, since a model binds NSGs and interfaces of its own to them; what
 * follows from them (paths, tags, appliances) is worked out when the model is finished. */
#include "policy/places.h"

#include <string.h>
#include <strings.h>

/* --- copies --- */

static struct mln_network *copy_network(struct mln_ctx *ctx, struct mln_model *model,
                                        const struct mln_network *like)
{
    struct mln_network *network = MLN_NEW(ctx->arena, struct mln_network);
    *network = (struct mln_network){.name = like->name,
                                    .span = like->span,
                                    .prefixes = like->prefixes,
                                    .region = like->region,
                                    .resource_group = like->resource_group,
                                    .subscription = like->subscription,
                                    .id = like->id,
                                    .existing = like->existing,
                                    .index = (uint32_t)model->networks.len};
    for (size_t i = 0; i < like->connected.len; i++)
        mln_vec_push(ctx->arena, &network->connected, like->connected.data[i]);
    mln_vec_push(ctx->arena, &model->networks, network);
    return network;
}

static struct mln_zone *copy_zone(struct mln_ctx *ctx, struct mln_model *model,
                                  struct mln_network *network, const struct mln_zone *like)
{
    struct mln_zone *zone = MLN_NEW(ctx->arena, struct mln_zone);
    *zone = *like;
    zone->display = zone->name;
    zone->network = network;
    zone->nsg = NULL;
    memset(&zone->routes, 0, sizeof zone->routes);
    memset(&zone->nics, 0, sizeof zone->nics);
    for (size_t i = 0; i < like->routes.len; i++)
        mln_vec_push(ctx->arena, &zone->routes, like->routes.data[i]);
    zone->index = (uint32_t)model->zones.len;
    mln_vec_push(ctx->arena, &model->zones, zone);
    mln_vec_push(ctx->arena, &network->zones, zone);
    return zone;
}

static void copy_asg(struct mln_ctx *ctx, struct mln_model *model, const struct mln_asg *like,
                     struct mln_zone *zone)
{
    struct mln_asg *asg = MLN_NEW(ctx->arena, struct mln_asg);
    *asg = (struct mln_asg){
        .name = like->name, .span = like->span, .zone = zone, .index = (uint32_t)model->asgs.len};
    mln_vec_push(ctx->arena, &model->asgs, asg);
}

/* --- which is which --- */

/* An existing network may be known by its id. */
static bool is_called(const struct mln_network *network, const char *name)
{
    const char *slash = network->id ? strrchr(network->id, '/') : NULL;
    return strcasecmp(network->name, name) == 0 || (slash && strcasecmp(slash + 1, name) == 0);
}

struct mln_network *mln_places_network(const struct mln_model *model, const char *name)
{
    for (size_t i = 0; i < model->networks.len; i++)
        if (is_called(model->networks.data[i], name))
            return model->networks.data[i];
    return NULL;
}

struct mln_zone *mln_places_zone(const struct mln_network *network, const char *subnet)
{
    for (size_t i = 0; network && i < network->zones.len; i++) {
        struct mln_zone *zone = network->zones.data[i];
        if (!zone->nic && zone->subnet && strcasecmp(zone->subnet, subnet) == 0)
            return zone;
    }
    return NULL;
}

/* The network or zone of the model that a policy's is there; NULL: it has none. */
static struct mln_network *network_like(const struct mln_model *model,
                                        const struct mln_network *like)
{
    const char *slash = like->id ? strrchr(like->id, '/') : NULL;
    return mln_places_network(model, slash ? slash + 1 : like->name);
}

static struct mln_zone *zone_like(const struct mln_model *model, const struct mln_zone *like)
{
    const struct mln_network *network = network_like(model, like->network);
    return network ? mln_places_zone(network, like->subnet) : NULL;
}

/* --- all of them --- */

void mln_places_mirror(struct mln_ctx *ctx, struct mln_model *model, const struct mln_model *like)
{
    for (size_t i = 0; i < like->networks.len; i++)
        copy_network(ctx, model, like->networks.data[i]);
    for (size_t i = 0; i < like->networks.len; i++) {
        const struct mln_network *network = like->networks.data[i];
        struct mln_network *copy = model->networks.data[i];
        for (size_t k = 0; k < network->peers.len; k++)
            mln_vec_push(ctx->arena, &copy->peers,
                         model->networks.data[network->peers.data[k]->index]);
        for (size_t k = 0; k < network->gateways.len; k++)
            mln_vec_push(ctx->arena, &copy->gateways,
                         model->networks.data[network->gateways.data[k]->index]);
    }
    for (size_t i = 0; i < like->zones.len; i++) {
        const struct mln_zone *zone = like->zones.data[i];
        copy_zone(ctx, model, model->networks.data[zone->network->index], zone);
    }
    for (size_t i = 0; i < like->asgs.len; i++)
        copy_asg(ctx, model, like->asgs.data[i],
                 model->zones.data[like->asgs.data[i]->zone->index]);
}

/* --- those that a text leaves out --- */

static void take(struct mln_ctx *ctx, struct mln_taken_vec *taken, const char *what,
                 const char *name, const char *text)
{
    struct mln_taken one = {what, name, text};
    mln_vec_push(ctx->arena, taken, one);
}

static void take_existing(struct mln_ctx *ctx, struct mln_model *model,
                          const struct mln_model *known, struct mln_taken_vec *taken)
{
    for (size_t i = 0; i < known->networks.len; i++) {
        const struct mln_network *network = known->networks.data[i];
        if (!network->existing || network_like(model, network))
            continue;
        copy_network(ctx, model, network);
        take(ctx, taken, "network", network->name,
             mln_printf(ctx->arena, "network '%s', which is there already", network->name));
    }
    for (size_t i = 0; i < known->zones.len; i++) {
        const struct mln_zone *zone = known->zones.data[i];
        struct mln_network *network = network_like(model, zone->network);
        if (!network || zone_like(model, zone) || !(zone->existing || zone->network->existing))
            continue;
        copy_zone(ctx, model, network, zone);
        if (!zone->network->existing)
            take(ctx, taken, "zone", zone->display,
                 mln_printf(ctx->arena, "zone '%s', which is there already", zone->display));
    }
}

static bool lends(const struct mln_network *owner, const struct mln_network *user)
{
    for (size_t i = 0; i < user->gateways.len; i++)
        if (user->gateways.data[i] == owner)
            return true;
    return false;
}

/* Peerings of a network that a text only refers to. */
static void take_peerings(struct mln_ctx *ctx, struct mln_model *model,
                          const struct mln_model *known)
{
    for (size_t i = 0; i < known->networks.len; i++) {
        const struct mln_network *network = known->networks.data[i];
        struct mln_network *copy = network_like(model, network);
        for (size_t k = 0; copy && k < network->peers.len; k++) {
            const struct mln_network *other = network->peers.data[k];
            struct mln_network *peer = network_like(model, other);
            if (!peer || !(network->existing || other->existing))
                continue;
            mln_places_peer(ctx, copy, peer);
            if (lends(other, network))
                mln_places_lend(ctx, peer, copy);
        }
    }
}

bool mln_places_lends(const struct mln_model *known, const char *owner, const char *user)
{
    const struct mln_network *network = mln_places_network(known, user);
    return network && lends(mln_places_network(known, owner), network);
}

void mln_places_lend(struct mln_ctx *ctx, struct mln_network *owner, struct mln_network *user)
{
    for (size_t i = 0; i < user->gateways.len; i++)
        if (user->gateways.data[i] == owner)
            return;
    mln_vec_push(ctx->arena, &user->gateways, owner);
}

static void connect(struct mln_ctx *ctx, struct mln_network *copy,
                    const struct mln_network *network, struct mln_taken_vec *taken)
{
    for (size_t i = 0; i < network->connected.len; i++) {
        const char *name = network->connected.data[i]->name;
        mln_vec_push(ctx->arena, &copy->connected, network->connected.data[i]);
        take(ctx, taken, "external", name,
             mln_printf(ctx->arena, "that '%s' is connected to '%s'", name, network->name));
    }
}

static void take_connections(struct mln_ctx *ctx, struct mln_model *model,
                             const struct mln_model *known, struct mln_taken_vec *taken)
{
    for (size_t i = 0; i < known->networks.len; i++) {
        const struct mln_network *network = known->networks.data[i];
        struct mln_network *copy = network_like(model, network);
        if (copy && !copy->connected.len)
            connect(ctx, copy, network, taken);
    }
}

static void take_overlays(struct mln_ctx *ctx, struct mln_model *model,
                          const struct mln_model *known, struct mln_taken_vec *taken)
{
    for (size_t i = 0; i < known->zones.len; i++) {
        const struct mln_zone *zone = known->zones.data[i];
        struct mln_zone *copy = zone_like(model, zone);
        if (!copy)
            continue;
        copy->role = zone->role;
        if (!zone->overlay.len || copy->overlay.len)
            continue;
        copy->overlay = zone->overlay;
        take(ctx, taken, "overlay", zone->display,
             mln_printf(ctx->arena, "the overlay of '%s'", zone->display));
    }
}

void mln_places_complete(struct mln_ctx *ctx, struct mln_model *model,
                         const struct mln_model *known, struct mln_taken_vec *taken)
{
    take_existing(ctx, model, known, taken);
    take_peerings(ctx, model, known);
    take_connections(ctx, model, known, taken);
    take_overlays(ctx, model, known, taken);
}

void mln_places_know_asg(struct mln_ctx *ctx, struct mln_model *model,
                         const struct mln_model *known, const char *name,
                         struct mln_taken_vec *taken)
{
    for (size_t i = 0; i < model->asgs.len; i++)
        if (strcasecmp(model->asgs.data[i]->name, name) == 0)
            return;
    for (size_t i = 0; i < known->asgs.len; i++) {
        const struct mln_asg *asg = known->asgs.data[i];
        struct mln_zone *zone =
            strcasecmp(asg->name, name) == 0 ? zone_like(model, asg->zone) : NULL;
        if (!zone)
            continue;
        copy_asg(ctx, model, asg, zone);
        take(ctx, taken, "asg", asg->name,
             mln_printf(ctx->arena, "that application security group '%s' is in '%s'", asg->name,
                        asg->zone->display));
        return;
    }
}
