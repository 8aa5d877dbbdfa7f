#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_check.h"
#include "report/doc_testing.h"
#include "report/run_doc.h"

#define EPOCH (100 * NS_PER_S)

struct live {
    struct filled f;
    struct run_frames *frames;
    struct store_run run;
    struct buf out;
};

static struct live open_live(void)
{
    struct live l = {.f = filled_open()};

    l.frames = run_frames_new(l.f.snapshot, EPOCH);
    l.run.exit_code = -1;
    return l;
}

static void close_live(struct live *l)
{
    run_frames_free(l->frames);
    filled_close(&l->f);
    buf_fini(&l->out);
}

/* Ends the tick of that second. */
static const char *frame(struct live *l, int second)
{
    snapshot_tick_end(l->f.snapshot, EPOCH + second * NS_PER_S);
    run_frames_tick(l->frames);
    buf_reset(&l->out);
    run_frames_put(l->frames, &l->run, &l->out);
    assert_true(json_check(buf_str(&l->out), '{'));
    assert_null(strchr(buf_cstr(&l->out), '\n'));
    return buf_cstr(&l->out);
}

static const char *entries(struct live *l)
{
    buf_reset(&l->out);
    run_frames_put_entries(l->frames, &l->out);
    assert_true(json_check(buf_str(&l->out), '{'));
    return buf_cstr(&l->out);
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

static void a_new_entry_is_told_once(void **state)
{
    (void)state;
    struct live l = open_live();

    snapshot_tick_begin(l.f.snapshot);
    filled_add(&l.f, M_HTTP_REQS, 1, WORDS("status", "200"));
    const char *text = frame(&l, 1);

    expect(text, "{\"seq\":1,\"t\":1,\"dt\":1,\"metrics\":{\"http_reqs\":{\"type\":\"counter\"");
    expect(text, "\"add\":[{\"id\":0,\"metric\":\"http_reqs\",\"by\":\"\",\"tags\":{}},"
                 "{\"id\":1,\"metric\":\"http_reqs\",\"by\":\"status\",\"tags\":{\"status\":"
                 "\"200\"}}]");
    expect(text, "\"points\":[[0,1],[1,1]],\"totals\":[[0,1,1],[1,1,1]],\"heat\":[]");
    snapshot_tick_begin(l.f.snapshot);
    filled_add(&l.f, M_HTTP_REQS, 2, WORDS("status", "200"));
    filled_add(&l.f, M_HTTP_REQS, 5, WORDS("status", "404"));
    text = frame(&l, 3);
    expect(text, "{\"seq\":2,\"t\":3,\"dt\":2,\"metrics\":{},\"add\":[{\"id\":2,");
    expect(text, "\"points\":[[0,7],[1,2],[2,5]],\"totals\":[[0,8,3],[1,3,2],[2,5,1]]");
    snapshot_tick_begin(l.f.snapshot);
    text = frame(&l, 4);
    expect(text, "{\"seq\":3,\"t\":4,\"dt\":1,\"points\":[],\"totals\":[],\"heat\":[],\"run\":{");
    close_live(&l);
}

static void a_late_page_gets_all_entries(void **state)
{
    (void)state;
    struct live l = open_live();

    assert_string_equal(entries(&l), "{\"seq\":0,\"metrics\":{},\"add\":[]}");
    for (int i = 1; i <= 3; i++) {
        char status[16];

        snprintf(status, sizeof(status), "20%d", i);
        snapshot_tick_begin(l.f.snapshot);
        filled_add(&l.f, M_HTTP_REQS, 1, WORDS("status", status));
        frame(&l, i);
    }
    const char *text = entries(&l);

    expect(text, "{\"seq\":3,\"metrics\":{\"http_reqs\":{");
    expect(text, "\"add\":[{\"id\":0,\"metric\":\"http_reqs\",\"by\":\"\"");
    expect(text,
           "{\"id\":3,\"metric\":\"http_reqs\",\"by\":\"status\",\"tags\":{\"status\":\"203\"}}]}");
    close_live(&l);
}

static void entries_without_a_timeline_have_totals_alone(void **state)
{
    (void)state;
    struct live l = open_live();

    snapshot_tick_begin(l.f.snapshot);
    filled_add(&l.f, M_HTTP_REQS, 1, WORDS("name", "n", "method", "m", "status", "200"));
    const char *text = frame(&l, 1);

    expect(text, "{\"id\":3,\"metric\":\"http_reqs\",\"by\":\"endpoint_status\"");
    expect(text, "\"points\":[[0,1],[1,1],[2,1]],\"totals\":[[0,1,1],[1,1,1],[2,1,1],[3,1,1]]");
    close_live(&l);
}

static void heat_is_of_the_tick(void **state)
{
    (void)state;
    struct live l = open_live();

    snapshot_tick_begin(l.f.snapshot);
    filled_add(&l.f, M_ITERATION_DURATION, 0, WORDS());
    filled_add(&l.f, M_ITERATION_DURATION, 1000, WORDS());
    filled_add(&l.f, M_ITERATION_DURATION, 1000.001, WORDS());
    filled_add(&l.f, M_ITERATION_DURATION, 1189, WORDS());
    expect(frame(&l, 1), "\"heat\":[{\"metric\":\"iteration_duration\",\"row\":[-80,1,0,1,1,2]}]");
    snapshot_tick_begin(l.f.snapshot);
    expect(frame(&l, 2), "\"heat\":[]");
    close_live(&l);
}

static void events_go_with_the_next_frame(void **state)
{
    (void)state;
    struct live l = open_live();
    struct store_event e = {.at = 5 * NS_PER_MS,
                            .elapsed = 1500 * NS_PER_MS,
                            .kind = STR("scale-vus"),
                            .text = STR("\"more\"\n"),
                            .json = STR("{\"from\": 1, \"to\": 2}")};

    run_frames_event(l.frames, &e);
    e.json = STR("{broken");
    run_frames_event(l.frames, &e);
    snapshot_tick_begin(l.f.snapshot);
    const char *text = frame(&l, 1);

    expect(text, "\"events\":[{\"at_ms\":5,\"t\":1.5,\"kind\":\"scale-vus\",\"text\":\"\\\"more\\\""
                 "\\n\",\"from\": 1, \"to\": 2},{\"at_ms\":5,\"t\":1.5,\"kind\":\"scale-vus\","
                 "\"text\":\"\\\"more\\\"\\n\"}]");
    e.json = STR("{}");
    run_frames_event(l.frames, &e);
    buf_reset(&l.out);
    run_frames_put(l.frames, &l.run, &l.out);
    expect(buf_cstr(&l.out), "\"to\": 2},{");
    expect_none(buf_cstr(&l.out), "\"}]},{");
    snapshot_tick_begin(l.f.snapshot);
    expect(frame(&l, 2), "\"events\":[{\"at_ms\":5,\"t\":1.5,\"kind\":\"scale-vus\",\"text\":"
                         "\"\\\"more\\\"\\n\"}],");
    snapshot_tick_begin(l.f.snapshot);
    expect_none(frame(&l, 3), "events");
    close_live(&l);
}

static void the_run_has_what_changes(void **state)
{
    (void)state;
    struct live l = open_live();
    struct run_doc_live live = {.stage = "scenarios", .controllable = true};

    l.run.duration = 1234567890;
    l.run.thresholds_json = STR("[{\"metric\":\"m\"}]");
    l.run.outputs_json = STR("not JSON");
    run_frames_live(l.frames, &live);
    snapshot_tick_begin(l.f.snapshot);
    const char *text = frame(&l, 1);

    expect(text, "\"run\":{\"state\":\"running\",\"started_ms\":null,\"ended_ms\":null,"
                 "\"duration_s\":1.235,\"exit_code\":null,\"reason\":\"\","
                 "\"thresholds\":[{\"metric\":\"m\"}],"
                 "\"stage\":\"scenarios\",\"paused\":false,\"controllable\":true}}");
    expect_none(text, "outputs");
    close_live(&l);
}

static void any_bytes_are_valid_json(void **state)
{
    (void)state;
    struct live l = open_live();
    char name[3] = {0};
    int second = 0;

    /* Every byte alone, behind a lead byte of UTF-8, and as a key. */
    for (int c = 1; c < 256; c++) {
        snapshot_tick_begin(l.f.snapshot);
        name[0] = (char)c;
        name[1] = '\0';
        filled_add(&l.f, M_HTTP_REQS, 1, WORDS("name", name, "status", name));
        filled_add(&l.f, M_GENERATOR_BUSY, 1, WORDS(name, "x"));
        name[0] = '\xe2';
        name[1] = (char)c;
        filled_add(&l.f, M_CHECKS, 1, WORDS("check", name));
        frame(&l, ++second);
    }
    entries(&l);
    close_live(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_entry_is_told_once),
        cmocka_unit_test(a_late_page_gets_all_entries),
        cmocka_unit_test(entries_without_a_timeline_have_totals_alone),
        cmocka_unit_test(heat_is_of_the_tick),
        cmocka_unit_test(events_go_with_the_next_frame),
        cmocka_unit_test(the_run_has_what_changes),
        cmocka_unit_test(any_bytes_are_valid_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
