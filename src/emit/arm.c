/* Templates as files. Names of files tell groups apart whatever the case of letters, since some
 * file systems ignore it. */
#include "emit/arm.h"

#include "emit/assemble.h"

#include <string.h>

/* ---- files ---- */

static void add_file(struct mln_ctx *ctx, struct mln_artefact_vec *out, const char *name,
                     const struct mln_buf *text)
{
    struct mln_artefact artefact = {
        .name = name,
        .content = mln_strndup(ctx->arena, text->data, text->len),
        .length = text->len,
    };
    mln_vec_push(ctx->arena, out, artefact);
}

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

static const char *name_of(struct mln_arena *a, struct mln_map *taken, const struct mln_template *t,
                           bool several)
{
    struct mln_buf name;
    mln_buf_init(&name, a);
    mln_buf_add(&name, "azuredeploy");
    if (several && t->scope && t->scope->group)
        add_part(&name, t->scope->group);
    const char *whole = mln_printf(a, "%s.json", name.data);
    for (unsigned n = 2; !take_name(taken, a, whole); n++)
        whole = mln_printf(a, "%s-%u.json", name.data, n);
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

static void emit_arm(struct mln_ctx *ctx, const struct mln_emit_input *input,
                     struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_ctx aside = {scratch, ctx->names, ctx->diags};
    struct mln_template_vec templates = mln_template_split(mln_assemble(&aside, input));
    struct mln_map *taken = mln_map_new(scratch);
    bool several = several_scopes(&templates);
    struct mln_buf order;
    mln_buf_init(&order, scratch);
    for (size_t i = 0; i < templates.len; i++) {
        struct mln_buf text;
        mln_buf_init(&text, scratch);
        mln_template_write_json(templates.data[i], &text);
        const char *name = name_of(ctx->arena, taken, templates.data[i], several);
        add_file(ctx, out, name, &text);
        add_order(&order, name, templates.data[i]->scope);
    }
    if (templates.len > 1)
        add_file(ctx, out, "azuredeploy.order", &order);
    mln_arena_free(scratch);
}

const struct mln_backend mln_backend_arm = {
    .name = "arm",
    .help = "a template of everything, to deploy (azuredeploy.json)",
    .emit = emit_arm,
};

/* ---- snippets ---- */

/* There are no parameters where a snippet goes: locations become what the parameter would be. */
static void use_defaults(struct mln_template *t)
{
    for (size_t i = 0; i < t->resources.len; i++) {
        struct mln_template_resource *resource = t->resources.data[i];
        for (size_t k = 0; k < t->params.len; k++)
            if (resource->location->kind == MLN_TREE_PARAM &&
                strcmp(resource->location->text, t->params.data[k].name) == 0)
                resource->location = t->params.data[k].value;
    }
}

static void emit_snippet_of(struct mln_ctx *ctx, const struct mln_emit_input *all,
                            struct mln_table *table, struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_ctx aside = {scratch, ctx->names, ctx->diags};
    struct mln_table_vec one = {0};
    mln_vec_push(scratch, &one, table);
    const struct mln_emit_input input = {
        .model = all->model, .tables = &one, .partial = true, .arm_scope = MLN_ARM_NSG};
    struct mln_template *t = mln_assemble(&aside, &input);
    mln_template_finish(t);
    use_defaults(t);
    struct mln_buf text;
    struct mln_json json;
    mln_buf_init(&text, scratch);
    mln_json_init(&json, &text, false);
    mln_json_array(&json);
    for (size_t i = 0; i < t->resources.len; i++)
        mln_template_write_resource(t->resources.data[i], &json);
    mln_json_end_array(&json);
    mln_buf_char(&text, '\n');
    add_file(ctx, out, mln_printf(ctx->arena, "%s.arm.json", table->nsg->name), &text);
    mln_arena_free(scratch);
}

static void emit_snippets(struct mln_ctx *ctx, const struct mln_emit_input *input,
                          struct mln_artefact_vec *out)
{
    for (size_t i = 0; i < input->tables->len; i++)
        emit_snippet_of(ctx, input, input->tables->data[i], out);
}

const struct mln_backend mln_backend_snippet = {
    .name = "snippet",
    .help = "the resources of one NSG, to paste into a template (NSGNAME.arm.json)",
    .emit = emit_snippets,
};
