/*
 * Lengths stand before what they measure. One byte is kept for each; a message of 128 bytes or more
 * is moved up by the few bytes that its length takes beyond that. Most messages here are labels and
 * samples, which are short, so moving is rare and there is no second pass to find sizes.
 */
#include "sink/protobuf.h"

#include <assert.h>
#include <endian.h>

#include "base/varint.h"

static void put_u64(struct buf *out, uint64_t n)
{
    uint64_t le = htole64(n);

    buf_put(out, &le, sizeof(le));
}

void pb_double_raw(struct buf *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    put_u64(out, bits);
}

void pb_key(struct buf *out, unsigned field, enum pb_wire wire)
{
    varint_put(out, (uint64_t)field << 3 | wire);
}

void pb_uint(struct buf *out, unsigned field, uint64_t n)
{
    pb_key(out, field, PB_VARINT);
    varint_put(out, n);
}

void pb_int(struct buf *out, unsigned field, int64_t n)
{
    pb_uint(out, field, (uint64_t)n);
}

void pb_sint(struct buf *out, unsigned field, int64_t n)
{
    pb_uint(out, field, pb_zigzag(n));
}

void pb_fixed64(struct buf *out, unsigned field, uint64_t n)
{
    pb_key(out, field, PB_FIXED64);
    put_u64(out, n);
}

void pb_double(struct buf *out, unsigned field, double value)
{
    pb_key(out, field, PB_FIXED64);
    pb_double_raw(out, value);
}

void pb_str(struct buf *out, unsigned field, struct str value)
{
    pb_key(out, field, PB_BYTES);
    varint_put(out, value.n);
    buf_putstr(out, value);
}

size_t pb_open(struct buf *out, unsigned field)
{
    pb_key(out, field, PB_BYTES);
    buf_putc(out, 0);
    return out->len;
}

void pb_close(struct buf *out, size_t opened)
{
    assert(opened > 0 && opened <= out->len);
    char length[VARINT_MAX_BYTES];
    size_t n_content = out->len - opened;
    size_t n_length = varint_write(n_content, length);

    if (n_length > 1) {
        buf_put(out, length, n_length - 1); /* makes the room; overwritten below */
        memmove(out->data + opened + n_length - 1, out->data + opened, n_content);
    }
    memcpy(out->data + opened - 1, length, n_length);
}
