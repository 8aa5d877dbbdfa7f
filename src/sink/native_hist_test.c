#include "sink/native_hist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"
#include "sink/protobuf.h"

static struct hist_slab *slab;

static int make_slab(void **state)
{
    (void)state;
    slab = hist_slab_new();
    return 0;
}

static int free_slab(void **state)
{
    (void)state;
    hist_slab_free(slab);
    return 0;
}

static void expect_hex(const struct hist *h, double factor, int schema, const char *hex)
{
    struct buf b = {0}, text = {0};

    native_hist_put(&b, &native_remote_write, h, factor, schema);
    assert_int_equal(hex_encode(buf_str(&b), &text), 0);
    assert_string_equal(buf_cstr(&text), hex);
    buf_fini(&text);
    buf_fini(&b);
}

/* Three samples in bucket -2 of schema 0, five in -1, and so on; two zeros; the sum is 20. */
static void fill_worked_example(struct hist *h)
{
    hist_add_n(h, 0.25, 3);
    hist_add_n(h, 0.5, 5);
    hist_add_n(h, 4, 1);
    hist_add_n(h, 16, 3);
    hist_add_n(h, 32, 2);
    hist_add_zeros(h, 2);
    h->sum = 20;
}

static void test_the_worked_example_of_the_format(void **state)
{
    struct hist h = HIST_INIT(slab);

    (void)state;
    fill_worked_example(&h);
    expect_hex(
        &h, 1, 0,
        "0810190000000000003440200029000000000000f03730025a04080310025a04080410015a0408021002"
        "6205060407"
        "0401");
    hist_fini(&h);
}

static void test_seconds_of_milliseconds_keep_their_buckets(void **state)
{
    struct hist millis = HIST_INIT_SCALED(slab, HIST_MILLIS), seconds = HIST_INIT(slab);
    struct buf a = {0}, b = {0};

    (void)state;
    hist_add_n(&millis, 1500, 7);
    hist_add_n(&millis, 3.25, 2);
    hist_add_n(&seconds, 1.5, 7);
    hist_add_n(&seconds, 0.00325, 2);
    seconds.sum = millis.sum * HIST_MILLIS;
    native_hist_put(&a, &native_remote_write, &millis, HIST_MILLIS, 8);
    native_hist_put(&b, &native_remote_write, &seconds, 1, 8);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    buf_fini(&a);
    buf_fini(&b);
    hist_fini(&millis);
    hist_fini(&seconds);
}

/* Where the unit is not that of the buckets, a sample's bucket is at most one off. */
static void test_another_unit_moves_buckets(void **state)
{
    struct hist millis = HIST_INIT_SCALED(slab, HIST_MILLIS);
    struct buf b = {0}, text = {0};

    (void)state;
    hist_add_n(&millis, 300, 1); /* in milliseconds: bucket 9 of schema 0, up to 512 */
    native_hist_put(&b, &native_remote_write, &millis, 1, 0);
    assert_int_equal(hex_encode(str_from(b.data + b.len - 11, 11), &text), 0);
    assert_string_equal(buf_cstr(&text), "30005a0408121001620102");
    buf_fini(&b);
    buf_fini(&text);
    hist_fini(&millis);
}

static void test_negative_samples_have_their_own_side(void **state)
{
    struct hist h = HIST_INIT(slab);

    (void)state;
    hist_add_n(&h, -2, 1);
    hist_add_n(&h, 1, 2);
    expect_hex(&h, 1, 0,
               "0803190000000000000000200029000000000000f0373000"
               "42040802100"
               "14a0102"
               "5a0408001001620104");
    hist_fini(&h);
}

static void test_the_scrape_message_has_its_own_numbers(void **state)
{
    struct hist h = HIST_INIT(slab);
    struct buf b = {0}, text = {0};

    (void)state;
    hist_add_n(&h, 1, 1);
    native_hist_put(&b, &native_scrape, &h, 1, 8);
    assert_int_equal(hex_encode(buf_str(&b), &text), 0);
    assert_string_equal(buf_cstr(&text), "080111000000000000f03f281031000000000000f0373800"
                                         "6204080010016a0102");
    buf_fini(&b);
    buf_fini(&text);
    hist_fini(&h);
}

static void test_an_empty_histogram_has_no_buckets(void **state)
{
    struct hist h = HIST_INIT(slab);

    (void)state;
    expect_hex(&h, 1, 8, "0800190000000000000000201029000000000000f0373000");
    hist_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worked_example_of_the_format),
        cmocka_unit_test(test_seconds_of_milliseconds_keep_their_buckets),
        cmocka_unit_test(test_another_unit_moves_buckets),
        cmocka_unit_test(test_negative_samples_have_their_own_side),
        cmocka_unit_test(test_the_scrape_message_has_its_own_numbers),
        cmocka_unit_test(test_an_empty_histogram_has_no_buckets),
    };

    return cmocka_run_group_tests(tests, make_slab, free_slab);
}
