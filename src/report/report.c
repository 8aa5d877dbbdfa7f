/*
 * Totals by check, endpoint and error come from one pass over the snapshot's series; the row's JSON
 * is read member by member, leniently.
 */
#include "report/report.h"

#include <jansson.h>
#include <math.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/table.h"
#include "report/humanize.h"

/* ---- the row's JSON ---- */

static json_t *load(struct str text)
{
    return text.n ? json_loadb(text.p, text.n, JSON_ALLOW_NUL, NULL) : NULL;
}

static struct str text_of(struct report *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return (struct str){.p = ""};
    return arena_str(&r->arena, str_from(json_string_value(value), json_string_length(value)));
}

static bool number_of(const json_t *object, const char *key, double *ret)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_number(value))
        return false;
    *ret = json_number_value(value);
    return true;
}

static uint64_t count_of(const json_t *object, const char *key)
{
    double n = 0;

    number_of(object, key, &n);
    return n > 0 && n < 0x1p53 ? (uint64_t)n : 0;
}

static enum threshold_state state_of(struct str name)
{
    return str_is(name, "passed")   ? THRESHOLD_PASSED
           : str_is(name, "failed") ? THRESHOLD_FAILED
                                    : THRESHOLD_UNJUDGED;
}

/* What the metric is like, so that its numbers can be written with a unit. */
static void describe(const struct report *r, struct report_threshold *t)
{
    struct snap_metric *m = snapshot_find(r->snapshot, t->metric);

    if (!m)
        m = snapshot_find(r->snapshot, str_from(t->metric.p, str_find(t->metric, '{')));
    t->type = m ? m->def->type : METRIC_TREND;
    t->contains = m ? m->def->contains : CONTAINS_DEFAULT;
}

static void read_thresholds(struct report *r)
{
    json_t *all = load(r->run.thresholds_json), *one;
    size_t i;

    json_array_foreach(all, i, one)
    {
        if (!json_is_object(one))
            continue;
        struct report_threshold *t = &vec_push(r->thresholds, r->n_thresholds, r->cap_thresholds);

        t->metric = text_of(r, one, "metric");
        t->source = text_of(r, one, "source");
        t->stat = text_of(r, one, "stat");
        t->text = text_of(r, one, "text");
        t->state = state_of(text_of(r, one, "state"));
        t->has_value = number_of(one, "value", &t->value);
        number_of(one, "limit", &t->limit);
        describe(r, t);
    }
    json_decref(all);
}

static void read_verdict(struct report *r)
{
    json_t *verdict = load(r->run.verdict_json), *one;
    size_t i;

    r->verdict = text_of(r, verdict, "level");
    json_array_foreach(json_object_get(verdict, "reasons"), i, one)
    {
        vec_push(r->reasons, r->n_reasons, r->cap_reasons) =
            (struct report_reason){text_of(r, one, "level"), text_of(r, one, "text")};
    }
    json_decref(verdict);
}

static void read_scenarios(struct report *r)
{
    json_t *all = load(r->run.scenarios_json), *one;
    size_t i;

    json_array_foreach(all, i, one)
    {
        vec_push(r->scenarios, r->n_scenarios, r->cap_scenarios) =
            (struct report_scenario){text_of(r, one, "name"), text_of(r, one, "executor")};
    }
    json_decref(all);
}

static void read_outputs(struct report *r)
{
    json_t *all = load(r->run.outputs_json), *one;
    const char *name;

    json_object_foreach(all, name, one)
    {
        vec_push(r->outputs, r->n_outputs, r->cap_outputs) = (struct report_output){
            .name = arena_str(&r->arena, str_of(name)),
            .produced = count_of(one, "produced"),
            .acknowledged = count_of(one, "acknowledged"),
            .spooled = count_of(one, "spooled"),
            .dropped = count_of(one, "dropped"),
        };
    }
    json_decref(all);
}

/* ---- totals by tags ---- */

static struct str tag_of(const struct snap_series *s, const char *key)
{
    struct str value = {.p = ""};

    tagset_get(s->tags, str_of(key), &value);
    return value;
}

static void add_check(struct report *r, const struct snap_series *s)
{
    struct str name, group = tag_of(s, "group"), scenario = tag_of(s, "scenario");
    struct report_check *c = NULL;

    if (!tagset_get(s->tags, STR("check"), &name))
        return;
    for (size_t i = 0; i < r->n_checks && !c; i++) {
        struct report_check *other = &r->checks[i];

        if (str_eq(other->name, name) && str_eq(other->group, group) &&
            str_eq(other->scenario, scenario))
            c = other;
    }
    if (!c) {
        c = &vec_push(r->checks, r->n_checks, r->cap_checks);
        *c = (struct report_check){.name = name, .group = group, .scenario = scenario};
    }
    c->passes += s->total.rate.trues;
    c->fails += s->total.rate.total - s->total.rate.trues;
}

