/*
 * Prometheus asks, and is answered from the state of the last tick: nothing is kept for it. Whoever
 * opens the address in a browser or reads it as a Locust exporter gets the same.
 */
#include <stdio.h>

#include "base/mem.h"
#include "sink/exposition.h"
#include "sink/native_hist.h"
#include "sink/sink.h"

struct options {
    const char *buckets;
    int64_t schema;
    bool histograms;
    const char *trend_stats;
    const char *prefix;
    const char *task;
    struct sink_pairs tags;
};

struct prometheus {
    struct sink sink;
    struct vocab_feed *feed;
    struct exposition_bounds seconds;
    int schema;
    struct tag *tags;
    size_t n_tags;
    struct sink_account account;
    char trouble[160];
};

static const struct sink_param params[] = {
    {.key = "buckets",
     .type = SINK_STRING,
     .offset = offsetof(struct options, buckets),
     .help = "upper bounds of classic histogram buckets in seconds, such as 0.1,0.5,1"},
    {.key = "schema",
     .type = SINK_INT,
     .offset = offsetof(struct options, schema),
     .dflt = "8",
     .help = "resolution of native histograms, 0 to 8: 2^schema buckets for each doubling"},
    {.key = "native_histograms",
     .type = SINK_BOOL,
     .offset = offsetof(struct options, histograms),
     .dflt = "false",
     .help = "vocabulary k6: histograms instead of trend stats"},
    {.key = "trend_stats",
     .type = SINK_STRING,
     .offset = offsetof(struct options, trend_stats),
     .help = "vocabulary k6: numbers of each trend, such as avg,p(95)"},
    {.key = "prefix",
     .type = SINK_STRING,
     .offset = offsetof(struct options, prefix),
     .help = "vocabularies k6 and locust: what stands before names"},
    {.key = "task",
     .type = SINK_STRING,
     .offset = offsetof(struct options, task),
     .dflt = "name",
     .values = "name|group",
     .help = "vocabulary loadpilot: what the label task is"},
    {.key = "tag",
     .type = SINK_PAIRS,
     .offset = offsetof(struct options, tags),
     .help = "a label for every sample, tag.env=staging"},
};

static bool is_ours(struct str path)
{
    static const char *const paths[] = {"/metrics", "/", "/export/prometheus"};

    path.n = str_find(path, '?');
    for (size_t i = 0; i < countof(paths); i++) {
        if (str_is(path, paths[i]))
            return true;
    }
    return false;
}

/* A scrape with parts missing is told once it happens, and counts as dropped. */
static void count(struct prometheus *s, struct exposition_count c, size_t n_bytes)
{
    uint64_t lost = c.clashes + c.too_large;

    s->account.produced += c.points + lost;
    s->account.acknowledged += c.points;
    s->account.bytes += n_bytes;
    s->account.dropped += lost;
    if (!lost)
        return;
    snprintf(s->trouble, sizeof(s->trouble),
             c.too_large ? "a scrape would be too large: %llu series were left out"
                         : "%llu series were left out: others have the same name and labels",
             (unsigned long long)lost);
    s->account.trouble = s->trouble;
}

static bool prometheus_request(struct sink *sink, struct str path, struct str accept,
                               struct buf *ret_body, const char **ret_type)
{
    struct prometheus *s = container_of(sink, struct prometheus, sink);
    struct exposition_options options = {
        .format = exposition_negotiate(accept), .seconds = &s->seconds, .schema = s->schema};

    if (!is_ours(path))
        return false;
    size_t before = ret_body->len;
    struct exposition *x = exposition_new(&options, ret_body);

    vocab_feed_each(s->feed, exposition_point, x);
    exposition_end(x);
    count(s, exposition_counts(x), ret_body->len - before);
    exposition_free(x);
    *ret_type = exposition_type(options.format);
    return true;
}

static void prometheus_account(const struct sink *sink, struct sink_account *ret)
{
    *ret = ((const struct prometheus *)sink)->account; /* it stands first */
}

static void prometheus_close(struct sink *sink)
{
    struct prometheus *s = container_of(sink, struct prometheus, sink);

    free(s->tags);
    free(s);
}

static const struct sink_ops ops = {
    .request = prometheus_request,
    .account = prometheus_account,
    .close = prometheus_close,
};

static int check(const struct options *o, struct exposition_bounds *ret_seconds)
{
    if (o->schema < NATIVE_SCHEMA_MIN || o->schema > NATIVE_SCHEMA_MAX) {
        return fault(FAULT_EXIT(104), "prometheus: schema must be from %d to %d", NATIVE_SCHEMA_MIN,
                     NATIVE_SCHEMA_MAX);
    }
    *ret_seconds = exposition_seconds;
    if (o->buckets)
        TRY(exposition_bounds_parse(str_of(o->buckets), ret_seconds));
    return 0;
}

static int make_feed(struct prometheus *s, const struct sink_setup *setup)
{
    const struct options *o = setup->options;

    s->tags = xnew_n(struct tag, o->tags.n + 1);
    for (; s->n_tags < o->tags.n; s->n_tags++) {
        s->tags[s->n_tags] = (struct tag){str_of(o->tags.items[s->n_tags].name),
                                          str_of(o->tags.items[s->n_tags].value)};
    }
    struct vocab_options options = {
        .native_histograms = o->histograms,
        .trend_stats = str_of(o->trend_stats),
        .prefix = str_of(o->prefix),
        .task_is_group = strcmp(o->task, "group") == 0,
        .labels = s->tags,
        .n_labels = s->n_tags,
    };

    return sinks_feed(setup, &options, "brunt", &s->feed);
}

static int prometheus_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    const struct options *o = setup->options;
    struct exposition_bounds seconds;

    TRY(check(o, &seconds));
    struct prometheus *s = xnew(struct prometheus);

    s->sink = (struct sink){
        .ops = &ops,
        .class = setup->class,
        .label = setup->label,
        .listen = setup->arg && setup->arg[0] ? setup->arg : "127.0.0.1:9090",
    };
    s->seconds = seconds;
    s->schema = (int)o->schema;
    int r = make_feed(s, setup);

    if (r) {
        prometheus_close(&s->sink);
        return r;
    }
    *ret_sink = &s->sink;
    return 0;
}

const struct sink_class sink_prometheus_class = {
    .name = "prometheus",
    .summary = "an address that Prometheus scrapes",
    .arg = "[HOST]:PORT",
    .example = "prometheus=:9090?vocab=brunt",
    .params = params,
    .n_params = countof(params),
    .options_size = sizeof(struct options),
    .open = prometheus_open,
};
