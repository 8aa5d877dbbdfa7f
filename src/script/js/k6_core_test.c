/* The modules k6, k6/metrics, k6/data, k6/execution, the console and the text coders. */
#include "script/js/js_fake.h"

#define HEAD                                                                  \
    "import k6, { check, group, fail, randomSeed } from 'k6';\n"              \
    "import { Counter, Gauge, Rate, Trend } from 'k6/metrics';\n"             \
    "import { SharedArray } from 'k6/data';\n"                                \
    "import exec, { vu, scenario } from 'k6/execution';\n"                    \
    "const log = console.log;\n"                                              \
    "const t = new Trend('my_trend', true), c = new Counter('my_counter');\n" \
    "const sa = new SharedArray('s', () => [{ a: 1 }, 'x', [2]]);\n"          \
    "const caught = f => { try { log(f()); } catch (e) { log(String(e)); } };\n"

static void run_rows(const char *const (*rows)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fake *f = fake_new();
        scoped(freep) char *script =
            xasprintf(HEAD "export default function () { %s }\n", rows[i][0]);

        f->info = (struct script_exec_info){
            .has_scenario = true,
            .scenario_name = "main",
            .executor = "constant-vus",
            .scenario_progress = 0.5,
            .iterations_completed = 7,
        };
        assert_string_equal(fake_once(f, script), rows[i][1]);
        fake_free(f);
    }
}

