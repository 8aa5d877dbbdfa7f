#pragma once
/*
 * Asks the servers. What goes over the wire is made and read here; who carries it is given from
 * above, so that this knows no sockets and tests need none.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "dashboard/query_answer.h"

/* One exchange: `path` follows the server's own address. */
struct query_request {
    struct str path; /* "/api/v1/query", with "?..." */
    struct str body; /* empty: a GET */
    const char *content_type, *accept;
};

/* Carries it; appends the answer. Returns 0, or a fault when there was no answer. */
typedef int(query_carry_fn)(void *arg, enum query_kind kind, const struct query_request *req,
                            struct buf *ret_body, int *ret_status);

struct query_servers {
    query_carry_fn *carry;
    void *arg;
    bool has[QUERY_N_KINDS];
    struct str db, policy;           /* of InfluxDB 1; policy may be empty */
    struct str organization, bucket; /* of InfluxDB 2 */
    size_t n_asked;                  /* exchanges so far */
};

/* What a query is asked about. */
struct query_span {
    wall_ns from, to;
    span_ns step;
    bool instant; /* Prometheus: at `to` only */
};

/* Asks a query whose variables are filled in. What went wrong is in *ret_answer. */
void query_ask(struct query_servers *s, enum query_kind kind, struct str text,
               const struct query_span *span, struct query_answer *ret_answer);

/* Whether the query gives anything; an answer that is an error does not. */
bool query_ask_any(struct query_servers *s, enum query_kind kind, struct str text,
                   const struct query_span *span);

/*
 * Asks for a list: `path` is one of the server's with its question ("/api/v1/labels?..."), or with
 * InfluxDB empty and `text` a query. Calls `fn` for each value. Returns 0, or -EIO.
 */
MUST_USE int query_ask_list(struct query_servers *s, enum query_kind kind, enum query_list list,
                            struct str path, struct str text, query_value_fn *fn, void *arg);

/* Appends "&name=value", or "?name=value" to what has no "?" yet; a form's first has neither. */
void query_put_param(struct buf *out, const char *name, struct str value);

/* The same of a time, in seconds with its milliseconds. */
void query_put_time(struct buf *out, const char *name, wall_ns at);
