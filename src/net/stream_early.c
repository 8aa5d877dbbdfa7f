/*
 * Bytes that are there before their reader is. Either the loop said that something can be read, and
 * it is received for all before the first of them is resumed (stream_early); or the loop received
 * it by itself (stream_delivered). Both leave it in memory of the loop, from which a reader copies
 * it where it wants it. What nobody reads in time moves to `kept`, and when that grows too large
 * the loop is told to receive no more: so a sender that is faster than we are meets a full socket.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "net/stream_priv.h"

enum {
    EARLY_BYTES = 4 << 10, /* asked for before the reader's turn */
    SMALL = 8 << 10,
    SMALL_IN_A_ROW = 16,
    KEPT_MANY = 256 << 10, /* bytes at which no more are wanted */
    KEPT_SPARE = 16 << 10, /* capacity that an empty `kept` may have */
};

static void count(struct stream *s, ssize_t n)
{
    s->bytes_in += (uint64_t)n;
    s->received_at = loop_now(s->loop);
}

void stream_early(struct loop *l, struct watch *w)
{
    struct stream *s = container_of(w, struct stream, watch);
    char *room = loop_early_room(l, EARLY_BYTES);

    if (!room || s->early)
        return;
    ssize_t got = stream_socket_recv(s, room, EARLY_BYTES);

    if (got < 0 && errno == EINTR)
        return;
    s->early = room;
    s->early_result = got < 0 ? -errno : got;
    s->early_owned = false;
    if (got > 0) {
        count(s, got);
        loop_early_used(l, (size_t)got);
    }
}

/*
 * A large body is read straight to where it is wanted, for which the loop only says when; a copy
 * more would cost a quarter of its time. Changing over costs a microsecond or two, so it is not
 * done for a single small answer between large ones.
 */
void stream_bulk_received(struct stream *s, ssize_t got)
{
    if (watch_delivers(&s->watch))
        return; /* it has not happened yet */
    s->n_small = got < SMALL ? s->n_small + 1 : 0;
    if (s->n_small < SMALL_IN_A_ROW || s->hangup)
        return;
    s->is_bulk = false;
    watch_to_stream(s->loop, &s->watch);
}

/* ---- what is kept ---- */

static void keep(struct stream *s, const char *data, ssize_t n)
{
    buf_reset(&s->kept);
    buf_put(&s->kept, data, (size_t)n);
    s->early = s->kept.data;
    s->early_result = n;
    s->early_owned = true;
}

/* Behind what is kept. Half of it is garbage at most, so that each byte moves once or so. */
static void keep_more(struct stream *s, const char *data, ssize_t n)
{
    size_t done = (size_t)(s->early - s->kept.data);

    if (done > s->kept.len / 2) {
        buf_drop(&s->kept, done);
        done = 0;
    }
    buf_put(&s->kept, data, (size_t)n);
    s->early = s->kept.data + done;
    s->early_result += n;
}

/* The memory is bounded: what still comes was under way, and fits the loop's buffers. */
static void pause_when_full(struct stream *s)
{
    if (s->early_result < KEPT_MANY || s->paused || !watch_delivers(&s->watch))
        return;
    s->paused = true;
    watch_pause(s->loop, &s->watch);
}

void stream_early_keep(struct stream *s)
{
    if (s->early_result > 0)
        keep(s, s->early, s->early_result);
}

static void early_done(struct stream *s)
{
    s->early = NULL;
    if (likely(!s->early_owned))
        return;
    s->early_owned = false;
    if (s->kept.cap > KEPT_SPARE)
        buf_fini(&s->kept);
    if (unlikely(s->paused)) {
        s->paused = false;
        if (watch_delivers(&s->watch))
            watch_resume(s->loop, &s->watch);
    }
}

void stream_early_fini(struct stream *s)
{
    buf_fini(&s->kept);
}

/* ---- in and out ---- */

void stream_delivered(struct stream *s)
{
    const struct watch_result *r = watch_result(s->loop);

    if (unlikely(r->n <= 0)) {
        s->is_last = true;
        s->last_result = (int)r->n;
        return;
    }
    count(s, r->n);
    if (unlikely(r->more && !s->is_bulk)) {
        s->is_bulk = true;
        s->n_small = 0;
        s->readable = true;
        watch_from_stream(s->loop, &s->watch);
    }
    if (likely(!s->early)) {
        s->early = r->data;
        s->early_result = r->n;
        s->early_owned = false;
        return;
    }
    keep_more(s, r->data, r->n);
    pause_when_full(s);
}

ssize_t stream_early_recv(struct stream *s, void *buf, size_t n)
{
    ssize_t got = s->early_result;

    if (unlikely(got <= 0)) {
        early_done(s);
        return got == 0 ? stream_recv_ended(s) : stream_recv_failed(s, (int)-got);
    }
    /* Of what was delivered the socket knows nothing: see watch_result.more. */
    if (!s->early_owned && !watch_delivers(&s->watch) && got < EARLY_BYTES && !s->hangup)
        s->readable = false;
    bool is_new = !s->early_owned;
    size_t part = (size_t)got < n ? (size_t)got : n;

    memcpy(buf, s->early, part);
    if (likely(part == (size_t)got)) {
        early_done(s);
    } else if (s->early_owned) {
        s->early += part;
        s->early_result -= (ssize_t)part;
    } else {
        keep(s, s->early + part, got - (ssize_t)part);
    }
    if (unlikely(s->is_bulk && is_new))
        stream_bulk_received(s, got);
    return (ssize_t)part;
}
