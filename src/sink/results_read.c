/*
 * From a file to a snapshot. Every object is read by a table of its members, which says what may
 * stand there; nothing of a file reaches an assertion.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/mem.h"
#include "sink/results.h"

enum {
    TAGS_MAX = 200,
    NAME_BYTES = 1024,
    COUNT_MAX_BITS = 53, /* what JSON's numbers hold */
};

/* 1970 to 2262 */
#define TIME_MS_MAX (INT64_MAX / NS_PER_MS)

struct reader {
    struct results *r;
    char where[200]; /* "metrics[3].series[0]" */
    struct hist_slab *slab;
    size_t n_series;
};

static int wrong(const struct reader *rd, const char *what, const char *key)
{
    return fault(-EINVAL, "results: %s%s%s: %s", rd->where, key[0] && rd->where[0] ? "." : "", key,
                 what);
}

static void at(struct reader *rd, const char *list, size_t i)
{
    snprintf(rd->where, sizeof(rd->where), "%s[%zu]", list, i);
}

/* ---- members ---- */

enum member_type {
    MEMBER_TEXT,   /* struct str */
    MEMBER_NUMBER, /* double, finite */
    MEMBER_COUNT,  /* uint64_t */
    MEMBER_TIME,   /* int64_t: milliseconds there, nanoseconds here */
    MEMBER_TAGS,   /* struct tag_list */
    MEMBER_ARRAY,  /* json_t * */
    MEMBER_OBJECT, /* json_t * */
};

struct tag_list {
    struct tag *tags;
    size_t n;
};

struct member {
    const char *key;
    enum member_type type;
    size_t offset;
    bool optional;
};

static struct str copy(struct reader *rd, const json_t *text)
{
    return arena_str(&rd->r->arena, str_from(json_string_value(text), json_string_length(text)));
}

static int read_tags(struct reader *rd, json_t *object, struct tag_list *ret)
{
    size_t n = json_object_size(object);
    const char *key;
    json_t *value;

    if (!json_is_object(object) || n > TAGS_MAX)
        return wrong(rd, "is no object of at most 200 strings", "tags");
    *ret = (struct tag_list){.tags = arena_new_n(&rd->r->arena, struct tag, n + 1)};
    json_object_foreach(object, key, value)
    {
        if (!key[0] || !json_is_string(value))
            return wrong(rd, "is no string, or has no name", "tags");
        ret->tags[ret->n++] = (struct tag){arena_str(&rd->r->arena, str_of(key)), copy(rd, value)};
    }
    return 0;
}

static int read_count(const struct reader *rd, const char *key, const json_t *value, uint64_t *ret)
{
    json_int_t n = json_integer_value(value);

    if (!json_is_integer(value) || n < 0 || n > (json_int_t)1 << COUNT_MAX_BITS)
        return wrong(rd, "is no whole number from 0 on", key);
    *ret = (uint64_t)n;
    return 0;
}

static int read_time(const struct reader *rd, const char *key, const json_t *value, int64_t *ret)
{
    json_int_t ms = json_integer_value(value);

    if (!json_is_integer(value) || ms < 0 || ms > TIME_MS_MAX)
        return wrong(rd, "is no time in milliseconds", key);
    *ret = ms * NS_PER_MS;
    return 0;
}

static int read_number(const struct reader *rd, const char *key, const json_t *value, double *ret)
{
    if (!json_is_number(value) || !isfinite(json_number_value(value)))
        return wrong(rd, "is no number", key);
    *ret = json_number_value(value);
    return 0;
}

static int read_text(struct reader *rd, const char *key, const json_t *value, struct str *ret)
{
    if (!json_is_string(value))
        return wrong(rd, "is no string", key);
    *ret = copy(rd, value);
    return 0;
}

