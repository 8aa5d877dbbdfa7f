#include "report/comparison.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"
#include "store/store_writer.h"

enum {
    SECONDS = 60,
    ENDPOINTS = 4,
    PER_SECOND = 40, /* of each endpoint */
};

#define EPOCH (5 * NS_PER_S)

struct place {
    char folder[64], file[96];
    struct store *store;
    int n_runs;
};

/* A run to be made. */
struct recipe {
    double factor;       /* on all times */
    double endpoint;     /* on those of the last endpoint */
    double failed;       /* share */
    const char *script;  /* NULL: "shop.js" */
    const char *verdict; /* NULL: none */
    int seconds;         /* 0: SECONDS */
    int vus;             /* 0: 10 */
};

static void open_place(struct place *p)
{
    *p = (struct place){.n_runs = 0};
    snprintf(p->folder, sizeof(p->folder), "/tmp/brunt-comparison-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->file, sizeof(p->file), "%s/runs.db", p->folder);
    assert_int_equal(store_open(p->file, STORE_WRITE, &p->store), 0);
}

static void close_place(struct place *p)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    store_close(p->store);
    for (size_t i = 0; i < countof(ends); i++) {
        scoped(freep) char *path = xasprintf("%s%s", p->file, ends[i]);

        unlink(path);
    }
    assert_int_equal(rmdir(p->folder), 0);
}

static void one_second(struct snapshot *s, const struct recipe *r, struct rng *rng, mono_ns now)
{
    static const char *const names[ENDPOINTS] = {"/", "/cart", "/search", "/order"};

    snapshot_tick_begin(s);
    /* A second is slow or quick as a whole. */
    double mood = exp(0.05 * rng_normal(rng));

    for (int e = 0; e < ENDPOINTS; e++) {
        const struct tag tags[] = {{STR("method"), STR("GET")}, {STR("name"), str_of(names[e])}};
        double factor = r->factor * (e == ENDPOINTS - 1 && r->endpoint > 0 ? r->endpoint : 1);

        for (int i = 0; i < PER_SECOND; i++) {
            double ms = (10 + 5 * e) * factor * mood * exp(0.3 * rng_normal(rng));

            snapshot_sample(s, M_HTTP_REQ_DURATION, tags, 2, ms, now);
            snapshot_sample(s, M_HTTP_REQS, tags, 2, 1, now);
            snapshot_sample(s, M_HTTP_REQ_FAILED, tags, 2, rng_unit(rng) < r->failed, now);
        }
    }
    snapshot_sample(s, M_VUS_MAX, NULL, 0, r->vus ? r->vus : 10, now);
    snapshot_tick_end(s, now);
}

static void write_ticks(struct store_writer *w, const struct recipe *r, uint64_t seed)
{
    struct metric_registry *registry = metric_registry_new();
    struct snapshot *s = snapshot_new(&(struct snapshot_config){.registry = registry});
    struct rng rng;

    rng_seed(&rng, seed);
    for (int i = 1; i <= (r->seconds ? r->seconds : SECONDS); i++) {
        one_second(s, r, &rng, EPOCH + i * NS_PER_S);
        store_writer_tick(w, s, EPOCH);
        /* Ticks that wait are merged: here each is to be one. */
        assert_int_equal(store_writer_sync(w), 0);
    }
    snapshot_free(s);
    metric_registry_free(registry);
}

/* Writes a run and gives its key; each has noise of its own. */
static int64_t make_run(struct place *p, struct recipe r)
{
    char id[32];
    int number = ++p->n_runs;
    struct store_writer *w;
    int64_t key;

    snprintf(id, sizeof(id), "r-%d", number);
    r.factor = r.factor > 0 ? r.factor : 1;
    struct store_run run = {
        .id = str_of(id),
        .name = STR("shop"),
        .script = str_of(r.script ? r.script : "shop.js"),
        .script_hash = str_of(r.script ? r.script : "abc"),
        .created = number * NS_PER_S * 3600,
        .started = number * NS_PER_S * 3600,
        .duration = (r.seconds ? r.seconds : SECONDS) * NS_PER_S,
        .exit_code = 0,
        .verdict_json = str_of(r.verdict ? r.verdict : ""),
    };

    assert_int_equal(store_writer_new(&(struct store_writer_config){.path = p->file}, &w), 0);
    store_writer_begin(w, &run);
    write_ticks(w, &r, (uint64_t)number);
    run.state = STORE_FINISHED;
    store_writer_update(w, &run);
    assert_int_equal(store_writer_sync(w), 0);
    key = store_writer_key(w);
    store_writer_free(w);
    return key;
}

