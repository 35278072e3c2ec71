/* Finding the NSGs in a text. */
#include "import/nsg.h"

#include "import/nsg_group.h"

#include <string.h>

static bool read_one(struct mln_nsg_reader *r, struct mln_nsg_groups *groups, const cJSON *json)
{
    enum mln_nsg_shape shape = mln_nsg_shape_of(json);
    if (shape != MLN_SHAPE_NEITHER) {
        mln_nsg_groups_add(groups, json, shape);
        return true;
    }
    const char *type = mln_member_text(json, "type");
    struct mln_diag *diag =
        mln_report(r->ctx->diags, MLN_D_NOT_AN_NSG, mln_document_span(r->document, json),
                   "this is not a network security group");
    if (type)
        mln_diag_note(diag, "its type is '%s'", type);
    return false;
}

/* What `az` and REST wrap lists and new NSGs in. */
static const cJSON *unwrap(const cJSON *root)
{
    const cJSON *list = mln_member(root, "value"), *fresh = mln_member(root, "NewNSG");
    return cJSON_IsArray(list) ? list : cJSON_IsObject(fresh) ? fresh : root;
}

static bool read_root(struct mln_nsg_reader *r, struct mln_nsg_groups *groups, const cJSON *root)
{
    bool good = true;
    root = unwrap(root);
    if (!cJSON_IsArray(root))
        return read_one(r, groups, root);
    for (const cJSON *item = root->child; item; item = item->next)
        good &= read_one(r, groups, item);
    return good;
}

static bool read_text(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                      const char *text, size_t length, bool places,
                      struct mln_imported_nsg_vec *out)
{
    const char *path = strcmp(name, "-") == 0 ? NULL : name;
    uint32_t file = mln_source_add(ctx->diags, name, path, text, length, false);
    struct mln_nsg_reader reader = {.ctx = ctx,
                                    .tags = tags,
                                    .asgs = mln_map_new(ctx->arena),
                                    .document = mln_document_read(ctx, file),
                                    .places = places};
    if (!reader.document)
        return false;
    struct mln_nsg_groups *groups = mln_nsg_groups_new(&reader);
    bool good = read_root(&reader, groups, reader.document->root);
    mln_nsg_groups_finish(groups, out);
    return good;
}

bool mln_nsg_read(struct mln_ctx *ctx, struct mln_tags *tags, const char *name, const char *text,
                  size_t length, struct mln_imported_nsg_vec *out)
{
    return read_text(ctx, tags, name, text, length, true, out);
}

bool mln_nsg_read_own(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                      const char *text, size_t length, struct mln_imported_nsg_vec *out)
{
    return read_text(ctx, tags, name, text, length, false, out);
}
