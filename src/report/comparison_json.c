/* Comparison and Trend of ui/src/lib/doc.ts. */
#include <math.h>

#include "base/json_out.h"
#include "report/comparison.h"
#include "report/doc_run.h"
#include "report/measured.h"

static void put_number(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, value); /* NaN: null */
}

static void put_text(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void put_str(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

static void put_tags(struct json_out *j, const struct doc_entry *e)
{
    json_key(j, "tags");
    json_open_object(j);
    for (size_t i = 0; i < e->n_tags; i++) {
        json_key_str(j, e->tags[i].key);
        json_put_str(j, e->tags[i].value);
    }
    json_close(j);
}

static void put_row(struct json_out *j, const struct comparison_row *row)
{
    const struct measured_row *any = row->current ? row->current : row->baseline;
    const struct doc_entry *e = any->entry;

    json_open_object(j);
    put_text(j, "metric", e->name ? e->name : e->metric->name);
    put_text(j, "by", doc_by_name(e->by));
    put_tags(j, e);
    put_text(j, "stat", any->kind->stat_text);
    put_text(j, "contains", metric_contains_name(e->metric->contains));
    put_text(j, "better", any->kind->better == LOWER_IS_BETTER ? "lower" : "higher");
    put_number(j, "current", row->current ? row->current->value : NAN);
    put_number(j, "baseline", row->baseline ? row->baseline->value : NAN);
    put_number(j, "delta_pct", row->delta_pct);
    put_number(j, "low_pct", row->low_pct);
    put_number(j, "high_pct", row->high_pct);
    put_number(j, "p_value", row->shape_p);
    put_text(j, "verdict", judgement_name(row->verdict));
    put_text(j, "why", row->why);
    json_close(j);
}

static void put_notes(struct json_out *j, const struct comparison *c)
{
    json_key(j, "notes");
    json_open_array(j);
    for (size_t i = 0; i < c->n_notes; i++)
        json_put_cstr(j, c->notes[i]);
    json_close(j);
}

void comparison_put_json(const struct comparison *c, int indent, struct buf *out)
{
    struct json_out j = JSON_OUT(out, indent);

    json_open_object(&j);
    put_text(&j, "format", COMPARISON_FORMAT);
    json_key(&j, "version");
    json_put_int(&j, COMPARISON_VERSION);
    json_key(&j, "current");
    doc_put_run(&j, c->current.run, NULL, DOC_RUN_LISTED);
    json_key(&j, "baseline");
    doc_put_run(&j, c->baseline.run, NULL, DOC_RUN_LISTED);
    put_text(&j, "verdict", judgement_name(c->verdict));
    put_number(&j, "threshold_pct", c->threshold_pct);
    put_number(&j, "confidence", c->confidence);
    put_notes(&j, c);
    json_key(&j, "rows");
    json_open_array(&j);
    for (size_t i = 0; i < c->n_rows; i++)
        put_row(&j, &c->rows[i]);
    json_close(&j);
    json_close(&j);
    if (indent)
        buf_putc(out, '\n');
}

/* ---- trend ---- */

static void put_point(struct json_out *j, const struct trend_point *p)
{
    json_open_object(j);
    json_key(j, "key");
    json_put_int(j, p->key);
    put_str(j, "id", p->id);
    json_key(j, "at_ms");
    json_put_int(j, p->at / NS_PER_MS);
    put_number(j, "value", p->value);
    put_str(j, "verdict", p->verdict);
    json_key(j, "labels");
    json_open_array(j);
    for (size_t i = 0; i < p->n_labels; i++)
        json_put_str(j, p->labels[i]);
    json_close(j);
    json_close(j);
}

static void put_change(struct json_out *j, const struct trend *t, const struct change *c)
{
    struct buf text = {0};

    json_open_object(j);
    json_key(j, "index");
    json_put_u64(j, c->index);
    put_number(j, "before", c->before);
    put_number(j, "after", c->after);
    put_number(j, "delta_pct", 100 * c->delta);
    put_number(j, "confidence", c->confidence);
    trend_put_text(t, c, &text);
    put_str(j, "text", buf_str(&text));
    json_close(j);
    buf_fini(&text);
}

void trend_put_json(const struct trend *t, int indent, struct buf *out)
{
    struct json_out j = JSON_OUT(out, indent);

    json_open_object(&j);
    put_str(&j, "script", t->script);
    put_str(&j, "metric", t->metric);
    put_str(&j, "stat", t->stat);
    put_text(&j, "contains", metric_contains_name(t->contains));
    json_key(&j, "points");
    json_open_array(&j);
    for (size_t i = 0; i < t->n_points; i++)
        put_point(&j, &t->points[i]);
    json_close(&j);
    json_key(&j, "changes");
    json_open_array(&j);
    for (size_t i = 0; i < t->n_changes; i++)
        put_change(&j, t, &t->changes[i]);
    json_close(&j);
    json_close(&j);
    if (indent)
        buf_putc(out, '\n');
}
