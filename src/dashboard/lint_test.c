/*
 * One dashboard without fault, and for each rule what to change in it for the rule to speak. Texts
 * are changed by words, so that a case shows all that is wrong with it.
 */
#include "dashboard/lint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "vocab/vocab.h"

static const char good[] =
    "{'title': 'Good', 'uid': 'good-1', 'id': null, 'schemaVersion': 39, 'version': 1,"
    " 'editable': false, 'tags': ['brunt'], 'refresh': '5s',"
    " 'time': {'from': 'now-15m', 'to': 'now'},"
    " 'annotations': {'list': [{'name': 'Runs', 'enable': true, 'iconColor': 'red',"
    "   'datasource': {'type': 'prometheus', 'uid': '${datasource}'}, 'expr': 'changes(a[1m])'}]},"
    " 'links': [{'title': 'More', 'type': 'link', 'url': '/d/more?${__url_time_range}'}],"
    " 'templating': {'list': ["
    "  {'name': 'datasource', 'type': 'datasource', 'query': 'prometheus', 'label': 'Data source'},"
    "  {'name': 'job', 'type': 'query', 'query': 'label_values(brunt_vus{x=\"a,b\"}, job)',"
    "   'datasource': {'type': 'prometheus', 'uid': '${datasource}'}, 'refresh': 2,"
    "   'multi': true, 'includeAll': true, 'allValue': '.+'},"
    "  {'name': 'instance', 'type': 'query', 'query': {'query': 'label_values(instance)'},"
    "   'datasource': {'type': 'prometheus', 'uid': '${datasource}'}, 'refresh': 2,"
    "   'multi': true, 'includeAll': true, 'allValue': '.+'}]},"
    " 'panels': ["
    "  {'type': 'row', 'id': 1, 'title': 'Row', 'gridPos': {'x': 0, 'y': 0, 'w': 24, 'h': 1},"
    "   'collapsed': false, 'panels': []},"
    "  {'type': 'timeseries', 'id': 2, 'title': 'Rate', 'description': 'Requests a second.',"
    "   'gridPos': {'x': 0, 'y': 1, 'w': 12, 'h': 8},"
    "   'datasource': {'type': 'prometheus', 'uid': '${datasource}'},"
    "   'fieldConfig': {'defaults': {'unit': 'reqps', 'thresholds': {'mode': 'absolute', 'steps':"
    "    [{'color': 'green', 'value': null}, {'color': 'red', 'value': 5}]}}, 'overrides': []},"
    "   'targets': [{'refId': 'A', 'expr': 'sum(rate(brunt_http_reqs_total{job=~\"$job\","
    "     instance=~\"$instance\"}[$__rate_interval]))', 'legendFormat': '{{name}}'},"
    "    {'refId': 'B', 'expr': 'brunt_vus{job=~\"$job\", instance=~\"$instance\"}'}]},"
    "  {'type': 'stat', 'id': 3, 'title': 'Users', 'description': 'Users that are active.',"
    "   'gridPos': {'x': 12, 'y': 1, 'w': 12, 'h': 8},"
    "   'datasource': {'type': 'prometheus', 'uid': '${datasource}'},"
    "   'fieldConfig': {'defaults': {'unit': 'short'}, 'overrides': []},"
    "   'targets': [{'refId': 'A', 'expr': 'brunt_vus{job=~\"$job\", instance=~\"$instance\"}'}]}"
    "]}";

/* JSON's quotes are written ' above and in cases; a " of a query is \" in JSON, a ' is `. */
static char *json_of(const char *text)
{
    struct buf out = {0};
    size_t n;

    for (; *text; text++) {
        if (*text == '"')
            buf_putc(&out, '\\');
        buf_putc(&out, *text == '\'' ? '"' : *text == '`' ? '\'' : *text);
    }
    return buf_take(&out, &n);
}

