#include "report/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/golden_test.h"
#include "report/humanize.h"

#define OPTIONS                                                                                    \
    "{\"scenarios\":{"                                                                             \
    "\"alpha\":{\"executor\":\"shared-iterations\",\"iterations\":40,\"maxDuration\":\"5s\"},"     \
    "\"beta\":{\"executor\":\"per-vu-iterations\",\"vus\":2,\"iterations\":2},"                    \
    "\"cvus\":{\"executor\":\"constant-vus\",\"vus\":2,\"duration\":\"2s\"},"                      \
    "\"intr\":{\"executor\":\"shared-iterations\",\"iterations\":40,\"maxDuration\":\"1s\"},"      \
    "\"ramp\":{\"executor\":\"ramping-vus\",\"stages\":[{\"duration\":\"2s\",\"target\":14}]},"    \
    "\"late_long_name\":{\"executor\":\"constant-arrival-rate\",\"startTime\":\"1s\",\"rate\":10," \
    "\"duration\":\"1500ms\",\"preAllocatedVUs\":3,\"maxVUs\":12},"                                \
    "\"rar\":{\"executor\":\"ramping-arrival-rate\",\"stages\":[{\"duration\":\"2s\","             \
    "\"target\":10}],\"preAllocatedVUs\":3}}}"

enum {
    N_SCENARIOS = 7,
};

struct fixture {
    struct arena arena;
    struct plan *plan;
    struct progress_scenario scenarios[N_SCENARIOS];
    struct progress_view view;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct plan_options options;
    struct plan_strings warnings = {0};

    f = (struct fixture){0};
    plan_options_init(&options, &f.arena);
    assert_int_equal(plan_options_from_json(&options, PLAN_TIER_SCRIPT, STR(OPTIONS), &warnings),
                     0);
    assert_int_equal(plan_build(&f.arena, &(struct plan_layers){.script = &options}, &f.plan), 0);
    assert_int_equal(f.plan->n_scenarios, N_SCENARIOS);

    /* In the order of (start, name): alpha beta cvus intr ramp rar late_long_name. */
    static const struct progress_scenario moments[N_SCENARIOS] = {
        {.state = PROGRESS_RUNNING, .elapsed = 1 * NS_PER_S, .iterations = 3, .vus = 1},
        {.state = PROGRESS_DONE, .elapsed = 600 * NS_PER_MS, .iterations = 4},
        {.state = PROGRESS_STOPPING, .elapsed = 2300 * NS_PER_MS},
        {.state = PROGRESS_INTERRUPTED, .elapsed = 1 * NS_PER_S, .iterations = 4},
        {.state = PROGRESS_RUNNING, .elapsed = 950 * NS_PER_MS, .vus = 6, .vus_max = 14},
        {.state = PROGRESS_RUNNING, .elapsed = 950 * NS_PER_MS, .vus_max = 3, .rate = 4.972},
        {.state = PROGRESS_WAITING, .elapsed = 50 * NS_PER_MS},
    };

    memcpy(f.scenarios, moments, sizeof(moments));
    for (size_t i = 0; i < N_SCENARIOS; i++)
        f.scenarios[i].plan = &f.plan->scenarios[i];
    f.view = (struct progress_view){
        .phase = "running",
        .elapsed = 1020 * NS_PER_MS,
        .total = f.plan->max_duration,
        .vus = 7,
        .vus_max = 14,
        .complete = 20,
        .interrupted = 1,
        .requests_per_s = 1234.56,
        .p95_ms = 12.345,
        .failed = 0.0012,
        .scenarios = f.scenarios,
        .n_scenarios = N_SCENARIOS,
    };
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_fini(&f->arena);
    return 0;
}

static void describes_what_will_run(void **state)
{
    struct fixture *f = *state;
    const char *items[] = {"json=a.json", "influxdb"};
    struct plan_strings outputs = {.items = items, .n = 2};
    struct buf out = {0};

    progress_banner(f->plan, "script.js", &outputs, &(struct progress_style){0}, &out);
    progress_banner(f->plan, "script.js", NULL, &(struct progress_style){.color = true}, &out);
    golden_check("progress_banner.txt", &out);
    buf_fini(&out);
}

