#pragma once
/*
 * A seeded generator of random numbers (xoshiro256**): fast, of good quality, the same sequence
 * from the same seed on every machine. Not for secrets; those come from base/hash.h. One object
 * belongs to one thread or coroutine. Zeroed memory is not a valid generator: seed it.
 */
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

/* Starts the sequence that belongs to `seed`; every value is a good seed, 0 too. */
void rng_seed(struct rng *r, uint64_t seed);

/*
 * Starts the sequence of the index-th user, thread or connection of a run, so that neighbours are
 * independent of each other and of the order in which they start.
 */
void rng_seed_nth(struct rng *r, uint64_t seed, uint64_t index);

static inline uint64_t rng_rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* 64 uniform bits. */
static inline uint64_t rng_u64(struct rng *r)
{
    uint64_t result = rng_rotate(r->s[1] * 5, 7) * 9;
    uint64_t t = r->s[1] << 17;

    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = rng_rotate(r->s[3], 45);
    return result;
}

/* Uniform in [0, 1), with all 53 bits of a double's precision. */
static inline double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);

/* Uniform in [min, max], both included; min <= max. */
int64_t rng_between(struct rng *r, int64_t min, int64_t max);

/* Exponentially distributed with that mean: the gaps of a Poisson process. */
double rng_exponential(struct rng *r, double mean);

/* Standard normal. */
double rng_normal(struct rng *r);

/* Gamma distributed with that mean; its coefficient of variation is 1/sqrt(shape); shape > 0. */
double rng_gamma(struct rng *r, double shape, double mean);
