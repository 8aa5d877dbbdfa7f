/*
 * Prometheus remote write, in two kinds that differ in their defaults: `remote-write`, ours, and
 * `experimental-prometheus-rw`, which is called, configured and named as k6's.
 *
 * A tick makes points of what changed (sink/remote_series.h); a delivery frames them by the version
 * that the receiver speaks, which is found out by the first one, and packs them.
 */
#include <stdio.h>

#include "base/base64.h"
#include "base/mem.h"
#include "proto/url.h"
#include "sink/exposition.h"
#include "sink/native_hist.h"
#include "sink/remote_series.h"
#include "sink/remote_write.h"
#include "sink/remote_write_answer.h"
#include "sink/sigv4.h"
#include "sink/sink.h"
#include "sink/snappy.h"

enum {
    MAX_POINTS = 2000, /* in a request, as Prometheus itself does */
    MAX_HEADERS = 64,
};

struct options {
    const char *url;
    const char *version;
    span_ns interval;
    span_ns timeout;
    bool all;
    bool stale;
    bool metadata;
    int64_t schema;
    const char *histograms;
    const char *buckets;
    bool trends_native;
    const char *trend_stats;
    const char *prefix;
    const char *task;
    struct sink_pairs tags;
    struct sink_pairs headers;
    const char *http_headers;
    const char *username, *password, *token;
    bool insecure;
    const char *certificate, *certificate_key;
    const char *region, *access_key, *secret_key;
};

struct remote_write {
    struct sink sink;
    const struct options *options;
    struct vocab_feed *feed;
    struct remote_series *series;
    struct tag *tags;
    struct batch batch;
    span_ns waited; /* since the last round */
    const char *url;
    struct url *parsed;
    struct exposition_bounds seconds; /* of classic buckets */

    /* From here on of the sinks' loop. */
    struct remote_write_choice choice;
    struct http_header headers[MAX_HEADERS]; /* of all requests; the first ones are by version */
    size_t n_headers;
    struct arena arena; /* of headers */
};

/* ---- delivery ---- */

enum {
    HEADER_TYPE, /* these two come first */
    HEADER_VERSION,
};

static void set_version(struct remote_write *s, enum remote_write_version version)
{
    bool is_2 = version == REMOTE_WRITE_2;

    s->headers[HEADER_TYPE] = (struct http_header){
        STR("Content-Type"),
        is_2 ? STR("application/x-protobuf;proto=io.prometheus.write.v2.Request")
             : STR("application/x-protobuf")};
    s->headers[HEADER_VERSION] = (struct http_header){STR("X-Prometheus-Remote-Write-Version"),
                                                      is_2 ? STR("2.0.0") : STR("0.1.0")};
}

/* Two more headers, where they are wanted; their values last as long as the buffers. */
static int add_signature(const struct remote_write *s, struct str body, struct push_http *request,
                         struct http_header *headers, char date[SIGV4_DATE_BYTES],
                         struct buf *value)
{
    const struct options *o = s->options;
    const struct sigv4_key key = {.access_key = o->access_key,
                                  .secret_key = o->secret_key,
                                  .region = o->region,
                                  .service = "aps"};

    if (!o->region)
        return 0;
    TRY(sigv4_sign(&key,
                   &(struct sigv4_request){.method = STR("POST"),
                                           .host = s->parsed->authority,
                                           .path = s->parsed->path,
                                           .query = s->parsed->query,
                                           .body = body,
                                           .at = clock_wall()},
                   date, value));
    memcpy(headers, s->headers, s->n_headers * sizeof(*headers));
    headers[request->n_headers++] = (struct http_header){STR("X-Amz-Date"), str_of(date)};
    headers[request->n_headers++] = (struct http_header){STR("Authorization"), buf_str(value)};
    request->headers = headers;
    return 0;
}

static void post(struct remote_write *s, struct push_wire *wire, struct str body,
                 struct push_answer *ret_answer)
{
    scoped(freep) struct http_header *headers = xnew_n(struct http_header, s->n_headers + 2);
    struct push_http request = {.url = s->url,
                                .headers = s->headers,
                                .n_headers = s->n_headers,
                                .body = body,
                                .timeout = s->options->timeout,
                                .insecure = s->options->insecure};
    char date[SIGV4_DATE_BYTES];
    struct buf signature = {0};

