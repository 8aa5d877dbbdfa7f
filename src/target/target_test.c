/*
 * The target as a client sees it, over real sockets on loopback. Most tests are rows: what is sent,
 * and what must be in the answer.
 */
#include "target/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/content.h"

static struct target *target;

static int set_up(void **state)
{
    const struct target_options options = {
        .listen = "127.0.0.1:0", .n_threads = 2, .seed = 7, .slowness = 0.001};

    (void)state;
    if (target_start(&options, &target)) {
        print_error("%s\n", fault_text());
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    target_stop(target);
    target_stop(NULL);
    return 0;
}

static int dial(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(target_port(target))};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

static void send_all(int fd, struct str s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

        assert_true(n > 0);
        s = str_from_index(s, (size_t)n);
    }
}

/* Reads to the end; returns the errno that ended it, 0 for an orderly end. */
static int read_all(int fd, struct buf *out)
{
    char piece[65536];
    ssize_t n;

    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
        buf_put(out, piece, (size_t)n);
    return n < 0 ? errno : 0;
}

/* Sends `request` and reads all answers; the connection is closed for sending after it. */
static int ask(struct str request, struct buf *out)
{
    int fd = dial();

    send_all(fd, request);
    shutdown(fd, SHUT_WR);
    int e = read_all(fd, out);

    close(fd);
    return e;
}

static void expect(const char *request, const char *const *wanted)
{
    scoped(buf_fini) struct buf out = {0};

    assert_int_equal(ask(str_of(request), &out), 0);
    for (; *wanted; wanted++) {
        bool is_absent = (*wanted)[0] == '!';
        const char *found = strstr(buf_cstr(&out), *wanted + is_absent);

        if (is_absent ? found != NULL : found == NULL)
            fail_msg("request:\n%s\nanswer:\n%s\nwanted: %s", request, buf_cstr(&out), *wanted);
    }
}

#define WANT(...) ((const char *const[]){__VA_ARGS__, NULL})
#define GET(path) "GET " path " HTTP/1.1\r\nHost: shop.test:81\r\n\r\n"

struct row {
    const char *request;
    const char *wanted[8];
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(rows[i].request, rows[i].wanted);
}

static void toy_api(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/health"), {"HTTP/1.1 200 OK\r\n", "{\"status\":\"ok\",\"ts\":1", "\r\nDate: "}},
        {GET("/health?x=1"), {"{\"status\":\"ok\",\"ts\":1"}},
        {GET("/fast"), {"{\"ok\":true,\"speed\":\"fast\",\"ts\":1"}},
        {GET("/slow"), {"{\"ok\":true,\"speed\":\"slow\"}"}},
        {GET("/io"), {"{\"ok\":true,\"io\":\"simulated\"}"}},
        {GET("/cpu"), {"{\"ok\":true,\"cpu\":210818"}},
        {GET("/users"), {"{\"id\":50,\"name\":\"User 50\",\"email\":\"user50@test.com\"}]"}},
        {GET("/jobs/0123456789abcdef"), {"404 Not Found", "{\"error\":\"Job not found\"}"}},
        {GET("/jobs/x"), {"404 Not Found"}},
        {GET("/nothing"), {"404 Not Found", "{\"error\":\"Not found\"}"}},
        {"POST /fast HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", {"405 ", "Allow: GET\r\n"}},
        {"DELETE /get HTTP/1.1\r\nHost: x\r\n\r\n", {"405 ", "Allow: GET\r\n"}},
    };

    check_rows(rows, countof(rows));
}

/* A POST of `body`; headers end in CRLF. */
static void put_post(struct buf *out, const char *path, const char *headers, const char *body)
{
    buf_printf(out, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", path, headers,
               strlen(body), body);
}

#define KEY "Authorization: Bearer k\r\n"

/* 23 bytes of text in one message: 6 tokens, 4 for the message, 3 for the answer to begin. */
#define QUESTION "\"messages\":[{\"role\":\"user\",\"content\":\"Explain load testing now\"}]"
#define SURE     "?limited=0&errors=0"

