/* Each metric gives the panels of its type; a row holds those of one type. */
#include "dashboard/board_made.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "dashboard/boards_priv.h"
#include "dashboard/dialect_priv.h"

enum {
    UID_WORD_BYTES = 20, /* of the name in "brunt-new-NAME-influxql", which has 40 at most */
};

/* ---- units ---- */

enum unit board_metric_unit(const struct board_metric *m)
{
    static const struct {
        const char *ending;
        enum unit unit;
    } endings[] = {
        {"_usd", UNIT_DOLLARS},      {"_dollars", UNIT_DOLLARS}, {"_cost", UNIT_DOLLARS},
        {"_seconds", UNIT_DURATION}, {"_ms", UNIT_MILLIS},       {"_bytes", UNIT_BYTES},
        {"_percent", UNIT_PERCENT},  {"_pct", UNIT_PERCENT},     {"_ratio", UNIT_SHARE},
        {"_share", UNIT_SHARE},
    };

    if (m->type == METRIC_RATE)
        return UNIT_SHARE;
    if (m->contains != CONTAINS_DEFAULT)
        return m->contains == CONTAINS_TIME ? UNIT_TIME : UNIT_BYTES;
    struct str name = str_of(m->name);

    if (str_ends(name, STR("_total")))
        name.n -= strlen("_total");
    for (size_t i = 0; i < countof(endings); i++) {
        if (str_ends(name, str_of(endings[i].ending)))
            return endings[i].unit;
    }
    return UNIT_NUMBER;
}

/* Of a counter's rate. */
static enum unit unit_a_second(const struct board_metric *m)
{
    enum unit unit = board_metric_unit(m);

    return unit == UNIT_BYTES ? UNIT_BYTES_SECOND : unit == UNIT_NUMBER ? UNIT_PER_SECOND : unit;
}

/* ---- panels ---- */

/* Panels of a row that is being made. */
struct panels {
    struct arena *arena;
    struct board_panel *items;
    size_t n;
};

static const char *words(const struct panels *ps, const char *form, const char *name)
{
    return dialect_replace(ps->arena, form, "%s", name);
}

static void add_counter(struct panels *ps, const struct board_metric *m)
{
    ps->items[ps->n++] = (struct board_panel){
        .kind = PANEL_TIMESERIES,
        .title = words(ps, "%s: a second", m->name),
        .about = words(ps, "What the script adds to its counter %s, a second.", m->name),
        .unit = unit_a_second(m),
        .min = "0",
        .w = 18,
        QUERIES({.ask = ASK_RATE, .metric = m->name, .legend = m->name}),
    };
    ps->items[ps->n++] = (struct board_panel){
        .kind = PANEL_STAT,
        .title = words(ps, "%s: total", m->name),
        .about = words(ps, "The script's counter %s since the start of the run.", m->name),
        .unit = board_metric_unit(m),
        .decimals = board_metric_unit(m) == UNIT_DOLLARS ? 2 : 0,
        .w = 6,
        .h = 8,
        QUERIES({.ask = ASK_TOTAL, .span = SPAN_RANGE, .metric = m->name}),
    };
}

static void add_gauge(struct panels *ps, const struct board_metric *m)
{
    ps->items[ps->n++] = (struct board_panel){
        .kind = PANEL_TIMESERIES,
        .title = m->name,
        .about = words(ps,
                       "The script's gauge %s: its last value, the largest where tags tell "
                       "several apart.",
                       m->name),
        .unit = board_metric_unit(m),
        QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = m->name, .legend = m->name}),
    };
}

static void add_rate(struct panels *ps, const struct board_metric *m)
{
    ps->items[ps->n++] = (struct board_panel){
        .kind = PANEL_TIMESERIES,
        .title = m->name,
        .about = words(ps, "Share of the samples of the script's rate %s that were true.", m->name),
        .unit = UNIT_SHARE,
        .min = "0",
        .max = "1",
        QUERIES({.ask = ASK_SHARE, .metric = m->name, .legend = m->name}),
    };
}

static void add_trend(struct panels *ps, const struct board_metric *m)
{
    ps->items[ps->n++] = (struct board_panel){
        .kind = PANEL_TIMESERIES,
        .title = m->name,
        .about = words(ps, "Percentiles of the script's trend %s.", m->name),
        .unit = board_metric_unit(m),
        .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
        QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = m->name, .legend = "p50"},
                {.ask = ASK_QUANTILE, .q = 0.95, .metric = m->name, .legend = "p95"},
                {.ask = ASK_QUANTILE, .q = 0.99, .metric = m->name, .legend = "p99"},
                {.ask = ASK_MEAN, .metric = m->name, .legend = "mean"}),
    };
}

/* ---- rows ---- */

