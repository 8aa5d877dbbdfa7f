#include "sink/remote_series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sink/exposition.h"
#include "sink/remote_write.h"

/* A round's requests of 1.0, read as "name{k=v} value@ms" lines, ms since the start. */

#define START_MS INT64_C(1700000000000)

static const struct point_family reqs = {.name = {"reqs_total", 10}, .kind = POINT_COUNTER};
static const struct point_family vus = {.name = {"vus", 3}, .kind = POINT_GAUGE};
static const struct point_family time_s = {.name = {"time", 4}, .kind = POINT_HISTOGRAM};
static const struct tag zone[] = {{{"zone", 4}, {"b", 1}}};
static const struct tag odd[] = {{{"Zone", 4}, {"c", 1}}, {{"__name__", 8}, {"d", 1}}};

static uint64_t varint(struct str *s)
{
    uint64_t n = 0;

    for (unsigned shift = 0;; shift += 7) {
        assert_true(s->n > 0);
        unsigned char c = (unsigned char)s->p[0];

        *s = str_from_index(*s, 1);
        n |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return n;
    }
}

static struct str field(struct str *s, unsigned *ret_number)
{
    uint64_t key = varint(s);

    assert_int_equal(key & 7, 2);
    *ret_number = (unsigned)(key >> 3);
    uint64_t n = varint(s);

    assert_true(n <= s->n);
    struct str content = str_from(s->p, n);

    *s = str_from_index(*s, n);
    return content;
}

static void show_sample(struct str sample, struct buf *text)
{
    double value;
    uint64_t bits;

    assert_true(sample.n > 10 && sample.p[0] == 9 && sample.p[9] == 16);
    memcpy(&value, sample.p + 1, 8);
    memcpy(&bits, sample.p + 1, 8);
    sample = str_from_index(sample, 10);
    long long at = (long long)varint(&sample) - START_MS;

    if (bits == REMOTE_WRITE_STALE) {
        buf_printf(text, " stale@%lld\n", at);
    } else {
        buf_printf(text, " %g@%lld\n", value, at);
    }
}

static void show_histogram(struct str h, struct buf *text)
{
    assert_int_equal(h.p[0], 8);
    h = str_from_index(h, 1);
    buf_printf(text, " histogram of %llu\n", (unsigned long long)varint(&h));
}

static void show_series(struct str series, struct buf *text)
{
    unsigned number;

    while (series.n) {
        struct str content = field(&series, &number);

        if (number == 1) {
            struct str name = field(&content, &number), value = field(&content, &number);

            buf_printf(text, "%.*s=%.*s,", STR_ARG(name), STR_ARG(value));
        } else if (number == 2) {
            show_sample(content, text);
        } else {
            assert_int_equal(number, 4);
            show_histogram(content, text);
        }
    }
}

static void expect(struct batch *b, const char *wanted)
{
    struct batch_view all = batch_all(b);
    struct buf body = {0}, text = {0};
    unsigned number;

    if (b->n_points)
        assert_int_equal(remote_write_frame(REMOTE_WRITE_1, false, &all, &body), 0);
    for (struct str rest = buf_str(&body); rest.n;)
        show_series(field(&rest, &number), &text);
    assert_string_equal(buf_cstr(&text), wanted);
    buf_fini(&body);
    buf_fini(&text);
    batch_reset(b);
}

static struct point point(const struct point_family *f, double value, int64_t ms)
{
    return (struct point){.family = f,
                          .value = value,
                          .start = START_MS * NS_PER_MS,
                          .at = (START_MS + ms) * NS_PER_MS};
}

static void round_of(struct remote_series *s, struct batch *b, const struct point *points, size_t n,
                     int64_t ms)
{
    remote_series_begin(s, b);
    for (size_t i = 0; i < n; i++)
        remote_series_point(s, &points[i]);
    remote_series_end(s, (START_MS + ms) * NS_PER_MS);
}

static struct remote_series *make(bool all)
{
    return remote_series_new(&(struct remote_series_options){.all = all, .schema = 8});
}

