#pragma once
/*
 * A user and its services on a loop whose clock jumps, with a script in C and a small server. One
 * file includes it per test program.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/client_policy.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/metric.h"
#include "metric/recorder.h"
#include "metric/snapshot.h"
#include "metric/submetric.h"
#include "plan/plan.h"
#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/url.h"
#include "vu/vu.h"
#include "vu/vu_policy.h"
#include "vu/vu_testing.h"

static struct {
    struct loop_time_virtual time;
    struct loop *loop;
    struct arena arena;
    struct plan *plan;
    struct metric_registry *registry;
    struct tag_pool *tags;
    struct recorder *recorder;
    struct snapshot *snapshot;
    struct client_policy *policy;
    struct vu_loop *vl;
    struct vu *vu;
    struct watch listener;
    uint16_t port;
    size_t n_accepted;
    bool deaf; /* the server answers nothing */
    size_t n_open, most_open;
    uint64_t bytes_in, bytes_out; /* the server's */
    size_t n_done;                /* asynchronous requests delivered */
    size_t n_cancelled;           /* those without a response */
    size_t n_exceptions;
    const char *options;
} f;

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: k=v\r\n\r\nok"

/* ---- the server: a millisecond a request ---- */

struct peer {
    struct watch watch;
    struct coro *coro;
    bool in_recv;
};

static void peer_ready(struct loop *l UNUSED, struct watch *w, unsigned events UNUSED)
{
    struct peer *p = container_of(w, struct peer, watch);

    if (p->in_recv)
        coro_wake(p->coro, 0);
}

/* Waits for a request; 0 at the end of the connection, or when the test is over. */
static ssize_t peer_recv(struct peer *p)
{
    char in[4096];
    ssize_t n;

    p->in_recv = true;
    while ((n = recv(p->watch.fd, in, sizeof(in), 0)) < 0 && errno == EAGAIN) {
        if (coro_park() < 0)
            break;
    }
    p->in_recv = false;
    return n;
}

static bool serve_one(struct peer *p)
{
    ssize_t n = peer_recv(p);

    if (n <= 0)
        return false;
    f.bytes_in += (uint64_t)n;
    f.n_open++;
    f.most_open = f.n_open > f.most_open ? f.n_open : f.most_open;
    int r = coro_sleep_until(f.deaf ? MONO_NEVER : loop_clock(f.loop) + NS_PER_MS);

    f.n_open--;
    if (r < 0 || send(p->watch.fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL) < 0)
        return false;
    f.bytes_out += strlen(ANSWER);
    return true;
}

static void serve(void *arg)
{
    struct peer *p = arg;

    while (serve_one(p))
        ;
    watch_close(f.loop, &p->watch);
    free(p);
}

static void accept_ready(struct loop *l, struct watch *w, unsigned events UNUSED)
{
    int fd;

    while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *p = xnew(struct peer);

        f.n_accepted++;
        assert_int_equal(coro_spawn(l, CORO_STACK_SMALL, serve, p, &p->coro), 0);
        assert_int_equal(watch_open(l, &p->watch, fd, peer_ready), 0);
    }
}

static void open_server(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 100), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    f.port = ntohs(at.sin_port);
    assert_int_equal(watch_open(f.loop, &f.listener, fd, accept_ready), 0);
}

/* ---- the run around it ---- */

static void on_log(void *arg UNUSED, const struct vu *vu UNUSED, enum script_log_level level UNUSED,
                   enum script_log_source source UNUSED, struct str message UNUSED,
                   struct str field UNUSED, struct str value UNUSED)
{
}

static uint64_t on_exception(void *arg UNUSED, const struct vu *vu UNUSED,
                             const struct script_exception *e UNUSED)
{
    f.n_exceptions++;
    return 0;
}

static void on_exec_info(void *arg UNUSED, struct vu *vu UNUSED, struct script_exec_info *ret_info)
{
    *ret_info = (struct script_exec_info){0};
}

static void on_say(void *arg UNUSED, struct vu *vu UNUSED, struct str message UNUSED)
{
}

static const struct vu_run_ops run_ops = {.log = on_log,
                                          .exception = on_exception,
                                          .exec_info = on_exec_info,
                                          .abort = on_say,
                                          .fail = on_say};

