/* Names are looked up from the inside out: the application's own, the module's own, the modules it
 * opens (imports without an alias, transitively), the prelude last. An opened module is searched
 * once per look-up even when it is reached twice, and one declaration reached by two ways is no
 * clash. */
#include "policy/build.h"

#include <string.h>
#include <strings.h>

struct mln_scope *mln_scope_new(struct mln_build *b, struct mln_module *module,
                                struct mln_scope *outer)
{
    struct mln_scope *scope = MLN_NEW(b->arena, struct mln_scope);
    scope->module = module;
    scope->outer = outer;
    scope->sides = mln_map_new(b->arena);
    scope->services = mln_map_new(b->arena);
    scope->kinds = mln_map_new(b->arena);
    scope->geographies = mln_map_new(b->arena);
    scope->templates = mln_map_new(b->arena);
    scope->intents = mln_map_new(b->arena);
    scope->params = mln_map_new(b->arena);
    return scope;
}

static struct mln_map *names_of(const struct mln_scope *scope, enum mln_space_kind space)
{
    switch (space) {
    case MLN_NAMES_SIDE:
        return scope->sides;
    case MLN_NAMES_SERVICE:
        return scope->services;
    case MLN_NAMES_KIND:
        return scope->kinds;
    case MLN_NAMES_GEOGRAPHY:
        return scope->geographies;
    case MLN_NAMES_TEMPLATE:
        return scope->templates;
    case MLN_NAMES_INTENT:
        return scope->intents;
    }
    return NULL;
}

/* Names are kept under their lower-case form, so that case clashes are found by the same look-up.
 */
static const char *fold(char *out, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    out[length] = '\0';
    return out;
}

const char *mln_scope_key(struct mln_build *b, const char *name)
{
    size_t length = strlen(name);
    return fold(mln_alloc(b->arena, length + 1), name, length);
}

static bool reserved(const struct mln_build *b, const char *name)
{
    const struct mln_tag *tag = mln_tags_find(b->options->tags, name);
    return (tag && tag->kind != MLN_TAG_SERVICE) || strcmp(name, "hosted-agents") == 0;
}

static void check_tag(struct mln_build *b, const struct mln_symbol *symbol)
{
    const struct mln_tag *tag = mln_tags_find(b->options->tags, symbol->name);
    if (tag && strcmp(tag->name, symbol->name) == 0 && !symbol->library)
        mln_report(b->ctx->diags, MLN_D_HIDES_TAG, symbol->span,
                   "'%s' hides the service tag of the same name", symbol->name);
}

bool mln_scope_declare(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                       struct mln_symbol *symbol)
{
    struct mln_map *names = names_of(scope, space);
    if (space == MLN_NAMES_SIDE && reserved(b, symbol->name)) {
        mln_report(b->ctx->diags, MLN_D_RESERVED_NAME, symbol->span,
                   "'%s' has a fixed meaning and cannot be declared", symbol->name);
        return false;
    }
    const char *key = mln_scope_key(b, symbol->name);
    struct mln_symbol *old = mln_map_get(names, key);
    if (old) {
        old->clashed = true;
        /* Places are declared after groups; the mistake is where the reader meets it, in the second
         * one. */
        bool earlier = old->span.file == symbol->span.file && symbol->span.lo < old->span.lo;
        struct mln_symbol *first = earlier ? symbol : old;
        symbol = earlier ? old : symbol;
        old = first;
        bool same = strcmp(old->name, symbol->name) == 0;
        struct mln_diag *diag =
            same ? mln_report(b->ctx->diags, MLN_D_DUPLICATE_NAME, symbol->span,
                              "'%s' is declared already", symbol->name)
                 : mln_report(b->ctx->diags, MLN_D_CASE_CLASH, symbol->span,
                              "'%s' and '%s' differ only by case", symbol->name, old->name);
        mln_diag_label(diag, old->span, "'%s' is declared here", old->name);
        return false;
    }
    mln_map_put(names, key, symbol);
    if (space == MLN_NAMES_SIDE)
        check_tag(b, symbol);
    return true;
}

/* Own names, then outer ones, then those of opened scopes. Depth is bounded by the import graph,
 * which has no cycle, but a diamond could be walked many times: each look-up has a number and
 * leaves it where it was. */
static struct mln_symbol *find_simple(struct mln_scope *scope, enum mln_space_kind space,
                                      const char *key, uint64_t look_up)
{
    if (scope->seen == look_up)
        return NULL;
    scope->seen = look_up;
    struct mln_symbol *symbol = mln_map_get(names_of(scope, space), key);
    if (!symbol && scope->outer)
        symbol = find_simple(scope->outer, space, key, look_up);
    for (size_t i = scope->opened.len; !symbol && i-- > 0;)
        symbol = find_simple(scope->opened.data[i], space, key, look_up);
    return symbol;
}

