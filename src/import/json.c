#include "import/json.h"

#include "import/json_node.h"
#include "import/scan.h"

#include <assert.h>
#include <string.h>

static void report_fault(struct mln_ctx *ctx, uint32_t file, const struct mln_scan_fault *fault)
{
    enum mln_diag_id id = fault->duplicate ? MLN_D_JSON_DUPLICATE_KEY : MLN_D_JSON_SYNTAX;
    struct mln_span span = {file, fault->where.lo, fault->where.hi};
    struct mln_diag *diag = mln_report(ctx->diags, id, span, "%s", fault->message);
    if (fault->duplicate)
        mln_diag_label(diag, (struct mln_span){file, fault->first.lo, fault->first.hi},
                       "it stood here before");
}

struct mln_document *mln_document_try(struct mln_ctx *ctx, uint32_t file, const char *text,
                                      struct mln_scan_fault *fault)
{
    size_t length = mln_source_get(ctx->diags, file)->length;
    cJSON *root = NULL;
    if (length >= UINT32_MAX)
        *fault = (struct mln_scan_fault){.message = "the file is too large"};
    else
        *fault = mln_scan_tree(ctx->arena, text, length, &root);
    if (fault->message)
        return NULL;
    struct mln_document *document = MLN_NEW(ctx->arena, struct mln_document);
    *document = (struct mln_document){.ctx = ctx, .file = file, .root = root};
    return document;
}

struct mln_document *mln_document_read_text(struct mln_ctx *ctx, uint32_t file, const char *text)
{
    struct mln_scan_fault fault;
    struct mln_document *document = mln_document_try(ctx, file, text, &fault);
    if (!document)
        report_fault(ctx, file, &fault);
    return document;
}

struct mln_document *mln_document_read(struct mln_ctx *ctx, uint32_t file)
{
    return mln_document_read_text(ctx, file, mln_source_get(ctx->diags, file)->text);
}

struct mln_span mln_document_span(struct mln_document *document, const cJSON *value)
{
    value = mln_origin_of(document->origins, value);
    value = value ? value : document->root;
    struct mln_extent extent = mln_json_node_of(value)->extent;
    bool container = cJSON_IsObject(value) || cJSON_IsArray(value);
    return (struct mln_span){document->file, extent.lo, container ? extent.lo + 1 : extent.hi};
}

const cJSON *mln_member(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

const char *mln_member_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(mln_member(object, key));
}

const char *mln_json_type_name(const cJSON *value)
{
    if (cJSON_IsObject(value))
        return "an object";
    if (cJSON_IsArray(value))
        return "a list";
    if (cJSON_IsString(value))
        return "a string";
    if (cJSON_IsNumber(value))
        return "a number";
    if (cJSON_IsBool(value))
        return "a truth value";
    return value ? "null" : "nothing";
}

struct mln_diag *mln_document_complain(struct mln_document *document, const cJSON *value,
                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = mln_vprintf(document->ctx->arena, format, args);
    va_end(args);
    return mln_report(document->ctx->diags, MLN_D_JSON_SHAPE, mln_document_span(document, value),
                      "%s", message);
}

/* ---- piece by piece ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Does "key": stand before the value? Only the plain spelling is seen. */
static bool has_key(const char *text, const char *value, const char *key)
{
    size_t length = strlen(key);
    const char *at = value - 1;
    while (at > text && is_blank(*at))
        at--;
    if (*at != ':')
        return false;
    for (at--; at > text && is_blank(*at); at--)
        ;
    return at - text > (ptrdiff_t)length + 1 && *at == '"' && at[-1 - (ptrdiff_t)length] == '"' &&
           memcmp(at - length, key, length) == 0;
}

/* Of the extents of the root, its members and their items, keeps the items of the member `key`. */
static bool find_items(struct mln_pieces *pieces, const char *key, struct mln_extent *list)
{
    struct mln_extent_vec *all = &pieces->items;
    size_t at = 1, kept = 0;
    while (at < all->len && !has_key(pieces->text, pieces->text + all->data[at].lo, key)) {
        uint32_t end = all->data[at].hi;
        for (at++; at < all->len && all->data[at].hi <= end; at++)
            ;
    }
    if (at >= all->len || pieces->text[all->data[at].lo] != '[')
        return false;
    *list = all->data[at];
    for (at++; at < all->len && all->data[at].hi <= list->hi; at++)
        all->data[kept++] = all->data[at];
    all->len = kept;
    return true;
}

