#pragma once
/*
 * What files of boards share: one constant each, a line here and in boards.c; and words for the
 * tables. `PANELS(array)` fills in panels and n_panels of a row, `QUERIES(...)` queries and
 * n_queries of a panel, `STEPS(...)` steps and n_steps.
 */
#include "dashboard/board.h"

/* clang-format off */
extern const struct board board_compare;
extern const struct board board_generator;
extern const struct board board_history;
extern const struct board board_live;
extern const struct board board_locust;
extern const struct board board_llm;
extern const struct board board_ecommerce;
extern const struct board board_microservices;
extern const struct board board_cost;
/* clang-format on */

#define PANELS(array)        .panels = (array), .n_panels = countof(array)
#define ROWS(array)          .rows = (array), .n_rows = countof(array)
#define VARIABLES(array)     .variables = (array), .n_variables = countof(array)
#define BOARD_METRICS(array) .metrics = (array), .n_metrics = countof(array)

#define QUERIES(...) \
    .queries = {__VA_ARGS__}, .n_queries = countof(((const struct board_query[]){__VA_ARGS__}))

#define STEPS(...) \
    .steps = {__VA_ARGS__}, .n_steps = countof(((const struct board_step[]){__VA_ARGS__}))

/* Good below the first number, bad from the second on. */
#define GOOD_BELOW(warn, bad) STEPS({0, COLOR_GREEN}, {(warn), COLOR_YELLOW}, {(bad), COLOR_RED})
#define GOOD_FROM(bad, good)  STEPS({0, COLOR_RED}, {(bad), COLOR_YELLOW}, {(good), COLOR_GREEN})

/* What a service may take and fail where nobody has said otherwise: p95 500 ms, p99 1 s, 1 %. */
#define SLA_LATENCY GOOD_BELOW(0.5, 1)
#define SLA_ERRORS  GOOD_BELOW(0.01, 0.05)

#define WORST_OF_SERIES                                                                             \
    "Graphite has percentiles of each series and none of several together: this is the largest of " \
    "them, which the true one does not exceed."

/* Of means, shares, rates and percentiles that other databases give for all of the time shown. */
#define OF_THE_LAST_STEP "Graphite gives it for the last step, not for all of the time shown."
