/*
 * Asking a proxy for a connection: CONNECT (RFC 9110, section 9.3.6) and SOCKS 5 (RFC 1928, 1929).
 * Both read byte by byte where the end of the answer is not known, so that nothing of what follows
 * is taken from the stream; a handshake is rare enough.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "net/dial_priv.h"
#include "net/proxy.h"
#include "net/resolver.h"
#include "net/stream_priv.h"

enum {
    HEAD_LIMIT = 16 << 10, /* bytes of a proxy's answer to CONNECT */
    SOCKS_LIMIT = 255,     /* bytes of a name, user or password */
};

static enum net_status proxy_failed(struct stream *s, const char *words)
{
    return net_error_setf(stream_error_slot(s), NET_DIAL, "%s", words);
}

/* Exactly n bytes; an end before that is a failure. */
static enum net_status recv_all(const struct dial_state *st, struct stream *s, void *buf, size_t n)
{
    char *p = buf;

    while (n > 0) {
        ssize_t got = stream_recv(s, p, n, st->deadline);

        if (got < 0)
            return (enum net_status) - got;
        if (got == 0)
            return net_error_setf(stream_error_slot(s), NET_OTHER, "EOF");
        p += got;
        n -= (size_t)got;
    }
    return NET_OK;
}

/* ---- CONNECT ---- */

static enum net_status send_connect(const struct dial_state *st, struct stream *s)
{
    scoped(buf_fini) struct buf head = BUF_INIT(HEAD_LIMIT);
    const struct dial_target *t = st->target;
    bool v6 = str_find(t->host, ':') < t->host.n;
    const char *open = v6 ? "[" : "";
    const char *close = v6 ? "]" : "";

    if (t->host.n > SOCKS_LIMIT)
        return proxy_failed(s, "host name too long for a proxy");
    buf_printf(&head, "CONNECT %s%.*s%s:%u HTTP/1.1\r\nHost: %s%.*s%s:%u\r\n", open,
               STR_ARG(t->host), close, t->port, open, STR_ARG(t->host), close, t->port);
    if (st->proxy->authorization.n > 0)
        buf_printf(&head, "Proxy-Authorization: %.*s\r\n", STR_ARG(st->proxy->authorization));
    buf_puts(&head, "\r\n");
    return (enum net_status) - stream_send(s, head.data, head.len);
}

static enum net_status recv_head(const struct dial_state *st, struct stream *s, struct buf *head)
{
    while (!str_ends(buf_str(head), STR("\r\n\r\n"))) {
        char c;
        enum net_status status = recv_all(st, s, &c, 1);

        if (status != NET_OK)
            return status;
        if (buf_add(head, &c, 1) != 0)
            return proxy_failed(s, "proxy's answer is too long");
    }
    return NET_OK;
}

/* Go gives the status line's reason phrase as the error ("Proxy Authentication Required"). */
static enum net_status check_head(struct stream *s, struct str head)
{
    struct str line = str_from(head.p, str_find(head, '\r'));
    struct str code = str_from_index(line, str_find(line, ' ') + 1);

    if (!str_starts(line, STR("HTTP/1.")) || code.n < 3)
        return proxy_failed(s, "malformed HTTP response from proxy");
    if (code.p[0] == '2')
        return NET_OK;

    struct str reason = str_trim(str_from_index(code, 3));

    return net_error_setf(stream_error_slot(s), NET_DIAL, "%.*s",
                          STR_ARG(reason.n > 0 ? reason : code));
}

enum net_status dial_http_connect(const struct dial_state *st, struct stream *s)
{
    scoped(buf_fini) struct buf head = BUF_INIT(HEAD_LIMIT);
    enum net_status status = send_connect(st, s);

    if (status == NET_OK)
        status = recv_head(st, s, &head);
    return status == NET_OK ? check_head(s, buf_str(&head)) : status;
}

/* ---- SOCKS 5 ---- */

enum {
    SOCKS_VERSION = 5,
    SOCKS_AUTH_NONE = 0,
    SOCKS_AUTH_PASSWORD = 2,
    SOCKS_AUTH_VERSION = 1,
    SOCKS_CONNECT = 1,
    SOCKS_ADDR_IPV4 = 1,
    SOCKS_ADDR_NAME = 3,
    SOCKS_ADDR_IPV6 = 4,
};

static const char *socks_words(unsigned code)
{
    static const char *const words[] = {
        "succeeded",
        "general SOCKS server failure",
        "connection not allowed by ruleset",
        "network unreachable",
        "host unreachable",
        "connection refused",
        "TTL expired",
        "command not supported",
        "address type not supported",
    };

    return code < countof(words) ? words[code] : "unknown code";
}

