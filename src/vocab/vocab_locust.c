/*
 * The names of three exporters for Locust at once: ContainerSolutions' and vokash3's, which share
 * theirs, and boomer's, locust_stats_*; with the labels of all where they share a name. What one of
 * them declares a counter without _total is a gauge here, so that the page is valid.
 *
 * The row of everything, "Aggregated", is given for the numbers of requests and of failures, which
 * is what dashboards ask it for; others add rows up and would count it twice. It is also the only
 * one that can have a length, since bytes are not counted by endpoint. In exact mode it is given
 * everywhere, and times are rounded as Locust rounds them.
 *
 * "Current" is the last ten seconds, or what there is of them.
 */
#include <math.h>

#include "base/mem.h"
#include "metric/window.h"
#include "vocab/locust_error.h"
#include "vocab/vocab_priv.h"

enum row {
#define LOCUST_RUN(id, kind, name, unit, labels, source, help)      ROW_RUN_##id,
#define LOCUST_WORKER(id, kind, name, unit, labels, source, help)   ROW_WORKER_##id,
#define LOCUST_ENDPOINT(id, kind, name, unit, labels, source, help) ROW_ENDPOINT_##id,
#define LOCUST_STATS(id, kind, name, unit, labels, source, help)    ROW_STATS_##id,
#define LOCUST_OWN(id, kind, name, unit, labels, source, help)      ROW_##id,
#include "vocab/locust.def"
#undef LOCUST_RUN
#undef LOCUST_WORKER
#undef LOCUST_ENDPOINT
#undef LOCUST_STATS
#undef LOCUST_OWN
    N_ROWS,
};

