/* The same request again and again: what is taken without the coroutine, and what is left to it. */
#include "base/clock.h"
#include "client/client_testing.h"

#define OK2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* What `again` saw, a row an answer, and when it is to end. */
struct seen {
    int status[40];
    int error_code[40];
    bool on_coroutine[40];
    size_t n, most;
    struct coro *cancel_when_over; /* cancelled by the last answer; NULL: nobody */
};

static bool again(void *arg, struct http_response *r)
{
    struct seen *seen = arg;

    assert_true(seen->n < countof(seen->status));
    seen->status[seen->n] = r->status;
    seen->error_code[seen->n] = r->error_code;
    seen->on_coroutine[seen->n] = coro_self() != NULL;
    seen->n++;
    if (seen->n == seen->most && seen->cancel_when_over)
        coro_cancel(seen->cancel_when_over);
    return seen->n < seen->most || seen->cancel_when_over;
}

/* `lean` is what lets it be taken without the coroutine. */
static int repeat_as(struct http_request *req, struct seen *seen, size_t most)
{
    struct seen fresh = {.most = most, .cancel_when_over = seen->cancel_when_over};

    *seen = fresh;
    req->lean = true;
    return client_request_repeat(f.client, req, again, seen);
}

static void repeat(struct seen *seen, size_t most)
{
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);

    assert_int_equal(repeat_as(&req, seen, most), 0);
    assert_int_equal(seen->n, most);
    url_unref(u);
}

static size_t n_on_coroutine(const struct seen *seen)
{
    size_t n = 0;

    for (size_t i = 0; i < seen->n; i++)
        n += seen->on_coroutine[i];
    return n;
}

/* ---- plain answers ---- */

