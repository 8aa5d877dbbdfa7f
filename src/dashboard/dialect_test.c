/* The texts that meanings become, one for each data source. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "dashboard/dialect_priv.h"

/* clang-format off */

static const struct board_variable variables[] = {
    {.kind = VARIABLE_TAG, .name = "task", .label = "Task", .tag = "name", .metric = "http_reqs"},
    {.kind = VARIABLE_TAG, .name = "run", .label = "Run", .tag = "testid", .metric = "http_reqs", .one = true},
    {.kind = VARIABLE_TAG, .name = "place", .label = "Place", .tag = "place", .metric = "http_reqs", .only = IN(GRAPHITE)},
};

static const struct board_metric own[] = {
    {"tokens", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"cost_usd", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"first_token", METRIC_TREND, CONTAINS_TIME},
    {"good", METRIC_RATE, CONTAINS_DEFAULT},
};

static const struct board board = {
    .name = "test", .variables = variables, .n_variables = countof(variables),
    .metrics = own, .n_metrics = countof(own), .no_target = true,
};

static const struct {
    const char *what;
    struct board_query query;
    const char *texts[DIALECT_COUNT];
} cases[] = {
    {"a counter's rate by a tag, filtered",
     {.ask = ASK_RATE, .metric = "http_reqs", .by = "name", .where = "task", .legend = "{name}"},
     {"sum by (name) (rate(brunt_http_reqs_total{name=~\"$task\"}[$__rate_interval]))",
      "SELECT sum(\"value\") * 1000 / $__interval_ms FROM \"http_reqs\" WHERE \"name\" =~ /^${task:regex}$/ AND $timeFilter GROUP BY time($__interval), \"name\" fill(null)",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"http_reqs\" and r._field == \"value\" and r.name =~ /^${task:regex}$/)\n"
      "  |> group(columns: [\"name\"])\n  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false)\n"
      "  |> map(fn: (r) => ({r with _value: r._value * 1000000000.0 / float(v: int(v: v.windowPeriod))}))\n"
      "  |> keep(columns: [\"_time\", \"_value\", \"name\"])",
      "aliasByTags(groupByTags(perSecond(summarize(seriesByTag('name=brunt_http_reqs_total', 'name_=~^(${task:regex})$'), '$step', 'max')), 'sum', 'name_'), 'name_')"}},
    {"a percentile, of classic or native histograms",
     {.ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration", .legend = "p95"},
     {"histogram_quantile(0.95, sum by (le) (rate(brunt_http_req_duration_seconds_bucket{}[$__rate_interval]))) or "
      "histogram_quantile(0.95, sum(rate(brunt_http_req_duration_seconds{}[$__rate_interval])))",
      "SELECT percentile(\"value\", 95) FROM \"http_req_duration\" WHERE $timeFilter GROUP BY time($__interval) fill(null)",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"http_req_duration\" and r._field == \"value\")\n  |> group()\n"
      "  |> aggregateWindow(every: v.windowPeriod, fn: (tables=<-, column) => tables |> quantile(q: 0.95, column: column), createEmpty: false)\n"
      "  |> keep(columns: [\"_time\", \"_value\"])",
      "alias(maxSeries(summarize(seriesByTag('name=brunt_http_req_duration_seconds.p95'), '$step', 'max')), 'p95')"}},
    {"the value of a gauge, of what there is of it",
     {.ask = ASK_VALUE, .metric = "vus"},
     {"sum(brunt_vus{})",
      "SELECT sum(\"v\") FROM (SELECT last(\"value\") AS \"v\" FROM \"vus\" WHERE $timeFilter GROUP BY time($__interval), * fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(null)",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"vus\" and r._field == \"value\")\n"
      "  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)\n  |> group()\n"
      "  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false, timeSrc: \"_start\")\n"
      "  |> keep(columns: [\"_time\", \"_value\"])",
      "sumSeries(summarize(seriesByTag('name=brunt_vus'), '$step', 'last'))"}},
    {"the worst value of a gauge",
     {.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_busy", .by = "loop", .legend = "loop {loop}"},
     {"max by (loop) (brunt_generator_busy{})",
      "SELECT max(\"value\") FROM \"generator_busy\" WHERE $timeFilter GROUP BY time($__interval), \"loop\" fill(null)",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"generator_busy\" and r._field == \"value\")\n  |> group(columns: [\"loop\"])\n"
      "  |> aggregateWindow(every: v.windowPeriod, fn: (tables=<-, column) => tables |> quantile(q: 1.0, method: \"exact_mean\", column: column), createEmpty: false)\n  |> keep(columns: [\"_time\", \"_value\", \"loop\"])",
      "aliasSub(aliasByTags(groupByTags(summarize(seriesByTag('name=brunt_generator_busy'), '$step', 'last'), 'max', 'loop'), 'loop'), '^(.*)$', 'loop \\1')"}},
    {"a share", {.ask = ASK_SHARE, .metric = "http_req_failed", .match = "status=~5..,scenario!=x"},
     {"sum(rate(brunt_http_req_failed_total{status=~\"5..\", scenario!=\"x\"}[$__rate_interval])) / "
      "sum(rate(brunt_http_req_failed_samples_total{status=~\"5..\", scenario!=\"x\"}[$__rate_interval]))",
      "SELECT mean(\"value\") FROM \"http_req_failed\" WHERE \"status\" =~ /^(5..)$/ AND \"scenario\" != 'x' AND $timeFilter GROUP BY time($__interval) fill(null)",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"http_req_failed\" and r._field == \"value\" and r.status =~ /^(5..)$/ and r.scenario != \"x\")\n"
      "  |> group()\n  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)\n  |> keep(columns: [\"_time\", \"_value\"])",
      "divideSeries(sumSeries(perSecond(summarize(seriesByTag('name=brunt_http_req_failed_total', 'status=~^(5..)$', 'scenario!=x'), '$step', 'max'))), "
      "sumSeries(perSecond(summarize(seriesByTag('name=brunt_http_req_failed_samples_total', 'status=~^(5..)$', 'scenario!=x'), '$step', 'max'))))"}},
    {"the rest of a share by a tag, of a script's rate",
     {.ask = ASK_SHARE, .rest = true, .metric = "good", .by = "model", .legend = "{model} bad"},
     {"1 - sum by (model) (rate(brunt_good_hits_total{}[$__rate_interval])) / sum by (model) (rate(brunt_good_samples_total{}[$__rate_interval]))",
      "SELECT (1 - mean(\"value\")) FROM \"good\" WHERE $timeFilter GROUP BY time($__interval), \"model\" fill(null)",
      NULL,
      "aliasSub(offset(scale(scale(asPercent(aliasByTags(groupByTags(perSecond(summarize(seriesByTag('name=brunt_good_hits_total'), '$step', 'max')), 'sum', 'model'), 'model'), "
      "aliasByTags(groupByTags(perSecond(summarize(seriesByTag('name=brunt_good_samples_total'), '$step', 'max')), 'sum', 'model'), 'model'), 'model'), 0.01), -1), 1), "
      "'^.*asPercent\\((.*),\\1\\).*$', '\\1 bad')"}},
    {"a total of all the time, as a column",
     {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cost_usd", .by = "model", .legend = "Cost"},
     {"sum by (model) (last_over_time(brunt_cost_usd_total{}[$__range]))",
      "SELECT sum(\"value\") AS \"Cost\" FROM \"cost_usd\" WHERE $timeFilter GROUP BY \"model\"",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"cost_usd\" and r._field == \"value\")\n  |> group(columns: [\"model\"])\n  |> sum()\n"
      "  |> group()\n  |> keep(columns: [\"_value\", \"model\"])\n  |> rename(columns: {_value: \"Cost\"})",
      NULL}},
    {"a counter by another, scaled",
     {.ask = ASK_TOTAL, .metric = "cost_usd", .per = "tokens", .scale = 1000},
     {"1000 * ((sum(brunt_cost_usd_total{})) / (sum(brunt_tokens_total{})))", NULL, NULL,
      "scale(divideSeries(sumSeries(keepLastValue(summarize(seriesByTag('name=brunt_cost_usd_total'), '$step', 'max'))), "
      "sumSeries(keepLastValue(summarize(seriesByTag('name=brunt_tokens_total'), '$step', 'max')))), 1000)"}},
    {"one run", {.ask = ASK_MAX, .metric = "first_token", .where = "run", .span = SPAN_RANGE},
     {"histogram_quantile(1, sum by (le) (last_over_time(brunt_first_token_seconds_bucket{testid=\"$run\"}[$__range]))) or "
      "histogram_quantile(1, sum(increase(brunt_first_token_seconds{testid=\"$run\"}[$__range])))",
      "SELECT max(\"value\") FROM \"first_token\" WHERE \"testid\" = '$run' AND $timeFilter",
      NULL,
      "maxSeries(summarize(seriesByTag('name=brunt_first_token_seconds.max', 'testid=$run'), '$step', 'max'))"}},
    {"a rate of all the time",
     {.ask = ASK_RATE, .span = SPAN_RANGE, .metric = "http_reqs", .legend = "Rate"},
     {"(sum(last_over_time(brunt_http_reqs_total{}[$__range]))) / scalar(max(last_over_time(brunt_run_elapsed_seconds{}[$__range])))",
      "SELECT mean(\"v\") * 1000 / $__interval_ms AS \"Rate\" FROM (SELECT sum(\"value\") AS \"v\" FROM \"http_reqs\" WHERE $timeFilter GROUP BY time($__interval) fill(none))",
      NULL, NULL}},
    {"another vocabulary", {.ask = ASK_VALUE, .vocab = VOCAB_LEAPWORK, .metric = "lp.run_results.run.peak_throughput"},
     {"sum(lp_run_results_run_peak_throughput{})", NULL, NULL,
      "sumSeries(summarize(seriesByTag('name=lp.run_results.run.peak_throughput'), '$step', 'last'))"}},
    {"what the bridge tells of a Locust, by endpoint",
     {.ask = ASK_VALUE, .vocab = VOCAB_LOCUST, .metric = "locust_requests_current_rps", .by = "method, name", .match = "method=~.+", .legend = "{method} {name}"},
     {"sum by (method, name) (locust_requests_current_rps{method=~\".+\"})",
      "SELECT sum(\"v\") FROM (SELECT last(\"value\") AS \"v\" FROM \"locust_requests_current_rps\" WHERE \"method\" =~ /^(.+)$/ AND $timeFilter GROUP BY time($__interval), * fill(none)) "
      "WHERE $timeFilter GROUP BY time($__interval), \"method\", \"name\" fill(null)",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"locust_requests_current_rps\" and r._field == \"value\" and r.method =~ /^(.+)$/)\n"
      "  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)\n  |> group(columns: [\"method\", \"name\"])\n"
      "  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false, timeSrc: \"_start\")\n"
      "  |> keep(columns: [\"_time\", \"_value\", \"method\", \"name\"])",
      "aliasByTags(groupByTags(summarize(seriesByTag('name=locust_requests_current_rps', 'method=~^(.+)$'), '$step', 'last'), 'sum', 'method', 'name_'), 'method', 'name_')"}},
    {"what was added to a counter of the bridge's", {.ask = ASK_RATE, .vocab = VOCAB_LOCUST, .metric = "locust_requests_total"},
     {"sum(rate(locust_requests_total{}[$__rate_interval]))",
      "SELECT sum(\"value\") * 1000 / $__interval_ms FROM \"locust_requests_total\" WHERE $timeFilter GROUP BY time($__interval) fill(null)",
      NULL, "sumSeries(perSecond(summarize(seriesByTag('name=locust_requests_total'), '$step', 'max')))"}},
    {"the latest of a gauge, as a column",
     {.ask = ASK_VALUE, .join = JOIN_MAX, .latest = true, .span = SPAN_RANGE, .vocab = VOCAB_LOCUST, .metric = "locust_requests_avg_response_time", .by = "name", .legend = "Mean"},
     {"max by (name) (last_over_time(locust_requests_avg_response_time{}[$__range]))",
      "SELECT max(\"v\") AS \"Mean\" FROM (SELECT last(\"value\") AS \"v\" FROM \"locust_requests_avg_response_time\" WHERE $timeFilter GROUP BY *) GROUP BY \"name\"",
      "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
      "  |> filter(fn: (r) => r._measurement == \"locust_requests_avg_response_time\" and r._field == \"value\")\n"
      "  |> last()\n  |> group(columns: [\"name\"])\n  |> max()\n  |> group()\n"
      "  |> keep(columns: [\"_value\", \"name\"])\n  |> rename(columns: {_value: \"Mean\"})",
      NULL}},
    {"a text with names and filters",
     {.where = "task", .text = {"a(@http_reqs@{@filter@}) / b(@checks.samples@)", "FROM @http_reqs@ WHERE @filter@", "@http_reqs@ @filter@",
                                "f('name=@http_reqs@', @filter@)"}},
     {"a(brunt_http_reqs_total{name=~\"$task\"}) / b(brunt_checks_total)", "FROM http_reqs WHERE \"name\" =~ /^${task:regex}$/ AND $timeFilter",
      "http_reqs r.name =~ /^${task:regex}$/", "f('name=brunt_http_reqs_total', 'name_=~^(${task:regex})$')"}},
    {"a variable that other data sources do not have", {.ask = ASK_VALUE, .metric = "vus", .where = "place"},
     {"sum(brunt_vus{})", NULL, NULL,
      "sumSeries(summarize(seriesByTag('name=brunt_vus', 'place=~^(${place:regex})$'), '$step', 'last'))"}},
};

static const struct {
    const char *what;
    struct board_query query;
    enum dialect dialect;
} refused[] = {
    {"no such metric", {.ask = ASK_RATE, .metric = "http_request"}, DIALECT_PROMETHEUS},
    {"a share of a counter", {.ask = ASK_SHARE, .metric = "http_reqs"}, DIALECT_PROMETHEUS},
    {"a value of a trend", {.ask = ASK_VALUE, .metric = "http_req_duration"}, DIALECT_FLUX},
    {"a fact that InfluxDB is not told", {.ask = ASK_VALUE, .metric = "target_rate"}, DIALECT_INFLUXQL},
    {"a distribution of a Locust, which nobody is told", {.ask = ASK_QUANTILE, .q = 0.95, .vocab = VOCAB_LOCUST, .metric = "locust_request_duration_seconds"}, DIALECT_INFLUXQL},
    {"another vocabulary in InfluxDB", {.ask = ASK_VALUE, .vocab = VOCAB_LEAPWORK, .metric = "lp.run_results.run.peak_throughput"}, DIALECT_FLUX},
    {"a percentile that Graphite does not have", {.ask = ASK_QUANTILE, .q = 0.42, .metric = "http_req_duration"}, DIALECT_GRAPHITE},
    {"a shape in Graphite", {.ask = ASK_SPREAD, .metric = "http_req_duration"}, DIALECT_GRAPHITE},
    {"a variable that nobody has", {.ask = ASK_RATE, .metric = "http_reqs", .where = "nobody"}, DIALECT_PROMETHEUS},
    {"a match without a sign", {.ask = ASK_RATE, .metric = "http_reqs", .match = "status"}, DIALECT_PROMETHEUS},
    {"a name in a text", {.text = {"@nothing@"}}, DIALECT_PROMETHEUS},
    {"nothing to divide by", {.ask = ASK_TOTAL, .metric = "tokens", .per = "nothing"}, DIALECT_PROMETHEUS},
    {"a vocabulary's name that it does not have", {.ask = ASK_VALUE, .vocab = VOCAB_LOCUST, .metric = "locust_nobody"}, DIALECT_PROMETHEUS},
};
/* clang-format on */

static void meanings_become_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
            struct buf text = {0};

            if (!cases[i].texts[d])
                continue;
            if (board_query_text(&board, &cases[i].query, d, &text) != 0)
                fail_msg("%s: %s", cases[i].what, fault_text());
            assert_string_equal(buf_cstr(&text), cases[i].texts[d]);
            buf_fini(&text);
        }
    }
}

