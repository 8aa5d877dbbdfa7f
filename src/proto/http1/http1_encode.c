/*
 * Heads of messages, written. An encoder remembers the head of its latest request up to the parts
 * that change from one to the next, and what it was made from; as long as that stays the same a
 * request costs one comparison and one memcpy. The order on the wire is Go's: Host, User-Agent,
 * the user's headers, then what depends on the body.
 */
#include "proto/http1/http1_encode.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "proto/http1/http1_priv.h"
#include "proto/url.h"

/* Leaves the calling function with BUF_E_LIMIT; for chains of appends. */
#define ADD(expr)             \
    do {                      \
        int add_r_ = (expr);  \
        if (unlikely(add_r_)) \
            return add_r_;    \
    } while (0)

static int add_str(struct buf *out, struct str s)
{
    return buf_add(out, s.p, s.n);
}

void http1_canonicalize(char *name, size_t n)
{
    bool start = true;

    for (size_t i = 0; i < n; i++) {
        if (!http1_is(name[i], HTTP1_CHAR_TOKEN))
            return;
    }
    for (size_t i = 0; i < n; i++) {
        char c = name[i];

        if (start && c >= 'a' && c <= 'z') {
            name[i] = (char)(c - 32);
        } else if (!start) {
            name[i] = ascii_lower(c);
        }
        start = c == '-';
    }
}

int http1_put_canonical(struct buf *out, struct str name)
{
    size_t at = out->len;

    ADD(add_str(out, name));
    http1_canonicalize(out->data + at, name.n);
    return 0;
}

/* One header line; nothing when the value is empty. */
static int add_header(struct buf *out, struct str name, struct str value)
{
    if (!value.n)
        return 0;
    ADD(add_str(out, name));
    ADD(buf_add(out, ": ", 2));
    ADD(add_str(out, value));
    return buf_add(out, "\r\n", 2);
}

static struct str target_of(const struct http1_request_spec *spec)
{
    switch (spec->target) {
    case HTTP1_TARGET_ABSOLUTE:
        return spec->url->absolute;
    case HTTP1_TARGET_AUTHORITY:
        return spec->url->host_port;
    case HTTP1_TARGET_ASTERISK:
        return STR("*");
    default:
        return spec->url->target;
    }
}

static struct str method_of(const struct http1_request_spec *spec)
{
    return spec->method.n ? spec->method : STR("GET");
}

static int check_spec(const struct http1_request_spec *spec)
{
    struct str method = method_of(spec);

    if (!http1_is_token(method))
        return fault(-EINVAL, "net/http: invalid method \"%.*s\"", STR_ARG(method));
    for (size_t i = 0; i < spec->n_headers; i++) {
        const struct http_header *h = &spec->headers[i];

        if (!http1_is_token(h->name))
            return fault(-EINVAL, "net/http: invalid header field name \"%.*s\"", STR_ARG(h->name));
        if (!http1_is_value(h->value)) {
            return fault(-EINVAL, "net/http: invalid header field value for \"%.*s\"",
                         STR_ARG(h->name));
        }
    }
    if (!http1_is_value(spec->user_agent))
        return fault(-EINVAL, "net/http: invalid header field value for \"User-Agent\"");
    return 0;
}

/* Names that the encoder writes itself, or that must not come from a user. */
static bool is_left_out(struct str name)
{
    static const struct str names[] = {STR("Host"),           STR("User-Agent"),
                                       STR("Content-Length"), STR("Transfer-Encoding"),
                                       STR("Trailer"),        STR("Cookie")};

    for (size_t i = 0; i < countof(names); i++) {
        if (str_eq_nocase(name, names[i]))
            return true;
    }
    return false;
}

static struct str user_header(const struct http1_request_spec *spec, struct str name)
{
    return http_header_get(spec->headers, spec->n_headers, name);
}

static int add_user_headers(struct buf *out, const struct http1_request_spec *spec)
{
    for (size_t i = 0; i < spec->n_headers; i++) {
        const struct http_header *h = &spec->headers[i];

        if (is_left_out(h->name))
            continue;
        ADD(http1_put_canonical(out, h->name));
        ADD(buf_add(out, ": ", 2));
        ADD(add_str(out, str_trim(h->value)));
        ADD(buf_add(out, "\r\n", 2));
    }
    return 0;
}

static int add_prefix(struct buf *out, const struct http1_request_spec *spec)
{
    struct str host = user_header(spec, STR("Host"));
    struct str agent = user_header(spec, STR("User-Agent"));

    ADD(add_str(out, method_of(spec)));
    ADD(buf_add(out, " ", 1));
    ADD(add_str(out, target_of(spec)));
    ADD(buf_add(out, " HTTP/1.1\r\n", 11));
    ADD(add_header(out, STR("Host"), host.n ? host : spec->url->authority));
    /* An empty User-Agent of the user's suppresses the default one, as in Go. */
    ADD(add_header(out, STR("User-Agent"), agent.p ? agent : spec->user_agent));
    return add_user_headers(out, spec);
}

