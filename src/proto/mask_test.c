#include "proto/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/redact.h"

#define M REDACT_MARK

static void names(void **state)
{
    static const char *const secret[] = {
        "password",      "user[password]",      "X-Api-Key",  "access_token",    "csrfToken",
        "client_secret", "login.pin",           "JSESSIONID", "X-Amz-Signature", "set-cookie",
        "wsse:Password", "Proxy-Authorization", "user[pass]", "card-number"};
    static const char *const open[] = {"",     "pinned", "passenger", "tokens",  "author",
                                       "code", "status", "key",       "sidebar", "content-type"};

    (void)state;
    for (size_t i = 0; i < countof(secret); i++)
        assert_true(mask_is_secret(str_of(secret[i]), MASK_ANYWHERE));
    for (size_t i = 0; i < countof(open); i++)
        assert_false(mask_is_secret(str_of(open[i]), MASK_ANYWHERE));
    assert_true(mask_is_secret(STR("key"), MASK_QUERY));
}

struct row {
    const char *in;
    const char *out;
};

static void check(struct buf *out, const struct row *row)
{
    if (strcmp(buf_cstr(out), row->out) != 0)
        print_error("in: %s\n", row->in);
    assert_string_equal(buf_cstr(out), row->out);
    buf_reset(out);
}

static struct redact *known(void)
{
    struct redact *r = redact_new();

    redact_secret(r, STR("hunter two"));
    redact_secret(r, STR("q\"uote"));
    redact_secret(r, STR("abc/def"));
    return r;
}

static void urls(void **state)
{
    static const struct row rows[] = {
        {"http://h/a?b=1&c=2#d", "http://h/a?b=1&c=2#d"},
        {"http://user:pw@h/a@b", "http://" M "@h/a@b"},
        {"http://u@h:8/", "http://" M "@h:8/"},
        {"https://h/?token=x&b=token", "https://h/?token=" M "&b=token"},
        {"https://h/?a=1&api_key=x y#access_token=z",
         "https://h/?a=1&api_key=" M "#access_token=" M},
        {"https://h/?key=1", "https://h/?key=" M},
        {"/p?pass%77ord=1", "/p?pass%77ord=" M},
        {"/p?password=", "/p?password="},
        {"/p?user[password]=1", "/p?user[password]=" M},
        {"/p?to=http%3A%2F%2Fh&q=hunter%20two", "/p?to=http%3A%2F%2Fh&q=" M},
        {"/p?to=%2Fx%3Fa%3D1%26token%3D2&b=1", "/p?to=" M "&b=1"},
        {"/p?to=%2Fx%3Fto%3D%252Fy%253Fsid%253D2&b=%", "/p?to=" M "&b=%"},
        {"/p?q=hunter+two&r=1", "/p?q=" M "&r=1"},
        {"/x/abc%2Fdef/y", "/x/" M "/y"},
        {"/x/abc/def/y", "/x/" M "/y"},
        {"/p?u=http://a:b@h/?sid=4", "/p?u=http://" M "@h/?sid=" M},
        {"/p?token=a=b=c&d", "/p?token=" M "&d"},
        {"", ""},
    };
    struct redact *r = known();
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        mask_url(r, str_of(rows[i].in), &out);
        check(&out, &rows[i]);
    }
    buf_fini(&out);
    redact_free(r);
}

static void headers(void **state)
{
    static const struct {
        const char *name, *in, *out;
    } rows[] = {
        {"Authorization", "Bearer abc.def", "Bearer " M},
        {"authorization", "abc def", M},
        {"Proxy-Authorization", "Basic YTpi", "Basic " M},
        {"Cookie", "a=1; b=2", "a=" M "; b=" M},
        {"Cookie", "bare", M},
        {"Set-Cookie", "a=1; Path=/abc/def", "a=" M "; Path=/" M},
        {"Set-Cookie", "sid=1; Path=/; HttpOnly", "sid=" M "; Path=/; HttpOnly"},
        {"X-API-Key", "1", M},
        {"X-Auth-Token", "Token 1", "Token " M},
        {"Location", "https://u:p@h/cb?token=1&state=2", "https://" M "@h/cb?token=" M "&state=2"},
        {"Link", "<https://h/?sid=1>; rel=next", "<https://h/?sid=" M ">; rel=next"},
        {"X-Note", "it is hunter two", "it is " M},
        {"X-Data", "{\"pin\":1}", "{\"pin\":\"" M "\"}"},
        {"Content-Type", "text/html; charset=utf-8", "text/html; charset=utf-8"},
        {"Authorization", "", ""},
    };
    struct redact *r = known();
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        mask_header(r, str_of(rows[i].name), str_of(rows[i].in), &out);
        check(&out, &(struct row){rows[i].in, rows[i].out});
    }
    buf_fini(&out);
    redact_free(r);
}

