/* Functions of templates: lists and objects, and what works on texts too. */
#include "import/eval.h"

#include "import/json_node.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef const struct mln_datum *result;

#define RANGE_MAX 10000 /* [azure-docs template-functions-array.md] */

static struct mln_arena *arena_of(struct mln_call *call)
{
    return call->e->ctx->arena;
}

static const struct mln_datum *list_arg(struct mln_call *call, size_t at)
{
    return mln_call_arg(call, at, MLN_DATUM_LIST);
}

/* ---- making ---- */

static result run_array(struct mln_call *call)
{
    const struct mln_datum **items = MLN_NEW_ARRAY(arena_of(call), const struct mln_datum *, 1);
    items[0] = call->args[0];
    return items[0]->kind == MLN_DATUM_LIST ? items[0] : mln_datum_list(call->e, items, 1);
}

static result run_createarray(struct mln_call *call)
{
    return mln_datum_list(call->e, call->args, call->count);
}

static result run_createobject(struct mln_call *call)
{
    size_t count = call->count / 2;
    const char **keys = MLN_NEW_ARRAY(arena_of(call), const char *, count);
    const struct mln_datum **items = MLN_NEW_ARRAY(arena_of(call), const struct mln_datum *, count);
    for (size_t i = 0; i < count; i++) {
        const struct mln_datum *key = mln_call_arg(call, 2 * i, MLN_DATUM_TEXT);
        if (!key)
            return call->args[2 * i]->unknown ? mln_call_because(call, call->args[2 * i])
                                              : mln_call_wrong(call, "texts as names");
        keys[i] = key->text;
        items[i] = call->args[2 * i + 1];
    }
    return call->count % 2 ? mln_call_wrong(call, "names and values in pairs")
                           : mln_datum_object(call->e, keys, items, count);
}

static result run_range(struct mln_call *call)
{
    const struct mln_datum *start = mln_call_arg(call, 0, MLN_DATUM_NUMBER);
    const struct mln_datum *count = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    if (!start || !count || count->number < 0 || count->number > RANGE_MAX ||
        start->number > INT32_MAX || start->number < INT32_MIN)
        return mln_call_wrong(call, "a start and a count up to 10000");
    size_t length = (size_t)count->number;
    const struct mln_datum **items =
        MLN_NEW_ARRAY(arena_of(call), const struct mln_datum *, length);
    for (size_t i = 0; i < length; i++)
        items[i] = mln_datum_number(call->e, start->number + (int64_t)i);
    return mln_datum_list(call->e, items, length);
}

/* json('{"a": 1}'): no expressions inside. */
static result run_json(struct mln_call *call)
{
    const struct mln_datum *text = mln_call_arg(call, 0, MLN_DATUM_TEXT);
    if (!text)
        return mln_call_wrong(call, "a text");
    cJSON *json;
    mln_scan_tree(arena_of(call), text->text, text->length, &json);
    return json ? mln_datum_json(call->e, json, false)
                : mln_call_unknown(call, "the text is not JSON");
}

/* ---- asking ---- */

static size_t characters(const struct mln_datum *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->length; i++)
        count += ((unsigned char)text->text[i] & 0xc0) != 0x80;
    return count;
}

static result run_length(struct mln_call *call)
{
    const struct mln_datum *arg = call->args[0];
    if (arg->kind == MLN_DATUM_TEXT)
        return mln_datum_number(call->e, (int64_t)characters(arg));
    return arg->kind == MLN_DATUM_LIST || arg->kind == MLN_DATUM_OBJECT
               ? mln_datum_number(call->e, (int64_t)arg->count)
               : mln_call_wrong(call, "a list, an object or a text");
}

static result run_empty(struct mln_call *call)
{
    return mln_datum_bool(call->e, mln_datum_empty(call->args[0]));
}

