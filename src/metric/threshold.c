/*
 * Thresholds. An expression is cut at its operator, the left side names a number of the metric and
 * the right side is the limit; binding looks up the metric and asks whether it has such a number.
 *
 * Thresholds with equal windows over one metric share the window. A window that is not full yet is
 * not judged, but for one that never was by the end of the test.
 */
#include "metric/threshold.h"

#include <assert.h>
#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "metric/submetric.h"
#include "metric/window.h"

enum {
    EXIT_INVALID_CONFIG = 104,
    NUMBER_MAX_BYTES = 63,
};

/* A window over one metric. */
struct watch {
    struct snap_metric *metric;
    struct window *window;
};

struct thresholds {
    struct threshold *all;
    size_t n, cap;
    struct watch *watches;
    size_t n_watches, cap_watches;
    struct snapshot *snap; /* after binding */
    enum threshold_mode mode;
    struct buf failed_text;
};

/* In the order in which an expression is searched for them: longer ones before their beginnings. */
static const struct {
    const char *text;
    enum threshold_op op;
} operators[] = {
    {"<=", THRESHOLD_LE},  {"<", THRESHOLD_LT},  {">=", THRESHOLD_GE}, {">", THRESHOLD_GT},
    {"===", THRESHOLD_EQ}, {"==", THRESHOLD_EQ}, {"!=", THRESHOLD_NE},
};

/* Splits at the operator; false when there is none or nothing after it. */
static bool split(struct str source, struct str *ret_left, enum threshold_op *ret_op,
                  struct str *ret_right)
{
    for (size_t i = 0; i < countof(operators); i++) {
        struct str word = str_of(operators[i].text);
        size_t at = str_find_str(source, word);

        if (at == source.n)
            continue;
        *ret_left = str_trim(str_from(source.p, at));
        *ret_op = operators[i].op;
        *ret_right = str_trim(str_from_index(source, at + word.n));
        return ret_right->n > 0;
    }
    return false;
}

/* A number as Go reads it: underscores may stand between digits, hexadecimal needs an exponent. */
static bool parse_number(struct str text, double *ret_n)
{
    char copy[NUMBER_MAX_BYTES];
    size_t n = 0;
    bool hex = false, exponent = false;

    if (text.n > sizeof(copy))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        hex |= c == 'x' || c == 'X';
        exponent |= c == 'p' || c == 'P';
        if (c != '_') {
            copy[n++] = c;
        } else if (i == 0 || i + 1 == text.n || ascii_hex(text.p[i - 1]) < 0 ||
                   ascii_hex(text.p[i + 1]) < 0) {
            return false;
        }
    }
    return (!hex || exponent) && str_f64(str_from(copy, n), ret_n);
}

static int left_fault(struct str source, const char *reason)
{
    return fault(-EINVAL,
                 "failed parsing threshold expression's \"%.*s\" left hand side; reason: %s",
                 STR_ARG(source), reason);
}

static int parse_left(struct str source, struct str left, struct stat_name *ret_stat)
{
    double p;

    if (!str_starts(left, STR("p(")) || left.p[left.n - 1] != ')') {
        if (!stat_parse(left, ret_stat))
            return left_fault(source, "failed parsing method from expression");
        return 0;
    }
    if (!parse_number(str_from(left.p + 2, left.n - 3), &p))
        return left_fault(source, "malformed percentile value");
    if (!(p >= 0 && p <= 100))
        return left_fault(source, "malformed percentile value, provide a number between 0 and 100");
    *ret_stat = (struct stat_name){.kind = STAT_P, .p = p};
    return 0;
}

int threshold_parse(struct str source, struct threshold_expr *ret_expr)
{
    struct threshold_expr expr;
    struct str left, right;

    if (!split(source, &left, &expr.op, &right)) {
        return fault(-EINVAL,
                     "failed parsing threshold expression \"%.*s\"; reason: malformed threshold "
                     "expression",
                     STR_ARG(source));
    }
    TRY(parse_left(source, left, &expr.stat));
    if (!parse_number(right, &expr.limit)) {
        return fault(-EINVAL,
                     "failed parsing threshold expression's \"%.*s\" right hand side; reason: "
                     "\"%.*s\" is not a number",
                     STR_ARG(source), STR_ARG(right));
    }
    *ret_expr = expr;
    return 0;
}

