/* Any bytes as requests, one after another. What the reader tells must not depend on the split. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "proto/http1/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct story {
    struct http1_request p;
    struct http_head head;
    struct buf text;
    struct buf body;
};

static void on_event(struct story *s, enum http1_event e, struct str span)
{
    const struct http1_request *p = &s->p;

    if (e == HTTP1_BODY)
        buf_putstr(&s->body, span);
    if (e == HTTP1_HEAD) {
        buf_putstr(&s->text, p->method);
        buf_putstr(&s->text, p->target);
        buf_putstr(&s->text, p->host);
        buf_printf(&s->text, " %d %d %d\n", p->msg.keep_alive, p->msg.framing, p->expect_continue);
    }
    if (e == HTTP1_ERROR) {
        http1_error_text(&p->msg, &s->text);
        buf_printf(&s->text, " %d\n", http1_request_error_status(p));
    }
    if (e == HTTP1_END) {
        buf_putstr(&s->text, buf_str(&s->body));
        buf_reset(&s->body);
        http1_request_start(&s->p, &s->head);
    }
}

static void read_all(struct str in, size_t n_step, struct buf *out)
{
    struct story s = {0};
    enum http1_event e = HTTP1_MORE;

    http1_request_start(&s.p, &s.head);
    while (in.n && e != HTTP1_ERROR) {
        size_t n = in.n < n_step ? in.n : n_step;
        char *copy = xmemdup(in.p, n);
        struct str piece = str_from(copy, n);

        do {
            struct str span = {0};

            e = http1_request_next(&s.p, &piece, &span);
            on_event(&s, e, span);
        } while (e != HTTP1_MORE && e != HTTP1_ERROR);
        in = str_from_index(in, n);
        free(copy);
    }
    if (e != HTTP1_ERROR)
        on_event(&s, http1_request_eof(&s.p), (struct str){0});
    *out = s.text;
    http1_request_fini(&s.p);
    http_head_fini(&s.head);
    buf_fini(&s.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(buf_fini) struct buf whole = {0};
    scoped(buf_fini) struct buf split = {0};

    if (!n)
        return 0;
    struct str in = str_from((const char *)data + 1, n - 1);

    read_all(in, SIZE_MAX, &whole);
    read_all(in, 1 + data[0] % 16, &split);
    assert(str_eq(buf_str(&whole), buf_str(&split)));
    return 0;
}
