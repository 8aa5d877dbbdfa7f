#include "cli/compare_run.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/history_store.h"
#include "report/measured.h"
#include "sink/results.h"

/* What a file of LoadPilot calls the figures. */
static const char *const loadpilot_keys[PLAIN_COUNT] = {
    [PLAIN_RPS] = "rps_actual", [PLAIN_P50] = "p50_ms", [PLAIN_P95] = "p95_ms",
    [PLAIN_P99] = "p99_ms",     [PLAIN_MAX] = "max_ms", [PLAIN_ERRORS] = "error_rate_pct",
};

/* Where a measured run has them. */
static const struct {
    const char *metric, *stat;
    double scale;
} places[PLAIN_COUNT] = {
    [PLAIN_RPS] = {"http_reqs", "rate", 1},
    [PLAIN_P50] = {"http_req_duration", "p(50)", 1},
    [PLAIN_P95] = {"http_req_duration", "p(95)", 1},
    [PLAIN_P99] = {"http_req_duration", "p(99)", 1},
    [PLAIN_MAX] = {"http_req_duration", "max", 1},
    [PLAIN_ERRORS] = {"http_req_failed", "rate", 100},
};

static void fill_plain(struct compare_run *r)
{
    for (size_t i = 0; i < PLAIN_COUNT; i++) {
        const struct snap_metric *m =
            snapshot_find(r->measured->snapshot, str_of(places[i].metric));
        struct stat_name stat;

        if (m && snap_metric_observed(m) && stat_parse(str_of(places[i].stat), &stat))
            r->plain[i] = places[i].scale * snap_metric_stat(m, stat, r->measured->seconds);
    }
}

/* ---- of the history ---- */

int compare_run_load_key(struct store *store, int64_t key, double confidence,
                         struct compare_run *ret_run)
{
    *ret_run = (struct compare_run){0};
    TRY(history_fault(store_run_get(store, key, &ret_run->arena, &ret_run->run), "#"));
    TRY(measured_load(store, key, MEASURED_WITHIN, confidence, &ret_run->measured));
    ret_run->name = xasprintf("%.*s", STR_ARG(ret_run->run.id));
    ret_run->scenario = ret_run->run.name;
    fill_plain(ret_run);
    return 0;
}

static int load_stored(struct store *store, const char *text, double confidence,
                       struct compare_run *r)
{
    int64_t key = 0;

    if (!store) {
        return fault(-ENOENT, "there is no file '%s', and no history that could have such a run",
                     text);
    }
    TRY(history_find(store, text, &key));
    return compare_run_load_key(store, key, confidence, r);
}

/* ---- files ---- */

/* As --results-json names them; LoadPilot's files say nothing of it. */
static enum store_state state_of(struct str status)
{
    return str_is(status, "stopped")   ? STORE_STOPPED
           : str_is(status, "failed")  ? STORE_FAILED
           : str_is(status, "running") ? STORE_RUNNING
                                       : STORE_FINISHED;
}

static int read_ours(struct compare_run *r, struct str text, const char *path, double confidence)
{
    if (results_read(text, &r->results) != 0)
        return fault(-EINVAL, "'%s': %s", path, fault_text());
    const struct results_headline *h = &r->results->headline;

    r->run.id = r->results->run.run_id;
    r->run.name = r->results->run.run_name;
    r->run.state = state_of(r->results->run.run_status);
    r->scenario = h->scenario;
    r->run.duration = (span_ns)(h->duration_secs * 1e9);
    r->measured = measured_of_snapshot(r->results->snapshot, h->duration_secs, confidence);
    fill_plain(r);
    return 0;
}

static int read_loadpilot(struct compare_run *r, const json_t *file, const char *path)
{
    const char *scenario = json_string_value(json_object_get(file, "scenario"));

    for (size_t i = 0; i < PLAIN_COUNT; i++) {
        const json_t *v = json_object_get(file, loadpilot_keys[i]);

        if (!json_is_number(v)) {
            return fault(-EINVAL,
                         "'%s' is no file of results: it has no number '%s' (expected is what "
                         "--results-json or --save-baseline writes)",
                         path, loadpilot_keys[i]);
        }
        r->plain[i] = json_number_value(v);
    }
    r->scenario = arena_str(&r->arena, str_of(scenario ? scenario : ""));
    r->run.id = r->run.name = r->scenario;
    r->run.state = STORE_FINISHED;
    return 0;
}

static int read_json(struct compare_run *r, struct str text, const char *path, double confidence)
{
    json_error_t error;
    json_t *file = json_loadb(text.p, text.n, 0, &error);
    int code;

    if (!file)
        return fault(-EINVAL, "'%s' is not JSON: line %d: %s", path, error.line, error.text);
    const char *format = json_string_value(json_object_get(file, "format"));

    code = format && strcmp(format, RESULTS_FORMAT) == 0 ? read_ours(r, text, path, confidence)
                                                         : read_loadpilot(r, file, path);
    json_decref(file);
    return code;
}

static int load_file(struct compare_run *r, const char *path, double confidence)
{
    scoped(buf_fini) struct buf text = BUF_INIT(RESULTS_BYTES_MAX);

    r->name = xstrdup(path);
    TRY(cli_read_file(path, &text));
    return read_json(r, buf_str(&text), path, confidence);
}

int compare_run_load(struct store *store, const char *text, double confidence,
                     struct compare_run *ret_run)
{
    struct str ends = str_of(text);

    *ret_run = (struct compare_run){0};
    /* What looks like a file and is none is to be called that. */
    if (access(text, F_OK) == 0 || strchr(text, '/') || str_ends(ends, STR(".json")))
        return load_file(ret_run, text, confidence);
    return load_stored(store, text, confidence, ret_run);
}

void compare_run_fini(struct compare_run *r)
{
    measured_free(r->measured);
    results_free(r->results);
    arena_fini(&r->arena);
    free(r->name);
    *r = (struct compare_run){0};
}
