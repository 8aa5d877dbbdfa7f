/*
 * Publication in the manner of Leapwork Performance: the points of the `leapwork` vocabulary, sent
 * to the Graphite ingest of a Grafana connection.
 *
 * The service refuses what is older than an hour, so time series go out while the run lasts, one
 * point a step; everything else is true only at the end and goes out with the last tick. Points of
 * a time series are all tagged run_status=running: with the last one tagged otherwise there would
 * be two series. Default tags and the namespace belong to the connection and are put on here.
 */
#include <stdio.h>

#include "base/mem.h"
#include "sink/connection.h"
#include "sink/graphite.h"
#include "sink/graphite_answer.h"
#include "sink/sink.h"

/* How long points of time series wait for company. */
#define GATHER (10 * NS_PER_S)

/* Points that are older are refused by the service. */
#define AGE_REFUSED (3600 * NS_PER_S)

#define SERIES STR("timeseries.")

enum {
    TERMINAL_STEP = 10, /* seconds: the interval of points that stand alone */
};

struct options {
    const char *connections; /* a file, or what it would have */
    const char *endpoint, *username, *api_key, *namespace, *default_tags;
    span_ns step;
    bool insecure;
};

struct leapwork {
    struct sink sink;
    struct sinks *sinks;
    struct vocab_feed *feed;
    const struct vocab_run *run;
    struct connections connections;
    const struct connection *to;
    struct tag *default_tags;
    struct str namespace; /* what names begin with as they come */
    struct buf authorization;
    int64_t step; /* seconds */
    bool insecure;

    /* the run's thread */
    struct batch batch;
    struct buf name;
    wall_ns gathered;    /* since when points have been waiting; 0: there are none */
    int64_t last_second; /* of time series */
    bool is_last;
    uint64_t n_produced;

    /* the sinks' thread; read when it has ended */
    uint64_t n_published, n_batches;
    bool said_old;
};

/* ---- points ---- */

/* The name in the catalogue: without the namespace that the vocabulary put before it. */
static struct str catalogue_name(const struct leapwork *s, struct str name)
{
    if (str_starts(name, s->namespace) && name.n > s->namespace.n && name.p[s->namespace.n] == '.')
        return str_from_index(name, s->namespace.n + 1);
    return name;
}

static bool has_key(const struct tag *tags, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(tags[i].key, key))
            return true;
    }
    return false;
}

/* Its own tags, then the default ones that are not among them. The caller frees them. */
static struct tag *join_tags(const struct leapwork *s, const struct point *p, size_t *ret_n)
{
    struct tag *tags = xnew_n(struct tag, p->n_labels + s->to->n_default_tags + 1);
    size_t n = p->n_labels;

    for (size_t i = 0; i < n; i++)
        tags[i] = p->labels[i];
    for (size_t i = 0; i < s->to->n_default_tags; i++) {
        if (!has_key(tags, n, s->default_tags[i].key))
            tags[n++] = s->default_tags[i];
    }
    *ret_n = n;
    return tags;
}

static void set_running(struct tag *tags, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(tags[i].key, "run_status"))
            tags[i].value = STR("running");
    }
}

static void put_point(struct leapwork *s, const struct point *p, struct str name)
{
    bool is_series = str_starts(name, SERIES);
    size_t n;
    scoped(freep) struct tag *tags = join_tags(s, p, &n);
    struct graphite_style style = {.form = GRAPHITE_JSON,
                                   .prefix = str_of(s->to->namespace),
                                   .interval = is_series ? (uint32_t)s->step : TERMINAL_STEP};
    struct graphite_point point = {
        .name = name, .tags = tags, .n_tags = n, .value = p->value, .time = p->at / NS_PER_S};

    if (is_series)
        set_running(tags, n);
    if (!graphite_put(&style, &point, &s->batch.bytes))
        return;
    batch_end_point(&s->batch);
    s->n_produced++;
    if (!s->batch.first_at || p->at < s->batch.first_at)
        s->batch.first_at = p->at;
}

static void flush(struct leapwork *s)
{
    s->gathered = 0;
    if (s->batch.n_points)
        push_put(s->sink.push, &s->batch);
}

struct visit {
    struct leapwork *sink;
    bool series; /* time series are due */
};

static void see_point(void *arg, const struct point *p)
{
    const struct visit *v = arg;
    struct str name = catalogue_name(v->sink, p->family->name);

    if (p->family->kind == POINT_HISTOGRAM)
        return;
    if (str_starts(name, SERIES) ? v->series : v->sink->is_last)
        put_point(v->sink, p, name);
}

static void leapwork_tick(struct sink *sink, const struct sink_tick *t)
{
    struct leapwork *s = container_of(sink, struct leapwork, sink);
    int64_t second = t->at / NS_PER_S;
    struct visit v = {.sink = s, .series = second >= s->last_second + s->step};

    s->is_last = t->is_last;
    if (!v.series && !t->is_last)
        return;
    if (v.series)
        s->last_second = second;
    vocab_feed_each(s->feed, see_point, &v);
    if (!s->gathered)
        s->gathered = t->at;
    if (t->is_last || t->at - s->gathered >= GATHER || s->batch.n_points >= GRAPHITE_JSON_POINTS)
        flush(s);
}