static int read_member(struct reader *rd, const struct member *m, json_t *value, void *object)
{
    void *to = (char *)object + m->offset;

    switch (m->type) {
    case MEMBER_TEXT:
        return read_text(rd, m->key, value, to);
    case MEMBER_NUMBER:
        return read_number(rd, m->key, value, to);
    case MEMBER_COUNT:
        return read_count(rd, m->key, value, to);
    case MEMBER_TIME:
        return read_time(rd, m->key, value, to);
    case MEMBER_TAGS:
        return read_tags(rd, value, to);
    case MEMBER_ARRAY:
        *(json_t **)to = value;
        return json_is_array(value) ? 0 : wrong(rd, "is no array", m->key);
    case MEMBER_OBJECT:
        *(json_t **)to = value;
        return json_is_object(value) ? 0 : wrong(rd, "is no object", m->key);
    }
    return 0;
}

static bool is_known(const struct member *members, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(members[i].key, key) == 0)
            return true;
    }
    return false;
}

static int read_object(struct reader *rd, const struct member *members, size_t n, json_t *object,
                       void *ret)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return wrong(rd, "is no object", "");
    json_object_foreach(object, key, value)
    {
        if (!is_known(members, n, key))
            return wrong(rd, "is nothing that belongs there", key);
    }
    for (size_t i = 0; i < n; i++) {
        value = json_object_get(object, members[i].key);
        if (!value && !members[i].optional)
            return wrong(rd, "is missing", members[i].key);
        if (value)
            TRY(read_member(rd, &members[i], value, ret));
    }
    return 0;
}

/* ---- the run ---- */

struct run_part {
    struct vocab_run run;
    int64_t started, ended, elapsed;
    uint64_t vus, vus_max, loops;
};

#define RUN(field)  offsetof(struct run_part, run.field)
#define PART(field) offsetof(struct run_part, field)

static const struct member run_members[] = {
    {"id", MEMBER_TEXT, RUN(run_id), false},
    {"name", MEMBER_TEXT, RUN(run_name), true},
    {"status", MEMBER_TEXT, RUN(run_status), false},
    {"companyId", MEMBER_TEXT, RUN(company_id), true},
    {"companyName", MEMBER_TEXT, RUN(company_name), true},
    {"projectId", MEMBER_TEXT, RUN(project_id), true},
    {"projectName", MEMBER_TEXT, RUN(project_name), true},
    {"timelineAssetId", MEMBER_TEXT, RUN(timeline_asset_id), true},
    {"timelineName", MEMBER_TEXT, RUN(timeline_name), true},
    {"geoLocation", MEMBER_TEXT, RUN(geo_location), true},
    {"started_ms", MEMBER_TIME, PART(started), false},
    {"ended_ms", MEMBER_TIME, PART(ended), false},
    {"elapsed_ms", MEMBER_TIME, PART(elapsed), false},
    {"vus", MEMBER_COUNT, PART(vus), false},
    {"vus_max", MEMBER_COUNT, PART(vus_max), false},
    {"loops", MEMBER_COUNT, PART(loops), false},
};

static int read_run(struct reader *rd, json_t *object)
{
    struct run_part part = {0};

    snprintf(rd->where, sizeof(rd->where), "run");
    TRY(read_object(rd, run_members, countof(run_members), object, &part));
    if (part.loops > 1024)
        return wrong(rd, "is more than 1024", "loops");
    rd->r->run = part.run;
    rd->r->facts = (struct vocab_facts){.started = part.started,
                                        .now = part.ended,
                                        .elapsed = part.elapsed,
                                        .target_rate = -1,
                                        .vus = part.vus,
                                        .vus_max = part.vus_max,
                                        .n_loops = (unsigned)part.loops,
                                        .phase = VOCAB_PHASE_DONE};
    return 0;
}

/* ---- series ---- */

struct series_part {
    struct tag_list tags;
    double sum, last, min, max;
    uint64_t n, trues, total;
    struct str hist;
};

#define SERIES(field) offsetof(struct series_part, field)
#define TAGS                                     \
    {                                            \
        "tags", MEMBER_TAGS, SERIES(tags), false \
    }

