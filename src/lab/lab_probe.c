/* Blocking sockets with a deadline: the commands of the lab have nothing else to do meanwhile. */
#include "lab/lab_probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

enum {
    ANSWER_BYTES_MAX = 64 << 10,
    STATUS_AT = 9, /* behind "HTTP/1.1 " */
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket that is bound to the port (0: any), or -1. */
static int bind_to(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool lab_port_is_free(uint16_t port)
{
    int fd = bind_to(port);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static uint16_t any_port(void)
{
    struct sockaddr_in address = {0};
    socklen_t n = sizeof(address);
    int fd = bind_to(0);
    uint16_t port = 0;

    if (fd < 0)
        return 0;
    if (getsockname(fd, (struct sockaddr *)&address, &n) == 0)
        port = ntohs(address.sin_port);
    close(fd);
    return port;
}

uint16_t lab_port_pick(const uint16_t *taken, size_t n_taken)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        uint16_t port = any_port();
        bool is_taken = false;

        for (size_t i = 0; i < n_taken; i++)
            is_taken |= taken[i] == port;
        if (port && !is_taken)
            return port;
    }
    return 0;
}

/* ---- connections ---- */

/* Waits until the socket is ready; false at the deadline. */
static bool wait_for(int fd, short events, mono_ns deadline)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        span_ns left = deadline - clock_mono();
        int n = left > 0 ? poll(&p, 1, (int)(left / NS_PER_MS) + 1) : 0;

        if (n >= 0 || errno != EINTR)
            return n > 0;
    }
}

static int dial(uint16_t port, mono_ns deadline)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), e = 0;
    socklen_t n = sizeof(e);

    if (fd < 0)
        return -1;
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    if (!ok && errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline))
        ok = getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) == 0 && e == 0;
    if (ok)
        return fd;
    close(fd);
    return -1;
}

bool lab_probe_tcp(uint16_t port, span_ns timeout)
{
    int fd = dial(port, clock_mono() + timeout);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* ---- HTTP ---- */

static void put_request(const struct lab_request *r, struct buf *out)
{
    buf_printf(out, "%s %s HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n",
               r->body ? "POST" : "GET", r->path, r->port);
    if (r->body)
        buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->type, strlen(r->body));
    buf_printf(out, "\r\n%s", r->body ? r->body : "");
}

static bool send_all(int fd, struct str text, mono_ns deadline)
{
    while (text.n) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        bool again = n < 0 && (errno == EAGAIN || errno == EINTR);

        if (n <= 0 && !(again && wait_for(fd, POLLOUT, deadline)))
            return false;
        text = str_from_index(text, n > 0 ? (size_t)n : 0);
    }
    return true;
}

static void receive(int fd, struct buf *answer, mono_ns deadline)
{
    while (answer->len < ANSWER_BYTES_MAX && wait_for(fd, POLLIN, deadline)) {
        if (buf_reserve(answer, 4096))
            return;
        ssize_t n = recv(fd, answer->data + answer->len, 4096, 0);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return;
        answer->len += n > 0 ? (size_t)n : 0;
    }
}

static int status_of(struct str answer)
{
    uint64_t status;

    if (!str_starts(answer, STR("HTTP/1.")) || answer.n < STATUS_AT + 3 ||
        !str_u64(str_from(answer.p + STATUS_AT, 3), &status))
        return 0;
    return (int)status;
}

int lab_probe_http(const struct lab_request *request, struct buf *ret_body)
{
    mono_ns deadline = clock_mono() + request->timeout;
    scoped(buf_fini) struct buf text = {0};
    scoped(buf_fini) struct buf answer = BUF_INIT(ANSWER_BYTES_MAX + 4096);
    int fd = dial(request->port, deadline);

    if (fd < 0)
        return 0;
    put_request(request, &text);
    if (send_all(fd, buf_str(&text), deadline))
        receive(fd, &answer, deadline);
    close(fd);
    struct str all = buf_str(&answer);

    if (ret_body)
        buf_putstr(ret_body, str_from_index(all, str_find_str(all, STR("\r\n\r\n")) + 4));
    return status_of(all);
}
