/* mlnsgc reach: who can reach what. */
#include "cli/reach.h"

#include "cli/report.h"
#include "policy/question.h"
#include "prove/firewall.h"

/* ---- rows and columns ---- */

struct listing {
    struct mln_cli *cli;
    struct mln_reach_table *table;
    struct mln_reach_end_vec *out;
    bool to; /* columns: resources too */
    bool good;
};

static bool same_end(const struct mln_reach_end *x, const struct mln_reach_end *y)
{
    return x->kind == y->kind && x->zone == y->zone && x->asg == y->asg &&
           x->external == y->external && x->tag == y->tag && x->endpoint == y->endpoint &&
           x->resource == y->resource;
}

static void add_end(struct listing *l, struct mln_reach_end end)
{
    for (size_t i = 0; i < l->out->len; i++)
        if (same_end(&l->out->data[i], &end))
            return;
    mln_vec_push(l->cli->ctx.arena, l->out, end);
}

static void add_zone(struct listing *l, const struct mln_zone *zone)
{
    add_end(l, (struct mln_reach_end){.kind = MLN_REACH_ZONE, .name = zone->display, .zone = zone});
}

static void add_tag(struct listing *l, const struct mln_tag *tag)
{
    add_end(l, (struct mln_reach_end){.kind = MLN_REACH_TAG, .name = tag->name, .tag = tag});
}

static void add_external(struct listing *l, const struct mln_external *external)
{
    add_end(l, (struct mln_reach_end){
                   .kind = MLN_REACH_EXTERNAL, .name = external->name, .external = external});
}

static void add_endpoint(struct listing *l, const struct mln_endpoint *endpoint)
{
    const char *name =
        mln_printf(l->cli->ctx.arena, "%s.%s", endpoint->resource->name, endpoint->sub->name);
    add_end(l, (struct mln_reach_end){.kind = MLN_REACH_ENDPOINT,
                                      .name = name,
                                      .zone = endpoint->zone,
                                      .endpoint = endpoint});
}

/* Its endpoints, and its public side where that lets anybody in or is all there is. */
static void add_resource(struct listing *l, const struct mln_resource *resource)
{
    for (size_t i = 0; i < resource->endpoints.len; i++)
        add_endpoint(l, resource->endpoints.data[i]);
    if (resource->endpoints.len && mln_way_is_closed(resource))
        return;
    const char *name = resource->name;
    if (resource->endpoints.len)
        name = mln_printf(l->cli->ctx.arena, "%s (public)", name);
    add_end(l,
            (struct mln_reach_end){.kind = MLN_REACH_PUBLIC, .name = name, .resource = resource});
}

static const struct mln_tag *virtual_tag(const struct listing *l, const char *name)
{
    return mln_tags_find(l->table->subject.model->options->tags, name);
}

static void add_everything(struct listing *l)
{
    const struct mln_model *model = l->table->subject.model;
    bool unplaced = false;
    for (size_t i = 0; i < model->zones.len; i++) {
        if (!model->zones.data[i]->nic || !mln_nic_is_plain(model->zones.data[i]->nic))
            add_zone(l, model->zones.data[i]);
        unplaced |= model->zones.data[i]->unplaced;
    }
    for (size_t i = 0; i < model->externals.len; i++)
        add_external(l, model->externals.data[i]);
    for (size_t i = 0; l->to && i < model->resources.len; i++)
        add_resource(l, model->resources.data[i]);
    if (unplaced)
        add_tag(l, virtual_tag(l, "VirtualNetwork"));
    add_tag(l, virtual_tag(l, "Internet"));
}

static void add_leaf(struct listing *l, const struct mln_leaf *leaf)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        add_everything(l);
        break;
    case MLN_LEAF_NETWORK:
        for (size_t i = 0; i < leaf->network->zones.len; i++)
            add_zone(l, leaf->network->zones.data[i]);
        break;
    case MLN_LEAF_ZONE:
        add_zone(l, leaf->zone);
        break;
    case MLN_LEAF_ASG:
        add_end(l, (struct mln_reach_end){.kind = MLN_REACH_ASG,
                                          .name = leaf->asg->name,
                                          .zone = leaf->asg->zone,
                                          .asg = leaf->asg});
        break;
    case MLN_LEAF_EXTERNAL:
        add_external(l, leaf->external);
        break;
    case MLN_LEAF_TAG:
        add_tag(l, leaf->tag);
        break;
    case MLN_LEAF_RESOURCE:
        add_resource(l, leaf->resource);
        break;
    case MLN_LEAF_ENDPOINT:
        add_endpoint(l, leaf->endpoint);
        break;
    case MLN_LEAF_PREFIX:
    case MLN_LEAF_HOSTED_AGENTS:
        mln_report(l->cli->ctx.diags, MLN_D_NOT_AN_END, leaf->span,
                   "this is no row or column of its own");
        l->good = false;
        break;
    }
}

