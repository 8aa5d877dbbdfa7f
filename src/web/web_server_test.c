/* Requests and event streams over a real socket to the server's own threads. */
#include "web/web_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/web_stream.h"

/* ---- over a socket ---- */

static struct {
    struct web_server *server;
    struct web_stream *stream;
    pthread_barrier_t together;
    bool is_gone;
    _Atomic int n_answered;
    char answer[4096];
} t;

static bool echo(void *arg UNUSED, const struct web_request *req, struct web_answer *ret_answer)
{
    t.n_answered++;
    if (t.is_gone)
        return false;
    ret_answer->status = 200;
    if (str_is(req->path, "/stream")) {
        ret_answer->content_type = "text/event-stream";
        ret_answer->listener = web_stream_join(t.stream, STR("event: first\ndata: {}\n\n"));
        return ret_answer->listener != NULL;
    }
    if (str_is(req->path, "/together"))
        pthread_barrier_wait(&t.together);
    ret_answer->content_type = "text/plain";
    buf_printf(&ret_answer->body, "%.*s %.*s %zu", STR_ARG(req->method), STR_ARG(req->path),
               req->body.n);
    return true;
}

static void start(const char *token)
{
    struct web_server_config config = {
        .address = ":0", .token = token, .answer = echo, .n_threads = 2};

    memset(&t, 0, sizeof(t));
    t.stream = web_stream_new();
    assert_int_equal(web_server_new(&config, &t.server), 0);
}

static void end(void)
{
    web_server_free(t.server);
    web_stream_unref(t.stream);
}

static int connect_to_server(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    addr.sin_port = htons((uint16_t)atoi(strrchr(web_server_address(t.server), ':') + 1));
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

/* Sends a request with n bytes of body and gives the answer's status. */
static int send_request(const char *head, size_t n)
{
    int fd = connect_to_server(), status = 0;
    scoped(buf_fini) struct buf out = {0};
    size_t got = 0;

    buf_printf(&out, "%sConnection: close\r\nContent-Length: %zu\r\n\r\n", head, n);
    for (size_t i = 0; i < n; i++)
        buf_putc(&out, 'x');
    assert_int_equal(write(fd, out.data, out.len), out.len);
    for (ssize_t r; got < sizeof(t.answer) - 1 &&
                    (r = read(fd, t.answer + got, sizeof(t.answer) - 1 - got)) > 0;)
        got += (size_t)r;
    t.answer[got] = '\0';
    close(fd);
    ignored(sscanf(t.answer, "HTTP/1.1 %d", &status));
    return status;
}

static void test_requests(void **s UNUSED)
{
    start(NULL);
    assert_int_equal(send_request("POST /v1/x%20y?q=1 HTTP/1.1\r\nHost: localhost\r\n", 10), 200);
    assert_non_null(strstr(t.answer, "\r\n\r\nPOST /v1/x y 10"));
    assert_int_equal(send_request("POST / HTTP/1.1\r\nHost: localhost\r\n", WEB_BODY_LIMIT), 200);
    assert_int_equal(t.n_answered, 2);
    assert_int_equal(send_request("POST / HTTP/1.1\r\nHost: localhost\r\n", WEB_BODY_LIMIT + 1),
                     413);
    assert_int_equal(t.n_answered, 2);
    t.is_gone = true;
    assert_int_equal(send_request("GET / HTTP/1.1\r\nHost: localhost\r\n", 0), 503);
    end();
}

static void test_strangers(void **s UNUSED)
{
    start("");
    assert_int_equal(send_request("GET / HTTP/1.1\r\nHost: evil.com\r\n", 0), 403);
    assert_int_equal(
        send_request("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.com\r\n", 0), 403);
    assert_int_equal(t.n_answered, 0);
    assert_int_equal(
        send_request("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:1\r\n", 0),
        200);
    end();
}

static void test_token(void **s UNUSED)
{
    static const struct {
        const char *head;
        int status;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: localhost\r\n", 401},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n", 401},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secre\r\n", 401},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secretsecret\r\n", 401},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \r\n", 401},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic secret\r\n", 401},
        {"GET / HTTP/1.1\r\nHost: other.name\r\nAuthorization: Bearer secret\r\n", 200},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: bearer secret\r\n", 200},
    };

    start("secret");
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(send_request(cases[i].head, 0), cases[i].status);
    assert_int_equal(t.n_answered, 2);
    end();
}

