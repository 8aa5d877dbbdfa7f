/*
 * A socket on the loop. Edge-triggered events set `readable` and `writable`; a receive that gives
 * less than asked clears `readable`, so in steady state each response costs one recv and no call
 * that only finds out there is nothing. What is sent is queued and leaves at the end of the turn,
 * one send for all of it.
 *
 * Where the loop moves the bytes itself (loop/delivery.h) what comes is there before the reader is
 * (stream_early.c), and `readable` means only that the socket may have still more than that.
 */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_priv.h"

enum {
    SEND_CHUNK = 64 << 10, /* bytes of a large body queued at a time */
    SEND_HIGH = 256 << 10, /* unsent bytes at which its sender waits */
    OUT_KEEP = 64 << 10,   /* capacity that an empty queue may keep */
    RECVS_IN_A_ROW = 64,   /* that need not wait, before others get their turn */
};

/*
 * The library's send() and recv() are cancellation points: with more than one thread each call
 * takes two atomic operations to say so. Nobody here cancels threads.
 */
static ssize_t raw_send(int fd, const void *data, size_t n)
{
    return syscall(SYS_sendto, fd, data, n, MSG_NOSIGNAL, NULL, 0);
}

/* The same, with the time at which the kernel had the last of these bytes: socket(7),
 * SO_TIMESTAMPNS. */
static ssize_t recv_stamped(const struct stream *s, void *buf, size_t n)
{
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec room = {buf, n};
    struct msghdr msg = {.msg_iov = &room,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(s->watch.fd, &msg, 0);
    const struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec at;

        memcpy(&at, CMSG_DATA(c), sizeof(at));
        loop_stamped(s->loop, at.tv_sec * NS_PER_S + at.tv_nsec);
    }
    return got;
}

ssize_t stream_socket_recv(const struct stream *s, void *buf, size_t n)
{
    if (unlikely(s->stamps))
        return recv_stamped(s, buf, n);
    return syscall(SYS_recvfrom, s->watch.fd, buf, n, 0, NULL, NULL);
}

struct net_error *stream_error_slot(struct stream *s)
{
    if (!s->error)
        s->error = xnew(struct net_error);
    return s->error;
}

const struct net_error *stream_error(const struct stream *s)
{
    static const struct net_error none;

    return s->error ? s->error : &none;
}

/* ---- sending ---- */

size_t stream_unsent(const struct stream *s)
{
    return s->n_unsent;
}

/* Sending is over. The reader looks once more: an answer may have come before the failure. */
static void send_failed(struct stream *s, int err)
{
    s->write_status = net_error_errno(stream_error_slot(s), "write", err);
    buf_fini(&s->out);
    s->n_unsent = 0;
    coro_waitlist_wake_all(&s->writers, 0);
    s->readable = true;
    if (s->reader)
        coro_wake(s->reader, 0);
}

static void out_reset(struct stream *s)
{
    if (s->out.cap > OUT_KEEP) {
        buf_fini(&s->out);
    } else {
        buf_reset(&s->out);
    }
}

/* What is unsent moves out of the loop's memory, which is used again next turn. */
static COLD void unsent_keep(struct stream *s)
{
    if (s->out.len)
        return;
    ignored(buf_add(&s->out, s->unsent, s->n_unsent));
    s->unsent = s->out.data;
}

static void send_finished(struct stream *s)
{
    /* The loop has looked at the clock when it has sent a batch. */
    s->sent_at = watch_delivers(&s->watch) ? loop_now(s->loop) : loop_clock(s->loop);
    if (unlikely(s->out.len))
        out_reset(s);
    if (s->shut)
        shutdown(s->watch.fd, SHUT_WR);
}

static void sent(struct stream *s, ssize_t n)
{
    s->unsent += n;
    s->n_unsent -= (size_t)n;
    s->bytes_out += (uint64_t)n;
}

static void flushed(struct stream *s)
{
    if (likely(s->n_unsent == 0))
        send_finished(s);
    else
        unsent_keep(s);
    if (unlikely(!list_empty(&s->writers.waiters)))
        coro_waitlist_wake_all(&s->writers, 0);
}

/* Gives the kernel what it takes. */
static void flush_now(struct stream *s)
{
    while (s->n_unsent > 0) {
        ssize_t n = raw_send(s->watch.fd, s->unsent, s->n_unsent);

        if (n >= 0) {
            sent(s, n);
        } else if (errno == EAGAIN) {
            s->writable = false;
            break;
        } else if (errno != EINTR) {
            send_failed(s, errno);
            return;
        }
    }
    flushed(s);
}

/* The loop gives everybody's to the kernel at once, and tells flush_told. */
static void flush_handed_over(struct stream *s)
{
    s->sending = true;
    watch_send(s->loop, &s->watch, s->unsent, s->n_unsent);
}

