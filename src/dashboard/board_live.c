/* The run as it goes: throughput, latency, errors, and each endpoint. */
#include "dashboard/boards_priv.h"

/* clang-format off */

static const struct board_variable variables[] = {
    {.kind = VARIABLE_TAG, .name = "task", .label = "Task", .tag = "name", .metric = "http_reqs",
     .about = "Endpoints by their names; with LoadPilot's scripts, tasks"},
};

static const struct board_panel glance[] = {
    {.kind = PANEL_STAT, .title = "Virtual users", .unit = UNIT_NUMBER,
     .about = "Virtual users that are active now.",
     QUERIES({.ask = ASK_VALUE, .metric = "vus"})},
    {.kind = PANEL_STAT, .title = "Requests per second", .unit = UNIT_REQUESTS,
     .about = "HTTP round trips that ended, a second.",
     QUERIES({.ask = ASK_RATE, .metric = "http_reqs", .where = "task"})},
    {.kind = PANEL_STAT, .title = "Failed requests", .unit = UNIT_SHARE, .decimals = 2,
     .about = "Share of round trips with an unexpected status or without an answer, now. Yellow from 1 %, red from 5 %.",
     .min = "0", .max = "1", SLA_ERRORS,
     QUERIES({.ask = ASK_SHARE, .metric = "http_req_failed", .where = "task"})},
    {.kind = PANEL_STAT, .title = "95th percentile", .unit = UNIT_TIME,
     .about = "95 % of the round trips now are as fast or faster. Yellow from 500 ms, red from 1 s.",
     SLA_LATENCY, .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration", .where = "task"})},
    {.kind = PANEL_STAT, .title = "Requests", .unit = UNIT_NUMBER,
     .about = "HTTP round trips since the start of the run.",
     .notes = {[DIALECT_INFLUXQL] = "Of the time that is shown.", [DIALECT_FLUX] = "Of the time that is shown."},
     QUERIES({.ask = ASK_TOTAL, .metric = "http_reqs", .where = "task"})},
    {.kind = PANEL_STAT, .title = "Dropped iterations", .unit = UNIT_NUMBER,
     .about = "Iterations that were due and never started: the load was less than it should have been.",
     .notes = {[DIALECT_INFLUXQL] = "Empty while there are none.", [DIALECT_FLUX] = "Empty while there are none."},
     STEPS({0, COLOR_GREEN}, {1, COLOR_RED}),
     QUERIES({.ask = ASK_TOTAL, .metric = "dropped_iterations"})},
};

static const struct board_panel throughput[] = {
    {.kind = PANEL_TIMESERIES, .title = "Rate: current against target", .unit = UNIT_PER_SECOND, .min = "0",
     .about = "Iterations a second that are due (of scenarios with an arrival rate), iterations that end, and requests that they make.",
     .notes = {[DIALECT_INFLUXQL] = "InfluxDB is not told what is due.", [DIALECT_FLUX] = "InfluxDB is not told what is due."},
     QUERIES({.ask = ASK_VALUE, .metric = "target_rate", .legend = "target", .only = IN(PROMETHEUS) | IN(GRAPHITE)},
             {.ask = ASK_RATE, .metric = "iterations", .legend = "iterations"},
             {.ask = ASK_RATE, .metric = "http_reqs", .legend = "requests", .where = "task"})},
    {.kind = PANEL_TIMESERIES, .title = "Active workers", .unit = UNIT_NUMBER, .min = "0",
     .about = "Virtual users that are active and that were initialised, and requests that wait for their answer.",
     .notes = {[DIALECT_INFLUXQL] = "InfluxDB is not told of requests that wait.", [DIALECT_FLUX] = "InfluxDB is not told of requests that wait."},
     QUERIES({.ask = ASK_VALUE, .metric = "vus", .legend = "active"},
             {.ask = ASK_VALUE, .metric = "vus_max", .legend = "initialised"},
             {.ask = ASK_VALUE, .metric = "http_reqs_in_flight", .legend = "requests in flight", .only = IN(PROMETHEUS) | IN(GRAPHITE)})},
    {.kind = PANEL_TIMESERIES, .title = "Data", .unit = UNIT_BYTES_SECOND, .min = "0",
     .about = "Bytes a second over TCP, TLS and headers included.",
     QUERIES({.ask = ASK_RATE, .metric = "data_sent", .legend = "sent"},
             {.ask = ASK_RATE, .metric = "data_received", .legend = "received"})},
    {.kind = PANEL_TIMESERIES, .title = "Iterations", .unit = UNIT_TIME, .min = "0",
     .about = "How long iterations take.", .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = "iteration_duration", .legend = "p50"},
             {.ask = ASK_QUANTILE, .q = 0.95, .metric = "iteration_duration", .legend = "p95"},
             {.ask = ASK_QUANTILE, .q = 0.99, .metric = "iteration_duration", .legend = "p99"})},
};

