/*
 * The JSON reader. Values wait on a stack until their array or object ends and is made at its final
 * size in one step, with the shape that the keys' tree (js_json_keys.h) knows. The next key is
 * first compared with the one that came next the last time, so a document like an earlier one is
 * read without hashing or looking up a single name.
 *
 * An object that the tree has no room for, or that repeats a key, becomes `loose`: it is made at
 * once and gets its properties one by one, which is slow and always right.
 *
 * No recursion: users' stacks are small and a document may be deep.
 */
#include "script/js/js_json.h"

#include <assert.h>
#include <math.h>

#include "base/buf.h"
#include "base/mem.h"
#include "script/js/js_json_build.h"
#include "script/js/js_json_keys.h"
#include "script/js/js_json_scan.h"

enum {
    KEEP_VALUES = 1 << 16, /* of the stack, after a document */
};

/* An array or object that has begun. */
struct frame {
    size_t base;   /* index of its first value */
    uint32_t node; /* object: its latest key; array: the key that it is the value of */
    uint32_t site; /* the key that it is the value of */
    bool is_array;
    bool loose;
    JSAtom key;     /* loose: the key whose value is being read */
    JSValue object; /* loose */
};

struct js_json {
    JSContext *ctx;
    JSValue engine_parse; /* JSON.parse of the engine, for revivers */
    struct json_keys keys;
    JSValue *values;
    size_t n_values;
    size_t cap_values;
    struct frame *frames;
    size_t n_frames;
    size_t cap_frames;
    struct buf text; /* of an escaped string */
};

/* One document being read. */
struct reader {
    struct js_json *j;
    JSContext *ctx;
    const char *start;
    const char *p;
    const char *end;
    struct json_fault fault;
};

/* What comes next. The steps also give the conditions of js_json.h as negative numbers. */
enum step {
    STEP_VALUE, /* a value must begin */
    STEP_FIRST, /* an array began: a value or its end */
    STEP_AFTER, /* a value was put on the stack */
    STEP_DONE,
};

#define FAILED_SYNTAX (-JS_JSON_E_SYNTAX)
#define FAILED_THROWN (-JS_JSON_E_THROWN)

struct js_json *js_json_new(JSContext *ctx)
{
    struct js_json *j = xnew(struct js_json);

    j->ctx = ctx;
    j->engine_parse = JS_UNDEFINED;
    json_keys_init(&j->keys, ctx);
    return j;
}

void js_json_free(struct js_json *j)
{
    if (!j)
        return;
    JS_FreeValue(j->ctx, j->engine_parse);
    json_keys_fini(&j->keys);
    buf_fini(&j->text);
    free(j->values);
    free(j->frames);
    free(j);
}

static int syntax(struct reader *r, const char *at, const char *where)
{
    r->fault = (struct json_fault){.at = at, .where = where};
    return FAILED_SYNTAX;
}

/* Puts a value on the stack, which takes it over. */
static int push(struct reader *r, JSValue v)
{
    struct js_json *j = r->j;

    if (unlikely(JS_IsException(v)))
        return FAILED_THROWN;
    if (unlikely(j->n_values == j->cap_values)) {
        j->cap_values = j->cap_values ? 2 * j->cap_values : 256;
        j->values = xrealloc(j->values, j->cap_values * sizeof(*j->values));
    }
    j->values[j->n_values++] = v;
    return STEP_AFTER;
}

static struct frame *top(struct reader *r)
{
    return &r->j->frames[r->j->n_frames - 1];
}

/* ---- scalars ---- */

static JSValue string_value(struct reader *r, struct json_string s)
{
    struct buf *text = &r->j->text;

    if (likely(s.ascii && !s.escaped && s.raw.n))
        return js_build_ascii(r->ctx, s.raw.p, s.raw.n);
    if (!s.escaped)
        return JS_NewStringLen(r->ctx, s.raw.p, s.raw.n);
    buf_reset(text);
    if (json_unescape(s.raw, text))
        return JS_ThrowRangeError(r->ctx, "the string is too long");
    return JS_NewStringLen(r->ctx, text->data, text->len);
}

static int read_string(struct reader *r)
{
    struct json_string s;
    const char *p = json_scan_string(r->p + 1, r->end, &s, &r->fault);

    if (unlikely(!p))
        return FAILED_SYNTAX;
    r->p = p;
    return push(r, string_value(r, s));
}

/* Both factors are exact doubles, so their product or quotient is rounded once, as it must be. */
static double number_value(const struct json_number *n)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool small = n->exact && n->mantissa <= (uint64_t)1 << 53;
    double d;

    if (small && n->exponent >= 0 && n->exponent <= 22) {
        d = (double)n->mantissa * powers[n->exponent];
    } else if (small && n->exponent < 0 && n->exponent >= -22) {
        d = (double)n->mantissa / powers[-n->exponent];
    } else {
        return js_build_double(n->start, n->end);
    }
    return n->negative ? -d : d;
}

