/* Sides: what `from` and `to` name, flattened to leaves. A group is flattened once and shared. */
#include "policy/build.h"

#include <string.h>
#include <strings.h>

enum { MAX_GROUPS = 1000 /* one inside the other: some hundred bytes of stack each */ };

static bool add_side(struct mln_build *b, struct mln_scope *scope, struct mln_side *side,
                     struct mln_part_vec *out);
static bool add_term(struct mln_build *b, struct mln_scope *scope, struct mln_value *term,
                     struct mln_part_vec *out);

static void add_leaf(struct mln_build *b, struct mln_part_vec *out, struct mln_leaf leaf)
{
    struct mln_side_part part = {.leaf = leaf};
    mln_vec_push(b->arena, out, part);
}

/* --- names --- */

static bool add_group(struct mln_build *b, struct mln_symbol *symbol, struct mln_span span,
                      struct mln_part_vec *out)
{
    if (symbol->state == MLN_IN_WORK) {
        mln_report(b->ctx->diags, MLN_D_RECURSIVE, symbol->span,
                   "group '%s' is defined through itself", symbol->name);
        symbol->state = MLN_BROKEN;
    }
    if (symbol->state == MLN_UNSEEN) {
        if (b->depth++ > MAX_GROUPS) {
            mln_report(b->ctx->diags, MLN_D_RECURSIVE, span, "groups are nested too deeply at '%s'",
                       symbol->name);
            symbol->state = MLN_BROKEN;
        } else {
            symbol->state = MLN_IN_WORK;
            struct mln_part_vec parts = {0};
            bool good = add_side(b, symbol->scope, symbol->node->side, &parts);
            mln_parts_drop_repeated(b, &parts);
            symbol->u.group = mln_parts_set(b, &parts);
            symbol->state = good && symbol->state != MLN_BROKEN ? MLN_DONE : MLN_BROKEN;
        }
        b->depth--;
    }
    if (symbol->state != MLN_DONE)
        return false;
    for (size_t i = 0; i < symbol->u.group->len; i++) {
        struct mln_side_part part = symbol->u.group->parts[i];
        part.leaf.through_group = true;
        part.leaf.span = span;
        mln_vec_push(b->arena, out, part);
    }
    return true;
}

static bool add_resource(struct mln_build *b, struct mln_resource *resource, const char *rest,
                         struct mln_leaf leaf, struct mln_part_vec *out)
{
    leaf.kind = MLN_LEAF_RESOURCE;
    leaf.resource = resource;
    if (!rest) {
        add_leaf(b, out, leaf);
        return true;
    }
    MLN_VEC(const char *) names = {0};
    for (size_t i = 0; i < resource->endpoints.len; i++) {
        if (strcmp(resource->endpoints.data[i]->sub->name, rest) == 0) {
            leaf.kind = MLN_LEAF_ENDPOINT;
            leaf.endpoint = resource->endpoints.data[i];
            add_leaf(b, out, leaf);
            return true;
        }
        mln_vec_push(b->arena, &names, resource->endpoints.data[i]->sub->name);
    }
    if (resource->incomplete)
        return false;
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_UNKNOWN_NAME, leaf.span,
                                       "resource '%s' has no endpoint '%s'", resource->name, rest);
    const char *close = mln_closest(rest, names.data, names.len);
    if (close)
        mln_diag_inline(diag, "did you mean '%s.%s'?", resource->name, close);
    mln_diag_label(diag, resource->span, "'%s' is declared here", resource->name);
    return false;
}