static void test_counters_begin_at_zero(void **state)
{
    struct remote_series *s = make(false);
    struct batch b = {0};
    struct point p = point(&reqs, 3, 1000),
                 later[] = {point(&reqs, 4, 2000), point(&reqs, 5, 2000)};

    (void)state;
    round_of(s, &b, &p, 1, 1000);
    assert_true(b.first_at == START_MS * NS_PER_MS);
    expect(&b, "__name__=reqs_total, 0@0\n__name__=reqs_total, 3@1000\n");
    later[1].labels = zone;
    later[1].n_labels = 1;
    round_of(s, &b, later, 2, 2000);
    expect(&b, "__name__=reqs_total, 4@2000\n"
               "__name__=reqs_total,zone=b, 0@1000\n"
               "__name__=reqs_total,zone=b, 5@2000\n");
    batch_fini(&b);
    remote_series_free(s);
}

static void test_only_what_changed_goes_out(void **state)
{
    struct remote_series *s = make(false);
    struct batch b = {0};
    struct point p = point(&vus, 3, 1000);

    (void)state;
    round_of(s, &b, &p, 1, 1000);
    expect(&b, "__name__=vus, 3@1000\n");
    p = point(&vus, 3, 2000);
    round_of(s, &b, &p, 1, 2000);
    expect(&b, "");
    p.fresh = true;
    round_of(s, &b, &p, 1, 2000);
    expect(&b, "__name__=vus, 3@2000\n");
    p = point(&vus, 3, 61999);
    round_of(s, &b, &p, 1, 61999);
    expect(&b, "");
    p = point(&vus, 3, 62000);
    round_of(s, &b, &p, 1, 62000);
    expect(&b, "__name__=vus, 3@62000\n");
    batch_fini(&b);
    remote_series_free(s);
}

static void test_all_means_all(void **state)
{
    struct remote_series *s = make(true);
    struct batch b = {0};

    (void)state;
    for (int64_t ms = 1000; ms <= 2000; ms += 1000) {
        struct point p = point(&vus, 3, ms);

        round_of(s, &b, &p, 1, ms);
        assert_int_equal(b.n_points, 1);
        batch_reset(&b);
    }
    batch_fini(&b);
    remote_series_free(s);
}

/* A clock that was set back does not make a receiver refuse what follows. */
static void test_times_ascend(void **state)
{
    struct remote_series *s = make(true);
    struct batch b = {0};
    struct point p = point(&vus, 3, 1000);

    (void)state;
    round_of(s, &b, &p, 1, 1000);
    p = point(&vus, 4, 500);
    round_of(s, &b, &p, 1, 500);
    p = point(&vus, 4, 900); /* nothing new, and no time for it */
    round_of(s, &b, &p, 1, 900);
    expect(&b, "__name__=vus, 3@1000\n__name__=vus, 4@1001\n");
    batch_fini(&b);
    remote_series_free(s);
}

static void test_stale_markers_end_each_series_once(void **state)
{
    struct remote_series *s = make(false);
    struct batch b = {0};
    struct point points[] = {point(&vus, 3, 1000), point(&reqs, 0, 1000)};

    (void)state;
    round_of(s, &b, points, 2, 1000);
    batch_reset(&b);
    remote_series_stale(s, &b);
    expect(&b, "__name__=vus, stale@1001\n__name__=reqs_total, stale@1001\n");
    remote_series_stale(s, &b);
    expect(&b, "");
    batch_fini(&b);
    remote_series_free(s);
}

static void test_a_series_that_is_gone_is_over_until_it_comes_back(void **state)
{
    struct remote_series *s =
        remote_series_new(&(struct remote_series_options){.schema = 8, .stale = true});
    struct batch b = {0};
    struct point points[] = {point(&vus, 3, 1000), point(&reqs, 5, 1000)};

    (void)state;
    points[1].start = 0; /* it counted before anybody looked */
    round_of(s, &b, points, 2, 1000);
    batch_reset(&b);
    round_of(s, &b, points, 1, 2000);
    expect(&b, "__name__=reqs_total, stale@2000\n");
    batch_reset(&b);
    round_of(s, &b, points, 1, 3000);
    expect(&b, "");
    points[1].at += 3 * NS_PER_S;
    round_of(s, &b, points, 2, 4000);
    expect(&b, "__name__=reqs_total, 5@4000\n"); /* not from 0 again */
    batch_reset(&b);
    points[1].value = 6;
    round_of(s, &b, points, 0, 4000);
    remote_series_stale(s, &b);
    expect(&b, "__name__=vus, stale@4000\n__name__=reqs_total, stale@4001\n");
    batch_fini(&b);
    remote_series_free(s);
}

