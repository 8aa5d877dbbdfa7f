/*
 * OpenTelemetry over HTTP. There are two kinds of it that differ in what they are told: `otlp` has
 * the variables of OpenTelemetry and the names of a vocabulary, `opentelemetry` has those of k6's
 * output of that name too and its names, so that its dashboards go on reading.
 *
 * Cumulative points of series that the tick did not touch would say nothing new: they are left out
 * but for once a minute, so that no receiver takes a series for dead, and at the end.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "proto/auth.h"
#include "sink/otlp.h"
#include "sink/otlp_answer.h"
#include "sink/otlp_config.h"
#include "sink/plain.h"
#include "sink/sink.h"

#define FULL_EVERY (60 * NS_PER_S)

enum {
    BATCH_POINTS = 8192,   /* in one request: what collectors take by default */
    BATCH_BYTES = 4 << 20, /* well below the 64 MiB that a receiver need accept */
    MAX_BUCKETS_MIN = 2,
};

struct otlp_options {
    const char *metrics_endpoint, *endpoint, *host, *path;
    const char *headers, *k6_headers;
    const char *username, *password, *token;
    const char *service, *k6_service, *resource;
    const char *protocol, *k6_protocol;
    const char *temporality, *histograms, *compression, *names, *prefix;
    struct sink_pairs header;
    int64_t max_buckets;
    span_ns interval, timeout;
    bool host_plain, insecure, retry_500;
};

struct sink_otlp {
    struct sink sink;
    struct arena arena; /* what follows from the options */

    /* the run's thread */
    struct otlp_style style;
    struct vocab_feed *feed; /* one of both */
    struct plain *plain;
    struct batch batch;
    span_ns interval; /* 0: each tick */
    wall_ns sent_at;  /* the last time, and the last time all of it; 0: never */
    wall_ns full_at;
    bool is_full; /* the tick that is being encoded */

    /* constant, read by deliveries */
    const char *url;
    struct http_header *headers;
    size_t n_headers, cap_headers;
    struct otlp_origin origin;
    struct tag *attributes;
    size_t n_attributes, cap_attributes;
    span_ns timeout;
    bool gzip, insecure, retry_500;
};

static const char own_vocab[] = "brunt";

/* ---- encoding ---- */

static void put_point(void *arg, const struct point *p)
{
    struct sink_otlp *s = arg;

    if (!s->is_full && !p->fresh)
        return;
    otlp_put(&s->batch.bytes, &s->style, p);
    batch_end_point(&s->batch);
}

static bool is_due(const struct sink_otlp *s, const struct sink_tick *t)
{
    return t->is_last || s->sent_at == 0 || t->at - s->sent_at >= s->interval;
}

/* With an interval, what was touched since the last time is not known. */
static bool is_full(const struct sink_otlp *s, const struct sink_tick *t)
{
    return t->is_last || s->interval > 0 || t->at - s->full_at >= FULL_EVERY;
}

static void otlp_tick(struct sink *sink, const struct sink_tick *t)
{
    struct sink_otlp *s = container_of(sink, struct sink_otlp, sink);

    if (!is_due(s, t))
        return;
    s->is_full = is_full(s, t);
    s->full_at = s->is_full ? t->at : s->full_at;
    s->style.since = s->sent_at ? s->sent_at : t->facts->started;
    s->sent_at = t->at;
    s->batch.first_at = t->at;
    if (s->feed) {
        vocab_feed_each(s->feed, put_point, s);
    } else {
        plain_each(s->plain, &(struct plain_times){.start = t->facts->started, .at = t->at},
                   put_point, s);
    }
    push_put(s->sink.push, &s->batch);
}

/* ---- delivering ---- */

static void otlp_send(void *arg, struct push_wire *wire, const struct batch_view *points,
                      struct push_result *ret_result)
{
    const struct sink_otlp *s = arg;
    struct otlp_rules rules = {.n_points = batch_view_points(points), .retry_500 = s->retry_500};
    struct push_answer answer;
    struct buf body = {0};

