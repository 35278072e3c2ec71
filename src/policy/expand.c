/* Which nodes count: modules in dependency order, conditions decided, templates applied.
 *
 * Every scope gets its list of active nodes once; declarations, intents and assertions are then
 * made from these lists, so nothing is expanded twice. An application is a scope of its own whose
 * actives stand in the place of the `apply` statement. The total is bounded by MAX_ACTIVE, the
 * depth by MAX_APPLY: a few lines of templates that apply each other twice would otherwise grow
 * without end. */
#include "policy/build.h"
#include "policy/question.h"

#include <string.h>

enum { MAX_APPLY = 32, MAX_ACTIVE = 4000000 };

static void define_param(struct mln_build *b, struct mln_scope *scope, struct mln_node *node)
{
    const char *name = node->name.text;
    if (!name)
        return;
    struct mln_bound *old = mln_map_get(scope->params, name);
    if (old || strcmp(name, "cloud") == 0) {
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_DUPLICATE_NAME, node->name.span,
                       old && old->span.file ? "parameter '%s' is declared already"
                                             : "parameter '%s' is built in",
                       name);
        if (old && old->span.file)
            mln_diag_label(diag, old->span, "'%s' is declared here", name);
        return;
    }
    struct mln_bound *bound = MLN_NEW(b->arena, struct mln_bound);
    *bound = (struct mln_bound){
        .name = name, .span = node->name.span, .value = node->values, .scope = scope};
    mln_map_put(scope->params, name, bound);
}

static void define_cloud(struct mln_build *b, struct mln_scope *scope)
{
    struct mln_value *value = MLN_NEW(b->arena, struct mln_value);
    value->kind = MLN_VALUE_NAME;
    value->text = mln_intern(b->ctx->names, mln_cloud_names[b->options->cloud]);
    struct mln_bound *bound = MLN_NEW(b->arena, struct mln_bound);
    *bound = (struct mln_bound){.name = "cloud", .value = value, .scope = scope};
    mln_map_put(scope->params, "cloud", bound);
}

/* --- conditions --- */

static void expand(struct mln_build *b, struct mln_scope *scope, struct mln_node *body,
                   struct mln_active_vec *out);

static void expand_when(struct mln_build *b, struct mln_scope *scope, struct mln_node *node,
                        struct mln_active_vec *out)
{
    bool holds;
    while (node->kind == MLN_NODE_WHEN && mln_eval_when(b, scope, node, &holds)) {
        if (holds || !node->has_else) {
            if (holds)
                expand(b, scope, node->body, out);
            return;
        }
        bool chained = node->orelse && node->orelse->kind == MLN_NODE_WHEN && !node->orelse->next;
        if (!chained) {
            expand(b, scope, node->orelse, out);
            return;
        }
        node = node->orelse;
    }
}

/* Nesting is bounded by the parser. */
static void expand(struct mln_build *b, struct mln_scope *scope, struct mln_node *body,
                   struct mln_active_vec *out)
{
    for (struct mln_node *node = body; node; node = node->next) {
        if (node->kind == MLN_NODE_WHEN) {
            expand_when(b, scope, node, out);
            continue;
        }
        struct mln_active active = {.kind = node->kind, .node = node, .scope = scope};
        if (node->kind != MLN_NODE_POISON)
            mln_vec_push(b->arena, out, active);
    }
}

/* Room for all nodes of a body. */
static void reserve(struct mln_build *b, const struct mln_node *body, struct mln_active_vec *out)
{
    for (const struct mln_node *node = body; node; node = node->next)
        out->cap++;
    out->data = MLN_NEW_ARRAY(b->arena, struct mln_active, out->cap);
}

void mln_expand_items(struct mln_build *b, struct mln_scope *scope, struct mln_node *body,
                      struct mln_active_vec *out)
{
    expand(b, scope, body, out);
}

/* Parameters first, whatever the order in the file; those inside `when` once their condition can be
 * decided. */
static void define_params(struct mln_build *b, struct mln_scope *scope, struct mln_node *body)
{
    for (struct mln_node *node = body; node; node = node->next)
        if (node->kind == MLN_NODE_PARAM)
            define_param(b, scope, node);
}

/* --- declaring --- */

static struct mln_symbol *new_symbol(struct mln_build *b, struct mln_active *active,
                                     enum mln_symbol_kind kind)
{
    struct mln_symbol *symbol = MLN_NEW(b->arena, struct mln_symbol);
    symbol->kind = kind;
    symbol->name = active->node->name.text;
    symbol->span = active->node->name.span;
    symbol->node = active->node;
    symbol->scope = active->scope;
    symbol->library = active->scope->module->library;
    return symbol;
}

