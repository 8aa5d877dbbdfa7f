/*
 * A test has a registry and a snapshot of its own, so that its totals are those of the test. When
 * it began is told by no Locust: it is somewhere between two answers, and the earlier one is taken;
 * where there was no earlier one, requests divided by requests a second say when (since 2.15), or
 * the test is as old as an interval.
 */
#include "cli/locust_history.h"

#include <errno.h>
#include <math.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/locust_record.h"
#include "bridge/locust_tally.h"
#include "cli/history_store.h"
#include "cli/run_environment.h"
#include "cli/run_id.h"
#include "report/humanize.h"
#include "store/store_writer.h"

enum {
    RUNS_MAX = 1000, /* what `brunt run` keeps */
    SPARK_MAX = 40,
    TEXT_MAX = 1 << 20,
};

#define STORE_BYTES_MAX (UINT64_C(2048) << 20)
#define AGE_MAX         (7 * 24 * 3600.0) /* seconds; no estimate goes beyond */

static const char note[] =
    "Measured by Locust, and read by the bridge. Requests, failures and users are Locust's own "
    "counts. Locust tells no single response times and no distribution, only quantiles since the "
    "start, rounded to two digits: they are kept as gauges locust_requests_*, and "
    "http_req_duration is empty. The generator is not judged: it is not brunt.";

struct locust_history {
    struct locust_history_options options;
    struct arena arena; /* of the row */
    struct arena moving;
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct locust_tally *tally;
    struct store_writer *writer;
    struct store_run row;
    mono_ns epoch;
    mono_ns last;            /* of the last tick */
    struct locust_row total; /* of the last answer, without its texts */
    double users_max;
    double spark[SPARK_MAX];   /* current 95th percentiles */
    size_t n_spark, per_spark; /* answers that one stands for */
    size_t n_in_spark;
};

/* ---- when it began ---- */

/* NaN when there is no telling. */
static double age_of(const struct locust_stats *stats)
{
    double rate = stats->total.number[LOCUST_N_TOTAL_RPS];
    double requests = stats->total.number[LOCUST_N_REQUESTS];

    return stats->has_total && rate > 0 && requests > 0 ? requests / rate : NAN;
}

static mono_ns epoch_of(const struct locust_begin *begin)
{
    double age = age_of(begin->stats);

    if (begin->before)
        return begin->before;
    if (isfinite(age) && age < AGE_MAX && (mono_ns)(age * (double)NS_PER_S) < begin->at)
        return begin->at - (mono_ns)(age * (double)NS_PER_S);
    return begin->at - begin->interval;
}

/* ---- the row ---- */

typedef void(part_fn)(const struct locust_history *h, struct json_out *j);

static struct str make(const struct locust_history *h, struct arena *arena, part_fn *fn)
{
    scoped(buf_fini) struct buf b = BUF_INIT(TEXT_MAX);
    struct json_out j = JSON_OUT(&b, 0);

    fn(h, &j);
    return arena_str(arena, buf_str(&b));
}

static void put_environment(const struct locust_history *h UNUSED, struct json_out *j)
{
    run_environment_json(j);
}

static void put_number(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    if (isfinite(value)) {
        json_put_f64(j, value);
    } else {
        json_put_null(j);
    }
}

static double counted(const struct locust_history *h, struct str metric)
{
    const struct snap_metric *m = snapshot_find(h->snapshot, metric);

    return m ? m->total.counter.sum : 0;
}

static double failed_share(const struct locust_history *h)
{
    const struct snap_metric *m = snapshot_find(h->snapshot, STR("http_req_failed"));

    return m && m->total.rate.total ? (double)m->total.rate.trues / (double)m->total.rate.total : 0;
}

static double seconds_of(const struct locust_history *h)
{
    return (double)h->row.duration / (double)NS_PER_S;
}

static double rate_of(const struct locust_history *h)
{
    return h->row.duration > 0 ? counted(h, STR("http_reqs")) / seconds_of(h) : 0;
}

