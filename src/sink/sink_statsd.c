/*
 * StatsD, and Datadog's dialect of it. Counters are sent as what each tick added, gauges as they
 * are, distributions as gauges of the tick's statistics and a counter of its samples; or every
 * sample as a timer, for servers that are to make the statistics.
 *
 * Without tags all series of a metric have one name: they are merged, counters by adding, gauges to
 * the largest, distributions into one. A delivery is one datagram, so that one which was refused is
 * all that is sent again.
 */
#include "base/mem.h"
#include "base/random.h"
#include "sink/plain.h"
#include "sink/sink.h"
#include "sink/statsd.h"
#include "sink/statsd_wire.h"

enum {
    PACKET_UDP = 1432, /* an Ethernet frame's room, less what tunnels take */
    PACKET_UNIX = 8192,
    PACKET_MIN = 64,
    PACKET_MAX = 65507,
    STREAM_BYTES = 1 << 20, /* of a delivery over TCP */
};

struct statsd_options {
    const char *address, *tags, *prefix, *timers, *type, *stats, *rate;
    bool dogstatsd, ack;
    int64_t packet;
    span_ns timeout;
};

/* What the series of one name add up to, where there are no tags. */
struct merged {
    struct buf name; /* empty: nothing */
    enum point_kind kind;
    double value; /* counter: the tick's; gauge: the largest */
    struct hist hist;
    double factor;
};

struct sink_statsd {
    struct sink sink;
    struct statsd_wire *wire; /* the sinks' loop */

    /* constant */
    enum statsd_tags tags;
    struct statsd_stats stats;
    const char *timer_type;
    struct str prefix;
    bool has_samples;
    double rate;

    /* the run's thread */
    struct vocab_feed *feed; /* one of both */
    struct plain *plain;
    struct batch batch;
    struct hist_slab *slab;
    struct merged merged;

    /* the sampling thread */
    struct batch timers;
    struct buf timer_name;
    struct rng rng;
};

static const char own_stats[] = "avg,min,med,max,p(90),p(95),p(99)";

/* ---- lines ---- */

static void put_line(struct sink_statsd *s, const struct statsd_line *line)
{
    statsd_put(&s->batch.bytes, s->tags, line);
    batch_end_point(&s->batch);
}

static double stat_of(const struct hist *h, struct stat_name stat)
{
    switch (stat.kind) {
    case STAT_COUNT:
        return (double)h->count;
    case STAT_AVG:
        return hist_mean(h);
    case STAT_MIN:
        return h->min;
    case STAT_MAX:
        return h->max;
    case STAT_MED:
        return hist_quantile(h, 0.5);
    default:
        return hist_quantile(h, stat.p / 100);
    }
}

/* The lines of a distribution; `line` has its name and tags. */
static void put_hist(struct sink_statsd *s, struct statsd_line line, const struct hist *h,
                     double factor)
{
    if (h->count == 0)
        return;
    line.type = "g";
    for (size_t i = 0; i < s->stats.n; i++) {
        const struct statsd_stat *item = &s->stats.items[i];

        if (item->stat.kind == STAT_COUNT)
            continue;
        line.suffix = str_of(item->suffix);
        line.value = stat_of(h, item->stat) * factor;
        put_line(s, &line);
    }
    line.type = "c";
    line.suffix = STR(".count");
    line.value = (double)h->count;
    put_line(s, &line);
}

static void put_number(struct sink_statsd *s, struct statsd_line line, enum point_kind kind,
                       double value)
{
    if (kind == POINT_COUNTER && value == 0)
        return;
    line.type = kind == POINT_COUNTER ? "c" : "g";
    line.value = value;
    put_line(s, &line);
}

static void put_point(void *arg, const struct point *p)
{
    struct sink_statsd *s = arg;
    struct statsd_line line = {
        .name = p->family->name, .labels = p->labels, .n_labels = p->n_labels};

    if (p->family->kind != POINT_HISTOGRAM) {
        put_number(s, line, p->family->kind,
                   p->family->kind == POINT_COUNTER ? p->delta : p->value);
    } else if (p->hist_delta && !s->has_samples) {
        put_hist(s, line, p->hist_delta, p->factor);
    }
}

