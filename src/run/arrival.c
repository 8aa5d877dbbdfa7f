/*
 * Open executors: iterations start when the timetable says so, whether or not earlier ones have
 * been answered. Each worker walks the timetable with a cursor of its own and one timer, set to the
 * next instant; users are parked, the longest waiting serves first (as in k6, so that connections
 * take turns), and are switched to straight from the timer.
 *
 * When all are busy, one more is made, up to maxVUs, and takes the iteration that asked for it; few
 * are in the making at a time, so that a burst never turns the loop into a maker of users. What
 * nobody can take is dropped and counted. (k6 makes one at a time, and drops the iteration that
 * asked, too.)
 *
 * With whenBusy 'queue' it waits instead. The queue needs no memory: the cursor just stays where it
 * is, and whoever becomes free takes from it what is overdue. Only what was not begun when the
 * scenario ends, is paused or gets another rate is dropped.
 */
#include <math.h>

#include "metric/metric.h"
#include "plan/schedule.h"
#include "run/executor_priv.h"

enum {
    MAKING_MAX = 8, /* users in the making on one loop */
};

struct arrivals {
    struct part *part;
    const struct timetable *timetable;
    struct schedule_cursor cursor;
    span_ns next; /* due next, since the timetable's origin */
    bool has_next;
    struct timer timer;
    struct list waiting;    /* users that are free */
    size_t n_used;          /* slots that were started: the first ones */
    unsigned n_new;         /* users in the making */
    bool queues;            /* what nobody can take waits */
    bool is_behind;         /* something does: lag is no longer the loop's */
    struct series *dropped; /* NULL until the first */
};

static void on_due(struct loop *l, struct timer *t);

/* ---- the cursor ---- */

static void advance(struct arrivals *a)
{
    uint64_t index;

    a->has_next = a->timetable->schedule && schedule_next(&a->cursor, &index, &a->next);
}

static mono_ns next_due(const struct arrivals *a)
{
    return a->timetable->origin + a->next;
}

static bool is_overdue(const struct arrivals *a, mono_ns now)
{
    return a->has_next && next_due(a) <= now;
}

static bool is_held(const struct arrivals *a)
{
    return atomic_load_explicit(&a->part->worker->run->shared.paused, memory_order_relaxed);
}

static void watch(struct arrivals *a)
{
    timer_set(a->part->worker->loop, &a->timer, a->has_next ? next_due(a) : MONO_NEVER, on_due);
}

static void drop(struct arrivals *a, uint64_t n)
{
    struct part *p = a->part;
    struct worker *w = p->worker;

    if (!a->dropped)
        a->dropped = recorder_series(w->recorder, M_DROPPED_ITERATIONS, part_tags(p));
    recorder_set_origin(w->recorder, NULL);
    recorder_count(w->recorder, a->dropped, (double)n, loop_now(w->loop));
    atomic_fetch_add_explicit(&p->sr->shared.dropped, n, memory_order_relaxed);
    if (!a->n_new && !atomic_exchange(&p->sr->shared.short_of_users, true))
        run_short_of_users(p->sr);
}

/* Drops what waits in the queue, or would if it had been looked at in time. */
static void drop_overdue(struct arrivals *a, mono_ns now)
{
    uint64_t n = 0;

    for (; is_overdue(a, now); n++)
        advance(a);
    if (n)
        drop(a, n);
}

/* ---- users ---- */

static void made(struct slot *slot)
{
    slot->is_new = false;
    slot->part->arrivals->n_new--;
}

/* Whether there is an iteration in the queue; the slot is to do it then. */
static bool take_queued(struct slot *slot)
{
    struct arrivals *a = slot->part->arrivals;
    struct worker *w = slot->part->worker;

    if (!a->queues || is_held(a) || !slot->wanted || w->stopping)
        return false;
    if (!is_overdue(a, loop_clock(w->loop))) {
        a->is_behind = false;
        watch(a);
        return false;
    }
    slot->due = next_due(a);
    advance(a);
    return true;
}

static void serve_one(struct slot *slot)
{
    do {
        slot_iterate(slot, slot->due);
        slot->due = 0;
    } while (take_queued(slot));
}

void arrival_serve(struct slot *slot)
{
    struct arrivals *a = slot->part->arrivals;

    if (slot->is_new) {
        made(slot);
        /* The next one can be made now, if more are needed. */
        if (a->queues)
            watch(a);
    }
    if (slot->due)
        serve_one(slot);
    while (slot->wanted && !slot->part->worker->stopping) {
        slot->coro = coro_self();
        list_add_tail(&a->waiting, &slot->waiting);
        ignored(coro_park_firm());
        slot->coro = NULL;
        if (!slot->due)
            return;
        serve_one(slot);
    }
}

void arrival_release(struct slot *slot)
{
    if (!slot->coro || list_empty(&slot->waiting))
        return;
    list_remove(&slot->waiting);
    coro_wake(slot->coro, 0);
}

static void release_all(struct arrivals *a)
{
    struct part *p = a->part;

    for (size_t i = 0; i < a->n_used; i++) {
        p->slots[i]->wanted = false;
        arrival_release(p->slots[i]);
    }
}

/* ---- iterations ---- */

