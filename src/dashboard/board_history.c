/*
 * Runs beside each other, each as a line, a bar or a row. What tells runs apart differs: Prometheus
 * has run_info, which is joined to everything that was scraped from the same place at the same
 * time; Graphite has Leapwork's catalogue, whose points all have the run's tags; in InfluxDB it is
 * the tag testid, which the run has to be given.
 */
#include "dashboard/boards_priv.h"

/* clang-format off */

/* ---- what filters ---- */

#define RUN_TAG(variable, title, words) \
    {.kind = VARIABLE_TAG, .name = variable, .label = title, .about = words, .tag = variable, \
     .metric = "run_info", .only = IN(PROMETHEUS)}, \
    {.kind = VARIABLE_TAG, .name = variable, .label = title, .about = words, .tag = variable, \
     .metric = "lp.run_results.run.duration_seconds", .vocab = VOCAB_LEAPWORK, .only = IN(GRAPHITE)}
#define LEAP_TAG(variable, title, words, of) \
    {.kind = VARIABLE_TAG, .name = variable, .label = title, .about = words, .tag = variable, \
     .metric = "lp.run_results." of, .vocab = VOCAB_LEAPWORK, .only = IN(GRAPHITE)}

static const struct board_variable variables[] = {
    RUN_TAG("run_id", "Run", "--run-id, or made"),
    RUN_TAG("run_name", "Run's name", "The script and the start"),
    RUN_TAG("run_status", "Status", "running, then finished, stopped or failed"),
    {.kind = VARIABLE_TAG, .name = "timeline_name", .label = "Script", .about = "The script's name", .tag = "script",
     .metric = "run_info", .only = IN(PROMETHEUS)},
    LEAP_TAG("timeline_name", "Timeline", "The script's name, unless told otherwise", "run.duration_seconds"),
    LEAP_TAG("project_name", "Project", "leapwork.projectName", "run.duration_seconds"),
    LEAP_TAG("company_name", "Company", "leapwork.companyName", "run.duration_seconds"),
    LEAP_TAG("step_id", "Step's id", "A hash of its title", "requests.total"),
    LEAP_TAG("step_title", "Step", "The name of requests", "requests.total"),
    LEAP_TAG("geo_location", "Place", "leapwork.geoLocation", "requests.total"),
    {.kind = VARIABLE_TAG, .name = "step_title", .label = "Step", .about = "The name of requests", .tag = "name",
     .metric = "http_reqs", .only = IN_INFLUX},
    {.kind = VARIABLE_TAG, .name = "run_id", .label = "Run", .about = "--tag testid=NAME", .tag = "testid",
     .metric = "http_reqs", .only = IN_INFLUX},
};

#define RUN_FILTERS  "run_id, run_name, run_status, timeline_name, project_name, company_name"
#define STEP_FILTERS RUN_FILTERS ", step_id, step_title, geo_location"

/* ---- queries, a line for each data source ---- */

#define INFO "max by (job, instance, run_id, run_name, run_status) (@run_info@{@filter@})"
#define RUN  " * on (job, instance) group_left (run_id, run_name, run_status) " INFO
#define AT_THE_END(expr) "max by (run_id, run_name) (last_over_time(((" expr ")" RUN ")[$__range:5s]))"
#define AT_MOST(expr)    "max by (run_id, run_name) (max_over_time(((" expr ")" RUN ")[$__range:5s]))"
#define ALL_OF(metric)   "sum by (job, instance) (@" metric "@{@target@})"
#define QUANTILE(q) \
    "histogram_quantile(" q ", sum by (job, instance, le) (@http_req_duration@_bucket{@target@})) or " \
    "histogram_quantile(" q ", sum by (job, instance) (@http_req_duration@{@target@}))"
#define PER_SECOND "sum by (job, instance) (rate(@http_reqs@{@target@}[$__rate_interval]))"
#define FAILED     ALL_OF("http_req_failed.hits") " / " ALL_OF("http_req_failed.samples")

