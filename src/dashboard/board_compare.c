/*
 * Two runs, picked by their names: each number of both, the difference, and their graphs beside
 * each other. What tells runs apart is that of board_history.c.
 */
#include "dashboard/boards_priv.h"

/* clang-format off */

#define PICK(variable, words) \
    {.kind = VARIABLE_TAG, .name = variable, .label = words, .tag = "run_id", .one = true, .metric = "run_info", \
     .about = "One of the runs in the time that is shown", .only = IN(PROMETHEUS)}, \
    {.kind = VARIABLE_TAG, .name = variable, .label = words, .tag = "testid", .one = true, .metric = "http_reqs", \
     .about = "One of the values of --tag testid=", .only = IN_INFLUX}, \
    {.kind = VARIABLE_TAG, .name = variable, .label = words, .tag = "run_id", .one = true, \
     .metric = "lp.run_results.run.duration_seconds", .vocab = VOCAB_LEAPWORK, \
     .about = "One of the runs in the time that is shown", .only = IN(GRAPHITE)}

static const struct board_variable variables[] = {
    PICK("run_a", "Run A"),
    PICK("run_b", "Run B"),
};

/* ---- queries ---- */

/* What is there while the run is. */
#define WHILE(expr, run) "(" expr ") and on (job, instance) @run_info@{@target@, run_id=\"$" run "\"}"
#define END(expr, run)   "max(last_over_time((" WHILE(expr, run) ")[$__range:5s]))"
#define MOST(expr, run)  "max(max_over_time((" WHILE(expr, run) ")[$__range:5s]))"
#define ALL_OF(metric)   "sum by (job, instance) (@" metric "@{@target@})"
#define QUANTILE(q) \
    "histogram_quantile(" q ", sum by (job, instance, le) (@http_req_duration@_bucket{@target@})) or " \
    "histogram_quantile(" q ", sum by (job, instance) (@http_req_duration@{@target@}))"
#define NOW_QUANTILE(q) \
    "histogram_quantile(" q ", sum by (job, instance, le) (rate(@http_req_duration@_bucket{@target@}[$__rate_interval]))) or " \
    "histogram_quantile(" q ", sum by (job, instance) (rate(@http_req_duration@{@target@}[$__rate_interval])))"
#define PER_SECOND "sum by (job, instance) (rate(@http_reqs@{@target@}[$__rate_interval]))"
#define FAILED     ALL_OF("http_req_failed.hits") " / " ALL_OF("http_req_failed.samples")
#define MEAN_RATE  ALL_OF("http_reqs") " / max by (job, instance) (@run_elapsed_seconds@{@target@})"

#define PROM(expr, name) {.text = {[DIALECT_PROMETHEUS] = expr}, .span = SPAN_RANGE, .legend = name, .only = IN(PROMETHEUS)}
#define PROM_LINE(expr, name) {.text = {[DIALECT_PROMETHEUS] = expr}, .legend = name, .only = IN(PROMETHEUS)}
#define INFLUX(run, name, ...) {__VA_ARGS__, .where = run, .legend = name, .only = IN_INFLUX}
#define INFLUX_ALL(run, name, ...) {__VA_ARGS__, .span = SPAN_RANGE, .where = run, .legend = name, .only = IN_INFLUX}
#define LEAP(what, factor, run, name) \
    {.ask = ASK_VALUE, .join = JOIN_MAX, .vocab = VOCAB_LEAPWORK, .metric = "lp.run_results." what, .scale = factor, .where = run, .legend = name, .only = IN(GRAPHITE)}
#define LEAP_LINE(what, factor, run) \
    {.ask = ASK_VALUE, .vocab = VOCAB_LEAPWORK, .metric = "lp.run_results." what, .scale = factor, .by = "track_item_id", .where = run, .legend = "{track_item_id}", .only = IN(GRAPHITE)}

