#include "run/objective.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metric/metric.h"

/* ---- reading ---- */

static void test_parse(void **state UNUSED)
{
    struct objectives *set;
    size_t n;

    assert_int_equal(objectives_parse(STR(" http_req_duration p(99) < 200 , http_req_failed "
                                          "rate<0.01,checks{a:b, c:d}: rate>0.9 "),
                                      &set),
                     0);
    const struct objective *all = objectives_all(set, &n);

    assert_int_equal(n, 3);
    assert_true(str_is(all[0].metric, "http_req_duration"));
    assert_true(str_is(all[0].source, "p(99) < 200"));
    assert_true(all[0].expr.stat.kind == STAT_P && all[0].expr.stat.p == 99);
    assert_true(all[0].expr.limit == 200);
    assert_true(str_is(all[1].metric, "http_req_failed"));
    assert_true(str_is(all[2].metric, "checks{a:b, c:d}"));
    assert_int_equal(all[2].expr.op, THRESHOLD_GT);
    objectives_free(set);
    objectives_free(NULL);
}

static void test_bad(void **state UNUSED)
{
    static const char *const bad[] = {
        "",
        " ",
        ",",
        "http_req_duration",
        "p(99)<200",
        "http_req_duration p(99)<200,",
        "http_req_duration p(99)<200,,http_req_failed rate<0.1",
        "http_req_duration p(101)<200",
        "http_req_duration p(99)200",
        "http_req_duration{a p(99)<1",
        "http_req_duration p(99)<x",
        "{} p(9)<1",
        "http_req_duration:",
        "((((",
        "}}}} , {",
    };

    for (size_t i = 0; i < countof(bad); i++) {
        struct objectives *set = NULL;

        if (objectives_parse(str_of(bad[i]), &set) >= 0)
            fail_msg("'%s' was taken", bad[i]);
        assert_null(set);
        assert_non_null(strstr(fault_text(), "objective"));
    }
}

/* ---- windows ---- */

static struct {
    struct metric_registry *registry;
    struct snapshot *snap;
    struct objectives *set;
} t;

static void begin(const char *slo)
{
    struct snapshot_config config = {0};

    t.registry = metric_registry_new();
    config.registry = t.registry;
    t.snap = snapshot_new(&config);
    assert_int_equal(objectives_parse(str_of(slo), &t.set), 0);
}

static void end(void)
{
    objectives_free(t.set);
    snapshot_free(t.snap);
    metric_registry_free(t.registry);
}

/* A tick with n samples of one value. */
static void tick(uint32_t metric, double value, int n)
{
    static mono_ns now;

    snapshot_tick_begin(t.snap);
    for (int i = 0; i < n; i++)
        snapshot_sample(t.snap, metric, NULL, 0, value, now);
    snapshot_tick_end(t.snap, ++now);
}

static struct objective_score score_of(size_t i, double seconds)
{
    size_t n;
    const struct objective *all = objectives_all(t.set, &n);

    assert_true(i < n);
    return objective_score(&all[i], seconds);
}

/* What came before the window, or in ticks that nobody added, does not count. */
static void test_window(void **state UNUSED)
{
    begin("http_req_duration p(90)<100");
    assert_int_equal(objectives_bind(t.set, t.snap), 0);
    tick(M_HTTP_REQ_DURATION, 1000, 500);
    assert_false(score_of(0, 1).held);
    tick(M_HTTP_REQ_DURATION, 50, 10);
    objectives_add_tick(t.set, t.snap);
    struct objective_score score = score_of(0, 1);

    assert_true(score.held);
    assert_int_equal(score.samples, 10);
    assert_true(score.value > 49 && score.value < 51);
    tick(M_HTTP_REQ_DURATION, 200, 5);
    objectives_add_tick(t.set, t.snap);
    assert_false(score_of(0, 1).held);
    assert_int_equal(score_of(0, 1).samples, 15);
    /* A tick without samples of it adds nothing. */
    tick(M_HTTP_REQS, 1, 1);
    objectives_add_tick(t.set, t.snap);
    assert_int_equal(score_of(0, 1).samples, 15);
    end();
}

static void test_bind_again(void **state UNUSED)
{
    begin("http_req_failed rate<0.5");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(objectives_bind(t.set, t.snap), 0);
        assert_int_equal(score_of(0, 1).samples, 0);
        assert_false(score_of(0, 1).held); /* nothing is known */
        tick(M_HTTP_REQ_FAILED, 0, 3);
        objectives_add_tick(t.set, t.snap);
        assert_true(score_of(0, 1).held);
    }
    objectives_unbind(t.set);
    objectives_unbind(t.set);
    end();
}

/* A counter's rate is that of the window. */
static void test_counter(void **state UNUSED)
{
    begin("http_reqs rate>=10, dropped_iterations count==0");
    assert_int_equal(objectives_bind(t.set, t.snap), 0);
    tick(M_HTTP_REQS, 1, 1000);
    tick(M_HTTP_REQS, 1, 50);
    objectives_add_tick(t.set, t.snap);
    assert_true(score_of(0, 5).held && score_of(0, 5).value == 10);
    assert_false(score_of(0, 5.1).held);
    assert_true(score_of(1, 5).held); /* nothing was counted, which is 0 */
    end();
}

static void test_unknown(void **state UNUSED)
{
    begin("no_such_metric p(90)<100");
    assert_int_equal(fault_exit_code(objectives_bind(t.set, t.snap)), 104);
    end();
    begin("http_req_failed p(90)<100");
    assert_int_equal(fault_exit_code(objectives_bind(t.set, t.snap)), 104);
    end();
}

static bool is_lost(double n_expected)
{
    size_t n;

    return objective_is_lost(&objectives_all(t.set, &n)[0], n_expected);
}

static void test_lost(void **state UNUSED)
{
    begin("http_req_duration p(90)<100");
    assert_int_equal(objectives_bind(t.set, t.snap), 0);
    tick(M_HTTP_REQ_DURATION, 150, 20);
    objectives_add_tick(t.set, t.snap);
    assert_false(score_of(0, 1).held);
    assert_false(is_lost(1000)); /* up to 100 may be slow */
    assert_true(is_lost(150));
    end();
    begin("http_req_failed rate<0.1");
    assert_int_equal(objectives_bind(t.set, t.snap), 0);
    tick(M_HTTP_REQ_FAILED, 1, 20);
    objectives_add_tick(t.set, t.snap);
    assert_false(is_lost(1000));
    assert_true(is_lost(150));
    end();
    /* The other way round, and for what has no rank, nothing is sure before the end. */
    begin("http_req_duration avg<100");
    assert_int_equal(objectives_bind(t.set, t.snap), 0);
    tick(M_HTTP_REQ_DURATION, 150, 20);
    objectives_add_tick(t.set, t.snap);
    assert_false(is_lost(1));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),   cmocka_unit_test(test_bad),
        cmocka_unit_test(test_window),  cmocka_unit_test(test_bind_again),
        cmocka_unit_test(test_counter), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
