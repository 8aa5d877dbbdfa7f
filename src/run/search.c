/*
 * The search. Every probe is kept; phases look at all of them, not at counters of their own, except
 * for the run of fresh confirmations.
 */
#include "run/search.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "run/hold_curve.h"

#define PRECISION_DEFAULT 0.02
#define GROWTH            2

enum {
    CONFIRMATIONS_DEFAULT = 3,
    PROBES_DEFAULT = 60,
    NARROW_MAX = 12, /* at a time: noise makes the rest, and confirmation deals with it better */
    NARROW_AGAIN = 4,
    INVALID_MAX = 3, /* in a row: once or twice may be a burst of something else */
};

struct search {
    struct search_config config;
    enum search_phase phase;
    enum search_end end;
    double next;      /* the rate to probe */
    double candidate; /* to be confirmed; 0: none yet */
    int n_confirmed;  /* fresh probes in a row that held at the candidate */
    int n_narrowed;   /* probes of this phase since it was begun */
    int n_invalid;    /* in a row */
    double confirmed; /* the latest rate that was; 0: none */
    struct search_probe *probes;
    size_t n_probes, cap_probes;
};

static const char *const phase_names[] = {
    [SEARCH_GROW] = "grow",   [SEARCH_NARROW] = "narrow", [SEARCH_CONFIRM] = "confirm",
    [SEARCH_ABOVE] = "above", [SEARCH_OVER] = "over",
};

static const char *const end_names[] = {
    [SEARCH_RUNNING] = "running",     [SEARCH_FOUND] = "found",
    [SEARCH_AT_MAX] = "at-max",       [SEARCH_START_FAILED] = "start-failed",
    [SEARCH_GENERATOR] = "generator", [SEARCH_UNSETTLED] = "unsettled",
    [SEARCH_STOPPED] = "stopped",
};

const char *search_phase_name(enum search_phase phase)
{
    return phase_names[phase];
}

const char *search_end_name(enum search_end end)
{
    return end_names[end];
}

/* ---- rates ---- */

/* Four digits: what people can repeat, and finer than any precision. */
static double tidy(double rate)
{
    double unit = pow(10, floor(log10(rate)) - 3);

    return round(rate / unit) * unit;
}

static double within(const struct search *s, double rate)
{
    rate = tidy(rate);
    if (rate >= s->config.max_rate)
        return s->config.max_rate;
    return rate > s->config.start_rate ? rate : s->config.start_rate;
}

static bool is_same(double a, double b)
{
    return fabs(a - b) <= 1e-6 * b;
}

/* Probes at that rate that held less those that failed. */
static int balance(const struct search *s, double rate)
{
    int sum = 0;

    for (size_t i = 0; i < s->n_probes; i++) {
        const struct search_probe *p = &s->probes[i];

        if (is_same(p->rate, rate) && p->verdict != SEARCH_INVALID)
            sum += p->verdict == SEARCH_HELD ? 1 : -1;
    }
    return sum;
}

static double highest_held(const struct search *s)
{
    double best = 0;

    for (size_t i = 0; i < s->n_probes; i++) {
        if (s->probes[i].rate > best && balance(s, s->probes[i].rate) > 0)
            best = s->probes[i].rate;
    }
    return best;
}

/* ---- the curve ---- */

static double highest_probed(const struct search *s)
{
    double best = s->config.start_rate;

    for (size_t i = 0; i < s->n_probes; i++)
        best = fmax(best, s->probes[i].rate);
    return best;
}

/*
 * The bend is looked for a little beyond what was probed on either side; growth ended there. What
 * lies far below the highest rate that held needs no grid.
 */
static struct hold_curve *fit(const struct search *s)
{
    scoped(freep) struct hold_trial *trials = xnew_n(struct hold_trial, s->n_probes);
    double high = GROWTH * highest_probed(s);
    double low = fmax(0.9 * s->config.start_rate, highest_held(s) / 4);
    size_t n = 0;

    for (size_t i = 0; i < s->n_probes; i++) {
        const struct search_probe *p = &s->probes[i];

        if (p->verdict != SEARCH_INVALID)
            trials[n++] = (struct hold_trial){p->rate, p->verdict == SEARCH_HELD};
    }
    return hold_curve_fit(trials, n, low, high, s->config.precision / 4);
}

