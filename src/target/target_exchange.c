/* Reading a request's parts and putting an answer together; used by every handler. */
#include <assert.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "loop/wheel.h"
#include "net/stream.h"
#include "proto/form.h"
#include "proto/http1/http1.h"
#include "proto/http1/http1_encode.h"
#include "target/target_priv.h"

wall_ns worker_wall(struct target_worker *w)
{
    mono_ns now = loop_now(w->loop);

    if (now - w->offset_at > NS_PER_S) {
        w->wall_offset = clock_wall() - now;
        w->offset_at = now;
    }
    return now + w->wall_offset;
}

struct str exchange_header(const struct exchange *x, const char *name)
{
    const struct http_head *head = x->request->msg.head;

    return http_header_get(head->headers, head->n_headers, str_of(name));
}

typedef int(decode_fn)(struct buf *out, struct str s);

static struct str decoded(struct exchange *x, decode_fn *decode, struct str raw)
{
    scoped(buf_fini) struct buf text = {0};

    ignored(decode(&text, raw));
    return arena_str(&x->arena, buf_str(&text));
}

struct str exchange_param(struct exchange *x, size_t index)
{
    return decoded(x, percent_decode, x->params[index]);
}

static uint64_t number_or(struct str text, uint64_t fallback, uint64_t max)
{
    uint64_t n;

    if (!text.p || !str_u64(text, &n))
        return fallback;
    return n < max ? n : max;
}

uint64_t exchange_param_u64(struct exchange *x, size_t index, uint64_t fallback, uint64_t max)
{
    return number_or(x->params[index], fallback, max);
}

uint64_t exchange_arg_u64(struct exchange *x, const char *name, uint64_t fallback, uint64_t max)
{
    return number_or(exchange_arg(x, name), fallback, max);
}

bool exchange_next_pair(struct exchange *x, struct str *rest, struct str *ret_name,
                        struct str *ret_value)
{
    struct str pair = {0};

    while (!pair.n) {
        if (!str_split(rest, '&', &pair))
            return false;
    }
    size_t equals = str_find(pair, '=');

    *ret_name = decoded(x, form_unescape, str_from(pair.p, equals));
    *ret_value = decoded(x, form_unescape, str_from_index(pair, equals + 1));
    return true;
}

struct str exchange_arg(struct exchange *x, const char *name)
{
    struct str rest = x->query, key, value;

    while (exchange_next_pair(x, &rest, &key, &value)) {
        if (str_is(key, name))
            return value;
    }
    return (struct str){0};
}

struct str exchange_origin(struct exchange *x)
{
    struct str host = x->request->host;
    const char *scheme = x->worker->target->tls ? "https" : "http";

    if (!host.n)
        return str_of(x->worker->target->url);
    return str_of(arena_printf(&x->arena, "%s://%.*s", scheme, STR_ARG(host)));
}

bool exchange_sleep(struct exchange *x, span_ns span)
{
    if (coro_sleep_until(loop_now(x->worker->loop) + span) == 0)
        return true;
    x->fate = FATE_CLOSE;
    return false;
}

bool exchange_work(struct exchange *x, double ms)
{
    return exchange_sleep(x, (span_ns)(ms * NS_PER_MS * x->worker->target->options.slowness));
}

struct rng exchange_draw(struct exchange *x, enum draw_kind kind)
{
    struct target *t = x->worker->target;
    uint64_t n = atomic_fetch_add_explicit(&t->n_draws[kind], 1, memory_order_relaxed);
    struct rng r;

    rng_seed_nth(&r, t->seed + kind, n);
    return r;
}

bool draw_percent(struct rng *r, uint64_t percent)
{
    return rng_below(r, 100) < percent;
}

void answer_header(struct exchange *x, const char *name, struct str value)
{
    assert(x->n_headers < EXCHANGE_HEADERS_MAX);
    x->headers[x->n_headers++] = (struct http_header){str_of(name), value};
}

void answer_type(struct exchange *x, const char *type)
{
    answer_header(x, "Content-Type", str_of(type));
    x->has_own_type = true;
}

struct json_out answer_json(struct exchange *x)
{
    if (!x->has_own_type)
        answer_type(x, "application/json");
    return JSON_OUT(&x->out, 0);
}

void answer_error(struct exchange *x, int status, const char *text)
{
    struct json_out j = answer_json(x);

    x->status = status;
    json_open_object(&j);
    json_key(&j, "error");
    json_put_cstr(&j, text);
    json_close(&j);
}

void answer_redirect(struct exchange *x, int status, struct str location)
{
    x->status = status;
    answer_header(x, "Location", location);
}

/* Whether this answer may have a body at all (RFC 9110 §6.4.1). */
static bool may_have_body(const struct exchange *x)
{
    return x->status >= 200 && x->status != 204 && x->status != 304;
}

bool answer_start(struct exchange *x, int64_t n_body)
{
    scoped(buf_fini) struct buf head = {0};
    struct http_header headers[EXCHANGE_HEADERS_MAX + 2];
    char date[29];
    size_t n = 0;

    http_date(date, worker_wall(x->worker) / NS_PER_S);
    headers[n++] = (struct http_header){STR("Server"), STR("brunt")};
    headers[n++] = (struct http_header){STR("Date"), str_from(date, sizeof(date))};
    for (size_t i = 0; i < x->n_headers; i++)
        headers[n++] = x->headers[i];
    struct http1_response_spec spec = {
        .status = x->status,
        .reason = x->reason,
        .version = x->request->msg.version,
        .headers = headers,
        .n_headers = n,
        .n_body = may_have_body(x) ? n_body : HTTP1_NO_BODY,
        .keep_alive = x->fate == FATE_KEEP,
    };

    x->is_sent = true;
    if (http1_encode_response(&spec, &head))
        return false;
    return answer_raw(x, head.data, head.len);
}

bool answer_piece(struct exchange *x, const void *data, size_t n)
{
    if (str_is(x->request->method, "HEAD") || !may_have_body(x))
        return true;
    return answer_raw(x, data, n);
}

bool answer_raw(struct exchange *x, const void *data, size_t n)
{
    enum {
        QUEUE_BYTES = 64 << 10 /* more than this waits for the client to read */
    };
    bool is_large = n + stream_unsent(x->stream) > QUEUE_BYTES;
    int r = is_large ? stream_send_wait(x->stream, data, n, MONO_NEVER)
                     : stream_send(x->stream, data, n);

    x->is_sent = true;
    if (r == 0)
        return true;
    x->fate = FATE_RESET;
    return false;
}

bool answer_chunk(struct exchange *x, struct str data)
{
    scoped(buf_fini) struct buf chunk = {0};

    return http1_put_chunk(&chunk, data) == 0 && answer_piece(x, chunk.data, chunk.len);
}

void answer_last_chunk(struct exchange *x)
{
    scoped(buf_fini) struct buf chunk = {0};

    if (http1_put_last_chunk(&chunk) == 0)
        ignored((int)answer_piece(x, chunk.data, chunk.len));
}
