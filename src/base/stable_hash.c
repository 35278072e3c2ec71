/* Eight bytes a step, lowest first: multiply, then fold the well-mixed high half into the low one.
 * The length goes in first, so a zero-padded tail cannot meet a longer text with NUL bytes. Never
 * to be changed: a test holds its values. */
#include "base/stable_hash.h"

static uint64_t load(const unsigned char *bytes, size_t length)
{
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

uint64_t mln_stable_hash(const void *data, size_t length)
{
    const unsigned char *bytes = data;
    uint64_t hash = mix(UINT64_C(0x243f6a8885a308d3), length);
    for (; length >= 8; bytes += 8, length -= 8)
        hash = mix(hash, load(bytes, 8));
    if (length > 0)
        hash = mix(hash, load(bytes, length));
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ (hash >> 32);
}