static int read_number(struct reader *r)
{
    struct json_number n;
    const char *p = json_scan_number(r->p, r->end, &n, &r->fault);

    if (unlikely(!p))
        return FAILED_SYNTAX;
    r->p = p;
    if (likely(n.integer && n.mantissa <= INT32_MAX && !n.exponent &&
               (n.mantissa || !n.negative))) {
        return push(r,
                    JS_NewInt32(r->ctx, n.negative ? -(int32_t)n.mantissa : (int32_t)n.mantissa));
    }
    double d = number_value(&n);

    /* A whole number is an integer inside, however it was written: 1.0 and 1e3. */
    if (d >= INT32_MIN && d <= INT32_MAX && d == (double)(int32_t)d && (d != 0 || !signbit(d)))
        return push(r, JS_NewInt32(r->ctx, (int32_t)d));
    return push(r, JS_NewFloat64(r->ctx, d));
}

static int read_word(struct reader *r, const char *word, JSValue v)
{
    const char *p = json_scan_word(r->p, r->end, word, &r->fault);

    if (unlikely(!p))
        return FAILED_SYNTAX;
    r->p = p;
    return push(r, v);
}

/* ---- arrays and objects ---- */

/* Where the value that begins now stands: its key in the tree. */
static uint32_t current_site(struct reader *r)
{
    return r->j->n_frames ? top(r)->node : JSON_KEYS_ROOT;
}

static int open_frame(struct reader *r, bool is_array)
{
    struct js_json *j = r->j;
    uint32_t site = current_site(r);

    if (unlikely(j->n_frames == JS_JSON_MAX_DEPTH)) {
        r->fault = (struct json_fault){.at = r->p, .message = "exceeded max depth"};
        return FAILED_SYNTAX;
    }
    r->p++;
    if (unlikely(j->n_frames == j->cap_frames)) {
        j->cap_frames = j->cap_frames ? 2 * j->cap_frames : 16;
        j->frames = xrealloc(j->frames, j->cap_frames * sizeof(*j->frames));
    }
    j->frames[j->n_frames++] = (struct frame){
        .base = j->n_values,
        .site = site,
        .node = is_array ? site : JSON_KEYS_ROOT,
        .is_array = is_array,
        .object = JS_UNDEFINED,
    };
    return 0;
}

static int close_array(struct reader *r)
{
    struct js_json *j = r->j;
    size_t base = top(r)->base;
    size_t n = j->n_values - base;

    j->n_frames--;
    j->n_values = base;
    r->p++;
    if (unlikely(n > INT32_MAX)) {
        j->n_values += n;
        JS_ThrowRangeError(r->ctx, "the array is too long");
        return FAILED_THROWN;
    }
    return push(r, js_build_array(r->ctx, j->values + base, (uint32_t)n));
}

/* Makes the object of the values read so far. */
static JSValue make_object(struct reader *r, const struct frame *f)
{
    struct js_json *j = r->j;
    struct JSShape *shape = json_keys_shape(&j->keys, f->node);

    assert(j->n_values - f->base == j->keys.nodes[f->node].n_props);
    if (unlikely(!shape))
        return JS_EXCEPTION;
    j->n_values = f->base;
    return js_build_object(r->ctx, shape, j->values + f->base);
}

static int close_object(struct reader *r)
{
    struct frame f = *top(r);
    JSValue object = f.loose ? f.object : make_object(r, &f);

    if (unlikely(JS_IsException(object)))
        return FAILED_THROWN;
    r->j->n_frames--;
    r->p++;
    return push(r, object);
}

/* The current object gets `key` outside the tree; takes over the atom. */
static int loosen(struct reader *r, JSAtom key)
{
    struct frame *f = top(r);

    if (!f->loose) {
        JSValue object = make_object(r, f);

        if (JS_IsException(object)) {
            JS_FreeAtom(r->ctx, key);
            return FAILED_THROWN;
        }
        f->object = object;
        f->loose = true;
        /* What is inside may have any form: learn nothing from it for the last key's site. */
        f->node = JSON_KEYS_ROOT;
    }
    f->key = key;
    return 0;
}

