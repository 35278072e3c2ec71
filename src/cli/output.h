/* What compile writes, and where. */
#ifndef MLN_CLI_OUTPUT_H
#define MLN_CLI_OUTPUT_H

#include "cli/pipeline.h"
#include "emit/backend.h"

enum mln_output_mode { MLN_OUTPUT_DIRECTORY, MLN_OUTPUT_FILE, MLN_OUTPUT_STDOUT };
enum mln_output_mode mln_output_mode(const struct mln_options *options);

/* The files of one policy. */
struct mln_product {
    const char *policy;    /* its file name without a directory, as MANIFEST shows it */
    const char *directory; /* where they go, in directory mode */
    struct mln_artefact_vec files;
};
MLN_VEC_TYPE(mln_product_vec, struct mln_product);

struct mln_dependencies {
    MLN_VEC(const char *) files;   /* read, the first policy first, each once */
    MLN_VEC(const char *) targets; /* written */
};
/* Adds what a policy and the options read. */
void mln_dependencies_add(struct mln_cli *cli, struct mln_dependencies *deps, const char *file);
/* The make rule: targets of -MT, else `targets`; with -MP an empty rule for each file but the
 * first. */
void mln_dependencies_rule(const struct mln_cli *cli, const struct mln_dependencies *deps,
                           struct mln_buf *out);

/* Writes everything or nothing: artefacts, MANIFEST, lock file and depfile. Failures are reported
 * as cannot-write. */
void mln_output_write(struct mln_cli *cli, const struct mln_product_vec *products,
                      const struct mln_inputs *inputs, const char *lock_text,
                      struct mln_dependencies *deps);

/* -M: the rule to -MF FILE or standard output. */
void mln_output_rule(struct mln_cli *cli, const struct mln_dependencies *deps);

/* manifest.c. Names listed by the text of a MANIFEST that are plain file names: nothing with a '/',
 * no "." or "..", not MANIFEST itself, so that nothing outside of its directory is ever touched. */
struct mln_manifest_line {
    const char *name;
    const char *line; /* whole, without the line end */
};
MLN_VEC_TYPE(mln_manifest, struct mln_manifest_line);
struct mln_manifest mln_manifest_parse(struct mln_arena *arena, const char *text);
/* The text of a product's MANIFEST, sorted by name; lines of `kept` that the product does not write
 * stay. */
void mln_manifest_write(struct mln_arena *arena, const struct mln_product *product,
                        const struct mln_manifest *kept, struct mln_buf *out);

#endif
