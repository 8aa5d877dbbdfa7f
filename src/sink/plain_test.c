#include "sink/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct metric_registry *registry;
    struct snapshot *snap;
    struct buf seen; /* a line for each point */
};

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.registry = metric_registry_new()};
    f->snap = snapshot_new(&(struct snapshot_config){.registry = f->registry});
}

static void close_fixture(struct fixture *f)
{
    buf_fini(&f->seen);
    snapshot_free(f->snap);
    metric_registry_free(f->registry);
}

static void sample(struct fixture *f, uint32_t metric, const char *status, double value)
{
    struct tag tags[] = {{STR("group"), STR("")}, {STR("status"), str_of(status)}};

    snapshot_sample(f->snap, metric, tags, countof(tags), value, 1);
}

static void note(void *arg, const struct point *p)
{
    static const char kinds[] = {
        [POINT_COUNTER] = 'c', [POINT_GAUGE] = 'g', [POINT_HISTOGRAM] = 'h'};
    struct fixture *f = arg;

    assert_int_equal(p->start, 5);
    assert_int_equal(p->at, 9);
    buf_printf(&f->seen, "%c %.*s", kinds[p->family->kind], STR_ARG(p->family->name));
    for (size_t i = 0; i < p->n_labels; i++)
        buf_printf(&f->seen, " %.*s=%.*s", STR_ARG(p->labels[i].key), STR_ARG(p->labels[i].value));
    if (p->family->unit.n)
        buf_printf(&f->seen, " [%.*s]", STR_ARG(p->family->unit));
    if (p->family->kind == POINT_HISTOGRAM)
        buf_printf(&f->seen, " n=%llu+%llu", (unsigned long long)p->hist->count,
                   p->hist_delta ? (unsigned long long)p->hist_delta->count : 0);
    else
        buf_printf(&f->seen, " %g+%g", p->value, p->delta);
    buf_puts(&f->seen, p->fresh ? "\n" : " old\n");
}

static void check(struct fixture *f, enum plain_rates rates, enum plain_detail detail,
                  const char *expected)
{
    struct plain *p = plain_new(
        &(struct plain_options){.prefix = STR("x."), .rates = rates, .detail = detail}, f->snap);

    buf_reset(&f->seen);
    plain_each(p, &(struct plain_times){.start = 5, .at = 9}, note, f);
    assert_string_equal(buf_cstr(&f->seen), expected);
    plain_free(p);
}

static void each_type_is_shown_by_series(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f);
    snapshot_tick_begin(f.snap);
    sample(&f, M_HTTP_REQS, "200", 1);
    sample(&f, M_HTTP_REQS, "200", 1);
    sample(&f, M_HTTP_REQS, "500", 1);
    sample(&f, M_HTTP_REQ_DURATION, "200", 12);
    sample(&f, M_CHECKS, "", 1);
    sample(&f, M_CHECKS, "", 0);
    sample(&f, M_CHECKS, "", 1);
    sample(&f, M_VUS, "", 7);
    sample(&f, M_DATA_SENT, "", 100);
    snapshot_tick_end(f.snap, 10);

    snapshot_tick_begin(f.snap);
    sample(&f, M_HTTP_REQS, "500", 1);
    snapshot_tick_end(f.snap, 20);

    check(&f, PLAIN_RATE_LABELS, PLAIN_SERIES,
          "c x.http_reqs status=200 2+0 old\n"
          "c x.http_reqs status=500 2+1\n"
          "h x.http_req_duration status=200 [milliseconds] n=1+0 old\n"
          "c x.checks.total condition=zero 1+0 old\n"
          "c x.checks.total condition=nonzero 2+0 old\n"
          "g x.vus 7+0 old\n"
          "c x.data_sent [bytes] 100+0 old\n");
    close_fixture(&f);
}

static void totals_have_no_labels(void **state UNUSED)
{
    struct fixture f;

    open_fixture(&f);
    snapshot_tick_begin(f.snap);
    sample(&f, M_HTTP_REQS, "200", 1);
    sample(&f, M_HTTP_REQS, "500", 1);
    sample(&f, M_HTTP_REQ_DURATION, "200", 12);
    sample(&f, M_HTTP_REQ_DURATION, "500", 13);
    sample(&f, M_CHECKS, "1", 1);
    sample(&f, M_CHECKS, "2", 0);
    snapshot_tick_end(f.snap, 10);

    check(&f, PLAIN_RATE_NAMES, PLAIN_TOTALS,
          "c x.http_reqs 2+2\n"
          "h x.http_req_duration [milliseconds] n=2+2\n"
          "c x.checks.zero 1+1\n"
          "c x.checks.nonzero 1+1\n"
          "g x.checks [ratio] 0.5+0\n");

    snapshot_tick_begin(f.snap);
    snapshot_tick_end(f.snap, 20);
    check(&f, PLAIN_RATE_NAMES, PLAIN_TOTALS,
          "c x.http_reqs 2+0 old\n"
          "h x.http_req_duration [milliseconds] n=2+0 old\n"
          "c x.checks.zero 1+0 old\n"
          "c x.checks.nonzero 1+0 old\n");
    close_fixture(&f);
}

static void the_condition_of_a_rate_stands_among_the_tags(void **state UNUSED)
{
    struct tag tags[] = {
        {STR("a"), STR("1")}, {STR("condition"), STR("mine")}, {STR("d"), STR("2")}};
    struct fixture f;

    open_fixture(&f);
    snapshot_tick_begin(f.snap);
    snapshot_sample(f.snap, M_CHECKS, tags, countof(tags), 1, 1);
    snapshot_tick_end(f.snap, 10);
    check(&f, PLAIN_RATE_LABELS, PLAIN_SERIES,
          "c x.checks.total a=1 condition=zero d=2 0+0\n"
          "c x.checks.total a=1 condition=nonzero d=2 1+1\n");
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_shown_by_series),
        cmocka_unit_test(totals_have_no_labels),
        cmocka_unit_test(the_condition_of_a_rate_stands_among_the_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
