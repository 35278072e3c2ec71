/* JSON as people write it and Azure's tools read it: with comments, with a comma before the closing
 * bracket, with line breaks inside of strings. */
#ifndef MLN_IMPORT_RELAXED_H
#define MLN_IMPORT_RELAXED_H

#include "import/json.h"

/* Adds the text to the sources and reads it. What is not JSON but tolerated draws one warning of
 * each sort. NULL after reporting. */
struct mln_document *mln_relaxed_read(struct mln_ctx *ctx, const char *name, const char *text,
                                      size_t length);

#endif
