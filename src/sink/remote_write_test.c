#include "sink/remote_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"

#define T_MS INT64_C(1700000000000)

static const struct point_family a_total = {.name = {"a_total", 7}, .kind = POINT_COUNTER};
static const struct point_family told = {.name = {"a_total", 7},
                                         .kind = POINT_COUNTER,
                                         .unit = {"bytes", 5},
                                         .help = {"what", 4}};
static const struct point_family times = {.name = {"h", 1}, .kind = POINT_HISTOGRAM};
static const struct tag labels[] = {{{"__name__", 8}, {"a_total", 7}}, {{"x", 1}, {"y", 1}}};

static void add(struct batch *b, const struct point_family *family, const struct hist *h)
{
    struct buf text = {0};

    remote_write_labels(&text, labels, countof(labels));
    remote_write_point(&b->bytes, &(struct remote_write_point){
                                      .family = family,
                                      .labels = buf_str(&text),
                                      .start_ms = T_MS - 60000,
                                      .at_ms = T_MS,
                                      .value = 1.5,
                                      .hist = h,
                                      .factor = 1,
                                  });
    batch_end_point(b);
    buf_fini(&text);
}

static void expect(struct batch *b, enum remote_write_version version, bool with_metadata,
                   const char *wanted)
{
    struct batch_view all = batch_all(b);
    struct buf out = {0}, hex = {0};

    assert_int_equal(remote_write_frame(version, with_metadata, &all, &out), 0);
    assert_int_equal(hex_encode(buf_str(&out), &hex), 0);
    assert_string_equal(buf_cstr(&hex), wanted);
    buf_fini(&out);
    buf_fini(&hex);
}

#define SERIES_1                                                                                 \
    "0a2f0a130a085f5f6e616d655f5f1207615f746f74616c0a060a0178120179121009000000000000f83f1080d0" \
    "95ffbc31"

static void test_a_request_of_1(void **state)
{
    struct batch b = {0};

    (void)state;
    add(&b, &a_total, NULL);
    expect(&b, REMOTE_WRITE_1, false, SERIES_1);
    batch_fini(&b);
}

static void test_metadata_of_1_comes_once_a_family(void **state)
{
    struct batch b = {0};

    (void)state;
    add(&b, &told, NULL);
    add(&b, &told, NULL);
    expect(&b, REMOTE_WRITE_1, true,
           SERIES_1 SERIES_1 "1a180801"
                             "1207615f746f74616c"
                             "220477686174"
                             "2a056279746573");
    batch_fini(&b);
}

static void test_a_request_of_2(void **state)
{
    struct batch b = {0};

    (void)state;
    add(&b, &a_total, NULL);
    expect(
        &b, REMOTE_WRITE_2, true,
        "220022085f5f6e616d655f5f2207615f746f74616c2201782201792a230a0401020304121709000000000000"
        "f83f1080d095ffbc3118a0fb91ffbc312a020801");
    batch_fini(&b);
}

static void test_symbols_of_2_are_shared(void **state)
{
    struct batch b = {0};

    (void)state;
    add(&b, &told, NULL);
    add(&b, NULL, NULL); /* as stale markers are: of no known family, so without start */
    expect(&b, REMOTE_WRITE_2, true,
           "220022085f5f6e616d655f5f2207615f746f74616c220178220179220477686174"
           "22056279746573"
           "2a270a0401020304121709000000000000f83f1080d095ffbc3118a0fb91ffbc312a06080118052006"
           "2a180a0401020304121009000000000000f83f1080d095ffbc31");
    batch_fini(&b);
}

/* The message is that of the format's worked example; 2.0 puts the start behind it. */
static void test_histograms(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);
    struct batch b = {0};

    (void)state;
    hist_add_n(&h, 0.25, 3);
    hist_add_n(&h, 0.5, 5);
    hist_add_n(&h, 4, 1);
    hist_add_n(&h, 16, 3);
    hist_add_n(&h, 32, 2);
    hist_add_zeros(&h, 2);
    h.sum = 20;
    add(&b, &times, &h);
#define MESSAGE                                                                        \
    "0810190000000000003440200029000000000000f03730025a04080310025a04080410015a040802" \
    "10026205060407"                                                                   \
    "04017880d095ffbc31"
    expect(&b, REMOTE_WRITE_1, false,
           "0a570a130a085f5f6e616d655f5f1207615f746f74616c0a060a01781201792238" MESSAGE);
    expect(&b, REMOTE_WRITE_2, false,
           "220022085f5f6e616d655f5f2207615f746f74616c220178220179"
           "2a4c0a04010203041a40" MESSAGE "8801a0fb91ffbc31"
           "2a020803");
    batch_fini(&b);
    hist_fini(&h);
    hist_slab_free(slab);
}

static void test_a_part_of_a_batch(void **state)
{
    struct batch b = {0};
    struct buf out = {0};

    (void)state;
    add(&b, &told, NULL);
    add(&b, &a_total, NULL);
    add(&b, &told, NULL);
    struct batch_view middle = {.bytes = b.bytes.data, .ends = b.ends, .from = 1, .to = 2};

    assert_int_equal(remote_write_frame(REMOTE_WRITE_1, false, &middle, &out), 0);
    assert_int_equal(out.len, 49);
    buf_fini(&out);
    batch_fini(&b);
}

/* Cut anywhere, or with any byte changed, a point is framed or refused, and never read beyond. */
static void test_damaged_points_are_refused(void **state)
{
    struct batch whole = {0};

    (void)state;
    add(&whole, &told, NULL);
    for (size_t n = 1; n < whole.bytes.len; n++) {
        char *copy = xmalloc(n);
        uint32_t end = (uint32_t)n;
        struct batch_view view = {.bytes = copy, .ends = &end, .to = 1};
        struct buf out = {0};

        memcpy(copy, whole.bytes.data, n);
        assert_int_equal(remote_write_frame(REMOTE_WRITE_2, true, &view, &out), REMOTE_WRITE_E_BAD);
        assert_int_equal(out.len, 0);
        copy[n - 1] = (char)0xff;
        ignored(remote_write_frame(REMOTE_WRITE_1, true, &view, &out));
        ignored(remote_write_frame(REMOTE_WRITE_2, true, &view, &out));
        buf_fini(&out);
        free(copy);
    }
    batch_fini(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_of_1),
        cmocka_unit_test(test_metadata_of_1_comes_once_a_family),
        cmocka_unit_test(test_a_request_of_2),
        cmocka_unit_test(test_symbols_of_2_are_shared),
        cmocka_unit_test(test_histograms),
        cmocka_unit_test(test_a_part_of_a_batch),
        cmocka_unit_test(test_damaged_points_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
