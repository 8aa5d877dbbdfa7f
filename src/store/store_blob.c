/*
 * A cell is a byte that says how, and the bytes: 0 as they are, 1 a zstd frame that names its
 * size. What compression does not make smaller is left as it is.
 */
#include <errno.h>
#include <zstd.h>

#include "store/store_priv.h"

enum {
    BLOB_PLAIN = 0,
    BLOB_ZSTD = 1,
    ZSTD_LEVEL = 3,
    WORTHWHILE = 64, /* bytes; smaller ones are not tried */
};

/* The content compressed, or nothing. */
static size_t compress(struct buf *out, struct str bytes)
{
    size_t bound = ZSTD_compressBound(bytes.n);

    if (bytes.n < WORTHWHILE || buf_reserve(out, bound) != 0)
        return 0;
    size_t n = ZSTD_compress(out->data + out->len, bound, bytes.p, bytes.n, ZSTD_LEVEL);

    return ZSTD_isError(n) || n >= bytes.n ? 0 : n;
}

struct str blob_pack(struct store *s, struct str bytes)
{
    struct buf *out = &s->packed;

    out->limit = 2 * (size_t)STORE_BLOB_MAX;
    buf_reset(out);
    buf_putc(out, BLOB_ZSTD);
    size_t n = compress(out, bytes);

    if (n) {
        out->len += n;
        return buf_str(out);
    }
    buf_reset(out);
    buf_putc(out, BLOB_PLAIN);
    buf_putstr(out, bytes);
    return buf_str(out);
}

static int damaged(struct store *s)
{
    return fault(-EINVAL, "the store '%s': a cell is damaged", s->shown);
}

int blob_unpack(struct store *s, struct str packed, struct buf *out)
{
    if (packed.n == 0)
        return damaged(s);

    struct str bytes = str_from_index(packed, 1);

    if (packed.p[0] == BLOB_PLAIN)
        return buf_add(out, bytes.p, bytes.n) == 0 ? 0 : damaged(s);

    unsigned long long n = ZSTD_getFrameContentSize(bytes.p, bytes.n);

    /* The two codes for "unknown" and "no frame" are beyond the limit as well. */
    if (packed.p[0] != BLOB_ZSTD || n > STORE_BLOB_MAX || buf_reserve(out, (size_t)n) != 0)
        return damaged(s);
    size_t done = ZSTD_decompress(out->data + out->len, (size_t)n, bytes.p, bytes.n);

    if (ZSTD_isError(done) || done != n)
        return damaged(s);
    out->len += done;
    return 0;
}
