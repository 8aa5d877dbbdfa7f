#pragma once
/*
 * MD4 (RFC 1320) and RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996): broken or nearly so, asked
 * for by old protocols only, and missing from many builds of OpenSSL. For base/hash.c.
 */
#include <stddef.h>
#include <stdint.h>

struct hash_old;

typedef void(hash_old_fn)(uint32_t *state, const unsigned char *block);

/* Plain data: copying it copies the state of the computation. */
struct hash_old {
    uint32_t state[5];
    uint64_t n_bytes;
    unsigned char tail[64];
    hash_old_fn *compress;
    unsigned n_words; /* of the digest */
};

void hash_old_md4(struct hash_old *h);
void hash_old_ripemd160(struct hash_old *h);
void hash_old_update(struct hash_old *h, const void *data, size_t n);

/* Ends the computation; `h` is used up. */
void hash_old_final(struct hash_old *h, unsigned char *ret_digest);