static void declare(struct mln_build *b, struct mln_active *active, enum mln_symbol_kind kind,
                    enum mln_space_kind space)
{
    if (active->node->name.text)
        mln_scope_declare(b, active->scope, space, new_symbol(b, active, kind));
}

static void check_template(struct mln_build *b, const struct mln_node *node)
{
    struct mln_map *seen = mln_map_new(b->arena);
    for (const struct mln_template_param *p = node->params; p; p = p->next) {
        if (!p->name.text)
            continue;
        const struct mln_template_param *old = mln_map_get(seen, p->name.text);
        if (!old) {
            mln_map_put(seen, p->name.text, (void *)(uintptr_t)p);
            continue;
        }
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_DUPLICATE_NAME, p->name.span,
                                           "parameter '$%s' stands here twice", p->name.text);
        mln_diag_label(diag, old->name.span, "'$%s' is declared here", p->name.text);
        return;
    }
}

static void declare_node(struct mln_build *b, struct mln_active *active)
{
    switch (active->kind) {
    case MLN_NODE_GROUP:
        declare(b, active, MLN_SYM_GROUP, MLN_NAMES_SIDE);
        break;
    case MLN_NODE_SERVICE:
        declare(b, active, MLN_SYM_SERVICE, MLN_NAMES_SERVICE);
        break;
    case MLN_NODE_TEMPLATE:
        check_template(b, active->node);
        declare(b, active, MLN_SYM_TEMPLATE, MLN_NAMES_TEMPLATE);
        break;
    default:
        break; /* the others are declared where they are built */
    }
}

/* --- applications --- */

static struct mln_bound *bind(struct mln_build *b, struct mln_scope *applied,
                              const struct mln_template_param *param)
{
    struct mln_bound *bound = MLN_NEW(b->arena, struct mln_bound);
    *bound = (struct mln_bound){.name = param->name.text,
                                .span = param->name.span,
                                .value = param->value,
                                .scope = applied};
    mln_map_put(applied->params, param->name.text, bound);
    return bound;
}

static void argument_error(struct mln_build *b, const struct mln_symbol *template_symbol,
                           struct mln_span span, const char *message, const char *name)
{
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_TEMPLATE_ARGUMENTS, span,
                                       "template '%s' %s%s%s%s", template_symbol->name, message,
                                       name ? " '" : "", name ? name : "", name ? "'" : "");
    if (!template_symbol->library)
        mln_diag_label(diag, template_symbol->span, "the template is declared here");
}

static bool give(struct mln_build *b, struct mln_scope *caller, struct mln_bound *bound,
                 struct mln_argument *argument, const struct mln_symbol *symbol)
{
    if (bound->state == MLN_DONE) { /* used here as the mark "given" until all are read */
        argument_error(b, symbol, argument->value->span, "is given twice the parameter",
                       bound->name);
        return false;
    }
    bound->value = argument->value;
    bound->scope = caller;
    bound->state = MLN_DONE;
    return true;
}

static bool bind_arguments(struct mln_build *b, struct mln_scope *applied,
                           const struct mln_symbol *symbol)
{
    bool good = true;
    MLN_VEC(struct mln_bound *) bounds = {0};
    for (const struct mln_template_param *p = symbol->node->params; p; p = p->next)
        if (p->name.text)
            mln_vec_push(b->arena, &bounds, bind(b, applied, p));
    size_t position = 0;
    for (struct mln_argument *a = applied->apply->arguments; a; a = a->next) {
        struct mln_bound *bound = NULL;
        if (!a->name.text && position < bounds.len)
            bound = bounds.data[position++];
        else if (a->name.text)
            bound = mln_map_get(applied->params, a->name.text);
        if (bound)
            good &= give(b, applied->caller, bound, a, symbol);
        else if (a->name.text)
            argument_error(b, symbol, a->name.span, "has no parameter", a->name.text), good = false;
        else
            argument_error(b, symbol, a->value->span, "takes fewer arguments", NULL), good = false;
    }
    for (size_t i = 0; i < bounds.len; i++) {
        bounds.data[i]->state = MLN_UNSEEN;
        if (!bounds.data[i]->value)
            argument_error(b, symbol, applied->apply->name.span, "needs a value for",
                           bounds.data[i]->name),
                good = false;
    }
    return good;
}

static bool too_deep(struct mln_build *b, struct mln_scope *applied,
                     const struct mln_symbol *symbol)
{
    bool itself = false;
    for (const struct mln_apply_frame *f = applied->frame->outer; f; f = f->outer)
        itself |= f->template_name == symbol->name && symbol->node != NULL &&
                  f->template_node == symbol->node;
    if (!itself && applied->depth <= MAX_APPLY)
        return false;
    struct mln_diag *diag = mln_report(
        b->ctx->diags, MLN_D_APPLY_RECURSION, applied->apply->name.span,
        itself ? "template '%s' applies itself" : "applications are nested too deeply at '%s'",
        symbol->name);
    for (const struct mln_apply_frame *f = applied->frame->outer; f; f = f->outer)
        mln_diag_label(diag, f->span, "'%s' is applied here", f->template_name);
    return true;
}

