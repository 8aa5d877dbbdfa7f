/* A user and its services on a loop whose clock jumps, with a script in C and a small server. */
#include "vu/vu.h"

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

static int reset(void **state UNUSED)
{
    fake_reset();
    return 0;
}

static const struct value *measured(const char *name)
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

/* ---- iterations ---- */

static void body_iterations(void)
{
    activate(FAKE_SLEEP);
    for (int i = 0; i < 3; i++)
        assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(vu_scenario_iterations(f.vu), 3);
    assert_int_equal(measured("iterations{scenario:default,run:1}")->counter.n, 3);
    const struct value *v = measured("iteration_duration");

    assert_int_equal(v->trend.count, 3);
    assert_true(v->trend.min >= 10 && v->trend.max < 11);
    assert_int_equal(measured("data_sent")->counter.n, 3);
    activate(FAKE_THROW);
    assert_int_equal(vu_scenario_iterations(f.vu), 0);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(f.n_exceptions, 1);
    assert_int_equal(measured("iterations")->counter.n, 4);
    activate(FAKE_ABORT);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_INTERRUPTED);
    assert_int_equal(measured("iterations")->counter.n, 4);
    assert_int_equal(measured("data_sent")->counter.n, 5);
}

static void test_iterations(void **s UNUSED)
{
    run_with("{\"tags\":{\"run\":\"1\"}}", body_iterations);
}

static void body_pace(void)
{
    mono_ns start = loop_clock(f.loop);

    activate(FAKE_SLEEP);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(loop_clock(f.loop) - start, 50 * NS_PER_MS);
    assert_true(measured("iteration_duration")->trend.max < 11);
}

static void test_pace(void **s UNUSED)
{
    run_with("{\"minIterationDuration\":\"50ms\"}", body_pace);
}

static int own_ticket(struct fake_vu *vu UNUSED)
{
    assert_int_equal(*vu_ticket(f.vu), vu_scenario_iterations(f.vu) == 1 ? 7 : -1);
    return 0;
}

static void body_ticket(void)
{
    fake.own = own_ticket;
    activate(FAKE_OWN);
    *vu_ticket(f.vu) = 7;
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
}

static void test_ticket(void **s UNUSED)
{
    run_with("{}", body_ticket);
}

/* ---- requests ---- */

static struct url *url_of(const char *host)
{
    struct url *u = NULL;
    char text[128];

    snprintf(text, sizeof(text), "http://%s:%u/", host, f.port);
    assert_int_equal(url_parse(str_of(text), NULL, &u), 0);
    return u;
}

static struct http_request request_of(const struct fake_vu *vu, struct url *u)
{
    return (struct http_request){.method = STR("GET"),
                                 .url = u,
                                 .tags = vu->host->tags,
                                 .jar = vu->host->jar,
                                 .timeout = 60 * NS_PER_S};
}

static int own_request(struct fake_vu *vu)
{
    scoped(url_unrefp) struct url *u = url_of("127.0.0.1");
    struct http_request req = request_of(vu, u);
    struct http_response *r;

    assert_true(cookie_jar_empty(vu->host->jar) || f.plan->options->no_cookies_reset);
    int result = vu->host->ops->request(vu->host, &req, &r);

    if (result) {
        assert_int_equal(result, SCRIPT_E_INTERRUPTED);
        assert_null(r);
        return result;
    }
    assert_int_equal(r->status, 200);
    assert_false(cookie_jar_empty(vu->host->jar));
    http_response_unref(r);
    return 0;
}

static void close_user(void)
{
    vu_free(f.vu);
    f.vu = NULL;
    for (int i = 0; i < 3; i++)
        assert_int_equal(coro_sleep_until(loop_clock(f.loop) + NS_PER_MS), 0);
}

