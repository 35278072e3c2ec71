#include "policy/declared.h"

#include "policy/build.h"

#include <string.h>

/* Is this what the policy means when it writes the name? */
static bool is_visible(struct mln_build *b, enum mln_space_kind space,
                       const struct mln_symbol *symbol)
{
    const char *rest;
    return b->root && mln_scope_find(b, b->root, space, symbol->name, &rest) == symbol;
}

static void add(struct mln_build *b, enum mln_space_kind space, struct mln_symbol *symbol,
                struct mln_arena *arena, struct mln_declared_vec *out)
{
    struct mln_declared declared = {.name = symbol->name, .library = symbol->library};
    if (!is_visible(b, space, symbol))
        return;
    if (symbol->kind == MLN_SYM_GROUP && symbol->state == MLN_DONE)
        declared.group = symbol->u.group;
    else if (symbol->kind == MLN_SYM_SERVICE)
        declared.services = mln_services_of(b, symbol);
    if (declared.group || declared.services)
        mln_vec_push(arena, out, declared);
}

/* The policy's own module is the last one. */
static void add_all(const struct mln_model *model, enum mln_space_kind space,
                    struct mln_arena *arena, struct mln_declared_vec *out)
{
    struct mln_build *b = model->build;
    for (size_t s = b ? b->scope_count : 0; s-- > 0;) {
        if (!b->scopes[s])
            continue;
        const struct mln_map *names =
            space == MLN_NAMES_SIDE ? b->scopes[s]->sides : b->scopes[s]->services;
        for (size_t i = 0; i < names->len; i++)
            add(b, space, names->entries[i].value, arena, out);
    }
}

void mln_declared_groups(const struct mln_model *model, struct mln_arena *arena,
                         struct mln_declared_vec *out)
{
    add_all(model, MLN_NAMES_SIDE, arena, out);
}

void mln_declared_services(const struct mln_model *model, struct mln_arena *arena,
                           struct mln_declared_vec *out)
{
    add_all(model, MLN_NAMES_SERVICE, arena, out);
}
