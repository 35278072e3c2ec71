/* Escapes of JSON strings: letters after a backslash, and code units with surrogate pairs. */
#include "import/escape.h"

#include <string.h>

bool mln_json_hex4(const char *at, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16u;
        if (digit == 16)
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* One character of a valid string, escape resolved; advances *at. Never longer than it was written.
 */
static size_t decode(const char **at, char *out)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    if (**at != '\\') {
        *out = *(*at)++;
        return 1;
    }
    char c = (*at)[1];
    if (c != 'u') {
        const char *letter = strchr(letters, c);
        *out = letter ? meant[letter - letters] : c;
        *at += 2;
        return 1;
    }
    unsigned unit = 0, low = 0;
    mln_json_hex4(*at + 2, &unit);
    *at += 6;
    if (unit >= 0xd800 && unit < 0xdc00 && mln_json_hex4(*at + 2, &low)) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        *at += 6;
    }
    return put_utf8(out, unit);
}

size_t mln_json_unescape(const char *from, const char *to, char *out)
{
    size_t length = 0;
    while (from < to)
        length += decode(&from, out + length);
    return length;
}
