#pragma once
/* What the readers of a dashboard share. */
#include <jansson.h>

#include "dashboard/queries.h"

struct queries_reader {
    struct queries *q;
    const json_t *top; /* the dashboard, out of its wrapping */
};

/* The string at a key, copied, cut at QUERIES_TEXT_BYTES; empty when it is something else. */
struct str queries_text(struct queries_reader *r, const json_t *object, const char *key);

/* The same of a number or text that reads as one; `other` when there is none. */
int64_t queries_number(const json_t *object, const char *key, int64_t other);

/* ---- queries_source.c ---- */

/* A data source as a panel, a target or a variable has it. */
struct queries_source {
    struct str type; /* "prometheus"; empty: not said */
    bool is_mixed;   /* its targets say it */
};

/* Follows names, "${DS_X}" of exports and "$datasource" to a type. */
void queries_source(struct queries_reader *r, const json_t *datasource,
                    struct queries_source *ret_source);

/* The language a target is in, by its data source's type and, where that is silent, its fields. */
enum query_kind queries_kind(struct str type, const json_t *target);

/* The same of a text alone. */
enum query_kind queries_kind_of_text(struct str type, struct str text);

/* ---- queries_influx.c ---- */

/* The InfluxQL that Grafana makes of what its query builder stored. */
struct str queries_influx_build(struct queries_reader *r, const json_t *target);
