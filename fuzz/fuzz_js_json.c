/*
 * The JSON reader against the engine's own: both accept or both refuse, and what they read is the
 * same text again. Caches live on between inputs, as they do between documents.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <quickjs.h>

#include "script/js/js_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static JSContext *ctx;
static struct js_json *reader;

static void set_up(void)
{
    ctx = JS_NewContext(JS_NewRuntime());
    reader = js_json_new(ctx);
}

/* Takes over both values. */
static void compare(JSValue ours, JSValue theirs)
{
    JSValue a = JS_JSONStringify(ctx, ours, JS_UNDEFINED, JS_UNDEFINED);
    JSValue b = JS_JSONStringify(ctx, theirs, JS_UNDEFINED, JS_UNDEFINED);

    if (!JS_IsException(a) && !JS_IsException(b) && !JS_IsStrictEqual(ctx, a, b))
        abort();
    JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, a);
    JS_FreeValue(ctx, b);
    JS_FreeValue(ctx, ours);
    JS_FreeValue(ctx, theirs);
}

static int is_utf8(const char *text, size_t n)
{
    JSValue v = JS_NewStringLen(ctx, text, n);
    size_t n_again = 0;
    const char *again = JS_ToCStringLen(ctx, &n_again, v);
    int same = again && n_again == n && memcmp(text, again, n) == 0;

    JS_FreeCString(ctx, again);
    JS_FreeValue(ctx, v);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct js_json_error error;
    char *text = malloc(n + 1);
    JSValue ours;
    int status;

    if (!ctx)
        set_up();
    if (!text)
        return 0;
    if (n)
        memcpy(text, data, n);
    text[n] = '\0';
    status = js_json_parse(reader, ctx, str_from(text, n), &ours, &error);
    /* The engine refuses bytes that are not UTF-8, and documents that are deep. */
    if (is_utf8(text, n)) {
        JSValue theirs = JS_ParseJSON(ctx, text, n, "fuzz");

        if (JS_IsException(theirs)) {
            JS_FreeValue(ctx, JS_GetException(ctx));
            if (!status && n < 4096)
                abort();
        } else {
            if (status)
                abort();
            compare(JS_DupValue(ctx, ours), theirs);
        }
    }
    if (!status)
        JS_FreeValue(ctx, ours);
    free(text);
    return 0;
}
