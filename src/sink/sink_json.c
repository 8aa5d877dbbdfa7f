/*
 * Every sample as a line of JSON, in the format of k6's --out json:
 *
 *   {"type":"Metric","data":{...},"metric":"http_reqs"}                once, before its first
 * sample
 *   {"metric":"http_reqs","type":"Point","data":{"time":"...","value":1,"tags":{...}}}
 *
 * and "metadata":{...} behind the tags where there is any.
 *
 * What stands before the time is the same for all samples of a metric, and what stands behind the
 * value for all of a tag set: both are made once and copied.
 */
#include "base/duration.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "metric/threshold.h"
#include "sink/sample_file.h"
#include "sink/sample_text.h"
#include "sink/sink.h"

struct json_options {
    span_ns flush;
};

/* What the Metric line of a metric shows beside the metric: `"thresholds":[],"submetrics":null`. */
struct metric_facts {
    const struct metric *metric;
    char *text;
};

struct sink_json {
    struct sink sink;
    struct sample_file *file;
    struct metric_facts *facts; /* of those that have any */
    size_t n_facts, cap_facts;
    struct text_cache heads; /* by metric */
    struct text_cache tails; /* by tag set */
    struct time_writer time;
};

/* ---- Metric lines ---- */

static void put_duration(struct json_out *j, const char *key, span_ns span)
{
    char text[DURATION_TEXT_BYTES];

    json_key(j, key);
    if (span) {
        json_put_cstr(j, duration_format(span, text));
    } else {
        json_put_null(j);
    }
}

/* As k6 shows it; what only we have stands behind that. */
static void put_threshold(struct json_out *j, const struct threshold_spec *t)
{
    bool is_ours = t->window || t->after || t->min_samples;

    if (!t->abort_on_fail && !is_ours) {
        json_put_str(j, t->source);
        return;
    }
    json_open_object(j);
    json_key(j, "threshold");
    json_put_str(j, t->source);
    json_key(j, "abortOnFail");
    json_put_bool(j, t->abort_on_fail);
    put_duration(j, "delayAbortEval", t->delay_abort_eval);
    if (is_ours) {
        put_duration(j, "window", t->window);
        put_duration(j, "after", t->after);
        json_key(j, "min_samples");
        json_put_u64(j, t->min_samples);
    }
    json_close(j);
}

static void put_thresholds(struct json_out *j, const struct sink_setup *setup,
                           const struct snap_metric *m)
{
    size_t n = 0;
    const struct threshold *all = setup->thresholds ? thresholds_all(setup->thresholds, &n) : NULL;

    json_key(j, "thresholds");
    json_open_array(j);
    for (size_t i = 0; i < n; i++) {
        if (all[i].metric == m)
            put_threshold(j, &all[i].spec);
    }
    json_close(j);
}

static void put_tags(struct json_out *j, const struct tagset *tags)
{
    json_open_object(j);
    for (size_t i = 0; i < tags->n; i++) {
        json_key_str(j, tag_text(tags, tags->tags[i].key));
        json_put_str(j, tag_text(tags, tags->tags[i].value));
    }
    json_close(j);
}

/* "status:200" of "http_reqs{status:200}". */
static struct str suffix_of(const struct snap_metric *sub)
{
    struct str name = str_of(sub->name);
    struct str inside = str_from_index(name, str_find(name, '{') + 1);

    return str_from(inside.p, inside.n ? inside.n - 1 : 0);
}

static void put_submetrics(struct json_out *j, const struct snap_metric *m)
{
    json_key(j, "submetrics");
    if (!m->n_subs) {
        json_put_null(j);
        return;
    }
    json_open_array(j);
    for (size_t i = 0; i < m->n_subs; i++) {
        json_open_object(j);
        json_key(j, "name");
        json_put_cstr(j, m->subs[i]->name);
        json_key(j, "suffix");
        json_put_str(j, suffix_of(m->subs[i]));
        json_key(j, "tags");
        put_tags(j, m->subs[i]->match);
        json_close(j);
    }
    json_close(j);
}

/* The snapshot belongs to the run's thread: it is read before there are samples. */
static void gather_facts(struct sink_json *s, const struct sink_setup *setup)
{
    size_t n;
    struct snap_metric *const *all = snapshot_metrics(setup->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        struct buf text = {0};
        struct json_out j = JSON_OUT(&text, 0);

        if (all[i]->parent)
            continue;
        json_open_object(&j);
        put_thresholds(&j, setup, all[i]);
        put_submetrics(&j, all[i]);
        json_close(&j);
        vec_push(s->facts, s->n_facts, s->cap_facts) =
            (struct metric_facts){all[i]->def, buf_take(&text, NULL)};
    }
}

/* Without the braces around it. */
static struct str facts_of(const struct sink_json *s, const struct metric *metric)
{
    for (size_t i = 0; i < s->n_facts; i++) {
        if (s->facts[i].metric == metric) {
            struct str text = str_of(s->facts[i].text);

            return str_from(text.p + 1, text.n - 2);
        }
    }
    return STR("\"thresholds\":[],\"submetrics\":null");
}

