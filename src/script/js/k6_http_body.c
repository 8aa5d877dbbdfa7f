/*
 * The body argument of a request: strings and bytes as they are, objects as forms.
 *
 * A form with a file in it is multipart/form-data, any other is urlencoded with sorted names.
 * Strings are borrowed, bytes too unless the request is asynchronous, when the script could change
 * them meanwhile. What a form or a compression makes lives in the call's arena.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "proto/content.h"
#include "proto/form.h"
#include "script/js/k6_http_priv.h"

enum {
    BODY_LIMIT_BYTES = 256 << 20, /* of an encoded form or compressed body */
    BOUNDARY_BYTES = 30,          /* random ones; twice as many digits */
};

struct form_field {
    struct str name;
    struct str value;
    size_t order; /* fields of one name keep theirs */
};

struct form {
    struct form_field *fields;
    size_t n, cap;
};

static int fail_limit(struct http_call *call)
{
    return http_call_fail(call, 0, "the request body is longer than %d bytes", BODY_LIMIT_BYTES);
}

/* Moves what was built into the call's arena. */
static void keep_body(struct http_call *call, const struct buf *b)
{
    call->req.body = arena_str(&call->arena, buf_str(b));
    call->req.has_body = true;
}

/* ---- urlencoded ---- */

/* The text of one value; objects have none, and a warning says so. */
static int field_text(JSContext *ctx, struct http_call *call, JSAtom key, JSValueConst v,
                      struct str *ret_text)
{
    struct str name = {0};

    *ret_text = STR("");
    if (js_nullish(v))
        return 0;
    if (!JS_IsObject(v) || JS_IsDate(v) || JS_IsFunction(ctx, v))
        return http_call_text(ctx, call, v, ret_text);
    if (http_call_atom_text(ctx, call, key, &name) < 0)
        return -1;
    js_warn(ctx,
            "the form field '%.*s' holds an object or an array, which a form cannot carry; it is "
            "sent empty (use JSON.stringify() to send it as JSON)",
            STR_ARG(name));
    return 0;
}

static int add_field(JSContext *ctx, struct http_call *call, struct form *form, JSAtom key,
                     JSValueConst v)
{
    struct form_field f = {.order = form->n};

    if (http_call_atom_text(ctx, call, key, &f.name) < 0 ||
        field_text(ctx, call, key, v, &f.value) < 0)
        return -1;
    form->fields = http_call_grow(call, form->fields, form->n, &form->cap, sizeof(f));
    form->fields[form->n++] = f;
    return 0;
}

/* An array gives its name once for each element. */
static int add_fields(JSContext *ctx, struct http_call *call, struct form *form, JSAtom key,
                      JSValueConst v)
{
    int64_t n = 0;
    int r = 0;

    if (!JS_IsArray(v))
        return add_field(ctx, call, form, key, v);
    if (JS_GetLength(ctx, v, &n) < 0)
        return -1;
    for (int64_t i = 0; r == 0 && i < n; i++) {
        JSValue item = JS_GetPropertyInt64(ctx, v, i);

        r = JS_IsException(item) ? -1 : add_field(ctx, call, form, key, item);
        JS_FreeValue(ctx, item);
    }
    return r;
}