/* Where things of one kind are, by the values of two tags; index + 1 as a pointer. */
static size_t place(struct table *places, struct str a, struct str b, size_t n)
{
    scoped(buf_fini) struct buf key = BUF_INIT(1 << 30);

    buf_put_u64(&key, a.n);
    buf_putc(&key, ' ');
    buf_putstr(&key, a);
    buf_putstr(&key, b);
    void *at = table_get(places, buf_str(&key));

    if (at)
        return (size_t)(uintptr_t)at - 1;
    table_set(places, buf_str(&key), (void *)(uintptr_t)(n + 1)); /* NOLINT: no pointer */
    return n;
}

static struct report_endpoint *endpoint_of(struct report *r, struct table *places,
                                           const struct snap_series *s)
{
    struct str name = tag_of(s, "name"), method = tag_of(s, "method");
    size_t i = place(places, name, method, r->n_endpoints);

    if (i == r->n_endpoints) {
        struct report_endpoint *e = &vec_push(r->endpoints, r->n_endpoints, r->cap_endpoints);

        e->name = name;
        e->method = method;
        value_init(&e->duration, snapshot_metric(r->snapshot, M_HTTP_REQ_DURATION)->def, r->slab);
    }
    return &r->endpoints[i];
}

static void add_error(struct report *r, struct table *places, const struct snap_series *s)
{
    struct str code, text = tag_of(s, "error");

    if (!tagset_get(s->tags, STR("error_code"), &code) || !code.n)
        return;
    size_t i = place(places, code, text, r->n_errors);
    uint64_t number;

    /* Codes 1400 to 1599 are statuses: they come without words. */
    if (!text.n && str_u64(code, &number) && number >= 1400 && number < 1600)
        text = str_of(arena_printf(&r->arena, "answered with status %d", (int)number - 1000));
    if (i == r->n_errors) {
        vec_push(r->errors, r->n_errors, r->cap_errors) =
            (struct report_error){.code = code, .text = text};
    }
    r->errors[i].n += s->total.counter.sum;
}

static void add_series(struct report *r, struct table *endpoints, struct table *errors,
                       const struct snap_series *s)
{
    const struct metric *def = s->metric->def;

    switch (def->id) {
    case M_CHECKS:
        add_check(r, s);
        break;
    case M_HTTP_REQS:
        endpoint_of(r, endpoints, s)->requests += s->total.counter.sum;
        add_error(r, errors, s);
        break;
    case M_HTTP_REQ_FAILED:
        endpoint_of(r, endpoints, s)->failed += s->total.rate.trues;
        endpoint_of(r, endpoints, s)->judged += s->total.rate.total;
        break;
    case M_HTTP_REQ_DURATION: {
        struct value *v = &endpoint_of(r, endpoints, s)->duration;

        value_merge(v, &s->total, def->type);
        v->touched = true;
        break;
    }
    default:
        break;
    }
}

/* Only to order by; a quantile is too dear to be found at each comparison. */
struct ranked {
    double rank;
    size_t index;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void sort_endpoints(struct report *r)
{
    struct ranked *order = xnew_n(struct ranked, r->n_endpoints + 1);
    struct report_endpoint *sorted = xnew_n(struct report_endpoint, r->n_endpoints + 1);

    for (size_t i = 0; i < r->n_endpoints; i++)
        order[i] = (struct ranked){hist_quantile(&r->endpoints[i].duration.trend, 0.95), i};
    qsort(order, r->n_endpoints, sizeof(*order), by_rank);
    for (size_t i = 0; i < r->n_endpoints; i++)
        sorted[i] = r->endpoints[order[i].index];
    free(order);
    free(r->endpoints);
    r->endpoints = sorted;
    r->cap_endpoints = r->n_endpoints + 1;
}

static int by_number(const void *a, const void *b)
{
    const struct report_error *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return str_cmp(x->code, y->code);
}

static void add_totals(struct report *r)
{
    struct table endpoints = {0}, errors = {0};
    size_t n;
    struct snap_series *const *all = snapshot_series(r->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        if (all[i]->total.touched)
            add_series(r, &endpoints, &errors, all[i]);
    }
    table_fini(&endpoints);
    table_fini(&errors);
    sort_endpoints(r);
    if (r->n_errors)
        qsort(r->errors, r->n_errors, sizeof(*r->errors), by_number);
}

/* ---- beginning and end ---- */

struct report *report_new(const struct store_run *run, struct snapshot *totals)
{
    struct report *r = xnew(struct report);

