/* What comments say: the comment above a declaration documents it, and the first comment of a file
 * documents the module. Inside a comment, empty lines part paragraphs; lines indented by four
 * blanks or more are literal; lines indented by two or three with a term, two blanks or more and a
 * text are the items of a list, as are lines that begin with "- ". */
#ifndef MLN_LANG_COMMENT_H
#define MLN_LANG_COMMENT_H

#include "base/page.h"
#include "lang/ast.h"

/* The text of the comment that ends on the line before the one of `offset`, without its '#', line
 * ends kept. NULL when there is none, when it is the one at the beginning of the file, or when a
 * '{' stands before `offset` on its line, so that the comment is another's. */
const char *mln_comment_above(struct mln_arena *arena, const struct mln_source *source,
                              uint32_t offset);
/* The comment at the beginning of the file; NULL when there is none. */
const char *mln_comment_head(struct mln_arena *arena, const struct mln_source *source);
/* Its first sentence, without a line end. */
const char *mln_comment_summary(struct mln_arena *arena, const char *comment);
/* Writes it as paragraphs, lists and literal lines. */
void mln_comment_write(struct mln_page *page, const char *comment);

#endif
