/* Writing: first every temporary, then every rename, so an error changes no output. */
#include "cli/output.h"
#include "base/file.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

enum mln_output_mode mln_output_mode(const struct mln_options *options)
{
    const char *output = options->output;
    if (!output)
        return MLN_OUTPUT_DIRECTORY;
    if (strcmp(output, "-") == 0)
        return MLN_OUTPUT_STDOUT;
    size_t length = strlen(output);
    bool named_json = length > 5 && strcmp(output + length - 5, ".json") == 0;
    return named_json && !is_directory(output) ? MLN_OUTPUT_FILE : MLN_OUTPUT_DIRECTORY;
}

struct writer {
    struct mln_cli *cli;
    struct mln_staged *staged;
    bool failed;
};

static void cannot_write(struct writer *writer, const char *path, int error)
{
    bool while_writing = error == ENOSPC || error == EIO || error == EFBIG || error == EDQUOT;
    mln_report(writer->cli->ctx.diags, MLN_D_CANNOT_WRITE, (struct mln_span){0},
               "cannot write '%s': %s", path, strerror(error));
    mln_cli_raise(writer->cli, while_writing ? MLN_EXIT_IO : MLN_EXIT_CREATE);
    writer->failed = true;
}

static void stage(struct writer *writer, const char *path, const char *data, size_t length)
{
    if (writer->failed)
        return;
    int error = mln_staged_add(writer->staged, path, data ? data : "", length, true);
    if (error)
        cannot_write(writer, path, error);
}

static const char *in_directory(struct writer *writer, const struct mln_product *product,
                                const char *name)
{
    return mln_path_join(writer->cli->ctx.arena, product->directory, name);
}

static struct mln_manifest read_manifest(struct writer *writer, const char *path)
{
    size_t length;
    const char *text = mln_file_read(writer->cli->ctx.arena, path, &length);
    return mln_manifest_parse(writer->cli->ctx.arena, text ? text : "");
}

/* Stages the files of a policy and its MANIFEST; `previous` receives what the old one listed. */
static void stage_product(struct writer *writer, const struct mln_product *product,
                          struct mln_dependencies *deps, struct mln_manifest *previous)
{
    struct mln_arena *arena = writer->cli->ctx.arena;
    for (size_t i = 0; i < product->files.len; i++) {
        const struct mln_artefact *file = &product->files.data[i];
        const char *path = in_directory(writer, product, file->name);
        stage(writer, path, file->content, file->length);
        mln_vec_push(arena, &deps->targets, path);
    }
    const char *path = in_directory(writer, product, "MANIFEST");
    *previous = read_manifest(writer, path);
    /* --nsg writes one file of several; the others are still what they were. */
    const struct mln_manifest none = {0};
    struct mln_buf manifest;
    mln_buf_init(&manifest, arena);
    mln_manifest_write(arena, product, writer->cli->options.nsg ? previous : &none, &manifest);
    stage(writer, path, manifest.data, manifest.len);
    mln_vec_push(arena, &deps->targets, path);
}

static void stage_depfile(struct writer *writer, const struct mln_product *first,
                          const struct mln_dependencies *deps)
{
    struct mln_cli *cli = writer->cli;
    if (!cli->options.deps)
        return;
    const char *path = cli->options.deps_file;
    if (!path) {
        const char *stem = mln_path_stem(cli->ctx.arena, first->policy);
        path = in_directory(writer, first, mln_printf(cli->ctx.arena, "%s.d", stem));
    }
    struct mln_buf rule;
    mln_buf_init(&rule, cli->ctx.arena);
    mln_dependencies_rule(cli, deps, &rule);
    if (strcmp(path, "-") == 0)
        mln_cli_write(cli, stdout, rule.data, rule.len);
    else
        stage(writer, path, rule.data, rule.len);
}

static bool listed(const struct mln_product *product, const char *name)
{
    for (size_t i = 0; i < product->files.len; i++)
        if (strcmp(product->files.data[i].name, name) == 0)
            return true;
    return false;
}

static void prune(struct writer *writer, const struct mln_product *product,
                  const struct mln_manifest *previous)
{
    for (size_t i = 0; i < previous->len; i++) {
        const char *name = previous->data[i].name;
        const char *path = in_directory(writer, product, name);
        if (!listed(product, name) && unlink(path) != 0 && errno != ENOENT)
            cannot_write(writer, path, errno);
    }
}

/* Adds a document to the array of several, two columns further in. Strings of JSON hold no line
 * ends. */
static void add_indented(struct mln_buf *out, const struct mln_artefact *file)
{
    size_t length = file->length;
    while (length && file->content[length - 1] == '\n')
        length--;
    mln_buf_add(out, "  ");
    for (size_t i = 0; i < length; i++) {
        mln_buf_char(out, file->content[i]);
        if (file->content[i] == '\n')
            mln_buf_add(out, "  ");
    }
}

