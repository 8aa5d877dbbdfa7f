/*
 * The seam between this program and QuickJS: quickjs.c is included, not copied, and the functions
 * below reach the fields that its header hides. Built with the flags of the foreign library.
 *
 * Sharing one JSContext between users works because nothing in QuickJS keeps a pointer to the
 * global object across a call: it is read from the context wherever it is needed. So a user is a
 * global object (whose prototype is the context's own), a lexical scope, a list of module
 * instances, a queue of jobs and the three fields that describe a stack. The collector sees the
 * swapped-out users' objects as referenced from outside, which they are.
 */
#include "script/js/quickjs_glue.h"

#include "base/mem.h"

/* Both sides have lists and a few macros of the same names; from here on they are QuickJS'. */
#undef container_of
#undef countof
#undef likely
#undef list_entry
#undef unlikely
#define list_add_tail qjs_list_add_tail
#define list_empty    qjs_list_empty

#include "quickjs.c"

_Static_assert(JS_CLASS_INIT_COUNT < JSC_FIRST, "class ids of ours overlap those of QuickJS");

/* Adds all of `from` to the end of `to`; `from` is left empty. */
static void list_head_append(struct list_head *to, struct list_head *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    init_list_head(from);
}

/* Moves a list under another head; the old head is left empty. */
static void list_head_move(void *to, void *from)
{
    init_list_head(to);
    list_head_append(to, from);
}

int js_swap_init(JSContext *ctx, struct js_swap *s, bool own_context)
{
    memset(s, 0, sizeof(*s));
    init_list_head((struct list_head *)(void *)&s->modules);
    init_list_head((struct list_head *)(void *)&s->jobs);
    if (own_context) {
        s->global = js_dup(ctx->global_obj);
        s->lexical = js_dup(ctx->global_var_obj);
        return 0;
    }
    s->global = JS_NewObjectProto(ctx, ctx->global_obj);
    s->lexical = JS_NewObjectProto(ctx, JS_NULL);
    return JS_IsException(s->global) || JS_IsException(s->lexical) ? -1 : 0;
}

static void jobs_free(JSRuntime *rt, struct list_head *jobs)
{
    struct list_head *el, *el1;

    list_for_each_safe(el, el1, jobs)
    {
        JSJobEntry *e = list_entry(el, JSJobEntry, link);

        list_del(&e->link);
        for (int i = 0; i < e->argc; i++)
            JS_FreeValueRT(rt, e->argv[i]);
        js_free_rt(rt, e);
    }
}

/* What a job held may be what others were registered for: their callbacks become jobs. */
void js_jobs_drop(JSRuntime *rt)
{
    while (!list_empty(&rt->job_list))
        jobs_free(rt, &rt->job_list);
}

void js_module_list_free(JSContext *ctx, struct list *home)
{
    struct list_head *el, *el1;

    list_for_each_safe(el, el1, (struct list_head *)(void *)home)
    {
        js_free_module_def(ctx, list_entry(el, JSModuleDef, link));
    }
}

void js_swap_fini(JSContext *ctx, struct js_swap *s)
{
    jobs_free(ctx->rt, (struct list_head *)(void *)&s->jobs);
    js_module_list_free(ctx, &s->modules);
    JS_FreeValue(ctx, s->global);
    JS_FreeValue(ctx, s->lexical);
}

static void swap_values(JSContext *ctx, struct js_swap *s)
{
    JSValue global = ctx->global_obj, lexical = ctx->global_var_obj;

    ctx->global_obj = s->global;
    ctx->global_var_obj = s->lexical;
    s->global = global;
    s->lexical = lexical;
}

void js_swap_in(JSContext *ctx, struct js_swap *s)
{
    JSRuntime *rt = ctx->rt;

    /* Callbacks of a FinalizationRegistry, from a collection while nobody ran: nobody's. */
    js_jobs_drop(rt);
    swap_values(ctx, s);
    list_head_move(&ctx->loaded_modules, &s->modules);
    list_head_move(&rt->job_list, &s->jobs);
    rt->current_stack_frame = s->frame;
    rt->stack_top = s->stack_top;
    rt->stack_limit = s->stack_low;
    rt->in_build_stack_trace = s->in_native_error;
}