/* ---- merging ---- */

static void put_merged(struct sink_statsd *s)
{
    struct merged *m = &s->merged;
    struct statsd_line line = {.name = buf_str(&m->name)};

    if (m->name.len == 0)
        return;
    if (m->kind == POINT_HISTOGRAM) {
        put_hist(s, line, &m->hist, m->factor);
    } else {
        put_number(s, line, m->kind, m->value);
    }
    hist_fini(&m->hist);
    buf_reset(&m->name);
}

static void merge_begin(struct sink_statsd *s, const struct point *p)
{
    struct merged *m = &s->merged;

    buf_putstr(&m->name, p->family->name);
    m->kind = p->family->kind;
    m->value = m->kind == POINT_GAUGE ? p->value : 0;
    m->factor = p->factor;
    m->hist = HIST_INIT_SCALED(s->slab, p->hist ? p->hist->scale : 1);
}

/* Points of one name come in a row. */
static void merge_point(void *arg, const struct point *p)
{
    struct sink_statsd *s = arg;
    struct merged *m = &s->merged;

    if (!str_eq(buf_str(&m->name), p->family->name)) {
        put_merged(s);
        merge_begin(s, p);
    }
    switch (m->kind) {
    case POINT_COUNTER:
        m->value += p->delta;
        break;
    case POINT_GAUGE:
        m->value = p->value > m->value ? p->value : m->value;
        break;
    case POINT_HISTOGRAM:
        if (p->hist_delta)
            hist_merge(&m->hist, p->hist_delta);
        break;
    }
}

/* ---- ticks ---- */

static void statsd_tick(struct sink *sink, const struct sink_tick *t)
{
    struct sink_statsd *s = container_of(sink, struct sink_statsd, sink);
    struct plain_times times = {.start = t->facts->started, .at = t->at};

    s->batch.first_at = t->at;
    if (s->plain) {
        plain_each(s->plain, &times, put_point, s);
    } else if (s->tags == STATSD_TAGS_NONE) {
        vocab_feed_each(s->feed, merge_point, s);
        put_merged(s);
    } else {
        vocab_feed_each(s->feed, put_point, s);
    }
    push_put(s->sink.push, &s->batch);
}

/* ---- single samples ---- */

static void put_timer(struct sink_statsd *s, const struct sink_sample *sample)
{
    buf_reset(&s->timer_name);
    buf_putstr(&s->timer_name, s->prefix);
    buf_puts(&s->timer_name, sample->metric->name);
    statsd_put(&s->timers.bytes, s->tags,
               &(struct statsd_line){.name = buf_str(&s->timer_name),
                                     .type = s->timer_type,
                                     .value = sample->value,
                                     .rate = s->rate,
                                     .labels = sample->tags->tags,
                                     .n_labels = sample->tags->n});
    batch_end_point(&s->timers);
}

/* Servers take no timer below zero. */
static void statsd_samples(struct sink *sink, const struct sink_sample *samples, size_t n)
{
    struct sink_statsd *s = container_of(sink, struct sink_statsd, sink);

    for (size_t i = 0; i < n; i++) {
        if (samples[i].metric->type == METRIC_TREND && samples[i].value >= 0 &&
            (s->rate == 1 || rng_unit(&s->rng) < s->rate))
            put_timer(s, &samples[i]);
    }
    if (s->timers.n_points == 0)
        return;
    s->timers.first_at = samples[0].at;
    push_put(s->sink.push, &s->timers);
}

/* ---- delivering ---- */

static void statsd_send(void *arg, struct push_wire *wire, const struct batch_view *points,
                        struct push_result *ret_result)
{
    struct sink_statsd *s = arg;

    statsd_wire_send(s->wire, push_wire_loop(wire), points, ret_result);
}

