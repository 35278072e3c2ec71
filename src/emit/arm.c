/* Templates as JSON: whole, and in pieces to paste. */
#include "emit/arm.h"

#include "emit/assemble.h"
#include "emit/template_files.h"

#include <string.h>

/* ---- files ---- */

static void emit_arm(struct mln_ctx *ctx, const struct mln_emit_input *input,
                     struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_ctx aside = {scratch, ctx->names, ctx->diags};
    struct mln_template_vec templates = mln_template_split(mln_assemble(&aside, input));
    mln_template_files(ctx, &templates, "azuredeploy", "json", mln_template_write_json, out);
    mln_arena_free(scratch);
}

const struct mln_backend mln_backend_arm = {
    .name = "arm",
    .help = "a template of everything, to deploy (azuredeploy.json)",
    .check = mln_assemble_check,
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
    mln_artefact_add(ctx->arena, out, mln_printf(ctx->arena, "%s.arm.json", table->nsg->name),
                     &text);
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
