/* mlnsgc explain: the long text for whatever has a name. A name may have several meanings; all are
 * printed: diagnostic, word of the language, service tag, module and declaration of the library. */
#include "cli/explain.h"
#include "cli/report.h"
#include "lang/comment.h"
#include "lang/keyword.h"
#include "lang/outline.h"
#include <string.h>
#include <strings.h>

/* ---- diagnostics ---- */

/* "MLP0201", "0201" or the slug */
static bool is_diagnostic(const struct mln_diag_info *info, const char *name)
{
    const char *code = strncasecmp(name, "MLP", 3) == 0 ? name + 3 : name;
    return strcmp(info->code, code) == 0 || strcmp(info->slug, name) == 0;
}

static bool explain_diagnostic(struct mln_cli *cli, const char *name, struct mln_page *page)
{
    static const char *const severities[] = {"note", "warning", "error"};
    for (size_t i = 0; i < MLN_D_COUNT; i++) {
        const struct mln_diag_info *info = &mln_diag_catalogue[i];
        if (!is_diagnostic(info, name))
            continue;
        mln_page_heading(page, 1,
                         mln_printf(cli->ctx.arena, "MLP%s %s (%s)", info->code, info->slug,
                                    severities[info->severity]));
        mln_page_text(page, info->explain);
        if (info->severity != MLN_ERROR)
            mln_page_text(page, mln_printf(cli->ctx.arena,
                                           "-Wno-%s turns it off, -Werror=%s makes it an error.",
                                           info->slug, info->slug));
        return true;
    }
    return false;
}

/* ---- words of the language ---- */

static bool explain_keyword(struct mln_cli *cli, const char *name, struct mln_page *page)
{
    const struct mln_keyword *keyword;
    for (size_t i = 0; (keyword = mln_keyword_at(i)); i++) {
        if (strcmp(keyword->word, name) != 0)
            continue;
        mln_page_heading(page, 1, mln_printf(cli->ctx.arena, "%s (word of the language)", name));
        mln_page_code(page, keyword->form);
        mln_page_text(page, keyword->text);
        return true;
    }
    return false;
}

/* ---- the standard library ---- */

static void explain_declaration(struct mln_cli *cli, const struct mln_outline *module,
                                const struct mln_node *node, struct mln_page *page)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, node->span.file);
    const char *comment = mln_comment_above(cli->ctx.arena, source, node->span.lo);
    mln_page_heading(page, 1,
                     mln_printf(cli->ctx.arena, "%s (%s in %s)", node->name.text,
                                mln_outline_kind(node), module->name));
    if (comment)
        mln_comment_write(page, comment);
    mln_page_code(page, mln_outline_text(&cli->ctx, node));
}

/* "bastion-host" and "azure/bastion.bastion-host" */
static bool is_declared_as(const struct mln_outline *module, const struct mln_node *node,
                           const char *name)
{
    size_t length = strlen(module->name);
    if (!mln_outline_declares(node))
        return false;
    if (strncmp(name, module->name, length) == 0 && name[length] == '.')
        name += length + 1;
    return strcmp(node->name.text, name) == 0;
}

static bool explain_library(struct mln_cli *cli, const struct mln_outline_vec *library,
                            const char *name, struct mln_page *page)
{
    bool found = false;
    for (size_t i = 0; i < library->len; i++) {
        const struct mln_outline *module = &library->data[i];
        if (strcmp(module->name, name) == 0) {
            mln_outline_write(&cli->ctx, module, page, 1, false);
            found = true;
        }
        for (const struct mln_node *node = module->file->nodes; node; node = node->next)
            if (is_declared_as(module, node, name)) {
                explain_declaration(cli, module, node, page);
                found = true;
            }
    }
    return found;
}

/* ---- the command ---- */

MLN_VEC_TYPE(name_vec, const char *);

static void add_names(struct mln_cli *cli, const struct mln_outline_vec *library,
                      struct name_vec *names)
{
    const struct mln_keyword *keyword;
    for (size_t i = 0; i < MLN_D_COUNT; i++)
        mln_vec_push(cli->ctx.arena, names, mln_diag_catalogue[i].slug);
    for (size_t i = 0; (keyword = mln_keyword_at(i)); i++)
        mln_vec_push(cli->ctx.arena, names, keyword->word);
    for (size_t i = 0; i < library->len; i++) {
        mln_vec_push(cli->ctx.arena, names, library->data[i].name);
        for (const struct mln_node *node = library->data[i].file->nodes; node; node = node->next)
            if (mln_outline_declares(node))
                mln_vec_push(cli->ctx.arena, names, node->name.text);
    }
}

static void report_unknown(struct mln_cli *cli, const struct mln_inputs *inputs,
                           const struct mln_outline_vec *library, const char *name)
{
    struct name_vec names = {0};
    add_names(cli, library, &names);
    struct mln_diag *diag = mln_report(cli->ctx.diags, MLN_D_UNKNOWN_TOPIC, (struct mln_span){0},
                                       "nothing is called '%s'", name);
    const char *near = mln_closest(name, names.data, names.len);
    if (!near)
        near = mln_tags_suggest(inputs->tags, name);
    if (near)
        mln_diag_help(diag, "did you mean '%s'?", near);
}

static void explain(struct mln_cli *cli, const struct mln_inputs *inputs, struct mln_page *page)
{
    struct mln_outline_vec library = {0};
    mln_outline_library(&cli->ctx, &library);
    for (size_t i = 0; i < cli->options.inputs.len; i++) {
        const char *name = cli->options.inputs.data[i];
        bool found = explain_diagnostic(cli, name, page);
        found |= explain_keyword(cli, name, page);
        found |= explain_library(cli, &library, name, page);
        found |= mln_explain_tag(cli, inputs, name, page);
        if (!found)
            report_unknown(cli, inputs, &library, name);
    }
}

void mln_explain_command(struct mln_cli *cli)
{
    struct mln_inputs inputs;
    struct mln_buf out;
    struct mln_page page;
    if (cli->options.inputs.len == 0) {
        mln_cli_usage(cli, "no name given");
        return;
    }
    mln_report_configure(cli);
    mln_buf_init(&out, cli->ctx.arena);
    mln_page_init(&page, &out,
                  cli->options.format == MLN_PRINT_MD ? MLN_PAGE_MARKDOWN : MLN_PAGE_TEXT);
    if (mln_inputs_read(cli, &inputs))
        explain(cli, &inputs, &page);
    mln_page_end(&page);
    mln_cli_write(cli, stdout, out.data, out.len);
    mln_report_finish(cli, stderr);
}