/* The place of a value in a list, -1 when it is not there, -2 when that is not known. */
static int64_t place_in(struct mln_call *call, const struct mln_datum *list,
                        const struct mln_datum *item, const struct mln_datum **unknown)
{
    for (size_t i = 0; i < list->count; i++)
        switch (mln_datum_equal(call->e, list->items[i], item)) {
        case MLN_YES:
            return (int64_t)i;
        case MLN_MAYBE:
            *unknown = list->items[i];
            return -2;
        case MLN_NO:
            break;
        }
    return -1;
}

static result run_contains(struct mln_call *call)
{
    const struct mln_datum *in = call->args[0], *what = call->args[1], *unknown = NULL;
    const char *text = mln_datum_as_text(call->e, what);
    if (in->kind == MLN_DATUM_TEXT && text)
        return mln_datum_bool(call->e, strstr(in->text, text) != NULL);
    if (in->kind == MLN_DATUM_OBJECT && text)
        return mln_datum_bool(call->e, mln_datum_get(in, text) != NULL);
    if (in->kind != MLN_DATUM_LIST)
        return mln_call_wrong(call, "a list, an object or a text");
    int64_t place = place_in(call, in, what, &unknown);
    return place == -2 ? mln_call_because(call, unknown) : mln_datum_bool(call->e, place >= 0);
}

/* ---- parts ---- */

/* Of a list or a text. */
static result part(struct mln_call *call, int64_t from, int64_t count)
{
    const struct mln_datum *arg = call->args[0];
    bool text = arg->kind == MLN_DATUM_TEXT;
    int64_t have = text ? (int64_t)characters(arg) : (int64_t)arg->count;
    from = from < 0 ? 0 : from > have ? have : from;
    count = count < 0 ? 0 : count > have - from ? have - from : count;
    if (!text)
        return mln_datum_list(call->e, arg->items + from, (size_t)count);
    size_t lo = 0, hi;
    for (int64_t n = 0; lo < arg->length; lo++)
        if (((unsigned char)arg->text[lo] & 0xc0) != 0x80 && n++ == from)
            break;
    hi = lo;
    for (int64_t n = 0; hi < arg->length; hi++)
        if (((unsigned char)arg->text[hi] & 0xc0) != 0x80 && n++ == count)
            break;
    return mln_datum_text(call->e, arg->text + lo, hi - lo);
}

static bool has_parts(const struct mln_datum *arg)
{
    return arg->kind == MLN_DATUM_TEXT || arg->kind == MLN_DATUM_LIST;
}

static result run_take(struct mln_call *call)
{
    const struct mln_datum *count = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    return count && has_parts(call->args[0])
               ? part(call, 0, count->number)
               : mln_call_wrong(call, "a list or a text, and a number");
}

static result run_skip(struct mln_call *call)
{
    const struct mln_datum *count = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    return count && has_parts(call->args[0])
               ? part(call, count->number, INT32_MAX)
               : mln_call_wrong(call, "a list or a text, and a number");
}

/* Of an empty list null, of an empty text an empty one. */
static result end(struct mln_call *call, bool last)
{
    const struct mln_datum *arg = call->args[0];
    if (arg->kind == MLN_DATUM_TEXT)
        return part(call, last ? (int64_t)characters(arg) - 1 : 0, 1);
    if (arg->kind != MLN_DATUM_LIST)
        return mln_call_wrong(call, "a list or a text");
    return arg->count ? arg->items[last ? arg->count - 1 : 0] : mln_datum_null(call->e);
}

static result run_first(struct mln_call *call)
{
    return end(call, false);
}

static result run_last(struct mln_call *call)
{
    return end(call, true);
}

/* ---- sets ---- */

/* Adds what is not there yet; false when that is not known. */
static bool add_new(struct mln_call *call, struct mln_datum_vec *items,
                    const struct mln_datum *item)
{
    const struct mln_datum *unknown = NULL, so_far = {.items = items->data, .count = items->len};
    int64_t place = place_in(call, &so_far, item, &unknown);
    if (place == -1)
        mln_vec_push(arena_of(call), items, item);
    return place != -2;
}

