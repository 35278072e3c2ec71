/* What intents ask of one resource's firewall, put together.
 *
 * Every allow is a set of addresses; denies and forbids are what is taken out of it. An allow that
 * overrides nothing loses all of them, so their union is made once; only allows with `overrides`
 * are looked at deny by deny. A firewall knows addresses and no ports: a deny of some of the ports
 * that allows open cannot be written, and is an error. */
#include "azure/legal.h"
#include "rules/end.h"
#include "rules/firewall_impl.h"

#include <string.h>

/* --- services --- */

static bool is_allow(const struct mln_firewall_ask *ask)
{
    return ask->intent->verb == MLN_VERB_ALLOW;
}

static bool same_services(const struct mln_services *x, const struct mln_services *y)
{
    if (x->len != y->len)
        return false;
    for (size_t i = 0; i < x->len; i++)
        if (x->items[i].protos != y->items[i].protos ||
            !mln_portset_equal(x->items[i].sport, y->items[i].sport) ||
            !mln_portset_equal(x->items[i].dport, y->items[i].dport))
            return false;
    return true;
}

/* What allows open of what the resource speaks: all that comes through a firewall that lets a
 * source in. */
static struct mln_services opened(const struct mln_firewall_work *w)
{
    struct mln_arena *a = w->ctx->arena;
    struct mln_services spoken = {0}, out = {0};
    for (size_t i = 0; i < w->resource->kind->endpoints.len; i++)
        spoken = mln_services_union(a, &spoken, &w->resource->kind->endpoints.data[i]->ports);
    const struct mln_intent *last = NULL;
    for (size_t i = 0; i < w->resource->firewall_asks.len; i++) {
        const struct mln_firewall_ask *ask = &w->resource->firewall_asks.data[i];
        if (is_allow(ask) && ask->intent != last)
            out = mln_services_union(a, &out, &ask->intent->services);
        last = ask->intent;
    }
    return spoken.len ? mln_services_intersect(a, &out, &spoken) : out;
}

/* --- denies and forbids --- */

struct cut {
    const struct mln_firewall_ask *ask;
    struct mln_known_set set;
};
MLN_VEC_TYPE(cut_vec, struct cut);
MLN_VEC_TYPE(range_vec, struct mln_range);

/* The work on one resource. */
struct gathering {
    struct mln_firewall_work *w;
    struct cut_vec cuts;
    struct mln_known_set common, forbids; /* what all of them take away; what forbids do */
    struct mln_map *by_name;              /* sources */
    const struct mln_intent *allow;       /* at work, with what its parts ask for: */
    struct range_vec before[MLN_FAMILIES], after[MLN_FAMILIES];
    struct range_vec all[MLN_FAMILIES]; /* what is let in */
    struct range_vec excepted[MLN_FAMILIES];
};

static void report_ports(const struct mln_firewall_work *w, const struct mln_firewall_ask *ask)
{
    struct mln_diag *diag =
        mln_report(w->ctx->diags, MLN_D_FIREWALL_PORTS, ask->intent->service_span,
                   "the firewall of '%s' knows no ports: it cannot deny '%s' and let others in",
                   w->resource->name, ask->intent->service_text);
    mln_diag_label(diag, w->resource->span, "'%s' is declared here", w->resource->name);
    mln_diag_help(diag, "deny every service that is allowed, or none");
    w->out->failed = true;
}

static void collect_cuts(struct mln_firewall_work *w, struct cut_vec *out)
{
    struct mln_arena *a = w->ctx->arena;
    struct mln_services open = opened(w);
    for (size_t i = 0; i < w->resource->firewall_asks.len; i++) {
        const struct mln_firewall_ask *ask = &w->resource->firewall_asks.data[i];
        if (is_allow(ask) || ask->intent->broken)
            continue;
        struct mln_services common = mln_services_intersect(a, &open, &ask->intent->services);
        if (common.len == 0)
            continue;
        if (!same_services(&common, &open)) {
            report_ports(w, ask);
            continue;
        }
        const struct cut cut = {ask, mln_ask_set(w, ask)};
        mln_vec_push(a, out, cut);
    }
}