static bool add_symbol(struct mln_build *b, struct mln_scope *scope, struct mln_symbol *symbol,
                       const char *rest, struct mln_span span, struct mln_part_vec *out)
{
    struct mln_leaf leaf = {.span = span};
    if (rest && symbol->kind != MLN_SYM_RESOURCE) {
        mln_scope_unknown(b, scope, MLN_NAMES_SIDE, span, "name",
                          mln_printf(b->arena, "%s.%s", symbol->name, rest));
        return false;
    }
    if (symbol->state == MLN_BROKEN)
        return false;
    switch (symbol->kind) {
    case MLN_SYM_NETWORK:
        leaf.kind = MLN_LEAF_NETWORK, leaf.network = symbol->u.network;
        break;
    case MLN_SYM_ZONE:
        leaf.kind = MLN_LEAF_ZONE, leaf.zone = symbol->u.zone;
        break;
    case MLN_SYM_ASG:
        leaf.kind = MLN_LEAF_ASG, leaf.asg = symbol->u.asg, leaf.zone = symbol->u.asg->zone;
        break;
    case MLN_SYM_EXTERNAL:
        leaf.kind = MLN_LEAF_EXTERNAL, leaf.external = symbol->u.external;
        break;
    case MLN_SYM_RESOURCE:
        return add_resource(b, symbol->u.resource, rest, leaf, out);
    case MLN_SYM_GROUP:
        return add_group(b, symbol, span, out);
    case MLN_SYM_SAME_ZONES:
        mln_report_ambiguous(b, span, symbol);
        return false;
    default:
        if (symbol->clashed)
            return false;
        mln_report(b->ctx->diags, MLN_D_WRONG_KIND, span,
                   "'%s' is an alias; write %s.NAME for a name in it", symbol->name, symbol->name);
        return false;
    }
    add_leaf(b, out, leaf);
    return true;
}

/* Agents for macOS run in a network of their own: an external that no policy declares. */
static struct mln_external *macos_agents(struct mln_build *b)
{
    if (b->macos || b->options->macos.len == 0)
        return b->macos;
    b->macos = MLN_NEW(b->arena, struct mln_external);
    *b->macos = (struct mln_external){.name = "actions_macos",
                                      .prefixes = b->options->macos,
                                      .index = (uint32_t)b->model->externals.len};
    for (int f = 0; f < MLN_FAMILIES; f++)
        b->macos->addresses[f] = mln_prefix_set(b->arena, (enum mln_family)f, &b->options->macos);
    mln_vec_push(b->arena, &b->model->externals, b->macos);
    return b->macos;
}

static bool add_hosted(struct mln_build *b, struct mln_scope *scope, const char *geography,
                       struct mln_span span, struct mln_part_vec *out)
{
    const char *rest;
    struct mln_symbol *symbol = mln_scope_find(b, scope, MLN_NAMES_GEOGRAPHY, geography, &rest);
    if (!symbol && strncasecmp(geography, "AzureDevOps", 11) == 0) {
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_DEVOPS_NOT_AGENTS, span,
                       "the service tag AzureDevOps does not hold hosted agents");
        mln_diag_help(diag, "name the geography of the organisation: hosted-agents.europe");
        return false;
    }
    if (!symbol) {
        mln_scope_unknown(b, scope, MLN_NAMES_GEOGRAPHY, span, "geography", geography);
        return false;
    }
    struct mln_leaf leaf = {
        .kind = MLN_LEAF_HOSTED_AGENTS, .span = span, .geography = symbol->u.geography};
    add_leaf(b, out, leaf);
    struct mln_leaf macos = {.kind = MLN_LEAF_EXTERNAL,
                             .span = span,
                             .through_group = true,
                             .external = macos_agents(b)};
    if (macos.external)
        add_leaf(b, out, macos);
    return true;
}

/* "AzureFrontDoor" is none, "AzureFrontDoor.Frontend" is: the first tag an NSG takes whose name
 * goes on with a dot. */
static const char *longer_tag(const struct mln_tags *tags, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < mln_tags_count(tags); i++) {
        const struct mln_tag *tag = mln_tags_at(tags, i);
        if (strncasecmp(tag->name, name, length) == 0 && tag->name[length] == '.' &&
            (tag->features & MLN_FEATURE_NSG))
            return tag->name;
    }
    return NULL;
}

