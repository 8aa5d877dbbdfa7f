/*
 * The quick way through a head against the way line by line: a response read whole takes the first
 * when it can, one read byte by byte never does, and both must tell the same of every response that
 * differs from a usual one in a byte. What is right is the business of tests/wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "proto/http1/http1.h"

/* Storage that is used again, as a connection's and a response's is. */
struct reader {
    struct http1_response p;
    struct http_head head;
    struct http1_response aside; /* where p's work lies while p serves another response */
    struct http_head other_head;
    struct buf story;
};

static void reader_fini(struct reader *r)
{
    http1_response_fini(&r->p);
    http_head_fini(&r->head);
    http1_response_fini(&r->aside);
    http_head_fini(&r->other_head);
    buf_fini(&r->story);
}

/* A view by value and by place: a view that was left in the input would be off. */
static void tell_view(struct reader *r, struct str s)
{
    size_t at = s.n ? (size_t)(s.p - r->head.text.data) : 0;

    buf_printf(&r->story, "%zu+%zu:", at, s.n);
    buf_putstr(&r->story, s);
}

static void tell(struct reader *r, enum http1_event e, struct str body)
{
    const struct http1_message *m = &r->p.msg;

    if (e == HTTP1_BODY) {
        buf_putstr(&r->story, body);
        return;
    }
    buf_printf(&r->story, "[%d %d %d %d %d %d]", e, r->p.status, m->keep_alive, m->framing,
               m->version, m->n_lines);
    if (e != HTTP1_HEAD && e != HTTP1_INTERIM)
        return;
    tell_view(r, buf_str(&m->head->text));
    tell_view(r, r->p.status_text);
    for (size_t i = 0; i < m->head->n_headers; i++) {
        tell_view(r, m->head->headers[i].name);
        tell_view(r, m->head->headers[i].value);
    }
}

/* As clients do between two pieces: the reader is lent to another response meanwhile. */
static void serve_another(struct reader *r)
{
    struct str in = STR("HTTP/1.1 503 Later\r\nRetry-After: 1\r\nContent-");
    struct str body;

    http1_response_move(&r->aside, &r->p);
    http1_response_start(&r->p, &r->other_head, HTTP1_EXPECT_NO_BODY);
    assert_int_equal(http1_response_next(&r->p, &in, &body), HTTP1_MORE);
    http1_response_move(&r->p, &r->aside);
}

/* Reads `in` in pieces of n_step bytes, each in memory of its own that ends where the piece does.
 */
static void read_response(struct reader *r, struct str in, size_t n_step)
{
    enum http1_event e = HTTP1_MORE;

    buf_reset(&r->story);
    http1_response_start(&r->p, &r->head, HTTP1_EXPECT_BODY);
    while (in.n && e != HTTP1_END && e != HTTP1_ERROR) {
        size_t n = in.n < n_step ? in.n : n_step;
        char *copy = xmemdup(in.p, n);
        struct str piece = str_from(copy, n);
        struct str body = {0};

        do {
            e = http1_response_next(&r->p, &piece, &body);
            if (e != HTTP1_MORE)
                tell(r, e, body);
        } while (e != HTTP1_MORE && e != HTTP1_END && e != HTTP1_ERROR);
        in = str_from_index(in, n - piece.n);
        free(copy);
        if (e == HTTP1_MORE)
            serve_another(r);
    }
    if (e == HTTP1_MORE)
        tell(r, http1_response_eof(&r->p), (struct str){0});
    if (e == HTTP1_ERROR)
        http1_error_text(&r->p.msg, &r->story);
    buf_printf(&r->story, " %zu left", e == HTTP1_ERROR ? 0 : in.n);
}

static void same_either_way(struct reader *whole, struct reader *split, struct str in)
{
    read_response(whole, in, SIZE_MAX);
    read_response(split, in, 1);
    if (!str_eq(buf_str(&whole->story), buf_str(&split->story))) {
        fail_msg("'%.*s'\nwhole: %.*s\nsplit: %.*s", STR_ARG(in), STR_ARG(buf_str(&whole->story)),
                 STR_ARG(buf_str(&split->story)));
    }
}

static const char usual[] = "HTTP/1.1 100 Go\r\n\r\n"
                            "HTTP/1.1 200 OK\r\n"
                            "Server: brunt/1\r\n"
                            "Content-Type: text/plain; charset=utf-8\r\n"
                            "X-A-Name-Of-Some-Length: \t a value of some length \r\n"
                            "Empty:\r\n"
                            "Connection: close\r\n"
                            "Content-Length: 5\r\n"
                            "\r\n"
                            "hello and more";

static void any_byte_may_be_another(void **state)
{
    scoped(reader_fini) struct reader whole = {0};
    scoped(reader_fini) struct reader split = {0};
    char text[sizeof(usual)];

    (void)state;
    for (size_t at = 0; at < sizeof(usual) - 1; at++) {
        for (unsigned c = 0; c < 256; c++) {
            memcpy(text, usual, sizeof(usual));
            text[at] = (char)c;
            same_either_way(&whole, &split, str_from(text, sizeof(usual) - 1));
        }
    }
}

static void any_byte_may_be_missing_or_the_last(void **state)
{
    scoped(reader_fini) struct reader whole = {0};
    scoped(reader_fini) struct reader split = {0};
    char text[sizeof(usual)];

    (void)state;
    for (size_t at = 0; at < sizeof(usual) - 1; at++) {
        same_either_way(&whole, &split, str_from(usual, at));
        memcpy(text, usual, at);
        memcpy(text + at, usual + at + 1, sizeof(usual) - at - 1);
        same_either_way(&whole, &split, str_from(text, sizeof(usual) - 2));
    }
}

/* The fields that decide about the body, doubled and contradicting; then too many, and too large.
 */
static void framing_and_limits_are_the_same(void **state)
{
    static const char *const fields[] = {
        "Content-Length: 3\r\n",
        "content-length: 4\r\n",
        "Content-Length: x\r\n",
        "Content-Length:\r\n",
        "Transfer-Encoding: chunked\r\n",
        "TRANSFER-ENCODING: gzip\r\n",
        "Connection: Close, x\r\n",
        "Connection: Keep-Alive\r\n",
        "Keep-Alive: timeout=5\r\n",
        "Expect: 100-continue\r\n",
        " folded\r\n",
        "Host: h\r\n",
    };
    scoped(reader_fini) struct reader whole = {0};
    scoped(reader_fini) struct reader split = {0};
    scoped(buf_fini) struct buf text = {0};

    (void)state;
    for (size_t i = 0; i < countof(fields) * countof(fields); i++) {
        buf_reset(&text);
        buf_printf(&text, "HTTP/1.1 200 OK\r\n%s%s\r\n2\r\nok\r\n0\r\n\r\n",
                   fields[i / countof(fields)], fields[i % countof(fields)]);
        same_either_way(&whole, &split, buf_str(&text));
    }
    for (size_t n = 1; n < 1100; n += n < 40 ? 1 : 97) {
        buf_reset(&text);
        buf_puts(&text, "HTTP/1.1 200 OK\r\n");
        for (size_t i = 0; i < n; i++)
            buf_printf(&text, "X-%zu: %zu\r\n", i, n);
        buf_puts(&text, "\r\n");
        same_either_way(&whole, &split, buf_str(&text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_may_be_another),
        cmocka_unit_test(any_byte_may_be_missing_or_the_last),
        cmocka_unit_test(framing_and_limits_are_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
