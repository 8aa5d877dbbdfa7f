/*
 * A worker: a thread with a loop, users and a recorder. It makes its users first, then waits for
 * messages; scenarios run on it as executor.c says.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/mem.h"
#include "metric/exchange.h"
#include "run/run_priv.h"

static void on_start(struct loop *l, struct message *m);
static void on_stop(struct loop *l, struct message *m);
static void on_swap(struct loop *l, struct message *m);
static void on_quit(struct loop *l, struct message *m);
static void on_control(struct loop *l, struct message *m);
static void on_ready(struct loop *l, struct message *m);
static void on_done(struct loop *l, struct message *m);
static void on_failed(struct loop *l, struct message *m);

static void message_init(struct worker_message *m, struct worker *w, message_fn *fn)
{
    m->worker = w;
    m->msg.fn = fn;
}

void worker_init(struct worker *w, struct run *run, unsigned index)
{
    w->run = run;
    w->index = index;
    pthread_mutex_init(&w->shared.lock, NULL);
    list_init(&w->exchanges);
    w->exceptions = exception_book_new();
    message_init(&w->start, w, on_start);
    message_init(&w->stop, w, on_stop);
    message_init(&w->stop_again, w, on_stop);
    message_init(&w->swap, w, on_swap);
    message_init(&w->quit, w, on_quit);
    message_init(&w->control, w, on_control);
    coro_waitlist_init(&w->held);
    message_init(&w->ready, w, on_ready);
    message_init(&w->done, w, on_done);
    message_init(&w->failed, w, on_failed);
}

/* ---- users ---- */

/*
 * Idle users are a heap by id, so that the lowest ones serve first: users of a scenario tend to end
 * all at once, and there may be very many of them.
 */
static bool has_less(const struct vu *a, const struct vu *b)
{
    return vu_id(a) < vu_id(b);
}

void worker_give_vu(struct worker *w, struct vu *vu)
{
    size_t at = w->n_idle;

    vec_push(w->idle, w->n_idle, w->cap_idle) = vu;
    for (size_t up; at > 0 && has_less(vu, w->idle[up = (at - 1) / 2]); at = up)
        w->idle[at] = w->idle[up];
    w->idle[at] = vu;
}

static struct vu *take_idle(struct worker *w)
{
    struct vu *least = w->idle[0], *last = w->idle[--w->n_idle];
    size_t at = 0, down;

    while ((down = 2 * at + 1) < w->n_idle) {
        down += down + 1 < w->n_idle && has_less(w->idle[down + 1], w->idle[down]);
        if (!has_less(w->idle[down], last))
            break;
        w->idle[at] = w->idle[down];
        at = down;
    }
    w->idle[at] = last;
    return least;
}

static int make_vu(struct worker *w, uint64_t id, struct vu **ret_vu)
{
    TRY(vu_new(w->vl, id, ret_vu));
    pthread_mutex_lock(&w->shared.lock);
    vec_push(w->shared.vus, w->shared.n_vus, w->shared.cap_vus) = *ret_vu;
    pthread_mutex_unlock(&w->shared.lock);
    atomic_fetch_add(&w->shared.initialized, 1);
    return 0;
}

struct vu *worker_take_vu(struct worker *w)
{
    struct vu *vu = NULL;

    if (w->n_idle)
        return take_idle(w);
    /* Scenarios that share users over loops may need one more here than was planned for in all. */
    if (make_vu(w, atomic_fetch_add(&w->run->shared.next_vu_id, 1), &vu) < 0)
        return NULL;
    return vu;
}

/* Users 1, 2, 3 ... go to the workers in turn. */
static int make_planned(struct worker *w)
{
    uint64_t n = (uint64_t)w->run->config.plan->planned_vus;

    for (uint64_t id = w->index + 1; id <= n && !w->stopping; id += w->run->n_workers) {
        struct vu *vu;

        TRY(make_vu(w, id, &vu));
        worker_give_vu(w, vu);
    }
    return 0;
}

static void init_users(void *arg)
{
    struct worker *w = arg;

    w->init_result = make_planned(w);
    if (w->init_result < 0)
        snprintf(w->init_text, sizeof(w->init_text), "%s", fault_text());
    loop_post(w->run->config.loop, &w->ready.msg);
}

/* ---- the thread ---- */

int worker_open(struct worker *w, struct loop *loop)
{
    struct run *run = w->run;

    w->loop = loop;
    w->tags = tag_pool_new();
    struct recorder_config rec = {.registry = run->config.registry,
                                  .pool = w->tags,
                                  .source = w->index,
                                  .max_series = (uint32_t)run->config.plan->options->max_series};

    w->recorder = recorder_new(&rec);
    if (run->config.on_recorder)
        run->config.on_recorder(run->config.on_recorder_arg, w->recorder, w->index);
    struct vu_loop_config vl = {.loop = loop,
                                .script = run->config.script,
                                .plan = run->config.plan,
                                .policy = run->policy,
                                .recorder = w->recorder,
                                .tags = w->tags,
                                .ops = &run_vu_ops,
                                .arg = w,
                                .capture = run->config.capture,
                                .capture_body = run->config.capture_body,
                                .secrets = run->config.secrets};

    TRY(vu_loop_new(&vl, &w->vl));
    return 0;
}

