/* Rules that do nothing, and rules whose order decides. */
#include "base/buf.h"
#include "cli/lint.h"
#include "prove/redundant.h"

#include <string.h>
#include <strings.h>

enum { NAMES_MOST = 6 };

/* --- who is named --- */

static const char *listed_name(const struct mln_lint *lint, const struct mln_listed *one)
{
    if (one->azure)
        return mln_printf(lint->ctx->arena, "Azure's %s (priority %u)", one->azure->name,
                          one->azure->priority);
    if (!one->rule)
        return "Azure itself (packets to platform addresses are not filtered)";
    return mln_printf(lint->ctx->arena, "'%s' (priority %u)", one->rule->name, one->rule->priority);
}

/* "'a' (priority 100), 'b' (priority 110) and 3 more" */
static const char *names(const struct mln_lint *lint, const struct mln_listed_vec *list, bool more)
{
    struct mln_buf out;
    mln_buf_init(&out, lint->ctx->arena);
    size_t shown = list->len <= NAMES_MOST + 1 ? list->len : NAMES_MOST;
    for (size_t i = 0; i < shown; i++)
        mln_buf_printf(&out, "%s%s",
                       i == 0                                          ? ""
                       : i + 1 == shown && shown == list->len && !more ? " and "
                                                                       : ", ",
                       listed_name(lint, &list->data[i]));
    if (more)
        mln_buf_printf(&out, " and others");
    else if (shown < list->len)
        mln_buf_printf(&out, " and %zu more", list->len - shown);
    return out.data ? out.data : "";
}

static void label(const struct mln_lint *lint, struct mln_diag *diag,
                  const struct mln_listed_vec *list, const char *what)
{
    for (size_t i = 0; i < list->len && i < NAMES_MOST; i++) {
        if (!list->data[i].rule)
            continue;
        struct mln_span span = mln_lint_place(lint, list->data[i].rule);
        if (span.file && (span.file != diag->span.file || span.lo != diag->span.lo))
            mln_diag_label(diag, span, "%s'%s' (priority %u)", what, list->data[i].rule->name,
                           list->data[i].rule->priority);
    }
}

static const char *packet_text(const struct mln_lint *lint, const struct mln_packet *packet)
{
    return mln_packet_text(lint->ctx->arena, packet);
}

/* --- what a finding rests on --- */

static bool side_rests(const struct mln_rule_side *side)
{
    return side->kind == MLN_SIDE_TAG && side->tag->kind == MLN_TAG_SERVICE &&
           (side->tag->prefixes[MLN_IPV4] || side->tag->prefixes[MLN_IPV6]);
}

static bool rule_rests(const struct mln_rule *rule)
{
    return rule && (side_rests(&rule->src) || side_rests(&rule->dst));
}

/* A tag file is of one week; the next may say otherwise. */
static void limit(const struct mln_lint *lint, struct mln_diag *diag, const struct mln_rule *rule,
                  const struct mln_rule_verdict *v)
{
    bool rests = rule_rests(rule) || rule_rests(v->against.rule);
    for (size_t i = 0; i < v->by.len; i++)
        rests |= rule_rests(v->by.data[i].rule);
    if (rests) {
        mln_diag_note(diag, "this rests on the contents of the service-tag file");
        mln_diag_at_most(diag, MLN_WARNING);
    }
    if (mln_lint_is_policy(lint)) /* check has judged the intents; this is about their rules */
        mln_diag_at_most(diag, MLN_NOTE);
}

/* A rule of a policy is not removed by hand, and its intent acts at its other end as well. */
static void advise(const struct mln_lint *lint, struct mln_diag *diag, const char *help)
{
    if (!mln_lint_is_policy(lint))
        mln_diag_help(diag, "%s", help);
}

/* --- rules that Azure wants to see --- */

static bool side_is(const struct mln_rule_side *side, const char *tag)
{
    return side->kind == MLN_SIDE_TAG && strcmp(side->tag->name, tag) == 0;
}

/* Ports 5701 and 8080, and no other. */
static bool opens_tunnel(const struct mln_rule *rule)
{
    const struct mln_portset *ports = rule->dport;
    return ports->len == 2 && ports->ranges[0].lo == 5701 && ports->ranges[0].hi == 5701 &&
           ports->ranges[1].lo == 8080 && ports->ranges[1].hi == 8080;
}

/* The NSG of AzureBastionSubnet, which Azure refuses without eight rules written out, also where
 * some hold others (azure-docs#80806); rules/pass_roles.c lists them. Where no subnet tells, the
 * ports of its data plane do. */
static bool is_bastions(const struct mln_lint *lint)
{
    const struct mln_nsg *nsg = lint->nsg->nsg;
    for (size_t i = 0; i < nsg->zones.len; i++)
        if (strcasecmp(nsg->zones.data[i]->subnet, "AzureBastionSubnet") == 0)
            return true;
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        for (size_t i = 0; i < lint->nsg->rules[d].len; i++)
            if (opens_tunnel(lint->nsg->rules[d].data[i]))
                return true;
    return false;
}

