#include "cli/compare_plain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "report/comparison.h"
#include "report/doc_run.h"

static const struct {
    const char *name, *metric, *stat, *contains, *unit;
    bool higher_is_better;
    double scale; /* to what the document has */
} figures[PLAIN_COUNT] = {
    [PLAIN_RPS] = {"RPS actual", "http_reqs", "rate", "default", "", true, 1},
    [PLAIN_P50] = {"p50", "http_req_duration", "p(50)", "time", "ms", false, 1},
    [PLAIN_P95] = {"p95", "http_req_duration", "p(95)", "time", "ms", false, 1},
    [PLAIN_P99] = {"p99", "http_req_duration", "p(99)", "time", "ms", false, 1},
    [PLAIN_MAX] = {"Max latency", "http_req_duration", "max", "time", "ms", false, 1},
    [PLAIN_ERRORS] = {"Error rate", "http_req_failed", "rate", "default", "%", false, 0.01},
};

const char *plain_name(enum plain_figure figure)
{
    return figures[figure].name;
}

const char *plain_name_of(const char *metric, const char *stat)
{
    for (size_t i = 0; i < PLAIN_COUNT; i++) {
        if (strcmp(figures[i].metric, metric) == 0 && strcmp(figures[i].stat, stat) == 0)
            return figures[i].name;
    }
    return NULL;
}

/* In percent; from nothing to something there is no number for it, and yet it is one. */
static double difference(double current, double baseline)
{
    if (baseline != 0)
        return 100 * (current - baseline) / fabs(baseline);
    return current > 0 ? INFINITY : 0;
}

/* LoadPilot cuts latencies to whole milliseconds: its 0 is all that is below 1. */
static double in_whole_ms(double ms)
{
    return fmax(floor(ms), 1);
}

bool compare_plain(const struct compare_run *current, const struct compare_run *baseline,
                   double threshold_pct, struct plain_row ret_rows[PLAIN_COUNT])
{
    bool any = false;

    bool whole_ms = !current->measured || !baseline->measured;

    for (size_t i = 0; i < PLAIN_COUNT; i++) {
        double c = current->plain[i], b = baseline->plain[i];
        bool is_time = strcmp(figures[i].contains, "time") == 0;
        double diff =
            is_time && whole_ms ? difference(in_whole_ms(c), in_whole_ms(b)) : difference(c, b);
        bool worse = (figures[i].higher_is_better ? -diff : diff) >= threshold_pct;

        ret_rows[i] = (struct plain_row){figures[i].name, c, b, diff, worse};
        any = any || worse;
    }
    return any;
}

void plain_put_text(const struct plain_row rows[PLAIN_COUNT], struct buf *out)
{
    buf_printf(out, "  %-12s %14s %14s %10s\n", "Metric", "Baseline", "Current", "Diff");
    for (size_t i = 0; i < PLAIN_COUNT; i++) {
        const struct plain_row *r = &rows[i];
        char diff[32] = "from 0";

        if (isfinite(r->diff_pct))
            snprintf(diff, sizeof(diff), "%+.1f%%", r->diff_pct);
        buf_printf(out, "  %-12s %12.2f%-2s %12.2f%-2s %10s%s\n", r->name, r->baseline,
                   figures[i].unit, r->current, figures[i].unit, diff,
                   r->regressed ? "  worse" : "");
    }
    buf_putc(out, '\n');
}

static void put_number(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, value);
}

static void put_text(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void put_row(struct json_out *j, size_t i, const struct plain_row *r)
{
    static const char *const unknown[] = {"low_pct", "high_pct", "p_value"};

    json_open_object(j);
    put_text(j, "metric", figures[i].metric);
    put_text(j, "by", "");
    json_key(j, "tags");
    json_open_object(j);
    json_close(j);
    put_text(j, "stat", figures[i].stat);
    put_text(j, "contains", figures[i].contains);
    put_text(j, "better", figures[i].higher_is_better ? "higher" : "lower");
    put_number(j, "current", r->current * figures[i].scale);
    put_number(j, "baseline", r->baseline * figures[i].scale);
    put_number(j, "delta_pct", r->diff_pct);
    for (size_t k = 0; k < 3; k++)
        put_number(j, unknown[k], NAN);
    put_text(j, "verdict", r->regressed ? "worse" : "unclear");
    put_text(j, "why", "arithmetic only");
    json_close(j);
}

void plain_put_json(const struct compare_run *current, const struct compare_run *baseline,
                    const struct plain_row rows[PLAIN_COUNT], double threshold_pct, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);
    bool any = false;

    for (size_t i = 0; i < PLAIN_COUNT; i++)
        any = any || rows[i].regressed;
    json_open_object(&j);
    put_text(&j, "format", COMPARISON_FORMAT);
    json_key(&j, "version");
    json_put_int(&j, COMPARISON_VERSION);
    json_key(&j, "current");
    doc_put_run(&j, &current->run, NULL, DOC_RUN_LISTED);
    json_key(&j, "baseline");
    doc_put_run(&j, &baseline->run, NULL, DOC_RUN_LISTED);
    put_text(&j, "verdict", any ? "worse" : "unclear");
    put_number(&j, "threshold_pct", threshold_pct);
    put_number(&j, "confidence", 0);
    json_key(&j, "notes");
    json_open_array(&j);
    json_put_cstr(&j, "differences in percent, without regard to chance (LoadPilot's rule)");
    json_close(&j);
    json_key(&j, "rows");
    json_open_array(&j);
    for (size_t i = 0; i < PLAIN_COUNT; i++)
        put_row(&j, i, &rows[i]);
    json_close(&j);
    json_close(&j);
    buf_putc(out, '\n');
}
