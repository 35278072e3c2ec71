/* Structured text in three forms: for a terminal, as Markdown, and as a manual page (mdoc). The
 * writer of a page says what a piece of text is; the form decides how it looks. Text in back quotes
 * is literal: Markdown keeps the quotes, a manual page sets it in a literal font, a terminal shows
 * it as it is. Control characters never come out. */
#ifndef MLN_BASE_PAGE_H
#define MLN_BASE_PAGE_H

#include "base/buf.h"
#include <stdbool.h>

enum mln_page_form { MLN_PAGE_TEXT, MLN_PAGE_MARKDOWN, MLN_PAGE_MAN };

struct mln_page {
    struct mln_buf *out;
    enum mln_page_form form;
    bool in_list, in_table, after_heading;
};

void mln_page_init(struct mln_page *page, struct mln_buf *out, enum mln_page_form form);
/* Level 1 to 3. Ends a list or table, as does every piece but an item or a row. */
void mln_page_heading(struct mln_page *page, unsigned level, const char *text);
/* A paragraph, filled. */
void mln_page_text(struct mln_page *page, const char *text);
/* Lines as they are. */
void mln_page_code(struct mln_page *page, const char *lines);
/* One more item of a list: a term and what is said about it. */
void mln_page_item(struct mln_page *page, const char *term, const char *text);
/* A table of 2 columns or more. A terminal and a manual page show each row as an item: the first
 * cell is the term, the others follow, empty ones left out. */
void mln_page_table(struct mln_page *page, const char *const *titles, size_t columns);
void mln_page_row(struct mln_page *page, const char *const *cells, size_t columns);
void mln_page_end(struct mln_page *page);

#endif
