/*
 * The module k6/http: its state, the request functions and the table of exports.
 *
 * The state of a group is found through an object that the context keeps as the prototype of an
 * internal class. It dies with the context; responses that outlive it (they may, while a runtime is
 * torn down) hold a reference to what they need.
 */
#include "base/mem.h"
#include "plan/options.h"
#include "script/js/k6_http_priv.h"

/* ---- the state of a group ---- */

static void free_atoms(JSRuntime *rt, struct js_http *http)
{
#define X(name) JS_FreeAtomRT(rt, http->atom.name);
    HTTP_ATOMS(X)
#undef X
    js_lazy_index_fini(rt, &http->response);
    js_lazy_index_fini(rt, &http->timings);
    js_lazy_index_fini(rt, &http->request);
}

void js_http_unref(JSRuntime *rt, struct js_http *http)
{
    if (--http->n_refs > 0)
        return;
    free_atoms(rt, http);
    http_calls_fini(http);
    http_responses_fini(http);
    url_cache_free(http->urls);
    buf_fini(&http->scratch);
    free(http);
}

static void state_finalize(JSRuntime *rt, JSValueConst obj)
{
    struct js_http *http = JS_GetOpaque(obj, JSC_HTTP_STATE);

    if (!http)
        return;
    for (size_t i = 0; i < countof(http->methods); i++) {
        JS_FreeValueRT(rt, http->methods[i]);
        http->methods[i] = JS_UNDEFINED;
    }
    js_http_unref(rt, http);
}

static void state_mark(JSRuntime *rt, JSValueConst obj, JS_MarkFunc *mark)
{
    struct js_http *http = JS_GetOpaque(obj, JSC_HTTP_STATE);

    for (size_t i = 0; http && i < countof(http->methods); i++)
        JS_MarkValue(rt, http->methods[i], mark);
}

static const JSClassDef state_class = {
    .class_name = "HttpState",
    .finalizer = state_finalize,
    .gc_mark = state_mark,
};

static struct js_http *state_new(JSContext *ctx)
{
    struct js_http *http = xnew(struct js_http);

    http->n_refs = 1;
#define X(field) http->atom.field = JS_NewAtom(ctx, #field);
    HTTP_ATOMS(X)
#undef X
    js_lazy_index_init(ctx, &http->response, &http_response_type);
    js_lazy_index_init(ctx, &http->timings, &http_timings_type);
    js_lazy_index_init(ctx, &http->request, &http_sent_type);
    for (size_t i = 0; i < countof(http->methods); i++)
        http->methods[i] = JS_UNDEFINED;
    http->urls = url_cache_new();
    return http;
}

/* Makes the state and hangs it into the context. */
static int state_init(JSContext *ctx)
{
    struct js_http *http;
    JSValue obj;

    if (js_class_register(ctx, JSC_HTTP_STATE, &state_class) < 0)
        return -1;
    obj = JS_NewObjectClass(ctx, JSC_HTTP_STATE);
    if (JS_IsException(obj))
        return -1;
    http = state_new(ctx);
    JS_SetOpaque(obj, http);
    JS_SetClassProto(ctx, JSC_HTTP_STATE, obj);
    return http_response_methods(ctx, http);
}

static struct js_http *state_of(JSContext *ctx)
{
    JSValue obj = JS_GetClassProto(ctx, JSC_HTTP_STATE);
    struct js_http *http = JS_GetOpaque(obj, JSC_HTTP_STATE);

    JS_FreeValue(ctx, obj);
    return http;
}

struct http_user *http_user_of(JSContext *ctx)
{
    struct http_user *user = js_vu_data(js_vu_of(ctx), &js_module_http);

    if (unlikely(!user->http)) {
        user->http = state_of(ctx);
        user->callback = JS_UNDEFINED;
    }
    return user;
}

static void user_fini(struct js_vu *vu, void *data)
{
    struct http_user *user = data;

    if (user->http)
        JS_FreeValue(vu->ctx, user->callback);
}

int http_plain_class(JSContext *ctx, enum js_class id, const JSClassDef *def)
{
    JSValue plain;

    if (js_class_register(ctx, id, def) < 0)
        return -1;
    plain = JS_NewObject(ctx);
    if (JS_IsException(plain))
        return -1;
    JS_SetClassProto(ctx, id, JS_GetPrototype(ctx, plain));
    JS_FreeValue(ctx, plain);
    return 0;
}

/* ---- what all request functions do ---- */

bool http_allowed(JSContext *ctx, const char *what)
{
    if (likely(!js_in_init(ctx)))
        return true;
    js_throw(ctx, "%s in the init context is not supported", what);
    return false;
}

void http_warn(JSContext *ctx, const char *message, const char *field, struct str value)
{
    struct script_host *host = js_host_of(ctx);

    if (host->ops->log_field) {
        host->ops->log_field(host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, str_of(message),
                             str_of(field), value);
    } else {
        js_warn(ctx, "%s: %.*s", message, STR_ARG(value));
    }
}

