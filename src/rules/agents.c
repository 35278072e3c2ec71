/* Microsoft-hosted agents: which tags their regions are, and what their list cannot do.
 *
 * Their addresses are those of `AzureCloud.REGION` for every region of the organisation's
 * geography [azure-devops-docs, pipelines/agents/hosted.md]; the tag AzureDevOps holds those of the
 * service, and agents for macOS run in GitHub's network. A request to a storage account from its
 * own region arrives from a private address, so no list lets it in [azure-docs,
 * storage-network-security-limitations.md]. */
#include "rules/firewall_impl.h"

#include <string.h>

const struct mln_tag *mln_agents_tag(const struct mln_tags *tags, const char *region)
{
    const struct mln_tag *cloud = mln_tags_find(tags, "AzureCloud");
    return cloud ? mln_tags_regional(tags, cloud, region) : NULL;
}

/* --- an intent that names them --- */

static bool check_regions(struct mln_ctx *ctx, const struct mln_model *model,
                          const struct mln_leaf *leaf)
{
    const struct mln_tags *tags = model->options->tags;
    for (size_t i = 0; i < leaf->geography->regions.len; i++) {
        const char *region = leaf->geography->regions.data[i];
        if (mln_agents_tag(tags, region))
            continue;
        struct mln_diag *diag = mln_report(
            ctx->diags, MLN_D_AGENT_REGION, leaf->span,
            "hosted-agents.%s has the region '%s', but %s has no tag AzureCloud.%s",
            leaf->geography->name, region,
            mln_tags_have_prefixes(tags) ? "the service-tag file" : "the catalogue of this cloud",
            region);
        mln_diag_label(diag, leaf->geography->span, "'%s' is declared here", leaf->geography->name);
        mln_diag_help(diag, "take a newer service-tag file, or declare a geography of your own");
        return false;
    }
    return true;
}

static bool has_region(const struct mln_geography *g, const char *region)
{
    for (size_t i = 0; i < g->regions.len; i++)
        if (strcmp(g->regions.data[i], region) == 0)
            return true;
    return false;
}

/* A fallback of `brazil` is called `brazil-...` and holds all of it. */
static bool is_fallback(const struct mln_geography *of, const struct mln_geography *g)
{
    size_t length = strlen(of->name);
    if (strncmp(g->name, of->name, length) != 0 || g->name[length] != '-')
        return false;
    for (size_t i = 0; i < of->regions.len; i++)
        if (!has_region(g, of->regions.data[i]))
            return false;
    return true;
}

static void note_fallback(struct mln_ctx *ctx, const struct mln_model *model,
                          const struct mln_leaf *leaf)
{
    for (size_t i = 0; i < model->geographies.len; i++) {
        const struct mln_geography *g = model->geographies.data[i];
        if (!is_fallback(leaf->geography, g))
            continue;
        struct mln_diag *diag = mln_report(
            ctx->diags, MLN_D_AGENT_FALLBACK, leaf->span,
            "agents of some organisations in '%s' run in regions outside of it when it is short "
            "of room",
            leaf->geography->name);
        mln_diag_help(diag, "name hosted-agents.%s where that concerns you", g->name);
    }
}

static void note_macos(struct mln_ctx *ctx, const struct mln_leaf *leaf)
{
    struct mln_diag *diag =
        mln_report(ctx->diags, MLN_D_MACOS_AGENTS, leaf->span,
                   "agents for macOS are not among hosted-agents.%s", leaf->geography->name);
    mln_diag_note(diag, "they run in GitHub's network, which no service tag holds");
    mln_diag_help(diag, "add them from GitHub's metadata: --github-meta=FILE");
}

bool mln_check_agents(struct mln_ctx *ctx, const struct mln_model *model,
                      const struct mln_intent *intent)
{
    bool good = true;
    for (size_t i = 0; i < intent->from->len; i++)
        if (intent->from->parts[i].leaf.kind == MLN_LEAF_HOSTED_AGENTS)
            good &= check_regions(ctx, model, &intent->from->parts[i].leaf);
    return good;
}

