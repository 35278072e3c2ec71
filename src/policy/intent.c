/* Intents and assertions: verbs, ends, services, clauses, and which denies an allow overrides. */
#include "policy/build.h"

#include <assert.h>
#include <string.h>

/* Days since 1970-01-01 of a proleptic Gregorian date; the era arithmetic is Howard Hinnant's
 * `days_from_civil` (chrono-Compatible Low-Level Date Algorithms). */
long mln_date_days(struct mln_date date)
{
    long y = date.year - (date.month <= 2);
    long era = (y >= 0 ? y : y - 399) / 400;
    long of_era = y - era * 400;
    long of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_assertion(enum mln_verb verb)
{
    return verb == MLN_VERB_ASSERT_ALLOW || verb == MLN_VERB_ASSERT_DENY;
}

static const char *const verb_names[] = {
    [MLN_VERB_ALLOW] = "allow",
    [MLN_VERB_DENY] = "deny",
    [MLN_VERB_FORBID] = "forbid",
    [MLN_VERB_ASSERT_ALLOW] = "assert-allow",
    [MLN_VERB_ASSERT_DENY] = "assert-deny",
};

/* --- clauses --- */

static void request_overrides(struct mln_build *b, struct mln_intent *intent,
                              const struct mln_value *names, struct mln_scope *scope)
{
    if (!intent->overrides_span.file)
        intent->overrides_span = names->span;
    for (const struct mln_value *name = names; name; name = name->next) {
        struct mln_override_request request = {intent, {name->text, name->span}, scope};
        mln_vec_push(b->arena, &b->overrides, request);
    }
}

static void shorten(struct mln_intent *intent, struct mln_date until)
{
    if (!intent->has_until || mln_date_days(until) < mln_date_days(intent->until))
        intent->until = until;
    intent->has_until = true;
}

static void bad_clause(struct mln_build *b, struct mln_span span, const char *clause,
                       const char *verb)
{
    mln_report(b->ctx->diags, MLN_D_BAD_CLAUSE, span, "'%s' is for allow, not for %s", clause,
               verb);
}

/* The clauses written at the intent (own), or at an `apply` round it: those go to every intent they
 * fit. */
static void take_clauses(struct mln_build *b, struct mln_intent *intent,
                         const struct mln_clauses *c, struct mln_scope *scope, bool own)
{
    bool allow = intent->verb == MLN_VERB_ALLOW;
    const char *verb = is_assertion(intent->verb) ? "assert" : verb_names[intent->verb];
    if (c->overrides.text && allow)
        request_overrides(b, intent, c->override_names, scope);
    else if (c->overrides.text && own && is_assertion(intent->verb))
        bad_clause(b, c->overrides.span, "overrides", verb);
    else if (c->overrides.text && own)
        mln_report(b->ctx->diags, MLN_D_BAD_OVERRIDE, c->overrides.span, "a %s cannot override",
                   verb);
    struct mln_date until;
    if (c->until && allow && mln_eval_date(b, scope, c->until, &until))
        shorten(intent, until);
    else if (c->until && own && !allow)
        bad_clause(b, c->until->span, "until", verb);
    if (c->because && !intent->because)
        intent->because = mln_eval_text(b, scope, c->because, "a text");
    if (c->owner && !intent->owner)
        intent->owner = mln_eval_text(b, scope, c->owner, "a text");
}

/* --- expiry --- */

static const char *date_text(struct mln_build *b, struct mln_date d)
{
    return mln_printf(b->arena, "%04d-%02d-%02d", d.year, d.month, d.day);
}

enum { SOON = 30 /* days */ };

static bool expired(struct mln_build *b, const struct mln_intent *intent,
                    const struct mln_node *node)
{
    if (!intent->has_until)
        return false;
    long left = mln_date_days(intent->until) - mln_date_days(b->options->today);
    struct mln_span span = node->clauses->until ? node->clauses->until->span : intent->span;
    if (left < 0)
        mln_report(b->ctx->diags, MLN_D_EXPIRED, span, "this allow ended on %s and is left out",
                   date_text(b, intent->until));
    else if (left <= SOON)
        mln_report(b->ctx->diags, MLN_D_EXPIRES_SOON, span, "this allow ends on %s, %s",
                   date_text(b, intent->until),
                   left == 0 ? "today"
                             : mln_printf(b->arena, "in %ld day%s", left, left == 1 ? "" : "s"));
    return left < 0;
}

/* --- ends --- */

static bool legal_ends(struct mln_build *b, const struct mln_intent *intent)
{
    bool good = true;
    for (size_t i = 0; i < intent->from->len; i++) {
        const struct mln_leaf *leaf = &intent->from->parts[i].leaf;
        if (leaf->kind != MLN_LEAF_RESOURCE && leaf->kind != MLN_LEAF_ENDPOINT)
            continue;
        mln_report(b->ctx->diags, MLN_D_RESOURCE_AS_SOURCE, leaf->span,
                   "resource '%s' cannot be a source", leaf->resource->name);
        good = false;
    }
    for (size_t i = 0; intent->within && i < intent->from->len; i++) {
        const struct mln_leaf *leaf = &intent->from->parts[i].leaf;
        if (leaf->kind == MLN_LEAF_ZONE || leaf->kind == MLN_LEAF_ASG ||
            leaf->kind == MLN_LEAF_NETWORK)
            continue;
        if (!good)
            return false; /* a resource: said above */
        mln_report(b->ctx->diags, MLN_D_WRONG_KIND, leaf->span,
                   "'within' is for zones, ASGs and networks only");
        return false;
    }
    for (size_t i = 0; i < intent->to->len; i++)
        if (intent->to->parts[i].leaf.kind == MLN_LEAF_HOSTED_AGENTS) {
            mln_report(b->ctx->diags, MLN_D_HOSTED_AGENTS, intent->to->parts[i].leaf.span,
                       "Microsoft-hosted agents cannot be a destination");
            good = false;
        }
    return good;
}

/* Every intent has a name that is put together: without a format to read again each time. */
static const char *joined(struct mln_arena *arena, const char *const *texts, size_t count)
{
    size_t lengths[7], total = 0;
    assert(count <= sizeof lengths / sizeof *lengths);
    for (size_t i = 0; i < count; i++)
        total += lengths[i] = strlen(texts[i]);
    char *name = mln_alloc(arena, total + 1), *end = name;
    for (size_t i = 0; i < count; i++) {
        memcpy(end, texts[i], lengths[i]);
        end += lengths[i];
    }
    return name;
}

static void name_intent(struct mln_build *b, struct mln_intent *intent, const struct mln_node *node)
{
    intent->named = node->clauses->as.text != NULL;
    if (intent->named)
        intent->name = node->clauses->as.text;
    else if (intent->within)
        intent->name =
            joined(b->arena,
                   (const char *const[]){verb_names[intent->verb], "-", intent->service_text,
                                         "-within-", intent->from->text},
                   5);
    else
        intent->name =
            joined(b->arena,
                   (const char *const[]){verb_names[intent->verb], "-", intent->service_text, "-",
                                         intent->from->text, "-to-", intent->to->text},
                   7);
}

/* A named intent is known in its scope, so that `overrides` finds it. */
static void declare_intent(struct mln_build *b, struct mln_intent *intent, struct mln_scope *scope,
                           const struct mln_word *as)
{
    struct mln_symbol *symbol = MLN_NEW(b->arena, struct mln_symbol);
    *symbol = (struct mln_symbol){.kind = MLN_SYM_INTENT,
                                  .name = as->text,
                                  .span = as->span,
                                  .scope = scope,
                                  .library = intent->library};
    symbol->u.intent = intent;
    mln_scope_declare(b, scope, MLN_NAMES_INTENT, symbol);
}

static const char *services_name(struct mln_build *b, struct mln_scope *scope,
                                 struct mln_service *list)
{
    bool single = list && !list->next && list->kind == MLN_SERVICE_PARAM;
    if (!single)
        return mln_services_text(b, list);
    struct mln_value value = {.kind = MLN_VALUE_PARAM, .span = list->span, .text = list->name};
    struct mln_arg arg = mln_eval(b, scope, &value);
    return arg.value->kind == MLN_VALUE_NAME ? arg.value->text : mln_services_text(b, list);
}

void mln_diag_applied(struct mln_diag *diag, const struct mln_apply_frame *frame)
{
    for (; frame; frame = frame->outer)
        mln_diag_label(diag, frame->span, "from template '%s', applied here", frame->template_name);
}

/* What was reported in the text of a template since the list had `first` reports. */
static void tell_applied(struct mln_build *b, const struct mln_intent *intent, size_t first)
{
    const struct mln_diags *diags = b->ctx->diags;
    for (size_t i = first; intent->frame && i < diags->list.len; i++) {
        const struct mln_span span = diags->list.data[i]->span;
        if (span.file == intent->span.file && span.lo >= intent->span.lo &&
            span.hi <= intent->span.hi)
            mln_diag_applied(diags->list.data[i], intent->frame);
    }
}

static void build_intent(struct mln_build *b, struct mln_active *active, struct mln_intent *intent)
{
    struct mln_node *node = active->node;
    struct mln_scope *scope = active->scope;
    intent->verb = node->verb;
    intent->span = node->span;
    intent->within = node->within;
    intent->library = scope->module->library;
    intent->frame = scope->frame;
    bool services = mln_build_services(b, scope, node->services, &intent->services);
    intent->service_span = node->services ? node->services->span : node->span;
    intent->service_text = services_name(b, scope, node->services);
    intent->from = mln_build_side(b, scope, node->from);
    intent->to = node->within ? intent->from : mln_build_side(b, scope, node->to);
    if (intent->from && intent->to) {
        intent->from_span = node->from->span;
        intent->to_span = node->within ? node->from->span : node->to->span;
        name_intent(b, intent, node);
    }
    if (node->clauses->as.text)
        declare_intent(b, intent, scope, &node->clauses->as);
    take_clauses(b, intent, node->clauses, scope, true);
    for (struct mln_scope *s = scope; s->caller; s = s->caller)
        take_clauses(b, intent, s->apply->clauses, s->caller, false);
    if (!intent->from || !intent->to || !services || !legal_ends(b, intent)) {
        intent->broken = true;
        return;
    }
    if (is_assertion(intent->verb)) {
        intent->index = (uint32_t)b->model->assertions.len;
        mln_vec_push(b->arena, &b->model->assertions, intent);
        return;
    }
    if (expired(b, intent, node))
        return;
    intent->index = (uint32_t)b->model->intents.len;
    mln_vec_push(b->arena, &b->model->intents, intent);
}

void mln_build_intent(struct mln_build *b, struct mln_active *active)
{
    struct mln_intent *intent = MLN_NEW(b->arena, struct mln_intent);
    size_t first = b->ctx->diags->list.len;
    build_intent(b, active, intent);
    tell_applied(b, intent, first);
}

/* --- overrides, when all intents are known --- */

static void resolve_override(struct mln_build *b, const struct mln_override_request *request)
{
    const char *rest;
    struct mln_symbol *symbol =
        mln_find_symbol(b, request->scope, MLN_NAMES_INTENT, &request->word, "deny", &rest);
    if (!symbol) {
        request->intent->broken = true;
        return;
    }
    struct mln_intent *target = symbol->u.intent;
    if (target->verb != MLN_VERB_DENY) {
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_BAD_OVERRIDE, request->word.span,
                                           "'%s' is not a deny", symbol->name);
        mln_diag_label(diag, symbol->span, "'%s' is declared here", symbol->name);
        request->intent->broken = true;
        return;
    }
    for (size_t i = 0; i < request->intent->overrides.len; i++)
        if (request->intent->overrides.data[i] == target)
            return;
    if (!target->broken)
        mln_vec_push(b->arena, &request->intent->overrides, target);
}

void mln_build_overrides(struct mln_build *b)
{
    for (size_t i = 0; i < b->overrides.len; i++)
        resolve_override(b, &b->overrides.data[i]);
}
