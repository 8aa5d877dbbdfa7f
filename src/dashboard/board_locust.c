/*
 * Locust: what `brunt bridge locust` reads of a swarm, and what `brunt run` shows under the same
 * names. The bridge's rows of everything ("Aggregated") have no method, and are left out of sums.
 *
 * InfluxDB has them of the bridge only: of a run it gets our own metrics, which the board `live`
 * shows. Locust's times since the start are numbers of which the last one holds.
 */
#include "dashboard/boards_priv.h"

/* clang-format off */

#define LOCUST(what, number) .ask = (what), .vocab = VOCAB_LOCUST, .metric = "locust_" number

static const struct board_variable variables[] = {
    {.kind = VARIABLE_TAG, .name = "task", .label = "Task", .tag = "name", .metric = "locust_requests_num_requests", .vocab = VOCAB_LOCUST,
     .about = "Endpoints by their names", .regex = "/^(?!Aggregated$).*$/"},
};

#define ADDED "InfluxDB has what the bridge saw added at each look, every two seconds unless it was told otherwise: a shorter step has gaps and peaks."

#define EACH .match = "method=~.+", .where = "task"

static const struct board_panel glance[] = {
    {.kind = PANEL_STAT, .title = "Master", .unit = UNIT_NUMBER, .map = {{"0", "away"}, {"1", "there"}},
     .about = "Whether Locust's master answers. While it is away, the numbers beside stay at their last.", STEPS({0, COLOR_RED}, {1, COLOR_GREEN}),
     QUERIES({LOCUST(ASK_VALUE, "up"), .join = JOIN_MIN})},
    {.kind = PANEL_STAT, .title = "State", .unit = UNIT_NUMBER, .map = {{"0", "stopped"}, {"1", "starting users"}, {"2", "running"}},
     .about = "What the swarm does.", STEPS({0, COLOR_GREY}, {1, COLOR_YELLOW}, {2, COLOR_GREEN}),
     QUERIES({LOCUST(ASK_VALUE, "running"), .join = JOIN_MAX})},
    {.kind = PANEL_STAT, .title = "Users", .unit = UNIT_NUMBER,
     .about = "Users that are active.",
     QUERIES({LOCUST(ASK_VALUE, "users")})},
    {.kind = PANEL_STAT, .title = "Requests per second", .unit = UNIT_REQUESTS,
     .about = "In the last ten seconds.",
     QUERIES({LOCUST(ASK_VALUE, "requests_current_rps"), EACH})},
    {.kind = PANEL_STAT, .title = "Failed", .unit = UNIT_SHARE, .decimals = 2, .min = "0", .max = "1",
     .about = "Share of failed requests since the start. Yellow from 1 %, red from 5 %.", SLA_ERRORS,
     QUERIES({LOCUST(ASK_VALUE, "fail_ratio"), .join = JOIN_MAX})},
    {.kind = PANEL_STAT, .title = "Workers", .unit = UNIT_NUMBER,
     .about = "Locust's worker processes that are connected; of brunt, threads that generate load.",
     QUERIES({LOCUST(ASK_VALUE, "workers_count")})},
};

static const struct board_panel traffic[] = {
    {.kind = PANEL_TIMESERIES, .title = "Requests per second", .unit = UNIT_REQUESTS, .min = "0",
     .about = "Of each endpoint, in the last ten seconds.", .stacked = true,
     QUERIES({LOCUST(ASK_VALUE, "requests_current_rps"), .by = "method, name", EACH, .legend = "{method} {name}"})},
    {.kind = PANEL_TIMESERIES, .title = "Users and workers", .unit = UNIT_NUMBER, .min = "0",
     .about = "Users that are active, and workers that are there.",
     QUERIES({LOCUST(ASK_VALUE, "users"), .legend = "users"},
             {LOCUST(ASK_VALUE, "workers_count"), .legend = "workers"})},
    {.kind = PANEL_TIMESERIES, .title = "Counted requests per second", .unit = UNIT_REQUESTS, .min = "0",
     .about = "From the counter, over the step of the graph: it does not smooth as Locust's own ten seconds do.",
     .notes = {[DIALECT_INFLUXQL] = ADDED, [DIALECT_FLUX] = ADDED},
     QUERIES({LOCUST(ASK_RATE, "requests_total"), EACH, .legend = "requests"})},
    {.kind = PANEL_TIMESERIES, .title = "Requests and failures since the start", .unit = UNIT_NUMBER, .min = "0",
     .about = "As Locust's own page counts them; they begin anew when statistics are reset.",
     QUERIES({LOCUST(ASK_VALUE, "requests_num_requests"), EACH, .legend = "requests"},
             {LOCUST(ASK_VALUE, "requests_num_failures"), EACH, .legend = "failures"})},
};

