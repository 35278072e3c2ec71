/* mlnsgc doc: a module of the standard library, the whole library, or a policy as documentation.
 * The library's manual page, mlnsgc-stdlib(7), is what `doc --format=man` prints. */
#include "cli/doc.h"
#include "cli/report.h"
#include "lang/outline.h"
#include <string.h>

static const char man_head[] = ".Dd November 23, 2026\n"
                               ".Dt MLNSGC-STDLIB 7\n"
                               ".Os\n"
                               ".Sh NAME\n"
                               ".Nm mlnsgc-stdlib\n"
                               ".Nd standard library of mlnsgc\n"
                               ".Sh DESCRIPTION\n"
                               "The modules that every installation of\n"
                               ".Xr mlnsgc 1\n"
                               "holds.\n"
                               "A policy reads one with\n"
                               ".Ic import ;\n"
                               "services, kinds and geographies are there without it.\n"
                               "This page is made from the comments of the modules;\n"
                               ".Ic mlnsgc doc Ar MODULE\n"
                               "shows one with the source of its templates.\n";
static const char man_foot[] = ".Sh SEE ALSO\n.Xr mlnsgc 1 ,\n.Xr mlp 5\n";

static void write_library(struct mln_cli *cli, const struct mln_outline_vec *library,
                          struct mln_page *page)
{
    bool man = page->form == MLN_PAGE_MAN;
    if (man)
        mln_buf_add(page->out, man_head);
    else
        mln_page_heading(page, 1, "The standard library of mlnsgc");
    for (size_t i = 0; i < library->len; i++)
        mln_outline_write(&cli->ctx, &library->data[i], page, man ? 1 : 2, false);
    mln_page_end(page);
    if (man)
        mln_buf_add(page->out, man_foot);
}

static void report_unknown(struct mln_cli *cli, const struct mln_outline_vec *library,
                           const char *name)
{
    const char **names = MLN_NEW_ARRAY(cli->ctx.arena, const char *, library->len);
    for (size_t i = 0; i < library->len; i++)
        names[i] = library->data[i].name;
    struct mln_diag *diag = mln_report(cli->ctx.diags, MLN_D_UNKNOWN_TOPIC, (struct mln_span){0},
                                       "no module of the standard library is called '%s'", name);
    const char *near = mln_closest(name, names, library->len);
    if (near)
        mln_diag_help(diag, "did you mean '%s'?", near);
}

static void write_module(struct mln_cli *cli, const struct mln_outline_vec *library,
                         const char *name, struct mln_page *page)
{
    for (size_t i = 0; i < library->len; i++)
        if (strcmp(library->data[i].name, name) == 0) {
            mln_outline_write(&cli->ctx, &library->data[i], page, 1, true);
            mln_page_end(page);
            return;
        }
    report_unknown(cli, library, name);
}

static bool is_policy(const char *operand)
{
    size_t length = strlen(operand);
    return strcmp(operand, "-") == 0 || (length > 4 && strcmp(operand + length - 4, ".mlp") == 0);
}

static void document(struct mln_cli *cli, const struct mln_inputs *inputs, const char *operand,
                     const struct mln_outline_vec *library, struct mln_page *page)
{
    struct mln_compilation policy;
    if (!is_policy(operand)) {
        write_module(cli, library, operand, page);
        return;
    }
    mln_compilation_run(cli, inputs, &policy, operand);
    if (policy.good)
        mln_doc_policy(cli, &policy, page);
}

static enum mln_page_form form_of(const struct mln_cli *cli)
{
    if (cli->options.format == MLN_PRINT_MAN)
        return MLN_PAGE_MAN;
    bool text = cli->options.format_given && cli->options.format == MLN_PRINT_TEXT;
    return text ? MLN_PAGE_TEXT : MLN_PAGE_MARKDOWN;
}

void mln_doc_command(struct mln_cli *cli)
{
    if (!mln_inputs_agree(cli))
        return;
    if (cli->options.format == MLN_PRINT_MAN && cli->options.inputs.len) {
        mln_cli_usage(cli, "--format=man is for the whole library, without an operand");
        return;
    }
    struct mln_inputs inputs;
    struct mln_outline_vec library = {0};
    struct mln_buf out;
    struct mln_page page;
    mln_report_configure(cli);
    mln_buf_init(&out, cli->ctx.arena);
    mln_page_init(&page, &out, form_of(cli));
    mln_outline_library(&cli->ctx, &library);
    if (cli->options.inputs.len == 0)
        write_library(cli, &library, &page);
    else if (mln_inputs_read(cli, &inputs))
        for (size_t i = 0; i < cli->options.inputs.len; i++)
            document(cli, &inputs, cli->options.inputs.data[i], &library, &page);
    mln_cli_write(cli, stdout, out.data, out.len);
    mln_report_finish(cli, stderr);
}
