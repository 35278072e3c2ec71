/* Templates as files of a back end. */
#ifndef MLN_EMIT_TEMPLATE_FILES_H
#define MLN_EMIT_TEMPLATE_FILES_H

#include "emit/backend.h"
#include "emit/template.h"

/* How one template becomes text. */
typedef void (*mln_template_writer)(const struct mln_template *t, struct mln_buf *out);

/* STEM.EXTENSION; or, where there are templates of several scopes, STEM-GROUP.EXTENSION each, in
 * several parts where needed. Of several, STEM.order has a line for each, in the order of
 * deployment, with its file, resource group and subscription separated by tabs ("-": the policy
 * does not say). Names of files tell groups apart whatever the case of letters, since some file
 * systems ignore it. */
void mln_template_files(struct mln_ctx *ctx, const struct mln_template_vec *templates,
                        const char *stem, const char *extension, mln_template_writer write,
                        struct mln_artefact_vec *out);

#endif