#define RUN_FILTERS_PROM "run_id, run_name, run_status, timeline_name"
#define PROM(expr, name)  {.text = {[DIALECT_PROMETHEUS] = expr}, .where = RUN_FILTERS_PROM, .legend = name, .only = IN(PROMETHEUS)}
#define PROM_CELL(expr, name, of) {.text = {[DIALECT_PROMETHEUS] = expr}, .span = SPAN_RANGE, .where = RUN_FILTERS_PROM, .legend = name, .unit = of, .only = IN(PROMETHEUS)}
#define INFLUX(...) {__VA_ARGS__, .by = "testid", .where = "run_id, step_title", .match = "testid=~.+", .legend = "{testid}", .only = IN_INFLUX}
#define INFLUX_CELL(name, of, ...) {__VA_ARGS__, .span = SPAN_RANGE, .by = "testid", .where = "run_id, step_title", .match = "testid=~.+", .legend = name, .unit = of, .only = IN_INFLUX}
#define LEAP_JOINED(how, name, factor, filters, tag) \
    {.ask = ASK_VALUE, .join = how, .vocab = VOCAB_LEAPWORK, .metric = "lp.run_results." name, .scale = factor, \
     .by = tag, .where = filters, .legend = "{" tag "}", .only = IN(GRAPHITE)}
#define LEAP(name, factor, filters, tag) LEAP_JOINED(JOIN_MAX, name, factor, filters, tag)

#define STEP_BY_STEP {[DIALECT_INFLUXQL] = "Of each step of the graph, not of the run so far.", [DIALECT_FLUX] = "Of each step of the graph, not of the run so far.", \
                      [DIALECT_GRAPHITE] = "One point a run, when it ends."}

