/*
 * TLS on a stream. OpenSSL reads and writes through a BIO of ours that goes straight to the
 * socket's receive and the stream's queue: no second buffer for records going out, one recv for a
 * record coming in (read-ahead), and what is sent leaves with the rest at the end of the turn.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/stream_priv.h"
#include "net/tls_priv.h"

struct tls_conn {
    SSL *ssl;
    ssize_t raw_result; /* what the socket said when OpenSSL reports a failed read */
    struct tls_sessions *sessions;
    char *session_key;      /* NULL: not kept */
    unsigned char alpn[64]; /* of a server: what it accepts, in wire form */
    size_t n_alpn;
};

/* ---- the BIO ---- */

static int bio_read(BIO *bio, char *buf, size_t n, size_t *ret_n)
{
    struct stream *s = BIO_get_data(bio);
    ssize_t got = stream_raw_recv(s, buf, n);

    BIO_clear_retry_flags(bio);
    if (s->tls)
        s->tls->raw_result = got;
    if (got > 0) {
        *ret_n = (size_t)got;
        return 1;
    }
    if (got == STREAM_AGAIN)
        BIO_set_retry_read(bio);
    return 0;
}

static int bio_write(BIO *bio, const char *buf, size_t n, size_t *ret_n)
{
    BIO_clear_retry_flags(bio);
    if (stream_raw_send(BIO_get_data(bio), buf, n) < 0)
        return 0;
    *ret_n = n;
    return 1;
}

static long bio_ctrl(BIO *bio, int cmd, long number UNUSED, void *arg UNUSED)
{
    const struct stream *s = BIO_get_data(bio);

    if (cmd == BIO_CTRL_EOF)
        return s && s->ended;
    return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

static void __attribute__((constructor)) bio_method_make(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read_ex(bio_method, bio_read);
    BIO_meth_set_write_ex(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

static void __attribute__((destructor)) bio_method_drop(void)
{
    BIO_meth_free(bio_method);
}

/* ---- beginning and end ---- */

static struct tls_conn *tls_conn_new(struct stream *s, SSL_CTX *ctx)
{
    struct tls_conn *c = xnew(struct tls_conn);
    BIO *bio = BIO_new(bio_method);

    c->ssl = SSL_new(ctx);
    assert(c->ssl && bio); /* only memory can be missing */
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(c->ssl, bio, bio);
    SSL_set_app_data(c->ssl, s);
    return c;
}

void tls_conn_free(struct tls_conn *c)
{
    if (!c)
        return;
    /* Otherwise freeing an unfinished connection makes its session unusable. */
    SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->ssl);
    free(c->session_key);
    free(c);
}

void tls_shutdown(struct stream *s)
{
    if (SSL_is_init_finished(s->tls->ssl))
        ignored(SSL_shutdown(s->tls->ssl));
    ERR_clear_error();
}

void tls_keep_session(SSL *ssl, SSL_SESSION *session)
{
    const struct stream *s = SSL_get_app_data(ssl);

    if (s && s->tls && s->tls->sessions)
        tls_sessions_put(s->tls->sessions, s->tls->session_key, session);
}

/* ---- failures ---- */

/* The words that Go's TLS has for alerts (RFC 8446, section 6.2), which k6 passes on. */
static const char *alert_words(int alert)
{
    static const char *const words[256] = {
        [0] = "close notify",
        [10] = "unexpected message",
        [20] = "bad record MAC",
        [21] = "decryption failed",
        [22] = "record overflow",
        [30] = "decompression failure",
        [40] = "handshake failure",
        [42] = "bad certificate",
        [43] = "unsupported certificate",
        [44] = "revoked certificate",
        [45] = "expired certificate",
        [46] = "unknown certificate",
        [47] = "illegal parameter",
        [48] = "unknown certificate authority",
        [49] = "access denied",
        [50] = "error decoding message",
        [51] = "error decrypting message",
        [60] = "export restriction",
        [70] = "protocol version not supported",
        [71] = "insufficient security level",
        [80] = "internal error",
        [86] = "inappropriate fallback",
        [90] = "user canceled",
        [100] = "no renegotiation",
        [109] = "missing extension",
        [110] = "unsupported extension",
        [111] = "certificate unobtainable",
        [112] = "unrecognized name",
        [113] = "bad certificate status response",
        [114] = "bad certificate hash value",
        [115] = "unknown PSK identity",
        [116] = "certificate required",
        [120] = "no application protocol",
    };

    return words[alert & 0xff];
}

static enum net_status alert_failed(struct net_error *e, int alert)
{
    const char *words = alert_words(alert);

    if (words)
        return net_error_setf(e, NET_TLS_ALERT, "remote error: tls: %s", words);
    return net_error_setf(e, NET_TLS_ALERT, "remote error: tls: alert(%d)", alert);
}

/* Reasons for which the peer turns out not to speak TLS. */
static bool is_not_tls(int reason)
{
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE ||
           reason == SSL_R_RECORD_LENGTH_MISMATCH || reason == SSL_R_UNEXPECTED_RECORD ||
           reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_ENCRYPTED_LENGTH_TOO_LONG;
}

static enum net_status library_failed(struct stream *s, struct net_error *e)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    char words[160];

    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return tls_verify_failed(s->tls->ssl, e);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
        return alert_failed(e, reason - SSL_AD_REASON_OFFSET);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && !SSL_is_init_finished(s->tls->ssl) &&
        is_not_tls(reason)) {
        return net_error_setf(e, NET_TLS_RECORD,
                              "tls: first record does not look like a TLS handshake");
    }
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_UNSUPPORTED_PROTOCOL)
        return net_error_setf(e, NET_OTHER, "tls: server selected unsupported protocol version");

    const char *reason_words = ERR_reason_error_string(code);

    snprintf(words, sizeof(words), "%s", reason_words ? reason_words : "failure");
    return net_error_setf(e, NET_OTHER, "tls: %s", words);
}

