#include "base/wire.h"

#include <string.h>

/* Nothing after it can be trusted. */
static void spoil(struct wire_in *in)
{
    in->bad = true;
    in->rest.n = 0;
}

uint64_t wire_u64(struct wire_in *in)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < VARINT_MAX_BYTES && i < in->rest.n; i++) {
        uint64_t byte = (unsigned char)in->rest.p[i];

        if (i == VARINT_MAX_BYTES - 1 && byte > 1)
            break;
        n |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            in->rest = str_from_index(in->rest, i + 1);
            return n;
        }
    }
    spoil(in);
    return 0;
}

int64_t wire_i64(struct wire_in *in)
{
    return unzigzag(wire_u64(in));
}

double wire_f64(struct wire_in *in)
{
    if (in->rest.n < 8) {
        spoil(in);
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
        spoil(in);
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
    varint_put(out, zigzag(n));
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
