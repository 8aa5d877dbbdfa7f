/*
 * Any bytes as a response. The first byte chooses the kind of request and the split; what the
 * reader tells must not depend on the split, nor on whether it has seen the head before.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "proto/http1/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void put_head(struct buf *out, const struct http1_response *p)
{
    const struct http1_message *m = &p->msg;
    size_t n;
    const struct http_header *headers = http1_response_headers(p, &n);

    buf_printf(out, "%d %d %d %d %zu\n", p->status, m->keep_alive, m->framing, m->version, n);
    buf_putstr(out, p->status_text);
    for (size_t i = 0; i < n; i++) {
        assert(headers[i].name.n > 0);
        buf_putstr(out, headers[i].name);
        buf_putstr(out, headers[i].value);
    }
}

/* Reads all of `in`, n_step bytes at a time, and tells the story into *out. */
static void read_all(struct str in, size_t n_step, enum http1_expect expect,
                     struct http1_memo *memo, struct buf *out)
{
    struct http1_response p = {0};
    struct http_head head = {0};
    scoped(buf_fini) struct buf body = {0};
    struct str whole;
    enum http1_event e = HTTP1_MORE;

    http1_response_start(&p, &head, expect);
    p.memo = memo;
    if (http1_response_whole(&p, &in, &whole)) {
        put_head(out, &p);
        buf_putstr(&body, whole);
        e = HTTP1_END;
    }
    while (in.n && e != HTTP1_END && e != HTTP1_ERROR) {
        size_t n = in.n < n_step ? in.n : n_step;
        char *copy = xmemdup(in.p, n);
        struct str piece = str_from(copy, n);
        struct str span = {0};

        do {
            e = http1_response_next(&p, &piece, &span);
            if (e == HTTP1_BODY)
                buf_putstr(&body, span);
            if (e == HTTP1_HEAD || e == HTTP1_INTERIM)
                put_head(out, &p);
        } while (e != HTTP1_MORE && e != HTTP1_END && e != HTTP1_ERROR);
        assert(e == HTTP1_END || e == HTTP1_ERROR || piece.n == 0);
        in = str_from_index(in, n - piece.n);
        free(copy);
    }
    if (e != HTTP1_END && e != HTTP1_ERROR)
        e = http1_response_eof(&p);
    buf_printf(out, "%d %llu ", e, (unsigned long long)p.msg.n_body);
    if (e == HTTP1_END)
        buf_printf(out, "%zu ", in.n);
    http1_error_text(&p.msg, out);
    buf_putstr(out, buf_str(&body));
    assert(p.msg.n_body == body.len);
    http1_response_fini(&p);
    http_head_fini(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(buf_fini) struct buf whole = {0};
    scoped(buf_fini) struct buf split = {0};
    scoped(buf_fini) struct buf first = {0};
    scoped(buf_fini) struct buf again = {0};
    struct http1_memo memo = {0};

    if (!n)
        return 0;
    enum http1_expect expect = data[0] % 3;
    struct str in = str_from((const char *)data + 1, n - 1);

    read_all(in, SIZE_MAX, expect, NULL, &whole);
    read_all(in, 1 + data[0] / 3 % 16, expect, NULL, &split);
    assert(str_eq(buf_str(&whole), buf_str(&split)));
    if (expect == HTTP1_EXPECT_BODY) {
        read_all(in, SIZE_MAX, expect, &memo, &first);
        read_all(in, SIZE_MAX, expect, &memo, &again);
        assert(str_eq(buf_str(&whole), buf_str(&first)));
        assert(str_eq(buf_str(&whole), buf_str(&again)));
    }
    http1_memo_fini(&memo);
    return 0;
}
