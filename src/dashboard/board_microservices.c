/*
 * The gallery's board of how services behind a gateway are; its numbers come from
 * examples/gallery/microservices.js, or from any script with metrics of these names.
 */
#include "dashboard/boards_priv.h"

/* clang-format off */
static const struct board_metric metrics[] = {
    {"external_service_latency_ms", METRIC_TREND, CONTAINS_DEFAULT},
    {"database_query_time_ms", METRIC_TREND, CONTAINS_DEFAULT},
    {"service_health", METRIC_RATE, CONTAINS_DEFAULT},
    {"cache_hits", METRIC_RATE, CONTAINS_DEFAULT},
    {"service_calls", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"circuit_breaker_activations", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"circuit_breaker_rejections", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"worker_queue_depth", METRIC_GAUGE, CONTAINS_DEFAULT},
    {"worker_saturation", METRIC_GAUGE, CONTAINS_DEFAULT},
    {"database_pool_utilization", METRIC_GAUGE, CONTAINS_DEFAULT},
};

static const struct board_variable variables[] = {
    {.kind = VARIABLE_TAG, .name = "service", .label = "Service", .about = "Services that answer",
     .tag = "service", .metric = "service_calls"},
};

static const struct board_panel health[] = {
    {.kind = PANEL_STAT, .title = "Health", .unit = UNIT_SHARE,
     .about = "Share of answers in which the service was well, by service.",
     .w = 12, .h = 4, .decimals = 1,
     GOOD_FROM(0.95, 0.99),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "service_health", .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_STAT, .title = "Cache hits", .unit = UNIT_SHARE,
     .about = "Share of calls that were answered from a cache.",
     .decimals = 1,
     GOOD_FROM(0.3, 0.6),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "cache_hits", .where = "service", .legend = "cache"})},
    {.kind = PANEL_STAT, .title = "Circuits that opened", .unit = UNIT_NUMBER,
     .about = "How often a circuit breaker has opened.",
     GOOD_BELOW(1, 5),
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "circuit_breaker_activations", .where = "service", .legend = "openings"})},
    {.kind = PANEL_STAT, .title = "Calls", .unit = UNIT_NUMBER,
     .about = "Calls of services, retries not counted.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "service_calls", .where = "service", .legend = "calls"})},
    {.kind = PANEL_TIMESERIES, .title = "Health in time", .unit = UNIT_SHARE,
     .about = "Share of answers in which the service was well.",
     .min = "0", .max = "1",
     QUERIES({.ask = ASK_SHARE, .metric = "service_health", .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_TIMESERIES, .title = "Calls by service", .unit = UNIT_PER_SECOND,
     .about = "Calls a second, by service.",
     .min = "0", .stacked = true,
     QUERIES({.ask = ASK_RATE, .metric = "service_calls", .by = "service", .where = "service", .legend = "{service}"})},
};

static const struct board_panel latency[] = {
    {.kind = PANEL_TIMESERIES, .title = "Latency by service", .unit = UNIT_MILLIS,
     .about = "95th percentile of a call, its retries included.",
     .min = "0",
     STEPS({0, COLOR_GREEN}, {200, COLOR_RED}), .lines_at_steps = true,
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "external_service_latency_ms", .q = 0.95, .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_TIMESERIES, .title = "Response time of the gateway", .unit = UNIT_TIME,
     .about = "What callers of the whole wait for.",
     .min = "0",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "http_req_duration", .q = 0.5, .legend = "median"},
             {.ask = ASK_QUANTILE, .metric = "http_req_duration", .q = 0.95, .legend = "p95"})},
    {.kind = PANEL_TIMESERIES, .title = "Cache hits by service", .unit = UNIT_SHARE,
     .about = "Share of calls that were answered from a cache: read it below the response time.",
     .min = "0", .max = "1",
     QUERIES({.ask = ASK_SHARE, .metric = "cache_hits", .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_TIMESERIES, .title = "Database queries", .unit = UNIT_MILLIS,
     .about = "95th percentile of what a call spends in the database, of calls that needed it.",
     .min = "0",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "database_query_time_ms", .q = 0.95, .by = "service", .where = "service", .legend = "{service}"})},
};

