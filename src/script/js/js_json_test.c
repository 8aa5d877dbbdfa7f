/*
 * The JSON reader against the engine's own: every document is read by both, several times so that
 * the remembered keys and shapes are used, and the results must look the same to a script.
 */
#include "script/js/js_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "script/js/js_json_keys.h"

struct fixture {
    JSRuntime *rt;
    JSContext *ctx;
    struct js_json *j;
    JSValue describe;
};

/* Text that shows all of a value that a script can see. */
static const char describe_source[] =
    "(v => { const show = v => {"
    "  if (typeof v === 'string') return 's' + [...Array(v.length).keys()]"
    "    .map(i => v.charCodeAt(i).toString(16)).join();"
    "  if (Object.is(v, -0)) return '-0';"
    "  if (v === null || typeof v !== 'object') return typeof v + String(v);"
    "  if (Object.getPrototypeOf(v) !== (Array.isArray(v) ? Array : Object).prototype)"
    "    throw Error('prototype');"
    "  return (Array.isArray(v) ? 'a' + v.length : 'o') + '{' + Reflect.ownKeys(v).map(k => {"
    "    const d = Object.getOwnPropertyDescriptor(v, k);"
    "    return show(k) + ':' + d.writable + d.enumerable + d.configurable + show(d.value);"
    "  }).join(';') + '}'; }; return show(v); })";

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);

    f->rt = JS_NewRuntime();
    f->ctx = JS_NewContext(f->rt);
    f->j = js_json_new(f->ctx);
    f->describe = JS_Eval(f->ctx, describe_source, sizeof(describe_source) - 1, "describe.js", 0);
    assert_true(JS_IsFunction(f->ctx, f->describe));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    JS_FreeValue(f->ctx, f->describe);
    js_json_free(f->j);
    JS_FreeContext(f->ctx);
    JS_FreeRuntime(f->rt);
    free(f);
    return 0;
}

static char *describe(struct fixture *f, JSValue v)
{
    JSValue text = JS_Call(f->ctx, f->describe, JS_UNDEFINED, 1, (JSValueConst *)&v);
    const char *s = JS_ToCString(f->ctx, text);
    char *copy = xstrdup(s ? s : "exception");

    JS_FreeCString(f->ctx, s);
    JS_FreeValue(f->ctx, text);
    JS_FreeValue(f->ctx, v);
    return copy;
}

static void assert_same(struct fixture *f, struct str text)
{
    char *z = xstrndup(text.p, text.n);
    JSValue theirs = JS_ParseJSON(f->ctx, z, text.n, "x");
    struct js_json_error error;
    JSValue ours = JS_UNDEFINED;
    int status = js_json_parse(f->j, f->ctx, text, &ours, &error);

    if (JS_IsException(theirs)) {
        JS_FreeValue(f->ctx, JS_GetException(f->ctx));
        if (status != JS_JSON_E_SYNTAX)
            fail_msg("only the engine refuses: %s", z);
    } else {
        if (status != 0)
            fail_msg("refused: %s: %s", z, error.text);
        char *a = describe(f, theirs);
        char *b = describe(f, ours);

        assert_string_equal(a, b);
        free(a);
        free(b);
    }
    free(z);
}

