/* How a panel looks: units, thresholds, legends, columns. */
#include <stdlib.h>

#include "dashboard/board_priv.h"

/* Grafana's name of a unit; InfluxDB's times are in milliseconds. */
static const char *unit_name(enum unit unit, enum dialect d)
{
    static const char *const names[UNIT_COUNT] = {
        [UNIT_NUMBER] = "short",         [UNIT_TIME] = "s",
        [UNIT_DURATION] = "dtdurations", [UNIT_MILLIS] = "ms",
        [UNIT_PER_SECOND] = "cps",       [UNIT_REQUESTS] = "reqps",
        [UNIT_SHARE] = "percentunit",    [UNIT_PERCENT] = "percent",
        [UNIT_BYTES] = "bytes",          [UNIT_BYTES_SECOND] = "Bps",
        [UNIT_DOLLARS] = "currencyUSD",  [UNIT_TIMESTAMP] = "dateTimeAsIso",
    };

    return unit == UNIT_TIME && (d == DIALECT_INFLUXQL || d == DIALECT_FLUX) ? "ms" : names[unit];
}

/* A number of a table of ours in the unit that the dialect has. */
static double in_unit(double value, enum unit unit, enum dialect d)
{
    return unit == UNIT_TIME && (d == DIALECT_INFLUXQL || d == DIALECT_FLUX) ? value * 1000 : value;
}

static const char *color_name(enum color c)
{
    static const char *const names[] = {
        [COLOR_GREEN] = "green", [COLOR_YELLOW] = "yellow", [COLOR_ORANGE] = "orange",
        [COLOR_RED] = "red",     [COLOR_BLUE] = "blue",     [COLOR_PURPLE] = "purple",
        [COLOR_GREY] = "text",
    };

    return names[c];
}

/* ---- field configuration ---- */

static void put_step(struct json_out *j, const char *color, const double *from)
{
    json_open_object(j);
    put_text(j, "color", color);
    json_key(j, "value");
    if (from) {
        json_put_f64(j, *from);
    } else {
        json_put_null(j);
    }
    json_close(j);
}

static void put_thresholds(struct board_writer *w, const struct board_panel *p)
{
    struct json_out *j = w->json;

    open_object(j, "thresholds");
    put_text(j, "mode", "absolute");
    open_array(j, "steps");
    if (!p->n_steps)
        put_step(j, p->kind == PANEL_STAT ? "text" : "green", NULL);
    for (unsigned i = 0; i < p->n_steps; i++) {
        double from = in_unit(p->steps[i].from, p->unit, w->form->dialect);

        put_step(j, color_name(p->steps[i].color), i ? &from : NULL);
    }
    json_close(j);
    json_close(j);
}

static void put_custom(struct json_out *j, const struct board_panel *p)
{
    open_object(j, "custom");
    if (p->kind == PANEL_TIMESERIES) {
        put_text(j, "drawStyle", "line");
        put_number(j, "fillOpacity", p->stacked ? 30 : 8);
        put_text(j, "lineInterpolation", "linear");
        put_number(j, "lineWidth", 1);
        put_text(j, "showPoints", "auto");
        put_truth(j, "spanNulls", true);
        open_object(j, "stacking");
        put_text(j, "group", "A");
        put_text(j, "mode", p->stacked ? "normal" : "none");
        json_close(j);
        open_object(j, "thresholdsStyle");
        put_text(j, "mode", p->lines_at_steps ? "line" : "off");
        json_close(j);
    }
    json_close(j);
}

static void put_bound(struct board_writer *w, const struct board_panel *p, const char *key,
                      const char *text)
{
    if (!text)
        return;
    json_key(w->json, key);
    json_put_f64(w->json, in_unit(strtod(text, NULL), p->unit, w->form->dialect));
}

static void put_mappings(struct json_out *j, const struct board_panel *p)
{
    open_array(j, "mappings");
    if (p->map[0][0]) {
        json_open_object(j);
        open_object(j, "options");
        for (size_t i = 0; i < countof(p->map) && p->map[i][0]; i++) {
            open_object(j, p->map[i][0]);
            put_number(j, "index", (int64_t)i);
            put_text(j, "text", p->map[i][1]);
            json_close(j);
        }
        json_close(j);
        put_text(j, "type", "value");
        json_close(j);
    }
    json_close(j);
}

