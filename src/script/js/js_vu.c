/*
 * A user's life: made, init code run, exported functions called again and again, freed. Each call
 * into the script has one form: enter, call, run the event loop until it is empty, conclude, leave,
 * and let the group collect its garbage while nobody runs.
 */
#include <errno.h>

#include "base/mem.h"
#include "script/js/js_script.h"

/* ---- making and freeing ---- */

static struct js_group *group_with_room(struct js_loop *loop)
{
    struct js_group *g;

    /* The newest first: the others are full unless users have left. */
    if (!list_empty(&loop->groups)) {
        g = list_entry(loop->groups.prev, struct js_group, link);
        if (g->n_users < loop->script->users_per_group)
            return g;
    }
    list_each(g, &loop->groups, link) {
        if (g->n_users < loop->script->users_per_group)
            return g;
    }
    return js_group_new(loop);
}

static void vu_init_lists(struct js_vu *vu)
{
    list_init(&vu->tasks);
    list_init(&vu->rejections);
    list_init(&vu->link);
    vu->setup_data = vu->env = vu->iter = vu->vu_id = JS_UNINITIALIZED;
}

struct js_vu *js_vu_create(struct js_script *s, struct js_loop *loop, struct script_host *host)
{
    struct js_group *g = group_with_room(loop);
    struct js_realm *own = NULL;
    struct js_vu *vu;

    if (!g || (s->full_contexts && !(own = js_realm_new(g))))
        return NULL;
    vu = xnew(struct js_vu);
    vu_init_lists(vu);
    vu->script = s;
    vu->loop = loop;
    vu->group = g;
    vu->host = host;
    vu->own_realm = own;
    vu->ctx = own ? own->ctx : g->realm->ctx;
    js_random_seed(vu, s->seed ^ host->vu_id * 0x9e3779b97f4a7c15u);
    if (js_swap_init(vu->ctx, &vu->swap, own != NULL) < 0)
        abort(); /* as xmalloc does when memory is out */
    list_add_tail(&g->users, &vu->link);
    g->n_users++;
    return vu;
}

static void free_modules_data(struct js_vu *vu)
{
    for (size_t i = 0; i < js_n_modules; i++) {
        if (vu->module_data[i] && js_modules[i]->vu_fini)
            js_modules[i]->vu_fini(vu, vu->module_data[i]);
        free(vu->module_data[i]);
    }
}

static void free_values(struct js_vu *vu)
{
    for (size_t i = 0; vu->exports && i < vu->script->base.n_exports; i++)
        JS_FreeValue(vu->ctx, vu->exports[i]);
    free(vu->exports);
    JS_FreeValue(vu->ctx, vu->setup_data);
    JS_FreeValue(vu->ctx, vu->env);
    JS_FreeValue(vu->ctx, vu->iter);
    JS_FreeValue(vu->ctx, vu->vu_id);
    js_required_free(vu);
}

void js_vu_destroy(struct js_vu *vu)
{
    struct js_group *g;

    if (!vu)
        return;
    g = vu->group;
    js_enter(vu);
    js_timers_drop(vu, false);
    js_event_drop(vu);
    free(vu->timers);
    free_modules_data(vu);
    free_values(vu);
    js_leave(vu);
    js_swap_fini(vu->ctx, &vu->swap);
    js_realm_free(vu->own_realm);
    list_remove(&vu->link);
    free(vu);
    g->n_users--;
    /* One empty group stays, so that a user who comes and goes doesn't make a runtime each time. */
    if (g->n_users == 0 && g->loop->groups.next != g->loop->groups.prev) {
        js_group_free(g);
    } else {
        js_group_rest(g);
    }
}

/* ---- the end of a call ---- */

static void tell_exception(struct js_vu *vu)
{
    JSValue e = JS_GetException(vu->ctx);
    struct buf text = {0};

    if (vu->rejected) {
        JSValue message = JS_GetPropertyStr(vu->ctx, e, "message");
        struct str s = js_str(vu->ctx, message);

        buf_putstr(&text, s);
        js_str_fini(vu->ctx, s);
        JS_FreeValue(vu->ctx, message);
    } else {
        js_error_text(vu->ctx, e, &text);
    }
    vu->host->ops->exception(
        vu->host, &(struct script_exception){.line = buf_str(&text), .stack = buf_str(&text)});
    buf_fini(&text);
    JS_FreeValue(vu->ctx, e);
}