/* `good` with the first `what` replaced. */
static char *changed(const char *what, const char *with)
{
    struct str text = str_of(good), needle = str_of(what);
    size_t at = str_find_str(text, needle);

    assert_true(at < text.n);
    scoped(freep) char *result = xasprintf("%.*s%s%s", (int)at, good, with, good + at + needle.n);
    return json_of(result);
}

static struct lint_report *look(const char *json, const struct lint_options *options)
{
    struct lint_report *report = NULL;

    if (dashboard_lint(str_of(json), options, &report))
        fail_msg("%s\n%s", fault_text(), json);
    return report;
}

static void test_good_is_good(void **state UNUSED)
{
    struct lint_options options = {.vocabs = 1U << VOCAB_BRUNT};
    scoped(freep) char *json = json_of(good);
    struct lint_report *report = look(json, &options);

    for (size_t i = 0; i < report->n_findings; i++) {
        print_error("%s: %s: %s\n", report->findings[i].rule->name, report->findings[i].place,
                    report->findings[i].text);
    }
    assert_int_equal(report->n_findings, 0);
    assert_string_equal(report->title, "Good");
    lint_report_free(report);
}

#define FLUX(query)                                                               \
    "'targets': [{'refId': 'A', 'datasource': {'type': 'influxdb', 'uid': 'i'}, " \
    "'query': '" query "'}], 'x': [{"
#define INFLUXQL(query)                                                           \
    "'targets': [{'refId': 'A', 'datasource': {'type': 'influxdb', 'uid': 'i'}, " \
    "'rawQuery': true, 'query': '" query "'}], 'x': [{"
#define GRAPHITE(query)                                                           \
    "'targets': [{'refId': 'A', 'datasource': {'type': 'graphite', 'uid': 'g'}, " \
    "'target': '" query "'}], 'x': [{"

