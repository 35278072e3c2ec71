/* Diagnostics: loaded sources, spans, and what is said about them.
 *
 * User mistakes become diagnostics and compilation goes on. Each has an entry in diag.def (code,
 * slug, severity, explanation); the call supplies the span, the message and, through the mln_diag_*
 * helpers, secondary labels, notes (facts: sizes, a concrete packet) and help (what to do). All
 * text is copied into the arena of the compilation. */
#ifndef MLN_DIAG_DIAG_H
#define MLN_DIAG_DIAG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include <stdbool.h>
#include <stdint.h>

/* A half-open range of bytes in a source. file 0 = no place (options, the world). */
struct mln_span {
    uint32_t file; /* 1-based index into the sources */
    uint32_t lo, hi;
};

struct mln_source {
    const char *name; /* as shown: the path given, or "<stdlib>/azure/bastion.mlp" */
    const char *path; /* for depfiles; NULL when embedded or standard input */
    const char *text; /* NUL-terminated */
    size_t length;
    bool library;    /* part of the standard library: no style or adds-nothing warnings */
    uint32_t *lines; /* offset of each line start, made on first use */
    size_t line_count;
    struct mln_checkpoint *checkpoints; /* see sources.c; made for the first column */
};

enum mln_severity { MLN_NOTE, MLN_WARNING, MLN_ERROR };

enum mln_diag_id {
#define MLN_DIAG(id, code, severity, slug, explain) MLN_D_##id,
#include "diag/diag.def"
#undef MLN_DIAG
    MLN_D_COUNT
};

struct mln_diag_info {
    const char *code; /* "0201" */
    enum mln_severity severity;
    const char *slug;
    const char *explain; /* long text for `mlnsgc explain` */
};
extern const struct mln_diag_info mln_diag_catalogue[MLN_D_COUNT];

struct mln_label {
    struct mln_span span;
    const char *text;
    struct mln_label *next;
};

struct mln_diag_text {
    const char *text;
    bool help; /* else a note */
    struct mln_diag_text *next;
};

struct mln_diag {
    enum mln_diag_id id;
    enum mln_severity severity; /* after -W options */
    struct mln_span span;
    const char *message;
    const char *inline_text; /* behind the underline: "did you mean 'agents'?" */
    struct mln_label *labels, **labels_end;
    struct mln_diag_text *texts, **texts_end;
    struct mln_diags *owner;
    bool suppressed; /* -Wno-SLUG, or beyond --max-errors */
    bool repeated;   /* the same was said before: not shown; at the same place not counted either */
};

/* What -W options say about one slug. */
enum mln_warn { MLN_WARN_DEFAULT, MLN_WARN_ON, MLN_WARN_OFF, MLN_WARN_ERROR };

struct mln_diags {
    struct mln_arena *arena;
    MLN_VEC(struct mln_source *) sources;
    MLN_VEC(struct mln_diag *) list; /* in the order reported */
    enum mln_warn warn[MLN_D_COUNT];
    bool warnings_are_errors; /* -Werror */
    unsigned max_errors;      /* 0 = no limit */
    unsigned errors, warnings, notes;
    struct mln_map *seen; /* what has been reported: a repetition is left out */
};

struct mln_diags *mln_diags_new(struct mln_arena *arena);

/* Adds a source whose text is already loaded; returns its 1-based number. */
uint32_t mln_source_add(struct mln_diags *diags, const char *name, const char *path,
                        const char *text, size_t length, bool library);
const struct mln_source *mln_source_get(const struct mln_diags *diags,
                                        uint32_t file); /* NULL for 0 */

/* 1-based line and column; the column counts characters (code points), not bytes. */
struct mln_place {
    unsigned line, column;
};
struct mln_place mln_place_of(struct mln_diags *diags, uint32_t file, uint32_t offset);
/* The line alone, for whoever needs no column. */
unsigned mln_line_of(struct mln_diags *diags, uint32_t file, uint32_t offset);
/* The bytes of a line without its line break; line is 1-based and at most line_count. */
void mln_source_line(struct mln_diags *diags, uint32_t file, unsigned line, uint32_t *lo,
                     uint32_t *hi);

/* Reports; never returns NULL (a suppressed diagnostic is returned too, so chaining is safe). Notes
 * and warnings that -Wno-SLUG names are suppressed and not counted, errors never are; errors beyond
 * max_errors are suppressed but counted. A report with the id, span and message of an earlier one
 * is left out. */
struct mln_diag *mln_report(struct mln_diags *diags, enum mln_diag_id id, struct mln_span span,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
void mln_diag_inline(struct mln_diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mln_diag_label(struct mln_diag *diag, struct mln_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mln_diag_note(struct mln_diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mln_diag_help(struct mln_diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Lower the severity of one report (a finding that rests on a tag file is never more than a
 * warning), whatever -Werror says. */
void mln_diag_at_most(struct mln_diag *diag, enum mln_severity severity);

bool mln_diags_failed(const struct mln_diags *diags); /* any error */

enum mln_diag_id mln_diag_by_slug(const char *slug); /* MLN_D_COUNT when there is none */

enum mln_message_format { MLN_FORMAT_TEXT, MLN_FORMAT_SHORT, MLN_FORMAT_JSON };

/* What is to be shown of the reports from number `first` of the list on, in the order of rendering
 * (by source, then position, then order reported); *count gives how many, *hidden how many errors
 * max_errors keeps back. In the arena. */
struct mln_diag **mln_diags_sorted(struct mln_diags *diags, size_t first, size_t *count,
                                   unsigned *hidden);

/* Renders everything reported (not suppressed), sorted by source, then position, then order
 * reported; JSON is one document {"diagnostics": [...]} even when empty; text and short give ""
 * when empty. Errors that max_errors keeps back are a last note "N more errors not shown", in JSON
 * the member "errors_not_shown". Control characters never come out as they are: see diag/render.h.
 */
void mln_diags_render(struct mln_diags *diags, enum mln_message_format format, bool color,
                      struct mln_buf *out);

#endif
