/*
 * Three of the servers answer in JSON, each in a shape of its own; Flux answers in annotated CSV
 * (query_csv.h). A point counts when it is a number that can be drawn.
 */
#include "dashboard/query_answer.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dashboard/query_csv.h"

/* ---- errors ---- */

static void say(struct query_answer *a, struct str words)
{
    size_t n = 0;

    /* One line of it, without the control characters of others. */
    words = str_trim(words);
    for (size_t i = 0; i < words.n && n + 1 < sizeof(a->error); i++) {
        unsigned char c = (unsigned char)words.p[i];
        bool is_space = c <= ' ' || c == 0x7f;

        if (is_space && (n == 0 || a->error[n - 1] == ' '))
            continue;
        a->error[n++] = is_space ? ' ' : (char)c;
    }
    a->error[n] = '\0';
}

static struct str text_at(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return json_is_string(v) ? str_from(json_string_value(v), json_string_length(v))
                             : (struct str){0};
}

/* What servers say is wrong: {"error": ...}, {"message": ...}, a result with an error. */
static struct str words_of(const json_t *root)
{
    static const char *const keys[] = {"error", "message"};
    size_t i;
    const json_t *result;

    for (size_t k = 0; k < countof(keys); k++) {
        if (text_at(root, keys[k]).n)
            return text_at(root, keys[k]);
    }
    json_array_foreach(json_object_get(root, "results"), i, result)
    {
        if (text_at(result, "error").n)
            return text_at(result, "error");
    }
    return (struct str){0};
}

/* Tags of an error page are left out; the first words of it do. */
static void say_page(struct query_answer *a, struct str body)
{
    scoped(buf_fini) struct buf plain = {0};
    bool in_tag = false;

    for (size_t i = 0; i < body.n && plain.len < QUERY_ERROR_BYTES; i++) {
        char c = body.p[i];

        if (c == '<' || c == '>')
            buf_putc(&plain, ' ');
        else if (!in_tag)
            buf_putc(&plain, c);
        in_tag = c == '<' || (in_tag && c != '>');
    }
    say(a, buf_str(&plain));
}

static void say_status(struct query_answer *a, const json_t *root, struct str body)
{
    char words[QUERY_ERROR_BYTES];

    if (words_of(root).n)
        say(a, words_of(root));
    else
        say_page(a, body);
    if (a->status == 200)
        return;
    snprintf(words, sizeof(words), "status %d%s%.380s", a->status, a->error[0] ? ": " : "",
             a->error);
    say(a, str_of(words));
}

/* ---- points ---- */

static void count_point(struct query_answer *a, double value)
{
    if (!isfinite(value)) {
        a->n_not_numbers++;
        return;
    }
    a->n_points++;
    a->last = value;
}

static double number_of(const json_t *v)
{
    double n;

    if (json_is_number(v))
        return json_number_value(v);
    if (json_is_boolean(v))
        return json_is_true(v);
    return json_is_string(v) && str_f64(str_of(json_string_value(v)), &n) ? n : NAN;
}

/* ---- Prometheus ---- */

/* [time, "value"]; a native histogram instead of the value is one that can be drawn. */
static void count_sample(struct query_answer *a, const json_t *sample)
{
    const json_t *v = json_array_get(sample, 1);

    count_point(a, json_is_object(v) ? number_of(json_object_get(v, "count")) : number_of(v));
}

static void count_samples(struct query_answer *a, const json_t *list)
{
    size_t i;
    const json_t *sample;

    json_array_foreach(list, i, sample) count_sample(a, sample);
}

static void read_prometheus(struct query_answer *a, const json_t *root)
{
    const json_t *data = json_object_get(root, "data");
    const json_t *result = json_object_get(data, "result");
    struct str type = text_at(data, "resultType");
    size_t i;
    const json_t *series;

    if (str_is(type, "scalar") || str_is(type, "string")) {
        a->n_series = 1;
        count_sample(a, result);
        return;
    }
    json_array_foreach(result, i, series)
    {
        a->n_series++;
        count_samples(a, json_object_get(series, "values"));
        count_samples(a, json_object_get(series, "histograms"));
        if (json_object_get(series, "value"))
            count_sample(a, json_object_get(series, "value"));
        if (json_object_get(series, "histogram"))
            count_sample(a, json_object_get(series, "histogram"));
    }
}

/* ---- InfluxDB 1 ---- */

/* A row counts when any column but the time has something. */
static void count_row(struct query_answer *a, const json_t *columns, const json_t *row)
{
    bool has_time = str_is(str_of(json_string_value(json_array_get(columns, 0))), "time");
    bool has_text = false;
    double value = NAN;

    for (size_t i = has_time; i < json_array_size(row); i++) {
        const json_t *v = json_array_get(row, i);

        if (json_is_number(v))
            value = json_number_value(v);
        has_text = has_text || json_is_string(v) || json_is_boolean(v);
    }
    if (isnan(value) && has_text)
        a->n_points++;
    else
        count_point(a, value);
}

static void read_influxql(struct query_answer *a, const json_t *root)
{
    size_t i, j, k;
    const json_t *result, *series, *row;

    json_array_foreach(json_object_get(root, "results"), i, result)
    {
        json_array_foreach(json_object_get(result, "series"), j, series)
        {
            a->n_series++;
            json_array_foreach(json_object_get(series, "values"), k, row)
                count_row(a, json_object_get(series, "columns"), row);
        }
    }
}

/* ---- Graphite ---- */

