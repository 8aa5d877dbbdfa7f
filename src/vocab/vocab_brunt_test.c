#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "vocab/vocab_testing.h"

static const struct vocab_options brunt = {.vocabs = 1u << VOCAB_BRUNT};

static void units_are_base_units(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &brunt);
    vocab_bench_request(&b, "method=GET,status=200,group=", false, 250);
    vocab_bench_sample(&b, M_CHECKS, "check=ok", 1);
    vocab_bench_sample(&b, M_CHECKS, "check=ok", 0);
    vocab_bench_sample(&b, M_DATA_SENT, "", 12);
    vocab_bench_sample(&b, M_GENERATOR_SCRIPT_TIME, "loop=0", 1500);
    vocab_bench_sample(&b, M_GENERATOR_MEMORY, "", 4096);
    vocab_bench_tick(&b);

    const char *text = vocab_bench_show(&b);
    static const char *const lines[] = {
        "brunt_http_reqs_total{method=GET,status=200} 1 +1\n",
        "brunt_http_req_duration_seconds{method=GET,status=200} 1 sum 0.25 +1\n",
        "brunt_http_req_failed_total{method=GET,status=200} 0 +0\n",
        "brunt_http_req_failed_samples_total{method=GET,status=200} 1 +1\n",
        "brunt_checks_passed_total{check=ok} 1 +1\n",
        "brunt_checks_total{check=ok} 2 +2\n",
        "brunt_data_sent_bytes_total{} 12 +12\n",
        "brunt_generator_script_time_seconds_total{loop=0} 1.5 +1.5\n",
        "brunt_generator_memory_bytes{} 4096\n",
        "brunt_run_phase{phase=steady} 1\n",
        "brunt_run_phase{phase=done} 0\n",
        "brunt_run_elapsed_seconds{} 1\n",
        "brunt_run_start_timestamp_seconds{} 1700000000\n",
        "brunt_iterations_total{} 0 +0\n",
    };

    for (size_t i = 0; i < countof(lines); i++) {
        if (!strstr(text, lines[i]))
            fail_msg("no %s in\n%s", lines[i], text);
    }
    assert_null(strstr(text, "brunt_target_rate"));
    b.facts.target_rate = 20;
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "brunt_target_rate{}"), 20, 0);
    vocab_bench_close(&b);
}

static uint32_t custom(struct vocab_bench *b, const char *name, enum metric_type type,
                       enum metric_contains contains)
{
    uint32_t id = 0;

    assert_int_equal(metric_register(b->registry, str_of(name), type, contains, &id), 0);
    return id;
}

static void names_of_scripts_are_made_fit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum metric_type type;
        enum metric_contains contains;
        const char *ours;
    } cases[] = {
        {"orders", METRIC_COUNTER, CONTAINS_DEFAULT, "brunt_orders_total{"},
        {"paid_total", METRIC_COUNTER, CONTAINS_DEFAULT, "brunt_paid_total{"},
        {"paid", METRIC_COUNTER, CONTAINS_DEFAULT, "brunt_paid_2_total{"},
        {"login_seconds", METRIC_TREND, CONTAINS_TIME, "brunt_login_seconds{"},
        {"login", METRIC_TREND, CONTAINS_TIME, "brunt_login_seconds_2{"},
        {"item_count", METRIC_GAUGE, CONTAINS_DEFAULT, "brunt_item_count_value{"},
        {"depth_total", METRIC_GAUGE, CONTAINS_DEFAULT, "brunt_depth_total_value{"},
        {"errors", METRIC_RATE, CONTAINS_DEFAULT, "brunt_errors_hits_total{"},
        {"page", METRIC_TREND, CONTAINS_DATA, "brunt_page_bytes{"},
        {"run_info", METRIC_GAUGE, CONTAINS_DEFAULT, "brunt_run_info_2{"},
    };
    struct vocab_bench b;

    vocab_bench_open(&b, &brunt);
    for (size_t i = 0; i < countof(cases); i++)
        vocab_bench_sample(&b, custom(&b, cases[i].name, cases[i].type, cases[i].contains), "", 1);
    vocab_bench_tick(&b);
    for (size_t i = 0; i < countof(cases); i++) {
        if (!strstr(vocab_bench_show(&b), cases[i].ours))
            fail_msg("%s is not %s in\n%s", cases[i].name, cases[i].ours, vocab_bench_show(&b));
    }
    vocab_bench_close(&b);
}