static const struct member counter_members[] = {
    TAGS,
    {"sum", MEMBER_NUMBER, SERIES(sum), false},
    {"n", MEMBER_COUNT, SERIES(n), false},
};
static const struct member gauge_members[] = {
    TAGS,
    {"last", MEMBER_NUMBER, SERIES(last), false},
    {"min", MEMBER_NUMBER, SERIES(min), false},
    {"max", MEMBER_NUMBER, SERIES(max), false},
    {"n", MEMBER_COUNT, SERIES(n), false},
};
static const struct member rate_members[] = {
    TAGS,
    {"trues", MEMBER_COUNT, SERIES(trues), false},
    {"total", MEMBER_COUNT, SERIES(total), false},
};
static const struct member trend_members[] = {
    TAGS,
    {"hist", MEMBER_TEXT, SERIES(hist), false},
};

static const struct {
    const struct member *members;
    size_t n;
} members_of[] = {
    [METRIC_COUNTER] = {counter_members, countof(counter_members)},
    [METRIC_GAUGE] = {gauge_members, countof(gauge_members)},
    [METRIC_RATE] = {rate_members, countof(rate_members)},
    [METRIC_TREND] = {trend_members, countof(trend_members)},
};

static int read_hist(const struct reader *rd, struct str text, struct hist *h)
{
    scoped(buf_fini) struct buf bytes = {0};

    if (base64_decode(BASE64_STD, text, &bytes, NULL))
        return wrong(rd, "is no base64", "hist");
    struct str rest = buf_str(&bytes);

    if (hist_decode(h, &rest) || rest.n)
        return wrong(rd, "is no histogram of this metric", "hist");
    return 0;
}

static int set_value(const struct reader *rd, const struct series_part *s, const struct metric *m,
                     struct value *v)
{
    switch (m->type) {
    case METRIC_COUNTER:
        v->counter.sum = s->sum;
        v->counter.n = s->n;
        break;
    case METRIC_GAUGE:
        v->gauge.last = s->last;
        v->gauge.min = s->min;
        v->gauge.max = s->max;
        v->gauge.n = s->n;
        break;
    case METRIC_RATE:
        if (s->trues > s->total)
            return wrong(rd, "is more than total", "trues");
        v->rate.trues = s->trues;
        v->rate.total = s->total;
        break;
    case METRIC_TREND:
        TRY(read_hist(rd, s->hist, &v->trend));
        break;
    }
    v->touched = true;
    return 0;
}

static int read_series(struct reader *rd, const struct metric *m, json_t *object)
{
    struct series_part s = {0};
    struct value v = {0};

    if (++rd->n_series > RESULTS_SERIES_MAX)
        return wrong(rd, "there are more than a million series", "");
    TRY(read_object(rd, members_of[m->type].members, members_of[m->type].n, object, &s));
    value_init(&v, m, rd->slab);
    int r = set_value(rd, &s, m, &v);

    if (r == 0 && value_samples(&v, m->type))
        snapshot_merge_value(rd->r->snapshot, m->id, s.tags.tags, s.tags.n, &v, 1);
    value_fini(&v, m->type);
    return r;
}

struct metric_part {
    struct str name, type, contains;
    json_t *series;
};

static const struct member metric_members[] = {
    {"name", MEMBER_TEXT, offsetof(struct metric_part, name), false},
    {"type", MEMBER_TEXT, offsetof(struct metric_part, type), false},
    {"contains", MEMBER_TEXT, offsetof(struct metric_part, contains), false},
    {"series", MEMBER_ARRAY, offsetof(struct metric_part, series), false},
};

/* The index of a word in what `name_of` gives for 0 to n - 1. */
static bool find_type(struct str word, enum metric_type *ret)
{
    for (int i = METRIC_COUNTER; i <= METRIC_TREND; i++) {
        *ret = (enum metric_type)i;
        if (str_is(word, metric_type_name(*ret)))
            return true;
    }
    return false;
}

