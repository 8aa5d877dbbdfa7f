/*
 * console.* (§1.8): arguments are rendered and joined by a space; nothing is substituted in them.
 */
#include <math.h>

#include "base/mem.h"
#include "script/js/js_script.h"

enum {
    LINE_MAX_BYTES = 1 << 20, /* of one call; the rest is cut */
    DEPTH_MAX = 64,           /* of nested values; below, "[Object]" */
};

struct printer {
    JSContext *ctx;
    struct buf *out;
    void *path[DEPTH_MAX]; /* objects being printed, outermost first */
    int depth;
};

static int print(struct printer *p, JSValueConst v);

static void put(struct printer *p, struct str s)
{
    ignored(buf_add(p->out, s.p, s.n));
}

static int print_string_of(struct printer *p, JSValueConst v)
{
    struct str s = js_str(p->ctx, v);

    if (!s.p)
        return -1;
    put(p, s);
    js_str_fini(p->ctx, s);
    return 0;
}

static int print_quoted(struct printer *p, JSValueConst v)
{
    put(p, STR("\""));
    if (print_string_of(p, v) < 0)
        return -1;
    put(p, STR("\""));
    return 0;
}

static void print_bytes(struct printer *p, JSValueConst v)
{
    static const char digits[] = "0123456789abcdef";
    struct str bytes;

    if (!js_bytes(p->ctx, v, &bytes))
        return;
    put(p, STR("ArrayBuffer { [Uint8Contents]: <"));
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        char hex[3] = {digits[c >> 4], digits[c & 15], ' '};

        put(p, str_from(hex, i + 1 < bytes.n ? 3 : 2));
    }
    put(p, STR(">, byteLength: "));
    if (buf_reserve(p->out, 24) == 0)
        buf_put_u64(p->out, bytes.n);
    put(p, STR(" }"));
}

/* "[ a, b ]" of anything with a length and indices. */
static int print_items(struct printer *p, JSValueConst v)
{
    int64_t n;

    if (JS_GetLength(p->ctx, v, &n) < 0)
        return -1;
    put(p, n ? STR("[ ") : STR("["));
    for (int64_t i = 0; i < n && p->out->len < LINE_MAX_BYTES; i++) {
        JSValue item = JS_GetPropertyInt64(p->ctx, v, i);
        int r = JS_IsException(item) ? -1 : 0;

        if (i)
            put(p, STR(", "));
        if (r == 0)
            r = print(p, item);
        JS_FreeValue(p->ctx, item);
        if (r < 0)
            return -1;
    }
    put(p, n ? STR(" ]") : STR("]"));
    return 0;
}

static const char *const typed_array_names[] = {
    [JS_TYPED_ARRAY_UINT8C] = "Uint8ClampedArray",  [JS_TYPED_ARRAY_INT8] = "Int8Array",
    [JS_TYPED_ARRAY_UINT8] = "Uint8Array",          [JS_TYPED_ARRAY_INT16] = "Int16Array",
    [JS_TYPED_ARRAY_UINT16] = "Uint16Array",        [JS_TYPED_ARRAY_INT32] = "Int32Array",
    [JS_TYPED_ARRAY_UINT32] = "Uint32Array",        [JS_TYPED_ARRAY_BIG_INT64] = "BigInt64Array",
    [JS_TYPED_ARRAY_BIG_UINT64] = "BigUint64Array", [JS_TYPED_ARRAY_FLOAT16] = "Float16Array",
    [JS_TYPED_ARRAY_FLOAT32] = "Float32Array",      [JS_TYPED_ARRAY_FLOAT64] = "Float64Array",
};

static int print_typed_array(struct printer *p, JSValueConst v, int type)
{
    int64_t n;

    if (JS_GetLength(p->ctx, v, &n) < 0)
        return -1;
    put(p, str_of((size_t)type < countof(typed_array_names) && typed_array_names[type]
                      ? typed_array_names[type]
                      : "TypedArray"));
    ignored(buf_add(p->out, "(", 1));
    if (buf_reserve(p->out, 24) == 0)
        buf_put_u64(p->out, (uint64_t)n);
    put(p, STR(") "));
    return print_items(p, v);
}

