/* SHA-256 (FIPS 180-4). */
#ifndef MLN_BASE_SHA256_H
#define MLN_BASE_SHA256_H

#include <stddef.h>

/* Writes 64 lower-case hex digits and a NUL. */
void mln_sha256_hex(const void *data, size_t length, char hex[65]);

#endif
