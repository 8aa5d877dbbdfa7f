/* httpbin's statuses, redirects, cookies, and answers of a given duration or size. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "proto/http1/http1_encode.h"
#include "target/target_priv.h"

enum {
    REDIRECTS_MAX = 100,
    DELAY_MAX_S = 60,
    BYTES_MAX = 64 << 20,
    STREAM_LINES_MAX = 100,
    PIECE_BYTES = 10 << 10,
};

/* ---- statuses ---- */

/* "200,503:0.1": codes with weights, one of which is drawn. Returns 0 when it is none. */
static int draw_status(struct exchange *x, struct str list)
{
    double u = 0, total = 0;
    int drawn = 0;
    struct str one;

    while (str_split(&list, ',', &one)) {
        size_t colon = str_find(one, ':');
        double weight = 1;
        uint64_t code;

        if (!str_u64(str_from(one.p, colon), &code) || code < 200 || code > 599)
            return 0;
        if (colon < one.n &&
            (!str_f64(str_from_index(one, colon + 1), &weight) || !(weight > 0) || isinf(weight)))
            return 0;
        /* One pass: each takes over with the probability of its share of what was seen so far. */
        total += weight;
        u = rng_unit(&x->worker->rng);
        if (u * total < weight)
            drawn = (int)code;
    }
    return drawn;
}

void bin_status(struct exchange *x)
{
    int status = draw_status(x, exchange_param(x, 0));

    if (!status) {
        answer_error(x, 400, "Invalid status code");
        return;
    }
    x->status = status;
    if (status >= 301 && status <= 308 && status != 304 && status != 306)
        answer_header(x, "Location", STR("/redirect/1"));
    if (status == 401)
        answer_header(x, "WWW-Authenticate", STR("Basic realm=\"Fake Realm\""));
    if (status == 407)
        answer_header(x, "Proxy-Authenticate", STR("Basic realm=\"Fake Realm\""));
    answer_type(x, "text/html; charset=utf-8");
    if (status == 418)
        buf_puts(&x->out, "I'm a teapot\n");
}

/* ---- redirects ---- */

static void redirect_on(struct exchange *x, const char *prefix, const char *path)
{
    uint64_t n = exchange_param_u64(x, 0, 0, REDIRECTS_MAX);

    if (n == 0) {
        answer_error(x, 400, "The number of redirects must be from 1 to 100");
        return;
    }
    const char *location = n == 1
                               ? arena_printf(&x->arena, "%s/get", prefix)
                               : arena_printf(&x->arena, "%s%s/%u", prefix, path, (unsigned)n - 1);

    answer_redirect(x, 302, str_of(location));
}

void bin_redirect(struct exchange *x)
{
    redirect_on(x, "", "/relative-redirect");
}

void bin_absolute_redirect(struct exchange *x)
{
    redirect_on(x, arena_str(&x->arena, exchange_origin(x)).p, "/absolute-redirect");
}

void bin_redirect_to(struct exchange *x)
{
    struct str url = exchange_arg(x, "url");
    int status = (int)exchange_arg_u64(x, "status_code", 302, 399);

    if (!http1_is_value(url) || !url.n) {
        answer_error(x, 400, "url is needed");
        return;
    }
    answer_redirect(x, status < 300 ? 302 : status, url);
}

/* ---- cookies ---- */

void bin_cookies(struct exchange *x)
{
    struct json_out j = answer_json(x);
    struct str rest = exchange_header(x, "Cookie"), one;

    json_open_object(&j);
    json_key(&j, "cookies");
    json_open_object(&j);
    while (str_split(&rest, ';', &one)) {
        struct str text = str_trim(one);
        size_t equals = str_find(text, '=');

        if (!text.n)
            continue;
        json_key_str(&j, str_from(text.p, equals));
        json_put_str(&j, str_from_index(text, equals + 1));
    }
    json_close(&j);
    json_close(&j);
}

static void set_cookie(struct exchange *x, struct str name, struct str value, const char *more)
{
    bool is_good = http1_is_token(name) && http1_is_value(value) && str_find(value, ';') == value.n;

    if (!is_good || x->n_headers == EXCHANGE_HEADERS_MAX)
        return;
    answer_header(x, "Set-Cookie",
                  str_of(arena_printf(&x->arena, "%.*s=%.*s; Path=/%s", STR_ARG(name),
                                      STR_ARG(value), more)));
}

void bin_cookies_set(struct exchange *x)
{
    struct str rest = x->query, name, value;

    answer_redirect(x, 302, STR("/cookies"));
    while (exchange_next_pair(x, &rest, &name, &value))
        set_cookie(x, name, value, "");
}

void bin_cookies_set_one(struct exchange *x)
{
    answer_redirect(x, 302, STR("/cookies"));
    set_cookie(x, exchange_param(x, 0), exchange_param(x, 1), "");
}