void js_swap_out(JSContext *ctx, struct js_swap *s)
{
    JSRuntime *rt = ctx->rt;

    swap_values(ctx, s);
    list_head_move(&s->modules, &ctx->loaded_modules);
    list_head_move(&s->jobs, &rt->job_list);
    s->frame = rt->current_stack_frame;
    s->in_native_error = rt->in_build_stack_trace;
    rt->current_stack_frame = NULL;
    rt->stack_limit = 0;
    rt->in_build_stack_trace = false;
}

void js_poll_soon(JSContext *ctx)
{
    ctx->interrupt_counter = 1;
}

size_t js_heap_bytes(JSRuntime *rt)
{
    return rt->malloc_state.malloc_size;
}

void js_set_apart(JSRuntime *rt, struct list *apart)
{
    list_head_append((struct list_head *)(void *)apart, &rt->gc_obj_list);
}

void js_give_back(JSRuntime *rt, struct list *apart)
{
    list_head_append(&rt->gc_obj_list, (struct list_head *)(void *)apart);
}

/* ---- modules ---- */

bool js_module_is_plain(JSModuleDef *m)
{
    return m->req_module_entries_count == 0 && m->export_entries_count == 0 &&
           m->star_export_entries_count == 0 && !m->has_tla;
}

void js_module_move(JSModuleDef *m, struct list *home)
{
    list_del(&m->link);
    list_add_tail(&m->link, (struct list_head *)(void *)home);
}

JSModuleDef *js_module_take(JSContext *ctx, JSValue v)
{
    JSModuleDef *m = JS_VALUE_GET_PTR(v);

    JS_FreeValue(ctx, v);
    return m;
}

JSValue js_module_value(JSModuleDef *m)
{
    return js_dup(JS_MKPTR(JS_TAG_MODULE, m));
}

/* A copy of an array with `n` elements; NULL for none. Ends the program as xmalloc would. */
static void *copy_array(JSContext *ctx, const void *from, int n, size_t size)
{
    void *to;

    if (n == 0)
        return NULL;
    to = js_malloc(ctx, n * size);
    if (!to)
        abort();
    memcpy(to, from, n * size);
    return to;
}

static void clone_exports(JSContext *ctx, JSModuleDef *m, const JSModuleDef *from)
{
    m->export_entries =
        copy_array(ctx, from->export_entries, from->export_entries_count, sizeof(JSExportEntry));
    m->export_entries_count = m->export_entries_size = from->export_entries_count;
    for (int i = 0; i < m->export_entries_count; i++) {
        JS_DupAtom(ctx, m->export_entries[i].export_name);
        JS_DupAtom(ctx, m->export_entries[i].local_name);
    }
    m->star_export_entries = copy_array(ctx, from->star_export_entries,
                                        from->star_export_entries_count, sizeof(JSStarExportEntry));
    m->star_export_entries_count = m->star_export_entries_size = from->star_export_entries_count;
}

JSModuleDef *js_module_clone(JSContext *ctx, JSModuleDef *from)
{
    JSModuleDef *m = js_new_module_def(ctx, JS_DupAtom(ctx, from->module_name));

    if (!m)
        return NULL;
    m->req_module_entries = copy_array(ctx, from->req_module_entries,
                                       from->req_module_entries_count, sizeof(JSReqModuleEntry));
    m->req_module_entries_count = m->req_module_entries_size = from->req_module_entries_count;
    for (int i = 0; i < m->req_module_entries_count; i++) {
        JS_DupAtom(ctx, m->req_module_entries[i].module_name);
        js_dup(m->req_module_entries[i].attributes);
        m->req_module_entries[i].module = NULL;
    }
    clone_exports(ctx, m, from);
    m->import_entries =
        copy_array(ctx, from->import_entries, from->import_entries_count, sizeof(JSImportEntry));
    m->import_entries_count = m->import_entries_size = from->import_entries_count;
    for (int i = 0; i < m->import_entries_count; i++)
        JS_DupAtom(ctx, m->import_entries[i].import_name);
    m->has_tla = from->has_tla;
    m->func_obj = js_dup(from->func_obj);
    return m;
}

