/*
 * TLS settings as an SSL_CTX each, made once and shared by all loops. Certificates are verified in
 * the order that Go does it (validity, name, authority), so that a certificate with several faults
 * gets the same error code as in k6.
 */
#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/net_addr.h"
#include "net/tls_priv.h"

struct identity {
    X509 *cert;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    char **domains;
    size_t n_domains;
};

struct tls_config {
    SSL_CTX *ctx;
    struct identity *identities;
    size_t n_identities;
    bool insecure;
    bool wants_system; /* verify against the system's authorities */
    atomic_bool ready; /* `ctx` is complete */
    enum tls_version min_version, max_version;
    int keylog_fd; /* -1: none */
    atomic_uint n_refs;
};

static const struct {
    enum tls_version version;
    int number; /* OpenSSL's */
    const char *word;
} versions[] = {
    {TLS_VERSION_ANY, 0, ""},
    {TLS_VERSION_1_0, TLS1_VERSION, "tls1.0"},
    {TLS_VERSION_1_1, TLS1_1_VERSION, "tls1.1"},
    {TLS_VERSION_1_2, TLS1_2_VERSION, "tls1.2"},
    {TLS_VERSION_1_3, TLS1_3_VERSION, "tls1.3"},
};

const char *tls_version_word(int version)
{
    for (size_t i = 0; i < countof(versions); i++) {
        if (versions[i].number == version)
            return versions[i].word;
    }
    return "";
}

bool tls_version_parse(struct str word, enum tls_version *ret_version)
{
    for (size_t i = 0; i < countof(versions); i++) {
        if (str_is(word, versions[i].word)) {
            *ret_version = versions[i].version;
            return true;
        }
    }
    return false;
}

size_t tls_alpn_wire(struct str list, unsigned char *wire, size_t n_wire)
{
    struct str name;
    size_t n = 0;

    while (list.n > 0 && str_split(&list, ',', &name)) {
        if (name.n == 0 || name.n > 255 || n + 1 + name.n > n_wire)
            return 0;
        wire[n] = (unsigned char)name.n;
        memcpy(wire + n + 1, name.p, name.n);
        n += 1 + name.n;
    }
    return n;
}

/* ---- beginning and end ---- */

static void identity_fini(struct identity *i)
{
    X509_free(i->cert);
    sk_X509_pop_free(i->chain, X509_free);
    EVP_PKEY_free(i->key);
    for (size_t d = 0; d < i->n_domains; d++)
        free(i->domains[d]);
    free(i->domains);
}

struct tls_config *tls_config_ref(struct tls_config *c)
{
    atomic_fetch_add(&c->n_refs, 1);
    return c;
}

void tls_config_unref(struct tls_config *c)
{
    if (!c || atomic_fetch_sub(&c->n_refs, 1) != 1)
        return;
    SSL_CTX_free(c->ctx);
    for (size_t i = 0; i < c->n_identities; i++)
        identity_fini(&c->identities[i]);
    free(c->identities);
    if (c->keylog_fd >= 0)
        close(c->keylog_fd);
    free(c);
}

static void tls_config_unrefp(struct tls_config **c)
{
    tls_config_unref(*c);
}

/* OpenSSL's words for what just failed, for faults. */
static const char *library_words(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return words ? words : "unknown reason";
}

static int session_made(SSL *ssl, SSL_SESSION *session)
{
    tls_keep_session(ssl, session);
    return 0; /* no reference kept beyond the one taken there */
}

static struct tls_config *tls_config_alloc(void)
{
    struct tls_config *c = xnew(struct tls_config);

    c->keylog_fd = -1;
    atomic_init(&c->n_refs, 1);
    return c;
}

static void make_ctx(struct tls_config *c, const SSL_METHOD *method)
{
    c->ctx = SSL_CTX_new(method);
    assert(c->ctx); /* only memory or a broken installation of OpenSSL */
    /* A record read needs one recv; an idle connection keeps no 16 KiB buffers. */
    SSL_CTX_set_read_ahead(c->ctx, 1);
    SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(c->ctx, SSL_OP_NO_RENEGOTIATION);
}

/* ---- versions and ciphers ---- */

static void set_versions(struct tls_config *c, enum tls_version min, enum tls_version max)
{
    if (min == TLS_VERSION_ANY)
        min = max != TLS_VERSION_ANY && max < TLS_VERSION_1_2 ? max : TLS_VERSION_1_2;
    /* The library refuses SHA-1 signatures, and with them the old versions, above level 0. */
    SSL_CTX_set_security_level(c->ctx, min < TLS_VERSION_1_2 ? 0 : 1);
    SSL_CTX_set_min_proto_version(c->ctx, versions[min].number);
    SSL_CTX_set_max_proto_version(c->ctx, versions[max].number);
}

