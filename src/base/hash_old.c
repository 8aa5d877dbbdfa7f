/*
 * Two digests of one family: 64-byte blocks of little-endian words, a length in bits at the end.
 * The rounds are tables of word order and rotation, taken from the specifications.
 */
#include "base/hash_old.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void load_words(uint32_t *words, const unsigned char *block)
{
    for (int i = 0; i < 16; i++, block += 4) {
        words[i] = block[0] | (uint32_t)block[1] << 8 | (uint32_t)block[2] << 16 |
                   (uint32_t)block[3] << 24;
    }
}

/* RFC 1320, 3.4: three rounds of sixteen steps. */
static const unsigned char md4_word[3][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
    {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15},
};
static const unsigned char md4_turn[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
static const uint32_t md4_add[3] = {0, 0x5a827999, 0x6ed9eba1};

static uint32_t md4_mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
    if (round == 0)
        return (x & y) | (~x & z);
    if (round == 1)
        return (x & y) | (x & z) | (y & z);
    return x ^ y ^ z;
}

static void md4_compress(uint32_t *state, const unsigned char *block)
{
    uint32_t words[16];
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];

    load_words(words, block);
    for (int i = 0; i < 48; i++) {
        int round = i / 16;
        uint32_t sum =
            a + md4_mix(round, b, c, d) + words[md4_word[round][i % 16]] + md4_add[round];

        a = d;
        d = c;
        c = b;
        b = rotate(sum, md4_turn[round][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

/* RIPEMD-160, appendix A: word order, rotations and constants of the left and the right line. */
static const unsigned char rmd_word[2][80] = {
    {0,  1, 2,  3, 4,  5,  6, 7,  8, 9,  10, 11, 12, 13, 14, 15, 7,  4,  13, 1,
     10, 6, 15, 3, 12, 0,  9, 5,  2, 14, 11, 8,  3,  10, 14, 4,  9,  15, 8,  1,
     2,  7, 0,  6, 13, 11, 5, 12, 1, 9,  11, 10, 0,  8,  12, 4,  13, 3,  7,  15,
     14, 5, 6,  2, 4,  0,  5, 9,  7, 12, 2,  10, 14, 1,  3,  8,  11, 6,  15, 13},
    {5,  14, 7,  0,  9,  2,  11, 4,  13, 6, 15, 8, 1,  10, 3,  12, 6, 11, 3, 7,
     0,  13, 5,  10, 14, 15, 8,  12, 4,  9, 1,  2, 15, 5,  1,  3,  7, 14, 6, 9,
     11, 8,  12, 2,  10, 0,  4,  13, 8,  6, 4,  1, 3,  11, 15, 0,  5, 12, 2, 13,
     9,  7,  10, 14, 12, 15, 10, 4,  1,  5, 8,  7, 6,  2,  13, 14, 0, 3,  9, 11},
};
static const unsigned char rmd_turn[2][80] = {
    {11, 14, 15, 12, 5, 8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,  7,  6,  8,  13,
     11, 9,  7,  15, 7, 12, 15, 9,  11, 7,  13, 12, 11, 13, 6,  7,  14, 9,  13, 15,
     14, 8,  13, 6,  5, 12, 7,  5,  11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,
     8,  6,  5,  12, 9, 15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6},
    {8,  9,  9,  11, 13, 15, 15, 5, 7,  7,  8,  11, 14, 14, 12, 6,  9,  13, 15, 7,
     12, 8,  9,  11, 7,  7,  12, 7, 6,  15, 13, 11, 9,  7,  15, 11, 8,  6,  6,  14,
     12, 13, 5,  14, 13, 13, 7,  5, 15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,
     12, 5,  15, 8,  8,  5,  12, 9, 12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11},
};
static const uint32_t rmd_add[2][5] = {
    {0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e},
    {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0},
};

static uint32_t rmd_mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
    switch (round) {
    case 0:
        return x ^ y ^ z;
    case 1:
        return (x & y) | (~x & z);
    case 2:
        return (x | ~y) ^ z;
    case 3:
        return (x & z) | (y & ~z);
    default:
        return x ^ (y | ~z);
    }
}

/* One of the two lines; `v` starts as the state and ends as its contribution. */
static void rmd_line(uint32_t v[5], const uint32_t *words, int line)
{
    for (int i = 0; i < 80; i++) {
        int round = i / 16;
        uint32_t mixed = rmd_mix(line ? 4 - round : round, v[1], v[2], v[3]);
        uint32_t sum = v[0] + mixed + words[rmd_word[line][i]] + rmd_add[line][round];
        uint32_t turned = rotate(sum, rmd_turn[line][i]) + v[4];

        v[0] = v[4];
        v[4] = v[3];
        v[3] = rotate(v[2], 10);
        v[2] = v[1];
        v[1] = turned;
    }
}

static void rmd_compress(uint32_t *state, const unsigned char *block)
{
    uint32_t words[16];
    uint32_t left[5];
    uint32_t right[5];
    uint32_t next[5];

    load_words(words, block);
    memcpy(left, state, sizeof(left));
    memcpy(right, state, sizeof(right));
    rmd_line(left, words, 0);
    rmd_line(right, words, 1);
    for (unsigned i = 0; i < 5; i++)
        next[i] = state[(i + 1) % 5] + left[(i + 2) % 5] + right[(i + 3) % 5];
    memcpy(state, next, sizeof(next));
}

static void begin(struct hash_old *h, hash_old_fn *compress, unsigned n_words)
{
    *h = (struct hash_old){
        .state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0},
        .compress = compress,
        .n_words = n_words,
    };
}

void hash_old_md4(struct hash_old *h)
{
    begin(h, md4_compress, 4);
}

void hash_old_ripemd160(struct hash_old *h)
{
    begin(h, rmd_compress, 5);
}

void hash_old_update(struct hash_old *h, const void *data, size_t n)
{
    const unsigned char *at = data;
    size_t used = h->n_bytes % 64;

    h->n_bytes += n;
    while (n) {
        size_t part = n < 64 - used ? n : 64 - used;

        memcpy(h->tail + used, at, part);
        at += part;
        n -= part;
        used += part;
        if (used < 64)
            return;
        h->compress(h->state, h->tail);
        used = 0;
    }
}

void hash_old_final(struct hash_old *h, unsigned char *ret_digest)
{
    static const unsigned char padding[64] = {0x80};
    uint64_t n_bits = h->n_bytes * 8;
    unsigned char length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(n_bits >> (8 * i));
    hash_old_update(h, padding, 1 + (119 - h->n_bytes % 64) % 64);
    hash_old_update(h, length, 8);
    for (unsigned i = 0; i < 4 * h->n_words; i++)
        ret_digest[i] = (unsigned char)(h->state[i / 4] >> (8 * (i % 4)));
}