static inline uint64_t word_at(const char *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof(w));
    return w;
}

static inline uint64_t half_at(const char *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof(w));
    return w;
}

/* memcmp() for the few bytes that names and values have, without the call; the last word overlaps.
 */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
    uint64_t differs = 0;

    if (n >= 8) {
        for (size_t i = 0; i < n - 8; i += 8)
            differs |= word_at(a + i) ^ word_at(b + i);
        return !(differs | (word_at(a + n - 8) ^ word_at(b + n - 8)));
    }
    if (n >= 4)
        return !((half_at(a) ^ half_at(b)) | (half_at(a + n - 4) ^ half_at(b + n - 4)));
    for (size_t i = 0; i < n; i++)
        differs |= (uint64_t)(unsigned char)(a[i] ^ b[i]);
    return !differs;
}

/*
 * What the prefix depends on, as bytes: lengths first, so that no two inputs look alike. The URL
 * is compared by address, which is sound while the encoder holds a reference to it; of the rest
 * every byte is, because a script's storage is used again for other words.
 */
static bool key_matches(const struct buf *key, const struct http1_request_spec *spec)
{
    const char *at = key->data;
    size_t sizes[4];

    if (key->len < sizeof(sizes))
        return false;
    memcpy(sizes, at, sizeof(sizes));
    if (sizes[0] != spec->method.n || sizes[1] != spec->user_agent.n ||
        sizes[2] != spec->n_headers || sizes[3] != spec->target)
        return false;
    at += sizeof(sizes);
    if (!same_bytes(at, spec->method.p, sizes[0]))
        return false;
    at += sizes[0];
    if (!same_bytes(at, spec->user_agent.p, sizes[1]))
        return false;
    at += sizes[1];
    for (const struct http_header *h = spec->headers; h != spec->headers + sizes[2]; h++) {
        size_t n[2];

        memcpy(n, at, sizeof(n));
        at += sizeof(n);
        if (n[0] != h->name.n || n[1] != h->value.n || !same_bytes(at, h->name.p, n[0]) ||
            !same_bytes(at + n[0], h->value.p, n[1]))
            return false;
        at += n[0] + n[1];
    }
    return true;
}

static int key_make(struct buf *key, const struct http1_request_spec *spec)
{
    size_t sizes[4] = {spec->method.n, spec->user_agent.n, spec->n_headers, spec->target};

    buf_reset(key);
    ADD(buf_add(key, sizes, sizeof(sizes)));
    ADD(add_str(key, spec->method));
    ADD(add_str(key, spec->user_agent));
    for (size_t i = 0; i < spec->n_headers; i++) {
        size_t n[2] = {spec->headers[i].name.n, spec->headers[i].value.n};

        ADD(buf_add(key, n, sizeof(n)));
        ADD(add_str(key, spec->headers[i].name));
        ADD(add_str(key, spec->headers[i].value));
    }
    return 0;
}

static void encoder_forget(struct http1_encoder *e)
{
    url_unref(e->url);
    e->url = NULL;
    buf_reset(&e->prefix);
    buf_reset(&e->key);
}

void http1_encoder_fini(struct http1_encoder *e)
{
    encoder_forget(e);
    buf_fini(&e->prefix);
    buf_fini(&e->key);
}

static bool method_wants_length(struct str method)
{
    return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) ||
           str_eq(method, STR("PATCH"));
}

static int encoder_fill(struct http1_encoder *e, const struct http1_request_spec *spec)
{
    ADD(add_prefix(&e->prefix, spec));
    /* The end of a request that has nothing else waits behind the prefix; see add_bare(). */
    ADD(buf_add(&e->prefix, "\r\n", 2));
    e->prefix.len -= 2;
    ADD(key_make(&e->key, spec));
    e->has_referer = user_header(spec, STR("Referer")).p;
    e->has_authorization = user_header(spec, STR("Authorization")).p;
    e->has_proxy_authorization = user_header(spec, STR("Proxy-Authorization")).p;
    e->wants_length = method_wants_length(method_of(spec));
    return 0;
}

static int encoder_renew(struct http1_encoder *e, const struct http1_request_spec *spec)
{
    TRY(check_spec(spec));
    encoder_forget(e);
    int r = encoder_fill(e, spec);

    if (r) {
        encoder_forget(e);
        return r;
    }
    e->url = url_ref(spec->url);
    e->stamp += e->stamp == UINT32_MAX ? 2 : 1;
    return 0;
}

static int add_length(struct buf *out, int64_t n_body, bool wants_length)
{
    if (n_body == HTTP1_CHUNKED)
        return buf_add(out, "Transfer-Encoding: chunked\r\n", 28);
    if (n_body == HTTP1_NO_BODY && !wants_length)
        return 0;
    ADD(buf_reserve(out, 48));
    buf_put(out, "Content-Length: ", 16);
    buf_put_u64(out, n_body > 0 ? (uint64_t)n_body : 0);
    return buf_add(out, "\r\n", 2);
}

