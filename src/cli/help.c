/* mlnsgc help, --help and version: made from the tables, so they promise what is there. */
#include "cli/cli.h"
#include <string.h>

enum { HELP_COLUMN = 28, HELP_WIDTH = 80 };

/* Adds words up to the width and a line end; the cursor stands at `column`, further lines are
 * indented. */
static void add_wrapped(struct mln_buf *out, const char *text, size_t column, size_t indent)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        if (column > indent && column + 1 + length >= HELP_WIDTH) {
            mln_buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            mln_buf_char(out, ' ');
            column++;
        }
        mln_buf_add_n(out, text, length);
        column += length;
        text += length + strspn(text + length, " ");
    }
    mln_buf_char(out, '\n');
}

/* "  -I DIR", "  --tags=FILE", "  -q, --quiet", "  -Werror[=SLUG]" */
static void add_spelling(struct mln_buf *out, const struct mln_option *option)
{
    mln_buf_add(out, "  ");
    if (option->brief)
        mln_buf_add(out, option->brief);
    if (option->brief && option->name)
        mln_buf_add(out, ", ");
    if (option->name)
        mln_buf_add(out, option->name);
    if (!option->value)
        return;
    if (option->form == MLN_TAKES_OPTIONAL)
        mln_buf_printf(out, "[=%s]", option->value);
    else if (option->form == MLN_TAKES_ATTACHED)
        mln_buf_add(out, option->value);
    else
        mln_buf_printf(out, "%s%s", option->name && !strchr(option->value, '=') ? "=" : " ",
                       option->value);
}

static void add_option(struct mln_buf *out, const struct mln_option *option)
{
    size_t start = out->len;
    add_spelling(out, option);
    size_t column = out->len - start;
    if (column + 2 > HELP_COLUMN) {
        mln_buf_char(out, '\n');
        column = 0;
    }
    mln_buf_printf(out, "%*s", (int)(HELP_COLUMN - column), "");
    add_wrapped(out, option->help, HELP_COLUMN, HELP_COLUMN);
}

static void add_options(struct mln_buf *out, unsigned commands)
{
    for (int group = 0; group < MLN_GROUP_COUNT; group++) {
        bool titled = false;
        const struct mln_option *option;
        for (size_t i = 0; (option = mln_option_at(i)); i++) {
            if ((int)option->group != group || !(option->commands & commands))
                continue;
            if (!titled)
                mln_buf_printf(out, "\n%s:\n", mln_option_group_names[group]);
            titled = true;
            add_option(out, option);
        }
    }
}

static void add_commands(struct mln_buf *out)
{
    const struct mln_command *command;
    for (size_t i = 0; (command = mln_command_at(i)); i++)
        mln_buf_printf(out, "  %-10s %s\n", command->name, command->summary);
}

void mln_help_short(struct mln_buf *out)
{
    mln_buf_add(out, "Usage: mlnsgc COMMAND [OPTIONS] [FILE|-]...\n\n");
    add_commands(out);
    mln_buf_add(out, "\nTry 'mlnsgc COMMAND --help'.\n");
}

void mln_help_overview(struct mln_buf *out)
{
    mln_buf_add(out, "Usage: mlnsgc COMMAND [OPTIONS] [FILE|-]...\n"
                     "Compile network-security policies for Azure into network security groups.\n\n"
                     "Commands:\n");
    add_commands(out);
    mln_buf_add(out,
                "\n'mlnsgc COMMAND --help' shows the options of a command.\n"
                "mlnsgc(1) describes the program, mlp(5) the language.\n"
                "\nExit status: 0 done, 1 the answer is no, 2 invalid input, 64 called wrongly,\n"
                "66 no such input, 70 fault in mlnsgc, 73 or 74 output or reading failed.\n");
}

void mln_help_for(struct mln_buf *out, const struct mln_command *command)
{
    mln_buf_printf(out, "Usage: mlnsgc %s%s%s\n\n", command->name, *command->synopsis ? " " : "",
                   command->synopsis);
    if (command->text)
        add_wrapped(out, command->text, 0, 0);
    else
        mln_buf_printf(out, "%s\n", command->summary);
    add_options(out, command->bit);
}

static void help_on(struct mln_cli *cli, struct mln_buf *out, const char *name)
{
    const struct mln_command *command = mln_command_find(name);
    const char *near = mln_command_suggest(name);
    if (command)
        mln_help_for(out, command);
    else if (near)
        mln_cli_usage(cli, "unknown command '%s'; did you mean '%s'?", name, near);
    else
        mln_cli_usage(cli, "unknown command '%s'", name);
}

void mln_help_command(struct mln_cli *cli)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    if (cli->options.inputs.len == 0)
        mln_help_overview(&out);
    else if (cli->options.inputs.len > 1)
        mln_cli_usage(cli, "help takes one command");
    else
        help_on(cli, &out, cli->options.inputs.data[0]);
    mln_cli_write(cli, stdout, out.data, out.len);
}

void mln_version_command(struct mln_cli *cli)
{
    if (cli->options.inputs.len > 0) {
        mln_cli_usage(cli, "version takes no operand");
        return;
    }
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_buf_add(&out,
                "mlnsgc " PACKAGE_VERSION "\n"
                "Copyright 2026 mlnsgc authors. MIT license: free software, without warranty.\n");
    mln_cli_write(cli, stdout, out.data, out.len);
}
