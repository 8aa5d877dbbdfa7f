/*
 * Families are rows of bridge/locust_names.def; each is shown over all masters before the next,
 * because a family's points belong together.
 *
 * The row of everything is given for the numbers of requests and failures, which dashboards ask of
 * it; they add up the others, and would count it twice. Boomer's dashboard asks it of every family.
 * Labels of one point are put together in a small array: there are at most five (error, master,
 * method, name, path).
 */
#include "bridge/locust_points.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_BYTES = 160,
    LABELS_MAX = 6,
};

enum run_number {
    N_RUNNING,
    N_USERS,
    N_FAIL_RATIO,
    N_P50,
    N_P95,
    N_WORKERS,
    N_WORKERS_RUNNING,
    N_WORKERS_SPAWNING,
    N_WORKERS_MISSING,
    N_RPS,
    N_FAIL_RPS,
    N_AVG,
};

struct named {
    enum locust_page page;
    unsigned number;
    enum point_kind kind;
    const char *name, *unit, *help;
};

static const struct named runs[] = {
#define RUN(id, page_, kind_, name_, unit_, help_) \
    {LOCUST_PAGE_##page_, N_##id, POINT_##kind_, name_, unit_, help_},
#include "bridge/locust_names.def"
#undef RUN
};

static const struct named rows[] = {
#define ROW(page_, id, kind_, name_, unit_, help_) \
    {LOCUST_PAGE_##page_, LOCUST_N_##id, POINT_##kind_, name_, unit_, help_},
#include "bridge/locust_names.def"
#undef ROW
};

/* ---- one family while it is shown ---- */

struct show {
    const struct locust_points_options *options;
    const struct locust_source *sources, *source;
    size_t n_sources;
    point_fn *fn;
    void *arg;
    char name[NAME_BYTES];
    struct point_family family;
};

static void begin(struct show *s, const char *name, enum point_kind kind, const char *unit,
                  const char *help)
{
    snprintf(s->name, sizeof(s->name), "%.*s_%s", STR_ARG(s->options->namespace), name);
    s->family = (struct point_family){
        .name = str_of(s->name), .kind = kind, .unit = str_of(unit), .help = str_of(help)};
}

struct labels {
    struct tag items[LABELS_MAX];
    size_t n;
};

/* Labels come in the order of their keys; without a value they are left out. */
static void label(struct labels *l, const char *key, struct str value)
{
    if (!value.n)
        return;

    struct tag tag = {.key = str_of(key), .value = value};
    size_t at = l->n++;

    while (at > 0 && strcmp(l->items[at - 1].key.p, key) > 0) {
        l->items[at] = l->items[at - 1];
        at--;
    }
    l->items[at] = tag;
}

/* `added` is of a counter, since it was asked for last. */
static void put_counted(struct show *s, struct labels *l, double value, double added)
{
    if (!isfinite(value))
        return;
    label(l, "master", s->source->label);

    struct point p = {.family = &s->family,
                      .labels = l->items,
                      .n_labels = l->n,
                      .value = value,
                      .delta = added,
                      .factor = 1,
                      .fresh = true,
                      .start = s->source->since,
                      .at = s->source->at};

    s->fn(s->arg, &p);
}

static void put(struct show *s, struct labels *l, double value)
{
    put_counted(s, l, value, 0);
}

static void put_plain(struct show *s, double value)
{
    struct labels l = {.n = 0};

    put(s, &l, value);
}

/* ---- the run ---- */

static double workers_in(const struct locust_stats *s, bool (*is)(struct str state))
{
    double n = 0;

    for (size_t i = 0; i < s->n_workers; i++)
        n += is(s->workers[i].state);
    return n;
}

static bool is_running(struct str state)
{
    return str_is(state, "running");
}

static bool is_missing(struct str state)
{
    return str_is(state, "missing");
}

static double run_number(const struct locust_stats *s, enum run_number number)
{
    switch (number) {
    case N_RUNNING:
        return locust_is_spawning(s->state) ? 1 : locust_is_running(s->state) ? 2 : 0;
    case N_USERS:
        return s->users;
    case N_FAIL_RATIO:
        return s->fail_ratio;
    case N_P50:
        return s->p50;
    case N_P95:
        return s->p95;
    case N_WORKERS:
        return (double)s->n_workers;
    case N_WORKERS_RUNNING:
        return workers_in(s, is_running);
    case N_WORKERS_SPAWNING:
        return workers_in(s, locust_is_spawning);
    case N_WORKERS_MISSING:
        return workers_in(s, is_missing);
    case N_RPS:
        return s->rps;
    case N_FAIL_RPS:
        return s->fail_per_sec;
    case N_AVG:
        return s->has_total ? s->total.number[LOCUST_N_AVG] : NAN;
    }
    return NAN;
}

/* Calls `each` for every master that has numbers. */
static void over_masters(struct show *s, void (*each)(struct show *s, const struct named *what),
                         const struct named *what)
{
    for (size_t i = 0; i < s->n_sources; i++) {
        s->source = &s->sources[i];
        if (s->source->stats)
            each(s, what);
    }
}

static void show_run(struct show *s, const struct named *what)
{
    put_plain(s, run_number(s->source->stats, (enum run_number)what->number));
}

static void show_state(struct show *s, const struct named *what UNUSED)
{
    struct labels l = {.n = 0};
    struct str state = s->source->stats->state;

    label(&l, "state", state);
    put(s, &l, s->options->page == LOCUST_PAGE_BOOMER || locust_is_running(state));
}

/* ---- endpoints ---- */

static void put_row(struct show *s, const struct named *what, const struct locust_row *row)
{
    struct labels l = {.n = 0};
    double added = what->number == LOCUST_N_REQUESTS   ? row->added_requests
                   : what->number == LOCUST_N_FAILURES ? row->added_failures
                                                       : 0;

    label(&l, "method", row->method);
    label(&l, what->page == LOCUST_PAGE_BOOMER ? "path" : "name", row->name);
    put_counted(s, &l, row->number[what->number], what->kind == POINT_COUNTER ? added : 0);
}

static bool shows_total(const struct show *s, const struct named *what)
{
    if (what->kind == POINT_COUNTER)
        return false;
    return s->options->exact || what->page == LOCUST_PAGE_BOOMER ||
           what->number == LOCUST_N_REQUESTS || what->number == LOCUST_N_FAILURES;
}

static void show_rows(struct show *s, const struct named *what)
{
    const struct locust_stats *stats = s->source->stats;

    for (size_t i = 0; i < stats->n_rows; i++)
        put_row(s, what, &stats->rows[i]);
    if (stats->has_total && shows_total(s, what)) {
        struct locust_row total = stats->total;

        total.name = STR("Aggregated");
        if (what->page == LOCUST_PAGE_BOOMER)
            total.method = STR("Aggregated");
        put_row(s, what, &total);
    }
}

/* ---- errors and workers ---- */

static void show_failures(struct show *s, const struct named *what UNUSED)
{
    const struct locust_stats *stats = s->source->stats;

    for (size_t i = 0; i < stats->n_failures; i++) {
        const struct locust_failure *f = &stats->failures[i];
        struct labels l = {.n = 0};

        label(&l, "error", f->error);
        label(&l, "method", f->method);
        if (s->options->page != LOCUST_PAGE_BOOMER)
            label(&l, "name", f->name);
        if (s->options->page != LOCUST_PAGE_CS)
            label(&l, "path", f->name);
        put(s, &l, f->occurrences);
    }
}

static struct labels worker_labels(const struct locust_worker *w)
{
    struct labels l = {.n = 0};

    label(&l, "id", w->id);
    label(&l, "state", w->state);
    return l;
}

static void show_worker_users(struct show *s, const struct named *what UNUSED)
{
    for (size_t i = 0; i < s->source->stats->n_workers; i++) {
        struct labels l = worker_labels(&s->source->stats->workers[i]);

        put(s, &l, s->source->stats->workers[i].users);
    }
}

static void show_worker_info(struct show *s, const struct named *what UNUSED)
{
    for (size_t i = 0; i < s->source->stats->n_workers; i++) {
        struct labels l = worker_labels(&s->source->stats->workers[i]);

        put(s, &l, 1);
    }
}

static void show_worker_cpu(struct show *s, const struct named *what UNUSED)
{
    for (size_t i = 0; i < s->source->stats->n_workers; i++) {
        struct labels l = {.n = 0};

        label(&l, "id", s->source->stats->workers[i].id);
        put(s, &l, s->source->stats->workers[i].cpu);
    }
}

/* ---- the bridge itself: also of masters that do not answer ---- */

static void show_bridge(struct show *s)
{
    static const struct {
        const char *name, *unit, *help;
        enum point_kind kind;
    } own[] = {
        {"up", "", "1: the master answers; 0: it does not, and there are no numbers of it",
         POINT_GAUGE},
        {"bridge_polls_total", "", "how often the master was asked", POINT_COUNTER},
        {"bridge_poll_failures_total", "", "how often in vain", POINT_COUNTER},
        {"bridge_restarts_total", "", "how often its counts went back: a restart or a reset",
         POINT_COUNTER},
        {"bridge_age_seconds", "seconds", "since the master answered", POINT_GAUGE},
        {"bridge_poll_duration_seconds", "seconds", "how long its last answer took", POINT_GAUGE},
    };

    for (size_t k = 0; k < countof(own); k++) {
        begin(s, own[k].name, own[k].kind, own[k].unit, own[k].help);
        for (size_t i = 0; i < s->n_sources; i++) {
            const struct locust_source *of = s->source = &s->sources[i];
            double age = of->age < 0 ? NAN : of->age, took = of->age < 0 ? NAN : of->took;
            double value[] = {of->stats != NULL,
                              (double)of->polls,
                              (double)of->failures,
                              (double)of->restarts,
                              age,
                              took};

            put_plain(s, value[k]);
        }
    }
}

/* Where the pages are one, a name is shown once. */
static bool is_shown(const struct show *s, const struct named *table, size_t i)
{
    if (s->options->page != LOCUST_PAGE_ALL)
        return table[i].page == s->options->page;
    for (size_t k = 0; k < i; k++) {
        if (strcmp(table[k].name, table[i].name) == 0)
            return false;
    }
    return true;
}

static void show_tables(struct show *s)
{
    for (size_t i = 0; i < countof(runs); i++) {
        if (is_shown(s, runs, i)) {
            begin(s, runs[i].name, runs[i].kind, runs[i].unit, runs[i].help);
            over_masters(s, show_run, &runs[i]);
        }
    }
    for (size_t i = 0; i < countof(rows); i++) {
        if (is_shown(s, rows, i)) {
            begin(s, rows[i].name, rows[i].kind, rows[i].unit, rows[i].help);
            over_masters(s, show_rows, &rows[i]);
        }
    }
}

void locust_points(const struct locust_points_options *options, const struct locust_source *sources,
                   size_t n_sources, point_fn *fn, void *arg)
{
    struct show s = {
        .options = options, .sources = sources, .n_sources = n_sources, .fn = fn, .arg = arg};

    show_bridge(&s);
    show_tables(&s);
    begin(&s, "state", POINT_GAUGE, "", "1 while users are there, 0 otherwise");
    over_masters(&s, show_state, NULL);
    begin(&s, "errors", POINT_GAUGE, "", "failures of one kind since the start");
    over_masters(&s, show_failures, NULL);
    if (options->page == LOCUST_PAGE_BOOMER)
        return;
    begin(&s, "worker_detail", POINT_GAUGE, "", "users of a worker");
    over_masters(&s, show_worker_users, NULL);
    begin(&s, "workers_info", POINT_GAUGE, "", "always 1");
    over_masters(&s, show_worker_info, NULL);
    begin(&s, "worker_cpu_usage", POINT_GAUGE, "", "percent of a processor that a worker uses");
    over_masters(&s, show_worker_cpu, NULL);
}
