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

/* What a file says about itself. */
struct mln_tagfile {
    struct mln_tags *tags;
    const char *cloud; /* in the file's words: "Public", "AzureGermany" */
    long change;       /* the file's change number; -1 when it has none */
    bool closed;       /* the cloud is no more */
};
/* The same, and files of a cloud that is no more ("AzureGermany") are read too: its names stand
 * for themselves, and mln_tags_cloud says MLN_CLOUD_PUBLIC. False after reporting. */
bool mln_tagfile_look(struct mln_ctx *ctx, const char *name, const char *text, size_t length,
                      struct mln_tagfile *out);

#endif
