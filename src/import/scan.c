/* One pass over the bytes with an explicit stack, so depth is bounded and nothing recurses.
 *
 * cJSON's parser alone would do for well-formed files, but it keeps the first of two equal keys
 * without a word, takes bad UTF-8 and raw control characters, and knows no positions. This pass
 * refuses what it would let through, and makes the same tree on its way where one is wanted
 * (import/json_node.h). Ordinary bytes are stepped over in one loop, indentation is skipped eight
 * blanks at a time, and without a tree nothing is allocated but the keys of the objects that are
 * open.
 *
 * Duplicate keys: the keys of all open objects lie on one stack, each object's from its mark
 * upward. When an object closes, its keys are compared by hash and popped: pairwise when few,
 * sorted when many. */
#include "import/scan.h"

#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "import/escape.h"
#include "import/json_node.h"

#include <stdlib.h>
#include <string.h>

struct key {
    uint64_t hash;
    struct mln_extent where; /* with its quotes */
};

/* A value that has begun. */
struct begun {
    size_t index;               /* in values; SIZE_MAX: it is not noted there */
    struct mln_json_node *node; /* NULL: no tree is made */
};

struct frame {
    bool object;
    size_t keys; /* keys.len when it was opened */
    struct begun value;
    struct mln_json_node *last; /* its latest child */
};

struct scanner {
    struct mln_arena *arena;
    const char *text, *at, *end;
    struct mln_extent_vec *values;
    size_t noted;                 /* values with more containers around them are not */
    struct mln_json_maker *maker; /* NULL: no tree is made */
    struct frame stack[MLN_SCAN_DEPTH];
    size_t depth;
    MLN_VEC(struct key) keys;
    struct mln_scan_fault fault;
};

static uint32_t offset(const struct scanner *s, const char *at)
{
    return (uint32_t)(at - s->text);
}

/* Always false, so callers can return it. */
static bool fail(struct scanner *s, const char *from, size_t length, const char *message)
{
    size_t rest = (size_t)(s->end - from);
    s->fault.message = message;
    s->fault.where.lo = offset(s, from);
    s->fault.where.hi = offset(s, from + (length < rest ? length : rest));
    return false;
}

/* Mostly there is none, or one, or a line end with the indentation of the next line. */
static void skip_blanks(struct scanner *s)
{
    const char *at = s->at;
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
        bool line = *at++ == '\n';
        while (line && s->end - at >= 8 && memcmp(at, "        ", 8) == 0)
            at += 8;
    }
    s->at = at;
}

/* ---- strings ---- */

/* At the "\u" of a string; a pair of surrogates is taken together. */
static bool scan_unicode_escape(struct scanner *s)
{
    unsigned unit, low;
    if (!mln_json_hex4(s->at + 2, &unit))
        return fail(s, s->at, 6, "'\\u' is not followed by four hexadecimal digits");
    if (unit == 0)
        return fail(s, s->at, 6, "a NUL character in a string");
    bool high = unit >= 0xd800 && unit < 0xdc00;
    if (unit >= 0xdc00 && unit < 0xe000)
        return fail(s, s->at, 6, "half of a surrogate pair");
    if (high && (s->at[6] != '\\' || s->at[7] != 'u' || !mln_json_hex4(s->at + 8, &low) ||
                 low < 0xdc00 || low > 0xdfff))
        return fail(s, s->at, 6, "half of a surrogate pair");
    s->at += high ? 12 : 6;
    return true;
}

static bool scan_escape(struct scanner *s)
{
    if (s->at[1] == 'u')
        return scan_unicode_escape(s);
    if (!s->at[1] || !strchr("\"\\/bfnrt", s->at[1]))
        return fail(s, s->at, 2, "an unknown escape in a string");
    s->at += 2;
    return true;
}

static bool scan_high(struct scanner *s)
{
    uint32_t character;
    size_t taken = mln_utf8_decode(s->at, (size_t)(s->end - s->at), &character);
    if (character == MLN_UTF8_BAD)
        return fail(s, s->at, 1, "a byte that is not UTF-8");
    s->at += taken;
    return true;
}

static inline const char *skip_plain(const char *at, const char *end)
{
    for (size_t count = 8; count == 8 && end - at >= 8; at += count)
        count = mln_json_plain_of_eight(at);
    return at + (end - at < 8 ? mln_json_plain(at, (size_t)(end - at)) : 0);
}