static void body_requests(void)
{
    fake.own = own_request;
    activate(FAKE_OWN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(vu_loop_n_requests(f.vl), 3);
    assert_int_equal(f.n_accepted, f.plan->options->no_vu_connection_reuse ? 3 : 1);
    close_user();
    assert_true(f.bytes_in > 0);
    assert_int_equal(measured("data_sent{scenario:default}")->counter.sum, f.bytes_in);
    assert_int_equal(measured("data_received")->counter.sum, f.bytes_out);
    assert_int_equal(measured("http_reqs{scenario:default}")->counter.n, 3);
}

static void test_requests(void **s UNUSED)
{
    run_with("{}", body_requests);
    run_with("{\"noVUConnectionReuse\":true}", body_requests);
    run_with("{\"noCookiesReset\":true}", body_requests);
}

enum {
    N_BATCH = 12
};

static int own_batch(struct fake_vu *vu)
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

static void body_batch(void)
{
    fake.own = own_batch;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(measured("http_reqs")->counter.n, N_BATCH);
}

static void test_batch(void **s UNUSED)
{
    run_with("{\"batch\":3,\"batchPerHost\":0}", body_batch);
    assert_int_equal(f.most_open, 3);
    run_with("{\"batch\":20,\"batchPerHost\":2}", body_batch);
    assert_int_equal(f.most_open, 4);
    run_with("{\"batch\":20,\"batchPerHost\":0}", body_batch);
    assert_int_equal(f.most_open, N_BATCH);
}

/* ---- meanwhile ---- */

static void on_done(void *arg UNUSED, struct http_response *r)
{
    f.n_done++;
    f.n_cancelled += r == NULL;
    http_response_unref(r);
}

enum {
    N_ASYNC = 4
};

/* As a language does it: whatever was started is waited for, even by one that was interrupted. */
static int own_async(struct fake_vu *vu)
{
    scoped(url_unrefp) struct url *u = url_of("127.0.0.1");
    struct http_request req = request_of(vu, u);
    int r = 0;

    for (int i = 0; i < N_ASYNC; i++)
        vu->host->ops->request_async(vu->host, &req, on_done, NULL);
    assert_int_equal(f.n_done, 0);
    for (int turns = 0; f.n_done < N_ASYNC; turns++) {
        assert_true(turns < 100);
        int waited = vu->host->ops->wait_event(vu->host, 0);

        r = r ? r : waited;
    }
    return r;
}

static void body_async(void)
{
    fake.own = own_async;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(f.n_cancelled, 0);
    assert_int_equal(measured("http_reqs")->counter.n, N_ASYNC);
}

static void test_async(void **s UNUSED)
{
    run_with("{}", body_async);
}

/* ---- giving way ---- */

static int own_nothing(struct fake_vu *vu UNUSED)
{
    return 0;
}

static int own_sleep_zero(struct fake_vu *vu)
{
    return vu->host->ops->sleep(vu->host, 0);
}

/* Requests that fail before anything could be waited for. */
static int own_blocked(struct fake_vu *vu)
{
    scoped(url_unrefp) struct url *u = url_of("a.blocked");
    struct http_request req = request_of(vu, u);
    struct http_response *r;

    assert_int_equal(vu->host->ops->request(vu->host, &req, &r), 0);
    assert_int_equal(r->error_code, 1111);
    http_response_unref(r);
    return 0;
}

static int own_blocked_batch(struct fake_vu *vu)
{
    scoped(url_unrefp) struct url *u = url_of("a.blocked");
    struct http_request req = request_of(vu, u);
    const struct http_request *list[] = {&req, &req};
    struct http_response *r[2];

    assert_int_equal(vu->host->ops->batch(vu->host, list, 2, r), 0);
    http_response_unref(r[0]);
    http_response_unref(r[1]);
    return 0;
}

static int own_blocked_async(struct fake_vu *vu)
{
    scoped(url_unrefp) struct url *u = url_of("a.blocked");
    struct http_request req = request_of(vu, u);
    size_t before = f.n_done;

    vu->host->ops->request_async(vu->host, &req, on_done, NULL);
    while (f.n_done == before)
        assert_int_equal(vu->host->ops->wait_event(vu->host, 0), 0);
    return 0;
}

static void count_turns(void *arg)
{
    for (int i = 0; i < 5; i++) {
        ++*(int *)arg;
        assert_int_equal(coro_yield(), 0);
    }
}

/* A script that never waits lets others run all the same. */
static void body_yields(void)
{
    int (*const what[])(struct fake_vu *) = {own_nothing, own_sleep_zero, own_blocked,
                                             own_blocked_batch, own_blocked_async};

    activate(FAKE_OWN);
    for (size_t k = 0; k < countof(what); k++) {
        int n = 0;

        fake.own = what[k];
        f.n_done = 0;
        assert_int_equal(coro_spawn(f.loop, CORO_STACK_SMALL, count_turns, &n, NULL), 0);
        for (int i = 0; i < 12; i++)
            assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
        assert_int_equal(n, 5);
        assert_int_equal(coro_yield(), 0);
    }
}

static void test_yields(void **s UNUSED)
{
    run_with("{\"blockHostnames\":[\"*.blocked\"]}", body_yields);
}

/* One that leaves its requests behind: they are over when the iteration is. */
static int own_leave(struct fake_vu *vu)
{
    static struct url *u;
    static struct http_request req;

    u = u ? u : url_of("127.0.0.1");
    req = request_of(vu, u);
    vu->host->ops->request_async(vu->host, &req, on_done, NULL);
    int r = vu->host->ops->sleep(vu->host, NS_PER_MS / 2);

    if (vu_scenario_iterations(f.vu) == 2) {
        url_unref(u);
        u = NULL;
    }
    return r;
}

static void body_leave(void)
{
    fake.own = own_leave;
    f.deaf = true;
    activate(FAKE_OWN);
    for (size_t i = 1; i <= 2; i++) {
        vu_iterate(f.vu, 0, 0);
        assert_int_equal(f.n_done, i);
        assert_int_equal(f.n_cancelled, i);
    }
}

static void test_leave(void **s UNUSED)
{
    run_with("{}", body_leave);
}

/* ---- interrupting ---- */

static int own_wait_long(struct fake_vu *vu)
{
    return vu->host->ops->sleep(vu->host, INT64_MAX);
}

static void user_run(void *arg)
{
    *(enum vu_result *)arg = vu_iterate(f.vu, 0, 0);
}

static void interrupt_after(span_ns after)
{
    enum vu_result result = VU_COMPLETE;
    struct coro_waitgroup g;
    mono_ns start = loop_clock(f.loop);

    coro_waitgroup_init(&g, f.loop);
    assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_MEDIUM, user_run, &result), 0);
    assert_int_equal(coro_sleep_until(start + after), 0);
    vu_interrupt(f.vu);
    assert_int_equal(coro_waitgroup_wait(&g), 0);
    assert_int_equal(result, VU_INTERRUPTED);
    assert_true(loop_clock(f.loop) - start < NS_PER_S);
}

