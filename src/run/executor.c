/*
 * How the users of a scenario are kept busy on one worker: closed executors, in which a user starts
 * its next iteration when the last one is over. A scenario has a driver coroutine per worker, which
 * waits for its start, starts users and waits for them; each user runs on a coroutine of its own.
 * (Open executors, whose iterations start by a timetable, are in arrival.c.)
 */
#include <errno.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/systag.h"
#include "run/executor_priv.h"
#include "script/script.h"

/* ---- one user ---- */

/* While the run is paused nobody begins an iteration. */
static void hold(const struct slot *slot)
{
    struct worker *w = slot->part->worker;

    while (slot->wanted && !w->stopping && loop_now(w->loop) < slot->part->sr->end &&
           atomic_load(&w->run->shared.paused)) {
        if (coro_waitlist_wait(&w->held, slot->part->sr->end) == -ECANCELED)
            return;
    }
}

static bool is_paused(const struct slot *slot)
{
    return unlikely(
        atomic_load_explicit(&slot->part->worker->run->shared.paused, memory_order_relaxed));
}

static bool is_wanted(const struct slot *slot)
{
    const struct part *p = slot->part;

    return slot->wanted && !p->worker->stopping && loop_now(p->worker->loop) < p->sr->end;
}

/* Whether another iteration begins; waits while the run is paused. */
static bool may_go_on(const struct slot *slot)
{
    if (is_paused(slot))
        hold(slot);
    return is_wanted(slot);
}

/* Whether another begins now. */
static bool goes_on(const struct slot *slot)
{
    return !is_paused(slot) && is_wanted(slot);
}

static void count_iteration(struct slot *slot, enum vu_result result)
{
    struct worker *w = slot->part->worker;
    struct scenario_run *sr = slot->part->sr;

    if (likely(result == VU_COMPLETE)) {
        count_alone(&sr->complete[w->index].n, 1);
        count_alone(&w->shared.complete, 1);
        return;
    }
    atomic_store(&sr->shared.interrupted, true);
    atomic_fetch_add(&w->shared.interrupted, 1);
}

void slot_iterate(struct slot *slot, mono_ns due)
{
    count_iteration(slot, vu_iterate(slot->vu, due, slot->part->sr->hard_end));
}

static void iterate_while(struct slot *slot, vu_next_fn *next)
{
    vu_iterate_while(slot->vu, slot->part->sr->hard_end, next, slot);
}

static bool wants_another(void *arg, enum vu_result result)
{
    struct slot *slot = arg;

    count_iteration(slot, result);
    return goes_on(slot);
}

static void loop_while_wanted(struct slot *slot)
{
    while (may_go_on(slot))
        iterate_while(slot, wants_another);
}

/* False: all iterations have been given out. */
static bool take_ticket(struct slot *slot)
{
    struct scenario_run *sr = slot->part->sr;
    uint64_t ticket = atomic_fetch_add(&sr->shared.next_ticket, 1);

    if (ticket >= (uint64_t)sr->plan->iterations)
        return false;
    *vu_ticket(slot->vu) = (int64_t)ticket;
    return true;
}

static bool shares_another(void *arg, enum vu_result result)
{
    return wants_another(arg, result) && take_ticket(arg);
}

static void share_iterations(struct slot *slot)
{
    while (may_go_on(slot) && take_ticket(slot))
        iterate_while(slot, shares_another);
}

/* Of samples that belong to the scenario and no iteration. */
const struct tagset *part_tags(const struct part *p)
{
    struct worker *w = p->worker;
    const struct plan_options *o = w->run->config.plan->options;
    const struct tagset *tags = tagset_empty(w->tags);

    for (size_t i = 0; i < o->tags.n; i++) {
        tags = tagset_add(w->tags, tags, str_of(o->tags.items[i].name),
                          str_of(o->tags.items[i].value));
    }
    if (o->system_tags & SYSTAG_SCENARIO)
        tags = tagset_add(w->tags, tags, STR("scenario"), str_of(p->sr->plan->name));
    return tags;
}

static void count_dropped(struct slot *slot, int64_t n)
{
    struct worker *w = slot->part->worker;

    recorder_set_origin(w->recorder, NULL);
    recorder_sample(w->recorder, M_DROPPED_ITERATIONS, part_tags(slot->part), (double)n,
                    loop_now(w->loop));
}

static void do_own_iterations(struct slot *slot)
{
    int64_t left = slot->part->sr->plan->iterations;

    for (; left > 0 && may_go_on(slot); left--)
        slot_iterate(slot, 0);
    if (left > 0 && !slot->part->worker->stopping)
        count_dropped(slot, left);
}

static void (*const bodies[PLAN_EXECUTOR_COUNT])(struct slot *slot) = {
    [PLAN_SHARED_ITERATIONS] = share_iterations,  [PLAN_PER_VU_ITERATIONS] = do_own_iterations,
    [PLAN_CONSTANT_VUS] = loop_while_wanted,      [PLAN_RAMPING_VUS] = loop_while_wanted,
    [PLAN_CONSTANT_ARRIVAL_RATE] = arrival_serve, [PLAN_RAMPING_ARRIVAL_RATE] = arrival_serve,
};