/* At the opening quote; ends behind the closing one. *escaped says whether there was an escape. */
static bool scan_string(struct scanner *s, bool *escaped)
{
    const char *start = s->at++;
    for (*escaped = false;;) {
        s->at = skip_plain(s->at, s->end);
        if (*s->at == '"') {
            s->at++;
            return true;
        }
        if (s->at >= s->end)
            return fail(s, start, 1, "this string has no end: the text is cut off");
        if ((unsigned char)*s->at < 0x20)
            return fail(s, s->at, 1, "a raw control character in a string");
        *escaped |= *s->at == '\\';
        if (!(*s->at == '\\' ? scan_escape(s) : scan_high(s)))
            return false;
    }
}

/* ---- keys ---- */

static uint64_t hash_key(struct scanner *s, const char *from, const char *to, bool escaped)
{
    if (!escaped)
        return mln_hash_bytes(from, (size_t)(to - from));
    char *plain = mln_alloc(s->arena, (size_t)(to - from));
    return mln_hash_bytes(plain, mln_json_unescape(from, to, plain));
}

/* A key and its colon. */
static bool scan_key(struct scanner *s)
{
    bool escaped;
    const char *start = s->at;
    if (*s->at != '"')
        return fail(s, s->at, 1,
                    s->at >= s->end ? "the text ends inside an object: it is cut off"
                                    : "a key in double quotes is expected here");
    if (!scan_string(s, &escaped))
        return false;
    struct key key = {
        .hash = hash_key(s, start + 1, s->at - 1, escaped),
        .where = {offset(s, start), offset(s, s->at)},
    };
    mln_vec_push(s->arena, &s->keys, key);
    if (s->maker)
        s->maker->key = mln_json_node_text(s->maker, start + 1, s->at - 1, escaped);
    skip_blanks(s);
    if (*s->at != ':')
        return fail(s, s->at, 1, "':' is expected after a key");
    s->at++;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->where.lo < y->where.lo ? -1 : x->where.lo > y->where.lo;
}

static bool duplicate(struct scanner *s, const struct key *first, const struct key *second)
{
    size_t length = second->where.hi - second->where.lo;
    const char *key = s->text + second->where.lo;
    fail(s, key, length,
         mln_printf(s->arena, "the key %.*s stands twice in one object",
                    (int)(length < 100 ? length : 100), key));
    s->fault.duplicate = true;
    s->fault.first = first->where;
    return false;
}

/* Equal hashes of 64 bits are taken for equal keys: a false alarm would need 2^32 keys. */
#define FEW_KEYS 16
static bool keys_differ(struct scanner *s, struct key *keys, size_t count)
{
    if (count > FEW_KEYS) {
        qsort(keys, count, sizeof *keys, compare_keys);
        for (size_t i = 1; i < count; i++)
            if (keys[i].hash == keys[i - 1].hash)
                return duplicate(s, &keys[i - 1], &keys[i]);
        return true;
    }
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (keys[i].hash == keys[k].hash)
                return duplicate(s, &keys[k], &keys[i]);
    return true;
}

/* ---- values ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* cJSON copies a number into 64 bytes; none that is meant is as long. */
#define NUMBER_MAX 60
static bool scan_number(struct scanner *s)
{
    const char *start = s->at, *at = s->at + (*s->at == '-');
    bool good = is_digit(*at) && !(*at == '0' && is_digit(at[1]));
    while (is_digit(*at))
        at++;
    if (*at == '.') {
        good &= is_digit(*++at);
        while (is_digit(*at))
            at++;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        good &= is_digit(*at);
        while (is_digit(*at))
            at++;
    }
    size_t length = (size_t)(at - start);
    s->at = at;
    if (!good)
        return fail(s, start, length ? length : 1, "this is not a number as JSON writes it");
    return length <= NUMBER_MAX || fail(s, start, length, "this number is too long");
}

static bool scan_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(s->at, words[i], length) == 0) {
            s->at += length;
            return true;
        }
    }
    if (s->at >= s->end)
        return fail(s, s->at, 0,
                    s->depth == 0 ? "the text is empty"
                                  : "a value is missing: the text is cut off");
    return fail(s, s->at, 1, "a value is expected here");
}

static bool scan_scalar(struct scanner *s, const struct begun *value)
{
    bool escaped = false, good;
    const char *start = s->at;
    if (*s->at == '"')
        good = scan_string(s, &escaped);
    else if (*s->at == '-' || is_digit(*s->at))
        good = scan_number(s);
    else
        good = scan_word(s);
    if (good && value->node)
        mln_json_node_scalar(s->maker, value->node, start, s->at, escaped);
    return good;
}