static void read_graphite(struct query_answer *a, const json_t *root)
{
    size_t i, j;
    const json_t *series, *point;

    json_array_foreach(root, i, series)
    {
        a->n_series++;
        json_array_foreach(json_object_get(series, "datapoints"), j, point)
            count_point(a, number_of(json_array_get(point, 0)));
    }
}

/* ---- Flux ---- */

static void count_csv(void *arg, const struct query_csv_row *row)
{
    struct query_answer *a = arg;
    double value;

    a->n_series += row->is_first;
    if (row->is_error)
        say(a, row->value);
    else if (str_f64(row->value, &value))
        count_point(a, value);
    else if (row->value.n)
        a->n_points++;
    else
        a->n_not_numbers++;
}

/* ---- any ---- */

static json_t *load(struct str body)
{
    return json_loadb(body.p ? body.p : "", body.n, JSON_DECODE_ANY, NULL);
}

static void read_json(enum query_kind kind, struct str body, struct query_answer *a)
{
    json_t *root = load(body);

    if (!root || a->status / 100 != 2 || words_of(root).n)
        say_status(a, root, body);
    else if (kind == QUERY_PROMETHEUS)
        read_prometheus(a, root);
    else if (kind == QUERY_INFLUXQL)
        read_influxql(a, root);
    else
        read_graphite(a, root);
    if (!root && !a->error[0])
        say(a, STR("the answer is no JSON"));
    json_decref(root);
}

static void read_flux(struct str body, struct query_answer *a)
{
    if (a->status / 100 == 2) {
        query_csv_read(body, count_csv, a);
        return;
    }
    json_t *root = load(body);

    say_status(a, root, body);
    json_decref(root);
}

void query_answer_read(enum query_kind kind, int status, struct str body,
                       struct query_answer *ret_answer)
{
    *ret_answer = (struct query_answer){.status = status, .last = NAN};
    if (kind == QUERY_FLUX)
        read_flux(body, ret_answer);
    else
        read_json(kind, body, ret_answer);
}

/* ---- lists ---- */

struct lister {
    query_value_fn *fn;
    void *arg;
};

static void give(const struct lister *l, const json_t *v)
{
    scoped(freep) char *number = json_is_number(v) ? json_dumps(v, JSON_ENCODE_ANY) : NULL;

    if (json_is_string(v))
        l->fn(l->arg, str_from(json_string_value(v), json_string_length(v)));
    else if (number)
        l->fn(l->arg, str_of(number));
}

/* name{label="value"} number milliseconds */
static void give_sample(const struct lister *l, const json_t *series)
{
    scoped(buf_fini) struct buf out = {0};
    json_t *metric = json_object_get(series, "metric"), *v;
    const json_t *value = json_object_get(series, "value");
    const char *key;
    bool any = false;

    buf_putstr(&out, text_at(metric, "__name__"));
    buf_putc(&out, '{');
    json_object_foreach(metric, key, v)
    {
        if (strcmp(key, "__name__") == 0)
            continue;
        buf_printf(&out, "%s%s=\"%s\"", any ? "," : "", key,
                   json_string_value(v) ? json_string_value(v) : "");
        any = true;
    }
    const char *number = json_string_value(json_array_get(value, 1));

    buf_printf(&out, "} %s %.0f", number ? number : "",
               json_number_value(json_array_get(value, 0)) * 1000);
    l->fn(l->arg, buf_str(&out));
}

static void list_prometheus(const struct lister *l, enum query_list list, const json_t *root)
{
    const json_t *data = json_object_get(root, "data");
    size_t i;
    const json_t *v;

    if (list == QUERY_LIST_RESULTS) {
        json_array_foreach(json_object_get(data, "result"), i, v) give_sample(l, v);
        return;
    }
    json_array_foreach(data, i, v) give(l, v);
}

/* Grafana's rule: the second column where there is one, but for SHOW TAG KEYS and its like. */
static void list_influxql(const struct lister *l, enum query_list list, const json_t *root)
{
    size_t i, j, k;
    const json_t *result, *series, *row;

    json_array_foreach(json_object_get(root, "results"), i, result)
    {
        json_array_foreach(json_object_get(result, "series"), j, series)
        {
            json_array_foreach(json_object_get(series, "values"), k, row)
            {
                bool second = list == QUERY_LIST_VALUES && json_array_size(row) > 1;

                give(l, json_array_get(row, second));
            }
        }
    }
}

/* Of /metrics/find; what /tags/autoComplete gives is texts. */
static void list_graphite(const struct lister *l, const json_t *root)
{
    size_t i;
    const json_t *v;

    json_array_foreach(root, i, v) give(l, json_is_object(v) ? json_object_get(v, "text") : v);
}

static void list_csv(void *arg, const struct query_csv_row *row)
{
    const struct lister *l = arg;

    if (!row->is_error)
        l->fn(l->arg, row->value);
}

int query_answer_list(enum query_kind kind, enum query_list list, int status, struct str body,
                      query_value_fn *fn, void *arg)
{
    struct lister l = {fn, arg};
    struct query_answer a;

    query_answer_read(kind, status, body, &a);
    if (a.error[0])
        return fault(-EIO, "%s", a.error);
    if (kind == QUERY_FLUX) {
        query_csv_read(body, list_csv, &l);
        return 0;
    }
    json_t *root = load(body);

    if (kind == QUERY_PROMETHEUS)
        list_prometheus(&l, list, root);
    else if (kind == QUERY_INFLUXQL)
        list_influxql(&l, list, root);
    else
        list_graphite(&l, root);
    json_decref(root);
    return 0;
}