/* clang-format off */
static const struct {
    const char *rule;
    const char *what, *with; /* in `good` */
    const char *place, *says; /* of a finding; says NULL: nothing is found */
} cases[] = {
    {"structure", "'title': 'Good'", "'title': 5", "dashboard", "title is a whole number; make it a text"},
    {"structure", "'title': 'Good',", "", "dashboard", "title is missing"},
    {"structure", "'schemaVersion': 39", "'schemaVersion': '39'", "dashboard", "make it a whole number"},
    {"structure", "'schemaVersion': 39,", "", "dashboard", "schemaVersion is missing"},
    {"structure", "['brunt']", "['brunt', 1]", "dashboard", "tags[1] is a whole number"},
    {"structure", "'from': 'now-15m', ", "", "dashboard", "time.from is missing"},
    {"structure", "'iconColor': 'red',", "", "dashboard", "annotations.list[0].iconColor is missing"},
    {"structure", "'type': 'stat', ", "", "panel 3 'Users'", "type is missing"},
    {"structure", "'unit': 'short'", "'unit': 1.5", "panel 3 'Users'", "fieldConfig.defaults.unit is a number"},
    {"structure", "'color': 'red', 'value': 5", "'color': 'red', 'value': 'x'", "panel 2 'Rate'", "thresholds.steps[1].value is a text; make it a number"},
    {"structure", "'overrides': []", "'overrides': [3]", "panel 2 'Rate'", "fieldConfig.overrides[0]"},
    {"structure", "'overrides': []", "'overrides': [{'matcher': {'id': 'byName'}}]", "panel 2 'Rate'", "overrides[0].properties is missing"},
    {"structure", "'panels': []", "'panels': [], 'x': 1", "", NULL},
    {"structure", "'panels': [  {'type'", "'panels': [7, {'type'", "dashboard", "panels[0] is no object"},
    {"structure", "'name': 'job', ", "", "dashboard", "templating.list[1].name is missing"},
    {"structure", "'multi': true", "'multi': 'true'", "dashboard", "templating.list[1].multi is a text; make it true or false"},
    {"structure", "'expr': 'brunt_vus", "'expr': [], 'x': 'brunt_vus", "panel 2 'Rate'", "targets[1].expr is a list"},

    {"dashboard-uid", "'uid': 'good-1',", "", "dashboard", "it has no uid"},
    {"dashboard-uid", "good-1", "0123456789012345678901234567890123456789x", "dashboard", "41 bytes"},
    {"dashboard-uid", "good-1", "0123456789012345678901234567890123456789", "", NULL},
    {"dashboard-uid", "good-1", "a b", "dashboard", "more than letters"},
    {"dashboard-uid", "'id': null", "'id': 17", "dashboard", "id 17 of another"},

    {"panel-ids", "'id': 3", "'id': 2", "panel 2 'Users'", "'Rate' has the same id"},
    {"panel-ids", "'id': 3, ", "", "panel no. 3 'Users'", "no id"},

    {"panel-layout", "'x': 12, 'y': 1", "'x': 13, 'y': 1", "panel 3 'Users'", "reaches to column 25"},
    {"panel-layout", "'x': 12, 'y': 1", "'x': 11, 'y': 1", "panel 3 'Users'", "lies on panel 'Rate'"},
    {"panel-layout", "'x': 12, 'y': 1", "'x': 0, 'y': 9", "", NULL},
    {"panel-layout", "'x': 12, 'y': 1", "'x': -1, 'y': 9", "panel 3 'Users'", "neither is below 0"},
    {"panel-layout", "'w': 24, 'h': 1", "'w': 24, 'h': 0", "row 1 'Row'", "at least 1"},
    {"panel-layout", "'gridPos': {'x': 12, 'y': 1, 'w': 12, 'h': 8},", "", "panel 3 'Users'", "no place"},
    {"panel-layout", "'collapsed': false, 'panels': []", "'collapsed': true, 'panels': [{'type': 'text', 'id': 9, 'gridPos': {'x': 0, 'y': 1, 'w': 12, 'h': 8}}]", "", NULL},

    {"panel-thresholds", "'value': null", "'value': 0", "panel 2 'Rate'", "first threshold has the value 0"},
    {"panel-thresholds", "'value': 5}", "'value': 5}, {'color': 'x', 'value': 4}", "panel 2 'Rate'", "threshold 3 is 4, and 5 stands before it"},
    {"panel-thresholds", "'value': 5}", "'value': null}", "panel 2 'Rate'", "threshold 2 has no value"},
    {"panel-thresholds", "'overrides': []", "'overrides': [{'matcher': {'id': 'x'}, 'properties': [{'id': 'thresholds', 'value': {'steps': [{'color': 'a', 'value': 1}]}}]}]", "panel 2 'Rate'", "first threshold"},

    {"panel-title-description-rule", "'title': 'Rate', ", "", "panel 2", "it has no title"},
    {"panel-title-description-rule", "'description': 'Requests a second.',", "'description': ' ',", "panel 2 'Rate'", "it has no description"},
    {"panel-title-description-rule", "'title': 'Rate', 'description': 'Requests a second.',", "", "panel 2", "no title and no description"},

    {"panel-units-rule", "'unit': 'reqps', ", "", "panel 2 'Rate'", "it has no unit"},
    {"panel-units-rule", "reqps", "requests", "panel 2 'Rate'", "no unit 'requests'"},
    {"panel-units-rule", "reqps", "%", "panel 2 'Rate'", "percent (0 to 100)"},
    {"panel-units-rule", "reqps", "suffix:requests", "", NULL},
    {"panel-units-rule", "'unit': 'reqps', ", "'mappings': [{'type': 'value'}], ", "", NULL},
    {"panel-units-rule", "'overrides': []", "'overrides': [{'matcher': {'id': 'x'}, 'properties': [{'id': 'unit', 'value': 'nonsense'}]}]", "panel 2 'Rate'", "no unit 'nonsense'"},

    {"panel-no-targets-rule", "'targets': [{'refId': 'A', 'expr': 'brunt_vus", "'targets': [], 'x': [{'refId': 'A', 'expr': 'brunt_vus", "panel 3 'Users'", "it has no query"},
    {"panel-no-targets-rule", "'collapsed': false, 'panels': []", "'collapsed': true, 'panels': [{'type': 'text', 'id': 9}]", "", NULL},

    {"panel-datasource-rule", "'datasource': {'type': 'prometheus', 'uid': '${datasource}'},   'fieldConfig'", "'datasource': {'type': 'prometheus', 'uid': 'mine'},   'fieldConfig'", "panel 2 'Rate'", "'mine', which other Grafanas do not have"},
    {"panel-datasource-rule", "'datasource': {'type': 'prometheus', 'uid': '${datasource}'},   'fieldConfig'", "'fieldConfig'", "panel 2 'Rate'", "default data source"},
    {"panel-datasource-rule", "'refId': 'A', ", "'refId': 'A', 'datasource': {'uid': 'other'}, ", "panel 2 'Rate', query A", "'other'"},
    {"panel-datasource-rule", "'datasource': {'type': 'prometheus', 'uid': '${datasource}'},   'fieldConfig'", "'datasource': '-- Mixed --',   'fieldConfig'", "", NULL},

    {"target-ref-ids", "'refId': 'B'", "'refId': 'A'", "panel 2 'Rate', query A", "the same refId"},
    {"target-ref-ids", "'refId': 'B', ", "", "panel 2 'Rate', query no. 2", "no refId"},

    {"target-datasource", "'expr': 'brunt_vus", "'query': 'brunt_vus", "panel 2 'Rate', query B", "goes to Prometheus, which reads \"expr\"; it has \"query\""},
    {"target-datasource", "'refId': 'A', ", "'refId': 'A', 'datasource': {'type': 'influxdb', 'uid': '${datasource}'}, ", "panel 2 'Rate', query A", "says its data source is influxdb; the variable is of prometheus"},
    {"target-datasource", "'refId': 'A', ", "'refId': 'A', 'datasource': {'type': 'loki', 'uid': 'l'}, ", "panel 2 'Rate', query A", "-- Mixed --"},

    {"target-promql-rule", "sum(rate(", "sum((rate(", "panel 2 'Rate', query A", "ends where"},
    {"target-promql-rule", "sum(rate(", "sum(raet(", "panel 2 'Rate', query A", "did you mean 'rate'"},
    {"target-promql-rule", "brunt_vus{job=~\"$job\", instance=~\"$instance\"}", " ", "panel 2 'Rate', query B", "it has no text"},

    {"target-rate-interval-rule", "$__rate_interval", "5m", "panel 2 'Rate', query A", "over [5m]"},
    {"target-rate-interval-rule", "sum(rate(", "sum(increase(", "", NULL},
    {"target-rate-interval-rule", "rate(brunt_http_reqs_total{job=~\"$job\",     instance=~\"$instance\"}[$__rate_interval])", "increase(a_total[$__range])", "", NULL},

    {"target-counter-agg-rule", "sum(rate(brunt_http_reqs_total{job=~\"$job\",     instance=~\"$instance\"}[$__rate_interval]))", "sum(a_total{b=\"c\"})", "panel 2 'Rate', query A", "counter a_total"},
    {"target-counter-agg-rule", "sum(rate(", "sum(max_over_time(", "panel 2 'Rate', query A", "counter brunt_http_reqs_total"},

    {"target-job-rule", "{job=~\"$job\", instance", "{instance", "panel 2 'Rate', query B", "brunt_vus is asked for without job=~\"$job\""},
    {"target-job-rule", "{job=~\"$job\", instance", "{job=\"x\", instance", "panel 2 'Rate', query B", "without job"},
    {"target-instance-rule", ", instance=~\"$instance\"}", "}", "panel 2 'Rate', query B", "without instance=~\"$instance\""},
    {"target-instance-rule", "'name': 'instance'", "'name': 'host'", "", NULL},

    {"target-flux", "'targets': [{", FLUX("from(bucket: \"b\")\\\\n  |> range(start: -5m)"), "panel 2 'Rate', query A", "escaped once too often"},
    {"target-flux", "'targets': [{", FLUX("from(bucket: \"b\") |> range(start: -5m"), "panel 2 'Rate', query A", "never closed"},
    {"target-flux", "'targets': [{", FLUX("from(bucket: \"b\")\\n  |> range(start: -5m)"), "", NULL},
    {"target-influxql", "'targets': [{", INFLUXQL("SELECT mean(\"a\") FROM \"b\""), "panel 2 'Rate', query A", "$timeFilter"},
    {"target-influxql", "'targets': [{", INFLUXQL("SELECT mean(\"a\" FROM \"b\""), "panel 2 'Rate', query A", "never closed"},
    {"target-influxql", "'targets': [{", INFLUXQL("SELECT mean(\"a\") FROM \"b\" WHERE $timeFilter"), "", NULL},
    {"target-graphite", "'targets': [{", GRAPHITE("sumSeries(a.*"), "panel 2 'Rate', query A", "never closed"},
    {"target-graphite", "'targets': [{", GRAPHITE("sumSeries(a.*)"), "", NULL},

    {"target-metrics", "'expr': 'brunt_vus", "'expr': 'brunt_users", "panel 2 'Rate', query B", "has the name brunt_users"},
    {"target-metrics", "'expr': 'brunt_vus", "'expr': 'brunt_v$x", "", NULL},
    {"target-metrics", "'expr': 'brunt_vus", "'expr': 'brunt_http_req_duration_seconds_bucket", "", NULL},
    {"target-metrics", "'targets': [{", INFLUXQL("SELECT mean(\"a\") FROM \"htp_reqs\""), "panel 2 'Rate', query A", "htp_reqs"},
    {"target-metrics", "'targets': [{", GRAPHITE("seriesByTag(`name=brunt_http_req_duration_seconds.p95`)"), "", NULL},
    {"target-metrics", "'targets': [{", GRAPHITE("seriesByTag(`name=brunt_vuss`)"), "panel 2 'Rate', query A", "brunt_vuss"},
    {"target-metrics", "'targets': [{", FLUX("r._measurement == \"http_reqs\""), "", NULL},

    {"template-datasource-rule", "'name': 'datasource'", "'name': 'source'", "variable 'source'", "named datasource"},
    {"template-datasource-rule", "'name': 'datasource', 'type': 'datasource'", "'name': 'datasource', 'type': 'custom'", "dashboard", "no data source variable"},
    {"template-job-rule", "'name': 'job', 'type': 'query'", "'name': 'work', 'type': 'query'", "dashboard", "no variable job"},
    {"template-job-rule", "'name': 'job', 'type': 'query'", "'name': 'job', 'type': 'custom'", "variable 'job'", "make it a query"},
    {"template-job-rule", "'multi': true", "'multi': false", "variable 'job'", "\"multi\": true"},
    {"template-job-rule", ", 'allValue': '.+'", "", "variable 'job'", "\"allValue\": \".+\""},
    {"template-instance-rule", "'name': 'instance'", "'name': 'host'", "dashboard", "no variable instance"},
    {"template-label-promql-rule", "brunt_vus{x=\"a,b\"}", "brunt_vus{x=\"a,b\"", "variable 'job'", "ends where"},
    {"template-label-promql-rule", "label_values(instance)", "up", "variable 'instance'", "none of label_values()"},
    {"template-label-promql-rule", "label_values(instance)", "query_result(sum(a))", "", NULL},
    {"template-label-promql-rule", "label_values(instance)", "query_result(sum(a[5m]))", "variable 'instance'", "sum()"},
    {"template-on-time-change-reload-rule", "'refresh': 2", "'refresh': 1", "variable 'job'", "\"refresh\": 2"},

    {"variable-defined", "'title': 'Rate'", "'title': 'Rate of $thing'", "panel 2 'Rate of $thing'", "no variable 'thing'"},
    {"variable-defined", "{{name}}", "$__interval ${thing:csv}", "panel 2 'Rate', query A", "no variable 'thing'"},
    {"variable-defined", "'type': 'stat'", "'type': 'stat', 'repeat': 'task'", "panel 3 'Users'", "no variable 'task'"},
    {"variable-defined", "'uid': '${datasource}'},   'fieldConfig'", "'uid': '${DS_PROMETHEUS}'},   'fieldConfig'", "panel 2 'Rate'", "nobody has chosen"},
    {"variable-defined", "label_values(instance)", "label_values(a{b=\"$c\"}, instance)", "variable 'instance'", "no variable 'c'"},
    {"variable-defined", "changes(a[1m])", "changes(a[$step])", "dashboard, annotations", "no variable 'step'"},
    {"variable-defined", "'targets': [{", FLUX("field = \"x\"\\n\"${field} of ${__interval}\""), "", NULL},
    {"variable-defined", "{'refId': 'B', ", "{'refId': 'C', 'datasource': {'type': '__expr__', 'uid': '__expr__'}, 'type': 'math', 'expression': '$A * 2'}, {'refId': 'B', ", "", NULL},
    {"variable-defined", "{'refId': 'B', ", "{'refId': 'C', 'datasource': {'type': '__expr__', 'uid': '__expr__'}, 'type': 'math', 'expression': '$D * 2'}, {'refId': 'B', ", "panel 2 'Rate', query C", "no variable or query 'D'"},
    {"panel-datasource-rule", "{'refId': 'B', ", "{'refId': 'C', 'datasource': {'type': '__expr__', 'uid': '__expr__'}}, {'refId': 'B', ", "", NULL},
    {"variable-used", "'name': 'instance'", "'name': 'idle'", "variable 'idle'", "nothing uses it"},
    {"variable-used", "'name': 'instance', 'type': 'query'", "'name': 'idle', 'type': 'adhoc'", "", NULL},

    {"share-inputs", "{'title': 'Good'", "{'__inputs': [{'name': 'DS_X', 'type': 'datasource', 'pluginId': 'prometheus'}], 'title': 'Good'", "dashboard", "__inputs"},
    {"share-inputs", "{'title': 'Good'", "{'__inputs': [], 'title': 'Good'", "", NULL},
    {"secrets", "Requests a second.", "glsa_0123456789012345678901234567890", "panel 2 'Rate'", "token of a Grafana service account"},
    {"secrets", "Requests a second.", "the prefix glsa_ of tokens", "", NULL},
    {"secrets", "/d/more?${__url_time_range}", "https://me:secret@example.com/", "dashboard", "an address with a password"},
    {"secrets", "'refId': 'A', ", "'refId': 'A', 'password': 'x', ", "panel 2 'Rate'", "\"password\" is given"},
    {"addresses", "/d/more?${__url_time_range}", "http://localhost:3000/d/x", "dashboard", "localhost:3000"},
    {"addresses", "/d/more?${__url_time_range}", "http://172.20.1.1/", "dashboard", "172.20.1.1"},
    {"addresses", "/d/more?${__url_time_range}", "https://172.2.example.com/", "", NULL},
    {"uneditable-dashboard", "'editable': false,", "", "dashboard", "\"editable\": false"},
};
/* clang-format on */

