/*
 * A stored run is read twice: its totals say what figures there are and where each percentile
 * lies; its steps then say how many samples each had at or below that. So nothing of a histogram
 * is kept per step but two numbers.
 */
#include "report/measured.h"

#include <math.h>
#include <pthread.h>

#include "base/mem.h"
#include "compare/student.h"

enum {
    STEPS_MAX = 240, /* more make no interval better, and would be read longer */
    PARTS_MAX = 200, /* of a metric, the busiest */
};

/* Samples that follow each other are alike; so many count as one where nothing says how alike. */
#define DESIGN_EFFECT_UNKNOWN 4.0

static const struct measured_kind rows[] = {
#define MEASURED(by_, metric_, stat_, better_, spread_, judged_) \
    {.by = DOC_##by_,                                            \
     .metric = (metric_),                                        \
     .stat_text = (stat_),                                       \
     .better = better_##_IS_BETTER,                              \
     .prior_sd = (spread_),                                      \
     .judged = (judged_)},
#include "report/measured.def"
#undef MEASURED
};

/* With statistics parsed; made at the first call. */
static struct measured_kind kinds[countof(rows)];
static pthread_once_t kinds_once = PTHREAD_ONCE_INIT;

static void make_kinds(void)
{
    for (size_t i = 0; i < countof(rows); i++) {
        struct measured_kind *k = &kinds[i];

        *k = rows[i];
        ignored(stat_parse(str_of(k->stat_text), &k->stat));
        if (k->prior_sd == 0)
            k->prior_sd = spread_prior_percentile(k->stat.kind == STAT_P ? k->stat.p : 100);
    }
}

const struct measured_kind *measured_kinds(size_t *ret_n)
{
    pthread_once(&kinds_once, make_kinds);
    *ret_n = countof(kinds);
    return kinds;
}

/* ---- rows ---- */

static void put_sized(struct buf *out, struct str s)
{
    buf_put(out, &s.n, sizeof(s.n));
    buf_putstr(out, s);
}

/* The same in all runs, whatever ids a registry gave. */
static void put_key(struct buf *out, const struct measured_kind *kind, const struct doc_entry *e)
{
    ptrdiff_t index = kind - kinds;

    buf_put(out, &index, sizeof(index));
    put_sized(out, str_of(e->metric->name));
    put_sized(out, str_of(e->name ? e->name : ""));
    for (size_t i = 0; i < e->n_tags; i++) {
        put_sized(out, e->tags[i].key);
        put_sized(out, e->tags[i].value);
    }
}

static struct measured_row *find_row(const struct measured *m, const struct measured_kind *kind,
                                     const struct doc_entry *e)
{
    scoped(buf_fini) struct buf key = {0};

    put_key(&key, kind, e);
    return table_get(&m->by_key, buf_str(&key));
}

struct measured_row *measured_find(const struct measured *m, const struct measured_row *like)
{
    return find_row(m, like->kind, like->entry);
}

static bool suits(const struct measured_kind *k, const struct doc_entry *e)
{
    if (k->by != e->by || !stat_applies(k->stat, e->metric->type))
        return false;
    return k->metric[0] == '\0' ? e->metric->contains == CONTAINS_TIME
                                : strcmp(k->metric, e->metric->name) == 0;
}

/* What of the value's distribution lies at or below the percentile's bucket. */
static double cut_of(const struct hist *h, double value)
{
    double scaled = value * h->scale;

    return scaled > HIST_ZERO ? hist_upper(h, hist_index(scaled)) : fmax(0, value);
}

static void fill_row(struct measured_row *row, double seconds)
{
    const struct value *total = doc_entry_total(row->entry);
    enum metric_type type = row->entry->metric->type;

    row->samples = value_samples(total, type);
    row->value = value_stat(total, type, row->kind->stat, seconds);
    row->design_effect = 1;
    if (row->kind->stat.kind == STAT_P)
        row->cut = cut_of(&total->trend, row->value);
    row->figure = (struct figure){row->value, row->value, row->value, 0};
}