static void chat_api(void **state)
{
    (void)state;
    static const struct {
        const char *args, *headers, *body;
        const char *wanted[9];
    } rows[] = {
        {SURE,
         KEY,
         "{\"model\":\"gpt-4\"," QUESTION ",\"max_tokens\":1,\"stream\":false}",
         {"200 OK", "\"object\":\"chat.completion\"", "\"model\":\"gpt-4\"",
          "\"role\":\"assistant\"",
          "\"usage\":{\"prompt_tokens\":13,\"completion_tokens\":1,\"total_tokens\":14}}",
          "x-ratelimit-limit-tokens: 600000\r\n"}},
        {SURE,
         KEY,
         "{\"model\":\"gpt-4o\"," QUESTION ",\"stream\":true}",
         {"200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked",
          "\"object\":\"chat.completion.chunk\"",
          "\"delta\":{\"role\":\"assistant\",\"content\":\"", "data: [DONE]\n\n", "!\"usage\"",
          "\"finish_reason\":\""}},
        {SURE,
         KEY,
         "{\"model\":\"gpt-4o\"," QUESTION
         ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
         {"\"choices\":[],\"usage\":{\"prompt_tokens\":13,\"completion_tokens\":"}},
        {"?limited=100",
         KEY,
         "{\"model\":\"gpt-4o-mini\"," QUESTION "}",
         {"429 ", "Retry-After: 1\r\n", "\"code\":\"rate_limit_exceeded\""}},
        {"?limited=0&errors=100",
         KEY,
         "{\"model\":\"gpt-4o-mini\"," QUESTION "}",
         {"500 ", "\"type\":\"server_error\""}},
        {SURE "&tpm=5",
         KEY,
         "{\"model\":\"gpt-4o-mini\"," QUESTION "}",
         {"429 ", "Retry-After: 60\r\n", "x-ratelimit-limit-tokens: 5\r\n"}},
        {"", "", "{}", {"401 ", "\"code\":\"invalid_api_key\""}},
        {"", "Authorization: Bearer  \r\n", "{}", {"401 "}},
        {"", KEY, "{}", {"404 ", "\"code\":\"model_not_found\""}},
        {"", KEY, "{\"model\":", {"404 "}},
        {"", KEY, "{\"model\":\"gpt-4\"}", {"400 ", "missing_messages"}},
        {"", KEY, "{\"model\":\"gpt-4\",\"messages\":\"hello\"}", {"400 ", "missing_messages"}},
        {"", KEY, "{\"model\":\"gpt-4\",\"messages\":[{}]}", {"400 ", "invalid_message"}},
        {"",
         KEY,
         "{\"model\":\"gpt-4\"," QUESTION ",\"max_tokens\":5000}",
         {"400 ", "invalid_max_tokens"}},
        {"",
         KEY,
         "{\"model\":\"gpt-4\"," QUESTION ",\"max_completion_tokens\":-1}",
         {"400 ", "invalid_max_tokens"}},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        scoped(buf_fini) struct buf path = {0}, request = {0};

        buf_printf(&path, "/v1/chat/completions%s", rows[i].args);
        put_post(&request, buf_cstr(&path), rows[i].headers, rows[i].body);
        expect(buf_cstr(&request), rows[i].wanted);
    }
    expect("GET /v1/models HTTP/1.1\r\nHost: x\r\n" KEY "\r\n",
           WANT("{\"object\":\"list\",\"data\":[{\"id\":\"gpt-4\",\"object\":\"model\""));
    expect(GET("/v1/models"), WANT("401 "));
    expect(
        GET("/v1/usage"),
        WANT("{\"models\":{\"gpt-4\":{\"requests\":1,\"prompt_tokens\":13,\"completion_tokens\":1},"
             "\"gpt-4o\":{\"requests\":2,\"prompt_tokens\":26,",
             "\"rate_limited\":2,\"failed\":1}"));
}

static void shop_search_and_checkout(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/shop/search?q=KETTLE&max_price=20"),
         {"{\"products\":[{\"id\":1,\"name\":\"Kettle, striped\"", "],\"total\":2}"}},
        {GET("/shop/search"), {"\"total\":24}"}},
        {GET("/shop/search?q=samovar"), {"{\"products\":[],\"total\":0}"}},
        {GET("/shop/inventory/3"), {"{\"product\":3,\"stock\":31}"}},
        {GET("/shop/inventory/25"), {"404 "}},
        {GET("/shop/inventory/x"), {"404 "}},
        {"POST /shop/checkout HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", {"401 "}},
        {GET("/shop/sales"),
         {"{\"orders\":0,\"out_of_stock\":0,\"card_declined\":0,"
          "\"payment_timeout\":0,\"revenue_cents\":0}"}},
    };

    check_rows(rows, countof(rows));
}

/* Logs in, and checks carts out; what the shop has sold then is what it said. */
static void checkouts_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *args, *cart, *wanted;
    } rows[] = {
        {"?declined=0&lost=0", "c-3x2", "\"success\":true,\"order_id\":\"o-"},
        {"?declined=0&lost=0", "c-3x2.1x1", "\"total_amount\":26.06}"},
        {"?declined=100", "c-3x2", "402 Payment Required"},
        {"?declined=100", "c-3x2", "{\"success\":false,\"reason\":\"card_declined\","},
        {"?declined=0&lost=100", "c-3x2", "504 "},
        {"?declined=0&lost=0", "c-3x32", "\"reason\":\"out_of_stock\",\"total_amount\":"},
        {"", "c-99x1", "422 "},
        {"", "", "422 "},
    };
    scoped(buf_fini) struct buf login = {0}, out = {0};

    put_post(&login, "/shop/login", "", "{\"username\":\"ann\",\"password\":\"x\"}");
    assert_int_equal(ask(buf_str(&login), &out), 0);
    const char *token = strstr(buf_cstr(&out), "\"token\":\"");

    assert_non_null(token);
    for (size_t i = 0; i < countof(rows); i++) {
        scoped(buf_fini) struct buf request = {0}, path = {0}, headers = {0}, body = {0};

        buf_printf(&path, "/shop/checkout%s", rows[i].args);
        buf_printf(&headers, "Authorization: Bearer %.20s\r\n", token + 9);
        buf_printf(&body, "{\"cart\":\"%s\"}", rows[i].cart);
        put_post(&request, buf_cstr(&path), buf_cstr(&headers), buf_cstr(&body));
        expect(buf_cstr(&request), WANT(rows[i].wanted));
    }
    expect(GET("/shop/sales"), WANT("{\"orders\":2,\"out_of_stock\":1,\"card_declined\":2,"
                                    "\"payment_timeout\":1,\"revenue_cents\":4526}"));
}

