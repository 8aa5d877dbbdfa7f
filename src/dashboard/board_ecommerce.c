/*
 * The gallery's board of what a shop sells under load; its numbers come from
 * examples/gallery/ecommerce.js, or from any script with metrics of these names.
 */
#include "dashboard/boards_priv.h"

/* clang-format off */
static const struct board_metric metrics[] = {
    {"ecommerce_visits", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"ecommerce_funnel_steps", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"ecommerce_conversions", METRIC_RATE, CONTAINS_DEFAULT},
    {"ecommerce_orders", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"ecommerce_revenue_usd", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"ecommerce_order_value_usd", METRIC_TREND, CONTAINS_DEFAULT},
    {"ecommerce_cart_abandonments", METRIC_COUNTER, CONTAINS_DEFAULT},
    {"ecommerce_payment_success", METRIC_RATE, CONTAINS_DEFAULT},
    {"ecommerce_page_latency_ms", METRIC_TREND, CONTAINS_DEFAULT},
    {"ecommerce_checkout_latency_ms", METRIC_TREND, CONTAINS_DEFAULT},
};

static const struct board_panel business[] = {
    {.kind = PANEL_STAT, .title = "Conversion", .unit = UNIT_SHARE,
     .about = "Share of visits that became an order.",
     .decimals = 1,
     GOOD_FROM(0.1, 0.3),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "ecommerce_conversions", .legend = "conversion"})},
    {.kind = PANEL_STAT, .title = "Orders", .unit = UNIT_NUMBER,
     .about = "Orders that were paid for.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_orders", .legend = "orders"})},
    {.kind = PANEL_STAT, .title = "Revenue", .unit = UNIT_DOLLARS,
     .about = "What all orders together were worth, to the cent.",
     .decimals = 2,
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_revenue_usd", .legend = "revenue"})},
    {.kind = PANEL_STAT, .title = "Order value", .unit = UNIT_DOLLARS,
     .about = "What an order is worth on average.",
     .decimals = 2,
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_MEAN, .span = SPAN_RANGE, .metric = "ecommerce_order_value_usd", .legend = "order value"})},
    {.kind = PANEL_STAT, .title = "Payments that succeed", .unit = UNIT_SHARE,
     .about = "Share of checkouts whose payment came through. What did not is among the abandoned carts, with its reason.",
     .decimals = 1, GOOD_FROM(0.8, 0.95),
     .notes = {[DIALECT_GRAPHITE] = OF_THE_LAST_STEP},
     QUERIES({.ask = ASK_SHARE, .span = SPAN_RANGE, .metric = "ecommerce_payment_success", .legend = "payments"})},
    {.kind = PANEL_STAT, .title = "Abandoned carts", .unit = UNIT_NUMBER,
     .about = "Visits with something in the cart, or in mind, that ended without an order.",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_cart_abandonments", .legend = "carts"})},
};

static const struct board_panel load[] = {
    {.kind = PANEL_TIMESERIES, .title = "Conversion and failed requests", .unit = UNIT_SHARE,
     .about = "Share of visits that became an order: read it above the load level.",
     .min = "0", .max = "1",
     QUERIES({.ask = ASK_SHARE, .metric = "ecommerce_conversions", .legend = "conversion"},
             {.ask = ASK_SHARE, .metric = "http_req_failed", .legend = "failed requests"})},
    {.kind = PANEL_TIMESERIES, .title = "Revenue per second", .unit = UNIT_DOLLARS,
     .about = "Dollars a second that come in.",
     .decimals = 2, .min = "0",
     QUERIES({.ask = ASK_RATE, .metric = "ecommerce_revenue_usd", .legend = "revenue"})},
    {.kind = PANEL_TIMESERIES, .title = "Load level", .unit = UNIT_NUMBER,
     .about = "Visits that end each second, and users who are there.",
     .min = "0",
     QUERIES({.ask = ASK_RATE, .metric = "ecommerce_visits", .legend = "visits a second"},
             {.ask = ASK_VALUE, .metric = "vus", .legend = "users"})},
    {.kind = PANEL_TIMESERIES, .title = "Order value: mean and largest", .unit = UNIT_DOLLARS,
     .about = "What an order is worth: on average, and at most.",
     .decimals = 2, .min = "0",
     QUERIES({.ask = ASK_MEAN, .metric = "ecommerce_order_value_usd", .legend = "mean"},
             {.ask = ASK_MAX, .metric = "ecommerce_order_value_usd", .legend = "largest"})},
};

