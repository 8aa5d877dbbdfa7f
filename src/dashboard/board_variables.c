/*
 * Variables and annotations. Every board has `datasource`; for Prometheus the variables job and
 * instance too. What is asked for values is always the metric that the variable's filter is used
 * on, so a choice always has data.
 */
#include "dashboard/board_priv.h"
#include "dashboard/dialect_priv.h"

/* A variable that is asked from the data source. */
struct asked {
    const char *name, *label, *about;
    struct str query;
    bool multi;
    const char *regex;
};

static void put_all(struct json_out *j)
{
    open_object(j, "current");
    put_truth(j, "selected", true);
    open_array(j, "text");
    json_put_cstr(j, "All");
    json_close(j);
    open_array(j, "value");
    json_put_cstr(j, "$__all");
    json_close(j);
    json_close(j);
}

static void put_nothing_chosen(struct json_out *j)
{
    open_object(j, "current");
    json_close(j);
}

static void put_options(struct json_out *j)
{
    open_array(j, "options");
    json_close(j);
}

static void put_query(struct board_writer *w, struct str query)
{
    struct json_out *j = w->json;

    json_key(j, "definition");
    json_put_str(j, query);
    json_key(j, "query");
    if (w->form->dialect != DIALECT_PROMETHEUS) {
        json_put_str(j, query);
        return;
    }
    json_open_object(j);
    json_key(j, "query");
    json_put_str(j, query);
    put_text(j, "refId", "StandardVariableQuery");
    json_close(j);
}

/* "All" is what matches everything, series without the label too: what is pushed has no job. */
static void put_asked(struct board_writer *w, const struct asked *a)
{
    struct json_out *j = w->json;

    json_open_object(j);
    if (a->multi)
        put_text(j, "allValue", ".*");
    if (a->multi) {
        put_all(j);
    } else {
        put_nothing_chosen(j);
    }
    json_key(j, "datasource");
    board_put_source(w);
    put_text(j, "description", a->about ? a->about : "");
    put_number(j, "hide", 0);
    put_truth(j, "includeAll", a->multi);
    put_text(j, "label", a->label);
    put_truth(j, "multi", a->multi);
    put_text(j, "name", a->name);
    put_options(j);
    put_query(w, a->query);
    put_number(j, "refresh", 2);
    put_text(j, "regex", a->regex ? a->regex : "");
    put_truth(j, "skipUrlSync", false);
    put_number(j, "sort", 1);
    put_text(j, "type", "query");
    json_close(j);
}

static void put_datasource(struct board_writer *w)
{
    struct json_out *j = w->json;

    json_open_object(j);
    put_nothing_chosen(j);
    put_text(j, "description", dialect_title(w->form->dialect));
    put_number(j, "hide", 0);
    put_truth(j, "includeAll", false);
    put_text(j, "label", "Data source");
    put_truth(j, "multi", false);
    put_text(j, "name", "datasource");
    put_options(j);
    put_text(j, "query", dialect_plugin(w->form->dialect));
    put_number(j, "refresh", 1);
    put_text(j, "regex", "");
    put_truth(j, "skipUrlSync", false);
    put_text(j, "type", "datasource");
    json_close(j);
}

/* ---- job and instance ---- */

static int put_target_variables(struct board_writer *w)
{
    const struct board *b = w->board;
    struct arena words = {0};
    const char *metric = b->target_metric ? b->target_metric : "run_info";
    const struct board_query said = {.metric = metric, .vocab = b->vocab};
    struct asking q = {.board = b, .said = &said, .words = &words};
    int r = dialect_open(&q);

    if (r == 0) {
        const char *job = arena_printf(&words, "label_values(%s, job)", q.metric.name);
        const char *instance =
            arena_printf(&words, "label_values(%s{job=~\"$job\"}, instance)", q.metric.name);

        put_asked(w,
                  &(struct asked){"job", "Job", "Prometheus' scrape job", str_of(job), true, NULL});
        put_asked(w, &(struct asked){"instance", "Instance", "What Prometheus scrapes",
                                     str_of(instance), true, NULL});
    }
    arena_fini(&words);
    return r;
}