static void services(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/svc/users?errors=0"),
         {"200 OK", "{\"service\":\"users\",\"status\":\"ok\",\"external_service_time_ms\":",
          "\"workers\":{\"busy\":1,\"size\":8},\"db_pool\":{\"in_use\":1,\"size\":20}",
          "\"retries\":0,\"circuit\":\"closed\","}},
        {GET("/svc/gateway?errors=0"),
         {"200 OK",
          "{\"service\":\"gateway\",\"status\":\"ok\",\"dependencies\":[{\"service\":\"users\"",
          "{\"service\":\"payments\""}},
        {GET("/svc/nobody"), {"404 "}},
        {GET("/svc/nobody/health"), {"404 "}},
        {GET("/svc/health"),
         {"{\"users\":\"up\",\"orders\":\"up\",\"inventory\":\"up\",\"payments\":\"up\"}"}},
        {GET("/svc/orders?errors=100"),
         {"502 ", "\"status\":\"failed\"", "\"retries\":2,\"circuit\":\"closed\","}},
        {GET("/svc/stats"),
         {"\"users\":{\"calls\":2,", "\"orders\":{\"calls\":4,",
          "\"inventory\":{\"calls\":1,\"cached\":", "\"circuit_openings\":0}"}},
    };

    check_rows(rows, countof(rows));
}

/* Five failures in a row: two calls with their retries. The pause is half a millisecond here. */
static void circuit_opens(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf all = {0}, out = {0};

    for (int i = 0; i < 40; i++)
        buf_puts(&all, GET("/svc/inventory?errors=100"));
    assert_int_equal(ask(buf_str(&all), &out), 0);
    assert_non_null(strstr(buf_cstr(&out), "502 Bad Gateway"));
    assert_non_null(strstr(buf_cstr(&out), "503 Service Unavailable"));
    assert_non_null(strstr(buf_cstr(&out), "Retry-After: 1\r\n"));
    assert_non_null(strstr(buf_cstr(&out), "\"status\":\"unavailable\""));
    assert_non_null(strstr(buf_cstr(&out), "\"circuit\":\"open\",\"circuit_opened\":true}"));
}

static void cloud(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/cloud/prices"),
         {"{\"currency\":\"USD\",\"per_request\":0.000002,\"per_gb_second\":0.00006,"
          "\"peak_factor\":1.5,\"per_instance_hour\":0.085,"}},
        {GET("/cloud/usage"),
         {"{\"requests_per_s\":0,\"instances\":0,\"cpu_utilization\":0,"
          "\"requests_per_instance\":0,\"hourly_cost_usd\":0}"}},
        {GET("/cloud/bill"), {"\"micro_usd\":0}"}},
        {GET("/cloud/run/report"),
         {"{\"endpoint\":\"report\",\"period\":\"off-peak\",\"compute_ms\":", "\"cost_usd\":0.0000",
          "\"instances\":1,", "\"hourly_cost_usd\":0.085}"}},
        {GET("/cloud/run/export?period=peak"), {"\"period\":\"peak\"", "\"cost_usd\":0.000"}},
        {GET("/cloud/run/export?period=never"), {"400 ", "peak or off-peak"}},
        {GET("/cloud/run/none"), {"404 "}},
        {GET("/cloud/bill"),
         {"{\"endpoint\":\"report\",\"period\":\"off-peak\",\"requests\":1,\"micro_usd\":",
          "{\"endpoint\":\"export\",\"period\":\"peak\",\"requests\":1,\"micro_usd\":"}},
    };

    check_rows(rows, countof(rows));
}

/* Appends what sixty requests come to with that many threads. */
static void put_totals(int n_threads, struct buf *bill)
{
    const struct target_options options = {
        .listen = "127.0.0.1:0", .n_threads = n_threads, .seed = 99, .slowness = 0.001};
    struct target *before = target;
    scoped(buf_fini) struct buf out = {0};

    assert_int_equal(target_start(&options, &target), 0);
    for (int i = 0; i < 60; i++)
        expect(GET("/cloud/run/search"), WANT("200 OK"));
    assert_int_equal(ask(str_of(GET("/cloud/bill")), &out), 0);
    buf_puts(bill, strstr(buf_cstr(&out), "\r\n\r\n"));
    target_stop(target);
    target = before;
}

