#include "lang/comment.h"
#include <string.h>

/* ---- finding them ---- */

/* The line that begins at `at`: is it a comment and nothing else? */
static bool is_comment_line(const char *text, size_t at)
{
    at += strspn(text + at, " \t");
    return text[at] == '#';
}

static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* The comment lines of [from, to) without their '#' and one blank. */
static const char *body_of(struct mln_arena *arena, const char *text, size_t from, size_t to)
{
    struct mln_buf out;
    mln_buf_init(&out, arena);
    for (size_t at = from; at < to;) {
        size_t length = strcspn(text + at, "\n");
        size_t skip = strspn(text + at, " \t") + 1;
        if (skip < length && text[at + skip] == ' ')
            skip++;
        if (skip < length)
            mln_buf_add_n(&out, text + at + skip, length - skip);
        mln_buf_char(&out, '\n');
        at += length + (text[at + length] == '\n');
    }
    return out.data;
}

const char *mln_comment_above(struct mln_arena *arena, const struct mln_source *source,
                              uint32_t offset)
{
    size_t end = line_start(source->text, offset), start = end;
    while (start > 0) {
        size_t before = line_start(source->text, start - 1);
        if (!is_comment_line(source->text, before))
            break;
        start = before;
    }
    bool first_on_line = memchr(source->text + end, '{', offset - end) == NULL;
    return first_on_line && start > 0 && start < end ? body_of(arena, source->text, start, end)
                                                     : NULL;
}

const char *mln_comment_head(struct mln_arena *arena, const struct mln_source *source)
{
    size_t end = 0;
    while (end < source->length && is_comment_line(source->text, end)) {
        end += strcspn(source->text + end, "\n");
        end += source->text[end] == '\n';
    }
    return end ? body_of(arena, source->text, 0, end) : NULL;
}

const char *mln_comment_summary(struct mln_arena *arena, const char *comment)
{
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_buf_add(&out, "");
    for (const char *at = comment; *at && !(at[0] == '\n' && at[1] == '\n'); at++) {
        mln_buf_char(&out, *at == '\n' ? ' ' : *at);
        if (*at == '.' && (at[1] == '\n' || at[1] == ' '))
            break;
    }
    while (out.len && out.data[out.len - 1] == ' ')
        out.data[--out.len] = '\0';
    return out.data;
}

/* ---- writing them ---- */

enum shape { EMPTY, TEXT, ITEM, LITERAL };

/* The length of the term when the line is an item: "  $zone  the zone", "- names: the page". */
static size_t term_length(const char *line, size_t length)
{
    size_t indent = strspn(line, " ");
    if (indent < 2 || indent > 3)
        return 0;
    for (size_t i = indent; i + 2 < length; i++)
        if (line[i] == ' ' && line[i + 1] == ' ')
            return i - indent;
    return 0;
}

static bool is_bullet(const char *line)
{
    return line[0] == '-' && line[1] == ' ';
}

static enum shape shape_of(const char *line, size_t length)
{
    if (strspn(line, " ") >= length)
        return EMPTY;
    if (is_bullet(line) || term_length(line, length))
        return ITEM;
    return strspn(line, " ") >= 4 ? LITERAL : TEXT;
}

static size_t next_line(const char *line)
{
    size_t length = strcspn(line, "\n");
    return length + (line[length] == '\n');
}

/* An item goes on over the lines that are indented more than it. */
static const char *write_item(struct mln_page *page, const char *line)
{
    struct mln_arena *arena = page->out->arena;
    size_t length = strcspn(line, "\n"), indent = strspn(line, " ");
    size_t term = is_bullet(line) ? strcspn(line + 2, ":\n") : term_length(line, length);
    size_t start = indent + (is_bullet(line) ? 2 : 0), skip = start + term;
    struct mln_buf text;
    mln_buf_init(&text, arena);
    if (is_bullet(line) && line[skip] == ':')
        skip++;
    mln_buf_add_n(&text, line + skip, length - skip);
    const char *at = line + next_line(line);
    while (*at && strspn(at, " ") > indent && strspn(at, " ") < strcspn(at, "\n")) {
        mln_buf_char(&text, '\n');
        mln_buf_add_n(&text, at, strcspn(at, "\n"));
        at += next_line(at);
    }
    mln_page_item(page, mln_strndup(arena, line + start, term), text.data);
    return at;
}

/* Lines of one shape from here on; empty lines inside literal ones belong to them. */
static const char *write_run(struct mln_page *page, const char *line, enum shape shape)
{
    struct mln_buf text;
    mln_buf_init(&text, page->out->arena);
    size_t indent = shape == LITERAL ? 4 : 0;
    while (*line) {
        size_t length = strcspn(line, "\n");
        enum shape this = shape_of(line, length);
        const char *behind = line + next_line(line);
        bool inside =
            this == EMPTY && shape == LITERAL && shape_of(behind, strcspn(behind, "\n")) == LITERAL;
        if (this != shape && !inside)
            break;
        if (length > indent)
            mln_buf_add_n(&text, line + indent, length - indent);
        mln_buf_char(&text, '\n');
        line = behind;
    }
    (shape == LITERAL ? mln_page_code : mln_page_text)(page, text.data);
    return line;
}

void mln_comment_write(struct mln_page *page, const char *comment)
{
    for (const char *line = comment; *line;) {
        enum shape shape = shape_of(line, strcspn(line, "\n"));
        if (shape == EMPTY)
            line += next_line(line);
        else if (shape == ITEM)
            line = write_item(page, line);
        else
            line = write_run(page, line, shape);
    }
    mln_page_end(page);
}
