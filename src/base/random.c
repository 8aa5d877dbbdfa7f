/*
 * xoshiro256** (Blackman and Vigna), seeded through splitmix64 as its authors advise: any 64-bit
 * seed gives a state that is neither zero nor near another seed's.
 */
#include "base/random.h"

#include <assert.h>
#include <math.h>

#include "base/err.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (size_t i = 0; i < countof(r->s); i++)
        r->s[i] = splitmix(&seed);
}

void rng_seed_nth(struct rng *r, uint64_t seed, uint64_t index)
{
    /* Mixed first: with a plain sum, user 1 of seed 7 and user 2 of seed 6 would be twins. */
    uint64_t mixed = splitmix(&seed);

    rng_seed(r, mixed ^ splitmix(&index));
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    assert(bound > 0);
    /* Lemire's method: the high half of a product; the low half tells the rare biased draws. */
    __uint128_t m = (__uint128_t)rng_u64(r) * bound;

    if ((uint64_t)m < bound) {
        uint64_t threshold = -bound % bound;

        while ((uint64_t)m < threshold)
            m = (__uint128_t)rng_u64(r) * bound;
    }
    return (uint64_t)(m >> 64);
}

int64_t rng_between(struct rng *r, int64_t min, int64_t max)
{
    assert(min <= max);
    uint64_t range = (uint64_t)max - (uint64_t)min;

    if (range == UINT64_MAX)
        return (int64_t)rng_u64(r);
    return (int64_t)((uint64_t)min + rng_below(r, range + 1));
}

double rng_exponential(struct rng *r, double mean)
{
    /* 1 - u is in (0, 1], so that the logarithm is finite. */
    return -mean * log(1.0 - rng_unit(r));
}

double rng_normal(struct rng *r)
{
    double u, v, square;

    /* Marsaglia's polar method; the second value is not kept, so that the state is all there is. */
    do {
        u = 2 * rng_unit(r) - 1;
        v = 2 * rng_unit(r) - 1;
        square = u * u + v * v;
    } while (square >= 1 || square == 0);
    return u * sqrt(-2 * log(square) / square);
}

/* G. Marsaglia, W. W. Tsang: A simple method for generating gamma variables (2000); shape >= 1. */
static double gamma_of(struct rng *r, double shape)
{
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);

    for (;;) {
        double x = rng_normal(r);
        double v = (1 + c * x) * (1 + c * x) * (1 + c * x);

        if (v > 0 && log(1.0 - rng_unit(r)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

double rng_gamma(struct rng *r, double shape, double mean)
{
    assert(shape > 0);
    if (shape >= 1)
        return gamma_of(r, shape) * mean / shape;
    /* Theirs too: a gamma variable of shape + 1, made smaller. */
    double g = gamma_of(r, shape + 1);

    return g * pow(1.0 - rng_unit(r), 1 / shape) * mean / shape;
}