    otlp_request(&body, &s->origin, points);
    struct push_http request = {
        .url = s->url,
        .headers = s->headers,
        .n_headers = s->n_headers,
        .body = buf_str(&body),
        .gzip = s->gzip,
        .timeout = s->timeout,
        .insecure = s->insecure,
    };

    push_http(wire, &request, &answer);
    otlp_judge(&rules, &answer, ret_result);
    buf_fini(&answer.body);
    buf_fini(&body);
}

static void otlp_close(struct sink *sink)
{
    struct sink_otlp *s = container_of(sink, struct sink_otlp, sink);

    plain_free(s->plain);
    batch_fini(&s->batch);
    free(s->headers);
    free(s->attributes);
    arena_fini(&s->arena);
    free(s);
}

static const struct sink_ops otlp_ops = {
    .tick = otlp_tick,
    .close = otlp_close,
};

/* ---- reading options ---- */

static bool is_given(const char *text)
{
    return text && text[0];
}

/* One of a few words, case apart. */
struct word {
    const char *text;
    int value;
};

static int find_word(const char *what, const char *text, const struct word *words, size_t n,
                     int *ret_value)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(str_of(text), str_of(words[i].text))) {
            *ret_value = words[i].value;
            return 0;
        }
    }
    return fault(FAULT_EXIT(104), "output otlp: %s: \"%s\" is not known; there are %s and %s", what,
                 text, words[0].text, words[1].text);
}

static const struct word temporalities[] = {
    {"cumulative", OTLP_CUMULATIVE},
    {"delta", OTLP_DELTA},
    {"lowmemory", OTLP_DELTA}, /* what can be known without keeping state */
};

static const struct word histogram_kinds[] = {
    {"exponential", OTLP_EXPONENTIAL},
    {"explicit", OTLP_EXPLICIT},
    {"base2_exponential_bucket_histogram", OTLP_EXPONENTIAL},
    {"explicit_bucket_histogram", OTLP_EXPLICIT},
};

static const struct word compressions[] = {{"gzip", true}, {"none", false}};

/* The only protocol that is spoken; others have words of their own. */
static int check_protocol(const char *protocol)
{
    if (!is_given(protocol) || strcmp(protocol, "http/protobuf") == 0)
        return 0;
    return fault(FAULT_EXIT(104),
                 "output otlp: protocol: \"%s\" is not spoken, only http/protobuf is; receivers "
                 "have it on port 4318",
                 protocol);
}

static int read_style(struct sink_otlp *s, const struct otlp_options *o)
{
    int temporality = 0, histograms = 0, gzip = 0;

    TRY(check_protocol(o->protocol));
    TRY(check_protocol(o->k6_protocol));
    TRY(find_word("temporality", o->temporality, temporalities, countof(temporalities),
                  &temporality));
    TRY(find_word("histograms", o->histograms, histogram_kinds, countof(histogram_kinds),
                  &histograms));
    TRY(find_word("compression", o->compression, compressions, countof(compressions), &gzip));
    if (o->max_buckets != 0 && (o->max_buckets < MAX_BUCKETS_MIN || o->max_buckets > UINT32_MAX)) {
        return fault(FAULT_EXIT(104), "output otlp: max_buckets: at least %d, or 0 for no limit",
                     MAX_BUCKETS_MIN);
    }
    s->style = (struct otlp_style){.temporality = (enum otlp_temporality)temporality,
                                   .histograms = (enum otlp_histograms)histograms,
                                   .max_buckets = (uint32_t)o->max_buckets};
    s->gzip = gzip;
    s->interval = temporality == OTLP_DELTA ? 0 : o->interval; /* deltas are of ticks */
    s->timeout = o->timeout;
    s->insecure = o->insecure;
    s->retry_500 = o->retry_500;
    return 0;
}

/* ---- headers ---- */

/* A header of that name is replaced, so that what users give counts. */
static int set_header(struct sink_otlp *s, struct str name, struct str value)
{
    size_t i = 0;

    if (!otlp_header_fits(name, value)) {
        return fault(FAULT_EXIT(104),
                     "output otlp: a header cannot have the name or the value "
                     "that \"%.*s\" has",
                     STR_ARG(name));
    }
    while (i < s->n_headers && !str_eq_nocase(s->headers[i].name, name))
        i++;
    if (i == s->n_headers)
        vec_push(s->headers, s->n_headers, s->cap_headers) = (struct http_header){0};
    s->headers[i] = (struct http_header){name, value};
    return 0;
}