static bool add_side(struct listing *l, const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++) {
        if (side->parts[i].minus_len) {
            mln_report(l->cli->ctx.diags, MLN_D_NOT_AN_END, side->parts[i].leaf.span,
                       "'except' makes no row or column of its own");
            return false;
        }
        add_leaf(l, &side->parts[i].leaf);
    }
    return l->good;
}

bool mln_reach_ends(struct mln_cli *cli, struct mln_reach_table *table)
{
    const struct mln_options *o = &cli->options;
    const struct mln_question_words words = {
        .services = "any", .from = o->from ? o->from : "any", .to = o->to ? o->to : "any"};
    struct listing from = {cli, table, &table->from, false, true};
    struct listing to = {cli, table, &table->to, true, true};
    if (!o->from)
        add_everything(&from);
    if (!o->to)
        add_everything(&to);
    if (!o->from && !o->to)
        return true;
    const struct mln_intent *question = mln_question_build(&cli->ctx, table->subject.model, &words);
    return question && (!o->from || add_side(&from, question->from)) &&
           (!o->to || add_side(&to, question->to));
}

/* ---- the command ---- */

static void fill(struct mln_cli *cli, struct mln_reach_table *table)
{
    struct mln_assert_world *world = MLN_NEW(cli->ctx.arena, struct mln_assert_world);
    *world = (struct mln_assert_world){
        .ctx = &cli->ctx, .model = table->subject.model, .deployed = table->subject.deployed};
    struct mln_reach *reach = mln_reach_new(world);
    table->cells =
        MLN_NEW_ARRAY(cli->ctx.arena, struct mln_reach_cell, table->from.len * table->to.len);
    for (size_t i = 0; i < table->from.len; i++)
        for (size_t k = 0; k < table->to.len; k++)
            mln_reach_decide(reach, &table->from.data[i], &table->to.data[k],
                             &table->cells[i * table->to.len + k]);
    mln_service_names_make(&cli->ctx, table->subject.model, &table->names);
}

static struct mln_reach_table *run_one(struct mln_cli *cli, const struct mln_inputs *inputs,
                                       const char *path)
{
    struct mln_reach_table *table = MLN_NEW(cli->ctx.arena, struct mln_reach_table);
    table->path = path;
    if (!inputs)
        return table;
    mln_subject_load(cli, inputs, path, &table->subject);
    double clock = mln_cli_clock();
    table->good = table->subject.good && mln_reach_ends(cli, table);
    if (!table->good)
        table->from.len = table->to.len = 0;
    if (table->good)
        fill(cli, table);
    mln_cli_tell_time(cli, "reach", path, &clock);
    return table;
}

struct mln_cli mln_reach_aside(const struct mln_cli *cli)
{
    struct mln_cli aside = *cli;
    aside.ctx.arena = mln_arena_new();
    return aside;
}

static void print(struct mln_cli *cli, const struct mln_reach_table_vec *tables)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    switch (cli->options.format) {
    case MLN_PRINT_MD:
        mln_reach_print_md(cli, tables, &out);
        break;
    case MLN_PRINT_CSV:
        mln_reach_print_csv(cli, tables, &out);
        break;
    case MLN_PRINT_JSON:
        mln_reach_print_json(cli, tables, &out);
        break;
    default:
        mln_reach_print_text(cli, tables, &out);
        break;
    }
    mln_cli_write(cli, stdout, out.data ? out.data : "", out.len);
}

void mln_reach_command(struct mln_cli *cli)
{
    struct mln_reach_table_vec tables = {0};
    if (!mln_inputs_agree(cli))
        return;
    mln_report_configure(cli);
    struct mln_inputs inputs;
    bool good = mln_inputs_read(cli, &inputs);
    for (size_t i = 0; i < cli->options.inputs.len; i++) {
        struct mln_reach_table *table =
            run_one(cli, good ? &inputs : NULL, cli->options.inputs.data[i]);
        mln_vec_push(cli->ctx.arena, &tables, table);
    }
    print(cli, &tables);
    mln_report_finish(cli, stderr);
}
