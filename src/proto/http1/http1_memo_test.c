/* Heads that come again: when they are known, who keeps them alive, and when none is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "proto/http1/http1.h"

#define ANSWER "HTTP/1.1 200 Fine\r\nX-Id: 1\r\nContent-Length: 2\r\n\r\n"

/* Reads a head and leaves the reader there. */
static void read_head(struct http1_response *p, struct http_head *head, struct http1_memo *memo,
                      const char *text)
{
    struct str in = str_of(text), body;

    http1_response_start(p, head, HTTP1_EXPECT_BODY);
    p->memo = memo;
    assert_int_equal(http1_response_next(p, &in, &body), HTTP1_HEAD);
    assert_int_equal(in.n, 0);
}

static void the_second_is_known(void **state)
{
    (void)state;
    struct http1_memo memo = {0};
    struct http1_response p = {0};
    struct http_head head = {0};
    size_t n;

    read_head(&p, &head, &memo, ANSWER);
    assert_null(p.shared);
    read_head(&p, &head, &memo, ANSWER);
    assert_non_null(p.shared);
    assert_int_equal(p.status, 200);
    assert_true(str_is(p.reason, "Fine"));
    assert_int_equal(p.msg.content_length, 2);
    assert_true(p.msg.keep_alive);
    const struct http_header *h = http1_response_headers(&p, &n);

    assert_int_equal(n, 2);
    assert_true(str_is(h[0].name, "X-Id"));
    assert_true(str_is(h[0].value, "1"));
    /* One byte less, or another one, is not it. */
    read_head(&p, &head, &memo, "HTTP/1.1 200 Fine\r\nX-Id: 2\r\nContent-Length: 2\r\n\r\n");
    assert_null(p.shared);
    http1_memo_fini(&memo);
    http1_response_fini(&p);
    http_head_fini(&head);
}

/* Responses outlive the memo, and what it remembers changes while they are looked at. */
static void responses_keep_it(void **state)
{
    (void)state;
    struct http_response_pool *pool = http_response_pool_new();
    struct http_response *r = http_response_new(pool);
    struct http1_memo memo = {0};
    struct http1_response p = {0};

    read_head(&p, http_response_head(r), &memo, ANSWER);
    read_head(&p, http_response_head(r), &memo, ANSWER);
    http_response_share(r, p.shared);
    http1_memo_fini(&memo);
    http1_response_fini(&p);
    assert_int_equal(r->n_headers, 2);
    assert_true(str_is(r->headers[1].name, "Content-Length"));
    assert_true(str_is(r->reason, "Fine"));
    http_response_unref(r);
    http_response_pool_free(pool);
}

/* Where each head is another one, ever fewer are remembered: 1,000 heads, not 1,000 copies. */
static void strangers_are_let_pass(void **state)
{
    (void)state;
    struct http1_memo memo = {0};
    struct http1_response p = {0};
    struct http_head head = {0};
    const struct http1_known_head *last = NULL;
    unsigned n_copies = 0;
    char text[100];

    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nX-Id: %d\r\nContent-Length: 0\r\n\r\n", i);
        read_head(&p, &head, &memo, text);
        assert_null(p.shared);
        n_copies += memo.known != last;
        last = memo.known;
    }
    assert_in_range(n_copies, 2, 40);
    http1_memo_fini(&memo);
    http1_response_fini(&p);
    http_head_fini(&head);
}

/* Where http1_response_whole stands after `text`, of which n bytes are there. */
static bool read_whole(struct http1_response *p, struct http_head *head, struct http1_memo *memo,
                       const char *text, size_t n, struct str *ret_rest, struct str *ret_body)
{
    *ret_rest = str_from(text, n);
    http1_response_start(p, head, HTTP1_EXPECT_BODY);
    p->memo = memo;
    return http1_response_whole(p, ret_rest, ret_body);
}

static void whole_ones_take_the_short_way(void **state)
{
    (void)state;
    static const char text[] = ANSWER "hiHTTP/1.1";
    const size_t n_head = sizeof(ANSWER) - 1;
    struct http1_memo memo = {0};
    struct http1_response p = {0};
    struct http_head head = {0};
    struct str rest, body;

    assert_false(read_whole(&p, &head, &memo, text, n_head + 2, &rest, &body));
    assert_false(read_whole(&p, &head, NULL, text, n_head + 2, &rest, &body));
    read_head(&p, &head, &memo, ANSWER);
    /* A byte short of whole, it is read as any other. */
    assert_false(read_whole(&p, &head, &memo, text, n_head + 1, &rest, &body));
    assert_int_equal(rest.n, n_head + 1);
    assert_true(http1_response_untouched(&p));
    assert_int_equal(http1_response_next(&p, &rest, &body), HTTP1_HEAD);
    assert_int_equal(http1_response_next(&p, &rest, &body), HTTP1_BODY);
    assert_int_equal(http1_response_next(&p, &rest, &body), HTTP1_MORE);
    /* Begun already: the rest is not a response of its own. */
    assert_false(http1_response_whole(&p, &rest, &body));

    assert_true(read_whole(&p, &head, &memo, text, sizeof(text) - 1, &rest, &body));
    assert_true(str_is(body, "hi"));
    assert_true(str_is(rest, "HTTP/1.1"));
    assert_int_equal(p.status, 200);
    assert_int_equal(p.msg.n_body, 2);
    assert_int_equal(p.msg.n_wire, n_head + 2);
    assert_true(p.msg.keep_alive);
    assert_non_null(p.shared);
    assert_int_equal(http1_response_next(&p, &rest, &body), HTTP1_END);
    http1_memo_fini(&memo);
    http1_response_fini(&p);
    http_head_fini(&head);
}

/* The end of these has to be looked for. */
static void chunks_take_the_long_way(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    };

    for (size_t i = 0; i < countof(heads); i++) {
        struct http1_memo memo = {0};
        struct http1_response p = {0};
        struct http_head head = {0};
        struct str rest, body;

        read_head(&p, &head, &memo, heads[i]);
        assert_false(read_whole(&p, &head, &memo, heads[i], str_of(heads[i]).n, &rest, &body));
        http1_memo_fini(&memo);
        http1_response_fini(&p);
        http_head_fini(&head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_is_known),      cmocka_unit_test(responses_keep_it),
        cmocka_unit_test(strangers_are_let_pass),   cmocka_unit_test(whole_ones_take_the_short_way),
        cmocka_unit_test(chunks_take_the_long_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
