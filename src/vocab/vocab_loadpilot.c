/*
 * LoadPilot's coordinator. Its numbers are there from the first tick, 0 before the first request.
 * Percentiles under its names are of the whole run, as LoadPilot defines them; those of the last
 * seconds have names of their own, with _window.
 *
 * In exact mode percentiles are LoadPilot's: the nearest rank over buckets of whole milliseconds up
 * to ten seconds, as well as our buckets can tell; the current rate is the tick's bare count, and
 * nothing is shown that LoadPilot has not.
 */
#include <math.h>

#include "base/mem.h"
#include "metric/window.h"
#include "vocab/vocab_priv.h"

enum row {
#define LOADPILOT(id, kind, name, unit, labels, source, help) ROW_##id,
#include "vocab/loadpilot.def"
#undef LOADPILOT
    N_ROWS,
};

static const struct vocab_row rows[N_ROWS] = {
#define LOADPILOT(id, kind, name, unit, labels, source, help) \
    {name, POINT_##kind, unit, labels, source, help},
#include "vocab/loadpilot.def"
#undef LOADPILOT
};

/* A percentile in exact mode is not above that. */
static const double exact_ceiling_ms = 10000;

struct loadpilot {
    struct vocab_feed *feed;
    struct rollup *tasks;
    struct window *window; /* of http_req_duration */
    const struct point_family *families;
};

/* A group is written "::a::b"; a task is "a::b". */
static bool project(void *arg, const struct snap_series *series, struct label_set *labels,
                    uint32_t *ret_family, uint32_t *ret_cell)
{
    const struct loadpilot *l = arg;
    const char *tag = l->feed->options.task_is_group ? "group" : "name";
    struct str value;

    if (!vocab_request_cell(series->metric->def, ret_cell) ||
        !tagset_get(series->tags, str_of(tag), &value))
        return false;
    if (str_starts(value, STR("::")))
        value = str_from_index(value, 2);
    label_put(labels, "task", value);
    *ret_family = 0;
    return labels->n > 0;
}

static void *loadpilot_open(struct vocab_feed *feed)
{
    struct loadpilot *l = xnew(struct loadpilot);

    l->feed = feed;
    l->tasks = rollup_new(
        &(struct rollup_config){.snapshot = feed->snapshot, .project = project, .arg = l});
    l->window = window_new(snapshot_metric(feed->snapshot, M_HTTP_REQ_DURATION)->def, VOCAB_WINDOW);
    l->families = vocab_families(feed, rows, N_ROWS, "loadpilot_");
    return l;
}

static void loadpilot_close(void *self)
{
    struct loadpilot *l = self;

    if (!l)
        return;
    rollup_free(l->tasks);
    window_free(l->window);
    free(l);
}

static void loadpilot_tick(void *self)
{
    struct loadpilot *l = self;
    struct snapshot *s = l->feed->snapshot;
    const struct snap_metric *m = snapshot_metric(s, M_HTTP_REQ_DURATION);

    rollup_tick(l->tasks);
    window_push(l->window, snap_metric_fresh(s, m) ? &m->delta : NULL, l->feed->facts.elapsed);
}

/* ---- numbers ---- */

static double percentile(const struct loadpilot *l, const struct hist *h, double q)
{
    if (!l->feed->options.exact)
        return vocab_quantile(h, q);
    return fmin(floor(vocab_nearest_rank(h, q)), exact_ceiling_ms);
}

static void gauge(struct loadpilot *l, enum row row, double value)
{
    vocab_gauge(l->feed, &l->families[row], (struct vocab_labels){0}, value, true);
}

static void counter(struct loadpilot *l, enum row row, struct vocab_labels labels, double total,
                    double delta)
{
    vocab_counter(l->feed, &l->families[row], labels, total, delta, delta != 0);
}

/* A tick may be another time than a second. */
static double current_rps(const struct loadpilot *l, double count)
{
    if (l->feed->options.exact)
        return count;
    return vocab_ratio(count, (double)l->feed->tick_span / VOCAB_NS_PER_S);
}

static void show_phase(struct loadpilot *l)
{
    static const char *const names[] = {
        [VOCAB_PHASE_WAITING] = "waiting", [VOCAB_PHASE_RAMP_UP] = "ramp_up",
        [VOCAB_PHASE_STEADY] = "steady",   [VOCAB_PHASE_RAMP_DOWN] = "ramp_down",
        [VOCAB_PHASE_DONE] = "done",
    };
    enum vocab_phase phase = l->feed->facts.phase;

    if (l->feed->options.exact && phase == VOCAB_PHASE_WAITING)
        phase = VOCAB_PHASE_RAMP_UP;
    const struct tag label = {STR("phase"), str_of(names[phase])};

    vocab_gauge(l->feed, &l->families[ROW_PHASE], (struct vocab_labels){&label, 1}, 1, true);
}

static void show_window(struct loadpilot *l)
{
    const struct hist *h = &window_sum(l->window)->trend;
    struct vocab_requests total = vocab_requests_total(l->feed);

    gauge(l, ROW_WINDOW_P50, vocab_time(total, vocab_quantile(h, 0.5)));
    gauge(l, ROW_WINDOW_P95, vocab_time(total, vocab_quantile(h, 0.95)));
    gauge(l, ROW_WINDOW_P99, vocab_time(total, vocab_quantile(h, 0.99)));
    gauge(l, ROW_WINDOW_MAX, vocab_time(total, vocab_max(h)));
    gauge(l, ROW_WINDOW_MEAN, vocab_time(total, vocab_mean(h)));
}

static void show_run(struct loadpilot *l)
{
    const struct vocab_facts *facts = &l->feed->facts;
    struct vocab_requests total = vocab_requests_total(l->feed);
    struct vocab_requests delta = vocab_requests_delta(l->feed);
    bool is_over = facts->phase == VOCAB_PHASE_DONE || facts->target_rate < 0;

    counter(l, ROW_REQUESTS, (struct vocab_labels){0}, total.count, delta.count);
    counter(l, ROW_ERRORS, (struct vocab_labels){0}, total.failed, delta.failed);
    gauge(l, ROW_RPS, current_rps(l, delta.count));
    gauge(l, ROW_TARGET, is_over ? 0 : facts->target_rate);
    gauge(l, ROW_WORKERS, (double)facts->in_flight);
    gauge(l, ROW_P50, vocab_time(total, percentile(l, total.durations, 0.5)));
    gauge(l, ROW_P95, vocab_time(total, percentile(l, total.durations, 0.95)));
    gauge(l, ROW_P99, vocab_time(total, percentile(l, total.durations, 0.99)));
    gauge(l, ROW_MAX, vocab_time(total, vocab_max(total.durations)));
    gauge(l, ROW_MEAN, vocab_time(total, vocab_mean(total.durations)));
    gauge(l, ROW_ELAPSED, vocab_seconds(l->feed));
    show_phase(l);
    if (!l->feed->options.exact)
        show_window(l);
}

static void show_task(struct loadpilot *l, enum row row, const struct rollup_group *g)
{
    struct vocab_requests total = vocab_group_total(g);
    struct vocab_requests delta = vocab_group_delta(l->tasks, g);
    struct vocab_labels labels = vocab_group_labels(g);
    double value = 0;

    switch (row) {
    case ROW_TASK_REQUESTS:
        counter(l, row, labels, total.count, delta.count);
        return;
    case ROW_TASK_ERRORS:
        counter(l, row, labels, total.failed, delta.failed);
        return;
    case ROW_TASK_P50:
        value = percentile(l, total.durations, 0.5);
        break;
    case ROW_TASK_P99:
        value = percentile(l, total.durations, 0.99);
        break;
    default:
        value = vocab_mean(total.durations);
        break;
    }
    vocab_gauge(l->feed, &l->families[row], labels, vocab_time(total, value), delta.count > 0);
}

static void loadpilot_each(void *self)
{
    struct loadpilot *l = self;
    size_t n;
    struct rollup_group *const *tasks = rollup_groups(l->tasks, &n);

    show_run(l);
    for (enum row row = ROW_TASK_REQUESTS; row < N_ROWS; row++) {
        for (size_t i = 0; i < n; i++)
            show_task(l, row, tasks[i]);
    }
}

static void loadpilot_entries(vocab_entry_fn *fn, void *arg)
{
    vocab_rows_show(rows, N_ROWS, "loadpilot_", fn, arg);
}

const struct vocab_ops vocab_loadpilot_ops = {
    .open = loadpilot_open,
    .tick = loadpilot_tick,
    .each = loadpilot_each,
    .close = loadpilot_close,
    .entries = loadpilot_entries,
};
