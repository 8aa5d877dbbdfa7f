/* Spans are written as seconds; what is 0 is not written. */
#include "report/threshold_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "base/duration.h"
#include "base/mem.h"

static const char *const state_names[] = {
    [THRESHOLD_UNJUDGED] = "unjudged",
    [THRESHOLD_PASSED] = "passed",
    [THRESHOLD_FAILED] = "failed",
};

static const char *const op_names[] = {
    [THRESHOLD_LT] = "<",  [THRESHOLD_LE] = "<=", [THRESHOLD_GT] = ">",
    [THRESHOLD_GE] = ">=", [THRESHOLD_EQ] = "==", [THRESHOLD_NE] = "!=",
};

/* ---- writing ---- */

static void put_text(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

static void put_seconds(struct json_out *j, const char *key, span_ns span)
{
    if (!span)
        return;
    json_key(j, key);
    json_put_f64(j, (double)span / (double)NS_PER_S);
}

static void put_count(struct json_out *j, const char *key, uint64_t n)
{
    if (!n)
        return;
    json_key(j, key);
    json_put_u64(j, n);
}

static span_ns to_tenths(span_ns span)
{
    span_ns unit = NS_PER_S / 10;

    return (span + unit / 2) / unit * unit;
}

/* The part of the source before its comparison, as it was written. */
static struct str stat_of(struct str source)
{
    size_t n = 0;

    source = str_trim(source);
    while (n < source.n && !strchr("=><!", source.p[n]))
        n++;
    return str_trim(str_from(source.p, n));
}

static void put_words(struct json_out *j, const struct threshold *t)
{
    char from[DURATION_TEXT_BYTES], to[DURATION_TEXT_BYTES];
    scoped(buf_fini) struct buf text = {0};

    if (t->state == THRESHOLD_UNJUDGED && t->spec.after) {
        buf_puts(&text, "the test ended before its time");
    } else if (t->too_few && t->samples < t->spec.min_samples) {
        buf_printf(&text, "samples: %" PRIu64 " of %" PRIu64, t->samples, t->spec.min_samples);
    } else if (t->too_few) {
        buf_puts(&text, "the test ended too early");
    }
    if (t->window && t->state != THRESHOLD_UNJUDGED) {
        buf_printf(&text, "%sfrom %s to %s", text.len ? ", " : "",
                   duration_format(to_tenths(t->worst_from), from),
                   duration_format(to_tenths(t->worst_to), to));
    }
    if (text.len)
        put_text(j, "text", buf_str(&text));
}

static void put_circumstances(struct json_out *j, const struct threshold *t)
{
    put_seconds(j, "window_s", t->spec.window);
    put_seconds(j, "after_s", t->spec.after);
    put_seconds(j, "delay_abort_s", t->spec.delay_abort_eval);
    put_count(j, "min_samples", t->spec.min_samples);
    put_count(j, "samples", t->samples);
    if (t->too_few) {
        json_key(j, "too_few");
        json_put_bool(j, true);
    }
    put_seconds(j, "worst_from_s", t->worst_from);
    put_seconds(j, "worst_to_s", t->worst_to);
    put_words(j, t);
}

static void put_one(struct json_out *j, const struct threshold *t)
{
    json_open_object(j);
    put_text(j, "metric", t->spec.metric);
    put_text(j, "source", t->spec.source);
    put_text(j, "state", str_of(state_names[t->state]));
    put_text(j, "stat", stat_of(t->spec.source));
    put_text(j, "op", str_of(op_names[t->expr.op]));
    json_key(j, "limit");
    json_put_f64(j, t->expr.limit);
    json_key(j, "value");
    if (t->state == THRESHOLD_UNJUDGED) {
        json_put_null(j);
    } else {
        json_put_f64(j, t->value);
    }
    json_key(j, "abort_on_fail");
    json_put_bool(j, t->spec.abort_on_fail);
    put_circumstances(j, t);
    json_close(j);
}

void threshold_json_put(const struct thresholds *ts, struct json_out *j)
{
    size_t n;
    const struct threshold *all = thresholds_all(ts, &n);

    json_open_array(j);
    for (size_t i = 0; i < n; i++)
        put_one(j, &all[i]);
    json_close(j);
}

/* ---- reading ---- */

static struct str text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return str_from(json_is_string(value) ? json_string_value(value) : "",
                    json_string_length(value));
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : 0;
}

/* Within a year, and above 0; otherwise 0. */
static span_ns span_of(const json_t *object, const char *key)
{
    double s = number_of(object, key);

    return s > 0 && s < 366.0 * 86400 ? (span_ns)llround(s * (double)NS_PER_S) : 0;
}

static uint64_t count_of(const json_t *object, const char *key)
{
    double n = number_of(object, key);

    return n > 0 && n < 0x1p53 ? (uint64_t)n : 0;
}

static struct threshold_spec spec_of(const json_t *object)
{
    return (struct threshold_spec){
        .metric = text_of(object, "metric"),
        .source = text_of(object, "source"),
        .abort_on_fail = json_is_true(json_object_get(object, "abort_on_fail")),
        .delay_abort_eval = span_of(object, "delay_abort_s"),
        .window = span_of(object, "window_s"),
        .after = span_of(object, "after_s"),
        .min_samples = count_of(object, "min_samples"),
    };
}

static struct threshold_past past_of(const json_t *object)
{
    struct threshold_past past = {
        .value = number_of(object, "value"),
        .too_few = json_is_true(json_object_get(object, "too_few")),
        .samples = count_of(object, "samples"),
        .worst_from = span_of(object, "worst_from_s"),
        .worst_to = span_of(object, "worst_to_s"),
    };

    for (int i = THRESHOLD_UNJUDGED; i <= THRESHOLD_FAILED; i++) {
        if (str_is(text_of(object, "state"), state_names[i]))
            past.state = (enum threshold_state)i;
    }
    return past;
}

/* Whether binding it would succeed: one that is broken must not take the others along. */
static bool can_bind(const struct threshold_spec *spec, struct snapshot *snapshot)
{
    struct thresholds *alone = thresholds_new();

    thresholds_add(alone, spec);
    int r = thresholds_bind(alone, snapshot, THRESHOLDS_JUDGE);

    thresholds_free(alone);
    return r == 0;
}

struct thresholds *threshold_json_read(struct str json, struct snapshot *snapshot)
{
    json_t *all = json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL, *one;
    struct threshold_past *past = xnew_n(struct threshold_past, json_array_size(all) + 1);
    struct thresholds *ts = thresholds_new();
    size_t i, n = 0;

    json_array_foreach(all, i, one)
    {
        struct threshold_spec spec = spec_of(one);

        if (!can_bind(&spec, snapshot))
            continue;
        thresholds_add(ts, &spec);
        past[n++] = past_of(one);
    }
    ignored(thresholds_bind(ts, snapshot, THRESHOLDS_JUDGE));
    for (i = 0; i < n; i++)
        thresholds_restore(ts, i, &past[i]);
    fault_clear();
    free(past);
    json_decref(all);
    return ts;
}