static bool find_contains(struct str word, enum metric_contains *ret)
{
    for (int i = CONTAINS_DEFAULT; i <= CONTAINS_DATA; i++) {
        *ret = (enum metric_contains)i;
        if (str_is(word, metric_contains_name(*ret)))
            return true;
    }
    return false;
}

/* A built-in metric keeps its meaning; another is registered. */
static int find_metric(struct reader *rd, const struct metric_part *part,
                       const struct metric **ret_metric)
{
    enum metric_type type;
    enum metric_contains contains;
    uint32_t id;

    if (!find_type(part->type, &type))
        return wrong(rd, "is none of counter, gauge, rate, trend", "type");
    if (!find_contains(part->contains, &contains))
        return wrong(rd, "is none of default, time, data", "contains");
    const struct metric *m = metric_find(rd->r->registry, part->name);

    if (m && (m->type != type || m->contains != contains))
        return wrong(rd, "is a metric of another type or content", "name");
    if (!m && metric_register(rd->r->registry, part->name, type, contains, &id))
        return wrong(rd, "is no name of a metric", "name");
    *ret_metric = m ? m : metric_get(rd->r->registry, id);
    return 0;
}

static int read_metric(struct reader *rd, json_t *object, size_t index)
{
    struct metric_part part = {0};
    const struct metric *m = NULL;
    json_t *series;
    size_t i;

    at(rd, "metrics", index);
    TRY(read_object(rd, metric_members, countof(metric_members), object, &part));
    TRY(find_metric(rd, &part, &m));
    json_array_foreach(part.series, i, series)
    {
        snprintf(rd->where, sizeof(rd->where), "metrics[%zu].series[%zu]", index, i);
        TRY(read_series(rd, m, series));
    }
    return 0;
}

/* ---- points ---- */

struct point_part {
    struct str name;
    int64_t at;
    double value;
    struct tag_list tags;
};

static const struct member point_members[] = {
    {"name", MEMBER_TEXT, offsetof(struct point_part, name), false},
    {"time_ms", MEMBER_TIME, offsetof(struct point_part, at), false},
    {"value", MEMBER_NUMBER, offsetof(struct point_part, value), false},
    {"tags", MEMBER_TAGS, offsetof(struct point_part, tags), false},
};

static int read_point(struct reader *rd, json_t *object, size_t index)
{
    struct results *r = rd->r;
    struct point_part part = {0};

    at(rd, "points", index);
    TRY(read_object(rd, point_members, countof(point_members), object, &part));
    if (!part.name.n || part.name.n > NAME_BYTES)
        return wrong(rd, "is empty or too long", "name");
    vec_push(r->points, r->n_points, r->cap_points) =
        (struct results_point){part.name, part.value, part.at, part.tags.tags, part.tags.n};
    return 0;
}

/* ---- the file ---- */

struct top {
    struct str format;
    uint64_t version;
    struct results_headline headline;
    json_t *knee, *run, *metrics, *exceptions, *points;
};

#define HEADLINE(field) offsetof(struct top, headline.field)
#define KNEE(field)     offsetof(struct results_knee, field)

static const struct member top_members[] = {
    {"format", MEMBER_TEXT, offsetof(struct top, format), false},
    {"version", MEMBER_COUNT, offsetof(struct top, version), false},
    {"scenario", MEMBER_TEXT, HEADLINE(scenario), true},
    {"target_url", MEMBER_TEXT, HEADLINE(target_url), true},
    {"rps_target", MEMBER_NUMBER, HEADLINE(rps_target), true},
    {"rps_actual", MEMBER_NUMBER, HEADLINE(rps_actual), true},
    {"requests_total", MEMBER_NUMBER, HEADLINE(requests_total), true},
    {"errors_total", MEMBER_NUMBER, HEADLINE(errors_total), true},
    {"error_rate_pct", MEMBER_NUMBER, HEADLINE(error_rate_pct), true},
    {"p50_ms", MEMBER_NUMBER, HEADLINE(p50_ms), true},
    {"p95_ms", MEMBER_NUMBER, HEADLINE(p95_ms), true},
    {"p99_ms", MEMBER_NUMBER, HEADLINE(p99_ms), true},
    {"max_ms", MEMBER_NUMBER, HEADLINE(max_ms), true},
    {"duration_secs", MEMBER_NUMBER, HEADLINE(duration_secs), true},
    {"knee_point", MEMBER_OBJECT, offsetof(struct top, knee), true},
    {"run", MEMBER_OBJECT, offsetof(struct top, run), false},
    {"metrics", MEMBER_ARRAY, offsetof(struct top, metrics), false},
    {"exceptions", MEMBER_ARRAY, offsetof(struct top, exceptions), true}, /* for people */
    {"points", MEMBER_ARRAY, offsetof(struct top, points), true},
};

