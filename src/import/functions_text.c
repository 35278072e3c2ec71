/* Functions of templates: text. Lengths and places count characters. */
#include "import/eval.h"

#include <string.h>
#include <strings.h>

typedef const struct mln_datum *result;

/* Longer texts are not what a template is for. */
#define TEXT_MAX ((size_t)1 << 20)

static struct mln_arena *arena_of(struct mln_call *call)
{
    return call->e->ctx->arena;
}

/* ---- characters ---- */

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t count_characters(const struct mln_datum *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->length; i++)
        count += starts_character(text->text[i]);
    return count;
}

/* The byte where the n-th character begins; the end when there are fewer. */
static size_t byte_of(const struct mln_datum *text, int64_t n)
{
    size_t at = 0;
    for (; at < text->length; at++)
        if (starts_character(text->text[at]) && n-- <= 0)
            break;
    return at;
}

static result cut(struct mln_call *call, const struct mln_datum *text, int64_t from, int64_t count)
{
    size_t lo = byte_of(text, from), hi = byte_of(text, from + count);
    return mln_datum_text(call->e, text->text + lo, hi - lo);
}

static const struct mln_datum *text_arg(struct mln_call *call, size_t at)
{
    return mln_call_arg(call, at, MLN_DATUM_TEXT);
}

/* ---- putting together ---- */

/* A text with unknown parts, or one without. */
struct pieces {
    struct mln_call *call;
    struct mln_buf out;
    const char *why; /* of the first unknown part */
    bool bad;
};

static struct pieces begin(struct mln_call *call)
{
    struct pieces p = {.call = call};
    mln_buf_init(&p.out, arena_of(call));
    return p;
}

static void add_piece(struct pieces *p, const struct mln_datum *datum)
{
    const char *text = mln_datum_as_text(p->call->e, datum);
    size_t length = text ? strlen(text) : 0;
    if (datum->unknown && !p->why)
        p->why = datum->why;
    p->bad |= !text || p->out.len + length > TEXT_MAX || !mln_eval_spend(p->call->e, length / 8);
    if (!p->bad)
        mln_buf_add_n(&p->out, text, length);
}

static result finish(struct pieces *p)
{
    const char *text = p->out.data ? p->out.data : "";
    if (p->bad)
        return mln_call_wrong(p->call, "texts, or lists alone");
    return p->why ? mln_datum_symbolic(p->call->e, text, NULL, p->why)
                  : mln_datum_text(p->call->e, text, p->out.len);
}

static result concat_lists(struct mln_call *call)
{
    struct mln_datum_vec items = {0};
    for (size_t i = 0; i < call->count; i++) {
        const struct mln_datum *list = call->args[i];
        if (list->unknown)
            return mln_call_because(call, list);
        if (list->kind != MLN_DATUM_LIST)
            return mln_call_wrong(call, "texts, or lists alone");
        if (!mln_eval_spend(call->e, list->count))
            return mln_call_unknown(call, "the list is too long");
        for (size_t k = 0; k < list->count; k++)
            mln_vec_push(arena_of(call), &items, list->items[k]);
    }
    return mln_datum_list(call->e, items.data, items.len);
}

static result run_concat(struct mln_call *call)
{
    struct pieces p = begin(call);
    for (size_t i = 0; i < call->count; i++)
        if (call->args[i]->kind == MLN_DATUM_LIST)
            return concat_lists(call);
    for (size_t i = 0; i < call->count; i++)
        add_piece(&p, call->args[i]);
    return finish(&p);
}

/* The width in ":D4" or ":0000"; 0 when there is none. Ends at the closing brace of a good one. */
static int read_width(const char **at)
{
    const char *s = *at + (**at == ':');
    bool decimal = *s == 'D' || *s == 'd';
    int width = 0;
    for (s += decimal; *s >= '0' && *s <= '9' && width < 60; s++)
        width = decimal ? width * 10 + (*s - '0') : width + (*s == '0');
    *at = s;
    return width;
}

/* The argument as format() writes it; NULL when the width is not for it. */
static const struct mln_datum *formatted(struct mln_call *call, const struct mln_datum *arg,
                                         int width)
{
    const char *text = NULL;
    if (width > 0 && (arg->kind != MLN_DATUM_NUMBER || arg->number < 0))
        return NULL;
    if (width > 0)
        text = mln_printf(arena_of(call), "%0*lld", width, (long long)arg->number);
    else if (arg->kind == MLN_DATUM_LIST || arg->kind == MLN_DATUM_OBJECT)
        text = mln_datum_write(call->e, arg);
    return text ? mln_datum_text(call->e, text, strlen(text)) : arg;
}