/* Of a stored run: tags are as they were, whatever kind of point it is. */
static void leapwork_point(struct sink *sink, const struct point *p)
{
    struct leapwork *s = container_of(sink, struct leapwork, sink);

    if (p)
        put_point(s, p, catalogue_name(s, p->family->name));
    if (!p || s->batch.n_points >= GRAPHITE_JSON_POINTS)
        flush(s);
}

/* ---- delivery ---- */

/* Old points are sent all the same: how much is taken is the service's affair. */
static void warn_of_age(struct leapwork *s, const struct batch_view *points)
{
    if (s->said_old || !points->first_at || clock_wall() - points->first_at < AGE_REFUSED)
        return;
    s->said_old = true;
    sinks_say(s->sinks, s->sink.label,
              "there are points older than an hour; Grafana Cloud refuses those");
}

static void frame(const struct batch_view *points, struct buf *out)
{
    for (size_t i = points->from; i < points->to; i++) {
        buf_putc(out, i == points->from ? '[' : ',');
        buf_putstr(out, batch_point(points, i));
    }
    buf_putc(out, ']');
}

static void leapwork_send(void *arg, struct push_wire *wire, const struct batch_view *points,
                          struct push_result *ret)
{
    struct leapwork *s = arg;
    size_t n = batch_view_points(points);
    scoped(buf_fini) struct buf body = {0};
    struct push_answer answer = {0};
    struct http_header headers[] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("Authorization"), buf_str(&s->authorization)},
    };

    warn_of_age(s, points);
    frame(points, &body);
    struct push_http request = {.url = s->to->endpoint,
                                .headers = headers,
                                .n_headers = countof(headers),
                                .body = buf_str(&body),
                                .timeout = 10 * NS_PER_S,
                                .insecure = s->insecure};

    push_http(wire, &request, &answer);
    graphite_judge(&answer, n, ret);
    buf_fini(&answer.body);
    if (ret->outcome != PUSH_DONE)
        return;
    s->n_published += n - ret->n_rejected;
    s->n_batches++;
    sinks_note(s->sinks, s->sink.label, "Published Grafana batch %llu (%zu points)",
               (unsigned long long)s->n_batches, n - ret->n_rejected);
}

/* Deliveries have ended: says in a line how it went. */
static void say_end(const struct leapwork *s)
{
    struct str run = s->run->run_id;

    if (s->n_published < s->n_produced) {
        sinks_say(s->sinks, s->sink.label,
                  "Failed to publish run %.*s to Grafana: %llu of %llu points did not arrive",
                  STR_ARG(run), (unsigned long long)(s->n_produced - s->n_published),
                  (unsigned long long)s->n_produced);
    } else if (s->n_produced) {
        sinks_note(s->sinks, s->sink.label,
                   "Published %llu Grafana metric points for run %.*s across %llu batches",
                   (unsigned long long)s->n_published, STR_ARG(run),
                   (unsigned long long)s->n_batches);
    }
}

static void free_sink(struct leapwork *s)
{
    if (s->authorization.data)
        explicit_bzero(s->authorization.data, s->authorization.cap);
    buf_fini(&s->authorization);
    buf_fini(&s->name);
    batch_fini(&s->batch);
    free(s->default_tags);
    connections_fini(&s->connections);
    free(s);
}

static void leapwork_close(struct sink *sink)
{
    struct leapwork *s = container_of(sink, struct leapwork, sink);

    say_end(s);
    free_sink(s);
}

static const struct sink_ops leapwork_ops = {
    .tick = leapwork_tick,
    .point = leapwork_point,
    .close = leapwork_close,
};

/* ---- opening ---- */

static const char *env_of(void *arg UNUSED, const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */
}

static int load(struct leapwork *s, const struct options *o)
{
    struct str given = str_of(o->connections);
    const char *path = o->connections;

    if (given.n && (given.p[0] == '[' || given.p[0] == '{'))
        return connections_parse(&s->connections, given, "\"connections\" of the configuration");
    if (!path)
        path = connections_path(&s->connections, env_of, NULL);
    return path ? connections_load(&s->connections, path) : 0;
}

static int not_one(const struct leapwork *s, const char *what)
{
    scoped(buf_fini) struct buf names = {0};

    for (size_t i = 0; i < s->connections.n; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", s->connections.items[i].name);
    return fault(FAULT_EXIT(104), "output leapwork: %s; %s%s", what,
                 s->connections.n ? "there are " : "`brunt connection add` makes one",
                 names.len ? buf_cstr(&names) : "");
}

static int choose(struct leapwork *s, const char *name, struct connection **ret)
{
    struct connections *list = &s->connections;
    size_t n_enabled = 0;

    if (name && name[0]) {
        scoped(freep) char *what = xasprintf("there is no connection \"%s\"", name);

        *ret = connections_find(list, name);
        return *ret ? 0 : not_one(s, what);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].enabled)
            *ret = &list->items[i];
        n_enabled += list->items[i].enabled;
    }
    if (n_enabled == 1)
        return 0;
    return not_one(s, n_enabled ? "name a connection, leapwork=NAME: several are enabled"
                                : "no connection is enabled");
}