static void totals_come_from_the_seed(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf one = {0}, three = {0};

    put_totals(1, &one);
    put_totals(3, &three);
    assert_string_equal(buf_cstr(&one), buf_cstr(&three));
    assert_non_null(strstr(buf_cstr(&one), "\"requests\":60,"));
}

static void times_known_in_advance(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/fixed"), {"HTTP/1.1 200 OK\r\n", "{\"ok\":true}"}},
        {GET("/fixed?ms=0.5&stall=1ms&every=5ms"), {"{\"ok\":true}"}},
        {GET("/fixed?ms=-1"), {"400 ", "ms must be a duration"}},
        {GET("/fixed?ms=61s"), {"400 "}},
        {GET("/fixed?stall=soon"), {"400 ", "stall must be a duration"}},
        {GET("/fixed?stall=10s"), {"400 ", "stall must be shorter than every"}},
        {GET("/fixed?every=0"), {"400 "}},
        {GET("/queue"), {"HTTP/1.1 200 OK\r\n", "{\"ok\":true,\"waited_ms\":0}"}},
        {GET("/queue?servers=0"), {"400 ", "servers must be a number from 1 to 10000"}},
        {GET("/queue?waiting=-1"), {"400 ", "waiting must be a number from 0 to 100000"}},
        {GET("/queue?servers=x"), {"400 "}},
        {GET("/queue?ms=99999999999999999999"), {"400 "}},
    };

    check_rows(rows, countof(rows));
}

/* Connections share one server; the second request finds it busy with the first for a second. */
static void queue_is_shared_by_connections(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf out = {0};
    struct str request = STR(GET("/queue?ms=1000&servers=1&waiting=0"));
    int first = dial();

    send_all(first, request);
    shutdown(first, SHUT_WR);
    /* It need not be the first that is read first: one of the two is served, one refused. */
    assert_int_equal(ask(request, &out), 0);
    assert_int_equal(read_all(first, &out), 0);
    close(first);
    assert_non_null(strstr(buf_cstr(&out), "200 OK"));
    assert_non_null(strstr(buf_cstr(&out), "503 Service Unavailable"));
    assert_non_null(strstr(buf_cstr(&out), "{\"error\":\"queue is full\"}"));
}

static void queues_are_limited(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf all = {0}, out = {0};

    for (int i = 1; i <= 40; i++)
        buf_printf(&all, "GET /queue?ms=0&servers=%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
    assert_int_equal(ask(buf_str(&all), &out), 0);
    assert_non_null(strstr(buf_cstr(&out), "400 Bad Request"));
    assert_non_null(strstr(buf_cstr(&out), "too many different queues"));
}

static void errors_are_drawn(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf all = {0}, out = {0};
    int n_errors = 0, n_answers = 0;

    for (int i = 0; i < 400; i++)
        buf_puts(&all, GET("/error"));
    assert_int_equal(ask(buf_str(&all), &out), 0);
    for (const char *at = buf_cstr(&out); (at = strstr(at, "HTTP/1.1 ")); at += 9) {
        n_answers++;
        n_errors += at[9] == '5';
    }
    assert_int_equal(n_answers, 400);
    /* 30 %; the seed is fixed, the bounds are four standard deviations. */
    assert_in_range(n_errors, 84, 157);
}

static void jobs_run_their_course(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf out = {0}, next = {0};
    static const char post[] =
        "POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 14\r\n\r\n{\"mode\":\"cpu\"}";
    const char *status = NULL;

    assert_int_equal(ask(str_of(post), &out), 0);
    assert_non_null(strstr(buf_cstr(&out), "202 Accepted"));
    assert_non_null(strstr(buf_cstr(&out), "\"mode\":\"cpu\""));
    const char *id = strstr(buf_cstr(&out), "\"jobId\":\"");

    assert_non_null(id);
    buf_printf(&next, "GET /jobs/%.16s HTTP/1.1\r\nHost: x\r\n\r\n", id + 9);
    /* 60 µs at this slowness: over by the time that it is asked for, or soon after. */
    for (int i = 0; i < 10000 && !status; i++) {
        buf_reset(&out);
        assert_int_equal(ask(buf_str(&next), &out), 0);
        status = strstr(buf_cstr(&out), "finishedAt");
    }
    assert_non_null(status);
}

static void mirrors(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET /get?a=1&b=2&a=%C3%A9+x&c HTTP/1.1\r\nHost: shop.test:81\r\nx-one: 1\r\nX-One: 2\r\n\r\n",
         {"\"args\":{\"a\":[\"1\",\"\xc3\xa9 x\"],\"b\":\"2\",\"c\":\"\"}",
          "\"headers\":{\"Host\":\"shop.test:81\",\"X-One\":\"1,2\"}", "\"origin\":\"127.0.0.1\"",
          "\"url\":\"http://shop.test:81/get?a=1&b=2&a=%C3%A9+x&c\""}},
        {"GET http://other.test/get?q=1 HTTP/1.1\r\nHost: other.test\r\n\r\n",
         {"\"args\":{\"q\":\"1\"}", "\"url\":\"http://other.test/get?q=1\""}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
         "{\"a\":[1]}",
         {"\"data\":\"{\\\"a\\\":[1]}\"", "\"json\":{\"a\":[1]}", "\"form\":{}", "\"files\":{}"}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{\"a\":",
         {"\"json\":null", "\"data\":\"{\\\"a\\\":\""}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na\xff\xfe",
         {"\"data\":\"data:application/octet-stream;base64,Yf/+\""}},
        {"PUT /put HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
         "Content-Length: 15\r\n\r\na=1&a=2&b=%26+c",
         {"\"form\":{\"a\":[\"1\",\"2\"],\"b\":\"& c\"}", "\"data\":\"\"", "\"json\":null"}},
        {"PATCH /patch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
         {"\"data\":\"hello!\""}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=\"b-1\"\r\n"
         "Content-Length: 175\r\n\r\n"
         "--b-1\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\nvalue\r\n"
         "--b-1\r\nContent-Type: text/plain\r\n"
         "content-disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\r\na\r\nb\r\n"
         "--b-1--\r\n",
         {"\"form\":{\"field\":\"value\"}", "\"files\":{\"file\":\"a\\r\\nb\"}"}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=zz\r\n"
         "Content-Length: 7\r\n\r\n--zz\r\n-",
         {"200 OK", "\"form\":{}"}},
        {"REPORT /anything/a/b?x=1 HTTP/1.1\r\nHost: x\r\n\r\n",
         {"\"method\":\"REPORT\"", "/anything/a/b?x=1\""}},
        {GET("/headers"), {"{\"headers\":{\"Host\":\"shop.test:81\"}}"}},
        {GET("/ip"), {"{\"origin\":\"127.0.0.1\"}"}},
        {GET("/user-agent"), {"{\"user-agent\":null}"}},
        {GET("/base64/aGVsbG8="), {"\r\n\r\nhello"}},
        {GET("/base64/%%%"), {"Incorrect Base64"}},
        {GET("/response-headers?X-Two=b&Content-Type=text/css&X-Bad=a%0d%0ab&Content-Length=9"),
         {"X-Two: b\r\n", "Content-Type: text/css\r\n", "!X-Bad:", "!Content-Length: 9\r\n"}},
        {GET("/json"), {"\"tags\":[\"aisle3\",\"shop\"]}]}"}},
        {GET("/html"), {"text/html", "</html>"}},
        {GET("/encoding/utf8"), {"\xe4\xbd\xa0\xe5\xa5\xbd"}},
        {GET("/"), {"/shop/orders"}},
    };

    check_rows(rows, countof(rows));
}

