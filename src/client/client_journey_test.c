/* The way of a request over several round trips: redirects, cookies, authentication. */
#include "client/client_testing.h"
#include "metric/submetric.h"

#define EMPTY       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define TO(code, u) "HTTP/1.1 " #code " X\r\nContent-Length: 0\r\nLocation: " u "\r\n\r\n"

/* ---- answers with the port in them ---- */

static char absolute[8][512];
static struct answer rows[16];

/* Fills row i with a redirect to a host of the tests, on the listener's port. */
static void redirect_row(size_t i, int code, const char *host)
{
    snprintf(absolute[i], sizeof(absolute[i]),
             "HTTP/1.1 %d X\r\nContent-Length: 0\r\nLocation: http://%s:%u/end\r\n\r\n", code, host,
             listener_addr(f.listener).port);
    rows[i] = (struct answer){.text = absolute[i]};
}

static void use_rows(size_t n)
{
    f.answers = rows;
    f.n_answers = n;
    f.n_served = 0;
}

static bool has(size_t request, const char *part)
{
    return strstr(f.heads[request], part) != NULL;
}

/* ---- redirects ---- */

static void body_codes(void)
{
    static const struct {
        int code;
        const char *method, *then;
        bool keeps_body;
    } cases[] = {
        {301, "GET", "GET", false},    {301, "POST", "GET", false},  {302, "PUT", "GET", false},
        {303, "DELETE", "GET", false}, {303, "HEAD", "HEAD", false}, {307, "POST", "POST", true},
        {308, "PUT", "PUT", true},     {307, "GET", "GET", false},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        char text[128], line[64];
        struct url *u = url_at("http", "one.test", "/from");
        struct http_request req = request_to(cases[i].method, u);
        const struct http_header headers[] = {{STR("Content-Type"), STR("text/x")},
                                              {STR("X-Mine"), STR("1")}};

        snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: 0\r\nLocation: /end\r\n\r\n",
                 cases[i].code);
        rows[0] = (struct answer){.text = text};
        rows[1] = (struct answer){.text = EMPTY};
        use_rows(2);
        req.has_body = strcmp(cases[i].method, "GET") != 0 && strcmp(cases[i].method, "HEAD") != 0;
        req.body = STR("body");
        req.headers = headers;
        req.n_headers = countof(headers);
        req.keeps_hops = true;
        struct http_response *r = send_request(&req);

        assert_int_equal(r->status, 200);
        snprintf(line, sizeof(line), "%d %.*s\n", cases[i].code, STR_ARG(u->display));
        assert_true(str_is(r->hops, line));
        assert_true(str_ends(r->url, STR("/end")));
        snprintf(line, sizeof(line), "%s /end HTTP/1.1\r\n", cases[i].then);
        assert_true(str_starts(str_of(f.heads[1]), str_of(line)));
        assert_int_equal(f.n_bodies[1], cases[i].keeps_body ? 4 : 0);
        assert_int_equal(has(1, "Content-Length"), cases[i].keeps_body);
        assert_int_equal(has(1, "Content-Type"), cases[i].code >= 307);
        assert_true(has(1, "X-Mine: 1"));
        assert_true(has(1, "\r\nReferer: http://one.test:"));
        assert_true(str_starts(r->request_head, str_of(cases[i].method)));
        http_response_unref(r);
        url_unref(u);
    }
}

static void test_codes(void **s UNUSED)
{
    run(body_codes);
}

static void body_not_followed(void)
{
    SCRIPT({.text = TO(300, "/x")}, {.text = TO(304, "/x")},
           {.text = "HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"});
    for (int i = 0; i < 3; i++) {
        struct http_response *r = fetch("GET", "/");

        assert_in_range(r->status, 300, 304);
        assert_false(r->redirects_exhausted);
        assert_int_equal(r->error_code, 0);
        http_response_unref(r);
    }
    assert_int_equal(f.n_served, 3);
}
TEST(not_followed)

static void body_limit(void)
{
    SCRIPT({.text = TO(302, "/a")}, {.text = TO(302, "/b")}, {.text = TO(302, "/c")},
           {.text = TO(302, "/d")});
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);

    req.max_redirects = 2;
    struct http_response *r = send_request(&req);

    assert_int_equal(r->status, 302);
    assert_true(r->redirects_exhausted);
    assert_true(str_ends(r->url, STR("/b")));
    assert_int_equal(r->hops.n, 0);
    assert_int_equal(f.n_served, 3);
    http_response_unref(r);
    req.max_redirects = 0;
    req.keeps_hops = true;
    r = send_request(&req);
    assert_int_equal(r->status, 302);
    assert_int_equal(r->hops.n, 0);
    assert_int_equal(f.n_served, 4);
    http_response_unref(r);
    url_unref(u);
    collect();
    assert_int_equal(n_requests("{status:302}"), 4);
}
TEST(limit)