static void add_row(struct measured *m, const struct measured_kind *kind, const struct doc_entry *e)
{
    struct measured_row *row = &vec_push(m->rows, m->n_rows, m->cap_rows);

    row->kind = kind;
    row->entry = e;
    fill_row(row, m->seconds);
    if (row->samples == 0)
        m->n_rows--;
}

static int by_display(const void *a, const void *b)
{
    const struct doc_entry *const *x = a, *const *y = b;

    return doc_entry_cmp(*x, *y);
}

static bool is_overflow(const struct doc_entry *e)
{
    return e->n_tags == 1 && str_is(e->tags[0].key, "overflow");
}

/* Iterations tell of a run that makes no requests; of others, requests do. */
static bool is_told_by_requests(const struct measured *m, const struct measured_kind *k)
{
    const struct snap_metric *requests = snapshot_find(m->snapshot, STR("http_reqs"));

    return k->by == DOC_METRIC && strncmp(k->metric, "iteration", 9) == 0 && requests &&
           snap_metric_observed(requests);
}

/* A part with all samples of its metric is the metric, which has a row: the only scenario, say. */
static bool is_whole_again(const struct measured *m, const struct doc_entry *e)
{
    const struct snap_metric *whole = snapshot_find(m->snapshot, str_of(e->metric->name));

    return whole && e->by != DOC_ENDPOINT &&
           value_samples(&whole->total, e->metric->type) ==
               value_samples(doc_entry_total(e), e->metric->type);
}

/* By the table's order. */
static void add_wholes(struct measured *m, struct doc_entry *const *sorted, size_t n)
{
    size_t n_kinds;
    const struct measured_kind *k = measured_kinds(&n_kinds);

    for (size_t j = 0; j < n_kinds; j++) {
        if (k[j].by != DOC_METRIC || is_told_by_requests(m, &k[j]))
            continue;
        for (size_t i = 0; i < n; i++) {
            if (suits(&k[j], sorted[i]))
                add_row(m, &k[j], sorted[i]);
        }
    }
}

static void add_part(struct measured *m, const struct doc_entry *e)
{
    size_t n_kinds;
    const struct measured_kind *k = measured_kinds(&n_kinds);

    for (size_t j = 0; j < n_kinds; j++) {
        if (k[j].by != DOC_METRIC && suits(&k[j], e))
            add_row(m, &k[j], e);
    }
}

/* By the entries' order: of each metric the busiest first. */
static void add_parts(struct measured *m, struct doc_entry *const *sorted, size_t n)
{
    size_t n_alike = 0;

    for (size_t i = 0; i < n; i++) {
        bool alike =
            i && sorted[i]->by == sorted[i - 1]->by && sorted[i]->metric == sorted[i - 1]->metric;

        n_alike = alike ? n_alike + 1 : 1;
        if (n_alike <= PARTS_MAX && !is_overflow(sorted[i]) && !is_whole_again(m, sorted[i]))
            add_part(m, sorted[i]);
    }
}

static void add_rows(struct measured *m)
{
    size_t n;
    struct doc_entry *const *all = doc_entries_all(m->entries, &n);
    scoped(freep) struct doc_entry **sorted = xnew_n(struct doc_entry *, n + 1);

    if (n)
        memcpy(sorted, all, n * sizeof(struct doc_entry *));
    qsort(sorted, n, sizeof(struct doc_entry *), by_display);
    add_wholes(m, sorted, n);
    add_parts(m, sorted, n);
}

/* Rows stay where they are from here on. */
static void index_rows(struct measured *m)
{
    scoped(buf_fini) struct buf key = {0};

    for (size_t i = 0; i < m->n_rows; i++) {
        buf_reset(&key);
        put_key(&key, m->rows[i].kind, m->rows[i].entry);
        table_set(&m->by_key, buf_str(&key), &m->rows[i]);
    }
}

static struct measured *measure(struct snapshot *snapshot, double seconds)
{
    struct measured *m = xnew(struct measured);
    const struct snap_metric *users = snapshot_find(snapshot, STR("vus_max"));

