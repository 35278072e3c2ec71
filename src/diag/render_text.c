/* The form people read and tools parse: the first line of each diagnostic is GNU's, so make, Vim,
 * Emacs and CI matchers find the place; what follows is indented under a gutter and matches
 * nothing. */
#include "diag/render.h"

#include <string.h>

#define GUTTER 5
#define PROGRAM "mlnsgc"

struct style {
    const char *bold, *severity[3], *note, *off;
};

static const struct style plain = {"", {"", "", ""}, "", ""};
static const struct style colored = {
    .bold = "\033[1m",
    .severity =
        {
            [MLN_NOTE] = "\033[1;36m",
            [MLN_WARNING] = "\033[1;35m",
            [MLN_ERROR] = "\033[1;31m",
        },
    .note = "\033[1;36m",
    .off = "\033[0m",
};

static const char *const severity_names[] = {
    [MLN_NOTE] = "note",
    [MLN_WARNING] = "warning",
    [MLN_ERROR] = "error",
};

static void add_safe(struct mln_buf *out, const char *text)
{
    mln_render_safe(out, text, strlen(text));
}

/* "file:line:column: severity: " */
static void add_head(struct mln_diags *diags, struct mln_span span, enum mln_severity severity,
                     const struct style *style, struct mln_buf *out)
{
    const struct mln_source *source = mln_source_get(diags, span.file);
    mln_buf_add(out, style->bold);
    if (source == NULL) {
        mln_buf_add(out, PROGRAM ":");
    } else {
        struct mln_place place = mln_place_of(diags, span.file, span.lo);
        add_safe(out, source->name);
        mln_buf_printf(out, ":%u:%u:", place.line, place.column);
    }
    mln_buf_printf(out, "%s %s%s:%s ", style->off, style->severity[severity],
                   severity_names[severity], style->off);
}

static void add_first_line(struct mln_diags *diags, const struct mln_diag *diag,
                           const struct style *style, struct mln_buf *out)
{
    const struct mln_diag_info *info = &mln_diag_catalogue[diag->id];
    add_head(diags, diag->span, diag->severity, style, out);
    mln_buf_add(out, style->bold);
    add_safe(out, diag->message);
    mln_buf_printf(out, "%s [MLP%s %s]\n", style->off, info->code, info->slug);
}

static bool is_on_line(struct mln_diags *diags, struct mln_span span, uint32_t file, unsigned line)
{
    return span.file == file && mln_place_of(diags, file, span.lo).line == line;
}

/* Line numbers of more digits than usual widen the gutter of their diagnostic. */
static unsigned gutter_width(unsigned line)
{
    unsigned width = 1;
    for (; line >= 10; line /= 10)
        width++;
    return width < GUTTER ? GUTTER : width;
}

static void add_source_line(struct mln_diags *diags, const struct mln_diag *diag, unsigned line,
                            const struct style *style, struct mln_buf *out)
{
    MLN_VEC(struct mln_mark) marks = {0};
    struct mln_mark main_mark = {diag->span, diag->inline_text, style->severity[diag->severity],
                                 '^', '~'};
    mln_vec_push(diags->arena, &marks, main_mark);
    for (const struct mln_label *label = diag->labels; label != NULL; label = label->next) {
        if (!is_on_line(diags, label->span, diag->span.file, line))
            continue;
        struct mln_mark mark = {label->span, label->text, style->note, '-', '-'};
        mln_vec_push(diags->arena, &marks, mark);
    }
    mln_render_line(diags, line, marks.data, marks.len, gutter_width(line), out);
}

static void add_far_labels(struct mln_diags *diags, const struct mln_diag *diag, unsigned line,
                           const struct style *style, struct mln_buf *out)
{
    for (const struct mln_label *label = diag->labels; label != NULL; label = label->next) {
        if (line != 0 && is_on_line(diags, label->span, diag->span.file, line))
            continue;
        add_head(diags, label->span, MLN_NOTE, style, out);
        add_safe(out, label->text);
        mln_buf_char(out, '\n');
    }
}

/* Notes may have several lines; the further ones are indented like the first, so that no line of
 * them can be taken for a diagnostic. */
static void add_texts(const struct mln_diag *diag, unsigned line, const struct style *style,
                      struct mln_buf *out)
{
    int indent = (int)gutter_width(line) + 1;
    for (const struct mln_diag_text *entry = diag->texts; entry != NULL; entry = entry->next) {
        mln_buf_printf(out, "%*s= %s%s:%s ", indent, "", style->bold, entry->help ? "help" : "note",
                       style->off);
        const char *text = entry->text;
        for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
            mln_render_safe(out, text, (size_t)(end - text));
            mln_buf_printf(out, "\n%*s", indent + 8, "");
        }
        add_safe(out, text);
        mln_buf_char(out, '\n');
    }
}

static void add_diag(struct mln_diags *diags, const struct mln_diag *diag, bool full,
                     const struct style *style, struct mln_buf *out)
{
    add_first_line(diags, diag, style, out);
    if (!full)
        return;
    unsigned line = mln_place_of(diags, diag->span.file, diag->span.lo).line;
    if (line != 0)
        add_source_line(diags, diag, line, style, out);
    add_far_labels(diags, diag, line, style, out);
    add_texts(diag, line, style, out);
}

static void add_hidden(struct mln_diags *diags, unsigned hidden, const struct style *style,
                       struct mln_buf *out)
{
    if (hidden == 0)
        return;
    add_head(diags, (struct mln_span){0}, MLN_NOTE, style, out);
    mln_buf_printf(out, "%u more error%s not shown\n", hidden, hidden == 1 ? "" : "s");
}

void mln_render_text(struct mln_diags *diags, bool full, bool color, struct mln_buf *out)
{
    const struct style *style = color ? &colored : &plain;
    size_t count;
    unsigned hidden;
    struct mln_diag **sorted = mln_diags_sorted(diags, 0, &count, &hidden);
    for (size_t i = 0; i < count; i++)
        add_diag(diags, sorted[i], full, style, out);
    add_hidden(diags, hidden, style, out);
}

void mln_render_errors(struct mln_diags *diags, size_t first, struct mln_buf *out)
{
    size_t count;
    unsigned hidden;
    struct mln_diag **sorted = mln_diags_sorted(diags, first, &count, &hidden);
    for (size_t i = 0; i < count; i++)
        if (sorted[i]->severity == MLN_ERROR)
            add_first_line(diags, sorted[i], &plain, out);
    add_hidden(diags, hidden, &plain, out);
}