static const struct {
    enum metric_type type;
    const char *title;
    void (*add)(struct panels *ps, const struct board_metric *m);
} kinds[] = {
    {METRIC_COUNTER, "Counters", add_counter},
    {METRIC_RATE, "Rates", add_rate},
    {METRIC_TREND, "Trends", add_trend},
    {METRIC_GAUGE, "Gauges", add_gauge},
};

static const struct board_panel of_the_run[] = {
    {.kind = PANEL_STAT,
     .title = "Virtual users",
     .about = "Virtual users that are active now.",
     .w = 6,
     QUERIES({.ask = ASK_VALUE, .metric = "vus"})},
    {.kind = PANEL_STAT,
     .title = "Requests per second",
     .about = "HTTP round trips that ended, a second.",
     .unit = UNIT_REQUESTS,
     .w = 6,
     QUERIES({.ask = ASK_RATE, .metric = "http_reqs"})},
    {.kind = PANEL_STAT,
     .title = "Failed requests",
     .about = "Share of round trips that failed. Yellow from 1 %, red from 5 %.",
     .unit = UNIT_SHARE,
     .decimals = 2,
     .w = 6,
     SLA_ERRORS,
     QUERIES({.ask = ASK_SHARE, .metric = "http_req_failed"})},
    {.kind = PANEL_STAT,
     .title = "95th percentile",
     .about =
         "95 % of the round trips now are as fast or faster. Yellow from 500 ms, red from 1 s.",
     .unit = UNIT_TIME,
     .w = 6,
     SLA_LATENCY,
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.95, .metric = "http_req_duration"})},
};

static const struct board_panel checks[] = {
    {.kind = PANEL_TIMESERIES,
     .title = "Checks that passed",
     .about = "Share of each check's results that were true. Empty when the script has no checks.",
     .unit = UNIT_SHARE,
     .min = "0",
     .max = "1",
     .w = 24,
     QUERIES({.ask = ASK_SHARE,
              .metric = "checks",
              .by = "check",
              .match = "check=~.+",
              .legend = "{check}"})},
};

static size_t count_of(const struct board_made *made, enum metric_type type)
{
    size_t n = 0;

    for (size_t i = 0; i < made->n_metrics; i++)
        n += made->metrics[i].type == type;
    return n;
}

static size_t make_rows(const struct board_made *made, struct arena *arena, struct board_row *rows)
{
    size_t n = 0;

    rows[n++] = (struct board_row){.title = "The run", PANELS(of_the_run)};
    for (size_t k = 0; k < countof(kinds); k++) {
        size_t n_metrics = count_of(made, kinds[k].type);
        struct panels ps = {arena, arena_new_n(arena, struct board_panel, 2 * n_metrics), 0};

        if (!n_metrics)
            continue;
        for (size_t i = 0; i < made->n_metrics; i++) {
            if (made->metrics[i].type == kinds[k].type)
                kinds[k].add(&ps, &made->metrics[i]);
        }
        rows[n++] =
            (struct board_row){.title = kinds[k].title, .panels = ps.items, .n_panels = ps.n};
    }
    rows[n++] = (struct board_row){.title = "Checks", PANELS(checks)};
    return n;
}

/* ---- the board ---- */

/* Letters, digits and dashes: what a uid and a file's name can have. */
static const char *slug(struct arena *arena, const char *name)
{
    char text[UID_WORD_BYTES + 1];
    size_t n = 0;

    for (const char *p = name; *p && n < UID_WORD_BYTES; p++) {
        if (isalnum((unsigned char)*p)) {
            text[n++] = (char)tolower((unsigned char)*p);
        } else if (n && text[n - 1] != '-') {
            text[n++] = '-';
        }
    }
    while (n && text[n - 1] == '-')
        n--;
    return arena_str(arena, str_from(text, n)).p;
}

int board_make(const struct board_made *made, struct arena *arena, const struct board **ret_board)
{
    const char *word = slug(arena, made->name);
    struct board *b = arena_new(arena, struct board);
    struct board_row *rows = arena_new_n(arena, struct board_row, countof(kinds) + 2);

    if (!made->n_metrics)
        return fault(-EINVAL, "there are no metrics to make a dashboard of");
    if (!word[0])
        return fault(-EINVAL, "'%s' has no letters to make a name of", made->name);
    *b = (struct board){
        .name = word,
        .uid = arena_printf(arena, "brunt-new-%s", word),
        .title = made->title ? made->title : arena_printf(arena, "brunt: %s", made->name),
        .about = arena_printf(arena, "The metrics that %s has of its own.", made->name),
        .tags = "brunt, load-testing",
        .from = "now-15m",
        .refresh = "5s",
        .metrics = made->metrics,
        .n_metrics = made->n_metrics,
        .rows = rows,
        .n_rows = make_rows(made, arena, rows),
    };
    *ret_board = b;
    return 0;
}
