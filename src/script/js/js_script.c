/*
 * Loading: the first init of §1.1. The init code runs once for a throw-away user numbered 0, in a
 * context of its own; that run finds all modules and files, the exports and the options, and shows
 * whether the script changes built-in objects. If it does, users cannot share them, and every user
 * gets a full context.
 */
#include "script/js/js_script.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "script/js/module_url.h"

/* ---- the names of a script ---- */

static char *main_url_of(const char *path)
{
    scoped(freep) char *cwd = getcwd(NULL, 0);
    struct buf url = {0};

    if (module_is_remote(str_of(path)))
        return xstrdup(path);
    if (str_starts(str_of(path), STR("file://")))
        path += strlen("file://");
    module_url_of_path(str_of(cwd ? cwd : "/"), str_of(path), &url);
    return buf_take(&url, NULL);
}

int js_script_find_export(struct script *s, const char *name)
{
    for (size_t i = 0; i < s->n_exports; i++) {
        if (s->exports[i].callable && strcmp(s->exports[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* ---- what the first init found ---- */

static void add_export(struct js_vu *vu, const char *name)
{
    struct script *s = &vu->script->base;
    JSValue v = js_main_export(vu, name);

    s->exports = xrealloc(s->exports, (s->n_exports + 1) * sizeof(*s->exports));
    s->exports[s->n_exports++] = (struct script_export){
        .name = xstrdup(name),
        .callable = strcmp(name, "options") != 0 && JS_IsFunction(vu->ctx, v),
    };
    JS_FreeValue(vu->ctx, v);
}

static void find_exports(struct js_vu *vu)
{
    JSContext *ctx = vu->ctx;
    JSValue names = js_main_names(vu);
    int64_t n = 0;

    ignored(JS_GetLength(ctx, names, &n));
    for (int64_t i = 0; i < n; i++) {
        JSValue name = JS_GetPropertyInt64(ctx, names, i);
        struct str s = js_str(ctx, name);

        if (s.p)
            add_export(vu, s.p);
        js_str_fini(ctx, s);
        JS_FreeValue(ctx, name);
    }
    JS_FreeValue(ctx, names);
}

/* A named export must be a function when it is there at all. */
static int check_function(struct js_vu *vu, const char *name, bool *ret_has)
{
    JSValue v = js_main_export(vu, name);
    bool there = !js_nullish(v), callable = JS_IsFunction(vu->ctx, v);

    JS_FreeValue(vu->ctx, v);
    *ret_has = there;
    if (there && !callable)
        return fault(-EINVAL, "exported '%s' must be a function", name);
    return 0;
}

static int find_options(struct js_vu *vu)
{
    JSValue options = js_main_export(vu, "options"), json;
    struct str text;

    if (js_nullish(options)) {
        JS_FreeValue(vu->ctx, options);
        return 0;
    }
    json = JS_JSONStringify(vu->ctx, options, JS_UNDEFINED, JS_UNDEFINED);
    JS_FreeValue(vu->ctx, options);
    if (JS_IsException(json))
        return -1;
    text = JS_IsUndefined(json) ? (struct str){0} : js_str(vu->ctx, json);
    if (text.p)
        vu->script->base.options_json = xstrndup(text.p, text.n);
    js_str_fini(vu->ctx, text);
    JS_FreeValue(vu->ctx, json);
    return 0;
}

static bool any_callable(const struct script *s)
{
    for (size_t i = 0; i < s->n_exports; i++) {
        if (s->exports[i].callable)
            return true;
    }
    return false;
}

static int examine(struct js_vu *vu)
{
    struct script *s = &vu->script->base;
    JSValue summary;

    find_exports(vu);
    TRY(check_function(vu, "setup", &s->has_setup));
    TRY(check_function(vu, "teardown", &s->has_teardown));
    summary = js_main_export(vu, "handleSummary");
    s->has_handle_summary = !js_nullish(summary);
    JS_FreeValue(vu->ctx, summary);
    if (!any_callable(s))
        return fault(-EINVAL, "no exported functions in script");
    if (find_options(vu) < 0) {
        struct buf text = {0};
        JSValue e = JS_GetException(vu->ctx);
        int r;

        js_error_text(vu->ctx, e, &text);
        r = fault(FAULT_EXIT(104), "cannot read the exported options: %s", buf_cstr(&text));
        buf_fini(&text);
        JS_FreeValue(vu->ctx, e);
        return r;
    }
    return 0;
}

/* ---- the first init ---- */

/* Keeps the text of an exception that ends the load, so that it becomes the fault's. */
struct load_host {
    struct script_host host; /* the caller's, with exception() caught here */
    struct script_host_ops ops;
    struct script_host *caller;
    struct buf exception;
    struct buf abort;
};

static uint64_t catch_exception(struct script_host *h, const struct script_exception *e)
{
    struct load_host *l = container_of(h, struct load_host, host);

    buf_reset(&l->exception);
    ignored(buf_add(&l->exception, e->stack.p, e->stack.n));
    return 0;
}

static void catch_abort(struct script_host *h, struct str message)
{
    struct load_host *l = container_of(h, struct load_host, host);

    buf_reset(&l->abort);
    ignored(buf_add(&l->abort, message.p, message.n));
}

static void forward_log(struct script_host *h, enum script_log_level level,
                        enum script_log_source source, struct str message)
{
    struct load_host *l = container_of(h, struct load_host, host);

    l->caller->ops->log(l->caller, level, source, message);
}

static mono_ns forward_now(struct script_host *h)
{
    struct load_host *l = container_of(h, struct load_host, host);

    return l->caller->ops->now ? l->caller->ops->now(l->caller) : clock_mono();
}

/* The load runs on no coroutine: nobody else waits meanwhile. */
static int wait_here(struct script_host *h, mono_ns due)
{
    struct timespec t;
    span_ns span = due ? due - forward_now(h) : 0;

    if (span > 0) {
        t = (struct timespec){.tv_sec = span / NS_PER_S, .tv_nsec = span % NS_PER_S};
        ignored(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL));
    }
    return 0;
}

static int sleep_here(struct script_host *h, span_ns span)
{
    return span > 0 ? wait_here(h, forward_now(h) + span) : 0;
}

static int forward_secret(struct script_host *h, struct str source, struct str key,
                          struct buf *ret_value)
{
    struct load_host *l = container_of(h, struct load_host, host);

    return l->caller->ops->secret(l->caller, source, key, ret_value);
}

static void load_host_init(struct load_host *l, struct script_host *caller)
{
    l->caller = caller;
    l->host = *caller;
    l->host.phase = SCRIPT_INIT;
    l->host.vu_id = 0;
    l->host.iteration = -1;
    l->host.ops = &l->ops;
    l->ops = (struct script_host_ops){
        .sleep = sleep_here,
        .wait_event = wait_here,
        .now = forward_now,
        .log = forward_log,
        .exception = catch_exception,
        .secret = caller->ops->secret ? forward_secret : NULL,
        .abort = catch_abort,
    };
}

static void load_host_fini(struct load_host *l)
{
    buf_fini(&l->exception);
    buf_fini(&l->abort);
}

/* A script's own error is the fault as it stands; file errors met by import keep theirs. */
static int load_failed(struct load_host *l, int condition)
{
    if (condition == SCRIPT_E_ABORTED)
        return fault(FAULT_EXIT(108), "%s", buf_cstr(&l->abort));
    while (l->exception.len && l->exception.data[l->exception.len - 1] == '\n')
        l->exception.len--;
    return fault(FAULT_EXIT(107), "%s", buf_cstr(&l->exception));
}

static void warn_changed(struct load_host *l, JSContext *ctx, JSAtom name)
{
    const char *word = name != JS_ATOM_NULL ? JS_AtomToCString(ctx, name) : NULL;
    scoped(freep) char *text = xasprintf(
        "The script changes built-in objects%s%s%s: each VU gets its own, as with --full-contexts; "
        "a VU then costs several times the memory",
        word ? " (" : "", word ? word : "", word ? ")" : "");

    forward_log(&l->host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, str_of(text));
    if (word)
        JS_FreeCString(ctx, word);
}

static struct js_builtins *watch_all(struct js_vu *vu)
{
    JSValue extra[JS_MODULES_MAX];
    struct js_builtins *watch;
    size_t n = 0;

    for (size_t i = 0; i < js_n_modules; i++) {
        if (js_modules[i]->unsupported)
            continue;
        if (js_builtin_get(vu->ctx, i, NULL, &extra[n]) < 0) {
            JS_FreeValue(vu->ctx, JS_GetException(vu->ctx));
        } else {
            n++;
        }
    }
    watch = js_builtins_take(vu->ctx, extra, n);
    while (n)
        JS_FreeValue(vu->ctx, extra[--n]);
    return watch;
}

static int first_init(struct js_script *s, struct load_host *l, struct js_vu *vu)
{
    struct js_builtins *watch = watch_all(vu);
    JSAtom name = JS_ATOM_NULL;
    int r = js_vu_init(vu);

    if (r == 0 && !s->config.full_contexts && js_builtins_changed(vu->ctx, watch, &name)) {
        warn_changed(l, vu->ctx, name);
        s->wants_full = true;
    }
    JS_FreeAtom(vu->ctx, name);
    js_builtins_free(watch);
    if (r)
        return load_failed(l, r);
    js_enter(vu);
    r = examine(vu);
    js_leave(vu);
    return r;
}

static int load_first(struct js_script *s, struct script_host *host)
{
    struct load_host l = {0};
    void *loop = NULL;
    struct js_source *source;
    struct js_vu *vu;
    int r;

    /* Errors of the main file itself keep their own exit code. */
    TRY(js_source_get(s, str_of(s->main_url), &source));
    load_host_init(&l, host);
    r = js_script_loop_open(&s->base, &loop);
    vu = r == 0 ? js_vu_create(s, loop, &l.host) : NULL;
    r = vu ? first_init(s, &l, vu) : fault(-ENOMEM, "cannot make a JavaScript context");
    js_vu_destroy(vu);
    js_script_loop_close(loop);
    load_host_fini(&l);
    return r;
}

int js_script_load(const struct script_config *config, struct script_host *host,
                   struct script **ret_script)
{
    struct js_script *s = xnew(struct js_script);
    int r;

    s->base.ops = &script_js_ops;
    s->config = *config;
    s->main_url = main_url_of(config->path);
    s->users_per_group =
        config->users_per_runtime > 0 ? (unsigned)config->users_per_runtime : JS_GROUP_USERS;
    pthread_mutex_init(&s->shared.lock, NULL);
    if (secure_random(&s->seed, sizeof(s->seed)) < 0)
        s->seed = (uint64_t)clock_wall();
    s->full_contexts = true; /* for the first init */
    r = load_first(s, host);
    if (r < 0) {
        js_script_free(&s->base);
        return r;
    }
    s->full_contexts = config->full_contexts || s->wants_full;
    s->loaded = true;
    *ret_script = &s->base;
    return 0;
}

void js_script_free(struct script *base)
{
    struct js_script *s;

    if (!base)
        return;
    s = js_script_of(base);
    for (size_t i = 0; i < base->n_exports; i++)
        free(base->exports[i].name);
    free(base->exports);
    free(base->options_json);
    free(base->text);
    js_sources_free(s);
    js_shared_arrays_free(s);
    table_fini(&s->unknown);
    pthread_mutex_destroy(&s->shared.lock);
    free(s->main_url);
    free(s);
}

/* ---- loops ---- */

int js_script_loop_open(struct script *s, void **ret_loop)
{
    struct js_loop *loop = xnew(struct js_loop);

    loop->script = js_script_of(s);
    list_init(&loop->groups);
    loop->origin = ticks_origin_now();
    *ret_loop = loop;
    return 0;
}

void js_script_loop_stats(const void *script_loop, struct script_stats *ret_stats)
{
    const struct js_loop *loop = script_loop;
    struct ticks_origin now = ticks_origin_now();

    *ret_stats = (struct script_stats){
        .script_ns = ticks_to_ns(atomic_load(&loop->shared.script), loop->origin, now),
        .gc_ns = ticks_to_ns(atomic_load(&loop->shared.gc), loop->origin, now),
        .gc_max_ns = ticks_to_ns(atomic_load(&loop->shared.gc_max), loop->origin, now),
        .gc_max_cpu = atomic_load(&loop->shared.gc_max_cpu),
        .n_gc = atomic_load(&loop->shared.n_gc),
    };
}

void js_script_loop_close(void *script_loop)
{
    struct js_loop *loop = script_loop;

    if (!loop)
        return;
    while (!list_empty(&loop->groups))
        js_group_free(list_entry(loop->groups.next, struct js_group, link));
    free(loop);
}
