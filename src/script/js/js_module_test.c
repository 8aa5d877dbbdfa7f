/* Modules (§1.9): ES modules, CommonJS, JSON, TypeScript, built-in ones, and what is refused. */
#include <dirent.h>

#include "script/js/js_fake.h"

#define DEFAULT "\nexport default function () {}\n"

/* Loads main.js and a second file; gives what init told (twice: first init and a user's). */
static const char *load_two(struct fake *f, const char *main_text, const char *name,
                            const char *text)
{
    fake_file(f, "main.js", main_text);
    fake_file(f, name, text);
    if (fake_load(f) != 0) {
        fake_tell("fault", str_of(fault_text()));
        return fake_told(f);
    }
    ignored(fake_told(f));
    assert_int_equal(fake_user(f, 1), 0);
    return fake_told(f);
}

static void test_what_imports_give(void **state)
{
    static const struct {
        const char *main, *name, *text, *told;
    } rows[] = {
        {"import d, { a, b } from './m.js'; import * as ns from './m.js';"
         "console.log(d, a, b(), Object.keys(ns).join());" DEFAULT,
         "m.js", "export const a = 1; export function b() { return 2; } export default 'd';",
         "info d 1 2 a,b,default\n"},
        {"import { a } from './m.js'; console.log(a);" DEFAULT, "m.js",
         "export * from './main.js'; export let a = 5;", "info 5\n"},
        {"import def, { a, nope } from './m.js'; console.log(def.a, a, nope);" DEFAULT, "m.js",
         "exports.a = 1; this.b = 2;", "info 1 1 undefined\n"},
        {"import def, { b } from './m.js'; console.log(typeof def, b);" DEFAULT, "m.js",
         "module.exports = function () {}; module.exports.b = 3;", "info function 3\n"},
        {"import def, * as ns from './m.js'; console.log(def, Object.keys(ns));" DEFAULT, "m.js",
         "Object.defineProperty(exports, '__esModule', {value: true}); exports.default = 'x';"
         "exports.y = 1;",
         "info x [ \"default\", \"y\" ]\n"},
        {"import def from './m.json'; console.log(def.a[1]);" DEFAULT, "m.json", "{\"a\":[1,2]}",
         "info 2\n"},
        {"import { add } from './m.ts'; console.log(add(1, 2));" DEFAULT, "m.ts",
         "export function add(a: number, b: number): number { return a + b; }", "info 3\n"},
        {"const m = require('./m.js'); console.log(m.a, require('./m.js') === m);"
         "exports.default = () => {};",
         "m.js", "exports.a = 1;", "info 1 true\n"},
        {"const m = require('./m.js'); console.log(m.a, m.default); exports.default = () => {};",
         "m.js", "export const a = 1; export default 2;", "info 1 2\n"},
        {"exports.x = 1; const m = require('./m.js'); console.log(m.seen);"
         "exports.default = () => {};",
         "m.js", "exports.seen = require('./main.js').x;", "info 1\n"},
        {"import k6, { sleep, nothing } from 'k6'; import * as ns from 'k6';"
         "console.log(k6.sleep === sleep, ns.sleep === sleep, nothing, typeof ns.default);" DEFAULT,
         "m.js", "", "info true true undefined object\n"},
        {"export { check, missing } from 'k6'; import './m.js';" DEFAULT, "m.js",
         "import { check, missing } from './main.js'; console.log(typeof check, missing);",
         "info function undefined\n"},
        {"console.log(import.meta.resolve('./m.js'));" DEFAULT, "m.js", "",
         "info file://DIR/m.js\n"},
        {"console.log(open('m.txt'), new Uint8Array(open('./m.txt', 'b')));" DEFAULT, "m.txt",
         "h\xc3\xa9", "info h\xc3\xa9 Uint8Array(3) [ 104, 195, 169 ]\n"},
        {"import './m.js'; try { module.exports = 1; } catch (e) { console.log(e.name); }" DEFAULT,
         "m.js", "", "info GoError\n"},
        {"console.log(typeof global, this === undefined, typeof globalThis.Array);" DEFAULT, "m.js",
         "", "info object true function\n"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fake *f = fake_new();

        assert_string_equal(load_two(f, rows[i].main, rows[i].name, rows[i].text), rows[i].told);
        fake_free(f);
    }
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *main, *part;
    } rows[] = {
        {"import './none.js';" DEFAULT, "couldn't be found on local disk"},
        {"import 'lodash';" DEFAULT, "couldn't be recognised as something k6 supports"},
        {"import 'http://x.test/a.js';" DEFAULT,
         "only supported schemes for imports are file and https"},
        {"import 'https://x.test/a.js';" DEFAULT, "isn't in the cache"},
        {"import a from 'k6/zork'; import b from 'k6/zork2';" DEFAULT,
         "unknown modules [\"k6/zork\", \"k6/zork2\"] were tried to be loaded, but couldn't"},
        {"import 'k6/html';" DEFAULT, "k6/html isn't there yet"},
        {"import 'k6/browser';" DEFAULT, "k6/browser isn't supported"},
        {"import 'k6/x/kafka';" DEFAULT, "extensions (k6/x/...)"},
        {"require('');" DEFAULT, "empty"},
        {"open('');" DEFAULT, "empty filename"},
        {"open('nothing.txt');" DEFAULT, "no such file"},
        {"open('.');" DEFAULT, "is a directory"},
        {"import './m.js';" DEFAULT, "m.js:1:5: SyntaxError"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fake *f = fake_new();
        const char *told = load_two(f, rows[i].main, "m.js", "let 1;");

        if (!strstr(told, rows[i].part))
            assert_string_equal(told, rows[i].part);
        fake_free(f);
    }
}

static void test_users_find_only_what_load_found(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              "if (__VU > 0) {\n"
              "  for (const f of [() => require('./late.js'), () => open('late.js')])\n"
              "    try { f(); } catch (e) { console.log(e.message); }\n"
              "}\n"
              "exports.default = () => {\n"
              "  for (const f of [() => require('./late.js'), () => open('late.js')])\n"
              "    try { f(); } catch (e) { console.log(e.message.slice(0, 40)); }\n"
              "};\n");
    fake_file(f, "late.js", "");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    assert_string_equal(fake_told(f),
                        "info the module \"file://DIR/late.js\" was not previously resolved during "
                        "initialization (__VU==0)\n"
                        "info open() can't be used with files that weren't previously opened "
                        "during initialization (__VU==0), path: \"DIR/late.js\"\n");
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_string_equal(fake_told(f), "info the \"require\" function is only available\n"
                                      "info the \"open\" function is only available in\n");
    fake_free(f);
}

