#include "base/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

void mln_json_init(struct mln_json *json, struct mln_buf *out, bool compact)
{
    *json = (struct mln_json){.out = out, .compact = compact};
}

/* Most of what a line may begin with. */
#define LINE_START (sizeof(",\n") + 2 * MLN_JSON_DEPTH + sizeof(blanks))
static const char blanks[16] = "                ";

/* A line end and the indentation, a block at a time; returns the end. */
static char *new_line(const struct mln_json *json, char *at)
{
    *at++ = '\n';
    char *end = at + 2 * (size_t)json->depth;
    for (; at < end; at += sizeof(blanks))
        memcpy(at, blanks, sizeof(blanks));
    return end;
}

/* What stands between the previous item and the one that begins now, with room for `more` bytes
 * behind it. Returns where they go; wrote() takes them in. */
static char *begin_item(struct mln_json *json, size_t more)
{
    char *at = mln_buf_room(json->out, LINE_START + more);
    if (json->after_key) {
        json->after_key = false;
        return at;
    }
    if (json->depth == 0)
        return at;
    if (json->has_items[json->depth - 1])
        *at++ = ',';
    json->has_items[json->depth - 1] = true;
    return json->compact ? at : new_line(json, at);
}

static void wrote(struct mln_json *json, const char *end)
{
    mln_buf_wrote(json->out, (size_t)(end - (json->out->data + json->out->len)));
}

static void item(struct mln_json *json, const char *text, size_t length)
{
    char *at = begin_item(json, length);
    memcpy(at, text, length);
    wrote(json, at + length);
}

static void open_level(struct mln_json *json, char bracket)
{
    item(json, &bracket, 1);
    assert(json->depth < MLN_JSON_DEPTH);
    json->has_items[json->depth++] = false;
}

static void close_level(struct mln_json *json, char bracket)
{
    assert(json->depth > 0 && !json->after_key);
    json->depth--;
    char *at = mln_buf_room(json->out, LINE_START);
    if (json->has_items[json->depth] && !json->compact)
        at = new_line(json, at);
    *at++ = bracket;
    wrote(json, at);
}

void mln_json_object(struct mln_json *json)
{
    open_level(json, '{');
}

void mln_json_end_object(struct mln_json *json)
{
    close_level(json, '}');
}

void mln_json_array(struct mln_json *json)
{
    open_level(json, '[');
}

void mln_json_end_array(struct mln_json *json)
{
    close_level(json, ']');
}

static void add_escaped(struct mln_buf *out, uint32_t character)
{
    static const char shorts[][3] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };
    if (character < sizeof(shorts) / sizeof(shorts[0]) && shorts[character][0] != '\0')
        mln_buf_add(out, shorts[character]);
    else if (character < 0x10000)
        mln_buf_printf(out, "\\u%04x", (unsigned)character);
    else
        mln_buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (character >> 10)),
                       (unsigned)(0xdc00 + (character & 0x3ff)));
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Four to seven bytes, some of them twice. */
static bool few_are_plain(const char *text, size_t length)
{
    uint32_t first, last;
    memcpy(&first, text, sizeof(first));
    memcpy(&last, text + length - sizeof(last), sizeof(last));
    return mln_json_plain_word((uint64_t)first << 32 | last) == 8;
}

size_t mln_json_plain(const char *text, size_t length)
{
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        size_t count = mln_json_plain_of_eight(text + at);
        if (count < 8)
            return at + count;
    }
    if (at < length && length > 8) /* the end, once more with what is before it */
        return length - 8 + mln_json_plain_of_eight(text + length - 8);
    if (length >= 4 && length < 8 && few_are_plain(text, length))
        return length;
    while (at < length && is_plain(text[at]))
        at++;
    return at;
}

/* From the first character on that may need another spelling. */
static void add_rest(struct mln_buf *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t run = mln_json_plain(text + at, length - at);
        mln_buf_add_n(out, text + at, run);
        at += run;
        if (at == length)
            break;
        uint32_t character;
        size_t size = mln_utf8_decode(text + at, length - at, &character);
        if (character == MLN_UTF8_BAD)
            mln_buf_add(out, "\xef\xbf\xbd");
        else if (character == '"' || character == '\\' || mln_utf8_is_control(character))
            add_escaped(out, character);
        else
            mln_buf_add_n(out, text + at, size);
        at += size;
    }
}

/* The item that begins now is the text in quotes, followed by `after`. */
static void add_quoted(struct mln_json *json, const char *text, const char *after,
                       size_t after_length)
{
    size_t length = strlen(text), run = mln_json_plain(text, length);
    char *at = begin_item(json, length + 2 + after_length);
    *at++ = '"';
    memcpy(at, text, run);
    at += run;
    if (run < length) { /* hardly ever */
        wrote(json, at);
        add_rest(json->out, text + run, length - run);
        at = mln_buf_room(json->out, 1 + after_length);
    }
    *at++ = '"';
    memcpy(at, after, after_length);
    wrote(json, at + after_length);
}

void mln_json_key(struct mln_json *json, const char *key)
{
    assert(json->depth > 0 && !json->after_key);
    add_quoted(json, key, ": ", json->compact ? 1 : 2);
    json->after_key = true;
}

void mln_json_string(struct mln_json *json, const char *text)
{
    add_quoted(json, text, "", 0);
}

void mln_json_number(struct mln_json *json, long long value)
{
    char text[24], *at = text + sizeof(text);
    unsigned long long left = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    item(json, at, (size_t)(text + sizeof(text) - at));
}

void mln_json_digits(struct mln_json *json, const char *digits)
{
    assert(*digits && strspn(digits, "0123456789") == strlen(digits));
    item(json, digits, strlen(digits));
}

void mln_json_bool(struct mln_json *json, bool value)
{
    item(json, value ? "true" : "false", value ? 4 : 5);
}

void mln_json_null(struct mln_json *json)
{
    item(json, "null", 4);
}

/* Both in one piece, where both stand for themselves, as they mostly do. */
void mln_json_pair(struct mln_json *json, const char *key, const char *text)
{
    if (text == NULL)
        return;
    assert(json->depth > 0 && !json->after_key);
    size_t key_length = strlen(key), length = strlen(text);
    if (mln_json_plain(key, key_length) < key_length || mln_json_plain(text, length) < length) {
        mln_json_key(json, key);
        mln_json_string(json, text);
        return;
    }
    char *at = begin_item(json, key_length + length + sizeof("\"\": \"\""));
    *at++ = '"';
    memcpy(at, key, key_length);
    at += key_length;
    memcpy(at, "\": ", 3);
    at += json->compact ? 2 : 3;
    *at++ = '"';
    memcpy(at, text, length);
    at[length] = '"';
    wrote(json, at + length + 1);
}
