/*
 * One lock guards what the server's threads and the main one share. A question about the test is
 * asked on the run's loop (cli/main_call.h) while there is one; a thread whose question came too
 * late waits until the run has left its statistics here, and then answers by itself.
 */
#include "cli/locust_web.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/loadtest.h"
#include "cli/locust_web_priv.h"
#include "cli/log_tail.h"
#include "cli/main_call.h"
#include "cli/run_locust.h"
#include "loop/loop.h"
#include "metric/metric.h"
#include "run/control.h"
#include "run/run.h"
#include "web/web_server.h"

enum {
    THREADS = 4,  /* that answer: /stop waits for the end of the run in one */
    NICENESS = 5, /* of these */
};

/* How long /stop waits for the users to be gone; it says the same when they are not. */
#define STOP_PATIENCE_S 60

/* ---- questions about the test ---- */

static void on_question(void *arg, void *question)
{
    struct locust_question *q = question;

    q->fn(arg, q);
}

void locust_web_ask(struct locust_web *w, struct locust_question *q)
{
    pthread_mutex_lock(&w->lock);
    while (w->shared.call) {
        struct main_call *call = w->shared.call;

        w->shared.n_asking++;
        pthread_mutex_unlock(&w->lock);
        bool is_answered = main_call_ask(call, q);

        pthread_mutex_lock(&w->lock);
        w->shared.n_asking--;
        pthread_cond_broadcast(&w->changed);
        if (is_answered) {
            pthread_mutex_unlock(&w->lock);
            return;
        }
        while (w->shared.call == call)
            pthread_cond_wait(&w->changed, &w->lock);
    }
    q->fn(w, q);
    pthread_mutex_unlock(&w->lock);
}

/* ---- a run ---- */

void locust_web_begin(struct locust_web *w, const struct locust_web_run *run)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    locust_web_forget(w);
    w->run = *run;
    w->shared.call = main_call_new(run->loop, on_question, w);
    w->shared.stage = LOCUST_DESK_RUNNING;
    w->shared.n_begun++;
    locust_web_read_about(w, run->test);
    log_set_tap(run->test->log, log_tail_add, w->logs);
    free(w->shared.store);
    w->shared.store = run->store ? xstrdup(run->store) : NULL;
    w->shared.key = 0;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void locust_web_key(struct locust_web *w, long long key)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->shared.key = key ? key : w->shared.key;
    pthread_mutex_unlock(&w->lock);
}

void locust_web_over(struct locust_web *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->shared.stage = LOCUST_DESK_ENDING;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    timer_clear(&w->run_time);
}

void locust_web_end(struct locust_web *w)
{
    if (!w || !w->shared.call) /* which only this thread changes */
        return;
    main_call_close(w->shared.call);
    pthread_mutex_lock(&w->lock);
    while (w->shared.n_asking)
        pthread_cond_wait(&w->changed, &w->lock);
    locust_web_remember(w);
    w->old_call = take(w->shared.call);
    w->shared.stage = LOCUST_DESK_IDLE;
    w->run = (struct locust_web_run){.locust = w->run.locust};
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void locust_web_keep(struct locust_web *w, struct run_locust **locust)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    if (*locust && w->run.locust == *locust) {
        *locust = NULL;
        w->has_locust = true;
    }
    pthread_mutex_unlock(&w->lock);
}

void locust_web_left(struct locust_web *w)
{
    if (w)
        main_call_free(take(w->old_call));
}

/* ---- between runs ---- */

static struct timespec deadline_in(double seconds)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += (time_t)seconds;
    at.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (at.tv_nsec >= NS_PER_S) {
        at.tv_sec++;
        at.tv_nsec -= NS_PER_S;
    }
    return at;
}

int locust_web_wait(struct locust_web *w, double seconds, char **ret_fields)
{
    const struct timespec until = deadline_in(seconds < 0 ? 0 : seconds);
    int r = 0, waited = 0;

    pthread_mutex_lock(&w->lock);
    while (!w->shared.is_quit && w->shared.stage != LOCUST_DESK_ASKED && !waited) {
        if (seconds < 0)
            pthread_cond_wait(&w->changed, &w->lock);
        else
            waited = pthread_cond_timedwait(&w->changed, &w->lock, &until);
    }
    if (w->shared.is_quit) {
        r = LOCUST_WEB_QUIT;
    } else if (w->shared.stage != LOCUST_DESK_ASKED) {
        r = LOCUST_WEB_TIMEOUT;
    } else {
        w->shared.stage = LOCUST_DESK_STARTING;
        *ret_fields = take(w->shared.fields);
    }
    pthread_mutex_unlock(&w->lock);
    return r;
}

