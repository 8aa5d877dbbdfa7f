/*
 * Leapwork Performance's catalogue for Grafana: 28 names, 15 tags. A scenario is a track item, a
 * name of requests is a step, whose id is a hash of the name: so it is the same in every run.
 *
 * What sums up a run is shown once it is over; the two time series at every tick. Percentiles of a
 * step and of the run come from merged histograms, so they are those of its requests; in exact mode
 * the run's are the mean of the steps', weighted by requests, which is no percentile.
 */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "vocab/vocab_priv.h"

enum row {
#define LEAP_STEP(id, name, unit, source, help)   ROW_STEP_##id,
#define LEAP_RUN(id, name, unit, source, help)    ROW_RUN_##id,
#define LEAP_TRACK(id, name, unit, source, help)  ROW_TRACK_##id,
#define LEAP_SERIES(id, name, unit, source, help) ROW_SERIES_##id,
#define LEAP_STATUS(id, name, unit, source, help) ROW_STATUS_##id,
#include "vocab/leapwork.def"
#undef LEAP_STEP
#undef LEAP_RUN
#undef LEAP_TRACK
#undef LEAP_SERIES
#undef LEAP_STATUS
    N_ROWS,
};

#define BASE_TAGS                                                              \
    "run_id, run_status, company_id, company_name, project_id, project_name, " \
    "timeline_asset_id, timeline_name, run_name"
#define STEP_TAGS \
    BASE_TAGS ", track_item_id, step_id, step_title, track_item_selected, geo_location"
#define TRACK_TAGS BASE_TAGS ", track_item_id, track_item_selected, geo_location"

static const struct vocab_row rows[N_ROWS] = {
#define ROW(labels, name, unit, source, help)     {name, POINT_GAUGE, unit, labels, source, help},
#define LEAP_STEP(id, name, unit, source, help)   ROW(STEP_TAGS, name, unit, source, help)
#define LEAP_RUN(id, name, unit, source, help)    ROW(BASE_TAGS, name, unit, source, help)
#define LEAP_TRACK(id, name, unit, source, help)  ROW(TRACK_TAGS, name, unit, source, help)
#define LEAP_SERIES(id, name, unit, source, help) ROW(TRACK_TAGS, name, unit, source, help)
#define LEAP_STATUS(id, name, unit, source, help) \
    ROW(STEP_TAGS ", status_code", name, unit, source, help)
#include "vocab/leapwork.def"
#undef LEAP_STEP
#undef LEAP_RUN
#undef LEAP_TRACK
#undef LEAP_SERIES
#undef LEAP_STATUS
};

/* Cells of a track item, behind those of requests. */
enum {
    TRACK_ITERATIONS = REQS_CELLS,
};

enum {
    BILLED_STEP = 50, /* virtual users; what is billed is a multiple */
    STEPS_MAX = 2000,
};

/* What is added up of a scenario's users. */
struct usage {
    struct str scenario;
    uint64_t vus;  /* now */
    double real;   /* virtual user minutes */
    double billed; /* the same, users rounded up */
};

struct leapwork {
    struct vocab_feed *feed;
    struct rollup *steps, *codes, *tracks;
    const struct point_family *families;
    struct usage usage[VOCAB_PARTS_MAX];
    size_t n_usage;
    uint64_t peak_vus;
    double peak_rate;
    double second_count; /* requests, and time, since the rate was last taken */
    span_ns second_span;
    struct label_set labels; /* of the point that is shown */
};

/* ---- groups ---- */

static struct str scenario_of(const struct tagset *tags)
{
    struct str scenario = STR("");

    tagset_get(tags, STR("scenario"), &scenario);
    return scenario.n ? scenario : STR("default");
}

static void put_track(struct label_set *labels, const struct tagset *tags)
{
    label_put(labels, "track_item_id", scenario_of(tags));
    label_put(labels, "track_item_selected", STR("true"));
}

/* False for series without a name: they are no step. */
static bool put_step(struct label_set *labels, const struct tagset *tags)
{
    struct str name;

    if (!tagset_get(tags, STR("name"), &name) || name.n == 0)
        return false;
    put_track(labels, tags);
    label_put(labels, "step_id",
              str_of(arena_printf(&labels->words, "%016llx",
                                  (unsigned long long)hash_bytes(name.p, name.n, 0))));
    label_put(labels, "step_title", name);
    return true;
}

