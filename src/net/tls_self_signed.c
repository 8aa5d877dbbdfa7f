/* A certificate nobody issued, for servers that live as long as a test. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/net_addr.h"
#include "net/tls_priv.h"

enum {
    YEAR_S = 365 * 24 * 3600,
    NAMES_LIMIT = 4096, /* bytes of the list of names */
};

static void x509_freep(X509 **x)
{
    X509_free(*x);
}

static void pkey_freep(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void bio_freep(BIO **b)
{
    BIO_free(*b);
}

static bool add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool done = e && X509_add_ext(x, e, -1);

    X509_EXTENSION_free(e);
    return done;
}

/* "a.test,127.0.0.1" as OpenSSL's configuration has it: "DNS:a.test,IP:127.0.0.1". */
static bool add_names(X509 *x, const char *names)
{
    scoped(buf_fini) struct buf san = BUF_INIT((size_t)4 * NAMES_LIMIT);
    struct str rest = str_of(names);
    struct str name;

    if (rest.n > NAMES_LIMIT)
        return false;
    while (str_split(&rest, ',', &name)) {
        struct net_addr a;

        if (san.len > 0)
            buf_putc(&san, ',');
        buf_puts(&san, net_addr_parse(name, &a) ? "IP:" : "DNS:");
        buf_putstr(&san, name);
    }
    return add_extension(x, NID_subject_alt_name, buf_cstr(&san));
}

static bool fill(X509 *x, EVP_PKEY *key, const char *names)
{
    static const unsigned char common_name[] = "brunt";
    uint64_t serial;

    if (RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
        return false;

    X509_NAME *name = X509_get_subject_name(x);

    return X509_set_version(x, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) &&
           X509_gmtime_adj(X509_getm_notBefore(x), -3600) &&
           X509_gmtime_adj(X509_getm_notAfter(x), YEAR_S) &&
           X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, common_name, -1, -1, 0) &&
           X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) && add_names(x, names) &&
           add_extension(x, NID_basic_constraints, "critical,CA:TRUE") &&
           X509_sign(x, key, EVP_sha256()) > 0;
}

static struct str bio_text(BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);

    return str_from(p, (size_t)n);
}

int tls_server_self_signed(const char *names, struct tls_config **ret_config, char **ret_cert_pem)
{
    scoped(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    scoped(x509_freep) X509 *cert = X509_new();
    scoped(bio_freep) BIO *cert_pem = BIO_new(BIO_s_mem());
    scoped(bio_freep) BIO *key_pem = BIO_new(BIO_s_mem());

    if (!key || !cert || !cert_pem || !key_pem || !fill(cert, key, names) ||
        !PEM_write_bio_X509(cert_pem, cert) ||
        !PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL)) {
        ERR_clear_error();
        return fault(-EINVAL, "cannot make a certificate for '%s'", names);
    }
    TRY(tls_server_new(bio_text(cert_pem), bio_text(key_pem), ret_config));
    if (ret_cert_pem)
        *ret_cert_pem = xstrndup(bio_text(cert_pem).p, bio_text(cert_pem).n);
    return 0;
}