static int add_tags(struct leapwork *s, struct connection *one, const char *list)
{
    struct str rest = str_of(list), part;

    while (str_split(&rest, ',', &part)) {
        scoped(freep) char *tag = xstrndup(part.p, part.n);

        TRY(connection_add_tag(&s->connections, one, tag));
    }
    return 0;
}

static int find_connection(struct leapwork *s, const struct sink_setup *setup)
{
    const struct options *o = setup->options;
    struct connection *one = NULL;

    TRY(load(s, o));
    if (o->endpoint && !setup->arg) {
        one = connections_add(&s->connections, "");
    } else {
        TRY(choose(s, setup->arg, &one));
    }
    one->endpoint = o->endpoint ? o->endpoint : one->endpoint;
    one->username = o->username ? o->username : one->username;
    one->api_key = o->api_key ? o->api_key : one->api_key;
    one->namespace = o->namespace ? o->namespace : one->namespace;
    TRY(add_tags(s, one, o->default_tags));
    s->to = one;
    return connection_check(one);
}

static int authorize(struct leapwork *s)
{
    scoped(buf_fini) struct buf key = {0};
    int r = connection_key(s->to, env_of, NULL, &key);

    if (r == 0)
        connection_authorization(s->to->username, buf_str(&key), &s->authorization);
    if (key.data)
        explicit_bzero(key.data, key.cap);
    return r;
}

static int begin(struct leapwork *s, const struct sink_setup *setup)
{
    const struct options *o = setup->options;
    struct vocab_options vocab = {0};
    struct sink_setup own = *setup;

    TRY(find_connection(s, setup));
    TRY(authorize(s));
    if (o->step < NS_PER_S || o->step % NS_PER_S)
        return fault(FAULT_EXIT(104), "output leapwork: step: whole seconds, at least one");
    s->step = o->step / NS_PER_S;
    s->default_tags = xnew_n(struct tag, s->to->n_default_tags + 1);
    connection_tags(s->to, s->default_tags);
    struct push_config config = {.label = setup->label,
                                 .format = "graphite-json",
                                 .max_points = GRAPHITE_JSON_POINTS,
                                 .send = leapwork_send,
                                 .arg = s};

    s->sink.push = sinks_push(setup->sinks, &config);
    own.vocab = NULL; /* other names mean nothing to who reads these */
    return sinks_feed(&own, &vocab, "leapwork", &s->feed);
}

static int leapwork_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    const struct options *o = setup->options;
    struct leapwork *s = xnew(struct leapwork);

    s->sink = (struct sink){.ops = &leapwork_ops, .class = setup->class, .label = setup->label};
    s->sinks = setup->sinks;
    s->run = setup->run;
    s->namespace = setup->run->namespace.n ? setup->run->namespace : STR(CONNECTION_NAMESPACE);
    s->insecure = o->insecure;
    int r = begin(s, setup);

    if (r) {
        free_sink(s);
        return r;
    }
    *ret_sink = &s->sink;
    return 0;
}

#define AT(field) offsetof(struct options, field)

static const struct sink_param params[] = {
    {.key = "connections",
     .type = SINK_STRING,
     .offset = AT(connections),
     .env = "BRUNT_CONNECTIONS",
     .help = "the file of connections (~/.config/brunt/connections.json); in a configuration file "
             "also the connections themselves"},
    {.key = "endpoint",
     .type = SINK_STRING,
     .offset = AT(endpoint),
     .env = "BRUNT_GRAFANA_ENDPOINT",
     .help = "the Graphite ingest URL, ending with /graphite/metrics"},
    {.key = "username",
     .type = SINK_STRING,
     .offset = AT(username),
     .env = "BRUNT_GRAFANA_USERNAME",
     .help = "the Graphite instance's number"},
    {.key = "apiKey",
     .type = SINK_SECRET,
     .offset = AT(api_key),
     .env = "BRUNT_GRAFANA_API_KEY",
     .help = "an access token whose policy has metrics:write"},
    {.key = "metricNamespace",
     .type = SINK_STRING,
     .offset = AT(namespace),
     .help = "what metric names begin with (lp.run_results)"},
    {.key = "defaultTags",
     .type = SINK_STRING,
     .offset = AT(default_tags),
     .help = "more tags for each point: env:prod,team:perf"},
    {.key = "step",
     .type = SINK_SPAN,
     .offset = AT(step),
     .dflt = "1s",
     .help = "between two points of a time series"},
    {.key = "insecure",
     .type = SINK_BOOL,
     .offset = AT(insecure),
     .help = "do not verify the certificate"},
};

const struct sink_class sink_leapwork_class = {
    .name = "leapwork",
    .summary = "Leapwork Performance's metrics to the Graphite of Grafana Cloud",
    .arg = "CONNECTION",
    .example = "leapwork=prod",
    .params = params,
    .n_params = countof(params),
    .options_size = sizeof(struct options),
    .open = leapwork_open,
};
