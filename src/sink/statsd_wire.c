/*
 * The socket of datagrams is opened for the first packet and again after any failure, so that a
 * name is looked up anew. It is watched only while it is full.
 */
#include "sink/statsd_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"

/* How long a refusal may take to come back. */
#define REFUSAL_TIME (100 * NS_PER_MS)

/* How long to wait when the kernel has no memory for a packet. */
#define NOBUFS_TIME (10 * NS_PER_MS)

struct statsd_wire {
    struct statsd_wire_config config;
    int fd;        /* of datagrams; -1: not open */
    bool unproven; /* nothing was sent on it yet without being refused */
};

struct statsd_wire *statsd_wire_new(const struct statsd_wire_config *config)
{
    struct statsd_wire *w = xnew(struct statsd_wire);

    w->config = *config;
    w->fd = -1;
    return w;
}

static void hang_up(struct statsd_wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

void statsd_wire_free(struct statsd_wire *w)
{
    if (!w)
        return;
    hang_up(w);
    free(w);
}

/* ---- what a failure means ---- */

/* The text has `what` and the receiver as users write it. */
static void tell(const struct statsd_wire *w, enum push_outcome outcome, const char *what,
                 struct push_result *ret_result)
{
    const struct statsd_address *a = &w->config.address;

    if (a->transport == STATSD_UNIX) {
        push_result_set(ret_result, outcome, "unix://%.*s: %s", STR_ARG(a->path), what);
    } else {
        push_result_set(ret_result, outcome, "udp://%s:%u: %s", a->endpoint.host, a->endpoint.port,
                        what);
    }
}

struct meaning {
    int error;
    enum push_outcome outcome;
    const char *words; /* NULL: the system's */
};

static const struct meaning meanings[] = {
    {ECONNREFUSED, PUSH_RETRY, "nobody listens there"},
    {ENOENT, PUSH_RETRY, "there is no such socket"},
    {EAGAIN, PUSH_RETRY, "it does not read what it is sent"},
    {ENOTCONN, PUSH_RETRY, "nobody listens there"},
    {EACCES, PUSH_BLOCKED, "we may not send there (permission denied)"},
    {EPERM, PUSH_BLOCKED, "we may not send there (a firewall of this machine?)"},
    {EPROTOTYPE, PUSH_BLOCKED, "that is no socket of datagrams"},
    {EMSGSIZE, PUSH_REFUSED, "a packet is too long; give a smaller `packet`"},
};

static void fail_errno(struct statsd_wire *w, int error, struct push_result *ret_result)
{
    hang_up(w);
    for (size_t i = 0; i < countof(meanings); i++) {
        if (meanings[i].error == error) {
            tell(w, meanings[i].outcome, meanings[i].words, ret_result);
            return;
        }
    }
    tell(w, PUSH_RETRY, strerrordesc_np(error) ?: "unknown error", ret_result);
}

/* ---- datagrams ---- */

/* Returns 0 or the errno. */
static int open_socket(struct statsd_wire *w, const struct sockaddr *to, socklen_t n)
{
    w->fd = socket(to->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (w->fd < 0)
        return errno;
    w->unproven = to->sa_family != AF_UNIX;
    return connect(w->fd, to, n) < 0 ? errno : 0;
}

static int open_unix(struct statsd_wire *w)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct str path = w->config.address.path;

    if (path.n >= sizeof(to.sun_path))
        return ENAMETOOLONG;
    memcpy(to.sun_path, path.p, path.n);
    return open_socket(w, (const struct sockaddr *)&to, sizeof(to));
}

/* Makes the socket. False when it could not; the result then says why. */
static bool open_datagrams(struct statsd_wire *w, struct loop *l, struct push_result *ret_result)
{
    union net_sockaddr to;
    struct net_addr addr;
    int e;

    if (w->config.address.transport == STATSD_UNIX) {
        e = open_unix(w);
    } else {
        if (!endpoint_resolve(&w->config.address.endpoint, l, &addr, ret_result))
            return false;

        socklen_t n = net_addr_to_sockaddr(&addr, &to);

        e = open_socket(w, &to.any, n);
    }
    if (e != 0)
        fail_errno(w, e, ret_result);
    return e == 0;
}

struct room {
    struct watch watch;
    struct coro *coro;
};

static void on_room(struct loop *l UNUSED, struct watch *watch, unsigned events)
{
    struct room *room = container_of(watch, struct room, watch);

    if (events & (WATCH_WRITE | WATCH_ERROR))
        coro_resume_now(room->coro, 0);
}

/* Suspends until the socket takes more. Returns 0 or an errno. */
static int wait_for_room(const struct statsd_wire *w, struct loop *l, mono_ns deadline)
{
    struct room room = {.coro = coro_self()};

    if (watch_open(l, &room.watch, w->fd, on_room) < 0)
        return EAGAIN;

    int r = coro_park_until(deadline);

    watch_remove(l, &room.watch);
    return r < 0 ? EAGAIN : 0;
}

/* What became of packets that were sent before. Returns 0 or the errno. */
static int late_error(const struct statsd_wire *w)
{
    int error = 0;
    socklen_t n = sizeof(error);

    return getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? errno : error;
}

/* Waits after a send that failed so. Returns 0 to try again, or the errno. */
static int overcome(const struct statsd_wire *w, struct loop *l, int error, mono_ns deadline)
{
    switch (error) {
    case EINTR:
        return 0;
    case EAGAIN:
        return wait_for_room(w, l, deadline);
    case ENOBUFS: /* of the network card: nobody tells when that is over */
        return loop_now(l) < deadline && coro_sleep_until(loop_now(l) + NOBUFS_TIME) == 0 ? 0
                                                                                          : EAGAIN;
    default:
        return error;
    }
}

/* Returns 0 or the errno. */
static int send_packet(struct statsd_wire *w, struct loop *l, struct str packet, mono_ns deadline)
{
    while (send(w->fd, packet.p, packet.n, MSG_NOSIGNAL) < 0) {
        int e = overcome(w, l, errno, deadline);

        if (e != 0)
            return e;
    }
    if (w->unproven && coro_sleep_until(loop_now(l) + REFUSAL_TIME) == 0)
        w->unproven = false;
    return late_error(w);
}

static void send_datagrams(struct statsd_wire *w, struct loop *l, const struct batch_view *points,
                           struct push_result *ret_result)
{
    mono_ns deadline = loop_now(l) + w->config.timeout;
    size_t to;

    if (w->fd < 0 && !open_datagrams(w, l, ret_result))
        return;

    /* Of a packet of an earlier delivery, which is lost: this one shall not be. */
    int e = late_error(w);

    for (size_t from = points->from; from < points->to && e == 0; from = to) {
        to = statsd_packet(points, from, w->config.packet_bytes);
        e = send_packet(w, l, statsd_packet_bytes(points, from, to), deadline);
    }
    if (e == 0) {
        ret_result->outcome = PUSH_DONE;
    } else {
        fail_errno(w, e, ret_result);
    }
}

void statsd_wire_send(struct statsd_wire *w, struct loop *l, const struct batch_view *points,
                      struct push_result *ret_result)
{
    const struct statsd_wire_config *c = &w->config;

    *ret_result = (struct push_result){0};
    if (c->address.transport == STATSD_TCP) {
        endpoint_send_stream(&c->address.endpoint, l, batch_bytes(points), c->end, c->timeout,
                             ret_result);
    } else {
        send_datagrams(w, l, points, ret_result);
    }
}
