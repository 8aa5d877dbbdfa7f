/*
 * A user is made once, activated for each scenario it serves in, and iterates on whatever coroutine
 * the executor runs it on. Interrupting works on both sides of a wait: the coroutine is cancelled,
 * and script code that runs is stopped by its runtime.
 */
#include "vu/vu.h"

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/systag.h"
#include "plan/plan.h"
#include "proto/cookie.h"
#include "vu/vu_priv.h"

static const struct tagset *add_map(struct tag_pool *pool, const struct tagset *tags,
                                    const struct plan_map *map)
{
    for (size_t i = 0; i < map->n; i++)
        tags = tagset_add(pool, tags, str_of(map->items[i].name), str_of(map->items[i].value));
    return tags;
}

static int open_loop(struct vu_loop *vl)
{
    const struct vu_loop_config *c = &vl->config;
    struct client_loop_config clients = {
        .loop = c->loop,
        .policy = c->policy,
        .recorder = c->recorder,
        .tags = c->tags,
        .capture = {.keep = c->capture, .body_bytes = c->capture_body, .secrets = c->secrets}};

    TRY(client_loop_new(&clients, &vl->clients));
    TRY(c->script->ops->loop_open(c->script, &vl->script_loop));
    return 0;
}

int vu_loop_new(const struct vu_loop_config *config, struct vu_loop **ret_loop)
{
    struct vu_loop *vl = xnew(struct vu_loop);

    vl->config = *config;
    int r = open_loop(vl);

    if (r < 0) {
        vu_loop_free(vl);
        TRY(r);
    }
    vl->run_tags = tagset_empty(config->tags);
    if (config->plan)
        vl->run_tags = add_map(config->tags, vl->run_tags, &config->plan->options->tags);
    *ret_loop = vl;
    return 0;
}

void vu_loop_free(struct vu_loop *vl)
{
    if (!vl)
        return;
    vl->config.script->ops->loop_close(vl->script_loop);
    client_loop_free(vl->clients);
    free(vl);
}

uint64_t vu_loop_n_in_flight(const struct vu_loop *vl)
{
    return client_loop_n_in_flight(vl->clients);
}

uint64_t vu_loop_n_requests(const struct vu_loop *vl)
{
    return client_loop_n_requests(vl->clients);
}

uint64_t vu_loop_n_failed(const struct vu_loop *vl)
{
    return client_loop_n_failed(vl->clients);
}

uint64_t vu_loop_take_exchanges(struct vu_loop *vl, struct list *to)
{
    client_loop_take_exchanges(vl->clients, to);
    return client_loop_n_left_out(vl->clients);
}

void vu_loop_script_stats(const struct vu_loop *vl, struct script_stats *ret_stats)
{
    const struct script_ops *ops = vl->config.script->ops;

    *ret_stats = (struct script_stats){0};
    if (ops->loop_stats)
        ops->loop_stats(vl->script_loop, ret_stats);
}

/* ---- making one ---- */

static void bind_coroutine(struct vu *vu)
{
    void *base;
    size_t size;

    vu->coro = coro_self();
    if (!vu->coro)
        return;
    coro_stack_bounds(vu->coro, &base, &size);
    vu->host.stack_low = (uintptr_t)base;
    coro_set_near(vu->coro, 0, &vu->host.ops, 4);
    coro_set_near(vu->coro, 1, vu->script_vu, 4);
    coro_set_near(vu->coro, 2, vu->client, 1);
}

static void init_host(struct vu *vu, uint64_t id)
{
    const struct vu_loop_config *c = &vu->vl->config;
    struct script_host *h = &vu->host;

    h->ops = &vu_host_ops;
    h->phase = SCRIPT_INIT;
    h->tag_pool = c->tags;
    h->tags = vu->vl->run_tags;
    h->arena = &vu->arena;
    h->vu_id = id;
    h->vu_id_in_test = id;
    h->iteration = -1;
    if (c->plan) {
        if (id)
            h->vu_id_in_test = plan_share_nth(c->plan->share, id - 1) + 1;
        h->options = c->plan->options;
        h->options_json = c->plan->options_json;
        h->exec_options_json = c->plan->exec_json;
    }
}

