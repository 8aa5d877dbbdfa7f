/* What users of one runtime share and what they don't; that memory stays flat. */
#include <malloc.h>

#include "script/js/js_fake.h"

enum {
    USERS = 1000,
    ROUNDS = 5,
};

static void *new_user(struct fake *f, struct script_host *host, uint64_t id)
{
    void *vu = NULL;

    *host = f->host;
    host->vu_id = id;
    host->phase = SCRIPT_INIT;
    host->iteration = -1;
    assert_int_equal(script_js_ops.vu_new(f->script, f->loop, host, &vu), 0);
    host->phase = SCRIPT_RUN;
    return vu;
}

static int iterate(struct fake *f, void *vu, const char *name)
{
    return script_js_ops.run_iteration(vu, script_js_ops.find_export(f->script, name), NULL);
}

static void test_globals_belong_to_one_user(void **state)
{
    struct script_host h1, h2;
    struct fake *f = fake_new();
    void *a, *b;

    (void)state;
    fake_file(
        f, "main.js",
        "import http from 'k6/http'; let own = 0; globalThis.mine = __VU;\n"
        "export default function () {\n"
        "  own += __VU; globalThis.x = (globalThis.x || 0) + 1;\n"
        "  console.log(__VU, own, x, mine, global === globalThis, Object.keys(global));\n"
        "}\n"
        "export function replace() {\n"
        "  globalThis.JSON = 'mine'; console.log(JSON, typeof Math); }\n"
        "export function json() { console.log(typeof JSON); }\n"
        "export function extend() {\n"
        "  try { Array.prototype.x = 1; } catch (e) { console.log(e.name); }\n"
        "  try { http.x = 1; } catch (e) { console.log(e.name); }\n"
        "  function F() {} F.prototype.toString = () => 'own'; console.log(String(new F()));\n"
        "  class E extends Error {} const e = new E('m'); e.name = 'N'; console.log(`${e}`);\n"
        "}\n");
    assert_int_equal(fake_load(f), 0);
    a = new_user(f, &h1, 1);
    b = new_user(f, &h2, 2);
    ignored(fake_told(f));
    assert_int_equal(iterate(f, a, "default"), 0);
    assert_int_equal(iterate(f, b, "default"), 0);
    assert_int_equal(iterate(f, a, "default"), 0);
    assert_string_equal(fake_told(f), "info 1 1 1 1 true [ \"mine\", \"x\" ]\n"
                                      "info 2 2 1 2 true [ \"mine\", \"x\" ]\n"
                                      "info 1 2 2 1 true [ \"mine\", \"x\" ]\n");
    assert_int_equal(iterate(f, a, "replace"), 0);
    assert_int_equal(iterate(f, b, "json"), 0);
    assert_int_equal(iterate(f, b, "extend"), 0);
    assert_string_equal(fake_told(f), "info mine object\ninfo object\n"
                                      "info TypeError\ninfo TypeError\ninfo own\ninfo N: m\n");
    script_js_ops.vu_free(a);
    script_js_ops.vu_free(b);
    fake_free(f);
}

/* While one user sleeps the other runs whole iterations, sleeps and promises included. */
static struct {
    struct fake *f;
    void *other;
    int depth;
} nested;

static void run_other(struct fake *f, span_ns span)
{
    (void)span;
    if (nested.depth++ == 0)
        assert_int_equal(iterate(f, nested.other, "default"), 0);
    nested.depth--;
}

