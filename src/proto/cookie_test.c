#include "proto/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/http.h"
#include "proto/url.h"

static const wall_ns now = 1700000000 * NS_PER_S;

static void check(struct str got, const char *want)
{
    if (!str_is(got, want))
        fail_msg("got '%.*s', expected '%s'", STR_ARG(got), want);
}

static struct url *parse(const char *text)
{
    struct url *u = NULL;

    assert_int_equal(url_parse(str_of(text), NULL, &u), 0);
    return u;
}

static void attributes_are_read(void **state)
{
    struct cookie c;

    (void)state;
    assert_int_equal(
        cookie_parse(
            STR("a=\"b c\" ; Path=/x; DOMAIN=.Example.com; Max-Age=60;secure; HttpOnly; SameSite=Lax;"
                " Expires=Wed, 21 Oct 2015 07:28:00 GMT; other=1"),
            &c),
        0);
    check(c.name, "a");
    check(c.value, "b c");
    check(c.path, "/x");
    check(c.domain, ".Example.com");
    assert_true(c.secure && c.http_only && c.has_max_age && c.has_expires);
    assert_int_equal(c.max_age, 60);
    assert_int_equal(c.expires_s, 1445412480);
    assert_int_equal(c.same_site, COOKIE_SAME_SITE_LAX);
    assert_int_equal(cookie_parse(STR("a="), &c), 0);
    check(c.value, "");
    assert_true(c.expires_s == COOKIE_EXPIRES_UNSET && !c.has_max_age);
    assert_int_equal(cookie_parse(STR("a=b; Max-Age=0"), &c), 0);
    assert_true(c.has_max_age && c.max_age == -1);
    assert_int_equal(cookie_parse(STR("a=b; Max-Age=07; Expires=soon"), &c), 0);
    assert_true(!c.has_max_age && !c.has_expires);
}

static void what_is_no_cookie_is_refused(void **state)
{
    static const char *const bad[] = {"",       "a",       "=b",   "a b=c",     "a=b\"c",
                                      "a=b\\c", "a=b\x01", ";a=b", "\xc3\xbc=x"};
    struct cookie c;

    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        if (cookie_parse(str_of(bad[i]), &c) != COOKIE_E_BAD)
            fail_msg("'%s' was taken", bad[i]);
    }
    assert_int_equal(cookie_parse((struct str){0}, &c), COOKIE_E_BAD);
}

static void dates_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
        {"1 Jan 69 0:0:0", 3124224000},
        {"Mon, 01 Jan 1601 00:00:00 GMT", -11644473600},
    };
    static const char *const bad[] = {"",
                                      "tomorrow",
                                      "30 Feb 2024 00:00:00",
                                      "1 Jan 2024 24:00:00",
                                      "1 Jan 1600 00:00:00",
                                      "1 Jan 2024",
                                      "1 Foo 2024 00:00:00"};
    int64_t s;

    (void)state;
    for (size_t i = 0; i < countof(good); i++) {
        assert_true(cookie_date_parse(str_of(good[i].text), &s));
        assert_int_equal(s, good[i].seconds);
    }
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(cookie_date_parse(str_of(bad[i]), &s));
}

