#include "import/datum.h"

#include "base/json.h"
#include "base/stable_hash.h"

#include <string.h>
#include <strings.h>

#define HEIGHT_MAX 120 /* a JSON text may have 100 */
#define MANY_KEYS 16   /* from here on an object has an index */
#define LABEL_MAX 160  /* longer names of unknown values are cut and hashed */

bool mln_eval_spend(struct mln_eval *e, size_t steps)
{
    if (e->steps <= steps) {
        e->steps = 0;
        return false;
    }
    e->steps -= steps;
    return true;
}

/* ---- making ---- */

static struct mln_datum *make(struct mln_eval *e, enum mln_datum_kind kind)
{
    struct mln_datum *datum = MLN_NEW(e->ctx->arena, struct mln_datum);
    mln_eval_spend(e, 1);
    datum->kind = kind;
    return datum;
}

const struct mln_datum *mln_datum_null(struct mln_eval *e)
{
    return make(e, MLN_DATUM_NULL);
}

const struct mln_datum *mln_datum_bool(struct mln_eval *e, bool truth)
{
    struct mln_datum *datum = make(e, MLN_DATUM_BOOL);
    datum->truth = truth;
    return datum;
}

const struct mln_datum *mln_datum_number(struct mln_eval *e, int64_t number)
{
    struct mln_datum *datum = make(e, MLN_DATUM_NUMBER);
    datum->number = number;
    return datum;
}

const struct mln_datum *mln_datum_text(struct mln_eval *e, const char *text, size_t length)
{
    struct mln_datum *datum = make(e, MLN_DATUM_TEXT);
    mln_eval_spend(e, length / 8);
    datum->text = mln_strndup(e->ctx->arena, text, length);
    datum->length = length;
    return datum;
}

/* Of a container around the items. */
static unsigned height_of(const struct mln_datum *const *items, size_t count)
{
    unsigned height = 0;
    for (size_t i = 0; i < count; i++)
        height = items[i]->height > height ? items[i]->height : height;
    return height + 1;
}

static const struct mln_datum *too_high(struct mln_eval *e)
{
    return mln_datum_unknown(e, mln_printf(e->ctx->arena, "nested%u", ++e->serial),
                             "it is nested too deeply");
}

const struct mln_datum *mln_datum_list(struct mln_eval *e, const struct mln_datum *const *items,
                                       size_t count)
{
    struct mln_datum *datum = make(e, MLN_DATUM_LIST);
    mln_eval_spend(e, count);
    datum->items = items;
    datum->count = count;
    datum->height = height_of(items, count);
    return datum->height > HEIGHT_MAX ? too_high(e) : datum;
}

static const char *folded(struct mln_arena *arena, const char *text)
{
    char *key = mln_strdup(arena, text);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return key;
}

const struct mln_datum *mln_datum_object(struct mln_eval *e, const char *const *keys,
                                         const struct mln_datum *const *items, size_t count)
{
    struct mln_datum *datum = make(e, MLN_DATUM_OBJECT);
    datum->keys = keys;
    datum->items = items;
    datum->count = count;
    datum->height = height_of(items, count);
    mln_eval_spend(e, count);
    if (datum->height > HEIGHT_MAX)
        return too_high(e);
    if (count < MANY_KEYS)
        return datum;
    struct mln_map *index = mln_map_new(e->ctx->arena);
    for (size_t i = 0; i < count; i++)
        mln_map_put(index, folded(e->ctx->arena, keys[i]), (void *)(uintptr_t)(i + 1));
    datum->index = index;
    return datum;
}

/* Equal names must stay equal and others different, so a long one ends in its hash. */
static const char *bounded(struct mln_eval *e, const char *text)
{
    size_t length = strlen(text), cut = LABEL_MAX - 20;
    if (length <= LABEL_MAX)
        return text;
    while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    return mln_printf(e->ctx->arena, "%.*s~%016llx", (int)cut, text,
                      (unsigned long long)mln_stable_hash(text, length));
}

const struct mln_datum *mln_datum_unknown(struct mln_eval *e, const char *text, const char *why)
{
    struct mln_datum *datum = make(e, MLN_DATUM_UNKNOWN);
    datum->unknown = true;
    datum->text = bounded(e, text);
    datum->length = strlen(datum->text);
    datum->why = why;
    return datum;
}

const struct mln_datum *mln_datum_symbolic(struct mln_eval *e, const char *text,
                                           const char *spelling, const char *why)
{
    struct mln_datum *datum = make(e, MLN_DATUM_TEXT);
    datum->length = strlen(text);
    mln_eval_spend(e, datum->length / 8);
    datum->text = mln_strndup(e->ctx->arena, text, datum->length);
    datum->unknown = true;
    datum->spelling = spelling;
    datum->why = why;
    return datum;
}

