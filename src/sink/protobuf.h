#pragma once
/*
 * Writes Protocol Buffers into a buffer, a field at a time, in the order of the calls. Nothing is
 * left out: whoever wants a zero to be absent does not write it.
 *
 *     size_t label = pb_open(out, 1);
 *     pb_str(out, 1, STR("method"));
 *     pb_str(out, 2, STR("GET"));
 *     pb_close(out, label);
 *
 * Text goes into the buffer by buf_put: what is written must not reach its limit.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* How the payload of a field is laid out; the low three bits of its key. */
enum pb_wire {
    PB_VARINT = 0,
    PB_FIXED64 = 1,
    PB_BYTES = 2,
    PB_FIXED32 = 5,
};

/* sint32 and sint64 as a varint: small magnitudes are short. */
static inline uint64_t pb_zigzag(int64_t n)
{
    return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
}

/* A bare double: an element of a packed list. */
void pb_double_raw(struct buf *out, double value);

void pb_key(struct buf *out, unsigned field, enum pb_wire wire);

/* uint32, uint64, bool, enum; int32 and int64 when cast (a negative one takes ten bytes). */
void pb_uint(struct buf *out, unsigned field, uint64_t n);
void pb_int(struct buf *out, unsigned field, int64_t n);
void pb_sint(struct buf *out, unsigned field, int64_t n);
void pb_fixed64(struct buf *out, unsigned field, uint64_t n);
void pb_double(struct buf *out, unsigned field, double value);

/* string, bytes, or a message that was encoded elsewhere. */
void pb_str(struct buf *out, unsigned field, struct str value);

/*
 * Opens a message or a packed list; what is written until pb_close() is its content. Its length is
 * put in then. Nest as deep as you like, closing the innermost first.
 */
size_t pb_open(struct buf *out, unsigned field);
void pb_close(struct buf *out, size_t opened);