static void what_cannot_be_said_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(refused); i++) {
        struct buf text = {0};
        int r = board_query_text(&board, &refused[i].query, refused[i].dialect, &text);

        if (r != -EINVAL)
            fail_msg("%s was not refused: %s", refused[i].what, buf_cstr(&text));
        buf_fini(&text);
    }
}

static void prometheus_filters_by_job_and_instance(void **state)
{
    const struct board with = {.name = "test"};
    const struct board_query q = {.ask = ASK_VALUE, .metric = "vus"};
    struct buf text = {0};

    (void)state;
    assert_int_equal(board_query_text(&with, &q, DIALECT_PROMETHEUS, &text), 0);
    assert_string_equal(buf_cstr(&text), "sum(brunt_vus{job=~\"$job\", instance=~\"$instance\"})");
    buf_fini(&text);
}

static void dialects_have_names(void **state)
{
    enum dialect d;

    (void)state;
    for (enum dialect i = 0; i < DIALECT_COUNT; i++) {
        assert_int_equal(dialect_parse(str_of(dialect_name(i)), &d), 0);
        assert_int_equal(d, i);
    }
    assert_int_equal(fault_exit_code(dialect_parse(STR("sql"), &d)), 104);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meanings_become_texts),
        cmocka_unit_test(what_cannot_be_said_is_refused),
        cmocka_unit_test(prometheus_filters_by_job_and_instance),
        cmocka_unit_test(dialects_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
