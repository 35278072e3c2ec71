/* The lists of resource firewalls.
 *
 * What is asked for (firewall_asks.c) is written in as many entries as it takes; where that is more
 * than the service takes, net/fit.h widens it, when the resource allows that, by the fewest
 * addresses that are strangers (outside of the tag AzureCloud, whose addresses anybody can rent)
 * and among those by the fewest at all. Private space and what is excepted or denied are barred
 * from any list. */
#include "rules/firewall.h"
#include "azure/legal.h"
#include "rules/firewall_impl.h"

#include <string.h>

bool mln_firewall_has_list(const struct mln_firewall *firewall)
{
    return firewall->state == MLN_FIREWALL_LISTED;
}

bool mln_firewall_is_asked(const struct mln_firewall *firewall)
{
    const struct mln_resource *r = firewall->resource;
    bool words = r->kind->firewall && (mln_kind_firewall_key(r->kind, "public-access") ||
                                       mln_kind_firewall_key(r->kind, "server-access"));
    return mln_firewall_has_list(firewall) || (r->is_public != MLN_PUBLIC_UNSET && words);
}

bool mln_firewall_is_widened(const struct mln_firewall *firewall)
{
    const struct mln_fit *fit = firewall->fit[MLN_IPV4];
    return fit && fit->status == MLN_FIT_OK && (fit->extra.hi || fit->extra.lo);
}

/* --- what the kind takes --- */

static bool takes_ranges(const struct mln_kind *kind)
{
    return kind->firewall_entry && strcmp(kind->firewall_entry, "range") == 0;
}

/* Prefixes that one entry may hold, several to one where the service packs them. */
static size_t per_entry(const struct mln_kind *kind)
{
    long n = mln_kind_firewall_number(kind, "per-entry", 1);
    return n > 1 ? (size_t)n : 1;
}

/* Entries that are taken by tags and, where those stand in the same list, by zones. */
static size_t taken(const struct mln_firewall *fw)
{
    const struct mln_kind *kind = fw->resource->kind;
    size_t tags = (size_t)mln_kind_firewall_number(kind, "service-tags", 1);
    const char *zones = mln_kind_firewall_text(kind, "network-rules");
    bool together = zones && kind->firewall && strcmp(zones, kind->firewall) == 0;
    return (fw->tags.len + tags - 1) / tags + (together ? fw->zones.len : 0);
}

/* Prefixes that still have room; 0: no limit. */
static size_t room(const struct mln_firewall *fw)
{
    if (!fw->limit)
        return 0;
    size_t used = taken(fw);
    return used < fw->limit ? (fw->limit - used) * per_entry(fw->resource->kind) : 0;
}

/* --- the fitted list --- */

static const struct mln_fit *fit(const struct mln_firewall_work *w, int f, size_t limit)
{
    struct mln_arena *a = w->ctx->arena;
    const struct mln_kind *kind = w->resource->kind;
    const struct mln_tag *cloud = mln_tags_find(w->model->options->tags, "AzureCloud");
    const struct mln_fit_options options = {
        .limit = limit,
        .cost = w->model->options->cost,
        .preferred = cloud ? cloud->prefixes[f] : NULL,
        .barred =
            mln_ipset_union(a, w->kept_out[f], mln_azure_private_space(a, (enum mln_family)f)),
        .longest = f == MLN_IPV4 ? (unsigned)mln_kind_firewall_number(kind, "smallest", 0) : 0,
    };
    return takes_ranges(kind) ? mln_fit_ranges(a, w->out->wanted[f], &options)
                              : mln_fit_prefixes(a, w->out->wanted[f], &options);
}

/* Text of a count; counts of IPv4 fit. */
static unsigned long long number(struct mln_count count)
{
    return count.lo;
}

static void help_limit(struct mln_diag *diag, const struct mln_firewall_work *w)
{
    mln_diag_help(diag, "give the resource a private endpoint, or run the jobs in a zone of yours");
    if (takes_ranges(w->resource->kind) || w->out->limit < 400)
        mln_diag_help(diag, "or let fewer sources in");
}