static void the_run_is_described(void **state)
{
    (void)state;
    const struct vocab_run run = {
        .run_id = STR("r1"), .run_status = STR("running"), .timeline_name = STR("a.js")};
    const struct tag own[] = {{STR("env"), STR("lab")}, {STR("script"), STR("other")}};
    struct vocab_options o = brunt;
    struct vocab_bench b;

    o.run = &run;
    o.labels = own;
    o.n_labels = 2;
    vocab_bench_open(&b, &o);
    vocab_bench_tick(&b);
    assert_float_equal(
        vocab_bench_value(&b, "brunt_run_info{env=lab,run_id=r1,run_status=running,script=a.js}"),
        1, 0);
    assert_float_equal(vocab_bench_value(&b, "brunt_loops{env=lab,script=other}"), 1, 0);
    vocab_bench_close(&b);
}

struct sums {
    double total, deltas, last;
};

static void add_point(void *arg, const struct point *p)
{
    struct sums *s = arg;

    if (!str_is(p->family->name, "brunt_http_reqs_total"))
        return;
    s->total += p->value;
    s->deltas += p->delta;
}

/* Whatever happens in ticks, counters do not fall and deltas add up to totals. */
static void deltas_add_up(void **state)
{
    (void)state;
    static const char *const tags[] = {"name=a,group=", "name=a", "name=b", "name=b,x-y=1",
                                       "name=c"};
    struct sums s = {0};
    struct vocab_bench b;
    unsigned seed = 1;

    vocab_bench_open(&b, &brunt);
    for (int t = 0; t < 50; t++) {
        for (int i = 0; i < t % 7; i++) {
            seed = seed * 1103515245u + 12345u;
            vocab_bench_sample(&b, M_HTTP_REQS, tags[seed / 65536 % countof(tags)], 1);
        }
        vocab_bench_tick(&b);
        s.last = s.total;
        s.total = 0;
        vocab_feed_each(b.feed, add_point, &s);
        assert_true(s.total >= s.last);
        assert_float_equal(s.deltas, s.total, 0);
    }
    assert_float_equal(s.total, snapshot_metric(b.snapshot, M_HTTP_REQS)->total.counter.sum, 0);
    assert_true(s.total > 100);
    vocab_bench_close(&b);
}

/* A feed that comes late has the totals of what was before it. */
static void a_late_feed_has_it_all(void **state)
{
    (void)state;
    struct vocab_bench b;
    struct vocab_feed *late = NULL;
    struct sums s = {0};

    vocab_bench_open(&b, &brunt);
    vocab_bench_sample(&b, M_HTTP_REQS, "name=a", 3);
    vocab_bench_tick(&b);
    vocab_bench_sample(&b, M_HTTP_REQS, "name=b", 2);
    vocab_bench_tick(&b);
    assert_int_equal(vocab_feed_new(&brunt, b.snapshot, &late), 0);
    vocab_bench_sample(&b, M_HTTP_REQS, "name=b", 1);
    vocab_bench_tick(&b);
    vocab_feed_tick(late, &b.facts);
    vocab_feed_each(late, add_point, &s);
    assert_float_equal(s.total, 6, 0);
    vocab_feed_free(late);
    vocab_bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_base_units),   cmocka_unit_test(names_of_scripts_are_made_fit),
        cmocka_unit_test(the_run_is_described),   cmocka_unit_test(deltas_add_up),
        cmocka_unit_test(a_late_feed_has_it_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