/* ---- phases ---- */

static void finish(struct search *s, enum search_end end)
{
    s->phase = SEARCH_OVER;
    s->end = end;
}

static void probe_next(struct search *s, enum search_phase phase, double rate)
{
    s->phase = phase;
    s->next = rate;
}

static void set_candidate(struct search *s, double rate, int n_confirmed)
{
    s->candidate = rate;
    s->n_confirmed = n_confirmed;
    probe_next(s, SEARCH_CONFIRM, rate);
}

/*
 * The highest rate at which all confirmations are as likely as not to hold. While little is known
 * of the width of the bend that is very low: then it is worth trying a little below the bend.
 */
static double likely_candidate(const struct search *s, const struct hold_curve *c)
{
    double likely = hold_curve_reach(c, pow(0.5, 1.0 / s->config.confirmations));
    double below = hold_curve_quantile(c, 0.5) / (1 + 1.5 * s->config.precision);

    return within(s, fmax(likely, below));
}

static void narrow(struct search *s)
{
    struct hold_curve *c = fit(s);
    double low = hold_curve_quantile(c, 0.15), high = hold_curve_quantile(c, 0.85);

    if (log(high / low) > s->config.precision && s->n_narrowed < NARROW_MAX)
        probe_next(s, SEARCH_NARROW, within(s, hold_curve_quantile(c, 0.5)));
    else
        set_candidate(s, likely_candidate(s, c), 0);
    hold_curve_free(c);
}

static void after_grow(struct search *s, const struct search_probe *p)
{
    if (p->verdict == SEARCH_HELD && p->rate >= s->config.max_rate)
        set_candidate(s, p->rate, 1);
    else if (p->verdict == SEARCH_HELD)
        probe_next(s, SEARCH_GROW, within(s, p->rate * GROWTH));
    else if (highest_held(s) > 0)
        narrow(s);
    else if (balance(s, p->rate) <= -2)
        finish(s, SEARCH_START_FAILED);
}

static void after_narrow(struct search *s, const struct search_probe *p UNUSED)
{
    s->n_narrowed++;
    narrow(s);
}

/* A step is as wide as the precision, or as the bend where that is softer. */
static double step_up(const struct search *s)
{
    struct hold_curve *c = fit(s);
    double up = fmax(hold_curve_reach(c, 0.25), s->candidate * (1 + s->config.precision));

    hold_curve_free(c);
    return within(s, up);
}

/* One failure may be bad luck, two more than what held are not. The step moves with the curve. */
static bool has_failed_up_to(const struct search *s, double up)
{
    double most = up * (1 + s->config.precision);
    int sum = 0;

    for (size_t i = 0; i < s->n_probes; i++) {
        const struct search_probe *p = &s->probes[i];

        if (p->rate > s->candidate && p->rate <= most && p->verdict != SEARCH_INVALID)
            sum += p->verdict == SEARCH_FAILED ? 1 : -1;
    }
    return sum >= 2;
}

static void above(struct search *s)
{
    double up = step_up(s);

    s->confirmed = s->candidate;
    if (s->candidate >= s->config.max_rate)
        finish(s, SEARCH_AT_MAX);
    else if (has_failed_up_to(s, up))
        finish(s, SEARCH_FOUND);
    else
        probe_next(s, SEARCH_ABOVE, up);
}

/* The candidate failed: the next one is lower, by what is known now and by a step at least. */
static void step_down(struct search *s)
{
    struct hold_curve *c = fit(s);
    double down = fmin(likely_candidate(s, c), s->candidate / (1 + s->config.precision));

    hold_curve_free(c);
    if (s->candidate <= s->config.start_rate) {
        if (balance(s, s->candidate) < 0)
            finish(s, SEARCH_START_FAILED);
        s->n_confirmed = 0;
        return;
    }
    set_candidate(s, within(s, down), 0);
}

static void after_confirm(struct search *s, const struct search_probe *p)
{
    if (p->verdict == SEARCH_FAILED)
        step_down(s);
    else if (++s->n_confirmed >= s->config.confirmations)
        above(s);
}