JSModuleDef *js_module_find(JSContext *ctx, JSAtom name)
{
    return js_find_loaded_module_by_name(ctx, name);
}

/* Adds an export whose value is undefined to a native module, linked or not. */
static int native_export_add(JSContext *ctx, JSModuleDef *m, JSAtom name)
{
    JSExportEntry *me;

    if (!m || !m->init_func || find_export_entry(ctx, m, name))
        return 0;
    me = add_export_entry2(ctx, NULL, m, JS_ATOM_NULL, name, JS_EXPORT_TYPE_LOCAL);
    if (!me)
        return -1;
    if (m->func_created)
        me->u.local.var_ref = js_create_module_var(ctx, false);
    return m->func_created && !me->u.local.var_ref ? -1 : 0;
}

static int module_fill_missing(JSContext *ctx, JSModuleDef *m)
{
    for (int i = 0; i < m->import_entries_count; i++) {
        JSImportEntry *mi = &m->import_entries[i];

        if (mi->import_name != JS_ATOM__star_ &&
            native_export_add(ctx, m->req_module_entries[mi->req_module_idx].module,
                              mi->import_name) < 0)
            return -1;
    }
    for (int i = 0; i < m->export_entries_count; i++) {
        JSExportEntry *me = &m->export_entries[i];

        if (me->export_type == JS_EXPORT_TYPE_INDIRECT && me->local_name != JS_ATOM__star_ &&
            native_export_add(ctx, m->req_module_entries[me->u.req_module_idx].module,
                              me->local_name) < 0)
            return -1;
    }
    return 0;
}

int js_modules_fill_missing(JSContext *ctx)
{
    struct list_head *el;

    list_for_each(el, &ctx->loaded_modules)
    {
        JSModuleDef *m = list_entry(el, JSModuleDef, link);

        if (m->status == JS_MODULE_STATUS_UNLINKED && module_fill_missing(ctx, m) < 0)
            return -1;
    }
    return 0;
}

/* Modules that were visited, in the order they were met. */
struct module_walk {
    JSModuleDef **seen;
    size_t n, cap;
};

static void walk_add(struct module_walk *w, JSModuleDef *m)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->seen[i] == m)
            return;
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 16;
        w->seen = xrealloc(w->seen, w->cap * sizeof(*w->seen));
    }
    w->seen[w->n++] = m;
}

bool js_module_complete(JSModuleDef *m)
{
    struct module_walk w = {0};
    bool complete = true;

    walk_add(&w, m);
    for (size_t at = 0; at < w.n && complete; at++) {
        JSModuleDef *m1 = w.seen[at];

        if (m1->status != JS_MODULE_STATUS_UNLINKED)
            continue;
        for (int i = 0; i < m1->req_module_entries_count && complete; i++) {
            complete = m1->req_module_entries[i].module != NULL;
            if (complete)
                walk_add(&w, m1->req_module_entries[i].module);
        }
    }
    free(w.seen);
    return complete;
}

JSValue js_module_get(JSContext *ctx, JSModuleDef *m, JSAtom name)
{
    JSModuleDef *res_m, *m2;
    JSExportEntry *res_me;
    JSVarRef *var_ref;

    if (js_resolve_export(ctx, &res_m, &res_me, m, name) != JS_RESOLVE_RES_FOUND)
        return JS_UNINITIALIZED;
    if (res_me->local_name == JS_ATOM__star_) {
        m2 = res_m->req_module_entries[res_me->u.req_module_idx].module;
        return JS_GetModuleNamespace(ctx, m2);
    }
    var_ref = js_get_local_export_var_ref(ctx, res_m, res_me);
    return var_ref ? js_dup(*var_ref->pvalue) : JS_UNINITIALIZED;
}

