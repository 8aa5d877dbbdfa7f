#pragma once
/* The model that all forms of the summary are written from; for this folder only. */
#include "base/arena.h"
#include "report/humanize.h"
#include "report/summary.h"

/* One line of a list of metrics. */
struct summary_metric {
    const char *name;         /* full: "http_reqs{status:200}" */
    struct str parent;        /* what precedes the brace; all of it for a metric */
    struct str suffix;        /* "{…}"; empty for a metric */
    const struct metric *def; /* type and content */
    const struct value *value;
    struct value *own; /* the same, when it was added up here; NULL for one of the snapshot */
    const struct snap_metric *snap;      /* NULL for one that was added up here */
    const struct threshold **thresholds; /* judged ones, in the order of the options */
    size_t n_thresholds, cap_thresholds;
};

struct summary_metrics {
    struct summary_metric *items;
    size_t n, cap;
};

struct summary_check {
    struct str name;
    uint64_t passes;
    uint64_t fails;
};

struct summary_checks {
    struct summary_check *items;
    size_t n, cap;
};

struct summary_group;

struct summary_groups {
    struct summary_group *items; /* in order of their first samples */
    size_t n, cap;
};

/* A group, a scenario, or the root of a tree of groups. */
struct summary_group {
    struct str name;
    struct str path; /* "::a::b"; empty for a root */
    struct summary_metrics metrics;
    struct summary_checks checks;
    struct summary_groups groups;
};

/* A value that was added up here; to be released. */
struct summary_value {
    struct value *value;
    enum metric_type type;
};

enum {
    SUMMARY_N_PAIRS = 2, /* of durations and the response times that belong to them */
};

struct summary {
    struct summary_input in;
    double seconds;
    enum time_unit unit;
    struct arena arena;
    struct hist_slab *slab;
    struct summary_value *values;
    size_t n_values, cap_values;

    struct summary_metrics metrics;  /* all, sorted by name; sub-metrics behind their parents */
    struct summary_group total;      /* checks by name, over all groups; no groups */
    struct summary_group tree;       /* all groups with their checks; no metrics */
    struct summary_group main;       /* groups of the default scenario */
    struct summary_groups scenarios; /* the others, sorted by name */

    struct summary_metric corrected[SUMMARY_N_PAIRS]; /* of `metrics`; without value: none */
};

/* Rows of a list of metrics, in the order of the text. */
struct summary_list {
    const struct summary_metric **items;
    size_t n;
};

/* Makes the rows that the text has in that mode; the caller frees `items`. */
void summary_arrange(const struct summary *s, const struct summary_metrics *metrics,
                     enum summary_mode mode, struct summary_list *ret_list);

/* Makes the corrected durations, if the input asks for them. */
void summary_correct(struct summary *s);

/* Whether the response time of a pair is shown: it differs, or there are thresholds on it. */
bool summary_shows_pair(const struct summary_metrics *metrics, size_t pair);

/* The metric of that name, no sub-metric; NULL: none. */
const struct summary_metric *summary_find(const struct summary_metrics *metrics, const char *name);

/* An empty value that lives as long as the summary. */
struct value *summary_new_value(struct summary *s, const struct metric *metric);

/* "p(95)<200", and with conditions of ours "p(95)<200; window=30s", as --threshold has it. */
void summary_threshold_name(const struct threshold *t, struct buf *out);

/* Whether it is the generator's, of itself: k6 has none of these. */
bool summary_is_own(const struct summary_metric *m);

/* Whether the metric is left out of lists in that mode. */
bool summary_hides(const struct summary_metric *m, enum summary_mode mode);

/* Sorted place for each metric: the heading it stands under. */
enum summary_section {
    SECTION_CUSTOM,
    SECTION_HTTP,
    SECTION_EXECUTION,
    SECTION_NETWORK,
    SECTION_BROWSER,
    SECTION_WEB_VITALS,
    SECTION_GRPC,
    SECTION_WEBSOCKET,
    SECTION_COUNT
};

extern const char *const summary_section_titles[SECTION_COUNT];

enum summary_section summary_section_of(const struct summary_metric *m);

/* One number of the metric by the name of a column; 0 for a name that it does not have. */
double summary_stat(const struct summary *s, const struct summary_metric *m, const char *stat);

/* Checks of a list together. */
struct summary_check summary_checks_sum(const struct summary_checks *checks);