static void expand_scope(struct mln_build *b, struct mln_scope *scope, struct mln_node *body);

static void declare_alias(struct mln_build *b, struct mln_scope *scope, const struct mln_word *name,
                          struct mln_scope *inner)
{
    if (!name->text)
        return;
    struct mln_symbol *symbol = MLN_NEW(b->arena, struct mln_symbol);
    *symbol = (struct mln_symbol){.kind = MLN_SYM_ALIAS,
                                  .name = name->text,
                                  .span = name->span,
                                  .scope = scope,
                                  .inner = inner,
                                  .library = scope->module->library};
    mln_scope_declare(b, scope, MLN_NAMES_SIDE, symbol);
}

static void apply(struct mln_build *b, struct mln_active *active)
{
    struct mln_node *node = active->node;
    const char *rest;
    struct mln_symbol *symbol =
        mln_find_symbol(b, active->scope, MLN_NAMES_TEMPLATE, &node->name, "template", &rest);
    if (!symbol)
        return;
    struct mln_scope *applied = mln_scope_new(b, symbol->scope->module, symbol->scope);
    applied->caller = active->scope;
    applied->apply = node;
    applied->template_name = symbol->name;
    applied->depth = active->scope->depth + 1;
    applied->frame = MLN_NEW(b->arena, struct mln_apply_frame);
    *applied->frame =
        (struct mln_apply_frame){symbol->name, symbol->node, node->span, active->scope->frame};
    if (too_deep(b, applied, symbol) || !bind_arguments(b, applied, symbol))
        return;
    active->applied = applied;
    declare_alias(b, active->scope, &node->clauses->as, applied);
    expand_scope(b, applied, symbol->node->body);
}

static void expand_scope(struct mln_build *b, struct mln_scope *scope, struct mln_node *body)
{
    define_params(b, scope, body);
    expand(b, scope, body, &scope->actives);
    b->active_count += scope->actives.len;
    for (size_t i = 0; i < scope->actives.len; i++)
        declare_node(b, &scope->actives.data[i]);
}

/* After every module has declared its templates: applications, and those inside them. */
static void apply_all(struct mln_build *b, struct mln_scope *scope)
{
    for (size_t i = 0; i < scope->actives.len; i++) {
        struct mln_active *active = &scope->actives.data[i];
        if (active->kind != MLN_NODE_APPLY)
            continue;
        if (b->active_count > MAX_ACTIVE) {
            mln_report(b->ctx->diags, MLN_D_APPLY_RECURSION, active->node->span,
                       "the templates expand to more than %d statements", MAX_ACTIVE);
            return;
        }
        apply(b, active);
        if (active->applied)
            apply_all(b, active->applied);
    }
}

/* --- modules --- */

/* The prelude is loaded before everything but its own imports, and seen behind all other names. */
static void open_prelude(struct mln_build *b, struct mln_scope *scope)
{
    if (b->prelude)
        mln_vec_push(b->arena, &scope->opened, b->prelude);
    if (strcmp(scope->module->display, "<stdlib>/prelude.mlp") == 0)
        b->prelude = scope;
}

static void open_imports(struct mln_build *b, struct mln_scope *scope)
{
    open_prelude(b, scope);
    for (size_t i = 0; i < scope->module->imports.len; i++) {
        const struct mln_import *import = &scope->module->imports.data[i];
        if (!import->module)
            continue;
        struct mln_scope *inner = b->scopes[import->module->index];
        if (import->alias)
            declare_alias(b, scope, &import->node->name2, inner);
        else
            mln_vec_push(b->arena, &scope->opened, inner);
    }
}

/* An import without alias must not bring a name that another one brings, or that the file declares
 * itself. */
static void check_clash(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                        const struct mln_map *names, const struct mln_import *import)
{
    for (size_t i = 0; i < names->len; i++) {
        struct mln_symbol *brought = names->entries[i].value;
        const char *rest;
        struct mln_symbol *seen = mln_scope_find(b, scope, space, brought->name, &rest);
        if (!seen || seen == brought || brought->kind == MLN_SYM_ALIAS)
            continue;
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_DUPLICATE_NAME, import->node->span,
                       "the import brings '%s', which this file has already", brought->name);
        mln_diag_label(diag, brought->span, "'%s' is declared here", brought->name);
        mln_diag_label(diag, seen->span, "and here");
        mln_diag_help(diag, "import it with 'as NAME'");
    }
}