struct thresholds *thresholds_new(void)
{
    return xnew(struct thresholds);
}

void thresholds_free(struct thresholds *ts)
{
    if (!ts)
        return;
    for (size_t i = 0; i < ts->n; i++) {
        freep(&ts->all[i].spec.metric.p);
        freep(&ts->all[i].spec.source.p);
    }
    for (size_t i = 0; i < ts->n_watches; i++)
        window_free(ts->watches[i].window);
    free(ts->watches);
    free(ts->all);
    buf_fini(&ts->failed_text);
    free(ts);
}

void thresholds_add(struct thresholds *ts, const struct threshold_spec *spec)
{
    struct threshold *t = &vec_push(ts->all, ts->n, ts->cap);

    t->spec = *spec;
    t->spec.metric.p = xmemdup(spec->metric.n ? spec->metric.p : "", spec->metric.n);
    t->spec.source.p = xmemdup(spec->source.n ? spec->source.p : "", spec->source.n);
}

static const char *const supported[] = {
    [METRIC_COUNTER] = "count, rate",
    [METRIC_GAUGE] = "value",
    [METRIC_RATE] = "rate",
    [METRIC_TREND] = "avg, min, max, med, p",
};

/* As thresholds see it, which is narrower than what a summary can show. */
static bool supports(enum metric_type type, enum stat_kind kind)
{
    static const unsigned kinds[] = {
        [METRIC_COUNTER] = 1 << STAT_COUNT | 1 << STAT_RATE,
        [METRIC_GAUGE] = 1 << STAT_VALUE,
        [METRIC_RATE] = 1 << STAT_RATE,
        [METRIC_TREND] =
            1 << STAT_AVG | 1 << STAT_MIN | 1 << STAT_MAX | 1 << STAT_MED | 1 << STAT_P,
    };

    return kinds[type] >> kind & 1;
}

static const char *stat_word(enum stat_kind kind)
{
    static const char *const words[] = {
        [STAT_COUNT] = "count", [STAT_RATE] = "rate", [STAT_VALUE] = "value", [STAT_AVG] = "avg",
        [STAT_MIN] = "min",     [STAT_MED] = "med",   [STAT_MAX] = "max",     [STAT_P] = "p",
    };

    return words[kind];
}

static int bad_config(int r)
{
    return r < 0 ? FAULT_EXIT(EXIT_INVALID_CONFIG) : r;
}

static int find_metric(struct threshold *t, struct snapshot *snap)
{
    struct submetric_name name;

    if (submetric_parse(t->spec.metric, &name) < 0) {
        return fault(FAULT_EXIT(EXIT_INVALID_CONFIG),
                     "unable to validate threshold expressions; reason: %s", fault_text());
    }
    if (snapshot_submetric(snap, &name, t->spec.metric, &t->metric) < 0) {
        return fault(FAULT_EXIT(EXIT_INVALID_CONFIG),
                     "invalid threshold defined on %.*s; reason: no metric name \"%.*s\" found",
                     STR_ARG(t->spec.metric), STR_ARG(t->spec.metric));
    }
    t->metric->wanted = true;
    return 0;
}

static int check_method(const struct threshold *t)
{
    enum metric_type type = t->metric->def->type;

    if (supports(type, t->expr.stat.kind))
        return 0;
    return fault(FAULT_EXIT(EXIT_INVALID_CONFIG),
                 "invalid threshold \"%.*s\" applied on metric %.*s; reason: unsupported "
                 "aggregation method %s on metric of type %s. supported aggregation methods for "
                 "this metric are: %s",
                 STR_ARG(t->spec.source), STR_ARG(t->spec.metric), stat_word(t->expr.stat.kind),
                 metric_type_name(type), supported[type]);
}

static int check_window(const struct threshold *t)
{
    if (t->spec.window == 0 || t->spec.window >= THRESHOLD_WINDOW_MIN_S * NS_PER_S)
        return 0;
    return fault(FAULT_EXIT(EXIT_INVALID_CONFIG),
                 "invalid threshold \"%.*s\" applied on metric %.*s; reason: its window is shorter "
                 "than %d seconds",
                 STR_ARG(t->spec.source), STR_ARG(t->spec.metric), THRESHOLD_WINDOW_MIN_S);
}

