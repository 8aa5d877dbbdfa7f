#pragma once
/*
 * Values of our own binary records and messages: numbers as varints, texts with their length before
 * them. Reading never fails by itself: what is not there, or does not fit, reads as 0 or empty, and
 * `bad` tells that something was so; it sticks, and nothing is left to read then.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/varint.h"

/* Small numbers of either sign as small numbers without one. */
static inline uint64_t zigzag(int64_t n)
{
    return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

static inline int64_t unzigzag(uint64_t n)
{
    return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

struct wire_in {
    struct str rest;
    bool bad;
};

uint64_t wire_u64(struct wire_in *in);
int64_t wire_i64(struct wire_in *in); /* zigzag */
double wire_f64(struct wire_in *in);
bool wire_bool(struct wire_in *in);
struct str wire_str(struct wire_in *in); /* points into the message */

/* Whether all was there, and nothing more. */
bool wire_is_over(const struct wire_in *in);

/* varint_put() and f64_put() write the others. */
void wire_put_i64(struct buf *out, int64_t n);
void wire_put_str(struct buf *out, struct str s);

/* n 64-bit words, as a struct of counters is: n varints. */
void wire_put_words(struct buf *out, const void *words, size_t n);
void wire_words(struct wire_in *in, void *words, size_t n);
