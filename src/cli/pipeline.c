/* The way of one policy: load, build the model, lower, run the passes.
 *
 * All policies of a run share one context, so that their diagnostics are one list in one order;
 * what a policy does to the counters tells whether it was good. */
#include "cli/pipeline.h"
#include "policy/model.h"
#include "rules/lower.h"
#include "rules/passes.h"
#include <errno.h>
#include <string.h>
#include <time.h>

double mln_cli_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void mln_cli_tell_time(const struct mln_cli *cli, const char *what, const char *path, double *since)
{
    double now = mln_cli_clock();
    if (cli->options.verbose)
        fprintf(stderr, "mlnsgc: %-8s %9.3f ms %7.1f MB  %s\n", what, (now - *since) * 1e3,
                (double)mln_arena_used(cli->ctx.arena) / 1e6, path);
    *since = now;
}

void mln_cli_cannot_read(struct mln_cli *cli, const char *path, int error)
{
    mln_report(cli->ctx.diags, MLN_D_CANNOT_READ, (struct mln_span){0}, "cannot read '%s': %s",
               path, strerror(error));
    mln_cli_raise(cli, error == EIO ? MLN_EXIT_IO : MLN_EXIT_NOINPUT);
}

/* A statement that could not be parsed is gone, and every name it declared with it: going on would
 * report those as unknown. */
static bool lost_statements(const struct mln_diags *diags, size_t first,
                            const struct mln_module_vec *modules)
{
    for (size_t i = 0; i < modules->len; i++)
        if (modules->data[i]->file->lost)
            return true;
    for (size_t i = first; i < diags->list.len; i++)
        if (diags->list.data[i]->severity == MLN_ERROR &&
            strncmp(mln_diag_catalogue[diags->list.data[i]->id].code, "00", 2) == 0)
            return true;
    return false;
}

bool mln_path_ends_in(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length > tail && strcmp(path + length - tail, suffix) == 0;
}

/* Behind the comment that begins there; the same place where none does. */
static size_t skip_comment(const char *text, size_t length, size_t at)
{
    if (length - at < 2 || text[at] != '/' || !strchr("/*", text[at + 1]))
        return at;
    bool line = text[at + 1] == '/';
    size_t end = at + 2;
    while (end < length && (line ? text[end] != '\n' : text[end - 1] != '*' || text[end] != '/'))
        end++;
    return end + (end < length);
}

bool mln_text_is_json(const char *text, size_t length)
{
    size_t i = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (size_t last = length + 1; i != last;) {
        last = i;
        while (i < length && text[i] && strchr(" \t\r\n", text[i]))
            i++;
        i = i < length ? skip_comment(text, length, i) : i;
    }
    return i < length && (text[i] == '{' || text[i] == '[');
}

static void complain_json(struct mln_cli *cli, const char *path)
{
    struct mln_diag *diag =
        mln_report(cli->ctx.diags, MLN_D_NOT_A_POLICY, (struct mln_span){0},
                   "'%s' is JSON, not a policy", strcmp(path, "-") == 0 ? "<stdin>" : path);
    mln_diag_help(diag, "lint, query, reach, diff and verify read it");
}

/* `text` NULL: the file is read. */
static void load(struct mln_cli *cli, struct mln_compilation *compilation, const char *path,
                 const char *text, size_t length)
{
    const struct mln_load_options options = {
        .include_dirs = cli->options.include_dirs.data,
        .include_count = cli->options.include_dirs.len,
    };
    unsigned errors = cli->ctx.diags->errors;
    double start = mln_cli_clock();
    *compilation = (struct mln_compilation){.path = path};
    if (!text)
        text = mln_cli_read(cli, path, &length);
    if (text && mln_text_is_json(text, length) && !mln_path_ends_in(path, ".mlp"))
        complain_json(cli, path);
    else if (text)
        mln_load_text(&cli->ctx, path, text, length, &options, &compilation->modules);
    compilation->good = cli->ctx.diags->errors == errors;
    mln_cli_tell_time(cli, "load", path, &start);
}

void mln_compilation_load(struct mln_cli *cli, struct mln_compilation *compilation,
                          const char *path)
{
    load(cli, compilation, path, NULL, 0);
}

/* Each policy marks the parameters it uses in a copy of its own. */
struct mln_policy_options mln_policy_options(struct mln_cli *cli, const struct mln_inputs *inputs)
{
    struct mln_policy_options options = {
        .expand = cli->options.expand,
        .cost = cli->options.cost,
        .cloud = inputs->cloud,
        .cloud_given = cli->options.cloud_given,
        .tags = inputs->tags,
        .today = cli->options.today,
        .param_count = inputs->params.len,
        .params_shared = inputs->params_shared,
        .macos = {.data = (struct mln_prefix *)inputs->macos, .len = inputs->macos_count},
    };
    options.params = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_param_setting, inputs->params.len);
    if (inputs->params.len)
        memcpy(options.params, inputs->params.data, inputs->params.len * sizeof(*options.params));
    return options;
}

static void lower(struct mln_cli *cli, const struct mln_inputs *inputs,
                  struct mln_compilation *compilation, double *clock)
{
    const struct mln_priority_options priorities = {cli->options.low, cli->options.high};
    unsigned errors = cli->ctx.diags->errors;
    compilation->lowered = mln_lower(&cli->ctx, compilation->model);
    compilation->tables = compilation->lowered->tables;
    compilation->documents = mln_nsg_documents_new(cli->ctx.arena, compilation->model->nsgs.len);
    mln_cli_tell_time(cli, "lower", compilation->path, clock);
    if (cli->ctx.diags->errors == errors)
        mln_passes_run(&cli->ctx, &compilation->tables, &priorities, inputs->lock);
    mln_cli_tell_time(cli, "passes", compilation->path, clock);
    if (cli->options.no_prove)
        fprintf(stderr, "mlnsgc: not proved: --no-prove was given\n");
    else if (cli->ctx.diags->errors == errors)
        mln_compilation_prove(cli, compilation);
    mln_cli_tell_time(cli, "prove", compilation->path, clock);
}

static void run(struct mln_cli *cli, const struct mln_inputs *inputs,
                struct mln_compilation *compilation, const char *path, const char *text,
                size_t length)
{
    struct mln_diags *diags = cli->ctx.diags;
    unsigned errors = diags->errors;
    size_t first = diags->list.len;
    load(cli, compilation, path, text, length);
    if (compilation->modules.len == 0 || lost_statements(diags, first, &compilation->modules))
        return;
    double clock = mln_cli_clock();
    compilation->options = mln_policy_options(cli, inputs);
    compilation->model = mln_policy_build(&cli->ctx, &compilation->modules, &compilation->options);
    mln_cli_tell_time(cli, "build", path, &clock);
    if (diags->errors == errors || compilation->model->places_good)
        lower(cli, inputs, compilation, &clock);
    compilation->good = diags->errors == errors;
}

void mln_compilation_run(struct mln_cli *cli, const struct mln_inputs *inputs,
                         struct mln_compilation *compilation, const char *path)
{
    run(cli, inputs, compilation, path, NULL, 0);
}

void mln_compilation_run_text(struct mln_cli *cli, const struct mln_inputs *inputs,
                              struct mln_compilation *compilation, const char *path,
                              const char *text, size_t length)
{
    run(cli, inputs, compilation, path, text, length);
}