static bool overridden(const struct mln_intent *allow, const struct mln_intent *deny)
{
    for (size_t i = 0; i < allow->overrides.len; i++)
        if (allow->overrides.data[i] == deny)
            return true;
    return false;
}

static bool far_apart(const struct mln_known_set *x, const struct mln_known_set *y, int f)
{
    return x->known && y->known && !mln_ipset_overlaps(x->set[f], y->set[f]);
}

/* The union of the cuts that bind the allow, of which `within` is all that matters; NULL stands for
 * one without `overrides`, and for everything. One sort, however many there are. */
static struct mln_known_set binding(const struct mln_firewall_work *w, const struct cut_vec *cuts,
                                    const struct mln_intent *allow,
                                    const struct mln_known_set *within, bool forbids_only)
{
    struct mln_arena *a = w->ctx->arena;
    struct mln_known_set out = mln_known_nothing(a);
    for (int f = 0; f < MLN_FAMILIES; f++) {
        MLN_VEC(struct mln_range) ranges = {0};
        for (size_t i = 0; i < cuts->len; i++) {
            const struct mln_intent *deny = cuts->data[i].ask->intent;
            if (deny->verb != MLN_VERB_FORBID &&
                (forbids_only || (allow && overridden(allow, deny))))
                continue;
            if (within && far_apart(&cuts->data[i].set, within, f))
                continue;
            out.known &= cuts->data[i].set.known;
            const struct mln_ipset *set = cuts->data[i].set.set[f];
            for (size_t k = 0; k < set->len; k++)
                mln_vec_push(a, &ranges, set->ranges[k]);
        }
        out.set[f] = mln_ipset_from_ranges(a, (enum mln_family)f, ranges.data, ranges.len);
    }
    return out;
}

/* --- what denies do to an allow --- */

static bool is_empty(const struct mln_known_set *s)
{
    return s->set[MLN_IPV4]->len == 0 && s->set[MLN_IPV6]->len == 0;
}

static bool equal(const struct mln_known_set *x, const struct mln_known_set *y)
{
    return mln_ipset_equal(x->set[MLN_IPV4], y->set[MLN_IPV4]) &&
           mln_ipset_equal(x->set[MLN_IPV6], y->set[MLN_IPV6]);
}

/* An address that was taken away. */
struct example {
    enum mln_family family;
    struct mln_ip ip;
};

static struct example first_gone(struct mln_arena *a, const struct mln_known_set *before,
                                 const struct mln_known_set *after)
{
    struct mln_known_set gone = *before;
    mln_known_subtract(a, &gone, after);
    int f = gone.set[MLN_IPV4]->len ? MLN_IPV4 : MLN_IPV6;
    return (struct example){(enum mln_family)f, gone.set[f]->ranges[0].lo};
}

/* What takes it away, of those with the verb. */
static const struct cut *find_cut(const struct cut_vec *cuts, const struct mln_intent *allow,
                                  const struct example *example, enum mln_verb verb)
{
    for (size_t i = 0; i < cuts->len; i++) {
        const struct mln_intent *deny = cuts->data[i].ask->intent;
        if (deny->verb == verb && !overridden(allow, deny) &&
            mln_ipset_contains(cuts->data[i].set.set[example->family], example->ip))
            return &cuts->data[i];
    }
    return NULL;
}

static enum mln_diag_id finding(bool whole, bool forbid, bool by_name)
{
    if (forbid)
        return whole ? MLN_D_FORBIDDEN : by_name ? MLN_D_PARTLY_FORBIDDEN : MLN_D_TOUCHES_FORBID;
    return whole ? MLN_D_SWALLOWED : MLN_D_PARTLY_CUT;
}

