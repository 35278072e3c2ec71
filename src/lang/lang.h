/* Reading policies: parsing one text, and loading a policy with all the modules it names. */
#ifndef MLN_LANG_LANG_H
#define MLN_LANG_LANG_H

#include "lang/ast.h"

/* Parses a source already added to ctx->diags. Never NULL; mistakes are reported, what could not be understood
 * is left out or POISON. Cost is linear; nesting deeper than MLN_MAX_NESTING is an error. */
#define MLN_MAX_NESTING 200
struct mln_file *mln_parse(struct mln_ctx *ctx, uint32_t source);
/* Parses the text as one VALUE (for --param NAME=TEXT); NULL when it is not one, nothing is reported. */
struct mln_value *mln_parse_value(struct mln_ctx *ctx, const char *text);
/* Parses a source that is one SIDE, or SERVICES, and nothing else (questions of the command line). NULL after reporting. */
struct mln_side *mln_parse_side(struct mln_ctx *ctx, uint32_t source);
struct mln_service *mln_parse_services(struct mln_ctx *ctx, uint32_t source);

/* The tree as text, for tests and for people: one node a line, two blanks a level, every part that is present
 * in a fixed order: "zone a 10.0.1.0/24", "allow tcp:443 from (a) to (b) as x". Poison shows as "?". */
void mln_ast_dump(const struct mln_file *file, struct mln_buf *out);

/* A file with its imports resolved. */
struct mln_import {
    struct mln_node *node;     /* the import statement */
    const char *alias;         /* interned, or NULL */
    struct mln_module *module; /* NULL when it could not be loaded (reported) */
};
struct mln_module {
    struct mln_file *file;
    const char *display;  /* as in messages */
    bool library;         /* from the standard library */
    MLN_VEC(struct mln_import) imports;
    uint32_t index;       /* in load order, dependencies first */
};
MLN_VEC_TYPE(mln_module_vec, struct mln_module *);

struct mln_load_options {
    const char *const *include_dirs; /* -I, in order, then those of MLNSGC_PATH */
    size_t include_count;
};

/* Loads `path` ("-" = standard input) and all it imports. A module path ("azure/bastion") is looked for in
 * the include directories (PATH + ".mlp"), then in the embedded standard library; a STRING is a file beside
 * the importing one. Each file is read once however it is spelled; a cycle is an error that shows the chain.
 * NULL when the root itself cannot be read: *error is errno then (the command line says it, exit 66).
 * `modules` receives every module loaded, dependencies before dependents, the root last. */
struct mln_module *mln_load(struct mln_ctx *ctx, const char *path, const struct mln_load_options *options,
                            struct mln_module_vec *modules, int *error);

/* The same for a text that was read already. */
struct mln_module *mln_load_text(struct mln_ctx *ctx, const char *path, const char *text, size_t length,
                                 const struct mln_load_options *options, struct mln_module_vec *modules);

/* The embedded standard library: files of stdlib/ by their path ("azure/bastion.mlp", "azure/tags-public.tsv"). NULL when
 * there is none. */
const char *mln_stdlib_get(const char *path, size_t *length);
/* In order of path; NULL at the end. */
const char *mln_stdlib_path(size_t index);

#endif
