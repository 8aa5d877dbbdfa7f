#include "sink/otlp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a reader of protocol buffers, as plain as can be ---- */

static uint64_t varint(struct str *s)
{
    uint64_t n = 0;

    for (unsigned shift = 0;; shift += 7) {
        assert_true(s->n > 0 && shift < 64);
        unsigned char c = (unsigned char)*s->p;

        *s = str_from_index(*s, 1);
        n |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return n;
    }
}

static uint64_t little_endian(struct str s)
{
    uint64_t n = 0;

    assert_int_equal(s.n, 8);
    for (size_t i = 0; i < 8; i++)
        n |= (uint64_t)(unsigned char)s.p[i] << (8 * i);
    return n;
}

/* The content of field number `id`, the nth of it; varints as eight bytes in `small`. */
static bool field(struct str s, unsigned id, size_t nth, struct str *ret)
{
    static char small[8];

    while (s.n) {
        uint64_t key = varint(&s);
        struct str content = {0};

        if ((key & 7) == 2) {
            content.n = varint(&s);
            content.p = s.p;
        } else if ((key & 7) == 1) {
            content = str_from(s.p, 8);
        } else {
            uint64_t n;

            assert_int_equal(key & 7, 0);
            n = varint(&s);
            for (size_t i = 0; i < 8; i++)
                small[i] = (char)(n >> (8 * i));
            content = str_from(small, 8);
        }
        assert_true((key & 7) == 0 || content.n <= s.n);
        if ((key & 7) != 0)
            s = str_from_index(s, content.n);
        if (key >> 3 == id && nth-- == 0) {
            *ret = content;
            return true;
        }
    }
    return false;
}

static struct str at(struct str s, unsigned id)
{
    struct str content;

    assert_true(field(s, id, 0, &content));
    return content;
}

static struct str nth(struct str s, unsigned id, size_t n)
{
    struct str content;

    assert_true(field(s, id, n, &content));
    return content;
}

static size_t count(struct str s, unsigned id)
{
    struct str content;
    size_t n = 0;

    while (field(s, id, n, &content))
        n++;
    return n;
}

static uint64_t number(struct str s, unsigned id)
{
    return little_endian(at(s, id));
}

static double real(struct str s, unsigned id)
{
    uint64_t bits = number(s, id);
    double d;

    memcpy(&d, &bits, sizeof(d));
    return d;
}

static int64_t signed_number(struct str s, unsigned id)
{
    uint64_t n = number(s, id);

    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

static void check_attribute(struct str pair, const char *key, const char *value)
{
    assert_true(str_is(at(pair, 1), key));
    assert_true(str_is(at(at(pair, 2), 1), value));
}

/* ---- points ---- */

static const struct tag labels[] = {{STR("empty"), STR("")}, {STR("method"), STR("GET")}};
static const struct point_family reqs = {STR("http_reqs"), POINT_COUNTER, STR(""),
                                         STR("round trips")};
static const struct point_family vus = {STR("vus"), POINT_GAUGE, STR("ratio"), STR("")};
static const struct point_family duration = {STR("duration"), POINT_HISTOGRAM, STR("seconds"),
                                             STR("")};
static const struct otlp_style cumulative = {.temporality = OTLP_CUMULATIVE};
static const struct otlp_style delta = {.temporality = OTLP_DELTA, .since = 400};

struct fixture {
    struct batch batch;
    struct hist_slab *slab;
    struct hist hist;
    struct buf request;
};

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.slab = hist_slab_new()};
    f->hist = HIST_INIT_SCALED(f->slab, HIST_MILLIS);
}

static void close_fixture(struct fixture *f)
{
    batch_fini(&f->batch);
    buf_fini(&f->request);
    hist_fini(&f->hist);
    hist_slab_free(f->slab);
}