static void statuses_redirects_and_cookies(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/status/418"), {"HTTP/1.1 418 ", "teapot"}},
        {GET("/status/204"), {"HTTP/1.1 204 No Content\r\n", "!Content-Length"}},
        {GET("/status/304"), {"HTTP/1.1 304 Not Modified\r\n"}},
        {GET("/status/302"), {"Location: /redirect/1\r\n"}},
        {GET("/status/500,501:0"), {"400 Bad Request"}},
        {GET("/status/abc"), {"400 Bad Request"}},
        {GET("/status/99999999999999999999"), {"400 Bad Request"}},
        {GET("/redirect/2"), {"302 Found", "Location: /relative-redirect/1\r\n"}},
        {GET("/relative-redirect/1"), {"Location: /get\r\n"}},
        {GET("/absolute-redirect/3"), {"Location: http://shop.test:81/absolute-redirect/2\r\n"}},
        {GET("/redirect/0"), {"400 "}},
        {GET("/redirect-to?url=http%3A%2F%2Fx.test%2F&status_code=307"),
         {"HTTP/1.1 307 ", "Location: http://x.test/\r\n"}},
        {GET("/redirect-to?url=a%0d%0aX:1"), {"400 "}},
        {GET("/cookies/set?a=1&b=2%203"),
         {"302 Found", "Set-Cookie: a=1; Path=/\r\n", "Set-Cookie: b=2 3; Path=/\r\n",
          "Location: /cookies\r\n"}},
        {GET("/cookies/set/n/v"), {"Set-Cookie: n=v; Path=/\r\n"}},
        {GET("/cookies/set?a%3b=1"), {"302 Found", "!Set-Cookie"}},
        {GET("/cookies/delete?a"),
         {"Set-Cookie: a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
          "Max-Age=0\r\n"}},
        {"GET /cookies HTTP/1.1\r\nHost: x\r\nCookie: a=1; b=x=y\r\n\r\n",
         {"{\"cookies\":{\"a\":\"1\",\"b\":\"x=y\"}}"}},
    };

    check_rows(rows, countof(rows));
}

