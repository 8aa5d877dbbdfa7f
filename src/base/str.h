#pragma once
/* A view of bytes that somebody else owns. `p` may be NULL when n is 0; never NUL-terminated. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct str {
    const char *p;
    size_t n;
};

/* A view of a string literal. */
#define STR(literal) ((struct str){.p = "" literal, .n = sizeof(literal) - 1})

/* For printf: "%.*s", STR_ARG(s). */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *s)
{
    return (struct str){.p = s, .n = s ? strlen(s) : 0};
}

static inline struct str str_from(const char *p, size_t n)
{
    return (struct str){.p = p, .n = n};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

/* ASCII only, as protocols want it; no locale. */
static inline char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static inline bool ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
int ascii_hex(char c);

bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
int str_cmp(struct str a, struct str b);

/* Index of the first `c`, or s.n when there is none. */
size_t str_find(struct str s, char c);

/* Index of the first `needle`, or s.n when there is none. */
size_t str_find_str(struct str s, struct str needle);

struct str str_trim(struct str s);

/* The part from index i (clamped) to the end. */
struct str str_from_index(struct str s, size_t i);

/*
 * Takes the part before the first `sep` off `*rest`. Returns false when *rest is used up; an empty
 * last part after a trailing separator is given. Set rest->p to NULL-less input first.
 */
bool str_split(struct str *rest, char sep, struct str *ret_part);

/* Whole string as a number; false unless every byte belongs to it and it fits. */
bool str_u64(struct str s, uint64_t *ret_n);
bool str_i64(struct str s, int64_t *ret_n);
bool str_f64(struct str s, double *ret_n);

/* Bytes of the UTF-8 character at p, of which n > 0 may be looked at; 0 when there is none. */
size_t utf8_length(const unsigned char *p, size_t n);

/* Fast non-cryptographic 64-bit hash of bytes. */
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);
