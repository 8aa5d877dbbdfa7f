/* Which connections a policy forbids or sends elsewhere. */
#include "net/net_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/net_addr.h"

static void test_blocked_names(void **state UNUSED)
{
    struct net_policy *p = net_policy_new();

    assert_false(net_policy_blocks(p, STR("a.test")));
    assert_int_equal(net_policy_block(p, STR("a.test")), 0);
    assert_int_equal(net_policy_block(p, STR("*.Ads.example")), 0);
    assert_true(net_policy_blocks(p, STR("A.TEST")));
    assert_true(net_policy_blocks(p, STR("a.test.")));
    assert_false(net_policy_blocks(p, STR("b.a.test")));
    assert_true(net_policy_blocks(p, STR("x.y.ads.example")));
    assert_false(net_policy_blocks(p, STR("ads.example")));
    assert_false(net_policy_blocks(NULL, STR("a.test")));
    assert_int_not_equal(net_policy_block(p, STR("a.*.test")), 0);
    assert_int_not_equal(net_policy_block(p, STR("")), 0);
    assert_int_equal(net_policy_block(p, STR("*")), 0);
    assert_true(net_policy_blocks(p, STR("anything")));
    net_policy_free(p);
}

static void check_override(const struct net_policy *p, const char *host, uint16_t port,
                           const char *want)
{
    struct net_addr a;
    char text[NET_ENDPOINT_TEXT_BYTES];
    bool found = net_policy_override(p, str_of(host), port, &a);

    assert_int_equal(found, want != NULL);
    if (want)
        assert_string_equal(net_endpoint_format(&a, text), want);
}

static void test_overrides(void **state UNUSED)
{
    struct net_policy *p = net_policy_new();

    assert_int_equal(net_policy_host(p, STR("a.test"), STR("1.1.1.1")), 0);
    assert_int_equal(net_policy_host(p, STR("a.test:443"), STR("2.2.2.2:8443")), 0);
    assert_int_equal(net_policy_host(p, STR("*.test"), STR("3.3.3.3")), 0);
    assert_int_equal(net_policy_host(p, STR("*.b.test"), STR("[::4]:44")), 0);
    assert_int_equal(net_policy_host(p, STR("*.b.test:99"), STR("5.5.5.5")), 0);
    check_override(p, "A.test", 80, "1.1.1.1:80");
    check_override(p, "a.test", 443, "2.2.2.2:8443");
    check_override(p, "c.test", 80, "3.3.3.3:80");
    check_override(p, "x.b.test", 80, "[::4]:44");
    check_override(p, "x.b.test", 99, "5.5.5.5:99");
    check_override(p, "test", 80, NULL);
    check_override(p, "other", 80, NULL);
    assert_int_not_equal(net_policy_host(p, STR("a"), STR("b.test")), 0);
    assert_int_equal(net_policy_host(p, STR("a.test"), STR("9.9.9.9")), 0);
    check_override(p, "a.test", 80, "9.9.9.9:80");
    net_policy_free(p);
}

static void test_long_names_match_nothing(void **state UNUSED)
{
    struct net_policy *p = net_policy_new();
    char name[1000];

    memset(name, 'a', sizeof(name));
    assert_int_equal(net_policy_host(p, STR("*.test"), STR("3.3.3.3")), 0);
    assert_int_equal(net_policy_block(p, STR("*.test")), 0);
    for (size_t n = 240; n < sizeof(name); n++) {
        struct net_addr a;

        assert_false(net_policy_override(p, str_from(name, n), 65535, &a));
        assert_false(net_policy_blocks(p, str_from(name, n)));
    }
    net_policy_free(p);
}

static void test_forbidden_addresses(void **state UNUSED)
{
    struct net_policy *p = net_policy_new();
    struct net_addr a;

    assert_int_equal(net_policy_forbid(p, STR("10.0.0.0/8")), 0);
    assert_int_not_equal(net_policy_forbid(p, STR("10.0.0.0/99")), 0);
    assert_true(net_addr_parse(STR("10.1.1.1"), &a));
    assert_true(net_policy_forbids(p, &a));
    assert_false(net_policy_forbids(NULL, &a));
    assert_true(net_addr_parse(STR("11.1.1.1"), &a));
    assert_false(net_policy_forbids(p, &a));
    net_policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocked_names),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_long_names_match_nothing),
        cmocka_unit_test(test_forbidden_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
