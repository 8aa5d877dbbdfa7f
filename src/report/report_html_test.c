#include "report/report_html.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "assets/web_assets.h"
#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"

/* How often a text occurs. */
static size_t count(struct str text, struct str part)
{
    size_t n = 0;

    for (size_t at; (at = str_find_str(text, part)) < text.n; n++)
        text = str_from_index(text, at + part.n);
    return n;
}

/* What stands between two texts, the first of which must be there. */
static struct str between(struct str text, const char *from, const char *to)
{
    size_t at = str_find_str(text, str_of(from));

    assert_true(at < text.n);
    text = str_from_index(text, at + strlen(from));
    return str_from(text.p, str_find_str(text, str_of(to)));
}

static void put(const char *title, struct str document, struct buf *out)
{
    if (!web_assets_are_built)
        skip();
    assert_int_equal(report_html_put(str_of(title), document, out), 0);
}

/* What a browser computes of the element, and compares with the policy. */
static void check_hash(struct str html, const char *open, const char *close, const char *directive)
{
    struct str text = between(html, open, close);
    unsigned char digest[HASH_MAX_BYTES];
    struct buf expected = {0};

    assert_int_equal(hash_bytes_of(HASH_SHA256, text.p, text.n, digest), 0);
    buf_printf(&expected, "%s 'sha256-", directive);
    assert_int_equal(base64_encode(BASE64_STD, str_from((const char *)digest, 32), &expected), 0);
    buf_puts(&expected, "';");
    assert_int_equal(count(html, buf_str(&expected)), 1);
    buf_fini(&expected);
}

static void test_the_policy_names_what_stands_there(void **state UNUSED)
{
    struct buf out = {0};

    put("shop", STR("{\"format\":\"brunt-run\"}"), &out);
    check_hash(buf_str(&out), "<style>", "</style>", "style-src");
    check_hash(buf_str(&out), "\n<script>", "</script>", "script-src");
    assert_int_equal(count(buf_str(&out), STR("default-src 'none'")), 1);
    assert_int_equal(count(buf_str(&out), STR("unsafe-inline")), 0);
    buf_fini(&out);
}

/* Whatever names are, there are two scripts, one style and one title. */
static void test_names_are_no_markup(void **state UNUSED)
{
    struct buf out = {0};

    put("</title><script>alert(1)</script>",
        STR("{\"a\":\"</script><script>alert(2)</script>\",\"b\":\"<!--<script>\"}"), &out);
    struct str html = buf_str(&out);

    assert_int_equal(count(html, STR("<script")), 2);
    assert_int_equal(count(html, STR("</script")), 2);
    assert_int_equal(count(html, STR("</title")), 1);
    assert_int_equal(count(html, STR("<!--")), 0);
    assert_true(str_is(str_trim(between(html, "id=\"brunt-report\">", "</script>")),
                       "{\"a\":\"\\u003c/script>\\u003cscript>alert(2)\\u003c/script>\","
                       "\"b\":\"\\u003c!--\\u003cscript>\"}"));
    buf_fini(&out);
}

static void unpack(struct str base64, struct buf *out)
{
    struct buf packed = {0};
    z_stream z = {0};

    assert_int_equal(base64_decode(BASE64_STD, base64, &packed, NULL), 0);
    assert_int_equal(buf_reserve(out, 1 << 24), 0);
    z.next_in = (unsigned char *)packed.data;
    z.avail_in = (uInt)packed.len;
    z.next_out = (unsigned char *)out->data;
    z.avail_out = 1 << 24;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    out->len = z.total_out;
    inflateEnd(&z);
    buf_fini(&packed);
}

static void test_a_long_document_is_packed(void **state UNUSED)
{
    struct buf document = {0}, out = {0}, again = {0};

    buf_puts(&document, "{\"a\":[\"</script>\"");
    while (document.len < 5000000)
        buf_printf(&document, ",%zu", document.len);
    buf_puts(&document, "]}");
    put("shop", buf_str(&document), &out);
    assert_true(out.len < 2500000);
    assert_int_equal(count(buf_str(&out), STR("</script")), 2);
    unpack(between(buf_str(&out), "data-encoding=\"gzip-base64\">\n", "\n</script>"), &again);
    assert_true(str_eq(buf_str(&again), buf_str(&document)));
    buf_fini(&document);
    buf_fini(&out);
    buf_fini(&again);
}

static void test_a_limit_is_kept(void **state UNUSED)
{
    struct buf out = BUF_INIT(4 << 20), document = {0};
    uint64_t x = 88172645463325252;

    if (!web_assets_are_built)
        skip();
    while (document.len < 9000000) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        buf_printf(&document, "%llx", (unsigned long long)x);
    }
    assert_int_equal(report_html_put(STR("x"), buf_str(&document), &out), -EFBIG);
    buf_fini(&document);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_policy_names_what_stands_there),
        cmocka_unit_test(test_names_are_no_markup),
        cmocka_unit_test(test_a_long_document_is_packed),
        cmocka_unit_test(test_a_limit_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
