#include "base/utf8.h"
#include "diag/diag.h"

#include <assert.h>
#include <string.h>

uint32_t mln_source_add(struct mln_diags *diags, const char *name, const char *path, const char *text,
                        size_t length, bool library) {
    assert(length < UINT32_MAX && text[length] == '\0');
    struct mln_source *source = MLN_NEW(diags->arena, struct mln_source);
    *source = (struct mln_source){
        .name = mln_strdup(diags->arena, name),
        .path = path == NULL ? NULL : mln_strdup(diags->arena, path),
        .text = text,
        .length = length,
        .library = library,
    };
    mln_vec_push(diags->arena, &diags->sources, source);
    return (uint32_t)diags->sources.len;
}

const struct mln_source *mln_source_get(const struct mln_diags *diags, uint32_t file) {
    return file == 0 || file > diags->sources.len ? NULL : diags->sources.data[file - 1];
}

static size_t count_lines(const struct mln_source *source) {
    size_t count = 1;
    const char *end = source->text + source->length;
    for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

static void index_lines(struct mln_arena *arena, struct mln_source *source) {
    if (source->lines != NULL)
        return;
    source->line_count = count_lines(source);
    source->lines = MLN_NEW_ARRAY(arena, uint32_t, source->line_count);
    size_t line = 1;
    for (uint32_t i = 0; i < source->length; i++) {
        if (source->text[i] == '\n')
            source->lines[line++] = i + 1;
    }
}

/* The last line (from 0) that starts at or before the offset. */
static size_t line_at(const struct mln_source *source, uint32_t offset) {
    size_t low = 0, high = source->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Counting goes on from the last answer when that lies before on the same line: a 10 MB line with a
 * thousand findings is walked once, not a thousand times. */
static unsigned column_at(struct mln_source *source, unsigned line, uint32_t offset) {
    uint32_t at = source->lines[line - 1];
    unsigned column = 1;
    if (source->counted_line == line && source->counted_offset <= offset) {
        at = source->counted_offset;
        column = source->counted_column;
    }
    uint32_t character;
    while (at < offset) {
        size_t size = mln_utf8_decode(source->text + at, source->length - at, &character);
        if (at + size > offset)
            break; /* inside a character: its column */
        at += (uint32_t)size;
        column++;
    }
    source->counted_line = line;
    source->counted_offset = at;
    source->counted_column = column;
    return column;
}

struct mln_place mln_place_of(struct mln_diags *diags, uint32_t file, uint32_t offset) {
    if (mln_source_get(diags, file) == NULL)
        return (struct mln_place){0, 0};
    struct mln_source *source = diags->sources.data[file - 1];
    index_lines(diags->arena, source);
    if (offset > source->length)
        offset = (uint32_t)source->length;
    unsigned line = (unsigned)line_at(source, offset) + 1;
    return (struct mln_place){.line = line, .column = column_at(source, line, offset)};
}

void mln_source_line(struct mln_diags *diags, uint32_t file, unsigned line, uint32_t *lo, uint32_t *hi) {
    assert(mln_source_get(diags, file) != NULL);
    struct mln_source *source = diags->sources.data[file - 1];
    index_lines(diags->arena, source);
    assert(line >= 1 && line <= source->line_count);
    *lo = source->lines[line - 1];
    *hi = line < source->line_count ? source->lines[line] - 1 : (uint32_t)source->length;
    if (*hi > *lo && source->text[*hi - 1] == '\r')
        --*hi;
}