static bool project_step(UNUSED void *arg, const struct snap_series *series,
                         struct label_set *labels, uint32_t *ret_family, uint32_t *ret_cell)
{
    *ret_family = 0;
    return vocab_request_cell(series->metric->def, ret_cell) && put_step(labels, series->tags);
}

static bool project_code(UNUSED void *arg, const struct snap_series *series,
                         struct label_set *labels, uint32_t *ret_family, uint32_t *ret_cell)
{
    struct str status;

    *ret_family = 0;
    *ret_cell = REQS_COUNT;
    /* Status 0 is no answer, so it is no status code. */
    if (series->metric->def->id != M_HTTP_REQS ||
        !tagset_get(series->tags, STR("status"), &status) || str_is(status, "0"))
        return false;
    label_put(labels, "status_code", status);
    return put_step(labels, series->tags);
}

static bool project_track(UNUSED void *arg, const struct snap_series *series,
                          struct label_set *labels, uint32_t *ret_family, uint32_t *ret_cell)
{
    const struct metric *m = series->metric->def;

    *ret_family = 0;
    if (m->id == M_ITERATIONS) {
        *ret_cell = TRACK_ITERATIONS;
    } else if (!vocab_request_cell(m, ret_cell)) {
        return false;
    }
    put_track(labels, series->tags);
    return true;
}

static struct rollup *new_rollup(struct vocab_feed *feed, rollup_project_fn *project)
{
    return rollup_new(&(struct rollup_config){
        .snapshot = feed->snapshot, .project = project, .max_groups = STEPS_MAX});
}

static void *leapwork_open(struct vocab_feed *feed)
{
    struct leapwork *l = xnew(struct leapwork);
    struct str prefix = feed->options.run ? feed->options.run->namespace : STR("");

    if (prefix.n == 0)
        prefix = STR("lp.run_results");
    l->feed = feed;
    l->steps = new_rollup(feed, project_step);
    l->codes = new_rollup(feed, project_code);
    l->tracks = new_rollup(feed, project_track);
    l->families =
        vocab_families(feed, rows, N_ROWS, arena_printf(&feed->arena, "%.*s.", STR_ARG(prefix)));
    return l;
}

static void leapwork_close(void *self)
{
    struct leapwork *l = self;

    if (!l)
        return;
    rollup_free(l->steps);
    rollup_free(l->codes);
    rollup_free(l->tracks);
    label_set_fini(&l->labels);
    free(l);
}

/* ---- ticks ---- */

static struct usage *usage_of(struct leapwork *l, struct str scenario)
{
    for (size_t i = 0; i < l->n_usage; i++) {
        if (str_eq(l->usage[i].scenario, scenario))
            return &l->usage[i];
    }
    if (l->n_usage == VOCAB_PARTS_MAX)
        return NULL;
    l->usage[l->n_usage] = (struct usage){.scenario = scenario};
    return &l->usage[l->n_usage++];
}

/* Up to the next multiple of 50; nobody bills as 50 as well. */
static double billed_users(uint64_t vus)
{
    return vus == 0 ? BILLED_STEP : ceil((double)vus / BILLED_STEP) * BILLED_STEP;
}

/* Users between two ticks are the mean of both ends. */
static void add_usage(struct leapwork *l, const struct vocab_part *part)
{
    struct usage *u = usage_of(l, part->scenario);
    double minutes = (double)l->feed->tick_span / VOCAB_NS_PER_S / 60;

    if (!u)
        return;
    u->real += (double)(u->vus + part->vus) / 2 * minutes;
    if (part->running)
        u->billed += (billed_users(u->vus) + billed_users(part->vus)) / 2 * minutes;
    u->vus = part->vus;
}

/* The rate is taken over a second at least, so that short ticks do not make peaks. */
static void add_rate(struct leapwork *l)
{
    const span_ns enough = (span_ns)(0.95 * VOCAB_NS_PER_S);

    l->second_count += vocab_requests_delta(l->feed).count;
    l->second_span += l->feed->tick_span;
    if (l->second_span < enough && l->feed->facts.phase != VOCAB_PHASE_DONE)
        return;
    double seconds = fmax((double)l->second_span / VOCAB_NS_PER_S, 1);

    l->peak_rate = fmax(l->peak_rate, l->second_count / seconds);
    l->second_count = 0;
    l->second_span = 0;
}