static void put_metric_line(const struct sink_json *s, const struct metric *metric, struct buf *out)
{
    buf_puts(out, "{\"type\":\"Metric\",\"data\":{\"name\":");
    json_quote(out, str_of(metric->name));
    buf_printf(out, ",\"type\":\"%s\",\"contains\":\"%s\",", metric_type_name(metric->type),
               metric_contains_name(metric->contains));
    buf_putstr(out, facts_of(s, metric));
    buf_puts(out, "},\"metric\":");
    json_quote(out, str_of(metric->name));
    buf_puts(out, "}\n");
}

/* ---- Point lines ---- */

static void make_head(void *arg, const void *key, struct buf *out)
{
    struct sink_json *s = arg;
    const struct metric *metric = key;

    put_metric_line(s, metric, sample_file_buf(s->file));
    buf_puts(out, "{\"metric\":");
    json_quote(out, str_of(metric->name));
    buf_puts(out, ",\"type\":\"Point\",\"data\":{\"time\":\"");
}

static void make_tail(void *arg UNUSED, const void *key, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    buf_puts(out, ",\"tags\":");
    put_tags(&j, key);
}

static void put_pair(void *arg, struct str key, struct str value)
{
    json_key_str(arg, key);
    json_put_str(arg, value);
}

static void put_metadata(struct buf *out, const struct sink_sample *sample)
{
    struct json_out j = JSON_OUT(out, 0);

    buf_puts(out, ",\"metadata\":");
    json_open_object(&j);
    sample_metadata(sample, put_pair, &j);
    json_close(&j);
}

static char *copy(char *at, struct str text)
{
    memcpy(at, text.p, text.n);
    return at + text.n;
}

static void put_point(struct sink_json *s, struct buf *out, const struct sink_sample *sample)
{
    static const char value[] = "\",\"value\":";
    struct str head = text_cache_get(&s->heads, sample->metric);
    struct str tail = text_cache_get(&s->tails, sample->tags);
    size_t room = head.n + tail.n + TIME_TEXT_BYTES + sizeof(value) + JSON_NUMBER_BYTES;

    if (buf_reserve(out, room))
        return;
    char *at = copy(out->data + out->len, head);

    at += time_write(&s->time, TIME_RFC3339_NANO, sample->at, at);
    at = copy(at, str_from(value, sizeof(value) - 1));
    at += json_number(sample->value, at);
    at = copy(at, tail);
    out->len = (size_t)(at - out->data);
    if (unlikely(sample_has_metadata(sample)))
        put_metadata(out, sample);
    buf_put(out, "}}\n", 3);
}

static void json_samples(struct sink *sink, const struct sink_sample *samples, size_t n)
{
    struct sink_json *s = container_of(sink, struct sink_json, sink);
    struct buf *out = sample_file_buf(s->file);

    if (sample_file_failed(s->file)) {
        sample_file_drop(s->file, n);
        return;
    }
    mono_ns now = clock_mono();
    size_t n_waiting = 0;

    for (size_t i = 0; i < n; i++) {
        put_point(s, out, &samples[i]);
        sample_file_line(s->file, out, &n_waiting, now);
    }
    sample_file_added(s->file, n_waiting, now);
}

/* ---- the sink ---- */

static void json_account(const struct sink *sink, struct sink_account *ret_account)
{
    sample_file_account(((const struct sink_json *)sink)->file, ret_account);
}

static int json_finish(struct sink *sink)
{
    sink->failed |= !sample_file_finish(container_of(sink, struct sink_json, sink)->file);
    return 0;
}

static void json_close_sink(struct sink *sink)
{
    struct sink_json *s = container_of(sink, struct sink_json, sink);

    for (size_t i = 0; i < s->n_facts; i++)
        free(s->facts[i].text);
    free(s->facts);
    text_cache_fini(&s->heads);
    text_cache_fini(&s->tails);
    sample_file_close(s->file);
    free(s);
}

static const struct sink_ops json_ops = {
    .samples = json_samples,
    .account = json_account,
    .finish = json_finish,
    .close = json_close_sink,
};

static int json_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    const struct json_options *o = setup->options;
    struct sample_file_config config = {.path = setup->arg,
                                        .label = setup->label,
                                        .flush = o->flush,
                                        .say = setup->say,
                                        .say_arg = setup->say_arg};
    struct sample_file *file = NULL;

    TRY(sample_file_open(&config, &file));
    struct sink_json *s = xnew(struct sink_json);

    s->sink = (struct sink){.ops = &json_ops, .class = setup->class, .label = setup->label};
    s->file = file;
    s->heads = (struct text_cache){.make = make_head, .arg = s};
    s->tails = (struct text_cache){.make = make_tail};
    gather_facts(s, setup);
    *ret_sink = &s->sink;
    return 0;
}

static const struct sink_param json_params[] = {
    {"flush", SINK_SPAN, offsetof(struct json_options, flush), NULL, "200ms", NULL,
     "how long a line may wait before it is written; with gzip at least 1s"},
};

const struct sink_class sink_json_class = {
    .name = "json",
    .summary = "every sample as a line of JSON, as k6 writes them",
    .arg = "FILE",
    .example = "json=samples.json.gz",
    .params = json_params,
    .n_params = countof(json_params),
    .options_size = sizeof(struct json_options),
    .open = json_open,
};
