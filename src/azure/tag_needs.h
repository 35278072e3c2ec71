/* Service tags that are of little use without others, as Microsoft documents them. */
#ifndef MLN_AZURE_TAG_NEEDS_H
#define MLN_AZURE_TAG_NEEDS_H

#include <stddef.h>
#include <stdint.h>

struct mln_tag_need {
    const char *tag, *needs; /* global names */
    uint16_t port;           /* of tcp, on which `needs` is reached */
    const char *why;         /* NULL, or what it is needed for: then it depends on what is done */
    const char *source;
};
extern const struct mln_tag_need mln_tag_needs[]; /* by tag */
extern const size_t mln_tag_need_count;

#endif
