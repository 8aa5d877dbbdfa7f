/*
 * The summary as JSON, in the three shapes that scripts and tools know: what handleSummary() takes,
 * the older one of --summary-export, and the newer machine-readable one.
 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/json_out.h"
#include "report/doc_json.h"
#include "report/summary_priv.h"

/* How the two shapes of data and export differ. */
enum shape {
    SHAPE_DATA,
    SHAPE_EXPORT,
};

/* --- groups --- */

static void put_id(struct json_out *j, struct str path)
{
    unsigned char digest[HASH_MAX_BYTES];
    char hex[2 * HASH_MAX_BYTES + 1] = {0};

    /* A library that refuses MD5 leaves the ids empty: they identify, they protect nothing. */
    if (hash_bytes_of(HASH_MD5, path.p ? path.p : "", path.n, digest) == 0) {
        hex_write(digest, hash_size(HASH_MD5), hex);
    }
    json_key(j, "id");
    json_put_cstr(j, hex);
}

static void open_list(struct json_out *j, const char *key, enum shape shape)
{
    json_key(j, key);
    if (shape == SHAPE_EXPORT) {
        json_open_object(j);
    } else {
        json_open_array(j);
    }
}

static void put_check(struct json_out *j, const struct summary_check *c, struct str group,
                      enum shape shape)
{
    struct buf path = {0};

    buf_printf(&path, "%.*s::%.*s", STR_ARG(group), STR_ARG(c->name));
    if (shape == SHAPE_EXPORT)
        json_key_str(j, c->name);
    json_open_object(j);
    json_key(j, "name");
    json_put_str(j, c->name);
    json_key(j, "path");
    json_put_str(j, buf_str(&path));
    put_id(j, buf_str(&path));
    json_key(j, "passes");
    json_put_u64(j, c->passes);
    json_key(j, "fails");
    json_put_u64(j, c->fails);
    json_close(j);
    buf_fini(&path);
}

static void put_group(struct json_out *j, const struct summary_group *g, enum shape shape)
{
    json_open_object(j);
    json_key(j, "name");
    json_put_str(j, g->name);
    json_key(j, "path");
    json_put_str(j, g->path);
    put_id(j, g->path);
    open_list(j, "groups", shape);
    for (size_t i = 0; i < g->groups.n; i++) {
        if (j->depth + 8 > JSON_DEPTH_MAX)
            break; /* deeper groups than anybody can read */
        if (shape == SHAPE_EXPORT)
            json_key_str(j, g->groups.items[i].name);
        put_group(j, &g->groups.items[i], shape);
    }
    json_close(j);
    open_list(j, "checks", shape);
    for (size_t i = 0; i < g->checks.n; i++)
        put_check(j, &g->checks.items[i], g->path, shape);
    json_close(j);
    json_close(j);
}

/* --- metrics --- */

static void put_number(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, value);
}

/* Members of `values`; the export calls a rate's share its value. */
static void put_values(struct json_out *j, const struct summary *s, const struct summary_metric *m,
                       enum shape shape)
{
    static const char *const counter[] = {"count", "rate"};
    static const char *const gauge[] = {"value", "min", "max"};
    const struct plan_strings *stats = &s->in.options->summary_trend_stats;
    const char *const *names = stats->items;
    size_t n = stats->n;

    if (m->def->type == METRIC_RATE) {
        put_number(j, shape == SHAPE_EXPORT ? "value" : "rate", summary_stat(s, m, "rate"));
        json_key(j, "passes");
        json_put_u64(j, m->value->rate.trues);
        json_key(j, "fails");
        json_put_u64(j, m->value->rate.total - m->value->rate.trues);
        return;
    }
    if (m->def->type == METRIC_COUNTER) {
        names = counter;
        n = countof(counter);
    } else if (m->def->type == METRIC_GAUGE) {
        names = gauge;
        n = countof(gauge);
    }
    for (size_t i = 0; i < n; i++)
        put_number(j, names[i], summary_stat(s, m, names[i]));
}

static void put_threshold_key(struct json_out *j, const struct threshold *t)
{
    struct buf name = {0};

    summary_threshold_name(t, &name);
    json_key_str(j, buf_str(&name));
    buf_fini(&name);
}

static void put_thresholds(struct json_out *j, const struct summary_metric *m, enum shape shape)
{
    if (!m->n_thresholds)
        return;
    json_key(j, "thresholds");
    json_open_object(j);
    for (size_t i = 0; i < m->n_thresholds; i++) {
        bool failed = m->thresholds[i]->state == THRESHOLD_FAILED;

        if (m->thresholds[i]->state == THRESHOLD_UNJUDGED)
            continue;
        put_threshold_key(j, m->thresholds[i]);
        if (shape == SHAPE_EXPORT) {
            json_put_bool(j, failed);
            continue;
        }
        json_open_object(j);
        json_key(j, "ok");
        json_put_bool(j, !failed);
        json_close(j);
    }
    json_close(j);
}

