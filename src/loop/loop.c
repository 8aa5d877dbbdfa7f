/*
 * The turn of the loop, phase by phase (loop_turn at the end), and what belongs to none of its
 * parts. The order of phases is what makes it fast: everything ready is read first, and what that
 * gave rise to is sent in one go at the end, while the next wait already collects the answers.
 */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

enum {
    RESUMES_PER_TURN = 4096, /* coroutines that keep waking one another must not starve the rest */
};

static _Thread_local struct loop *self_loop;

struct loop *loop_self(void)
{
    return self_loop;
}

/* ---- time for tests ---- */

static mono_ns virtual_now(struct loop_time *self)
{
    return container_of(self, struct loop_time_virtual, time)->now;
}

static bool virtual_wait(struct loop_time *self, mono_ns until)
{
    struct loop_time_virtual *v = container_of(self, struct loop_time_virtual, time);

    if (until == MONO_NEVER)
        return false;
    if (until > v->now)
        v->now = until;
    return true;
}

void loop_time_virtual_init(struct loop_time_virtual *v, mono_ns start)
{
    v->time = (struct loop_time){.now = virtual_now, .wait = virtual_wait};
    v->now = start;
}

/* ---- beginning and end ---- */

/* An eventfd that is watched edge-triggered never needs reading: each write is a new edge. */
static void wake_ready(struct loop *l UNUSED, struct watch *w UNUSED, unsigned events UNUSED)
{
}

static int open_backend(struct loop *l, enum loop_io io)
{
    if (io != LOOP_IO_EPOLL) {
        int r = loop_backend_uring.open(&l->backend_self);

        if (r == 0)
            l->backend = &loop_backend_uring;
        if (r == 0 || io == LOOP_IO_URING)
            return r;
        fault_clear();
    }
    return l->backend->open(&l->backend_self);
}

static int loop_open(struct loop *l, enum loop_io io)
{
    TRY(open_backend(l, io));

    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        return fault(-errno, "cannot create an eventfd");
    l->wake.fd = fd;
    return watch_open(l, &l->wake, fd, wake_ready);
}

static void loop_close(struct loop *l)
{
    if (l->wake.fd >= 0)
        watch_close(l, &l->wake);
    l->backend->close(l->backend_self);
    stack_pool_fini(&l->stacks);
    free(l->early);
    free(l->out);
    self_loop = NULL;
    free(l);
}

int loop_new(const struct loop_options *options, struct loop **ret_loop)
{
    static const struct loop_options defaults;
    const struct loop_options *o = options ? options : &defaults;

    assert(!self_loop);

    struct loop *l = xnew(struct loop);

    l->backend = &loop_backend_epoll;
    l->wake.fd = -1;
    l->head.time = o->time;
    tick_clock_init(&l->head.clock, ticks_are_even());
    l->head.wheel = &l->wheel;
    l->spin = o->spin;
    l->head.stamps = o->stamps;
    l->offload = o->offload;
    list_init(&l->head.deferred);
    list_init(&l->ready);
    list_init(&l->yielded);
    list_init(&l->alive);
    context_init_thread(&l->context);
    l->turn_start = loop_clock(l);
    wheel_init(&l->wheel, l->turn_start);
    self_loop = l;

    /* The default slack of 50 µs would be added to every sleep. */
    ignored(prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL));

    int r = loop_open(l, o->stamps ? LOOP_IO_EPOLL : o->io);

    if (r < 0) {
        loop_close(l);
        return r;
    }
    *ret_loop = l;
    return 0;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    assert(l == self_loop && !l->running);
    while (!list_empty(&l->alive)) {
        struct coro *c;

        list_each(c, &l->alive, alive)
            coro_cancel(c);
        if (loop_turn(l, MONO_NEVER) < 0)
            break;
    }
    if (l->owns_offload)
        offload_free(l->offload);
    loop_close(l);
}

void loop_helped(struct loop *l, int by)
{
    l->n_helped += (unsigned)by;
}