    r->run = *run;
    r->snapshot = totals;
    r->slab = hist_slab_new();
    r->seconds = (double)run->duration / (double)NS_PER_S;
    read_thresholds(r);
    read_verdict(r);
    read_scenarios(r);
    read_outputs(r);
    add_totals(r);
    return r;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_endpoints; i++)
        value_fini(&r->endpoints[i].duration, METRIC_TREND);
    hist_slab_free(r->slab);
    free(r->thresholds);
    free(r->checks);
    free(r->endpoints);
    free(r->errors);
    free(r->reasons);
    free(r->scenarios);
    free(r->outputs);
    free(r->exchanges);
    free(r->exceptions);
    free(r->events);
    if (r->registry) {
        snapshot_free(r->snapshot);
        metric_registry_free(r->registry);
    }
    arena_fini(&r->row);
    arena_fini(&r->arena);
    free(r);
}

void report_freep(struct report **r)
{
    report_free(*r);
}

/* ---- asking ---- */

double report_value_stat(const struct report *r, const struct value *v, enum metric_type type,
                         const char *stat)
{
    struct stat_name parsed;

    return stat_parse(str_of(stat), &parsed) ? value_stat(v, type, parsed, r->seconds) : 0;
}

bool report_stat(const struct report *r, const char *metric, const char *stat, double *ret_value)
{
    const struct snap_metric *m = snapshot_find(r->snapshot, str_of(metric));

    if (!m || !snap_metric_observed(m))
        return false;
    *ret_value = report_value_stat(r, &m->total, m->def->type, stat);
    return true;
}

void report_check_sums(const struct report *r, uint64_t *ret_passes, uint64_t *ret_fails)
{
    *ret_passes = *ret_fails = 0;
    for (size_t i = 0; i < r->n_checks; i++) {
        *ret_passes += r->checks[i].passes;
        *ret_fails += r->checks[i].fails;
    }
}

size_t report_failed_thresholds(const struct report *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_thresholds; i++)
        n += r->thresholds[i].state == THRESHOLD_FAILED;
    return n;
}

enum report_outcome report_outcome(const struct report *r)
{
    switch (r->run.state) {
    case STORE_RUNNING:
        return REPORT_RUNNING;
    case STORE_INTERRUPTED:
        return REPORT_INTERRUPTED;
    case STORE_FAILED:
        return REPORT_FAILED;
    case STORE_FINISHED:
    case STORE_STOPPED:
        break;
    }
    /* 115: the run itself was well, an output did not get everything. */
    if (report_failed_thresholds(r) ||
        (r->run.state == STORE_FINISHED && r->run.exit_code > 0 && r->run.exit_code != 115))
        return REPORT_FAILED;
    return r->run.state == STORE_STOPPED ? REPORT_STOPPED : REPORT_PASSED;
}

const char *report_outcome_name(enum report_outcome outcome)
{
    static const char *const names[] = {
        [REPORT_PASSED] = "passed",           [REPORT_FAILED] = "failed",
        [REPORT_STOPPED] = "stopped",         [REPORT_RUNNING] = "running",
        [REPORT_INTERRUPTED] = "interrupted",
    };

    return names[outcome];
}

void report_put_reason(const struct report *r, struct buf *out)
{
    size_t failed = report_failed_thresholds(r);

    if (failed) {
        buf_printf(out, "%zu of %zu thresholds failed", failed, r->n_thresholds);
    } else if (r->run.reason.n && report_outcome(r) != REPORT_PASSED) {
        buf_putstr(out, r->run.reason);
    } else if (report_outcome(r) == REPORT_FAILED && r->run.exit_code >= 0) {
        buf_printf(out, "exit code %d", r->run.exit_code);
    } else if (report_outcome(r) == REPORT_INTERRUPTED) {
        buf_puts(out, "its process ended without saying why");
    }
}

void report_put_judged(const struct report_threshold *t, double value, struct buf *out)
{
    if (t->type == METRIC_RATE) {
        humanize_share(out, value);
        return;
    }
    humanize(out, value, t->contains, TIME_UNIT_AUTO);
    if (t->type == METRIC_COUNTER && str_is(t->stat, "rate"))
        buf_puts(out, "/s");
}

void report_put_time(wall_ns at, enum report_time form, struct buf *out)
{
    time_t seconds = (time_t)(at / NS_PER_S);
    struct tm tm;
    char text[64];

    if (!gmtime_r(&seconds, &tm))
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    size_t n =
        strftime(text, sizeof(text),
                 form == REPORT_TIME_MACHINES ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);

    buf_put(out, text, n);
}
