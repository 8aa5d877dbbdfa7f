#include "report/run_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_check.h"
#include "report/doc_testing.h"
#include "store/store_writer.h"

#define EPOCH (10 * NS_PER_S)

/* A store of one run, and what was measured in it. */
struct kept {
    struct store_writer *writer;
    struct store *store;
    int64_t key;
    struct filled f;
    struct buf out;
};

static const struct store_run checkout = {
    .id = STR("r-1"),
    .name = STR("checkout \xff"),
    .created = 5 * NS_PER_S,
    .started = 6 * NS_PER_S,
    .duration = 1500 * NS_PER_MS,
    .exit_code = -1,
    .script = STR("checkout.js"),
    .kind = STR("k6"),
    .script_hash = STR("abc"),
    .script_text = STR("export default 1;\n"),
    .labels_json = STR("[\"nightly\"]"),
    .tags_json = STR("{\"team\":\"shop\"}"),
    .options_json = STR("{\"vus\":1}"),
    .thresholds_json = STR("{\"not\":\"a list\"}"),
    .scenarios_json = STR("[{]"),
};

static void open_kept(struct kept *k, const struct store_run *run)
{
    struct store_writer_config config = {0};

    *k = (struct kept){.f = filled_open()};
    assert_int_equal(store_writer_new(&config, &k->writer), 0);
    store_writer_begin(k->writer, run);
}

static void close_kept(struct kept *k)
{
    store_close(k->store);
    store_writer_free(k->writer);
    filled_close(&k->f);
    buf_fini(&k->out);
}

static void measure(struct kept *k, int n)
{
    mono_ns now = EPOCH + (mono_ns)(snapshot_ticks(k->f.snapshot) + 1) * NS_PER_S;

    snapshot_tick_begin(k->f.snapshot);
    for (int i = 1; i <= n; i++) {
        filled_add(&k->f, M_HTTP_REQS, 1, WORDS("name", "/a", "method", "GET", "status", "200"));
        filled_add(&k->f, M_HTTP_REQ_DURATION, 3.7 * i,
                   WORDS("name", "/a", "method", "GET", "status", "200"));
    }
    snapshot_tick_end(k->f.snapshot, now);
    store_writer_tick(k->writer, k->f.snapshot, EPOCH);
    /* Ticks that wait are merged. */
    assert_int_equal(store_writer_sync(k->writer), 0);
}

static void look(struct kept *k)
{
    assert_int_equal(store_writer_sync(k->writer), 0);
    k->key = store_writer_key(k->writer);
    if (!k->store)
        assert_int_equal(store_open(store_writer_path(k->writer), STORE_READ, &k->store), 0);
}

static const char *document(struct kept *k, const struct run_doc_options *options)
{
    look(k);
    buf_reset(&k->out);
    assert_int_equal(run_doc_put(k->store, k->key, options, &k->out), 0);
    assert_true(json_check(buf_str(&k->out), '{'));
    return buf_cstr(&k->out);
}

static void expect(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("%s\nis not in\n%s", part, text ? text : "nothing");
}

static void expect_none(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s\nis in\n%s", part, text);
}

static void a_run_that_goes_on_has_its_ticks(void **state)
{
    (void)state;
    struct run_doc_options options = {0};
    struct kept k;

    open_kept(&k, &checkout);
    measure(&k, 3);
    const char *text = document(&k, &options);

    expect(text, "{\"format\":\"brunt-run\",\"version\":1,\"run\":{\"key\":1,\"id\":\"r-1\","
                 "\"name\":\"checkout \xef\xbf\xbd\"");
    expect(text, "\"state\":\"running\",\"started_ms\":6000,\"ended_ms\":null,\"duration_s\":1.5,"
                 "\"exit_code\":null");
    expect(text, "\"labels\":[\"nightly\"],\"tags\":{\"team\":\"shop\"},\"environment\":{},"
                 "\"thresholds\":[],\"scenarios\":[],\"verdict\":null,\"outputs\":{},"
                 "\"headline\":null,\"options\":{\"vus\":1}}");
    expect(text, "\"timeline\":{\"seq\":1,\"step_s\":1,\"t\":[1]}");
    measure(&k, 4);
    text = document(&k, &options);
    expect(text, "\"timeline\":{\"seq\":2,\"step_s\":1,\"t\":[1,2]}");
    expect(text, "{\"metric\":\"http_reqs\",\"by\":\"endpoint\",\"tags\":{\"method\":\"GET\","
                 "\"name\":\"/a\"},\"total\":[7,7],\"points\":[[3,4]]}");
    expect(text, "\"events\":[],\"exchanges\":[],\"exceptions\":[]}");
    expect_none(text, "script_text");
    close_kept(&k);
}

/* The number of that column of the totals of http_req_duration. */
static double total_at(const char *text, int column)
{
    static const char start[] =
        "{\"metric\":\"http_req_duration\",\"by\":\"\",\"tags\":{},\"total\":[";
    const char *at = strstr(text, start);

    assert_non_null(at);
    at += sizeof(start) - 1;
    for (; column > 0; column--)
        at = strchr(at, ',') + 1;
    return strtod(at, NULL);
}