static bool is_tls13_suite(struct str name)
{
    return str_starts(name, STR("TLS_AES_")) || str_starts(name, STR("TLS_CHACHA20_"));
}

/* Suites that k6 knows and OpenSSL has given up: named in a list, they are passed over. */
static bool is_retired_suite(struct str name)
{
    return str_starts(name, STR("TLS_")) &&
           (str_ends(name, STR("_RC4_128_SHA")) || str_ends(name, STR("_3DES_EDE_CBC_SHA")));
}

/* The library's own name for an IANA name, or NULL. */
static const char *own_name(struct str iana)
{
    char name[80];
    const char *own;

    if (iana.n >= sizeof(name))
        return NULL;
    memcpy(name, iana.p, iana.n);
    name[iana.n] = '\0';
    /* Go's names for these two lack the hash that IANA's have. */
    if (str_starts(iana, STR("TLS_ECDHE_")) && str_ends(iana, STR("_CHACHA20_POLY1305")))
        memcpy(name + iana.n, "_SHA256", sizeof("_SHA256"));
    own = OPENSSL_cipher_name(name);
    return own && strcmp(own, "(NONE)") != 0 ? own : NULL;
}

bool tls_cipher_known(struct str iana_name)
{
    return is_retired_suite(iana_name) || own_name(iana_name) != NULL;
}

static int set_ciphers(struct tls_config *c, const struct str *names, size_t n)
{
    scoped(buf_fini) struct buf old = BUF_INIT(16384);
    scoped(buf_fini) struct buf new = BUF_INIT(16384);

    for (size_t i = 0; i < n; i++) {
        const char *own = own_name(names[i]);
        struct buf *list = is_tls13_suite(names[i]) ? &new : &old;

        if (!own && is_retired_suite(names[i]))
            continue;
        if (!own || old.len + new.len > 8192)
            return fault(-EINVAL, "unknown cipher suite '%.*s'", STR_ARG(names[i]));
        if (list->len > 0)
            buf_putc(list, ':');
        buf_puts(list, own);
    }
    if (n > 0 && old.len + new.len == 0)
        return fault(-EINVAL, "none of the cipher suites is available");
    if (old.len > 0 && !SSL_CTX_set_cipher_list(c->ctx, buf_cstr(&old)))
        return fault(-EINVAL, "no usable cipher suite: %s", library_words());
    if (new.len > 0 && !SSL_CTX_set_ciphersuites(c->ctx, buf_cstr(&new)))
        return fault(-EINVAL, "no usable TLS 1.3 cipher suite: %s", library_words());
    return 0;
}

/* ---- certificates and keys ---- */

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

static BIO *bio_of(struct str text)
{
    BIO *bio = BIO_new_mem_buf(text.p ? text.p : "", (int)text.n);

    assert(bio);
    return bio;
}

static int password_given(char *buf, int n, int writing UNUSED, void *arg)
{
    const struct str *password = arg;

    if (password->n > (size_t)n)
        return -1;
    memcpy(buf, password->p, password->n);
    return (int)password->n;
}