/* Both numbers of a panel, from each data source. */
#define BOTH(expr, leap, factor, ...) \
    QUERIES(PROM(END(expr, "run_a"), "A"), PROM(END(expr, "run_b"), "B"), \
            INFLUX_ALL("run_a", "A", __VA_ARGS__), INFLUX_ALL("run_b", "B", __VA_ARGS__), \
            LEAP(leap, factor, "run_a", "A"), LEAP(leap, factor, "run_b", "B"))

#define HALF_WIDE .w = 6, .h = 5

static const struct board_panel numbers[] = {
    {.kind = PANEL_STAT, .title = "p50", .unit = UNIT_TIME, HALF_WIDE, .about = "Half of each run's requests were as fast or faster.",
     .only = IN_ALL_BUT(IN(GRAPHITE)), .without = "Leapwork's catalogue, which Graphite has here, has no median of a run.",
     QUERIES(PROM(END(QUANTILE("0.5"), "run_a"), "A"), PROM(END(QUANTILE("0.5"), "run_b"), "B"),
             INFLUX_ALL("run_a", "A", .ask = ASK_QUANTILE, .q = 0.5, .metric = "http_req_duration"),
             INFLUX_ALL("run_b", "B", .ask = ASK_QUANTILE, .q = 0.5, .metric = "http_req_duration"))},
    {.kind = PANEL_STAT, .title = "p95", .unit = UNIT_TIME, HALF_WIDE, SLA_LATENCY,
     .about = "95 % of each run's requests were as fast or faster. Yellow from 500 ms, red from 1 s.",
     BOTH(QUANTILE("0.95"), "run.latency.p95_ms", 0.001, .ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration")},
    {.kind = PANEL_STAT, .title = "p99", .unit = UNIT_TIME, HALF_WIDE, SLA_LATENCY,
     .about = "99 % of each run's requests were as fast or faster. Yellow from 500 ms, red from 1 s.",
     BOTH(QUANTILE("0.99"), "run.latency.p99_ms", 0.001, .ask = ASK_QUANTILE, .q = 0.99, .metric = "http_req_duration")},
    {.kind = PANEL_STAT, .title = "Error rate", .unit = UNIT_SHARE, .decimals = 2, HALF_WIDE, SLA_ERRORS,
     .about = "Share of each run's requests that failed. Yellow from 1 %, red from 5 %.",
     BOTH(FAILED, "run.error_rate_pct", 0.01, .ask = ASK_SHARE, .metric = "http_req_failed")},
    {.kind = PANEL_STAT, .title = "Requests per second", .unit = UNIT_REQUESTS, HALF_WIDE,
     .about = "Of each whole run.", .notes = {[DIALECT_GRAPHITE] = "Most in a second."},
     BOTH(MEAN_RATE, "run.peak_throughput", 0, .ask = ASK_RATE, .metric = "http_reqs")},
    {.kind = PANEL_STAT, .title = "Peak virtual users", .unit = UNIT_NUMBER, HALF_WIDE,
     .about = "Most users that were active in each run.",
     QUERIES(PROM(MOST(ALL_OF("vus"), "run_a"), "A"), PROM(MOST(ALL_OF("vus"), "run_b"), "B"),
             INFLUX_ALL("run_a", "A", .ask = ASK_VALUE, .join = JOIN_MAX, .metric = "vus"),
             INFLUX_ALL("run_b", "B", .ask = ASK_VALUE, .join = JOIN_MAX, .metric = "vus"),
             LEAP("run.peak_virtual_users", 0, "run_a", "A"), LEAP("run.peak_virtual_users", 0, "run_b", "B"))},
};

/* B against A, as a share of A. In Graphite a run has two series, one said of it while it ran. */
#define PROM_CHANGE(expr) PROM(END(expr, "run_b") " / " END(expr, "run_a") " - 1", "B against A")
#define LEAP_LAST(what, run) "maxSeries(aggregateLine(seriesByTag('name=@lp.run_results." what "@', 'run_id=$" run "'), 'last'))"
#define LEAP_CHANGE(what) \
    {.vocab = VOCAB_LEAPWORK, .only = IN(GRAPHITE), .legend = "B against A", \
     .text = {[DIALECT_GRAPHITE] = "alias(offset(divideSeries(" LEAP_LAST(what, "run_b") ", " LEAP_LAST(what, "run_a") "), -1), 'B against A')"}}
#define FLUX_CHANGE(metric, fn) \
    {.only = IN(FLUX), .span = SPAN_RANGE, .legend = "B against A", \
     .text = {[DIALECT_FLUX] = "import \"array\"\n" \
        "last = (run) => (from(bucket: v.defaultBucket)\n" \
        "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n" \
        "  |> filter(fn: (r) => r._measurement == \"@" metric "@\" and r._field == \"value\" and r.testid == run)\n" \
        "  |> group()\n" \
        "  |> " fn "\n" \
        "  |> findColumn(fn: (key) => true, column: \"_value\"))[0]\n" \
        "array.from(rows: [{_value: last(run: \"${run_b}\") / last(run: \"${run_a}\") - 1.0}])"}}

#define NOT_IN_INFLUXQL .only = IN_ALL_BUT(IN(INFLUXQL)), \
    .without = "InfluxQL cannot calculate with two selections: compare the numbers above, or use Flux."

#define CHANGE(of) .kind = PANEL_STAT, .title = of ": B against A", .unit = UNIT_SHARE, .decimals = 1, .w = 6, .h = 4

static const struct board_panel differences[] = {
    {CHANGE("p95"), .about = "How much slower B is: 10 % is a tenth more, negative is faster. Yellow from 5 %, red from 10 %. Whether that is more than chance, `brunt compare` tells.",
     GOOD_BELOW(0.05, 0.1), NOT_IN_INFLUXQL,
     QUERIES(PROM_CHANGE(QUANTILE("0.95")), LEAP_CHANGE("run.latency.p95_ms"), FLUX_CHANGE("http_req_duration", "quantile(q: 0.95)"))},
    {CHANGE("p99"), .about = "How much slower B is: 10 % is a tenth more, negative is faster. Yellow from 5 %, red from 10 %. Whether that is more than chance, `brunt compare` tells.",
     GOOD_BELOW(0.05, 0.1), NOT_IN_INFLUXQL,
     QUERIES(PROM_CHANGE(QUANTILE("0.99")), LEAP_CHANGE("run.latency.p99_ms"), FLUX_CHANGE("http_req_duration", "quantile(q: 0.99)"))},
    {CHANGE("Requests"), .about = "How many more requests a second B made; negative is fewer.",
     .notes = {[DIALECT_GRAPHITE] = "Most in a second.", [DIALECT_FLUX] = "Requests, not requests a second."},
     NOT_IN_INFLUXQL,
     QUERIES(PROM_CHANGE(MEAN_RATE), LEAP_CHANGE("run.peak_throughput"), FLUX_CHANGE("http_reqs", "sum()"))},
    {.kind = PANEL_STAT, .title = "Error rate: B less A", .unit = UNIT_SHARE, .decimals = 2, .w = 6, .h = 4,
     .about = "How many more of B's requests failed, as a share of all. Yellow from 0.1 %, red from 1 %.",
     GOOD_BELOW(0.001, 0.01), NOT_IN_INFLUXQL,
     QUERIES(PROM(END(FAILED, "run_b") " - " END(FAILED, "run_a"), "B less A"),
             {.vocab = VOCAB_LEAPWORK, .only = IN(GRAPHITE), .legend = "B less A",
              .text = {[DIALECT_GRAPHITE] = "alias(scale(diffSeries(" LEAP_LAST("run.error_rate_pct", "run_b") ", " LEAP_LAST("run.error_rate_pct", "run_a") "), 0.01), 'B less A')"}},
             {.only = IN(FLUX), .span = SPAN_RANGE, .legend = "B less A",
              .text = {[DIALECT_FLUX] = "import \"array\"\n"
                "last = (run) => (from(bucket: v.defaultBucket)\n"
                "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
                "  |> filter(fn: (r) => r._measurement == \"@http_req_failed@\" and r._field == \"value\" and r.testid == run)\n"
                "  |> group()\n"
                "  |> mean()\n"
                "  |> findColumn(fn: (key) => true, column: \"_value\"))[0]\n"
                "array.from(rows: [{_value: last(run: \"${run_b}\") - last(run: \"${run_a}\")}])"}})},
};

#define GRAPH(of, letter) .kind = PANEL_TIMESERIES, .title = of ": " letter, .min = "0"

#define LATENCY(run, letter) \
    {GRAPH("Latency", letter), .unit = UNIT_TIME, SLA_LATENCY, .lines_at_steps = true, \
     .about = "Percentiles of run " letter ". Lines at 500 ms and 1 s.", \
     .notes = {[DIALECT_GRAPHITE] = "Means: the catalogue has no percentiles over time."}, \
     QUERIES(PROM_LINE(WHILE(NOW_QUANTILE("0.5"), run), "p50"), PROM_LINE(WHILE(NOW_QUANTILE("0.95"), run), "p95"), PROM_LINE(WHILE(NOW_QUANTILE("0.99"), run), "p99"), \
             INFLUX(run, "p50", .ask = ASK_QUANTILE, .q = 0.5, .metric = "http_req_duration"), \
             INFLUX(run, "p95", .ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration"), \
             INFLUX(run, "p99", .ask = ASK_QUANTILE, .q = 0.99, .metric = "http_req_duration"), \
             LEAP_LINE("timeseries.latency.avg_ms", 0.001, run))}
#define THROUGHPUT(run, letter) \
    {GRAPH("Throughput", letter), .unit = UNIT_REQUESTS, .about = "Requests a second of run " letter ".", \
     QUERIES(PROM_LINE(WHILE(PER_SECOND, run), "requests"), \
             INFLUX(run, "requests", .ask = ASK_RATE, .metric = "http_reqs"), \
             LEAP_LINE("timeseries.requests_per_second", 0, run))}
#define ERRORS(run, letter) \
    {GRAPH("Error rate", letter), .unit = UNIT_SHARE, SLA_ERRORS, .lines_at_steps = true, \
     .about = "Share of run " letter "'s requests that failed. Lines at 1 % and 5 %.", \
     .only = IN_ALL_BUT(IN(GRAPHITE)), .without = "Leapwork's catalogue, which Graphite has here, has no errors over time.", \
     QUERIES(PROM_LINE(WHILE("sum by (job, instance) (rate(@http_req_failed.hits@{@target@}[$__rate_interval])) / sum by (job, instance) (rate(@http_req_failed.samples@{@target@}[$__rate_interval]))", run), "failed"), \
             INFLUX(run, "failed", .ask = ASK_SHARE, .metric = "http_req_failed"))}

static const struct board_panel graphs[] = {
    LATENCY("run_a", "A"), LATENCY("run_b", "B"),
    THROUGHPUT("run_a", "A"), THROUGHPUT("run_b", "B"),
    ERRORS("run_a", "A"), ERRORS("run_b", "B"),
};

static const struct board_row rows[] = {
    {.title = "A and B", PANELS(numbers)},
    {.title = "Difference", PANELS(differences)},
    {.title = "Over time", PANELS(graphs)},
};

const struct board board_compare = {
    .name = "compare",
    .uid = "brunt-compare",
    .title = "brunt: two runs",
    .about = "Two runs beside each other, and how the second differs from the first. The time that is shown has to hold both.",
    .tags = "brunt, load-testing, compare",
    .from = "now-6h",
    .refresh = "",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb --tag testid=NAME, a name for each run",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb --tag testid=NAME, a name for each run",
        [DIALECT_GRAPHITE] = "brunt run -o leapwork, or -o 'graphite?vocab=leapwork'",
    },
    VARIABLES(variables),
    ROWS(rows),
};
/* clang-format on */
