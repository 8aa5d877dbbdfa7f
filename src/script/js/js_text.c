/*
 * TextEncoder and TextDecoder (§2.20), by the WHATWG Encoding standard for UTF-8 and UTF-16.
 */
#include "base/mem.h"
#include "script/js/js_script.h"

enum text_encoding {
    ENC_UTF8,
    ENC_UTF16LE,
    ENC_UTF16BE,
};

static const char *const encoding_names[] = {"utf-8", "utf-16le", "utf-16be"};

/* Labels of the standard, lower case. */
static const struct {
    const char *label;
    enum text_encoding encoding;
} labels[] = {
    {"utf-8", ENC_UTF8},
    {"utf8", ENC_UTF8},
    {"unicode-1-1-utf-8", ENC_UTF8},
    {"unicode11utf8", ENC_UTF8},
    {"unicode20utf8", ENC_UTF8},
    {"x-unicode20utf8", ENC_UTF8},
    {"utf-16le", ENC_UTF16LE},
    {"utf-16", ENC_UTF16LE},
    {"ucs-2", ENC_UTF16LE},
    {"iso-10646-ucs-2", ENC_UTF16LE},
    {"csunicode", ENC_UTF16LE},
    {"unicode", ENC_UTF16LE},
    {"unicodefeff", ENC_UTF16LE},
    {"utf-16be", ENC_UTF16BE},
    {"unicodefffe", ENC_UTF16BE},
};

struct decoder {
    enum text_encoding encoding;
    bool fatal;
    bool ignore_bom;
    bool bom_seen;   /* past the start of the stream */
    uint8_t kept[4]; /* an unfinished sequence of the chunk before */
    uint8_t n_kept;
};

/* ---- output: UTF-16 units, as JavaScript keeps them ---- */

struct units {
    uint16_t *p;
    size_t n;
    bool malformed;
};

static void add_unit(struct units *u, uint32_t unit)
{
    u->p[u->n++] = (uint16_t)unit;
}

static void add_code_point(struct units *u, uint32_t c)
{
    if (c < 0x10000) {
        add_unit(u, c);
        return;
    }
    add_unit(u, 0xd800 + ((c - 0x10000) >> 10));
    add_unit(u, 0xdc00 + ((c - 0x10000) & 0x3ff));
}

static void add_malformed(struct units *u)
{
    u->malformed = true;
    add_unit(u, 0xfffd);
}

/* ---- UTF-8 ---- */

struct utf8_form {
    uint8_t n;         /* bytes of the sequence, 0: not a lead byte */
    uint8_t low, high; /* bounds of the second byte */
};

static struct utf8_form utf8_form_of(uint8_t lead)
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return (struct utf8_form){2, 0x80, 0xbf};
    if (lead >= 0xe0 && lead <= 0xef)
        return (struct utf8_form){3, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf};
    if (lead >= 0xf0 && lead <= 0xf4)
        return (struct utf8_form){4, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf};
    return (struct utf8_form){0};
}

/* How many bytes at p belong together: a whole sequence, or its longest valid beginning. */
static size_t utf8_span(const uint8_t *p, size_t n, struct utf8_form form)
{
    size_t i = 1;

    while (i < form.n && i < n) {
        uint8_t low = i == 1 ? form.low : 0x80, high = i == 1 ? form.high : 0xbf;

        if (p[i] < low || p[i] > high)
            break;
        i++;
    }
    return i;
}

static uint32_t utf8_value(const uint8_t *p, size_t n)
{
    uint32_t c = p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Decodes all but an unfinished end; gives how many bytes it took. */
static size_t decode_utf8(const uint8_t *p, size_t n, struct units *u)
{
    size_t at = 0;

    while (at < n) {
        struct utf8_form form;
        size_t span;

        if (p[at] < 0x80) {
            add_unit(u, p[at++]);
            continue;
        }
        form = utf8_form_of(p[at]);
        span = form.n ? utf8_span(p + at, n - at, form) : 1;
        if (form.n && span < form.n && at + span == n)
            return at;
        if (form.n && span == form.n) {
            add_code_point(u, utf8_value(p + at, span));
        } else {
            add_malformed(u);
        }
        at += span;
    }
    return at;
}

/* ---- UTF-16 ---- */

static uint32_t unit_at(const uint8_t *p, enum text_encoding e)
{
    return e == ENC_UTF16LE ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[1] | p[0] << 8);
}

static size_t decode_utf16(const uint8_t *p, size_t n, enum text_encoding e, struct units *u)
{
    size_t at = 0;

    while (at + 2 <= n) {
        uint32_t c = unit_at(p + at, e), next;

        if (c < 0xd800 || c > 0xdfff) {
            add_unit(u, c);
        } else if (c > 0xdbff) {
            add_malformed(u);
        } else {
            if (at + 4 > n)
                return at;
            next = unit_at(p + at + 2, e);
            if (next >= 0xdc00 && next <= 0xdfff) {
                add_unit(u, c);
                add_unit(u, next);
                at += 2;
            } else {
                add_malformed(u);
            }
        }
        at += 2;
    }
    return at;
}

