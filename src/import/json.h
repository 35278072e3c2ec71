/* Reading JSON as cJSON's values.
 *
 * A text is checked strictly (import/scan.h), and the same pass makes the values
 * (import/json_node.h). They have positions, so every complaint about a file can point into it.
 * Getters are case-sensitive and take null for absent, as Azure does. */
#ifndef MLN_IMPORT_JSON_H
#define MLN_IMPORT_JSON_H

#include "diag/ctx.h"
#include "import/origin.h"
#include "import/scan.h"

#include <cjson/cJSON.h>

struct mln_document {
    struct mln_ctx *ctx;
    uint32_t file;               /* the source */
    cJSON *root;                 /* never NULL; a tree of import/json_node.h */
    struct mln_origins *origins; /* of values made by evaluation; NULL when there are none */
};

/* Reads a source already added. NULL after reporting. The tree lives as long as ctx->arena. */
struct mln_document *mln_document_read(struct mln_ctx *ctx, uint32_t file);
/* The same for a text in the place of the source's: as long, and every byte where it was. */
struct mln_document *mln_document_read_text(struct mln_ctx *ctx, uint32_t file, const char *text);
/* The same, where the caller reports the fault or mends the text. */
struct mln_document *mln_document_try(struct mln_ctx *ctx, uint32_t file, const char *text,
                                      struct mln_scan_fault *fault);

/* Where a value stands; of a container its first byte. The root for NULL. */
struct mln_span mln_document_span(struct mln_document *document, const cJSON *value);

/* The member of an object; NULL when absent, null, or `object` is no object. */
const cJSON *mln_member(const cJSON *object, const char *key);
/* Its text; NULL when absent or of another type. Belongs to the document. */
const char *mln_member_text(const cJSON *object, const char *key);
/* "an object", "a string" ... for messages */
const char *mln_json_type_name(const cJSON *value);

/* Reports json-shape: `value` is not what `what` describes ("'values' must be a list"). */
struct mln_diag *mln_document_complain(struct mln_document *document, const cJSON *value,
                                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A long list item by item, so that the tree of a large file never exists as a whole: half the time
 * and a tenth of the memory. Nothing is reported and items have no places: at the first mistake the
 * caller reads the text again as a document. */
struct mln_pieces {
    const char *text;
    cJSON *head; /* the root object with the list empty; owned */
    struct mln_extent_vec items;
    size_t at;
    cJSON *item; /* the one at hand; owned */

    /* A list of plain strings inside of each item, left to the caller, who sets `cut_key`: the item
     * has it empty, and `cut` is where it stands in the text, brackets included. cut.hi is 0 when
     * the item has no such list, or one with escapes; then the item is whole. */
    const char *cut_key;
    struct mln_extent cut;
    struct mln_buf around; /* of the item at hand: what is around the cut */
};

/* The text of a source whose root is an object with a list under `key`; NULL when it is not, or not
 * JSON. */
struct mln_pieces *mln_pieces_open(struct mln_ctx *ctx, uint32_t file, const char *key);
/* The next item, valid until the next call; NULL at the end. */
cJSON *mln_pieces_next(struct mln_pieces *pieces);
/* Were all items delivered? */
bool mln_pieces_close(struct mln_pieces *pieces);

#endif