JSAtom js_caller_file(JSContext *ctx)
{
    for (JSStackFrame *sf = ctx->rt->current_stack_frame; sf; sf = sf->prev_frame) {
        JSObject *p;

        if (JS_VALUE_GET_TAG(sf->cur_func) != JS_TAG_OBJECT)
            continue;
        p = JS_VALUE_GET_OBJ(sf->cur_func);
        if (js_class_has_bytecode(p->class_id))
            return JS_DupAtom(ctx, p->u.func.function_bytecode->filename);
    }
    return JS_ATOM_NULL;
}

/* ---- shared built-ins ---- */

struct js_builtin {
    JSObject *obj; /* a reference is held */
    uint64_t print;
    JSAtom name; /* of the global it was reached by, or JS_ATOM_NULL */
};

struct js_builtins {
    JSContext *ctx;
    size_t n, cap;
    struct js_builtin *list;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15ull;
    return h ^ (h >> 29);
}

/*
 * Identity of a slot's content. Native functions count as themselves, made already or not: built-in
 * objects create theirs at first use.
 */
static uint64_t object_identity(const JSObject *p)
{
    if (!p || p->class_id == JS_CLASS_C_FUNCTION)
        return 1;
    return (uint64_t)(uintptr_t)p;
}

static uint64_t slot_print(const JSShapeProperty *prs, const JSProperty *pr)
{
    uint64_t h = mix(prs->atom, prs->flags & JS_PROP_C_W_E);

    switch (prs->flags & JS_PROP_TMASK) {
    case JS_PROP_NORMAL:
        if (JS_VALUE_GET_TAG(pr->u.value) == JS_TAG_OBJECT)
            return mix(h, object_identity(JS_VALUE_GET_OBJ(pr->u.value)));
        return mix(h, JS_VALUE_HAS_REF_COUNT(pr->u.value) ? 1 : js_value_bits(pr->u.value));
    case JS_PROP_GETSET:
        h = mix(h, object_identity(pr->u.getset.getter));
        return mix(h, object_identity(pr->u.getset.setter));
    default:
        return mix(h, 1);
    }
}

static uint64_t object_print(const JSObject *p)
{
    JSShapeProperty *prs = get_shape_prop(p->shape);
    uint64_t h = (uint64_t)(uintptr_t)p->shape->proto;

    for (int i = 0; i < p->shape->prop_count; i++)
        if (prs[i].atom != JS_ATOM_NULL)
            h += slot_print(&prs[i], &p->prop[i]);
    return h;
}

static void builtin_add(struct js_builtins *b, JSValueConst v, JSAtom name)
{
    JSObject *p;

    if (JS_VALUE_GET_TAG(v) != JS_TAG_OBJECT)
        return;
    p = JS_VALUE_GET_OBJ(v);
    for (size_t i = 0; i < b->n; i++)
        if (b->list[i].obj == p)
            return;
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 128;
        b->list = xrealloc(b->list, b->cap * sizeof(*b->list));
    }
    js_dup(v);
    b->list[b->n++] = (struct js_builtin){.obj = p, .name = JS_DupAtom(b->ctx, name)};
}

/* A value of the global object and, for a constructor, its prototype. */
static void builtin_add_global(struct js_builtins *b, JSShapeProperty *prs, JSProperty *pr)
{
    JSProperty *proto;

    if ((prs->flags & JS_PROP_TMASK) != JS_PROP_NORMAL)
        return;
    builtin_add(b, pr->u.value, prs->atom);
    if (JS_VALUE_GET_TAG(pr->u.value) == JS_TAG_OBJECT &&
        find_own_property(&proto, JS_VALUE_GET_OBJ(pr->u.value), JS_ATOM_prototype))
        builtin_add(b, proto->u.value, prs->atom);
}

struct js_builtins *js_builtins_take(JSContext *ctx, const JSValue *extra, size_t n_extra)
{
    struct js_builtins *b = xcalloc(1, sizeof(*b));
    JSObject *global = JS_VALUE_GET_OBJ(ctx->global_obj);

