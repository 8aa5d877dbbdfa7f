/*
 * Heads that come again. A server under load says the same head a thousand times before its Date
 * changes; the reader remembers the last one, and what it came to. Bytes that are the same up to
 * the empty line mean the same, so one comparison takes the place of reading, and nothing is
 * copied: responses share the head that is remembered.
 *
 * A server whose heads all differ (request ids, cookies) never has one come again; then ever fewer
 * are remembered.
 */
#include "base/mem.h"
#include "proto/http1/http1_priv.h"

enum {
    MOST_BYTES = 4 << 10, /* of a head worth remembering */
    MOST_PATIENCE = 1023, /* heads let pass before the next is remembered, when none came again */
};

/* What a head came to, and the head itself behind it: headers, then text. */
struct http1_known_head {
    struct http_shared_head shared; /* first; freed as that */
    struct str text;
    struct str status_text;
    int status;
    enum http_version version;
    enum http1_framing framing;
    bool keep_alive;
    int64_t content_length;
    uint32_t n_lines;
};

void http1_memo_fini(struct http1_memo *memo)
{
    if (memo->known)
        http_shared_head_unref(&memo->known->shared);
    *memo = (struct http1_memo){0};
}

static bool begins_with(struct str in, const struct http1_known_head *k)
{
    return in.n >= k->text.n && memcmp(in.p, k->text.p, k->text.n) == 0;
}

/* What reading the head would have come to. */
static void recall(struct http1_response *p, struct http1_known_head *k)
{
    struct http1_message *m = &p->msg;

    p->memo->has_come_again = true;
    p->shared = &k->shared;
    p->status = k->status;
    p->reason = k->shared.reason;
    p->status_text = k->status_text;
    m->version = k->version;
    m->framing = k->framing;
    m->keep_alive = k->keep_alive;
    m->content_length = k->content_length;
    m->n_lines = k->n_lines;
}

bool http1_memo_find(struct http1_response *p, struct str *in)
{
    struct http1_known_head *k = p->memo->known;

    if (!k || !begins_with(*in, k))
        return false;
    recall(p, k);
    *in = str_from_index(*in, k->text.n);
    return true;
}

/* Bytes of a body whose end needs no looking for; more than any input has: it does. */
static uint64_t length_of(const struct http1_known_head *k)
{
    if (k->framing == HTTP1_FRAMING_LENGTH)
        return (uint64_t)k->content_length;
    return k->framing == HTTP1_FRAMING_NONE ? 0 : UINT64_MAX;
}

bool http1_response_whole(struct http1_response *p, struct str *in, struct str *ret_body)
{
    struct http1_message *m = &p->msg;
    struct http1_known_head *k = p->memo ? p->memo->known : NULL;

    if (!k || m->begun || m->state != HTTP1_STATE_FIRST || !begins_with(*in, k) ||
        length_of(k) > in->n - k->text.n)
        return false;
    size_t n_body = (size_t)length_of(k);

    recall(p, k);
    m->n_body = n_body;
    m->n_wire = k->text.n + n_body;
    m->state = HTTP1_STATE_END;
    *ret_body = str_from(in->p + k->text.n, n_body);
    *in = str_from(in->p + m->n_wire, in->n - m->n_wire);
    return true;
}

/* Whether to remember this one: one that came again shows that it is worth it. */
static bool is_worth_it(struct http1_memo *memo)
{
    if (!memo->known || memo->has_come_again) {
        memo->patience = 0;
    } else if (memo->n_passed++ < memo->patience) {
        return false;
    } else if (memo->patience < MOST_PATIENCE) {
        memo->patience = (uint16_t)(memo->patience * 2 + 1);
    }
    memo->has_come_again = false;
    memo->n_passed = 0;
    return true;
}

/* Where a view of `from` is in the copy. */
static struct str moved(struct str s, const char *from, const char *to)
{
    return str_from(to + (s.p - from), s.n);
}

static struct http1_known_head *copy_head(const struct http1_response *p)
{
    const struct http_head *head = p->msg.head;
    size_t n_headers = head->n_headers * sizeof(struct http_header);
    struct http1_known_head *k = xmalloc(sizeof(*k) + n_headers + head->text.len);
    struct http_header *headers = (struct http_header *)(void *)(k + 1);
    char *text = (char *)headers + n_headers;

    memcpy(text, head->text.data, head->text.len);
    for (size_t i = 0; i < head->n_headers; i++) {
        headers[i].name = moved(head->headers[i].name, head->text.data, text);
        headers[i].value = moved(head->headers[i].value, head->text.data, text);
    }
    *k = (struct http1_known_head){
        .shared = {.n_refs = 1, .headers = headers, .n_headers = head->n_headers},
        .text = str_from(text, head->text.len),
        .status_text = moved(p->status_text, head->text.data, text),
    };
    k->shared.reason = p->reason.n ? moved(p->reason, head->text.data, text) : STR("");
    return k;
}

void http1_memo_keep(struct http1_response *p)
{
    struct http1_memo *memo = p->memo;
    const struct http1_message *m = &p->msg;

    if (m->head->text.len > MOST_BYTES || p->status < 200 || !is_worth_it(memo))
        return;
    struct http1_known_head *k = copy_head(p);

    k->status = p->status;
    k->version = m->version;
    k->framing = m->framing;
    k->keep_alive = m->keep_alive;
    k->content_length = m->content_length;
    k->n_lines = m->n_lines;
    if (memo->known)
        http_shared_head_unref(&memo->known->shared);
    memo->known = k;
}