static void flush_told(struct stream *s, ssize_t n)
{
    s->sending = false;
    if (likely(n >= 0)) {
        sent(s, n);
    } else if (n != -EAGAIN && n != -EINTR) {
        send_failed(s, (int)-n);
        return;
    }
    if (unlikely(s->n_unsent > 0)) {
        s->writable = false;
        watch_want_room(s->loop, &s->watch);
    }
    flushed(s);
}

static void flush_deferred(struct loop *l, struct loop_deferred *d)
{
    struct stream *s = container_of(d, struct stream, flush);

    if (s->send_started_at == 0)
        s->send_started_at = loop_now(l);
    if (watch_delivers(&s->watch) && stream_unsent(s) > 0) {
        flush_handed_over(s);
    } else {
        flush_now(s);
    }
}

/* Most that is sent is one piece, and is gone by the end of the turn: it needs no buffer of ours.
 */
static bool queue_for_turn(struct stream *s, const void *data, size_t n)
{
    char *room = s->writable && !s->n_unsent ? loop_out_room(s->loop, n) : NULL;

    if (!room)
        return false;
    memcpy(room, data, n);
    s->unsent = room;
    s->n_unsent = n;
    return true;
}

/* Returns 0 or BUF_E_LIMIT. */
static int queue_for_long(struct stream *s, const void *data, size_t n)
{
    if (s->n_unsent)
        unsent_keep(s);
    else
        buf_reset(&s->out);
    if (buf_add(&s->out, data, n) == BUF_E_LIMIT)
        return BUF_E_LIMIT;
    s->n_unsent += n;
    s->unsent = s->out.data + s->out.len - s->n_unsent;
    return 0;
}

int stream_raw_send(struct stream *s, const void *data, size_t n)
{
    if (unlikely(s->write_status != NET_OK))
        return -(int)s->write_status;
    if (unlikely(s->sending))
        watch_settle(s->loop); /* what is being sent must not move */
    if (unlikely(!queue_for_turn(s, data, n) && queue_for_long(s, data, n))) {
        net_error_setf(stream_error_slot(s), NET_OTHER, "write: too many bytes queued");
        return -NET_OTHER;
    }
    s->sent_at = 0;
    s->send_started_at = 0;
    if (s->writable)
        loop_defer(s->loop, &s->flush);
    return 0;
}

int stream_send(struct stream *s, const void *data, size_t n)
{
    return likely(!s->tls) ? stream_raw_send(s, data, n) : tls_send(s, data, n);
}

/* Turns the value of a park into a status. */
static int wait_result(struct stream *s, int value)
{
    if (value == -ETIMEDOUT)
        return -(int)net_error_set(stream_error_slot(s), NET_TIMEOUT);
    if (value == -ECANCELED)
        return -(int)net_error_set(stream_error_slot(s), NET_CANCELLED);
    return 0;
}

/* Waits until no more than `most` bytes are unsent. */
static int wait_sent(struct stream *s, size_t most, mono_ns deadline)
{
    while (s->write_status == NET_OK && stream_unsent(s) > most) {
        int r = wait_result(s, coro_waitlist_wait(&s->writers, deadline));

        if (r < 0)
            return r;
    }
    return -(int)s->write_status;
}

int stream_send_wait(struct stream *s, const void *data, size_t n, mono_ns deadline)
{
    const char *p = data;

    while (n > 0) {
        size_t part = n < SEND_CHUNK ? n : SEND_CHUNK;
        int r = wait_sent(s, SEND_HIGH, deadline);

        if (r == 0)
            r = stream_send(s, p, part);
        if (r < 0)
            return r;
        p += part;
        n -= part;
    }
    return stream_flush(s, deadline);
}

int stream_flush(struct stream *s, mono_ns deadline)
{
    return wait_sent(s, 0, deadline);
}

void stream_shutdown_send(struct stream *s)
{
    if (s->shut)
        return;
    if (s->tls)
        tls_shutdown(s);
    s->shut = true;
    if (stream_unsent(s) == 0)
        shutdown(s->watch.fd, SHUT_WR);
}

mono_ns stream_send_started_at(const struct stream *s)
{
    return s->send_started_at;
}

mono_ns stream_sent_at(const struct stream *s)
{
    return s->sent_at;
}

/* ---- receiving ---- */

/* Without bytes left, a failed send is the better explanation than an end. */
ssize_t stream_recv_ended(struct stream *s)
{
    s->ended = true;
    return s->write_status != NET_OK ? -(ssize_t)s->write_status : 0;
}