static void make_plan(const char *options)
{
    static struct plan_options layer;
    struct plan_strings warnings = {0};
    struct plan_layers layers = {.script = &layer};

    plan_options_init(&layer, &f.arena);
    if (plan_options_from_json(&layer, PLAN_TIER_SCRIPT, str_of(options), &warnings) < 0 ||
        plan_build(&f.arena, &layers, &f.plan) < 0)
        fail_msg("%s", fault_text());
}

static void open_all(void)
{
    struct vu_loop_config config = {.loop = f.loop,
                                    .script = &fake.script,
                                    .plan = f.plan,
                                    .policy = f.policy,
                                    .recorder = f.recorder,
                                    .tags = f.tags,
                                    .ops = &run_ops};

    open_server();
    assert_int_equal(vu_loop_new(&config, &f.vl), 0);
    assert_int_equal(vu_new(f.vl, 1, &f.vu), 0);
}

static void run_main(void *arg)
{
    open_all();
    (*(void (**)(void))arg)();
    vu_free(f.vu);
    vu_loop_free(f.vl);
    watch_close(f.loop, &f.listener);
    loop_stop(f.loop);
}

static void run_with(const char *options, void (*body)(void))
{
    memset(&f, 0, sizeof(f));
    make_plan(options);
    f.registry = metric_registry_new();
    f.tags = tag_pool_new();
    f.recorder = recorder_new(&(struct recorder_config){.registry = f.registry, .pool = f.tags});
    f.snapshot = snapshot_new(&(struct snapshot_config){.registry = f.registry});
    assert_int_equal(vu_policy_new(f.plan->options, &f.policy), 0);
    loop_time_virtual_init(&f.time, NS_PER_S);
    assert_int_equal(loop_new(&(struct loop_options){.time = &f.time.time}, &f.loop), 0);
    assert_int_equal(coro_spawn(f.loop, CORO_STACK_LARGE, run_main, &body, NULL), 0);
    assert_int_equal(loop_run(f.loop), 0);
    loop_free(f.loop);
    vu_policy_free(f.policy);
    snapshot_free(f.snapshot);
    recorder_free(f.recorder);
    tag_pool_free(f.tags);
    metric_registry_free(f.registry);
    arena_fini(&f.arena);
}

static UNUSED int reset(void **state UNUSED)
{
    fake_reset();
    return 0;
}

static UNUSED const struct value *measured(const char *name)
{
    struct submetric_name parsed;
    struct snap_metric *m = NULL;

    snapshot_tick_begin(f.snapshot);
    struct interval *iv = recorder_swap(f.recorder);

    if (iv)
        snapshot_merge(f.snapshot, iv);
    snapshot_tick_end(f.snapshot, loop_clock(f.loop));
    assert_int_equal(submetric_parse(str_of(name), &parsed), 0);
    assert_int_equal(snapshot_submetric(f.snapshot, &parsed, str_of(name), &m), 0);
    return &m->total;
}

static void activate(enum fake_export what)
{
    vu_activate(f.vu, &f.plan->scenarios[0], (int)what, NULL);
}

/* ---- requests ---- */

static UNUSED struct url *url_of(const char *host)
{
    struct url *u = NULL;
    char text[128];

    snprintf(text, sizeof(text), "http://%s:%u/", host, f.port);
    assert_int_equal(url_parse(str_of(text), NULL, &u), 0);
    return u;
}

static UNUSED struct http_request request_of(const struct fake_vu *vu, struct url *u)
{
    return (struct http_request){.method = STR("GET"),
                                 .url = u,
                                 .tags = vu->host->tags,
                                 .jar = vu->host->jar,
                                 .timeout = 60 * NS_PER_S};
}

enum {
    N_BATCH = 12
};

static UNUSED int own_batch(struct fake_vu *vu)
{
    struct url *urls[2] = {url_of("127.0.0.1"), url_of("localhost")};
    struct http_request reqs[N_BATCH];
    const struct http_request *list[N_BATCH];
    struct http_response *responses[N_BATCH];

    memset(responses, 0xa5, sizeof(responses));
    for (size_t i = 0; i < N_BATCH; i++) {
        reqs[i] = request_of(vu, urls[i % 2]);
        list[i] = &reqs[i];
    }
    int r = vu->host->ops->batch(vu->host, list, N_BATCH, responses);

    for (size_t i = 0; i < N_BATCH; i++) {
        assert_int_equal(responses[i] != NULL, r == 0);
        http_response_unref(responses[i]);
    }
    url_unref(urls[0]);
    url_unref(urls[1]);
    return r;
}
