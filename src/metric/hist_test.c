#include "metric/hist.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"
#include "metric/hist_priv.h"

enum {
    N_SAMPLES = 1000000,
};

static double quantile_of(const double *sorted, size_t n, double q)
{
    double rank = q * (double)(n - 1);
    size_t low = (size_t)rank;
    size_t high = low + 1 < n ? low + 1 : low;

    return sorted[low] + (sorted[high] - sorted[low]) * (rank - (double)low);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* In (0, 1). */
static double uniform(struct rng *r)
{
    return rng_unit(r) + 0x1p-54;
}

static double draw_uniform(struct rng *r)
{
    return 1 + 999 * uniform(r);
}

static double draw_exponential(struct rng *r)
{
    return -50 * log(uniform(r));
}

static double draw_lognormal(struct rng *r)
{
    return exp(2 + 1.5 * sqrt(-2 * log(uniform(r))) * cos(6.283185307179586 * uniform(r)));
}

/* Half of the samples sit at the bottom of a bucket: the worst case for a guess inside it. */
static double draw_two_points(struct rng *r)
{
    return uniform(r) < 0.5 ? nextafter(hist_bound(1800), INFINITY) : hist_bound(1801);
}

static double draw_pareto(struct rng *r)
{
    return 0.02 / pow(uniform(r), 1.2);
}

static double draw_signed(struct rng *r)
{
    return 1e6 * (uniform(r) - 0.5);
}

static void check_distribution(double (*draw)(struct rng *))
{
    static const double quantiles[] = {0,   0.001, 0.01, 0.1,   0.25,   0.5, 0.75,
                                       0.9, 0.95,  0.99, 0.999, 0.9999, 1};
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);
    scoped(freep) double *v = xnew_n(double, N_SAMPLES);
    struct rng r;
    double sum = 0;

    rng_seed(&r, 42);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        v[i] = draw(&r);
        sum += v[i];
        hist_add(&h, v[i]);
    }
    qsort(v, N_SAMPLES, sizeof(*v), ascending);
    assert_int_equal(h.count, N_SAMPLES);
    assert_true(h.sum == sum);
    assert_true(h.min == v[0] && h.max == v[N_SAMPLES - 1]);
    for (size_t i = 0; i < countof(quantiles); i++) {
        double want = quantile_of(v, N_SAMPLES, quantiles[i]);
        double got = hist_quantile(&h, quantiles[i]);

        if (fabs(got - want) > fabs(want) * 0.0014)
            fail_msg("q %g: %.17g instead of %.17g", quantiles[i], got, want);
    }
    hist_fini(&h);
    hist_slab_free(slab);
}

static void quantiles_are_within_the_error(void **state)
{
    (void)state;
    check_distribution(draw_uniform);
    check_distribution(draw_exponential);
    check_distribution(draw_lognormal);
    check_distribution(draw_two_points);
    check_distribution(draw_pareto);
    check_distribution(draw_signed);
}

static void tables_are_the_powers_of_two(void **state)
{
    (void)state;
    for (int j = 0; j < 256; j++) {
        long double root = powl(2.0L, (long double)j / 256);

        assert_true(hist_bound(j) == (double)root);
        assert_true(hist_root[j] >> 52 == 0);
    }
    assert_true(hist_bound(256 * 10) == 1024);
    assert_true(hist_bound(-256 * 3) == 0.125);
    assert_true(hist_bound(-255) == hist_bound(1) / 2);
}

static void bounds_belong_to_their_bucket(void **state)
{
    (void)state;
    for (int32_t i = HIST_INDEX_MIN; i < HIST_INDEX_MAX; i++) {
        double bound = hist_bound(i);

        if (hist_index(bound) != i || hist_index(nextafter(bound, INFINITY)) != i + 1)
            fail_msg("bucket %d", (int)i);
    }
    assert_int_equal(hist_index(DBL_MAX), HIST_INDEX_MAX);
    assert_int_equal(hist_index(INFINITY), HIST_INDEX_MAX);
    assert_int_equal(hist_index(nextafter(HIST_ZERO, 1)), HIST_INDEX_MIN);
}

