/* Modules: a policy and everything it imports, each file read once, dependencies before dependents.
 *
 * Files are told apart by device and inode, so that two spellings of a path are one module;
 * embedded modules by their path. The walk is depth first; a module met again while it is still
 * being loaded closes a cycle. */
#include "lang/lang.h"

#include "base/file.h"
#include "base/map.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 200 };

struct loader {
    struct mln_ctx *ctx;
    const struct mln_load_options *options;
    struct mln_module_vec *modules;
    struct mln_map *known;         /* key of a file -> entry */
    MLN_VEC(struct entry *) stack; /* being loaded, the root first */
};

struct entry {
    struct mln_module *module;
    struct mln_node *import; /* by which it is being loaded */
    bool loading;
};

static struct entry *load_text(struct loader *l, struct entry *entry, const char *name,
                               const char *path, const char *text, size_t length, bool library);

/* --- finding files --- */

/* A key that is equal for all spellings of one file. */
static const char *file_key(struct loader *l, const char *path)
{
    struct stat info;
    if (strcmp(path, "-") == 0 || stat(path, &info) != 0)
        return mln_printf(l->ctx->arena, "file:%s", path);
    return mln_printf(l->ctx->arena, "inode:%llu:%llu", (unsigned long long)info.st_dev,
                      (unsigned long long)info.st_ino);
}

static struct entry *known_entry(struct loader *l, const char *key, bool *fresh)
{
    struct entry *entry = mln_map_get(l->known, key);
    *fresh = !entry;
    if (!entry) {
        entry = MLN_NEW(l->ctx->arena, struct entry);
        mln_map_put(l->known, key, entry);
    }
    return entry;
}

/* What the import names. */
static struct mln_span place_of(const struct mln_node *import)
{
    return import->values ? import->values->span : import->name.span;
}

static void report_cycle(struct loader *l, const struct entry *entry, struct mln_node *import)
{
    struct mln_diag *diag = mln_report(
        l->ctx->diags, MLN_D_IMPORT_CYCLE, place_of(import), "'%s' imports itself%s",
        entry->module->display, l->stack.data[l->stack.len - 1] == entry ? "" : " through others");
    struct mln_buf chain;
    mln_buf_init(&chain, l->ctx->arena);
    bool inside = false;
    for (size_t i = 0; i < l->stack.len; i++) {
        if (inside && l->stack.data[i]->import)
            mln_diag_label(diag, l->stack.data[i]->import->span, "which imports '%s'",
                           l->stack.data[i]->module->display);
        inside |= l->stack.data[i] == entry;
        if (inside)
            mln_buf_printf(&chain, "%s -> ", l->stack.data[i]->module->display);
    }
    mln_diag_note(diag, "%s%s", chain.data, entry->module->display);
}

/* The module behind the import, loaded before or now; NULL after reporting. */
static struct mln_module *enter_file(struct loader *l, const char *path, struct mln_node *import)
{
    bool fresh;
    struct entry *entry = known_entry(l, file_key(l, path), &fresh);
    if (entry->loading) {
        report_cycle(l, entry, import);
        return NULL;
    }
    if (!fresh)
        return entry->module;
    size_t length;
    char *text = mln_file_read(l->ctx->arena, path, &length);
    if (!text) {
        mln_report(l->ctx->diags, MLN_D_UNREADABLE_MODULE, place_of(import), "cannot read '%s': %s",
                   path, strerror(errno));
        return NULL;
    }
    entry->import = import;
    return load_text(l, entry, path, path, text, length, false)->module;
}

static struct mln_module *enter_library(struct loader *l, const char *path, struct mln_node *import)
{
    size_t length;
    const char *text = mln_stdlib_get(path, &length);
    if (!text)
        return NULL;
    bool fresh;
    struct entry *entry = known_entry(l, mln_printf(l->ctx->arena, "library:%s", path), &fresh);
    if (entry->loading) {
        report_cycle(l, entry, import);
        return NULL;
    }
    if (fresh) {
        entry->import = import;
        load_text(l, entry, mln_printf(l->ctx->arena, "<stdlib>/%s", path), NULL, text, length,
                  true);
    }
    return entry->module;
}

static void unknown_module(struct loader *l, struct mln_node *import)
{
    MLN_VEC(const char *) names = {0};
    const char *path;
    for (size_t i = 0; (path = mln_stdlib_path(i)) != NULL; i++) {
        size_t length = strlen(path);
        if (length > 4 && strcmp(path + length - 4, ".mlp") == 0)
            mln_vec_push(l->ctx->arena, &names, mln_strndup(l->ctx->arena, path, length - 4));
    }
    struct mln_diag *diag = mln_report(l->ctx->diags, MLN_D_UNKNOWN_MODULE, import->name.span,
                                       "there is no module '%s'", import->name.text);
    const char *close = mln_closest(import->name.text, names.data, names.len);
    if (close)
        mln_diag_inline(diag, "did you mean '%s'?", close);
    for (size_t i = 0; i < l->options->include_count; i++)
        mln_diag_note(diag, "looked in '%s'", l->options->include_dirs[i]);
    mln_diag_note(diag, "looked in the standard library");
    if (mln_file_exists(mln_printf(l->ctx->arena, "%s.mlp", import->name.text)))
        mln_diag_help(diag,
                      "a file beside this one is imported by its name in quotes: import \"%s.mlp\"",
                      import->name.text);
}