static const struct lint_finding *find(const struct lint_report *r, const char *place,
                                       const char *says)
{
    for (size_t i = 0; i < r->n_findings; i++) {
        if (strcmp(r->findings[i].place, place) == 0 && strstr(r->findings[i].text, says))
            return &r->findings[i];
    }
    return NULL;
}

static void check_case(size_t i)
{
    scoped(freep) char *json = changed(cases[i].what, cases[i].with);
    struct lint_options options = {
        .only = &cases[i].rule, .n_only = 1, .vocabs = 1U << VOCAB_BRUNT};
    struct lint_report *report = look(json, &options);

    if (cases[i].says && !find(report, cases[i].place, cases[i].says)) {
        fail_msg("%s with %s: says '%s: %s', not '%s: %s'", cases[i].rule, cases[i].with,
                 report->n_findings ? report->findings[0].place : "nothing",
                 report->n_findings ? report->findings[0].text : "nothing", cases[i].place,
                 cases[i].says);
    }
    if (!cases[i].says && report->n_findings) {
        fail_msg("%s with %s: says '%s: %s'", cases[i].rule, cases[i].with,
                 report->findings[0].place, report->findings[0].text);
    }
    assert_int_equal(report->n_findings, report->n_errors + report->n_warnings);
    lint_report_free(report);
}

