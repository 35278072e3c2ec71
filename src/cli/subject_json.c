/* JSON as a subject: the networks of the text become networks, zones and paths of a model, network
 * interfaces zones inside those of their subnets, and each NSG governs the zones it is bound to, or
 * one that may be anywhere. */
#include "cli/subject_impl.h"

#include <string.h>

/* The model of an empty policy, in which the names of the standard library are known. */
static struct mln_model *empty_model(struct mln_cli *cli, const struct mln_inputs *inputs)
{
    const struct mln_load_options none = {0};
    struct mln_module_vec modules = {0};
    struct mln_policy_options *options = MLN_NEW(cli->ctx.arena, struct mln_policy_options);
    *options = mln_policy_options(cli, inputs);
    options->param_count = 0;
    mln_load_text(&cli->ctx, "-", "", 0, &none, &modules);
    return mln_policy_build(&cli->ctx, &modules, options);
}

/* --- networks --- */

static struct mln_network *network_of(const struct placing *p,
                                      const struct mln_deployed_network *network)
{
    for (size_t i = 0; i < p->deployed->networks.len; i++)
        if (p->deployed->networks.data[i] == network)
            return p->networks[i];
    return NULL;
}

/* Use of a gateway is often switched on later than it is admitted. */
static void lend(const struct placing *p, struct mln_network *network, struct mln_network *remote,
                 const struct mln_deployed_peering *peering)
{
    if (peering->use_remote_gateways)
        mln_places_lend(p->ctx, remote, network);
    if (peering->allow_gateway_transit && p->known &&
        mln_places_lends(p->known, network->name, remote->name))
        mln_places_lend(p->ctx, network, remote);
}

/* A remote network that the text knows only by its prefixes has a place of its own. */
static void add_peering(struct placing *p, struct mln_network *network,
                        const struct mln_deployed_peering *peering)
{
    struct mln_network *remote = NULL;
    if (peering->remote != MLN_DEPLOYED_NONE)
        remote = p->networks[peering->remote];
    else if (peering->prefixes.len) {
        const char *slash = peering->remote_id ? strrchr(peering->remote_id, '/') : NULL;
        remote =
            mln_places_add_network(p->ctx, p->subject->model, slash ? slash + 1 : peering->name,
                                   peering->span, peering->prefixes.data, peering->prefixes.len);
    }
    if (!remote || !peering->connected)
        return;
    mln_places_peer(p->ctx, network, remote);
    lend(p, network, remote, peering);
}

static const enum mln_hop hops[MLN_NEXT_HOP_COUNT] = {
    [MLN_NEXT_HOP_LOCAL] = MLN_HOP_NONE,        [MLN_NEXT_HOP_GATEWAY] = MLN_HOP_GATEWAY,
    [MLN_NEXT_HOP_INTERNET] = MLN_HOP_INTERNET, [MLN_NEXT_HOP_APPLIANCE] = MLN_HOP_APPLIANCE,
    [MLN_NEXT_HOP_NONE] = MLN_HOP_NONE,
};

/* An appliance at an unknown address leads nowhere, but its prefix is in VirtualNetwork like any
 * other. */
static void add_routes(struct placing *p, struct mln_zone *zone,
                       const struct mln_deployed_route_table *table)
{
    MLN_VEC(struct mln_prefix) kept = {0};
    for (size_t i = 0; table && i < table->routes.len; i++) {
        const struct mln_deployed_route *route = &table->routes.data[i];
        struct mln_route made = {.span = route->span,
                                 .prefix = route->prefix,
                                 .tag = route->tag,
                                 .hop = hops[route->hop],
                                 .next_hop = route->appliance};
        if (made.hop == MLN_HOP_APPLIANCE && !route->has_appliance)
            made.hop = MLN_HOP_NONE;
        if (route->hop != MLN_NEXT_HOP_LOCAL)
            mln_vec_push(p->ctx->arena, &zone->routes, made);
        else if (!route->tag)
            mln_vec_push(p->ctx->arena, &kept, route->prefix);
    }
    zone->kept = (struct mln_prefix_list){kept.data, kept.len, zone->span};
}

