/*
 * One request from its arguments to its Response object.
 *
 * Calls are reused: a free one keeps the first block of its arena, so that a steady state takes no
 * memory. Texts are borrowed from the script's own strings where they are ASCII, and the strings
 * are held until the call is given back; the coroutine may be suspended meanwhile.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "plan/options.h"
#include "proto/url.h"
#include "script/js/k6_http_priv.h"

enum {
    CALL_ARENA_BYTES = 2048,
    CALL_ERROR_BYTES = 4096, /* longest text of a bad argument */
};

static struct http_call *call_new(void)
{
    struct http_call *call = xnew(struct http_call);

    call->arena.block_bytes = CALL_ARENA_BYTES;
    return call;
}

static void set_defaults(struct http_call *call, const struct script_host *host,
                         const struct plan_options *options)
{
    call->req = (struct http_request){
        .jar = host->jar,
        .tags = host->tags,
        .timeout = 60 * NS_PER_S,
    };
    call->throws = false;
    call->type = HTTP_TYPE_TEXT;
    if (!options) /* in the first init code, where nothing is sent */
        return;
    call->req.max_redirects = (int)options->max_redirects;
    call->throws = options->throw;
    call->type = options->discard_response_bodies ? HTTP_TYPE_NONE : HTTP_TYPE_TEXT;
}

struct http_call *http_call_take(JSContext *ctx, struct http_user *user)
{
    struct js_http *http = user->http;
    struct http_call *call = http->free_calls;

    if (call) {
        http->free_calls = call->next_free;
        http->n_free_calls--;
    } else {
        call = call_new();
    }
    call->http = http;
    call->user = user;
    call->vu = js_vu_of(ctx);
    set_defaults(call, call->vu->host, call->vu->host->options);
    call->url = NULL;
    call->clean_url = (struct str){0};
    call->codings = (struct http_codings){0};
    call->known_method = NULL;
    call->has_redirects = false;
    call->async = false;
    call->error = (struct str){0};
    call->error_code = 0;
    call->body = call->expected = call->jar = JS_UNDEFINED;
    call->resolve[0] = call->resolve[1] = JS_UNDEFINED;
    call->response = NULL;
    call->texts = call->texts_inline;
    call->cap_texts = call->cap_headers = HTTP_CALL_INLINE;
    call->headers = call->headers_inline;
    call->n_texts = call->n_headers = 0;
    return call;
}

static void drop_references(JSContext *ctx, struct http_call *call)
{
    for (size_t i = 0; i < call->n_texts; i++)
        JS_FreeCString(ctx, call->texts[i]);
    JS_FreeValue(ctx, call->body);
    JS_FreeValue(ctx, call->expected);
    JS_FreeValue(ctx, call->jar);
    JS_FreeValue(ctx, call->resolve[0]);
    JS_FreeValue(ctx, call->resolve[1]);
    http_response_unref(call->response);
    url_unref(call->url);
}

static void call_free(struct http_call *call)
{
    arena_fini(&call->arena);
    free(call);
}

void http_call_give(JSContext *ctx, struct http_call *call)
{
    struct js_http *http;

    if (!call)
        return;
    http = call->http;
    drop_references(ctx, call);
    if (http->n_free_calls >= HTTP_KEEP_FREE) {
        call_free(call);
        return;
    }
    arena_reset(&call->arena);
    call->next_free = http->free_calls;
    http->free_calls = call;
    http->n_free_calls++;
}

void http_calls_fini(struct js_http *http)
{
    struct http_call *call;

    while ((call = http->free_calls)) {
        http->free_calls = call->next_free;
        call_free(call);
    }
    http->n_free_calls = 0;
}

void *http_call_grow(struct http_call *call, void *array, size_t n, size_t *cap, size_t size)
{
    void *bigger;

    if (n < *cap)
        return array;
    *cap = *cap ? 2 * *cap : 8;
    bigger = arena_alloc(&call->arena, *cap * size);
    if (n > 0)
        memcpy(bigger, array, n * size);
    return bigger;
}

static void hold_text(struct http_call *call, const char *text)
{
    call->texts =
        http_call_grow(call, call->texts, call->n_texts, &call->cap_texts, sizeof(*call->texts));
    call->texts[call->n_texts++] = text;
}

