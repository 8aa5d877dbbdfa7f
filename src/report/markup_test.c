#include "report/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef void(put_fn)(struct buf *out, struct str text);

static void check_n(put_fn *put, struct str text, const char *expected)
{
    struct buf out = {0};

    put(&out, text);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void check(put_fn *put, const char *text, const char *expected)
{
    check_n(put, str_of(text), expected);
}

static void test_xml_is_valid_whatever_comes(void **state UNUSED)
{
    check(markup_put_xml, "a<b>&\"c'", "a&#60;b&#62;&#38;&#34;c&#39;");
    check(markup_put_xml, "line\n\tnext\r", "line&#10;&#9;next&#13;");
    check_n(markup_put_xml, STR("\0\1\x1f\x7f"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x7f");
    /* no UTF-8, a surrogate, U+FFFE, and characters of every length */
    check(markup_put_xml, "\xff", "\xef\xbf\xbd");
    check(markup_put_xml, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    check(markup_put_xml, "\xef\xbf\xbe", "\xef\xbf\xbd");
    check(markup_put_xml, "äß€😀", "äß€😀");
    check_n(markup_put_xml, str_from("ä", 1), "\xef\xbf\xbd");
    check(markup_put_xml, "]]>", "]]&#62;");
}

static void test_html_has_no_tags_of_others(void **state UNUSED)
{
    check(markup_put_html, "<script>alert('x')</script>",
          "&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;");
    check(markup_put_html, "a\x1b[31m\n", "a\xef\xbf\xbd[31m\n");
    check_n(markup_put_html, STR("\0"), "\xef\xbf\xbd");
}

static void test_markdown_shows_signs_as_they_are(void **state UNUSED)
{
    check(markup_put_md, "http_req_duration", "http_req_duration");
    check(markup_put_md, "_a_ b_", "&#95;a&#95; b&#95;");
    check(markup_put_md, "a|b\\|c", "a&#124;b&#92;&#124;c");
    check(markup_put_md, "`x` **y** [z](u)", "&#96;x&#96; &#42;&#42;y&#42;&#42; &#91;z&#93;(u)");
    check(markup_put_md, "<img src=x>", "&#60;img src=x&#62;");
    check(markup_put_md, "two\nlines\r\n", "two lines  ");
    check(markup_put_md, "https://a.b/c", "https&#58;//a.b/c");
    check(markup_put_md, "why: so; :tada: 5:", "why: so; &#58;tada: 5:");
    check(markup_put_md, "www.a.b", "www&#46;a.b");
    check(markup_put_md, "- item", "&#45; item");
    check(markup_put_md, "1. one", "1&#46; one");
    check(markup_put_md, "# title @someone #12 &amp;",
          "&#35; title &#64;someone &#35;12 &#38;amp;");
    check(markup_put_md, "p(95)<500", "p(95)&#60;500");
    check(markup_put_md, "\xff\xe2\x80\xae", "\xef\xbf\xbd\xef\xbf\xbd");
    check(markup_put_md_code, "a`b", "<code>a&#96;b</code>");
}

static void test_markdown_is_cut(void **state UNUSED)
{
    struct buf text = {0}, out = {0};

    for (int i = 0; i < MARKUP_MD_CHARS; i++)
        buf_puts(&text, "ä");
    markup_put_md(&out, buf_str(&text));
    assert_int_equal(out.len, text.len);
    buf_puts(&text, "ä");
    buf_reset(&out);
    markup_put_md(&out, buf_str(&text));
    assert_true(str_ends(buf_str(&out), STR("ä…")));
    buf_fini(&text);
    buf_fini(&out);
}

static void check_terminal(const char *text, size_t max, const char *expected)
{
    struct buf out = {0};

    markup_put_terminal(&out, str_of(text), max);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void test_a_terminal_is_not_steered(void **state UNUSED)
{
    check_terminal("a\x1b[31mb", 0, "a?[31mb");
    check_terminal("\xc2\x9b"
                   "1m\r\n\x7f",
                   0, "?1m  ?");
    check_terminal("\xe2\x80\xaetxt", 0, "?txt");
    check_terminal("größer", 6, "größer");
    check_terminal("größer", 5, "größ…");
    check_terminal("größer", 1, "…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_is_valid_whatever_comes),
        cmocka_unit_test(test_html_has_no_tags_of_others),
        cmocka_unit_test(test_markdown_shows_signs_as_they_are),
        cmocka_unit_test(test_markdown_is_cut),
        cmocka_unit_test(test_a_terminal_is_not_steered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