static void parts_merge_to_the_whole(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist whole = HIST_INIT(slab), merged = HIST_INIT(slab), part[4];
    struct rng r;

    (void)state;
    rng_seed(&r, 7);
    for (size_t i = 0; i < 4; i++)
        part[i] = HIST_INIT(slab);
    for (size_t i = 0; i < N_SAMPLES / 10; i++) {
        double v = i % 3 ? draw_lognormal(&r) : draw_signed(&r);

        v = i % 7 ? v : 0;
        hist_add(&whole, v);
        hist_add(&part[i % 4], v);
    }
    for (size_t i = 4; i-- > 0;)
        hist_merge(&merged, &part[i]);
    assert_true(hist_equal(&merged, &whole));
    assert_true(fabs(merged.sum - whole.sum) <= fabs(whole.sum) * 1e-9);
    hist_add(&merged, 1);
    assert_false(hist_equal(&merged, &whole));
    for (size_t i = 0; i < 4; i++)
        hist_fini(&part[i]);
    hist_fini(&whole);
    hist_fini(&merged);
    hist_slab_free(slab);
}

static void small_cases_are_exact(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);

    (void)state;
    assert_true(hist_quantile(&h, 0.5) == 0);
    assert_true(hist_mean(&h) == 0);
    hist_add(&h, 123.456);
    assert_true(hist_quantile(&h, 0.95) == 123.456);
    hist_add(&h, 123.456);
    hist_add(&h, 123.456);
    assert_true(hist_quantile(&h, 0.5) == 123.456);
    hist_reset(&h);
    hist_add(&h, 1);
    hist_add(&h, 2);
    assert_true(hist_quantile(&h, 0.5) == 1.5); /* between two samples, as k6 has it */
    hist_reset(&h);
    assert_int_equal(h.count, 0);
    hist_add_zeros(&h, 3);
    assert_true(hist_quantile(&h, 0.5) == 0 && h.min == 0 && h.max == 0);
    hist_add(&h, -5);
    hist_add(&h, -0.0);
    hist_add(&h, NAN);
    assert_int_equal(h.count, 5);
    assert_true(h.min == -5 && h.max == 0 && h.sum == -5);
    hist_add_zeros(&h, 1);
    assert_true(h.min == -5);
    hist_add(&h, INFINITY);
    hist_add(&h, -INFINITY);
    hist_add(&h, 5e-324);
    assert_true(isinf(hist_quantile(&h, 1)) && isinf(hist_quantile(&h, 0)));
    assert_int_equal(h.n_zero, 6);
    assert_int_equal(h.count, 9);
    hist_fini(&h);
    hist_slab_free(slab);
}

static void many_of_one_value(void **state)
{
    static const double values[] = {3.5, 0, -2, 1e-300, 7e9};
    struct hist_slab *slab = hist_slab_new();
    struct hist one = HIST_INIT(slab), many = HIST_INIT(slab);

    (void)state;
    for (size_t i = 0; i < countof(values); i++) {
        for (int k = 0; k < 5; k++)
            hist_add(&one, values[i]);
        hist_add_n(&many, values[i], 5);
    }
    hist_add_n(&many, 1000, 0);
    hist_add_n(&many, NAN, 5);
    assert_true(hist_equal(&one, &many));
    assert_int_equal(many.count, 25);
    hist_fini(&one);
    hist_fini(&many);
    hist_slab_free(slab);
}

static void counts_up_to_a_limit(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);

    (void)state;
    for (int i = -8; i <= 8; i++)
        hist_add(&h, i);
    assert_int_equal(hist_count_upto(&h, 4), 13);
    assert_int_equal(hist_count_upto(&h, 0), 9);
    assert_int_equal(hist_count_upto(&h, -1), 7); /* -1 is in the bucket that ends above it */
    assert_int_equal(hist_count_upto(&h, 1e9), 17);
    hist_fini(&h);
    hist_slab_free(slab);
}

