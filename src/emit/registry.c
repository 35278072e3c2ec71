/* The back ends, in the order of the manual. */
#include "emit/allowlist.h"
#include "emit/arm.h"
#include "emit/bicep.h"
#include "emit/csv.h"
#include "emit/nsg.h"
#include "emit/terraform.h"

#include <string.h>

static const struct mln_backend *const backends[] = {
    &mln_backend_nsg, &mln_backend_arm,   &mln_backend_snippet,   &mln_backend_allowlist,
    &mln_backend_csv, &mln_backend_bicep, &mln_backend_terraform,
};
enum { BACKENDS = sizeof(backends) / sizeof(*backends) };

const struct mln_backend *mln_backend_at(size_t index)
{
    return index < BACKENDS ? backends[index] : NULL;
}

const struct mln_backend *mln_backend_find(const char *name)
{
    for (size_t i = 0; i < BACKENDS; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

void mln_artefact_add(struct mln_arena *arena, struct mln_artefact_vec *out, const char *name,
                      const struct mln_buf *content)
{
    struct mln_artefact artefact = {
        .name = name,
        .content = mln_strndup(arena, content->data ? content->data : "", content->len),
        .length = content->len,
    };
    mln_vec_push(arena, out, artefact);
}
