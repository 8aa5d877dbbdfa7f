/*
 * From source text to bytecode, once per process. Compiling happens in a runtime of its own that is
 * thrown away: its loader answers every import with an empty module, so a module's bytecode only
 * names what it imports, and each user's graph is linked where it is instantiated.
 *
 * A text is an ES module when it parses as one and has an import, an export or a top-level await;
 * otherwise it is CommonJS (§1.9), wrapped so that line and column of the source stay true.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

#include "base/mem.h"
#include "script/js/js_script.h"

enum {
    COMPILE_STACK = 512 << 10, /* bytes the parser may use; load runs on a thread's stack */
    SHOWN_LINE_MAX = 160,      /* bytes of a source line in an error */
};

/* Two lines above the source, counted from -1. */
#define CJS_HEAD  "(function (module,\nexports) {\n"
#define CJS_TAIL  "\n})"
#define CJS_START (-1)

struct compiler {
    JSRuntime *rt;
    JSContext *ctx;
};

static int empty_module(JSContext *ctx, JSModuleDef *m)
{
    (void)ctx;
    (void)m;
    return 0;
}

static JSModuleDef *load_nothing(JSContext *ctx, const char *name, void *opaque)
{
    (void)opaque;
    return JS_NewCModule(ctx, name, empty_module);
}

static void compiler_init(struct compiler *c)
{
    c->rt = JS_NewRuntime();
    if (!c->rt)
        abort();
    JS_SetMaxStackSize(c->rt, COMPILE_STACK);
    JS_SetModuleLoaderFunc(c->rt, NULL, load_nothing, NULL);
    c->ctx = JS_NewContext(c->rt);
    if (!c->ctx)
        abort();
}

static void compiler_fini(struct compiler *c)
{
    JS_FreeContext(c->ctx);
    JS_FreeRuntime(c->rt);
}

/* ---- errors ---- */

struct position {
    uint64_t line, column; /* from 1; 0: unknown */
};

/* The numbers at the end of "    at URL:LINE:COL". */
static struct position position_of(struct str stack)
{
    struct str line = str_from(stack.p, str_find(stack, '\n'));
    struct position at = {0};
    size_t end = line.n;
    uint64_t *field = &at.column;

    for (size_t i = line.n; i-- > 0;) {
        if (line.p[i] != ':')
            continue;
        if (!str_u64(str_from(line.p + i + 1, end - i - 1), field))
            return (struct position){0};
        if (field == &at.line)
            return at;
        field = &at.line;
        end = i;
    }
    return (struct position){0};
}

static struct str line_of(struct str text, uint64_t number)
{
    struct str line = {0};

    for (uint64_t i = 0; i < number; i++) {
        if (!str_split(&text, '\n', &line))
            return (struct str){0};
    }
    return line;
}

/* The source line and a caret under the column; long lines are shown around it. */
static void add_caret(struct str text, struct position at, struct buf *out)
{
    struct str line = line_of(text, at.line);
    size_t column = at.column ? at.column - 1 : 0;
    size_t from =
        column > SHOWN_LINE_MAX / 2 && line.n > SHOWN_LINE_MAX ? column - SHOWN_LINE_MAX / 2 : 0;
    struct str shown;

    if (column > line.n)
        column = from = 0;
    shown = str_from_index(line, from);
    shown.n = shown.n > SHOWN_LINE_MAX ? SHOWN_LINE_MAX : shown.n;
    buf_puts(out, "\n    ");
    buf_putstr(out, shown);
    buf_puts(out, "\n    ");
    for (size_t i = from; i < column; i++)
        buf_putc(out, line.p[i] == '\t' ? '\t' : ' ');
    buf_putc(out, '^');
}

static int syntax_fault(const char *url, struct str message, struct position at, struct str text)
{
    struct buf out = {0};
    int r;

    if (at.line) {
        buf_printf(&out, "%s:%" PRIu64 ":%" PRIu64 ": ", url, at.line, at.column);
    } else {
        buf_printf(&out, "%s: ", url);
    }
    buf_putstr(&out, message);
    if (at.line)
        add_caret(text, at, &out);
    r = fault(FAULT_EXIT(107), "%s", buf_cstr(&out));
    buf_fini(&out);
    return r;
}

/* The pending exception as a fault. */
static int compile_fault(JSContext *ctx, const char *url, struct str text)
{
    JSValue e = JS_GetException(ctx);
    JSValue stack = JS_IsObject(e) ? JS_GetPropertyStr(ctx, e, "stack") : JS_UNDEFINED;
    struct str message = js_str(ctx, e), where = js_str(ctx, stack);
    int r = syntax_fault(url, message, position_of(where), text);

    js_str_fini(ctx, where);
    js_str_fini(ctx, message);
    JS_FreeValue(ctx, stack);
    JS_FreeValue(ctx, e);
    return r;
}

