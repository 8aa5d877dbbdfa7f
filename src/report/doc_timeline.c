/*
 * A column of an entry is a text "[1,2,null,3", which grows with each step in which the entry had
 * something; the steps between, in which it had nothing, are put in when it has something again, or
 * at the end.
 */
#include "report/doc_timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/doc_entries.h"
#include "report/doc_heat.h"
#include "report/doc_json.h"
#include "report/doc_value.h"
#include "report/run_doc.h"

/* The text of one list, an element a step. */
struct column {
    struct buf text;
    size_t n;
};

/* Of one entry. */
struct points {
    struct column columns[DOC_COLUMNS_MAX];
};

/* A run that was played, and what of it is shown. */
struct played {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct doc_entries *entries;
};

struct doc_timeline {
    struct played run;
    struct played totals;  /* until the first step */
    struct points *points; /* by the entry's id; n_points */
    size_t n_points, cap_points;
    struct column heat[DOC_HEAT_METRICS];
    bool has_heat[DOC_HEAT_METRICS];
    struct column times;
    span_ns *lengths; /* of the steps; n_steps */
    size_t n_steps, cap_steps;
    uint64_t seq;
};

static void close_played(struct played *p)
{
    doc_entries_free(p->entries);
    snapshot_free(p->snapshot);
    metric_registry_free(p->registry);
    *p = (struct played){0};
}

void doc_timeline_free(struct doc_timeline *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_points; i++) {
        for (size_t c = 0; c < DOC_COLUMNS_MAX; c++)
            buf_fini(&t->points[i].columns[c].text);
    }
    for (size_t i = 0; i < DOC_HEAT_METRICS; i++)
        buf_fini(&t->heat[i].text);
    buf_fini(&t->times.text);
    free(t->points);
    free(t->lengths);
    close_played(&t->run);
    close_played(&t->totals);
    free(t);
}

void doc_timeline_freep(struct doc_timeline **t)
{
    doc_timeline_free(*t);
}

/* ---- columns ---- */

static void next_element(struct column *c)
{
    buf_putc(&c->text, c->n++ ? ',' : '[');
}

/* Has n elements, those that are missing being `nothing`. */
static void pad(struct column *c, size_t n, struct str nothing)
{
    while (c->n < n) {
        next_element(c);
        buf_putstr(&c->text, nothing);
    }
}

static void put_column(struct json_out *j, const struct column *c, size_t n, struct str nothing)
{
    json_put_raw(j, c->n ? buf_str(&c->text) : STR("["));
    for (size_t i = c->n; i < n; i++) {
        if (i)
            buf_putc(j->out, ',');
        buf_putstr(j->out, nothing);
    }
    buf_putc(j->out, ']');
}

/* ---- a step ---- */

static void add_points(struct doc_timeline *t, const struct doc_entry *entry)
{
    double numbers[DOC_COLUMNS_MAX];
    size_t n = doc_point(doc_entry_delta(t->run.entries, entry), entry->metric->type, numbers);

    while (t->n_points <= entry->id)
        vec_push(t->points, t->n_points, t->cap_points) = (struct points){0};
    for (size_t i = 0; i < n; i++) {
        struct column *c = &t->points[entry->id].columns[i];

        pad(c, t->n_steps, STR("null"));
        next_element(c);
        doc_put_number(&c->text, numbers[i], DOC_POINT_DIGITS);
    }
}

static void add_heat(struct doc_timeline *t, struct snapshot *snapshot, size_t place)
{
    struct column *c = &t->heat[place];

    next_element(c);
    buf_putc(&c->text, '[');
    t->has_heat[place] |= doc_heat_row(snapshot, place, &c->text);
    buf_putc(&c->text, ']');
}

static void add_time(struct doc_timeline *t, span_ns from, span_ns to)
{
    struct json_out j = JSON_OUT(&t->times.text, 0);

    next_element(&t->times);
    doc_put_seconds(&j, to);
    vec_push(t->lengths, t->n_steps, t->cap_steps) = to - from;
}

static void open_entries(struct doc_timeline *t, struct snapshot *snapshot)
{
    t->run.entries = doc_entries_new(snapshot);
    doc_entries_admit(t->run.entries, t->totals.entries);
    close_played(&t->totals);
}

static int on_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    struct doc_timeline *t = arg;
    size_t n;

    if (!t->run.entries)
        open_entries(t, snapshot);
    doc_entries_tick(t->run.entries);
    struct doc_entry *const *fresh = doc_entries_fresh(t->run.entries, &n);

    for (size_t i = 0; i < n; i++) {
        if (fresh[i]->has_points)
            add_points(t, fresh[i]);
    }
    for (size_t i = 0; i < DOC_HEAT_METRICS; i++)
        add_heat(t, snapshot, i);
    add_time(t, from, to);
    return 0;
}

/* ---- reading a run ---- */

/* How many numbers a step has at most, of the entries that will be shown. */
static size_t numbers_a_step(const struct played *totals)
{
    struct doc_entries *shown = doc_entries_new(totals->snapshot);
    size_t n, sum = 0;

    doc_entries_admit(shown, totals->entries);
    doc_entries_tick(shown);
    struct doc_entry *const *all = doc_entries_all(shown, &n);

    for (size_t i = 0; i < n; i++)
        sum += all[i]->has_points ? doc_point_columns(all[i]->metric->type) : 0;
    doc_entries_free(shown);
    return sum;
}

