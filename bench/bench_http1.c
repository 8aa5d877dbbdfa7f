/*
 * What a request costs in the HTTP/1.x codecs, in ns: reading a response whose head has 100 or 200
 * bytes, with its head and body kept in the storage of a response; writing a request that repeats
 * the one before, and one that does not.
 *
 *     bench_http1 [REPEATS [WHAT]]
 *
 * runs one of them only, so that the difference of two counts of instructions (callgrind with 1000
 * and 2000 repeats) is what a request costs where time cannot be measured.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "proto/http1/http1.h"
#include "proto/http1/http1_encode.h"
#include "proto/url.h"

static size_t repeats = 2000000;
static volatile size_t sink;

/* What brunt target answers on /fast. */
static const char response_short[] = "HTTP/1.1 200 OK\r\n"
                                     "Server: brunt\r\n"
                                     "Date: Sat, 21 Nov 2026 02:00:00 GMT\r\n"
                                     "Content-Type: application/json\r\n"
                                     "Content-Length: 45\r\n"
                                     "\r\n"
                                     "{\"ok\":true,\"speed\":\"fast\",\"ts\":1795226400000}";

static const char response_long[] =
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
    printf("%-44s %8.1f ns\n", what, (double)(clock_mono() - start) / (double)repeats);
}

static void bench_response(const char *what, struct str response)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http1_response p = {0};
    mono_ns start = clock_mono();

    for (size_t i = 0; i < repeats; i++) {
        struct http_response *r = http_response_new(pool);
        struct str in = response;
        struct str span = {0};
        enum http1_event e;

        http1_response_start(&p, http_response_head(r), HTTP1_EXPECT_BODY);
        while ((e = http1_response_next(&p, &in, &span)) != HTTP1_END && e != HTTP1_ERROR) {
            if (e == HTTP1_BODY)
                buf_put(http_response_body(r), span.p, span.n);
        }
        sink += http_response_body(r)->len + http_response_head(r)->n_headers;
        http_response_unref(r);
    }
    report(what, start);
    http1_response_fini(&p);
    http_response_pool_free(pool);
}

static void bench_response_short(void)
{
    bench_response("response, 4 headers, body kept",
                   str_from(response_short, sizeof(response_short) - 1));
}

static void bench_response_long(void)
{
    bench_response("response, 6 headers, body kept",
                   str_from(response_long, sizeof(response_long) - 1));
}

/* Goes through n_variants requests in turn: 1 repeats the same. */
static void bench_request(const char *what, const struct http_header *headers, size_t n_headers,
                          size_t n_variants)
{
    struct http1_encoder e = {0};
    struct buf out = {0};
    struct url *u = NULL;

    if (url_parse(STR("http://127.0.0.1:8080/api/items?page=1"), NULL, &u))
        return;
    struct http1_request_spec spec = {.method = STR("GET"),
                                      .url = u,
                                      .headers = headers,
                                      .user_agent = STR("brunt/0.1.0 (load test)"),
                                      .n_body = HTTP1_NO_BODY};
    mono_ns start = clock_mono();

    for (size_t i = 0; i < repeats; i++) {
        buf_reset(&out);
        spec.n_headers = n_headers - i % n_variants;
        ignored(http1_encode_request(&e, &spec, &out));
        sink += out.len;
    }
    report(what, start);
    http1_encoder_fini(&e);
    buf_fini(&out);
    url_unref(u);
}

static const struct http_header two_headers[] = {
    {STR("Content-Type"), STR("application/json")},
    {STR("X-Request-Id"), STR("0123456789abcdef")},
};

static void bench_request_plain(void)
{
    bench_request("request, as the one before, no headers", NULL, 0, 1);
}

static void bench_request_same(void)
{
    bench_request("request, as the one before, 2 headers", two_headers, 2, 1);
}

static void bench_request_other(void)
{
    bench_request("request, another", two_headers, 2, 2);
}

static void bench_url(void)
{
    mono_ns start = clock_mono();

    for (size_t i = 0; i < repeats; i++) {
        struct url *u = NULL;

        ignored(url_parse(STR("http://127.0.0.1:8080/api/items?page=1"), NULL, &u));
        sink += u->target.n;
        url_unref(u);
    }
    report("URL parsed", start);
}

static const struct {
    const char *name;
    void (*run)(void);
} benches[] = {
    {"response-short", bench_response_short}, {"response-long", bench_response_long},
    {"request-plain", bench_request_plain},   {"request-same", bench_request_same},
    {"request-other", bench_request_other},   {"url", bench_url},
};

int main(int argc, char **argv)
{
    if (argc > 1)
        repeats = strtoul(argv[1], NULL, 10);
    for (size_t i = 0; i < countof(benches); i++) {
        if (argc < 3 || str_is(str_of(argv[2]), benches[i].name))
            benches[i].run();
    }
    return 0;
}