static const char *const documents[] = {
    "null",
    "true",
    "false",
    " \t\r\n1 ",
    "0",
    "-0",
    "-1",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9007199254740993",
    "12345678901234567890",
    "123456789012345678901234567890",
    "1.5",
    "-0.0",
    "0.1",
    "1e3",
    "1E+3",
    "1e-3",
    "1e400",
    "-1e400",
    "1e-400",
    "5e-324",
    "2.2250738585072014e-308",
    "1.7976931348623157e308",
    "1.0",
    "100000000000000000000000",
    "0.000001",
    "1e22",
    "1e23",
    "123e-22",
    "3.141592653589793238462643",
    "0.30000000000000004",
    "9007199254740992e3",
    "1.00000000000000000000000000000000001",
    "0.0000000000000000000000000000000000000001",
    "1e99999999999999999999",
    "0e99999999999999999",
    "\"\"",
    "\"a\"",
    "\"0123456789abcdef0123456789abcdef\"",
    "\"0123456789abcde\\n\"",
    "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud83dx\"",
    "\"\\ud83d\\u0041\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"h\xc3\xa9\"",
    "\"\xe2\x82\xac\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\\u0000\"",
    "\"\x7f\"",
    "[]",
    "[ ]",
    "[1]",
    "[1,2,3]",
    "[[],[[]],{}]",
    "[1 , \"a\" , null , true]",
    "{}",
    "{ }",
    "{\"a\":1}",
    "{\"a\":1,\"b\":2}",
    "{\"b\":2,\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"b\":2,\"a\":3,\"c\":4}",
    "{\"a\":{\"b\":{\"c\":[{\"a\":1},{\"a\":2}]}}}",
    "{\"1\":1,\"0\":0,\"b\":2,\"-1\":3,\"01\":4,\"4294967295\":5,\"4294967294\":6}",
    "{\"__proto__\":1,\"constructor\":2,\"toString\":3}",
    "{\"__proto__\":{\"x\":1}}",
    "{\"\":1,\"\":2}",
    "{\"\\u0061\":1,\"a\":2}",
    "{\"\\u0061\":1}",
    "{\"a\\n\":1,\"\xc3\xa9\":2}",
    "{\"length\":1}",
    "{\"a\":[],\"b\":{},\"c\":\"\"}",
    "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2},{\"a\":1,\"c\":2},{\"b\":1},{\"a\":1}]",
    /* Refused. */
    "",
    " ",
    "x",
    "tru",
    "truex",
    "nul",
    "+1",
    ".5",
    "1.",
    "1.e1",
    "1e",
    "1e+",
    "01",
    "-",
    "--1",
    "0x10",
    "NaN",
    "Infinity",
    "'a'",
    "\"",
    "\"a",
    "\"\\",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u123g\"",
    "\"a\nb\"",
    "\"\t\"",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "]",
    "{",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{a:1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{,}",
    "}",
    "1 2",
    "[] []",
    "{}x",
    "\xef\xbb\xbf{}",
    "\xc2\xa0{}",
    "// x\n1",
    "[1]]",
    "{\"a\":1}}",
    "\"\x01\"",
    "undefined",
    "{\"a\":undefined}",
    "\v1",
    "[1,\f2]",
};

static void test_same_as_engine(void **state)
{
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < countof(documents); i++)
            assert_same(*state, str_of(documents[i]));
}

