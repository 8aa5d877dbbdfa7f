/*
 * The gallery's board of what requests cost and whether resources follow the load; its numbers come
 * from examples/gallery/cost.js, or from any script with metrics of these names.
 */
#include "dashboard/boards_priv.h"

enum {
    HOURS_A_MONTH = 730,
    SECONDS_A_MONTH = 730 * 3600,
};

/* clang-format off */
static const struct board_metric metrics[] = {
    {"cloud_cost_usd", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"cloud_requests", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"cloud_request_cost_usd", METRIC_TREND, CONTAINS_DEFAULT},
    {"cloud_compute_ms", METRIC_TREND, CONTAINS_DEFAULT},
    {"cloud_instances", METRIC_GAUGE, CONTAINS_DEFAULT},
    {"cloud_cpu_utilization", METRIC_GAUGE, CONTAINS_DEFAULT},
    {"cloud_requests_per_instance", METRIC_GAUGE, CONTAINS_DEFAULT},
    {"cloud_hourly_cost_usd", METRIC_GAUGE, CONTAINS_DEFAULT},
};

static const struct board_variable variables[] = {
    {.kind = VARIABLE_TAG, .name = "endpoint", .label = "Endpoint", .about = "Endpoints that were asked",
     .tag = "endpoint", .metric = "cloud_requests"},
};

static const struct board_panel totals[] = {
    {.kind = PANEL_STAT, .title = "Cost of requests", .unit = UNIT_DOLLARS,
     .about = "What all requests together were billed.",
     .decimals = 6,
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_cost_usd", .where = "endpoint", .legend = "cost"})},
    {.kind = PANEL_STAT, .title = "Cost per request", .unit = UNIT_DOLLARS,
     .about = "Mean of what a request was billed. The threshold is the script's budget.",
     .decimals = 6,
     STEPS({0, COLOR_GREEN}, {0.0005, COLOR_RED}),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "cloud_request_cost_usd", .where = "endpoint", .legend = "cost"})},
    {.kind = PANEL_STAT, .title = "Requests", .unit = UNIT_NUMBER,
     .about = "Requests that were billed.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_requests", .where = "endpoint", .legend = "requests"})},
    {.kind = PANEL_STAT, .title = "Requests per dollar", .unit = UNIT_NUMBER,
     .about = "How many requests a dollar has bought.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_requests", .per = "cloud_cost_usd", .where = "endpoint", .legend = "requests"})},
    {.kind = PANEL_STAT, .title = "A month of requests", .unit = UNIT_DOLLARS,
     .about = "Forecast: what a month (730 hours) of requests would cost at the mean rate of the time that is shown.",
     .decimals = 2,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_RATE, .span = SPAN_RANGE, .metric = "cloud_cost_usd", .scale = SECONDS_A_MONTH, .where = "endpoint", .legend = "a month"})},
    {.kind = PANEL_STAT, .title = "A month of instances", .unit = UNIT_DOLLARS,
     .about = "Forecast: what a month (730 hours) of the instances that run now would cost.",
     .decimals = 2,
     QUERIES({.ask = ASK_VALUE, .span = SPAN_RANGE, .metric = "cloud_hourly_cost_usd", .scale = HOURS_A_MONTH, .legend = "a month"})},
};

static const struct board_panel requests[] = {
    {.kind = PANEL_TIMESERIES, .title = "Cost per request by endpoint", .unit = UNIT_DOLLARS,
     .about = "Mean of what a request was billed.",
     .decimals = 6, .min = "0",
     QUERIES({.ask = ASK_MEAN, .metric = "cloud_request_cost_usd", .by = "endpoint", .where = "endpoint", .legend = "{endpoint}"})},
    {.kind = PANEL_TIMESERIES, .title = "Spending by endpoint", .unit = UNIT_DOLLARS,
     .about = "Dollars an hour that requests are billed.",
     .decimals = 4, .min = "0", .stacked = true,
     QUERIES({.ask = ASK_RATE, .metric = "cloud_cost_usd", .scale = 3600, .by = "endpoint", .where = "endpoint", .legend = "{endpoint}"})},
    {.kind = PANEL_TABLE, .title = "Endpoints",
     .about = "What each endpoint was asked and billed.",
     .w = 24, .h = 7,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP " " WORST_OF_SERIES},
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_requests", .by = "endpoint", .where = "endpoint", .legend = "Requests", .unit = UNIT_NUMBER},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_cost_usd", .by = "endpoint", .where = "endpoint", .legend = "Cost", .unit = UNIT_DOLLARS},
             {.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "cloud_request_cost_usd", .by = "endpoint", .where = "endpoint", .legend = "Cost per request", .unit = UNIT_DOLLARS},
             {.ask = ASK_QUANTILE, .span = SPAN_RANGE, .metric = "cloud_compute_ms", .q = 0.95, .by = "endpoint", .where = "endpoint", .legend = "Compute p95", .unit = UNIT_MILLIS})},
};

