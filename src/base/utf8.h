/* UTF-8, one character at a time, and which characters must not reach a terminal as they are. */
#ifndef MLN_BASE_UTF8_H
#define MLN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLN_UTF8_BAD UINT32_MAX

/* Decodes the character at text; returns how many of the `length` (> 0) bytes it takes. A byte that
 * begins no well-formed character (RFC 3629: no overlong forms, no surrogates) counts as one
 * character by itself and gives MLN_UTF8_BAD. */
size_t mln_utf8_decode(const char *text, size_t length, uint32_t *character);

/* Control characters (C0, DEL, C1), line separators, the marks that reorder or hide text, and code
 * points that are no characters (XML has no way to write U+FFFE and U+FFFF). */
bool mln_utf8_is_control(uint32_t character);

/* Columns on a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
 */
unsigned mln_utf8_width(uint32_t character);

#endif
