#include "locust/locust_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/err.h"

static void expect(const char *text, enum locust_conf_form form, const char *wanted)
{
    struct str value;
    bool found = locust_conf_get(str_of(text), form, STR("locustfile"), &value);

    assert_int_equal(found, wanted != NULL);
    if (found && !str_is(value, wanted)) {
        print_error("'%.*s' is not '%s'\n", STR_ARG(value), wanted);
        fail();
    }
}

static void test_plain(void **state UNUSED)
{
    expect("", LOCUST_CONF_PLAIN, NULL);
    expect("users = 5\nlocustfile = a.py\n", LOCUST_CONF_PLAIN, "a.py");
    expect("locustfile: a.py\nlocustfile b.py # the second", LOCUST_CONF_PLAIN, "b.py");
    expect("  locustfile=\"a b.py\"\r\n", LOCUST_CONF_PLAIN, "a b.py");
    expect("locustfiles = a.py\n# locustfile = b.py\n", LOCUST_CONF_PLAIN, NULL);
    expect("locustfile", LOCUST_CONF_PLAIN, "");
    expect("locustfile = \"", LOCUST_CONF_PLAIN, "\"");
    expect("locustfile = a#b.py ; c", LOCUST_CONF_PLAIN, "a#b.py");
}

static void test_toml(void **state UNUSED)
{
    expect("[tool.locust]\nlocustfile = \"a.py\"\n[tool.x]\nlocustfile = \"b.py\"\n",
           LOCUST_CONF_TOML, "a.py");
    expect("locustfile = \"a.py\"\n[tool.locustx]\nlocustfile = \"b.py\"\n", LOCUST_CONF_TOML,
           NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_toml),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
