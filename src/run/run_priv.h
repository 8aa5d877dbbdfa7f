#pragma once
/* What the files of run share: the run, its loops (workers) and their parts of scenarios. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/list.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/exception_book.h"
#include "metric/exchange_set.h"
#include "metric/recorder.h"
#include "plan/plan.h"
#include "run/control.h"
#include "run/health.h"
#include "run/run.h"

struct client_policy;
struct remote_state;
struct worker;

/* A scenario over all workers. Written by main before the start; atomics by anybody. */
/* What one worker has counted, on a cache line of its own: nobody waits for another's. */
struct worker_count {
    _Atomic uint64_t n; /* written by the worker alone */
    char apart[56];
};

struct scenario_run {
    struct run *run;
    const struct plan_scenario *plan;
    int export_index;
    uint64_t first_slot;     /* its user k is served by worker (first_slot + k) % n_workers */
    uint64_t n_slots;        /* most users at one time */
    struct plan_steps raw;   /* ramping-vus: wanted users over time */
    struct plan_steps limit; /* ramping-vus: users beyond are interrupted */
    mono_ns start;
    mono_ns end;      /* no iteration starts later */
    mono_ns hard_end; /* nothing runs later */
    uint64_t vus_max; /* main's: n_slots, or the most users that it was scaled to */
    bool is_rescaled; /* the same: to `rescaled_rate` iterations a second */
    double rescaled_rate;
    struct worker_count *complete; /* iterations, of each worker */
    struct {
        _Atomic uint64_t next_ticket; /* shared-iterations: attempts so far */
        _Atomic uint64_t next_number; /* exec.scenario.iterationInTest of the others */
        _Atomic uint64_t active;
        _Atomic bool interrupted;
        _Atomic unsigned parts_left;
        _Atomic int64_t scaled_vus; /* users that it was told to have; -1: as planned */
        _Atomic(const struct timetable *) timetable; /* an open model's; main may replace it */
        _Atomic uint64_t dropped;
        _Atomic bool short_of_users; /* has been logged */
    } shared;
};

/* When iterations of an open model are due, from some moment on. Immutable. */
struct timetable {
    const struct schedule *schedule; /* NULL: never */
    mono_ns origin;
};

/* A user's place in a scenario on one worker. */
struct slot {
    struct part *part;
    uint64_t index;      /* in the scenario */
    struct vu *vu;       /* while it runs */
    struct coro *coro;   /* an open model: parked until an iteration is due; else NULL */
    struct list waiting; /* with others that are parked, the longest first */
    mono_ns due;         /* of the iteration it was woken for; 0: of none, it is to end */
    bool is_new;         /* an open model: it is made because all were busy */
    bool running;
    bool wanted; /* may start another iteration */
};

/* What one worker does of one scenario. */
struct part {
    struct worker *worker;
    struct scenario_run *sr;
    struct arena arena;  /* of the slots, which users point to */
    struct slot **slots; /* those with index % n_workers in turn */
    size_t n_slots, cap_slots;
    uint64_t first; /* index of slots[0] */
    bool has_begun;
    bool is_over;              /* ended before its time, users finish what they do */
    int64_t scaled;            /* users of the whole scenario that were asked for; -1: as planned */
    struct arrivals *arrivals; /* of an open model, in the arena; else NULL */
    struct coro *driver;
    struct coro_waitgroup users;
    struct timer hard_stop;
    struct timer limit; /* ramping-vus: the next step of sr->limit */
    size_t next_limit;
};

/* A message between main and a worker; each has its own, so none is ever queued twice. */
struct worker_message {
    struct message msg;
    struct worker *worker;
};

struct worker {
    struct run *run;
    unsigned index;
    pthread_t thread;
    bool has_thread;
    struct loop *loop;
    struct tag_pool *tags;
    struct recorder *recorder;
    struct vu_loop *vl;
    struct part *parts; /* one per scenario */
    unsigned parts_left;
    _Atomic bool stopping;     /* the run was told to end; set by main, too */
    struct coro_waitlist held; /* users that may not begin an iteration: the run is paused */
    struct vu **idle;
    size_t n_idle, cap_idle;
    struct {
        bool is_open;  /* the loop takes messages */
        bool is_done;  /* with all scenarios */
        bool is_asked; /* for its recorder's interval */
    };                 /* main's */
    int init_result;   /* 0 or the fault of making users */
    char init_text[1024];
    struct health_loop health;
    struct remote_state *remote;       /* it is another process; else NULL */
    struct interval *interval;         /* handed over */
    struct list exchanges;             /* the same */
    uint64_t n_left_out;               /* the same: failures not kept */
    struct exception_book *exceptions; /* of its thread */
    struct buf exception_news;         /* handed over */
    struct worker_message start, stop, stop_again, swap, quit; /* main to worker */
    struct worker_message control;                      /* main to worker: see `shared` anew */
    struct worker_message ready, done, swapped, failed; /* worker to main */
    struct {
        pthread_mutex_t lock; /* of vus: main stops their code */
        struct vu **vus;
        size_t n_vus, cap_vus;
        _Atomic uint64_t complete;
        _Atomic uint64_t interrupted;
        _Atomic uint64_t active;
        _Atomic uint64_t initialized;
        _Atomic bool control_posted;
    } shared;
};

/* Users that are scaled step by step (run_ramp_vus). Main's. */
struct run_ramp {
    struct timer timer; /* the next step; not set: there is no ramp */
    struct scenario_run *sr;
    uint64_t at, to; /* users */
    uint64_t step;   /* users that come or go at a time */
    span_ns period;
    mono_ns next; /* step */
};