/* ---- TextDecoder ---- */

static void decoder_finalizer(JSRuntime *rt, JSValueConst v)
{
    (void)rt;
    free(JS_GetOpaque(v, JSC_TEXT_DECODER));
}

static const JSClassDef decoder_class = {"TextDecoder", .finalizer = decoder_finalizer};

static bool bool_option(JSContext *ctx, JSValueConst options, const char *name)
{
    JSValue v = JS_IsObject(options) ? JS_GetPropertyStr(ctx, options, name) : JS_UNDEFINED;
    bool on = JS_ToBool(ctx, v) > 0;

    JS_FreeValue(ctx, v);
    return on;
}

static int find_encoding(struct str label)
{
    label = str_trim(label);
    for (size_t i = 0; i < countof(labels); i++) {
        if (str_eq_nocase(label, str_of(labels[i].label)))
            return (int)labels[i].encoding;
    }
    return -1;
}

/* -1 with a RangeError thrown. */
static int encoding_argument(JSContext *ctx, JSValueConst v)
{
    struct str label;
    int e;

    if (JS_IsUndefined(v))
        return ENC_UTF8;
    label = js_str(ctx, v);
    if (!label.p)
        return -1;
    e = find_encoding(label);
    if (e < 0)
        JS_ThrowRangeError(ctx, "unsupported encoding: %.100s", label.p);
    js_str_fini(ctx, label);
    return e;
}

static JSValue instance_of(JSContext *ctx, JSValueConst new_target, enum js_class class_id)
{
    JSValue proto = JS_GetPropertyStr(ctx, new_target, "prototype");
    JSValue v = JS_IsException(proto) ? proto : JS_NewObjectProtoClass(ctx, proto, class_id);

    JS_FreeValue(ctx, proto);
    return v;
}

static JSValue decoder_new(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    int encoding = encoding_argument(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    JSValueConst options = argc > 1 ? argv[1] : JS_UNDEFINED;
    struct decoder *d;
    JSValue v;

    if (encoding < 0)
        return JS_EXCEPTION;
    v = instance_of(ctx, new_target, JSC_TEXT_DECODER);
    if (JS_IsException(v))
        return v;
    d = xnew(struct decoder);
    d->encoding = (enum text_encoding)encoding;
    d->fatal = bool_option(ctx, options, "fatal");
    d->ignore_bom = bool_option(ctx, options, "ignoreBOM");
    JS_SetOpaque(v, d);
    return v;
}

/* The bytes of a buffer or of any view on one; false: thrown. */
static bool view_bytes(JSContext *ctx, JSValueConst v, struct str *ret)
{
    JSValue buffer;
    size_t offset = 0, length = 0;

    *ret = (struct str){0};
    if (JS_IsUndefined(v) || js_bytes(ctx, v, ret))
        return true;
    if (JS_GetTypedArrayType(v) < 0) {
        JS_ThrowTypeError(ctx, "decode() takes an ArrayBuffer or a typed array");
        return false;
    }
    buffer = JS_GetTypedArrayBuffer(ctx, v, &offset, &length, NULL);
    if (JS_IsException(buffer))
        return false;
    if (js_bytes(ctx, buffer, ret) && offset + length <= ret->n)
        *ret = str_from(ret->p + offset, length);
    JS_FreeValue(ctx, buffer);
    return true;
}

static void drop_bom(const struct decoder *d, struct units *u)
{
    if (!d->bom_seen && !d->ignore_bom && u->n > 0 && u->p[0] == 0xfeff) {
        memmove(u->p, u->p + 1, (u->n - 1) * sizeof(*u->p));
        u->n--;
    }
}

/* Decodes kept bytes and `in`; keeps an unfinished end when more is to come. */
static void decode_chunk(struct decoder *d, const uint8_t *in, size_t n, bool more, struct units *u)
{
    size_t used =
        d->encoding == ENC_UTF8 ? decode_utf8(in, n, u) : decode_utf16(in, n, d->encoding, u);

    d->n_kept = 0;
    if (used < n && more) {
        d->n_kept = (uint8_t)(n - used);
        memcpy(d->kept, in + used, n - used);
    } else if (used < n) {
        add_malformed(u);
    }
    drop_bom(d, u);
    d->bom_seen = more && (d->bom_seen || u->n > 0);
}

static JSValue decoder_decode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct decoder *d = JS_GetOpaque2(ctx, this_val, JSC_TEXT_DECODER);
    struct units u = {0};
    struct str bytes;
    uint8_t *in;
    size_t n;
    JSValue v;

    if (!d || !view_bytes(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &bytes))
        return JS_EXCEPTION;
    n = d->n_kept + bytes.n;
    in = xmalloc(n + 1);
    memcpy(in, d->kept, d->n_kept);
    if (bytes.n)
        memcpy(in + d->n_kept, bytes.p, bytes.n);
    u.p = xmalloc((n + 2) * sizeof(*u.p));
    decode_chunk(d, in, n, argc > 1 && bool_option(ctx, argv[1], "stream"), &u);
    if (u.malformed && d->fatal) {
        v = JS_ThrowTypeError(ctx, "the data isn't valid %s", encoding_names[d->encoding]);
    } else {
        v = JS_NewStringUTF16(ctx, u.p, u.n);
    }
    free(u.p);
    free(in);
    return v;
}

