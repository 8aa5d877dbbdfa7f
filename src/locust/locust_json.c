#include "locust/locust_json.h"

#include <stdio.h>

#include "base/json_out.h"
#include "locust/locust_rate.h"
#include "locust/locust_view.h"

static void put_seconds_since_epoch(struct json_out *j, wall_ns when)
{
    if (when)
        json_put_f64(j, (double)(when / NS_PER_US) / 1e6);
    else
        json_put_null(j);
}

static void put_row_head(struct json_out *j, const struct locust_row *row)
{
    json_key(j, "name");
    json_put_str(j, row->name);
    json_key(j, "method");
    json_put_str(j, row->method);
    json_key(j, "last_request_timestamp");
    put_seconds_since_epoch(j, row->last);
    json_key(j, "start_time");
    put_seconds_since_epoch(j, row->start);
    json_key(j, "num_requests");
    json_put_u64(j, row->requests);
    json_key(j, "num_none_requests");
    json_put_u64(j, row->untimed);
    json_key(j, "num_failures");
    json_put_u64(j, row->failures);
    json_key(j, "total_response_time");
    json_put_f64(j, row->times.sum);
    json_key(j, "max_response_time");
    json_put_f64(j, locust_max(row));
    json_key(j, "min_response_time");
    if (row->times.count)
        json_put_f64(j, locust_min(row));
    else
        json_put_null(j);
    json_key(j, "total_content_length");
    json_put_f64(j, row->bytes);
}

static void put_time(void *arg, uint64_t ms, uint64_t n)
{
    struct json_out *j = arg;
    char key[24];

    snprintf(key, sizeof(key), "%llu", (unsigned long long)ms);
    json_key(j, key);
    json_put_u64(j, n);
}

static void put_seconds(struct json_out *j, const struct locust_row *row, enum locust_rate_of of)
{
    char key[24];

    json_open_object(j);
    for (size_t i = 0; i < row->n_seconds; i++) {
        const struct locust_second *s = &row->seconds[i];
        uint64_t n = of == LOCUST_RATE_REQUESTS ? s->requests : s->failures;

        if (!n)
            continue;
        snprintf(key, sizeof(key), "%lld", (long long)s->second);
        json_key(j, key);
        json_put_u64(j, n);
    }
    json_close(j);
}

void locust_json_stats(struct locust_view *v, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 4);
    size_t n;
    struct locust_row *const *rows = locust_view_rows(v, &n);

    json_open_array(&j);
    for (size_t i = 0; i < n; i++) {
        json_open_object(&j);
        put_row_head(&j, rows[i]);
        json_key(&j, "response_times");
        json_open_object(&j);
        locust_times(rows[i], put_time, &j);
        json_close(&j);
        json_key(&j, "num_reqs_per_sec");
        put_seconds(&j, rows[i], LOCUST_RATE_REQUESTS);
        json_key(&j, "num_fail_per_sec");
        put_seconds(&j, rows[i], LOCUST_RATE_FAILURES);
        json_close(&j);
    }
    json_close(&j);
    buf_putc(out, '\n');
}

/* ---- for the script ---- */

static void put_pair(void *arg, double ms, uint64_t n)
{
    struct json_out *j = arg;

    json_open_array(j);
    json_put_f64(j, ms);
    json_put_u64(j, n);
    json_close(j);
}

static void put_final_row(struct json_out *j, const struct locust_view *v,
                          const struct locust_row *row)
{
    json_open_object(j);
    put_row_head(j, row);
    json_key(j, "current_rps");
    json_put_f64(j, locust_current_rps(v, row));
    json_key(j, "current_fail_per_sec");
    json_put_f64(j, locust_current_fail_per_s(v, row));
    json_key(j, "times");
    json_open_array(j);
    locust_fine_times(v, row, put_pair, j);
    json_close(j);
    json_close(j);
}

static void put_error(struct json_out *j, const struct locust_error *e)
{
    json_open_object(j);
    json_key(j, "method");
    json_put_str(j, e->method);
    json_key(j, "name");
    json_put_str(j, e->name);
    json_key(j, "error");
    json_put_str(j, e->text);
    json_key(j, "occurrences");
    json_put_u64(j, e->occurrences);
    json_key(j, "first_seen");
    put_seconds_since_epoch(j, e->first_seen);
    json_key(j, "last_seen");
    put_seconds_since_epoch(j, e->last_seen);
    json_close(j);
}

void locust_json_final(struct locust_view *v, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);
    size_t n;
    struct locust_row *const *rows = locust_view_rows(v, &n);

    json_open_object(&j);
    json_key(&j, "total");
    put_final_row(&j, v, locust_view_total(v));
    json_key(&j, "entries");
    json_open_array(&j);
    for (size_t i = 0; i < n && i < LOCUST_FINAL_MAX; i++)
        put_final_row(&j, v, rows[i]);
    json_close(&j);
    struct locust_error *const *errors = locust_view_errors(v, &n);

    json_key(&j, "errors");
    json_open_array(&j);
    for (size_t i = 0; i < n && i < LOCUST_FINAL_MAX; i++)
        put_error(&j, errors[i]);
    json_close(&j);
    json_close(&j);
}