void bin_cookies_delete(struct exchange *x)
{
    struct str rest = x->query, name, value;

    answer_redirect(x, 302, STR("/cookies"));
    while (exchange_next_pair(x, &rest, &name, &value))
        set_cookie(x, name, STR(""), "; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0");
}

/* ---- time ---- */

void bin_delay(struct exchange *x)
{
    double seconds;

    if (!str_f64(exchange_param(x, 0), &seconds) || !(seconds >= 0)) {
        answer_error(x, 400, "The delay is a number of seconds");
        return;
    }
    if (seconds > DELAY_MAX_S)
        seconds = DELAY_MAX_S;
    if (exchange_sleep(x, (span_ns)(seconds * (double)NS_PER_S)))
        bin_anything(x);
}

/* ?duration=2&numbytes=10&code=200&delay=2: bytes evenly over a time. */
void bin_drip(struct exchange *x)
{
    uint64_t n = exchange_arg_u64(x, "numbytes", 10, 10 << 20);
    uint64_t ms = 1000 * exchange_arg_u64(x, "duration", 2, DELAY_MAX_S);
    uint64_t code = exchange_arg_u64(x, "code", 200, 599);

    x->status = code < 200 ? 200 : (int)code;
    answer_type(x, "application/octet-stream");
    if (!exchange_sleep(x, NS_PER_S * (span_ns)exchange_arg_u64(x, "delay", 0, DELAY_MAX_S)))
        return;
    if (!answer_start(x, (int64_t)n))
        return;
    for (uint64_t i = 0; i < n; i++) {
        if (!answer_piece(x, "*", 1))
            return;
        if (ms && !exchange_sleep(x, (span_ns)(ms * 1000000 / n)))
            return;
    }
}

/* ---- size ---- */

/* Random bytes: the same ones for the same ?seed=. */
static void fill(struct rng *r, char *at, size_t n)
{
    while (n) {
        uint64_t word = rng_u64(r);
        size_t part = n < sizeof(word) ? n : sizeof(word);

        memcpy(at, &word, part);
        at += part;
        n -= part;
    }
}

static struct rng bytes_of(struct exchange *x)
{
    struct rng r;

    rng_seed(&r, exchange_arg_u64(x, "seed", rng_u64(&x->worker->rng), UINT64_MAX));
    return r;
}

void bin_bytes(struct exchange *x)
{
    uint64_t left = exchange_param_u64(x, 0, 0, BYTES_MAX);
    struct rng r = bytes_of(x);
    char *piece = arena_alloc(&x->arena, PIECE_BYTES);

    answer_type(x, "application/octet-stream");
    if (!answer_start(x, (int64_t)left))
        return;
    while (left) {
        size_t n = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;

        fill(&r, piece, n);
        if (!answer_piece(x, piece, n))
            return;
        left -= n;
    }
}

/* Chunks need HTTP/1.1; an older client gets the bytes and the end of the connection. */
static bool start_stream(struct exchange *x)
{
    return answer_start(x, HTTP1_CHUNKED);
}

void bin_stream_bytes(struct exchange *x)
{
    uint64_t left = exchange_param_u64(x, 0, 0, BYTES_MAX);
    size_t size = (size_t)exchange_arg_u64(x, "chunk_size", PIECE_BYTES, 1 << 20);
    struct rng r = bytes_of(x);

    size = size ? size : 1;
    char *piece = arena_alloc(&x->arena, size);

    answer_type(x, "application/octet-stream");
    if (!start_stream(x))
        return;
    while (left) {
        size_t n = left < size ? (size_t)left : size;

        fill(&r, piece, n);
        if (!answer_chunk(x, str_from(piece, n)))
            return;
        left -= n;
    }
    answer_last_chunk(x);
}

void bin_stream(struct exchange *x)
{
    uint64_t n = exchange_param_u64(x, 0, 1, STREAM_LINES_MAX);

    answer_type(x, "application/json");
    if (!start_stream(x))
        return;
    for (uint64_t i = 0; i < n; i++) {
        scoped(buf_fini) struct buf line = {0};
        struct json_out j = JSON_OUT(&line, 0);

        json_open_object(&j);
        json_key(&j, "id");
        json_put_u64(&j, i);
        bin_put_args(x, &j);
        bin_put_headers(x, &j);
        json_key(&j, "url");
        json_put_cstr(
            &j, arena_printf(&x->arena, "%.*s%.*s", STR_ARG(exchange_origin(x)), STR_ARG(x->path)));
        json_close(&j);
        buf_putc(&line, '\n');
        if (!answer_chunk(x, buf_str(&line)))
            return;
    }
    answer_last_chunk(x);
}
