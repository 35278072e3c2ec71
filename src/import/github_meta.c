#include "import/github_meta.h"
#include "import/json.h"

#include <string.h>

static bool refuse(struct mln_document *document, const cJSON *value, const char *message)
{
    mln_report(document->ctx->diags, MLN_D_GITHUB_META, mln_document_span(document, value), "%s",
               message);
    return false;
}

static bool read_item(struct mln_document *document, const cJSON *item, struct mln_prefix *prefix)
{
    const char *text = cJSON_GetStringValue(item);
    if (!text)
        return refuse(document, item, "an address range must be a string");
    switch (mln_prefix_parse(text, strlen(text), prefix)) {
    case MLN_PREFIX_OK:
        return true;
    case MLN_PREFIX_HOST_BITS:
        return refuse(document, item, "the range has host bits set");
    default:
        return refuse(document, item, "this is not an address range");
    }
}

static bool read_list(struct mln_document *document, const struct mln_prefix **prefixes,
                      size_t *count)
{
    const cJSON *list = mln_member(document->root, "actions_macos");
    MLN_VEC(struct mln_prefix) found = {0};
    bool good = true;
    if (!cJSON_IsObject(document->root) || !cJSON_IsArray(list))
        return refuse(document, list ? list : document->root,
                      "this is not GitHub's metadata: 'actions_macos' must be a list");
    if (!list->child)
        return refuse(document, list, "'actions_macos' is empty");
    for (const cJSON *item = list->child; item; item = item->next) {
        struct mln_prefix prefix = {0};
        good &= read_item(document, item, &prefix);
        mln_vec_push(document->ctx->arena, &found, prefix);
    }
    *prefixes = found.data;
    *count = found.len;
    return good;
}

bool mln_github_meta_read(struct mln_ctx *ctx, const char *path, const char *text, size_t length,
                          const struct mln_prefix **prefixes, size_t *count)
{
    const char *place = strcmp(path, "-") ? path : NULL;
    uint32_t file = mln_source_add(ctx->diags, path, place, text, length, false);
    struct mln_document *document = mln_document_read(ctx, file);
    return document && read_list(document, prefixes, count);
}
