/* zstd (RFC 8878), with the window that RFC 9659 allows to a content coding. */
#include <stdio.h>
#include <zstd.h>

#include "base/mem.h"
#include "proto/content_priv.h"

enum {
    WINDOW_LOG_MAX = 23, /* 8 MiB */
};

static void *unzstd_open(void)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();

    if (!d)
        abort(); /* memory is out */
    ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return d;
}

static void unzstd_close(void *self)
{
    ZSTD_freeDCtx(self);
}

static void unzstd_reset(void *self)
{
    ZSTD_DCtx_reset(self, ZSTD_reset_session_only);
}

static enum coding_result corrupt(size_t code, char *words)
{
    const char *name = ZSTD_getErrorName(code);

    if (strcmp(name, "Unknown frame descriptor") == 0) {
        snprintf(words, CODING_WORDS_BYTES, "invalid input: magic number mismatch");
    } else {
        snprintf(words, CODING_WORDS_BYTES, "zstd: %s", name);
    }
    return CODING_CORRUPT;
}

static enum coding_result unzstd_decode(void *self, struct str *in, char *out, size_t n_out,
                                        size_t *ret_n, char *words)
{
    ZSTD_inBuffer source = {.src = in->p, .size = in->n};
    ZSTD_outBuffer target = {.dst = out, .size = n_out};
    size_t r = ZSTD_decompressStream(self, &target, &source);

    *in = str_from_index(*in, source.pos);
    *ret_n = target.pos;
    if (ZSTD_isError(r))
        return corrupt(r, words);
    if (r == 0)
        return CODING_END;
    return target.pos == n_out ? CODING_FULL : CODING_MORE;
}

static int zstd_encode(struct str in, struct buf *out)
{
    size_t bound = ZSTD_compressBound(in.n);
    int r = buf_reserve(out, bound);

    if (r)
        return r;
    size_t n = ZSTD_compress(out->data + out->len, bound, in.p, in.n, ZSTD_CLEVEL_DEFAULT);

    if (ZSTD_isError(n))
        abort(); /* memory is out: the bound rules out all else */
    out->len += n;
    return 0;
}

const struct coding coding_zstd = {
    .name = STR("zstd"),
    .open = unzstd_open,
    .close = unzstd_close,
    .reset = unzstd_reset,
    .decode = unzstd_decode,
    .concatenates = true,
    .encode = zstd_encode,
};