static void test_check_and_group(void **state)
{
    static const char *const rows[][2] = {
        {"log(check(5, {'is 5': v => v === 5, truthy: 1, no: v => v > 9}));",
         "check is 5{} 1\ncheck truthy{} 1\ncheck no{} 0\ninfo false\n"},
        {"log(check(1, {}), check(1, {a: () => true}, {k: 'v', n: 3, b: true}));",
         "check a{b=true,k=v,n=3} 1\ninfo true true\n"},
        {"for (let i = 0; i < 2; i++) check(1, {a: true}, {i});",
         "check a{i=0} 1\ncheck a{i=1} 1\n"},
        {"for (const v of [1, false, 1, true, '1']) check(1, {a: true}, {v});",
         "check a{v=1} 1\ncheck a{v=false} 1\ncheck a{v=1} 1\ncheck a{v=true} 1\n"
         "check a{v=1} 1\n"},
        {"caught(() => check(1, {a() { throw new Error('x'); }, b: 1}));",
         "check a{} 0\ninfo Error: x\n"},
        {"check(1, {'\xc3\xa9': true, 1: true, get late() { return () => false; }});",
         "check 1{} 1\ncheck \xc3\xa9{} 1\ncheck late{} 0\n"},
        {"const s = {a: () => { delete s.b; s.c = 1; return true; }, b: () => false};"
         "check(0, s);",
         "check a{} 1\ncheck c{} 1\n"},
        {"caught(() => check(1)); caught(() => check(1, {'a::b': 1}));"
         "caught(() => check(1, {a: 1}, {t: {}}));",
         "info GoError: no checks provided to `check`\n"
         "info GoError: group and check names may not contain '::'\n"
         "info GoError: invalid value for metric tag 't': only String, Boolean and Number types are "
         "accepted as a metric tag values\n"},
        {"caught(() => check(1, {async a() {}}));",
         "info GoError: the built-in check() does not support async functions as arguments; the "
         "JavaScript utils library has a check() that does\n"},
        {"log(group('a', () => group('b', () => { check(1, {x: true}); return 4; })));",
         "check x{group=::a::b} 1\nsample group_duration{group=::a::b} 0\n"
         "sample group_duration{group=::a} 0\ninfo 4\n"},
        {"caught(() => group('g', () => { throw 1; })); check(1, {x: true}); caught(() => "
         "group('a'));",
         "sample group_duration{group=::g} 0\ninfo 1\ncheck x{} 1\n"
         "info GoError: group() requires a callback as a second argument\n"},
        {"caught(() => fail('mine')); try { fail('a'); } catch (e) {"
         "log(e.name, e.message, e instanceof Error, e instanceof GoError, JSON.stringify(e)); }",
         "info GoError: mine\ninfo GoError a true true {\"value\":{}}\n"},
        {"randomSeed(7); const a = Math.random(); randomSeed(7); log(a === Math.random(),"
         "a !== Math.random(), a >= 0 && a < 1);",
         "info true true true\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

static void test_metrics(void **state)
{
    static const char *const rows[][2] = {
        {"log(t.add(5), t.add(1.5, {k: 'v'}), c.add('3'), c.add(true), c.add([]));",
         "sample my_trend{} 5\nsample my_trend{k=v} 1.5\nsample my_counter{} 3\n"
         "sample my_counter{} 1\nsample my_counter{} 1\ninfo true true true true true\n"},
        {"log(t.add('abc'), t.add(null), t.add(), t.add({}));",
         "warn 'abc' is an invalid value for metric 'my_trend', a number or a boolean value is "
         "expected\n"
         "warn 'null' is an invalid value for metric 'my_trend', a number or a boolean value is "
         "expected\n"
         "warn 'undefined' is an invalid value for metric 'my_trend', a number or a boolean value "
         "is expected\n"
         "warn '[object Object]' is an invalid value for metric 'my_trend', a number or a boolean "
         "value is expected\n"
         "info false false false false\n"},
        {"caught(() => t.add(1, {a: {}})); caught(() => new Rate('r1'));",
         "info GoError: cannot add tags for the 'my_trend' custom metric: invalid value for metric "
         "tag 'a': only String, Boolean and Number types are accepted as a metric tag values\n"
         "info GoError: metrics must be declared in the init context\n"},
        {"log(t.name, JSON.stringify(t)); caught(() => t.add.call({}, 1));",
         "info my_trend {\"name\":\"my_trend\"}\ninfo TypeError: Metric object expected\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

static void test_shared_array(void **state)
{
    static const char *const rows[][2] = {
        {"log(sa, JSON.stringify(sa), Array.isArray(sa), sa.length, sa[9], sa instanceof Array);",
         "info [ { a: 1 }, \"x\", [ 2 ] ] [{\"a\":1},\"x\",[2]] true 3 undefined true\n"},
        {"log(sa[0] === sa[0], Object.isFrozen(sa[2]), [...sa].length, sa.map(x => typeof x),"
         "Object.keys(sa), 1 in sa, 3 in sa, sa.indexOf('x'), [0].concat(sa).length);",
         "info false true 3 [ \"object\", \"string\", \"object\" ] [ \"0\", \"1\", \"2\" ] true "
         "false 1 4\n"},
        {"for (const f of [() => sa[0] = 1, () => sa.length = 0, () => sa.push(1),"
         "() => delete sa[0], () => new SharedArray('n', () => [])]) caught(f);",
         "info TypeError: SharedArray is immutable\ninfo TypeError: SharedArray is immutable\n"
         "info TypeError: SharedArray is immutable\ninfo TypeError: SharedArray is immutable\n"
         "info GoError: new SharedArray must be called in the init context\n"},
        {"caught(() => sa[0].a = 2); log(sa[0].a);", "info TypeError: 'a' is read-only\ninfo 1\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

static void test_execution(void **state)
{
    static const char *const rows[][2] = {
        {"log(exec.vu.idInInstance, exec.vu.idInTest, vu.iterationInInstance, scenario.name, exec.scenario.executor,"
         "scenario.progress, exec.instance.iterationsCompleted);",
         "info 1 10 0 main constant-vus 0.5 7\n"},
        {"vu.tags.a = 'b'; vu.tags['n'] = 5; check(1, {x: true}); log(vu.tags.a, 'n' in vu.tags,"
         "Object.keys(vu.metrics.tags), delete vu.tags.a, vu.tags.a, vu.tags);",
         "check x{a=b,n=5} 1\ninfo b true [ \"a\", \"n\" ] true undefined { n: \"5\" }\n"},
        {"caught(() => vu.tags.x = {}); vu.metrics.metadata.trace = 'id';"
         "log(vu.metrics.metadata.trace, vu.tags.trace);",
         "info TypeError: only String, Boolean and Number types are accepted as a metric tag "
         "value\ninfo id undefined\n"},
        {"log(exec.test.options); caught(() => { 'use strict'; exec.vu.idInTest = 3; });",
         "info null\ninfo TypeError: no setter for property\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

static void test_init_context_refuses(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              HEAD "if (__VU) { caught(() => check(1, {})); caught(() => group('a', () => 1));\n"
                   "caught(() => t.add(1)); caught(() => vu.idInTest); caught(() => vu.tags);\n"
                   "caught(() => scenario.name); caught(() => exec.test.options);\n"
                   "caught(() => new Trend('x')); caught(() => new Gauge('my_trend'));\n"
                   "caught(() => new SharedArray('', () => []));\n"
                   "caught(() => new SharedArray('q', () => 1));\n"
                   "log(__ITER, exec.scenario !== undefined); }\n"
                   "export default () => {};\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    assert_string_equal(
        fake_told(f),
        "info GoError: Using check() in the init context is not supported\n"
        "info GoError: Using group() in the init context is not supported\n"
        "info GoError: metrics can't be added to in the init context\n"
        "info GoError: getting VU information in the init context is not supported\n"
        "info GoError: getting VU information in the init context is not supported\n"
        "info GoError: getting scenario information in the init context is not supported\n"
        "info GoError: getting test options in the init context is not supported\n"
        "info GoError: Invalid metric name: 'x'. Metric names must only include up to 128 ASCII "
        "letters, numbers, or underscores and start with a letter or an underscore.\n"
        "info GoError: metric 'my_trend' already exists but with type trend, instead of gauge\n"
        "info GoError: empty name provided to SharedArray's constructor\n"
        "info GoError: only arrays can be made into SharedArray\n"
        "info undefined true\n");
    fake_free(f);
}

static void test_console(void **state)
{
    static const char *const rows[][2] = {
        {"log({a: 1, b: 'x', c: [1, 'y'], d: null, e: undefined, f() {}, g: new Date(0), n: {}});",
         "info { a: 1, b: \"x\", c: [ 1, \"y\" ], d: null, e: null, f: [object Function], g: "
         "\"1970-01-01T00:00:00.000Z\", n: {} }\n"},
        {"log([], {}, 's', 1.5, undefined, null, () => 1, [undefined], new Map([[1, 2]]), 10n);",
         "info [] {} s 1.5 undefined null [object Function] [ null ] {} 10\n"},
        {"log(new Uint8Array([1, 2, 3]), new Uint8Array([1, 255]).buffer, new Error('zz'));",
         "info Uint8Array(3) [ 1, 2, 3 ] ArrayBuffer { [Uint8Contents]: <01 ff>, byteLength: 2 } "
         "Error: zz\n"},
        {"const o = {x: 1}; o.me = o; console.warn(o); console.error('e'); console.debug(NaN);"
         "log();",
         "warn { x: 1, me: [Circular] }\nerror e\ndebug NaN\ninfo \n"},
        {"log(typeof console.table, new Error('q').stack.split('\\n')[0]);",
         "info undefined Error: q\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

static void test_text_coders(void **state)
{
    static const char *const rows[][2] = {
        {"log(new TextEncoder().encode('h\xc3\xa9\\ud800'), new TextEncoder().encoding);",
         "info Uint8Array(6) [ 104, 195, 169, 239, 191, 189 ] utf-8\n"},
        {"const d = new TextDecoder(); log(d.decode(new Uint8Array([0xef, 0xbb, 0xbf, 104, 0xe2, "
         "0x82, 0xac, 0xff])), d.fatal, d.encoding);",
         "info h\xe2\x82\xac\xef\xbf\xbd false utf-8\n"},
        {"const d = new TextDecoder('utf-8'); log(d.decode(new Uint8Array([0xe2, 0x82]), {stream: "
         "true}).length, d.decode(new Uint8Array([0xac])));",
         "info 0 \xe2\x82\xac\n"},
        {"log(new TextDecoder('utf-16').decode(new Uint16Array([104, 0xd83d, 0xde00])),"
         "new TextDecoder('utf-16be').decode(new Uint8Array([0, 65])));",
         "info h\xf0\x9f\x98\x80 A\n"},
        {"caught(() => new TextDecoder('x-none')); caught(() => new TextDecoder('utf-8', {fatal: "
         "true}).decode(new Uint8Array([255])));",
         "info RangeError: unsupported encoding: x-none\n"
         "info TypeError: the data isn't valid utf-8\n"},
    };

    (void)state;
    run_rows(rows, countof(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_and_group),      cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_shared_array),         cmocka_unit_test(test_execution),
        cmocka_unit_test(test_init_context_refuses), cmocka_unit_test(test_console),
        cmocka_unit_test(test_text_coders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
