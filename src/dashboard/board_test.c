/* Every board in every dialect: what Grafana and its users need of a dashboard. */
#include "dashboard/board.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "dashboard/board_made.h"

typedef void(dashboard_fn)(const struct board *b, enum dialect d, json_t *dashboard);

enum {
    PANELS_MAX = 200,
    ROWS_TALL = 400, /* of the grid */
};

static json_t *parsed(const struct board *b, enum dialect d, bool share)
{
    struct buf text = {0};
    json_error_t error;

    if (board_json(b, &(struct board_form){.dialect = d, .share = share}, &text) != 0)
        fail_msg("%s for %s: %s", b->name, dialect_name(d), fault_text());
    json_t *dashboard = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);

    if (!dashboard)
        fail_msg("%s for %s: line %d: %s", b->name, dialect_name(d), error.line, error.text);
    buf_fini(&text);
    return dashboard;
}

static void each(dashboard_fn *fn)
{
    size_t n;
    const struct board *const *boards = board_all(&n);

    for (size_t i = 0; i < n; i++) {
        for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
            if (!board_is_for(boards[i], d))
                continue;
            json_t *dashboard = parsed(boards[i], d, false);

            fn(boards[i], d, dashboard);
            json_decref(dashboard);
        }
    }
}

/* All panels, those in collapsed rows too. */
static size_t panels_of(json_t *dashboard, json_t *panels[PANELS_MAX])
{
    size_t n = 0, i, k;
    json_t *panel, *inner;

    json_array_foreach(json_object_get(dashboard, "panels"), i, panel)
    {
        panels[n++] = panel;
        json_array_foreach(json_object_get(panel, "panels"), k, inner) panels[n++] = inner;
    }
    return n;
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* ---- layout ---- */

static void check_layout(const struct board *b, enum dialect d, json_t *dashboard)
{
    static char grid[ROWS_TALL][BOARD_COLUMNS];
    json_t *panels[PANELS_MAX];
    size_t n = panels_of(dashboard, panels);

    memset(grid, 0, sizeof(grid));
    for (size_t i = 0; i < n; i++) {
        json_t *at = json_object_get(panels[i], "gridPos");
        json_int_t x = json_integer_value(json_object_get(at, "x"));
        json_int_t y = json_integer_value(json_object_get(at, "y"));
        json_int_t w = json_integer_value(json_object_get(at, "w"));
        json_int_t h = json_integer_value(json_object_get(at, "h"));

        if (w < 1 || h < 1 || x < 0 || x + w > BOARD_COLUMNS || y + h > ROWS_TALL)
            fail_msg("%s for %s: '%s' is off the grid", b->name, dialect_name(d),
                     text_of(panels[i], "title"));
        for (json_int_t row = y; row < y + h; row++) {
            for (json_int_t column = x; column < x + w; column++) {
                if (grid[row][column]++)
                    fail_msg("%s for %s: '%s' lies on another panel", b->name, dialect_name(d),
                             text_of(panels[i], "title"));
            }
        }
    }
}

static void panels_do_not_overlap(void **state)
{
    (void)state;
    each(check_layout);
}

/* ---- ids ---- */

static void check_refs(const struct board *b, enum dialect d, json_t *panel)
{
    json_t *targets = json_object_get(panel, "targets"), *target, *seen = json_object();
    size_t i;

    json_array_foreach(targets, i, target)
    {
        const char *ref = text_of(target, "refId");

        if (!ref[0] || json_object_get(seen, ref))
            fail_msg("%s for %s: '%s' has refId '%s' twice", b->name, dialect_name(d),
                     text_of(panel, "title"), ref);
        json_object_set_new(seen, ref, json_true());
    }
    json_decref(seen);
}

static void check_ids(const struct board *b, enum dialect d, json_t *dashboard)
{
    json_t *panels[PANELS_MAX];
    size_t n = panels_of(dashboard, panels);
    bool seen[PANELS_MAX + 1] = {0};

    for (size_t i = 0; i < n; i++) {
        json_int_t id = json_integer_value(json_object_get(panels[i], "id"));

        assert_in_range(id, 1, n);
        assert_false(seen[id]);
        seen[id] = true;
        check_refs(b, d, panels[i]);
    }
}

static void ids_are_unique(void **state)
{
    (void)state;
    each(check_ids);
}

static json_t *uids;

static void check_uid(const struct board *b, enum dialect d, json_t *dashboard)
{
    const char *uid = text_of(dashboard, "uid");

    (void)b, (void)d;
    assert_in_range(strlen(uid), 1, 40);
    assert_null(json_object_get(uids, uid));
    json_object_set_new(uids, uid, json_true());
    assert_true(json_is_null(json_object_get(dashboard, "id")));
    assert_true(json_is_false(json_object_get(dashboard, "editable")));
    assert_in_range(json_integer_value(json_object_get(dashboard, "schemaVersion")), 39, 41);
}

static void uids_are_short_and_one_of_a_kind(void **state)
{
    (void)state;
    uids = json_object();
    each(check_uid);
    json_decref(uids);
}

/* ---- words ---- */

static void check_words(const struct board *b, enum dialect d, json_t *dashboard)
{
    json_t *panels[PANELS_MAX];
    size_t n = panels_of(dashboard, panels);

    assert_true(text_of(dashboard, "title")[0] && text_of(dashboard, "description")[0]);
    for (size_t i = 0; i < n; i++) {
        const char *kind = text_of(panels[i], "type");
        json_t *config = json_object_get(panels[i], "fieldConfig");

        if (strcmp(kind, "row") == 0 || strcmp(kind, "text") == 0)
            continue;
        if (!text_of(panels[i], "title")[0] || !text_of(panels[i], "description")[0])
            fail_msg("%s for %s: panel %zu has no words", b->name, dialect_name(d), i);
        if (!text_of(json_object_get(config, "defaults"), "unit")[0])
            fail_msg("%s for %s: '%s' has no unit", b->name, dialect_name(d),
                     text_of(panels[i], "title"));
        if (!json_array_size(json_object_get(panels[i], "targets")))
            fail_msg("%s for %s: '%s' asks nothing", b->name, dialect_name(d),
                     text_of(panels[i], "title"));
    }
}

static void panels_have_words_units_and_queries(void **state)
{
    (void)state;
    each(check_words);
}

/* ---- variables ---- */

/* "$name" or "${name" stands in the text. */
static bool uses(const char *text, const char *name)
{
    char plain[80], braced[80];

    snprintf(plain, sizeof(plain), "$%s", name);
    snprintf(braced, sizeof(braced), "${%s", name);
    return strstr(text, plain) || strstr(text, braced);
}

static void check_variables(const struct board *b, enum dialect d, json_t *dashboard)
{
    json_t *list = json_object_get(json_object_get(dashboard, "templating"), "list"), *variable;
    char *panels = json_dumps(json_object_get(dashboard, "panels"), 0);
    json_t *seen = json_object();
    size_t i;

    assert_string_equal(text_of(json_array_get(list, 0), "name"), "datasource");
    json_array_foreach(list, i, variable)
    {
        const char *name = text_of(variable, "name");

        if (json_object_get(seen, name))
            fail_msg("%s for %s has $%s twice", b->name, dialect_name(d), name);
        json_object_set_new(seen, name, json_true());
        if (!uses(panels, name))
            fail_msg("%s for %s does not use $%s", b->name, dialect_name(d), name);
        if (strcmp(text_of(variable, "type"), "query") == 0)
            assert_int_equal(json_integer_value(json_object_get(variable, "refresh")), 2);
    }
    json_decref(seen);
    free(panels);
}

static void variables_are_used(void **state)
{
    (void)state;
    each(check_variables);
}

/* ---- other forms ---- */

static void the_shared_form_asks_for_its_source(void **state)
{
    json_t *d = parsed(board_find(STR("live")), DIALECT_GRAPHITE, true);
    json_t *input = json_array_get(json_object_get(d, "__inputs"), 0);
    json_t *list = json_object_get(json_object_get(d, "templating"), "list");
    char *text = json_dumps(d, 0);

    (void)state;
    assert_string_equal(text_of(input, "name"), "DS_GRAPHITE");
    assert_string_equal(text_of(input, "pluginId"), "graphite");
    assert_true(json_array_size(json_object_get(d, "__requires")) > 2);
    assert_string_not_equal(text_of(json_array_get(list, 0), "name"), "datasource");
    assert_null(strstr(text, "${datasource}"));
    free(text);
    json_decref(d);
}

static void the_same_board_gives_the_same_bytes(void **state)
{
    const struct board_form form = {.dialect = DIALECT_FLUX};
    struct buf a = {0}, b = {0};

    (void)state;
    assert_int_equal(board_json(board_find(STR("live")), &form, &a), 0);
    assert_int_equal(board_json(board_find(STR("live")), &form, &b), 0);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_int_equal(a.data[a.len - 1], '\n');
    buf_fini(&a);
    buf_fini(&b);
}

static void a_board_that_is_not_for_a_source_is_refused(void **state)
{
    struct buf out = {0};

    (void)state;
    struct board only = *board_find(STR("locust"));

    only.only = IN(PROMETHEUS);
    assert_int_equal(board_json(&only, &(struct board_form){.dialect = DIALECT_FLUX}, &out),
                     -EINVAL);
    buf_fini(&out);
    assert_null(board_find(STR("nobody")));
}

/* InfluxQL cannot divide: two hidden targets and an expression of Grafana's. */
static void a_division_in_influxql_is_an_expression(void **state)
{
    static const struct board_metric metrics[] = {
        {"cost_usd", METRIC_COUNTER, CONTAINS_DEFAULT},
        {"tokens", METRIC_COUNTER, CONTAINS_DEFAULT},
    };
    static const struct board_panel panel = {
        .kind = PANEL_STAT,
        .title = "Cost of a thousand tokens",
        .about = "x",
        .queries = {{.ask = ASK_TOTAL,
                     .span = SPAN_RANGE,
                     .metric = "cost_usd",
                     .per = "tokens",
                     .scale = 1000}},
        .n_queries = 1,
    };
    static const struct board_row row = {.title = "r", .panels = &panel, .n_panels = 1};
    const struct board b = {.name = "t",
                            .uid = "t",
                            .title = "t",
                            .about = "t",
                            .tags = "brunt",
                            .from = "now-1h",
                            .refresh = "",
                            .metrics = metrics,
                            .n_metrics = countof(metrics),
                            .rows = &row,
                            .n_rows = 1};
    json_t *d = parsed(&b, DIALECT_INFLUXQL, false);
    json_t *targets = json_object_get(json_array_get(json_object_get(d, "panels"), 1), "targets");

    (void)state;
    assert_int_equal(json_array_size(targets), 3);
    assert_true(json_is_true(json_object_get(json_array_get(targets, 0), "hide")));
    assert_string_equal(text_of(json_array_get(targets, 1), "query"),
                        "SELECT cumulative_sum(sum(\"value\")) FROM \"tokens\" WHERE $timeFilter "
                        "GROUP BY time($__interval) fill(null)");
    assert_string_equal(text_of(json_array_get(targets, 2), "expression"),
                        "$Aover / $Aunder * 1000");
    json_decref(d);
}

/* ---- boards that are made ---- */

static const struct board_metric made_metrics[] = {
    {"llm_cost_usd", METRIC_COUNTER, CONTAINS_DEFAULT}, {"upload", METRIC_COUNTER, CONTAINS_DATA},
    {"answer_time", METRIC_TREND, CONTAINS_TIME},       {"good", METRIC_RATE, CONTAINS_DEFAULT},
    {"queue", METRIC_GAUGE, CONTAINS_DEFAULT},
};

static void a_board_is_made_of_metrics(void **state)
{
    struct arena arena = {0};
    const struct board *b;
    const struct board_made made = {
        .name = "Check out!", .metrics = made_metrics, .n_metrics = countof(made_metrics)};

    (void)state;
    assert_int_equal(board_make(&made, &arena, &b), 0);
    assert_string_equal(b->uid, "brunt-new-check-out");
    for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
        json_t *dashboard = parsed(b, d, false);

        check_layout(b, d, dashboard);
        check_ids(b, d, dashboard);
        check_words(b, d, dashboard);
        json_decref(dashboard);
    }
    arena_fini(&arena);
}

