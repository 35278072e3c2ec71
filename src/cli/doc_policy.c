/* A policy as documentation: for reviewers who do not read the language. Everything comes from the
 * model, so parameters are replaced and templates applied; notes are the comments above a
 * declaration. */
#include "cli/doc.h"
#include "lang/comment.h"
#include <string.h>

static const char *note_of(struct mln_cli *cli, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    const char *comment = source ? mln_comment_above(cli->ctx.arena, source, span.lo) : NULL;
    return comment ? mln_comment_summary(cli->ctx.arena, comment) : "";
}

static const char *prefixes_text(struct mln_cli *cli, const struct mln_prefix_list *list)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_buf_add(&out, "");
    for (size_t i = 0; i < list->len; i++) {
        char text[MLN_IP_TEXT];
        mln_prefix_text(&list->data[i], text);
        mln_buf_printf(&out, "%s%s", i ? ", " : "", text);
    }
    return out.data;
}

/* ---- where things are ---- */

static void write_networks(struct mln_cli *cli, const struct mln_model *model,
                           struct mln_page *page)
{
    static const char *const titles[] = {"network", "address space", "region", "peered with",
                                         "what it is"};
    if (model->networks.len == 0)
        return;
    mln_page_heading(page, 2, "Networks");
    mln_page_table(page, titles, 5);
    for (size_t i = 0; i < model->networks.len; i++) {
        const struct mln_network *network = model->networks.data[i];
        struct mln_buf peers;
        mln_buf_init(&peers, cli->ctx.arena);
        mln_buf_add(&peers, "");
        for (size_t j = 0; j < network->peers.len; j++)
            mln_buf_printf(&peers, "%s%s", j ? ", " : "", network->peers.data[j]->name);
        const char *const cells[] = {network->name, prefixes_text(cli, &network->prefixes),
                                     network->region ? network->region : "", peers.data,
                                     note_of(cli, network->span)};
        mln_page_row(page, cells, 5);
    }
    mln_page_end(page);
}

static const char *default_text(enum mln_default_kind kind)
{
    return kind == MLN_DEFAULT_ALLOW   ? "allow"
           : kind == MLN_DEFAULT_AZURE ? "Azure's default rules"
                                       : "deny";
}

static void write_zones(struct mln_cli *cli, const struct mln_model *model, struct mln_page *page)
{
    static const char *const titles[] = {"zone", "prefixes", "NSG",       "role",
                                         "in",   "out",      "what it is"};
    if (model->zones.len == 0)
        return;
    mln_page_heading(page, 2, "Zones");
    mln_page_text(page, "'in' and 'out' are what happens to packets that no intent speaks of.");
    mln_page_table(page, titles, 7);
    for (size_t i = 0; i < model->zones.len; i++) {
        const struct mln_zone *zone = model->zones.data[i];
        const char *in = zone->nsg ? default_text(zone->defaults[MLN_INBOUND]) : "";
        const char *out = zone->nsg ? default_text(zone->defaults[MLN_OUTBOUND]) : "";
        const char *const cells[] = {zone->display,
                                     prefixes_text(cli, &zone->prefixes),
                                     zone->nsg ? zone->nsg->name : "none",
                                     mln_role_names[zone->role],
                                     in,
                                     out,
                                     note_of(cli, zone->span)};
        mln_page_row(page, cells, 7);
    }
    mln_page_end(page);
}

static void write_externals(struct mln_cli *cli, const struct mln_model *model,
                            struct mln_page *page)
{
    static const char *const titles[] = {"external", "addresses", "host names", "what it is"};
    bool titled = false;
    for (size_t i = 0; i < model->externals.len; i++) {
        const struct mln_external *external = model->externals.data[i];
        const struct mln_source *source = mln_source_get(cli->ctx.diags, external->span.file);
        if (source && source->library)
            continue;
        if (!titled) {
            mln_page_heading(page, 2, "Externals");
            mln_page_table(page, titles, 4);
            titled = true;
        }
        struct mln_buf hosts;
        mln_buf_init(&hosts, cli->ctx.arena);
        mln_buf_add(&hosts, "");
        for (size_t j = 0; j < external->hosts.len; j++)
            mln_buf_printf(&hosts, "%s%s", j ? ", " : "", external->hosts.data[j]);
        const char *const cells[] = {external->name, prefixes_text(cli, &external->prefixes),
                                     hosts.data, note_of(cli, external->span)};
        mln_page_row(page, cells, 4);
    }
    mln_page_end(page);
}

/* ---- resources ---- */

