/* Expressions of ARM templates as trees: '[concat(variables('a')[0].b, 'text')]'. */
#ifndef MLN_IMPORT_EXPR_H
#define MLN_IMPORT_EXPR_H

#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>

enum mln_expr_kind {
    MLN_EXPR_TEXT,
    MLN_EXPR_NUMBER,
    MLN_EXPR_CALL,   /* text: the name, with the namespace of a user's function: "contoso.name" */
    MLN_EXPR_MEMBER, /* base.text */
    MLN_EXPR_INDEX   /* base[index] */
};

struct mln_expr {
    enum mln_expr_kind kind;
    const char *text;
    int64_t number;
    const struct mln_expr *base, *index;
    bool safe; /* base.?text, base[?index]: null in the place of nothing */
    const struct mln_expr *const *args;
    size_t count;
};

/* Is the text of a JSON string an expression? "[[" begins a text with one bracket less. */
bool mln_expr_is(const char *text);
/* The inside of the brackets; NULL when it is none, then *fault says why. Depth is bounded. */
const struct mln_expr *mln_expr_parse(struct mln_arena *arena, const char *text,
                                      const char **fault);

#endif