static void body_bad_location(void)
{
    SCRIPT({.text = TO(302, "http://[bad/")}, {.text = TO(302, "ftp://x/")}, {.text = EMPTY});
    for (int i = 0; i < 2; i++) {
        struct http_response *r = fetch("GET", "/");

        assert_int_equal(r->status, 0);
        assert_int_equal(r->error_code, 1000);
        assert_true(r->error.n > 0);
        assert_int_equal(r->n_headers, 0);
        http_response_unref(r);
    }
    struct http_response *r = fetch("GET", "/");

    assert_int_equal(r->status, 200);
    assert_int_equal(f.n_connections, 1);
    http_response_unref(r);
}
TEST(bad_location)

/* More headers than any fixed place would hold. */
enum {
    N_HEADERS = 60
};

static struct http_response *fetch_with_secrets(void)
{
    static char names[N_HEADERS][16];
    struct http_header headers[N_HEADERS + 5];
    struct url *u = url_at("http", "one.test", "/from");
    struct http_request req = request_to("GET", u);
    size_t n = 0;

    headers[n++] = (struct http_header){STR("Authorization"), STR("secret")};
    headers[n++] = (struct http_header){STR("Cookie"), STR("secret=1")};
    headers[n++] = (struct http_header){STR("Proxy-Authorization"), STR("secret")};
    headers[n++] = (struct http_header){STR("WWW-Authenticate"), STR("secret")};
    headers[n++] = (struct http_header){STR("Host"), STR("custom.test")};
    for (size_t i = 0; i < N_HEADERS; i++) {
        snprintf(names[i], sizeof(names[i]), "X-%zu", i);
        headers[n++] = (struct http_header){str_of(names[i]), STR("v")};
    }
    req.headers = headers;
    req.n_headers = n;
    struct http_response *r = send_request(&req);

    url_unref(u);
    return r;
}

static void body_domains(void)
{
    static const struct {
        const char *to;
        bool same;
    } cases[] = {{"one.test", true}, {"sub.one.test", true}, {"two.test", false}};

    for (size_t i = 0; i < countof(cases); i++) {
        char host[64];

        redirect_row(0, 302, cases[i].to);
        rows[1] = (struct answer){.text = TO(302, "/last")};
        rows[2] = (struct answer){.text = EMPTY};
        use_rows(3);
        http_response_unref(fetch_with_secrets());
        assert_true(has(0, "Host: custom.test"));
        snprintf(host, sizeof(host), "\r\nHost: %s:", cases[i].to);
        for (size_t hop = 1; hop < 3; hop++) {
            assert_true(has(hop, host));
            assert_int_equal(has(hop, "Authorization: secret"), cases[i].same);
            assert_int_equal(has(hop, "Cookie: secret=1"), cases[i].same);
            assert_int_equal(has(hop, "Proxy-Authorization"), cases[i].same);
            assert_int_equal(has(hop, "secret"), cases[i].same);
            assert_true(has(hop, "X-0: v"));
            assert_true(has(hop, "X-59: v"));
        }
    }
}
TEST(domains)

/* Back on the first host, what was dropped on the way stays dropped. */
static void body_there_and_back(void)
{
    redirect_row(0, 302, "two.test");
    redirect_row(1, 302, "one.test");
    rows[2] = (struct answer){.text = EMPTY};
    use_rows(3);
    http_response_unref(fetch_with_secrets());
    assert_false(has(2, "secret"));
}
TEST(there_and_back)

static void body_relative_host(void)
{
    SCRIPT({.text = TO(302, "/end")}, {.text = EMPTY});
    http_response_unref(fetch_with_secrets());
    assert_true(has(1, "Host: custom.test"));
    assert_true(has(1, "Authorization: secret"));
}
TEST(relative_host)

static void body_hops_fail(void)
{
    SCRIPT({.text = TO(302, "http://dead.test/")});
    struct http_response *r = fetch("GET", "/");

    assert_int_equal(r->status, 0);
    assert_int_equal(r->error_code, 1212);
    assert_true(str_is(r->url, "http://dead.test/"));
    assert_int_equal(r->version, HTTP_VERSION_NONE);
    assert_string_equal(r->remote_ip, "");
    http_response_unref(r);
    collect();
    assert_int_equal(n_requests("{status:302}"), 1);
    assert_int_equal(n_requests("{status:0,error_code:1212}"), 1);
    assert_int_equal(n_requests("{status:0,proto:HTTP/1.1}"), 0);
}
TEST(hops_fail)

static void body_one_deadline(void)
{
    SCRIPT({.text = TO(302, "/a"), .delay = 600 * NS_PER_MS},
           {.text = TO(302, "/b"), .delay = 600 * NS_PER_MS});
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);
    mono_ns start = loop_clock(f.loop);

    req.timeout = NS_PER_S;
    struct http_response *r = send_request(&req);

    assert_int_equal(r->error_code, 1050);
    assert_in_range(loop_clock(f.loop) - start, NS_PER_S, NS_PER_S + 5 * NS_PER_MS);
    http_response_unref(r);
    url_unref(u);
}
TEST(one_deadline)