static int add_rest(const struct http1_encoder *e, const struct http1_request_spec *spec,
                    struct buf *out)
{
    if (!e->has_authorization)
        ADD(add_header(out, STR("Authorization"), spec->authorization));
    if (!e->has_proxy_authorization)
        ADD(add_header(out, STR("Proxy-Authorization"), spec->proxy_authorization));
    if (!e->has_referer)
        ADD(add_header(out, STR("Referer"), spec->referer));
    ADD(add_header(out, STR("Cookie"), spec->cookie));
    ADD(add_length(out, spec->n_body, e->wants_length));
    return buf_add(out, "\r\n", 2);
}

/* The parts that change, which the script may have had a hand in as well. */
static int check_rest(const struct http1_request_spec *spec)
{
    const struct {
        const char *name;
        struct str value;
    } parts[] = {
        {"Authorization", spec->authorization},
        {"Proxy-Authorization", spec->proxy_authorization},
        {"Referer", spec->referer},
        {"Cookie", spec->cookie},
    };

    for (size_t i = 0; i < countof(parts); i++) {
        if (parts[i].value.n && !http1_is_value(parts[i].value))
            return fault(-EINVAL, "net/http: invalid header field value for \"%s\"", parts[i].name);
    }
    return 0;
}

/* Whether the head is the prefix and no more. */
static bool is_bare(const struct http1_encoder *e, const struct http1_request_spec *spec)
{
    size_t n_rest =
        spec->authorization.n | spec->proxy_authorization.n | spec->referer.n | spec->cookie.n;

    return !n_rest && spec->n_body == HTTP1_NO_BODY && !e->wants_length;
}

/* The prefix and the empty line, which stands behind it. */
static int add_bare(const struct http1_encoder *e, struct buf *out)
{
    size_t n = e->prefix.len + 2;

    ADD(buf_reserve(out, n));
    memcpy(out->data + out->len, e->prefix.data, n);
    out->len += n;
    return 0;
}

int http1_encode_request(struct http1_encoder *e, const struct http1_request_spec *spec,
                         struct buf *out)
{
    size_t start = out->len;
    bool repeats = e->url == spec->url && key_matches(&e->key, spec);

    if (likely(repeats && is_bare(e, spec)))
        return add_bare(e, out);
    int r = check_rest(spec);

    if (!r && !repeats)
        r = encoder_renew(e, spec);
    if (!r)
        r = buf_add(out, e->prefix.data, e->prefix.len);
    if (!r)
        r = add_rest(e, spec, out);
    if (unlikely(r))
        out->len = start;
    return r;
}

uint32_t http1_encode_stamp(const struct http1_encoder *e, const struct http1_request_spec *spec)
{
    return is_bare(e, spec) ? e->stamp : 0;
}

struct str http1_encode_again(const struct http1_encoder *e, uint32_t stamp)
{
    return stamp && e->stamp == stamp ? str_from(e->prefix.data, e->prefix.len + 2)
                                      : (struct str){0};
}

int http1_put_chunk(struct buf *out, struct str data)
{
    char size[24];
    int n_size;

    if (!data.n)
        return 0;
    n_size = snprintf(size, sizeof(size), "%zx\r\n", data.n);
    ADD(buf_reserve(out, (size_t)n_size + data.n + 2));
    buf_put(out, size, (size_t)n_size);
    buf_putstr(out, data);
    return buf_add(out, "\r\n", 2);
}

int http1_put_last_chunk(struct buf *out)
{
    return buf_add(out, "0\r\n\r\n", 5);
}

/* Connection, where the version's default is not what is meant. */
static struct str connection_of(const struct http1_response_spec *spec)
{
    if (!spec->keep_alive)
        return STR("close");
    return spec->version == HTTP_1_0 ? STR("keep-alive") : (struct str){0};
}

int http1_encode_response(const struct http1_response_spec *spec, struct buf *out)
{
    struct str reason = spec->reason.n ? spec->reason : str_of(http_reason(spec->status));

    assert(spec->status >= 100 && spec->status <= 999 && http1_is_value(reason));
    ADD(buf_add(out, "HTTP/1.1 ", 9));
    ADD(buf_reserve(out, 4));
    buf_put_u64(out, (uint64_t)spec->status);
    buf_putc(out, ' ');
    ADD(add_str(out, reason));
    ADD(buf_add(out, "\r\n", 2));
    for (size_t i = 0; i < spec->n_headers; i++) {
        assert(http1_is_token(spec->headers[i].name) && http1_is_value(spec->headers[i].value));
        ADD(add_header(out, spec->headers[i].name, spec->headers[i].value));
    }
    if (spec->status >= 200 || spec->status == 101) {
        ADD(add_header(out, STR("Connection"),
                       spec->status == 101 ? (struct str){0} : connection_of(spec)));
    }
    ADD(add_length(out, spec->n_body, false));
    return buf_add(out, "\r\n", 2);
}