static void statsd_close(struct sink *sink)
{
    struct sink_statsd *s = container_of(sink, struct sink_statsd, sink);

    statsd_wire_free(s->wire);
    plain_free(s->plain);
    batch_fini(&s->batch);
    batch_fini(&s->timers);
    buf_fini(&s->timer_name);
    buf_fini(&s->merged.name);
    hist_fini(&s->merged.hist);
    hist_slab_free(s->slab);
    free(s);
}

static const struct sink_ops summary_ops = {
    .tick = statsd_tick,
    .close = statsd_close,
};

static const struct sink_ops samples_ops = {
    .tick = statsd_tick,
    .samples = statsd_samples,
    .close = statsd_close,
};

/* ---- opening ---- */

static bool is_given(const char *text)
{
    return text && text[0];
}

static int read_tags(struct sink_statsd *s, const struct statsd_options *o,
                     const struct sink_setup *setup)
{
    bool dogstatsd = o->dogstatsd || setup->class == &sink_datadog_class;

    s->tags = dogstatsd ? STATSD_TAGS_DOGSTATSD : STATSD_TAGS_NONE;
    if (is_given(o->tags) && !statsd_tags_parse(str_of(o->tags), &s->tags))
        return fault(FAULT_EXIT(104), "output statsd: tags: \"%s\" is not known", o->tags);
    return 0;
}

static int read_timers(struct sink_statsd *s, const struct statsd_options *o,
                       const struct sink_setup *setup)
{
    s->has_samples = strcmp(o->timers, "samples") == 0;
    s->timer_type = o->type;
    if (!str_f64(str_of(o->rate), &s->rate) || !(s->rate > 0 && s->rate <= 1)) {
        return fault(FAULT_EXIT(104),
                     "output statsd: rate: \"%s\" is no number above 0 and up to 1", o->rate);
    }
    if (s->has_samples && setup->vocab) {
        return fault(FAULT_EXIT(104),
                     "output statsd: timers=samples sends samples under their own "
                     "names: it goes with no vocabulary (\"%s\")",
                     setup->vocab);
    }
    return statsd_stats_parse(str_of(o->stats), &s->stats);
}

/* A vocabulary's names when one was asked for, else the metrics' own. */
static int read_names(struct sink_statsd *s, const struct sink_setup *setup)
{
    struct plain_options plain = {
        .prefix = s->prefix,
        .rates = PLAIN_RATE_NAMES,
        .detail = s->tags == STATSD_TAGS_NONE ? PLAIN_TOTALS : PLAIN_SERIES,
    };

    if (setup->vocab) {
        return sinks_feed(setup, &(struct vocab_options){.native_histograms = true}, setup->vocab,
                          &s->feed);
    }
    s->plain = plain_new(&plain, setup->snapshot);
    return 0;
}

static int packet_bytes(const struct statsd_options *o, enum statsd_transport transport,
                        size_t *ret_bytes)
{
    if (o->packet != 0 && (o->packet < PACKET_MIN || o->packet > PACKET_MAX)) {
        return fault(FAULT_EXIT(104), "output statsd: packet: %d to %d bytes", PACKET_MIN,
                     PACKET_MAX);
    }
    *ret_bytes = o->packet                  ? (size_t)o->packet
                 : transport == STATSD_UNIX ? PACKET_UNIX
                                            : PACKET_UDP;
    return 0;
}

static int open_wire(struct sink_statsd *s, const struct statsd_options *o,
                     const struct sink_setup *setup)
{
    struct statsd_wire_config config = {.timeout = o->timeout,
                                        .end = o->ack ? ENDPOINT_ACKNOWLEDGED : ENDPOINT_SENT};
    const char *address = is_given(setup->arg) ? setup->arg : o->address;

    TRY(statsd_address_parse(str_of(address), &config.address));
    TRY(packet_bytes(o, config.address.transport, &config.packet_bytes));
    s->wire = statsd_wire_new(&config);
    s->sink.push = sinks_push(setup->sinks, &(struct push_config){
                                                .label = setup->label,
                                                .format = "statsd-line",
                                                /* the last newline is not sent */
                                                .max_bytes = config.address.transport == STATSD_TCP
                                                                 ? STREAM_BYTES
                                                                 : config.packet_bytes + 1,
                                                .send = statsd_send,
                                                .arg = s,
                                            });
    return 0;
}

