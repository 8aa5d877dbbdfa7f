/* http://www.softwareishard.com/blog/har-12-spec/ : fields in its order, required ones always. */
#include "report/har.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/base64.h"
#include "base/json_out.h"
#include "metric/exchange.h"
#include "report/report.h"

static void put_text(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

/* Unless there is nothing to say. */
static void put_some(struct json_out *j, const char *key, struct str value)
{
    if (value.n)
        put_text(j, key, value);
}

static void put_int(struct json_out *j, const char *key, int64_t value)
{
    json_key(j, key);
    json_put_int(j, value);
}

/* Milliseconds to the microsecond; -1 for what does not apply. */
static void put_ms(struct json_out *j, const char *key, span_ns span)
{
    int64_t us = span / NS_PER_US;

    json_key(j, key);
    json_put_f64(j, span < 0 ? -1 : (double)us / 1e3);
}

static void put_instant(struct json_out *j, const char *key, wall_ns at)
{
    scoped(buf_fini) struct buf text = {0};

    report_put_time(at, REPORT_TIME_MACHINES, &text);
    buf_printf(&text, ".%03dZ", (int)(at % NS_PER_S / NS_PER_MS));
    json_key(j, key);
    json_put_str(j, buf_str(&text));
}

static void put_pair(struct json_out *j, struct str name, struct str value)
{
    json_open_object(j);
    put_text(j, "name", name);
    put_text(j, "value", value);
    json_close(j);
}

static void put_headers(struct json_out *j, const struct exchange_header *headers, size_t n)
{
    json_key(j, "headers");
    json_open_array(j);
    for (size_t i = 0; i < n; i++)
        put_pair(j, headers[i].name, headers[i].value);
    json_close(j);
}

static void put_cookie(struct json_out *j, struct str pair)
{
    size_t eq = str_find(pair, '=');

    put_pair(j, str_trim(str_from(pair.p, eq)), str_trim(str_from_index(pair, eq + 1)));
}

/* All pairs of Cookie headers, or the first one of each Set-Cookie. */
static void put_cookies(struct json_out *j, const struct exchange_header *headers, size_t n,
                        struct str header)
{
    bool only_first = header.n > 6;

    json_key(j, "cookies");
    json_open_array(j);
    for (size_t i = 0; i < n; i++) {
        struct str rest = headers[i].value, pair;

        if (!str_eq_nocase(headers[i].name, header))
            continue;
        while (str_split(&rest, ';', &pair)) {
            put_cookie(j, pair);
            if (only_first)
                break;
        }
    }
    json_close(j);
}

/* As it stands in the URL: nothing is decoded. */
static void put_query(struct json_out *j, struct str url)
{
    struct str rest = str_from_index(url, str_find(url, '?') + 1), pair;

    json_key(j, "queryString");
    json_open_array(j);
    rest.n = str_find(rest, '#');
    while (rest.n && str_split(&rest, '&', &pair)) {
        size_t eq = str_find(pair, '=');

        put_pair(j, str_from(pair.p, eq), str_from_index(pair, eq + 1));
    }
    json_close(j);
}

/* ---- bodies ---- */

static const char *comment_of(const struct exchange_body *body)
{
    switch (body->state) {
    case EXCHANGE_BODY_CUT:
        return "cut: only its beginning was kept";
    case EXCHANGE_BODY_DISCARDED:
        return "discarded: the test asked not to keep bodies";
    case EXCHANGE_BODY_UNREADABLE:
        return "not shown: it is in a content coding that could not be undone";
    case EXCHANGE_BODY_NONE:
    case EXCHANGE_BODY_KEPT:
        break;
    }
    return NULL;
}

static void put_base64(struct json_out *j, struct str data)
{
    struct buf text = {0};

    ignored(base64_encode(BASE64_STD, data, &text));
    put_text(j, "text", buf_str(&text));
    buf_fini(&text);
}

/* `text`, with `encoding` where it is no text, and what else is to be said. */
static void put_body(struct json_out *j, const struct exchange_body *body)
{
    if (body->data.n && body->is_text) {
        put_text(j, "text", body->data);
    } else if (body->data.n) {
        put_base64(j, body->data);
        put_text(j, "encoding", STR("base64"));
    }
    if (comment_of(body)) {
        json_key(j, "comment");
        json_put_cstr(j, comment_of(body));
    }
}

static void put_post_data(struct json_out *j, const struct exchange_body *body)
{
    if (body->state == EXCHANGE_BODY_NONE)
        return;
    json_key(j, "postData");
    json_open_object(j);
    put_text(j, "mimeType", body->type);
    json_key(j, "params");
    json_open_array(j);
    json_close(j);
    if (!body->data.n)
        put_text(j, "text", STR(""));
    put_body(j, body);
    json_close(j);
}

static void put_content(struct json_out *j, const struct exchange_body *body)
{
    json_key(j, "content");
    json_open_object(j);
    put_int(j, "size", body->size);
    put_text(j, "mimeType", body->type);
    put_body(j, body);
    json_close(j);
}

/* ---- the parts of an entry ---- */

static struct str header_of(const struct exchange_header *headers, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(headers[i].name, name))
            return headers[i].value;
    }
    return STR("");
}