    m->snapshot = snapshot;
    m->seconds = seconds;
    m->vus_max = users && snap_metric_observed(users) ? users->total.gauge.max : 0;
    m->entries = doc_entries_new(snapshot);
    doc_entries_unlimited(m->entries);
    doc_entries_tick(m->entries);
    add_rows(m);
    index_rows(m);
    return m;
}

/* ---- how sure they are ---- */

struct steps {
    struct measured *measured;
    struct doc_entries *entries;   /* of the snapshot that is played */
    struct measured_row **rows_of; /* countof(kinds) for each entry's id */
    size_t n_known, cap_rows;
    struct ratio_step *all; /* STEPS_MAX + 1 for each row */
    size_t n;
};

static struct ratio_step *steps_of(const struct steps *s, const struct measured_row *row)
{
    return s->all + (size_t)(row - s->measured->rows) * (STEPS_MAX + 1);
}

static void know_entries(struct steps *s)
{
    size_t n, n_kinds;
    struct doc_entry *const *all = doc_entries_all(s->entries, &n);
    const struct measured_kind *k = measured_kinds(&n_kinds);

    for (; s->n_known < n; s->n_known++) {
        for (size_t j = 0; j < n_kinds; j++) {
            size_t at = s->n_known * n_kinds + j;

            /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
            vec_push(s->rows_of, at, s->cap_rows) =
                suits(&k[j], all[s->n_known]) ? find_row(s->measured, &k[j], all[s->n_known])
                                              : NULL;
        }
    }
}

static void add_step(const struct measured_row *row, const struct value *delta,
                     struct ratio_step *to)
{
    switch (row->entry->metric->type) {
    case METRIC_COUNTER:
        to->top += delta->counter.sum;
        break;
    case METRIC_RATE:
        to->top += (double)delta->rate.trues;
        to->bottom += (double)delta->rate.total;
        break;
    case METRIC_TREND:
        to->top += (double)hist_count_upto(&delta->trend, row->cut);
        to->bottom += (double)delta->trend.count;
        break;
    case METRIC_GAUGE:
        break;
    }
}

static void add_entry(struct steps *s, const struct doc_entry *e, const struct value *delta)
{
    for (size_t j = 0; j < countof(kinds); j++) {
        const struct measured_row *row = s->rows_of[e->id * countof(kinds) + j];

        if (row)
            add_step(row, delta, &steps_of(s, row)[s->n]);
    }
}

static int take_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    struct steps *s = arg;
    const struct measured *m = s->measured;
    size_t n;

    if (!s->entries) {
        s->entries = doc_entries_new(snapshot);
        doc_entries_unlimited(s->entries);
    }
    doc_entries_tick(s->entries);
    know_entries(s);
    if (s->n > STEPS_MAX)
        return 0;
    struct doc_entry *const *fresh = doc_entries_fresh(s->entries, &n);

    for (size_t i = 0; i < n; i++) {
        const struct value *delta = doc_entry_delta(s->entries, fresh[i]);

        if (delta)
            add_entry(s, fresh[i], delta);
    }
    for (size_t i = 0; i < m->n_rows; i++) {
        if (m->rows[i].entry->metric->type == METRIC_COUNTER)
            steps_of(s, &m->rows[i])[s->n].bottom += (double)(to - from) / (double)NS_PER_S;
    }
    s->n++;
    return 0;
}

/* Nothing says how samples vary together: a share as of so many fewer. */
static void guess_within(struct measured_row *row, double confidence)
{
    double n = (double)row->samples / DESIGN_EFFECT_UNKNOWN;
    double p = row->kind->stat.kind == STAT_P ? row->kind->stat.p / 100 : row->value;
    struct resample *w = &row->within;

    if (row->entry->metric->type == METRIC_COUNTER)
        return;
    w->value = p;
    w->se = sqrt(p * (1 - p) / n);
    double half = normal_quantile((1 + confidence) / 2) * w->se;

    w->low = p - half;
    w->high = p + half;
    w->df = INFINITY;
    row->design_effect = DESIGN_EFFECT_UNKNOWN;
}