static void test_each_case(void **state UNUSED)
{
    for (size_t i = 0; i < countof(cases); i++)
        check_case(i);
}

/* A rule that never speaks would pass every other test. */
static void test_each_rule_has_a_case(void **state UNUSED)
{
    const struct lint_rule_about *about;

    for (size_t i = 0; (about = lint_rule_about(i)); i++) {
        bool found = false;

        for (size_t j = 0; j < countof(cases) && !found; j++)
            found = cases[j].says && strcmp(cases[j].rule, about->name) == 0;
        if (!found)
            fail_msg("no case for %s", about->name);
        assert_true(about->help[0]);
    }
}

static void test_rules_are_chosen(void **state UNUSED)
{
    static const char *const title[] = {"structure"}, *const wrong[] = {"structur"};
    scoped(freep) char *json = changed("'title': 'Good',", "");
    struct lint_report *report = look(json, &(struct lint_options){.skip = title, .n_skip = 1});

    assert_int_equal(report->n_findings, 0);
    lint_report_free(report);
    assert_int_equal(
        dashboard_lint(str_of(json), &(struct lint_options){.only = wrong, .n_only = 1}, &report),
        -EINVAL);
    assert_non_null(strstr(fault_text(), "did you mean 'structure'"));
}

/* ---- forms of files ---- */

