/* Addresses, policy and proxy choice: tables of what goes in and what must come out. */
#include "net/net_addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/net_error.h"

static void test_parse_and_format(void **state UNUSED)
{
    static const struct {
        const char *text, *formatted; /* formatted NULL: refused */
    } rows[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"::1", "::1"},
        {"[2001:db8::5]", "2001:db8::5"},
        {"fe80::1%7", "fe80::1"},
        {"", NULL},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"host", NULL},
        {"1.2.3.4%1", NULL},
        {"[]", NULL},
        {":::", NULL},
        {"0000:0000:0000:0000:0000:0000:0000:000001", NULL},
        {"%1", NULL},
        {"256.1.1.1", NULL},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        struct net_addr a;
        char text[NET_ADDR_TEXT_BYTES];
        bool ok = net_addr_parse(str_of(rows[i].text), &a);

        assert_int_equal(ok, rows[i].formatted != NULL);
        if (ok)
            assert_string_equal(net_addr_format(&a, text), rows[i].formatted);
    }
}

static void test_split_host_port(void **state UNUSED)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } rows[] = {
        {"a.b:80", "a.b", 80}, {"a.b", "a.b", 0},         {"[::1]:443", "::1", 443},
        {"[::1]", "::1", 0},   {"fe80::1", "fe80::1", 0}, {"a:", NULL, 0},
        {":80", NULL, 0},      {"a:65536", NULL, 0},      {"a:x", NULL, 0},
        {"[::1", NULL, 0},     {"[::1]x", NULL, 0},       {"", NULL, 0},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        struct str host;
        uint16_t port;
        bool ok = net_split_host_port(str_of(rows[i].text), &host, &port);

        assert_int_equal(ok, rows[i].host != NULL);
        if (ok) {
            assert_true(str_is(host, rows[i].host));
            assert_int_equal(port, rows[i].port);
        }
    }
}

static bool cidr_has(const char *cidr, const char *ip)
{
    struct net_cidr c;
    struct net_addr a;

    assert_true(net_cidr_parse(str_of(cidr), &c));
    assert_true(net_addr_parse(str_of(ip), &a));
    return net_cidr_has(&c, &a);
}

static void test_cidr(void **state UNUSED)
{
    struct net_cidr c;

    assert_true(cidr_has("10.0.0.0/8", "10.255.1.2"));
    assert_false(cidr_has("10.0.0.0/8", "11.0.0.0"));
    assert_true(cidr_has("192.168.4.0/22", "192.168.7.255"));
    assert_false(cidr_has("192.168.4.0/22", "192.168.8.0"));
    assert_true(cidr_has("0.0.0.0/0", "8.8.8.8"));
    assert_false(cidr_has("0.0.0.0/0", "::8"));
    assert_true(cidr_has("127.0.0.1", "::ffff:127.0.0.1"));
    assert_true(cidr_has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(cidr_has("2001:db8::/33", "2001:db8:8000::1"));
    assert_false(net_cidr_parse(STR("10.0.0.0/33"), &c));
    assert_false(net_cidr_parse(STR("10.0.0.0/"), &c));
    assert_false(net_cidr_parse(STR("x/8"), &c));
}

static void check_pool(const char *spec, uint64_t i, const char *want)
{
    struct net_pool *p;
    char text[NET_ADDR_TEXT_BYTES];
    struct net_addr a;

    assert_int_equal(net_pool_parse(str_of(spec), &p), 0);
    a = net_pool_get(p, i);
    assert_string_equal(net_addr_format(&a, text), want);
    net_pool_free(p);
}

static void test_pool(void **state UNUSED)
{
    struct net_pool *p = NULL;

    check_pool("10.0.0.5", 17, "10.0.0.5");
    check_pool("10.0.0.254-10.0.1.1", 3, "10.0.1.1");
    check_pool("10.0.0.254-10.0.1.1", 4, "10.0.0.254");
    check_pool("192.168.0.0/30", 0, "192.168.0.1");
    check_pool("192.168.0.0/30", 2, "192.168.0.1");
    check_pool("192.168.0.9/31", 1, "192.168.0.9");
    check_pool("10.0.0.1, ::1-::3", 2, "::2");
    check_pool("fd00::/64", 1000000, "fd00::f:4240");
    assert_int_not_equal(net_pool_parse(STR("10.0.0.9-10.0.0.1"), &p), 0);
    assert_int_not_equal(net_pool_parse(STR("10.0.0.1-::1"), &p), 0);
    assert_int_not_equal(net_pool_parse(STR("eth0"), &p), 0);
    assert_null(p);
}

static void test_error_words(void **state UNUSED)
{
    struct net_error e;

    assert_int_equal(net_error_errno(&e, "dial", 111), NET_REFUSED);
    assert_string_equal(e.text, "dial: connection refused");
    assert_int_equal(net_error_errno(&e, "dial", 101), 1213);
    assert_string_equal(e.text, "dial: unknown errno 101 error with msg `network is unreachable`");
    assert_int_equal(net_error_errno(&e, "read", 104), 1220);
    assert_string_equal(e.text, "read: connection reset by peer");
    assert_int_equal(net_error_set(&e, NET_BROKEN_PIPE), 1201);
    assert_string_equal(e.text, "write: broken pipe");
    assert_string_equal(net_status_name(NET_WRONG_HOST), "NET_WRONG_HOST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_split_host_port),
        cmocka_unit_test(test_cidr),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_error_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