/* A key that was not the expected one; `s` is its text. */
static int find_key(struct reader *r, struct json_string s)
{
    struct json_keys *keys = &r->j->keys;
    struct frame *f = top(r);
    JSAtom atom;

    if (!f->loose) {
        uint32_t child = json_keys_find(keys, f->node, s.raw);

        if (child) {
            f->node = child;
            return 0;
        }
    }
    JSValue text = string_value(r, s);

    if (JS_IsException(text))
        return FAILED_THROWN;
    atom = JS_ValueToAtom(r->ctx, text);
    JS_FreeValue(r->ctx, text);
    if (atom == JS_ATOM_NULL)
        return FAILED_THROWN;
    uint32_t child = f->loose ? JSON_KEYS_NONE : json_keys_add(keys, f->node, s.raw, atom);

    if (!child)
        return loosen(r, atom);
    JS_FreeAtom(r->ctx, atom);
    f->node = child;
    return 0;
}

/* Is the key at r->p (behind its quote) the one of `child`? Takes it, with its closing quote. */
static bool take_expected(struct reader *r, uint32_t child)
{
    const struct json_key_node *node = &r->j->keys.nodes[child];

    if (!child || (size_t)(r->end - r->p) <= node->n_key || r->p[node->n_key] != '"' ||
        memcmp(r->p, node->key, node->n_key) != 0)
        return false;
    r->p += node->n_key + 1;
    return true;
}

static int read_name(struct reader *r)
{
    struct json_key_node *nodes = r->j->keys.nodes;
    struct frame *f = top(r);
    uint32_t node = f->node;
    uint32_t expected = node == JSON_KEYS_ROOT ? nodes[f->site].inner : nodes[node].next;
    struct json_string s;

    if (likely(!f->loose && take_expected(r, expected))) {
        f->node = expected;
        return 0;
    }
    const char *p = json_scan_string(r->p, r->end, &s, &r->fault);

    if (unlikely(!p))
        return FAILED_SYNTAX;
    r->p = p;
    int status = find_key(r, s);

    if (status || f->loose)
        return status;
    nodes = r->j->keys.nodes; /* may have moved */
    if (node == JSON_KEYS_ROOT) {
        nodes[f->site].inner = f->node;
    } else {
        nodes[node].next = f->node;
    }
    return 0;
}

/* From a key's opening quote to behind its colon. */
static int read_key(struct reader *r)
{
    if (unlikely(r->p == r->end || *r->p != '"'))
        return syntax(r, r->p, "looking for beginning of object key string");
    r->p++;
    int status = read_name(r);

    if (unlikely(status))
        return status;
    r->p = json_skip_space(r->p, r->end);
    if (unlikely(r->p == r->end || *r->p != ':'))
        return syntax(r, r->p, "after object key");
    r->p++;
    return STEP_VALUE;
}

static int begin_array(struct reader *r)
{
    int status = open_frame(r, true);

    return status ? status : STEP_FIRST;
}

static int begin_object(struct reader *r)
{
    int status = open_frame(r, false);

    if (unlikely(status))
        return status;
    r->p = json_skip_space(r->p, r->end);
    if (r->p < r->end && *r->p == '}')
        return close_object(r);
    return read_key(r);
}

/* ---- steps ---- */

static int step_value(struct reader *r)
{
    r->p = json_skip_space(r->p, r->end);
    if (unlikely(r->p == r->end))
        return syntax(r, r->end, "looking for beginning of value");
    switch (*r->p) {
    case '"':
        return read_string(r);
    case '{':
        return begin_object(r);
    case '[':
        return begin_array(r);
    case 't':
        return read_word(r, "true", JS_TRUE);
    case 'f':
        return read_word(r, "false", JS_FALSE);
    case 'n':
        return read_word(r, "null", JS_NULL);
    default:
        if (likely(*r->p == '-' || ascii_digit(*r->p)))
            return read_number(r);
        return syntax(r, r->p, "looking for beginning of value");
    }
}

static int step_first(struct reader *r)
{
    r->p = json_skip_space(r->p, r->end);
    if (r->p < r->end && *r->p == ']')
        return close_array(r);
    return step_value(r);
}

/* Gives the value on top of the stack to the loose object around it. */
static int define(struct reader *r)
{
    struct frame *f = top(r);
    JSValue v = r->j->values[--r->j->n_values];
    JSAtom key = f->key;

    f->key = JS_ATOM_NULL;
    int status = JS_DefinePropertyValue(r->ctx, f->object, key, v, JS_PROP_C_W_E);

    JS_FreeAtom(r->ctx, key);
    return status < 0 ? FAILED_THROWN : 0;
}

static int after_member(struct reader *r)
{
    if (unlikely(top(r)->loose)) {
        int status = define(r);

        if (status)
            return status;
    }
    if (r->p < r->end && *r->p == ',') {
        r->p = json_skip_space(r->p + 1, r->end);
        return read_key(r);
    }
    if (r->p < r->end && *r->p == '}')
        return close_object(r);
    return syntax(r, r->p, "after object key:value pair");
}

