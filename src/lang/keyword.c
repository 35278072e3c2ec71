#include "lang/keyword.h"

static const struct mln_keyword keywords[] = {
#define MLN_KEYWORD(word, form, text) {word, form, text},
#include "lang/keyword.def"
#undef MLN_KEYWORD
};

const struct mln_keyword *mln_keyword_at(size_t index)
{
    return index < sizeof keywords / sizeof *keywords ? &keywords[index] : NULL;
}