static int read_certs(struct identity *id, struct str pem)
{
    scoped(bio_freep) BIO *bio = bio_of(pem);
    X509 *more;

    id->cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (!id->cert)
        return fault(-EINVAL, "bad certificate: %s", library_words());
    id->chain = sk_X509_new_null();
    while ((more = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        sk_X509_push(id->chain, more);
    ERR_clear_error(); /* the end of the text is reported as an error */
    return 0;
}

static int read_key(struct identity *id, struct str pem, struct str password)
{
    scoped(bio_freep) BIO *bio = bio_of(pem);

    if (str_find_str(pem, STR("BEGIN ENCRYPTED PRIVATE KEY")) < pem.n)
        return fault(-EINVAL, "encrypted PKCS#8 keys are not supported");
    id->key = PEM_read_bio_PrivateKey(bio, NULL, password_given, &password);
    if (!id->key)
        return fault(-EINVAL, "bad private key: %s", library_words());
    if (!X509_check_private_key(id->cert, id->key)) {
        return fault(-EINVAL, "private key does not belong to the certificate: %s",
                     library_words());
    }
    return 0;
}

static int add_identity(struct tls_config *c, const struct tls_identity *from)
{
    struct identity *id = &c->identities[c->n_identities++];

    id->domains = xnew_n(char *, from->n_domains + 1);
    for (; id->n_domains < from->n_domains; id->n_domains++) {
        struct str d = from->domains[id->n_domains];

        id->domains[id->n_domains] = xstrndup(d.p, d.n);
    }
    TRY(read_certs(id, from->cert));
    TRY(read_key(id, from->key, from->password));
    return 0;
}

static bool identity_is_for(const struct identity *id, struct str host)
{
    for (size_t i = 0; i < id->n_domains; i++) {
        struct str d = str_of(id->domains[i]);
        struct str suffix = str_from_index(d, 1);

        if (str_eq_nocase(d, host))
            return true;
        if (str_starts(d, STR("*.")) && host.n > suffix.n &&
            str_eq_nocase(str_from_index(host, host.n - suffix.n), suffix))
            return true;
    }
    return id->n_domains == 0;
}

/* ---- verification ---- */

/* X509_V_OK, or what is wrong with the certificate itself, in Go's order. */
static int check_leaf(X509 *leaf, SSL *ssl)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    const char *host = X509_VERIFY_PARAM_get0_host(param, 0);
    char *ip = X509_VERIFY_PARAM_get1_ip_asc(param);
    int r = X509_V_OK;

    if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0) {
        r = X509_V_ERR_CERT_NOT_YET_VALID;
    } else if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0) {
        r = X509_V_ERR_CERT_HAS_EXPIRED;
    } else if (ip && X509_check_ip_asc(leaf, ip, 0) != 1) {
        r = X509_V_ERR_IP_ADDRESS_MISMATCH;
    } else if (host &&
               X509_check_host(leaf, host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1) {
        r = X509_V_ERR_HOSTNAME_MISMATCH;
    }
    OPENSSL_free(ip);
    ERR_clear_error(); /* asking for an address that is not set counts as an error */
    return r;
}

static int verify(X509_STORE_CTX *ctx, void *arg UNUSED)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    int wrong = check_leaf(X509_STORE_CTX_get0_cert(ctx), ssl);

    if (wrong != X509_V_OK) {
        X509_STORE_CTX_set_error(ctx, wrong);
        return 0;
    }
    return X509_verify_cert(ctx);
}

void tls_expect_host(const struct tls_config *c, SSL *ssl, const char *host)
{
    struct net_addr a;

    for (size_t i = 0; i < c->n_identities; i++) {
        const struct identity *id = &c->identities[i];

        if (identity_is_for(id, str_of(host))) {
            ignored(SSL_use_cert_and_key(ssl, id->cert, id->key, id->chain, 1));
            break;
        }
    }
    if (c->insecure)
        return;
    if (net_addr_parse(str_of(host), &a)) {
        char text[NET_ADDR_TEXT_BYTES];

        ignored(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), net_addr_format(&a, text)));
    } else {
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        ignored(SSL_set1_host(ssl, host));
    }
}

static const char *rfc3339(const struct tm *t, char text[32])
{
    if (strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", t) == 0)
        text[0] = '\0';
    return text;
}

static enum net_status validity_failed(SSL *ssl, struct net_error *e, bool expired)
{
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    time_t now = time(NULL);
    struct tm now_tm = {0}, limit_tm = {0};
    char now_text[32], limit_text[32];

    gmtime_r(&now, &now_tm);
    if (leaf) {
        ignored(ASN1_TIME_to_tm(expired ? X509_get0_notAfter(leaf) : X509_get0_notBefore(leaf),
                                &limit_tm));
    }
    return net_error_setf(e, NET_OTHER,
                          "x509: certificate has expired or is "
                          "not yet valid: current time %s is %s %s",
                          rfc3339(&now_tm, now_text), expired ? "after" : "before",
                          rfc3339(&limit_tm, limit_text));
}

enum net_status tls_verify_failed(SSL *ssl, struct net_error *e)
{
    long result = SSL_get_verify_result(ssl);

    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return net_error_set(e, NET_WRONG_HOST);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return validity_failed(ssl, e, true);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return validity_failed(ssl, e, false);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_INVALID_CA:
        return net_error_set(e, NET_UNKNOWN_AUTHORITY);
    default:
        return net_error_setf(e, NET_OTHER, "x509: %s", X509_verify_cert_error_string(result));
    }
}

/* Where systems other than OpenSSL's own configuration keep their authorities. */
static void add_system_bundles(SSL_CTX *ctx)
{
    static const char *const bundles[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    };

    /* A folder of hashed names is searched on demand; reading a whole bundle takes 20 ms. */
    if (access(X509_get_default_cert_dir(), R_OK) == 0 ||
        access(X509_get_default_cert_file(), R_OK) == 0)
        return;
    for (size_t i = 0; i < countof(bundles); i++) {
        if (SSL_CTX_load_verify_file(ctx, bundles[i]))
            break;
    }
    ERR_clear_error();
}

