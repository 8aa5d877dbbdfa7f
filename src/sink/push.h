#pragma once
/*
 * Delivery for sinks that push: a bounded queue in memory, a spool on disk behind it, one sender
 * that tries again by the protocol's rules, and the account of every point.
 *
 *   produced = acknowledged + dropped + queued + spooled
 *
 * Batches are sent in the order in which they came; once one is on disk, those after it go to disk
 * too, so order is kept. When a delivery fails for good, the batch is cut in halves until the point
 * that was refused stands alone: only that one is dropped.
 *
 * push_put() may be called on any thread; all else happens on the sinks' own loop, where `send`
 * runs on a coroutine and may suspend.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "proto/http.h"
#include "sink/batch.h"
#include "sink/spool.h"

struct loop;
struct log;
struct push;
struct push_wire;

/* What became of one attempt. */
enum push_outcome {
    PUSH_DONE,    /* the receiver has them, but for n_rejected that it will never take */
    PUSH_RETRY,   /* may work later: refused connection, 503, timeout */
    PUSH_SPLIT,   /* too large, or one point spoils the rest: cut in two and try the halves */
    PUSH_REFUSED, /* will never work with these points; alone, they are dropped */
    PUSH_BLOCKED, /* will not work with any points until somebody mends something: a wrong token,
                     path or database. They are kept on disk, and tried again rarely */
};

struct push_result {
    enum push_outcome outcome;
    size_t n_rejected;   /* PUSH_DONE: points that were refused while the rest was stored */
    span_ns retry_after; /* PUSH_RETRY: the receiver's wish; 0: none */
    bool bounded; /* PUSH_RETRY: a cause that may be permanent; after some tries it is a SPLIT */
    char reason[400]; /* words for the user; "" for PUSH_DONE without rejections */
};

/* Fills in a result and its words. */
void push_result_set(struct push_result *r, enum push_outcome outcome, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

struct push_config {
    const char *label;   /* "influxdb", "influxdb-2": in messages, metrics and the spool's name */
    const char *format;  /* of the encoded points, for the spool */
    size_t max_points;   /* in one delivery; 0: no limit */
    size_t max_bytes;    /* the same, encoded; 0: 4 MiB */
    size_t queue_bytes;  /* in memory before the spool; 0: 64 MiB */
    unsigned n_senders;  /* deliveries at one time; 0: 1. More than one gives up order */
    span_ns backoff_min; /* 0: 250 ms; doubles, with jitter, up to backoff_max */
    span_ns backoff_max; /* 0: 30 s */
    bool no_spool;

    /*
     * Carries out one delivery; on a coroutine of the sinks' loop. Always fills in *ret_result.
     * `arg` is the sink's.
     */
    void (*send)(void *arg, struct push_wire *wire, const struct batch_view *points,
                 struct push_result *ret_result);
    void *arg;
};

/* Takes the points of `b` and leaves it empty. Any thread; never suspends. */
void push_put(struct push *p, struct batch *b);

/* ---- for `send` ---- */

struct loop *push_wire_loop(const struct push_wire *wire);

/* One HTTP exchange over kept-alive connections; nothing is redirected. */
struct push_http {
    struct str method; /* n 0: POST */
    const char *url;
    const struct http_header *headers;
    size_t n_headers;
    struct str body;
    bool gzip;       /* compress the body and say so */
    span_ns timeout; /* 0: 30 s */
    bool insecure;   /* do not verify certificates */
};

struct push_answer {
    int status; /* 0: none came; `error` says why */
    char error[256];
    span_ns retry_after;               /* from the header, seconds or a date; 0: none */
    struct buf body;                   /* at most 1 MiB of it; the caller's */
    const struct http_header *headers; /* until the next exchange on this wire */
    size_t n_headers;
};

/* Suspends until the answer is there or will not be. */
void push_http(struct push_wire *wire, const struct push_http *request,
               struct push_answer *ret_answer);

/*
 * What an answer means by the rules that most receivers share: 2xx done; none, 408, 429, 5xx retry;
 * 413 split; 401, 403, 404, 405 blocked; other 4xx refused. Words have the status and what the
 * server said. Sinks handle what is special to them first.
 */
void push_http_judge(const struct push_answer *answer, struct push_result *ret_result);

/* The first line of what a server said, made fit for a terminal: at most `max` bytes. */
void push_said(const struct push_answer *answer, struct buf *out, size_t max);
