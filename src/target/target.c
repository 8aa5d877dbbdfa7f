/*
 * Threads, and their beginning and end. Each worker opens its own listener on the shared port, so
 * the kernel spreads connections and workers share nothing but the jobs of the toy API and the
 * queues of /queue.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/tls.h"
#include "target/target_priv.h"

enum {
    WORKERS_MAX = 16,
    DEFAULT_PORT = 8080,
    FAULT_BYTES = 512,
};

/* How a worker's start went; lives on the stack of target_start while it waits. */
struct start {
    struct target_worker *worker;
    struct net_addr addr; /* in: where to listen; out: with the port */
    sem_t done;
    int code;
    char text[FAULT_BYTES];
};

static void wait_for(sem_t *sem)
{
    while (sem_wait(sem) < 0 && errno == EINTR)
        continue;
}

/* ---- one worker ---- */

static void close_listener(void *arg)
{
    struct target_worker *w = arg;

    listener_close(w->listener);
    w->listener = NULL;
    loop_stop(w->loop);
}

static void on_stop(struct loop *l, struct message *msg)
{
    struct target_worker *w = container_of(msg, struct target_worker, stop);

    if (coro_spawn(l, CORO_STACK_SMALL, close_listener, w, NULL))
        loop_stop(l);
}

static int open_worker(struct target_worker *w, struct start *start)
{
    TRY(loop_new(&(struct loop_options){.io = w->target->options.io}, &w->loop));
    w->stop.fn = on_stop;
    w->offset_at = loop_clock(w->loop);
    w->wall_offset = clock_wall() - w->offset_at;
    rng_seed_nth(&w->rng, w->target->seed, w->index);
    router_init(&w->router);
    struct listener_options options = {
        .addr = start->addr,
        .tls = w->target->tls,
        .alpn = w->target->tls ? "http/1.1" : NULL,
        .reuse_port = true,
        .stack = CORO_STACK_SMALL,
        .fn = target_serve,
        .arg = w,
    };

    TRY(listener_open(w->loop, &options, &w->listener));
    start->addr = listener_addr(w->listener);
    return 0;
}

static void close_worker(struct target_worker *w)
{
    loop_free(w->loop);
    router_fini(&w->router);
    fault_clear();
}

static void *run_worker(void *arg)
{
    struct start *start = arg;
    struct target_worker *w = start->worker;
    int code = open_worker(w, start);

    if (code)
        snprintf(start->text, sizeof(start->text), "%s", fault_text());
    start->code = code;
    /* From here on `start` is gone. */
    sem_post(&start->done);
    if (!code) {
        ignored(loop_run(w->loop));
        /* The one who told us to stop may still be inside loop_post. */
        wait_for(&w->may_close);
    }
    close_worker(w);
    return NULL;
}

static int start_worker(struct target *t, unsigned index, struct net_addr *addr)
{
    struct target_worker *w = &t->workers[index];
    struct start start = {.worker = w, .addr = *addr};

    w->target = t;
    w->index = index;
    sem_init(&start.done, 0, 0);
    sem_init(&w->may_close, 0, 0);
    int r = pthread_create(&w->thread, NULL, run_worker, &start);

    if (r) {
        sem_destroy(&start.done);
        return fault(-r, "cannot start a thread: %s", strerrordesc_np(r));
    }
    wait_for(&start.done);
    sem_destroy(&start.done);
    if (start.code) {
        pthread_join(w->thread, NULL);
        return fault(start.code, "%s", start.text);
    }
    w->is_started = true;
    *addr = start.addr;
    return 0;
}

/* ---- the target ---- */

static int parse_listen(const char *listen, struct net_addr *ret_addr)
{
    struct str host;
    struct str text = str_of(listen ? listen : "127.0.0.1:8080");
    uint16_t port = 0;

    if (!net_split_host_port(text, &host, &port))
        return fault(-EINVAL, "cannot listen on '%s': it must be ADDRESS:PORT", text.p);
    if (!host.n)
        host = STR("0.0.0.0");
    if (str_is(host, "localhost"))
        host = STR("127.0.0.1");
    if (!net_addr_parse(host, ret_addr)) {
        return fault(-EINVAL, "cannot listen on '%s': '%.*s' is no IP address", text.p,
                     STR_ARG(host));
    }
    /* A missing port is the usual one; ":0" and "x:0" ask for a free one. */
    bool has_port = str_ends(text, STR(":0")) || port;

    ret_addr->port = has_port ? port : DEFAULT_PORT;
    return 0;
}

