/*
 * Responses as scripts see them.
 *
 * A Response holds a reference to the struct http_response and makes its fields when they are read:
 * a script that checks the status and drops the object has paid for one object and one number. The
 * structs come back to a list of the group, since there is one per request.
 *
 * The response to arguments that could not be used has no struct http_response behind it: status 0,
 * the error, and an empty body.
 */
#include <assert.h>

#include "base/mem.h"
#include "plan/options.h"
#include "proto/error_code.h"
#include "proto/url.h"
#include "script/js/gjson.h"
#include "script/js/k6_http_priv.h"

/* The fields in k6's order; what follows `request` are methods. */
enum response_field {
    F_REMOTE_IP,
    F_REMOTE_PORT,
    F_URL,
    F_STATUS,
    F_STATUS_TEXT,
    F_PROTO,
    F_HEADERS,
    F_COOKIES,
    F_BODY,
    F_TIMINGS,
    F_TLS_VERSION,
    F_TLS_CIPHER_SUITE,
    F_OCSP,
    F_ERROR,
    F_ERROR_CODE,
    F_REQUEST,
    F_CLICK_LINK,
    F_HTML,
    F_JSON,
    F_SUBMIT_FORM,
    N_FIELDS,
    SLOT_PARSED = N_FIELDS, /* what json() gave */
    SLOT_REQUEST_BODY,
    SLOT_METHOD, /* when it is none of the usual ones */
    N_SLOTS,
};

static const char *const response_names[] = {
    [F_REMOTE_IP] = "remote_ip",
    [F_REMOTE_PORT] = "remote_port",
    [F_URL] = "url",
    [F_STATUS] = "status",
    [F_STATUS_TEXT] = "status_text",
    [F_PROTO] = "proto",
    [F_HEADERS] = "headers",
    [F_COOKIES] = "cookies",
    [F_BODY] = "body",
    [F_TIMINGS] = "timings",
    [F_TLS_VERSION] = "tls_version",
    [F_TLS_CIPHER_SUITE] = "tls_cipher_suite",
    [F_OCSP] = "ocsp",
    [F_ERROR] = "error",
    [F_ERROR_CODE] = "error_code",
    [F_REQUEST] = "request",
    [F_CLICK_LINK] = "clickLink",
    [F_HTML] = "html",
    [F_JSON] = "json",
    [F_SUBMIT_FORM] = "submitForm",
};

struct js_response {
    struct js_lazy lazy;
    struct http_response *r; /* NULL: bad arguments */
    struct url *url;         /* as requested; NULL likewise */
    const char *method;      /* static; NULL: in SLOT_METHOD, or none */
    enum http_response_type type;
    bool discarded; /* the body, by responseType none */
};

/* Timings and request share what they need of the response. */
struct js_part {
    struct js_lazy lazy;
    struct http_response *r;
    struct url *url;
    const char *method;
};

static struct js_response *response_of(struct js_lazy *self)
{
    return container_of(self, struct js_response, lazy);
}

/* ---- storage ---- */

struct free_link {
    struct free_link *next;
};

static struct js_response *response_take(struct js_http *http)
{
    struct free_link *link = http->free_responses;

    if (!link)
        return xmalloc(sizeof(struct js_response));
    http->free_responses = link->next;
    http->n_free_responses--;
    return (struct js_response *)(void *)link;
}

static void response_free(JSRuntime *rt, struct js_lazy *self)
{
    struct js_response *res = response_of(self);
    struct js_http *http = self->http;
    struct free_link *link = (struct free_link *)(void *)res;

    (void)rt;
    http_response_unref(res->r);
    url_unref(res->url);
    if (http->n_free_responses >= HTTP_KEEP_FREE) {
        free(res);
        return;
    }
    link->next = http->free_responses;
    http->free_responses = link;
    http->n_free_responses++;
}

void http_responses_fini(struct js_http *http)
{
    struct free_link *link;

    while ((link = http->free_responses)) {
        http->free_responses = link->next;
        free(link);
    }
    http->n_free_responses = 0;
}

/* ---- parts ---- */

