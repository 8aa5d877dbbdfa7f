#include "bridge/locust_record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/locust_tally.h"
#include "bridge/locust_testing.h"
#include "vocab/vocab.h"

struct fixture {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct locust_tally *tally;
    mono_ns now;
};

static void begin(struct fixture *f)
{
    *f = (struct fixture){.registry = metric_registry_new(), .tally = locust_tally_new()};
    f->snapshot = snapshot_new(&(struct snapshot_config){.registry = f->registry});
}

static void end(struct fixture *f)
{
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
    locust_tally_free(f->tally);
}

static void tick(struct fixture *f, const char *label, struct made m)
{
    struct locust_stats *s = answer_of(m);
    struct locust_source source = {.label = str_of(label), .stats = s, .polls = 1};

    f->now += NS_PER_S;
    ignored(locust_tally_answer(f->tally, s));
    locust_tally_put(f->tally, s);
    snapshot_tick_begin(f->snapshot);
    locust_record(f->snapshot, f->registry, &source, STR("locust"), f->now);
    snapshot_tick_end(f->snapshot, f->now);
    locust_stats_free(s);
}

static const struct snap_metric *metric(struct fixture *f, const char *name)
{
    const struct snap_metric *m = snapshot_find(f->snapshot, str_of(name));

    assert_non_null(m);
    return m;
}

static void test_counts_are_those_of_locust(void **state UNUSED)
{
    struct fixture f;

    begin(&f);
    tick(&f, "", (struct made){.state = "running", .home = 10, .home_failed = 1, .missing = 4});
    tick(&f, "", (struct made){.state = "running", .home = 30, .home_failed = 2, .missing = 5});
    assert_true(metric(&f, "http_reqs")->total.counter.sum == 35);
    assert_true(metric(&f, "http_reqs")->delta.counter.sum == 21);
    assert_int_equal(metric(&f, "http_req_failed")->total.rate.trues, 7);
    assert_int_equal(metric(&f, "http_req_failed")->total.rate.total, 35);
    assert_int_equal(metric(&f, "http_req_failed")->delta.rate.trues, 2);
    assert_true(metric(&f, "locust_requests_total")->total.counter.sum == 35);
    assert_true(metric(&f, "vus")->total.gauge.last == 5);
    end(&f);
}

static void test_no_distribution_is_made_up(void **state UNUSED)
{
    struct fixture f;

    begin(&f);
    tick(&f, "", (struct made){.state = "running", .home = 10});
    assert_null(snapshot_find(f.snapshot, STR("http_req_duration")));
    assert_true(metric(&f, "locust_requests_avg_response_time")->total.gauge.last == 12.5);
    assert_int_equal(metric(&f, "locust_requests_avg_response_time")->def->contains, CONTAINS_TIME);
    end(&f);
}

static void test_masters_are_told_apart(void **state UNUSED)
{
    struct fixture f;
    struct tag tags[] = {
        {STR("master"), STR("eu")}, {STR("method"), STR("GET")}, {STR("name"), STR("/")}};

    begin(&f);
    tick(&f, "eu", (struct made){.state = "running", .home = 10});
    const struct snap_series *s = snapshot_series_of(f.snapshot, M_HTTP_REQS, tags, countof(tags));

    assert_true(s->total.counter.sum == 10);
    end(&f);
}

static void test_a_master_that_is_away_has_only_that(void **state UNUSED)
{
    struct fixture f;
    struct locust_source source = {.label = STR("eu"), .age = -1};

    begin(&f);
    snapshot_tick_begin(f.snapshot);
    locust_record(f.snapshot, f.registry, &source, STR("locust"), 1);
    snapshot_tick_end(f.snapshot, 1);
    assert_true(metric(&f, "locust_up")->total.gauge.last == 0);
    assert_null(snapshot_find(f.snapshot, STR("vus")));
    end(&f);
}

static void test_a_namespace_no_metric_can_have(void **state UNUSED)
{
    struct fixture f;
    struct locust_source source = {.age = -1};

    begin(&f);
    snapshot_tick_begin(f.snapshot);
    locust_record(f.snapshot, f.registry, &source, STR("a b"), 1);
    snapshot_tick_end(f.snapshot, 1);
    assert_int_equal(metric_count(f.registry), METRIC_N_BUILTIN);
    end(&f);
}

/* ---- the vocabulary that the bridge speaks itself ---- */

static void each(void *arg, struct str prefix, bool exact, point_fn *fn, void *fn_arg)
{
    struct locust_points_options options = {
        .page = LOCUST_PAGE_ALL, .namespace = prefix.n ? prefix : STR("locust"), .exact = exact};

    locust_points(&options, arg, 1, fn, fn_arg);
}

static void on_point(void *arg, const struct point *p)
{
    struct buf *text = arg;

    buf_printf(text, "%.*s", STR_ARG(p->family->name));
    for (size_t i = 0; i < p->n_labels; i++)
        buf_printf(text, " %.*s=%.*s", STR_ARG(p->labels[i].key), STR_ARG(p->labels[i].value));
    buf_printf(text, " %g+%g\n", p->value, p->delta);
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

static void test_the_vocabulary_is_locusts_own(void **state UNUSED)
{
    struct fixture f;
    struct buf text = {0};
    struct locust_stats *s = answer_of((struct made){.state = "running", .home = 3, .missing = 2});
    struct locust_source source = {.stats = s};
    struct vocab_given given = {.vocab = VOCAB_LOCUST, .each = each, .arg = &source};
    struct tag label = {STR("env"), STR("test")};
    struct vocab_options options = {
        .vocabs = 1 << VOCAB_LOCUST, .given = &given, .labels = &label, .n_labels = 1};
    struct vocab_feed *feed;

    begin(&f);
    ignored(locust_tally_answer(f.tally, s));
    locust_tally_put(f.tally, s);
    assert_int_equal(vocab_feed_new(&options, f.snapshot, &feed), 0);
    vocab_feed_tick(feed, &(struct vocab_facts){.now = NS_PER_S});
    vocab_feed_each(feed, on_point, &text);
    const char *all = buf_cstr(&text);

    assert_int_equal(times(all, "locust_requests_total env=test method=GET name=/ 3+3\n"), 1);
    assert_int_equal(times(all, "locust_stats_num_requests env=test method=GET path=/ 3+0\n"), 1);
    assert_int_equal(times(all, "locust_up env=test 1+0\n"), 1);
    assert_int_equal(times(all, "locust_user_count env=test 5+0\n"), 1); /* of two exporters */
    vocab_feed_free(feed);
    locust_stats_free(s);
    buf_fini(&text);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_those_of_locust),
        cmocka_unit_test(test_no_distribution_is_made_up),
        cmocka_unit_test(test_masters_are_told_apart),
        cmocka_unit_test(test_a_master_that_is_away_has_only_that),
        cmocka_unit_test(test_a_namespace_no_metric_can_have),
        cmocka_unit_test(test_the_vocabulary_is_locusts_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
