/*
 * The entries of a running test, told as they come. What a page needs to know once (a metric, what
 * an entry is of) goes with the frame of the tick that brought it; a page that comes later gets all
 * of it first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "report/doc_entries.h"
#include "report/doc_heat.h"
#include "report/doc_json.h"
#include "report/doc_run.h"
#include "report/doc_value.h"
#include "report/run_doc.h"

struct run_frames {
    struct snapshot *snapshot;
    mono_ns epoch;
    struct doc_entries *entries;
    size_t n_told; /* entries before the last tick */
    span_ns at;    /* of the last tick, and how long it was */
    span_ns length;
    struct run_doc_live live;
    char *stage;
    struct buf events; /* those that came since the last tick, JSON with commas */
    size_t events_due; /* bytes of it that are of the last tick */
};

struct run_frames *run_frames_new(struct snapshot *snapshot, mono_ns epoch)
{
    struct run_frames *f = xnew(struct run_frames);

    f->snapshot = snapshot;
    f->epoch = epoch;
    f->entries = doc_entries_new(snapshot);
    return f;
}

void run_frames_free(struct run_frames *f)
{
    if (!f)
        return;
    doc_entries_free(f->entries);
    buf_fini(&f->events);
    free(f->stage);
    free(f);
}

void run_frames_live(struct run_frames *f, const struct run_doc_live *live)
{
    if (!f->stage || strcmp(f->stage, live->stage) != 0) {
        free(f->stage);
        f->stage = xstrdup(live->stage);
    }
    f->live = *live;
    f->live.stage = f->stage;
}

void run_frames_event(struct run_frames *f, const struct store_event *e)
{
    struct json_out j = JSON_OUT(&f->events, 0);

    if (f->events.len > f->events_due)
        buf_putc(&f->events, ',');
    doc_put_event(&j, e);
}

void run_frames_tick(struct run_frames *f)
{
    span_ns now = snapshot_time(f->snapshot) - f->epoch;

    doc_entries_all(f->entries, &f->n_told);
    doc_entries_tick(f->entries);
    f->length = now - f->at;
    f->at = now;
    buf_drop(&f->events, f->events_due);
    f->events_due = f->events.len;
}

/* ---- what is told once ---- */

static void put_metrics(struct run_frames *f, size_t from, struct json_out *j)
{
    size_t n;
    struct doc_entry *const *all = doc_entries_all(f->entries, &n);

    json_key(j, "metrics");
    json_open_object(j);
    for (size_t i = from; i < n; i++) {
        if (all[i]->by == DOC_METRIC)
            doc_put_metric(j, all[i]->metric);
    }
    json_close(j);
}

static void put_added(struct run_frames *f, size_t from, struct json_out *j)
{
    size_t n;
    struct doc_entry *const *all = doc_entries_all(f->entries, &n);

    json_key(j, "add");
    json_open_array(j);
    for (size_t i = from; i < n; i++) {
        json_open_object(j);
        json_key(j, "id");
        json_put_u64(j, all[i]->id);
        doc_put_entry_head(j, all[i]);
        json_close(j);
    }
    json_close(j);
}

static bool has_new(const struct run_frames *f)
{
    size_t n;

    doc_entries_all(f->entries, &n);
    return n > f->n_told;
}

void run_frames_put_entries(struct run_frames *f, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    json_open_object(&j);
    json_key(&j, "seq");
    json_put_u64(&j, snapshot_ticks(f->snapshot));
    put_metrics(f, 0, &j);
    put_added(f, 0, &j);
    json_close(&j);
}

/* ---- a frame ---- */

/* One list of the frame: the entry's id and its numbers. */
static void put_row(struct json_out *j, const struct doc_entry *entry, const double *numbers,
                    size_t n, int digits)
{
    json_put_raw(j, STR("["));
    buf_put_u64(j->out, entry->id);
    for (size_t i = 0; i < n; i++) {
        buf_putc(j->out, ',');
        doc_put_number(j->out, numbers[i], digits);
    }
    buf_putc(j->out, ']');
}

static void put_points(struct run_frames *f, struct json_out *j)
{
    double numbers[DOC_COLUMNS_MAX];
    size_t n_fresh;
    struct doc_entry *const *fresh = doc_entries_fresh(f->entries, &n_fresh);

    json_key(j, "points");
    json_open_array(j);
    for (size_t i = 0; i < n_fresh; i++) {
        if (!fresh[i]->has_points)
            continue;
        size_t n =
            doc_point(doc_entry_delta(f->entries, fresh[i]), fresh[i]->metric->type, numbers);

        put_row(j, fresh[i], numbers, n, DOC_POINT_DIGITS);
    }
    json_close(j);
}

static void put_totals(struct run_frames *f, struct json_out *j)
{
    double numbers[DOC_COLUMNS_MAX];
    size_t n_fresh;
    struct doc_entry *const *fresh = doc_entries_fresh(f->entries, &n_fresh);

    json_key(j, "totals");
    json_open_array(j);
    for (size_t i = 0; i < n_fresh; i++) {
        size_t n = doc_total(doc_entry_total(fresh[i]), fresh[i]->metric->type, numbers);

        put_row(j, fresh[i], numbers, n, DOC_TOTAL_DIGITS);
    }
    json_close(j);
}

static void put_heat(struct run_frames *f, struct json_out *j)
{
    json_key(j, "heat");
    json_open_array(j);
    for (size_t i = 0; i < DOC_HEAT_METRICS; i++) {
        const struct snap_metric *m = snapshot_metric(f->snapshot, doc_heat_metrics[i]);

        if (!snap_metric_fresh(f->snapshot, m))
            continue;
        json_open_object(j);
        json_key(j, "metric");
        json_put_cstr(j, m->name);
        json_key(j, "row");
        json_put_raw(j, STR("["));
        doc_heat_row(f->snapshot, i, j->out);
        buf_putc(j->out, ']');
        json_close(j);
    }
    json_close(j);
}

static void put_events(struct run_frames *f, struct json_out *j)
{
    if (!f->events_due)
        return;
    json_key(j, "events");
    json_put_raw(j, STR("["));
    buf_put(j->out, f->events.data, f->events_due);
    buf_putc(j->out, ']');
}

void run_frames_put(struct run_frames *f, const struct store_run *run, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    json_open_object(&j);
    json_key(&j, "seq");
    json_put_u64(&j, snapshot_ticks(f->snapshot));
    json_key(&j, "t");
    doc_put_seconds(&j, f->at);
    json_key(&j, "dt");
    doc_put_seconds(&j, f->length);
    if (has_new(f)) {
        put_metrics(f, f->n_told, &j);
        put_added(f, f->n_told, &j);
    }
    put_points(f, &j);
    put_totals(f, &j);
    put_heat(f, &j);
    put_events(f, &j);
    json_key(&j, "run");
    json_open_object(&j);
    doc_put_run_changes(&j, run, &f->live);
    json_close(&j);
    json_close(&j);
}
