/* Options against k6's variables. */
#include "cli/ui_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/loadtest.h"

/* NAME=value pairs, one text. */
static const char *env_of(void *arg, const char *name)
{
    const char *const *pairs = arg;

    for (; pairs && *pairs; pairs += 2) {
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    }
    return NULL;
}

static struct arena arena;

static void expect(const struct loadtest_own *own, const char *const *env, bool serves,
                   const char *address, bool opens)
{
    struct ui_options o;

    assert_int_equal(ui_options_read(own, NULL, env_of, (void *)(uintptr_t)env, &arena, &o), 0);
    assert_int_equal(o.serves, serves);
    assert_int_equal(o.opens, opens);
    assert_int_equal(o.address == NULL, address == NULL);
    if (address)
        assert_string_equal(o.address, address);
}

static void test_options(void **s UNUSED)
{
    expect(&(struct loadtest_own){0}, NULL, false, NULL, false);
    expect(&(struct loadtest_own){.ui = "true"}, NULL, true, NULL, false);
    expect(&(struct loadtest_own){.ui = "1"}, NULL, true, NULL, false);
    expect(&(struct loadtest_own){.ui = "false"}, NULL, false, NULL, false);
    expect(&(struct loadtest_own){.ui = ""}, NULL, false, NULL, false);
    expect(&(struct loadtest_own){.ui = ":0"}, NULL, true, ":0", false);
    expect(&(struct loadtest_own){.open = true}, NULL, true, NULL, true);
    expect(&(struct loadtest_own){.ui = "false", .open = true}, NULL, true, NULL, true);
}

static void test_k6(void **s UNUSED)
{
    static const char *const plain[] = {"K6_WEB_DASHBOARD", "true", NULL};
    static const char *const off[] = {"K6_WEB_DASHBOARD_PORT", "7000", NULL};
    static const char *const all[] = {"K6_WEB_DASHBOARD",
                                      "true",
                                      "K6_WEB_DASHBOARD_HOST",
                                      "::1",
                                      "K6_WEB_DASHBOARD_PORT",
                                      "7000",
                                      "K6_WEB_DASHBOARD_OPEN",
                                      "true",
                                      NULL};
    static const char *const file[] = {
        "K6_WEB_DASHBOARD", "true", "K6_WEB_DASHBOARD_PORT", "-1", "K6_WEB_DASHBOARD_EXPORT",
        "x.html",           NULL};
    static const char *const bad[] = {"K6_WEB_DASHBOARD", "true", "K6_WEB_DASHBOARD_PORT", "x",
                                      NULL};
    const struct loadtest_own none = {0};
    struct ui_options o;

    expect(&none, plain, true, "localhost:5665", false);
    expect(&none, off, false, NULL, false);
    expect(&none, all, true, "[::1]:7000", true);
    expect(&(struct loadtest_own){.ui = "127.0.0.1:1"}, all, true, "127.0.0.1:1", true);
    expect(&(struct loadtest_own){.ui = "false"}, plain, false, NULL, false);
    assert_int_equal(ui_options_read(&none, NULL, env_of, (void *)(uintptr_t)file, &arena, &o), 0);
    assert_false(o.serves);
    assert_string_equal(o.export_file, "x.html");
    assert_int_equal(ui_options_read(&none, NULL, env_of, (void *)(uintptr_t)bad, &arena, &o),
                     FAULT_EXIT(104));
    fault_clear();
}

static void test_output(void **s UNUSED)
{
    static const char *const port[] = {"K6_WEB_DASHBOARD_PORT", "7000", NULL};
    static const struct {
        const char *spec, *address;
        bool opens;
        const char *file;
    } rows[] = {
        {"web-dashboard", "localhost:7000", false, NULL},
        {"web-dashboard=", "localhost:7000", false, NULL},
        {"web-dashboard=port=1&host=::1&open", "[::1]:1", true, NULL},
        {"web-dashboard=open=false&export=a.html&period=5s", "localhost:7000", false, "a.html"},
    };
    const struct loadtest_own none = {0};

    for (size_t i = 0; i < countof(rows); i++) {
        const char *items[] = {"json=x", rows[i].spec};
        const struct plan_strings outs = {.items = items, .n = 2};
        struct ui_options o;

        assert_int_equal(ui_options_read(&none, &outs, env_of, (void *)(uintptr_t)port, &arena, &o),
                         0);
        assert_true(o.serves);
        assert_string_equal(o.address, rows[i].address);
        assert_int_equal(o.opens, rows[i].opens);
        assert_int_equal(o.export_file == NULL, rows[i].file == NULL);
        if (rows[i].file)
            assert_string_equal(o.export_file, rows[i].file);
    }
    assert_false(ui_options_is_output("web-dashboards"));
    assert_false(ui_options_is_output(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_k6),
        cmocka_unit_test(test_output),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    return r;
}
