/*
 * Against a server that is a table: the question's words, and what it answers. What real servers
 * answer is tested in tests/dashboards.
 */
#include "dashboard/query_why.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dashboard/query_check.h"

#define VECTOR(n) "{\"data\":{\"resultType\":\"matrix\",\"result\":[{\"values\":[[1,\"" n "\"]]}]}}"
#define NOTHING   "{\"data\":{\"resultType\":\"matrix\",\"result\":[]}}"
#define ROW       "{\"results\":[{\"series\":[{\"columns\":[\"time\",\"v\"],\"values\":[[1,2]]}]}]}"
#define NO_ROW    "{\"results\":[{}]}"
#define NAMES(n)  "{\"results\":[{\"series\":[{\"columns\":[\"name\"],\"values\":[" n "]}]}]}"
#define TABLE     ",result,table,_value\r\n,_result,0,1\r\n"

/* The first row whose words are all of a question's path or body is its answer. */
struct row {
    const char *words[3];
    const char *answer;
};

static bool has(struct str text, const char *word)
{
    return str_find_str(text, str_of(word)) < text.n;
}

static int carry(void *arg, enum query_kind kind UNUSED, const struct query_request *req,
                 struct buf *ret_body, int *ret_status)
{
    const struct row *row = arg;

    for (; row->answer; row++) {
        bool all = true;

        for (size_t i = 0; i < countof(row->words) && row->words[i]; i++)
            all = all && (has(req->path, row->words[i]) || has(req->body, row->words[i]));
        if (all)
            break;
    }
    if (!row->answer)
        fail_msg("nobody asked for %.*s %.*s", STR_ARG(req->path), STR_ARG(req->body));
    buf_puts(ret_body, row->answer);
    *ret_status = 200;
    return 0;
}

static void assert_why(enum query_kind kind, struct row *rows, const char *text, const char *wanted)
{
    struct query_servers servers = {
        .carry = carry, .arg = rows, .db = STR("k6"), .organization = STR("o")};
    struct query_span span = {.from = NS_PER_S, .to = 100 * NS_PER_S, .step = NS_PER_S};
    struct query_answer answer = {.status = 200};
    struct buf out = {0};

    servers.has[kind] = true;
    query_why(&servers, kind, str_of(text), &span, &answer, &out);
    assert_string_equal(buf_cstr(&out), wanted);
    buf_fini(&out);
}

static void test_no_metric(void **state UNUSED)
{
    struct row rows[] = {
        {{"__name__"}, "{\"data\":[\"http_reqs_total\",\"http_reqs\",\"other\"]}"},
        {{"count%28http_"}, NOTHING},
        {{NULL}, NULL},
    };

    assert_why(QUERY_PROMETHEUS, rows, "sum(rate(http_requests_total{a=\"b\"}[1m]))",
               "there is no metric http_requests_total");
    assert_why(QUERY_PROMETHEUS, rows, "http_reqs_all",
               "there is no metric http_reqs_all; near it: http_reqs_total");
    assert_why(QUERY_PROMETHEUS, rows, "http_reqs",
               "the metric http_reqs has no samples in this time range");
}

static void test_no_label(void **state UNUSED)
{
    struct row rows[] = {
        {{"/label/code/values"}, "{\"data\":[\"200\",\"404\"]}"},
        {{"count%28m%29"}, VECTOR("3")},
        {{"count%28m%7Ba%3D%22b%22%7D%29"}, VECTOR("1")},
        {{"count%28m%7B"}, NOTHING},
        {{NULL}, NULL},
    };

    assert_why(QUERY_PROMETHEUS, rows, "m{a=\"b\",code=\"500\"}",
               "no series of m has code=\"500\"; code is 200, 404");
}

static void test_labels_together(void **state UNUSED)
{
    struct row rows[] = {
        {{"count%28m%29"}, VECTOR("3")},
        {{"count%28m%7Ba%3D%22b%22%7D%29"}, VECTOR("1")},
        {{"count%28m%7Bc%3D%22d%22%7D%29"}, VECTOR("1")},
        {{"count%28m%7B"}, NOTHING},
        {{NULL}, NULL},
    };

    assert_why(QUERY_PROMETHEUS, rows, "m{a=\"b\",c=\"d\"}",
               "no series of m has all of a=\"b\", c=\"d\"");
}

static void test_short_range(void **state UNUSED)
{
    struct row rows[] = {
        {{"count_over_time%28m%5B5s%5D%29"}, NOTHING},
        {{"count%28m%29"}, VECTOR("3")},
        {{NULL}, NULL},
    };

    assert_why(QUERY_PROMETHEUS, rows, "rate(m[5s])",
               "[5s] holds fewer than two samples of m, and a rate needs two");
    assert_why(
        QUERY_PROMETHEUS, rows, "m > 10",
        "each metric has series, but the expression none: labels of the two sides do not match, or a "
        "comparison is never true");
}