static void test_wrapped_and_old_forms(void **state UNUSED)
{
    static const char *const only[] = {"target-promql-rule", "dashboard-uid"};
    static const char *const forms[] = {
        "{'dashboard': {'uid': 'a', 'title': 'T', 'panels': [{'type': 'stat', 'id': 1, 'targets': "
        "[{'expr': 'a('}]}]}, 'overwrite': true}",
        "{'apiVersion': 'dashboard.grafana.app/v1beta1', 'kind': 'Dashboard', 'spec': {'uid': 'a', "
        "'title': 'T', 'panels': [{'type': 'stat', 'id': 1, 'targets': [{'expr': 'a('}]}]}}",
        "{'uid': 'a', 'title': 'T', 'rows': [{'title': 'R', 'panels': [{'type': 'graph', 'id': 1, "
        "'targets': [{'expr': 'a('}]}]}]}",
        "{'uid': 'a', 'title': 'T', 'panels': [{'type': 'row', 'id': 2, 'panels': [{'type': 'stat', "
        "'id': 1, 'targets': [{'expr': 'a('}]}]}]}",
    };

    for (size_t i = 0; i < countof(forms); i++) {
        scoped(freep) char *json = json_of(forms[i]);
        struct lint_report *report = look(json, &(struct lint_options){.only = only, .n_only = 2});

        assert_string_equal(report->title, "T");
        assert_int_equal(report->n_findings, 1);
        assert_string_equal(report->findings[0].place, "panel 1, query no. 1");
        assert_int_equal(report->findings[0].target, 0);
        lint_report_free(report);
    }
}

