#pragma once
/*
 * Grafana dashboards as data. A board is rows of panels; a panel's queries say what they mean (the
 * rate of http_reqs by name, the 0.95 quantile of http_req_duration) and never what that is called
 * somewhere: a dialect puts the names in, from the metric tables and the vocabularies. So one board
 * gives a dashboard for Prometheus, for InfluxDB in InfluxQL and in Flux, and for Graphite.
 *
 *   const struct board *b = board_find(STR("live"));
 *   struct buf out = {0};
 *   TRY(board_json(b, &(struct board_form){.dialect = DIALECT_FLUX}, &out));
 *
 * Boards are constant tables (dashboard/board_NAME.c, listed in boards.c) or made at run time
 * (board_made.h). Everything here borrows: strings and arrays live as long as their board.
 *
 * Adding a board: one file that ends in `const struct board board_NAME`, one line in boards.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/metric.h"
#include "vocab/vocab.h"

/* Whose language queries are in. */
enum dialect {
    DIALECT_PROMETHEUS, /* names of `-o prometheus` and `-o remote-write`, vocabulary brunt */
    DIALECT_INFLUXQL,   /* what `-o influxdb` writes, every sample; of a Locust, what it told */
    DIALECT_FLUX,       /* the same data */
    DIALECT_GRAPHITE,   /* tagged series of `-o graphite`, vocabulary brunt */
    DIALECT_COUNT,
};

/* A set of dialects; 0 in the tables below means all of them. */
typedef unsigned dialect_set;

#define IN(dialect)     (1U << DIALECT_##dialect)
#define IN_INFLUX       (IN(INFLUXQL) | IN(FLUX))
#define IN_ALL_BUT(set) (((1U << DIALECT_COUNT) - 1) & ~(set))

static inline bool dialect_in(dialect_set set, enum dialect d)
{
    return set == 0 || (set >> d & 1);
}

/* "prometheus", "influxql", "flux", "graphite": also the folder below dashboards/. */
const char *dialect_name(enum dialect d);

/* All of them, and NULL. */
extern const char *const dialect_names[];

/* Returns 0 or FAULT_EXIT(104), whose text names what there is. */
MUST_USE int dialect_parse(struct str name, enum dialect *ret_dialect);

/* ---- queries ---- */

/* What is asked of a metric. */
enum ask {
    ASK_VALUE,    /* gauge: its value; several series are put together as `join` says */
    ASK_RATE,     /* counter: a second; trend: samples a second */
    ASK_TOTAL,    /* counter: sum since the start of the run; rate: hits since then;
                     trend: samples since then */
    ASK_SHARE,    /* rate: hits ÷ samples, 0 to 1 */
    ASK_QUANTILE, /* trend: `q` */
    ASK_MEAN,     /* trend */
    ASK_MIN,      /* trend */
    ASK_MAX,      /* trend */
    ASK_SPREAD,   /* trend: how values are distributed, for heat maps */
};

/* Of what time a number is. */
enum span {
    SPAN_STEP,  /* a number for each step of a graph */
    SPAN_RANGE, /* one number for all of the time that is shown: stats, tables */
};

enum join {
    JOIN_SUM,
    JOIN_MAX,
    JOIN_MIN,
    JOIN_MEAN,
};

/* What a number is, from which the panel's unit in each dialect follows. */
enum unit {
    UNIT_NUMBER,
    UNIT_TIME,       /* thresholds in seconds; InfluxDB's data are in milliseconds */
    UNIT_DURATION,   /* seconds, in words: 1 h 3 min */
    UNIT_MILLIS,     /* of vocabularies that count so */
    UNIT_PER_SECOND, /* of anything */
    UNIT_REQUESTS,   /* requests a second */
    UNIT_SHARE,      /* 0 to 1, shown as percent */
    UNIT_PERCENT,    /* 0 to 100 */
    UNIT_BYTES,
    UNIT_BYTES_SECOND, /* bytes a second */
    UNIT_DOLLARS,
    UNIT_TIMESTAMP, /* milliseconds since 1970 */
    UNIT_COUNT,
};

enum {
    BOARD_QUERIES_MAX = 10, /* of a panel: refIds are A to J */
    BOARD_STEPS_MAX = 5,    /* of thresholds */
    BOARD_COLUMNS = 24,     /* of Grafana's grid */
};

struct board_query {
    enum ask ask;
    enum span span;
    enum join join;
    /*
     * Our metric ("http_reqs"), a fact of the run ("target_rate", Prometheus and Graphite only), or
     * one that the board declares in `metrics`; with `vocab`, a whole name of that vocabulary
     * ("locust_users"). One that nobody knows is a fault of board_json().
     */
    const char *metric;
    enum vocab_id vocab; /* VOCAB_BRUNT (0): what `metric` says above */
    double q;            /* ASK_QUANTILE */
    double scale;        /* the result times this; 0: as it is. For dollars of cents, minutes */
    bool rest;           /* ASK_SHARE: 1 − share */
    bool latest;         /* ASK_VALUE of all the time: what each series had last, joined. Without
                            it, InfluxDB's largest, smallest and means are of all that they had */
    const char *per;     /* another metric of the same kind: the result divided by its own */
    const char *by;      /* tags that keep series apart: "name, method"; NULL: all in one */
    const char *where;   /* variables of the board that filter: "task, scenario"; NULL: none.
                            Those that belong to every query (job, instance) are added anyway */
    const char *match;   /* fixed values of tags: "phase=steady, state=lost"; NULL: none */
    const char *legend;  /* "{name} p95": tags in braces. In tables the column's title */
    enum unit unit;      /* tables: of the column. Elsewhere the panel's holds */
    dialect_set only;    /* where this query is; 0: everywhere */
    /*
     * The query as text, where no meaning above fits; NULL: from the meaning. In it @metric@ is the
     * name in that dialect (@checks.hits@, @checks.samples@ of rates), and @filter@ the filters of
     * `where` and `match` in a form that can follow: `{@filter@}` for Prometheus, `AND @filter@`
     * never empty for InfluxQL and Flux, `, @filter@` for Graphite. @target@ are those of job and
     * instance alone, which series have whatever else they are: Prometheus only.
     */
    const char *text[DIALECT_COUNT];
};

