/* A report of a stored run: its row, its totals, and the lists of what happened and was kept. */
#include "base/mem.h"
#include "report/report.h"

static struct str keep(struct report *r, struct str text)
{
    return text.n ? arena_str(&r->arena, text) : (struct str){.p = ""};
}

static int take_event(void *arg, const struct store_event *e)
{
    struct report *r = arg;

    vec_push(r->events, r->n_events, r->cap_events) =
        (struct report_event){e->elapsed, keep(r, e->kind), keep(r, e->text)};
    return 0;
}

static int take_exchange(void *arg, const struct store_exchange *e)
{
    struct report *r = arg;
    struct store_exchange *own = &vec_push(r->exchanges, r->n_exchanges, r->cap_exchanges);

    *own = *e;
    own->kind = keep(r, e->kind);
    own->name = keep(r, e->name);
    own->method = keep(r, e->method);
    own->url = keep(r, e->url);
    own->error_code = keep(r, e->error_code);
    own->error = keep(r, e->error);
    own->scenario = keep(r, e->scenario);
    own->har = (struct str){.p = ""};
    return 0;
}

static int take_exception(void *arg, const struct exception *e)
{
    struct report *r = arg;
    struct exception *own = arena_new_n(&r->arena, struct exception, 1);

    *own = *e;
    store_exception_keep(&r->arena, own);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    vec_push(r->exceptions, r->n_exceptions, r->cap_exceptions) = own;
    return 0;
}

int report_load(struct store *store, int64_t key, struct report **ret_report)
{
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct arena arena = {0};
    struct store_run run;
    int r = store_run_get(store, key, &arena, &run);

    if (r == 0)
        r = store_totals(store, key, &registry, &snapshot);
    if (r) {
        arena_fini(&arena);
        return r;
    }
    scoped(report_freep) struct report *report = report_new(&run, snapshot);

    report->registry = registry;
    report->row = arena;
    TRY(store_events(store, key, take_event, report));
    TRY(store_exchanges(store, key, take_exchange, report));
    TRY(store_exceptions(store, key, take_exception, report));
    *ret_report = take(report);
    return 0;
}

static int take_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    report_timeline_add(arg, snapshot, from, to);
    return 0;
}

int report_timeline_load(struct store *store, int64_t key, size_t max_steps,
                         struct report_timeline *ret_timeline)
{
    struct report_timeline timeline = {0};
    struct store_replay how = {.max_steps = max_steps, .step = take_step, .arg = &timeline};
    struct metric_registry *registry;
    struct snapshot *snapshot;
    int r = store_replay(store, key, &how, &registry, &snapshot);

    if (r) {
        report_timeline_fini(&timeline);
        return r;
    }
    snapshot_free(snapshot);
    metric_registry_free(registry);
    *ret_timeline = timeline;
    return 0;
}