/* A step stores headers at a URL, then compares what another URL would be sent. */
static const struct {
    const char *at;
    const char *headers[4];
    const char *to;
    const char *sent;
} steps[] = {
    {"http://h/a/b", {"x=1"}, "http://h/a/", "x=1"},
    {"http://h/a/b", {"x=1"}, "http://h/", ""},
    {"http://h/a/b", {"x=1"}, "http://h/ab", ""},
    {"http://h/a/b", {"x=1; Path=/"}, "http://h/c", "x=1"},
    {"http://h/", {"x=1", "x=2"}, "http://h/", "x=2"},
    {"http://h/", {"x=1; Path=/", "y=2; Path=/a", "z=3; Path=/"}, "http://h/a", "y=2; x=1; z=3"},
    {"http://h/", {"x=1", "y=2", "x=3"}, "http://h/", "x=3; y=2"},
    {"http://h/", {"x=1"}, "http://www.h/", ""},
    {"http://www.h.example/", {"x=1; Domain=h.example"}, "http://a.h.example/", "x=1"},
    {"http://www.h.example/", {"x=1; Domain=.H.Example"}, "http://h.example/", "x=1"},
    {"http://h.example/", {"x=1; Domain=www.h.example"}, "http://www.h.example/", ""},
    {"http://h.example/", {"x=1; Domain=.example"}, "http://other.example/", "x=1"},
    {"http://h.example/", {"x=1; Domain=xample"}, "http://h.example/", ""},
    {"http://h.example/", {"x=1; Domain=h.example."}, "http://h.example/", ""},
    {"http://1.2.3.4/", {"x=1; Domain=1.2.3.4"}, "http://1.2.3.4/", "x=1"},
    {"http://1.2.3.4/", {"x=1; Domain=3.4"}, "http://1.2.3.4/", ""},
    {"https://h/", {"x=1; Secure"}, "http://h/", ""},
    {"https://h/", {"x=1; Secure"}, "https://h/", "x=1"},
    {"http://h/", {"x=1; Secure"}, "https://h:8443/", "x=1"},
    {"http://h/", {"x=1", "x=2; Max-Age=0"}, "http://h/", ""},
    {"http://h/", {"x=1", "x=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "http://h/", ""},
    {"http://h/", {"x=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "http://h/", "x=1"},
    {"http://h/", {"x=1; Max-Age=99999999999999"}, "http://h/", "x=1"},
    {"http://h/", {"x=a b,c"}, "http://h/", "x=\"a b,c\""},
    {"http://h/a", {"x=1; Path=relative"}, "http://h/", "x=1"},
};

static void the_jar_sends_what_it_should(void **state)
{
    struct cookie_jar *jar = cookie_jar_new();

    (void)state;
    for (size_t i = 0; i < countof(steps); i++) {
        scoped(url_unrefp) struct url *at = parse(steps[i].at);
        scoped(url_unrefp) struct url *to = parse(steps[i].to);
        scoped(buf_fini) struct buf out = {0};

        for (size_t j = 0; j < 4 && steps[i].headers[j]; j++)
            cookie_jar_store_header(jar, at, str_of(steps[i].headers[j]), now);
        assert_int_equal(cookie_header(&out, (struct str){0}, NULL, 0, jar, to, now), 0);
        check(buf_str(&out), steps[i].sent);
        cookie_jar_clear(jar);
        assert_true(cookie_jar_empty(jar));
    }
    cookie_jar_free(jar);
}

static void cookies_expire(void **state)
{
    struct cookie_jar *jar = cookie_jar_new();
    scoped(url_unrefp) struct url *u = parse("http://h/");
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    cookie_jar_store_header(jar, u, STR("x=1; Max-Age=10"), now);
    assert_int_equal(cookie_header(&out, (struct str){0}, NULL, 0, jar, u, now + 9 * NS_PER_S), 0);
    check(buf_str(&out), "x=1");
    buf_reset(&out);
    assert_int_equal(cookie_header(&out, (struct str){0}, NULL, 0, jar, u, now + 10 * NS_PER_S), 0);
    check(buf_str(&out), "");
    assert_true(cookie_jar_empty(jar));
    cookie_jar_free(jar);
}

static void requests_bring_their_own(void **state)
{
    static const struct http_cookie own[] = {
        {STR("x"), STR("own"), true},
        {STR("y"), STR("too"), false},
        {STR("e\r\nvil"), STR("a\r\n;b"), false},
    };
    struct cookie_jar *jar = cookie_jar_new();
    scoped(url_unrefp) struct url *u = parse("http://h/");
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    cookie_jar_store_header(jar, u, STR("x=jar"), now);
    cookie_jar_store_header(jar, u, STR("y=jar"), now);
    assert_int_equal(cookie_header(&out, STR("h=1"), own, 3, jar, u, now), 0);
    check(buf_str(&out), "h=1; x=own; y=too; e--vil=ab; y=jar");
    cookie_jar_delete(jar, u, STR("x"), now);
    buf_reset(&out);
    assert_int_equal(cookie_header(&out, (struct str){0}, NULL, 0, jar, u, now), 0);
    check(buf_str(&out), "y=jar");
    cookie_jar_delete(jar, u, (struct str){0}, now);
    assert_true(cookie_jar_empty(jar));
    cookie_jar_free(jar);
}

static void the_jar_is_bounded(void **state)
{
    struct cookie_jar *jar = cookie_jar_new();
    scoped(url_unrefp) struct url *u = parse("http://h/");
    scoped(buf_fini) struct buf out = {0};
    char header[32];

    (void)state;
    for (int i = 0; i < COOKIE_JAR_MAX + 2; i++) {
        snprintf(header, sizeof(header), "c%d=1", i);
        cookie_jar_store_header(jar, u, str_of(header), now);
    }
    assert_int_equal(cookie_header(&out, (struct str){0}, NULL, 0, jar, u, now), 0);
    assert_true(str_starts(buf_str(&out), STR("c2=1; c3=1")));
    cookie_jar_free(jar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_read), cmocka_unit_test(what_is_no_cookie_is_refused),
        cmocka_unit_test(dates_are_read),      cmocka_unit_test(the_jar_sends_what_it_should),
        cmocka_unit_test(cookies_expire),      cmocka_unit_test(requests_bring_their_own),
        cmocka_unit_test(the_jar_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