static struct point point(const struct point_family *family, double value, double added)
{
    return (struct point){.family = family,
                          .labels = labels,
                          .n_labels = countof(labels),
                          .value = value,
                          .delta = added,
                          .factor = HIST_MILLIS,
                          .start = 100,
                          .at = 500};
}

static void put(struct fixture *f, const struct otlp_style *style, const struct point *p)
{
    otlp_put(&f->batch.bytes, style, p);
    batch_end_point(&f->batch);
}

/* The scope's metrics of a request with all the points. */
static struct str framed(struct fixture *f)
{
    static const struct tag attributes[] = {{STR("service.name"), STR("brunt")},
                                            {STR("none"), STR("")}};
    struct otlp_origin origin = {attributes, countof(attributes), "brunt", "1.2"};
    struct batch_view all = batch_all(&f->batch);

    buf_reset(&f->request);
    otlp_request(&f->request, &origin, &all);

    struct str resource_metrics = at(buf_str(&f->request), 1);
    struct str scope_metrics = at(resource_metrics, 2);

    assert_int_equal(count(at(resource_metrics, 1), 1), 1);
    check_attribute(at(at(resource_metrics, 1), 1), "service.name", "brunt");
    assert_true(str_is(at(at(scope_metrics, 1), 1), "brunt"));
    assert_true(str_is(at(at(scope_metrics, 1), 2), "1.2"));
    return scope_metrics;
}

/* ---- tests ---- */

static void points_of_one_metric_share_a_head(void **state UNUSED)
{
    struct fixture f;
    struct point a = point(&reqs, 7, 2), b = point(&vus, 0.5, 0);

    open_fixture(&f);
    put(&f, &cumulative, &a);
    a.value = 8;
    put(&f, &cumulative, &a);
    put(&f, &cumulative, &b);

    struct str scope = framed(&f);
    struct str counter = nth(scope, 2, 0), gauge = nth(scope, 2, 1);

    assert_int_equal(count(scope, 2), 2);
    assert_true(str_is(at(counter, 1), "http_reqs"));
    assert_true(str_is(at(counter, 2), "round trips"));
    assert_int_equal(count(counter, 3), 0);

    struct str sum = at(counter, 7);

    assert_int_equal(number(sum, 2), 2); /* cumulative */
    assert_int_equal(number(sum, 3), 1); /* monotonic */
    assert_int_equal(count(sum, 1), 2);
    assert_true(real(nth(sum, 1, 0), 4) == 7);
    assert_true(real(nth(sum, 1, 1), 4) == 8);
    assert_int_equal(number(at(sum, 1), 2), 100);
    assert_int_equal(number(at(sum, 1), 3), 500);
    assert_int_equal(count(at(sum, 1), 7), 1);
    check_attribute(at(at(sum, 1), 7), "method", "GET");

    assert_true(str_is(at(gauge, 1), "vus"));
    assert_true(str_is(at(gauge, 3), "1"));
    assert_int_equal(count(at(gauge, 5), 2), 0);
    assert_true(real(at(at(gauge, 5), 1), 4) == 0.5);
    close_fixture(&f);
}

static void deltas_begin_with_the_tick(void **state UNUSED)
{
    struct fixture f;
    struct point a = point(&reqs, 7, 2), none = point(&reqs, 7, 0), idle = point(&duration, 0, 0),
                 gauge = point(&vus, 1, 0);

    open_fixture(&f);
    idle.hist = &f.hist;
    put(&f, &delta, &a);
    put(&f, &delta, &none);
    put(&f, &delta, &idle);
    put(&f, &delta, &gauge);
    assert_int_equal(f.batch.n_points, 2);

    struct str sum = at(nth(framed(&f), 2, 0), 7);

    assert_int_equal(number(sum, 2), 1);
    assert_true(real(at(sum, 1), 4) == 2);
    assert_int_equal(number(at(sum, 1), 2), 400);
    close_fixture(&f);
}

