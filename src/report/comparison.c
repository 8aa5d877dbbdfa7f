/*
 * For each figure that both runs have: a change with its interval, from what varied within the runs
 * and what runs differ by (compare/spread.h), and a word. Endpoints are many, so that of their
 * changes only those count that hold against their number.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "compare/shape.h"
#include "compare/student.h"
#include "report/comparison_priv.h"
#include "report/measured.h"

/* A difference of shares below this matters to nobody: 0.1 points. */
#define SHARE_LEAST 0.001

/* Samples that must lie above a percentile: one hiccup catches a user each, not one request. */
#define SAMPLES_ABOVE 20

/* Where a difference in the shape of two distributions is worth a word. */
#define SHAPE_DISTANCE 0.1

/* Lengths and users that differ by more are told. */
#define ALIKE 0.2

/* ---- one row ---- */

static void say(struct comparison_row *row, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(struct comparison_row *row, const char *fmt, ...)
{
    size_t n = strlen(row->why);
    va_list args;

    if (n && n + 3 < sizeof(row->why))
        n += (size_t)snprintf(row->why + n, sizeof(row->why) - n, "; ");
    va_start(args, fmt);
    vsnprintf(row->why + n, sizeof(row->why) - n, fmt, args);
    va_end(args);
}

static bool is_share(const struct comparison_row *row)
{
    return row->current->entry->metric->type == METRIC_RATE;
}

/* False, with a word, when there are too few samples for a percentile to mean something. */
static bool enough_samples(struct comparison_row *row)
{
    uint64_t n = row->current->samples < row->baseline->samples ? row->current->samples
                                                                : row->baseline->samples;
    const struct measured_kind *k = row->current->kind;
    double needed = k->stat.kind == STAT_P ? SAMPLES_ABOVE / fmax(1e-6, 1 - k->stat.p / 100) : 1;

    if ((double)n >= needed * (1 - 1e-9))
        return true;
    say(row, "only %llu samples, %s needs %.0f", (unsigned long long)n, k->stat_text, needed);
    return false;
}

static void fill_percent(struct comparison_row *row)
{
    double base = row->baseline->value;

    row->delta_pct = row->low_pct = row->high_pct = NAN;
    if (is_share(row) && base > 0) {
        row->delta_pct = 100 * row->change.value / base;
        row->low_pct = fmax(-100, 100 * row->change.low / base);
        row->high_pct = 100 * row->change.high / base;
    } else if (!is_share(row)) {
        row->delta_pct = base != 0 ? 100 * (row->current->value - base) / base : NAN;
        row->low_pct = 100 * row->change.low;
        row->high_pct = 100 * row->change.high;
    }
}

static void say_verdict(struct comparison_row *row, double threshold_pct)
{
    bool unclear = row->verdict == JUDGED_UNCLEAR && !isnan(row->change.value);

    if (is_share(row) && row->current->value == row->baseline->value && row->current->value == 0) {
        say(row, "none in either run");
    } else if (is_share(row)) {
        say(row, "%+.2f points (%+.2f to %+.2f)", 100 * row->change.value, 100 * row->change.low,
            100 * row->change.high);
    } else if (unclear) {
        say(row, "room for %g %% and for nothing", threshold_pct);
    } else if (row->verdict == JUDGED_SAME) {
        say(row, "within %g %% either way", threshold_pct);
    }
}

static void judge_row(const struct comparison *c, const struct comparison_history *h,
                      struct comparison_row *row)
{
    const struct measured_row *a = row->current, *b = row->baseline;
    double threshold = c->threshold_pct / 100;
    struct spread spread;

    comparison_spread(c, h, row, &spread);
    if (is_share(row)) {
        change_share(&a->shares, &b->shares, &spread, c->confidence, &row->change);
        threshold = fmax(threshold * b->value, SHARE_LEAST);
    } else {
        change_relative(&a->figure, &b->figure, &spread, c->confidence, &row->change);
    }
    fill_percent(row);
    row->verdict = judge(&row->change, a->kind->better, threshold);
    /* As many failed as ever: none, or all. */
    if (is_share(row) && row->change.value == 0 && (a->value == 0 || a->value == 1))
        row->verdict = JUDGED_SAME;
    say_verdict(row, c->threshold_pct);
}

/* Of two durations: whether one is only a little longer all over. */
static void compare_shapes(struct comparison_row *row, double confidence)
{
    const struct measured_row *a = row->current, *b = row->baseline;
    struct shape_test test;

    if (a->entry->metric->type != METRIC_TREND || a->kind->stat.kind != STAT_P)
        return;
    double most = fabs(log1p(row->change.value)) + 0.03;

    shape_compare(&doc_entry_total(a->entry)->trend, (double)a->samples / a->design_effect,
                  &doc_entry_total(b->entry)->trend, (double)b->samples / b->design_effect,
                  fmin(most, 0.3), &test);
    row->shape_p = test.p_value;
    if (test.p_value < 1 - confidence && test.distance >= SHAPE_DISTANCE)
        say(row, "the distribution has another shape");
}

static void no_numbers(struct comparison_row *row)
{
    row->change = (struct change_estimate){NAN, NAN, NAN, NAN};
    row->delta_pct = row->low_pct = row->high_pct = NAN;
    row->verdict = JUDGED_UNCLEAR;
    row->judged = false;
}

static void fill_row(const struct comparison *c, const struct comparison_history *h,
                     struct comparison_row *row)
{
    const struct measured_kind *k = (row->current ? row->current : row->baseline)->kind;

    row->shape_p = NAN;
    no_numbers(row);
    if (!row->current || !row->baseline) {
        say(row, "only in the %s", row->current ? "current run" : "baseline");
        return;
    }
    row->delta_pct =
        row->baseline->value != 0
            ? 100 * (row->current->value - row->baseline->value) / fabs(row->baseline->value)
            : NAN;
    if (k->stat.kind == STAT_MAX || k->stat.kind == STAT_COUNT) {
        say(row,
            k->stat.kind == STAT_MAX ? "a single sample: shown, not judged" : "shown, not judged");
        return;
    }
    if (!enough_samples(row))
        return;
    row->judged = k->judged;
    judge_row(c, h, row);
    compare_shapes(row, c->confidence);
}

static void add_rows(struct comparison *c, const struct comparison_history *h)
{
    const struct measured *a = c->current.measured, *b = c->baseline.measured;

    for (size_t i = 0; i < a->n_rows; i++) {
        struct comparison_row *row = &vec_push(c->rows, c->n_rows, c->cap_rows);

        row->current = &a->rows[i];
        row->baseline = measured_find(b, row->current);
        fill_row(c, h, row);
    }
    for (size_t i = 0; i < b->n_rows; i++) {
        if (measured_find(a, &b->rows[i]))
            continue;
        struct comparison_row *row = &vec_push(c->rows, c->n_rows, c->cap_rows);

        row->baseline = &b->rows[i];
        fill_row(c, h, row);
    }
}

/* ---- all rows together ---- */

static enum doc_by by_of(const struct comparison_row *row)
{
    return (row->current ? row->current : row->baseline)->entry->by;
}

static bool is_whole(const struct comparison_row *row)
{
    return by_of(row) == DOC_METRIC;
}

static void take_back(struct comparison_row *row)
{
    if (row->verdict != JUDGED_WORSE && row->verdict != JUDGED_BETTER)
        return;
    row->verdict = JUDGED_UNCLEAR;
    say(row, "among so many figures, chance does that");
}

/*
 * The run's own figures are few, and those of one metric go together: the chance of a false word is
 * shared out among metrics (Bonferroni).
 */
static void correct_wholes(struct comparison *c)
{
    const struct metric *last = NULL;
    size_t n = 0;

    for (size_t i = 0; i < c->n_rows; i++) {
        if (!c->rows[i].judged || !is_whole(&c->rows[i]))
            continue;
        n += c->rows[i].current->entry->metric != last;
        last = c->rows[i].current->entry->metric;
    }
    for (size_t i = 0; i < c->n_rows; i++) {
        struct comparison_row *row = &c->rows[i];

        if (row->judged && is_whole(row) && row->change.p_value > (1 - c->confidence) / (double)n)
            take_back(row);
    }
}

/* Of many endpoints some look worse by chance: what is told must hold against their number. */
static void correct_parts(struct comparison *c)
{
    scoped(freep) double *p = xnew_n(double, c->n_rows + 1);
    scoped(freep) bool *counts = xnew_n(bool, c->n_rows + 1);

    for (size_t i = 0; i < c->n_rows; i++) {
        const struct comparison_row *row = &c->rows[i];

        p[i] = row->judged && !is_whole(row) ? row->change.p_value : NAN;
    }
    false_discoveries(p, c->n_rows, 1 - c->confidence, counts);
    for (size_t i = 0; i < c->n_rows; i++) {
        if (!isnan(p[i]) && !counts[i])
            take_back(&c->rows[i]);
    }
}

static void note(struct comparison *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct comparison *c, const char *fmt, ...)
{
    struct buf text = BUF_INIT(4096);
    va_list args;

    va_start(args, fmt);
    ignored(buf_vprintf(&text, fmt, args));
    va_end(args);
    vec_push(c->notes, c->n_notes, c->cap_notes) = buf_take(&text, NULL);
}

static void note_generator(struct comparison *c, const struct store_run *run, const char *which)
{
    if (comparison_is_level(run->verdict_json, "invalid")) {
        note(c,
             "the generator of the %s was invalid: its figures are the generator's own, so nothing "
             "can be said",
             which);
    } else if (comparison_is_level(run->verdict_json, "suspect")) {
        note(c, "the generator of the %s was suspect: see its verdict", which);
    }
}

static void note_state(struct comparison *c, const struct store_run *run, const char *which)
{
    if (run->state == STORE_RUNNING) {
        note(c, "the %s is still running", which);
    } else if (run->state != STORE_FINISHED) {
        note(c, "the %s did not reach its end (%s)", which, store_state_name(run->state));
    }
}

static bool far(double a, double b)
{
    return fabs(a - b) > ALIKE * fmax(a, b);
}

static void note_load(struct comparison *c)
{
    const struct measured *a = c->current.measured, *b = c->baseline.measured;

    if (a->vus_max > 0 && b->vus_max > 0 && far(a->vus_max, b->vus_max))
        note(c, "different load: %.0f users, %.0f in the baseline", a->vus_max, b->vus_max);
    if (far(a->seconds, b->seconds))
        note(c, "different length: %.0f s, %.0f s in the baseline", a->seconds, b->seconds);
}

static void note_all(struct comparison *c)
{
    const struct store_run *a = c->current.run, *b = c->baseline.run;

    if (a->script.n && b->script.n && !str_eq(a->script, b->script)) {
        note(c, "different scripts: %.*s, %.*s in the baseline", STR_ARG(a->script),
             STR_ARG(b->script));
    } else if (a->script_hash.n && b->script_hash.n && !str_eq(a->script_hash, b->script_hash)) {
        note(c, "the script was changed since the baseline");
    }
    note_load(c);
    note_state(c, a, "current run");
    note_state(c, b, "baseline");
    note_generator(c, a, "current run");
    note_generator(c, b, "baseline");
    double disturbed = fmax(c->current_disturbed, c->baseline_disturbed);

    if (disturbed > DISTURBED_MIN) {
        note(c,
             "others had the generator's processors for up to %.0f %% of the time: intervals are "
             "wider for that",
             100 * disturbed);
    }
    if (!c->current.measured->has_within || !c->baseline.measured->has_within) {
        note(c, "a run has too few steps to tell how it varied; samples count as if a quarter of "
                "them were independent");
    }
    if (c->n_history < 2) {
        note(c, "no earlier runs of this script tell how much runs differ: 1 to 6 %% are assumed, "
                "and only larger changes are told");
    } else {
        note(c, "how much runs differ is learnt from %zu earlier runs", c->n_history);
    }
}

static bool is_hopeless(const struct comparison *c)
{
    return comparison_is_level(c->current.run->verdict_json, "invalid") ||
           comparison_is_level(c->baseline.run->verdict_json, "invalid");
}

static enum judgement verdict_of(struct comparison *c)
{
    bool any[4] = {false};
    size_t n_whole = 0;

    for (size_t i = 0; i < c->n_rows; i++) {
        struct comparison_row *row = &c->rows[i];

        if (is_hopeless(c))
            row->verdict = JUDGED_UNCLEAR;
        if (!row->judged)
            continue;
        bool whole = is_whole(row);

        /* An endpoint that nothing is known of does not spoil what is known of the whole. */
        if (whole || row->verdict == JUDGED_WORSE || row->verdict == JUDGED_BETTER)
            any[row->verdict] = true;
        n_whole += whole;
    }
    if (any[JUDGED_WORSE])
        return JUDGED_WORSE;
    if (any[JUDGED_BETTER])
        return JUDGED_BETTER;
    return n_whole && !any[JUDGED_UNCLEAR] ? JUDGED_SAME : JUDGED_UNCLEAR;
}

/* ---- the whole ---- */

int comparison_make(struct store *store, const struct comparison_side *current,
                    const struct comparison_side *baseline,
                    const struct comparison_options *options, struct comparison **ret_comparison)
{
    scoped(comparison_history_fini) struct comparison_history history = {.n = 0};

    TRY(comparison_history_read(store, current, baseline, &history));
    struct comparison *c = xnew(struct comparison);

    c->current = *current;
    c->baseline = *baseline;
    c->n_history = history.n;
    c->current_disturbed = comparison_disturbance(current->run);
    c->baseline_disturbed = comparison_disturbance(baseline->run);
    c->threshold_pct =
        options->threshold_pct > 0 ? options->threshold_pct : COMPARISON_THRESHOLD_DEFAULT;
    c->confidence = options->confidence > 0 ? options->confidence : COMPARISON_CONFIDENCE_DEFAULT;
    add_rows(c, &history);
    correct_wholes(c);
    correct_parts(c);
    note_all(c);
    c->verdict = verdict_of(c);
    *ret_comparison = c;
    return 0;
}

void comparison_free(struct comparison *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_notes; i++)
        free(c->notes[i]);
    free(c->notes);
    free(c->rows);
    free(c);
}