static json_t *compare(struct place *p, int64_t current, int64_t baseline)
{
    struct buf out = {0};

    assert_int_equal(
        comparison_put(p->store, current, baseline, &(struct comparison_options){0}, &out), 0);
    json_t *j = json_loadb(out.data, out.len, 0, NULL);

    assert_non_null(j);
    buf_fini(&out);
    return j;
}

static const char *text(const json_t *j, const char *key)
{
    return json_string_value(json_object_get(j, key));
}

static double number(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);

    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const json_t *row(const json_t *j, const char *metric, const char *stat, const char *name)
{
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(j, "rows"), i, one)
    {
        const char *tag = text(json_object_get(one, "tags"), "name");

        if (strcmp(text(one, "metric"), metric) == 0 && strcmp(text(one, "stat"), stat) == 0 &&
            (name ? tag && strcmp(tag, name) == 0 : !tag))
            return one;
    }
    fail_msg("no row %s %s %s", metric, stat, name ? name : "");
    return NULL;
}

static bool has_note(const json_t *j, const char *part)
{
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(j, "notes"), i, one)
    {
        if (strstr(json_string_value(one), part))
            return true;
    }
    return false;
}

/* Five quiet runs to learn from, of which the last is the baseline. */
static int64_t make_history(struct place *p)
{
    int64_t key = 0;

    for (int i = 0; i < 6; i++)
        key = make_run(p, (struct recipe){.failed = 0.01});
    return key;
}

static void equal_runs_are_not_different(void **state)
{
    (void)state;
    struct place p;

    open_place(&p);
    int64_t base = make_history(&p);
    json_t *j = compare(&p, make_run(&p, (struct recipe){.failed = 0.01}), base);
    const json_t *p95 = row(j, "http_req_duration", "p(95)", NULL);

    assert_string_not_equal(text(j, "verdict"), "worse");
    assert_string_not_equal(text(j, "verdict"), "better");
    assert_string_equal(text(j, "format"), "brunt-comparison");
    assert_true(number(p95, "low_pct") < 0 && number(p95, "high_pct") > 0);
    assert_true(number(p95, "p_value") > 0.01);
    assert_true(has_note(j, "learnt from"));
    assert_string_equal(text(row(j, "http_reqs", "rate", NULL), "verdict"), "same");
    assert_string_equal(text(row(j, "http_req_duration", "max", NULL), "verdict"), "unclear");
    json_decref(j);
    close_place(&p);
}

static void a_slower_run_is_worse_and_the_other_way_better(void **state)
{
    (void)state;
    struct place p;

    open_place(&p);
    int64_t base = make_history(&p);
    int64_t slow = make_run(&p, (struct recipe){.factor = 1.12, .failed = 0.01});
    json_t *j = compare(&p, slow, base);
    const json_t *p95 = row(j, "http_req_duration", "p(95)", NULL);

    assert_string_equal(text(j, "verdict"), "worse");
    assert_string_equal(text(p95, "verdict"), "worse");
    assert_true(number(p95, "low_pct") < 12 && number(p95, "high_pct") > 12);
    assert_float_equal(number(p95, "delta_pct"), 12, 4);
    json_decref(j);
    j = compare(&p, base, slow);
    assert_string_equal(text(j, "verdict"), "better");
    json_decref(j);
    close_place(&p);
}

static void one_endpoint_that_is_slower_is_found(void **state)
{
    (void)state;
    struct place p;

    open_place(&p);
    int64_t base = make_history(&p);
    json_t *j = compare(&p, make_run(&p, (struct recipe){.endpoint = 1.3, .failed = 0.01}), base);

    assert_string_equal(text(j, "verdict"), "worse");
    assert_string_equal(text(row(j, "http_req_duration", "p(95)", "/order"), "verdict"), "worse");
    assert_string_not_equal(text(row(j, "http_req_duration", "p(95)", "/cart"), "verdict"),
                            "worse");
    json_decref(j);
    close_place(&p);
}

static void failures_are_judged_in_points(void **state)
{
    (void)state;
    struct place p;

    open_place(&p);
    int64_t none = make_run(&p, (struct recipe){.failed = 0});
    int64_t half = make_run(&p, (struct recipe){.failed = 0.5});
    int64_t none_again = make_run(&p, (struct recipe){.failed = 0});
    json_t *j = compare(&p, half, none);
    const json_t *failed = row(j, "http_req_failed", "rate", NULL);

    assert_string_equal(text(failed, "verdict"), "worse");
    assert_true(isnan(number(failed, "delta_pct")));
    assert_non_null(strstr(text(failed, "why"), " points ("));
    assert_true(has_note(j, "no earlier runs"));
    json_decref(j);
    j = compare(&p, none_again, none);
    assert_string_equal(text(row(j, "http_req_failed", "rate", NULL), "verdict"), "same");
    json_decref(j);
    close_place(&p);
}