#define PERCENTILES(trend)                                                                            \
    QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = trend, .legend = "p50", .where = "task"},  \
            {.ask = ASK_QUANTILE, .q = 0.95, .metric = trend, .legend = "p95", .where = "task"}, \
            {.ask = ASK_QUANTILE, .q = 0.99, .metric = trend, .legend = "p99", .where = "task"}, \
            {.ask = ASK_MAX, .metric = trend, .legend = "max", .where = "task"})

#define MAX_IS_A_BUCKET "max is the upper bound of the highest bucket that has samples."

#define PHASE(trend, word) {.ask = ASK_MEAN, .metric = "http_req_" trend, .legend = word, .where = "task"}

static const struct board_panel latency[] = {
    {.kind = PANEL_TIMESERIES, .title = "Latency percentiles: service time", .unit = UNIT_TIME, .w = 10, .min = "0",
     .about = "Sending, waiting and receiving of each round trip. Lines at 500 ms and 1 s.",
     SLA_LATENCY, .lines_at_steps = true,
     .notes = {[DIALECT_PROMETHEUS] = MAX_IS_A_BUCKET, [DIALECT_GRAPHITE] = WORST_OF_SERIES},
     PERCENTILES("http_req_duration")},
    {.kind = PANEL_TIMESERIES, .title = "Latency percentiles: response time", .unit = UNIT_TIME, .w = 10, .min = "0",
     .about = "From the instant at which each round trip was due: waiting behind a slow one counts. Far above the service time, the target or the generator does not keep up.",
     SLA_LATENCY, .lines_at_steps = true,
     .notes = {[DIALECT_PROMETHEUS] = MAX_IS_A_BUCKET, [DIALECT_GRAPHITE] = WORST_OF_SERIES},
     PERCENTILES("http_req_response_time")},
    {.kind = PANEL_GAUGE, .title = "p99", .unit = UNIT_TIME, .w = 4, .h = 8, .min = "0", .max = "2",
     .about = "99 % of the round trips now are as fast or faster. Yellow from 500 ms, red from 1 s.",
     SLA_LATENCY, .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.99, .metric = "http_req_duration", .where = "task"})},
    {.kind = PANEL_TIMESERIES, .title = "Phases of a round trip", .unit = UNIT_TIME, .min = "0", .stacked = true,
     .about = "Means: waiting for a free connection, connecting, the TLS handshake, sending, waiting for the first byte, receiving.",
     QUERIES(PHASE("blocked", "blocked"), PHASE("connecting", "connecting"), PHASE("tls_handshaking", "TLS"),
             PHASE("sending", "sending"), PHASE("waiting", "waiting"), PHASE("receiving", "receiving"))},
    {.kind = PANEL_HEATMAP, .title = "Spread of latencies", .unit = UNIT_TIME,
     .about = "How many round trips took how long.",
     .notes = {[DIALECT_INFLUXQL] = "Of 50 samples of each step, drawn at random.",
               [DIALECT_FLUX] = "Of the first nine samples of each step."},
     .only = IN_ALL_BUT(IN(GRAPHITE)),
     .without = "Graphite keeps percentiles of distributions and not their shapes, so there is no heat map here.",
     QUERIES({.ask = ASK_SPREAD, .metric = "http_req_duration", .where = "task", .legend = "{le}"})},
};

static const struct board_panel errors[] = {
    {.kind = PANEL_TIMESERIES, .title = "Error rate", .unit = UNIT_SHARE, .min = "0", .w = 8,
     .about = "Share of round trips with an unexpected status or without an answer. Lines at 1 % and 5 %.",
     SLA_ERRORS, .lines_at_steps = true,
     QUERIES({.ask = ASK_SHARE, .metric = "http_req_failed", .where = "task", .legend = "failed"})},
    {.kind = PANEL_TIMESERIES, .title = "Cumulative requests and errors", .unit = UNIT_NUMBER, .min = "0", .w = 8,
     .about = "Since the start of the run.",
     .notes = {[DIALECT_INFLUXQL] = "Counted from the left edge.", [DIALECT_FLUX] = "Counted from the left edge."},
     QUERIES({.ask = ASK_TOTAL, .metric = "http_reqs", .where = "task", .legend = "requests"},
             {.ask = ASK_TOTAL, .metric = "http_req_failed", .where = "task", .legend = "errors"})},
    {.kind = PANEL_TIMESERIES, .title = "Answers by status", .unit = UNIT_REQUESTS, .min = "0", .w = 8, .stacked = true,
     .about = "Round trips a second by HTTP status; 0: there was no answer.",
     QUERIES({.ask = ASK_RATE, .metric = "http_reqs", .by = "status", .match = "status=~.+", .where = "task", .legend = "{status}"})},
    {.kind = PANEL_TIMESERIES, .title = "Errors by code", .unit = UNIT_REQUESTS, .min = "0",
     .about = "Round trips a second that failed, by error code; what codes mean is in docs/reference/error-codes.md. Empty without errors.",
     QUERIES({.ask = ASK_RATE, .metric = "http_reqs", .by = "error_code", .where = "task", .match = "error_code=~.+", .legend = "{error_code}"})},
    {.kind = PANEL_TIMESERIES, .title = "Checks that passed", .unit = UNIT_SHARE, .min = "0", .max = "1",
     .about = "Share of each check's results that were true. Empty when the script has no checks.",
     QUERIES({.ask = ASK_SHARE, .metric = "checks", .by = "check", .match = "check=~.+", .legend = "{check}"})},
};