/* Puts in words why a call of OpenSSL gave up. */
static enum net_status tls_failed(struct stream *s, int ssl_error)
{
    struct net_error *e = stream_error_slot(s);
    enum net_status status;

    if (s->tls->raw_result < 0 && s->tls->raw_result != STREAM_AGAIN) {
        status = (enum net_status) - s->tls->raw_result; /* has its words already */
    } else if (s->write_status != NET_OK) {
        status = s->write_status;
    } else if (ssl_error == SSL_ERROR_SYSCALL || s->ended) {
        status = net_error_setf(e, NET_OTHER,
                                SSL_is_init_finished(s->tls->ssl) ? "unexpected EOF" : "EOF");
    } else {
        status = library_failed(s, e);
    }
    ERR_clear_error();
    return status;
}

/* ---- handshake ---- */

static enum net_status handshake(struct stream *s, mono_ns deadline)
{
    s->info.tls_start = loop_clock(s->loop);
    for (;;) {
        ERR_clear_error();

        int r = SSL_do_handshake(s->tls->ssl);

        if (r == 1)
            break;

        int why = SSL_get_error(s->tls->ssl, r);

        if (why != SSL_ERROR_WANT_READ)
            return tls_failed(s, why);
        r = stream_wait_readable(s, deadline);
        if (r < 0)
            return (enum net_status) - r;
    }
    s->info.tls_done = loop_clock(s->loop);
    return NET_OK;
}

static void note_info(struct stream *s)
{
    SSL *ssl = s->tls->ssl;
    const unsigned char *alpn;
    unsigned n;

    s->info.tls_version = tls_version_word(SSL_version(ssl));
    s->info.tls_cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
    s->info.ocsp_status = "unknown";
    s->info.tls_resumed = SSL_session_reused(ssl) == 1;
    SSL_get0_alpn_selected(ssl, &alpn, &n);
    if (n < sizeof(s->info.alpn)) {
        memcpy(s->info.alpn, alpn ? (const char *)alpn : "", n);
        s->info.alpn[n] = '\0';
    }
}

/* "h2,http/1.1" as the wire wants it: each name behind its length. */
static void offer_alpn(SSL *ssl, struct str list)
{
    unsigned char wire[64];
    size_t n = tls_alpn_wire(list, wire, sizeof(wire));

    if (n > 0)
        ignored(SSL_set_alpn_protos(ssl, wire, (unsigned)n));
}

