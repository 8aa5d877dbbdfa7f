#pragma once
/*
 * TLS settings and session caches. The only folder that knows OpenSSL is this one; a connection's
 * TLS is part of its stream.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct tls_config;
struct tls_sessions;

enum tls_version {
    TLS_VERSION_ANY, /* the library's own limit */
    TLS_VERSION_1_0,
    TLS_VERSION_1_1,
    TLS_VERSION_1_2,
    TLS_VERSION_1_3,
};

/* A certificate to show to servers, as PEM text. */
struct tls_identity {
    struct str cert; /* chain, own certificate first */
    struct str key;
    struct str password;       /* of a traditional encrypted key; n 0: none */
    const struct str *domains; /* "name" or "*.name"; n_domains 0: for any host */
    size_t n_domains;
};

/* Borrowed during tls_config_new only. Zeroed: verify against the system's authorities. */
struct tls_options {
    bool insecure;                /* accept any certificate (insecureSkipTLSVerify) */
    enum tls_version min_version; /* ANY: TLS 1.2, as Go's client */
    enum tls_version max_version;
    const struct str *ciphers; /* IANA names; n_ciphers 0: the library's */
    size_t n_ciphers;
    const struct tls_identity *identities;
    size_t n_identities;
    const char *ca_file;     /* PEM authorities instead of the system's; NULL: system */
    const char *keylog_path; /* NSS key log, appended to (SSLKEYLOGFILE); NULL: none */
};

/*
 * Returns 0 or a fault (unknown cipher, bad PEM, encrypted PKCS#8 key, unreadable file). The result
 * never changes and may be shared by all threads; counted.
 */
MUST_USE int tls_config_new(const struct tls_options *options, struct tls_config **ret_config);
struct tls_config *tls_config_ref(struct tls_config *c);
void tls_config_unref(struct tls_config *c); /* accepts NULL */

/* "tls1.2" and Go's spellings in k6 options; false when unknown. */
bool tls_version_parse(struct str word, enum tls_version *ret_version);

/* True for a cipher suite that k6's tlsCipherSuites may name and this library has. */
bool tls_cipher_known(struct str iana_name);

/* ---- servers (brunt target, tests) ---- */

/* A server's settings from PEM text. */
MUST_USE int tls_server_new(struct str cert_pem, struct str key_pem,
                            struct tls_config **ret_config);

/*
 * A server with a fresh key and a self-signed certificate (P-256, a year, made in memory) for
 * `names`, comma-separated host names and addresses. *ret_cert_pem, if not NULL, gets the heap text
 * of the certificate, for clients that want to trust it.
 */
MUST_USE int tls_server_self_signed(const char *names, struct tls_config **ret_config,
                                    char **ret_cert_pem);

/* ---- resumption ---- */

/*
 * Sessions of one client (a virtual user), by host and port: the next connection to the same place
 * resumes. Belongs to one loop. Holds at most 64 and forgets the oldest.
 */
struct tls_sessions *tls_sessions_new(void);
void tls_sessions_free(struct tls_sessions *s); /* accepts NULL; after its streams are closed */