    if (add_signature(s, body, &request, headers, date, &signature)) {
        snprintf(ret_answer->error, sizeof(ret_answer->error), "%s", fault_text());
    } else {
        push_http(wire, &request, ret_answer);
    }
    buf_fini(&signature);
}

/* One exchange. False: the points are not ours. */
static bool exchange(struct remote_write *s, struct push_wire *wire,
                     const struct batch_view *points, struct push_answer *ret_answer)
{
    struct buf body = {0}, packed = {0};
    int r = remote_write_frame(s->choice.version, s->options->metadata, points, &body);

    if (r == 0) {
        snappy_block(buf_str(&body), &packed);
        set_version(s, s->choice.version);
        post(s, wire, buf_str(&packed), ret_answer);
    }
    buf_fini(&body);
    buf_fini(&packed);
    return r == 0;
}

static void remote_write_send(void *arg, struct push_wire *wire, const struct batch_view *points,
                              struct push_result *ret_result)
{
    struct remote_write *s = arg;
    struct push_answer answer = {0};
    bool good = exchange(s, wire, points, &answer);

    if (good && remote_write_falls_back(&s->choice, &answer)) {
        buf_fini(&answer.body);
        answer = (struct push_answer){0};
        good = exchange(s, wire, points, &answer);
    }
    if (good) {
        remote_write_judge(s->choice.version, &answer, batch_view_points(points), ret_result);
    } else {
        push_result_set(ret_result, PUSH_REFUSED, "the stored points are damaged");
    }
    buf_fini(&answer.body);
}

/* ---- ticks ---- */

static void hand_over(void *arg, struct batch *b)
{
    struct remote_write *s = arg;

    push_put(s->sink.push, b);
}

static void remote_write_tick(struct sink *sink, const struct sink_tick *t)
{
    struct remote_write *s = container_of(sink, struct remote_write, sink);

    s->waited += t->span;
    if (!t->is_last && s->waited < s->options->interval - t->span / 2)
        return;
    s->waited = 0;
    remote_series_begin(s->series, &s->batch);
    vocab_feed_each(s->feed, remote_series_point, s->series);
    remote_series_end(s->series, t->at);
    if (t->is_last && s->options->stale)
        remote_series_stale(s->series, &s->batch);
    if (s->batch.n_points)
        push_put(s->sink.push, &s->batch);
}

static void remote_write_close(struct sink *sink)
{
    struct remote_write *s = container_of(sink, struct remote_write, sink);

    remote_series_free(s->series);
    batch_fini(&s->batch);
    arena_fini(&s->arena);
    url_unref(s->parsed);
    free(s->tags);
    free(s);
}

static const struct sink_ops ops = {
    .tick = remote_write_tick,
    .close = remote_write_close,
};

/* ---- opening ---- */

static bool is_reserved(struct str name)
{
    static const char *const names[] = {"content-encoding", "content-type", "user-agent",
                                        "x-prometheus-remote-write-version"};

    for (size_t i = 0; i < countof(names); i++) {
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    }
    return false;
}

static int add_header(struct remote_write *s, struct str name, struct str value)
{
    if (!name.n || is_reserved(name)) {
        return fault(FAULT_EXIT(104), "%s: the header \"%.*s\" is the protocol's own",
                     s->sink.label, STR_ARG(name));
    }
    if (s->n_headers == MAX_HEADERS) {
        return fault(FAULT_EXIT(104), "%s: more than %d headers are too many", s->sink.label,
                     MAX_HEADERS);
    }
    s->headers[s->n_headers++] = (struct http_header){name, value};
    return 0;
}