/* Those of the eight that others hold. */
static bool is_insisted_on(const struct mln_lint *lint, const struct mln_rule *rule)
{
    if (rule->action != MLN_ALLOW || !is_bastions(lint))
        return false;
    if (opens_tunnel(rule))
        return true;
    if (rule->direction == MLN_INBOUND)
        return mln_portset_contains(rule->dport, 443) &&
               (side_is(&rule->src, "GatewayManager") || side_is(&rule->src, "AzureLoadBalancer"));
    return side_is(&rule->dst, "AzureCloud") || side_is(&rule->dst, "VirtualNetwork") ||
           side_is(&rule->dst, "Internet");
}

/* --- the findings --- */

static void report_empty(const struct mln_lint *lint, const struct mln_rule *rule,
                         const struct mln_rule_verdict *v, struct mln_span span)
{
    struct mln_diag *diag = mln_report(lint->ctx->diags, MLN_D_SHADOWED_RULE, span,
                                       "%s matches no packet", mln_lint_rule(lint, rule));
    mln_diag_note(diag,
                  "its addresses lie in no subnet of the NSG, or no packet there is filtered: "
                  "platform addresses (168.63.129.16, 169.254.169.254) as destinations take "
                  "the AzurePlatform tags, and an NSG has no ICMPv6");
    advise(lint, diag, "remove it");
    limit(lint, diag, rule, v);
}

static void report_shadowed(const struct mln_lint *lint, const struct mln_rule *rule,
                            const struct mln_rule_verdict *v, struct mln_span span)
{
    bool allow = rule->action == MLN_ALLOW;
    struct mln_diag *diag =
        mln_report(lint->ctx->diags, MLN_D_SHADOWED_RULE, span, "%s is never reached%s",
                   mln_lint_rule(lint, rule),
                   !v->contradicted ? ""
                   : allow ? mln_printf(lint->ctx->arena, ", and '%s' denies what it allows",
                                        v->against.rule->name)
                           : mln_printf(lint->ctx->arena, ", and '%s' allows what it denies",
                                        v->against.rule->name));
    label(lint, diag, &v->by, "before it: ");
    mln_diag_note(diag, "all its packets are matched before by %s",
                  names(lint, &v->by, v->by_more));
    if (v->contradicted)
        mln_diag_note(diag, "for instance %s, which '%s' %s", packet_text(lint, &v->disputed),
                      v->against.rule->name, allow ? "denies" : "allows");
    else
        mln_diag_note(diag, "for instance %s", packet_text(lint, &v->packet));
    if (v->contradicted)
        advise(lint, diag,
               mln_printf(lint->ctx->arena,
                          "give it a priority below %u if it is meant to act; else remove it",
                          v->against.rule->priority));
    else
        advise(lint, diag, "remove it");
    limit(lint, diag, rule, v);
}

static bool by_azure_alone(const struct mln_rule_verdict *v)
{
    for (size_t i = 0; i < v->by.len; i++)
        if (v->by.data[i].rule)
            return false;
    return v->by.len > 0;
}

static void report_redundant(const struct mln_lint *lint, const struct mln_rule *rule,
                             const struct mln_rule_verdict *v, struct mln_span span)
{
    bool allow = rule->action == MLN_ALLOW;
    struct mln_diag *diag = mln_report(lint->ctx->diags, MLN_D_REDUNDANT_RULE, span,
                                       "%s changes nothing", mln_lint_rule(lint, rule));
    label(lint, diag, &v->by, "behind it: ");
    mln_diag_note(diag, "without it the same packets are %s by %s", allow ? "allowed" : "denied",
                  names(lint, &v->by, v->by_more));
    mln_diag_note(diag, "for instance %s", packet_text(lint, &v->packet));
    if (v->together.len)
        mln_diag_note(diag, "it may only go together with %s",
                      names(lint, &v->together, v->together_more));
    if (allow && by_azure_alone(v))
        advise(lint, diag,
               "remove it; or, if it was to be the exception, deny the rest: Azure permits it by "
               "itself");
    else
        advise(lint, diag, "remove it");
    limit(lint, diag, rule, v);
}

static void report_conflict(const struct mln_lint *lint, const struct mln_rule *rule,
                            const struct mln_rule_verdict *v, struct mln_span span)
{
    const struct mln_rule *first = v->against.rule;
    struct mln_diag *diag = mln_report(lint->ctx->diags, MLN_D_CONFLICTING_RULES, span,
                                       "%s and '%s' overlap and disagree: their order decides",
                                       mln_lint_rule(lint, rule), first->name);
    struct mln_span other = mln_lint_place(lint, first);
    if (other.file)
        mln_diag_label(diag, other, "'%s' (priority %u) comes first", first->name, first->priority);
    mln_diag_note(diag, "for instance %s, which '%s' %s", packet_text(lint, &v->disputed),
                  first->name, first->action == MLN_ALLOW ? "allows" : "denies");
    limit(lint, diag, rule, v);
}

static void report_gave_up(const struct mln_lint *lint, const struct mln_rule *rule,
                           struct mln_span span)
{
    struct mln_diag *diag =
        mln_report(lint->ctx->diags, MLN_D_LINT_GAVE_UP, span,
                   "gave up asking whether %s does anything", mln_lint_rule(lint, rule));
    mln_diag_help(diag, "a service-tag file (--tags) makes the question easier");
}

