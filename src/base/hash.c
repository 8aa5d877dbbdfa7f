/*
 * Digests. A `struct engine` is one running computation, by OpenSSL or by hash_old.c; a `struct
 * hash` is an inner engine and, for HMAC, an outer one that already holds the key. Asking for the
 * digest finishes copies of them, so the computation goes on undisturbed.
 *
 * OpenSSL's algorithms are fetched once per process: an implicit fetch at every use costs more than
 * the digest of a short message.
 */
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/hash_old.h"
#include "base/mem.h"

enum {
    MAX_BLOCK_BYTES = 128,
};

static const struct algo {
    const char *name;
    const char *openssl_name;
    void (*begin_old)(struct hash_old *h); /* instead of OpenSSL */
    size_t n_digest;
    size_t n_block;
} algos[N_HASH_ALGOS] = {
    [HASH_MD4] = {"md4", NULL, hash_old_md4, 16, 64},
    [HASH_MD5] = {"md5", "MD5", NULL, 16, 64},
    [HASH_SHA1] = {"sha1", "SHA1", NULL, 20, 64},
    [HASH_SHA256] = {"sha256", "SHA256", NULL, 32, 64},
    [HASH_SHA384] = {"sha384", "SHA384", NULL, 48, 128},
    [HASH_SHA512] = {"sha512", "SHA512", NULL, 64, 128},
    [HASH_SHA512_224] = {"sha512_224", "SHA512-224", NULL, 28, 128},
    [HASH_SHA512_256] = {"sha512_256", "SHA512-256", NULL, 32, 128},
    [HASH_RIPEMD160] = {"ripemd160", NULL, hash_old_ripemd160, 20, 64},
};

static EVP_MD *fetched[N_HASH_ALGOS]; /* written once, under fetch_once; lives with the process */
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
    for (int i = 0; i < N_HASH_ALGOS; i++) {
        if (algos[i].openssl_name)
            fetched[i] = EVP_MD_fetch(NULL, algos[i].openssl_name, NULL);
    }
}

struct engine {
    EVP_MD_CTX *evp; /* NULL: `old` is used */
    struct hash_old old;
};

struct hash {
    enum hash_algo algo;
    bool keyed;
    struct engine inner;
    struct engine outer; /* of an HMAC: the key is in it */
};

/* What OpenSSL refuses once it took the algorithm is lack of memory, which ends the process. */
static void must(int openssl_result)
{
    assert(openssl_result == 1);
    ignored(openssl_result);
}

static void engine_fini(struct engine *e)
{
    EVP_MD_CTX_free(e->evp);
    OPENSSL_cleanse(&e->old, sizeof(e->old));
    e->evp = NULL;
}

static int engine_init(struct engine *e, enum hash_algo algo)
{
    *e = (struct engine){0};
    if (algos[algo].begin_old) {
        algos[algo].begin_old(&e->old);
        return 0;
    }
    pthread_once(&fetch_once, fetch_all);
    if (!fetched[algo])
        return fault(-ENOTSUP, "this OpenSSL does not offer %s", algos[algo].name);
    e->evp = EVP_MD_CTX_new();
    assert(e->evp);
    if (EVP_DigestInit_ex2(e->evp, fetched[algo], NULL) == 1)
        return 0;
    engine_fini(e);
    return fault(-ENOTSUP, "this OpenSSL refuses %s", algos[algo].name);
}

static void engine_update(struct engine *e, const void *data, size_t n)
{
    if (e->evp) {
        must(EVP_DigestUpdate(e->evp, data, n));
    } else {
        hash_old_update(&e->old, data, n);
    }
}

/* Ends a copy of `from`, after `more` was added to it. */
static void engine_digest(const struct engine *from, const void *more, size_t n_more,
                          unsigned char *ret_digest)
{
    struct engine copy = *from;

    if (from->evp) {
        copy.evp = EVP_MD_CTX_new();
        assert(copy.evp);
        must(EVP_MD_CTX_copy_ex(copy.evp, from->evp));
    }
    engine_update(&copy, more, n_more);
    if (copy.evp) {
        must(EVP_DigestFinal_ex(copy.evp, ret_digest, NULL));
    } else {
        hash_old_final(&copy.old, ret_digest);
    }
    engine_fini(&copy);
}