static void test_histograms_begin_empty(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);
    struct remote_series *s = make(false);
    struct batch b = {0};
    struct point p = point(&time_s, 0, 1000);

    (void)state;
    hist_add_n(&h, 1, 7);
    p.hist = &h;
    p.factor = 1;
    round_of(s, &b, &p, 1, 1000);
    expect(&b, "__name__=time, histogram of 0\n__name__=time, histogram of 7\n");
    batch_fini(&b);
    remote_series_free(s);
    hist_fini(&h);
    hist_slab_free(slab);
}

static void test_labels_are_sorted_and_the_name_is_ours(void **state)
{
    struct remote_series *s = make(false);
    struct batch b = {0};
    struct point p = point(&vus, 1, 1000);

    (void)state;
    p.labels = odd;
    p.n_labels = countof(odd);
    round_of(s, &b, &p, 1, 1000);
    expect(&b, "Zone=c,__name__=vus,_name__=d, 1@1000\n");
    batch_fini(&b);
    remote_series_free(s);
}

static void test_classic_histograms_are_counters(void **state)
{
    static const struct exposition_bounds bounds = {.upper = {0.25, 1}, .n = 2};
    static const struct point_family family = {
        .name = {"t", 1}, .kind = POINT_HISTOGRAM, .unit = {"seconds", 7}};
    static const struct tag le[] = {{{"le", 2}, {"mine", 4}}};
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT_SCALED(slab, HIST_MILLIS);
    struct remote_series *s =
        remote_series_new(&(struct remote_series_options){.no_zeros = true, .classic = &bounds});
    struct batch b = {0};
    struct point p = point(&family, 0, 1000);

    (void)state;
    hist_add_n(&h, 100, 2);
    hist_add_n(&h, 5000, 1);
    p.hist = &h;
    p.factor = HIST_MILLIS;
    p.labels = le;
    p.n_labels = 1;
    round_of(s, &b, &p, 1, 1000);
    expect(&b, "__name__=t_bucket,exported_le=mine,le=0.25, 2@1000\n"
               "__name__=t_bucket,exported_le=mine,le=1, 2@1000\n"
               "__name__=t_bucket,exported_le=mine,le=+Inf, 3@1000\n"
               "__name__=t_count,le=mine, 3@1000\n"
               "__name__=t_sum,le=mine, 5.2@1000\n");
    batch_fini(&b);
    remote_series_free(s);
    hist_fini(&h);
    hist_slab_free(slab);
}

static size_t n_handed;

static void hand_over(void *arg, struct batch *b)
{
    (void)arg;
    n_handed += b->n_points;
    batch_reset(b);
}

static void test_large_rounds_are_handed_on_in_parts(void **state)
{
    struct remote_series *s =
        remote_series_new(&(struct remote_series_options){.schema = 8, .full = hand_over});
    struct batch b = {0};
    size_t widest = 0;

    (void)state;
    remote_series_begin(s, &b);
    for (int i = 0; i < 100000; i++) {
        char text[32];
        struct tag tag = {STR("n"), {text, (size_t)snprintf(text, sizeof(text), "%d", i)}};
        struct point p = point(&vus, 1, 1000);

        p.labels = &tag;
        p.n_labels = 1;
        remote_series_point(s, &p);
        widest = b.bytes.len > widest ? b.bytes.len : widest;
    }
    remote_series_end(s, START_MS * NS_PER_MS);
    assert_true(n_handed > 0 && widest < 5 << 20);
    assert_int_equal(n_handed + b.n_points, 100000);
    batch_fini(&b);
    remote_series_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_begin_at_zero),
        cmocka_unit_test(test_only_what_changed_goes_out),
        cmocka_unit_test(test_all_means_all),
        cmocka_unit_test(test_times_ascend),
        cmocka_unit_test(test_stale_markers_end_each_series_once),
        cmocka_unit_test(test_a_series_that_is_gone_is_over_until_it_comes_back),
        cmocka_unit_test(test_histograms_begin_empty),
        cmocka_unit_test(test_labels_are_sorted_and_the_name_is_ours),
        cmocka_unit_test(test_classic_histograms_are_counters),
        cmocka_unit_test(test_large_rounds_are_handed_on_in_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