    b->ctx = ctx;
    for (int i = 0; i < global->shape->prop_count; i++) {
        JSShapeProperty *prs = &get_shape_prop(global->shape)[i];

        if (prs->atom == JS_ATOM_NULL)
            continue;
        if ((prs->flags & JS_PROP_TMASK) == JS_PROP_AUTOINIT &&
            JS_AutoInitProperty(ctx, global, prs->atom, &global->prop[i], prs) < 0)
            continue;
        prs = &get_shape_prop(global->shape)[i];
        builtin_add_global(b, prs, &global->prop[i]);
    }
    for (int i = 0; i < ctx->rt->class_count; i++)
        builtin_add(b, ctx->class_proto[i], JS_ATOM_NULL);
    for (int i = 0; i < JS_NATIVE_ERROR_COUNT; i++)
        builtin_add(b, ctx->native_error_proto[i], JS_ATOM_NULL);
    builtin_add(b, ctx->function_proto, JS_ATOM_Function);
    builtin_add(b, ctx->iterator_proto, JS_ATOM_NULL);
    builtin_add(b, ctx->async_iterator_proto, JS_ATOM_NULL);
    for (size_t i = 0; i < n_extra; i++)
        builtin_add(b, extra[i], JS_ATOM_NULL);
    for (size_t i = 0; i < b->n; i++)
        b->list[i].print = object_print(b->list[i].obj);
    return b;
}

void js_builtins_free(struct js_builtins *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n; i++) {
        JS_FreeAtom(b->ctx, b->list[i].name);
        JS_FreeValue(b->ctx, JS_MKPTR(JS_TAG_OBJECT, b->list[i].obj));
    }
    free(b->list);
    free(b);
}

void js_builtins_close(struct js_builtins *b)
{
    for (size_t i = 0; i < b->n; i++)
        b->list[i].obj->extensible = false;
}

bool js_builtins_changed(JSContext *ctx, const struct js_builtins *b, JSAtom *ret_name)
{
    *ret_name = JS_ATOM_NULL;
    for (size_t i = 0; i < b->n; i++) {
        if (b->list[i].print == object_print(b->list[i].obj))
            continue;
        *ret_name = JS_DupAtom(ctx, b->list[i].name);
        return true;
    }
    return JS_IsFunction(ctx, ctx->error_prepare_stack) ||
           js_value_bits(ctx->error_stack_trace_limit) != js_value_bits(js_int32(10));
}

/* ---- values ---- */

uint64_t js_value_bits(JSValueConst v)
{
#if defined(JS_NAN_BOXING) && JS_NAN_BOXING
    return v;
#else
    return mix((uint64_t)v.tag, JS_VALUE_HAS_REF_COUNT(v) || JS_TAG_IS_FLOAT64(JS_VALUE_GET_TAG(v))
                                    ? (uint64_t)(uintptr_t)v.u.ptr
                                    : (uint64_t)(uint32_t)v.u.int32);
#endif
}

bool js_value_same(JSValueConst a, JSValueConst b)
{
#if defined(JS_NAN_BOXING) && JS_NAN_BOXING
    return a == b;
#else
    if (a.tag != b.tag)
        return false;
    if (JS_VALUE_HAS_REF_COUNT(a) || JS_TAG_IS_FLOAT64(JS_VALUE_GET_TAG(a)))
        return a.u.ptr == b.u.ptr;
    return a.u.int32 == b.u.int32;
#endif
}

bool js_atom_ascii(JSContext *ctx, JSAtom atom, struct str *ret_text)
{
    const JSString *p;
    const uint8_t *text;
    uint8_t high = 0;

    if (__JS_AtomIsTaggedInt(atom))
        return false;
    p = ctx->rt->atom_array[atom];
    if (p->is_wide_char || p->kind != JS_STRING_KIND_NORMAL)
        return false;
    text = (const uint8_t *)(p + 1);
    for (uint32_t i = 0; i < p->len; i++)
        high |= text[i];
    if (high & 0x80)
        return false;
    *ret_text = str_from((const char *)text, p->len);
    return true;
}

bool js_atom_index(JSAtom atom, uint32_t *ret_index)
{
    if (!__JS_AtomIsTaggedInt(atom))
        return false;
    *ret_index = __JS_AtomToUInt32(atom);
    return true;
}

/* Plain objects whose own string-keyed properties can be read in place. */
struct JSShape *js_shape_of(JSValueConst obj)
{
    JSObject *p;

