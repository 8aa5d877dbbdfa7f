/*
 * The model behind the summary: which metrics to show, and trees of groups with what happened in
 * each. Totals come from the snapshot as they are; for groups and scenarios the series with the
 * right tags are added up.
 */
#include "report/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "report/summary_priv.h"

enum {
    GROUP_DEPTH_MAX = 24, /* a script may put anything into the tag; deeper levels become one */
};

static const struct str group_tag = {"group", 5};
static const struct str scenario_tag = {"scenario", 8};
static const struct str check_tag = {"check", 5};

/* --- sections --- */

const char *const summary_section_titles[SECTION_COUNT] = {
    [SECTION_CUSTOM] = "CUSTOM",       [SECTION_HTTP] = "HTTP",
    [SECTION_EXECUTION] = "EXECUTION", [SECTION_NETWORK] = "NETWORK",
    [SECTION_BROWSER] = "BROWSER",     [SECTION_WEB_VITALS] = "WEB_VITALS",
    [SECTION_GRPC] = "GRPC",           [SECTION_WEBSOCKET] = "WEBSOCKET",
};

/* By the beginning of the name, as users of k6 are used to; the first that fits. */
static const struct {
    const char *prefix;
    enum summary_section section;
} prefixes[] = {
    {"http_req_duration", SECTION_HTTP},
    {"http_req_response_time", SECTION_HTTP},
    {"http_req_blocked", SECTION_HTTP},
    {"http_req_connecting", SECTION_HTTP},
    {"http_req_tls_handshaking", SECTION_HTTP},
    {"http_req_sending", SECTION_HTTP},
    {"http_req_waiting", SECTION_HTTP},
    {"http_req_receiving", SECTION_HTTP},
    {"http_req_failed", SECTION_HTTP},
    {"http_reqs", SECTION_HTTP},
    {"vus", SECTION_EXECUTION},
    {"iterations", SECTION_EXECUTION},
    {"iteration_duration", SECTION_EXECUTION},
    {"iteration_response_time", SECTION_EXECUTION},
    {"iteration_lag", SECTION_EXECUTION},
    {"dropped_iterations", SECTION_EXECUTION},
    {"data_sent", SECTION_NETWORK},
    {"data_received", SECTION_NETWORK},
    {"browser_web_vital_", SECTION_WEB_VITALS},
    {"browser_", SECTION_BROWSER},
    {"grpc_", SECTION_GRPC},
    {"ws_", SECTION_WEBSOCKET},
};

enum summary_section summary_section_of(const struct summary_metric *m)
{
    for (size_t i = 0; i < countof(prefixes); i++) {
        if (str_starts(m->parent, str_of(prefixes[i].prefix)))
            return prefixes[i].section;
    }
    return SECTION_CUSTOM;
}

bool summary_is_own(const struct summary_metric *m)
{
    return str_starts(m->parent, STR("generator_")) || str_starts(m->parent, STR("sink_")) ||
           str_starts(m->parent, STR("http_req_data_"));
}

bool summary_hides(const struct summary_metric *m, enum summary_mode mode)
{
    /* The first two are hidden in every mode. */
    static const char *const hidden[] = {
        "checks",           "group_duration",   "http_req_blocked",         "http_req_connecting",
        "http_req_waiting", "http_req_sending", "http_req_tls_handshaking", "http_req_receiving",
    };
    size_t n = mode == SUMMARY_FULL ? 2 : countof(hidden);

    if (summary_is_own(m))
        return true;
    for (size_t i = 0; i < n; i++) {
        if (str_starts(m->parent, str_of(hidden[i])))
            return true;
    }
    return false;
}

/* --- metrics --- */

double summary_stat(const struct summary *s, const struct summary_metric *m, const char *stat)
{
    struct stat_name parsed;

    if (!stat_parse(str_of(stat), &parsed))
        return 0;
    return value_stat(m->value, m->def->type, parsed, s->seconds);
}

/* As dictionaries do: the case of letters decides only between words that are otherwise equal. */
static int compare_words(struct str a, struct str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        unsigned char x = (unsigned char)ascii_lower(a.p[i]);
        unsigned char y = (unsigned char)ascii_lower(b.p[i]);

        if (x != y)
            return x < y ? -1 : 1;
    }
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return -str_cmp(a, b);
}

static int compare_metrics(const void *a, const void *b)
{
    const struct summary_metric *x = a;
    const struct summary_metric *y = b;
    int r = compare_words(x->parent, y->parent);

    return r ? r : compare_words(x->suffix, y->suffix);
}

static void sort_metrics(struct summary_metrics *metrics)
{
    if (metrics->n)
        qsort(metrics->items, metrics->n, sizeof(metrics->items[0]), compare_metrics);
}

