/* A byte buffer that grows; always NUL-terminated after the last byte. Its block lives in the
 * arena. */
#ifndef MLN_BASE_BUF_H
#define MLN_BASE_BUF_H

#include "base/arena.h"
#include <assert.h>

struct mln_buf {
    struct mln_arena *arena;
    char *data;
    size_t len, cap;
};

void mln_buf_init(struct mln_buf *buf, struct mln_arena *arena);
void mln_buf_add(struct mln_buf *buf, const char *text);
void mln_buf_add_n(struct mln_buf *buf, const char *text, size_t length);
void mln_buf_printf(struct mln_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A larger block: room for `more` bytes and the NUL. */
void mln_buf_grow(struct mln_buf *buf, size_t more);

/* Room for `more` bytes behind the last one, for writers that know their length: they go to
 * data[len] and on, then mln_buf_wrote tells how many there were. */
static inline char *mln_buf_room(struct mln_buf *buf, size_t more)
{
    if (more >= buf->cap - buf->len)
        mln_buf_grow(buf, more);
    return buf->data + buf->len;
}

static inline void mln_buf_wrote(struct mln_buf *buf, size_t length)
{
    assert(length < buf->cap - buf->len);
    buf->len += length;
    buf->data[buf->len] = '\0';
}

static inline void mln_buf_char(struct mln_buf *buf, char c)
{
    *mln_buf_room(buf, 1) = c;
    mln_buf_wrote(buf, 1);
}

#endif