static void report_cut(const struct mln_firewall_work *w, const struct mln_intent *allow,
                       const struct cut_vec *cuts, const struct mln_known_set *before,
                       const struct mln_known_set *after, enum mln_verb by)
{
    struct mln_arena *a = w->ctx->arena;
    const struct example example = first_gone(a, before, after);
    const struct cut *cut = find_cut(cuts, allow, &example, by);
    if (!cut)
        return;
    const struct mln_intent *deny = cut->ask->intent;
    enum mln_leaf_kind kind = cut->ask->part->leaf.kind;
    bool by_name = kind == MLN_LEAF_EXTERNAL || kind == MLN_LEAF_PREFIX;
    bool whole = is_empty(after) && allow->to->len == 1;
    const char *verb = deny->verb == MLN_VERB_FORBID ? "forbid" : "deny";
    char text[MLN_IP_TEXT];
    struct mln_diag *diag =
        mln_report(w->ctx->diags, finding(whole, deny->verb == MLN_VERB_FORBID, by_name),
                   allow->span, "at the firewall of '%s' %s this allow is taken away by a %s",
                   w->resource->name, whole ? "all of" : "a part of", verb);
    mln_diag_label(diag, deny->span, "the %s", verb);
    mln_diag_note(diag, "for example the source %s", mln_ip_text(example.family, example.ip, text));
    if (mln_rests_on_tags(allow, deny))
        mln_diag_at_most(diag, MLN_WARNING);
    w->out->failed |= diag->severity == MLN_ERROR;
}

/* --- sources --- */

static const char *source_name(struct mln_arena *a, const struct mln_firewall_ask *ask)
{
    const struct mln_leaf *leaf = &ask->part->leaf;
    char text[MLN_IP_TEXT];
    if (ask->zone)
        return mln_printf(a, "egress of %s", ask->zone->display);
    switch (leaf->kind) {
    case MLN_LEAF_EXTERNAL:
        return leaf->external->name;
    case MLN_LEAF_TAG:
        return leaf->tag->name;
    case MLN_LEAF_HOSTED_AGENTS:
        return mln_printf(a, "hosted-agents.%s", leaf->geography->name);
    default:
        return mln_strdup(a, mln_prefix_text(&leaf->prefix, text));
    }
}

/* `set` is NULL for what is written by name. */
static void add_source(struct gathering *g, const struct mln_firewall_ask *ask,
                       const struct mln_known_set *set)
{
    struct mln_arena *a = g->w->ctx->arena;
    const char *name = source_name(a, ask);
    struct mln_firewall_source *known = mln_map_get(g->by_name, name);
    for (int f = 0; f < MLN_FAMILIES && known && set && known->set[f]; f++)
        known->set[f] = mln_ipset_union(a, known->set[f], set->set[f]);
    if (known)
        return;
    struct mln_firewall_source *source = MLN_NEW(a, struct mln_firewall_source);
    source->name = name;
    for (int f = 0; set && f < MLN_FAMILIES; f++)
        source->set[f] = set->set[f];
    mln_map_put(g->by_name, name, source);
    mln_vec_push(a, &g->w->out->sources, source);
}

/* --- tags that the service takes by name --- */

static void add_tag(struct mln_firewall_work *w, const struct mln_tag *tag)
{
    for (size_t i = 0; i < w->out->tags.len; i++)
        if (w->out->tags.data[i] == tag)
            return;
    mln_vec_push(w->ctx->arena, &w->out->tags, tag);
}

/* A tag that nothing is taken out of may stay one where the service takes tags, and is then always
 * up to date; --expand-tags asks for prefixes. */
static bool stays_tag(struct mln_firewall_work *w, const struct mln_firewall_ask *ask,
                      const struct cut_vec *cuts)
{
    const struct mln_leaf *leaf = &ask->part->leaf;
    enum mln_expand expand = w->model->options->expand;
    if (ask->zone || ask->part->minus_len || cuts->len ||
        mln_kind_firewall_number(w->resource->kind, "service-tags", 0) == 0)
        return false;
    if (leaf->kind == MLN_LEAF_TAG && expand != MLN_EXPAND_ALWAYS) {
        add_tag(w, leaf->tag);
        return true;
    }
    if (leaf->kind != MLN_LEAF_HOSTED_AGENTS || expand != MLN_EXPAND_NEVER)
        return false;
    for (size_t i = 0; i < leaf->geography->regions.len; i++) {
        const struct mln_tag *tag =
            mln_agents_tag(w->model->options->tags, leaf->geography->regions.data[i]);
        if (tag)
            add_tag(w, tag);
    }
    return true;
}

