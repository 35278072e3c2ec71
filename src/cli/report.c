/* Where diagnostics go at the end of a run. */
#include "cli/report.h"
#include "base/file.h"
#include "base/map.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void mln_report_configure(struct mln_cli *cli)
{
    struct mln_diags *diags = cli->ctx.diags;
    diags->max_errors = cli->options.max_errors;
    diags->warnings_are_errors = cli->options.warnings_are_errors;
    for (size_t i = 0; i < cli->options.warns.len; i++)
        diags->warn[cli->options.warns.data[i].id] = cli->options.warns.data[i].warn;
}

static bool wants_color(const struct mln_cli *cli, FILE *stream)
{
    if (cli->options.color != MLN_COLOR_AUTO)
        return cli->options.color == MLN_COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0) &&
           isatty(fileno(stream));
}

static void write_report(struct mln_cli *cli, const struct mln_report_option *report)
{
    struct mln_buf text;
    mln_buf_init(&text, cli->ctx.arena);
    mln_diags_render(cli->ctx.diags, report->format, false, &text);
    if (strcmp(report->path, "-") == 0) {
        mln_cli_write(cli, stdout, text.data, text.len);
        return;
    }
    struct mln_staged *staged = mln_staged_new(cli->ctx.arena);
    const char *failed;
    int error = mln_staged_add(staged, report->path, text.data ? text.data : "", text.len, false);
    if (!error)
        error = mln_staged_commit(staged, &failed);
    if (error)
        mln_cli_fail(cli, MLN_EXIT_CREATE, "cannot write '%s': %s", report->path, strerror(error));
    mln_staged_abort(staged);
}

/* --quiet hides what is no error from people, not from programs. */
static void hide_all_but_errors(struct mln_diags *diags)
{
    for (size_t i = 0; i < diags->list.len; i++)
        if (diags->list.data[i]->severity != MLN_ERROR)
            diags->list.data[i]->suppressed = true;
}

/* A policy that is read for both sides of a comparison, or a module of several policies, is a
 * source of its own each time, and says the same each time. */
static void hide_repetitions(struct mln_cli *cli)
{
    struct mln_diags *diags = cli->ctx.diags;
    struct mln_map *seen = mln_map_new(cli->ctx.arena);
    for (size_t i = 0; i < diags->list.len; i++) {
        struct mln_diag *diag = diags->list.data[i];
        const struct mln_source *source = mln_source_get(diags, diag->span.file);
        const char *key =
            mln_printf(cli->ctx.arena, "%d %u %u %s: %s", (int)diag->id, diag->span.lo,
                       diag->span.hi, source ? source->name : "", diag->message);
        struct mln_map_entry *entry = mln_map_slot(seen, key, strlen(key));
        if (entry->value)
            diag->repeated = diag->suppressed = true;
        entry->value = diag;
    }
}

static void judge(struct mln_cli *cli)
{
    const struct mln_diags *diags = cli->ctx.diags;
    if (mln_diags_failed(diags)) {
        mln_cli_raise(cli, MLN_EXIT_INVALID);
        return;
    }
    unsigned found = 0;
    if (cli->options.fail_on == MLN_FAIL_ON_WARNING)
        found = diags->warnings;
    else if (cli->options.fail_on == MLN_FAIL_ON_NOTE)
        found = diags->warnings + diags->notes;
    if (found)
        mln_cli_raise(cli, MLN_EXIT_NO);
}

static void tell_memory(const struct mln_cli *cli)
{
    struct rusage usage;
    if (cli->options.verbose && getrusage(RUSAGE_SELF, &usage) == 0)
        fprintf(stderr, "mlnsgc: memory   %.1f MB in the arena, %.1f MB at most\n",
                (double)mln_arena_used(cli->ctx.arena) / 1e6, (double)usage.ru_maxrss * 1024 / 1e6);
}

void mln_report_finish(struct mln_cli *cli, FILE *stream)
{
    struct mln_buf text;
    mln_buf_init(&text, cli->ctx.arena);
    judge(cli);
    hide_repetitions(cli);
    for (size_t i = 0; i < cli->options.reports.len; i++)
        write_report(cli, &cli->options.reports.data[i]);
    if (cli->options.quiet && cli->options.message_format != MLN_FORMAT_JSON)
        hide_all_but_errors(cli->ctx.diags);
    mln_diags_render(cli->ctx.diags, cli->options.message_format, wants_color(cli, stream), &text);
    /* Silent success: nobody expects a document on standard error when there is nothing to say. */
    bool empty = cli->ctx.diags->list.len == 0;
    if (stream == stdout || !empty)
        mln_cli_write(cli, stream, text.data, text.len);
    tell_memory(cli);
}
