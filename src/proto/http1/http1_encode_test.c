#include "proto/http1/http1_encode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/http1/http1.h"
#include "proto/url.h"

static void check(const struct buf *got, const char *want)
{
    if (!str_is(buf_str(got), want))
        fail_msg("got '%.*s'\nexpected '%s'", STR_ARG(buf_str(got)), want);
}

static struct url *parse(const char *text)
{
    struct url *u = NULL;

    assert_int_equal(url_parse(str_of(text), NULL, &u), 0);
    return u;
}

static void a_request_has_all_its_parts(void **state)
{
    scoped(url_unrefp) struct url *u = parse("http://u:p@h:81/a?b#c");
    const struct http_header headers[] = {
        {STR("content-type"), STR(" text/plain ")},
        {STR("COOKIE"), STR("no")},
        {STR("content-length"), STR("7")},
        {STR("transfer-encoding"), STR("chunked")},
        {STR("x-a_b"), STR("")},
    };
    const struct http1_request_spec spec = {
        .method = STR("POST"),
        .url = u,
        .headers = headers,
        .n_headers = countof(headers),
        .user_agent = STR("agent"),
        .authorization = STR("Basic x"),
        .cookie = STR("a=b"),
        .referer = STR("http://r/"),
        .n_body = 12,
    };
    scoped(http1_encoder_fini) struct http1_encoder e = {0};
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(http1_encode_request(&e, &spec, &out), 0);
    check(&out, "POST /a?b HTTP/1.1\r\nHost: h:81\r\nUser-Agent: agent\r\n"
                "Content-Type: text/plain\r\nX-A_b: \r\nAuthorization: Basic x\r\n"
                "Referer: http://r/\r\nCookie: a=b\r\nContent-Length: 12\r\n\r\n");
}

static void what_the_user_gives_wins(void **state)
{
    scoped(url_unrefp) struct url *u = parse("http://h/");
    const struct http_header headers[] = {
        {STR("host"), STR("other")},
        {STR("user-agent"), STR("")},
        {STR("authorization"), STR("mine")},
        {STR("Referer"), STR("r")},
    };
    const struct http1_request_spec spec = {
        .url = u,
        .headers = headers,
        .n_headers = countof(headers),
        .user_agent = STR("agent"),
        .authorization = STR("Basic x"),
        .referer = STR("http://r/"),
        .n_body = HTTP1_NO_BODY,
    };
    scoped(http1_encoder_fini) struct http1_encoder e = {0};
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(http1_encode_request(&e, &spec, &out), 0);
    check(&out, "GET / HTTP/1.1\r\nHost: other\r\nAuthorization: mine\r\nReferer: r\r\n\r\n");
}

static void targets_have_four_forms(void **state)
{
    static const struct {
        enum http1_target form;
        const char *line;
    } forms[] = {
        {HTTP1_TARGET_ORIGIN, "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n"},
        {HTTP1_TARGET_ABSOLUTE, "GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n"},
        {HTTP1_TARGET_AUTHORITY, "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n"},
        {HTTP1_TARGET_ASTERISK, "GET * HTTP/1.1\r\nHost: h\r\n\r\n"},
    };
    scoped(url_unrefp) struct url *u = parse("http://u:p@h/a?b#c");
    scoped(http1_encoder_fini) struct http1_encoder e = {0};

    (void)state;
    for (size_t i = 0; i < countof(forms); i++) {
        struct http1_request_spec spec = {
            .url = u, .target = forms[i].form, .n_body = HTTP1_NO_BODY};
        scoped(buf_fini) struct buf out = {0};

        assert_int_equal(http1_encode_request(&e, &spec, &out), 0);
        check(&out, forms[i].line);
    }
}

static void bodies_are_announced(void **state)
{
    static const struct {
        const char *method;
        int64_t n_body;
        const char *end;
    } bodies[] = {
        {"GET", HTTP1_NO_BODY, "h\r\n\r\n"},
        {"GET", 0, "Content-Length: 0\r\n\r\n"},
        {"POST", HTTP1_NO_BODY, "Content-Length: 0\r\n\r\n"},
        {"DELETE", HTTP1_NO_BODY, "h\r\n\r\n"},
        {"PUT", HTTP1_CHUNKED, "Transfer-Encoding: chunked\r\n\r\n"},
    };
    scoped(url_unrefp) struct url *u = parse("http://h/");
    scoped(http1_encoder_fini) struct http1_encoder e = {0};

    (void)state;
    for (size_t i = 0; i < countof(bodies); i++) {
        struct http1_request_spec spec = {
            .method = str_of(bodies[i].method), .url = u, .n_body = bodies[i].n_body};
        scoped(buf_fini) struct buf out = {0};

        assert_int_equal(http1_encode_request(&e, &spec, &out), 0);
        if (!str_ends(buf_str(&out), str_of(bodies[i].end)))
            fail_msg("%.*s", STR_ARG(buf_str(&out)));
    }
}