static const struct board_panel times[] = {
    {.kind = PANEL_TIMESERIES, .title = "Response times now", .unit = UNIT_MILLIS, .min = "0",
     .about = "Of all requests in the last ten seconds. Lines at 500 ms and 1 s.",
     GOOD_BELOW(500, 1000), .lines_at_steps = true,
     QUERIES({LOCUST(ASK_VALUE, "current_response_time_percentile_50"), .join = JOIN_MAX, .legend = "p50"},
             {LOCUST(ASK_VALUE, "current_response_time_percentile_95"), .join = JOIN_MAX, .legend = "p95"})},
    {.kind = PANEL_TIMESERIES, .title = "95th percentile by endpoint", .unit = UNIT_MILLIS, .min = "0",
     .about = "Since the start, as Locust gives it. The 90th is shown beside.",
     QUERIES({LOCUST(ASK_VALUE, "requests_response_time_percentile_95"), .join = JOIN_MAX, .by = "method, name", EACH, .legend = "{method} {name} p95"},
             {LOCUST(ASK_VALUE, "requests_ninetieth_response_time"), .join = JOIN_MAX, .by = "method, name", EACH, .legend = "{method} {name} p90"})},
    {.kind = PANEL_TIMESERIES, .title = "Mean by endpoint", .unit = UNIT_MILLIS, .min = "0",
     .about = "Since the start.",
     QUERIES({LOCUST(ASK_VALUE, "requests_avg_response_time"), .join = JOIN_MAX, .by = "method, name", EACH, .legend = "{method} {name}"})},
    {.kind = PANEL_TIMESERIES, .title = "Smallest and largest by endpoint", .unit = UNIT_MILLIS, .min = "0",
     .about = "Since the start.",
     QUERIES({LOCUST(ASK_VALUE, "requests_min_response_time"), .join = JOIN_MIN, .by = "method, name", EACH, .legend = "{method} {name} min"},
             {LOCUST(ASK_VALUE, "requests_max_response_time"), .join = JOIN_MAX, .by = "method, name", EACH, .legend = "{method} {name} max"})},
};

#define GONE "The last of the time that is shown, also of what Locust does not tell of any more."

#define WORKERS_GONE "The last that each worker told in the time that is shown, also of those that are gone."

/* The state is a tag, so a worker has a series for each state that it was in: the latest of them. */
#define WORKERS_INFLUXQL "SELECT last(\"value\") AS \"Users\", \"state\" FROM \"@locust_worker_detail@\" WHERE @filter@ GROUP BY \"id\""

#define WORKERS_FLUX \
    "from(bucket: v.defaultBucket)\n" \
    "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n" \
    "  |> filter(fn: (r) => r._measurement == \"@locust_worker_detail@\" and r._field == \"value\" and @filter@)\n" \
    "  |> group(columns: [\"id\"])\n" \
    "  |> sort(columns: [\"_time\"])\n" \
    "  |> last()\n" \
    "  |> group()\n" \
    "  |> keep(columns: [\"_value\", \"id\", \"state\"])\n" \
    "  |> rename(columns: {_value: \"Users\"})"

#define NO_ROWS "Graphite answers with series and not with rows: "

#define IN_GRAPHITE .only = IN(GRAPHITE), .without = "-"

#define BAR(number, how) QUERIES({LOCUST(ASK_VALUE, number), .join = (how), .by = "method, name", EACH, .legend = "{method} {name}"})

#define COLUMN(number, how, title, of) {LOCUST(ASK_VALUE, number), .join = (how), .latest = true, .span = SPAN_RANGE, .by = "method, name", EACH, .legend = title, .unit = (of)}

