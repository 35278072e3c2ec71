/* Escapes of JSON strings (RFC 8259 section 7). */
#ifndef MLN_IMPORT_ESCAPE_H
#define MLN_IMPORT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Four hexadecimal digits; false when there are fewer. Reads no further than the first other byte.
 */
bool mln_json_hex4(const char *at, unsigned *out);
/* The inside of a string that the scan accepted, its escapes resolved; returns the length, which is
 * never more than to - from. No NUL is added. */
size_t mln_json_unescape(const char *from, const char *to, char *out);

#endif
