#include "base/page.h"
#include "base/utf8.h"
#include <assert.h>
#include <ctype.h>
#include <string.h>

enum { WIDTH = 79, INDENT = 4 };

void mln_page_init(struct mln_page *page, struct mln_buf *out, enum mln_page_form form)
{
    *page = (struct mln_page){.out = out, .form = form};
}

/* ---- characters ---- */

/* One character of `text` as the form writes it inside a line. */
static size_t add_character(struct mln_page *page, const char *text, size_t length)
{
    uint32_t character;
    size_t size = mln_utf8_decode(text, length, &character);
    if (character == MLN_UTF8_BAD || (mln_utf8_is_control(character) && character != '\n'))
        mln_buf_char(page->out, '?');
    else if (page->form == MLN_PAGE_MAN && *text == '\\')
        mln_buf_add(page->out, "\\e");
    else if (page->form == MLN_PAGE_MAN && *text == '-')
        mln_buf_add(page->out, "\\-");
    else
        mln_buf_add_n(page->out, text, size);
    return size;
}

/* A word; a manual page sets what stands in back quotes in a literal font. */
static void add_word(struct mln_page *page, const char *word, size_t length, bool *literal)
{
    for (size_t i = 0; i < length;) {
        if (word[i] == '`' && page->form == MLN_PAGE_MAN) {
            mln_buf_add(page->out, *literal ? "\\fP" : "\\fB");
            *literal = !*literal;
            i++;
        } else {
            i += add_character(page, word + i, length - i);
        }
    }
}

/* In mdoc a line that begins with '.' or '\'' is a request. */
static void begin_line(struct mln_page *page, const char *text)
{
    if (page->form == MLN_PAGE_MAN && (*text == '.' || *text == '\''))
        mln_buf_add(page->out, "\\&");
}

/* What stands between two words: in a manual page each sentence has a line of its own, elsewhere
 * lines are filled. Returns the column behind it. */
static size_t add_gap(struct mln_page *page, const char *word, bool sentence, size_t column,
                      size_t indent)
{
    if (page->form == MLN_PAGE_MAN ? sentence : column + 1 + strcspn(word, " \n") > WIDTH) {
        mln_buf_char(page->out, '\n');
        if (page->form != MLN_PAGE_MAN)
            mln_buf_printf(page->out, "%*s", (int)indent, "");
        begin_line(page, word);
        return indent;
    }
    mln_buf_char(page->out, ' ');
    return column + 1;
}

/* Words from `column` on, further lines indented; a line end closes it. */
static void add_filled(struct mln_page *page, const char *text, size_t column, size_t indent)
{
    bool literal = false;
    char last = '\0';
    text += strspn(text, " \n");
    begin_line(page, text);
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (last)
            column = add_gap(page, text, last == '.', column, indent);
        add_word(page, text, length, &literal);
        column += length;
        last = text[length - 1];
        text += length + strspn(text + length, " \n");
    }
    mln_buf_char(page->out, '\n');
}

/* ---- pieces ---- */

void mln_page_end(struct mln_page *page)
{
    if (page->in_list && page->form == MLN_PAGE_MAN)
        mln_buf_add(page->out, ".El\n");
    page->in_list = page->in_table = page->after_heading = false;
}

/* An empty line between pieces, where the form wants one. */
static void separate(struct mln_page *page)
{
    if (page->form == MLN_PAGE_MAN)
        return;
    if (page->out->len)
        mln_buf_char(page->out, '\n');
}

void mln_page_heading(struct mln_page *page, unsigned level, const char *text)
{
    static const char *const mdoc[] = {".Sh ", ".Ss ", ".Pp\n.Sy \""};
    static const char *const marks[] = {"# ", "## ", "### "};
    assert(level >= 1 && level <= 3);
    mln_page_end(page);
    separate(page);
    if (page->form == MLN_PAGE_MAN)
        mln_buf_add(page->out, mdoc[level - 1]);
    if (page->form == MLN_PAGE_MARKDOWN)
        mln_buf_add(page->out, marks[level - 1]);
    for (size_t i = 0, length = strlen(text); i < length;) {
        char upper = (char)toupper((unsigned char)text[i]);
        if (page->form == MLN_PAGE_MAN && level == 1)
            i += add_character(page, &upper, 1);
        else if (page->form == MLN_PAGE_MAN && text[i] == '"')
            mln_buf_add(page->out, "\\(dq"), i++;
        else
            i += add_character(page, text + i, length - i);
    }
    mln_buf_add(page->out, page->form == MLN_PAGE_MAN && level == 3 ? "\"\n" : "\n");
    page->after_heading = level < 3;
}