static void prepare_client(struct stream *s, const struct tls_connect *c)
{
    struct tls_conn *tls = s->tls;
    char host[256] = "";
    struct net_addr a;

    if (c->host.n < sizeof(host))
        memcpy(host, c->host.p, c->host.n);
    /* RFC 6066, section 3: no literal addresses, no dot at the end. */
    if (!net_addr_parse(c->host, &a)) {
        if (c->host.n > 0 && c->host.n < sizeof(host) && host[c->host.n - 1] == '.')
            host[c->host.n - 1] = '\0';
        ignored(SSL_set_tlsext_host_name(tls->ssl, host));
    }
    tls_expect_host(c->config, tls->ssl, host);
    if (c->insecure)
        SSL_set_verify(tls->ssl, SSL_VERIFY_NONE, NULL);
    offer_alpn(tls->ssl, c->alpn);
    if (c->sessions) {
        tls->sessions = c->sessions;
        tls->session_key = xasprintf("%s:%u", host, c->port);

        SSL_SESSION *session = tls_sessions_get(c->sessions, tls->session_key);

        if (session)
            ignored(SSL_set_session(tls->ssl, session));
    }
    SSL_set_connect_state(tls->ssl);
}

enum net_status tls_connect(struct stream *s, const struct tls_connect *c)
{
    s->tls = tls_conn_new(s, tls_config_ctx(c->config));
    prepare_client(s, c);

    enum net_status status = handshake(s, c->deadline);

    if (status == NET_OK)
        note_info(s);
    return status;
}

int tls_select_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_n,
                    const unsigned char *offer, unsigned n_offer, void *arg UNUSED)
{
    const struct stream *s = SSL_get_app_data(ssl);
    unsigned char *name;

    if (s->tls->n_alpn == 0 ||
        SSL_select_next_proto(&name, ret_n, s->tls->alpn, (unsigned)s->tls->n_alpn, offer,
                              n_offer) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

enum net_status tls_accept(struct stream *s, struct tls_config *config, struct str alpn,
                           mono_ns deadline)
{
    s->tls = tls_conn_new(s, tls_config_ctx(config));
    s->tls->n_alpn = tls_alpn_wire(alpn, s->tls->alpn, sizeof(s->tls->alpn));
    SSL_set_accept_state(s->tls->ssl);

    enum net_status status = handshake(s, deadline);

    if (status == NET_OK)
        note_info(s);
    return status;
}

/* ---- bytes ---- */

ssize_t tls_recv(struct stream *s, void *buf, size_t n)
{
    size_t got;

    ERR_clear_error();
    s->tls->raw_result = 0;

    int r = SSL_read_ex(s->tls->ssl, buf, n, &got);

    if (likely(r == 1))
        return (ssize_t)got;

    int why = SSL_get_error(s->tls->ssl, r);

    if (why == SSL_ERROR_WANT_READ)
        return STREAM_AGAIN;
    if (why == SSL_ERROR_ZERO_RETURN) {
        s->ended = true;
        return 0;
    }
    return -(ssize_t)tls_failed(s, why);
}

int tls_send(struct stream *s, const void *data, size_t n)
{
    size_t done;

    if (s->write_status != NET_OK)
        return -(int)s->write_status;
    if (n == 0)
        return 0;
    ERR_clear_error();
    s->tls->raw_result = 0;

    int r = SSL_write_ex(s->tls->ssl, data, n, &done);

    /* The BIO takes everything, so a write is whole or has failed. */
    return likely(r == 1) ? 0 : -(int)tls_failed(s, SSL_get_error(s->tls->ssl, r));
}

bool tls_has_input(struct stream *s)
{
    char byte;
    size_t n;

    if (SSL_pending(s->tls->ssl) > 0)
        return true;
    if (!s->readable && !s->early && !SSL_has_pending(s->tls->ssl))
        return false;
    ERR_clear_error();

    int r = SSL_peek_ex(s->tls->ssl, &byte, 1, &n);

    return r == 1 || SSL_get_error(s->tls->ssl, r) != SSL_ERROR_WANT_READ;
}