static void put_defaults(struct board_writer *w, const struct board_panel *p)
{
    struct json_out *j = w->json;

    open_object(j, "defaults");
    open_object(j, "color");
    put_text(j, "mode", p->kind == PANEL_TIMESERIES ? "palette-classic" : "thresholds");
    json_close(j);
    put_custom(j, p);
    if (p->decimals)
        put_number(j, "decimals", p->decimals);
    put_mappings(j, p);
    put_bound(w, p, "min", p->min);
    put_bound(w, p, "max", p->max);
    put_thresholds(w, p);
    put_text(j, "unit", unit_name(p->unit, w->form->dialect));
    json_close(j);
}

static void put_override(struct json_out *j, const char *matcher, const char *options,
                         const char *property, const char *value)
{
    json_open_object(j);
    open_object(j, "matcher");
    put_text(j, "id", matcher);
    put_text(j, "options", options);
    json_close(j);
    open_array(j, "properties");
    json_open_object(j);
    put_text(j, "id", property);
    put_text(j, "value", value);
    json_close(j);
    json_close(j);
    json_close(j);
}

/* "{name} p95" as Grafana's expressions have it. */
static void put_display_name(struct json_out *j, const char *ref, const char *legend)
{
    struct buf name = {0};
    struct str rest = str_of(legend), part;

    while (str_split(&rest, '{', &part)) {
        size_t end = str_find(part, '}');

        if (end < part.n) {
            buf_printf(&name, "${__field.labels.%.*s}", (int)end, part.p);
            part = str_from_index(part, end + 1);
        }
        buf_putstr(&name, part);
    }
    put_override(j, "byFrameRefID", ref, "displayName", buf_cstr(&name));
    buf_fini(&name);
}

/* Columns have units of their own; Flux and expressions have no legends of their own. */
static void put_overrides(struct board_writer *w, const struct board_panel *p)
{
    struct json_out *j = w->json;
    char ref[] = "A";

    open_array(j, "overrides");
    panel_queries_each(q, p, w->form->dialect)
    {
        bool is_unnamed =
            w->form->dialect == DIALECT_FLUX || (w->form->dialect == DIALECT_INFLUXQL && q->per);

        if (p->kind == PANEL_TABLE) {
            put_override(j, "byName", q->legend, "unit", unit_name(q->unit, w->form->dialect));
        } else if (is_unnamed && q->legend) {
            put_display_name(j, ref, q->legend);
        }
        ref[0]++;
    }
    json_close(j);
}

/* ---- options ---- */

static const char *const reducers[] = {
    [REDUCE_LAST] = "lastNotNull", [REDUCE_MAX] = "max", [REDUCE_MEAN] = "mean",
    [REDUCE_MIN] = "min",          [REDUCE_SUM] = "sum",
};

static void put_reduce(struct json_out *j, const struct board_panel *p)
{
    open_object(j, "reduceOptions");
    open_array(j, "calcs");
    json_put_cstr(j, reducers[p->reduce]);
    json_close(j);
    put_text(j, "fields", "");
    put_truth(j, "values", false);
    json_close(j);
}

static void timeseries_options(struct json_out *j, UNUSED const struct board_panel *p)
{
    open_object(j, "legend");
    open_array(j, "calcs");
    json_put_cstr(j, "mean");
    json_put_cstr(j, "max");
    json_close(j);
    put_text(j, "displayMode", "table");
    put_text(j, "placement", "bottom");
    put_truth(j, "showLegend", true);
    json_close(j);
    open_object(j, "tooltip");
    put_text(j, "mode", "multi");
    put_text(j, "sort", "desc");
    json_close(j);
}

static void stat_options(struct json_out *j, const struct board_panel *p)
{
    put_text(j, "colorMode", "value");
    put_text(j, "graphMode", "area");
    put_text(j, "justifyMode", "auto");
    put_text(j, "orientation", "auto");
    put_reduce(j, p);
    put_text(j, "textMode", "auto");
}

