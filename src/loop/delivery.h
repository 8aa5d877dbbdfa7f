#pragma once
/*
 * Stream sockets whose bytes the loop moves itself, where its backend can (io_uring): what has come
 * is delivered instead of announced, and what is to go is handed over, all of a turn at once.
 *
 * A watch that is not delivered to (watch_delivers() is false: the backend is epoll) is told of
 * readiness as ever; then none of the calls below watch_delivers() may be used. All of it belongs
 * to the loop's thread.
 */
#include "loop/loop.h"

/* As watch_open, for a stream socket that is connected. Returns 0 or a fault. */
MUST_USE int watch_open_stream(struct loop *l, struct watch *w, int fd, watch_fn *fn);

/* An open watch whose socket is connected by now. Nothing happens when it is a stream already. */
void watch_to_stream(struct loop *l, struct watch *w);

/*
 * Ends delivery, for bytes that are many: reading them where they are wanted saves a copy. What was
 * received comes first; then watch_delivers() is false, and the watch is told of readiness.
 */
void watch_from_stream(struct loop *l, struct watch *w);

static inline bool watch_delivers(const struct watch *w)
{
    return w->slot != 0;
}

/*
 * With WATCH_BYTES: n > 0 bytes at `data`, valid until watch_fn returns; n == 0 the end, n < 0 the
 * negative errno of a failure, after either of which nothing is delivered any more. All bytes come
 * before them, with WATCH_HANGUP as soon as the end is known. `more`: they fill the buffer, so
 * there may be many to come.
 *
 * With WATCH_SENT: n is how many bytes the kernel took, or a negative errno (-EAGAIN: none);
 * loop_now() is a moment after the last of the batch. That watch_fn must not resume or close
 * anything.
 */
static inline const struct watch_result *watch_result(const struct loop *l)
{
    return &((const struct loop_head *)l)->result;
}

/*
 * Whether bytes or the end were received for w and wait for their turn. While that is so the socket
 * must not be read by other means: these come first. At all other times it may be, for nothing is
 * received but between a turn's last phase and the next one's first.
 */
bool watch_collected_slow(struct loop *l, const struct watch *w);

static inline bool watch_collected(struct loop *l, const struct watch *w)
{
    return watch_delivers(w) && watch_collected_slow(l, w);
}

/* Stops receiving; what is on its way is delivered still. Then goes on. Each once. */
void watch_pause(struct loop *l, struct watch *w);
void watch_resume(struct loop *l, struct watch *w);

/*
 * Sends n > 0 bytes together with everybody's at the end of this turn, then calls w->fn with
 * WATCH_SENT. They must stay where they are until then; one such call at a time.
 */
void watch_send(struct loop *l, struct watch *w, const void *data, size_t n);

/* WATCH_WRITE once the socket has room. */
void watch_want_room(struct loop *l, struct watch *w);

/* What was queued by watch_send is sent and told now. */
void watch_settle(struct loop *l);
