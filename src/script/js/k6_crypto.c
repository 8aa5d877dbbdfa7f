/*
 * Module k6/crypto (§2.6): digests, HMAC, random bytes. A Hasher is a `struct hash` behind a class
 * of its own; its digest() does not end it.
 */
#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "script/js/js_priv.h"

enum {
    RANDOM_MAX_BYTES = 64 << 20,
};

/* Bytes of an argument: a string's UTF-8, an ArrayBuffer or a typed array. */
struct input {
    struct str bytes;
    bool is_text;
};

static int input_of(JSContext *ctx, JSValueConst v, struct input *ret_input)
{
    ret_input->is_text = false;
    if (js_bytes(ctx, v, &ret_input->bytes))
        return 0;
    if (!JS_IsString(v)) {
        js_throw(ctx, "invalid type: expected a string or ArrayBuffer");
        return -1;
    }
    ret_input->is_text = true;
    ret_input->bytes = js_str(ctx, v);
    return ret_input->bytes.p ? 0 : -1;
}

static void input_fini(JSContext *ctx, struct input *input)
{
    if (input->is_text)
        js_str_fini(ctx, input->bytes);
}

/* ---- output ---- */

static JSValue text_of(JSContext *ctx, enum base64_form form, struct str bytes)
{
    char text[2 * HASH_MAX_BYTES];

    return JS_NewStringLen(ctx, text, base64_write(form, bytes.p, bytes.n, text));
}

static JSValue hex_of(JSContext *ctx, struct str bytes)
{
    struct buf text = {0};
    JSValue v;

    if (hex_encode(bytes, &text))
        return js_throw(ctx, "the input is too large to encode");
    v = js_new_str(ctx, buf_str(&text));
    buf_fini(&text);
    return v;
}

/* A digest in the encoding that a script asks for. */
static JSValue digest_value(JSContext *ctx, struct str digest, JSValueConst encoding)
{
    struct str name = js_str(ctx, encoding);
    JSValue v;

    if (!name.p)
        return JS_EXCEPTION;
    if (str_is(name, "hex")) {
        v = hex_of(ctx, digest);
    } else if (str_is(name, "base64")) {
        v = text_of(ctx, BASE64_STD, digest);
    } else if (str_is(name, "base64url")) {
        v = text_of(ctx, BASE64_URL, digest);
    } else if (str_is(name, "base64rawurl")) {
        v = text_of(ctx, BASE64_RAWURL, digest);
    } else if (str_is(name, "binary")) {
        v = JS_NewArrayBufferCopy(ctx, (const uint8_t *)digest.p, digest.n);
    } else {
        v = js_throw(ctx, "invalid output encoding: %.*s", STR_ARG(name));
    }
    js_str_fini(ctx, name);
    return v;
}

static int algo_of(JSContext *ctx, JSValueConst v, enum hash_algo *ret_algo)
{
    struct str name = js_str(ctx, v);
    int r = 0;

    if (!name.p)
        return -1;
    if (!hash_by_name(name, ret_algo)) {
        js_throw(ctx, "invalid algorithm: %.*s", STR_ARG(name));
        r = -1;
    }
    js_str_fini(ctx, name);
    return r;
}

/* ---- Hasher ---- */

static void hasher_finalizer(JSRuntime *rt UNUSED, JSValueConst v)
{
    hash_free(JS_GetOpaque(v, JSC_CRYPTO_HASHER));
}

static const JSClassDef hasher_class = {"Hasher", .finalizer = hasher_finalizer};

static struct hash *hasher_of(JSContext *ctx, JSValueConst v)
{
    return JS_GetOpaque2(ctx, v, JSC_CRYPTO_HASHER);
}

/* Takes over the hash. */
static JSValue new_hasher(JSContext *ctx, struct hash *h)
{
    JSValue v = JS_NewObjectClass(ctx, JSC_CRYPTO_HASHER);

    if (JS_IsException(v)) {
        hash_free(h);
    } else {
        JS_SetOpaque(v, h);
    }
    return v;
}

static JSValue hasher_update(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
    struct hash *h = hasher_of(ctx, this_value);
    struct input input;

    if (!h || input_of(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &input) < 0)
        return JS_EXCEPTION;
    hash_update(h, input.bytes.p, input.bytes.n);
    input_fini(ctx, &input);
    return JS_UNDEFINED;
}

static JSValue hasher_digest(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
    struct hash *h = hasher_of(ctx, this_value);
    unsigned char digest[HASH_MAX_BYTES];

    if (!h)
        return JS_EXCEPTION;
    hash_digest(h, digest);
    return digest_value(ctx, str_from((const char *)digest, hash_size(hash_algo_of(h))),
                        argc > 0 ? argv[0] : JS_UNDEFINED);
}

static const JSCFunctionListEntry hasher_entries[] = {
    JS_CFUNC_DEF("update", 1, hasher_update),
    JS_CFUNC_DEF("digest", 1, hasher_digest),
};

static JSValue create_hash(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                           JSValueConst *argv)
{
    enum hash_algo algo;
    struct hash *h;

    if (algo_of(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &algo) < 0)
        return JS_EXCEPTION;
    if (hash_new(&h, algo) < 0)
        return js_throw_fault(ctx);
    return new_hasher(ctx, h);
}

