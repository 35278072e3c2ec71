/* Templates as Bicep: the very template that the ARM back end writes as JSON, with symbolic names.
 *
 * What follows from a symbol is not written: a resource that refers to another one is deployed
 * behind it, so only what must come first without being referred to stands in `dependsOn`. Children
 * name their parent. What another template writes, or what exists, is an `existing` resource when
 * it is referred to by symbol. */
#ifndef MLN_EMIT_BICEP_H
#define MLN_EMIT_BICEP_H

#include "emit/backend.h"
#include "emit/template.h"

/* The template as a file with a final line end. */
void mln_bicep_write(const struct mln_template *t, struct mln_buf *out);
/* A value as it stands at `depth` levels of indentation. */
void mln_bicep_value(const struct mln_tree *tree, unsigned depth, struct mln_buf *out);
/* A string literal that stands for exactly itself. */
void mln_bicep_quote(const char *text, struct mln_buf *out);

/* main.bicep, or main-GROUP.bicep each and main.order: emit/template_files.h. */
extern const struct mln_backend mln_backend_bicep;

#endif