static void test_positions_of_commonjs_are_true(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    assert_string_equal(fake_once(f, "exports.default = function run() { null.x; };\n"),
                        "exception TypeError: cannot read property 'x' of null\n"
                        "\tat run (file://DIR/main.js:1:36)\n\n");
    fake_free(f);
}

/* ---- remote modules ---- */

static int n_fetches;

static int fetch(void *arg, const char *url, struct buf *ret_body, int *ret_status)
{
    const char *text = arg;

    n_fetches++;
    *ret_status = 200;
    if (strstr(url, "_k6=1")) {
        *ret_status = 404;
    } else {
        buf_puts(ret_body, text);
    }
    return 0;
}

static void empty_dir(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;

    assert_non_null(dir);
    while ((e = readdir(dir))) { // NOLINT(concurrency-mt-unsafe)
        ignored(unlinkat(dirfd(dir), e->d_name, 0));
    }
    closedir(dir);
}

static void test_remote_modules_are_pinned(void **state)
{
    static const char main_text[] =
        "import { v } from 'https://lib.test/a.js'; console.log(v);" DEFAULT;
    char first[] = "export const v = 1;", second[] = "export const v = 2;";
    char *texts[] = {first, first, second};
    scoped(freep) char *cache = NULL;
    struct fake *f = fake_new();

    (void)state;
    n_fetches = 0;
    cache = fake_path(f, "cache");
    fake_file(f, "main.js", main_text);
    ignored(snprintf(f->files[f->n_files++], sizeof(f->files[0]), "brunt.lock") < 0);
    f->config.cache_dir = cache;
    f->config.fetch = fetch;
    for (size_t i = 0; i < countof(texts); i++) {
        int r;

        if (i == 2) { /* the cache is lost and the origin has changed */
            empty_dir(cache);
        }
        f->config.fetch_arg = texts[i];
        r = fake_load(f);
        assert_int_equal(n_fetches, i == 0 ? 2 : i == 1 ? 2 : 4);
        if (i < 2) {
            assert_int_equal(r, 0);
            assert_string_equal(fake_told(f), "info 1\n");
            script_js_ops.loop_close(f->loop);
            script_js_ops.free(f->script);
        } else {
            assert_true(r < 0);
            assert_non_null(strstr(fault_text(), "has changed since it was pinned"));
        }
        f->loop = NULL;
        f->script = NULL;
    }
    ignored(rmdir(cache));
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_imports_give),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_users_find_only_what_load_found),
        cmocka_unit_test(test_positions_of_commonjs_are_true),
        cmocka_unit_test(test_remote_modules_are_pinned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
