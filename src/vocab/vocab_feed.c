/*
 * The feed: passes ticks to the vocabularies that are on and their points to whoever looks. What a
 * vocabulary keeps, it keeps itself.
 */
#include <math.h>

#include "base/mem.h"
#include "vocab/k6_stats.h"
#include "vocab/vocab_priv.h"

static const struct vocab_ops *const all_ops[VOCAB_COUNT] = {
    [VOCAB_BRUNT] = &vocab_brunt_ops,         [VOCAB_K6] = &vocab_k6_ops,
    [VOCAB_LOADPILOT] = &vocab_loadpilot_ops, [VOCAB_LOCUST] = &vocab_locust_ops,
    [VOCAB_LEAPWORK] = &vocab_leapwork_ops,
};

static void copy_words(struct vocab_feed *feed, const struct vocab_options *options)
{
    struct tag *labels = arena_new_n(&feed->arena, struct tag, options->n_labels);

    feed->options.trend_stats = arena_str(&feed->arena, options->trend_stats);
    feed->options.prefix = arena_str(&feed->arena, options->prefix);
    for (size_t i = 0; i < options->n_labels; i++) {
        labels[i].key = arena_str(&feed->arena, options->labels[i].key);
        labels[i].value = arena_str(&feed->arena, options->labels[i].value);
    }
    feed->options.labels = labels;
}

static bool is_given(const struct vocab_feed *feed, size_t vocab)
{
    return feed->options.given && feed->options.given->vocab == vocab &&
           (feed->options.vocabs >> vocab & 1);
}

int vocab_feed_new(const struct vocab_options *options, struct snapshot *snapshot,
                   struct vocab_feed **ret_feed)
{
    struct k6_stats stats;

    TRY(k6_stats_parse(options->trend_stats, &stats));
    k6_stats_fini(&stats);

    struct vocab_feed *feed = xnew(struct vocab_feed);

    feed->options = *options;
    feed->snapshot = snapshot;
    feed->facts.target_rate = -1;
    copy_words(feed, options);
    for (size_t i = 0; i < VOCAB_COUNT; i++) {
        if ((options->vocabs >> i & 1) && !is_given(feed, i))
            feed->selves[i] = all_ops[i]->open(feed);
    }
    *ret_feed = feed;
    return 0;
}

void vocab_feed_free(struct vocab_feed *feed)
{
    if (!feed)
        return;
    for (size_t i = 0; i < VOCAB_COUNT; i++)
        all_ops[i]->close(feed->selves[i]);
    label_set_fini(&feed->merged);
    arena_fini(&feed->arena);
    free(feed);
}

void vocab_feed_tick(struct vocab_feed *feed, const struct vocab_facts *facts)
{
    feed->tick_span =
        facts->elapsed > feed->facts.elapsed ? facts->elapsed - feed->facts.elapsed : 0;
    feed->facts = *facts;
    for (size_t i = 0; i < VOCAB_COUNT; i++) {
        if (feed->selves[i])
            all_ops[i]->tick(feed->selves[i]);
    }
}

static void show_given(void *arg, const struct point *p);

void vocab_feed_each(struct vocab_feed *feed, point_fn *fn, void *arg)
{
    const struct vocab_given *given = feed->options.given;

    feed->fn = fn;
    feed->fn_arg = arg;
    for (size_t i = 0; i < VOCAB_COUNT; i++) {
        if (is_given(feed, i))
            given->each(given->arg, feed->options.prefix, feed->options.exact, show_given, feed);
        else if (feed->selves[i])
            all_ops[i]->each(feed->selves[i]);
    }
    feed->fn = NULL;
}

void vocab_entries(enum vocab_id id, vocab_entry_fn *fn, void *arg)
{
    all_ops[id]->entries(fn, arg);
}

/* ---- points ---- */

/* A point's own labels win over those of the options. */
static struct vocab_labels with_options(struct vocab_feed *feed, struct vocab_labels own)
{
    const struct vocab_options *o = &feed->options;

    if (o->n_labels == 0)
        return own;
    label_set_reset(&feed->merged);
    for (size_t i = 0; i < own.n; i++)
        vec_push(feed->merged.items, feed->merged.n, feed->merged.cap) = own.items[i];
    for (size_t i = 0; i < o->n_labels; i++) {
        if (o->labels[i].value.n && !label_has(&feed->merged, o->labels[i].key))
            vec_push(feed->merged.items, feed->merged.n, feed->merged.cap) = o->labels[i];
    }
    label_sort(&feed->merged);
    return (struct vocab_labels){feed->merged.items, feed->merged.n};
}

static void show_given(void *arg, const struct point *p)
{
    struct vocab_feed *feed = arg;
    struct vocab_labels all = with_options(feed, (struct vocab_labels){p->labels, p->n_labels});
    struct point whole = *p;

    whole.labels = all.items;
    whole.n_labels = all.n;
    feed->fn(feed->fn_arg, &whole);
}

static void show(struct vocab_feed *feed, struct vocab_labels labels, struct point *p)
{
    struct vocab_labels all = with_options(feed, labels);

    p->labels = all.items;
    p->n_labels = all.n;
    p->start = feed->facts.started;
    p->at = feed->facts.now;
    feed->fn(feed->fn_arg, p);
}

void vocab_gauge(struct vocab_feed *feed, const struct point_family *family,
                 struct vocab_labels labels, double value, bool fresh)
{
    if (isfinite(value))
        show(feed, labels, &(struct point){.family = family, .value = value, .fresh = fresh});
}

void vocab_counter(struct vocab_feed *feed, const struct point_family *family,
                   struct vocab_labels labels, double total, double delta, bool fresh)
{
    if (isfinite(total) && isfinite(delta)) {
        show(feed, labels,
             &(struct point){.family = family, .value = total, .delta = delta, .fresh = fresh});
    }
}

void vocab_hist(struct vocab_feed *feed, const struct point_family *family,
                struct vocab_labels labels, const struct hist *total, const struct hist *delta,
                double factor)
{
    if (!total)
        return;
    if (delta && delta->count == 0)
        delta = NULL;
    show(feed, labels,
         &(struct point){.family = family,
                         .hist = total,
                         .hist_delta = delta,
                         .factor = factor,
                         .fresh = delta != NULL});
}

/* ---- rows ---- */

const char *vocab_kind_name(enum point_kind kind)
{
    static const char *const names[] = {
        [POINT_COUNTER] = "counter", [POINT_GAUGE] = "gauge", [POINT_HISTOGRAM] = "histogram"};

    return names[kind];
}

struct point_family *vocab_families(struct vocab_feed *feed, const struct vocab_row *rows, size_t n,
                                    const char *prefix)
{
    struct point_family *families = arena_new_n(&feed->arena, struct point_family, n);

    for (size_t i = 0; i < n; i++) {
        families[i] = (struct point_family){
            .name = str_of(arena_printf(&feed->arena, "%s%s", prefix, rows[i].name)),
            .kind = rows[i].kind,
            .unit = str_of(rows[i].unit),
            .help = str_of(rows[i].help),
        };
    }
    return families;
}

void vocab_rows_show(const struct vocab_row *rows, size_t n, const char *prefix, vocab_entry_fn *fn,
                     void *arg)
{
    for (size_t i = 0; i < n; i++) {
        char *name = xasprintf("%s%s", prefix, rows[i].name);

        fn(arg, &(struct vocab_entry){
                    .name = name,
                    .type = vocab_kind_name(rows[i].kind),
                    .unit = rows[i].unit,
                    .labels = rows[i].labels,
                    .help = rows[i].help,
                    .source = rows[i].source,
                });
        free(name);
    }
}
