/* A writer of Terraform's language (HCL native syntax) in the form that `terraform fmt` leaves as
 * it is: two spaces a level, the equals signs of attributes on consecutive lines below each other,
 * a blank line between blocks.
 *
 *     mln_hcl_block(&hcl, "resource", "azurerm_subnet", "jump");
 *     mln_hcl_text(&hcl, "name", "jump");
 *     mln_hcl_expression(&hcl, "route_table_id", "azurerm_route_table.jump.id");
 *     mln_hcl_end(&hcl);
 *
 * fmt aligns a run of lines with a whole attribute each; a list over several lines, a nested block
 * and a blank line end the run (hashicorp/hcl, hclwrite/format.go: formatCells). */
#ifndef MLN_EMIT_HCL_H
#define MLN_EMIT_HCL_H

#include "base/buf.h"
#include "base/vec.h"
#include <stdbool.h>

struct mln_hcl_attribute {
    const char *key;
    size_t at, length; /* of its value in `values` */
};

struct mln_hcl {
    struct mln_buf *out;
    unsigned depth;
    bool something; /* the block at hand holds something already */
    struct mln_buf values;
    MLN_VEC(struct mln_hcl_attribute) run; /* not yet written */
    MLN_VEC(struct mln_hcl_attribute) list;
    const char *list_key;
};

/* The writer's own memory comes from the arena of `out`. */
void mln_hcl_init(struct mln_hcl *hcl, struct mln_buf *out);

/* A block with up to two labels (NULL: none), which are identifiers. */
void mln_hcl_block(struct mln_hcl *hcl, const char *type, const char *label, const char *name);
void mln_hcl_end(struct mln_hcl *hcl);
/* The same with nothing in it, on one line. */
void mln_hcl_empty_block(struct mln_hcl *hcl, const char *type, const char *label,
                         const char *name);
/* "KEY = {", for a map of attributes; ended by mln_hcl_end. */
void mln_hcl_map(struct mln_hcl *hcl, const char *key);
/* A line of its own that begins with '#'; `text` has no line end. */
void mln_hcl_comment(struct mln_hcl *hcl, const char *text);

void mln_hcl_text(struct mln_hcl *hcl, const char *key, const char *text); /* NULL: nothing */
void mln_hcl_number(struct mln_hcl *hcl, const char *key, long long value);
void mln_hcl_bool(struct mln_hcl *hcl, const char *key, bool value);
void mln_hcl_expression(struct mln_hcl *hcl, const char *key, const char *expression);

/* A list: on one line when it fits there, else one item a line. */
void mln_hcl_list(struct mln_hcl *hcl, const char *key);
void mln_hcl_item_text(struct mln_hcl *hcl, const char *text);
void mln_hcl_item_expression(struct mln_hcl *hcl, const char *expression);
void mln_hcl_end_list(struct mln_hcl *hcl);

/* `text` as a quoted template that stands for exactly itself: quotes, backslashes, line ends,
 * control characters and the beginnings of interpolations and directives are escaped; bytes that
 * are not UTF-8 become U+FFFD. `inside` leaves the quotes away, for a part of a larger template. */
void mln_hcl_quote(struct mln_buf *out, const char *text, bool inside);

#endif
