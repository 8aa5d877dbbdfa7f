#pragma once
/*
 * For tests of vocabularies: a snapshot that takes samples one by one, a feed over it, and the
 * points it shows as lines of text, "name{key=value,...} value +delta", a histogram's as its count
 * and sum.
 */
#include <assert.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "metric/snapshot.h"
#include "vocab/vocab.h"

enum {
    VOCAB_BENCH_TAGS = 16,
};

struct vocab_bench {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct vocab_feed *feed;
    struct vocab_facts facts;
    bool begun;       /* a tick is open */
    struct buf shown; /* of the last vocab_bench_show() */
};

/* A feed of those vocabularies; all else of `options` is taken as it is. */
static UNUSED void vocab_bench_open(struct vocab_bench *b, const struct vocab_options *options)
{
    *b = (struct vocab_bench){.facts = {.target_rate = -1,
                                        .started = (wall_ns)1700000000 * 1000000000,
                                        .now = (wall_ns)1700000000 * 1000000000,
                                        .phase = VOCAB_PHASE_STEADY,
                                        .n_loops = 1}};
    b->registry = metric_registry_new();
    b->snapshot = snapshot_new(&(struct snapshot_config){.registry = b->registry});
    int r = vocab_feed_new(options, b->snapshot, &b->feed);

    assert(r == 0);
}

static UNUSED void vocab_bench_close(struct vocab_bench *b)
{
    vocab_feed_free(b->feed);
    snapshot_free(b->snapshot);
    metric_registry_free(b->registry);
    buf_fini(&b->shown);
}

static void vocab_bench_begin(struct vocab_bench *b)
{
    if (!b->begun)
        snapshot_tick_begin(b->snapshot);
    b->begun = true;
}

/* A sample in the tick that is open; `tags` is "key=value,key=value". */
static UNUSED void vocab_bench_sample(struct vocab_bench *b, uint32_t metric, const char *tags,
                                      double value)
{
    struct tag list[VOCAB_BENCH_TAGS];
    struct str rest = str_of(tags);
    struct str part;
    size_t n = 0;

    while (tags[0] && str_split(&rest, ',', &part)) {
        size_t at = str_find(part, '=');

        assert(n < VOCAB_BENCH_TAGS);
        list[n++] = (struct tag){str_from(part.p, at), str_from_index(part, at + 1)};
    }
    vocab_bench_begin(b);
    snapshot_sample(b->snapshot, metric, list, n, value, 1 + (mono_ns)b->facts.elapsed);
}

/* One request: its count, whether it failed and its time; the tags of all three. */
static UNUSED void vocab_bench_request(struct vocab_bench *b, const char *tags, bool failed,
                                       double ms)
{
    vocab_bench_sample(b, M_HTTP_REQS, tags, 1);
    vocab_bench_sample(b, M_HTTP_REQ_FAILED, tags, failed);
    vocab_bench_sample(b, M_HTTP_REQ_DURATION, tags, ms);
}

/* Ends the tick, a second after the one before. */
static UNUSED void vocab_bench_tick(struct vocab_bench *b)
{
    const span_ns second = 1000000000;

    b->facts.elapsed += second;
    b->facts.now += second;
    vocab_bench_begin(b);
    snapshot_tick_end(b->snapshot, 1 + (mono_ns)b->facts.elapsed);
    vocab_feed_tick(b->feed, &b->facts);
    b->begun = false;
}

static void vocab_bench_put(void *arg, const struct point *p)
{
    struct buf *out = arg;

    buf_putstr(out, p->family->name);
    buf_putc(out, '{');
    for (size_t i = 0; i < p->n_labels; i++) {
        buf_printf(out, "%s%.*s=%.*s", i ? "," : "", STR_ARG(p->labels[i].key),
                   STR_ARG(p->labels[i].value));
    }
    if (p->hist) {
        buf_printf(out, "} %.15g sum %.15g", (double)p->hist->count, p->hist->sum * p->factor);
    } else {
        buf_printf(out, "} %.15g", p->value);
    }
    if (p->family->kind == POINT_COUNTER)
        buf_printf(out, " +%.15g", p->delta);
    if (p->hist_delta)
        buf_printf(out, " +%.15g", (double)p->hist_delta->count);
    buf_putc(out, '\n');
}

/* All points as text, a line each, until the next call. */
static UNUSED const char *vocab_bench_show(struct vocab_bench *b)
{
    buf_reset(&b->shown);
    vocab_feed_each(b->feed, vocab_bench_put, &b->shown);
    return buf_cstr(&b->shown);
}

/* The value of the point whose line begins with that series, "name{labels}"; fails the test when
 * there is not exactly one. */
static UNUSED double vocab_bench_value(struct vocab_bench *b, const char *series)
{
    char *head = xasprintf("%s ", series);
    struct str rest = str_of(vocab_bench_show(b));
    struct str line;
    double value = 0;
    size_t n = 0;

    while (str_split(&rest, '\n', &line)) {
        struct str number;

        if (!str_starts(line, str_of(head)))
            continue;
        line = str_from_index(line, strlen(head));
        str_split(&line, ' ', &number);
        n += str_f64(number, &value);
    }
    if (n != 1)
        fprintf(stderr, "%zu points are called %s in\n%s\n", n, series, buf_cstr(&b->shown));
    free(head);
    assert(n == 1);
    return value;
}

/* How many points there are of a name. */
static UNUSED size_t vocab_bench_count(struct vocab_bench *b, const char *name)
{
    struct str rest = str_of(vocab_bench_show(b));
    char *head = xasprintf("%s{", name);
    struct str line;
    size_t n = 0;

    while (str_split(&rest, '\n', &line))
        n += str_starts(line, str_of(head));
    free(head);
    return n;
}
