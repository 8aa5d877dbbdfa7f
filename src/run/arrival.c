/*
 * Open executors: iterations start when the timetable says so, whether or not earlier ones have
 * been answered. Each worker walks the timetable with a cursor of its own and one timer, set to the
 * next instant; users are parked, the longest waiting serves first (as in k6, so that connections
 * take turns), and are switched to straight from the timer.
 *
 * When all are busy, one more is made, up to maxVUs, and takes the iteration that asked for it; one
 * is in the making at a time, so that a burst never turns the loop into a maker of users. What
 * nobody can take is dropped and counted. (k6 drops the iteration that asked, too.)
 */
#include <math.h>

#include "metric/metric.h"
#include "run/executor_priv.h"
#include "run/schedule.h"

struct arrivals {
    struct part *part;
    const struct timetable *timetable;
    struct schedule_cursor cursor;
    span_ns next; /* due next, since the timetable's origin */
    bool has_next;
    struct timer timer;
    struct list waiting;    /* users that are free */
    size_t n_used;          /* slots that were started: the first ones */
    const struct slot *new; /* a user in the making; NULL: none */
    struct series *dropped; /* NULL until the first */
};

/* ---- users ---- */

void arrival_serve(struct slot *slot)
{
    struct arrivals *a = slot->part->arrivals;

    if (a->new == slot)
        a->new = NULL;
    if (slot->due) {
        slot_iterate(slot, slot->due);
        slot->due = 0;
    }
    while (slot->wanted && !slot->part->worker->stopping) {
        slot->coro = coro_self();
        list_add_tail(&a->waiting, &slot->waiting);
        ignored(coro_park_firm());
        slot->coro = NULL;
        if (!slot->due)
            return;
        slot_iterate(slot, slot->due);
        slot->due = 0;
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

    if (a->new || a->n_used == p->n_slots)
        return false;
    slot = p->slots[a->n_used++];
    slot->due = due;
    a->new = slot;
    slot_start(slot);
    if (slot->running)
        return true;
    a->new = NULL;
    slot->due = 0;
    return false;
}

static void drop(struct arrivals *a)
{
    struct part *p = a->part;
    struct worker *w = p->worker;

    if (!a->dropped)
        a->dropped = recorder_series(w->recorder, M_DROPPED_ITERATIONS, part_tags(p));
    recorder_count(w->recorder, a->dropped, 1, loop_now(w->loop));
    atomic_fetch_add_explicit(&p->sr->shared.dropped, 1, memory_order_relaxed);
    if (!a->new && !atomic_exchange(&p->sr->shared.short_of_users, true))
        run_short_of_users(p->sr);
}

void arrival_missing(struct slot *slot)
{
    struct arrivals *a = slot->part->arrivals;

    if (!a)
        return;
    if (a->new == slot)
        a->new = NULL;
    if (slot->due)
        drop(a);
    slot->due = 0;
}

static void begin(struct arrivals *a, mono_ns due)
{
    struct list *link = list_pop(&a->waiting);

    if (likely(link != NULL)) {
        struct slot *slot = list_entry(link, struct slot, waiting);

        list_init(&slot->waiting);
        slot->due = due;
        coro_resume_now(slot->coro, 0);
    } else if (!make_user(a, due)) {
        drop(a);
    }
}

static void advance(struct arrivals *a)
{
    uint64_t index;

    a->has_next = a->timetable->schedule && schedule_next(&a->cursor, &index, &a->next);
}

static mono_ns next_due(const struct arrivals *a)
{
    return a->timetable->origin + a->next;
}

static bool is_held(const struct arrivals *a)
{
    return atomic_load_explicit(&a->part->worker->run->shared.paused, memory_order_relaxed);
}

static void on_due(struct loop *l, struct timer *t)
{
    struct arrivals *a = container_of(t, struct arrivals, timer);

    /* An iteration that never waits may have taken long: others became due meanwhile. */
    while (a->has_next && next_due(a) <= loop_clock(l) && !a->part->worker->stopping) {
        mono_ns due = next_due(a);

        advance(a);
        /* In a pause nothing is due. */
        if (likely(!is_held(a)))
            begin(a, due);
    }
    if (a->has_next && !a->part->worker->stopping)
        timer_set(l, t, next_due(a), on_due);
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
    a->cursor = SCHEDULE_CURSOR(a->timetable->schedule, p->first, stride);
    advance(a);
    timer_set(p->worker->loop, &a->timer, a->has_next ? next_due(a) : MONO_NEVER, on_due);
}

void arrival_control(struct part *p)
{
    if (p->arrivals && p->arrivals->timetable != atomic_load(&p->sr->shared.timetable))
        take_timetable(p->arrivals);
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
    plan.time_unit = 1000 * NS_PER_S;
    plan.rate = llround(per_s * 1000);
    plan.duration = sr->end - now;
    t->origin = now;
    t->schedule = plan.rate > 0 && plan.duration > 0 ? schedule_new(&plan, &sr->run->arena) : NULL;
    atomic_store(&sr->shared.timetable, t);
}