static JSValue create_hmac(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                           JSValueConst *argv)
{
    enum hash_algo algo;
    struct input key;
    struct hash *h;
    int r;

    if (algo_of(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &algo) < 0 ||
        input_of(ctx, argc > 1 ? argv[1] : JS_UNDEFINED, &key) < 0)
        return JS_EXCEPTION;
    r = hash_new_hmac(&h, algo, key.bytes);
    input_fini(ctx, &key);
    return r < 0 ? js_throw_fault(ctx) : new_hasher(ctx, h);
}

/* ---- one-shot functions ---- */

/* sha256(input, encoding) and its like; the algorithm is the function's magic. */
static JSValue digest_once(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                           JSValueConst *argv, int magic)
{
    unsigned char digest[HASH_MAX_BYTES];
    enum hash_algo algo = (enum hash_algo)magic;
    struct input input;
    int r;

    if (input_of(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &input) < 0)
        return JS_EXCEPTION;
    r = hash_bytes_of(algo, input.bytes.p, input.bytes.n, digest);
    input_fini(ctx, &input);
    if (r < 0)
        return js_throw_fault(ctx);
    return digest_value(ctx, str_from((const char *)digest, hash_size(algo)),
                        argc > 1 ? argv[1] : JS_UNDEFINED);
}

/* hmac(algorithm, secret, data, encoding) */
static JSValue hmac(JSContext *ctx, JSValueConst this_value UNUSED, int argc, JSValueConst *argv)
{
    unsigned char digest[HASH_MAX_BYTES];
    struct input key;
    struct input data;
    enum hash_algo algo;
    int r;

    if (argc < 3)
        return js_throw(ctx, "hmac() takes an algorithm, a secret, data and an output encoding");
    if (algo_of(ctx, argv[0], &algo) < 0 || input_of(ctx, argv[1], &key) < 0)
        return JS_EXCEPTION;
    if (input_of(ctx, argv[2], &data) < 0) {
        input_fini(ctx, &key);
        return JS_EXCEPTION;
    }
    r = hash_hmac(algo, key.bytes, data.bytes.p, data.bytes.n, digest);
    input_fini(ctx, &key);
    input_fini(ctx, &data);
    if (r < 0)
        return js_throw_fault(ctx);
    return digest_value(ctx, str_from((const char *)digest, hash_size(algo)),
                        argc > 3 ? argv[3] : JS_UNDEFINED);
}

static JSValue hex_encode_function(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                                   JSValueConst *argv)
{
    struct input input;
    JSValue v;

    if (input_of(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &input) < 0)
        return JS_EXCEPTION;
    v = hex_of(ctx, input.bytes);
    input_fini(ctx, &input);
    return v;
}

static JSValue random_bytes(JSContext *ctx, JSValueConst this_value UNUSED, int argc,
                            JSValueConst *argv)
{
    int64_t n = 0;
    uint8_t *bytes;
    JSValue v;

    if (argc > 0 && JS_ToInt64(ctx, &n, argv[0]) < 0)
        return JS_EXCEPTION;
    if (n < 1)
        return js_throw(ctx, "invalid size");
    if (n > RANDOM_MAX_BYTES)
        return js_throw(ctx, "invalid size: more than %d bytes", RANDOM_MAX_BYTES);
    bytes = xmalloc((size_t)n);
    v = secure_random(bytes, (size_t)n) < 0 ? js_throw_fault(ctx)
                                            : JS_NewArrayBufferCopy(ctx, bytes, (size_t)n);
    free(bytes);
    return v;
}

/* ---- the module ---- */

/* Hasher is no export: scripts get instances only. */
static int define_hasher(JSContext *ctx)
{
    JSValue prototype;

    if (js_class_register(ctx, JSC_CRYPTO_HASHER, &hasher_class) < 0)
        return -1;
    prototype = JS_NewObject(ctx);
    if (js_define(ctx, prototype, hasher_entries, countof(hasher_entries)) < 0) {
        JS_FreeValue(ctx, prototype);
        return -1;
    }
    JS_SetClassProto(ctx, JSC_CRYPTO_HASHER, prototype);
    return 0;
}

static int define_digests(JSContext *ctx, JSValueConst exports)
{
    for (int i = 0; i < N_HASH_ALGOS; i++) {
        const char *name = hash_name((enum hash_algo)i);
        JSValue f = JS_NewCFunctionMagic(ctx, digest_once, name, 2, JS_CFUNC_generic_magic, i);

        if (JS_DefinePropertyValueStr(ctx, exports, name, f, JS_PROP_C_W_E) < 0)
            return -1;
    }
    return 0;
}

static int crypto_init(JSContext *ctx, JSValueConst exports)
{
    static const JSCFunctionListEntry entries[] = {
        JS_CFUNC_DEF2("createHash", 1, create_hash, JS_PROP_C_W_E),
        JS_CFUNC_DEF2("createHMAC", 2, create_hmac, JS_PROP_C_W_E),
        JS_CFUNC_DEF2("hmac", 4, hmac, JS_PROP_C_W_E),
        JS_CFUNC_DEF2("hexEncode", 1, hex_encode_function, JS_PROP_C_W_E),
        JS_CFUNC_DEF2("randomBytes", 1, random_bytes, JS_PROP_C_W_E),
    };

    if (define_hasher(ctx) < 0 || define_digests(ctx, exports) < 0)
        return -1;
    return js_define(ctx, exports, entries, countof(entries));
}

const struct js_module js_module_crypto = {
    .name = "k6/crypto",
    .init = crypto_init,
};