/* "a:b,c:d", of which no value may have a colon, as in k6. */
static int add_header_list(struct remote_write *s, const char *text)
{
    struct str list = str_of(text), part;

    while (str_split(&list, ',', &part)) {
        size_t at = str_find(part, ':');
        struct str value = str_trim(str_from_index(part, at + 1));

        if (at == part.n || str_find(value, ':') < value.n) {
            return fault(FAULT_EXIT(104), "%s: \"%.*s\" is no header of the form NAME:VALUE",
                         s->sink.label, STR_ARG(part));
        }
        TRY(add_header(s, str_trim(str_from(part.p, at)), value));
    }
    return 0;
}

static int add_authorization(struct remote_write *s)
{
    const struct options *o = s->options;
    struct buf text = {0}, value = {0};

    if (o->token && o->username)
        return fault(FAULT_EXIT(104), "%s: give either a token or a user, not both", s->sink.label);
    if (o->username) {
        buf_printf(&text, "%s:%s", o->username, o->password ? o->password : "");
        buf_puts(&value, "Basic ");
        ignored(base64_encode(BASE64_STD, buf_str(&text), &value));
    } else if (o->token) {
        buf_printf(&value, "Bearer %s", o->token);
    }
    if (value.len) {
        s->headers[s->n_headers++] =
            (struct http_header){STR("Authorization"), arena_str(&s->arena, buf_str(&value))};
    }
    buf_fini(&text);
    buf_fini(&value);
    return 0;
}

static int make_headers(struct remote_write *s)
{
    const struct options *o = s->options;

    set_version(s, s->choice.version);
    s->n_headers = HEADER_VERSION + 1;
    s->headers[s->n_headers++] = (struct http_header){STR("Content-Encoding"), STR("snappy")};
    s->headers[s->n_headers++] =
        (struct http_header){STR("User-Agent"), STR("brunt/" BRUNT_VERSION)};
    TRY(add_authorization(s));
    for (size_t i = 0; i < o->headers.n; i++)
        TRY(add_header(s, str_of(o->headers.items[i].name), str_of(o->headers.items[i].value)));
    if (o->http_headers)
        TRY(add_header_list(s, o->http_headers));
    return 0;
}

static int make_feed(struct remote_write *s, const struct sink_setup *setup, const char *vocab)
{
    const struct options *o = s->options;

    s->tags = xnew_n(struct tag, o->tags.n + 1);
    for (size_t i = 0; i < o->tags.n; i++)
        s->tags[i] = (struct tag){str_of(o->tags.items[i].name), str_of(o->tags.items[i].value)};
    struct vocab_options options = {
        .native_histograms = o->trends_native,
        .trend_stats = str_of(o->trend_stats),
        .prefix = str_of(o->prefix),
        .task_is_group = strcmp(o->task, "group") == 0,
        .labels = s->tags,
        .n_labels = o->tags.n,
    };

    return sinks_feed(setup, &options, vocab, &s->feed);
}

static int check(const struct sink_setup *setup, const char *url)
{
    const struct options *o = setup->options;
    struct str text = str_of(url);

    if (!str_starts_nocase(text, STR("http://")) && !str_starts_nocase(text, STR("https://"))) {
        return fault(FAULT_EXIT(104), "%s: \"%s\" is no http:// or https:// URL", setup->label,
                     url);
    }
    if (o->schema < NATIVE_SCHEMA_MIN || o->schema > NATIVE_SCHEMA_MAX) {
        return fault(FAULT_EXIT(104), "%s: schema must be from %d to %d", setup->label,
                     NATIVE_SCHEMA_MIN, NATIVE_SCHEMA_MAX);
    }
    if (o->interval <= 0)
        return fault(FAULT_EXIT(104), "%s: the interval must be more than 0", setup->label);
    if (o->certificate || o->certificate_key) {
        return fault(FAULT_EXIT(104), "%s: client certificates are not supported by outputs",
                     setup->label);
    }
    if ((o->region || o->access_key || o->secret_key) &&
        (!o->region || !o->access_key || !o->secret_key || o->token || o->username)) {
        return fault(FAULT_EXIT(104),
                     "%s: a signature of AWS needs sigv4_region, sigv4_access_key and "
                     "sigv4_secret_key, and no other authentication",
                     setup->label);
    }
    return 0;
}