static void test_shared_form_knows_its_inputs(void **state UNUSED)
{
    static const char *const skip[] = {"share-inputs"};
    scoped(freep) char *json = json_of(
        "{'__inputs': [{'name': 'DS_P', 'type': 'datasource', 'pluginId': 'prometheus'}], 'uid': 'a',"
        "'title': 'T', 'schemaVersion': 39, 'editable': false, 'panels': [{'type': 'stat', 'id': 1,"
        "'title': 'A', 'description': 'B', 'gridPos': {'x': 0, 'y': 0, 'w': 4, 'h': 4},"
        "'datasource': {'type': 'prometheus', 'uid': '${DS_P}'}, 'fieldConfig': {'defaults': "
        "{'unit': 's'}}, 'targets': [{'refId': 'A', 'expr': '1'}]}]}");
    struct lint_report *report = look(json, &(struct lint_options){.skip = skip, .n_skip = 1});

    /* Only that it has no variables job and instance. */
    assert_int_equal(report->n_findings, 2);
    assert_int_equal(report->n_errors, 0);
    lint_report_free(report);
}

static void refuse(const char *json, int code, const char *why)
{
    struct lint_report *report = NULL;

    assert_int_equal(dashboard_lint(str_of(json), &(struct lint_options){0}, &report), code);
    assert_null(report);
    if (why)
        assert_non_null(strstr(fault_text(), why));
}