static size_t steps_for(size_t max_steps, size_t n_numbers)
{
    size_t steps = n_numbers ? RUN_DOC_NUMBERS_MAX / n_numbers : max_steps;

    steps = steps < RUN_DOC_STEPS_LEAST ? RUN_DOC_STEPS_LEAST : steps;
    return steps < max_steps ? steps : max_steps;
}

/* Which entries there are, the busiest of which are shown. */
static int read_totals(const struct doc_source *source, struct played *totals)
{
    TRY(source->totals(source->arg, &totals->registry, &totals->snapshot));
    totals->entries = doc_entries_new(totals->snapshot);
    doc_entries_unlimited(totals->entries);
    doc_entries_tick(totals->entries);
    return 0;
}

int doc_timeline_read(const struct doc_source *source, size_t max_steps,
                      struct doc_timeline **ret_timeline)
{
    scoped(doc_timeline_freep) struct doc_timeline *t = xnew(struct doc_timeline);
    struct store_replay how = {.step = on_step, .arg = t, .ret_seq = &t->seq};

    TRY(read_totals(source, &t->totals));
    how.max_steps = steps_for(max_steps, numbers_a_step(&t->totals));
    TRY(source->replay(source->arg, &how, &t->run.registry, &t->run.snapshot));
    if (!t->run.entries)
        open_entries(t, t->run.snapshot);
    *ret_timeline = take(t);
    return 0;
}

/* ---- writing ---- */

static int by_display(const void *a, const void *b)
{
    return doc_entry_cmp(*(struct doc_entry *const *)a, *(struct doc_entry *const *)b);
}

/* All entries in the order of display; freed by the caller. */
static struct doc_entry **sorted_entries(const struct doc_timeline *t, size_t *ret_n)
{
    struct doc_entry *const *all = doc_entries_all(t->run.entries, ret_n);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    struct doc_entry **sorted = xnew_n(struct doc_entry *, *ret_n + 1);

    for (size_t i = 0; i < *ret_n; i++)
        sorted[i] = all[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
    qsort(sorted, *ret_n, sizeof(*sorted), by_display);
    return sorted;
}

static void put_metrics(const struct doc_timeline *t, struct json_out *j)
{
    size_t n;
    struct doc_entry *const *all = doc_entries_all(t->run.entries, &n);

    json_key(j, "metrics");
    json_open_object(j);
    for (size_t i = 0; i < n; i++) {
        if (all[i]->by == DOC_METRIC)
            doc_put_metric(j, all[i]->metric);
    }
    json_close(j);
}

static int by_length(const void *a, const void *b)
{
    span_ns x = *(const span_ns *)a, y = *(const span_ns *)b;

    return (x > y) - (x < y);
}

/* The usual one: the first may be short, and so may the last. */
static span_ns step_length(const struct doc_timeline *t)
{
    scoped(freep) span_ns *sorted = xnew_n(span_ns, t->n_steps + 1);

    memcpy(sorted, t->lengths, t->n_steps * sizeof(*sorted));
    qsort(sorted, t->n_steps, sizeof(*sorted), by_length);
    return sorted[t->n_steps / 2];
}

static void put_timeline(const struct doc_timeline *t, struct json_out *j)
{
    json_key(j, "timeline");
    json_open_object(j);
    json_key(j, "seq");
    json_put_u64(j, t->seq);
    json_key(j, "step_s");
    doc_put_seconds(j, t->n_steps ? step_length(t) : 0);
    json_key(j, "t");
    put_column(j, &t->times, t->n_steps, STR("null"));
    json_close(j);
}

static void put_total(const struct doc_entry *entry, struct json_out *j)
{
    double numbers[DOC_COLUMNS_MAX];
    size_t n = doc_total(doc_entry_total(entry), entry->metric->type, numbers);

    json_key(j, "total");
    json_put_raw(j, STR("["));
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(j->out, ',');
        doc_put_number(j->out, numbers[i], DOC_ALL_DIGITS);
    }
    buf_putc(j->out, ']');
}

static void put_points(const struct doc_timeline *t, const struct doc_entry *entry,
                       struct json_out *j)
{
    static const struct points none;
    const struct points *p = entry->id < t->n_points ? &t->points[entry->id] : &none;

    json_key(j, "points");
    json_open_array(j);
    for (size_t i = 0; i < doc_point_columns(entry->metric->type); i++)
        put_column(j, &p->columns[i], t->n_steps, STR("null"));
    json_close(j);
}

static void put_entries(const struct doc_timeline *t, struct json_out *j)
{
    size_t n;
    scoped(freep) struct doc_entry **entries = sorted_entries(t, &n);

    json_key(j, "entries");
    json_open_array(j);
    for (size_t i = 0; i < n; i++) {
        json_open_object(j);
        doc_put_entry_head(j, entries[i]);
        put_total(entries[i], j);
        if (entries[i]->has_points)
            put_points(t, entries[i], j);
        json_close(j);
    }
    json_close(j);
}

static void put_heat(const struct doc_timeline *t, struct json_out *j)
{
    json_key(j, "heat");
    json_open_array(j);
    for (size_t i = 0; i < DOC_HEAT_METRICS; i++) {
        if (!t->has_heat[i])
            continue;
        json_open_object(j);
        json_key(j, "metric");
        json_put_cstr(j, metric_get(t->run.registry, doc_heat_metrics[i])->name);
        json_key(j, "rows");
        put_column(j, &t->heat[i], t->n_steps, STR("[]"));
        json_close(j);
    }
    json_close(j);
}

void doc_timeline_put(const struct doc_timeline *t, struct json_out *j)
{
    put_metrics(t, j);
    put_timeline(t, j);
    put_entries(t, j);
    put_heat(t, j);
}
