#include "sink/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The requests and signatures of Amazon's published test suite for version 4. */
static const struct sigv4_key key = {
    .access_key = "AKIDEXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1",
    .service = "service",
};

#define AT (INT64_C(1440938160) * NS_PER_S) /* 2015-08-30 12:36 */

static void expect(const char *method, const char *query, const char *signature)
{
    struct sigv4_request r = {
        .method = str_of(method),
        .host = STR("example.amazonaws.com"),
        .path = STR("/"),
        .query = str_of(query),
        .at = AT,
    };
    char date[SIGV4_DATE_BYTES];
    struct buf out = {0}, wanted = {0};

    assert_int_equal(sigv4_sign(&key, &r, date, &out), 0);
    assert_string_equal(date, "20150830T123600Z");
    buf_printf(&wanted,
               "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
               "SignedHeaders=host;x-amz-date, Signature=%s",
               signature);
    assert_string_equal(buf_cstr(&out), buf_cstr(&wanted));
    buf_fini(&out);
    buf_fini(&wanted);
}

static void test_published_signatures(void **state)
{
    (void)state;
    expect("GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    expect("POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
    expect("GET", "Param2=value2&Param1=value1",
           "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

static void test_the_body_and_the_path_count(void **state)
{
    static const struct {
        struct str path, body;
    } cases[] = {{{"/a", 2}, {"", 0}},
                 {{"/a", 2}, {"x", 1}},
                 {{"/b", 2}, {"x", 1}},
                 {{"/a%20", 5}, {"x", 1}}};
    struct buf out[countof(cases)] = {{0}};
    char date[SIGV4_DATE_BYTES];

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct sigv4_request r = {.method = STR("POST"),
                                  .host = STR("h"),
                                  .path = cases[i].path,
                                  .body = cases[i].body,
                                  .at = AT};

        assert_int_equal(sigv4_sign(&key, &r, date, &out[i]), 0);
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(buf_str(&out[k]), buf_str(&out[i])));
    }
    for (size_t i = 0; i < countof(cases); i++)
        buf_fini(&out[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_signatures),
        cmocka_unit_test(test_the_body_and_the_path_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
