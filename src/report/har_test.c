#include "report/har.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "metric/exchange.h"

static const struct exchange_header asked[] = {{{"Host", 4}, {"h", 1}},
                                               {{"Cookie", 6}, {"a=1; b", 6}}};
static const struct exchange_header told[] = {{{"Location", 8}, {"/b", 2}},
                                              {{"Set-Cookie", 10}, {"s=2; Path=/", 11}}};

/* A redirect over a new TLS connection. */
static struct exchange redirect(void)
{
    return (struct exchange){
        .began_wall = 1767366245006 * NS_PER_MS,
        .method = STR("POST"),
        .url = STR("https://h/a?x=1&y#z=2"),
        .request_version = STR("HTTP/1.1"),
        .request_headers = asked,
        .n_request_headers = countof(asked),
        .request_body = {.state = EXCHANGE_BODY_KEPT,
                         .is_text = true,
                         .size = 3,
                         .type = STR("text/plain"),
                         .data = STR("a\"b")},
        .timings = {1 * NS_PER_MS, 2 * NS_PER_MS, 7 * NS_PER_MS, 4 * NS_PER_MS, 500, 1500000, 0},
        .status = 302,
        .reason = STR("Found"),
        .response_version = STR("HTTP/1.1"),
        .response_headers = told,
        .n_response_headers = countof(told),
        .tls = STR("tls1.3"),
        .server_ip = STR("127.0.0.1"),
        .client_port = 4711,
    };
}

/* What it led to: an answer that broke off. */
static struct exchange failure(struct exchange *before)
{
    return (struct exchange){
        .kind = EXCHANGE_FAILED,
        .error_code = 1000,
        .error = STR("unexpected EOF"),
        .name = STR("n"),
        .scenario = STR("s"),
        .vu = 3,
        .iteration = 0,
        .began_wall = 1767366245999 * NS_PER_MS,
        .method = STR("GET"),
        .url = STR("https://h/b"),
        .request_version = STR("HTTP/1.1"),
        .timings = {0, -1, -1, -1, 0, 0, 0},
        .partial_status = 200,
        .response_body = {.state = EXCHANGE_BODY_CUT, .size = 9, .data = STR("\x01\x02")},
        .reused = true,
        .before = before,
    };
}

#define REDIRECT                                                                                   \
    "{\"startedDateTime\":\"2026-01-02T15:04:05.006Z\",\"time\":11.5,\"request\":{\"method\":"     \
    "\"POST\",\"url\":\"https://h/a?x=1&y#z=2\",\"httpVersion\":\"HTTP/1.1\",\"cookies\":[{"       \
    "\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":\"\"}],\"headers\":[{\"name\":"     \
    "\"Host\",\"value\":\"h\"},{\"name\":\"Cookie\",\"value\":\"a=1; b\"}],\"queryString\":[{"     \
    "\"name\":\"x\",\"value\":\"1\"},{\"name\":\"y\",\"value\":\"\"}],\"postData\":{\"mimeType\":" \
    "\"text/plain\",\"params\":[],\"text\":\"a\\\"b\"},\"headersSize\":-1,\"bodySize\":3},"        \
    "\"response\":{\"status\":302,\"statusText\":\"Found\",\"httpVersion\":\"HTTP/1.1\","          \
    "\"cookies\":[{\"name\":\"s\",\"value\":\"2\"}],\"headers\":[{\"name\":\"Location\","          \
    "\"value\":\"/b\"},{\"name\":\"Set-Cookie\",\"value\":\"s=2; Path=/\"}],\"content\":{"         \
    "\"size\":0,\"mimeType\":\"\"},\"redirectURL\":\"/b\",\"headersSize\":-1,\"bodySize\":0},"     \
    "\"cache\":{},\"timings\":{\"blocked\":1,\"dns\":2,\"connect\":7,\"send\":0,\"wait\":1.5,"     \
    "\"receive\":0,\"ssl\":4},\"serverIPAddress\":\"127.0.0.1\",\"connection\":\"4711\","          \
    "\"_tls\":\"tls1.3\",\"_connection_reused\":false}"

