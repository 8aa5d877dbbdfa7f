/*
 * Where a series belongs is found when it is first touched, and remembered by its id; from then on
 * a tick costs what it touched. What a tick added goes to its row and, by metric, to the row of
 * everything.
 *
 * Rows and errors are owned through their tables, whose keys are the parts that make them with NUL
 * between. Strings are copied into an arena that a reset frees.
 */
#include "locust/locust_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/table.h"
#include "locust/locust_rate.h"
#include "metric/metric.h"
#include "metric/window.h"
#include "vocab/locust_error.h"

#define RECENT_SPAN ((span_ns)10 * NS_PER_S)

/* Where a series goes. */
struct place {
    bool is_known; /* the rest is found */
    struct locust_row *row;
    struct locust_error *error;
};

struct locust_view {
    struct locust_view_config config;
    struct locust_tick now;
    struct locust_row total;
    struct hist_slab *slab;
    struct arena words;
    struct buf key;
    struct place *places; /* by the series' id; n_places */
    size_t n_places;
    struct table rows, errors;
    struct locust_row **sorted; /* of rows; n_sorted */
    size_t n_sorted, cap_sorted;
    struct locust_error **listed; /* of errors; n_listed */
    size_t n_listed, cap_listed;
};

const char *locust_state_name(enum locust_state state)
{
    static const char *const names[] = {
        [LOCUST_READY] = "ready",     [LOCUST_SPAWNING] = "spawning", [LOCUST_RUNNING] = "running",
        [LOCUST_CLEANUP] = "cleanup", [LOCUST_STOPPING] = "stopping", [LOCUST_STOPPED] = "stopped",
    };

    return names[state];
}

/* ---- life ---- */

static void row_init(struct locust_view *v, struct locust_row *row, struct str name,
                     struct str method)
{
    *row = (struct locust_row){
        .name = arena_str(&v->words, name),
        .method = arena_str(&v->words, method),
        .start = v->now.started,
        .times = HIST_INIT_SCALED(v->slab, HIST_MILLIS),
    };
    if (v->config.keep_recent || row == &v->total)
        row->recent =
            window_new(snapshot_metric(v->config.snapshot, M_HTTP_REQ_DURATION)->def, RECENT_SPAN);
}

static void row_fini(struct locust_row *row)
{
    hist_fini(&row->times);
    window_free(row->recent);
    free(row->seconds);
}

static void forget(struct locust_view *v)
{
    struct table_entry *e;

    table_each(e, &v->rows) {
        row_fini(e->value);
        free(e->value);
    }
    table_each(e, &v->errors)
        free(e->value);
    table_fini(&v->rows);
    table_fini(&v->errors);
    row_fini(&v->total);
    free(v->places);
    v->places = NULL;
    v->n_places = v->n_sorted = v->n_listed = 0;
    v->rows = v->errors = (struct table){0};
    arena_fini(&v->words);
    v->words = (struct arena){0};
}

struct locust_view *locust_view_new(const struct locust_view_config *config)
{
    struct locust_view *v = xnew(struct locust_view);

    v->config = *config;
    v->slab = hist_slab_new();
    row_init(v, &v->total, STR("Aggregated"), STR(""));
    return v;
}

void locust_view_free(struct locust_view *v)
{
    if (!v)
        return;
    forget(v);
    hist_slab_free(v->slab);
    buf_fini(&v->key);
    free(v->sorted);
    free(v->listed);
    free(v);
}

void locust_view_reset(struct locust_view *v)
{
    v->now.started = v->now.started ? v->now.now : 0;
    forget(v);
    row_init(v, &v->total, STR("Aggregated"), STR(""));
}

/* ---- where a series belongs ---- */

static struct str tag_of(const struct tagset *tags, struct str key)
{
    struct str value = STR("");

    tagset_get(tags, key, &value);
    return value;
}

static struct str make_key(struct buf *b, const struct str *parts, size_t n)
{
    buf_reset(b);
    for (size_t i = 0; i < n; i++) {
        buf_putstr(b, parts[i]);
        buf_putc(b, '\0');
    }
    return buf_str(b);
}

static struct locust_row *row_of(struct locust_view *v, const struct tagset *tags)
{
    struct str method = tag_of(tags, STR("method"));
    struct str name = tag_of(tags, STR("name"));
    struct str key = make_key(&v->key, (struct str[]){name, method}, 2);
    struct locust_row *row = table_get(&v->rows, key);

    if (row)
        return row;
    row = xnew(struct locust_row);
    row_init(v, row, name, method);
    table_set(&v->rows, key, row);
    return row;
}

/* The address of an object would make a text of every failure. */
static struct str masked(struct arena *words, struct str text)
{
    static const struct str mark = STR("object at 0x");
    size_t at = str_find_str(text, mark);

    if (at == text.n)
        return text;
    size_t end = at + mark.n;

    while (end < text.n && ascii_hex(text.p[end]) >= 0)
        end++;
    return str_of(arena_printf(words, "%.*s....%.*s", (int)(at + mark.n), text.p,
                               STR_ARG(str_from_index(text, end))));
}

