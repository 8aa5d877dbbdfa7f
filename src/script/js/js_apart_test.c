/* Objects set apart from collections: what a collection then frees, leaves, and finds later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "script/js/quickjs_glue.h"

struct fixture {
    JSRuntime *rt;
    JSContext *ctx;
    struct list apart;
};

static void open_runtime(struct fixture *f)
{
    f->rt = JS_NewRuntime();
    f->ctx = JS_NewContext(f->rt);
    JS_SetGCThreshold(f->rt, SIZE_MAX);
    list_init(&f->apart);
}

/* With a runtime that still has an object QuickJS ends the program. */
static void close_runtime(struct fixture *f)
{
    js_give_back(f->rt, &f->apart);
    assert_true(list_empty(&f->apart));
    JS_FreeContext(f->ctx);
    JS_FreeRuntime(f->rt);
}

static void run(struct fixture *f, const char *code)
{
    JSValue v = JS_Eval(f->ctx, code, strlen(code), "test", JS_EVAL_TYPE_GLOBAL);

    assert_false(JS_IsException(v));
    JS_FreeValue(f->ctx, v);
}

#define CYCLES                                                           \
    "for (let i = 0; i < 1000; i++) { const a = { i }, b = { a, n: []};" \
    " a.b = b; b.n.push(a); }"

/* Runs the code until nothing new is left behind by it; then what it leaves is its garbage. */
static size_t settle(struct fixture *f)
{
    run(f, CYCLES);
    JS_RunGC(f->rt);
    js_set_apart(f->rt, &f->apart);
    return js_heap_bytes(f->rt);
}

static void new_garbage_is_found(void **state)
{
    (void)state;
    struct fixture f;

    open_runtime(&f);
    size_t before = settle(&f);

    run(&f, CYCLES);
    assert_true(js_heap_bytes(f.rt) > before + 100000);
    JS_RunGC(f.rt);
    assert_true(js_heap_bytes(f.rt) < before + 4000);
    close_runtime(&f);
}

/* A cycle that was alive when it was set apart is garbage later: only a look at all finds it. */
static void old_garbage_is_found_once_given_back(void **state)
{
    (void)state;
    struct fixture f;

    open_runtime(&f);
    size_t before = settle(&f);

    run(&f, "var kept = []; for (let i = 0; i < 1000; i++) { const o = { i }; o.me = o; "
            "kept.push(o); }");
    js_set_apart(f.rt, &f.apart);
    run(&f, "kept = null;");
    JS_RunGC(f.rt);
    assert_true(js_heap_bytes(f.rt) > before + 50000);
    js_give_back(f.rt, &f.apart);
    JS_RunGC(f.rt);
    assert_true(js_heap_bytes(f.rt) < before + 4000);
    close_runtime(&f);
}

/* What an old object refers to lives; an old object that only new garbage refers to is lost, and
 * found later. */
static void references_cross_the_border(void **state)
{
    (void)state;
    struct fixture f;

    open_runtime(&f);
    run(&f, "var old = { list: [] }, lone = { name: 'x'.repeat(20000) };");
    settle(&f);
    run(&f, "for (let i = 0; i < 100; i++) { const o = { i }; o.me = o; old.list.push(o); }");
    JS_RunGC(f.rt);
    run(&f,
        "for (let i = 0; i < 100; i++) if (old.list[i].me.i !== i) throw new Error('lost ' + i);");
    size_t before = js_heap_bytes(f.rt);

    run(&f, "{ const c = { lone }; c.c = c; } lone = null;");
    JS_RunGC(f.rt);
    js_give_back(f.rt, &f.apart);
    JS_RunGC(f.rt);
    assert_true(js_heap_bytes(f.rt) + 15000 < before);
    run(&f, "if (old.list.length !== 100) throw new Error('lost');");
    close_runtime(&f);
}

/* Freed by their count while they are apart, they leave the list by themselves. */
static void counts_still_free(void **state)
{
    (void)state;
    struct fixture f;

    open_runtime(&f);
    size_t before = settle(&f);

    run(&f, "var many = []; for (let i = 0; i < 1000; i++) many.push({ i, f: () => i });");
    js_set_apart(f.rt, &f.apart);
    run(&f, "many = null;");
    assert_true(js_heap_bytes(f.rt) < before + 8000);
    JS_RunGC(f.rt);
    close_runtime(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_garbage_is_found),
        cmocka_unit_test(old_garbage_is_found_once_given_back),
        cmocka_unit_test(references_cross_the_border),
        cmocka_unit_test(counts_still_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
