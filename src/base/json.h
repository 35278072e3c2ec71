/* A JSON writer: two-space indentation, keys in the order written, UTF-8 passed through. Quotes,
 * backslashes and the characters of mln_utf8_is_control (C0, DEL, C1, marks that reorder text) are
 * escaped, so a document is safe on a terminal; bytes that are not UTF-8 become U+FFFD. */
#ifndef MLN_BASE_JSON_H
#define MLN_BASE_JSON_H

#include "base/buf.h"
#include <stdbool.h>

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
/* key and string in one go; nothing when text is NULL */
void mln_json_pair(struct mln_json *json, const char *key, const char *text);

#endif