static enum net_status socks_send(struct stream *s, const struct buf *b)
{
    return (enum net_status) - stream_send(s, b->data, b->len);
}

/* RFC 1929. */
static enum net_status socks_password(const struct dial_state *st, struct stream *s)
{
    scoped(buf_fini) struct buf b = BUF_INIT(1024);
    struct str user = st->proxy->user;
    struct str password = st->proxy->password;
    uint8_t answer[2] = {0};
    enum net_status status;

    if (user.n > SOCKS_LIMIT || password.n > SOCKS_LIMIT)
        return proxy_failed(s, "socks: credentials are too long");
    buf_putc(&b, SOCKS_AUTH_VERSION);
    buf_putc(&b, (char)user.n);
    buf_putstr(&b, user);
    buf_putc(&b, (char)password.n);
    buf_putstr(&b, password);
    status = socks_send(s, &b);
    if (status == NET_OK)
        status = recv_all(st, s, answer, sizeof(answer));
    if (status == NET_OK && answer[1] != 0)
        return proxy_failed(s, "socks: authentication failed");
    return status;
}

static enum net_status socks_greet(const struct dial_state *st, struct stream *s)
{
    bool has_user = st->proxy->user.n > 0;
    uint8_t hello[] = {SOCKS_VERSION, has_user ? 2 : 1, SOCKS_AUTH_NONE, SOCKS_AUTH_PASSWORD};
    uint8_t answer[2];
    int sent = stream_send(s, hello, has_user ? 4 : 3);
    enum net_status status =
        sent < 0 ? (enum net_status) - sent : recv_all(st, s, answer, sizeof(answer));

    if (status != NET_OK)
        return status;
    if (answer[0] != SOCKS_VERSION)
        return proxy_failed(s, "socks: unexpected protocol version");
    if (answer[1] == SOCKS_AUTH_PASSWORD && has_user)
        return socks_password(st, s);
    if (answer[1] != SOCKS_AUTH_NONE)
        return proxy_failed(s, "socks: no acceptable authentication methods");
    return NET_OK;
}

static enum net_status socks_request(const struct dial_state *st, struct stream *s)
{
    scoped(buf_fini) struct buf b = BUF_INIT(1024);
    struct str host = st->target->host;
    struct net_addr a;

    if (host.n == 0 || host.n > SOCKS_LIMIT)
        return proxy_failed(s, "socks: host name too long");
    buf_putc(&b, SOCKS_VERSION);
    buf_putc(&b, SOCKS_CONNECT);
    buf_putc(&b, 0);
    if (net_addr_parse(host, &a)) {
        buf_putc(&b, a.family == AF_INET ? SOCKS_ADDR_IPV4 : SOCKS_ADDR_IPV6);
        buf_put(&b, a.ip, a.family == AF_INET ? 4 : 16);
    } else {
        buf_putc(&b, SOCKS_ADDR_NAME);
        buf_putc(&b, (char)host.n);
        buf_putstr(&b, host);
    }
    buf_putc(&b, (char)(st->target->port >> 8));
    buf_putc(&b, (char)(st->target->port & 0xff));
    return socks_send(s, &b);
}

/* The answer ends in the address that the proxy connected from, which nobody needs. */
static enum net_status socks_answer(const struct dial_state *st, struct stream *s)
{
    uint8_t head[5]; /* version, code, reserved, type, first byte of the address */
    uint8_t rest[SOCKS_LIMIT + 2];
    size_t n_rest;
    enum net_status status = recv_all(st, s, head, sizeof(head));

    if (status != NET_OK)
        return status;
    if (head[0] != SOCKS_VERSION)
        return proxy_failed(s, "socks: unexpected protocol version");
    if (head[1] != 0) {
        return net_error_setf(stream_error_slot(s), NET_DIAL, "socks connect: %s",
                              socks_words(head[1]));
    }
    switch (head[3]) {
    case SOCKS_ADDR_IPV4:
        n_rest = 3 + 2;
        break;
    case SOCKS_ADDR_IPV6:
        n_rest = 15 + 2;
        break;
    case SOCKS_ADDR_NAME:
        n_rest = (size_t)head[4] + 2;
        break;
    default:
        return proxy_failed(s, "socks: unknown address type");
    }
    return recv_all(st, s, rest, n_rest);
}

enum net_status dial_socks5(const struct dial_state *st, struct stream *s)
{
    enum net_status status = socks_greet(st, s);

    if (status == NET_OK)
        status = socks_request(st, s);
    return status == NET_OK ? socks_answer(st, s) : status;
}
