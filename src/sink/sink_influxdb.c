/*
 * InfluxDB, versions 1 and 2, in k6's data model. With samples=all every single sample is a point,
 * taken on the sampling thread; with samples=aggregate each series is one point a tick, made on the
 * run's thread. Either way lines are complete when they are handed over, and a request is their
 * bytes one after the other.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "proto/http.h"
#include "sink/influx_lines.h"
#include "sink/influx_target.h"
#include "sink/sink.h"

enum {
    PUT_BYTES = 1 << 20,     /* handed over before the interval is over */
    REQUEST_POINTS = 10000,  /* InfluxData advises 5,000 to 10,000 */
    REQUEST_BYTES = 4 << 20, /* servers refuse 25 MB */
};

struct influxdb {
    struct sink sink;
    void (*say)(void *arg, bool is_warning, const char *text);
    void *say_arg;
    const struct influx_options *options;
    struct influx_target target;
    struct influx_lines *lines; /* of the thread that encodes */
    struct batch batch;         /* the same */
    mono_ns put_at;             /* the same: when the batch was handed over last */
    bool is_created;            /* the sinks' loop: an answer came to CREATE DATABASE */
};

static struct influxdb *influxdb_of(struct sink *s)
{
    return container_of(s, struct influxdb, sink);
}

/* ---- encoding ---- */

static void influxdb_put(struct influxdb *s, mono_ns now)
{
    s->put_at = now;
    push_put(s->sink.push, &s->batch);
}

static void influxdb_samples(struct sink *sink, const struct sink_sample *samples, size_t n)
{
    struct influxdb *s = influxdb_of(sink);
    mono_ns now = clock_mono();

    for (size_t i = 0; i < n; i++)
        influx_lines_sample(s->lines, &samples[i], &s->batch);
    if (s->batch.bytes.len >= PUT_BYTES || now - s->put_at >= s->options->push_interval)
        influxdb_put(s, now);
}

/* No sample comes any more: the sampling thread has ended. */
static int influxdb_finish(struct sink *sink)
{
    influxdb_put(influxdb_of(sink), 0);
    return 0;
}

static void influxdb_tick(struct sink *sink, const struct sink_tick *t)
{
    struct influxdb *s = influxdb_of(sink);
    size_t n;
    struct snap_series *const *touched = snapshot_touched(t->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        influx_lines_sums(s->lines, touched[i]->metric->def, touched[i]->tags, &touched[i]->delta,
                          &touched[i]->total, t->at, &s->batch);
    }
    influxdb_put(s, 0);
}

/* ---- delivery ---- */

static void add_header(struct push_http *h, struct http_header *headers, struct str name,
                       const char *value)
{
    if (value)
        headers[h->n_headers++] = (struct http_header){name, str_of(value)};
}

static void tell_not_created(struct influxdb *s, int status, struct str said)
{
    char text[600];

    snprintf(text, sizeof(text),
             "%s: CREATE DATABASE was answered with status %d%s%.*s; writing is tried all the same",
             s->sink.label, status, said.n ? ": " : "", STR_ARG(said));
    s->say(s->say_arg, true, text);
}

/* Creates the database as k6 does. What comes of it is no matter: writing will tell. */
static void create_database(struct influxdb *s, struct push_wire *wire)
{
    struct http_header headers[2];
    struct push_http request = {
        .url = s->target.query_url,
        .headers = headers,
        .body = str_of(s->target.create),
        .insecure = s->options->insecure,
    };
    struct push_answer answer = {0};
    struct buf said = {0};

    add_header(&request, headers, STR("Content-Type"), "application/x-www-form-urlencoded");
    add_header(&request, headers, STR("Authorization"), s->target.authorization);
    push_http(wire, &request, &answer);
    influx_said(&answer, &said);
    if (answer.status && answer.status / 100 != 2 && !s->is_created)
        tell_not_created(s, answer.status, buf_str(&said));
    s->is_created |= answer.status != 0;
    buf_fini(&said);
    buf_fini(&answer.body);
}

static void influxdb_write(struct influxdb *s, struct push_wire *wire,
                           const struct batch_view *points, struct push_result *ret_result)
{
    struct http_header headers[2];
    struct push_http request = {
        .url = s->target.write_url,
        .headers = headers,
        .body = batch_bytes(points),
        .gzip = s->options->gzip,
        .insecure = s->options->insecure,
    };
    struct push_answer answer = {0};

    add_header(&request, headers, STR("Content-Type"), "text/plain; charset=utf-8");
    add_header(&request, headers, STR("Authorization"), s->target.authorization);
    push_http(wire, &request, &answer);
    influx_judge(s->target.version, &answer, batch_view_points(points), ret_result);
    buf_fini(&answer.body);
}