/* From an interval of the share below to one of the percentile, the other way round. */
static void figure_of_percentile(struct measured_row *row)
{
    const struct hist *h = &doc_entry_total(row->entry)->trend;
    const struct resample *w = &row->within;
    double q = row->kind->stat.p / 100;
    double low = fmax(0, q - (w->high - w->value)), high = fmin(1, q + (w->value - w->low));

    row->figure = (struct figure){row->value, fmin(row->value, hist_quantile(h, low)),
                                  fmax(row->value, hist_quantile(h, high)), w->df};
}

static void find_within(struct measured_row *row, const struct ratio_step *steps, size_t n,
                        double confidence, uint64_t seed)
{
    if (steps)
        resample_ratio(steps, n, confidence, seed, &row->within);
    if (row->within.known) {
        row->design_effect = resample_design_effect(&row->within, (double)row->samples);
    } else {
        guess_within(row, confidence);
    }
    if (row->entry->metric->type == METRIC_RATE) {
        const struct value *total = doc_entry_total(row->entry);

        row->shares = (struct share_figure){(double)total->rate.trues, (double)total->rate.total,
                                            row->design_effect};
    } else if (row->kind->stat.kind == STAT_P) {
        figure_of_percentile(row);
    } else if (row->within.known && row->kind->stat.kind == STAT_RATE) {
        row->figure =
            (struct figure){row->value, row->within.low, row->within.high, row->within.df};
    }
}

static void find_all_within(struct measured *m, const struct steps *s, double confidence)
{
    for (size_t i = 0; i < m->n_rows; i++) {
        find_within(&m->rows[i], s ? steps_of(s, &m->rows[i]) : NULL, s ? s->n : 0, confidence, i);
    }
    m->has_within = s && s->n >= RESAMPLE_STEPS_MIN;
}

static int read_steps(struct store *store, int64_t key, struct measured *m, double confidence)
{
    struct steps s = {.measured = m};
    struct store_replay how = {.max_steps = STEPS_MAX, .step = take_step, .arg = &s};
    struct metric_registry *registry = NULL;
    struct snapshot *snapshot = NULL;

    s.all = xnew_n(struct ratio_step, (m->n_rows + 1) * (STEPS_MAX + 1));
    int r = store_replay(store, key, &how, &registry, &snapshot);

    if (r == 0)
        find_all_within(m, &s, confidence);
    doc_entries_free(s.entries);
    snapshot_free(snapshot);
    metric_registry_free(registry);
    free(s.rows_of);
    free(s.all);
    return r;
}

/* ---- the whole ---- */

int measured_load(struct store *store, int64_t key, enum measured_parts parts, double confidence,
                  struct measured **ret_measured)
{
    struct metric_registry *registry;
    struct snapshot *snapshot;

    TRY(store_totals(store, key, &registry, &snapshot));
    double seconds = (double)(snapshot_time(snapshot) - STORE_EPOCH) / (double)NS_PER_S;
    scoped(measured_freep) struct measured *m = measure(snapshot, fmax(0, seconds));

    m->registry = registry;
    if (parts == MEASURED_WITHIN)
        TRY(read_steps(store, key, m, confidence));
    *ret_measured = take(m);
    return 0;
}

struct measured *measured_of_snapshot(struct snapshot *snapshot, double seconds, double confidence)
{
    struct measured *m = measure(snapshot, seconds);

    find_all_within(m, NULL, confidence);
    return m;
}

void measured_free(struct measured *m)
{
    if (!m)
        return;
    doc_entries_free(m->entries);
    if (m->registry) {
        snapshot_free(m->snapshot);
        metric_registry_free(m->registry);
    }
    table_fini(&m->by_key);
    free(m->rows);
    free(m);
}

void measured_freep(struct measured **m)
{
    measured_free(*m);
}

double measured_within(const struct measured_row *row)
{
    const struct figure *f = &row->figure;

    if (!(f->low > 0) || !(f->df > 0))
        return 0;
    double se = (log(f->high) - log(f->low)) / (2 * student_quantile(0.975, f->df));

    return se * se;
}