static void put_request(struct json_out *j, const struct exchange *x)
{
    const struct exchange_body *body = &x->request_body;

    json_key(j, "request");
    json_open_object(j);
    put_text(j, "method", x->method);
    put_text(j, "url", x->url);
    put_text(j, "httpVersion", x->request_version);
    put_cookies(j, x->request_headers, x->n_request_headers, STR("cookie"));
    put_headers(j, x->request_headers, x->n_request_headers);
    put_query(j, x->url);
    put_post_data(j, body);
    put_int(j, "headersSize", -1);
    put_int(j, "bodySize", body->state == EXCHANGE_BODY_NONE ? 0 : body->size);
    json_close(j);
}

static void put_response(struct json_out *j, const struct exchange *x)
{
    const struct exchange_body *body = &x->response_body;

    json_key(j, "response");
    json_open_object(j);
    put_int(j, "status", x->status ? x->status : x->partial_status);
    put_text(j, "statusText", x->reason);
    put_text(j, "httpVersion", x->response_version);
    put_cookies(j, x->response_headers, x->n_response_headers, STR("set-cookie"));
    put_headers(j, x->response_headers, x->n_response_headers);
    put_content(j, body);
    put_text(j, "redirectURL",
             header_of(x->response_headers, x->n_response_headers, STR("location")));
    put_int(j, "headersSize", -1);
    put_int(j, "bodySize", body->is_decoded ? -1 : body->size);
    put_some(j, "_error", x->error);
    json_close(j);
}

static span_ns some(span_ns span)
{
    return span > 0 ? span : 0;
}

/* The sum of the parts that apply; ssl is part of connect. */
static span_ns total(const struct exchange_timings *t)
{
    return some(t->blocked) + some(t->dns) + some(t->connect) + some(t->send) + some(t->wait) +
           some(t->receive);
}

static void put_timings(struct json_out *j, const struct exchange_timings *t)
{
    json_key(j, "timings");
    json_open_object(j);
    put_ms(j, "blocked", t->blocked);
    put_ms(j, "dns", t->dns);
    put_ms(j, "connect", t->connect);
    put_ms(j, "send", t->send);
    put_ms(j, "wait", t->wait);
    put_ms(j, "receive", t->receive);
    put_ms(j, "ssl", t->ssl);
    json_close(j);
}

/* Where in the test it was, and what became of it. */
static void put_ours(struct json_out *j, const struct exchange *x)
{
    put_some(j, "_name", x->name);
    put_some(j, "_scenario", x->scenario);
    put_some(j, "_group", x->group);
    if (x->name.n) {
        put_text(j, "_kind", x->kind == EXCHANGE_FAILED ? STR("failed") : STR("slow"));
        put_int(j, "_vu", (int64_t)x->vu);
        put_int(j, "_iteration", x->iteration);
    }
    if (x->error_code)
        put_int(j, "_error_code", x->error_code);
    put_some(j, "_error", x->error);
    put_some(j, "_tls", x->tls);
    json_key(j, "_connection_reused");
    json_put_bool(j, x->reused);
}

static void put_connection(struct json_out *j, const struct exchange *x)
{
    char port[12];

    put_some(j, "serverIPAddress", x->server_ip);
    if (!x->client_port)
        return;
    snprintf(port, sizeof(port), "%u", (unsigned)x->client_port);
    put_text(j, "connection", str_of(port));
}

static void put_entry(struct json_out *j, const struct exchange *x)
{
    put_instant(j, "startedDateTime", x->began_wall);
    put_ms(j, "time", total(&x->timings));
    put_request(j, x);
    put_response(j, x);
    json_key(j, "cache");
    json_open_object(j);
    json_close(j);
    put_timings(j, &x->timings);
    put_connection(j, x);
    put_ours(j, x);
}

static void put_alone(const struct exchange *x, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    json_open_object(&j);
    put_entry(&j, x);
    json_close(&j);
}

enum {
    BEFORE_MAX = 64 /* more legs than any journey remembers */
};

void har_entry(const struct exchange *x, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);
    struct buf before = {0};

    if (x->before)
        har_entries(x->before, &before);
    json_open_object(&j);
    put_entry(&j, x);
    if (before.len) {
        json_key(&j, "_before");
        json_open_array(&j);
        json_put_raw(&j, buf_str(&before));
        json_close(&j);
    }
    json_close(&j);
    buf_fini(&before);
}

void har_entries(const struct exchange *x, struct buf *out)
{
    const struct exchange *all[BEFORE_MAX];
    size_t n = 0;

    for (; x && n < BEFORE_MAX; x = x->before)
        all[n++] = x;
    while (n) {
        put_alone(all[--n], out);
        if (n)
            buf_putc(out, ',');
    }
}

/* ---- files ---- */

void har_begin(struct har *har, struct buf *out)
{
    *har = (struct har){.out = out};
    buf_puts(out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"brunt\",\"version\":");
    json_quote(out, str_of(BRUNT_VERSION));
    buf_puts(out, "},\"pages\":[],\"entries\":[");
}

void har_put(struct har *har, struct str entries)
{
    if (!entries.n)
        return;
    buf_puts(har->out, har->n++ ? ",\n" : "\n");
    buf_putstr(har->out, entries);
}

void har_end(struct har *har, struct str comment)
{
    buf_puts(har->out, har->n ? "\n]" : "]");
    if (comment.n) {
        buf_puts(har->out, ",\"comment\":");
        json_quote(har->out, comment);
    }
    buf_puts(har->out, "}}\n");
}