/* What is no request, or ends halfway, is nobody's affair, and nothing of it stays. */
static void test_garbage(void **s UNUSED)
{
    static const char *const parts[] = {
        "",
        "GET",
        "GET /x",
        "GET / HTTP/1.1\r\nHost: local",
        "BOGUS\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };

    start(NULL);
    for (size_t i = 0; i < countof(parts); i++) {
        int fd = connect_to_server();

        assert_int_equal(write(fd, parts[i], strlen(parts[i])), strlen(parts[i]));
        close(fd);
    }
    assert_int_equal(t.n_answered, 0);
    assert_int_equal(send_request("GET / HTTP/1.1\r\nHost: localhost\r\n", 0), 200);
    end();
}

static void test_addresses(void **s UNUSED)
{
    static const char *const bad[] = {"",          "localhost", "localhost:",      "localhost:x",
                                      "::1",       "1:2:3",     "localhost:65536", "[::1]",
                                      "0.0.0.0:0", "[::]:0"};
    struct web_server *server = NULL;

    for (size_t i = 0; i < countof(bad); i++) {
        struct web_server_config config = {.address = bad[i], .answer = echo};

        if (web_server_new(&config, &server) != FAULT_EXIT(104))
            fail_msg("'%s'", bad[i]);
    }
    struct web_server_config open = {.address = "0.0.0.0:0", .token = "x", .answer = echo};

    assert_int_equal(web_server_new(&open, &server), 0);
    web_server_free(server);
    open.token = NULL;
    open.makes_token = true;
    assert_int_equal(web_server_new(&open, &server), 0);
    assert_int_equal(strlen(web_server_token(server)), 32);
    web_server_free(server);
    open.address = "127.0.0.1:0";
    assert_int_equal(web_server_new(&open, &server), 0);
    assert_string_equal(web_server_token(server), "");
    web_server_free(server);
    start(NULL);
    struct web_server_config same = {.address = web_server_address(t.server), .answer = echo};

    assert_int_equal(web_server_new(&same, &server), -EADDRINUSE);
    assert_non_null(strstr(fault_text(), "in use"));
    end();
    fault_clear();
}

/* ---- streams ---- */

static int open_stream(void)
{
    static const char head[] = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int fd = connect_to_server();

    assert_int_equal(write(fd, head, sizeof(head) - 1), sizeof(head) - 1);
    return fd;
}

/* Reads until `text` has come, or the end; whether it has. */
static bool read_until(int fd, const char *text)
{
    size_t got = 0;

    t.answer[0] = '\0';
    while (!strstr(t.answer, text)) {
        ssize_t r = read(fd, t.answer + got, sizeof(t.answer) - 1 - got);

        if (r <= 0)
            return false;
        got += (size_t)r;
        t.answer[got] = '\0';
    }
    return true;
}

static void test_stream(void **s UNUSED)
{
    start(NULL);
    int one = open_stream(), two = open_stream();

    assert_true(read_until(one, "event: first"));
    assert_true(read_until(two, "event: first"));
    assert_int_equal(web_stream_listeners(t.stream), 2);
    web_stream_publish(t.stream, "frame", STR("{\"n\":1}"));
    assert_true(read_until(one, "event: frame\ndata: {\"n\":1}\n\n"));
    assert_true(read_until(two, "data: {\"n\":1}\n\n"));
    assert_int_equal(send_request("GET / HTTP/1.1\r\nHost: localhost\r\n", 0), 200);
    close(one);
    web_stream_publish(t.stream, "frame", STR("2"));
    assert_true(read_until(two, "data: 2"));
    web_stream_end(t.stream);
    assert_true(read_until(two, "0\r\n\r\n")); /* the last chunk */
    close(two);
    end();
}

static void test_stop_with_stream(void **s UNUSED)
{
    start(NULL);
    int fd = open_stream();

    assert_true(read_until(fd, "event: first"));
    web_server_free(take(t.server));
    assert_false(read_until(fd, "nothing"));
    assert_int_equal(web_stream_listeners(t.stream), 0);
    close(fd);
    web_stream_unref(t.stream);
}

/* Two requests that wait for each other: neither blocks the thread of connections. */
static void test_at_once(void **s UNUSED)
{
    static const char head[] = "GET /together HTTP/1.1\r\nHost: localhost\r\n\r\n";

    start(NULL);
    pthread_barrier_init(&t.together, NULL, 2);
    int fd = connect_to_server();

    assert_int_equal(write(fd, head, sizeof(head) - 1), sizeof(head) - 1);
    assert_int_equal(send_request("GET /together HTTP/1.1\r\nHost: localhost\r\n", 0), 200);
    assert_true(read_until(fd, "200 OK"));
    close(fd);
    end();
    pthread_barrier_destroy(&t.together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests), cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_token),    cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_stream),   cmocka_unit_test(test_stop_with_stream),
        cmocka_unit_test(test_at_once),  cmocka_unit_test(test_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
