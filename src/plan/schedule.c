/*
 * The timetable of arrivals.
 *
 * The rate is piecewise linear over time; an iteration is due when the area under it, which is the
 * number of iterations there should have been, reaches the iteration's number. Areas are kept as
 * whole numbers: with rates in iterations a time unit, twice the area of a stage times the time
 * unit is duration · (from + to), so it is known exactly in which stage an iteration falls, however
 * long the test is. Only the place within the stage is computed with floating point.
 *
 * A constant rate counts from 0 and begins at once; a ramping one counts from 1, so its first
 * iteration is due when one whole iteration has accrued. (k6 does both so. It rounds the period of
 * a constant rate down to a nanosecond, which gives 0.04 % too many at 600,000 a second; here each
 * moment is rounded, not the period.)
 *
 * Random arrivals are a renewal process on the same area: gaps with a mean of one iteration are
 * drawn and added up, and an iteration is due when the area reaches the sum. (Time rescaling: for
 * exponential gaps that is the Poisson process with this rate over time; Daley and Vere-Jones, An
 * Introduction to the Theory of Point Processes, 7.4.)
 */
#include "plan/schedule.h"

#include <assert.h>
#include <math.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/scenario.h"
#include "plan/share.h"

/* Twice an area times the time unit. */
typedef __int128 area2;

struct stage {
    span_ns start;
    span_ns duration;
    int64_t from; /* iterations a time unit at its start */
    int64_t to;   /* and at its end */
    area2 before; /* area under the stages before it */
    area2 upto;   /* with its own */
};

struct schedule {
    span_ns time_unit;
    const struct plan_share *work; /* our iterations; NULL: all */
    enum plan_arrival arrival;
    double shape; /* of gamma distributed gaps */
    uint64_t seed;
    int64_t origin; /* of counting: iteration i waits for area i + origin */
    uint64_t total;
    uint32_t n_stages;
    struct stage stages[];
};

static void add_stage(struct schedule *s, span_ns duration, int64_t from, int64_t to)
{
    const struct stage *last = s->n_stages ? &s->stages[s->n_stages - 1] : NULL;
    area2 before = last ? last->upto : 0;

    s->stages[s->n_stages++] = (struct stage){
        .start = last ? last->start + last->duration : 0,
        .duration = duration,
        .from = from,
        .to = to,
        .before = before,
        .upto = before + (area2)duration * ((area2)from + to),
    };
}

/* A number of iterations; more than can ever be started is as good as any. */
static uint64_t count_of(area2 n)
{
    return n < INT64_MAX ? (uint64_t)n : INT64_MAX;
}

static void add_constant(struct schedule *s, const struct plan_scenario *plan)
{
    add_stage(s, plan->duration, plan->rate, plan->rate);
    /* The one at 0 counts, and so does one exactly at the end: k6 starts it too. */
    s->total = count_of(s->stages[0].upto / (2 * (area2)s->time_unit) + 1);
}

static void add_ramp(struct schedule *s, const struct plan_scenario *plan)
{
    int64_t from = plan->start_rate;

    for (size_t i = 0; i < plan->stages.n; i++) {
        add_stage(s, plan->stages.items[i].duration, from, plan->stages.items[i].target);
        from = plan->stages.items[i].target;
    }
    s->origin = 1;
    if (s->n_stages)
        s->total = count_of(s->stages[s->n_stages - 1].upto / (2 * (area2)s->time_unit));
}

const struct schedule *schedule_new(const struct plan_scenario *plan, struct arena *arena)
{
    size_t n = plan->executor == PLAN_CONSTANT_ARRIVAL_RATE ? 1 : plan->stages.n;
    struct schedule *s = arena_zalloc(arena, sizeof(*s) + n * sizeof(struct stage));

    assert(plan->executor == PLAN_CONSTANT_ARRIVAL_RATE ||
           plan->executor == PLAN_RAMPING_ARRIVAL_RATE);
    assert(plan->time_unit > 0);
    s->time_unit = plan->time_unit;
    s->work = plan->work;
    s->arrival = plan->arrival;
    s->shape = 1 / (plan->cv * plan->cv);
    s->seed = (uint64_t)plan->seed;
    if (plan->executor == PLAN_CONSTANT_ARRIVAL_RATE) {
        add_constant(s, plan);
    } else {
        add_ramp(s, plan);
    }
    return s;
}

uint64_t schedule_total(const struct schedule *s)
{
    return (uint64_t)plan_share_of(s->work, (int64_t)s->total);
}

double schedule_rate(const struct schedule *s, span_ns at)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        const struct stage *stage = &s->stages[i];
        span_ns in = at - stage->start;

        if (in < 0 || in >= stage->duration)
            continue;
        double part = (double)in / (double)stage->duration;

        double share = s->work ? (double)s->work->n_own / (double)s->work->cycle : 1;

        return share * ((double)stage->from + (double)(stage->to - stage->from) * part) *
               (double)NS_PER_S / (double)s->time_unit;
    }
    return 0;
}

/*
 * How far into a stage the area grows by m / time unit. With rate f + (t-f)·x/D that is the root of
 * a quadratic, written so that nothing cancels and f = t needs no case of its own:
 * x = 2mD / (fD + sqrt(f²D² + 2mD(t-f))).
 */
