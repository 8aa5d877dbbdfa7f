/* Which requests go through which proxy. */
#include "net/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_urls(void **state UNUSED)
{
    struct proxy_config *c;
    const struct proxy *p;

    assert_int_equal(
        proxy_config_new("http://us%40er:p%3aw@proxy.test:3128/x", "socks5://[::1]", NULL, &c), 0);
    p = proxy_for(c, PROXY_FOR_HTTP, STR("a.test"), 80);
    assert_true(str_is(p->host, "proxy.test"));
    assert_int_equal(p->port, 3128);
    assert_true(str_is(p->user, "us@er"));
    assert_true(str_is(p->password, "p:w"));
    assert_true(str_is(p->authorization, "Basic dXNAZXI6cDp3"));
    p = proxy_for(c, PROXY_FOR_HTTPS, STR("a.test"), 443);
    assert_int_equal(p->kind, PROXY_SOCKS5);
    assert_true(str_is(p->host, "::1"));
    assert_int_equal(p->port, 1080);
    assert_int_equal(p->authorization.n, 0);
    proxy_config_free(c);

    assert_int_equal(proxy_config_new("proxy.test:1", "", "", &c), 0);
    assert_int_equal(proxy_for(c, PROXY_FOR_HTTP, STR("a"), 80)->port, 1);
    assert_null(proxy_for(c, PROXY_FOR_HTTPS, STR("a"), 443));
    proxy_config_free(c);

    assert_int_equal(proxy_config_new(NULL, NULL, "*", &c), 0);
    assert_null(c);
    assert_null(proxy_for(NULL, PROXY_FOR_HTTP, STR("a"), 80));
    assert_int_not_equal(proxy_config_new("ftp://secret:word@a", NULL, NULL, &c), 0);
    assert_null(strstr(fault_text(), "word"));
    assert_int_not_equal(proxy_config_new("http://:80", NULL, NULL, &c), 0);
}

static void test_exceptions(void **state UNUSED)
{
    static const struct {
        const char *host;
        uint16_t port;
        bool proxied;
    } rows[] = {
        {"localhost", 80, false},    {"127.0.0.9", 80, false}, {"::1", 80, false},
        {"bar.com", 80, false},      {"x.bar.com", 80, false}, {"foobar.com", 80, true},
        {"sub.only.com", 80, false}, {"only.com", 80, true},   {"star.net", 80, true},
        {"x.STAR.net", 80, false},   {"port.org", 81, false},  {"port.org", 80, true},
        {"10.2.3.4", 80, false},     {"11.2.3.4", 80, true},   {"9.9.9.9", 80, false},
        {"9.9.9.8", 80, true},       {"8.8.8.8", 53, false},   {"8.8.8.8", 54, true},
    };
    struct proxy_config *c;

    assert_int_equal(
        proxy_config_new(
            "p:1", NULL,
            " bar.com, .only.com,*.star.net,port.org:81,10.0.0.0/8,9.9.9.9,8.8.8.8:53,,", &c),
        0);
    for (size_t i = 0; i < countof(rows); i++) {
        bool proxied = proxy_for(c, PROXY_FOR_HTTP, str_of(rows[i].host), rows[i].port) != NULL;

        if (proxied != rows[i].proxied)
            fail_msg("%s:%u", rows[i].host, rows[i].port);
    }
    proxy_config_free(c);
}

/* NOLINTBEGIN(concurrency-mt-unsafe): a test has one thread */
static void test_environment(void **state UNUSED)
{
    struct proxy_config *c;

    unsetenv("HTTPS_PROXY");
    unsetenv("REQUEST_METHOD");
    unsetenv("HTTP_PROXY");
    unsetenv("https_proxy");
    setenv("http_proxy", "http://low:1", 1);
    setenv("NO_PROXY", "skip.test", 1);
    assert_int_equal(proxy_config_from_env(&c), 0);
    assert_true(str_is(proxy_for(c, PROXY_FOR_HTTP, STR("a"), 80)->host, "low"));
    assert_null(proxy_for(c, PROXY_FOR_HTTP, STR("skip.test"), 80));
    proxy_config_free(c);
    setenv("REQUEST_METHOD", "GET", 1);
    assert_int_equal(proxy_config_from_env(&c), 0);
    assert_null(c);
}

/* NOLINTEND(concurrency-mt-unsafe) */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