static const struct board_panel tasks[] = {
    {.kind = PANEL_TABLE, .title = "Endpoints", .unit = UNIT_NUMBER,
     .about = "Each endpoint since the start of the run: these are the numbers of the run's summary.",
     .notes = {[DIALECT_INFLUXQL] = "Of the time that is shown.", [DIALECT_FLUX] = "Of the time that is shown."},
     .only = IN_ALL_BUT(IN(GRAPHITE)),
     .without = "Graphite answers with series and not with rows: see the panels of single numbers below.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "http_reqs", .by = "name", .match = "name=~.+", .where = "task", .legend = "Requests"},
             {.ask = ASK_RATE, .span = SPAN_RANGE, .metric = "http_reqs", .by = "name", .match = "name=~.+", .where = "task", .legend = "Requests/s", .unit = UNIT_REQUESTS},
             {.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "http_req_failed", .by = "name", .match = "name=~.+", .where = "task", .legend = "Failed", .unit = UNIT_SHARE},
             {.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "Mean", .unit = UNIT_TIME},
             {.ask = ASK_QUANTILE, .q = 0.5, .span = SPAN_RANGE, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "p50", .unit = UNIT_TIME},
             {.ask = ASK_QUANTILE, .q = 0.95, .span = SPAN_RANGE, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "p95", .unit = UNIT_TIME},
             {.ask = ASK_QUANTILE, .q = 0.99, .span = SPAN_RANGE, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "p99", .unit = UNIT_TIME},
             {.ask = ASK_MAX, .span = SPAN_RANGE, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "Max", .unit = UNIT_TIME},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "http_req_data_received", .by = "name", .match = "name=~.+", .where = "task", .legend = "Received", .unit = UNIT_BYTES, .only = IN(PROMETHEUS)})},
    {.kind = PANEL_TIMESERIES, .title = "Latency by task", .unit = UNIT_TIME, .min = "0", .w = 8,
     .about = "Service time of each endpoint.", .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "{name} p50"},
             {.ask = ASK_QUANTILE, .q = 0.99, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "{name} p99"})},
    {.kind = PANEL_TIMESERIES, .title = "Error rate by task", .unit = UNIT_SHARE, .min = "0", .w = 8,
     .about = "Share of each endpoint's round trips that failed.",
     QUERIES({.ask = ASK_SHARE, .metric = "http_req_failed", .by = "name", .match = "name=~.+", .where = "task", .legend = "{name}"})},
    {.kind = PANEL_TIMESERIES, .title = "Requests by task", .unit = UNIT_REQUESTS, .min = "0", .w = 8,
     .about = "Round trips a second of each endpoint.",
     QUERIES({.ask = ASK_RATE, .metric = "http_reqs", .by = "name", .match = "name=~.+", .where = "task", .legend = "{name}"})},
    {.kind = PANEL_BARGAUGE, .title = "95th percentile by task", .unit = UNIT_TIME, .min = "0", .w = 24, .h = 6,
     .about = "Service time of each endpoint now. Yellow from 500 ms, red from 1 s.",
     SLA_LATENCY, .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration", .by = "name", .match = "name=~.+", .where = "task", .legend = "{name}"})},
};

static const struct board_row rows[] = {
    {.title = "At a glance", PANELS(glance)},
    {.title = "Throughput", PANELS(throughput)},
    {.title = "Latency", PANELS(latency)},
    {.title = "Errors", PANELS(errors)},
    {.title = "Per task", PANELS(tasks)},
};

const struct board board_live = {
    .name = "live",
    .uid = "brunt-live",
    .title = "brunt: live run",
    .about = "A run while it goes: throughput against its target, latency, errors, and each endpoint.",
    .tags = "brunt, load-testing, live",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb, every sample (not samples=aggregate)",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb, every sample (not samples=aggregate)",
        [DIALECT_GRAPHITE] = "brunt run -o graphite",
    },
    VARIABLES(variables),
    ROWS(rows),
};
/* clang-format on */