const struct mln_datum *mln_datum_at(struct mln_eval *e, const struct mln_datum *datum,
                                     const cJSON *origin)
{
    struct mln_datum *copy = make(e, datum->kind);
    *copy = *datum;
    copy->origin = origin;
    return copy;
}

/* ---- from JSON ---- */

static size_t count_children(const cJSON *json)
{
    size_t count = 0;
    for (const cJSON *child = json->child; child; child = child->next)
        count++;
    return count;
}

static const struct mln_datum *from_container(struct mln_eval *e, const cJSON *json, bool own)
{
    size_t count = count_children(json), at = 0;
    const struct mln_datum **items = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, count);
    const char **keys = MLN_NEW_ARRAY(e->ctx->arena, const char *, count);
    for (const cJSON *child = json->child; child; child = child->next, at++) {
        items[at] = mln_datum_json(e, child, own);
        keys[at] = child->string ? mln_strdup(e->ctx->arena, child->string) : "";
    }
    return cJSON_IsObject(json) ? mln_datum_object(e, keys, items, count)
                                : mln_datum_list(e, items, count);
}

static const struct mln_datum *from_number(struct mln_eval *e, double value)
{
    if (value >= -9007199254740992.0 && value <= 9007199254740992.0 &&
        (double)(int64_t)value == value)
        return mln_datum_number(e, (int64_t)value);
    return mln_datum_unknown(e, mln_printf(e->ctx->arena, "%.17g", value),
                             "it is not a whole number");
}

const struct mln_datum *mln_datum_json(struct mln_eval *e, const cJSON *json, bool own)
{
    const struct mln_datum *datum;
    if (cJSON_IsObject(json) || cJSON_IsArray(json))
        datum = from_container(e, json, own);
    else if (cJSON_IsString(json))
        datum = mln_datum_text(e, json->valuestring, strlen(json->valuestring));
    else if (cJSON_IsNumber(json))
        datum = from_number(e, json->valuedouble);
    else if (cJSON_IsBool(json))
        datum = mln_datum_bool(e, cJSON_IsTrue(json));
    else
        datum = mln_datum_null(e);
    return own ? mln_datum_at(e, datum, json) : datum;
}

/* ---- asking ---- */

const struct mln_datum *mln_datum_get(const struct mln_datum *object, const char *key)
{
    if (!object || object->kind != MLN_DATUM_OBJECT)
        return NULL;
    if (object->index) {
        const char *lower = folded(object->index->arena, key);
        uintptr_t at = (uintptr_t)mln_map_get(object->index, lower);
        return at ? object->items[at - 1] : NULL;
    }
    for (size_t i = 0; i < object->count; i++)
        if (strcasecmp(object->keys[i], key) == 0)
            return object->items[i];
    return NULL;
}

bool mln_datum_empty(const struct mln_datum *datum)
{
    switch (datum->kind) {
    case MLN_DATUM_NULL:
        return true;
    case MLN_DATUM_TEXT:
        return datum->length == 0;
    case MLN_DATUM_LIST:
    case MLN_DATUM_OBJECT:
        return datum->count == 0;
    default:
        return false;
    }
}

static const char *quoted(struct mln_eval *e, const char *text)
{
    struct mln_buf out;
    mln_buf_init(&out, e->ctx->arena);
    mln_buf_char(&out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            mln_buf_char(&out, '\'');
        mln_buf_char(&out, *text);
    }
    mln_buf_char(&out, '\'');
    return out.data;
}

const char *mln_datum_label(struct mln_eval *e, const struct mln_datum *datum)
{
    switch (datum->kind) {
    case MLN_DATUM_NULL:
        return "null()";
    case MLN_DATUM_BOOL:
        return datum->truth ? "true()" : "false()";
    case MLN_DATUM_NUMBER:
        return mln_printf(e->ctx->arena, "%lld", (long long)datum->number);
    case MLN_DATUM_TEXT:
        mln_eval_spend(e, datum->length / 8);
        return datum->spelling ? datum->spelling : bounded(e, quoted(e, datum->text));
    case MLN_DATUM_UNKNOWN:
        return datum->text;
    default: /* like no other */
        return mln_printf(e->ctx->arena, "%s%u", datum->kind == MLN_DATUM_LIST ? "list" : "object",
                          ++e->serial);
    }
}