ssize_t stream_recv_failed(struct stream *s, int err)
{
    if (err == EAGAIN) {
        s->readable = false;
        return s->write_status != NET_OK ? -(ssize_t)s->write_status : STREAM_AGAIN;
    }
    return -(ssize_t)net_error_errno(stream_error_slot(s), "read", err);
}

ssize_t stream_raw_recv(struct stream *s, void *buf, size_t n)
{
    ssize_t got;

    if (s->early)
        return stream_early_recv(s, buf, n);
    if (unlikely(s->is_last))
        return s->last_result == 0 ? stream_recv_ended(s) : stream_recv_failed(s, -s->last_result);
    if (!s->readable)
        return STREAM_AGAIN;
    /* What the loop has received for us comes first. */
    if (unlikely(watch_collected(s->loop, &s->watch)))
        return STREAM_AGAIN;
    do {
        got = stream_socket_recv(s, buf, n);
    } while (unlikely(got < 0 && errno == EINTR));
    if (unlikely(got < 0))
        return stream_recv_failed(s, errno);
    if (unlikely(got == 0))
        return stream_recv_ended(s);
    s->bytes_in += (uint64_t)got;
    s->received_at = loop_now(s->loop);
    if (unlikely(s->is_bulk))
        stream_bulk_received(s, got);
    /* Drained; but an end that has been announced makes no edge of its own any more. */
    if ((size_t)got < n && !s->hangup)
        s->readable = false;
    return got;
}

static void recv_timed_out(struct loop *l UNUSED, struct timer *t)
{
    struct stream *s = container_of(t, struct stream, timer);

    if (s->reader)
        coro_resume_now(s->reader, -ETIMEDOUT);
}

static int wait_edge(struct stream *s, mono_ns deadline)
{
    assert(!s->reader);
    s->reader = coro_self();
    s->watch.waiter = s->reader;
    s->watch.early = s->tls ? NULL : stream_early;
    timer_set(s->loop, &s->timer, deadline, recv_timed_out);

    int value = coro_park();

    timer_disarm(&s->timer);
    s->reader = NULL;
    s->watch.waiter = NULL;
    s->watch.early = NULL;
    return likely(value == 0) ? 0 : wait_result(s, value);
}

/*
 * A peer that sends faster than we read would never let the reader park: its deadline would not be
 * looked at, and nobody else on the loop would run.
 */
static COLD int give_way(struct stream *s, mono_ns deadline)
{
    if (coro_yield() < 0)
        return wait_result(s, -ECANCELED);
    return loop_clock(s->loop) >= deadline ? wait_result(s, -ETIMEDOUT) : 0;
}

int stream_wait_readable(struct stream *s, mono_ns deadline)
{
    bool in_a_row = s->n_unparked >= RECVS_IN_A_ROW;

    s->n_unparked = 0;
    return unlikely(in_a_row) ? give_way(s, deadline) : wait_edge(s, deadline);
}

int stream_wait_taken(struct stream *s, mono_ns deadline, struct stream_taker *t)
{
    s->taker = t;
    int r = stream_wait_readable(s, deadline);

    s->taker = NULL;
    return r;
}

ssize_t stream_recv_now(struct stream *s, void *buf, size_t n)
{
    assert(n > 0);
    if (unlikely(s->n_unparked >= RECVS_IN_A_ROW))
        return STREAM_AGAIN;
    s->n_unparked++;
    return likely(!s->tls) ? stream_raw_recv(s, buf, n) : tls_recv(s, buf, n);
}

bool stream_may_have_input(const struct stream *s)
{
    return s->readable || s->early || s->tls;
}

ssize_t stream_recv(struct stream *s, void *buf, size_t n, mono_ns deadline)
{
    for (;;) {
        ssize_t got = stream_recv_now(s, buf, n);

        if (got != STREAM_AGAIN)
            return got;

        int r = stream_wait_readable(s, deadline);

        if (unlikely(r < 0))
            return r;
    }
}

void stream_interrupt(struct stream *s)
{
    if (s->reader)
        coro_wake(s->reader, -ECANCELED);
}

mono_ns stream_received_at(const struct stream *s)
{
    return s->received_at;
}

/* ---- events ---- */

/* Hands what has come to the reader. True when that ran, and so may have closed the stream. */
static bool hand_over(struct stream *s)
{
    mono_ns next;

    if (!s->taker)
        return coro_resume_now(s->reader, 0);
    s->n_unparked = 0;
    next = s->taker->on_input(s->taker);
    /* A sender without end is not taken from for ever: see stream_wait_readable. */
    if (unlikely(next == 0 || s->n_unparked >= RECVS_IN_A_ROW))
        return coro_resume_now(s->reader, 0);
    timer_set(s->loop, &s->timer, next, recv_timed_out);
    return false;
}

