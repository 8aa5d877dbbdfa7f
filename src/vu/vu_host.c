/* The services that a script gets: each finds its user by the host it embeds. */
#include <errno.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/systag.h"
#include "plan/plan.h"
#include "proto/url.h"
#include "vu/vu_priv.h"

static int interrupted(struct vu *vu)
{
    return vu->interrupted ? SCRIPT_E_INTERRUPTED : 0;
}

static int host_request(struct script_host *h, const struct http_request *req,
                        struct http_response **ret_response)
{
    struct vu *vu = vu_of(h);

    *ret_response = NULL;
    return client_request(vu->client, req, ret_response) ? SCRIPT_E_INTERRUPTED : 0;
}

/* ---- several at once ---- */

/* A host name with how many requests of the batch may go to it at a time. */
struct batch_host {
    struct str name;
    struct coro_semaphore places;
};

struct batch {
    struct vu *vu;
    struct coro_semaphore places;
    struct batch_host *hosts;
    size_t n_hosts;
};

struct batch_item {
    struct batch *batch;
    struct batch_host *host; /* NULL: no limit per host */
    const struct http_request *req;
    struct http_response **ret_response;
};

static void batch_item_send(struct batch_item *item)
{
    ignored(client_request(item->batch->vu->client, item->req, item->ret_response));
}

static void batch_item_run(void *arg)
{
    struct batch_item *item = arg;

    if (coro_semaphore_take(&item->batch->places, MONO_NEVER))
        return;
    if (!item->host || coro_semaphore_take(&item->host->places, MONO_NEVER) == 0) {
        batch_item_send(item);
        if (item->host)
            coro_semaphore_give(&item->host->places);
    }
    coro_semaphore_give(&item->batch->places);
}

static struct batch_host *batch_host_find(struct batch *b, struct str name, int64_t limit)
{
    if (limit <= 0)
        return NULL;
    for (size_t i = 0; i < b->n_hosts; i++) {
        if (str_eq(b->hosts[i].name, name))
            return &b->hosts[i];
    }
    struct batch_host *host = &b->hosts[b->n_hosts++];

    host->name = name;
    coro_semaphore_init(&host->places, (size_t)limit);
    return host;
}

static void batch_prepare(struct batch *b, struct vu *vu, struct arena *arena, size_t n)
{
    int64_t at_once = vu->host.options ? vu->host.options->batch : 20;

    b->vu = vu;
    b->hosts = arena_new_n(arena, struct batch_host, n);
    coro_semaphore_init(&b->places, at_once > 0 ? (size_t)at_once : n);
}

static int batch_send(struct script_host *h, struct arena *arena,
                      const struct http_request *const *reqs, size_t n,
                      struct http_response **ret_responses)
{
    struct vu *vu = vu_of(h);
    struct coro_waitgroup group;
    struct batch b = {0};
    int64_t per_host = h->options ? h->options->batch_per_host : 6;
    struct batch_item *items = arena_new_n(arena, struct batch_item, n);

    batch_prepare(&b, vu, arena, n);
    coro_waitgroup_init(&group, vu->vl->config.loop);
    for (size_t i = 0; i < n; i++)
        ret_responses[i] = NULL;
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct batch_item){
            .batch = &b,
            .host = batch_host_find(&b, reqs[i]->url->host_port, per_host),
            .req = reqs[i],
            .ret_response = &ret_responses[i],
        };
        if (coro_waitgroup_spawn(&group, CORO_STACK_SMALL, batch_item_run, &items[i]))
            break;
    }
    int r = coro_waitgroup_wait(&group);

    for (size_t i = 0; i < n && r == 0; i++)
        r = ret_responses[i] ? 0 : SCRIPT_E_INTERRUPTED;
    for (size_t i = 0; i < n && r; i++) {
        http_response_unref(ret_responses[i]);
        ret_responses[i] = NULL;
    }
    return r ? SCRIPT_E_INTERRUPTED : 0;
}

static int host_batch(struct script_host *h, const struct http_request *const *reqs, size_t n,
                      struct http_response **ret_responses)
{
    struct vu *vu = vu_of(h);

    if (likely(coro_self() == vu->coro))
        return batch_send(h, &vu->arena, reqs, n, ret_responses);
    /* A strand's batch may outlive the iteration, and with it the user's arena. */
    scoped(arena_fini) struct arena own = {.block_bytes = 0};

    return batch_send(h, &own, reqs, n, ret_responses);
}

/* ---- meanwhile ---- */

struct vu_async {
    struct list link;
    struct vu *vu;
    struct coro *coro;
    const struct http_request *req;
    script_request_done_fn *done;
    void *arg;
};

static void wake_user(struct vu *vu)
{
    vu->woken = true;
    if (vu->in_wait && vu->coro)
        coro_wake(vu->coro, 0);
}

static void async_run(void *arg)
{
    struct vu_async *a = arg;
    struct vu *vu = a->vu;
    struct http_response *r = NULL;

    /* A request that was cancelled is told as done without a response: its iteration is over. */
    ignored(client_request(vu->client, a->req, &r));
    list_remove(&a->link);
    a->done(a->arg, r);
    wake_user(vu);
    free(a);
}