static void totals_are_those_of_the_run_to_the_last_bit(void **state)
{
    (void)state;
    struct run_doc_options options = {.max_steps = 4};
    struct kept k;

    open_kept(&k, &checkout);
    for (int i = 1; i < 50; i++)
        measure(&k, i);
    const struct snap_metric *m = snapshot_find(k.f.snapshot, STR("http_req_duration"));
    const char *text = document(&k, &options);

    assert_true(total_at(text, 0) == (double)m->total.trend.count);
    assert_true(total_at(text, 2) == m->total.trend.min);
    assert_true(total_at(text, 3) == m->total.trend.max);
    assert_true(total_at(text, 6) == hist_quantile(&m->total.trend, 0.95));
    assert_true(total_at(text, 8) == hist_quantile(&m->total.trend, 0.999));
    expect(text, "\"timeline\":{\"seq\":49,\"step_s\":13,\"t\":[13,26,39,49]}");
    close_kept(&k);
}

static void frames_go_on_where_the_document_ended(void **state)
{
    (void)state;
    struct run_doc_options options = {0};
    struct kept k;

    open_kept(&k, &checkout);
    struct run_frames *frames = run_frames_new(k.f.snapshot, EPOCH);

    for (int i = 1; i <= 3; i++) {
        measure(&k, i);
        run_frames_tick(frames);
    }
    expect(document(&k, &options), "\"timeline\":{\"seq\":3,\"step_s\":1,\"t\":[1,2,3]}");
    measure(&k, 1);
    run_frames_tick(frames);
    buf_reset(&k.out);
    run_frames_put(frames, &checkout, &k.out);
    expect(buf_cstr(&k.out), "{\"seq\":4,\"t\":4,\"dt\":1,");
    run_frames_free(frames);
    close_kept(&k);
}

static void a_report_has_exchanges_and_the_script(void **state)
{
    (void)state;
    struct store_exchange e = {.kind = STR("failed"),
                               .name = STR("/a"),
                               .method = STR("GET"),
                               .url = STR("http://x/\"a\""),
                               .status = 503,
                               .error_code = STR("1503"),
                               .at = 250 * NS_PER_MS,
                               .duration = 1234567,
                               .har = STR("{\"request\":{}}")};
    struct store_event event = {.at = 7 * NS_PER_S,
                                .elapsed = NS_PER_S,
                                .kind = STR("pause"),
                                .text = STR("paused"),
                                .json = STR("{\"by\":\"me\"}")};
    struct run_doc_options options = {0};
    struct kept k;

    open_kept(&k, &checkout);
    store_writer_exchanges(k.writer, &e, 1);
    store_writer_event(k.writer, &event);
    measure(&k, 1);
    const char *text = document(&k, &options);

    expect(text, "\"events\":[{\"at_ms\":7000,\"t\":1,\"kind\":\"pause\",\"text\":\"paused\","
                 "\"by\":\"me\"}]");
    expect(text,
           "\"kind\":\"failed\",\"name\":\"/a\",\"method\":\"GET\",\"url\":\"http://x/\\\"a\\\""
           "\",\"status\":503,\"error_code\":\"1503\",\"error\":\"\",\"scenario\":\"\","
           "\"t\":0.25,\"duration_ms\":1.234567}]");
    options = (struct run_doc_options){.exchanges = true, .script = true, .indent = 2};
    text = document(&k, &options);
    expect(text, "\"duration_ms\": 1.234567,\n      \"har\": {\"request\":{}}\n");
    expect(text, "\"script_text\": \"export default 1;\\n\"\n}");
    close_kept(&k);
}

static void a_run_that_is_not_there_is_a_condition(void **state)
{
    (void)state;
    struct run_doc_options options = {0};
    struct kept k;

    open_kept(&k, &checkout);
    measure(&k, 1);
    look(&k);
    assert_int_equal(run_doc_put(k.store, k.key + 1, &options, &k.out), STORE_E_NONE);
    assert_int_equal(k.out.len, 0);
    close_kept(&k);
}

static void a_list_has_no_options(void **state)
{
    (void)state;
    struct run_doc_live live = {.stage = "setup", .paused = true};
    struct buf out = {0};

    run_doc_put_run(&checkout, &out);
    assert_true(json_check(buf_str(&out), '{'));
    expect_none(buf_cstr(&out), "options");
    expect_none(buf_cstr(&out), "stage");
    buf_reset(&out);
    run_doc_put_live_run(&checkout, &live, &out);
    assert_true(json_check(buf_str(&out), '{'));
    expect(buf_cstr(&out), "\"stage\":\"setup\",\"paused\":true,\"controllable\":false}");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_goes_on_has_its_ticks),
        cmocka_unit_test(totals_are_those_of_the_run_to_the_last_bit),
        cmocka_unit_test(frames_go_on_where_the_document_ended),
        cmocka_unit_test(a_report_has_exchanges_and_the_script),
        cmocka_unit_test(a_run_that_is_not_there_is_a_condition),
        cmocka_unit_test(a_list_has_no_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