static void authentication(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/basic-auth/user/pass"), {"401 ", "WWW-Authenticate: Basic realm=\"Fake Realm\""}},
        {"GET /basic-auth/user/pass HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\n",
         {"200 OK", "{\"authenticated\":true,\"user\":\"user\"}"}},
        {"GET /basic-auth/user/other HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\n",
         {"401 "}},
        {"GET /hidden-basic-auth/u/p HTTP/1.1\r\nHost: x\r\nAuthorization: Basic !\r\n\r\n",
         {"404 "}},
        {"GET /bearer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer abc\r\n\r\n",
         {"{\"authenticated\":true,\"token\":\"abc\"}"}},
        {GET("/bearer"), {"401 "}},
        {GET("/digest-auth/auth/u/p"),
         {"401 ", "Digest realm=\"brunt\"", "qop=\"auth\"", "algorithm=MD5"}},
        {GET("/digest-auth/auth-int/u/p/SHA-256"), {"qop=\"auth-int\"", "algorithm=SHA-256"}},
        {"GET /digest-auth/auth/u/p HTTP/1.1\r\nHost: x\r\nAuthorization: Digest username=\"u\", realm=\"brunt\", "
         "uri=\"/digest-auth/auth/u/p\", nonce=\"n\", nc=00000001, cnonce=\"c\", qop=auth, "
         "response=\"45c9b4877bcde93c8158db17cc681522\"\r\n\r\n",
         {"200 OK", "{\"authenticated\":true,\"user\":\"u\"}"}},
        {"GET /digest-auth/auth-int/u/p/SHA-256 HTTP/1.1\r\nHost: x\r\nAuthorization: Digest username=\"u\", realm=\"brunt\", "
         "uri=\"/digest-auth/auth-int/u/p/SHA-256\", nonce=\"n\", nc=00000001, cnonce=\"c\", qop=auth-int, "
         "response=\"92dd162bb93db935685da35e23bc9b56b944f2779dcad4d1dcb98f1b197563b5\"\r\n\r\n",
         {"200 OK", "{\"authenticated\":true,\"user\":\"u\"}"}},
        {"GET /digest-auth/auth/u/p HTTP/1.1\r\nHost: x\r\nAuthorization: Digest username=\"u\", realm=\"brunt\", "
         "uri=\"/digest-auth/auth/u/p\", nonce=\"n\", nc=00000002, cnonce=\"c\", qop=auth, "
         "response=\"45c9b4877bcde93c8158db17cc681522\"\r\n\r\n",
         {"401 ", "stale=FALSE"}},
    };

    check_rows(rows, countof(rows));
}

