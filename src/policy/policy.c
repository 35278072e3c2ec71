/* The policy as a whole: the order in which the model is made. Each step needs only those before
 * it, so the order of statements in the file never matters. */
#include "policy/traps.h"

static void declare_places(struct mln_build *b, struct mln_active *active)
{
    if (active->kind == MLN_NODE_NETWORK)
        mln_build_network(b, active);
    else if (active->kind == MLN_NODE_EXTERNAL)
        mln_build_external(b, active);
    else if (active->kind == MLN_NODE_KIND)
        mln_build_kind(b, active);
    else if (active->kind == MLN_NODE_GEOGRAPHY)
        mln_build_geography(b, active);
}

static void declare_in_places(struct mln_build *b, struct mln_active *active)
{
    if (active->kind == MLN_NODE_NETWORK)
        mln_build_network_asgs(b, active);
    else if (active->kind == MLN_NODE_ASG)
        mln_build_asg(b, active->scope, active->node);
    else if (active->kind == MLN_NODE_PEER)
        mln_build_peer(b, active);
    else if (active->kind == MLN_NODE_CONNECT)
        mln_build_connect(b, active);
    else if (active->kind == MLN_NODE_RESOURCE)
        mln_build_resource(b, active);
}

static void declare_intents(struct mln_build *b, struct mln_active *active)
{
    if (active->kind == MLN_NODE_INTENT)
        mln_build_intent(b, active);
}

/* Mistakes in a group or service that nothing uses are mistakes too. */
static void resolve_unused(struct mln_build *b, struct mln_active *active)
{
    if (active->kind == MLN_NODE_GROUP)
        mln_resolve_group(b, active->scope, active->node);
    else if (active->kind == MLN_NODE_SERVICE)
        mln_resolve_service(b, active->scope, active->node);
}

struct mln_model *mln_policy_build(struct mln_ctx *ctx, const struct mln_module_vec *modules,
                                   struct mln_policy_options *options)
{
    struct mln_build *b = MLN_NEW(ctx->arena, struct mln_build);
    *b = (struct mln_build){.ctx = ctx, .arena = ctx->arena, .options = options};
    b->model = MLN_NEW(ctx->arena, struct mln_model);
    b->model->options = options;
    b->model->build = b;
    unsigned errors = ctx->diags->errors;
    for (size_t i = 0; i < modules->len; i++)
        b->poisoned |= modules->data[i]->file->refused;
    mln_expand_modules(b, modules);
    mln_expand_visit(b, declare_places);
    mln_expand_visit(b, declare_in_places);
    mln_expand_check_imports(b);
    mln_build_topology(b);
    mln_traps_networks(b);
    mln_traps_endpoints(b);
    b->model->places_good = ctx->diags->errors == errors && !b->poisoned;
    b->met = MLN_NEW_ARRAY(b->arena, struct mln_met_name, MLN_MET_NAMES);
    mln_expand_visit(b, resolve_unused);
    mln_expand_visit(b, declare_intents);
    mln_build_overrides(b);
    mln_traps_tags(b);
    b->model->intents_missing = ctx->diags->errors != errors;
    return b->model;
}