/*
 * A step up that holds may be luck, or the failure that came before was: where the limit is has to
 * be looked for again if the curve has it higher now.
 */
static void after_above(struct search *s, const struct search_probe *p)
{
    struct hold_curve *c;

    if (p->verdict == SEARCH_FAILED) {
        above(s);
        return;
    }
    c = fit(s);
    double bend = hold_curve_quantile(c, 0.5);
    double likely = likely_candidate(s, c);

    hold_curve_free(c);
    if (bend > p->rate) {
        s->n_narrowed = NARROW_MAX - NARROW_AGAIN;
        narrow(s);
    } else if (likely > s->candidate * (1 + s->config.precision)) {
        set_candidate(s, likely, 0);
    } else {
        above(s);
    }
}

static void (*const after[])(struct search *s, const struct search_probe *p) = {
    [SEARCH_GROW] = after_grow,
    [SEARCH_NARROW] = after_narrow,
    [SEARCH_CONFIRM] = after_confirm,
    [SEARCH_ABOVE] = after_above,
};

/* ---- the interface ---- */

struct search *search_new(const struct search_config *config)
{
    struct search *s = xnew(struct search);

    assert(config->start_rate > 0 && config->max_rate >= config->start_rate);
    s->config = *config;
    s->config.precision = config->precision > 0 ? config->precision : PRECISION_DEFAULT;
    s->config.confirmations =
        config->confirmations > 0 ? config->confirmations : CONFIRMATIONS_DEFAULT;
    s->config.max_probes = config->max_probes > 0 ? config->max_probes : PROBES_DEFAULT;
    s->next = config->start_rate;
    return s;
}

void search_free(struct search *s)
{
    if (!s)
        return;
    free(s->probes);
    free(s);
}

bool search_next(const struct search *s, double *ret_rate, enum search_phase *ret_phase)
{
    if (s->phase == SEARCH_OVER)
        return false;
    *ret_rate = s->next;
    *ret_phase = s->phase;
    return true;
}

void search_put(struct search *s, const struct search_probe *probe)
{
    struct search_probe p = *probe;

    assert(s->phase != SEARCH_OVER);
    p.phase = s->phase;
    vec_push(s->probes, s->n_probes, s->cap_probes) = p;
    s->n_invalid = p.verdict == SEARCH_INVALID ? s->n_invalid + 1 : 0;
    if (s->n_invalid >= INVALID_MAX)
        finish(s, SEARCH_GENERATOR);
    else if (p.verdict != SEARCH_INVALID)
        after[s->phase](s, &p);
    if (s->phase != SEARCH_OVER && s->n_probes >= (size_t)s->config.max_probes)
        finish(s, SEARCH_UNSETTLED);
}

void search_stop(struct search *s)
{
    if (s->phase != SEARCH_OVER)
        finish(s, SEARCH_STOPPED);
}

const struct search_probe *search_probes(const struct search *s, size_t *ret_n)
{
    *ret_n = s->n_probes;
    return s->probes;
}

static bool has_verdict(const struct search *s, enum search_verdict verdict)
{
    for (size_t i = 0; i < s->n_probes; i++)
        if (s->probes[i].verdict == verdict)
            return true;
    return false;
}

void search_result(const struct search *s, struct search_result *ret_result)
{
    *ret_result = (struct search_result){
        .end = s->end,
        .confirmed = s->end == SEARCH_FOUND || s->end == SEARCH_AT_MAX,
        .knee = search_knee(s->probes, s->n_probes),
    };
    ret_result->rate = s->confirmed > 0 ? s->confirmed : highest_held(s);
    /* A bend needs a rate on either side of it, and failures that are the target's. */
    if (!has_verdict(s, SEARCH_HELD) || !has_verdict(s, SEARCH_FAILED) ||
        s->end == SEARCH_START_FAILED || s->end == SEARCH_GENERATOR)
        return;
    struct hold_curve *c = fit(s);

    ret_result->estimate = hold_curve_quantile(c, 0.5);
    ret_result->low = hold_curve_quantile(c, 0.025);
    ret_result->high = hold_curve_quantile(c, 0.975);
    hold_curve_free(c);
}