struct mln_nsg *mln_placing_nsg(struct placing *p, size_t nsg, const char *id, const char **unread)
{
    if (nsg == MLN_DEPLOYED_NONE) {
        const char *slash = id ? strrchr(id, '/') : NULL;
        *unread = slash ? slash + 1 : id;
        p->subject->model->has_unread |= id != NULL;
        return NULL;
    }
    const struct mln_imported_nsg *read = p->deployed->nsgs.data[nsg];
    if (!p->nsgs[nsg])
        p->nsgs[nsg] = mln_places_add_nsg(p->ctx, p->subject->model, read->name, read->span);
    return p->nsgs[nsg];
}

static void add_subnet(struct placing *p, struct mln_network *network,
                       const struct mln_deployed_subnet *subnet)
{
    if (!subnet->prefixes.len)
        return; /* nobody knows where it is; its NSG may be anywhere */
    struct mln_zone *zone =
        mln_places_add_zone(p->ctx, p->subject->model, network, subnet->name, subnet->span,
                            subnet->prefixes.data, subnet->prefixes.len);
    add_routes(p, zone, subnet->routes);
    struct subnet_zone made = {subnet, zone};
    mln_vec_push(p->ctx->arena, &p->subnets, made);
    struct mln_nsg *nsg = mln_placing_nsg(p, subnet->nsg, subnet->nsg_id, &zone->unread);
    if (nsg)
        mln_places_govern(p->ctx, nsg, zone);
}

static void add_networks(struct placing *p)
{
    const struct mln_deployed *d = p->deployed;
    for (size_t i = 0; i < d->networks.len; i++) {
        const struct mln_deployed_network *network = d->networks.data[i];
        if (network->prefixes.len)
            p->networks[i] =
                mln_places_add_network(p->ctx, p->subject->model, network->name, network->span,
                                       network->prefixes.data, network->prefixes.len);
    }
    for (size_t i = 0; i < d->networks.len; i++) {
        const struct mln_deployed_network *network = d->networks.data[i];
        struct mln_network *made = network_of(p, network);
        for (size_t k = 0; made && k < network->subnets.len; k++)
            add_subnet(p, made, network->subnets.data[k]);
        for (size_t k = 0; made && k < network->peerings.len; k++)
            add_peering(p, made, &network->peerings.data[k]);
    }
}

/* --- NSGs --- */

static void add_asg(struct placing *p, const struct mln_nsg *nsg, const char *name)
{
    struct mln_zone *zone = nsg->zones.data[0];
    if (p->known && !zone->unplaced)
        mln_places_know_asg(p->ctx, p->subject->model, p->known, name, &p->subject->taken);
    mln_places_add_asg(p->ctx, p->subject->model, name, zone);
}

static void add_asgs(struct placing *p, const struct mln_nsg *nsg, const struct mln_rule_vec *rules)
{
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule_side *sides[] = {&rules->data[i]->src, &rules->data[i]->dst};
        for (int s = 0; s < 2; s++)
            if (sides[s]->kind == MLN_SIDE_ASG)
                add_asg(p, nsg, sides[s]->asg->name);
    }
}

/* A name by which questions can tell it from the others. */
static const char *name_alone(struct placing *p, const struct mln_imported_nsg *read, size_t number)
{
    if (*read->name)
        return read->name;
    return number ? mln_printf(p->ctx->arena, "nsg-%zu", number + 1) : "nsg";
}