static const struct member knee_members[] = {
    {"step", MEMBER_NUMBER, KNEE(step), false},
    {"total_steps", MEMBER_NUMBER, KNEE(total_steps), false},
    {"rps", MEMBER_NUMBER, KNEE(rps), false},
    {"max_rps", MEMBER_NUMBER, KNEE(max_rps), false},
    {"p99_ms", MEMBER_NUMBER, KNEE(p99_ms), false},
    {"error_rate_pct", MEMBER_NUMBER, KNEE(error_rate_pct), false},
};

static int read_headline(struct reader *rd, const struct top *top)
{
    struct results_headline *h = &rd->r->headline;

    *h = top->headline;
    h->has_knee = top->knee != NULL;
    if (!top->knee)
        return 0;
    snprintf(rd->where, sizeof(rd->where), "knee_point");
    return read_object(rd, knee_members, countof(knee_members), top->knee, &h->knee);
}

/* First of all: a file of another kind or time is called that, and not wrong in its first member.
 */
static int check_kind(const json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *version = json_object_get(root, "version");

    if (!format || strcmp(format, RESULTS_FORMAT) != 0) {
        return fault(-EINVAL, "it is no file of results: `brunt run --results-json FILE` writes "
                              "such");
    }
    if (!json_is_integer(version) || json_integer_value(version) != RESULTS_VERSION) {
        return fault(-EINVAL, "its version is not %d, the one that this program knows",
                     RESULTS_VERSION);
    }
    return 0;
}

static int read_all(struct reader *rd, json_t *root)
{
    struct top top = {0};
    json_t *element;
    size_t i;

    TRY(check_kind(root));
    TRY(read_object(rd, top_members, countof(top_members), root, &top));
    TRY(read_headline(rd, &top));
    TRY(read_run(rd, top.run));
    json_array_foreach(top.metrics, i, element)
    {
        TRY(read_metric(rd, element, i));
    }
    json_array_foreach(top.points, i, element)
    {
        TRY(read_point(rd, element, i));
    }
    return 0;
}

int results_read(struct str json, struct results **ret_results)
{
    json_error_t error;
    json_t *root = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &error);

    if (!root) {
        return fault(-EINVAL, "no JSON: line %d, column %d: %s", error.line, error.column,
                     error.text);
    }
    struct results *r = xnew(struct results);
    struct reader rd = {.r = r, .slab = hist_slab_new()};

    r->registry = metric_registry_new();
    r->snapshot = snapshot_new(
        &(struct snapshot_config){.registry = r->registry, .max_series = RESULTS_SERIES_MAX});
    snapshot_tick_begin(r->snapshot);
    int result = read_all(&rd, root);

    snapshot_tick_end(r->snapshot, 1);
    hist_slab_free(rd.slab);
    json_decref(root);
    if (result == 0) {
        *ret_results = r;
    } else {
        results_free(r);
    }
    return result;
}

void results_free(struct results *r)
{
    if (!r)
        return;
    snapshot_free(r->snapshot);
    metric_registry_free(r->registry);
    free(r->points);
    arena_fini(&r->arena);
    free(r);
}