static struct mln_module *enter_module(struct loader *l, struct mln_node *import)
{
    const char *file = mln_printf(l->ctx->arena, "%s.mlp", import->name.text);
    for (size_t i = 0; i < l->options->include_count; i++) {
        const char *path = mln_path_join(l->ctx->arena, l->options->include_dirs[i], file);
        if (mln_file_exists(path))
            return enter_file(l, path, import);
    }
    unsigned errors = l->ctx->diags->errors;
    struct mln_module *module = enter_library(l, file, import);
    if (!module && errors == l->ctx->diags->errors)
        unknown_module(l, import);
    return module;
}

/* The text of a STRING as a path: a written "\\$" is the byte 0x01 in the tree. */
static const char *path_text(struct loader *l, const char *text)
{
    char *path = mln_strdup(l->ctx->arena, text);
    for (char *c = path; *c; c++)
        if (*c == '\x01')
            *c = '$';
    return path;
}

static struct mln_module *enter_beside(struct loader *l, const struct mln_module *from,
                                       struct mln_node *import)
{
    const struct mln_source *source = mln_source_get(l->ctx->diags, from->file->source);
    if (import->values->kind != MLN_VALUE_STRING)
        return NULL;
    const char *written = import->values->text;
    if (from->library || written[0] == '\0' || strstr(written, "${")) {
        mln_report(l->ctx->diags, MLN_D_UNREADABLE_MODULE, import->values->span, "%s",
                   from->library        ? "a module of the standard library imports modules only"
                   : written[0] == '\0' ? "the name of the file is empty"
                                        : "the name of a file holds no parameters");
        return NULL;
    }
    const char *name = path_text(l, written);
    const char *path =
        name[0] == '/' || !source->path
            ? name
            : mln_path_join(l->ctx->arena, mln_path_dir(l->ctx->arena, source->path), name);
    return enter_file(l, path, import);
}

/* --- loading --- */

static void load_imports(struct loader *l, struct mln_module *module)
{
    for (struct mln_node *node = module->file->nodes; node; node = node->next) {
        if (node->kind != MLN_NODE_IMPORT)
            continue;
        struct mln_import import = {.node = node, .alias = node->name2.text};
        if (l->stack.len > MAX_DEPTH)
            mln_report(l->ctx->diags, MLN_D_IMPORT_CYCLE, node->span,
                       "imports are nested more than %d deep", MAX_DEPTH);
        else
            import.module = node->values ? enter_beside(l, module, node) : enter_module(l, node);
        module->file->lost |= !import.module;
        mln_vec_push(l->ctx->arena, &module->imports, import);
    }
}

/* An imported file must not change what its importer permits by default. */
static void refuse_defaults(struct loader *l, struct mln_file *file, const struct mln_node *nodes)
{
    for (const struct mln_node *node = nodes; node; node = node->next) {
        if (node->kind == MLN_NODE_DEFAULT) {
            struct mln_diag *diag = mln_report(l->ctx->diags, MLN_D_DEFAULT_IN_MODULE, node->span,
                                               "an imported file has no top-level default");
            mln_diag_help(diag, "write it inside the networks of that file");
            file->refused = true;
        }
        if (node->kind == MLN_NODE_WHEN) {
            refuse_defaults(l, file, node->body);
            refuse_defaults(l, file, node->orelse);
        }
    }
}

static struct entry *load_text(struct loader *l, struct entry *entry, const char *name,
                               const char *path, const char *text, size_t length, bool library)
{
    struct mln_module *module = MLN_NEW(l->ctx->arena, struct mln_module);
    entry->module = module;
    entry->loading = true;
    mln_vec_push(l->ctx->arena, &l->stack, entry);
    module->display = name;
    module->library = library;
    module->file =
        mln_parse(l->ctx, mln_source_add(l->ctx->diags, name, path, text, length, library));
    load_imports(l, module);
    l->stack.len--;
    entry->loading = false;
    if (l->stack.len > 0)
        refuse_defaults(l, module->file, module->file->nodes);
    module->index = (uint32_t)l->modules->len;
    mln_vec_push(l->ctx->arena, l->modules, module);
    return entry;
}

/* The prelude is loaded first; policy/ lets every other module see its names behind their own. */
static void load_prelude(struct loader *l)
{
    size_t length;
    const char *text = mln_stdlib_get("prelude.mlp", &length);
    bool fresh;
    if (text)
        load_text(l, known_entry(l, "library:prelude.mlp", &fresh), "<stdlib>/prelude.mlp", NULL,
                  text, length, true);
}

struct mln_module *mln_load_text(struct mln_ctx *ctx, const char *path, const char *text,
                                 size_t length, const struct mln_load_options *options,
                                 struct mln_module_vec *modules)
{
    struct loader l = {
        .ctx = ctx, .options = options, .modules = modules, .known = mln_map_new(ctx->arena)};
    load_prelude(&l);
    bool fresh, standard = strcmp(path, "-") == 0;
    struct entry *entry = known_entry(&l, file_key(&l, path), &fresh);
    return load_text(&l, entry, standard ? "<stdin>" : path, standard ? NULL : path, text, length,
                     false)
        ->module;
}

struct mln_module *mln_load(struct mln_ctx *ctx, const char *path,
                            const struct mln_load_options *options, struct mln_module_vec *modules,
                            int *error)
{
    size_t length;
    char *text = mln_file_read(ctx->arena, path, &length);
    if (!text) {
        *error = errno;
        return NULL;
    }
    return mln_load_text(ctx, path, text, length, options, modules);
}
