#include "report/doc_timeline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_check.h"
#include "report/doc_testing.h"
#include "report/run_doc.h"

enum {
    TICKS = 10,
};

/* A run that is made up again each time it is read. */
struct story {
    size_t n_ticks;
    size_t n_endpoints;
    size_t max_steps; /* that were asked for */
    int fault;
    void (*tick)(struct filled *f, const struct story *story, size_t i);
};

static void play(struct filled *f, const struct story *s, size_t from, size_t to)
{
    snapshot_tick_begin(f->snapshot);
    for (size_t i = from; i < to; i++)
        s->tick(f, s, i);
    snapshot_tick_end(f->snapshot, STORE_EPOCH + (mono_ns)to * NS_PER_S);
}

static void give(struct filled *f, struct metric_registry **ret_registry,
                 struct snapshot **ret_snapshot)
{
    *ret_registry = f->registry;
    *ret_snapshot = f->snapshot;
}

static int totals(void *arg, struct metric_registry **ret_registry, struct snapshot **ret_snapshot)
{
    struct story *s = arg;
    struct filled f = filled_open();

    play(&f, s, 0, s->n_ticks);
    give(&f, ret_registry, ret_snapshot);
    return 0;
}

static int replay(void *arg, const struct store_replay *how, struct metric_registry **ret_registry,
                  struct snapshot **ret_snapshot)
{
    struct story *s = arg;
    struct filled f = filled_open();
    size_t each = (s->n_ticks + how->max_steps - 1) / how->max_steps;

    s->max_steps = how->max_steps;
    *how->ret_seq = s->n_ticks;
    for (size_t i = 0; i < s->n_ticks; i += each) {
        size_t to = i + each < s->n_ticks ? i + each : s->n_ticks;

        play(&f, s, i, to);
        assert_int_equal(
            how->step(how->arg, f.snapshot, (span_ns)i * NS_PER_S, (span_ns)to * NS_PER_S), 0);
    }
    if (s->fault) {
        filled_close(&f);
        return fault(s->fault, "made up");
    }
    give(&f, ret_registry, ret_snapshot);
    return 0;
}

static int write_story(struct story *s, size_t max_steps, struct buf *out)
{
    struct doc_source source = {totals, replay, s};
    scoped(doc_timeline_freep) struct doc_timeline *t = NULL;
    struct json_out j = JSON_OUT(out, 0);
    int r = doc_timeline_read(&source, max_steps, &t);

    if (r < 0)
        return r;
    json_open_object(&j);
    doc_timeline_put(t, &j);
    json_close(&j);
    assert_true(json_check(buf_str(out), '{'));
    return 0;
}

static void expect(struct buf *out, const char *part)
{
    if (!strstr(buf_cstr(out), part))
        fail_msg("%s\nis not in\n%s", part, buf_cstr(out));
}

static void steady(struct filled *f, const struct story *s, size_t i)
{
    (void)s;
    filled_add(f, M_HTTP_REQS, 1, WORDS("status", "200"));
    filled_add(f, M_HTTP_REQ_DURATION, 1000.0 * (double)(i + 1) / 8, WORDS("status", "200"));
    if (i == 4)
        filled_add(f, M_CHECKS, 0, WORDS("check", "\xff\"<script>", "group", ""));
    filled_add(f, M_VUS, (double)i + 0.12345, WORDS());
}

static void a_run_of_few_ticks_has_them_all(void **state)
{
    (void)state;
    struct story s = {.n_ticks = TICKS, .tick = steady};
    struct buf out = {0};

    assert_int_equal(write_story(&s, 600, &out), 0);
    assert_int_equal(s.max_steps, 600);
    expect(&out, "\"timeline\":{\"seq\":10,\"step_s\":1,\"t\":[1,2,3,4,5,6,7,8,9,10]}");
    expect(&out, "\"http_reqs\":{\"type\":\"counter\",\"contains\":\"default\",\"help\":");
    expect(&out, "{\"metric\":\"http_reqs\",\"by\":\"\",\"tags\":{},\"total\":[10,10],"
                 "\"points\":[[1,1,1,1,1,1,1,1,1,1]]}");
    expect(&out, "{\"metric\":\"http_reqs\",\"by\":\"status\",\"tags\":{\"status\":\"200\"},"
                 "\"total\":[10,10]");
    expect(&out,
           "{\"metric\":\"vus\",\"by\":\"\",\"tags\":{},\"total\":[9.12345,0.12345,9.12345,10],"
           "\"points\":[[0.1235,1.123,2.123");
    expect(&out,
           "\"by\":\"check\",\"tags\":{\"check\":\"\xef\xbf\xbd\\\"<script>\"},\"total\":[0,1],"
           "\"points\":[[null,null,null,null,0,null,null,null,null,null],"
           "[null,null,null,null,1,null");
    expect(&out,
           "\"metric\":\"http_req_duration\",\"by\":\"\",\"tags\":{},\"total\":[10,6875,125,1250");
    /* 125 ms end bucket -12, 250 ms bucket -8; one second ends bucket 0. */
    expect(&out,
           "\"heat\":[{\"metric\":\"http_req_duration\",\"rows\":[[-12,1],[-8,1],[-5,1],[-4,1]");
    buf_fini(&out);
}