/* What a range has, an instant at its end need not have. */
static void test_instant(void **state UNUSED)
{
    struct row rows[] = {
        {{"query_range", "count%28m%7B"}, VECTOR("3")},
        {{"/api/v1/query", "count%28"}, NOTHING},
        {{NULL}, NULL},
    };
    struct query_servers servers = {
        .carry = carry, .arg = rows, .has = {[QUERY_PROMETHEUS] = true}};
    struct query_span span = {
        .from = NS_PER_S, .to = 100 * NS_PER_S, .step = NS_PER_S, .instant = true};
    struct query_answer answer = {.status = 200};
    struct buf out = {0};

    query_why(&servers, QUERY_PROMETHEUS, STR("m{a=\"b\"}"), &span, &answer, &out);
    assert_string_equal(buf_cstr(&out),
                        "m{a=\"b\"} has samples in this time range, but none at its end, where an "
                        "instant query looks");
    buf_fini(&out);
}

static void test_influxql(void **state UNUSED)
{
    struct row rows[] = {
        {{"SHOW%20MEASUREMENTS"}, NAMES("[\"vus\"],[\"http_reqs\"]")},
        {{"SHOW%20TAG%20VALUES"},
         "{\"results\":[{\"series\":[{\"columns\":[\"key\",\"value\"],\"values\":[[\"name\",\"home\"]]}]}]}"},
        {{"SHOW%20FIELD%20KEYS"}, NAMES("[\"value\"]")},
        {{"SELECT%20%2A", "name%22%20%3D"}, NO_ROW},
        {{"SELECT%20%2A", "http_reqs"}, ROW},
        {{"SELECT%20%2A"}, NO_ROW},
        {{NULL}, NULL},
    };

    assert_why(QUERY_INFLUXQL, rows, "SELECT sum(\"value\") FROM \"errors\" WHERE time > 1ms",
               "there is no measurement \"errors\" in the database k6; there is vus, http_reqs");
    assert_why(QUERY_INFLUXQL, rows, "SELECT sum(\"value\") FROM \"vus\" WHERE time > 1ms",
               "the measurement \"vus\" has no points in this time range");
    assert_why(QUERY_INFLUXQL, rows,
               "SELECT sum(\"value\") FROM \"http_reqs\" WHERE \"name\" = 'x' AND time > 1ms",
               "no point of \"http_reqs\" has \"name\" = 'x'; name is home");
    assert_why(QUERY_INFLUXQL, rows, "SELECT sum(\"gauge\") FROM \"http_reqs\" WHERE time > 1ms",
               "there is no field gauge in \"http_reqs\"; there is value");
}

static void test_flux(void **state UNUSED)
{
    struct row rows[] = {
        {{"distinct"}, ",result,table,_value\r\n,_result,0,vus\r\n"},
        {{"\"gone\""}, "\r\n"},
        {{"status"}, "\r\n"},
        {{"from(bucket: \"empty\")"}, "\r\n"},
        {{"from("}, TABLE},
        {{NULL}, NULL},
    };

    assert_why(
        QUERY_FLUX, rows,
        "from(bucket: \"b\") |> range(start: 1) |> filter(fn: (r) => r[\"_measurement\"] == \"gone\") |> sum()",
        "there is no measurement gone in this time range; there is vus");
    assert_why(
        QUERY_FLUX, rows,
        "from(bucket: \"b\") |> range(start: 1) |> filter(fn: (r) => r._measurement == \"x\") "
        "|> filter(fn: (r) => r.status == \"1\")",
        "nothing passes filter(fn: (r) => r.status == \"1\")");
    assert_why(QUERY_FLUX, rows, "from(bucket: \"empty\") |> range(start: 1) |> sum()",
               "the bucket has nothing in this time range: from(bucket: \"empty\")");
    assert_why(
        QUERY_FLUX, rows,
        "a = from(bucket: \"b\") |> range(start: 1)\nb = from(bucket: \"b\") |> range(start: 1)\njoin()",
        "each of its sources has rows, but what is made of them together has none (a join finds no pairs)");
}