/* At "{3}" or "{3:D2}"; ends at the closing brace. false: what stands there is not understood. */
static bool add_placeholder(struct pieces *p, const char **at)
{
    struct mln_call *call = p->call;
    const char *s = *at + 1;
    size_t number = 0;
    if (*s < '0' || *s > '9')
        return false;
    for (; *s >= '0' && *s <= '9' && number < call->count; s++)
        number = number * 10 + (size_t)(*s - '0');
    int width = read_width(&s);
    if (*s != '}' || number + 1 >= call->count)
        return false;
    const struct mln_datum *arg = formatted(call, call->args[number + 1], width);
    if (arg)
        add_piece(p, arg);
    *at = s;
    return arg != NULL;
}

static result run_format(struct mln_call *call)
{
    const struct mln_datum *form = text_arg(call, 0);
    struct pieces p = begin(call);
    if (!form)
        return call->args[0]->unknown ? mln_call_because(call, call->args[0])
                                      : mln_call_wrong(call, "a text first");
    for (const char *at = form->text; *at; at++) {
        bool twice = (*at == '{' || *at == '}') && at[1] == *at;
        at += twice;
        if (!twice && (*at == '{' || *at == '}')) {
            if (*at == '}' || !add_placeholder(&p, &at))
                return mln_call_unknown(call, "its form '%s' is not understood", form->text);
        } else
            mln_buf_char(&p.out, *at);
    }
    return finish(&p);
}

static result run_join(struct mln_call *call)
{
    const struct mln_datum *list = mln_call_arg(call, 0, MLN_DATUM_LIST);
    const struct mln_datum *between = text_arg(call, 1);
    struct pieces p = begin(call);
    if (!list || !between)
        return mln_call_wrong(call, "a list and a text");
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            add_piece(&p, between);
        add_piece(&p, list->items[i]);
    }
    return finish(&p);
}

static result run_string(struct mln_call *call)
{
    const struct mln_datum *arg = call->args[0];
    if (arg->unknown)
        return arg->kind == MLN_DATUM_TEXT ? arg : mln_call_because(call, arg);
    const char *text = arg->kind == MLN_DATUM_LIST || arg->kind == MLN_DATUM_OBJECT
                           ? mln_datum_write(call->e, arg)
                           : mln_datum_as_text(call->e, arg);
    const struct mln_datum *unknown = text ? NULL : mln_datum_find_unknown(call->e, arg);
    if (unknown && unknown->unknown)
        return mln_call_because(call, unknown);
    return text ? mln_datum_text(call->e, text, strlen(text))
                : mln_call_unknown(call, "the value is too large");
}

/* ---- letters ---- */

static result change_case(struct mln_call *call, char first, int add)
{
    const struct mln_datum *text = text_arg(call, 0);
    if (!text)
        return mln_call_wrong(call, "a text");
    const struct mln_datum *copy = mln_datum_text(call->e, text->text, text->length);
    char *letters = (char *)copy->text; /* nobody has seen it yet */
    for (size_t i = 0; i < copy->length; i++)
        if (letters[i] >= first && letters[i] <= first + 25)
            letters[i] = (char)(letters[i] + add);
    return copy;
}

static result run_tolower(struct mln_call *call)
{
    return change_case(call, 'A', 'a' - 'A');
}

static result run_toupper(struct mln_call *call)
{
    return change_case(call, 'a', 'A' - 'a');
}

static result run_trim(struct mln_call *call)
{
    static const char blanks[] = " \t\r\n\v\f";
    const struct mln_datum *text = text_arg(call, 0);
    if (!text)
        return mln_call_wrong(call, "a text");
    size_t lo = strspn(text->text, blanks), hi = text->length;
    while (hi > lo && strchr(blanks, text->text[hi - 1]))
        hi--;
    return mln_datum_text(call->e, text->text + lo, hi - lo);
}

static result run_padleft(struct mln_call *call)
{
    const char *text = mln_datum_as_text(call->e, call->args[0]);
    const struct mln_datum *width = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    const struct mln_datum *pad = call->count > 2 ? text_arg(call, 2) : NULL;
    struct mln_buf out;
    if (!text || !width || width->number > 16 * 1024 || (call->count > 2 && !pad))
        return mln_call_wrong(call, "a text, a width and a character");
    mln_buf_init(&out, arena_of(call));
    for (int64_t i = (int64_t)strlen(text); i < width->number; i++)
        mln_buf_add(&out, pad ? pad->text : " ");
    mln_buf_add(&out, text);
    return mln_datum_text(call->e, out.data, out.len);
}

/* ---- taking apart ---- */

static result run_substring(struct mln_call *call)
{
    const struct mln_datum *text = text_arg(call, 0);
    const struct mln_datum *from = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    const struct mln_datum *count = mln_call_arg(call, 2, MLN_DATUM_NUMBER);
    if (!text || !from || (call->count > 2 && !count))
        return mln_call_wrong(call, "a text, a start and a length");
    int64_t have = (int64_t)count_characters(text);
    int64_t want = count ? count->number : have - from->number;
    if (from->number < 0 || want < 0 || from->number > have || want > have - from->number)
        return mln_call_unknown(call, "the text is shorter than that");
    return cut(call, text, from->number, want);
}

static bool spend_on(struct mln_call *call, const struct mln_datum *text)
{
    return mln_eval_spend(call->e, text->length / 8);
}