const char *mln_datum_as_text(struct mln_eval *e, const struct mln_datum *datum)
{
    switch (datum->kind) {
    case MLN_DATUM_TEXT:
        return datum->text;
    case MLN_DATUM_NUMBER:
        return mln_printf(e->ctx->arena, "%lld", (long long)datum->number);
    case MLN_DATUM_BOOL:
        return datum->truth ? "True" : "False";
    case MLN_DATUM_UNKNOWN:
        return mln_printf(e->ctx->arena, "{%s}", datum->text);
    case MLN_DATUM_NULL:
        return "";
    default:
        return NULL;
    }
}

static enum mln_truth both(enum mln_truth a, enum mln_truth b)
{
    return a == MLN_NO || b == MLN_NO ? MLN_NO : a == MLN_MAYBE ? a : b;
}

static enum mln_truth equal_items(struct mln_eval *e, const struct mln_datum *a,
                                  const struct mln_datum *b)
{
    enum mln_truth truth = a->count == b->count ? MLN_YES : MLN_NO;
    for (size_t i = 0; i < a->count && truth != MLN_NO; i++) {
        const struct mln_datum *other =
            a->kind == MLN_DATUM_LIST ? b->items[i] : mln_datum_get(b, a->keys[i]);
        truth = other ? both(truth, mln_datum_equal(e, a->items[i], other)) : MLN_NO;
    }
    return truth;
}

enum mln_truth mln_datum_equal(struct mln_eval *e, const struct mln_datum *a,
                               const struct mln_datum *b)
{
    if (!mln_eval_spend(e, 1))
        return MLN_MAYBE;
    if (a->unknown || b->unknown)
        return a->kind == b->kind && strcmp(a->text, b->text) == 0 ? MLN_YES : MLN_MAYBE;
    if (a->kind != b->kind)
        return MLN_NO;
    switch (a->kind) {
    case MLN_DATUM_BOOL:
        return a->truth == b->truth ? MLN_YES : MLN_NO;
    case MLN_DATUM_NUMBER:
        return a->number == b->number ? MLN_YES : MLN_NO;
    case MLN_DATUM_TEXT:
        return strcmp(a->text, b->text) == 0 ? MLN_YES : MLN_NO;
    case MLN_DATUM_LIST:
    case MLN_DATUM_OBJECT:
        return equal_items(e, a, b);
    default:
        return MLN_YES;
    }
}

const struct mln_datum *mln_datum_find_unknown(struct mln_eval *e, const struct mln_datum *datum)
{
    if (datum->unknown || !mln_eval_spend(e, 1))
        return datum;
    for (size_t i = 0; i < datum->count; i++) {
        const struct mln_datum *found = mln_datum_find_unknown(e, datum->items[i]);
        if (found)
            return found;
    }
    return NULL;
}

/* ---- as JSON ---- */

static void write_datum(struct mln_json *json, const struct mln_datum *datum)
{
    switch (datum->kind) {
    case MLN_DATUM_BOOL:
        mln_json_bool(json, datum->truth);
        break;
    case MLN_DATUM_NUMBER:
        mln_json_number(json, datum->number);
        break;
    case MLN_DATUM_TEXT:
        mln_json_string(json, datum->text);
        break;
    case MLN_DATUM_LIST:
        mln_json_array(json);
        for (size_t i = 0; i < datum->count; i++)
            write_datum(json, datum->items[i]);
        mln_json_end_array(json);
        break;
    case MLN_DATUM_OBJECT:
        mln_json_object(json);
        for (size_t i = 0; i < datum->count; i++) {
            mln_json_key(json, datum->keys[i]);
            write_datum(json, datum->items[i]);
        }
        mln_json_end_object(json);
        break;
    default:
        mln_json_null(json);
    }
}

/* Containers within containers; bounded, for mln_json has a stack of fixed size. */
static bool fits(struct mln_eval *e, const struct mln_datum *datum, int depth)
{
    bool good = depth > 0 && mln_eval_spend(e, 1 + datum->length / 8);
    for (size_t i = 0; good && i < datum->count; i++)
        good = fits(e, datum->items[i], depth - 1);
    return good;
}

const char *mln_datum_write(struct mln_eval *e, const struct mln_datum *datum)
{
    struct mln_buf out;
    struct mln_json json;
    if (mln_datum_find_unknown(e, datum) || !fits(e, datum, MLN_JSON_DEPTH))
        return NULL;
    mln_buf_init(&out, e->ctx->arena);
    mln_json_init(&json, &out, true);
    write_datum(&json, datum);
    return out.data ? out.data : "";
}