static void gauge_options(struct json_out *j, const struct board_panel *p)
{
    put_text(j, "orientation", "auto");
    put_reduce(j, p);
    put_truth(j, "showThresholdLabels", false);
    put_truth(j, "showThresholdMarkers", true);
}

static void bargauge_options(struct json_out *j, const struct board_panel *p)
{
    put_text(j, "displayMode", "basic");
    put_text(j, "orientation", "horizontal");
    put_reduce(j, p);
    put_truth(j, "showUnfilled", true);
    put_text(j, "valueMode", "color");
}

static void table_options(struct json_out *j, UNUSED const struct board_panel *p)
{
    put_text(j, "cellHeight", "sm");
    put_truth(j, "showHeader", true);
}

static void heatmap_options(struct json_out *j, const struct board_panel *p)
{
    open_object(j, "color");
    put_text(j, "mode", "scheme");
    put_text(j, "scheme", "Turbo");
    put_number(j, "steps", 64);
    json_close(j);
    open_object(j, "yAxis");
    put_text(j, "axisPlacement", "left");
    put_text(j, "unit", p->unit == UNIT_TIME ? "s" : "short");
    json_close(j);
}

static void put_options(struct board_writer *w, const struct board_panel *p)
{
    static void (*const put[])(struct json_out *, const struct board_panel *) = {
        [PANEL_TIMESERIES] = timeseries_options, [PANEL_STAT] = stat_options,
        [PANEL_GAUGE] = gauge_options,           [PANEL_BARGAUGE] = bargauge_options,
        [PANEL_TABLE] = table_options,           [PANEL_HEATMAP] = heatmap_options,
    };
    struct json_out *j = w->json;

    open_object(j, "options");
    /* Samples, not buckets: Grafana sorts them. */
    if (p->kind == PANEL_HEATMAP && w->form->dialect != DIALECT_PROMETHEUS)
        put_truth(j, "calculate", true);
    put[p->kind](j, p);
    json_close(j);
}

void board_put_looks(struct board_writer *w, const struct board_panel *p)
{
    struct json_out *j = w->json;

    open_object(j, "fieldConfig");
    put_defaults(w, p);
    put_overrides(w, p);
    json_close(j);
    put_options(w, p);
}

/* ---- tables ---- */

static void put_organize(struct json_out *j, const struct board_panel *p, enum dialect d)
{
    char ref[] = "A";

    json_open_object(j);
    put_text(j, "id", "organize");
    open_object(j, "options");
    open_object(j, "excludeByName");
    put_truth(j, "Time", true);
    json_close(j);
    open_object(j, "renameByName");
    /* Prometheus' columns are called by their query; the others' have their names already. */
    panel_queries_each(q, p, d)
    {
        struct buf name = {0};

        buf_printf(&name, "Value%s%s", p->n_queries > 1 ? " #" : "", p->n_queries > 1 ? ref : "");
        if (d == DIALECT_PROMETHEUS)
            put_text(j, buf_cstr(&name), q->legend);
        buf_fini(&name);
        ref[0]++;
    }
    json_close(j);
    json_close(j);
    json_close(j);
}

static void put_simple(struct json_out *j, const char *id)
{
    json_open_object(j);
    put_text(j, "id", id);
    open_object(j, "options");
    json_close(j);
    json_close(j);
}

/* Times differ (a percentile has that of its sample), so they go before rows are put together. */
static void put_no_time(struct json_out *j)
{
    json_open_object(j);
    put_text(j, "id", "organize");
    open_object(j, "options");
    open_object(j, "excludeByName");
    put_truth(j, "Time", true);
    json_close(j);
    json_close(j);
    json_close(j);
}

void board_put_transformations(struct board_writer *w, const struct board_panel *p)
{
    struct json_out *j = w->json;

    open_array(j, "transformations");
    put_no_time(j);
    put_simple(j, "merge");
    put_organize(j, p, w->form->dialect);
    json_close(j);
}