static void unknown_side(struct mln_build *b, struct mln_scope *scope, const char *name,
                         struct mln_span span)
{
    const char *dot = strchr(name, '.');
    /* Service tags begin with a capital: `nowhere` is no misspelt AzureSphere. */
    bool like_a_tag = dot || (name[0] >= 'A' && name[0] <= 'Z');
    const char *suggestion = like_a_tag ? mln_tags_suggest(b->options->tags, name) : NULL;
    const struct mln_tag *service =
        dot ? mln_tags_find(b->options->tags, mln_strndup(b->arena, name, (size_t)(dot - name)))
            : NULL;
    if (!suggestion && !service)
        suggestion = longer_tag(b->options->tags, name);
    if (!suggestion && !service) {
        mln_scope_unknown(b, scope, MLN_NAMES_SIDE, span, "name", name);
        return;
    }
    struct mln_diag *diag =
        mln_report(b->ctx->diags, MLN_D_UNKNOWN_TAG, span, "there is no service tag '%s'", name);
    if (suggestion)
        mln_diag_inline(diag, "did you mean '%s'?", suggestion);
}

static bool add_tag(struct mln_build *b, const struct mln_tag *tag, const char *written,
                    struct mln_span span, struct mln_part_vec *out)
{
    if (tag->kind == MLN_TAG_SERVICE && !(tag->features & MLN_FEATURE_NSG)) {
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_TAG_NOT_FOR_NSG, span,
                       "the service tag %s cannot be used in a network security group", tag->name);
        const char *suggestion = mln_tags_suggest(b->options->tags, written);
        if (suggestion)
            mln_diag_inline(diag, "use '%s'", suggestion);
        return false;
    }
    b->tags_named |= 1u << tag->kind;
    struct mln_leaf leaf = {.kind = MLN_LEAF_TAG, .span = span, .tag = tag};
    add_leaf(b, out, leaf);
    return true;
}

static struct mln_met_name look_up(struct mln_build *b, struct mln_scope *scope, const char *name)
{
    struct mln_met_name met = {.name = name, .scope = scope};
    met.symbol = mln_scope_find(b, scope, MLN_NAMES_SIDE, name, &met.rest);
    /* "Storage.westeurope" is the tag even where a network is called Storage and has no such zone.
     */
    if (!met.symbol || (met.rest && met.symbol->kind != MLN_SYM_RESOURCE))
        met.tag = mln_tags_find(b->options->tags, name);
    return met;
}

/* Intents name the same few places again and again. */
static struct mln_met_name meet(struct mln_build *b, struct mln_scope *scope, const char *name)
{
    if (!b->met)
        return look_up(b, scope, name);
    const void *const key[] = {name, scope};
    struct mln_met_name *met = &b->met[mln_hash_bytes(key, sizeof key) % MLN_MET_NAMES];
    if (met->name != name || met->scope != scope)
        *met = look_up(b, scope, name);
    return *met;
}

static bool add_name(struct mln_build *b, struct mln_scope *scope, const char *name,
                     struct mln_span span, struct mln_part_vec *out)
{
    const struct mln_met_name met = meet(b, scope, name);
    if (met.tag)
        return add_tag(b, met.tag, name, span, out);
    if (met.symbol)
        return add_symbol(b, scope, met.symbol, met.rest, span, out);
    static const char hosted[] = "hosted-agents.";
    if (strncmp(name, hosted, sizeof hosted - 1) == 0)
        return add_hosted(b, scope, name + sizeof hosted - 1, span, out);
    unknown_side(b, scope, name, span);
    return false;
}

/* --- terms --- */

static bool add_list(struct mln_build *b, struct mln_arg list, struct mln_span span,
                     struct mln_part_vec *out)
{
    bool good = true;
    size_t first = out->len;
    for (struct mln_value *v = list.value->items; v; v = v->next)
        good &= add_term(b, list.scope, v, out);
    for (size_t i = first; i < out->len; i++)
        out->data[i].leaf.span = span;
    return good;
}

/* A mistake in the value of a parameter is one where that value stands, however often it is used.
 */