static int condition_of(const struct js_vu *vu, bool failed)
{
    if (vu->aborted)
        return SCRIPT_E_ABORTED;
    if (vu->timed_out && vu->limited)
        return SCRIPT_E_TIMEOUT;
    if (vu->interrupted)
        return SCRIPT_E_INTERRUPTED;
    return failed ? SCRIPT_E_EXCEPTION : 0;
}

static void reset_modules(struct js_vu *vu)
{
    for (uint32_t left = vu->module_resets; left; left &= left - 1) {
        int i = __builtin_ctz(left);

        js_modules[i]->vu_reset(vu, vu->module_data[i]);
    }
}

int js_vu_conclude(struct js_vu *vu, int failed)
{
    int r = condition_of(vu, failed < 0);

    if (unlikely(r)) {
        if (r == SCRIPT_E_EXCEPTION) {
            tell_exception(vu);
        } else if (JS_HasException(vu->ctx)) {
            JS_FreeValue(vu->ctx, JS_GetException(vu->ctx));
        }
        js_timers_drop(vu, vu->interrupted && !vu->aborted);
        js_event_drop(vu);
    }
    reset_modules(vu);
    vu->interrupted = vu->aborted = vu->timed_out = vu->rejected = vu->limited = false;
    return r;
}

/* ---- init code ---- */

/* Reads the exports that the script is known by into the user's array. */
static void take_exports(struct js_vu *vu)
{
    const struct script *s = &vu->script->base;

    if (s->n_exports == 0)
        return;
    vu->exports = xnew_n(JSValue, s->n_exports);
    for (size_t i = 0; i < s->n_exports; i++)
        vu->exports[i] = js_main_export(vu, s->exports[i].name);
}

/* Assigns the consolidated options onto the exported object (§1.2). */
static int mutate_options(struct js_vu *vu)
{
    const char *json = vu->host->options_json;
    JSValue options, values;
    struct js_props it;
    int r = 0;

    if (!json || !vu->script->base.options_json)
        return 0;
    options = js_main_export(vu, "options");
    if (!JS_IsObject(options)) {
        JS_FreeValue(vu->ctx, options);
        return 0;
    }
    values = JS_ParseJSON(vu->ctx, json, strlen(json), "options");
    it = js_props(vu->ctx, values);
    while (r >= 0 && js_props_next(vu->ctx, &it)) {
        if (!JS_IsNull(it.value))
            r = JS_SetProperty(vu->ctx, options, it.key, JS_DupValue(vu->ctx, it.value));
    }
    if (js_props_end(vu->ctx, &it) < 0 || JS_IsException(values))
        r = -1;
    JS_FreeValue(vu->ctx, values);
    JS_FreeValue(vu->ctx, options);
    return r < 0 ? -1 : 0;
}

/* Runs what a call has started to its end. A rejected result is the call's exception. */
static int settle(struct js_vu *vu, JSValueConst promise)
{
    JSValue reason;

    if (js_event_run(vu) < 0)
        return -1;
    if (!JS_IsPromise(promise) || JS_PromiseState(vu->ctx, promise) != JS_PROMISE_REJECTED)
        return 0;
    reason = JS_PromiseResult(vu->ctx, promise);
    JS_Throw(vu->ctx, reason);
    return -1;
}

/* The init code's own promise is listened to, so that its error is told as it is. */
static int run_init(struct js_vu *vu)
{
    JSValue promise;
    int r = js_main_run(vu, &promise);

    if (r < 0)
        return -1;
    if (JS_IsPromise(promise))
        JS_PromiseMarkAsHandled(vu->ctx, promise);
    /* Rejected already: QuickJS has reported it before the mark was set. */
    if (JS_IsPromise(promise) && JS_PromiseState(vu->ctx, promise) == JS_PROMISE_REJECTED)
        js_event_drop(vu);
    r = settle(vu, promise);
    JS_FreeValue(vu->ctx, promise);
    if (r < 0)
        return -1;
    take_exports(vu);
    return mutate_options(vu);
}

int js_vu_init(struct js_vu *vu)
{
    int r;

    js_enter(vu);
    r = js_vu_conclude(vu, run_init(vu));
    vu->initialized = r == 0;
    js_leave(vu);
    js_group_rest(vu->group);
    return r;
}

/* ---- calls ---- */

/* The setup data of this user: parsed once, then the same object in each iteration (§1.3). */
static int setup_argument(struct js_vu *vu, const char *json)
{
    if (likely(!JS_IsUninitialized(vu->setup_data)))
        return 0;
    vu->setup_data = json ? JS_ParseJSON(vu->ctx, json, strlen(json), "setup data") : JS_UNDEFINED;
    if (!JS_IsException(vu->setup_data))
        return 0;
    vu->setup_data = JS_UNINITIALIZED;
    return -1;
}

