#include "sink/statsd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct tag labels[] = {
    {STR("group"), STR("")},
    {STR("method"), STR("GET")},
    {STR("url"), STR("http://a/b?c=d,e;f|g#h i\n")},
};

#define LINE(name_, suffix_, type_, value_, ...)  \
    ((struct statsd_line){.name = STR(name_),     \
                          .suffix = STR(suffix_), \
                          .type = (type_),        \
                          .value = (value_),      \
                          __VA_ARGS__})
#define LABELS .labels = labels, .n_labels = countof(labels)

static void check_line(enum statsd_tags tags, struct statsd_line line, const char *expected)
{
    struct buf out = {0};

    statsd_put(&out, tags, &line);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void lines_have_the_form_of_the_protocol(void **state UNUSED)
{
    check_line(STATSD_TAGS_NONE, LINE("brunt.http_reqs", "", "c", 3), "brunt.http_reqs:3|c\n");
    check_line(STATSD_TAGS_NONE, LINE("a", ".p95", "g", 12.25), "a.p95:12.25|g\n");
    check_line(STATSD_TAGS_NONE, LINE("a", "", "ms", 0.1, .rate = 0.25), "a:0.1|ms|@0.250000000\n");
    check_line(STATSD_TAGS_NONE, LINE("a", "", "ms", 1, .rate = 1), "a:1|ms\n");
    check_line(STATSD_TAGS_NONE, LINE("a", "", "g", -0.0), "a:0|g\n");
}

static void gauges_below_zero_are_set_to_zero_first(void **state UNUSED)
{
    struct statsd_line line = LINE("a", "", "g", -2.5);

    check_line(STATSD_TAGS_NONE, line, "a:0|g\na:-2.5|g\n");
    check_line(STATSD_TAGS_INFLUX, line, "a:0|g\na:-2.5|g\n");
    check_line(STATSD_TAGS_DOGSTATSD, line, "a:-2.5|g\n");
    line.type = "c";
    check_line(STATSD_TAGS_NONE, line, "a:-2.5|c\n");
}

static void tags_have_the_form_of_the_server(void **state UNUSED)
{
    struct statsd_line line = LINE("a", "", "c", 1, LABELS);

    check_line(STATSD_TAGS_NONE, line, "a:1|c\n");
    check_line(STATSD_TAGS_DOGSTATSD, line, "a:1|c|#method:GET,url:http://a/b?c=d_e;f_g_h_i_\n");
    check_line(STATSD_TAGS_GRAPHITE, line, "a;method=GET;url=http_//a/b?c=d,e_f_g_h_i_:1|c\n");
    check_line(STATSD_TAGS_INFLUX, line, "a,method=GET,url=http_//a/b?c_d_e;f_g_h_i_:1|c\n");
    line.rate = 0.5;
    check_line(STATSD_TAGS_DOGSTATSD, line,
               "a:1|c|@0.500000000|#method:GET,url:http://a/b?c=d_e;f_g_h_i_\n");
}

static void what_would_break_a_line_is_cleaned(void **state UNUSED)
{
    struct tag odd[] = {{STR("a:b=c\n"), STR("~x")}, {STR(""), STR("x")}};
    struct statsd_line line =
        LINE("a b/c:d|e@f#g\n-", ".\xc3\xa4", "c", 1, .labels = odd, .n_labels = countof(odd));
    char name[500];

    check_line(STATSD_TAGS_NONE, line, "a_b_c_d_e_f_g_-.__:1|c\n");
    check_line(STATSD_TAGS_DOGSTATSD, line, "a_b_c_d_e_f_g__.__:1|c|#a_b=c_:~x\n");
    check_line(STATSD_TAGS_GRAPHITE, line, "a_b_c_d_e_f_g_-.__;a_b_c_=_~x:1|c\n");
    check_line(STATSD_TAGS_INFLUX, line, "a_b_c_d_e_f_g_-.__,a_b_c_=~x:1|c\n");

    memset(name, 'x', sizeof(name));

    struct buf out = {0};

    statsd_put(
        &out, STATSD_TAGS_NONE,
        &(struct statsd_line){
            .name = str_from(name, sizeof(name)), .suffix = STR(".p95"), .type = "c", .value = 1});
    assert_int_equal(out.len, STATSD_NAME_MAX + strlen(":1|c\n"));
    buf_fini(&out);
}

static void fill(struct batch *b, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_puts(&b->bytes, lines[i]);
        batch_end_point(b);
    }
}

