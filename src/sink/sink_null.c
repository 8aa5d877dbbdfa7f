/*
 * Takes everything, counts it and throws it away: for measuring what making points and samples
 * costs without anything behind it.
 */
#include "base/mem.h"
#include "sink/sink.h"

struct null_options {
    bool samples;
};

struct sink_null {
    struct sink sink;
    struct vocab_feed *feed;
    uint64_t n_points;
    _Atomic uint64_t n_samples; /* written on the sampling thread */
};

static struct sink_null *null_of(struct sink *sink)
{
    return container_of(sink, struct sink_null, sink);
}

static void count_point(void *arg, const struct point *p UNUSED)
{
    ((struct sink_null *)arg)->n_points++;
}

static void null_tick(struct sink *sink, const struct sink_tick *t UNUSED)
{
    vocab_feed_each(null_of(sink)->feed, count_point, null_of(sink));
}

static void null_samples(struct sink *sink, const struct sink_sample *samples UNUSED, size_t n)
{
    null_of(sink)->n_samples += n;
}

static void null_account(const struct sink *sink, struct sink_account *ret_account)
{
    const struct sink_null *s = (const struct sink_null *)sink;
    uint64_t n = s->n_points + s->n_samples;

    *ret_account = (struct sink_account){.produced = n, .acknowledged = n};
}

static void null_close(struct sink *sink)
{
    free(null_of(sink));
}

static const struct sink_ops null_ops = {
    .tick = null_tick,
    .account = null_account,
    .close = null_close,
};

static const struct sink_ops null_sample_ops = {
    .tick = null_tick,
    .samples = null_samples,
    .account = null_account,
    .close = null_close,
};

static int null_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    const struct null_options *o = setup->options;
    struct vocab_feed *feed;

    TRY(sinks_feed(setup, &(struct vocab_options){0}, "brunt", &feed));
    struct sink_null *s = xnew(struct sink_null);

    s->sink = (struct sink){.ops = o->samples ? &null_sample_ops : &null_ops,
                            .class = setup->class,
                            .label = setup->label};
    s->feed = feed;
    *ret_sink = &s->sink;
    return 0;
}

static const struct sink_param null_params[] = {
    {"samples", SINK_BOOL, offsetof(struct null_options, samples), NULL, "false", NULL,
     "take every single sample as well"},
};

const struct sink_class sink_null_class = {
    .name = "null",
    .summary = "counts what it gets and throws it away",
    .example = "null?samples",
    .params = null_params,
    .n_params = countof(null_params),
    .options_size = sizeof(struct null_options),
    .open = null_open,
};
