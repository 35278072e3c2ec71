/* The tree of a JSON text: cJSON's values, made by the strict scan itself (import/scan.h) in one
 * pass, where cJSON's parser would read the text a second time and take each value and each string
 * from the heap.
 *
 * Values lie in the arena; their strings in one copy of the text, where they stood, unescaped and
 * ended by a NUL in the place of the closing quote. So nothing of a tree is freed singly, never
 * call cJSON_Delete on it, and a value knows its place. cJSON's getters see no difference. */
#ifndef MLN_IMPORT_JSON_NODE_H
#define MLN_IMPORT_JSON_NODE_H

#include "import/scan.h"

#include <cjson/cJSON.h>

/* `json` comes first: a value of a tree is converted to its node by mln_json_node_of. */
struct mln_json_node {
    cJSON json;
    struct mln_extent extent; /* in the text, brackets and quotes included */
};

static inline const struct mln_json_node *mln_json_node_of(const cJSON *value)
{
    return (const struct mln_json_node *)value;
}

/* Scans as mln_scan_json does, and makes the tree of what is faultless: *root, else NULL. */
struct mln_scan_fault mln_scan_tree(struct mln_arena *arena, const char *text, size_t length,
                                    cJSON **root);

/* ---- for the scan ---- */

struct mln_json_maker {
    struct mln_arena *arena;
    const char *text;
    char *copy;  /* of the text: where strings are put */
    char *key;   /* of the next member */
    cJSON *root; /* the first value */
};

void mln_json_maker_init(struct mln_json_maker *maker, struct mln_arena *arena, const char *text,
                         size_t length);
/* A value that begins at `at`, in `parent` behind its child `last`; both NULL for the root. */
struct mln_json_node *mln_json_node_begin(struct mln_json_maker *maker, const char *at,
                                          struct mln_json_node *parent, struct mln_json_node *last);
/* The bytes between the quotes as a string in the copy. */
char *mln_json_node_text(struct mln_json_maker *maker, const char *from, const char *to,
                         bool escaped);
/* What a scalar is, whose first byte is `from`; `to` is behind its last. */
void mln_json_node_scalar(struct mln_json_maker *maker, struct mln_json_node *node,
                          const char *from, const char *to, bool escaped);

#endif