/* Calls an export and runs the event loop; *ret_value (or NULL) is the result, unwrapped. */
static int call_export(struct js_vu *vu, int index, JSValueConst argument, JSValue *ret_value)
{
    JSValue v = JS_Call(vu->ctx, vu->exports[index], JS_UNDEFINED, 1, &argument);
    bool quiet = JS_IsException(v) || vu->n_timers || vu->n_pending ||
                 JS_IsJobPending(vu->group->rt) || !list_empty(&vu->rejections);

    if (likely(!quiet && !JS_IsPromise(v) && list_empty(&vu->tasks))) {
        if (ret_value) {
            *ret_value = v;
        } else {
            JS_FreeValue(vu->ctx, v);
        }
        return 0;
    }
    if (JS_IsException(v) || settle(vu, v) < 0) {
        JS_FreeValue(vu->ctx, v);
        return -1;
    }
    if (ret_value && JS_IsPromise(v)) {
        *ret_value = JS_PromiseState(vu->ctx, v) == JS_PROMISE_FULFILLED
                         ? JS_PromiseResult(vu->ctx, v)
                         : JS_UNDEFINED;
    } else if (ret_value) {
        *ret_value = JS_DupValue(vu->ctx, v);
    }
    JS_FreeValue(vu->ctx, v);
    return 0;
}

static int js_run_iteration(void *user, int export_index, const char *setup_data)
{
    struct js_vu *vu = user;
    int r;

    js_enter(vu);
    r = setup_argument(vu, setup_data);
    if (likely(r == 0))
        r = call_export(vu, export_index, vu->setup_data, NULL);
    r = js_vu_conclude(vu, r);
    js_leave(vu);
    js_group_rest(vu->group);
    return r;
}

/* ---- setup, teardown, handleSummary ---- */

/* Enters with a deadline for the whole call. */
static void enter_limited(struct js_vu *vu, mono_ns deadline)
{
    js_enter(vu);
    vu->limited = deadline != 0;
    __atomic_store_n(&vu->deadline, deadline, __ATOMIC_RELAXED);
}

static int leave_limited(struct js_vu *vu, int failed)
{
    int r;

    __atomic_store_n(&vu->deadline, 0, __ATOMIC_RELAXED);
    r = js_vu_conclude(vu, failed);
    js_leave(vu);
    js_group_rest(vu->group);
    return r;
}

/* JSON.stringify as heap text; NULL for undefined. -1: thrown. */
static int json_text(struct js_vu *vu, JSValueConst v, char **ret_json)
{
    JSValue text = JS_JSONStringify(vu->ctx, v, JS_UNDEFINED, JS_UNDEFINED);
    struct str s;

    *ret_json = NULL;
    if (JS_IsException(text))
        return -1;
    if (JS_IsUndefined(text))
        return 0;
    s = js_str(vu->ctx, text);
    *ret_json = s.p ? xstrndup(s.p, s.n) : NULL;
    js_str_fini(vu->ctx, s);
    JS_FreeValue(vu->ctx, text);
    return *ret_json ? 0 : -1;
}

static int js_setup(void *user, mono_ns deadline, char **ret_json)
{
    struct js_vu *vu = user;
    int index = script_js_ops.find_export(&vu->script->base, "setup");
    JSValue v = JS_UNDEFINED;
    char *json = NULL;
    int r;

    if (index < 0) {
        *ret_json = NULL;
        return 0;
    }
    enter_limited(vu, deadline);
    r = call_export(vu, index, JS_UNDEFINED, &v);
    if (r == 0)
        r = json_text(vu, v, &json);
    JS_FreeValue(vu->ctx, v);
    r = leave_limited(vu, r);
    if (r == 0) {
        *ret_json = json;
    } else {
        free(json);
    }
    return r;
}

static int js_teardown(void *user, const char *setup_data, mono_ns deadline)
{
    struct js_vu *vu = user;
    int index = script_js_ops.find_export(&vu->script->base, "teardown"), r;

    if (index < 0)
        return 0;
    enter_limited(vu, deadline);
    r = setup_argument(vu, setup_data);
    if (r == 0)
        r = call_export(vu, index, vu->setup_data, NULL);
    return leave_limited(vu, r);
}

struct summary_files {
    struct script_summary_file *files;
    size_t n, cap;
};

static void summary_files_free(struct summary_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->files[i].name);
        free(f->files[i].data);
    }
    free(f->files);
}