/* ---- the board's own ---- */

static const char *values_query(const struct board_writer *w, struct asking *q, const char *tag)
{
    struct arena *words = q->words;
    const char *filters = dialect_prometheus_ops.filters(q);

    switch (w->form->dialect) {
    case DIALECT_PROMETHEUS:
        return arena_printf(words, "label_values(%s{%s}, %s)", q->metric.name, filters, tag);
    case DIALECT_INFLUXQL:
        return arena_printf(words, "SHOW TAG VALUES FROM \"%s\" WITH KEY = \"%s\"", q->metric.name,
                            tag);
    case DIALECT_FLUX:
        return arena_printf(words,
                            "import \"influxdata/influxdb/schema\"\n"
                            "schema.measurementTagValues(bucket: v.defaultBucket, "
                            "measurement: \"%s\", tag: \"%s\")",
                            q->metric.name, tag);
    case DIALECT_GRAPHITE:
    default:
        return arena_printf(words, "tag_values(%s, name=%s%s)", tag, q->metric.name,
                            q->metric.type == METRIC_TREND ? ".count" : "");
    }
}

static int put_tag_variable(struct board_writer *w, const struct board_variable *v)
{
    struct arena words = {0};
    const struct board_query said = {.metric = v->metric, .vocab = v->vocab, .by = v->tag};
    struct asking q = {
        .board = w->board, .said = &said, .dialect = w->form->dialect, .words = &words};
    int r = dialect_open(&q);

    if (r == 0) {
        put_asked(w, &(struct asked){v->name, v->label, v->about,
                                     str_of(values_query(w, &q, q.by[0])), !v->one, v->regex});
    }
    arena_fini(&words);
    return r;
}

static void put_choice(struct json_out *j, struct str word, bool is_chosen)
{
    put_truth(j, "selected", is_chosen);
    json_key(j, "text");
    json_put_str(j, word);
    json_key(j, "value");
    json_put_str(j, word);
}

static void put_choices(struct json_out *j, const char *choices)
{
    struct str all = str_of(choices), rest = all, word;

    open_object(j, "current");
    put_choice(j, str_trim(str_from(all.p, str_find(all, ','))), true);
    json_close(j);
    open_array(j, "options");
    for (size_t i = 0; str_split(&rest, ',', &word); i++) {
        json_open_object(j);
        put_choice(j, str_trim(word), i == 0);
        json_close(j);
    }
    json_close(j);
}

static void put_typed(struct board_writer *w, const struct board_variable *v)
{
    struct json_out *j = w->json;

    json_open_object(j);
    put_choices(j, v->choices);
    put_text(j, "description", v->about ? v->about : "");
    put_number(j, "hide", 0);
    put_truth(j, "includeAll", false);
    put_text(j, "label", v->label);
    put_truth(j, "multi", false);
    put_text(j, "name", v->name);
    put_text(j, "query", v->choices);
    put_truth(j, "skipUrlSync", false);
    put_text(j, "type", v->kind == VARIABLE_CHOICE ? "custom" : "textbox");
    json_close(j);
}

/* Graphite's steps; see dialect_graphite.c. */
static const struct board_variable step = {
    .kind = VARIABLE_CHOICE,
    .name = "step",
    .label = "Step",
    .about = "Counters become rates over steps of this length",
    .choices = "5s,2s,10s,30s,1min,5min",
};

int board_put_variables(struct board_writer *w)
{
    const struct board *b = w->board;
    enum dialect d = w->form->dialect;

    open_object(w->json, "templating");
    open_array(w->json, "list");
    if (!w->form->share)
        put_datasource(w);
    if (d == DIALECT_PROMETHEUS && !b->no_target)
        TRY(put_target_variables(w));
    for (size_t i = 0; i < b->n_variables; i++) {
        const struct board_variable *v = &b->variables[i];

        if (!dialect_in(v->only, d))
            continue;
        if (v->kind == VARIABLE_TAG) {
            TRY(put_tag_variable(w, v));
        } else {
            put_typed(w, v);
        }
    }
    if (d == DIALECT_GRAPHITE)
        put_typed(w, &step);
    json_close(w->json);
    json_close(w->json);
    return 0;
}