/* ---- the two forms ---- */

static void take_code(JSContext *ctx, JSValueConst v, struct js_source *source)
{
    size_t n;
    uint8_t *code = JS_WriteObject(ctx, &n, v, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);

    assert(code);
    source->code = xmemdup(code, n);
    source->n_code = n;
    js_free(ctx, code);
}

/* Returns 0, 1 when it is a module without anything of a module, or -1 with an exception. */
static int compile_esm(JSContext *ctx, struct js_source *source, struct buf *text)
{
    JSValue v = JS_Eval(ctx, buf_cstr(text), text->len, source->url,
                        JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    JSModuleDef *m;

    if (JS_IsException(v))
        return -1;
    m = JS_VALUE_GET_PTR(v);
    if (js_module_is_plain(m)) {
        js_module_take(ctx, v);
        return 1;
    }
    take_code(ctx, v, source);
    source->kind = SOURCE_ESM;
    js_module_take(ctx, v);
    return 0;
}

/* Returns 0 or -1 with an exception. */
static int compile_cjs(JSContext *ctx, struct js_source *source, struct str text)
{
    JSEvalOptions options = {
        .version = JS_EVAL_OPTIONS_VERSION,
        .eval_flags = JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY,
        .filename = source->url,
        .line_num = CJS_START,
    };
    struct buf wrapped = {0};
    JSValue v;

    if (str_starts(text, STR("#!")))
        text = str_from_index(text, str_find(text, '\n'));
    buf_puts(&wrapped, CJS_HEAD);
    buf_putstr(&wrapped, text);
    buf_puts(&wrapped, CJS_TAIL);
    v = JS_EvalThis2(ctx, JS_UNDEFINED, buf_cstr(&wrapped), wrapped.len, &options);
    buf_fini(&wrapped);
    if (JS_IsException(v))
        return -1;
    take_code(ctx, v, source);
    source->kind = SOURCE_CJS;
    JS_FreeValue(ctx, v);
    return 0;
}

/* A text that "}" could end early would escape its wrapper: it must parse alone as well. */
static bool parses_alone(JSContext *ctx, const char *url, struct buf *text)
{
    struct buf body = {0};
    JSValue v, args[3];
    JSValue global = JS_GetGlobalObject(ctx), ctor = JS_GetPropertyStr(ctx, global, "Function");
    bool ok;

    (void)url;
    buf_puts(&body, "'use strict';");
    buf_putstr(&body, str_starts(buf_str(text), STR("#!"))
                          ? str_from_index(buf_str(text), str_find(buf_str(text), '\n'))
                          : buf_str(text));
    args[0] = JS_NewString(ctx, "module");
    args[1] = JS_NewString(ctx, "exports");
    args[2] = js_new_str(ctx, buf_str(&body));
    v = JS_CallConstructor(ctx, ctor, 3, args);
    ok = !JS_IsException(v);
    if (!ok)
        JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, v);
    for (size_t i = 0; i < countof(args); i++)
        JS_FreeValue(ctx, args[i]);
    JS_FreeValue(ctx, ctor);
    JS_FreeValue(ctx, global);
    buf_fini(&body);
    return ok;
}

static int compile(JSContext *ctx, struct js_source *source, struct buf *text)
{
    int plain = compile_esm(ctx, source, text), r;

    if (plain == 0)
        return 0;
    if (plain == 1) {
        return compile_cjs(ctx, source, buf_str(text)) == 0
                   ? 0
                   : compile_fault(ctx, source->url, buf_str(text));
    }
    /* What is reported, if neither parses, is what is wrong with it as a module. */
    r = compile_fault(ctx, source->url, buf_str(text));
    if (parses_alone(ctx, source->url, text) && compile_cjs(ctx, source, buf_str(text)) == 0) {
        fault_clear();
        return 0;
    }
    if (JS_HasException(ctx))
        JS_FreeValue(ctx, JS_GetException(ctx));
    return r;
}

int js_compile(struct js_source *source, struct str text)
{
    struct compiler c;
    struct buf copy = {0}; /* NUL-terminated, as the parser wants it */
    int r;

    compiler_init(&c);
    buf_putstr(&copy, text);
    r = compile(c.ctx, source, &copy);
    buf_fini(&copy);
    compiler_fini(&c);
    return r;
}