/* The same keys as a run of ours has; times as Locust says them. */
static void put_headline(const struct locust_history *h, struct json_out *j)
{
    const double *number = h->total.number;

    json_open_object(j);
    put_number(j, "requests", counted(h, STR("http_reqs")));
    put_number(j, "rate", rate_of(h));
    put_number(j, "iterations", 0);
    put_number(j, "failed", failed_share(h));
    put_number(j, "checks", NAN);
    put_number(j, "p50", number[LOCUST_N_MEDIAN]);
    put_number(j, "p95", number[LOCUST_N_P95]);
    put_number(j, "p99", number[LOCUST_N_P99]);
    put_number(j, "max", number[LOCUST_N_MAX]);
    put_number(j, "vus_max", h->users_max);
    json_key(j, "spark");
    json_open_array(j);
    for (size_t i = 0; i < h->n_spark; i++)
        json_put_f64(j, h->spark[i]);
    json_close(j);
    json_close(j);
}

static struct str tags_of(struct arena *arena, struct str label)
{
    scoped(buf_fini) struct buf b = BUF_INIT(TEXT_MAX);
    struct json_out j = JSON_OUT(&b, 0);

    json_open_object(&j);
    if (label.n) {
        json_key(&j, "master");
        json_put_str(&j, label);
    }
    json_close(&j);
    return arena_str(arena, buf_str(&b));
}

/* "locust@host:8089" of an URL. */
static struct str place_of(struct arena *arena, const char *url)
{
    struct str s = str_of(url);
    size_t at = str_find_str(s, STR("://"));

    s = at < s.n ? str_from_index(s, at + 3) : s;
    at = str_find(s, '@'); /* what stands before may be a password */
    s = at < s.n ? str_from_index(s, at + 1) : s;
    s.n = str_find(s, '/');
    return str_of(arena_printf(arena, "locust@%.*s", STR_ARG(s)));
}

static void make_row(struct locust_history *h, const struct locust_begin *begin)
{
    struct str place = place_of(&h->arena, begin->url);
    struct str script = arena_str(&h->arena, begin->script);
    wall_ns now = clock_wall();

    h->row = (struct store_run){
        .id = run_id_make(&h->arena),
        .name = script.n ? script : place,
        .script = script.n ? script : place,
        .kind = STR("locust"),
        .state = STORE_RUNNING,
        .created = now,
        .started = now - (begin->at - h->epoch),
        .exit_code = -1,
        .note = str_of(note),
        .tags_json = tags_of(&h->arena, begin->label),
        .labels_json = STR("[]"),
        .options_json = STR("{}"),
        .environment_json = make(h, &h->arena, put_environment),
        .thresholds_json = STR("[]"),
        .scenarios_json = STR("[]"),
        .submetrics_json = STR("[]"),
        .generator_json = STR("{}"),
        .outputs_json = STR("{}"),
    };
}

static void refresh_headline(struct locust_history *h)
{
    arena_reset(&h->moving);
    h->row.headline_json = make(h, &h->moving, put_headline);
}

static void write_row(struct locust_history *h)
{
    refresh_headline(h);
    store_writer_update(h->writer, &h->row);
}

/* ---- beginning ---- */

/* On the writer's thread. */
static void on_failure(void *arg, bool is_open, const char *text)
{
    const struct locust_history *h = arg;

    log_warn(h->options.log, "the test is %s kept in the history: %s",
             is_open ? "no longer" : "not", text);
}

static int open_writer(struct locust_history *h)
{
    scoped(freep) char *path = history_path(h->options.store);
    struct store_writer_config config = {
        .path = path,
        .keep = {.max_runs = RUNS_MAX, .max_bytes = STORE_BYTES_MAX},
        .failed = on_failure,
        .arg = h,
    };

    return store_writer_new(&config, &h->writer);
}

int locust_history_new(const struct locust_history_options *options,
                       const struct locust_begin *begin, struct locust_history **ret_history)
{
    struct locust_history *h = xnew(struct locust_history);

    h->options = *options;
    h->registry = metric_registry_new();
    h->snapshot = snapshot_new(&(struct snapshot_config){.registry = h->registry});
    h->tally = locust_tally_new();
    h->epoch = epoch_of(begin);
    h->per_spark = 1;
    int r = open_writer(h);

    if (r < 0) {
        locust_history_free(h);
        return r;
    }
    make_row(h, begin);
    refresh_headline(h);
    store_writer_begin(h->writer, &h->row);
    *ret_history = h;
    return 0;
}