static const struct mln_artefact *only_file(const struct mln_product_vec *products, size_t *count)
{
    const struct mln_artefact *file = NULL;
    *count = 0;
    for (size_t i = 0; i < products->len; i++) {
        *count += products->data[i].files.len;
        if (!file && products->data[i].files.len)
            file = products->data[i].files.data;
    }
    return file;
}

/* Several files are an array of them, which others cannot be part of. */
static bool all_json(struct mln_cli *cli, const struct mln_product_vec *products)
{
    for (size_t i = 0; i < products->len; i++)
        for (size_t j = 0; j < products->data[i].files.len; j++) {
            const char *name = products->data[i].files.data[j].name;
            size_t length = strlen(name);
            if (length > 5 && strcmp(name + length - 5, ".json") == 0)
                continue;
            mln_cli_usage(cli,
                          "standard output cannot hold '%s' beside other files; "
                          "name a directory",
                          name);
            return false;
        }
    return true;
}

static void print_products(struct mln_cli *cli, const struct mln_product_vec *products)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    size_t count, written = 0;
    const struct mln_artefact *only = only_file(products, &count);
    if (count == 1) {
        mln_cli_write(cli, stdout, only->content, only->length);
        return;
    }
    if (!all_json(cli, products))
        return;
    mln_buf_add(&out, "[");
    for (size_t i = 0; i < products->len; i++)
        for (size_t j = 0; j < products->data[i].files.len; j++) {
            mln_buf_add(&out, written++ ? ",\n" : "\n");
            add_indented(&out, &products->data[i].files.data[j]);
        }
    mln_buf_add(&out, written ? "\n]\n" : "]\n");
    mln_cli_write(cli, stdout, out.data, out.len);
}

static void stage_one_file(struct writer *writer, const struct mln_product_vec *products,
                           struct mln_dependencies *deps)
{
    struct mln_cli *cli = writer->cli;
    size_t count;
    const struct mln_artefact *only = only_file(products, &count);
    if (count == 1) {
        stage(writer, cli->options.output, only->content, only->length);
        mln_vec_push(cli->ctx.arena, &deps->targets, cli->options.output);
        return;
    }
    mln_cli_usage(
        cli, "'%s' can hold one file, but there are %zu; name a directory, or choose with --nsg",
        cli->options.output, count);
    writer->failed = true;
}

/* Renames what was staged; afterwards only what is left over can go. */
static void commit(struct writer *writer, const struct mln_product_vec *products,
                   const struct mln_manifest *previous)
{
    const char *failed = NULL;
    int error = mln_staged_commit(writer->staged, &failed);
    if (error)
        cannot_write(writer, failed, error);
    for (size_t i = 0; writer->cli->options.prune && !writer->failed && i < products->len; i++)
        prune(writer, &products->data[i], &previous[i]);
}

void mln_output_write(struct mln_cli *cli, const struct mln_product_vec *products,
                      const struct mln_inputs *inputs, const char *lock_text,
                      struct mln_dependencies *deps)
{
    struct writer writer = {.cli = cli, .staged = mln_staged_new(cli->ctx.arena)};
    struct mln_manifest *previous =
        MLN_NEW_ARRAY(cli->ctx.arena, struct mln_manifest, products->len);
    enum mln_output_mode mode = mln_output_mode(&cli->options);
    for (size_t i = 0; mode == MLN_OUTPUT_DIRECTORY && i < products->len; i++)
        stage_product(&writer, &products->data[i], deps, &previous[i]);
    if (mode == MLN_OUTPUT_FILE)
        stage_one_file(&writer, products, deps);
    if (lock_text && (!inputs->lock_text || strcmp(lock_text, inputs->lock_text) != 0))
        stage(&writer, cli->options.lock, lock_text, strlen(lock_text));
    if (products->len)
        stage_depfile(&writer, &products->data[0], deps);
    if (!writer.failed && mode == MLN_OUTPUT_STDOUT)
        print_products(cli, products);
    if (!writer.failed && cli->status < MLN_EXIT_USAGE)
        commit(&writer, products, previous);
    mln_staged_abort(writer.staged);
}

void mln_output_rule(struct mln_cli *cli, const struct mln_dependencies *deps)
{
    struct mln_buf rule;
    mln_buf_init(&rule, cli->ctx.arena);
    mln_dependencies_rule(cli, deps, &rule);
    const char *path = cli->options.deps_file;
    if (!path || strcmp(path, "-") == 0) {
        mln_cli_write(cli, stdout, rule.data, rule.len);
        return;
    }
    struct writer writer = {.cli = cli, .staged = mln_staged_new(cli->ctx.arena)};
    stage(&writer, path, rule.data, rule.len);
    if (!writer.failed)
        commit(&writer, &(struct mln_product_vec){0}, NULL);
    mln_staged_abort(writer.staged);
}
