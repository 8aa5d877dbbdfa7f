/*
 * Texts of the store are JSON that others wrote, maybe another version, maybe a file that somebody
 * sent: they are put in as they are only after a check.
 */
#include "report/doc_json.h"

#include "base/json_check.h"
#include "base/mem.h"
#include "metric/exception_json.h"
#include "report/doc_value.h"

void doc_put_metric(struct json_out *j, const struct metric *metric)
{
    json_key(j, metric->name);
    json_open_object(j);
    json_key(j, "type");
    json_put_cstr(j, metric_type_name(metric->type));
    json_key(j, "contains");
    json_put_cstr(j, metric_contains_name(metric->contains));
    json_key(j, "help");
    json_put_cstr(j, metric->help);
    json_key(j, "builtin");
    json_put_bool(j, metric->id < METRIC_N_BUILTIN);
    json_close(j);
}

void doc_put_entry_head(struct json_out *j, const struct doc_entry *entry)
{
    json_key(j, "metric");
    json_put_cstr(j, entry->metric->name);
    json_key(j, "by");
    json_put_cstr(j, doc_by_name(entry->by));
    if (entry->name) {
        json_key(j, "name");
        json_put_cstr(j, entry->name);
    }
    json_key(j, "tags");
    json_open_object(j);
    for (size_t i = 0; i < entry->n_tags; i++) {
        json_key_str(j, entry->tags[i].key);
        json_put_str(j, entry->tags[i].value);
    }
    json_close(j);
}

void doc_put_seconds(struct json_out *j, span_ns span)
{
    span_ns half = NS_PER_MS / 2;
    int64_t ms = (span + (span < 0 ? -half : half)) / NS_PER_MS;

    json_put_f64(j, (double)ms / 1e3);
}

void doc_put_wall(struct json_out *j, wall_ns at)
{
    if (at) {
        json_put_int(j, at / NS_PER_MS);
    } else {
        json_put_null(j);
    }
}

void doc_put_text(struct json_out *j, struct str json, char first, const char *otherwise)
{
    json_put_raw(j, json_check(json, first) ? str_trim(json) : str_of(otherwise));
}

void doc_put_named(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

/* Members of an object's text, behind those that are there. */
static void put_members(struct json_out *j, struct str object)
{
    struct str text = str_trim(object);

    if (!json_check(text, '{'))
        return;
    text = str_trim(str_from(text.p + 1, text.n - 2));
    if (!text.n)
        return;
    buf_putc(j->out, ',');
    buf_putstr(j->out, text);
}

void doc_put_event(struct json_out *j, const struct store_event *e)
{
    json_open_object(j);
    json_key(j, "at_ms");
    json_put_int(j, e->at / NS_PER_MS);
    json_key(j, "t");
    doc_put_seconds(j, e->elapsed);
    doc_put_named(j, "kind", e->kind);
    doc_put_named(j, "text", e->text);
    put_members(j, e->json);
    json_close(j);
}

void doc_put_exceptions(struct json_out *j, const struct exception_list *list)
{
    scoped(freep) const struct exception **all = exception_list_sorted(list);

    json_key(j, "exceptions");
    json_open_array(j);
    for (size_t i = 0; i < list->n; i++)
        exception_put_json(j, all[i], list->started);
    json_close(j);
}

void doc_put_exchange(struct json_out *j, const struct store_exchange *e)
{
    json_open_object(j);
    json_key(j, "key");
    json_put_int(j, e->key);
    doc_put_named(j, "kind", e->kind);
    doc_put_named(j, "name", e->name);
    doc_put_named(j, "method", e->method);
    doc_put_named(j, "url", e->url);
    json_key(j, "status");
    json_put_int(j, e->status);
    doc_put_named(j, "error_code", e->error_code);
    doc_put_named(j, "error", e->error);
    doc_put_named(j, "scenario", e->scenario);
    json_key(j, "t");
    doc_put_seconds(j, e->at);
    json_key(j, "duration_ms");
    json_put_f64(j, (double)e->duration / (double)NS_PER_MS);
    if (e->har.n) {
        json_key(j, "har");
        doc_put_text(j, e->har, '{', "null");
    }
    json_close(j);
}
