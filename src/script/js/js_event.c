/*
 * A user's event loop. It runs where the script was called, on the user's coroutine, and suspends
 * in wait_event() only when nothing is due. Order of one turn: promise jobs to the end, unhandled
 * rejections, one completion or one timer.
 */
#include "base/mem.h"
#include "script/js/js_script.h"

/* A promise that was rejected while nobody listened. */
struct rejection {
    struct list link;
    JSValue promise; /* a reference is held */
};

static void *identity(JSValueConst v)
{
    return JS_VALUE_GET_PTR(v);
}

static void rejection_free(JSContext *ctx, struct rejection *r)
{
    list_remove(&r->link);
    JS_FreeValue(ctx, r->promise);
    free(r);
}

static void on_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled,
                         void *opaque)
{
    struct js_vu *vu = js_vu_of(ctx);
    struct rejection *r, *next;

    (void)reason;
    (void)opaque;
    if (!vu)
        return;
    if (!handled) {
        r = xnew(struct rejection);
        r->promise = JS_DupValue(ctx, promise);
        list_add_tail(&vu->rejections, &r->link);
        return;
    }
    list_each_safe(r, next, &vu->rejections, link) {
        if (identity(r->promise) == identity(promise)) {
            rejection_free(ctx, r);
            return;
        }
    }
}

void js_event_setup(JSRuntime *rt)
{
    JS_SetHostPromiseRejectionTracker(rt, on_rejection, NULL);
}

void js_post(struct js_vu *vu, struct js_task *task)
{
    list_add_tail(&vu->tasks, &task->link);
}

/* ---- one turn ---- */

static int run_jobs(struct js_vu *vu)
{
    JSRuntime *rt = vu->group->rt;
    JSContext *ctx;

    while (JS_IsJobPending(rt)) {
        if (JS_ExecutePendingJob(rt, &ctx) < 0)
            return -1;
        if (vu->interrupted && !JS_HasException(vu->ctx)) {
            js_throw_interrupt(vu->ctx);
            return -1;
        }
    }
    return 0;
}

/* Throws `Uncaught (in promise) …` for the first rejection that nobody handled. */
static int throw_rejection(struct js_vu *vu)
{
    struct rejection *first = list_entry(vu->rejections.next, struct rejection, link);
    JSValue reason = JS_PromiseResult(vu->ctx, first->promise);
    struct buf text = {0};

    js_error_text(vu->ctx, reason, &text);
    while (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    js_throw(vu->ctx, "Uncaught (in promise) %.*s", STR_ARG(buf_str(&text)));
    vu->rejected = true;
    buf_fini(&text);
    JS_FreeValue(vu->ctx, reason);
    return -1;
}

/* 1: one ran, 0: none waited, -1: exception. */
static int run_task(struct js_vu *vu)
{
    struct list *link = list_pop(&vu->tasks);
    struct js_task *task;

    if (!link)
        return 0;
    task = list_entry(link, struct js_task, link);
    task->run(vu, task);
    return JS_HasException(vu->ctx) ? -1 : 1;
}

static int run_timer(struct js_vu *vu)
{
    if (vu->n_timers == 0)
        return 0;
    return js_timers_run(vu, vu->host->ops->now(vu->host));
}

/* When to stop waiting: the first timer or the deadline; 0: never. */
static mono_ns wait_until(const struct js_vu *vu)
{
    mono_ns timer = js_timers_due(vu);
    mono_ns deadline = __atomic_load_n(&vu->deadline, __ATOMIC_RELAXED);

    if (!timer || !deadline)
        return timer ? timer : deadline;
    return timer < deadline ? timer : deadline;
}

static int await_event(struct js_vu *vu)
{
    struct script_host *h = vu->host;
    mono_ns due = wait_until(vu), deadline;
    int r;

    js_suspend(vu);
    r = h->ops->wait_event(h, due);
    js_resume(vu);
    deadline = __atomic_load_n(&vu->deadline, __ATOMIC_RELAXED);
    if (deadline && !vu->interrupted && h->ops->now(h) >= deadline)
        vu->interrupted = vu->timed_out = true;
    return js_host_ok(vu->ctx, r) ? 0 : -1;
}

/* 1: something ran, 0: nothing was due, -1: exception. */
static int turn(struct js_vu *vu)
{
    int r;

    if (run_jobs(vu) < 0)
        return -1;
    if (unlikely(!list_empty(&vu->rejections)))
        return throw_rejection(vu);
    r = run_task(vu);
    return r ? r : run_timer(vu);
}

int js_event_run(struct js_vu *vu)
{
    for (;;) {
        int r = turn(vu);

        if (r < 0)
            return -1;
        if (r > 0)
            continue;
        if (vu->n_timers == 0 && vu->n_pending == 0)
            return 0;
        if (await_event(vu) < 0)
            return -1;
    }
}

/* ---- giving up ---- */

static void drop_tasks(struct js_vu *vu)
{
    struct list *link;

    while ((link = list_pop(&vu->tasks))) {
        struct js_task *task = list_entry(link, struct js_task, link);

        task->drop(vu, task);
    }
}

void js_event_drop(struct js_vu *vu)
{
    struct script_host *h = vu->host;
    struct rejection *r, *next;

    drop_tasks(vu);
    /* What these operations point to lives until they are over (script.h, wait_event). */
    while (vu->n_pending > 0) {
        js_suspend(vu);
        ignored(h->ops->wait_event(h, 0));
        js_resume(vu);
        drop_tasks(vu);
    }
    js_jobs_drop(vu->group->rt);
    list_each_safe(r, next, &vu->rejections, link)
        rejection_free(vu->ctx, r);
}