static struct summary_metric *add_metric(struct summary_metrics *metrics, const char *name,
                                         const struct metric *def, const struct value *value)
{
    struct summary_metric *m = &vec_push(metrics->items, metrics->n, metrics->cap);
    struct str full = str_of(name);
    size_t brace = str_find(full, '{');

    *m = (struct summary_metric){
        .name = name,
        .parent = str_trim(str_from(full.p, brace)),
        .suffix = str_from_index(full, brace),
        .def = def,
        .value = value,
    };
    return m;
}

static void add_thresholds(struct summary_metric *m, const struct threshold *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* One that waited for its time in vain is shown, lest it be taken for passed. */
        if (all[i].metric != m->snap || (all[i].state == THRESHOLD_UNJUDGED && !all[i].spec.after))
            continue;
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
        vec_push(m->thresholds, m->n_thresholds, m->cap_thresholds) = &all[i];
    }
}

static void put_span(struct buf *out, const char *word, span_ns span)
{
    char text[DURATION_TEXT_BYTES];

    if (span)
        buf_printf(out, "; %s=%s", word, duration_format(span, text));
}

void summary_threshold_name(const struct threshold *t, struct buf *out)
{
    buf_putstr(out, t->spec.source);
    put_span(out, "window", t->spec.window);
    put_span(out, "after", t->spec.after);
    if (t->spec.min_samples)
        buf_printf(out, "; min_samples=%" PRIu64, t->spec.min_samples);
}

static void take_metrics(struct summary *s)
{
    size_t n_metrics = 0;
    size_t n_thresholds = 0;
    struct snap_metric *const *metrics = snapshot_metrics(s->in.snapshot, &n_metrics);
    const struct threshold *thresholds =
        s->in.thresholds ? thresholds_all(s->in.thresholds, &n_thresholds) : NULL;

    for (size_t i = 0; i < n_metrics; i++) {
        struct summary_metric *m =
            add_metric(&s->metrics, metrics[i]->name, metrics[i]->def, &metrics[i]->total);

        m->snap = metrics[i];
        add_thresholds(m, thresholds, n_thresholds);
        if (!snap_metric_observed(metrics[i]) && !m->n_thresholds)
            s->metrics.n--;
    }
    sort_metrics(&s->metrics);
}

/* --- trees --- */

static struct summary_group *find_group(struct summary_groups *groups, struct str name)
{
    for (size_t i = 0; i < groups->n; i++) {
        if (str_eq(groups->items[i].name, name))
            return &groups->items[i];
    }
    return NULL;
}

static struct summary_group *get_group(struct summary_groups *groups, struct str name,
                                       struct str path)
{
    struct summary_group *g = find_group(groups, name);

    if (!g) {
        g = &vec_push(groups->items, groups->n, groups->cap);
        *g = (struct summary_group){.name = name, .path = path};
    }
    return g;
}

/* The group of a path such as "::a::b", made with all above it; the root for "". */
static struct summary_group *walk(struct summary_group *root, struct str path)
{
    struct summary_group *g = root;
    size_t at = 0;

    for (int depth = 0; at < path.n; depth++) {
        struct str rest = str_from_index(path, at);

        if (str_starts(rest, STR("::")))
            rest = str_from_index(rest, 2);
        size_t n = depth < GROUP_DEPTH_MAX ? str_find_str(rest, STR("::")) : rest.n;
        struct str name = str_from(rest.p, n);

        at = (size_t)(rest.p - path.p) + n;
        g = get_group(&g->groups, name, str_from(path.p, at));
    }
    return g;
}

static void add_check(struct summary_checks *checks, struct str name, const struct value *v)
{
    struct summary_check *c = NULL;

    for (size_t i = 0; i < checks->n && !c; i++) {
        if (str_eq(checks->items[i].name, name))
            c = &checks->items[i];
    }
    if (!c) {
        c = &vec_push(checks->items, checks->n, checks->cap);
        c->name = name;
    }
    c->passes += v->rate.trues;
    c->fails += v->rate.total - v->rate.trues;
}

struct summary_check summary_checks_sum(const struct summary_checks *checks)
{
    struct summary_check sum = {0};

    for (size_t i = 0; i < checks->n; i++) {
        sum.passes += checks->items[i].passes;
        sum.fails += checks->items[i].fails;
    }
    return sum;
}

struct value *summary_new_value(struct summary *s, const struct metric *metric)
{
    struct value *v = arena_new(&s->arena, struct value);

    value_init(v, metric, s->slab);
    vec_push(s->values, s->n_values, s->cap_values) = (struct summary_value){v, metric->type};
    return v;
}