/* The text with the list emptied. */
static cJSON *parse_head(const struct mln_source *source, struct mln_arena *arena,
                         struct mln_extent list)
{
    struct mln_buf head;
    mln_buf_init(&head, arena);
    mln_buf_add_n(&head, source->text, list.lo);
    mln_buf_add(&head, "[]");
    mln_buf_add_n(&head, source->text + list.hi, source->length - list.hi);
    return cJSON_ParseWithLengthOpts(head.data, head.len + 1, NULL, true);
}

struct mln_pieces *mln_pieces_open(struct mln_ctx *ctx, uint32_t file, const char *key)
{
    const struct mln_source *source = mln_source_get(ctx->diags, file);
    struct mln_pieces *pieces = MLN_NEW(ctx->arena, struct mln_pieces);
    struct mln_extent list;
    pieces->text = source->text;
    mln_buf_init(&pieces->around, ctx->arena);
    if (source->length >= UINT32_MAX ||
        mln_scan_json(ctx->arena, source->text, source->length, &pieces->items, 2).message ||
        !find_items(pieces, key, &list))
        return NULL;
    pieces->head = parse_head(source, ctx->arena, list);
    return pieces->head ? pieces : NULL;
}

/* Where "key": [ ... ] stands in the item, if it does so once and the list holds nothing but plain
 * strings: no bracket, no brace, no escape. */
static struct mln_extent find_cut(const struct mln_pieces *pieces, struct mln_extent item)
{
    const struct mln_extent none = {0};
    size_t length = strlen(pieces->cut_key);
    const char *at = pieces->text + item.lo, *end = pieces->text + item.hi, *list = NULL;
    for (; (at = memmem(at, (size_t)(end - at), pieces->cut_key, length)); at += length) {
        const char *value = at + length + 1;
        while (value < end && (is_blank(*value) || *value == ':'))
            value++;
        if (list || at[-1] != '"' || at[length] != '"' || *value != '[')
            return none;
        list = value;
    }
    const char *close = list ? memchr(list, ']', (size_t)(end - list)) : NULL;
    size_t inside = close ? (size_t)(close - list - 1) : 0;
    if (!close || memchr(list + 1, '[', inside) || memchr(list + 1, '{', inside) ||
        memchr(list + 1, '\\', inside))
        return none;
    return (struct mln_extent){(uint32_t)(list - pieces->text),
                               (uint32_t)(close + 1 - pieces->text)};
}

/* NULL when there is nothing to cut. */
static cJSON *parse_around(struct mln_pieces *pieces, struct mln_extent item)
{
    pieces->cut = pieces->cut_key ? find_cut(pieces, item) : (struct mln_extent){0};
    if (!pieces->cut.hi)
        return NULL;
    struct mln_buf *around = &pieces->around;
    around->len = 0;
    mln_buf_add_n(around, pieces->text + item.lo, pieces->cut.lo - item.lo);
    mln_buf_add(around, "[]");
    mln_buf_add_n(around, pieces->text + pieces->cut.hi, item.hi - pieces->cut.hi);
    return cJSON_ParseWithLengthOpts(around->data, around->len + 1, NULL, true);
}

cJSON *mln_pieces_next(struct mln_pieces *pieces)
{
    cJSON_Delete(pieces->item);
    pieces->item = NULL;
    if (pieces->at == pieces->items.len)
        return NULL;
    struct mln_extent extent = pieces->items.data[pieces->at++];
    pieces->item = parse_around(pieces, extent);
    if (!pieces->item) {
        pieces->cut.hi = 0;
        pieces->item =
            cJSON_ParseWithLengthOpts(pieces->text + extent.lo, extent.hi - extent.lo, NULL, false);
    }
    return pieces->item;
}

bool mln_pieces_close(struct mln_pieces *pieces)
{
    bool complete = pieces->at == pieces->items.len;
    cJSON_Delete(pieces->item);
    cJSON_Delete(pieces->head);
    return complete;
}