static void body_interrupt(void)
{
    int (*const what[])(struct fake_vu *) = {own_wait_long, own_request, own_batch, own_async};

    activate(FAKE_OWN);
    vu_interrupt(f.vu); /* nothing runs: no effect on what comes */
    for (size_t i = 0; i < countof(what); i++) {
        f.deaf = true;
        fake.own = what[i];
        interrupt_after(5 * NS_PER_MS);
        /* Nothing is left of it: the next one is as good as any. */
        f.deaf = false;
        fake.own = own_request;
        assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    }
    assert_int_equal(f.n_cancelled, N_ASYNC);
    assert_int_equal(measured("iterations")->counter.n, countof(what));
    assert_int_equal(measured("http_reqs")->counter.n, countof(what));
}

static void test_interrupt(void **s UNUSED)
{
    run_with("{}", body_interrupt);
}

/* ---- strands ---- */

static struct {
    struct fake_vu *user;
    struct coro *parked;
    int parked_result, slept_result, batch_result;
    int disturbed_result, after_result; /* of a disturbed sleep, and of the next */
    size_t n_alive, n_posted;
} strands;

static void strand_parks(void *arg)
{
    struct script_host *h = strands.user->host;

    strands.parked = h->ops->strand(h);
    strands.parked_result = h->ops->park(h, 0);
    if (h->ops->park(h, h->ops->now(h) + NS_PER_MS) != SCRIPT_E_TIMEOUT)
        strands.parked_result = -1;
    --*(size_t *)arg;
}

static void strand_sleeps(void *arg)
{
    strands.slept_result = strands.user->host->ops->sleep(strands.user->host, INT64_MAX);
    --*(size_t *)arg;
}

static void strand_batches(void *arg)
{
    strands.batch_result = own_batch(strands.user);
    --*(size_t *)arg;
}

static void strand_disturbs(void *arg)
{
    strands.user->host->ops->disturb(strands.user->host, arg);
    strands.n_alive--;
}

static void posted(void *arg)
{
    ++*(size_t *)arg;
}

/* Ends while all of its strands are under way. */
static int own_strands(struct fake_vu *vu)
{
    static script_strand_fn *const lives[] = {strand_parks, strand_sleeps, strand_batches};
    struct script_host *h = vu->host;

    strands.user = vu;
    for (size_t i = 0; i < countof(lives); i++) {
        assert_int_equal(h->ops->spawn(h, lives[i], &strands.n_alive), 0);
        strands.n_alive++;
    }
    h->ops->post(h, posted, &strands.n_posted);
    assert_int_equal(h->ops->sleep(h, NS_PER_MS / 2), 0);
    h->ops->wake(h, strands.parked);
    /* One of them ends a wait of ours, and no more than that. */
    assert_int_equal(h->ops->spawn(h, strand_disturbs, h->ops->strand(h)), 0);
    strands.n_alive++;
    strands.disturbed_result = h->ops->sleep(h, INT64_MAX);
    h->ops->settle(h);
    strands.after_result = h->ops->sleep(h, NS_PER_MS / 4);
    return 0;
}

