/* Names and order of the files that templates become. */
#include "emit/template_files.h"

#include <string.h>

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("._-", c);
}

/* Appends "-TEXT" with other characters replaced. */
static void add_part(struct mln_buf *name, const char *text)
{
    mln_buf_char(name, '-');
    for (; *text; text++)
        mln_buf_char(name, is_plain(*text) ? *text : '_');
}

static bool take_name(struct mln_map *taken, struct mln_arena *a, const char *name)
{
    char *key = mln_strdup(a, name);
    for (char *c = key; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    if (mln_map_get(taken, key))
        return false;
    mln_map_put(taken, key, taken);
    return true;
}

struct namer {
    struct mln_arena *arena;
    struct mln_map *taken;
    const char *stem, *extension;
    bool several; /* scopes */
};

static const char *name_of(const struct namer *namer, const struct mln_template *t)
{
    struct mln_buf name;
    mln_buf_init(&name, namer->arena);
    mln_buf_add(&name, namer->stem);
    if (namer->several && t->scope && t->scope->group)
        add_part(&name, t->scope->group);
    const char *whole = mln_printf(namer->arena, "%s.%s", name.data, namer->extension);
    for (unsigned n = 2; !take_name(namer->taken, namer->arena, whole); n++)
        whole = mln_printf(namer->arena, "%s-%u.%s", name.data, n, namer->extension);
    return whole;
}

static bool several_scopes(const struct mln_template_vec *templates)
{
    for (size_t i = 1; i < templates->len; i++)
        if (templates->data[i]->scope != templates->data[0]->scope)
            return true;
    return false;
}

static void add_order(struct mln_buf *order, const char *file, const struct mln_template_scope *s)
{
    mln_buf_printf(order, "%s\t%s\t%s\n", file, s && s->group ? s->group : "-",
                   s && s->subscription ? s->subscription : "-");
}

void mln_template_files(struct mln_ctx *ctx, const struct mln_template_vec *templates,
                        const char *stem, const char *extension, mln_template_writer write,
                        struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    const struct namer namer = {ctx->arena, mln_map_new(scratch), stem, extension,
                                several_scopes(templates)};
    struct mln_buf order;
    mln_buf_init(&order, scratch);
    for (size_t i = 0; i < templates->len; i++) {
        struct mln_buf text;
        mln_buf_init(&text, scratch);
        write(templates->data[i], &text);
        const char *name = name_of(&namer, templates->data[i]);
        mln_artefact_add(ctx->arena, out, name, &text);
        add_order(&order, name, templates->data[i]->scope);
    }
    if (templates->len > 1)
        mln_artefact_add(ctx->arena, out, mln_printf(ctx->arena, "%s.order", stem), &order);
    mln_arena_free(scratch);
}