static int print_properties(struct printer *p, JSValueConst v)
{
    struct js_props it = js_props(p->ctx, v);
    int n = 0, r = 0;

    put(p, STR("{"));
    while (r == 0 && js_props_next(p->ctx, &it)) {
        JSValue value = JS_DupValue(p->ctx, it.value), key = JS_AtomToString(p->ctx, it.key);

        put(p, n++ ? STR(", ") : STR(" "));
        r = print_string_of(p, key);
        put(p, STR(": "));
        if (r == 0)
            r = print(p, value);
        JS_FreeValue(p->ctx, key);
        JS_FreeValue(p->ctx, value);
    }
    put(p, n ? STR(" }") : STR("}"));
    return js_props_end(p->ctx, &it) < 0 ? -1 : r;
}

static int print_date(struct printer *p, JSValueConst v)
{
    JSAtom name = JS_NewAtom(p->ctx, "toJSON");
    JSValue text = JS_Invoke(p->ctx, v, name, 0, NULL);
    int r = JS_IsException(text) ? -1 : print_quoted(p, text);

    JS_FreeValue(p->ctx, text);
    JS_FreeAtom(p->ctx, name);
    return r;
}

static bool on_path(const struct printer *p, const void *object)
{
    for (int i = 0; i < p->depth; i++) {
        if (p->path[i] == object)
            return true;
    }
    return false;
}

static int print_compound(struct printer *p, JSValueConst v)
{
    int type = JS_GetTypedArrayType(v), r;

    p->path[p->depth++] = JS_VALUE_GET_PTR(v);
    if (type >= 0) {
        r = print_typed_array(p, v, type);
    } else if (JS_IsArray(v) || JS_GetClassID(v) == JSC_SHARED_ARRAY) {
        r = print_items(p, v);
    } else {
        r = print_properties(p, v);
    }
    p->depth--;
    return r;
}

static int print_object(struct printer *p, JSValueConst v)
{
    if (JS_IsFunction(p->ctx, v)) {
        put(p, STR("[object Function]"));
        return 0;
    }
    if (JS_IsError(v))
        return print_string_of(p, v);
    if (JS_IsDate(v))
        return print_date(p, v);
    if (JS_IsArrayBuffer(v)) {
        print_bytes(p, v);
        return 0;
    }
    if (on_path(p, JS_VALUE_GET_PTR(v))) {
        put(p, STR("[Circular]"));
        return 0;
    }
    if (p->depth == DEPTH_MAX) {
        put(p, STR("[Object]"));
        return 0;
    }
    return print_compound(p, v);
}

static int print_symbol(struct printer *p, JSValueConst v)
{
    JSValue description = JS_GetPropertyStr(p->ctx, v, "description");
    int r = print_string_of(p, description);

    JS_FreeValue(p->ctx, description);
    return r;
}

/* The top level shows strings raw; inside of others they are quoted and undefined is null. */
static int print(struct printer *p, JSValueConst v)
{
    if (JS_IsObject(v))
        return print_object(p, v);
    if (JS_IsSymbol(v))
        return print_symbol(p, v);
    if (p->depth && JS_IsUndefined(v)) {
        put(p, STR("null"));
        return 0;
    }
    if (p->depth && JS_IsString(v))
        return print_quoted(p, v);
    return print_string_of(p, v);
}

static JSValue console_log(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv,
                           int magic)
{
    struct script_host *h = js_host_of(ctx);
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    struct printer p = {.ctx = ctx, .out = &line};
    int r = 0;

    (void)this_val;
    for (int i = 0; i < argc && r == 0; i++) {
        if (i)
            put(&p, STR(" "));
        r = print(&p, argv[i]);
    }
    if (r == 0)
        h->ops->log(h, (enum script_log_level)magic, SCRIPT_LOG_CONSOLE, buf_str(&line));
    buf_fini(&line);
    return r < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("log", 0, console_log, SCRIPT_LOG_INFO),
    JS_CFUNC_MAGIC_DEF("info", 0, console_log, SCRIPT_LOG_INFO),
    JS_CFUNC_MAGIC_DEF("debug", 0, console_log, SCRIPT_LOG_DEBUG),
    JS_CFUNC_MAGIC_DEF("warn", 0, console_log, SCRIPT_LOG_WARN),
    JS_CFUNC_MAGIC_DEF("error", 0, console_log, SCRIPT_LOG_ERROR),
};

int js_console_define(JSContext *ctx, JSValueConst global)
{
    JSValue console = JS_NewObject(ctx);

    if (js_define(ctx, console, functions, countof(functions)) < 0) {
        JS_FreeValue(ctx, console);
        return -1;
    }
    return JS_DefinePropertyValueStr(ctx, global, "console", console,
                                     JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
}