JSValue http_refuse(JSContext *ctx, struct http_call *call, int r)
{
    if (r < 0)
        return JS_EXCEPTION;
    if (call->vu->host->options->throw)
        return js_throw(ctx, "%.*s", STR_ARG(call->error));
    http_warn(ctx, "Request Failed", "error", call->error);
    return http_response_invalid(ctx, call);
}

/* Takes the reference `r`. */
static JSValue deliver(JSContext *ctx, struct http_call *call, struct http_response *r)
{
    JSValue failure;

    if (likely(!http_response_throws(call, r)))
        return http_response_object(ctx, call, r);
    failure = http_response_failure(ctx, call, r);
    http_response_unref(r);
    return JS_Throw(ctx, failure);
}

/* Suspends until the response is there. */
static JSValue perform(JSContext *ctx, struct http_call *call)
{
    struct js_vu *vu = call->vu;
    struct script_host *host = vu->host;
    struct http_response *r = NULL;
    int ret;

    js_suspend(vu);
    ret = host->ops->request(host, &call->req, &r);
    js_resume(vu);
    if (js_host_ok(ctx, ret))
        return deliver(ctx, call, r);
    http_response_unref(r); /* it came, and so did an interruption */
    return JS_EXCEPTION;
}

static JSValue send(JSContext *ctx, const struct http_args *args)
{
    struct http_call *call;
    JSValue v;
    int r;

    if (!http_allowed(ctx, "Making http requests"))
        return JS_EXCEPTION;
    call = http_call_take(ctx, http_user_of(ctx));
    r = http_args_read(ctx, call, args);
    v = r == 0 ? perform(ctx, call) : http_refuse(ctx, call, r);
    http_call_give(ctx, call);
    return v;
}

/* ---- get, post and kin ---- */

enum verb {
    GET,
    HEAD,
    POST,
    PUT,
    PATCH,
    DEL,
    OPTIONS,
};

static const struct {
    struct str method;
    const char *name;
    bool has_body; /* (url, body, params), else (url, params) */
} verbs[] = {
    [GET] = {STR("GET"), "get", false},
    [HEAD] = {STR("HEAD"), "head", false},
    [POST] = {STR("POST"), "post", true},
    [PUT] = {STR("PUT"), "put", true},
    [PATCH] = {STR("PATCH"), "patch", true},
    [DEL] = {STR("DELETE"), "del", true},
    [OPTIONS] = {STR("OPTIONS"), "options", true},
};

static JSValueConst argument(int argc, JSValueConst *argv, int i)
{
    return i < argc ? argv[i] : JS_UNDEFINED;
}

static JSValue http_verb(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int verb)
{
    bool has_body = verbs[verb].has_body;
    const struct http_args args = {
        .method = verbs[verb].method,
        .url = argument(argc, argv, 0),
        .body = has_body ? argument(argc, argv, 1) : JS_UNDEFINED,
        .params = argument(argc, argv, has_body ? 2 : 1),
    };

    (void)self;
    if (unlikely(!has_body && argc > 2)) {
        js_warn(ctx,
                "http.%s only accepts a url and a params argument (2 arguments), but %d were given",
                verbs[verb].name, argc);
    }
    return send(ctx, &args);
}

/* The method argument of request() and asyncRequest(); empty stands for GET. */
static int method_text(JSContext *ctx, JSValueConst v, struct str *ret_text)
{
    *ret_text = js_nullish(v) ? (struct str){0} : js_str(ctx, v);
    return js_nullish(v) || ret_text->p ? 0 : -1;
}

static JSValue http_request(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct http_args args = {
        .url = argument(argc, argv, 1),
        .body = argument(argc, argv, 2),
        .params = argument(argc, argv, 3),
    };
    JSValue v;

    (void)self;
    if (method_text(ctx, argument(argc, argv, 0), &args.method) < 0)
        return JS_EXCEPTION;
    v = send(ctx, &args);
    js_str_fini(ctx, args.method);
    return v;
}

/* ---- asyncRequest ---- */

/* Resolves the promise with a value (taken over), or rejects it with the pending exception. */
static JSValue settle(JSContext *ctx, const struct http_call *call, JSValue value)
{
    bool failed = JS_IsException(value);
    JSValue r;

    if (failed)
        value = JS_GetException(ctx);
    if (failed && JS_IsUncatchableError(value))
        return JS_Throw(ctx, value);
    r = JS_Call(ctx, call->resolve[failed], JS_UNDEFINED, 1, (JSValueConst *)&value);
    JS_FreeValue(ctx, value);
    return r;
}

/* In the user's event loop: the response is there. */
static void async_run(struct js_vu *vu, struct js_task *task)
{
    struct http_call *call = container_of(task, struct http_call, task);
    JSContext *ctx = vu->ctx;

    JS_FreeValue(ctx, settle(ctx, call, deliver(ctx, call, take(call->response))));
    js_pending_end(vu);
    http_call_give(ctx, call);
}

static void async_drop(struct js_vu *vu, struct js_task *task)
{
    js_pending_end(vu);
    http_call_give(vu->ctx, container_of(task, struct http_call, task));
}

