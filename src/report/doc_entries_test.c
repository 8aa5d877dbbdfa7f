#include "report/doc_entries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/doc_testing.h"

static void end_tick(struct filled *f, struct doc_entries *e, mono_ns now)
{
    snapshot_tick_end(f->snapshot, now);
    if (e)
        doc_entries_tick(e);
}

/* The one entry of a metric and dimension whose first tag has that value; NULL: there is none. */
static const struct doc_entry *find(const struct doc_entries *e, enum doc_by by, uint32_t metric,
                                    const char *value)
{
    size_t n;
    struct doc_entry *const *all = doc_entries_all(e, &n);
    const struct doc_entry *found = NULL;

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i]->id, i);
        if (all[i]->by != by || all[i]->metric->id != metric)
            continue;
        if (value && !str_is(label_value(all[i]->tags, all[i]->n_tags,
                                         all[i]->n_tags ? all[i]->tags[0].key.p : ""),
                             value))
            continue;
        assert_null(found);
        found = all[i];
    }
    return found;
}

static uint64_t samples(const struct doc_entry *entry)
{
    assert_non_null(entry);
    return value_samples(doc_entry_total(entry), entry->metric->type);
}

static void request(struct filled *f, const char *name, const char *status, const char *error)
{
    filled_add(f, M_HTTP_REQS, 1,
               WORDS("method", "GET", "name", name, "status", status,
                     error ? "error_code" : "scenario", error ? error : "default"));
    filled_add(f, M_HTTP_REQ_DURATION, 12,
               WORDS("method", "GET", "name", name, "status", status, "scenario", "default"));
}

static void a_request_is_seen_from_all_sides(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);

    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "200", NULL);
    request(&f, "a", "200", NULL);
    request(&f, "b", "500", "1500");
    end_tick(&f, e, 2);
    assert_int_equal(samples(find(e, DOC_METRIC, M_HTTP_REQS, NULL)), 3);
    assert_int_equal(samples(find(e, DOC_STATUS, M_HTTP_REQS, "200")), 2);
    assert_int_equal(samples(find(e, DOC_STATUS, M_HTTP_REQS, "500")), 1);
    assert_int_equal(samples(find(e, DOC_ERROR, M_HTTP_REQS, "1500")), 1);
    assert_int_equal(samples(find(e, DOC_SCENARIO, M_HTTP_REQS, "default")), 2);
    assert_null(find(e, DOC_STATUS, M_HTTP_REQ_DURATION, "200"));
    assert_null(find(e, DOC_SCENARIO, M_HTTP_REQ_DURATION, "default"));
    assert_null(find(e, DOC_CUSTOM, M_HTTP_REQS, NULL));
    doc_entries_free(e);
    filled_close(&f);
}

static const struct doc_entry *endpoint(const struct doc_entries *e, uint32_t metric,
                                        const char *name)
{
    size_t n;
    struct doc_entry *const *all = doc_entries_all(e, &n);

    for (size_t i = 0; i < n; i++) {
        if (all[i]->by == DOC_ENDPOINT && all[i]->metric->id == metric &&
            str_is(label_value(all[i]->tags, all[i]->n_tags, "name"), name))
            return all[i];
    }
    return NULL;
}

static void ticks_add_up_and_only_fresh_ones_are_listed(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);
    size_t n;

    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "200", NULL);
    request(&f, "b", "200", NULL);
    end_tick(&f, e, 2);
    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "404", NULL);
    end_tick(&f, e, 3);
    const struct doc_entry *a = endpoint(e, M_HTTP_REQ_DURATION, "a");
    const struct doc_entry *b = endpoint(e, M_HTTP_REQ_DURATION, "b");

    assert_int_equal(samples(a), 2);
    assert_int_equal(doc_entry_delta(e, a)->trend.count, 1);
    assert_int_equal(samples(b), 1);
    assert_null(doc_entry_delta(e, b));
    struct doc_entry *const *fresh = doc_entries_fresh(e, &n);
    bool has_a = false;

    for (size_t i = 0; i < n; i++) {
        assert_ptr_not_equal(fresh[i], b);
        has_a |= fresh[i] == a;
    }
    assert_true(has_a);
    snapshot_tick_begin(f.snapshot);
    end_tick(&f, e, 4);
    doc_entries_fresh(e, &n);
    assert_int_equal(n, 0);
    doc_entries_free(e);
    filled_close(&f);
}