static int add_summary_file(JSContext *ctx, struct summary_files *f, JSAtom key, JSValueConst value)
{
    struct script_summary_file *file;
    const char *name;
    struct str data;
    bool bytes = js_bytes(ctx, value, &data);

    if (!bytes && !JS_IsString(value)) {
        name = JS_AtomToCString(ctx, key);
        js_throw(ctx,
                 "invalid type of the value of '%s' returned by handleSummary(): expected a "
                 "string or an ArrayBuffer",
                 name);
        JS_FreeCString(ctx, name);
        return -1;
    }
    if (!bytes)
        data = js_str(ctx, value);
    name = JS_AtomToCString(ctx, key);
    file = &vec_push(f->files, f->n, f->cap);
    file->name = xstrdup(name);
    file->data = js_copy(data);
    file->n_data = data.n;
    JS_FreeCString(ctx, name);
    if (!bytes)
        js_str_fini(ctx, data);
    return 0;
}

static int summary_files_of(JSContext *ctx, JSValueConst v, struct summary_files *f)
{
    struct js_props it;
    int r = 0;

    if (JS_ToBool(ctx, v) <= 0)
        return 0;
    if (!JS_IsObject(v) || JS_IsFunction(ctx, v)) {
        js_throw(ctx, "handleSummary() should return a map with string keys");
        return -1;
    }
    it = js_props(ctx, v);
    while (r == 0 && js_props_next(ctx, &it))
        r = add_summary_file(ctx, f, it.key, it.value);
    return js_props_end(ctx, &it) < 0 ? -1 : r;
}

/* The object is checked here and not at load: only producing the summary needs it (§1.2). */
static int summary_call(struct js_vu *vu, const char *data_json, struct summary_files *f)
{
    int index = script_js_ops.find_export(&vu->script->base, "handleSummary"), r;
    JSValue data, v = JS_UNDEFINED;

    if (index < 0) {
        js_throw(vu->ctx, "exported 'handleSummary' must be a function");
        return -1;
    }
    data = JS_ParseJSON(vu->ctx, data_json, strlen(data_json), "summary data");
    if (JS_IsException(data))
        return -1;
    r = call_export(vu, index, data, &v);
    if (r == 0)
        r = summary_files_of(vu->ctx, v, f);
    JS_FreeValue(vu->ctx, v);
    JS_FreeValue(vu->ctx, data);
    return r;
}

static int js_handle_summary(void *user, const char *data_json, mono_ns deadline,
                             struct script_summary_file **ret_files, size_t *ret_n)
{
    struct js_vu *vu = user;
    struct summary_files f = {0};
    int r;

    if (!vu->script->base.has_handle_summary) {
        *ret_files = NULL;
        *ret_n = 0;
        return 0;
    }
    enter_limited(vu, deadline);
    r = leave_limited(vu, summary_call(vu, data_json, &f));
    if (r) {
        summary_files_free(&f);
        return r;
    }
    *ret_files = f.files;
    *ret_n = f.n;
    return 0;
}

/* ---- the table ---- */

static int js_vu_new(struct script *s, void *script_loop, struct script_host *host, void **ret_vu)
{
    struct js_vu *vu = js_vu_create(js_script_of(s), script_loop, host);
    int r;

    if (!vu)
        return fault(-ENOMEM, "cannot make a JavaScript context");
    r = js_vu_init(vu);
    if (r) {
        js_vu_destroy(vu);
        return r;
    }
    js_group_settle(vu->group);
    *ret_vu = vu;
    return 0;
}

static void js_vu_free(void *vu)
{
    js_vu_destroy(vu);
}

static void js_interrupt(void *user)
{
    struct js_vu *vu = user;

    vu->interrupted = true;
}

static void js_set_deadline(void *user, mono_ns deadline)
{
    struct js_vu *vu = user;

    __atomic_store_n(&vu->deadline, deadline, __ATOMIC_RELAXED);
}

static const char *const suffixes[] = {".js", ".ts", ".mjs", ".cjs", NULL};

const struct script_ops script_js_ops = {
    .name = "js",
    .suffixes = suffixes,
    .load = js_script_load,
    .free = js_script_free,
    .loop_open = js_script_loop_open,
    .loop_close = js_script_loop_close,
    .loop_stats = js_script_loop_stats,
    .vu_new = js_vu_new,
    .vu_free = js_vu_free,
    .find_export = js_script_find_export,
    .run_iteration = js_run_iteration,
    .setup = js_setup,
    .teardown = js_teardown,
    .handle_summary = js_handle_summary,
    .interrupt = js_interrupt,
    .set_deadline = js_set_deadline,
};