/* The window of that length over the metric, shared with others. */
static struct window *watch(struct thresholds *ts, struct snap_metric *metric, span_ns span)
{
    for (size_t i = 0; i < ts->n_watches; i++) {
        if (ts->watches[i].metric == metric && window_span(ts->watches[i].window) == span)
            return ts->watches[i].window;
    }

    struct window *w = window_new(metric->def, span);

    vec_push(ts->watches, ts->n_watches, ts->cap_watches) = (struct watch){metric, w};
    return w;
}

int thresholds_bind(struct thresholds *ts, struct snapshot *snap, enum threshold_mode mode)
{
    ts->mode = mode;
    ts->snap = snap;
    for (size_t i = 0; i < ts->n && mode == THRESHOLDS_JUDGE; i++)
        TRY(bad_config(threshold_parse(ts->all[i].spec.source, &ts->all[i].expr)));
    for (size_t i = 0; i < ts->n; i++) {
        int r = find_metric(&ts->all[i], snap);

        if (mode == THRESHOLDS_IGNORE)
            continue;
        TRY(r);
        TRY(check_method(&ts->all[i]));
        TRY(check_window(&ts->all[i]));
        if (ts->all[i].spec.window)
            ts->all[i].window = watch(ts, ts->all[i].metric, ts->all[i].spec.window);
    }
    return 0;
}

bool threshold_compare(double value, enum threshold_op op, double limit)
{
    switch (op) {
    case THRESHOLD_LT:
        return value < limit;
    case THRESHOLD_LE:
        return value <= limit;
    case THRESHOLD_GT:
        return value > limit;
    case THRESHOLD_GE:
        return value >= limit;
    case THRESHOLD_EQ:
        return value == limit;
    case THRESHOLD_NE:
        return value != limit;
    }
    return false;
}

/* What is judged: all that was measured, or the window. */
struct evidence {
    const struct value *value;
    uint64_t samples;
    double seconds; /* that it covers */
};

static struct evidence gather(const struct threshold *t, span_ns elapsed)
{
    struct evidence e = {.value = &t->metric->total, .seconds = (double)elapsed / NS_PER_S};

    if (t->window) {
        span_ns from, to;

        window_range(t->window, &from, &to);
        e.value = window_sum(t->window);
        e.seconds = (double)(to - from) / NS_PER_S;
    }
    e.samples = value_samples(e.value, t->metric->def->type);
    return e;
}

/* Whether the number does not exist, rather than being 0: such a threshold passes. */
static bool has_no_value(const struct threshold *t, const struct evidence *e)
{
    switch (t->metric->def->type) {
    case METRIC_RATE:
        return e->samples == 0;
    case METRIC_COUNTER:
        return t->expr.stat.kind == STAT_RATE && e->seconds <= 0;
    default:
        return false;
    }
}

/*
 * Whether the time has come. While it runs, a metric without samples is passed over as in k6, and
 * so is one that may get the samples that it lacks.
 */
static bool is_due(const struct threshold *t, enum threshold_round round, span_ns elapsed,
                   const struct evidence *e)
{
    if (elapsed < t->spec.after)
        return round == THRESHOLDS_FINAL && t->spec.min_samples;
    if (!t->window) {
        return round == THRESHOLDS_FINAL ||
               (snap_metric_observed(t->metric) && e->samples >= t->spec.min_samples);
    }
    if (round == THRESHOLDS_FINAL && t->state == THRESHOLD_UNJUDGED)
        return true;
    return window_is_full(t->window) && (e->samples || t->spec.min_samples);
}

/* Whether a is further from being good than b. */
static bool is_worse(enum threshold_op op, double a, double b)
{
    switch (op) {
    case THRESHOLD_LT:
    case THRESHOLD_LE:
        return a > b;
    case THRESHOLD_GT:
    case THRESHOLD_GE:
        return a < b;
    default:
        return false;
    }
}

