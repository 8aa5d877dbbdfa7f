/*
 * The figures that LoadPilot has in its file of results, at the top level of ours: programs that
 * read that file read this one. Where brunt has no such thing the value is "" or 0.
 */
#include <math.h>

#include "sink/results.h"

enum {
    ORIGINS_MAX = 64, /* that are told apart */
};

struct origin {
    struct str text;
    double requests;
};

/* "https://host:port" of an URL; empty when it is none. */
static struct str origin_of(struct str url)
{
    size_t at = str_find_str(url, STR("://"));

    if (at == url.n || at == 0)
        return (struct str){.p = ""};
    struct str rest = str_from_index(url, at + 3);
    size_t n = 0;

    while (n < rest.n && !strchr("/?#", rest.p[n]))
        n++;
    return str_from(url.p, at + 3 + n);
}

static struct str series_origin(const struct snap_series *s)
{
    struct str url = {.p = ""};

    if (!tagset_get(s->tags, STR("url"), &url) || !origin_of(url).n)
        tagset_get(s->tags, STR("name"), &url);
    return origin_of(url);
}

static void count(struct origin *origins, size_t *n, const struct snap_series *s)
{
    struct str text = series_origin(s);

    for (size_t i = 0; text.n && i < *n; i++) {
        if (str_eq(origins[i].text, text)) {
            origins[i].requests += s->total.counter.sum;
            return;
        }
    }
    if (text.n && *n < ORIGINS_MAX)
        origins[(*n)++] = (struct origin){text, s->total.counter.sum};
}

/* Where most of the requests went. */
static struct str find_target(const struct snapshot *snapshot)
{
    const struct snap_metric *m = snapshot_find(snapshot, STR("http_reqs"));
    struct origin origins[ORIGINS_MAX];
    struct origin best = {{.p = ""}, 0};
    size_t n = 0;

    for (size_t i = 0; m && i < m->n_series; i++)
        count(origins, &n, m->series[i]);
    for (size_t i = 0; i < n; i++) {
        if (origins[i].requests > best.requests)
            best = origins[i];
    }
    return best.text;
}

static double rounded(double value, double parts)
{
    return round(value * parts) / parts;
}

/* A load of which no step held has no knee. */
static void take_knee(struct results_headline *h, const struct load_knee *knee)
{
    h->has_knee = knee->step > 0;
    if (!h->has_knee)
        return;
    h->knee = (struct results_knee){
        .step = knee->step,
        .total_steps = knee->n_steps,
        .rps = rounded(knee->rps, 100),
        .max_rps = h->rps_target,
        .p99_ms = knee->p99_ms,
        .error_rate_pct = rounded(knee->error_rate_pct, 1000),
    };
}

void results_headline(const struct vocab_run *run, const struct vocab_facts *facts,
                      const struct snapshot *snapshot, struct results_headline *ret)
{
    const struct snap_metric *requests = snapshot_find(snapshot, STR("http_reqs"));
    const struct snap_metric *failed = snapshot_find(snapshot, STR("http_req_failed"));
    const struct snap_metric *duration = snapshot_find(snapshot, STR("http_req_duration"));
    double seconds = (double)facts->elapsed / (double)NS_PER_S;

    *ret = (struct results_headline){
        .scenario = run->scenario.n ? run->scenario : run->run_name,
        .target_url = run->target.n ? run->target : find_target(snapshot),
        .rps_target = facts->target_rate > 0 ? facts->target_rate : 0,
        .duration_secs = seconds,
    };
    take_knee(ret, &facts->knee);
    if (requests)
        ret->requests_total = requests->total.counter.sum;
    if (failed)
        ret->errors_total = (double)failed->total.rate.trues;
    if (ret->requests_total > 0)
        ret->error_rate_pct = rounded(ret->errors_total / ret->requests_total * 100, 1000);
    if (seconds > 0)
        ret->rps_actual = rounded(ret->requests_total / seconds, 100);
    if (!duration || !duration->total.touched)
        return;
    ret->p50_ms = hist_quantile(&duration->total.trend, 0.50);
    ret->p95_ms = hist_quantile(&duration->total.trend, 0.95);
    ret->p99_ms = hist_quantile(&duration->total.trend, 0.99);
    ret->max_ms = duration->total.trend.max;
}

static void put_text(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

/* What is no number in JSON was measured of nothing that a program could use. */
static void put_number(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, isfinite(value) ? value : 0);
}

static void put_knee(struct json_out *j, const struct results_knee *knee)
{
    json_key(j, "knee_point");
    json_open_object(j);
    put_number(j, "step", knee->step);
    put_number(j, "total_steps", knee->total_steps);
    put_number(j, "rps", knee->rps);
    put_number(j, "max_rps", knee->max_rps);
    put_number(j, "p99_ms", knee->p99_ms);
    put_number(j, "error_rate_pct", knee->error_rate_pct);
    json_close(j);
}

void results_headline_put(const struct results_headline *h, struct json_out *j)
{
    put_text(j, "scenario", h->scenario);
    put_text(j, "target_url", h->target_url);
    put_number(j, "rps_target", h->rps_target);
    put_number(j, "rps_actual", h->rps_actual);
    put_number(j, "requests_total", h->requests_total);
    put_number(j, "errors_total", h->errors_total);
    put_number(j, "error_rate_pct", h->error_rate_pct);
    put_number(j, "p50_ms", h->p50_ms);
    put_number(j, "p95_ms", h->p95_ms);
    put_number(j, "p99_ms", h->p99_ms);
    put_number(j, "max_ms", h->max_ms);
    put_number(j, "duration_secs", h->duration_secs);
    if (h->has_knee)
        put_knee(j, &h->knee);
}
