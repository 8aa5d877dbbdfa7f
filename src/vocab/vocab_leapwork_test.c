#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "vocab/vocab_testing.h"

static const struct tag default_tags[] = {{STR("env"), STR("prod")}};

static const struct vocab_run run = {
    .run_id = STR("r"),
    .run_name = STR("t_1"),
    .run_status = STR("finished"),
    .company_id = STR("c"),
    .company_name = STR("Co"),
    .project_id = STR("p"),
    .project_name = STR("Pr"),
    .timeline_asset_id = STR("ta"),
    .timeline_name = STR("t"),
    .geo_location = STR("northeurope"),
    .default_tags = default_tags,
    .n_default_tags = 1,
};

static const struct vocab_options leapwork = {.vocabs = 1u << VOCAB_LEAPWORK, .run = &run};
static const struct vocab_options bare = {.vocabs = 1u << VOCAB_LEAPWORK};

/* The names and the keys of labels that were seen. */
struct seen {
    char *words[64];
    size_t n;
};

static void note(struct seen *seen, struct str word)
{
    for (size_t i = 0; i < seen->n; i++) {
        if (str_is(word, seen->words[i]))
            return;
    }
    assert_true(seen->n < countof(seen->words));
    seen->words[seen->n++] = xstrndup(word.p, word.n);
}

static void seen_fini(struct seen *seen)
{
    for (size_t i = 0; i < seen->n; i++)
        free(seen->words[i]);
}

struct catalogue {
    struct seen names, tags;
    size_t n_bad; /* points without all base tags */
};

static void note_point(void *arg, const struct point *p)
{
    struct catalogue *c = arg;

    assert_int_equal(p->family->kind, POINT_GAUGE);
    assert_true(str_starts(p->family->name, STR("lp.run_results.")));
    note(&c->names, p->family->name);
    for (size_t i = 0; i < p->n_labels; i++) {
        note(&c->tags, p->labels[i].key);
        assert_true(p->labels[i].value.n > 0);
        assert_true(i == 0 || str_cmp(p->labels[i - 1].key, p->labels[i].key) < 0);
    }
    c->n_bad += p->n_labels < 10;
}

static void there_are_28_names_and_15_tags(void **state)
{
    (void)state;
    struct catalogue c = {0};
    struct vocab_bench b;

    vocab_bench_open(&b, &leapwork);
    b.facts.phase = VOCAB_PHASE_DONE;
    vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 10);
    vocab_bench_sample(&b, M_ITERATIONS, "scenario=s", 1);
    vocab_bench_tick(&b);
    vocab_feed_each(b.feed, note_point, &c);
    assert_int_equal(c.names.n, 28);
    assert_int_equal(c.tags.n, 15 + 1); /* and env, which was configured */
    assert_int_equal(c.n_bad, 0);
    seen_fini(&c.names);
    seen_fini(&c.tags);
    vocab_bench_close(&b);
}

static void only_series_are_shown_before_the_end(void **state)
{
    (void)state;
    struct catalogue c = {0};
    struct vocab_bench b;

    vocab_bench_open(&b, &leapwork);
    vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 10);
    vocab_bench_request(&b, "scenario=s,name=/b,status=200", false, 20);
    vocab_bench_tick(&b);
    vocab_feed_each(b.feed, note_point, &c);
    assert_int_equal(c.names.n, 2);
    seen_fini(&c.names);
    seen_fini(&c.tags);
    vocab_bench_close(&b);
}

#define TRACK    "{track_item_id=s,track_item_selected=true}"
#define LP(name) "lp.run_results." name

static void series_are_of_the_tick(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &bare);
    vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 10);
    vocab_bench_request(&b, "scenario=s,name=/b,status=200", false, 20);
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, LP("timeseries.requests_per_second") TRACK), 2, 1e-9);
    assert_float_equal(vocab_bench_value(&b, LP("timeseries.latency.avg_ms") TRACK), 15, 1e-9);
    vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 50);
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, LP("timeseries.requests_per_second") TRACK), 1, 1e-9);
    assert_float_equal(vocab_bench_value(&b, LP("timeseries.latency.avg_ms") TRACK), 50, 1e-9);
    vocab_bench_tick(&b);
    assert_int_equal(vocab_bench_count(&b, LP("timeseries.latency.avg_ms")), 0);
    vocab_bench_close(&b);
}

/* 100 users for 60 s, then 120 for 60 s. */
static void use_users(struct vocab_bench *b)
{
    b->facts.n_parts = 1;
    b->facts.parts[0] = (struct vocab_part){.scenario = STR("s"), .vus = 100, .running = true};
    b->facts.vus = 100;
    vocab_bench_request(b, "scenario=s,name=/a,status=200", false, 10);
    for (int t = 0; t < 60; t++)
        vocab_bench_tick(b);
    b->facts.parts[0].vus = 120;
    b->facts.vus = 120;
    for (int t = 0; t < 60; t++)
        vocab_bench_tick(b);
}