static void add_nsgs(struct placing *p)
{
    for (size_t i = 0; i < p->deployed->nsgs.len; i++) {
        const struct mln_imported_nsg *read = p->deployed->nsgs.data[i];
        if (!p->nsgs[i])
            p->nsgs[i] =
                mln_places_add_alone(p->ctx, p->subject->model, name_alone(p, read, i), read->span);
    }
    /* In the order of the model: of those that are bound first. */
    struct mln_subject_nsg *out =
        MLN_NEW_ARRAY(p->ctx->arena, struct mln_subject_nsg, p->deployed->nsgs.len + 1);
    struct mln_nsg_rules *rules =
        MLN_NEW_ARRAY(p->ctx->arena, struct mln_nsg_rules, p->deployed->nsgs.len + 1);
    for (size_t i = 0; i < p->deployed->nsgs.len; i++) {
        const struct mln_imported_nsg *read = p->deployed->nsgs.data[i];
        struct mln_subject_nsg *nsg = &out[p->nsgs[i]->index];
        nsg->nsg = p->nsgs[i];
        nsg->incomplete = read->incomplete;
        for (int d = 0; d < MLN_DIRECTIONS; d++) {
            nsg->rules[d] = rules[nsg->nsg->index].rules[d] = read->rules[d];
            nsg->places[d] = read->places[d].data;
            add_asgs(p, nsg->nsg, &nsg->rules[d]);
        }
    }
    p->subject->deployed = rules;
    for (size_t i = 0; i < p->deployed->nsgs.len; i++)
        mln_vec_push(p->ctx->arena, &p->subject->nsgs, out[i]);
}

/* --- the text --- */

static struct mln_deployed_params params(struct mln_cli *cli, const struct mln_inputs *inputs)
{
    struct mln_deployed_params out = {.count = inputs->params.len};
    out.list = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_deployed_param, inputs->params.len);
    for (size_t i = 0; i < inputs->params.len; i++)
        out.list[i] = (struct mln_deployed_param){.name = inputs->params.data[i].name,
                                                  .text = inputs->params.data[i].text};
    return out;
}

static bool read_text(struct mln_cli *cli, const struct mln_inputs *inputs,
                      const struct mln_subject_text *text, struct mln_subject *subject,
                      struct mln_deployed *out)
{
    struct mln_deployed_params given = params(cli, inputs);
    const char *name = strcmp(text->path, "-") == 0 ? "<stdin>" : text->path;
    bool good =
        mln_deployed_read(&cli->ctx, inputs->tags, name, text->text, text->length, &given, out);
    for (size_t i = 0; i < given.count; i++)
        subject->params_used[i] |= given.list[i].used;
    for (size_t i = 0; i < given.declared.len; i++)
        mln_vec_push(cli->ctx.arena, &subject->params, given.declared.data[i]);
    return good;
}

void mln_subject_load_json(struct mln_cli *cli, const struct mln_inputs *inputs,
                           const struct mln_subject_text *texts, size_t count,
                           struct mln_subject *subject)
{
    struct mln_arena *a = cli->ctx.arena;
    unsigned errors = cli->ctx.diags->errors;
    struct mln_deployed deployed = {.several = count > 1};
    bool good = true;
    subject->params_used = MLN_NEW_ARRAY(a, bool, inputs->params.len + 1);
    for (size_t i = 0; i < count; i++)
        good &= read_text(cli, inputs, &texts[i], subject, &deployed);
    subject->kind = deployed.from_template ? MLN_SUBJECT_TEMPLATE : MLN_SUBJECT_NSGS;
    subject->model = empty_model(cli, inputs);
    struct placing p = {.cli = cli,
                        .ctx = &cli->ctx,
                        .deployed = &deployed,
                        .subject = subject,
                        .places = inputs->places,
                        .known = inputs->known,
                        .networks =
                            MLN_NEW_ARRAY(a, struct mln_network *, deployed.networks.len + 1),
                        .nsgs = MLN_NEW_ARRAY(a, struct mln_nsg *, deployed.nsgs.len + 1)};
    if (p.places)
        mln_placing_mirror(&p, p.places);
    else
        add_networks(&p);
    if (p.known)
        mln_placing_complete(&p, p.known);
    mln_placing_nics(&p);
    add_nsgs(&p);
    mln_places_finish(&cli->ctx, subject->model);
    subject->good = good && cli->ctx.diags->errors == errors;
}
