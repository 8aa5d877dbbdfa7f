/* What a user does: iterations, requests, waits, stages. Strands are in vu_strand_test.c. */
#include "vu/vu.h"

#include "vu/vu_user_testing.h"

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

/* ---- one after the other ---- */

static struct http_request fixed;

static const struct http_request *fixed_request(void *vu)
{
    fixed = request_of(vu, (struct url *)(uintptr_t)fixed.url);
    fixed.lean = true;
    return &fixed;
}

/* A script that is nothing but a request. */
static struct script_ops fixed_ops;

struct count {
    size_t complete, interrupted, on_coroutine;
    size_t most;
};

static bool count(void *arg, enum vu_result result)
{
    struct count *n = arg;

    n->complete += result == VU_COMPLETE;
    n->interrupted += result == VU_INTERRUPTED;
    n->on_coroutine += coro_self() != NULL;
    assert_int_equal(*vu_ticket(f.vu), -1);
    return result == VU_COMPLETE && n->complete < n->most;
}

static void interrupt_soon(void *arg UNUSED)
{
    assert_int_equal(coro_sleep_until(loop_clock(f.loop) + 5 * NS_PER_MS), 0);
    vu_interrupt(f.vu);
}

static void body_fixed(void)
{
    const struct plan_options *o = f.plan->options;
    bool alone = !o->no_cookies_reset && !o->no_vu_connection_reuse && !o->min_iteration_duration;
    struct count n = {.most = 5};
    mono_ns start = loop_clock(f.loop);

    fixed.url = url_of("127.0.0.1");
    activate(FAKE_OWN);
    *vu_ticket(f.vu) = 7;
    vu_iterate_while(f.vu, 0, count, &n);
    assert_int_equal(n.complete, 5);
    assert_int_equal(n.on_coroutine, alone ? 0 : 5);
    assert_int_equal(vu_scenario_iterations(f.vu), 5);
    assert_int_equal(vu_loop_n_requests(f.vl), 5);
    assert_int_equal(f.n_accepted, o->no_vu_connection_reuse ? 5 : 1);
    assert_int_equal(measured("iterations{scenario:default}")->counter.n, 5);
    assert_true(measured("iteration_duration")->trend.min >= 1);
    assert_true(measured("iteration_duration")->trend.max < 2);
    if (o->min_iteration_duration)
        assert_true(loop_clock(f.loop) - start >= 5 * o->min_iteration_duration);
    /* Interrupted, it tells so, and leaves nothing behind. */
    f.deaf = true;
    n = (struct count){.most = 5};
    assert_int_equal(coro_spawn(f.loop, CORO_STACK_SMALL, interrupt_soon, NULL, NULL), 0);
    vu_iterate_while(f.vu, 0, count, &n);
    assert_int_equal(n.complete, 0);
    assert_int_equal(n.interrupted, 1);
    f.deaf = false;
    n = (struct count){.most = 1};
    vu_iterate_while(f.vu, 0, count, &n);
    assert_int_equal(n.complete, 1);
    assert_int_equal(measured("iterations")->counter.n, 6);
    close_user();
    assert_int_equal(measured("data_sent")->counter.sum, f.bytes_in);
    assert_int_equal(measured("data_received")->counter.sum, f.bytes_out);
    url_unref((struct url *)(uintptr_t)fixed.url);
}

static void test_fixed(void **s UNUSED)
{
    fixed_ops = fake_ops;
    fixed_ops.fixed_request = fixed_request;
    fake.own = own_request;
    fake.script.ops = &fixed_ops;
    run_with("{}", body_fixed);
    run_with("{\"noCookiesReset\":true}", body_fixed);
    run_with("{\"noVUConnectionReuse\":true}", body_fixed);
    run_with("{\"minIterationDuration\":\"50ms\"}", body_fixed);
}

static void body_while(void)
{
    struct count n = {.most = 3};

    activate(FAKE_SLEEP);
    vu_iterate_while(f.vu, 0, count, &n);
    assert_int_equal(n.complete, 3);
    assert_int_equal(n.on_coroutine, 3);
}

static void test_while(void **s UNUSED)
{
    run_with("{}", body_while);
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
        cmocka_unit_test_setup(test_checks, reset),     cmocka_unit_test_setup(test_fixed, reset),
        cmocka_unit_test_setup(test_while, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
