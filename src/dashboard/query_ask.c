/*
 * Each server is asked as Grafana's data source does: Prometheus by a form to query_range or query,
 * with the start on a multiple of the step; InfluxDB 1 by a form to /query, 2 by Flux as a body;
 * Graphite by a form to /render.
 */
#include "dashboard/query_ask.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "dashboard/query_format.h"

enum {
    ANSWER_BYTES = 64 << 20,
    GRAPHITE_POINTS = 1000,
};

static const char form[] = "application/x-www-form-urlencoded";

/* ---- words of a question ---- */

void query_put_param(struct buf *out, const char *name, struct str value)
{
    bool is_path = out->len && out->data[0] == '/';
    bool has_some = str_find(buf_str(out), is_path ? '?' : '=') < out->len;

    if (has_some)
        buf_putc(out, '&');
    else if (is_path)
        buf_putc(out, '?');
    buf_puts(out, name);
    buf_putc(out, '=');
    ignored(query_format(STR("percentencode"), &value, 1, out));
}

void query_put_time(struct buf *out, const char *name, wall_ns at)
{
    char text[40];
    int n = snprintf(text, sizeof(text), "%lld.%03d", (long long)(at / NS_PER_S),
                     (int)(at % NS_PER_S / NS_PER_MS));

    query_put_param(out, name, str_from(text, (size_t)n));
}

static void put_prometheus(struct str text, const struct query_span *span, struct buf *path,
                           struct buf *body)
{
    span_ns step = span->step > 0 ? span->step : NS_PER_S;

    query_put_param(body, "query", text);
    if (span->instant) {
        buf_puts(path, "/api/v1/query");
        query_put_time(body, "time", span->to);
        return;
    }
    char step_text[40];
    int n = snprintf(step_text, sizeof(step_text), "%.3f", (double)step / (double)NS_PER_S);

    buf_puts(path, "/api/v1/query_range");
    query_put_time(body, "start", span->from / step * step);
    query_put_time(body, "end", span->to);
    query_put_param(body, "step", str_from(step_text, (size_t)n));
}

static void put_influxql(const struct query_servers *s, struct str text, struct buf *path,
                         struct buf *body)
{
    buf_puts(path, "/query");
    query_put_param(path, "db", s->db);
    query_put_param(path, "epoch", STR("ms"));
    if (s->policy.n)
        query_put_param(path, "rp", s->policy);
    query_put_param(body, "q", text);
}

static void put_graphite(struct str text, const struct query_span *span, struct buf *path,
                         struct buf *body)
{
    buf_puts(path, "/render");
    query_put_param(body, "target", text);
    buf_printf(body, "&from=%lld&until=%lld&format=json&maxDataPoints=%d",
               (long long)(span->from / NS_PER_S), (long long)(span->to / NS_PER_S),
               GRAPHITE_POINTS);
}

/* ---- exchanges ---- */

static int carry(struct query_servers *s, enum query_kind kind, const struct query_request *req,
                 struct buf *ret_body, int *ret_status)
{
    s->n_asked++;
    *ret_status = 0;
    return s->carry(s->arg, kind, req, ret_body, ret_status);
}

static int ask(struct query_servers *s, enum query_kind kind, struct str text,
               const struct query_span *span, struct buf *ret_body, int *ret_status)
{
    scoped(buf_fini) struct buf path = {0}, body = {0};
    struct query_request req = {.content_type = form, .accept = "application/json"};

    if (kind == QUERY_PROMETHEUS) {
        put_prometheus(text, span, &path, &body);
    } else if (kind == QUERY_INFLUXQL) {
        put_influxql(s, text, &path, &body);
    } else if (kind == QUERY_GRAPHITE) {
        put_graphite(text, span, &path, &body);
    } else {
        buf_puts(&path, "/api/v2/query");
        query_put_param(&path, "org", s->organization);
        buf_putstr(&body, text);
        req.content_type = "application/vnd.flux";
        req.accept = "application/csv";
    }
    req.path = buf_str(&path);
    req.body = buf_str(&body);
    return carry(s, kind, &req, ret_body, ret_status);
}

void query_ask(struct query_servers *s, enum query_kind kind, struct str text,
               const struct query_span *span, struct query_answer *ret_answer)
{
    scoped(buf_fini) struct buf body = BUF_INIT(ANSWER_BYTES);
    int status;

    if (ask(s, kind, text, span, &body, &status) == 0) {
        query_answer_read(kind, status, buf_str(&body), ret_answer);
        return;
    }
    *ret_answer = (struct query_answer){.last = NAN};
    snprintf(ret_answer->error, sizeof(ret_answer->error), "%s", fault_text());
}

bool query_ask_any(struct query_servers *s, enum query_kind kind, struct str text,
                   const struct query_span *span)
{
    struct query_answer a;

    query_ask(s, kind, text, span, &a);
    return !a.error[0] && a.n_points > 0;
}

int query_ask_list(struct query_servers *s, enum query_kind kind, enum query_list list,
                   struct str path, struct str text, query_value_fn *fn, void *arg)
{
    scoped(buf_fini) struct buf body = BUF_INIT(ANSWER_BYTES);
    struct query_request req = {.path = path, .accept = "application/json"};
    struct query_span span = {0};
    int status = 0;

    TRY(path.n ? carry(s, kind, &req, &body, &status) : ask(s, kind, text, &span, &body, &status));
    return query_answer_list(kind, list, status, buf_str(&body), fn, arg);
}
