/*
 * Graphite: carbon's lines over TCP or UDP, its pickles, and the HTTP ingest of Grafana Cloud. Each
 * tick the vocabulary's points become Graphite's; a histogram becomes several, one for each number
 * that can be read off it.
 *
 * TCP and pickles know no answers. A batch has a connection of its own, and it counts as delivered
 * when the receiver, which has to read all before it sees our end, ends the connection as well. If
 * that end does not come, the batch is sent again: the same value at the same time is one point.
 */
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "proto/http.h"
#include "sink/endpoint.h"
#include "sink/graphite.h"
#include "sink/graphite_answer.h"
#include "sink/sink.h"

struct graphite_options {
    const char *prefix;
    const char *window; /* "tick", "run" */
    const char *username, *api_key;
    const char *auth; /* "basic", "bearer" */
    span_ns interval;
    span_ns timeout;
    int64_t payload_size;
    bool tags;
    bool ack;
    bool insecure;
};

struct graphite;

/* How points travel: one row for each scheme. */
struct transport {
    const char *scheme;
    enum graphite_form form;
    const char *format; /* of the encoded points, for the spool */
    uint16_t port;
    size_t max_points;
    void (*send)(struct graphite *g, struct push_wire *wire, const struct batch_view *points,
                 struct push_result *ret_result);
};

struct graphite {
    struct sink sink;
    const struct graphite_options *options;
    const struct transport *transport;
    struct endpoint endpoint; /* but for HTTP */
    const char *url;          /* HTTP; the setup's */
    char *authorization;      /* HTTP; NULL: none */
    struct graphite_style style;
    struct vocab_feed *feed;
    struct batch batch;
    int64_t time; /* of the latest points, Unix seconds */
};

static struct graphite *graphite_of(struct sink *s)
{
    return container_of(s, struct graphite, sink);
}

/* ---- points ---- */

static void put(struct graphite *g, const struct point *p, struct str suffix, double value)
{
    struct graphite_point point = {
        .name = p->family->name,
        .suffix = suffix,
        .tags = p->labels,
        .n_tags = p->n_labels,
        .value = value,
        .time = g->time,
    };

    if (graphite_put(&g->style, &point, &g->batch.bytes))
        batch_end_point(&g->batch);
}

static void put_window(struct graphite *g, const struct point *p, const struct hist *h)
{
    static const struct {
        struct str suffix;
        double q;
    } quantiles[] = {
        {{"p50", 3}, 0.5},
        {{"p90", 3}, 0.9},
        {{"p95", 3}, 0.95},
        {{"p99", 3}, 0.99},
    };

    for (size_t i = 0; i < countof(quantiles); i++)
        put(g, p, quantiles[i].suffix, hist_quantile(h, quantiles[i].q) * p->factor);
    put(g, p, STR("min"), h->min * p->factor);
    put(g, p, STR("max"), h->max * p->factor);
    put(g, p, STR("avg"), hist_mean(h) * p->factor);
}

/* Count and sum grow from the start on; the rest is of the window. */
static void put_hist(struct graphite *g, const struct point *p)
{
    const struct hist *h = g->options->window[0] == 'r' ? p->hist : p->hist_delta;

    put(g, p, STR("count"), (double)p->hist->count);
    put(g, p, STR("sum"), p->hist->sum * p->factor);
    if (h && h->count)
        put_window(g, p, h);
}

static void on_point(void *arg, const struct point *p)
{
    struct graphite *g = arg;

    if (p->family->kind == POINT_HISTOGRAM) {
        put_hist(g, p);
    } else {
        put(g, p, (struct str){0}, p->value);
    }
}

/*
 * Whole seconds are all that Graphite has, and two values for one second are one too many: Grafana
 * Cloud refuses the second. So each tick has a second of its own, at most one ahead of the clock;
 * ticks that come faster than that are left out, but for the last one.
 */
static bool next_time(struct graphite *g, const struct sink_tick *t)
{
    int64_t now = t->at / NS_PER_S;

    if (now <= g->time) {
        if (g->time > now && !t->is_last)
            return false;
        now = g->time + 1;
    }
    g->time = now;
    return true;
}

static void graphite_tick(struct sink *sink, const struct sink_tick *t)
{
    struct graphite *g = graphite_of(sink);

    if (!next_time(g, t))
        return;
    g->batch.first_at = t->at;
    vocab_feed_each(g->feed, on_point, g);
    push_put(sink->push, &g->batch);
}

/* ---- delivery ---- */

static enum endpoint_end end_of(const struct graphite *g)
{
    return g->options->ack ? ENDPOINT_ACKNOWLEDGED : ENDPOINT_SENT;
}

static void send_lines(struct graphite *g, struct push_wire *wire, const struct batch_view *points,
                       struct push_result *r)
{
    endpoint_send_stream(&g->endpoint, push_wire_loop(wire), batch_bytes(points), end_of(g),
                         g->options->timeout, r);
}

