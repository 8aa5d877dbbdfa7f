/*
 * A round trip is looked at as a `struct view`, which borrows: from the leg that just ended, or,
 * for an earlier leg, from the memory it was remembered in. What is kept is made from views,
 * everything masked (proto/mask.h) before it is cut, so that no half of a secret stays at the end.
 */
#include "client/capture.h"

#include "base/mem.h"
#include "client/client_priv.h"
#include "metric/exchange_book.h"
#include "metric/tagset.h"
#include "proto/mask.h"

enum {
    WINDOW_BYTES = 64 << 10, /* of a body, masked beyond what is kept of it */
    URL_BYTES = 8 << 10,     /* of a URL that is kept; longer ones are cut */
    NAME_BYTES = 2 << 10,
    VALUE_BYTES = 4 << 10, /* of a header */
    HEADERS_MAX = 200,
    HOPS_MAX = 20, /* legs of a journey that are remembered */
    HOPS_BLOCK_BYTES = 4 << 10,
};

/* One round trip, borrowed. */
struct view {
    const struct url *url; /* a reference, where it is remembered */
    struct str method;
    struct str head; /* of the request, as it was sent; empty: it could not be made */
    struct str body;
    bool has_body;
    bool reused, connected;
    mono_ns asked, obtained;
    span_ns resolving;
    struct http_timings timings;
    uint16_t local_port, remote_port;
    char remote_ip[46];
    const char *tls_version;
    int status, partial_status;
    int error_code;
    enum http_version version;
    struct str error;
    struct str reason;
    const struct http_header *headers;
    size_t n_headers;
    bool has_answer_body; /* kept for the script: its coding is undone */
    bool has_spare;       /* raw, and perhaps not all of it */
    struct str answer;
};

struct hop {
    struct hop *before;
    struct view view;
};

struct hops {
    struct list link; /* in capture's free_hops */
    struct arena arena;
    struct hop *last;
    unsigned n;
};

struct capture {
    struct client_capture config;
    struct exchange_book *book;
    struct list free_hops;
    struct buf scratch; /* these are free between calls */
    struct buf masked;
    struct buf plain;
};

struct capture *capture_new(const struct client_capture *config, struct exchange_book *book)
{
    struct capture *c = xnew(struct capture);

    c->config = *config;
    c->book = book;
    list_init(&c->free_hops);
    return c;
}

static void hops_free(struct hops *hops)
{
    arena_fini(&hops->arena);
    free(hops);
}

void capture_free(struct capture *c)
{
    struct list *link;

    if (!c)
        return;
    while ((link = list_pop(&c->free_hops)))
        hops_free(list_entry(link, struct hops, link));
    buf_fini(&c->scratch);
    buf_fini(&c->masked);
    buf_fini(&c->plain);
    free(c);
}

/* ---- looking at a leg ---- */

/* Once more what was sent. Empty when that failed, as it did then. */
static struct str head_of(struct client_loop *cl, struct leg *leg)
{
    if (leg->is_first && leg->r->request_head.n)
        return leg->r->request_head;
    struct net_error error = leg->error;
    int r = transfer_encode(cl, leg);

    leg->error = error;
    return r ? STR("") : buf_str(&cl->out);
}

static void view_answer(const struct leg *leg, struct view *v)
{
    struct http_response *r = leg->r;
    bool broke_off = !r->status && leg->broken.status;

    v->status = r->status;
    v->partial_status = broke_off ? leg->broken.status : 0;
    v->version = broke_off ? leg->broken.version : r->version;
    v->reason = broke_off ? leg->broken.reason : r->reason;
    v->headers = r->headers;
    v->n_headers = broke_off ? leg->broken.n_headers : r->n_headers;
    v->has_answer_body = r->has_body;
    v->has_spare = leg->has_spare;
    v->answer = buf_str(http_response_body(r));
}

static void view_leg(struct client_loop *cl, struct leg *leg, struct view *v)
{
    const struct http_response *r = leg->r;

    *v = (struct view){.url = leg->url,
                       .method = leg->method,
                       .head = head_of(cl, leg),
                       .body = leg->body,
                       .has_body = leg->has_body,
                       .reused = leg->reused,
                       .connected = leg->sending != 0,
                       .asked = leg->asked,
                       .obtained = leg->obtained,
                       .resolving = leg->reused ? 0 : leg->resolving,
                       .timings = r->timings,
                       .local_port = leg->local_port,
                       .remote_port = r->remote_port,
                       .tls_version = r->tls_version,
                       .error = r->error,
                       .error_code = r->error_code};
    memcpy(v->remote_ip, r->remote_ip, sizeof(v->remote_ip));
    view_answer(leg, v);
}

