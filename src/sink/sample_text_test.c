#include "sink/sample_text.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/random.h"

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static void check_time(const char *format, wall_ns at, const char *expected)
{
    static struct time_writer w; /* one for all: what it remembers must not show */
    enum time_format f;
    char text[TIME_TEXT_BYTES];

    assert_true(time_format_find(str_of(format), &f));
    size_t n = time_write(&w, f, at, text);

    assert_true(n <= TIME_TEXT_BYTES);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void times_are_written_as_k6_does(void **state)
{
    static const struct {
        const char *format;
        wall_ns at;
        const char *text;
    } cases[] = {
        {"unix", 1795262230996531898, "1795262230"},
        {"unix_milli", 1795262230996531898, "1795262230996"},
        {"unix_micro", 1795262230996531898, "1795262230996531"},
        {"unix_nano", 1795262230996531898, "1795262230996531898"},
        {"unix_nano", 0, "0"},
        {"rfc3339", 1795262230996531898, "2026-11-21T11:57:10Z"},
        {"rfc3339_nano", 1795262230996531898, "2026-11-21T11:57:10.996531898Z"},
        {"rfc3339_nano", 1795262230000000000, "2026-11-21T11:57:10Z"},
        {"rfc3339_nano", 1795262230000000001, "2026-11-21T11:57:10.000000001Z"},
        {"rfc3339_nano", 1795262231500000000, "2026-11-21T11:57:11.5Z"},
        {"rfc3339_nano", 1795262231090000000, "2026-11-21T11:57:11.09Z"},
        {"rfc3339_nano", 0, "1970-01-01T00:00:00Z"},
        {"rfc3339_nano", -1, "1969-12-31T23:59:59.999999999Z"},
    };

    (void)state;
    set_zone("UTC");
    for (size_t i = 0; i < countof(cases); i++)
        check_time(cases[i].format, cases[i].at, cases[i].text);
}

static void local_time_has_its_offset(void **state)
{
    (void)state;
    set_zone("IST-5:30");
    check_time("rfc3339", 1000000000 * NS_PER_S, "2001-09-09T07:16:40+05:30");
    set_zone("NST3:30");
    check_time("rfc3339_nano", 1000000001 * NS_PER_S + 1000, "2001-09-08T22:16:41.000001-03:30");
    /* Over the end of summer time the offset follows. */
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    check_time("rfc3339", 1792889999 * NS_PER_S, "2026-10-25T02:59:59+02:00");
    check_time("rfc3339", 1792890000 * NS_PER_S, "2026-10-25T02:00:00+01:00");
    set_zone("UTC");
}

static void other_formats_are_unknown(void **state)
{
    enum time_format f;

    (void)state;
    assert_false(time_format_find(STR("unix_pico"), &f));
    assert_false(time_format_find(STR(""), &f));
}

static void check_fixed6(double value)
{
    char text[FIXED6_TEXT_BYTES], expected[FIXED6_TEXT_BYTES];
    size_t n = fixed6_write(value, text);

    snprintf(expected, sizeof(expected), "%f", value);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(text, expected, n);
}

static void numbers_are_those_of_printf(void **state)
{
    static const double cases[] = {
        0,   -0.0, 1,    -1,      0.5,    1e-6,    1e-7,       4.9e-7, 5e-7,    1.43,     0.1 + 0.2,
        1e9, 1e15, 1e21, DBL_MAX, -1e300, DBL_MIN, 123456.789, -2.5e8, 1e9 - 1, 0.0000005};
    struct rng r;

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        check_fixed6(cases[i]);
    rng_seed(&r, 11);
    for (int i = 0; i < 200000; i++) {
        check_fixed6((double)(int64_t)rng_below(&r, UINT64_C(1) << (1 + i % 62)) / 1e6);
        check_fixed6(ldexp(rng_unit(&r) - 0.5, (int)rng_below(&r, 100) - 60));
    }
}

static void make_number(void *arg, const void *key, struct buf *out)
{
    (*(int *)arg)++;
    buf_printf(out, "text of %d", *(const int *)key);
}

static void a_text_is_made_once(void **state)
{
    static int keys[1000];
    int n_made = 0;
    struct text_cache c = {.make = make_number, .arg = &n_made};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            char expected[32];

            keys[i] = i;
            snprintf(expected, sizeof(expected), "text of %d", i);
            assert_true(str_is(text_cache_get(&c, &keys[i]), expected));
            assert_true(str_is(text_cache_get(&c, &keys[i]), expected));
        }
    }
    assert_int_equal(n_made, 1000);
    text_cache_fini(&c);
}

static void join(void *arg, struct str key, struct str value)
{
    buf_printf(arg, "%.*s=%.*s ", STR_ARG(key), STR_ARG(value));
}

static void metadata_comes_by_key(void **state)
{
    static const struct {
        int64_t vu, iter;
        const char *keys[4]; /* of the script; the value of each is "x" */
        const char *text;
    } cases[] = {
        {-1, -1, {NULL}, ""},
        {7, -1, {NULL}, "vu=7 "},
        {0, 0, {NULL}, "iter=0 vu=0 "},
        {1, 2, {"zeta", "meta", "a"}, "a=x iter=2 meta=x vu=1 zeta=x "},
        {-1, -1, {"zeta", "a"}, "a=x zeta=x "},
        {1, 2, {"vu", "it", "iters"}, "it=x iter=2 iters=x vu=x "},
        {1, -1, {"iter"}, "iter=x vu=1 "},
    };
    struct tag_pool *pool = tag_pool_new();

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        const struct tagset *tags = tagset_empty(pool);
        struct buf text = {0};

        for (size_t k = 0; k < 4 && cases[i].keys[k]; k++)
            tags = tagset_add(pool, tags, str_of(cases[i].keys[k]), STR("x"));
        struct sink_sample s = {
            .vu = cases[i].vu, .iter = cases[i].iter, .metadata = i % 2 || tags->n ? tags : NULL};

        assert_int_equal(sample_has_metadata(&s), cases[i].text[0] != '\0');
        sample_metadata(&s, join, &text);
        assert_string_equal(buf_cstr(&text), cases[i].text);
        buf_fini(&text);
    }
    tag_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_as_k6_does),
        cmocka_unit_test(local_time_has_its_offset),
        cmocka_unit_test(other_formats_are_unknown),
        cmocka_unit_test(numbers_are_those_of_printf),
        cmocka_unit_test(metadata_comes_by_key),
        cmocka_unit_test(a_text_is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
