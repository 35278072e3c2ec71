/* mlnsgc compile and mlnsgc check. */
#include "base/file.h"
#include "base/map.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/report.h"
#include "rules/firewall.h"
#include <string.h>

/* ---- what the options cannot mean together ---- */

static bool refuse(struct mln_cli *cli, const char *message)
{
    mln_cli_usage(cli, "%s", message);
    return false;
}

static bool lock_options_agree(struct mln_cli *cli)
{
    const struct mln_options *options = &cli->options;
    if ((options->locked || options->relock) && !options->lock)
        return refuse(cli, "--locked and --relock need --lock=FILE");
    if (options->locked && options->relock)
        return refuse(cli, "--locked and --relock exclude each other");
    return true;
}

/* Standard input can be read once. */
static bool reads_stdin_once(struct mln_cli *cli)
{
    const struct mln_options *options = &cli->options;
    unsigned count = options->tags && strcmp(options->tags, "-") == 0;
    count += options->github_meta && strcmp(options->github_meta, "-") == 0;
    for (size_t i = 0; i < options->inputs.len; i++)
        count += strcmp(options->inputs.data[i], "-") == 0;
    for (size_t i = 0; i < options->params.len; i++)
        count += options->params.data[i].is_file && strcmp(options->params.data[i].text, "-") == 0;
    return count <= 1 || refuse(cli, "standard input ('-') can be read once only");
}

bool mln_inputs_agree(struct mln_cli *cli)
{
    if (cli->options.expand == MLN_EXPAND_ALWAYS && !cli->options.tags)
        return refuse(cli, "--expand-tags=always needs --tags=FILE");
    return reads_stdin_once(cli) && lock_options_agree(cli);
}

static bool output_options_agree(struct mln_cli *cli)
{
    const struct mln_options *options = &cli->options;
    bool directory = mln_output_mode(options) == MLN_OUTPUT_DIRECTORY;
    if (options->prune && (options->nsg || !directory))
        return refuse(cli, "--prune needs a directory and excludes --nsg");
    if ((options->deps_phony || options->deps_file || options->deps_targets.len) &&
        !options->deps && !options->deps_only)
        return refuse(cli, "-MP, -MF and -MT need -M or -MD");
    if (options->deps && !directory && !options->deps_file)
        return refuse(cli, "-MD needs -MF FILE when no directory is written");
    return true;
}

static const char *stem_of(struct mln_cli *cli, const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : mln_path_stem(cli->ctx.arena, path);
}

static bool stems_differ(struct mln_cli *cli)
{
    struct mln_map *stems = mln_map_new(cli->ctx.arena);
    for (size_t i = 0; i < cli->options.inputs.len; i++) {
        const char *stem = stem_of(cli, cli->options.inputs.data[i]);
        if (mln_map_get(stems, stem)) {
            mln_cli_usage(cli, "two policies would be written to '%s'", stem);
            return false;
        }
        mln_map_put(stems, stem, cli);
    }
    return true;
}

/* ---- the lock over all policies ---- */

static struct mln_table_vec all_tables(struct mln_cli *cli, const struct mln_compilation *done,
                                       size_t count)
{
    struct mln_table_vec all = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < done[i].tables.len; j++)
            mln_vec_push(cli->ctx.arena, &all, done[i].tables.data[j]);
    return all;
}

/* The new text of the lock file; NULL when there is none to write. */
static const char *lock_text(struct mln_cli *cli, const struct mln_inputs *inputs,
                             const struct mln_table_vec *tables)
{
    if (!inputs->lock || !mln_lock_distinct(&cli->ctx, tables))
        return NULL;
    if (cli->options.locked) {
        mln_lock_check(&cli->ctx, inputs->lock, tables);
        return NULL;
    }
    struct mln_buf text;
    mln_buf_init(&text, cli->ctx.arena);
    mln_lock_write(cli->ctx.arena, tables, &text);
    return text.data ? text.data : "";
}

/* A back end that also writes networks may be asked for a part without lists. */
static bool writes_lists(const struct mln_cli *cli, const struct mln_backend *backend)
{
    bool whole = !cli->options.nsg && cli->options.arm_scope == MLN_ARM_ALL;
    return backend->lists && (whole || !backend->check);
}

/* Lists of addresses are written from what is known only. */
static void check_lists(struct mln_cli *cli, const struct mln_compilation *done)
{
    for (size_t i = 0; i < cli->options.emit.len; i++)
        if (writes_lists(cli, cli->options.emit.data[i]) && done->model) {
            mln_firewalls_check_lists(&cli->ctx, done->model);
            return;
        }
}