static unsigned n_threads_of(const struct target_options *o)
{
    long n = o->n_threads > 0 ? o->n_threads : sysconf(_SC_NPROCESSORS_ONLN);

    if (n < 1)
        return 1;
    return n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

static bool is_any(const struct net_addr *a)
{
    for (size_t i = 0; i < sizeof(a->ip); i++) {
        if (a->ip[i])
            return false;
    }
    return true;
}

/* The address that clients on this machine use: "any" is no place to connect to. */
static void make_url(struct target *t, struct net_addr addr)
{
    char text[NET_ENDPOINT_TEXT_BYTES];

    if (is_any(&addr))
        addr.ip[addr.family == AF_INET ? 0 : 15] = addr.family == AF_INET ? 127 : 1;
    if (addr.family == AF_INET && addr.ip[0] == 127 && !addr.ip[3])
        addr.ip[3] = 1;
    t->port = addr.port;
    snprintf(t->url, sizeof(t->url), "%s://%s", t->tls ? "https" : "http",
             net_endpoint_format(&addr, text));
}

static int start_workers(struct target *t)
{
    struct net_addr addr;

    TRY(parse_listen(t->options.listen, &addr));
    for (unsigned i = 0; i < t->n_workers; i++) {
        TRY(start_worker(t, i, &addr));
        /* The first worker settles the port; what clients are told must be known before a request.
         */
        if (i == 0)
            make_url(t, addr);
    }
    return 0;
}

static int choose_seed(struct target *t)
{
    t->seed = t->options.seed;
    if (t->seed)
        return 0;
    return secure_random(&t->seed, sizeof(t->seed));
}

static void target_freep(struct target **t)
{
    target_stop(*t);
}

int target_start(const struct target_options *options, struct target **ret_target)
{
    scoped(target_freep) struct target *t = xnew(struct target);

    t->options = *options;
    if (!(t->options.slowness > 0))
        t->options.slowness = 1;
    t->n_workers = n_threads_of(options);
    t->workers = xnew_n(struct target_worker, t->n_workers);
    TRY(choose_seed(t));
    t->jobs = target_jobs_new(t->seed, t->options.slowness);
    t->queues = target_queues_new();
    t->llm = target_llm_new();
    t->sales = target_sales_new();
    t->services = target_services_new();
    t->cloud = target_cloud_new();
    t->started = clock_mono();
    if (options->tls)
        TRY(tls_server_self_signed("localhost,127.0.0.1,::1", &t->tls, NULL));
    TRY(start_workers(t));
    *ret_target = take(t);
    return 0;
}

uint16_t target_port(const struct target *target)
{
    return target->port;
}

const char *target_url(const struct target *target)
{
    return target->url;
}

static void stop_worker(struct target_worker *w)
{
    if (!w->is_started)
        return;
    loop_post(w->loop, &w->stop);
    sem_post(&w->may_close);
}

static void join_worker(struct target_worker *w)
{
    if (!w->is_started)
        return;
    pthread_join(w->thread, NULL);
    sem_destroy(&w->may_close);
}

void target_stop(struct target *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->n_workers; i++)
        stop_worker(&t->workers[i]);
    for (unsigned i = 0; i < t->n_workers; i++)
        join_worker(&t->workers[i]);
    tls_config_unref(t->tls);
    target_jobs_free(t->jobs);
    target_queues_free(t->queues);
    target_llm_free(t->llm);
    target_sales_free(t->sales);
    target_services_free(t->services);
    target_cloud_free(t->cloud);
    free(t->workers);
    free(t);
}

int target_run(const struct target_options *options)
{
    struct target *t = NULL;
    sigset_t signals;
    int got;

    /* Blocked before any thread starts, so that only this one takes them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    TRY(target_start(options, &t));
    assert(t);
    printf("brunt target on %s (%u threads)\n", t->url, t->n_workers);
    fflush(stdout);
    sigwait(&signals, &got);
    target_stop(t);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    return 0;
}
