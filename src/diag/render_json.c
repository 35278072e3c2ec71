#include "base/json.h"
#include "diag/render.h"

static const char *const severity_names[] = {
    [MLN_NOTE] = "note",
    [MLN_WARNING] = "warning",
    [MLN_ERROR] = "error",
};

static void string_or_null(struct mln_json *json, const char *key, const char *text)
{
    mln_json_key(json, key);
    if (text == NULL)
        mln_json_null(json);
    else
        mln_json_string(json, text);
}

static void place(struct mln_json *json, struct mln_diags *diags, const char *key, uint32_t file,
                  uint32_t offset)
{
    struct mln_place at = mln_place_of(diags, file, offset);
    mln_json_key(json, key);
    mln_json_object(json);
    mln_json_key(json, "line");
    mln_json_number(json, at.line);
    mln_json_key(json, "column");
    mln_json_number(json, at.column);
    mln_json_key(json, "offset");
    mln_json_number(json, offset);
    mln_json_end_object(json);
}

/* The members "file" and "range"; both null for what has no place. */
static void range(struct mln_json *json, struct mln_diags *diags, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(diags, span.file);
    string_or_null(json, "file", source == NULL ? NULL : source->name);
    mln_json_key(json, "range");
    if (source == NULL) {
        mln_json_null(json);
        return;
    }
    mln_json_object(json);
    place(json, diags, "start", span.file, span.lo);
    place(json, diags, "end", span.file, span.hi);
    mln_json_end_object(json);
}

static void related(struct mln_json *json, struct mln_diags *diags, const struct mln_diag *diag)
{
    mln_json_key(json, "related");
    mln_json_array(json);
    for (const struct mln_label *label = diag->labels; label != NULL; label = label->next) {
        mln_json_object(json);
        mln_json_pair(json, "message", label->text);
        range(json, diags, label->span);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
}

static void texts(struct mln_json *json, const char *key, const struct mln_diag *diag, bool help)
{
    mln_json_key(json, key);
    mln_json_array(json);
    for (const struct mln_diag_text *text = diag->texts; text != NULL; text = text->next) {
        if (text->help == help)
            mln_json_string(json, text->text);
    }
    mln_json_end_array(json);
}

static void one(struct mln_json *json, struct mln_diags *diags, const struct mln_diag *diag)
{
    const struct mln_diag_info *info = &mln_diag_catalogue[diag->id];
    mln_json_object(json);
    mln_json_pair(json, "code", mln_printf(diags->arena, "MLP%s", info->code));
    mln_json_pair(json, "slug", info->slug);
    mln_json_pair(json, "severity", severity_names[diag->severity]);
    mln_json_pair(json, "message", diag->message);
    range(json, diags, diag->span);
    string_or_null(json, "label", diag->inline_text);
    related(json, diags, diag);
    texts(json, "notes", diag, false);
    texts(json, "help", diag, true);
    mln_json_end_object(json);
}

void mln_render_json(struct mln_diags *diags, struct mln_buf *out)
{
    size_t count;
    unsigned hidden;
    struct mln_diag **sorted = mln_diags_sorted(diags, 0, &count, &hidden);
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_key(&json, "diagnostics");
    mln_json_array(&json);
    for (size_t i = 0; i < count; i++)
        one(&json, diags, sorted[i]);
    mln_json_end_array(&json);
    if (hidden > 0) {
        mln_json_key(&json, "errors_not_shown");
        mln_json_number(&json, hidden);
    }
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}