/* magic: 0 encoding, 1 fatal, 2 ignoreBOM */
static JSValue decoder_get(JSContext *ctx, JSValueConst this_val, int magic)
{
    const struct decoder *d = JS_GetOpaque2(ctx, this_val, JSC_TEXT_DECODER);

    if (!d)
        return JS_EXCEPTION;
    if (magic == 0)
        return JS_NewString(ctx, encoding_names[d->encoding]);
    return JS_NewBool(ctx, magic == 1 ? d->fatal : d->ignore_bom);
}

static const JSCFunctionListEntry decoder_proto[] = {
    JS_CFUNC_DEF("decode", 0, decoder_decode),
    JS_CGETSET_MAGIC_DEF("encoding", decoder_get, NULL, 0),
    JS_CGETSET_MAGIC_DEF("fatal", decoder_get, NULL, 1),
    JS_CGETSET_MAGIC_DEF("ignoreBOM", decoder_get, NULL, 2),
};

/* ---- TextEncoder ---- */

static const JSClassDef encoder_class = {.class_name = "TextEncoder"};

static JSValue encoder_new(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void)argc;
    (void)argv;
    return instance_of(ctx, new_target, JSC_TEXT_ENCODER);
}

/* Lone surrogates become U+FFFD; QuickJS keeps them as three bytes ED A0..BF xx. */
static void replace_surrogates(struct buf *b)
{
    static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    uint8_t *p = (uint8_t *)b->data;

    for (size_t i = 0; i + 2 < b->len; i++) {
        if (p[i] == 0xed && p[i + 1] >= 0xa0)
            memcpy(p + i, replacement, sizeof(replacement));
    }
}

static JSValue encoder_encode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct buf copy = {0};
    struct str s;
    JSValue v;

    (void)this_val;
    if (argc < 1 || JS_IsUndefined(argv[0]))
        return JS_NewUint8ArrayCopy(ctx, (const uint8_t *)"", 0);
    s = js_str(ctx, argv[0]);
    if (!s.p)
        return JS_EXCEPTION;
    if (buf_add(&copy, s.p, s.n) != 0) {
        js_str_fini(ctx, s);
        return JS_ThrowRangeError(ctx, "the string is too long to encode");
    }
    js_str_fini(ctx, s);
    replace_surrogates(&copy);
    v = JS_NewUint8ArrayCopy(ctx, (const uint8_t *)(copy.data ? copy.data : ""), copy.len);
    buf_fini(&copy);
    return v;
}

static JSValue encoder_get_encoding(JSContext *ctx, JSValueConst this_val)
{
    (void)this_val;
    return JS_NewString(ctx, "utf-8");
}

static const JSCFunctionListEntry encoder_proto[] = {
    JS_CFUNC_DEF("encode", 1, encoder_encode),
    JS_CGETSET_DEF("encoding", encoder_get_encoding, NULL),
};

/* ---- globals ---- */

static int define_class(JSContext *ctx, JSValueConst global, enum js_class id,
                        const JSClassDef *def, JSCFunction *construct,
                        const JSCFunctionListEntry *entries, size_t n)
{
    JSValue proto, ctor;

    if (js_class_register(ctx, id, def) < 0)
        return -1;
    proto = JS_NewObject(ctx);
    ctor = JS_NewCFunction2(ctx, construct, def->class_name, 0, JS_CFUNC_constructor, 0);
    if (js_define(ctx, proto, entries, n) < 0)
        return -1;
    JS_SetConstructor(ctx, ctor, proto);
    JS_SetClassProto(ctx, id, proto);
    return JS_DefinePropertyValueStr(ctx, global, def->class_name, ctor,
                                     JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
}

int js_text_define(JSContext *ctx, JSValueConst global)
{
    if (define_class(ctx, global, JSC_TEXT_ENCODER, &encoder_class, encoder_new, encoder_proto,
                     countof(encoder_proto)) < 0)
        return -1;
    return define_class(ctx, global, JSC_TEXT_DECODER, &decoder_class, decoder_new, decoder_proto,
                        countof(decoder_proto));
}
