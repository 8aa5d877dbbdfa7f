/*
 * The run's results in one file at its end (sink/results.h). Time series are gathered as they come;
 * everything else is taken from the last tick. The file appears whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sink/connection.h"
#include "sink/results.h"
#include "sink/sink.h"

enum {
    POINTS_BYTES = 64 << 20, /* of gathered points; some 200,000 */
};

#define SERIES STR("timeseries.")

struct sink_results {
    struct sink sink;
    struct sinks *sinks;
    struct snapshot *snapshot;
    const struct vocab_run *run;
    struct vocab_feed *feed;
    struct vocab_facts facts;
    struct str namespace;
    const char *path;
    struct buf points;
    int64_t last_second;
    double highest_rate; /* of the ticks so far */
    struct sink_account account;
    char trouble[300];
};

/* ---- gathering ---- */

struct visit {
    struct sink_results *sink;
    bool series, rest;
};

static void see_point(void *arg, const struct point *p)
{
    const struct visit *v = arg;
    struct sink_results *s = v->sink;
    struct str name = p->family->name;

    if (str_starts(name, s->namespace) && name.n > s->namespace.n)
        name = str_from_index(name, s->namespace.n + 1);
    if (p->family->kind == POINT_HISTOGRAM || !(str_starts(name, SERIES) ? v->series : v->rest))
        return;
    s->account.produced++;
    if (!v->rest && s->points.len > POINTS_BYTES) {
        s->account.dropped++;
        s->account.trouble = "the time series are too long for a file of results";
        return;
    }
    if (s->points.len)
        buf_puts(&s->points, ",\n");
    results_put_point(p, name, &s->points);
}

static void results_tick(struct sink *sink, const struct sink_tick *t)
{
    struct sink_results *s = container_of(sink, struct sink_results, sink);
    int64_t second = t->at / NS_PER_S;
    struct visit v = {.sink = s, .series = second > s->last_second, .rest = t->is_last};

    s->highest_rate = fmax(s->highest_rate, t->facts->target_rate);
    s->facts = *t->facts;
    s->facts.target_rate = s->highest_rate;
    s->last_second = second;
    if (v.series || v.rest)
        vocab_feed_each(s->feed, see_point, &v);
}

/* ---- the file ---- */

static int write_file(const char *path, struct str text)
{
    scoped(freep) char *beside = xasprintf("%s.part", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0)
        return fault(-errno, "results: cannot write %s: %m", beside);
    int r = file_write_all(fd, text);

    if (r < 0)
        r = fault(r, "results: cannot write %s: %m", beside);
    if (close(fd) && r == 0)
        r = fault(-errno, "results: cannot write %s: %m", beside);
    if (r == 0 && rename(beside, path))
        r = fault(-errno, "results: cannot write %s: %m", path);
    if (r)
        unlink(beside);
    return r;
}

static int results_finish(struct sink *sink)
{
    struct sink_results *s = container_of(sink, struct sink_results, sink);
    scoped(buf_fini) struct buf out = BUF_INIT(RESULTS_BYTES_MAX);
    uint64_t n = s->account.produced - s->account.dropped;

    results_put(s->run, &s->facts, s->snapshot, buf_str(&s->points), &out);
    int r = write_file(s->path, buf_str(&out));

    if (r) {
        snprintf(s->trouble, sizeof(s->trouble), "%s", fault_text());
        s->account.trouble = s->trouble;
        s->account.dropped += n;
        return r;
    }
    s->account.acknowledged += n;
    s->account.bytes += out.len;
    return 0;
}

/* ---- beginning and end ---- */

static void results_account(const struct sink *sink, struct sink_account *ret)
{
    *ret = ((const struct sink_results *)sink)->account; /* it stands first */
}

static void results_close(struct sink *sink)
{
    struct sink_results *s = container_of(sink, struct sink_results, sink);

    buf_fini(&s->points);
    free(s);
}

static const struct sink_ops results_ops = {
    .tick = results_tick,
    .account = results_account,
    .finish = results_finish,
    .close = results_close,
};

static int results_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    struct sink_setup own = *setup;
    struct vocab_options vocab = {0};
    struct vocab_feed *feed;

    if (!setup->arg || !setup->arg[0])
        return fault(FAULT_EXIT(104), "output results needs a file: results=FILE");
    own.vocab = NULL; /* it holds the catalogue, whatever others get */
    TRY(sinks_feed(&own, &vocab, "leapwork", &feed));
    struct sink_results *s = xnew(struct sink_results);

    s->sink = (struct sink){.ops = &results_ops, .class = setup->class, .label = setup->label};
    s->sinks = setup->sinks;
    s->snapshot = setup->snapshot;
    s->run = setup->run;
    s->feed = feed;
    s->namespace = setup->run->namespace.n ? setup->run->namespace : STR(CONNECTION_NAMESPACE);
    s->path = setup->arg;
    s->points = BUF_INIT(RESULTS_BYTES_MAX / 2);
    *ret_sink = &s->sink;
    return 0;
}

const struct sink_class sink_results_class = {
    .name = "results",
    .summary = "a file of all results, for `brunt publish`; the same as --results-json",
    .arg = "FILE",
    .example = "results=run.json",
    .open = results_open,
};
