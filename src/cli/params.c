/* --params=FILE in its two forms: lines NAME=TEXT, and a JSON object.
 *
 * The JSON is either flat, {"region": "westeurope", "ports": [80, 443]}, or an ARM parameter file,
 * whose values stand in {"parameters": {"region": {"value": "westeurope"}}}. Each value becomes the
 * text that --param would take, so both ways mean the same. In an ARM parameter file, which may be
 * for a template, a value that no policy takes (an object, a list of lists) becomes JSON, and a
 * secret that is only referred to is passed over. */
#include "cli/pipeline.h"
#include "import/json.h"
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts white space off both ends of [*lo, *hi). */
static void trim(const char *text, size_t *lo, size_t *hi)
{
    while (*lo < *hi && is_blank(text[*lo]))
        ++*lo;
    while (*hi > *lo && is_blank(text[*hi - 1]))
        --*hi;
}

static void add_setting(struct mln_cli *cli, struct mln_inputs *inputs, const char *name,
                        const char *text)
{
    struct mln_param_setting setting = {.name = name, .text = text};
    mln_vec_push(cli->ctx.arena, &inputs->params, setting);
}

static void read_line(struct mln_cli *cli, struct mln_inputs *inputs, uint32_t file, size_t lo,
                      size_t hi)
{
    const char *text = mln_source_get(cli->ctx.diags, file)->text;
    trim(text, &lo, &hi);
    if (lo == hi || text[lo] == '#')
        return;
    const char *equals = memchr(text + lo, '=', hi - lo);
    struct mln_span span = {file, (uint32_t)lo, (uint32_t)hi};
    if (!equals || equals == text + lo || memchr(text + lo, '\0', hi - lo)) {
        mln_report(cli->ctx.diags, MLN_D_BAD_PARAMS, span,
                   "a line of a parameter file is NAME=TEXT");
        return;
    }
    size_t name_end = (size_t)(equals - text), name_lo = lo, text_lo = name_end + 1;
    trim(text, &name_lo, &name_end);
    trim(text, &text_lo, &hi);
    add_setting(cli, inputs, mln_strndup(cli->ctx.arena, text + name_lo, name_end - name_lo),
                mln_strndup(cli->ctx.arena, text + text_lo, hi - text_lo));
}

static void read_lines(struct mln_cli *cli, struct mln_inputs *inputs, uint32_t file)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, file);
    for (size_t lo = 0; lo < source->length;) {
        const char *end = memchr(source->text + lo, '\n', source->length - lo);
        size_t hi = end ? (size_t)(end - source->text) : source->length;
        read_line(cli, inputs, file, lo, hi);
        lo = hi + 1;
    }
}

/* A string inside a list stands for itself where it is a VALUE, else it is written as a STRING. */
static void add_item_text(struct mln_cli *cli, struct mln_buf *out, const char *text)
{
    const struct mln_value *value = mln_parse_value(&cli->ctx, text);
    if (value && value->kind != MLN_VALUE_LIST && value->kind != MLN_VALUE_SIDE) {
        mln_buf_add(out, text);
        return;
    }
    mln_buf_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || *text == '$')
            mln_buf_char(out, '\\');
        if (*text == '\n' || *text == '\t')
            mln_buf_add(out, *text == '\n' ? "\\n" : "\\t");
        else
            mln_buf_char(out, *text);
    }
    mln_buf_char(out, '"');
}

static bool add_scalar(struct mln_buf *out, const cJSON *value)
{
    if (cJSON_IsBool(value))
        mln_buf_add(out, cJSON_IsTrue(value) ? "yes" : "no");
    else if (cJSON_IsNumber(value) && value->valuedouble >= 0 &&
             value->valuedouble <= 4294967295.0 &&
             (double)(uint32_t)value->valuedouble == value->valuedouble)
        mln_buf_printf(out, "%.0f", value->valuedouble);
    else
        return false;
    return true;
}

static bool add_list(struct mln_cli *cli, struct mln_buf *out, const cJSON *list)
{
    mln_buf_char(out, '(');
    for (const cJSON *item = list->child; item; item = item->next) {
        if (item != list->child)
            mln_buf_add(out, ", ");
        if (cJSON_IsString(item))
            add_item_text(cli, out, item->valuestring);
        else if (!add_scalar(out, item))
            return false;
    }
    mln_buf_char(out, ')');
    return list->child != NULL;
}

/* What templates take and policies do not. */
static bool add_json(struct mln_buf *out, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    out->len = 0;
    if (text)
        mln_buf_add(out, text);
    cJSON_free(text);
    return text != NULL;
}

static void read_member(struct mln_cli *cli, struct mln_inputs *inputs,
                        struct mln_document *document, const char *name, const cJSON *value,
                        bool arm)
{
    struct mln_buf text;
    mln_buf_init(&text, cli->ctx.arena);
    bool good = true;
    if (cJSON_IsString(value))
        mln_buf_add(&text, value->valuestring);
    else if (cJSON_IsArray(value))
        good = add_list(cli, &text, value);
    else
        good = add_scalar(&text, value);
    if (!good && arm)
        good = add_json(&text, value);
    if (good)
        add_setting(cli, inputs, mln_strdup(cli->ctx.arena, name),
                    mln_strdup(cli->ctx.arena, text.data ? text.data : ""));
    else
        mln_document_complain(document, value,
                              "the value of parameter '%s' must be a string, a whole number, true, "
                              "false or a list of these",
                              name);
}

static void read_json(struct mln_cli *cli, struct mln_inputs *inputs, uint32_t file)
{
    struct mln_document *document = mln_document_read(&cli->ctx, file);
    if (!document)
        return;
    const cJSON *arm = mln_member(document->root, "parameters");
    bool wrapped = cJSON_IsObject(arm);
    for (const cJSON *member = wrapped ? arm->child : document->root->child; member;
         member = member->next) {
        const cJSON *value = wrapped ? mln_member(member, "value") : member;
        if (value)
            read_member(cli, inputs, document, member->string, value, wrapped);
        else if (!wrapped || !mln_member(member, "reference"))
            mln_document_complain(document, member, "parameter '%s' has no 'value'",
                                  member->string);
    }
}

void mln_params_read(struct mln_cli *cli, struct mln_inputs *inputs, const char *path)
{
    size_t length;
    char *text = mln_cli_read(cli, path, &length);
    if (!text)
        return;
    bool from_stdin = strcmp(path, "-") == 0;
    uint32_t file = mln_source_add(cli->ctx.diags, from_stdin ? "<stdin>" : path,
                                   from_stdin ? NULL : path, text, length, false);
    if (text[strspn(text, " \t\r\n")] == '{')
        read_json(cli, inputs, file);
    else
        read_lines(cli, inputs, file);
}
