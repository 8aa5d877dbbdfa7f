/* Timers, promises, and code that must be stopped. */
#include "script/js/js_fake.h"

static void run_rows(const char *const (*rows)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fake *f = fake_new();
        scoped(freep) char *script =
            xasprintf("import * as timers from 'k6/timers'; import { sleep } from 'k6';\n"
                      "import secrets from 'k6/secrets';\n"
                      "const log = console.log;\n"
                      "export default async function () { %s }\n",
                      rows[i][0]);

        assert_string_equal(fake_once(f, script), rows[i][1]);
        fake_free(f);
    }
}

static void test_timers_and_promises_in_order(void **state)
{
    static const char *const rows[][2] = {
        {"setTimeout(() => log('b'), 20); setTimeout(() => log('a'), 10);"
         "setTimeout(() => log('c'), 20); log('now');",
         "info now\ninfo a\ninfo b\ninfo c\n"},
        {"setTimeout((x, y) => log(x, y), 1, 'p', 'q'); setTimeout(() => log('zero'));",
         "info zero\ninfo p q\n"},
        {"setTimeout(() => log('timer'), 0); Promise.resolve().then(() => log('job'));"
         "log('first');",
         "info first\ninfo job\ninfo timer\n"},
        {"let n = 0; const id = setInterval(() => { log(++n); if (n == 3) clearInterval(id); },"
         " 5);",
         "info 1\ninfo 2\ninfo 3\n"},
        {"const a = setTimeout(() => log('no'), 1), b = setTimeout(() => log('yes'), 2);"
         "clearTimeout(a); clearTimeout(99); clearTimeout(); log(b - a);",
         "info 1\ninfo yes\n"},
        {"log(timers.setTimeout === setTimeout, typeof timers.clearInterval);",
         "info false function\n"},
        {"try { setTimeout(5); } catch (e) { log(e.message); }",
         "info setTimeout's callback isn't a callable function\n"},
        {"await new Promise(r => setTimeout(r, 50)); log('waited');", "info waited\n"},
        {"sleep(1); log('slept'); setTimeout(() => log('t'), -5);", "info slept\ninfo t\n"},
        {"log(await secrets.get('token')); try { await secrets.get('x'); }"
         "catch (e) { log(e.message); } log(await secrets.source('s').get('token'));",
         "info s3cret\ninfo no value\ninfo s3cret\n"},
        {"Promise.allSettled([1, Promise.reject(2)]).then(r => log(r[1].reason));", "info 2\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

static void test_error_in_a_callback_ends_the_iteration(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    assert_string_equal(fake_once(f, "export default function () {\n"
                                     "  setTimeout(() => { throw new Error('in timer'); }, 1);\n"
                                     "  setTimeout(() => console.log('never'), 2);\n"
                                     "}\n"),
                        "exception Error: in timer\n\tat file://DIR/main.js:2:32\n\n");
    assert_int_equal(fake_iterate(f, "default"), SCRIPT_E_EXCEPTION);
    fake_free(f);
}

/* ---- stopping ---- */

static void test_tight_loops_stop_at_the_deadline(void **state)
{
    static const char *const bodies[] = {
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch (e) { console.log('caught'); }"
        " finally { console.log('finally'); } }",
        "async function g() { try { for (;;) {} } finally { console.log('finally'); } }"
        " g().catch(() => console.log('caught'));",
        "const f = () => Promise.resolve().then(f); f();",
        "[1].forEach(() => { while (true); });",
        "/(a+)+$/.test('a'.repeat(40) + 'b');",
    };

    (void)state;
    for (size_t i = 0; i < countof(bodies); i++) {
        struct fake *f = fake_new();
        scoped(freep) char *script = xasprintf("export default function () { %s }", bodies[i]);

        fake_file(f, "main.js", script);
        assert_int_equal(fake_load(f), 0);
        assert_int_equal(fake_user(f, 1), 0);
        /* The deadline is of the real clock: one that has passed. */
        script_js_ops.set_deadline(f->vu, 1);
        assert_int_equal(fake_iterate(f, "default"), SCRIPT_E_INTERRUPTED);
        assert_string_equal(fake_told(f), "");
        fake_free(f);
    }
}

static void interrupt_now(struct fake *f, span_ns span)
{
    (void)span;
    script_js_ops.interrupt(f->vu);
    f->sleep_result = SCRIPT_E_INTERRUPTED;
}

static void test_interruption_cannot_be_caught(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              "import { sleep } from 'k6';\n"
              "export default function () {\n"
              "  setTimeout(() => console.log('timer'), 5);\n"
              "  try { sleep(1); } catch (e) { console.log('caught'); }\n"
              "  finally { console.log('finally'); }\n"
              "}\n"
              "export function after() { console.log('fine'); }\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    f->on_sleep = interrupt_now;
    assert_int_equal(fake_iterate(f, "default"), SCRIPT_E_INTERRUPTED);
    assert_string_equal(fake_told(f),
                        "warn setTimeout 1 was stopped because the VU iteration was interrupted\n");
    assert_int_equal(fake_iterate(f, "after"), 0);
    assert_string_equal(fake_told(f), "info fine\n");
    fake_free(f);
}

static void test_abort_cannot_be_caught(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              "import exec from 'k6/execution';\n"
              "export default function () {\n"
              "  try { exec.test.abort('why'); } catch (e) { console.log('caught'); }\n"
              "  finally { console.log('finally'); }\n"
              "}\n"
              "export function fail() { exec.test.fail('x'); console.log('goes on'); }\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    assert_int_equal(fake_iterate(f, "default"), SCRIPT_E_ABORTED);
    assert_string_equal(fake_told(f), "abort test aborted: why\n");
    assert_int_equal(fake_iterate(f, "fail"), 0);
    assert_string_equal(fake_told(f), "fail test marked as failed: x\ninfo goes on\n");
    fake_free(f);
}

static void test_deep_recursion_is_an_exception(void **state)
{
    struct fake *f = fake_new();
    const char *told = fake_once(f, "function f() { f(); }\nexport default () => f();\n");

    (void)state;
    assert_int_equal(strncmp(told, "exception RangeError", 20), 0);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_and_promises_in_order),
        cmocka_unit_test(test_error_in_a_callback_ends_the_iteration),
        cmocka_unit_test(test_tight_loops_stop_at_the_deadline),
        cmocka_unit_test(test_interruption_cannot_be_caught),
        cmocka_unit_test(test_abort_cannot_be_caught),
        cmocka_unit_test(test_deep_recursion_is_an_exception),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
