/*
 * setTimeout() and its kin (§1.8): a small heap per user, ordered by due time and, at the same
 * time, by age. Ids count from 1 in one space for both kinds.
 */
#include <inttypes.h>
#include <math.h>

#include "base/mem.h"
#include "script/js/js_script.h"

enum {
    TIMERS_MAX = 1 << 20,       /* of one user at once */
    INTERVAL_MIN = 1000 * 1000, /* ns; shorter ones would never let other users run */
};

struct js_timer {
    mono_ns due;
    uint64_t age;   /* order among equals */
    span_ns period; /* 0: once */
    uint32_t id;
    uint32_t n_args;
    JSValue function;
    JSValue *args; /* heap */
};

/* ---- the heap ---- */

static bool before(const struct js_timer *a, const struct js_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->age < b->age;
}

static void swap(struct js_timer *a, struct js_timer *b)
{
    struct js_timer t = *a;

    *a = *b;
    *b = t;
}

static void sift_up(struct js_timer *heap, size_t i)
{
    while (i > 0 && before(&heap[i], &heap[(i - 1) / 2])) {
        swap(&heap[i], &heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct js_timer *heap, size_t n, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= n)
            return;
        if (child + 1 < n && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &heap[i]))
            return;
        swap(&heap[child], &heap[i]);
        i = child;
    }
}

static void heap_push(struct js_vu *vu, struct js_timer timer)
{
    vec_push(vu->timers, vu->n_timers, vu->cap_timers) = timer;
    sift_up(vu->timers, vu->n_timers - 1);
}

static struct js_timer heap_take(struct js_vu *vu, size_t i)
{
    struct js_timer taken = vu->timers[i];

    vu->timers[i] = vu->timers[--vu->n_timers];
    if (i < vu->n_timers) {
        sift_up(vu->timers, i);
        sift_down(vu->timers, vu->n_timers, i);
    }
    return taken;
}

static void timer_fini(JSContext *ctx, struct js_timer *t)
{
    JS_FreeValue(ctx, t->function);
    for (uint32_t i = 0; i < t->n_args; i++)
        JS_FreeValue(ctx, t->args[i]);
    free(t->args);
}

/* ---- running ---- */

mono_ns js_timers_due(const struct js_vu *vu)
{
    return vu->n_timers ? vu->timers[0].due : 0;
}

int js_timers_run(struct js_vu *vu, mono_ns now)
{
    struct js_timer t;
    JSValue r;

    if (vu->n_timers == 0 || vu->timers[0].due > now)
        return 0;
    t = heap_take(vu, 0);
    vu->running_timer = t.period ? t.id : 0;
    r = JS_Call(vu->ctx, t.function, JS_UNDEFINED, (int)t.n_args, t.args);
    /* A callback that cleared its own interval has set running_timer to 0. */
    if (t.period && vu->running_timer == t.id && !JS_IsException(r)) {
        t.due += t.period;
        if (t.due < now)
            t.due = now + t.period;
        t.age = vu->timer_age++;
        heap_push(vu, t);
    } else {
        timer_fini(vu->ctx, &t);
    }
    vu->running_timer = 0;
    JS_FreeValue(vu->ctx, r);
    return JS_IsException(r) ? -1 : 1;
}

void js_timers_drop(struct js_vu *vu, bool tell)
{
    while (vu->n_timers) {
        struct js_timer t = heap_take(vu, 0);

        if (tell) {
            js_warn(vu->ctx, "%s %" PRIu32 " was stopped because the VU iteration was interrupted",
                    t.period ? "setInterval" : "setTimeout", t.id);
        }
        timer_fini(vu->ctx, &t);
    }
}

/* ---- the functions ---- */

static const char *const names[] = {"setTimeout", "setInterval"};

static span_ns delay_of(double ms)
{
    if (!(ms > 0))
        return 0;
    if (ms > 1e12)
        ms = 1e12;
    return (span_ns)(ms * (double)NS_PER_MS);
}

/* magic: 0 setTimeout, 1 setInterval */
static JSValue set_timer(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv,
                         int magic)
{
    struct js_vu *vu = js_vu_of(ctx);
    struct js_timer t = {0};
    double ms = 0;

    (void)this_val;
    if (argc < 1 || !JS_IsFunction(ctx, argv[0]))
        return js_throw(ctx, "%s's callback isn't a callable function", names[magic]);
    if (argc > 1 && !js_nullish(argv[1]) && JS_ToFloat64(ctx, &ms, argv[1]) < 0)
        return JS_EXCEPTION;
    if (vu->n_timers >= TIMERS_MAX)
        return js_throw(ctx, "%s: more than %d timers are pending", names[magic], TIMERS_MAX);
    t.function = JS_DupValue(ctx, argv[0]);
    t.n_args = argc > 2 ? (uint32_t)(argc - 2) : 0;
    t.args = t.n_args ? xnew_n(JSValue, t.n_args) : NULL;
    for (uint32_t i = 0; i < t.n_args; i++)
        t.args[i] = JS_DupValue(ctx, argv[i + 2]);
    t.id = ++vu->last_timer_id;
    t.age = vu->timer_age++;
    t.period = magic ? delay_of(ms) : 0;
    if (magic && t.period < INTERVAL_MIN)
        t.period = INTERVAL_MIN;
    t.due = vu->host->ops->now(vu->host) + (magic ? t.period : delay_of(ms));
    heap_push(vu, t);
    return JS_NewUint32(ctx, t.id);
}

static JSValue clear_timer(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv,
                           int magic)
{
    struct js_vu *vu = js_vu_of(ctx);
    uint32_t id;

    (void)this_val;
    (void)magic;
    if (argc < 1 || js_nullish(argv[0]))
        return JS_UNDEFINED;
    if (JS_ToUint32(ctx, &id, argv[0]) < 0)
        return JS_EXCEPTION;
    if (id && id == vu->running_timer)
        vu->running_timer = 0;
    for (size_t i = 0; i < vu->n_timers; i++) {
        if (vu->timers[i].id == id) {
            struct js_timer t = heap_take(vu, i);

            timer_fini(ctx, &t);
            break;
        }
    }
    return JS_UNDEFINED;
}

static const struct {
    const char *name;
    JSCFunctionMagic *function;
    int magic;
} functions[] = {
    {"setTimeout", set_timer, 0},
    {"setInterval", set_timer, 1},
    {"clearTimeout", clear_timer, 0},
    {"clearInterval", clear_timer, 0},
};

/* As enumerable properties, so that they serve as a module's exports too. */
int js_timers_define(JSContext *ctx, JSValueConst target)
{
    for (size_t i = 0; i < countof(functions); i++) {
        JSValue f = JS_NewCFunctionMagic(ctx, functions[i].function, functions[i].name, 1,
                                         JS_CFUNC_generic_magic, functions[i].magic);

        if (JS_DefinePropertyValueStr(ctx, target, functions[i].name, f, JS_PROP_C_W_E) < 0)
            return -1;
    }
    return 0;
}

static int init(JSContext *ctx, JSValueConst exports)
{
    return js_timers_define(ctx, exports);
}

const struct js_module js_module_timers = {.name = "k6/timers", .init = init};