static span_ns solve(const struct stage *stage, double m)
{
    double d = (double)stage->duration;
    double f = (double)stage->from, t = (double)stage->to;
    double square = f * d * f * d + 2 * m * d * (t - f);
    double below = f * d + (square > 0 ? sqrt(square) : 0);
    double x = below > 0 ? 2 * m * d / below : 0;

    return x < d ? (span_ns)x : stage->duration;
}

/* Whole numbers all the way: a constant rate never drifts. */
static span_ns solve_flat(const struct stage *stage, area2 more)
{
    return (span_ns)(more / (2 * (area2)stage->from));
}

static span_ns due_in(const struct stage *stage, area2 area)
{
    area2 more = area - stage->before;

    if (stage->from == stage->to)
        return stage->start + solve_flat(stage, more);
    return stage->start + solve(stage, (double)more / 2);
}

/*
 * When an area below the whole one is reached. One that is reached at the very end of a stage
 * belongs to it; empty stages hold none. Looks from stage *hint on, and leaves there where it was.
 */
static span_ns due_at(const struct schedule *s, area2 area, uint32_t *hint)
{
    while (area > s->stages[*hint].upto || s->stages[*hint].upto == s->stages[*hint].before)
        (*hint)++;
    return due_in(&s->stages[*hint], area);
}

/* ---- in turn ---- */

struct schedule_cursor schedule_cursor(const struct schedule *s, uint64_t first, uint64_t stride)
{
    struct schedule_cursor c = {.schedule = s, .next = first, .stride = stride};

    if (s)
        rng_seed(&c.rng, s->seed);
    return c;
}

static bool next_even(struct schedule_cursor *c, span_ns *ret_due)
{
    const struct schedule *s = c->schedule;

    uint64_t number = plan_share_nth(s->work, c->next);

    if (number >= s->total)
        return false;
    *ret_due = due_at(s, ((area2)number + s->origin) * 2 * s->time_unit, &c->stage);
    return true;
}

static double draw_gap(struct schedule_cursor *c)
{
    const struct schedule *s = c->schedule;

    return s->arrival == PLAN_ARRIVAL_GAMMA ? rng_gamma(&c->rng, s->shape, 1)
                                            : rng_exponential(&c->rng, 1);
}

static bool next_random(struct schedule_cursor *c, span_ns *ret_due)
{
    const struct schedule *s = c->schedule;
    area2 all = s->n_stages ? s->stages[s->n_stages - 1].upto : 0;

    for (uint64_t number = plan_share_nth(s->work, c->next); c->drawn <= number; c->drawn++)
        c->sum += draw_gap(c);
    double area = c->sum * 2 * (double)s->time_unit;

    /* Past the end it stays there: no later sum is smaller. */
    if (all == 0 || area >= (double)all)
        return false;
    *ret_due = due_at(s, (area2)area, &c->stage);
    return true;
}

bool schedule_next(struct schedule_cursor *c, uint64_t *ret_index, span_ns *ret_due)
{
    bool is_even = c->schedule->arrival == PLAN_ARRIVAL_CONSTANT;

    if (!(is_even ? next_even(c, ret_due) : next_random(c, ret_due)))
        return false;
    *ret_index = c->next;
    c->next += c->stride;
    return true;
}

/* ---- by a moment ---- */

/* Near enough: floating point and rounding may leave it a little beside the truth. */
static uint64_t guess_count(const struct schedule *s, span_ns by)
{
    double area = 0;

    for (uint32_t i = 0; i < s->n_stages && s->stages[i].start <= by; i++) {
        const struct stage *stage = &s->stages[i];
        span_ns in = by - stage->start < stage->duration ? by - stage->start : stage->duration;
        double x = (double)in;
        double part = stage->duration > 0 ? x / (double)stage->duration : 0;

        area = (double)stage->before +
               x * (2 * (double)stage->from + (double)(stage->to - stage->from) * part);
    }
    double n = area / (2 * (double)s->time_unit) + 1 - (double)s->origin;

    return n < (double)s->total ? (uint64_t)n : s->total;
}

static span_ns due_of(const struct schedule *s, uint64_t index)
{
    uint32_t stage = 0;

    return due_at(s, ((area2)index + s->origin) * 2 * s->time_unit, &stage);
}

static uint64_t count_random(const struct schedule *s, span_ns by)
{
    struct schedule_cursor c = schedule_cursor(s, 0, 1);
    uint64_t index, n = 0;
    span_ns due;

    while (schedule_next(&c, &index, &due) && due <= by)
        n++;
    return n;
}

uint64_t schedule_count(const struct schedule *s, span_ns by)
{
    if (by < 0)
        return 0;
    if (s->arrival != PLAN_ARRIVAL_CONSTANT)
        return count_random(s, by);
    uint64_t n = guess_count(s, by);

    while (n > 0 && due_of(s, n - 1) > by)
        n--;
    while (n < s->total && due_of(s, n) <= by)
        n++;
    return (uint64_t)plan_share_of(s->work, (int64_t)n);
}
