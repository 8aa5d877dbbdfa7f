/*
 * gzip and deflate by zlib. "deflate" is the zlib format by the standard and raw deflate by the
 * habit of some servers: the first two bytes tell which.
 */
#include <stdio.h>
#include <zlib.h>

#include "base/mem.h"
#include "proto/content_priv.h"

enum {
    WINDOW_GZIP = 15 + 16,
    WINDOW_ZLIB = 15,
    WINDOW_RAW = -15,
};

struct inflater {
    z_stream z;
    int window;
    bool detect;           /* deflate: look at the first two bytes */
    unsigned char head[2]; /* held back until the format is known */
    unsigned n_head;
    unsigned n_head_done; /* of them, given to zlib */
};

static void *inflater_open(int window, bool detect)
{
    struct inflater *f = xnew(struct inflater);

    f->window = window;
    f->detect = detect;
    if (inflateInit2(&f->z, window) != Z_OK)
        abort(); /* memory is out, or the library is not the one we were built with */
    return f;
}

static void *gzip_open(void)
{
    return inflater_open(WINDOW_GZIP, false);
}

static void *deflate_open(void)
{
    return inflater_open(WINDOW_ZLIB, true);
}

static void inflater_close(void *self)
{
    struct inflater *f = self;

    inflateEnd(&f->z);
    free(f);
}

static void inflater_reset(void *self)
{
    struct inflater *f = self;

    f->n_head = f->n_head_done = 0;
    if (f->detect)
        f->window = WINDOW_ZLIB;
    inflateReset2(&f->z, f->window);
}

/* In Go's words, as far as zlib tells which it was. */
static enum coding_result corrupt(const struct inflater *f, char *words)
{
    const char *msg = f->z.msg ? f->z.msg : "";
    const char *kind = f->window == WINDOW_GZIP ? "gzip" : "zlib";

    if (f->window == WINDOW_RAW || strstr(msg, "header") || strstr(msg, "unknown compression") ||
        strstr(msg, "window size")) {
        snprintf(words, CODING_WORDS_BYTES, "%s: invalid header", kind);
    } else if (strstr(msg, "check")) {
        snprintf(words, CODING_WORDS_BYTES, "%s: invalid checksum", kind);
    } else {
        snprintf(words, CODING_WORDS_BYTES, "flate: corrupt input before offset %lu",
                 f->z.total_in);
    }
    return CODING_CORRUPT;
}

/* Returns true when the format is known: CMF and FLG of RFC 1950 §2.2, or else raw. */
static bool detect(struct inflater *f, struct str *in)
{
    while (f->n_head < 2 && in->n) {
        f->head[f->n_head++] = (unsigned char)in->p[0];
        *in = str_from_index(*in, 1);
    }
    if (f->n_head < 2)
        return false;
    bool zlib = (f->head[0] & 15) == Z_DEFLATED && f->head[0] >> 4 <= 7 &&
                (f->head[0] << 8 | f->head[1]) % 31 == 0;

    if (!zlib && f->window == WINDOW_ZLIB && !f->n_head_done) {
        f->window = WINDOW_RAW;
        inflateReset2(&f->z, WINDOW_RAW);
    }
    return true;
}

static enum coding_result run(struct inflater *f, char *words)
{
    switch (inflate(&f->z, Z_NO_FLUSH)) {
    case Z_OK:
    case Z_BUF_ERROR:
        return f->z.avail_out ? CODING_MORE : CODING_FULL;
    case Z_STREAM_END:
        return CODING_END;
    default:
        return corrupt(f, words);
    }
}

/* zlib takes the input without const, and only reads it. */
static unsigned char *input(const char *p)
{
    union {
        const char *in;
        unsigned char *out;
    } cast = {.in = p};

    return cast.out;
}

static enum coding_result inflater_decode(void *self, struct str *in, char *out, size_t n_out,
                                          size_t *ret_n, char *words)
{
    struct inflater *f = self;
    enum coding_result r = CODING_MORE;

    *ret_n = 0;
    if (f->detect && !detect(f, in))
        return CODING_MORE;
    f->z.next_out = (unsigned char *)out;
    f->z.avail_out = (unsigned)n_out;
    if (f->n_head_done < f->n_head) {
        f->z.next_in = f->head + f->n_head_done;
        f->z.avail_in = f->n_head - f->n_head_done;
        r = run(f, words);
        f->n_head_done = f->n_head - f->z.avail_in;
    }
    if (r == CODING_MORE) {
        unsigned n_in = in->n < UINT32_MAX ? (unsigned)in->n : UINT32_MAX;

        f->z.next_in = input(in->p);
        f->z.avail_in = n_in;
        if (n_in || f->n_head)
            r = run(f, words);
        *in = str_from_index(*in, n_in - f->z.avail_in);
    }
    *ret_n = n_out - f->z.avail_out;
    return r;
}

static int deflate_into(struct str in, struct buf *out, int window, int level)
{
    z_stream z = {0};

    if (in.n > UINT32_MAX / 2)
        return BUF_E_LIMIT;
    if (deflateInit2(&z, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t bound = deflateBound(&z, in.n);
    int r = buf_reserve(out, bound);

    if (!r) {
        z.next_in = input(in.p);
        z.avail_in = (unsigned)in.n;
        z.next_out = (unsigned char *)out->data + out->len;
        z.avail_out = (unsigned)bound;
        deflate(&z, Z_FINISH);
        out->len += z.total_out;
    }
    deflateEnd(&z);
    return r;
}

static int gzip_encode(struct str in, struct buf *out)
{
    return deflate_into(in, out, WINDOW_GZIP, Z_DEFAULT_COMPRESSION);
}

int content_gzip_fast(struct str in, struct buf *out)
{
    return deflate_into(in, out, WINDOW_GZIP, Z_BEST_SPEED);
}

static int zlib_encode(struct str in, struct buf *out)
{
    return deflate_into(in, out, WINDOW_ZLIB, Z_DEFAULT_COMPRESSION);
}

const struct coding coding_gzip = {
    .name = STR("gzip"),
    .open = gzip_open,
    .close = inflater_close,
    .reset = inflater_reset,
    .decode = inflater_decode,
    .concatenates = true,
    .encode = gzip_encode,
};

const struct coding coding_deflate = {
    .name = STR("deflate"),
    .open = deflate_open,
    .close = inflater_close,
    .reset = inflater_reset,
    .decode = inflater_decode,
    .encode = zlib_encode,
};