/* Adds what a series measured to a group's metrics and checks. */
static void add_series(struct summary *s, struct summary_group *g, const struct snap_series *series)
{
    const struct metric *def = series->metric->def;
    struct summary_metric *m = NULL;
    struct str check;

    if (def->id == M_CHECKS && tagset_get(series->tags, check_tag, &check))
        add_check(&g->checks, check, &series->total);
    for (size_t i = 0; i < g->metrics.n && !m; i++) {
        if (g->metrics.items[i].def == def)
            m = &g->metrics.items[i];
    }
    if (!m) {
        struct value *own = summary_new_value(s, def);

        m = add_metric(&g->metrics, def->name, def, own);
        m->own = own;
    }
    value_merge(m->own, &series->total, def->type);
    m->own->touched = true;
}

/* What setup() and teardown() do outside of groups of their own is not shown as a group. */
static bool is_lifecycle(struct str path)
{
    return str_is(path, "::setup") || str_is(path, "::teardown");
}

/* Puts one series wherever it belongs. */
static void place(struct summary *s, const struct snap_series *series)
{
    struct str path = {0};
    struct str scenario = {0};
    struct str check;
    bool is_check = series->metric->def->id == M_CHECKS;

    if (!series->total.touched)
        return;
    tagset_get(series->tags, group_tag, &path);
    tagset_get(series->tags, scenario_tag, &scenario);
    struct summary_group *in_tree = walk(&s->tree, path);

    if (is_check && tagset_get(series->tags, check_tag, &check)) {
        add_check(&in_tree->checks, check, &series->total);
        add_check(&s->total.checks, check, &series->total);
    }
    struct summary_group *scope = &s->main;

    if (scenario.n && !str_is(scenario, "default")) {
        scope = get_group(&s->scenarios, scenario, scenario);
        add_series(s, scope, series);
    }
    if (path.n && !is_lifecycle(path))
        add_series(s, walk(scope, path), series);
}

/* A series waiting for its turn. */
struct placed {
    const struct snap_series *series;
};

static int compare_series(const void *a, const void *b)
{
    const struct snap_series *x = ((const struct placed *)a)->series;
    const struct snap_series *y = ((const struct placed *)b)->series;

    if (x->first_at != y->first_at)
        return x->first_at < y->first_at ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int compare_groups(const void *a, const void *b)
{
    return compare_words(((const struct summary_group *)a)->name,
                         ((const struct summary_group *)b)->name);
}

static void sort_group(struct summary_group *g)
{
    sort_metrics(&g->metrics);
    for (size_t i = 0; i < g->groups.n; i++)
        sort_group(&g->groups.items[i]);
}

/* Series are placed in the order of their first samples, which gives every list its order. */
static void grow_trees(struct summary *s)
{
    size_t n = 0;
    struct snap_series *const *all = snapshot_series(s->in.snapshot, &n);
    struct placed *sorted = xnew_n(struct placed, n + 1);

    for (size_t i = 0; i < n; i++)
        sorted[i].series = all[i];
    qsort(sorted, n, sizeof(*sorted), compare_series);
    for (size_t i = 0; i < n; i++)
        place(s, sorted[i].series);
    free(sorted);
    if (s->scenarios.n)
        qsort(s->scenarios.items, s->scenarios.n, sizeof(struct summary_group), compare_groups);
    sort_group(&s->main);
    for (size_t i = 0; i < s->scenarios.n; i++)
        sort_group(&s->scenarios.items[i]);
}

/* --- beginning and end --- */

struct summary *summary_new(const struct summary_input *in)
{
    struct summary *s = xnew(struct summary);

    s->in = *in;
    s->seconds = (double)in->duration / (double)NS_PER_S;
    s->unit = time_unit_of(in->options->summary_time_unit);
    s->slab = hist_slab_new();
    take_metrics(s);
    grow_trees(s);
    summary_correct(s);
    return s;
}

static void release_metrics(struct summary_metrics *metrics)
{
    for (size_t i = 0; i < metrics->n; i++)
        free(metrics->items[i].thresholds);
    free(metrics->items);
}

static void release_group(struct summary_group *g)
{
    for (size_t i = 0; i < g->groups.n; i++)
        release_group(&g->groups.items[i]);
    free(g->groups.items);
    free(g->checks.items);
    release_metrics(&g->metrics);
}

void summary_free(struct summary *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_values; i++)
        value_fini(s->values[i].value, s->values[i].type);
    free(s->values);
    hist_slab_free(s->slab);
    release_metrics(&s->metrics);
    release_group(&s->total);
    release_group(&s->tree);
    release_group(&s->main);
    for (size_t i = 0; i < s->scenarios.n; i++)
        release_group(&s->scenarios.items[i]);
    free(s->scenarios.items);
    arena_fini(&s->arena);
    free(s);
}

void summary_freep(struct summary **s)
{
    summary_free(*s);
}