static const char *endpoints_text(struct mln_cli *cli, const struct mln_resource *resource)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_buf_add(&out, "");
    for (size_t i = 0; i < resource->endpoints.len; i++) {
        const struct mln_endpoint *endpoint = resource->endpoints.data[i];
        mln_buf_printf(&out, "%s%s in %s", i ? ", " : "", endpoint->sub->name,
                       endpoint->zone->display);
        if (endpoint->at.len)
            mln_buf_printf(&out, " at %s", prefixes_text(cli, &endpoint->at));
    }
    return out.data;
}

static void write_resources(struct mln_cli *cli, const struct mln_model *model,
                            struct mln_page *page)
{
    static const char *const titles[] = {"resource", "kind", "private endpoints", "public",
                                         "what it is"};
    static const char *const is_public[] = {
        [MLN_PUBLIC_UNSET] = "as intents ask", [MLN_PUBLIC_NO] = "no", [MLN_PUBLIC_YES] = "yes"};
    if (model->resources.len == 0)
        return;
    mln_page_heading(page, 2, "Resources");
    mln_page_table(page, titles, 5);
    for (size_t i = 0; i < model->resources.len; i++) {
        const struct mln_resource *resource = model->resources.data[i];
        const char *const cells[] = {resource->name, resource->kind->name,
                                     endpoints_text(cli, resource), is_public[resource->is_public],
                                     note_of(cli, resource->span)};
        mln_page_row(page, cells, 5);
    }
    mln_page_end(page);
}

/* ---- intents ---- */

/* "policy.mlp:12", and through which template */
static const char *place_of(struct mln_cli *cli, const struct mln_intent *intent)
{
    const struct mln_apply_frame *frame = intent->frame;
    struct mln_span span = intent->span;
    while (frame && frame->outer)
        frame = frame->outer;
    if (frame)
        span = frame->span;
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    const char *name = strrchr(source->name, '/');
    const char *where = mln_printf(cli->ctx.arena, "%s:%u", name ? name + 1 : source->name,
                                   mln_line_of(cli->ctx.diags, span.file, span.lo));
    return frame ? mln_printf(cli->ctx.arena, "%s, %s", where, frame->template_name) : where;
}

static const char *reason_of(struct mln_cli *cli, const struct mln_intent *intent)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_buf_add(&out, intent->because ? intent->because : note_of(cli, intent->span));
    if (intent->owner)
        mln_buf_printf(&out, "%sowner %s", out.len ? "; " : "", intent->owner);
    if (intent->has_until)
        mln_buf_printf(&out, "%suntil %04d-%02d-%02d", out.len ? "; " : "", intent->until.year,
                       intent->until.month, intent->until.day);
    return out.data;
}

static void write_intent(struct mln_cli *cli, const struct mln_intent *intent,
                         struct mln_page *page)
{
    static const char *const verbs[] = {[MLN_VERB_ALLOW] = "allow",
                                        [MLN_VERB_DENY] = "deny",
                                        [MLN_VERB_FORBID] = "forbid",
                                        [MLN_VERB_ASSERT_ALLOW] = "allow",
                                        [MLN_VERB_ASSERT_DENY] = "deny"};
    const char *from = intent->within ? "within" : intent->from->text;
    const char *const cells[] = {intent->named ? intent->name : "",
                                 verbs[intent->verb],
                                 intent->service_text,
                                 from,
                                 intent->to->text,
                                 reason_of(cli, intent),
                                 place_of(cli, intent)};
    mln_page_row(page, cells, 7);
}

static void write_intents(struct mln_cli *cli, const char *title, struct mln_intent *const *intents,
                          size_t count, struct mln_page *page)
{
    static const char *const titles[] = {"name", "verb", "service", "from", "to", "why", "where"};
    if (count == 0)
        return;
    mln_page_heading(page, 2, title);
    mln_page_table(page, titles, 7);
    for (size_t i = 0; i < count; i++)
        write_intent(cli, intents[i], page);
    mln_page_end(page);
}

void mln_doc_policy(struct mln_cli *cli, const struct mln_compilation *policy,
                    struct mln_page *page)
{
    const struct mln_model *model = policy->model;
    const struct mln_module *root = policy->modules.data[policy->modules.len - 1];
    const struct mln_source *source = mln_source_get(cli->ctx.diags, root->file->source);
    const char *head = mln_comment_head(cli->ctx.arena, source);
    const char *slash = strrchr(source->name, '/');
    mln_page_heading(page, 1, slash ? slash + 1 : source->name);
    if (head)
        mln_comment_write(page, head);
    write_networks(cli, model, page);
    write_zones(cli, model, page);
    write_externals(cli, model, page);
    write_resources(cli, model, page);
    write_intents(cli, "Intents", model->intents.data, model->intents.len, page);
    write_intents(cli, "Assertions", model->assertions.data, model->assertions.len, page);
}