static void part_free(JSRuntime *rt, struct js_lazy *self)
{
    struct js_part *part = container_of(self, struct js_part, lazy);

    (void)rt;
    http_response_unref(part->r);
    url_unref(part->url);
    free(part);
}

static JSValue part_new(JSContext *ctx, struct js_response *res, const struct js_lazy_index *index)
{
    struct js_part *part = xnew(struct js_part);

    part->r = res->r ? http_response_ref(res->r) : NULL;
    part->url = res->url ? url_ref(res->url) : NULL;
    part->method = res->method;
    return js_lazy_new(ctx, res->lazy.http, index, &part->lazy);
}

static const char *const timings_names[] = {
    "duration",        "blocked", "looking_up", "connecting",
    "tls_handshaking", "sending", "waiting",    "receiving",
};

static JSValue timings_get(JSContext *ctx, struct js_lazy *self, uint32_t field)
{
    static const struct http_timings none;
    const struct js_part *part = container_of(self, struct js_part, lazy);
    const struct http_timings *t = part->r ? &part->r->timings : &none;
    const span_ns spans[] = {
        t->duration,        t->blocked, 0,          t->connecting,
        t->tls_handshaking, t->sending, t->waiting, t->receiving,
    };

    return JS_NewNumber(ctx, (double)spans[field] / (double)NS_PER_MS);
}

const struct js_lazy_type http_timings_type = {
    .fields = timings_names,
    .n_fields = countof(timings_names),
    .n_slots = countof(timings_names),
    .get = timings_get,
    .free = part_free,
};

enum sent_field {
    S_METHOD,
    S_URL,
    S_HEADERS,
    S_BODY,
    S_COOKIES,
    N_SENT,
};

static const char *const sent_names[] = {
    [S_METHOD] = "method", [S_URL] = "url",         [S_HEADERS] = "headers",
    [S_BODY] = "body",     [S_COOKIES] = "cookies",
};

static JSValue sent_get(JSContext *ctx, struct js_lazy *self, uint32_t field)
{
    const struct js_part *part = container_of(self, struct js_part, lazy);

    switch ((enum sent_field)field) {
    case S_METHOD:
        return JS_NewString(ctx, part->method ? part->method : "");
    case S_URL:
        return js_new_str(ctx, part->url->original);
    case S_HEADERS:
        return http_field_sent_headers(ctx, part->r, part->url);
    case S_BODY:
        return js_new_str(ctx, part->r->request_body);
    case S_COOKIES:
        return http_field_sent_cookies(ctx, part->r);
    default:
        return JS_UNDEFINED;
    }
}

const struct js_lazy_type http_sent_type = {
    .fields = sent_names,
    .n_fields = N_SENT,
    .n_slots = N_SENT,
    .keep = 1U << S_HEADERS | 1U << S_BODY | 1U << S_COOKIES,
    .get = sent_get,
    .free = part_free,
};

