#pragma once
/*
 * Whether a run's numbers can be trusted: a judgement on the generator, not on what it tested. A
 * pure function of what the generator measured on itself (run/health.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct json_out;

enum verdict_level {
    VERDICT_VALID,
    VERDICT_SUSPECT, /* some numbers contain the generator's own delays, or the load fell short */
    VERDICT_INVALID, /* the numbers are of the generator, not of what was tested */
};

/* Of one loop, as shares of the time in which there was load. */
struct verdict_loop {
    double busy;    /* doing something other than waiting */
    double delayed; /* ready to go on, while the processor was another's */
};

struct verdict_facts {
    double seconds; /* of load */
    const struct verdict_loop *loops;
    size_t n_loops;

    /* open models; 0 where there is none */
    uint64_t n_due;  /* iterations whose time came */
    uint64_t n_late; /* of those: when it was noticed later than by late_limit */
    span_ns late_limit;
    uint64_t n_iterations; /* begun, of all models */
    uint64_t n_dropped;
    bool open_model; /* there is a scenario with an arrival rate */

    double steal;     /* share of the machine's time that the host gave to others */
    double throttled; /* share of the time in which the container was not let run */

    uint64_t n_requests;
    uint64_t n_without_port;       /* failed because no local port was left */
    uint64_t n_without_descriptor; /* failed because no file could be opened */
    double median_ms;              /* of http_req_duration; 0: none */
    double turn_p99_ms;            /* 99 % of events were handled in turns no longer than this */

    double longest_gc_ms;
    double read_delay_ms; /* half the answers lay unread in the kernel for longer; 0: unknown */
};

enum {
    VERDICT_REASONS_MAX = 16,
    VERDICT_REASON_BYTES = 320,
};

struct verdict_reason {
    enum verdict_level level;
    char text[VERDICT_REASON_BYTES]; /* what is wrong, a colon, what to do */
};

struct verdict {
    enum verdict_level level; /* the worst of its reasons */
    struct verdict_reason reasons[VERDICT_REASONS_MAX];
    size_t n_reasons; /* the worst first */
};

/* "valid", "suspect", "invalid" */
const char *verdict_name(enum verdict_level level);

/* Puts its reasons as the elements of an array of objects, level and text. */
void verdict_put_reasons(const struct verdict *verdict, struct json_out *j);

void verdict_find(const struct verdict_facts *facts, struct verdict *ret_verdict);