static void tell_ending(const struct part *p)
{
    struct script_talk *talk = p->worker->run->config.script->talk;

    if (talk)
        atomic_store(&talk->is_ending, true);
}

static void user_run(void *arg)
{
    struct slot *slot = arg;
    struct worker *w = slot->part->worker;
    struct scenario_run *sr = slot->part->sr;

    slot->vu = worker_take_vu(w);
    if (!slot->vu) {
        run_user_missing(w->run, sr->plan);
        arrival_missing(slot);
    }
    if (slot->vu) {
        atomic_fetch_add(&sr->shared.active, 1);
        atomic_fetch_add(&w->shared.active, 1);
        vu_activate(slot->vu, sr->plan, sr->export_index, w->run->setup_data);
        bodies[sr->plan->executor](slot);
        if (loop_now(w->loop) >= sr->end)
            tell_ending(slot->part);
        vu_leave(slot->vu);
        worker_give_vu(w, slot->vu);
        slot->vu = NULL;
        atomic_fetch_sub(&sr->shared.active, 1);
        atomic_fetch_sub(&w->shared.active, 1);
    }
    slot->running = false;
}

void slot_start(struct slot *slot)
{
    enum coro_stack stack = vu_stack(slot->part->worker->run->config.script);

    slot->wanted = true;
    /* One that still finishes an iteration just goes on. */
    if (slot->running || slot->part->worker->stopping)
        return;
    slot->running = true;
    if (coro_waitgroup_spawn(&slot->part->users, stack, user_run, slot)) {
        slot->running = false;
        run_user_missing(slot->part->worker->run, slot->part->sr->plan);
    }
}

static void slot_interrupt(struct slot *slot)
{
    slot->wanted = false;
    if (slot->running && slot->vu)
        vu_interrupt(slot->vu);
    arrival_release(slot);
}

/* The user finishes what it does; one that does nothing has finished. */
static void slot_release(struct slot *slot)
{
    slot->wanted = false;
    if (slot->running && slot->vu)
        vu_release(slot->vu);
}

/* ---- one scenario ---- */

/* The worker's first slot whose index in the scenario is at least `index`. */
static size_t slot_from(const struct part *p, uint64_t index)
{
    uint64_t n = p->worker->run->n_workers;
    uint64_t at = index <= p->first ? 0 : (index - p->first + n - 1) / n;

    return at < p->n_slots ? (size_t)at : p->n_slots;
}

static void part_interrupt(struct part *p, uint64_t from_index)
{
    for (size_t i = slot_from(p, from_index); i < p->n_slots; i++)
        slot_interrupt(p->slots[i]);
}

static void on_hard_stop(struct loop *l UNUSED, struct timer *t)
{
    part_interrupt(container_of(t, struct part, hard_stop), 0);
}

static void want(struct part *p, uint64_t n_users)
{
    size_t n = slot_from(p, n_users);

    for (size_t i = 0; i < n; i++) {
        if (!p->slots[i]->wanted)
            slot_start(p->slots[i]);
    }
    /* The highest are asked to stop first; they finish what they are doing. */
    for (size_t i = p->n_slots; i > n; i--)
        slot_release(p->slots[i - 1]);
    coro_waitlist_wake_all(&p->worker->held, 0);
}

static void add_slots(struct part *p, size_t n)
{
    struct slot *slots = arena_new_n(&p->arena, struct slot, n);

    for (size_t i = 0; i < n; i++) {
        slots[i].part = p;
        slots[i].index = p->first + p->n_slots * p->worker->run->n_workers;
        vec_push(p->slots, p->n_slots, p->cap_slots) = &slots[i];
    }
}

/* How many of the scenario's first n users are this worker's. */
size_t part_share(const struct part *p, uint64_t n)
{
    uint64_t n_workers = p->worker->run->n_workers;

    return n > p->first ? (size_t)((n - p->first + n_workers - 1) / n_workers) : 0;
}

static void scale(struct part *p, int64_t n_users)
{
    size_t n = part_share(p, (uint64_t)n_users);

    p->scaled = n_users;
    if (n > p->n_slots)
        add_slots(p, n - p->n_slots);
    if (p->has_begun)
        want(p, (uint64_t)n_users);
}

static bool is_scalable(const struct scenario_run *sr)
{
    return sr->plan->executor == PLAN_CONSTANT_VUS || sr->plan->executor == PLAN_RAMPING_VUS;
}

static void drive_ramp(struct part *p)
{
    const struct plan_steps *raw = &p->sr->raw;

    for (size_t i = 0; i < raw->n; i++) {
        if (coro_sleep_until(p->sr->start + raw->items[i].at) || p->is_over)
            return;
        if (p->scaled < 0)
            want(p, (uint64_t)raw->items[i].vus);
    }
}