static void report_limit(struct mln_firewall_work *w, const struct mln_fit *exact, size_t limit)
{
    const struct mln_fit *wide = fit(w, exact->family, limit ? limit : 1);
    struct mln_diag *diag = mln_report(
        w->ctx->diags, MLN_D_ALLOWLIST_LIMIT, w->resource->span,
        "the list of '%s' takes %zu entries, but the firewall of a %s takes %zu", w->resource->name,
        exact->len + taken(w->out), w->resource->kind->name, w->out->limit);
    for (size_t i = 0; i < w->resource->firewall_asks.len && i < 4; i++)
        if (w->resource->firewall_asks.data[i].intent->verb == MLN_VERB_ALLOW)
            mln_diag_label(diag, w->resource->firewall_asks.data[i].part->leaf.span,
                           "asked for here");
    mln_diag_note(diag, "it holds %llu addresses, and no shorter list holds exactly these",
                  number(exact->addresses));
    if (limit && wide->status == MLN_FIT_OK)
        mln_diag_help(diag,
                      "write 'widen yes' on the resource: %zu entries then let in %llu further "
                      "addresses, %llu of them outside of Azure",
                      wide->len, number(wide->extra), number(wide->strangers));
    help_limit(diag, w);
    w->out->failed = true;
}

static void report_narrow(struct mln_firewall_work *w, const struct mln_fit *wide)
{
    struct mln_diag *diag = mln_report(
        w->ctx->diags, MLN_D_ALLOWLIST_NARROW, w->resource->span,
        "no list of %zu entries lets in what '%s' asks for and nothing that is denied or private",
        w->out->limit, w->resource->name);
    mln_diag_note(diag, "it takes %zu entries, and %zu at the least however they are widened",
                  wide->lossless, wide->fewest);
    help_limit(diag, w);
    w->out->failed = true;
}

/* IPv6 is written as it is: only IPv4 lists are long. */
static void fit_lists(struct mln_firewall_work *w)
{
    struct mln_firewall *fw = w->out;
    const struct mln_fit *six = fw->fit[MLN_IPV6] = fit(w, MLN_IPV6, 0);
    const struct mln_fit *exact = fw->fit[MLN_IPV4] = fit(w, MLN_IPV4, 0);
    size_t space = room(fw);
    bool fits = !fw->limit || exact->len + six->len <= space;
    if (!fits) {
        size_t limit = space > six->len ? space - six->len : 0;
        if (!w->resource->widen || limit == 0) {
            report_limit(w, exact, limit);
            return;
        }
        fw->fit[MLN_IPV4] = fit(w, MLN_IPV4, limit);
        if (fw->fit[MLN_IPV4]->status != MLN_FIT_OK)
            report_narrow(w, fw->fit[MLN_IPV4]);
    }
    for (int f = 0; f < MLN_FAMILIES; f++)
        fw->lets_in[f] = mln_fit_set(w->ctx->arena, fw->fit[f]);
}

/* --- one resource --- */

static enum mln_firewall_state state_of(const struct mln_resource *r)
{
    if (r->is_public == MLN_PUBLIC_YES)
        return MLN_FIREWALL_OPEN;
    if (r->is_public == MLN_PUBLIC_NO)
        return MLN_FIREWALL_CLOSED;
    for (size_t i = 0; i < r->firewall_asks.len; i++)
        if (r->firewall_asks.data[i].intent->verb == MLN_VERB_ALLOW &&
            !r->firewall_asks.data[i].intent->broken)
            return MLN_FIREWALL_LISTED;
    return r->firewall_zones.len ? MLN_FIREWALL_LISTED : MLN_FIREWALL_CLOSED;
}

static void check_kind(struct mln_firewall_work *w)
{
    const struct mln_kind *kind = w->resource->kind;
    if (kind->firewall && !w->out->zones.len)
        return;
    if (kind->firewall && mln_kind_firewall_text(kind, "network-rules"))
        return;
    struct mln_diag *diag =
        mln_report(w->ctx->diags, MLN_D_NO_FIREWALL, w->resource->span,
                   kind->firewall ? "the firewall of '%s', a %s, takes no subnet"
                                  : "'%s' is a %s, of which no firewall is known",
                   w->resource->name, kind->name);
    for (size_t i = 0; i < w->resource->firewall_asks.len && i < 4; i++)
        mln_diag_label(diag, w->resource->firewall_asks.data[i].part->leaf.span, "asked for here");
    mln_diag_help(diag, "let the source reach a private endpoint, or write 'public yes'");
    w->out->failed = true;
}

