#include "prove/tag_needs.h"

#include "prove/first_match.h"

#include <string.h>

struct zone_needs {
    struct mln_ctx *ctx;
    const struct mln_rules_view *view;
    const struct mln_rule_vec *rules;
    struct mln_rules_entry_vec entries[MLN_FAMILIES];
};

static const struct mln_tag *global_of(const struct mln_tag *tag)
{
    return tag->parent ? tag->parent : tag;
}

static bool has_prefixes(const struct mln_tag *tag)
{
    return tag->prefixes[MLN_IPV4] || tag->prefixes[MLN_IPV6];
}

/* --- may a packet to some addresses pass? --- */

/* A rule as it is for packets to `tag` (NULL: to addresses of no tag): other tags without known
 * contents hold none of them, except that an allowed AzureCloud holds all. */
static struct mln_match seen_from(const struct mln_rules_entry *entry, const struct mln_tag *tag)
{
    struct mln_match match = entry->match;
    const struct mln_rule *rule = entry->rule;
    if (!rule || rule->dst.kind != MLN_SIDE_TAG || rule->dst.tag->kind != MLN_TAG_SERVICE ||
        has_prefixes(rule->dst.tag) || (tag && global_of(rule->dst.tag) == tag))
        return match;
    if (tag && entry->allow && strcmp(global_of(rule->dst.tag)->name, "AzureCloud") == 0)
        match.dst_var_count = 0;
    else
        match.protos = 0;
    return match;
}

static bool passes(const struct zone_needs *z, enum mln_family family, const struct mln_tag *tag,
                   struct mln_match target)
{
    struct mln_arena *a = z->ctx->arena;
    const struct mln_rules_entry_vec *entries = &z->entries[family];
    struct mln_match *matches = MLN_NEW_ARRAY(a, struct mln_match, entries->len + 1);
    for (size_t i = 0; i < entries->len; i++)
        matches[i] = seen_from(&entries->data[i], tag);
    matches[entries->len] = target;
    struct mln_space *space = mln_space_new(a, family, matches, entries->len + 1);
    size_t words = mln_space_words(space);
    uint64_t *above = MLN_NEW_ARRAY(a, uint64_t, words);
    uint64_t *below = MLN_NEW_ARRAY(a, uint64_t, words);
    uint64_t *good = MLN_NEW_ARRAY(a, uint64_t, words);
    for (size_t i = 0; i < entries->len; i++) {
        mln_bit_set(below, i);
        if (!entries->data[i].allow)
            mln_bit_set(good, i);
    }
    const struct mln_first_question question = {above, below, good, true, words};
    return mln_first_find(space, entries->len, &question, NULL, NULL) == MLN_FOUND;
}

static struct mln_match packets_to(const struct zone_needs *z, enum mln_family family,
                                   uint16_t port)
{
    const struct mln_port_range range = {port, port};
    return (struct mln_match){.src = z->view->zone->addresses[family],
                              .protos = MLN_PROTO_BIT(MLN_PROTO_TCP),
                              .dport = mln_portset_from_ranges(z->ctx->arena, &range, 1)};
}

static bool reaches_tag(const struct zone_needs *z, const struct mln_tag *tag, uint16_t port)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        enum mln_family family = (enum mln_family)f;
        struct mln_term term =
            mln_term_of_tag(z->ctx, z->view->model, tag, z->view->zone, MLN_OUTBOUND);
        struct mln_match target = packets_to(z, family, port);
        target.dst = term.set[family];
        target.dst_vars = term.vars;
        target.dst_var_count = term.var_count;
        if (passes(z, family, tag, target))
            return true;
    }
    return false;
}

/* A private endpoint of the service is reached without its tag. */
static bool reaches_endpoint(const struct zone_needs *z, const struct mln_tag *tag, uint16_t port)
{
    const struct mln_model *model = z->view->model;
    for (size_t i = 0; i < model->resources.len; i++) {
        const struct mln_resource *resource = model->resources.data[i];
        if (!resource->kind->tag || strcmp(resource->kind->tag, tag->name) != 0)
            continue;
        for (size_t k = 0; k < resource->endpoints.len; k++) {
            struct mln_match target = packets_to(z, MLN_IPV4, port);
            target.dst = resource->endpoints.data[k]->addresses[MLN_IPV4];
            if (passes(z, MLN_IPV4, NULL, target))
                return true;
        }
    }
    return false;
}

/* --- the needs of one rule --- */

static bool is_unmet(const struct zone_needs *z, const struct mln_tag_need *need,
                     const struct mln_rule *rule)
{
    const struct mln_tags *tags = z->view->model->options->tags;
    const struct mln_tag *needed = mln_tags_find(tags, need->needs);
    return needed && mln_tag_in_nsg(needed) && !reaches_tag(z, needed, need->port) &&
           !reaches_endpoint(z, needed, need->port) &&
           reaches_tag(z, global_of(rule->dst.tag), 443);
}

static bool names_service(const struct mln_rule *rule)
{
    return rule->action == MLN_ALLOW && rule->dst.kind == MLN_SIDE_TAG &&
           rule->dst.tag->kind == MLN_TAG_SERVICE &&
           (rule->proto == MLN_PROTO_ANY || rule->proto == MLN_PROTO_TCP) &&
           mln_portset_contains(rule->dport, 443);
}

void mln_unmet_needs_find(struct mln_ctx *ctx, const struct mln_rules_view *view,
                          const struct mln_rule_vec *rules, struct mln_unmet_need_vec *out)
{
    struct mln_rules_view own = *view;
    own.ctx = ctx, own.direction = MLN_OUTBOUND;
    struct zone_needs z = {.ctx = ctx, .view = &own, .rules = rules};
    for (int f = 0; f < MLN_FAMILIES; f++) {
        own.family = (enum mln_family)f;
        mln_rules_entries(&own, rules, &z.entries[f]);
    }
    bool *decided = MLN_NEW_ARRAY(ctx->arena, bool, mln_tag_need_count); /* alike for every rule */
    for (size_t i = 0; i < rules->len; i++)
        for (size_t n = 0; names_service(rules->data[i]) && n < mln_tag_need_count; n++) {
            const struct mln_tag_need *need = &mln_tag_needs[n];
            if (decided[n] || strcmp(global_of(rules->data[i]->dst.tag)->name, need->tag) != 0)
                continue;
            decided[n] = true;
            struct mln_unmet_need unmet = {need, rules->data[i]};
            if (is_unmet(&z, need, rules->data[i]))
                mln_vec_push(ctx->arena, out, unmet);
        }
}