static void put_metric(struct json_out *j, const struct summary *s, const struct summary_metric *m,
                       enum shape shape)
{
    json_key(j, m->name);
    json_open_object(j);
    if (shape == SHAPE_DATA) {
        json_key(j, "type");
        json_put_cstr(j, metric_type_name(m->def->type));
        json_key(j, "contains");
        json_put_cstr(j, metric_contains_name(m->def->contains));
        json_key(j, "values");
        json_open_object(j);
    }
    put_values(j, s, m, shape);
    if (shape == SHAPE_DATA)
        json_close(j);
    put_thresholds(j, m, shape);
    json_close(j);
}

static void put_metrics(struct json_out *j, const struct summary *s, enum shape shape)
{
    json_key(j, "metrics");
    json_open_object(j);
    for (size_t i = 0; i < s->metrics.n; i++) {
        const struct summary_metric *m = &s->metrics.items[i];

        /* A script that prints what it is given prints what it does under k6. */
        if (shape == SHAPE_DATA && summary_is_own(m) && !m->n_thresholds)
            continue;
        put_metric(j, s, m, shape);
    }
    json_close(j);
}

/* --- the whole of both --- */

static void put_options(struct json_out *j, const struct summary *s)
{
    const struct plan_options *o = s->in.options;

    json_key(j, "options");
    json_open_object(j);
    json_key(j, "summaryTrendStats");
    json_open_array(j);
    for (size_t i = 0; i < o->summary_trend_stats.n; i++)
        json_put_cstr(j, o->summary_trend_stats.items[i]);
    json_close(j);
    json_key(j, "summaryTimeUnit");
    json_put_cstr(j, o->summary_time_unit);
    json_key(j, "noColor");
    json_put_bool(j, o->no_color);
    json_close(j);
}

static void put_state(struct json_out *j, const struct summary *s)
{
    json_key(j, "state");
    json_open_object(j);
    json_key(j, "isStdOutTTY");
    json_put_bool(j, s->in.stdout_is_tty);
    json_key(j, "isStdErrTTY");
    json_put_bool(j, s->in.stderr_is_tty);
    put_number(j, "testRunDurationMs", (double)s->in.duration / (double)NS_PER_MS);
    json_close(j);
}

/* Not k6's; last, so that what comes before is as it was. */
static void put_raw(struct json_out *j, const char *key, struct str json)
{
    if (!json.n)
        return;
    json_key(j, key);
    json_put_raw(j, json);
}

/* What k6 has not. */
static void put_own(struct json_out *j, const struct summary *s)
{
    put_raw(j, "generator", s->in.generator);
    put_raw(j, "outputs", s->in.outputs);
    if (s->in.exceptions.n)
        doc_put_exceptions(j, &s->in.exceptions);
}

static void put_common(struct json_out *j, const struct summary *s, enum shape shape)
{
    json_open_object(j);
    if (s->in.setup_data) {
        json_key(j, "setup_data");
        json_put_raw(j, str_of(s->in.setup_data));
    }
    json_key(j, "root_group");
    put_group(j, &s->tree, shape);
    if (shape == SHAPE_DATA) {
        put_options(j, s);
        put_state(j, s);
    }
    put_metrics(j, s, shape);
    put_own(j, s);
    json_close(j);
}

void summary_data(const struct summary *s, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    put_common(&j, s, SHAPE_DATA);
}

void summary_export(const struct summary *s, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 4);

    put_common(&j, s, SHAPE_EXPORT);
}

/* --- machine-readable --- */

static void open_machine_metric(struct json_out *j, const char *name, enum metric_type type,
                                enum metric_contains contains)
{
    json_open_object(j);
    json_key(j, "contains");
    json_put_cstr(j, metric_contains_name(contains));
    json_key(j, "name");
    json_put_cstr(j, name);
    json_key(j, "type");
    json_put_cstr(j, metric_type_name(type));
    json_key(j, "values");
    json_open_object(j);
}

static void put_machine_rate(struct json_out *j, uint64_t matches, uint64_t total)
{
    json_key(j, "matches");
    json_put_u64(j, matches);
    put_number(j, "rate", total ? (double)matches / (double)total : 0);
    json_key(j, "total");
    json_put_u64(j, total);
}

