/*
 * The stack of codings of one body. Each piece of input goes through all stages in one call; what
 * one stage gives is gathered in its buffer before the next sees it, which keeps every stage a
 * plain loop. Output is counted at each stage, so no stage can fill the memory by itself.
 */
#include "proto/content.h"

#include <stdio.h>

#include "base/mem.h"
#include "proto/content_priv.h"

enum {
    STEP_BYTES = 16 << 10,     /* least room offered to a decoder at a time */
    STEP_MAX_BYTES = 64 << 10, /* most: limits are looked at in between */
    MAX_BYTES_DEFAULT = 64 << 20,
    MAX_RATIO_DEFAULT = 100,
};

static const struct coding *const codings[N_CONTENT_CODINGS] = {
    [CONTENT_GZIP] = &coding_gzip,
    [CONTENT_DEFLATE] = &coding_deflate,
    [CONTENT_BR] = &coding_br,
    [CONTENT_ZSTD] = &coding_zstd,
};

struct stage {
    const struct coding *coding;
    void *self;
    bool begun; /* a stream is open */
    bool ended; /* the last stream was whole */
    uint64_t n_out;
    struct buf out; /* of a stage that is not the last */
};

struct content_decoder {
    struct stage stages[CONTENT_MAX_STACK];
    size_t n_stages;
    struct content_limits limits;
    uint64_t n_in;
    int failed; /* the condition, for good */
    char words[CODING_WORDS_BYTES];
    char error[CODING_WORDS_BYTES + 64];
};

struct str content_coding_name(enum content_coding coding)
{
    return codings[coding]->name;
}

bool content_coding_find(struct str name, enum content_coding *ret_coding)
{
    if (str_eq_nocase(name, STR("x-gzip")))
        name = STR("gzip");
    for (size_t i = 0; i < N_CONTENT_CODINGS; i++) {
        if (str_eq_nocase(name, codings[i]->name)) {
            *ret_coding = (enum content_coding)i;
            return true;
        }
    }
    return false;
}

static int fail(struct content_decoder *d, int condition, const char *words)
{
    snprintf(d->error, sizeof(d->error), "error decompressing response body (%s)", words);
    d->failed = condition;
    return condition;
}

/* The codings to undo, the last one first, as far as we know them. */
static size_t codings_of(struct str header, const struct coding **ret_codings, size_t cap)
{
    size_t n = 0;

    while (header.n) {
        const char *comma = memrchr(header.p, ',', header.n);
        size_t at = comma ? (size_t)(comma - header.p) : 0;
        struct str name = str_trim(str_from_index(header, at + (comma != NULL)));
        enum content_coding coding;

        header.n = at;
        if (!name.n || str_eq_nocase(name, STR("identity")))
            continue;
        if (!content_coding_find(name, &coding))
            break;
        if (n < cap)
            ret_codings[n] = codings[coding];
        n++;
    }
    return n;
}

static void set_limits(struct content_decoder *d, struct content_limits limits)
{
    d->limits.max_bytes = limits.max_bytes ? limits.max_bytes : MAX_BYTES_DEFAULT;
    d->limits.max_ratio = limits.max_ratio ? limits.max_ratio : MAX_RATIO_DEFAULT;
}

struct content_decoder *content_decoder_new(struct str content_encoding,
                                            struct content_limits limits)
{
    const struct coding *found[CONTENT_MAX_STACK];
    size_t n = codings_of(content_encoding, found, CONTENT_MAX_STACK);

    if (!n)
        return NULL;
    struct content_decoder *d = xnew(struct content_decoder);

    set_limits(d, limits);
    if (n > CONTENT_MAX_STACK) {
        ignored(fail(d, CONTENT_E_CORRUPT, "too many content codings"));
        return d;
    }
    for (; d->n_stages < n; d->n_stages++) {
        struct stage *s = &d->stages[d->n_stages];

        s->coding = found[d->n_stages];
        s->self = s->coding->open();
        s->out.limit = d->limits.max_bytes;
    }
    return d;
}

static bool same_codings(const struct content_decoder *d, struct str content_encoding)
{
    const struct coding *found[CONTENT_MAX_STACK];
    size_t n = codings_of(content_encoding, found, CONTENT_MAX_STACK);

    if (n != d->n_stages)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (found[i] != d->stages[i].coding)
            return false;
    }
    return true;
}

static void decoder_reset(struct content_decoder *d, struct content_limits limits)
{
    set_limits(d, limits);
    d->n_in = 0;
    d->failed = 0;
    d->error[0] = '\0';
    for (size_t i = 0; i < d->n_stages; i++) {
        struct stage *s = &d->stages[i];

        s->coding->reset(s->self);
        s->begun = s->ended = false;
        s->n_out = 0;
        buf_reset(&s->out);
        s->out.limit = d->limits.max_bytes;
    }
}

