/* Sides as text, for the names of rules. */
#include "policy/build.h"

static void side_text(struct mln_buf *out, const struct mln_side *side, int depth);

static void term_text(struct mln_buf *out, const struct mln_value *term, int depth)
{
    char text[MLN_IP_TEXT];
    switch (term->kind) {
    case MLN_VALUE_ANY:
        mln_buf_add(out, "any");
        break;
    case MLN_VALUE_NAME:
    case MLN_VALUE_PARAM:
        mln_buf_add(out, term->text);
        break;
    case MLN_VALUE_PREFIX:
        mln_buf_add(out, mln_prefix_text(&term->prefix, text));
        break;
    case MLN_VALUE_SIDE:
        if (depth < 4)
            side_text(out, term->side, depth + 1);
        break;
    default:
        break;
    }
}

static void side_text(struct mln_buf *out, const struct mln_side *side, int depth)
{
    for (const struct mln_value *term = side->terms; term; term = term->next) {
        if (term != side->terms)
            mln_buf_char(out, '_');
        term_text(out, term, depth);
    }
    for (const struct mln_value *term = side->except; term; term = term->next) {
        mln_buf_add(out, term == side->except ? "-except-" : "_");
        term_text(out, term, depth);
    }
}

/* A side that is one parameter reads better by its value. */
const char *mln_side_text(struct mln_build *b, struct mln_scope *scope, struct mln_side *side)
{
    struct mln_buf out;
    struct mln_arg arg = {NULL, scope};
    bool single = side->terms && !side->terms->next && !side->except;
    if (single)
        arg = mln_eval(b, scope, side->terms);
    if (single && arg.value->kind == MLN_VALUE_NAME)
        return mln_eval_name(b, arg, &arg.scope);
    mln_buf_init(&out, b->arena);
    mln_buf_add(&out, "");
    if (single) {
        term_text(&out, arg.value, 0);
        if (out.len > 0)
            return out.data;
    }
    side_text(&out, side, 0);
    return out.data;
}