static const struct board_panel details[] = {
    {.kind = PANEL_TIMESERIES, .title = "Failures per second", .unit = UNIT_REQUESTS, .min = "0", .w = 24,
     .about = "Of each endpoint, in the last ten seconds.",
     QUERIES({LOCUST(ASK_VALUE, "requests_current_fail_per_sec"), .by = "method, name", EACH, .legend = "{method} {name}"})},
    {.kind = PANEL_TABLE, .title = "Endpoints", .unit = UNIT_NUMBER, .h = 10,
     .about = "Locust's table of statistics.",
     .notes = {[DIALECT_INFLUXQL] = GONE, [DIALECT_FLUX] = GONE},
     .only = IN_ALL_BUT(IN(GRAPHITE)), .without = NO_ROWS "see the bars below.",
     QUERIES(COLUMN("requests_num_requests", JOIN_SUM, "Requests", UNIT_NUMBER),
             COLUMN("requests_num_failures", JOIN_SUM, "Failures", UNIT_NUMBER),
             COLUMN("requests_median_response_time", JOIN_MAX, "Median", UNIT_MILLIS),
             COLUMN("requests_ninetieth_response_time", JOIN_MAX, "p90", UNIT_MILLIS),
             COLUMN("requests_response_time_percentile_99", JOIN_MAX, "p99", UNIT_MILLIS),
             COLUMN("requests_avg_response_time", JOIN_MAX, "Mean", UNIT_MILLIS),
             COLUMN("requests_min_response_time", JOIN_MIN, "Min", UNIT_MILLIS),
             COLUMN("requests_max_response_time", JOIN_MAX, "Max", UNIT_MILLIS),
             COLUMN("requests_avg_content_length", JOIN_MAX, "Size", UNIT_BYTES),
             COLUMN("requests_current_rps", JOIN_SUM, "Requests/s", UNIT_REQUESTS))},
    {.kind = PANEL_TABLE, .title = "Errors", .unit = UNIT_NUMBER,
     .about = "Failures of one kind since the start. Empty without failures.",
     .notes = {[DIALECT_INFLUXQL] = GONE, [DIALECT_FLUX] = GONE},
     .only = IN_ALL_BUT(IN(GRAPHITE)), .without = "-",
     QUERIES({LOCUST(ASK_VALUE, "errors"), .latest = true, .span = SPAN_RANGE, .by = "method, name, error", .where = "task", .legend = "Failures"})},
    {.kind = PANEL_TABLE, .title = "Workers", .unit = UNIT_NUMBER,
     .about = "Users of each worker. Empty while Locust has none.",
     .notes = {[DIALECT_INFLUXQL] = WORKERS_GONE, [DIALECT_FLUX] = WORKERS_GONE},
     .only = IN_ALL_BUT(IN(GRAPHITE)), .without = "-",
     QUERIES({LOCUST(ASK_VALUE, "worker_detail"), .span = SPAN_RANGE, .by = "id, state", .legend = "Users",
              .text = {[DIALECT_INFLUXQL] = WORKERS_INFLUXQL, [DIALECT_FLUX] = WORKERS_FLUX}})},
    {.kind = PANEL_BARGAUGE, .title = "Requests by endpoint", .unit = UNIT_NUMBER, .min = "0", IN_GRAPHITE,
     .about = "Since the start.", BAR("requests_num_requests", JOIN_SUM)},
    {.kind = PANEL_BARGAUGE, .title = "Failures by endpoint", .unit = UNIT_NUMBER, .min = "0", IN_GRAPHITE,
     .about = "Since the start.", BAR("requests_num_failures", JOIN_SUM)},
    {.kind = PANEL_BARGAUGE, .title = "Median by endpoint", .unit = UNIT_MILLIS, .min = "0", IN_GRAPHITE,
     .about = "Since the start, as Locust gives it.", BAR("requests_median_response_time", JOIN_MAX)},
    {.kind = PANEL_BARGAUGE, .title = "99th percentile by endpoint", .unit = UNIT_MILLIS, .min = "0", IN_GRAPHITE,
     .about = "Since the start, as Locust gives it.", BAR("requests_response_time_percentile_99", JOIN_MAX)},
    {.kind = PANEL_BARGAUGE, .title = "Size of answers by endpoint", .unit = UNIT_BYTES, .min = "0", IN_GRAPHITE,
     .about = "Mean length of an answer's body.", BAR("requests_avg_content_length", JOIN_MAX)},
    {.kind = PANEL_BARGAUGE, .title = "Errors", .unit = UNIT_NUMBER, .min = "0", IN_GRAPHITE,
     .about = "Failures of one kind since the start. Empty without failures.",
     QUERIES({LOCUST(ASK_VALUE, "errors"), .by = "method, name, error", .where = "task", .legend = "{method} {name} {error}"})},
    {.kind = PANEL_BARGAUGE, .title = "Workers", .unit = UNIT_NUMBER, .min = "0", IN_GRAPHITE,
     .about = "Users of each worker. Empty while Locust has none.",
     QUERIES({LOCUST(ASK_VALUE, "worker_detail"), .join = JOIN_MAX, .by = "id", .legend = "{id}"})},
};

static const struct board_row rows[] = {
    {.title = "At a glance", PANELS(glance)},
    {.title = "Traffic", PANELS(traffic)},
    {.title = "Response times", PANELS(times)},
    {.title = "Endpoints, errors, workers", PANELS(details)},
};

const struct board board_locust = {
    .name = "locust",
    .uid = "brunt-locust",
    .title = "brunt: Locust",
    .about = "A Locust swarm as the bridge reads it, or a run of brunt under Locust's names.",
    .tags = "brunt, load-testing, locust",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt bridge locust --url URL, or brunt run -o 'prometheus?vocab=locust'",
        [DIALECT_INFLUXQL] = "brunt bridge locust --url URL -o influxdb",
        [DIALECT_FLUX] = "brunt bridge locust --url URL -o xk6-influxdb",
        [DIALECT_GRAPHITE] = "brunt bridge locust --url URL -o graphite, or brunt run -o 'graphite?vocab=locust'",
    },
    .target_metric = "locust_up",
    .vocab = VOCAB_LOCUST,
    VARIABLES(variables),
    ROWS(rows),
};
/* clang-format on */
