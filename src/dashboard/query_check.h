#pragma once
/*
 * Runs every query of a dashboard against the servers and says which panels would be empty, and
 * why. Panels that are repeated for a variable are asked for each of its values.
 */
#include "dashboard/query_lookup.h"

enum query_verdict {
    QUERY_OK,
    QUERY_EMPTY,   /* an answer without a number in it */
    QUERY_FAILED,  /* no answer, or one that is an error */
    QUERY_SKIPPED, /* not asked: `why` says why */
};

/* "ok", "empty", "failed", "skipped" */
const char *query_verdict_name(enum query_verdict verdict);

/* What became of one query; texts are borrowed until the callback returns. */
struct query_result {
    const struct query_panel *panel; /* NULL: of an annotation */
    const struct query_target *target;
    size_t n_panel;        /* counts panels as shown, repetitions one by one; from 0 */
    struct str title, row; /* filled in; the title of an annotation is its name */
    struct str text;       /* filled in */
    enum query_verdict verdict;
    struct query_answer answer;
    struct str why; /* empty for QUERY_OK */
};

typedef void(query_result_fn)(void *arg, const struct query_result *result);

/* Called once the variables are known, before the first result. */
typedef void(query_resolved_fn)(void *arg, const struct queries *q,
                                const struct query_context *context,
                                const struct query_resolved *resolved);

struct query_check_options {
    wall_ns now;
    struct str from, to; /* empty: the dashboard's own, or now-15m to now */
    span_ns scrape;      /* of Prometheus; 0: 15 s */
    const struct query_given *given;
    size_t n_given;
    bool annotations;            /* ask theirs too */
    query_resolved_fn *resolved; /* or NULL */
    query_result_fn *result;
    void *arg;
};

/* Counts of queries that are shown; hidden ones and annotations are in none but n_hidden. */
struct query_tally {
    size_t n[QUERY_SKIPPED + 1];
    size_t n_hidden;
};

/* Returns 0, or -EINVAL: a time that is none, a variable was given that the dashboard has not. */
MUST_USE int query_check(const struct queries *q, struct query_servers *servers,
                         const struct query_check_options *options, struct query_tally *ret_tally);