static const struct board_panel resources[] = {
    {.kind = PANEL_TIMESERIES, .title = "Resource utilization", .unit = UNIT_SHARE,
     .about = "Share of the instances' capacity that is used: read it above the throughput.",
     .min = "0", .max = "1",
     STEPS({0, COLOR_GREEN}, {0.9, COLOR_RED}), .lines_at_steps = true,
     QUERIES({.ask = ASK_VALUE, .metric = "cloud_cpu_utilization", .legend = "utilization"})},
    {.kind = PANEL_TIMESERIES, .title = "Instances", .unit = UNIT_NUMBER,
     .about = "How many run: they should follow the throughput up, and down again.",
     .min = "0",
     QUERIES({.ask = ASK_VALUE, .metric = "cloud_instances", .legend = "instances"})},
    {.kind = PANEL_TIMESERIES, .title = "Throughput", .unit = UNIT_REQUESTS,
     .about = "Requests a second, by endpoint.",
     .min = "0", .stacked = true,
     QUERIES({.ask = ASK_RATE, .metric = "cloud_requests", .by = "endpoint", .where = "endpoint", .legend = "{endpoint}"})},
    {.kind = PANEL_TIMESERIES, .title = "Scaling efficiency", .unit = UNIT_REQUESTS,
     .about = "Requests a second that each instance serves: low where too many run.",
     .min = "0",
     QUERIES({.ask = ASK_VALUE, .metric = "cloud_requests_per_instance", .legend = "per instance"})},
};

static const struct board_panel periods[] = {
    {.kind = PANEL_TABLE, .title = "Peak and off-peak",
     .about = "What requests are billed at peak times and off them.",
     .w = 12, .h = 8,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_requests", .by = "period", .where = "endpoint", .legend = "Requests", .unit = UNIT_NUMBER},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "cloud_cost_usd", .by = "period", .where = "endpoint", .legend = "Cost", .unit = UNIT_DOLLARS},
             {.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "cloud_request_cost_usd", .by = "period", .where = "endpoint", .legend = "Cost per request", .unit = UNIT_DOLLARS})},
    {.kind = PANEL_TIMESERIES, .title = "Cost of an hour", .unit = UNIT_DOLLARS,
     .about = "Dollars an hour: of requests, and of the instances that run.",
     .decimals = 4, .min = "0",
     QUERIES({.ask = ASK_RATE, .metric = "cloud_cost_usd", .scale = 3600, .where = "endpoint", .legend = "requests"},
             {.ask = ASK_VALUE, .metric = "cloud_hourly_cost_usd", .legend = "instances"})},
};

static const struct board_row rows[] = {
    {.title = "Totals and forecast", PANELS(totals)},
    {.title = "Requests", PANELS(requests)},
    {.title = "Resources", PANELS(resources)},
    {.title = "Peak and off-peak", PANELS(periods)},
};

const struct board board_cost = {
    .name = "cost",
    .uid = "brunt-gallery-cost",
    .title = "brunt: cost optimisation",
    .about = "What requests cost by endpoint and time of day, and whether instances follow the load, as examples/gallery/cost.js measures them.",
    .tags = "brunt, gallery, cost",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write, examples/gallery/cost.js",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb, every sample, examples/gallery/cost.js",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb, every sample, examples/gallery/cost.js",
        [DIALECT_GRAPHITE] = "brunt run -o graphite, examples/gallery/cost.js",
    },
    VARIABLES(variables),
    BOARD_METRICS(metrics),
    ROWS(rows),
};
/* clang-format on */
