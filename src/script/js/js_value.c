/*
 * Values and errors: what native functions need to read arguments and to throw as k6 does.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "script/js/js_script.h"

enum {
    ERROR_TEXT_MAX = 256 << 10, /* bytes of an exception's text */
};

JSValue js_go_error(JSContext *ctx, struct str message)
{
    JSValue e = JS_NewError(ctx);

    if (JS_IsException(e))
        return e;
    JS_SetPrototype(ctx, e, js_realm_of(ctx)->go_error_proto);
    JS_DefinePropertyValueStr(ctx, e, "message", js_new_str(ctx, message),
                              JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_DefinePropertyValueStr(ctx, e, "value", JS_NewObject(ctx), JS_PROP_C_W_E);
    return e;
}

JSValue js_throw(JSContext *ctx, const char *fmt, ...)
{
    struct buf text = BUF_INIT(ERROR_TEXT_MAX);
    va_list args;
    JSValue e;

    va_start(args, fmt);
    ignored(buf_vprintf(&text, fmt, args));
    va_end(args);
    e = js_go_error(ctx, buf_str(&text));
    buf_fini(&text);
    return JS_Throw(ctx, e);
}

JSValue js_throw_fault(JSContext *ctx)
{
    return js_throw(ctx, "%s", fault_text());
}

JSValue js_throw_interrupt(JSContext *ctx)
{
    struct js_vu *vu = js_vu_of(ctx);
    JSValue e;

    vu->interrupted = true;
    JS_ThrowInternalError(ctx, "interrupted");
    e = JS_GetException(ctx);
    JS_SetUncatchableError(ctx, e);
    /* Jobs and callbacks of this user stop at their next branch as well. */
    js_poll_soon(ctx);
    return JS_Throw(ctx, e);
}

bool js_host_ok(JSContext *ctx, int r)
{
    if (likely(r == 0) && likely(!js_vu_of(ctx)->interrupted))
        return true;
    js_throw_interrupt(ctx);
    return false;
}

void js_warn(JSContext *ctx, const char *fmt, ...)
{
    struct script_host *h = js_host_of(ctx);
    struct buf text = BUF_INIT(ERROR_TEXT_MAX);
    va_list args;

    va_start(args, fmt);
    ignored(buf_vprintf(&text, fmt, args));
    va_end(args);
    h->ops->log(h, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, buf_str(&text));
    buf_fini(&text);
}

/* String(v) without letting an exception escape. */
static void add_string(JSContext *ctx, JSValueConst v, struct buf *out)
{
    struct str s = js_str(ctx, v);

    if (!s.p) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        s = STR("[object]");
        ignored(buf_add(out, s.p, s.n));
        return;
    }
    ignored(buf_add(out, s.p, s.n));
    js_str_fini(ctx, s);
}

/* "at <anonymous> (place)" is "at place" in k6. */
static bool anonymous_place(struct str line, struct str *ret_place)
{
    struct str head = STR("at <anonymous> (");

    if (!str_starts(line, head) || line.p[line.n - 1] != ')')
        return false;
    *ret_place = str_from(line.p + head.n, line.n - head.n - 1);
    return true;
}

/* QuickJS' "    at f (file:1:2)" lines as "\tat f (file:1:2)". */
static void add_stack(struct str stack, struct buf *out)
{
    struct str line;

    while (str_split(&stack, '\n', &line)) {
        line = str_trim(line);
        if (line.n == 0)
            continue;
        if (anonymous_place(line, &line)) {
            ignored(buf_add(out, "\tat ", 4));
        } else {
            ignored(buf_add(out, "\t", 1));
        }
        ignored(buf_add(out, line.p, line.n));
        ignored(buf_add(out, "\n", 1));
    }
}

void js_error_format(JSContext *ctx, JSValueConst error, struct str raw_stack, struct buf *out)
{
    if (out->limit == 0)
        out->limit = ERROR_TEXT_MAX;
    add_string(ctx, error, out);
    ignored(buf_add(out, "\n", 1));
    add_stack(raw_stack, out);
}

void js_error_text(JSContext *ctx, JSValueConst error, struct buf *out)
{
    JSValue stack = JS_IsError(error) ? JS_GetPropertyStr(ctx, error, "stack") : JS_UNDEFINED;

    if (out->limit == 0)
        out->limit = ERROR_TEXT_MAX;
    if (JS_IsException(stack))
        JS_FreeValue(ctx, JS_GetException(ctx));
    add_string(ctx, JS_IsString(stack) ? stack : error, out);
    JS_FreeValue(ctx, stack);
}

char *js_copy(struct str s)
{
    char *copy = xmalloc(s.n + 1);

    if (s.n)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}

bool js_bytes(JSContext *ctx, JSValueConst v, struct str *ret_bytes)
{
    size_t n = 0;
    uint8_t *p;

    if (!JS_IsObject(v))
        return false;
    if (JS_IsArrayBuffer(v)) {
        p = JS_GetArrayBuffer(ctx, &n, v);
    } else if (JS_GetTypedArrayType(v) == JS_TYPED_ARRAY_UINT8) {
        p = JS_GetUint8Array(ctx, &n, v);
    } else {
        return false;
    }
    if (!p && JS_HasException(ctx)) /* detached: no bytes */
        JS_FreeValue(ctx, JS_GetException(ctx));
    *ret_bytes = str_from((const char *)p, p ? n : 0);
    return true;
}

int js_class_register(JSContext *ctx, enum js_class id, const JSClassDef *def)
{
    JSRuntime *rt = JS_GetRuntime(ctx);

    return JS_IsRegisteredClass(rt, id) ? 0 : JS_NewClass(rt, id, def);
}

int js_define(JSContext *ctx, JSValueConst obj, const JSCFunctionListEntry *entries, size_t n)
{
    return JS_SetPropertyFunctionList(ctx, obj, entries, (int)n);
}

void *js_vu_data(struct js_vu *vu, const struct js_module *module)
{
    size_t i = 0;

    while (js_modules[i] != module)
        i++;
    if (unlikely(!vu->module_data[i])) {
        vu->module_data[i] = xcalloc(1, module->vu_bytes);
        if (module->vu_reset)
            vu->module_resets |= UINT32_C(1) << i;
    }
    return vu->module_data[i];
}
