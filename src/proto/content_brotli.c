/* br (RFC 7932). */
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdio.h>

#include "base/mem.h"
#include "proto/content_priv.h"

enum {
    QUALITY = 6, /* what Go's encoder takes by default */
};

struct unbrotli {
    BrotliDecoderState *state;
};

static BrotliDecoderState *state_new(void)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);

    if (!state)
        abort(); /* memory is out */
    return state;
}

static void *br_open(void)
{
    struct unbrotli *b = xnew(struct unbrotli);

    b->state = state_new();
    return b;
}

static void br_close(void *self)
{
    struct unbrotli *b = self;

    BrotliDecoderDestroyInstance(b->state);
    free(b);
}

/* The library cannot start a decoder over. */
static void br_reset(void *self)
{
    struct unbrotli *b = self;

    BrotliDecoderDestroyInstance(b->state);
    b->state = state_new();
}

static enum coding_result br_decode(void *self, struct str *in, char *out, size_t n_out,
                                    size_t *ret_n, char *words)
{
    struct unbrotli *b = self;
    size_t avail_in = in->n;
    size_t avail_out = n_out;
    const uint8_t *next_in = (const uint8_t *)in->p;
    uint8_t *next_out = (uint8_t *)out;
    BrotliDecoderResult r =
        BrotliDecoderDecompressStream(b->state, &avail_in, &next_in, &avail_out, &next_out, NULL);

    *in = str_from_index(*in, in->n - avail_in);
    *ret_n = n_out - avail_out;
    switch (r) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return CODING_END;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return CODING_MORE;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return CODING_FULL;
    default:
        snprintf(words, CODING_WORDS_BYTES, "brotli: %s",
                 BrotliDecoderErrorString(BrotliDecoderGetErrorCode(b->state)));
        return CODING_CORRUPT;
    }
}

static int br_encode(struct str in, struct buf *out)
{
    size_t n = BrotliEncoderMaxCompressedSize(in.n);
    int r = n ? buf_reserve(out, n) : BUF_E_LIMIT;

    if (r)
        return r;
    if (!BrotliEncoderCompress(QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, in.n,
                               (const uint8_t *)in.p, &n, (uint8_t *)out->data + out->len))
        abort(); /* memory is out */
    out->len += n;
    return 0;
}

const struct coding coding_br = {
    .name = STR("br"),
    .open = br_open,
    .close = br_close,
    .reset = br_reset,
    .decode = br_decode,
    .encode = br_encode,
};
