/* Module k6/encoding (§2.5): base64. */
#include "base/base64.h"
#include "script/js/js_priv.h"

static const struct {
    const char *name;
    enum base64_form form;
} forms[] = {
    {"std", BASE64_STD},
    {"rawstd", BASE64_RAWSTD},
    {"url", BASE64_URL},
    {"rawurl", BASE64_RAWURL},
};

/* The form a script names; missing and unknown names mean the standard one. -1: an exception. */
static int form_of(JSContext *ctx, int argc, JSValueConst *argv, enum base64_form *ret_form)
{
    struct str name;

    *ret_form = BASE64_STD;
    if (argc < 2 || js_nullish(argv[1]))
        return 0;
    name = js_str(ctx, argv[1]);
    if (!name.p)
        return -1;
    for (size_t i = 0; i < countof(forms); i++) {
        if (str_is(name, forms[i].name))
            *ret_form = forms[i].form;
    }
    js_str_fini(ctx, name);
    return 0;
}

static JSValue encode(JSContext *ctx, enum base64_form form, struct str bytes)
{
    struct buf text = {0};
    JSValue v;

    if (base64_encode(form, bytes, &text))
        return js_throw(ctx, "the input is too large to encode");
    v = js_new_str(ctx, buf_str(&text));
    buf_fini(&text);
    return v;
}

static JSValue b64encode(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                         JSValueConst *argv)
{
    JSValueConst input = argc > 0 ? argv[0] : JS_UNDEFINED;
    enum base64_form form;
    struct str bytes;
    JSValue v;

    if (form_of(ctx, argc, argv, &form) < 0)
        return JS_EXCEPTION;
    if (js_bytes(ctx, input, &bytes))
        return encode(ctx, form, bytes);
    if (!JS_IsString(input))
        return js_throw(ctx, "invalid type for input: expected a string or ArrayBuffer");
    bytes = js_str(ctx, input);
    if (!bytes.p)
        return JS_EXCEPTION;
    v = encode(ctx, form, bytes);
    js_str_fini(ctx, bytes);
    return v;
}

static bool wants_string(JSContext *ctx, int argc, JSValueConst *argv)
{
    struct str format;
    bool yes;

    if (argc < 3 || !JS_IsString(argv[2]))
        return false;
    format = js_str(ctx, argv[2]);
    yes = str_is(format, "s");
    js_str_fini(ctx, format);
    return yes;
}

static JSValue b64decode(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                         JSValueConst *argv)
{
    struct buf bytes = {0};
    enum base64_form form;
    struct str text;
    size_t at = 0;
    JSValue v;
    int r;

    if (form_of(ctx, argc, argv, &form) < 0)
        return JS_EXCEPTION;
    text = js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    if (!text.p)
        return JS_EXCEPTION;
    r = base64_decode(form, text, &bytes, &at);
    js_str_fini(ctx, text);
    if (r) {
        v = js_throw(ctx, "illegal base64 data at input byte %zu", at);
    } else if (wants_string(ctx, argc, argv)) {
        v = js_new_str(ctx, buf_str(&bytes));
    } else {
        v = JS_NewArrayBufferCopy(ctx, (const uint8_t *)(bytes.data ? bytes.data : ""), bytes.len);
    }
    buf_fini(&bytes);
    return v;
}

static int encoding_init(JSContext *ctx, JSValueConst exports)
{
    static const JSCFunctionListEntry entries[] = {
        JS_CFUNC_DEF2("b64encode", 2, b64encode, JS_PROP_C_W_E),
        JS_CFUNC_DEF2("b64decode", 3, b64decode, JS_PROP_C_W_E),
    };

    return js_define(ctx, exports, entries, countof(entries));
}

const struct js_module js_module_encoding = {
    .name = "k6/encoding",
    .init = encoding_init,
};