struct run {
    struct run_config config;
    struct arena arena;
    struct client_policy *policy;
    struct snapshot *snapshot;
    struct thresholds *thresholds;
    struct exchange_set *exchanges;
    struct list new_exchanges; /* of a share */
    struct exception_book *exceptions;
    char folder[4096]; /* the current one: places in it are told without it */
    struct scenario_run *scenarios;
    size_t n_scenarios;
    struct worker *workers;
    unsigned n_workers;
    struct worker main; /* no thread: user 0 on the main loop */
    enum run_stage stage;
    bool is_ready;   /* its users are there */
    mono_ns started; /* of the test; 0: not yet */
    mono_ns ended;   /* 0: not yet */
    wall_ns started_wall;
    char *setup_data;
    struct coro *waiter; /* run_execute, while it is in run_wait(); else NULL */
    unsigned n_ready, n_done, n_swapping;
    struct timer tick;
    struct health_machine machine;
    mono_ns next_tick;
    mono_ns next_eval;
    span_ns load; /* for how long users could start iterations, pauses left out */
    struct message stop_msg, stop_again_msg; /* the latter after RUN_STOP_OVER */
    bool is_last_tick;                       /* after it nothing is merged any more */
    unsigned n_stops_handled;
    mono_ns insist_from; /* code that still runs then is stopped again and again */
    bool scenarios_over;
    bool was_stopped; /* before they were */
    bool unattempted_counted;
    struct run_ramp ramp;
    struct run_event *events;
    size_t n_events, cap_events;
    int first_fault; /* the one that ended the run */
    char first_text[1024];
    struct {
        pthread_mutex_t lock; /* of why, the messages and n_stops */
        enum run_stop why;
        char *message,
            *message_before; /* the latter of RUN_STOP_OVER, when another came after it */
        unsigned n_stops;    /* that were posted, 2 at most */
        bool closed;         /* run_execute is over: nobody listens to a stop; under `lock` */
        _Atomic bool failed; /* test.fail() */
        _Atomic bool paused;
        _Atomic bool users_missing;   /* has been logged */
        _Atomic bool descriptors_out; /* the same */
        _Atomic uint64_t next_vu_id;
    } shared;
};

/* Adds to what only the calling thread writes: a load and a store, which no other waits for. */
static inline void count_alone(_Atomic uint64_t *count, uint64_t by)
{
    uint64_t n = atomic_load_explicit(count, memory_order_relaxed) + by;

    atomic_store_explicit(count, n, memory_order_relaxed);
}

/* Complete iterations of a scenario so far, over all workers. Any thread. */
uint64_t scenario_complete(const struct scenario_run *sr);

/* The upward calls of users. */
extern const struct vu_run_ops run_vu_ops;

/* Logs, once, that the scenario has fewer users than it should: why is in the fault. Any thread. */
void run_user_missing(struct run *run, const struct plan_scenario *s);

/* Logs that an open model has to drop iterations. Any thread. */
void run_short_of_users(const struct scenario_run *sr);

/* Logs a warning. */
void run_warn(struct run *run, const char *text);

/* worker.c */
void worker_init(struct worker *w, struct run *run, unsigned index);
MUST_USE int worker_start(struct worker *w);
MUST_USE int worker_open(struct worker *w, struct loop *loop); /* of the thread it is called on */
void worker_close(struct worker *w);
void worker_join(struct worker *w);
void worker_stop_code(struct worker *w);                      /* any thread */
void worker_tell(struct worker *w, struct worker_message *m); /* one of its own, of main's */
struct vu *worker_take_vu(struct worker *w);
void worker_give_vu(struct worker *w, struct vu *vu);

/* control.c: users that are scaled step by step stay as they are. */
void control_end_ramp(struct run *run);

/* remote.c; on the main loop: a worker that is another process */
struct run_remote;
void remote_init(struct worker *w, struct run_remote *remote);
void remote_fini(struct worker *w);
MUST_USE int remote_open(struct worker *w);
void remote_tell(struct worker *w, const struct worker_message *m);
void remote_totals(const struct worker *w, struct run_totals *totals); /* adds its own */
void remote_script_stats(const struct worker *w, struct script_stats *ret_stats);
void remote_merge(struct worker *w); /* within a tick */

/* executor.c; on the worker's loop */
void executor_start(struct worker *w);
void executor_stop(struct worker *w);
void executor_control(struct worker *w); /* the run was paused, resumed or scaled */

/* arrival.c; on the main loop: the timetable of an open model, its rate a second, another rate. */
void arrival_plan(struct scenario_run *sr);
double arrival_rate(const struct scenario_run *sr, mono_ns now);
void arrival_set_rate(struct scenario_run *sr, double per_s, mono_ns now);

/* control.c; on the main loop, each tick: does what the script asks for */
void control_listen(struct run *run);

/* control.c; on the main loop: the run was told to stop */
void control_note_stop(struct run *run, enum run_stop why, const char *message);

/* tick.c; on the main loop */
void tick_start(struct run *run);
void tick_stop(struct run *run);
void tick_forget(struct worker *w); /* it will not answer any more */
void tick_final(struct run *run);   /* suspends until everything recorded is merged */

/* Samples the shared iterations that nobody got to, once, after the scenarios; within a tick. */
void run_count_unattempted(struct run *run, mono_ns now);

/* Stops script code once more, if the run is to end and a loop does not turn. */
void run_insist(struct run *run);

/* Suspends run_execute until something may have changed: no other wait of it is disturbed. */
void run_wait(struct run *run);

/* Wakes run_execute to look again. */
void run_wake(struct run *run);