static void test_what_is_no_dashboard(void **state UNUSED)
{
    refuse("", -EINVAL, "no JSON");
    refuse("{\"title\": \"a\",\n \"panels\": [}", -EINVAL, "line 2");
    refuse("{\"panels\": [], \"panels\": []}", -EINVAL, "no JSON");
    refuse("[]", LINT_E_NO_DASHBOARD, NULL);
    refuse("{\"name\": \"x\"}", LINT_E_NO_DASHBOARD, NULL);
    refuse("{\"apiVersion\": \"dashboard.grafana.app/v2beta1\", \"kind\": \"Dashboard\", \"spec\": "
           "{\"elements\": {}}}",
           -EINVAL, "newer schema");
}

static void test_limits(void **state UNUSED)
{
    scoped(buf_fini) struct buf many = {0};

    buf_puts(&many, "{\"panels\": [{}");
    for (int i = 0; i < 2000; i++)
        buf_puts(&many, ",{}");
    buf_puts(&many, "]}");
    refuse(buf_cstr(&many), -EINVAL, "more than 2000 panels");
}

/* ---- exceptions ---- */

static struct lint_report *look_except(const char *json, const char *lint_file)
{
    struct lint_exceptions *e = NULL;

    if (lint_exceptions_read(str_of(lint_file), &e))
        fail_msg("%s", fault_text());
    struct lint_report *report = look(json, &(struct lint_options){.exceptions = e});

    lint_exceptions_free(e);
    return report;
}

static void test_exceptions_are_applied(void **state UNUSED)
{
    scoped(freep) char *json = changed("sum(rate(", "sum((rate(");
    struct lint_report *report = look_except(json, "exclusions:\n  target-promql-rule:\n");

    assert_int_equal(report->n_findings, 0);
    assert_int_equal(report->n_excepted, 1);
    lint_report_free(report);
    report = look_except(json, "warnings:\n  target-promql-rule:\n    reason: known\n");
    assert_int_equal(report->n_errors, 0);
    assert_int_equal(report->n_warnings, 1);
    lint_report_free(report);
    report = look_except(json, "exclusions:\n  target-promql-rule:\n    entries:\n"
                               "    - dashboard: Good\n      panel: Rate\n      targetIdx: 1\n");
    assert_int_equal(report->n_errors, 1);
    lint_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_is_good),
        cmocka_unit_test(test_each_case),
        cmocka_unit_test(test_each_rule_has_a_case),
        cmocka_unit_test(test_rules_are_chosen),
        cmocka_unit_test(test_wrapped_and_old_forms),
        cmocka_unit_test(test_shared_form_knows_its_inputs),
        cmocka_unit_test(test_what_is_no_dashboard),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_exceptions_are_applied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