static void leapwork_tick(void *self)
{
    struct leapwork *l = self;
    const struct vocab_facts *facts = &l->feed->facts;

    rollup_tick(l->steps);
    rollup_tick(l->codes);
    rollup_tick(l->tracks);
    for (size_t i = 0; i < facts->n_parts; i++)
        add_usage(l, &facts->parts[i]);
    l->peak_vus = facts->vus > l->peak_vus ? facts->vus : l->peak_vus;
    add_rate(l);
}

/* ---- showing ---- */

/* Keys of tags are compared only while there are few of them: the group's come first. */
static void put_base(struct leapwork *l, bool has_place)
{
    const struct vocab_run *run = l->feed->options.run;
    struct label_set *labels = &l->labels;

    if (!run)
        return;
    label_put(labels, "run_id", run->run_id);
    label_put(labels, "run_status", run->run_status);
    label_put(labels, "company_id", run->company_id);
    label_put(labels, "company_name", run->company_name);
    label_put(labels, "project_id", run->project_id);
    label_put(labels, "project_name", run->project_name);
    label_put(labels, "timeline_asset_id", run->timeline_asset_id);
    label_put(labels, "timeline_name", run->timeline_name);
    label_put(labels, "run_name", run->run_name);
    if (has_place)
        label_put(labels, "geo_location", run->geo_location);
    for (size_t i = 0; i < run->n_default_tags; i++) {
        const struct tag *t = &run->default_tags[i];

        if (t->value.n && !label_has(labels, t->key))
            vec_push(labels->items, labels->n, labels->cap) = *t;
    }
}

static void show(struct leapwork *l, enum row row, const struct rollup_group *g, double value,
                 bool fresh)
{
    label_set_reset(&l->labels);
    for (size_t i = 0; g && i < g->n_labels; i++)
        vec_push(l->labels.items, l->labels.n, l->labels.cap) = g->labels[i];
    put_base(l, g != NULL);
    label_sort(&l->labels);
    vocab_gauge(l->feed, &l->families[row], (struct vocab_labels){l->labels.items, l->labels.n},
                value, fresh);
}

static double step_number(struct leapwork *l UNUSED, enum row row, const struct rollup_group *g)
{
    struct vocab_requests total = vocab_group_total(g);

    switch (row) {
    case ROW_STEP_REQUESTS:
        return total.count;
    case ROW_STEP_FAILED:
        return total.failed;
    case ROW_STEP_SENT:
        return total.sent;
    case ROW_STEP_RECEIVED:
        return total.received;
    case ROW_STEP_MIN:
        return vocab_time(total, vocab_min(total.durations));
    case ROW_STEP_AVG:
        return vocab_time(total, vocab_mean(total.durations));
    case ROW_STEP_MEDIAN:
        return vocab_time(total, vocab_quantile(total.durations, 0.5));
    case ROW_STEP_P90:
        return vocab_time(total, vocab_quantile(total.durations, 0.9));
    case ROW_STEP_P95:
        return vocab_time(total, vocab_quantile(total.durations, 0.95));
    case ROW_STEP_P99:
        return vocab_time(total, vocab_quantile(total.durations, 0.99));
    default:
        return vocab_time(total, vocab_max(total.durations));
    }
}

/* Of all requests; or the mean of the steps', weighted by how many requests each had. */
static double run_percentile(struct leapwork *l, double q)
{
    size_t n;
    struct rollup_group *const *steps = rollup_groups(l->steps, &n);
    double sum = 0;
    double weight = 0;

    struct vocab_requests total = vocab_requests_total(l->feed);

    if (!l->feed->options.exact)
        return vocab_time(total, vocab_quantile(total.durations, q));
    for (size_t i = 0; i < n; i++) {
        const struct hist *h = vocab_group_total(steps[i]).durations;

        if (!h)
            continue;
        sum += vocab_quantile(h, q) * (double)h->count;
        weight += (double)h->count;
    }
    return vocab_time(total, vocab_ratio(sum, weight));
}

