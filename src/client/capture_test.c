/* What is kept of round trips, against what the server read and sent. */
#include "base/redact.h"
#include "client/client_testing.h"
#include "metric/exchange.h"
#include "metric/exchange_book.h"

#define EMPTY  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define BROKEN "HTTP/1.1 500 Sorry\r\nContent-Type: text/plain\r\nSet-Cookie: a=b; Path=/\r\n"

static struct list kept;
static struct redact *secrets;

static void run_captured(void (*body)(void))
{
    list_init(&kept);
    secrets = redact_new();
    redact_secret(secrets, STR("hunter two"));
    prepare();
    f.capture = (struct client_capture){.keep = 2, .body_bytes = 20, .secrets = secrets};
    run_prepared(body);
    exchange_list_free(&kept);
    redact_free(secrets);
}

#define CAPTURED(name)                       \
    static void test_##name(void **s UNUSED) \
    {                                        \
        run_captured(body_##name);           \
    }

/* All that was kept since the last time, and no other number than n. */
static const struct exchange *take_kept(size_t n)
{
    size_t got = 0;

    exchange_list_free(&kept);
    client_loop_take_exchanges(f.cl, &kept);
    for (struct list *l = kept.next; l != &kept; l = l->next)
        got++;
    assert_int_equal(got, n);
    return n ? list_entry(kept.next, struct exchange, link) : NULL;
}

static const struct exchange *next_of(const struct exchange *x)
{
    return list_entry(x->link.next, struct exchange, link);
}

static struct str value_of(const struct exchange_header *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(headers[i].name, name))
            return headers[i].value;
    }
    return str_of(NULL);
}

static void assert_str(struct str s, const char *text)
{
    if (!str_is(s, text))
        print_error("\"%.*s\" is not \"%s\"\n", STR_ARG(s), text);
    assert_true(str_is(s, text));
}

static void assert_ends(struct str s, const char *text)
{
    if (!str_ends(s, str_of(text)))
        print_error("\"%.*s\" does not end in \"%s\"\n", STR_ARG(s), text);
    assert_true(str_ends(s, str_of(text)));
}

static void get(const char *path)
{
    http_response_unref(fetch("GET", path));
}

static void place(void *arg, struct client_place *ret_place)
{
    *ret_place = (struct client_place){.scenario = arg, .vu = 7, .iteration = 3};
}

static void body_what_is_kept(void)
{
    static char scenario[] = "shop";
    struct url *u = url_at("http", "one.test", "/a?token=1&b=2");
    struct http_request req = request_to("POST", u);
    const struct http_header headers[] = {{STR("Content-Type"), STR("application/json")},
                                          {STR("Authorization"), STR("Bearer abc")},
                                          {STR("X-Mine"), STR("1")}};

    SCRIPT({.text = BROKEN "Content-Length: 18\r\n\r\nwhy: hunter two it", .n_text = 0});
    client_set_place(f.client, place, scenario);
    req.headers = headers;
    req.n_headers = countof(headers);
    req.body_mode = HTTP_BODY_DISCARD;
    req.has_body = true;
    req.body = STR("{\"pin\":12}");
    http_response_unref(send_request(&req));
    const struct exchange *x = take_kept(1);

    assert_int_equal(x->kind, EXCHANGE_FAILED);
    assert_int_equal(x->code, 1500);
    assert_int_equal(x->status, 500);
    assert_str(x->method, "POST");
    assert_ends(x->url, "/a?token=" REDACT_MARK "&b=2");
    assert_str(x->scenario, "shop");
    assert_int_equal(x->vu, 7);
    assert_int_equal(x->iteration, 3);
    assert_str(x->server_ip, "127.0.0.1");
    assert_int_equal(x->server_port, listener_addr(f.listener).port);
    assert_int_not_equal(x->client_port, 0);
    assert_false(x->reused);
    assert_true(x->began > 0 && x->began_wall > x->began);

    /* As the server read it: the same headers in the same order. */
    struct str head = str_of(f.heads[0]), line;
    size_t n = 0;

    str_split(&head, '\n', &line);
    while (str_split(&head, '\n', &line)) {
        const struct exchange_header *h = &x->request_headers[n++];

        assert_true(str_starts(line, h->name));
        assert_true(str_find_str(line, h->value) < line.n || str_is(h->name, "Authorization"));
    }
    assert_int_equal(n, x->n_request_headers);
    assert_str(value_of(x->request_headers, n, "Authorization"), "Bearer " REDACT_MARK);
    assert_str(value_of(x->request_headers, n, "X-Mine"), "1");
    assert_int_equal(x->request_body.state, EXCHANGE_BODY_CUT);
    assert_int_equal(x->request_body.size, 10);
    assert_str(x->request_body.data, "{\"pin\":\"***SECRET_RE");
    assert_true(x->request_body.is_text);

    assert_str(x->reason, "Sorry");
    assert_int_equal(x->n_response_headers, 3);
    assert_str(value_of(x->response_headers, 3, "Set-Cookie"), "a=" REDACT_MARK "; Path=/");
    /* It is discarded, but failures keep its beginning; the secret goes before it is cut. */
    assert_str(x->response_body.data, "why: ***SECRET_REDAC");
    assert_int_equal(x->response_body.size, 18);
    assert_str(x->response_body.type, "text/plain");
    /* Of what did not fail it is gone. */
    SCRIPT({.text = OK("3\r\n\r\nabc")});
    http_response_unref(send_request(&req));
    x = take_kept(1);
    assert_int_equal(x->kind, EXCHANGE_SLOW);
    assert_true(x->reused);
    assert_int_equal(x->timings.connect, -1);
    assert_int_equal(x->response_body.state, EXCHANGE_BODY_DISCARDED);
    assert_int_equal(x->response_body.size, 3);
    url_unref(u);
}
CAPTURED(what_is_kept)