static void reset_keeps_memory(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);
    int32_t cursor = INT32_MIN, index;
    uint64_t n;

    (void)state;
    hist_add(&h, 3);
    struct hist_block **blocks = h.pos.blocks;

    hist_reset(&h);
    assert_ptr_equal(h.pos.blocks, blocks);
    assert_false(hist_next(&h, HIST_POSITIVE, &cursor, &index, &n));
    hist_add(&h, 3);
    assert_true(h.count == 1 && h.min == 3 && h.max == 3);
    assert_true(hist_next(&h, HIST_POSITIVE, &cursor, &index, &n));
    assert_int_equal(n, 1);
    assert_int_equal(index, hist_index(3));
    assert_false(hist_next(&h, HIST_POSITIVE, &cursor, &index, &n));
    hist_clear(&h);
    cursor = INT32_MIN;
    assert_false(hist_next(&h, HIST_POSITIVE, &cursor, &index, &n));
    hist_add(&h, 3);
    assert_true(h.count == 1 && hist_quantile(&h, 1) == 3);
    hist_fini(&h);
    assert_null(h.pos.blocks);
    hist_slab_free(slab);
}

static void fill(struct hist *h)
{
    struct rng r;

    rng_seed(&r, 3);
    for (int i = 0; i < 5000; i++)
        hist_add(h, i % 5 ? draw_lognormal(&r) : draw_signed(&r));
    hist_add_zeros(h, 300);
    hist_add(h, DBL_MAX / 4);
    hist_add(h, 0x1p-127);
}

static void bytes_come_back(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab), back = HIST_INIT(slab);
    struct buf b = BUF_INIT(1 << 20);

    (void)state;
    hist_encode(&h, &b); /* empty ones too */
    fill(&h);
    hist_encode(&h, &b);
    struct str bytes = buf_str(&b);

    assert_int_equal(hist_decode(&back, &bytes), 0);
    assert_int_equal(back.count, 0);
    assert_int_equal(hist_decode(&back, &bytes), 0);
    assert_int_equal(bytes.n, 0);
    assert_true(hist_equal(&h, &back) && h.sum == back.sum);
    hist_fini(&h);
    hist_fini(&back);
    buf_fini(&b);
    hist_slab_free(slab);
}

static void bad_bytes_change_nothing(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab), back = HIST_INIT(slab), before = HIST_INIT(slab);
    struct buf b = BUF_INIT(1 << 20);
    struct rng r;

    (void)state;
    rng_seed(&r, 11);
    fill(&h);
    hist_add(&back, 4);
    hist_merge(&before, &back);
    hist_encode(&h, &b);
    for (size_t n = 0; n < b.len; n++) {
        /* A copy of exactly n bytes, so that a sanitizer sees a read past them. */
        char *part = xmemdup(b.data, n);
        struct str bytes = str_from(part, n);

        assert_int_equal(hist_decode(&back, &bytes), HIST_E_SHORT);
        assert_int_equal(bytes.n, n);
        free(part);
    }
    assert_true(hist_equal(&back, &before));
    for (int i = 0; i < 20000; i++) {
        size_t at = rng_below(&r, b.len);
        char old = b.data[at];
        struct str bytes = buf_str(&b);

        b.data[at] = (char)rng_u64(&r);
        if (hist_decode(&back, &bytes) == 0)
            hist_fini(&back);
        b.data[at] = old;
    }
    hist_fini(&h);
    hist_fini(&back);
    hist_fini(&before);
    buf_fini(&b);
    hist_slab_free(slab);
}

static int decode(const char *bytes, size_t n)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);
    struct str s = str_from(bytes, n);
    int r = hist_decode(&h, &s);

    hist_fini(&h);
    hist_slab_free(slab);
    return r;
}

#define DECODE(text) decode(text, sizeof(text) - 1)