#define FAILURE                                                                                  \
    "{\"startedDateTime\":\"2026-01-02T15:04:05.999Z\",\"time\":0,\"request\":{\"method\":"      \
    "\"GET\",\"url\":\"https://h/b\",\"httpVersion\":\"HTTP/1.1\",\"cookies\":[],\"headers\":[]" \
    ",\"queryString\":[],\"headersSize\":-1,\"bodySize\":0},\"response\":{\"status\":200,"       \
    "\"statusText\":\"\",\"httpVersion\":\"\",\"cookies\":[],\"headers\":[],\"content\":{"       \
    "\"size\":9,\"mimeType\":\"\",\"text\":\"AQI=\",\"encoding\":\"base64\",\"comment\":\"cut: " \
    "only its beginning was kept\"},\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":9,"     \
    "\"_error\":\"unexpected EOF\"},\"cache\":{},\"timings\":{\"blocked\":0,\"dns\":-1,"         \
    "\"connect\":-1,\"send\":0,\"wait\":0,\"receive\":0,\"ssl\":-1},\"_name\":\"n\","            \
    "\"_scenario\":\"s\",\"_kind\":\"failed\",\"_vu\":3,\"_iteration\":0,\"_error_code\":1000,"  \
    "\"_error\":\"unexpected EOF\",\"_connection_reused\":true"

static void an_entry_has_those_before_it(void **state)
{
    struct exchange before = redirect(), x = failure(&before);
    struct buf out = {0};

    (void)state;
    har_entry(&before, &out);
    assert_string_equal(buf_cstr(&out), REDIRECT);
    buf_reset(&out);
    har_entry(&x, &out);
    assert_string_equal(buf_cstr(&out), FAILURE ",\"_before\":[" REDIRECT "]}");
    buf_reset(&out);
    har_entries(&x, &out);
    assert_string_equal(buf_cstr(&out), REDIRECT "," FAILURE "}");
    buf_fini(&out);
}

#define HEAD                                                                                     \
    "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"brunt\",\"version\":\"" BRUNT_VERSION \
    "\"},\"pages\":[],\"entries\":["

static void a_file_is_closed(void **state)
{
    struct buf out = {0};
    struct har har;

    (void)state;
    har_begin(&har, &out);
    har_end(&har, STR(""));
    assert_string_equal(buf_cstr(&out), HEAD "]}}\n");
    buf_reset(&out);
    har_begin(&har, &out);
    har_put(&har, STR("{\"a\":1},{}"));
    har_put(&har, STR(""));
    har_put(&har, STR("{}"));
    har_end(&har, STR("2 \"more\""));
    assert_string_equal(buf_cstr(&out),
                        HEAD "\n{\"a\":1},{},\n{}\n],\"comment\":\"2 \\\"more\\\"\"}}\n");
    buf_fini(&out);
}

/* What is no UTF-8 becomes characters of JSON all the same. */
static void bytes_of_others_are_text(void **state)
{
    static const struct exchange_header odd[] = {{{"\xff", 1}, {"\"\\\n", 3}}};
    struct exchange x = failure(NULL);
    struct buf out = {0};

    (void)state;
    x.response_headers = odd;
    x.n_response_headers = 1;
    x.error = STR("\x80\x01");
    har_entry(&x, &out);
    for (size_t i = 0; i < out.len;) {
        size_t n = utf8_length((const unsigned char *)out.data + i, out.len - i);

        assert_in_range(n, 1, 4);
        assert_true((unsigned char)out.data[i] >= ' ');
        i += n;
    }
    assert_non_null(strstr(buf_cstr(&out), "\"value\":\"\\\"\\\\\\n\""));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_those_before_it),
        cmocka_unit_test(a_file_is_closed),
        cmocka_unit_test(bytes_of_others_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
