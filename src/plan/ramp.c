/*
 * How many users a scenario needs at each moment.
 *
 * Of a ramp there are two curves. The raw one is what the stages say: users start and are asked to
 * stop, one at a time, evenly over a stage. The reserved one says how many may still be running: a
 * user that was asked to stop has gracefulRampDown to finish its iteration, and one that was never
 * asked has gracefulStop after the last stage. Users are a stack (the last to start is the first to
 * stop), so the reserved curve at some moment is the highest level that was in force within the
 * graceful time before it.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "plan/options_priv.h"
#include "plan/share.h"

static size_t count_changes(const struct plan_scenario *s)
{
    int64_t n = 0;
    int64_t from = s->start_vus;

    for (size_t i = 0; i < s->stages.n; i++) {
        n += llabs(s->stages.items[i].target - from);
        from = s->stages.items[i].target;
    }
    return (size_t)n;
}

/* a·b/c in whole numbers; b ≤ c, so that the result fits. */
static span_ns scale(span_ns a, int64_t b, int64_t c)
{
    return (span_ns)((__int128)a * b / c);
}

/* Two changes at one moment are one step. */
static void add_step(struct plan_steps *steps, span_ns at, int64_t vus)
{
    if (steps->n && steps->items[steps->n - 1].at == at) {
        steps->items[steps->n - 1].vus = vus;
    } else {
        steps->items[steps->n++] = (struct plan_step){.at = at, .vus = vus};
    }
}

/* A stage from `from` to `to` users that ends at `end`. */
static void add_stage(struct plan_steps *steps, const struct plan_stage *stage, span_ns end,
                      int64_t from)
{
    int64_t to = stage->target;
    int64_t n = llabs(to - from);
    int64_t sign = to > from ? 1 : -1;

    if (stage->duration == 0) {
        if (n)
            add_step(steps, end, to);
        return;
    }
    for (int64_t k = 1; k <= n; k++)
        add_step(steps, end - scale(stage->duration, n - k, n), from + sign * k);
}

/* Steps to the same number say nothing. */
static void tidy(struct plan_steps *steps)
{
    size_t n = 0;

    for (size_t i = 0; i < steps->n; i++) {
        if (n == 0 || steps->items[n - 1].vus != steps->items[i].vus)
            steps->items[n++] = steps->items[i];
    }
    steps->n = n;
}

void plan_ramp_raw(const struct plan_scenario *s, struct arena *arena, struct plan_steps *ret_steps)
{
    struct plan_steps steps = {.items = arena_new_n(arena, struct plan_step, count_changes(s) + 1)};
    int64_t from = s->start_vus;
    span_ns end = 0;

    assert(s->executor == PLAN_RAMPING_VUS);
    add_step(&steps, 0, from);
    for (size_t i = 0; i < s->stages.n; i++) {
        end += s->stages.items[i].duration;
        add_stage(&steps, &s->stages.items[i], end, from);
        from = s->stages.items[i].target;
    }
    for (size_t k = 0; k < steps.n; k++)
        steps.items[k].vus = plan_share_of(s->users, steps.items[k].vus);
    tidy(&steps);
    *ret_steps = steps;
}

/* --- the reserved curve --- */

/* A level of the raw curve and the moment until which its users may run. */
struct hold {
    int64_t vus;
    span_ns until;
};

/* Holds that still matter, the highest and shortest first; a queue in an array. */
struct holds {
    struct hold *items;
    size_t first, end;
};

/* Puts steps for what expires before `now`. */
static void expire(struct holds *holds, struct plan_steps *out, span_ns now)
{
    while (holds->first < holds->end && holds->items[holds->first].until <= now) {
        span_ns at = holds->items[holds->first++].until;

        add_step(out, at, holds->first < holds->end ? holds->items[holds->first].vus : 0);
    }
}

/* A later hold lasts at least as long, so lower ones before it no longer matter. */
static void add_hold(struct holds *holds, struct hold hold)
{
    while (holds->end > holds->first && holds->items[holds->end - 1].vus <= hold.vus)
        holds->end--;
    holds->items[holds->end++] = hold;
}

static void reserve(const struct plan_scenario *s, const struct plan_steps *raw,
                    struct plan_steps *out)
{
    scoped(freep) struct hold *items = xnew_n(struct hold, raw->n);
    struct holds holds = {.items = items};
    span_ns limit = s->regular_duration + s->graceful_stop;

    for (size_t i = 0; i < raw->n; i++) {
        bool last = i + 1 == raw->n;
        span_ns until = last ? limit : raw->items[i + 1].at + s->graceful_ramp_down;

        expire(&holds, out, raw->items[i].at);
        add_hold(&holds, (struct hold){raw->items[i].vus, until < limit ? until : limit});
        if (!out->n || out->items[out->n - 1].vus != holds.items[holds.first].vus)
            add_step(out, raw->items[i].at, holds.items[holds.first].vus);
    }
    expire(&holds, out, limit);
}

void plan_scenario_steps(const struct plan_scenario *s, struct arena *arena,
                         struct plan_steps *ret_steps)
{
    struct plan_steps steps = {0};

    if (s->executor == PLAN_RAMPING_VUS) {
        struct plan_steps raw;

        plan_ramp_raw(s, arena, &raw);
        /* Every raw step may give one of its own and, later, one for its end. */
        steps.items = arena_new_n(arena, struct plan_step, 2 * raw.n + 1);
        reserve(s, &raw, &steps);
        tidy(&steps);
    } else {
        steps.items = arena_new_n(arena, struct plan_step, 2);
        steps.items[0] = (struct plan_step){
            .vus = s->open_model ? s->pre_allocated_vus : s->vus,
            .unplanned = s->open_model ? s->max_vus - s->pre_allocated_vus : 0,
        };
        steps.items[1].at = s->regular_duration + s->graceful_stop;
        steps.n = 2;
    }
    *ret_steps = steps;
}

span_ns plan_scenario_max_duration(const struct plan_scenario *s)
{
    struct arena arena = {0};
    struct plan_steps steps;

    plan_scenario_steps(s, &arena, &steps);
    span_ns last = steps.items[steps.n - 1].at;

    arena_fini(&arena);
    return last;
}

static int64_t most(const struct plan_scenario *s, int64_t unplanned)
{
    int64_t vus = s->open_model ? s->pre_allocated_vus : s->vus;

    if (s->executor == PLAN_RAMPING_VUS) {
        vus = s->start_vus;
        for (size_t i = 0; i < s->stages.n; i++) {
            if (s->stages.items[i].target > vus)
                vus = s->stages.items[i].target;
        }
        vus = plan_share_of(s->users, vus);
    }
    return vus + unplanned;
}

int64_t plan_scenario_planned_vus(const struct plan_scenario *s)
{
    return most(s, 0);
}

int64_t plan_scenario_max_vus(const struct plan_scenario *s)
{
    return most(s, s->open_model ? s->max_vus - s->pre_allocated_vus : 0);
}