#define ROW(id, kind, name, unit, labels, source, help) \
    {name, POINT_##kind, unit, labels, source, help},

static const struct vocab_row rows[N_ROWS] = {
#define LOCUST_RUN      ROW
#define LOCUST_WORKER   ROW
#define LOCUST_ENDPOINT ROW
#define LOCUST_STATS    ROW
#define LOCUST_OWN      ROW
#include "vocab/locust.def"
#undef LOCUST_RUN
#undef LOCUST_WORKER
#undef LOCUST_ENDPOINT
#undef LOCUST_STATS
#undef LOCUST_OWN
};

/* What a row of an endpoint shows: the rows of LOCUST_ENDPOINT, of which LOCUST_STATS has some. */
static const enum row numbers[N_ROWS] = {
#define LOCUST_ENDPOINT(id, kind, name, unit, labels, source, help) \
    [ROW_ENDPOINT_##id] = ROW_ENDPOINT_##id,
#define LOCUST_STATS(id, kind, name, unit, labels, source, help) \
    [ROW_STATS_##id] = ROW_ENDPOINT_##id,
#include "vocab/locust.def"
#undef LOCUST_ENDPOINT
#undef LOCUST_STATS
};

enum {
    ENDPOINTS_MAX = 2000,
    ERRORS_MAX = 500, /* as many as Locust's page lists */
};

/* Lately, of an endpoint or of everything. */
struct recent {
    struct window *count, *failed;
};

struct locust {
    struct vocab_feed *feed;
    struct rollup *endpoints; /* by method and name */
    struct rollup *errors;
    struct recent *recent; /* by the endpoint's index */
    size_t n_recent, cap_recent;
    struct recent all;
    struct window *durations; /* of everything */
    const struct point_family *families;
    uint64_t n_looks;
};

/* One line of the statistics. */
struct line {
    struct vocab_requests total;
    const struct recent *recent;
    struct vocab_labels labels;
    bool is_all;
    bool fresh;
};

/* ---- life ---- */

static bool project_endpoint(UNUSED void *arg, const struct snap_series *series,
                             struct label_set *labels, uint32_t *ret_family, uint32_t *ret_cell)
{
    *ret_family = 0;
    if (!vocab_request_cell(series->metric->def, ret_cell))
        return false;
    label_put_tag(labels, "method", series->tags, "method");
    label_put_tag(labels, "name", series->tags, "name");
    return true;
}

static bool project_error(UNUSED void *arg, const struct snap_series *series,
                          struct label_set *labels, uint32_t *ret_family, uint32_t *ret_cell)
{
    struct str text;

    *ret_family = 0;
    *ret_cell = 0;
    if (series->metric->def->id != M_HTTP_REQ_FAILED ||
        !locust_error_text(series->tags, &labels->words, &text))
        return false;
    label_put(labels, "error", text);
    label_put_tag(labels, "method", series->tags, "method");
    label_put_tag(labels, "name", series->tags, "name");
    label_put_tag(labels, "path", series->tags, "name");
    return true;
}

static struct recent recent_new(const struct locust *l)
{
    struct snapshot *s = l->feed->snapshot;

    return (struct recent){
        .count = window_new(snapshot_metric(s, M_HTTP_REQS)->def, VOCAB_WINDOW),
        .failed = window_new(snapshot_metric(s, M_HTTP_REQ_FAILED)->def, VOCAB_WINDOW),
    };
}

static void recent_fini(struct recent *r)
{
    window_free(r->count);
    window_free(r->failed);
}

/* The namespace stands before all names; k6 has the option when both are on. */
static const char *prefix_of(struct vocab_feed *feed)
{
    struct str prefix = feed->options.prefix;

    if (prefix.n == 0 || feed->options.vocabs >> VOCAB_K6 & 1)
        return "locust_";
    return arena_printf(&feed->arena, "%.*s_", STR_ARG(prefix));
}

static void *locust_open(struct vocab_feed *feed)
{
    struct locust *l = xnew(struct locust);

    l->feed = feed;
    l->endpoints = rollup_new(&(struct rollup_config){
        .snapshot = feed->snapshot, .project = project_endpoint, .max_groups = ENDPOINTS_MAX});
    l->errors = rollup_new(&(struct rollup_config){
        .snapshot = feed->snapshot, .project = project_error, .max_groups = ERRORS_MAX});
    l->all = recent_new(l);
    l->durations =
        window_new(snapshot_metric(feed->snapshot, M_HTTP_REQ_DURATION)->def, VOCAB_WINDOW);
    l->families = vocab_families(feed, rows, N_ROWS, prefix_of(feed));
    return l;
}

static void locust_close(void *self)
{
    struct locust *l = self;

    if (!l)
        return;
    rollup_free(l->endpoints);
    rollup_free(l->errors);
    for (size_t i = 0; i < l->n_recent; i++)
        recent_fini(&l->recent[i]);
    free(l->recent);
    recent_fini(&l->all);
    window_free(l->durations);
    free(l);
}

/* ---- ticks ---- */

static const struct value *delta_of(const struct locust *l, uint32_t metric)
{
    const struct snap_metric *m = snapshot_metric(l->feed->snapshot, metric);

    return snap_metric_fresh(l->feed->snapshot, m) ? &m->delta : NULL;
}

static void locust_tick(void *self)
{
    struct locust *l = self;
    span_ns now = l->feed->facts.elapsed;
    size_t n;

    rollup_tick(l->endpoints);
    rollup_tick(l->errors);
    struct rollup_group *const *groups = rollup_groups(l->endpoints, &n);

    while (l->n_recent < n) {
        struct recent r = recent_new(l);

        vec_push(l->recent, l->n_recent, l->cap_recent) = r;
    }
    for (size_t i = 0; i < n; i++) {
        struct recent *r = &l->recent[groups[i]->index];

        window_push(r->count, rollup_delta(l->endpoints, groups[i], REQS_COUNT), now);
        window_push(r->failed, rollup_delta(l->endpoints, groups[i], REQS_FAILED), now);
    }
    window_push(l->all.count, delta_of(l, M_HTTP_REQS), now);
    window_push(l->all.failed, delta_of(l, M_HTTP_REQ_FAILED), now);
    window_push(l->durations, delta_of(l, M_HTTP_REQ_DURATION), now);
}

/* ---- numbers ---- */

static double window_seconds(const struct window *w)
{
    span_ns from;
    span_ns to;

    window_range(w, &from, &to);
    return (double)(to - from) / VOCAB_NS_PER_S;
}

/* Locust keeps two digits of a time, and thousands from ten seconds on. */
static double rounded(double ms)
{
    double step = ms < 100 ? 1 : ms < 1000 ? 10 : ms < 10000 ? 100 : 1000;

    return nearbyint(ms / step) * step;
}

static double percentile(const struct locust *l, const struct hist *h, double q)
{
    if (l->feed->options.exact)
        return rounded(vocab_nearest_rank(h, q));
    return vocab_quantile(h, q);
}

static double number_of(const struct locust *l, enum row number, const struct line *line)
{
    const struct hist *h = line->total.durations;

    switch (number) {
    case ROW_ENDPOINT_REQUESTS:
        return line->total.count;
    case ROW_ENDPOINT_FAILURES:
        return line->total.failed;
    case ROW_ENDPOINT_AVG:
        return vocab_time(line->total, vocab_mean(h));
    case ROW_ENDPOINT_MEDIAN:
        return vocab_time(line->total, percentile(l, h, 0.5));
    case ROW_ENDPOINT_MIN:
        return vocab_time(line->total, vocab_min(h));
    case ROW_ENDPOINT_MAX:
        return vocab_time(line->total, vocab_max(h));
    case ROW_ENDPOINT_P90:
        return vocab_time(line->total, percentile(l, h, 0.9));
    case ROW_ENDPOINT_P95:
        return vocab_time(line->total, percentile(l, h, 0.95));
    case ROW_ENDPOINT_P99:
        return vocab_time(line->total, percentile(l, h, 0.99));
    case ROW_ENDPOINT_RPS:
        return vocab_ratio(window_sum(line->recent->count)->counter.sum,
                           window_seconds(line->recent->count));
    case ROW_ENDPOINT_FAIL_RPS:
        return vocab_ratio((double)window_sum(line->recent->failed)->rate.trues,
                           window_seconds(line->recent->failed));
    case ROW_ENDPOINT_LENGTH:
        return vocab_ratio(line->total.received, line->total.count);
    default:
        return 0;
    }
}

/* ---- the run ---- */

static const char *state_of(enum vocab_phase phase)
{
    static const char *const names[] = {
        [VOCAB_PHASE_WAITING] = "ready",  [VOCAB_PHASE_RAMP_UP] = "spawning",
        [VOCAB_PHASE_STEADY] = "running", [VOCAB_PHASE_RAMP_DOWN] = "running",
        [VOCAB_PHASE_DONE] = "stopped",
    };

    return names[phase];
}

static bool is_alive(enum vocab_phase phase)
{
    return phase != VOCAB_PHASE_WAITING && phase != VOCAB_PHASE_DONE;
}

static double run_number(struct locust *l, enum row row)
{
    const struct vocab_facts *facts = &l->feed->facts;
    struct vocab_requests total = vocab_requests_total(l->feed);
    bool is_starting = facts->phase == VOCAB_PHASE_RAMP_UP;

    switch (row) {
    case ROW_RUN_UP:
        return 1;
    case ROW_RUN_RUNNING:
        return is_starting ? 1 : is_alive(facts->phase) ? 2 : 0;
    case ROW_RUN_STATE:
        return is_alive(facts->phase);
    case ROW_RUN_USERS:
    case ROW_RUN_USER_COUNT:
        return (double)facts->vus;
    case ROW_RUN_FAIL_RATIO:
    case ROW_RUN_REQUESTS_FAIL_RATIO:
        return vocab_ratio(total.failed, total.count);
    case ROW_RUN_TOTAL_RPS:
        return vocab_ratio(total.count, vocab_seconds(l->feed));
    case ROW_RUN_TOTAL_FAIL:
        return vocab_ratio(total.failed, vocab_seconds(l->feed));
    case ROW_RUN_TOTAL_AVG:
        return vocab_time(total, vocab_mean(total.durations));
    case ROW_RUN_P50:
    case ROW_RUN_REQUESTS_P50:
        return vocab_time(total, percentile(l, &window_sum(l->durations)->trend, 0.5));
    case ROW_RUN_P95:
    case ROW_RUN_REQUESTS_P95:
        return vocab_time(total, percentile(l, &window_sum(l->durations)->trend, 0.95));
    case ROW_RUN_WORKERS:
    case ROW_RUN_WORKERS_COUNT:
    case ROW_RUN_SLAVES:
        return facts->n_loops;
    case ROW_RUN_WORKERS_RUNNING:
        return is_alive(facts->phase) && !is_starting ? facts->n_loops : 0;
    case ROW_RUN_WORKERS_HATCHING:
        return is_starting ? facts->n_loops : 0;
    case ROW_RUN_SCRAPES:
        return (double)l->n_looks;
    default:
        return 0;
    }
}

static void show_run(struct locust *l)
{
    const struct tag state = {STR("state"), str_of(state_of(l->feed->facts.phase))};

    for (enum row row = 0; row < ROW_WORKER_DETAIL; row++) {
        vocab_gauge(l->feed, &l->families[row], (struct vocab_labels){&state, row == ROW_RUN_STATE},
                    run_number(l, row), true);
    }
}

/* ---- workers: a thread of ours each ---- */

/* Users of loop i of n: as many as of any other, give or take one. */
static double users_of(const struct vocab_facts *facts, unsigned i)
{
    uint64_t users = facts->vus / facts->n_loops + (i < facts->vus % facts->n_loops);

    return (double)users;
}

static double cpu_of(const struct locust *l, struct str id)
{
    const struct snap_metric *m = snapshot_metric(l->feed->snapshot, M_GENERATOR_CPU);

    for (size_t i = 0; i < m->n_series; i++) {
        struct str loop;

        if (tagset_get(m->series[i]->tags, STR("loop"), &loop) && str_eq(loop, id))
            return m->series[i]->total.gauge.last * 100;
    }
    return 0;
}

static void show_worker(struct locust *l, enum row row, unsigned i)
{
    const struct vocab_facts *facts = &l->feed->facts;
    char text[16];
    struct str id = str_from(text, (size_t)snprintf(text, sizeof(text), "%u", i));
    const struct tag labels[] = {{STR("id"), id}, {STR("state"), str_of(state_of(facts->phase))}};
    double value = row == ROW_WORKER_DETAIL ? users_of(facts, i)
                   : row == ROW_WORKER_INFO ? 1
                                            : cpu_of(l, id);

    vocab_gauge(l->feed, &l->families[row],
                (struct vocab_labels){labels, row == ROW_WORKER_CPU ? 1 : 2}, value, true);
}

static void show_workers(struct locust *l)
{
    for (enum row row = ROW_WORKER_DETAIL; row <= ROW_WORKER_CPU; row++) {
        for (unsigned i = 0; i < l->feed->facts.n_loops; i++)
            show_worker(l, row, i);
    }
}

/* ---- endpoints ---- */

static bool has_aggregated(const struct locust *l, enum row row)
{
    return l->feed->options.exact || row >= ROW_STATS_REQUESTS || row == ROW_ENDPOINT_REQUESTS ||
           row == ROW_ENDPOINT_FAILURES;
}

static void show_aggregated(struct locust *l, enum row row)
{
    static const struct tag by_name[] = {{STR("method"), STR("")},
                                         {STR("name"), STR("Aggregated")}};
    static const struct tag by_path[] = {{STR("method"), STR("Aggregated")},
                                         {STR("path"), STR("Aggregated")}};
    const struct line line = {.total = vocab_requests_total(l->feed), .recent = &l->all};
    bool exact = l->feed->options.exact;
    struct vocab_labels labels = {by_path, 2};

    /* A label that is empty is as good as none, and some receivers refuse it. */
    if (row < ROW_STATS_REQUESTS)
        labels = (struct vocab_labels){by_name + !exact, exact ? 2 : 1};
    vocab_gauge(l->feed, &l->families[row], labels, number_of(l, numbers[row], &line), true);
}

static struct line line_of(const struct locust *l, const struct rollup_group *g)
{
    return (struct line){
        .total = vocab_group_total(g),
        .recent = &l->recent[g->index],
        .labels = vocab_group_labels(g),
        .fresh = rollup_delta(l->endpoints, g, REQS_COUNT) != NULL,
    };
}

/* The labels of an endpoint with its name under another key too, or only there. */
static struct vocab_labels relabel(const struct rollup_group *g, enum row row, struct tag space[3])
{
    struct str method = label_value(g->labels, g->n_labels, "method");
    struct str name = label_value(g->labels, g->n_labels, "name");
    size_t n = 0;

    if (!method.n && !name.n && g->n_labels)
        space[n++] = g->labels[0]; /* overflow */
    if (method.n)
        space[n++] = (struct tag){STR("method"), method};
    if (name.n && row < ROW_ERRORS)
        space[n++] = (struct tag){STR("path"), name};
    if (name.n && row > ROW_ERRORS) {
        space[n++] = (struct tag){STR("name"), name};
        space[n++] = (struct tag){STR("url"), name};
    }
    return (struct vocab_labels){space, n};
}

static void show_endpoints(struct locust *l, enum row from, enum row to)
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(l->endpoints, &n);

    for (enum row row = from; row <= to; row++) {
        if (has_aggregated(l, row))
            show_aggregated(l, row);
        for (size_t i = 0; i < n; i++) {
            struct line line = line_of(l, groups[i]);
            struct tag space[3];

            if (row >= ROW_STATS_REQUESTS)
                line.labels = relabel(groups[i], row, space);
            vocab_gauge(l->feed, &l->families[row], line.labels, number_of(l, numbers[row], &line),
                        line.fresh);
        }
    }
}

static void show_errors(struct locust *l)
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(l->errors, &n);

    for (size_t i = 0; i < n; i++) {
        const struct value *delta = rollup_delta(l->errors, groups[i], 0);
        uint64_t failed = rollup_total(groups[i], 0)->rate.trues;

        if (failed) {
            vocab_gauge(l->feed, &l->families[ROW_ERRORS], vocab_group_labels(groups[i]),
                        (double)failed, delta && delta->rate.trues);
        }
    }
}

static void show_own(struct locust *l, enum row row)
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(l->endpoints, &n);

    for (size_t i = 0; i < n; i++) {
        struct tag space[3];
        struct vocab_labels labels = relabel(groups[i], row, space);
        struct vocab_requests total = vocab_group_total(groups[i]);
        struct vocab_requests delta = vocab_group_delta(l->endpoints, groups[i]);

        if (row == ROW_REQUESTS_TOTAL) {
            vocab_counter(l->feed, &l->families[row], labels, total.count, delta.count,
                          delta.count > 0);
        } else if (total.durations && total.durations->count) {
            vocab_hist(l->feed, &l->families[row], labels, total.durations, delta.durations,
                       HIST_MILLIS);
        }
    }
}

static void locust_each(void *self)
{
    struct locust *l = self;

    l->n_looks++;
    show_run(l);
    show_workers(l);
    show_endpoints(l, ROW_ENDPOINT_REQUESTS, ROW_STATS_LENGTH);
    show_errors(l);
    show_own(l, ROW_REQUESTS_TOTAL);
    show_own(l, ROW_DURATION);
}

static void locust_entries(vocab_entry_fn *fn, void *arg)
{
    vocab_rows_show(rows, N_ROWS, "locust_", fn, arg);
}

const struct vocab_ops vocab_locust_ops = {
    .open = locust_open,
    .tick = locust_tick,
    .each = locust_each,
    .close = locust_close,
    .entries = locust_entries,
};