/* Adds up a Buckets message; checks that neither end is empty. */
static uint64_t buckets_sum(struct str buckets, int64_t *ret_first, int64_t *ret_last)
{
    struct str counts = at(buckets, 2);
    uint64_t sum = 0, n = 0;

    *ret_first = signed_number(buckets, 1);
    *ret_last = *ret_first - 1;
    while (counts.n) {
        n = varint(&counts);
        assert_true(n > 0 || sum > 0);
        sum += n;
        (*ret_last)++;
    }
    assert_true(n > 0);
    return sum;
}

static struct str exponential(struct fixture *f, const struct otlp_style *style)
{
    struct point p = point(&duration, 0, 0);

    p.hist = &f->hist;
    p.hist_delta = &f->hist;
    batch_reset(&f->batch);
    put(f, style, &p);
    return at(at(framed(f), 2), 10);
}

static void a_histogram_keeps_every_bucket(void **state UNUSED)
{
    struct fixture f;
    int64_t first, last;

    open_fixture(&f);
    hist_add(&f.hist, 0);
    hist_add_n(&f.hist, 1000, 3); /* 1 s: upper bound of our bucket 0, so their bucket -1 */
    hist_add(&f.hist, 2000);      /* our 256, their 255 */
    hist_add(&f.hist, 2001);      /* their 256 */

    struct str data = exponential(&f, &cumulative);
    struct str p = at(data, 1);

    assert_int_equal(number(data, 2), 2);
    check_attribute(at(p, 1), "method", "GET");
    assert_int_equal(number(p, 2), 100);
    assert_int_equal(number(p, 3), 500);
    assert_int_equal(number(p, 4), 6);
    assert_true(fabs(real(p, 5) - 7.001) < 1e-12);
    assert_int_equal(signed_number(p, 6), 8);
    assert_int_equal(number(p, 7), 1);
    assert_int_equal(buckets_sum(at(p, 8), &first, &last), 5);
    assert_int_equal(first, -1);
    assert_int_equal(last, 256);
    assert_int_equal(count(p, 9), 0);
    assert_true(real(p, 12) == 0);
    assert_true(real(p, 13) == 2.001);
    assert_true(real(p, 14) == HIST_ZERO);
    close_fixture(&f);
}

static void fewer_buckets_lower_the_scale(void **state UNUSED)
{
    struct fixture f;
    struct otlp_style style = cumulative;
    int64_t first, last;

    open_fixture(&f);
    for (double v = 1; v < 1e5; v *= 1.01)
        hist_add(&f.hist, v);
    for (uint32_t max = 1; max <= 1024; max *= 2) {
        style.max_buckets = max;

        struct str p = at(exponential(&f, &style), 1);
        double base = exp2(exp2(-(double)signed_number(p, 6)));

        assert_int_equal(buckets_sum(at(p, 8), &first, &last), f.hist.count);
        /* times lie on both sides of a second, so one bucket never holds them all */
        assert_true(last - first < (max > 2 ? max : 2));
        assert_true(pow(base, (double)first) < 0.001);
        assert_true(pow(base, (double)last + 1) >= f.hist.max / 1000);
        assert_true(max < 4 || last - first + 1 > max / 2 - 1);
    }
    close_fixture(&f);
}

static void negative_values_have_buckets_and_no_sum(void **state UNUSED)
{
    struct fixture f;
    int64_t first, last;

    open_fixture(&f);
    hist_add(&f.hist, -1500);
    hist_add(&f.hist, 3);

    struct str p = at(exponential(&f, &cumulative), 1);

    assert_int_equal(count(p, 5), 0);
    assert_int_equal(buckets_sum(at(p, 9), &first, &last), 1);
    assert_int_equal(first, (int64_t)floor(log2(1.5) * 256));
    assert_true(real(p, 12) == -1.5);
    close_fixture(&f);
}

