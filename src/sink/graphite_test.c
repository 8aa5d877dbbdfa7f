#include "sink/graphite.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base64.h"
#include "sink/graphite_answer.h"

static const struct graphite_style line = {.form = GRAPHITE_LINE};
static const struct graphite_style json = {.form = GRAPHITE_JSON, .interval = 10};

static void check(const struct graphite_style *style, const struct graphite_point *p,
                  const char *want)
{
    struct buf out = {0};

    assert_true(graphite_put(style, p, &out));
    assert_string_equal(buf_cstr(&out), want);
    buf_fini(&out);
}

static void check_value(enum graphite_form form, struct str value, const char *want)
{
    struct buf out = {0};

    graphite_put_value(&out, value, form);
    assert_string_equal(buf_cstr(&out), want);
    buf_fini(&out);
}

static void check_key(const char *key, const char *want)
{
    struct buf out = {0};

    graphite_put_key(&out, str_of(key));
    assert_string_equal(buf_cstr(&out), want);
    buf_fini(&out);
}

static void lines_have_tags_or_longer_paths(void **state UNUSED)
{
    struct tag tags[] = {{STR("group"), STR("")},
                         {STR("method"), STR("GET")},
                         {STR("name"), STR("http://h/a b.html")}};
    struct graphite_point p = {.name = STR("brunt_http_reqs_total"),
                               .tags = tags,
                               .n_tags = 3,
                               .value = 12.5,
                               .time = 1700000000};
    struct graphite_style paths = {.tags = GRAPHITE_PATHS, .prefix = STR("load.test")};

    check(&line, &p, "brunt_http_reqs_total;method=GET;name_=http://h/a_b.html 12.5 1700000000\n");
    p.suffix = STR("p95");
    check(&line, &p,
          "brunt_http_reqs_total.p95;method=GET;name_=http://h/a_b.html 12.5 1700000000\n");
    check(&paths, &p,
          "load.test.brunt_http_reqs_total.method.GET.name.http___h_a_b_html.p95 12.5 "
          "1700000000\n");
}

static void values_never_break_a_line_or_a_tag(void **state UNUSED)
{
    check_value(GRAPHITE_LINE, STR("~a;b c\td\ne"), "_a_b_c_d_e");
    check_value(GRAPHITE_JSON, STR("~a;b c\td\ne~"), "_a_b c_d_e~");
    check_value(GRAPHITE_LINE,
                STR("no\xc2\xa0"
                    "break\xe2\x80\x83"
                    "em\xe3\x80\x80"),
                "no_break_em_");
    check_value(GRAPHITE_JSON,
                STR("no\xc2\xa0"
                    "break"),
                "no\xc2\xa0"
                "break");
    check_value(GRAPHITE_LINE, STR("a{b=\"c\"}"), "a{b=_c_}");
    check_value(GRAPHITE_LINE, STR("\xff\xc3\xa4\xc3"), "_\xc3\xa4_");
    check_value(GRAPHITE_LINE, STR("\xed\xa0\x80\xc0\x80\xf5"), "____");
    check_value(GRAPHITE_LINE, STR("k=v!^"), "k=v!^");
    check_value(GRAPHITE_JSON, STR(""), "");
    check_value(GRAPHITE_JSON, STR("a\0b\xc2\x85"), "a_b_");
}

static void long_values_are_cut_between_characters(void **state UNUSED)
{
    static char text[3000];
    struct buf out = {0};

    memset(text, 'x', sizeof(text));
    memcpy(text + 190, "\xc3\xa4", 2);
    graphite_put_value(&out, str_from(text, sizeof(text)), GRAPHITE_LINE);
    assert_int_equal(out.len, 190);
    buf_reset(&out);
    graphite_put_value(&out, str_from(text, sizeof(text)), GRAPHITE_JSON);
    assert_int_equal(out.len, 2048);
    buf_fini(&out);
}

static void keys_are_words_and_never_reserved(void **state UNUSED)
{
    check_key("name", "name_");
    check_key("a.b;c=d!", "a_b_c_d_");
    check_key("__x__", "__x");
    check_key("____", "__");
    check_key("__", "__");
    check_key("\xc3\xa4", "__");
}

