#include "base/varint.h"

#include <string.h>

size_t varint_write(uint64_t n, char to[VARINT_MAX_BYTES])
{
    size_t len = 0;

    for (; n >= 0x80; n >>= 7)
        to[len++] = (char)(n | 0x80);
    to[len++] = (char)n;
    return len;
}

void varint_put(struct buf *out, uint64_t n)
{
    char bytes[VARINT_MAX_BYTES];

    buf_put(out, bytes, varint_write(n, bytes));
}

void f64_put(struct buf *out, double v)
{
    uint64_t bits;
    char bytes[sizeof(bits)];

    memcpy(&bits, &v, sizeof(bits));
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(bits >> (8 * i));
    buf_put(out, bytes, sizeof(bytes));
}

double f64_read(const char *bytes)
{
    uint64_t bits = 0;
    double v;

    for (size_t i = 0; i < sizeof(bits); i++)
        bits |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    memcpy(&v, &bits, sizeof(v));
    return v;
}
