/* The stages of a script (§1.1 to §1.5): init, exports, options, setup, iterations, summary. */
#include "script/js/js_fake.h"

static void test_runs_an_iteration(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    assert_string_equal(fake_once(f, "let n = 0;\n"
                                     "export default function (data) {\n"
                                     "  console.log('hi', __VU, __ITER, ++n, data);\n"
                                     "}\n"),
                        "info hi 1 0 1 undefined\n");
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_string_equal(fake_told(f), "info hi 1 1 2 undefined\n");
    fake_free(f);
}

static void test_finds_exports_and_options(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              "export const options = {vus: 3, thresholds: {http_reqs: ['count>1']}};\n"
              "export function setup() { return {a: 1}; }\n"
              "export const number = 7;\n"
              "export function login() {}\n"
              "export default function () {}\n");
    assert_int_equal(fake_load(f), 0);
    assert_string_equal(f->script->options_json,
                        "{\"vus\":3,\"thresholds\":{\"http_reqs\":[\"count>1\"]}}");
    assert_true(f->script->has_setup);
    assert_false(f->script->has_teardown);
    assert_true(script_js_ops.find_export(f->script, "login") >= 0);
    assert_true(script_js_ops.find_export(f->script, "default") >= 0);
    assert_int_equal(script_js_ops.find_export(f->script, "number"), -1);
    assert_int_equal(script_js_ops.find_export(f->script, "options"), -1);
    assert_non_null(strstr(f->script->text, "export const number"));
    fake_free(f);
}

