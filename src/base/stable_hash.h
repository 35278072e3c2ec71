/* A hash whose values stand in what is written: names that had to be shortened, placeholders. It is
 * the same on every machine and in every version, whatever hash tables use. Not for secrets. */
#ifndef MLN_BASE_STABLE_HASH_H
#define MLN_BASE_STABLE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t mln_stable_hash(const void *data, size_t length);

#endif