void mln_note_agents(struct mln_ctx *ctx, const struct mln_model *model)
{
    struct mln_map *noted = mln_map_new(ctx->arena);
    for (size_t i = 0; i < model->intents.len; i++) {
        const struct mln_intent *intent = model->intents.data[i];
        if (intent->verb != MLN_VERB_ALLOW || intent->broken)
            continue;
        for (size_t k = 0; k < intent->from->len; k++) {
            const struct mln_leaf *leaf = &intent->from->parts[k].leaf;
            if (leaf->kind != MLN_LEAF_HOSTED_AGENTS || mln_map_get(noted, leaf->geography->name))
                continue;
            mln_map_put(noted, leaf->geography->name, leaf->geography);
            note_fallback(ctx, model, leaf);
            if (model->options->macos.len == 0)
                note_macos(ctx, leaf);
        }
    }
}

/* --- a resource in a region that sources are in --- */

static bool in_region(const struct mln_firewall_work *w, const struct mln_firewall_ask *ask,
                      const char *region)
{
    const struct mln_leaf *leaf = &ask->part->leaf;
    if (ask->zone)
        return ask->zone->network->region && strcmp(ask->zone->network->region, region) == 0;
    if (leaf->kind == MLN_LEAF_TAG)
        return leaf->tag->region && strcmp(leaf->tag->region, region) == 0;
    for (size_t i = 0; leaf->kind == MLN_LEAF_HOSTED_AGENTS && i < leaf->geography->regions.len;
         i++) {
        const struct mln_tag *tag =
            mln_agents_tag(w->model->options->tags, leaf->geography->regions.data[i]);
        if (tag && tag->region && strcmp(tag->region, region) == 0)
            return true;
    }
    return false;
}

static void report_same_region(const struct mln_firewall_work *w,
                               const struct mln_firewall_ask *ask)
{
    const struct mln_resource *r = w->resource;
    bool agents = ask->part->leaf.kind == MLN_LEAF_HOSTED_AGENTS && !ask->zone;
    struct mln_diag *diag =
        mln_report(w->ctx->diags, MLN_D_SAME_REGION, ask->part->leaf.span,
                   "the firewall of '%s' cannot let in %s that are in its own region, %s", r->name,
                   agents      ? "hosted agents"
                   : ask->zone ? "public addresses of a zone"
                               : "addresses of a tag",
                   r->region);
    mln_diag_label(diag, r->span, "'%s' is declared here", r->name);
    mln_diag_note(diag,
                  "a request from the resource's own region arrives from a private address, "
                  "which no list holds%s",
                  agents ? "; the agent's region changes from run to run, so pipelines fail now "
                           "and then"
                         : "");
    if (agents) {
        mln_diag_help(diag, "move the resource to a region outside of hosted-agents.%s",
                      ask->part->leaf.geography->name);
        mln_diag_help(diag,
                      "or run the jobs in a zone of yours (Managed DevOps Pools, a scale set, "
                      "agents of your own) with its service endpoint or a private endpoint");
    } else
        mln_diag_help(diag, "give the zone its service endpoint, or the resource a private "
                            "endpoint");
}

static bool other_region_only(const struct mln_resource *r)
{
    const char *effect = mln_kind_firewall_text(r->kind, "same-region");
    return effect && strcmp(effect, "no") == 0;
}

void mln_firewall_check_region(const struct mln_firewall_work *w)
{
    const struct mln_resource *r = w->resource;
    for (size_t i = 0; r->region && other_region_only(r) && i < r->firewall_asks.len; i++) {
        const struct mln_firewall_ask *ask = &r->firewall_asks.data[i];
        if (ask->intent->verb == MLN_VERB_ALLOW && in_region(w, ask, r->region))
            report_same_region(w, ask);
    }
}

void mln_firewall_note_region(struct mln_ctx *ctx, const struct mln_resource *r)
{
    for (size_t i = 0; !r->region && other_region_only(r) && i < r->firewall_asks.len; i++) {
        const struct mln_firewall_ask *ask = &r->firewall_asks.data[i];
        if (ask->intent->verb != MLN_VERB_ALLOW || ask->part->leaf.kind != MLN_LEAF_HOSTED_AGENTS)
            continue;
        struct mln_diag *diag =
            mln_report(ctx->diags, MLN_D_REGION_MATTERS, r->span,
                       "the region of '%s' is not given: its firewall cannot let in hosted agents "
                       "of its own region",
                       r->name);
        mln_diag_help(diag, "write 'region NAME' on the resource, so that this can be checked");
        return;
    }
}
