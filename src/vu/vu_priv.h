#pragma once
/* What the files of vu share. */
#include "base/arena.h"
#include "base/list.h"
#include "base/mem.h"
#include "client/client.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/recorder.h"
#include "vu/vu.h"

/* Series of the samples that every iteration takes, for the tags of the user's scenario. */
struct vu_series {
    const struct tagset *tags; /* NULL: not looked up yet */
    struct series *iterations;
    struct series *iteration_duration;
    struct series *data_sent;
    struct series *data_received;
    struct series *iteration_response_time; /* open models; else NULL */
    struct series *iteration_lag;           /* the same */
};

struct vu_loop {
    struct vu_loop_config config;
    void *script_loop;
    struct client_loop *clients;
    const struct tagset *run_tags; /* options.tags, in the loop's pool */
    struct vu_series series[8];    /* by tags: users of a scenario share them */
};

/* Iterations that are one request each, which client_request_repeat carries out. */
struct vu_repeated {
    mono_ns start; /* of the iteration that runs */
    vu_next_fn *next;
    void *arg;
};

/*
 * Of thousands of users each is cold when its answer comes. So what every iteration looks at stands
 * together, from the middle of `host` on, and begins on a cache line.
 */
struct vu {
    const struct plan_scenario *scenario;
    const struct tagset *base_tags; /* of the scenario; host.tags starts from it */
    struct list strands;            /* beside the one inside the script (vu_strand.c) */
    struct coro *ending;            /* waits for the strands to end; NULL: they may live */
    bool in_wait;                   /* parked in wait_event */
    struct script_host host;        /* services find the user by it */
    struct vu_loop *vl;
    struct client *client;
    void *script_vu;
    const char *setup_data;
    struct coro *coro; /* the one inside the script now; NULL: none */
    uint64_t turn;     /* of the loop, when the last iteration ended */
    int64_t ticket;
    int export_index;
    bool interrupted;
    bool woken; /* an asynchronous completion came since the last wait_event */
    struct list running_async;
    struct vu_repeated repeated;
    struct sample_origin origin; /* of its samples, for outputs that tell */
    struct arena arena;
    struct {
        const struct tagset *tags;
        struct str name;
        struct series *series;
    } last_checks[8]; /* by name: the series of checks that this user made last */
};

_Static_assert(offsetof(struct vu, host.ops) % CACHE_LINE == 0, "its hot half has moved");

extern const struct script_host_ops vu_host_ops;

static inline struct vu *vu_of(struct script_host *h)
{
    return container_of(h, struct vu, host);
}

/* The loop's recorder, told whose samples come next. */
static inline struct recorder *vu_recorder(struct vu *vu)
{
    recorder_set_origin(vu->vl->config.recorder, &vu->origin);
    return vu->vl->config.recorder;
}

/* Cancels asynchronous requests that are still under way and waits for them. */
void vu_async_drain(struct vu *vu);

/* ---- strands (vu_strand.c): services of script.h ---- */

int vu_strand_spawn(struct script_host *h, script_strand_fn *fn, void *arg);
struct coro *vu_strand_self(struct script_host *h);
int vu_strand_park(struct script_host *h, mono_ns due);
void vu_strand_wake(struct script_host *h, struct coro *strand);
void vu_strand_disturb(struct script_host *h, struct coro *strand);
void vu_strand_settle(struct script_host *h);
int vu_strand_wait_fd(struct script_host *h, int fd, enum script_fd what, mono_ns due);
void vu_post(struct script_host *h, script_posted_fn *fn, void *arg);

/* Cancels all strands and suspends until they have ended. On the user's coroutine. */
void vu_strands_end(struct vu *vu);
