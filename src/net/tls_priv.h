#pragma once
/* What tls.c, tls_sessions.c and tls_conn.c share: the one place in the tree that names OpenSSL. */
#include <openssl/ssl.h>

#include "net/net_error.h"
#include "net/tls.h"

SSL_CTX *tls_config_ctx(struct tls_config *c);

/* Tells a client's SSL which name or address the certificate must be for, and picks an identity. */
void tls_expect_host(const struct tls_config *c, SSL *ssl, const char *host);

/* The words for a certificate that was refused. */
enum net_status tls_verify_failed(SSL *ssl, struct net_error *e);

/* "tls1.3" for TLS1_3_VERSION; "" for a number it does not know. */
const char *tls_version_word(int version);

/* Comma-separated names in wire form; returns its length, 0 when empty or too long. */
size_t tls_alpn_wire(struct str list, unsigned char *wire, size_t n_wire);

/* Called by OpenSSL with each new session (tls_conn.c). */
void tls_keep_session(SSL *ssl, SSL_SESSION *session);

/* Called by OpenSSL on servers to choose from the client's protocols (tls_conn.c). */
int tls_select_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_n,
                    const unsigned char *offer, unsigned n_offer, void *arg);

/* A session to resume, borrowed, or NULL. */
SSL_SESSION *tls_sessions_get(struct tls_sessions *s, const char *key);
void tls_sessions_put(struct tls_sessions *s, const char *key, SSL_SESSION *session);
