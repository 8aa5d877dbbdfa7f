/* Paths against what they find, as text; "-" stands for nothing. */
#include "script/js/gjson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char people[] =
    "{\n \"name\": {\"first\": \"Tom\", \"last\": \"Anderson\"},\n \"age\":37,\n"
    " \"children\": [\"Sara\",\"Alex\",\"Jack\"],\n \"fav.movie\": \"Deer Hunter\",\n"
    " \"empty\": [], \"nil\": null, \"yes\": true, \"esc\\u0061ped\": \"a\\\"b\",\n"
    " \"matrix\": [[1,2],[3,[4]]], \"text\": \"{\\\"x\\\":1}\",\n"
    " \"friends\": [\n"
    "  {\"first\": \"Dale\", \"last\": \"Murphy\", \"age\": 44, \"nets\": [\"ig\", \"fb\", \"tw\"]},\n"
    "  {\"first\": \"Roger\", \"last\": \"Craig\", \"age\": 68, \"nets\": [\"fb\", \"tw\"], \"vip\": true},\n"
    "  {\"first\": \"Jane\", \"last\": \"Murphy\", \"age\": 47, \"nets\": [\"ig\", \"tw\"], \"vip\": false}\n"
    " ]\n}";

static const struct {
    const char *path;
    const char *json;
} cases[] = {
    {"name.last", "\"Anderson\""},
    {"age", "37"},
    {"name", "{\"first\": \"Tom\", \"last\": \"Anderson\"}"},
    {"nil", "null"},
    {"missing", "-"},
    {"name.missing.more", "-"},
    {"age.x", "-"},
    {"", "-"},
    {"children", "[\"Sara\",\"Alex\",\"Jack\"]"},
    {"children.#", "3"},
    {"children.1", "\"Alex\""},
    {"children.3", "-"},
    {"children.x", "-"},
    {"empty.#", "0"},
    {"name.#", "-"},
    {"child*.2", "\"Jack\""},
    {"c?ildren.0", "\"Sara\""},
    {"ag?", "37"},
    {"fav\\.movie", "\"Deer Hunter\""},
    {"fav.movie", "-"},
    {"escaped", "\"a\\\"b\""},
    {"friends.#.first", "[\"Dale\",\"Roger\",\"Jane\"]"},
    {"friends.#.vip", "[true,false]"},
    {"friends.#.nets.#", "[3,2,2]"},
    {"friends.#.nets.0", "[\"ig\",\"fb\",\"ig\"]"},
    {"friends.1.last", "\"Craig\""},
    {"friends.#.missing", "[]"},
    {"friends.#(last==\"Murphy\").first", "\"Dale\""},
    {"friends.#(last=\"Murphy\")#.first", "[\"Dale\",\"Jane\"]"},
    {"friends.#(last=\"Nobody\")#.first", "[]"},
    {"friends.#(last=\"Nobody\").first", "-"},
    {"friends.#(age>45)#.last", "[\"Craig\",\"Murphy\"]"},
    {"friends.#(age>=44)#.age", "[44,68,47]"},
    {"friends.#(age<47).age", "44"},
    {"friends.#(age!=44)#|#", "2"},
    {"friends.#(age <= 47)#.first", "[\"Dale\",\"Jane\"]"},
    {"friends.#(first%\"D*\").last", "\"Murphy\""},
    {"friends.#(first!%\"D*\").last", "\"Craig\""},
    {"friends.#(nets.#(==\"fb\"))#.first", "[\"Dale\",\"Roger\"]"},
    {"friends.#(vip)#.first", "[\"Roger\",\"Jane\"]"},
    {"friends.#(vip==true)#.first", "[\"Roger\"]"},
    {"friends.#(vip==false).first", "\"Jane\""},
    {"friends.#(vip==~true)#.first", "[\"Roger\"]"},
    {"friends.#(vip==~false)#.first", "[\"Dale\",\"Jane\"]"},
    {"friends.#(vip==~null)#.first", "[\"Dale\"]"},
    {"friends.#(vip==~*)#.first", "[\"Roger\",\"Jane\"]"},
    {"friends.#(vip!=~*)#.first", "[\"Dale\"]"},
    {"children.#(%\"*a*\")#", "[\"Sara\",\"Jack\"]"},
    {"children.#(!%\"*a*\")#", "[\"Alex\"]"},
    {"children.#(==Alex)", "\"Alex\""},
    {"children.#(>\"J\")#", "[\"Sara\",\"Jack\"]"},
    {"friends.#(last==\"Murphy\")#.first|0", "\"Dale\""},
    {"friends.#(last==\"Murphy\")#.first.0", "[]"},
    {"friends|#", "3"},
    {"friends.#.first|@reverse", "[\"Jane\",\"Roger\",\"Dale\"]"},
    {"friends.#.first|@reverse|0", "\"Jane\""},
    {"children|@reverse", "[\"Jack\",\"Alex\",\"Sara\"]"},
    {"children.@reverse.0", "\"Jack\""},
    {"name.@reverse", "{\"last\":\"Anderson\",\"first\":\"Tom\"}"},
    {"age.@reverse", "37"},
    {"name|@keys", "[\"first\",\"last\"]"},
    {"name|@values", "[\"Tom\",\"Anderson\"]"},
    {"name.@ugly", "{\"first\":\"Tom\",\"last\":\"Anderson\"}"},
    {"name|@pretty|first", "\"Tom\""},
    {"age.@this", "37"},
    {"@this.age", "37"},
    {"@valid.age", "37"},
    {"matrix.@flatten", "[1,2,3,[4]]"},
    {"matrix.@flatten:{\"deep\":true}", "[1,2,3,4]"},
    {"friends.@join.first", "\"Jane\""},
    {"friends.@join.vip", "false"},
    {"age.@tostr", "\"37\""},
    {"text.@fromstr.x", "1"},
    {"text.@fromstr|@tostr", "\"{\\\"x\\\":1}\""},
    {"children.0.@fromstr", "-"},
    {"@dig:last", "[\"Anderson\",\"Murphy\",\"Craig\",\"Murphy\"]"},
    {"{\"a\":friends.#.age,\"b\":friends.#.first}|@group|1", "{\"a\":68,\"b\":\"Roger\"}"},
    {"@unknown", "-"},
    {"{age,name.first}", "{\"age\":37,\"first\":\"Tom\"}"},
    {"{age,\"who\":name.first,missing}", "{\"age\":37,\"who\":\"Tom\"}"},
    {"[age,name.first,missing]", "[37,\"Tom\"]"},
    {"friends.#.{first,age}|0", "{\"first\":\"Dale\",\"age\":44}"},
    {"friends.0.[first,nets.#]", "[\"Dale\",3]"},
    {"{friends.#.age}", "{\"_\":[44,68,47]}"},
    {"{\"lit\":!\"x\",\"n\":!5,age}.lit", "\"x\""},
    {"name.!true", "true"},
    {"friends.#()", "{\"first\": \"Dale\", \"last\": \"Murphy\", \"age\": 44, \"nets\": [\"ig\", "
                    "\"fb\", \"tw\"]}"},
    {"{age", "-"},
    {"\\", "-"},
    {"|age", "-"},
};

