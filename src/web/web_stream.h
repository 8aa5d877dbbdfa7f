#pragma once
/*
 * Server-sent events to any number of listeners. Publishing never blocks: each listener has a queue
 * of its own with a limit. One that does not read is told so with `event: lost` in place of all
 * that it missed, and its stream ends; a browser then connects again and begins with what is.
 *
 * Any thread may call any of this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct web_stream;
struct web_listener;

enum {
    WEB_LISTENERS_MAX = 64,
    WEB_QUEUE_EVENTS = 256,     /* that wait for one listener */
    WEB_QUEUE_BYTES = 16 << 20, /* the same; one event may be larger when it is alone */
    WEB_STREAM_RETRY_MS = 1000, /* after which a browser connects again */
};

struct web_stream *web_stream_new(void);

/* Ends it; the memory goes with the last listener. Accepts NULL. */
void web_stream_unref(struct web_stream *s);

/* Appends one event as it goes over the wire; `data` is one or many lines. */
void web_event_put(struct buf *out, const char *event, struct str data);

/* Gives an event to all who listen now. After web_stream_end() it does nothing. */
void web_stream_publish(struct web_stream *s, const char *event, struct str data);

/* Sends a comment: that is how a connection finds out that nobody is there any more. */
void web_stream_ping(struct web_stream *s);

/* Whoever listens reads what waits and then the end. */
void web_stream_end(struct web_stream *s);

size_t web_stream_listeners(struct web_stream *s);

/* ---- for the server ---- */

/* Wakes who reads; called from any thread, with locks held: it only takes note. */
typedef void(web_wake_fn)(void *arg);

/* A listener whose first bytes are `first`. NULL when there are too many, or after the end. */
struct web_listener *web_stream_join(struct web_stream *s, struct str first);
void web_listener_leave(struct web_listener *l); /* accepts NULL */

enum {
    WEB_LISTEN_END = -1, /* there is and will be no more */
};

/* Takes up to n bytes. 0: none now, `wake` is called when there are, or the end is reached. */
ssize_t web_listener_read(struct web_listener *l, char *to, size_t n, web_wake_fn *wake, void *arg);