struct offload *loop_offload_pool(struct loop *l)
{
    enum {
        OWN_THREADS = 2
    };

    if (!l->offload) {
        l->offload = offload_new(OWN_THREADS);
        l->owns_offload = true;
    }
    return l->offload;
}

const char *loop_io(const struct loop *l)
{
    return l->backend->name;
}

void loop_stats(const struct loop *l, struct loop_stats *ret_stats)
{
    *ret_stats = l->stats;
}

void loop_forget_max_turn(struct loop *l)
{
    l->stats.max_turn = 0;
}

uint64_t loop_turns(const struct loop *l)
{
    return l->stats.turns;
}

void loop_stamped(struct loop *l, wall_ns at)
{
    /* By the wall clock, as the kernel's stamps are; less what passed since the loop's own time. */
    span_ns since = clock_mono() - loop_now(l);
    span_ns delay = clock_wall() - since - at;

    l->stats.reads_by_delay[loop_turn_bucket(delay)]++;
}

/* ---- memory for a turn ---- */

void *loop_early_room(struct loop *l, size_t n)
{
    if (unlikely(!l->early))
        l->early = xmalloc(LOOP_EARLY_BYTES);
    return LOOP_EARLY_BYTES - l->n_early >= n ? l->early + l->n_early : NULL;
}

void loop_early_used(struct loop *l, size_t n)
{
    l->n_early += (n + 63) & ~(size_t)63;
}

void *loop_out_room(struct loop *l, size_t n)
{
    if (unlikely(!l->out))
        l->out = xmalloc(LOOP_OUT_BYTES);
    if (n > LOOP_OUT_BYTES - l->n_out)
        return NULL;
    char *room = l->out + l->n_out;
    size_t lines = (n + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);

    l->n_out = lines < LOOP_OUT_BYTES - l->n_out ? l->n_out + lines : LOOP_OUT_BYTES;
    return room;
}

/* ---- other threads ---- */

static void wake_up(struct loop *l)
{
    uint64_t one = 1;

    /* It cannot fail: the counter would have to reach 2^64 - 1. */
    if (atomic_exchange(&l->shared.sleeping, false))
        ignored(write(l->wake.fd, &one, sizeof(one)));
}

void loop_post(struct loop *l, struct message *msg)
{
    if (mailbox_push(&l->shared.mailbox, msg))
        wake_up(l);
}

void loop_stop(struct loop *l)
{
    atomic_store(&l->shared.stopped, true);
    wake_up(l);
}

/* ---- the phases of a turn ---- */

/* Whether something is to be done without waiting for anything. */
static bool has_work(struct loop *l)
{
    return !list_empty(&l->ready) || !list_empty(&l->head.deferred) ||
           !mailbox_empty(&l->shared.mailbox) || atomic_load(&l->shared.stopped);
}

/* Announces the sleep before looking for messages a last time, so that none is slept over. */
static int wait_asleep(struct loop *l, span_ns timeout)
{
    if (timeout != 0) {
        atomic_store(&l->shared.sleeping, true);
        if (has_work(l))
            timeout = 0;
    }

    int n = l->backend->wait(l->backend_self, timeout);

    atomic_store_explicit(&l->shared.sleeping, false, memory_order_relaxed);
    return n;
}

/* Polls without sleeping until something happens or the time has come. */
static int wait_spinning(struct loop *l, mono_ns until)
{
    int n;

    do {
        n = l->backend->wait(l->backend_self, 0);
    } while (n == 0 && loop_clock(l) < until && !has_work(l));
    return n;
}

/* Real time: sleeps until shortly before `until`, spins for the rest where that is asked for. */
static int wait_real(struct loop *l, mono_ns until)
{
    if (until == MONO_NEVER)
        return wait_asleep(l, -1);

    span_ns left = until - loop_now(l);

    if (left <= 0)
        return wait_asleep(l, 0);
    if (left <= l->spin)
        return wait_spinning(l, until);
    return wait_asleep(l, left - l->spin);
}