static int fill(struct remote_write *s, const struct sink_setup *setup, const char *vocab)
{
    const struct options *o = s->options;

    if (!remote_write_choose(o->version, &s->choice))
        return fault(FAULT_EXIT(104), "%s: version is auto, 1 or 2", setup->label);
    s->seconds = exposition_seconds;
    if (o->buckets)
        TRY(exposition_bounds_parse(str_of(o->buckets), &s->seconds));
    if (url_parse(str_of(s->url), NULL, &s->parsed))
        return fault(FAULT_EXIT(104), "%s: \"%s\" is no URL", setup->label, s->url);
    TRY(make_headers(s));
    TRY(make_feed(s, setup, vocab));
    s->series = remote_series_new(&(struct remote_series_options){
        .all = o->all,
        .stale = o->stale,
        .schema = (int)o->schema,
        .classic = strcmp(o->histograms, "classic") == 0 ? &s->seconds : NULL,
        .full = hand_over,
        .arg = s,
    });
    s->sink.push = sinks_push(setup->sinks, &(struct push_config){
                                                .label = setup->label,
                                                .format = REMOTE_WRITE_FORMAT,
                                                .max_points = MAX_POINTS,
                                                .send = remote_write_send,
                                                .arg = s,
                                            });
    return 0;
}

static int open_as(const struct sink_setup *setup, const char *vocab, struct sink **ret_sink)
{
    const struct options *o = setup->options;
    const char *url = setup->arg && setup->arg[0] ? setup->arg : o->url;

    TRY(check(setup, url));
    struct remote_write *s = xnew(struct remote_write);

    s->sink = (struct sink){.ops = &ops, .class = setup->class, .label = setup->label};
    s->options = o;
    s->url = url;
    s->waited = o->interval; /* the first tick is a round */
    int r = fill(s, setup, vocab);

    if (r) {
        remote_write_close(&s->sink);
        return r;
    }
    *ret_sink = &s->sink;
    return 0;
}

static int remote_write_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    return open_as(setup, "brunt", ret_sink);
}

static int k6_remote_write_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    return open_as(setup, "k6", ret_sink);
}

/* ---- what they can be told ---- */

#define AT(field) offsetof(struct options, field)

/* A row; `env` is what follows K6_PROMETHEUS_RW_ or BRUNT_REMOTE_WRITE_. */
#define ROW(key_, type_, field, env_, dflt_, values_, help_)                                 \
    {                                                                                        \
        .key = (key_), .type = (type_), .offset = AT(field), .env = (env_), .dflt = (dflt_), \
        .values = (values_), .help = (help_)                                                 \
    }

