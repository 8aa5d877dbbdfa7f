#pragma once
/*
 * What the generator does to itself while it measures: how busy its loops are, how long they wait
 * for a processor, how late they start iterations, what the host takes away. Sampled with every
 * tick, so it costs the load nothing; judged at the end (run/verdict.h).
 */
#include <stdint.h>

#include "loop/loop.h"
#include "run/verdict.h"
#include "script/script.h"

struct json_out;
struct run;
struct worker;

/* An iteration that starts later than this after it was due is late. */
#define HEALTH_LATE (5 * NS_PER_MS)

/* One loop's counters, since it began. */
struct health_counters {
    mono_ns at;
    span_ns cpu;     /* its thread ran */
    span_ns delayed; /* its thread could have run, but for the processor */
    struct loop_stats loop;
    struct script_stats script;
    uint64_t n_due, n_late; /* iterations of timetables; those noticed later than HEALTH_LATE */
    span_ns max_lag;        /* the latest of them */
};

/* A loop's part of it. */
struct health_loop {
    /* The loop's own. */
    int schedstat;  /* descriptor of /proc/thread-self/schedstat; -1: there is none */
    const char *io; /* how it moves bytes, loop_io(); NULL: it is in another process */
    bool has_begun; /* there is load */
    bool is_over;
    struct health_counters begin, end; /* of the time of load; `end` once it is over */
    uint64_t n_due, n_late;            /* as above, up to now */
    span_ns max_lag;

    /*
     * Put here by health_sample(), as the loop answers a tick; main may read it until it asks
     * again. Equal while there was no load yet.
     */
    struct health_counters from, to;

    struct health_counters told; /* main's: what was told as metrics already */
};

/* On the loop's thread. */
void health_open(struct health_loop *h, const struct loop *loop);
void health_close(struct health_loop *h);
void health_begin(struct worker *w);  /* load begins */
void health_sample(struct worker *w); /* for main to see */
void health_end(struct worker *w);    /* and is over: later samples change nothing */

static inline void health_due(struct health_loop *h, span_ns lag)
{
    h->n_due++;
    h->n_late += lag > HEALTH_LATE;
    if (lag > h->max_lag)
        h->max_lag = lag;
}

/* What a loop's answer to the last tick said; on the main loop. */
void health_of_loop(const struct run *run, unsigned loop, struct health_counters *ret_from,
                    struct health_counters *ret_to);

/* The machine's part; on the main loop. */
struct health_machine {
    uint64_t steal_from, all_from, steal_to, all_to; /* clock ticks, all processors */
    mono_ns at_from, at_to;
    span_ns throttled_from, throttled_to;   /* the control group was kept from running */
    uint64_t memory, most_memory;           /* bytes that this process holds */
    unsigned descriptors, most_descriptors; /* open now; the most of all samples */
    unsigned sockets, most_sockets;         /* TCP, those in TIME-WAIT with them */
    uint64_t steal_told, all_told;          /* as metrics, already */
    span_ns throttled_told;
    mono_ns at_told; /* 0: not yet */
};

/* Puts what was new since the last tick into the snapshot, as metrics; within a tick. */
void health_tell(struct run *run, mono_ns now);

void health_machine_begin(struct health_machine *m);
void health_machine_sample(struct health_machine *m);

/* After the run, or in a tick: the judgement so far. */
void health_judge(const struct run *run, struct verdict *ret_verdict);

/* The same with all figures behind it, as a JSON object. */
void health_json(const struct run *run, struct json_out *j);

/* Local ports that one address may use for one server; 0: unknown. */
unsigned health_ports(void);
