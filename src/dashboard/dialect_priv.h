#pragma once
/*
 * One query on its way into a dialect: the metric it names has been found, its tags and filters are
 * taken apart. A dialect composes text in the arena and never looks at tables itself.
 */
#include "base/arena.h"
#include "dashboard/board.h"

enum {
    QUERY_TAGS_MAX = 8,
    QUERY_FILTERS_MAX = 12,
};

/* What a query asks of, with its name in the dialect. */
struct measured {
    const char *name;    /* counter, gauge, trend; of rates the hits */
    const char *samples; /* of rates: the other counter; InfluxDB: the same name */
    enum metric_type type;
};

enum filter_op {
    FILTER_IS,
    FILTER_NOT,
    FILTER_LIKE, /* a regular expression */
    FILTER_UNLIKE,
};

struct filter {
    const char *tag; /* as the dialect calls it */
    enum filter_op op;
    const char *value; /* a word, an expression, or a variable's name */
    bool is_variable;  /* `value` is one: FILTER_LIKE takes several values, FILTER_IS one */
    bool is_target;    /* job, instance: it holds for the facts of a run too */
};

struct asking {
    const struct board *board;
    const struct board_query *said;
    enum dialect dialect;
    struct arena *words;            /* of all texts here */
    struct measured metric, per;    /* per.name NULL: none */
    const char *by[QUERY_TAGS_MAX]; /* as the dialect calls them */
    size_t n_by;
    struct filter filters[QUERY_FILTERS_MAX];
    size_t n_filters;
};

/* Composes the text of a query. Both return 0 or a fault. */
struct dialect_ops {
    /* The whole query by its meaning. */
    int (*compose)(struct asking *q, const char **ret_text);
    /* Filters, in the form that board.h promises for @filter@. */
    const char *(*filters)(struct asking *q);
    /* Those that @target@ stands for; NULL: there are none. */
    const char *(*targets)(struct asking *q);
};

extern const struct dialect_ops dialect_prometheus_ops, dialect_influxql_ops, dialect_flux_ops,
    dialect_graphite_ops;

/* What a query cannot ask of its metric, or a dialect cannot say: a fault of the table. */
int dialect_refuse(const struct asking *q, const char *why);

/* Finds what a query names and takes it apart; returns 0 or -EINVAL. */
MUST_USE int dialect_open(struct asking *q);

/* The metric of a word "http_reqs", "checks.hits", "locust_users" for @word@; NULL when there is
 * none. */
const char *dialect_metric(const struct asking *q, struct str word);

/* "a, b" of strings, each put by `form` ("%s", "\"%s\""), with `between`. */
const char *dialect_list(struct arena *words, const char *const *items, size_t n, const char *form,
                         const char *between);

/* Number without trailing zeros. */
const char *dialect_number(struct arena *words, double value);

/* The legend with "{tag}" replaced by `before`tag`after`; the tag as the dialect calls it. */
const char *dialect_legend(const struct asking *q, const char *before, const char *after);

/* Replaces each `what` in text. */
const char *dialect_replace(struct arena *words, const char *text, const char *what,
                            const char *with);
