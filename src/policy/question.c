/* The words are parsed as parts of a statement, so that all of the language may be used and a
 * mistake is shown as one in a policy is. */
#include "policy/question.h"

#include "policy/build.h"

#include <string.h>

/* A declared name that stands for the whole side, and that the grammar would not take for one. */
static bool is_odd_name(struct mln_build *b, const char *text)
{
    const char *rest;
    const struct mln_value *value = mln_parse_value(b->ctx, text);
    return !(value && value->kind == MLN_VALUE_NAME) &&
           mln_scope_find(b, b->root, MLN_NAMES_SIDE, text, &rest) && !rest;
}

/* Each part is a source of its own, called like the option that has it. */
static uint32_t add_source(struct mln_build *b, const char *option, const char *text)
{
    return mln_source_add(b->ctx->diags, option, NULL, text, strlen(text), false);
}

static struct mln_side *named_side(struct mln_build *b, uint32_t source, const char *text)
{
    struct mln_value *term = MLN_NEW(b->arena, struct mln_value);
    term->kind = MLN_VALUE_NAME;
    term->span = (struct mln_span){source, 0, (uint32_t)strlen(text)};
    term->text = mln_intern(b->ctx->names, text);
    struct mln_side *side = MLN_NEW(b->arena, struct mln_side);
    side->span = term->span;
    side->terms = term;
    return side;
}

static struct mln_side *parse_side(struct mln_build *b, const char *option, const char *text)
{
    uint32_t source = add_source(b, option, text);
    return is_odd_name(b, text) ? named_side(b, source, text) : mln_parse_side(b->ctx, source);
}

/* The assertion that the words make; NULL, with all mistakes reported, when they do not. */
static struct mln_node *parse(struct mln_build *b, const struct mln_question_words *words)
{
    struct mln_service *services =
        mln_parse_services(b->ctx, add_source(b, "--proto", words->services));
    struct mln_side *from = parse_side(b, "--from", words->from);
    struct mln_side *to = parse_side(b, "--to", words->to);
    if (!services || !from || !to)
        return NULL;
    struct mln_node *node = MLN_NEW(b->arena, struct mln_node);
    node->kind = MLN_NODE_INTENT;
    node->span = from->span;
    node->verb = MLN_VERB_ASSERT_ALLOW;
    node->services = services;
    node->from = from;
    node->to = to;
    node->clauses = &mln_no_clauses;
    return node;
}

/* As a destination a platform address belongs to its own tag alone (language.md: Tags); whoever
 * writes the address means it. */
static void name_platform(struct mln_build *b, struct mln_side_set *side)
{
    static const struct {
        struct mln_ip ip;
        const char *tag;
    } platform[] = {{{0, 0xa83f8110}, "AzurePlatformDNS"}, {{0, 0xa9fea9fe}, "AzurePlatformIMDS"}};
    for (size_t i = 0; i < side->len; i++) {
        struct mln_leaf *leaf = &side->parts[i].leaf;
        bool address = leaf->kind == MLN_LEAF_PREFIX && leaf->prefix.family == MLN_IPV4 &&
                       leaf->prefix.length == 32;
        for (size_t k = 0; address && k < sizeof platform / sizeof *platform; k++)
            if (mln_ip_cmp(leaf->prefix.ip, platform[k].ip) == 0) {
                leaf->kind = MLN_LEAF_TAG;
                leaf->tag = mln_tags_find(b->options->tags, platform[k].tag);
                break;
            }
    }
}

struct mln_intent *mln_question_build(struct mln_ctx *ctx, struct mln_model *model,
                                      const struct mln_question_words *words)
{
    struct mln_build *b = model->build;
    size_t before = model->assertions.len;
    b->ctx = ctx;
    struct mln_node *node = parse(b, words);
    if (!node)
        return NULL;
    unsigned errors = ctx->diags->errors;
    struct mln_active active = {.kind = node->kind, .node = node, .scope = b->root};
    mln_build_intent(b, &active);
    bool good = model->assertions.len == before + 1 && ctx->diags->errors == errors;
    struct mln_intent *question = good ? model->assertions.data[before] : NULL;
    model->assertions.len = before;
    if (question)
        name_platform(b, question->to);
    return question;
}

/* --- names of services --- */

static bool plain_services(const struct mln_services *services)
{
    for (size_t i = 0; i < services->len; i++)
        if (!mln_portset_is_all(services->items[i].sport))
            return false;
    return services->len > 0;
}

static void add_services(struct mln_build *b, const struct mln_scope *scope,
                         struct mln_named_service_vec *out)
{
    for (size_t i = 0; i < scope->services->len; i++) {
        const struct mln_symbol *symbol = scope->services->entries[i].value;
        struct mln_named_service named = {.name = symbol->name, .own = !symbol->library};
        if (symbol->node &&
            mln_build_services(b, symbol->scope, symbol->node->services, &named.services) &&
            plain_services(&named.services))
            mln_vec_push(b->arena, out, named);
    }
}

/* A module opened by several ways is seen once; the number of modules bounds the depth. */
static void see_scope(struct mln_build *b, const struct mln_scope *scope, bool *seen,
                      struct mln_named_service_vec *out)
{
    if (seen[scope->module->index])
        return;
    seen[scope->module->index] = true;
    add_services(b, scope, out);
    for (size_t i = scope->opened.len; i-- > 0;)
        see_scope(b, scope->opened.data[i], seen, out);
}

void mln_question_services(struct mln_ctx *ctx, struct mln_model *model,
                           struct mln_named_service_vec *out)
{
    struct mln_build *b = model->build;
    b->ctx = ctx;
    bool *seen = MLN_NEW_ARRAY(b->arena, bool, b->scope_count + 1);
    see_scope(b, b->root, seen, out);
}

void mln_question_params(struct mln_ctx *ctx, const struct mln_model *model,
                         struct mln_param_names *out)
{
    const struct mln_map *params = model->build->root->params;
    for (size_t i = 0; i < params->len; i++) {
        const struct mln_bound *bound = params->entries[i].value;
        if (bound->span.file)
            mln_vec_push(ctx->arena, out, bound->name);
    }
}