static void virtual_user_minutes_are_real_or_billed(void **state)
{
    (void)state;
    struct vocab_options o = bare;

    for (int exact = 0; exact < 2; exact++) {
        struct vocab_bench b;

        o.exact = exact;
        vocab_bench_open(&b, &o);
        use_users(&b);
        b.facts.phase = VOCAB_PHASE_DONE;
        vocab_bench_tick(&b);
        /* The first second is a ramp from 0, and the step to 120 one too: within a second's. */
        double want = exact ? 100 + 150 : 100 + 120;

        assert_float_equal(vocab_bench_value(&b, LP("track_item.vum") TRACK), want, 150.0 / 60 + 1);
        assert_float_equal(vocab_bench_value(&b, LP("run.peak_virtual_users") "{}"), 120, 0);
        vocab_bench_close(&b);
    }
}

static void the_run_is_summed_up(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &bare);
    for (int i = 0; i < 9; i++)
        vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 100);
    vocab_bench_request(&b, "scenario=s,name=/b,status=503", true, 1000);
    vocab_bench_sample(&b, M_DATA_SENT, "scenario=s,group=", 1000);
    vocab_bench_tick(&b);
    vocab_bench_request(&b, "scenario=s,name=/b,status=0", true, 1000);
    b.facts.phase = VOCAB_PHASE_DONE;
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, LP("run.peak_throughput") "{}"), 10, 1e-9);
    assert_float_equal(vocab_bench_value(&b, LP("run.error_rate_pct") "{}"), 200.0 / 11, 1e-9);
    assert_float_equal(vocab_bench_value(&b, LP("run.duration_seconds") "{}"), 2, 0);
    assert_float_equal(vocab_bench_value(&b, LP("run.latency.p95_ms") "{}"), 1000, 1.4);
    assert_float_equal(vocab_bench_value(&b, LP("run.latency.avg_ms") "{}"), 2900.0 / 11, 1e-9);
    assert_float_equal(vocab_bench_value(&b, LP("track_item.throughput") TRACK), 5.5, 1e-9);
    /* No answer is no status code. */
    assert_int_equal(vocab_bench_count(&b, LP("status_code.count")), 2);
    assert_non_null(strstr(vocab_bench_show(&b), "status_code=503,step_id="));
    assert_int_equal(vocab_bench_count(&b, LP("requests.total")), 2);
    vocab_bench_close(&b);
}

struct bytes {
    double sum;
};

static void add_sent(void *arg, const struct point *p)
{
    struct bytes *b = arg;

    if (str_ends(p->family->name, STR(".bytes.sent")))
        b->sum += p->value;
}

static void bytes_of_steps_add_up(void **state)
{
    (void)state;
    struct bytes sent = {0};
    struct vocab_bench b;

    vocab_bench_open(&b, &bare);
    vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 1);
    vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 1);
    vocab_bench_request(&b, "scenario=s,name=/b,status=200", false, 1);
    vocab_bench_sample(&b, M_HTTP_REQ_DATA_SENT, "scenario=s,name=/a,status=200", 900);
    vocab_bench_sample(&b, M_HTTP_REQ_DATA_SENT, "scenario=s,name=/b,status=200", 100);
    b.facts.phase = VOCAB_PHASE_DONE;
    vocab_bench_tick(&b);
    vocab_feed_each(b.feed, add_sent, &sent);
    assert_float_equal(sent.sum, 1000, 1e-9);
    assert_non_null(strstr(vocab_bench_show(&b), "} 900\n"));
    vocab_bench_close(&b);
}

static void exact_weighs_percentiles(void **state)
{
    (void)state;
    struct vocab_options o = bare;
    struct vocab_bench b;

    o.exact = true;
    vocab_bench_open(&b, &o);
    for (int i = 0; i < 3; i++)
        vocab_bench_request(&b, "scenario=s,name=/a,status=200", false, 100);
    vocab_bench_request(&b, "scenario=s,name=/b,status=200", false, 500);
    b.facts.phase = VOCAB_PHASE_DONE;
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, LP("run.latency.p99_ms") "{}"), 200, 0.3);
    vocab_bench_close(&b);
}

/* As of a Locust, which counts requests and tells no times: none is better than 0. */
static void times_that_nobody_told_are_left_out(void **state)
{
    (void)state;
    struct vocab_options o = bare;

    for (int exact = 0; exact <= 1; exact++) {
        struct vocab_bench b;

        o.exact = exact;
        vocab_bench_open(&b, &o);
        vocab_bench_sample(&b, M_HTTP_REQS, "name=/a", 7);
        b.facts.phase = VOCAB_PHASE_DONE;
        vocab_bench_tick(&b);
        assert_int_equal(vocab_bench_count(&b, LP("latency.p95_ms")), 0);
        assert_int_equal(vocab_bench_count(&b, LP("run.latency.p95_ms")), 0);
        assert_int_equal(vocab_bench_count(&b, LP("requests.total")), 1);
        assert_int_equal(vocab_bench_count(&b, LP("run.error_rate_pct")), 1);
        vocab_bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_28_names_and_15_tags),
        cmocka_unit_test(only_series_are_shown_before_the_end),
        cmocka_unit_test(series_are_of_the_tick),
        cmocka_unit_test(virtual_user_minutes_are_real_or_billed),
        cmocka_unit_test(the_run_is_summed_up),
        cmocka_unit_test(bytes_of_steps_add_up),
        cmocka_unit_test(exact_weighs_percentiles),
        cmocka_unit_test(times_that_nobody_told_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
