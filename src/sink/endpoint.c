/* getaddrinfo knows all that the system knows of names; it blocks, so a helper thread calls it. */
#include "sink/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/coro.h"
#include "loop/loop.h"
#include "net/dial.h"
#include "net/stream.h"
#include "sink/push.h"

enum {
    FULL_TRIES = 2000, /* of a datagram while the kernel's buffer is full, a millisecond apart */
};

int endpoint_parse(struct str text, uint16_t default_port, struct endpoint *ret_endpoint)
{
    struct str host;
    uint16_t port;

    if (!net_split_host_port(text, &host, &port) || !host.n || host.n >= sizeof(ret_endpoint->host))
        return fault(FAULT_EXIT(104), "\"%.*s\" is not of the form host:port", STR_ARG(text));
    if (memchr(host.p, '/', host.n) || memchr(host.p, ' ', host.n))
        return fault(FAULT_EXIT(104), "\"%.*s\" is not of the form host:port", STR_ARG(text));
    memcpy(ret_endpoint->host, host.p, host.n);
    ret_endpoint->host[host.n] = '\0';
    ret_endpoint->port = port ? port : default_port;
    return 0;
}

/* ---- names ---- */

struct lookup {
    const struct endpoint *endpoint;
    struct net_addr addr;
    int error; /* of getaddrinfo */
};

static int look_up(void *arg)
{
    struct lookup *l = arg;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    l->error = getaddrinfo(l->endpoint->host, NULL, &hints, &found);
    if (l->error)
        return 0;
    /* As everywhere: "localhost" may be ::1 first, and servers of datagrams are on 127.0.0.1. */
    const struct addrinfo *best = found;

    for (const struct addrinfo *a = found; a && best->ai_family != AF_INET; a = a->ai_next)
        best = a->ai_family == AF_INET ? a : best;
    l->addr = net_addr_from_sockaddr(best->ai_addr);
    freeaddrinfo(found);
    return 0;
}

bool endpoint_resolve(const struct endpoint *e, struct loop *loop, struct net_addr *ret_addr,
                      struct push_result *ret_result)
{
    struct lookup l = {.endpoint = e};

    if (!net_addr_parse(str_of(e->host), &l.addr) && loop_offload(loop, look_up, &l)) {
        push_result_set(ret_result, PUSH_RETRY, "%s", fault_text());
        return false;
    }
    if (l.error) {
        push_result_set(ret_result, PUSH_RETRY, "the name %s cannot be looked up: %s", e->host,
                        gai_strerror(l.error));
        return false;
    }
    *ret_addr = l.addr;
    ret_addr->port = e->port;
    return true;
}

/* ---- datagrams ---- */

static int datagram_socket(const struct net_addr *addr)
{
    union net_sockaddr sa;
    socklen_t n = net_addr_to_sockaddr(addr, &sa);
    int fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, &sa.any, n)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* 0 or an errno. */
static int send_one(int fd, struct loop *loop, struct str data)
{
    for (int i = 0; i < FULL_TRIES; i++) {
        if (send(fd, data.p, data.n, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EAGAIN && errno != ENOBUFS)
            return errno;
        if (coro_sleep_until(loop_clock(loop) + NS_PER_MS))
            return ECANCELED;
    }
    return EAGAIN;
}

/* As many whole lines as fit, at least one. */
static struct str take_lines(struct str *bytes, size_t max)
{
    size_t n = 0;

    while (n < bytes->n) {
        size_t line = str_find(str_from_index(*bytes, n), '\n');
        size_t next = n + line + (n + line < bytes->n);

        if (n && next > max)
            break;
        n = next;
    }
    struct str taken = str_from(bytes->p, n);

    *bytes = str_from_index(*bytes, n);
    return taken;
}

void endpoint_send_datagrams(const struct endpoint *e, struct loop *loop, struct str bytes,
                             size_t max_bytes, struct push_result *ret_result)
{
    struct net_addr addr;
    int error = 0;

    if (!endpoint_resolve(e, loop, &addr, ret_result))
        return;
    int fd = datagram_socket(&addr);

    if (fd < 0)
        error = errno;
    while (!error && bytes.n)
        error = send_one(fd, loop, take_lines(&bytes, max_bytes));
    if (fd >= 0)
        close(fd);
    push_result_set(ret_result, PUSH_DONE, "%s", "");
    if (!error)
        return;
    errno = error;
    push_result_set(ret_result, PUSH_RETRY, "no datagram to %s port %u: %m", e->host,
                    (unsigned)e->port);
}

/* ---- streams ---- */

static void failed(const struct endpoint *e, const char *what, const char *why,
                   struct push_result *r)
{
    push_result_set(r, PUSH_RETRY, "%s %s port %u: %s", what, e->host, (unsigned)e->port, why);
}

/* Reads and forgets until the other side has ended. 0 or a negative net_status. */
static ssize_t await_end(struct stream *s, mono_ns deadline)
{
    char nothing[256];
    ssize_t n;

    do {
        n = stream_recv(s, nothing, sizeof(nothing), deadline);
    } while (n > 0);
    return n;
}

static void converse(const struct endpoint *e, struct stream *s, struct str bytes,
                     enum endpoint_end end, mono_ns deadline, struct push_result *r)
{
    if (stream_send_wait(s, bytes.p, bytes.n, deadline) || stream_flush(s, deadline)) {
        failed(e, "sending to", stream_error(s)->text, r);
        return;
    }
    stream_shutdown_send(s);
    push_result_set(r, PUSH_DONE, "%s", "");
    if (end == ENDPOINT_SENT)
        return;
    ssize_t n = await_end(s, deadline);

    if (n == -NET_TIMEOUT) {
        failed(e, "no acknowledgement from",
               "the receiver does not close the connection after the end (?ack=false does not wait "
               "for that)",
               r);
    } else if (n < 0) {
        failed(e, "no acknowledgement from", stream_error(s)->text, r);
    }
}

void endpoint_send_stream(const struct endpoint *e, struct loop *loop, struct str bytes,
                          enum endpoint_end end, span_ns timeout, struct push_result *ret_result)
{
    char host[NET_ADDR_TEXT_BYTES];
    struct net_addr addr;
    struct stream *s = NULL;
    struct dial_report report = {0};
    struct dialer dialer = {.loop = loop, .dial_timeout = timeout};
    mono_ns deadline = loop_clock(loop) + timeout;

    if (!endpoint_resolve(e, loop, &addr, ret_result))
        return;
    struct dial_target target = {
        .host = str_of(net_addr_format(&addr, host)), .port = e->port, .deadline = deadline};

    if (dial(&dialer, &target, &s, &report) != NET_OK) {
        failed(e, "no connection to", report.error.text, ret_result);
        return;
    }
    converse(e, s, bytes, end, deadline, ret_result);
    stream_close(s, ret_result->outcome == PUSH_DONE ? STREAM_CLOSE : STREAM_CLOSE_RESET);
}