const char *hash_name(enum hash_algo algo)
{
    return algos[algo].name;
}

bool hash_by_name(struct str name, enum hash_algo *ret_algo)
{
    for (int i = 0; i < N_HASH_ALGOS; i++) {
        if (str_is(name, algos[i].name)) {
            *ret_algo = (enum hash_algo)i;
            return true;
        }
    }
    return false;
}

size_t hash_size(enum hash_algo algo)
{
    return algos[algo].n_digest;
}

enum hash_algo hash_algo_of(const struct hash *h)
{
    return h->algo;
}

int hash_new(struct hash **ret_hash, enum hash_algo algo)
{
    scoped(hash_freep) struct hash *h = xnew(struct hash);

    h->algo = algo;
    TRY(engine_init(&h->inner, algo));
    *ret_hash = take(h);
    return 0;
}

/* Adds the block-long key, each byte XORed with `pad` (RFC 2104, section 2). */
static void update_padded(struct engine *e, const unsigned char *key, size_t n, unsigned char pad)
{
    unsigned char block[MAX_BLOCK_BYTES];

    for (size_t i = 0; i < n; i++)
        block[i] = key[i] ^ pad;
    engine_update(e, block, n);
    OPENSSL_cleanse(block, sizeof(block));
}

int hash_new_hmac(struct hash **ret_hash, enum hash_algo algo, struct str key)
{
    scoped(hash_freep) struct hash *h = NULL;
    unsigned char block[MAX_BLOCK_BYTES] = {0};
    size_t n_block = algos[algo].n_block;

    TRY(hash_new(&h, algo));
    assert(h);
    TRY(engine_init(&h->outer, algo));
    h->keyed = true;
    if (key.n > n_block) {
        TRY(hash_bytes_of(algo, key.p, key.n, block));
    } else if (key.n) {
        memcpy(block, key.p, key.n);
    }
    update_padded(&h->inner, block, n_block, 0x36);
    update_padded(&h->outer, block, n_block, 0x5c);
    OPENSSL_cleanse(block, sizeof(block));
    *ret_hash = take(h);
    return 0;
}

void hash_free(struct hash *h)
{
    if (!h)
        return;
    engine_fini(&h->inner);
    engine_fini(&h->outer);
    free(h);
}

void hash_freep(struct hash **h)
{
    hash_free(*h);
}

void hash_update(struct hash *h, const void *data, size_t n)
{
    engine_update(&h->inner, data, n);
}

void hash_digest(const struct hash *h, unsigned char *ret_digest)
{
    unsigned char inner[HASH_MAX_BYTES];

    if (!h->keyed) {
        engine_digest(&h->inner, NULL, 0, ret_digest);
        return;
    }
    engine_digest(&h->inner, NULL, 0, inner);
    engine_digest(&h->outer, inner, algos[h->algo].n_digest, ret_digest);
}

int hash_bytes_of(enum hash_algo algo, const void *data, size_t n, unsigned char *ret_digest)
{
    struct engine e;

    TRY(engine_init(&e, algo));
    engine_update(&e, data, n);
    if (e.evp) {
        must(EVP_DigestFinal_ex(e.evp, ret_digest, NULL));
    } else {
        hash_old_final(&e.old, ret_digest);
    }
    engine_fini(&e);
    return 0;
}

int hash_hmac(enum hash_algo algo, struct str key, const void *data, size_t n,
              unsigned char *ret_digest)
{
    scoped(hash_freep) struct hash *h = NULL;

    TRY(hash_new_hmac(&h, algo, key));
    hash_update(h, data, n);
    hash_digest(h, ret_digest);
    return 0;
}

int secure_random(void *ret_bytes, size_t n)
{
    char *at = ret_bytes;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault(-errno, "the system gives no random bytes");
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

bool secure_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
