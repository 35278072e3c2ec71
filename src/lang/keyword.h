/* The words of the language with what they mean, for `mlnsgc explain`. */
#ifndef MLN_LANG_KEYWORD_H
#define MLN_LANG_KEYWORD_H

#include <stddef.h>

struct mln_keyword {
    const char *word;
    const char *form; /* what may be written */
    const char *text; /* what it means */
};

/* In the order of their words; NULL at the end. */
const struct mln_keyword *mln_keyword_at(size_t index);

#endif