/* res.request: what the response remembers better than the wire does is set beforehand. */
static JSValue request_object(JSContext *ctx, struct js_response *res)
{
    JSValueConst body = js_lazy_kept(&res->lazy, SLOT_REQUEST_BODY);
    JSValueConst method = js_lazy_kept(&res->lazy, SLOT_METHOD);
    struct js_lazy *sent;
    JSValue obj;

    if (!res->r)
        return JS_NULL;
    obj = part_new(ctx, res, &res->lazy.http->request);
    sent = js_lazy_of(obj, &http_sent_type);
    if (!sent)
        return obj;
    if ((!JS_IsUninitialized(body) &&
         js_lazy_keep(ctx, sent, S_BODY, JS_DupValue(ctx, body)) < 0) ||
        (!JS_IsUninitialized(method) &&
         js_lazy_keep(ctx, sent, S_METHOD, JS_DupValue(ctx, method)) < 0)) {
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    return obj;
}

/* ---- fields ---- */

static JSValue body_value(JSContext *ctx, const struct js_response *res)
{
    const struct http_response *r = res->r;

    if (!r)
        return JS_NewArray(ctx);
    if (res->discarded || !r->has_body)
        return JS_NULL;
    if (res->type == HTTP_TYPE_BINARY)
        return JS_NewArrayBufferCopy(ctx, (const uint8_t *)r->body.p, r->body.n);
    return js_new_str(ctx, r->body);
}

static JSValue url_value(JSContext *ctx, const struct js_response *res)
{
    if (res->r && res->r->url.n > 0)
        return js_new_str(ctx, res->r->url);
    return js_new_str(ctx, res->r && res->url ? res->url->original : STR(""));
}

static int error_code_value(const struct http_response *r)
{
    return r->error_code ? r->error_code : error_code_of_status(r->status);
}

/* The fields that need a struct http_response. */
static JSValue wire_field(JSContext *ctx, const struct http_response *r, enum response_field field)
{
    switch (field) {
    case F_REMOTE_IP:
        return JS_NewString(ctx, r->remote_ip);
    case F_REMOTE_PORT:
        return JS_NewInt32(ctx, r->remote_port);
    case F_STATUS:
        return JS_NewInt32(ctx, r->status);
    case F_STATUS_TEXT:
        return http_field_status_text(ctx, r);
    case F_PROTO:
        return JS_NewString(ctx, http_version_name(r->version));
    case F_HEADERS:
        return http_field_headers(ctx, r);
    case F_COOKIES:
        return http_field_cookies(ctx, r);
    case F_TLS_VERSION:
        return JS_NewString(ctx, r->tls_version ? r->tls_version : "");
    case F_TLS_CIPHER_SUITE:
        return JS_NewString(ctx, r->tls_cipher ? r->tls_cipher : "");
    case F_OCSP:
        return http_field_ocsp(ctx, r);
    case F_ERROR:
        return js_new_str(ctx, r->error);
    case F_ERROR_CODE:
        return JS_NewInt32(ctx, error_code_value(r));
    default:
        return JS_UNDEFINED;
    }
}

static JSValue response_get(JSContext *ctx, struct js_lazy *self, uint32_t number)
{
    static const struct http_response none;
    struct js_response *res = response_of(self);
    enum response_field field = (enum response_field)number;

    switch (field) {
    case F_URL:
        return url_value(ctx, res);
    case F_BODY:
        return body_value(ctx, res);
    case F_TIMINGS:
        return part_new(ctx, res, &self->http->timings);
    case F_REQUEST:
        return request_object(ctx, res);
    case F_CLICK_LINK:
    case F_HTML:
    case F_JSON:
    case F_SUBMIT_FORM:
        return JS_DupValue(ctx, self->http->methods[field - F_CLICK_LINK]);
    default:
        return wire_field(ctx, res->r ? res->r : &none, field);
    }
}

const struct js_lazy_type http_response_type = {
    .fields = response_names,
    .n_fields = N_FIELDS,
    .n_slots = N_SLOTS,
    .keep = 1U << F_URL | 1U << F_HEADERS | 1U << F_COOKIES | 1U << F_BODY | 1U << F_TIMINGS |
            1U << F_OCSP | 1U << F_ERROR | 1U << F_REQUEST,
    .get = response_get,
    .free = response_free,
};

/* ---- json() ---- */

/* The body to transform, and what must be released afterwards. */
struct body_text {
    struct str bytes;
    struct str held; /* for js_str_fini() */
};

static int fail_null_body(JSContext *ctx, const char *what)
{
    js_throw(ctx,
             "the body is null so we can't transform it to %s - this likely was because of a "
             "request error getting the response",
             what);
    return -1;
}

/* What the script has put in the place of the body. */
static int assigned_text(JSContext *ctx, JSValueConst body, const char *what,
                         struct body_text *ret_text)
{
    if (js_bytes(ctx, body, &ret_text->bytes))
        return 0;
    if (js_nullish(body) || JS_IsUninitialized(body))
        return fail_null_body(ctx, what);
    ret_text->held = ret_text->bytes = js_str(ctx, body);
    return ret_text->held.p ? 0 : -1;
}

/* The response's own bytes, without a JavaScript string between; 0, or -1 with an exception. */
static int body_text(JSContext *ctx, const struct js_response *res, const char *what,
                     struct body_text *ret_text)
{
    *ret_text = (struct body_text){0};
    if (res->lazy.assigned >> F_BODY & 1)
        return assigned_text(ctx, js_lazy_kept(&res->lazy, F_BODY), what, ret_text);
    if (!res->r)
        return 0;
    if (res->discarded || !res->r->has_body)
        return fail_null_body(ctx, what);
    ret_text->bytes = res->r->body;
    return 0;
}

int http_response_need_body(JSContext *ctx, JSValueConst self, const char *what)
{
    struct js_lazy *lazy = js_lazy_of(self, &http_response_type);
    struct body_text text;

    if (!lazy) {
        JS_ThrowTypeError(ctx, "not a Response");
        return -1;
    }
    if (body_text(ctx, response_of(lazy), what, &text) < 0)
        return -1;
    js_str_fini(ctx, text.held);
    return 0;
}

static JSValue parse_json(JSContext *ctx, struct str text)
{
    struct js_json_error e = {0};
    JSValue v = JS_UNDEFINED;
    int r = js_json_parse(js_json_of(ctx), ctx, text, &v, &e);

    if (r == 0)
        return v;
    if (r == JS_JSON_E_THROWN)
        return JS_EXCEPTION;
    /* k6 counts the bytes it has read: at the end of the text there is none past it. */
    return js_throw(ctx, "cannot parse json due to an error at line %u, character %u , error: %s",
                    e.line, e.at >= text.n ? e.column - 1 : e.column, e.text);
}

/* Nothing found and nothing valid are both undefined. */
static JSValue select_json(JSContext *ctx, struct js_http *http, struct str text, JSValueConst path)
{
    struct js_json_error e;
    struct gjson_result found = {0};
    struct str path_text = js_str(ctx, path);
    JSValue v = JS_UNDEFINED;

    if (!path_text.p)
        return JS_EXCEPTION;
    buf_reset(&http->scratch);
    gjson_get(text, path_text, &http->scratch, &found);
    js_str_fini(ctx, path_text);
    if (!found.exists)
        return JS_UNDEFINED;
    if (js_json_parse(js_json_of(ctx), ctx, found.json, &v, &e) == JS_JSON_E_THROWN)
        return JS_EXCEPTION;
    return v;
}

static JSValue parse_whole(JSContext *ctx, struct js_response *res, struct str text)
{
    JSValueConst kept = js_lazy_kept(&res->lazy, SLOT_PARSED);
    JSValue v;

    if (!JS_IsUninitialized(kept))
        return JS_DupValue(ctx, kept);
    v = parse_json(ctx, text);
    if (!JS_IsException(v) && js_lazy_keep(ctx, &res->lazy, SLOT_PARSED, JS_DupValue(ctx, v)) < 0) {
        JS_FreeValue(ctx, v);
        return JS_EXCEPTION;
    }
    return v;
}

static JSValue response_json(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct js_lazy *lazy = js_lazy_of(self, &http_response_type);
    struct js_response *res = lazy ? response_of(lazy) : NULL;
    struct body_text text;
    JSValue v;

    if (!res)
        return JS_ThrowTypeError(ctx, "json() needs its Response");
    if (body_text(ctx, res, "JSON", &text) < 0)
        return JS_EXCEPTION;
    v = argc > 0 ? select_json(ctx, lazy->http, text.bytes, argv[0])
                 : parse_whole(ctx, res, text.bytes);
    js_str_fini(ctx, text.held);
    return v;
}

int http_response_methods(JSContext *ctx, struct js_http *http)
{
    static JSCFunction *const functions[] = {
        http_response_click_link,
        http_response_html,
        response_json,
        http_response_submit_form,
    };

    static_assert(countof(functions) == countof(http->methods), "one place each");
    for (size_t i = 0; i < countof(functions); i++) {
        http->methods[i] = JS_NewCFunction(ctx, functions[i], response_names[F_CLICK_LINK + i], 1);
        if (JS_IsException(http->methods[i])) {
            http->methods[i] = JS_UNDEFINED;
            return -1;
        }
    }
    return 0;
}

/* ---- making one ---- */

/* `Get "http://…": dial: connection refused`, in the call's arena. */
static struct str failure_text(struct http_call *call, const struct http_response *r)
{
    struct str method = call->req.method;
    char *text;

    if (r->status == 101) {
        return str_of(arena_printf(&call->arena, "unsupported response status: 101 %.*s",
                                   STR_ARG(r->reason)));
    }
    text = arena_printf(&call->arena, "%.*s \"%.*s\": %.*s", STR_ARG(method),
                        STR_ARG(call->clean_url), STR_ARG(r->error));
    for (size_t i = 1; i < method.n; i++)
        text[i] = ascii_lower(text[i]);
    return str_of(text);
}

JSValue http_response_failure(JSContext *ctx, struct http_call *call, const struct http_response *r)
{
    return js_go_error(ctx, failure_text(call, r));
}

bool http_response_throws(const struct http_call *call, const struct http_response *r)
{
    return (call->throws && r->error.n > 0) || r->status == 101;
}

/* What is worth a line in the log about a response that is not thrown. */
static void warn_about(JSContext *ctx, struct http_call *call, const struct http_response *r)
{
    const struct plan_options *options = call->vu->host->options;

    if (r->error.n > 0)
        http_warn(ctx, "Request Failed", "error", failure_text(call, r));
    if (r->redirects_exhausted && !call->has_redirects &&
        !plan_is_set(options, PLAN_MAX_REDIRECTS)) {
        const char *text = arena_printf(
            &call->arena,
            "Stopped after %d redirects and returned the redirection; pass { redirects: n } in "
            "request params or set global maxRedirects to silence this",
            call->req.max_redirects);

        http_warn(ctx, text, "url", call->clean_url);
    }
}

/* What request.body and request.method show, where the wire does not tell. */
static int remember_request(JSContext *ctx, struct js_response *res, struct http_call *call)
{
    if (JS_IsString(call->body) &&
        js_lazy_keep(ctx, &res->lazy, SLOT_REQUEST_BODY, JS_DupValue(ctx, call->body)) < 0)
        return -1;
    if (call->known_method)
        return 0;
    return js_lazy_keep(ctx, &res->lazy, SLOT_METHOD, js_new_str(ctx, call->req.method));
}

/* The struct behind a new Response; takes the reference `r`. */
static struct js_response *response_new(struct http_call *call, struct http_response *r)
{
    struct js_response *res = response_take(call->http);

    res->r = r;
    res->url = r ? url_ref(call->url) : NULL;
    res->method = r ? call->known_method : NULL;
    res->type = call->type;
    res->discarded = call->type == HTTP_TYPE_NONE;
    return res;
}

static JSValue wrap(JSContext *ctx, struct http_call *call, struct js_response *res)
{
    return js_lazy_new(ctx, call->http, &call->http->response, &res->lazy);
}

JSValue http_response_object(JSContext *ctx, struct http_call *call, struct http_response *r)
{
    const char *debug = call->vu->host->options->http_debug;
    struct js_response *res;
    JSValue obj;

    if (unlikely(*debug))
        http_debug_log(ctx, call, r);
    if (unlikely(r->error.n > 0 || r->redirects_exhausted))
        warn_about(ctx, call, r);
    res = response_new(call, r);
    obj = wrap(ctx, call, res);
    if (!JS_IsException(obj) && remember_request(ctx, res, call) < 0) {
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    return obj;
}

JSValue http_response_invalid(JSContext *ctx, struct http_call *call)
{
    struct js_response *res = response_new(call, NULL);
    JSValue obj = wrap(ctx, call, res);

    if (JS_IsException(obj) || call->error.n == 0)
        return obj;
    if (js_lazy_keep(ctx, &res->lazy, F_ERROR, js_new_str(ctx, call->error)) < 0 ||
        js_lazy_keep(ctx, &res->lazy, F_ERROR_CODE, JS_NewInt32(ctx, call->error_code)) < 0) {
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    return obj;
}
