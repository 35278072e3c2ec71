#include "diag/diag.h"

#include <string.h>

const struct mln_diag_info mln_diag_catalogue[MLN_D_COUNT] = {
#define MLN_DIAG(id, number, level, name, text) \
    [MLN_D_##id] = {.code = number, .severity = level, .slug = name, .explain = text},
#include "diag/diag.def"
#undef MLN_DIAG
};

enum mln_diag_id mln_diag_by_slug(const char *slug)
{
    for (size_t i = 0; i < MLN_D_COUNT; i++) {
        if (strcmp(mln_diag_catalogue[i].slug, slug) == 0)
            return (enum mln_diag_id)i;
    }
    return MLN_D_COUNT;
}
