/* Service-tag files: Microsoft's weekly download and the answer of `az network list-service-tags`.
 */
#ifndef MLN_IMPORT_TAGFILE_H
#define MLN_IMPORT_TAGFILE_H

#include "azure/tag.h"

/* NULL after reporting (malformed JSON, duplicate keys, wrong types, a bad prefix, a truncated
 * file: an error with the position, never a shorter list). `name` is the file as the user named it;
 * the text is added to the sources so positions can be shown. */
struct mln_tags *mln_tagfile_read(struct mln_ctx *ctx, const char *name, const char *text,
                                  size_t length);

#endif