static void shop(void **state)
{
    (void)state;
    static const char login[] = "POST /shop/login HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n"
                                "{\"username\":\"ann\", \"password\": \"pw\" }";
    scoped(buf_fini) struct buf out = {0}, next = {0};

    static const struct row rows[] = {
        {GET("/shop/products"), {"{\"total\":24,\"products\":[{\"id\":1,\"name\":"}},
        {GET("/shop/products/3"), {"{\"id\":3,\"name\":"}},
        {GET("/shop/products/25"), {"404 ", "No such product"}},
        {GET("/shop/products/x"), {"404 "}},
        {"POST /shop/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", {"400 "}},
        {"POST /shop/login HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n"
         "{\"username\":\"a\",\"password\":\"wrong\"  }",
         {"401 "}},
        {"POST /shop/cart HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", {"401 "}},
        {"POST /shop/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann:0\r\n"
         "Content-Length: 2\r\n\r\n{}",
         {"401 "}},
    };

    check_rows(rows, countof(rows));
    assert_int_equal(ask(str_of(login), &out), 0);
    const char *token = strstr(buf_cstr(&out), "\"token\":\"ann:");

    assert_non_null(token);
    token += 9;

#define CART "{\"items\":[{\"product\":3,\"quantity\":2},{\"product\":1}]}"
    buf_printf(&next,
               "POST /shop/cart HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %.20s\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               token, strlen(CART), CART);
    expect(buf_cstr(&next),
           WANT("201 Created", "\"id\":\"c-3x2.1x1\"",
                "{\"product\":1,\"quantity\":1,\"price\":6.86}", "\"total\":26.06"));
    buf_reset(&next);
    buf_printf(&next,
               "POST /shop/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %.20s\r\n"
               "Content-Length: 21\r\n\r\n{\"cart\":\"c-3x2.1x1\" }",
               token);
    expect(buf_cstr(&next), WANT("201 Created", "\"status\":\"accepted\"", "\"total\":26.06"));
    buf_reset(&next);
    buf_printf(&next,
               "POST /shop/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %.20s\r\n"
               "Content-Length: 18\r\n\r\n{\"cart\":\"c-99x1\" }",
               token);
    expect(buf_cstr(&next), WANT("422 "));
}

/* ---- sizes and codings ---- */

/* The body of a single answer. */
static struct str body_of(struct buf *out)
{
    struct str all = str_from(buf_cstr(out), out->len);

    return str_from_index(all, str_find_str(all, STR("\r\n\r\n")) + 4);
}

static void encoded_answers_decode(void **state)
{
    (void)state;
    static const struct {
        const char *path, *coding, *flag;
    } cases[] = {
        {"/gzip", "gzip", "{\"gzipped\":true,"},
        {"/deflate", "deflate", "{\"deflated\":true,"},
        {"/brotli", "br", "{\"brotli\":true,"},
        {"/zstd", "zstd", "{\"zstd\":true,"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        scoped(buf_fini) struct buf request = {0}, out = {0}, plain = {0};

        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", cases[i].path);
        assert_int_equal(ask(buf_str(&request), &out), 0);
        struct content_decoder *d =
            content_decoder_new(str_of(cases[i].coding), (struct content_limits){0});

        assert_non_null(strstr(buf_cstr(&out), "Content-Encoding: "));
        assert_int_equal(content_decode(d, body_of(&out), &plain), 0);
        assert_int_equal(content_decode_end(d), 0);
        content_decoder_free(d);
        assert_non_null(strstr(buf_cstr(&plain), cases[i].flag));
        assert_non_null(strstr(buf_cstr(&plain), "\"method\":\"GET\""));
    }
}

static void bytes_are_as_many_as_asked(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf a = {0}, b = {0}, c = {0};

    assert_int_equal(ask(STR(GET("/bytes/3000000?seed=5")), &a), 0);
    assert_int_equal(body_of(&a).n, 3000000);
    assert_int_equal(ask(STR(GET("/bytes/100?seed=5")), &b), 0);
    assert_int_equal(ask(STR(GET("/bytes/100?seed=6")), &c), 0);
    assert_memory_equal(body_of(&a).p, body_of(&b).p, 100);
    assert_memory_not_equal(body_of(&b).p, body_of(&c).p, 100);
    expect(GET("/bytes/0"), WANT("Content-Length: 0\r\n"));
    expect(GET("/stream-bytes/10?chunk_size=4&seed=1"),
           WANT("Transfer-Encoding: chunked\r\n", "\r\n4\r\n", "\r\n2\r\n", "\r\n0\r\n\r\n"));
    expect(GET("/stream/3"), WANT("{\"id\":0,", "{\"id\":2,", "!{\"id\":3,", "\r\n0\r\n\r\n"));
    expect(GET("/drip?duration=0&numbytes=5&code=201"), WANT("HTTP/1.1 201 ", "\r\n\r\n*****"));
    expect(GET("/delay/0.001"), WANT("\"method\":\"GET\""));
    expect(GET("/delay/x"), WANT("400 "));
}

/* ---- the protocol ---- */

static void one_connection_many_requests(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf out = {0}, all = {0};
    int n = 0;

    for (int i = 0; i < 1000; i++)
        buf_puts(&all, i % 10 ? GET("/fast") : GET("/get"));
    buf_puts(&all, "GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" GET("/fast"));
    int fd = dial();

    send_all(fd, buf_str(&all));
    assert_int_equal(read_all(fd, &out), 0);
    close(fd);
    for (const char *at = buf_cstr(&out); (at = strstr(at, "HTTP/1.1 200 OK")); at++)
        n++;
    assert_int_equal(n, 1001);
    assert_non_null(strstr(buf_cstr(&out), "Connection: close"));
}

static void split_anywhere_is_the_same(void **state)
{
    (void)state;
    static const char request[] = "POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                                  "GET /endpoint HTTP/1.1\r\nHost: x\r\n\r\n";
    scoped(buf_fini) struct buf out = {0};
    int fd = dial();
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, 1, &on, sizeof(on)); /* TCP_NODELAY: a packet a byte */
    for (size_t i = 0; i < sizeof(request) - 1; i++)
        send_all(fd, str_from(request + i, 1));
    shutdown(fd, SHUT_WR);
    assert_int_equal(read_all(fd, &out), 0);
    close(fd);
    assert_non_null(strstr(buf_cstr(&out), "\"data\":\"hello\""));
    assert_non_null(strstr(buf_cstr(&out), "{\"ok\":true}"));
}

static void heads_have_no_bodies(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"HEAD /fast HTTP/1.1\r\nHost: x\r\n\r\n", {"200 OK", "Content-Length: ", "!speed"}},
        {"HEAD /get HTTP/1.1\r\nHost: x\r\n\r\n", {"200 OK", "Content-Length: ", "!origin"}},
        {"HEAD /bytes/100 HTTP/1.1\r\nHost: x\r\n\r\n" GET("/endpoint"),
         {"Content-Length: 100\r\n", "{\"ok\":true}"}},
        {"HEAD /stream/3 HTTP/1.1\r\nHost: x\r\n\r\n", {"200 OK", "!\"id\""}},
        {"GET /fast HTTP/1.0\r\n\r\n", {"speed", "Connection: close"}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
         {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "\"data\":\"hi\""}},
    };

    check_rows(rows, countof(rows));
}

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"what\r\n\r\n", {"HTTP/1.1 400 ", "Connection: close"}},
        {"GET /fast HTTP/1.1\r\nbad header\r\n\r\n", {"HTTP/1.1 400 "}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         {"HTTP/1.1 400 "}},
        {"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
         {"HTTP/1.1 413 "}},
    };

    check_rows(rows, countof(rows));
}

/* ---- misbehaviour ---- */

