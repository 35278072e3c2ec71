/* VirtualNetwork and Internet hold more than their names say when routes and connections make them
 * so [TAGS]: a route for 0.0.0.0/0 makes VirtualNetwork everything (azure-docs#22178,
 * azure-powershell#4972), and a public prefix on-premises is in both (azure-docs#81801). What
 * counts is whether an intent, or a default, speaks of the tag at a zone that it is so for. */
#include "azure/legal.h"
#include "policy/traps.h"

/* --- who speaks of a tag --- */

static bool names_tag(const struct mln_side_set *side, enum mln_tag_kind kind)
{
    for (size_t i = 0; side && i < side->len; i++)
        if (side->parts[i].leaf.kind == MLN_LEAF_TAG && side->parts[i].leaf.tag->kind == kind)
            return true;
    return false;
}

static bool speaks_of(const struct mln_intent *intent, enum mln_tag_kind kind,
                      const struct mln_zone *zone)
{
    return !intent->broken &&
           ((names_tag(intent->to, kind) && mln_side_names_zone(intent->from, zone)) ||
            (names_tag(intent->from, kind) && mln_side_names_zone(intent->to, zone)));
}

static struct mln_span place_of(const struct mln_intent *intent)
{
    const struct mln_apply_frame *frame = intent->frame;
    while (intent->library && frame && frame->outer)
        frame = frame->outer;
    return intent->library && frame ? frame->span : intent->span;
}

static bool any_speaks_of(const struct mln_build *b, enum mln_tag_kind kind)
{
    const struct mln_model *model = b->model;
    for (size_t i = 0; (b->tags_named >> kind & 1) && i < model->intents.len; i++)
        if (names_tag(model->intents.data[i]->from, kind) ||
            names_tag(model->intents.data[i]->to, kind))
            return true;
    return false;
}

/* --- VirtualNetwork and a default route --- */

static const struct mln_route *default_route(const struct mln_zone *zone)
{
    for (size_t i = 0; i < zone->routes.len; i++)
        if (!zone->routes.data[i].tag && zone->routes.data[i].prefix.length == 0)
            return &zone->routes.data[i];
    return NULL;
}

static void report_everything(struct mln_build *b, const struct mln_zone *zone,
                              const struct mln_route *route, const struct mln_intent *intent)
{
    struct mln_diag *diag = mln_report(
        b->ctx->diags, MLN_D_TAG_IS_EVERYTHING, route->span,
        "this route makes the tag VirtualNetwork every address at zone '%s'", zone->display);
    if (intent)
        mln_diag_label(diag, place_of(intent), "which this speaks of");
    else
        mln_diag_note(diag, "'default inbound azure' lets in whatever lies in VirtualNetwork");
    mln_diag_help(diag, intent ? "name the networks that are meant instead of VirtualNetwork"
                               : "default inbound deny, and allow what may come in");
}

static void check_default_route(struct mln_build *b, const struct mln_zone *zone, bool spoken)
{
    const struct mln_route *route = default_route(zone);
    if (!route || !zone->nsg)
        return;
    const struct mln_intent *intent = NULL;
    for (size_t i = 0; spoken && i < b->model->intents.len && !intent; i++)
        if (speaks_of(b->model->intents.data[i], MLN_TAG_VIRTUAL_NETWORK, zone))
            intent = b->model->intents.data[i];
    if (intent || zone->defaults[MLN_INBOUND] == MLN_DEFAULT_AZURE)
        report_everything(b, zone, route, intent);
}

/* --- public addresses on-premises --- */

static const struct mln_ipset *public_part(struct mln_build *b, const struct mln_external *external,
                                           enum mln_family family)
{
    return mln_ipset_subtract(b->arena, mln_prefix_set(b->arena, family, &external->prefixes),
                              mln_azure_private_space(b->arena, family));
}

/* Through its own gateway, or one that a peer lends. */
static bool is_reached(const struct mln_network *network, const struct mln_network *gateway)
{
    bool reached = network == gateway;
    for (size_t i = 0; i < network->gateways.len; i++)
        reached |= network->gateways.data[i] == gateway;
    return reached;
}

static bool excepts(const struct mln_side_part *part, const struct mln_external *external)
{
    for (size_t m = 0; m < part->minus_len; m++)
        for (size_t i = 0; i < part->minus[m]->len; i++)
            if (part->minus[m]->parts[i].leaf.kind == MLN_LEAF_EXTERNAL &&
                part->minus[m]->parts[i].leaf.external == external)
                return true;
    return false;
}

/* "Internet", and not "Internet except" the external. */
static bool means_internet(const struct mln_side_set *side, const struct mln_external *external)
{
    for (size_t i = 0; side && i < side->len; i++)
        if (side->parts[i].leaf.kind == MLN_LEAF_TAG &&
            side->parts[i].leaf.tag->kind == MLN_TAG_INTERNET &&
            !excepts(&side->parts[i], external))
            return true;
    return false;
}

static const struct mln_intent *speaks_at(struct mln_build *b, const struct mln_connection *c,
                                          const struct mln_zone **at)
{
    for (size_t i = 0; i < b->model->intents.len; i++) {
        const struct mln_intent *intent = b->model->intents.data[i];
        if (!means_internet(intent->from, c->external) && !means_internet(intent->to, c->external))
            continue;
        for (size_t z = 0; z < b->model->zones.len; z++) {
            *at = b->model->zones.data[z];
            if ((*at)->nsg && is_reached((*at)->network, c->network) &&
                speaks_of(intent, MLN_TAG_INTERNET, *at))
                return intent;
        }
    }
    return NULL;
}

static void check_connection(struct mln_build *b, const struct mln_connection *connection)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *public = public_part(b, connection->external, (enum mln_family)f);
        const struct mln_zone *zone = NULL;
        const struct mln_intent *intent = public->len ? speaks_at(b, connection, &zone) : NULL;
        if (!intent)
            continue;
        char text[MLN_IP_TEXT];
        struct mln_diag *diag = mln_report(
            b->ctx->diags, MLN_D_INTERNET_ON_PREMISES, connection->span,
            "external '%s' has public addresses, which lie in the tag Internet too: %s and others",
            connection->external->name,
            mln_ip_text((enum mln_family)f, public->ranges[0].lo, text));
        mln_diag_label(diag, place_of(intent), "so this means them, too, at zone '%s'",
                       zone->display);
        mln_diag_help(diag,
                      intent->verb == MLN_VERB_ALLOW
                          ? "write 'Internet except %s' if they are not meant"
                          : "write 'Internet except %s', or override it for them",
                      connection->external->name);
        return;
    }
}

void mln_traps_tags(struct mln_build *b)
{
    const struct mln_model *m = b->model;
    bool virtual_network = any_speaks_of(b, MLN_TAG_VIRTUAL_NETWORK);
    for (size_t i = 0; i < m->zones.len; i++)
        check_default_route(b, m->zones.data[i], virtual_network);
    if (any_speaks_of(b, MLN_TAG_INTERNET))
        for (size_t i = 0; i < m->connections.len; i++)
            check_connection(b, &m->connections.data[i]);
}
