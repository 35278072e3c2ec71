/* mlnsgc: chooses the command and is the only place that exits. */
#include "cli/cli.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

static void print(struct mln_cli *cli, FILE *stream, void (*help)(struct mln_buf *out))
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    help(&out);
    mln_cli_write(cli, stream, out.data, out.len);
}

static void print_help_for_command(struct mln_cli *cli)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_help_for(&out, cli->command);
    mln_cli_write(cli, stdout, out.data, out.len);
}

static void run_command(struct mln_cli *cli, int argc, char **argv)
{
    if (!mln_options_parse(cli, argc, argv))
        return;
    if (cli->options.help)
        print_help_for_command(cli);
    else if (cli->options.version) {
        cli->options.inputs.len = 0;
        mln_version_command(cli);
    } else if (cli->command->takes_files && cli->options.inputs.len == 0)
        mln_cli_usage(cli, "no %s given",
                      strstr(cli->command->synopsis, "POLICY") ? "policy" : "file");
    else if (mln_options_environment(cli))
        cli->command->run(cli);
}

static void choose_command(struct mln_cli *cli, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    cli->command = mln_command_find(word);
    const char *near = mln_command_suggest(word);
    if (argc <= 1) {
        print(cli, stderr, mln_help_short);
        mln_cli_raise(cli, MLN_EXIT_USAGE);
    } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        print(cli, stdout, mln_help_overview);
    else if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
        mln_version_command(cli);
    else if (cli->command)
        run_command(cli, argc - 2, argv + 2);
    else if (word[0] == '-')
        mln_cli_usage(cli, "options stand behind a command: mlnsgc COMMAND %s", word);
    else if (near)
        mln_cli_usage(cli, "unknown command '%s'; did you mean '%s'?", word, near);
    else
        mln_cli_usage(cli, "unknown command '%s'", word);
}

/* What was buffered may fail to be written only now. */
static void close_stdout(struct mln_cli *cli)
{
    bool failed_before = ferror(stdout) != 0;
    if (fclose(stdout) != 0 && !failed_before)
        mln_cli_fail(cli, MLN_EXIT_IO, "cannot write to standard output: %s", strerror(errno));
}

/* What the shortest run that loads a policy takes: the modules of the standard library are most of
 * it. */
enum { MEMORY_EXPECTED = 2 << 20 };

int main(int argc, char **argv)
{
    /* A closed pipe is a failed write (74), not a death without a word. */
    signal(SIGPIPE, SIG_IGN);
    struct mln_arena *arena = mln_arena_new_for(MEMORY_EXPECTED);
    struct mln_cli cli = {
        .ctx = {.arena = arena, .names = mln_names_new(arena), .diags = mln_diags_new(arena)},
    };
    mln_options_init(&cli.options);
    choose_command(&cli, argc, argv);
    close_stdout(&cli);
    enum mln_exit status = cli.status;
    mln_arena_free(arena);
    return status;
}
