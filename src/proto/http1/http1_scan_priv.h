#pragma once
/*
 * How far bytes of one class go, 16 at a time where the processor can; for this folder only.
 *
 * The wide steps know the usual bytes only. From the first other one on the table decides, so the
 * answer is the table's on every machine. Nothing is read from `end` on.
 */
#ifdef __SSE2__
#    include <emmintrin.h>
#endif

#include "proto/http1/http1_priv.h"

#ifdef __SSE2__
/* One bit per byte that is neither a letter nor '-'. */
static inline unsigned http1_odd_in_name(__m128i v)
{
    __m128i from_a = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i letter = _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8('z' - 'a')), from_a);
    __m128i dash = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(letter, dash)) ^ 0xffffU;
}

/* One bit per control character, tabs included. */
static inline unsigned http1_odd_in_value(__m128i v)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}
#endif

/* The end of the token that p begins with; p when there is none. */
static inline const char *http1_scan_token(const char *p, const char *end)
{
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        unsigned odd = http1_odd_in_name(_mm_loadu_si128((const __m128i *)(const void *)p));

        if (unlikely(!odd))
            continue;
        p += __builtin_ctz(odd);
        if (likely(*p == ':'))
            return p;
        break;
    }
#endif
    while (p < end && http1_is(*p, HTTP1_CHAR_TOKEN))
        p++;
    return p;
}

/* The first byte that no field value may have, which is the CR or LF of a good line; else end. */
static inline const char *http1_scan_value(const char *p, const char *end)
{
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        unsigned odd = http1_odd_in_value(_mm_loadu_si128((const __m128i *)(const void *)p));

        if (!odd)
            continue;
        p += __builtin_ctz(odd);
        if (likely(*p == '\r'))
            return p;
        break;
    }
#endif
    while (p < end && http1_is(*p, HTTP1_CHAR_VALUE))
        p++;
    return p;
}

/* Whether a line ends at p, two bytes of which are there. */
static inline bool http1_is_crlf(const char *p)
{
    return memcmp(p, "\r\n", 2) == 0;
}
