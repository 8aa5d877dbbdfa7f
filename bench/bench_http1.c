/*
 * What a request costs in the HTTP/1.x codecs, in ns: reading a response whose head has about 200
 * bytes, with its head and body kept in the storage of a response; writing a request that repeats
 * the one before, and one that does not.
 */
#include <stdio.h>

#include "base/clock.h"
#include "proto/http1/http1.h"
#include "proto/http1/http1_encode.h"
#include "proto/url.h"

enum {
    REPEATS = 2000000,
};

static volatile size_t sink;

static const char response[] =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.22.1\r\n"
    "Date: Sat, 21 Nov 2026 02:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 69\r\n"
    "Last-Modified: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
    "Connection: keep-alive\r\n"
    "\r\n"
    "{\"id\":1,\"name\":\"a name of some length\",\"ok\":true,\"n\":[1,2,3,4,5,6,7]}";

static void report(const char *what, mono_ns start)
{
    printf("%-44s %8.1f ns\n", what, (double)(clock_mono() - start) / REPEATS);
}

static void bench_response(void)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http1_response p = {0};
    mono_ns start = clock_mono();

    for (size_t i = 0; i < REPEATS; i++) {
        struct http_response *r = http_response_new(pool);
        struct str in = str_from(response, sizeof(response) - 1);
        struct str span = {0};
        enum http1_event e;

        http1_response_start(&p, http_response_head(r), HTTP1_EXPECT_BODY);
        while ((e = http1_response_next(&p, &in, &span)) != HTTP1_END && e != HTTP1_ERROR)
            if (e == HTTP1_BODY)
                buf_put(http_response_body(r), span.p, span.n);
        sink += http_response_body(r)->len + http_response_head(r)->n_headers;
        http_response_unref(r);
    }
    report("response, 7 headers, body kept", start);
    http1_response_fini(&p);
    http_response_pool_free(pool);
}

static void bench_request(void)
{
    static const struct http_header headers[] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("X-Request-Id"), STR("0123456789abcdef")},
    };
    struct http1_encoder e = {0};
    struct buf out = {0};
    struct url *u = NULL;

    if (url_parse(STR("http://127.0.0.1:8080/api/items?page=1"), NULL, &u))
        return;
    struct http1_request_spec spec = {.url = u,
                                      .headers = headers,
                                      .n_headers = countof(headers),
                                      .user_agent = STR("brunt"),
                                      .n_body = HTTP1_NO_BODY};
    mono_ns start = clock_mono();

    for (size_t i = 0; i < REPEATS; i++) {
        buf_reset(&out);
        ignored(http1_encode_request(&e, &spec, &out));
        sink += out.len;
    }
    report("request, as the one before", start);
    start = clock_mono();
    for (size_t i = 0; i < REPEATS; i++) {
        buf_reset(&out);
        spec.n_headers = 1 + i % 2;
        ignored(http1_encode_request(&e, &spec, &out));
        sink += out.len;
    }
    report("request, another", start);
    http1_encoder_fini(&e);
    buf_fini(&out);
    url_unref(u);
}

static void bench_url(void)
{
    mono_ns start = clock_mono();

    for (size_t i = 0; i < REPEATS; i++) {
        struct url *u = NULL;

        ignored(url_parse(STR("http://127.0.0.1:8080/api/items?page=1"), NULL, &u));
        sink += u->target.n;
        url_unref(u);
    }
    report("URL parsed", start);
}

int main(void)
{
    bench_response();
    bench_request();
    bench_url();
    return 0;
}