/* --- all of it --- */

static void add_ranges(struct mln_arena *a, struct range_vec to[MLN_FAMILIES],
                       const struct mln_known_set *set)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        for (size_t i = 0; i < set->set[f]->len; i++)
            mln_vec_push(a, &to[f], set->set[f]->ranges[i]);
}

static struct mln_known_set set_of(struct mln_arena *a, const struct range_vec ranges[MLN_FAMILIES])
{
    struct mln_known_set out = {.known = true};
    for (int f = 0; f < MLN_FAMILIES; f++)
        out.set[f] = mln_ipset_from_ranges(a, (enum mln_family)f, ranges[f].data, ranges[f].len);
    return out;
}

static void gather_allow(struct gathering *g, const struct mln_firewall_ask *ask)
{
    struct mln_firewall_work *w = g->w;
    struct mln_arena *a = w->ctx->arena;
    if (stays_tag(w, ask, &g->cuts)) {
        add_source(g, ask, NULL);
        return;
    }
    struct mln_known_set before = mln_ask_set(w, ask), after = before;
    struct mln_known_set own =
        ask->intent->overrides.len ? binding(w, &g->cuts, ask->intent, &before, false) : g->common;
    if (g->cuts.len)
        mln_known_subtract(a, &after, &own);
    if (ask->part->minus_len) {
        struct mln_known_set gone = mln_ask_named_set(w, ask);
        mln_known_subtract(a, &gone, &before);
        add_ranges(a, g->excepted, &gone);
    }
    add_source(g, ask, &after);
    add_ranges(a, g->before, &before);
    add_ranges(a, g->after, &after);
    add_ranges(a, g->all, &after);
    w->out->known &= after.known;
}

/* Behind the last part of an allow: what did denies leave of it? */
static void close_allow(struct gathering *g)
{
    struct mln_arena *a = g->w->ctx->arena;
    if (g->allow && g->cuts.len && g->w->out->known) {
        struct mln_known_set before = set_of(a, g->before), after = set_of(a, g->after),
                             left = before;
        mln_known_subtract(a, &left, &g->forbids);
        if (!equal(&before, &left))
            report_cut(g->w, g->allow, &g->cuts, &before, &left, MLN_VERB_FORBID);
        if (!equal(&left, &after))
            report_cut(g->w, g->allow, &g->cuts, &left, &after, MLN_VERB_DENY);
    }
    for (int f = 0; f < MLN_FAMILIES; f++)
        g->before[f].len = g->after[f].len = 0;
}

void mln_firewall_gather(struct mln_firewall_work *w)
{
    struct mln_arena *a = w->ctx->arena;
    struct gathering g = {.w = w, .by_name = mln_map_new(a)};
    collect_cuts(w, &g.cuts);
    g.common = binding(w, &g.cuts, NULL, NULL, false);
    g.forbids = binding(w, &g.cuts, NULL, NULL, true);
    for (size_t i = 0; i < w->resource->firewall_asks.len; i++) {
        const struct mln_firewall_ask *ask = &w->resource->firewall_asks.data[i];
        if (!is_allow(ask) || ask->intent->broken)
            continue;
        if (ask->intent != g.allow)
            close_allow(&g);
        g.allow = ask->intent;
        gather_allow(&g, ask);
    }
    close_allow(&g);
    struct mln_known_set all = set_of(a, g.all), kept_out = set_of(a, g.excepted);
    /* What another allow, or an override, lets in again is not kept out. */
    mln_known_unite(a, &kept_out, &g.common);
    mln_known_subtract(a, &kept_out, &all);
    mln_known_unite(a, &kept_out, &g.forbids);
    for (int f = 0; f < MLN_FAMILIES; f++) {
        w->out->wanted[f] = all.set[f];
        w->kept_out[f] = kept_out.set[f];
    }
}
