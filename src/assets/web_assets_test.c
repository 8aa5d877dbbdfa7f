/* The table that the build made: every file is there, whole, and its compressed form is the same.
 */
#include "assets/web_assets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/buf.h"

static void check_gzip(const struct web_asset *a)
{
    scoped(buf_fini) struct buf plain = {0};
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)a->gzip, .avail_in = (unsigned)a->n_gzip};

    assert_int_equal(buf_reserve(&plain, a->n + 1), 0);
    z.next_out = (unsigned char *)plain.data;
    z.avail_out = (unsigned)a->n + 1;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, a->n);
    assert_memory_equal(plain.data, a->bytes, a->n);
    inflateEnd(&z);
}

static void check_hash(const struct web_asset *a)
{
    unsigned char hash[32];
    char text[64];

    assert_int_equal(EVP_Digest(a->bytes, a->n, hash, NULL, EVP_sha256(), NULL), 1);
    EVP_EncodeBlock((unsigned char *)text, hash, sizeof(hash));
    assert_string_equal(text, a->sha256);
}

static void test_files(void **s UNUSED)
{
    static const char *const paths[] = {"/", "/app.js", "/app.css"};

    if (!web_assets_are_built) {
        print_message("built without the page (BRUNT_UI): nothing to test\n");
        skip();
    }
    assert_int_equal(n_web_assets, countof(paths));
    for (size_t i = 0; i < countof(paths); i++) {
        const struct web_asset *a = web_asset_find(str_of(paths[i]));

        assert_non_null(a);
        assert_true(a->n > 20);
        assert_int_equal(a->etag[0], '"');
        check_gzip(a);
        check_hash(a);
    }
    assert_true(str_find_str(web_asset_text(web_asset_find(STR("/"))), STR("/app.js")) <
                web_asset_find(STR("/"))->n);
}

static void test_others(void **s UNUSED)
{
    static const char *const paths[] = {"",   "/index.html", "/app.js/",
                                        "//", "/../app.js",  "app.js"};

    for (size_t i = 0; i < countof(paths); i++)
        assert_null(web_asset_find(str_of(paths[i])));
    assert_non_null(web_asset_find(STR("/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_others)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