/*
 * The other side of a ramp: users that should have stopped are interrupted when their graceful
 * period is over. By a timer, so that the driver need not wait for it when all are done before.
 */
static void on_limit(struct loop *l, struct timer *t)
{
    struct part *p = container_of(t, struct part, limit);
    const struct plan_steps *limit = &p->sr->limit;
    span_ns now = loop_now(l) - p->sr->start;

    while (p->next_limit < limit->n && limit->items[p->next_limit].at <= now) {
        if (p->scaled < 0)
            part_interrupt(p, (uint64_t)limit->items[p->next_limit].vus);
        p->next_limit++;
    }
    if (p->next_limit < limit->n)
        timer_set(l, t, p->sr->start + limit->items[p->next_limit].at, on_limit);
}

static void part_done(struct part *p)
{
    struct worker *w = p->worker;

    atomic_fetch_sub(&p->sr->shared.parts_left, 1);
    if (--w->parts_left == 0) {
        health_end(w);
        loop_post(w->run->config.loop, &w->done.msg);
    }
}

static void part_run(struct part *p)
{
    if (coro_sleep_until(p->sr->start) || p->is_over)
        return;
    p->has_begun = true;
    timer_set(p->worker->loop, &p->hard_stop, p->sr->hard_end, on_hard_stop);
    if (p->sr->plan->open_model) {
        arrival_run(p);
        return;
    }
    if (p->scaled >= 0)
        want(p, (uint64_t)p->scaled);
    else if (p->sr->plan->executor != PLAN_RAMPING_VUS)
        want(p, p->sr->n_slots);
    if (p->sr->plan->executor == PLAN_RAMPING_VUS) {
        timer_set(p->worker->loop, &p->limit, p->sr->start, on_limit);
        drive_ramp(p);
    }
    /* It may have no users here for a while, and be given some later. */
    if (is_scalable(p->sr) && !p->is_over)
        ignored(coro_sleep_until(p->sr->end));
    tell_ending(p);
    if (is_scalable(p->sr))
        want(p, 0);
}

/* As if its time were over now. */
static void part_end(struct part *p)
{
    p->is_over = true;
    tell_ending(p);
    if (p->sr->plan->open_model || !p->has_begun) {
        part_interrupt(p, 0);
        if (p->driver)
            coro_cancel(p->driver);
        return;
    }
    want(p, 0);
    timer_set(p->worker->loop, &p->hard_stop,
              loop_now(p->worker->loop) + p->sr->plan->graceful_stop, on_hard_stop);
    if (p->driver)
        coro_wake(p->driver, 0);
}

static void part_drive(void *arg)
{
    struct part *p = arg;

    p->driver = coro_self();
    coro_waitgroup_init(&p->users, p->worker->loop);
    part_run(p);
    ignored(coro_waitgroup_wait(&p->users));
    timer_clear(&p->hard_stop);
    timer_clear(&p->limit);
    p->driver = NULL;
    part_done(p);
}

/* ---- all scenarios of a worker ---- */

static void part_init(struct part *p, struct worker *w, struct scenario_run *sr)
{
    uint64_t n = w->run->n_workers;

    p->worker = w;
    p->sr = sr;
    p->scaled = -1;
    p->first = (w->index + n - sr->first_slot % n) % n;
    add_slots(p, part_share(p, sr->n_slots));
}

void executor_start(struct worker *w)
{
    struct run *run = w->run;

    w->parts = xnew_n(struct part, run->n_scenarios);
    w->parts_left = (unsigned)run->n_scenarios;
    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct part *p = &w->parts[i];

        part_init(p, w, &run->scenarios[i]);
        if ((!p->n_slots && !is_scalable(p->sr)) || w->stopping) {
            part_done(p);
        } else if (coro_spawn(w->loop, CORO_STACK_SMALL, part_drive, p, &p->driver)) {
            run_user_missing(run, run->scenarios[i].plan);
            part_done(p);
        }
    }
}

void executor_stop(struct worker *w)
{
    for (size_t i = 0; w->parts && i < w->run->n_scenarios; i++) {
        struct part *p = &w->parts[i];

        if (run_stopped(w->run) == RUN_STOP_OVER) {
            part_end(p);
            continue;
        }
        tell_ending(p);
        part_interrupt(p, 0);
        if (p->driver)
            coro_cancel(p->driver);
    }
    coro_waitlist_wake_all(&w->held, 0);
}

void executor_control(struct worker *w)
{
    for (size_t i = 0; w->parts && i < w->run->n_scenarios; i++) {
        struct part *p = &w->parts[i];
        int64_t n = atomic_load(&p->sr->shared.scaled_vus);

        /* One whose driver has ended is over, and so is its share of the run. */
        if (p->driver && n >= 0 && n != p->scaled)
            scale(p, n);
        if (p->driver && p->sr->plan->open_model)
            arrival_control(p);
    }
    coro_waitlist_wake_all(&w->held, 0);
}
