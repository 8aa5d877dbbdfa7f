#include "lab/lab_probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

#define LONG_TIME (60 * NS_PER_S)

/* A server for one connection: takes what comes up to an empty line, says `answer`, closes. */
struct server {
    int fd;
    uint16_t port;
    const char *answer;
    char request[4096];
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct server *s = arg;
    int fd = accept(s->fd, NULL, NULL);
    size_t n = 0;

    while (fd >= 0 && n + 1 < sizeof(s->request) && !strstr(s->request, "\r\n\r\n")) {
        ssize_t got = recv(fd, s->request + n, sizeof(s->request) - 1 - n, 0);

        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (fd >= 0) {
        ignored(send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL));
        close(fd);
    }
    return NULL;
}

static void open_server(struct server *s, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);

    *s = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .answer = answer};
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &n), 0);
    s->port = ntohs(address.sin_port);
}

static void a_port_is_taken_while_somebody_listens(void **state)
{
    (void)state;
    struct server s;

    open_server(&s, "");
    assert_false(lab_port_is_free(s.port));
    assert_true(lab_probe_tcp(s.port, LONG_TIME));
    close(s.fd);
    assert_true(lab_port_is_free(s.port));
    assert_false(lab_probe_tcp(s.port, LONG_TIME));
}

static void a_picked_port_is_free_and_none_of_the_taken(void **state)
{
    (void)state;
    uint16_t taken[20];

    for (size_t i = 0; i < countof(taken); i++) {
        taken[i] = lab_port_pick(taken, i);
        assert_int_not_equal(taken[i], 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(taken[i], taken[k]);
    }
}

static int ask(const char *answer, const char *body, struct buf *ret_body, struct server *s)
{
    open_server(s, answer);
    struct lab_request request = {s->port, "/ready", body, "text/plain", LONG_TIME};

    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    int status = lab_probe_http(&request, ret_body);

    pthread_join(s->thread, NULL);
    close(s->fd);
    return status;
}

static void the_status_and_the_body_are_told(void **state)
{
    (void)state;
    struct server s;
    struct buf body = {0};

    assert_int_equal(ask("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", NULL, NULL, &s), 204);
    assert_ptr_equal(strstr(s.request, "GET /ready HTTP/1.0\r\n"), s.request);
    assert_int_equal(ask("HTTP/1.0 503 X\r\n\r\nnot yet", "q=1", &body, &s), 503);
    assert_ptr_equal(strstr(s.request, "POST /ready HTTP/1.0\r\n"), s.request);
    assert_non_null(strstr(s.request, "Content-Length: 3\r\n"));
    assert_string_equal(buf_cstr(&body), "not yet");
    buf_fini(&body);
}

static void what_is_no_answer_has_no_status(void **state)
{
    (void)state;
    static const char *const answers[] = {"", "HTTP/1.1", "HTTP/1.1 2", "HTTP/1.1 abc\r\n\r\n",
                                          "SSH-2.0-x\r\n"};
    struct server s;

    for (size_t i = 0; i < countof(answers); i++)
        assert_int_equal(ask(answers[i], NULL, NULL, &s), 0);
}

static void nobody_there_has_no_status(void **state)
{
    (void)state;
    struct server s;

    open_server(&s, "");
    close(s.fd);
    assert_int_equal(
        lab_probe_http(&(struct lab_request){s.port, "/", NULL, NULL, LONG_TIME}, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_is_taken_while_somebody_listens),
        cmocka_unit_test(a_picked_port_is_free_and_none_of_the_taken),
        cmocka_unit_test(the_status_and_the_body_are_told),
        cmocka_unit_test(what_is_no_answer_has_no_status),
        cmocka_unit_test(nobody_there_has_no_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
