/* Results as JSON: the snapshot's series by metric, in the order in which they came. */
#include "base/base64.h"
#include "metric/exception_json.h"
#include "sink/results.h"

static void put_text(struct json_out *j, const char *key, struct str value)
{
    if (!value.n)
        return;
    json_key(j, key);
    json_put_str(j, value);
}

static void put_run(struct json_out *j, const struct vocab_run *run,
                    const struct vocab_facts *facts)
{
    json_open_object(j);
    put_text(j, "id", run->run_id);
    put_text(j, "name", run->run_name);
    put_text(j, "status", run->run_status);
    put_text(j, "companyId", run->company_id);
    put_text(j, "companyName", run->company_name);
    put_text(j, "projectId", run->project_id);
    put_text(j, "projectName", run->project_name);
    put_text(j, "timelineAssetId", run->timeline_asset_id);
    put_text(j, "timelineName", run->timeline_name);
    put_text(j, "geoLocation", run->geo_location);
    json_key(j, "started_ms");
    json_put_int(j, facts->started / NS_PER_MS);
    json_key(j, "ended_ms");
    json_put_int(j, facts->now / NS_PER_MS);
    json_key(j, "elapsed_ms");
    json_put_int(j, facts->elapsed / NS_PER_MS);
    json_key(j, "vus");
    json_put_u64(j, facts->vus);
    json_key(j, "vus_max");
    json_put_u64(j, facts->vus_max);
    json_key(j, "loops");
    json_put_u64(j, facts->n_loops);
    json_close(j);
}

static void put_number(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, value);
}

static void put_count(struct json_out *j, const char *key, uint64_t value)
{
    json_key(j, key);
    json_put_u64(j, value);
}

static void put_hist(struct json_out *j, const struct hist *h)
{
    scoped(buf_fini) struct buf bytes = {0}, text = {0};

    hist_encode(h, &bytes);
    ignored(base64_encode(BASE64_STD, buf_str(&bytes), &text));
    json_key(j, "hist");
    json_put_str(j, buf_str(&text));
}

static void put_value(struct json_out *j, const struct value *v, enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        put_number(j, "sum", v->counter.sum);
        put_count(j, "n", v->counter.n);
        break;
    case METRIC_GAUGE:
        put_number(j, "last", v->gauge.last);
        put_number(j, "min", v->gauge.min);
        put_number(j, "max", v->gauge.max);
        put_count(j, "n", v->gauge.n);
        break;
    case METRIC_RATE:
        put_count(j, "trues", v->rate.trues);
        put_count(j, "total", v->rate.total);
        break;
    case METRIC_TREND:
        put_hist(j, &v->trend);
        break;
    }
}

static void put_tags(struct json_out *j, const struct tag *tags, size_t n)
{
    json_key(j, "tags");
    json_open_object(j);
    for (size_t i = 0; i < n; i++) {
        json_key_str(j, tags[i].key);
        json_put_str(j, tags[i].value);
    }
    json_close(j);
}

static void put_metric(struct json_out *j, const struct snap_metric *m)
{
    json_open_object(j);
    json_key(j, "name");
    json_put_cstr(j, m->name);
    json_key(j, "type");
    json_put_cstr(j, metric_type_name(m->def->type));
    json_key(j, "contains");
    json_put_cstr(j, metric_contains_name(m->def->contains));
    json_key(j, "series");
    json_open_array(j);
    for (size_t i = 0; i < m->n_series; i++) {
        const struct snap_series *s = m->series[i];

        json_open_object(j);
        put_tags(j, s->tags->tags, s->tags->n);
        put_value(j, &s->total, m->def->type);
        json_close(j);
    }
    json_close(j);
    json_close(j);
}

void results_put_point(const struct point *p, struct str name, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    json_open_object(&j);
    json_key(&j, "name");
    json_put_str(&j, name);
    json_key(&j, "time_ms");
    json_put_int(&j, p->at / NS_PER_MS);
    json_key(&j, "value");
    json_put_f64(&j, p->value);
    put_tags(&j, p->labels, p->n_labels);
    json_close(&j);
}

static void put_exceptions(struct json_out *j, const struct vocab_facts *facts)
{
    if (!facts->n_exceptions)
        return;
    json_key(j, "exceptions");
    json_open_array(j);
    for (size_t i = 0; i < facts->n_exceptions; i++)
        exception_put_json(j, facts->exceptions[i], facts->started);
    json_close(j);
}

void results_put(const struct vocab_run *run, const struct vocab_facts *facts,
                 const struct snapshot *snapshot, struct str points, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);
    struct results_headline headline;
    size_t n;
    struct snap_metric *const *metrics = snapshot_metrics(snapshot, &n);

    json_open_object(&j);
    json_key(&j, "format");
    json_put_cstr(&j, RESULTS_FORMAT);
    json_key(&j, "version");
    json_put_int(&j, RESULTS_VERSION);
    results_headline(run, facts, snapshot, &headline);
    results_headline_put(&headline, &j);
    json_key(&j, "run");
    put_run(&j, run, facts);
    json_key(&j, "metrics");
    json_open_array(&j);
    for (size_t i = 0; i < n; i++) {
        if (!metrics[i]->parent && metrics[i]->n_series)
            put_metric(&j, metrics[i]);
    }
    json_close(&j);
    put_exceptions(&j, facts);
    json_key(&j, "points");
    json_put_raw(&j, STR("["));
    buf_putstr(out, points);
    buf_puts(out, "]");
    json_close(&j);
    buf_putc(out, '\n');
}