/* ---- panels ---- */

enum panel_kind {
    PANEL_TIMESERIES,
    PANEL_STAT,
    PANEL_GAUGE,
    PANEL_BARGAUGE,
    PANEL_TABLE, /* a row for each value of the tag in `by`, a column for each query */
    PANEL_HEATMAP,
    PANEL_TEXT,
};

enum color {
    COLOR_GREEN,
    COLOR_YELLOW,
    COLOR_ORANGE,
    COLOR_RED,
    COLOR_BLUE,
    COLOR_PURPLE,
    COLOR_GREY,
};

/* From this value on, in the panel's unit (UNIT_TIME: seconds); the first one's is not read. */
struct board_step {
    double from;
    enum color color;
};

/* Which of the numbers in time a stat, gauge or bar shows. */
enum reduce {
    REDUCE_LAST,
    REDUCE_MAX,
    REDUCE_MEAN,
    REDUCE_MIN,
    REDUCE_SUM,
};

struct board_panel {
    enum panel_kind kind;
    const char *title;
    const char *about; /* the description; never empty but for PANEL_TEXT */
    enum unit unit;
    unsigned w, h; /* in Grafana's grid; 0: 12 × 8, stats and gauges 4 × 4 */
    enum reduce reduce;
    const char *min, *max; /* of the axis, as numbers in the panel's unit; NULL: found */
    unsigned decimals;     /* 0: Grafana's choice */
    bool stacked;
    struct board_step steps[BOARD_STEPS_MAX]; /* thresholds; n_steps 0: none */
    unsigned n_steps;
    bool lines_at_steps;   /* timeseries: thresholds are drawn as lines */
    const char *markdown;  /* PANEL_TEXT */
    const char *map[4][2]; /* value → word; NULL-ended */
    struct board_query queries[BOARD_QUERIES_MAX];
    unsigned n_queries;
    dialect_set only;    /* elsewhere a text with `without` stands in its place */
    const char *without; /* why; required with `only`, unless it starts with "-": then nothing */
    const char *notes[DIALECT_COUNT]; /* added to the description there */
};

struct board_row {
    const char *title;
    bool collapsed;
    const struct board_panel *panels;
    size_t n_panels;
    dialect_set only;
};

/* ---- boards ---- */

enum variable_kind {
    VARIABLE_TAG,    /* values of a tag, from the data source */
    VARIABLE_CHOICE, /* words: "5s,10s,30s"; the first is chosen */
    VARIABLE_TEXT,   /* typed; `choices` is what it begins with */
};

struct board_variable {
    enum variable_kind kind;
    const char *name; /* in queries; once in each dialect */
    const char *label;
    const char *about;
    const char *tag;    /* VARIABLE_TAG: our name of it, "name" */
    const char *metric; /* of whose series; as in a query */
    enum vocab_id vocab;
    const char *choices;
    const char *regex; /* of values that are offered; NULL: all */
    bool one;          /* one value only, no "All" */
    dialect_set only;  /* 0: everywhere */
};

/* A metric of a script, which a board's queries name. */
struct board_metric {
    const char *name;
    enum metric_type type;
    enum metric_contains contains;
};

struct board {
    const char *name; /* "live": of the file and in commands */
    const char *uid;  /* stable; at most 40 characters */
    const char *title;
    const char *about;               /* a sentence or two; the dashboard's description */
    const char *tags;                /* "brunt, live" */
    const char *from, *refresh;      /* "now-15m", "5s"; "" refresh: none */
    dialect_set only;                /* dialects it exists in; 0: all */
    const char *asks[DIALECT_COUNT]; /* what the run has to be told there, for lists and docs:
                                        "-o prometheus" */
    const struct board_variable *variables;
    size_t n_variables;
    const struct board_metric *metrics;
    size_t n_metrics;
    const struct board_row *rows;
    size_t n_rows;
    /*
     * Prometheus: of whose series the variables job and instance are; NULL: those of run_info. A
     * board of another vocabulary has no marks of starts and ends but Grafana's own annotations.
     */
    const char *target_metric;
    enum vocab_id vocab;
    bool no_target; /* Prometheus: no variables job and instance */
};

/* ---- the catalogue ---- */

/* All boards; *ret_n of them, in the order of lists. */
const struct board *const *board_all(size_t *ret_n);

/* NULL when there is none of that name. */
const struct board *board_find(struct str name);

static inline bool board_is_for(const struct board *b, enum dialect d)
{
    return dialect_in(b->only, d);
}

/* ---- as JSON ---- */

struct board_form {
    enum dialect dialect;
    bool share; /* for grafana.com: __inputs and __requires instead of a variable `datasource` */
};

/*
 * Appends the dashboard as Grafana reads it: keys in a fixed order, two spaces, a newline at the
 * end; the same board gives the same bytes. Returns 0 or -EINVAL: a query names what there isn't,
 * or asks what its metric cannot say, or the board is not for the dialect; `out` then has the
 * beginning of it.
 */
MUST_USE int board_json(const struct board *b, const struct board_form *form, struct buf *out);

/*
 * The text of one query of the board in a dialect, as it is in the JSON. Returns as board_json().
 */
MUST_USE int board_query_text(const struct board *b, const struct board_query *q,
                              enum dialect dialect, struct buf *out);
