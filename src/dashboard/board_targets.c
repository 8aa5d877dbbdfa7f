/* The queries of a panel, each as the target that its data source's plug-in reads. */
#include <stdio.h>

#include "dashboard/board_priv.h"
#include "dashboard/dialect_priv.h"

struct target {
    struct board_writer *w;
    const struct board_panel *panel;
    const struct board_query *query;
    char ref[16];
    bool hidden;
};

static void begin(const struct target *t)
{
    struct json_out *j = t->w->json;

    json_open_object(j);
    put_text(j, "refId", t->ref);
    json_key(j, "datasource");
    board_put_source(t->w);
    if (t->hidden)
        put_truth(j, "hide", true);
}

/* The legend in the words of the data source: "{{name}}", "$tag_name". */
static void put_legend(const struct target *t, const char *key, const char *before,
                       const char *after)
{
    struct arena words = {0};
    struct asking q = {
        .board = t->w->board, .said = t->query, .dialect = t->w->form->dialect, .words = &words};

    put_text(t->w->json, key, dialect_legend(&q, before, after));
    arena_fini(&words);
}

static void prometheus(const struct target *t, struct str text)
{
    struct json_out *j = t->w->json;
    bool is_instant = t->panel->kind == PANEL_TABLE || t->query->span == SPAN_RANGE;

    put_text(j, "editorMode", "code");
    json_key(j, "expr");
    json_put_str(j, text);
    put_text(j, "format",
             t->panel->kind == PANEL_TABLE     ? "table"
             : t->panel->kind == PANEL_HEATMAP ? "heatmap"
                                               : "time_series");
    put_truth(j, "instant", is_instant);
    put_truth(j, "range", !is_instant);
    put_legend(t, "legendFormat", "{{", "}}");
}

static void influxql(const struct target *t, struct str text)
{
    struct json_out *j = t->w->json;

    json_key(j, "query");
    json_put_str(j, text);
    put_truth(j, "rawQuery", true);
    put_text(j, "resultFormat", t->panel->kind == PANEL_TABLE ? "table" : "time_series");
    put_legend(t, "alias", "$tag_", "");
}

static void flux(const struct target *t, struct str text)
{
    json_key(t->w->json, "query");
    json_put_str(t->w->json, text);
}

static void graphite(const struct target *t, struct str text)
{
    json_key(t->w->json, "target");
    json_put_str(t->w->json, text);
    put_truth(t->w->json, "textEditor", true);
}

static int put_target(const struct target *t)
{
    static void (*const put[DIALECT_COUNT])(const struct target *, struct str) = {
        [DIALECT_PROMETHEUS] = prometheus,
        [DIALECT_INFLUXQL] = influxql,
        [DIALECT_FLUX] = flux,
        [DIALECT_GRAPHITE] = graphite,
    };
    enum dialect d = t->w->form->dialect;
    scoped(buf_fini) struct buf text = {0};

    TRY(board_query_text(t->w->board, t->query, d, &text));
    begin(t);
    put[d](t, buf_str(&text));
    json_close(t->w->json);
    return 0;
}

/* One side of a division, out of sight. */
static int put_side(struct target t, const char *metric, const char *suffix)
{
    struct board_query side = *t.query;
    char ref = t.ref[0];

    side.metric = metric;
    side.per = NULL;
    side.scale = 0;
    side.span = SPAN_STEP;
    t.query = &side;
    t.hidden = true;
    snprintf(t.ref, sizeof(t.ref), "%c%s", ref, suffix);
    return put_target(&t);
}

/*
 * InfluxQL cannot divide one measurement by another: Grafana does it. Of all the time shown it
 * divides running sums, the last of which the panel shows.
 */
static int put_division(const struct target *t)
{
    struct json_out *j = t->w->json;
    struct buf text = {0};

    TRY(put_side(*t, t->query->metric, "over"));
    TRY(put_side(*t, t->query->per, "under"));
    buf_printf(&text, "$%sover / $%sunder", t->ref, t->ref);
    if (t->query->scale != 0) {
        char number[JSON_NUMBER_BYTES];

        json_number(t->query->scale, number);
        buf_printf(&text, " * %s", number);
    }
    json_open_object(j);
    put_text(j, "refId", t->ref);
    open_object(j, "datasource");
    put_text(j, "type", "__expr__");
    put_text(j, "uid", "__expr__");
    json_close(j);
    put_text(j, "type", "math");
    json_key(j, "expression");
    json_put_str(j, buf_str(&text));
    json_close(j);
    buf_fini(&text);
    return 0;
}

int board_put_targets(struct board_writer *w, const struct board_panel *p)
{
    struct target t = {.w = w, .panel = p, .ref = "A"};

    open_array(w->json, "targets");
    panel_queries_each(q, p, w->form->dialect)
    {
        t.query = q;
        if (q->per && w->form->dialect == DIALECT_INFLUXQL && !q->text[DIALECT_INFLUXQL]) {
            TRY(put_division(&t));
        } else {
            TRY(put_target(&t));
        }
        t.ref[0]++;
    }
    json_close(w->json);
    return 0;
}