/* A condition of the init code becomes the fault that ends the run. */
static int init_result(int r)
{
    switch (r) {
    case SCRIPT_E_EXCEPTION:
        return fault(FAULT_EXIT(107), "the script's init code threw an exception");
    case SCRIPT_E_ABORTED:
        return fault(FAULT_EXIT(108), "test aborted");
    case SCRIPT_E_INTERRUPTED:
        return fault(FAULT_EXIT(105), "interrupted");
    default:
        return r;
    }
}

/* For the exchanges that are kept. */
static void tell_place(void *arg, struct client_place *ret_place)
{
    const struct vu *vu = arg;

    *ret_place = (struct client_place){.scenario = vu->scenario ? vu->scenario->name : NULL,
                                       .vu = vu->host.vu_id_in_test,
                                       .iteration = vu->host.iteration};
}

int vu_new(struct vu_loop *vl, uint64_t id, struct vu **ret_vu)
{
    const struct script_ops *ops = vl->config.script->ops;
    struct vu *vu = xnew_lines(struct vu);

    vu->vl = vl;
    vu->ticket = -1;
    list_init(&vu->running_async);
    list_init(&vu->strands);
    init_host(vu, id);
    vu->client = client_new(vl->clients, id ? id - 1 : 0);
    vu->origin = (struct sample_origin){.vu = -1, .iter = -1, .metadata = &vu->host.metadata};
    client_set_origin(vu->client, &vu->origin);
    client_set_place(vu->client, tell_place, vu);
    vu->host.jar = cookie_jar_new();
    bind_coroutine(vu);
    int r = init_result(ops->vu_new(vl->config.script, vl->script_loop, &vu->host, &vu->script_vu));

    arena_reset(&vu->arena);
    vu->coro = NULL;
    if (r < 0) {
        vu_free(vu);
        TRY(r);
    }
    *ret_vu = vu;
    return 0;
}

void vu_free(struct vu *vu)
{
    if (!vu)
        return;
    if (vu->script_vu)
        vu->vl->config.script->ops->vu_free(vu->script_vu);
    client_free(vu->client);
    cookie_jar_free(vu->host.jar);
    arena_fini(&vu->arena);
    free((void *)(uintptr_t)vu->host.scenario_env_names);
    free(vu);
}

uint64_t vu_id(const struct vu *vu)
{
    return vu->host.vu_id;
}

const struct plan_scenario *vu_scenario(const struct vu *vu)
{
    return vu->scenario;
}

const struct tagset *vu_tags(const struct vu *vu)
{
    return vu->host.tags;
}

uint64_t vu_scenario_iterations(const struct vu *vu)
{
    return vu->host.iteration_in_scenario;
}

int64_t *vu_ticket(struct vu *vu)
{
    return &vu->ticket;
}

/* ---- activation ---- */

static void set_env(struct script_host *h, const struct plan_map *env)
{
    free((void *)(uintptr_t)h->scenario_env_names);
    const char **names = xnew_n(const char *, env->n * 2 + 1);

    for (size_t i = 0; i < env->n; i++) {
        names[i] = env->items[i].name;
        names[env->n + i] = env->items[i].value;
    }
    h->scenario_env_names = names;
    h->scenario_env_values = names + env->n;
    h->n_scenario_env = env->n;
}

/* Tags of every sample of the user while it serves in the scenario. */
static const struct tagset *scenario_tags(const struct vu *vu, const struct plan_scenario *s)
{
    const struct vu_loop_config *c = &vu->vl->config;
    uint32_t system = c->plan->options->system_tags;
    const struct tagset *tags = add_map(c->tags, vu->vl->run_tags, &s->tags);

    if (system & SYSTAG_GROUP)
        tags = tagset_add(c->tags, tags, STR("group"), STR(""));
    if (system & SYSTAG_SCENARIO)
        tags = tagset_add(c->tags, tags, STR("scenario"), str_of(s->name));
    return tags;
}

void vu_activate(struct vu *vu, const struct plan_scenario *scenario, int export_index,
                 const char *setup_data)
{
    vu->scenario = scenario;
    vu->export_index = export_index;
    vu->setup_data = setup_data;
    vu->host.tags = scenario_tags(vu, scenario);
    vu->host.metadata = NULL;
    vu->host.iteration_in_scenario = 0;
    vu->host.activation++;
    set_env(&vu->host, &scenario->env);
}

