#include "lang/outline.h"
#include "lang/comment.h"
#include <string.h>

void mln_outline_library(struct mln_ctx *ctx, struct mln_outline_vec *out)
{
    const char *path;
    for (size_t i = 0; (path = mln_stdlib_path(i)); i++) {
        size_t stem = strlen(path), length;
        if (stem < 4 || strcmp(path + stem - 4, ".mlp") != 0)
            continue;
        const char *text = mln_stdlib_get(path, &length);
        const char *shown = mln_printf(ctx->arena, "<stdlib>/%s", path);
        uint32_t source = mln_source_add(ctx->diags, shown, NULL, text, length, true);
        struct mln_outline outline = {mln_strndup(ctx->arena, path, stem - 4),
                                      mln_parse(ctx, source)};
        mln_vec_push(ctx->arena, out, outline);
    }
}

/* ---- one declaration ---- */

const char *mln_outline_kind(const struct mln_node *node)
{
    switch (node->kind) {
    case MLN_NODE_TEMPLATE:
        return "template";
    case MLN_NODE_KIND:
        return "kind";
    case MLN_NODE_SERVICE:
        return "service";
    case MLN_NODE_EXTERNAL:
        return "external";
    case MLN_NODE_GEOGRAPHY:
        return "geography";
    case MLN_NODE_GROUP:
        return "group";
    case MLN_NODE_PARAM:
        return "param";
    default:
        return NULL;
    }
}

bool mln_outline_declares(const struct mln_node *node)
{
    return mln_outline_kind(node) && node->name.text;
}

const char *mln_outline_text(struct mln_ctx *ctx, const struct mln_node *node)
{
    const struct mln_source *source = mln_source_get(ctx->diags, node->span.file);
    return mln_strndup(ctx->arena, source->text + node->span.lo, node->span.hi - node->span.lo);
}

/* White space of any kind becomes one blank. */
const char *mln_outline_signature(struct mln_ctx *ctx, const struct mln_node *node)
{
    const char *text = mln_outline_text(ctx, node);
    struct mln_buf out;
    mln_buf_init(&out, ctx->arena);
    bool has_body = node->kind == MLN_NODE_TEMPLATE || node->kind == MLN_NODE_KIND;
    while (*text && !(has_body && *text == '{')) {
        size_t length = strcspn(text, has_body ? " \t\n{" : " \t\n");
        if (out.len && length)
            mln_buf_char(&out, ' ');
        mln_buf_add_n(&out, text, length);
        text += length + strspn(text + length, " \t\n");
    }
    return out.data;
}

/* What a service or a geography stands for: the text behind '='. */
static const char *meaning(struct mln_ctx *ctx, const struct mln_node *node)
{
    const char *text = strchr(mln_outline_signature(ctx, node), '=');
    return text ? text + 2 : "";
}

static const char *comment_of(struct mln_ctx *ctx, const struct mln_node *node)
{
    return mln_comment_above(ctx->arena, mln_source_get(ctx->diags, node->span.file),
                             node->span.lo);
}

/* ---- services: a table under each heading ---- */

/* Services in a row without an empty line form a paragraph; a comment above the first of several
 * is the heading of them all. */
static bool follows_at_once(struct mln_ctx *ctx, const struct mln_node *node,
                            const struct mln_node *next)
{
    if (!next || next->kind != MLN_NODE_SERVICE)
        return false;
    const struct mln_source *source = mln_source_get(ctx->diags, node->span.file);
    for (uint32_t at = node->span.hi; at + 1 < next->span.lo; at++)
        if (source->text[at] == '\n' && source->text[at + 1] == '\n')
            return false;
    return true;
}

static const char *one_line(struct mln_ctx *ctx, const char *comment)
{
    struct mln_buf out;
    mln_buf_init(&out, ctx->arena);
    mln_buf_add(&out, "");
    for (; comment && *comment; comment++)
        if (*comment != '\n' || comment[1])
            mln_buf_char(&out, *comment == '\n' ? ' ' : *comment);
    return out.data;
}

static const struct mln_node *write_services(struct mln_ctx *ctx, const struct mln_node *node,
                                             struct mln_page *page)
{
    static const char *const titles[] = {"service", "ports", "what it is"};
    bool several = follows_at_once(ctx, node, node->next);
    const char *above = comment_of(ctx, node);
    if (above && several)
        mln_comment_write(page, above);
    mln_page_table(page, titles, 3);
    for (const struct mln_node *last = NULL;; last = node, node = node->next) {
        const char *note = last || !several ? comment_of(ctx, node) : NULL;
        const char *const cells[] = {node->name.text, meaning(ctx, node), one_line(ctx, note)};
        mln_page_row(page, cells, 3);
        if (!follows_at_once(ctx, node, node->next))
            break;
    }
    mln_page_end(page);
    return node;
}

/* ---- the module ---- */

static bool documented_alone(const struct mln_node *node)
{
    return mln_outline_declares(node) && node->kind != MLN_NODE_SERVICE;
}

static void write_declaration(struct mln_ctx *ctx, const struct mln_node *node,
                              struct mln_page *page, unsigned level, bool bodies)
{
    bool callable = node->kind == MLN_NODE_TEMPLATE;
    mln_page_heading(
        page, level,
        callable ? mln_outline_signature(ctx, node)
                 : mln_printf(ctx->arena, "%s %s", mln_outline_kind(node), node->name.text));
    if (!callable && !mln_node_body(node))
        mln_page_code(page, mln_outline_text(ctx, node));
    const char *comment = comment_of(ctx, node);
    if (comment)
        mln_comment_write(page, comment);
    if (bodies && mln_node_body(node))
        mln_page_code(page, mln_outline_text(ctx, node));
}

static const char *imports_of(struct mln_ctx *ctx, const struct mln_file *file)
{
    struct mln_buf out;
    mln_buf_init(&out, ctx->arena);
    for (const struct mln_node *node = file->nodes; node; node = node->next)
        if (node->kind == MLN_NODE_IMPORT && node->name.text)
            mln_buf_printf(&out, "%s`%s`", out.len ? ", " : "Imports ", node->name.text);
    if (out.len == 0)
        return NULL;
    mln_buf_char(&out, '.');
    return out.data;
}

void mln_outline_write(struct mln_ctx *ctx, const struct mln_outline *outline,
                       struct mln_page *page, unsigned level, bool bodies)
{
    const struct mln_source *source = mln_source_get(ctx->diags, outline->file->source);
    const char *head = mln_comment_head(ctx->arena, source);
    const char *imports = imports_of(ctx, outline->file);
    mln_page_heading(page, level, outline->name);
    if (head)
        mln_comment_write(page, head);
    if (imports)
        mln_page_text(page, imports);
    for (const struct mln_node *node = outline->file->nodes; node; node = node->next) {
        if (documented_alone(node))
            write_declaration(ctx, node, page, level + 1, bodies);
        else if (node->kind == MLN_NODE_SERVICE)
            node = write_services(ctx, node, page);
    }
}