static void test_graphite(void **state UNUSED)
{
    struct row rows[] = {
        {{"findSeries", "name%3Dx", "run%3Dy"}, "[]"},
        {{"findSeries", "name%3Dx"}, "[\"x;run=a\"]"},
        {{"autoComplete", "tag=run"}, "[\"a\",\"b\"]"},
        {{"metrics/find", "query=a.b.c"}, "[]"},
        {{"metrics/find"}, "[{\"text\":\"a\"}]"},
        {{NULL}, NULL},
    };

    assert_why(QUERY_GRAPHITE, rows, "alias(seriesByTag('name=x', 'run=y'), 'z')",
               "no series has name=x, run=y; run is a, b");
    assert_why(QUERY_GRAPHITE, rows, "sum(a.b.c.d)", "there is nothing at a.b.c");
    assert_why(QUERY_GRAPHITE, rows, "a.b",
               "its series are there, but have no points in this time range");
}

/* ---- a whole dashboard ---- */

struct seen {
    struct buf lines;
};

static void see(void *arg, const struct query_result *r)
{
    struct seen *s = arg;

    buf_printf(&s->lines, "%zu %.*s %.*s: %s%s%.*s\n", r->n_panel, STR_ARG(r->title),
               STR_ARG(r->target->ref_id), query_verdict_name(r->verdict), r->why.n ? ", " : "",
               STR_ARG(r->why));
}

static void test_a_dashboard(void **state UNUSED)
{
    struct row rows[] = {
        {{"/label/name/values"}, "{\"data\":[\"home\",\"cart\"]}"},
        {{"/label/testid/values"}, "{\"data\":[]}"},
        {{"broken"}, "{\"status\":\"error\",\"error\":\"no such function\"}"},
        {{"query=m%7Bn%3D%22home%22%7D"}, VECTOR("1")},
        {{"query=m%7Bn%3D%22cart%22%7D"}, VECTOR("NaN")},
        {{"query="}, VECTOR("1")},
        {{NULL}, NULL},
    };
    static const char json[] =
        "{\"title\":\"D\",\"templating\":{\"list\":[{\"name\":\"name\",\"type\":\"query\",\"query\":\"label_values(m, name)\","
        "\"multi\":true,\"includeAll\":true},{\"name\":\"testid\",\"type\":\"query\",\"query\":\"label_values(testid)\"}]},"
        "\"panels\":[{\"title\":\"$name\",\"repeat\":\"name\",\"targets\":[{\"refId\":\"A\",\"expr\":\"m{n=\\\"$name\\\"}\"}]},"
        "{\"title\":\"X\",\"targets\":[{\"refId\":\"A\",\"expr\":\"broken($testid)\"},{\"refId\":\"B\",\"target\":\"a.b\"},"
        "{\"refId\":\"C\",\"expr\":\"\"},{\"refId\":\"D\",\"expr\":\"up\",\"hide\":true}]}]}";
    struct query_servers servers = {
        .carry = carry, .arg = rows, .has = {[QUERY_PROMETHEUS] = true}};
    struct seen seen = {0};
    struct query_check_options options = {
        .now = 1700000000 * NS_PER_S, .result = see, .arg = &seen};
    struct query_tally tally;
    struct queries *q;

    assert_int_equal(queries_read(str_of(json), &q), 0);
    assert_int_equal(query_check(q, &servers, &options, &tally), 0);
    assert_string_equal(
        buf_cstr(&seen.lines),
        "0 home A: ok\n"
        "1 cart A: empty, 1 series of NaN: a division of nothing by nothing, or a quantile of no observations\n"
        "2 X A: failed, $testid is empty: label_values(testid) finds nothing; no such function\n"
        "2 X B: skipped, no such server was given\n"
        "2 X C: skipped, has no query\n"
        "2 X D: ok\n");
    assert_int_equal(tally.n[QUERY_OK], 1);
    assert_int_equal(tally.n[QUERY_EMPTY], 1);
    assert_int_equal(tally.n[QUERY_FAILED], 1);
    assert_int_equal(tally.n_hidden, 1);

    struct query_given given = {STR("nobody"), STR("1")};

    options.given = &given;
    options.n_given = 1;
    assert_int_equal(query_check(q, &servers, &options, &tally), -EINVAL);
    given.name = STR("name");
    given.value = STR("home");
    buf_reset(&seen.lines);
    assert_int_equal(query_check(q, &servers, &options, &tally), 0);
    assert_non_null(strstr(buf_cstr(&seen.lines), "0 home A: ok\n1 X A"));
    queries_free(q);
    buf_fini(&seen.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_metric),
        cmocka_unit_test(test_no_label),
        cmocka_unit_test(test_labels_together),
        cmocka_unit_test(test_short_range),
        cmocka_unit_test(test_instant),
        cmocka_unit_test(test_influxql),
        cmocka_unit_test(test_flux),
        cmocka_unit_test(test_graphite),
        cmocka_unit_test(test_a_dashboard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
