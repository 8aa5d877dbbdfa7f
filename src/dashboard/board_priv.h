#pragma once
/* Parts of a dashboard's JSON, each in a file of its own; board_json.c puts them together. */
#include "base/json_out.h"
#include "dashboard/board.h"

/* What all parts need to know. */
struct board_writer {
    const struct board *board;
    const struct board_form *form;
    struct json_out *json;
    int next_id; /* of panels */
    unsigned y;  /* where the next row begins */
};

/* "brunt-live-flux": the uid in a dialect. */
void board_put_uid(const struct board *b, enum dialect d, struct buf *out);

/* "Prometheus", "InfluxDB (Flux)": of titles. */
const char *dialect_title(enum dialect d);

/* "prometheus", "influxdb", "graphite": the type of data source. */
const char *dialect_plugin(enum dialect d);

/* {"type": …, "uid": …} as a value. */
void board_put_source(struct board_writer *w);

/* The member "targets" of a panel. Returns 0 or a fault. */
MUST_USE int board_put_targets(struct board_writer *w, const struct board_panel *p);

/* The members "fieldConfig" and "options". */
void board_put_looks(struct board_writer *w, const struct board_panel *p);

/* The member "transformations", of tables. */
void board_put_transformations(struct board_writer *w, const struct board_panel *p);

/* The members "templating" and "annotations". Return 0 or a fault. */
MUST_USE int board_put_variables(struct board_writer *w);
MUST_USE int board_put_annotations(struct board_writer *w);

/* ---- members, in a word ---- */

static inline void put_text(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static inline void put_number(struct json_out *j, const char *key, int64_t value)
{
    json_key(j, key);
    json_put_int(j, value);
}

static inline void put_truth(struct json_out *j, const char *key, bool value)
{
    json_key(j, key);
    json_put_bool(j, value);
}

static inline void open_object(struct json_out *j, const char *key)
{
    json_key(j, key);
    json_open_object(j);
}

static inline void open_array(struct json_out *j, const char *key)
{
    json_key(j, key);
    json_open_array(j);
}

/* The queries of a panel that are there in a dialect. */
#define panel_queries_each(q, p, dialect)                                                    \
    for (const struct board_query *q = (p)->queries; q < (p)->queries + (p)->n_queries; q++) \
        if (dialect_in((q)->only, (dialect)))
