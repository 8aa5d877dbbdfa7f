#pragma once
/*
 * Numbers as bytes for the formats of ours and of others: base-128 varints, low groups first, as
 * protocol buffers have them, and doubles as eight bytes, low ones first.
 */
#include <stdint.h>

#include "base/buf.h"

enum {
    VARINT_MAX_BYTES = 10
};

/* Writes n to `to` and returns the number of bytes. */
size_t varint_write(uint64_t n, char to[VARINT_MAX_BYTES]);

/* Appends it. */
void varint_put(struct buf *out, uint64_t n);

/* Appends the eight bytes of a double. */
void f64_put(struct buf *out, double v);

/* The double of eight bytes. */
double f64_read(const char *bytes);
