/* Nothing is checked here: what is deployed is taken as it is. */
#include "policy/places.h"

#include "policy/build.h"

#include <string.h>
#include <strings.h>

static struct mln_network *add_network(struct mln_ctx *ctx, struct mln_model *model,
                                       const char *name, struct mln_span span)
{
    struct mln_network *network = MLN_NEW(ctx->arena, struct mln_network);
    network->name = mln_intern(ctx->names, name);
    network->span = span;
    network->existing = true;
    network->index = (uint32_t)model->networks.len;
    mln_vec_push(ctx->arena, &model->networks, network);
    return network;
}

static struct mln_zone *add_zone(struct mln_ctx *ctx, struct mln_model *model,
                                 struct mln_network *network, const char *name,
                                 struct mln_span span)
{
    struct mln_zone *zone = MLN_NEW(ctx->arena, struct mln_zone);
    zone->name = zone->display = zone->subnet = mln_intern(ctx->names, name);
    zone->span = span;
    zone->network = network;
    zone->existing = true;
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        zone->defaults[d] = MLN_DEFAULT_AZURE;
    zone->index = (uint32_t)model->zones.len;
    mln_vec_push(ctx->arena, &model->zones, zone);
    mln_vec_push(ctx->arena, &network->zones, zone);
    return zone;
}

static struct mln_nsg *add_nsg(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                               struct mln_span span)
{
    struct mln_nsg *nsg = MLN_NEW(ctx->arena, struct mln_nsg);
    *nsg = (struct mln_nsg){
        .name = mln_intern(ctx->names, name), .span = span, .index = (uint32_t)model->nsgs.len};
    mln_vec_push(ctx->arena, &model->nsgs, nsg);
    return nsg;
}

static void set_everywhere(struct mln_ctx *ctx, struct mln_zone *zone)
{
    zone->prefixes.data = MLN_NEW_ARRAY(ctx->arena, struct mln_prefix, MLN_FAMILIES);
    zone->prefixes.len = MLN_FAMILIES;
    for (int f = 0; f < MLN_FAMILIES; f++)
        zone->prefixes.data[f].family = (enum mln_family)f;
}

struct mln_nsg *mln_places_add_alone(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                                     struct mln_span span)
{
    struct mln_network *network = add_network(ctx, model, name, span);
    struct mln_zone *zone = add_zone(ctx, model, network, name, span);
    struct mln_nsg *nsg = add_nsg(ctx, model, name, span);
    zone->unplaced = true;
    zone->nsg = nsg;
    set_everywhere(ctx, zone);
    mln_vec_push(ctx->arena, &nsg->zones, zone);
    return nsg;
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
                            .zone = zone,
                            .index = (uint32_t)model->asgs.len};
    mln_vec_push(ctx->arena, &model->asgs, asg);
    return asg;
}

void mln_places_finish(struct mln_ctx *ctx, struct mln_model *model)
{
    model->build->ctx = ctx;
    mln_join_places(model->build);
    for (size_t i = 0; i < model->zones.len; i++)
        for (int f = 0; model->zones.data[i]->unplaced && f < MLN_FAMILIES; f++) {
            struct mln_zone *zone = model->zones.data[i];
            const struct mln_ipset *all = mln_ipset_all(ctx->arena, (enum mln_family)f);
            zone->virtual_network[f] = zone->internet[f] = all;
            zone->joined[MLN_INBOUND][f] = zone->joined[MLN_OUTBOUND][f] = all;
        }
}