static void host_request_async(struct script_host *h, const struct http_request *req,
                               script_request_done_fn *done, void *arg)
{
    struct vu *vu = vu_of(h);
    struct vu_async *a = xnew(struct vu_async);

    a->vu = vu;
    a->req = req;
    a->done = done;
    a->arg = arg;
    list_init(&a->link);
    list_add_tail(&vu->running_async, &a->link);
    if (coro_spawn(vu->vl->config.loop, CORO_STACK_SMALL, async_run, a, &a->coro)) {
        list_remove(&a->link);
        free(a);
        done(arg, NULL);
        wake_user(vu);
    }
}

void vu_async_drain(struct vu *vu)
{
    struct vu_async *a;

    while (!list_empty(&vu->running_async)) {
        list_each(a, &vu->running_async, link)
            coro_cancel(a->coro);
        vu->in_wait = true;
        ignored(coro_park_firm());
        vu->in_wait = false;
    }
}

static int host_wait_event(struct script_host *h, mono_ns due)
{
    struct vu *vu = vu_of(h);

    /* The script asks again until all it started was delivered; interrupted, that is at once. */
    if (unlikely(vu->interrupted)) {
        vu_async_drain(vu);
        return SCRIPT_E_INTERRUPTED;
    }
    if (!vu->woken) {
        vu->in_wait = true;
        ignored(coro_park_until(due ? due : MONO_NEVER));
        vu->in_wait = false;
    }
    vu->woken = false;
    return interrupted(vu);
}

static int host_sleep(struct script_host *h, span_ns span)
{
    struct vu *vu = vu_of(h);
    mono_ns now;

    if (span <= 0)
        return interrupted(vu);
    now = loop_clock(vu->vl->config.loop);
    mono_ns until = span < MONO_NEVER - now ? now + span : MONO_NEVER;

    return coro_sleep_until(until) ? SCRIPT_E_INTERRUPTED : interrupted(vu);
}

static mono_ns host_now(struct script_host *h)
{
    return loop_clock(vu_of(h)->vl->config.loop);
}

/* ---- samples ---- */

static void host_sample(struct script_host *h, uint32_t metric_id, const struct tagset *tags,
                        double value)
{
    struct vu *vu = vu_of(h);

    recorder_sample(vu_recorder(vu), metric_id, tags, value, loop_now(vu->vl->config.loop));
}

static struct series *check_series(struct vu *vu, struct str name, const struct tagset *tags)
{
    struct vu_loop *vl = vu->vl;
    const struct plan *plan = vl->config.plan;
    bool tagged = !plan || (plan->options->system_tags & SYSTAG_CHECK);

    if (tagged)
        tags = tagset_add(vl->config.tags, tags, STR("check"), name);
    return recorder_series(vl->config.recorder, M_CHECKS, tags);
}

static void host_check(struct script_host *h, struct str name, const struct tagset *tags,
                       bool passed)
{
    struct vu *vu = vu_of(h);
    /* Names are literals of the script, so a name that is the same has the same address. */
    size_t slot = ((uintptr_t)name.p >> 4) & (countof(vu->last_checks) - 1);
    typeof(&vu->last_checks[0]) last = &vu->last_checks[slot];

    if (unlikely(last->tags != tags || !str_eq(last->name, name))) {
        struct str key;

        last->series = check_series(vu, name, tags);
        last->tags = tags;
        /* The tag set keeps a copy of the name that lives as long as the loop. */
        last->name = tagset_get(last->series->tags, STR("check"), &key) ? key : STR("");
    }
    recorder_rate(vu_recorder(vu), last->series, passed, loop_now(vu->vl->config.loop));
}

/* ---- upwards ---- */

static void host_log(struct script_host *h, enum script_log_level level,
                     enum script_log_source source, struct str message)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    c->ops->log(c->arg, vu_of(h), level, source, message, STR(""), STR(""));
}

static void host_log_field(struct script_host *h, enum script_log_level level,
                           enum script_log_source source, struct str message, struct str field,
                           struct str value)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    c->ops->log(c->arg, vu_of(h), level, source, message, field, value);
}

static int host_secret(struct script_host *h, struct str source, struct str key,
                       struct buf *ret_value)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    return c->ops->secret(c->arg, source, key, ret_value);
}

static uint64_t host_exception(struct script_host *h, const struct script_exception *e)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    return c->ops->exception(c->arg, vu_of(h), e);
}

static void host_exec_info(struct script_host *h, struct script_exec_info *ret_info)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    c->ops->exec_info(c->arg, vu_of(h), ret_info);
}

static void host_abort(struct script_host *h, struct str message)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    c->ops->abort(c->arg, vu_of(h), message);
}

static void host_fail(struct script_host *h, struct str message)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    c->ops->fail(c->arg, vu_of(h), message);
}

static void host_end(struct script_host *h, struct str message)
{
    const struct vu_loop_config *c = &vu_of(h)->vl->config;

    c->ops->end(c->arg, vu_of(h), message);
}

const struct script_host_ops vu_host_ops = {
    .request = host_request,
    .batch = host_batch,
    .request_async = host_request_async,
    .sleep = host_sleep,
    .wait_event = host_wait_event,
    .now = host_now,
    .spawn = vu_strand_spawn,
    .strand = vu_strand_self,
    .park = vu_strand_park,
    .wake = vu_strand_wake,
    .disturb = vu_strand_disturb,
    .settle = vu_strand_settle,
    .wait_fd = vu_strand_wait_fd,
    .post = vu_post,
    .sample = host_sample,
    .check = host_check,
    .log = host_log,
    .log_field = host_log_field,
    .exception = host_exception,
    .exec_info = host_exec_info,
    .secret = host_secret,
    .abort = host_abort,
    .fail = host_fail,
    .end = host_end,
};