static void names_are_paths(void **state UNUSED)
{
    struct buf out = {0};

    graphite_put_name(&out, STR("..~lp..run_results.x y;z=1."));
    assert_string_equal(buf_cstr(&out), "lp.run_results.x_y_z_1");
    buf_reset(&out);
    graphite_put_name(&out, STR("~~a"));
    assert_string_equal(buf_cstr(&out), "a");
    buf_reset(&out);
    graphite_put_name(&out, STR("..."));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void nothing_is_put_for_no_name_or_no_number(void **state UNUSED)
{
    struct graphite_point p = {.name = STR("~."), .value = 1};
    struct graphite_style prefixed = {.prefix = STR("p")};
    struct buf out = {0};

    assert_false(graphite_put(&line, &p, &out));
    assert_false(graphite_put(&prefixed, &p, &out));
    p.name = STR("a");
    p.value = NAN;
    assert_false(graphite_put(&json, &p, &out));
    p.value = INFINITY;
    assert_false(graphite_put(&json, &p, &out));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void json_is_that_of_grafana_cloud(void **state UNUSED)
{
    struct tag tags[] = {{STR("env"), STR("prod")}, {STR("q"), STR("a \"b\"")}};
    struct graphite_point p = {.name = STR("lp.run_results.run.error_rate_pct"),
                               .tags = tags,
                               .n_tags = 2,
                               .value = 0.25,
                               .time = 1713701900};

    check(&json, &p,
          "{\"name\":\"lp.run_results.run.error_rate_pct\",\"interval\":10,\"value\":0.25,"
          "\"time\":1713701900,\"tags\":[\"env=prod\",\"q=a \\\"b\\\"\"]}");
}

static void the_pickle_is_the_one_that_carbon_took(void **state UNUSED)
{
    static const char want[] = "0000002080025d28"
                               "58050000006d3b613d62"
                               "4a00f15365"
                               "473ff8000000000000"
                               "8686652e";
    struct tag tag = {STR("a"), STR("b")};
    struct graphite_point p = {
        .name = STR("m"), .tags = &tag, .n_tags = 1, .value = 1.5, .time = 1700000000};
    struct graphite_style style = {.form = GRAPHITE_PICKLE};
    struct buf points = {0}, message = {0}, hex = {0};

    assert_true(graphite_put(&style, &p, &points));
    graphite_frame_pickle(&message, buf_str(&points));
    assert_int_equal(hex_encode(buf_str(&message), &hex), 0);
    assert_string_equal(buf_cstr(&hex), want);
    buf_reset(&points);
    p.time = INT64_C(5000000000);
    assert_true(graphite_put(&style, &p, &points));
    assert_memory_equal(points.data + 10, "G\x41\xf2\xa0\x5f\x20\0\0\0G", 10);
    buf_fini(&points);
    buf_fini(&message);
    buf_fini(&hex);
}

static struct push_result judged(int status, const char *body, size_t n)
{
    struct push_answer answer = {.status = status};
    struct push_result r;

    buf_puts(&answer.body, body);
    graphite_judge(&answer, n, &r);
    buf_fini(&answer.body);
    return r;
}

static void answers_are_judged_by_the_services_rules(void **state UNUSED)
{
    struct push_result r = judged(200, "{\"published\":3}", 3);

    assert_int_equal(r.outcome, PUSH_DONE);
    assert_int_equal(r.n_rejected, 0);
    r = judged(200,
               "{\"Invalid\":2,\"Published\":1,\"ValidationErrors\":{\"bad\\ntag\":{\"Count\":2}}}",
               3);
    assert_int_equal(r.outcome, PUSH_DONE);
    assert_int_equal(r.n_rejected, 2);
    assert_string_equal(r.reason, "the gateway found points invalid: bad tag");
    r = judged(400, "invalid metric data received: interval cannot be 0\n", 3);
    assert_int_equal(r.outcome, PUSH_REFUSED);
    assert_string_equal(r.reason, "Grafana publish failed with status 400: invalid metric data "
                                  "received: interval cannot be 0");
    assert_int_equal(judged(401, "", 3).outcome, PUSH_BLOCKED);
    assert_int_equal(judged(403, "", 3).outcome, PUSH_BLOCKED);
    assert_int_equal(judged(415, "unknown content-type", 3).outcome, PUSH_BLOCKED);
    assert_int_equal(judged(413, "trying to send message larger than max", 3).outcome, PUSH_SPLIT);
    assert_int_equal(judged(499, "", 3).outcome, PUSH_RETRY);
    assert_int_equal(judged(408, "", 3).outcome, PUSH_RETRY);
    assert_int_equal(judged(429, "too many requests", 3).outcome, PUSH_RETRY);
    assert_false(judged(503, "", 3).bounded);
    assert_int_equal(judged(500, "failed to push metric data", 3).outcome, PUSH_RETRY);
    assert_true(judged(500, "failed to push metric data", 3).bounded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_tags_or_longer_paths),
        cmocka_unit_test(values_never_break_a_line_or_a_tag),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(keys_are_words_and_never_reserved),
        cmocka_unit_test(names_are_paths),
        cmocka_unit_test(nothing_is_put_for_no_name_or_no_number),
        cmocka_unit_test(json_is_that_of_grafana_cloud),
        cmocka_unit_test(the_pickle_is_the_one_that_carbon_took),
        cmocka_unit_test(answers_are_judged_by_the_services_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
