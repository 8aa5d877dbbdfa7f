/* What is known of the test, taken from where it is: the run, or what it has left. */
#include "base/log.h"
#include "base/mem.h"
#include "cli/loadtest.h"
#include "cli/locust_web_priv.h"
#include "cli/log_tail.h"
#include "cli/run_locust.h"
#include "run/run.h"

/* A run that has no tick behind it has users on their way. */
static enum locust_state state_of(const struct locust_web *w, struct locust_view *view)
{
    enum locust_state state = locust_view_now(view)->state;

    if (run_stage(w->run.run) == RUN_OVER)
        return LOCUST_STOPPED;
    if (run_stopped(w->run.run) != RUN_STOP_NONE)
        return LOCUST_STOPPING;
    return state == LOCUST_READY ? LOCUST_SPAWNING : state;
}

static void look_at_run(struct locust_web *w, struct web_locust_now *now)
{
    struct run_totals totals;

    run_totals(w->run.run, &totals);
    locust_exceptions_read(w->run.run, &w->exceptions);
    now->view = run_locust_view(w->run.locust);
    now->state = state_of(w, now->view);
    now->users = totals.vus_active;
    now->started = run_started(w->run.run);
    locust_workers_read(&w->workers, w->run.run, w->run.workers, locust_state_name(now->state));
    now->is_distributed = w->workers.n > 0;
}

static void look_at_rest(struct locust_web *w, struct web_locust_now *now)
{
    struct locust_view *view = w->is_emptied ? NULL : run_locust_view(w->run.locust);
    bool is_coming =
        w->shared.stage == LOCUST_DESK_ASKED || w->shared.stage == LOCUST_DESK_STARTING;

    now->view = view && !is_coming ? view : w->empty;
    now->state = is_coming ? LOCUST_SPAWNING : w->last.state;
    now->started = w->last.started;
}

void locust_web_look(struct locust_web *w, struct web_locust_now *ret_now)
{
    struct web_locust_now now = {
        .report = w->about.report,
        .statistics = w->about.statistics,
        .chart = w->about.chart,
        .tasks = w->about.tasks,
        .host = w->about.host,
        .locustfile = w->about.locustfile,
        .history = run_locust_history(w->run.locust),
        .put_logs = log_tail_put,
        .put_logs_arg = w->logs,
    };

    if (w->run.run)
        look_at_run(w, &now);
    else
        look_at_rest(w, &now);
    if (!w->is_emptied || w->run.run) {
        now.exceptions = w->exceptions.items;
        now.n_exceptions = w->exceptions.n;
    }
    now.workers = w->workers.items;
    now.n_workers = w->workers.n;
    *ret_now = now;
}

void locust_web_remember(struct locust_web *w)
{
    locust_exceptions_read(w->run.run, &w->exceptions);
    locust_workers_fini(&w->workers);
    w->last = (struct locust_state_told){LOCUST_STOPPED, run_started(w->run.run)};
}

void locust_web_forget(struct locust_web *w)
{
    if (w->has_locust)
        run_locust_free(w->run.locust);
    w->has_locust = w->is_emptied = false;
    w->run = (struct locust_web_run){0};
    locust_exceptions_fini(&w->exceptions);
    locust_workers_fini(&w->workers);
}

void locust_web_read_about(struct locust_web *w, const struct loadtest *t)
{
    struct web_locust_about about;

    if (!t->script->web_json ||
        web_locust_about_read(&w->about_arena, t->script->web_json, &about) < 0) {
        log_warn(t->log, "the web API: %s", fault_text());
        fault_clear();
        return;
    }
    w->about = about;
}
