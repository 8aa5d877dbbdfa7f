/*
 * One function names the fields, for both directions: so nothing is written that is not read, and
 * in no other order.
 */
#include "dist/share_exchange.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/wire.h"

enum {
    HEADERS_MAX = 4000,
    NOT_SO = 1, /* condition */
};

/* Writing, when `out` is there; else reading, into an arena. */
struct both {
    struct buf *out;
    struct wire_in *in;
    struct arena *arena;
};

static void text(struct both *b, struct str *s)
{
    if (b->out) {
        wire_put_str(b->out, *s);
        return;
    }
    *s = arena_str(b->arena, wire_str(b->in));
}

/* Of any integer type: a field's address has none that a function could take. */
#define NUMBER(b, field)                                    \
    do {                                                    \
        if ((b)->out)                                       \
            wire_put_i64((b)->out, (int64_t)(field));       \
        else                                                \
            (field) = (__typeof__(field))wire_i64((b)->in); \
    } while (0)

static void headers(struct both *b, const struct exchange_header **items, size_t *n)
{
    NUMBER(b, *n);
    if (b->in && (*n > HEADERS_MAX || *n > b->in->rest.n)) {
        b->in->bad = true;
        *n = 0;
    }
    struct exchange_header *all =
        b->in ? arena_new_n(b->arena, struct exchange_header, *n + 1) : NULL;

    for (size_t i = 0; i < *n; i++) {
        struct exchange_header one = b->in ? (struct exchange_header){0} : (*items)[i];

        text(b, &one.name);
        text(b, &one.value);
        if (b->in)
            all[i] = one;
    }
    if (b->in)
        *items = all;
}

static void body(struct both *b, struct exchange_body *x)
{
    NUMBER(b, x->state);
    NUMBER(b, x->is_text);
    NUMBER(b, x->is_decoded);
    NUMBER(b, x->size);
    text(b, &x->type);
    text(b, &x->data);
    if (x->state > EXCHANGE_BODY_UNREADABLE && b->in)
        b->in->bad = true;
}

static void what(struct both *b, struct exchange *x)
{
    NUMBER(b, x->bytes);
    NUMBER(b, x->kind);
    NUMBER(b, x->code);
    NUMBER(b, x->error_code);
    text(b, &x->name);
    text(b, &x->error);
    text(b, &x->scenario);
    text(b, &x->group);
    NUMBER(b, x->vu);
    NUMBER(b, x->iteration);
    if (x->kind > EXCHANGE_SLOW && b->in)
        b->in->bad = true;
}

static void when(struct both *b, struct exchange *x)
{
    struct exchange_timings *t = &x->timings;

    NUMBER(b, x->began);
    NUMBER(b, x->began_wall);
    NUMBER(b, x->duration);
    NUMBER(b, t->blocked);
    NUMBER(b, t->dns);
    NUMBER(b, t->connect);
    NUMBER(b, t->ssl);
    NUMBER(b, t->send);
    NUMBER(b, t->wait);
    NUMBER(b, t->receive);
}

static void where(struct both *b, struct exchange *x)
{
    text(b, &x->server_ip);
    NUMBER(b, x->server_port);
    NUMBER(b, x->client_port);
    NUMBER(b, x->reused);
    text(b, &x->tls);
}

static void request(struct both *b, struct exchange *x)
{
    text(b, &x->method);
    text(b, &x->url);
    text(b, &x->request_version);
    headers(b, &x->request_headers, &x->n_request_headers);
    body(b, &x->request_body);
}

static void response(struct both *b, struct exchange *x)
{
    NUMBER(b, x->status);
    NUMBER(b, x->partial_status);
    text(b, &x->response_version);
    text(b, &x->reason);
    headers(b, &x->response_headers, &x->n_response_headers);
    body(b, &x->response_body);
}

static void fields(struct both *b, struct exchange *x)
{
    what(b, x);
    when(b, x);
    where(b, x);
    request(b, x);
    response(b, x);
}

void share_put_exchange(struct buf *out, const struct exchange *x)
{
    struct both b = {.out = out};

    for (; x; x = x->before) {
        struct exchange copy = *x;

        fields(&b, &copy);
        varint_put(out, x->before != NULL);
    }
}

/* The one that is read stands at the end of the chain that leads to `*place`. */
static int get_one(struct wire_in *in, struct exchange **place)
{
    bool more = true;

    for (int i = 0; more; i++) {
        struct exchange *x = xnew(struct exchange);
        struct both b = {.in = in, .arena = &x->arena};

        list_init(&x->link);
        *place = x;
        place = &x->before;
        fields(&b, x);
        more = wire_bool(in);
        if (in->bad || i == SHARE_EXCHANGE_BEFORE_MAX)
            return NOT_SO;
    }
    return 0;
}

int share_get_exchanges(struct str bytes, struct list *list)
{
    struct wire_in in = {bytes, false};

    while (in.rest.n) {
        struct exchange *x = NULL;
        int r = get_one(&in, &x);

        list_add_tail(list, &x->link);
        if (r)
            return r;
    }
    return 0;
}