static void tags_that_are_missing_make_no_entry(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);

    snapshot_tick_begin(f.snapshot);
    filled_add(&f, M_HTTP_REQS, 1, WORDS());
    filled_add(&f, M_HTTP_REQS, 1, WORDS("method", "GET"));
    filled_add(&f, M_CHECKS, 1, WORDS("check", "is fine", "group", ""));
    filled_add(&f, M_CHECKS, 0, WORDS("check", "is fine", "group", "::g"));
    end_tick(&f, e, 2);
    assert_null(endpoint(e, M_HTTP_REQS, ""));
    assert_null(find(e, DOC_STATUS, M_HTTP_REQS, NULL));
    assert_int_equal(samples(find(e, DOC_METRIC, M_HTTP_REQS, NULL)), 2);
    size_t n, n_checks = 0;
    struct doc_entry *const *all = doc_entries_all(e, &n);

    for (size_t i = 0; i < n; i++)
        n_checks += all[i]->by == DOC_CHECK;
    assert_int_equal(n_checks, 2);
    doc_entries_free(e);
    filled_close(&f);
}

static void narrowed_metrics_have_the_name_they_were_given(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);
    struct submetric_name name;
    struct snap_metric *sub;
    struct str text = STR("http_reqs{ status:200 }");

    assert_int_equal(submetric_parse(text, &name), 0);
    assert_int_equal(snapshot_submetric(f.snapshot, &name, text, &sub), 0);
    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "500", NULL);
    end_tick(&f, e, 2);
    assert_null(find(e, DOC_SUBMETRIC, M_HTTP_REQS, NULL));
    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "200", NULL);
    end_tick(&f, e, 3);
    const struct doc_entry *entry = find(e, DOC_SUBMETRIC, M_HTTP_REQS, NULL);

    assert_int_equal(samples(entry), 1);
    assert_string_equal(entry->name, "http_reqs{ status:200 }");
    assert_int_equal(entry->n_tags, 1);
    assert_true(str_is(entry->tags[0].value, "200"));
    doc_entries_free(e);
    filled_close(&f);
}

static void custom_and_generator_metrics_have_all_their_tags(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);
    uint32_t own;

    assert_int_equal(
        metric_register(f.registry, STR("basket"), METRIC_TREND, CONTAINS_DEFAULT, &own), 0);
    snapshot_tick_begin(f.snapshot);
    filled_add(&f, own, 3, WORDS("kind", "big", "group", "", "scenario", "s"));
    filled_add(&f, own, 4, WORDS("kind", "small", "group", "", "scenario", "s"));
    filled_add(&f, M_GENERATOR_BUSY, 0.5, WORDS("loop", "0"));
    filled_add(&f, M_GENERATOR_BUSY, 0.25, WORDS("loop", "1"));
    filled_add(&f, M_VUS, 0.25, WORDS("loop", "1"));
    end_tick(&f, e, 2);
    assert_int_equal(samples(find(e, DOC_METRIC, own, NULL)), 2);
    assert_int_equal(samples(find(e, DOC_CUSTOM, own, "big")), 1);
    assert_int_equal(find(e, DOC_CUSTOM, own, "small")->n_tags, 2);
    assert_int_equal(samples(find(e, DOC_GENERATOR, M_GENERATOR_BUSY, "1")), 1);
    assert_null(find(e, DOC_GENERATOR, M_VUS, NULL));
    assert_string_equal(doc_by_name(DOC_CUSTOM), "series");
    assert_string_equal(doc_by_name(DOC_METRIC), "");
    doc_entries_free(e);
    filled_close(&f);
}

enum {
    MANY = 1000,
    MOST = 300,
};

/* Endpoint i gets a request a tick, but for one that comes last and gets three. */
static void fill_many(struct filled *f)
{
    char name[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "e%04d", i);
        request(f, name, "200", NULL);
    }
    for (int i = 0; i < 3; i++)
        request(f, "busy", "200", NULL);
}

static void check_sums(const struct doc_entries *e, size_t n_expected, uint64_t sum_expected)
{
    size_t n, n_found = 0;
    uint64_t sum = 0;
    struct doc_entry *const *all = doc_entries_all(e, &n);

    for (size_t i = 0; i < n; i++) {
        if (all[i]->by != DOC_ENDPOINT || all[i]->metric->id != M_HTTP_REQ_DURATION)
            continue;
        sum += samples(all[i]);
        n_found++;
    }
    assert_int_equal(n_found, n_expected);
    assert_int_equal(sum, sum_expected);
}