static void test_refuses_bad_exports(void **state)
{
    static const struct {
        const char *script, *text;
    } rows[] = {
        {"export const a = 1;", "no exported functions in script"},
        {"export const setup = 1; export default function () {}",
         "exported 'setup' must be a function"},
        {"export const teardown = 'x'; export default function () {}",
         "exported 'teardown' must be a function"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fake *f = fake_new();
        int r;

        fake_file(f, "main.js", rows[i].script);
        r = fake_load(f);
        assert_int_equal(fault_exit_code(r), 255);
        assert_string_equal(fault_text(), rows[i].text);
        fake_free(f);
    }
}

static void test_hands_setup_data_around(void **state)
{
    struct fake *f = fake_new();
    char *json = NULL;

    (void)state;
    fake_file(f, "main.js",
              "export async function setup() { await null; return {n: 1, f() {}}; }\n"
              "export default function (data) { console.log(JSON.stringify(data)); data.n++; }\n"
              "export function teardown(data) { console.log('end', data.n); }\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 0), 0);
    assert_int_equal(script_js_ops.setup(f->vu, 0, &json), 0);
    assert_string_equal(json, "{\"n\":1}");
    assert_int_equal(fake_user(f, 1), 0);
    assert_int_equal(fake_iterate_with(f, "default", json), 0);
    assert_int_equal(fake_iterate_with(f, "default", json), 0);
    assert_string_equal(fake_told(f), "info {\"n\":1}\ninfo {\"n\":2}\n");
    assert_int_equal(fake_user(f, 0), 0);
    assert_int_equal(script_js_ops.teardown(f->vu, json, 0), 0);
    assert_string_equal(fake_told(f), "info end 1\n");
    free(json);
    fake_free(f);
}

static void test_setup_may_return_nothing_or_null(void **state)
{
    struct fake *f = fake_new();
    char *json = (char *)f;

    (void)state;
    fake_file(f, "main.js",
              "export function setup() { return __ENV.X ? null : undefined; }\n"
              "export default function (data) { console.log(data); }\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 0), 0);
    assert_int_equal(script_js_ops.setup(f->vu, 0, &json), 0);
    assert_null(json);
    f->host.scenario_env_names = (const char *const[]){"X"};
    f->host.scenario_env_values = (const char *const[]){"1"};
    f->host.n_scenario_env = 1;
    f->host.activation++;
    assert_int_equal(script_js_ops.setup(f->vu, 0, &json), 0);
    assert_string_equal(json, "null");
    assert_int_equal(fake_iterate_with(f, "default", json), 0);
    assert_string_equal(fake_told(f), "info null\n");
    free(json);
    fake_free(f);
}

static void test_setup_stops_at_its_deadline(void **state)
{
    struct fake *f = fake_new();
    char *json = NULL;

    (void)state;
    fake_file(f, "main.js",
              "import { sleep } from 'k6';\n"
              "export function setup() { try { sleep(100); } finally { console.log('no'); } }\n"
              "export default function () {}\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 0), 0);
    assert_int_equal(script_js_ops.setup(f->vu, f->now + 5 * NS_PER_S, &json), SCRIPT_E_TIMEOUT);
    assert_int_equal(f->now, 1005 * NS_PER_S);
    assert_string_equal(fake_told(f), "");
    fake_free(f);
}

static void test_summary_gives_files(void **state)
{
    struct fake *f = fake_new();
    struct script_summary_file *files = NULL;
    size_t n = 0;

    (void)state;
    fake_file(f, "main.js",
              "export default function () {}\n"
              "export async function handleSummary(d) {\n"
              "  return {stdout: 'x' + d.a, 'o.bin': new Uint8Array([1, 0, 2]).buffer};\n"
              "}\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 0), 0);
    assert_int_equal(script_js_ops.handle_summary(f->vu, "{\"a\":5}", 0, &files, &n), 0);
    assert_int_equal(n, 2);
    assert_string_equal(files[0].name, "stdout");
    assert_string_equal(files[0].data, "x5");
    assert_int_equal(files[1].n_data, 3);
    assert_memory_equal(files[1].data, "\1\0\2", 3);
    for (size_t i = 0; i < n; i++) {
        free(files[i].name);
        free(files[i].data);
    }
    free(files);
    fake_free(f);
}

static void test_options_are_completed_in_users(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              "export const options = {vus: 1, tags: {a: 'b'}};\n"
              "export default function () { console.log(JSON.stringify(options)); }\n");
    assert_int_equal(fake_load(f), 0);
    f->host.options_json = "{\"vus\":5,\"duration\":\"10s\",\"iterations\":null}";
    assert_int_equal(fake_user(f, 1), 0);
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_string_equal(fake_told(f),
                        "info {\"vus\":5,\"tags\":{\"a\":\"b\"},\"duration\":\"10s\"}\n");
    fake_free(f);
}

static void test_environment_belongs_to_the_user(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    f->config.env_names = (const char *const[]){"A", "B"};
    f->config.env_values = (const char *const[]){"1", "2"};
    f->config.n_env = 2;
    fake_file(f, "main.js",
              "export default function () {\n"
              "  console.log(__ENV.A, __ENV.B, __ENV.C, Object.keys(__ENV).length);\n"
              "  __ENV.C = 'kept';\n"
              "}\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_int_equal(fake_iterate(f, "default"), 0);
    f->host.scenario_env_names = (const char *const[]){"B"};
    f->host.scenario_env_values = (const char *const[]){"scenario"};
    f->host.n_scenario_env = 1;
    f->host.activation++;
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_string_equal(fake_told(f), "info 1 2 undefined 2\n"
                                      "info 1 2 kept 3\n"
                                      "info 1 scenario undefined 2\n");
    fake_free(f);
}

static void test_init_errors_are_faults(void **state)
{
    static const struct {
        const char *script, *text;
        int exit_code;
    } rows[] = {
        {"let a b;\n", "file://DIR/main.js:1:7: SyntaxError", 107},
        {"\n  foo(;\nexport default function () {}", "file://DIR/main.js:2:7: SyntaxError", 107},
        {"export default function () {}\nnull.x;", "TypeError: ", 107},
        {"export default function () {}\nthrow new Error('top');",
         "Error: top\n\tat file://DIR/main.js:2:11", 107},
        {"await null; throw new Error('later'); export default function () {}",
         "Error: later\n\tat file://DIR/main.js:1:23", 107},
        {"import exec from 'k6/execution'; exec.test.abort('no'); export default function () {}",
         "test aborted: no", 108},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fake *f = fake_new();
        const char *told;
        int r;

        fake_file(f, "main.js", rows[i].script);
        r = fake_load(f);
        assert_int_equal(fault_exit_code(r), rows[i].exit_code);
        fake_tell("fault", str_of(fault_text()));
        told = fake_told(f) + sizeof("fault");
        if (strncmp(told, rows[i].text, strlen(rows[i].text)) != 0)
            assert_string_equal(told, rows[i].text);
        fake_free(f);
    }
}

static void test_syntax_errors_show_the_place(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    assert_string_equal(fake_once(f, "export default function () {\n\tlet a b;\n}\n"),
                        "fault file://DIR/main.js:2:8: SyntaxError: expecting ';'\n"
                        "    \tlet a b;\n"
                        "    \t      ^\n");
    fake_free(f);
}

static void test_exceptions_end_the_iteration(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    assert_string_equal(fake_once(f, "function inner() { throw new Error('boom'); }\n"
                                     "export default function () { inner(); }\n"),
                        "exception Error: boom\n"
                        "\tat inner (file://DIR/main.js:1:30)\n"
                        "\tat default (file://DIR/main.js:2:30)\n\n");
    fake_free(f);
}

static void test_rejections_end_the_iteration(void **state)
{
    static const struct {
        const char *body, *text;
    } rows[] = {
        {"await null; throw new TypeError('x');",
         "exception Uncaught (in promise) TypeError: x\n\tat default (file://DIR/main.js:1:"},
        {"Promise.reject('plain');", "exception Uncaught (in promise) plain\n"},
        {"const p = Promise.reject(1); p.catch(() => console.log('caught'));", "info caught\n"},
        {"throw 'text';", "exception Uncaught (in promise) text\n"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fake *f = fake_new();
        scoped(freep) char *script =
            xasprintf("export default async function () { %s }", rows[i].body);
        const char *told = fake_once(f, script);

        if (strncmp(told, rows[i].text, strlen(rows[i].text)) != 0)
            assert_string_equal(told, rows[i].text);
        fake_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_an_iteration),
        cmocka_unit_test(test_finds_exports_and_options),
        cmocka_unit_test(test_refuses_bad_exports),
        cmocka_unit_test(test_hands_setup_data_around),
        cmocka_unit_test(test_setup_may_return_nothing_or_null),
        cmocka_unit_test(test_setup_stops_at_its_deadline),
        cmocka_unit_test(test_summary_gives_files),
        cmocka_unit_test(test_options_are_completed_in_users),
        cmocka_unit_test(test_environment_belongs_to_the_user),
        cmocka_unit_test(test_init_errors_are_faults),
        cmocka_unit_test(test_syntax_errors_show_the_place),
        cmocka_unit_test(test_exceptions_end_the_iteration),
        cmocka_unit_test(test_rejections_end_the_iteration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