/* ---- legs before ---- */

static struct hops *hops_of(struct capture *c, struct leg *leg)
{
    struct list *spare;

    if (leg->hops)
        return leg->hops;
    spare = list_pop(&c->free_hops);
    leg->hops = spare ? list_entry(spare, struct hops, link) : xnew(struct hops);
    leg->hops->arena.block_bytes = HOPS_BLOCK_BYTES;
    list_init(&leg->hops->link);
    return leg->hops;
}

static void own_headers(struct arena *a, struct view *v)
{
    struct http_header *copy = arena_alloc(a, v->n_headers * sizeof(*copy));

    for (size_t i = 0; i < v->n_headers; i++) {
        copy[i].name = arena_str(a, v->headers[i].name);
        copy[i].value = arena_str(a, v->headers[i].value);
    }
    v->headers = copy;
    v->reason = arena_str(a, v->reason);
}

void capture_remember(struct client_loop *cl, struct leg *leg)
{
    struct hops *hops = hops_of(cl->capture, leg);

    if (hops->n >= HOPS_MAX)
        return;
    struct hop *hop = arena_new(&hops->arena, struct hop);
    struct view *v = &hop->view;

    view_leg(cl, leg, v);
    v->url = url_ref(leg->url);
    v->head = arena_str(&hops->arena, v->head);
    /* Redirects say nothing in their bodies, and they may be large. */
    v->answer = STR("");
    v->has_spare = false;
    own_headers(&hops->arena, v);
    hop->before = hops->last;
    hops->last = hop;
    hops->n++;
}

void capture_forget(struct client_loop *cl, struct leg *leg)
{
    struct hops *hops = take(leg->hops);

    for (struct hop *h = hops->last; h; h = h->before)
        url_unref((struct url *)(uintptr_t)h->view.url);
    hops->last = NULL;
    hops->n = 0;
    arena_reset(&hops->arena);
    list_add_head(&cl->capture->free_hops, &hops->link);
}

/* ---- text ---- */

/* At most n bytes, whole characters where it is UTF-8. */
static struct str cut(struct str s, size_t n)
{
    if (s.n <= n)
        return s;
    for (size_t back = 0; back < 3 && n > back; back++) {
        if (((unsigned char)s.p[n - back] & 0xc0) != 0x80)
            return str_from(s.p, n - back);
    }
    return str_from(s.p, n);
}

static struct str own(struct exchange *x, struct str s)
{
    x->bytes += s.n;
    return arena_str(&x->arena, s);
}

/* What is in c->masked, cut. */
static struct str own_masked(struct capture *c, struct exchange *x, size_t n)
{
    return own(x, cut(buf_str(&c->masked), n));
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = utf8_length((const unsigned char *)s.p + i, s.n - i);

        if (!n || (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return false;
        i += n;
    }
    return true;
}

static struct exchange_header own_header(struct capture *c, struct exchange *x, struct str name,
                                         struct str value)
{
    struct exchange_header h = {.name = own(x, cut(name, NAME_BYTES))};

    buf_reset(&c->masked);
    mask_header(c->config.secrets, name, value, &c->masked);
    h.value = own_masked(c, x, VALUE_BYTES);
    x->bytes += sizeof(h);
    return h;
}

/* ---- bodies ---- */

static bool is_identity(struct str coding)
{
    return !coding.n || str_eq_nocase(str_trim(coding), STR("identity"));
}

/* Undoes the coding of `in`, which may be broken off, into c->plain. False: it is not known. */
static bool decode(struct capture *c, struct str coding, struct str in)
{
    struct content_limits limits = {.max_bytes = 1 << 20};
    struct content_decoder *d = content_decoder_new(coding, limits);

    if (!d)
        return false;
    buf_reset(&c->plain);
    int r = content_decode(d, in, &c->plain);

    content_decoder_free(d);
    return r == 0 || c->plain.len;
}

/* `data` is all there is of it, without a coding. */
static void keep_body(struct capture *c, struct exchange *x, struct str data,
                      struct exchange_body *body)
{
    size_t limit = c->config.body_bytes;

    buf_reset(&c->masked);
    mask_body(c->config.secrets, body->type, str_from(data.p, cut(data, limit + WINDOW_BYTES).n),
              &c->masked);
    struct str text = cut(buf_str(&c->masked), limit);