/* Each document cut short at every length: ours must agree and never look past the end. */
static void test_truncated(void **state)
{
    for (size_t i = 0; i < countof(documents); i++) {
        size_t n = strlen(documents[i]);

        for (size_t cut = 0; cut < n; cut++) {
            char *exact = xmemdup(documents[i], cut ? cut : 1);

            if ((unsigned char)documents[i][cut] < 0x80)
                assert_same(*state, str_from(exact, cut));
            free(exact);
        }
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        uint32_t column;
        const char *message;
    } cases[] = {
        {"", 1, 1, "unexpected end of JSON input"},
        {"x", 1, 1, "invalid character 'x' looking for beginning of value"},
        {"{\n \"a\" 1}", 2, 6, "invalid character '1' after object key"},
        {"{\"a\":1\n]", 2, 1, "invalid character ']' after object key:value pair"},
        {"[1\n\n 2]", 3, 2, "invalid character '2' after array element"},
        {"{x", 1, 2, "invalid character 'x' looking for beginning of object key string"},
        {"[1] \xc3\xa9", 1, 5, "invalid character '\xc3\x83' after top-level value"},
        {"\"a\nb\"", 1, 3, "invalid character '\\n' in string literal"},
        {"\"\\q\"", 1, 3, "invalid character 'q' in string escape code"},
        {"\"\\u12x4\"", 1, 6, "invalid character 'x' in \\u hexadecimal character escape"},
        {"trux", 1, 4, "invalid character 'x' in literal true (expecting 'e')"},
        {"nulx", 1, 4, "invalid character 'x' in literal null (expecting 'l')"},
        {"falx", 1, 4, "invalid character 'x' in literal false (expecting 's')"},
        {"-x", 1, 2, "invalid character 'x' in numeric literal"},
        {"1.x", 1, 3, "invalid character 'x' after decimal point in numeric literal"},
        {"1e'", 1, 3, "invalid character '\\'' in exponent of numeric literal"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        struct js_json_error error;
        JSValue v;

        assert_int_equal(js_json_parse(f->j, f->ctx, str_of(cases[i].text), &v, &error),
                         JS_JSON_E_SYNTAX);
        assert_string_equal(error.text, cases[i].message);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
    }
}

static void test_depth(void **state)
{
    struct fixture *f = *state;
    struct js_json_error error;
    struct buf text = {0};
    JSValue v;

    for (int i = 0; i < JS_JSON_MAX_DEPTH; i++)
        buf_puts(&text, i % 2 ? "[" : "{\"a\":");
    struct str deep = buf_str(&text);

    assert_int_equal(js_json_parse(f->j, f->ctx, deep, &v, &error), JS_JSON_E_SYNTAX);
    assert_string_equal(error.text, "unexpected end of JSON input");
    buf_puts(&text, "[");
    assert_int_equal(js_json_parse(f->j, f->ctx, buf_str(&text), &v, &error), JS_JSON_E_SYNTAX);
    assert_string_equal(error.text, "exceeded max depth");

    buf_reset(&text);
    for (int i = 0; i < JS_JSON_MAX_DEPTH; i++)
        buf_putc(&text, '[');
    for (int i = 0; i < JS_JSON_MAX_DEPTH; i++)
        buf_putc(&text, ']');
    assert_int_equal(js_json_parse(f->j, f->ctx, buf_str(&text), &v, &error), 0);
    JS_FreeValue(f->ctx, v);
    buf_fini(&text);
}

/* Bytes that are not UTF-8 come out as U+FFFD. */
static void test_bad_utf8(void **state)
{
    struct fixture *f = *state;
    struct js_json_error error;
    JSValue v;

    assert_int_equal(js_json_parse(f->j, f->ctx, STR("\"a\xff\x62\""), &v, &error), 0);
    char *text = describe(f, v);

    assert_string_equal(text, "s61,fffd,62");
    free(text);
}

/* More keys than the tree holds, keys that are data, objects wider than it follows. */
static void test_many_keys(void **state)
{
    struct buf text = {0};

    for (int round = 0; round < 3; round++) {
        buf_reset(&text);
        buf_putc(&text, '[');
        for (int i = 0; i < 3 * JSON_KEYS_MAX_NODES; i++)
            buf_printf(&text, "{\"id%d\":1,\"k%d\":{\"x\":%d}},", round * 100000 + i, i % 100, i);
        buf_puts(&text, "0]");
        assert_same(*state, buf_str(&text));
    }
    buf_reset(&text);
    buf_putc(&text, '{');
    for (int i = 0; i < 3 * JSON_KEYS_MAX_PROPS; i++)
        buf_printf(&text, "\"p%d\":[{\"a\":%d}],", i, i);
    buf_puts(&text, "\"p5\":0,\"\":{\"a\":1}}");
    assert_same(*state, buf_str(&text));
    assert_same(*state, buf_str(&text));
    buf_fini(&text);
}

/* Changing an object must not change others of its shape, nor what is read later. */
static void test_mutation(void **state)
{
    static const char source[] =
        "const t = '{\"a\":1,\"b\":[1,2]}'; const x = JSON.parse(t), y = JSON.parse(t);"
        "x.c = 3; delete x.a; x.b.push(3); Object.freeze(y); const z = JSON.parse(t); z.a = 9;"
        "Object.defineProperty(z, 'b', {enumerable: false});"
        "JSON.stringify([x, y, z, JSON.parse(t), JSON.parse(t, (k, v) => k === 'a' ? 7 : v)])";
    struct fixture *f = *state;

    assert_int_equal(js_json_install(f->j, f->ctx), 0);
    JSValue v = JS_Eval(f->ctx, source, sizeof(source) - 1, "m.js", 0);
    const char *s = JS_ToCString(f->ctx, v);

    assert_string_equal(s, "[{\"b\":[1,2,3],\"c\":3},{\"a\":1,\"b\":[1,2]},{\"a\":9},"
                           "{\"a\":1,\"b\":[1,2]},{\"a\":7,\"b\":[1,2]}]");
    JS_FreeCString(f->ctx, s);
    JS_FreeValue(f->ctx, v);
}

static void test_installed(void **state)
{
    static const char source[] =
        "const caught = f => { try { f(); return 'none' } catch (e) { return e.name } };"
        "[JSON.parse.name, JSON.parse.length, JSON.parse('1'), JSON.parse(1), JSON.parse(null),"
        " JSON.parse('\"\\u20ac\"'), JSON.parse({toString() { return '[2]' }})[0],"
        " caught(() => JSON.parse('{')), caught(() => JSON.parse()),"
        " caught(() => JSON.parse({toString() { throw new TypeError('x') }})),"
        " JSON.parse('\"\\ud83d\"').charCodeAt(0).toString(16)].join('|')";
    struct fixture *f = *state;

    assert_int_equal(js_json_install(f->j, f->ctx), 0);
    JSValue v = JS_Eval(f->ctx, source, sizeof(source) - 1, "m.js", 0);
    const char *s = JS_ToCString(f->ctx, v);

    assert_string_equal(s, "parse|2|1|1||\xe2\x82\xac|2|SyntaxError|SyntaxError|TypeError|d83d");
    JS_FreeCString(f->ctx, s);
    JS_FreeValue(f->ctx, v);
}

/* Random documents, and random damage to them. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void random_value(struct buf *out, uint32_t *seed, int depth)
{
    static const char *const scalars[] = {"1",    "-2.5e3", "\"s\"", "\"a\\u0041\"", "null",
                                          "true", "{}",     "[]",    "\"\xc3\xa9\"", "0.1"};
    static const char *const keys[] = {"a", "b", "id", "name", "0", "\xc3\xa9", "x\\ty", ""};
    uint32_t kind = next_random(seed) % 4;
    uint32_t n = next_random(seed) % 5;

    if (kind > 1 || depth == 0) {
        buf_puts(out, scalars[next_random(seed) % countof(scalars)]);
        return;
    }
    buf_putc(out, kind ? '[' : '{');
    for (uint32_t i = 0; i < n; i++) {
        if (!kind)
            buf_printf(out, "\"%s\" :", keys[next_random(seed) % countof(keys)]);
        random_value(out, seed, depth - 1);
        buf_puts(out, i + 1 < n ? ", " : "");
    }
    buf_putc(out, kind ? ']' : '}');
}

static void test_random(void **state)
{
    static const char damage[] = "{}[],:\"\\0e-. \x01x";
    struct buf text = {0};
    uint32_t seed = 1;

    for (int i = 0; i < 3000; i++) {
        buf_reset(&text);
        random_value(&text, &seed, 5);
        assert_same(*state, buf_str(&text));
        size_t at = next_random(&seed) % text.len;

        if ((unsigned char)text.data[at] >= 0x80)
            continue;
        text.data[at] = damage[next_random(&seed) % (sizeof(damage) - 1)];
        assert_same(*state, buf_str(&text));
    }
    buf_fini(&text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same_as_engine), TEST(test_truncated), TEST(test_errors),
        TEST(test_depth),          TEST(test_bad_utf8),  TEST(test_many_keys),
        TEST(test_mutation),       TEST(test_installed), TEST(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
