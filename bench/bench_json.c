/*
 * The JSON reader against the engine's own, on a document as APIs send it: 2.3 KB, a list of twelve
 * records of twelve fields with one object inside each. Prints microseconds per document.
 */
#include <stdio.h>
#include <stdlib.h>

#include <quickjs.h>

#include "base/buf.h"
#include "base/clock.h"
#include "script/js/js_json.h"

enum {
    ROUNDS = 5,
    REPEATS = 5000,
};

static void write_document(struct buf *out)
{
    buf_puts(out, "{\"page\":1,\"per_page\":12,\"total\":144,\"items\":[");
    for (int i = 0; i < 12; i++)
        buf_printf(out,
                   "%s{\"id\":%d,\"name\":\"Item number %d\",\"price\":%d.%02d,\"in_stock\":%s,"
                   "\"tags\":[\"red\",\"small\"],\"owner\":{\"id\":%d,\"login\":\"user%d\"},"
                   "\"created_at\":\"2026-01-%02dT10:00:00Z\",\"note\":null,\"rating\":4.%d}",
                   i ? "," : "", 1000 + i, i, 10 + i, i * 7, i % 2 ? "true" : "false", 77 + i, i,
                   i + 1, i % 10);
    buf_puts(out, "]}");
}

static double us_per_document(mono_ns start)
{
    return (double)(clock_mono() - start) / (double)NS_PER_US / REPEATS;
}

static double time_engine(JSContext *ctx, struct buf *text)
{
    mono_ns start = clock_mono();

    for (int i = 0; i < REPEATS; i++)
        JS_FreeValue(ctx, JS_ParseJSON(ctx, buf_cstr(text), text->len, "bench"));
    return us_per_document(start);
}

static double time_ours(JSContext *ctx, struct js_json *j, struct buf *text)
{
    struct js_json_error error;
    mono_ns start = clock_mono();

    for (int i = 0; i < REPEATS; i++) {
        JSValue v;

        if (js_json_parse(j, ctx, buf_str(text), &v, &error))
            abort();
        JS_FreeValue(ctx, v);
    }
    return us_per_document(start);
}

int main(void)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    struct js_json *j = js_json_new(ctx);
    struct buf text = {0};
    double engine = 1e9;
    double ours = 1e9;

    write_document(&text);
    for (int i = 0; i < ROUNDS; i++) {
        double e = time_engine(ctx, &text);
        double o = time_ours(ctx, j, &text);

        engine = e < engine ? e : engine;
        ours = o < ours ? o : ours;
    }
    printf("%zu bytes: engine %.2f us, ours %.2f us, %.2f times as fast\n", text.len, engine, ours,
           engine / ours);
    buf_fini(&text);
    js_json_free(j);
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
    return 0;
}