static void body_only_so_many(void)
{
    static const struct answer ok = {.text = EMPTY};
    static const struct answer bad = {.text = BROKEN "Content-Length: 0\r\n\r\n"};
    static struct answer all[12];
    static const char pattern[] = "boobbboooooo";

    for (size_t i = 0; i < countof(all); i++) {
        all[i] = pattern[i] == 'o' ? ok : bad;
        /* The slowest are the 8th and the last. */
        all[i].delay = ((span_ns)i + 1 + (i == 7 ? 100 : 0)) * NS_PER_MS;
    }
    f.answers = all;
    f.n_answers = countof(all);
    for (size_t i = 0; i < countof(all); i++)
        get("/");
    size_t n_failed = 0, n_slow = 0;

    client_loop_take_exchanges(f.cl, &kept);
    for (struct list *l = kept.next; l != &kept; l = l->next) {
        const struct exchange *x = list_entry(l, struct exchange, link);

        n_failed += x->kind == EXCHANGE_FAILED;
        n_slow += x->kind == EXCHANGE_SLOW;
        assert_int_equal(x->kind == EXCHANGE_SLOW, x->status == 200);
    }
    assert_int_equal(n_failed, 2);
    /* 2, 3, 7, 108, 9 (over 7), 10, 11, 12 ms. */
    assert_int_equal(n_slow, 8);
    assert_int_equal(client_loop_n_left_out(f.cl), 0);
}
CAPTURED(only_so_many)

static void body_no_answer(void)
{
    SCRIPT({.after = AFTER_CLOSE}, {.after = AFTER_HANG},
           {.text = "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 100\r\n\r\npart of it",
            .after = AFTER_CLOSE},
           {.text = "HTTP/1.1 200 Fine\r\nX-", .after = AFTER_RESET});
    struct url *u = url_at("http", "one.test", "/x");
    struct http_request req = request_to("POST", u);

    req.body_mode = HTTP_BODY_KEEP;
    for (size_t i = 0; i < 4; i++)
        http_response_unref(send_request(&req));
    struct url *dead = url_at("http", "dead.test", "/x");

    req.url = dead;
    http_response_unref(send_request(&req));
    const struct exchange *x = take_kept(5);

    assert_int_equal(x->status, 0);
    assert_int_equal(x->partial_status, 0);
    assert_str(x->error, "EOF");
    assert_int_equal(x->response_body.state, EXCHANGE_BODY_NONE);
    assert_str(value_of(x->request_headers, x->n_request_headers, "User-Agent"), "test");
    x = next_of(x);
    assert_int_equal(x->error_code, 1050);
    assert_str(x->error, "request timeout");
    assert_true(x->timings.wait >= 59 * NS_PER_S);
    /* What came before it broke off is there. */
    x = next_of(x);
    assert_int_equal(x->status, 0);
    assert_int_equal(x->partial_status, 200);
    assert_str(x->reason, "Fine");
    assert_int_equal(x->n_response_headers, 2);
    assert_str(x->response_body.data, "part of it");
    x = next_of(x);
    assert_int_equal(x->n_response_headers, 0);
    x = next_of(x);
    assert_int_equal(x->error_code, 1212);
    assert_str(x->server_ip, "");
    assert_int_equal(x->client_port, 0);
    assert_true(x->n_request_headers > 0);
    url_unref(u);
    url_unref(dead);
}
CAPTURED(no_answer)