struct content_decoder *content_decoder_reuse(struct content_decoder *old,
                                              struct str content_encoding,
                                              struct content_limits limits)
{
    if (old && same_codings(old, content_encoding)) {
        decoder_reset(old, limits);
        return old;
    }
    content_decoder_free(old);
    return content_decoder_new(content_encoding, limits);
}

void content_decoder_free(struct content_decoder *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_stages; i++) {
        d->stages[i].coding->close(d->stages[i].self);
        buf_fini(&d->stages[i].out);
    }
    free(d);
}

const char *content_decoder_error(const struct content_decoder *d)
{
    return d->error;
}

static int check_limits(struct content_decoder *d, const struct stage *s)
{
    char words[CODING_WORDS_BYTES];

    if (s->n_out > d->limits.max_bytes) {
        snprintf(words, sizeof(words), "more than %llu bytes when decoded",
                 (unsigned long long)d->limits.max_bytes);
        return fail(d, CONTENT_E_LIMIT, words);
    }
    if (s->n_out > CONTENT_RATIO_FREE_BYTES && s->n_out / d->limits.max_ratio > d->n_in) {
        snprintf(words, sizeof(words), "more than %u times as large when decoded",
                 d->limits.max_ratio);
        return fail(d, CONTENT_E_LIMIT, words);
    }
    return 0;
}

/* A stream is over: another may follow for some codings, nothing for the others. */
static int stream_end(struct content_decoder *d, struct stage *s, struct str left)
{
    s->ended = true;
    s->begun = false;
    if (left.n && !s->coding->concatenates)
        return fail(d, CONTENT_E_CORRUPT, "data after the end of the stream");
    if (s->coding->concatenates)
        s->coding->reset(s->self);
    return 0;
}

/* One call of the decoder. *ret_more says whether to call again. */
static int stage_step(struct content_decoder *d, struct stage *s, struct str *in, struct buf *out,
                      bool *ret_more)
{
    size_t n_before = in->n;
    size_t n_done;

    if (buf_reserve(out, STEP_BYTES))
        return fail(d, CONTENT_E_LIMIT, "no room for the decoded body");
    /* A coding without successors has ended for good; anything more is an error. */
    if (s->ended && !s->coding->concatenates)
        return fail(d, CONTENT_E_CORRUPT, "data after the end of the stream");
    s->begun = true;
    size_t n_room = out->cap - out->len;

    if (n_room > STEP_MAX_BYTES)
        n_room = STEP_MAX_BYTES;
    enum coding_result r =
        s->coding->decode(s->self, in, out->data + out->len, n_room, &n_done, d->words);

    out->len += n_done;
    s->n_out += n_done;
    int limit = check_limits(d, s);

    if (limit)
        return limit;
    if (r == CODING_CORRUPT)
        return fail(d, CONTENT_E_CORRUPT, d->words);
    if (r == CODING_END && stream_end(d, s, *in))
        return d->failed;
    if (r != CODING_END && in->n && in->n == n_before && !n_done)
        return fail(d, CONTENT_E_CORRUPT, "the decoder makes no progress");
    *ret_more = r == CODING_FULL || in->n > 0;
    return 0;
}

static int stage_run(struct content_decoder *d, struct stage *s, struct str in, struct buf *out)
{
    bool more = in.n > 0;

    while (more) {
        int r = stage_step(d, s, &in, out, &more);

        if (r)
            return r;
    }
    return 0;
}

int content_decode(struct content_decoder *d, struct str in, struct buf *out)
{
    if (d->failed)
        return d->failed;
    d->n_in += in.n;
    for (size_t i = 0; i < d->n_stages; i++) {
        struct stage *s = &d->stages[i];
        bool last = i + 1 == d->n_stages;

        buf_reset(&s->out);
        int r = stage_run(d, s, in, last ? out : &s->out);

        if (r)
            return r;
        in = buf_str(&s->out);
    }
    return 0;
}

int content_decode_end(struct content_decoder *d)
{
    if (d->failed)
        return d->failed;
    if (!d->n_in)
        return 0;
    for (size_t i = 0; i < d->n_stages; i++) {
        if (d->stages[i].begun || !d->stages[i].ended)
            return fail(d, CONTENT_E_CORRUPT, "unexpected EOF");
    }
    return 0;
}

int content_encode(enum content_coding coding, struct str in, struct buf *out)
{
    return codings[coding]->encode(in, out);
}
