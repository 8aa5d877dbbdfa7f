#include "proto/http_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_steady_state_reuses_storage(void **state)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http_response *r = http_response_new(pool);
    struct buf *body = http_response_body(r);

    (void)state;
    assert_int_equal(buf_add(body, "hello", 5), 0);
    r->body = buf_str(body);
    r->has_body = true;
    r->url = http_response_keep(r, STR("http://h/"));
    const char *data = body->data;

    assert_ptr_equal(http_response_ref(r), r);
    http_response_unref(r);
    assert_int_equal(http_response_pool_n_live(pool), 1);
    http_response_unref(r);
    assert_int_equal(http_response_pool_n_live(pool), 0);
    struct http_response *again = http_response_new(pool);

    assert_ptr_equal(again, r);
    assert_ptr_equal(http_response_body(again)->data, data);
    assert_int_equal(http_response_body(again)->len, 0);
    assert_true(!again->has_body && again->body.n == 0 && again->url.n == 0 && !again->status);
    assert_int_equal(http_response_pool_kept_bytes(pool), 0);
    http_response_unref(again);
    http_response_pool_free(pool);
}

static void large_bodies_are_not_kept(void **state)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http_response *r = http_response_new(pool);

    (void)state;
    assert_int_equal(buf_reserve(http_response_body(r), 50 << 20), 0);
    http_response_unref(r);
    assert_true(http_response_pool_kept_bytes(pool) < 100000);
    http_response_pool_free(pool);
}

static void what_is_kept_is_bounded(void **state)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http_response *all[100];

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        all[i] = http_response_new(pool);
        assert_int_equal(buf_reserve(http_response_body(all[i]), 1 << 20), 0);
    }
    for (size_t i = 0; i < 100; i++)
        http_response_unref(all[i]);
    assert_true(http_response_pool_kept_bytes(pool) <= HTTP_POOL_KEEP_BYTES + 100 * 2048);
    http_response_pool_free(pool);
}

static void responses_outlive_their_pool(void **state)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http_response *a = http_response_new(pool);
    struct http_response *b = http_response_new(pool);

    (void)state;
    http_response_unref(a);
    http_response_pool_free(pool);
    b->error = http_response_keep(b, STR("still here"));
    assert_true(str_is(b->error, "still here"));
    http_response_unref(b);
    http_response_unref(NULL);
    http_response_pool_free(NULL);
}

static void rewind_drops_one_hop(void **state)
{
    struct http_response_pool *pool = http_response_pool_new();
    struct http_response *r = http_response_new(pool);

    (void)state;
    r->url = http_response_keep(r, STR("http://h/"));
    r->status = 302;
    assert_int_equal(buf_add(http_response_body(r), "x", 1), 0);
    http_response_rewind(r);
    assert_int_equal(http_response_body(r)->len, 0);
    assert_int_equal(r->status, 302);
    assert_true(str_is(r->url, "http://h/"));
    http_response_unref(r);
    http_response_pool_free(pool);
}

static void names_and_headers(void **state)
{
    static const struct http_header headers[] = {
        {STR("Content-Type"), STR("a")}, {STR("X"), STR("")}, {STR("x"), STR("second")}};

    (void)state;
    assert_true(str_is(http_header_get(headers, 3, STR("content-TYPE")), "a"));
    assert_non_null(http_header_get(headers, 3, STR("X")).p);
    assert_int_equal(http_header_get(headers, 3, STR("X")).n, 0);
    assert_null(http_header_get(headers, 3, STR("Y")).p);
    assert_string_equal(http_version_name(HTTP_2), "HTTP/2.0");
    assert_string_equal(http_version_name(HTTP_VERSION_NONE), "");
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(299), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_state_reuses_storage),
        cmocka_unit_test(large_bodies_are_not_kept),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(responses_outlive_their_pool),
        cmocka_unit_test(rewind_drops_one_hop),
        cmocka_unit_test(names_and_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
