#pragma once
/*
 * A connection as coroutines see it: bytes in, bytes out, calls that seem to block. TCP, with TLS
 * on top where it was dialled so; a stream of either kind is used the same way.
 *
 * At most one coroutine reads at a time; any number may send. A stream belongs to one loop and is
 * closed by its owner while nobody is inside one of its calls.
 *
 * Calls that transfer bytes return a negative enum net_status when they fail; stream_error() then
 * has the words. After a failure (other than a timeout or cancellation of a receive) the stream is
 * good for nothing but closing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/net_addr.h"
#include "net/net_error.h"

struct loop;
struct stream;

enum {
    STREAM_OUT_LIMIT =
        64 << 20, /* bytes that may be queued unsent; more is a failure of the sender */
};

enum stream_close_mode {
    STREAM_CLOSE,       /* sends what is queued if the socket takes it, TLS close_notify, FIN */
    STREAM_CLOSE_RESET, /* throws everything away: RST, and no TIME_WAIT here */
};

/* What is known about a connection once it stands. Static texts are never NULL. */
struct stream_info {
    mono_ns connect_start; /* 0 for accepted streams */
    mono_ns connect_done;
    mono_ns tls_start; /* 0: no TLS */
    mono_ns tls_done;
    struct net_addr remote;
    struct net_addr local;
    const char *tls_version; /* "tls1.3"; static; "" without TLS */
    const char *tls_cipher;  /* IANA name; static; "" without TLS */
    const char *ocsp_status; /* "unknown" with TLS, "" without; static */
    char alpn[16];           /* what the server chose; "": none */
    bool tls_resumed;
    bool via_http_proxy; /* requests on it need the absolute form (http through an HTTP proxy) */
    char remote_ip[NET_ADDR_TEXT_BYTES]; /* `remote` as text */
};

const struct stream_info *stream_info(const struct stream *s);

/*
 * Reads up to n > 0 bytes straight into buf. Suspends until there are some. Returns how many, 0 at
 * the orderly end, or a negative net_status: -NET_TIMEOUT at `deadline` (MONO_NEVER: none),
 * -NET_CANCELLED (both leave the stream usable), -NET_RESET, ...
 */
ssize_t stream_recv(struct stream *s, void *buf, size_t n, mono_ns deadline);

enum {
    STREAM_AGAIN = -2, /* no net_status has this number */
};

/* The two halves of it: receives without suspending, or STREAM_AGAIN. */
ssize_t stream_recv_now(struct stream *s, void *buf, size_t n);

/* False: it would give STREAM_AGAIN. */
bool stream_may_have_input(const struct stream *s);

/*
 * Suspends until that is worth calling again. Returns 0, -NET_TIMEOUT or -NET_CANCELLED (a receive
 * that has failed is told by the next stream_recv_now).
 */
int stream_wait_readable(struct stream *s, mono_ns deadline);

/*
 * Somebody who takes what comes without the coroutine that waits for it, which saves waking that
 * for what is soon done. `on_input` runs on the loop's stack and must neither suspend nor close the
 * stream. It returns the deadline of what is to come next, or 0: the coroutine goes on.
 */
struct stream_taker {
    mono_ns (*on_input)(struct stream_taker *self);
};

/* As stream_wait_readable, but `t` takes what comes, any number of times, until it says 0. */
int stream_wait_taken(struct stream *s, mono_ns deadline, struct stream_taker *t);

/*
 * Queues a copy of n bytes, sent at the end of this turn together with whatever else is queued.
 * Never suspends. Returns 0, or a negative net_status when the stream has failed already.
 */
MUST_USE int stream_send(struct stream *s, const void *data, size_t n);

/*
 * For large bodies: sends with back-pressure, suspending until all n bytes were handed to the
 * kernel or the stream failed. Returns 0 or a negative net_status.
 */
MUST_USE int stream_send_wait(struct stream *s, const void *data, size_t n, mono_ns deadline);

/* Suspends until nothing is queued any more. Returns as stream_send_wait. */
MUST_USE int stream_flush(struct stream *s, mono_ns deadline);

/*
 * When the kernel was given the first byte of what was queued last; 0 while it waits for the end of
 * the turn. What lies before is the generator's own time, not the network's.
 */
mono_ns stream_send_started_at(const struct stream *s);

/* When the last queued byte was handed to the kernel; 0 while bytes are still queued. */
mono_ns stream_sent_at(const struct stream *s);

/* Bytes queued and not yet taken by the kernel. */
size_t stream_unsent(const struct stream *s);

/* loop_now() of the event that brought the bytes of the latest receive: their time of arrival. */
mono_ns stream_received_at(const struct stream *s);

/* TCP payload bytes, TLS included (k6's data_received and data_sent). */
uint64_t stream_bytes_in(const struct stream *s);
uint64_t stream_bytes_out(const struct stream *s);

/*
 * False once the peer has closed, reset or sent bytes nobody asked for: an idle connection from a
 * pool is only worth using while this holds. Usually costs no system call; one when the last
 * receive filled its buffer, or when TLS has a record to read (a session ticket, say).
 */
bool stream_is_idle_good(struct stream *s);

/* The words for the latest failure; status NET_OK when there was none. Valid while s is. */
const struct net_error *stream_error(const struct stream *s);

/* Ends the sending side (FIN after what is queued); receiving goes on. */
void stream_shutdown_send(struct stream *s);

/* Ends a receive in progress with -NET_CANCELLED, from another coroutine of the loop. */
void stream_interrupt(struct stream *s);

/* Closes and frees; accepts NULL. */
void stream_close(struct stream *s, enum stream_close_mode mode);
