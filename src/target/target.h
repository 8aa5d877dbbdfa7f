#pragma once
/*
 * The server behind `brunt target`: something honest to test against. It answers a demo shop, the
 * toy API, a subset of httpbin, fixed answers as fast as the loop allows, and misbehaviour on
 * demand under /chaos/. Its routes are one table (target_routes.c).
 *
 * One loop per thread, each with a listener of its own on the same port; state that requests share
 * (jobs, queues) is behind a lock that only those routes take.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"

struct target;

struct target_options {
    const char *listen; /* "ADDRESS:PORT", "[v6]:PORT" or ":PORT"; port 0: a free one;
                           NULL: 127.0.0.1:8080 */
    int n_threads;      /* 0: one per processor, at most 16 */
    enum loop_io io;    /* of its loops */
    bool tls;           /* HTTPS with a certificate made on the spot */
    uint64_t seed;      /* of what is random (latencies, failures); 0: from the clock */
    double slowness;    /* factor on the delays of the toy API; 0 means 1 */
};

/*
 * Starts the threads and returns when the port is open. The caller owns *ret_target until
 * target_stop(). Returns 0 or a fault.
 */
MUST_USE int target_start(const struct target_options *options, struct target **ret_target);

/* The port it listens on. */
uint16_t target_port(const struct target *target);

/* "http://127.0.0.1:8080": where clients on this machine reach it. Valid while the target lives. */
const char *target_url(const struct target *target);

/* Ends connections and threads, and frees; accepts NULL. Not from one of the target's threads. */
void target_stop(struct target *target);

/* Starts, says where it listens on stdout, serves until SIGINT or SIGTERM. Returns 0 or a fault. */
MUST_USE int target_run(const struct target_options *options);

/* Appends the table of routes, one a line. */
void target_list(struct buf *out);
