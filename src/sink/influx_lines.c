/*
 * What is the same for all lines of a tag set is made once: the line up to the first field, and the
 * fields that were tags. Tag sets that differ only in those fields share one clock.
 */
#include "sink/influx_lines.h"

#include <math.h>

#include "base/mem.h"
#include "base/table.h"
#include "sink/line_protocol.h"

enum field_type {
    FIELD_STRING,
    FIELD_INT,
    FIELD_FLOAT,
    FIELD_BOOL,
};

static const char *const field_types[] = {
    [FIELD_STRING] = "string",
    [FIELD_INT] = "int",
    [FIELD_FLOAT] = "float",
    [FIELD_BOOL] = "bool",
};

struct tag_field {
    struct str name; /* in influx_lines.spec */
    enum field_type type;
};

/* When the latest point of a series was. */
struct series_clock {
    wall_ns last;
};

/* One metric under one tag set. */
struct shape {
    struct buf begin;  /* "http_reqs,method=GET" */
    struct buf fields; /* ",url=\"http://h/\"" */
    struct series_clock *clock;
};

struct shape_key {
    const struct metric *metric;
    const struct tagset *tags;
};

struct influx_lines {
    char *spec;
    struct tag_field *fields;
    size_t n_fields, cap_fields;
    span_ns unit;
    bool exact;
    struct table shapes; /* by struct shape_key */
    struct table clocks; /* by shape.begin */
};

/* ---- tags as fields ---- */

static const struct tag_field *find_field(const struct influx_lines *l, struct str name)
{
    for (size_t i = 0; i < l->n_fields; i++) {
        if (str_eq(l->fields[i].name, name))
            return &l->fields[i];
    }
    return NULL;
}

static int parse_type(struct str word, enum field_type *ret)
{
    for (size_t i = 0; i < countof(field_types); i++) {
        if (str_is(word, field_types[i])) {
            *ret = (enum field_type)i;
            return 0;
        }
    }
    return fault(FAULT_EXIT(104),
                 "tagsAsFields: a field is string, int, float or bool, and not \"%.*s\"",
                 STR_ARG(word));
}

static int add_field(struct influx_lines *l, struct str part)
{
    size_t colon = str_find(part, ':');
    struct tag_field f = {.name = str_trim(str_from(part.p, colon))};

    if (colon < part.n)
        TRY(parse_type(str_trim(str_from_index(part, colon + 1)), &f.type));
    if (!f.name.n)
        return 0;
    if (str_is(f.name, "value") || find_field(l, f.name)) {
        return fault(FAULT_EXIT(104), "tagsAsFields: there would be two fields named \"%.*s\"",
                     STR_ARG(f.name));
    }
    vec_push(l->fields, l->n_fields, l->cap_fields) = f;
    return 0;
}

int influx_lines_new(const struct influx_lines_options *options, struct influx_lines **ret_lines)
{
    struct influx_lines *l = xnew(struct influx_lines);
    struct str rest, part;

    l->spec = xstrdup(options->tags_as_fields ? options->tags_as_fields : "");
    l->unit = options->unit;
    l->exact = options->exact;
    rest = str_of(l->spec);
    while (str_split(&rest, ',', &part)) {
        int r = add_field(l, part);

        if (r) {
            influx_lines_free(l);
            return r;
        }
    }
    *ret_lines = l;
    return 0;
}

void influx_lines_free(struct influx_lines *l)
{
    struct table_entry *e;

    if (!l)
        return;
    table_each(e, &l->shapes) {
        struct shape *shape = e->value;

        buf_fini(&shape->begin);
        buf_fini(&shape->fields);
        free(shape);
    }
    table_each(e, &l->clocks)
        free(e->value);
    table_fini(&l->shapes);
    table_fini(&l->clocks);
    free(l->fields);
    free(l->spec);
    free(l);
}

/* ---- shapes ---- */

/* False: the text is nothing of that type, and was not written. */
static bool put_typed(struct line *line, const struct tag_field *f, struct str text)
{
    int64_t whole;
    double real;

    switch (f->type) {
    case FIELD_INT:
        if (!str_i64(text, &whole))
            return false;
        line_i64(line, f->name, whole);
        return true;
    case FIELD_FLOAT:
        if (!str_f64(text, &real) || !isfinite(real))
            return false;
        line_f64(line, f->name, real);
        return true;
    case FIELD_BOOL:
        if (!str_is(text, "true") && !str_is(text, "false"))
            return false;
        line_bool(line, f->name, text.p[0] == 't');
        return true;
    case FIELD_STRING:
        break;
    }
    line_string(line, f->name, text);
    return true;
}

/* What cannot be converted is left out: a string in a field of numbers would have the whole point
 * refused. */
static void put_field(const struct influx_lines *l, struct line *line, const struct tag_field *f,
                      struct str text)
{
    if (!put_typed(line, f, text) && l->exact)
        line_string(line, f->name, text);
}

static struct series_clock *clock_of(struct influx_lines *l, struct str begin)
{
    struct series_clock *clock = table_get(&l->clocks, begin);

    if (!clock) {
        clock = xnew(struct series_clock);
        clock->last = INT64_MIN;
        table_set(&l->clocks, begin, clock);
    }
    return clock;
}