void locust_web_failed(struct locust_web *w, const char *why)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    if (w->shared.stage == LOCUST_DESK_STARTING) {
        w->shared.stage = LOCUST_DESK_IDLE;
        w->shared.n_failed++;
        free(w->shared.failure);
        w->shared.failure = xstrdup(why && why[0] ? why : "the test could not be started");
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void locust_web_quit(struct locust_web *w)
{
    pthread_mutex_lock(&w->lock);
    w->shared.is_quit = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

bool locust_web_has_quit(struct locust_web *w)
{
    pthread_mutex_lock(&w->lock);
    bool has_quit = w->shared.is_quit;

    pthread_mutex_unlock(&w->lock);
    return has_quit;
}

void locust_web_on_signal(void *arg, const char *name UNUSED)
{
    locust_web_quit(arg);
}

/* ---- /swarm and /stop, on the server's threads ---- */

/* Under the lock: hands the form to the main thread, and waits for what becomes of it. */
static int start_run(struct locust_web *w, const char *fields)
{
    uint64_t n_failed = w->shared.n_failed, n_begun = w->shared.n_begun;

    w->shared.fields = xstrdup(fields);
    w->shared.stage = LOCUST_DESK_ASKED;
    pthread_cond_broadcast(&w->changed);
    while (!w->shared.is_quit && w->shared.n_begun == n_begun && w->shared.n_failed == n_failed)
        pthread_cond_wait(&w->changed, &w->lock);
    if (w->shared.n_begun != n_begun)
        return 0;
    if (w->shared.n_failed != n_failed)
        return fault(-EINVAL, "%s", w->shared.failure);
    return fault(-EINVAL, "No runner");
}

int locust_web_start(struct locust_web *w, const char *fields, bool *ret_is_running)
{
    int r = 0;

    pthread_mutex_lock(&w->lock);
    /* Another has asked for one just now: what is asked here changes that. */
    while (!w->shared.is_quit &&
           (w->shared.stage == LOCUST_DESK_ASKED || w->shared.stage == LOCUST_DESK_STARTING))
        pthread_cond_wait(&w->changed, &w->lock);
    *ret_is_running = w->shared.stage == LOCUST_DESK_RUNNING;
    if (!*ret_is_running) {
        r = w->config.can_swarm && !w->shared.is_quit ? start_run(w, fields)
                                                      : fault(-EINVAL, "No runner");
    }
    pthread_mutex_unlock(&w->lock);
    return r;
}

void locust_web_wait_for_end(struct locust_web *w)
{
    const struct timespec until = deadline_in(STOP_PATIENCE_S);
    int waited = 0;

    pthread_mutex_lock(&w->lock);
    uint64_t n_begun = w->shared.n_begun;

    while (w->shared.stage == LOCUST_DESK_RUNNING && w->shared.n_begun == n_begun && !waited)
        waited = pthread_cond_timedwait(&w->changed, &w->lock, &until);
    pthread_mutex_unlock(&w->lock);
}

/* ---- beginning and end ---- */

bool locust_web_is_wanted(const struct loadtest *t)
{
    scoped(arena_fini) struct arena arena = {0};
    struct web_locust_about about;

    if (!t->script->web_json || web_locust_about_read(&arena, t->script->web_json, &about) < 0) {
        fault_clear();
        return false;
    }
    return about.has_port;
}

/* "" is this machine, "*" all of them; a bare v6 address gets its brackets. */
static char *address_of(const struct web_locust_about *about)
{
    const char *host = about->web_host;

    if (strcmp(host, "*") == 0)
        host = "0.0.0.0";
    if (!host[0])
        host = "127.0.0.1";
    if (strchr(host, ':') && host[0] != '[')
        return xasprintf("[%s]:%d", host, about->port);
    return xasprintf("%s:%d", host, about->port);
}

static int serve(struct locust_web *w)
{
    scoped(freep) char *address = address_of(&w->about);
    const struct web_server_config config = {
        .address = address,
        .option = "--web-port",
        .is_open = w->about.web_host[0] != '\0',
        .gets_change = true,
        .answer = locust_web_reply,
        .arg = w,
        .n_threads = THREADS,
        .niceness = NICENESS,
    };
    int r = web_server_new(&config, &w->server);

    if (r == -EADDRINUSE) {
        return fault(FAULT_EXIT(1),
                     "--web-port: %s is taken by another program; choose another port, or 0 for "
                     "one that is free",
                     address);
    }
    TRY(r);
    w->url = xasprintf("http://%s%s/", web_server_address(w->server), w->about.base_path);
    return 0;
}

int locust_web_new(const struct locust_web_config *config, struct locust_web **ret_web)
{
    struct locust_web *w = xnew(struct locust_web);

    w->config = *config;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->logs = log_tail_new();
    w->registry = metric_registry_new();
    w->snapshot = snapshot_new(&(struct snapshot_config){.registry = w->registry});
    w->empty = locust_view_new(&(struct locust_view_config){.snapshot = w->snapshot});
    locust_web_read_about(w, config->test);
    w->base_path = xstrdup(w->about.base_path);
    log_set_tap(config->log, log_tail_add, w->logs);
    int r = serve(w);

    if (r < 0) {
        locust_web_free(w);
        TRY(r);
    }
    *ret_web = w;
    return 0;
}

void locust_web_free(struct locust_web *w)
{
    if (!w)
        return;
    locust_web_quit(w);
    web_server_free(w->server);
    log_set_tap(w->config.log, NULL, NULL);
    locust_web_forget(w);
    locust_view_free(w->empty);
    snapshot_free(w->snapshot);
    metric_registry_free(w->registry);
    log_tail_free(w->logs);
    arena_fini(&w->about_arena);
    buf_fini(&w->settings);
    free(w->shared.fields);
    free(w->shared.failure);
    free(w->shared.store);
    free(w->url);
    free(w->base_path);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

const char *locust_web_url(const struct locust_web *w)
{
    return w->url;
}