static void nonsense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(DECODE("\2\0\0\0"), HIST_E_BAD);                       /* another format */
    assert_int_equal(DECODE("\1\0\0\0"), 0);                                /* empty */
    assert_int_equal(DECODE("\1\0\1\0\0\0"), HIST_E_BAD);                   /* a count of 0 */
    assert_int_equal(DECODE("\1\0\1\xff\xff\xff\xff\x0f\1\0"), HIST_E_BAD); /* index too high */
    assert_int_equal(DECODE("\1\0\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\1"), HIST_E_BAD);
    assert_int_equal(DECODE("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1\2\1\0"), HIST_E_BAD);
    /* One zero, and min above max. */
    assert_int_equal(DECODE("\1\1\0\0"
                            "\0\0\0\0\0\0\0\0"
                            "\0\0\0\0\0\0\xf0\x3f"
                            "\0\0\0\0\0\0\0\0"),
                     HIST_E_BAD);
}

static void a_scale_moves_buckets_and_no_samples(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist ms = HIST_INIT_SCALED(slab, HIST_MILLIS),
                again = HIST_INIT_SCALED(slab, HIST_MILLIS);
    struct hist plain = HIST_INIT(slab);
    struct buf bytes = {0};
    int32_t cursor = INT32_MIN, index = 0;
    uint64_t n = 0;

    (void)state;
    for (int i = 1; i <= 1000; i++)
        hist_add(&ms, i);
    hist_add(&ms, 0);
    assert_true(ms.sum == 500500 && ms.min == 0 && ms.max == 1000);
    for (int p = 1; p <= 99; p++) {
        double want = p * 10;

        assert_true(fabs(hist_quantile(&ms, p / 100.0) - want) <= want * 0.00136 + 1);
    }
    assert_int_equal(hist_count_upto(&ms, 1000), 1001);
    hist_reset(&ms);
    hist_add(&ms, 250); /* a quarter of a second: 2^-2, the upper bound of its bucket */
    assert_true(hist_next(&ms, HIST_POSITIVE, &cursor, &index, &n));
    assert_int_equal(index, -2 * 256);
    assert_true(hist_upper(&ms, index) == 250);

    hist_encode(&ms, &bytes);
    struct str rest = buf_str(&bytes);

    assert_int_equal(hist_decode(&plain, &rest), HIST_E_BAD);
    assert_int_equal(hist_decode(&again, &rest), 0);
    assert_true(hist_equal(&ms, &again));
    hist_fini(&ms);
    hist_fini(&again);
    hist_fini(&plain);
    buf_fini(&bytes);
    hist_slab_free(slab);
}

static void check_together(const struct hist *h, const double *q, size_t n)
{
    double values[16];

    assert_true(n <= countof(values));
    hist_quantiles(h, q, n, values);
    for (size_t i = 0; i < n; i++)
        assert_float_equal(values[i], hist_quantile(h, q[i]), 0);
}

static void quantiles_together_are_those_alone(void **state)
{
    (void)state;
    static const double q[] = {-1, 0, 0.1, 0.5, 0.5, 0.5001, 0.9, 0.95, 0.99, 0.999, 0.9999, 1, 2};
    static double (*const draw[])(struct rng *) = {draw_uniform, draw_lognormal, draw_two_points,
                                                   draw_signed};
    struct hist_slab *slab = hist_slab_new();
    struct rng r;

    rng_seed(&r, 11);
    for (size_t d = 0; d < countof(draw); d++) {
        struct hist h = HIST_INIT(slab);

        check_together(&h, q, countof(q));
        /* Few samples lie far apart: quantiles share the gaps between them. */
        for (int i = 0; i < 300; i++) {
            hist_add(&h, i % 7 ? draw[d](&r) : 0);
            if (i < 20 || i % 20 == 0)
                check_together(&h, q, countof(q));
        }
        hist_fini(&h);
    }
    hist_slab_free(slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_the_powers_of_two),
        cmocka_unit_test(bounds_belong_to_their_bucket),
        cmocka_unit_test(quantiles_are_within_the_error),
        cmocka_unit_test(parts_merge_to_the_whole),
        cmocka_unit_test(quantiles_together_are_those_alone),
        cmocka_unit_test(small_cases_are_exact),
        cmocka_unit_test(many_of_one_value),
        cmocka_unit_test(counts_up_to_a_limit),
        cmocka_unit_test(reset_keeps_memory),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(bad_bytes_change_nothing),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_scale_moves_buckets_and_no_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
