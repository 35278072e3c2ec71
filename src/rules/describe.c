#include "rules/describe.h"
#include "base/utf8.h"
#include "rules/passes.h"

#include <string.h>

enum { DESCRIPTION_MAX = 140 /* UTF-16 units */ };

/* ---- characters ---- */

/* UTF-16 units of the first character, which takes *bytes; control characters count as a space. */
static unsigned units_of(const char *text, size_t *bytes, bool *control)
{
    uint32_t c;
    if (*text >= ' ' && *text <= '~') {
        *bytes = 1;
        *control = false;
        return 1;
    }
    *bytes = mln_utf8_decode(text, strnlen(text, 4), &c);
    *control = c == MLN_UTF8_BAD || mln_utf8_is_control(c);
    return c != MLN_UTF8_BAD && c > 0xffff ? 2 : 1;
}

/* Does mln_printable change nothing? */
static bool is_printable(const char *text)
{
    char last = ' ';
    bool control;
    for (size_t bytes; *text; last = *text, text += bytes) {
        units_of(text, &bytes, &control);
        if (control || (*text == ' ' && last == ' '))
            return false;
    }
    return last != ' ';
}

const char *mln_printable(struct mln_arena *arena, const char *text)
{
    struct mln_buf out;
    if (is_printable(text))
        return text;
    mln_buf_init(&out, arena);
    for (size_t bytes; *text; text += bytes) {
        bool control;
        units_of(text, &bytes, &control);
        if (!control && *text != ' ')
            mln_buf_add_n(&out, text, bytes);
        else if (out.len > 0 && out.data[out.len - 1] != ' ')
            mln_buf_char(&out, ' ');
    }
    while (out.len > 0 && out.data[out.len - 1] == ' ')
        out.data[--out.len] = '\0';
    return out.len > 0 ? out.data : "";
}

static unsigned units(const char *text)
{
    unsigned count = 0;
    bool control;
    for (size_t bytes; *text; text += bytes)
        count += units_of(text, &bytes, &control);
    return count;
}

/* At most DESCRIPTION_MAX units, with "..." where something was cut. */
static const char *cut(struct mln_arena *arena, const char *text)
{
    unsigned count = 0;
    size_t end = 0, bytes;
    bool control;
    if (units(text) <= DESCRIPTION_MAX)
        return text;
    for (;; end += bytes) {
        count += units_of(text + end, &bytes, &control);
        if (count > DESCRIPTION_MAX - 3)
            break;
    }
    return mln_printf(arena, "%.*s...", (int)end, text);
}

/* ---- places ---- */

/* The statement of the policy behind the rule: for an intent of the library, where it was applied.
 */
static struct mln_span place_of(const struct mln_ctx *ctx, const struct mln_intent *intent)
{
    struct mln_span span = intent->span;
    const struct mln_source *source = mln_source_get(ctx->diags, span.file);
    const struct mln_apply_frame *frame = intent->frame;
    for (; frame && source && source->library; frame = frame->outer) {
        span = frame->span;
        source = mln_source_get(ctx->diags, span.file);
    }
    return span;
}

/* The base name: the path may differ from one directory, or one machine, to another. */
static const char *name_of_file(struct mln_ctx *ctx, uint32_t file)
{
    const char *name = mln_source_get(ctx->diags, file)->name, *slash = strrchr(name, '/');
    return mln_printable(ctx->arena, slash && slash[1] ? slash + 1 : name);
}

static void add_number(struct mln_buf *out, unsigned number)
{
    char digits[3 * sizeof(number)], *first = digits + sizeof(digits);
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    mln_buf_add_n(out, first, (size_t)(digits + sizeof(digits) - first));
}

/* Puts the place behind what is in `text`; false when there is none. */
static bool add_place(struct mln_describer *d, const struct mln_intent *intent)
{
    struct mln_span span = place_of(d->ctx, intent);
    if (!mln_source_get(d->ctx->diags, span.file))
        return false;
    if (d->file != span.file)
        d->file_name = name_of_file(d->ctx, span.file);
    d->file = span.file;
    mln_buf_add(&d->text, d->file_name);
    mln_buf_char(&d->text, ':');
    add_number(&d->text, mln_line_of(d->ctx->diags, span.file, span.lo));
    return true;
}

const char *mln_intent_place(struct mln_ctx *ctx, const struct mln_intent *intent)
{
    struct mln_describer describer = {.ctx = ctx};
    mln_buf_init(&describer.text, ctx->arena);
    return add_place(&describer, intent) ? describer.text.data : NULL;
}

/* ---- descriptions ---- */

const char *mln_describe(struct mln_describer *d, const struct mln_rule *rule)
{
    struct mln_arena *arena = d->ctx->arena;
    const char *because = rule->because ? mln_printable(arena, rule->because) : "";
    d->text.len = 0;
    if (*because) {
        mln_buf_add(&d->text, because);
        mln_buf_add(&d->text, " (");
    }
    bool placed = rule->intent_count > 0 && add_place(d, rule->intents[0]);
    if (placed && *because)
        mln_buf_char(&d->text, ')');
    if (placed && units(d->text.data) <= DESCRIPTION_MAX)
        return mln_strndup(arena, d->text.data, d->text.len);
    return *because ? cut(arena, because) : NULL;
}
