#pragma once
/* What the files of src/net share about streams: the struct, and how dial and TLS drive it. */
#include "base/buf.h"
#include "base/mem.h"
#include "loop/coro.h"
#include "loop/delivery.h"
#include "loop/loop.h"
#include "net/net_error.h"
#include "net/stream.h"

struct attempt;
struct tls_conn;

/* What every round trip looks at is on the first four cache lines, in the order of its fields. */
struct stream {
    struct watch watch;
    struct loop *loop;
    struct coro *reader;  /* parked in a receive, or in a connect */
    struct tls_conn *tls; /* NULL: plain */

    /* What the edges have told: whether a call is worth making. */
    bool readable;
    bool writable;
    bool hangup; /* the end or an error waits behind the bytes */
    bool ended;  /* it was read */
    bool shut;   /* FIN goes out after what is queued */
    bool stamps; /* the kernel says when bytes came */

    bool sending; /* what is queued is with the loop, which tells how it went (loop/delivery.h) */

    /*
     * What was received before the reader's turn came: bytes in the loop's memory, or in `kept`
     * when they outlived that turn. `early_result` is what recv gave, or -errno. What the loop
     * delivers is never an end or a failure: those wait in `last_result`, behind all bytes.
     */
    bool early_owned;
    const char *early; /* NULL: nothing */
    ssize_t early_result;
    mono_ns received_at;
    mono_ns send_started_at; /* before the first byte of what was queued last left; 0: not yet */
    mono_ns sent_at;
    uint64_t bytes_in;
    uint64_t bytes_out;
    enum net_status write_status; /* not NET_OK: sending has failed for good */
    uint16_t n_unparked;          /* receives in a row that did not have to wait */
    bool is_last;                 /* last_result is known */
    bool is_bulk;                 /* the loop was told to leave the receiving to us */

    struct stream_taker *taker; /* takes what comes in the reader's stead; NULL: nobody does */
    struct timer timer;         /* the reader's deadline */
    /*
     * What is to be sent: in the loop's memory for the turn in which it was queued (loop_out_room),
     * or else the end of `out`, which is empty in the first case.
     */
    const char *unsent;
    size_t n_unsent;
    struct loop_deferred flush; /* queued when there are bytes to send and room for them */
    struct coro_waitlist writers;
    struct buf out;

    int last_result;            /* 0 or -errno */
    bool paused;                /* the loop was told to deliver no more */
    uint8_t n_small;            /* receives in a row, while it is bulk, that took little */
    struct attempt *connecting; /* while it is being dialled */
    struct buf kept;            /* early, from its start or later, is all that is of use in it */
    struct net_error *error;    /* NULL until the first failure */
    struct stream_info info;
};

_Static_assert(offsetof(struct stream, out.cap) <= 4 * CACHE_LINE, "its hot part has grown");

/* A stream around a non-blocking socket, which it owns. Returns 0 or a fault (the socket is
 * closed). */
MUST_USE int stream_new(struct loop *l, int fd, watch_fn *fn, struct stream **ret_stream);

/* From now on the descriptor carries bytes: the addresses are noted, events mean data. */
void stream_established(struct stream *s);

/* Reads from the socket without suspending: > 0, 0 at the end, STREAM_AGAIN, negative status. */
ssize_t stream_raw_recv(struct stream *s, void *buf, size_t n);

/*
 * ---- what comes early (stream_early.c) ----
 *
 * The loop's memory holds the bytes only for so long as a watch is being called: who does not read
 * them then finds them kept.
 */

/* A watch_early_fn: receives for a reader whose turn will come. */
void stream_early(struct loop *l, struct watch *w);

/* With WATCH_BYTES: what the loop received for us. */
void stream_delivered(struct stream *s);

/* After a receive of ours: when little comes again the loop may deliver it. */
void stream_bulk_received(struct stream *s, ssize_t got);

/* What lies in the loop's memory and was not read stays ours. */
void stream_early_keep(struct stream *s);

/* As stream_raw_recv, when there is something early. */
ssize_t stream_early_recv(struct stream *s, void *buf, size_t n);

void stream_early_fini(struct stream *s);

/* ---- receiving, for those who know that there may be something (stream.c) ---- */

/* The system call. Returns as recv(), with errno. */
ssize_t stream_socket_recv(const struct stream *s, void *buf, size_t n);

/* Without bytes left: what stream_raw_recv returns at the end, and for an errno. */
ssize_t stream_recv_ended(struct stream *s);
ssize_t stream_recv_failed(struct stream *s, int err);

/* Queues raw bytes. Returns 0 or a negative status. */
int stream_raw_send(struct stream *s, const void *data, size_t n);

/* Where the words of a failure go. */
struct net_error *stream_error_slot(struct stream *s);

/* ---- TLS on a stream (tls_conn.c) ---- */

struct tls_config;
struct tls_sessions;

struct tls_connect {
    struct tls_config *config;
    struct tls_sessions *sessions; /* NULL: no resumption */
    struct str host;
    uint16_t port;
    struct str alpn;
    bool insecure; /* the certificate is not looked at */
    mono_ns deadline;
};

/* Handshakes as client or server; on success s carries TLS. Returns NET_OK or the status. */
enum net_status tls_connect(struct stream *s, const struct tls_connect *c);
enum net_status tls_accept(struct stream *s, struct tls_config *config, struct str alpn,
                           mono_ns deadline);

ssize_t tls_recv(struct stream *s, void *buf, size_t n);
int tls_send(struct stream *s, const void *data, size_t n);

/* Bytes already decrypted wait, or TLS has failed: not idle. */
bool tls_has_input(struct stream *s);

/* Queues close_notify. */
void tls_shutdown(struct stream *s);
void tls_conn_free(struct tls_conn *c); /* accepts NULL */