    if (JS_VALUE_GET_TAG(obj) != JS_TAG_OBJECT)
        return NULL;
    p = JS_VALUE_GET_OBJ(obj);
    if (p->class_id != JS_CLASS_OBJECT || p->is_exotic || p->fast_array)
        return NULL;
    return p->shape;
}

struct JSShape *js_shape_hold(struct JSShape *shape)
{
    JS_REF_COUNT(shape)++;
    return shape;
}

void js_shape_drop(JSRuntime *rt, struct JSShape *shape)
{
    js_free_shape_null(rt, shape);
}

uint32_t js_shape_count(const struct JSShape *shape)
{
    return (uint32_t)shape->prop_count;
}

JSValueConst js_shape_value(JSValueConst obj, uint32_t index)
{
    return JS_VALUE_GET_OBJ(obj)->prop[index].u.value;
}

bool js_shape_is_plain(const struct JSShape *shape)
{
    const JSShapeProperty *prs = get_shape_prop((JSShape *)(uintptr_t)shape);

    for (int i = 0; i < shape->prop_count; i++)
        if (prs[i].atom == JS_ATOM_NULL || !(prs[i].flags & JS_PROP_ENUMERABLE) ||
            (prs[i].flags & JS_PROP_TMASK))
            return false;
    return true;
}

/* Whether the walk may read slots: no accessors, no lazy slots, no integer keys (their order). */
static bool shape_is_simple(const JSShape *sh)
{
    const JSShapeProperty *prs = get_shape_prop((JSShape *)(uintptr_t)sh);

    for (int i = 0; i < sh->prop_count; i++)
        if (prs[i].atom != JS_ATOM_NULL &&
            ((prs[i].flags & JS_PROP_TMASK) || __JS_AtomIsTaggedInt(prs[i].atom)))
            return false;
    return true;
}

struct js_props js_props(JSContext *ctx, JSValueConst obj)
{
    struct js_props it = {.obj = js_dup(obj), .value = JS_UNDEFINED};
    struct JSShape *sh = js_shape_of(obj);

    if (sh && shape_is_simple(sh)) {
        it.fast = true;
        return it;
    }
    if (JS_VALUE_GET_TAG(obj) != JS_TAG_OBJECT)
        return it;
    it.failed = JS_GetOwnPropertyNames(ctx, &it.names, &it.n_names, obj,
                                       JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0;
    return it;
}

static bool props_next_slow(JSContext *ctx, struct js_props *it)
{
    JS_FreeValue(ctx, it->value);
    it->value = JS_UNDEFINED;
    if (it->failed || it->at >= it->n_names)
        return false;
    it->key = it->names[it->at++].atom;
    it->value = JS_GetProperty(ctx, it->obj, it->key);
    it->failed = JS_IsException(it->value);
    return !it->failed;
}

bool js_props_next(JSContext *ctx, struct js_props *it)
{
    JSObject *p;

    if (!it->fast)
        return props_next_slow(ctx, it);
    p = JS_VALUE_GET_OBJ(it->obj);
    /* The body may have changed the object: the count is read anew, slots stay in bounds. */
    while (it->at < (uint32_t)p->shape->prop_count) {
        const JSShapeProperty *prs = &get_shape_prop(p->shape)[it->at];
        const JSProperty *pr = &p->prop[it->at++];

        if (prs->atom == JS_ATOM_NULL || !(prs->flags & JS_PROP_ENUMERABLE) ||
            (prs->flags & JS_PROP_TMASK) || JS_AtomGetKind(ctx, prs->atom) != JS_ATOM_KIND_STRING)
            continue;
        it->key = prs->atom;
        it->value = pr->u.value;
        return true;
    }
    return false;
}

int js_props_end(JSContext *ctx, struct js_props *it)
{
    if (!it->fast) {
        JS_FreeValue(ctx, it->value);
        if (it->names)
            JS_FreePropertyEnum(ctx, it->names, it->n_names);
    }
    JS_FreeValue(ctx, it->obj);
    return it->failed ? -1 : 0;
}

#include "script/js/js_json_build.inc"