/* The columns that this form knows, under its own names, if the options ask for them. */
static void put_machine_trend(struct json_out *j, const struct summary *s,
                              const struct summary_metric *m)
{
    static const struct {
        const char *stat;
        const char *key;
    } columns[] = {{"avg", "avg"}, {"max", "max"},   {"med", "med"},
                   {"min", "min"}, {"p(90)", "p90"}, {"p(95)", "p95"}};
    const struct plan_strings *stats = &s->in.options->summary_trend_stats;

    for (size_t c = 0; c < countof(columns); c++) {
        for (size_t i = 0; i < stats->n; i++) {
            if (strcmp(stats->items[i], columns[c].stat) == 0)
                put_number(j, columns[c].key, summary_stat(s, m, columns[c].stat));
        }
    }
}

static void put_machine_metric(struct json_out *j, const struct summary *s,
                               const struct summary_metric *m)
{
    open_machine_metric(j, m->name, m->def->type, m->def->contains);
    switch (m->def->type) {
    case METRIC_COUNTER:
        put_number(j, "count", summary_stat(s, m, "count"));
        break;
    case METRIC_GAUGE:
        put_number(j, "max", summary_stat(s, m, "max"));
        put_number(j, "min", summary_stat(s, m, "min"));
        put_number(j, "value", summary_stat(s, m, "value"));
        break;
    case METRIC_RATE:
        put_machine_rate(j, m->value->rate.trues, m->value->rate.total);
        break;
    case METRIC_TREND:
        put_machine_trend(j, s, m);
        break;
    }
    json_close(j);
    json_close(j);
}

static void put_machine_checks(struct json_out *j, const struct summary_checks *checks)
{
    struct summary_check sum = summary_checks_sum(checks);
    uint64_t total = sum.passes + sum.fails;

    json_key(j, "checks");
    json_open_object(j);
    json_key(j, "metrics");
    json_open_array(j);
    open_machine_metric(j, "checks_total", METRIC_COUNTER, CONTAINS_DEFAULT);
    json_key(j, "count");
    json_put_u64(j, total);
    json_close(j);
    json_close(j);
    open_machine_metric(j, "checks_failed", METRIC_RATE, CONTAINS_DEFAULT);
    put_machine_rate(j, sum.fails, total);
    json_close(j);
    json_close(j);
    open_machine_metric(j, "checks_succeeded", METRIC_RATE, CONTAINS_DEFAULT);
    put_machine_rate(j, sum.passes, total);
    json_close(j);
    json_close(j);
    json_close(j);
    json_key(j, "results");
    json_open_array(j);
    for (size_t i = 0; i < checks->n; i++) {
        json_open_object(j);
        json_key(j, "fails");
        json_put_u64(j, checks->items[i].fails);
        json_key(j, "name");
        json_put_str(j, checks->items[i].name);
        json_key(j, "passes");
        json_put_u64(j, checks->items[i].passes);
        json_close(j);
    }
    json_close(j);
    json_close(j);
}

/* RFC 3339 with nanoseconds, in UTC. */
static void put_time(struct json_out *j, wall_ns at)
{
    time_t seconds = (time_t)(at / NS_PER_S);
    struct tm tm = {0};
    char date[32];
    char text[64];

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof(text), "%s.%09lldZ", date, (long long)(at % NS_PER_S));
    json_put_cstr(j, text);
}

void summary_machine(const struct summary *s, enum summary_mode mode, int indent, struct buf *out)
{
    struct json_out writer = JSON_OUT(out, indent);
    struct json_out *j = &writer;

    json_open_object(j);
    json_key(j, "config");
    json_open_object(j);
    put_number(j, "duration", s->seconds);
    json_key(j, "execution");
    json_put_cstr(j, "local");
    json_key(j, "script");
    json_put_str(j, s->in.script);
    json_close(j);
    json_key(j, "metadata");
    json_open_object(j);
    json_key(j, "generated_at");
    put_time(j, s->in.generated_at);
    json_key(j, "k6_version");
    json_put_cstr(j, "2.2.0");
    json_key(j, "brunt_version");
    json_put_cstr(j, BRUNT_VERSION);
    json_close(j);
    json_key(j, "results");
    json_open_object(j);
    put_machine_checks(j, &s->total.checks);
    json_key(j, "metrics");
    json_open_array(j);
    for (size_t i = 0; i < s->metrics.n; i++) {
        if (!summary_hides(&s->metrics.items[i], mode))
            put_machine_metric(j, s, &s->metrics.items[i]);
    }
    json_close(j);
    json_close(j);
    json_key(j, "version");
    json_put_cstr(j, "1.0.0");
    put_own(j, s);
    json_close(j);
}