static const struct board_panel funnel[] = {
    {.kind = PANEL_BARGAUGE, .title = "Checkout funnel", .unit = UNIT_NUMBER,
     .about = "How many visits came to each step: what is lost between two bars is the drop-off.",
     .w = 12, .h = 8, .min = "0",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_funnel_steps", .match = "step=search", .legend = "1 search"},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_funnel_steps", .match = "step=product", .legend = "2 product"},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_funnel_steps", .match = "step=cart", .legend = "3 cart"},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_funnel_steps", .match = "step=checkout", .legend = "4 checkout"},
             {.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_funnel_steps", .match = "step=order", .legend = "5 order"})},
    {.kind = PANEL_BARGAUGE, .title = "Why carts are abandoned", .unit = UNIT_NUMBER,
     .about = "Abandoned carts by reason: the visitor's own mind, a page that was too slow, or a payment.",
     .w = 12, .h = 8, .min = "0",
     QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = "ecommerce_cart_abandonments", .by = "reason", .legend = "{reason}"})},
};

static const struct board_panel latency[] = {
    {.kind = PANEL_TIMESERIES, .title = "Abandoned carts by reason", .unit = UNIT_NUMBER,
     .about = "Carts a minute, by reason: read them above the time that pages take.",
     .min = "0", .stacked = true,
     QUERIES({.ask = ASK_RATE, .metric = "ecommerce_cart_abandonments", .scale = 60, .by = "reason", .legend = "{reason}"})},
    {.kind = PANEL_TIMESERIES, .title = "Checkout latency", .unit = UNIT_MILLIS,
     .about = "How long paying takes.",
     .min = "0",
     STEPS({0, COLOR_GREEN}, {1000, COLOR_RED}), .lines_at_steps = true,
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "ecommerce_checkout_latency_ms", .q = 0.5, .legend = "median"},
             {.ask = ASK_QUANTILE, .metric = "ecommerce_checkout_latency_ms", .q = 0.95, .legend = "p95"})},
    {.kind = PANEL_TIMESERIES, .title = "Page latency", .unit = UNIT_MILLIS,
     .about = "95th percentile, by page.",
     .min = "0",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .metric = "ecommerce_page_latency_ms", .q = 0.95, .by = "page", .legend = "{page}"})},
    {.kind = PANEL_TIMESERIES, .title = "Payments that succeed, in time", .unit = UNIT_SHARE,
     .about = "Share of checkouts whose payment came through.",
     .min = "0", .max = "1",
     QUERIES({.ask = ASK_SHARE, .metric = "ecommerce_payment_success", .legend = "payments"})},
};

static const struct board_row rows[] = {
    {.title = "Business", PANELS(business)},
    {.title = "Conversion and load", PANELS(load)},
    {.title = "Funnel", PANELS(funnel)},
    {.title = "Carts and latency", PANELS(latency)},
};

const struct board board_ecommerce = {
    .name = "ecommerce",
    .uid = "brunt-gallery-ecommerce",
    .title = "brunt: e-commerce",
    .about = "Conversion, revenue, funnel and abandoned carts of a shop under load, as examples/gallery/ecommerce.js measures them.",
    .tags = "brunt, gallery, ecommerce",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write, examples/gallery/ecommerce.js",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb, every sample, examples/gallery/ecommerce.js",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb, every sample, examples/gallery/ecommerce.js",
        [DIALECT_GRAPHITE] = "brunt run -o graphite, examples/gallery/ecommerce.js",
    },
    BOARD_METRICS(metrics),
    ROWS(rows),
};
/* clang-format on */