static void build(struct mln_ctx *ctx, const struct mln_model *model, struct mln_resource *r)
{
    struct mln_firewall *fw = MLN_NEW(ctx->arena, struct mln_firewall);
    struct mln_firewall_work w = {.ctx = ctx, .model = model, .resource = r, .out = fw};
    *fw = (struct mln_firewall){.resource = r, .state = state_of(r), .known = true};
    fw->cost = model->options->cost;
    fw->limit = r->kind->firewall_limit > 0 ? (size_t)r->kind->firewall_limit : 0;
    for (int f = 0; f < MLN_FAMILIES; f++)
        fw->wanted[f] = fw->lets_in[f] = w.kept_out[f] =
            mln_ipset_empty(ctx->arena, (enum mln_family)f);
    r->firewall = fw;
    if (fw->state != MLN_FIREWALL_LISTED)
        return;
    for (size_t i = 0; i < r->firewall_zones.len; i++)
        mln_vec_push(ctx->arena, &fw->zones, r->firewall_zones.data[i]);
    check_kind(&w);
    mln_firewall_gather(&w);
    mln_firewall_check_region(&w);
    if (fw->known && !fw->failed)
        fit_lists(&w);
}

void mln_firewalls_build(struct mln_ctx *ctx, struct mln_model *model)
{
    for (size_t i = 0; i < model->resources.len; i++)
        build(ctx, model, model->resources.data[i]);
}

/* --- for those who write the lists --- */

static void need_tags(struct mln_ctx *ctx, const struct mln_resource *r)
{
    struct mln_diag *diag = mln_report(ctx->diags, MLN_D_TAGS_NEEDED, r->span,
                                       "the list of '%s' needs a service-tag file", r->name);
    for (size_t k = 0; k < r->firewall_asks.len && k < 4; k++)
        if (!r->firewall_asks.data[k].set[MLN_IPV4])
            mln_diag_label(diag, r->firewall_asks.data[k].part->leaf.span,
                           "these addresses are published every week");
    mln_diag_help(diag, "download 'Azure IP Ranges and Service Tags' from Microsoft's Download "
                        "Center and give it with --tags=FILE");
}

static void note_widened(struct mln_ctx *ctx, const struct mln_resource *r)
{
    const struct mln_fit *wide = r->firewall->fit[MLN_IPV4];
    struct mln_diag *diag = mln_report(ctx->diags, MLN_D_ALLOWLIST_WIDENED, r->span,
                                       "the list of '%s' is widened from %zu entries to %zu",
                                       r->name, wide->lossless, wide->len);
    mln_diag_note(diag,
                  "it lets in %llu addresses besides the %llu asked for, %llu of them outside of "
                  "Azure",
                  number(wide->extra), number(wide->addresses), number(wide->strangers));
    mln_diag_note(diag,
                  r->firewall->cost == MLN_FIT_TOTAL
                      ? "no list of that length lets in fewer"
                      : "no list of that length lets in fewer from outside of Azure, and none "
                        "that lets in so few of those lets in fewer at all");
}

static void note_preview(struct mln_ctx *ctx, const struct mln_resource *r)
{
    const char *api = mln_kind_firewall_text(r->kind, "own-api");
    if (!api || !strstr(api, "preview"))
        return;
    struct mln_diag *diag =
        mln_report(ctx->diags, MLN_D_PREVIEW_FIREWALL, r->span,
                   "the firewall of '%s' is in the preview API %s only", r->name, api);
    if (mln_kind_firewall_yes(r->kind, "after-create"))
        mln_diag_note(diag, "it takes two steps: make the %s first, then set its list",
                      r->kind->name);
}

void mln_firewalls_check_lists(struct mln_ctx *ctx, const struct mln_model *model)
{
    for (size_t i = 0; i < model->resources.len; i++) {
        const struct mln_resource *r = model->resources.data[i];
        if (!r->firewall || r->firewall->failed || !mln_firewall_has_list(r->firewall))
            continue;
        mln_firewall_note_region(ctx, r);
        note_preview(ctx, r);
        if (!r->firewall->known)
            need_tags(ctx, r);
        else if (mln_firewall_is_widened(r->firewall))
            note_widened(ctx, r);
    }
    mln_note_agents(ctx, model);
}