static int set_header_list(struct sink_otlp *s, const char *text)
{
    struct tag *items = NULL;
    size_t n = 0;

    TRY(otlp_list_parse(&s->arena, "headers", str_of(text), &items, &n));
    for (size_t i = 0; i < n; i++)
        TRY(set_header(s, items[i].key, items[i].value));
    return 0;
}

static int set_credentials(struct sink_otlp *s, const struct otlp_options *o)
{
    struct buf basic = {0};
    struct str value;

    if (is_given(o->token)) {
        value = str_of(arena_printf(&s->arena, "Bearer %s", o->token));
    } else if (is_given(o->username)) {
        auth_basic(&basic, str_of(o->username), str_of(o->password));
        value = arena_str(&s->arena, buf_str(&basic));
        buf_fini(&basic);
    } else {
        return 0;
    }
    return set_header(s, STR("Authorization"), value);
}

static int read_headers(struct sink_otlp *s, const struct otlp_options *o)
{
    TRY(set_header(s, STR("Content-Type"), STR("application/x-protobuf")));
    TRY(set_credentials(s, o));
    TRY(set_header_list(s, o->k6_headers));
    TRY(set_header_list(s, o->headers));
    for (size_t i = 0; i < o->header.n; i++)
        TRY(set_header(s, str_of(o->header.items[i].name), str_of(o->header.items[i].value)));
    return 0;
}

/* ---- the resource ---- */

static void set_attribute(struct sink_otlp *s, struct str key, struct str value)
{
    size_t i = 0;

    while (i < s->n_attributes && !str_eq(s->attributes[i].key, key))
        i++;
    if (i == s->n_attributes)
        vec_push(s->attributes, s->n_attributes, s->cap_attributes) = (struct tag){0};
    s->attributes[i] = (struct tag){key, value};
}

/* Later ones win: what is so by itself, OTEL_RESOURCE_ATTRIBUTES, the name of the service. */
static int read_resource(struct sink_otlp *s, const struct otlp_options *o,
                         const struct sink_setup *setup)
{
    bool is_k6 = setup->class == &sink_opentelemetry_class;
    struct tag *items = NULL;
    size_t n = 0;

    set_attribute(s, STR("service.name"), is_k6 ? STR("k6") : STR("brunt"));
    set_attribute(s, STR("service.version"), STR(BRUNT_VERSION));
    if (setup->run) {
        set_attribute(s, STR("service.instance.id"), setup->run->run_id);
        set_attribute(s, STR("brunt.run.id"), setup->run->run_id);
        set_attribute(s, STR("brunt.run.name"), setup->run->run_name);
    }
    TRY(otlp_list_parse(&s->arena, "resource", str_of(o->resource), &items, &n));
    for (size_t i = 0; i < n; i++)
        set_attribute(s, items[i].key, items[i].value);
    if (is_given(o->k6_service))
        set_attribute(s, STR("service.name"), str_of(o->k6_service));
    if (is_given(o->service))
        set_attribute(s, STR("service.name"), str_of(o->service));
    s->origin = (struct otlp_origin){s->attributes, s->n_attributes, "brunt", BRUNT_VERSION};
    return 0;
}

/* ---- opening ---- */

static bool has_k6_names(const struct otlp_options *o, const struct sink_setup *setup)
{
    if (is_given(o->names))
        return strcmp(o->names, "k6") == 0;
    return setup->class == &sink_opentelemetry_class && !setup->vocab;
}

/* k6's names come from the snapshot, others from a vocabulary. */
static int read_names(struct sink_otlp *s, const struct otlp_options *o,
                      const struct sink_setup *setup)
{
    struct vocab_options vocab = {.native_histograms = s->style.histograms == OTLP_EXPONENTIAL};
    struct plain_options plain = {
        .prefix = str_of(o->prefix), .rates = PLAIN_RATE_LABELS, .detail = PLAIN_SERIES};

    if (!has_k6_names(o, setup))
        return sinks_feed(setup, &vocab, own_vocab, &s->feed);
    s->plain = plain_new(&plain, setup->snapshot);
    return 0;
}

