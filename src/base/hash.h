#pragma once
/*
 * Message digests and HMAC. The digests that OpenSSL has in every build come from it; MD4 and
 * RIPEMD-160, which distributions may leave out, are computed here. All functions may be called
 * from any thread; one `struct hash` belongs to one thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum hash_algo {
    HASH_MD4,
    HASH_MD5,
    HASH_SHA1,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_SHA512_224,
    HASH_SHA512_256,
    HASH_RIPEMD160,
    N_HASH_ALGOS,
};

enum {
    HASH_MAX_BYTES = 64, /* the longest digest */
};

/* A digest or HMAC in progress. */
struct hash;

/* Lower-case name as scripts write it, "sha512_256"; never NULL. */
const char *hash_name(enum hash_algo algo);

/* The algorithm of exactly that name; false when there is none. */
bool hash_by_name(struct str name, enum hash_algo *ret_algo);

/* Bytes in a digest. */
size_t hash_size(enum hash_algo algo);

/*
 * The digest of n bytes; ret_digest takes hash_size() bytes. Returns 0, or a fault when this
 * OpenSSL refuses the algorithm (a FIPS build refuses MD5).
 */
MUST_USE int hash_bytes_of(enum hash_algo algo, const void *data, size_t n,
                           unsigned char *ret_digest);

/* HMAC (RFC 2104) in one call; faults as hash_bytes_of(). */
MUST_USE int hash_hmac(enum hash_algo algo, struct str key, const void *data, size_t n,
                       unsigned char *ret_digest);

/* Begin a digest, or an HMAC whose key is copied. The caller owns *ret_hash. Faults as above. */
MUST_USE int hash_new(struct hash **ret_hash, enum hash_algo algo);
MUST_USE int hash_new_hmac(struct hash **ret_hash, enum hash_algo algo, struct str key);
void hash_free(struct hash *h); /* accepts NULL; wipes what it held */
void hash_freep(struct hash **h);

enum hash_algo hash_algo_of(const struct hash *h);
void hash_update(struct hash *h, const void *data, size_t n);

/* The digest of all bytes so far; more may follow, as if it had not been asked for. */
void hash_digest(const struct hash *h, unsigned char *ret_digest);

/* Fills n bytes from the system's secure generator; a fault when that fails. */
MUST_USE int secure_random(void *ret_bytes, size_t n);

/* Compares secrets in a time that depends on n only. */
bool secure_equal(const void *a, const void *b, size_t n);