/* Every change must show, and a repetition must give the same bytes. */
static void the_memory_is_not_stale(void **state)
{
    scoped(url_unrefp) struct url *u = parse("http://h/a");
    scoped(url_unrefp) struct url *v = parse("http://h/b");
    struct http_header headers[] = {{STR("ab"), STR("c")}, {STR("d"), STR("ef")}};
    struct http1_request_spec spec = {
        .url = u, .headers = headers, .n_headers = 2, .n_body = HTTP1_NO_BODY};
    scoped(http1_encoder_fini) struct http1_encoder kept = {0};

    (void)state;
    for (int step = 0; step < 16; step++) {
        scoped(http1_encoder_fini) struct http1_encoder fresh = {0};
        scoped(buf_fini) struct buf a = {0};
        scoped(buf_fini) struct buf b = {0};

        spec.url = step & 1 ? v : u;
        headers[0].name = step & 2 ? STR("a") : STR("ab");
        headers[0].value = step & 2 ? STR("bc") : STR("c");
        spec.n_headers = step & 4 ? 1 : 2;
        spec.method = step & 8 ? STR("HEAD") : STR("");
        for (int again = 0; again < 2; again++) {
            buf_reset(&a);
            assert_int_equal(http1_encode_request(&kept, &spec, &a), 0);
        }
        assert_int_equal(http1_encode_request(&fresh, &spec, &b), 0);
        assert_true(str_eq(buf_str(&a), buf_str(&b)));
    }
}

/* The same storage with other words in it, as a script's memory has: no byte may go unnoticed. */
static void reused_storage_is_read_again(void **state)
{
    scoped(url_unrefp) struct url *u = parse("http://h/a");
    scoped(http1_encoder_fini) struct http1_encoder kept = {0};
    scoped(buf_fini) struct buf out = {0};
    char words[32];

    (void)state;
    for (size_t n = 1; n <= 24; n++) {
        for (size_t i = 0; i < 3 * n; i++) {
            memset(words, 'x', sizeof(words));
            struct str part = str_from(words, n);
            const struct http_header header = {i / n == 0 ? part : STR("Abc"),
                                               i / n == 1 ? part : STR("y")};
            const struct http1_request_spec spec = {.url = u,
                                                    .headers = &header,
                                                    .n_headers = 1,
                                                    .user_agent = i / n == 2 ? part : STR("ua"),
                                                    .n_body = HTTP1_NO_BODY};

            assert_int_equal(http1_encode_request(&kept, &spec, &out), 0);
            words[i % n] = '7';
            buf_reset(&out);
            assert_int_equal(http1_encode_request(&kept, &spec, &out), 0);
            assert_int_not_equal(str_find(buf_str(&out), '7'), out.len);
            buf_reset(&out);
        }
    }
}