static void influxdb_send(void *arg, struct push_wire *wire, const struct batch_view *points,
                          struct push_result *ret_result)
{
    struct influxdb *s = arg;

    if (s->target.is_udp) {
        endpoint_send_datagrams(&s->target.endpoint, push_wire_loop(wire), batch_bytes(points),
                                (size_t)s->options->payload_size, ret_result);
        return;
    }
    if (s->target.create && !s->is_created)
        create_database(s, wire);
    influxdb_write(s, wire, points, ret_result);
}

/* ---- beginning and end ---- */

static void influxdb_close(struct sink *sink)
{
    struct influxdb *s = influxdb_of(sink);

    influx_target_fini(&s->target);
    influx_lines_free(s->lines);
    batch_fini(&s->batch);
    free(s);
}

static const struct sink_ops all_ops = {
    .samples = influxdb_samples,
    .finish = influxdb_finish,
    .close = influxdb_close,
};

static const struct sink_ops aggregate_ops = {
    .tick = influxdb_tick,
    .close = influxdb_close,
};

static bool is_aggregate(const struct influx_options *o)
{
    return strcmp(o->samples, "aggregate") == 0;
}

/* Times that are not nanoseconds must not be sent as such later. */
static const char *influxdb_format(const struct influx_options *o, bool exact)
{
    return exact && o->precision && o->precision[0] ? "influx-line-coarse" : "influx-line";
}

static int influxdb_init(struct influxdb *s, const struct sink_setup *setup,
                         enum influx_dialect dialect)
{
    const struct influx_options *o = s->options;
    struct push_config push = {
        .label = setup->label,
        .format = influxdb_format(o, setup->exact),
        .max_points = REQUEST_POINTS,
        .max_bytes = REQUEST_BYTES,
        .n_senders = (unsigned)o->concurrent_writes,
        .send = influxdb_send,
        .arg = s,
    };

    TRY(influx_target_init(&s->target, o, dialect, setup->arg, setup->exact));
    struct influx_lines_options lines = {
        .tags_as_fields = is_aggregate(o) ? "" : o->tags_as_fields,
        .unit = s->target.unit,
        .exact = setup->exact,
    };

    TRY(influx_lines_new(&lines, &s->lines));
    s->sink.push = sinks_push(setup->sinks, &push);
    return 0;
}

static int influxdb_open(const struct sink_setup *setup, enum influx_dialect dialect,
                         struct sink **ret_sink)
{
    struct influxdb *s = xnew(struct influxdb);

    s->options = setup->options;
    s->say = setup->say;
    s->say_arg = setup->say_arg;
    s->sink.class = setup->class;
    s->sink.label = setup->label;
    s->sink.ops = is_aggregate(s->options) ? &aggregate_ops : &all_ops;
    int r = influxdb_init(s, setup, dialect);

    if (r) {
        influxdb_close(&s->sink);
        return r;
    }
    *ret_sink = &s->sink;
    return 0;
}

static int open_k6(const struct sink_setup *setup, struct sink **ret_sink)
{
    return influxdb_open(setup, INFLUX_DIALECT_K6, ret_sink);
}

static int open_xk6(const struct sink_setup *setup, struct sink **ret_sink)
{
    return influxdb_open(setup, INFLUX_DIALECT_XK6, ret_sink);
}

/* ---- what it can be told ---- */

#define AT(member) offsetof(struct influx_options, member)