static void test_users_interleave_while_suspended(void **state)
{
    struct script_host h1, h2;
    struct fake *f = fake_new();
    void *a;

    (void)state;
    fake_file(f, "main.js",
              "import { sleep, group } from 'k6';\n"
              "export default function () {\n"
              "  Promise.resolve(__VU).then(v => console.log('job of', v));\n"
              "  const seen = [3, 1, 2].sort((x, y) => { sleep(0.1); return x - y; });\n"
              "  try { group('g', () => { sleep(1); throw new Error('e' + __VU); }); }\n"
              "  catch (e) { console.log(__VU, seen, e.stack.split('\\n')[0]); }\n"
              "  setTimeout(() => console.log('timer of', __VU), 10);\n"
              "}\n");
    assert_int_equal(fake_load(f), 0);
    a = new_user(f, &h1, 1);
    nested.other = new_user(f, &h2, 2);
    f->on_sleep = run_other;
    assert_int_equal(iterate(f, a, "default"), 0);
    f->on_sleep = NULL;
    {
        const char *told = fake_told(f);
        size_t n_one = 0, n_two = 0;

        for (const char *p = told; (p = strstr(p, "info 1 [ 1, 2, 3 ] Error: e1")); p++)
            n_one++;
        for (const char *p = told; (p = strstr(p, "info 2 [ 1, 2, 3 ] Error: e2")); p++)
            n_two++;
        assert_int_equal(n_one, 1);
        assert_in_range(n_two, 3, 5);
        assert_non_null(strstr(told, "info job of 1"));
        assert_non_null(strstr(told, "info timer of 2"));
    }
    script_js_ops.vu_free(a);
    script_js_ops.vu_free(nested.other);
    fake_free(f);
}

static void test_changed_builtins_give_full_contexts(void **state)
{
    static const char *const changes[] = {
        "Array.prototype.last = function () { return this[this.length - 1]; };",
        "String.prototype.trim = function () { return 'changed'; };",
        "Math.max = () => 7;",
        "Error.stackTraceLimit = 50;",
        "console.table = () => 1;",
    };

    (void)state;
    for (size_t i = 0; i < countof(changes); i++) {
        struct fake *f = fake_new();
        scoped(freep) char *script = xasprintf(
            "%s\nexport default function () { globalThis.y = 1; console.log([1, 2].last ? "
            "[1, 2].last() : 'no'); }\n",
            changes[i]);
        const char *told = fake_once(f, script);

        assert_non_null(strstr(told, "warn The script changes built-in objects"));
        assert_non_null(strstr(told, i == 0 ? "info 2\n" : "info no\n"));
        fake_free(f);
    }
}

/* Bytes on the heap now. */
static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static const char churn_script[] =
    "import { check, group } from 'k6'; import { Trend } from 'k6/metrics';\n"
    "import { SharedArray } from 'k6/data';\n"
    "const t = new Trend('churn'); const sa = new SharedArray('d', () => [{ a: 1 }]);\n"
    "const cyclic = {}; cyclic.self = cyclic;\n"
    "class Node { constructor() { this.next = this; this.f = () => this; } }\n"
    "export default async function () {\n"
    "  for (let i = 0; i < 5; i++) { const n = new Node(); n.other = new Node(); n.other.o = n; }\n"
    "  await null; check(sa[0], { a: v => v.a === 1 }, { tag: 'v' + __VU });\n"
    "  group('g', () => t.add(1, { x: 'y' })); globalThis['g' + __VU] = cyclic;\n"
    "}\n";

static void run_users(struct fake *f, struct script_host *hosts, void **users)
{
    for (size_t i = 0; i < USERS; i++)
        users[i] = new_user(f, &hosts[i], i + 1);
    for (size_t i = 0; i < USERS; i++) {
        assert_int_equal(iterate(f, users[i], "default"), 0);
        buf_reset(&f->told);
    }
    /* Every second first, so that groups are used while half empty. */
    for (size_t step = 0; step < 2; step++) {
        for (size_t i = step; i < USERS; i += 2)
            script_js_ops.vu_free(users[i]);
    }
}