static struct begun begin(struct scanner *s)
{
    struct begun value = {.index = SIZE_MAX};
    if (s->maker) {
        struct frame *frame = s->depth ? &s->stack[s->depth - 1] : NULL;
        value.node = mln_json_node_begin(s->maker, s->at, frame ? frame->value.node : NULL,
                                         frame ? frame->last : NULL);
        if (frame)
            frame->last = value.node;
    }
    if (s->values && s->depth <= s->noted) {
        struct mln_extent extent = {offset(s, s->at), offset(s, s->at)};
        value.index = s->values->len;
        mln_vec_push(s->arena, s->values, extent);
    }
    return value;
}

static void end(struct scanner *s, const struct begun *value)
{
    if (value->index != SIZE_MAX)
        s->values->data[value->index].hi = offset(s, s->at);
    if (value->node)
        value->node->extent.hi = offset(s, s->at);
}

static bool open_container(struct scanner *s, struct begun value)
{
    if (s->depth == MLN_SCAN_DEPTH)
        return fail(s, s->at, 1, "the nesting is too deep");
    bool object = *s->at == '{';
    if (value.node)
        value.node->json.type = object ? cJSON_Object : cJSON_Array;
    s->stack[s->depth++] = (struct frame){.object = object, .keys = s->keys.len, .value = value};
    s->at++;
    skip_blanks(s);
    return true;
}

static bool close_container(struct scanner *s)
{
    struct frame *frame = &s->stack[--s->depth];
    s->at++;
    end(s, &frame->value);
    if (s->keys.len > frame->keys &&
        !keys_differ(s, s->keys.data + frame->keys, s->keys.len - frame->keys))
        return false;
    s->keys.len = frame->keys;
    return true;
}

static bool at_close(const struct scanner *s)
{
    return *s->at == (s->stack[s->depth - 1].object ? '}' : ']');
}

/* Begins a value; a container that is not empty stays open (*open). */
static bool begin_value(struct scanner *s, bool *open)
{
    skip_blanks(s);
    struct begun value = begin(s);
    *open = *s->at == '{' || *s->at == '[';
    if (!*open) {
        bool good = scan_scalar(s, &value);
        end(s, &value);
        return good;
    }
    if (!open_container(s, value))
        return false;
    if (at_close(s)) {
        *open = false;
        return close_container(s);
    }
    return !s->stack[s->depth - 1].object || scan_key(s);
}

/* After a value inside a container: the next item begins, or containers close (*done: all of them).
 */
static bool next_item(struct scanner *s, bool *done)
{
    for (*done = false; s->depth > 0;) {
        bool object = s->stack[s->depth - 1].object;
        skip_blanks(s);
        if (at_close(s)) {
            if (!close_container(s))
                return false;
            continue;
        }
        if (*s->at != ',')
            return fail(s, s->at, 1,
                        s->at >= s->end ? "the text ends inside a list or an object: it is cut off"
                        : object        ? "',' or '}' is expected here"
                                        : "',' or ']' is expected here");
        s->at++;
        skip_blanks(s);
        return !object || scan_key(s);
    }
    *done = true;
    return true;
}

static bool scan_text(struct scanner *s)
{
    for (bool done = false, open; !done;) {
        if (!begin_value(s, &open) || (!open && !next_item(s, &done)))
            return false;
    }
    skip_blanks(s);
    return s->at >= s->end || fail(s, s->at, 1, "nothing may follow the value");
}

static struct mln_scan_fault scan(struct scanner *s, size_t length)
{
    s->at = s->text;
    s->end = s->text + length;
    if (length >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0)
        s->at += 3;
    if (length >= 2 &&
        (memcmp(s->text, "\xff\xfe", 2) == 0 || memcmp(s->text, "\xfe\xff", 2) == 0))
        fail(s, s->text, 2, "this text is UTF-16: save it as UTF-8");
    else
        scan_text(s);
    return s->fault;
}

struct mln_scan_fault mln_scan_json(struct mln_arena *arena, const char *text, size_t length,
                                    struct mln_extent_vec *values, size_t depth)
{
    struct scanner s = {.arena = arena, .text = text, .values = values, .noted = depth};
    return scan(&s, length);
}

struct mln_scan_fault mln_scan_tree(struct mln_arena *arena, const char *text, size_t length,
                                    cJSON **root)
{
    struct mln_json_maker maker;
    mln_json_maker_init(&maker, arena, text, length);
    struct scanner s = {.arena = arena, .text = text, .maker = &maker};
    struct mln_scan_fault fault = scan(&s, length);
    *root = fault.message ? NULL : maker.root;
    return fault;
}
