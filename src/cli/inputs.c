/* What is read beside the policies: service tags, parameters, the lock file. */
#include "base/file.h"
#include "cli/pipeline.h"
#include "import/github_meta.h"
#include "import/tagfile.h"
#include <errno.h>
#include <string.h>

char *mln_cli_read(struct mln_cli *cli, const char *path, size_t *length)
{
    char *text = mln_file_read(cli->ctx.arena, path, length);
    if (!text)
        mln_cli_cannot_read(cli, path, errno);
    return text;
}

static void note_file(struct mln_cli *cli, struct mln_inputs *inputs, const char *path)
{
    if (strcmp(path, "-") != 0)
        mln_vec_push(cli->ctx.arena, &inputs->files, path);
}

/* The cloud asked for, else the file's. */
static void read_tagfile(struct mln_cli *cli, struct mln_inputs *inputs)
{
    const char *path = cli->options.tags;
    size_t length;
    char *text = mln_cli_read(cli, path, &length);
    if (!text)
        return;
    note_file(cli, inputs, path);
    inputs->tags = mln_tagfile_read(&cli->ctx, path, text, length);
    if (!inputs->tags)
        return;
    inputs->cloud = mln_tags_cloud(inputs->tags);
    if (cli->options.cloud_given && cli->options.cloud != inputs->cloud)
        mln_report(cli->ctx.diags, MLN_D_CLOUD_MISMATCH, (struct mln_span){0},
                   "'%s' holds the service tags of cloud '%s', but --cloud=%s was given", path,
                   mln_cloud_names[inputs->cloud], mln_cloud_names[cli->options.cloud]);
}

struct mln_tags *mln_cli_catalogue(struct mln_cli *cli, enum mln_cloud cloud)
{
    const char *path = mln_printf(cli->ctx.arena, "azure/tags-%s.tsv", mln_cloud_names[cloud]);
    size_t length;
    const char *table = mln_stdlib_get(path, &length);
    struct mln_tags *tags = table ? mln_tags_catalogue(&cli->ctx, cloud, table, length) : NULL;
    if (!tags)
        mln_cli_fail(cli, MLN_EXIT_FAULT, "the embedded table '%s' is missing", path);
    return tags;
}

static void read_catalogue(struct mln_cli *cli, struct mln_inputs *inputs)
{
    inputs->cloud = cli->options.cloud_given ? cli->options.cloud : MLN_CLOUD_PUBLIC;
    inputs->tags = mln_cli_catalogue(cli, inputs->cloud);
}

static void read_params(struct mln_cli *cli, struct mln_inputs *inputs)
{
    for (size_t i = 0; i < cli->options.params.len; i++) {
        const struct mln_param_option *option = &cli->options.params.data[i];
        struct mln_param_setting setting = {.name = option->name, .text = option->text};
        if (!option->is_file) {
            mln_vec_push(cli->ctx.arena, &inputs->params, setting);
            continue;
        }
        note_file(cli, inputs, option->text);
        mln_params_read(cli, inputs, option->text);
    }
}

/* For mlnsgc allowlist it is a source of its own, read among the others. */
static void read_macos(struct mln_cli *cli, struct mln_inputs *inputs)
{
    bool source = cli->command->bit == MLN_FOR_ALLOWLIST;
    const char *path = source ? NULL : cli->options.github_meta;
    size_t length;
    char *text = path ? mln_cli_read(cli, path, &length) : NULL;
    if (!text)
        return;
    note_file(cli, inputs, path);
    mln_github_meta_read(&cli->ctx, path, text, length, &inputs->macos, &inputs->macos_count);
}

/* A lock file that does not exist yet is an empty one. */
static void read_lock(struct mln_cli *cli, struct mln_inputs *inputs)
{
    const char *path = cli->options.lock;
    if (!path)
        return;
    size_t length;
    char *text = mln_file_read(cli->ctx.arena, path, &length);
    inputs->lock_text = text;
    if (text)
        note_file(cli, inputs, path);
    else if (errno != ENOENT)
        mln_cli_cannot_read(cli, path, errno);
    bool use = text && !cli->options.relock;
    inputs->lock = use ? mln_lock_read(&cli->ctx, path, text, length) : mln_lock_new(&cli->ctx);
}

bool mln_inputs_read(struct mln_cli *cli, struct mln_inputs *inputs)
{
    *inputs = (struct mln_inputs){0};
    double clock = mln_cli_clock();
    if (cli->options.tags)
        read_tagfile(cli, inputs);
    else
        read_catalogue(cli, inputs);
    mln_cli_tell_time(cli, "tags", cli->options.tags ? cli->options.tags : "(catalogue)", &clock);
    read_params(cli, inputs);
    read_macos(cli, inputs);
    read_lock(cli, inputs);
    return inputs->tags && !mln_diags_failed(cli->ctx.diags);
}