/* From the host, while the user may be suspended: no JavaScript here. */
static void async_done(void *arg, struct http_response *r)
{
    struct http_call *call = arg;

    call->response = r;
    js_post(call->vu, &call->task);
}

static void async_start(struct http_call *call)
{
    struct script_host *host = call->vu->host;

    call->task.run = async_run;
    call->task.drop = async_drop;
    js_pending_begin(call->vu);
    host->ops->request_async(host, &call->req, async_done, call);
}

static JSValue async_send(JSContext *ctx, const struct http_args *args)
{
    struct http_call *call = http_call_take(ctx, http_user_of(ctx));
    JSValue promise = JS_NewPromiseCapability(ctx, call->resolve);
    JSValue v;
    int r;

    if (JS_IsException(promise)) {
        call->resolve[0] = call->resolve[1] = JS_UNDEFINED;
        http_call_give(ctx, call);
        return promise;
    }
    call->async = true;
    r = http_args_read(ctx, call, args);
    if (r == 0) {
        async_start(call);
        return promise;
    }
    v = settle(ctx, call, http_refuse(ctx, call, r));
    http_call_give(ctx, call);
    if (!JS_IsException(v)) {
        JS_FreeValue(ctx, v);
        return promise;
    }
    JS_FreeValue(ctx, promise);
    return v;
}

static JSValue http_async_request(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct http_args args = {
        .url = argument(argc, argv, 1),
        .body = argument(argc, argv, 2),
        .params = argument(argc, argv, 3),
    };
    JSValue v;

    (void)self;
    if (!http_allowed(ctx, "Making http requests") ||
        method_text(ctx, argument(argc, argv, 0), &args.method) < 0)
        return JS_EXCEPTION;
    v = async_send(ctx, &args);
    js_str_fini(ctx, args.method);
    return v;
}

/* ---- the module ---- */

#define CONSTANT(name, value)      JS_PROP_STRING_DEF(name, value, JS_PROP_ENUMERABLE)
#define FUNCTION(name, length, fn) JS_CFUNC_DEF2(name, length, fn, JS_PROP_C_W_E)
#define VERB(name, length, verb)                                                     \
    {                                                                                \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, verb,                                     \
        {                                                                            \
            .func = { length, JS_CFUNC_generic_magic, {.generic_magic = http_verb} } \
        }                                                                            \
    }

static const JSCFunctionListEntry exports_table[] = {
    CONSTANT("TLS_1_0", "tls1.0"),
    CONSTANT("TLS_1_1", "tls1.1"),
    CONSTANT("TLS_1_2", "tls1.2"),
    CONSTANT("TLS_1_3", "tls1.3"),
    CONSTANT("OCSP_STATUS_GOOD", "good"),
    CONSTANT("OCSP_STATUS_REVOKED", "revoked"),
    CONSTANT("OCSP_STATUS_SERVER_FAILED", "server_failed"),
    CONSTANT("OCSP_STATUS_UNKNOWN", "unknown"),
    CONSTANT("OCSP_REASON_UNSPECIFIED", "unspecified"),
    CONSTANT("OCSP_REASON_KEY_COMPROMISE", "key_compromise"),
    CONSTANT("OCSP_REASON_CA_COMPROMISE", "ca_compromise"),
    CONSTANT("OCSP_REASON_AFFILIATION_CHANGED", "affiliation_changed"),
    CONSTANT("OCSP_REASON_SUPERSEDED", "superseded"),
    CONSTANT("OCSP_REASON_CESSATION_OF_OPERATION", "cessation_of_operation"),
    CONSTANT("OCSP_REASON_CERTIFICATE_HOLD", "certificate_hold"),
    CONSTANT("OCSP_REASON_REMOVE_FROM_CRL", "remove_from_crl"),
    CONSTANT("OCSP_REASON_PRIVILEGE_WITHDRAWN", "privilege_withdrawn"),
    CONSTANT("OCSP_REASON_AA_COMPROMISE", "aa_compromise"),
    VERB("get", 2, GET),
    VERB("head", 2, HEAD),
    VERB("post", 3, POST),
    VERB("put", 3, PUT),
    VERB("patch", 3, PATCH),
    VERB("del", 3, DEL),
    VERB("options", 3, OPTIONS),
    FUNCTION("request", 4, http_request),
    FUNCTION("asyncRequest", 4, http_async_request),
    FUNCTION("batch", 1, http_batch),
};

static int http_init(JSContext *ctx, JSValueConst exports)
{
    if (state_init(ctx) < 0 || js_lazy_register(ctx) < 0 || http_values_init(ctx, exports) < 0 ||
        http_cookies_init(ctx, exports) < 0)
        return -1;
    return js_define(ctx, exports, exports_table, countof(exports_table));
}

const struct js_module js_module_http = {
    .name = "k6/http",
    .init = http_init,
    .default_only = true,
    .vu_bytes = sizeof(struct http_user),
    .vu_fini = user_fini,
};
