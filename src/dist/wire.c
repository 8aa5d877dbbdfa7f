#include "dist/wire.h"

#include <string.h>

uint64_t wire_u64(struct wire_in *in)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64 && in->rest.n; shift += 7) {
        unsigned char c = (unsigned char)in->rest.p[0];

        in->rest = str_from_index(in->rest, 1);
        n |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return n;
    }
    in->bad = true;
    return 0;
}

int64_t wire_i64(struct wire_in *in)
{
    uint64_t n = wire_u64(in);

    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

double wire_f64(struct wire_in *in)
{
    if (in->rest.n < 8) {
        in->bad = true;
        return 0;
    }
    double v = f64_read(in->rest.p);

    in->rest = str_from_index(in->rest, 8);
    return v;
}

bool wire_bool(struct wire_in *in)
{
    return wire_u64(in) != 0;
}

struct str wire_str(struct wire_in *in)
{
    uint64_t n = wire_u64(in);

    if (n > in->rest.n) {
        in->bad = true;
        return STR("");
    }
    struct str s = str_from(in->rest.p, n);

    in->rest = str_from_index(in->rest, n);
    return s;
}

bool wire_is_over(const struct wire_in *in)
{
    return !in->bad && !in->rest.n;
}

void wire_put_i64(struct buf *out, int64_t n)
{
    varint_put(out, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

void wire_put_str(struct buf *out, struct str s)
{
    varint_put(out, s.n);
    buf_putstr(out, s);
}

void wire_put_words(struct buf *out, const void *words, size_t n)
{
    const char *p = words;

    for (size_t i = 0; i < n; i++) {
        uint64_t word;

        memcpy(&word, p + i * sizeof(word), sizeof(word));
        varint_put(out, word);
    }
}

void wire_words(struct wire_in *in, void *words, size_t n)
{
    char *p = words;

    for (size_t i = 0; i < n; i++) {
        uint64_t word = wire_u64(in);

        memcpy(p + i * sizeof(word), &word, sizeof(word));
    }
}