static int set_verification(struct tls_config *c, const struct tls_options *o)
{
    c->insecure = o->insecure;
    if (o->insecure) {
        SSL_CTX_set_verify(c->ctx, SSL_VERIFY_NONE, NULL);
        return 0;
    }
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(c->ctx, verify, NULL);
    if (o->ca_file) {
        if (!SSL_CTX_load_verify_file(c->ctx, o->ca_file)) {
            return fault(-EINVAL, "cannot read authorities from '%s': %s", o->ca_file,
                         library_words());
        }
        return 0;
    }
    c->wants_system = true;
    return 0;
}

/* ---- key log ---- */

static int config_index = -1;

static void __attribute__((constructor)) config_index_make(void)
{
    config_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* One write per line: appending is atomic, whichever loop does it. */
static void keylog_line(const SSL *ssl, const char *line)
{
    const struct tls_config *c = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), config_index);
    char copy[512];
    size_t n = strlen(line);

    if (n + 1 > sizeof(copy))
        return;
    memcpy(copy, line, n); /* NOLINT(bugprone-not-null-terminated-result): a line, not a string */
    copy[n] = '\n';
    ignored(write(c->keylog_fd, copy, n + 1));
}

static int set_keylog(struct tls_config *c, const char *path)
{
    if (!path)
        return 0;
    c->keylog_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (c->keylog_fd < 0)
        return fault(-errno, "cannot open the TLS key log '%s'", path);
    SSL_CTX_set_ex_data(c->ctx, config_index, c);
    SSL_CTX_set_keylog_callback(c->ctx, keylog_line);
    return 0;
}

static int configure(struct tls_config *c, const struct tls_options *o)
{
    make_ctx(c, TLS_client_method());
    set_versions(c, o->min_version, o->max_version);
    TRY(set_ciphers(c, o->ciphers, o->n_ciphers));
    TRY(set_verification(c, o));
    TRY(set_keylog(c, o->keylog_path));
    SSL_CTX_set_session_cache_mode(c->ctx,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(c->ctx, session_made);
    c->identities = xnew_n(struct identity, o->n_identities + 1);
    for (size_t i = 0; i < o->n_identities; i++)
        TRY(add_identity(c, &o->identities[i]));
    return 0;
}

int tls_config_new(const struct tls_options *o, struct tls_config **ret_config)
{
    scoped(tls_config_unrefp) struct tls_config *c = tls_config_alloc();
    bool may_fail = o->n_ciphers || o->n_identities || o->ca_file || o->keylog_path;

    c->insecure = o->insecure;
    c->min_version = o->min_version;
    c->max_version = o->max_version;
    if (may_fail)
        TRY(configure(c, o));
    *ret_config = take(c);
    return 0;
}

/*
 * The library alone takes milliseconds to wake up, and the system's authorities some 50 more. A
 * test that speaks no TLS should wait for neither, so what cannot fail is done at first use, where
 * several loops may meet.
 */
static void complete(struct tls_config *c)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct tls_options plain = {
        .insecure = c->insecure, .min_version = c->min_version, .max_version = c->max_version};

    pthread_mutex_lock(&lock);
    if (!atomic_load(&c->ready)) {
        if (!c->ctx)
            ignored(configure(c, &plain));
        if (c->wants_system) {
            ignored(SSL_CTX_set_default_verify_paths(c->ctx));
            add_system_bundles(c->ctx);
        }
        atomic_store(&c->ready, true);
    }
    pthread_mutex_unlock(&lock);
}

SSL_CTX *tls_config_ctx(struct tls_config *c)
{
    if (unlikely(!atomic_load_explicit(&c->ready, memory_order_acquire)))
        complete(c);
    return c->ctx;
}

/* ---- servers ---- */

int tls_server_new(struct str cert_pem, struct str key_pem, struct tls_config **ret_config)
{
    scoped(tls_config_unrefp) struct tls_config *c = tls_config_alloc();
    struct tls_identity from = {.cert = cert_pem, .key = key_pem};
    const struct identity *id;

    make_ctx(c, TLS_server_method());
    c->identities = xnew_n(struct identity, 1);
    TRY(add_identity(c, &from));
    id = &c->identities[0];
    if (!SSL_CTX_use_cert_and_key(c->ctx, id->cert, id->key, id->chain, 1))
        return fault(-EINVAL, "cannot use the certificate: %s", library_words());
    SSL_CTX_set_alpn_select_cb(c->ctx, tls_select_alpn, NULL);
    *ret_config = take(c);
    return 0;
}
