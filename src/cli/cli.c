/* Status, messages and streams of one run. */
#include "cli/cli.h"
#include "diag/render.h"
#include <errno.h>
#include <string.h>

void mln_cli_raise(struct mln_cli *cli, enum mln_exit status)
{
    if (status > cli->status)
        cli->status = status;
}

static void say(struct mln_cli *cli, const char *format, va_list args)
{
    const char *text = mln_vprintf(cli->ctx.arena, format, args);
    struct mln_buf line;
    mln_buf_init(&line, cli->ctx.arena);
    mln_buf_add(&line, "mlnsgc: ");
    mln_render_safe(&line, text, strlen(text));
    fprintf(stderr, "%s\n", line.data);
}

void mln_cli_fail(struct mln_cli *cli, enum mln_exit status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(cli, format, args);
    va_end(args);
    mln_cli_raise(cli, status);
}

void mln_cli_usage(struct mln_cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(cli, format, args);
    va_end(args);
    if (cli->command)
        fprintf(stderr, "Try 'mlnsgc %s --help'.\n", cli->command->name);
    else
        fputs("Try 'mlnsgc --help'.\n", stderr);
    mln_cli_raise(cli, MLN_EXIT_USAGE);
}

void mln_cli_write(struct mln_cli *cli, FILE *stream, const char *data, size_t length)
{
    if (length == 0 || ferror(stream))
        return;
    if (fwrite(data, 1, length, stream) != length || fflush(stream) != 0)
        mln_cli_fail(cli, MLN_EXIT_IO, "cannot write to standard %s: %s",
                     stream == stdout ? "output" : "error", strerror(errno));
}