static void assert_path(const char *json, const char *path, const char *expected)
{
    struct buf scratch = {0};
    struct gjson_result r;

    gjson_get(str_of(json), str_of(path), &scratch, &r);
    struct buf text = {0};

    buf_puts(&text, r.exists ? "" : "-");
    buf_putstr(&text, r.json);
    if (!str_is(buf_str(&text), expected))
        fail_msg("%s gave %s, not %s", path, buf_cstr(&text), expected);
    buf_fini(&text);
    buf_fini(&scratch);
}

static void test_paths(void **state UNUSED)
{
    for (size_t i = 0; i < countof(cases); i++)
        assert_path(people, cases[i].path, cases[i].json);
}

static void test_roots(void **state UNUSED)
{
    assert_path("[1,2,3]", "#", "3");
    assert_path("[1,2,3]", "1", "2");
    assert_path(" [1,2,3] ", "@this", "[1,2,3]");
    assert_path("[{\"a\":1},{\"a\":2}]", "#.a", "[1,2]");
    assert_path("[1,5,3]", "#(>2)#", "[5,3]");
    assert_path("5", "@this", "5");
    assert_path("{\"a\":1,\"a\":2}", "a", "1");
    assert_path("{\"\xc3\xa9\":1}", "?", "1");
    assert_path("{\"a*b\":1,\"axb\":2}", "a\\*b", "1");
    assert_path("{\"@x\":1}", "@x", "1");
}

static void test_invalid(void **state UNUSED)
{
    static const char *const bad[] = {"",      "{",       "{\"a\":1,}", "[1,]", "{\"a\"}", "x",
                                      "[1 2]", "\"a",     "{a:1}",      "[1]]", "tru",     "01",
                                      "[",     "{\"a\":", "1 2",        "]",    "{]",      "[}"};
    static const char *const good[] = {"{}",
                                       "[]",
                                       " 1 ",
                                       "[[],{}]",
                                       "{\"a\":[{\"b\":null}]}",
                                       "\"\"",
                                       "-1.5e3",
                                       "[{},[],1,\"x\"]"};

    for (size_t i = 0; i < countof(bad); i++) {
        assert_false(gjson_valid(str_of(bad[i])));
        assert_path(bad[i], "@this", "-");
    }
    for (size_t i = 0; i < countof(good); i++)
        assert_true(gjson_valid(str_of(good[i])));
}

/* Paths that multiply a document, and documents that are deep, end soon. */
static void test_hostile(void **state UNUSED)
{
    struct buf path = {0};
    struct buf json = {0};
    struct buf scratch = {0};
    struct gjson_result r;

    buf_puts(&path, "@this");
    for (int i = 0; i < 50; i++)
        buf_puts(&path, "|[@this,@this]");
    gjson_get(STR("[1,2,3,4,5,6,7,8]"), buf_str(&path), &scratch, &r);
    assert_false(r.exists);

    buf_reset(&path);
    for (int i = 0; i < 5000; i++)
        buf_puts(&path, "#(a.");
    gjson_get(STR("[[[1]]]"), buf_str(&path), &scratch, &r);
    assert_false(r.exists);

    for (int i = 0; i < 100000; i++)
        buf_putc(&json, '[');
    assert_false(gjson_valid(buf_str(&json)));
    for (int i = 0; i < 100000; i++)
        buf_putc(&json, ']');
    assert_true(gjson_valid(buf_str(&json)));
    gjson_get(buf_str(&json), STR("@dig:a"), &scratch, &r);
    assert_true(r.exists);
    gjson_get(buf_str(&json), STR("@flatten:{\"deep\":true}"), &scratch, &r);
    assert_true(r.exists);
    gjson_get(buf_str(&json), STR("@dig:@dig:@dig:@dig:a"), &scratch, &r);
    buf_fini(&path);
    buf_fini(&json);
    buf_fini(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
