/* One source line and what is underlined in it.
 *
 * A terminal shows columns, a source has bytes: tabs reach to the next multiple of TAB, East Asian
 * characters take two columns, combining ones none, and what is escaped takes the length of its
 * escape. So the line is walked once for the text and once a mark, with the same steps. Lines wider
 * than WINDOW are cut: the window begins LEAD columns before the first mark (tab stops then count
 * from the window's edge) and "..." stands where something is left out. Nothing far from the mark
 * is looked at, so a line of 10 MB costs no more than a short one. */
#include "base/utf8.h"
#include "diag/render.h"

#include <string.h>

#define WINDOW 100
#define LEAD 40
#define TAB 8
#define CUT "..."
#define CUT_WIDTH 3

struct window {
    const char *text;
    uint32_t lo, hi; /* the bytes shown */
    bool cut_left, cut_right;
};

size_t mln_render_char(struct mln_buf *out, const char *text, size_t length, size_t *size)
{
    uint32_t character;
    size_t before = out->len;
    *size = mln_utf8_decode(text, length, &character);
    if (character == MLN_UTF8_BAD)
        mln_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)text[0]);
    else if (!mln_utf8_is_control(character)) {
        mln_buf_add_n(out, text, *size);
        return mln_utf8_width(character);
    } else if (character < 0x80)
        mln_buf_printf(out, "\\x%02x", (unsigned)character);
    else
        mln_buf_printf(out, "<U+%04X>", (unsigned)character);
    return out->len - before;
}

/* How many bytes from the first on are printable ASCII, as nearly all are: one column each. */
static size_t plain_bytes(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= ' ' && text[count] <= '~')
        count++;
    return count;
}

size_t mln_render_safe(struct mln_buf *out, const char *text, size_t length)
{
    size_t columns = 0;
    for (size_t at = 0, size; at < length; at += size) {
        size = plain_bytes(text + at, length - at);
        if (size > 0) {
            mln_buf_add_n(out, text + at, size);
            columns += size;
        } else {
            columns += mln_render_char(out, text + at, length - at, &size);
        }
    }
    return columns;
}

/* As mln_render_char, but a tab becomes blanks up to its stop. */
static size_t step(struct mln_buf *out, const char *text, size_t length, size_t column,
                   size_t *size)
{
    if (*text != '\t')
        return mln_render_char(out, text, length, size);
    *size = 1;
    size_t width = TAB - column % TAB;
    for (size_t i = 0; i < width; i++)
        mln_buf_char(out, ' ');
    return width;
}

/* Where the character before `at` begins: up to three tail bytes belong to it if they decode as
 * one. */
static uint32_t previous(const char *text, uint32_t lo, uint32_t at)
{
    uint32_t character;
    for (uint32_t back = 2; back <= 4 && back <= at - lo; back++) {
        if (mln_utf8_decode(text + at - back, back, &character) == back)
            return at - back;
    }
    return at - 1;
}

/* The width of the bytes lo..hi, or anything above `limit` as soon as it is known to be more. */
static size_t measure(struct mln_buf *scratch, const char *text, uint32_t lo, uint32_t hi,
                      size_t limit)
{
    size_t column = 0, size;
    for (uint32_t at = lo; at < hi && column <= limit; at += (uint32_t)size) {
        scratch->len = 0;
        column += step(scratch, text + at, hi - at, column, &size);
    }
    return column;
}

/* The last byte position up to which the bytes from lo take at most `limit` columns. Combining
 * marks take none, so bytes are bounded as well. */
static uint32_t fit(struct mln_buf *scratch, const char *text, uint32_t lo, uint32_t hi,
                    size_t limit)
{
    size_t column = 0, size;
    uint32_t at = lo;
    while (at < hi && at - lo < 16 * WINDOW) {
        scratch->len = 0;
        column += step(scratch, text + at, hi - at, column, &size);
        if (column > limit)
            break;
        at += (uint32_t)size;
    }
    return at;
}

static struct window choose(struct mln_buf *scratch, const char *text, uint32_t lo, uint32_t hi,
                            uint32_t mark)
{
    struct window window = {.text = text, .lo = lo, .hi = hi};
    if (hi - lo <= 16 * WINDOW && measure(scratch, text, lo, hi, WINDOW) <= WINDOW)
        return window;
    uint32_t start = mark;
    for (unsigned steps = 0; start > lo && steps < LEAD; steps++) {
        uint32_t before = previous(text, lo, start);
        if (measure(scratch, text, before, mark, LEAD) > LEAD)
            break;
        start = before;
    }
    window.lo = start;
    window.cut_left = start > lo;
    window.hi = fit(scratch, text, start, hi, WINDOW - 2 * CUT_WIDTH);
    window.cut_right = window.hi < hi;
    return window;
}

static void add_line(struct mln_buf *out, const struct window *window)
{
    if (window->cut_left)
        mln_buf_add(out, CUT);
    size_t column = 0, size;
    for (uint32_t at = window->lo; at < window->hi; at += (uint32_t)size)
        column += step(out, window->text + at, window->hi - at, column, &size);
    if (window->cut_right)
        mln_buf_add(out, CUT);
}

static void repeat(struct mln_buf *out, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mln_buf_char(out, c);
}

static void add_mark(struct mln_buf *scratch, const struct window *window,
                     const struct mln_mark *mark, struct mln_buf *out)
{
    uint32_t lo = mark->span.lo < window->hi ? mark->span.lo : window->hi;
    uint32_t hi = mark->span.hi < window->hi ? mark->span.hi : window->hi;
    size_t indent = measure(scratch, window->text, window->lo, lo, SIZE_MAX - 1);
    size_t width =
        hi > lo ? measure(scratch, window->text, window->lo, hi, SIZE_MAX - 1) - indent : 1;
    repeat(out, ' ', indent + (window->cut_left ? CUT_WIDTH : 0));
    mln_buf_add(out, mark->color);
    mln_buf_char(out, mark->first);
    repeat(out, mark->rest, width > 0 ? width - 1 : 0);
    if (mark->text != NULL) {
        mln_buf_char(out, ' ');
        mln_render_safe(out, mark->text, strlen(mark->text));
    }
    if (mark->color[0] != '\0')
        mln_buf_add(out, "\033[0m");
}

static void trim_blanks(struct mln_buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
}

void mln_render_line(struct mln_diags *diags, unsigned line, const struct mln_mark *marks,
                     size_t count, unsigned gutter, struct mln_buf *out)
{
    uint32_t lo, hi;
    uint32_t file = marks[0].span.file;
    mln_source_line(diags, file, line, &lo, &hi);
    struct mln_buf scratch;
    mln_buf_init(&scratch, diags->arena);
    uint32_t mark = marks[0].span.lo < hi ? marks[0].span.lo : hi;
    struct window window = choose(&scratch, mln_source_get(diags, file)->text, lo, hi, mark);
    mln_buf_printf(out, "%*u | ", (int)gutter, line);
    add_line(out, &window);
    trim_blanks(out);
    mln_buf_char(out, '\n');
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (marks[i].span.lo < window.lo || marks[i].span.lo > window.hi))
            continue;
        mln_buf_printf(out, "%*s | ", (int)gutter, "");
        add_mark(&scratch, &window, &marks[i], out);
        mln_buf_char(out, '\n');
    }
}
