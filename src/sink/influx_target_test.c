#include "sink/influx_target.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OPTIONS(...)                                           \
    (&(struct influx_options){.addr = "http://localhost:8086", \
                              .concurrent_writes = 4,          \
                              .payload_size = 512,             \
                              __VA_ARGS__})

static struct influx_target t;

static int tear_down(void **state UNUSED)
{
    influx_target_fini(&t);
    return 0;
}

static void make(const struct influx_options *o, enum influx_dialect dialect, const char *arg)
{
    influx_target_fini(&t);
    assert_int_equal(influx_target_init(&t, o, dialect, arg, true), 0);
}

static void the_last_segment_is_the_database(void **state UNUSED)
{
    make(OPTIONS(.db = "k6"), INFLUX_DIALECT_K6, "http://me:p%40w@h:8086/pre/fix/my%20db");
    assert_int_equal(t.version, INFLUX_V1);
    assert_string_equal(t.write_url, "http://h:8086/pre/fix/write?db=my+db");
    assert_string_equal(t.query_url, "http://h:8086/pre/fix/query");
    assert_string_equal(t.create, "q=CREATE+DATABASE+%22my+db%22");
    assert_string_equal(t.authorization, "Basic bWU6cEB3");
    make(OPTIONS(.db = "k6"), INFLUX_DIALECT_K6, "http://h:8086/pre/");
    assert_string_equal(t.write_url, "http://h:8086/pre/write?db=k6");
    assert_null(t.authorization);
    make(OPTIONS(.db = "k6", .retention = "a b", .precision = "us", .consistency = "any"),
         INFLUX_DIALECT_K6, NULL);
    assert_string_equal(t.write_url,
                        "http://localhost:8086/write?db=k6&rp=a+b&precision=u&consistency=any");
    make(OPTIONS(.db = "a\"b"), INFLUX_DIALECT_K6, NULL);
    assert_string_equal(t.create, "q=CREATE+DATABASE+%22a%5C%22b%22");
}

static void version_two_has_buckets_and_tokens(void **state UNUSED)
{
    make(OPTIONS(.bucket = "env", .org = "o&r", .token = "secret", .precision = "1ms"),
         INFLUX_DIALECT_XK6, "http://h:8086/db/rp");
    assert_int_equal(t.version, INFLUX_V2);
    assert_string_equal(t.write_url,
                        "http://h:8086/api/v2/write?org=o%26r&bucket=db%2Frp&precision=ms");
    assert_string_equal(t.authorization, "Token secret");
    assert_null(t.create);
    make(OPTIONS(.bucket = "b", .username = "u", .password = "p"), INFLUX_DIALECT_K6, NULL);
    assert_int_equal(t.version, INFLUX_V2);
    assert_string_equal(t.write_url, "http://localhost:8086/api/v2/write?bucket=b");
    assert_string_equal(t.authorization, "Token u:p");
    make(OPTIONS(.db = "k6", .token = "x", .version = "1"), INFLUX_DIALECT_K6, NULL);
    assert_int_equal(t.version, INFLUX_V1);
}

static void datagrams_have_a_host_and_a_port(void **state UNUSED)
{
    make(OPTIONS(.db = "k6"), INFLUX_DIALECT_K6, "udp://[::1]:8099/x");
    assert_true(t.is_udp);
    assert_string_equal(t.endpoint.host, "::1");
    assert_int_equal(t.endpoint.port, 8099);
    make(OPTIONS(.db = "k6"), INFLUX_DIALECT_K6, "udp://host");
    assert_int_equal(t.endpoint.port, 8089);
}

static void refuse(const struct influx_options *o, enum influx_dialect dialect, const char *arg,
                   const char *words)
{
    struct influx_target bad;

    assert_int_equal(influx_target_init(&bad, o, dialect, arg, true), FAULT_EXIT(104));
    if (!strstr(fault_text(), words))
        fail_msg("%s", fault_text());
}

static void what_cannot_be_is_refused(void **state UNUSED)
{
    refuse(OPTIONS(.org = "o"), INFLUX_DIALECT_XK6, "http://h:8086", "needs a bucket");
    refuse(OPTIONS(.db = "x"), INFLUX_DIALECT_K6, "h:8086/db", "InfluxDB's address");
    refuse(OPTIONS(.db = "x"), INFLUX_DIALECT_K6, "ws://h/db", "http, https or udp");
    refuse(OPTIONS(.db = "x"), INFLUX_DIALECT_K6, "udp://", "host:port");
    refuse(OPTIONS(.bucket = "x"), INFLUX_DIALECT_K6, "udp://h", "UDP");
    refuse(OPTIONS(.precision = "d"), INFLUX_DIALECT_K6, NULL, "precision");
    refuse(OPTIONS(.bucket = "b", .precision = "h"), INFLUX_DIALECT_K6, NULL, "no precision");
    refuse(OPTIONS(.proxy = "http://p"), INFLUX_DIALECT_K6, NULL, "proxy");
    refuse(&(struct influx_options){.addr = "http://h", .payload_size = 512}, INFLUX_DIALECT_K6,
           NULL, "concurrentWrites");
    refuse(&(struct influx_options){.addr = "http://h", .concurrent_writes = 1}, INFLUX_DIALECT_K6,
           NULL, "payload_size");
}

static void nanoseconds_need_no_word(void **state UNUSED)
{
    struct influx_target other;

    assert_int_equal(influx_target_init(&other, OPTIONS(.db = "k6", .precision = "s"),
                                        INFLUX_DIALECT_K6, NULL, false),
                     0);
    assert_string_equal(other.write_url, "http://localhost:8086/write?db=k6");
    assert_int_equal(other.unit, NS_PER_S);
    influx_target_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_last_segment_is_the_database, tear_down),
        cmocka_unit_test_teardown(version_two_has_buckets_and_tokens, tear_down),
        cmocka_unit_test_teardown(datagrams_have_a_host_and_a_port, tear_down),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(nanoseconds_need_no_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