static void json(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":1,\"password\":\"x\\\"y\",\"b\":[2]}",
         "{\"a\":1,\"password\":\"" M "\",\"b\":[2]}"},
        {"{\"pass\\u0077ord\" : 12 , \"b\":3}", "{\"pass\\u0077ord\" : \"" M "\" , \"b\":3}"},
        {"{\"token\":null,\"secret\":true}", "{\"token\":null,\"secret\":true}"},
        {"{\"credentials\":{\"a\":\"}\",\"b\":[1]},\"c\":1}",
         "{\"credentials\":\"" M "\",\"c\":1}"},
        {"{\"next\":\"http://h/?a=1\\u0026token=2\"}", "{\"next\":\"http://h/?a=1&token=" M "\"}"},
        {"{\"body\":\"{\\\"password\\\":\\\"x\\\"}\"}",
         "{\"body\":\"{\\\"password\\\":\\\"" M "\\\"}\"}"},
        {"[\"q\\\"uote\",\"hunter\\u0020two\"]", "[\"" M "\",\"" M "\"]"},
        {"{\"a\":\"\\n\\t\\u00e9\"}", "{\"a\":\"\\n\\t\\u00e9\"}"},
        {"{\"password\":\"cut off", "{\"password\":\"" M "\""},
        {"{\"password\":", "{\"password\":"},
        {"{\"a\":\"cut", "{\"a\":\"cut"},
        {"{\"secrets\":[{\"a\":", "{\"secrets\":\"" M "\""},
        {"[1,2,]}}", "[1,2,]}}"},
    };
    struct redact *r = known();
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        mask_body(r, STR("application/json"), str_of(rows[i].in), &out);
        check(&out, &rows[i]);
        /* By its looks. */
        mask_body(r, STR(""), str_of(rows[i].in), &out);
        check(&out, &rows[i]);
    }
    buf_fini(&out);
    redact_free(r);
}

static void forms(void **state)
{
    static const struct row rows[] = {
        {"user=a&password=b+c%26&d=1", "user=a&password=" M "&d=1"},
        {"key=1&q=hunter+two", "key=1&q=" M},
        {"password=a;b<c\"d", "password=" M},
        {"", ""},
    };
    struct redact *r = known();
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        mask_body(r, STR("application/x-www-form-urlencoded"), str_of(rows[i].in), &out);
        check(&out, &rows[i]);
    }
    buf_fini(&out);
    redact_free(r);
}

static void multipart(void **state)
{
    static const struct row rows[] = {
        {"--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n12\r\n34\r\n--B\r\n"
         "Content-Disposition: form-data; name=\"a\"\r\n\r\ntoken=1 2\r\n--B--\r\n",
         "--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n" M "\r\n--B\r\n"
         "Content-Disposition: form-data; name=\"a\"\r\n\r\ntoken=" M " 2\r\n--B--\r\n"},
        {"--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n12",
         "--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n" M},
        {"--B\r\nContent-Dispo", "--B\r\nContent-Dispo"},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        mask_body(NULL, STR("multipart/form-data; boundary=\"B\""), str_of(rows[i].in), &out);
        check(&out, &rows[i]);
        mask_body(NULL, STR("multipart/form-data; Boundary=B; x=y"), str_of(rows[i].in), &out);
        check(&out, &rows[i]);
    }
    buf_fini(&out);
}

