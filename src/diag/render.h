/* The forms a list of diagnostics is written in; mln_diags_render chooses. */
#ifndef MLN_DIAG_RENDER_H
#define MLN_DIAG_RENDER_H

#include "diag/diag.h"

/* GNU form; `full` adds the source line, labels, notes and help. */
void mln_render_text(struct mln_diags *diags, bool full, bool color, struct mln_buf *out);
void mln_render_json(struct mln_diags *diags, struct mln_buf *out);
/* The first lines, without color, of the errors among the reports from number `first` on. */
void mln_render_errors(struct mln_diags *diags, size_t first, struct mln_buf *out);

/* One line of a source with up to two kinds of marks below it:
 *
 *         8 |   allow https from agnets to models
 *           |                    ^~~~~~ did you mean 'agents'?
 *
 * The line is cut to a window around the first mark; see render_line.c. */
struct mln_mark {
    struct mln_span span;
    const char *text;  /* behind the underline; may be NULL */
    const char *color; /* "" for none */
    char first, rest;  /* the characters of the underline */
};
void mln_render_line(struct mln_diags *diags, unsigned line, const struct mln_mark *marks,
                     size_t count, unsigned gutter, struct mln_buf *out);

/* Adds text that may hold anything: control characters as \x1b, those beyond ASCII as <U+202E>,
 * bytes that are not UTF-8 as \xff. Returns the columns it takes. */
size_t mln_render_safe(struct mln_buf *out, const char *text, size_t length);
/* As mln_render_safe for the one character at text; *size gives its bytes. */
size_t mln_render_char(struct mln_buf *out, const char *text, size_t length, size_t *size);

#endif
