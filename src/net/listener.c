/*
 * One coroutine accepts; each connection gets another. Closing cancels them all and waits, so that
 * nothing of the listener is left on the loop.
 */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "net/stream_priv.h"
#include "net/tls.h"

enum {
    BACKLOG_DEFAULT = 4096,
    ACCEPTS_PER_EVENT = 256, /* then the others' turn */
};

#define HANDSHAKE_TIMEOUT (30 * NS_PER_S)
#define ACCEPT_RETRY      (10 * NS_PER_MS) /* when descriptors have run out */

struct listener {
    struct listener_options options;
    struct loop *loop;
    struct watch watch;
    struct coro_waitgroup group; /* the acceptor and all connections */
    struct coro *acceptor;       /* parked, waiting for an event */
    bool ready;
    uint64_t n_open;
    uint64_t n_accepted;
};

struct connection {
    struct listener *listener;
    struct stream *stream;
};

static void connection_main(void *arg)
{
    struct connection c = *(struct connection *)arg;
    const struct listener_options *o = &c.listener->options;
    enum net_status status = NET_OK;

    free(arg);
    c.listener->n_open++;
    if (o->tls) {
        status = tls_accept(c.stream, o->tls, str_of(o->alpn),
                            loop_clock(c.listener->loop) + HANDSHAKE_TIMEOUT);
    }
    if (status == NET_OK) {
        o->fn(c.stream, o->arg);
    } else {
        /* The alert that says why is still queued: an orderly close sends it. */
        stream_close(c.stream, STREAM_CLOSE);
    }
    c.listener->n_open--;
}

static void connection_start(struct listener *ln, int fd)
{
    struct connection *c = xnew(struct connection);

    c->listener = ln;
    if (stream_new(ln->loop, fd, NULL, &c->stream) < 0) {
        free(c);
        return;
    }
    stream_established(c->stream);
    ln->n_accepted++;
    if (coro_waitgroup_spawn(&ln->group, ln->options.stack, connection_main, c) < 0) {
        stream_close(c->stream, STREAM_CLOSE_RESET);
        free(c);
    }
}

/* Accepts what is there. Returns 0, or -EMFILE and kin when it must be tried again later. */
static int accept_some(struct listener *ln)
{
    for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
        int fd = accept4(ln->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            connection_start(ln, fd);
        } else if (errno == EAGAIN) {
            ln->ready = false;
            return 0;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            return -errno;
        }
        /* Others concern a connection that is gone again (accept(2), "Error handling"). */
    }
    return 0;
}

static void acceptor_main(void *arg)
{
    struct listener *ln = arg;
    int r = 0;

    while (r != -ECANCELED) {
        int failed = accept_some(ln);

        if (failed < 0) {
            r = coro_sleep_until(loop_clock(ln->loop) + ACCEPT_RETRY);
        } else if (ln->ready) {
            r = coro_yield();
        } else {
            ln->acceptor = coro_self();
            r = coro_park();
            ln->acceptor = NULL;
        }
    }
}

static void listener_ready(struct loop *l UNUSED, struct watch *w, unsigned events UNUSED)
{
    struct listener *ln = container_of(w, struct listener, watch);

    ln->ready = true;
    if (ln->acceptor)
        coro_resume_now(ln->acceptor, 0);
}

static int socket_open(const struct listener_options *o, int *ret_fd)
{
    char text[NET_ENDPOINT_TEXT_BYTES];
    union net_sockaddr sa;
    socklen_t n = net_addr_to_sockaddr(&o->addr, &sa);
    int fd = socket(sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    int on = 1;

    if (fd < 0)
        return fault(-errno, "cannot create a socket to listen on");
    ignored(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
    if ((o->reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
        bind(fd, &sa.any, n) < 0 || listen(fd, o->backlog > 0 ? o->backlog : BACKLOG_DEFAULT) < 0) {
        int err = errno;

        close(fd);
        return fault(-err, "cannot listen on %s: %s", net_endpoint_format(&o->addr, text),
                     strerrordesc_np(err));
    }
    *ret_fd = fd;
    return 0;
}

int listener_open(struct loop *l, const struct listener_options *options,
                  struct listener **ret_listener)
{
    int fd = -1;

    TRY(socket_open(options, &fd));

    struct listener *ln = xnew(struct listener);

    ln->options = *options;
    ln->loop = l;
    coro_waitgroup_init(&ln->group, l);

    int r = watch_open(l, &ln->watch, fd, listener_ready);

    if (r == 0)
        r = coro_waitgroup_spawn(&ln->group, CORO_STACK_SMALL, acceptor_main, ln);
    if (r < 0) {
        watch_close(l, &ln->watch);
        free(ln);
        return r;
    }
    *ret_listener = ln;
    return 0;
}

struct net_addr listener_addr(const struct listener *ln)
{
    union net_sockaddr sa;
    socklen_t n = sizeof(sa);

    if (getsockname(ln->watch.fd, &sa.any, &n) < 0)
        return ln->options.addr;
    return net_addr_from_sockaddr(&sa.any);
}

uint64_t listener_n_open(const struct listener *ln)
{
    return ln->n_open;
}

uint64_t listener_n_accepted(const struct listener *ln)
{
    return ln->n_accepted;
}

void listener_close(struct listener *ln)
{
    if (!ln)
        return;
    coro_waitgroup_cancel(&ln->group);
    ignored(coro_waitgroup_wait(&ln->group));
    watch_close(ln->loop, &ln->watch);
    free(ln);
}