static void text(void **state)
{
    static const struct row rows[] = {
        {"<a href=\"/x?sid=1\" password='b c'>t</a>",
         "<a href=\"/x?sid=" M "\" password='" M "'>t</a>"},
        {"<s:Password Type=\"t\">x y</s:Password>z", "<s:Password Type=\"t\">" M "</s:Password>z"},
        {"<pin/>5<pin><![CDATA[<4>]]></pin>", "<pin/>5<pin>" M "]]></pin>"},
        {"<token>cut", "<token>" M},
        {"Authorization: Bearer x y\r\nHost: h\n", "Authorization: " M "\r\nHost: h\n"},
        {"Cookie:a=b", "Cookie:" M},
        {"dial http://u:p@h: no, hunter two!", "dial http://" M "@h: no, " M "!"},
        {"at \"http://h/abc%2Fdef/y\"", "at \"http://h/" M "/y\""},
        {"password=x, user=y", "password=" M ", user=y"},
        {"the password is wrong", "the password is wrong"},
        {"a://@", "a://@"},
    };
    struct redact *r = known();
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        mask_text(r, str_of(rows[i].in), &out);
        check(&out, &rows[i]);
        mask_body(r, STR("text/html"), str_of(rows[i].in), &out);
        check(&out, &rows[i]);
    }
    buf_fini(&out);
    redact_free(r);
}

/* Wherever a body is broken off, the value of its secret is not shown. */
static void any_cut_is_safe(void **state)
{
    static const struct row rows[] = {
        {"application/json",
         "{\"a\":\"b\",\"password\":\"XXXXYYYY\",\"c\":{\"token\":[\"XXXXYYYY\"]}}"},
        {"text/xml", "<a><password kind='1'>XXXXYYYY</password></a>"},
        {"application/x-www-form-urlencoded", "a=1&password=XXXXYYYY&b=2"},
        {"multipart/form-data; boundary=B",
         "--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\nXXXXYYYY\r\n--B--\r\n"},
        {"text/plain", "GET http://u:XXXXYYYY@h/?token=XXXXYYYY\nCookie: a=XXXXYYYY\n"},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        for (size_t n = 0; n <= strlen(rows[i].out); n++) {
            /* Exactly n bytes, so that a look beyond them is seen by the sanitizers. */
            scoped(freep) char *part = xmemdup(rows[i].out, n);

            /* A URL that ends before its '@' has no credentials yet. */
            if (i == 4 && n < 22)
                continue;
            mask_body(NULL, str_of(rows[i].in), str_from(part, n), &out);
            if (strstr(buf_cstr(&out), "XX"))
                print_error("%zu bytes of: %s\n", n, rows[i].out);
            assert_null(strstr(buf_cstr(&out), "XX"));
            buf_reset(&out);
        }
    }
    buf_fini(&out);
}

/* Each of these would take long if something looked at the rest for each of its bytes. */
static void time_is_linear(void **state)
{
    static const char *const parts[] = {
        "a=",    "<a",   "//",    "//a@", "\"",  "{\"a\":", "[",      "\\u",         "a[",
        "%41=%", "?a=&", "\"\":", "'",    "--B", "a='",     "\"a\" ", "{\"token\":", "name=\""};
    static const char *const types[] = {"", "application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=B"};
    struct redact *r = known();
    struct buf in = {0}, out = {0};

    (void)state;
    for (size_t i = 0; i < countof(parts); i++) {
        buf_reset(&in);
        while (in.len < 64 << 10)
            buf_puts(&in, parts[i]);
        for (size_t t = 0; t < countof(types); t++) {
            mask_body(r, str_of(types[t]), buf_str(&in), &out);
            assert_in_range(out.len, 1, 64 << 20);
            buf_reset(&out);
        }
        mask_url(r, buf_str(&in), &out);
        buf_reset(&out);
    }
    buf_fini(&in);
    buf_fini(&out);
    redact_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(urls),
        cmocka_unit_test(headers),        cmocka_unit_test(json),
        cmocka_unit_test(forms),          cmocka_unit_test(multipart),
        cmocka_unit_test(text),           cmocka_unit_test(any_cut_is_safe),
        cmocka_unit_test(time_is_linear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
