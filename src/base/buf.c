#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 64

void mln_buf_init(struct mln_buf *buf, struct mln_arena *arena)
{
    *buf = (struct mln_buf){
        .arena = arena,
        .data = mln_alloc(arena, FIRST_CAPACITY),
        .cap = FIRST_CAPACITY,
    };
}

void mln_buf_grow(struct mln_buf *buf, size_t more)
{
    /* An absurd size goes to the arena as it is, which ends the process in its one way. */
    size_t wanted = more > SIZE_MAX / 4 || buf->cap > SIZE_MAX / 4 ? SIZE_MAX : buf->cap * 2;
    if (wanted != SIZE_MAX && wanted - buf->len <= more)
        wanted = buf->len + more + 1;
    char *grown = mln_alloc(buf->arena, wanted);
    memcpy(grown, buf->data, buf->len);
    buf->data = grown;
    buf->cap = wanted;
}

void mln_buf_add_n(struct mln_buf *buf, const char *text, size_t length)
{
    if (length == 0)
        return;
    memcpy(mln_buf_room(buf, length), text, length);
    mln_buf_wrote(buf, length);
}

void mln_buf_add(struct mln_buf *buf, const char *text)
{
    mln_buf_add_n(buf, text, strlen(text));
}

void mln_buf_printf(struct mln_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args);
    va_end(args);
    assert(length >= 0);
    if ((size_t)length >= buf->cap - buf->len) {
        mln_buf_room(buf, (size_t)length);
        va_start(args, format);
        vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args);
        va_end(args);
    }
    buf->len += (size_t)length;
}
