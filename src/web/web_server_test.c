/* Who may call, and requests over a real socket to the server's own thread. */
#include "web/web_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_loopback_names(void **s UNUSED)
{
    static const struct {
        const char *name;
        bool is_ours;
    } cases[] = {
        {"localhost", true},
        {"LocalHost:6565", true},
        {"127.0.0.1:6565", true},
        {"127.9.9.9", true},
        {"[::1]:80", true},
        {"[::1]", true},
        {"", false},
        {":80", false},
        {"evil.com", false},
        {"127.0.0.1.evil.com", false},
        {"127.0.0.1evil", false},
        {"127.0.0", false},
        {"127.0.0.1.1", false},
        {"127.0.0.256", false},
        {"128.0.0.1", false},
        {"localhost.evil.com", false},
        {"evil.com:127.0.0.1", false},
        {"[::2]", false},
        {"[::1", false},
        {"[", false},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        if (web_is_loopback_name(str_of(cases[i].name)) != cases[i].is_ours)
            fail_msg("'%s'", cases[i].name);
    }
    assert_true(web_is_loopback_origin(STR("http://localhost:3000")));
    assert_true(web_is_loopback_origin(STR("https://127.0.0.1")));
    assert_false(web_is_loopback_origin(STR("null")));
    assert_false(web_is_loopback_origin(STR("localhost")));
    assert_false(web_is_loopback_origin(STR("http://localhost@evil.com")));
    assert_false(web_is_loopback_origin(STR("http://evil.com/localhost")));
}

/* ---- over a socket ---- */

static struct {
    struct web_server *server;
    bool is_gone;
    int n_answered;
    char answer[4096];
} t;

static bool echo(void *arg UNUSED, const struct web_request *req, struct web_answer *ret_answer)
{
    t.n_answered++;
    if (t.is_gone)
        return false;
    ret_answer->status = 200;
    ret_answer->content_type = "text/plain";
    buf_printf(&ret_answer->body, "%.*s %.*s %zu", STR_ARG(req->method), STR_ARG(req->path),
               req->body.n);
    return true;
}

static void start(const char *token)
{
    struct web_server_config config = {.address = ":0", .token = token, .answer = echo};

    memset(&t, 0, sizeof(t));
    assert_int_equal(web_server_new(&config, &t.server), 0);
}

static void end(void)
{
    web_server_free(t.server);
}

/* Sends a request with n bytes of body and gives the answer's status. */
static int send_request(const char *head, size_t n)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0), status = 0;
    scoped(buf_fini) struct buf out = {0};
    size_t got = 0;

    addr.sin_port = htons((uint16_t)atoi(strrchr(web_server_address(t.server), ':') + 1));
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
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
    start(NULL);
    struct web_server_config same = {.address = web_server_address(t.server), .answer = echo};

    assert_int_equal(web_server_new(&same, &server), -EADDRINUSE);
    assert_non_null(strstr(fault_text(), "in use"));
    end();
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback_names), cmocka_unit_test(test_requests),
        cmocka_unit_test(test_strangers),      cmocka_unit_test(test_token),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
