/* A histogram and two counters for each step; a look at all of them when it is over. */
#include "metric/load_steps.h"

#include <assert.h>

#include "base/mem.h"
#include "metric/hist.h"

struct level {
    struct hist durations;
    uint64_t requests, failed;
    unsigned n_ticks;
};

struct load_steps {
    struct hist_slab *slab;
    span_ns length;
    unsigned n;
    struct level levels[];
};

struct load_steps *load_steps_new(unsigned n, span_ns length)
{
    assert(n >= 1 && n <= LOAD_STEPS_MAX && length > 0);
    struct load_steps *s = xcalloc(1, sizeof(*s) + n * sizeof(s->levels[0]));

    s->slab = hist_slab_new();
    s->length = length;
    s->n = n;
    for (unsigned i = 0; i < n; i++)
        s->levels[i].durations = HIST_INIT_SCALED(s->slab, HIST_MILLIS);
    return s;
}

void load_steps_free(struct load_steps *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n; i++)
        hist_fini(&s->levels[i].durations);
    hist_slab_free(s->slab);
    free(s);
}

/* Which step a moment is in; what comes after the end is of the last. */
static unsigned step_at(const struct load_steps *s, span_ns t)
{
    double at = (double)t / (double)s->length * s->n;

    return at >= s->n ? s->n - 1 : (unsigned)at;
}

void load_steps_add(struct load_steps *s, const struct load_tick *tick)
{
    if (tick->from < 0 || tick->to <= tick->from)
        return;
    unsigned step = step_at(s, tick->from);

    /* One that ends where the step does is still within it. */
    if (step != step_at(s, tick->to - 1))
        return;
    struct level *l = &s->levels[step];

    l->n_ticks++;
    l->requests += tick->requests;
    l->failed += tick->failed;
    if (tick->durations)
        hist_merge(&l->durations, tick->durations);
}

static double error_rate(const struct level *l)
{
    return l->requests ? 100.0 * (double)l->failed / (double)l->requests : 0;
}

/* Without a request there is nothing that could have held. */
static bool is_measured(const struct level *l)
{
    return l->n_ticks > 0 && l->requests > 0;
}

static bool is_good(const struct level *l, const struct load_limits *limits)
{
    return !(hist_quantile(&l->durations, 0.99) > limits->p99_ms) &&
           !(error_rate(l) > limits->error_rate_pct);
}

bool load_steps_knee(const struct load_steps *s, const struct load_limits *limits, double peak,
                     struct load_knee *ret)
{
    unsigned n_good = 0;

    *ret = (struct load_knee){.n_steps = s->n};
    while (n_good < s->n && is_measured(&s->levels[n_good]) && is_good(&s->levels[n_good], limits))
        n_good++;
    ret->is_bounded = n_good < s->n && is_measured(&s->levels[n_good]);
    if (n_good == 0)
        return ret->is_bounded;
    const struct level *l = &s->levels[n_good - 1];

    ret->step = n_good;
    ret->rps = peak * n_good / s->n;
    ret->p99_ms = hist_quantile(&l->durations, 0.99);
    ret->error_rate_pct = error_rate(l);
    return true;
}
