/*
 * A table of paths, each with a function that puts its document. Numbers that are floats in Python
 * are written as such: clients in typed languages tell "0" from "0.0".
 */
#include "web/web_locust.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_out.h"
#include "locust/locust_format.h"
#include "web/web_api.h"

enum {
    ANSWER_BYTES_MAX = 256 << 20,
};

static const double statistics_q[] = {0.95, 0.99};
static const double chart_q[] = {0.5, 0.95};

static const struct locust_quantiles statistics_own = {statistics_q, countof(statistics_q)};
static const struct locust_quantiles chart_own = {chart_q, countof(chart_q)};

static struct locust_quantiles or_own(struct locust_quantiles given, struct locust_quantiles own)
{
    return given.n ? given : own;
}

/* ---- numbers as Python writes them ---- */

static void put_float(struct json_out *j, const char *key, double value)
{
    struct buf text = {0};

    locust_put_float(&text, isfinite(value) ? value : 0);
    json_key(j, key);
    json_put_raw(j, buf_str(&text));
    buf_fini(&text);
}

/* Whole milliseconds. */
static void put_ms(struct json_out *j, const char *key, double ms)
{
    json_key(j, key);
    json_put_u64(j, locust_whole_ms(ms));
}

static void put_median(struct json_out *j, struct locust_view *v, const struct locust_row *row)
{
    struct buf text = {0};

    locust_put_median(v, row, &text);
    json_put_raw(j, buf_str(&text));
    buf_fini(&text);
}

static void put_count(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_u64(j, n);
}

static void put_text(struct json_out *j, const char *key, struct str text)
{
    json_key(j, key);
    json_put_str(j, text);
}

static void quantile_key(double q, char key[64])
{
    char number[JSON_NUMBER_BYTES];

    snprintf(key, 64, "response_time_percentile_%.*s", (int)json_number(q, number), number);
}

/* ---- /stats/requests ---- */

static void put_rates(struct json_out *j, struct locust_view *v, const struct locust_row *row)
{
    put_float(j, "current_rps", locust_current_rps(v, row));
    put_float(j, "current_fail_per_sec", locust_current_fail_per_s(v, row));
    put_float(j, "total_rps", locust_total_rps(v, row));
    put_float(j, "total_fail_per_sec", locust_total_fail_per_s(v, row));
}

static void put_row(const struct web_locust_now *now, struct json_out *j,
                    const struct locust_row *row)
{
    const struct locust_quantiles qs = or_own(now->statistics, statistics_own);

    json_open_object(j);
    put_text(j, "method", row->method);
    put_text(j, "name", row->name);
    put_count(j, "num_requests", row->requests);
    put_count(j, "num_failures", row->failures);
    put_ms(j, "min_response_time", locust_min(row));
    put_ms(j, "max_response_time", locust_max(row));
    put_rates(j, now->view, row);
    put_float(j, "avg_response_time", locust_mean(row));
    json_key(j, "median_response_time");
    put_median(j, now->view, row);
    for (size_t i = 0; i < qs.n; i++) {
        char key[64];

        quantile_key(qs.q[i], key);
        put_ms(j, key, locust_quantile(now->view, row, qs.q[i]));
    }
    put_float(j, "avg_content_length", locust_mean_bytes(row));
    json_close(j);
}

static void put_rows(const struct web_locust_now *now, struct json_out *j)
{
    size_t n = 0;
    struct locust_row *const *rows = locust_view_rows(now->view, &n);

    json_key(j, "stats");
    json_open_array(j);
    for (size_t i = 0; i < n && i < WEB_LOCUST_ROWS_MAX; i++)
        put_row(now, j, rows[i]);
    put_row(now, j, locust_view_total(now->view));
    json_close(j);
}

