#include "dashboard/push_form.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static int give(void *arg, struct str name, struct str plugin, struct buf *ret_uid)
{
    *(int *)arg += 1;
    if (str_is(plugin, "loki"))
        return fault(-ENOENT, "no loki");
    buf_printf(ret_uid, "uid-of-%.*s", STR_ARG(name));
    return 0;
}

static void assert_form(const char *text, const char *wanted, int n_asked)
{
    json_t *d;
    int n = 0;

    assert_int_equal(push_form(str_of(text), give, &n, &d), 0);
    scoped(freep) char *made = json_dumps(d, JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal(made, wanted);
    assert_int_equal(n, n_asked);
    json_decref(d);
}

static void test_inputs(void **state UNUSED)
{
    assert_form("{\"title\":\"T\",\"id\":7,\"panels\":[]}",
                "{\"id\":null,\"panels\":[],\"title\":\"T\"}", 0);
    assert_form("{\"meta\":{},\"dashboard\":{\"title\":\"T\",\"uid\":\"a-b_1\",\"rows\":[]}}",
                "{\"id\":null,\"rows\":[],\"title\":\"T\",\"uid\":\"a-b_1\"}", 0);
    assert_form(
        "{\"title\":\"T\",\"__requires\":[],\"__inputs\":[{\"name\":\"DS_P\",\"type\":\"datasource\",\"pluginId\":\"prometheus\"},"
        "{\"name\":\"DS_P\",\"pluginId\":\"prometheus\"},{\"name\":\"VAR_X\",\"type\":\"constant\",\"value\":\"9\"}],"
        "\"panels\":[{\"datasource\":{\"uid\":\"${DS_P}\"},\"a\":[\"${VAR_X} ${other} ${\"]}]}",
        "{\"id\":null,\"panels\":[{\"a\":[\"9 ${other} ${\"],\"datasource\":{\"uid\":\"uid-of-DS_P\"}}],\"title\":\"T\"}",
        1);
}

static void test_refused(void **state UNUSED)
{
    static const struct {
        const char *text, *why;
        int code;
    } cases[] = {
        {"{", "no JSON", -EINVAL},
        {"[]", "no Grafana dashboard", -EINVAL},
        {"{\"panels\":[]}", "no title", -EINVAL},
        {"{\"panels\":[],\"title\":\"T\",\"uid\":\"a b\"}", "refuses", -EINVAL},
        {"{\"panels\":[],\"title\":\"T\",\"uid\":\"12345678901234567890123456789012345678901\"}",
         "at most 40", -EINVAL},
        {"{\"panels\":[],\"title\":\"T\",\"__inputs\":[{\"name\":\"DS\",\"pluginId\":\"loki\"}]}",
         "no loki", -ENOENT},
    };
    json_t *d;
    int n = 0;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(push_form(str_of(cases[i].text), give, &n, &d), cases[i].code);
        assert_non_null(strstr(fault_text(), cases[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_inputs),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