static void check_imports(struct mln_build *b, struct mln_scope *scope)
{
    for (size_t i = 0; i < scope->module->imports.len; i++) {
        const struct mln_import *import = &scope->module->imports.data[i];
        if (!import->module || import->alias)
            continue;
        struct mln_scope *inner = b->scopes[import->module->index];
        check_clash(b, scope, MLN_NAMES_SIDE, inner->sides, import);
        check_clash(b, scope, MLN_NAMES_SERVICE, inner->services, import);
        check_clash(b, scope, MLN_NAMES_TEMPLATE, inner->templates, import);
    }
}

/* --param NAME=TEXT: the root file's parameters and those it sees, ALIAS.NAME for the others. */
static struct mln_bound *setting_target(struct mln_build *b, const char *name)
{
    struct mln_scope *scope = b->root;
    for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        const char *rest;
        struct mln_symbol *alias = mln_scope_find(
            b, scope, MLN_NAMES_SIDE, mln_strndup(b->arena, name, (size_t)(dot - name)), &rest);
        if (!alias || alias->kind != MLN_SYM_ALIAS)
            return NULL;
        scope = alias->inner;
    }
    return mln_scope_param(scope, name);
}

static void complain_unknown(struct mln_build *b, const char *name)
{
    struct mln_param_names names = {0};
    mln_question_params(b->ctx, b->model, &names);
    const char *close = mln_closest(name, names.data, names.len);
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_UNKNOWN_PARAM, (struct mln_span){0},
                                       "the policy declares no parameter '%s'", name);
    if (close)
        mln_diag_help(diag, "did you mean '%s'?", close);
}

static void set_param(struct mln_build *b, struct mln_param_setting *setting)
{
    struct mln_bound *bound = setting_target(b, setting->name);
    if (!bound || !bound->span.file) {
        if (!b->options->params_shared)
            complain_unknown(b, setting->name);
        return;
    }
    struct mln_value *value = mln_parse_value(b->ctx, setting->text);
    if (!value) {
        value = MLN_NEW(b->arena, struct mln_value);
        value->kind = MLN_VALUE_STRING;
        value->text = mln_intern(b->ctx->names, setting->text);
    }
    bound->value = value;
    bound->scope = b->root;
    setting->used = true;
}

static void check_given(struct mln_build *b, const struct mln_scope *scope)
{
    for (size_t i = 0; i < scope->params->len; i++) {
        struct mln_bound *bound = scope->params->entries[i].value;
        mln_resolve_param(b, bound);
        if (bound->value)
            continue;
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_MISSING_PARAM, bound->span,
                                           "parameter '%s' has no value", bound->name);
        mln_diag_help(diag, "give one with --param %s=TEXT", bound->name);
    }
}

void mln_expand_modules(struct mln_build *b, const struct mln_module_vec *modules)
{
    b->scopes = MLN_NEW_ARRAY(b->arena, struct mln_scope *, modules->len);
    b->scope_count = modules->len;
    for (size_t i = 0; i < modules->len; i++) {
        struct mln_scope *scope = mln_scope_new(b, modules->data[i], NULL);
        b->scopes[modules->data[i]->index] = scope;
        define_cloud(b, scope);
        open_imports(b, scope);
        define_params(b, scope, modules->data[i]->file->nodes);
        b->root = scope;
    }
    for (size_t i = 0; i < b->options->param_count; i++)
        set_param(b, &b->options->params[i]);
    for (size_t i = 0; i < modules->len; i++) {
        struct mln_scope *scope = b->scopes[i];
        check_given(b, scope);
        reserve(b, scope->module->file->nodes, &scope->actives);
        expand(b, scope, scope->module->file->nodes, &scope->actives);
        b->active_count += scope->actives.len;
        for (size_t k = 0; k < scope->actives.len; k++) {
            struct mln_active *active = &scope->actives.data[k];
            /* a parameter inside `when` was not defined with the others */
            if (active->kind == MLN_NODE_PARAM && active->node->name.text &&
                !mln_map_get(scope->params, active->node->name.text))
                define_param(b, scope, active->node);
            declare_node(b, active);
        }
    }
    for (size_t i = 0; i < modules->len; i++)
        apply_all(b, b->scopes[i]);
}

void mln_expand_check_imports(struct mln_build *b)
{
    for (size_t i = 0; i < b->scope_count; i++)
        check_imports(b, b->scopes[i]);
}

static void visit_scope(struct mln_build *b, struct mln_scope *scope, mln_visit *visit)
{
    for (size_t i = 0; i < scope->actives.len; i++) {
        struct mln_active *active = &scope->actives.data[i];
        if (active->applied)
            visit_scope(b, active->applied, visit);
        else
            visit(b, active);
    }
}

void mln_expand_visit(struct mln_build *b, mln_visit *visit)
{
    for (size_t i = 0; i < b->scope_count; i++)
        visit_scope(b, b->scopes[i], visit);
}