    body->is_text = is_text(text);
    if (!body->is_text)
        text.n = c->masked.len < limit ? c->masked.len : limit;
    body->data = own(x, text);
    if (c->masked.len > limit || data.n > limit + WINDOW_BYTES)
        body->state = EXCHANGE_BODY_CUT;
}

static void keep_request_body(struct capture *c, struct exchange *x, const struct view *v)
{
    struct exchange_body *body = &x->request_body;
    struct str coding = STR("");

    for (size_t i = 0; i < x->n_request_headers; i++) {
        const struct exchange_header *h = &x->request_headers[i];

        if (str_eq_nocase(h->name, STR("content-type")))
            body->type = h->value;
        if (str_eq_nocase(h->name, STR("content-encoding")))
            coding = h->value;
    }
    if (!v->has_body)
        return;
    body->state = EXCHANGE_BODY_KEPT;
    body->size = (int64_t)v->body.n;
    if (is_identity(coding)) {
        keep_body(c, x, v->body, body);
    } else if (decode(c, coding, v->body)) {
        body->is_decoded = true;
        keep_body(c, x, buf_str(&c->plain), body);
    } else {
        body->state = EXCHANGE_BODY_UNREADABLE;
    }
}

/* Of a body that was discarded, but for its beginning: what its length says. */
static int64_t stated_length(const struct view *v)
{
    struct str text = http_header_get(v->headers, v->n_headers, STR("content-length"));
    int64_t n;

    return text.p && str_i64(text, &n) && n >= 0 ? n : -1;
}

static void keep_spare(struct capture *c, struct exchange *x, const struct view *v,
                       struct str coding, struct exchange_body *body)
{
    struct str data = v->answer;