static bool add_named(struct mln_build *b, struct mln_arg arg, const struct mln_value *term,
                      struct mln_part_vec *out)
{
    size_t first = out->len;
    struct mln_scope *where;
    const char *name = mln_eval_name(b, arg, &where);
    struct mln_span said = arg.value->span.file ? arg.value->span : term->span;
    bool good = name && add_name(b, where, name, said, out);
    for (size_t i = first; i < out->len; i++)
        out->data[i].leaf.span = term->span;
    return good;
}

static bool add_term(struct mln_build *b, struct mln_scope *scope, struct mln_value *term,
                     struct mln_part_vec *out)
{
    struct mln_arg arg = mln_eval(b, scope, term);
    struct mln_leaf leaf = {.span = term->span};
    const char *name;
    switch (arg.value->kind) {
    case MLN_VALUE_ANY:
        leaf.kind = MLN_LEAF_ANY;
        add_leaf(b, out, leaf);
        return true;
    case MLN_VALUE_PREFIX:
        leaf.kind = MLN_LEAF_PREFIX;
        leaf.prefix = arg.value->prefix;
        add_leaf(b, out, leaf);
        return true;
    case MLN_VALUE_NAME:
        return add_named(b, arg, term, out);
    case MLN_VALUE_SIDE:
        return add_side(b, arg.scope, arg.value->side, out);
    case MLN_VALUE_LIST:
        return add_list(b, arg, term->span, out);
    case MLN_VALUE_POISON:
        return false;
    case MLN_VALUE_STRING: /* a parameter given on the command line as text */
        if (!arg.value->span.file) {
            name = mln_eval_text(b, arg.scope, arg.value, "a side");
            return name && add_name(b, arg.scope, name, term->span, out);
        }
        /* fall through */
    default:
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, term->span,
                   "expected a zone, network, prefix or another name of addresses, found '%s'",
                   mln_value_text(b, arg.value));
        return false;
    }
}

static bool add_side(struct mln_build *b, struct mln_scope *scope, struct mln_side *side,
                     struct mln_part_vec *out)
{
    if (!side)
        return false;
    bool good = true;
    size_t first = out->len;
    for (struct mln_value *term = side->terms; term; term = term->next)
        good &= add_term(b, scope, term, out);
    if (!side->except)
        return good;
    struct mln_part_vec except = {0};
    for (struct mln_value *term = side->except; term; term = term->next)
        good &= add_term(b, scope, term, &except);
    mln_parts_drop_repeated(b, &except);
    const struct mln_side_set *minus = mln_parts_set(b, &except);
    for (size_t i = first; i < out->len; i++) {
        struct mln_side_part *part = &out->data[i];
        const struct mln_side_set **all =
            MLN_NEW_ARRAY(b->arena, const struct mln_side_set *, part->minus_len + 1);
        for (size_t k = 0; k < part->minus_len; k++)
            all[k] = part->minus[k];
        all[part->minus_len] = minus;
        part->minus = all;
        part->minus_len++;
    }
    return good;
}

/* --- whole sides --- */

struct mln_side_set *mln_build_side(struct mln_build *b, struct mln_scope *scope,
                                    struct mln_side *side)
{
    struct mln_part_vec parts = {0};
    if (!add_side(b, scope, side, &parts))
        return NULL;
    struct mln_side_set *set = mln_parts_set(b, &parts);
    set->text = mln_side_text(b, scope, side);
    if (set->weight <= MLN_SIDE_WEIGHT)
        return set;
    mln_report(b->ctx->diags, MLN_D_RECURSIVE, side->span,
               "with the groups and excepts in it this side has more than %d parts",
               MLN_SIDE_WEIGHT);
    return NULL;
}

void mln_resolve_group(struct mln_build *b, struct mln_scope *scope, struct mln_node *node)
{
    const char *rest;
    struct mln_symbol *symbol =
        node->name.text ? mln_scope_find(b, scope, MLN_NAMES_SIDE, node->name.text, &rest) : NULL;
    struct mln_part_vec unused = {0};
    if (symbol && symbol->node == node)
        add_group(b, symbol, node->span, &unused);
}