static void steps_merge_ticks(void **state)
{
    (void)state;
    struct story s = {.n_ticks = TICKS, .tick = steady};
    struct buf out = {0};

    assert_int_equal(write_story(&s, 3, &out), 0);
    expect(&out, "\"timeline\":{\"seq\":10,\"step_s\":4,\"t\":[4,8,10]}");
    expect(&out, "\"total\":[10,10],\"points\":[[4,4,2]]}");
    expect(&out,
           "\"metric\":\"http_req_duration\",\"by\":\"\",\"tags\":{},\"total\":[10,6875,125,1250");
    expect(&out, "\"points\":[[4,4,2],[1250,3250,2375],[125,625,1125],[500,1000,1250],");
    expect(&out, "\"total\":[0,1],\"points\":[[null,0,null],[null,1,null]]");
    buf_fini(&out);
}

static void a_run_without_ticks_has_empty_lists(void **state)
{
    (void)state;
    struct story s = {.tick = steady};
    struct buf out = {0};

    assert_int_equal(write_story(&s, 600, &out), 0);
    assert_string_equal(buf_cstr(&out), "{\"metrics\":{},\"timeline\":{\"seq\":0,\"step_s\":0,"
                                        "\"t\":[]},\"entries\":[],\"heat\":[]}");
    buf_fini(&out);
}

static void a_source_that_breaks_is_a_fault(void **state)
{
    (void)state;
    struct story s = {.n_ticks = TICKS, .tick = steady, .fault = -EIO};
    struct buf out = {0};

    assert_int_equal(write_story(&s, 600, &out), -EIO);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

/* All endpoints each tick, the last one oftener. */
static void crowd(struct filled *f, const struct story *s, size_t i)
{
    char name[32];

    (void)i;
    for (size_t e = 0; e < s->n_endpoints; e++) {
        snprintf(name, sizeof(name), "e%zu", e);
        for (int n = 0; n < 1 + (e + 1 == s->n_endpoints); n++)
            filled_add(f, M_HTTP_REQ_DURATION, 10, WORDS("name", name, "method", "GET"));
    }
}

static void many_entries_have_fewer_steps(void **state)
{
    (void)state;
    struct story s = {.n_ticks = 2, .n_endpoints = 100, .tick = crowd};
    struct buf out = {0};

    /* The whole metric and each endpoint have eight numbers a step. */
    assert_int_equal(write_story(&s, 10000, &out), 0);
    assert_int_equal(s.max_steps, RUN_DOC_NUMBERS_MAX / (8 * 101));
    buf_reset(&out);
    s.n_endpoints = 2000;
    assert_int_equal(write_story(&s, 10000, &out), 0);
    assert_int_equal(s.max_steps, RUN_DOC_NUMBERS_MAX / (8 * 302));
    expect(&out, "\"total\":[4,40,10,10,10,10,10,10,10]");
    expect(&out, "\"tags\":{\"method\":\"GET\",\"name\":\"e1999\"}");
    buf_fini(&out);
}

static void sums_of_what_is_left_out_stay_exact(void **state)
{
    (void)state;
    struct story s = {.n_ticks = 3, .n_endpoints = 1000, .tick = crowd};
    struct buf out = {0};

    assert_int_equal(write_story(&s, 600, &out), 0);
    /* 1001 samples a tick: 301 of the busiest, the rest in one. */
    expect(&out, "\"tags\":{\"overflow\":\"true\"},\"total\":[2100,21000,10,10,10,10,10,10,10],"
                 "\"points\":[[700,700,700],[7000,7000,7000],");
    expect(&out, "\"tags\":{},\"total\":[3003,30030,");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_few_ticks_has_them_all),
        cmocka_unit_test(steps_merge_ticks),
        cmocka_unit_test(a_run_without_ticks_has_empty_lists),
        cmocka_unit_test(a_source_that_breaks_is_a_fault),
        cmocka_unit_test(many_entries_have_fewer_steps),
        cmocka_unit_test(sums_of_what_is_left_out_stay_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