static void too_many_become_one_and_sums_stay_exact(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *first = doc_entries_new(f.snapshot);
    struct doc_entries *seen = doc_entries_new(f.snapshot);
    struct doc_entries *busiest = doc_entries_new(f.snapshot);

    doc_entries_unlimited(seen);
    for (int tick = 0; tick < 2; tick++) {
        snapshot_tick_begin(f.snapshot);
        fill_many(&f);
        end_tick(&f, first, 2 + tick);
    }
    doc_entries_tick(seen);
    doc_entries_admit(busiest, seen);
    doc_entries_tick(busiest);
    check_sums(first, MOST + 1, 2 * (uint64_t)(MANY + 3));
    check_sums(seen, MANY + 1, 2 * (uint64_t)(MANY + 3));
    check_sums(busiest, MOST + 1, 2 * (uint64_t)(MANY + 3));
    assert_null(endpoint(first, M_HTTP_REQ_DURATION, "busy"));
    assert_int_equal(samples(endpoint(busiest, M_HTTP_REQ_DURATION, "busy")), 6);
    assert_int_equal(samples(find(first, DOC_ENDPOINT, M_HTTP_REQ_DURATION, "true")),
                     2 * (MANY - MOST + 3));
    doc_entries_free(first);
    doc_entries_free(seen);
    doc_entries_free(busiest);
    filled_close(&f);
}

static void one_metric_leaves_room_for_others(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);
    uint32_t greedy, modest;
    char user[16];

    assert_int_equal(
        metric_register(f.registry, STR("greedy"), METRIC_COUNTER, CONTAINS_DEFAULT, &greedy), 0);
    assert_int_equal(
        metric_register(f.registry, STR("modest"), METRIC_COUNTER, CONTAINS_DEFAULT, &modest), 0);
    snapshot_tick_begin(f.snapshot);
    for (int i = 0; i < MANY; i++) {
        snprintf(user, sizeof(user), "u%d", i);
        filled_add(&f, greedy, 1, WORDS("user", user));
    }
    filled_add(&f, modest, 1, WORDS("kind", "x"));
    end_tick(&f, e, 2);
    assert_int_equal(samples(find(e, DOC_CUSTOM, greedy, "true")), MANY - 100);
    assert_int_equal(samples(find(e, DOC_CUSTOM, modest, "x")), 1);
    doc_entries_free(e);
    filled_close(&f);
}

static void the_snapshot_may_go_first(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);

    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "200", NULL);
    request(&f, "a", "500", NULL);
    end_tick(&f, e, 2);
    filled_close(&f);
    doc_entries_free(e);
}

static int by_display(const void *a, const void *b)
{
    return doc_entry_cmp(*(struct doc_entry *const *)a, *(struct doc_entry *const *)b);
}

static void the_busiest_stand_first(void **state)
{
    (void)state;
    struct filled f = filled_open();
    struct doc_entries *e = doc_entries_new(f.snapshot);
    struct doc_entry *sorted[64];
    size_t n;

    snapshot_tick_begin(f.snapshot);
    request(&f, "a", "200", NULL);
    request(&f, "b", "200", NULL);
    request(&f, "b", "200", NULL);
    end_tick(&f, e, 2);
    struct doc_entry *const *all = doc_entries_all(e, &n);

    assert_true(n <= countof(sorted));
    for (size_t i = 0; i < n; i++)
        sorted[i] = all[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    qsort(sorted, n, sizeof(*sorted), by_display);
    assert_int_equal(sorted[0]->by, DOC_METRIC);
    for (size_t i = 1; i < n; i++) {
        assert_true(sorted[i - 1]->by <= sorted[i]->by);
        if (sorted[i]->by == DOC_ENDPOINT && sorted[i - 1]->metric == sorted[i]->metric)
            assert_true(samples(sorted[i - 1]) >= samples(sorted[i]));
    }
    doc_entries_free(e);
    filled_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_seen_from_all_sides),
        cmocka_unit_test(ticks_add_up_and_only_fresh_ones_are_listed),
        cmocka_unit_test(tags_that_are_missing_make_no_entry),
        cmocka_unit_test(narrowed_metrics_have_the_name_they_were_given),
        cmocka_unit_test(custom_and_generator_metrics_have_all_their_tags),
        cmocka_unit_test(too_many_become_one_and_sums_stay_exact),
        cmocka_unit_test(one_metric_leaves_room_for_others),
        cmocka_unit_test(the_snapshot_may_go_first),
        cmocka_unit_test(the_busiest_stand_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