#define ROWS(ENV, VERSION, STALE, METADATA, SCHEMA)                                              \
    ROW("url", SINK_STRING, url, ENV("SERVER_URL"), "http://localhost:9090/api/v1/write", NULL,  \
        "where to, when nothing stands behind the ="),                                           \
        ROW("version", SINK_STRING, version, NULL, VERSION, "auto|1|2",                          \
            "of the protocol; auto: 2.0 where the receiver speaks it"),                          \
        ROW("interval", SINK_SPAN, interval, ENV("PUSH_INTERVAL"), "5s", NULL,                   \
            "time between two samples of a series"),                                             \
        ROW("timeout", SINK_SPAN, timeout, NULL, "30s", NULL, "for one request"),                \
        ROW("all", SINK_BOOL, all, NULL, "false", NULL, "also send series that did not change"), \
        ROW("stale_markers", SINK_BOOL, stale, ENV("STALE_MARKERS"), STALE, NULL,                \
            "end every series with the run"),                                                    \
        ROW("metadata", SINK_BOOL, metadata, NULL, METADATA, NULL,                               \
            "tell type, help and unit (2.0 always does)"),                                       \
        ROW("schema", SINK_INT, schema, NULL, SCHEMA, NULL,                                      \
            "resolution of native histograms, 0 to 8: 2^schema buckets for each doubling"),      \
        ROW("histograms", SINK_STRING, histograms, NULL, "native", "native|classic",             \
            "classic: buckets, for receivers without native histograms"),                        \
        ROW("buckets", SINK_STRING, buckets, NULL, NULL, NULL,                                   \
            "upper bounds of classic buckets in seconds, such as 0.1,0.5,1"),                    \
        ROW("native_histograms", SINK_BOOL, trends_native, ENV("TREND_AS_NATIVE_HISTOGRAM"),     \
            "false", NULL, "vocabulary k6: native histograms instead of trend stats"),           \
        ROW("trend_stats", SINK_STRING, trend_stats, ENV("TREND_STATS"), NULL, NULL,             \
            "vocabulary k6: numbers of each trend, such as avg,p(95)"),                          \
        ROW("prefix", SINK_STRING, prefix, NULL, NULL, NULL,                                     \
            "vocabularies k6 and locust: what stands before names"),                             \
        ROW("task", SINK_STRING, task, NULL, "name", "name|group",                               \
            "vocabulary loadpilot: what the label task is"),                                     \
        ROW("tag", SINK_PAIRS, tags, NULL, NULL, NULL,                                           \
            "a label for every series, tag.env=staging"),                                        \
        ROW("header", SINK_PAIRS, headers, NULL, NULL, NULL,                                     \
            "a header of every request, header.X-Scope-OrgID=1"),                                \
        ROW("headers", SINK_STRING, http_headers, ENV("HTTP_HEADERS"), NULL, NULL,               \
            "the same as a list, a:b,c:d"),                                                      \
        ROW("username", SINK_STRING, username, ENV("USERNAME"), NULL, NULL,                      \
            "for basic authentication"),                                                         \
        ROW("password", SINK_SECRET, password, ENV("PASSWORD"), NULL, NULL, "of that user"),     \
        ROW("token", SINK_SECRET, token, ENV("BEARER_TOKEN"), NULL, NULL, "a bearer token"),     \
        ROW("insecure", SINK_BOOL, insecure, ENV("INSECURE_SKIP_TLS_VERIFY"), "false", NULL,     \
            "do not verify the receiver's certificate"),                                         \
        ROW("sigv4_region", SINK_STRING, region, ENV("SIGV4_REGION"), NULL, NULL,                \
            "sign for Amazon's managed Prometheus in this region"),                              \
        ROW("sigv4_access_key", SINK_SECRET, access_key, ENV("SIGV4_ACCESS_KEY"), NULL, NULL,    \
            "the access key id"),                                                                \
        ROW("sigv4_secret_key", SINK_SECRET, secret_key, ENV("SIGV4_SECRET_KEY"), NULL, NULL,    \
            "the secret access key")

#define OUR_ENV(name) "BRUNT_REMOTE_WRITE_" name
#define K6_ENV(name)  "K6_PROMETHEUS_RW_" name

static const struct sink_param params[] = {
    ROWS(OUR_ENV, "auto", "true", "true", "8"),
};

static const struct sink_param k6_params[] = {
    ROWS(K6_ENV, "1", "false", "false", "3"),
    /* Told apart from what is unknown, so that nobody believes that they work. */
    ROW("client_certificate", SINK_STRING, certificate, K6_ENV("CLIENT_CERTIFICATE"), NULL, NULL,
        "not supported"),
    ROW("client_certificate_key", SINK_STRING, certificate_key, K6_ENV("CLIENT_CERTIFICATE_KEY"),
        NULL, NULL, "not supported"),
};

const struct sink_class sink_remote_write_class = {
    .name = "remote-write",
    .summary = "Prometheus remote write to Prometheus, Mimir, Thanos and others",
    .arg = "URL",
    .example = "remote-write=http://127.0.0.1:9090/api/v1/write",
    .params = params,
    .n_params = countof(params),
    .options_size = sizeof(struct options),
    .open = remote_write_open,
};

static const char *const k6_aliases[] = {"xk6-prometheus-rw", NULL};

const struct sink_class sink_k6_remote_write_class = {
    .name = "experimental-prometheus-rw",
    .aliases = k6_aliases,
    .summary = "the same under k6's names, with its variables and defaults",
    .arg = "URL",
    .example = "experimental-prometheus-rw",
    .params = k6_params,
    .n_params = countof(k6_params),
    .options_size = sizeof(struct options),
    .open = k6_remote_write_open,
};
