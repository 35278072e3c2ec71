/* A byte buffer that grows; always NUL-terminated after the last byte. Its block lives in the
 * arena. */
#ifndef MLN_BASE_BUF_H
#define MLN_BASE_BUF_H

#include "base/arena.h"

struct mln_buf {
    struct mln_arena *arena;
    char *data;
    size_t len, cap;
};

void mln_buf_init(struct mln_buf *buf, struct mln_arena *arena);
void mln_buf_add(struct mln_buf *buf, const char *text);
void mln_buf_add_n(struct mln_buf *buf, const char *text, size_t length);
void mln_buf_char(struct mln_buf *buf, char c);
/* Room for `more` bytes behind the last one, for writers that know their length: they go to
 * data[len] and on, then mln_buf_wrote tells how many there were. */
char *mln_buf_room(struct mln_buf *buf, size_t more);
void mln_buf_wrote(struct mln_buf *buf, size_t length);
void mln_buf_printf(struct mln_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