/* ---- iterating ---- */

static void look_up_series(struct vu *vu, struct vu_series *s)
{
    struct recorder *r = vu->vl->config.recorder;

    s->tags = vu->host.tags;
    s->iterations = recorder_series(r, M_ITERATIONS, s->tags);
    s->iteration_duration = recorder_series(r, M_ITERATION_DURATION, s->tags);
    s->iteration_lag = NULL;
    s->iteration_response_time = NULL;
    s->data_sent = recorder_series(r, M_DATA_SENT, s->tags);
    s->data_received = recorder_series(r, M_DATA_RECEIVED, s->tags);
}

static struct vu_series *series_of(struct vu *vu)
{
    uintptr_t key = (uintptr_t)vu->host.tags;
    struct vu_series *s = &vu->vl->series[(key >> 5 ^ key >> 9) % countof(vu->vl->series)];

    if (unlikely(s->tags != vu->host.tags))
        look_up_series(vu, s);
    return s;
}

static void record_bytes(struct vu *vu, mono_ns now)
{
    struct recorder *r = vu_recorder(vu);
    struct client_bytes bytes = client_take_bytes(vu->client);
    const struct vu_series *s = series_of(vu);

    recorder_count(r, s->data_sent, (double)bytes.sent, now);
    recorder_count(r, s->data_received, (double)bytes.received, now);
}

/* What an open model adds, also of iterations that were cut short: how late it was is known. */
static void record_late(struct vu *vu, mono_ns due, mono_ns start, mono_ns end, bool complete)
{
    struct recorder *r = vu_recorder(vu);
    struct vu_series *s = series_of(vu);

    if (!s->iteration_lag) {
        s->iteration_lag = recorder_series(r, M_ITERATION_LAG, s->tags);
        s->iteration_response_time = recorder_series(r, M_ITERATION_RESPONSE_TIME, s->tags);
    }
    recorder_trend(r, s->iteration_lag, (double)(start - due) / 1e6, end);
    if (complete)
        recorder_trend(r, s->iteration_response_time, (double)(end - due) / 1e6, end);
}

static void record_iteration(struct vu *vu, mono_ns start, mono_ns end)
{
    struct recorder *r = vu_recorder(vu);
    const struct vu_series *s = series_of(vu);

    recorder_trend(r, s->iteration_duration, (double)(end - start) / 1e6, end);
    recorder_count(r, s->iterations, 1, end);
}

/* User and iteration are told where they are asked for as system tags. */
static void tell_origin(struct vu *vu)
{
    const struct plan *plan = vu->vl->config.plan;
    uint32_t system = plan ? plan->options->system_tags : 0;

    if (likely(!(system & (SYSTAG_VU | SYSTAG_ITER))))
        return; /* as vu_new has left it */

    /* The user 0 of setup() and teardown() has no number, and its calls are iteration 0, as in k6.
     */
    int64_t id = (int64_t)vu->host.vu_id;

    vu->origin.vu = id && system & SYSTAG_VU ? id : -1;
    vu->origin.iter = system & SYSTAG_ITER ? (id ? vu->host.iteration : 0) : -1;
}

/* Before the script is entered, on the coroutine that it is entered on. */
static void begin(struct vu *vu, enum script_phase phase, mono_ns hard_end)
{
    bind_coroutine(vu);
    vu->interrupted = false;
    vu->woken = false;
    vu->host.phase = phase;
    tell_origin(vu);
    vu->vl->config.script->ops->set_deadline(vu->script_vu, hard_end);
}

/* After it returned: nothing of it is under way any more. */
static void finish(struct vu *vu)
{
    if (unlikely(!list_empty(&vu->running_async)))
        vu_async_drain(vu);
    if (unlikely(vu->coro && coro_cancelled(vu->coro)))
        coro_uncancel(vu->coro);
    vu->coro = NULL;
    arena_reset(&vu->arena);
}

static void count_up(struct vu *vu)
{
    vu->host.iteration++;
    vu->host.iteration_in_scenario++;
}