/* ---- annotations ---- */

static void put_builtin(struct json_out *j)
{
    json_open_object(j);
    put_number(j, "builtIn", 1);
    open_object(j, "datasource");
    put_text(j, "type", "grafana");
    put_text(j, "uid", "-- Grafana --");
    json_close(j);
    put_truth(j, "enable", true);
    put_truth(j, "hide", true);
    put_text(j, "iconColor", "rgba(0, 211, 255, 1)");
    put_text(j, "name", "Annotations & Alerts");
    put_text(j, "type", "dashboard");
    json_close(j);
}

/* What `brunt dashboard push` and others write into Grafana under the tag "brunt". */
static void put_tagged(struct json_out *j)
{
    json_open_object(j);
    open_object(j, "datasource");
    put_text(j, "type", "grafana");
    put_text(j, "uid", "-- Grafana --");
    json_close(j);
    put_truth(j, "enable", true);
    put_truth(j, "hide", false);
    put_text(j, "iconColor", "purple");
    put_text(j, "name", "Runs and changes");
    open_object(j, "target");
    put_number(j, "limit", 100);
    put_truth(j, "matchAny", false);
    open_array(j, "tags");
    json_put_cstr(j, "brunt");
    json_close(j);
    put_text(j, "type", "tags");
    json_close(j);
    json_close(j);
}

/*
 * A mark that Prometheus' own series give. What changed is seen for ten seconds, so that one of
 * the steps of a graph meets it; steps beside each other are one mark that begins with the change.
 */
struct mark {
    const char *name, *color;
    const char *expr; /* text of a query, with @…@ */
    const char *title, *tags;
    bool value_is_time;
};

static const struct mark marks[] = {
    {"Start of a run", "green",
     "max by (job, instance) (@run_start_timestamp_seconds@{@filter@}) * on (job, instance) "
     "group_left (run_name, run_id) max by (job, instance, run_name, run_id) (@run_info@{@filter@}) "
     "* 1000",
     "{{run_name}} starts", "run_id", true},
    {"End of a run", "red",
     "max by (run_id, run_name) (@run_info@{@filter@} offset 10s) unless max by (run_id, run_name) "
     "(@run_info@{@filter@})",
     "{{run_name}} has ended", "run_id", false},
    {"Phase of the load", "blue",
     "max by (phase) (@run_phase@{@filter@} == 1) unless max by (phase) (@run_phase@{@filter@} "
     "offset 10s == 1)",
     "{{phase}}", "phase", false},
    {"Virtual users were changed", "orange",
     "max by (job, instance) (@vus_max@{@filter@}) != max by (job, instance) (@vus_max@{@filter@} "
     "offset 10s)",
     "another number of virtual users", "", false},
};

static int put_mark(struct board_writer *w, const struct mark *m)
{
    struct json_out *j = w->json;
    struct board_query said = {.text = {m->expr}};
    scoped(buf_fini) struct buf text = {0};

    TRY(board_query_text(w->board, &said, DIALECT_PROMETHEUS, &text));
    json_open_object(j);
    json_key(j, "datasource");
    board_put_source(w);
    put_truth(j, "enable", true);
    json_key(j, "expr");
    json_put_str(j, buf_str(&text));
    put_truth(j, "hide", false);
    put_text(j, "iconColor", m->color);
    put_text(j, "name", m->name);
    put_text(j, "step", "");
    put_text(j, "tagKeys", m->tags);
    put_text(j, "titleFormat", m->title);
    put_truth(j, "useValueForTime", m->value_is_time);
    json_close(j);
    return 0;
}

int board_put_annotations(struct board_writer *w)
{
    struct json_out *j = w->json;
    bool has_marks = w->form->dialect == DIALECT_PROMETHEUS && w->board->vocab == VOCAB_BRUNT;

    open_object(j, "annotations");
    open_array(j, "list");
    put_builtin(j);
    put_tagged(j);
    for (size_t i = 0; has_marks && i < countof(marks); i++)
        TRY(put_mark(w, &marks[i]));
    json_close(j);
    json_close(j);
    return 0;
}