/* The last thing it does is to resume the reader, which may close the stream. */
static void stream_ready(struct loop *l, struct watch *w, unsigned events)
{
    struct stream *s = container_of(w, struct stream, watch);

    if (events & WATCH_SENT) {
        flush_told(s, watch_result(l)->n);
        return;
    }
    if (unlikely(events & (WATCH_HANGUP | WATCH_ERROR)))
        s->hangup = true;
    if (unlikely(!s->writable && (events & WATCH_WRITE))) {
        s->writable = true;
        if (stream_unsent(s) > 0)
            loop_defer(l, &s->flush);
    }
    if (events & WATCH_READ) {
        if (events & WATCH_BYTES) {
            stream_delivered(s);
        } else {
            s->readable = true;
        }
        /* A reader that runs takes what came early. */
        if (s->reader && hand_over(s))
            return;
    }
    if (unlikely(s->early && !s->early_owned))
        stream_early_keep(s);
}

/* ---- beginning and end ---- */

int stream_new(struct loop *l, int fd, watch_fn *fn, struct stream **ret_stream)
{
    struct stream *s = xnew_lines(struct stream);

    s->loop = l;
    s->out = BUF_INIT(STREAM_OUT_LIMIT);
    s->info.tls_version = "";
    s->info.tls_cipher = "";
    s->info.ocsp_status = "";
    coro_waitlist_init(&s->writers);
    loop_deferred_init(&s->flush, flush_deferred);

    int r =
        fn ? watch_open(l, &s->watch, fd, fn) : watch_open_stream(l, &s->watch, fd, stream_ready);

    if (r < 0) {
        watch_close(l, &s->watch);
        free(s);
        return r;
    }
    *ret_stream = s;
    return 0;
}

/* Failing to read one's own addresses leaves them "none": nothing depends on them. */
static struct net_addr name_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    union net_sockaddr sa;
    socklen_t n = sizeof(sa);

    if (get(fd, &sa.any, &n) < 0)
        return (struct net_addr){0};
    return net_addr_from_sockaddr(&sa.any);
}

void stream_established(struct stream *s)
{
    int on = 1;
    int idle = 30;

    s->watch.fn = stream_ready;
    watch_to_stream(s->loop, &s->watch);
    s->writable = true;
    if (s->info.remote.family == 0)
        s->info.remote = name_of(s->watch.fd, getpeername);
    s->info.local = name_of(s->watch.fd, getsockname);
    net_addr_format(&s->info.remote, s->info.remote_ip);
    /* Refused by sockets that are not TCP, which need none of it. */
    ignored(setsockopt(s->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
    ignored(setsockopt(s->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
    ignored(setsockopt(s->watch.fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)));
    ignored(setsockopt(s->watch.fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle)));
    s->stamps = loop_stamps(s->loop) &&
                setsockopt(s->watch.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0;
}

void stream_close(struct stream *s, enum stream_close_mode mode)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (!s)
        return;
    assert(!s->reader && list_empty(&s->writers.waiters));
    if (s->sending)
        watch_settle(s->loop);
    loop_deferred_cancel(&s->flush);
    timer_clear(&s->timer);
    if (mode == STREAM_CLOSE_RESET) {
        ignored(setsockopt(s->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
    } else {
        if (s->tls && !s->shut)
            tls_shutdown(s);
        loop_deferred_cancel(&s->flush);
        if (stream_unsent(s) > 0 && s->write_status == NET_OK)
            ignored(send(s->watch.fd, s->unsent, s->n_unsent, MSG_NOSIGNAL));
    }
    stream_early_fini(s);
    tls_conn_free(s->tls);
    watch_close(s->loop, &s->watch);
    buf_fini(&s->out);
    free(s->error);
    free(s);
}

/* ---- questions ---- */

const struct stream_info *stream_info(const struct stream *s)
{
    return &s->info;
}

uint64_t stream_bytes_in(const struct stream *s)
{
    return s->bytes_in;
}

uint64_t stream_bytes_out(const struct stream *s)
{
    return s->bytes_out;
}

/* Only asked when the last receive filled its buffer, so that more may have been there. */
static bool peek_drained(struct stream *s)
{
    char byte;

    if (watch_collected(s->loop, &s->watch))
        return false;
    if (recv(s->watch.fd, &byte, 1, MSG_PEEK) >= 0 || errno != EAGAIN)
        return false;
    s->readable = false;
    return true;
}

bool stream_is_idle_good(struct stream *s)
{
    if (s->hangup || s->ended || s->shut || s->write_status != NET_OK)
        return false;
    if (s->tls)
        return !tls_has_input(s);
    return likely(!s->early && !s->readable) || (!s->early && peek_drained(s));
}
