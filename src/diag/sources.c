/* Lines are found by binary search. Columns count characters, and a line may have 10 MB and
 * thousands of findings, so far from its start counting is out: every STRIDE bytes a checkpoint
 * says how many characters of the source begin before it. A line break is never part of another
 * character, so the column is a difference of two such counts, each a walk of STRIDE bytes at most.
 */
#include "base/utf8.h"
#include "diag/diag.h"

#include <assert.h>
#include <string.h>

#define STRIDE 256

struct mln_checkpoint {
    uint32_t offset;     /* the first character at or after a multiple of STRIDE */
    uint32_t characters; /* before it, from the start of the source */
};

uint32_t mln_source_add(struct mln_diags *diags, const char *name, const char *path,
                        const char *text, size_t length, bool library)
{
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

const struct mln_source *mln_source_get(const struct mln_diags *diags, uint32_t file)
{
    return file == 0 || file > diags->sources.len ? NULL : diags->sources.data[file - 1];
}

static size_t count_lines(const struct mln_source *source)
{
    size_t count = 1;
    const char *end = source->text + source->length;
    for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

static size_t character_size(const struct mln_source *source, uint32_t at)
{
    uint32_t character;
    if ((unsigned char)source->text[at] < 0x80)
        return 1;
    return mln_utf8_decode(source->text + at, source->length - at, &character);
}

static void index_characters(struct mln_arena *arena, struct mln_source *source)
{
    if (source->checkpoints != NULL)
        return;
    size_t count = source->length / STRIDE + 1, made = 0;
    uint32_t characters = 0;
    source->checkpoints = MLN_NEW_ARRAY(arena, struct mln_checkpoint, count);
    for (uint32_t at = 0; made < count; characters++) {
        if (at >= made * STRIDE)
            source->checkpoints[made++] = (struct mln_checkpoint){at, characters};
        if (at < source->length)
            at += (uint32_t)character_size(source, at);
    }
}

static void index_lines(struct mln_arena *arena, struct mln_source *source)
{
    if (source->lines != NULL)
        return;
    source->line_count = count_lines(source);
    source->lines = MLN_NEW_ARRAY(arena, uint32_t, source->line_count);
    size_t line = 1;
    const char *end = source->text + source->length;
    for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL;)
        source->lines[line++] = (uint32_t)(++at - source->text);
}

/* The last line (from 0) that starts at or before the offset. */
static size_t line_at(const struct mln_source *source, uint32_t offset)
{
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

/* How many characters end after `from`, where one begins, and at or before `to`. */
static uint32_t characters_between(const struct mln_source *source, uint32_t from, uint32_t to)
{
    uint32_t characters = 0;
    while (from < to) {
        from += (uint32_t)character_size(source, from);
        characters += from <= to;
    }
    return characters;
}

/* How many characters end at or before the offset. */
static uint32_t characters_before(const struct mln_source *source, uint32_t offset)
{
    const struct mln_checkpoint *from = &source->checkpoints[offset / STRIDE];
    if (from->offset > offset)
        from--; /* the offset is inside a character that crosses the multiple */
    return from->characters + characters_between(source, from->offset, offset);
}

/* Most lines are short enough to be counted from their start. */
static unsigned column_at(struct mln_arena *arena, struct mln_source *source, unsigned line,
                          uint32_t offset)
{
    uint32_t start = source->lines[line - 1];
    if (offset - start <= STRIDE)
        return characters_between(source, start, offset) + 1;
    index_characters(arena, source);
    return characters_before(source, offset) - characters_before(source, start) + 1;
}

unsigned mln_line_of(struct mln_diags *diags, uint32_t file, uint32_t offset)
{
    if (mln_source_get(diags, file) == NULL)
        return 0;
    struct mln_source *source = diags->sources.data[file - 1];
    index_lines(diags->arena, source);
    return (unsigned)line_at(source, offset) + 1;
}

struct mln_place mln_place_of(struct mln_diags *diags, uint32_t file, uint32_t offset)
{
    unsigned line = mln_line_of(diags, file, offset);
    if (line == 0)
        return (struct mln_place){0, 0};
    struct mln_source *source = diags->sources.data[file - 1];
    if (offset > source->length)
        offset = (uint32_t)source->length;
    return (struct mln_place){.line = line,
                              .column = column_at(diags->arena, source, line, offset)};
}

void mln_source_line(struct mln_diags *diags, uint32_t file, unsigned line, uint32_t *lo,
                     uint32_t *hi)
{
    assert(mln_source_get(diags, file) != NULL);
    struct mln_source *source = diags->sources.data[file - 1];
    index_lines(diags->arena, source);
    assert(line >= 1 && line <= source->line_count);
    *lo = source->lines[line - 1];
    *hi = line < source->line_count ? source->lines[line] - 1 : (uint32_t)source->length;
    if (*hi > *lo && source->text[*hi - 1] == '\r')
        --*hi;
}
