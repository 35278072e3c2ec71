/* A template as a Bicep file: parameters, variables, what exists, resources, outputs. */
#include "emit/bicep.h"

#include "emit/assemble.h"
#include "emit/template_files.h"

#include <string.h>

struct bicep {
    const struct mln_template *t;
    struct mln_buf *out;
    struct mln_arena *scratch;
    struct mln_map *declared; /* symbols of `existing` resources */
    bool something;           /* a blank line is due before the next declaration */
};

static void separate(struct bicep *b)
{
    if (b->something)
        mln_buf_char(b->out, '\n');
    b->something = true;
}

/* ---- parameters, variables, outputs ---- */

static void write_param(struct bicep *b, const struct mln_template_parameter *param)
{
    separate(b);
    if (param->description) {
        mln_buf_add(b->out, "@description(");
        mln_bicep_quote(param->description, b->out);
        mln_buf_add(b->out, ")\n");
    }
    mln_buf_printf(b->out, "param %s %s", param->name, param->type);
    if (param->value) {
        mln_buf_add(b->out, " = ");
        mln_bicep_value(param->value, 0, b->out);
    }
    mln_buf_char(b->out, '\n');
}

static void write_variable(struct bicep *b, const struct mln_template_variable *variable)
{
    separate(b);
    mln_buf_printf(b->out, "var %s = ", variable->name);
    mln_bicep_value(variable->value, 0, b->out);
    mln_buf_char(b->out, '\n');
}

static void write_output(struct bicep *b, const struct mln_template_output *output)
{
    separate(b);
    mln_buf_printf(b->out, "output %s %s = ", output->name, output->type);
    mln_bicep_value(output->value, 0, b->out);
    mln_buf_char(b->out, '\n');
}

/* ---- names ---- */

/* A child names its parent and its own last segment. */
static void write_name(struct bicep *b, const struct mln_template_resource *resource)
{
    if (resource->parent)
        mln_buf_printf(b->out, "  parent: %s\n", resource->parent->symbol);
    mln_buf_add(b->out, "  name: ");
    mln_bicep_value(resource->name.data[resource->name.len - 1], 1, b->out);
    mln_buf_char(b->out, '\n');
}

/* ---- what exists ---- */

/* Where a resource of another template lies: as a reference to it says. */
static void write_scope(struct bicep *b, const struct mln_tree *reference)
{
    if (!reference || reference->elsewhere.len == 0)
        return;
    mln_buf_add(b->out, "  scope: resourceGroup(");
    for (size_t i = 0; i < reference->elsewhere.len; i++) {
        mln_buf_add(b->out, i ? ", " : "");
        mln_bicep_value(reference->elsewhere.data[i], 1, b->out);
    }
    mln_buf_add(b->out, ")\n");
}

/* `reference`: what leads to it from another scope; NULL for a parent, which lies in the same. */
static void write_existing(struct bicep *b, const struct mln_template_resource *resource,
                           const struct mln_tree *reference)
{
    if (resource->owner == b->t || mln_map_get(b->declared, resource->symbol))
        return;
    mln_map_put(b->declared, resource->symbol, b);
    if (resource->parent)
        write_existing(b, resource->parent, reference);
    separate(b);
    mln_buf_printf(b->out, "resource %s '%s@%s' existing = {\n", resource->symbol, resource->type,
                   resource->api);
    if (!resource->parent)
        write_scope(b, reference);
    write_name(b, resource);
    mln_buf_add(b->out, "}\n");
}

/* Everything of other templates that the value refers to; as deep as the value. */
static void write_existing_of(struct bicep *b, const struct mln_tree *tree)
{
    if (tree->resource)
        write_existing(b, tree->resource, tree);
    if (tree->base)
        write_existing_of(b, tree->base);
    for (size_t i = 0; i < tree->items.len; i++)
        write_existing_of(b, tree->items.data[i]);
    for (size_t i = 0; i < tree->members.len; i++)
        write_existing_of(b, tree->members.data[i].value);
}

static void write_all_existing(struct bicep *b)
{
    for (size_t i = 0; i < b->t->resources.len; i++) {
        const struct mln_template_resource *resource = b->t->resources.data[i];
        if (resource->parent)
            write_existing(b, resource->parent, NULL);
        write_existing_of(b, resource->body);
    }
    for (size_t i = 0; i < b->t->outputs.len; i++)
        write_existing_of(b, b->t->outputs.data[i].value);
}

/* ---- resources ---- */

static bool refers_to(const struct mln_template_resource *resource,
                      const struct mln_template_resource *other)
{
    for (size_t i = 0; i < resource->refers.len; i++)
        if (resource->refers.data[i] == other)
            return true;
    return false;
}

/* What must come first and cannot be seen from what the resource says. */
static void write_depends(struct bicep *b, const struct mln_template_resource *resource)
{
    bool any = false;
    for (size_t i = 0; i < resource->depends.len; i++) {
        if (refers_to(resource, resource->depends.data[i]))
            continue;
        if (!any)
            mln_buf_add(b->out, "  dependsOn: [\n");
        mln_buf_printf(b->out, "    %s\n", resource->depends.data[i]->symbol);
        any = true;
    }
    if (any)
        mln_buf_add(b->out, "  ]\n");
}

static void write_resource(struct bicep *b, const struct mln_template_resource *resource)
{
    separate(b);
    mln_buf_printf(b->out, "resource %s '%s@%s' = {\n", resource->symbol, resource->type,
                   resource->api);
    write_name(b, resource);
    if (resource->location) {
        mln_buf_add(b->out, "  location: ");
        mln_bicep_value(resource->location, 1, b->out);
        mln_buf_char(b->out, '\n');
    }
    for (size_t i = 0; i < resource->body->members.len; i++) {
        mln_buf_printf(b->out, "  %s: ", resource->body->members.data[i].key);
        mln_bicep_value(resource->body->members.data[i].value, 1, b->out);
        mln_buf_char(b->out, '\n');
    }
    write_depends(b, resource);
    mln_buf_add(b->out, "}\n");
}

void mln_bicep_write(const struct mln_template *t, struct mln_buf *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct bicep b = {t, out, scratch, mln_map_new(scratch), true};
    mln_buf_add(out, "// Written by mlnsgc. What is changed here is lost with the next compile;\n"
                     "// change the policy instead.\n");
    for (size_t i = 0; i < t->params.len; i++)
        write_param(&b, &t->params.data[i]);
    for (size_t i = 0; i < t->variables.len; i++)
        write_variable(&b, &t->variables.data[i]);
    write_all_existing(&b);
    for (size_t i = 0; i < t->resources.len; i++)
        write_resource(&b, t->resources.data[i]);
    for (size_t i = 0; i < t->outputs.len; i++)
        write_output(&b, &t->outputs.data[i]);
    mln_arena_free(scratch);
}

/* ---- the back end ---- */

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_ctx aside = {scratch, ctx->names, ctx->diags};
    struct mln_template_vec templates = mln_template_split(mln_assemble(&aside, input));
    mln_template_files(ctx, &templates, "main", "bicep", mln_bicep_write, out);
    mln_arena_free(scratch);
}

const struct mln_backend mln_backend_bicep = {
    .name = "bicep",
    .help = "a template of everything, as Bicep (main.bicep)",
    .check = mln_assemble_check,
    .emit = emit,
};