int http_call_text(JSContext *ctx, struct http_call *call, JSValueConst v, struct str *ret_text)
{
    struct str s = js_str(ctx, v);

    if (!s.p)
        return -1;
    hold_text(call, s.p);
    *ret_text = s;
    return 0;
}

int http_call_atom_text(JSContext *ctx, struct http_call *call, JSAtom atom, struct str *ret_text)
{
    struct str s;

    s.p = JS_AtomToCStringLen(ctx, &s.n, atom);
    if (!s.p)
        return -1;
    hold_text(call, s.p);
    *ret_text = s;
    return 0;
}

struct http_header *http_call_find_header(struct http_call *call, struct str name)
{
    for (size_t i = 0; i < call->n_headers; i++) {
        if (call->headers[i].name.n == name.n && str_eq_nocase(call->headers[i].name, name))
            return &call->headers[i];
    }
    return NULL;
}

void http_call_header(struct http_call *call, struct str name, struct str value)
{
    struct http_header *h = http_call_find_header(call, name);

    if (!h) {
        call->headers =
            http_call_grow(call, call->headers, call->n_headers, &call->cap_headers, sizeof(*h));
        h = &call->headers[call->n_headers++];
    }
    *h = (struct http_header){name, value};
}

int http_call_fail(struct http_call *call, int code, const char *fmt, ...)
{
    char *text;
    va_list args;
    int n;

    if (call->error.n > 0)
        return HTTP_E_ARGS;
    text = arena_alloc(&call->arena, CALL_ERROR_BYTES);
    va_start(args, fmt);
    n = vsnprintf(text, CALL_ERROR_BYTES, fmt, args);
    va_end(args);
    call->error = str_from(text, n < CALL_ERROR_BYTES ? (size_t)n : CALL_ERROR_BYTES - 1);
    call->error_code = code;
    return HTTP_E_ARGS;
}

static const char *typed_array_name(int type)
{
    static const char *const names[] = {
        [JS_TYPED_ARRAY_UINT8C] = "[]uint8",      [JS_TYPED_ARRAY_INT8] = "[]int8",
        [JS_TYPED_ARRAY_UINT8] = "[]uint8",       [JS_TYPED_ARRAY_INT16] = "[]int16",
        [JS_TYPED_ARRAY_UINT16] = "[]uint16",     [JS_TYPED_ARRAY_INT32] = "[]int32",
        [JS_TYPED_ARRAY_UINT32] = "[]uint32",     [JS_TYPED_ARRAY_BIG_INT64] = "[]int64",
        [JS_TYPED_ARRAY_BIG_UINT64] = "[]uint64", [JS_TYPED_ARRAY_FLOAT16] = "[]float16",
        [JS_TYPED_ARRAY_FLOAT32] = "[]float32",   [JS_TYPED_ARRAY_FLOAT64] = "[]float64",
    };

    return type >= 0 && (size_t)type < countof(names) ? names[type] : NULL;
}

static const char *object_name(JSContext *ctx, JSValueConst v)
{
    const char *typed = typed_array_name(JS_GetTypedArrayType(v));

    if (typed)
        return typed;
    if (JS_IsFunction(ctx, v))
        return "func(sobek.FunctionCall) sobek.Value";
    if (JS_IsArray(v) || JS_IsSet(v))
        return "[]interface {}";
    if (JS_IsMap(v))
        return "[][2]interface {}";
    if (JS_IsDate(v))
        return "time.Time";
    if (JS_IsArrayBuffer(v))
        return "sobek.ArrayBuffer";
    if (http_is_file(v))
        return "*http.FileData";
    return "map[string]interface {}";
}

const char *http_type_name(JSContext *ctx, JSValueConst v)
{
    switch (JS_VALUE_GET_NORM_TAG(v)) {
    case JS_TAG_UNDEFINED:
    case JS_TAG_NULL:
        return "<nil>";
    case JS_TAG_BOOL:
        return "bool";
    case JS_TAG_INT:
        return "int64";
    case JS_TAG_FLOAT64:
        return "float64";
    case JS_TAG_BIG_INT:
    case JS_TAG_SHORT_BIG_INT:
        return "*big.Int";
    case JS_TAG_SYMBOL:
        return "symbol";
    case JS_TAG_OBJECT:
        return object_name(ctx, v);
    default:
        return "string";
    }
}
