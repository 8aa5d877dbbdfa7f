/*
 * One thread that looks into each ring in turn, then sleeps for a moment. It polls, because waking
 * it would cost the loops a system call; how long it sleeps is far less than a ring lasts.
 */
#include "sink/sample_pump.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "sink/sample_ring.h"

#define PAUSE (5 * NS_PER_MS)

enum {
    BATCH = 512,           /* samples handed over at once: they stay in the first cache */
    TURN = 1 << 14,        /* samples of one ring before the next one's turn */
    RINGS_TOTAL = 1 << 21, /* samples in all rings together, while that leaves each ... */
    RING_MIN = 1 << 16,    /* ... between these */
    RING_MAX = 1 << 20,
};

struct sample_pump {
    struct sample_pump_config config;
    struct sample_ring **rings; /* one per source, and the last one for the snapshot */
    size_t n_rings;
    wall_ns offset; /* wall - mono */
    struct sink_sample batch[BATCH];
    pthread_t thread;
    bool has_thread; /* the run's thread only */
    struct {
        pthread_mutex_t lock;
        pthread_cond_t wake;
        bool stopping; /* under `lock` */
    } shared;
};

static size_t ring_size(const struct sample_pump_config *c)
{
    size_t n = RINGS_TOTAL / (c->n_sources + 1);

    if (c->ring_samples)
        return c->ring_samples;
    if (n > RING_MAX)
        return RING_MAX;
    return n < RING_MIN ? RING_MIN : n;
}

static void init_shared(struct sample_pump *p)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->shared.wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&p->shared.lock, NULL);
}

struct sample_pump *sample_pump_new(const struct sample_pump_config *config)
{
    struct sample_pump *p = xnew(struct sample_pump);
    bool has_instant = config->mono || config->wall;

    p->config = *config;
    p->offset = has_instant ? config->wall - config->mono : clock_wall() - clock_mono();
    p->n_rings = (size_t)config->n_sources + 1;
    p->rings = xnew_n(struct sample_ring *, p->n_rings);
    for (size_t i = 0; i < p->n_rings; i++)
        p->rings[i] = sample_ring_new(ring_size(config));
    init_shared(p);
    return p;
}

void sample_pump_free(struct sample_pump *p)
{
    if (!p)
        return;
    sample_pump_stop(p);
    for (size_t i = 0; i < p->n_rings; i++)
        sample_ring_free(p->rings[i]);
    pthread_cond_destroy(&p->shared.wake);
    pthread_mutex_destroy(&p->shared.lock);
    free(p->rings);
    free(p);
}

/* ---- the producers ---- */

void sample_pump_tap(struct sample_pump *p, struct recorder *recorder, unsigned source)
{
    recorder_set_tap(recorder, sample_ring_tap, p->rings[source]);
}

static void on_snapshot_sample(void *arg, uint32_t metric, const struct tagset *tags, double value,
                               mono_ns now)
{
    sample_ring_put(
        arg, &(struct ring_sample){
                 .tags = tags, .value = value, .at = now, .metric = metric, .vu = -1, .iter = -1});
}

void sample_pump_tap_snapshot(struct sample_pump *p, struct snapshot *snapshot)
{
    snapshot_set_tap(snapshot, on_snapshot_sample, p->rings[p->n_rings - 1]);
}

/* ---- the consumer ---- */

/* At most BATCH samples of one ring; gives how many. */
static size_t pump_some(struct sample_pump *p, struct sample_ring *ring)
{
    const struct ring_sample *from;
    size_t n = sample_ring_peek(ring, BATCH, &from);

    for (size_t i = 0; i < n; i++) {
        p->batch[i] = (struct sink_sample){
            .metric = metric_get(p->config.registry, from[i].metric),
            .tags = from[i].tags,
            .value = from[i].value,
            .at = from[i].at + p->offset,
            .vu = from[i].vu,
            .iter = from[i].iter,
            .metadata = from[i].metadata,
        };
    }
    sample_ring_drop(ring, n);
    if (n)
        p->config.deliver(p->config.arg, p->batch, n);
    return n;
}

static size_t pump_ring(struct sample_pump *p, struct sample_ring *ring)
{
    size_t n, total = 0;

    do {
        n = pump_some(p, ring);
        total += n;
    } while (n && total < TURN);
    return total;
}

size_t sample_pump_round(struct sample_pump *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_rings; i++)
        n += pump_ring(p, p->rings[i]);
    if (!n)
        p->config.deliver(p->config.arg, p->batch, 0);
    return n;
}

/* ---- the thread ---- */

/* Gives whether it is to end. */
static bool pause_thread(struct sample_pump *p)
{
    mono_ns until = clock_mono() + PAUSE;
    struct timespec at = {.tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S};
    bool stopping;

    pthread_mutex_lock(&p->shared.lock);
    while (!p->shared.stopping &&
           pthread_cond_timedwait(&p->shared.wake, &p->shared.lock, &at) == 0)
        ;
    stopping = p->shared.stopping;
    pthread_mutex_unlock(&p->shared.lock);
    return stopping;
}

static void *thread_main(void *arg)
{
    struct sample_pump *p = arg;
    bool stopping = false;

    pthread_setname_np(pthread_self(), "samples");
    do {
        stopping = pause_thread(p);
        /* What was recorded before the stop is seen by the rounds that begin after it. */
        size_t least = stopping ? 1 : TURN;

        while (sample_pump_round(p) >= least)
            ;
    } while (!stopping);
    fault_clear();
    return NULL;
}

int sample_pump_start(struct sample_pump *p)
{
    sigset_t all, old;

    /* Signals are for the thread that waits for them. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int r = pthread_create(&p->thread, NULL, thread_main, p);

    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r)
        return fault(-r, "cannot start a thread for raw samples");
    p->has_thread = true;
    return 0;
}

void sample_pump_stop(struct sample_pump *p)
{
    if (!p->has_thread)
        return;
    pthread_mutex_lock(&p->shared.lock);
    p->shared.stopping = true;
    pthread_cond_signal(&p->shared.wake);
    pthread_mutex_unlock(&p->shared.lock);
    pthread_join(p->thread, NULL);
    p->has_thread = false;
}

uint64_t sample_pump_lost(const struct sample_pump *p)
{
    uint64_t n = 0;

    for (size_t i = 0; i < p->n_rings; i++)
        n += sample_ring_lost(p->rings[i]);
    return n;
}