static double run_number(struct leapwork *l, enum row row)
{
    struct vocab_requests total = vocab_requests_total(l->feed);

    switch (row) {
    case ROW_RUN_AVG:
        return vocab_time(total, vocab_mean(total.durations));
    case ROW_RUN_P90:
        return run_percentile(l, 0.9);
    case ROW_RUN_P95:
        return run_percentile(l, 0.95);
    case ROW_RUN_P99:
        return run_percentile(l, 0.99);
    case ROW_RUN_PEAK_THROUGHPUT:
        return l->peak_rate;
    case ROW_RUN_ERROR_RATE:
        return vocab_ratio(total.failed, total.count) * 100;
    case ROW_RUN_DURATION:
        return vocab_seconds(l->feed);
    default:
        return (double)l->peak_vus;
    }
}

static double track_number(struct leapwork *l, enum row row, const struct rollup_group *g)
{
    static const struct usage none;
    const struct usage *u = &none;
    struct str id = label_value(g->labels, g->n_labels, "track_item_id");

    for (size_t i = 0; i < l->n_usage; i++) {
        if (str_eq(l->usage[i].scenario, id))
            u = &l->usage[i];
    }
    switch (row) {
    case ROW_TRACK_SEQUENCES:
        return rollup_total(g, TRACK_ITERATIONS)->counter.sum;
    case ROW_TRACK_THROUGHPUT:
        return vocab_ratio(vocab_group_total(g).count, vocab_seconds(l->feed));
    case ROW_TRACK_AGENTS:
        return l->feed->facts.n_loops;
    case ROW_TRACK_VUM:
        return l->feed->options.exact ? u->billed : u->real;
    default:
        return (double)u->vus;
    }
}

static void show_rows(struct leapwork *l, enum row from, enum row to, struct rollup *groups_of,
                      double (*number)(struct leapwork *, enum row, const struct rollup_group *))
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(groups_of, &n);

    for (enum row row = from; row <= to; row++) {
        for (size_t i = 0; i < n; i++)
            show(l, row, groups[i], number(l, row, groups[i]), true);
    }
}

static double code_number(UNUSED struct leapwork *l, UNUSED enum row row,
                          const struct rollup_group *g)
{
    return rollup_total(g, REQS_COUNT)->counter.sum;
}

/* A tick without an answer has no mean. */
static void show_series(struct leapwork *l)
{
    double seconds = (double)l->feed->tick_span / VOCAB_NS_PER_S;
    size_t n;
    struct rollup_group *const *tracks = rollup_groups(l->tracks, &n);

    for (size_t i = 0; i < n && seconds > 0; i++) {
        show(l, ROW_SERIES_RPS, tracks[i], vocab_group_delta(l->tracks, tracks[i]).count / seconds,
             true);
    }
    for (size_t i = 0; i < n; i++) {
        const struct hist *h = vocab_group_delta(l->tracks, tracks[i]).durations;

        if (h && h->count)
            show(l, ROW_SERIES_AVG, tracks[i], hist_mean(h), true);
    }
}

static void leapwork_each(void *self)
{
    struct leapwork *l = self;
    bool is_over = l->feed->facts.phase == VOCAB_PHASE_DONE;

    if (is_over) {
        show_rows(l, ROW_STEP_REQUESTS, ROW_STEP_MAX, l->steps, step_number);
        for (enum row row = ROW_RUN_AVG; row <= ROW_RUN_PEAK_USERS; row++)
            show(l, row, NULL, run_number(l, row), true);
        show_rows(l, ROW_TRACK_SEQUENCES, ROW_TRACK_VUM, l->tracks, track_number);
    }
    show_series(l);
    if (is_over)
        show_rows(l, ROW_STATUS_COUNT, ROW_STATUS_COUNT, l->codes, code_number);
}

static void leapwork_entries(vocab_entry_fn *fn, void *arg)
{
    vocab_rows_show(rows, N_ROWS, "lp.run_results.", fn, arg);
}

const struct vocab_ops vocab_leapwork_ops = {
    .open = leapwork_open,
    .tick = leapwork_tick,
    .each = leapwork_each,
    .close = leapwork_close,
    .entries = leapwork_entries,
};