    body->size = stated_length(v);
    if (!is_identity(coding)) {
        if (!decode(c, coding, data)) {
            body->state = EXCHANGE_BODY_UNREADABLE;
            return;
        }
        body->is_decoded = true;
        data = buf_str(&c->plain);
    }
    keep_body(c, x, data, body);
    /* The buffer took no more; of less it is known that it is all. */
    if (v->answer.n >= WINDOW_BYTES)
        body->state = EXCHANGE_BODY_CUT;
    else if (body->size < 0 && !body->is_decoded)
        body->size = (int64_t)v->answer.n;
}

static void keep_answer_body(struct capture *c, struct exchange *x, const struct view *v)
{
    struct exchange_body *body = &x->response_body;
    struct str coding = http_header_get(v->headers, v->n_headers, STR("content-encoding"));
    enum content_coding known;
    int status = v->status ? v->status : v->partial_status;

    if (!status)
        return;
    for (size_t i = 0; i < x->n_response_headers; i++) {
        if (str_eq_nocase(x->response_headers[i].name, STR("content-type")))
            body->type = x->response_headers[i].value;
    }
    body->state = EXCHANGE_BODY_KEPT;
    body->size = (int64_t)v->answer.n;
    if (v->has_spare) {
        keep_spare(c, x, v, coding, body);
    } else if (!v->has_answer_body) {
        bool has_none = status < 200 || status == 204 || status == 304 ||
                        str_eq(v->method, STR("HEAD")) || v->partial_status;

        body->state = has_none ? EXCHANGE_BODY_NONE : EXCHANGE_BODY_DISCARDED;
        body->size = has_none ? 0 : stated_length(v);
    } else if (!is_identity(coding) && !content_coding_find(coding, &known) &&
               str_find(coding, ',') == coding.n) {
        body->state = EXCHANGE_BODY_UNREADABLE;
    } else {
        body->is_decoded = !is_identity(coding);
        keep_body(c, x, v->answer, body);
    }
}

/* ---- making an exchange ---- */

static size_t count_lines(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

/* "GET /x HTTP/1.1" and the lines below it. */
static void keep_request_head(struct capture *c, struct exchange *x, struct str head)
{
    size_t max = count_lines(head) < HEADERS_MAX ? count_lines(head) : HEADERS_MAX;
    struct exchange_header *headers = arena_new_n(&x->arena, struct exchange_header, max);
    struct str line;

    x->request_version = STR("HTTP/1.1");
    x->request_headers = headers;
    ignored(str_split(&head, '\n', &line));
    while (x->n_request_headers < max && str_split(&head, '\n', &line)) {
        size_t colon = str_find(line, ':');

        if (colon == line.n)
            continue;
        headers[x->n_request_headers++] =
            own_header(c, x, str_from(line.p, colon), str_trim(str_from_index(line, colon + 1)));
    }
}

static void keep_answer_head(struct capture *c, struct exchange *x, const struct view *v)
{
    size_t n = v->n_headers < HEADERS_MAX ? v->n_headers : HEADERS_MAX;
    struct exchange_header *headers = arena_new_n(&x->arena, struct exchange_header, n);

    x->status = v->status;
    x->partial_status = v->partial_status;
    x->response_version = str_of(http_version_name(v->version));
    buf_reset(&c->masked);
    mask_text(c->config.secrets, v->reason, &c->masked);
    x->reason = own_masked(c, x, NAME_BYTES);
    for (size_t i = 0; i < n; i++)
        headers[i] = own_header(c, x, v->headers[i].name, v->headers[i].value);
    x->response_headers = headers;
    x->n_response_headers = n;
}

static span_ns or_none(span_ns span)
{
    return span ? span : -1;
}

static void keep_timings(struct exchange *x, const struct view *v)
{
    const struct http_timings *t = &v->timings;
    span_ns connect = t->connecting + t->tls_handshaking;
    /* One that never stood has no time of its own, but all there is was spent on it. */
    span_ns before = v->connected ? t->blocked : v->obtained - v->asked;

    if (!v->connected && !v->reused && !connect)
        connect = before - v->resolving;
    before -= v->resolving + connect;
    x->timings = (struct exchange_timings){.blocked = before > 0 ? before : 0,
                                           .dns = v->reused ? -1 : or_none(v->resolving),
                                           .connect = v->reused ? -1 : or_none(connect),
                                           .ssl = or_none(t->tls_handshaking),
                                           .send = t->sending,
                                           .wait = t->waiting,
                                           .receive = t->receiving};
    x->duration = t->duration;
}

static void keep_connection(struct exchange *x, const struct view *v)
{
    x->server_ip = own(x, str_of(v->remote_ip));
    x->server_port = v->remote_port;
    x->client_port = v->remote_port ? v->local_port : 0;
    x->reused = v->reused;
    x->tls = str_of(v->tls_version);
}

static struct exchange *exchange_of(struct capture *c, const struct view *v, wall_ns began)
{
    struct exchange *x = xnew(struct exchange);

    x->bytes = sizeof(*x);
    x->began = v->asked;
    x->began_wall = began;
    x->error_code = v->error_code;
    buf_reset(&c->masked);
    mask_text(c->config.secrets, v->error, &c->masked);
    x->error = own_masked(c, x, VALUE_BYTES);
    x->method = own(x, cut(v->method, NAME_BYTES));
    buf_reset(&c->masked);
    mask_url(c->config.secrets, v->url->href, &c->masked);
    x->url = own_masked(c, x, URL_BYTES);
    keep_timings(x, v);
    keep_connection(x, v);
    keep_request_head(c, x, v->head);
    keep_request_body(c, x, v);
    keep_answer_head(c, x, v);
    keep_answer_body(c, x, v);
    return x;
}

/* Whose it was. */
static void tell_place(struct capture *c, const struct client *client, const struct leg *leg,
                       struct str name, struct exchange *x)
{
    struct client_place place = {.iteration = -1};
    struct str group = STR("");

    if (client->place)
        client->place(client->place_arg, &place);
    if (leg->req->tags)
        tagset_get(leg->req->tags, STR("group"), &group);
    buf_reset(&c->masked);
    mask_url(c->config.secrets, name, &c->masked);
    x->name = own_masked(c, x, NAME_BYTES);
    x->scenario = own(x, cut(str_of(place.scenario), NAME_BYTES));
    x->group = own(x, cut(group, NAME_BYTES));
    x->vu = place.vu;
    x->iteration = place.iteration;
}

void capture_leg(struct client *client, struct leg *leg, struct exchange_slot *slot)
{
    struct client_loop *cl = client->cl;
    struct capture *c = cl->capture;
    struct view v;

    if (!exchange_book_take(c->book, slot, leg->r->timings.duration))
        return;
    wall_ns epoch = clock_wall() - loop_clock(cl->loop);

    view_leg(cl, leg, &v);
    struct exchange *x = exchange_of(c, &v, v.asked + epoch);

    x->code = slot->code;
    x->kind = slot->code ? EXCHANGE_FAILED : EXCHANGE_SLOW;
    tell_place(c, client, leg, slot->name, x);
    struct exchange *last = x;

    for (struct hop *h = leg->hops ? leg->hops->last : NULL; h; h = h->before) {
        last->before = exchange_of(c, &h->view, h->view.asked + epoch);
        x->bytes += last->before->bytes;
        last = last->before;
    }
    exchange_book_add(c->book, x);
}
