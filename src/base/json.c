#include "base/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

void mln_json_init(struct mln_json *json, struct mln_buf *out, bool compact)
{
    *json = (struct mln_json){.out = out, .compact = compact};
}

static void new_line(struct mln_json *json)
{
    if (json->compact)
        return;
    size_t length = 1 + 2 * (size_t)json->depth;
    char *at = mln_buf_room(json->out, length);
    *at = '\n';
    memset(at + 1, ' ', length - 1);
    mln_buf_wrote(json->out, length);
}

/* What stands between the previous item and the one that begins now. */
static void begin_item(struct mln_json *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->depth == 0)
        return;
    if (json->has_items[json->depth - 1])
        mln_buf_char(json->out, ',');
    json->has_items[json->depth - 1] = true;
    new_line(json);
}

static void open_level(struct mln_json *json, char bracket)
{
    begin_item(json);
    assert(json->depth < MLN_JSON_DEPTH);
    mln_buf_char(json->out, bracket);
    json->has_items[json->depth++] = false;
}

static void close_level(struct mln_json *json, char bracket)
{
    assert(json->depth > 0 && !json->after_key);
    json->depth--;
    if (json->has_items[json->depth])
        new_line(json);
    mln_buf_char(json->out, bracket);
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

/* Eight bytes at a time: the top bit of each byte of the result tells that one is not plain, except
 * that bytes after the first such may be taken for another. */
static uint64_t not_plain(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = bytes ^ ones * '"', backslash = bytes ^ ones * '\\';
    return (bytes | (bytes - ones * 0x20) | (bytes + ones) | (quote - ones) | (backslash - ones)) &
           tops;
}

size_t mln_json_plain(const char *text, size_t length)
{
    size_t at = 0;
    for (uint64_t bytes; at + sizeof(bytes) <= length; at += sizeof(bytes)) {
        memcpy(&bytes, text + at, sizeof(bytes));
        if (not_plain(bytes))
            break;
    }
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

static void add_quoted(struct mln_buf *out, const char *text)
{
    size_t length = strlen(text), run = mln_json_plain(text, length);
    char *to = mln_buf_room(out, length + 2);
    *to++ = '"';
    memcpy(to, text, run);
    if (run == length) { /* nearly always */
        to[run] = '"';
        mln_buf_wrote(out, length + 2);
        return;
    }
    mln_buf_wrote(out, run + 1);
    add_rest(out, text + run, length - run);
    mln_buf_char(out, '"');
}

void mln_json_key(struct mln_json *json, const char *key)
{
    assert(json->depth > 0 && !json->after_key);
    begin_item(json);
    add_quoted(json->out, key);
    mln_buf_add_n(json->out, ": ", json->compact ? 1 : 2);
    json->after_key = true;
}

void mln_json_string(struct mln_json *json, const char *text)
{
    begin_item(json);
    add_quoted(json->out, text);
}

void mln_json_number(struct mln_json *json, long long value)
{
    begin_item(json);
    char text[24], *at = text + sizeof(text);
    unsigned long long left = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    mln_buf_add_n(json->out, at, (size_t)(text + sizeof(text) - at));
}

void mln_json_digits(struct mln_json *json, const char *digits)
{
    assert(*digits && strspn(digits, "0123456789") == strlen(digits));
    begin_item(json);
    mln_buf_add(json->out, digits);
}

void mln_json_bool(struct mln_json *json, bool value)
{
    begin_item(json);
    mln_buf_add(json->out, value ? "true" : "false");
}

void mln_json_null(struct mln_json *json)
{
    begin_item(json);
    mln_buf_add(json->out, "null");
}

void mln_json_pair(struct mln_json *json, const char *key, const char *text)
{
    if (text == NULL)
        return;
    mln_json_key(json, key);
    mln_json_string(json, text);
}