void comparison_freep(struct comparison **c)
{
    comparison_free(*c);
}

static int put_loaded(struct store *store, const struct store_run *a, const struct store_run *b,
                      const struct comparison_options *options, struct buf *out)
{
    scoped(measured_freep) struct measured *current = NULL;
    scoped(measured_freep) struct measured *baseline = NULL;
    scoped(comparison_freep) struct comparison *c = NULL;
    double confidence =
        options->confidence > 0 ? options->confidence : COMPARISON_CONFIDENCE_DEFAULT;

    TRY(measured_load(store, a->key, MEASURED_WITHIN, confidence, &current));
    TRY(measured_load(store, b->key, MEASURED_WITHIN, confidence, &baseline));
    TRY(comparison_make(store, &(struct comparison_side){a, current},
                        &(struct comparison_side){b, baseline}, options, &c));
    comparison_put_json(c, options->indent, out);
    return 0;
}

int comparison_put(struct store *store, int64_t current, int64_t baseline,
                   const struct comparison_options *options, struct buf *out)
{
    struct arena arena = {0};
    struct store_run a, b;
    int r = store_run_get(store, current, &arena, &a);

    if (r == 0)
        r = store_run_get(store, baseline, &arena, &b);
    if (r == 0)
        r = put_loaded(store, &a, &b, options, out);
    arena_fini(&arena);
    return r;
}
