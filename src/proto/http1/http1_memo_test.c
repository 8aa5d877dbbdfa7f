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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_is_known),
        cmocka_unit_test(responses_keep_it),
        cmocka_unit_test(strangers_are_let_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