/* --- policies: only what the user can act on --- */

/* Has check said of the intent that it does nothing, or less than it says? */
static bool said_before(const struct mln_lint *lint, const struct mln_intent *intent)
{
    const struct mln_diags *diags = lint->ctx->diags;
    for (size_t i = 0; i < diags->list.len; i++) {
        const struct mln_diag *diag = diags->list.data[i];
        if (diag->span.file == intent->span.file && diag->span.lo >= intent->span.lo &&
            diag->span.hi <= intent->span.hi && diag->id >= MLN_D_SWALLOWED &&
            diag->id <= MLN_D_OVERRIDES_NOTHING)
            return true;
    }
    return false;
}

static bool is_of_interest(const struct mln_lint *lint, const struct mln_rule *rule)
{
    if (!mln_lint_is_policy(lint))
        return true;
    if (rule->intent_count == 0 || rule->action != MLN_ALLOW)
        return false; /* a forbid guards against what may come */
    for (size_t i = 0; i < rule->intent_count; i++)
        if (rule->intents[i]->library || said_before(lint, rule->intents[i]))
            return false;
    return true;
}

static void report(const struct mln_lint *lint, const struct mln_rule *rule,
                   const struct mln_rule_verdict *v)
{
    struct mln_span span = mln_lint_place(lint, rule);
    if (!is_of_interest(lint, rule))
        return;
    if (v->useless != MLN_RULE_USEFUL && is_insisted_on(lint, rule))
        return;
    /* `default azure` says so; the intent is for its other end. */
    if (v->useless == MLN_RULE_REDUNDANT && mln_lint_is_policy(lint) && by_azure_alone(v))
        return;
    /* Shadowed is shadowed, whatever other rules say; the rest hangs on all of them. */
    if (lint->nsg->incomplete && v->useless != MLN_RULE_SHADOWED)
        return;
    if (v->gave_up)
        report_gave_up(lint, rule, span);
    else if (v->empty)
        report_empty(lint, rule, v, span);
    else if (v->useless == MLN_RULE_SHADOWED)
        report_shadowed(lint, rule, v, span);
    else if (v->useless == MLN_RULE_REDUNDANT)
        report_redundant(lint, rule, v, span);
    else if (v->conflicting)
        report_conflict(lint, rule, v, span);
}

/* --- views --- */

MLN_VEC_TYPE(view_vec, struct mln_redundancy_view);

static struct mln_redundancy_view *seen(const struct view_vec *views, const struct mln_zone *zone,
                                        int family)
{
    for (size_t i = 0; i < views->len; i++) {
        const struct mln_zone *other = views->data[i].at.zone;
        if ((int)views->data[i].at.family == family &&
            other->virtual_network[family] == zone->virtual_network[family] &&
            other->internet[family] == zone->internet[family])
            return &views->data[i];
    }
    return NULL;
}

/* Subnets in which every tag means the same are one view. An NSG of a template may lie on network
 * interfaces, too, so nothing is claimed from the subnets that it is seen to govern; through the
 * subnet of an appliance goes what belongs elsewhere. */
static void add_view(const struct mln_lint *lint, const struct mln_rules_view *at,
                     struct view_vec *views)
{
    enum mln_family f = at->family;
    struct mln_redundancy_view *same = seen(views, at->zone, (int)f);
    struct mln_redundancy_view view = {.at = *at, .near = at->zone->addresses[f]};
    bool is_all = at->zone->unplaced || mln_lint_is_policy(lint);
    if (!is_all || at->zone->hosts_appliance)
        view.near = NULL;
    if (!same)
        mln_vec_push(lint->ctx->arena, views, view);
    else if (same->near)
        same->near = view.near ? mln_ipset_union(lint->ctx->arena, same->near, view.near) : NULL;
}

static void add_views(const struct mln_lint *lint, enum mln_direction direction,
                      struct view_vec *views)
{
    const struct mln_nsg *nsg = lint->nsg->nsg;
    for (int f = 0; f < MLN_FAMILIES; f++)
        for (size_t i = 0; i < nsg->zones.len; i++) {
            const struct mln_rules_view at = {.ctx = lint->ctx,
                                              .model = lint->subject->model,
                                              .zone = nsg->zones.data[i],
                                              .direction = direction,
                                              .family = (enum mln_family)f};
            add_view(lint, &at, views);
        }
}

void mln_lint_redundancy(const struct mln_lint *lint)
{
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        struct view_vec views = {0};
        add_views(lint, (enum mln_direction)d, &views);
        const struct mln_redundancy_question question = {.ctx = lint->ctx,
                                                         .rules = &lint->nsg->rules[d],
                                                         .views = views.data,
                                                         .view_count = views.len,
                                                         .conflicts = !mln_lint_is_policy(lint)};
        const struct mln_redundancy *found = mln_redundancy_find(&question);
        for (size_t i = 0; i < found->count; i++)
            report(lint, found->rules[i], &found->verdicts[i]);
    }
}
