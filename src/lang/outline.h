/* A module as documentation: its comments, and what it declares in the order written. */
#ifndef MLN_LANG_OUTLINE_H
#define MLN_LANG_OUTLINE_H

#include "base/page.h"
#include "lang/lang.h"

struct mln_outline {
    const char *name; /* "azure/bastion", or the file as given */
    const struct mln_file *file;
};
MLN_VEC_TYPE(mln_outline_vec, struct mln_outline);

/* Every module of the embedded standard library, by path. */
void mln_outline_library(struct mln_ctx *ctx, struct mln_outline_vec *out);

/* "template bastion-host($zone, $clients = Internet)": a declaration up to its braces. */
const char *mln_outline_signature(struct mln_ctx *ctx, const struct mln_node *node);
/* What declares a name that documentation speaks of: template, kind, service, external, geography,
 * group or param. */
bool mln_outline_declares(const struct mln_node *node);

/* The word for its kind: "template". */
const char *mln_outline_kind(const struct mln_node *node);
/* The source text of the declaration. */
const char *mln_outline_text(struct mln_ctx *ctx, const struct mln_node *node);

/* The module: its head comment and each declaration with its comment, under headings of `level`
 * (1 or 2) and below. `bodies`: with the source of templates and kinds. */
void mln_outline_write(struct mln_ctx *ctx, const struct mln_outline *outline,
                       struct mln_page *page, unsigned level, bool bodies);

#endif
