/*
 * The gallery's board of what a language model costs and how it answers; its numbers come from
 * examples/gallery/llm.js, or from any script with metrics of these names.
 */
#include "dashboard/boards_priv.h"

/* clang-format off */
static const struct board_metric metrics[] = {
    {"llm_total_calls", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"llm_cost_usd", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"llm_tokens", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"llm_request_cost_usd", METRIC_TREND, CONTAINS_DEFAULT},
    {"llm_token_count", METRIC_TREND, CONTAINS_DEFAULT},
    {"llm_response_time_ms", METRIC_TREND, CONTAINS_DEFAULT},
    {"llm_first_token_ms", METRIC_TREND, CONTAINS_DEFAULT},
    {"llm_tokens_per_second", METRIC_TREND, CONTAINS_DEFAULT},
    {"llm_rate_limited", METRIC_RATE, CONTAINS_DEFAULT},
    {"llm_errors", METRIC_RATE, CONTAINS_DEFAULT},
    {"llm_quota_utilization", METRIC_GAUGE, CONTAINS_DEFAULT},
};

static const struct board_variable variables[] = {
    {.kind = VARIABLE_TAG, .name = "model", .label = "Model", .about = "Models that were asked",
     .tag = "model", .metric = "llm_total_calls"},
};

static const struct board_panel cost[] = {
    {.kind = PANEL_STAT, .title = "Total API cost", .unit = UNIT_DOLLARS,
     .about = "What all answered requests have cost, by the prices in the script.",
     .decimals = 4, STEPS({0, COLOR_GREEN}, {10, COLOR_YELLOW}, {25, COLOR_ORANGE}, {50, COLOR_RED}),
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_cost_usd", .where = "model", .legend = "cost"})},
    {.kind = PANEL_STAT, .title = "Cost per request", .unit = UNIT_DOLLARS,
     .about = "Mean cost of an answered request. The thresholds are those of the script's budget.",
     .decimals = 6, GOOD_BELOW(0.01, 0.05),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "llm_request_cost_usd", .where = "model", .legend = "cost"})},
    {.kind = PANEL_STAT, .title = "Tokens", .unit = UNIT_NUMBER,
     .about = "Tokens of questions and answers together.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_tokens", .where = "model", .legend = "tokens"})},
    {.kind = PANEL_STAT, .title = "API calls", .unit = UNIT_NUMBER,
     .about = "Requests that were answered.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_total_calls", .where = "model", .legend = "calls"})},
    {.kind = PANEL_STAT, .title = "Tokens per dollar", .unit = UNIT_NUMBER,
     .about = "Cost efficiency: how many tokens a dollar has bought, over all models that are chosen.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_tokens", .per = "llm_cost_usd", .where = "model", .legend = "tokens"})},
    {.kind = PANEL_STAT, .title = "Cost of an hour", .unit = UNIT_DOLLARS,
     .about = "What an hour would cost at the mean rate of the time that is shown.",
     .decimals = 2,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_RATE, .span = SPAN_RANGE, .metric = "llm_cost_usd", .scale = 3600, .where = "model", .legend = "an hour"})},
    {.kind = PANEL_TIMESERIES, .title = "Cost per request by model", .unit = UNIT_DOLLARS,
     .about = "Mean cost of an answered request, by model.",
     .decimals = 6, .min = "0", STEPS({0, COLOR_GREEN}, {0.05, COLOR_RED}), .lines_at_steps = true,
     QUERIES({.ask = ASK_MEAN, .metric = "llm_request_cost_usd", .by = "model", .where = "model", .legend = "{model}"})},
    {.kind = PANEL_TIMESERIES, .title = "Spending", .unit = UNIT_DOLLARS,
     .about = "Dollars a minute, by model.",
     .decimals = 4, .min = "0", .stacked = true,
     QUERIES({.ask = ASK_RATE, .metric = "llm_cost_usd", .scale = 60, .by = "model", .where = "model", .legend = "{model}"})},
};

static const struct board_panel tokens[] = {
    {.kind = PANEL_TIMESERIES, .title = "Token usage", .unit = UNIT_PER_SECOND,
     .about = "Tokens a second, of questions (prompt) and of answers (completion).",
     .min = "0", .stacked = true,
     QUERIES({.ask = ASK_RATE, .metric = "llm_tokens", .by = "kind", .where = "model", .legend = "{kind}"})},
    {.kind = PANEL_TIMESERIES, .title = "Tokens per request", .unit = UNIT_NUMBER,
     .about = "Half of the answered requests used fewer tokens than the median, one in twenty more than the 95th percentile.",
     .min = "0",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "llm_token_count", .q = 0.5, .where = "model", .legend = "median"},
             {.ask = ASK_QUANTILE, .metric = "llm_token_count", .q = 0.95, .where = "model", .legend = "p95"})},
    {.kind = PANEL_TIMESERIES, .title = "Calls and users", .unit = UNIT_NUMBER,
     .about = "Throughput beside the token usage above: when calls stay while users grow, the model is the limit.",
     .min = "0",
     QUERIES({.ask = ASK_RATE, .metric = "llm_total_calls", .where = "model", .legend = "calls a second"},
             {.ask = ASK_VALUE, .metric = "vus", .legend = "users"})},
    {.kind = PANEL_TIMESERIES, .title = "Speed of an answer", .unit = UNIT_PER_SECOND,
     .about = "Tokens of the answer a second, over the whole request, by model.",
     .min = "0",
     QUERIES({.ask = ASK_MEAN, .metric = "llm_tokens_per_second", .by = "model", .where = "model", .legend = "{model}"})},
};