static void next_iteration(struct vu *vu)
{
    const struct plan_options *o = vu->vl->config.plan->options;

    count_up(vu);
    if (!o->no_cookies_reset && !cookie_jar_empty(vu->host.jar))
        cookie_jar_clear(vu->host.jar);
}

static void pace(struct vu *vu, mono_ns start)
{
    span_ns least = vu->vl->config.plan->options->min_iteration_duration;

    if (unlikely(least > 0) && !vu->interrupted) {
        vu->coro = coro_self();
        ignored(coro_sleep_until(start + least));
        finish(vu);
    }
}

/*
 * A script that never waits would keep everybody else from running: descriptors, timers, messages.
 * Whether it waited shows in the turns of the loop; asking for something is not yet waiting,
 * because a request may fail at once.
 */
static void give_way(struct vu *vu)
{
    uint64_t turn = loop_turns(vu->vl->config.loop);

    if (unlikely(turn == vu->turn))
        ignored(coro_yield());
    vu->turn = turn;
}

/* When the iteration starts, and by how much later than it should all its requests do. */
static mono_ns start_of(struct vu *vu, mono_ns due)
{
    struct loop *l = vu->vl->config.loop;
    /* Read at the end of the iteration before, or when this one's turn of the loop began. */
    mono_ns start = due ? loop_clock(l) : loop_now(l);

    client_set_lag(vu->client, due ? start - due : -1);
    return start;
}

/* The samples of an iteration that is over. */
static void record(struct vu *vu, mono_ns due, mono_ns start, bool complete)
{
    mono_ns end = loop_clock(vu->vl->config.loop);

    vu->ticket = -1;
    record_bytes(vu, end);
    if (due)
        record_late(vu, due, start, end, complete);
    if (complete)
        record_iteration(vu, start, end);
}

enum vu_result vu_iterate(struct vu *vu, mono_ns due, mono_ns hard_end)
{
    mono_ns start = start_of(vu, due);

    next_iteration(vu);
    begin(vu, SCRIPT_RUN, hard_end);
    int r =
        vu->vl->config.script->ops->run_iteration(vu->script_vu, vu->export_index, vu->setup_data);
    bool complete = (r == 0 || r == SCRIPT_E_EXCEPTION) && !vu->interrupted;

    finish(vu);
    if (unlikely(vu->vl->config.plan->options->no_vu_connection_reuse))
        client_close_idle(vu->client);
    record(vu, due, start, complete);
    if (complete)
        pace(vu, start);
    give_way(vu);
    return complete ? VU_COMPLETE : VU_INTERRUPTED;
}

/* ---- iterations that are one request each ---- */

/* The iteration's request has been answered: a client_again_fn. */
static bool next_repeated(void *arg, struct http_response *r UNUSED)
{
    struct vu *vu = arg;

    record(vu, 0, vu->repeated.start, true);
    if (!vu->repeated.next(vu->repeated.arg, VU_COMPLETE))
        return false;
    if (likely(!coro_self())) {
        /* Of cookies there are none: those that could be sent come with redirects. */
        vu->repeated.start = start_of(vu, 0);
        count_up(vu);
    } else {
        give_way(vu);
        if (vu->interrupted)
            return false;
        vu->repeated.start = start_of(vu, 0);
        next_iteration(vu);
    }
    tell_origin(vu);
    return true;
}

static bool may_repeat(const struct vu *vu)
{
    const struct plan_options *o = vu->vl->config.plan->options;

    return vu->vl->config.script->ops->fixed_request && !o->no_vu_connection_reuse &&
           !o->no_cookies_reset && o->min_iteration_duration <= 0;
}

static void iterate_repeated(struct vu *vu, mono_ns hard_end)
{
    const struct script_ops *ops = vu->vl->config.script->ops;

    vu->repeated.start = start_of(vu, 0);
    next_iteration(vu);
    begin(vu, SCRIPT_RUN, hard_end);
    int r = client_request_repeat(vu->client, ops->fixed_request(vu->script_vu), next_repeated, vu);

    finish(vu);
    if (r) {
        record(vu, 0, vu->repeated.start, false);
        ignored(vu->repeated.next(vu->repeated.arg, VU_INTERRUPTED));
    }
    give_way(vu);
}

