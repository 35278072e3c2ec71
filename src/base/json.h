/* A JSON writer: two-space indentation, keys in the order written, UTF-8 passed through. Quotes,
 * backslashes and the characters of mln_utf8_is_control (C0, DEL, C1, marks that reorder text) are
 * escaped, so a document is safe on a terminal; bytes that are not UTF-8 become U+FFFD. */
#ifndef MLN_BASE_JSON_H
#define MLN_BASE_JSON_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MLN_JSON_DEPTH 64

struct mln_json {
    struct mln_buf *out;
    bool compact; /* no white space: one line */
    int depth;
    bool has_items[MLN_JSON_DEPTH];
    bool after_key;
};

void mln_json_init(struct mln_json *json, struct mln_buf *out, bool compact);
void mln_json_object(struct mln_json *json);
void mln_json_end_object(struct mln_json *json);
void mln_json_array(struct mln_json *json);
void mln_json_end_array(struct mln_json *json);
void mln_json_key(struct mln_json *json, const char *key);
void mln_json_string(struct mln_json *json, const char *text);
void mln_json_number(struct mln_json *json, long long value);
/* A number given as decimal digits, for those that no C type holds. */
void mln_json_digits(struct mln_json *json, const char *digits);
void mln_json_bool(struct mln_json *json, bool value);
void mln_json_null(struct mln_json *json);
/* How many bytes from `text` on, `length` at most, stand for themselves in any JSON string: ASCII,
 * no control character, no quote, no backslash. */
size_t mln_json_plain(const char *text, size_t length);
/* The same of the eight bytes in a word, the first one lowest. The top bit of each byte of `odd`
 * tells that it is not plain, except that bytes above the lowest such may be taken for another. */
static inline size_t mln_json_plain_word(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = bytes ^ ones * '"', backslash = bytes ^ ones * '\\';
    uint64_t odd =
        (bytes | (bytes - ones * 0x20) | (bytes + ones) | (quote - ones) | (backslash - ones)) &
        tops;
    return odd ? (size_t)__builtin_ctzll(odd) / 8 : sizeof(bytes);
}
/* The same of eight bytes that are there. */
static inline size_t mln_json_plain_of_eight(const char *text)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return mln_json_plain_word(bytes);
}
/* key and string in one go; nothing when text is NULL */
void mln_json_pair(struct mln_json *json, const char *key, const char *text);

#endif