static int compare_fields(const void *a, const void *b)
{
    const struct form_field *x = a;
    const struct form_field *y = b;
    int c = str_cmp(x->name, y->name);

    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int encode_form(struct http_call *call, struct form *form)
{
    struct buf *out = &call->http->scratch;

    buf_reset(out);
    if (form->n > 0)
        qsort(form->fields, form->n, sizeof(*form->fields), compare_fields);
    for (size_t i = 0; i < form->n; i++) {
        if (form_add(out, 0, form->fields[i].name, form->fields[i].value) != 0)
            return fail_limit(call);
    }
    keep_body(call, out);
    http_call_header(call, STR("Content-Type"), STR("application/x-www-form-urlencoded"));
    return 0;
}

static int read_form(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct js_props it = js_props(ctx, v);
    struct form form = {0};
    int r = 0;

    while (r == 0 && js_props_next(ctx, &it))
        r = add_fields(ctx, call, &form, it.key, it.value);
    if (js_props_end(ctx, &it) < 0)
        r = -1;
    return r == 0 ? encode_form(call, &form) : r;
}

/* ---- multipart ---- */

/* A string's text or an ArrayBuffer's bytes, for as long as the call lives. */
static int file_data(JSContext *ctx, struct http_call *call, JSValueConst v, struct str *ret_data)
{
    struct str bytes = {0};

    if (!js_bytes(ctx, v, &bytes))
        return http_call_text(ctx, call, v, ret_data);
    *ret_data = arena_str(&call->arena, bytes);
    return 0;
}

static int property_text(JSContext *ctx, struct http_call *call, JSValueConst obj, JSAtom name,
                         struct str *ret_text)
{
    JSValue v = JS_GetProperty(ctx, obj, name);
    int r = JS_IsException(v) ? -1 : file_data(ctx, call, v, ret_text);

    JS_FreeValue(ctx, v);
    return r;
}

static int add_file(JSContext *ctx, struct http_call *call, struct multipart *m, struct str name,
                    JSValueConst file)
{
    struct js_http *http = call->http;
    struct str filename = {0};
    struct str type = {0};
    struct str data = {0};

    if (property_text(ctx, call, file, http->atom.filename, &filename) < 0 ||
        property_text(ctx, call, file, http->atom.content_type, &type) < 0 ||
        property_text(ctx, call, file, http->atom.data, &data) < 0)
        return -1;
    return multipart_add(m, name, filename, type, data) != 0 ? fail_limit(call) : 0;
}

static int add_part(JSContext *ctx, struct http_call *call, struct multipart *m, JSAtom key,
                    JSValueConst v)
{
    struct str name = {0};
    struct str value = {0};

    if (http_call_atom_text(ctx, call, key, &name) < 0)
        return -1;
    if (http_is_file(v))
        return add_file(ctx, call, m, name, v);
    if (!js_nullish(v) && http_call_text(ctx, call, v, &value) < 0)
        return -1;
    if (multipart_add(m, name, (struct str){0}, (struct str){0}, value) != 0)
        return fail_limit(call);
    return 0;
}

static int make_boundary(struct http_call *call, struct str *ret_boundary)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[BOUNDARY_BYTES];
    char *text = arena_alloc(&call->arena, sizeof(random) * 2);

    if (secure_random(random, sizeof(random)) != 0)
        return http_call_fail(call, 0, "%s", fault_text());
    for (size_t i = 0; i < sizeof(random); i++) {
        text[2 * i] = digits[random[i] >> 4];
        text[2 * i + 1] = digits[random[i] & 15];
    }
    *ret_boundary = str_from(text, sizeof(random) * 2);
    return 0;
}

static int add_parts(JSContext *ctx, struct http_call *call, struct multipart *m, JSValueConst v)
{
    struct js_props it = js_props(ctx, v);
    int r = 0;

    while (r == 0 && js_props_next(ctx, &it))
        r = add_part(ctx, call, m, it.key, it.value);
    if (js_props_end(ctx, &it) < 0)
        return -1;
    if (r == 0 && multipart_end(m) != 0)
        r = fail_limit(call);
    return r;
}

static int read_multipart(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    scoped(buf_fini) struct buf body = BUF_INIT(BODY_LIMIT_BYTES);
    scoped(buf_fini) struct buf type = BUF_INIT(256);
    struct multipart m = {.out = &body};
    int r = make_boundary(call, &m.boundary);

    if (r == 0)
        r = add_parts(ctx, call, &m, v);
    if (r != 0)
        return r;
    keep_body(call, &body);
    multipart_content_type(&m, &type);
    http_call_header(call, STR("Content-Type"), arena_str(&call->arena, buf_str(&type)));
    return 0;
}