static void body_journey(void)
{
    SCRIPT({.text = "HTTP/1.1 302 Go\r\nLocation: /two?sid=1\r\nContent-Length: 0\r\n"
                    "Set-Cookie: sid=secret1\r\n\r\n"},
           {.text = "HTTP/1.1 307 On\r\nLocation: /three\r\nContent-Length: 0\r\n\r\n"},
           {.text = BROKEN "Content-Length: 0\r\n\r\n"});
    struct url *u = url_at("http", "one.test", "/one");
    struct http_request req = request_to("POST", u);
    struct cookie_jar *jar = cookie_jar_new();

    req.has_body = true;
    req.body = STR("a=1");
    req.jar = jar;
    http_response_unref(send_request(&req));
    /* The two redirects did not fail, and are the slowest of theirs. */
    const struct exchange *x = next_of(next_of(take_kept(3)));

    assert_int_equal(x->status, 500);
    assert_ends(x->url, "/three");
    assert_str(x->method, "GET");
    assert_str(value_of(x->request_headers, x->n_request_headers, "Cookie"), "sid=" REDACT_MARK);
    x = x->before;
    assert_int_equal(x->status, 307);
    assert_ends(x->url, "/two?sid=" REDACT_MARK);
    assert_int_equal(x->request_body.state, EXCHANGE_BODY_NONE);
    assert_str(value_of(x->response_headers, x->n_response_headers, "Location"), "/three");
    x = x->before;
    assert_int_equal(x->status, 302);
    assert_str(x->reason, "Go");
    assert_str(x->method, "POST");
    assert_str(x->request_body.data, "a=1");
    assert_null(x->before);

    /* Memory of a journey is used again. */
    SCRIPT({.text = "HTTP/1.1 302 Go\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n"},
           {.text = BROKEN "Content-Length: 0\r\n\r\n"});
    get("/four");
    x = next_of(take_kept(2));
    assert_int_equal(x->before->status, 302);
    assert_null(x->before->before);
    cookie_jar_free(jar);
    url_unref(u);
}
CAPTURED(journey)

static void body_bodies(void)
{
    /* gzip of "{\"token\":\"abcdefgh\"}" */
    static const char gzip[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\x2a\xc9\xcf\x4e"
                               "\xcd\x53\xb2\x52\x4a\x4c\x4a\x4e\x49\x4d\x4b\xcf\x50\xaa\x05\x00"
                               "\xce\x96\x0e\x3b\x14\x00\x00\x00";
    static char answer[512];
    int n = snprintf(answer, sizeof(answer),
                     "HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                     sizeof(gzip) - 1);
    struct answer rows[] = {
        {.text = answer, .n_text = (size_t)n + sizeof(gzip) - 1},
        {.text = answer, .n_text = (size_t)n + sizeof(gzip) - 1},
        {.text = "HTTP/1.1 401 No\r\nContent-Encoding: rot13\r\nContent-Length: 3\r\n\r\nabc"},
        {.text = "HTTP/1.1 402 No\r\nContent-Length: 4\r\n\r\na\xff\x01z"},
        {.text = "HTTP/1.1 403 No\r\nContent-Length: 25\r\n\r\n1234567890123456789\xc3\xa9xyzw"},
    };

    memcpy(answer + n, gzip, sizeof(gzip) - 1);
    f.answers = rows;
    f.n_answers = countof(rows);
    struct url *u = url_at("http", "one.test", "/x");
    struct http_request req = request_to("GET", u);

    for (size_t i = 0; i < countof(rows); i++) {
        req.body_mode = i ? HTTP_BODY_KEEP : HTTP_BODY_DISCARD;
        http_response_unref(send_request(&req));
    }
    const struct exchange *x = take_kept(5);

    for (size_t i = 0; i < 2; i++, x = next_of(x)) {
        assert_true(x->response_body.is_decoded);
        assert_str(x->response_body.data, "{\"token\":\"***SECRET_");
    }
    assert_int_equal(x->response_body.state, EXCHANGE_BODY_UNREADABLE);
    assert_int_equal(x->response_body.data.n, 0);
    x = next_of(x);
    assert_false(x->response_body.is_text);
    assert_int_equal(x->response_body.data.n, 4);
    x = next_of(x);
    assert_int_equal(x->response_body.state, EXCHANGE_BODY_CUT);
    assert_str(x->response_body.data, "1234567890123456789");
    assert_true(x->response_body.is_text);
    url_unref(u);
}
CAPTURED(bodies)

/* A head that cannot be sent is an error of the request; there is nothing to show of it. */
static void body_bad_head(void)
{
    struct url *u = url_at("http", "one.test", "/x");
    struct http_request req = request_to("GET", u);
    const struct http_header headers[] = {{STR("bad name"), STR("1")}};

    req.headers = headers;
    req.n_headers = 1;
    http_response_unref(send_request(&req));
    const struct exchange *x = take_kept(1);

    assert_int_equal(x->n_request_headers, 0);
    assert_true(str_find_str(x->error, STR("invalid header field name")) < x->error.n);
    url_unref(u);
}
CAPTURED(bad_head)

/* Nobody judges, so only what got no answer has failed. */
static void body_unjudged(void)
{
    SCRIPT({.text = BROKEN "Content-Length: 0\r\n\r\n"}, {.after = AFTER_CLOSE});
    struct url *u = url_at("http", "one.test", "/x");
    struct http_request req = request_to("POST", u);

    req.expected = NULL;
    http_response_unref(send_request(&req));
    http_response_unref(send_request(&req));
    const struct exchange *x = take_kept(2);

    assert_int_equal(x->kind, EXCHANGE_SLOW);
    assert_int_equal(next_of(x)->kind, EXCHANGE_FAILED);
    url_unref(u);
}
CAPTURED(unjudged)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept), cmocka_unit_test(test_only_so_many),
        cmocka_unit_test(test_no_answer),    cmocka_unit_test(test_journey),
        cmocka_unit_test(test_bodies),       cmocka_unit_test(test_bad_head),
        cmocka_unit_test(test_unjudged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
