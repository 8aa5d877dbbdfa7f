/*
 * Responses and their buffers, kept for the next request. A free response keeps its buffers as long
 * as all that the pool keeps stays under its bound; past it, the buffers of the one that comes back
 * go to the heap, so a burst of large bodies leaves nothing behind.
 */
#include "proto/http_pool.h"

#include <assert.h>

#include "base/arena.h"
#include "base/mem.h"

enum {
    ARENA_BLOCK_BYTES = 1024, /* a URL, a request head */
    HEAD_BYTES = 1024,        /* most heads fit without growing */
    BODY_KEPT_MAX = 4 << 20,  /* bytes of one buffer worth keeping */
};

struct response_slot {
    struct http_response response; /* first: a response is found from its address */
    struct http_head head;
    struct http_shared_head *shared; /* in place of `head`; NULL: none */
    struct buf body;
    struct arena arena;
    size_t kept_bytes; /* counted in the pool while the slot is free */
    struct response_slot *next_free;
};

struct http_response_pool {
    struct response_slot *free;
    size_t n_free;
    size_t n_live;
    size_t kept_bytes;
    bool closed; /* its owner is gone; the last response frees it */
};

static struct response_slot *slot_of(struct http_response *r)
{
    return container_of(r, struct response_slot, response);
}

void http_head_fini(struct http_head *h)
{
    if (!h)
        return;
    buf_fini(&h->text);
    free(h->headers);
    *h = (struct http_head){0};
}

void http_shared_head_unref(struct http_shared_head *h)
{
    if (--h->n_refs == 0)
        free(h);
}

static void drop_shared(struct response_slot *s)
{
    if (s->shared)
        http_shared_head_unref(s->shared);
    s->shared = NULL;
}

static void slot_free(struct response_slot *s)
{
    drop_shared(s);
    http_head_fini(&s->head);
    buf_fini(&s->body);
    arena_fini(&s->arena);
    free(s);
}

struct http_response_pool *http_response_pool_new(void)
{
    return xnew(struct http_response_pool);
}

void http_response_pool_free(struct http_response_pool *pool)
{
    if (!pool)
        return;
    while (pool->free) {
        struct response_slot *s = pool->free;

        pool->free = s->next_free;
        slot_free(s);
    }
    pool->n_free = 0;
    pool->closed = true;
    if (!pool->n_live)
        free(pool);
}

static struct response_slot *slot_new(void)
{
    struct response_slot *s = xnew(struct response_slot);

    s->body.limit = HTTP_POOL_BODY_LIMIT;
    s->arena.block_bytes = ARENA_BLOCK_BYTES;
    ignored(buf_reserve(&s->head.text, HEAD_BYTES));
    return s;
}

static struct response_slot *slot_take(struct http_response_pool *pool)
{
    struct response_slot *s = pool->free;

    if (unlikely(!s))
        return slot_new();
    pool->free = s->next_free;
    pool->n_free--;
    pool->kept_bytes -= s->kept_bytes;
    return s;
}

struct http_response *http_response_new(struct http_response_pool *pool)
{
    struct response_slot *s = slot_take(pool);

    pool->n_live++;
    s->response = (struct http_response){
        .n_refs = 1,
        .pool = pool,
        .reason = STR(""),
        .url = STR(""),
        .hops = STR(""),
        .error = STR(""),
        .tls_version = "",
        .tls_cipher = "",
    };
    return &s->response;
}

static void slot_trim(struct http_response_pool *pool, struct response_slot *s)
{
    drop_shared(s);
    http_head_reset(&s->head);
    buf_reset(&s->body);
    arena_reset(&s->arena);
    if (s->body.cap > BODY_KEPT_MAX || pool->kept_bytes + s->body.cap > HTTP_POOL_KEEP_BYTES)
        buf_fini(&s->body);
    if (s->head.text.cap > BODY_KEPT_MAX || pool->kept_bytes > HTTP_POOL_KEEP_BYTES)
        http_head_fini(&s->head);
    s->kept_bytes = s->body.cap + s->head.text.cap;
}

static void slot_give(struct http_response_pool *pool, struct response_slot *s)
{
    if (unlikely(pool->closed || pool->n_free >= HTTP_POOL_KEEP_RESPONSES)) {
        slot_free(s);
        return;
    }
    slot_trim(pool, s);
    pool->kept_bytes += s->kept_bytes;
    s->next_free = pool->free;
    pool->free = s;
    pool->n_free++;
}

void http_response_unref(struct http_response *r)
{
    if (!r)
        return;
    assert(r->n_refs > 0);
    if (--r->n_refs)
        return;
    struct http_response_pool *pool = r->pool;

    slot_give(pool, slot_of(r));
    pool->n_live--;
    if (unlikely(pool->closed && !pool->n_live))
        free(pool);
}

struct http_head *http_response_head(struct http_response *r)
{
    return &slot_of(r)->head;
}

struct buf *http_response_body(struct http_response *r)
{
    return &slot_of(r)->body;
}

void http_response_share(struct http_response *r, struct http_shared_head *h)
{
    struct response_slot *s = slot_of(r);

    drop_shared(s);
    h->n_refs++;
    s->shared = h;
    r->headers = h->headers;
    r->n_headers = h->n_headers;
    r->reason = h->reason;
}

struct str http_response_keep(struct http_response *r, struct str s)
{
    return arena_str(&slot_of(r)->arena, s);
}

void http_response_rewind(struct http_response *r)
{
    struct response_slot *s = slot_of(r);

    drop_shared(s);
    http_head_reset(&s->head);
    buf_reset(&s->body);
    r->headers = NULL;
    r->n_headers = 0;
    r->reason = STR("");
    r->body = (struct str){0};
    r->has_body = false;
}

size_t http_response_pool_n_live(const struct http_response_pool *pool)
{
    return pool->n_live;
}

size_t http_response_pool_kept_bytes(const struct http_response_pool *pool)
{
    return pool->kept_bytes;
}
