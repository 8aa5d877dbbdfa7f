#pragma once
/* What headers say about the body and the connection, one at a time; for this folder only. */
#include "proto/http1/http1_priv.h"

/* Eight bytes of p, in lower case as far as they are letters or '-', differ from those of `lower`.
 */
static inline uint64_t http1_word_differs(const char *p, const char *lower)
{
    uint64_t a;
    uint64_t b;

    memcpy(&a, p, sizeof(a));
    memcpy(&b, lower, sizeof(b));
    return (a | 0x2020202020202020U) ^ b;
}

static inline uint32_t http1_half_differs(const char *p, const char *lower)
{
    uint32_t a;
    uint32_t b;

    memcpy(&a, p, sizeof(a));
    memcpy(&b, lower, sizeof(b));
    return (a | 0x20202020U) ^ b;
}

/*
 * Compares n bytes (4 at least) with a literal of letters and '-' without regard to case. Setting
 * bit 5 makes no other byte of a name or value equal to one of these: only CR would become '-'.
 */
static inline bool http1_lower_is(const char *p, const char *lower, size_t n)
{
    uint64_t differs = 0;

    if (n < 8)
        return !(http1_half_differs(p, lower) | http1_half_differs(p + n - 4, lower + n - 4));
    for (size_t i = 0; i + 8 < n; i += 8)
        differs |= http1_word_differs(p + i, lower + i);
    return !(differs | http1_word_differs(p + n - 8, lower + n - 8));
}

#define HTTP1_NAME_IS(h, literal) http1_lower_is((h)->name.p, literal, sizeof(literal) - 1)

static inline void http1_fact_length(struct http1_facts *f, struct str value)
{
    if (f->n_lengths++ == 0) {
        f->length = value;
    } else if (!str_eq(f->length, value)) {
        f->lengths_differ = true;
    }
}

static inline void http1_fact_connection(struct http1_facts *f, struct str value)
{
    if (likely(value.n == 10 && http1_lower_is(value.p, "keep-alive", 10))) {
        f->keep_alive = true;
        return;
    }
    f->close |= http1_list_has(value, STR("close"));
    f->keep_alive |= http1_list_has(value, STR("keep-alive"));
}

/*
 * Adds what one header says; its name is made of token characters and spaces. The names that matter
 * have different lengths, so one comparison settles most headers.
 */
static inline void http1_gather(struct http1_facts *f, const struct http_header *h)
{
    switch (h->name.n) {
    case 4:
        if (HTTP1_NAME_IS(h, "host") && f->n_hosts++ == 0)
            f->host = h->value;
        break;
    case 6:
        if (HTTP1_NAME_IS(h, "expect"))
            f->expect_continue |= http1_list_has(h->value, STR("100-continue"));
        break;
    case 10:
        if (HTTP1_NAME_IS(h, "connection"))
            http1_fact_connection(f, h->value);
        break;
    case 14:
        if (HTTP1_NAME_IS(h, "content-length"))
            http1_fact_length(f, h->value);
        break;
    case 17:
        if (HTTP1_NAME_IS(h, "transfer-encoding") && f->n_encodings++ == 0)
            f->encoding = h->value;
        break;
    default:
        break;
    }
}
