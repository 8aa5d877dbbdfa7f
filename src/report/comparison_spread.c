/*
 * How much two runs differ when nothing has changed: learnt from earlier runs, and more where the
 * generator says that others used its machine.
 */
#include <jansson.h>
#include <math.h>

#include "base/mem.h"
#include "report/comparison_priv.h"
#include "report/measured.h"

/* Earlier runs are repetitions when length and users are those of the current one, so nearly. */
#define ALIKE 0.2

/* What others on the generator's machine do to figures: disturbed_spread(). */
#define DISTURBED_FACTOR    100
#define DISTURBED_PRIOR_MIN 0.02

enum {
    CANDIDATES_MAX = 60, /* earlier runs that are looked at */
};

/* ---- what the generator says of itself ---- */

bool comparison_is_level(struct str verdict_json, const char *level)
{
    json_t *v = json_loadb(verdict_json.p, verdict_json.n, 0, NULL);
    const char *text = json_string_value(json_object_get(v, "level"));
    bool is = text && strcmp(text, level) == 0;

    json_decref(v);
    return is;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_number(v) ? json_number_value(v) : 0;
}

/* The share of the time in which the generator was ready and others had the processor. */
double comparison_disturbance(const struct store_run *run)
{
    json_t *g = json_loadb(run->generator_json.p, run->generator_json.n, 0, NULL), *loop;
    double most = fmax(number_of(g, "steal"), number_of(g, "throttled"));
    size_t i;

    json_array_foreach(json_object_get(g, "loops"), i, loop)
    {
        most = fmax(most, number_of(loop, "run_queue_wait"));
    }
    json_decref(g);
    return fmin(fmax(most, 0), 1);
}

/* Nothing but the target had a part in its figures. */
static bool is_quiet(const struct store_run *run)
{
    return comparison_disturbance(run) <= DISTURBED_MIN &&
           !comparison_is_level(run->verdict_json, "suspect");
}

/* ---- earlier runs ---- */

struct candidates {
    const struct store_run *current;
    bool only_quiet; /* as the two are: others would say that they differ by more */
    int64_t keys[CANDIDATES_MAX];
    size_t n;
};

static int take_candidate(void *arg, const struct store_run *run)
{
    struct candidates *c = arg;
    double length = (double)c->current->duration, other = (double)run->duration;

    if (run->key == c->current->key || run->created > c->current->created ||
        run->state != STORE_FINISHED || comparison_is_level(run->verdict_json, "invalid") ||
        (c->only_quiet && !is_quiet(run)) || fabs(other - length) > ALIKE * length)
        return 0;
    c->keys[c->n++] = run->key;
    return c->n == CANDIDATES_MAX;
}

static int find_candidates(struct store *store, struct candidates *c)
{
    struct store_filter filter = {.limit = CANDIDATES_MAX + 1, .only_over = true};

    if (c->current->script_hash.n) {
        filter.script_hash = c->current->script_hash;
    } else {
        filter.script = c->current->script;
    }
    if (!filter.script.n && !filter.script_hash.n)
        return 0;
    int r = store_runs(store, &filter, take_candidate, c);

    return r < 0 ? r : 0;
}

void comparison_history_fini(struct comparison_history *h)
{
    for (size_t i = 0; i < h->n; i++)
        measured_free(h->runs[i]);
}

int comparison_history_read(struct store *store, const struct comparison_side *current,
                            const struct comparison_side *baseline, struct comparison_history *h)
{
    struct candidates c = {.current = current->run,
                           .only_quiet = is_quiet(current->run) && is_quiet(baseline->run)};
    double users = current->measured->vus_max;

    if (!store)
        return 0;
    TRY(find_candidates(store, &c));
    for (size_t i = 0; i < c.n && h->n < SPREAD_RUNS_MAX; i++) {
        struct measured *m;

        /* One that is damaged, or was removed meanwhile, tells nothing; the rest does. */
        if (measured_load(store, c.keys[i], MEASURED_TOTALS, 0.95, &m) != 0)
            continue;
        if (fabs(m->vus_max - users) <= ALIKE * users) {
            h->runs[h->n++] = m;
        } else {
            measured_free(m);
        }
    }
    return 0;
}

/*
 * What that does to a figure, as a spread: it grows from a twenty-fifth of the time on, to a half
 * for p95 at a quarter. Measured by tests/compare/repeat.py on a machine that had other work.
 */
static double disturbed_spread(const struct measured_kind *kind, double disturbance)
{
    return fmax(0, disturbance - DISTURBED_MIN) * DISTURBED_FACTOR *
           fmax(kind->prior_sd, DISTURBED_PRIOR_MIN);
}

/*
 * Waiting for a processor adds as much to short requests as to long ones, so more to the figures of
 * an endpoint that is quicker than the whole: its value over the part's.
 */
static double part_factor(const struct measured *m, const struct measured_row *part)
{
    for (size_t i = 0; i < m->n_rows; i++) {
        const struct measured_row *r = &m->rows[i];

        if (r->entry->by == DOC_METRIC && r->entry->metric == part->entry->metric &&
            strcmp(r->kind->stat_text, part->kind->stat_text) == 0 && part->value > 0)
            return fmax(1, r->value / part->value);
    }
    return 1;
}

static void widen(const struct comparison *c, const struct comparison_row *row, struct spread *s)
{
    double factor = part_factor(c->baseline.measured, row->baseline);
    double a = factor * disturbed_spread(row->current->kind, c->current_disturbed);
    double b = factor * disturbed_spread(row->current->kind, c->baseline_disturbed);

    s->sd = sqrt(s->sd * s->sd + (a * a + b * b) / 2);
}

/* A share's own size stands for 1, as its spread is relative to it. */
static double scale_of(const struct measured_row *row)
{
    return row->value > 0 ? log(row->value) : NAN;
}

void comparison_spread(const struct comparison *c, const struct comparison_history *h,
                       const struct comparison_row *row, struct spread *ret)
{
    double logs[SPREAD_RUNS_MAX], within;
    size_t n = 0;

    for (size_t i = h->n; i-- > 0;) {
        const struct measured_row *r = measured_find(h->runs[i], row->current);

        if (r && !isnan(scale_of(r)))
            logs[n++] = scale_of(r);
    }
    within = (measured_within(row->current) + measured_within(row->baseline)) / 2;
    spread_find(logs, n, within, row->current->kind->prior_sd, ret);
    if (row->current->entry->metric->type != METRIC_RATE)
        widen(c, row, ret);
}
