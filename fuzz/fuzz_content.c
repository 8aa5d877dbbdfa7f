/*
 * Any bytes as an encoded body. The first byte chooses the codings and the split. The verdict and
 * the bytes must not depend on the split, and the limit must hold.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct content_limits limits = {.max_bytes = 1 << 20};

static int decode(struct str encoding, struct str in, size_t n_step, struct buf *out)
{
    struct content_decoder *d = content_decoder_new(encoding, limits);
    int r = 0;

    while (!r && in.n) {
        size_t n = in.n < n_step ? in.n : n_step;

        r = content_decode(d, str_from(in.p, n), out);
        in = str_from_index(in, n);
    }
    if (!r)
        r = content_decode_end(d);
    assert(!r == !*content_decoder_error(d));
    content_decoder_free(d);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const encodings[] = {
        "gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip", "br, deflate",
    };
    struct buf whole = {0};
    struct buf split = {0};

    if (!n)
        return 0;
    struct str encoding = str_of(encodings[data[0] % countof(encodings)]);
    struct str in = str_from((const char *)data + 1, n - 1);
    int r = decode(encoding, in, SIZE_MAX, &whole);
    int again = decode(encoding, in, 1 + data[0] / countof(encodings), &split);

    /* Of two faults in one body either may be met first: only the good case is the same. */
    assert(!r == !again);
    assert(r || str_eq(buf_str(&whole), buf_str(&split)));
    assert(whole.len <= limits.max_bytes + (64 << 10));
    buf_fini(&whole);
    buf_fini(&split);
    return 0;
}
