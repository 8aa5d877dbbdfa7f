/*
 * The server asks one thing at a time; cli/main_call.h takes it to the main loop.
 */
#include "cli/run_api.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/loadtest.h"
#include "cli/main_call.h"
#include "cli/run_output.h"
#include "cli/run_ui.h"
#include "report/summary.h"
#include "run/control.h"
#include "run/run.h"
#include "web/web_server.h"

struct run_api {
    struct run_api_target target;
    struct web_server *server;
    struct main_call *call;
};

/* ---- what the API may do, on the main loop ---- */

static enum web_run_status status_of(const struct run *run)
{
    static const enum web_run_status known[] = {
        [RUN_INIT] = WEB_RUN_INIT_VUS,     [RUN_SETUP] = WEB_RUN_SETUP,
        [RUN_SCENARIOS] = WEB_RUN_RUNNING, [RUN_TEARDOWN] = WEB_RUN_TEARDOWN,
        [RUN_OVER] = WEB_RUN_ENDED,
    };
    enum run_stage stage = run_stage(run);

    if (stage == RUN_INIT && run_is_paused(run))
        return WEB_RUN_PAUSED_BEFORE;
    if (stage == RUN_OVER && run_stopped(run) != RUN_STOP_NONE)
        return WEB_RUN_INTERRUPTED;
    return known[stage];
}

static void get_status(void *self, struct web_status *ret_status)
{
    const struct run *run = ((struct run_api_target *)self)->run;
    struct run_totals totals;

    run_totals(run, &totals);
    *ret_status = (struct web_status){
        .status = status_of(run),
        .paused = run_is_paused(run),
        .stopped = run_stopped(run) != RUN_STOP_NONE,
        .running = run_stage(run) > RUN_INIT && run_stage(run) < RUN_OVER,
        .vus = totals.vus_active,
        .vus_max = totals.vus_initialized,
    };
}

static void get_summary(void *self, struct summary_input *ret_input)
{
    struct run_api_target *t = self;

    run_output_input(t->test, t->run, ret_input);
}

static bool get_event(void *self, size_t index, struct web_event *ret_event)
{
    size_t n;
    const struct run_event *e = run_events(((struct run_api_target *)self)->run, &n);

    if (index >= n)
        return false;
    e += index;
    *ret_event = (struct web_event){
        .at = e->at,
        .elapsed = e->elapsed,
        .kind = run_event_name(e->kind),
        .by = e->by,
        .scenario = e->scenario,
        .is_change = e->scenario != NULL,
        .from = e->from,
        .to = e->to,
    };
    return true;
}

static int pause_run(void *self, struct str by)
{
    return run_pause(((struct run_api_target *)self)->run, by);
}

static int resume_run(void *self, struct str by)
{
    return run_resume(((struct run_api_target *)self)->run, by);
}

static int stop_run(void *self, struct str by)
{
    struct run *run = ((struct run_api_target *)self)->run;

    if (run_stage(run) == RUN_OVER)
        return fault(-EBUSY, "the test is over");
    run_stop(run, RUN_STOP_REMOTE, by);
    return 0;
}

static int scale_vus(void *self, struct str scenario, uint64_t n, struct str by)
{
    return run_scale_vus(((struct run_api_target *)self)->run, scenario, n, by);
}

static int scale_rate(void *self, struct str scenario, double per_s, struct str by)
{
    return run_scale_rate(((struct run_api_target *)self)->run, scenario, per_s, by);
}

static int put_setup(void *self, struct str json, struct str by)
{
    return run_put_setup_data(((struct run_api_target *)self)->run, json, by);
}

const struct web_run_ops run_api_ops = {
    .status = get_status,
    .summary = get_summary,
    .event = get_event,
    .pause = pause_run,
    .resume = resume_run,
    .stop = stop_run,
    .scale_vus = scale_vus,
    .scale_rate = scale_rate,
    .put_setup = put_setup,
};

/* ---- from one thread to the other ---- */

struct question {
    const struct web_request *req;
    struct web_answer *answer;
};

static void answer(void *arg, void *question)
{
    struct run_api *api = arg;
    const struct question *q = question;

    web_api_answer(&run_api_ops, &api->target, q->req, q->answer);
}

static bool ask(void *arg, const struct web_request *req, struct web_answer *ret_answer)
{
    struct question q = {req, ret_answer};

    return main_call_ask(((struct run_api *)arg)->call, &q);
}

/* ---- beginning and end ---- */

static int serve(struct run_api *api)
{
    struct web_server_config config = {
        .address = api->target.test->plan->options->address,
        .token = api->target.test->own.address_token,
        .answer = ask,
        .arg = api,
    };

    TRY(web_server_new(&config, &api->server));
    log_info(api->target.test->log, "REST API at http://%s/v1/status",
             web_server_address(api->server));
    return 0;
}

int run_api_new(const struct loadtest *t, struct loop *loop, struct run *run,
                struct run_api **ret_api)
{
    const struct plan_options *o = t->plan->options;

    *ret_api = NULL;
    if (!o->address[0] && o->paused && !run_ui_is_wanted(t)) {
        return fault(FAULT_EXIT(104), "--paused needs --address, such as localhost:6565, or --ui: "
                                      "nothing else could resume the test");
    }
    if (!o->address[0])
        return 0;
    struct run_api *api = xnew(struct run_api);

    api->target = (struct run_api_target){t, run};
    api->call = main_call_new(loop, answer, api);
    *ret_api = api;
    TRY(serve(api));
    return 0;
}

void run_api_close(struct run_api *api)
{
    if (!api)
        return;
    main_call_close(api->call);
    web_server_free(api->server);
    api->server = NULL;
}

void run_api_free(struct run_api *api)
{
    if (!api)
        return;
    main_call_free(api->call);
    free(api);
}