void locust_history_free(struct locust_history *h)
{
    if (!h)
        return;
    store_writer_free(h->writer);
    locust_tally_free(h->tally);
    snapshot_free(h->snapshot);
    metric_registry_free(h->registry);
    arena_fini(&h->arena);
    arena_fini(&h->moving);
    free(h);
}

/* ---- its course ---- */

/* When all places are full, each two become one. */
static void add_spark(struct locust_history *h, double p95)
{
    if (!isfinite(p95) || ++h->n_in_spark < h->per_spark)
        return;
    h->n_in_spark = 0;
    if (h->n_spark == SPARK_MAX) {
        for (size_t i = 0; i < SPARK_MAX / 2; i++)
            h->spark[i] = fmax(h->spark[2 * i], h->spark[2 * i + 1]);
        h->n_spark = SPARK_MAX / 2;
        h->per_spark *= 2;
    }
    h->spark[h->n_spark++] = p95;
}

void locust_history_event(struct locust_history *h, const char *kind, const char *text)
{
    struct store_event e = {
        .at = h->row.started + h->row.duration,
        .elapsed = h->row.duration,
        .kind = str_of(kind),
        .text = str_of(text),
    };

    store_writer_event(h->writer, &e);
}

void locust_history_answer(struct locust_history *h, const struct locust_source *source,
                           struct locust_stats *stats, mono_ns at)
{
    bool went_back = locust_tally_answer(h->tally, stats);

    at = at > h->last ? at : h->last + NS_PER_MS;
    h->last = at;
    locust_tally_put(h->tally, stats);
    snapshot_tick_begin(h->snapshot);
    locust_record(h->snapshot, h->registry, source, h->options.namespace, at);
    snapshot_tick_end(h->snapshot, at);
    memcpy(h->total.number, stats->total.number, sizeof(h->total.number));
    if (stats->users > h->users_max)
        h->users_max = stats->users;
    add_spark(h, stats->p95);
    h->row.duration = at - h->epoch;
    if (went_back) {
        locust_history_event(h, "reset",
                             "Locust's counts began anew: its statistics were reset, or the test "
                             "was stopped and started again between two questions");
    }
    write_row(h);
    store_writer_tick(h->writer, h->snapshot, h->epoch);
}

/* ---- its end ---- */

static void put_time(struct buf *out, const char *name, double ms)
{
    if (!isfinite(ms))
        return;
    buf_printf(out, ", %s ", name);
    humanize(out, ms, CONTAINS_TIME, TIME_UNIT_AUTO);
}

static void put_line(const struct locust_history *h, struct buf *out)
{
    const double *number = h->total.number;

    buf_printf(out, "%.*s: %.0f requests in %.1f s (%.1f/s), ", STR_ARG(h->row.name),
               counted(h, STR("http_reqs")), seconds_of(h), rate_of(h));
    humanize_share(out, failed_share(h));
    buf_puts(out, " failed");
    put_time(out, "median", number[LOCUST_N_MEDIAN]);
    put_time(out, "p95", number[LOCUST_N_P95]);
    put_time(out, "p99", number[LOCUST_N_P99]);
    put_time(out, "max", number[LOCUST_N_MAX]);
    buf_printf(out, "; %s: %.*s; run %.*s\n", store_state_name(h->row.state),
               STR_ARG(h->row.reason), STR_ARG(h->row.id));
}

void locust_history_end(struct locust_history *h, enum store_state state, const char *reason,
                        struct buf *ret_line)
{
    locust_history_event(h, state == STORE_FINISHED ? "stop" : "interrupted", reason);
    h->row.state = state;
    h->row.reason = arena_str(&h->arena, str_of(reason));
    h->row.exit_code = state == STORE_FINISHED ? 0 : -1;
    h->row.ended = h->row.started + h->row.duration;
    store_writer_end(h->writer, h->snapshot, h->epoch);
    write_row(h);
    put_line(h, ret_line);
    /* A failure was told when it came. */
    ignored(store_writer_sync(h->writer));
}