/* What comes after the prefix shows with one request and is gone with the next. */
static void the_rest_is_not_remembered(void **state)
{
    scoped(url_unrefp) struct url *u = parse("http://h/");
    scoped(http1_encoder_fini) struct http1_encoder e = {0};
    struct http1_request_spec spec = {.url = u, .n_body = HTTP1_NO_BODY};

    (void)state;
    for (int step = 0; step < 12; step++) {
        scoped(buf_fini) struct buf out = {0};

        spec.cookie = step % 2 ? STR("a=b") : STR("");
        spec.n_body = step % 3 == 2 ? 5 : HTTP1_NO_BODY;
        assert_int_equal(http1_encode_request(&e, &spec, &out), 0);
        check(&out, step % 6 == 1 || step % 6 == 3
                        ? "GET / HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n"
                    : step % 6 == 5
                        ? "GET / HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nContent-Length: 5\r\n\r\n"
                    : step % 6 == 2 ? "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
                                    : "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    }
}

static void injection_is_refused(void **state)
{
    static const struct {
        struct str method;
        struct http_header header;
        const char *words;
    } cases[] = {
        {STR("GE T"), {STR("a"), STR("b")}, "net/http: invalid method \"GE T\""},
        {STR("GET"), {STR("a b"), STR("c")}, "net/http: invalid header field name \"a b\""},
        {STR("GET"), {STR(""), STR("c")}, "net/http: invalid header field name \"\""},
        {STR("GET"),
         {STR("A"), STR("c\r\nx: y")},
         "net/http: invalid header field value for \"A\""},
        {STR("GET"), {STR("A"), STR("c\0")}, "net/http: invalid header field value for \"A\""},
    };
    scoped(url_unrefp) struct url *u = parse("http://h/");
    scoped(http1_encoder_fini) struct http1_encoder e = {0};
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct http1_request_spec spec = {
            .method = cases[i].method, .url = u, .headers = &cases[i].header, .n_headers = 1};

        assert_int_equal(http1_encode_request(&e, &spec, &out), -EINVAL);
        assert_string_equal(fault_text(), cases[i].words);
        assert_int_equal(out.len, 0);
    }
    struct http1_request_spec spec = {.url = u, .cookie = STR("a=b\r\nX: y")};

    assert_int_equal(http1_encode_request(&e, &spec, &out), -EINVAL);
    assert_int_equal(out.len, 0);
}

static void names_become_canonical(void **state)
{
    static const char *const names[][2] = {
        {"content-type", "Content-Type"},
        {"X-FOO-bAR", "X-Foo-Bar"},
        {"a b", "a b"},
        {"-a--b", "-A--B"},
        {"x_y", "X_y"},
        {"\xc3\xbc", "\xc3\xbc"},
    };

    (void)state;
    for (size_t i = 0; i < countof(names); i++) {
        scoped(buf_fini) struct buf out = {0};

        assert_int_equal(http1_put_canonical(&out, str_of(names[i][0])), 0);
        check(&out, names[i][1]);
    }
}

static void responses_are_written(void **state)
{
    const struct http_header headers[] = {{STR("A"), STR("b")}};
    struct http1_response_spec spec = {.status = 200,
                                       .version = HTTP_1_1,
                                       .headers = headers,
                                       .n_headers = 1,
                                       .n_body = 5,
                                       .keep_alive = true};
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(http1_encode_response(&spec, &out), 0);
    check(&out, "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\n");
    buf_reset(&out);
    spec = (struct http1_response_spec){.status = 404, .n_body = HTTP1_CHUNKED};
    assert_int_equal(http1_encode_response(&spec, &out), 0);
    assert_int_equal(http1_put_chunk(&out, STR("hello hello hello")), 0);
    assert_int_equal(http1_put_chunk(&out, STR("")), 0);
    assert_int_equal(http1_put_last_chunk(&out), 0);
    check(&out, "HTTP/1.1 404 Not Found\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                "11\r\nhello hello hello\r\n0\r\n\r\n");
    buf_reset(&out);
    spec = (struct http1_response_spec){.status = 100, .n_body = HTTP1_NO_BODY};
    assert_int_equal(http1_encode_response(&spec, &out), 0);
    check(&out, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* What the encoder writes, the reader of requests reads. */
static void both_ends_agree(void **state)
{
    scoped(url_unrefp) struct url *u = parse("http://h/x");
    const struct http_header headers[] = {{STR("x"), STR("y")}};
    const struct http1_request_spec spec = {
        .method = STR("PUT"), .url = u, .headers = headers, .n_headers = 1, .n_body = 2};
    scoped(http1_encoder_fini) struct http1_encoder e = {0};
    scoped(buf_fini) struct buf out = {0};
    scoped(http_head_fini) struct http_head head = {0};
    scoped(http1_request_fini) struct http1_request p = {0};
    struct str body = {0};

    (void)state;
    assert_int_equal(http1_encode_request(&e, &spec, &out), 0);
    buf_puts(&out, "hi");
    struct str in = buf_str(&out);

    http1_request_start(&p, &head);
    assert_int_equal(http1_request_next(&p, &in, &body), HTTP1_HEAD);
    assert_true(str_is(p.method, "PUT") && str_is(p.target, "/x") && str_is(p.host, "h"));
    assert_true(str_is(http_header_get(head.headers, head.n_headers, STR("X")), "y"));
    assert_int_equal(http1_request_next(&p, &in, &body), HTTP1_BODY);
    assert_true(str_is(body, "hi"));
    assert_int_equal(http1_request_next(&p, &in, &body), HTTP1_END);
    assert_int_equal(p.msg.n_wire, out.len);
    assert_int_equal(p.msg.n_body, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_all_its_parts),
        cmocka_unit_test(what_the_user_gives_wins),
        cmocka_unit_test(targets_have_four_forms),
        cmocka_unit_test(bodies_are_announced),
        cmocka_unit_test(the_memory_is_not_stale),
        cmocka_unit_test(reused_storage_is_read_again),
        cmocka_unit_test(the_rest_is_not_remembered),
        cmocka_unit_test(injection_is_refused),
        cmocka_unit_test(names_become_canonical),
        cmocka_unit_test(responses_are_written),
        cmocka_unit_test(both_ends_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