void vu_iterate_while(struct vu *vu, mono_ns hard_end, vu_next_fn *next, void *arg)
{
    if (may_repeat(vu)) {
        vu->repeated.next = next;
        vu->repeated.arg = arg;
        iterate_repeated(vu, hard_end);
        return;
    }
    while (next(arg, vu_iterate(vu, 0, hard_end)))
        ;
}

void vu_leave(struct vu *vu)
{
    const struct script_ops *ops = vu->vl->config.script->ops;

    if (!ops->leave || vu->host.iteration < 0)
        return;
    begin(vu, SCRIPT_RUN, 0);
    ignored(ops->leave(vu->script_vu));
    if (unlikely(!list_empty(&vu->strands)))
        vu_strands_end(vu);
    finish(vu);
    record_bytes(vu, loop_clock(vu->vl->config.loop));
}

enum coro_stack vu_stack(const struct script *script)
{
    return script->ops->deep_stack ? CORO_STACK_LARGE : CORO_STACK_MEDIUM;
}

void vu_stop_code(struct vu *vu)
{
    /* The earliest moment there is; 0 would mean none. */
    vu->vl->config.script->ops->set_deadline(vu->script_vu, 1);
}

void vu_interrupt(struct vu *vu)
{
    if (!vu->coro)
        return;
    vu->interrupted = true;
    vu->vl->config.script->ops->interrupt(vu->script_vu);
    coro_cancel(vu->coro);
}

void vu_release(struct vu *vu)
{
    if (vu->coro && vu->host.is_idle)
        coro_cancel(vu->coro);
}

/* ---- setup, teardown, handleSummary ---- */

static void begin_stage(struct vu *vu, enum script_phase phase, const char *group, mono_ns deadline)
{
    const struct vu_loop_config *c = &vu->vl->config;

    vu->host.tags = vu->vl->run_tags;
    if (group && (c->plan->options->system_tags & SYSTAG_GROUP))
        vu->host.tags = tagset_add(c->tags, vu->host.tags, STR("group"), str_of(group));
    begin(vu, phase, deadline);
}

static void end_stage(struct vu *vu, bool measured)
{
    finish(vu);
    if (measured)
        record_bytes(vu, loop_clock(vu->vl->config.loop));
}

int vu_setup(struct vu *vu, mono_ns deadline, char **ret_json)
{
    begin_stage(vu, SCRIPT_SETUP, "::setup", deadline);
    int r = vu->vl->config.script->ops->setup(vu->script_vu, deadline, ret_json);

    end_stage(vu, true);
    return r;
}

int vu_teardown(struct vu *vu, const char *setup_data, mono_ns deadline)
{
    begin_stage(vu, SCRIPT_TEARDOWN, "::teardown", deadline);
    int r = vu->vl->config.script->ops->teardown(vu->script_vu, setup_data, deadline);

    end_stage(vu, true);
    return r;
}

int vu_summary(struct vu *vu, const char *data_json, mono_ns deadline,
               struct script_summary_file **ret_files, size_t *ret_n)
{
    begin_stage(vu, SCRIPT_SUMMARY, NULL, deadline);
    int r = vu->vl->config.script->ops->handle_summary(vu->script_vu, data_json, deadline,
                                                       ret_files, ret_n);

    end_stage(vu, false);
    return r;
}

/* ---- before any user exists ---- */

struct script_host *vu_init_host(const struct vu_run_ops *ops, void *arg, struct tag_pool *tags)
{
    struct vu_loop *vl = xnew(struct vu_loop);
    struct vu *vu = xnew_lines(struct vu);

    vl->config.ops = ops;
    vl->config.arg = arg;
    vl->config.tags = tags;
    vl->config.loop = loop_self();
    vl->run_tags = tagset_empty(tags);
    vu->vl = vl;
    list_init(&vu->running_async);
    list_init(&vu->strands);
    init_host(vu, 0);
    bind_coroutine(vu);
    return &vu->host;
}

void vu_init_host_free(struct script_host *host)
{
    struct vu *vu = vu_of(host);

    arena_fini(&vu->arena);
    free(vu->vl);
    free(vu);
}