/*
 * Time given from outside: it is moved only when nothing else is left to do. What helper threads do
 * takes real time, for which it stands still.
 */
static int wait_injected(struct loop *l, mono_ns until)
{
    int n = wait_asleep(l, 0);

    if (n != 0 || (!l->n_helped && l->head.time->wait(l->head.time, until)))
        return n;
    return wait_asleep(l, -1);
}

static int phase_wait(struct loop *l, mono_ns until)
{
    int n;

    loop_clock(l);
    span_ns busy = loop_now(l) - l->turn_start;

    l->stats.turns++;
    l->stats.busy += busy;
    if (busy > l->stats.max_turn)
        l->stats.max_turn = busy;
    l->stats.events_by_turn[loop_turn_bucket(busy)] += (uint64_t)l->turn_events;

    mono_ns next = wheel_next(&l->wheel);
    mono_ns wait_start = loop_now(l);

    if (next < until)
        until = next;
    if (has_work(l)) {
        n = wait_asleep(l, 0);
    } else {
        n = l->head.time ? wait_injected(l, until) : wait_real(l, until);
    }

    l->turn_start = loop_clock(l);
    l->stats.waiting += l->turn_start - wait_start;
    l->turn_events = n > 0 ? n : 0;
    l->stats.events += (uint64_t)l->turn_events;
    return n < 0 ? n : 0;
}

static void phase_messages(struct loop *l)
{
    if (mailbox_empty(&l->shared.mailbox))
        return;

    struct message *m = mailbox_take(&l->shared.mailbox);

    while (m) {
        struct message *next = m->next;

        m->fn(l, m);
        m = next;
    }
}

static void phase_timers(struct loop *l)
{
    struct list expired;
    struct list *link;
    mono_ns now = loop_clock(l);
    span_ns lag = -1;

    list_init(&expired);
    wheel_advance(&l->wheel, now, &expired);
    while ((link = list_pop(&expired))) {
        struct timer *t = list_entry(link, struct timer, link);

        /* A callback before it may have moved it or switched it off. */
        if (t->deadline <= now) {
            if (now - t->deadline > lag)
                lag = now - t->deadline;
            t->fn(l, t);
        } else if (t->deadline != MONO_NEVER) {
            wheel_add(&l->wheel, t);
        }
    }
    if (lag >= 0)
        l->stats.turns_by_lag[loop_turn_bucket(lag)]++;
}

static void phase_coroutines(struct loop *l)
{
    struct list *link;

    for (int i = 0; i < RESUMES_PER_TURN && (link = list_pop(&l->ready)); i++)
        coro_run(l, list_entry(link, struct coro, ready));
    list_splice(&l->ready, &l->yielded);
}

static void run_deferred(struct loop *l)
{
    struct list now;
    struct list *link;

    /* Streams take it for the moment at which they begin to send. */
    loop_clock(l);
    list_init(&now);
    list_splice(&now, &l->head.deferred);
    while ((link = list_pop(&now))) {
        struct loop_deferred *d = list_entry(link, struct loop_deferred, link);

        d->fn(l, d);
    }
}

static void phase_deferred(struct loop *l)
{
    if (!list_empty(&l->head.deferred))
        run_deferred(l);
    if (l->backend->delivery)
        l->backend->delivery->settle(l->backend_self, l);
    /* Work that was queued meanwhile is the next turn's, and so is what it wants to send. */
    if (list_empty(&l->head.deferred))
        l->n_out = 0;
}

int loop_turn(struct loop *l, mono_ns until)
{
    assert(l == self_loop && !l->running);
    TRY(phase_wait(l, until));
    l->backend->dispatch(l->backend_self, l);
    phase_messages(l);
    phase_timers(l);
    phase_coroutines(l);
    phase_deferred(l);
    return 0;
}

int loop_run(struct loop *l)
{
    while (!atomic_exchange(&l->shared.stopped, false))
        TRY(loop_turn(l, MONO_NEVER));
    return 0;
}