static result union_lists(struct mln_call *call)
{
    struct mln_datum_vec items = {0};
    for (size_t i = 0; i < call->count; i++) {
        const struct mln_datum *list = list_arg(call, i);
        if (!list)
            return mln_call_wrong(call, "lists, or objects");
        for (size_t k = 0; k < list->count; k++)
            if (!add_new(call, &items, list->items[k]))
                return mln_call_unknown(call, "whether two of its values are equal is not known");
    }
    return mln_datum_list(call->e, items.data, items.len);
}

/* Of two values of one name: objects are united, else the later one holds. */
static const struct mln_datum *merge(struct mln_eval *e, const struct mln_datum *a,
                                     const struct mln_datum *b, bool deep)
{
    if (a->kind != MLN_DATUM_OBJECT || b->kind != MLN_DATUM_OBJECT)
        return b;
    size_t count = 0, room = a->count + b->count;
    const char **keys = MLN_NEW_ARRAY(e->ctx->arena, const char *, room);
    const struct mln_datum **items = MLN_NEW_ARRAY(e->ctx->arena, const struct mln_datum *, room);
    mln_eval_spend(e, room);
    for (size_t i = 0; i < a->count && e->steps; i++) {
        const struct mln_datum *other = mln_datum_get(b, a->keys[i]);
        keys[count] = a->keys[i];
        items[count++] = !other ? a->items[i] : deep ? merge(e, a->items[i], other, deep) : other;
    }
    for (size_t i = 0; i < b->count; i++)
        if (!mln_datum_get(a, b->keys[i])) {
            keys[count] = b->keys[i];
            items[count++] = b->items[i];
        }
    return mln_datum_object(e, keys, items, count);
}

static result union_objects(struct mln_call *call, bool deep)
{
    const struct mln_datum *all = call->args[0];
    for (size_t i = 0; i < call->count; i++) {
        if (!mln_call_arg(call, i, MLN_DATUM_OBJECT))
            return mln_call_wrong(call, "lists, or objects");
        all = merge(call->e, all, call->args[i], deep);
    }
    return all;
}

static result run_union(struct mln_call *call)
{
    return call->args[0]->kind == MLN_DATUM_LIST ? union_lists(call) : union_objects(call, true);
}

static result run_shallowmerge(struct mln_call *call)
{
    const struct mln_datum *list = list_arg(call, 0), *all = NULL;
    for (size_t i = 0; list && i < list->count; i++) {
        if (list->items[i]->unknown)
            return mln_call_because(call, list->items[i]);
        all = all ? merge(call->e, all, list->items[i], false) : list->items[i];
    }
    return all ? all : mln_call_wrong(call, "a list of objects");
}

static result run_intersection(struct mln_call *call)
{
    struct mln_datum_vec items = {0};
    const struct mln_datum *first = list_arg(call, 0), *unknown = NULL;
    if (!first)
        return mln_call_unknown(call, "it is evaluated only for lists");
    for (size_t i = 0; i < first->count; i++) {
        bool everywhere = true;
        for (size_t k = 1; k < call->count && everywhere; k++) {
            int64_t place =
                list_arg(call, k) ? place_in(call, call->args[k], first->items[i], &unknown) : -2;
            if (place == -2)
                return mln_call_unknown(call, "whether its values are equal is not known");
            everywhere = place >= 0;
        }
        if (everywhere)
            add_new(call, &items, first->items[i]);
    }
    return mln_datum_list(call->e, items.data, items.len);
}

static result run_flatten(struct mln_call *call)
{
    const struct mln_datum *list = list_arg(call, 0);
    struct mln_datum_vec items = {0};
    for (size_t i = 0; list && i < list->count; i++) {
        const struct mln_datum *inner = list->items[i];
        if (inner->unknown)
            return mln_call_because(call, inner);
        if (inner->kind != MLN_DATUM_LIST || !mln_eval_spend(call->e, inner->count))
            return mln_call_wrong(call, "a list of lists");
        for (size_t k = 0; k < inner->count; k++)
            mln_vec_push(arena_of(call), &items, inner->items[k]);
    }
    return list ? mln_datum_list(call->e, items.data, items.len)
                : mln_call_wrong(call, "a list of lists");
}

