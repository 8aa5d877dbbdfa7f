#pragma once
/*
 * The search for the highest rate that holds an objective: a state machine without clock or I/O.
 * It says which rate to probe next; whoever drives it makes the probe and says what came of it.
 *
 *   struct search *s = search_new(&config);
 *   while (search_next(s, &rate))
 *       search_put(s, &probe)           probe.rate = rate
 *   search_result(s, &result);
 *
 * It doubles the rate until a probe fails, then narrows the place of the limit down with probes
 * where it most likely is (run/hold_curve.h), then asks for proof: the rate that it is going to
 * report must hold in `confirmations` fresh probes in a row, and the next step up must fail. What
 * contradicts this is tested again, so that one unlucky probe does not decide.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum search_verdict {
    SEARCH_HELD,
    SEARCH_FAILED,
    SEARCH_INVALID, /* the generator was the limit, so nothing is known of the target */
};

/* What a probe was for. */
enum search_phase {
    SEARCH_GROW,    /* doubling until one fails */
    SEARCH_NARROW,  /* finding the limit between */
    SEARCH_CONFIRM, /* the rate that is going to be reported holds again and again */
    SEARCH_ABOVE,   /* and the next step up fails */
    SEARCH_OVER,    /* nothing more to probe */
};

/* "grow", "narrow" … */
const char *search_phase_name(enum search_phase phase);

enum search_end {
    SEARCH_RUNNING,
    SEARCH_FOUND,
    SEARCH_AT_MAX,       /* the highest rate that is allowed holds: the limit lies above */
    SEARCH_START_FAILED, /* not even the start rate holds */
    SEARCH_GENERATOR,    /* the generator, not the target, is the limit */
    SEARCH_UNSETTLED,    /* max_probes came first: too much noise for a confirmed rate */
    SEARCH_STOPPED,      /* by search_stop() */
};

/* "found", "at-max" … */
const char *search_end_name(enum search_end end);

struct search_config {
    double start_rate; /* above 0 */
    double max_rate;   /* at least start_rate; INFINITY: none */
    double precision;  /* fraction of the rate, 0.001 to 0.5; 0: 0.02 */
    int confirmations; /* 0: 3 */
    int max_probes;    /* 0: 60; at most 150 */
};

struct search_probe {
    double rate;
    enum search_verdict verdict;
    enum search_phase phase; /* search_put() fills it in */
    double throughput;       /* iterations that were completed a second */
    double latency;          /* mean, in any unit; 0 or less: not known */
};

struct search_result {
    enum search_end end;
    double rate;      /* that was confirmed, or the highest that was mostly held; 0: none */
    bool confirmed;   /* the first of the two */
    double estimate;  /* where one probe in two is held; 0: not known, or the generator's doing */
    double low, high; /* the estimate is between them with a probability of 95 %; 0: not known */
    double knee;      /* where throughput divided by latency is greatest; 0: not known */
};

struct search;

struct search *search_new(const struct search_config *config);
void search_free(struct search *s); /* accepts NULL */

/* The rate to probe next and what for; false when the search is over. */
bool search_next(const struct search *s, double *ret_rate, enum search_phase *ret_phase);

/* What the probe of that rate showed. Not after the end. */
void search_put(struct search *s, const struct search_probe *probe);

/* Ends it with what is known. */
void search_stop(struct search *s);

void search_result(const struct search *s, struct search_result *ret_result);

/* All probes so far, in order; valid until the next search_put. */
const struct search_probe *search_probes(const struct search *s, size_t *ret_n);

/*
 * The knee of throughput X against latency R: where the power X / R is greatest (L. Kleinrock,
 * "Power and deterministic rules of thumb for probabilistic problems in computer communications",
 * ICC 1979). Unlike a bend found by eye or by the distance from a chord, it does not depend on how
 * far beyond the limit somebody looked. Between probed rates it is the top of a parabola through
 * three points on log scales. 0 when fewer than three rates are known or it lies beyond the
 * highest.
 */
double search_knee(const struct search_probe *probes, size_t n);
