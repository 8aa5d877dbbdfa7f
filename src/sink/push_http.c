/*
 * HTTP for deliveries: clients of our own engine, with a recorder that nobody reads, and what an
 * answer means by the rules that most receivers share.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "client/client.h"
#include "client/client_policy.h"
#include "metric/recorder.h"
#include "proto/content.h"
#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/url.h"
#include "sink/push_priv.h"

enum {
    ANSWER_BYTES = 1 << 20, /* kept of an answer's body */
    OWN_SERIES = 1000,      /* of the recorder: nobody looks at them */
};

#define TIMEOUT_DEFAULT (30 * NS_PER_S)
#define RETRY_AFTER_MAX (300 * NS_PER_S) /* no receiver makes us wait for longer */

enum {
    VERIFYING,
    TRUSTING,
    N_TRUSTS
};

struct push_clients {
    struct metric_registry *registry;
    struct tag_pool *tags;
    struct recorder *recorder;
    struct {
        struct client_policy *policy;
        struct client_loop *loop;
    } kind[N_TRUSTS];
    uint64_t n_clients;
};

static int clients_open(struct push_clients *c, int trust)
{
    struct client_settings settings = {.user_agent = "brunt/" BRUNT_VERSION,
                                       .dns_ttl = 10 * NS_PER_S,
                                       .dns_select = "random",
                                       .dns_policy = "preferIPv4",
                                       .tls_insecure = trust == TRUSTING};

    TRY(client_policy_new(&settings, &c->kind[trust].policy));
    struct client_loop_config config = {.loop = loop_self(),
                                        .policy = c->kind[trust].policy,
                                        .recorder = c->recorder,
                                        .tags = c->tags};

    TRY(client_loop_new(&config, &c->kind[trust].loop));
    return 0;
}

int push_clients_new(struct push_clients **ret_clients)
{
    struct push_clients *c = xnew(struct push_clients);

    c->registry = metric_registry_new();
    c->tags = tag_pool_new();
    tag_pool_limit(c->tags, OWN_SERIES);
    struct recorder_config rec = {
        .registry = c->registry, .pool = c->tags, .max_series = OWN_SERIES};

    c->recorder = recorder_new(&rec);
    for (int trust = 0; trust < N_TRUSTS; trust++) {
        int r = clients_open(c, trust);

        if (r) {
            push_clients_free(c);
            return r;
        }
    }
    *ret_clients = c;
    return 0;
}

void push_clients_free(struct push_clients *c)
{
    if (!c)
        return;
    for (int trust = 0; trust < N_TRUSTS; trust++) {
        client_loop_free(c->kind[trust].loop);
        client_policy_free(c->kind[trust].policy);
    }
    recorder_free(c->recorder);
    tag_pool_free(c->tags);
    metric_registry_free(c->registry);
    free(c);
}

void push_wire_init(struct push_wire *w, struct loop *loop, struct push_clients *clients)
{
    *w = (struct push_wire){.loop = loop, .clients = clients};
}

void push_wire_fini(struct push_wire *w)
{
    http_response_unref(w->response);
    for (int trust = 0; trust < N_TRUSTS; trust++)
        client_free(w->client[trust]);
    *w = (struct push_wire){0};
}

struct loop *push_wire_loop(const struct push_wire *wire)
{
    return wire->loop;
}

static struct client *client_of(struct push_wire *w, int trust)
{
    if (!w->client[trust])
        w->client[trust] = client_new(w->clients->kind[trust].loop, w->clients->n_clients++);
    return w->client[trust];
}

/* ---- one exchange ---- */

/* Seconds, or a date (RFC 9110 §10.2.3); 0 for what is neither. */
static span_ns retry_after(struct str text)
{
    uint64_t seconds;
    int64_t date;
    span_ns wait = 0;

    if (str_u64(text, &seconds)) {
        wait = seconds > 3600 ? RETRY_AFTER_MAX : (span_ns)seconds * NS_PER_S;
    } else if (text.n && cookie_date_parse(text, &date)) {
        wait = date * NS_PER_S - clock_wall();
    }
    return wait < 0 ? 0 : wait > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : wait;
}

static void take_answer(struct push_wire *w, const struct url *url, struct push_answer *ret)
{
    const struct http_response *r = w->response;
    size_t n = r->body.n < ANSWER_BYTES ? r->body.n : ANSWER_BYTES;

    ret->status = r->status;
    ret->headers = r->headers;
    ret->n_headers = r->n_headers;
    ret->retry_after = retry_after(http_header_get(r->headers, r->n_headers, STR("retry-after")));
    buf_put(&ret->body, r->body.p, n);
    if (r->status == 0 || r->error.n)
        snprintf(ret->error, sizeof(ret->error), "%.*s: %.*s", STR_ARG(url->host_port),
                 STR_ARG(r->error));
}