/* ---- objects ---- */

static result pair(struct mln_call *call, const char *key, const struct mln_datum *value)
{
    static const char *const names[] = {"key", "value"};
    const struct mln_datum **items = MLN_NEW_ARRAY(arena_of(call), const struct mln_datum *, 2);
    items[0] = mln_datum_text(call->e, key, strlen(key));
    items[1] = value;
    return mln_datum_object(call->e, names, items, 2);
}

struct member {
    const char *key;
    const struct mln_datum *value;
};

static int compare_members(const void *a, const void *b)
{
    return strcasecmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

/* Azure sorts them by key. */
static result sorted_members(struct mln_call *call, bool values)
{
    const struct mln_datum *object = mln_call_arg(call, 0, MLN_DATUM_OBJECT);
    if (!object)
        return mln_call_wrong(call, "an object");
    struct member *members = MLN_NEW_ARRAY(arena_of(call), struct member, object->count);
    const struct mln_datum **items =
        MLN_NEW_ARRAY(arena_of(call), const struct mln_datum *, object->count);
    for (size_t i = 0; i < object->count; i++)
        members[i] = (struct member){object->keys[i], object->items[i]};
    if (object->count)
        qsort(members, object->count, sizeof *members, compare_members);
    for (size_t i = 0; i < object->count; i++)
        items[i] = values ? pair(call, members[i].key, members[i].value)
                          : mln_datum_text(call->e, members[i].key, strlen(members[i].key));
    return mln_datum_list(call->e, items, object->count);
}

static result run_items(struct mln_call *call)
{
    return sorted_members(call, true);
}

static result run_objectkeys(struct mln_call *call)
{
    return sorted_members(call, false);
}

static result run_tryget(struct mln_call *call)
{
    const struct mln_datum *at = call->args[0];
    for (size_t i = 1; i < call->count; i++) {
        const struct mln_datum *key = call->args[i], *next = NULL;
        if (key->kind == MLN_DATUM_TEXT)
            next = mln_datum_get(at, key->text);
        else if (key->kind == MLN_DATUM_NUMBER && at->kind == MLN_DATUM_LIST && key->number >= 0 &&
                 (uint64_t)key->number < at->count)
            next = at->items[key->number];
        if (!next)
            return at->unknown ? mln_call_because(call, at) : mln_datum_null(call->e);
        at = next;
    }
    return at;
}

const struct mln_function mln_functions_list[] = {
    {"array", 1, 1, 0, run_array},
    {"contains", 2, 2, 0, run_contains},
    {"createarray", 0, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_createarray},
    {"createobject", 0, MLN_ARGS_MAX, MLN_FUNCTION_LOOSE, run_createobject},
    {"empty", 1, 1, 0, run_empty},
    {"first", 1, 1, 0, run_first},
    {"flatten", 1, 1, 0, run_flatten},
    {"intersection", 1, MLN_ARGS_MAX, 0, run_intersection},
    {"items", 1, 1, 0, run_items},
    {"json", 1, 1, 0, run_json},
    {"last", 1, 1, 0, run_last},
    {"length", 1, 1, 0, run_length},
    {"objectkeys", 1, 1, 0, run_objectkeys},
    {"range", 2, 2, 0, run_range},
    {"shallowmerge", 1, 1, 0, run_shallowmerge},
    {"skip", 2, 2, 0, run_skip},
    {"take", 2, 2, 0, run_take},
    {"tryget", 2, MLN_ARGS_MAX, 0, run_tryget},
    {"union", 1, MLN_ARGS_MAX, 0, run_union},
};
const size_t mln_functions_list_count = sizeof mln_functions_list / sizeof *mln_functions_list;