/* Whether to show this verdict from now on: the latest; of windows, the worst. */
static bool is_to_show(const struct threshold *t, double value, bool too_few)
{
    if (!t->window || t->state == THRESHOLD_UNJUDGED)
        return true;
    if (t->failing != (t->state == THRESHOLD_FAILED))
        return t->failing;
    return !too_few && !t->too_few && is_worse(t->expr.op, value, t->value);
}

static void judge(struct threshold *t, span_ns elapsed, const struct evidence *e)
{
    double value = value_stat(e->value, t->metric->def->type, t->expr.stat, e->seconds);
    bool too_few = e->samples < t->spec.min_samples || elapsed < t->spec.after;

    t->failing =
        too_few || !(has_no_value(t, e) || threshold_compare(value, t->expr.op, t->expr.limit));
    if (is_to_show(t, value, too_few)) {
        t->value = value;
        t->samples = e->samples;
        t->too_few = too_few;
        if (t->window)
            window_range(t->window, &t->worst_from, &t->worst_to);
    }
    if (!t->window || t->state != THRESHOLD_FAILED)
        t->state = t->failing ? THRESHOLD_FAILED : THRESHOLD_PASSED;
}

static void judge_if_due(struct threshold *t, enum threshold_round round, span_ns elapsed)
{
    struct evidence e = gather(t, elapsed);

    assert(t->metric);
    t->failing = false;
    if (!is_due(t, round, elapsed, &e))
        return;
    judge(t, elapsed, &e);
    if (t->failing && t->spec.abort_on_fail &&
        (t->spec.delay_abort_eval == 0 || t->spec.delay_abort_eval < elapsed))
        t->wants_abort = true;
}

void thresholds_tick(struct thresholds *ts, span_ns load, span_ns elapsed)
{
    for (size_t i = 0; i < ts->n_watches; i++) {
        const struct watch *w = &ts->watches[i];

        window_push(w->window, snap_metric_fresh(ts->snap, w->metric) ? &w->metric->delta : NULL,
                    load);
    }
    for (size_t i = 0; i < ts->n && ts->mode == THRESHOLDS_JUDGE; i++) {
        if (ts->all[i].window)
            judge_if_due(&ts->all[i], THRESHOLDS_RUNNING, elapsed);
    }
}

bool thresholds_eval(struct thresholds *ts, enum threshold_round round, span_ns elapsed)
{
    bool abort_run = false;

    for (size_t i = 0; i < ts->n && ts->mode == THRESHOLDS_JUDGE; i++) {
        struct threshold *t = &ts->all[i];

        /* Windows were judged at their ticks; the end comes to those that were never full. */
        if (!t->window || (round == THRESHOLDS_FINAL && t->state == THRESHOLD_UNJUDGED))
            judge_if_due(t, round, elapsed);
        abort_run |= t->wants_abort;
        t->wants_abort = false;
    }
    return abort_run;
}

const struct threshold *thresholds_all(const struct thresholds *ts, size_t *ret_n)
{
    *ret_n = ts->n;
    return ts->all;
}

void thresholds_restore(struct thresholds *ts, size_t i, const struct threshold_past *past)
{
    struct threshold *t = &ts->all[i];

    assert(i < ts->n);
    t->state = past->state;
    t->failing = past->state == THRESHOLD_FAILED;
    t->value = past->value;
    t->too_few = past->too_few;
    t->samples = past->samples;
    t->worst_from = past->worst_from;
    t->worst_to = past->worst_to;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *thresholds_failed(struct thresholds *ts)
{
    scoped(freep) const char **names = xnew_n(const char *, ts->n);
    size_t n = 0;

    for (size_t i = 0; i < ts->n; i++) {
        if (ts->all[i].state == THRESHOLD_FAILED)
            names[n++] = ts->all[i].metric->name;
    }
    qsort(names, n, sizeof(*names), by_name);

    buf_reset(&ts->failed_text);
    for (size_t i = 0; i < n; i++) {
        if (i && strcmp(names[i], names[i - 1]) == 0)
            continue;
        buf_printf(&ts->failed_text, "%s%s", i ? ", " : "", names[i]);
    }
    return buf_cstr(&ts->failed_text);
}