/* Whether one more user could be asked for to take it. */
static bool make_user(struct arrivals *a, mono_ns due)
{
    struct part *p = a->part;
    struct slot *slot;

    if (a->n_new == MAKING_MAX || a->n_used == p->n_slots)
        return false;
    slot = p->slots[a->n_used++];
    slot->due = due;
    slot->is_new = true;
    a->n_new++;
    slot_start(slot);
    if (slot->running)
        return true;
    made(slot);
    slot->due = 0;
    return false;
}

void arrival_missing(struct slot *slot)
{
    struct arrivals *a = slot->part->arrivals;

    if (!a)
        return;
    if (slot->is_new)
        made(slot);
    if (slot->due)
        drop(a, 1);
    slot->due = 0;
}

static void resume(struct slot *slot, mono_ns due)
{
    list_init(&slot->waiting);
    slot->due = due;
    coro_resume_now(slot->coro, 0);
}

/* Begins the next iteration; false when it has to wait. */
static bool begin(struct arrivals *a)
{
    struct list *link = list_pop(&a->waiting);
    mono_ns due = next_due(a);

    if (!a->is_behind)
        health_due(&a->part->worker->health, loop_now(a->part->worker->loop) - due);
    if (unlikely(!link) && !make_user(a, due)) {
        if (a->queues) {
            a->is_behind = true;
            return false;
        }
        drop(a, 1);
    }
    advance(a);
    if (likely(link != NULL))
        resume(list_entry(link, struct slot, waiting), due);
    return true;
}

static void on_due(struct loop *l, struct timer *t)
{
    struct arrivals *a = container_of(t, struct arrivals, timer);

    /* An iteration that never waits may have taken long: others became due meanwhile. */
    while (is_overdue(a, loop_clock(l)) && !a->part->worker->stopping) {
        if (unlikely(is_held(a))) {
            advance(a); /* in a pause nothing is due */
        } else if (!begin(a)) {
            return;
        }
    }
    a->is_behind = false;
    if (!a->part->worker->stopping)
        watch(a);
}

/* ---- the course ---- */

/*
 * Only workers that have users take part; they share the timetable as evenly as the users. It is
 * walked from its beginning: what was due before the worker came to it is begun late, not left out.
 */
static void take_timetable(struct arrivals *a)
{
    struct part *p = a->part;
    uint64_t n_workers = p->worker->run->n_workers;
    uint64_t stride = p->sr->n_slots < n_workers ? p->sr->n_slots : n_workers;

    a->timetable = atomic_load(&p->sr->shared.timetable);
    a->cursor = schedule_cursor(a->timetable->schedule, p->first, stride);
    advance(a);
    watch(a);
}

void arrival_control(struct part *p)
{
    struct arrivals *a = p->arrivals;

    if (!a || !a->timetable)
        return;
    bool is_new = a->timetable != atomic_load(&p->sr->shared.timetable);

    if (a->queues && (is_new || is_held(a)))
        drop_overdue(a, loop_now(p->worker->loop));
    if (is_new) {
        take_timetable(a);
    } else {
        watch(a);
    }
}

static void start_users(struct arrivals *a)
{
    struct part *p = a->part;
    size_t n = part_share(p, (uint64_t)p->sr->plan->pre_allocated_vus);

    for (a->n_used = 0; a->n_used < n; a->n_used++) {
        p->slots[a->n_used]->due = 0;
        slot_start(p->slots[a->n_used]);
    }
}

void arrival_run(struct part *p)
{
    struct arrivals *a = arena_new_n(&p->arena, struct arrivals, 1);

    a->part = p;
    a->queues = p->sr->plan->when_busy == PLAN_BUSY_QUEUE;
    list_init(&a->waiting);
    p->arrivals = a;
    for (size_t i = 0; i < p->n_slots; i++)
        list_init(&p->slots[i]->waiting);
    start_users(a);
    /* They are ready and begin to wait in this turn, before any timer. */
    ignored(coro_yield());
    take_timetable(a);
    if (coro_sleep_until(p->sr->end) == 0)
        on_due(p->worker->loop, &a->timer); /* one may be due exactly at the end */
    timer_clear(&a->timer);
    if (!p->worker->stopping)
        drop_overdue(a, p->sr->end);
    a->has_next = false;
    release_all(a);
}

/* ---- on the main loop ---- */

void arrival_plan(struct scenario_run *sr)
{
    struct timetable *t = arena_new_n(&sr->run->arena, struct timetable, 1);

    t->schedule = schedule_new(sr->plan, &sr->run->arena);
    t->origin = sr->start;
    atomic_store(&sr->shared.timetable, t);
}

double arrival_rate(const struct scenario_run *sr, mono_ns now)
{
    const struct timetable *t = atomic_load(&sr->shared.timetable);

    if (!t || now < sr->start || now > sr->end)
        return 0;
    return t->schedule ? schedule_rate(t->schedule, now - t->origin) : 0;
}

void arrival_set_rate(struct scenario_run *sr, double per_s, mono_ns now)
{
    struct timetable *t = arena_new_n(&sr->run->arena, struct timetable, 1);
    struct plan_scenario plan = *sr->plan;

    plan.executor = PLAN_CONSTANT_ARRIVAL_RATE;
    plan.work = NULL; /* the rate is that of this process */
    plan.time_unit = 1000 * NS_PER_S;
    plan.rate = llround(per_s * 1000);
    plan.duration = sr->end - now;
    t->origin = now;
    t->schedule = plan.rate > 0 && plan.duration > 0 ? schedule_new(&plan, &sr->run->arena) : NULL;
    atomic_store(&sr->shared.timetable, t);
}