static int step_after(struct reader *r)
{
    r->p = json_skip_space(r->p, r->end);
    if (!r->j->n_frames)
        return r->p == r->end ? STEP_DONE : syntax(r, r->p, "after top-level value");
    if (!top(r)->is_array)
        return after_member(r);
    if (r->p < r->end && *r->p == ',') {
        r->p++;
        return STEP_VALUE;
    }
    if (r->p < r->end && *r->p == ']')
        return close_array(r);
    return syntax(r, r->p, "after array element");
}

static int read_document(struct reader *r)
{
    int step = STEP_VALUE;

    while (step >= 0 && step != STEP_DONE) {
        step = step == STEP_VALUE   ? step_value(r)
               : step == STEP_AFTER ? step_after(r)
                                    : step_first(r);
    }
    return step;
}

/* ---- the whole ---- */

static void drop_all(struct js_json *j)
{
    for (size_t i = 0; i < j->n_values; i++)
        JS_FreeValue(j->ctx, j->values[i]);
    for (size_t i = 0; i < j->n_frames; i++) {
        JS_FreeValue(j->ctx, j->frames[i].object);
        if (j->frames[i].loose)
            JS_FreeAtom(j->ctx, j->frames[i].key);
    }
    j->n_values = 0;
    j->n_frames = 0;
}

/* One huge document must not keep its stack for the rest of the run. */
static void trim(struct js_json *j)
{
    if (j->cap_values > KEEP_VALUES) {
        free(j->values);
        j->values = NULL;
        j->cap_values = 0;
    }
    if (j->text.cap > KEEP_VALUES)
        buf_fini(&j->text);
}

static void describe(const struct reader *r, struct js_json_error *ret_error)
{
    const char *line = r->start;

    ret_error->at = (size_t)(r->fault.at - r->start);
    ret_error->line = 1;
    for (const char *p = r->start; p < r->fault.at; p++) {
        if (*p == '\n') {
            ret_error->line++;
            line = p + 1;
        }
    }
    ret_error->column = (uint32_t)(r->fault.at - line) + 1;
    json_fault_text(&r->fault, r->end, ret_error->text, sizeof(ret_error->text));
}

int js_json_parse(struct js_json *j, JSContext *ctx, struct str text, JSValue *ret_value,
                  struct js_json_error *ret_error)
{
    const char *start = text.p ? text.p : "";
    struct reader r = {.j = j, .ctx = ctx, .start = start, .p = start, .end = start + text.n};

    assert(!j->n_frames && !j->n_values);
    if (unlikely(j->keys.full))
        json_keys_empty(&j->keys);
    int step = read_document(&r);

    if (likely(step == STEP_DONE)) {
        *ret_value = j->values[--j->n_values];
    } else {
        drop_all(j);
        if (step == FAILED_SYNTAX)
            describe(&r, ret_error);
    }
    trim(j);
    return step == STEP_DONE ? 0 : -step;
}

JSValue js_json_parse_or_throw(struct js_json *j, JSContext *ctx, struct str text)
{
    struct js_json_error error = {0};
    JSValue v;
    int status = js_json_parse(j, ctx, text, &v, &error);

    if (likely(!status))
        return v;
    if (status == JS_JSON_E_SYNTAX) {
        JS_ThrowSyntaxError(ctx, "%s in JSON at position %zu (line %u column %u)", error.text,
                            error.at, error.line, error.column);
    }
    return JS_EXCEPTION;
}

/* JSON.parse(text, reviver) */
static JSValue parse_function(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv,
                              int magic UNUSED, void *opaque)
{
    struct js_json *j = opaque;
    struct str text = {0};

    if (argc > 1 && JS_IsFunction(ctx, argv[1]))
        return JS_Call(ctx, j->engine_parse, this_value, argc, argv);
    text.p = JS_ToCStringLen(ctx, &text.n, argc ? argv[0] : JS_UNDEFINED);
    if (!text.p)
        return JS_EXCEPTION;
    JSValue v = js_json_parse_or_throw(j, ctx, text);

    JS_FreeCString(ctx, text.p);
    return v;
}

int js_json_install(struct js_json *j, JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue json = JS_GetPropertyStr(ctx, global, "JSON");
    int status = -1;

    JS_FreeValue(ctx, global);
    if (JS_IsException(json))
        return -1;
    JS_FreeValue(ctx, j->engine_parse);
    j->engine_parse = JS_GetPropertyStr(ctx, json, "parse");
    if (!JS_IsException(j->engine_parse)) {
        status = JS_DefinePropertyValueStr(
            ctx, json, "parse", JS_NewCClosure(ctx, parse_function, "parse", NULL, 2, 0, j),
            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    }
    JS_FreeValue(ctx, json);
    return status < 0 ? -1 : 0;
}
