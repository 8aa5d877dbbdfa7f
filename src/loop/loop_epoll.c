/*
 * The epoll backend. A descriptor is registered once, edge-triggered, for everything; after that
 * the only system call of this file is the wait itself.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

enum {
    EARLY_MIN = 3, /* events from which receiving first pays for the copy it costs */
};

struct epoll_backend {
    int fd;
    bool no_pwait2; /* the kernel is older than 5.11 */
    int n_events;
    int at; /* the event being handed out */
    struct epoll_event events[LOOP_EPOLL_EVENTS];
};

static int backend_open(void **ret_self)
{
    struct epoll_backend *b = xnew(struct epoll_backend);

    b->fd = epoll_create1(EPOLL_CLOEXEC);
    if (b->fd < 0) {
        int err = errno;

        free(b);
        return fault(-err, "cannot create an epoll descriptor");
    }
    *ret_self = b;
    return 0;
}

static void backend_close(void *self)
{
    struct epoll_backend *b = self;

    if (!b)
        return;
    close(b->fd);
    free(b);
}

int loop_epoll_fd(const void *self)
{
    return ((const struct epoll_backend *)self)->fd;
}

static int backend_add(void *self, struct watch *w)
{
    struct epoll_backend *b = self;
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = w};

    if (epoll_ctl(b->fd, EPOLL_CTL_ADD, w->fd, &e) < 0)
        return fault(-errno, "cannot watch descriptor %d", w->fd);
    return 0;
}

static void backend_remove(void *self, struct watch *w)
{
    struct epoll_backend *b = self;

    for (int i = b->at; i < b->n_events; i++) {
        if (b->events[i].data.ptr == w)
            b->events[i].data.ptr = NULL;
    }
    ignored(epoll_ctl(b->fd, EPOLL_CTL_DEL, w->fd, NULL));
}

static int wait_ms(struct epoll_backend *b, span_ns timeout)
{
    span_ns ms = timeout < 0 ? -1 : (timeout + NS_PER_MS - 1) / NS_PER_MS;

    return epoll_wait(b->fd, b->events, LOOP_EPOLL_EVENTS, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

static int wait_ns(struct epoll_backend *b, span_ns timeout)
{
    struct timespec t = {.tv_sec = timeout / NS_PER_S, .tv_nsec = timeout % NS_PER_S};
    int n = epoll_pwait2(b->fd, b->events, LOOP_EPOLL_EVENTS, timeout < 0 ? NULL : &t, NULL);

    if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
        b->no_pwait2 = true;
        return wait_ms(b, timeout);
    }
    return n;
}

static int backend_wait(void *self, span_ns timeout)
{
    struct epoll_backend *b = self;
    /* Neither 0 nor "for ever" needs nanoseconds, and the older call is the cheaper one. */
    int n = timeout <= 0 || b->no_pwait2 ? wait_ms(b, timeout) : wait_ns(b, timeout);

    if (n < 0 && errno != EINTR)
        return fault(-errno, "cannot wait for events");
    b->n_events = n > 0 ? n : 0;
    b->at = 0;
    return b->n_events;
}

static unsigned events_of(uint32_t bits)
{
    unsigned events = 0;

    if (bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        events |= WATCH_READ;
    if (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        events |= WATCH_WRITE;
    if (bits & (EPOLLRDHUP | EPOLLHUP))
        events |= WATCH_HANGUP;
    if (bits & EPOLLERR)
        events |= WATCH_ERROR;
    return events;
}

/* The watch whose turn comes after n others; see loop_look_ahead. */
static const struct watch *ahead(const struct epoll_backend *b, int n)
{
    return b->at + n < b->n_events ? b->events[b->at + n].data.ptr : NULL;
}

/* Ends and failures are left to the watch itself. */
static void take_early(struct epoll_backend *b, struct loop *l)
{
    const uint32_t special = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

    l->n_early = 0;
    for (int i = b->at; i < b->n_events; i++) {
        const struct epoll_event *e = &b->events[i];
        struct watch *w = e->data.ptr;

        if (i + 2 < b->n_events)
            __builtin_prefetch(b->events[i + 2].data.ptr);
        if ((e->events & (EPOLLIN | special)) == EPOLLIN && w->early)
            w->early(l, w);
    }
}

static void backend_dispatch(void *self, struct loop *l)
{
    struct epoll_backend *b = self;

    if (b->n_events >= EARLY_MIN)
        take_early(b, l);
    /*
     * No clock is read here: all that is ready was ready when the wait returned, and that moment,
     * loop_now(), is nearer to the arrival than the one at which its turn comes.
     */
    while (b->at < b->n_events) {
        const struct epoll_event *e = &b->events[b->at++];
        struct watch *w = e->data.ptr;

        loop_look_ahead(ahead(b, 0), ahead(b, 1), ahead(b, 3));
        if (w)
            w->fn(l, w, events_of(e->events));
    }
    b->n_events = 0;
}

const struct loop_backend loop_backend_epoll = {
    .name = "epoll",
    .open = backend_open,
    .close = backend_close,
    .add = backend_add,
    .remove = backend_remove,
    .wait = backend_wait,
    .dispatch = backend_dispatch,
};