static struct locust_error *error_of(struct locust_view *v, const struct tagset *tags)
{
    struct str method = tag_of(tags, STR("method"));
    struct str name = tag_of(tags, STR("name"));
    scoped(arena_fini) struct arena words = {0};
    struct str text;

    if (!locust_error_text(tags, &words, &text))
        return NULL;
    text = masked(&words, text);
    struct str key = make_key(&v->key, (struct str[]){method, name, text}, 3);
    struct locust_error *e = table_get(&v->errors, key);

    if (e)
        return e;
    e = xnew(struct locust_error);
    *e = (struct locust_error){.method = arena_str(&v->words, method),
                               .name = arena_str(&v->words, name),
                               .text = arena_str(&v->words, text)};
    table_set(&v->errors, key, e);
    return e;
}

/* What a script has recorded itself has a name; bytes of connections have none. */
static bool is_of_request(const struct snap_series *series)
{
    switch (series->metric->def->id) {
    case M_HTTP_REQS:
    case M_HTTP_REQ_DURATION:
    case M_HTTP_REQ_FAILED:
    case M_HTTP_REQ_DATA_RECEIVED:
        return true;
    case M_DATA_RECEIVED:
        return tagset_get(series->tags, STR("name"), NULL);
    default:
        return false;
    }
}

static struct place *place_of(struct locust_view *v, const struct snap_series *series)
{
    if (series->id >= v->n_places) {
        size_t n = v->n_places ? v->n_places : 64;

        while (n <= series->id)
            n *= 2;
        v->places = xrealloc(v->places, n * sizeof(*v->places));
        memset(v->places + v->n_places, 0, (n - v->n_places) * sizeof(*v->places));
        v->n_places = n;
    }
    struct place *p = &v->places[series->id];

    if (!p->is_known) {
        p->is_known = true;
        p->row = is_of_request(series) ? row_of(v, series->tags) : NULL;
    }
    return p;
}

/* ---- ticks ---- */

/* The span of a tick, in which its requests were. */
struct stretch {
    wall_ns from, to;
};

static void take_failures(struct locust_view *v, struct place *p, const struct snap_series *series,
                          struct stretch when)
{
    uint64_t n = series->delta.rate.trues;

    p->row->failures += n;
    v->total.failures += n;
    if (!n)
        return;
    locust_rate_add(&p->row->seconds, &p->row->n_seconds, &p->row->cap_seconds, when.from, when.to,
                    LOCUST_RATE_FAILURES, n);
    locust_rate_add(&v->total.seconds, &v->total.n_seconds, &v->total.cap_seconds, when.from,
                    when.to, LOCUST_RATE_FAILURES, n);
    if (!p->error)
        p->error = error_of(v, series->tags);
    if (!p->error)
        return;
    if (p->error->occurrences == 0)
        p->error->first_seen = when.to;
    p->error->occurrences += n;
    p->error->last_seen = when.to;
}

static void take_requests(struct locust_view *v, struct locust_row *row, uint64_t n,
                          struct stretch when)
{
    if (!n)
        return;
    row->requests += n;
    row->last = when.to;
    locust_rate_add(&row->seconds, &row->n_seconds, &row->cap_seconds, when.from, when.to,
                    LOCUST_RATE_REQUESTS, n);
    if (row != &v->total)
        take_requests(v, &v->total, n, when);
}

/* The test's duration, as windows are pushed to. */
static span_ns elapsed_of(const struct locust_view *v)
{
    return v->now.started && v->now.now > v->now.started ? v->now.now - v->now.started : 0;
}

static void take_times(struct locust_view *v, struct locust_row *row, const struct value *delta)
{
    hist_merge(&row->times, &delta->trend);
    if (row->recent)
        window_push(row->recent, delta, elapsed_of(v));
}

static void take_series(struct locust_view *v, struct place *p, const struct snap_series *series,
                        struct stretch when)
{
    switch (series->metric->def->id) {
    case M_HTTP_REQS:
        take_requests(v, p->row, (uint64_t)series->delta.counter.sum, when);
        return;
    case M_HTTP_REQ_DURATION:
        take_times(v, p->row, &series->delta);
        take_times(v, &v->total, &series->delta);
        return;
    case M_HTTP_REQ_FAILED:
        take_failures(v, p, series, when);
        return;
    default:
        p->row->bytes += series->delta.counter.sum;
        v->total.bytes += series->delta.counter.sum;
        return;
    }
}

static void count_untimed(struct locust_row *row)
{
    row->untimed = row->requests > row->times.count ? row->requests - row->times.count : 0;
}

/* What no current rate will ask for is forgotten, unless all of it is wanted. */
static void settle(struct locust_view *v, struct locust_row *row)
{
    count_untimed(row);
    if (row->recent)
        window_push(row->recent, NULL, elapsed_of(v));
    if (!v->config.keep_seconds)
        locust_rate_forget(row->seconds, &row->n_seconds, v->now.now);
}

static int compare_rows(const void *a, const void *b)
{
    const struct locust_row *x = *(struct locust_row *const *)a;
    const struct locust_row *y = *(struct locust_row *const *)b;
    int r = str_cmp(x->name, y->name);

    return r ? r : str_cmp(x->method, y->method);
}