static void body_plain(void)
{
    struct seen seen = {0};

    SCRIPT({.text = OK2}, {.text = OK2}, {.text = OK2, .delay = 3 * NS_PER_MS}, {.text = OK2},
           {.text = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"}, {.text = OK2});
    repeat(&seen, 6);
    assert_int_equal(f.n_served, 6);
    assert_int_equal(f.n_connections, 1);
    assert_int_equal(n_on_coroutine(&seen), 0);
    assert_int_equal(seen.status[4], 404);
    for (size_t i = 1; i < 6; i++)
        assert_string_equal(f.heads[i], f.heads[0]);
    collect();
    assert_int_equal(n_requests("{status:200,expected_response:true}"), 5);
    assert_int_equal(n_requests("{status:404,expected_response:false}"), 1);
    assert_int_equal(client_loop_n_requests(f.cl), 6);
    assert_int_equal(client_loop_n_failed(f.cl), 1);
    assert_int_equal(client_loop_n_in_flight(f.cl), 0);
    assert_true(measured("http_req_waiting")->trend.max >= 3);
    assert_int_equal(measured("http_req_connecting")->trend.count, 6);
    assert_true(measured("http_req_duration{status:404}")->trend.max < 1);

    struct client_bytes bytes = client_take_bytes(f.client);

    assert_int_equal(bytes.received, 5 * strlen(OK2) + strlen(f.answers[4].text));
}
TEST(plain)

static void body_in_pieces(void)
{
    struct seen seen = {0};
    static char large[300000];

    memset(large, 'x', sizeof(large));
    int n = snprintf(large, sizeof(large), "HTTP/1.1 200 OK\r\nContent-Length: 299000\r\n\r\n");

    large[n] = 'x';
    static struct answer rows[4];

    for (size_t i = 0; i < countof(rows); i++)
        rows[i] = (struct answer){.text = large, .n_text = (size_t)n + 299000};
    f.answers = rows;
    f.n_answers = countof(rows);
    repeat(&seen, countof(rows));
    assert_int_equal(seen.status[3], 200);
    assert_int_equal(f.n_connections, 1);
}
TEST(in_pieces)

static void body_chunks(void)
{
    struct seen seen = {0};

    SCRIPT({.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
           {.text = OK2},
           {.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"});
    repeat(&seen, 3);
    assert_int_equal(n_on_coroutine(&seen), 0);
}
TEST(chunks)

/* ---- what the coroutine sees to ---- */

static void body_ends(void)
{
    struct seen seen = {0};

    /* Announced, not announced, by a reset, and by bytes that nobody asked for. */
    SCRIPT({.text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            .after = AFTER_CLOSE},
           {.text = OK2, .after = AFTER_CLOSE}, {.text = OK2, .after = AFTER_RESET},
           {.text = OK2 "more"}, {.text = OK2, .after = AFTER_IDLE_FIN}, {.text = OK2},
           {.text = "HTTP/1.0 200 OK\r\n\r\nuntil the end", .after = AFTER_CLOSE}, {.text = OK2});
    repeat(&seen, 8);
    assert_int_equal(f.n_served, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(seen.status[i], 200);
        assert_int_equal(seen.error_code[i], 0);
    }
    assert_true(f.n_connections >= 6);
    collect();
    assert_int_equal(n_requests("{status:200}"), 8);
    assert_int_equal(client_loop_n_in_flight(f.cl), 0);
}
TEST(ends)

static void body_redirects(void)
{
    struct cookie_jar *jar = cookie_jar_new();
    struct url *u = url_at("http", "one.test", "/from");
    struct http_request req = request_to("GET", u);
    struct seen seen = {0};

    SCRIPT(
        {.text = OK2},
        {.text = "HTTP/1.1 302 X\r\nSet-Cookie: a=b\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"},
        {.text = OK2}, {.text = OK2}, {.text = OK2});
    req.jar = jar;
    assert_int_equal(repeat_as(&req, &seen, 2), 0);
    assert_int_equal(f.n_served, 3);
    assert_false(seen.on_coroutine[0]);
    assert_true(seen.on_coroutine[1]);
    assert_true(str_starts(str_of(f.heads[1]), STR("GET /from ")));
    assert_true(str_starts(str_of(f.heads[2]), STR("GET /to ")));
    assert_non_null(strstr(f.heads[2], "\r\nCookie: a=b"));
    /* After a redirect it is the first address that is asked again, by the same rules as ever. */
    assert_int_equal(repeat_as(&req, &seen, 2), 0);
    assert_true(str_starts(str_of(f.heads[4]), STR("GET /from ")));
    assert_int_equal(client_loop_n_in_flight(f.cl), 0);
    cookie_jar_free(jar);
    url_unref(u);
}
TEST(redirects)

static void body_failures(void)
{
    struct seen seen = {0};
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);

    SCRIPT({.text = OK2}, {.text = "garbage\r\n\r\n"}, {.text = OK2}, {.after = AFTER_HANG},
           {.text = OK2},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", .after = AFTER_CLOSE},
           {.text = OK2});
    req.timeout = NS_PER_S;
    mono_ns start = loop_clock(f.loop);

    assert_int_equal(repeat_as(&req, &seen, 7), 0);
    assert_in_range(loop_clock(f.loop) - start, NS_PER_S, NS_PER_S + 100 * NS_PER_MS);
    static const int codes[] = {0, 1000, 0, 1050, 0, 1000, 0};

    for (size_t i = 0; i < countof(codes); i++) {
        assert_int_equal(seen.status[i], codes[i] ? 0 : 200);
        assert_int_equal(seen.error_code[i], codes[i]);
        assert_int_equal(seen.on_coroutine[i], codes[i] != 0);
    }
    assert_int_equal(client_loop_n_failed(f.cl), 3);
    assert_int_equal(client_loop_n_in_flight(f.cl), 0);
    url_unref(u);
}
TEST(failures)

static void body_unreachable(void)
{
    struct seen seen = {0};
    struct url *u = NULL;

    assert_int_equal(url_parse(STR("http://dead.test/"), NULL, &u), 0);
    struct http_request req = request_to("GET", u);

    assert_int_equal(repeat_as(&req, &seen, 3), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(seen.error_code[i], 1212);
    assert_int_equal(n_on_coroutine(&seen), 3);
    url_unref(u);
}
TEST(unreachable)

/* ---- cancelling ---- */

static void body_cancel_waiting(void)
{
    struct seen seen = {0};
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);

    SCRIPT({.text = OK2}, {.text = OK2}, {.after = AFTER_HANG}, {.text = OK2});
    seen.cancel_when_over = coro_self();
    assert_int_equal(repeat_as(&req, &seen, 2), CLIENT_E_CANCELLED);
    assert_int_equal(seen.n, 2);
    assert_int_equal(client_loop_n_in_flight(f.cl), 0);
    coro_uncancel(coro_self());
    assert_int_equal(coro_sleep_until(loop_clock(f.loop) + NS_PER_MS), 0);
    assert_int_equal(f.n_served, 3);
    /* What was cancelled has taken its connection along, and nothing else. */
    seen.cancel_when_over = NULL;
    assert_int_equal(repeat_as(&req, &seen, 1), 0);
    assert_int_equal(seen.status[0], 200);
    url_unref(u);
}
TEST(cancel_waiting)

static void cancel_later(void *arg)
{
    ignored(coro_sleep_until(loop_clock(f.loop) + 5 * NS_PER_MS));
    coro_cancel(arg);
}

static void body_cancel_from_outside(void)
{
    struct seen seen = {0};
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);

    SCRIPT({.text = OK2}, {.after = AFTER_HANG});
    assert_int_equal(coro_spawn(f.loop, CORO_STACK_SMALL, cancel_later, coro_self(), NULL), 0);
    assert_int_equal(repeat_as(&req, &seen, 9), CLIENT_E_CANCELLED);
    assert_int_equal(seen.n, 1);
    coro_uncancel(coro_self());
    url_unref(u);
}
TEST(cancel_from_outside)

/* ---- requests that are never taken so ---- */

static void body_others(void)
{
    struct seen seen = {0};
    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("POST", u);
    const struct http_cookie cookie = {.name = STR("a"), .value = STR("b")};

    SCRIPT({.text = OK2}, {.text = OK2}, {.text = OK2}, {.text = OK2});
    req.cookies = &cookie;
    req.n_cookies = 1;
    assert_int_equal(repeat_as(&req, &seen, 2), 0);
    assert_int_equal(n_on_coroutine(&seen), 2);
    assert_non_null(strstr(f.heads[1], "\r\nCookie: a=b"));
    req.n_cookies = 0;
    req.body = STR("body");
    req.has_body = true;
    assert_int_equal(repeat_as(&req, &seen, 2), 0);
    assert_int_equal(n_on_coroutine(&seen), 0);
    assert_int_equal(f.n_bodies[3], 4);
    url_unref(u);
}
TEST(others)

static void body_no_reuse(void)
{
    struct seen seen = {0};

    SCRIPT({.text = OK2}, {.text = OK2}, {.text = OK2});
    repeat(&seen, 3);
    assert_int_equal(f.n_connections, 3);
    assert_int_equal(n_on_coroutine(&seen), 3);
}

static void test_no_reuse(void **s UNUSED)
{
    prepare();
    f.settings.no_connection_reuse = true;
    run_prepared(body_no_reuse);
}

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_in_pieces),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_cancel_waiting),
        cmocka_unit_test(test_cancel_from_outside),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_no_reuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