static struct mln_symbol *find_exact(struct mln_build *b, struct mln_scope *scope,
                                     enum mln_space_kind space, const char *name)
{
    char small[128];
    size_t length = strlen(name);
    const char *key = length < sizeof small ? fold(small, name, length) : mln_scope_key(b, name);
    struct mln_symbol *symbol = find_simple(scope, space, key, ++b->look_ups);
    return symbol && strcmp(symbol->name, name) == 0 ? symbol : NULL;
}

struct mln_symbol *mln_scope_find(struct mln_build *b, struct mln_scope *scope,
                                  enum mln_space_kind space, const char *name, const char **rest)
{
    const char *dot = strchr(name, '.');
    *rest = NULL;
    if (!dot)
        return find_exact(b, scope, space, name);
    struct mln_symbol *whole =
        find_exact(b, scope, space, name); /* "network.zone" is declared whole */
    if (whole)
        return whole;
    const char *first = mln_strndup(b->arena, name, (size_t)(dot - name));
    struct mln_symbol *head = find_exact(b, scope, MLN_NAMES_SIDE, first);
    if (head && head->kind == MLN_SYM_ALIAS)
        return mln_scope_find(b, head->inner, space, dot + 1, rest);
    if (!head || space != MLN_NAMES_SIDE)
        return NULL;
    *rest = dot + 1;
    return head;
}

struct mln_bound *mln_scope_param(struct mln_scope *scope, const char *name)
{
    const char *dot = strchr(name, '.');
    if (dot)
        return NULL;
    for (struct mln_scope *s = scope; s; s = s->outer) {
        struct mln_bound *bound = mln_map_get(s->params, name);
        for (size_t i = s->opened.len; !bound && i-- > 0;)
            bound = mln_scope_param(s->opened.data[i], name);
        if (bound)
            return bound;
    }
    return NULL;
}

static void collect_names(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                          void *names_vec)
{
    MLN_VEC(const char *) *names = names_vec;
    for (struct mln_scope *s = scope; s; s = s->outer) {
        const struct mln_map *map = names_of(s, space);
        for (size_t i = 0; i < map->len; i++)
            mln_vec_push(b->arena, names, ((struct mln_symbol *)map->entries[i].value)->name);
        for (size_t i = 0; i < s->opened.len; i++)
            collect_names(b, s->opened.data[i], space, names_vec);
    }
}

/* The name may be one of another space: a service where a side is wanted. */
static bool of_other_space(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                           struct mln_span span, const char *what, const char *name)
{
    static const char *const kinds[] = {
        [MLN_NAMES_SIDE] = "a place",
        [MLN_NAMES_SERVICE] = "a service",
        [MLN_NAMES_KIND] = "a kind of resource",
        [MLN_NAMES_GEOGRAPHY] = "a geography",
        [MLN_NAMES_TEMPLATE] = "a template",
        [MLN_NAMES_INTENT] = "an intent",
    };
    const char *rest;
    for (int other = MLN_NAMES_SIDE; other <= MLN_NAMES_INTENT; other++) {
        struct mln_symbol *symbol =
            other == (int)space ? NULL
                                : mln_scope_find(b, scope, (enum mln_space_kind)other, name, &rest);
        if (!symbol || rest)
            continue;
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_WRONG_KIND, span,
                                           "'%s' is %s, not a %s", name, kinds[other], what);
        if (!symbol->library)
            mln_diag_label(diag, symbol->span, "'%s' is declared here", name);
        return true;
    }
    return false;
}

void mln_scope_unknown(struct mln_build *b, struct mln_scope *scope, enum mln_space_kind space,
                       struct mln_span span, const char *what, const char *name)
{
    if (of_other_space(b, scope, space, span, what, name))
        return;
    MLN_VEC(const char *) names = {0};
    collect_names(b, scope, space, &names);
    struct mln_diag *diag =
        mln_report(b->ctx->diags, MLN_D_UNKNOWN_NAME, span, "unknown %s '%s'", what, name);
    const char *close = mln_closest(name, names.data, names.len);
    if (!close)
        return;
    const char *rest;
    struct mln_symbol *symbol = mln_scope_find(b, scope, space, close, &rest);
    mln_diag_inline(diag, "did you mean '%s'?", close);
    if (symbol && !symbol->library)
        mln_diag_label(diag, symbol->span, "'%s' is declared here", close);
}