/* Wide, at the width of most terminals, too narrow for a bar, and far too narrow. */
static void draws_for_every_width(void **state)
{
    static const size_t columns[] = {0, 120, 80, 60, 30};
    struct fixture *f = *state;
    struct buf out = {0};

    for (size_t i = 0; i < countof(columns); i++) {
        struct progress_style style = {.columns = columns[i]};

        assert_int_equal(progress_block(&f->view, &style, &out), N_SCENARIOS + 2);
        buf_putc(&out, '\n');
    }
    golden_check("progress_block.txt", &out);
    buf_fini(&out);
}

static void no_line_passes_the_edge(void **state)
{
    struct fixture *f = *state;

    for (size_t columns = 20; columns < 150; columns++) {
        struct progress_style style = {.columns = columns};
        struct buf out = {0};
        struct str line;

        progress_block(&f->view, &style, &out);
        struct str rest = buf_str(&out);

        while (str_split(&rest, '\n', &line))
            assert_true(text_columns(line) <= columns);
        buf_fini(&out);
    }
}

static void draws_in_colour(void **state)
{
    struct fixture *f = *state;
    struct progress_style style = {.columns = 100, .color = true, .redraw = true};
    struct buf out = {0};

    progress_block(&f->view, &style, &out);
    golden_check("progress_colored.txt", &out);
    buf_fini(&out);
}

static void says_nothing_of_requests_that_were_not_made(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};

    progress_line(&f->view, &out);
    assert_string_equal(buf_cstr(&out),
                        "running (00m01.0s), 07/14 VUs, 20 complete and 1 interrupted iterations, "
                        "1234.6 req/s, p95 12.34ms, failed 0.12%\n");
    buf_reset(&out);
    f->view.requests_per_s = -1;
    f->view.dropped = 3;
    progress_line(&f->view, &out);
    assert_string_equal(
        buf_cstr(&out),
        "running (00m01.0s), 07/14 VUs, 20 complete and 1 interrupted iterations, 3 dropped\n");
    buf_reset(&out);
    f->view.dropped = 0;
    progress_line(&f->view, &out);
    assert_string_equal(
        buf_cstr(&out),
        "running (00m01.0s), 07/14 VUs, 20 complete and 1 interrupted iterations\n");
    assert_int_equal(progress_block(&f->view, &(struct progress_style){0}, &out), N_SCENARIOS + 1);
    buf_fini(&out);
}

static void says_when_the_generator_doubts_itself(void **state)
{
    struct fixture *f = *state;
    const struct progress_style style = {.columns = 30};
    struct buf out = {0};

    f->view.doubt = "loop 0 was 97 % busy: use more cores";
    progress_line(&f->view, &out);
    assert_non_null(strstr(buf_cstr(&out), "failed 0.12%, generator suspect\n"));
    buf_reset(&out);
    f->view.is_invalid = true;
    assert_int_equal(progress_block(&f->view, &style, &out), N_SCENARIOS + 3);
    assert_non_null(strstr(buf_cstr(&out), "\ngenerator invalid: loop 0 was \n"));
    buf_fini(&out);
}

static void times_keep_their_width(void **state)
{
    static const struct {
        span_ns span, longest;
        const char *text;
    } cases[] = {
        {3400 * NS_PER_MS, 5 * NS_PER_S, "3.4s"},
        {3400 * NS_PER_MS, 30 * NS_PER_S, "03.4s"},
        {3400 * NS_PER_MS, 60 * NS_PER_S, "0m03.4s"},
        {63400 * NS_PER_MS, 630 * NS_PER_S, "01m03.4s"},
        {63400 * NS_PER_MS, 3600 * NS_PER_S, "0h01m03.4s"},
        {12 * NS_PER_S, 5 * NS_PER_S, "12.0s"},
        {-5, 5 * NS_PER_S, "0.0s"},
        {0, 0, "0.0s"},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        buf_reset(&out);
        progress_time(&out, cases[i].span, cases[i].longest);
        assert_string_equal(buf_cstr(&out), cases[i].text);
    }
    buf_fini(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(describes_what_will_run),
        TEST(draws_for_every_width),
        TEST(no_line_passes_the_edge),
        TEST(draws_in_colour),
        TEST(says_nothing_of_requests_that_were_not_made),
        TEST(says_when_the_generator_doubts_itself),
        TEST(times_keep_their_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