static struct shape *shape_new(struct influx_lines *l, const struct metric *metric,
                               const struct tagset *tags)
{
    struct shape *shape = xnew(struct shape);
    struct line begin = line_begin(&shape->begin, str_of(metric->name));
    struct line fields = {.out = &shape->fields, .n_fields = 1};

    for (uint32_t i = 0; i < tags->n; i++) {
        const struct tag *tag = &tags->tags[i];
        const struct tag_field *f = find_field(l, tag->key);

        if (!f) {
            line_tag(&begin, tag->key, tag->value);
        } else if (tag->value.n) {
            put_field(l, &fields, f, tag->value);
        }
    }
    shape->clock = clock_of(l, buf_str(&shape->begin));
    return shape;
}

static struct shape *shape_of(struct influx_lines *l, const struct metric *metric,
                              const struct tagset *tags)
{
    struct shape_key key = {metric, tags};
    struct str bytes = str_from((const char *)&key, sizeof(key));
    struct shape *shape = table_get(&l->shapes, bytes);

    if (!shape) {
        shape = shape_new(l, metric, tags);
        table_set(&l->shapes, bytes, shape);
    }
    return shape;
}

/* In the unit of the wire. */
static int64_t next_time(const struct influx_lines *l, struct series_clock *clock, wall_ns at)
{
    wall_ns time = at - at % l->unit;

    if (l->exact)
        return time / l->unit;
    if (time <= clock->last)
        time = clock->last + 1;
    clock->last = time;
    return time;
}

static struct line begin_line(const struct shape *shape, struct batch *out)
{
    struct line line = {.out = &out->bytes, .start = out->bytes.len};

    buf_putstr(&out->bytes, buf_str(&shape->begin));
    return line;
}

static void end_line(const struct influx_lines *l, const struct shape *shape, struct line *line,
                     wall_ns at, struct batch *out)
{
    if (!line->n_fields) {
        batch_undo_point(out);
        return;
    }
    line_end(line, next_time(l, shape->clock, at));
    batch_end_point(out);
    if (!out->first_at || at < out->first_at)
        out->first_at = at;
}

/* ---- lines ---- */

void influx_lines_sample(struct influx_lines *l, const struct sink_sample *sample,
                         struct batch *out)
{
    const struct shape *shape = shape_of(l, sample->metric, sample->tags);
    struct line line = begin_line(shape, out);

    line_f64(&line, STR("value"), sample->value);
    if (line.n_fields)
        buf_putstr(&out->bytes, buf_str(&shape->fields));
    end_line(l, shape, &line, sample->at, out);
}

static void put_counter(struct line *line, const struct value *delta, const struct value *total)
{
    line_f64(line, STR("value"), delta->counter.sum);
    line_f64(line, STR("sum"), delta->counter.sum);
    line_f64(line, STR("count"), (double)delta->counter.n);
    line_f64(line, STR("total"), total->counter.sum);
}

static void put_gauge(struct line *line, const struct value *delta)
{
    line_f64(line, STR("value"), delta->gauge.last);
    line_f64(line, STR("min"), delta->gauge.min);
    line_f64(line, STR("max"), delta->gauge.max);
}

static void put_rate(struct line *line, const struct value *delta, const struct value *total)
{
    line_f64(line, STR("value"), (double)delta->rate.trues / (double)delta->rate.total);
    line_f64(line, STR("sum"), (double)delta->rate.trues);
    line_f64(line, STR("count"), (double)delta->rate.total);
    line_f64(line, STR("total"), (double)total->rate.trues);
}

static void put_trend(struct line *line, const struct value *delta, const struct value *total)
{
    static const struct {
        struct str name;
        double q;
    } quantiles[] = {
        {{"p50", 3}, 0.5},
        {{"p90", 3}, 0.9},
        {{"p95", 3}, 0.95},
        {{"p99", 3}, 0.99},
    };
    const struct hist *h = &delta->trend;

    line_f64(line, STR("count"), (double)h->count);
    line_f64(line, STR("sum"), h->sum);
    line_f64(line, STR("min"), h->min);
    line_f64(line, STR("max"), h->max);
    line_f64(line, STR("mean"), hist_mean(h));
    for (size_t i = 0; i < countof(quantiles); i++)
        line_f64(line, quantiles[i].name, hist_quantile(h, quantiles[i].q));
    line_f64(line, STR("total"), (double)total->trend.count);
}

void influx_lines_sums(struct influx_lines *l, const struct metric *metric,
                       const struct tagset *tags, const struct value *delta,
                       const struct value *total, wall_ns at, struct batch *out)
{
    if (!value_samples(delta, metric->type))
        return;
    const struct shape *shape = shape_of(l, metric, tags);
    struct line line = begin_line(shape, out);

    switch (metric->type) {
    case METRIC_COUNTER:
        put_counter(&line, delta, total);
        break;
    case METRIC_GAUGE:
        put_gauge(&line, delta);
        break;
    case METRIC_RATE:
        put_rate(&line, delta, total);
        break;
    case METRIC_TREND:
        put_trend(&line, delta, total);
        break;
    }
    end_line(l, shape, &line, at, out);
}