static void list_all(struct locust_view *v)
{
    struct table_entry *e;

    if (v->n_sorted != v->rows.n_live) {
        v->n_sorted = 0;
        table_each(e, &v->rows)
            vec_push(v->sorted, v->n_sorted, v->cap_sorted) = e->value;
        qsort(v->sorted, v->n_sorted, sizeof(*v->sorted), compare_rows);
    }
    if (v->n_listed != v->errors.n_live) {
        v->n_listed = 0;
        table_each(e, &v->errors)
            vec_push(v->listed, v->n_listed, v->cap_listed) = e->value;
    }
}

void locust_view_tick(struct locust_view *v, const struct locust_tick *tick)
{
    size_t n;
    wall_ns before = v->now.now > tick->started ? v->now.now : tick->started;
    wall_ns started = v->now.started > tick->started ? v->now.started : tick->started;

    v->now = *tick;
    v->now.started = started;
    v->total.start = started;
    struct stretch when = {before && before < tick->now ? before : tick->now, tick->now};
    struct snap_series *const *touched = snapshot_touched(v->config.snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        struct place *p = place_of(v, touched[i]);

        if (p->row)
            take_series(v, p, touched[i], when);
    }
    list_all(v);
    for (size_t i = 0; i < v->n_sorted; i++)
        settle(v, v->sorted[i]);
    settle(v, &v->total);
}

/* ---- what there is ---- */

struct locust_tick *locust_view_now(struct locust_view *v)
{
    return &v->now;
}

struct locust_row *const *locust_view_rows(struct locust_view *v, size_t *ret_n)
{
    *ret_n = v->n_sorted;
    return v->sorted;
}

const struct locust_row *locust_view_total(const struct locust_view *v)
{
    return &v->total;
}

struct locust_error *const *locust_view_errors(struct locust_view *v, size_t *ret_n)
{
    *ret_n = v->n_listed;
    return v->listed;
}

/* ---- numbers ---- */

static double current(const struct locust_view *v, const struct locust_row *row,
                      enum locust_rate_of of)
{
    if (!v->total.last)
        return 0;
    return locust_rate_current(row->seconds, row->n_seconds, v->total.start, v->total.last, of);
}

double locust_current_rps(const struct locust_view *v, const struct locust_row *row)
{
    return current(v, row, LOCUST_RATE_REQUESTS);
}

double locust_current_fail_per_s(const struct locust_view *v, const struct locust_row *row)
{
    return current(v, row, LOCUST_RATE_FAILURES);
}

static double by_time(const struct locust_view *v, uint64_t n)
{
    span_ns span = v->total.last - v->total.start;

    return v->total.last && span > 0 ? (double)n * (double)NS_PER_S / (double)span : 0;
}

double locust_total_rps(const struct locust_view *v, const struct locust_row *row)
{
    return by_time(v, row->requests);
}

double locust_total_fail_per_s(const struct locust_view *v, const struct locust_row *row)
{
    return by_time(v, row->failures);
}

double locust_fail_ratio(const struct locust_row *row)
{
    return row->requests ? (double)row->failures / (double)row->requests : 0;
}

double locust_mean(const struct locust_row *row)
{
    return hist_mean(&row->times);
}

double locust_min(const struct locust_row *row)
{
    return row->times.count ? row->times.min : 0;
}

double locust_max(const struct locust_row *row)
{
    return row->times.count ? row->times.max : 0;
}

double locust_median(const struct locust_view *v, const struct locust_row *row)
{
    return v->config.exact ? locust_exact_median(&row->times) : hist_quantile(&row->times, 0.5);
}

static double quantile(const struct locust_view *v, const struct hist *h, double q)
{
    return v->config.exact ? locust_exact_quantile(h, q) : hist_quantile(h, q);
}

double locust_quantile(const struct locust_view *v, const struct locust_row *row, double q)
{
    return quantile(v, &row->times, q);
}

bool locust_recent_quantile(const struct locust_view *v, const struct locust_row *row, double q,
                            double *ret_ms)
{
    const struct hist *h = row->recent ? &window_sum(row->recent)->trend : NULL;

    if (!h || !h->count)
        return false;
    *ret_ms = quantile(v, h, q);
    return true;
}

bool locust_current_quantile(const struct locust_view *v, double q, double *ret_ms)
{
    return locust_recent_quantile(v, &v->total, q, ret_ms);
}

double locust_mean_bytes(const struct locust_row *row)
{
    return row->requests ? row->bytes / (double)row->requests : 0;
}

void locust_times(const struct locust_row *row, locust_time_fn *fn, void *arg)
{
    locust_exact_times(&row->times, fn, arg);
}

void locust_fine_times(const struct locust_view *v, const struct locust_row *row,
                       locust_fine_fn *fn, void *arg)
{
    locust_walk_times(&row->times, v->config.exact ? LOCUST_TIMES_ROUNDED : LOCUST_TIMES_FINE, fn,
                      arg);
}