static void metrics_without_name_or_number_are_refused(void **state)
{
    struct arena arena = {0};
    const struct board *b;

    (void)state;
    assert_int_equal(board_make(&(struct board_made){.name = "x", .n_metrics = 0}, &arena, &b),
                     -EINVAL);
    assert_int_equal(
        board_make(&(struct board_made){.name = "!", .metrics = made_metrics, .n_metrics = 1},
                   &arena, &b),
        -EINVAL);
    arena_fini(&arena);
}

static void units_follow_content_and_name(void **state)
{
    static const struct {
        struct board_metric metric;
        enum unit unit;
    } cases[] = {
        {{"a", METRIC_TREND, CONTAINS_TIME}, UNIT_TIME},
        {{"a_ms", METRIC_TREND, CONTAINS_DEFAULT}, UNIT_MILLIS},
        {{"a_cost_total", METRIC_COUNTER, CONTAINS_DEFAULT}, UNIT_DOLLARS},
        {{"a_bytes", METRIC_GAUGE, CONTAINS_DEFAULT}, UNIT_BYTES},
        {{"a_cost", METRIC_RATE, CONTAINS_DEFAULT}, UNIT_SHARE},
        {{"a", METRIC_GAUGE, CONTAINS_DEFAULT}, UNIT_NUMBER},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(board_metric_unit(&cases[i].metric), cases[i].unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_do_not_overlap),
        cmocka_unit_test(ids_are_unique),
        cmocka_unit_test(uids_are_short_and_one_of_a_kind),
        cmocka_unit_test(panels_have_words_units_and_queries),
        cmocka_unit_test(variables_are_used),
        cmocka_unit_test(the_shared_form_asks_for_its_source),
        cmocka_unit_test(the_same_board_gives_the_same_bytes),
        cmocka_unit_test(a_board_that_is_not_for_a_source_is_refused),
        cmocka_unit_test(a_division_in_influxql_is_an_expression),
        cmocka_unit_test(a_board_is_made_of_metrics),
        cmocka_unit_test(metrics_without_name_or_number_are_refused),
        cmocka_unit_test(units_follow_content_and_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