static void runs_that_cannot_be_compared_say_why(void **state)
{
    (void)state;
    struct place p;

    open_place(&p);
    int64_t base = make_run(&p, (struct recipe){.failed = 0});
    int64_t bad = make_run(&p, (struct recipe){.factor = 3, .verdict = "{\"level\":\"invalid\"}"});
    int64_t other = make_run(&p, (struct recipe){.script = "other.js", .seconds = 4, .vus = 99});
    json_t *j = compare(&p, bad, base);

    assert_string_equal(text(j, "verdict"), "unclear");
    assert_true(has_note(j, "invalid"));
    json_decref(j);
    j = compare(&p, other, base);
    assert_true(has_note(j, "different scripts"));
    assert_true(has_note(j, "different load"));
    assert_true(has_note(j, "different length"));
    assert_true(has_note(j, "too few steps"));
    json_decref(j);
    struct buf out = {0};
    const struct comparison_options none = {0};

    assert_int_equal(comparison_put(p.store, base, 999, &none, &out), STORE_E_NONE);
    assert_int_equal(comparison_put(p.store, 999, base, &none, &out), STORE_E_NONE);
    buf_fini(&out);
    close_place(&p);
}

static void the_same_question_has_the_same_answer(void **state)
{
    (void)state;
    struct place p;
    struct buf a = {0}, b = {0};
    const struct comparison_options options = {.threshold_pct = 10, .confidence = 0.9, .indent = 2};

    open_place(&p);
    int64_t base = make_run(&p, (struct recipe){.failed = 0.1});
    int64_t current = make_run(&p, (struct recipe){.failed = 0.1});

    assert_int_equal(comparison_put(p.store, current, base, &options, &a), 0);
    assert_int_equal(comparison_put(p.store, current, base, &options, &b), 0);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_true(str_find_str(buf_str(&a), STR("\"threshold_pct\": 10")) < a.len);
    buf_fini(&a);
    buf_fini(&b);
    close_place(&p);
}

static void a_trend_has_its_step(void **state)
{
    (void)state;
    struct place p;
    struct buf out = {0};
    struct trend *t;

    open_place(&p);
    for (int i = 0; i < 18; i++)
        make_run(&p, (struct recipe){.factor = i < 12 ? 1 : 1.15, .seconds = 8});
    make_run(&p, (struct recipe){.factor = 9, .seconds = 8, .verdict = "{\"level\":\"invalid\"}"});
    assert_int_equal(trend_load(p.store, STR("shop.js"), STR("http_req_duration"), STR(""), &t), 0);
    assert_int_equal(t->n_points, 18);
    assert_true(str_is(t->stat, "p(95)"));
    assert_int_equal(t->n_changes, 1);
    assert_int_equal(t->changes[0].index, 12);
    trend_put_text(t, &t->changes[0], &out);
    assert_non_null(strstr(buf_cstr(&out), "p(95) of http_req_duration rose by 1"));
    assert_non_null(strstr(buf_cstr(&out), "with run r-13 on 1970-01-01"));
    trend_free(t);
    buf_reset(&out);
    assert_int_equal(trend_put(p.store, STR("shop.js"), STR("http_reqs"), STR("rate"), &out), 0);
    json_t *j = json_loadb(out.data, out.len, 0, NULL);

    assert_int_equal(json_array_size(json_object_get(j, "points")), 18);
    json_decref(j);
    assert_int_equal(trend_put(p.store, STR("no.js"), STR("http_reqs"), STR(""), &out),
                     STORE_E_NONE);
    assert_int_equal(trend_put(p.store, STR("shop.js"), STR("nothing"), STR(""), &out),
                     STORE_E_NONE);
    assert_int_equal(trend_put(p.store, STR("shop.js"), STR("http_reqs"), STR("p(95)"), &out),
                     -EINVAL);
    assert_int_equal(
        trend_put(p.store, STR("shop.js"), STR("http_req_duration"), STR("p(950)"), &out), -EINVAL);
    buf_fini(&out);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_are_not_different),
        cmocka_unit_test(a_slower_run_is_worse_and_the_other_way_better),
        cmocka_unit_test(one_endpoint_that_is_slower_is_found),
        cmocka_unit_test(failures_are_judged_in_points),
        cmocka_unit_test(runs_that_cannot_be_compared_say_why),
        cmocka_unit_test(the_same_question_has_the_same_answer),
        cmocka_unit_test(a_trend_has_its_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
