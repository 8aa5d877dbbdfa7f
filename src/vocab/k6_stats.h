#pragma once
/* The list of numbers that k6's remote-write output gives of a trend: "p(99),avg". */
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "metric/value.h"

struct k6_stat {
    bool is_sum; /* beside what thresholds know */
    struct stat_name stat;
    char suffix[32]; /* "p99", "avg" */
};

struct k6_stats {
    struct k6_stat *items;
    size_t n, cap;
};

/*
 * Reads a comma-separated list of avg, min, med, max, count, sum and p(N), 0 <= N <= 100; empty:
 * p(99). The caller ends with k6_stats_fini(). Returns 0 or FAULT_EXIT(104).
 */
MUST_USE int k6_stats_parse(struct str list, struct k6_stats *ret_stats);
void k6_stats_fini(struct k6_stats *stats);

/* The number, in the samples' unit. */
double k6_stat_of(const struct k6_stat *stat, const struct hist *h);
