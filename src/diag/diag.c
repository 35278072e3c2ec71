/* Reporting: what is said is formatted at once, what becomes of it (-W, the limit on errors) is
 * decided when it is said, so the counts are right at any moment. */
#include "diag/diag.h"

#include "diag/render.h"

#include <stdlib.h>
#include <string.h>

struct mln_diags *mln_diags_new(struct mln_arena *arena)
{
    struct mln_diags *diags = MLN_NEW(arena, struct mln_diags);
    diags->arena = arena;
    diags->seen = mln_map_new(arena);
    return diags;
}

/* -Werror raises warnings; -Werror=SLUG raises a note too, since somebody asked for this one. */
static enum mln_severity effective_severity(const struct mln_diags *diags, enum mln_diag_id id)
{
    enum mln_severity severity = mln_diag_catalogue[id].severity;
    enum mln_warn warn = diags->warn[id];
    if (warn == MLN_WARN_ERROR)
        return MLN_ERROR;
    if (severity == MLN_WARNING && warn != MLN_WARN_OFF && diags->warnings_are_errors)
        return MLN_ERROR;
    return severity;
}

static unsigned *counter(struct mln_diags *diags, enum mln_severity severity)
{
    switch (severity) {
    case MLN_ERROR:
        return &diags->errors;
    case MLN_WARNING:
        return &diags->warnings;
    case MLN_NOTE:
        break;
    }
    return &diags->notes;
}

static void count(struct mln_diags *diags, struct mln_diag *diag)
{
    diag->suppressed = diag->severity != MLN_ERROR && diags->warn[diag->id] == MLN_WARN_OFF;
    if (diag->suppressed)
        return;
    unsigned number = ++*counter(diags, diag->severity);
    if (diag->severity == MLN_ERROR && diags->max_errors != 0 && number > diags->max_errors)
        diag->suppressed = true;
}

/* True the first time; a key is the id, the span and the message. */
static bool is_new(struct mln_diags *diags, struct mln_diag *diag)
{
    uint32_t head[4] = {(uint32_t)diag->id, diag->span.file, diag->span.lo, diag->span.hi};
    struct mln_buf key;
    mln_buf_init(&key, diags->arena);
    mln_buf_add_n(&key, (const char *)head, sizeof(head));
    mln_buf_add(&key, diag->message);
    struct mln_map_entry *entry = mln_map_slot(diags->seen, key.data, key.len);
    if (entry->value != NULL)
        return false;
    entry->value = diag;
    return true;
}

struct mln_diag *mln_report(struct mln_diags *diags, enum mln_diag_id id, struct mln_span span,
                            const char *format, ...)
{
    struct mln_diag *diag = MLN_NEW(diags->arena, struct mln_diag);
    va_list args;
    va_start(args, format);
    *diag = (struct mln_diag){
        .id = id,
        .severity = effective_severity(diags, id),
        .span = span,
        .message = mln_vprintf(diags->arena, format, args),
        .owner = diags,
    };
    va_end(args);
    diag->labels_end = &diag->labels;
    diag->texts_end = &diag->texts;
    if (!is_new(diags, diag)) {
        diag->repeated = diag->suppressed = true;
        return diag;
    }
    count(diags, diag);
    mln_vec_push(diags->arena, &diags->list, diag);
    return diag;
}

void mln_diag_inline(struct mln_diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag->inline_text = mln_vprintf(diag->owner->arena, format, args);
    va_end(args);
}

void mln_diag_label(struct mln_diag *diag, struct mln_span span, const char *format, ...)
{
    struct mln_label *label = MLN_NEW(diag->owner->arena, struct mln_label);
    va_list args;
    va_start(args, format);
    label->span = span;
    label->text = mln_vprintf(diag->owner->arena, format, args);
    va_end(args);
    *diag->labels_end = label;
    diag->labels_end = &label->next;
}

static void add_text(struct mln_diag *diag, bool help, const char *text)
{
    struct mln_diag_text *entry = MLN_NEW(diag->owner->arena, struct mln_diag_text);
    entry->text = text;
    entry->help = help;
    *diag->texts_end = entry;
    diag->texts_end = &entry->next;
}

void mln_diag_note(struct mln_diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_text(diag, false, mln_vprintf(diag->owner->arena, format, args));
    va_end(args);
}

void mln_diag_help(struct mln_diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_text(diag, true, mln_vprintf(diag->owner->arena, format, args));
    va_end(args);
}

void mln_diag_at_most(struct mln_diag *diag, enum mln_severity severity)
{
    if (diag->severity <= severity)
        return;
    struct mln_diags *diags = diag->owner;
    bool counted = !diag->repeated && (diag->severity == MLN_ERROR || !diag->suppressed);
    if (counted)
        --*counter(diags, diag->severity);
    diag->severity = severity;
    if (counted)
        count(diags, diag);
}

bool mln_diags_failed(const struct mln_diags *diags)
{
    return diags->errors > 0;
}

struct ranked {
    struct mln_diag *diag;
    size_t order;
};

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->diag->span.file != b->diag->span.file)
        return a->diag->span.file < b->diag->span.file ? -1 : 1;
    if (a->diag->span.lo != b->diag->span.lo)
        return a->diag->span.lo < b->diag->span.lo ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

struct mln_diag **mln_diags_sorted(struct mln_diags *diags, size_t first, size_t *count_out,
                                   unsigned *hidden)
{
    struct ranked *ranked = MLN_NEW_ARRAY(diags->arena, struct ranked, diags->list.len - first);
    size_t shown = 0;
    *hidden = 0;
    for (size_t i = first; i < diags->list.len; i++) {
        struct mln_diag *diag = diags->list.data[i];
        if (!diag->suppressed)
            ranked[shown++] = (struct ranked){.diag = diag, .order = i};
        else if (diag->severity == MLN_ERROR && !diag->repeated)
            ++*hidden;
    }
    qsort(ranked, shown, sizeof(*ranked), compare);
    struct mln_diag **sorted = MLN_NEW_ARRAY(diags->arena, struct mln_diag *, shown);
    for (size_t i = 0; i < shown; i++)
        sorted[i] = ranked[i].diag;
    *count_out = shown;
    return sorted;
}

void mln_diags_render(struct mln_diags *diags, enum mln_message_format format, bool color,
                      struct mln_buf *out)
{
    if (format == MLN_FORMAT_JSON)
        mln_render_json(diags, out);
    else
        mln_render_text(diags, format == MLN_FORMAT_TEXT, color, out);
}