/* All rows but the one whose default differs. */
#define PARAMS                                                                                    \
    {"samples",                                                                                   \
     SINK_STRING,                                                                                 \
     AT(samples),                                                                                 \
     NULL,                                                                                        \
     "all",                                                                                       \
     "all|aggregate",                                                                             \
     "`all`: a point per sample, as k6 does; `aggregate`: sums and percentiles once a tick"},     \
        {"version",                                                                               \
         SINK_STRING,                                                                             \
         AT(version),                                                                             \
         NULL,                                                                                    \
         "auto",                                                                                  \
         "auto|1|2",                                                                              \
         "of the API; `auto`: 2 when a token or a bucket is given"},                              \
        {"addr",                                                                                  \
         SINK_STRING,                                                                             \
         AT(addr),                                                                                \
         "K6_INFLUXDB_ADDR",                                                                      \
         "http://localhost:8086",                                                                 \
         NULL,                                                                                    \
         "where it is, when nothing follows the `=`"},                                            \
        {"db",                                                                                    \
         SINK_STRING,                                                                             \
         AT(db),                                                                                  \
         "K6_INFLUXDB_DB",                                                                        \
         "k6",                                                                                    \
         NULL,                                                                                    \
         "version 1: the database, when the URL has none; it is created"},                        \
        {"username", SINK_STRING, AT(username), "K6_INFLUXDB_USERNAME", NULL, NULL, "a user"},    \
        {"password", SINK_SECRET, AT(password),         "K6_INFLUXDB_PASSWORD",                   \
         NULL,       NULL,        "the user's password"},                                         \
        {"organization",                                                                          \
         SINK_STRING,                                                                             \
         AT(org),                                                                                 \
         "K6_INFLUXDB_ORGANIZATION",                                                              \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "version 2: name or id of the organisation"},                                            \
        {"bucket",                                                                                \
         SINK_STRING,                                                                             \
         AT(bucket),                                                                              \
         "K6_INFLUXDB_BUCKET",                                                                    \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "version 2: name or id of the bucket, when the URL has none"},                           \
        {"token", SINK_SECRET, AT(token), "K6_INFLUXDB_TOKEN", NULL, NULL, "version 2: a token"}, \
        {"precision",                                                                             \
         SINK_STRING,                                                                             \
         AT(precision),                                                                           \
         "K6_INFLUXDB_PRECISION",                                                                 \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "times are rounded down to: n, u, ms, s, m, h (or ns, 1ms ...)"},                        \
        {"retention",                                                                             \
         SINK_STRING,                                                                             \
         AT(retention),                                                                           \
         "K6_INFLUXDB_RETENTION",                                                                 \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "version 1: the retention policy"},                                                      \
        {"consistency",                                                                           \
         SINK_STRING,                                                                             \
         AT(consistency),                                                                         \
         "K6_INFLUXDB_CONSISTENCY",                                                               \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "version 1: of a cluster: any, one, quorum, all"},                                       \
        {"insecure",                                                                              \
         SINK_BOOL,                                                                               \
         AT(insecure),                                                                            \
         "K6_INFLUXDB_INSECURE",                                                                  \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "do not verify the server's certificate"},                                               \
        {"proxy",                                                                                 \
         SINK_STRING,                                                                             \
         AT(proxy),                                                                               \
         "K6_INFLUXDB_PROXY",                                                                     \
         NULL,                                                                                    \
         NULL,                                                                                    \
         "not supported: refused when it is set"},                                                \
        {"payload_size", SINK_INT, AT(payload_size),          "K6_INFLUXDB_PAYLOAD_SIZE",         \
         "512",          NULL,     "UDP: bytes in a datagram"},                                   \
        {"pushInterval",                                                                          \
         SINK_SPAN,                                                                               \
         AT(push_interval),                                                                       \
         "K6_INFLUXDB_PUSH_INTERVAL",                                                             \
         "1s",                                                                                    \
         NULL,                                                                                    \
         "samples=all: how often samples are handed over"},                                       \
        {"concurrentWrites",                                                                      \
         SINK_INT,                                                                                \
         AT(concurrent_writes),                                                                   \
         "K6_INFLUXDB_CONCURRENT_WRITES",                                                         \
         "4",                                                                                     \
         NULL,                                                                                    \
         "requests at one time"},                                                                 \
    {                                                                                             \
        "gzip", SINK_BOOL, AT(gzip), NULL, "true", NULL, "compress requests"                      \
    }

#define TAGS_AS_FIELDS(dflt)                                                                       \
    {                                                                                              \
        "tagsAsFields", SINK_STRING, AT(tags_as_fields), "K6_INFLUXDB_TAGS_AS_FIELDS", dflt, NULL, \
            "samples=all: tags that become fields: NAME[:string|int|float|bool],..."               \
    }

static const struct sink_param k6_params[] = {PARAMS, TAGS_AS_FIELDS("vu,iter,url")};
static const struct sink_param xk6_params[] = {PARAMS, TAGS_AS_FIELDS("vu:int,iter:int,url")};

const struct sink_class sink_influxdb_class = {
    .name = "influxdb",
    .summary = "line protocol to InfluxDB 1 or 2, in k6's data model",
    .arg = "URL",
    .example = "influxdb=http://user:password@127.0.0.1:8086/k6?samples=aggregate",
    .params = k6_params,
    .n_params = countof(k6_params),
    .options_size = sizeof(struct influx_options),
    .open = open_k6,
};

const struct sink_class sink_xk6_influxdb_class = {
    .name = "xk6-influxdb",
    .summary = "the same to InfluxDB 2, told as k6's extension is told",
    .arg = "URL",
    .example = "xk6-influxdb=http://127.0.0.1:8086/BUCKET?organization=ORG&token=env:TOKEN",
    .params = xk6_params,
    .n_params = countof(xk6_params),
    .options_size = sizeof(struct influx_options),
    .open = open_xk6,
};
