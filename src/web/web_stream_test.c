/* Queues of listeners, without a server: what each reads, and what becomes of one that does not. */
#include "web/web_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int n_woken;

static void wake(void *arg)
{
    n_woken += *(int *)arg;
}

/* All that waits, read a few bytes at a time; true at the end. */
static bool drain(struct web_listener *l, struct buf *out)
{
    static int one = 1;
    char part[7];
    ssize_t n;

    buf_reset(out);
    while ((n = web_listener_read(l, part, sizeof(part), wake, &one)) > 0)
        buf_put(out, part, (size_t)n);
    return n == WEB_LISTEN_END;
}

static void test_order(void **s UNUSED)
{
    struct web_stream *stream = web_stream_new();
    struct web_listener *a = web_stream_join(stream, STR("event: entries\ndata: []\n\n"));
    scoped(buf_fini) struct buf got = {0};

    web_stream_publish(stream, "frame", STR("one\ntwo"));
    assert_false(drain(a, &got));
    assert_string_equal(buf_cstr(&got),
                        "event: entries\ndata: []\n\nevent: frame\ndata: one\ndata: two\n\n");
    struct web_listener *b = web_stream_join(stream, STR("first"));

    n_woken = 0;
    web_stream_publish(stream, "end", STR(""));
    web_stream_publish(stream, "end", STR(""));
    assert_int_equal(n_woken, 1); /* once until it has read; b never asked */
    assert_false(drain(b, &got));
    assert_string_equal(buf_cstr(&got), "firstevent: end\ndata: \n\nevent: end\ndata: \n\n");
    web_stream_ping(stream);
    web_stream_end(stream);
    web_stream_publish(stream, "late", STR("x"));
    assert_true(drain(b, &got));
    assert_string_equal(buf_cstr(&got), ": \n\n");
    assert_null(web_stream_join(stream, STR("")));
    assert_int_equal(web_stream_listeners(stream), 2);
    web_stream_unref(stream);
    web_listener_leave(a);
    web_listener_leave(b);
}

static void test_slow(void **s UNUSED)
{
    struct web_stream *stream = web_stream_new();
    struct web_listener *slow = web_stream_join(stream, STR("0123456789"));
    struct web_listener *quick = web_stream_join(stream, STR(""));
    scoped(buf_fini) struct buf got = {0};
    char part[4];
    bool is_over = false;

    assert_int_equal(web_listener_read(slow, part, 4, wake, NULL), 4);
    for (int i = 0; i < 2 * WEB_QUEUE_EVENTS; i++) {
        web_stream_publish(stream, "frame", STR("x"));
        is_over |= drain(quick, &got);
    }
    assert_false(is_over);
    assert_true(drain(slow, &got));
    /* The half of what it had begun, so that what it has is whole. */
    assert_string_equal(buf_cstr(&got), "456789event: lost\ndata: {}\n\n");
    web_listener_leave(slow);
    web_listener_leave(quick);
    web_stream_unref(stream);
}

static void test_bytes(void **s UNUSED)
{
    struct web_stream *stream = web_stream_new();
    struct web_listener *l = web_stream_join(stream, STR(""));
    scoped(buf_fini) struct buf big = {0}, got = {0};

    for (size_t i = 0; i < WEB_QUEUE_BYTES / 2; i++)
        buf_putc(&big, 'x');
    assert_false(drain(l, &got));
    web_stream_publish(stream, "frame", buf_str(&big));
    web_stream_publish(stream, "frame", buf_str(&big));
    assert_true(drain(l, &got));
    assert_string_equal(buf_cstr(&got), "event: lost\ndata: {}\n\n");
    web_listener_leave(l);
    web_stream_unref(stream);
}

static void test_many(void **s UNUSED)
{
    struct web_stream *stream = web_stream_new();
    struct web_listener *all[WEB_LISTENERS_MAX];

    for (size_t i = 0; i < countof(all); i++) {
        all[i] = web_stream_join(stream, STR(""));
        assert_non_null(all[i]);
    }
    assert_null(web_stream_join(stream, STR("")));
    web_listener_leave(all[0]);
    all[0] = web_stream_join(stream, STR(""));
    assert_non_null(all[0]);
    for (size_t i = 0; i < countof(all); i++)
        web_listener_leave(all[i]);
    assert_int_equal(web_stream_listeners(stream), 0);
    web_stream_unref(stream);
    web_stream_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