void worker_close(struct worker *w)
{
    for (size_t i = 0; i < w->shared.n_vus; i++)
        vu_free(w->shared.vus[i]);
    w->shared.n_vus = 0;
    vu_loop_free(w->vl);
    w->vl = NULL;
}

static int thread_body(struct worker *w)
{
    const struct run_config *c = &w->run->config;
    struct loop_options options = {
        .io = c->io, .spin = c->precise ? RUN_SPIN : 0, .stamps = c->kernel_timestamps};
    struct loop *loop = NULL;
    int r;

    TRY(loop_new(&options, &loop));
    health_open(&w->health, loop);
    r = worker_open(w, loop);
    if (r == 0)
        r = coro_spawn(loop, vu_stack(w->run->config.script), init_users, w, NULL);
    if (r == 0)
        r = loop_run(loop);
    /* Whoever posted the last message may still be about to wake the loop for it. */
    pthread_mutex_lock(&w->shared.lock);
    pthread_mutex_unlock(&w->shared.lock);
    worker_close(w);
    health_close(&w->health);
    loop_free(loop);
    TRY(r);
    return 0;
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    char name[16];

    snprintf(name, sizeof(name), "loop %u", w->index);
    pthread_setname_np(pthread_self(), name);
    int r = thread_body(w);

    if (r < 0) {
        w->init_result = r;
        snprintf(w->init_text, sizeof(w->init_text), "%s", fault_text());
        loop_post(w->run->config.loop, &w->failed.msg);
    }
    fault_clear();
    return NULL;
}

void worker_tell(struct worker *w, struct worker_message *m)
{
    if (w->remote) {
        remote_tell(w, m);
    } else {
        loop_post(w->loop, &m->msg);
    }
}

int worker_start(struct worker *w)
{
    sigset_t all, old;

    if (w->remote)
        return remote_open(w);

    /* Signals are for the thread that waits for them. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int r = pthread_create(&w->thread, NULL, thread_main, w);

    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r)
        return fault(-r, "cannot start a thread for loop %u", w->index);
    w->has_thread = true;
    return 0;
}

static void part_fini(struct part *p)
{
    free(p->slots);
    arena_fini(&p->arena);
}

void worker_join(struct worker *w)
{
    if (w->has_thread) {
        pthread_mutex_lock(&w->shared.lock);
        if (w->is_open)
            loop_post(w->loop, &w->quit.msg);
        pthread_mutex_unlock(&w->shared.lock);
        pthread_join(w->thread, NULL);
        w->has_thread = false;
    }
    remote_fini(w);
    exchange_list_free(&w->exchanges);
    exception_book_free(w->exceptions);
    buf_fini(&w->exception_news);
    recorder_free(w->recorder);
    tag_pool_free(w->tags);
    for (size_t i = 0; w->parts && i < w->run->n_scenarios; i++)
        part_fini(&w->parts[i]);
    free(w->parts);
    free(w->idle);
    free(w->shared.vus);
    pthread_mutex_destroy(&w->shared.lock);
}

void worker_stop_code(struct worker *w)
{
    pthread_mutex_lock(&w->shared.lock);
    for (size_t i = 0; i < w->shared.n_vus; i++)
        vu_stop_code(w->shared.vus[i]);
    pthread_mutex_unlock(&w->shared.lock);
}

/* ---- messages ---- */

static struct worker *worker_of(struct message *m)
{
    return container_of(m, struct worker_message, msg)->worker;
}

static void on_start(struct loop *l UNUSED, struct message *m)
{
    health_begin(worker_of(m));
    executor_start(worker_of(m));
}

static void on_stop(struct loop *l UNUSED, struct message *m)
{
    struct worker *w = worker_of(m);

    w->stopping = true;
    executor_stop(w);
}

static void on_control(struct loop *l UNUSED, struct message *m)
{
    struct worker *w = worker_of(m);

    /* Before looking: what changes from here on comes with another message. */
    atomic_store(&w->shared.control_posted, false);
    executor_control(w);
}

static void on_swap(struct loop *l UNUSED, struct message *m)
{
    struct worker *w = worker_of(m);

    health_sample(w);
    w->interval = recorder_swap(w->recorder);
    w->n_left_out = vu_loop_take_exchanges(w->vl, &w->exchanges);
    exception_book_news(w->exceptions, &w->exception_news);
    loop_post(w->run->config.loop, &w->swapped.msg);
}

static void on_quit(struct loop *l, struct message *m UNUSED)
{
    loop_stop(l);
}

static void on_ready(struct loop *l UNUSED, struct message *m)
{
    struct worker *w = worker_of(m);

    w->is_open = true;
    w->run->n_ready++;
    run_wake(w->run);
}

/* Its thread has ended by itself: before it was ready, or because its loop broke. */
static void on_failed(struct loop *l UNUSED, struct message *m)
{
    struct worker *w = worker_of(m);
    struct run *run = w->run;

    if (!w->is_open) {
        run->n_ready++;
    } else if (run->stage == RUN_SCENARIOS && !w->is_done) {
        run->n_done++;
        run_stop(run, RUN_STOP_ERROR, str_of(w->init_text));
    }
    w->is_open = false;
    tick_forget(w);
    run_wake(run);
}

static void on_done(struct loop *l UNUSED, struct message *m)
{
    struct run *run = worker_of(m)->run;

    worker_of(m)->is_done = true;
    run->n_done++;
    run_wake(run);
}