static void put_errors(const struct web_locust_now *now, struct json_out *j)
{
    size_t n = 0;
    struct locust_error *const *errors = locust_view_errors(now->view, &n);

    json_key(j, "errors");
    json_open_array(j);
    for (size_t i = 0; i < n && i < WEB_LOCUST_ERRORS_MAX; i++) {
        json_open_object(j);
        put_text(j, "method", errors[i]->method);
        put_text(j, "name", errors[i]->name);
        put_text(j, "error", errors[i]->text);
        put_count(j, "occurrences", errors[i]->occurrences);
        put_float(j, "first_seen", (double)errors[i]->first_seen / 1e9);
        put_float(j, "last_seen", (double)errors[i]->last_seen / 1e9);
        json_close(j);
    }
    json_close(j);
}

static void put_current(const struct web_locust_now *now, struct json_out *j)
{
    const struct locust_quantiles qs = or_own(now->chart, chart_own);

    json_key(j, "current_response_time_percentiles");
    json_open_object(j);
    for (size_t i = 0; i < qs.n; i++) {
        char key[64];
        double ms = 0;

        quantile_key(qs.q[i], key);
        if (locust_current_quantile(now->view, qs.q[i], &ms)) {
            put_ms(j, key, ms);
        } else {
            json_key(j, key);
            json_put_null(j);
        }
    }
    json_close(j);
}

static void put_workers(const struct web_locust_now *now, struct json_out *j)
{
    json_key(j, "workers");
    json_open_array(j);
    for (size_t i = 0; i < now->n_workers; i++) {
        const struct web_locust_worker *w = &now->workers[i];

        json_open_object(j);
        put_text(j, "id", str_of(w->id));
        put_text(j, "state", str_of(w->state));
        put_count(j, "user_count", w->users);
        put_float(j, "cpu_usage", w->cpu);
        put_count(j, "memory_usage", w->memory);
        json_close(j);
    }
    json_close(j);
    put_count(j, "worker_count", now->n_workers);
}

static void requests(const struct web_locust_now *now, struct web_answer *a)
{
    struct json_out j = JSON_OUT(&a->body, 0);
    const struct locust_row *total = locust_view_total(now->view);

    json_open_object(&j);
    put_rows(now, &j);
    put_errors(now, &j);
    put_rates(&j, now->view, total);
    put_float(&j, "fail_ratio", locust_fail_ratio(total));
    put_current(now, &j);
    if (now->is_distributed)
        put_workers(now, &j);
    put_text(&j, "state", str_of(locust_state_name(now->state)));
    put_count(&j, "user_count", now->users);
    json_close(&j);
}

/* ---- the other documents ---- */

static void exceptions(const struct web_locust_now *now, struct web_answer *a)
{
    struct json_out j = JSON_OUT(&a->body, 0);

    json_open_object(&j);
    json_key(&j, "exceptions");
    json_open_array(&j);
    for (size_t i = 0; i < now->n_exceptions; i++) {
        const struct locust_exception *e = &now->exceptions[i];

        json_open_object(&j);
        put_count(&j, "count", e->count);
        put_text(&j, "msg", e->message);
        put_text(&j, "traceback", e->traceback);
        put_text(&j, "nodes", e->nodes);
        json_close(&j);
    }
    json_close(&j);
    json_close(&j);
}

static void tasks(const struct web_locust_now *now, struct web_answer *a)
{
    if (now->tasks.n)
        buf_putstr(&a->body, now->tasks);
    else
        buf_puts(&a->body, "{\"per_class\":{},\"total\":{}}");
}

static void logs(const struct web_locust_now *now, struct web_answer *a)
{
    struct json_out j = JSON_OUT(&a->body, 0);

    json_open_object(&j);
    json_key(&j, "master");
    if (now->put_logs) {
        now->put_logs(now->put_logs_arg, &j);
    } else {
        json_open_array(&j);
        json_close(&j);
    }
    json_key(&j, "workers");
    json_open_object(&j);
    json_close(&j);
    json_close(&j);
}

static void worker_count(const struct web_locust_now *now, struct web_answer *a)
{
    buf_printf(&a->body, "{\"worker_count\":%zu}", now->n_workers);
}

/* ---- files ---- */

static bool is_plain(char c)
{
    return ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
}