static void test_a_thousand_users_five_times(void **state)
{
    struct fake *f = fake_new();
    struct script_host *hosts = xnew_n(struct script_host, USERS);
    void **users = xnew_n(void *, USERS);
    size_t after_first = 0;

    (void)state;
    fake_file(f, "main.js", churn_script);
    assert_int_equal(fake_load(f), 0);
    for (size_t round = 0; round < ROUNDS; round++) {
        run_users(f, hosts, users);
        if (round == 1)
            after_first = heap();
    }
    /* Atoms and tag sets of all users exist after the first round: no more may come. */
    if (after_first)
        assert_in_range(heap(), 0, after_first + after_first / 10 + (64 << 10));
    free(users);
    free(hosts);
    fake_free(f);
}

static void test_full_contexts_work_too(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    f->config.full_contexts = true;
    fake_file(
        f, "main.js",
        "import http from 'k6/http'; Array.prototype.x = 1;\n"
        "export default async function () { await null; console.log([].x, http.get.name); }\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_int_equal(fake_user(f, 2), 0);
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_string_equal(fake_told(f), "info 1 get\ninfo 1 get\n");
    fake_free(f);
}

/* What is registered is collected while nobody runs; its callback must not be left behind. */
static void test_finalization_is_harmless(void **state)
{
    struct script_host hosts[2];
    struct fake *f = fake_new();
    void *users[2];

    (void)state;
    fake_file(f, "main.js",
              "const r = new FinalizationRegistry(held => console.log('gone', held.i));\n"
              "export default function () {\n"
              "  for (let i = 0; i < 3000; i++) {\n"
              "    const o = {}; o.o = o; if (i % 100 === 0) r.register(o, { i });\n"
              "  }\n"
              "}\n");
    assert_int_equal(fake_load(f), 0);
    for (size_t i = 0; i < countof(users); i++)
        users[i] = new_user(f, &hosts[i], i + 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(iterate(f, users[i % 2], "default"), 0);
    for (size_t i = 0; i < countof(users); i++)
        script_js_ops.vu_free(users[i]);
    fake_free(f);
}

static struct script_stats stats_of(struct fake *f)
{
    struct script_stats stats;

    script_js_ops.loop_stats(f->loop, &stats);
    return stats;
}

static void test_cost_is_counted(void **state)
{
    struct fake *f = fake_new();

    (void)state;
    fake_file(f, "main.js",
              "const make = n => { for (let i = 0; i < n; i++) { const o = {}; o.o = o; } };\n"
              "export function idle() {}\n"
              "export function some() { make(4000); }\n"
              "export function many() { make(1500000); }\n");
    assert_int_equal(fake_load(f), 0);
    assert_int_equal(fake_user(f, 1), 0);
    assert_int_equal(fake_iterate(f, "idle"), 0);
    struct script_stats start = stats_of(f);

    assert_true(start.script_ns > 0);
    assert_int_equal(start.n_gc, 0);
    assert_int_equal(start.gc_ns, 0);
    /* Enough for a collection after the iteration, and not for one inside. */
    assert_int_equal(fake_iterate(f, "some"), 0);
    struct script_stats one = stats_of(f);

    assert_int_equal(one.n_gc, 1);
    assert_true(one.script_ns > start.script_ns);
    assert_true(one.gc_ns > 0);
    /* Garbage of far more than 64 MiB: collected while the script runs, and on nobody's bill twice.
     */
    assert_int_equal(fake_iterate(f, "many"), 0);
    struct script_stats all = stats_of(f);

    assert_in_range(all.n_gc, 3, 20);
    assert_true(all.gc_max_ns > one.gc_max_ns);
    assert_true(all.gc_ns >= all.gc_max_ns);
    assert_true(one.gc_max_cpu > 0);
    assert_true(all.gc_max_cpu > one.gc_max_cpu);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_globals_belong_to_one_user),
        cmocka_unit_test(test_users_interleave_while_suspended),
        cmocka_unit_test(test_changed_builtins_give_full_contexts),
        cmocka_unit_test(test_a_thousand_users_five_times),
        cmocka_unit_test(test_full_contexts_work_too),
        cmocka_unit_test(test_finalization_is_harmless),
        cmocka_unit_test(test_cost_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