static result run_replace(struct mln_call *call)
{
    const struct mln_datum *text = text_arg(call, 0), *old = text_arg(call, 1);
    const struct mln_datum *fresh = text_arg(call, 2);
    if (!text || !old || !fresh || !old->length)
        return mln_call_wrong(call, "three texts");
    struct mln_buf out;
    mln_buf_init(&out, arena_of(call));
    const char *at = text->text;
    for (const char *hit; (hit = strstr(at, old->text)); at = hit + old->length) {
        mln_buf_add_n(&out, at, (size_t)(hit - at));
        mln_buf_add_n(&out, fresh->text, fresh->length);
        if (out.len > TEXT_MAX || !spend_on(call, fresh))
            return mln_call_unknown(call, "the text is too long");
    }
    mln_buf_add(&out, at);
    return mln_datum_text(call->e, out.data ? out.data : "", out.len);
}

/* The first of the delimiters that stands at `at`; 0 when none does. */
static size_t delimiter_at(const char *at, const struct mln_datum *const *by, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (by[i]->length && strncmp(at, by[i]->text, by[i]->length) == 0)
            return by[i]->length;
    return 0;
}

static result run_split(struct mln_call *call)
{
    const struct mln_datum *text = text_arg(call, 0);
    const struct mln_datum *list = mln_call_arg(call, 1, MLN_DATUM_LIST), *one = text_arg(call, 1);
    const struct mln_datum *const *by = list ? list->items : &one;
    size_t count = list ? list->count : 1;
    struct mln_datum_vec items = {0};
    if (!text || (!one && !list))
        return mln_call_wrong(call, "a text and delimiters");
    for (size_t i = 0; i < count; i++)
        if (by[i]->kind != MLN_DATUM_TEXT || by[i]->unknown || count > 16)
            return mln_call_wrong(call, "a text and delimiters");
    const char *start = text->text;
    for (const char *at = start; mln_eval_spend(call->e, 1); at++) {
        size_t length = delimiter_at(at, by, count);
        if (*at && !length)
            continue;
        mln_vec_push(arena_of(call), &items, mln_datum_text(call->e, start, (size_t)(at - start)));
        if (!*at)
            return mln_datum_list(call->e, items.data, items.len);
        start = at + length;
        at = start - 1;
    }
    return mln_call_unknown(call, "the text is too long");
}

/* ---- looking into ---- */

static bool starts(const char *text, const char *part, size_t length)
{
    return strncasecmp(text, part, length) == 0;
}

static result run_startswith(struct mln_call *call)
{
    const struct mln_datum *text = text_arg(call, 0), *part = text_arg(call, 1);
    return text && part ? mln_datum_bool(call->e, starts(text->text, part->text, part->length))
                        : mln_call_wrong(call, "two texts");
}

static result run_endswith(struct mln_call *call)
{
    const struct mln_datum *text = text_arg(call, 0), *part = text_arg(call, 1);
    if (!text || !part)
        return mln_call_wrong(call, "two texts");
    return mln_datum_bool(
        call->e, part->length <= text->length &&
                     starts(text->text + text->length - part->length, part->text, part->length));
}

/* Paid for by the product: a search may be long. */
static result find(struct mln_call *call, bool last)
{
    const struct mln_datum *text = text_arg(call, 0), *part = text_arg(call, 1);
    int64_t place = -1, at = 0;
    if (!text || !part)
        return mln_call_wrong(call, "two texts");
    for (size_t i = 0; i + part->length <= text->length; i++) {
        if (!mln_eval_spend(call->e, 1))
            return mln_call_unknown(call, "the text is too long");
        if (!starts_character(text->text[i]))
            continue;
        if ((place < 0 || last) && starts(text->text + i, part->text, part->length))
            place = at;
        at++;
    }
    return mln_datum_number(call->e, place);
}

static result run_indexof(struct mln_call *call)
{
    return find(call, false);
}

static result run_lastindexof(struct mln_call *call)
{
    return find(call, true);
}

const struct mln_function mln_functions_text[] = {
    {"concat", 0, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_concat},
    {"endswith", 2, 2, 0, run_endswith},
    {"format", 1, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_format},
    {"indexof", 2, 2, 0, run_indexof},
    {"join", 2, 2, 0, run_join},
    {"lastindexof", 2, 2, 0, run_lastindexof},
    {"padleft", 2, 3, 0, run_padleft},
    {"replace", 3, 3, 0, run_replace},
    {"split", 2, 2, 0, run_split},
    {"startswith", 2, 2, 0, run_startswith},
    {"string", 1, 1, MLN_FUNCTION_LOOSE, run_string},
    {"substring", 2, 3, 0, run_substring},
    {"tolower", 1, 1, 0, run_tolower},
    {"toupper", 1, 1, 0, run_toupper},
    {"trim", 1, 1, 0, run_trim},
};
const size_t mln_functions_text_count = sizeof mln_functions_text / sizeof *mln_functions_text;