static const struct board_panel performance[] = {
    {.kind = PANEL_TIMESERIES, .title = "Response time", .unit = UNIT_MILLIS,
     .about = "Of answered requests, from the question to the last token.",
     .min = "0",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "llm_response_time_ms", .q = 0.5, .where = "model", .legend = "median"},
             {.ask = ASK_QUANTILE, .metric = "llm_response_time_ms", .q = 0.95, .where = "model", .legend = "p95"},
             {.ask = ASK_QUANTILE, .metric = "llm_response_time_ms", .q = 0.99, .where = "model", .legend = "p99"})},
    {.kind = PANEL_TIMESERIES, .title = "Response time by model", .unit = UNIT_MILLIS,
     .about = "95th percentile of answered requests.",
     .min = "0",
     STEPS({0, COLOR_GREEN}, {1500, COLOR_RED}), .lines_at_steps = true,
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "llm_response_time_ms", .q = 0.95, .by = "model", .where = "model", .legend = "{model}"})},
    {.kind = PANEL_TIMESERIES, .title = "Time to the first token", .unit = UNIT_MILLIS,
     .about = "95th percentile, of streamed answers: what a reader waits for.",
     .min = "0",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "llm_first_token_ms", .q = 0.95, .by = "model", .where = "model", .legend = "{model}"})},
    {.kind = PANEL_TIMESERIES, .title = "Cost against response time", .unit = UNIT_MILLIS,
     .about = "Whether dearer answers are slower: mean response time, to read beside the cost per request.",
     .min = "0",
     QUERIES({.ask = ASK_MEAN, .metric = "llm_response_time_ms", .by = "model", .where = "model", .legend = "{model}"})},
};

static const struct board_panel limits[] = {
    {.kind = PANEL_GAUGE, .title = "Quota used", .unit = UNIT_SHARE,
     .about = "Share of the tokens a minute that are taken, as the last answer's headers say.",
     .min = "0", .max = "1", GOOD_BELOW(0.7, 0.9),
     QUERIES({.ask = ASK_VALUE, .span = SPAN_RANGE, .metric = "llm_quota_utilization", .legend = "quota"})},
    {.kind = PANEL_STAT, .title = "Refused", .unit = UNIT_SHARE,
     .about = "Share of requests that were refused for their number (status 429).",
     .decimals = 1,
     GOOD_BELOW(0.02, 0.1),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "llm_rate_limited", .legend = "refused"})},
    {.kind = PANEL_STAT, .title = "Failed", .unit = UNIT_SHARE,
     .about = "Share of requests that failed for another reason than their number.",
     .decimals = 1,
     GOOD_BELOW(0.01, 0.05),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "llm_errors", .legend = "failed"})},
    {.kind = PANEL_TIMESERIES, .title = "Quota, refusals and failures", .unit = UNIT_SHARE,
     .about = "Shares: of the quota that is used, of requests that were refused, and of those that failed.",
     .min = "0", .max = "1",
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "llm_quota_utilization", .legend = "quota used"},
             {.ask = ASK_SHARE, .metric = "llm_rate_limited", .legend = "refused"},
             {.ask = ASK_SHARE, .metric = "llm_errors", .legend = "failed"})},
};

static const struct board_panel by_model[] = {
    {.kind = PANEL_TABLE, .title = "Models",
     .about = "What each model was asked, what it has cost, and how long it takes.",
     .w = 24, .h = 7,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP " " WORST_OF_SERIES},
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_total_calls", .by = "model", .where = "model", .legend = "Calls", .unit = UNIT_NUMBER},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_tokens", .by = "model", .where = "model", .legend = "Tokens", .unit = UNIT_NUMBER},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "llm_cost_usd", .by = "model", .where = "model", .legend = "Cost", .unit = UNIT_DOLLARS},
             {.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "llm_request_cost_usd", .by = "model", .where = "model", .legend = "Cost per call", .unit = UNIT_DOLLARS},
             {.ask = ASK_QUANTILE, .span = SPAN_RANGE, .metric = "llm_response_time_ms", .q = 0.95, .by = "model", .where = "model", .legend = "p95", .unit = UNIT_MILLIS})},
};

static const struct board_row rows[] = {
    {.title = "Cost", PANELS(cost)},
    {.title = "Tokens", PANELS(tokens)},
    {.title = "Response time", PANELS(performance)},
    {.title = "Limits", PANELS(limits)},
    {.title = "By model", PANELS(by_model)},
};

const struct board board_llm = {
    .name = "llm",
    .uid = "brunt-gallery-llm",
    .title = "brunt: LLM cost and performance",
    .about = "Tokens, dollars, response times and quota of a language model under load, as examples/gallery/llm.js measures them.",
    .tags = "brunt, gallery, llm",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write, examples/gallery/llm.js",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb, every sample, examples/gallery/llm.js",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb, every sample, examples/gallery/llm.js",
        [DIALECT_GRAPHITE] = "brunt run -o graphite, examples/gallery/llm.js",
    },
    VARIABLES(variables),
    BOARD_METRICS(metrics),
    ROWS(rows),
};
/* clang-format on */