/* Compiles every policy; NULL when the inputs beside them could not be read. */
static struct mln_compilation *compile_all(struct mln_cli *cli, struct mln_inputs *inputs)
{
    if (!mln_inputs_read(cli, inputs))
        return NULL;
    size_t count = cli->options.inputs.len;
    struct mln_compilation *done = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_compilation, count);
    for (size_t i = 0; i < count; i++) {
        mln_compilation_run(cli, inputs, &done[i], cli->options.inputs.data[i]);
        check_lists(cli, &done[i]);
    }
    return done;
}

/* ---- products ---- */

static void suggest_nsg(struct mln_cli *cli, struct mln_diag *diag,
                        const struct mln_table_vec *tables)
{
    const char **names = MLN_NEW_ARRAY(cli->ctx.arena, const char *, tables->len);
    for (size_t i = 0; i < tables->len; i++)
        names[i] = tables->data[i]->nsg->name;
    const char *near = mln_closest(cli->options.nsg, names, tables->len);
    if (near)
        mln_diag_help(diag, "did you mean '%s'?", near);
}

/* The tables that --nsg asks for. */
static struct mln_table_vec chosen_tables(struct mln_cli *cli, const struct mln_table_vec *tables)
{
    struct mln_table_vec chosen = {0};
    if (!cli->options.nsg)
        return *tables;
    for (size_t i = 0; i < tables->len; i++)
        if (strcmp(tables->data[i]->nsg->name, cli->options.nsg) == 0)
            mln_vec_push(cli->ctx.arena, &chosen, tables->data[i]);
    return chosen;
}

static void check_nsg_exists(struct mln_cli *cli, const struct mln_table_vec *all)
{
    if (!cli->options.nsg || chosen_tables(cli, all).len)
        return;
    struct mln_diag *diag =
        mln_report(cli->ctx.diags, MLN_D_UNKNOWN_NSG, (struct mln_span){0},
                   "no network security group of the policy is called '%s'", cli->options.nsg);
    suggest_nsg(cli, diag, all);
}