static int read_options(struct sink_otlp *s, const struct sink_setup *setup)
{
    const struct otlp_options *o = setup->options;
    struct otlp_endpoints endpoints = {.base = is_given(setup->arg) ? setup->arg : o->endpoint,
                                       .metrics = o->metrics_endpoint,
                                       .host = o->host,
                                       .path = o->path,
                                       .plain = o->host_plain};

    /* The variable of metrics alone is the more exact one. */
    if (!is_given(setup->arg) && is_given(o->metrics_endpoint))
        endpoints.base = NULL;
    TRY(otlp_url(&s->arena, &endpoints, &s->url));
    TRY(read_style(s, o));
    TRY(read_headers(s, o));
    TRY(read_resource(s, o, setup));
    return read_names(s, o, setup);
}

static void otlp_freep(struct sink_otlp **s)
{
    if (*s)
        otlp_close(&(*s)->sink);
}

static int otlp_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    scoped(otlp_freep) struct sink_otlp *s = xnew(struct sink_otlp);
    struct push_config push = {
        .label = setup->label,
        .format = "otlp-record",
        .max_points = BATCH_POINTS,
        .max_bytes = BATCH_BYTES,
        .send = otlp_send,
        .arg = s,
    };

    s->sink = (struct sink){.ops = &otlp_ops, .class = setup->class, .label = setup->label};
    TRY(read_options(s, setup));
    s->sink.push = sinks_push(setup->sinks, &push);
    *ret_sink = &take(s)->sink;
    return 0;
}

/* ---- what it is told ---- */

#define AT(member) offsetof(struct otlp_options, member)

#define ROW(key, type, env, dflt, values, help) {#key, type, AT(key), env, dflt, values, help},

static const struct sink_param otlp_params[] = {
#define KIND(otlp, opentelemetry) otlp
#include "sink/sink_otlp.def"
#undef KIND
};

static const struct sink_param opentelemetry_params[] = {
#define KIND(otlp, opentelemetry) opentelemetry
#include "sink/sink_otlp.def"
#undef KIND
    {"host", SINK_STRING, AT(host), "K6_OTEL_HTTP_EXPORTER_ENDPOINT", NULL, NULL,
     "host:port of the receiver when no URL is given"},
    {"path", SINK_STRING, AT(path), "K6_OTEL_HTTP_EXPORTER_URL_PATH", NULL, NULL,
     "behind host; /v1/metrics when not given"},
    {"host_plain", SINK_BOOL, AT(host_plain), "K6_OTEL_HTTP_EXPORTER_INSECURE", NULL, NULL,
     "host has no TLS"},
    {"k6_headers", SINK_SECRET, AT(k6_headers), "K6_OTEL_HEADERS", NULL, NULL, "as headers"},
    {"k6_service", SINK_STRING, AT(k6_service), "K6_OTEL_SERVICE_NAME", NULL, NULL, "as service"},
    {"k6_protocol", SINK_STRING, AT(k6_protocol), "K6_OTEL_EXPORTER_PROTOCOL", NULL, NULL,
     "as protocol"},
};

static const char *const opentelemetry_aliases[] = {"experimental-opentelemetry", NULL};

const struct sink_class sink_otlp_class = {
    .name = "otlp",
    .summary = "OpenTelemetry over HTTP, with exponential histograms",
    .arg = "URL",
    .example = "otlp=http://127.0.0.1:4318",
    .params = otlp_params,
    .n_params = countof(otlp_params),
    .options_size = sizeof(struct otlp_options),
    .open = otlp_open,
};

const struct sink_class sink_opentelemetry_class = {
    .name = "opentelemetry",
    .aliases = opentelemetry_aliases,
    .summary = "the same with the names and variables of k6's output",
    .arg = "URL",
    .example = "opentelemetry=http://127.0.0.1:4318",
    .params = opentelemetry_params,
    .n_params = countof(opentelemetry_params),
    .options_size = sizeof(struct otlp_options),
    .open = otlp_open,
};