static void body_strands(void)
{
    memset(&strands, 0, sizeof(strands));
    fake.own = own_strands;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(strands.disturbed_result, SCRIPT_E_INTERRUPTED);
    assert_int_equal(strands.after_result, 0);
    assert_int_equal(strands.n_posted, 1);
    assert_int_equal(strands.n_alive, 3);
    /* They live on beside the next iteration, and end with the scenario. */
    activate(FAKE_SLEEP);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(strands.n_alive, 1);
    assert_int_equal(strands.parked_result, 0);
    assert_int_equal(strands.batch_result, 0);
    vu_leave(f.vu);
    assert_int_equal(strands.n_alive, 0);
    assert_int_equal(strands.slept_result, SCRIPT_E_INTERRUPTED);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
}

static void strand_writes(void *arg)
{
    struct script_host *h = strands.user->host;
    int fd = *(int *)arg;

    /* The one that waits to read it is not in the way. */
    assert_int_equal(h->ops->wait_fd(h, fd, SCRIPT_FD_WRITE, 0), 0);
    assert_int_equal(h->ops->sleep(h, NS_PER_MS), 0);
    close(fd);
}

static int own_fd(struct fake_vu *vu)
{
    struct script_host *h = vu->host;
    int fds[2];

    strands.user = vu;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(h->ops->wait_fd(h, fds[0], SCRIPT_FD_READ, h->ops->now(h) + NS_PER_MS),
                     SCRIPT_E_TIMEOUT);
    assert_int_equal(h->ops->spawn(h, strand_writes, &fds[1]), 0);
    assert_int_equal(h->ops->wait_fd(h, fds[0], SCRIPT_FD_READ, 0), 0);
    close(fds[0]);
    assert_true(h->ops->wait_fd(h, fds[0], SCRIPT_FD_READ, 0) < 0);
    return 0;
}

static void body_fd(void)
{
    fake.own = own_fd;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    vu_leave(f.vu);
}

static void test_strands(void **s UNUSED)
{
    run_with("{}", body_strands);
    run_with("{}", body_fd);
}

/* ---- setup, samples ---- */

static void body_stages(void)
{
    char *data = NULL;

    fake.expected_data = "[1]";
    assert_int_equal(vu_setup(f.vu, 0, &data), 0);
    assert_string_equal(data, "[1]");
    assert_int_equal(vu_teardown(f.vu, data, 0), 0);
    free(data);
    assert_int_equal(atomic_load(&fake.shared.wrong), 0);
    assert_int_equal(measured("data_sent{group:::setup}")->counter.n, 1);
    assert_int_equal(measured("data_sent{group:::teardown}")->counter.n, 1);
    assert_int_equal(measured("iterations")->counter.n, 0);
}

static void test_stages(void **s UNUSED)
{
    run_with("{}", body_stages);
}

static int own_checks(struct fake_vu *vu)
{
    struct script_host *h = vu->host;
    char name[16];

    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "check %d", i % 20);
        h->ops->check(h, str_of(name), h->tags, i % 2 == 0);
    }
    return 0;
}

static void body_checks(void)
{
    fake.own = own_checks;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(measured("checks")->rate.total, 40);
    assert_int_equal(measured("checks")->rate.trues, 20);
    /* Names in one place of the script's memory are still different names. */
    assert_int_equal(measured("checks{check:check 4}")->rate.trues, 2);
    assert_int_equal(measured("checks{check:check 5}")->rate.trues, 0);
    assert_int_equal(measured("checks{check:check 5}")->rate.total, 2);
}

static void test_checks(void **s UNUSED)
{
    run_with("{}", body_checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_iterations, reset), cmocka_unit_test_setup(test_pace, reset),
        cmocka_unit_test_setup(test_ticket, reset),     cmocka_unit_test_setup(test_yields, reset),
        cmocka_unit_test_setup(test_requests, reset),   cmocka_unit_test_setup(test_batch, reset),
        cmocka_unit_test_setup(test_async, reset),      cmocka_unit_test_setup(test_leave, reset),
        cmocka_unit_test_setup(test_interrupt, reset),  cmocka_unit_test_setup(test_stages, reset),
        cmocka_unit_test_setup(test_checks, reset),     cmocka_unit_test_setup(test_strands, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
