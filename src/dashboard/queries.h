#pragma once
/*
 * What a Grafana dashboard asks: its variables, and for each panel the queries and the kind of data
 * source each goes to. Any dashboard of the classic model is read: plain, wrapped as the API and
 * exports for sharing have it, with panels below rows of either age. Text is as it was written;
 * dashboard/query_fill.h puts values into it.
 *
 * Everything in a struct queries lives in its arena until queries_free().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    QUERIES_BYTES = 16 << 20, /* of a dashboard; longer ones are refused */
    QUERIES_PANELS = 2000,
    QUERIES_TARGETS = 500, /* of a panel */
    QUERIES_VARIABLES = 200,
    QUERIES_TEXT_BYTES = 256 << 10, /* of one query */
};

/* The languages that are asked in. */
enum query_kind {
    QUERY_PROMETHEUS,
    QUERY_INFLUXQL,
    QUERY_FLUX,
    QUERY_GRAPHITE,
    QUERY_N_KINDS,
    QUERY_OTHER = QUERY_N_KINDS, /* a data source that nobody here asks */
    QUERY_SHARED,                /* "-- Dashboard --": shows what another panel asked */
    QUERY_GRAFANA,               /* "-- Grafana --": the server's own annotations and test data */
};

/* "Prometheus", "InfluxQL" ... */
const char *query_kind_name(enum query_kind kind);

enum query_variable_type {
    QUERY_VAR_QUERY,
    QUERY_VAR_CUSTOM,
    QUERY_VAR_TEXTBOX,
    QUERY_VAR_CONSTANT,
    QUERY_VAR_INTERVAL,
    QUERY_VAR_DATASOURCE,
    QUERY_VAR_ADHOC,
    QUERY_VAR_OTHER,
};

struct query_variable {
    struct str name;
    enum query_variable_type type;
    enum query_kind kind; /* of a query's, and of what a datasource variable chooses from */
    struct str query;     /* its text, its list, its constant */
    struct str regex;     /* "/.../flags" over what a query gives, or empty */
    struct str all_value; /* what All stands for, or empty: each of the values */
    bool multi, include_all;
    struct str *current; /* as saved; "$__all" is All */
    size_t n_current;
};

struct query_target {
    struct str ref_id;
    enum query_kind kind;
    struct str type; /* of its data source as the dashboard has it, for messages; may be empty */
    struct str text; /* empty: there is nothing to ask */
    bool hidden;     /* asked by Grafana only when something refers to it */
    bool instant;    /* Prometheus: one point of time; otherwise the range */
    struct str interval; /* the least $__interval, or empty: the panel's */
};

struct query_panel {
    int64_t id;
    struct str title; /* may be empty */
    struct str type;
    struct str row;        /* title of the row it is below, or empty */
    struct str repeat;     /* name of the variable it is repeated for, or empty */
    struct str row_repeat; /* the same of its row */
    struct str interval;   /* least $__interval, or empty */
    int64_t max_points;    /* 0: as wide as it is */
    struct str library;    /* name of the library panel it stands for, whose text is elsewhere */
    struct query_target *targets;
    size_t n_targets;
};

struct query_annotation {
    struct str name;
    struct query_target target;
    bool enabled;
};

struct queries {
    struct arena arena;
    struct str title, uid;
    int64_t schema;      /* schemaVersion; 0: it has none */
    struct str from, to; /* of the dashboard's time; empty: none */
    struct query_variable *variables;
    size_t n_variables;
    struct query_panel *panels;
    size_t n_panels;
    struct query_annotation *annotations;
    size_t n_annotations;
};

/*
 * Reads a dashboard. Returns 0, or -EINVAL with what is wrong and where. The caller frees
 * *ret_queries.
 */
MUST_USE int queries_read(struct str text, struct queries **ret_queries);
void queries_free(struct queries *q); /* accepts NULL */

/* The variable of that name, or NULL. */
const struct query_variable *queries_variable(const struct queries *q, struct str name);