static const struct board_panel saturation[] = {
    {.kind = PANEL_TIMESERIES, .title = "Queue depth", .unit = UNIT_NUMBER,
     .about = "Calls that wait for a worker.",
     .min = "0",
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "worker_queue_depth", .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_TIMESERIES, .title = "Worker saturation", .unit = UNIT_SHARE,
     .about = "Share of workers that are busy.",
     .min = "0", .max = "1",
     STEPS({0, COLOR_GREEN}, {0.9, COLOR_RED}), .lines_at_steps = true,
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "worker_saturation", .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_TIMESERIES, .title = "Database connections", .unit = UNIT_SHARE,
     .about = "Share of the connection pool that is in use.",
     .min = "0", .max = "1",
     STEPS({0, COLOR_GREEN}, {0.8, COLOR_YELLOW}), .lines_at_steps = true,
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "database_pool_utilization", .by = "service", .where = "service", .legend = "{service}"})},
    {.kind = PANEL_TIMESERIES, .title = "Load level", .unit = UNIT_NUMBER,
     .about = "Users, and requests to the gateway a second.",
     .min = "0",
     QUERIES({.ask = ASK_RATE, .metric = "http_reqs", .legend = "requests a second"},
             {.ask = ASK_VALUE, .metric = "vus", .legend = "users"})},
};

static const struct board_panel failures[] = {
    {.kind = PANEL_TIMESERIES, .title = "Circuit breakers", .unit = UNIT_NUMBER,
     .about = "Circuits that opened, and calls that were spared because one was open, a minute.",
     .min = "0",
     QUERIES({.ask = ASK_RATE, .metric = "circuit_breaker_activations", .scale = 60, .by = "service", .where = "service", .legend = "{service} opened"},
             {.ask = ASK_RATE, .metric = "circuit_breaker_rejections", .scale = 60, .by = "service", .where = "service", .legend = "{service} spared"})},
    {.kind = PANEL_BARGAUGE, .title = "Retries", .unit = UNIT_NUMBER,
     .about = "Calls by how many retries they needed.",
     .w = 12, .h = 8, .min = "0",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "service_calls", .by = "retries", .where = "service", .legend = "{retries} retries"})},
};

static const struct board_panel by_service[] = {
    {.kind = PANEL_TABLE, .title = "Services",
     .about = "Each service at a glance.",
     .w = 24, .h = 8,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP " " WORST_OF_SERIES},
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "service_calls", .by = "service", .where = "service", .legend = "Calls", .unit = UNIT_NUMBER},
             {.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "service_health", .by = "service", .where = "service", .legend = "Health", .unit = UNIT_SHARE},
             {.ask = ASK_QUANTILE, .span = SPAN_RANGE, .metric = "external_service_latency_ms", .q = 0.95, .by = "service", .where = "service", .legend = "p95", .unit = UNIT_MILLIS},
             {.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "cache_hits", .by = "service", .where = "service", .legend = "Cache hits", .unit = UNIT_SHARE},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "circuit_breaker_activations", .by = "service", .where = "service", .legend = "Circuit openings", .unit = UNIT_NUMBER},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "circuit_breaker_rejections", .by = "service", .where = "service", .legend = "Calls spared", .unit = UNIT_NUMBER})},
};

static const struct board_row rows[] = {
    {.title = "Health", PANELS(health)},
    {.title = "Latency and caches", PANELS(latency)},
    {.title = "Queues and pools", PANELS(saturation)},
    {.title = "Circuits and retries", PANELS(failures)},
    {.title = "By service", PANELS(by_service)},
};

const struct board board_microservices = {
    .name = "microservices",
    .uid = "brunt-gallery-microservices",
    .title = "brunt: microservices",
    .about = "Latency, caches, queues, databases, retries and circuits of services behind a gateway, as examples/gallery/microservices.js measures them.",
    .tags = "brunt, gallery, microservices",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write, examples/gallery/microservices.js",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb, every sample, examples/gallery/microservices.js",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb, every sample, examples/gallery/microservices.js",
        [DIALECT_GRAPHITE] = "brunt run -o graphite, examples/gallery/microservices.js",
    },
    VARIABLES(variables),
    BOARD_METRICS(metrics),
    ROWS(rows),
};
/* clang-format on */