static void send_datagrams(struct graphite *g, struct push_wire *wire,
                           const struct batch_view *points, struct push_result *r)
{
    endpoint_send_datagrams(&g->endpoint, push_wire_loop(wire), batch_bytes(points),
                            (size_t)g->options->payload_size, r);
}

static void send_pickles(struct graphite *g, struct push_wire *wire,
                         const struct batch_view *points, struct push_result *r)
{
    struct buf out = {0};

    for (size_t from = points->from; from < points->to; from += GRAPHITE_PICKLE_POINTS) {
        size_t left = points->to - from;
        size_t n = left < GRAPHITE_PICKLE_POINTS ? left : GRAPHITE_PICKLE_POINTS;
        struct batch_view part = *points;

        part.from = from;
        part.to = from + n;
        graphite_frame_pickle(&out, batch_bytes(&part));
    }
    endpoint_send_stream(&g->endpoint, push_wire_loop(wire), buf_str(&out), end_of(g),
                         g->options->timeout, r);
    buf_fini(&out);
}

static void frame_json(struct buf *out, const struct batch_view *points)
{
    for (size_t i = points->from; i < points->to; i++) {
        buf_putc(out, i == points->from ? '[' : ',');
        buf_putstr(out, batch_point(points, i));
    }
    buf_putc(out, ']');
}

static void send_json(struct graphite *g, struct push_wire *wire, const struct batch_view *points,
                      struct push_result *r)
{
    /* Exactly this type: a charset behind it makes it an unknown one. */
    struct http_header headers[2] = {{STR("Content-Type"), STR("application/json")}};
    struct buf body = {0};
    struct push_answer answer = {0};
    struct push_http request = {
        .url = g->url,
        .headers = headers,
        .n_headers = 1,
        .timeout = g->options->timeout,
        .insecure = g->options->insecure,
    };

    if (g->authorization) {
        headers[request.n_headers++] =
            (struct http_header){STR("Authorization"), str_of(g->authorization)};
    }
    frame_json(&body, points);
    request.body = buf_str(&body);
    push_http(wire, &request, &answer);
    graphite_judge(&answer, batch_view_points(points), r);
    buf_fini(&answer.body);
    buf_fini(&body);
}

static void graphite_send(void *arg, struct push_wire *wire, const struct batch_view *points,
                          struct push_result *ret_result)
{
    struct graphite *g = arg;

    g->transport->send(g, wire, points, ret_result);
}

static const struct transport transports[] = {
    {"tcp://", GRAPHITE_LINE, "graphite-line", 2003, 10000, send_lines},
    {"udp://", GRAPHITE_LINE, "graphite-line", 2003, 10000, send_datagrams},
    {"pickle://", GRAPHITE_PICKLE, "graphite-pickle", 2004, 10000, send_pickles},
    {"http://", GRAPHITE_JSON, "graphite-json", 0, GRAPHITE_JSON_POINTS, send_json},
    {"https://", GRAPHITE_JSON, "graphite-json", 0, GRAPHITE_JSON_POINTS, send_json},
};

/* ---- beginning and end ---- */

static void graphite_close(struct sink *sink)
{
    struct graphite *g = graphite_of(sink);

    batch_fini(&g->batch);
    free(g->authorization);
    free(g);
}

static const struct sink_ops graphite_ops = {
    .tick = graphite_tick,
    .close = graphite_close,
};

static bool is_said(const char *text)
{
    return text && text[0];
}

/* Basic user:key, Bearer user:key, or Bearer key. */
static char *authorization_of(const struct graphite_options *o)
{
    bool is_basic = strcmp(o->auth, "basic") == 0;
    struct buf pair = {0}, out = {0};

    buf_printf(&pair, "%s%s%s", is_said(o->username) ? o->username : "",
               is_said(o->username) || is_basic ? ":" : "", is_said(o->api_key) ? o->api_key : "");
    buf_puts(&out, is_basic ? "Basic " : "Bearer ");
    if (is_basic) {
        ignored(base64_encode(BASE64_STD, buf_str(&pair), &out));
    } else {
        buf_putstr(&out, buf_str(&pair));
    }
    buf_fini(&pair);
    return buf_take(&out, NULL);
}

/* The row of the scheme; takes it off *address. Without one it is TCP. */
static const struct transport *find_transport(struct str *address)
{
    for (size_t i = 0; i < countof(transports); i++) {
        struct str scheme = str_of(transports[i].scheme);

        if (str_starts(*address, scheme)) {
            *address = str_from_index(*address, scheme.n);
            return &transports[i];
        }
    }
    return str_find_str(*address, STR("://")) < address->n ? NULL : &transports[0];
}