/* One policy goes into the directory itself, each of several into one of its own. */
static const char *directory_of(struct mln_cli *cli, const char *path)
{
    const char *base = cli->options.output ? cli->options.output : ".";
    if (cli->options.inputs.len == 1)
        return base;
    return mln_path_join(cli->ctx.arena, base, stem_of(cli, path));
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_json(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

/* One stream is one document: of a back end that writes several forms, the JSON. Its files begin at
 * `first`. */
static void keep_json(struct mln_artefact_vec *files, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < files->len; i++)
        if (is_json(files->data[i].name))
            files->data[kept++] = files->data[i];
    if (kept > first)
        files->len = kept;
}

static struct mln_emit_input emit_input(struct mln_cli *cli, const struct mln_compilation *done,
                                        const struct mln_table_vec *tables)
{
    return (struct mln_emit_input){
        .model = done->model,
        .tables = tables,
        .documents = done->documents,
        .partial = cli->options.nsg != NULL,
        .arm_scope = cli->options.nsg ? MLN_ARM_NSG : cli->options.arm_scope,
    };
}

static struct mln_product product_of(struct mln_cli *cli, const struct mln_compilation *compilation)
{
    struct mln_product product = {
        .policy = file_name(compilation->path),
        .directory = directory_of(cli, compilation->path),
    };
    struct mln_table_vec tables = chosen_tables(cli, &compilation->tables);
    const struct mln_emit_input input = emit_input(cli, compilation, &tables);
    for (size_t i = 0; i < cli->options.emit.len; i++) {
        size_t first = product.files.len;
        cli->options.emit.data[i]->emit(&cli->ctx, &input, &product.files);
        if (mln_output_mode(&cli->options) != MLN_OUTPUT_DIRECTORY)
            keep_json(&product.files, first);
    }
    return product;
}

/* Does a back end before this one have the same check? */
static bool checked_before(const struct mln_options *options, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (options->emit.data[i]->check == options->emit.data[index]->check)
            return true;
    return false;
}

/* What the back ends say to one policy. */
static void check_products(struct mln_cli *cli, const struct mln_compilation *compilation)
{
    struct mln_table_vec tables = chosen_tables(cli, &compilation->tables);
    const struct mln_emit_input input = emit_input(cli, compilation, &tables);
    for (size_t i = 0; i < cli->options.emit.len; i++)
        if (cli->options.emit.data[i]->check && !checked_before(&cli->options, i))
            cli->options.emit.data[i]->check(&cli->ctx, &input);
}

/* What is written without --emit: what a deployment needs, and one kind where one file is wanted.
 */
static void choose_backends(struct mln_cli *cli)
{
    static const char *const whole[] = {"nsg", "arm", "allowlist"};
    struct mln_options *options = &cli->options;
    bool one = options->nsg || mln_output_mode(options) != MLN_OUTPUT_DIRECTORY;
    if (options->emit.len > 0)
        return;
    for (size_t i = 0; i < (one ? 1 : sizeof whole / sizeof *whole); i++)
        mln_vec_push(cli->ctx.arena, &options->emit, mln_backend_find(whole[i]));
}

/* ---- dependencies ---- */

static void add_files_read(struct mln_cli *cli, struct mln_dependencies *deps,
                           const struct mln_inputs *inputs, const struct mln_compilation *done)
{
    /* The root is the last module; make rules begin with it. */
    for (size_t i = done->modules.len; i-- > 0;) {
        const struct mln_source *source =
            mln_source_get(cli->ctx.diags, done->modules.data[i]->file->source);
        if (source->path)
            mln_dependencies_add(cli, deps, source->path);
    }
    for (size_t i = 0; i < inputs->files.len; i++)
        mln_dependencies_add(cli, deps, inputs->files.data[i]);
}

/* -M: nothing is compiled, so the only targets known without -MT are the MANIFESTs (or the file of
 * -o). */
static void print_dependencies(struct mln_cli *cli)
{
    struct mln_inputs inputs;
    struct mln_dependencies deps = {0};
    bool to_file = mln_output_mode(&cli->options) == MLN_OUTPUT_FILE;
    if (!mln_inputs_read(cli, &inputs))
        return;
    for (size_t i = 0; i < cli->options.inputs.len; i++) {
        struct mln_compilation loaded;
        const char *path = cli->options.inputs.data[i];
        mln_compilation_load(cli, &loaded, path);
        add_files_read(cli, &deps, &inputs, &loaded);
        const char *manifest = mln_path_join(cli->ctx.arena, directory_of(cli, path), "MANIFEST");
        if (!to_file || i == 0)
            mln_vec_push(cli->ctx.arena, &deps.targets, to_file ? cli->options.output : manifest);
    }
    if (!mln_diags_failed(cli->ctx.diags))
        mln_output_rule(cli, &deps);
}

/* ---- the commands ---- */

static void compile(struct mln_cli *cli)
{
    struct mln_inputs inputs;
    struct mln_compilation *done = compile_all(cli, &inputs);
    if (!done)
        return;
    struct mln_product_vec products = {0};
    struct mln_dependencies deps = {0};
    size_t count = cli->options.inputs.len;
    struct mln_table_vec tables = all_tables(cli, done, count);
    if (!mln_diags_failed(cli->ctx.diags))
        check_nsg_exists(cli, &tables);
    const char *lock = mln_diags_failed(cli->ctx.diags) ? NULL : lock_text(cli, &inputs, &tables);
    if (mln_diags_failed(cli->ctx.diags))
        return;
    double clock = mln_cli_clock();
    for (size_t i = 0; i < count; i++)
        check_products(cli, &done[i]);
    if (mln_diags_failed(cli->ctx.diags))
        return;
    for (size_t i = 0; i < count; i++) {
        mln_vec_push(cli->ctx.arena, &products, product_of(cli, &done[i]));
        add_files_read(cli, &deps, &inputs, &done[i]);
    }
    mln_cli_tell_time(cli, "emit", "", &clock);
    mln_output_write(cli, &products, &inputs, lock, &deps);
    mln_cli_tell_time(cli, "write", "", &clock);
}

void mln_compile_command(struct mln_cli *cli)
{
    if (!mln_inputs_agree(cli) || !output_options_agree(cli) || !stems_differ(cli))
        return;
    choose_backends(cli);
    mln_report_configure(cli);
    if (cli->options.deps_only)
        print_dependencies(cli);
    else
        compile(cli);
    mln_report_finish(cli, stderr);
}

void mln_check_command(struct mln_cli *cli)
{
    if (!mln_inputs_agree(cli))
        return;
    choose_backends(cli);
    mln_report_configure(cli);
    struct mln_inputs inputs;
    struct mln_compilation *done = compile_all(cli, &inputs);
    if (done && !mln_diags_failed(cli->ctx.diags)) {
        struct mln_table_vec tables = all_tables(cli, done, cli->options.inputs.len);
        lock_text(cli, &inputs, &tables);
        for (size_t i = 0; i < cli->options.inputs.len; i++)
            check_products(cli, &done[i]);
    }
    mln_report_finish(cli, stdout);
}
