#pragma once
/* Pieces of JSON that the run document, frames and lists have in common. */
#include "base/json_out.h"
#include "metric/metric.h"
#include "report/doc_entries.h"
#include "report/exception_text.h"
#include "store/store.h"

/* A MetricInfo under its name. */
void doc_put_metric(struct json_out *j, const struct metric *metric);

/* The members that say what an entry is of, into an open object. */
void doc_put_entry_head(struct json_out *j, const struct doc_entry *entry);

/* A string under its key. */
void doc_put_named(struct json_out *j, const char *key, struct str value);

/* A number of seconds, to the millisecond. */
void doc_put_seconds(struct json_out *j, span_ns span);

/* Milliseconds since 1970; null when it is not known. */
void doc_put_wall(struct json_out *j, wall_ns at);

void doc_put_event(struct json_out *j, const struct store_event *e);

/* Without the exchange's HAR entry unless it has one. */
void doc_put_exchange(struct json_out *j, const struct store_exchange *e);

/* The member "exceptions", the commonest first. */
void doc_put_exceptions(struct json_out *j, const struct exception_list *list);

/*
 * JSON that was made elsewhere, if it is JSON that begins with `first`; else `otherwise`, which is
 * JSON too.
 */
void doc_put_text(struct json_out *j, struct str json, char first, const char *otherwise);