static void statsd_freep(struct sink_statsd **s)
{
    if (*s)
        statsd_close(&(*s)->sink);
}

static int statsd_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    scoped(statsd_freep) struct sink_statsd *s = xnew(struct sink_statsd);
    const struct statsd_options *o = setup->options;

    s->sink = (struct sink){.class = setup->class, .label = setup->label};
    s->prefix = str_of(o->prefix);
    s->slab = hist_slab_new();
    s->merged.hist = HIST_INIT(s->slab);
    rng_seed(&s->rng, 1);
    TRY(read_tags(s, o, setup));
    TRY(read_timers(s, o, setup));
    TRY(read_names(s, setup));
    TRY(open_wire(s, o, setup));
    s->sink.ops = s->has_samples ? &samples_ops : &summary_ops;
    *ret_sink = &take(s)->sink;
    return 0;
}

/* ---- what it is told ---- */

#define AT(member) offsetof(struct statsd_options, member)

static const struct sink_param statsd_params[] = {
    {"address", SINK_STRING, AT(address), "K6_STATSD_ADDR", "127.0.0.1:8125", NULL,
     "the server when none is given: host:port, udp://, tcp:// or unix:///path"},
    {"prefix", SINK_STRING, AT(prefix), "K6_STATSD_NAMESPACE", "brunt.", NULL,
     "before names, unless they are a vocabulary's"},
    {"dogstatsd", SINK_BOOL, AT(dogstatsd), "K6_STATSD_ENABLE_TAGS", NULL, NULL,
     "tags=dogstatsd; usual for datadog"},
    {"tags", SINK_STRING, AT(tags), NULL, NULL, "none|dogstatsd|graphite|influx",
     "how tags are written; without them the series of a metric are merged"},
    {"timers", SINK_STRING, AT(timers), NULL, "summary", "summary|samples",
     "summary: statistics of each tick as gauges; samples: every sample"},
    {"stats", SINK_STRING, AT(stats), NULL, own_stats, NULL, "those of timers=summary"},
    {"type", SINK_STRING, AT(type), NULL, "ms", "ms|h|d",
     "of timers=samples; h and d are Datadog's"},
    {"rate", SINK_STRING, AT(rate), NULL, "1", NULL,
     "share of the samples that timers=samples sends"},
    {"packet", SINK_INT, AT(packet), NULL, "0", NULL,
     "bytes of a datagram: 512 over the internet, 8932 with jumbo frames; 0: 1432, for a socket "
     "8192"},
    {"ack", SINK_BOOL, AT(ack), NULL, "true", NULL,
     "over TCP: wait until the server has read all and closes the connection"},
    {"timeout", SINK_SPAN, AT(timeout), NULL, "10s", NULL, "of one delivery"},
};

const struct sink_class sink_statsd_class = {
    .name = "statsd",
    .summary = "StatsD over UDP, TCP or a Unix socket",
    .arg = "ADDRESS",
    .example = "statsd=127.0.0.1:8125",
    .params = statsd_params,
    .n_params = countof(statsd_params),
    .options_size = sizeof(struct statsd_options),
    .open = statsd_open,
};

const struct sink_class sink_datadog_class = {
    .name = "datadog",
    .summary = "StatsD with the tags of Datadog's agent",
    .arg = "ADDRESS",
    .example = "datadog=unix:///var/run/datadog/dsd.socket",
    .params = statsd_params,
    .n_params = countof(statsd_params),
    .options_size = sizeof(struct statsd_options),
    .open = statsd_open,
};