void mln_page_text(struct mln_page *page, const char *text)
{
    bool after_heading = page->after_heading; /* mdoc begins a paragraph there itself */
    mln_page_end(page);
    separate(page);
    if (page->form == MLN_PAGE_MAN && !after_heading)
        mln_buf_add(page->out, ".Pp\n");
    add_filled(page, text, 0, 0);
}

void mln_page_code(struct mln_page *page, const char *lines)
{
    mln_page_end(page);
    separate(page);
    if (page->form == MLN_PAGE_MAN)
        mln_buf_add(page->out, ".Bd -literal -offset indent\n");
    if (page->form == MLN_PAGE_MARKDOWN)
        mln_buf_add(page->out, "```\n");
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        if (page->form == MLN_PAGE_TEXT && length)
            mln_buf_printf(page->out, "%*s", INDENT, "");
        begin_line(page, lines);
        for (size_t i = 0; i < length;)
            i += add_character(page, lines + i, length - i);
        mln_buf_char(page->out, '\n');
        lines += length + (lines[length] == '\n');
    }
    if (page->form == MLN_PAGE_MAN)
        mln_buf_add(page->out, ".Ed\n");
    if (page->form == MLN_PAGE_MARKDOWN)
        mln_buf_add(page->out, "```\n");
}

static void begin_list(struct mln_page *page)
{
    if (page->in_list)
        return;
    mln_page_end(page);
    separate(page);
    if (page->form == MLN_PAGE_MAN)
        mln_buf_add(page->out, ".Bl -tag -width Ds\n");
    page->in_list = true;
    page->after_heading = false;
}

void mln_page_item(struct mln_page *page, const char *term, const char *text)
{
    begin_list(page);
    bool literal = false;
    static const char *const before[] = {"  ", "- **", ".It Sy "};
    static const char *const behind[] = {"", "**: ", "\n"};
    mln_buf_add(page->out, before[page->form]);
    size_t start = page->out->len;
    add_word(page, term, strlen(term), &literal);
    size_t column = 2 + page->out->len - start;
    mln_buf_add(page->out, behind[page->form]);
    if (page->form == MLN_PAGE_TEXT) {
        size_t gap = column < 18 ? 20 - column : 2;
        if (*text)
            mln_buf_printf(page->out, "%*s", (int)gap, "");
        add_filled(page, text, column + gap, 20);
    } else {
        add_filled(page, text, column + 6, 2);
    }
}

/* ---- tables ---- */

/* A cell of Markdown: '|' would end it. */
static void add_cell(struct mln_page *page, const char *text)
{
    mln_buf_add(page->out, "| ");
    for (size_t i = 0, length = strlen(text); i < length;) {
        if (text[i] == '|')
            mln_buf_char(page->out, '\\');
        if (text[i] == '\n')
            mln_buf_char(page->out, ' '), i++;
        else
            i += add_character(page, text + i, length - i);
    }
    mln_buf_char(page->out, ' ');
}

void mln_page_table(struct mln_page *page, const char *const *titles, size_t columns)
{
    assert(columns >= 2);
    mln_page_end(page);
    if (page->form != MLN_PAGE_MARKDOWN)
        return;
    separate(page);
    page->in_table = true;
    mln_page_row(page, titles, columns);
    for (size_t i = 0; i < columns; i++)
        mln_buf_add(page->out, "| --- ");
    mln_buf_add(page->out, "|\n");
}

void mln_page_row(struct mln_page *page, const char *const *cells, size_t columns)
{
    if (page->form == MLN_PAGE_MARKDOWN) {
        for (size_t i = 0; i < columns; i++)
            add_cell(page, cells[i]);
        mln_buf_add(page->out, "|\n");
        return;
    }
    struct mln_buf text;
    mln_buf_init(&text, page->out->arena);
    for (size_t i = 1; i < columns; i++)
        if (*cells[i])
            mln_buf_printf(&text, "%s%s", text.len ? "; " : "", cells[i]);
    mln_page_item(page, cells[0], text.data ? text.data : "");
}