/* ---- cookies ---- */

static void body_cookies(void)
{
    SCRIPT({.text = "HTTP/1.1 302 X\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\n"
                    "Set-Cookie: b=2; Path=/deep\r\nLocation: /deep/x\r\n\r\n"},
           {.text = "HTTP/1.1 302 X\r\nContent-Length: 0\r\nSet-Cookie: a=; Max-Age=0; Path=/\r\n"
                    "Location: /end\r\n\r\n"},
           {.text = EMPTY});
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);
    struct http_cookie own = {.name = STR("own"), .value = STR("3")};

    req.jar = cookie_jar_new();
    req.cookies = &own;
    req.n_cookies = 1;
    http_response_unref(send_request(&req));
    assert_true(has(0, "Cookie: own=3"));
    assert_true(has(1, "a=1"));
    assert_true(has(1, "b=2"));
    assert_true(has(1, "own=3"));
    assert_false(has(2, "a=1"));
    assert_false(has(2, "b=2"));
    assert_true(has(2, "own=3"));
    cookie_jar_free(req.jar);
    url_unref(u);
}
TEST(cookies)

/* ---- authentication ---- */

static struct url *url_with_user(const char *host)
{
    struct url *u = NULL;
    char text[128];

    snprintf(text, sizeof(text), "http://user:pass@%s:%u/p", host, listener_addr(f.listener).port);
    assert_int_equal(url_parse(str_of(text), NULL, &u), 0);
    return u;
}

static void body_basic(void)
{
    struct url *u = url_with_user("one.test");
    struct http_request req = request_to("GET", u);
    struct http_header own = {STR("Authorization"), STR("mine")};

    redirect_row(0, 302, "two.test");
    rows[1] = (struct answer){.text = EMPTY};
    rows[2] = (struct answer){.text = EMPTY};
    use_rows(3);
    struct http_response *r = send_request(&req);

    assert_true(has(0, "Authorization: Basic dXNlcjpwYXNz"));
    assert_false(has(1, "Authorization"));
    assert_false(has(1, "pass"));
    http_response_unref(r);
    req.headers = &own;
    req.n_headers = 1;
    http_response_unref(send_request(&req));
    assert_true(has(2, "Authorization: mine"));
    assert_false(has(2, "Basic"));
    url_unref(u);
}
TEST(basic)

#define CHALLENGE                                         \
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n"  \
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", " \
    "qop=\"auth\", algorithm=MD5\r\n\r\nno"

static void body_digest(void)
{
    SCRIPT({.text = CHALLENGE}, {.text = EMPTY}, {.text = CHALLENGE}, {.text = CHALLENGE},
           {.text = EMPTY});
    struct url *u = url_with_user("one.test");
    struct http_request req = request_to("GET", u);

    req.auth = HTTP_AUTH_DIGEST;
    struct http_response *r = send_request(&req);

    assert_int_equal(r->status, 200);
    assert_false(has(0, "Authorization"));
    assert_true(has(1, "Authorization: Digest username=\"user\""));
    assert_true(has(1, "uri=\"/p\""));
    assert_int_equal(f.n_connections, 1);
    http_response_unref(r);
    /* A server that asks again has refused. */
    r = send_request(&req);
    assert_int_equal(r->status, 401);
    assert_true(str_is(r->body, "no"));
    assert_int_equal(f.n_served, 4);
    http_response_unref(r);
    /* The first leg is expected to be refused; that it was not is the failure. */
    r = send_request(&req);
    assert_int_equal(r->status, 200);
    http_response_unref(r);
    url_unref(u);
    collect();
    assert_int_equal(n_requests("{status:401,expected_response:true}"), 2);
    assert_int_equal(n_requests("{status:401,expected_response:false}"), 1);
    assert_int_equal(n_requests("{status:200,expected_response:true}"), 1);
    assert_int_equal(n_requests("{status:200,expected_response:false}"), 1);
}
TEST(digest)

/* Another host asks for the credentials: it does not get them. */
static void body_digest_elsewhere(void)
{
    struct url *u = url_with_user("one.test");
    struct http_request req = request_to("GET", u);

    redirect_row(0, 302, "two.test");
    rows[1] = (struct answer){.text = CHALLENGE};
    use_rows(2);
    req.auth = HTTP_AUTH_DIGEST;
    struct http_response *r = send_request(&req);

    assert_int_equal(r->status, 401);
    assert_int_equal(f.n_served, 2);
    assert_false(has(1, "Digest"));
    http_response_unref(r);
    url_unref(u);
}
TEST(digest_elsewhere)

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_not_followed),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_bad_location),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_relative_host),
        cmocka_unit_test(test_hops_fail),
        cmocka_unit_test(test_one_deadline),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_digest_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