static void exchange(struct push_wire *w, const struct push_http *p,
                     const struct http_request *request, struct push_answer *ret)
{
    http_response_unref(w->response);
    w->response = NULL;
    if (client_request(client_of(w, p->insecure ? TRUSTING : VERIFYING), request, &w->response)) {
        snprintf(ret->error, sizeof(ret->error), "interrupted");
    } else {
        take_answer(w, request->url, ret);
    }
}

void push_http(struct push_wire *wire, const struct push_http *request,
               struct push_answer *ret_answer)
{
    scoped(freep) struct http_header *headers = xnew_n(struct http_header, request->n_headers + 1);
    struct buf packed = {0};
    struct url *url;
    struct http_request r = {
        .method = request->method.n ? request->method : STR("POST"),
        .headers = headers,
        .n_headers = request->n_headers,
        .body = request->body,
        .has_body = request->body.n || !request->method.n,
        .body_mode = HTTP_BODY_KEEP,
        .lean = true,
        .timeout = request->timeout ? request->timeout : TIMEOUT_DEFAULT,
    };

    *ret_answer = (struct push_answer){0};
    if (request->n_headers)
        memcpy(headers, request->headers, request->n_headers * sizeof(*headers));
    if (request->gzip && content_encode(CONTENT_GZIP, request->body, &packed) == 0) {
        headers[r.n_headers++] = (struct http_header){STR("Content-Encoding"), STR("gzip")};
        r.body = buf_str(&packed);
    }
    if (url_parse(str_of(request->url), NULL, &url) == 0) {
        r.url = url;
        exchange(wire, request, &r, ret_answer);
        url_unref(url);
    } else {
        snprintf(ret_answer->error, sizeof(ret_answer->error), "%s", fault_text());
    }
    buf_fini(&packed);
}

/* ---- what it means ---- */

void push_result_set(struct push_result *r, enum push_outcome outcome, const char *fmt, ...)
{
    va_list args;

    r->outcome = outcome;
    va_start(args, fmt);
    vsnprintf(r->reason, sizeof(r->reason), fmt, args);
    va_end(args);
}

/* Whether a byte can be shown: no control character, not the start of an escape. */
static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != 0x7f;
}

void push_said(const struct push_answer *answer, struct buf *out, size_t max)
{
    struct str rest = str_trim(buf_str(&answer->body));
    struct str line = {0};

    ignored(str_split(&rest, '\n', &line));
    size_t n = line.n < max ? line.n : max;

    while (n < line.n && n && ((unsigned char)line.p[n] & 0xc0) == 0x80)
        n--; /* not in the middle of a character */
    for (size_t i = 0; i < n; i++) {
        if (is_plain(line.p[i]))
            buf_putc(out, line.p[i]);
    }
}

static enum push_outcome outcome_of(int status)
{
    static const struct {
        int status;
        enum push_outcome outcome;
    } special[] = {
        {401, PUSH_BLOCKED}, {402, PUSH_BLOCKED}, {403, PUSH_BLOCKED}, {404, PUSH_BLOCKED},
        {405, PUSH_BLOCKED}, {407, PUSH_BLOCKED}, {408, PUSH_RETRY},   {410, PUSH_BLOCKED},
        {413, PUSH_SPLIT},   {425, PUSH_RETRY},   {429, PUSH_RETRY},
    };

    for (size_t i = 0; i < countof(special); i++) {
        if (special[i].status == status)
            return special[i].outcome;
    }
    if (status == 0 || status >= 500)
        return PUSH_RETRY;
    if (status >= 200 && status < 300)
        return PUSH_DONE;
    return status >= 400 ? PUSH_REFUSED : PUSH_BLOCKED; /* 1xx and redirects: a wrong address */
}

void push_http_judge(const struct push_answer *answer, struct push_result *ret_result)
{
    struct buf said = {0};

    *ret_result = (struct push_result){.outcome = outcome_of(answer->status),
                                       .retry_after = answer->retry_after};
    if (ret_result->outcome == PUSH_DONE)
        return;
    push_said(answer, &said, 200);
    if (answer->status == 0) {
        push_result_set(ret_result, ret_result->outcome, "%s", answer->error);
    } else {
        push_result_set(ret_result, ret_result->outcome, "status %d %s%s%.*s", answer->status,
                        http_reason(answer->status), said.len ? ": " : "", STR_ARG(buf_str(&said)));
    }
    buf_fini(&said);
}
