#pragma once
/*
 * The lexical part of JSON (RFC 8259) over bytes: white space, strings, numbers. Shared by the
 * reader of values and the reader of paths; knows nothing of JavaScript.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#    include <emmintrin.h>
#endif

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

static inline bool json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *json_skip_space(const char *p, const char *end)
{
    while (p < end && json_is_space(*p))
        p++;
    return p;
}

/* The first byte that is a quote, a backslash, a control character or not ASCII; or `end`. */
static inline const char *json_scan_plain(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');

    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* Signed: bytes from 0x80 are below the space as well. */
        __m128i special = _mm_or_si128(
            _mm_cmplt_epi8(bytes, space),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
        int mask = _mm_movemask_epi8(special);

        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
#endif
    while (p < end && (signed char)*p >= ' ' && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* What is wrong with a document, and what it was that the byte there does not fit. */
struct json_fault {
    const char *at;
    const char *where; /* "after array element"; NULL: a whole sentence in `message` */
    const char *message;
};

/* A string between its quotes. */
struct json_string {
    struct str raw; /* as written */
    bool escaped;   /* has backslashes */
    bool ascii;     /* has only ASCII (escapes may stand for more) */
};

/*
 * Reads a string whose opening quote is at p[-1]. Returns the byte behind the closing quote, or
 * NULL with *ret_fault set.
 */
const char *json_scan_string(const char *p, const char *end, struct json_string *ret_string,
                             struct json_fault *ret_fault);

/*
 * Appends what a correct raw string stands for, as UTF-8; an unpaired surrogate becomes its three
 * bytes. Returns 0 or BUF_E_LIMIT.
 */
MUST_USE int json_unescape(struct str raw, struct buf *out);

/* A number as it was written. */
struct json_number {
    const char *start;
    const char *end;
    uint64_t mantissa; /* of the first 19 significant digits */
    int64_t exponent;  /* of ten, that belongs to the mantissa */
    bool negative;
    bool integer; /* without fraction and exponent */
    bool exact;   /* mantissa × 10^exponent is the number */
};

/* Reads a number at p. Returns the byte behind it, or NULL with *ret_fault set. */
const char *json_scan_number(const char *p, const char *end, struct json_number *ret_number,
                             struct json_fault *ret_fault);

/* The word at p ("true", "false" or "null")? Returns the byte behind it, or NULL as above. */
const char *json_scan_word(const char *p, const char *end, const char *word,
                           struct json_fault *ret_fault);

/*
 * The fault in words: "invalid character 'x' after array element", or that the text ended. Writes
 * at most n bytes with the NUL.
 */
void json_fault_text(const struct json_fault *f, const char *end, char *out, size_t n);
