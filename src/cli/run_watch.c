/* What was seen at the last look is kept, and compared with what is there now. */
#include "cli/run_watch.h"

#include "base/json_out.h"
#include "base/mem.h"
#include "cli/loadtest.h"
#include "cli/run_row.h"
#include "run/control.h"
#include "run/health.h"
#include "run/run.h"

struct run_watch {
    const struct loadtest *test;
    struct run *run;
    size_t n_events;  /* of the run's, told */
    bool *failing;    /* by threshold */
    size_t n_failing; /* thresholds */
    enum verdict_level level;
    struct arena arena; /* of one look */
};

struct run_watch *run_watch_new(const struct loadtest *t, struct run *run)
{
    struct run_watch *w = xnew(struct run_watch);

    w->test = t;
    w->run = run;
    return w;
}

void run_watch_free(struct run_watch *w)
{
    if (!w)
        return;
    free(w->failing);
    arena_fini(&w->arena);
    free(w);
}

struct teller {
    struct run_watch *watch;
    run_watch_fn *fn;
    void *arg;
};

/* One that happens now. */
static void tell_now(const struct teller *t, const char *kind, const char *text)
{
    struct run_watch *w = t->watch;
    struct store_event e = {
        .at = run_started(w->run) + run_elapsed(w->run),
        .elapsed = run_elapsed(w->run),
        .kind = str_of(kind),
        .text = run_row_masked(w->test, &w->arena, str_of(text)),
    };

    t->fn(t->arg, &e);
}

/* ---- changes ---- */

static void put_text(const struct run_event *e, struct buf *out)
{
    static const char *const words[] = {
        [RUN_EVENT_PAUSE] = "paused",    [RUN_EVENT_RESUME] = "resumed",
        [RUN_EVENT_STOP] = "stopped",    [RUN_EVENT_SCALE_VUS] = "users",
        [RUN_EVENT_SCALE_RATE] = "rate", [RUN_EVENT_SETUP_DATA] = "setup data replaced",
    };
    char from[JSON_NUMBER_BYTES], to[JSON_NUMBER_BYTES];

    if (e->scenario) {
        json_number(e->from, from);
        json_number(e->to, to);
        buf_printf(out, "%s of %s: %s → %s", words[e->kind], e->scenario, from, to);
    } else {
        buf_puts(out, words[e->kind]);
    }
    if (e->by && e->by[0])
        buf_printf(out, " (%s)", e->by);
}

static void put_json(const struct run_event *e, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    json_open_object(&j);
    if (e->by && e->by[0]) {
        json_key(&j, "by");
        json_put_cstr(&j, e->by);
    }
    if (e->scenario) {
        json_key(&j, "scenario");
        json_put_cstr(&j, e->scenario);
        json_key(&j, "from");
        json_put_f64(&j, e->from);
        json_key(&j, "to");
        json_put_f64(&j, e->to);
    }
    json_close(&j);
}

static void tell_change(const struct teller *t, const struct run_event *change)
{
    struct run_watch *w = t->watch;
    scoped(buf_fini) struct buf text = {0}, json = {0};

    put_text(change, &text);
    put_json(change, &json);
    struct store_event e = {
        .at = change->at,
        .elapsed = change->elapsed,
        .kind = str_of(run_event_name(change->kind)),
        .text = run_row_masked(w->test, &w->arena, buf_str(&text)),
        .json = run_row_masked(w->test, &w->arena, buf_str(&json)),
    };

    t->fn(t->arg, &e);
}

static void look_at_changes(const struct teller *t)
{
    size_t n;
    const struct run_event *all = run_events(t->watch->run, &n);

    for (; t->watch->n_events < n; t->watch->n_events++)
        tell_change(t, &all[t->watch->n_events]);
}

/* ---- thresholds ---- */

static void look_at_thresholds(const struct teller *t)
{
    struct run_watch *w = t->watch;
    size_t n;
    const struct threshold *all = thresholds_all(run_thresholds(w->run), &n);

    if (!w->failing) {
        w->failing = xnew_n(bool, n + 1);
        w->n_failing = n;
    }
    for (size_t i = 0; i < n && i < w->n_failing; i++) {
        char value[JSON_NUMBER_BYTES];

        if (all[i].failing == w->failing[i] || all[i].state == THRESHOLD_UNJUDGED)
            continue;
        w->failing[i] = all[i].failing;
        json_number(all[i].value, value);
        tell_now(t, all[i].failing ? "threshold-failed" : "threshold-passed",
                 arena_printf(&w->arena, "%.*s: %.*s %s (%s)", STR_ARG(all[i].spec.metric),
                              STR_ARG(all[i].spec.source),
                              all[i].failing ? "does not hold" : "holds again", value));
    }
}

/* ---- the generator ---- */

static void look_at_verdict(const struct teller *t)
{
    struct run_watch *w = t->watch;
    struct verdict v;

    if (run_stage(w->run) < RUN_SCENARIOS)
        return;
    health_judge(w->run, &v);
    if (v.level == w->level)
        return;
    w->level = v.level;
    tell_now(t, "verdict",
             arena_printf(&w->arena, "the generator calls its numbers %s%s%s",
                          verdict_name(v.level), v.n_reasons ? ": " : "",
                          v.n_reasons ? v.reasons[0].text : ""));
}

void run_watch_look(struct run_watch *w, run_watch_fn *fn, void *arg)
{
    struct teller t = {w, fn, arg};

    look_at_changes(&t);
    look_at_thresholds(&t);
    look_at_verdict(&t);
    arena_reset(&w->arena);
}
