/* One figure of all runs of a script, from their totals, and where it changed. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <time.h>

#include "base/mem.h"
#include "report/comparison.h"
#include "report/humanize.h"

enum {
    RUNS_MAX = 300, /* the newest */
};

struct reading {
    struct store *store;
    struct trend *trend;
    int64_t *keys; /* newest first */
    size_t n_keys, cap_keys;
    struct stat_name stat;
    int r;
};

/* The statistic that one looks at first. */
static const char *usual_stat(enum metric_type type)
{
    static const char *const stats[] = {
        [METRIC_COUNTER] = "rate",
        [METRIC_GAUGE] = "value",
        [METRIC_RATE] = "rate",
        [METRIC_TREND] = "p(95)",
    };

    return stats[type];
}

static void take_labels(struct trend *t, struct str json, struct trend_point *p)
{
    json_t *list = json_loadb(json.p, json.n, 0, NULL), *one;
    size_t i, n = json_array_size(list);

    p->labels = arena_new_n(&t->arena, struct str, n + 1);
    json_array_foreach(list, i, one)
    {
        if (json_is_string(one))
            p->labels[p->n_labels++] = arena_str(&t->arena, str_of(json_string_value(one)));
    }
    json_decref(list);
}

static void take_verdict(struct trend *t, struct str json, struct trend_point *p)
{
    json_t *v = json_loadb(json.p, json.n, 0, NULL);
    const char *level = json_string_value(json_object_get(v, "level"));

    p->verdict = arena_str(&t->arena, str_of(level ? level : ""));
    json_decref(v);
}

static int take_key(void *arg, const struct store_run *run)
{
    struct reading *rd = arg;

    /* What was cut short, or is of the generator, says nothing of what was tested. */
    if (run->state == STORE_FINISHED)
        vec_push(rd->keys, rd->n_keys, rd->cap_keys) = run->key;
    return 0;
}

static int learn_metric(struct reading *rd, const struct snap_metric *m)
{
    struct trend *t = rd->trend;

    if (!t->stat.n)
        t->stat = arena_str(&t->arena, str_of(usual_stat(m->def->type)));
    t->type = m->def->type;
    t->contains = m->def->contains;
    if (!stat_parse(t->stat, &rd->stat) || !stat_applies(rd->stat, t->type) ||
        (rd->stat.kind == STAT_P && !(rd->stat.p >= 0 && rd->stat.p <= 100))) {
        return fault(-EINVAL, "'%.*s' is no statistic of %.*s, a %s", STR_ARG(t->stat),
                     STR_ARG(t->metric), metric_type_name(t->type));
    }
    return 0;
}

static int add_point(struct reading *rd, const struct store_run *run, struct snapshot *snapshot)
{
    struct trend *t = rd->trend;
    const struct snap_metric *m = snapshot_find(snapshot, t->metric);
    double seconds = (double)(snapshot_time(snapshot) - STORE_EPOCH) / (double)NS_PER_S;

    if (!m || !snap_metric_observed(m))
        return 0;
    if (!t->n_points)
        TRY(learn_metric(rd, m));
    if (m->def->type != t->type)
        return 0;
    struct trend_point *p = &vec_push(t->points, t->n_points, t->cap_points);

    p->key = run->key;
    p->id = arena_str(&t->arena, run->id);
    p->at = run->started ? run->started : run->created;
    p->value = snap_metric_stat(m, rd->stat, fmax(0, seconds));
    take_verdict(t, run->verdict_json, p);
    take_labels(t, run->labels_json, p);
    if (str_is(p->verdict, "invalid"))
        t->n_points--;
    return 0;
}

static int read_run(struct reading *rd, int64_t key)
{
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct arena arena = {0};
    struct store_run run;
    int r = store_run_get(rd->store, key, &arena, &run);

    if (r == 0)
        r = store_totals(rd->store, key, &registry, &snapshot);
    if (r == 0) {
        r = add_point(rd, &run, snapshot);
        snapshot_free(snapshot);
        metric_registry_free(registry);
    } else if (r != -EINVAL) {
        r = r > 0 ? 0 : r; /* removed meanwhile */
    }
    arena_fini(&arena);
    return r;
}

static int read_runs(struct reading *rd)
{
    const struct store_filter filter = {
        .script = rd->trend->script, .only_over = true, .limit = RUNS_MAX};

    TRY(store_runs(rd->store, &filter, take_key, rd));
    for (size_t i = rd->n_keys; i-- > 0;)
        TRY(read_run(rd, rd->keys[i]));
    return rd->trend->n_points ? 0 : STORE_E_NONE;
}

static void find_changes(struct trend *t)
{
    scoped(freep) double *values = xnew_n(double, t->n_points + 1);

    for (size_t i = 0; i < t->n_points; i++)
        values[i] = t->points[i].value;
    t->n_changes =
        changes_find(values, t->n_points, &(struct changes_config){.seed = 1}, t->changes);
}

int trend_load(struct store *store, struct str script, struct str metric, struct str stat,
               struct trend **ret_trend)
{
    scoped(trend_freep) struct trend *t = xnew(struct trend);
    struct reading rd = {.store = store, .trend = t};

    t->script = arena_str(&t->arena, script);
    t->metric = arena_str(&t->arena, metric);
    t->stat = arena_str(&t->arena, stat);
    int r = read_runs(&rd);

    free(rd.keys);
    if (r)
        return r;
    find_changes(t);
    *ret_trend = take(t);
    return 0;
}

void trend_free(struct trend *t)
{
    if (!t)
        return;
    free(t->points);
    arena_fini(&t->arena);
    free(t);
}

void trend_freep(struct trend **t)
{
    trend_free(*t);
}

/* ---- words ---- */

static void put_value(const struct trend *t, double value, struct buf *out)
{
    if (t->type == METRIC_RATE) {
        humanize_share(out, value);
    } else {
        humanize(out, value, t->contains, TIME_UNIT_AUTO);
    }
}

static void put_day(wall_ns at, struct buf *out)
{
    time_t s = (time_t)(at / NS_PER_S);
    struct tm tm;

    gmtime_r(&s, &tm);
    buf_printf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static void put_size(const struct trend *t, const struct change *c, struct buf *out)
{
    buf_printf(out, " %s", c->after > c->before ? "rose" : "fell");
    if (!isnan(c->delta))
        buf_printf(out, " by %.1f %%", fabs(100 * c->delta));
    buf_puts(out, ", from ");
    put_value(t, c->before, out);
    buf_puts(out, " to ");
    put_value(t, c->after, out);
}

void trend_put_text(const struct trend *t, const struct change *c, struct buf *out)
{
    const struct trend_point *p = &t->points[c->index];

    buf_printf(out, "%.*s of %.*s", STR_ARG(t->stat), STR_ARG(t->metric));
    put_size(t, c, out);
    if (c->kind == CHANGE_DRIFT) {
        buf_printf(out, ", little by little over %zu runs since ", t->n_points - c->index);
    } else {
        buf_printf(out, ", with run %.*s on ", STR_ARG(p->id));
    }
    put_day(p->at, out);
}

int trend_put(struct store *store, struct str script, struct str metric, struct str stat,
              struct buf *out)
{
    struct trend *t;
    int r = trend_load(store, script, metric, stat, &t);

    if (r)
        return r;
    trend_put_json(t, 0, out);
    trend_free(t);
    return 0;
}