/* 1: there is one, 0: there is none, -1: an exception. */
static int has_file(JSContext *ctx, JSValueConst v)
{
    struct js_props it = js_props(ctx, v);
    bool found = false;

    while (!found && js_props_next(ctx, &it))
        found = http_is_file(it.value);
    return js_props_end(ctx, &it) < 0 ? -1 : found;
}

/* ---- the argument ---- */

/* Whether an object is sent as a form; other kinds of objects are refused. */
static bool is_form(JSContext *ctx, JSValueConst v)
{
    return JS_IsObject(v) && str_is(str_of(http_type_name(ctx, v)), "map[string]interface {}");
}

static int read_object(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct str bytes = {0};
    int files;

    if (js_bytes(ctx, v, &bytes)) {
        call->req.body = call->async ? arena_str(&call->arena, bytes) : bytes;
        call->req.has_body = true;
        return 0;
    }
    if (!is_form(ctx, v))
        return http_call_fail(call, 0, "unknown request body type %s", http_type_name(ctx, v));
    files = has_file(ctx, v);
    if (files < 0)
        return -1;
    return files ? read_multipart(ctx, call, v) : read_form(ctx, call, v);
}

int http_body_read(JSContext *ctx, struct http_call *call, JSValueConst body)
{
    if (js_nullish(body))
        return 0;
    if (JS_IsObject(body)) {
        call->body = JS_DupValue(ctx, body);
        return read_object(ctx, call, body);
    }
    if (!JS_IsString(body))
        return http_call_fail(call, 0, "unknown request body type %s", http_type_name(ctx, body));
    call->req.has_body = true;
    call->body = JS_DupValue(ctx, body);
    return http_call_text(ctx, call, body, &call->req.body);
}

/* ---- compression ---- */

/* Sets Content-Encoding, unless the script did. */
static void set_encoding(JSContext *ctx, struct http_call *call)
{
    struct http_header *h = http_call_find_header(call, STR("Content-Encoding"));

    if (!h) {
        http_call_header(call, STR("Content-Encoding"), call->codings.names);
        return;
    }
    if (!str_eq(h->value, call->codings.names)) {
        js_warn(ctx,
                "There's a mismatch between the desired `compression` and the manually set "
                "`Content-Encoding` header in the %.*s request for '%.*s', the custom header has "
                "precedence and won't be overwritten. This may result in invalid data being sent "
                "to the server.",
                STR_ARG(call->req.method), STR_ARG(call->clean_url));
    }
}

/* The names as the header lists them: "gzip, br". */
static void name_codings(struct http_call *call)
{
    struct http_codings *c = &call->codings;
    struct buf *out = &call->http->scratch;

    buf_reset(out);
    for (size_t i = 0; i < c->n; i++) {
        if (i > 0)
            buf_puts(out, ", ");
        buf_putstr(out, content_coding_name((enum content_coding)c->coding[i]));
    }
    c->names = arena_str(&call->arena, buf_str(out));
}

static int encode_all(struct http_call *call)
{
    for (size_t i = 0; i < call->codings.n; i++) {
        scoped(buf_fini) struct buf out = BUF_INIT(BODY_LIMIT_BYTES);

        if (content_encode((enum content_coding)call->codings.coding[i], call->req.body, &out) != 0)
            return fail_limit(call);
        call->req.body = arena_str(&call->arena, buf_str(&out));
    }
    return 0;
}

int http_body_compress(JSContext *ctx, struct http_call *call)
{
    /* response.request.body shows what was compressed. */
    if (!JS_IsString(call->body)) {
        JS_FreeValue(ctx, call->body);
        call->body = js_new_str(ctx, call->req.body);
        if (JS_IsException(call->body)) {
            call->body = JS_UNDEFINED;
            return -1;
        }
    }
    name_codings(call);
    set_encoding(ctx, call);
    return encode_all(call);
}