static const struct board_panel widgets[] = {
    {.kind = PANEL_TIMESERIES, .title = "Run p95 latency", .unit = UNIT_TIME, .min = "0",
     .about = "95 % of the run's requests so far were as fast or faster; the last point is the run's. Lines at 500 ms and 1 s.",
     SLA_LATENCY, .lines_at_steps = true, .notes = STEP_BY_STEP,
     QUERIES(PROM("(" QUANTILE("0.95") ")" RUN, "{run_name}"),
             INFLUX(.ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration"),
             LEAP("run.latency.p95_ms", 0.001, RUN_FILTERS, "run_name"))},
    {.kind = PANEL_TIMESERIES, .title = "Run p99 latency", .unit = UNIT_TIME, .min = "0",
     .about = "99 % of the run's requests so far were as fast or faster; the last point is the run's. Lines at 500 ms and 1 s.",
     SLA_LATENCY, .lines_at_steps = true, .notes = STEP_BY_STEP,
     QUERIES(PROM("(" QUANTILE("0.99") ")" RUN, "{run_name}"),
             INFLUX(.ask = ASK_QUANTILE, .q = 0.99, .metric = "http_req_duration"),
             LEAP("run.latency.p99_ms", 0.001, RUN_FILTERS, "run_name"))},
    {.kind = PANEL_BARGAUGE, .title = "Run peak throughput", .unit = UNIT_REQUESTS, .min = "0", .reduce = REDUCE_MAX,
     .about = "Most requests a second of each run.",
     .notes = {[DIALECT_INFLUXQL] = "Over the step of the graph.", [DIALECT_FLUX] = "Over the step of the graph.",
               [DIALECT_PROMETHEUS] = "Over two scrapes at least."},
     QUERIES(PROM(PER_SECOND RUN, "{run_name}"),
             INFLUX(.ask = ASK_RATE, .metric = "http_reqs"),
             LEAP("run.peak_throughput", 0, RUN_FILTERS, "run_name"))},
    {.kind = PANEL_BARGAUGE, .title = "Run error rate", .unit = UNIT_SHARE, .min = "0", .max = "1", .decimals = 2,
     .about = "Share of each run's requests that failed. Yellow from 1 %, red from 5 %.", SLA_ERRORS,
     .notes = {[DIALECT_INFLUXQL] = "Of the last step of the graph.", [DIALECT_FLUX] = "Of the last step of the graph."},
     QUERIES(PROM("(" FAILED ")" RUN, "{run_name}"),
             INFLUX(.ask = ASK_SHARE, .metric = "http_req_failed"),
             LEAP("run.error_rate_pct", 0.01, RUN_FILTERS, "run_name"))},
    {.kind = PANEL_TIMESERIES, .title = "Requests per second by track item", .unit = UNIT_REQUESTS, .min = "0",
     .about = "A track item is a scenario: its requests while the run goes on.",
     QUERIES(PROM("sum by (job, instance, scenario) (rate(@http_reqs@{@target@, scenario=~\".+\"}[$__rate_interval]))" RUN, "{run_name} {scenario}"),
             {.ask = ASK_RATE, .metric = "http_reqs", .by = "testid, scenario", .where = "run_id, step_title", .legend = "{testid} {scenario}", .only = IN_INFLUX},
             LEAP("timeseries.requests_per_second", 0, "run_id, run_name, timeline_name, project_name, company_name", "track_item_id"))},
    {.kind = PANEL_TIMESERIES, .title = "Latency by track item", .unit = UNIT_TIME, .min = "0",
     .about = "A track item is a scenario: the mean of its requests while the run goes on.",
     QUERIES(PROM("(sum by (job, instance, scenario) (rate(@http_req_duration@_sum{@target@, scenario=~\".+\"}[$__rate_interval])) / sum by (job, instance, scenario) (rate(@http_req_duration@_count{@target@, scenario=~\".+\"}[$__rate_interval])) or "
                  "histogram_sum(sum by (job, instance, scenario) (rate(@http_req_duration@{@target@, scenario=~\".+\"}[$__rate_interval]))) / histogram_count(sum by (job, instance, scenario) (rate(@http_req_duration@{@target@, scenario=~\".+\"}[$__rate_interval]))))" RUN, "{run_name} {scenario}"),
             {.ask = ASK_MEAN, .metric = "http_req_duration", .by = "testid, scenario", .where = "run_id, step_title", .legend = "{testid} {scenario}", .only = IN_INFLUX},
             LEAP("timeseries.latency.avg_ms", 0.001, "run_id, run_name, timeline_name, project_name, company_name", "track_item_id"))},
    {.kind = PANEL_BARGAUGE, .title = "Status codes", .unit = UNIT_NUMBER, .min = "0", .w = 24,
     .about = "Answers of the runs by HTTP status; 0: there was no answer.",
     QUERIES(PROM("sum by (run_name, status) (sum by (job, instance, status) (@http_reqs@{@target@, status=~\".+\"})" RUN ")", "{run_name} {status}"),
             {.ask = ASK_TOTAL, .metric = "http_reqs", .by = "testid, status", .where = "run_id, step_title", .match = "testid=~.+", .legend = "{testid} {status}", .only = IN_INFLUX},
             {.ask = ASK_VALUE, .vocab = VOCAB_LEAPWORK, .metric = "lp.run_results.status_code.count", .by = "run_name, status_code", .where = STEP_FILTERS, .legend = "{run_name} {status_code}", .only = IN(GRAPHITE)})},
};

static const struct board_panel summary[] = {
    {.kind = PANEL_TABLE, .title = "Runs", .unit = UNIT_NUMBER, .h = 10,
     .about = "The runs in the time that is shown, with the numbers that their summaries have.",
     .notes = {[DIALECT_PROMETHEUS] = "As of the last five seconds in which they were seen."},
     .only = IN_ALL_BUT(IN(GRAPHITE)),
     .without = "Graphite answers with series and not with rows: see the panels of single numbers.",
     QUERIES(PROM_CELL(AT_THE_END("max by (job, instance) (@run_elapsed_seconds@{@target@})"), "Duration", UNIT_DURATION),
             PROM_CELL(AT_THE_END(ALL_OF("http_reqs")), "Requests", UNIT_NUMBER),
             PROM_CELL(AT_THE_END(FAILED), "Failed", UNIT_SHARE),
             PROM_CELL(AT_THE_END(QUANTILE("0.5")), "p50", UNIT_TIME),
             PROM_CELL(AT_THE_END(QUANTILE("0.95")), "p95", UNIT_TIME),
             PROM_CELL(AT_THE_END(QUANTILE("0.99")), "p99", UNIT_TIME),
             PROM_CELL(AT_MOST(PER_SECOND), "Peak requests/s", UNIT_REQUESTS),
             PROM_CELL(AT_MOST(ALL_OF("vus")), "Peak users", UNIT_NUMBER),
             INFLUX_CELL("Requests", UNIT_NUMBER, .ask = ASK_TOTAL, .metric = "http_reqs"),
             INFLUX_CELL("Failed", UNIT_SHARE, .ask = ASK_SHARE, .metric = "http_req_failed"))},
    {.kind = PANEL_TABLE, .title = "Runs: latency", .unit = UNIT_NUMBER,
     .about = "Percentiles of the samples in the time that is shown.", .only = IN_INFLUX, .without = "-",
     QUERIES(INFLUX_CELL("p50", UNIT_TIME, .ask = ASK_QUANTILE, .q = 0.5, .metric = "http_req_duration"),
             INFLUX_CELL("p95", UNIT_TIME, .ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration"),
             INFLUX_CELL("p99", UNIT_TIME, .ask = ASK_QUANTILE, .q = 0.99, .metric = "http_req_duration"),
             INFLUX_CELL("Max", UNIT_TIME, .ask = ASK_MAX, .metric = "http_req_duration"),
             INFLUX_CELL("Requests/s", UNIT_REQUESTS, .ask = ASK_RATE, .metric = "http_reqs"))},
    {.kind = PANEL_BARGAUGE, .title = "Duration", .unit = UNIT_DURATION, .min = "0", .w = 8,
     .about = "How long each run lasted.", .only = IN(GRAPHITE), .without = "-",
     QUERIES(LEAP("run.duration_seconds", 0, RUN_FILTERS, "run_name"))},
    {.kind = PANEL_BARGAUGE, .title = "Peak virtual users", .unit = UNIT_NUMBER, .min = "0", .w = 8,
     .about = "Most users that were active in each run.", .only = IN(GRAPHITE), .without = "-",
     QUERIES(LEAP("run.peak_virtual_users", 0, RUN_FILTERS, "run_name"))},
    {.kind = PANEL_BARGAUGE, .title = "Virtual user minutes", .unit = UNIT_NUMBER, .min = "0", .w = 8,
     .about = "Of the run's track items together.", .only = IN(GRAPHITE), .without = "-",
     QUERIES(LEAP_JOINED(JOIN_SUM, "track_item.vum", 0, RUN_FILTERS, "run_name"))},
};

static const struct board_panel steps[] = {
    {.kind = PANEL_BARGAUGE, .title = "p95 by step", .unit = UNIT_TIME, .min = "0",
     .about = "A step is a name of requests: 95 % of them were as fast or faster. Yellow from 500 ms, red from 1 s.", SLA_LATENCY,
     QUERIES(LEAP("latency.p95_ms", 0.001, STEP_FILTERS, "step_title"))},
    {.kind = PANEL_BARGAUGE, .title = "Requests by step", .unit = UNIT_NUMBER, .min = "0",
     .about = "Requests of each step.",
     QUERIES(LEAP("requests.total", 0, STEP_FILTERS, "step_title"))},
    {.kind = PANEL_BARGAUGE, .title = "Failed requests by step", .unit = UNIT_NUMBER, .min = "0",
     .about = "Failed requests of each step.", STEPS({0, COLOR_GREEN}, {1, COLOR_RED}),
     QUERIES(LEAP("requests.failed", 0, STEP_FILTERS, "step_title"))},
    {.kind = PANEL_BARGAUGE, .title = "p99 by step", .unit = UNIT_TIME, .min = "0",
     .about = "99 % of each step's requests were as fast or faster.", SLA_LATENCY,
     QUERIES(LEAP("latency.p99_ms", 0.001, STEP_FILTERS, "step_title"))},
};

static const struct board_row rows[] = {
    {.title = "Runs", PANELS(widgets)},
    {.title = "Summary", PANELS(summary)},
    {.title = "Steps", PANELS(steps), .only = IN(GRAPHITE)},
};

const struct board board_history = {
    .name = "history",
    .uid = "brunt-history",
    .title = "brunt: runs and their history",
    .about = "Each run's latency, throughput and errors, and how they changed from run to run.",
    .tags = "brunt, load-testing, history",
    .from = "now-24h",
    .refresh = "1m",
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
