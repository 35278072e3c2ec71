/* Looking declared things up by the word that names them, with the mistakes reported. */
#include "policy/build.h"

#include <string.h>

/* A word may be "$param" or hold "$param" parts. */
static const char *word_text(struct mln_build *b, struct mln_scope *scope,
                             const struct mln_word *word, struct mln_scope **where)
{
    if (!word->text) {
        b->poisoned = true;
        return NULL;
    }
    struct mln_value value = {.kind = MLN_VALUE_NAME, .span = word->span, .text = word->text};
    struct mln_arg arg = mln_eval(b, scope, &value);
    if (arg.value->kind == MLN_VALUE_POISON)
        return NULL;
    if (arg.value->kind == MLN_VALUE_NAME)
        return mln_eval_name(b, arg, where);
    *where = arg.scope;
    return mln_eval_text(b, arg.scope, arg.value, "a name");
}

struct mln_symbol *mln_find_symbol(struct mln_build *b, struct mln_scope *scope,
                                   enum mln_space_kind space, const struct mln_word *word,
                                   const char *what, const char **rest)
{
    struct mln_scope *where;
    const char *name = word_text(b, scope, word, &where);
    if (!name)
        return NULL;
    struct mln_symbol *symbol = mln_scope_find(b, where, space, name, rest);
    if (!symbol)
        mln_scope_unknown(b, where, space, word->span, what, name);
    return symbol;
}

void mln_report_ambiguous(struct mln_build *b, struct mln_span span,
                          const struct mln_symbol *symbol)
{
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_AMBIGUOUS_NAME, span,
                                       "several networks have a zone '%s'", symbol->name);
    for (size_t i = 0; i < b->model->zones.len; i++) {
        const struct mln_zone *zone = b->model->zones.data[i];
        if (strcmp(zone->name, symbol->name) == 0)
            mln_diag_label(diag, zone->span, "'%s.%s'", zone->network->name, zone->name);
    }
}

static void wrong_kind(struct mln_build *b, const struct mln_word *word,
                       const struct mln_symbol *symbol, const char *wanted)
{
    if (symbol->clashed)
        return; /* the other one may be */
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_WRONG_KIND, word->span,
                                       "'%s' is not %s", symbol->name, wanted);
    if (symbol->span.file)
        mln_diag_label(diag, symbol->span, "'%s' is declared here", symbol->name);
}

struct mln_zone *mln_find_zone(struct mln_build *b, struct mln_scope *scope,
                               const struct mln_word *word)
{
    const char *rest;
    struct mln_symbol *symbol = mln_find_symbol(b, scope, MLN_NAMES_SIDE, word, "zone", &rest);
    if (!symbol || symbol->state == MLN_BROKEN)
        return NULL;
    if (symbol->kind == MLN_SYM_ZONE && !rest)
        return symbol->u.zone;
    if (symbol->kind == MLN_SYM_SAME_ZONES)
        mln_report_ambiguous(b, word->span, symbol);
    else if (symbol->kind == MLN_SYM_NETWORK && rest)
        mln_scope_unknown(b, scope, MLN_NAMES_SIDE, word->span, "zone",
                          mln_printf(b->arena, "%s.%s", symbol->name, rest));
    else
        wrong_kind(b, word, symbol, "a zone");
    return NULL;
}

struct mln_network *mln_find_network(struct mln_build *b, struct mln_scope *scope,
                                     const struct mln_word *word)
{
    const char *rest;
    struct mln_symbol *symbol = mln_find_symbol(b, scope, MLN_NAMES_SIDE, word, "network", &rest);
    if (!symbol || symbol->state == MLN_BROKEN)
        return NULL;
    if (symbol->kind == MLN_SYM_NETWORK && !rest)
        return symbol->u.network;
    wrong_kind(b, word, symbol, "a network");
    return NULL;
}