static void another_unit_has_explicit_bounds(void **state UNUSED)
{
    static const struct point_family ms = {STR("http_req_duration"), POINT_HISTOGRAM,
                                           STR("milliseconds"), STR("")};
    struct fixture f;
    struct point p = point(&ms, 0, 0);

    open_fixture(&f);
    hist_add(&f.hist, 0);
    hist_add_n(&f.hist, 3, 2);
    hist_add_n(&f.hist, 60, 3);
    hist_add_n(&f.hist, 20000, 4);
    p.hist = &f.hist;
    p.factor = 1;
    put(&f, &cumulative, &p);

    struct str data = at(at(framed(&f), 2), 9);
    struct str got = at(data, 1), counts = at(got, 6), bounds = at(got, 7);
    static const uint64_t expected[16] = {[0] = 1, [1] = 2, [5] = 3, [15] = 4};

    assert_true(str_is(at(at(framed(&f), 2), 3), "ms"));
    assert_int_equal(number(data, 2), 2);
    assert_int_equal(number(got, 4), 10);
    assert_true(real(got, 5) == 80186);
    assert_int_equal(counts.n, 16 * 8);
    assert_int_equal(bounds.n, 15 * 8);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(little_endian(str_from(counts.p + 8 * i, 8)), expected[i]);
    assert_true(real(got, 11) == 0);
    assert_true(real(got, 12) == 20000);
    check_attribute(at(got, 9), "method", "GET");
    close_fixture(&f);
}

static void explicit_bounds_are_in_the_unit(void **state UNUSED)
{
    struct fixture f;
    struct otlp_style style = {.temporality = OTLP_CUMULATIVE, .histograms = OTLP_EXPLICIT};
    struct point p = point(&duration, 0, 0);
    double bound;

    open_fixture(&f);
    hist_add(&f.hist, 60);
    p.hist = &f.hist;
    put(&f, &style, &p);

    struct str got = at(at(at(framed(&f), 2), 9), 1);

    memcpy(&bound, at(got, 7).p + 8, 8);
    assert_true(bound == 0.005);
    assert_int_equal(little_endian(str_from(at(got, 6).p + 5 * 8, 8)), 1);
    close_fixture(&f);
}

static void text_is_made_utf8(void **state UNUSED)
{
    static const struct tag odd[] = {
        {STR("k\xff"), STR("\xc3\xa4\xed\xa0\x80\xf0\x9f\x98\x80\xe2\x82")}};
    struct fixture f;
    struct point p = point(&reqs, 1, 1);

    open_fixture(&f);
    p.labels = odd;
    p.n_labels = 1;
    put(&f, &cumulative, &p);
    check_attribute(at(at(at(at(framed(&f), 2), 7), 1), 7), "k\xef\xbf\xbd",
                    "\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd"
                    "\xef\xbf\xbd");
    close_fixture(&f);
}

/* Records may come from a disk. */
static void bytes_that_are_no_record_are_left_out(void **state UNUSED)
{
    static const char *const wrong[] = {"x",
                                        "\x7f"
                                        "abc",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    struct fixture f;
    struct point p = point(&reqs, 1, 1);

    open_fixture(&f);
    for (size_t i = 0; i < countof(wrong); i++) {
        put(&f, &cumulative, &p);
        buf_puts(&f.batch.bytes, wrong[i]);
        batch_end_point(&f.batch);
    }
    assert_int_equal(f.batch.n_points, 6);
    assert_int_equal(count(framed(&f), 2), 3);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_one_metric_share_a_head),
        cmocka_unit_test(deltas_begin_with_the_tick),
        cmocka_unit_test(a_histogram_keeps_every_bucket),
        cmocka_unit_test(fewer_buckets_lower_the_scale),
        cmocka_unit_test(negative_values_have_buckets_and_no_sum),
        cmocka_unit_test(another_unit_has_explicit_bounds),
        cmocka_unit_test(explicit_bounds_are_in_the_unit),
        cmocka_unit_test(text_is_made_utf8),
        cmocka_unit_test(bytes_that_are_no_record_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