static void chaos_is_what_it_says(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {GET("/chaos/half-head"), {"HTTP/1.1 200 OK\r\nContent-Le", "!Content-Length"}},
        {GET("/chaos/short-body"), {"Content-Length: 100\r\n\r\nonly this"}},
        {GET("/chaos/truncated-chunk"), {"\r\n\r\n10\r\nhello"}},
        {GET("/chaos/slow-body?ms=0"), {"twenty slow bytes !\n"}},
        {GET("/chaos/slow-head?ms=0"), {"\r\n\r\nok"}},
        {GET("/chaos/interim?n=3"), {"102 Processing", "103 Early Hints", "\r\n\r\nok"}},
        {GET("/chaos/many-headers?n=20"), {"X-H19: 19\r\n", "!X-H20"}},
        {GET("/chaos/endless-body?bytes=200000"), {"on and on"}},
        {GET("/chaos/endless-head?bytes=200000"), {"X-Again: and again\r\n"}},
        {GET("/chaos/two-answers"), {"\r\n\r\nokHTTP/1.1 200 OK"}},
        {GET("/chaos/redirect-loop"), {"Location: /chaos/redirect-loop\r\n"}},
        {GET("/chaos/close-after"), {"\r\n\r\nok", "!Connection: close"}},
        {GET("/chaos/none-such"), {"404 "}},
    };

    check_rows(rows, countof(rows));
}

static void chaos_resets(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf out = {0};

    assert_int_equal(ask(STR(GET("/chaos/reset")), &out), ECONNRESET);
    assert_int_equal(out.len, 0);
    assert_int_equal(ask(STR(GET("/chaos/reset-body")), &out), ECONNRESET);
}

/* A client that leaves in the middle of an endless answer ends it. */
static void leaving_ends_the_endless(void **state)
{
    (void)state;
    char piece[1000];
    int fd = dial();

    send_all(fd, STR(GET("/chaos/endless-chunks")));
    assert_true(recv(fd, piece, sizeof(piece), MSG_WAITALL) == sizeof(piece));
    close(fd);
    expect(GET("/endpoint"), WANT("{\"ok\":true}"));
}

static void stalled_connections_do_not_hold_up_the_end(void **state)
{
    const struct target_options options = {.listen = "127.0.0.1:0", .n_threads = 1, .seed = 1};
    struct target *outer = target;

    (void)state;
    assert_int_equal(target_start(&options, &target), 0);
    int stalled = dial(), idle = dial(), slow = dial();
    char byte;

    send_all(stalled, STR(GET("/chaos/announce-10g")));
    assert_int_equal(recv(stalled, &byte, 1, 0), 1);
    send_all(slow, STR(GET("/slow")));
    target_stop(target);
    target = outer;
    close(stalled);
    close(idle);
    close(slow);
}

static void bad_addresses_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"nowhere:80", "1.2.3.4.5:80", "127.0.0.1:99999"};
    struct target *t;

    for (size_t i = 0; i < countof(bad); i++) {
        struct target_options options = {.listen = bad[i], .n_threads = 1};

        assert_true(target_start(&options, &t) < 0);
        assert_non_null(strstr(fault_text(), "cannot listen on"));
    }
    fault_clear();
}

static void the_list_has_every_route(void **state)
{
    (void)state;
    scoped(buf_fini) struct buf out = {0};

    target_list(&out);
    assert_non_null(strstr(buf_cstr(&out), "/digest-auth/:qop/:user/:password/:algorithm"));
    assert_non_null(strstr(buf_cstr(&out), "/chaos/announce-10g"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(toy_api),
        cmocka_unit_test(chat_api),
        cmocka_unit_test(shop_search_and_checkout),
        cmocka_unit_test(checkouts_are_counted),
        cmocka_unit_test(services),
        cmocka_unit_test(circuit_opens),
        cmocka_unit_test(cloud),
        cmocka_unit_test(totals_come_from_the_seed),
        cmocka_unit_test(times_known_in_advance),
        cmocka_unit_test(queue_is_shared_by_connections),
        cmocka_unit_test(queues_are_limited),
        cmocka_unit_test(errors_are_drawn),
        cmocka_unit_test(jobs_run_their_course),
        cmocka_unit_test(mirrors),
        cmocka_unit_test(statuses_redirects_and_cookies),
        cmocka_unit_test(authentication),
        cmocka_unit_test(shop),
        cmocka_unit_test(encoded_answers_decode),
        cmocka_unit_test(bytes_are_as_many_as_asked),
        cmocka_unit_test(one_connection_many_requests),
        cmocka_unit_test(split_anywhere_is_the_same),
        cmocka_unit_test(heads_have_no_bodies),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(chaos_is_what_it_says),
        cmocka_unit_test(chaos_resets),
        cmocka_unit_test(leaving_ends_the_endless),
        cmocka_unit_test(stalled_connections_do_not_hold_up_the_end),
        cmocka_unit_test(bad_addresses_are_named),
        cmocka_unit_test(the_list_has_every_route),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
