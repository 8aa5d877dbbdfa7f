/*
 * A group: one runtime for up to 64 users, so that built-ins, k6 modules and bytecode are paid for
 * once, while a collection still touches few enough objects to be short. Collections are ours to
 * start and to time: whenever a user leaves the script or waits in it, or inside a stretch that
 * piles up garbage. QuickJS starts one by itself, untimed, only where garbage comes in pieces so
 * large that we were not asked in between.
 */
#include <assert.h>

#include "base/mem.h"
#include "script/js/js_json.h"
#include "script/js/js_script.h"

enum {
    GC_GROWTH = 64 << 10,      /* bytes of growth worth a collection; more would make it long */
    GC_INIT = 1 << 20,         /* made by the init code of one user, which may be garbage */
    GC_FULL_MIN = 256 << 10,   /* growth of what survives, beyond a quarter, worth a full one */
    GC_EMERGENCY = 64 << 20,   /* growth that starts one inside an iteration */
    GC_DISASTER = 192 << 20,   /* growth at which QuickJS does */
    STACK_DEFAULT = 192 << 10, /* bytes below the entering frame, stack_low unknown */
    STACK_RESERVE = 12 << 10,  /* left for native code below script code */
};

/* Only this loop's thread writes; others read it whole. */
static void add_ticks(_Atomic uint64_t *total, uint64_t n)
{
    atomic_store_explicit(total, atomic_load_explicit(total, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Whether so much has survived that cycles among it may be garbage by now. */
static bool is_full_due(const struct js_group *g)
{
    size_t last = g->heap_after_full;

    return last && js_heap_bytes(g->rt) > last + last / 4 + GC_FULL_MIN;
}

/*
 * Looks at what was made since the last collection; what survives is set apart from the next ones.
 * Built-ins, modules and what users made in their init code are most of the heap, and stay: the
 * length of a collection hangs on the garbage alone. Once in a while all is looked at.
 */
static void collect_young(struct js_group *g)
{
    JS_RunGC(g->rt);
    if (is_full_due(g)) {
        js_give_back(g->rt, &g->old);
        JS_RunGC(g->rt);
        g->heap_after_full = 0;
    }
    js_set_apart(g->rt, &g->old);
    g->heap_after_gc = js_heap_bytes(g->rt);
    if (!g->heap_after_full)
        g->heap_after_full = g->heap_after_gc;
}

/* Collects; a script that is running meanwhile is not charged for it. */
static void collect(struct js_group *g)
{
    struct js_loop *loop = g->loop;
    span_ns cpu = clock_thread_cpu();
    uint64_t before = ticks_now();

    collect_young(g);
    JS_SetGCThreshold(g->rt, g->heap_after_gc + GC_DISASTER);
    uint64_t took = ticks_now() - before;

    cpu = clock_thread_cpu() - cpu;

    add_ticks(&loop->shared.gc, took);
    add_ticks(&loop->shared.n_gc, 1);
    if (took > atomic_load_explicit(&loop->shared.gc_max, memory_order_relaxed))
        atomic_store_explicit(&loop->shared.gc_max, took, memory_order_relaxed);
    if (cpu > atomic_load_explicit(&loop->shared.gc_max_cpu, memory_order_relaxed))
        atomic_store_explicit(&loop->shared.gc_max_cpu, cpu, memory_order_relaxed);
    if (g->current)
        loop->entered += took;
}

/* Stops script code that was interrupted or runs past its deadline; looks after its garbage. */
static int on_interrupt(JSRuntime *rt, void *opaque)
{
    struct js_group *g = opaque;
    struct js_vu *vu = g->current;
    mono_ns deadline;

    if (unlikely(js_heap_bytes(rt) > g->heap_after_gc + GC_EMERGENCY))
        collect(g);
    if (!vu)
        return 0;
    deadline = __atomic_load_n(&vu->deadline, __ATOMIC_RELAXED);
    if (deadline && !vu->interrupted && clock_mono() >= deadline)
        vu->interrupted = vu->timed_out = true;
    return vu->interrupted;
}

struct js_group *js_group_new(struct js_loop *loop)
{
    struct js_group *g = xnew(struct js_group);

    g->rt = JS_NewRuntime();
    if (!g->rt)
        abort(); /* as xmalloc does when memory is out */
    g->loop = loop;
    list_init(&g->users);
    list_init(&g->old);
    JS_SetRuntimeOpaque(g->rt, g);
    JS_SetMaxStackSize(g->rt, 0); /* the limit comes with each user's stack */
    JS_SetGCThreshold(g->rt, GC_DISASTER);
    JS_SetInterruptHandler(g->rt, on_interrupt, g);
    js_event_setup(g->rt);
    js_module_setup(g->rt);
    if (!loop->script->full_contexts) {
        g->realm = js_realm_new(g);
        if (!g->realm) {
            js_group_free(g);
            return NULL;
        }
    }
    g->heap_after_gc = js_heap_bytes(g->rt);
    list_add_tail(&loop->groups, &g->link);
    return g;
}

static void tag_cache_clear(struct js_group *g)
{
    for (size_t i = 0; i < TAG_CACHE_SIZE; i++) {
        struct js_tag_entry *e = &g->tags[i];

        for (uint32_t j = 0; j < e->n; j++)
            JS_FreeValueRT(g->rt, e->values[j]);
        js_shape_drop(g->rt, e->shape);
        *e = (struct js_tag_entry){0};
    }
}

void js_group_free(struct js_group *g)
{
    if (!g)
        return;
    if (g->link.next)
        list_remove(&g->link);
    js_give_back(g->rt, &g->old);
    tag_cache_clear(g);
    js_realm_free(g->realm);
    JS_FreeRuntime(g->rt);
    free(g);
}

/* Says once when users of the group see each other through a changed built-in object. */
static void watch_builtins(struct js_group *g)
{
    struct js_vu *vu;
    JSAtom name;

    if (!g->realm || g->told_changed || list_empty(&g->users) ||
        !js_builtins_changed(g->realm->ctx, g->realm->watch, &name))
        return;
    g->told_changed = true;
    JS_FreeAtom(g->realm->ctx, name);
    vu = list_entry(g->users.next, struct js_vu, link);
    vu->host->ops->log(
        vu->host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE,
        STR("The script changed a built-in object while running; several VUs share it. Run with "
            "--full-contexts to give each VU built-in objects of its own."));
}

void js_group_rest(struct js_group *g)
{
    size_t now = js_heap_bytes(g->rt);

    if (now < g->heap_after_gc + GC_GROWTH)
        return;
    collect(g);
    watch_builtins(g);
}

void js_group_settle(struct js_group *g)
{
    if (js_heap_bytes(g->rt) > g->heap_after_gc + GC_INIT) {
        collect(g);
        return;
    }
    js_set_apart(g->rt, &g->old);
    g->heap_after_gc = js_heap_bytes(g->rt);
}

/* ---- realms ---- */

static int realm_fill(struct js_realm *r)
{
    JSValue exports[JS_MODULES_MAX];
    size_t n = 0;

    r->json = js_json_new(r->ctx);
    if (js_globals_define(r->ctx) < 0 || js_json_install(r->json, r->ctx) < 0)
        return -1;
    if (!r->shared)
        return 0;
    /* Modules are made now so that they are closed together with the rest. */
    for (size_t i = 0; i < js_n_modules; i++) {
        if (js_modules[i]->unsupported)
            continue;
        if (js_builtin_get(r->ctx, i, NULL, &exports[n]) < 0)
            return -1;
        JS_FreeValue(r->ctx, exports[n++]);
    }
    r->watch = js_builtins_take(r->ctx, exports, n);
    js_builtins_close(r->watch);
    return 0;
}

struct js_realm *js_realm_new(struct js_group *g)
{
    struct js_realm *r = xnew(struct js_realm);
    r->ctx = JS_NewContext(g->rt);
    if (!r->ctx)
        abort();
    list_init(&r->home);
    r->import_meta_resolve = r->go_error_proto = JS_UNDEFINED;
    for (size_t i = 0; i < JS_MODULES_MAX; i++)
        r->builtin_exports[i] = JS_UNDEFINED;
    JS_SetContextOpaque(r->ctx, r);
    r->shared = !g->loop->script->full_contexts;
    if (realm_fill(r) == 0)
        return r;
    js_realm_free(r);
    return NULL;
}

void js_realm_free(struct js_realm *r)
{
    if (!r)
        return;
    js_builtins_free(r->watch);
    for (size_t i = 0; i < JS_MODULES_MAX; i++)
        JS_FreeValue(r->ctx, r->builtin_exports[i]);
    for (size_t i = 0; i < r->n_templates; i++) {
        if (JS_VALUE_GET_TAG(r->templates[i]) != JS_TAG_MODULE)
            JS_FreeValue(r->ctx, r->templates[i]);
    }
    free(r->templates);
    JS_FreeValue(r->ctx, r->import_meta_resolve);
    JS_FreeValue(r->ctx, r->go_error_proto);
    js_json_free(r->json);
    js_module_list_free(r->ctx, &r->home);
    JS_FreeContext(r->ctx);
    free(r);
}

/* ---- running users ---- */

struct js_vu *js_vu_of(JSContext *ctx)
{
    const struct js_group *g = JS_GetRuntimeOpaque(JS_GetRuntime(ctx));

    return g->current;
}

static uintptr_t stack_floor(const struct js_vu *vu, uintptr_t top)
{
    if (vu->host->stack_low)
        return vu->host->stack_low + STACK_RESERVE;
    return top - STACK_DEFAULT;
}

static void run_user(struct js_vu *vu)
{
    vu->group->current = vu;
    vu->running = true;
    vu->loop->entered = ticks_now();
    js_swap_in(vu->ctx, &vu->swap);
}

void js_enter(struct js_vu *vu)
{
    uintptr_t top = (uintptr_t)__builtin_frame_address(0);

    assert(!vu->group->current && !vu->running);
    vu->swap.frame = NULL;
    vu->swap.stack_top = top;
    vu->swap.stack_low = stack_floor(vu, top);
    run_user(vu);
}

void js_leave(struct js_vu *vu)
{
    assert(vu->group->current == vu && vu->running);
    js_swap_out(vu->ctx, &vu->swap);
    add_ticks(&vu->loop->shared.script, ticks_now() - vu->loop->entered);
    vu->group->current = NULL;
    vu->running = false;
}

void js_suspend(struct js_vu *vu)
{
    js_leave(vu);
    js_group_rest(vu->group);
}

void js_resume(struct js_vu *vu)
{
    assert(!vu->group->current && !vu->running);
    run_user(vu);
}

struct js_json *js_json_of(JSContext *ctx)
{
    return js_realm_of(ctx)->json;
}