static void packets_hold_whole_lines(void **state UNUSED)
{
    static const char *const lines[] = {"a:1|c\n", "b:22|c\n", "c:0|g\nc:-1|g\n", "d:1|c\n"};
    struct batch b = {0};

    fill(&b, lines, countof(lines));

    struct batch_view all = batch_all(&b);

    /* "a:1|c\nb:22|c" is 12 bytes */
    assert_int_equal(statsd_packet(&all, 0, 12), 2);
    assert_int_equal(statsd_packet(&all, 0, 11), 1);
    assert_int_equal(statsd_packet(&all, 0, 1432), 4);
    assert_int_equal(statsd_packet(&all, 2, 1432), 4);
    assert_int_equal(statsd_packet(&all, 2, 3), 3);
    assert_int_equal(statsd_packet(&all, 3, 3), 4);

    assert_true(str_is(statsd_packet_bytes(&all, 0, 2), "a:1|c\nb:22|c"));
    assert_true(str_is(statsd_packet_bytes(&all, 2, 3), "c:0|g\nc:-1|g"));

    all.to = 3;
    assert_int_equal(statsd_packet(&all, 0, 1432), 3);
    batch_fini(&b);
}

static void statistics_have_names(void **state UNUSED)
{
    struct statsd_stats s;

    assert_int_equal(statsd_stats_parse(STR("avg, p(95),p(99.9),count"), &s), 0);
    assert_int_equal(s.n, 4);
    assert_string_equal(s.items[0].suffix, ".avg");
    assert_string_equal(s.items[1].suffix, ".p95");
    assert_string_equal(s.items[2].suffix, ".p999");
    assert_int_equal(s.items[3].stat.kind, STAT_COUNT);
    assert_int_equal(statsd_stats_parse(STR(""), &s), 0);
    assert_int_equal(s.n, 0);
}

static void wrong_statistics_are_named(void **state UNUSED)
{
    static const char *const wrong[] = {
        "p95",
        "avg,,max",
        "p(101)",
        "p(-1)",
        "p(nan)",
        "rate",
        "p(9.00000000000000000)",
        "avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg,avg"};
    struct statsd_stats s = {.n = 77};

    for (size_t i = 0; i < countof(wrong); i++) {
        assert_int_equal(statsd_stats_parse(str_of(wrong[i]), &s), FAULT_EXIT(104));
        assert_int_equal(s.n, 77);
    }
    assert_int_equal(statsd_stats_parse(STR("avg,p95"), &s), FAULT_EXIT(104));
    assert_non_null(strstr(fault_text(), "\"p95\" is no statistic"));
}

static void check_address(const char *text, enum statsd_transport transport, const char *host,
                          uint16_t port)
{
    struct statsd_address a;

    assert_int_equal(statsd_address_parse(str_of(text), &a), 0);
    assert_int_equal(a.transport, transport);
    if (transport == STATSD_UNIX) {
        assert_true(str_is(a.path, host));
    } else {
        assert_string_equal(a.endpoint.host, host);
        assert_int_equal(a.endpoint.port, port);
    }
}

static void addresses_are_read(void **state UNUSED)
{
    check_address("localhost", STATSD_UDP, "localhost", 8125);
    check_address("localhost:9125", STATSD_UDP, "localhost", 9125);
    check_address("udp://[::1]:1/", STATSD_UDP, "::1", 1);
    check_address("tcp://h", STATSD_TCP, "h", 8125);
    check_address("unix:///run/dsd.socket", STATSD_UNIX, "/run/dsd.socket", 8125);
    check_address("unixgram:///run/dsd.socket", STATSD_UNIX, "/run/dsd.socket", 8125);
}

static void wrong_addresses_are_refused(void **state UNUSED)
{
    static const char *const wrong[] = {"",        "udp://",   "http://h:1", "h:x",       "h:70000",
                                        "unix://", "unix://a", "unix:///",   "tcp://h/x", "[::1"};
    struct statsd_address a = {.endpoint.port = 7};

    for (size_t i = 0; i < countof(wrong); i++) {
        assert_int_equal(statsd_address_parse(str_of(wrong[i]), &a), FAULT_EXIT(104));
        assert_int_equal(a.endpoint.port, 7);
    }
}

static void tags_are_named(void **state UNUSED)
{
    enum statsd_tags t;

    assert_true(statsd_tags_parse(STR("influx"), &t));
    assert_int_equal(t, STATSD_TAGS_INFLUX);
    assert_false(statsd_tags_parse(STR("datadog"), &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_the_form_of_the_protocol),
        cmocka_unit_test(gauges_below_zero_are_set_to_zero_first),
        cmocka_unit_test(tags_have_the_form_of_the_server),
        cmocka_unit_test(what_would_break_a_line_is_cleaned),
        cmocka_unit_test(packets_hold_whole_lines),
        cmocka_unit_test(statistics_have_names),
        cmocka_unit_test(wrong_statistics_are_named),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(wrong_addresses_are_refused),
        cmocka_unit_test(tags_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