/* What a shell or a file system could take amiss becomes an underscore. */
static void put_name(struct buf *out, const char *text)
{
    for (; text && *text; text++)
        buf_putc(out, is_plain(*text) ? *text : '_');
}

/* "Locust_2026-01-02-03h04_locustfile.py_http___host_requests.csv" */
static void name_file(const struct web_locust_now *now, const char *what, struct web_answer *a)
{
    scoped(buf_fini) struct buf name = {0};
    time_t at = (time_t)((now->started ? now->started : clock_wall()) / NS_PER_S);
    char text[32];
    struct tm tm;

    strftime(text, sizeof(text), "%Y-%m-%d-%Hh%M", localtime_r(&at, &tm));
    buf_printf(&name, "Locust_%s_", text);
    put_name(&name, now->locustfile);
    if (now->host && now->host[0]) {
        buf_putc(&name, '_');
        put_name(&name, now->host);
    }
    /* The end says what it is: of a name that is too long, the middle goes. */
    size_t n_end = strlen(what) + sizeof("_.csv");

    if (name.len + n_end > sizeof(a->filename))
        name.len = sizeof(a->filename) - n_end;
    snprintf(a->filename, sizeof(a->filename), "%.*s_%s.csv", (int)name.len, name.data, what);
}

static void requests_csv(const struct web_locust_now *now, struct web_answer *a)
{
    locust_csv_stats(now->view, or_own(now->report, locust_quantiles_report), &a->body);
    name_file(now, "requests", a);
}

static void failures_csv(const struct web_locust_now *now, struct web_answer *a)
{
    locust_csv_failures(now->view, &a->body);
    name_file(now, "failures", a);
}

static void exceptions_csv(const struct web_locust_now *now, struct web_answer *a)
{
    locust_csv_exceptions(now->exceptions, now->n_exceptions, &a->body);
    name_file(now, "exceptions", a);
}

static int read_file(const char *path, struct buf *ret_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fault(-errno, "cannot read '%s': %m", path);
    int r = file_read_all(fd, ret_bytes);

    close(fd);
    return r < 0 ? r : 0;
}

static void history_csv(const struct web_locust_now *now, struct web_answer *a)
{
    if (!now->history) {
        web_locust_text(a, 404,
                        "Error: Server was not started with option to generate full history.");
        return;
    }
    if (read_file(now->history, &a->body) < 0) {
        web_locust_text(a, 500, "Error: The file with the history cannot be read.");
        fault_clear();
        return;
    }
    name_file(now, "requests_full_history", a);
}

/* ---- paths ---- */

static const char json_type[] = "application/json";
static const char csv_type[] = "text/csv; charset=utf-8";

static const struct {
    const char *path, *type;
    void (*put)(const struct web_locust_now *now, struct web_answer *a);
} documents[] = {
    {"/stats/requests", json_type, requests},
    {"/stats/requests/csv", csv_type, requests_csv},
    {"/stats/failures/csv", csv_type, failures_csv},
    {"/stats/requests_full_history/csv", csv_type, history_csv},
    {"/exceptions", json_type, exceptions},
    {"/exceptions/csv", csv_type, exceptions_csv},
    {"/tasks", json_type, tasks},
    {"/logs", json_type, logs},
    {"/worker-count", json_type, worker_count},
};

bool web_locust_answer(const struct web_locust_now *now, struct str path, struct web_answer *a)
{
    for (size_t i = 0; i < countof(documents); i++) {
        if (!str_is(path, documents[i].path))
            continue;
        a->status = 200;
        a->content_type = documents[i].type;
        a->body.limit = ANSWER_BYTES_MAX;
        documents[i].put(now, a);
        return true;
    }
    return false;
}

void web_locust_json(struct web_answer *a, struct str json)
{
    a->status = 200;
    a->content_type = json_type;
    buf_putstr(&a->body, json);
}

void web_locust_text(struct web_answer *a, unsigned status, const char *text)
{
    a->status = status;
    a->content_type = "text/html; charset=utf-8";
    buf_reset(&a->body);
    buf_puts(&a->body, text);
}
