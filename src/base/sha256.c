/* Every artefact is hashed for the MANIFEST, so this must not be what a compilation waits for:
 * processors with instructions for SHA-256 do a block in a tenth of the time of the plain code. */
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#define BLOCK 64

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS
 * 180-4, 4.2.2). */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

static uint32_t load_big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint32_t mixed_small(uint32_t word, unsigned a, unsigned b, unsigned shift)
{
    return rotate(word, a) ^ rotate(word, b) ^ word >> shift;
}

static inline uint32_t mixed_big(uint32_t word, unsigned a, unsigned b, unsigned c)
{
    return rotate(word, a) ^ rotate(word, b) ^ rotate(word, c);
}

/* One round: instead of moving the eight words on, the caller names them differently each time. */
#define ROUND(a, b, c, d, e, f, g, h, i) \
    do { \
        uint32_t one = (h) + mixed_big((e), 6, 11, 25) + ((g) ^ ((e) & ((f) ^ (g)))) + \
                       round_constants[t + (i)] + schedule[i]; \
        (d) += one; \
        (h) = one + mixed_big((a), 2, 13, 22) + (((a) & (b)) | ((c) & ((a) | (b)))); \
    } while (0)

/* The word of the schedule sixteen rounds on, in the place of the one just used. */
static inline void extend(uint32_t schedule[16])
{
    for (size_t i = 0; i < 16; i++)
        schedule[i] += schedule[(i + 9) % 16] + mixed_small(schedule[(i + 1) % 16], 7, 18, 3) +
                       mixed_small(schedule[(i + 14) % 16], 17, 19, 10);
}

static void compress_plain(uint32_t state[8], const unsigned char *block)
{
    uint32_t schedule[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (size_t i = 0; i < 16; i++)
        schedule[i] = load_big_endian(block + 4 * i);
    for (size_t t = 0; t < 64; t += 16) {
        if (t > 0)
            extend(schedule);
        for (size_t i = 0; i < 16; i += 8) {
            ROUND(a, b, c, d, e, f, g, h, i);
            ROUND(h, a, b, c, d, e, f, g, i + 1);
            ROUND(g, h, a, b, c, d, e, f, i + 2);
            ROUND(f, g, h, a, b, c, d, e, i + 3);
            ROUND(e, f, g, h, a, b, c, d, i + 4);
            ROUND(d, e, f, g, h, a, b, c, i + 5);
            ROUND(c, d, e, f, g, h, a, b, i + 6);
            ROUND(b, c, d, e, f, g, h, a, i + 7);
        }
    }
    const uint32_t add[8] = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; i++)
        state[i] += add[i];
}

#if defined(__x86_64__)
/* The extensions that compress_fast uses: SHA, SSSE3 and SSE4.1. */
static bool is_fast(void)
{
    unsigned a, b, c, d;
    const unsigned sse = bit_SSSE3 | bit_SSE4_1;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & sse) == sse &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* The processor keeps the eight words as (a b e f) and (c d g h), a and c on top, and does two
 * rounds an instruction; `w` is the schedule of the next sixteen rounds, four words each. */
__attribute__((target("sha,ssse3,sse4.1"))) static void compress_fast(uint32_t state[8],
                                                                      const unsigned char *block)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
    const __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
    __m128i x = abef, y = cdgh, w[4];
    for (size_t i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)),
                                big_endian);
    for (size_t t = 0; t < 64; t += 4) {
        __m128i add = _mm_loadu_si128((const __m128i *)(const void *)(round_constants + t));
        add = _mm_add_epi32(add, w[0]);
        y = _mm_sha256rnds2_epu32(y, x, add);
        x = _mm_sha256rnds2_epu32(x, y, _mm_shuffle_epi32(add, 0x0e));
        __m128i next =
            _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), _mm_alignr_epi8(w[3], w[2], 4));
        next = _mm_sha256msg2_epu32(next, w[3]);
        w[0] = w[1];
        w[1] = w[2];
        w[2] = w[3];
        w[3] = next;
    }
    uint32_t sums[8];
    _mm_storeu_si128((__m128i *)(void *)sums, _mm_add_epi32(x, abef));
    _mm_storeu_si128((__m128i *)(void *)(sums + 4), _mm_add_epi32(y, cdgh));
    static const unsigned char from[8] = {3, 2, 7, 6, 1, 0, 5, 4};
    for (size_t i = 0; i < 8; i++)
        state[i] = sums[from[i]];
}
#else
static bool is_fast(void)
{
    return false;
}

static void compress_fast(uint32_t state[8], const unsigned char *block)
{
    compress_plain(state, block);
}
#endif

typedef void compress_function(uint32_t state[8], const unsigned char *block);

/* The last bytes, a one bit, zeros, and the length in bits: one block or two. */
static void compress_tail(compress_function *compress, uint32_t state[8],
                          const unsigned char *bytes, size_t left, uint64_t length)
{
    unsigned char tail[2 * BLOCK] = {0};
    if (left > 0)
        memcpy(tail, bytes, left);
    tail[left] = 0x80;
    size_t size = left + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    for (unsigned i = 0; i < 8; i++)
        tail[size - 1 - i] = (unsigned char)(length * 8 >> (8 * i) & 0xff);
    for (size_t at = 0; at < size; at += BLOCK)
        compress(state, tail + at);
}

void mln_sha256_hex(const void *data, size_t length, char hex[65])
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    compress_function *compress = is_fast() ? compress_fast : compress_plain;
    const unsigned char *bytes = data;
    size_t left = length;
    for (; left >= BLOCK; left -= BLOCK, bytes += BLOCK)
        compress(state, bytes);
    compress_tail(compress, state, bytes, left, length);
    for (size_t i = 0; i < 64; i++)
        hex[i] = "0123456789abcdef"[state[i / 8] >> (28 - 4 * (i % 8)) & 0xf];
    hex[64] = '\0';
}