static int check_options(const struct graphite_options *o)
{
    if (o->interval < NS_PER_S || o->interval > 86400 * NS_PER_S)
        return fault(FAULT_EXIT(104), "output graphite: interval is from 1s to 24h");
    if (o->timeout < NS_PER_MS)
        return fault(FAULT_EXIT(104), "output graphite: timeout is longer than nothing");
    if (o->payload_size < 64 || o->payload_size > 65507)
        return fault(FAULT_EXIT(104), "output graphite: payload_size is from 64 to 65507 bytes");
    return 0;
}

static int set_address(struct graphite *g, const char *arg)
{
    struct str address = str_of(arg);

    if (!address.n) {
        return fault(FAULT_EXIT(104), "output graphite needs an address: tcp://host:2003, "
                                      "udp://, pickle://, http:// or https://");
    }
    g->transport = find_transport(&address);
    if (!g->transport) {
        return fault(FAULT_EXIT(104),
                     "output graphite knows tcp://, udp://, pickle://, http:// and https://, and "
                     "not \"%s\"",
                     arg);
    }
    g->url = arg;
    if (g->transport->form == GRAPHITE_JSON)
        return 0;
    while (address.n && address.p[address.n - 1] == '/')
        address.n--;
    return endpoint_parse(address, g->transport->port, &g->endpoint);
}

static int graphite_init(struct graphite *g, const struct sink_setup *setup)
{
    const struct graphite_options *o = g->options;

    TRY(check_options(o));
    TRY(set_address(g, setup->arg));
    if (is_said(o->username) || is_said(o->api_key))
        g->authorization = authorization_of(o);
    g->style = (struct graphite_style){
        .form = g->transport->form,
        .tags = o->tags ? GRAPHITE_TAGS : GRAPHITE_PATHS,
        .prefix = str_of(o->prefix),
        .interval = (uint32_t)(o->interval / NS_PER_S),
    };
    struct push_config push = {
        .label = setup->label,
        .format = g->transport->format,
        .max_points = g->transport->max_points,
        .send = graphite_send,
        .arg = g,
    };

    TRY(sinks_feed(setup, &(struct vocab_options){0}, "brunt", &g->feed));
    g->sink.push = sinks_push(setup->sinks, &push);
    return 0;
}

static int graphite_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    struct graphite *g = xnew(struct graphite);

    g->options = setup->options;
    g->sink.class = setup->class;
    g->sink.label = setup->label;
    g->sink.ops = &graphite_ops;
    int r = graphite_init(g, setup);

    if (r) {
        graphite_close(&g->sink);
        return r;
    }
    *ret_sink = &g->sink;
    return 0;
}

#define AT(member) offsetof(struct graphite_options, member)

static const struct sink_param params[] = {
    {"prefix", SINK_STRING, AT(prefix), NULL, NULL, NULL, "before every name, with a dot between"},
    {"tags", SINK_BOOL, AT(tags), NULL, "true", NULL,
     "labels become tags; `false`: parts of the path, `.key.value`"},
    {"window", SINK_STRING, AT(window), NULL, "tick", "tick|run",
     "what percentiles, minimum, maximum and mean are of: the last tick, or the run so far"},
    {"username", SINK_STRING, AT(username), "BRUNT_GRAPHITE_USERNAME", NULL, NULL,
     "HTTP: a user; of Grafana Cloud the instance's number"},
    {"apiKey", SINK_SECRET, AT(api_key), "BRUNT_GRAPHITE_API_KEY", NULL, NULL,
     "HTTP: the token or password"},
    {"auth", SINK_STRING, AT(auth), NULL, "basic", "basic|bearer",
     "HTTP: how user and token are sent"},
    {"interval", SINK_SPAN, AT(interval), NULL, "1s", NULL,
     "HTTP: the resolution that points are said to have, at least 1s"},
    {"timeout", SINK_SPAN, AT(timeout), NULL, "10s", NULL, "of one delivery"},
    {"payload_size", SINK_INT, AT(payload_size), NULL, "1432", NULL, "UDP: bytes in a datagram"},
    {"ack", SINK_BOOL, AT(ack), NULL, "true", NULL,
     "TCP, pickle: points count as delivered when the receiver ends the connection; `false`: when "
     "they were sent"},
    {"insecure", SINK_BOOL, AT(insecure), NULL, NULL, NULL,
     "HTTPS: do not verify the server's certificate"},
};

const struct sink_class sink_graphite_class = {
    .name = "graphite",
    .summary = "carbon's lines over TCP or UDP, pickles, or Grafana Cloud's HTTP",
    .arg = "ADDRESS",
    .example = "graphite=tcp://127.0.0.1:2003",
    .params = params,
    .n_params = countof(params),
    .options_size = sizeof(struct graphite_options),
    .open = graphite_open,
};
